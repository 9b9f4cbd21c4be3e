#!/usr/bin/perl
# Three nodes of a Galera cluster, set up, updated, lost and begun anew by the commands of
# doc/cluster.md, each of them run as it stands there with the paths of three machines in
# one directory; and what readiness and the doctor say meanwhile.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Thaw::Cluster;
use Contract;
use Time::HiRes 'time';

if (my $why = Thaw::Cluster::missing()) { plan skip_all => "no cluster: $why" }
my @as = $> ? () : ('setpriv', '--reuid=www-data', '--regid=www-data', '--clear-groups');

my $guide = slurp("$Thaw::SRC/doc/cluster.md");
my ($ini) = $guide =~ /```ini\n\[mariadbd\]\n(.*?)```/s;
my %block;
for (split /^## /m, $guide) {
    my ($title) = /^(.*)$/m;
    push @{ $block{$title} }, [ map { [ /^(n\d)# (.*)$/ ] } split /\n/, $1 ] while /```sh\n(.*?)```/sg;
}

my $t = bless { dir => File::Temp::tempdir('thaw-t.XXXXXX', TMPDIR => 1), owner => $$ }, 'Thaw';
my $dir = $t->{dir};
chmod 0711, $dir;
my %node = map { $_ => { name => $_, dir => "$dir/$_" } } qw(n1 n2 n3);
my @nodes = @node{qw(n1 n2 n3)};

my $base = Thaw::Cluster::ports(scalar @nodes);
$nodes[$_]{port} = $base + 10 * $_ for 0 .. $#nodes;
for my $n (@nodes) {
    mkdir "$n->{dir}$_" or die $! for '', qw(/bin /etc /etc/thaw /etc/thaw/keys /run /backups /tmp);
    chmod 0700, "$n->{dir}/$_" for 'etc/thaw/keys', 'run';
    chown +(getpwnam 'www-data')[2, 3], $n->{dir}, "$n->{dir}/tmp" unless $>;
    # A server that starts deletes another one's temporary files: never share their directory.
    my $out = $n == $nodes[0] ? `@as mariadb-install-db --no-defaults --tmpdir='$n->{dir}/tmp' --datadir='$n->{dir}/lib' --auth-root-authentication-method=normal --skip-test-db 2>&1`
        : `cp -a '$nodes[0]{dir}/lib' '$n->{dir}/lib' 2>&1`;
    die $out if $?;
    my %o = map { /^(\w+) = "?(.*?)"?$/ ? ($1 => $2) : () } split /\n/, $ini;
    my $all = join ',', map { "127.0.0.1:$_->{port}" } @nodes;
    @o{qw(wsrep_cluster_address wsrep_node_name wsrep_node_address)} = ("gcomm://$all", $n->{name}, "127.0.0.1:$n->{port}");
    $o{wsrep_provider_options} .= "; base_port=$n->{port}; gmcast.listen_addr=tcp://127.0.0.1:$n->{port}; ist.recv_addr=127.0.0.1:@{[ $n->{port} + 1 ]}";
    $n->{options} = [ '--no-defaults', '--debug-no-sync', "--datadir=$n->{dir}/lib", "--tmpdir=$n->{dir}/tmp", "--socket=$n->{dir}/db.sock", "--pid-file=$n->{dir}/db.pid", '--bind-address=127.0.0.1',
        "--port=@{[ $n->{port} + 3 ]}", '--innodb-buffer-pool-size=64M', '--innodb-log-file-size=16M', "--wsrep-sst-receive-address=127.0.0.1:@{[ $n->{port} + 2 ]}",
        map { "--$_=$o{$_}" } sort keys %o ];
    my $client = "--no-defaults --socket='$n->{dir}/db.sock' --user=root";
    my %bin = (mariadb => "exec /usr/bin/mariadb $client",
        mariadbd => join(' ', 'exec', @as, '/usr/sbin/mariadbd', map { "'$_'" } @{ $n->{options} }),
        thaw => "THAW_CONFIG='$n->{dir}/etc/thaw/thaw.conf' exec '$Thaw::BUILD/thaw'");
    spew("$n->{dir}/bin/$_", "#!/bin/sh\n$bin{$_} \"\$@\"\n", 0755) for keys %bin;
    spew("$n->{dir}/root.cnf", "[client]\nuser=root\nsocket=$n->{dir}/db.sock\n", 0600);
    my %conf = (db_option_file => "$n->{dir}/etc/thaw/my.cnf", key_dir => "$n->{dir}/etc/thaw/keys", run_dir => "$n->{dir}/run", sql_dir => "$Thaw::SRC/sql");
    spew("$n->{dir}/etc/thaw/thaw.conf", join '', map { "$_ = $conf{$_}\n" } sort keys %conf);
}

sub sql { my ($n, $sql) = @_; $t->run({}, $sql, "$n->{dir}/bin/mariadb", '-BN')->{out} =~ s/\s+\z//r }
sub status { my ($n, $name) = @_; (split /\t/, sql($n, "SHOW STATUS LIKE '$name'"))[1] // '' }
sub synced {
    my $n = shift;
    within(90, sub {
        $n->{mariadb}->alive or die "$n->{name} died:\n" . slurp("$n->{dir}/mariadb.log");
        status($n, 'wsrep_local_state_comment') eq 'Synced' && status($n, 'wsrep_ready') eq 'ON';
    }, "$n->{name} Synced");
}
# What systemd does: a node goes on from where it was left (galera_recovery), and `start` returns when it has joined.
sub begin_node {
    my ($n, @first) = @_;
    push @first, "--wsrep-start-position=$1" if `'$n->{dir}/bin/mariadbd' --wsrep-recover 2>&1` =~ /Recovered position: ([0-9a-f]\S+:\d+)/;
    $n->{mariadb} = Thaw::Guard->start({}, "$n->{dir}/mariadb.log", "$n->{dir}/bin/mariadbd", @first);
    synced($n);
}
sub workers {
    my $n = shift;
    local ($t->{dir}, $t->{workers}, $t->{worker}) = ($n->{dir}, 2);
    unlink "$n->{dir}/thaw.sock";
    spew("$n->{dir}/thaw.conf", slurp("$n->{dir}/etc/thaw/thaw.conf"));
    $t->start_workers;
    $n->{worker} = $t->{worker};
}
sub ask { my ($n, $path, @more) = @_; fastcgi({ dir => $n->{dir} }, [ REQUEST_URI => $path, REMOTE_ADDR => '127.0.0.1', @more ]) }
my %unit = (
    galera_new_cluster => sub { begin_node($_[0], '--wsrep-new-cluster') },
    'systemctl start mariadb' => sub { begin_node($_[0]) },
    'systemctl stop mariadb' => sub { $_[0]{mariadb}->stop },
    'systemctl stop thaw.socket thaw' => sub { $_[0]{worker}->stop },
    'systemctl start thaw.socket' => sub { workers($_[0]) },
    'systemctl reload thaw' => sub { $_[0]{worker}->kill('HUP') },
);
# A block of the guide, each command on its node: what they printed.
sub follow {
    my ($title, $i) = @_;
    my @out;
    for my $step (@{ $block{$title}[$i] }) {
        my ($n, $command) = ($node{ $step->[0] }, $step->[1]);
        if (my $does = $unit{$command}) { $does->($n); pass("$n->{name}# $command"); next }
        (my $here = $command) =~ s{\b(n\d):/etc/}{$dir/$1/etc/}g;
        $here =~ s{(?<=[ '>])/(etc|var/lib/mysql|var/backups|root/\.my\.cnf)\b}{"$n->{dir}/" . ({ 'var/lib/mysql' => 'lib', 'var/backups' => 'backups', 'root/.my.cnf' => 'root.cnf' }->{$1} // $1)}ge;
        my $r = $t->run({ PATH => "$n->{dir}/bin:$ENV{PATH}" }, '', 'bash', '-o', 'pipefail', '-c', $here);
        is($r->{exit}, 0, "$n->{name}# $command") or diag $here, "\n", $r->{out}, $r->{err};
        push @out, $r->{out};
    }
    return @out;
}

subtest 'the database' => sub {
    my ($size) = follow('The database', 0);
    like($size, qr/wsrep_cluster_size\s+3\b/, 'three nodes');
};

subtest 'thaw' => sub {
    follow('Thaw', 0);
    for my $n (@nodes[1, 2]) {           # the same path on another machine
        for my $file (map { "$n->{dir}/etc/thaw/$_" } qw(thaw.conf my.cnf owner.cnf)) { spew($file, slurp($file) =~ s{\Q$dir\E/n1/}{$n->{dir}/}gr, 0600) }
        is(sprintf('%o', (stat "$n->{dir}/etc/thaw/$_->[0]")[2] & 07777), $_->[1], "$n->{name}: the mode of $_->[0]") for [ keys => 700 ], [ 'keys/seal.key' => 600 ], [ 'my.cnf' => 600 ];
    }
    workers($_) for @nodes;
    my @said = follow('Thaw', 1);
    for my $i (0 .. 2) {
        like($said[$i], qr/^ok       cluster        node n@{[ $i + 1 ]} .* is Synced, one of 3 in thaw$/m, 'the doctor says which node it speaks to');
        unlike($said[$i], qr/^(?:warning|problem)/m, 'and that all is well');
    }
    is(ask($_, '/readyz')->{status}, 200, "$_->{name} is ready") for @nodes;
};

my $token = $t->run({}, '', "$node{n1}{dir}/bin/thaw", 'token', '--user', 'me')->{out} =~ s/\s+\z//r;
my @bearer = (HTTP_AUTHORIZATION => "Bearer $token");
subtest 'a change made on one is read on another' => sub {
    $t->run({}, '', "$node{n1}{dir}/bin/thaw", 'org', 'create', "Another $_") for 1 .. 5;
    like($t->run({}, '', "$node{n3}{dir}/bin/thaw", 'org', 'list')->{out}, qr/Another 5/, 'at once');
    is(ask($_, '/api/v1/models', @bearer)->{status}, 200, "a token made on n1 is good on $_->{name}") for @nodes;
};

# What nobody can be told now is refused in the caller's own words, with the time to come again.
my %refused = (
    '/api/v1/models' => qr/"code":"SERVICE_UNAVAILABLE"/, '/api/v2/registeredModels/' => qr/"message":/, '/v1/workspaces' => qr/"code":"upstream_unavailable"/, '/api/v1/projects' => qr/"status":503/,
    '/api/2.0/mlflow/registered-models/search' => qr/"error_code":"TEMPORARILY_UNAVAILABLE"/, '/api/v2/filesystem/spaces?preview=true' => qr/"errorName":"Unavailable"/, '/readyz' => qr/"checks":/,
);
sub refuses {
    my ($n, $what) = @_;
    for my $path (sort keys %refused) {
        my ($began, $r) = (time, ask($n, $path, @bearer));
        is($r->{status}, 503, "$what: $path") or diag $r->{body};
        like($r->{headers}{'retry-after'} // '', qr/^[1-9]\d?$/, 'with Retry-After');
        like($r->{body}, $refused{$path}, 'in the form of its API');
        cmp_ok(time - $began, '<', 10, 'in time');
    }
}
sub write_on { my $n = shift; my $began = time; my $r = fastcgi({ dir => $n->{dir} }, [ REQUEST_URI => '/api/v1/models', REQUEST_METHOD => 'POST', CONTENT_TYPE => 'application/json', @bearer,
    CONTENT_LENGTH => length $_[0] ], $_[0]); return ($r->{status}, $r->{headers}{'retry-after'} // '', time - $began) }
sub a_model { qq({"name":"$_[0]","model_type":"custom","task_type":"regression"}) }

subtest 'what is wrong with a node is said' => sub {
    my $n = $node{n3};
    my $doctor = sub { $t->run({}, '', "$_[0]{dir}/bin/thaw", 'doctor') };
    my $conf = "$n->{dir}/etc/thaw/thaw.conf";
    my $was = slurp($conf);
    spew($conf, $was =~ s/^galera = on$/galera = off/mr);
    my $r = $doctor->($n);
    is($r->{exit}, 3, 'galera = off on a node');
    like($r->{out}, qr/^problem  cluster .*galera is off.*set galera = on/m, 'and what to do');
    spew($conf, $was);
    sql($n, "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'");
    my ($here, $there) = concurrently(2, sub { [ write_on($_[0] ? $node{n1} : $n, a_model("lost and found $_[0]")) ] });
    note "a change on it: @$here; on another: @$there";
    is($here->[0], 503, 'a change on a node that was just cut off is refused');
    cmp_ok($here->[2], '<', 12, 'in time');
    cmp_ok($there->[2], '<', 8, 'the others answer in time');
    # Until they know that one is missing, which takes them longer where there is much to do.
    like("@$there[0, 1]", qr/^(?:201 |503 [1-9])/, 'made, or refused with Retry-After');
    is(within(30, sub { my ($status) = $there->[0] == 201 ? 201 : write_on($node{n1}, a_model('once more')); $status == 201 && $status }), 201, 'the others make it, when they know');
    within(60, sub { status($n, 'wsrep_cluster_status') ne 'Primary' }, 'n3 alone');
    is(ask($n, '/readyz')->{status}, 503, 'a node that was cut off is not ready');
    is(ask($n, '/healthz')->{status}, 200, 'though alive');
    $r = $doctor->($n);
    refuses($n, 'cut off');
    is($r->{exit}, 3, 'the doctor finds it');
    like($r->{out}, qr/^problem  cluster .*node n3 is not in the primary component/m, 'and says it') or diag $r->{out};
    within(60, sub { status($node{n1}, 'wsrep_cluster_size') == 2 }, 'two');
    is(ask($node{n1}, '/readyz')->{status}, 200, 'the others serve');
    $r = $doctor->($node{n1});
    is($r->{exit}, 0, 'whose doctor');
    like($r->{out}, qr/^warning  cluster .*one of 2 .*three nodes survive/m, 'warns');
    sql($n, "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'");
    synced($n);
    within(60, sub { ask($n, '/readyz')->{status} == 200 && status($n, 'wsrep_cluster_size') == 3 }, 'n3 ready again');
};

subtest 'a node at a time' => sub {
    my ($state, $doctor) = follow('One node at a time', 0);
    like($state, qr/wsrep_local_state_comment\s+Synced/, 'it has joined again');
    unlike($doctor, qr/^(?:warning|problem)/m, 'and is well');
    my %before = map { $_ => 1 } map { local $t->{worker} = $_->{worker}; $t->worker_pids } @nodes;
    follow('One node at a time', 1);
    within(20, sub { my @now = map { local $t->{worker} = $_->{worker}; $t->worker_pids } @nodes; @now == 6 && !grep { $before{$_} } @now }, 'new workers');
    is(ask($_, '/readyz')->{status}, 200, "$_->{name} is ready") for @nodes;
};

subtest 'after the loss of the majority' => sub {
    $node{$_}{mariadb}->kill('KILL'), $node{$_}{mariadb}->wait for qw(n1 n2);
    within(60, sub { status($node{n3}, 'wsrep_cluster_status') ne 'Primary' }, 'n3 alone');
    refuses($node{n3}, 'the last of three');
    my (undef, $retry, $took) = write_on($node{n3}, a_model('refused'));
    cmp_ok($took, '<', 12, 'a change too');
    like($t->run({}, '', "$node{n3}{dir}/bin/thaw", 'doctor')->{out}, qr/^problem  cluster .*node n3 is not in the primary component/m, 'the doctor says why');
    my ($alone) = follow('After the loss of the majority', 0);
    within(20, sub { ask($node{n3}, '/readyz')->{status} == 200 }, 'n3 ready');
    is((write_on($node{n3}, a_model('made by one')))[0], 201, 'then one node serves');
    follow('After the loss of the majority', 1);
    for my $n (@nodes) { within(20, sub { ask($n, '/readyz')->{status} == 200 }, "$n->{name} ready") }
    is($t->run({}, '', "$node{n1}{dir}/bin/thaw", 'audit', 'verify')->{exit}, 0, 'and all agrees');
};

subtest 'after the loss of all nodes' => sub {
    my $orgs = sql($node{n1}, 'SELECT COUNT(*) FROM thaw.organizations');
    $_->{mariadb}->kill('KILL') for @nodes;
    $_->{mariadb}->wait for @nodes;
    is(ask($node{n1}, '/readyz')->{status}, 503, 'given no database');
    my @at = map { /Recovered position: \S+:(\d+)/ ? $1 : -1 } follow('After the loss of all nodes', 0);
    is(scalar(grep { $_ > $at[0] || $_ < 0 } @at), 0, "n1 knows the most: @at");
    my ($verify) = follow('After the loss of all nodes', 1);
    is(sql($_, 'SELECT COUNT(*) FROM thaw.organizations'), $orgs, "$_->{name} has all that was acknowledged") for @nodes;
    for my $n (@nodes) { within(20, sub { ask($n, '/readyz')->{status} == 200 }, "$n->{name} ready") }
};

subtest 'backup' => sub {
    follow('Backup', 0);
    is($t->run({}, '', "$node{n2}{dir}/bin/thaw", 'restore', "$node{n2}{dir}/backups/thaw-2026-03-14", '--check')->{exit}, 0, 'which is whole');
};

my $ran = grep { $_ } map { @$_ } map { @$_ } values %block;
my $written = () = $guide =~ /^n\d# /mg;
is($ran, $written, 'every command of the guide');
for my $n (@nodes) { $_->stop for grep { ref } @$n{qw(worker mariadb)} }
done_testing;
