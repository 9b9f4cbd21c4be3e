#!/usr/bin/perl
# The four official clients against the registry dialect: each does what its users do with
# it, from the first call to the last, and dies of nothing.
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Registry;
use Registry::Client;

my $t = Thaw->new(workers => 4, config => { trusted_proxies => '127.0.0.1' });
my $token = $t->admin;
my %who = people($t, qw(owner colleague));
# What a client does and what comes of it: its value, or its death as a failure.
sub does { my ($name, $code) = @_; local $Test::Builder::Level = $Test::Builder::Level + 1; my $got = eval { $code->() }; is($@, '', $name); return $got }
sub dies { my ($code, $like, $name) = @_; local $Test::Builder::Level = $Test::Builder::Level + 1; my $lived = eval { $code->(); 1 }; like($lived ? 'it lived' : $@, $like, $name) }
# Builds what is queued as long as the test runs, as `thaw build` does beside a server.
sub while_building {
    my $code = shift;
    my $stop = "$t->{dir}/stop-building";
    unlink $stop;
    my $builder = background(sub { until (-e $stop) { built($t); select undef, undef, undef, 0.1 } });
    my $done = eval { $code->(); 1 };
    my $died = $@;
    spew($stop, '');
    $builder->();
    die $died if !$done;
}

# --- Python ---------------------------------------------------------------------------------

scene 'Python: registered models' => sub {
    my $py = does('Client() connects' => sub { Registry::Client::Python->new($t, $who{owner}) }) or return;
    is(join(' ', $py->warnings_shown), '', 'without a warning that it is ahead of the server');
    like($py->{sent}[0], qr{^GET /api/v2/version/$}, 'the version is asked for first');
    my $v = does('RegisteredModelVersion.create_for_external' => sub { $py->create_for_external(name => 'Python', registeredModelName => 'From Python', tags => [ { name => 'a', value => 'b' } ]) });
    my $id = $v->{registeredModelId};
    is(does('RegisteredModel.get' => sub { $py->get($id) })->{name}, 'From Python', 'with its name');
    does('a second version' => sub { $py->create_for_external(name => 'Python 2', registeredModelId => $id) });
    is(join(' ', map { $_->{registeredModelVersion} } does('list_versions' => sub { [ $py->list_versions($id) ] })->@*), '2 1', 'both');
    is(does('list_versions(search)' => sub { [ $py->list_versions($id, search => 'Python 2', forChallenger => false, predictionThreshold => 0) ] })->@*, 0, 'filters that are false are sent, too');
    is(does('get_version' => sub { $py->get_version($id, $v->{id}) })->{name}, 'Python', 'get_version');
    is(does('update' => sub { $py->update($id, name => 'Renamed by Python', description => '') })->{description}, '', 'an update is parsed as a model');
    external($t, token => $who{owner}) for 1 .. 3;
    my $all = does('RegisteredModel.list: models without a description break nothing' => sub { [ $py->list_registered_models ] });
    cmp_ok(scalar @$all, '>=', 4, 'all of them');
    is(scalar does('list(limit=1)' => sub { [ $py->list_registered_models(limit => 1, sortKey => 'name', isGlobal => false) ] })->@*, scalar @$all, 'page by page, on the same server');
    is(does('list(created_at_start_ts)' => sub { [ $py->list_registered_models(createdAtStartTs => '2020-01-01T00:00:00.123456', modifiedAtEndTs => '2100-01-01T00:00:00+00:00') ] })->@*, @$all, 'times as isoformat() writes them');
    does('archive' => sub { $py->archive($id); 1 });
    is(json(does('get, archived' => sub { $py->get($id) })->{isArchived}), 'true', 'is_archived');
    is(does('its versions' => sub { [ $py->list_versions($id) ] })->@*, 2, 'and its versions');
    is(does('associated deployments' => sub { [ $py->list_associated_deployments($id) ] })->@*, 0, 'none');
};

