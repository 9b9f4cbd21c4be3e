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
use Registry qw(reg external imported custom_model custom_version environment deployment share);
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
    subtest "$what, eight times" => sub {
        for my $table (sort keys %when) {
            my $verb = $table =~ /versions|runs/ ? 'complete' : 'archive';
            my $id = model($t)->{id};
            my $job = $verb eq 'complete' ? act($t, $id, 'train')->{json}{job_id} : '';
            my $r;
            my $tried = failing($table, $errno, $state, 8, sub { $r = act($t, $id, $verb eq 'complete' ? "train/$job/complete" : 'archive') });
            is($r->{status}, 200, "at $table: the ninth try works") or diag $r->{raw};
            cmp_ok($tried, '>=', 9, 'the whole is done again');
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
        cmp_ok($tried, '>=', 10, "after $tried tries, as many as db_deadline_ms has room for");
        cmp_ok(time - $began, '<', 12, 'in time');
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

# Every kind of write of the registry, which touch more tables and more objects at once, ready to be done.
sub registry_writes {
    my $next = sub { external($t, registeredModelId => $_[0]{registeredModelId}) };
    my $put = sub { my ($method, $path, $body, %o) = @_; sub { reg($t, $method => $path, body => $body, %o) } };
    my @p = map { external($t) } 1 .. 9;
    my @v = map { $next->($_) } @p;
    my ($custom, $used, $gone) = map { custom_model($t)->{id} } 1 .. 3;
    my ($source, $use_case, $environment) = (custom_version($t, $used)->{id}, reg($t, POST => 'useCases/', body => {})->{json}{id}, environment($t)->{id});
    my ($replaced, $challenged, $deleted, $off) = map { deployment($t, $p[$_]{id})->{id} } 5 .. 8;
    my $challenger = sub { $put->(POST => "deployments/$_[0]/challengers/", { modelPackageId => $_[1]{id}, name => 'c', predictionEnvironmentId => $environment }) };
    $challenger->($deleted, $v[7])->()->{status} == 202 or die;
    my $version = sub { "registeredModels/$_[0]{registeredModelId}/versions/$_[0]{id}/" };
    reg($t, PATCH => $version->($p[1]), body => { stage => 'Production' })->{status} == 200 or die;
    my $form = join('', map { "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"$_\"\r\n\r\n$_\r\n" } 'a' . ++$n, "b$n") . "--b--\r\n";
    return ('a package' => $put->(POST => 'modelPackages/fromJSON/', { name => 'atomic ' . ++$n, target => { name => 'y', type => 'Regression' }, tags => [ { name => 'a', value => 'b' } ] }),
        'a version' => $put->(POST => 'modelPackages/fromJSON/', { name => 'x', target => { name => 'churn', type => 'Regression' }, registeredModelId => $p[0]{registeredModelId} }),
        'of a leaderboard model, and its build' => $put->(POST => 'modelPackages/fromLeaderboard/', { modelId => imported($t)->{modelId}, registeredModelName => 'atomic ' . ++$n }),
        'of a custom model, and its build' => $put->(POST => 'modelPackages/fromCustomModelVersion/', { customModelVersionId => $source, registeredModelName => 'atomic ' . ++$n }),
        'a stage, out of which the others go' => $put->(PATCH => $version->($v[1]), { stage => 'Production', archiveExistingVersions => \1 }),
        'tags of a version' => $put->(PATCH => $version->($v[2]), { name => 'renamed', tags => [ { name => 'a', value => 'b' } ] }),
        'an archived package' => $put->(POST => "modelPackages/$v[3]{id}/archive/"),
        'a model archived for good' => $put->(DELETE => "registeredModels/$p[4]{registeredModelId}/"),
        'roles' => sub { share($t, $p[2]{registeredModelId}, [ [ USER => user => 'reader' ], [ OWNER => user => 'member' ] ]) },
        'a deployment' => $put->(POST => 'deployments/fromModelPackage/', { modelPackageId => $p[3]{id}, label => 'd', predictionEnvironmentId => $environment }),
        'another champion' => $put->(PATCH => "deployments/$replaced/model/", { modelPackageId => $v[5]{id} }),
        'a challenger' => $challenger->($challenged, $v[6]),
        'a deleted deployment, with its challengers' => $put->(DELETE => "deployments/$deleted/"),
        'a deployment that is off' => $put->(PATCH => "deployments/$off/status/", { status => 'inactive' }),
        'a version in a use case' => $put->(POST => "useCases/$use_case/registeredModelVersions/$p[0]{id}/"),
        'a leaderboard model in a new project' => $put->(POST => sprintf('projects/%024x/models/import/', 1e9 + ++$n), { modelType => 'x', projectName => 'atomic ' . ++$n, target => { name => 'y', type => 'Regression' } }),
        'a version of a custom model, with files' => $put->(POST => "customModels/$custom/versions/", $form, type => 'multipart/form-data; boundary=b'),
        'a deleted custom model' => $put->(DELETE => "customModels/$gone/"));
}

subtest 'the registry, at each table that is written to' => sub {
    $t->$_ for qw(reader member);
    my @tables = grep { $_ ne 'fail' } map { $_->[0] } $t->sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'thaw' AND table_type = 'BASE TABLE'");
    my $sums = sub { +{ map { $_->[0] =~ s/^thaw\.//r => $_->[1] } $t->sql('CHECKSUM TABLE ' . join ', ', @tables) } };
    my $differ = sub { my ($before, $now) = @_; grep { ($before->{$_} // '') ne ($now->{$_} // '') } @tables };
    # given what each writes to, when nothing refuses it
    my (%writes, %touched) = registry_writes();
    for my $name (sort keys %writes) {
        my $before = $sums->();
        my $r = $writes{$name}->();
        like($r->{status}, qr/^20[0124]$/, $name) or diag $r->{raw};
        $touched{$name} = [ $differ->($before, $sums->()) ];
        cmp_ok(scalar @{ $touched{$name} }, '>=', 4, "touches @{ $touched{$name} }");
    }
    # then, refused by any of them, it leaves nothing, and it works afterwards
    %writes = registry_writes();
    for my $name (sort keys %writes) {
        my @bad;
        for my $table (@{ $touched{$name} }) {
            my $before = $sums->();
            $t->sql(join "\n", 'DELIMITER //', (map { "CREATE TRIGGER refuse_$_ BEFORE $_ ON $table FOR EACH ROW SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1644, MESSAGE_TEXT = 'made to fail' //" } qw(INSERT UPDATE DELETE)), 'DELIMITER ;');
            my $r = $writes{$name}->();
            $t->sql("DROP TRIGGER refuse_$_") for qw(INSERT UPDATE DELETE);
            push @bad, "$table: $r->{status}" if $r->{status} != 500 || $r->{json}{message} ne 'Internal Server Error';
            push @bad, map { "$table: $_ has changed" } grep { $_ ne 'attempts' } $differ->($before, $sums->());
        }
        is(join('; ', @bad), '', "$name: refused wholly");
        like($writes{$name}->()->{status}, qr/^20[0124]$/, 'and then done');
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
