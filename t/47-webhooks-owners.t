#!/usr/bin/perl
# Whose rights a webhook endpoint has, and what its owner is told: an endpoint and a list of
# events tell what their maker may read at that moment and nothing else; one endpoint has
# a URL; what went wrong is told without names and addresses of the inside.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Thaw::Receiver;
use Contract;

my $t = Thaw->new(config => { webhook_networks => '127.0.0.2/32', webhook_http => 'on', webhook_retries => '0 0', webhook_timeout_s => 2 });
my $r = Thaw::Receiver->new($t, sub { { status => $_[0]{path} =~ /fails/ && $_[0]{nth} == 1 ? 500 : 200 } });

sub api { my ($method, $path, $token, $body) = @_; $t->req($method => "/v1/$path", token => $token, $body ? (body => $body) : ()) }
sub made { my ($token, $path, @events) = @_; my $e = api(POST => 'webhook_endpoints', $token, { url => $r->url("/$path"), enabled_events => [ @events ? @events : '*' ] }); $e->{status} == 200 or die $e->{raw}; $e->{json} }
sub seen { api(GET => "webhook_endpoints/$_[0]{id}", $t->admin)->{json} }
sub delivered { my $x = $t->thaw('--json', 'deliver'); is($x->{exit}, 0, 'thaw deliver') or diag $x->{err}; $x->{json} }
sub got { my $path = shift; map { $_->{event}{type} } grep { $_->{path} eq "/$path" } $r->requests }
sub listed { my ($token, $query) = @_; map { $_->{type} } @{ api(GET => 'events?sort=created&limit=100' . ($query // ''), $token)->{json}{data} } }
sub deliveries { api(GET => "webhook_endpoints/$_[0]{id}/deliveries?sort=created&limit=100", $t->admin)->{json}{data} }
sub is_list { my ($got, $want, $name) = @_; is(join(' ', @$got), $want, $name) }

subtest 'the scopes of the token that made it' => sub {
    my $hooks = $t->key(scope => 'webhook:read webhook:write');
    my $spaces = $t->key(scope => 'webhook:read webhook:write workspace:read');
    is(api(GET => 'workspaces', $hooks)->{status}, 403, 'given a token that reads no workspace');
    my @e = (made($hooks, 'hooks'), made($spaces, 'spaces'), made($t->admin, 'all'));
    is(json($e[0]{owner_permissions}), json(['webhook:read']), 'its endpoint says what it hears of');
    is(json($e[1]{owner_permissions}), json([qw(workspace:read webhook:read)]), 'and so does another');
    is(seen($e[0])->{owner_id}, usr($t, 'admin'), 'and whose it is');
    delivered();
    my $w = workspace($t);
    model($t);
    my $key = $t->key(user => 'admin');
    delivered();
    is_list([ grep { !/^webhook/ } got('hooks') ], '', 'it hears of no workspace, model or token');
    is_list([ grep { !/^webhook/ } got('spaces') ], 'workspace.created', 'it hears of workspaces where it may read them');
    is_list([ sort grep { !/^webhook/ } got('all') ], 'model.created token.created workspace.created', 'a sign-in that may read all hears of all');
    is_list(deliveries($e[0]) ? [ grep { $_->{status} ne 'succeeded' } @{ deliveries($e[0]) } ] : ['?'], '', 'nothing of the others is on record');

    my ($of_workspace) = grep { $_->{type} eq 'workspace.created' } @{ api(GET => 'events', $t->admin)->{json}{data} };
    is_list([ grep { !/^webhook/ } listed($hooks) ], '', 'GET /v1/events shows such a token none either');
    is_list([ listed($hooks, '&type=workspace.created') ], '', 'nor by type');
    is_list([ grep { !/^webhook/ } listed($spaces) ], 'workspace.created', 'and another one what it may read');
    is(api(GET => "events/$of_workspace->{id}", $hooks)->{status}, 404, 'one event is not found');
    is(api(GET => "events/$of_workspace->{id}", $spaces)->{status}, 200, 'or is');
    # pages: of what is seen, whatever stands between
    model($t) for 1 .. 5;
    workspace($t) for 1 .. 3;
    my (@all, $after);
    for (1 .. 9) {
        my $page = api(GET => 'events?sort=created&limit=2' . ($after ? "&starting_after=$after" : ''), $spaces)->{json};
        push @all, map { $_->{type} } @{ $page->{data} };
        is(json($page->{next_cursor}), json($page->{has_more} ? $page->{data}[-1]{id} : undef), 'the cursor is the last one shown');
        $after = $page->{next_cursor} // last;
    }
    is_list(\@all, join(' ', listed($spaces)), 'pages show the same, each once');
    # of several kinds, forth and back, in both orders, between kinds that it may not read
    my $some = $t->key(scope => 'model:read webhook:read workspace:read');
    $t->req(POST => '/api/v1/projects', token => $t->admin, body => { name => "between $_" }), model($t), workspace($t) for 1 .. 4;
    for my $sort (qw(created -created)) {
        my $all = api(GET => "events?sort=$sort&limit=100", $t->admin)->{json}{data};
        my @want = map { $_->{id} } grep { $_->{type} !~ /^(?:project|token)\./ } @$all;
        cmp_ok(scalar @want, '<', scalar @$all, 'given events that it may not read');
        for my $way (qw(starting_after ending_before)) {
            my ($cursor, @got) = $way eq 'ending_before' ? $want[-1] : undef;
            for (0 .. @want) {
                my $page = api(GET => "events?sort=$sort&limit=3" . ($cursor ? "&$way=$cursor" : ''), $some)->{json};
                my @page = map { $_->{id} } @{ $page->{data} };
                @got = $way eq 'starting_after' ? (@got, @page) : (@page, @got);
                last if !@page || ($way eq 'starting_after' && !$page->{has_more});
                $cursor = $page[ $way eq 'starting_after' ? -1 : 0 ];
            }
            is_list(\@got, join(' ', $way eq 'starting_after' ? @want : @want[ 0 .. $#want - 1 ]), "$sort, by $way: each once, in order");
        }
    }

    # Whoever says where it goes or what it hears has it from then on.
    is(json(api(PATCH => "webhook_endpoints/$e[2]{id}", $hooks, { description => 'x' })->{json}{owner_permissions}), json(seen($e[2])->{owner_permissions}), 'a description gives it to nobody');
    cmp_ok(scalar @{ seen($e[2])->{owner_permissions} }, '>', 1, 'given one of an administrator');
    my $moved = api(PATCH => "webhook_endpoints/$e[2]{id}", $hooks, { url => $r->url('/moved') })->{json};
    is(json($moved->{owner_permissions}), json(['webhook:read']), 'a new url makes it that of the token');
    my $rotated = made($t->admin, 'rotated');
    is(api(POST => "webhook_endpoints/$rotated->{id}/rotate_secret", $hooks)->{status}, 200, 'given a secret that somebody else knows');
    is(json(seen($rotated)->{owner_permissions}), json(['webhook:read']), 'nothing is signed with it that they may not read');
    push @e, $rotated;
    workspace($t);
    delivered();
    is_list([ grep { !/^webhook/ } got('moved') ], '', 'which hears no more than that may read');
    api(DELETE => "webhook_endpoints/$_->{id}", $t->admin) for @e;
};

subtest 'a page of several kinds has a bound in bytes' => sub {
    # given large workspaces and entities, and a token that reads these kinds and not all
    my $c = Thaw->new(nginx => 1, workers => 1, config => { page_bytes_limit => 65536 });
    my $metadata = { map { ("key $_" => 'x' x 400) } 1 .. 50 };
    my $send = sub { my ($path, $body) = @_; $c->req(POST => "/v1/$path", token => $c->admin, body => { %$body, metadata => $metadata })->{json}{id} };
    for (1 .. 4) { my $w = $send->('workspaces', { name => "w$_" }); $send->('entities', { workspace_id => $w, name => "e$_", jurisdiction => 'US-DE', type => 'llc' }) }
    my $some = $c->key(scope => 'webhook:read workspace:read');
    my ($after, @seen);
    for (1 .. 20) {
        my $page = $c->req(GET => '/v1/events?sort=created&limit=100' . ($after ? "&starting_after=$after" : ''), token => $some);
        cmp_ok(length $page->{body}, '<', 80_000, scalar(@{ $page->{json}{data} }) . ' events in ' . length($page->{body}) . ' bytes');
        push @seen, map { "$_->{type} $_->{data}{object}{id}" } @{ $page->{json}{data} };
        last if !$page->{json}{has_more};
        $after = $page->{json}{data}[-1]{id};
    }
    my %once = map { $_ => 1 } @seen;
    is(scalar(grep { /^(?:workspace|entity)\.created / } @seen), 8, 'all of them');
    is(scalar keys %once, scalar @seen, 'each once');
    $c->finish(more => 1);
};

subtest 'a model that is not everybody\'s, a token that is another\'s' => sub {
    $t->must('role', 'set', '--org', 'Main', 'hooker', '--permissions', 'model:read token:read webhook:read webhook:write', '--rate', 100);
    $t->user('hugo', role => 'hooker');
    my $hugo = $t->token('hugo');
    my ($local, $granted, $global) = map { model($t) } 1 .. 3;
    $t->sql("UPDATE models SET is_global = 0 WHERE id = UNHEX('@{[ hex_of($_->{id}) ]}')") for $local, $granted;
    $t->recount;
    $t->sql("INSERT INTO grants (organization_id, model_id, grantee_id, role, created_at) SELECT organization_id, id, (SELECT id FROM principals WHERE username = 'hugo'), 1, NOW(6)
        FROM models WHERE id = UNHEX('@{[ hex_of($granted->{id}) ]}')");
    my @e = (made($hugo, 'hugo', 'model.archived', 'token.*'), made($t->admin, 'admin', 'model.archived', 'token.*'));
    act($t, $_->{id}, 'archive') for $local, $granted, $global;
    my (undef, $id) = $t->key_and_id(user => 'admin');
    $t->key(user => 'hugo');
    delivered();
    my $models = sub { my $path = shift; map { $_->{event}{data}{object}{id} } grep { $_->{path} eq "/$path" && $_->{event}{type} =~ /^model/ } $r->requests };
    is_list([ sort $models->('hugo') ], join(' ', sort map { $_->{id} } $granted, $global), 'he hears of what he was granted and of what everybody sees');
    is_list([ sort $models->('admin') ], join(' ', sort map { $_->{id} } $local, $granted, $global), 'an administrator of all');
    is(scalar(grep { /^token/ } got('hugo')), 1, 'and of his own tokens alone');
    is(scalar(grep { /^token/ } got('admin')), 2, 'an administrator of all');
    my %his = map { ($_->{data}{object}{id} => 1) } @{ api(GET => 'events?limit=100', $hugo)->{json}{data} };
    is(join(' ', map { $his{$_} ? 1 : 0 } map({ $_->{id} } $local, $granted, $global), $id), '0 1 1 0', 'the list of events is the same');

    # Between the event and its delivery he loses the right, then everything.
    my $m = model($t);
    act($t, $m->{id}, 'archive');
    api(GET => 'events', $t->admin);                 # numbered, and its delivery is made
    $t->must('role', 'set', '--org', 'Main', 'hooker', '--permissions', 'token:read webhook:read webhook:write', '--rate', 100);
    my $n = () = got('hugo');
    delivered();
    is(scalar(() = got('hugo')), $n, 'a permission that was taken away counts at once');
    my $last = deliveries($e[0])->[-1];
    is("$last->{status} $last->{attempts}[0]{error}", 'failed the endpoint\'s owner can no longer read the object, so nothing was sent', 'the delivery says so');
    is(json([ @{ seen($e[0]) }{qw(status failing_since owner_permissions)} ]), json([ 'enabled', undef, [qw(webhook:read token:read)] ]), 'the endpoint has not failed, and says what it hears');
    $t->must('user', 'disable', 'hugo');
    api(POST => "webhook_endpoints/$e[0]{id}/test", $t->admin);
    delivered();
    is(scalar(() = got('hugo')), $n, 'a disabled user\'s endpoint hears nothing');
    is(json(seen($e[0])->{owner_permissions}), '[]', 'and says so');
    # somebody else takes it over
    api(PATCH => "webhook_endpoints/$e[0]{id}", $t->admin, { enabled_events => ['model.*'] });
    act($t, model($t)->{id}, 'archive');
    delivered();
    cmp_ok(scalar(() = got('hugo')), '>', $n, 'until somebody else makes it his own');
    api(DELETE => "webhook_endpoints/$_->{id}", $t->admin) for @e;
};

subtest 'one endpoint for a URL' => sub {
    my $e = made($t->admin, 'one');
    my $test = $t->key(test => 1, user => 'admin');
    my $again = sub { api(POST => 'webhook_endpoints', $_[0] // $t->admin, { url => $r->url('/one'), enabled_events => ['*'] }) };
    refusal_is($again->(), 409, 'webhook_endpoint_exists', qr/^`url` is already the URL of \Q$e->{id}\E; change that endpoint, or delete it first\.$/, 'another one is refused', param => 'url', errors => ['url']);
    is(made($test, 'one')->{livemode}, $JSON::PP::false, 'the test mode has its own');
    my $other = made($t->admin, 'two');
    my $patch = sub { api(PATCH => "webhook_endpoints/$_[0]{id}", $t->admin, { url => $r->url('/one') })->{status} };
    is($patch->($other), 409, 'nor may one be moved there');
    is($patch->($e), 200, 'the same again is no move');
    api(PATCH => "webhook_endpoints/$e->{id}", $t->admin, { status => 'disabled' });
    is($again->()->{status}, 409, 'a disabled one has it');
    api(DELETE => "webhook_endpoints/$e->{id}", $t->admin);
    is(join(' ', sort map { $_->{status} } concurrently(4, sub { $again->() })), '200 409 409 409', 'of four at once one has what was deleted');
    my @moves = concurrently(4, sub { my $n = $_[0]; my $m = made($t->admin, "three$n"); api(PATCH => "webhook_endpoints/$m->{id}", $t->admin, { url => $r->url('/three') })->{status} });
    is(join(' ', sort @moves), '200 409 409 409', 'and of four that move there');
    # as an earlier release let it be: several of one URL stay
    $t->sql("UPDATE webhook_endpoints SET url = '" . $r->url('/two') . "' WHERE url LIKE '%/three'");
    is(api(POST => 'webhook_endpoints', $t->admin, { url => $r->url('/two'), enabled_events => ['*'] })->{status}, 409, 'where there are several, no other');
    api(DELETE => "webhook_endpoints/$other->{id}", $t->admin);
    is(api(POST => 'webhook_endpoints', $t->admin, { url => $r->url('/two'), enabled_events => ['*'] })->{status}, 409, 'until the last is deleted');
    api(DELETE => "webhook_endpoints/$_->{id}", $t->admin) for @{ api(GET => 'webhook_endpoints?limit=100', $t->admin)->{json}{data} };
};

subtest 'what went wrong' => sub {
    my $closed = IO::Socket::INET->new(LocalAddr => '127.0.0.2', LocalPort => 0, Listen => 1) or die $!;
    my $port = $closed->sockport;
    close $closed;
    my $hangs = Thaw::Receiver->new($t, sub { $_[0]{path} =~ /hangs/ ? { hang => 1 } : { raw => "\x00garbage\r\n\r\n" } });
    my %want = ("http://127.0.0.2:$port/" => 'the connection could not be made', 'http://no-such-host.invalid/' => 'the host name could not be resolved',
        $hangs->url('/hangs') => 'no answer in time', $hangs->url('/') => 'the answer is not HTTP');
    my %e = map { $_ => api(POST => 'webhook_endpoints', $t->admin, { url => $_, enabled_events => ['model.created'] })->{json} } keys %want;
    model($t);
    delivered();
    is((map { $_->{error} } map { @{ $_->{attempts} } } @{ deliveries($e{$_}) })[0], $want{$_}, "$want{$_}") for sort keys %want;
    my @told = map { $t->req(GET => "/v1/webhook_endpoints/$_->{id}/deliveries", token => $t->admin)->{raw} } values %e;
    is_list([ grep { /127\.0\.0|\b$port\b|localhost|invalid/ } @told ], '', 'no address, port or name is told');
    # what an earlier release wrote down
    $t->sql("UPDATE delivery_attempts SET error = 'Failed to connect to db.internal port 3306 after 0 ms'");
    is_list([ grep { /internal|3306/ } map { $t->req(GET => "/v1/webhook_endpoints/$_->{id}/deliveries", token => $t->admin)->{raw} } values %e ], '', 'nor what was written down before');
    api(DELETE => "webhook_endpoints/$_->{id}", $t->admin) for values %e;
};

subtest 'the same bytes' => sub {
    my @e = (made($t->admin, 'fails', 'workspace.*'), map { made($t->admin, "well$_", 'workspace.*') } 1 .. 2);
    workspace($t, metadata => { b => '1', a => "\x{fc}" });
    delivered();
    my @sent = sub { grep { $_->{path} =~ /fails|well\d/ } $r->requests }->();
    is(scalar @sent, 4, 'sent to three, to one of them twice');
    my ($d) = @{ deliveries($e[0]) };
    is($d->{attempt_count}, 2, 'which failed once');
    api(DELETE => "webhook_endpoints/$e[2]{id}", $t->admin);
    is(api(POST => "webhook_endpoints/$e[0]{id}/deliveries/$d->{id}/redeliver", $t->admin)->{status}, 202, 'and once more, with an endpoint less');
    delivered();
    my @all = grep { $_->{path} =~ /fails|well\d/ } $r->requests;
    is(scalar @all, 5, 'sent');
    is(scalar(keys %{ { map { $_->{body} => 1 } @all } }), 1, 'one body');
    is($all[0]{event}{pending_webhooks}, 3, 'which counts whom it was for');
    is(api(GET => "events/$d->{event_id}", $t->admin)->{json}{pending_webhooks}, 0, 'where the event itself counts what is still to be made');

    # and the bytes of a known event, which no release may change under this version
    $t->sql("INSERT INTO outbox (organization_id, id, at, type, resource_type, resource_id, revision, request_id, payload, livemode, idempotency_key)
        SELECT organization_id, UNHEX('019000000000010203040506'), '2026-01-02 03:04:05.678', 'workspace.updated', 'workspace', UNHEX('0190000000000a0b0c0d0e0f'), 2, 'req',
        '{\"object\":{\"id\":\"wks_x\",\"object\":\"workspace\",\"status\":\"ready\",\"name\":\"a/b\"},\"previous_attributes\":{\"name\":\"c\"},\"details\":{\"x\":1}}', 1, 'key' FROM organizations WHERE name = 'Main'");
    delivered();
    my ($known) = grep { $_->{headers}{'webhook-id'} eq in_base62('evt_', '019000000000010203040506') } $r->requests;
    my $n = $t->sql("SELECT sequence FROM outbox WHERE id = UNHEX('019000000000010203040506')");
    is($known->{body}, '{"id":"' . in_base62('evt_', '019000000000010203040506') . '","object":"event","type":"workspace.updated","api_version":"2026-06-10","created":1767323045,'
        . '"data":{"object":{"id":"wks_x","object":"workspace","status":"ready","name":"a/b"},"previous_attributes":{"name":"c"}},"sequence":' . $n
        . ',"livemode":true,"pending_webhooks":2,"request":{"id":"req","idempotency_key":"key"},"authorized_by":null}', 'an event as it is written');
    api(DELETE => "webhook_endpoints/$_->{id}", $t->admin) for @e[ 0, 1 ];
    $t->sql("DELETE FROM outbox WHERE id = UNHEX('019000000000010203040506')");
};

subtest 'the order of revisions' => sub {
    # Events of one object whose clocks disagree by more than a batch: those of others stand between.
    my $e = made($t->admin, 'order', 'model.*');
    my $m = model($t);
    act($t, $m->{id}, $_) for ('archive', 'unarchive') x 2;
    my $id = "UNHEX('" . hex_of($m->{id}) . "')";
    $t->sql("UPDATE outbox SET at = at - INTERVAL revision MINUTE WHERE resource_id = $id");
    $t->sql("INSERT INTO outbox (organization_id, id, at, type, resource_type, resource_id, revision, request_id, payload)
        SELECT o.organization_id, UNHEX(LPAD(HEX(seq), 24, '0')), UTC_TIMESTAMP(6) - INTERVAL 150 SECOND, 'project.updated', 'project', UNHEX(LPAD(HEX(seq), 24, '0')), 1, '', '{}'
        FROM (SELECT organization_id FROM outbox WHERE resource_id = $id LIMIT 1) o, seq_1_to_2600");
    delivered();
    is(join(' ', map { $_->[0] } $t->sql("SELECT revision FROM outbox WHERE resource_id = $id ORDER BY sequence")), '1 2 3 4 5', 'numbers follow revisions');
    is(scalar($t->sql('SELECT COUNT(*) FROM outbox WHERE sequence IS NULL')), 0, 'every event has one');
    my @sequences = map { $_->{event}{sequence} } grep { $_->{path} eq '/order' } $r->requests;
    is_list(\@sequences, join(' ', sort { $a <=> $b } @sequences), 'they are sent in that order');
    my @shown = map { my $d = $_->{event_id}; (grep { $_->{event}{id} eq $d } $r->requests)[0]{event}{sequence} } @{ deliveries($e) };
    is_list(\@shown, join(' ', sort { $a <=> $b } @sequences), 'and their deliveries are listed in it');
    my $two = api(GET => "webhook_endpoints/$e->{id}/deliveries?sort=created&limit=2", $t->admin)->{json};
    my $rest = api(GET => "webhook_endpoints/$e->{id}/deliveries?sort=created&limit=100&starting_after=$two->{next_cursor}", $t->admin)->{json};
    is_list([ map { $_->{id} } @{ $two->{data} }, @{ $rest->{data} } ], join(' ', map { $_->{id} } @{ deliveries($e) }), 'page by page too');
    is(api(GET => "webhook_endpoints/$e->{id}/deliveries?starting_after=" . in_base62('del_', '0190aaaaaaaaaaaaaaaaaaaa'), $t->admin)->{status}, 400, 'behind none that there is not');
    api(DELETE => "webhook_endpoints/$e->{id}", $t->admin);
    $t->sql("DELETE FROM outbox WHERE type = 'project.updated'");
};

subtest 'no id is zero' => sub {
    my $zero = sub { my $prefix = shift; $prefix . ($prefix =~ /_$/ ? '0' x 17 : '0' x 24) };
    for my $case ([ wks_ => 'workspaces' ], [ wks_ => 'workspaces?sort=name' ], [ wks_ => 'workspaces?sort=-updated' ], [ ent_ => 'entities' ], [ evt_ => 'events' ], [ tok_ => 'tokens' ],
        [ we_ => 'webhook_endpoints' ], [ auth_ => 'authorizations' ]) {
        my ($prefix, $path) = @$case;
        my $with = $path =~ /\?/ ? '&' : '?';
        is(api(GET => "$path$with$_=" . $zero->($prefix), $t->admin)->{status}, 400, "$path behind $_ of zero") for qw(starting_after ending_before);
    }
    is(api(GET => 'entities?workspace_id=' . $zero->('wks_'), $t->admin)->{status}, 400, 'a filter');
    is(api(GET => "$_->[1]/" . $zero->($_->[0]), $t->admin)->{status}, 404, "$_->[1]: none") for [ wks_ => 'workspaces' ], [ ent_ => 'entities' ], [ evt_ => 'events' ], [ we_ => 'webhook_endpoints' ], [ tok_ => 'tokens' ];
    is($t->req(GET => '/api/v1/models/' . $zero->('mdl-'), token => $t->admin)->{status}, 404, 'a model: none');
};

subtest 'a worker that has run nothing yet numbers what is waiting once' => sub {
    my $new = Thaw->new(workers => 1);
    workspace($new) for 1 .. 120;
    my ($pid) = $new->worker_pids;
    $new->{worker}->kill('HUP');
    ok(within(10, sub { my @now = $new->worker_pids; @now == 1 && $now[0] != $pid }), 'given such a worker');
    my $r = post_v1($new, 'webhook_endpoints', body => { url => 'https://hooks.example/', enabled_events => ['*'] });
    my ($line) = grep { ($_->{route} // '') eq '/v1/webhook_endpoints' } log_lines($new, 'access');
    is($r->{status}, 200, 'then an endpoint is made');
    cmp_ok($line->{statements}, '<', 70, "by $line->{statements} statements, not by those of a try for each that is new to it");
    $new->finish;
};

$t->finish;
