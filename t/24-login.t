#!/usr/bin/perl
# Signing in: login, refresh, and how a session ends: disabled users, changed
# passwords and roles count at once.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA 'sha256_hex';
use JSON::PP 'decode_json';
use List::Util 'uniq';
use MIME::Base64 'decode_base64url';
use Test::More;
use Thaw;
use Contract;
use Time::HiRes 'time';

my $t = Thaw->new;
$t->$_ for qw(admin member);
sub login { my ($user, $password, %o) = @_; $t->req(POST => '/api/auth/login', body => { username => $user, password => $password }, %o) }
sub refresh { $t->req(POST => '/api/auth/refresh', body => { refresh_token => $_[0] }) }
sub claims { decode_json(decode_base64url((split /\./, $_[0])[1])) }
# What differs from request to request is taken out.
sub plain { $_[0]{body} =~ s/"timestamp":"[^"]*"//r }

subtest 'login' => sub {
    my $r = login('member', $t->password('member'));
    is($r->{status}, 200, 'the right password') or diag $r->{raw};
    keys_are($r->{json}, 'access_token refresh_token token_type expires_in user', 'every field');
    is("$r->{json}{token_type} $r->{json}{expires_in}", 'bearer 3600', 'token_type, expires_in');
    keys_are($r->{json}{user}, 'id username email role', 'the user');
    like($r->{json}{user}{id}, qr/^usr-[0-9a-f]{24}$/, 'id');
    is("$r->{json}{user}{username} $r->{json}{user}{email} $r->{json}{user}{role}", 'member member@main.example member', 'username, email, role');
    is($r->{headers}{'cache-control'}, 'no-store', 'not to be kept');
    my $claims = claims($r->{json}{access_token});
    is($claims->{exp} - $claims->{iat}, 3600, 'the token lives as long as it says');
    is($claims->{sub}, $r->{json}{user}{id}, 'and is of the user');
    is($t->req(GET => $MODELS, token => $r->{json}{access_token})->{status}, 200, 'it opens the API');
    unlike($r->{json}{refresh_token}, qr/\./, 'the refresh token is no JWT');
    error_is($t->req(GET => $MODELS, token => $r->{json}{refresh_token}), 401, 'AUTH_INVALID', 'and opens nothing by itself');
    is(scalar $t->sql("SELECT COUNT(*) FROM refresh_tokens WHERE LOWER(HEX(token_hash)) = '" . sha256_hex($r->{json}{refresh_token}) . "'"),
        1, 'the database has its hash');
};

