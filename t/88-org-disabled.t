#!/usr/bin/perl
# A disabled organization: every token, key, session and sign-in of it is refused in each
# dialect with an error that says why, its webhooks wait, and nothing is lost when it is enabled.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use OAuth;
use Thaw::Receiver;

my $t = Thaw->new(config => { webhook_http => 'on', webhook_networks => '127.0.0.0/8' });
my $receiver = Thaw::Receiver->new($t, sub { { status => 200 } }, address => '127.0.0.1');
my $says = qr/organization is disabled/i;
sub thaw { my $r = $t->thaw(@_); is($r->{exit}, 0, "thaw @_") or diag $r->{err}; $r }
sub introspect { my ($c, $token) = @_; OAuth::post($t, 'introspect', [ token => $token, OAuth::as($c) ]) }

# given a token, API keys, an application with a session, a signed-in user, and an endpoint
my %with = (user => $t->admin, map { ($_ => scalar $t->key(user => 'admin', kind => $_)) } qw(secret token publishable));
my $app = client($t, redirect_uris => 'https://lens.example/cb', user => 'admin');
my $session = session($t, $with{user}, $app);
$with{application} = $session->{access_token} // die;
$with{client} = token($t, $app, [ grant_type => 'client_credentials' ])->{json}{access_token} // die;
$with{test} = $t->key(test => 1);
$with{agent} = $t->key(kind => 'token', tier => 3, agent => 'agt_x');
my $signed = $t->req(POST => '/api/auth/login', body => { username => 'admin', password => $t->password('admin') })->{json};
my $made = $t->req(POST => "/v1/webhook_endpoints", token => $with{secret}, body => { url => $receiver->url, enabled_events => ["*"] });
$made->{status} == 200 or die $made->{raw};
my $other = $t->other;

my %reads = (models => '/api/v1/models', projects => '/api/v1/projects', workspaces => '/v1/workspaces', foundry => '/api/v2/admin/users/getCurrent?preview=true',
    filesystem => '/api/v2/filesystem/spaces?preview=true', registry => '/api/v2/registeredModels/', mlflow => '/api/2.0/mlflow/registered-models/search', console => '/console/actions');
my %before;
for my $d (sort keys %reads) {
    $before{"$d $_"} = $t->req(GET => $reads{$d}, token => $with{$_})->{status} for sort keys %with;
}
for my $d (sort keys %reads) {
    cmp_ok(scalar(grep { $before{"$d $_"} == 200 } keys %with), '>', 0, "$d answers");
}

