#!/usr/bin/perl
# What an operator sees: a line per request, request ids that can be followed into
# the audit, refusals in a log of their own, health and readiness; and that the
# service's own account cannot rewrite the audit.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Registry qw(external deployment);
use Thaw::Receiver;

my $t = Thaw->new(workers => 1);                  # so that a second request finds what the first one prepared
my $token = $t->admin;
my $m = model($t);
my $id = $m->{id};
$t->$_ for qw(reader other);
# The lines of one reply's request, which are written when it has been sent.
sub lines_of { my ($kind, $r) = @_; my $rid = $r->{headers}{'x-request-id'}; within(5, sub { log_lines($t, 'access', $rid) > 0 }, 'the access log'); return log_lines($t, $kind, $rid) }

subtest 'a line for each request' => sub {
    my @path = ("$MODELS/$id", "$MODELS?page_size=1&search=x", "$MODELS?page_size=1");
    for my $case ([ 'a read', GET => $path[0], '/api/v1/models/{model_id}', 1 ], [ 'the only page of a list', GET => $path[1], $MODELS, 1 ],
                  [ 'a page and its total', GET => $path[2], $MODELS, 2 ], [ 'HEAD', HEAD => $path[0], '/api/v1/models/{model_id}', 1 ],
                  [ 'an unknown id', GET => "$MODELS/$NOWHERE", '/api/v1/models/{model_id}', 1 ]) {
        my ($what, $method, $path, $route, $statements) = @$case;
        my ($r) = reverse map { $t->req($method => $path, token => $token) } 1, 2;
        my @lines = lines_of(access => $r);
        is(@lines, 1, "$what: one line");
        my $l = $lines[0];
        keys_are({ %$l, error => '' }, 'log time request_id client method route dialect status microseconds statements principal error', 'every field');
        is("$l->{method} $l->{route} $l->{dialect} $l->{status}", "$method $route models $r->{status}", 'method, route, dialect, status');
        is("$l->{client} $l->{principal}", "127.0.0.1 $m->{created_by}", 'client and principal');
        like($l->{time}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, 'time');
        like($l->{microseconds}, qr/^[1-9]\d*$/, 'microseconds');
        is($l->{statements}, $statements, 'statements');
    }
    my ($l) = lines_of(access => $t->req(GET => "$MODELS/x/y/z/w?q=secret", token => $token));
    is("$l->{status} $l->{error}", '404 ROUTE_NOT_FOUND', 'an error is named');
    is($l->{route}, undef, 'no route: null');
    ($l) = lines_of(access => $t->req(GET => '/healthz'));
    is("$l->{route} $l->{dialect} $l->{statements}", '/healthz plain 0', 'health: no statement');
    is($l->{principal}, undef, 'nobody');
};

subtest 'what the registry costs' => sub {
    my $v = external($t);
    my $d = deployment($t, $v->{id})->{id};
    my %most = ("registeredModels/$v->{registeredModelId}" => 1, "modelPackages/$v->{id}" => 1, "registeredModels/$v->{registeredModelId}/versions" => 1, registeredModels => 1, modelPackages => 1, deployments => 1, "deployments/$d" => 1,
        "modelPackages/$v->{id}/features" => 2, "registeredModels/$v->{registeredModelId}/sharedRoles" => 2, "registeredModels/$v->{registeredModelId}/deployments" => 2, useCases => 1, customModels => 1, projects => 1);
    for my $path (sort keys %most) {
        my ($r) = reverse map { $t->req(GET => "/api/v2/$path/", token => $token) } 1, 2;
        my ($l) = lines_of(access => $r);
        is("$l->{dialect} $l->{status}", 'registry 200', $path);
        cmp_ok($l->{statements}, '<=', $most{$path}, "$l->{statements} statements");
    }
};

subtest 'a state change is at most nine round trips' => sub {
    act($t, $id, 'archive');
    for my $verb (qw(unarchive archive unarchive)) {
        my $r = act($t, $id, $verb);
        my ($l) = lines_of(access => $r);
        cmp_ok($l->{statements}, '<=', 9, "$verb: $l->{statements}");
    }
};

