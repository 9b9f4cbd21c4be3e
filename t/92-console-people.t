#!/usr/bin/perl
# People and keys in the console: users with their links and sessions, roles, API keys, applications, one's own
# account; who may, who may not, what is told once, what cannot lock an organization out; and all of it in a
# browser (t/console/people.mjs).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Contract;
use OAuth ();
use Test::More;
use Thaw;
use Thaw::Browser;

our $t = Thaw->new;
my ($admin, $reader, $other) = ($t->admin, $t->reader, $t->other);
my $HERE = 'http://127.0.0.1';

# The console's own requests: by token, and by the cookie of a session.
sub ask { my ($method, $path, $token, $body, @headers) = @_; $t->req($method => "/console/$path", token => $token, body => $body, headers => [@headers]) }
sub page { my ($path, $body, %o) = @_; $t->req(POST => "/console/$path", body => $body, headers => [ Origin => $o{from} // $HERE, $o{cookie} ? (Cookie => "thaw_session=$o{cookie}") : () ]) }
sub sign_in {
    my ($email, $password) = @_;
    my $r = page('session', { email => $email, password => $password });
    return { status => $r->{status}, token => $r->{json}{access_token}, cookie => ($r->{headers}{'set-cookie'} // '') =~ /thaw_session=([^;]+)/ ? $1 : undef };
}
sub as { sign_in("$_[0]\@main.example", $t->password($_[0])) }
sub lives { join ' ', map { $t->req(GET => '/console/account', token => $_)->{status} } @_ }
sub fault { my $r = shift; join ' ', $r->{status}, map { "$_->{field} $_->{detail}" } @{ $r->{json}{errors} // [] } }
sub history { my ($of, $id) = @_; join ' ', map { $_->{action} } @{ ask(GET => "history/$of/$id", $admin)->{json}{items} } }
sub audited { my $r = $t->thaw('audit', 'verify'); is($r->{exit}, 0, 'the audit agrees') or diag $r->{out} }

my $ida;
subtest 'a user is made, with a link to set the password' => sub {
    my $r = ask(POST => 'users', $admin, { username => 'ida', email => 'ida@main.example', role => 'member' });
    is($r->{status}, 201, 'made') or diag $r->{raw};
    keys_are($r->{json}, 'id username email role status created_at updated_at link link_expires_at', 'what is told');
    $ida = $r->{json}{id};
    is("@{ $r->{json} }{qw(username email role status)}", 'ida ida@main.example member active', 'as asked for');
    my ($link) = $r->{json}{link} =~ m{\Ahttp://127\.0\.0\.1/#/password\?link=(pwl_\w+)&user=ida\z};
    ok($link, 'the link is of the page that sets it') or diag $r->{json}{link};
    unlike(ask(GET => $_, $admin)->{raw}, qr/pwl_/, "and is nowhere else: $_") for 'users', "users/$ida", "history/user/$ida";
    is(scalar $t->sql("SELECT COUNT(*) FROM attempts WHERE LOCATE('pwl_', CONCAT_WS(' ', body, headers))"), 0, 'nor in the database');
    is(page('password', { link => $link, password => 'the password of ida' })->{status}, 204, 'it sets the password');
    is(page('password', { link => $link, password => 'another password' })->{status}, 404, 'once');
    $t->{password}{ida} = 'the password of ida';
    ok(!exists ask(GET => "users/$ida", $admin)->{json}{last_active}, 'never signed in');
    is(as('ida')->{status}, 200, 'who signs in with it');
    ok(ask(GET => "users/$ida", $admin)->{json}{last_active}, 'which is seen');
    is(history(user => $ida), 'user.password_changed user.password_link_created user.created', 'the history has each');
};

subtest 'what a user cannot be' => sub {
    my %right = (username => 'new', email => 'new@main.example', role => 'reader');
    my %wrong = ('a name with a space' => [ username => 'a b' ], 'a name like another, with what is not seen' => [ username => "admin\x{200B}" ], 'with a blank of another kind' => [ username => "a\x{3000}b" ], 'no name' => [ username => '' ], 'a name of another organization' => [ username => 'other', 409 ], 'no address' => [ email => 'nowhere' ],
        'an address of another organization' => [ email => 'OTHER@main.example', 409 ], 'a role there is not' => [ role => 'emperor' ], 'a role with a blank' => [ role => 'reader ' ], 'a long name' => [ username => 'x' x 129 ]);
    unchanged($t, 'a refusal', sub {
        for (sort keys %wrong) {
            my ($key, $value, $status) = @{ $wrong{$_} };
            my $r = ask(POST => 'users', $admin, { %right, $key => $value });
            $status ? is($r->{status}, $status, $_) : like(fault($r), qr/^400 $key /, "$_ is said at its field");
        }
        is(ask(POST => 'users', $admin, { %right, expires_in => 10 })->{status}, 400, 'a link of ten seconds');
        like(fault(ask(PATCH => "users/$ida", $admin, { role => 'member ' })), qr/^400 role /, 'nor does one who is there become that');
    });
};

subtest 'lists go on, and are searched' => sub {
    ask(POST => 'users', $admin, { username => "many-$_", email => "many-$_\@main.example", role => 'reader' })->{status} == 201 or die for 1 .. 5;
    my (@seen, $after);
    for (1 .. 20) {
        my $r = ask(GET => 'users?limit=2' . ($after ? "&after=$after" : ''), $admin)->{json};
        push @seen, map { $_->{username} } @{ $r->{items} };
        last if !$r->{more};
        $after = $r->{items}[-1]{id};
    }
    is(join(' ', @seen[ 0 .. 4 ]), 'many-5 many-4 many-3 many-2 many-1', 'newest first');
    is(scalar(@seen), scalar $t->sql("SELECT COUNT(*) FROM principals WHERE organization_id = (SELECT id FROM organizations WHERE name = 'Main')"), 'all of them, and none of another organization');
    my ($second) = map { $_->{id} } grep { $_->{username} eq 'many-3' } @{ ask(GET => 'users?limit=100', $admin)->{json}{items} };
    is(join(' ', map { $_->{username} } @{ ask(GET => "users?limit=2&before=$second", $admin)->{json}{items} }), 'many-5 many-4', 'and back');
    is(join(' ', map { $_->{username} } @{ ask(GET => 'users?search=ANY-3', $admin)->{json}{items} }), 'many-3', 'by a part of the name');
    is(join(' ', map { $_->{username} } @{ ask(GET => 'users?search=ida%40main', $admin)->{json}{items} }), 'ida', 'or of the address');
    is(ask(GET => "users?after=$ida&before=$ida", $admin)->{status}, 400, 'not both ways at once');
    is(ask(GET => 'users?limit=101', $admin)->{status}, 400, 'nor all at once');
};

subtest 'a user is changed' => sub {
    my $etag = ask(GET => "users/$ida", $admin)->{headers}{etag};
    my $r = ask(PATCH => "users/$ida", $admin, { role => 'reader' }, 'If-Match' => $etag);
    is("$r->{status} $r->{json}{role}", '200 reader', 'the role');
    is(ask(PATCH => "users/$ida", $admin, { role => 'member' }, 'If-Match' => $etag)->{status}, 412, 'not by who saw it as it was');
    is(ask(PATCH => "users/$ida", $admin, {})->{status}, 400, 'into nothing else');
    my $s = as('ida');
    is(ask(PATCH => "users/$ida", $admin, { role => 'member' })->{status}, 200, 'a role again');
    is(lives($s->{token}), '200', 'goes on with the sessions');
    is(ask(PATCH => "users/$ida", $admin, { email => 'Ida@elsewhere.example', username => 'ida2' })->{json}{email}, 'Ida@elsewhere.example', 'address and name');
    is(lives($s->{token}), '401', 'end them');
    is(ask(PATCH => "users/$ida", $admin, { email => 'reader@main.example' })->{status}, 409, 'a taken address');
    is(ask(PATCH => "users/$ida", $admin, { username => 'other' })->{status}, 409, 'a taken name, of whatever organization');
    is(ask(PATCH => "users/$ida", $admin, { email => 'ida@elsewhere.example' })->{status}, 200, "one's own address in other letters is one's own");
    ask(PATCH => "users/$ida", $admin, { email => 'ida@main.example', username => 'ida' })->{status} == 200 or die;
    like(history(user => $ida), qr/^user\.renamed user\.email_changed user\.email_changed user\.renamed user\.email_changed user\.role_changed user\.role_changed /, 'each is a row of the history') or diag history(user => $ida);
};

subtest 'a user is disabled, and enabled' => sub {
    my ($s, $key) = (as('ida'), $t->key(user => 'ida'));
    my $link = ask(POST => "users/$ida/password_link", $admin)->{json}{link} =~ /link=(\w+)/ && $1;
    my $r = ask(POST => "users/$ida/disable", $admin);
    is("$r->{status} $r->{json}{status}", '200 disabled', 'disabled');
    is(lives($s->{token}), '401', 'the session ends');
    is($t->req(GET => '/api/v1/models', token => $key)->{status}, 401, 'API keys are refused');
    is(as('ida')->{status}, 401, 'nobody signs in');
    is(page('password', { link => $link, password => 'by the old link' })->{status}, 404, 'nor sets a password');
    is(ask(POST => "users/$ida/disable", $admin)->{status}, 409, 'twice is a conflict');
    is(ask(POST => "users/$ida/password_link", $admin)->{status}, 409, 'there is no link for it');
    is(ask(POST => "users/$ida/enable", $admin)->{json}{status}, 'active', 'enabled');
    is(ask(POST => "users/$ida/enable", $admin)->{status}, 409, 'twice is a conflict');
    is(lives($s->{token}), '401', 'the old session stays ended');
    is($t->req(GET => '/api/v1/models', token => $key)->{status}, 200, 'API keys work again');
    is(page('password', { link => $link, password => 'by the old link' })->{status}, 404, 'the old link does not');
    my ($one, $two) = map { ask(POST => "users/$ida/password_link", $admin, { expires_in => 60 })->{json}{link} =~ /link=(\w+)/ && $1 } 1, 2;
    is(page('password', { link => $one, password => 'by the first link' })->{status}, 404, 'a new link voids the former');
    is(page('password', { link => $two, password => $t->password('ida') })->{status}, 204, 'and works');
};

subtest 'a request that is repeated' => sub {
    my ($one, $two) = map { as('admin')->{token} } 1, 2;
    my @ask = ({ username => 'twice', email => 'twice@main.example', role => 'reader' }, 'Idempotency-Key' => 'make-twice');
    my ($first, $again, $stolen) = map { ask(POST => 'users', $_, @ask) } $one, $one, $two;
    is("$first->{status} $again->{status}", '201 201', 'is answered again');
    is($again->{json}{link}, $first->{json}{link}, 'with the same link, to the token that asked');
    is("$stolen->{status} $stolen->{json}{code}", '409 idempotency_key_sealed', 'and to no other, not even of the same person');
    unlike($stolen->{raw}, qr/pwl_/, 'which learns nothing');
    is(scalar $t->sql("SELECT COUNT(*) FROM principals WHERE username = 'twice'"), 1, 'there is one user');
    is(ask(POST => 'users', $one, { %{ $ask[0] }, role => 'member' }, @ask[ 1, 2 ])->{status}, 422, 'another request under the key is refused');
    my @same = concurrently(4, sub { ask(POST => 'users', $admin, { username => 'race', email => "race$_[0]\@main.example", role => 'reader' })->{status} });
    is(join(' ', sort @same), '201 409 409 409', 'one of many who ask for a name at once gets it');
};

my %routes;
subtest 'nobody else may' => sub {
    my $id = ask(POST => 'clients', $admin, { name => 'App', redirect_uris => ['https://app.example/cb'] })->{json}{id};
    my $role = ask(GET => 'roles', $admin)->{json}{items}[0]{id};
    my %of = (user_id => $ida, role_id => $role, oauth_client_id => $id, session_id => 'ses_00000000000000001');
    $t->must('role', 'set', '--org', 'Main', 'nearly', '--permissions', join(' ', grep { $_ ne 'organization:admin' } slurp("$Thaw::SRC/src/perm.def") =~ /^PERM\(\w+,\s*"([^"]+)"/mg), '--rate', 1000);
    $t->user('nearly', role => 'nearly');
    my $nearly = $t->token('nearly');
    my %who = ('all other permissions' => $nearly, 'a reader' => $reader, "an administrator's API key" => $t->key, "an administrator's token" => $t->key(kind => 'token', tier => 4),
        'a narrowed sign-in' => $t->token('admin', '--scope', 'organization:admin'), nobody => undef);
    %routes = map { ("$_->{method} $_->{path}" => $_) } grep { $_->{path} =~ m{^/console/(?:users|roles|clients|history/(?:user|role|client))\b} } tables($t, 'routes');
    cmp_ok(scalar keys %routes, '>=', 20, 'of ' . keys(%routes) . ' routes');
    unchanged($t, 'whoever may not', sub {
        for my $name (sort keys %routes) {
            my ($method, $path) = split / /, $name;
            $path =~ s/\{(\w+)\}/$of{$1} \/\/ die $1/ge;
            my %got = map { $_ => $t->req($method => $path, token => $who{$_}, body => $method =~ /POST|PATCH/ ? { username => 'x', email => 'x@x', role => 'reader', name => 'x', permissions => ['organization:admin'], rate => 1 } : undef)->{status} } keys %who;
            is(join(' ', map { "$_ $got{$_}" } grep { $got{$_} != ($_ eq 'nobody' ? 401 : 403) } sort keys %got), '', $name);
            next if $path !~ /$ida|$role|$id/;
            is($t->req($method => $path, token => $other, body => $method =~ /POST|PATCH/ ? { role => 'admin', rate => 1 } : undef)->{status}, 404, 'nor finds it who is of another organization');
        }
        is(ask(PATCH => 'users/' . ask(GET => 'users?search=nearly', $admin)->{json}{items}[0]{id}, $nearly, { role => 'admin' })->{status}, 403, 'nobody gives themselves more');
    });
    is(ask(DELETE => "clients/$id", $admin)->{json}{status}, 'revoked', 'who may, does');
};

subtest 'an organization keeps somebody who administers it' => sub {
    $t->org('Solo');
    $t->user('solo', role => 'admin', org => 'Solo');
    my $solo = $t->token('solo');
    my ($me) = map { $_->{id} } @{ ask(GET => 'users', $solo)->{json}{items} };
    my ($role) = grep { $_->{name} eq 'admin' } @{ ask(GET => 'roles', $solo)->{json}{items} };
    unchanged($t, 'what would leave nobody', sub {
        for my $r (ask(POST => "users/$me/disable", $solo), ask(PATCH => "users/$me", $solo, { role => 'reader' }), ask(PATCH => "roles/$role->{id}", $solo, { permissions => ['model:read'] })) {
            is($r->{status}, 409, 'is refused');
            like($r->{json}{detail}, qr/at least one active user who has set a password and whose role has the permission organization:admin; give another user such a role first/, 'and why');
        }
        for my $args ([qw(user disable solo)], [qw(user role solo reader)], [qw(role set admin --org Solo --permissions model:read --rate 100)]) {
            my $r = $t->thaw(@$args);
            is("$r->{exit} " . ($r->{err} =~ /at least one active user/ ? 'told' : $r->{err}), '1 told', "thaw @$args is no way around it");
        }
    });
    my $invited = ask(POST => 'users', $solo, { username => 'invited', email => 'invited@main.example', role => 'admin' });
    is($invited->{status}, 201, 'another is invited');
    unchanged($t, 'who has not set a password yet', sub {
        is(ask(POST => "users/$me/disable", $solo)->{status}, 409, 'could not take over');
        is(ask(PATCH => "users/$me", $solo, { role => 'reader' })->{status}, 409, 'nor by a role');
    });
    is(ask(POST => "users/$invited->{json}{id}/disable", $solo)->{status}, 200, 'and is not needed');
    is(ask(PATCH => "users/$me", $solo, { role => 'admin' })->{status}, 200, 'the same role is no change');
    is(ask(PATCH => "roles/$role->{id}", $solo, { permissions => ['organization:admin'], rate => 500 })->{status}, 200, 'another rate is none');
    # Nodes of a cluster see two that write the same row: each change that may take it from somebody writes the organization's.
    ask(POST => 'roles', $solo, { name => 'chief', permissions => ['organization:admin'], rate => 100 })->{status} == 201 or die;
    my $written = sub { scalar $t->sql("SELECT updated_at FROM organizations WHERE name = 'Solo'") };
    for my $to (qw(chief admin)) {
        my $before = $written->();
        is(ask(PATCH => "users/$me", $solo, { role => $to })->{status}, 200, "another such role, $to");
        isnt($written->(), $before, 'is one of those');
    }
    $t->user('duo', role => 'admin', org => 'Solo');
    my $duo = $t->token('duo');
    my ($her) = map { $_->{id} } @{ ask(GET => 'users?search=duo', $solo)->{json}{items} };
    for my $round (1 .. 5) {
        my @got = concurrently(2, sub { $_[0] ? ask(POST => "users/$me/disable", $duo)->{status} : ask(PATCH => "users/$her", $solo, { role => 'reader' })->{status} });
        is(scalar(grep { $_ == 200 } @got), 1, 'of two who take it from each other at once one does') or diag "@got";
        is(scalar $t->sql("SELECT COUNT(*) FROM principals WHERE username IN ('solo', 'duo') AND status = 'active' AND role = 'admin'"), 1, 'and one is left');
        $t->thaw(qw(user enable solo)); $t->thaw(qw(user role duo admin));
        ($solo, $duo) = ($t->token('solo'), $t->token('duo'));
    }
    audited();
};

subtest 'sessions, of oneself and of others' => sub {
    my @s = map { as('ida') } 1 .. 4;
    my $mine = ask(GET => 'account/sessions', $s[0]{token})->{json}{items};
    is(scalar(grep { $_->{current} } @$mine), 1, 'one is this one');
    keys_are($mine->[0], 'id application scopes since last_used expires_at current', 'what is told of one');
    my ($second) = map { my $s = $_; grep { $_->{current} } @{ ask(GET => 'account/sessions', $s->{token})->{json}{items} } } $s[1];
    my $sessions = ask(GET => "users/$ida/sessions", $admin)->{json}{items};
    is(join(' ', sort map { $_->{id} } @$sessions), join(' ', sort map { $_->{id} } @$mine), 'an administrator sees the same');
    my $reader_s = as('reader');
    unchanged($t, "another's", sub {
        is(ask(DELETE => "account/sessions/$second->{id}", $reader_s->{token})->{status}, 404, 'is nobody\'s to end');
        is(ask(DELETE => "users/" . ask(GET => 'users?search=reader', $admin)->{json}{items}[0]{id} . "/sessions/$second->{id}", $admin)->{status}, 404, 'nor under another user');
        is(ask(DELETE => "account/sessions/ses_00000000000000001", $s[0]{token})->{status}, 404, 'nor is one that never was');
    });
    is(ask(DELETE => "account/sessions/$second->{id}", $s[0]{token})->{status}, 204, 'one is ended');
    is(lives(map { $_->{token} } @s), '200 401 200 200', 'and no other');
    is(page('session/refresh', undef, cookie => $s[1]{cookie})->{status}, 401, 'nor does its cookie make another token');
    is(ask(DELETE => 'account/sessions', $s[0]{token})->{status}, 204, 'all others');
    is(lives(map { $_->{token} } @s), '200 401 401 401', 'end');
    is(page('session/refresh', undef, cookie => $s[0]{cookie})->{status}, 200, 'this one goes on');
    my ($third) = @{ ask(GET => "users/$ida/sessions", $admin)->{json}{items} };
    is(ask(DELETE => "users/$ida/sessions/$third->{id}", $admin)->{status}, 204, 'an administrator ends one');
    @s = map { as('ida') } 1 .. 2;
    is(ask(DELETE => "users/$ida/sessions", $admin)->{status}, 204, 'or all');
    is(lives(map { $_->{token} } @s), '401 401', 'at once');
    like(history(user => $ida), qr/^user\.sessions_revoked user\.session_revoked user\.other_sessions_revoked user\.session_revoked /, 'and the history has it');
};

subtest 'the own password' => sub {
    my ($here, $elsewhere, $key) = (as('ida'), as('ida'), $t->key(user => 'ida'));
    my $link = ask(POST => "users/$ida/password_link", $admin)->{json}{link} =~ /link=(\w+)/ && $1;
    my $used = $here->{cookie};
    ($here->{cookie}) = page('session/refresh', undef, cookie => $used)->{headers}{'set-cookie'} =~ /thaw_session=([^;]+)/;
    my $change = sub { page('session/password', { current_password => $_[0], password => $_[1] }, cookie => $here->{cookie}, @_[ 2 .. $#_ ]) };
    unchanged($t, 'what is refused', sub {
        is(fault($change->('a wrong one', 'a new password')), '400 current_password is wrong', 'the current one is wrong');
        like(fault($change->($t->password('ida'), 'short')), qr/^400 password must have at least 8/, 'the new one is short');
        is($change->($t->password('ida'), 'a new password', from => 'https://evil.example')->{status}, 403, 'a page of another site may not');
        is($change->($t->password('ida'), 'a new password', cookie => '')->{status}, 401, 'nor who has no session');
        is($change->($t->password('ida'), 'a new password', cookie => $used)->{status}, 401, 'nor one whose cookie was exchanged for another');
    });
    ok((grep { $_->{event} eq 'PASSWORD_WRONG' } log_lines($t, 'security')), 'a wrong one is in the log of security');
    my $r = $change->($t->password('ida'), 'a new password of ida');
    is($r->{status}, 200, 'changed') or diag $r->{raw};
    my ($cookie) = $r->{headers}{'set-cookie'} =~ /thaw_session=([^;]+)/;
    isnt($cookie, $here->{cookie}, 'the session is another one');
    is(lives($r->{json}{access_token}, $here->{token}, $elsewhere->{token}), '200 401 401', 'and the only one');
    is(join(' ', map { page('session/refresh', undef, cookie => $_)->{status} } $here->{cookie}, $elsewhere->{cookie}, $cookie), '401 401 200', 'by cookies too');
    is(page('password', { link => $link, password => 'by the link' })->{status}, 404, 'a link that there was is void');
    is($t->req(GET => '/api/v1/models', token => $key)->{status}, 200, 'API keys go on');
    is(as('ida')->{status}, 401, 'the old password is none');
    $t->{password}{ida} = 'a new password of ida';
    is(as('ida')->{status}, 200, 'the new one is');
    my ($row) = grep { $_->{action} eq 'user.password_changed' } @{ ask(GET => "history/user/$ida", $admin)->{json}{items} };
    is($row->{actor}{name}, 'ida', 'who did it');
    my $s = as('ida');
    my @both = concurrently(3, sub { page('session/password', { current_password => 'a new password of ida', password => "number $_[0] of three" }, cookie => $s->{cookie})->{status} });
    is(scalar(grep { $_ == 200 } @both), 1, 'of three at once one does it') or diag "@both";
    $t->thaw({ stdin => $t->password('ida') . "\n" }, 'user', 'password', 'ida', '--password-stdin');
};

subtest 'roles' => sub {
    my $r = ask(POST => 'roles', $admin, { name => 'auditor', permissions => [ 'model:read', 'project:read', 'model:read' ], rate => 60 });
    is($r->{status}, 201, 'made') or diag $r->{raw};
    my ($id, $etag) = ($r->{json}{id}, ask(GET => "roles/$r->{json}{id}", $admin)->{headers}{etag});
    is("@{ $r->{json}{permissions} } $r->{json}{rate}", 'model:read project:read 60', 'each permission once');
    like($r->{headers}{location} // '', qr{/console/roles/\Q$id\E$}, 'where it is');
    unchanged($t, 'what is no role', sub {
        is(ask(POST => 'roles', $admin, { name => 'auditor', permissions => ['model:read'], rate => 60 })->{status}, 409, 'a name that is taken');
        like(fault(ask(POST => 'roles', $admin, { name => 'x', permissions => ['model:fly'], rate => 60 })), qr/^400 permissions/, 'a permission there is not');
        like(fault(ask(POST => 'roles', $admin, { name => 'x', permissions => [], rate => 60 })), qr/^400 permissions/, 'no permission');
        like(fault(ask(POST => 'roles', $admin, { name => 'a b', permissions => ['model:read'], rate => 60 })), qr/^400 name/, 'a name with a space');
        like(fault(ask(POST => 'roles', $admin, { name => 'x', permissions => ['model:read'], rate => 0 })), qr/^400 rate/, 'no requests');
    });
    $t->user('otto', role => 'auditor');
    my $otto = $t->token('otto');
    is($t->req(GET => '/v1/workspaces', token => $otto)->{status}, 403, 'what it does not have');
    is(ask(PATCH => "roles/$id", $admin, { permissions => [ 'model:read', 'workspace:read' ] }, 'If-Match' => $etag)->{status}, 200, 'is given');
    is($t->req(GET => '/v1/workspaces', token => $otto)->{status}, 200, 'and had with the next request');
    is($t->req(GET => '/api/v1/projects', token => $otto)->{status}, 403, 'what was taken is not');
    is(ask(PATCH => "roles/$id", $admin, { rate => 70 }, 'If-Match' => $etag)->{status}, 412, 'not by who saw it as it was');
    my @got = concurrently(3, sub { ask(PATCH => "roles/$id", $admin, { rate => 100 + $_[0] }, 'If-Match' => ask(GET => "roles/$id", $admin)->{headers}{etag})->{status} });
    is(join(' ', grep { $_ != 200 && $_ != 412 } @got), '', 'of several at once each is made or told of the others');
    is(join(' ', map { ask(POST => 'roles', $admin, { name => 'again', permissions => ['model:read'], rate => 1 }, 'Idempotency-Key' => 'a-role')->{json}{id} } 1, 2) =~ /^(\S+) \1$/ ? 1 : 0, 1, 'repeated it is made once');
    like(history(role => $id), qr/^(?:role\.updated )+role\.created$/, 'the history has it');
};

subtest 'API keys of one\'s own' => sub {
    $t->must('role', 'set', '--org', 'Main', 'keys', '--permissions', 'model:read model:write token:read token:write', '--rate', 1000);
    $t->user($_, role => 'keys') for qw(kay kim);
    my ($kay, $kim) = map { $t->token($_) } qw(kay kim);
    my $make = sub { my ($token, %b) = @_; ask(POST => 'keys', $token, { kind => 'secret', %b }) };
    my %made;
    for ([ secret => qr/^sk_live_/ ], [ publishable => qr/^pk_live_/ ], [ token => qr/^tok_/ ], [ secret => qr/^sk_test_/, livemode => JSON::PP::false ]) {
        my ($kind, $like, %more) = @$_;
        my $r = $make->($kay, kind => $kind, name => "a $kind", %more);
        is($r->{status}, 201, "made: $kind") or diag $r->{raw};
        like($r->{json}{secret}, $like, 'its secret');
        is($t->req(GET => '/api/v1/models', token => $r->{json}{secret})->{status}, 200, 'reads what she may');
        $made{$kind} //= $r->{json};
    }
    is($t->req(GET => '/v1/workspaces', token => $made{secret}{secret})->{status}, 403, 'and no more');
    is($t->req(POST => '/api/v1/models', token => $made{publishable}{secret}, body => { name => 'x', model_type => 'auto', task_type => 'regression' })->{status}, 403, 'a publishable one reads');
    my $narrow = $make->($kay, scopes => ['model:read'], expires_in => 3600)->{json};
    is($t->req(POST => '/api/v1/models', token => $narrow->{secret}, body => { name => 'x', model_type => 'auto', task_type => 'regression' })->{status}, 403, 'a narrowed one does not write');
    ok($narrow->{expires_at}, 'and ends');
    is($t->req(GET => "/v1/tokens/$made{token}{id}", token => $kay)->{json}{tier}, 3, 'a token executes, unless it is said');
    unchanged($t, 'what is no key', sub {
        is(fault($make->($kay, scopes => ['organization:admin'])), '400 scopes cannot exceed your own permissions', 'more than she may herself');
        is(fault($make->($kay, scopes => ['workspace:read'])), '400 scopes cannot exceed your own permissions', 'or else');
        like(fault($make->($kay, tier => 2)), qr/^400 tier requires the kind token/, 'a tier of what is no token');
        like(fault($make->($kay, kind => 'token', agent_id => 'bob')), qr/^400 agent_id/, 'no agent');
        like(fault($make->($kay, kind => 'publishable', rate => 5)), qr/^400 rate/, 'a rate of what pages use');
        is($make->($made{secret}{secret})->{status}, 403, 'a key makes no key here');
        is($make->($reader)->{status}, 403, 'nor does who may not');
        is($t->req(DELETE => "/v1/tokens/$made{secret}{id}", token => $kim)->{status}, 404, "nobody revokes another's");
    });
    my $list = sub { join ' ', sort map { $_->{id} } @{ $t->req(GET => '/v1/tokens?limit=100', token => $_[0])->{json}{data} } };
    is($list->($kim), '', 'nor sees it');
    is(scalar(split / /, $list->($kay)), 5, 'she sees hers');
    like($list->($admin), qr/\Q$made{secret}{id}\E/, 'and an administrator everybody\'s');
    my $s = as('kay')->{token};
    my ($first, $again, $stolen) = map { ask(POST => 'keys', $_, { kind => 'secret', name => 'retried' }, 'Idempotency-Key' => 'a-key') } $s, $s, $kay;
    is($again->{json}{secret}, $first->{json}{secret}, 'repeated the answer is the same');
    is("$stolen->{status} $stolen->{json}{code}", '409 idempotency_key_sealed', 'but for another token');
    unlike($stolen->{raw}, qr/sk_live_/, 'which does not get it');
    is(scalar $t->sql("SELECT COUNT(*) FROM attempts WHERE body REGEXP 'sk_live_|pwl_|cs_'"), 0, 'no secret stands in the database');
    is($t->req(DELETE => "/v1/tokens/$made{secret}{id}", token => $kay)->{json}{status}, 'revoked', 'revoked');
    is($t->req(GET => '/api/v1/models', token => $made{secret}{secret})->{status}, 401, 'it is refused with the next request');
    is($t->req(DELETE => "/v1/tokens/$narrow->{id}", token => $admin)->{status}, 200, "an administrator revokes another's");
    is(join(' ', map { $_->{action} } @{ ask(GET => "history/token/$made{secret}{id}", $kay)->{json}{items} }), 'token.revoked token.created', 'the history of one\'s own');
    is(ask(GET => "history/token/$made{secret}{id}", $kim)->{status}, 404, 'is nobody else\'s');
    my $r = $t->thaw('api-key', 'create', '--user', 'kay');
    my ($id) = $r->{err} =~ /^id: (tok_\w{17})$/m;
    like($r->{out}, qr/\Ask_live_\w+\n\z/, 'the command prints the secret alone where scripts take it');
    is($t->thaw('api-key', 'revoke', $id, '--org', 'Main')->{exit}, 0, 'and its id beside it, by which it is revoked');
};

subtest 'applications' => sub {
    my $r = ask(POST => 'clients', $admin, { name => 'Lens', redirect_uris => ['https://lens.example/cb'], scopes => ['api:models-read'], itself => JSON::PP::true });
    is($r->{status}, 201, 'registered') or diag $r->{raw};
    my $c = $r->{json};
    like($c->{secret}, qr/^cs_/, 'with a secret');
    my $token = sub { $t->req(POST => "$OAuth::OAUTH/token", type => 'application/x-www-form-urlencoded', body => OAuth::form(grant_type => 'client_credentials', client_id => $c->{id}, client_secret => $_[0])) };
    my $got = $token->($c->{secret});
    is($got->{status}, 200, 'it speaks for itself') or diag $got->{raw};
    is(OAuth::reads($t, $got->{json}{access_token}), 200, 'within its scopes');
    is(OAuth::writes($t, $got->{json}{access_token}), 403, 'and no further');
    unlike(ask(GET => "clients/$c->{id}", $admin)->{raw}, qr/cs_/, 'the secret is not told again');
    my $next = ask(POST => "clients/$c->{id}/rotate_secret", $admin)->{json}{secret};
    is(join(' ', map { $token->($_)->{status} } $c->{secret}, $next), '401 200', 'another secret replaces it');
    $t->user('boss', role => 'admin');
    my $theirs = ask(POST => "clients/$c->{id}/rotate_secret", $t->token('boss'))->{json};
    is(hex_of($theirs->{user_id}), scalar $t->sql("SELECT LOWER(HEX(id)) FROM principals WHERE username = 'boss'"), 'and who has it made gives it their own permissions, not another\'s');
    $next = $theirs->{secret};
    my $public = ask(POST => 'clients', $admin, { name => 'Page', redirect_uris => ['https://page.example/cb'], public => JSON::PP::true })->{json};
    is($public->{secret}, undef, 'a public one has none');
    is(OAuth::reads($t, OAuth::session($t, $reader, { %$public, scopes => 'api:models-read' })->{access_token}), 200, 'and acts for who allows it');
    unchanged($t, 'what is no application', sub {
        is(ask(POST => "clients/$public->{id}/rotate_secret", $admin)->{status}, 409, 'no secret of a public one');
        like(fault(ask(POST => 'clients', $admin, { name => 'x', redirect_uris => [ 'https://x.example/cb', 'http://x.example/cb' ] })), qr/^400 redirect_uris.* uses http/, 'an address without TLS');
        like(fault(ask(POST => 'clients', $admin, { name => 'x', redirect_uris => [] })), qr/^400 redirect_uris/, 'no address');
        like(fault(ask(POST => 'clients', $admin, { name => 'x', redirect_uris => ['https://x.example'], scopes => ['api:everything'] })), qr/^400 scopes/, 'a scope there is not');
        like(fault(ask(POST => 'clients', $admin, { name => 'x', redirect_uris => ['https://x.example'], public => JSON::PP::true, itself => JSON::PP::true })), qr/^400 itself/, 'one without a secret for itself');
    });
    is(ask(DELETE => "clients/$c->{id}", $admin)->{json}{status}, 'revoked', 'revoked');
    is($token->($next)->{status}, 401, 'its secret is refused');
    is(OAuth::reads($t, $got->{json}{access_token}), 401, 'and its tokens');
    is(ask(POST => "clients/$c->{id}/rotate_secret", $admin)->{status}, 409, 'it gets no other');
    is(ask(DELETE => "clients/$c->{id}", $admin)->{status}, 200, 'twice is once');
    is(history(client => $c->{id}), 'client.revoked client.secret_rotated client.secret_rotated client.created', 'the history has it');
};

subtest 'the console has words for each permission and scope' => sub {
    my ($perms, $words) = map { slurp("$Thaw::SRC/$_") } 'src/perm.def', 'console/assets/dom.js';
    my @all = $perms =~ /^(?:PERM\(\w+,\s*|SCOPE\()"([^"]+)"/mg;
    cmp_ok(scalar @all, '>=', 18, 'of ' . @all);
    is(join(' ', grep { $words !~ /^    '\Q$_\E': '/m } @all), '', 'no one is shown as it is spelled');
};

audited();
$t->finish(more => 1);

# Guesses at the current password count as those at a sign-in; and how many there may be.
my $l = Thaw->new(clock => 1, limits => 1, config => { login_account_rate => 3, rate_limits => 'on', quota_users => 3, quota_roles => 4, quota_clients => 1, quota_tokens => 2 });
{
    local $t = $l;
    $l->user('gus', role => 'reader');
    my $s = as('gus');
    my $try = sub { page('session/password', { current_password => $_[0], password => 'a new password' }, cookie => $s->{cookie})->{status} };
    is(join(' ', map { $try->("guess $_") } 1 .. 4), '400 400 400 429', 'guesses at the current password are counted');
    is($try->($l->password('gus')), 429, 'whatever comes then');
    $l->next_minute;
    is($try->($l->password('gus')), 200, 'until a minute later');
    my $token = $l->admin;
    my $fill = sub { my ($path, $make) = @_; join ' ', map { ask(POST => $path, $token, $make->($_))->{status} } 1 .. 3 };
    is($fill->(users => sub { { username => "u$_[0]", email => "u$_[0]\@main.example", role => 'reader' } }), '201 409 409', 'as many users as the quota');
    is($fill->(roles => sub { { name => "r$_[0]", permissions => ['model:read'], rate => 1 } }), '201 409 409', 'roles');
    is($fill->(clients => sub { { name => "c$_[0]", redirect_uris => ['https://x.example/cb'] } }), '201 409 409', 'applications');
    is($fill->(keys => sub { { kind => 'secret', name => "k$_[0]" } }), '201 201 409', 'and keys');
}
$l->finish(more => 1);

# A person, on a server whose clock is the browser's.
my $b = Thaw->new;
$b->reader;
my ($theirs) = $b->thaw(qw(api-key create --user reader --name), 'of the reader')->{err} =~ /^id: (tok_\w+)$/m;
Thaw::Browser::run($b, 'people', theirs => $theirs);
is($b->thaw('audit', 'verify')->{exit}, 0, 'the audit agrees');
$b->finish;
