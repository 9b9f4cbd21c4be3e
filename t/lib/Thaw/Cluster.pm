# A Galera cluster on loopback, one mariadbd for each node.
#
#   my $why = Thaw::Cluster::missing();            # what is not installed, or nothing
#   my $c = Thaw::Cluster->new(nodes => 3);        # formed and synced
#   my @t = $c->thaws(%options);                   # a Thaw (workers, nginx) on each node,
#                                                  # after one `thaw init`
#   $c->sql(2, 'SELECT 1')                         # as root of that node
#   $c->{node}[2]                                  # its guard; node 0 is the first
#   $c->start(2), $c->synced                       # again, and until all are one
#   $c->rejoin(2)                                  # likewise, from where it was when it was killed
#   $c->bootstrap($i, $at)                         # a new cluster from that node, which was left at that position
#   $c->recovered($i)                              # of one that was killed: history:number of what it knows
#
# mariadbd does not run as root here: the state transfer by rsync would write files
# that nobody may read.
package Thaw::Cluster;
use strict;
use warnings;
use File::Temp ();
use File::Path 'remove_tree';
use IO::Socket::INET;
use IO::Socket::UNIX;
use Thaw;
use Thaw::Guard;

my $provider = '/usr/lib/galera/libgalera_smm.so';

sub missing {
    return 'galera-4 is not installed' if !-e $provider;
    for my $need (qw(mariadbd wsrep_sst_rsync rsync setpriv)) {
        return "$need is not installed" if !grep { -x "$_/$need" } split /:/, $ENV{PATH};
    }
    return;
}

# Ports that nobody listens at, ten for a node; another process may take one of them in
# between, so a node that does not come up is started again elsewhere by new().
sub ports {
    my $n = shift;
    for (1 .. 50) {
        my $base = 20000 + 50 * int rand 200;
        my @open = map { IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $base + $_, Listen => 1) } 0 .. 10 * $n - 1;
        return $base if !grep { !$_ } @open;
    }
    die "no free ports for a cluster\n";
}