scene 'Python: errors' => sub {
    my $py = Registry::Client::Python->new($t, $who{owner});
    $py->create_for_external(name => 'n', registeredModelName => 'Once');
    dies(sub { $py->create_for_external(name => 'n', registeredModelName => 'Once') }, qr/^ClientError 422: .*(?:already in use|already exist)/s, 'a duplicate');
    dies(sub { $py->get($NO_ID) }, qr/^ClientError 404: \S/, 'what does not exist');
    dies(sub { $py->update($NO_ID, name => 'x', bogus => 1) }, qr/^ClientError 422: .*is not allowed key/s, 'an optional feature that is not there, recognised by its wording');
    my $mine = $py->create_for_external(name => 'n', registeredModelName => 'Größe 東京')->{registeredModelId};
    is($py->get($mine)->{name}, 'Größe 東京', 'in a name');
    dies(sub { $py->update($mine, 'größe' => 1) }, qr/^ClientError 422: .*is not allowed key/, 'and in an error: its type has no charset');
    dies(sub { Registry::Client::Python->new($t, 'wrong')->list_registered_models }, qr/^ClientError 401: .*not properly authenticated/, 'a wrong token');
    dies(sub { Registry::Client::Python->new($t, $token)->get('nothing/here') }, qr/^ClientError 404/, 'a wrong address');
    my ($old) = $py->pages(undef, 'modelPackages/' . external($t, token => $who{owner})->{id} . '/sharedRoles/');
    like(join(' ', $py->warnings_shown), qr{registeredModels/}, 'a deprecated route is a warning that names the new one');
};

scene 'Python: sharing' => sub {
    my $py = Registry::Client::Python->new($t, $who{owner});
    my $id = external($t, token => $who{owner})->{registeredModelId};
    does('share(USER)' => sub { $py->share($id, { role => 'USER', shareRecipientType => 'user', username => 'colleague', canShare => true }); 1 });
    my @roles = does('get_shared_roles' => sub { [ $py->get_shared_roles($id) ] })->@*;
    is(join(' ', sort map { "$_->{username}=$_->{role}" } @roles), 'colleague=USER owner=OWNER', 'both');
    does('share(get_shared_roles()): with id and username' => sub { $py->share($id, @roles); 1 });
    for my $role (qw(OBSERVER READ_ONLY CONSUMER READ_WRITE EDITOR USER OWNER)) {
        does("share($role)" => sub { $py->share($id, { role => $role, shareRecipientType => 'user', username => 'colleague' }); 1 });
        is(does('get_shared_roles' => sub { [ $py->get_shared_roles($id) ] })->@*, 2, 'can still be read');
    }
    does('share(NO_ROLE)' => sub { $py->share($id, { role => 'NO_ROLE', shareRecipientType => 'user', username => 'colleague' }); 1 });
    dies(sub { $py->share($id, { role => 'NO_ROLE', shareRecipientType => 'user', username => 'owner' }) }, qr/^ClientError 409/, 'not the last owner');
    dies(sub { $py->share($id, { role => 'USER', shareRecipientType => 'user', username => 'nobody' }) }, qr/^ClientError 422/, 'nor nobody');
};

