# A campaign of faults: a Thaw of one node or of three, clients that change the same few objects
# in every dialect and write down what they were told, and faults one after the other.
#
#   my $c = Thaw::Fault->new(nodes => 1, seed => 7, only => ['disk-full'], mariadb => [...], config => {...});
#   $c->run(40);                       # for so many seconds, and until each fault happened once
#   my $history = $c->history;         # what was told and what is there, for Thaw::Fault::Check
#   $c->{injected}                     # a row for each fault that was: name, from, until
#
# Faults are rows in Fault/Faults.pm, requests in Fault/Work.pm.  The seed decides the order of the
# faults and what each client asks for; what meets what is up to the machine.
package Thaw::Fault;
use strict;
use warnings;
use File::Path ();
use List::Util 'shuffle';
use Thaw;
use Thaw::Cluster;
use Thaw::Fault::Faults '@FAULTS';
use Thaw::Fault::Work qw(%ROW);
use Thaw::Receiver;
use Time::HiRes qw(sleep clock_gettime CLOCK_MONOTONIC);
use Contract ();
use Foundry ();
use Registry ();

sub now { clock_gettime(CLOCK_MONOTONIC) }

sub new {
    my ($class, %o) = @_;
    my $c = bless { nodes => 1, clients => 8, seed => 1, pause => 0, owner => $$, injected => [], failed => [], %o }, $class;
    $c->{disk_why} = !-x '/bin/mount' || $> ? 'mount needs root' : undef;
    my %common = (workers => 3, clock => 1, mariadb => $c->{mariadb} // [], config => { %{ $c->{config} // {} }, webhook_networks => '127.0.0.2/32', webhook_http => 'on', webhook_timeout_s => 1,
        webhook_retries => join(' ', (1) x 60), protected_names => '', quota_roles => 0 });
    $c->{nodes} == 1 ? $c->one_node(%common) : $c->three_nodes(%common);
    $c->{dir} = $c->{t}[0]{dir};
    $c->furnish;
    return $c;
}

sub one_node {
    my ($c, %common) = @_;
    my $t = Thaw->new(%common, workers => 0, proxy => 1);
    $c->{t} = [$t];
    # The database in a file system of its own, which can be made full.
    $t->{mariadb}->stop;
    my $db = "$t->{dir}/db";
    if (!$c->{disk_why}) {
        rename $db, "$db.was" or die $!;
        mkdir $db or die $!;
        if (system("mount -t tmpfs -o size=4g thaw-fault '$db' 2>/dev/null")) { rmdir $db; rename "$db.was", $db; $c->{disk_why} = 'mount is not permitted' }
        else {
            $c->{disk} = $db;
            system("cp -a --sparse=never '$db.was/.' '$db/'") and die 'cp failed';
            File::Path::remove_tree("$db.was");
        }
    }
    $t->start_mariadb;
    $t->{workers} = $common{workers};
    $t->start_workers;
    $t->start_nginx;
}

sub three_nodes {
    my ($c, %common) = @_;
    $c->{cluster} = Thaw::Cluster->new(nodes => 3);
    $c->{t} = [ $c->{cluster}->thaws(%common) ];
}

# --- what the faults need ---------------------------------------------------------------

sub database { my ($c, $n) = @_; $c->{cluster} ? $c->{cluster}{node}[$n] : $c->{t}[$n]{mariadb} }
sub start_database { my ($c, $n) = @_; $c->{cluster} ? ($c->{cluster}->rejoin($n), $c->{cluster}->synced) : $c->{t}[$n]->start_mariadb }
sub sql { my ($c, $n, $statement) = @_; $c->{t}[$n]->sql($statement) }
sub hot_rows { @{ $_[0]{hot_rows} } }
sub service {
    my ($c, $n, $what) = @_;
    my $dir = $c->{t}[$n]{dir};
    return Thaw::Guard->start({ env => { THAW_CONFIG => "$dir/thaw.conf", THAW_NODE_NAME => "n$n" } }, "$dir/$what.log", "$Thaw::BUILD/thaw", $what, '--follow');
}
sub deliverer { my ($c, $n) = @_; $c->{deliverer}[$n] = $c->service($n, 'deliver') }
sub builder { my ($c, $n) = @_; $c->{builder}[$n] = $c->service($n, 'build') }

