#!/usr/bin/perl
# A Galera cluster of three nodes, clients on each that change the same few objects,
# and workers that are new all the time, and deliverers that are killed all the time: what
# was acknowledged is there, once, whole, and numbered.
# CHANGES=50000 LONGEST=10000 prove t/62-cluster.t is the long form.
# Not run again when it fails (AGAIN=1): what it looks for may happen once in many times.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Thaw::Cluster;
use Contract;
use Time::HiRes qw(time sleep);

if (my $why = Thaw::Cluster::missing()) { plan skip_all => "no cluster: $why" }

my $changes = $ENV{CHANGES} // 4000;
my $cluster = Thaw::Cluster->new(nodes => 3);
my @t = $cluster->thaws(workers => 3);
my $t = $t[0];
my $token = $t->token('admin', '--ttl', 7200);
my @models = map { $t->req(POST => '/api/v1/models', token => $token, body => { name => "hot $_", model_type => 'custom', task_type => 'regression' })->{json}{id} } 1, 2;
my $workspace = $t->req(POST => '/v1/workspaces', token => $token, body => { name => 'hot' })->{json}{id};

# The same request to the program as a CGI script, which connects and prepares anew each time.
sub cgi {
    my ($t, $method, $path, %o) = @_;
    my $body = $o{body} ? JSON::PP->new->canonical->encode($o{body}) : '';
    my %env = (THAW_CONFIG => "$t->{dir}/thaw.conf", GATEWAY_INTERFACE => 'CGI/1.1', SERVER_PROTOCOL => 'HTTP/1.1', SERVER_NAME => 'localhost', SERVER_PORT => 80, REQUEST_METHOD => $method,
        REQUEST_URI => $path, REMOTE_ADDR => '127.0.0.1', HTTP_AUTHORIZATION => "Bearer $o{token}", CONTENT_TYPE => 'application/json', CONTENT_LENGTH => length $body);
    my @h = @{ $o{headers} // [] };
    while (my ($name, $value) = splice @h, 0, 2) { $env{ 'HTTP_' . uc $name =~ tr/-/_/r } = $value }
    my $r = $t->run(\%env, $body, "$Thaw::BUILD/thaw.fcgi");
    return Thaw::parse($r->{out} =~ s{^(.*?)Status: (\d{3})[^\n]*\r?\n}{HTTP/1.1 $2\r\n$1}sr =~ s/\r?\n/\r\n/gr);
}

# One client: changes an object of the few until told to end; every answer is written down.
sub client {
    my ($i, $end, $journal) = @_;
    my $mine = $t[ $i % 3 ];
    open my $out, '>', $journal or die $!;
    $out->autoflush;
    srand $i;
    for (my $n = 0; !-e $end; $n++) {
        my @key = $n % 2 ? (headers => [ 'Idempotency-Key' => "client-$i-$n" ]) : ();
        my @ask = rand() < 0.7 ? (PATCH => "/api/v1/models/$models[ rand @models ]", body => { description => "by $i, $n" })
            : (PATCH => "/v1/workspaces/$workspace", body => { name => "by $i, $n" });
        my $r = $i < 6 ? cgi($mine, @ask, token => $token, @key) : $mine->req(@ask, token => $token, @key);
        print $out "$r->{status} $r->{headers}{'x-request-id'}\n" if $r->{headers}{'x-request-id'};
        print $out "$r->{status} -\n" if !$r->{headers}{'x-request-id'};
    }
    return 1;
}

subtest 'no acknowledged change is lost' => sub {
    # given clients on all nodes, of workers that are reloaded each second and of scripts
    my ($end, @journals) = ("$t->{dir}/end", map { "$t->{dir}/journal.$_" } 0 .. 11);
    my $load = background(sub { concurrently(scalar @journals, sub { client($_[0], $end, $journals[ $_[0] ]) }); 1 });
    my ($began, $acked) = (time, 0);
    my @deliverers = map { deliverer($_) } @t;
    for (my $n = 0; $acked < $changes && time - $began < 60 + $changes / 20; $n++) {
        sleep 1;
        $deliverers[ $n % 3 ]->kill('KILL');
        $deliverers[ $n % 3 ]->wait;
        $deliverers[ $n % 3 ] = deliverer($t[ $n % 3 ]);
        $_->{worker}->kill('HUP') for @t;
        $acked = () = join('', map { slurp($_) } @journals) =~ /^20/mg;
    }
    spew($end, '');
    $load->();
    my (%answer, @acked);
    for (map { split /\n/, slurp($_) } @journals) {
        my ($status, $id) = split;
        $answer{$status}++;
        push @acked, $id if $status =~ /^20/;
    }
    note sprintf '%d acknowledged in %.0f s; answers: %s', scalar @acked, time - $began, join ', ', map { "$_ x $answer{$_}" } sort keys %answer;
    cmp_ok(scalar @acked, '>=', $changes * 0.9, 'changes were acknowledged');
    is(join(' ', grep { !/^(200|503|409)$/ } sort keys %answer), '', 'nothing but done, and not now');

    # then each has its one audit row, and its attempt is done
    $cluster->synced;
    my %rows = map { @$_ } $t->sql('SELECT request_id, COUNT(*) FROM audit_events GROUP BY request_id');
    my %done = map { @$_ } $t->sql("SELECT request_id, COUNT(*) FROM attempts WHERE outcome = 'done' GROUP BY request_id");
    my @lost = grep { !$rows{$_} } @acked;
    is(scalar @lost, 0, 'none is lost') or diag("lost: @lost[0 .. ($#lost < 4 ? $#lost : 4)]");
    is(scalar(grep { ($rows{$_} // 1) > 1 } @acked), 0, 'none is there twice');
    is(scalar(grep { !$done{$_} } @acked), 0, 'each with its attempt');
    for my $i (0 .. 2) {
        my $r = $t[$i]->thaw('audit', 'verify');
        is($r->{exit}, 0, "audit verify, at node $i") or diag($r->{out});
    }

    # and its event has a number, which is everybody's
    is($_->stop, 0, 'a deliverer ends') for @deliverers;
    $t->must('deliver');
    is(scalar $t->sql('SELECT COUNT(*) FROM outbox WHERE sequence IS NULL'), 0, 'every event has its number');
    $cluster->synced;
    numbers_ok($_) for @t;
};

$_->finish(more => 1) for @t[ 1, 2 ];
$t->finish;
