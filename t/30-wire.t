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

my $t = Thaw->new(config => { metrics_networks => '127.0.0.0/8' });     # which /metrics is there for
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
        is($r->{headers}{'accept-patch'} // '', (grep { $_ eq 'PATCH' } @{ $methods{$path} }) ? 'application/json, application/merge-patch+json' : '', 'and what a PATCH may be');
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
    registry => sub { $_[0]{message} && join(' ', sort keys %{ $_[0] }) =~ /^(?:errors )?message$/ },
    oauth => sub { $_[0]{error} && !ref $_[0]{error} && $_[0]{error_description} },
    mlflow => sub { join(' ', sort keys %{ $_[0] }) eq 'error_code message' && $_[0]{error_code} =~ /^[A-Z_]+$/ },
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
my %at = (models => '/api/v1/models', projects => '/api/v1/projects', workspaces => '/v1/workspaces', foundry => '/api/v2/models', registry => '/api/v2/registeredModels',
    oauth => '/multipass/api/oauth2/token', console => '/console/session', mlflow => '/api/2.0/mlflow/registered-models/get', plain => '/x');

subtest 'the envelope of a prefix' => sub {
    is(join(' ', sort keys %at), join(' ', sort keys %envelope), 'all dialects');
    my %known = map { $_->{dialect} => 1 } @routes;
    is(join(' ', sort keys %known), join(' ', sort keys %at), 'those of the tables');
    for my $dialect (sort keys %at) {
        speaks($t->req(GET => "$at{$dialect}/no/such/address", token => $token), $dialect, 404, "$dialect: nothing there");
        speaks($t->req(GET => "$at{$dialect}/%zz", token => $token), $dialect, 400, 'a broken path');
    }
    speaks($t->req(GET => "/api/v2/$_/x", token => $token), 'foundry', 404, "the platform's $_") for qw(models/x filesystem admin aipAgents audit checkpoints connectivity datasets dataHealth
        functions geo highScale languageModels mediasets ontologies orchestration sqlQueries streams thirdPartyApplications widgets);
    speaks($t->req(GET => "/api/v2/$_", token => $token), 'registry', 404, "/api/v2/$_ is no namespace of it") for qw(x model modelsx admins);
};

subtest 'words before parameters' => sub {
    for my $path (qw(models/liveDeployments models/liveDeployments/x models/liveDeployments/versions models/modelStudios models/modelStudios/x/versions models/modelStudioTrainers
                     filesystem/resources/getRecentlyViewed filesystem/projects/createFromTemplate admin/users admin/users/search admin/users/x/getMarkings highScale/streams)) {
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

# The routes that take a body, with its schema; and the fields that an error of a dialect names, the first first.
my $paths = described($t)->{paths};
my @writes = grep { $_->{schema} } map { my $r = $_; my $op = $paths->{ $r->{path} }{ lc $r->{method} };
    +{ %$r, schema => $op->{requestBody}{content}{'application/json'}{schema}, patch => $op->{requestBody}{content}{'application/merge-patch+json'} } } @routes;
sub fields_of {
    my ($dialect, $e) = @_;
    my $told = $dialect eq 'models' ? $e->{error}{details} : $dialect eq 'foundry' ? $e->{parameters} : $e;
    return sort keys %{ $e->{errors} // {} } if $dialect eq 'registry';
    return $e->{message} =~ /parameter '([^']+)'/ if $dialect eq 'mlflow';
    return map { $_->{field} } @{ $told->{errors} // ($told->{field} ? [$told] : []) };
}
sub send_to {
    my ($w, $body, %o) = @_;
    return $t->req($w->{method} => address($w->{path}) . '?preview=true', token => $token, body => $body, %o);
}

subtest 'all the faults of a body at once' => sub {
    my %wrong = (string => 5, integer => 'x', boolean => 'x', array => 'x', object => 'x', null => 'x');
    my $several = 0;
    for my $w (@writes) {
        my $all = $w->{schema}{properties};
        my ($any, @typed) = (0, grep { $all->{$_}{type} } keys %$all);
        my %body = map { my $type = $all->{$_}{type}; $_ => ref $type && "@$type" =~ /integer/ ? [] : $wrong{ ref $type ? $type->[0] : $type } } @typed;
        my $r = send_to($w, { (map { $_ => $any } keys %$all), %body });
        my @told = fields_of($w->{dialect}, $r->{json});
        # a list, and one that the route reads itself
        my @expected = %body || $w->{dialect} ne 'foundry' ? keys %body : $w->{schema}{properties} && keys %$all ? keys %$all : 'body';
        if ($w->{dialect} eq 'mlflow') { ok(@told == 1 && exists $body{ $told[0] }, "$w->{method} $w->{path}: the first of its fields") or diag $r->{raw} }
        else { is("@{[sort @told]}", "@{[sort @expected]}", "$w->{method} $w->{path}: each of its fields") or diag $r->{raw} }
        speaks($r, $w->{dialect}, $w->{dialect} =~ /^(?:workspaces|registry)$/ ? 422 : 400, 'in the envelope');
        $several++ if keys %body > 1;
        next unless @told && $w->{dialect} =~ /^(?:models|workspaces|foundry)$/;
        my ($e, $first) = ($r->{json}, $told[0]);
        like($w->{dialect} eq 'models' ? $e->{error}{details}{field} : $w->{dialect} eq 'foundry' ? $e->{errorDescription} : $e->{detail}, qr/^`?\Q$first\E\b/, 'the first one where one is told');
    }
    cmp_ok($several, '>=', 12, "$several bodies of several fields");
    my $r = $t->req(POST => '/api/v1/projects', token => $token, body => { name => '', url => 'x' });
    is(join(' ', fields_of(projects => $r->{json})), 'name url', 'whatever is wrong with each');
    $r = post_v1($t, 'tokens', body => { tier => 9, scopes => [ 'x', 'model:read', 'y' ], principal => { human_id => 'x', agent_id => 'agt-x' }, api_version => '2000-01-01', portfolio_id => 'p' });
    is(join(' ', fields_of(workspaces => $r->{json})), 'tier scopes[0] scopes[1] principal.human_id principal.agent_id api_version portfolio_id' =~ s/\[1\]/[2]/r, 'in its parts too');
    $r = post_v1($t, 'webhook_endpoints', body => { url => 'x', enabled_events => [ 'x', '*', 'y.*' ], api_version => 'x' });
    is(join(' ', fields_of(workspaces => $r->{json})), 'url enabled_events[0] enabled_events[2] api_version', 'of a webhook');
    $r = upload($t, $NO_MODEL, backingRepositories => [ 'x', 'ri.a.b.c.d', 'y' ], branch => '');
    is(join(' ', fields_of(foundry => $r->{json})), 'backingRepositories[0] backingRepositories[2] branch', 'of a version');
    $r = post_v1($t, 'workspaces', body => { name => 'x', metadata => { a => 1, b => 'x', c => [] } });
    is("@{[sort(fields_of(workspaces => $r->{json}))]}", 'metadata[a] metadata[c]', 'of labels');
    $r = $t->req(POST => '/multipass/api/oauth2/token', type => 'application/x-www-form-urlencoded', body => "client_id=" . 'x' x 65 . '&client_secret=' . 'x' x 257);
    like($r->{json}{error_description}, qr/^grant_type is required; client_id .*; client_secret /, 'of a form');
    $r = $t->req(GET => '/v1/workspaces?limit=0&status=x&workspace=y', token => $token);
    is(join(' ', fields_of(workspaces => $r->{json})), 'limit status', 'of a query');
};

subtest 'bodies that are taken, and words for those that are not' => sub {
    for my $w (@writes) {
        my $name = "$w->{method} $w->{path}";
        for my $case ([ "\xef\xbb\xbf{}", qr/byte order mark/ ], [ "\xff\xfe{\0}\0", qr/UTF-16/ ], [ "\x1f\x8b\x08\0\0\0", qr/gzip/ ]) {
            my $r = send_to($w, $case->[0]);
            speaks($r, $w->{dialect}, 400, "$name: $case->[1]");
            like($r->{body}, $case->[1], 'named');
        }
        my $r = send_to($w, '{}', headers => [ 'Content-Encoding' => 'gzip' ]);
        speaks($r, $w->{dialect}, 415, 'Content-Encoding: gzip');
        like($r->{body}, qr/Content-Encoding/, 'named');
        is($r->{headers}{'accept-encoding'}, 'identity', 'with what is taken');
        isnt(send_to($w, "\r\n {} \n")->{status}, 415, 'a final line end');
        $r = send_to($w, '{}', type => 'application/merge-patch+json');
        my $other = $w->{dialect} eq 'mlflow' ? 400 : 415;      # every mistake of its clients is
        $w->{method} eq 'PATCH' ? isnt($r->{status}, 415, 'a merge patch') : is($r->{status}, $other, 'no merge patch');
        is($w->{patch} ? 1 : 0, $w->{method} eq 'PATCH' ? 1 : 0, 'as described');
    }
    my $form = sub { $t->req(POST => '/multipass/api/oauth2/token', type => 'application/x-www-form-urlencoded', body => shift, @_) };
    is($form->("grant_type=client_credentials&client_id=x\r\n")->{json}{error}, 'invalid_client', 'a form with a final line end');
    is($form->('grant_type=x', headers => [ 'Content-Encoding' => 'gzip' ])->{json}{error_description}, 'The body is compressed, as Content-Encoding says; send it as it is, without that header', 'a compressed one');

    my $whole = sub { my $r = post_v1($t, 'tokens', body => json({ tier => 1, principal => { human_id => usr($t, 'admin') }, api_version => '2026-06-10' }) =~ s/\}$/,"expires_in":$_[0]}/r) };
    is(join(' ', map { $whole->($_)->{status} } qw(3600 3600.0 36e2 360000e-2)), '200 200 200 200', 'a whole number, however it is written');
    is(join(' ', map { $whole->($_)->{status} } qw(3600.5 1e300 -3600.0 9007199254740993.0 "3600")), '422 422 422 422 422', 'and none');
    is($whole->('3600.5')->{json}{errors}[0]{message}, 'must be a whole number, not a decimal number', 'and what it is instead');
};

subtest 'a merge patch' => sub {
    my $m = model($t, config => { algorithm => 'a', target_column => 'y', extra => { x => 1, y => [1] } }, metadata => { a => { b => 1, c => 2 }, d => 'e', n => 1.5 }, tags => [ 'p', 'q' ])->{id};
    my $patch = sub { my ($body, %o) = @_; $t->req(PATCH => "$MODELS/$m", token => $token, body => $body, type => 'application/merge-patch+json', %o) };
    my $r = $patch->({ metadata => { a => { b => undef, f => { g => undef, h => 1 } }, d => undef }, config => { algorithm => undef, extra => { y => [2] } }, tags => ['r'] });
    is($r->{status}, 200, 'taken') or diag $r->{raw};
    is(json($r->{json}{metadata}), '{"a":{"c":2,"f":{"h":1}},"n":1.5}', 'merged as RFC 7396 says');
    is(json($r->{json}{config}), '{"extra":{"x":1,"y":[2]},"target_column":"y"}', 'the configuration too');
    is(json($r->{json}{tags}), '["r"]', 'an array is put in the place of another');
    is(json($patch->({ metadata => undef })->{json}{metadata}), '{}', 'null takes all away');
    is(json($patch->({ metadata => { z => { y => undef } } })->{json}{metadata}), '{"z":{}}', 'what was not there');
    is(json($patch->({ metadata => { a => 1 } }, type => 'application/json')->{json}{metadata}), '{"a":1}', 'as application/json it is put in its place, as before');
    is($patch->({ metadata => { "k$_" => 'x' x 30_000 } })->{status}, 200, "much: $_") for 1, 2;
    error_is($patch->({ metadata => { k3 => 'x' x 30_000 } }), 400, 'VALIDATION_ERROR', 'and no more than 64 KiB by many patches', 'metadata');
    my $w = workspace($t, metadata => { a => '1', b => '2' })->{id};
    is(json($t->req(PATCH => "/v1/workspaces/$w", token => $token, type => 'application/merge-patch+json', body => { metadata => { a => undef, c => '3' } })->{json}{metadata}), '{"b":"2","c":"3"}', 'labels');
};

subtest 'what is asked for and not kept is refused' => sub {
    my $m = model($t)->{id};
    my $w = workspace($t)->{id};
    my $e = entity($t, $w)->{id};
    my $hook = post_v1($t, 'webhook_endpoints', body => { url => 'https://hooks.example/x', enabled_events => ['*'], include => [], portfolio_id => undef });
    is($hook->{status}, 200, 'nothing is asked for by null and an empty list') or diag $hook->{raw};
    for my $case ([ models => PATCH => "$MODELS/$m", 'model_type', 'task_type' ], [ workspaces => PATCH => "/v1/entities/$e", 'workspace_id', 'jurisdiction', 'type', 'portfolio_id' ],
                  [ workspaces => PATCH => "/v1/webhook_endpoints/$hook->{json}{id}", 'api_version', 'portfolio_id', 'include' ], [ workspaces => POST => '/v1/webhook_endpoints', 'portfolio_id', 'include' ],
                  [ workspaces => POST => '/v1/tokens', 'portfolio_id' ]) {
        my ($dialect, $method, $path, @keys) = @$case;
        for my $key (@keys) {
            my $r = $t->req($method => $path, token => $token, body => { name => 'x', description => 'x', url => 'https://x.example/', enabled_events => ['*'], $key => ['x'] });
            ok((grep { $_ eq $key } fields_of($dialect, $r->{json})), "$method $path: $key") or diag $r->{raw};
        }
    }
    for my $path ('workspaces', "workspaces/$w", 'entities', 'events', 'tokens') {
        refusal_is($t->req(GET => "/v1/$path?$_", token => $token), 400, 'invalid_request', qr/^`\Q@{[s!=.*!!r]}\E` is not supported/, "$path?$_", errors => [ s/=.*//r ], param => s/=.*//r) for 'expand[]=entity_ids', 'expand=x';
    }
};

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

subtest 'pages of other origins' => sub {
    my $page = sub { my ($method, $path, %o) = @_; $t->req($method => $path, %o, headers => [ Origin => 'https://page.example', @{ $o{headers} // [] } ]) };
    my $open = sub { my ($r, $name) = @_; is($r->{headers}{'access-control-allow-origin'} // '', '*', $name); like($r->{headers}{'access-control-expose-headers'} // '', qr/\b$_\b/, "$_ can be read") for qw(Content-Disposition ETag Location Retry-After X-Request-Id) };
    for my $dialect (sort grep { $_ ne 'console' } keys %at) {
        $open->($page->(GET => $at{$dialect}, token => $token), "$dialect: may read");
        $open->($page->(POST => $at{$dialect}, token => $token, body => 'x' x (2 << 20)), 'also that a body was too large, which nginx says');
        $open->($page->(GET => $at{$dialect}, headers => [ 'X-Long' => 'x' x 41000 ]), 'or a header');
    }
    $open->($page->(GET => $_), $_) for qw(/healthz /readyz /openapi.json /docs/guides/errors);
    for my $path ("$at{models}/$NOWHERE", '/v1/workspaces', '/openapi.json') {
        my $r = $page->(OPTIONS => $path, headers => [ 'Access-Control-Request-Method' => 'GET' ]);
        is($r->{status}, 204, "$path: a preflight");
        like($r->{headers}{'access-control-allow-headers'}, qr/(?:^|, )\Q$_\E(?:,|$)/, "$_ may be sent") for qw(Authorization Idempotency-Key traceparent X-Request-Id Matter-Version X-Requested-With Cache-Control Range);
    }
    is($page->($_->[0] => $_->[1], token => $token)->{headers}{'access-control-allow-origin'}, undef, "the console's own API: @$_") for [ GET => '/console/session' ], [ OPTIONS => '/console/session' ];
    my @closed = grep { !$page->(GET => address($_->{path}))->{headers}{'access-control-allow-origin'} } grep { $_->{method} eq 'GET' && $_->{dialect} ne 'console' } @routes;
    is(join(' ', map { $_->{path} } @closed), '/metrics', 'no other address is closed but the one for operators');
};

subtest 'an answer ends its line' => sub {
    for my $dialect (sort keys %at) {
        my $r = $t->req(GET => "$at{$dialect}/no/such/address", token => $token);
        like($r->{body}, qr/\}\n\z/, "$dialect: an error");
        is($r->{headers}{'content-length'}, length $r->{body}, 'of that length');
        like($t->req(POST => $at{$dialect}, token => $token, body => 'x' x (2 << 20))->{body}, qr/\}\n\z/, 'and of nginx');
    }
    my ($get, $head) = map { $t->req($_ => '/api/v1/models', token => $token) } qw(GET HEAD);
    like($get->{body}, qr/\}\n\z/, 'a list');
    is($head->{headers}{'content-length'}, length $get->{body}, 'whose length HEAD tells');
};

subtest 'numbers, merge patches and byte order marks' => sub {
    my $at = "$at{models}/" . $t->req(POST => $at{models}, token => $token, body => { name => 'patched', model_type => 'auto', task_type => 'regression' })->{json}{id};
    my $r = $t->req(PATCH => $at, token => $token, type => 'application/merge-patch+json', body => '{"description":"merged"}');
    is("$r->{status} " . ($r->{json}{description} // ''), '200 merged', 'application/merge-patch+json');
    is($t->req(POST => $at{models}, token => $token, type => 'application/merge-patch+json', body => '{}')->{status}, 415, 'of a PATCH alone');
    $r = $t->req(PATCH => $at, token => $token, body => "\xef\xbb\xbf{}");
    is($r->{status}, 400, 'a byte order mark');
    like($r->{body}, qr/byte order mark/, 'is named');
    $r = $t->req(POST => '/v1/tokens', token => $token, body => '{"tier":1.0,"principal":{"human_id":"' . usr($t, 'admin') . '"},"expires_in":3600.0,"api_version":"2026-06-10"}');
    is($r->{status}, 200, '3600.0 is a whole number') or diag $r->{raw};
    is($t->req(POST => '/v1/tokens', token => $token, body => '{"tier":1,"principal":{"human_id":"' . usr($t, 'admin') . '"},"expires_in":3600.5,"api_version":"2026-06-10"}')->{status}, 422, '3600.5 is none');
};

subtest 'headers that are too large, and what is no HTTP/1' => sub {
    for my $dialect (sort keys %at) {
        my $r = $t->req(GET => $at{$dialect}, headers => [ 'X-Long' => 'x' x 9000 ]);
        speaks($r, $dialect, 431, "$dialect: a header of 9 kB");
        like($r->{body}, qr/8 KiB.*32 KiB/, 'with the limits');
        speaks($t->req(GET => $at{$dialect}, headers => [ map { ("X-Long-$_" => 'x' x 7000) } 1 .. 6 ]), $dialect, 431, 'headers of 42 kB');
    }
    is($t->raw("GET $_\r\n\r\n"), '', "HTTP/0.9 of $_ is not answered") for '/healthz', '/', '/api/v1/models', '/assets/api.js', 'http://x/healthz', '/healthz?' . 'x' x 8170, '/healthz?' . 'x' x 40900;
    my $r = fastcgi($t, [ REQUEST_METHOD => 'GET', REQUEST_URI => '/healthz', SERVER_PROTOCOL => 'HTTP/0.9' ]);
    speaks($r, 'plain', 505, 'nor by the program itself');
};

$t->finish;
