# The faults that the campaign injects: a row for each kind, in the order in which a run has
# each of them once before it goes by chance.
#
# A row: name, on how many nodes (1, 3 or both), what it is, and what does it: a sub of the campaign and
# a node, which returns what undoes it after `for` seconds, or 1 when there is nothing to be
# undone.  It dies when the fault did not happen, which is an error of the run.
package Thaw::Fault::Faults;
use strict;
use warnings;
use Exporter 'import';
use List::Util 'shuffle';
use Thaw;
use Time::HiRes qw(time sleep);

our @EXPORT_OK = qw(@FAULTS);

sub chance { my @all = @_; return $all[ rand @all ] }

# All or some of the processes.
sub some { my @all = shuffle @_; return @all[ 0 .. int rand @all ] }

sub killed {
    my ($guard, $what) = @_;
    $guard->alive or die "$what does not run\n";
    $guard->kill('KILL');
    $guard->wait(10) // die "$what was not killed\n";
    return 1;
}

# A worker of its own accord dies when it is killed, and its parent makes another.
sub workers_killed {
    my ($c, $n) = @_;
    my @pids = within(5, sub { my @p = $c->{t}[$n]->worker_pids; @p && \@p }, 'a worker')->@*;
    (kill KILL => some(@pids)) or die "no worker was killed\n";
    return 1;
}

sub workers_reloaded {
    my ($c, $n) = @_;
    my %was = map { $_ => 1 } $c->{t}[$n]->worker_pids;
    $c->{t}[$n]{worker}->kill('HUP');
    within(20, sub { my @now = $c->{t}[$n]->worker_pids; @now && !grep { $was{$_} } @now }, 'new workers');
    return 1;
}

sub nginx_reloaded {
    my ($c, $n) = @_;
    my $pid = $c->{t}[$n]{nginx}->pid;
    my $children = sub { join ' ', sort split ' ', slurp("/proc/$pid/task/$pid/children") };
    my $was = $children->();
    $c->{t}[$n]{nginx}->kill('HUP');
    within(20, sub { my $is = $children->(); length $is && $is ne $was }, 'new processes of nginx');
    return 1;
}

sub database_killed {
    my ($c, $n) = @_;
    killed($c->database($n), 'mariadbd');
    return sub { $c->start_database($n) };
}

sub database_stopped {
    my ($c, $n) = @_;
    my $db = $c->database($n);
    kill(STOP => $db->pid) or die "mariadbd was not stopped\n";
    return sub { kill CONT => $db->pid };
}

# Those that are in the middle of something first.
sub connections_killed {
    my ($c, $n) = @_;
    my $done = 0;
    for (1 .. 10) {
        my @ids = map { $_->[0] } $c->sql($n, "SELECT ID FROM information_schema.PROCESSLIST WHERE USER LIKE 'thaw%' ORDER BY COMMAND = 'Sleep', RAND() LIMIT 4");
        for (@ids) { $done++ if eval { $c->sql($n, "KILL CONNECTION $_"); 1 } }
        sleep 0.05;
    }
    $done or die "no connection was killed\n";
    return 1;
}

# The file system of the database has no more than it needs.
sub disk_full {
    my ($c, $n) = @_;
    my $disk = $c->{disk} // die "no file system of its own for the database\n";
    # It grows while it is looked at, and the rest is filled up.
    within(5, sub {
        my ($used) = `df --output=used -k '$disk'` =~ /(\d+)\s*\z/;
        !system("mount -o remount,size=@{[ $used + 2048 ]}k '$disk' 2>/dev/null");
    }, 'a smaller disk');
    my $try = "$disk/full";
    open my $h, '>:raw', $try or die "$try: $!";
    my $written = 0;
    while (my $bytes = syswrite $h, 'x' x 4096) { last if ($written += $bytes) > 2 ** 24 }
    my $full = $!{ENOSPC};
    close $h;
    return sub {
        unlink $try;
        system('mount', '-o', 'remount,size=4g', $disk) and die "the disk was not made larger\n";
        $full or die "the disk did not become full\n";
        # InnoDB may abort on a full disk (rolling back what it had no room for); its unit starts it again.
        my $db = $c->database($n);
        within(30, sub { !$db->alive || eval { $c->sql($n, 'SELECT 1') } }, 'a database that answers or ended');
        return if $db->alive;
        $c->{aborted}++;
        $db->{status} == 6 or die "mariadbd ended with $db->{status}\n";
        $c->start_database($n);
    };
}

sub clock_stepped {
    my ($c, $n) = @_;
    my $t = $c->{t}[$n];
    my $to = chance(-600, -120, -20, 20, 120, 600);
    $t->clock($to, 0);
    $t->{ahead}[0] == $to or die "the clock was not stepped\n";
    return sub { $t->clock(0, 0) };
}

