#!/usr/bin/perl
# What the console asks of the program beyond the published dialects.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Contract qw(log_lines);
use Digest::SHA 'sha256_hex';
use Test::More;
use Thaw;

my $t = Thaw->new;
my $token = $t->admin;
my $reader = $t->reader;
my $here = "http://127.0.0.1:$t->{port}";
my ($email) = map { ref ? $_->[0] : $_ } $t->sql("SELECT email FROM principals WHERE username = 'admin'");

sub session {
    my ($method, $path, %o) = @_;
    my @h = (Host => "127.0.0.1:$t->{port}", exists $o{origin} ? ($o{origin} ? (Origin => $o{origin}) : ()) : (Origin => $here),
        $o{cookie} ? (Cookie => "other=1; thaw_session=$o{cookie}; more=2") : ());
    my $body = $o{body} ? JSON::PP->new->utf8->encode($o{body}) : '';
    my $text = "$method /console/session$path HTTP/1.1\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\n";
    $text .= shift(@h) . ': ' . shift(@h) . "\r\n" while @h;
    my $r = Thaw::parse($t->raw("$text\r\n$body"));
    ($r->{cookie}) = ($r->{headers}{'set-cookie'} // '') =~ /thaw_session=([^;]*)/;
    return $r;
}
sub sign_in { session(POST => '', body => { email => $email, password => $t->password('admin') }, @_) }

subtest 'sign in' => sub {
    my $r = sign_in();
    is($r->{status}, 200, 'by e-mail and password');
    is($r->{json}{expires_in}, 900, 'an access token of 15 minutes');
    is($t->req(GET => '/api/v1/models', token => $r->{json}{access_token})->{status}, 200, 'that is one');
    is(join(',', @{ $r->{json}{user}{permissions} }), 'organization:admin', 'what the user may do');
    is(join(' ', @{ $r->{json}{user} }{qw(username email role)}), "admin $email admin", 'who it is');
    like($r->{json}{user}{principal_id}, qr/^usr_\w+$/, 'as each dialect spells it');
    unlike($r->{body}, qr/\Q$r->{cookie}\E/, 'the refresh token is not in the body');
    like($r->{headers}{'set-cookie'}, qr{; Path=/console/session; Max-Age=\d+; HttpOnly; SameSite=Strict$}, 'but in its cookie, without TLS not Secure');
    is(session(POST => '', body => { email => $email, password => 'wrong' })->{status}, 401, 'a wrong password');
    is(session(POST => '', body => { email => $email })->{json}{errors}[0]{field}, 'password', 'a missing one');
};

subtest 'under TLS' => sub {
    my $body = JSON::PP->new->utf8->encode({ email => $email, password => $t->password('admin') });
    my %cgi = (GATEWAY_INTERFACE => 'CGI/1.1', THAW_CONFIG => "$t->{dir}/thaw.conf", REQUEST_METHOD => 'POST', REQUEST_URI => '/console/session',
        CONTENT_TYPE => 'application/json', CONTENT_LENGTH => length $body, REMOTE_ADDR => '127.0.0.1', HTTP_HOST => 'thaw.example');
    for my $case ([ { HTTPS => 'on' }, 1 ], [ {}, 0 ], [ { HTTP_X_FORWARDED_PROTO => 'https' }, 0 ],
        [ { HTTP_X_FORWARDED_PROTO => 'https', THAW_TRUSTED_PROXIES => '127.0.0.1' }, 1 ]) {
        my $out = $t->run({ %cgi, HTTP_ORIGIN => $case->[1] ? 'https://thaw.example' : 'http://thaw.example', %{ $case->[0] } }, $body, "$Thaw::BUILD/thaw.fcgi")->{out};
        like($out, qr/^Set-Cookie: thaw_session=/m, 'signed in');
        is($out =~ /^Set-Cookie: .*; Secure\r?$/m ? 1 : 0, $case->[1], 'Secure: ' . join ' ', %{ $case->[0] });
    }
};

# Browsers leave out the port that is the scheme's own, whatever Host says.
subtest 'the same site in other words' => sub {
    my $cgi = sub {
        my ($host, $origin, %more) = @_;
        $t->run({ GATEWAY_INTERFACE => 'CGI/1.1', THAW_CONFIG => "$t->{dir}/thaw.conf", REQUEST_METHOD => 'DELETE', REQUEST_URI => '/console/session', CONTENT_LENGTH => 0,
            REMOTE_ADDR => '127.0.0.1', HTTP_HOST => $host, HTTP_ORIGIN => $origin, %more }, '', "$Thaw::BUILD/thaw.fcgi")->{out} =~ /^Status: (\d+)/ && $1;
    };
    is($cgi->(@$_), 204, "@$_") for [ 'thaw.example:80', 'http://thaw.example' ], [ 'Thaw.Example', 'http://thaw.example' ], [ 'thaw.example:8080', 'http://thaw.example:8080' ], [ '[::1]:8080', 'http://[::1]:8080' ],
        [ 'thaw.example:443', 'https://thaw.example', HTTPS => 'on' ];
    is($cgi->(@$_), 403, "@$_") for [ 'thaw.example:443', 'https://thaw.example' ], [ 'thaw.example:443', 'http://thaw.example' ], [ 'thaw.example', 'http://thaw.example', HTTPS => 'on' ], [ 'thaw.example:80', 'https://thaw.example', HTTPS => 'on' ],
        [ 'thaw.example', 'http://thaw.example:8080' ], [ ':80', 'http://' ], [ '', 'http://' ];
};

subtest 'another site' => sub {
    my $cookie = sign_in()->{cookie};
    for my $origin ('', 'https://evil.example', 'null', "https://127.0.0.1:$t->{port}", "chrome-extension://127.0.0.1:$t->{port}", 'http://127.0.0.1', "127.0.0.1:$t->{port}", "//127.0.0.1:$t->{port}", "http://127.0.0.1:$t->{port}/", "http://x\@127.0.0.1:$t->{port}", "http://127.0.0.1:1", "http://evil.example/127.0.0.1:$t->{port}") {
        is(sign_in(origin => $origin)->{status}, 403, "sign in from '$origin'");
        is(session(POST => '/refresh', origin => $origin, cookie => $cookie)->{status}, 403, 'refresh');
        is(session(DELETE => '', origin => $origin, cookie => $cookie)->{status}, 403, 'sign out');
    }
    is(session(POST => '/refresh', cookie => $cookie)->{status}, 200, 'the session is as it was');
};

subtest 'refresh and sign out' => sub {
    is(session(POST => '/refresh')->{status}, 401, 'without a cookie');
    my $signed_in = sign_in();
    my ($first, $first_token) = ($signed_in->{cookie}, $signed_in->{json}{access_token});
    my $r = session(POST => '/refresh', cookie => $first);
    isnt($r->{cookie}, $first, 'the cookie is exchanged');
    is(session(POST => '/refresh', cookie => $first)->{cookie}, $r->{cookie}, 'a lost answer is given again');
    is($r->{json}{user}{username}, 'admin', 'and tells who it is');
    my ($here_token, $elsewhere) = ($r->{json}{access_token}, sign_in()->{json}{access_token});
    my $status = sub { join ' ', map { $t->req(GET => '/api/v1/models', token => $_)->{status} } @_ };
    is($status->($first_token, $here_token, $elsewhere), '200 200 200', 'given access tokens of two sessions');
    my $out = session(DELETE => '', cookie => $r->{cookie});
    is($status->($first_token, $here_token, $elsewhere), '401 401 200', 'sign out ends those of its session at once');
    is(join(' ', map { my ($method, $path) = split; $t->req($method => $path, token => $here_token)->{status} } 'GET /console/actions', 'GET /v1/limits', 'GET /v1/workspaces', 'GET /api/v1/projects',
        'DELETE /v1/tokens/tok_1', 'PUT /api/v1/projects/1/archive'), '401 401 401 401 401 401', 'for whatever reads and writes');
    # the fewest: a worker that last settled somebody else asks once more who is an administrator
    my ($statements) = sort { $a <=> $b } map { $_->{statements} } grep { $_->{method} eq 'GET' && $_->{status} == 200 && $_->{route} eq '/api/v1/models' } map { eval { JSON::PP->new->decode($_) } // () }
        grep { /"access"/ } split /\n/, Thaw::slurp("$t->{dir}/worker.log");
    is($statements, 1, 'and a GET is one statement still');

    is($out->{status}, 204, 'sign out');
    like($out->{headers}{'set-cookie'}, qr/thaw_session=; .*Max-Age=0/, 'takes the cookie away');
    is(session(POST => '/refresh', cookie => $r->{cookie})->{status}, 401, 'and revokes it');
    is(session(DELETE => '')->{status}, 204, 'signed out already');
};

subtest 'a cookie that was used up before' => sub {
    my $first = sign_in()->{cookie};
    my $next = session(POST => '/refresh', cookie => $first)->{cookie};
    my $told = sub { scalar grep { $_->{event} eq 'REFRESH_INVALID' && $_->{path} eq '/console/session/refresh' } log_lines($t, 'security') };
    my $before = $told->();
    $t->sql("UPDATE refresh_rotations SET rotated_at = rotated_at - INTERVAL 31 SECOND WHERE token_hash = UNHEX('" . sha256_hex($first) . "')");
    my $r = session(POST => '/refresh', cookie => $first);
    is($r->{status}, 401, 'is refused 30 seconds later');
    is($r->{json}{code}, 'authentication_required', 'as whatever is no session');
    like($r->{headers}{'set-cookie'}, qr/thaw_session=; .*Max-Age=0/, 'which takes the cookie away');
    is($told->() - $before, 1, 'and stands in the security log');
    is((grep { $_->{route} eq '/console/session/refresh' } log_lines($t, 'access'))[-1]{error}, 'REFRESH_INVALID', 'and, with its error, in that of requests');
    is(session(POST => '/refresh', cookie => $next)->{status}, 401, 'it has ended the session');
};

subtest 'what may be done' => sub {
    my $r = $t->req(GET => '/console/actions', token => $reader);
    my %by = map { $_->{transition} => $_ } @{ $r->{json}{items} };
    is_deeply($by{PROJECT_RESTORE}, { resource => 'project', transition => 'PROJECT_RESTORE', from => ['ARCHIVED'], to => 'computed',
        method => 'PUT', path => '/api/v1/projects/{id}/restore', permission => 'project:write',
        summary => 'Restore an archived project to the status it had before' }, 'a row of the table of transitions with its route');
    is(join(' ', @{ $by{MODEL_ARCHIVE}{from} }), 'draft ready', 'from which states');
    is($t->req(GET => '/console/actions')->{status}, 401, 'for those who signed in');
};

subtest 'activity and history' => sub {
    my $id = $t->req(POST => '/api/v1/projects', token => $token, body => { name => 'seen' })->{json}{data}{id};
    $t->req(PUT => "/api/v1/projects/$id/$_", token => $token) for qw(archive restore archive);
    my $mid = $t->req(POST => '/api/v1/models', token => $token, body => { name => 'seen', model_type => 'auto', task_type => 'regression' })->{json}{id};
    my $r = $t->req(GET => '/console/upload_limits', token => $reader);
    is("$r->{json}{file_bytes} $r->{json}{body_bytes}", '8388608 1048576', 'what an upload can have');
    is($t->req(GET => '/console/upload_limits')->{status}, 401, 'for those who signed in');
    $r = $t->req(GET => '/console/activity', token => $reader);
    my %count = map { ("$_->{action}" => $_->{count}) } @{ $r->{json}{days} };
    is($count{'project.archived'}, 2, 'state changes a day');
    is($count{'user.created'}, undef, 'of what the console shows');
    my %status = map { ("$_->{resource} $_->{status}" => $_->{count}) } @{ $r->{json}{statuses} };
    is("$status{'project ARCHIVED'} $status{'model draft'}", '1 1', 'how many are in which state');
    is(scalar @{ $t->req(GET => '/console/activity', token => $t->other)->{json}{days} }, 0, 'of the own organization');
    $t->must('role', 'set', '--org', 'Main', 'projects-only', '--permissions', 'project:read', '--rate', 100);
    $t->user('piet', role => 'projects-only');
    $r = $t->req(GET => '/console/activity', token => $t->token('piet'));
    is(join(' ', grep { !/^project/ } (map { $_->{action} } @{ $r->{json}{days} }), map { $_->{resource} } @{ $r->{json}{statuses} }), '', 'and of what one may read');
    ok(scalar @{ $r->{json}{days} }, 'there is some');
    $r = $t->req(GET => "/console/history/project/$id?page_size=3", token => $reader);
    is(join(' ', map { $_->{action} } @{ $r->{json}{items} }), 'project.archived project.restored project.archived', 'newest first');
    is("$r->{json}{total} $r->{json}{has_next}", '4 1', 'of all');
    is("$r->{json}{items}[1]{from_status} $r->{json}{items}[1]{to_status} $r->{json}{items}[1]{actor}{name}", 'ARCHIVED DRAFT admin', 'who did what');
    is($t->req(GET => "/console/history/model/$mid", token => $reader)->{json}{total}, 1, 'of a model');
    is($t->req(GET => "/console/history/model/$mid", token => $t->other)->{status}, 404, 'of another organization: not found');
    is($t->req(GET => '/console/history/project/x', token => $reader)->{status}, 404, 'nor what never was');
    my $package = $t->req(POST => '/api/v2/modelPackages/fromJSON', token => $token, body => { name => 'deployed', target => { name => 'y', type => 'Regression' } })->{json}{id};
    my $deployment = $t->req(POST => '/api/v2/deployments/fromModelPackage', token => $token, body => { label => 'shown', modelPackageId => $package })->{json}{id};
    $t->req(PATCH => "/api/v2/deployments/$deployment/status", token => $token, body => { status => 'inactive' });
    $r = $t->req(GET => "/console/history/deployment/$deployment", token => $token);
    is(join(' ', map { "$_->{action} $_->{to_status}" } @{ $r->{json}{items} }), 'deployment.deactivated inactive deployment.created active', 'of a deployment');
    is($t->req(GET => "/console/history/deployment/$deployment", token => $reader)->{status}, 404, 'by those who see its model');
};

subtest 'what a restore would make of a workspace' => sub {
    my $id = $t->req(POST => '/v1/workspaces', token => $token, body => { name => 'asked' })->{json}{id};
    my $target = sub { $t->req(GET => "/console/target/workspace/$id", token => $_[0] // $reader) };
    is_deeply($target->()->{json}, { target => 'ready', entities => 0, open => 0 }, 'without entities');
    my @entities = map { $t->req(POST => '/v1/entities', token => $token,
        body => { workspace_id => $id, name => "entity $_", jurisdiction => 'US-DE', type => 'c_corp' })->{json}{id} } 1 .. 2;
    $t->req(POST => "/v1/entities/$entities[0]/cancel", token => $token);
    is($t->req(POST => "/v1/workspaces/$id/archive", token => $token)->{json}{status}, 'archived', 'archived');
    is_deeply($target->()->{json}, { target => 'active', entities => 2, open => 1 }, 'with one that is not in its last state');
    $t->req(POST => "/v1/entities/$entities[1]/cancel", token => $token);
    is_deeply($target->()->{json}, { target => 'ready', entities => 2, open => 0 }, 'with none');
    is($t->req(POST => "/v1/workspaces/$id/unarchive", token => $token)->{json}{status}, 'ready', 'and so it is');
    is($target->($t->other)->{status}, 404, 'of another organization: not found');
    is($t->req(GET => '/console/target/workspace/x', token => $reader)->{json}{code}, 'not_found', 'nor what never was');

    my $r = $t->req(GET => "/console/history/workspace/$id?page_size=2", token => $reader);
    is(join(' ', map { $_->{action} } @{ $r->{json}{items} }), 'workspace.unarchived workspace.archived', 'its history');
    is("$r->{json}{total} $r->{json}{has_next}", '4 1', 'of all');
    $r = $t->req(GET => "/console/history/entity/$entities[0]", token => $reader);
    is(join(' ', map { "$_->{action} $_->{to_status}" } @{ $r->{json}{items} }), 'entity.cancelled cancelled entity.created draft', 'that of an entity');
    is($t->req(GET => "/console/history/$_", token => $t->other)->{status}, 404, "of another organization: $_") for "workspace/$id", "entity/$entities[0]";
};

$t->finish;
