#!/usr/bin/perl
# What the registry makes packages from, and what surrounds them: models that are imported onto a leaderboard,
# custom models with their versions and files, use cases, and who the caller is.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;

my $t = Thaw->new(workers => 2, config => { artifact_limit => 300000 });
my ($admin, $reader, $other) = ($t->admin, $t->reader, $t->other);
my $pid = 'aaaaaaaaaaaaaaaaaaaaaaa';

sub api { my ($method, $path, %o) = @_; $t->req($method, "/api/v2$path", token => $admin, %o) }
sub is_ok { my ($r, $status, $what) = @_; is($r->{status}, $status, $what) or diag $r->{body}; $r->{json} }
sub refused { my ($r, $field, $what) = @_; is($r->{status}, 422, $what) or diag $r->{body}; ok($r->{json}{errors}{$field}, "says what is wrong with $field") or diag $r->{body} }
my %TARGET = (name => 'churn', type => 'Binary', classNames => [ 'yes', 'no' ]);
sub put_on { my ($project, %o) = @_; my $as = delete $o{as}; api(POST => "/projects/$project/models/import/", body => { modelType => 'LightGBM', target => {%TARGET}, %o }, token => $as // $admin) }

subtest 'a model is imported into a project, which is made' => sub {
    my $r = put_on("${pid}1", projectName => 'Churn', name => 'Best model', modelKind => { isCombinedModel => \1 },
        features => [ { name => 'age', featureType => 'Numeric', importance => 0.5 }, { name => 'note', usedForPredictions => \0 } ],
        logs => [ { level => 'INFO', message => 'trained', time => 1.5 } ], scoringCode => { location => 'local_leaderboard' }, originalFileName => 'm.mlpkg');
    my $made = is_ok($r, 201, 'imported');
    is($made->{projectId}, "${pid}1", 'in the project that the address names');
    like($made->{modelId}, qr/^[0-9a-f]{24}$/, 'it has an id');
    is(is_ok(api(GET => '/projects/'), 200, 'projects')->[0]{projectName}, 'Churn', 'are an array, the newest first');
    is(is_ok(api(GET => "/projects/${pid}1/"), 200, 'one')->{id}, "${pid}1", 'of that id');
    my $models = is_ok(api(GET => "/projects/${pid}1/models/"), 200, 'its models');
    is_deeply([ map { @$_{qw(id projectId modelType name targetName targetType)} } @$models ], [ $made->{modelId}, "${pid}1", 'LightGBM', 'Best model', 'churn', 'Binary' ], 'as an array');
    is_deeply(is_ok(api(GET => "/projects/${pid}1/models/$made->{modelId}/"), 200, 'one model'), $models->[0], 'the same');
    is($t->sql("SELECT GROUP_CONCAT(action ORDER BY id) FROM audit_events WHERE resource_type IN ('training_run', 'run_project')"), 'run_project.created,training_run.imported', 'both are audited');
    my $target = $t->sql('SELECT whole_target FROM training_runs WHERE project_id IS NOT NULL');
    is($target, '{"classCount":2,"classNames":["yes","no"],"name":"churn","predictionProbabilitiesColumn":null,"predictionThreshold":0.5,"type":"Binary"}', 'a target is whole');
};

subtest 'projects are found by the address, else by their name' => sub {
    is(is_ok(put_on("${pid}1"), 201, 'into one that there is, without its name')->{projectId}, "${pid}1", 'by its id');
    is(is_ok(put_on("${pid}2", projectName => 'Churn'), 201, 'by its name')->{projectId}, "${pid}1", 'there is one of that name already');
    refused(put_on("${pid}1", projectName => 'Other'), 'projectName', 'another name than it has');
    is(put_on("${pid}3")->{status}, 404, 'no new one without a name');
    is(put_on("${pid}1", as => $t->reader, target => { name => 'y', type => 'Binary', classNames => [ 'a', 'b', 'c' ] })->{status}, 403, 'who may not is told so, whatever the body says');
    is(put_on('nonsense', projectName => 'X')->{status}, 404, 'an address that is no id');
    is(scalar @{ api(GET => '/projects/?limit=1000')->{json} }, 1, 'one project');
    is(scalar @{ api(GET => "/projects/${pid}1/models/?limit=2&offset=2")->{json} }, 1, 'of three models, by pages');
};

subtest 'the id of a model may be given, once' => sub {
    my $id = 'bbbbbbbbbbbbbbbbbbbbbbbb';
    is(is_ok(put_on("${pid}1", id => $id), 201, 'given')->{modelId}, $id, 'as it was given');
    my $r = put_on("${pid}1", id => $id);
    is($r->{status}, 422, 'not twice');
    like($r->{json}{message}, qr/already/, 'says so');
};

subtest 'what does not go together is refused, and nothing is made' => sub {
    my $before = $t->sql('SELECT COUNT(*) FROM training_runs');
    refused(put_on("${pid}1", target => { %TARGET, classNames => [ 'a', 'b', 'c' ] }), 'target.classNames', 'three classes of a Binary target');
    refused(put_on("${pid}1", target => { name => 'x', type => 'Regression', predictionThreshold => 0.4 }), 'target.predictionThreshold', 'a threshold of a regression');
    refused(put_on("${pid}1", target => { name => 'x', type => 'Nothing' }), 'target.type', 'a type that there is not');
    refused(put_on("${pid}1", target => { name => 'x', type => 'Multiclass', classNames => [ 'a', 'a' ] }), 'target.classNames', 'a class twice');
    refused(put_on("${pid}1", features => [ { featureType => 'Numeric' } ]), 'features[0].name', 'a feature without a name');
    refused(put_on("${pid}1", logs => [ { level => 'LOUD', message => 'x', time => 1 } ]), 'logs[0].level', 'a level that there is not');
    refused(put_on("${pid}1", timeseries => { forecastDistances => ['x'] }), 'timeseries.forecastDistances[0]', 'a distance that is no number');
    refused(put_on("${pid}1", timeseries => { featureDerivationWindowEnd => 1 }), 'timeseries.featureDerivationWindowEnd', 'a window in the future');
    is(put_on("${pid}1", as => $reader)->{status}, 403, 'a reader');
    is($t->sql('SELECT COUNT(*) FROM training_runs'), $before, 'nothing was made');
    is(api(GET => "/projects/${pid}1/", token => $other)->{status}, 404, 'another organization does not see it');
    is(scalar @{ api(GET => '/projects/', token => $other)->{json} }, 0, 'nor in its list');
};

subtest 'four who import into one new project at once share it' => sub {
    my @made = concurrently(4, sub { put_on($pid . (4 + $_[0]), projectName => 'At once')->{status} });
    is(join(' ', @made), '201 201 201 201', 'all of them');
    is($t->sql("SELECT COUNT(DISTINCT project_id) FROM training_runs r JOIN run_projects p ON p.id = r.project_id WHERE p.name = 'At once'"), 1, 'one project');
};

subtest 'a package is made from it' => sub {
    my $made = put_on("${pid}1", name => 'To be registered', originalFileName => 'm.mlpkg', scoringCode => { location => 'mlpkg' }, timeseries => { seriesColumnName => 'shop' })->{json};
    my $p = is_ok(api(POST => '/modelPackages/fromLearningModel/', body => { modelId => $made->{modelId} }), 201, 'a package');
    is_deeply([ @$p{qw(name modelId modelExecutionType)}, $p->{target}{name}, $p->{target}{classNames}, $p->{importMeta}{originalFileName}, $p->{importMeta}{containsProjectMeta} ],
        [ 'To be registered', $made->{modelId}, 'dedicated', 'churn', [ 'yes', 'no' ], 'm.mlpkg', JSON::PP::true ], 'has what was imported');
    is_deeply([ @{ $p->{sourceMeta} }{qw(projectId projectName)}, $p->{sourceMeta}{scoringCode}{location}, $p->{timeseries}{seriesColumnName}, $p->{modelKind}{isMultiseries} ],
        [ "${pid}1", 'Churn', 'mlpkg', 'shop', JSON::PP::true ], 'and where it comes from');
    my $m = model($t);
    trained($t, $m->{id});
    my $id = $t->sql("SELECT LOWER(HEX(id)) FROM training_runs WHERE model_id IS NOT NULL ORDER BY id DESC LIMIT 1");
    is(is_ok(api(POST => '/modelPackages/fromLearningModel/', body => { modelId => $id }), 201, 'also from a run of a model')->{modelId}, $id, 'its own');
};

# --- use cases ---------------------------------------------------------------------------

sub use_case { is_ok(api(POST => '/useCases/', body => {@_}), 201, 'a use case') }
sub package_of { is_ok(api(POST => '/modelPackages/fromJSON/', body => { name => 'external ' . shift, target => { name => 'y', type => 'Regression' } }), 201, 'a package') }

subtest 'a use case is made, read, listed, changed and deleted' => sub {
    my $r = api(POST => '/useCases/', body => { name => 'Fraud' });
    my $u = is_ok($r, 201, 'made');
    like($r->{headers}{location}, qr{^http://[^/]+/api/v2/useCases/$u->{id}/$}, 'and where it is');
    is(join(' ', sort keys %$u), 'applicationsCount created createdAt datasetsCount description filesCount id members modelsCount name notebooksCount projectsCount updated updatedAt', 'with what clients require');
    is($u->{description}, '', 'a description is a text');
    my $me = $t->sql("SELECT CONCAT('usr-', LOWER(HEX(id))) FROM principals WHERE username = 'admin'") =~ s/usr-//r;
    is("$u->{created}{id} $u->{updated}{id}", lc "$me $me", 'who made it');
    my $edited = is_ok(api(PATCH => "/useCases/$u->{id}/", body => { description => 'who pays' }), 200, 'changed');
    is("$edited->{name}: $edited->{description}", 'Fraud: who pays', 'in part');
    is(is_ok(api(POST => '/useCases/', body => {}), 201, 'without a name')->{name}, 'Untitled use case', 'it gets one');
    is(join(' ', map { $_->{name} } @{ api(GET => '/useCases/?search=rau')->{json}{data} }), 'Fraud', 'found by a part of its name');
    is(api(GET => '/useCases/?limit=1')->{json}{totalCount}, 2, 'two in all');
    is(api(DELETE => "/useCases/$u->{id}/", token => $reader)->{status}, 403, 'a reader may not');
    is(api(DELETE => "/useCases/$u->{id}/")->{status}, 204, 'deleted');
    is(api(GET => "/useCases/$u->{id}/")->{status}, 404, 'gone');
    is(api(GET => '/useCases/')->{json}{totalCount}, 1, 'out of the list');
    is($t->sql("SELECT GROUP_CONCAT(type ORDER BY revision) FROM outbox WHERE resource_type = 'use_case' AND resource_id = UNHEX('$u->{id}')"), 'use_case.created,use_case.updated,use_case.deleted', 'subscribers are told');
};

subtest 'a version is put into a use case and taken out' => sub {
    my ($u, $v, $p) = (use_case(name => 'one'), use_case(name => 'two'), package_of('linked'));
    my $at = sub { my ($u, $p) = @_; "/useCases/$u->{id}/registeredModelVersions/$p->{id}/" };
    my $r = is_ok(api(POST => $at->($u, $p), body => {}), 201, 'put in');
    is("$r->{useCaseId} $r->{entityId}", "$u->{id} $p->{id}", 'the answer says what');
    my $details = api(GET => "/modelPackages/$p->{id}/")->{json}{sourceMeta}{useCaseDetails};
    is_deeply([ @$details{qw(id name creatorName creatorEmail)} ], [ $u->{id}, 'one', 'admin', scalar $t->sql("SELECT email FROM principals WHERE username = 'admin'") ], 'the package tells of it');
    is(join(' ', map { api(GET => "/useCases/$u->{id}/", token => $_)->{json}{modelsCount} } $admin, $reader), '1 0', 'and it of the package, to who sees that');
    is(scalar @{ api(GET => "/registeredModels/$p->{registeredModelId}/versions/?useCaseId=$u->{id}")->{json}{data} }, 1, 'versions are found by it');
    my $revision = $t->sql("SELECT revision FROM model_versions WHERE id = UNHEX('$p->{id}')");
    is(api(POST => $at->($u, $p), body => {})->{status}, 201, 'once more');
    is($t->sql("SELECT revision FROM model_versions WHERE id = UNHEX('$p->{id}')"), $revision, 'changes nothing');
    my $elsewhere = api(DELETE => $at->($v, $p));
    is("$elsewhere->{status} $elsewhere->{json}{message}", '404 The model version is not in this use case', 'it is not in the other');
    is(api(POST => $at->($v, $p), body => {})->{status}, 201, 'until it is put there');
    is(join(' ', map { api(GET => "/useCases/$_->{id}/")->{json}{modelsCount} } $u, $v), '0 1', 'and not here any more');
    is($t->sql("SELECT GROUP_CONCAT(type ORDER BY revision) FROM outbox WHERE resource_id = UNHEX('$u->{id}')"), 'use_case.created,use_case.version_linked,use_case.version_unlinked', 'as its history tells');
    is(api(DELETE => $at->($v, $p))->{status}, 204, 'taken out');
    is(api(GET => "/modelPackages/$p->{id}/")->{json}{sourceMeta}{useCaseDetails}, undef, 'the package tells of none');
    is(api(POST => $at->({ id => '0' x 23 . 'f' }, $p), body => {})->{status}, 404, 'a use case that is not there');
    is(api(POST => $at->($u, { id => '0' x 23 . 'f' }), body => {})->{status}, 404, 'a version that is not there');
    my ($in, $gone) = (package_of('in'), use_case(name => 'gone'));
    api(POST => $at->($gone, $in), body => {});
    api(DELETE => "/useCases/$gone->{id}/");
    is(api(GET => "/modelPackages/$in->{id}/")->{json}{sourceMeta}{useCaseDetails}{name}, 'gone', 'what was in a deleted one goes on to tell of it');
    is(api(POST => $at->($gone, $p), body => {})->{status}, 404, 'which nothing is put into');
};

subtest 'what is archived is taken out of a use case' => sub {
    my $u = use_case(name => 'of the archived');
    my @all = map { package_of("archived $_") } 1 .. 3;
    my $at = sub { "/useCases/$u->{id}/registeredModelVersions/$_[0]{id}/" };
    is(api(POST => $at->($_), body => {})->{status}, 201, 'put in') for @all;
    is(api(POST => "/modelPackages/$all[0]{id}/archive/")->{status}, 204, 'a version is archived');
    is(api(DELETE => "/registeredModels/$all[1]{registeredModelId}/")->{status}, 204, 'a model is, for good');
    is(act($t, "mdl-$all[2]{registeredModelId}", 'archive')->{status}, 200, 'and one that can come back');
    is(api(POST => $at->($_), body => {})->{status}, 201, 'what is in it is in it') for @all;
    is(api(DELETE => $at->($_))->{status}, 204, 'taken out') for @all;
    is(api(GET => "/useCases/$u->{id}/")->{json}{modelsCount}, 0, 'all of them');
    is(api(POST => $at->($_), body => {})->{status}, 422, 'and not put in any more') for @all;
    is($t->thaw('audit', 'verify')->{exit}, 0, 'as the history has it');
};

subtest 'versions that change their use cases at once' => sub {
    my @u = map { use_case(name => "both $_") } 1, 2;
    my @p = map { package_of("both $_") } 1 .. 4;
    my $at = sub { "/useCases/$u[$_[0]]{id}/registeredModelVersions/$p[$_[1]]{id}/" };
    api(POST => $at->($_ % 2, $_), body => {}) for 0 .. 3;
    is(join(' ', concurrently(4, sub { api(POST => $at->(1 - $_[0] % 2, $_[0] % 4), body => {})->{status} })), '201 201 201 201', 'all do');
    is(join(' ', map { api(GET => "/useCases/$_->{id}/")->{json}{modelsCount} } @u), '2 2', 'each is in one');
};

# --- custom models -----------------------------------------------------------------------

my %CUSTOM = (targetType => 'Binary', customModelType => 'inference', targetName => 'churn', positiveClassLabel => 'yes', negativeClassLabel => 'no', predictionThreshold => 0.4, language => 'Python');
my $names = 0;
sub custom { is_ok(api(POST => '/customModels/', body => { name => 'custom ' . ++$names, %CUSTOM, @_ }), 201, 'a custom model') }
sub form {
    my ($method, $path, @parts) = @_;
    my $body = join '', map { my ($name, $value, $file) = @$_; "--b0undary\r\nContent-Disposition: form-data; name=\"$name\"" . (defined $file ? "; filename=\"$file\"" : '') . "\r\n\r\n$value\r\n" } @parts;
    return api($method => $path, body => "$body--b0undary--\r\n", type => 'multipart/form-data; boundary=b0undary');
}
sub files { join ' ', map { $_->{filePath} } @{ $_[0]{items} } }

subtest 'a custom model is made, read, listed, changed and deleted' => sub {
    my $r = api(POST => '/customModels/', body => { name => 'Churn model', %CUSTOM, supportsBinaryClassification => \1, networkEgressPolicy => 'PUBLIC', userProvidedId => 'git/1',
        gitModelVersion => { refName => 'main' }, somethingNew => [1] });
    my $m = is_ok($r, 201, 'made, whatever else is sent');
    like($r->{headers}{location}, qr{/api/v2/customModels/$m->{id}/$}, 'and where it is');
    is_deeply([ @$m{qw(name description language targetType targetName predictionThreshold createdBy deploymentsCount latestVersion userProvidedId networkEgressPolicy)} ],
        [ 'Churn model', '', 'Python', 'Binary', 'churn', 0.4, 'admin', 0, undef, 'git/1', 'PUBLIC' ], 'with what clients read');
    is_deeply($m->{gitModelVersion}, { refName => 'main' }, 'what is told back is kept');
    is_deeply([ @$m{qw(supportsBinaryClassification supportsRegression trainingDataAssignmentInProgress)} ], [ JSON::PP::true, JSON::PP::false, JSON::PP::false ], 'flags are flags');
    is_deeply(is_ok(api(GET => "/customModels/$m->{id}/"), 200, 'read'), $m, 'the same');
    my $edited = is_ok(api(PATCH => "/customModels/$m->{id}/", body => { description => 'new', maximumMemory => 4096 }), 200, 'changed');
    is_deeply([ @$edited{qw(name description maximumMemory networkEgressPolicy)} ], [ 'Churn model', 'new', 4096, 'PUBLIC' ], 'in part');
    my $other = custom(name => 'another');
    is(join(' ', map { $_->{name} } @{ api(GET => '/customModels/?searchFor=CHURN&customModelType=inference&isDeployed=False')->{json}{data} }), 'Churn model', 'found');
    is(join(', ', map { $_->{name} } @{ api(GET => '/customModels/?orderBy=updated')->{json}{data} }), 'Churn model, another', 'in an order');
    is(join(', ', map { $_->{name} } @{ api(GET => '/customModels/?orderBy=-created&limit=1')->{json}{data} }), 'another', 'or in another');
    is(api(GET => '/customModels/?isDeployed=true')->{json}{totalCount}, 0, 'none is deployed');
    is(api(POST => '/customModels/', body => { name => 'x', %CUSTOM }, token => $reader)->{status}, 403, 'a reader makes none');
    refused(api(POST => '/customModels/', body => { name => 'x', %CUSTOM, negativeClassLabel => 'yes' }), 'negativeClassLabel', 'two classes are not one');
    refused(api(POST => '/customModels/', body => { name => 'x', %CUSTOM, targetType => 'Multiclass', classLabels => [ 'a', 'a' ] }), 'classLabels', 'nor a class two');
    refused(api(PATCH => "/customModels/$m->{id}/", body => { positiveClassLabel => 'no' }), 'negativeClassLabel', 'nor later');
    is(api(DELETE => "/customModels/$_->{id}/")->{status}, 204, 'deleted') for $m, $other;
    is(api(GET => "/customModels/$m->{id}/")->{status}, 404, 'gone');
    is(api(GET => "/customModels/$m->{id}/versions/")->{status}, 404, 'with its versions');
    is($t->sql("SELECT GROUP_CONCAT(type ORDER BY revision) FROM outbox WHERE resource_id = UNHEX('$m->{id}')"), 'custom_model.created,custom_model.updated,custom_model.deleted', 'subscribers are told');
};

subtest 'versions have files, which the next one keeps' => sub {
    my $m = custom();
    my $r = form(POST => "/customModels/$m->{id}/versions/", [ isMajorUpdate => 'True' ], [ baseEnvironmentId => 'env1' ], [ gitModelVersion => '{"refName":"main"}' ], [ replicas => '2' ],
        [ file => "print(1)\n", 'custom.py' ], [ filePath => 'custom.py' ], [ file => "\0\1binary", 'weights.bin' ], [ filePath => 'model/weights.bin' ]);
    my $v = is_ok($r, 201, 'a form with files');
    like($r->{headers}{location}, qr{/customModels/$m->{id}/versions/$v->{id}/$}, 'and where it is');
    is_deeply([ @$v{qw(customModelId versionMajor versionMinor label baseEnvironmentId replicas)}, $v->{gitModelVersion}{refName} ], [ $m->{id}, 1, 0, 'v1.0', 'env1', 2, 'main' ], 'what it is');
    is(files($v), 'custom.py model/weights.bin', 'its files');
    is(join(' ', map { "$_->{fileName} $_->{fileSource}" } @{ $v->{items} }), 'custom.py local weights.bin local', 'as items');
    is($t->sql("SELECT CAST(content AS CHAR) FROM artifacts a JOIN custom_files f ON f.sha256 = a.sha256 WHERE f.path = 'custom.py'"), "print(1)\n" =~ s/\n//r . '\n', 'are kept under their checksums');

    my $next = is_ok(form(PATCH => "/customModels/$m->{id}/versions/", [ isMajorUpdate => 'False' ], [ filesToDelete => $v->{items}[1]{id} ], [ file => 'print(2)', 'x' ], [ filePath => 'custom.py' ], [ file => 'm', 'new.txt' ]), 201, 'the next one');
    is("$next->{label} " . files($next), 'v1.1 custom.py new.txt', 'keeps, replaces, deletes and adds');
    is("$next->{baseEnvironmentId} $next->{replicas}", 'env1 2', 'and has the rest of the one before');
    isnt($next->{items}[0]{id}, $v->{items}[0]{id}, 'another file is another item');
    my $third = is_ok(api(PATCH => "/customModels/$m->{id}/versions/", body => { isMajorUpdate => 'false', runtimeParameterValues => '[{"fieldName":"A","type":"string","value":"b"}]', maximumMemory => 100 }), 201, 'as JSON, with JSON in texts');
    is("$third->{label} " . files($third), 'v1.2 custom.py new.txt', 'the same files');
    is($third->{items}[0]{id}, $next->{items}[0]{id}, 'which are the same items');
    is_deeply($third->{runtimeParameters}, [ { fieldName => 'A', type => 'string', defaultValue => undef, overrideValue => 'b', currentValue => 'b' } ], 'parameters have their values');
    my $fresh = is_ok(api(POST => "/customModels/$m->{id}/versions/", body => { isMajorUpdate => \1, label => 'mine', resourceBundleId => '123456', networkEgressPolicy => 'null' }), 201, 'a fresh one');
    is_deeply([ @$fresh{qw(resourceBundleId networkEgressPolicy)} ], [ '123456', 'null' ], 'whose texts stay texts');
    like($t->sql("SELECT settings FROM custom_versions WHERE id = UNHEX('$fresh->{id}')"), qr/"123456"/, 'and are kept as such');
    is("$fresh->{versionMajor}.$fresh->{versionMinor} $fresh->{label} " . files($fresh), '2.0 mine ', 'has nothing of them');
    is(join(' ', map { "$_->{versionMajor}.$_->{versionMinor}" } @{ api(GET => "/customModels/$m->{id}/versions/")->{json}{data} }), '2.0 1.2 1.1 1.0', 'newest first');
    is(api(GET => "/customModels/$m->{id}/")->{json}{latestVersion}{id}, $fresh->{id}, 'the model tells of the latest');
    is((grep { $_->{id} eq $m->{id} } @{ api(GET => '/customModels/')->{json}{data} })[0]{latestVersion}{label}, 'mine', 'also in the list');
    my $edited = is_ok(api(PATCH => "/customModels/$m->{id}/versions/$v->{id}/", body => { description => 'first', gitModelVersion => { refName => 'x' } }), 200, 'one is changed');
    is_deeply([ $edited->{description}, $edited->{gitModelVersion}{refName}, $edited->{label}, files($edited) ], [ 'first', 'x', 'v1.0', files($v) ], 'in part');
    is(api(GET => "/customModels/$m->{id}/versions/" . '0' x 23 . '1/')->{status}, 404, 'one that is not there');
    is($t->sql("SELECT GROUP_CONCAT(action ORDER BY revision SEPARATOR ' ') FROM audit_events WHERE resource_id = UNHEX('$m->{id}')"),
        'custom_model.created' . ' custom_model.version_created' x 4 . ' custom_model.version_updated', 'all is in the history');
};

subtest 'versions that are made at once are numbered one after the other' => sub {
    my $m = custom();
    my $path = "/customModels/$m->{id}/versions/";
    is(join(' ', concurrently(4, sub { form(PATCH => $path, [ isMajorUpdate => 'False' ], [ file => "of $_[0]", "f$_[0]" ])->{status} })), '201 201 201 201', 'all of them');
    my @all = @{ api(GET => $path)->{json}{data} };
    is(join(' ', map { "$_->{label}:" . @{ $_->{items} } } reverse @all), 'v1.0:1 v1.1:2 v1.2:3 v1.3:4', 'each has the files of the one before');
    my @twice = map { api(POST => $path, body => "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\ny\r\n--b--\r\n", type => 'multipart/form-data; boundary=b', headers => [ 'Idempotency-Key' => 'once' ]) } 1, 2;
    is($twice[1]{json}{id}, $twice[0]{json}{id}, 'with an Idempotency-Key a repetition makes no other');
    is(api(PATCH => "/customModels/$m->{id}/", body => { description => 'x' }, headers => [ 'If-Match' => '"1-x"' ])->{status}, 412, 'and If-Match is heeded');
};

subtest 'forms that are refused leave nothing' => sub {
    my $m = custom();
    my $path = "/customModels/$m->{id}/versions/";
    for my $bad ('../x', '/etc/passwd', 'a//b', 'a/./b', "a\tb", 'a\\b', 'a.py ') {
        is(form(POST => $path, [ file => 'x', 'x' ], [ filePath => $bad ])->{status}, 422, "a path such as $bad");
    }
    is(form(POST => $path, [ file => 'x', 'a.py' ], [ file => 'y', 'a.py' ])->{status}, 422, 'two files of one path');
    is(form(POST => $path, [ isMajorUpdate => 'perhaps' ])->{status}, 422, 'neither true nor false');
    my $large = form(POST => $path, [ file => 'x' x 300001, 'model.bin' ]);
    is($large->{status}, 413, 'one that is too large');
    like($large->{json}{message}, qr/`model\.bin` has 300001 bytes, and the limit is 300000 \(artifact_limit\)/, 'says which, and the limit');
    is(api(POST => $path, body => "--b\r\nno form", type => 'multipart/form-data; boundary=b')->{status}, 400, 'no form at all');
    is(api(POST => $path, body => '{}', type => 'text/plain')->{status}, 415, 'another type');
    is(form(POST => '/useCases/', [ name => 'x' ])->{status}, 415, 'where no form is taken');
    is($t->sql("SELECT COUNT(*) FROM custom_versions WHERE custom_model_id = UNHEX('$m->{id}')"), 0, 'no version was made');
};

subtest 'files stay as long as their custom model does' => sub {
    my ($stays, $goes) = map { my $m = custom(); form(POST => "/customModels/$m->{id}/versions/", [ file => "of both", 'x' ], [ file => "of $m->{name} alone", 'y' ])->{status} == 201 or die; $m } 1, 2;
    $t->sql('UPDATE artifacts SET created_at = created_at - INTERVAL 1000 DAY');
    api(DELETE => "/customModels/$goes->{id}/")->{status} == 204 or die;
    is($t->thaw('sweep')->{exit}, 0, 'swept');
    my $there = sub { scalar $t->sql("SELECT COUNT(*) FROM artifacts WHERE content = '$_[0]'") };
    is(join(' ', map { $there->($_) } 'of both', "of $stays->{name} alone", "of $goes->{name} alone"), '1 1 0', 'those of the deleted one alone are gone');
};

subtest 'training data comes with a job that is done' => sub {
    my $m = custom();
    my $r = api(PATCH => "/customModels/$m->{id}/versions/withTrainingData/", body => { trainingData => { datasetId => 'd' x 24 }, holdoutData => { partitionColumn => 'p' } });
    my $v = is_ok($r, 202, 'accepted');
    is($v->{trainingData}{datasetId}, 'd' x 24, 'the data is kept');
    my ($status) = $r->{headers}{location} =~ m{/api/v2(/status/.*)};
    my $done = api(GET => $status);
    is($done->{status}, 303, 'the job is done');
    my ($where) = $done->{headers}{location} =~ m{/api/v2(/.*)};
    is(is_ok(api(GET => $where), 200, 'the version')->{id}, $v->{id}, 'is its result');
};

subtest 'a package is made from a version' => sub {
    my $m = custom(name => 'To be packaged', userProvidedId => 'git/2');
    my $v = is_ok(api(POST => "/customModels/$m->{id}/versions/", body => { trainingData => { datasetId => 'e' x 24 } }), 201, 'a version');
    my $r = api(POST => '/modelPackages/fromCustomModelVersion/', body => { customModelVersionId => $v->{id} });
    my $p = is_ok($r, 201, 'a package');
    is_deeply([ @$p{qw(name modelId modelExecutionType)}, @{ $p->{target} }{qw(name type predictionThreshold)}, @{ $p->{target}{classNames} } ],
        [ 'To be packaged', $v->{id}, 'custom_inference_model', 'churn', 'Binary', 0.4, 'yes', 'no' ], 'of that version');
    is_deeply([ @{ $p->{sourceMeta}{customModelDetails} }{qw(id versionLabel creatorName)} ], [ $m->{id}, 'v1.0', 'admin' ], 'tells where it comes from');
    is("$p->{datasets}{trainingDataCatalogId} $p->{userProvidedId}", 'e' x 24 . ' git/2', 'what it was trained with, and what others call it');
    my $u = custom(name => 'unstructured', targetType => 'Unstructured', targetName => undef, predictionThreshold => 0.4);
    my $w = is_ok(api(POST => "/customModels/$u->{id}/versions/", body => {}), 201, 'a version');
    my $q = is_ok(api(POST => '/modelPackages/fromCustomModelVersion/', body => { customModelVersionId => $w->{id} }), 201, 'of whatever type');
    is("$q->{target}{type} $q->{target}{name}", 'Unstructured unstructured', 'it has a target');

    # a deployment uses it
    my $deployed = sub { $t->sql("INSERT INTO deployments (organization_id, id, model_id, version_id, label, status, created_by, created_at, updated_at, revision)
        SELECT organization_id, UNHEX('$_[0]'), model_id, id, 'x', 'inactive', created_by, NOW(6), NOW(6), 1 FROM model_versions WHERE id = UNHEX('$p->{id}')") };
    $deployed->('f' x 24);
    is(api(GET => "/customModels/$m->{id}/")->{json}{deploymentsCount}, 1, 'a deployment is counted');
    is(api(GET => '/customModels/?isDeployed=True')->{json}{totalCount}, 1, 'and found');
    my $told = sub { join ' ', api(GET => "/customModels/$m->{id}/", token => $reader)->{json}{deploymentsCount},
        map { scalar grep { $_->{id} eq $m->{id} } @{ api(GET => "/customModels/?isDeployed=$_", token => $reader)->{json}{data} } } qw(True False) };
    is($told->(), '0 0 1', 'not by those who do not see the model that is deployed');
    my $shown = sub { api(PATCH => "/registeredModels/$p->{registeredModelId}/", body => { isGlobal => $_[0] })->{status} == 200 or die };
    $shown->(\1);
    is($told->(), '1 1 0', 'until they do');
    $shown->(\0);
    for my $query ("?customModelIds=$m->{id}", '?customModelIds=' . join(',', ('a' x 24) x 20, $m->{id}), '') {
        my $uses = is_ok(api(GET => "/customModelDeployments/$query"), 200, 'deployments of custom models');
        is(join(' ', map { "$_->{id} $_->{customModel}{id} $_->{customModelVersion}{label}" } @{ $uses->{data} }), join(' ', 'f' x 24, $m->{id}, 'v1.0'), 'tell which');
    }
    is(api(GET => "/customModelDeployments/?customModelIds=$m->{id}", token => $reader)->{json}{totalCount}, 0, 'to those who see the model that is deployed');
    # 1000 newer ones that a reader does not see, and one that it does
    my $seen = custom(name => 'Seen');
    my $package = is_ok(api(POST => '/modelPackages/fromCustomModelVersion/', body => { customModelVersionId => api(POST => "/customModels/$seen->{id}/versions/", body => {})->{json}{id} }), 201, 'a package');
    $t->sql("UPDATE models SET is_global = 1 WHERE id = UNHEX('$package->{registeredModelId}')");
    my $many = sub { my ($first, $last, $of) = @_; $t->sql("INSERT INTO deployments (organization_id, id, model_id, version_id, label, status, created_by, created_at, updated_at, revision)
        SELECT v.organization_id, UNHEX(LPAD(HEX(s.seq), 24, '0')), v.model_id, v.id, 'x', 'inactive', v.created_by, NOW(6), NOW(6), 1 FROM model_versions v, seq_${first}_to_$last s WHERE v.id = UNHEX('$of')") };
    $many->(1, 1, $package->{id});
    $many->(2, 1001, $p->{id});
    is_deeply([ map { $_->{id} } @{ api(GET => '/customModelDeployments/', token => $reader)->{json}{data} } ], [ '0' x 23 . '1' ], 'however many others there are');
    is_deeply([ map { $_->{id} } @{ api(GET => '/customModelDeployments/?limit=2&customModelIds=' . join(',', $seen->{id}, ('a' x 24) x 20, $m->{id}))->{json}{data} } ],
        [ 'f' x 24, sprintf '%024x', 1001 ], 'newest first, in whatever order they are named');
    $t->sql("DELETE FROM deployments WHERE id < UNHEX('" . '0' x 20 . "1000')");
    $t->sql("UPDATE models SET is_global = 0 WHERE id = UNHEX('$package->{registeredModelId}')");
    my $no = api(DELETE => "/customModels/$m->{id}/");
    is($no->{status}, 409, 'it cannot be deleted');
    like($no->{json}{message}, qr/existing deployments/, 'which clients know by these words');
    $t->sql("DELETE FROM deployments WHERE id = UNHEX('" . 'f' x 24 . "')");
    is(api(DELETE => "/customModels/$m->{id}/")->{status}, 204, 'until there is none');
    is(api(POST => '/modelPackages/fromCustomModelVersion/', body => { customModelVersionId => $v->{id} })->{status}, 422, 'of a deleted one no package is made');
    is(api(GET => "/modelPackages/$p->{id}/")->{json}{id}, $p->{id}, 'what was made stays');
};

subtest 'lists of what there is none of' => sub {
    for my $path ('/customModelDeployments/?customModelIds=' . 'a' x 24, '/customModelDeployments/', '/executionEnvironments/') {
        my $page = is_ok(api(GET => $path), 200, $path);
        is_deeply([ $page->{data}, @$page{qw(count totalCount next previous)} ], [ [], 0, 0, undef, undef ], 'an empty page');
    }
};

subtest 'who the caller is' => sub {
    my $me = is_ok(api(GET => '/account/info/', token => $reader), 200, 'asked');
    is(join(' ', sort keys %$me), 'email firstName lastName orgId permissions tenantId uid', 'what a client reads');
    is_deeply($me->{permissions}, {}, 'permissions are an object');
    is($me->{email}, $t->sql("SELECT email FROM principals WHERE username = 'reader'"), 'of the token');
    is(api(GET => '/account/info', token => undef)->{status}, 401, 'without a token nobody');
};

is($t->thaw('audit', 'verify')->{exit}, 0, 'audit and objects agree') or diag $t->thaw('audit', 'verify')->{out};
$t->finish;
