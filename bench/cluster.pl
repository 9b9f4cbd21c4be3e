# cluster.pl: what three nodes cost (`bench/run --cluster`). One object that clients of all nodes change at a given rate:
# how long it takes, and how many are told 503; and what it costs that a read shows what another node was told. The three
# databases, the workers and the clients share one machine.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../t/lib";
use Thaw;
use Thaw::Cluster;
use Time::HiRes qw(sleep time);

my $seconds = (grep { $_ eq '--quick' } @ARGV) ? 3 : 20;
alarm 1200;
$| = 1;
my $MODELS = '/api/v1/models';
if (my $why = Thaw::Cluster::missing()) { print "not measured: $why\n"; exit 0 }
my $cluster = Thaw::Cluster->new(nodes => 3);
my @t = $cluster->thaws(workers => 4);
my $token = $t[0]->token('admin', '--ttl', 7200);
sub model { $t[0]->req(POST => $MODELS, token => $token, body => { name => $_[0], model_type => 'custom', task_type => 'regression' })->{json}{id} }
sub at { my ($part, @v) = @_; @v = sort { $a <=> $b } @v; @v ? 1000 * $v[ $#v * $part ] : 0 }

# So many changes a second of these objects in turn, each when it is due, by clients at all of these servers: [ status,
# seconds since it was due ] of each.
sub paced {
    my ($rate, $servers, @ids) = @_;
    my ($began, $clients) = (time + 0.5, 12);
    return map { @$_ } concurrently($clients, sub {
        my ($first, @r) = @_;
        for (my $n = $first; $n < $rate * $seconds; $n += $clients) {
            my $due = $began + $n / $rate;
            my $rest = $due - time;
            sleep $rest if $rest > 0;
            my $status = $servers->[ $first % @$servers ]->req(PATCH => "$MODELS/$ids[ $n % @ids ]", token => $token, body => { description => "$n" })->{status};
            push @r, [ $status, time - $due ];
        }
        return \@r;
    });
}

my ($hot, @cool) = map { model("model $_") } 0 .. 16;
my $failed = 0;
printf "%-34s%10s%10s%10s%10s%10s%10s\n", 'changes', 'a second', 'done', '503', 'p50 ms', 'p99 ms', 'most ms';
for ([ 'of one object, one node', 10, 50, 100 ], [ 'of one object, three nodes', 10, 25, 50, 100, 200 ], [ 'of sixteen objects, three nodes', 50, 100, 200 ]) {
    my ($what, @rates) = @$_;
    for my $rate (@rates) {
        my @r = paced($rate, $what =~ /one node/ ? [ $t[0] ] : \@t, $what =~ /sixteen/ ? @cool : $hot);
        my %n;
        $n{ $_->[0] }++ for @r;
        my @took = map { $_->[1] } @r;
        printf "%-34s%10d%10d%10d%10.1f%10.1f%10.0f\n", $what, $rate, $n{200} // 0, $n{503} // 0, at(0.5, @took), at(0.99, @took), at(1, @took);
        $failed += $n{503} // 0 if $rate <= 50;
        $failed += grep { !/^(200|503)$/ } keys %n;
    }
}

# A change at the first node, then at once a read at the second.
print "\n";
printf "%-34s%10s%10s%10s%10s\n", 'reads at another node', 'reads', 'stale', 'p50 ms', 'p99 ms';
for my $wait (1, 0) {
    my ($stale, @took) = (0);
    for my $t (@t) {
        $t->{worker}->stop;
        spew("$t->{dir}/thaw.conf", slurp("$t->{dir}/thaw.conf") =~ s/^galera = \w+$/'galera = ' . ($wait ? 'on' : 'off')/mer);
        $t->start_workers;
    }
    my $load = background(sub { paced(50, \@t, @cool); 1 });
    my $end = time + $seconds;
    for (my $n = 0; time < $end; $n++) {
        $t[0]->req(PATCH => "$MODELS/$hot", token => $token, body => { description => "read $n" })->{status} == 200 or next;
        my $began = time;
        my $r = $t[1]->req(GET => "$MODELS/$hot", token => $token);
        push @took, time - $began;
        $stale++ if $r->{json}{description} ne "read $n";
    }
    $load->();
    printf "%-34s%10d%10d%10.1f%10.1f\n", $wait ? 'galera = on' : 'galera = off', scalar @took, $stale, at(0.5, @took), at(0.99, @took);
    $failed += $stale if $wait;
}
print "NOT AS PROMISED: 503 at 50 changes a second or fewer, another answer than 200 and 503, or a read that was stale: $failed\n" if $failed;
undef $_ for reverse(@t), $cluster;
exit !!$failed;