subtest 'login refused' => sub {
    $t->user('gone');
    $t->thaw('user', 'disable', 'gone');
    unchanged($t, 'no session is opened', sub {
        my @all = (login('member', 'wrong'), login('nobody', 'wrong'), login('gone', $t->password('gone')), login('Member', $t->password('member')),
            login('member', $t->password('member') . ' '), login("member' OR '1'='1", 'x'), login('member ', $t->password('member')), login(' member', $t->password('member')));
        error_is($all[0], 401, 'AUTH_INVALID', 'a wrong password');
        is(plain($_), plain($all[0]), 'an unknown user, a disabled one, another spelling: the same bytes') for @all[ 1 .. $#all ];
        for (@all) {
            my %h = %{ $_->{headers} };
            delete @h{qw(date x-request-id)};
            is(json(\%h), json(do { my %f = %{ $all[0]{headers} }; delete @f{qw(date x-request-id)}; \%f }), 'and headers');
        }
        error_is($t->req(POST => '/api/auth/login', body => $_->[0]), 400, 'VALIDATION_ERROR', "login: $_->[1]", $_->[2]) for
            [ { password => 'x' }, 'no username', 'username' ], [ { username => 'x' }, 'no password', 'password' ], [ { username => 5, password => 'x' }, 'a number', 'username' ],
            [ { username => 'x', password => '' }, 'an empty password', 'password' ], [ { username => undef, password => 'x' }, 'null', 'username' ],
            [ { username => 'x', password => 'x' x 513 }, 'a long password', 'password' ];
        error_is($t->req(POST => '/api/auth/login', body => 'username=a&password=b', type => 'application/x-www-form-urlencoded'), 415, 'UNSUPPORTED_MEDIA_TYPE', 'a form');
        error_is($t->req(GET => '/api/auth/login'), 405, 'METHOD_NOT_ALLOWED', 'GET');
        error_is($t->req(POST => '/api/auth/logout'), 404, 'RESOURCE_NOT_FOUND', 'another address of the prefix');
    });
    my @log = grep { $_->{event} eq 'LOGIN_FAILED' } log_lines($t, 'security');
    is(@log, 8, 'each refusal is in the security log');
    my $all = slurp("$t->{dir}/worker.log");
    ok(index($all, $_) < 0, 'no password in the log') for $t->password('member'), $t->password('gone');
};

subtest 'an unknown user takes as long as a wrong password' => sub {
    my %seconds;
    for (1 .. 9) {
        for my $user (qw(member nobody)) {
            my $began = time;
            login($user, 'wrong');
            push @{ $seconds{$user} }, time - $began;
        }
    }
    my ($known, $unknown) = map { (sort { $a <=> $b } @$_)[4] } @seconds{qw(member nobody)};
    my $ratio = $unknown / $known;
    cmp_ok($ratio, '>', 0.6, sprintf 'medians %.1f and %.1f ms', 1000 * $known, 1000 * $unknown);
    cmp_ok($ratio, '<', 1.7, 'either way');
};

subtest 'refresh' => sub {
    my $s = login('member', $t->password('member'))->{json};
    for my $time (qw(first second)) {
        my $r = refresh($s->{refresh_token});
        is($r->{status}, 200, "the $time time") or diag $r->{raw};
        keys_are($r->{json}, 'access_token token_type expires_in', 'an access token; the refresh token does not rotate');
        is("$r->{json}{token_type} $r->{json}{expires_in}", 'bearer 3600', 'token_type, expires_in');
        is(claims($r->{json}{access_token})->{sub}, $s->{user}{id}, 'of the same user');
        is($t->req(GET => $MODELS, token => $r->{json}{access_token})->{status}, 200, 'it opens the API');
    }
    error_is(refresh($_), 401, 'AUTH_INVALID', 'refresh: what is none') for 'x', $s->{access_token}, $s->{refresh_token} . 'x', lc $s->{refresh_token} . 'A';
    error_is($t->req(POST => '/api/auth/refresh', body => {}), 400, 'VALIDATION_ERROR', 'refresh: nothing', 'refresh_token');
    $t->sql("UPDATE refresh_tokens SET expires_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND WHERE LOWER(HEX(token_hash)) = '" . sha256_hex($s->{refresh_token}) . "'");
    error_is(refresh($s->{refresh_token}), 401, 'AUTH_INVALID', 'an expired one');
};

subtest 'a disabled user is refused at once' => sub {
    $t->user('dora');
    my $token = $t->token('dora');
    my $s = login('dora', $t->password('dora'))->{json};
    my $id = model($t, token => $token)->{id};
    is($t->thaw('user', 'disable', 'dora')->{exit}, 0, 'given a user with a session who is disabled');
    unchanged($t, 'then', sub {
        error_is(get($t, $id, token => $_), 401, 'AUTH_INVALID', 'reading is refused') for $token, $s->{access_token};
        error_is($t->req(GET => $MODELS, token => $token), 401, 'AUTH_INVALID', 'and lists');
        error_is(act($t, $id, 'archive', token => $token), 401, 'AUTH_INVALID', 'and writing');
        error_is(act($t, $NOWHERE, 'archive', token => $token), 401, 'AUTH_INVALID', 'of what does not exist too');
        error_is(refresh($s->{refresh_token}), 401, 'AUTH_INVALID', 'and refreshing');
        error_is(login('dora', $t->password('dora')), 401, 'AUTH_INVALID', 'and signing in');
    });
    is($t->thaw('user', 'enable', 'dora')->{exit}, 0, 'enabled again');
    error_is(get($t, $id, token => $_), 401, 'AUTH_INVALID', 'what was ended stays ended') for $token, $s->{access_token};
    error_is(refresh($s->{refresh_token}), 401, 'AUTH_INVALID', 'refresh tokens too');
    is(login('dora', $t->password('dora'))->{status}, 200, 'but one may sign in');
    is(get($t, $id, token => $t->token('dora'))->{status}, 200, 'and a new token counts');
};

subtest 'a changed password ends the sessions' => sub {
    $t->user('pia');
    my $token = $t->token('pia');
    my $s = login('pia', $t->password('pia'))->{json};
    is($t->req(GET => $MODELS, token => $token)->{status}, 200, 'given a session');
    is($t->thaw({ stdin => "another password\n" }, 'user', 'password', 'pia', '--password-stdin')->{exit}, 0, 'when the password is changed');
    error_is($t->req(GET => $MODELS, token => $_), 401, 'AUTH_INVALID', 'then its token is refused, though made in the same second') for $token, $s->{access_token};
    error_is(refresh($s->{refresh_token}), 401, 'AUTH_INVALID', 'its refresh token');
    error_is(login('pia', $t->password('pia')), 401, 'AUTH_INVALID', 'and the old password');
    is(login('pia', 'another password')->{status}, 200, 'the new one opens another');
};

# A node of a cluster may exchange a refresh token while another one changes the password:
# both commit, and the new token is in the table.
subtest 'a session that began before a new password is over, whatever the table has' => sub {
    $t->user('petra');
    my $s = login('petra', $t->password('petra'))->{json};
    my $family = "(SELECT CONV(LEFT(HEX(family_id), 12), 16, 10) FROM refresh_tokens WHERE token_hash = UNHEX('" . sha256_hex($s->{refresh_token}) . "'))";
    my $changed = sub { $t->sql("UPDATE principals SET tokens_since = TIMESTAMP'1970-01-01 00:00:00.000000' + INTERVAL $family * 1000 + $_[0] MICROSECOND WHERE username = 'petra'") };
    $changed->(999);
    is(refresh($s->{refresh_token})->{status}, 200, 'given a session that began in the very millisecond of the change');
    $changed->(1000);
    error_is(refresh($s->{refresh_token}), 401, 'AUTH_INVALID', 'one that began before it');
};

subtest 'a changed role counts at once' => sub {
    $t->user('rolf');
    my $token = $t->token('rolf');
    my $id = model($t, token => $token)->{id};
    $t->thaw('user', 'role', 'rolf', 'reader');
    error_is(act($t, $id, 'archive', token => $token), 403, 'PERMISSION_DENIED', 'a member who became a reader');
    is(get($t, $id, token => $token)->{status}, 200, 'may still read');
    $t->thaw('role', 'set', '--org', 'Main', 'nothing', '--permissions', 'project:read', '--rate', '100');
    $t->thaw('user', 'role', 'rolf', 'nothing');
    error_is(get($t, $id, token => $token), 403, 'PERMISSION_DENIED', 'until the role does not let him');
};

subtest 'scopes narrow a token' => sub {
    my $id = model($t)->{id};
    my $read = $t->token('admin', '--scope', 'model:read');
    is(get($t, $id, token => $read)->{status}, 200, 'model:read reads');
    error_is(act($t, $id, 'archive', token => $read), 403, 'PERMISSION_DENIED', "and does not write, though its user may");
    is(act($t, $id, 'archive', token => $t->token('admin', '--scope', 'model:write'))->{status}, 200, 'model:write writes');
    error_is(get($t, $id, token => $t->token('admin', '--scope', 'project:read')), 403, 'PERMISSION_DENIED', 'another scope opens nothing here');
    error_is(act($t, $id, 'unarchive', token => $t->token('reader', '--scope', 'model:write')), 403, 'PERMISSION_DENIED', 'a scope adds nothing to a role');
};

subtest 'the rate of signing in' => sub {
    my $t = Thaw->new(limits => 1, nginx => 0, config => { login_rate => 3, login_parallel => 2 });
    my $try = sub {
        my ($from, $user) = @_;
        my $body = json({ username => $user, password => 'wrong' });
        return fastcgi($t, [ REMOTE_ADDR => $from, REQUEST_METHOD => 'POST', REQUEST_URI => '/api/auth/login', CONTENT_TYPE => 'application/json', CONTENT_LENGTH => length $body ], $body);
    };
    fresh_minute(10);
    is(join(' ', map { $try->('192.0.2.1', "user $_")->{status} } 1 .. 4), '401 401 401 429', 'from one address: three a minute');
    my $r = $try->('192.0.2.1', 'another');
    error_is($r, 429, 'RATE_LIMIT_EXCEEDED', 'whoever it is');
    like($r->{headers}{'retry-after'}, qr/^[1-9]\d?$/, 'Retry-After');
    is(join(' ', map { $try->("192.0.2.1$_", 'admin')->{status} } 1 .. 4), '401 401 401 429', 'for one name: three a minute, from wherever');
    is($try->('192.0.2.99', 'somebody')->{status}, 401, 'others are not affected');
    my @codes = map { $_->{status} } concurrently(6, sub { $try->("192.0.2.10$_[0]", "user 10$_[0]") });
    is(join(' ', sort(uniq(@codes))) =~ s/401 429/401/r, '401', 'six at once: some may have to wait') or diag "@codes";
    $t->{worker}->stop;
    is($t->thaw('audit', 'verify')->{exit}, 0, 'audit and state reconcile');
};

$t->finish;