subtest 'what a worker does for the first time takes as many round trips as the second time, or nearly' => sub {
    my $v = Registry::external($t);
    my $deploy = sub { Registry::reg($t, POST => 'deployments/fromModelPackage/', body => { modelPackageId => $v->{id}, label => 'x' }) };
    my $change = sub { my ($id, $what, %body) = @_; Registry::reg($t, PATCH => "deployments/$id/$what/", body => \%body) };
    my %taken;
    for my $time (0, 1) {
        push @{ $taken{deploy} }, my $r = $deploy->();
        my $id = $r->{json}{id};
        push @{ $taken{switch} }, $change->($id, status => status => 'inactive');
        push @{ $taken{replace} }, $change->($id, model => modelPackageId => Registry::external($t, registeredModelId => $v->{registeredModelId})->{id});
        push @{ $taken{configure} }, $change->($id, settings => targetDrift => { enabled => \1 });
        push @{ $taken{challenge} }, Registry::reg($t, POST => "deployments/$id/challengers/", body => { modelPackageId => $v->{id}, name => 'c' });
    }
    for my $what (sort keys %taken) {
        is(join(' ', map { $_->{status} } @{ $taken{$what} }), '202 202', "$what is done");
        my ($first, $next) = map { my ($l) = lines_of(access => $_); $l->{statements} } @{ $taken{$what} };
        cmp_ok($first, '<=', $next + 3, "$what: $first, then $next");
    }
};

subtest 'the log is lines of JSON, whatever the client sends' => sub {
    my $evil = "x\"}\n{\"log\":\"security\",\"event\":\"FORGED\"}";
    my @r = (get($t, $id, headers => [ 'User-Agent' => "a\"b\\c\t\x80\xff" ]), $t->req(GET => "$MODELS/%22%7d%0a%7b", token => $token),
        fastcgi($t, [ REQUEST_URI => "$MODELS/$evil", HTTP_USER_AGENT => $evil, HTTP_AUTHORIZATION => "Bearer $evil", REMOTE_ADDR => $evil, REQUEST_ID => $evil, REQUEST_METHOD => $evil ]));
    lines_of(access => $_) for @r;
    my @text = grep { length } split /\n/, slurp("$t->{dir}/worker.log");
    is(join("\n", grep { !eval { JSON::PP->new->utf8->decode($_) } } @text), '', 'each line is an object');
    is(join('', map { $_->{event} } grep { $_->{event} eq 'FORGED' } log_lines($t, 'security')), '', 'none is forged');
    unlike(slurp("$t->{dir}/worker.log"), qr/\Q$token\E/, 'no token is in it');
};

subtest 'request ids' => sub {
    my @r = map { get($t, $id) } 1, 2;
    like($_->{headers}{'x-request-id'}, qr/^[0-9a-f]{24,32}$/, 'each reply has one') for @r;
    isnt($r[0]{headers}{'x-request-id'}, $r[1]{headers}{'x-request-id'}, 'of its own');
    my $r = act($t, $id, 'archive', headers => [ 'X-Request-Id' => 'from-the-client', 'X-Forwarded-For' => '203.0.113.9' ]);
    isnt($r->{headers}{'x-request-id'}, 'from-the-client', "a client's is not believed");
    my ($row) = audit_rows($t, $id, "request_id = '$r->{headers}{'x-request-id'}'");
    is("$row->{action} $row->{client_address}", 'model.archived 127.0.0.1', 'it leads to the audit row; nor is the address believed');
    is(scalar($t->sql("SELECT COUNT(*) FROM outbox WHERE request_id = '$r->{headers}{'x-request-id'}'")), 1, 'and to the event');
    $r = $t->req(GET => $MODELS);
    ok($r->{headers}{'x-request-id'}, 'errors have one');
    $r = $t->req(GET => "$MODELS?" . 'x' x 9000);
    ok($r->{headers}{'x-request-id'}, "nginx's own errors too");
};

subtest 'user agents' => sub {
    act($t, $id, 'unarchive', headers => [ 'User-Agent' => "\xe6\x9d\xb1" x 600 ]);
    is(scalar($t->sql('SELECT CHAR_LENGTH(user_agent) FROM audit_events ORDER BY id DESC LIMIT 1')), 512, 'a long one is cut between characters');
    act($t, $id, 'archive', headers => [ 'User-Agent' => "bot\xff/1" ]);
    is((audit_rows($t, $id))[-1]{user_agent}, 'bot?/1', 'of one that is no UTF-8, what can be told');
};

