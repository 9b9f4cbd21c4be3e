#!/usr/bin/perl
# Signing in: login, refresh, and how a session ends: disabled users, changed
# passwords and roles count at once.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA 'sha256_hex';
use Fcntl ();
use JSON::PP 'decode_json';
use List::Util 'uniq';
use MIME::Base64 'decode_base64url';
use Test::More;
use Thaw;
use Contract;
use Time::HiRes qw(time sleep);

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
        error_is($t->req(GET => "$MODELS?page=x", token => $token), 401, 'AUTH_INVALID', 'whatever else is wrong');
        is($t->req(GET => '/api/v2/filesystem/spaces/ri.compass.main.space.00000000-0000-8000-8000-000000000001', token => $token)->{status}, 401, 'and what is not there without a look');
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
    my $row = "token_hash = UNHEX('" . sha256_hex($s->{refresh_token}) . "')";
    my $family = "(SELECT CONV(LEFT(HEX(family_id), 12), 16, 10) FROM refresh_tokens WHERE $row)";
    my $gen = sub { $t->sql("UPDATE principals SET tokens_gen = tokens_gen + $_[0] WHERE username = 'petra'") };
    $gen->(1);
    error_is(refresh($s->{refresh_token}), 401, 'AUTH_INVALID', 'one of before all her tokens ended');
    $gen->(-1);
    is(refresh($s->{refresh_token})->{status}, 200, 'given one of since');
    # and a row from before rows told that, which goes by the time
    $t->sql("UPDATE refresh_tokens SET tokens_gen = NULL WHERE $row");
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
    my $t = Thaw->new(limits => 1, nginx => 0, clock => 1, config => { login_rate => 3, login_account_total => 3, login_parallel => 2 });
    my $try = sub {
        my ($from, $user) = @_;
        my $body = json({ username => $user, password => 'wrong' });
        return fastcgi($t, [ REMOTE_ADDR => $from, REQUEST_METHOD => 'POST', REQUEST_URI => '/api/auth/login', CONTENT_TYPE => 'application/json', CONTENT_LENGTH => length $body ], $body);
    };
    $t->next_minute;
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