# --- what there is before -----------------------------------------------------------------

# The receiver writes down each event that came and what it answered: some are refused at first.
sub furnish {
    my $c = shift;
    my $t = $c->{t}[0];
    my $log = "$c->{dir}/deliveries";
    spew($log, '');
    $c->{made} = "$c->{dir}/made";
    $c->{sink} = Thaw::Receiver->new($t, sub {
        my $id = $_[0]{headers}{'webhook-id'};
        my $status = $_[0]{nth} == 1 && rand() < 0.02 ? 500 : 200;
        Thaw::Receiver::note($log, "$id $status");
        return { status => $status };
    }, brief => 1);
    my $e = $t->req(POST => '/v1/webhook_endpoints', token => $t->admin, body => { url => $c->{sink}->url('/'), enabled_events => ['*'] });
    $e->{status} == 200 or die "endpoint: $e->{raw}";
    $c->{home} = Foundry::home_of($t);
    $c->{trained} = Registry::imported($t)->{modelId};
    my $package = Registry::external($t);
    my $environment = $t->req(POST => '/api/v2/predictionEnvironments/', token => $t->admin, body => { name => 'e', platform => 'other' })->{json}{id} // die 'environment';
    my $deployment = Registry::deployment($t, $package->{id}, predictionEnvironmentId => $environment);
    $c->{client} = [ map { $c->worker_of($_) } 0 .. $c->{clients} ];
    $c->{begun} = { map { $_->[0] => 1 } $t->sql('SELECT request_id FROM audit_events') };
    # The few that all change: by requests like any other.
    my $maker = $c->{client}[0];
    $maker->{out} = Thaw::Fault::Work::journal("$c->{dir}/journal.0");
    my $h = Thaw::Fault::Work::journal($c->{made});
    print $h join("\t", 'deployment', $deployment->{id}, $deployment->{id}, 'd', 1), "\n";
    my $n = 0;
    for my $name (('models create') x 3, ('projects create') x 2, ('workspaces create') x 2, 'foundry create folder') {
        my ($row, $id) = ($ROW{$name}, 'f0-' . ++$n);
        my $r = Thaw::Fault::Work::ask($maker, $id, $row, {}, undef);
        my $o = Thaw::Fault::Work::made($maker, $row, $id, $r, 1) // die "$name: $r->{status} $r->{body}";
        push @{ $c->{hot_rows} }, [ "$row->{makes}[0]s", $o->{hex} ] if $row->{makes}[0] =~ /model|workspace/;
    }
}

# A client's own view of it: an API key, of which clocks that step think nothing; or a token.
sub worker_of {
    my ($c, $i) = @_;
    my $t = $c->{t}[0];
    return { dir => $c->{dir}, t => $c->{t}, node => $i % @{ $c->{t} }, seed => $c->{seed}, home => $c->{home}, trained => $c->{trained}, made => $c->{made}, pause => $c->{pause},
        signed => $t->token('admin', '--ttl', 86400), token => $i % 4 == 3 ? $t->token('admin', '--ttl', 86400) : $t->key(user => 'admin', kind => 'token', tier => 3) };
}

# --- the run ----------------------------------------------------------------------------------

