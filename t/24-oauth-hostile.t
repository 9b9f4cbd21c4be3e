#!/usr/bin/perl
# OAuth 2.0 under requests that are wrong or mean harm: open redirects, forms that are
# none, credentials in both places or of nobody, another organization's, applications
# that would agree to more for themselves; every failure in the words of RFC 6749,
# nginx's own too; and a COMMIT without an answer.
use strict;
use warnings;
use FindBin;
use MIME::Base64 'encode_base64';
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use OAuth;

my $t = Thaw->new(workers => 2, proxy => 1, config => { body_limit => 500_000 });
my $token = $t->admin;
$t->$_ for qw(reader member other);
my $CALLBACK = 'https://lens.example/callback';
my $lens = client($t, redirect_uris => "$CALLBACK https://lens.example/cb?tenant=1&x=a%20b", user => 'admin');
my $desk = client($t, name => 'Desk', public => 1, redirect_uris => 'http://127.0.0.1:9/cb');
sub exchange { my ($c, $code, %o) = @_; token($t, $c, [ grant_type => 'authorization_code', code => $code, redirect_uri => $c->{redirect_uris}[0], code_verifier => $VERIFIER ], %o) }
sub post { my ($body, %o) = @_; $t->req(POST => "$OAUTH/token", body => $body, type => 'application/x-www-form-urlencoded', %o) }
my $GOOD = form(grant_type => 'client_credentials', client_id => $lens->{id}, client_secret => $lens->{secret});

