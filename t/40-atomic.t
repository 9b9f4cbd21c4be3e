#!/usr/bin/perl
# A change, its audit row, its event and its attempt are one: when the database
# refuses any of them, at whatever statement and with whatever error, there is none
# of them; and what is worth trying again is tried again.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Time::HiRes 'time';

my $t = Thaw->new;
my $token = $t->admin;
my $n = 0;
sub good { return { name => 'atomic ' . ++$n, model_type => 'auto', task_type => 'clustering' } }
# What a change leaves behind, attempts apart, which a refusal may leave too.
sub changes { return join "\n", map { join ' ', @$_ } $t->sql('CHECKSUM TABLE models, model_versions, training_runs, audit_events, outbox') }

# Every write there is, ready to be done: name and code. A new model for each.
sub writes {
    my %id = map { $_ => model($t)->{id} } qw(draft patched archived running finished versions);
    act($t, $id{archived}, 'archive');
    trained($t, $id{versions});
    my %job = map { $_ => act($t, $id{$_}, 'train')->{json}{job_id} } qw(running finished);
    return (create => sub { $t->req(POST => $MODELS, token => $token, body => good()) },
        patch => sub { $t->req(PATCH => "$MODELS/$id{patched}", token => $token, body => { description => 'x' }) },
        archive => sub { act($t, $id{draft}, 'archive') }, unarchive => sub { act($t, $id{archived}, 'unarchive') },
        train => sub { act($t, $id{versions}, 'train') }, complete => sub { act($t, $id{running}, "train/$job{running}/complete") },
        fail => sub { act($t, $id{finished}, "train/$job{finished}/fail", body => { reason => 'x' }) },
        restore => sub { act($t, $id{versions}, 'versions/ver-001/restore') });
}

my %write = writes();
for my $table (qw(audit_events outbox attempts)) {
    subtest "nothing can be added to $table" => sub {
        $t->sql("REVOKE INSERT ON thaw.$table FROM thaw_app\@localhost");
        my $before = changes();
        for my $name (sort keys %write) {
            my $r = $write{$name}->();
            error_is($r, 503, 'SERVICE_UNAVAILABLE', "$name: 503");
            unlike($r->{body}, qr/denied|command|thaw_app|$table/i, 'and does not tell what is inside');
        }
        is(changes(), $before, 'nothing has changed');
        is(get($t, $NOWHERE)->{status}, 404, 'reading goes on');
        $t->sql("GRANT INSERT ON thaw.$table TO thaw_app\@localhost");
    };
}

