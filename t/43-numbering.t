#!/usr/bin/perl
# Events get their numbers: without a gap, of each object in the order of its revisions, in few
# statements however many there are and however fast they come; and deliveries leave in few
# statements too.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Thaw::Receiver;
use Contract;
use Time::HiRes qw(time sleep);

my $t = Thaw->new(workers => 2, config => { webhook_networks => '127.0.0.2/32', webhook_http => 'on' });
my $token = $t->admin;
my $org = lc $t->sql('SELECT HEX(id) FROM organizations');
my ($id, @others) = map { hex_of(model($t)->{id}) } 0 .. 20;
my $row = 7_000_000;

# So many changes of a model, and so many of each of twenty others in turn, as requests leave them, without a request each.
sub change {
    my ($models, $n) = @_;
    my $in = join ', ', map { "UNHEX('$_')" } @$models;
    my $new = "UNHEX(LPAD(HEX($row + s.seq * @{[ scalar @$models ]} + m.place), 24, '0'))";
    my $of = "(SELECT organization_id, id, revision, status, ROW_NUMBER() OVER (ORDER BY id) AS place FROM models WHERE id IN ($in)) m JOIN seq_1_to_$n s";
    $row += ($n + 1) * @$models;
    $t->sql("INSERT INTO audit_events (organization_id, id, at, actor_name, action, resource_type, resource_id, revision, from_state, to_state, request_id, client_address, user_agent)
            SELECT m.organization_id, $new, UTC_TIMESTAMP(6), 'test', 'model.updated', 'model', m.id, m.revision + s.seq, m.status, m.status, 'r', '', '' FROM $of;
        INSERT INTO outbox (organization_id, id, at, type, resource_type, resource_id, revision, request_id, payload)
            SELECT m.organization_id, $new, UTC_TIMESTAMP(6), 'model.updated', 'model', m.id, m.revision + s.seq, 'r', '{\"object\":{}}' FROM $of;
        UPDATE models SET revision = revision + $n WHERE id IN ($in)");
}
sub happen { my ($n, $each) = @_; change([$id], $n) if $n; change(\@others, $each) if $each }
sub pending { scalar $t->sql('SELECT COUNT(*) FROM outbox WHERE sequence IS NULL') }
sub counted { map { $_->[0] => $_->[1] } $t->sql("SELECT VARIABLE_NAME, VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME LIKE 'COM_STMT_EXECUTE' OR VARIABLE_NAME LIKE 'HANDLER_READ%'") }
# What the server did for it: statements, and rows read.
sub cost {
    my $do = shift;
    my %was = counted();
    my $r = $do->();
    my %is = counted();
    my $rows = 0;
    $rows += $is{$_} - $was{$_} for grep { /^HANDLER/ } keys %is;
    return ($r, $is{COM_STMT_EXECUTE} - $was{COM_STMT_EXECUTE}, $rows);
}
sub once { my $r = $t->thaw('--json', 'deliver'); $r->{exit} == 0 or die $r->{err}; $r->{json} }

subtest 'a thousand events that nobody listens to' => sub {
    once();
    my (undef, $idle) = cost(\&once);
    for my $case ([ 'of one object', 1000, 0 ], [ 'of many', 0, 50 ]) {
        my ($what, @n) = @$case;
        happen(@n);
        my ($r, $statements, $rows) = cost(\&once);
        is($r->{numbered}, 1000, "$what: numbered");
        cmp_ok($statements - $idle, '<=', 20, 'by ' . ($statements - $idle) . ' statements');
        cmp_ok($rows, '<', 25000, "which read $rows rows");
        numbers_ok($t);
    }
};

subtest 'clocks that disagree' => sub {
    happen(200, 120);
    $t->sql("UPDATE outbox SET at = at + INTERVAL FLOOR(RAND(7) * 60) - 30 SECOND WHERE sequence IS NULL");
    is(once()->{numbered}, 2600, 'numbered');
    numbers_ok($t);

    # more than a batch
    happen(200, 20);
    $t->sql("UPDATE outbox SET at = at - INTERVAL revision MINUTE WHERE sequence IS NULL");
    $t->req(GET => '/v1/events?limit=1', token => $token);
    is(pending(), 0, 'who lists them sees all');
    numbers_ok($t);
};

subtest 'events that come one by one' => sub {
    my $d = deliverer($t);
    within(10, sub { !pending() }, 'a deliverer at work');
    my $rev = sub { scalar $t->sql("SELECT rev FROM event_counters WHERE organization_id = UNHEX('$org')") };
    my ($was, $from) = ($rev->(), time);
    for (1 .. 100) { happen(1); sleep 0.01 }
    my ($turns, $took) = ($rev->() - $was, time - $from);
    cmp_ok($turns, '<=', 2 + 5 * $took, sprintf '100 in %.1f s get their numbers in %d turns', $took, $turns);
    ok(within(10, sub { !pending() }), 'all of them');
    $d->stop;
    numbers_ok($t);
};

# Each statement sees what was committed before it: an event that an endpoint listened to when it happened is not missed where
# the endpoints are read behind the events.
subtest 'who listens is read behind what happened' => sub {
    my $log = "SELECT argument FROM mysql.general_log WHERE command_type = 'Execute' ORDER BY event_time";
    happen(1);
    $t->sql("SET GLOBAL log_output = 'TABLE'; TRUNCATE mysql.general_log; SET GLOBAL general_log = 1");
    once();
    $t->sql('SET GLOBAL general_log = 0');
    my @order = map { $_->[0] =~ /FROM outbox x FORCE INDEX \(outbox_pending\)/ ? 'events' : $_->[0] =~ /FROM webhook_endpoints .*owner/s ? 'endpoints' : () } $t->sql($log);
    like("@order", qr/^(?:events (?:events )*endpoints ?)+$/, 'in this order');
};

subtest 'where somebody listens' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => 200 } });
    my $e = $t->req(POST => '/v1/webhook_endpoints', token => $token, body => { url => $r->url, enabled_events => ['model.*'] })->{json}{id};
    my $begin = $t->sql("SELECT last FROM event_counters WHERE organization_id = UNHEX('$org')");
    my $seen = sub { scalar(() = slurp($r->{log}) =~ /^\{"at"/mg) };
    my (undef, $idle) = cost(\&once);
    happen(0, 50);
    my ($sum, $statements, $rows) = cost(\&once);
    is("$sum->{numbered} $sum->{delivered}", '1000 1000', 'a thousand, and their deliveries');
    cmp_ok($statements - $idle, '<=', 1700, 'by ' . ($statements - $idle) . ' statements');
    cmp_ok($rows, '<', 150_000, "which read $rows rows");

    # events that come one by one share what a deliverer does
    my $d = deliverer($t);
    my ($from, $n);
    (undef, $n) = cost(sub { $from = time; for (1 .. 60) { happen(1); sleep 0.02 } within(10, sub { $seen->() >= 1060 }, 'the last') });
    my $took = time - $from;
    cmp_ok($n, '<', 60 * 15 + 300 * $took, sprintf '60 more in %.1f s by %d statements', $took, $n);
    my @late;
    for (1 .. 5) {
        my $before = $seen->();
        happen(1);
        my $made = time;
        within(10, sub { $seen->() > $before }, 'it arrives');
        push @late, time - $made;
    }
    cmp_ok((sort { $a <=> $b } @late)[2], '<', 1.5, 'and each is sent at once: ' . join ' ', map { sprintf '%.2f', $_ } @late);
    $d->stop;
    my %seen;
    is(scalar(grep { $seen{ $_->{event}{id} }++ } $r->requests), 0, 'nothing is sent twice when nobody dies');
    numbers_ok($t);

    # and when deliverers die all the time
    my $end = "$t->{dir}/end";
    my $load = background(sub { my $n = 0; while (!-e $end) { my $r = $t->req(PATCH => "/api/v1/models/mdl-$id", token => $token, body => { description => 'no. ' . ++$n }); $r->{status} == 200 or die $r->{raw} } $n });
    for (1 .. 12) { my $d = deliverer($t); sleep 0.05 + rand 0.4; $d->kill('KILL'); $d->wait }
    spew($end, '');
    my $changes = $load->();
    $t->sql('UPDATE webhook_endpoints SET leased_until = NULL');
    once();
    numbers_ok($t);
    my @sent = grep { $_->{event}{sequence} > $begin } $r->requests;
    my %sent = map { $_->{event}{sequence} => 1 } @sent;
    is(scalar(keys %sent), 1065 + $changes, "with $changes changes meanwhile, each was sent");
    my @patched = map { $_->{event}{sequence} } grep { ($_->{event}{data}{object}{id} // '') eq "mdl-$id" } @sent;
    my %first;
    my @first = grep { !$first{$_}++ } @patched;
    is("@first", join(' ', sort { $a <=> $b } @first), 'and for the first time in their order');
};

subtest 'several organizations' => sub {
    once();
    $t->org("Also $_") for 2 .. 4;
    once();
    # given more than a batch of events in as many organizations as get one in a turn
    $t->sql("INSERT INTO outbox (organization_id, id, at, type, resource_type, resource_id, revision, request_id, payload)
        SELECT o.id, UNHEX(LPAD(HEX(900000000 + o.k * 100000 + s.seq), 24, '0')), UTC_TIMESTAMP(6), 'workspace.updated', 'workspace', UNHEX(LPAD(HEX(777000 + o.k), 24, '0')), s.seq, 'r', '{\"object\":{}}'
        FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) k FROM organizations) o JOIN seq_1_to_1100 s");
    is(once()->{numbered}, 4400, 'one run numbers all of them');
    is(pending(), 0, 'and none is left');
    $t->sql("DELETE FROM outbox WHERE type = 'workspace.updated'");     # which have no workspace
};

$t->finish;
