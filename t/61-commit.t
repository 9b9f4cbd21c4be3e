#!/usr/bin/perl
# A COMMIT whose outcome is open: a proxy between the workers and MariaDB cuts
# the connection around it. Whatever happened, the answer is right and there is
# exactly one audit row. A transaction that the server has ended without a word,
# and what a cluster needs so that it says so. And MariaDB itself killed and
# started again.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Time::HiRes qw(time sleep);

my $t = Thaw->new(workers => 2, proxy => 1);
my $token = $t->admin;
my $seq = 0;

sub create {
    my ($name, @o) = @_;
    return $t->req(POST => '/api/v1/models', token => $token, @o,
        body => { name => $name, model_type => 'custom', task_type => 'regression' });
}
sub model { my $r = create("commit test " . ++$seq); $r->{json}{id} // die "create: $r->{status} $r->{body}" }
sub act { my ($id, $verb, @o) = @_; $t->req(POST => "/api/v1/models/$id/$verb", token => $token, @o) }
sub status { my $id = shift; $t->req(GET => "/api/v1/models/$id", token => $token)->{json}{status} }
sub rows {
    my ($id, $action) = @_;
    my ($hex) = $id =~ /^mdl-(\w+)/;
    return $t->sql("SELECT COUNT(*) FROM audit_events WHERE resource_id = UNHEX('$hex') AND action = '$action'");
}

for my $case ([ before => 'cut before the COMMIT was forwarded' ],
              [ after  => 'cut after the OK of the COMMIT' ],
              [ late   => 'cut while the COMMIT is still under way' ]) {
    my ($when, $what) = @$case;
    subtest $what => sub {
        my $id = model();
        is(act($id, 'archive')->{status}, 200, 'archived');
        $t->cut($when);
        my $r = act($id, 'unarchive');
        is($t->uncut, 0, 'the connection was cut');
        is($r->{status}, 200, 'unarchive answers 200') or diag $r->{raw};
        is($r->{json}{status}, 'draft', 'with the restored model');
        is(status($id), 'draft', 'the model is restored');
        is(rows($id, 'model.unarchived'), 1, 'one audit row');
        is(act($id, 'unarchive')->{status}, 409, 'and only once');

        $t->cut($when);
        my $name = "made while cut $when";
        $r = create($name);
        is($r->{status}, 201, 'create answers 201') or diag $r->{raw};
        is($t->uncut, 0, 'the connection was cut');
        is(scalar $t->sql("SELECT COUNT(*) FROM models WHERE name = '$name'"), 1, 'one model');
        is(rows($r->{json}{id}, 'model.created'), 1, 'one audit row');
        is($t->req(GET => "/api/v1/models/$r->{json}{id}", token => $token)->{status}, 200, 'its id is the one that exists');

        is(act($id, 'archive')->{status}, 200, 'archived again');
        my @key = (headers => [ 'Idempotency-Key' => "key-$when" ]);
        $t->cut($when);
        my $first = act($id, 'unarchive', @key);
        is($t->uncut, 0, 'the connection was cut');
        is($first->{status}, 200, 'unarchive with an idempotency key answers 200') or diag $first->{raw};
        my $again = act($id, 'unarchive', @key);
        is($again->{status}, 200, 'the repetition too');
        is($again->{body}, $first->{body}, 'with the same bytes');
        is(rows($id, 'model.unarchived'), 2, 'one more audit row, not two');
    };
}

# What one try has found out is no answer to the next: the password that was to be is not the one that is.
subtest 'a password that is changed while the connection is cut' => sub {
    my $page = sub { my ($path, $body, @more) = @_; $t->req(POST => "/console/session$path", body => $body, headers => [ Origin => 'http://127.0.0.1', @more ]) };
    my $is = $t->password('admin');
    for my $when (qw(before after late)) {
        my ($cookie) = $page->('', { email => 'admin@main.example', password => $is })->{headers}{'set-cookie'} =~ /thaw_session=([^;]+)/;
        $t->cut($when);
        my $r = $page->('/password', { current_password => $is, password => "chosen while cut $when" }, Cookie => "thaw_session=$cookie");
        is($t->uncut, 0, "the connection was cut $when");
        is($r->{status}, 200, 'the password is changed') or diag $r->{raw};
        is($page->('', { email => 'admin@main.example', password => $_->[0] })->{status}, $_->[1], $_->[2]) for [ "chosen while cut $when", 200, 'and is good' ], [ $is, 401, 'and the former is not' ];
        $is = "chosen while cut $when";
    }
    is(scalar $t->sql("SELECT COUNT(*) FROM audit_events WHERE action = 'user.password_changed'"), 3, 'one audit row each');
    $token = $t->token('admin');
};

subtest 'a transaction that the server has ended without a word' => sub {
    # given a change whose transaction is gone before its first, second, ... statement, which
    # the server then runs and commits by itself
    for my $key (0, 1) {
        my $steps = 0;
        for my $at (1 .. 12) {
            my $id = model();
            my @key = $key ? (headers => [ 'Idempotency-Key' => "undone-$at" ]) : ();
            $t->cut(undone => $at);
            my $r = act($id, 'archive', @key);
            last if $t->uncut;
            $steps++;
            # then what is acknowledged is whole: the change, its audit row, its attempt
            my ($hex) = $id =~ /^mdl-(\w+)/;
            my ($state) = $t->sql("SELECT m.status, m.revision, (SELECT COUNT(*) FROM audit_events WHERE resource_id = m.id), (SELECT COUNT(*) FROM outbox WHERE resource_id = m.id),
                (SELECT COUNT(*) FROM attempts WHERE resource_id = m.id AND outcome = 'done' AND request_id = '$r->{headers}{'x-request-id'}') FROM models m WHERE id = UNHEX('$hex')");
            like("@$state", qr/^archived 2 2 2 [12]$/, "undone before statement $at: 200, and all of it") if $r->{status} == 200;
            isnt($r->{status}, 500, "undone before statement $at: $r->{status}");
            is($r->{status}, 200, 'it is run again as a whole') if $at <= 2;
            # what the server has committed by itself is not ours to keep
            $t->sql("DELETE FROM $_ WHERE " . ($_ eq 'models' ? 'id' : 'resource_id') . " = UNHEX('$hex')") for qw(models audit_events outbox attempts);
        }
        $t->sql("DELETE FROM attempts WHERE idempotency_key LIKE 'undone-%'");
        cmp_ok($steps, '>=', 5, "$steps statements of " . ($key ? 'a change with a key' : 'a change'));
    }
};

subtest 'nothing is prepared inside a transaction' => sub {
    # given the server's own log of what new workers ask it for
    $t->sql("SET GLOBAL general_log_file = '$t->{dir}/general.log'; SET GLOBAL general_log = ON");
    $t->{worker}->stop;
    $t->start_workers;
    my ($id, $n) = (model(), 0);
    is(act($id, $_)->{status}, 200, $_) for qw(archive unarchive);
    is(act($id, 'archive', headers => [ 'Idempotency-Key' => 'first' ])->{status}, 200, 'with a key');
    is($t->req(PATCH => "/api/v1/models/$id", token => $token, body => { name => 'never' })->{status}, 409, 'refused');
    my $w = $t->req(POST => '/v1/workspaces', token => $token, body => { name => 'new' })->{json}{id};
    is($t->req(POST => "/v1/entities", token => $token, body => { workspace_id => $w, name => 'e', type => 'llc', jurisdiction => 'US-DE' })->{status}, 202, 'an entity');
    $t->sql('SET GLOBAL general_log = OFF');
    my (%open, @bad, $transactions, $prepared);
    for (split /\n/, slurp("$t->{dir}/general.log")) {
        my ($connection, $command, $text) = /^(?:\d{6}\s+[\d:]+)?\s*(\d+) (\w+)\s*(.*)/ or next;
        if ($text eq 'START TRANSACTION') { $open{$connection} = 1; $transactions++ }
        elsif ($text =~ /^(?:COMMIT|ROLLBACK)$/) { delete $open{$connection} }
        elsif ($command eq 'Prepare') { $prepared++; push @bad, $text if $open{$connection} }
    }
    cmp_ok($transactions, '>=', 6, "$transactions transactions");
    cmp_ok($prepared, '>=', 15, "$prepared statements prepared");
    is(join("\n", @bad), '', 'none of them in one');
};

subtest 'every COMMIT lost for a while' => sub {
    my $id = model();
    is(act($id, 'archive')->{status}, 200, 'archived');
    $t->cut(before => 200);
    my $began = time;
    my $r = act($id, 'unarchive');
    is($r->{status}, 503, 'not settled in time: 503') or diag $r->{raw};
    is($r->{json}{error}{code}, 'SERVICE_UNAVAILABLE', 'in the words of the dialect');
    ok($r->{headers}{'retry-after'}, 'with Retry-After');
    cmp_ok(time - $began, '<', 14, 'within its time');
    $t->uncut;
    is(status($id), 'archived', 'nothing happened');
    is(rows($id, 'model.unarchived'), 0, 'no audit row');
    is(act($id, 'unarchive')->{status}, 200, 'then it works');
};

subtest 'MariaDB killed and started again' => sub {
    my $id = model();
    is(act($id, 'archive')->{status}, 200, 'archived');
    my @workers = $t->worker_pids;
    $t->{mariadb}->kill('KILL');
    $t->{mariadb}->wait;
    my $r = act($id, 'unarchive');
    is($r->{status}, 503, 'a write while it is away: 503') or diag $r->{raw};
    ok($r->{headers}{'retry-after'}, 'with Retry-After');
    $r = $t->req(GET => "/api/v1/models/$id", token => $token);
    is($r->{status}, 503, 'a read: 503');
    is($t->req(GET => '/healthz')->{status}, 200, 'the process is alive');
    is($t->req(GET => '/readyz')->{status}, 503, 'and not ready');
    $t->start_mariadb;
    within(10, sub { $t->req(GET => '/readyz')->{status} == 200 }, 'ready again');
    is(status($id), 'archived', 'what was acknowledged is there');
    is(act($id, 'unarchive')->{status}, 200, 'it works again');
    is_deeply([ $t->worker_pids ], \@workers, 'with the same workers');
};

subtest 'MariaDB killed under load' => sub {
    my @ids = map { model() } 1 .. 4;
    my $end = time + 4;
    my $killer = Thaw::Guard->start({ run => sub {
        sleep 1;
        kill KILL => $t->{mariadb}->pid;
    } }, "$t->{dir}/killer.log", 'killer');
    my $load = background(sub {
        return concurrently(4, sub {
            my $id = $ids[ $_[0] ];
            my (%n, $state);
            $state = 'draft';
            while (time < $end) {
                my $verb = $state eq 'draft' ? 'archive' : 'unarchive';
                my $got = act($id, $verb);
                $n{ $got->{status} }++;
                if ($got->{status} == 200) { $n{$verb}++; $state = $verb eq 'archive' ? 'archived' : 'draft' }
                elsif ($got->{status} == 409) { $n{open}++; $state = $state eq 'draft' ? 'archived' : 'draft' }
            }
            return \%n;
        });
    });
    within(10, sub { !$t->{mariadb}->alive }, 'the kill');
    $t->start_mariadb;
    my $all = [ $load->() ];
    my %codes = map { $_ => 1 } map { grep { /^\d+$/ } keys %$_ } @$all;
    delete @codes{qw(200 409 503)};
    is(join(' ', keys %codes), '', 'only 200, 503, and 409 after an open outcome') or diag(explain($all));
    for my $i (0 .. 3) {
        my $acked = $all->[$i];
        for my $verb (qw(archive unarchive)) {
            my $rows = rows($ids[$i], "model.${verb}d");
            my $n = $acked->{$verb} // 0;
            # A change whose answer was lost may have happened; one that was answered has.
            cmp_ok($rows, '>=', $n, "every acknowledged $verb is there: $n");
            cmp_ok($rows, '<=', $n + ($acked->{503} // 0), 'and none is there twice');
        }
    }
};

$t->finish;