scene 'Python: leaderboard, custom models, deployments' => sub {
    my $py = Registry::Client::Python->new($t, $token);
    while_building(sub {
        my $m = imported($t)->{modelId};
        my ($v, $r);
        does('create_for_leaderboard_item' => sub { ($v, $r) = $py->create_for_leaderboard_item($m, name => 'From the leaderboard', registeredModelName => 'Leaderboard'); 1 }) or return;
        is(Registry::Client::Python::id_of(does('wait_for_async_resolution' => sub { $py->resolved($r) })), $v->{id}, 'the id at the end of it');
        is($py->get_version($v->{registeredModelId}, $v->{id})->{buildStatus}, 'complete', 'built');

        my $env = does('PredictionEnvironment.create' => sub { $py->create_prediction_environment(name => 'Python', platform => 'datarobotServerless') });
        ok(scalar(grep { $_->{id} eq $env->{id} } does('PredictionEnvironment.list' => sub { [ $py->list_prediction_environments ] })->@*), 'listed');
        my $d = does('Deployment.create_from_registered_model_version' => sub { $py->deploy($v->{id}, predictionEnvironmentId => $env->{id}, importance => 'LOW') });
        is($d->{modelPackage}{id}, $v->{id}, 'of that package');
        is(join(' ', map { $_->{id} } does('list_associated_deployments' => sub { [ $py->list_associated_deployments($v->{registeredModelId}) ] })->@*), $d->{id}, 'the model lists it');
        is(join(' ', map { $_->{id} } does('of its version' => sub { [ $py->list_associated_deployments($v->{registeredModelId}, $v->{id}) ] })->@*), $d->{id}, 'so does the version');
        my ($next, $job) = $py->create_for_leaderboard_item($m, registeredModelId => $v->{registeredModelId});
        $py->resolved($job);
        is(does('perform_model_replace' => sub { $py->replace($d->{id}, $next->{id}, 'OTHER') })->{modelPackage}{id}, $next->{id}, 'the champion is another');
        is(does('deactivate' => sub { $py->change_status($d->{id}, 'inactive') })->{status}, 'inactive', 'deactivate');
        is(does('activate' => sub { $py->change_status($d->{id}, 'active') })->{status}, 'active', 'activate');
        is(json(does('update_drift_tracking_settings' => sub { $py->change_settings($d->{id}, targetDrift => { enabled => true }) })->{targetDrift}{enabled}), 'true', 'settings');
        my $c = does('Challenger.create' => sub { $py->create_challenger($d->{id}, $v->{id}, 'Challenger', $env->{id}) });
        is($c->{modelPackage}{id}, $v->{id}, 'of the other package');
        is(does('Challenger.list' => sub { [ $py->list_challengers($d->{id}) ] })->[-1]{id}, $c->{id}, 'listed') if $c;
        does('Deployment.list' => sub { [ $py->list_deployments(orderBy => 'label', limit => 1) ] });
        does('Deployment.delete' => sub { $py->delete_deployment($d->{id}); 1 });
        dies(sub { $py->get_deployment($d->{id}) }, qr/^ClientError 404/, 'gone');

        my $custom = does('CustomInferenceModel.create' => sub { $py->create_custom_model(name => 'Python custom', targetType => 'Regression', targetName => 'y', language => '', description => '', supportsRegression => true, supportsBinaryClassification => false) });
        does('CustomInferenceModel.list' => sub { [ $py->list_custom_models ] });
        my $cv = does('CustomModelVersion.create_clean' => sub { $py->create_custom_model_version($custom->{id}, 'custom.py' => "print(1)\n") });
        my $package = does('create_for_custom_model_version' => sub { $py->create_for_custom_model_version($cv->{id}, name => 'Custom') });
        is($package->{modelId}, $cv->{id}, 'found again by the id of the version: no second one is made');
        does('UseCase.create' => sub { $py->create_use_case(name => 'Python case') });
    });
};

# --- Terraform ----------------------------------------------------------------------------------

scene 'Terraform: a registered model' => sub {
    my $tf = Registry::Client::Terraform->new($t, $token);
    is(does('account/info/' => sub { $tf->account })->{email}, 'admin@main.example', 'who am I');
    while_building(sub {
        my $version = custom_version($t, custom_model($t)->{id})->{id};
        my $m = does('create: register, describe, wait for the build, read' => sub { $tf->create_registered_model('fromCustomModelVersion', { customModelVersionId => $version, name => 'v1', registeredModelName => 'By Terraform' }, description => 'managed') });
        is("$m->{name} $m->{description} $m->{version}{registeredModelVersion}", 'By Terraform managed 1', 'as it was declared');
        dies(sub { $tf->make(fromCustomModelVersion => customModelVersionId => $version, registeredModelName => 'By Terraform') }, qr/^exists already$/, 'a name that is taken is recognised');
        my $second = does('update: a new version' => sub { $tf->create_registered_model('fromCustomModelVersion', { customModelVersionId => custom_version($t, custom_model($t)->{id})->{id}, name => 'v2', registeredModelId => $m->{id} }) });
        is($second->{version}{registeredModelVersion}, 2, 'read is the latest');
        is(does('a version renamed' => sub { $tf->rename_version($m->{id}, $second->{version}{id}, 'v2 renamed') })->{name}, 'v2 renamed', 'renamed');
        external($t, registeredModelId => $m->{id}, target => { name => 'churn', type => 'Binary', classNames => [ 'yes', 'no' ] }) for 1 .. 3;
        is(does('read, across pages' => sub { [ $tf->all("registeredModels/$m->{id}/versions/", limit => 2) ] })->@*, 5, 'of next its query is enough');
        e($t, 'E5', { id => (walk($t, "$API/registeredModels/$m->{id}/versions/"))[0]{id} });
        is(does('read when the latest version alone is archived' => sub { $tf->read($m->{id}) })->{version}{registeredModelVersion}, 5, 'is that one still');
        does('leaderboard' => sub { $tf->create_registered_model('fromLeaderboard', { modelId => imported($t)->{modelId}, registeredModelName => 'Terraform leaderboard' }, description => '') });
        my $case = reg($t, POST => 'useCases/', body => { name => 'Terraform case' })->{json}{id};
        does('added to a use case' => sub { $tf->add_to_use_case($case, $second->{version}{id}); 1 });
        does('destroy' => sub { $tf->delete_registered_model($m->{id}); 1 });
        does('and created again under the same name' => sub { $tf->create_registered_model('fromCustomModelVersion', { customModelVersionId => $version, name => 'v1', registeredModelName => 'By Terraform' }) });
    });
};

