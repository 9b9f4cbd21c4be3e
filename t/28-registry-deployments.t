#!/usr/bin/perl
# What the registry dialect puts its packages to use with: prediction environments,
# deployments, their champions and challengers, settings and jobs; the rows that registered
# models show of them; custom models; and what every client asks first.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Foundry;
use Registry;

my $t = Thaw->new(workers => 8);
my $token = $t->admin;
$t->$_ for qw(reader member other);
my %who = people($t, qw(owner stranger));
my $LOCATION = qr{^http://127\.0\.0\.1(?::\d+)?/api/v2/status/[^/]+/$};
sub deploy { my ($package, %o) = @_; my $as = delete $o{token} // $token; return reg($t, POST => 'deployments/fromModelPackage/', token => $as, body => { modelPackageId => $package, label => 'deployed', %o }) }
sub seen { my ($id, %o) = @_; return reg($t, GET => "deployments/$id/", %o) }
sub replace { my ($id, $package, %o) = @_; return reg($t, PATCH => "deployments/$id/model/", body => { modelPackageId => $package, reason => 'ACCURACY', %o }) }
sub rows { my ($v, %o) = @_; return @{ e($t, 'E14', { id => $v->{registeredModelId} }, %o)->{json}{data} } }
sub package_of { return e($t, 'E4', { id => $_[0]{id} })->{json} }
# A request that is a job: exactly 202 with its address, which ends in a redirect to where it
# says; builds: what it waits for is built first.
sub job_ok {
    my ($r, $ends, $name, $builds) = @_;
    is($r->{status}, 202, "$name: exactly 202") or diag $r->{raw};
    like($r->{headers}{location} // '', $LOCATION, 'Location: the job');
    built($t) if $builds;
    my $to = eval { done_at($t, $r) } // $@;
    like($to, qr{^http://127\.0\.0\.1(?::\d+)?/api/v2/.*/\Q$ends\E/$}, "it ends in 303, to $ends");
    return $r;
}

# --- what every client asks first -----------------------------------------------------------

scene 'version, ping, account' => sub {
    for my $path ('version/', 'version') {
        my $r = reg($t, GET => $path, token => undef);
        is($r->{status}, 200, "$path needs no token");
        fits_ok(Version => $r->{json}, $path);
        is($r->{json}{versionString} =~ /^2\.(\d+)\.\d+$/ ? $1 : 'no version', $r->{json}{minor}, 'versionString: 2, the minor, and one more');
        cmp_ok($r->{json}{minor}, '>=', 49, 'not behind what the clients know');
        is($r->{headers}{'content-type'}, 'application/json', 'Content-Type');
    }
    for my $path ('ping', 'ping/', '/ping', '/ping/') {
        my $r = reg($t, GET => $path);
        is("$r->{status} $r->{body}", qq(200 {"response":"pong"}\n), $path);
    }
    my $r = reg($t, GET => 'account/info/');
    is($r->{status}, 200, 'account/info/');
    fits_ok(Account => $r->{json}, 'whose token it is');
    is("$r->{json}{uid} $r->{json}{email} $r->{json}{orgId}", join(' ', hex_of(usr($t, 'admin')), 'admin@main.example', hex_of(model($t)->{organization_id})), 'uid, email, orgId');
    refused(reg($t, GET => $_, token => undef), 401, undef, "$_ without a token: 401") for 'account/info/', 'predictionServers/', 'deployments/', 'predictionEnvironments/', 'customModels/', 'useCases/', 'projects/';
    $r = reg($t, GET => 'predictionServers/');
    is($r->{status} . ref $r->{json}{data}, '200ARRAY', 'predictionServers/ is a page');
    refused(reg($t, GET => "status/$_/"), 404, undef, "status/$_/: 404") for $NO_ID, 'x', '00000000-0000-4000-8000-000000000000';
};

# --- prediction environments ------------------------------------------------------------------

scene 'prediction environments' => sub {
    my $r = reg($t, POST => 'predictionEnvironments/', body => { name => 'Edge', platform => 'aws', description => 'far away', plugin => 'snow', priority => 'low', isManagedByManagementAgent => false, maxConcurrentBatchPredictionsJob => 3 });
    is($r->{status}, 201, 'given a name and a platform') or diag $r->{raw};
    my $env = $r->{json};
    fits_ok(Environment => $env, 'then an environment');
    is(join('|', @$env{qw(name platform description plugin)}, json([ @$env{qw(isDeleted isManagedByManagementAgent)} ])), 'Edge|aws|far away|snow|[false,false]', 'as sent');
    is(json([ sort @{ environment($t, platform => $_->[0])->{supportedModelFormats} } ]), json($_->[1]), "$_->[0]: the formats by default") for
        (map { [ $_ => [qw(customModel datarobot)] ] } qw(datarobot datarobotServerless)), map { [ $_ => [qw(customModel datarobot externalModel)] ] } qw(aws gcp azure onPremise openShift other snowflake sapAiCore);
    my $external = environment($t, name => 'Only external', supportedModelFormats => ['externalModel']);
    is(json($external->{supportedModelFormats}), '["externalModel"]', 'or those that are asked for');
    is(reg($t, GET => "predictionEnvironments/$env->{id}/")->{body}, $r->{body}, 'GET gives the same bytes');
    my $page = reg($t, GET => 'predictionEnvironments/')->{json};
    fits_ok(EnvironmentPage => $page, 'the list');
    my $names = sub { join ' ', map { $_->{name} } @{ reg($t, GET => 'predictionEnvironments/', query => $_[0])->{json}{data} } };
    is($names->('search=edge'), 'Edge', 'search');
    is(scalar(grep { !grep { $_ eq 'externalModel' } @{ $_->{supportedModelFormats} } } @{ reg($t, GET => 'predictionEnvironments/', query => 'supportedModelFormats=externalModel&limit=100')->{json}{data} }), 0, 'supportedModelFormats: only those');
    unlike($names->('supportedModelFormats=customModel&limit=0'), qr/Only external/, 'and no others');
    like($names->('supportedModelFormats=externalModel&limit=0'), qr/Only external/, 'those all the same');
    like(reg($t, PATCH => "predictionEnvironments/$env->{id}/", body => { description => 'near' })->{status}, qr/^20[04]$/, 'PATCH');
    is(reg($t, GET => "predictionEnvironments/$env->{id}/")->{json}{description}, 'near', 'is a change');
    unchanged($t, 'what is refused', sub {
        refused(reg($t, POST => 'predictionEnvironments/', body => { name => 'x', platform => 'other', @{ $_->[0] } }), 422, undef, "given $_->[1], then 422") for [ [ name => '' ], 'an empty name' ], [ [ name => undef ], 'a name of null' ],
            [ [ platform => 'moon' ], 'an unknown platform' ], [ [ supportedModelFormats => [] ], 'no format' ], [ [ supportedModelFormats => ['onnx'] ], 'an unknown format' ], [ [ supportedModelFormats => 'datarobot' ], 'formats that are no list' ];
        refused(reg($t, POST => 'predictionEnvironments/', body => { name => 'x' }), 422, undef, 'given no platform, then 422', 'platform');
        refused(reg($t, POST => 'predictionEnvironments/', body => { name => 'x', platform => 'other' }, token => $t->reader), 403, undef, 'given a reader, then 403');
        refused(reg($t, GET => "predictionEnvironments/$_/"), 404, undef, "$_: 404") for $NO_ID, 'x';
        refused(reg($t, GET => "predictionEnvironments/$env->{id}/", token => $t->other), 404, undef, "another organization's: 404");
    });
    my $used = deployment($t, external($t)->{id}, predictionEnvironmentId => $external->{id});
    my $in_use = reg($t, DELETE => "predictionEnvironments/$external->{id}/");
    refused($in_use, 409, undef, 'given one that a deployment uses, then 409');
    like($in_use->{body}, qr/existing deployments|409 Conflict/i, 'in words that a client looks for');
    is(reg($t, DELETE => "deployments/$used->{id}/")->{status}, 204, 'when that is gone');
    is(reg($t, DELETE => "predictionEnvironments/$_/")->{status}, 204, 'then 204') for $external->{id}, $env->{id};
    is($names->('search=edge'), '', 'and it is not listed');
};

# --- deployments ------------------------------------------------------------------------------------

scene 'a deployment' => sub {
    my $v = external($t, name => 'Deployed', target => { name => 'churn', type => 'Binary', classNames => [ 'yes', 'no' ] });
    my $env = environment($t, name => 'Where');
    is(package_of($v)->{activeDeploymentCount}, 0, 'given a package in no deployment');
    my $r = deploy($v->{id}, label => 'First', description => 'of all', importance => 'HIGH', predictionEnvironmentId => $env->{id}, userProvidedId => 'mine', runtimeParameterValues => '[]', additionalMetadata => []);
    my $id = $r->{json}{id};
    like($id, qr/^[0-9a-f]{24}$/, 'when it is deployed: an id at once') or diag $r->{raw};
    job_ok($r, $id, 'a job');
    $r = seen($id);
    fits_ok(Deployment => $r->{json}, 'then a deployment');
    my $d = $r->{json};
    is(join('|', @$d{qw(id label description importance status userProvidedId)}), "$id|First|of all|HIGH|active|mine", 'as sent, and active');
    is("$d->{modelPackage}{id} $d->{modelPackage}{name} $d->{modelPackage}{registeredModelId}", "$v->{id} Deployed $v->{registeredModelId}", 'modelPackage');
    is(join(' ', @{ $d->{model} }{qw(id targetName targetType)}), "$v->{modelId} churn Binary", 'model');
    is("$d->{predictionEnvironment}{id} $d->{predictionEnvironment}{name} $d->{predictionEnvironment}{platform}", "$env->{id} Where other", 'predictionEnvironment');
    is(package_of($v)->{activeDeploymentCount}, 1, 'the package counts it');
    is(reg($t, GET => "deployments/$id/championModelPackage/")->{json}{id}, $v->{id}, 'championModelPackage');
    fits_ok(S21 => reg($t, GET => "deployments/$id/championModelPackage/")->{json}, 'a package');

    my $plain = deployment($t, $v->{id}, label => 'Plain');
    is(json([ @$plain{qw(predictionEnvironment userProvidedId)} ]), '[null,null]', 'given only a label, then neither environment nor an id of its own');
    is(package_of($v)->{activeDeploymentCount}, 2, 'two count');

    $r = reg($t, PATCH => "deployments/$id/", body => { label => 'Renamed', description => '', importance => 'LOW' });
    is("$r->{status}$r->{body}", '204', 'PATCH: exactly 204');
    is(join('|', @{ seen($id)->{json} }{qw(label description importance)}), 'Renamed||LOW', 'label, description, importance');
    is(reg($t, DELETE => "deployments/$plain->{id}/")->{status}, 204, 'DELETE: 204');
    refused(seen($plain->{id}), 404, undef, 'and it is gone');
    refused(reg($t, DELETE => "deployments/$plain->{id}/"), 404, undef, 'for DELETE too');
    is(package_of($v)->{activeDeploymentCount}, 1, 'one counts');

    my $gone = external($t);
    e($t, 'E5', { id => $gone->{id} });
    my $retired = external($t);
    e($t, 'E11', { id => $retired->{registeredModelId} });
    my $hidden = external($t);
    act($t, "mdl-$hidden->{registeredModelId}", 'archive');
    my $theirs = external($t, token => $t->other);
    my $local = external($t, token => $who{owner});
    unchanged($t, 'what is refused', sub {
        refused(deploy($gone->{id}), 422, qr/archived/i, 'given an archived package, then 422');
        refused(deploy($retired->{id}), 422, qr/archived/i, 'given one of a retired model, then 422');
        refused(deploy($hidden->{id}), 422, qr/archived/i, 'given one of a model that another dialect archived, then 422');
        like(deploy($_)->{status}, qr/^4(?:04|22)$/, "given $_, then not found") for $NO_ID, 'x', $theirs->{id};
        like(deploy($local->{id}, token => $who{stranger})->{status}, qr/^4(?:04|22)$/, 'given one that the caller does not see');
        refused(deploy($v->{id}, @{ $_->[0] }), 422, undef, "given $_->[1], then 422", $_->[0][0]) for [ [ label => '' ], 'no label' ], [ [ label => undef ], 'a label of null' ], [ [ label => 5 ], 'a number' ], [ [ importance => 'SOME' ], 'an unknown importance' ],
            [ [ importance => 'low' ], 'other letters' ], [ [ runtimeParameterValues => '{' ], 'no JSON' ];
        like(deploy($v->{id}, predictionEnvironmentId => $NO_ID)->{status}, qr/^4(?:04|22)$/, 'given an unknown environment');
        refused(reg($t, POST => 'deployments/fromModelPackage/', body => { modelPackageId => $v->{id} }), 422, undef, 'given no label at all, then 422', 'label');
        refused(reg($t, POST => 'deployments/fromModelPackage/', body => { label => 'x' }), 422, undef, 'given no package, then 422', 'modelPackageId');
        refused(deploy($v->{id}, token => $t->reader), 403, undef, 'given a reader, then 403');
        refused(deploy($v->{id}, token => $t->token('admin', '--scope', 'model:read')), 403, undef, 'given a token narrowed to reading, then 403');
        refused(seen($id, token => $t->other), 404, undef, "given another organization's, then 404");
        refused(reg($t, $_->[0] => "deployments/$id/$_->[1]", token => $t->other, body => $_->[2]), 404, undef, "$_->[0] $_->[1] too") for [ PATCH => '', { label => 'x' } ], [ DELETE => '' ], [ PATCH => 'status/', { status => 'inactive' } ],
            [ PATCH => 'model/', { modelPackageId => $theirs->{id}, reason => 'OTHER' } ], [ GET => 'settings/' ], [ GET => 'challengers/' ], [ GET => 'sharedRoles/' ];
        refused(reg($t, PATCH => "deployments/$id/", body => { $_->[0] => $_->[1] }), 422, undef, "PATCH with $_->[0] " . json($_->[1]) . ': 422', $_->[0]) for [ label => '' ], [ importance => 'x' ], [ description => 5 ];
    });
};

scene 'the list of deployments' => sub {
    $t->org('Fleet');
    $t->user('captain', role => 'admin', org => 'Fleet');
    my @with = (token => $t->token('captain'));
    my $v = external($t, @with);
    my @ids = map { deployment($t, $v->{id}, @with, label => sprintf('Ship %02d', $_), importance => $_ % 2 ? 'LOW' : 'HIGH')->{id} } 1 .. 23;
    my $list = sub { reg($t, GET => 'deployments/', @with, query => $_[0]) };
    my $page = $list->('')->{json};
    fits_ok(DeploymentPage => $page, 'given 23 deployments');
    is("$page->{count} $page->{totalCount}", '20 23', 'then twenty on a page');
    is(scalar(walk($t, "$API/deployments/", @with)), 23, 'and all to the end');
    is($list->('limit=100')->{json}{count}, 23, 'a hundred at most');
    is($list->('limit=5000')->{status}, 200, 'more is clamped');
    is($list->('search=ship+07')->{json}{data}[0]{label}, 'Ship 07', 'search');
    is($list->('orderBy=label&limit=1')->{json}{data}[0]{label}, 'Ship 01', 'orderBy=label');
    is($list->('orderBy=-label&limit=1')->{json}{data}[0]{label}, 'Ship 23', 'orderBy=-label');
    is($list->("orderBy=$_")->{status}, 200, "orderBy=$_") for qw(serviceHealth -serviceHealth);
    is(reg($t, PATCH => "deployments/$ids[0]/status/", @with, body => { status => 'inactive' })->{status}, 202, 'when one is made inactive');
    within(10, sub { seen($ids[0], @with)->{json}{status} eq 'inactive' }, 'inactive');
    is($list->('status=inactive')->{json}{totalCount}, 1, 'status=inactive');
    is($list->('status=active&limit=0')->{json}{totalCount}, 22, 'status=active');
    is($list->('status=active,inactive')->{json}{totalCount}, 23, 'several, with commas between');
    is($list->('importance=HIGH')->{json}{totalCount}, 11, 'importance');
    refused($list->($_), 422, undef, "given $_, then 422") for 'limit=x', 'offset=-1', 'orderBy=color';
    is($list->('bogus=1')->{status}, 200, 'an unknown parameter is ignored');
    is(reg($t, GET => 'deployments/', query => 'search=ship')->{json}{totalCount}, 0, 'nothing of another organization');
};

scene 'active and inactive' => sub {
    my $v = external($t);
    my $id = deployment($t, $v->{id})->{id};
    job_ok(reg($t, PATCH => "deployments/$id/status/", body => { status => 'inactive' }), $id, 'given inactive');
    is(seen($id)->{json}{status}, 'inactive', 'then it is');
    is(package_of($v)->{activeDeploymentCount}, 0, 'and does not count as active');
    is((rows($v))[0]{status}, 'inactive', 'the row of its model says so');
    job_ok(reg($t, PATCH => "deployments/$id/status/", body => { status => 'active' }), $id, 'given active');
    is(seen($id)->{json}{status} . package_of($v)->{activeDeploymentCount}, 'active1', 'then it is again');
    unchanged($t, 'what is refused', sub {
        refused(reg($t, PATCH => "deployments/$id/status/", body => { status => $_ }), 422, undef, 'given ' . ($_ // 'null') . ', then 422', 'status') for 'archived', 'ACTIVE', '', undef;
    });
};

# --- champions -----------------------------------------------------------------------------------------

scene 'a champion is replaced' => sub {
    my %binary = (target => { name => 'churn', type => 'Binary', classNames => [ 'yes', 'no' ] });
    my $one = external($t, %binary);
    my $two = external($t, %binary, registeredModelId => $one->{registeredModelId});
    my $elsewhere = external($t, %binary);
    my $id = deployment($t, $one->{id}, label => 'Replaced')->{id};
    for my $path ('model/validation/', 'model/validation') {
        my $r = reg($t, POST => "deployments/$id/$path", body => { modelPackageId => $two->{id} });
        is($r->{status}, 200, "$path: exactly 200") or diag $r->{raw};
        fits_ok(Validation => $r->{json}, 'what it says');
        is($r->{json}{status}, 'passing', 'passing when it fits');
    }
    job_ok(replace($id, $two->{id}), $id, 'when the champion is replaced');
    my $d = seen($id)->{json};
    is("$d->{modelPackage}{id} $d->{status}", "$two->{id} active", 'then the deployment has the other, and is active');
    is(package_of($one)->{activeDeploymentCount} . package_of($two)->{activeDeploymentCount}, '01', 'activeDeploymentCount moves with it');
    is(join(' ', map { $_->{registeredModelVersion} . json($_->{currentlyDeployed}) } sort { $a->{registeredModelVersion} <=> $b->{registeredModelVersion} } rows($one)), '1false 2true', 'the row of the one before stays, no longer currently deployed');
    job_ok(replace($id, $elsewhere->{id}), $id, 'by one of another model');
    is(join(' ', map { json($_->{currentlyDeployed}) } rows($one)), 'false false', 'none of this one is deployed');
    is(join(' ', map { json($_->{currentlyDeployed}) } rows($elsewhere)), 'true', 'but of that one');
    job_ok(replace($id, $one->{id}, reason => 'OTHER'), $id, 'and back');
    is(join(' ', map { $_->{registeredModelVersion} . json($_->{currentlyDeployed}) } sort { $a->{registeredModelVersion} <=> $b->{registeredModelVersion} } rows($one)), '1true 2false', 'a row for each pair, once');
    my @next = ($two, $one, $two, $one);
    job_ok(replace($id, shift(@next)->{id}, reason => $_), $id, "reason $_") for qw(DATA_DRIFT ERRORS SCHEDULED_REFRESH SCORING_SPEED);

    my $board = imported($t)->{modelId};
    my $r = reg($t, PATCH => "deployments/$id/model/", body => { modelId => $board, reason => 'OTHER' });
    job_ok($r, $id, 'given a leaderboard model, then a package is made of it', 1);
    is(seen($id)->{json}{model}{id}, $board, 'and deployed');
    is(reg($t, POST => "deployments/$id/model/validation/", body => { modelId => $board })->{json}{status}, 'passing', 'validation takes it, too');
    my $custom = custom_version($t, custom_model($t)->{id});
    job_ok(reg($t, PATCH => "deployments/$id/model/", body => { modelId => $custom->{id}, reason => 'OTHER' }), $id, 'given a custom model version', 1);
    is(seen($id)->{json}{model}{id}, $custom->{id}, 'then that is deployed');
    my $gone = external($t, %binary);
    e($t, 'E5', { id => $gone->{id} });
    my $regression = external($t);
    unchanged($t, 'what is refused', sub {
        refused(replace($id, $gone->{id}), 422, qr/archived/i, 'given an archived package, then 422');
        refused(replace($id, $one->{id}, reason => $_), 422, undef, 'given the reason ' . ($_ // 'null') . ', then 422', 'reason') for 'BORED', 'accuracy', undef;
        like(replace($id, $NO_ID)->{status}, qr/^4(?:04|22)$/, 'given an unknown package');
        refused(reg($t, PATCH => "deployments/$id/model/", body => { reason => 'OTHER' }), 422, undef, 'given none, then 422');
        is(reg($t, POST => "deployments/$id/model/validation/", body => { modelPackageId => $_->[0] })->{json}{status}, 'failing', "validation of $_->[1]: failing") for [ $gone->{id}, 'an archived package' ], [ $regression->{id}, 'another target' ];
    });
};

scene 'replacements at once' => sub {
    for my $round (1 .. 3) {
        my @v = (external($t));
        push @v, external($t, registeredModelId => $v[0]{registeredModelId}) for 1 .. 4;
        my $id = deployment($t, $v[0]{id})->{id};
        my @r = concurrently(4, sub { replace($id, $v[ 1 + $_[0] ]{id}) });
        is(join(' ', grep { !/^(?:202|409|422)$/ } map { $_->{status} } @r), '', "round $round: given four at once, each is taken or refused");
        cmp_ok(scalar(grep { $_->{status} == 202 } @r), '>=', 1, 'one at least is taken');
        within(10, sub { seen($id)->{json}{status} eq 'active' }, 'active');
        is(scalar(grep { $_->{currentlyDeployed} } rows($v[0])), 1, 'then one version is deployed');
        my %count = map { $_->{id} => $_->{activeDeploymentCount} } @{ e($t, 'E17', { id => $v[0]{registeredModelId} })->{json}{data} };
        is(join(' ', sort values %count), '0 0 0 0 1', 'and one counts it');
        is($count{ seen($id)->{json}{modelPackage}{id} }, 1, 'the one that the deployment names');
    }
};

# --- challengers -----------------------------------------------------------------------------------------

scene 'challengers' => sub {
    my $one = external($t);
    my $two = external($t, registeredModelId => $one->{registeredModelId}, name => 'The challenger');
    my $env = environment($t);
    my $id = deployment($t, $one->{id}, predictionEnvironmentId => $env->{id})->{id};
    my $r = reg($t, POST => "deployments/$id/challengers/", body => { modelPackageId => $two->{id}, name => 'Dares', predictionEnvironmentId => $env->{id} });
    is($r->{status}, 202, 'given a challenger: exactly 202') or diag $r->{raw};
    my ($cid) = done_at($t, $r) =~ m{/deployments/$id/challengers/([0-9a-f]{24})/$};
    ok($cid, 'its job ends at it') or return;
    $r = reg($t, GET => "deployments/$id/challengers/$cid/");
    is($r->{status}, 200, 'which answers');
    fits_ok(Challenger => $r->{json}, 'with exactly its keys');
    is("$r->{json}{name} $r->{json}{modelPackage}{id} $r->{json}{predictionEnvironment}{id}", "Dares $two->{id} $env->{id}", 'as sent');
    my @list = @{ reg($t, GET => "deployments/$id/challengers/")->{json}{data} };
    fits_ok(Challenger => $_, 'in the list') for @list;
    ok(scalar(grep { $_->{id} eq $cid } @list), 'it is there');
    my %row = map { $_->{registeredModelVersion} => json([ @$_{qw(currentlyDeployed isChallenger)} ]) } rows($one);
    is("$row{1} $row{2}", '[true,false] [false,true]', 'the rows of the model tell the champion from the challenger');
    is(package_of($two)->{activeDeploymentCount}, 0, 'a challenger is not counted as deployed');
    $r = reg($t, PATCH => "deployments/$id/challengers/$cid/", body => { name => 'Dares more' });
    is($r->{status}, 200, 'PATCH: 200');
    fits_ok(Challenger => $r->{json}, 'with the challenger');
    is($r->{json}{name}, 'Dares more', 'renamed');
    unchanged($t, 'what is refused', sub {
        refused(reg($t, POST => "deployments/$id/challengers/", body => { modelPackageId => $two->{id} }), 422, undef, 'given no name, then 422', 'name');
        refused(reg($t, POST => "deployments/$id/challengers/", body => { name => 'x' }), 422, undef, 'given no package, then 422', 'modelPackageId');
        refused(reg($t, GET => "deployments/$id/challengers/$NO_ID/"), 404, undef, 'an unknown one: 404');
    });
    like(reg($t, DELETE => "deployments/$id/challengers/$cid/")->{status}, qr/^20[24]$/, 'DELETE');
    within(10, sub { reg($t, GET => "deployments/$id/challengers/$cid/")->{status} == 404 }, 'gone');
    my ($was) = grep { $_->{registeredModelVersion} == 2 } rows($one);
    is(json($was->{isChallenger}), 'false', 'its row stays, of one that was');
};

# --- the rows of a registered model ------------------------------------------------------------------------

scene 'E14, E19: the deployments of a model, and of a version' => sub {
    my $one = external($t, token => $who{owner});
    my $mid = $one->{registeredModelId};
    my $two = external($t, token => $who{owner}, registeredModelId => $mid);
    my $env = environment($t, token => $who{owner}, name => 'Rows', platform => 'gcp', supportedModelFormats => ['externalModel']);
    is(json(answered(e($t, 'E14', { id => $mid }, token => $who{owner}), 'E14', 'given none')->{data}), '[]', 'no row');
    my @with = (token => $who{owner});
    my $a = deployment($t, $one->{id}, @with, label => 'Beta', predictionEnvironmentId => $env->{id});
    my $b = deployment($t, $two->{id}, @with, label => 'Alpha');
    my $c = deployment($t, $two->{id}, @with, label => 'Gamma 50%');
    my $page = answered(e($t, 'E14', { id => $mid }, @with, query => 'sortKey=createdAt'), 'E14', 'given three deployments of two versions');
    is(join(' ', map { $_->{id} } @{ $page->{data} }), "$a->{id} $b->{id} $c->{id}", 'a row for each');
    my $row = $page->{data}[0];
    is(join('|', $row->{label}, $row->{status}, $row->{registeredModelVersion}, json([ @$row{qw(currentlyDeployed isChallenger)} ])), 'Beta|active|1|[true,false]', 'label, status, version');
    is("$row->{createdBy}{email} $row->{firstDeployedBy}{email}", 'owner@main.example owner@main.example', 'createdBy, firstDeployedBy');
    is($row->{firstDeployedAt} ge $row->{createdAt}, 1, 'firstDeployedAt is not before createdAt');
    is(join(' ', @{ $row->{predictionEnvironment} }{qw(id name platform)}, json($row->{predictionEnvironment}{supportedModelFormats})), "$env->{id} Rows gcp [\"externalModel\"]", 'predictionEnvironment');
    ok(!exists $page->{data}[1]{predictionEnvironment}, 'which is left out if there is none');
    my $labels = sub { join ' ', map { $_->{label} } @{ e($t, 'E14', { id => $mid }, @with, query => $_[0])->{json}{data} } };
    is($labels->("$_->[0]"), $_->[1], "given $_->[0]") for [ 'sortKey=label', 'Alpha Beta Gamma 50%' ], [ 'sortKey=label&sortDirection=desc', 'Gamma 50% Beta Alpha' ], [ 'sortKey=createdAt&sortDirection=desc', 'Gamma 50% Alpha Beta' ], [ 'sortKey=createdAt&sortDirection=asc', 'Beta Alpha Gamma 50%' ],
        [ 'search=ALPHA', 'Alpha' ], [ 'search=50%25', 'Gamma 50%' ], [ 'search=_', '' ], [ 'sortKey=label&limit=1&offset=1', 'Beta' ];
    is(join(' ', map { $_->{label} } walk($t, "$API/registeredModels/$mid/deployments/?limit=1&sortKey=label", @with)), 'Alpha Beta Gamma 50%', 'to the end');
    my $of = sub { my ($v, $query) = @_; return e($t, 'E19', { id => $mid, vid => $v->{id} }, @with, query => $query) };
    is(join(' ', map { $_->{label} } @{ answered($of->($two, 'sortKey=label'), 'E19', 'of one version')->{data} }), 'Alpha Gamma 50%', 'only its own');
    is(join(' ', map { $_->{label} } @{ $of->($two, 'search=gamma')->{json}{data} }), 'Gamma 50%', 'search');
    is(reg($t, DELETE => "deployments/$c->{id}/")->{status}, 204, 'when a deployment is deleted');
    is(scalar(grep { $_->{id} eq $c->{id} && $_->{currentlyDeployed} } rows($one)), 0, 'then it is not currently deployed');
    refused(e($t, 'E14', { id => $mid }, token => $who{stranger}), 404, undef, 'given a stranger, then 404');

    is(reg($t, PATCH => "registeredModels/$mid/versions/$one->{id}/", body => { name => 'Still changes' })->{status}, 200, 'given a version that is deployed, its name may change');
};

scene 'rows where the order has ties, and while others deploy' => sub {
    my $v = external($t);
    deployment($t, $v->{id}, label => 'Alike') for 1 .. 5;
    for my $query ('sortKey=label', 'sortKey=label&sortDirection=desc', 'sortKey=createdAt') {
        my %seen = map { $_->{id} => 1 } my @all = walk($t, "$API/registeredModels/$v->{registeredModelId}/deployments/?limit=2&$query");
        is(scalar(@all) . scalar(keys %seen), '55', "given five of one label, $query: each comes once");
    }
    my @all = map { $_->{id} } walk($t, "$API/deployments/?limit=3&orderBy=label&search=alike");
    is(scalar(@all) . scalar(keys %{ { map { $_ => 1 } @all } }), '55', 'in the list of deployments too');
    my %there = map { $_ => 1 } @all;
    my @walked = map { $_->{id} } walk($t, "$API/registeredModels/$v->{registeredModelId}/deployments/?limit=2&sortKey=createdAt&sortDirection=asc", between => sub { deployment($t, $v->{id}) if $_[0] < 4 });
    my %seen = map { $_ => 1 } @walked;
    is(scalar(keys %seen), scalar @walked, 'given others that deploy meanwhile, oldest first: each comes once');
    is(join(' ', grep { !$seen{$_} } keys %there), '', 'and all that were there');
    is(package_of($v)->{activeDeploymentCount}, scalar(rows($v)), 'the package counts them all');
};

scene 'what goes away while it is put to use' => sub {
    my $made = sub { scalar grep { $_->{status} == 202 } @_ };
    for my $round (1 .. 4) {
        my $v = external($t);
        my @r = concurrently(4, sub { $_[0] == 1 ? e($t, 'E11', { id => $v->{registeredModelId} }) : deploy($v->{id}) });
        is(join(' ', $r[1]{status}, grep { !/^(?:202|422)$/ } map { $_->{status} } @r[ 0, 2, 3 ]), '204', "round $round: given a model that is retired while it is deployed, then each is made or refused");
        is(package_of($v)->{activeDeploymentCount}, $made->(@r), 'what was made runs');
        refused(deploy($v->{id}), 422, qr/archived/i, 'and nothing follows');
        my $env = environment($t);
        $v = external($t);
        @r = concurrently(4, sub { $_[0] == 1 ? reg($t, DELETE => "predictionEnvironments/$env->{id}/") : deploy($v->{id}, predictionEnvironmentId => $env->{id}) });
        is($r[1]{status}, $made->(@r[ 0, 2, 3 ]) ? 409 : 204, 'given an environment that is deleted meanwhile, then it is in use or gone');
        is(reg($t, GET => "predictionEnvironments/$env->{id}/")->{status}, $r[1]{status} == 409 ? 200 : 404, 'never both');
    }
};

scene 'what is deployed' => sub {
    my $v = external($t, target => { name => 'churn', type => 'Binary', classNames => [ 'yes', 'no' ] });
    my $mid = $v->{registeredModelId};
    my $id = deployment($t, $v->{id})->{id};
    unchanged($t, 'refused', sub {
        refused(reg($t, PATCH => "registeredModels/$mid/versions/$v->{id}/", body => { predictionThreshold => 0.9 }), 422, undef, 'given a deployed version, then its threshold may not change: 422');
        error_is(act($t, "mdl-$mid", 'archive'), 409, 'CONFLICT', 'nor may the models dialect archive it: undeploy first');
        my $trash = fs($t, DELETE => 'resources/' . rid_of(model => "mdl-$mid"));
        is("$trash->{status} " . ($trash->{json}{errorName} // ''), '409 ResourceInUse', 'nor foundry trash it');
    });
    is(e($t, 'E5', { id => $v->{id} })->{status}, 204, 'given its package archived');
    is(seen($id)->{json}{status}, 'active', 'then the deployment keeps running');
    is(e($t, 'E11', { id => $mid })->{status}, 204, 'given its model retired');
    is(seen($id)->{json}{status} . ' ' . seen($id)->{json}{modelPackage}{id}, "active $v->{id}", 'then too');
    is(scalar(rows($v)), 1, 'and its row is there');
};

# --- settings -------------------------------------------------------------------------------------------------

scene 'settings' => sub {
    my $id = deployment($t, external($t)->{id})->{id};
    my $r = reg($t, GET => "deployments/$id/settings/");
    is($r->{status}, 200, 'given a new deployment');
    fits_ok(Settings => $r->{json}, 'then its settings are whole at first, too');
    is(json([ @{ $r->{json}{associationId} }{qw(autoGenerateId requiredInPredictionRequests columnNames)} ]), '[false,false,[]]', 'associationId');
    is(json($r->{json}{predictionIntervals}), '{"enabled":false,"percentiles":[]}', 'predictionIntervals');
    my %set = (associationId => { autoGenerateId => false, requiredInPredictionRequests => true, columnNames => ['id'] }, predictionIntervals => { enabled => true, percentiles => [80] }, targetDrift => { enabled => true }, challengerModels => { enabled => true },
        predictionsDataCollection => { enabled => true }, segmentAnalysis => { enabled => true, attributes => [] });
    job_ok(reg($t, PATCH => "deployments/$id/settings/", body => \%set), $id, 'when they are changed');
    my $now = reg($t, GET => "deployments/$id/settings/")->{json};
    fits_ok(Settings => $now, 'then they are whole');
    is(json($now->{associationId}{columnNames}) . json($now->{associationId}{requiredInPredictionRequests}), '["id"]true', 'associationId');
    is(json($now->{predictionIntervals}), '{"enabled":true,"percentiles":[80]}', 'predictionIntervals');
    is(json([ map { $now->{$_}{enabled} } qw(targetDrift challengerModels predictionsDataCollection segmentAnalysis) ]), '[true,true,true,true]', 'what is enabled');
    reg($t, PATCH => "deployments/$id/settings/", body => { targetDrift => { enabled => false } });
    $now = within(10, sub { my $s = reg($t, GET => "deployments/$id/settings/")->{json}; $s->{targetDrift}{enabled} ? undef : $s }, 'the change');
    is(json($now->{associationId}{columnNames}), '["id"]', 'what is not named stays');
    unchanged($t, 'what is refused', sub {
        refused(reg($t, PATCH => "deployments/$id/settings/", body => { targetDrift => { enabled => 'yes' } }), 422, undef, 'given no boolean, then 422');
        refused(reg($t, PATCH => "deployments/$id/settings/", body => { predictionIntervals => { enabled => true, percentiles => ['80'] } }), 422, undef, 'given percentiles that are strings, then 422');
        like(reg($t, PATCH => "deployments/$id/settings/", body => { targetDrift => { enabled => true } }, token => $t->reader)->{status}, qr/^40[34]$/, 'given a reader');
    });
};

scene 'other ways to a deployment, and who may' => sub {
    my $board = imported($t)->{modelId};
    for my $route (qw(fromLearningModel fromLeaderboard)) {
        my $r = reg($t, POST => "deployments/$route/", body => { modelId => $board, label => $route, predictionThreshold => 0.5, status => 'active', defaultPredictionServerId => undef, importance => 'LOW' });
        like($r->{status}, qr/^20[02]$/, "$route: 200 or 202") or diag $r->{raw};
        ok(my $id = $r->{json}{id}, 'its id') or next;
        built($t);
        within(10, sub { (seen($id)->{json}{status} // '') eq 'active' }, 'active');
        is(seen($id)->{json}{model}{id}, $board, 'of that model');
    }
    my $id = deployment($t, external($t)->{id})->{id};
    my $roles = reg($t, GET => "deployments/$id/sharedRoles/")->{json};
    fits_ok(DeploymentRole => $_, 'a role') for @{ $roles->{data} };
    is(join(' ', map { "$_->{name}:$_->{role}" } @{ $roles->{data} // [] }), 'admin:OWNER', 'its creator owns it') or diag json($roles);
};

# --- custom models ------------------------------------------------------------------------------------------

my $MARK = 'x' x 40;
sub multipart { return join '', (map { my ($name, $text, $file) = @$_; "--$MARK\r\nContent-Disposition: form-data; name=\"$name\"" . (defined $file ? "; filename=\"$file\"\r\nContent-Type: application/octet-stream" : '') . "\r\n\r\n$text\r\n" } @_), "--$MARK--\r\n" }
sub upload_to { my ($method, $model, @parts) = @_; return reg($t, $method => "customModels/$model/versions/", body => multipart(@parts), type => "multipart/form-data; boundary=$MARK") }

scene 'custom models' => sub {
    my $r = reg($t, POST => 'customModels/', body => { name => 'Handmade', targetType => 'Binary', customModelType => 'inference', targetName => 'churn', positiveClassLabel => 'yes', negativeClassLabel => 'no', description => 'd', language => 'Python',
        supportsBinaryClassification => true, supportsRegression => false, networkEgressPolicy => 'PUBLIC', maximumMemory => 2048 * 1024 * 1024, replicas => 1, isTrainingDataForVersionsPermanentlyEnabled => true,
        isUnstructuredModelKind => false, isProxyModel => false, gitModelVersion => { refName => 'main', commitUrl => 'https://git.example.org/c', mainBranchCommitSha => 'a' x 40 } });
    is($r->{status}, 201, 'given what the clients send') or diag $r->{raw};
    my $m = $r->{json};
    fits_ok(CustomModel => $m, 'then a custom model');
    is(join('|', @$m{qw(name description language targetType targetName customModelType deploymentsCount)}), 'Handmade|d|Python|Binary|churn|inference|0', 'its fields');
    is($m->{latestVersion}, undef, 'no version yet');
    ok(!custom_model($t, targetType => 'Regression')->{supportsBinaryClassification}, 'given another target type, then it does not support binary classification');
    my $bare = custom_model($t, description => undef, language => undef);
    fits_ok(CustomModel => $bare, 'given neither description nor language');
    is("$bare->{description}$bare->{language}", '', 'then they are empty strings');
    is(reg($t, GET => "customModels/$m->{id}/")->{body}, $r->{body}, 'GET gives the same bytes');
    my $page = reg($t, GET => 'customModels/', query => 'customModelType=inference&orderBy=-created')->{json};
    fits_ok(CustomModelPage => $page, 'the list');
    is(join(' ', map { $_->{id} } @{ reg($t, GET => 'customModels/', query => 'searchFor=handm')->{json}{data} }), $m->{id}, 'searchFor');
    is($page->{data}[0]{id}, $bare->{id}, 'orderBy=-created');
    my $deployed = sub { grep { $_->{id} eq $m->{id} } walk($t, "$API/customModels/?isDeployed=$_[0]") };
    is(join(' ', map { scalar $deployed->($_) } qw(true False)), '0 1', 'isDeployed');
    like(reg($t, PATCH => "customModels/$m->{id}/", body => { name => 'By hand', description => 'e' })->{status}, qr/^20[04]$/, 'PATCH');
    is(join('|', @{ reg($t, GET => "customModels/$m->{id}/")->{json} }{qw(name description)}), 'By hand|e', 'is a change');

    $r = upload_to(POST => $m->{id}, [ isMajorUpdate => 'True' ], [ file => "print('x')\n\0\xff", 'custom.py' ], [ filePath => 'custom.py' ], [ file => 'numpy', 'requirements.txt' ], [ filePath => 'conf/requirements.txt' ]);
    like($r->{status}, qr/^20[01]$/, 'given files') or diag $r->{raw};
    my $v = $r->{json};
    fits_ok(CustomModelVersion => $v, 'then a version');
    is(join(' ', sort map { "$_->{fileName}:$_->{filePath}" } @{ $v->{items} }), 'custom.py:custom.py requirements.txt:conf/requirements.txt', 'with their names and paths');
    is($v->{customModelId}, $m->{id}, 'of its model');
    my $minor = upload_to(PATCH => $m->{id}, [ isMajorUpdate => 'False' ], [ filesToDelete => $v->{items}[0]{id} ], [ file => 'y', 'more.py' ], [ filePath => 'more.py' ])->{json};
    fits_ok(CustomModelVersion => $minor, 'from the files before');
    is(scalar @{ $minor->{items} }, 2, 'one taken out, one added');
    is("$minor->{versionMajor} $minor->{versionMinor}", "$v->{versionMajor} " . ($v->{versionMinor} + 1), 'a minor one');
    my $major = reg($t, PATCH => "customModels/$m->{id}/versions/", body => { isMajorUpdate => 'true' })->{json};
    is("$major->{versionMajor} $major->{versionMinor}", ($v->{versionMajor} + 1) . ' 0', 'JSON with a string for the boolean: a major one');
    is(scalar @{ $major->{items} }, 2, 'with the files before');
    is(reg($t, GET => "customModels/$m->{id}/")->{json}{latestVersion}{id}, $major->{id}, 'latestVersion');
    is(reg($t, GET => "customModels/$m->{id}/versions/$v->{id}/")->{json}{id}, $v->{id}, 'each can be read');
    is(scalar(walk($t, "$API/customModels/$m->{id}/versions/?limit=2")), 3, 'and listed');

    my $p = reg($t, POST => 'modelPackages/fromCustomModelVersion/', body => { customModelVersionId => $major->{id} })->{json};
    built($t);
    my $d = deployment($t, $p->{id});
    is(reg($t, GET => "customModels/$m->{id}/")->{json}{deploymentsCount}, 1, 'deploymentsCount');
    $r = reg($t, GET => 'customModelDeployments/', body => { customModelIds => [ $m->{id} ] });
    is($r->{status}, 200, 'customModelDeployments/, asked for with a body');
    cmp_ok($r->{json}{totalCount}, '>=', 1, 'is a page with its own');
    is(join(' ', map { scalar $deployed->($_) } qw(true False)), '1 0', 'isDeployed');
    my $used = reg($t, DELETE => "customModels/$m->{id}/");
    refused($used, 409, undef, 'given one that is deployed, then 409');
    like($used->{body}, qr/existing deployments|409 Conflict/i, 'in words that a client looks for');
    reg($t, DELETE => "deployments/$d->{id}/");
    is(reg($t, DELETE => "customModels/$_/")->{status}, 204, 'otherwise 204') for $bare->{id}, $m->{id};
    refused(reg($t, GET => "customModels/$m->{id}/"), 404, undef, 'and it is gone');
    is(e($t, 'E4', { id => $p->{id} })->{status}, 200, 'its package stays');
    my $theirs = custom_model($t, token => $t->other)->{id};
    unchanged($t, 'what is refused', sub {
        my %good = (name => 'x', targetType => 'Regression', targetName => 'y', customModelType => 'inference');
        refused(reg($t, POST => 'customModels/', body => { %good, @{ $_->[0] } }), 422, undef, "given $_->[1], then 422") for [ [ name => '' ], 'no name' ], [ [ targetType => 'Cat' ], 'an unknown target type' ], [ [ customModelType => 'x' ], 'another type of custom model' ], [ [ targetType => undef ], 'a target type of null' ];
        refused(reg($t, POST => 'customModels/', body => \%good, token => $t->reader), 403, undef, 'given a reader, then 403');
        refused(reg($t, GET => "customModels/$_/"), 404, undef, "$_: 404") for $NO_ID, 'x', $theirs;
    });
    my $broken = custom_model($t)->{id};
    for my $bad ([ 'no end' => multipart([ isMajorUpdate => 'True' ]) =~ s/--\Q$MARK\E--\r\n$//r ], [ 'no boundary' => 'x' ], [ 'a part without a name' => "--$MARK\r\nContent-Disposition: form-data\r\n\r\nx\r\n--$MARK--\r\n" ]) {
        unchanged($t, $bad->[0], sub { like(reg($t, POST => "customModels/$broken/versions/", body => $bad->[1], type => "multipart/form-data; boundary=$MARK")->{status}, qr/^4(?:00|22)$/, "given a body with $bad->[0]") });
    }
};

# --- whatever a body holds ---------------------------------------------------------------------------------

# Every place in a body, as the way to it; the body with something else there.
sub places { my ($x, @at) = @_; return (@at ? [@at] : (), ref $x eq 'HASH' ? map({ places($x->{$_}, @at, $_) } sort keys %$x) : ref $x eq 'ARRAY' ? map({ places($x->[$_], @at, $_) } 0 .. $#$x) : ()) }
sub with {
    my ($x, $value, $key, @more) = @_;
    return $value if !defined $key;
    return { %$x, $key => with($x->{$key}, $value, @more) } if ref $x eq 'HASH';
    my @list = @$x;
    $list[$key] = with($list[$key], $value, @more);
    return \@list;
}

scene 'whatever a body holds, the answer is one of the contract' => sub {
    my ($v, $board, $custom, $env) = (external($t, target => { name => 'churn', type => 'Binary', classNames => [ 'yes', 'no' ] }), imported($t)->{modelId}, custom_model($t), environment($t));
    my $version = custom_version($t, $custom->{id});
    my $d = "deployments/" . deployment($t, $v->{id})->{id};
    my $m = "registeredModels/$v->{registeredModelId}";
    my %tags = (tags => [ { name => 'a', value => 'b' } ]);
    my $series = { datetimeColumnName => 'a', forecastDistances => [1], forecastDistancesTimeUnit => 'DAY', featureDerivationWindowStart => -1, isCrossSeries => true };
    my @base = (
        [ POST => 'modelPackages/fromJSON/', { name => 'n', target => { name => 'y', type => 'Binary', classNames => [ 'a', 'b' ], predictionThreshold => 0.5 }, modelId => '0123456789abcdef01234567', modelDescription => { description => 'd', modelName => 'm', buildEnvironmentType => 'R' },
            datasets => { trainingDataCatalogId => '1' x 24 }, timeseries => $series, geospatialMonitoring => { primaryLocationColumn => 'g' }, registeredModelDescription => 'd', registeredModelTags => $tags{tags}, %tags } ],
        [ POST => 'modelPackages/fromLeaderboard/', { modelId => $board, name => 'n', description => 'd', computeAllTsIntervals => false, predictionThreshold => 0.5, %tags } ],
        [ POST => 'modelPackages/fromLearningModel/', { modelId => $board, name => 'n', description => 'd', predictionThreshold => 0.5 } ],
        [ POST => 'modelPackages/fromCustomModelVersion/', { customModelVersionId => $version->{id}, name => 'n', description => 'd', %tags } ],
        [ POST => 'projects/0123456789abcdef01234567/models/import/', { modelType => 'm', projectName => 'p', target => { name => 'y', type => 'Regression' }, modelKind => { isTimeSeries => true }, timeseries => $series, datasets => { baselineSegmentedBy => ['a'], trainingDataSize => 5 },
            features => [ { name => 'a', featureType => 'Numeric', importance => 0.5, dateFormat => undef, knownInAdvance => false, usedForPredictions => true } ], logs => [ { level => 'INFO', message => 'm', time => 1.5 } ], scoringCode => { location => 'mlpkg', dataRobotPredictionVersion => '1' } } ],
        [ PATCH => "$m/", { name => 'odd', description => 'd', isGlobal => false } ], [ PATCH => "$m/versions/$v->{id}/", { name => 'n', stage => 'Staging', archiveExistingVersions => false, %tags } ],
        [ PATCH => "$m/sharedRoles/", { operation => 'updateRoles', roles => [ { role => 'USER', shareRecipientType => 'user', username => 'member', canShare => true } ] } ],
        [ POST => 'deployments/fromModelPackage/', { modelPackageId => $v->{id}, label => 'l', description => 'd', predictionEnvironmentId => $env->{id}, importance => 'LOW', userProvidedId => 'u', runtimeParameterValues => '[]' } ],
        [ PATCH => "$d/", { label => 'l', description => 'd', importance => 'LOW' } ], [ PATCH => "$d/status/", { status => 'active' } ], [ PATCH => "$d/model/", { modelPackageId => $v->{id}, reason => 'OTHER' } ], [ POST => "$d/model/validation/", { modelPackageId => $v->{id} } ],
        [ POST => "$d/challengers/", { modelPackageId => $v->{id}, name => 'c', predictionEnvironmentId => $env->{id} } ],
        [ PATCH => "$d/settings/", { associationId => { autoGenerateId => false, requiredInPredictionRequests => true, columnNames => ['id'] }, predictionIntervals => { enabled => true, percentiles => [80] }, segmentAnalysis => { enabled => true, attributes => ['a'] },
            featureDrift => { enabled => true, featureSelection => 'auto', trackedFeatures => ['a'] }, predictionsSettings => { minComputes => 1, maxComputes => 2 } } ],
        [ POST => 'predictionEnvironments/', { name => 'e', platform => 'aws', description => 'd', plugin => 'p', supportedModelFormats => ['datarobot'], isManagedByManagementAgent => false } ],
        [ POST => 'customModels/', { name => 'c', targetType => 'Binary', customModelType => 'inference', targetName => 't', positiveClassLabel => 'a', negativeClassLabel => 'b', predictionThreshold => 0.5, classLabels => [ 'a', 'b' ], language => 'R', %tags, gitModelVersion => { refName => 'm' } } ],
        [ POST => "customModels/$custom->{id}/versions/", { isMajorUpdate => 'true', filesToDelete => ['x'] } ], [ POST => 'useCases/', { name => 'u', description => 'd' } ],
    );
    for (@base) {
        my ($method, $path, $body) = @$_;
        my $r = reg($t, $method => $path, body => $body);
        like($r->{status}, qr/^20/, "given $method $path: the body itself is right") or diag $r->{raw};
        my @bad;
        for my $at (places($body)) {
            for my $odd (undef, 5, -1.5, true, '', [], {}, { a => 1 }, [ undef ], [ {} ], [ [] ]) {
                $r = reg($t, $method => $path, body => with($body, $odd, @$at));
                my $good = $r->{status} =~ /^20[0124]$/ || $r->{status} =~ /^4(?:00|04|09|22|03)$/ && ref $r->{json} eq 'HASH' && length($r->{json}{message} // '') && !grep { !/^(?:message|errors)$/ } keys %{ $r->{json} };
                push @bad, join('.', @$at) . ' ' . json($odd) . ": $r->{status} $r->{body}" if !$good;
                push @bad, map { join('.', @$at) . ' ' . json($odd) . ": made, and $_" } fits('S21', $r->{json}) if $r->{status} == 201 && $path =~ /^modelPackages/;
            }
        }
        is(join("\n", @bad), '', 'with anything else at any place in it, then made or refused');
    }
};

$t->finish;