# Whoever has a session of somebody guesses no more often than who has none.
subtest 'the rate of guessing the current password' => sub {
    my $t = Thaw->new(limits => 1, nginx => 0, clock => 1, config => { login_rate => 3, login_account_total => 3 });
    my $post = sub {
        my ($from, $path, $in, @more) = @_;
        my $body = json($in);
        return fastcgi($t, [ REMOTE_ADDR => $from, REQUEST_METHOD => 'POST', REQUEST_URI => "/console/session$path", CONTENT_TYPE => 'application/json', CONTENT_LENGTH => length $body,
            HTTP_HOST => 'thaw.example', HTTP_ORIGIN => 'http://thaw.example', @more ], $body);
    };
    $t->user('ada');
    my $in = $post->('192.0.2.1', '', { email => 'ada@main.example', password => $t->password('ada') });
    my @cookie = (HTTP_COOKIE => $in->{headers}{'set-cookie'} =~ /(thaw_session=[^;]+)/);
    my $guess = sub { $post->("192.0.2.$_[0]", '/password', { current_password => $_[1] // 'wrong', password => 'what nobody knows' }, @cookie)->{status} };
    $t->next_minute;
    is(join(' ', map { $guess->($_) } 11 .. 14), '400 400 400 429', 'for one account: three a minute, from wherever');
    is($guess->(14, $t->password('ada')), 429, 'whatever comes then');
    is($guess->(1), 400, 'but for where the user signed in');
    $t->{worker}->stop;
};

# An account has one address, however people type it.
subtest 'email addresses' => sub {
    my $sign_in = sub { my ($email, $password) = @_; $t->req(POST => '/api/v1/auth/login', body => { email => $email, password => $password // $t->password('ada') }) };
    $t->user('ada');
    my @spelled = ('ada@main.example', 'Ada@main.example', 'ADA@MAIN.EXAMPLE', 'ada@main.EXAMPLE', ' ada@main.example', 'ada@main.example ', "\tAda\@main.example\r\n", "\x{a0}x");
    is(join(' ', map { $sign_in->($_)->{status} } @spelled), '200 200 200 200 200 200 200 401', 'capitals and blanks make no difference');
    is($sign_in->('ada@main.exampl')->{status} . $sign_in->('da@main.example')->{status} . $sign_in->('ada @main.example')->{status}, '401401401', 'another address does');
    is($sign_in->('ADA@main.example', 'wrong')->{status}, 401, 'and so does the password');
    my $make = sub { my ($name, $email) = @_; $t->thaw({ stdin => "x of $name\n" }, 'user', 'create', '--org', 'Main', '--username', $name, '--email', $email, '--role', 'member', '--password-stdin') };
    my $before = database($t);
    for my $email ('Ada@Main.example', 'ada@main.example') {
        my $r = $make->('ida', $email);
        is($r->{exit}, 1, "another user with $email: refused");
        like($r->{err}, qr/email address `\Q$email\E` already belongs to the user `ada`/, 'and says whose it is');
    }
    is(database($t), $before, 'nothing has changed');
    is($make->('ida', 'Ida@Main.Example')->{exit}, 0, 'an address with capitals');
    is($sign_in->('ida@main.example', 'x of ida')->{status}, 200, 'signs in without them');
    is($t->req(POST => '/api/v1/auth/login', body => { email => 'ida@main.example', password => 'x of ida' })->{status}, 200, 'in every dialect');
    is($make->("r\x{c3}\x{a9}ne", "R\x{c3}\x{89}NE\@main.example")->{exit}, 0, 'letters beyond ASCII');
    is($sign_in->("r\x{e9}ne\@MAIN.example", "x of r\x{e9}ne")->{status}, 200, 'are folded too');

    like($t->thaw('user', 'email', 'ida', 'ADA@main.example')->{err}, qr/already belongs to the user `ada`/, 'a new address that is taken is refused');
    is($t->thaw('user', 'email', 'ida', 'nothing')->{exit}, 1, 'and what is not one');
    my $r = $t->thaw('user', 'email', 'ida', 'IDA@elsewhere.example');
    is("$r->{exit} $r->{out}", "0 ida now has the email address IDA\@elsewhere.example and must sign in again.\n", 'one that is free is taken');
    is($sign_in->('ida@Elsewhere.example', 'x of ida')->{status} . $sign_in->('ida@main.example', 'x of ida')->{status}, '200401', 'and the former is no longer good');
    is($t->thaw('user', 'email', 'ida', 'ida@elsewhere.example')->{exit}, 0, "one's own in another spelling");
};

# Hosts' clocks differ: which tokens ended is told by a number, not by time.
subtest 'a password changed on a host whose clock is ahead' => sub {
    my $c = Thaw->new(clock => 1);
    my $key = signing_key($c, 'HS256');              # the workers look for keys once a second
    $c->user('hana');
    my $sign_in = sub { my $r = $c->req(POST => '/api/auth/login', body => { username => 'hana', password => $_[0] }); $r->{json} };
    my $status = sub { join ' ', map { $c->req(GET => $MODELS, token => $_)->{status} } @_ };
    for my $ahead (20, -20) {
        my $old = $sign_in->($c->password('hana')) // {};
        my $token = $c->token('hana');
        is($status->($old->{access_token}, $token), '200 200', 'given tokens that are good');
        is($c->thaw({ stdin => "the next of hana\n", env => $c->ahead($ahead) }, 'user', 'password', 'hana', '--password-stdin')->{exit}, 0, "a password changed $ahead s ahead");
        my $new = $sign_in->('the next of hana') // {};
        is($status->($new->{access_token}), 200, 'a token made after it is good at once');
        is($c->req(POST => '/api/auth/refresh', body => { refresh_token => $new->{refresh_token} })->{status}, 200, 'and its refresh token');
        is($status->($old->{access_token}, $token), '401 401', 'those made before are not');
        is($c->req(POST => '/api/auth/refresh', body => { refresh_token => $old->{refresh_token} })->{status}, 401, 'nor is the refresh token');
        is($status->($c->token('hana')), 200, '`thaw token` makes good ones');
        $c->thaw({ stdin => $c->password('hana') . "\n" }, 'user', 'password', 'hana', '--password-stdin');
    }
    # what a release without such numbers made goes by time
    my $sub = 'usr-' . lc $c->sql("SELECT HEX(id) FROM principals WHERE username = 'hana'");
    my $claims = claims($c->token('hana'));
    is($claims->{gen}, 4, 'given the number in a token');
    delete $claims->{gen};
    $c->sql("UPDATE principals SET tokens_since = UTC_TIMESTAMP(6) - INTERVAL $_->[0] SECOND WHERE username = 'hana'"),
        is($status->(mint($key, claims => { %$claims, jti => undef })), $_->[1], "one without, of $_->[0] seconds after") for [ 60, 200 ], [ -60, 401 ];
    $c->finish;
};

subtest 'guesses keep nobody out' => sub {
    my $c = Thaw->new(limits => 1, nginx => 0, clock => 1);
    $c->user('rui');
    my $try = sub {
        my ($from, $user, $password) = @_;
        my ($path, $body) = $user =~ /\@/ ? ('/api/v1/auth/login', json({ email => $user, password => $password // 'wrong' })) : ('/api/auth/login', json({ username => $user, password => $password // 'wrong' }));
        return fastcgi($c, [ REMOTE_ADDR => $from, REQUEST_METHOD => 'POST', REQUEST_URI => $path, CONTENT_TYPE => 'application/json', CONTENT_LENGTH => length $body ], $body)->{status};
    };
    my $times = sub { my ($n, @try) = @_; my %n; $n{ $try->(@try) }++ for 1 .. $n; json(\%n) };
    my $right = $c->password('rui');
    $c->next_minute;
    is($times->(31, '192.0.2.1', 'rui'), '{"401":10,"429":21}', 'given 31 wrong sign-ins from one address: 10 are tried');
    is($try->('192.0.2.1', 'rui', $right), 429, 'and from there not even the right one');
    is($try->('192.0.2.2', 'rui', $right), 200, 'the owner signs in from another');
    $c->next_minute;
    is($try->('192.0.2.1', 'rui', $right), 200, 'and from the first a minute later');

    $c->next_minute;
    my @spelled = ('rui', 'rui@main.example', 'RUI@main.example', ' rui@main.example ', 'Rui@Main.example');
    is(join(' ', map { $try->('192.0.2.1', $spelled[ $_ % 5 ]) } 0 .. 11), '401 401 401 401 401 401 401 401 401 401 429 429', 'one account is one count, however it is spelled');
    $c->next_minute;
    is(join(' ', map { $times->(9, '192.0.2.1', 'rui'), $try->('192.0.2.1', 'rui', $right) } 1, 2), '{"401":9} 200 {"401":9} 200', 'a right one clears what failed before it');
    is($times->(20, '192.0.2.1', 'rui', $right), '{"200":20}', 'right ones are not counted');
    is($times->(15, '192.0.2.1', 'somebody else'), '{"401":10,"429":5}', 'nobody is an account too');
    is($times->(5, '192.0.2.1', "user $_"), $_ == 1 ? '{"401":2,"429":3}' : '{"429":5}', 'one address fails 30 times in all') for 1, 2;

    # many addresses, one account
    $c->next_minute;
    my %n;
    for my $i (1 .. 30) { $n{ $try->("198.51.100.$i", 'rui') }++ for 1 .. 5 }
    is(json(\%n), '{"401":100,"429":50}', 'guesses from many addresses: 100 in all');
    is($try->('203.0.113.1', 'rui', $right), 429, 'given the right one from an address that never was let in');
    is($try->('192.0.2.2', 'rui', $right), 200, 'from one that was, the owner signs in all the same');
    is($try->('203.0.113.1', 'admin', $c->password('admin')), 200, 'another account is not affected');
    $c->clock(86400 + 3600);
    $c->next_minute;
    %n = ();
    for my $i (1 .. 30) { $n{ $try->("198.51.100.$i", 'rui') }++ for 1 .. 5 }
    is($try->('192.0.2.2', 'rui', $right), 429, 'but not a day later');

    # an IPv6 network is one address
    $c->next_minute;
    is(join(' ', map { $try->("2001:db8:0:1::$_", 'rui') } 1 .. 11), join(' ', (401) x 10, 429), 'IPv6 is counted by /64');
    is($try->('2001:db8:0:2::1', 'rui'), 401, 'another one is another');
    is(join(' ', map { $try->($_, 'admin') } '::ffff:192.0.2.77', ('192.0.2.77') x 10), join(' ', (401) x 10, 429), 'IPv4 in the clothes of IPv6 is IPv4');
    $c->finish;
};

subtest 'half of the workers hash at most' => sub {
    my $c = Thaw->new(workers => 4, nginx => 0, config => { login_parallel => 100 });
    my $body = json({ username => 'admin', password => 'wrong' });
    my $ask = sub { fastcgi($c, [ REMOTE_ADDR => '192.0.2.1', REQUEST_METHOD => 'POST', REQUEST_URI => '/api/auth/login', CONTENT_TYPE => 'application/json', CONTENT_LENGTH => length $body ], $body)->{status} };
    # every place that four workers have is taken: byte 2^24 of the file and those after it
    $ask->();
    open my $file, '+<', "$c->{dir}/run/rate" or die $!;
    my $lock = sub { my ($type, $n) = @_; fcntl($file, Fcntl::F_SETLK(), pack 's s x4 q q i x4', $type, 0, (1 << 24) + $n, 1, 0) or die "fcntl: $!" };
    is($ask->(), 401, 'given workers that hash');
    $lock->(Fcntl::F_WRLCK(), $_) for 0, 1;
    my $began = time;
    is($ask->(), 429, 'two of four do: a third sign-in waits for half a second');
    cmp_ok(time - $began, '>=', 0.45, 'and is told to try again');
    my $waits = background($ask);
    sleep 0.2;
    $lock->(Fcntl::F_UNLCK(), 1);
    is($waits->(), 401, 'or goes on when one of them is done');
    # the first place is for those who signed in from there before
    $lock->(Fcntl::F_WRLCK(), 1);
    $lock->(Fcntl::F_UNLCK(), 0);
    is($ask->(), 429, 'guesses from everywhere leave it free');
    $lock->(Fcntl::F_UNLCK(), 1);
    $body = json({ username => 'admin', password => $c->password('admin') });
    is($ask->(), 200, 'given somebody who signs in');
    $lock->(Fcntl::F_WRLCK(), 1);
    is($ask->(), 200, 'who is let in again while others are guessing');
    close $file;
    $_->stop for grep { ref } @$c{qw(worker mariadb)};
};

$t->finish;
