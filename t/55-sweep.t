#!/usr/bin/perl
# `thaw sweep`: what is deleted when it has served its time, what stays however old it is,
# and that every table there is has its rule.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Foundry;

my $t = Thaw->new(config => { webhook_http => 'on', webhook_networks => '127.0.0.0/8', webhook_retries => '5' });
my $token = $t->admin;

sub swept {
    my $r = $t->thaw('--json', 'sweep', @_);
    is($r->{exit}, 0, "thaw sweep @_") or diag $r->{err};
    return $r->{json};
}
sub rows { scalar $t->sql("SELECT COUNT(*) FROM $_[0]" . ($_[1] ? " WHERE $_[1]" : '')) }

# Everything that there is becomes so many days older, ids too, which are in the order of time.
sub aged {
    my $days = shift;
    my $id = sub { "$_[0] = UNHEX(CONCAT(LPAD(HEX(CONV(HEX(LEFT($_[0], 6)), 16, 10) - $days * 86400000), 12, '0'), HEX(RIGHT($_[0], 6))))" };
    my $at = sub { join ', ', map { "$_ = $_ - INTERVAL $days DAY" } @_ };
    $t->sql($_) for 'UPDATE delivery_attempts SET ' . $id->('delivery_id'), 'UPDATE deliveries SET ' . join(', ', $id->('id'), $id->('event_id'), $at->(qw(created_at updated_at))),
        'UPDATE outbox SET ' . join(', ', $id->('id'), $at->('at')), 'UPDATE audit_events SET ' . $at->('at'), 'UPDATE attempts SET ' . $at->('created_at'),
        'UPDATE models SET ' . $at->(qw(updated_at)), 'UPDATE artifacts SET ' . $at->('created_at');
}

