#!/usr/bin/perl
# OAuth 2.0 for the applications of others: the command that registers them, every
# grant, PKCE, rotation, revocation, and what the scopes of a token let it do.
use strict;
use warnings;
use Digest::SHA 'sha256_hex';
use FindBin;
use IO::Socket::INET;
use MIME::Base64 'decode_base64url';
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use OAuth;

my $t = Thaw->new(workers => 4);
my $token = $t->admin;
$t->$_ for qw(reader member other);
my $ALL = 'api:models-read api:models-write api:models-promote api:filesystem-read api:filesystem-write api:admin-read';
my $CALLBACK = 'https://lens.example/callback';
my $lens = client($t, redirect_uris => $CALLBACK);
my $robot = client($t, name => 'Robot', user => 'member');
sub of { my ($c, @pairs) = @_; token($t, $c, [@pairs]) }
sub exchange { my ($c, $code, @more) = @_; my %o = (redirect_uri => $c->{redirect_uris}[0], code_verifier => $VERIFIER, @more); token($t, $c, [ grant_type => 'authorization_code', code => $code, %o ]) }
sub refresh { my ($c, $refresh, @more) = @_; token($t, $c, [ grant_type => 'refresh_token', refresh_token => $refresh, @more ]) }
sub granted { my ($r, $keys, $name) = @_; is($r->{status}, 200, $name) or diag $r->{raw}; keys_are($r->{json}, $keys, 'with its members'); $r->{json} }
my $CODE = 'access_token expires_in refresh_token scope token_type';

