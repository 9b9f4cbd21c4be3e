#!/usr/bin/perl
# The registry dialect: package files, which a worker builds behind the answer, and the jobs
# that clients ask about; what becomes of a build whose worker is killed, or that cannot be done.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Uncompress::Unzip ();
use Test::More;
use Thaw;
use Contract;
use Digest::SHA 'sha256_hex';
use Registry;
use Time::HiRes 'sleep';

my $t = Thaw->new;
my $token = $t->admin;
my ($member, $reader, $other) = ($t->member, $t->reader, $t->other);

sub v2 { my ($method, $path, %o) = @_; $t->req($method, "/api/v2/$path", token => $token, %o) }
sub rows { scalar $t->sql("SELECT COUNT(*) FROM $_[0]" . ($_[1] ? " WHERE $_[1]" : '')) }
sub id { "UNHEX('$_[0]')" }
# A package: the newest version of a model that a training run made. Its id, and the model's.
sub package_of {
    my ($id, %report) = @_;
    trained($t, $id, %report);
    return scalar $t->sql("SELECT LOWER(HEX(id)) FROM model_versions WHERE model_id = " . id(hex_of($id)) . ' ORDER BY number DESC LIMIT 1');
}
sub new_package { my $m = model($t); (package_of($m->{id}), $m->{id}) }
# Asked to be built: the path of its job, and the job's id.
sub asked {
    my ($package, %o) = @_;
    my $r = v2(POST => "modelPackages/$package/modelPackageFileBuilds/", %o);
    is($r->{status}, 202, 'building it is accepted') or diag $r->{raw};
    my ($path, $id) = ($r->{headers}{location} // '') =~ m{^http://127\.0\.0\.1(?::\d+)?(/api/v2/status/([0-9a-f]{24})/)$};
    ok($path, 'with the absolute address of its job') or diag $r->{raw};
    return ($path, $id);
}
sub status { my ($path, %o) = @_; $t->req(GET => $path, token => $token, %o) }
sub build { my $r = $t->thaw('--json', 'build', @_); is($r->{exit}, 0, "thaw build @_") or diag $r->{err}; $r->{json} }
sub state_of { my $package = shift; my ($row) = $t->sql("SELECT build_status, LOWER(HEX(mlpkg)) FROM model_versions WHERE id = " . id($package)); join ' ', map { $_ // 'none' } @$row }
# The files in a zip, by their names.
sub unzipped {
    my $bytes = shift;
    my $z = IO::Uncompress::Unzip->new(\$bytes) or die "no zip: $IO::Uncompress::Unzip::UnzipError";
    my (%file, $more);
    do {
        local $/;
        $file{ $z->getHeaderInfo->{Name} } = <$z>;
    } while (($more = $z->nextStream) == 1);
    return \%file;
}

subtest 'a file is built behind the answer' => sub {
    # given a package without a file
    my $m = model($t, name => 'Churn');
    my $package = package_of($m->{id}, algorithm => 'xgboost', metrics => { auc => 0.9 }, artifacts => { weights => 's3://bucket/w' }, feature_names => ['a']);
    my $none = v2(GET => "modelPackages/$package/modelPackageFile/");
    is("$none->{status} $none->{json}{message}", '404 The file of this model package has not been built; build it first', 'there is none yet');
    # when one is asked for
    my ($path, $id) = asked($package, token => $member);
    # then it is under way, whoever of those who see the model asks
    my $r = status($path, token => $member);
    is($r->{status}, 200, 'the job goes on');
    is(join(' ', sort keys %{ $r->{json} }), 'code created description message status statusId statusType', 'what is told of it');
    is("$r->{json}{statusId} $r->{json}{status} '$r->{json}{message}' $r->{json}{code}", "$id INITIALIZED '' 0", 'nobody has begun');
    like($r->{json}{created}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, 'since when');
    is(status($path, token => $_)->{status}, 200, 'others who see the model may ask') for $token, $reader;
    is(status($path, token => $other)->{status}, 404, 'another organization may not');
    is(state_of($package), 'inProgress none', 'the package is being built');
    is(v2(GET => "modelPackages/$package/modelPackageFile/")->{status}, 404, 'and has no file');
    is((asked($package))[0], $path, 'asking once more gives the same job');
    # when a builder comes
    is_deeply(build(), { built => 1, failed => 0, waiting => 0 }, 'it builds the one');
    # then the client is sent on
    $r = status($path, token => $member);
    is($r->{status}, 303, 'the job is done');
    like($r->{headers}{location}, qr{^http://127\.0\.0\.1(?::\d+)?/api/v2/modelPackages/$package/$}, 'and leads to the package');
    is($r->{body}, '', 'by that alone');
    like(state_of($package), qr/^complete [0-9a-f]{64}$/, 'which is complete');
    $r = v2(GET => "modelPackages/$package/modelPackageFile/");
    is("$r->{status} $r->{headers}{'content-type'} $r->{headers}{'content-disposition'}", "200 application/zip attachment; filename=\"$package.mlpkg\"", 'its file can be fetched');
    my $file = unzipped($r->{body});
    is(join(' ', sort keys %$file), 'artifacts.json contents.json features.json logs.json package.json', 'a zip');
    my %doc = map { $_ => JSON::PP::decode_json($file->{"$_.json"}) } qw(artifacts contents package);
    is_deeply([ @{ $doc{package} }{qw(id registeredModelName registeredModelVersion modelExecutionType)} ], [ $package, 'Churn', 1, 'dedicated' ], 'with what the package is');
    is_deeply([ @{ $doc{artifacts} }{qw(algorithm metrics artifacts)} ], [ 'xgboost', { auc => 0.9 }, { weights => 's3://bucket/w' } ], 'and what its model consists of');
    is_deeply($doc{contents}, { allTimeSeriesPredictionIntervals => JSON::PP::false() }, 'and what was computed for it');
    is(v2(GET => "modelPackages/$package/modelPackageFile/", token => $other)->{status}, 404, 'not by another organization');
    # and the history tells of it in the name of who asked
    my @audit = $t->sql("SELECT action, actor_name FROM audit_events WHERE resource_id = " . id($package) . ' ORDER BY revision');
    is(join(', ', map { "$_->[0] by $_->[1]" } @audit[ 1, 2 ]), 'model_version.build_started by member, model_version.built by member', 'audit of the package');
    is(audits($t, $m->{id}, 'model.version_built'), 1, 'and of the model');
    is(rows('outbox', "type = 'model.version_built' AND resource_id = " . id(hex_of($m->{id}))), 1, 'which subscribers are told of');
    is_deeply(build(), { built => 0, failed => 0, waiting => 0 }, 'there is nothing more to do');
    # the same package gives the same bytes, but for its revision
    asked($package);
    is(build('--once')->{built}, 1, 'built once more');
    my $again = unzipped(v2(GET => "modelPackages/$package/modelPackageFile/")->{body});
    is($again->{$_}, $file->{$_}, "$_ is the same") for grep { $_ ne 'package.json' } sort keys %$file;
};

subtest 'one that was made to be built, with all intervals of its series' => sub {
    my $model = v2(POST => 'projects/65f0c0ffee5eed0123456789/models/import/', body => { modelType => 'ARIMA', projectName => 'Sales', target => { name => 'sold', type => 'Regression' },
        timeseries => { datetimeColumnName => 'day' }, features => [ { name => 'price' } ], logs => [ { level => 'INFO', message => 'trained', time => 5 } ] })->{json};
    my $make = sub { v2(POST => 'modelPackages/fromLeaderboard/', body => { modelId => $model->{modelId}, name => "Sales $_[0]", computeAllTsIntervals => $_[0] }) };
    my $contents = sub { v2(GET => "modelPackages/$_[0]")->{json}{mlpkgFileContents} };
    my $none = { allTimeSeriesPredictionIntervals => undef };
    my $r = $make->(JSON::PP::true());
    my ($package, $path) = ($r->{json}{id}, $r->{headers}{location} =~ s{^http://[^/]+}{}r);
    is("$r->{status} $r->{json}{buildStatus}", '202 inProgress', 'a package that is built behind the answer');
    is_deeply($contents->($package), $none, 'nothing is told of its file');
    # given that it fails at first
    { local $ENV{THAW_ARTIFACT_LIMIT} = 200; is(build()->{failed}, 1, 'when it failed') }
    is_deeply($contents->($package), $none, 'nor then');
    asked($package);
    is(build()->{built}, 1, 'and is tried again');
    is_deeply($contents->($package), { allTimeSeriesPredictionIntervals => JSON::PP::true() }, 'it has them');
    my $file = unzipped(v2(GET => "modelPackages/$package/modelPackageFile")->{body});
    is_deeply([ map { JSON::PP::decode_json($file->{"$_.json"}) } qw(contents logs) ],
        [ { allTimeSeriesPredictionIntervals => JSON::PP::true() }, [ { level => 'INFO', message => 'trained', time => 5 } ] ], 'in its file, with the logs');
    $package = $make->(JSON::PP::false())->{json}{id};
    build();
    is_deeply($contents->($package), { allTimeSeriesPredictionIntervals => JSON::PP::false() }, 'one that was not asked for them has none');
    like(status($path)->{json}{message}, qr/artifact_limit/, 'and a job that failed has failed, whatever came later');
};

subtest 'who may' => sub {
    my ($package) = new_package();
    is(v2(POST => "modelPackages/$package/modelPackageFileBuilds/", token => $_->[1])->{status}, $_->[2], $_->[0])
        for [ 'a reader may not build' => $reader, 403 ], [ 'another organization sees nothing' => $other, 404 ];
    is(v2(POST => 'modelPackages/' . '0' x 23 . '1/modelPackageFileBuilds/')->{status}, 404, 'nor is there what nobody has');
    is(v2(GET => 'status/' . '0' x 23 . '1/')->{status}, 404, 'no job of that id');
    is(v2(GET => 'status/x/')->{status}, 404, 'nor of none');
    # a job of something else is its own user's, and an administrator's
    my ($org, $who) = @{ ($t->sql("SELECT HEX(organization_id), HEX(id) FROM principals WHERE username = 'member'"))[0] };
    my %leads = (deployment => 'deployments/OBJECT/', challenger => 'deployments/PARENT/challengers/OBJECT/',
        custom_model_version => 'customModels/PARENT/versions/OBJECT/', package => 'modelPackages/OBJECT/');
    for my $kind (sort keys %leads) {
        my ($job, $object, $parent) = map { sprintf '%024x', 1000 + int rand 1e9 } 1 .. 3;
        $t->sql("INSERT INTO jobs (organization_id, id, kind, object_id, parent_id, created_by, intervals, outcome, created_at, finished_at) VALUES
            (@{[ id($org) ]}, @{[ id($job) ]}, '$kind', @{[ id($object) ]}, @{[ id($parent) ]}, @{[ id($who) ]}, 0, 'completed', NOW(6), NOW(6))");
        my $where = $leads{$kind} =~ s/OBJECT/$object/r =~ s/PARENT/$parent/r;
        like(v2(GET => "status/$job", token => $_)->{headers}{location}, qr{/api/v2/$where$}, "$kind: where it leads") for $member, $token;
        is(v2(GET => "status/$job/", token => $_)->{status}, 404, 'others do not see it') for $reader, $other;
        $t->sql("DELETE FROM jobs WHERE id = " . id($job));
    }
};

subtest 'what cannot be built has failed, with its reason' => sub {
    my $failed = sub {
        my ($what, $spoil, $reason, %o) = @_;
        my ($package, $model) = new_package();
        my ($path) = asked($package, token => $member);
        $spoil->($package, $model);
        my $r = do { local @ENV{ keys %{ $o{env} // {} } } = values %{ $o{env} // {} }; build() };
        is_deeply($r, { built => 0, failed => 1, waiting => 0 }, "$what: it has failed") or return;
        my $s = status($path);
        is("$s->{status} $s->{json}{status} $s->{json}{code}", '200 ERROR 1', 'as its job tells');
        like($s->{json}{message}, $reason, 'with the reason');
        is(state_of($package), 'failed none', 'and the package');
        is(v2(GET => "modelPackages/$package/modelPackageFile/")->{status}, 404, 'which has no file');
        my $told = $t->sql("SELECT JSON_VALUE(details, '\$.reason') FROM audit_events WHERE action = 'model_version.build_failed' AND resource_id = " . id($package));
        like($told, $reason, 'its history too');
        return $package;
    };
    $failed->('a model that was archived for good', sub { retired($t, $_[1]) }, qr/^The registered model has been permanently archived$/);
    $failed->('a package that was archived for good', sub {
        $t->sql("INSERT INTO audit_events (organization_id, id, at, actor_name, action, resource_type, resource_id, revision, from_state, to_state, request_id, client_address, user_agent)
            SELECT organization_id, UNHEX(LPAD(HEX(RAND() * 1e15), 24, '0')), UTC_TIMESTAMP(6), 'test', 'model_version.archived', 'model_version', id, revision + 1, status, 'archived', 'test', '', ''
            FROM model_versions WHERE id = @{[ id($_[0]) ]}; UPDATE model_versions SET status = 'archived', revision = revision + 1 WHERE id = " . id($_[0]));
    }, qr/^The model package has been permanently archived$/);
    # a source that went away: its training run, for as long as the builder looks
    my $run = $failed->('one whose source is gone', sub { $t->sql("UPDATE training_runs SET id = UNHEX(REVERSE(HEX(id))) WHERE id = (SELECT run_id FROM model_versions WHERE id = @{[ id($_[0]) ]})") },
        qr/^The source of the package no longer exists: Training run not found$/);
    $t->sql("UPDATE training_runs SET id = UNHEX(REVERSE(HEX(id))) WHERE REVERSE(HEX(id)) = (SELECT HEX(run_id) FROM model_versions WHERE id = @{[ id($run) ]})");
    my $package = $failed->('one that is too large', sub { }, qr/more than 200 bytes \(artifact_limit\)/, env => { THAW_ARTIFACT_LIMIT => 200 });
    $failed->('one for which there is no room', sub { }, qr/its quota is 1 \(quota_artifact_bytes\)/, env => { THAW_QUOTA_ARTIFACT_BYTES => 1 });
    $failed->('one that ends its builders', sub { $t->sql("UPDATE jobs SET tries = 20 WHERE object_id = " . id($_[0])) }, qr/never finished/);
    my $user = $failed->('one that nobody wants any more', sub { $t->must('user', 'disable', 'member') }, qr/no longer active/);
    $t->must('user', 'enable', 'member');
    # and can be tried again where the reason is gone
    asked($_) for $run, $package, $user;
    is(build()->{built}, 3, 'tried again, all are built');
    my ($archived, $model) = new_package();
    is(act($t, $model, 'archive')->{status}, 200, 'of an archived model');
    is(v2(POST => "modelPackages/$archived/modelPackageFileBuilds/")->{status}, 422, 'none is begun');
    # what was archived while it was built, and can be restored, is built
    my ($late, $shelved) = new_package();
    asked($late);
    act($t, $shelved, 'archive');
    is(build()->{built}, 1, 'but one is ended');
    is($t->thaw('audit', 'verify')->{exit}, 0, 'all agree with their history');
};

subtest 'a file that is built once more' => sub {
    # given a package of a custom model with its file
    my $version = custom_version($t, custom_model($t)->{id});
    my $package = v2(POST => 'modelPackages/fromCustomModelVersion/', body => { customModelVersionId => $version->{id} })->{json}{id};
    build();
    my $get = sub { my $f = v2(GET => "modelPackages/$package/modelPackageFile/"); "$f->{status} " . sha256_hex($f->{body}) };
    my ($file, $was) = ($get->(), state_of($package));
    like($was, qr/^complete [0-9a-f]{64}$/, 'which is complete');
    # when it is to be built once more
    my ($path) = asked($package);
    # then the file is there until the next one is
    is($get->(), $file, 'the file can be had while the next one waits');
    is(v2(GET => "modelPackages/$package/")->{json}{buildStatus}, 'inProgress', 'which is told');
    # and when that cannot be built
    { local $ENV{THAW_ARTIFACT_LIMIT} = 200; is_deeply(build(), { built => 0, failed => 1, waiting => 0 }, 'it cannot be built') }
    like(status($path)->{json}{message}, qr/artifact_limit/, 'as its job tells');
    is($get->() . state_of($package), $file . $was, 'and the package is what it was');
    # what its source says by now is not in it
    $t->sql("UPDATE custom_models SET negative_label = positive_label");
    asked($package);
    is(build()->{built}, 1, 'it is built while its source is there');
    is(v2(POST => 'deployments/fromModelPackage/', body => { modelPackageId => $package, label => 'x' })->{status}, 202, 'which can be deployed');
    is($t->thaw('audit', 'verify')->{exit}, 0, 'as the history has it');
};

subtest 'asked for while it is being built' => sub {
    # given a package to be built with all intervals, and a builder that has it done but for its end
    my $model = v2(POST => 'projects/65f0c0ffee5eed0123456789/models/import/', body => { modelType => 'ARIMA', projectName => 'Sales', target => { name => 'sold', type => 'Regression' },
        timeseries => { datetimeColumnName => 'day' } })->{json};
    my $package = v2(POST => 'modelPackages/fromLeaderboard/', body => { modelId => $model->{modelId}, computeAllTsIntervals => JSON::PP::true() })->{json};
    my $go = hold($t, 'SELECT 1 FROM models WHERE id = ' . id($package->{registeredModelId}) . ' FOR UPDATE');
    my $builder = in_background(sub { $t->thaw('--json', 'build', '--once')->{json} });
    blocked($t, 1);
    # when it is asked for once more, which waits for the builder
    my $again = in_background(sub { v2(POST => "modelPackages/$package->{id}/modelPackageFileBuilds/") });
    blocked($t, 2);
    $go->();
    is($builder->()->{built}, 1, 'it is built');
    is($again->()->{status}, 202, 'and asked for once more');
    # then the next file has what the first has
    build();
    is_deeply(v2(GET => "modelPackages/$package->{id}/")->{json}{mlpkgFileContents}, { allTimeSeriesPredictionIntervals => JSON::PP::true() }, 'it has them still');
};

subtest 'a builder that is killed' => sub {
    # given many packages, and builders that are killed again and again, two at once
    my @packages = map { (new_package())[0] } 1 .. 30;
    my %job = map { $_ => (asked($_))[0] } @packages;
    my $in = join ', ', map { id($_) } @packages;
    my $start = sub { Thaw::Guard->start({ env => { THAW_CONFIG => "$t->{dir}/thaw.conf" } }, "$t->{dir}/build.log", "$Thaw::BUILD/thaw", 'build', '--follow') };
    my ($killed, @builders) = (0, map { $start->() } 1 .. 2);
    # each lives as long as a machine takes to build anything: longer, while nothing is built
    my ($life, $left, $end) = (0.02, scalar @packages, time + 120);
    while ($left && time < $end) {
        sleep rand 2 * $life;
        my $i = int rand @builders;
        $builders[$i]->kill('KILL'), $builders[$i]->wait(5), $killed++;
        $builders[$i] = $start->();
        my $was = $left;
        $left = rows('jobs', "object_id IN ($in) AND outcome IS NULL");
        $life = $left < $was ? 0.02 : 1.1 * $life;
    }
    # then each is built, once
    is(join(' ', map { status($job{$_})->{status} } @packages), join(' ', (303) x @packages), "all are built, whatever became of $killed builders");
    is(join(' ', map { scalar audits($t, $_, 'model_version.built') } @packages), join(' ', (1) x @packages), 'each of them once');
    my ($more) = new_package();
    my ($end_of) = asked($more);
    within(20, sub { status($end_of)->{status} == 303 }, 'that the builders go on');
    $_->kill('KILL'), $_->wait(5) for @builders;
    asked($more);
    my $one = $start->();
    within(20, sub { state_of($more) =~ /^complete/ }, 'a builder');
    $one->kill('TERM'), is($one->wait(10), 0, 'SIGTERM ends a builder');
    is($t->thaw('audit', 'verify')->{exit}, 0, 'and the history agrees');
    cmp_ok($killed, '>', 2, 'some were killed');
    # killed with its work done, before it is written down
    my ($last, $model) = new_package();
    my ($its) = asked($last);
    my $go = hold($t, 'SELECT 1 FROM models WHERE id = ' . id(hex_of($model)) . ' FOR UPDATE');
    my $builder = $start->();
    blocked($t, 1);
    is(status($its)->{json}{status}, 'RUNNING', 'one has it in hand');
    $builder->kill('KILL'), $builder->wait(5);
    $go->();
    is(build()->{built}, 1, 'what it had is the next one\'s at once');
    is(scalar audits($t, $last, 'model_version.built'), 1, 'and built once');
    # one that was taken over meanwhile writes nothing
    asked($last);
    $go = hold($t, 'SELECT 1 FROM models WHERE id = ' . id(hex_of($model)) . ' FOR UPDATE');
    my $slow = in_background(sub { $t->thaw('--json', 'build')->{json} });
    blocked($t, 1);
    $t->sql("UPDATE jobs SET lease = UNHEX(REPEAT('cd', 16)), leased_until = UTC_TIMESTAMP(6) + INTERVAL 1 MINUTE WHERE object_id = " . id($last) . ' AND outcome IS NULL');
    $go->();
    is_deeply($slow->(), { built => 0, failed => 0, waiting => 1 }, 'one that lost its lease has built nothing');
    like(state_of($last), qr/^inProgress [0-9a-f]{64}$/, 'nor written anything');
    $t->sql("UPDATE jobs SET leased_until = UTC_TIMESTAMP(6) - INTERVAL 1 MINUTE WHERE object_id = " . id($last) . ' AND outcome IS NULL');
    is(build()->{built}, 1, 'which who has it does');
    # what one has in hand that lives elsewhere is not taken until its lease is over, and then it writes nothing
    my ($package) = new_package();
    my ($path) = asked($package);
    my $lease = sub { $t->sql("UPDATE jobs SET lease = UNHEX(REPEAT('ab', 16)), leased_until = UTC_TIMESTAMP(6) + INTERVAL $_[0] SECOND WHERE object_id = " . id($package) . ' AND outcome IS NULL') };
    $lease->(60);
    is_deeply(build(), { built => 0, failed => 0, waiting => 1 }, 'somebody else has it');
    is(status($path)->{json}{status}, 'RUNNING', 'who builds it');
    $lease->(-1);
    is(build()->{built}, 1, 'until the lease is over');
    # three at once over the same jobs
    @packages = map { (new_package())[0] } 1 .. 6;
    asked($_) for @packages;
    my @all = map { in_background(sub { $t->thaw('--json', 'build')->{json} }) } 1 .. 3;
    my $built = 0;
    $built += $_->()->{built} for @all;
    is($built, 6, 'three builders at once build six packages, each once');
};

subtest 'nobody builds' => sub {
    my ($package) = new_package();
    asked($package);
    unlike($t->thaw('doctor')->{out}, qr/thaw build/, 'one that was just asked for is no matter');
    $t->sql("UPDATE jobs SET due_at = UTC_TIMESTAMP(6) - INTERVAL 1 HOUR WHERE object_id = " . id($package));
    like($t->thaw('doctor')->{out}, qr/^warning\s+builds\s+1 model package.*thaw build/m, 'one that waits long is, and `thaw doctor` says so');
    # nor is one forgotten whose job is gone
    my ($verify, $set) = (sub { $t->thaw('audit', 'verify') }, sub { $t->sql("UPDATE model_versions SET build_status = '$_[0]' WHERE id = " . id($package)) });
    $set->('complete');
    my $r = $verify->();
    is($r->{exit}, 3, '`thaw audit verify` finds a build that agrees with no job');
    like("$r->{out}$r->{err}", qr/its build is complete but a job is running/, 'and says so');
    $set->('inProgress');
    build();
    like($t->thaw('doctor')->{out}, qr/^ok\s+builds\s/m, 'until somebody does');
    is($verify->()->{exit}, 0, 'then all agree');
};

subtest 'jobs and files are swept when they have served' => sub {
    my ($done, $model) = new_package();
    my ($waits) = new_package();
    my ($path) = asked($done);
    build();
    asked($waits);
    my $old = sub { $t->sql("UPDATE jobs SET created_at = created_at - INTERVAL $_[0] DAY, finished_at = finished_at - INTERVAL $_[0] DAY"); };
    my $swept = sub { $t->thaw('--json', 'sweep')->{json} };
    is($swept->()->{jobs}, 0, 'nothing is old');
    $old->(40);
    cmp_ok($swept->()->{jobs}, '>', 0, 'those that were done long ago go');
    is(status($path)->{status}, 404, 'and are not known any more');
    is(rows('jobs'), 1, 'one that waits stays');
    is(build()->{built}, 1, 'and is built');
    # the file stays while a package has it, and for as long as the setting says behind that
    $t->sql("UPDATE artifacts SET created_at = created_at - INTERVAL 40 DAY");
    $swept->();
    is(v2(GET => "modelPackages/$done/modelPackageFile/")->{status}, 200, 'a file that a package has stays');
    retired($t, $model);
    $t->sql("UPDATE models SET updated_at = updated_at - INTERVAL 40 DAY WHERE id = " . id(hex_of($model)));
    is($swept->()->{artifacts}, 1, 'that of a model that was permanently deleted goes');
    is(v2(GET => "modelPackages/$done/modelPackageFile/")->{status}, 404, 'and is not there any more');
    is($t->thaw('audit', 'verify')->{exit}, 0, 'which is right for `thaw audit verify`');
};
$t->finish;