sub faults {
    my $c = shift;
    my %only = map { $_ => 1 } @{ $c->{only} // [] };
    my @f = grep { " $_->{nodes} " =~ / $c->{nodes} / && (!%only || $only{ $_->{name} }) } @FAULTS;
    delete @only{ map { $_->{name} } @f };
    die 'no such fault here: ' . join(' ', sort keys %only) . "\n" if %only;
    my @skip = grep { $_->{name} eq 'disk-full' && $c->{disk_why} } @f;
    $c->{skipped} = { map { $_->{name} => $c->{disk_why} } @skip };
    return grep { !$c->{skipped}{ $_->{name} } } @f;
}

sub inject {
    my ($c, $f) = @_;
    my $n = int rand @{ $c->{t} };
    my $row = { name => $f->{name}, node => $n, from => now() };
    my $did = eval {
        my $undo = $f->{does}->($c, $n);
        sleep $f->{for} if $f->{for};
        $undo->() if ref $undo;
        1;
    };
    $row->{until} = now();
    for my $i (0 .. $#{ $c->{t} }) {
        my $db = $c->database($i);
        $did and !$db->alive and ($did, $@) = (0, "the database of node $i ended with $db->{status}:\n" . Thaw::Cluster::tail($db->{log}));
    }
    $c->failed("$f->{name}: $@") if !$did;
    push @{ $c->{injected} }, $row if $did;
}

# An error of the run, which is said at once: much may follow from it.
sub failed { my ($c, $what) = @_; print STDERR "error: $what"; push @{ $c->{failed} }, $what }

sub run {
    my ($c, $seconds) = @_;
    my @faults = $c->faults;
    my $end = "$c->{dir}/end";
    srand $c->{seed};
    $c->deliverer($_), $c->builder($_) for 0 .. $#{ $c->{t} };
    my @load = map { my $i = $_; background(sub { Thaw::Fault::Work::client($c->{client}[$i], $i, $end) }) } 1 .. $c->{clients};
    my ($from, @next) = (now(), shuffle @faults);
    sleep 0.5;
    # Each once, however long that takes; then by chance until the time is over.
    while (@next || now() - $from < $seconds) {
        @next = $faults[ rand @faults ] if !@next && @faults;
        $c->inject(shift @next) if @next;
        last if @{ $c->{failed} };
        sleep 0.4 + rand 0.8;
    }
    spew($end, '');
    $_->() for @load;
    $c->{seconds} = now() - $from;
    $c->settle;
}

# Until everything is delivered, built and on all nodes.
sub settle {
    my $c = shift;
    if ($c->{cluster}) { eval { $c->{cluster}->synced; 1 } or $c->failed("after the run: $@") }
    my $t = $c->{t}[0];
    my $left = sub { join ' ', map { "$_->[0] $_->[1]" } grep { $_->[1] } map { [ $_->[0], scalar $t->sql($_->[1]) ] }
        [ 'without a number:' => 'SELECT COUNT(*) FROM outbox WHERE sequence IS NULL' ],
        [ 'not delivered:' => "SELECT COUNT(*) FROM deliveries WHERE outcome IS NULL" ], [ 'not built:' => "SELECT COUNT(*) FROM jobs WHERE outcome IS NULL" ] };
    my $what = '';
    # What a worker whose clock was ahead asked to be built is due by that clock.
    $_->stop for @{ $c->{builder} };
    $c->failed("thaw build: $_->{err}\n") for grep { $_->{exit} } $t->thaw({ env => $t->ahead(900) }, 'build');
    eval { within(60, sub { !length($what = $left->()) }); 1 } or $c->failed("after the run: $what\n");
    for (map { @{ $c->{$_} } } qw(deliverer builder)) { my $status = $_->stop; $c->failed("$_->{name} ended with $status\n") if $status }
}

# --- what was told, and what is there -------------------------------------------------------------

# Base 62 without big integers: there are many events.
sub evt {
    my @n = unpack 'N3', pack 'H24', shift;
    my $s = '';
    for (1 .. 17) {
        my $rest = 0;
        for (@n) { my $all = $rest * 2**32 + $_; $rest = $all % 62; $_ = ($all - $rest) / 62 }
        $s = (0 .. 9, 'A' .. 'Z', 'a' .. 'z')[$rest] . $s;
    }
    return "evt_$s";
}

sub hashes { my ($t, $sql, @columns) = @_; return map { my %h; @h{@columns} = @$_; \%h } $t->sql($sql) }

# A node's view of all there is, in a hash that knows nothing of databases.
sub history {
    my ($c, $n) = @_;
    my $t = $c->{t}[ $n // 0 ];
    my %number = map { @$_ } $t->sql('SELECT number, LOWER(HEX(id)) FROM projects');
    my @ops;
    for my $file (glob "$c->{dir}/journal.*") {
        my (%op, @order);
        for (split /\n/, slurp($file)) {
            my ($what, $id, $time, @more) = split /\t/;
            if ($what eq 'S') {
                my ($row, $object, $key, $node) = @more;
                my $op = $op{$id} //= do { push @order, $id; { id => $id, row => $row, key => $key eq '-' ? undef : $key, tries => [] } };
                my $on = $ROW{$row}{on};
                $op->{on} = $on eq 'project' ? "project $number{$object}" : "$on " . Thaw::Fault::Work::hex_of_any($on, $object) if $object ne '-' && $on ne '-';
                push @{ $op->{tries} }, { sent => $time, node => $node };
            } else {
                my $try = $op{$id}{tries}[-1];
                $try->{answered} = $time;
                @$try{qw(status request replayed tag seen digest)} = map { $_ eq '-' ? undef : $_ } @more;
            }
        }
        push @ops, map { $op{$_} } @order;
    }
    return { rows => \%ROW, ops => \@ops, begun => $c->{begun},
        transitions => [ map { my %h; @h{qw(type name from to stays takes action event)} = split /\t/; \%h } grep { !/^resource\t/ } split /\n/, $t->must('tables', 'transitions') ],
        audit => [ hashes($t, 'SELECT request_id, user_agent, action, resource_type, LOWER(HEX(resource_id)), revision, from_state, to_state FROM audit_events ORDER BY resource_type, resource_id, revision', qw(request agent action type id revision from to)) ],
        events => [ map { $_->{event} = evt($_->{event}); $_ } hashes($t, 'SELECT LOWER(HEX(id)), request_id, type, resource_type, LOWER(HEX(resource_id)), revision, sequence FROM outbox', qw(event request action type id revision sequence)) ],
        attempts => [ hashes($t, "SELECT request_id, resource_type, LOWER(HEX(resource_id)), revision FROM attempts WHERE outcome = 'done'", qw(request type id revision)) ],
        versions => [ hashes($t, 'SELECT LOWER(HEX(v.model_id)), LOWER(HEX(v.id)), v.number, m.last_version FROM model_versions v JOIN models m ON m.organization_id = v.organization_id AND m.id = v.model_id', qw(model id number last)) ],
        entities => { map { @$_ } $t->sql('SELECT LOWER(HEX(id)), LOWER(HEX(workspace_id)) FROM entities') },
        objects => { map { my ($type, $table) = @$_; map { ("$type $_->[0]" => { state => $_->[1], revision => $_->[2] }) } $t->sql("SELECT LOWER(HEX(id)), status, revision FROM $table") }
            [ model => 'models' ], [ model_version => 'model_versions' ], [ training_run => 'training_runs' ], [ project => 'projects' ], [ workspace => 'workspaces' ], [ entity => 'entities' ], [ folder => 'folders' ], [ deployment => 'deployments' ], [ role => 'roles' ] },
        deliveries => [ map { my ($id, $status) = split ' '; { event => $id, status => $status } } split /\n/, slurp("$c->{dir}/deliveries") ] };
}

sub DESTROY {
    my $c = shift;
    return if $c->{owner} != $$;
    local ($?, $@);
    for (map { @{ $c->{$_} // [] } } qw(deliverer builder)) { $_->stop }
    delete $c->{sink};
    if ($c->{disk}) { my $t = $c->{t}[0]; delete $t->{client}; ref $t->{$_} && $t->{$_}->stop for qw(nginx worker proxy_guard mariadb); system("umount '$c->{disk}'") unless $ENV{LEAVE} }
    delete $c->{t};
    delete $c->{cluster};
}

1;