# The server makes statements fail: a trigger on a table raises an error as often as a
# row of `fail` says; that table knows no ROLLBACK, so that it counts what was tried.
$t->sql('CREATE TABLE fail (name VARCHAR(32) PRIMARY KEY, left_over INT, tried INT) ENGINE=Aria TRANSACTIONAL=0');
$t->sql("GRANT SELECT, UPDATE ON thaw.fail TO thaw_app\@localhost");
my %when = (models => 'BEFORE UPDATE', audit_events => 'BEFORE INSERT', outbox => 'BEFORE INSERT', attempts => 'BEFORE INSERT', model_versions => 'BEFORE INSERT', training_runs => 'BEFORE UPDATE');
sub failing {
    my ($table, $errno, $state, $times, $code) = @_;
    $t->sql("REPLACE INTO fail VALUES ('$table', $times, 0)");
    $t->sql("DELIMITER //\nCREATE TRIGGER fail_$table $when{$table} ON $table FOR EACH ROW BEGIN
        UPDATE fail SET tried = tried + 1, left_over = left_over - 1 WHERE name = '$table';
        IF (SELECT left_over FROM fail WHERE name = '$table') >= 0 THEN SIGNAL SQLSTATE '$state' SET MYSQL_ERRNO = $errno, MESSAGE_TEXT = 'made to fail'; END IF; END //\nDELIMITER ;");
    $code->();
    $t->sql("DROP TRIGGER fail_$table");
    return scalar $t->sql("SELECT tried FROM fail WHERE name = '$table'");
}

for my $case ([ 1213 => '40001', 'a deadlock' ], [ 1205 => 'HY000', 'a lock timeout' ], [ 1020 => 'HY000', 'a conflict of snapshots' ]) {
    my ($errno, $state, $what) = @$case;
    subtest "$what, three times" => sub {
        for my $table (sort keys %when) {
            my $verb = $table =~ /versions|runs/ ? 'complete' : 'archive';
            my $id = model($t)->{id};
            my $job = $verb eq 'complete' ? act($t, $id, 'train')->{json}{job_id} : '';
            my $r;
            my $tried = failing($table, $errno, $state, 3, sub { $r = act($t, $id, $verb eq 'complete' ? "train/$job/complete" : 'archive') });
            is($r->{status}, 200, "at $table: the fourth try works") or diag $r->{raw};
            cmp_ok($tried, '>=', 4, 'the whole is done again');
            is(audits($t, $id, $verb eq 'complete' ? 'model.training_completed' : 'model.archived'), 1, 'one audit row');
            is(scalar($t->sql("SELECT revision FROM models WHERE id = UNHEX('" . hex_of($id) . "')")), $verb eq 'complete' ? 3 : 2, 'one revision');
        }
    };
    subtest "$what for ever" => sub {
        my $id = model($t)->{id};
        my ($r, $before, $began) = (undef, changes(), time);
        my $tried = failing('outbox', $errno, $state, 1000, sub { $r = act($t, $id, 'archive') });
        error_is($r, 503, 'SERVICE_UNAVAILABLE', '503 in the end');
        like($r->{headers}{'retry-after'}, qr/^\d+$/, 'with Retry-After');
        cmp_ok($tried, '<=', 10, "after a bounded number of tries: $tried");
        cmp_ok(time - $began, '<', 5, 'in time');
        is(changes(), $before, 'nothing has changed');
        is(act($t, $id, 'archive')->{status}, 200, 'and later it works');
    };
}

subtest 'an error of no kind that is known' => sub {
    for my $table (qw(audit_events outbox attempts models)) {
        my $id = model($t)->{id};
        my ($r, $before) = (undef, changes());
        my $tried = failing($table, 1644, '45000', 1000, sub { $r = act($t, $id, 'archive') });
        error_is($r, 500, 'INTERNAL_ERROR', "at $table: 500");
        unlike($r->{body}, qr/made to fail/, 'without what the database said');
        is($tried, 1, 'and not tried again');
        is(changes(), $before, 'nothing has changed');
    }
};

subtest 'a server that only reads' => sub {
    my $id = model($t)->{id};
    $t->sql('SET GLOBAL read_only = ON');
    my $before = changes();
    my $r = act($t, $id, 'archive');
    error_is($r, 503, 'SERVICE_UNAVAILABLE', 'a change: 503');
    is(get($t, $id)->{status}, 200, 'reading goes on');
    $t->sql('SET GLOBAL read_only = OFF');
    is(changes(), $before, 'nothing has changed');
    is(act($t, $id, 'archive')->{status}, 200, 'and then it works');
};

subtest 'connections cut by the server' => sub {
    my $id = model($t)->{id};
    for my $verb (qw(archive unarchive archive)) {
        $t->sql("KILL $_->[0]") for $t->sql("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'thaw_app'");
        is(act($t, $id, $verb)->{status}, 200, "between requests: $verb works at once");
        $t->sql("KILL $_->[0]") for $t->sql("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'thaw_app'");
        is(get($t, $id)->{status}, 200, 'and reading');
    }
    is(audits($t, $id, 'model.archived'), 2, 'each once');
    my $commit = hold($t, "SELECT 1 FROM models WHERE id = UNHEX('" . hex_of($id) . "') FOR UPDATE");
    my $reply = in_background(sub { act($t, $id, 'unarchive') });
    blocked($t, 1);
    $t->sql("KILL $_->[0]") for $t->sql("SELECT trx_mysql_thread_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'");
    blocked($t, 1);                              # it came back
    $commit->();
    is($reply->()->{status}, 200, 'in the middle of a transaction: it is done again');
    is(audits($t, $id, 'model.unarchived'), 2, 'once');
};

for my $name (sort keys %write) { my $r = $write{$name}->(); cmp_ok($r->{status}, '<', 300, "$name, refused so often, works in the end") or diag $r->{raw} }
$t->finish;