scene 'Terraform: a deployment' => sub {
    my $tf = Registry::Client::Terraform->new($t, $token);
    my $v = external($t);
    my $next = external($t, registeredModelId => $v->{registeredModelId});
    my $env = environment($t);
    my $d = does('create: the task by the seventh piece of Location' => sub { $tf->deploy($v->{id}, predictionEnvironmentId => $env->{id}) });
    is("$d->{status} $d->{modelPackage}{id} $d->{predictionEnvironment}{id}", "active $v->{id} $env->{id}", 'active');
    does('settings' => sub { $tf->settings($d->{id}, associationId => { autoGenerateId => false, requiredInPredictionRequests => false, columnNames => ['id'] }, predictionsSettings => { minComputes => 1, maxComputes => 2 }) });
    is(does('replace' => sub { $tf->replace($d->{id}, $next->{id}) })->{modelPackage}{id}, $next->{id}, 'replaced');
    dies(sub { $tf->call(DELETE => "predictionEnvironments/$env->{id}/") }, qr/409|existing deployments/, 'an environment in use is told apart');
    does('destroy: until it is not found' => sub { $tf->destroy_deployment($d->{id}); 1 });
    does('and then its environment' => sub { $tf->call(DELETE => "predictionEnvironments/$env->{id}/"); 1 });
    dies(sub { $tf->call(GET => "registeredModels/$NO_ID/") }, qr/^NotFoundError/, 'not found is not found');
    dies(sub { Registry::Client::Terraform->new($t, 'x')->account }, qr/^UnauthorizedError/, 'a wrong key');
};

# --- GitHub Action ----------------------------------------------------------------------------------

