#!/usr/bin/perl
# What every request of the workspaces dialect has: idempotency keys that hold over
# killed workers, errors in the words of document 001, versions, rates.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;

my $t = Thaw->new(workers => 8, limits => 1, proxy => 1, clock => 1);
my ($admin, $other) = ($t->admin, $t->other);
my $live;                                                # a subtest's own key, since a key may ask 100 times a second
my $none = 'wks_0000000000000000A';                      # an id that no workspace has
my $no_token = 'No bearer token was supplied. Pass `Authorization: Bearer sk_live_...` on every request.';
my $too_fast = 'Request rate exceeded for this key. Retry after `retry_after` seconds or honor the `Retry-After` header.';

sub ask { my ($method, $path, %o) = @_; $t->req($method => "/v1/$path", token => $live, %o) }
sub unarchive { my ($id, %o) = @_; ask(POST => "workspaces/$id/unarchive", %o) }
sub key { [ 'Idempotency-Key' => $_[0] ] }
sub create { my ($key, $name, %o) = @_; ask(POST => 'workspaces', headers => key($key), body => { name => $name }, %o) }
sub replayed { ($_[0]{headers}{'idempotent-replayed'} // '') eq 'true' }
sub tally { my %n; $n{ $_->{status} }++ for @_; join ' ', map { "$_:$n{$_}" } sort keys %n }
# How many different answers there are among them.
sub answers {
    my %n;
    $n{ join "\n", $_->{body}, map { $_ // '' } @{ $_->{headers} }{qw(x-request-id matter-request-id etag location)} }++ for @_;
    return scalar keys %n;
}
sub named { scalar $t->sql("SELECT COUNT(*) FROM workspaces WHERE name = '$_[0]'") }
sub archived { my $id = workspace($t)->{id}; post_v1($t, "workspaces/$id/archive"); $id }
sub traces { my ($id, $action) = @_; audits($t, $id, $action) . ' audited, ' . told($t, $id, $action) . ' told' }
sub limited { my ($r, $name) = @_; like(join(' ', map { $r->{headers}{"x-ratelimit-$_"} // 'none' } qw(limit remaining reset)), qr/^\d+ \d+ \d{10}$/, "$name: X-RateLimit-*") }
sub with_key { my ($name, $code, %o) = @_; subtest $name => sub { $live = $t->key(%o); $code->() } }

with_key 'the five errors of the document' => sub {
    my ($tok, $id) = $t->key_and_id(kind => 'token', tier => 1, agent => 'agt_Nq3KcAbc');
    my @curl = (headers => [ 'Matter-Version' => '2026-06-10', 'Idempotency-Key' => 'ee7c3a9b-3f1a-4d8e-9b2a-7c5e1f0a2d4b' ]);
    my $w = archived();
    my $e = entity($t, workspace($t)->{id}, status => 'dissolved')->{id};
    refusal_is($t->req(POST => '/v1/workspaces/id_placeholder/unarchive', @$_), 401, 'authentication_required', $no_token, 'authentication_required, with ' . @$_ . ' options') for [], \@curl;
    my $by = { human_principal_id => ask(GET => 'events?limit=1')->{json}{data}[0]{authorized_by}{human_principal_id}, agent_id => 'agt_Nq3KcAbc' };
    like($by->{human_principal_id}, qr/^usr_\w+$/, 'the human the agent acts for');
    refusal_is(unarchive($w, token => $tok), 403, 'scope_denied', "Token $id has no grant on workspace $w.", 'scope_denied, with authorized_by', authorized_by => $by);
    refusal_is(ask(POST => "entities/$e/dissolve", token => $tok), 403, 'scope_denied', "Token $id has no grant on entity $e.", 'of an entity', authorized_by => $by);
    refusal_is(unarchive($_, @curl), 404, 'not_found', "No workspace with id `$_` is visible to this token.", 'not_found') for 'id_placeholder';
    refusal_is(ask(GET => 'entities/ent_Nq3KcAbc'), 404, 'not_found', 'No entity with id `ent_Nq3KcAbc` is visible to this token.', 'of an entity');
    refusal_is(ask(POST => "entities/$e/dissolve"), 409, 'invalid_state_transition', "Entity $e is in state `dissolved` and cannot be dissolved again.", 'invalid_state_transition');
    my $acts = $t->key(kind => 'token', tier => 3, agent => 'agt_Nq3KcAbc');
    refusal_is(ask(POST => "entities/$e/cancel", token => $acts), 409, 'invalid_state_transition', "Entity $e is in state `dissolved` and cannot be cancelled.", 'with authorized_by', authorized_by => $by);
    my $one = $t->key(rate => 1);
    ask(GET => 'limits', token => $one);
    refusal_is(unarchive($w, token => $one), 429, 'rate_limit_exceeded', $too_fast, 'rate_limit_exceeded', retry_after => qr/^[1-9]\d?$/);
};

with_key 'authentication_required, in words of its own' => sub {
    my ($revoked, $id) = $t->key_and_id;
    my ($expired, $old) = $t->key_and_id(ttl => 60);
    $t->user('gone');
    my $gone = $t->key(user => 'gone');
    is(ask(GET => 'workspaces', token => $_)->{status}, 200, 'given a key that works') for $revoked, $expired, $gone;
    $t->must('api-key', 'revoke', '--org', 'Main', $id);
    alter_key($t, $old, 'expires_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND');
    $t->must('user', 'disable', 'gone');
    my %token = ('an unknown key' => 'sk_live_4eC39HqLyjWDarjtT1zdp7dc', 'an unknown token' => 'tok_8FbWcEoP9', 'a revoked key' => $revoked, 'an expired key' => $expired,
        "a disabled user's key" => $gone, 'nonsense' => 'x', 'no JWT' => 'a.b.c', 'one digit more' => "${live}0");
    my %said;
    for my $what (sort keys %token) {
        my $r = unarchive($none, token => $token{$what});
        refusal_is($r, 401, 'authentication_required', qr/^(?!No bearer token)./, $what);
        is($r->{headers}{'www-authenticate'}, 'Bearer realm="thaw", error="invalid_token"', 'with a challenge that says so');
        unlike($r->{body}, qr/\Q$token{$what}\E/, 'and does not repeat it') if length $token{$what} > 5;
        limited($r, $what);
        $said{$what} = $r->{json}{detail};
    }
    isnt($said{'a revoked key'}, $said{'an unknown key'}, 'revoked is another thing than unknown');
    my $r = $t->req(GET => '/v1/workspaces');
    is($r->{headers}{'www-authenticate'}, 'Bearer realm="thaw"', 'without a token the challenge names no error');
    limited($r, 'no token');
    limited(ask(GET => $_), $_) for 'workspaces', "workspaces/$none", 'nothing', 'workspaces?limit=0';
    refusal_is($t->req(GET => '/v1/workspaces', headers => [ Authorization => 'Basic eDp5' ]), 401, 'authentication_required', qr/^(?!No bearer)./, 'another scheme');
};

with_key 'malformed requests' => sub {
    my $post = sub { my ($body, %o) = @_; ask(POST => 'workspaces', body => $body, %o) };
    refusal_is($post->($_), 400, 'invalid_request', qr/^`body` at byte \d+: /, substr($_, 0, 20), errors => ['body'])
        for '{', '{"name":"x",}', '{"name":"x"} x', '{"name":"x","name":"y"}', "{\"name\":\"\xff\"}", '{"name":NaN}', '[' x 40;
    refusal_is($post->('[]'), 422, 'validation_failed', '`body` must be a JSON object.', 'an array', errors => ['body']);
    refusal_is($post->(undef), 422, 'validation_failed', qr/^`body` /, 'nothing', errors => ['body']);
    refusal_is($post->({}), 422, 'validation_failed', qr/^`name` /, 'no name', errors => ['name']);
    refusal_is($post->({ name => '', metadata => { a => 1, b => 'x' } }), 422, 'validation_failed', qr/^`name` must not be empty\.$/, 'all faults are told', errors => [ 'name', 'metadata[a]' ]);
    refusal_is($post->({ name => $_ }), 422, 'validation_failed', qr/^`name` must/, 'a name that is none', errors => ['name']) for 'x' x 256, 5, ' x', [];
    refusal_is($post->({ name => 'x', metadata => { map { ("k$_" => 'v') } 1 .. 51 } }), 422, 'validation_failed', qr/^`metadata` /, '51 keys', errors => ['metadata']);
    is($post->({ name => 'x' x 255, metadata => { map { ("k$_" => 'v') } 1 .. 50 } })->{status}, 201, 'as much as there may be');
    refusal_is($post->('{"name":"x"}', type => $_), 415, 'unsupported_media_type', qr/application\/json/, $_) for 'text/plain', 'application/json; charset=latin1';
    refusal_is($post->('{"name":"x"}', headers => [ 'Content-Encoding' => 'gzip' ]), 415, 'unsupported_media_type', qr/./, 'Content-Encoding');
    my $r = ask(PUT => 'workspaces', body => {});
    refusal_is($r, 405, 'method_not_allowed', qr/Allow/, 'no such method');
    is($r->{headers}{allow}, 'POST, GET, HEAD, OPTIONS', 'with Allow');
    refusal_is(ask(GET => $_), 404, 'not_found', 'No such endpoint', $_) for 'nothing', 'workspaces/x/y/z';
    $r = ask(HEAD => "workspaces/$none");
    is("$r->{status} $r->{body}", '404 ', 'HEAD is GET without a body');
};

with_key "nginx's own errors" => sub {
    refusal_is(ask(POST => 'workspaces', body => 'x' x 1_100_000), 413, 'request_too_large', qr/too large/, 'a body beyond all limits');
    refusal_is(ask(GET => 'workspaces/' . 'x' x 9000), 414, 'invalid_request', qr/too long/, 'an address beyond all limits');
    refusal_is(ask(TRACE => 'workspaces'), 405, 'method_not_allowed', qr/./, 'TRACE');
};

with_key '401, then 429, headers and body, 404, 403, 409' => sub {
    my $body = '{';
    my @bad = ('Idempotency-Key' => 'x' x 256, 'Matter-Version' => 'x');
    refusal_is($t->req(POST => '/v1/workspaces', headers => \@bad, body => $body), 401, 'authentication_required', $no_token, '401 before all that is wrong with headers and body');
    refusal_is($t->req(POST => "/v1/workspaces/$none/unarchive", headers => [ $_ => 'a', $_ => 'b' ]), 401, 'authentication_required', $no_token, "before two $_ headers")
        for 'Idempotency-Key', 'Matter-Version';
    my $one = $t->key(rate => 1);
    ask(GET => 'limits', token => $one);
    refusal_is(ask(POST => 'workspaces', token => $one, headers => \@bad, body => $body), 429, 'rate_limit_exceeded', $too_fast, '429 before them', retry_after => qr/^\d+$/);
    refusal_is(ask(GET => 'workspaces', token => "${one}x"), 401, 'authentication_required', qr/not valid/, '401 before 429');
    my ($tok, $tok_id) = $t->key_and_id(kind => 'token', tier => 1);
    my $by = ask(POST => 'workspaces', token => $tok, body => { name => 'x' })->{json}{authorized_by};
    my @by = (authorized_by => $by);
    is($by->{agent_id}, undef, 'a token without an agent');
    refusal_is(unarchive($none, token => $tok, headers => key('x' x 256)), 400, 'invalid_request', qr/^`Idempotency-Key` must have 1 to 255/, 'headers before 404', @by, errors => ['Idempotency-Key']);
    refusal_is(ask(PATCH => "workspaces/$none", token => $tok, body => { name => '' }), 422, 'validation_failed', qr/^`name`/, 'the body before 404', @by, errors => ['name']);
    refusal_is(unarchive($none, token => $tok), 404, 'not_found', "No workspace with id `$none` is visible to this token.", '404 before 403', @by);
    my $e = entity($t, workspace($t)->{id})->{id};
    refusal_is(ask(POST => "entities/$e/dissolve", token => $tok), 403, 'scope_denied', "Token $tok_id has no grant on entity $e.", '403 before 409', @by);
    refusal_is(ask(PATCH => "entities/$e", token => $tok, body => { name => 'x' }, headers => [ 'If-Match' => '"9"' ]), 403, 'scope_denied', "Token $tok_id has no grant on entity $e.", '403 before 412', @by);
};

with_key 'Matter-Version' => sub {
    my $version = sub { my ($r, $want, $name) = @_; is($r->{headers}{'matter-version'}, $want, $name) };
    my ($pinned, $w) = ($t->key(api_version => '2026-05-01'), workspace($t)->{id});
    my $with = sub { (headers => [ 'Matter-Version' => $_[0] ]) };
    $version->(ask(GET => "workspaces/$w"), '2026-06-10', 'without the header: the newest');
    $version->(ask(GET => "workspaces/$w", $with->($_)), $_, "the header: $_") for '2026-05-01', '2026-06-10';
    $version->(ask(GET => "workspaces/$w", token => $pinned), '2026-05-01', 'a key with a pinned version: that one');
    $version->(ask(GET => "workspaces/$w", token => $pinned, $with->('2026-06-10')), '2026-06-10', 'the header overrides it');
    $version->(ask(GET => "workspaces/$none", $with->('2026-05-01')), '2026-05-01', 'errors say it too');
    $version->($t->req(GET => '/v1/workspaces'), '2026-06-10', '401 too');
    is(ask(GET => 'events?limit=1', $with->('2026-05-01'))->{json}{data}[0]{api_version}, '2026-05-01', 'events are told in it');
    for my $bad ('2026-01-01', '2026-6-10', 'v1', '2026-06-10T00:00:00Z', '2026-06-10,2026-05-01') {
        refusal_is(ask(POST => "workspaces/$w/archive", $with->($bad)), 400, 'validation_header_invalid', qr/^`Matter-Version` /, $bad, errors => ['Matter-Version']);
    }
    refusal_is(ask(GET => "workspaces/$w", headers => [ map { ('Matter-Version' => $_) } '2026-06-10', '2026-05-01' ]), 400, 'validation_header_invalid', qr/^`Matter-Version` /, 'two of them', errors => ['Matter-Version']);
    is(ask(GET => "workspaces/$w")->{json}{status}, 'ready', 'none of them did anything');
};

with_key 'a repetition under one Idempotency-Key' => sub {
    my $first = create('r1', 'repeated');
    is($first->{status}, 201, 'given a workspace made under a key');
    ok(!replayed($first), 'for the first time');
    my $r;
    unchanged($t, 'the same again', sub { $r = create('r1', 'repeated') });
    is("$r->{status} $r->{body}", "201 $first->{body}", 'has the same status and the same bytes');
    ok(replayed($r), 'and says that it is a repetition');
    is($r->{headers}{$_}, $first->{headers}{$_}, "the same $_") for qw(x-request-id matter-request-id etag location content-type);
    limited($r, 'the repetition');
    unchanged($t, 'another request', sub {
        for my $try ([ POST => 'workspaces', { name => 'another' }, 'another body' ], [ POST => 'entities', { name => 'repeated' , map { ($_ => 'x') } qw(workspace_id jurisdiction type) }, 'another path' ],
            [ POST => "workspaces/$first->{json}{id}/archive", undef, 'no body' ], [ PATCH => "workspaces/$first->{json}{id}", { name => 'repeated' }, 'another method' ]) {
            refusal_is(ask($try->[0], $try->[1], headers => key('r1'), body => $try->[2]), 409, 'idempotency_key_reused_with_different_body', qr/^This Idempotency-Key was used for another request/, $try->[3]);
        }
    });
    my $second = $t->key;
    my $theirs = create('r1', 'repeated', token => $second);
    ok($theirs->{status} == 201 && $theirs->{json}{id} ne $first->{json}{id} && !replayed($theirs), 'another key of the same human has its own');
    is(create('r1', 'repeated', token => $other)->{status}, 201, 'and so has another organization');
    my $id = archived();
    my $done = unarchive($id, headers => key('r2'));
    post_v1($t, "workspaces/$id/archive");
    $r = unarchive($id, headers => key('r2'));
    is($r->{body}, $done->{body}, 'the first answer, although the workspace was archived since');
    is(ask(GET => "workspaces/$id")->{json}{status}, 'archived', 'and it stays so');
    is(unarchive($id)->{json}{status}, 'ready', 'without a key it is done: none is needed');
};

with_key 'what is kept' => sub {
    my $e = entity($t, workspace($t)->{id})->{id};
    my $no = ask(POST => "entities/$e/dissolve", headers => key('k1'));
    is($no->{status}, 409, 'given a refusal of the state');
    ask(POST => "entities/$e/$_") for qw(submit register);
    my $r = ask(POST => "entities/$e/dissolve", headers => key('k1'));
    ok($r->{body} eq $no->{body} && replayed($r), 'it is kept, though the state is another now');
    is(ask(POST => "entities/$e/dissolve", headers => key('k2'))->{status}, 200, 'a new key is a new request');
    is(create('k3', '')->{status}, 422, 'a malformed request');
    is(create('k3', 'kept')->{status}, 201, 'leaves its key free');
    my ($agent, $tok) = $t->key_and_id(kind => 'token', tier => 1, agent => 'agt_x');
    is(create('k4', 'kept', token => $agent)->{status}, 403, 'so does 403');
    alter_key($t, $tok, 'tier = 3');
    $r = create('k4', 'kept', token => $agent);
    ok($r->{status} == 201 && !replayed($r), 'with the right tier it is done');
    my @asked = map { ask(POST => "workspaces/$r->{json}{id}/archive", token => $agent, headers => key('k5')) } 1 .. 2;
    is("$asked[1]{status} $asked[1]{body}", "202 $asked[0]{body}", '202 is kept');
    alter_key($t, $tok, 'tier = 1');
    is(create('k4', 'kept', token => $agent)->{status}, 403, 'a token that could not ask gets no kept answer');
    $t->must('api-key', 'revoke', '--org', 'Main', $tok);
    is(create('k4', 'kept', token => $agent)->{status}, 401, 'nor does a revoked one');
    my $once = $t->key(rate => 2);
    ask(GET => 'limits', token => $once) for 1 .. 2;
    is(create('k6', 'limited', token => $once)->{status}, 429, 'a limited request');
    is(named('limited'), 0, 'does nothing');
    is(scalar($t->sql("SELECT COUNT(*) FROM attempts WHERE idempotency_key = 'k6'")), 0, 'and is not kept');
};

with_key 'what is no key' => sub {
    refusal_is(create($_, 'no key'), 400, 'invalid_request', qr/^`Idempotency-Key` must have 1 to 255/, length($_) . ' characters', errors => ['Idempotency-Key']) for 'x' x 256, '""', 'a b', "\x80";
    refusal_is(ask(POST => 'workspaces', headers => [ map { ('Idempotency-Key' => $_) } qw(a b) ], body => { name => 'no key' }), 400, 'invalid_request', qr/^`Idempotency-Key` /, 'two of them', errors => ['Idempotency-Key']);
    refusal_is(create('x' x 256, 'no key', token => undef), 401, 'authentication_required', $no_token, 'after 401');
    is(named('no key'), 0, 'nothing was made');
    is(create('y' x 255, 'a key')->{status}, 201, 'one of 255 characters is');
};

with_key 'eight at the same time' => sub {
    for my $round (1 .. 5) {
        my @r = concurrently(8, sub { create("together-$round", "together $round") });
        is(tally(@r), '201:8', "round $round: all are created");
        is(answers(@r), 1, 'one answer to the byte, the request id included');
        is(scalar(grep { replayed($_) } @r), 7, 'seven of them repetitions');
        is(named("together $round") . ', ' . traces($r[0]{json}{id}, 'workspace.created'), '1, 1 audited, 1 told', 'one workspace');
    }
    my @r = concurrently(8, sub { create('apart', "apart $_[0]") });
    is(tally(@r), '201:1 409:7', 'with eight bodies one is made');
    my $id = archived();
    @r = concurrently(8, sub { unarchive($id, headers => key('un')) });
    is(tally(@r) . ', ' . traces($id, 'workspace.unarchived'), '200:8, 1 audited, 1 told', 'eight unarchives under one key');
    is(answers(@r), 1, 'and one answer');
};

for my $case ([ before => 'cut off before the COMMIT' ], [ after => 'cut off after the OK of the COMMIT' ], [ late => 'cut off while the COMMIT is under way' ]) {
    with_key $case->[1] => sub {
        my $id = archived();
        $t->cut($case->[0]);
        my $r = unarchive($id, headers => key("cut-$case->[0]"));
        is($t->uncut, 0, 'the connection was cut');
        is("$r->{status} $r->{json}{status}", '200 ready', 'restored all the same') or diag $r->{raw};
        is(unarchive($id, headers => key("cut-$case->[0]"))->{body}, $r->{body}, 'the repetition is the same');
        is(traces($id, 'workspace.unarchived'), '1 audited, 1 told', 'once');
    };
}

with_key 'a worker killed once its COMMIT was sent, before the answer' => sub {
    my $id = archived();
    # The proxy has the COMMIT and forwards it when the worker is dead.
    $t->cut('held');
    my $reply = in_background(sub { unarchive($id, headers => key('killed')) });
    within(10, sub { !(() = glob "$t->{dir}/cut.*") }, 'the cut');
    kill KILL => $t->worker_pids;
    my $r = $reply->();
    refusal_is($r, 503, 'upstream_unavailable', qr/read the object before you repeat/, 'the client is told that the outcome is open', retry_after => 1);
    is(audits($t, $id, 'workspace.unarchived'), 0, 'the COMMIT is still on its way');
    $t->release;
    within(5, sub { audits($t, $id, 'workspace.unarchived') == 1 }, 'the COMMIT');
    within(10, sub { $t->req(GET => '/readyz')->{status} == 200 }, 'new workers');
    $r = unarchive($id, headers => key('killed'));
    is("$r->{status} $r->{json}{status}", '200 ready', 'asked again with the key: the first answer');
    ok(replayed($r), 'which had been kept with the change');
    is(traces($id, 'workspace.unarchived'), '1 audited, 1 told', 'it was done once');
};

with_key 'a worker killed before its COMMIT' => sub {
    my $id = archived();
    my $commit = hold($t, "SELECT 1 FROM workspaces WHERE id = UNHEX('" . hex_of($id) . "') FOR UPDATE");
    my $reply = in_background(sub { unarchive($id, headers => key('killed')) });
    blocked($t, 1);
    kill KILL => $t->worker_pids;
    is($reply->()->{status}, 503, 'the client is told');
    $commit->();
    within(10, sub { $t->req(GET => '/readyz')->{status} == 200 }, 'new workers');
    is(ask(GET => "workspaces/$id")->{json}{status}, 'archived', 'nothing happened');
    my $r = unarchive($id, headers => key('killed'));
    ok($r->{status} == 200 && !replayed($r), 'asked again it is done');
    is(traces($id, 'workspace.unarchived'), '1 audited, 1 told', 'once');
};

with_key 'rates' => sub {
    $t->next_minute(\&rates);
};
sub rates {
    my ($test, $five, $next) = ($t->key(test => 1), $t->key(rate => 5), $t->key(rate => 5));
    my $limit = sub { my $r = ask(GET => 'limits', token => $_[0]); my %l = map { $_->{name} => $_->{limit} } @{ $r->{json}{limits} };
        "$r->{headers}{'x-ratelimit-limit'} $r->{headers}{'x-ratelimit-remaining'} $l{requests_per_minute} $l{requests_per_second}" };
    is($limit->($live), '1000 999 1000 100', 'sk_live_: 1000 a minute, 100 a second');
    is($limit->($test), '250 249 250 25', 'sk_test_: 250 a minute, 25 a second');
    is($limit->($test), '250 248 250 25', 'X-RateLimit-Remaining counts down');
    my @r = map { ask(GET => 'workspaces', token => $five) } 1 .. 6;
    is(tally(@r), '200:5 429:1', 'the sixth of five a minute');
    is(join(' ', map { $_->{headers}{'x-ratelimit-remaining'} } @r), '4 3 2 1 0 0', 'as announced');
    refusal_is($r[5], 429, 'rate_limit_exceeded', $too_fast, 'is refused', retry_after => qr/^[1-9]\d?$/);
    cmp_ok(abs($r[5]{headers}{'x-ratelimit-reset'} - time - $r[5]{json}{retry_after}), '<=', 10, 'X-RateLimit-Reset is the same moment in Unix time');
    refusal_is(ask(POST => 'workspaces', token => $five, body => { name => 'refused' }), 429, 'rate_limit_exceeded', $too_fast, 'a write too', retry_after => qr/^\d+$/);
    is(named('refused'), 0, 'which does nothing');
    is(ask(GET => 'workspaces', token => $next)->{status}, 200, 'another key of the same human has its own count');

    $test = $t->key(test => 1);
    @r = map { @$_ } concurrently(8, sub { [ map { ask(GET => 'limits', token => $test) } 1 .. 15 ] });
    is(tally(@r), '200:25 429:95', '120 in one second with a test key: 25 are served');
    refusal_is((grep { $_->{status} == 429 } @r)[0], 429, 'rate_limit_exceeded', $too_fast, 'the others are refused', retry_after => 1);
    is(ask(GET => 'limits')->{status}, 200, 'a live key is not affected');
}

with_key 'the pages that errors point to' => sub {
    $t->{worker}->stop;
    spew("$t->{dir}/thaw.conf", slurp("$t->{dir}/thaw.conf") . "docs_url = $t->{url}/docs\n");
    $t->start_workers;
    my $one = $t->key(rate => 1);
    ask(GET => 'limits', token => $one);
    my $e = entity($t, workspace($t)->{id}, status => 'cancelled')->{id};
    my $pk = $t->key(kind => 'publishable');
    create('page', 'page');
    for my $r (ask(GET => 'workspaces', token => undef), ask(POST => 'workspaces', token => $pk, body => { name => 'x' }), ask(GET => "workspaces/$none"), ask(POST => "entities/$e/cancel"), ask(GET => 'limits', token => $one),
        ask(PUT => 'workspaces'), ask(POST => 'workspaces', body => '{'), ask(POST => 'workspaces', body => {}), create('page', 'another'), ask(GET => 'limits', headers => [ 'Matter-Version' => 'x' ])) {
        my $p = $r->{json};
        refusal_is($r, $r->{status}, $p->{code}, qr/./, "$r->{status} $p->{code}", docs => "$t->{url}/docs", map { ($_ => $_ eq 'errors' ? [ map { $_->{field} } @{ $p->{errors} } ] : $p->{$_}) } grep { exists $p->{$_} } qw(retry_after errors));
        for my $url (@$p{qw(type doc_url)}) {
            my ($path, $anchor) = $url =~ m{^\Q$t->{url}\E(/docs/[^#]+)(?:#(\w+))?$};
            my $page = $t->req(GET => $path);
            is("$page->{status} $page->{headers}{'content-type'}", '200 text/html; charset=utf-8', $path);
            like($page->{body}, $anchor ? qr/ id="$anchor"/ : qr{<code>$p->{code}</code>}, 'explains it');
        }
    }
    is($t->req(GET => '/docs/errors/nothing')->{status}, 404, 'a code that there is not has no page');
};

$t->finish;
