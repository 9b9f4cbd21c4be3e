#!/usr/bin/perl
# thaw doctor finds each fault it knows, one at a time, and says what to do;
# thaw audit verify finds each way in which audit and state can disagree.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;

my $t = Thaw->new(workers => 1);
my $dir = $t->{dir};

sub doctor {
    my $r = $t->thaw('--json', 'doctor', @_);
    my %by;
    push @{ $by{ $_->{result} } }, "$_->{check}: $_->{text}" for @{ $r->{json} // [] };
    return { exit => $r->{exit}, err => $r->{err}, map { $_ => join("\n", @{ $by{$_} // [] }) } qw(ok warning problem) };
}
# A fault, what is said of it, and the way back.
sub finds {
    my ($name, $like, $break, $mend, %o) = @_;
    my $level = $o{level} // 'problem';
    $break->();
    my $d = doctor(@{ $o{args} // [] });
    $mend->();
    is($d->{exit}, $level eq 'problem' ? 3 : 0, "$name: exit") or diag explain $d;
    like($d->{$level}, $like, "$name: said, and what to do");
}
sub renamed { my ($file, $is) = @_; (sub { rename $file, "$file.x" or die $! }, sub { rename "$file.x", $file or die $! }) }
sub mode { my ($file, $bad) = @_; my $was = (stat $file)[2] & 07777; (sub { chmod $bad, $file }, sub { chmod $was, $file }) }
sub edited {
    my ($file, $sub) = @_;
    my $was = slurp($file);
    (sub { local $_ = $was; $sub->(); spew($file, $_, 0600) }, sub { spew($file, $was, 0600) });
}
sub sqls { my ($break, $mend) = @_; (sub { $t->sql($break) }, sub { $t->sql($mend) }) }

$t->must('deliver');                               # the event of the first organization may be old
my $well = doctor();
is($well->{exit}, 0, 'given all is well, the doctor is content') or diag explain $well;
is("$well->{warning}$well->{problem}$well->{err}", '', 'with everything');
is(scalar(split /\n/, $well->{ok}), 22, 'that it looks at');
like($t->thaw('doctor')->{out}, qr/^ok       durability     /m, 'a line for each');

subtest 'files' => sub {
    finds('a broken configuration', qr/configuration: .*thaw\.conf:\d+: unknown setting `colour`/,
        edited("$dir/thaw.conf", sub { $_ .= "colour = red\n" }));
    finds('no configuration', qr/configuration: .*No such file/, renamed("$dir/thaw.conf"));
    finds('no option file', qr/option file: .*No such file.*thaw init/, renamed("$dir/thaw.cnf"));
    finds('an option file that others read', qr/option file: .*mode 644.*chmod 600/, mode("$dir/thaw.cnf", 0644));
    finds('a key directory that others enter', qr/key_dir: .*mode 755.*chmod 700/, mode("$dir/keys", 0755));
    finds('no key directory', qr/key_dir: .*thaw signing-key create/, renamed("$dir/keys"));
    finds('no migrations', qr/sql_dir: .*nowhere/, edited("$dir/thaw.conf", sub { s/^sql_dir.*/sql_dir = \/nowhere/m }));
    finds('a directory of counters that others write', qr/run_dir: .*mode 777/, mode("$dir/run", 0777));
    finds('none', qr/run_dir: .*No such file/, renamed("$dir/run"), level => 'warning');
  SKIP: {
        skip 'only root gives files away', 2 if $> != 0;
        finds('one of another owner', qr/run_dir: .*different owners/, sub { chown 12345, 12345, "$dir/run" },
            sub { chown 0, 0, "$dir/run" }, level => 'warning');
    }
};

subtest 'signing keys' => sub {
    my ($pem) = glob "$dir/keys/*.pem";
    finds('a key that is none', qr/signing key: 1 of the 1 key files/, edited($pem, sub { $_ = "-----BEGIN\n" }));
    finds('none that signs', qr/signing key: none is active.*signing-key rotate/, renamed("$dir/keys/active"));
    finds('no key at all', qr/signing key: not found; .*signing-key create/, renamed($pem));
};

subtest 'the key of webhook secrets' => sub {
    my $key = "$dir/keys/seal.key";
    finds('none', qr/seal key: .*seal\.key: No such file.*another node or a backup.*thaw migrate/, renamed($key));
    finds('one that others read', qr/seal key: .*mode 640.*chmod 600/, mode($key, 0640));
    finds('one that is none', qr/seal key: .*seal\.key is not a valid key file/, edited($key, sub { $_ = 'x' x 64 }));
    finds('half of one', qr/seal key: .*seal\.key is not a valid key file/, edited($key, sub { $_ = substr $_, 0, 63 }));
    finds('no file', qr/seal key: .*seal\.key is not a file/, sub { rename $key, "$key.x"; mkdir $key }, sub { rmdir $key; rename "$key.x", $key });
  SKIP: {
        skip 'only root gives files away', 2 if $> != 0;
        finds('one of another owner', qr/seal key: .*different owners/, sub { chown 12345, 12345, $key }, sub { chown 0, 0, $key }, level => 'warning');
    }
    my ($swap, $back) = edited($key, sub { tr/0-9a-f/1-9a-f0/ });
    $swap->();
    is(doctor()->{exit}, 0, 'another key is fine where nothing was sealed');
    $back->();
    my $made = $t->req(POST => '/v1/webhook_endpoints', token => $t->admin, body => { url => 'https://hooks.example.org/', enabled_events => ['*'] });
    is($made->{status}, 200, 'given a webhook endpoint') or diag $made->{raw};
    finds('a key that opens none of its secrets', qr/seal key: .*does not open the webhook secrets/, $swap, $back);
    is(doctor()->{exit}, 0, 'with the right one all is well');
};

subtest 'metrics' => sub {
    my $set = sub { my $line = shift; edited("$dir/thaw.conf", sub { $_ .= "$line\n" }) };
    like($well->{ok}, qr/metrics: \/metrics is off; set metrics_token_file or metrics_networks/, 'given no setting: off, and how to turn it on');
    finds('networks that are none', qr/metrics: metrics_networks: `127\.0\.0\.1` is not a network; .*192\.0\.2\.7\/32/, $set->('metrics_networks = 10.0.0.0/8 127.0.0.1'));
    finds('no token file', qr/metrics: metrics_token_file: .*cannot be read.*openssl rand/, $set->("metrics_token_file = $dir/none"));
    spew("$dir/token", "short\n", 0600);
    finds('a token that can be guessed', qr/metrics: .*16 to 1024 characters/, $set->("metrics_token_file = $dir/token"));
    spew("$dir/token", 'x' x 32, 0644);
    finds('one that others read', qr/metrics: .*mode 644.*chmod 600/, $set->("metrics_token_file = $dir/token"));
    chmod 0600, "$dir/token" or die $!;
    my $was = slurp("$dir/thaw.conf");
    spew("$dir/thaw.conf", "${was}metrics_token_file = $dir/token\n", 0600);
    my $d = doctor();
    spew("$dir/thaw.conf", $was, 0600);
    like($d->{ok}, qr/metrics: \/metrics answers the clients that the settings allow/, 'with a good one all is well');
};

# What the services say of themselves, on whatever node, and what waits for them.
subtest 'services' => sub {
    chomp(my $host = `hostname`);
    my $is = sub { my ($level, $like, $name, %o) = @_; my $d = doctor(); like($d->{$level}, $like, $name) or diag explain $d; is($d->{exit}, $level eq 'problem' ? 3 : 0, 'exit'); $d };
    my $older = sub { my ($service, $seconds) = @_; $t->sql("UPDATE services SET seen_at = UTC_TIMESTAMP(6) - INTERVAL $seconds SECOND WHERE service = '$service'") };
    my $make = sub { $t->req(POST => '/api/v1/models', token => $t->admin, body => { name => "waits $_[0]", model_type => 'auto', task_type => 'classification' })->{status} == 201 or die };
    $t->must('deliver');
    $t->must('sweep');
    $is->(ok => qr/^deliver: ended on \Q$host\E \(place 0\) [01] seconds ago: numbered \d+/m, 'one that ended in order: when, and what it did');
    $is->(ok => qr/^build: is not running, and nothing is waiting for it/m, 'one that never ran');
    $older->(deliver => 2 * 86400);
    $is->(ok => qr/^deliver: is not running, and nothing is waiting for it/m, 'one that ended long ago');
    $make->('long');
    $t->sql('UPDATE outbox SET at = at - INTERVAL 10 MINUTE WHERE sequence IS NULL');
    my $d = $is->(problem => qr/^deliver: 1 events are waiting for their number, the oldest for 10 minutes, and `thaw deliver` is not running on any node; start it \(thaw-deliver\.service\)/m, 'and events wait for it');
    unlike($d->{warning}, qr/^deliver/m, 'nobody fell silent');

    # one that goes on, killed
    my $follow = sub { Thaw::Guard->start({ env => { THAW_CONFIG => "$dir/thaw.conf", @_ } }, "$dir/follow.log", "$Thaw::BUILD/thaw", 'deliver', '--follow') };
    my $g = $follow->();
    within(10, sub { doctor()->{ok} =~ /^deliver: seen on/m && !$t->sql('SELECT COUNT(*) FROM outbox WHERE sequence IS NULL') });
    $is->(ok => qr/^deliver: seen on \Q$host\E \(place 0\)/m, 'one that runs');
    $g->kill('KILL');
    $g->wait;
    $is->(ok => qr/^deliver: seen on/m, 'killed: not known at once');
    $older->(deliver => 90);
    $d = $is->(warning => qr/^deliver: `thaw deliver` on \Q$host\E \(place 0\) has not reported for 90 seconds: it was killed.*start it \(thaw-deliver\.service\)/m, 'but a minute later');
    unlike($d->{ok}, qr/^deliver/m, 'and it is not said to be well');
    my $far = $follow->(THAW_NODE_NAME => 'other', THAW_RUN_DIR => "$dir/run2");
    within(10, sub { doctor()->{ok} =~ /^deliver: seen on other /m });
    $d = $is->(warning => qr/^deliver: `thaw deliver` on \Q$host\E/m, 'of two nodes each is told: the one that fell silent');
    like($d->{ok}, qr/^deliver: seen on other \(place 0\)/m, 'and the one that runs');
    $make->('now');
    $t->sql('UPDATE outbox SET at = at - INTERVAL 10 MINUTE WHERE sequence IS NULL');
    unlike(doctor()->{problem}, qr/^deliver/m, 'which is enough for what waits');
    $far->kill('TERM');
    $far->wait;
    $g = $follow->();
    $d = within(10, sub { my $d = doctor(); $d->{ok} =~ /^deliver: seen on \Q$host\E/m && !$t->sql('SELECT COUNT(*) FROM outbox WHERE sequence IS NULL') && $d });
    is($d->{warning}, '', 'started again it takes its place: nobody is missing');
    like($d->{ok}, qr/^deliver: ended on other/m, 'what ended in order is not missed');
    $g->kill('TERM');
    $g->wait;

    $older->(sweep => 3 * 86400);
    $is->(ok => qr/^sweep: is not running, and nothing is waiting for it/m, 'a database of today: nothing to sweep');
    $t->sql('UPDATE schema_versions SET applied_at = applied_at - INTERVAL 3 DAY');
    $is->(warning => qr/^sweep: no expired data has been deleted for 2 days, and `thaw sweep` is not running on any node; start it \(thaw-sweep\.timer\)/m, 'an older one');
    $t->must('sweep');
    $t->sql('UPDATE services SET ended_at = NULL, seen_at = UTC_TIMESTAMP(6) - INTERVAL 1 HOUR WHERE service = "sweep"');
    $is->(warning => qr/^sweep: `thaw sweep` on \Q$host\E \(place 0\) has not reported for 60 minutes/m, 'one that never came to its end');
    $older->($_ => 8 * 86400) for qw(deliver sweep);
    $t->sql('UPDATE services SET ended_at = NULL');
    unlike(doctor()->{warning}, qr/has said nothing/, 'a week later its machine is taken for gone');
    $t->sql('UPDATE schema_versions SET applied_at = applied_at + INTERVAL 3 DAY');
    # what is gone is swept
    $older->($_ => 40 * 86400) for qw(deliver sweep);
    $t->must('sweep');
    is(scalar $t->sql("SELECT GROUP_CONCAT(service) FROM services"), 'sweep', 'and its row is swept');
    is(doctor()->{warning}, '', 'in the end all is well');
};

subtest 'database' => sub {
    finds('a wrong password', qr/database: cannot be reached .*1045/, edited("$dir/thaw.cnf", sub { s/^password = /$&x/m }));
    finds('a packet smaller than a file of a version', qr/packets: max_allowed_packet is 1048576.*raise max_allowed_packet to at least 8454144/,
        sqls('SET GLOBAL max_allowed_packet = 1048576', 'SET GLOBAL max_allowed_packet = 16777216'));
    finds('a commit that is not on disk', qr/durability: innodb_flush_log_at_trx_commit is 2.*set it to 1/,
        sqls('SET GLOBAL innodb_flush_log_at_trx_commit = 2', 'SET GLOBAL innodb_flush_log_at_trx_commit = 1'));
    finds('a clock that goes before', qr/clock: .* seconds ahead of/,
        sqls("SET GLOBAL init_connect = 'SET timestamp = UNIX_TIMESTAMP() + 100'", "SET GLOBAL init_connect = ''"));
    finds('a clock that goes after', qr/clock: .* seconds behind/,
        sqls("SET GLOBAL init_connect = 'SET timestamp = UNIX_TIMESTAMP() - 5'", "SET GLOBAL init_connect = ''"));
    finds('names compared loosely', qr/character set: .*utf8mb4_general_ci/,
        sqls('ALTER DATABASE thaw COLLATE utf8mb4_general_ci', 'ALTER DATABASE thaw COLLATE utf8mb4_bin'));
    finds('galera on where there is no cluster', qr/cluster: galera is on but the server is not a node.*set galera = off/,
        edited("$dir/thaw.conf", sub { $_ .= "galera = on\n" }));
    finds('no schema', qr/schema: version 0 is too old; run `thaw migrate`/,
        sqls('CREATE TABLE thaw.keep AS SELECT * FROM thaw.schema_versions; DELETE FROM thaw.schema_versions',
            'INSERT INTO thaw.schema_versions SELECT * FROM thaw.keep; DROP TABLE thaw.keep'));
    my $app = "thaw_app\@localhost";
    finds('audit rows that can be changed', qr/audit: .*can UPDATE audit rows; revoke/,
        sqls("GRANT UPDATE ON thaw.audit_events TO $app", "REVOKE UPDATE ON thaw.audit_events FROM $app"));
    finds('one column of them', qr/audit: .*can UPDATE audit rows/,
        sqls("GRANT UPDATE (action) ON thaw.audit_events TO $app", "REVOKE UPDATE (action) ON thaw.audit_events FROM $app"));
    finds('audit rows that can be deleted', qr/audit: .*can DELETE audit rows/,
        sqls("GRANT DELETE ON thaw.audit_events TO $app", "REVOKE DELETE ON thaw.audit_events FROM $app"));
    finds('by a right on everything', qr/audit: .*can UPDATE/,
        sqls("GRANT ALL ON thaw.* TO $app", "REVOKE ALL PRIVILEGES ON thaw.* FROM $app"));
    finds('a server that is away', qr/database: cannot be reached/, sub { $t->{mariadb}->stop }, sub { $t->start_mariadb });
    is(doctor()->{exit}, 0, 'in the end all is well again');
};

# Each disagreement is made by the database's root, seen, and taken back.
subtest 'audit verify' => sub {
    my $r = $t->req(POST => '/api/v1/models', token => $t->admin,
        body => { name => 'm', model_type => 'auto', task_type => 'classification' });
    is($r->{status}, 201, 'given a model') or diag $r->{body};
    my $id = $r->{json}{id};
    $t->req(POST => "/api/v1/models/$id/archive", token => $t->admin);
    my $hex = substr $id, 4;
    my $sees = sub {
        my ($name, $like, $break, @mend) = @_;
        $t->sql($break);
        my $text = $t->thaw('audit', 'verify');
        my $j = $t->thaw('--json', 'audit', 'verify');
        $t->sql($_) for @mend;
        is($text->{exit}, 3, "$name: exit 3") or diag $text->{out}, $text->{err};
        like($text->{out}, $like, "$name: said");
        ok(@{ $j->{json}{disagreements} } && !$j->{json}{reconciled}, "$name: in JSON too");
    };
    my $of = "resource_id = UNHEX('$hex')";
    $sees->('a state that nobody changed', qr/$id .*status ready.*the last to archived/,
        "SET check_constraint_checks = 0; UPDATE models SET status = 'ready' WHERE id = UNHEX('$hex')", "UPDATE models SET status = 'archived' WHERE id = UNHEX('$hex')");
    $sees->('what lists find it by, gone astray', qr/$id .*do not match its status archived/,
        "SET check_constraint_checks = 0; UPDATE models SET hidden = 0 WHERE id = UNHEX('$hex')", "UPDATE models SET hidden = 1 WHERE id = UNHEX('$hex')");
    $sees->('an audit row taken away', qr/$id .*revision 2 .*but 1 audit rows/,
        "CREATE TABLE kept AS SELECT * FROM audit_events WHERE $of AND revision = 1; DELETE FROM audit_events WHERE $of AND revision = 1",
        'INSERT INTO audit_events SELECT * FROM kept', 'DROP TABLE kept');
    $sees->('an audit row of something that is not', qr/audit row of revision 1 without its object/,
        "INSERT INTO audit_events (organization_id, id, at, actor_id, actor_name, action, resource_type, resource_id, revision, from_state, to_state, request_id, client_address, user_agent) SELECT organization_id, UNHEX(REPEAT('ab', 12)), at, actor_id, actor_name, action, resource_type, "
        . "UNHEX(REPEAT('cd', 12)), 1, from_state, to_state, request_id, client_address, user_agent "
        . "FROM audit_events WHERE $of AND revision = 1", "DELETE FROM audit_events WHERE resource_id = UNHEX(REPEAT('cd', 12))");
    $sees->('an event taken away', qr/audit row model\.archived of revision 2 without its event/,
        "CREATE TABLE kept AS SELECT * FROM outbox WHERE $of AND revision = 2; DELETE FROM outbox WHERE $of AND revision = 2",
        'INSERT INTO outbox SELECT * FROM kept', 'DROP TABLE kept');
    $sees->('an event of another name', qr/event model\.born of revision 1 without its audit row/,
        "UPDATE outbox SET type = 'model.born' WHERE $of AND revision = 1", "UPDATE outbox SET type = 'model.created' WHERE $of AND revision = 1");
    $sees->('a user whose revision was moved', qr/usr-[0-9a-f]{24}\s+revision 7/,
        "UPDATE principals SET revision = revision + 6 WHERE username = 'admin'",
        "UPDATE principals SET revision = revision - 6 WHERE username = 'admin'");
    # what was acknowledged, and is not there
    $sees->('a done request whose change is gone', qr/$id .*request lost-1 was done, but the audit row of revision 3 is missing/,
        "INSERT INTO attempts (attempt_id, outcome, organization_id, principal_id, request_id, resource_type, resource_id, revision, created_at)
            SELECT UNHEX(MD5('a')), 'done', organization_id, actor_id, 'lost-1', 'model', resource_id, 3, NOW(6) FROM audit_events WHERE $of AND revision = 1",
        "DELETE FROM attempts WHERE request_id = 'lost-1'");
    $sees->('a done request whose revision is another one\'s', qr/$id .*request lost-2 was done, but the audit row of revision 2 belongs to another request/,
        "INSERT INTO attempts (attempt_id, outcome, organization_id, principal_id, request_id, resource_type, resource_id, revision, created_at)
            SELECT UNHEX(MD5('b')), 'done', organization_id, actor_id, 'lost-2', 'model', resource_id, 2, NOW(6) FROM audit_events WHERE $of AND revision = 1",
        "DELETE FROM attempts WHERE request_id = 'lost-2'");
    $sees->('a change without its attempt', qr/$id .*audit row of revision 2 without the attempt of its request \w+/,
        "CREATE TABLE kept AS SELECT * FROM attempts WHERE $of AND revision = 2; DELETE FROM attempts WHERE $of AND revision = 2;
            INSERT INTO attempts (attempt_id, outcome, request_id, created_at) VALUES (UNHEX(MD5('c')), 'fence', 'older', NOW(6) - INTERVAL 2 HOUR)",
        "DELETE FROM attempts WHERE request_id = 'older'", 'INSERT INTO attempts SELECT * FROM kept', 'DROP TABLE kept');
    is($t->thaw('audit', 'verify')->{exit}, 0, 'in the end all agrees again');
};

$t->finish;
