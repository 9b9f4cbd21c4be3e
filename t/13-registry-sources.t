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

my $t = Thaw->new(workers => 2);
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
    refused(put_on("${pid}3"), 'projectName', 'a new one without a name');
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

subtest 'two who import into one new project at once share it' => sub {
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
    my $link = sub { api(@_) };
    my $at = sub { my ($u, $p) = @_; "/useCases/$u->{id}/registeredModelVersions/$p->{id}/" };
    my $r = is_ok(api(POST => $at->($u, $p), body => {}), 201, 'put in');
    is("$r->{useCaseId} $r->{entityId}", "$u->{id} $p->{id}", 'the answer says what');
    my $details = api(GET => "/modelPackages/$p->{id}/")->{json}{sourceMeta}{useCaseDetails};
    is_deeply([ @$details{qw(id name creatorName creatorEmail)} ], [ $u->{id}, 'one', 'admin', scalar $t->sql("SELECT email FROM principals WHERE username = 'admin'") ], 'the package tells of it');
    is(api(GET => "/useCases/$u->{id}/")->{json}{modelsCount}, 1, 'and it of the package');
    is(scalar @{ api(GET => "/registeredModels/$p->{registeredModelId}/versions/?useCaseId=$u->{id}")->{json}{data} }, 1, 'versions are found by it');
    my $revision = $t->sql("SELECT revision FROM model_versions WHERE id = UNHEX('$p->{id}')");
    is(api(POST => $at->($u, $p), body => {})->{status}, 201, 'once more');
    is($t->sql("SELECT revision FROM model_versions WHERE id = UNHEX('$p->{id}')"), $revision, 'changes nothing');
    is(api(DELETE => $at->($v, $p))->{status}, 404, 'it is not in the other');
    is(api(POST => $at->($v, $p), body => {})->{status}, 201, 'until it is put there');
    is(join(' ', map { api(GET => "/useCases/$_->{id}/")->{json}{modelsCount} } $u, $v), '0 1', 'and not here any more');
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

subtest 'who the caller is' => sub {
    my $me = is_ok(api(GET => '/account/info/', token => $reader), 200, 'asked');
    is(join(' ', sort keys %$me), 'email firstName lastName orgId permissions tenantId uid', 'what a client reads');
    is_deeply($me->{permissions}, {}, 'permissions are an object');
    is($me->{email}, $t->sql("SELECT email FROM principals WHERE username = 'reader'"), 'of the token');
    is(api(GET => '/account/info', token => undef)->{status}, 401, 'without a token nobody');
};

is($t->thaw('audit', 'verify')->{exit}, 0, 'audit and objects agree') or diag $t->thaw('audit', 'verify')->{out};
$t->finish;