subtest 'security log' => sub {
    my $unarchived = audits($t, $id, 'model.unarchived');
    my %case = (AUTH_NONE => $t->req(GET => $MODELS), AUTH_INVALID => $t->req(GET => $MODELS, token => 'x'), FORBIDDEN => act($t, $id, 'unarchive', token => $t->reader),
        MODEL_NOT_FOUND => act($t, $id, 'unarchive', token => $t->other), LOGIN_FAILED => $t->req(POST => '/api/auth/login', body => { username => 'admin', password => 'wrong' }));
    for my $event (sort keys %case) {
        my @l = lines_of(security => $case{$event});
        is(@l, 1, "$event: one line");
        is("$l[0]{event} $l[0]{client}", "$event 127.0.0.1", 'what and from where');
        ok($l[0]{path} && $l[0]{method} && $l[0]{time}, 'method, path, time');
    }
    my ($l) = lines_of(security => $case{MODEL_NOT_FOUND});
    is("$l->{path} " . ($l->{principal} ? 'by somebody' : 'by nobody'), "$MODELS/$id/unarchive by somebody", "another tenant's id: by whom");
    is(scalar(lines_of(security => get($t, $id))), 0, 'what is allowed is not in it');
    is(scalar(lines_of(security => $t->req(GET => "$MODELS/a/b/c/d", token => $token))), 0, 'nor a wrong address');
    is(audits($t, $id, 'model.unarchived'), $unarchived, 'and it is not the audit of changes');
};

subtest 'health and readiness' => sub {
    my $r = $t->req(GET => '/healthz');
    is("$r->{status} " . json($r->{json}), '200 {"status":"ok"}', '/healthz');
    $r = $t->req(GET => '/readyz');
    is($r->{status}, 200, '/readyz');
    is($r->{json}{status}, 'ok', 'ok');
    is($r->{json}{schema}, scalar($t->sql('SELECT MAX(version) FROM schema_versions')), 'and the schema version');
    is_deeply($r->{json}{checks}, { map { $_ => 'ok' } qw(database schema changes disk) }, 'each check');
    is($t->req(HEAD => '/healthz')->{status}, 200, 'HEAD');
    problem_is($t->req(POST => '/healthz'), 405, 'POST');

    $t->sql('INSERT INTO schema_versions (version, applied_at) VALUES (9999, UTC_TIMESTAMP())');
    $r = $t->req(GET => '/readyz');
    problem_is($r, 503, 'a schema of the future: not ready');
    my $future = { database => 'ok', schema => 'has a version that this program does not work with', changes => 'unknown', disk => 'ok' };
    is_deeply($r->{json}{checks}, $future, 'and the check that says so');
    my ($pid) = $t->worker_pids;
    kill KILL => $pid;
    within(10, sub { my ($new) = $t->worker_pids; $new && $new != $pid }, 'a worker that connects anew');
    $r = $t->req(GET => '/readyz');
    problem_is($r, 503, 'is not ready either');
    is_deeply($r->{json}{checks}, $future, 'and says the same');
    is($t->req(GET => '/healthz')->{status}, 200, 'but alive');
    $t->sql('DELETE FROM schema_versions WHERE version = 9999');
    is($t->req(GET => '/readyz')->{status}, 200, 'ready again');

    $t->{mariadb}->stop;
    $r = $t->req(GET => '/readyz');
    problem_is($r, 503, 'without a database: not ready');
    is_deeply($r->{json}{checks}, { database => 'does not answer', schema => 'unknown', changes => 'unknown', disk => 'ok' }, 'and the check that says so');
    unlike($r->{raw}, qr/sock|thaw_app|mariadb|mysql|\Q$t->{dir}\E/i, 'nothing of the inside');
    $t->start_mariadb;
    is(within(20, sub { my $s = $t->req(GET => '/readyz')->{status}; $s == 200 && $s }), 200, 'ready when it is back');
};

