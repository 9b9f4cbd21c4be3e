# soak.pl: half an hour of everything at once, and what the processes and the tables hold meanwhile (`bench/run --soak`).
# Clients change objects in every dialect as they do in t/fault/run, with no faults; others read pages and files, sign in and
# out, send what is wrong; the deliverer, the builder and, each minute, the sweep
# work beside them. The sweep's clock is nearly a day ahead, so that what is kept for a day is kept for KEPT seconds.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../t/lib";
use Getopt::Long;
use JSON::PP ();
use List::Util qw(max sum0);
BEGIN {
    my ($minutes) = "@ARGV" =~ /--minutes[ =](\d+)/;
    $ENV{LONGEST} = 60 * ($minutes // 30) + 600;
}
use Thaw;
use Foundry ();
use Thaw::Fault;
use Thaw::Fault::Work;
use Time::HiRes qw(sleep time);

use constant { KEPT => 300, DAY => 86400, WRITERS => 4, READERS => 2 };
my %o = (minutes => 30);
GetOptions(\%o, 'minutes=i', 'json=s') && $o{minutes} > 2 or die "usage: bench/run --soak [--minutes N] [--json FILE]; N is at least 3: the thirds of the time are compared\n";
alarm $ENV{LONGEST};
$| = 1;

my $c = Thaw::Fault->new(clients => WRITERS, pause => 0.02, mariadb => ['--innodb-buffer-pool-size=256M'],
    config => { (map { ($_ => DAY) } qw(attempt_retention delivery_retention event_retention artifact_retention refresh_ttl)), metrics_networks => '127.0.0.0/8' });
my $t = $c->{t}[0];
my $end = "$c->{dir}/end";

# --- those who read ----------------------------------------------------------------------------

my @pages = ('/api/v1/models?page_size=100', '/api/v1/models?search=f1&page=2', '/api/v1/projects?size=100&sort=name', '/v1/workspaces?limit=100', '/v1/entities?limit=100', '/v1/events?limit=100',
    '/api/v2/registeredModels/?limit=100', '/api/v2/modelPackages/?limit=100', '/api/v2/deployments/', '/api/2.0/mlflow/registered-models/search?max_results=200',
    '/api/2.0/mlflow/model-versions/search?max_results=200', '/openapi.json', '/docs', '/console/actions', '/console/activity', '/metrics', '/healthz', '/readyz');
my @wrong = ([ GET => '/api/v1/models/mdl-no' ], [ POST => '/api/v1/models', '{"name":' ], [ POST => '/v1/workspaces', '{"name":7}' ], [ GET => '/api/v2/models/ri.no' ],
    [ POST => '/api/2.0/mlflow/registered-models/create', '[]' ], [ PUT => '/api/v1/projects/999999999/archive' ], [ GET => '/nowhere' ], [ DELETE => '/api/v1/models' ]);
my $rid = Foundry::foundry_model($t);

sub reader {
    my ($token, $here) = ($t->token('admin', '--ttl', DAY), [ Origin => 'http://127.0.0.1' ]);
    my (%n, $n);
    my $ask = sub {
        my ($what, $method, $path, %more) = @_;
        my $r = eval { $t->req($method => $path, plain => 1, timeout => 30, %more) } // { status => 0, headers => {} };
        $n{($r->{status} < 500 && $r->{status} ? $what : "$method $path") . " $r->{status}"}++;
        return $r;
    };
    while (!-e $end) {
        my ($method, $path, $body) = @{ $wrong[ ++$n % @wrong ] };
        $ask->('page', GET => $pages[ $n % @pages ], token => $token);
        $ask->('wrong', $method => $path, token => $token, defined $body ? (body => $body) : ());
        $ask->('no token', GET => '/api/v1/models', token => "$token-") if $n % 7 == 0;
        if ($n % 20 == 0) {
            my $r = $ask->('sign in', POST => '/console/session', headers => $here, body => { email => 'admin@main.example', password => $t->password('admin') });
            my ($cookie) = ($r->{headers}{'set-cookie'} // '') =~ /^([^;]*)/;
            $ask->('stay signed in', POST => '/console/session/refresh', headers => [ @$here, Cookie => $cookie ]) if $cookie;
        }
        if ($n % 10 == 0) {
            my $r = Foundry::upload($t, $rid, token => $token, file => sprintf('%02d', rand 50) x 100_000);
            $n{"upload $r->{status}"}++;
        }
        sleep 0.02;
    }
    return \%n;
}

# --- what is looked at ------------------------------------------------------------------------------

# The processes by name; of nginx its workers, not its master.
sub children { my ($pid) = @_; split ' ', slurp("/proc/$pid/task/$pid/children") }
sub processes {
    my ($i, $m) = (0, 0);
    return ((map { ('worker ' . ++$i => $_) } sort { $a <=> $b } $t->worker_pids), (map { ('nginx ' . ++$m => $_) } sort { $a <=> $b } children($t->{nginx}->pid)), mariadbd => $t->{mariadb}->pid,
        'thaw deliver' => $c->{deliverer}[0]->pid, 'thaw build' => $c->{builder}[0]->pid);
}
sub private { sum0(slurp("/proc/$_[0]/smaps_rollup") =~ /^Private_\w+: +(\d+) kB/mg) }
sub files { my ($pid) = @_; my @f = glob "/proc/$pid/fd/*"; scalar @f }

my @tables = grep { $_->{rows} eq 'SWEPT' } map { my %h; @h{qw(table rows by)} = split /\t/; \%h } split /\n/, $t->must('tables', 'retention');
# What was made longer ago than it is kept, and a sweep too; and how much there is in all.
my %age = (attempts => 'created_at', jobs => 'created_at', outbox => 'at', deliveries => 'updated_at');
sub look {
    my %p = processes();
    return { at => time, process => { map { $_ => { private => private($p{$_}), files => files($p{$_}) } } keys %p },
        rows => { map { $_->{table} => 0 + $t->sql("SELECT COUNT(*) FROM $_->{table}") } @tables, { table => 'audit_events' } },
        old => { map { $_ => 0 + $t->sql("SELECT COUNT(*) FROM $_ WHERE $age{$_} < UTC_TIMESTAMP(6) - INTERVAL @{[ KEPT + 120 ]} SECOND") } keys %age } };
}

$c->deliverer(0);
$c->builder(0);
my @load = ((map { my $i = $_; background(sub { Thaw::Fault::Work::client($c->{client}[$i], $i, $end) }) } 1 .. WRITERS), map { background(\&reader) } 1 .. READERS);
my ($began, @seen, %swept) = (time);
my $sweep = $t->ahead(DAY - KEPT);
for (my $next = $began + 30; $next <= $began + 60 * $o{minutes}; $next += 30) {
    sleep max(0, $next - time);
    if (@seen % 2) {
        my $r = $t->thaw({ env => $sweep }, '--json', 'sweep');
        $r->{exit} and die "thaw sweep: $r->{err}";
        $swept{$_} += $r->{json}{$_} for keys %{ $r->{json} };
    }
    push @seen, look();
    printf STDERR "%3d min: workers %s kB, attempts %d, events %d\n", (time - $began) / 60, join(' ', map { $seen[-1]{process}{$_}{private} } grep { /^worker/ } sort keys %{ $seen[-1]{process} }), @{ $seen[-1]{rows} }{qw(attempts outbox)};
}
spew($end, '');
my %answers;
for my $load (@load) { my $r = $load->(); next if !ref $r; $answers{$_} += $r->{$_} for keys %$r }
$c->settle;
my @journal = map { [ split /\t/ ] } map { split /\n/, slurp($_) } glob "$c->{dir}/journal.*";
$answers{"change or read $_->[3]"}++ for grep { $_->[0] eq 'A' } @journal;

# --- what it came to -----------------------------------------------------------------------------------

my $third = int(@seen / 3);
my ($warm, $late) = ([ @seen[ $third .. 2 * $third - 1 ] ], [ @seen[ -$third .. -1 ] ]);
my @wrong_now = @{ $c->{failed} };
my $seen = sub { my ($part, @path) = @_; sort { $a <=> $b } map { my $v = $_; $v = $v->{$_} // 0 for @path; $v } @$part };
my $most = sub { ($seen->(@_))[-1] };
# A process that was looked at while it made a large page has more than it keeps.
my $median = sub { my @v = $seen->(@_); $v[ $#v / 2 ] };
printf "%d minutes, %d requests: %s\n\n", $o{minutes}, sum0(values %answers), join ', ', map { "$_ $answers{$_}" } sort keys %answers;
printf "%-20s%12s%14s%14s%10s%10s%10s\n", 'private memory, kB', 'first', 'middle third', 'last third', 'most', 'files', 'last';
for my $name (sort keys %{ $seen[-1]{process} }) {
    my ($first, $middle, $last) = ($seen[0]{process}{$name}{private} // 0, map { $median->($_, 'process', $name, 'private') } $warm, $late);
    my @files = map { $most->($_, 'process', $name, 'files') } $warm, $late;
    printf "%-20s%12d%14d%14d%10d%10d%10d\n", $name, $first, $middle, $last, $most->(\@seen, 'process', $name, 'private'), @files;
    next if $name eq 'mariadbd';                         # it fills the pool that it was given
    push @wrong_now, "$name grows: $last kB, $middle kB before" if $last > 1.05 * $middle + 256;
    push @wrong_now, "$name keeps more open: $files[1], $files[0] before" if $files[1] > $files[0] + 16;
}
printf "\n%-20s%12s%14s%14s%10s\n", 'rows of', 'first', 'middle third', 'last third', 'too old';
for my $table (sort keys %{ $seen[-1]{rows} }) {
    my $old = exists $age{$table} ? $most->($late, 'old', $table) : undef;
    printf "%-20s%12d%14d%14d%10s\n", $table, $seen[0]{rows}{$table}, (map { $most->($_, 'rows', $table) } $warm, $late), $old // '-';
    push @wrong_now, "$table: $old rows are older than they may be" if $old;
}
print "\nswept: ", join(', ', map { "$_ $swept{$_}" } grep { $swept{$_} } sort keys %swept), "\n";
push @wrong_now, "answers of 500 and more, or none: $_ $answers{$_}" for grep { / (?:0|5\d\d)$/ } sort keys %answers;
my $verify = $t->thaw('audit', 'verify');
push @wrong_now, "thaw audit verify: $verify->{out}$verify->{err}" if $verify->{exit};
print "WRONG: $_\n" for @wrong_now;
spew($o{json}, JSON::PP->new->canonical->pretty->encode({ minutes => $o{minutes}, answers => \%answers, swept => \%swept, seen => \@seen, wrong => \@wrong_now })) if $o{json};
undef $c;
exit !!@wrong_now;
