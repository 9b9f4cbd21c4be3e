#!/usr/bin/perl
# Who sees what, beyond the matrix of all routes (t/35-matrix.t): lists, filters and names
# tell nothing of another tenant or of the other mode; a local model is there only for
# those it is shared with; and the time of an answer tells nothing either.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Registry qw(reg external imported custom_model custom_version environment deployment $NO_ID);

my $t = Thaw->new;
my $token = $t->admin;
# The bytes of a reply but for the request id and the time.
sub plain { $_[0]{raw} =~ s/^(?:X-Request-Id|Date): .*\r\n//mgr =~ s/"timestamp":"[^"]*"//r }

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

subtest 'a local model is there for those it is shared with' => sub {
    # The dialect that makes models local is another one; here one is made so.
    my $local = model($t, name => 'A local one');
    my $where = "organization_id = UNHEX('" . hex_of($local->{organization_id}) . "') AND id = UNHEX('" . hex_of($local->{id}) . "')";
    $t->sql("UPDATE models SET is_global = 0 WHERE $where");
    $t->recount;
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
    for my $now (qw(admin member admin reader)) {    # in a process that has just known them as somebody else
        $t->must('user', 'role', 'stranger', $now);
        my $all = $now eq 'admin' ? 1 : 0;
        for ('?search=local', '?search=local&status=draft') {
            my $r = $t->req(GET => "$MODELS$_", token => $token{none});
            is("$r->{status} $r->{json}{total} " . @{ $r->{json}{items} }, "200 $all $all", "from now on a $now, who finds as many by $_");
        }
    }
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

subtest 'registry: neither lists nor what they are asked by tell anything of another tenant' => sub {
    my @lists = qw(modelPackages registeredModels deployments predictionEnvironments projects useCases customModels customModelDeployments);
    my $all = sub { my %o = @_; map { $_ => reg($t, GET => "$_/", %o)->{body} } @lists };
    my %before = $all->();
    # given one of everything in another organization
    my @as = (token => $t->other);
    my $v = external($t, @as, modelId => 'theirs');
    my $custom = custom_model($t, @as)->{id};
    my %theirs = (package => $v->{id}, model => $v->{registeredModelId}, environment => environment($t, @as)->{id}, run => imported($t, @as)->{modelId}, custom => $custom, version => custom_version($t, $custom, @as)->{id},
        case => reg($t, POST => 'useCases/', @as, body => { name => 'theirs' })->{json}{id}, deployment => deployment($t, $v->{id}, @as)->{id});
    my %after = $all->();
    is($after{$_}, $before{$_}, "$_: as before") for @lists;
    is($before{modelPackages} =~ /"totalCount":(\d+)/ && $1, 0, 'which had none');
    my $mine = external($t);
    for my $case ([ modelPackages => similarTo => 'package' ], [ modelPackages => predictionEnvironmentId => 'environment' ], [ modelPackages => modelId => 'run' ], [ modelPackages => modelId => 'version' ],
        [ registeredModels => compatibleWithModelPackageId => 'package' ], [ registeredModels => compatibleWithLeaderboardModelId => 'run' ], [ registeredModels => predictionEnvironmentId => 'environment' ],
        [ "registeredModels/$mine->{registeredModelId}/versions" => useCaseId => 'case' ], [ "registeredModels/$mine->{registeredModelId}/sharedRoles" => id => 'model' ], [ customModelDeployments => customModelIds => 'custom' ]) {
        my ($list, $key, $what) = @$case;
        my ($got, $none) = map { my $id = $_; plain(reg($t, GET => "$list/", query => "$key=$id")) =~ s/\Q$id\E/ID/gr } $theirs{$what}, $NO_ID;
        is($got, $none, "$list by $key: theirs is as unknown");
    }
    for my $case ([ registeredModels => 'createdBy' ], [ "registeredModels/$mine->{registeredModelId}/versions" => 'createdBy' ], [ "registeredModels/$mine->{registeredModelId}/sharedRoles" => 'name' ]) {
        my ($list, $key) = @$case;
        my ($got, $none) = map { reg($t, GET => "$list/", query => "$key=$_")->{body} } $key eq 'name' ? qw(other nobody) : qw(other@main.example nobody@main.example);
        is($got, $none, "$list by $key: nor whom there is");
    }
    # who imports chooses the id of the project, which they may have too
    my ($project) = $t->sql("SELECT LOWER(HEX(id)), name FROM run_projects WHERE organization_id = (SELECT organization_id FROM principals WHERE username = 'other')");
    is(imported($t, project => $project->[0], projectName => 'ours')->{projectId}, $project->[0], 'a project under the id of theirs');
    is(reg($t, GET => "projects/$project->[0]/")->{json}{projectName}, 'ours', 'is another one');
    is(reg($t, GET => "projects/$project->[0]/", @as)->{json}{projectName}, $project->[1], 'beside theirs');
    is(scalar @{ reg($t, GET => "projects/$project->[0]/models/", @as)->{json} }, 1, 'which has no more in it');
};

$t->finish;