sub new {
    my ($class, %o) = @_;
    my $dir = File::Temp::tempdir('thaw-g.XXXXXX', TMPDIR => 1);
    my @user = $> == 0 ? ('setpriv', '--reuid=www-data', '--regid=www-data', '--clear-groups', '--') : ();
    my $c = bless { dir => $dir, owner => $$, n => $o{nodes} // 3, as => \@user, options => $o{mariadb} // [], node => [] }, $class;
    chmod 0755, $dir;
    for my $i (0 .. $c->{n} - 1) {
        my @own = (mkdir("$dir/$i") && "$dir/$i", mkdir("$dir/$i/tmp") && "$dir/$i/tmp");
        if (@user) { chown +(getpwnam 'www-data')[ 2, 3 ], @own }
        my $out = $c->as("mariadb-install-db --no-defaults --datadir=$dir/$i/db --tmpdir=$dir/$i/tmp --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve --force 2>&1");
        die "mariadb-install-db: $out" if $?;
    }
    $c->{base} = ports($c->{n});
    $c->bootstrap(0);
    $c->start($_) for 1 .. $c->{n} - 1;
    $c->synced;
    return $c;
}

sub as { my ($c, $command) = @_; my $as = join ' ', @{ $c->{as} }; return scalar `$as $command` }
sub socket { "$_[0]{dir}/$_[1]/s" }

sub recovered {
    my ($c, $i) = @_;
    my $command = join ' ', map { "'$_'" } $c->command($i, '--wsrep-recover');
    my $out = `$command 2>&1`;
    return $out =~ /Recovered position: ([0-9a-f-]+:-?\d+)/ ? $1 : die "node $i knows of nothing:\n$out";
}
# One whose state transfer was cut short, on a machine that stalled, ends: it is started again.
sub rejoin {
    my ($c, $i) = @_;
    for my $try (1 .. 3) {
        my $at = eval { $c->recovered($i) };
        return if eval { $c->start($i, $at ? "--wsrep-start-position=$at" : ()); 1 };
        print STDERR "# again: $@";
        die $@ if $try == 3;
        $c->{node}[$i]->kill('KILL');
        $c->{node}[$i]->wait;
    }
}

# Given where it was left, as galera_new_cluster finds out by itself: the others go on from there.  A history that
# begins anew has lower numbers than they have, and they take what conflicts for what does not.
sub bootstrap {
    my ($c, $i, $at) = @_;
    my $state = "$c->{dir}/$i/db/grastate.dat";
    unlink "$c->{dir}/$i/db/gvwstate.dat";
    $c->as("sed -i 's/^safe_to_bootstrap: 0/safe_to_bootstrap: 1/' $state") if -e $state;
    $c->start($i, '--wsrep-new-cluster', '--wsrep-cluster-address=gcomm://', $at ? "--wsrep-start-position=$at" : ());
}

sub command {
    my ($c, $i, @more) = @_;
    my $d = "$c->{dir}/$i";
    my $port = sub { $c->{base} + 10 * $_[0] };
    my $p = $port->($i);
    my $all = join ',', map { '127.0.0.1:' . $port->($_) } 0 .. $c->{n} - 1;
    return (@{ $c->{as} }, 'mariadbd', '--no-defaults', '--debug-no-sync', "--datadir=$d/db", "--tmpdir=$d/tmp", "--socket=$d/s",
        '--port=' . ($p + 5), '--bind-address=127.0.0.1', '--skip-name-resolve', '--binlog-format=ROW', '--innodb-autoinc-lock-mode=2', '--innodb-flush-log-at-trx-commit=1',
        '--innodb-log-file-size=64M', '--innodb-buffer-pool-size=64M', '--performance-schema=off', '--character-set-server=utf8mb4', '--collation-server=utf8mb4_bin', '--max-connections=200',
        '--wsrep-on=ON', "--wsrep-provider=$provider", '--wsrep-cluster-name=thaw-test', "--wsrep-node-name=n$i", "--wsrep-cluster-address=gcomm://$all",
        "--wsrep-node-address=127.0.0.1:$p", '--wsrep-sst-method=rsync', '--wsrep-sst-receive-address=127.0.0.1:' . ($p + 4), '--wsrep-slave-threads=2',
        "--wsrep-provider-options=base_port=$p;gmcast.listen_addr=tcp://127.0.0.1:$p;ist.recv_addr=127.0.0.1:" . ($p + 1)
            . ';gcache.size=128M;evs.keepalive_period=PT0.3S;evs.suspect_timeout=PT2S;evs.inactive_timeout=PT4S', @{ $c->{options} }, @more);
}

sub start {
    my ($c, $i, @more) = @_;
    my $d = "$c->{dir}/$i";
    $c->{node}[$i] = Thaw::Guard->start({}, "$d/log", $c->command($i, @more));
    within(60, sub {
        $c->{node}[$i]->alive or die "node $i of the cluster died:\n" . tail("$d/log");
        IO::Socket::UNIX->new(Peer => "$d/s") && (eval { $c->state($i) } // '') eq 'Synced';
    }, "node $i of the cluster");
}

sub tail { my @lines = split /\n/, slurp($_[0]); join "\n", @lines > 25 ? @lines[ -25 .. -1 ] : @lines }

sub sql {
    my ($c, $i, $statement) = @_;
    my @command = ('mariadb', '--no-defaults', '-S', $c->socket($i), '-uroot', '--batch', '--skip-column-names', '-e', $statement);
    open my $h, '-|', @command or die "mariadb: $!";
    my @rows = map { chomp; [ split /\t/, $_, -1 ] } <$h>;
    close $h or die "node $i: $statement\n";
    return wantarray ? @rows : $rows[0] && $rows[0][0];
}

sub status { my ($c, $i, $name) = @_; my ($row) = $c->sql($i, "SHOW STATUS LIKE '$name'"); return $row && $row->[1] }
sub state { my ($c, $i) = @_; $c->status($i, 'wsrep_local_state_comment') }

sub synced {
    my $c = shift;
    for my $i (0 .. $c->{n} - 1) {
        within(60, sub { ($c->state($i) // '') eq 'Synced' && $c->status($i, 'wsrep_cluster_size') == $c->{n} }, "node $i in a cluster of $c->{n}");
    }
}

# A Thaw on each node: the first is initialized, the others get copies of its files as
# the guide for operators has it.
sub thaws {
    my ($c, %o) = @_;
    $o{config} = { galera => 'on', %{ $o{config} // {} } };
    my $first = Thaw->new(%o, database => $c->socket(0));
    return ($first, map { Thaw->new(%o, database => $c->socket($_), like => $first) } 1 .. $c->{n} - 1);
}

sub stop { my $c = shift; $_->stop for grep { ref } reverse @{ $c->{node} } }

sub DESTROY {
    my $c = shift;
    return if $c->{owner} != $$;
    local ($?, $@);
    $c->stop;
    $ENV{LEAVE} ? Test::More::diag("left: $c->{dir}") : remove_tree($c->{dir});
}

1;