scene 'GitHub Action' => sub {
    my $action = does('ping, by its doubled slash' => sub { Registry::Client::Action->new($t, $token) }) or return;
    like($action->{sent}[0], qr{^GET /api/v2//ping$}, 'as it is sent');
    while_building(sub {
        my $version = custom_version($t, custom_model($t)->{id})->{id};
        is(does('find_registered_model, of none' => sub { $action->find_registered_model('Action') // 'none' }), 'none', 'no such model');
        my $v = does('register' => sub { $action->register($version, name => 'Action', registeredModelName => 'Action') });
        is(does('register again' => sub { $action->register($version, registeredModelId => $v->{registeredModelId}) })->{id}, $v->{id}, 'makes no second version of the same');
        external($t, registeredModelName => "Action $_") for 1 .. 3;
        is(does('find_registered_model' => sub { $action->find_registered_model('Action') })->{id}, $v->{registeredModelId}, 'by its exact name among several');
        is(does('update' => sub { $action->update($v->{registeredModelId}, description => 'by the action') })->{description}, 'by the action', 'exactly 200');
        does('pages that have all five' => sub { [ $action->paged("$_/?limit=2") ] }) for qw(registeredModels modelPackages deployments predictionEnvironments customModels);
        within(10, sub { e($t, 'E4', { id => $v->{id} })->{json}{buildStatus} eq 'complete' }, 'built');
        my $env = environment($t, supportedModelFormats => ['customModel']);
        ok(scalar(does('environments of a format' => sub { [ $action->environments_for('customModel') ] })->@*), 'an environment');
        my $d = does('deploy' => sub { $action->deploy($v->{id}, predictionEnvironmentId => $env->{id}, importance => 'LOW') });
        is(does('describe' => sub { $action->describe($d->{id}, label => 'Action label') })->{label}, 'Action label', 'exactly 204');
        is(does('settings' => sub { $action->settings($d->{id}, associationId => { columnNames => ['id'], requiredInPredictionRequests => true }) })->{associationId}{columnNames}[0], 'id', 'exactly 202, and then they are there');
        my $next = does('another version' => sub { $action->register(custom_version($t, custom_model($t)->{id})->{id}, registeredModelId => $v->{registeredModelId}) });
        within(10, sub { e($t, 'E4', { id => $next->{id} })->{json}{buildStatus} eq 'complete' }, 'built');
        is(does('replace' => sub { $action->replace($d->{id}, $next->{id}) })->{modelPackage}{id}, $next->{id}, 'replaced');
        my @challengers = does('challenger' => sub { [ $action->challenger($d->{id}, modelPackageId => $v->{id}, name => 'c', predictionEnvironmentId => $env->{id}) ] })->@*;
        ok(scalar(grep { $_->{modelPackage}{id} eq $v->{id} } @challengers), 'it is there');
        does('delete' => sub { $action->delete_deployment($d->{id}); 1 });
    });
};

# --- R ---------------------------------------------------------------------------------------------

scene 'R' => sub {
    my $r = does('ConnectToDataRobot: the version without a slash, and the projects' => sub { Registry::Client::R->new($t, $token) }) or return;
    is($r->{sent}[0], 'GET /api/v2/version', 'as it is sent');
    my $v = from_leaderboard($t, imported($t)->{modelId});
    is(does('ModelPackagesList' => sub { $r->list_packages(modelId => $v->{modelId}, offset => 0, limit => 100) })->{count}, 1, 'packages');
    does('RegisteredModelsList' => sub { $r->list_registered_models(search => 'a', limit => 5) });
    is(does('features, ordered as it may' => sub { $r->features($v->{id}, offset => 0, limit => 50, orderBy => '-featureType', includeNonPredictionFeatures => 'False') })->{totalCount}, 1, 'features');
    dies(sub { Registry::Client::R->new($t, 'x') }, qr/^\(401\) \S/, 'a wrong token: the message is shown');
};

# --- where the server stands ------------------------------------------------------------------------

scene 'absolute addresses are those that the client used' => sub {
    external($t) for 1 .. 2;
    my $r = reg($t, GET => 'registeredModels/?limit=1');
    like($r->{json}{next}, qr{^http://127\.0\.0\.1/api/v2/registeredModels/\?}, 'given a Host, then next has it');
    for my $case ([ [ 'X-Forwarded-Proto' => 'https' ], 'https://127.0.0.1/' ], [ [ 'X-Forwarded-Proto' => 'https', 'X-Forwarded-Host' => 'models.example.org' ], 'https://models.example.org/' ]) {
        my ($headers, $want) = @$case;
        $r = reg($t, GET => 'registeredModels/?limit=1', headers => $headers);
        like($r->{json}{next}, qr{^\Q$want\Eapi/v2/registeredModels/\?}, "given a proxy that says so, then $want");
        $r = reg($t, GET => 'registeredModels/?limit=1&offset=1', headers => $headers);
        like($r->{json}{previous}, qr{^\Q$want\E}, 'previous too');
        my $job = e($t, 'E2', {}, body => { modelId => imported($t)->{modelId} }, headers => $headers)->{headers}{location};
        like($job, qr{^\Q$want\Eapi/v2/status/}, 'and Location');
        built($t);
        like($t->req(GET => path_of($job), token => $token, headers => $headers)->{headers}{location}, qr{^\Q$want\Eapi/v2/}, 'to its end');
    }
};

scene 'the version that is told is a setting' => sub {
    my ($setting) = map { $_->{name} } grep { ($_->{value} // '') eq '2.99.0' } tables($t, 'config');
    ok($setting, 'given a setting whose default is 2.99.0') or return;
    my $old = Thaw->new(workers => 1, config => { $setting => '2.30.1' });
    my $v = reg($old, GET => 'version/', token => undef)->{json};
    is("$v->{major} $v->{minor} $v->{versionString}", '2 30 2.30.1', 'when it is another, then that is told');
    is(join(' ', Registry::Client::Python->new($old, $old->admin)->warnings_shown), 'the client is ahead of the server', 'and a client warns');
};

scene 'an organization without the registry' => sub {
    # The organization and its administrator are the same in each of these servers.
    my $off = Thaw->new(workers => 1, config => { registry_off => model($t)->{organization_id} });
    my $p = external($off, token => $off->other);
    for my $no (sort keys %ENDPOINT) {
        my $r = e($off, $no, { id => $NO_ID, vid => $NO_ID });
        refused($r, 403, undef, "$no: given that it is not enabled, then 403, before the 404");
        refused(e($off, $no, { id => $NO_ID, vid => $NO_ID }, token => undef), 401, undef, "$no: and after the 401");
    }
    refused(reg($off, POST => 'modelPackages/fromJSON/', body => { name => 'x', target => { name => 'y', type => 'Regression' } }), 403, undef, 'fromJSON too');
    is(reg($off, GET => 'version/', token => undef)->{status}, 200, 'the version is told all the same');
    is(e($off, 'E4', { id => $p->{id} }, token => $off->other)->{status}, 200, 'another organization has it');
};

$t->finish;
