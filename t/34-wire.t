#!/usr/bin/perl
# What holds for every route and every dialect: the methods an address tells, the envelope of
# its prefix whatever fails, the bodies that are taken, and all faults of one told at once.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Foundry;

my $t = Thaw->new;
my $token = $t->admin;
my @routes = tables($t, 'routes');
# An address of the template: ids of the right form that nothing has.
my %example = (model_id => $NOWHERE, job_id => hex_of($NOWHERE), version_id => 'ver-001', id => 4711, modelRid => $NO_MODEL, modelVersionRid => $NO_VERSION,
    folderRid => rid_of(folder => $NOWHERE), projectRid => rid_of(folder => $NOWHERE), resourceRid => rid_of(folder => $NOWHERE), code => 'not_found');
sub address {
    my $path = shift;
    $path =~ s/\{(\w+)\}/$example{$1} \/\/ 'x'/ge;
    return $path;
}

subtest 'the methods of an address' => sub {
    my (%methods, %spelled);
    for my $r (@routes) {
        push @{ $methods{ $r->{path} } }, $r->{method}, $r->{method} eq 'GET' ? 'HEAD' : ();
        push @{ $spelled{ $r->{path} =~ s/\{[^}]*\}/{}/gr } }, $r->{path};
    }
    for my $path (sort keys %methods) {
        my $r = $t->req(OPTIONS => address($path));
        is("$r->{status} " . ($r->{headers}{allow} // ''), '204 ' . join(', ', @{ $methods{$path} }, 'OPTIONS'), "$path: each once, and its own");
        $r = $t->req(FOO => address($path));
        is("$r->{status} " . ($r->{headers}{allow} // ''), '405 ' . join(', ', @{ $methods{$path} }, 'OPTIONS'), 'also where it is refused');
    }
    for my $same (values %spelled) {
        my %once = map { $_ => 1 } @$same;
        is(scalar keys %once, 1, "one spelling of its parameters: @{[sort keys %once]}");
    }
};

# The error of a dialect, by its name in the tables: is its envelope that of a dialect?
my %envelope = (
    models => sub { ref $_[0]{error} eq 'HASH' && $_[0]{error}{code} && $_[0]{error}{timestamp} },
    projects => sub { $_[0]{status} && $_[0]{code} && $_[0]{message} && !$_[0]{type} },
    workspaces => sub { ($_[0]{request_id} // '') =~ /^req_/ && $_[0]{doc_url} && $_[0]{type} },
    foundry => sub { $_[0]{errorCode} && $_[0]{errorName} && ref $_[0]{parameters} eq 'HASH' && $_[0]{errorInstanceId} },
    oauth => sub { $_[0]{error} && !ref $_[0]{error} && $_[0]{error_description} },
    console => sub { ($_[0]{type} // '') eq 'about:blank' && $_[0]{status} && $_[0]{code} },
);
$envelope{plain} = $envelope{console};
sub speaks {
    my ($r, $dialect, $status, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @bad = ref $r->{json} eq 'HASH' && $envelope{$dialect}->($r->{json}) ? () : "not in the words of $dialect";
    push @bad, "status $r->{status}, not $status" if $r->{status} != $status;
    is(join('; ', @bad), '', $name) or diag substr $r->{raw}, 0, 1000;
}
my %at = (models => '/api/v1/models', projects => '/api/v1/projects', workspaces => '/v1/workspaces', foundry => '/api/v2/models',
    oauth => '/multipass/api/oauth2/token', console => '/console/session', plain => '/x');

subtest 'the envelope of a prefix' => sub {
    is(join(' ', sort keys %at), join(' ', sort keys %envelope), 'all dialects');
    my %known = map { $_->{dialect} => 1 } @routes;
    is(join(' ', sort keys %known), join(' ', sort keys %at), 'those of the tables');
    for my $dialect (sort keys %at) {
        speaks($t->req(GET => "$at{$dialect}/no/such/address", token => $token), $dialect, 404, "$dialect: nothing there");
        speaks($t->req(GET => "$at{$dialect}/%zz", token => $token), $dialect, 400, 'a broken path');
    }
    speaks($t->req(GET => "/api/v2/$_/x", token => $token), 'foundry', 404, "the platform's $_") for qw(models/x filesystem admin aipAgents audit checkpoints connectivity datasets dataHealth
        functions geo languageModels mediasets ontologies orchestration sqlQueries streams thirdPartyApplications widgets);
    speaks($t->req(GET => "/api/v2/$_", token => $token), 'plain', 404, "/api/v2/$_ is no namespace of it") for qw(x model modelsx admins);
};

subtest 'words before parameters' => sub {
    for my $path (qw(models/liveDeployments models/liveDeployments/x models/liveDeployments/versions models/modelStudios models/modelStudios/x/versions models/modelStudioTrainers
                     filesystem/resources/getBatch filesystem/resources/getByPathBatch filesystem/folders/getBatch filesystem/projects/createFromTemplate admin/users admin/users/x)) {
        for my $method (qw(GET POST)) {
            fault_is($t->req($method => "/api/v2/$path?preview=true", token => $token, $method eq 'POST' ? (body => {}) : ()), 404, 'NOT_FOUND', 'Default:NotFound', {}, "$method $path: not offered");
        }
    }
    is($t->req(PUT => '/api/v1/projects/check-url', token => $token, body => { name => 'x' })->{status}, 405, 'a word that takes no PUT is no id');
    is($t->req(GET => '/api/v2/models/live?preview=true', token => $token)->{json}{errorName}, 'Default:InvalidArgument', 'another word is one that is no identifier');
};

subtest 'who calls' => sub {
    my $me = sub { $t->req(GET => '/api/v2/admin/users/getCurrent', token => shift) };
    my $r = $me->($t->reader);
    is($r->{status}, 200, 'getCurrent') or diag $r->{raw};
    keys_are($r->{json}, 'attributes email id organization realm status username', 'a User');
    is("@{$r->{json}}{qw(username email realm status)}", 'reader reader@main.example palantir-internal-realm ACTIVE', 'the caller');
    is($r->{json}{id}, rid_of(user => 'usr-' . $t->sql("SELECT LOWER(HEX(id)) FROM principals WHERE username = 'reader'")), 'whose id is that of createdBy');
    is($r->{json}{organization}, $t->req(GET => '/api/v2/filesystem/spaces', token => $token)->{json}{data}[0]{organizations}[0], 'of the organization of the space');
    is($me->($t->key(user => 'member', scope => 'organization:admin'))->{json}{username} // '', 'member', 'a key, with the scope of everything') if $t->member;
    fault_is($me->($t->token('admin', '--scope', 'model:read')), 403, 'PERMISSION_DENIED', 'ApiUsageDenied', { missingScope => 'api:admin-read' }, 'a token of other scopes');
    fault_is($me->('x'), 401, 'UNAUTHORIZED', 'Default:Unauthorized', {}, 'nobody');
};

# The routes that change something with a JSON body, with a caller of all rights.
my $session = "Origin: http://x\r\n";
my @writes = grep { $_->{method} ne 'GET' && $_->{body} } @routes;

sub chunked {
    my ($path, $bytes) = @_;
    my $piece = sprintf "%x\r\n%s\r\n", 65536, 'x' x 65536;
    return Thaw::parse($t->raw("POST $path HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer $token\r\n"
        . "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" . $piece x ($bytes / 65536) . "0\r\n\r\n"));
}

subtest 'a body that is too large' => sub {
    my $upload = "/api/v2/models/$NO_MODEL/versions";
    for my $case (map({ [ $_, $at{$_}, 2 << 20 ] } sort keys %at), [ foundry => "$upload?preview=true", 13 << 20 ], [ foundry => "$upload/?preview=true", 13 << 20 ]) {
        my ($dialect, $path, $bytes) = @$case;
        speaks(chunked($path, $bytes), $dialect, 413, "$path: in chunks");
        speaks($t->req(POST => $path, token => $token, body => 'x' x $bytes), $dialect, 413, 'in one piece');
    }
};

subtest 'headers that are too large, and what is no HTTP/1' => sub {
    for my $dialect (sort keys %at) {
        my $r = $t->req(GET => $at{$dialect}, headers => [ 'X-Long' => 'x' x 9000 ]);
        speaks($r, $dialect, 431, "$dialect: a header of 9 kB");
        like($r->{body}, qr/8 KiB.*32 KiB/, 'with the limits');
        speaks($t->req(GET => $at{$dialect}, headers => [ map { ("X-Long-$_" => 'x' x 7000) } 1 .. 6 ]), $dialect, 431, 'headers of 42 kB');
    }
    is($t->raw("GET $_\r\n\r\n"), '', "HTTP/0.9 of $_ is not answered") for '/healthz', '/', '/api/v1/models', '/assets/api.js', 'http://x/healthz', '/healthz?' . 'x' x 8170;
    my $r = fastcgi($t, [ REQUEST_METHOD => 'GET', REQUEST_URI => '/healthz', SERVER_PROTOCOL => 'HTTP/0.9' ]);
    speaks($r, 'plain', 505, 'nor by the program itself');
};

$t->finish;