subtest 'every table has its rule, and every rule its setting' => sub {
    my %rule = map { $_->{table} => $_ } tables($t, 'retention');
    my %setting = map { $_->{name} => 1 } tables($t, 'config');
    is(join(' ', map { $_->[0] } grep { !$rule{ $_->[0] } } $t->sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'thaw' ORDER BY 1")), '', 'no table without');
    for my $r (sort { $a->{table} cmp $b->{table} } values %rule) {
        ok($setting{ $r->{by} }, "$r->{table}: $r->{by} is a setting") if $r->{rows} eq 'SWEPT' || $r->{by} =~ /^quota_/;
        is($r->{rows} eq 'SWEPT' ? '' : 'kept', rows('information_schema.tables', "table_schema = 'thaw' AND table_name = '$r->{table}' AND table_name IN ('attempts', 'jobs', 'deliveries', 'delivery_attempts', 'outbox', 'artifacts', 'refresh_tokens', 'refresh_rotations', 'oauth_codes', 'oauth_revocations', 'services')") ? '' : 'kept', "$r->{table}: what the sweep deletes is what says so");
    }
    my %swept = map { ($_->{text} =~ /^DELETE (?:\w+ )?FROM (\w+)/)[0] => 1 } grep { $_->{name} =~ /_SWEEP$/ } tables($t, 'sql');
    is(join(' ', sort keys %swept), join(' ', sort map { $_->{table} } grep { $_->{rows} eq 'SWEPT' } values %rule), 'the statements of the sweep and the rules agree');
};

subtest 'events and deliveries' => sub {
    # given an endpoint that works, one that is disabled, one that cannot be reached, and events to all of them
    my %endpoint = map { $_ => post_v1($t, 'webhook_endpoints', body => { url => "http://127.0.0.1:9/$_", enabled_events => ['workspace.*'] })->{json}{id} // die } qw(done waiting off);
    my %hex = map { $_ => hex_of($endpoint{$_}) } keys %endpoint;
    my $w = workspace($t);
    post_v1($t, "workspaces/$w->{id}/archive");
    $t->thaw('deliver');                                  # numbered; nothing listens there
    $t->sql("UPDATE deliveries SET outcome = 'succeeded', next_at = NULL WHERE endpoint_id = UNHEX('$hex{done}')");
    is($t->req(PATCH => "/v1/webhook_endpoints/$endpoint{off}", token => $token, body => { status => 'disabled' })->{status}, 200, 'one is disabled');
    $t->thaw('deliver');
    my $of = sub { my ($name, $more) = @_; rows('deliveries', "endpoint_id = UNHEX('$hex{$name}')" . ($more ? " AND $more" : '')) };
    cmp_ok($of->($_), '>=', 2, "$_ has deliveries") for sort keys %hex;
    is_deeply({ %{ swept() }{qw(deliveries events)} }, { deliveries => 0, events => 0 }, 'nothing is old enough');
    aged(40);
    my $new = workspace($t);
    $t->thaw('deliver');
    my $held = join ' ', map { $_->[0] } $t->sql("SELECT DISTINCT LOWER(HEX(event_id)) FROM deliveries WHERE endpoint_id = UNHEX('$hex{waiting}') ORDER BY 1");
    my $would = swept('--dry-run');
    is_deeply(swept('--dry-run'), $would, '--dry-run deletes nothing');
    my ($waiting, $young) = ($of->('waiting'), rows('outbox', "at > UTC_TIMESTAMP(6) - INTERVAL 1 DAY"));
    my $audit = rows('audit_events');
    my $got = swept();
    is($got->{deliveries}, $would->{deliveries}, 'deletes the deliveries that it would');
    is($of->($_, "updated_at < UTC_TIMESTAMP(6) - INTERVAL 30 DAY"), 0, "no old delivery of the endpoint `$_`") for qw(done off);
    is($of->('waiting'), $waiting, 'those that an enabled endpoint waits for stay');
    is(join(' ', map { $_->[0] } $t->sql("SELECT LOWER(HEX(id)) FROM outbox WHERE id IN (SELECT event_id FROM deliveries WHERE endpoint_id = UNHEX('$hex{waiting}')) ORDER BY 1")), $held, 'and their events');
    is(rows('delivery_attempts t LEFT JOIN deliveries d ON d.id = t.delivery_id', 'd.id IS NULL'), 0, 'no attempt without its delivery');
    is(rows('outbox', 'at > UTC_TIMESTAMP(6) - INTERVAL 1 DAY'), $young, 'young events stay');
    is(rows('outbox x', "at < UTC_TIMESTAMP(6) - INTERVAL 30 DAY AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = x.id)"), 0, 'the other old ones are gone');
    is(rows('audit_events'), $audit, 'the audit stays');
    is_deeply({ %{ swept() }{qw(deliveries events)} }, { deliveries => 0, events => 0 }, 'and nothing is left to do');
    is($t->thaw('audit', 'verify')->{exit}, 0, 'audit and events reconcile all the same');
    # but an event that is missing without having been swept is found
    my $id = $t->sql("SELECT HEX(id) FROM outbox ORDER BY id DESC LIMIT 1");
    $t->sql("CREATE TEMPORARY TABLE IF NOT EXISTS kept AS SELECT * FROM outbox WHERE 1 = 0; UPDATE outbox SET revision = revision + 100 WHERE id = UNHEX('$id')");
    is($t->thaw('audit', 'verify')->{exit}, 3, 'and a young one that is missing is told');
    $t->sql("UPDATE outbox SET revision = revision - 100 WHERE id = UNHEX('$id')");
    # a list goes on behind an event that is still there, and numbers never come again
    my $last = $t->req(GET => '/v1/events?limit=1', token => $token)->{json}{data}[0];
    is($last->{sequence}, scalar $t->sql('SELECT MAX(last) FROM event_counters'), 'numbers go on');
};

subtest 'files of permanently deleted models' => sub {
    my ($gone, $alive) = map { foundry_model($t) } 1, 2;
    upload($t, $gone, file => 'of both'), upload($t, $alive, file => 'of both'), upload($t, $gone, file => 'of one');
    my $kept = upload($t, $alive, file => 'promoted away')->{json}{rid};
    promote($t, $gone, $kept)->{status} == 200 or die;
    $_->{status} == 204 or die $_->{raw} for fs($t, DELETE => "resources/$gone");
    fs($t, POST => "resources/$gone/permanentlyDelete")->{status} == 204 or die;
    is(swept()->{artifacts}, 0, 'they stay for artifact_retention');
    aged(40);
    is(swept('--dry-run')->{artifacts}, 1, 'then one would go');
    is(rows('artifacts'), 3, 'and did not by the look');
    is(swept()->{artifacts}, 1, 'the file that no living model uses');
    my $mdl = 'mdl-' . hex_of_rid($gone);
    is($t->req(GET => "$MODELS/mdl-" . hex_of_rid($alive) . "/versions/ver-001/artifact", token => $token)->{body}, 'of both', 'the other model still has its file');
    error_is($t->req(GET => "$MODELS/$mdl/versions/ver-002/artifact", token => $token), 404, 'RESOURCE_NOT_FOUND', 'the one that is gone is not there');
    is($t->req(GET => "$MODELS/$mdl/versions/ver-002", token => $token)->{json}{artifact}, undef, 'and the version says so');
    is($t->thaw('audit', 'verify')->{exit}, 0, 'which is right for `thaw audit verify`');
    # the same bytes once more, while a sweep looks for them
    fs($t, DELETE => "resources/$alive"), fs($t, POST => "resources/$alive/permanentlyDelete");
    my $new = foundry_model($t);
    aged(40);
    my $go = hold($t, "SELECT 1 FROM artifacts WHERE sha256 = UNHEX(SHA2('promoted away', 256)) FOR UPDATE");
    my $uploading = in_background(sub { my $r = upload($t, $new, file => 'promoted away'); { status => $r->{status} } });
    blocked($t, 1);
    my $sweeping = in_background(sub { $t->thaw('--json', 'sweep')->{json} });
    blocked($t, 2);
    $go->();
    is($uploading->()->{status}, 200, 'an upload of the same bytes meanwhile');
    $sweeping->();
    is($t->req(GET => "$MODELS/mdl-" . hex_of_rid($new) . '/versions/ver-001/artifact', token => $token)->{body}, 'promoted away', 'keeps its file');
    # what no sweep deletes for a day is nobody's to wait for, and needs no room
    my $row = "FROM artifacts WHERE sha256 = UNHEX(SHA2('promoted away', 256))";
    my $at = sub { $t->sql("SELECT created_at $row") };
    my $lasts = $at->();
    $go = hold($t, "SELECT 1 $row FOR UPDATE");
    my $again = upload($t, $new, file => 'promoted away');
    is($again->{status}, 200, 'a file that lasts is not locked by another upload') or diag $again->{raw};
    $kept = upload($t, $new, file => 'promoted away')->{json}{rid};
    my $promoted = promote($t, foundry_model($t), $kept);
    is($promoted->{status}, 200, 'nor by a promotion') or diag $promoted->{raw};
    $go->();
    is($at->(), $lasts, 'nor written');
    aged(2);
    promote($t, foundry_model($t), $kept)->{status} == 200 or die;
    cmp_ok($at->(), 'gt', $lasts, 'what was not used for a day is');
    swept();
};

subtest 'what would be deleted, and why' => sub {
    my $text = $t->thaw('sweep', '--dry-run')->{out};
    like($text, qr/^what +would_delete +setting +older_than\n/, 'a table');
    for ([ 'attempts', 'attempt_retention' ], [ 'webhook deliveries', 'delivery_retention' ], [ 'events', 'event_retention' ], [ 'files of model versions', 'artifact_retention' ]) {
        like($text, qr/^$_->[0] +\d+ +$_->[1] +\d{4}-\d\d-\d\dT\S+Z$/m, "$_->[0]: by $_->[1]");
    }
    local $ENV{THAW_EVENT_RETENTION} = 0;
    like($t->thaw('sweep', '--dry-run')->{out}, qr/^events +0 +event_retention +never$/m, 'or that it is kept for good');
};

subtest 'requests go on beside it' => sub {
    # given attempts of a long time
    $t->sql("INSERT INTO attempts (attempt_id, outcome, request_id, created_at) SELECT UNHEX(MD5(seq)), 'done', 'r', UTC_TIMESTAMP(6) - INTERVAL 30 DAY - INTERVAL seq SECOND FROM seq_1_to_20000");
    my $sweeping = in_background(sub { $t->thaw('--json', 'sweep')->{json} });
    my @slow;
    my $n = 0;
    while ($n < 200 && rows('attempts', "request_id = 'r'")) {
        my $began = Time::HiRes::time();
        my $r = $t->req(POST => $MODELS, token => $token, body => { name => 'beside ' . ++$n, model_type => 'auto', task_type => 'regression' });
        push @slow, sprintf '%d after %.1f s', $r->{status}, Time::HiRes::time() - $began if $r->{status} != 201 || Time::HiRes::time() - $began > 2;
    }
    is(join('; ', @slow), '', "$n writes meanwhile");
    cmp_ok($n, '>', 0, 'there were some');
    is($sweeping->()->{attempts}, 20000, 'and all that were old are gone');
};

subtest 'settings' => sub {
    local $ENV{THAW_ATTEMPT_RETENTION} = 86399;
    like($t->thaw('sweep')->{err}, qr/attempt_retention must be at least 86400/, 'a key holds for a day');
    local $ENV{THAW_ATTEMPT_RETENTION} = 86400;
    local @ENV{qw(THAW_EVENT_RETENTION THAW_DELIVERY_RETENTION THAW_ARTIFACT_RETENTION)} = (0, 0, 0);
    aged(4000);
    my $n = rows('outbox') + rows('artifacts');
    is_deeply({ %{ swept() }{qw(deliveries events artifacts)} }, { deliveries => 0, events => 0, artifacts => 0 }, '0 keeps for good');
    is(rows('outbox') + rows('artifacts'), $n, 'all of it');
    # and what no clock has keeps for fifty years, not for nothing
    for my $long (99999999999999, 9007199254740992) {
        local @ENV{map { "THAW_$_" } qw(EVENT_RETENTION DELIVERY_RETENTION ARTIFACT_RETENTION ATTEMPT_RETENTION REFRESH_TTL)} = ($long) x 5;
        my $all = join ' ', map { rows($_) } my @all = qw(outbox artifacts attempts deliveries refresh_tokens);
        is(join(' ', map { swept()->{$_} } qw(deliveries events artifacts attempts)), '0 0 0 0', "$long seconds");
        is(join(' ', map { rows($_) } @all), $all, 'keep all');
    }
};

$t->finish;