subtest 'thaw client' => sub {
    like($lens->{id}, qr/^cl_[0-9A-Za-z]{17}$/, 'an id');
    like($lens->{secret}, qr/^cs_[0-9A-Za-z]{43}$/, 'a secret');
    is(json([ @$lens{qw(name type status scopes redirect_uris user)} ]), json([ 'Lens', 'confidential', 'active', $ALL, [$CALLBACK], undef ]), 'what it is');
    my $p = client($t, name => 'Desk', public => 1, redirect_uris => 'com.example.desk:/back http://127.0.0.1:7/cb http://[::1]/cb http://localhost:80/ https://desk.example:8443/cb?app=1', scope => 'api:models-read offline_access api:models-read');
    is(json([ @$p{qw(type scopes secret)} ]), json([ 'public', 'api:models-read', undef ]), 'a public one has no secret, and the scopes it was given');
    is(scalar @{ $p->{redirect_uris} }, 5, 'every kind of redirect URI');
    like($t->thaw('client', 'create', '--org', 'Main', '--name', 'x', '--user', 'member')->{out}, qr/\Acl_[0-9A-Za-z]{17} cs_[0-9A-Za-z]{43}\n\z/, 'prints id and secret');
    is($t->thaw('client', 'create', '--name', 'of its user', '--user', 'member')->{exit}, 0, 'whose organization is that of its user');
    my ($row) = $t->sql("SELECT LOWER(HEX(secret_hash)), name FROM oauth_clients WHERE id = UNHEX('" . hex_of($lens->{id}) . "')");
    is($row->[0], sha256_hex($lens->{secret}), 'the secret is kept as its SHA-256');
    my $rows = $t->sql('SELECT COUNT(*) FROM oauth_clients');
    my @bad = ('http://lens.example/cb', 'https://lens.example/cb#x', '/callback', 'lens.example/cb', 'javascript:alert(1)', 'data:text/html,x', 'https://', 'https:///cb', 'https:/cb', 'HTTPS://lens.example/', 'ftp://lens.example/',
        'http://127.0.0.1.evil.example/', 'http://localhost.evil.example/', 'http://127.0.0.1@evil.example/', 'https://user@lens.example/', 'https://lens.example:x/', 'https://lens.example:/', 'com.example:', 'https://lens.ex\\ample/', 'https://lens.example/"', 'https://lens.ex"ample/', "https://l\x{c3}\x{a4}.example/", 'http://127.0.0.1:99:1/', 'https://[::1', 'https://' . 'x' x 2048);
    for my $case ((map { [ 2, qr/--redirect-uris: `\Q$_\E` /, '--name', 'x', '--redirect-uris', $_ ] } @bad), [ 2, qr/--redirect-uris takes at most 10/, '--name', 'x', '--redirect-uris', join ' ', map { "https://x.example/$_" } 1 .. 11 ],
        [ 2, qr/--redirect-uris is required/, '--name', 'x' ], [ 2, qr/--redirect-uris is required/, '--name', 'x', '--public' ], [ 2, qr/--user cannot be used with --public/, '--name', 'x', '--public', '--user', 'admin' ], [ 2, qr/--name must have 1 to 128/, '--name', '', '--user', 'admin' ],
        [ 2, qr/--name must have 1 to 128/, '--name', 'x' x 129, '--user', 'admin' ], [ 2, qr/--scope has an unknown scope/, '--name', 'x', '--user', 'admin', '--scope', 'model:read' ], [ 2, qr/--scope has an unknown scope/, '--name', 'x', '--user', 'admin', '--scope', 'organization:admin' ],
        [ 1, qr/unknown user/, '--name', 'x', '--user', 'nobody' ], [ 1, qr/belongs to another organization/, '--name', 'x', '--user', 'other' ]) {
        my ($exit, $like, @options) = @$case;
        my $r = $t->thaw('client', 'create', '--org', 'Main', @options);
        is($r->{exit}, $exit, 'create ' . substr("@options", 0, 100)) or diag $r->{err};
        like($r->{err}, $like, 'says why');
        is($r->{out}, '', 'and shows no secret');
    }
    is(scalar $t->sql('SELECT COUNT(*) FROM oauth_clients'), $rows, 'none of them made one');

    my $list = $t->thaw('--json', 'client', 'list', '--org', 'Main');
    my ($one) = grep { $_->{id} eq $robot->{id} } @{ $list->{json} };
    is(json([ @$one{qw(name user status)} ]), json([ 'Robot', 'member', 'active' ]), 'list');
    unlike($list->{out} . $t->thaw('client', 'list', '--org', 'Main')->{out}, qr/cs_/, 'shows no secret');
    is(json($t->thaw('--json', 'client', 'list', '--org', 'Other')->{json}), '[]', 'of the organization alone');

    my $c = client($t, name => 'Turned', user => 'member');
    is(of($c, grant_type => 'client_credentials')->{status}, 200, 'given a client that works');
    my $new = $t->thaw('client', 'rotate', '--org', 'Main', $c->{id});
    like($new->{out}, qr/\Acs_[0-9A-Za-z]{43}\n\z/, 'rotate prints a secret');
    is(of($c, grant_type => 'client_credentials')->{status}, 401, 'the old one is good no more');
    is(of({ %$c, secret => $new->{out} =~ s/\n//r }, grant_type => 'client_credentials')->{status}, 200, 'the new one is');
    for my $case ([ 'rotate', 'Other', $c->{id}, qr/no application cl_/ ], [ 'revoke', 'Other', $c->{id}, qr/no application cl_/ ], [ 'rotate', 'Main', $p->{id}, qr/is public/ ], [ 'revoke', 'Main', 'cl_1', qr/is not an application id/ ],
        [ 'revoke', 'Main', in_base62('cl_', $NOWHERE), qr/no application/ ]) {
        my ($verb, $org, $id, $like) = @$case;
        my $r = $t->thaw('client', $verb, '--org', $org, $id);
        is($r->{exit}, 1, "$verb $org $id: refused");
        like($r->{err}, $like, 'says why');
    }
    is($t->thaw('--json', 'client', 'revoke', '--org', 'Main', $c->{id})->{json}{status}, 'revoked', "revoke, time $_") for 1, 2;
    like($t->thaw('client', 'rotate', '--org', 'Main', $c->{id})->{err}, qr/was revoked, which is permanent/, 'and nothing leads back');
    is(join(' ', map { "$_->{action} $_->{to_state}" } audit_rows($t, $c->{id})), 'client.created active client.secret_rotated active client.revoked revoked', 'the audit');
    is(scalar $t->sql("SELECT COUNT(*) FROM outbox WHERE resource_type = 'client'"), 0, 'no subscriber is told');
};

subtest 'client_credentials' => sub {
    my $j = granted(of($robot, grant_type => 'client_credentials'), 'access_token expires_in scope token_type', 'a token, and no refresh token');
    is(json([ @$j{qw(expires_in scope token_type)} ]), json([ 3600, $ALL, 'bearer' ]), 'of all scopes');
    is(join(' ', map { $_ // '' } reads($t, $j->{access_token}), writes($t, $j->{access_token})), '200 201', 'reads and writes');
    my $c = claims($j->{access_token});
    is(json([ @$c{qw(client_id scope username)} ]), json([ $robot->{id}, $ALL, 'Robot for member' ]), 'its claims');
    like($c->{sid}, qr/^[0-9a-f]{24}$/, 'a session of its own');
    isnt(claims(of($robot, grant_type => 'client_credentials')->{json}{access_token})->{sid}, $c->{sid}, 'each time another');
    my ($row) = $t->sql("SELECT actor_name, LOWER(HEX(actor_id)) FROM audit_events WHERE action = 'model.created' ORDER BY id DESC LIMIT 1");
    is("@$row", 'Robot for member ' . $t->sql("SELECT LOWER(HEX(id)) FROM principals WHERE username = 'member'"), 'the audit row says which application acted for whom');
    is(of($robot, grant_type => 'client_credentials', scope => 'api:models-read')->{json}{scope}, 'api:models-read', 'as narrow as asked for');
    is(of($robot, grant_type => 'client_credentials', scope => ' api:models-write  offline_access api:models-read ')->{json}{scope}, 'api:models-write api:models-read', 'offline_access is let be');
    oauth_is(of($robot, grant_type => 'client_credentials', scope => $_), 400, 'invalid_scope', qr/scope/i, "scope $_") for 'model:write', 'organization:admin', 'api:models-read,api:models-write', 'API:models-read';
    oauth_is(of($robot, grant_type => 'client_credentials', scope => 'offline_access'), 400, 'invalid_scope', qr/scope/i, 'but alone it is no scope: all is granted to who names none at all');
    my $narrow = client($t, name => 'Narrow', user => 'member', scope => 'api:models-read');
    is(of($narrow, grant_type => 'client_credentials')->{json}{scope}, 'api:models-read', 'no more than the client may');
    oauth_is(of($narrow, grant_type => 'client_credentials', scope => 'api:models-write'), 400, 'invalid_scope', qr/scope/i, 'nor when asked for');
    oauth_is(of($lens, grant_type => 'client_credentials'), 400, 'unauthorized_client', qr/may not use this grant/, 'a client without a user');
    oauth_is(of(client($t, public => 1, redirect_uris => $CALLBACK), grant_type => 'client_credentials'), 400, 'unauthorized_client', qr/may not use this grant/, 'a public one');
    my $weak = client($t, name => 'Weak', user => 'reader');
    is(writes($t, of($weak, grant_type => 'client_credentials')->{json}{access_token}), 403, 'the rights are the user\'s, not more');
    my $long = client($t, name => "\x{c3}\x{a9}" x 128, user => 'member');
    my $r = of($long, grant_type => 'client_credentials');
    is(writes($t, $r->{json}{access_token}), 201, 'a name as long as can be');
    my $actor = sub { join ' ', @{ ($t->sql("SELECT CHAR_LENGTH(actor_name), actor_name FROM audit_events WHERE action = 'model.created' ORDER BY id DESC LIMIT 1"))[0] } };
    is($actor->(), '128 ' . "\x{c3}\x{a9}" x 117 . ' for member', 'is cut in audit rows, the name of the user is not');
    my $user = 'm' x 128;
    $t->user($user);
    is(writes($t, of(client($t, user => $user), grant_type => 'client_credentials')->{json}{access_token}), 201, 'and when there is no place beside that');
    is($actor->(), "128 $user", 'it is the user who is named');
};

# The browser of a user who signed in: follows the way to the console and says yes or no.
sub browse {
    my ($who, $answer, @query) = @_;
    my $r = $t->req(GET => "$OAUTH/authorize?" . form(@query));
    my ($fragment) = ($r->{headers}{location} // '') =~ m{\A/#/authorize\?(.*)} or return $r;
    my %asked = %{ location("?$fragment") };
    utf8::decode($_) for values %asked;
    my $seen = $t->req(GET => '/console/authorize?' . form(map { $_ => $asked{$_} } qw(client_id redirect_uri scope)), token => $who);
    my $said = $t->req(POST => '/console/authorize', token => $who, body => { %asked, approve => $answer ? JSON::PP::true : JSON::PP::false });
    return ($r, $seen, $said->{json}{location} // $said->{raw});
}

subtest 'authorization_code, the whole way' => sub {
    my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5) or die $!;
    my $uri = 'http://127.0.0.1:' . $listen->sockport . '/back?app=1';
    my $c = client($t, name => 'Desk <b>', public => 1, redirect_uris => "$uri com.example.desk:/back", scope => 'api:models-read api:models-write');
    my $state = "a b&c=d#\x{c3}\x{a9}%\"'";
    my ($way, $seen, $to) = browse($t->member, 1, response_type => 'code', client_id => $c->{id}, redirect_uri => $uri, scope => 'api:models-read offline_access', state => $state, code_challenge => challenge(), code_challenge_method => 'S256');
    is($way->{status}, 302, 'the browser is sent to the console');
    is($way->{body}, '', 'with nothing to show');
    is("$way->{headers}{'x-frame-options'}; $way->{headers}{'content-security-policy'}", "DENY; default-src 'none'; frame-ancestors 'none'", 'in no frame');
    is(json($seen->{json}), json({ client => { id => $c->{id}, name => 'Desk <b>' }, redirect_uri => $uri, host => $uri =~ s{/back.*}{}r, scopes => ['api:models-read'] }), 'which shows who asks for what');
    my $answer = background(sub {
        my $s = $listen->accept;
        my $line = <$s>;
        print $s "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
        return $line;
    });
    my ($path) = $to =~ m{\Ahttp://127\.0\.0\.1:\d+(/.*)};
    is($t->req(GET => $path, port => $listen->sockport)->{body}, 'ok', 'the browser comes back to the application');
    my ($line) = $answer->();
    my %got = %{ location($line =~ s/ HTTP.*//sr) };
    is($got{app}, 1, 'with its own query');
    is($got{state}, $state, 'its state');
    like($got{code}, qr/^[0-9A-Za-z]{43}$/, 'and a code');
    my $j = granted(exchange($c, $got{code}), $CODE, 'which is exchanged');
    is($j->{scope}, 'api:models-read', 'for what the user agreed to');
    is(reads($t, $j->{access_token}) . writes($t, $j->{access_token}), '200403', 'and no more');
    is(claims($j->{access_token})->{username}, 'Desk <b> for member', 'in the name of both');
    my ($audit) = audit_rows($t, $c->{id}, "action = 'client.authorized'");
    is(json([ $audit->{actor_name}, JSON::PP->new->decode($audit->{details}) ]), json([ 'member', { scopes => 'api:models-read', redirect_uri => $uri } ]), 'the audit row says who let it');

    (undef, undef, $to) = browse($t->member, 0, response_type => 'code', client_id => $c->{id}, redirect_uri => $uri, state => 's', code_challenge => challenge(), code_challenge_method => 'S256');
    is(json(location($to)), json({ app => '1', error => 'access_denied', error_description => 'The user denied access', state => 's' }), 'a user who does not agree');
    is(audits($t, $c->{id}, 'client.authorized'), 1, 'leaves no row');
    ($way, $seen) = browse($t->member, 1, response_type => 'code', client_id => $c->{id}, redirect_uri => 'com.example.desk:/back', code_challenge => challenge(), code_challenge_method => 'S256');
    is($seen->{json}{host}, 'com.example.desk', 'a scheme of its own is shown');
    is(json($seen->{json}{scopes}), '["api:models-read","api:models-write"]', 'no scope: all that it may');
    unlike($way->{headers}{location}, qr/state/, 'no state');
};

# RFC 8252 7.3: an application listens on whatever port it gets.
subtest 'any port of a loopback address' => sub {
    my $c = client($t, name => 'Native', public => 1, redirect_uris => 'http://127.0.0.1:9000/callback http://[::1]/callback https://native.example/callback');
    for my $uri ('http://127.0.0.1:51004/callback', 'http://127.0.0.1/callback', 'http://[::1]:51004/callback') {
        my ($way, $seen, $to) = browse($t->member, 1, response_type => 'code', client_id => $c->{id}, redirect_uri => $uri, code_challenge => challenge(), code_challenge_method => 'S256');
        is($way->{status}, 302, "$uri: the browser is sent to the console");
        is($seen->{json}{host}, $uri =~ s{/callback}{}r, 'which shows the very address');
        like($to, qr/\A\Q$uri\E\?code=/, 'and sends the user there');
        my $code = location($to)->{code};
        oauth_is(exchange($c, $code, redirect_uri => $_), 400, 'invalid_grant', qr/not valid/, "the code is not for $_") for 'http://127.0.0.1:9000/callback', $uri =~ s/callback/other/r, $uri =~ s{(?::\d+)?/c}{:4/c}r;
        is(exchange($c, $code, redirect_uri => $uri)->{status}, 200, 'but for the address that was presented');
    }
    for my $uri ('http://127.0.0.1:51004/other', 'http://localhost:51004/callback', 'http://127.0.0.1:99999/callback', 'https://native.example:444/callback', 'http://127.0.0.1:51004@evil.example/callback') {
        my $r = $t->req(GET => "$OAUTH/authorize?" . form(response_type => 'code', client_id => $c->{id}, redirect_uri => $uri, code_challenge => challenge(), code_challenge_method => 'S256'));
        is("$r->{status} " . ($r->{headers}{location} // 'nowhere'), '400 nowhere', "not $uri");
    }
};

subtest 'codes' => sub {
    my $code = sub { code($t, $t->member, $lens, @_) };
    my $refused = sub { my ($r, $name) = @_; oauth_is($r, 400, 'invalid_grant', qr/not valid/, $name) };
    my $one = $code->();
    $refused->(exchange($lens, $one, code_verifier => 'x' x 43), 'a wrong verifier');
    $refused->(exchange($lens, $one, code_verifier => challenge()), 'the challenge itself: `plain` is not known');
    oauth_is(exchange($lens, $one, code_verifier => undef), 400, 'invalid_request', qr/^code_verifier is required/, 'no verifier');
    oauth_is(exchange($lens, $one, code_verifier => $_), 400, 'invalid_request', qr/^code_verifier /, 'a verifier of ' . length) for 'x' x 42, 'x' x 129, 'x' x 42 . '/';
    $refused->(exchange($lens, $one, redirect_uri => $_), "redirect_uri $_") for "$CALLBACK/", "$CALLBACK?x=1", 'https://lens.example/CALLBACK', 'https://evil.example/callback';
    oauth_is(exchange($lens, $one, redirect_uri => undef), 400, 'invalid_request', qr/^redirect_uri is required/, 'no redirect_uri');
    oauth_is(exchange($lens, undef), 400, 'invalid_request', qr/^code is required/, 'no code');
    my $two = client($t, name => 'Two', redirect_uris => $CALLBACK);
    $refused->(exchange($two, $one), 'the code of another client');
    $refused->(exchange($lens, $_), "a code that is none: $_") for 'x', 'x' x 43, '0', 'x' x 128;
    my $j = granted(exchange($lens, $one), $CODE, 'after all of these it is good');
    is(reads($t, $j->{access_token}), 200, 'and so is its token');
    my $next = granted(refresh($lens, $j->{refresh_token}), $CODE, 'and its refresh token');
    $refused->(exchange($two, $one), 'used again by another client');
    is(reads($t, $j->{access_token}), 200, 'ends nothing');
    $refused->(exchange($lens, $one), 'used again');
    is(reads($t, $_->{access_token}), 401, 'ends the session at once, also its access tokens') for $j, $next;
    $refused->(refresh($lens, $_->{refresh_token}), 'and its refresh tokens') for $j, $next;

    my $old = $code->();
    $t->sql("UPDATE oauth_codes SET expires_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND WHERE code_hash = UNHEX('" . sha256_hex($old) . "')");
    $refused->(exchange($lens, $old), 'an expired one');
    $code->();
    is(scalar $t->sql('SELECT TIMESTAMPDIFF(SECOND, created_at, expires_at) FROM oauth_codes ORDER BY created_at DESC LIMIT 1'), 120, 'they live for two minutes');

    $t->user('gone');
    my $gone = $t->token('gone');
    my %c = map { $_ => code($t, $gone, $lens) } qw(disabled enabled);
    $t->thaw('user', 'disable', 'gone');
    $refused->(exchange($lens, $c{disabled}), 'of a user who was disabled since');
    $t->thaw('user', 'enable', 'gone');
    $refused->(exchange($lens, $c{enabled}), 'nor when enabled again');
    my $last = code($t, $t->token('gone'), $lens);
    $t->thaw({ stdin => "another password\n" }, 'user', 'password', 'gone', '--password-stdin');
    $refused->(exchange($lens, $last), 'nor from before a new password');
};

subtest 'refresh_token' => sub {
    my $s = session($t, $t->member, $lens);
    my $first = granted(refresh($lens, $s->{refresh_token}), $CODE, 'exchanged');
    isnt($first->{refresh_token}, $s->{refresh_token}, 'for another');
    is($first->{scope}, $ALL, 'of the same scopes');
    is(claims($first->{access_token})->{sid}, claims($s->{access_token})->{sid}, 'of the same session');
    is(refresh($lens, $s->{refresh_token})->{json}{refresh_token}, $first->{refresh_token}, 'a lost answer is given again');
    my $narrow = refresh($lens, $first->{refresh_token}, scope => 'api:models-read')->{json};
    is($narrow->{scope}, 'api:models-read', 'narrowed');
    is(writes($t, $narrow->{access_token}), 403, 'in effect');
    is(refresh($lens, $narrow->{refresh_token})->{json}{scope}, $ALL, 'and the next one is whole again');
    my $small = session($t, $t->member, $lens, scope => 'api:models-read');
    oauth_is(refresh($lens, $small->{refresh_token}, scope => $_), 400, 'invalid_scope', qr/more than this client was granted/, "not widened: $_") for 'api:models-write', $ALL, 'model:write';
    is(refresh($lens, $small->{refresh_token})->{status}, 200, 'which used up nothing');

    # 30 seconds later it is a thief's
    $t->sql("UPDATE refresh_rotations SET rotated_at = rotated_at - INTERVAL 31 SECOND WHERE token_hash = UNHEX('" . sha256_hex("$s->{refresh_token}\0") . "')");
    oauth_is(refresh($lens, $s->{refresh_token}), 400, 'invalid_grant', qr/not valid/, 'used again later');
    is(reads($t, $_), 401, 'ends the session: its access tokens') for $s->{access_token}, $narrow->{access_token};
    oauth_is(refresh($lens, $narrow->{refresh_token}), 400, 'invalid_grant', qr/not valid/, 'and the newest refresh token');
    is(reads($t, $small->{access_token}), 200, 'not another session');

    my $mine = session($t, $t->member, $lens);
    my $two = client($t, name => 'Two', redirect_uris => $CALLBACK);
    oauth_is(refresh($two, $mine->{refresh_token}), 400, 'invalid_grant', qr/not valid/, 'not by another client');
    is($t->req(POST => '/api/auth/refresh', body => { refresh_token => $mine->{refresh_token} })->{status}, 401, 'not by the models dialect');
    is($t->req(POST => '/api/v1/auth/refresh', body => { refreshToken => $mine->{refresh_token}, refresh_token => $mine->{refresh_token} })->{status} =~ /^40/ ? 1 : 0, 1, 'not by the projects dialect');
    is($t->req(POST => '/console/session/refresh', headers => [ Origin => 'http://127.0.0.1', Cookie => "thaw_session=$mine->{refresh_token}" ])->{status}, 401, 'nor by the console');
    my $own = $t->req(POST => '/api/auth/login', body => { username => 'member', password => $t->password('member') })->{json};
    oauth_is(refresh($lens, $own->{refresh_token}), 400, 'invalid_grant', qr/not valid/, 'and a sign-in\'s not by a client');
    is($t->req(POST => '/api/auth/refresh', body => { refresh_token => $own->{refresh_token} })->{status}, 200, 'which is as it was');
    is(refresh($lens, $mine->{refresh_token})->{status}, 200, 'as is the client\'s');
    # A release before OAuth looks for the SHA-256 of what it is sent, and asks no more.
    my $stored = sub { scalar $t->sql("SELECT COUNT(*) FROM refresh_tokens WHERE token_hash = UNHEX('" . sha256_hex($_[0]) . "')") };
    is(join(' ', map { $stored->($_) } $own->{refresh_token}, "$mine->{refresh_token}\0", $mine->{refresh_token}), '1 1 0', 'which no release without clients finds in the table');
    oauth_is(refresh($lens, undef), 400, 'invalid_request', qr/^refresh_token is required/, 'none');
    oauth_is(refresh($lens, 'x' x 43), 400, 'invalid_grant', qr/not valid/, 'one that never was');
    $t->thaw({ stdin => $t->password('member') . "\n" }, 'user', 'password', 'member', '--password-stdin');
    oauth_is(refresh($lens, $small->{refresh_token}), 400, 'invalid_grant', qr/not valid/, 'a new password ends it');
};

subtest 'revocation' => sub {
    my $member = $t->token('member');
    for my $which (qw(access_token refresh_token)) {
        my $s = session($t, $member, $lens);
        my $next = refresh($lens, $s->{refresh_token})->{json};
        my $bystander = session($t, $member, $lens);
        my $two = client($t, name => 'Two', redirect_uris => $CALLBACK);
        is(join('', map { $_->{status} . $_->{body} } revoke($t, $two, $s->{$which})), '200', 'by another client: unknown to it');
        is(reads($t, $s->{access_token}), 200, 'and nothing happens');
        my $r = revoke($t, $lens, $s->{$which});
        is("$r->{status} '$r->{body}' $r->{headers}{'cache-control'}", "200 '' no-store", "by its $which");
        is(reads($t, $_->{access_token}), 401, 'refused at once') for $s, $next;
        is(refresh($lens, $_->{refresh_token})->{json}{error}, 'invalid_grant', 'both') for $s, $next;
        is(revoke($t, $lens, $s->{$which})->{status}, 200, 'once more');
        is(reads($t, $bystander->{access_token}), 200, 'another session of the same user lives on');
    }
    my $own = of($robot, grant_type => 'client_credentials')->{json}{access_token};
    my $twin = of($robot, grant_type => 'client_credentials')->{json}{access_token};
    is(revoke($t, $robot, $own)->{status}, 200, 'a token for the client itself');
    is(reads($t, $own) . reads($t, $twin), '401200', 'that one alone');
    is(revoke($t, $robot, $_)->{status}, 200, 'what is no token: ' . substr $_, 0, 20) for 'x', 'a.b.c', $token, 'x' x 4096;
    is(reads($t, $token), 200, 'and a sign-in is not revoked so');
    oauth_is(revoke($t, $robot, undef), 400, 'invalid_request', qr/^token is required/, 'no token');
    oauth_is(revoke($t, { %$robot, secret => 'x' }, $twin), 401, 'invalid_client', qr/client/, 'not the client');
    is(reads($t, $twin), 200, 'nothing happened');

    my $c = client($t, name => 'Dropped', user => 'member', redirect_uris => $CALLBACK);
    my ($s, $self, $code) = (session($t, $member, $c), of($c, grant_type => 'client_credentials')->{json}, code($t, $member, $c));
    is(reads($t, $s->{access_token}) . reads($t, $self->{access_token}), '200200', 'given a client at work');
    $t->thaw('client', 'revoke', '--org', 'Main', $c->{id});
    is(reads($t, $s->{access_token}) . reads($t, $self->{access_token}), '401401', 'revoked: refused at once');
    oauth_is($_, 401, 'invalid_client', qr/client/, 'at /token too') for refresh($c, $s->{refresh_token}), exchange($c, $code), of($c, grant_type => 'client_credentials');
    is(consent($t, $member, $c)->{status}, 404, 'nobody can agree to it any more');
};

subtest 'what a user let in, and withdraws' => sub {
    $t->user($_) for qw(owner bystander);
    my ($owner, $reader) = map { $t->token($_) } qw(owner reader);
    my $list = sub { my $r = $t->req(GET => '/console/applications', token => $_[0]); is($r->{status}, 200, 'the list') or diag $r->{raw}; $r->{json}{items} };
    my $names = sub { join ', ', map { $_->{name} } @{ $list->($_[0]) } };
    my $withdraw = sub { my ($tok, $c, @o) = @_; $t->req(DELETE => "/console/applications/" . (ref $c ? $c->{id} : $c), token => $tok, @o) };
    is(json($list->($owner)), '[]', 'nothing at first');
    my ($one, $two, $dropped) = map { client($t, name => $_, redirect_uris => $CALLBACK) } 'One <b>', 'Two', 'Dropped';
    my ($s, $small) = (session($t, $owner, $one), session($t, $owner, $one, scope => 'api:filesystem-read api:models-read'));
    my ($other, $bystander) = (session($t, $owner, $two, scope => 'api:models-read'), session($t, $reader, $one));
    my $next = refresh($one, $s->{refresh_token})->{json};
    my ($pending, $theirs) = (code($t, $owner, $one), code($t, $reader, $one));
    session($t, $owner, $dropped);
    $t->thaw('client', 'revoke', '--org', 'Main', $dropped->{id});

    # given: consent ten days ago, the last exchange two days ago
    my $family = claims($s->{access_token})->{sid};
    my $begun = int((time - 10 * 86400) * 1000);
    my $aged = sprintf('%012x', $begun) . substr $family, 12;
    $t->sql("UPDATE principals SET tokens_since = '2020-01-01' WHERE username = 'owner'; UPDATE refresh_tokens SET family_id = UNHEX('$aged'), created_at = UTC_TIMESTAMP(6) - INTERVAL 2 DAY WHERE family_id = UNHEX('$family');
        UPDATE refresh_tokens SET created_at = UTC_TIMESTAMP(6) - INTERVAL 3 DAY WHERE family_id = UNHEX('" . claims($small->{access_token})->{sid} . "')");
    my $got = $list->($owner);
    is(join(', ', map { $_->{name} } @$got), 'Two, One <b>', 'one entry for each client that has a session, the last used first; none for one that was revoked');
    keys_are($got->[1], 'id last_used name scopes since', 'with its members');
    is($got->[1]{id}, $one->{id}, 'its id');
    is(json([ sort @{ $got->[1]{scopes} } ]), json([ sort split ' ', $ALL ]), 'the scopes of all its sessions, each once');
    is(json($got->[0]{scopes}), '["api:models-read"]', 'and of none but its own');
    my $hours = sub { 0 + $t->sql("SELECT TIMESTAMPDIFF(SECOND, '" . $_[0] =~ s/T/ /r =~ s/Z$//r . "', UTC_TIMESTAMP()) DIV 3600") };
    is(join(' ', map { $hours->($got->[1]{$_}) } qw(since last_used)), '240 48', 'the first consent, and the last exchange');
    is($names->($reader), 'One <b>', 'of another user: of that user');
    is($names->($t->other), '', 'of another tenant: none');

    # what is over is not told of
    my $of_two = "WHERE family_id = UNHEX('" . claims($other->{access_token})->{sid} . "')";
    $t->sql("UPDATE refresh_tokens SET expires_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND $of_two");
    is($names->($owner), 'One <b>', 'not what has expired');
    $t->sql("UPDATE refresh_tokens SET expires_at = UTC_TIMESTAMP(6) + INTERVAL 1 DAY $of_two; UPDATE principals SET tokens_since = UTC_TIMESTAMP(6) - INTERVAL 1 DAY WHERE username = 'owner'; UPDATE refresh_tokens SET tokens_gen = NULL WHERE family_id = UNHEX('$aged')");
    is(json([ map { $hours->($_->{since}) } @{ $list->($owner) } ]), '[0,0]', 'nor what began before all sessions of the user were ended');
    $t->sql("UPDATE principals SET tokens_since = '2020-01-01' WHERE username = 'owner'; UPDATE refresh_tokens SET family_id = UNHEX('$family'), tokens_gen = 0 WHERE family_id = UNHEX('$aged')");

    is(join(' ', map { reads($t, $_->{access_token}) } $s, $next, $other, $bystander), '200 200 200 200', 'given sessions at work');
    my $all = of(client($t, name => 'All', user => 'owner'), grant_type => 'client_credentials')->{json}{access_token};
    my @not = ([ $t->other, 404, 'another tenant' ], [ $t->token('bystander'), 404, 'a user who let it do nothing' ], [ $s->{access_token}, 403, 'the application itself' ], [ $all, 403, 'another one that acts for the user' ],
        [ $t->token('owner', '--scope', 'model:read'), 403, 'a narrowed token' ], [ $t->key(user => 'owner'), 403, 'an API key' ], [ undef, 401, 'nobody' ]);
    unchanged($t, 'whoever may not', sub {
        is($withdraw->($_->[0], $one)->{status}, $_->[1], "$_->[2]: $_->[1]") for @not;
        is($withdraw->($owner, $_)->{status}, 404, "$_: 404") for in_base62('cl_', $NOWHERE), 'cl_1', 'x', $dropped->{id}, $lens->{id};
    });
    my $r = $withdraw->($owner, $one, headers => [ 'Idempotency-Key' => 'withdraw-once' ]);
    is("$r->{status} '$r->{body}'", "204 ''", 'withdrawn');
    is(reads($t, $_->{access_token}), 401, 'an access token is refused at once') for $s, $next, $small;
    oauth_is(refresh($one, $_->{refresh_token}), 400, 'invalid_grant', qr/not valid/, 'no refresh token is good') for $s, $next, $small;
    oauth_is(exchange($one, $pending), 400, 'invalid_grant', qr/not valid/, 'nor a code that waits');
    is(reads($t, $other->{access_token}) . refresh($two, $other->{refresh_token})->{status}, '200200', 'another application of the user\'s is at work');
    is(reads($t, $bystander->{access_token}) . refresh($one, $bystander->{refresh_token})->{status} . exchange($one, $theirs)->{status}, '200200200', 'and so is this one for another user');
    is($names->($owner), 'Two', 'it has left the list');
    is($withdraw->($owner, $one)->{status}, 404, 'once more: there is none');
    is($withdraw->($owner, $one, headers => [ 'Idempotency-Key' => 'withdraw-once' ])->{status}, 204, 'but repeated under its Idempotency-Key it is as it was');
    my ($audit) = audit_rows($t, $one->{id}, "action = 'client.withdrawn'");
    is(audits($t, $one->{id}, 'client.withdrawn') . " $audit->{actor_name}", '1 owner', 'the audit says who did');
    is(scalar $t->sql("SELECT COUNT(*) FROM outbox WHERE resource_type = 'client'"), 0, 'no subscriber is told');
    is(reads($t, session($t, $owner, $one)->{access_token}), 200, 'a new consent lets it in again');
    is($names->($owner), 'One <b>, Two', 'and back into the list');
    $pending = code($t, $owner, $dropped = client($t, name => 'Pending', redirect_uris => $CALLBACK));
    is($withdraw->($owner, $dropped)->{status}, 204, 'a code alone can be withdrawn too');
    oauth_is(exchange($dropped, $pending), 400, 'invalid_grant', qr/not valid/, 'and is good no more');
};

subtest 'what scopes let it do' => sub {
    my %t = map { $_ => of(client($t, name => $_, user => 'admin', scope => $_), grant_type => 'client_credentials')->{json}{access_token} } split ' ', $ALL;
    is(join(' ', map { reads($t, $t{$_}) . '/' . writes($t, $t{$_}) } split ' ', $ALL), '200/403 403/201 403/403 403/403 403/403 403/403', 'of the models dialect');
    my %me = map { $_ => $t->req(GET => '/api/v2/admin/users/getCurrent', token => $t{$_}) } keys %t;
    is(join(' ', map { $me{$_}{status} } split ' ', $ALL), '403 403 403 403 403 200', 'whose name and address it learns');
    is($me{'api:admin-read'}{json}{username}, 'admin', 'with that scope');
    my $id = model($t)->{id};
    is($t->req(POST => "/api/v1/models/$id/archive", token => $t{'api:models-read'})->{status}, 403, 'no change');
    is($t->req(GET => "/api/v1/models/$id", token => $t{'api:models-read'})->{status}, 200, 'one model');
    for my $case ([ '/api/v2/filesystem/spaces' => 'api:filesystem-read' ], [ '/api/v2/models/ri.models.main.model.x?preview=true' => 'api:models-read' ], [ "/api/v1/models/$id" => 'api:models-read' ]) {
        my ($path, $scope) = @$case;
        like($t->req(GET => $path, token => $t{'api:filesystem-write'})->{headers}{'www-authenticate'}, qr/error="insufficient_scope", scope="\Q$scope\E"/, "$path: which scope it takes");
    }
    my $all = of(client($t, name => 'All', user => 'admin'), grant_type => 'client_credentials')->{json}{access_token};
    for my $case ([ GET => '/api/v1/projects' ], [ POST => '/api/v1/projects', { name => 'x' } ], [ GET => '/v1/workspaces' ], [ POST => '/v1/workspaces', { name => 'x' } ], [ GET => '/v1/tokens' ],
        [ POST => '/v1/tokens', { tier => 1, principal => { human_id => usr($t, 'admin') }, api_version => '2026-06-10' } ], [ GET => '/console/actions' ], [ GET => '/console/activity' ],
        [ GET => '/console/applications' ], [ DELETE => "/console/applications/$lens->{id}" ], [ GET => '/console/authorize?' . form(client_id => $lens->{id}, redirect_uri => $CALLBACK) ],
        [ POST => '/console/authorize', { client_id => $lens->{id}, redirect_uri => $CALLBACK, code_challenge => challenge(), approve => JSON::PP::true } ]) {
        my ($method, $path, $body) = @$case;
        is($t->req($method => $path, token => $all, body => $body)->{status}, 403, "$method " . $path =~ s/\?.*//r . ': an application may not');
    }
};

subtest 'nothing in the database yields a secret' => sub {
    my $member = $t->token('member');
    my $code = code($t, $member, $lens);
    my $j = exchange($lens, $code)->{json};
    my $next = refresh($lens, $j->{refresh_token})->{json};
    my %columns;
    push @{ $columns{ $_->[0] } }, "HEX($_->[1])" for $t->sql("SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'thaw'");
    my $dump = join "\n", map { my $table = $_; map { $_->[0] } $t->sql('SELECT CONCAT_WS(\' \', ' . join(', ', @{ $columns{$table} }) . ") FROM $table") } sort keys %columns;
    like($dump, qr/@{[ unpack 'H*', $CALLBACK ]}/i, 'given all that is stored');
    for my $secret ($code, $lens->{secret}, (map { @$_{qw(access_token refresh_token)} } $j, $next)) {
        unlike($dump, qr/$_/i, 'not ' . substr $secret, 0, 6) for unpack('H*', $secret), unpack 'H*', MIME::Base64::decode_base64url($secret);
    }
    my $logs = join '', map { slurp($_) } glob "$t->{dir}/*.log";
    unlike($logs, qr/\Q$_\E/, 'nor the logs: ' . substr $_, 0, 6) for $code, $lens->{secret}, $j->{access_token}, $j->{refresh_token};
};

subtest 'many at once' => sub {
    my $member = $t->token('member');
    my $code = code($t, $member, $lens);
    my @r = concurrently(8, sub { exchange($lens, $code) });
    is(join(' ', sort map { $_->{status} } @r), '200' . ' 400' x 7, 'a code: exactly one wins');
    is(join(' ', map { $_->{json}{error} } grep { $_->{status} == 400 } @r), join(' ', ('invalid_grant') x 7), 'the others are refused');
    my ($won) = grep { $_->{status} == 200 } @r;
    is(reads($t, $won->{json}{access_token}), 401, 'and what came of it is ended, since somebody else has the code');
    my $s = session($t, $member, $lens);
    @r = concurrently(8, sub { refresh($lens, $s->{refresh_token}) });
    my %next = map { ($_->{json}{refresh_token} // $_->{status}) => 1 } @r;
    is(scalar keys %next, 1, 'a refresh token: all get the same successor') or diag explain \%next;
    @r = concurrently(8, sub { $_[0] % 2 ? revoke($t, $lens, $s->{refresh_token}) : refresh($lens, (keys %next)[0]) });
    is(join(' ', grep { !/^(200|400)$/ } map { $_->{status} } @r), '', 'revoked while it is refreshed');
    is(join(' ', map { reads($t, $_->{json}{access_token}) } grep { $_->{json} && $_->{json}{access_token} } @r) =~ /200/ ? 1 : 0, 0, 'no access token survives');
    is(join(' ', map { refresh($lens, $_->{json}{refresh_token})->{status} } grep { $_->{json} && $_->{json}{refresh_token} } @r) =~ /200/ ? 1 : 0, 0, 'nor a refresh token');
    my $two = client($t, name => 'Two at once', redirect_uris => $CALLBACK);
    for my $round (1 .. 4) {
        my ($began, $code) = (session($t, $member, $two), code($t, $member, $two));
        @r = concurrently(6, sub { $_[0] % 3 == 0 ? $t->req(DELETE => "/console/applications/$two->{id}", token => $member) : $_[0] % 3 == 1 ? exchange($two, $code) : refresh($two, $began->{refresh_token}) });
        is(join(' ', grep { !/^(200|204|400|404)$/ } map { $_->{status} } @r), '', 'withdrawn while a code is exchanged and a session refreshed');
        my @live = grep { $_->{json} && $_->{json}{access_token} } @r;
        is(join(' ', map { reads($t, $_->{json}{access_token}) . refresh($two, $_->{json}{refresh_token})->{status} } @live) =~ /200/ ? 1 : 0, 0, 'nothing survives');
    }
    @r = concurrently(6, sub { consent($t, $member, $lens) });
    is(join(' ', map { $_->{status} } @r), join(' ', (200) x 6), 'six consents to one client');
};

subtest 'introspection (RFC 7662)' => sub {
    my ($member, $other) = ($t->token('member'), client($t, org => 'Other', name => 'Elsewhere', user => 'other'));
    my $told = sub { my ($c, $token, %o) = @_; $t->req(POST => "$OAUTH/introspect", type => 'application/x-www-form-urlencoded', body => form(token => $token, $o{headers} ? () : (client_id => $c->{id}, client_secret => $c->{secret})), %o) };
    my $is = sub { my ($r, $active, $name) = @_; is("$r->{status} " . json($r->{json}{active}), "200 $active", $name); $r->{json} };
    my $s = session($t, $member, $lens);
    my $one = $is->($told->($lens, $s->{access_token}), 'true', 'its own access token');
    my $c = claims($s->{access_token});
    is(json([ @$one{qw(client_id username token_type exp iat sub aud iss jti scope)} ]), json([ $lens->{id}, 'Lens for member', 'bearer', @$c{qw(exp iat sub aud iss jti scope)} ]), 'whose it is, and what for');
    is($one->{exp} =~ /^\d+\z/ && $one->{iat} =~ /^\d+\z/, 1, 'times are seconds');
    is($is->($told->($robot, $s->{access_token}), 'true', 'that of another application of the organization')->{client_id}, $lens->{id}, 'is told');
    my $key = $t->key(user => 'member');
    $one = $is->($told->($lens, $member), 'true', "a user's own");
    is(join(' ', grep { exists $one->{$_} } qw(client_id scope)), '', 'of no application, not narrowed');
    is($is->($told->($lens, $key), 'true', 'an API key')->{username}, 'member', 'whose rights it has');
    is($is->($told->($lens, $t->key(user => 'member', kind => 'token', tier => 1)), 'true', 'a narrowed one')->{tier}, 1, 'how far it goes');
    $one = $is->($told->($lens, $s->{refresh_token}), 'true', 'its own refresh token');
    is(json([ $one->{token_type}, $one->{client_id} ]), json([ undef, $lens->{id} ]), 'which is no bearer token');
    $is->($told->($robot, $s->{refresh_token}), 'false', 'not that of another');
    for my $nothing ('x', 'a.b.c', substr($s->{access_token}, 0, -3) . 'abc', 'sk_live_' . 'x' x 43, $t->key(user => 'member', kind => 'publishable'), 'x' x 4000) {
        is($told->($lens, $nothing)->{body}, qq({"active":false}\n), substr($nothing, 0, 12) . ': nothing is told');
    }
    is($told->($other, $_)->{body}, qq({"active":false}\n), "nor of another organization's") for $s->{access_token}, $member, $key;
    my $after = refresh($lens, $s->{refresh_token})->{json};
    $is->($told->($lens, $s->{refresh_token}), 'false', 'one that was exchanged');
    $is->($told->($lens, $after->{access_token}), 'true', 'given the next one');
    revoke($t, $lens, $after->{refresh_token});
    $is->($told->($lens, $_), 'false', 'revoked') for @$after{qw(access_token refresh_token)}, $s->{access_token};
    my $public = client($t, name => 'Open', public => 1, redirect_uris => 'com.example.open:/cb');
    for my $case ([ 'a public client' => { id => $public->{id} } ], [ 'a wrong secret' => { id => $lens->{id}, secret => 'cs_' . 'x' x 43 } ], [ 'nobody' => {} ]) {
        oauth_is($told->($case->[1], $member), 401, 'invalid_client', qr/^Unknown client, or client authentication failed/, $case->[0]);
    }
    $is->($told->($lens, $member, headers => basic($lens->{id}, $lens->{secret})), 'true', 'client_secret_basic');
    oauth_is($t->req(POST => "$OAUTH/introspect", type => 'application/x-www-form-urlencoded', body => form(client_id => $lens->{id}, client_secret => $lens->{secret})), 400, 'invalid_request', qr/token/, 'no token');
    $t->must('user', 'disable', 'member');
    $is->($told->($lens, $_), 'false', 'of a disabled user') for $member, $key;
    $t->must('user', 'enable', 'member');
};

subtest 'keys (RFC 7517)' => sub {
    $t->must('signing-key', 'create', '--alg', $_) for qw(RS256 HS256 ES256);
    my @files = map { m{([^/.]+)\.(\w+)\.\w+$} } glob "$t->{dir}/keys/*.*256.*";
    my %alg = @files;
    my ($r) = within(5, sub { my $r = $t->req(GET => "$OAUTH/keys"); @{ $r->{json}{keys} // [] } == 3 ? $r : undef }, 'the new keys');
    is(join(' ', sort map { "$_->{kid} $_->{alg} $_->{use}" } @{ $r->{json}{keys} }), join(' ', sort map { "$_ $alg{$_} sig" } grep { $alg{$_} ne 'HS256' } keys %alg), 'every key but the secret one');
    for my $k (@{ $r->{json}{keys} }) {
        keys_are($k, $k->{kty} eq 'EC' ? 'alg crv kid kty use x y' : 'alg e kid kty n use', "$k->{alg}: its public half alone");
        # what openssl says of the file
        my $file = "$t->{dir}/keys/$k->{kid}.$k->{alg}.pem";
        my $der = unpack 'H*', qx(openssl pkey -in $file -pubout -outform DER);
        my $hex = sub { unpack 'H*', decode_base64url($_[0]) };
        ok($k->{kty} eq 'EC' ? $der =~ /04@{[$hex->($k->{x})]}@{[$hex->($k->{y})]}\z/ : index($der, $hex->($k->{n})) > 0 && $k->{e} eq 'AQAB', 'is the key');
    }
};

subtest 'metadata (RFC 8414)' => sub {
    my $at = '/.well-known/oauth-authorization-server';
    oauth_is($t->req(GET => $at), 404, 'invalid_request', qr/issuer/, 'none of an issuer that is a word');
    my $m = Thaw->new(workers => 1, config => { base_path => '/registry', issuer => 'https://thaw.example/registry' });
    my $r = $m->req(GET => "/registry$at");
    is($r->{status}, 200, 'of one that is an address') or diag $r->{raw};
    is($m->req(GET => "$at/registry")->{body}, $r->{body}, 'also where RFC 8414 puts it');
    is($m->req(GET => "$at/other")->{status}, 404, 'of no other path');
    my %is = %{ $r->{json} };
    is($is{issuer}, 'https://thaw.example/registry', 'the issuer');
    is(claims($m->admin)->{iss}, $is{issuer}, 'is that of tokens');
    for my $name (grep { /_endpoint$|_uri$/ } keys %is) {
        my ($path) = $is{$name} =~ m{^https://thaw\.example(/registry/.*)$};
        is($m->req(OPTIONS => $path // '/none')->{status}, 204, "$name is there");
    }
    is(join(' ', sort @{ $is{scopes_supported} }), join(' ', sort split(' ', $ALL), 'offline_access'), 'its scopes');
    is(json([ @is{qw(response_types_supported code_challenge_methods_supported)} ]), '[["code"],["S256"]]', 'what it takes');
    is($is{jwks_uri}, "https://thaw.example/registry$OAUTH/keys", 'its keys');
    for my $bad ('https://thaw.example/', 'https://thaw.example?x', 'https://', 'ftp://thaw.example', 'https://thaw.example#x') {
        my $r = $t->run({ THAW_CONFIG => "$t->{dir}/thaw.conf", THAW_ISSUER => $bad }, '', "$Thaw::BUILD/thaw", 'tables', 'config');
        is($r->{exit} ? 1 : 0, 1, "`$bad` is no issuer");
        like($r->{err}, qr/issuer must be/, 'says why');
    }
};

subtest 'any port of a loopback address (RFC 8252 7.3)' => sub {
    my $app = client($t, name => 'Native', public => 1, redirect_uris => 'http://127.0.0.1:7/cb http://[::1]/cb https://native.example/cb');
    my $asked = sub { $t->req(GET => "$OAUTH/authorize?" . form(client_id => $app->{id}, redirect_uri => $_[0], response_type => 'code', code_challenge => challenge(), code_challenge_method => 'S256'))->{status} };
    is($asked->($_), 302, "$_ is its own") for 'http://127.0.0.1:7/cb', 'http://127.0.0.1:51004/cb', 'http://127.0.0.1/cb', 'http://[::1]:9/cb', 'https://native.example/cb';
    is($asked->($_), 400, "$_ is not") for 'http://127.0.0.1:70000/cb', 'http://127.0.0.1:8/other', 'http://localhost:8/cb', 'https://native.example:8443/cb', 'http://127.0.0.2:8/cb';
};

subtest 'thaw sweep' => sub {
    my $member = $t->token('member');
    my ($unused, $used, $over) = map { code($t, $member, $lens) } 1 .. 3;
    my $alive = refresh($lens, exchange($lens, $used)->{json}{refresh_token})->{json};
    revoke($t, $lens, exchange($lens, $over)->{json}{refresh_token});
    $t->sql("UPDATE oauth_codes SET expires_at = '2020-01-01'; UPDATE oauth_revocations SET expires_at = '2020-01-01'");
    my $left = sub { join ' ', map { scalar $t->sql("SELECT COUNT(*) FROM oauth_codes WHERE code_hash = UNHEX('" . sha256_hex($_) . "')") } @_ };
    my ($codes, $ended) = map { scalar $t->sql("SELECT COUNT(*) FROM $_") } qw(oauth_codes oauth_revocations);
    my $r = $t->thaw('--json', 'sweep');
    is($r->{json}{codes}, $codes - $t->sql('SELECT COUNT(*) FROM oauth_codes'), 'what has ended is deleted');
    is($left->($unused, $over, $used), '0 0 1', 'codes that were not used and those of sessions that ended, not that of one at work');
    is($r->{json}{revocations}, $ended, 'and every revocation');
    oauth_is(exchange($lens, $used), 400, 'invalid_grant', qr/not valid/, 'the code of a session at work, shown again however late');
    is(reads($t, $alive->{access_token}), 401, 'ends it');
    is($t->thaw('--json', 'sweep')->{json}{codes}, 1, 'and then it is deleted too');
};

$t->finish;