subtest 'GET /authorize sends nobody where no client is' => sub {
    my %good = (response_type => 'code', client_id => $lens->{id}, redirect_uri => $CALLBACK, scope => 'api:models-read', state => 's', code_challenge => challenge(), code_challenge_method => 'S256');
    my $ask = sub { my %o = (%good, @_); $t->req(GET => "$OAUTH/authorize?" . form(map { $_ => $o{$_} } sort keys %o)) };
    my $page = sub {
        my ($r, $name) = @_;
        is("$r->{status} $r->{headers}{'content-type'}", '400 text/html; charset=utf-8', "$name: a page") or diag $r->{raw};
        is($r->{headers}{location}, undef, 'no redirect');
        unlike($r->{body} =~ s{ href="(?:#main|/|/[a-z][\w./-]*)"}{}gr, qr/evil|<script|javascript:|href|refresh/i, 'that leads nowhere but to the documentation');
        is($r->{headers}{'x-frame-options'}, 'DENY', 'in no frame');
    };
    is($ask->()->{status}, 302, 'given a request that is right');
    unchanged($t, 'whatever is asked', sub {
        $page->($ask->(client_id => $_), 'client_id ' . ($_ // 'missing')) for undef, '', 'cl_1', in_base62('cl_', $NOWHERE), $lens->{id} =~ s/cl_/cl-/r, "$lens->{id} ", '<script>', hex_of($lens->{id});
        $page->($ask->(redirect_uri => $_), 'redirect_uri ' . ($_ // 'missing')) for undef, '', 'https://evil.example/', "$CALLBACK/", "$CALLBACK?x=1", "$CALLBACK#x", 'https://lens.example/Callback', 'https://lens.example:443/callback', 'https://lens.example@evil.example/callback',
            'https://lens.example.evil.example/callback', 'http://lens.example/callback', '//evil.example', '/callback', 'javascript:alert(1)', "$CALLBACK\r\nX: y", 'https://lens.example/%63allback', 'https://lens.example/callback/../evil', $desk->{redirect_uris}[0], "\x{c3}\x{a9}", "$CALLBACK <script>";
        $page->($t->req(GET => "$OAUTH/authorize?" . form(%good) . "&redirect_uri=$_"), "a second redirect_uri $_") for $CALLBACK, 'https://evil.example/';
        $page->($t->req(GET => "$OAUTH/authorize?" . form(%good) . "&client_id=$lens->{id}"), 'a second client_id');
        $page->($t->req(GET => "$OAUTH/authorize"), 'nothing at all');
        for my $o ({}, { response_type => 'token' }) {
            my $r = $t->req(GET => "$OAUTH/authorize?" . form(%good, %$o, state => undef) . '&state=' . '(' x 6500);
            $page->($r, 'a state that makes the address too long');
            like($r->{body}, qr/the limit is 8000\. The <code>state<\/code> must be shorter/, 'which names the limit');
        }

        my $fault = sub {
            my ($error, $description, $name, @o) = @_;
            my $r = ref $o[0] ? $o[0] : $ask->(@o);
            is($r->{status}, 302, "$name: back to the application") or diag $r->{raw};
            like($r->{headers}{location}, qr/^\Q$CALLBACK\E\?/, 'at its own address');
            my %got = %{ location($r->{headers}{location} // '') };
            is("$got{error} " . ($got{state} // ''), "$error s", 'with the error and the state');
            like($got{error_description}, $description, 'that says what is wrong');
        };
        $fault->('invalid_request', qr/^response_type is required/, 'no response_type', response_type => undef);
        $fault->('unsupported_response_type', qr/must be code/, "response_type $_", response_type => $_) for 'token', 'code token', 'CODE', 'none';
        $fault->('invalid_request', qr/^code_challenge is required/, 'code_challenge ' . length($_ // ''), code_challenge => $_) for undef, '', 'x' x 42, 'x' x 129, 'x' x 42 . '=', 'x' x 42 . "\n";
        $fault->('invalid_request', qr/must be S256/, 'method ' . ($_ // 'missing'), code_challenge_method => $_) for undef, 'plain', 's256', 'none';
        $fault->('invalid_scope', qr/^the application may request: api:models-read /, "scope $_", scope => $_) for 'model:read', 'api:models-read organization:admin', 'x';
        $fault->('invalid_request', qr/^$_ is given twice/, "$_ twice", $t->req(GET => "$OAUTH/authorize?" . form(%good) . "&$_=s")) for qw(state scope response_type code_challenge);
    });
    my $r = $ask->(redirect_uri => $lens->{redirect_uris}[1], scope => 'x');
    like($r->{headers}{location}, qr{^https://lens\.example/cb\?tenant=1&x=a%20b&error=invalid_scope&}, 'a query of the redirect URI stays');
    for my $state ("\r\nSet-Cookie: a=b", '&code=mine', '#', '"><script>', '%0d%0a', "\x{e2}\x{80}\x{a8}", 'x' x 3000) {
        for my $scope (undef, 'x') {
            my $r = $ask->(state => $state, scope => $scope);
            is($r->{status}, 302, 'a state of ' . length $state);
            is($r->{headers}{'set-cookie'}, undef, 'is no header');
            my $to = $r->{headers}{location} =~ s{^/#}{}r;
            is(location($to)->{state}, $state, 'and comes back as it was');
            is(location($to)->{code}, undef, 'with no code');
        }
    }
    my %cgi = (GATEWAY_INTERFACE => 'CGI/1.1', THAW_CONFIG => "$t->{dir}/thaw.conf", THAW_BASE_PATH => '/registry', REQUEST_METHOD => 'GET', REQUEST_URI => "/registry$OAUTH/authorize?" . form(%good), REMOTE_ADDR => '127.0.0.1');
    like($t->run(\%cgi, '', "$Thaw::BUILD/thaw.fcgi")->{out}, qr{^Location: /registry/#/authorize\?client_id=}m, 'under a base path');
    is($t->req(HEAD => "$OAUTH/authorize?" . form(%good))->{status}, 302, 'HEAD');
    my $evil = client($t, name => '<img src=x onerror=alert(1)>', redirect_uris => $CALLBACK);
    unlike($ask->(client_id => $evil->{id}, redirect_uri => 'https://evil.example/')->{body}, qr/<img/, 'a name is no markup');
};

subtest 'POST /token takes a form, and nothing else' => sub {
    is(post($GOOD)->{status}, 200, 'given a form that is right');
    is(post($GOOD, type => $_)->{status}, 200, "as $_") for 'application/x-www-form-urlencoded;charset=UTF-8', 'Application/X-WWW-Form-Urlencoded', 'application/x-www-form-urlencoded; charset="utf-8"';
    is(post("&&$GOOD&&unknown=1&unknown=2&scope=&resource=x")->{status}, 200, 'what is not known, and what is empty, is let be');
    is(post("$GOOD&scope=api:models-write+api%3Amodels-read")->{json}{scope}, 'api:models-write api:models-read', 'a plus is a blank');
    is(post($GOOD =~ s/client_credentials/client%5fcredentials/r)->{status}, 200, 'with escapes');
    unchanged($t, 'what is not right', sub {
        oauth_is(post($GOOD, type => $_), 400, 'invalid_request', qr/Send the body as application\/x-www-form-urlencoded/, "as $_") for 'application/json', 'text/plain', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded; charset=latin1', 'application/x-www-form-urlencodedx';
        oauth_is(post($GOOD, headers => [ 'Content-Encoding' => 'gzip' ]), 400, 'invalid_request', qr/Content-Encoding/, 'compressed');
        oauth_is($t->req(POST => "$OAUTH/token", headers => [ 'Content-Length' => 0 ]), 400, 'invalid_request', qr/^body is required/, 'no body');
        oauth_is(post("$GOOD&$_=x"), 400, 'invalid_request', qr/^$_ is given twice/, "$_ twice") for qw(grant_type client_id client_secret);
        oauth_is(post("$GOOD&scope=api:models-read&scope=api:models-write"), 400, 'invalid_request', qr/^scope is given twice/, 'scope twice');
        oauth_is(post($_), 400, 'invalid_request', qr/percent escape or is not UTF-8/, "broken: $_") for "$GOOD&x=%", "$GOOD&x=%4", "$GOOD&x=%zz", "$GOOD&%=1", "$GOOD&x=%ff", "$GOOD&x=\xff";
        oauth_is(post($_), 400, 'invalid_request', qr/has a NUL/, 'a NUL') for "$GOOD&x=a\0b", "$GOOD&x=%00";
        oauth_is(post("$GOOD&" . join '&', map { "p$_=1" } 1 .. 70), 400, 'invalid_request', qr/too many parameters/, 'very many');
        oauth_is(post("client_id=$lens->{id}&client_secret=$lens->{secret}"), 400, 'invalid_request', qr/^grant_type is required/, 'no grant_type');
        oauth_is(post($GOOD =~ s/client_credentials/$_/r), 400, 'unsupported_grant_type', qr/grant_type must be /, "grant_type $_") for 'password', 'implicit', 'x', 'CLIENT_CREDENTIALS', 'urn:ietf:params:oauth:grant-type:device_code';
        oauth_is(post("$GOOD&$_->[0]=" . 'x' x $_->[1]), 400, 'invalid_request', qr/at most/, "$_->[0] of $_->[1]") for [ scope => 1025 ], [ code => 129 ], [ refresh_token => 513 ], [ redirect_uri => 2049 ];
        oauth_is(post("$GOOD&x=" . 'x' x 600_000), 413, 'invalid_request', qr/too large/, 'more than body_limit');
        oauth_is(post("$GOOD&x=" . 'x' x 1_100_000), 413, 'invalid_request', qr/too large/, 'more than nginx takes');
        oauth_is(post('{"grant_type":"client_credentials"}'), 400, 'invalid_request', qr/^grant_type is required/, 'JSON that says it is a form');
        oauth_is(post("$GOOD&scope=" . escaped("\"\\\x{c3}\x{a9}\n")), 400, 'invalid_scope', qr/scope/, 'a scope of odd characters');
    });
};

subtest 'who the client is' => sub {
    my @ask = (grant_type => 'client_credentials');
    my $with = sub { my ($headers, @form) = @_; post(form(@ask, @form), headers => $headers) };
    is($with->(basic($lens->{id}, $lens->{secret}))->{status}, 200, 'Basic');
    is($with->(basic($lens->{id}, $lens->{secret}), client_id => $lens->{id})->{status}, 200, 'with its id in the form too');
    is($with->([ Authorization => 'bASIC   ' . encode_base64("$lens->{id}:$lens->{secret}", '') ])->{status}, 200, 'however the scheme is written');
    is($with->([ Authorization => 'Basic ' . encode_base64(join(':', map { s/(.)/sprintf '%%%02x', ord $1/ger } @$lens{qw(id secret)}), '') ])->{status}, 200, 'percent-encoded');
    is(exchange($desk, code($t, $t->member, $desk), headers => basic($desk->{id}, ''))->{status}, 200, 'a public client, by Basic without a secret');
    is(exchange($desk, code($t, $t->member, $desk))->{status}, 200, 'or by its id alone');
    is($t->req(POST => "$OAUTH/revoke_token", type => 'application/x-www-form-urlencoded', body => 'token=x', headers => basic($lens->{id}, $lens->{secret}))->{status}, 200, 'and at /revoke_token');
    my $code = code($t, $t->member, $desk);
    unchanged($t, 'what proves nothing', sub {
        oauth_is($with->(basic($lens->{id}, $lens->{secret}), client_secret => $lens->{secret}), 400, 'invalid_request', qr/^client_secret is given twice/, 'both at once');
        oauth_is($with->(basic($lens->{id}, $lens->{secret}), client_id => $desk->{id}), 400, 'invalid_request', qr/^client_id does not match/, 'two ids');
        my $refused = sub { my ($name, @o) = @_; oauth_is($with->(@o), 401, 'invalid_client', qr/authentication failed/, $name) };
        $refused->('nobody', []);
        $refused->('a secret without an id', [], client_secret => $lens->{secret});
        $refused->('an id without its secret', [], client_id => $lens->{id});
        $refused->("secret $_", [], client_id => $lens->{id}, client_secret => $_) for 'x', "$lens->{secret}x", lc $lens->{secret}, " $lens->{secret}", substr $lens->{secret}, 3;
        $refused->("id $_", [], client_id => $_, client_secret => $lens->{secret}) for 'cl_1', in_base62('cl_', $NOWHERE), hex_of($lens->{id}), "$lens->{id}\n";
        $refused->('a public client with a secret', [], client_id => $desk->{id}, client_secret => 'x');
        $refused->("Authorization: $_", [ Authorization => $_ ]) for "Bearer $token", 'Basic', 'Basic x', 'Basic ' . encode_base64($lens->{id}, ''), 'Basic ' . encode_base64("$lens->{id}:$lens->{secret}", '') =~ s/=*$/====/r, 'Basic ' . encode_base64("$lens->{id}:%zz", ''), 'Basic ' . encode_base64("$lens->{id}:a\0b", ''), 'Digest x', "Basic $lens->{id}:$lens->{secret}";
        $refused->('Basic with a wrong secret', basic($lens->{id}, 'x'));
        $refused->('Basic without one', basic($lens->{id}, ''));
        oauth_is(exchange({ %$desk, secret => 'x' }, $code), 401, 'invalid_client', qr/authentication failed/, 'a public client with a secret, and its code');
        oauth_is($t->req(POST => "$OAUTH/revoke_token", type => 'application/x-www-form-urlencoded', body => form(token => 'x', client_id => $lens->{id})), 401, 'invalid_client', qr/authentication failed/, 'at /revoke_token');
        is($t->req(POST => "$OAUTH/token", type => 'application/x-www-form-urlencoded', body => $GOOD, headers => [ Authorization => 'Basic x', Authorization => 'Basic y' ])->{json}{error}, 'invalid_request', 'two headers');
    });
    cmp_ok(scalar(grep { $_->{event} eq 'CLIENT_REFUSED' } log_lines($t, 'security')), '>=', 10, 'the security log tells of it');
};

subtest 'how often a client may ask' => sub {
    my $t = Thaw->new(limits => 1, nginx => 0, clock => 1, config => { rate_default => 5, login_rate => 3 });
    my ($one, $two) = map { client($t, name => $_, user => 'admin') } qw(One Two);
    my $desk = client($t, name => 'Desk', public => 1, redirect_uris => $CALLBACK);
    my $ask = sub {
        my ($from, $c, %o) = @_;
        my $body = form(grant_type => 'client_credentials', token => 'x', client_id => $c->{id}, client_secret => $c->{secret});
        return fastcgi($t, [ REMOTE_ADDR => $from, REQUEST_METHOD => 'POST', REQUEST_URI => "$OAUTH/" . ($o{at} // 'token'), CONTENT_TYPE => 'application/x-www-form-urlencoded', CONTENT_LENGTH => length $body ], $body);
    };
    my $codes = sub { join ' ', map { $_->{status} } @_ };
    $t->next_minute;
    my @r = map { $ask->("192.0.2.$_", $one) } 1 .. 6;
    is($codes->(@r), '200 200 200 200 200 429', 'rate_default a minute, from wherever');
    oauth_is($r[5], 429, 'temporarily_unavailable', qr/Too many token requests/, 'in the words of RFC 6749');
    like($r[5]{headers}{'retry-after'}, qr/^[1-9]\d?$/, 'with Retry-After');
    is($codes->($ask->('192.0.2.1', $one, at => 'revoke_token'), $ask->('192.0.2.1', $two)), '429 200', 'at either address of the API; another client is not affected');
    is($codes->(map { $ask->('192.0.2.1', $desk) } 1 .. 6), '400 400 400 400 400 429', 'a public client: so often from one address');
    is($codes->($ask->('192.0.2.2', $desk)), '400', 'so that nobody shuts it out by saying its id');
    @r = map { $ask->('192.0.2.1', { id => $one->{id}, secret => "wrong $_" }) } 1 .. 4;
    is($codes->(@r), '401 401 401 429', 'who proves nothing: login_rate a minute from one address');
    oauth_is($r[3], 429, 'temporarily_unavailable', qr/Too many token requests/, 'likewise');
    is($codes->($ask->('192.0.2.1', $two), $ask->('192.0.2.2', { id => 'cl_1' })), '200 401', 'which is in the way of no client there, and of no other address');
};

subtest 'who may agree' => sub {
    my $body = sub { { client_id => $lens->{id}, redirect_uri => $CALLBACK, code_challenge => challenge(), approve => JSON::PP::true, @_ } };
    my $get = sub { $t->req(GET => '/console/authorize?' . form(client_id => $lens->{id}, redirect_uri => $CALLBACK), token => $_[0]) };
    my $give = sub { my ($tok, @o) = @_; $t->req(POST => '/console/authorize', token => $tok, body => $body->(@o)) };
    is($get->($t->reader)->{status} . $give->($t->reader)->{status}, '200200', 'every user of the organization, for what the user may');
    my %credential = (key => $t->key(user => 'admin'), test => $t->key(user => 'admin', test => 1), tok => $t->key(user => 'admin', kind => 'token', tier => 4), narrowed => $t->token('admin', '--scope', 'organization:admin'),
        application => session($t, $token, $lens)->{access_token});
    unchanged($t, 'what is no sign-in', sub {
        for my $name (sort keys %credential) {
            problem_is($get->($credential{$name}), 403, "$name: may not look");
            problem_is($give->($credential{$name}), 403, 'nor agree');
            problem_is($t->req(GET => '/console/applications', token => $credential{$name}), 403, 'nor see what was agreed to');
            problem_is($t->req(DELETE => "/console/applications/$lens->{id}", token => $credential{$name}), 403, 'nor withdraw it');
        }
        problem_is($get->('x'), 401, 'no token that is one');
        problem_is($_, 404, 'another organization') for $get->($t->other), $give->($t->other);
        my ($other, $none) = map { $t->req(GET => '/console/authorize?' . form(client_id => $_, redirect_uri => $CALLBACK), token => $t->other) } $lens->{id}, in_base62('cl_', $NOWHERE);
        is($other->{body} =~ s/"request_id":"\w+"//r, $none->{body} =~ s/"request_id":"\w+"//r, 'gets what one gets that never was');
        problem_is($give->($token, @$_), 404, "@$_") for [ client_id => 'cl_1' ], [ client_id => in_base62('cl_', $NOWHERE) ], [ client_id => $desk->{id} ], [ redirect_uri => 'https://evil.example/' ], [ redirect_uri => "$CALLBACK/" ];
        problem_is($give->($token, approve => JSON::PP::false, redirect_uri => 'https://evil.example/'), 404, 'nor is a refusal sent elsewhere');
        for my $case ([ client_id => undef ], [ redirect_uri => undef ], [ code_challenge => undef ], [ code_challenge => 'x' ], [ code_challenge => 'x' x 42 . '!' ], [ approve => undef ], [ approve => 'yes' ], [ approve => 1 ], [ scope => 'model:write' ], [ scope => 'organization:admin' ], [ scope => 5 ], [ state => 5 ], [ state => 'x' x 8193 ]) {
            my $r = $give->($token, @$case);
            is("$r->{status} $r->{json}{errors}[0]{field}", "400 $case->[0]", 'not right: ' . substr json($case), 0, 60);
        }
        is($t->req(GET => '/console/authorize?' . form(client_id => $lens->{id}, redirect_uri => $CALLBACK, scope => 'x'), token => $token)->{json}{errors}[0]{field}, 'scope', 'a scope that is none');
    });
    my $once = sub { consent($t, $token, $lens, headers => [ 'Idempotency-Key' => 'once' ]) };
    my $first = $once->();
    is($once->()->{body}, $first->{body}, 'under an Idempotency-Key the same code');
    unlike(scalar $t->sql("SELECT GROUP_CONCAT(body) FROM attempts WHERE idempotency_key = 'once'"), qr/\Q@{[ location($first->{json}{location})->{code} ]}\E/, 'kept sealed');
    is(consent($t, $token, $lens, scope => undef, state => undef)->{json}{location} =~ /state/ ? 1 : 0, 0, 'no state');
};

subtest 'users and organizations' => sub {
    $t->user('ina');
    my $ina = $t->token('ina');
    my $s = session($t, $ina, $lens);
    my $own = client($t, name => 'Ina', user => 'ina');
    my $self = token($t, $own, [ grant_type => 'client_credentials' ])->{json};
    is(reads($t, $s->{access_token}) . reads($t, $self->{access_token}), '200200', 'given a user who let an application act');
    $t->thaw('user', 'disable', 'ina');
    is(reads($t, $s->{access_token}) . reads($t, $self->{access_token}), '401401', 'disabled: refused at once');
    oauth_is(token($t, $lens, [ grant_type => 'refresh_token', refresh_token => $s->{refresh_token} ]), 400, 'invalid_grant', qr/not valid/, 'no more tokens');
    oauth_is(token($t, $own, [ grant_type => 'client_credentials' ]), 400, 'unauthorized_client', qr/active user/, 'nor for the client itself');
    $t->thaw('user', 'enable', 'ina');
    oauth_is(token($t, $lens, [ grant_type => 'refresh_token', refresh_token => $s->{refresh_token} ]), 400, 'invalid_grant', qr/not valid/, 'enabled again: the session is over');
    is(token($t, $own, [ grant_type => 'client_credentials' ])->{status}, 200, 'the client is not');

    my $theirs = client($t, name => 'Theirs', org => 'Other', user => 'other', redirect_uris => $CALLBACK);
    my $tok = token($t, $theirs, [ grant_type => 'client_credentials' ])->{json}{access_token};
    my $id = model($t)->{id};
    is($t->req(GET => "/api/v1/models/$id", token => $tok)->{status}, 404, "another organization's application sees nothing of ours");
    is(consent($t, $token, $theirs)->{status}, 404, 'nor do we agree to it');
    my $key = signing_key($t, 'ES256');
    my %claim = (sub => 'usr-' . $t->sql("SELECT LOWER(HEX(id)) FROM principals WHERE username = 'admin'"), org => 'org-' . $t->sql("SELECT LOWER(HEX(organization_id)) FROM principals WHERE username = 'admin'"), scope => 'api:models-read');
    my $mine = sub { reads($t, mint($key, claims => { %claim, @_ })) };
    is($mine->(client_id => $lens->{id}, sid => 'a' x 24), 200, 'given a token signed by hand');
    is($mine->(client_id => $theirs->{id}, sid => 'a' x 24), 401, 'of a client of another organization');
    is($mine->(client_id => $_, sid => 'a' x 24), 401, 'client_id ' . json($_)) for in_base62('cl_', $NOWHERE), '', 'x', 5, hex_of($lens->{id});
    is($mine->(client_id => $lens->{id}, sid => 'a' x 24, scope => undef), 401, 'without scopes');
    is($mine->(client_id => $lens->{id}, sid => $_), 401, 'sid ' . json($_)) for undef, '', 'x', 5, 'A' x 24;
};

subtest "an Idempotency-Key is the application's own" => sub {
    my ($one, $two) = map { token($t, client($t, name => $_, user => 'admin'), [ grant_type => 'client_credentials' ])->{json}{access_token} } qw(One Two);
    my $ask = sub { my $r = $t->req(POST => '/api/v1/models', token => $_[0], headers => [ 'Idempotency-Key' => 'of-many' ], body => { name => 'asked for by many', model_type => 'auto', task_type => 'regression' });
        "$r->{status} " . ($r->{headers}{'idempotent-replayed'} // 'done') };
    is($ask->($one), '201 done', 'given what one application asked for');
    is($ask->($one), '201 true', 'it has its answer again');
    is($ask->($two), '409 done', 'another one of the same user does not: the name is taken');
    is($ask->($token), '409 done', 'nor does the user');
};

# Another node of a cluster may begin or refresh a session beside a new password: both
# commit, and its tokens are in the table.
subtest 'a user whose sessions end while one is begun or refreshed' => sub {
    $t->user('ines');
    my $ines = $t->token('ines');
    my ($third, $code, $s) = (code($t, $ines, $lens), code($t, $ines, $lens), session($t, $ines, $lens));
    my $refresh = sub { token($t, $lens, [ grant_type => 'refresh_token', refresh_token => $_[0]{refresh_token} ]) };
    my %late = ('a refresh' => $refresh->($s)->{json}, 'an exchange' => exchange($lens, $code)->{json});
    # what a new password since the latest consent does, but for the rows that it deletes
    my $gen = sub { $t->sql("UPDATE principals SET tokens_gen = tokens_gen + $_[0] WHERE username = 'ines'") };
    $gen->(1);
    oauth_is($refresh->($late{$_}), 400, 'invalid_grant', qr/not valid/, "given another number of the user's: what $_ made is no good") for sort keys %late;
    oauth_is(exchange($lens, $third), 400, 'invalid_grant', qr/not valid/, 'nor is a code');
    $gen->(-1);
    $t->sql("UPDATE $_ SET tokens_gen = NULL WHERE principal_id = (SELECT id FROM principals WHERE username = 'ines')") for qw(refresh_tokens oauth_codes);
    # and rows from before there were numbers
    my $changed = sub { $t->sql("UPDATE principals p SET tokens_since = (SELECT MAX(created_at) FROM oauth_codes c WHERE c.principal_id = p.id) + INTERVAL $_[0] MICROSECOND WHERE username = 'ines'") };
    $changed->(0);
    my $next = $refresh->($late{'a refresh'});
    is($next->{status}, 200, 'given sessions that the user let begin in the millisecond of the change');
    $late{'a refresh'} = $next->{json};
    $t->sql("UPDATE refresh_tokens SET tokens_gen = NULL WHERE principal_id = (SELECT id FROM principals WHERE username = 'ines')");
    $changed->(1000);
    oauth_is($refresh->($late{$_}), 400, 'invalid_grant', qr/not valid/, "let begin before it: what $_ made is no good") for sort keys %late;
};

subtest 'every failure in the words of RFC 6749' => sub {
    oauth_is($t->req(GET => $_), 404, 'invalid_request', qr/No such endpoint/, $_) for $OAUTH, "$OAUTH/", "$OAUTH/nowhere", "$OAUTH/token/x";
    oauth_is($t->req($_ => "$OAUTH/token"), 405, 'invalid_request', qr/Method/, "$_ /token") for qw(GET PUT DELETE PATCH);
    is($t->req(GET => "$OAUTH/token")->{headers}{allow}, 'POST, OPTIONS', 'with Allow');
    my $o = $t->req(OPTIONS => "$OAUTH/token", headers => [ Origin => 'https://lens.example' ]);
    is("$o->{status} $o->{headers}{'access-control-allow-origin'} $o->{headers}{'access-control-allow-methods'}", '204 * POST, OPTIONS', 'for browsers');
    is(post($GOOD)->{headers}{pragma}, 'no-cache', 'Pragma');
    my $nginx = sub { Thaw::parse($t->raw($_[0])) };
    is($nginx->("POST $OAUTH/token HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\nConnection: close\r\n\r\n")->{json}{error}, 'invalid_request', "nginx's own 413");
    is($nginx->("GET $OAUTH/authorize?" . 'x' x 40000 . " HTTP/1.1\r\nHost: x\r\n\r\n")->{json}{error}, 'invalid_request', 'and 414');
    is($nginx->("TRACE $OAUTH/token HTTP/1.1\r\nHost: x\r\n\r\n")->{json}{error}, 'invalid_request', 'and 405');
    my $elsewhere = $t->req(GET => '/multipass/api/other');
    problem_is($elsewhere, 404, 'beside the prefix');
};

for my $when (qw(before after late)) {
    subtest "a COMMIT cut $when" => sub {
        $t->cut($when);
        my $r = consent($t, $t->member, $lens);
        is($t->uncut . " $r->{status}", '0 200', 'a consent is settled');
        my $code = location($r->{json}{location})->{code};
        $t->cut($when);
        $r = exchange($lens, $code);
        is($t->uncut . " $r->{status}", '0 200', 'an exchange is settled') or diag $r->{raw};
        is(reads($t, $r->{json}{access_token}), 200, 'its token is good');
        my $n = $t->sql('SELECT COUNT(*) FROM refresh_tokens WHERE client_id IS NOT NULL');
        $t->cut($when);
        my $next = token($t, $lens, [ grant_type => 'refresh_token', refresh_token => $r->{json}{refresh_token} ]);
        is($t->uncut . " $next->{status}", '0 200', 'a refresh is settled');
        is(scalar $t->sql('SELECT COUNT(*) FROM refresh_tokens WHERE client_id IS NOT NULL'), $n + 1, 'and made one token');
        $t->cut($when);
        my $gone = revoke($t, $lens, $next->{json}{refresh_token});
        is($t->uncut . " $gone->{status}", '0 200', 'a revocation is settled');
        is(reads($t, $_), 401, 'and happened') for $r->{json}{access_token}, $next->{json}{access_token};
    };
}

subtest 'the database is away' => sub {
    $t->{mariadb}->kill('KILL');
    $t->{mariadb}->wait;
    for my $r (post($GOOD), $t->req(GET => "$OAUTH/authorize?" . form(client_id => $lens->{id}))) {
        oauth_is($r, 503, 'temporarily_unavailable', qr/database cannot be reached/, 'told');
        ok($r->{headers}{'retry-after'}, 'with Retry-After');
    }
    $t->start_mariadb;
    within(10, sub { $t->req(GET => '/readyz')->{status} == 200 }, 'ready again');
    is(post($GOOD)->{status}, 200, 'it works again');
};

$t->finish;