subtest 'disabled' => sub {
    thaw('org', 'disable', 'Main');
    is($t->thaw('org', 'disable', 'Main')->{exit}, 1, 'twice is an error');
    for my $d (sort keys %reads) {
        for my $w (sort keys %with) {
            my $r = $t->req(GET => $reads{$d}, token => $with{$w});
            is($r->{status}, 401, "$d: 401 with $w") or diag $r->{raw};
            like($r->{body}, $says, "$d says why to $w") or diag $r->{raw};
        }
    }
    is($t->req(POST => '/api/v1/models', token => $with{$_}, body => { name => 5 })->{status}, 401, "before anything of the body: $_") for sort keys %with;
    for ([ models => '/api/v1/models', { name => 'x', model_type => 'auto', task_type => 'regression' } ], [ workspaces => '/v1/workspaces', { name => 'x' } ], [ projects => '/api/v1/projects', { name => 'x' } ]) {
        my ($d, $path, $body) = @$_;
        my $r = $t->req(POST => $path, token => $with{secret}, body => $body);
        is($r->{status}, 401, "$d: a write too");
        like($r->{body}, $says, 'and why');
    }
    # what is answered from the request alone comes after it
    for my $path ('/console/actions', '/api/v1/models?page=x', "/api/v2/filesystem/spaces/ri.compass.main.space.00000000-0000-8000-8000-000000000001") {
        for my $w (sort keys %with) {
            my $r = $t->req(GET => $path, token => $with{$w});
            is($r->{status} . ($r->{body} =~ $says ? ', why' : ''), '401, why', "whatever else is wrong: $path with $w") or diag $r->{raw};
        }
    }
    my $login = $t->req(POST => '/api/auth/login', body => { username => 'admin', password => $t->password('admin') });
    is($login->{status}, 401, 'nobody signs in');
    like($login->{body}, $says, 'and is told why');
    unlike($t->req(POST => '/api/auth/login', body => { username => 'admin', password => 'wrong password' })->{body}, $says, 'who has the password: others learn nothing');
    like($t->req(POST => '/api/auth/refresh', body => { refresh_token => $signed->{refresh_token} })->{body}, $says, 'no session goes on');
    for ([ refresh_token => refresh_token => $session->{refresh_token} ], ['client_credentials']) {
        my $r = token($t, $app, [ grant_type => @$_ ]);
        isnt($r->{status}, 200, "no token for an application by $_->[0]");
        like($r->{body}, $says, 'which is told why');
    }
    for ([ token => token($t, $app, [ grant_type => 'client_credentials' ]) ], [ introspect => introspect( $app, $session->{refresh_token}) ], [ revoke => revoke($t, $app, $session->{refresh_token}) ]) {
        my ($what, $r) = @$_;
        is("$r->{status} " . ($r->{json}{error} // ''), '401 invalid_client', "$what: the application is nobody") or diag $r->{raw};
        like($r->{body}, $says, 'which is told why');
    }
    unlike(introspect( { %$app, secret => 'x' }, 'x')->{body}, $says, 'whoever does not prove that it is the application learns nothing');
    is($t->thaw('token', '--user', 'admin')->{exit}, 1, 'nor one of the command');
    is($t->req(GET => '/api/v1/models', token => $other)->{status}, 200, 'another organization goes on');
    $t->thaw('deliver') for 1 .. 2;
    is(scalar(() = $receiver->requests), 0, 'no webhook is sent');
    thaw('role', 'set', '--org', 'Main', 'late', '--permissions', 'model:read', '--rate', '100');
    $t->user('lara', role => 'late');
    like($t->req(POST => '/api/auth/login', body => { username => 'lara', password => $t->password('lara') })->{body}, $says, 'nor does a role help that is made meanwhile');
    like($t->thaw('org', 'list')->{out}, qr/Main +disabled/, 'the list says so');
};

subtest 'enabled again' => sub {
    thaw('org', 'enable', 'Main');
    my %now = map { my $d = $_; map { ("$d $_" => $t->req(GET => $reads{$d}, token => $with{$_})->{status}) } keys %with } keys %reads;
    is_deeply(\%now, \%before, 'everything is as it was');
    is($t->req(POST => '/api/auth/refresh', body => { refresh_token => $signed->{refresh_token} })->{status}, 200, 'a session goes on');
    $t->thaw('deliver') for 1 .. 2;
    cmp_ok(scalar(() = $receiver->requests), '>', 0, 'and what waited is sent');
    is_deeply([ map { $_->{action} } grep { $_->{action} =~ /^organization\.\w+abled/ } @{ $t->thaw('--json', 'audit', 'list', '--org', 'Main')->{json} } ],
        [ 'organization.enabled', 'organization.disabled' ], 'the audit has both');
    is($t->req(POST => '/api/auth/login', body => { username => 'lara', password => $t->password('lara') })->{status}, 200, 'also by that role');
    is($t->thaw('audit', 'verify')->{exit}, 0, 'and agrees');
};

subtest 'renamed' => sub {
    thaw('org', 'rename', 'Main', 'Main & Co');
    is($t->thaw('user', 'list', '--org', 'Main')->{exit}, 1, 'the old name is gone');
    is($t->thaw('user', 'list', '--org', 'Main & Co')->{exit}, 0, 'the new one is there');
    is($t->thaw('org', 'rename', 'Main & Co', 'Other')->{exit}, 1, 'that of another one is refused');
};

subtest 'asked in one place' => sub {
    my @rows = map { my @f = split /\t/; \@f } split /\n/, $t->thaw('tables', 'sql')->{out};
    # who joins a principal with its role is about to decide who may
    my @forgot = grep { $_->[-1] =~ /JOIN roles r ON r\.organization_id = p\./ && $_->[-1] !~ /CASE|EXISTS/ && $_->[-1] !~ /IF\(r\.status <> 'active'/ } @rows;
    is(join(' ', map { $_->[0] } @forgot), '', 'every statement that settles somebody asks for the organization');
    cmp_ok(scalar(grep { $_->[-1] =~ /IF\(r\.status/ } @rows), '>', 20, 'of many');
};

$t->finish;
