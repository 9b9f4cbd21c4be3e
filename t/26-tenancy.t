#!/usr/bin/perl
# Who sees what, for every route there is: another tenant's id and an id that never
# existed give the same bytes; each role may do what its permissions say; a local
# model is there only for those it is shared with; test data only for test keys. Generated from the table of
# routes: a new route is tested when it is added, or this fails.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;

my $t = Thaw->new;
my $token = $t->admin;
my @routes = grep { $_->{dialect} eq 'models' } tables($t, 'routes');
my @of_models = grep { $_->{path} =~ /\{/ } @routes;
cmp_ok(scalar @of_models, '>=', 12, 'routes with an id: ' . @of_models);

# A body that is right for the route, so that nothing but the id decides.
sub body_for {
    my $r = shift;
    return { reason => 'x' } if $r->{path} =~ m{/fail$};
    return { description => 'x' } if $r->{method} eq 'PATCH';
    return { name => 'n ' . rand, model_type => 'auto', task_type => 'clustering' } if $r->{method} eq 'POST' && $r->{path} eq $MODELS;
    return undef;
}
sub call {
    my ($route, $tok, %id) = @_;
    my $path = $route->{path} =~ s/\{(\w+)\}/$id{$1} \/\/ die "no $1: teach t\/26-tenancy.t what it is"/ger;
    return $t->req($route->{method} => $path, token => $tok, body => body_for($route));
}
# The bytes of a reply but for the request id and the time (and, in the log, nothing).
sub plain { $_[0]{raw} =~ s/^(?:X-Request-Id|Date): .*\r\n//mgr =~ s/"timestamp":"[^"]*"//r }
# Writes change things: each call has a model of its own with a run under way or a version.
sub fixture {
    my ($route, $owner) = @_;
    my $tok = $owner // $token;
    my $m = model($t, token => $tok);
    my %id = (model_id => $m->{id}, version_id => 'ver-001', job_id => hex_of($NOWHERE));
    if ($route->{path} =~ /version/) { my $job = act($t, $m->{id}, 'train', token => $tok)->{json}{job_id}; act($t, $m->{id}, "train/$job/complete", token => $tok) }
    $id{job_id} = act($t, $m->{id}, 'train', token => $tok)->{json}{job_id} if $route->{path} =~ /job_id/;
    act($t, $m->{id}, 'archive', token => $tok) if $route->{path} =~ m{/unarchive$};
    return %id;
}
sub name_of { "$_[0]{method} $_[0]{path}" }

subtest "another tenant's id and an unknown id give the same bytes" => sub {
    for my $route (@of_models) {
        my %theirs = fixture($route, $t->other);
        my %mine = fixture($route);
        my %unknown = (%theirs, model_id => $NOWHERE, job_id => '65f0c0ffee5eed0123456789');
        my ($other, $none, $odd, @mixed);
        unchanged($t, name_of($route), sub {
            $other = call($route, $token, %theirs);
            $none = call($route, $token, %unknown);
            $odd = call($route, $token, %theirs, model_id => 'mdl-7f3a19bc92');
            # their run or version under a model of mine, and the reverse
            @mixed = $route->{path} =~ /job_id/ ? (call($route, $token, %mine, job_id => $theirs{job_id}), call($route, $token, %mine, job_id => $unknown{job_id})) : ();
        });
        error_is($other, 404, 'RESOURCE_NOT_FOUND', name_of($route) . ": another tenant's");
        is(plain($other), plain($none), 'the same bytes as an unknown id');
        is(plain($odd), plain($none), 'and as a malformed one');
        is(plain($mixed[0]), plain($mixed[1]), "another tenant's run is as unknown as none") if @mixed;
        isnt(call($route, $token, %mine)->{status}, 404, 'while mine is found');
        is(call($route, $t->reader, %theirs)->{status}, 404, 'a reader too gets 404: not found comes before not allowed');
    }
};

subtest 'by list, by filter, by name: nothing of another tenant' => sub {
    my $theirs = model($t, token => $t->other, name => 'A name of theirs');
    for my $query ('', '?search=theirs', '?status=draft&page_size=100', '?task_type=regression') {
        my $r = $t->req(GET => "$MODELS$query", token => $token);
        is(join(' ', grep { $_->{organization_id} eq $theirs->{organization_id} } @{ $r->{json}{items} }), '', "list $query");
        unlike($r->{body}, qr/A name of theirs/, 'no name');
    }
    is(model($t, name => 'A name of theirs')->{status}, 'draft', 'their names are not taken here');
    my $m = model($t);
    is($t->req(GET => "$MODELS/$m->{id}/audit-logs?actor_id=$theirs->{created_by}", token => $token)->{json}{total}, 0, 'audit by an actor of theirs');
};

subtest 'each role may do what its permissions say' => sub {
    my %roles = (none => 'project:read', reading => 'model:read', writing => 'model:write', both => 'model:read model:write', admin => 'organization:admin');
    my %token = (admin => $token);
    for my $role (grep { $_ ne 'admin' } sort keys %roles) {
        is($t->thaw('role', 'set', '--org', 'Main', $role, '--permissions', $roles{$role}, '--rate', 100)->{exit}, 0, "given a role with $roles{$role}");
        $t->user("user-$role", role => $role);
        $token{$role} = $t->token("user-$role");
    }
    for my $route (@routes) {
        next if $route->{permission} eq 'public';
        for my $role (sort keys %roles) {
            my $may = $role eq 'admin' || $route->{permission} eq 'member' || " $roles{$role} " =~ / \Q$route->{permission}\E /;
            my %id = $route->{path} =~ /\{/ ? fixture($route) : ();
            if ($may) {
                is(call($route, $token{$role}, %id)->{status}, $route->{status}, name_of($route) . ": $role may");
            } else {
                my $before = database($t);
                my $r = call($route, $token{$role}, %id);
                error_is($r, 403, 'PERMISSION_DENIED', name_of($route) . ": $role may not");
                like($r->{headers}{'www-authenticate'} // '', qr/error="insufficient_scope", scope="\Q$route->{permission}\E"/, 'and is told what it takes');
                is(database($t), $before, 'nothing has changed');
            }
        }
        is(call($route, undef, model_id => $NOWHERE, version_id => 'x', job_id => 'x')->{status}, 401, name_of($route) . ': nobody may without a token');
    }
};

subtest 'a local model is there for those it is shared with' => sub {
    # The dialect that makes models local is another one; here one is made so.
    my $local = model($t, name => 'A local one');
    my $where = "organization_id = UNHEX('" . hex_of($local->{organization_id}) . "') AND id = UNHEX('" . hex_of($local->{id}) . "')";
    $t->sql("UPDATE models SET is_global = 0 WHERE $where");
    my %id = (none => $t->user('stranger'), OBSERVER => $t->user('observer'), USER => $t->user('userly'), OWNER => $t->user('owner'));
    my %token = map { $_->[0] => $t->token($_->[1]) } [ none => 'stranger' ], [ OBSERVER => 'observer' ], [ USER => 'userly' ], [ OWNER => 'owner' ];
    my %grant = (OBSERVER => 1, USER => 2, OWNER => 3);
    my $share = sub {
        my ($grantee, $role) = @_;
        $t->sql("INSERT INTO grants (organization_id, model_id, grantee_id, role, created_at) SELECT organization_id, id, UNHEX('" . hex_of($grantee) . "'), $role, UTC_TIMESTAMP(6) FROM models WHERE $where");
    };
    $share->($id{$_}, $grant{$_}) for sort keys %grant;
    my $unknown = get($t, $NOWHERE, token => $token{none});
    is(plain(get($t, $local->{id}, token => $token{none})), plain($unknown), 'without a grant it is as unknown as none');
    is(plain(act($t, $local->{id}, 'archive', token => $token{none})), plain(act($t, $NOWHERE, 'archive', token => $token{none})), 'for writing too');
    my $sees = sub { my ($tok, $q) = @_; scalar grep { $_->{id} eq $local->{id} } @{ $t->req(GET => "$MODELS$q", token => $tok)->{json}{items} } };
    is($sees->($token{none}, $_), 0, "and not in a list $_") for '?page_size=100', '?search=local';
    for my $role (qw(OBSERVER USER OWNER)) {
        is(get($t, $local->{id}, token => $token{$role})->{status}, 200, "$role reads");
        is($sees->($token{$role}, '?search=local'), 1, 'and lists');
        is($t->req(GET => "$MODELS?search=local", token => $token{$role})->{json}{total}, 1, 'and counts');
    }
    error_is(act($t, $local->{id}, 'archive', token => $token{OBSERVER}), 403, 'PERMISSION_DENIED', 'OBSERVER does not write');
    for my $role (qw(USER OWNER)) {
        is(act($t, $local->{id}, $_, token => $token{$role})->{status}, 200, "$role: $_") for qw(archive unarchive);
    }
    is(get($t, $local->{id}, token => $token)->{status}, 200, 'an administrator sees all');
    is($sees->($token, '?search=local'), 1, 'in lists too');
    is(act($t, $local->{id}, $_, token => $token)->{status}, 200, "and may all: $_") for qw(archive unarchive);
    is(plain(get($t, $local->{id}, token => $t->other)), plain($unknown), 'but not one of another organization');

    $share->($local->{organization_id}, 1);
    is(get($t, $local->{id}, token => $token{none})->{status}, 200, 'shared with the organization: everybody in it reads');
    is($sees->($token{none}, '?search=local'), 1, 'and lists');
    error_is(act($t, $local->{id}, 'archive', token => $token{none}), 403, 'PERMISSION_DENIED', 'and no more');
    is($sees->($token{OWNER}, '?search=local'), 1, 'with two grants it is still one model');
    is($t->req(GET => "$MODELS?search=local&page=2", token => $token{OWNER})->{json}{total}, 1, 'and counts once');
    is(plain(get($t, $local->{id}, token => $t->other)), plain($unknown), 'another organization sees nothing');
};

subtest 'the answer to another tenant takes no longer than to nobody' => sub {
    my $theirs = model($t, token => $t->other)->{id};
    my %seconds;
    for my $n (1 .. 60) {
        for my $case ([ theirs => $theirs ], [ nobodys => $NOWHERE ]) {
            my $began = Time::HiRes::time();
            get($t, $case->[1]);
            push @{ $seconds{ $case->[0] } }, Time::HiRes::time() - $began;
        }
    }
    my ($theirs_ms, $none_ms) = map { 1000 * (sort { $a <=> $b } @$_)[ @$_ / 2 ] } @seconds{qw(theirs nobodys)};
    cmp_ok(abs($theirs_ms - $none_ms), '<', 1, sprintf 'medians %.2f and %.2f ms', $theirs_ms, $none_ms);
};

# --- the workspaces dialect --------------------------------------------------------

my @ws = grep { $_->{dialect} eq 'workspaces' } tables($t, 'routes');
my %prefix = (workspace_id => 'wks_', entity_id => 'ent_', authorization_id => 'auth_', event_id => 'evt_', webhook_endpoint_id => 'we_', delivery_id => 'del_', token_id => 'tok_');
my %unknown = (request_id => 'req_' . 'f' x 32, map { $_ => in_base62($prefix{$_}, $NOWHERE) } keys %prefix);
my %odd = (request_id => 'req_' . '-' x 32, map { $_ => $prefix{$_} . 'z' x 17 } keys %prefix);     # too large for an id
sub vars { my @v = $_[0]{path} =~ /\{(\w+)\}/g; @v }
my %human;
sub human { my $name = shift; $human{$name} //= usr($t, $name) }

sub ws_body {
    my ($r, $human, $workspace) = @_;
    return { name => 'x', jurisdiction => 'y', type => 'z', workspace_id => $workspace // workspace($t)->{id} } if name_of($r) eq 'POST /v1/entities';
    return { tier => 1, principal => { human_id => $human }, api_version => '2026-06-10' } if name_of($r) eq 'POST /v1/tokens';
    return { url => 'https://hooks.example.org/', enabled_events => ['*'] } if name_of($r) eq 'POST /v1/webhook_endpoints';
    return { description => 'x' } if $r->{method} eq 'PATCH' && $r->{path} =~ /webhook/;
    return { name => 'x' } if $r->{method} eq 'PATCH' || name_of($r) eq 'POST /v1/workspaces';
    return undef;
}
sub ws_call {
    my ($r, $tok, $id, %o) = @_;
    my $path = $r->{path} =~ s/\{(\w+)\}/$id->{$1} \/\/ die "no $1: teach t\/26-tenancy.t what it is"/ger;
    return $t->req($r->{method} => $path, token => $tok, body => ws_body($r, human($o{user} // 'admin'), $o{workspace}));
}
# The bytes of a refusal but for the request's own id, the time, and the ids that were asked for.
sub ws_plain {
    my ($r, $id) = @_;
    my $s = $r->{raw} =~ s/^(?:X-Request-Id|Matter-Request-Id|Date|X-RateLimit-\w+): .*\r\n//mgr =~ s/req_[0-9a-f]{32}\b(?!`)/THIS/gr;
    $s =~ s/\Q$_\E/ID/g for grep { defined } values %$id;
    return $s;
}
# One of everything the route names, in a state that it starts in, of a user's.
sub ws_fixture {
    my ($r, $user) = @_;
    my $tok = $user eq 'other' ? $t->other : $t->_made($user, sub { });
    my $must = sub { my ($method, $path, $body, $as) = @_; my $a = $t->req($method => "/v1$path", token => $as // $tok, body => $body); $a->{status} =~ /^20/ or die "$method $path: $a->{raw}"; $a };
    my ($ends) = $r->{path} =~ /(\w+)\}?$/;
    my %id;
    for my $var (vars($r)) {
        if ($var eq 'workspace_id') {
            $id{$var} = workspace($t, token => $tok)->{id};
            $must->(POST => "/workspaces/$id{$var}/archive") if $ends eq 'unarchive';
        } elsif ($var eq 'entity_id') {
            my %from = (register => 'submitted', reject => 'submitted', dissolve => 'registered');
            $id{$var} = entity($t, workspace($t, token => $tok)->{id}, token => $tok, status => $from{$ends} // 'draft')->{id};
        } elsif ($var eq 'authorization_id') {
            my $w = workspace($t, token => $tok)->{id};
            $id{$var} = $must->(POST => "/workspaces/$w/archive", undef, $t->key(user => $user, kind => 'token', tier => 3, agent => 'agt_x'))->{json}{id};
        } elsif ($var eq 'event_id') {
            workspace($t, token => $tok);
            $id{$var} = $must->(GET => '/events?limit=1')->{json}{data}[0]{id};
        } elsif ($var eq 'webhook_endpoint_id') {
            $id{$var} = $must->(POST => '/webhook_endpoints', { url => 'https://hooks.example.org/', enabled_events => ['*'] })->{json}{id};
        } elsif ($var eq 'delivery_id') {
            $must->(POST => "/webhook_endpoints/$id{webhook_endpoint_id}/test");
            $must->(GET => '/events?limit=1');
            $id{$var} = $must->(GET => "/webhook_endpoints/$id{webhook_endpoint_id}/deliveries")->{json}{data}[0]{id};
        } elsif ($var eq 'token_id') {
            $id{$var} = ($t->key_and_id(user => $user))[1];
        } elsif ($var eq 'request_id') {
            $id{$var} = $must->(POST => '/workspaces', { name => 'x' })->{headers}{'matter-request-id'};
        } else {
            die "no $var: teach t/26-tenancy.t how to make one";
        }
    }
    return \%id;
}

subtest "workspaces: another tenant's id, one of the other mode and an unknown one give the same bytes" => sub {
    my $test = $t->key(test => 1);
    for my $route (grep { $_->{path} =~ /\{/ } @ws) {
        my ($theirs, $mine, $name) = (ws_fixture($route, 'other'), ws_fixture($route, 'admin'), name_of($route));
        my @vars = vars($route);
        my $last = $vars[-1];
        my ($other, $none, $odd, $mode, $no_mode, @mixed);
        unchanged($t, $name, sub {
            $other = ws_call($route, $token, $theirs);
            $none = ws_call($route, $token, \%unknown);
            $odd = ws_call($route, $token, \%odd);
            $mode = ws_call($route, $test, $mine);
            $no_mode = ws_call($route, $test, \%unknown);
            @mixed = map { ws_call($route, $token, $_) } { %$mine, $last => $theirs->{$last} }, { %$mine, $last => $unknown{$last} } if @vars > 1;
        });
        is($other->{status}, 404, "$name: another tenant's") or diag $other->{raw};
        like($other->{json}{detail}, qr/^No [a-z ]+ with id `$theirs->{$vars[0]}` is visible to this token\.$/, 'the sentence of the contract');
        is(ws_plain($other, $theirs), ws_plain($none, \%unknown), 'the same bytes as an unknown id');
        is(ws_plain($odd, \%odd), ws_plain($none, \%unknown), 'and as a malformed one');
        is($mode->{status}, 404, 'one of the other mode') or diag $mode->{raw};
        is(ws_plain($mode, $mine), ws_plain($no_mode, \%unknown), 'is as unknown');
        is(ws_plain($mixed[0], { %$mine, $last => $theirs->{$last} }), ws_plain($mixed[1], { %$mine, $last => $unknown{$last} }), 'theirs under mine too') if @mixed;
        is(ws_call($route, $t->reader, $theirs)->{status}, 404, 'a reader too gets 404: not found comes before not allowed');
        is(ws_call($route, $token, $mine)->{status}, $route->{status}, 'while mine is found');
    }
    my ($create) = grep { name_of($_) eq 'POST /v1/entities' } @ws;
    my $w = workspace($t, token => $t->other)->{id};
    my ($other, $none) = map { ws_call($create, $token, {}, workspace => $_) } $w, $unknown{workspace_id};
    is($other->{status}, 404, "an entity in another tenant's workspace");
    is(ws_plain($other, { w => $w }), ws_plain($none, \%unknown), 'the same bytes as in an unknown one');
};

subtest 'workspaces: lists have nothing of another tenant and nothing of the other mode' => sub {
    my %key = (live => $t->key, test => $t->key(test => 1), other => $t->other);
    for my $mode (sort keys %key) {
        my $w = workspace($t, token => $key{$mode}, name => "of $mode", metadata => { whose => 'shared' })->{id};
        entity($t, $w, token => $key{$mode}, name => "of $mode", metadata => { whose => 'shared' }, portfolio_id => 'shared');
        $t->req(POST => '/v1/webhook_endpoints', token => $key{$mode}, body => { url => "https://$mode.example.org/", enabled_events => ['*'] });
    }
    my @lists = ((map { ("/v1/workspaces?$_", "/v1/entities?$_") } '', 'metadata[whose]=shared', 'sort=name', 'sort=-updated', 'limit=100'), '/v1/entities?portfolio_id=shared',
        '/v1/entities?jurisdiction=US-DE', '/v1/workspaces?status=active', '/v1/entities?status=draft', '/v1/webhook_endpoints', '/v1/events?limit=100', '/v1/events?type=workspace.created', '/v1/tokens?limit=100', '/v1/authorizations');
    for my $list (@lists) {
        my %got = map { $_ => $t->req(GET => $list, token => $key{$_})->{json} } sort keys %key;
        my %ids = map { my $m = $_; map { ($_->{id} => $m) } @{ $got{$m}{data} } } sort keys %key;
        is(scalar(keys %ids), scalar(map { @{ $_->{data} } } values %got), "$list: nothing twice");
        is(join(' ', map { $_->{livemode} ? 'live' : 'test' } grep { !$_->{livemode} } @{ $got{live}{data} }), '', 'live has only live');
        is(join(' ', map { $_->{livemode} ? 'live' : 'test' } grep { $_->{livemode} } @{ $got{test}{data} }), '', 'test has only test');
        for my $m (sort keys %key) {
            my $text = json($got{$m}{data});
            unlike($text, qr/\bof (?!$m\b)(?:live|test|other)|https:\/\/(?!$m\b)(?:live|test|other)\./, "$m: no name of the others");
        }
    }
};

subtest 'workspaces: each role may do what its permissions say' => sub {
    my %roles = ('r-none' => 'project:read', 'r-wr' => 'workspace:read', 'r-ww' => 'workspace:write', 'r-hr' => 'webhook:read', 'r-hw' => 'webhook:write', 'r-tr' => 'token:read', 'r-tw' => 'token:write', admin => 'organization:admin');
    my %token = (admin => $token);
    for my $role (grep { $_ ne 'admin' } sort keys %roles) {
        is($t->thaw('role', 'set', '--org', 'Main', $role, '--permissions', $roles{$role}, '--rate', 100)->{exit}, 0, "given a role with $roles{$role}");
        $t->user("user-$role", role => $role);
        $token{$role} = $t->token("user-$role");
    }
    for my $route (@ws) {
        for my $role (sort keys %roles) {
            my $user = $role eq 'admin' ? 'admin' : "user-$role";
            my $may = $role eq 'admin' || $route->{permission} eq 'member' || " $roles{$role} " =~ / \Q$route->{permission}\E /;
            # a token is its human's, an authorization its human's to decide
            my $own = $may && $route->{path} =~ /token_id|authorization_id\}\/(?:approve|deny)$/;
            my $id = ws_fixture($route, $own ? $user : 'admin');
            my $status = name_of($route) eq 'GET /v1/requests/{request_id}' && $role ne 'admin' ? 404 : $route->{status};
            my $name = name_of($route);
            if ($may) {
                my $r = ws_call($route, $token{$role}, $id, user => $user);
                is($r->{status}, $status, "$name: $role " . ($status == 404 ? 'sees none but its own' : 'may')) or diag $r->{raw};
            } else {
                my $body = ws_body($route, human($user));
                my $before = database($t);
                my $r = $t->req($route->{method} => $route->{path} =~ s/\{(\w+)\}/$id->{$1}/gr, token => $token{$role}, body => $body);
                refusal_is($r, 403, 'scope_denied', qr/^Token tok_\w+ has no grant on [a-z ]+(?: \w+)?\.$/, "$name: $role may not");
                like($r->{headers}{'www-authenticate'} // '', qr/error="insufficient_scope", scope="\Q$route->{permission}\E"/, 'and is told what it takes');
                is(database($t), $before, 'nothing has changed');
            }
        }
        is(ws_call($route, undef, \%unknown)->{status}, 401, name_of($route) . ': nobody may without a token');
    }
};

subtest 'every route was called' => sub {
    my %hit = map { ("$_->{method} " . ($_->{route} // '') => 1) } log_lines($t, 'access');
    ok($hit{ name_of($_) }, name_of($_)) for grep { $_->{permission} ne 'public' } @routes, @ws;
};

$t->finish;