# W3C Trace Context: in the lines of the log, in the event, and on with its deliveries.
subtest 'traces' => sub {
    my $t = Thaw->new(workers => 1, config => { webhook_http => 'on', webhook_networks => '127.0.0.0/8', webhook_retries => '1' });
    my $receiver = Thaw::Receiver->new($t, sub { { status => $_[0]{nth} > 1 ? 200 : 500 } });
    post_v1($t, 'webhook_endpoints', body => { url => $receiver->url('/'), enabled_events => ['workspace.*'] })->{status} == 200 or die;
    $t->must('deliver');
    my ($trace, $span, $n) = ('4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7', 0);
    my $make = sub { $t->req(POST => '/v1/workspaces', token => $t->admin, body => { name => 'trace ' . ++$n }, headers => [ map { (traceparent => $_) } @_ ]) };
    my $line = sub { my ($kind, $r) = @_; my $rid = $r->{headers}{'x-request-id'}; within(5, sub { log_lines($t, 'access', $rid) > 0 }, 'the access log'); (log_lines($t, $kind, $rid))[0] };
    my $kept = sub { my $r = shift; scalar $t->sql("SELECT trace FROM outbox WHERE request_id = '$r->{headers}{'x-request-id'}'") };
    for my $case ([ '01', '01' ], [ '00', '00' ], [ 'ff', '01' ], [ '02', '00' ]) {
        my $r = $make->("00-$trace-$span-$case->[0]");
        is($r->{status}, 201, "flags $case->[0]") or diag $r->{raw};
        is($line->(access => $r)->{trace_id}, $trace, 'the trace in the access log');
        is($kept->($r), "$trace-$case->[1]", 'and with the event, with the flag that is known');
        is(join(' ', grep { /trace/ } keys %{ $r->{headers} }), '', 'not in the answer');
    }
    is($kept->($make->("cc-$trace-$span-01")), "$trace-01", 'a later version');
    is($kept->($make->("cc-$trace-$span-01-what-comes-then")), "$trace-01", 'which may have more behind it');
    my @wrong = ("00-$trace-$span", "00-$trace-$span-01-", "00-$trace-$span-01-x", "00-$trace-$span-011", "ff-$trace-$span-01", "00-\U$trace\E-$span-01", "00-$trace-\U$span\E-01",
        '00-' . '0' x 32 . "-$span-01", "00-$trace-" . '0' x 16 . '-01', "00-${trace}0-$span-01", '00-' . substr($trace, 1) . "-$span-01", "00 $trace-$span-01", "00-$trace-$span-0g", "cc-$trace-$span-01x",
        "0-$trace-$span-01", '', '-', "00-$trace-$span-01, 00-$trace-$span-01", "00-$trace-$span-\xc3\xa9", "00-'; DROP TABLE outbox; --aaaaaaaaaaa-$span-01", 'x' x 4000);
    for my $header (@wrong) {
        my $r = $make->($header);
        is($r->{status}, 201, 'malformed: let be: ' . substr $header, 0, 60);
        is(join(' ', grep { /trace/ } keys %{ $line->(access => $r) }), '', 'not in the log');
        is($kept->($r), undef, 'nor with the event');
    }
    my $r = $make->(("00-$trace-$span-01") x 2);
    is("$r->{status} " . ($kept->($r) // 'none'), '201 none', 'twice is none');
    my $refused = $t->req(GET => '/v1/workspaces', token => 'x', headers => [ traceparent => "00-$trace-$span-01" ]);
    is($line->(security => $refused)->{trace_id}, $trace, 'in the security log too');

    # each try of a delivery is a span of its own in the same trace; retries carry it too
    $t->must('deliver');
    sleep 2;
    $t->must('deliver');
    my %trace = map { @$_ } $t->sql('SELECT LOWER(HEX(id)), trace FROM outbox');
    my (%tries, %spans, @bad);
    for my $q ($receiver->requests) {
        my $event = $q->{event}{id} =~ s/^evt_//r;
        my ($id) = grep { in_base62('evt_', $_) eq "evt_$event" } keys %trace;
        my ($of, $h) = ($trace{ $id // '' }, $q->{headers}{traceparent});
        if (!defined $of) { push @bad, "a header without a trace: $h" if defined $h; next }
        my ($is, $span_id, $flags) = ($h // '') =~ /^00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])$/ or do { push @bad, 'header ' . ($h // 'none'); next };
        push @bad, "$h, not of $of" if "$is-$flags" ne $of;
        push @bad, "span $span_id again" if $spans{$span_id}++ || $span_id eq $span;
        $tries{$event}++;
    }
    is(join("\n", @bad), '', 'each delivery of a traced event has the trace and the flag, with a span of its own; the others have none');
    is(scalar keys %tries, 6, 'six events had one');
    is(join(' ', grep { $tries{$_} != 2 } keys %tries), '', 'and each was tried twice');
    $receiver->stop;
    $make->("00-$trace-$span-01");
    my $follow = Thaw::Guard->start({ env => { THAW_CONFIG => "$t->{dir}/thaw.conf" } }, "$t->{dir}/follow.log", "$Thaw::BUILD/thaw", 'deliver', '--follow');
    my $told = qr/^\{"log":"error","time":"[^"]*","trace_id":"$trace","level":"warning","message":"webhook: /m;
    ok(within(10, sub { slurp("$t->{dir}/follow.log") =~ $told }), 'what the deliverer logs of a try has it too');
    $follow->kill('TERM');
    $follow->wait;
    $_->stop for @$t{qw(nginx worker mariadb)};
};

subtest 'headers on every answer' => sub {
    for my $r (get($t, $id), get($t, $NOWHERE), $t->req(GET => '/healthz'), $t->req(GET => '/nothing'), $t->req(GET => "$MODELS?" . 'x' x 9000)) {
        my $h = $r->{headers};
        is($h->{'x-content-type-options'}, 'nosniff', "$r->{status}: nosniff");
        is($h->{server}, 'nginx', 'no server version');
        is($h->{'x-powered-by'}, undef, 'nor what is behind it');
        unlike($r->{raw}, qr/mysql|mariadb|SELECT |\/work|\.c:\d/i, 'nothing of the inside');
        ok(length($h->{$_} // ''), $_) for qw(referrer-policy x-frame-options content-security-policy);
    }
};

subtest 'the account of the service cannot rewrite the audit' => sub {
    my $as_app = sub {
        my $r = $t->run({}, $_[0], 'mariadb', '--no-defaults', '--batch', '-N', @{ login() });
        return $r->{exit} ? $r->{err} =~ /ERROR (\d+)/ ? $1 : $r->{err} : 'done';
    };
    is(login()->[0], '--user=thaw_app', 'given its own credentials');
    is($as_app->('SELECT COUNT(*) FROM audit_events'), 'done', 'it reads the audit');
    is($as_app->($_), 1142, $_) for 'UPDATE audit_events SET actor_name = "nobody"', 'DELETE FROM audit_events', 'TRUNCATE audit_events', 'DROP TABLE audit_events',
        'ALTER TABLE audit_events ADD x INT', 'REPLACE INTO audit_events SELECT * FROM audit_events LIMIT 1', 'DELETE FROM models', 'DELETE FROM model_versions', (map { "DELETE FROM $_" } qw(deployments deployment_versions challengers prediction_environments use_cases custom_models custom_versions run_projects user_groups)), 'DROP TABLE models',
        'CREATE TABLE x (a INT)', 'CREATE TRIGGER x BEFORE INSERT ON models FOR EACH ROW SET NEW.name = ""', 'UPDATE schema_versions SET version = 7';
    like($as_app->($_), qr/^(1044|1045|1142|1227)$/, $_) for 'SELECT * FROM mysql.user', 'CREATE USER x', 'GRANT ALL ON *.* TO CURRENT_USER', 'CREATE DATABASE x', 'SET GLOBAL innodb_flush_log_at_trx_commit = 0';
};
# The credentials that the service itself uses: group [thaw] of its option file.
sub login {
    my ($group) = map { /^thaw\]\n(.*)/s ? $1 : () } split /^\[/m, slurp("$t->{dir}/thaw.cnf");
    my %o = $group =~ /^\s*(\w+)\s*=\s*(\S+)/mg;
    return [ "--user=$o{user}", "--password=$o{password}", "--socket=$o{socket}", 'thaw' ];
}

subtest 'a trusted proxy' => sub {
    my $t = Thaw->new(workers => 1, config => { trusted_proxies => '192.0.2.1 127.0.0.1' });
    my $id = model($t)->{id};
    my $ask = sub { act($t, $id, $_[0], headers => [ 'X-Request-Id' => $_[1], 'X-Forwarded-For' => $_[2] ]) };
    my $r = $ask->('archive', 'trace-4711', '203.0.113.9');
    is($r->{headers}{'x-request-id'}, 'trace-4711', 'its request id is taken');
    my ($row) = audit_rows($t, $id, "action = 'model.archived'");
    is("$row->{request_id} $row->{client_address}", 'trace-4711 203.0.113.9', 'and the address it tells');
    $r = $ask->('unarchive', 'x' x 65, '10.0.0.1, 203.0.113.10');
    like($r->{headers}{'x-request-id'}, qr/^[0-9a-f]{32}$/, 'an id that is too long is not');
    ($row) = audit_rows($t, $id, "action = 'model.unarchived'");
    is($row->{client_address}, '203.0.113.10', 'of several addresses the one that the proxy saw');
    like(get($t, $id, headers => [ 'X-Request-Id' => 'a b"c' ])->{headers}{'x-request-id'}, qr/^[0-9a-f]{32}$/, 'nor one with blanks or quotes');
    my $far = fastcgi($t, [ REQUEST_URI => '/healthz', REMOTE_ADDR => '192.0.2.2', HTTP_X_REQUEST_ID => 'trace', REQUEST_ID => 'of-nginx' ]);
    is($far->{headers}{'x-request-id'}, 'of-nginx', 'another address is not trusted');
    $_->stop for @$t{qw(nginx worker mariadb)};
};

$t->finish;