# A transaction of somebody else's that has rows of those objects that all change, one after the
# other in an order of its own, and waits with them.
sub crossing {
    my ($c, $n) = @_;
    my @rows = map { "SELECT 1 FROM $_->[0] WHERE id = UNHEX('$_->[1]') FOR UPDATE; DO SLEEP(0.05)" } shuffle $c->hot_rows;
    # That it is chosen as the victim of a deadlock, or aborted by the cluster, is what it is for.
    eval { $c->sql($n, 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; SET SESSION innodb_lock_wait_timeout = 5; BEGIN; '
        . join('; ', @rows) . '; DO SLEEP(' . chance(0.2, 1, 2.5) . '); ROLLBACK'); 1 } or $@ =~ /ERROR (?:1213|1205)/ or die $@;
    return 1;
}

# COMMITs whose connection ends before the server hears of them, or after it said OK, or meanwhile.
sub commit_cut {
    my ($c, $n) = @_;
    my $t = $c->{t}[$n];
    my $times = 4;
    $t->cut(chance(qw(before after late)), $times);
    eval { within(5, sub { my @left = glob "$t->{dir}/cut.*"; !@left }) };
    $t->uncut < $times or die "no COMMIT was cut\n";
    return 1;
}

sub deliverer_killed { my ($c, $n) = @_; killed($c->{deliverer}[$n], 'a deliverer'); return sub { $c->deliverer($n) } }
sub builder_killed { my ($c, $n) = @_; killed($c->{builder}[$n], 'a builder'); return sub { $c->builder($n) } }

sub isolated {
    my ($c, $n) = @_;
    $c->{cluster}->sql($n, "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'");
    within(60, sub { ($c->{cluster}->status($n, 'wsrep_cluster_status') // '') ne 'Primary' }, 'a node alone');
    return sub {
        $c->{cluster}->sql($n, "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'");
        $c->{cluster}->synced;
    };
}

# All nodes at once; the one that knows most begins anew.  As long as it is alone with one that joins,
# neither has a majority without the other: where the machine stalls just then, all is to be done again.
sub cluster_lost {
    my ($c) = @_;
    my $lose = sub {
        $_->kill('KILL') for @{ $c->{cluster}{node} };
        $_->wait(10) // die "a node was not killed\n" for @{ $c->{cluster}{node} };
    };
    $lose->();
    return sub {
        for my $try (1 .. 3) {
            return if eval { begin_anew($c->{cluster}); 1 };
            print STDERR "# again: $@";
            die $@ if $try == 3;
            $lose->();
        }
    };
}

sub begin_anew {
    my ($cluster) = @_;
    my @at = map { $cluster->recovered($_) } 0 .. 2;
    my @number = map { /:(-?\d+)$/ } @at;
    my ($first, @others) = sort { $number[$b] <=> $number[$a] } 0 .. 2;
    $cluster->bootstrap($first, $at[$first]);
    $cluster->rejoin($_) for @others;
    $cluster->synced;
}

# New workers, which prepare their statements anew, each second on all nodes, while others' changes
# of the same objects abort theirs.
sub prepared_anew {
    my ($c) = @_;
    my $aborts = sub { my $sum = 0; $sum += $c->{cluster}->status($_, 'wsrep_local_bf_aborts') + $c->{cluster}->status($_, 'wsrep_local_cert_failures') for 0 .. 2; $sum };
    my $was = $aborts->();
    for (1 .. 4) { $_->{worker}->kill('HUP') for @{ $c->{t} }; sleep 1 }
    within(20, sub { $aborts->() > $was }, 'a transaction that the cluster aborted');
    return 1;
}

our @FAULTS = map { my %f; @f{qw(name nodes what does for)} = @$_; \%f } (
    [ 'worker-kill',     '1 3', 'SIGKILL of workers',                          \&workers_killed ],
    [ 'database-kill',   '1',   'SIGKILL of mariadbd, started again',          \&database_killed, 0.2 ],
    [ 'deliver-kill',    '1 3', 'SIGKILL of the deliverer',                    \&deliverer_killed, 0.1 ],
    [ 'build-kill',      '1 3', 'SIGKILL of the builder',                      \&builder_killed, 0.1 ],
    [ 'connection-kill', '1 3', 'KILL of database connections',                \&connections_killed ],
    [ 'disk-full',       '1',   'the disk of the database is full',            \&disk_full, 2 ],
    [ 'database-stop',   '1 3', 'SIGSTOP of mariadbd',                         \&database_stopped, 1.5 ],
    [ 'nginx-reload',    '1 3', 'reload of nginx',                             \&nginx_reloaded ],
    [ 'worker-reload',   '1 3', 'reload of the workers',                       \&workers_reloaded ],
    [ 'crossing',        '1 3', "another's transaction over the same objects", \&crossing ],
    [ 'clock-step',      '1 3', "the workers' clock goes wrong",               \&clock_stepped, 1 ],
    [ 'commit-cut',      '1',   'connections cut around COMMIT',               \&commit_cut ],
    [ 'node-kill',       '3',   'SIGKILL of a node, which joins again',        \&database_killed, 1 ],
    [ 'isolation',       '3',   'a node cut off from the others',              \&isolated, 1 ],
    [ 'cluster-loss',    '3',   'SIGKILL of all nodes, begun anew',            \&cluster_lost, 0.5 ],
    [ 'prepare-abort',   '3',   'workers that prepare anew while the cluster aborts', \&prepared_anew ],
);

1;
