#!/usr/bin/perl
# API keys and tokens: the command that makes them, the routes that do, what each may
# do in every dialect, that a secret is shown once and found nowhere afterwards, and
# that a repetition under an Idempotency-Key gets it again, by the same credential alone.
use strict;
use warnings;
use Digest::SHA 'sha256_hex';
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Foundry;
use List::Util 'uniq';
use Time::HiRes 'time';

my $t = Thaw->new(workers => 4);
my $token = $t->admin;
$t->$_ for qw(reader member other);
my $PROJECTS = '/api/v1/projects';
my $VERSION = '2026-06-10';
my %usr = map { $_ => usr($t, $_) } qw(admin member reader other);
my $n = 0;
sub api { my ($method, $path, $body, %o) = @_; $t->req($method => "/v1$path", token => $token, body => $body, %o) }
sub asked { return { tier => 2, principal => { human_id => $usr{admin} }, api_version => $VERSION, @_ } }
sub mint_ok { my $r = api(POST => '/tokens', asked(@_)); $r->{status} == 200 or die $r->{raw}; $r->{json} }
sub reads { $t->req(GET => '/v1/workspaces', token => $_[0])->{status} }
sub writes { $t->req(POST => '/v1/workspaces', token => $_[0], body => { name => 'w' . ++$n })->{status} }
sub idem { [ 'Idempotency-Key' => $_[0] ] }
sub replayed { ($_[0]{headers}{'idempotent-replayed'} // '') eq 'true' }
my %shape = (sk_live => qr/^sk_live_[0-9A-Za-z]{43}\z/, sk_test => qr/^sk_test_[0-9A-Za-z]{43}\z/, pk_live => qr/^pk_live_[0-9A-Za-z]{43}\z/,
    pk_test => qr/^pk_test_[0-9A-Za-z]{43}\z/, tok => qr/^tok_[0-9A-Za-z]{43}\z/);

subtest 'thaw api-key create' => sub {
    my $out = $t->thaw('api-key', 'create', '--user', 'admin');
    like($out->{out}, qr/\Ask_live_[0-9A-Za-z]{43}\n\z/, 'prints the secret alone');
    for my $case ([ sk_live => 'secret', 'live' ], [ sk_test => 'secret', 'test', '--test' ], [ pk_live => 'publishable', 'live', '--kind', 'publishable' ],
        [ pk_test => 'publishable', 'test', '--kind=publishable', '--test' ], [ tok => 'token', 'live', '--kind', 'token' ], [ tok => 'token', 'test', '--kind', 'token', '--test' ]) {
        my ($prefix, $kind, $mode, @options) = @$case;
        my $k = $t->thaw('--json', 'api-key', 'create', '--user', 'admin', @options)->{json};
        like($k->{key}, $shape{$prefix}, "@options: $prefix");
        keys_are($k, 'id kind key mode human agent tier scopes name', 'what is told');
        is("$k->{kind} $k->{mode} $k->{human}", "$kind $mode $usr{admin}", 'of its kind, mode and human');
        like($k->{id}, qr/^tok_[0-9A-Za-z]{17}\z/, 'an id of its own');
        is($k->{tier}, $kind eq 'token' ? 3 : undef, 'the tier');
        is(reads($k->{key}), 200, 'it reads');
        is(writes($k->{key}), $kind eq 'publishable' ? 403 : 201, 'and writes, or does not');
    }
    my $k = $t->thaw('--json', 'api-key', 'create', '--user', 'member', '--kind', 'token', '--tier', '1', '--scope', 'workspace:read model:read', '--agent', 'agt_Bot7',
        '--rate', '5', '--api-version', '2026-05-01', '--ttl', '60', '--name', 'a name')->{json};
    is(json([ @$k{qw(tier scopes agent name human)} ]), json([ 1, 'workspace:read model:read', 'agt_Bot7', 'a name', $usr{member} ]), 'every option');
    my ($row) = $t->sql('SELECT rate, api_version, TIMESTAMPDIFF(SECOND, created_at, expires_at), human_grant, LOWER(HEX(secret_hash)) FROM api_keys WHERE id = UNHEX(\'' . hex_of($k->{id}) . "')");
    is(join(' ', @$row), '5 2026-05-01 60 0 ' . sha256_hex($k->{key}), 'is kept, the secret as its SHA-256');
    is($t->req(GET => '/v1/workspaces', token => $k->{key})->{headers}{'matter-version'}, '2026-05-01', 'the version is pinned');
    my @made = map { $t->key(user => 'admin') } 1 .. 3;
    is(scalar(keys %{ { map { $_ => 1 } @made } }), 3, 'each is another');

    my $rows = $t->sql('SELECT COUNT(*) FROM api_keys');
    my @fails = ([ 2, qr/--user/ ], [ 1, qr/unknown user/, '--user', 'nobody' ], map { [ 2, $_->[0], '--user', 'admin', @$_[ 1 .. $#$_ ] ] }
        [ qr/--kind must be/, '--kind', 'Secret' ], [ qr/--kind must be/, '--kind', '' ], [ qr/--tier/, '--kind', 'token', '--tier', '0' ], [ qr/--tier/, '--kind', 'token', '--tier', '5' ],
        [ qr/--tier/, '--kind', 'token', '--tier', '1.5' ], [ qr/--tier, --agent/, '--tier', '2' ], [ qr/--tier, --agent/, '--agent', 'agt_x' ], [ qr/--tier, --agent/, '--human-grant' ],
        [ qr/--tier, --agent/, '--kind', 'publishable', '--tier', '1' ], [ qr/--rate cannot/, '--kind', 'publishable', '--rate', '5' ], (map { [ qr/--agent must be/, '--kind', 'token', '--agent', $_ ] } 'agt_', 'bot', 'AGT_x', 'agt_a b', 'agt_ä', 'agt_a-b', 'agt_' . 'x' x 61),
        [ qr/`2026-06-11` is not a supported/, '--api-version', '2026-06-11' ], [ qr/--ttl/, '--ttl', '59' ], [ qr/--ttl/, '--ttl', 'x' ], [ qr/--rate/, '--rate', '0' ],
        [ qr/--rate/, '--rate', '1000001' ], [ qr/unknown scope `all`/, '--scope', 'workspace:read all' ], [ qr/--name/, '--name', 'x' x 129 ], [ qr/unknown option/, '--secret', 'x' ]);
    for my $case (@fails) {
        my ($exit, $like, @options) = @$case;
        my $r = $t->thaw('api-key', 'create', @options);
        is($r->{exit}, $exit, "create @options: exit $exit") or diag $r->{err};
        like($r->{err}, $like, 'with a message');
        is($r->{out}, '', 'and no secret');
    }
    is(scalar $t->sql('SELECT COUNT(*) FROM api_keys'), $rows, 'none of them made a key');
};

subtest 'thaw api-key list, revoke' => sub {
    my ($secret, $id) = $t->key_and_id(user => 'member', name => 'listed');
    my $list = $t->thaw('--json', 'api-key', 'list', '--org', 'Main');
    my ($row) = grep { $_->{id} eq $id } @{ $list->{json} };
    is(json([ @$row{qw(kind mode human name status expires_at)} ]), json([ 'secret', 'live', $usr{member}, 'listed', 'active', undef ]), 'listed');
    is($row->{key}, 'sk_live_...' . substr($secret, -4), 'by the ends of its secret');
    unlike($list->{out} . $t->thaw('api-key', 'list', '--org', 'Main')->{out}, qr/_[0-9A-Za-z]{43}/, 'no secret is shown again');
    is(scalar(@{ $t->thaw('--json', 'api-key', 'list', '--org', 'Other')->{json} }), 0, 'another organization has its own');
    is(reads($secret), 200, 'given a key that is good');
    is($t->thaw('api-key', 'revoke', '--org', 'Other', $id)->{exit}, 1, 'another organization does not revoke it');
    is(reads($secret), 200, 'it is good still');
    for my $time (1, 2) {
        my $r = $t->thaw('--json', 'api-key', 'revoke', '--org', 'Main', $id);
        is("$r->{exit} $r->{json}{status}", '0 revoked', "revoked, time $time");
    }
    is(reads($secret), 401, 'refused from now on');
    is(audits($t, $id, 'token.revoked'), 1, 'one audit row');
    is($t->thaw('api-key', 'revoke', '--org', 'Main', $_)->{exit}, 1, "revoke $_") for in_base62('tok_', $NOWHERE), 'tok_1', $secret;
    is($t->thaw('api-key', 'revoke', '--org', 'Main')->{exit}, 2, 'revoke nothing');
};

subtest 'POST /v1/tokens' => sub {
    my $r = api(POST => '/tokens', asked(tier => 3, scopes => [qw(workspace:read workspace:write)], principal => { human_id => $usr{admin}, agent_id => 'agt_Bot' },
        limits => { requests_per_minute => 50 }, api_version => '2026-05-01', name => 'bot', expires_in => 3600, human_grant => JSON::PP::true, livemode => JSON::PP::false));
    is($r->{status}, 200, 'with every field') or diag $r->{raw};
    my %got = %{ $r->{json} };
    like(delete $got{secret}, $shape{tok}, 'the secret');
    like(delete $got{hint}, qr/^tok_\.\.\.[0-9A-Za-z]{4}$/, 'its ends');
    like(delete $got{id}, qr/^tok_[0-9A-Za-z]{17}$/, 'the id');
    cmp_ok(abs($got{created} - time), '<', 60, 'the time');
    is((delete $got{expires_at}) - delete $got{created}, 3600, 'and its end');
    is(json(\%got), json({ object => 'token', kind => 'token', name => 'bot', status => 'active', tier => 3, scopes => [qw(workspace:read workspace:write)],
        principal => { human_id => $usr{admin}, agent_id => 'agt_Bot' }, human_grant => JSON::PP::true, limits => { requests_per_minute => 50 },
        api_version => '2026-05-01', livemode => JSON::PP::false }), 'all as asked');
    is($r->{headers}{'cache-control'}, 'no-store', 'not to be kept');
    my $least = mint_ok();
    is(json([ @$least{qw(name scopes expires_at human_grant livemode)}, $least->{limits}{requests_per_minute}, $least->{principal}{agent_id} ]),
        json([ undef, undef, undef, JSON::PP::false, JSON::PP::true, undef, undef ]), 'with the fewest');
    is(reads($least->{secret}), 200, 'it is good');
    is($t->req(GET => "/v1/tokens/$least->{id}", token => $token)->{json}{hint}, 'tok_...' . substr($least->{secret}, -4), 'and is found by its id');

    unchanged($t, 'what is not right', sub {
        my %p = (human_id => $usr{admin});
        for my $case ([ 'no body', undef, 'body' ], [ 'nothing', {}, qw(tier principal api_version) ], [ 'no tier', { %{ asked() }, tier => undef }, 'tier' ],
            (map { [ "tier $_", asked(tier => $_), 'tier' ] } 0, 5, '2', 1.5), [ 'scopes that are none', asked(scopes => 'workspace:read'), 'scopes' ],
            [ 'an unknown scope', asked(scopes => [ 'workspace:read', 'workspace:all' ]), 'scopes[1]' ], [ 'a number among them', asked(scopes => [5]), 'scopes[0]' ],
            [ 'no human', asked(principal => {}), 'principal.human_id' ], [ 'principal is text', asked(principal => $usr{admin}), 'principal' ],
            [ 'a human of another spelling', asked(principal => { human_id => 'usr-65f0c0ffee5eed0123456789' }), 'principal.human_id' ],
            [ 'a human that there is not', asked(principal => { human_id => in_base62('usr_', $NOWHERE) }), 'principal.human_id' ],
            [ 'one of another organization', asked(principal => { human_id => $usr{other} }), 'principal.human_id' ],
            (map { [ "agent $_", asked(principal => { %p, agent_id => $_ }), 'principal.agent_id' ] } 'agt_', 'bot_x', 'agt_a b', 'agt_ä1', 'agt_' . 'x' x 61, 5),
            [ 'a portfolio', asked(portfolio_id => 'pf_1'), 'portfolio_id' ], [ 'no rate', asked(limits => { requests_per_minute => 0 }), 'limits.requests_per_minute' ],
            [ 'limits that are none', asked(limits => 5), 'limits' ], [ 'a version that there is not', asked(api_version => '2026-06-11'), 'api_version' ],
            [ 'no version', asked(api_version => undef), 'api_version' ], [ 'an empty name', asked(name => ''), 'name' ], [ 'a long name', asked(name => 'x' x 129), 'name' ],
            [ 'too short a life', asked(expires_in => 59), 'expires_in' ], [ 'too long a one', asked(expires_in => 315360001), 'expires_in' ],
            [ 'a grant that is no boolean', asked(human_grant => 1), 'human_grant' ], [ 'nor the mode', asked(livemode => 'test'), 'livemode' ]) {
            my ($name, $body, @fields) = @$case;
            refusal_is(api(POST => '/tokens', $body), 422, 'validation_failed', qr/^`\Q$fields[0]\E` ./, $name, errors => \@fields);
        }
    });
    $t->thaw('user', 'disable', 'reader');
    refusal_is(api(POST => '/tokens', asked(principal => { human_id => $usr{reader} })), 422, 'validation_failed', qr/^`principal\.human_id` is not an active user/, 'a disabled human', errors => ['principal.human_id']);
    $t->thaw('user', 'enable', 'reader');
};

$t->thaw('role', 'set', '--org', 'Main', 'minter', '--permissions', 'token:read token:write workspace:read workspace:write', '--rate', 100);
$t->user('mia', role => 'minter');
$usr{mia} = usr($t, 'mia');
my $mia = $t->token('mia');

subtest 'who may mint what' => sub {
    my $for = sub { my ($tok, %o) = @_; $t->req(POST => '/v1/tokens', token => $tok, body => asked(%o)) };
    my %own = (principal => { human_id => $usr{mia} });
    my $mode = sub { livemode => $_[0] ? JSON::PP::true : JSON::PP::false };
    is($for->($mia, %own)->{status}, 200, 'a user for herself');
    my %of_agent = (principal => { human_id => $usr{mia}, agent_id => 'agt_y' });
    is($for->($token, %of_agent)->{status}, 200, "an administrator for another human's agent");
    refusal_is($for->($token, %own), 422, 'validation_failed', qr/^`principal\.agent_id` is required/, 'but not for that human: nobody speaks as another', errors => ['principal.agent_id']);
    refusal_is($for->($t->token('admin', '--scope', 'token:write'), %of_agent), 403, 'scope_denied', qr/^Token tok_\w+ has no grant on token\.$/, 'nor with a narrowed token');
    my $short = $t->key(user => 'mia', ttl => 600, rate => 50);
    refusal_is($for->($short, %own), 422, 'validation_failed', qr/^`expires_in` must not outlive/, 'no longer life than one has', errors => ['expires_in']);
    refusal_is($for->($short, %own, expires_in => 300, limits => { requests_per_minute => 51 }), 422, 'validation_failed', qr/^`limits\.requests_per_minute` cannot exceed/, 'nor more rate', errors => ['limits.requests_per_minute']);
    is($for->($short, %own, expires_in => 300)->{json}{limits}{requests_per_minute}, 50, 'which is handed down');
    refusal_is($for->($mia), 403, 'scope_denied', qr/^Token tok_\w+ has no grant on token\.$/, 'a user for another: 403');
    refusal_is($for->($t->member, principal => { human_id => $usr{member} }), 403, 'scope_denied', qr/^Token tok_\w+ has no grant on token\.$/, 'who has no token:write: 403');
    my $agent = $t->key(user => 'mia', kind => 'token', tier => 4, agent => 'agt_x');
    my %by = (authorized_by => { human_principal_id => $usr{mia}, agent_id => 'agt_x' });
    refusal_is($for->($agent, %own, tier => 1), 403, 'scope_denied', qr/^Token tok_\w+ has no grant on token\.$/, 'an agent: 403', %by);
    my $granted = $t->key(user => 'mia', kind => 'token', tier => 4, agent => 'agt_x', human_grant => 1);
    is($for->($granted, %own, tier => 1)->{status}, 403, 'nor one with a grant');
    my $three = $t->key(user => 'mia', kind => 'token', tier => 3);
    is($for->($three, %own, tier => 3)->{status}, 200, 'a token of tier 3 makes one of tier 3');
    my %delegated = (authorized_by => { human_principal_id => $usr{mia}, agent_id => undef });
    refusal_is($for->($three, %own, tier => 4), 422, 'validation_failed', qr/^`tier` cannot exceed/, 'and none of tier 4', errors => ['tier'], %delegated);
    is($for->($t->key(user => 'mia', kind => 'token', tier => 2), %own, tier => 1)->{status}, 403, 'tier 2 makes none');
    is($for->($t->key(user => 'mia', kind => 'publishable'), %own, tier => 1)->{status}, 403, 'nor a publishable key');
    my $scoped = $t->key(user => 'mia', scope => 'token:write workspace:read');
    is($for->($scoped, %own, scopes => ['workspace:read'])->{status}, 200, 'scopes within those of the token that asks');
    refusal_is($for->($scoped, %own, scopes => ['workspace:write']), 422, 'validation_failed', qr/^`scopes` cannot exceed/, 'not beyond them', errors => ['scopes']);
    refusal_is($for->($scoped, %own), 422, 'validation_failed', qr/^`scopes` cannot exceed/, 'nor all there are', errors => ['scopes']);
    is($for->($scoped, %own, scopes => [])->{status}, 200, 'but none at all');
    is($for->($t->token('mia', '--scope', 'token:write'), %own)->{status}, 422, 'a narrowed sign-in too');

    is($for->($mia, %own, human_grant => JSON::PP::true)->{status}, 200, 'human_grant: by the human itself, signed in');
    refusal_is($for->($token, %of_agent, human_grant => JSON::PP::true), 422, 'validation_failed', qr/^`human_grant` can only be granted by the person/, 'not by an administrator', errors => ['human_grant']);
    refusal_is($for->($t->key(user => 'mia'), %own, human_grant => JSON::PP::true), 422, 'validation_failed', qr/^`human_grant` can only be granted by the person/, 'not by her API key', errors => ['human_grant']);

    my $test = $t->key(user => 'mia', test => 1);
    is($for->($test, %own)->{json}{livemode}, JSON::PP::false, 'a test key makes test tokens');
    is($for->($t->key(user => 'mia'), %own)->{json}{livemode}, JSON::PP::true, 'a live key live ones');
    refusal_is($for->($test, %own, $mode->(1)), 422, 'validation_failed', qr/^`livemode` must be that/, 'and no others', errors => ['livemode']);
    is($for->($mia, %own, $mode->(0))->{json}{livemode}, JSON::PP::false, 'who signed in may choose');
};

subtest 'GET and DELETE /v1/tokens' => sub {
    my ($secret, $id) = $t->key_and_id(user => 'mia', name => 'of mia');
    my ($admins, $admins_id) = $t->key_and_id(name => 'of admin');
    my $ids = sub { my $r = $t->req(GET => '/v1/tokens?limit=100', token => shift); +{ map { $_->{id} => $_ } @{ $r->{json}{data} } } };
    my $hers = $ids->($mia);
    is(json($hers->{$id}{principal}), json({ human_id => $usr{mia}, agent_id => undef }), 'a user sees her keys');
    is(join(' ', grep { $hers->{$_}{principal}{human_id} ne $usr{mia} } sort keys %$hers), '', 'and no others');
    is($t->req(GET => "/v1/tokens/$admins_id", token => $mia)->{status}, 404, 'also by id');
    is($t->req(DELETE => "/v1/tokens/$admins_id", token => $mia)->{status}, 404, 'and revokes none');
    for my $case ([ 'signed in' => $token ], [ 'with a key' => $admins ]) {
        my $all = $ids->($case->[1]);
        ok($all->{$id} && $all->{$admins_id}, "an administrator $case->[0] sees those of all");
        is($t->req(GET => "/v1/tokens/$id", token => $case->[1])->{status}, 200, 'also by id');
    }
    unlike($t->req(GET => '/v1/tokens?limit=100', token => $token)->{body}, qr/"secret":|_[0-9A-Za-z]{43}/, 'no secret among them');

    is(reads($secret), 200, 'given a key that is good');
    my @r = map { $t->req(DELETE => "/v1/tokens/$id", token => $mia) } 1, 2;
    is(join(' ', map { "$_->{status} $_->{json}{status}" } @r), '200 revoked 200 revoked', 'revoked, and again');
    is($r[0]{body}, $r[1]{body}, 'with the same answer');
    is(audits($t, $id, 'token.revoked') . told($t, $id, 'token.revoked'), '11', 'one audit row and one event');
    is($t->req(GET => "/v1/tokens/$id", token => $mia)->{json}{status}, 'revoked', 'it stays to be seen');
    my ($agent, $agent_id) = $t->key_and_id(user => 'mia', kind => 'token', tier => 3, agent => 'agt_x');
    my $mine = ($t->key_and_id(user => 'mia'))[1];
    is($t->req(DELETE => "/v1/tokens/$mine", token => $agent)->{status}, 403, 'an agent revokes no key of its human');
    is($t->req(DELETE => "/v1/tokens/$agent_id", token => $agent)->{status}, 200, 'but its own');
    is(reads($agent), 401, 'which ends it');
};

subtest 'a key that is no more is refused at once, in every dialect' => sub {
    my %ends = (
        revoked => [ sub { api(DELETE => "/tokens/$_[0]") }, undef ],
        'of a disabled user' => [ sub { $t->thaw('user', 'disable', 'member') }, sub { $t->thaw('user', 'enable', 'member') } ],
        expired => [ sub { alter_key($t, $_[0], 'expires_at = UTC_TIMESTAMP(6)') }, undef ]);
    for my $how (sort keys %ends) {
        my ($secret, $id) = $t->key_and_id(user => 'member');
        my @all = ('/v1/workspaces', $MODELS, $PROJECTS);
        my $of_each = sub { join ' ', uniq(map { $t->req(GET => $_, token => $secret)->{status} } (@all) x 8) };
        is($of_each->(), 200, 'given a key that is good, and remembered by each worker');
        $ends{$how}[0]->($id);
        refusal_is($t->req(GET => '/v1/workspaces', token => $secret), 401, 'authentication_required', qr/./, "$how: 401");
        is(json([ $t->req(GET => $MODELS, token => $secret)->{json}{error}{code} ]), $how eq 'expired' ? '["AUTH_EXPIRED"]' : '["AUTH_INVALID"]', 'in the words of the models dialect');
        is($of_each->(), 401, 'and of each, whichever worker is asked');
        is($t->req(POST => '/v1/workspaces', token => $secret, body => { name => 'x' })->{status}, 401, 'for writing too');
        for my $wrong ([ POST => '/v1/workspaces', body => '{' ], [ GET => "$MODELS?page=x" ], [ GET => '/console/applications' ]) {
            my ($method, $path, @body) = @$wrong;
            is(join(' ', uniq(map { $t->req($method => $path, token => $secret, @body)->{status} } 1 .. 8)), 401, "whatever else is wrong: $method $path");
        }
        next unless $ends{$how}[1];
        $ends{$how}[1]->();
        is(reads($secret), 200, 'enabled again it is good again');
    }
    my $secret = $t->key(user => 'member');
    $t->thaw({ stdin => "another password\n" }, 'user', 'password', 'member', '--password-stdin');
    is(reads($secret), 200, 'a new password does not end it: the key was not made with it');
    my ($gone) = $t->key_and_id(user => 'member');
    is($t->thaw('api-key', 'revoke', '--org', 'Main', ($t->key_and_id(user => 'member'))[1])->{exit}, 0, 'given keys, one of them revoked already');
    my $r = $t->thaw({ stdin => "another password\n" }, 'user', 'password', 'member', '--password-stdin');
    like($r->{out}, qr/\AThe password of member has been changed and all sessions have been ended\.\nAPI keys that still act as member: \d+; run this again with --revoke-keys to revoke them\.\n\z/, 'the command tells that they are kept');
    my ($kept) = $r->{out} =~ /member: (\d+)/;
    my $others = $t->key(user => 'admin');
    $r = $t->thaw('--json', 'user', 'password', 'member', '--revoke-keys');
    is(json([ @{ $r->{json} }{qw(username api_keys_revoked)}, $r->{exit} ]), json([ 'member', 0 + $kept, 0 ]), 'with --revoke-keys it revokes them');
    is(join(' ', map { reads($_) } $secret, $gone, $others), '401 401 200', 'all of them, and nobody else\'s');
    is($t->thaw({ stdin => "another password\n" }, 'user', 'password', 'member', '--password-stdin', '--revoke-keys')->{out}, "The password of member has been changed and all sessions have been ended.\n", 'no key: no word of keys');
    $t->{password}{member} = 'another password';
    $secret = $t->key(user => 'member');
    is($t->req(GET => '/v1/workspaces', token => $_)->{status}, 401, 'no key: ' . ($_ =~ s/.{8}\K.+/.../r)) for 'sk_live_', 'sk_live_' . 'x' x 43, 'tok_', 'pk_test_1', substr($secret, 0, -1), "${secret}x", lc $secret, "sk_test_" . substr $secret, 8;
};

# 401 comes before the 403 of a kind that may not, and before the 400 of a body: at once, and when nobody remembers the key
subtest 'a key of a kind that may not, revoked' => sub {
    my @kinds = (secret => {}, test => { test => 1 }, publishable => { kind => 'publishable' }, agent => { kind => 'token', tier => 3, agent => 'agt_x' });
    my @asked = ([ GET => '/console/actions' ], [ GET => '/api/v2/filesystem/spaces?preview=true' ], [ POST => $MODELS, body => { name => 5 } ], [ GET => "$MODELS?page=x" ]);
    my $asks = sub { my ($key) = @_; map { my ($method, $path, @o) = @$_; $t->req($method => $path, token => $key, @o) } @asked };
    while (my ($kind, $o) = splice @kinds, 0, 2) {
        my ($key, $id) = $t->key_and_id(%$o);
        my @r = $asks->($key);
        is($r[0]{status} . ' ' . $r[0]{json}{detail}, '403 API keys, applications and narrowed tokens cannot use this; sign in', "$kind: what is not allowed is its kind");
        isnt($r[$_]{status}, 401, "$kind is a key") for 1 .. $#r;
        $t->must('api-key', 'revoke', '--org', 'Main', $id);
        is(join(' ', map { $_->{status} } $asks->($key)), '401 401 401 401', "$kind, revoked") for 1 .. 2;
        my ($fresh, $never) = $t->key_and_id(%$o);
        $t->must('api-key', 'revoke', '--org', 'Main', $never);
        is(join(' ', map { $_->{status} } $asks->($fresh)), '401 401 401 401', "$kind, which nobody has seen before");
    }
};

subtest 'what a kind may do in which dialect' => sub {
    my %key = (sk_live => $t->key, sk_test => $t->key(test => 1), pk_live => $t->key(kind => 'publishable'), pk_test => $t->key(kind => 'publishable', test => 1),
        tok_live => $t->key(kind => 'token', tier => 3), tok_test => $t->key(kind => 'token', tier => 3, test => 1));
    my $m = model($t);
    for my $kind (sort keys %key) {
        my $is = sub { my ($r, $status, $name) = @_; is($r->{status}, $status, "$kind $name") or diag $r->{raw} };
        my ($live, $secret) = (scalar $kind =~ /live/, scalar $kind !~ /^pk/);
        my %o = (token => $key{$kind});
        $is->(get($t, $m->{id}, %o), 200, 'reads a model');
        $is->($t->req(GET => $PROJECTS, %o), 200, 'reads projects');
        $is->($t->req(GET => '/v1/workspaces', %o), 200, 'reads workspaces');
        $is->($t->req(GET => "/v1/$_", %o), $secret ? 200 : 403, "reads $_, or not") for qw(tokens events webhook_endpoints);
        $is->($t->req(POST => '/v1/workspaces', %o, body => { name => 'x' }), $secret ? 201 : 403, 'makes a workspace, or not');
        my $before = database($t);
        my $made = $t->req(POST => $MODELS, %o, body => { name => "by $kind", model_type => 'auto', task_type => 'clustering' });
        my $project = $t->req(POST => $PROJECTS, %o, body => { name => "by $kind" });
        if ($secret && $live) {
            $is->($made, 201, 'makes a model');
            $is->($project, 201, 'and a project');
            $is->(act($t, $made->{json}{id}, 'archive', %o), 200, 'and archives it');
        } else {
            error_is($made, 403, 'PERMISSION_DENIED', "$kind makes no model, in that dialect's words");
            is($project->{status} . ($project->{json}{status} // ''), '403403', 'nor a project, in its words') or diag $project->{raw};
            is(act($t, $m->{id}, 'archive', %o)->{status}, 403, 'and archives none');
            is(database($t), $before, 'nothing has changed');
        }
    }
    is($t->req(GET => $MODELS, token => $t->key(user => 'other'))->{json}{total}, 0, "a key is of its user's organization");
};

# Every route by a token of each tier and by a publishable key: t/35-matrix.t.
subtest 'what a publishable key sees' => sub {
    my @routes = grep { $_->{permission} ne 'public' } tables($t, 'routes');
    my $publishable = $t->key(kind => 'publishable');
    is(join(' ', map { "$_->{method} $_->{path}" } grep { ($_->{flags} // '') =~ /publishable/ } @routes), join(' ', map { "GET $_" } $MODELS, "$MODELS/{model_id}",
        $PROJECTS, "$PROJECTS/check-url", "$PROJECTS/{id}", '/v1/workspaces', '/v1/workspaces/{workspace_id}', '/v1/entities', '/v1/entities/{entity_id}', '/v1/api_versions', '/v1/limits',
        '/api/v2/models/{modelRid}'), 'what a publishable key may read: nothing of people, files, runs or events');
    my $local = model($t)->{id};
    $t->sql("UPDATE models SET is_global = 0 WHERE id = UNHEX('" . hex_of($local) . "')");
    $t->recount;
    my $listed = sub { scalar grep { $_->{id} eq $local } @{ $t->req(GET => "$MODELS?page_size=100", token => $_[0])->{json}{items} } };
    is(get($t, $local, token => $_->[0])->{status} . ' ' . $listed->($_->[0]), $_->[1], 'a local model of its administrator') for [ $token, '200 1' ], [ $publishable, '404 0' ];
    $t->sql("INSERT INTO grants (organization_id, model_id, grantee_id, role, created_at) SELECT organization_id, id, created_by, 3, NOW(6) FROM models WHERE id = UNHEX('" . hex_of($local) . "')");
    is(get($t, $local, token => $publishable)->{status} . ' ' . $listed->($publishable), '404 0', 'nor one granted to its maker');
    is(join(' ', sort keys %{ { map { $_->{tier} => 1 } @routes } }), '1 2 3', 'routes of three tiers');
};

subtest 'what cannot be undone' => sub {
    my @gated = grep { ($_->{agent} // '') eq 'never' } tables($t, 'transitions');
    is(join(' ', map { $_->{transition} } @gated), 'MODEL_RETIRE MODEL_DELETE MODEL_DISCARD USE_CASE_DELETE CUSTOM_MODEL_DELETE VERSION_ARCHIVE ENVIRONMENT_DELETE DEPLOYMENT_DELETE FOLDER_DELETE PROJECT_DELETE AUTHORIZATION_APPROVE AUTHORIZATION_DENY', 'no agent does it');
    my %by = (agent => $t->key(kind => 'token', tier => 4, agent => 'agt_x'), granted => $t->key(kind => 'token', tier => 4, agent => 'agt_x', human_grant => 1));
    my $folder = folder($t);
    my %thing = (model => foundry_model($t, in => $folder), folder => $folder);
    my $project = $t->req(POST => $PROJECTS, token => $token, body => { name => 'for good' })->{json}{data}{id};
    $t->req(PUT => "$PROJECTS/$project/archive", token => $token);
    for my $what (qw(model folder)) {
        fs($t, DELETE => "resources/$thing{$what}");
        unchanged($t, "an agent deletes no $what for good", sub {
            my $r = fs($t, POST => "resources/$thing{$what}/permanentlyDelete", token => $by{agent});
            is("$r->{status} $r->{json}{errorName}", '403 PermanentlyDeleteResourcePermissionDenied', "$what: 403") or diag $r->{raw};
            like($r->{json}{parameters}{reason}, qr/ask the person/, 'and says who may');
        });
        is(fs($t, POST => "resources/$thing{$what}/permanentlyDelete", token => $by{granted})->{status}, 204, 'with human_grant it does');
    }
    my $r = $t->req(DELETE => "$PROJECTS/$project", token => $by{agent});
    is("$r->{status} $r->{json}{code}", '403 ACCESS_DENIED', 'nor a project');
    like($r->{json}{message}, qr/ask the person/, 'and says who may');
    is($t->req(DELETE => "$PROJECTS/$project", token => $t->key(kind => 'token', tier => 3))->{status}, 204, 'a token in the hands of its human does');

    # of the registry: each in the order in which a human may then do them all
    my $api = sub { my ($method, $path, %o) = @_; return $t->req($method => "/api/v2/$path/", token => $token, %o) };
    my ($package, $deployed) = map { $api->(POST => 'modelPackages/fromJSON', body => { name => $_, target => { name => 'y', type => 'Regression' } })->{json} } 'not deployed', 'deployed';
    my $deployment = $api->(POST => 'deployments/fromModelPackage', body => { modelPackageId => $deployed->{id}, label => 'd' })->{json}{id};
    my @done = ([ DELETE => "deployments/$deployment" ], [ POST => "modelPackages/$package->{id}/archive" ], [ DELETE => "registeredModels/$package->{registeredModelId}" ],
        map { [ DELETE => "$_->[0]/" . $api->(POST => $_->[0], body => $_->[1])->{json}{id} ] } [ predictionEnvironments => { name => 'e', platform => 'other' } ], [ useCases => { name => 'u' } ],
            [ customModels => { name => 'c', targetType => 'Regression', targetName => 'y', customModelType => 'inference' } ]);
    for my $done (@done) {
        unchanged($t, "an agent: @$done", sub {
            my $r = $api->(@$done, token => $by{agent});
            is($r->{status}, 403, "@$done: 403") or diag $r->{raw};
            like($r->{json}{message}, qr/ask the person/, 'and says who may');
        });
        is($api->(@$done, token => $by{granted})->{status}, 204, 'with human_grant it does');
    }

    # of MLflow's: a model by its name
    my $m = model($t);
    my $forget = sub { $t->req(DELETE => '/api/2.0/mlflow/registered-models/delete', token => $_[0], body => { name => $m->{name} }) };
    unchanged($t, "an agent: a model by MLflow", sub { is($forget->($by{agent})->{json}{error_code}, 'PERMISSION_DENIED', 'an agent deletes no model by its name') });
    is($forget->($by{granted})->{status}, 200, 'with human_grant it does');

    # who owns what everybody may write: its maker, or an administrator with all rights
    my %narrow = (agent => $t->key(kind => 'token', tier => 4, scope => 'model:write', agent => 'agt_x'), tok => $t->key(kind => 'token', tier => 4, scope => 'model:write'), sk => $t->key(scope => 'model:write'),
        jwt => $t->token('admin', '--scope', 'model:write'));
    my $make = sub { my $rid = foundry_model($t, token => $_[0]); fs($t, DELETE => "resources/$rid"); $rid };
    my $delete = sub { my ($rid, $by) = @_; fs($t, POST => "resources/$rid/permanentlyDelete", token => $by)->{status} };
    my $of_member = $make->($t->token('member'));
    is($delete->($of_member, $narrow{$_}), 403, "a narrowed token of an administrator does not own another's model: $_") for sort keys %narrow;
    is($delete->($of_member, $t->key(scope => 'model:write organization:admin')), 204, 'one with organization:admin does');
    is($delete->($make->($token), $narrow{$_}), 204, "and each owns what its user made: $_") for qw(tok sk jwt);
};

subtest 'scopes' => sub {
    for my $kind ([], [ kind => 'token', tier => 4 ]) {
        my $key = $t->key(@$kind, scope => 'workspace:read project:write');
        my @got = map { $t->req(@$_[ 0, 1 ], token => $key, body => $_->[2])->{status} } [ GET => '/v1/workspaces' ], [ POST => '/v1/workspaces', { name => 'x' } ], [ GET => '/v1/events' ],
            [ GET => '/v1/tokens' ], [ GET => '/v1/limits' ], [ GET => $MODELS ], [ POST => $PROJECTS, { name => 'scoped ' . ++$n } ], [ GET => $PROJECTS ];
        is("@got", '200 403 403 403 200 403 201 403', "@$kind: what its scopes say and no more");
    }
    my $key = $t->key(user => 'reader', scope => 'workspace:write organization:admin');
    is(writes($key), 403, 'a scope gives nothing that its user has not');
    is(writes($t->key(scope => 'organization:admin')), 201, 'organization:admin stands for all of them');
};

subtest 'the secret is nowhere' => sub {
    # given secrets made in every way, used, and asked for again
    my @secrets = ($t->key, $t->key(test => 1, kind => 'token', agent => 'agt_x'));
    for my $path ('/tokens', '/webhook_endpoints') {
        my @body = map { $path eq '/tokens' ? asked() : { url => "https://hooks.example.org/nowhere/$_", enabled_events => ['*'] } } 1, 2;
        my @r = map { api(POST => $path, $body[0], headers => idem("nowhere $path" =~ s/\W//gr)) } 1, 2;
        is(join(' ', map { $_->{status} } @r), '200 200', "$path under a key, twice") or diag $r[1]{raw};
        push @secrets, $r[0]{json}{secret}, api(POST => $path, $body[1])->{json}{secret};
    }
    my $rotated = api(POST => '/webhook_endpoints/' . api(GET => '/webhook_endpoints')->{json}{data}[0]{id} . '/rotate_secret', undef, headers => idem('nowhere3'));
    push @secrets, $rotated->{json}{secret};
    reads($_) for @secrets;
    is(scalar(grep { defined && length > 40 } @secrets), 7, 'seven secrets');
    my %text = (map { my $table = $_->[0]; ("table $table" => join "\n", map { join "\t", map { $_ // '' } @$_ } $t->sql("SELECT * FROM `$table`")) } $t->sql('SHOW TABLES'));
    like($text{'table api_keys'}, qr/\btok_\.\.\.\w{4}\b/, 'given all that the database holds');
    %text = (%text, map { m{([^/]+)$} && ($1 => slurp($_)) } glob "$t->{dir}/*.log");
    for my $place (sort keys %text) {
        my @found = grep { my $s = $_; my ($digits) = $s =~ /([^_]+)$/; $text{$place} =~ /\Q$digits\E/ || $text{$place} =~ /\Q@{[ unpack 'H*', $digits ]}\E/i } @secrets;
        is(scalar @found, 0, "none in $place");
    }
    ok(exists $text{'worker.log'} && exists $text{'nginx-error.log'}, 'the logs are among them');
};

subtest 'a repetition shows the secret again, to the same credential' => sub {
    my %bodies = ('/tokens' => sub { asked(name => 'r' . ++$n) }, '/webhook_endpoints' => sub { { url => 'https://hooks.example.org/' . ++$n, enabled_events => ['*'] } });
    for my $path (sort keys %bodies) {
        for my $by ([ 'an API key' => $t->key ], [ 'a sign-in' => $t->token('admin') ]) {
            my ($name, $cred) = @$by;
            my $body = $bodies{$path}->();
            my %o = (token => $cred, headers => idem("again $n" =~ tr/ /-/r));
            my $first = api(POST => $path, $body, %o);
            is($first->{status}, 200, "$path by $name");
            my $r;
            unchanged($t, 'the same request again', sub { $r = api(POST => $path, $body, %o) });
            is($r->{body}, $first->{body}, 'gets the same bytes, with the secret');
            ok(length($r->{json}{secret} // '') && replayed($r) && !replayed($first), 'and says that it is a repetition');
            is($r->{headers}{'x-request-id'}, $first->{headers}{'x-request-id'}, 'under the id of the first');
            is($r->{headers}{'cache-control'}, 'no-store', 'not to be kept');
            my $spelled = $t->req(POST => "/v1$path", body => $body, headers => [ Authorization => "bearer  $cred", @{ $o{headers} } ]);
            is($spelled->{body}, $first->{body}, 'however the scheme is spelled');
            is(api(POST => $path, $bodies{$path}->(), %o)->{status}, 409, 'another body under it: 409');
            my ($stored) = $t->sql("SELECT body FROM attempts WHERE idempotency_key = '$o{headers}[1]'");
            unlike($stored->[0], qr/secret|tok_|whsec|\{/, 'what is stored shows nothing');
            next if $name eq 'an API key';
            my $other = $t->token('admin');
            isnt($other, $cred, 'another sign-in of the same user');
            unchanged($t, 'asking with it', sub {
                refusal_is(api(POST => $path, $body, %o, token => $other), 409, 'idempotency_key_sealed', qr/can only be replayed with the token/, 'is told that it was done, and no secret');
            });
            is(api(POST => $path, $body, %o)->{body}, $first->{body}, 'the first one still opens it');
        }
    }
    my %live = (token => $t->key, headers => idem('shared'));
    my %test = (token => $t->key(test => 1), headers => idem('shared'));
    my $body = asked(name => 'of two modes');
    my @r = map { api(POST => '/tokens', $body, %$_) } \%live, \%test;
    is(join(' ', map { $_->{status} . ($_->{json}{livemode} ? ' live' : ' test') } @r), '200 live 200 test', 'one key text under a live and a test key: two requests');
    is(join(' ', map { replayed($_) ? 1 : 0 } @r), '0 0', 'neither is a repetition');
    my $third = api(POST => '/tokens', $body, token => $t->key, headers => idem('shared'));
    ok($third->{status} == 200 && !replayed($third) && $third->{json}{id} ne $r[0]{json}{id}, 'and another live key has keys of its own');
    my $secret = $t->key;
    my ($gone, $gone_id) = $t->key_and_id;
    my %o = (token => $gone, headers => idem('gone'));
    api(POST => '/tokens', $body, %o);
    api(DELETE => "/tokens/$gone_id");
    is(api(POST => '/tokens', $body, %o)->{status}, 401, 'a revoked key gets no kept answer');
};

subtest 'the audit tells who, by what, for whom' => sub {
    my ($sk, $sk_id) = $t->key_and_id(user => 'member');
    my ($agent, $agent_id) = $t->key_and_id(user => 'member', kind => 'token', tier => 3, agent => 'agt_Bot');
    my $w = workspace($t, token => $sk)->{id};
    post_v1($t, "workspaces/$w/archive", token => $t->token('member'));
    post_v1($t, "workspaces/$w/unarchive", token => $agent);
    my $rows = $t->thaw('--json', 'audit', 'list', '--org', 'Main', '--resource', $w)->{json};
    my ($un, $ar, $cr) = @$rows;
    is(json([ map { [ @$_{qw(actor action)} ] } $cr, $ar, $un ]), json([ [ 'member', 'workspace.created' ], [ 'member', 'workspace.archived' ], [ 'agt_Bot for member', 'workspace.unarchived' ] ]), 'the actor');
    is(json([ map { $_->{human} } $cr, $ar, $un ]), json([ undef, undef, $usr{member} ]), 'the human of an agent');
    is(json([ $cr->{token}, $un->{token} ]), json([ $sk_id, $agent_id ]), 'the key');
    like($ar->{token}, qr/^tok_\w{17}$/, 'a sign-in has one too');
    my ($made) = @{ $t->thaw('--json', 'audit', 'list', '--org', 'Main', '--resource', $sk_id)->{json} };
    like($made->{actor}, qr/^thaw: /, 'a key by the command: who typed');
    is(json($made->{details}), json({ kind => 'secret', hint => 'sk_live_...' . substr($sk, -4), human_principal_id => $usr{member}, agent_id => undef, livemode => JSON::PP::true }), 'what was made');
    api(GET => '/events?limit=1');
    my ($event) = grep { $_->{type} eq 'workspace.unarchived' } @{ api(GET => '/events?type=workspace.unarchived&limit=5')->{json}{data} };
    is(json($event->{authorized_by}), json({ human_principal_id => $usr{member}, agent_id => 'agt_Bot', token_id => $agent_id }), 'and so does the event');
};

subtest 'rates are of a key' => sub {
    my $l = Thaw->new(limits => 1, workers => 2, clock => 1);
    $l->admin;
    my $ask = sub { $l->req(GET => '/v1/workspaces', token => $_[0]) };
    my %limit = (live => $l->key, test => $l->key(test => 1), pk => $l->key(kind => 'publishable'), pk2 => $l->key(kind => 'publishable'), three => $l->key(rate => 3), other => $l->key(rate => 3));
    $l->next_minute;
    is($ask->($limit{ $_->[0] })->{headers}{'x-ratelimit-limit'}, $_->[1], "$_->[0]: $_->[1] a minute") for [ live => 1000 ], [ test => 250 ], [ pk => 600 ];
    my @r = map { $ask->($limit{three}) } 1 .. 4;
    is(join(' ', map { $_->{status} } @r), '200 200 200 429', 'given 3 a minute: the fourth is refused');
    is(join(' ', map { $_->{headers}{'x-ratelimit-remaining'} } @r), '2 1 0 0', 'counted down');
    refusal_is($r[3], 429, 'rate_limit_exceeded', 'Request rate exceeded for this key. Retry after `retry_after` seconds or honor the `Retry-After` header.', 'in the words of the contract',
        retry_after => $r[3]{json}{retry_after});
    is($l->req(GET => $MODELS, token => $limit{three})->{status}, 429, 'in every dialect');
    is($ask->($limit{other})->{status} . ' ' . $ask->($l->admin)->{status}, '200 200', 'another key of the same user has its own count, and so has the user');
    is($ask->('sk_live_' . 'x' x 43)->{headers}{'x-ratelimit-limit'}, 100, 'what is no key is counted by its address');
    # the second: 25 for a test key; two publishable keys share the 10 of an address
    my $in_a_second = sub {
        my ($most, @keys) = @_;
        $l->next_minute;
        return map { $ask->($keys[ $_ % @keys ]) } 0 .. $most;
    };
    for my $case ([ 'a test key', 25, $limit{test} ], [ 'publishable keys of one address', 10, @limit{qw(pk pk2)} ]) {
        my ($name, $most, @keys) = @$case;
        my @got = $in_a_second->($most, @keys);
        is(join(' ', map { $_->{status} } @got), join(' ', (200) x $most, 429), "$name: $most a second") or next;
        is($got[-1]{headers}{'retry-after'}, 1, 'and then again');
    }
    # tenants behind one address do not share it
    $l->other;
    my $stranger = $l->key(user => 'other', kind => 'publishable');
    $l->next_minute;
    is(join(' ', map { $ask->($limit{pk})->{status} } 1 .. 11), join(' ', (200) x 10, 429), 'given an address that has used up what a key of one organization may');
    is(join(' ', map { $ask->($stranger)->{status} } 1 .. 11), join(' ', (200) x 10, 429), 'a key of another organization has its own count there');
    $_->stop for grep { ref } @$l{qw(nginx worker mariadb)};
};

$t->finish;
