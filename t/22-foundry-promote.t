#!/usr/bin/perl
# promoteVersion, as its document and its contract have it: the copy, the order of checks,
# every error with its parameters, and many at once.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Foundry;

my $t = Thaw->new(proxy => 1, config => { db_deadline_ms => 1500 });
my $token = $t->admin;
my ($source, $target) = (foundry_model($t), foundry_model($t));
my $uploaded = upload($t, $source)->{json};

subtest "the document's curl" => sub {
    my $r = curl($t, qq{-X POST -H "Content-type: application/json" -H "Authorization: Bearer $token" }
        . qq{"$t->{url}/api/v2/models/$target/promoteVersion?preview=true" -d '{"sourceModelVersionRid":"$uploaded->{rid}"}'});
    is($r->{status}, 200, 'is answered') or diag $r->{raw};
    my $v = $r->{json};
    keys_are($v, 'backingRepositories condaRequirements createdTime modelApi rid source', 'the members of a ModelVersion');
    like($v->{rid}, qr/^ri\.models\.main\.model-version\.$UUID$/, 'a resource identifier');
    isnt($v->{rid}, $uploaded->{rid}, 'a new one');
    is(json($v->{$_}), json($uploaded->{$_}), "$_ is copied") for qw(backingRepositories condaRequirements modelApi);
    like($v->{createdTime}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'with milliseconds');
    is(json($v->{source}), json({ type => 'promoted', previousModelRid => $source, previousModelVersionRid => $uploaded->{rid} }), 'where it is from');
    my ($newest) = @{ foundry($t, GET => "/$target/versions")->{json}{data} };
    is($newest->{rid}, $v->{rid}, 'it is the latest on the master branch');
    is(json(foundry($t, GET => "/$source/versions")->{json}{data}), json([$uploaded]), 'the source is as it was');
    is(json(foundry($t, GET => "/$target/versions/$v->{rid}")->{json}), json($v), 'and it is read as it was answered');
};

subtest 'one commit: the version, the audit row with both identifiers, the event' => sub {
    my $v = promote($t, $target, $uploaded->{rid})->{json};
    my ($row) = (audit_rows($t, hex_of_rid($target), "action = 'model.version_promoted'"))[-1];
    my $details = JSON::PP::decode_json($row->{details});
    is($details->{version_rid}, $v->{rid}, 'the new one');
    is($details->{source_version_rid}, $uploaded->{rid}, 'and what it was copied from');
    is($details->{source_model_rid}, $source, 'of which model');
    is("$details->{version_number} $details->{branch}", '2 master', 'its number, its branch');
    is($row->{actor_name}, 'admin', 'by whom');
    my ($event) = $t->sql(sprintf "SELECT type, revision, payload FROM outbox WHERE resource_id = UNHEX('%s') ORDER BY revision DESC LIMIT 1", hex_of_rid($target));
    is("$event->[0] $event->[1]", "model.version_promoted $row->{revision}", 'one event, of the same revision');
    is(JSON::PP::decode_json($event->[2])->{object}{version}, 2, 'which tells the number');
    is(audits($t, hex_of_rid($v->{rid}), 'model_version.created'), 1, "the version's own audit row");
};

subtest 'a model is ready when it has a version, and stays in training when it is' => sub {
    my $m = foundry_model($t);
    my $mdl = 'mdl-' . hex_of_rid($m);
    is(get($t, $mdl)->{json}{status}, 'draft', 'a draft before');
    promote($t, $m, $uploaded->{rid});
    is(get($t, $mdl)->{json}{status}, 'ready', 'ready afterwards');
    my $job = act($t, $mdl, 'train')->{json}{job_id};
    is(promote($t, $m, $uploaded->{rid})->{status}, 200, 'while a run is under way');
    is(get($t, $mdl)->{json}{status}, 'training', 'it is still being trained');
    act($t, $mdl, "train/$job/complete");
    is(get($t, $mdl)->{json}{version}, 3, 'and the run makes the third version');
};

subtest 'a source of the same model, and one of a training run' => sub {
    my $v = promote($t, $source, $uploaded->{rid});
    is($v->{status}, 200, 'into its own model');
    is($v->{json}{source}{previousModelRid}, $source, 'from itself');
    my $trained = model($t);
    my $job = trained($t, $trained->{id}, features => [ 'age', 'plan' ], target => 'churned', metrics => { auc => 0.9 }, algorithm => 'xgboost')->{job_id};
    my ($made) = @{ foundry($t, GET => '/' . rid_of(model => $trained->{id}) . '/versions')->{json}{data} };
    is($made->{linkedExperiment}, rid_of(experiment => $job), 'the run is the linked experiment');
    ok(!exists $made->{source}, 'a version of a run has no source');
    is(join(' ', map { $_->{name} } @{ $made->{modelApi}{inputs}[0]{columns} }), 'age plan', 'its Model API is what the run knows: features');
    is($made->{modelApi}{outputs}[0]{columns}[0]{name}, 'churned', 'and target');
    my $copy = promote($t, $target, $made->{rid})->{json};
    is($copy->{linkedExperiment}, $made->{linkedExperiment}, 'which is carried over');
    is(json($copy->{modelApi}), json($made->{modelApi}), 'with the Model API');
    my ($listed) = @{ $t->req(GET => "$MODELS/mdl-" . hex_of_rid($target) . '/versions', token => $token)->{json}{items} };
    is("$listed->{algorithm} $listed->{metrics}{auc} $listed->{source}", 'xgboost 0.9 promoted', 'algorithm and metrics too');
    ok($listed->{is_promoted}, 'the configuration of the model is that of its newest version on master');
};

subtest 'a branch' => sub {
    my $m = foundry_model($t);
    my $first = promote($t, $m, $uploaded->{rid})->{json};
    my $v = promote($t, $m, $uploaded->{rid}, branch => 'trial');
    is($v->{status}, 200, 'onto a branch');
    is(join(' ', map { $_->{rid} } @{ foundry($t, GET => "/$m/versions")->{json}{data} }), $first->{rid}, 'master does not have it');
    is(join(' ', map { $_->{rid} } @{ foundry($t, GET => "/$m/versions?branch=trial")->{json}{data} }), $v->{json}{rid}, 'the branch does');
    is(json(foundry($t, GET => "/$m/versions?branch=none")->{json}), '{"data":[]}', 'a branch without versions');
    my $all = $t->req(GET => "$MODELS/mdl-" . hex_of_rid($m) . '/versions', token => $token)->{json}{items};
    is(join(' ', map { "$_->{version_number}:$_->{branch}:" . ($_->{is_promoted} ? 'active' : '') } @$all), '2:trial: 1:master:active', 'numbers count across branches; master keeps the configuration');
};

subtest 'many at once: distinct numbers, none missing, one audit row each' => sub {
    my $m = foundry_model($t);
    my @r = concurrently(8, sub { my $r = promote($t, $m, $uploaded->{rid}); { status => $r->{status}, rid => $r->{json}{rid} } });
    is(scalar(grep { $_->{status} == 200 } @r), 8, 'all of 8 concurrent promotes succeed');
    my %rids = map { $_->{rid} => 1 } @r;
    is(scalar keys %rids, 8, 'with 8 versions');
    my $id = hex_of_rid($m);
    is(join(',', map { $_->[0] } $t->sql("SELECT number FROM model_versions WHERE model_id = UNHEX('$id') ORDER BY number")), '1,2,3,4,5,6,7,8', 'numbered 1 to 8');
    is(audits($t, $id, 'model.version_promoted'), 8, '8 audit rows');
    is(told($t, $id, 'model.version_promoted'), 8, '8 events');
};

subtest 'a target that is trashed meanwhile: one waits for the other' => sub {
    my $m = foundry_model($t);
    my $id = hex_of_rid($m);
    my $commit = hold($t, moved_sql('model', $id, 'archived', 'model.archived'));
    my $promoted = in_background(sub { promote($t, $m, $uploaded->{rid}) });
    blocked($t, 1);
    $commit->();
    fault_is($promoted->(), 404, 'NOT_FOUND', 'ModelNotFound', { modelRid => $m }, 'trashed first: not found');
    is(fs($t, POST => "resources/$m/restore")->{status}, 204, 'given it restored');
    is(get($t, "mdl-$id")->{json}{status}, 'draft', 'without a version');

    # another writer is about to take the version's number, so that the promotion waits with the model's row in hand
    my $release = hold($t, "INSERT INTO model_versions (organization_id, id, model_id, number, status, created_at, updated_at, revision)
        SELECT organization_id, id, id, 1, 'ready', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), 1 FROM models WHERE id = UNHEX('$id')");
    $promoted = in_background(sub { promote($t, $m, $uploaded->{rid}) });
    blocked($t, 1);
    my $trashed = in_background(sub { fs($t, DELETE => "resources/$m") });
    blocked($t, 2);
    $release->('ROLLBACK');
    is($promoted->()->{status}, 200, 'promoted first: done');
    is($trashed->()->{status}, 204, 'and then trashed');
    is(join(' ', map { $_->{action} } (audit_rows($t, $id))[ -2, -1 ]), 'model.version_promoted model.archived', 'in this order');
};

subtest 'errors, each with its parameters' => sub {
    my ($gone, $of_gone) = (foundry_model($t), undef);
    $of_gone = upload($t, $gone)->{json}{rid};
    is(fs($t, DELETE => "resources/$gone")->{status}, 204, 'given a model in the trash');
    my $theirs = foundry_model($t, token => $t->other);
    my $their_version = upload($t, $theirs, token => $t->other)->{json}{rid};
    my %not_found = (modelRid => $target, modelVersionRid => undef);
    my @model = (404, 'NOT_FOUND', 'ModelNotFound');
    my @version = (404, 'NOT_FOUND', 'ModelVersionNotFound');
    my ($no_model, $no_version) = ('The given Model could not be found.', 'The given ModelVersion could not be found.');
    unchanged($t, 'refusals', sub {
        fault_is(promote($t, $_->[0], $uploaded->{rid}), @model, { modelRid => $_->[0] }, "target $_->[1]", $no_model)
            for [ $NO_MODEL, 'unknown' ], [ $theirs, "another tenant's" ], [ $gone, 'in the trash' ], [ $uploaded->{rid}, 'of another kind' ],
                [ rid_of(model => $NOWHERE), 'well-formed and unknown' ], [ $target =~ s/-8000-/-9000-/r, 'in another spelling' ];
        fault_is(promote($t, $target, $_->[0]), @version, { modelRid => $target, modelVersionRid => $_->[0] }, "source $_->[1]", $no_version)
            for [ $NO_VERSION, 'unknown' ], [ $their_version, "another tenant's" ], [ $of_gone, 'of a model in the trash' ], [ $target, 'of another kind' ];
        fault_is(promote($t, $target, $uploaded->{rid}, token => $t->reader), 403, 'PERMISSION_DENIED', 'PromoteVersionModelPermissionDenied', { modelRid => $target },
            'a reader', 'Could not promoteVersion the Model.');
        for my $rid ('x', 'ri.models.main.model', 'ri..main.model.x', 'ri.Models.main.model.x', 'ri.models.main.model.', 'ri.models.main.model.a b', 'mdl-65f0c0ffee5eed0123456789') {
            fault_is(promote($t, $target, $rid), 400, 'INVALID_ARGUMENT', 'Default:InvalidArgument', undef, "source `$rid`");
            fault_is(promote($t, $rid =~ s/ /%20/gr, $uploaded->{rid}), 400, 'INVALID_ARGUMENT', 'Default:InvalidArgument', undef, "target `$rid`");
        }
    });
    $t->sql("UPDATE model_versions SET source = 'legacyWorkflow' WHERE id = UNHEX('" . hex_of_rid($uploaded->{rid}) . "')");
    my $text = 'The Model Version has a source type that is not supported by the API. This can occur when the model was created through a legacy or internal workflow that is not exposed through the public API.';
    my @unsupported = (400, 'INVALID_ARGUMENT', 'UnsupportedModelSource', {});
    fault_is(promote($t, $target, $uploaded->{rid}), @unsupported, 'a source that this API does not tell of', $text);
    fault_is(foundry($t, GET => "/$source/versions/$uploaded->{rid}"), @unsupported, 'reading it', $text);
    fault_is(foundry($t, GET => "/$source/versions"), @unsupported, 'listing it', $text);
    $t->sql("UPDATE model_versions SET source = 'sdk' WHERE id = UNHEX('" . hex_of_rid($uploaded->{rid}) . "')");
    like(json(promote($t, $target, $uploaded->{rid})->{json}), qr/promoted/, 'and back');
};

subtest 'the order of checks' => sub {
    # 401, preview, scope, identifiers, target, permission, source, support: each request has every later fault too
    my $narrow = $t->token('admin', '--scope', 'project:read');
    my $call = sub { my ($query, $tok, $target, $source) = @_; $t->req(POST => "/api/v2/models/$target/promoteVersion$query", token => $tok, body => { sourceModelVersionRid => $source }) };
    my $preview = '?preview=true';
    fault_is($call->('', undef, 'x', 'y'), 401, 'UNAUTHORIZED', 'Default:Unauthorized', {}, 'no token');
    fault_is($call->($_, $narrow, 'x', 'y'), 400, 'INVALID_ARGUMENT', 'ApiFeaturePreviewUsageOnly', {}, "preview `$_`") for '', '?preview=false', '?preview=', '?preview=1';
    fault_is($call->($preview, $narrow, 'x', 'y'), 403, 'PERMISSION_DENIED', 'ApiUsageDenied', { missingScope => 'api:models-write' }, 'a token without the scope');
    fault_is($call->($preview, $token, 'x', 'y'), 400, 'INVALID_ARGUMENT', 'Default:InvalidArgument', { field => 'modelRid', reason => 'must be a resource identifier such as ri.models.main.model.019a0c3e-7b1f-8d42-8000-000c0ffee5ed' }, 'identifiers');
    fault_is($call->($preview, $t->reader, $NO_MODEL, $NO_VERSION), 404, 'NOT_FOUND', 'ModelNotFound', { modelRid => $NO_MODEL }, 'the target');
    fault_is($call->($preview, $t->reader, $target, $NO_VERSION), 403, 'PERMISSION_DENIED', 'PromoteVersionModelPermissionDenied', { modelRid => $target }, 'the permission');
    fault_is($call->($preview, $token, $target, $NO_VERSION), 404, 'NOT_FOUND', 'ModelVersionNotFound', { modelRid => $target, modelVersionRid => $NO_VERSION }, 'the source');
    is($call->("?preview=$_", $token, $target, $uploaded->{rid})->{status}, 200, "preview=$_") for qw(True TRUE true);
    is($t->req(POST => "/api/v2/models/" . ($target =~ s/\./%2E/gr =~ s/-/%2d/gr) . "/promoteVersion?preview=true", token => $token, body => { sourceModelVersionRid => $uploaded->{rid}, more => 1 })->{status}, 200,
        'a percent-encoded identifier, and a member that nobody knows');
};

subtest 'who may: a local source is for those it is shared with, a scope is enough' => sub {
    my $m = foundry_model($t);
    my $v = upload($t, $m)->{json}{rid};
    $t->sql("UPDATE models SET is_global = 0 WHERE id = UNHEX('" . hex_of_rid($m) . "')");
    $t->recount;
    my $member = $t->member;
    fault_is(promote($t, $target, $v, token => $member), 404, 'NOT_FOUND', 'ModelVersionNotFound', { modelRid => $target, modelVersionRid => $v }, 'a local source');
    $t->sql("INSERT INTO grants (organization_id, model_id, grantee_id, role, created_at) SELECT m.organization_id, m.id, p.id, 1, NOW(6) FROM models m JOIN principals p
        ON p.organization_id = m.organization_id AND p.username = 'member' WHERE m.id = UNHEX('" . hex_of_rid($m) . "')");
    is(promote($t, $target, $v, token => $member)->{status}, 200, 'shared with an observer: they may copy it');
    fault_is(promote($t, $m, $v, token => $member), 403, 'PERMISSION_DENIED', 'PromoteVersionModelPermissionDenied', { modelRid => $m }, 'but not write to it');
    is(promote($t, $target, $uploaded->{rid}, token => $t->token('member', '--scope', 'model:write'))->{status}, 200, 'a token for writing models promotes');
    fault_is(foundry($t, GET => "/$target", token => $t->token('member', '--scope', 'model:write')), 403, 'PERMISSION_DENIED', 'ApiUsageDenied', { missingScope => 'api:models-read' }, 'and does not read');
};

subtest 'repeated, conditional, cut' => sub {
    my @key = (headers => [ 'Idempotency-Key' => 'promote-once' ]);
    my $m = foundry_model($t);
    my $first = promote($t, $m, $uploaded->{rid}, @key);
    my $again = promote($t, $m, $uploaded->{rid}, @key);
    is($again->{body}, $first->{body}, 'a repetition under its key gets the first answer');
    is($again->{headers}{'idempotent-replayed'}, 'true', 'and says so');
    fault_is(promote($t, $m, $NO_VERSION, @key), 422, 'INVALID_ARGUMENT', 'Conjure:UnprocessableEntity', undef, 'another request under that key');
    my $late = foundry_model($t);
    my $source = upload($t, $late)->{json}{rid};
    fs($t, DELETE => "resources/$late");
    my @refused = (headers => [ 'Idempotency-Key' => 'promote-late' ]);
    $first = promote($t, $m, $source, @refused);
    fault_is($first, 404, 'NOT_FOUND', 'ModelVersionNotFound', { modelRid => $m, modelVersionRid => $source }, 'a source in the trash');
    fs($t, POST => "resources/$late/restore");
    my $had = audits($t, hex_of_rid($m), 'model.version_promoted');
    $again = promote($t, $m, $source, @refused);
    is("$again->{status} $again->{headers}{'idempotent-replayed'} $again->{body}", "404 true $first->{body}", 'restored, but under the key the same answer');
    is(audits($t, hex_of_rid($m), 'model.version_promoted'), $had, 'and no version');
    is(promote($t, $m, $source)->{status}, 200, 'a new request is done');
    my ($tag) = foundry($t, GET => "/$m")->{headers}{etag};
    is(promote($t, $m, $uploaded->{rid}, headers => [ 'If-Match' => $tag ])->{status}, 200, 'If-Match of the model');
    fault_is(promote($t, $m, $uploaded->{rid}, headers => [ 'If-Match' => $tag ]), 412, 'CUSTOM_CLIENT', 'PreconditionFailed', {}, 'which has changed since');
    for my $when (qw(before after late)) {
        my $had = audits($t, hex_of_rid($m), 'model.version_promoted');
        $t->cut($when);
        is(promote($t, $m, $uploaded->{rid})->{status}, 200, "a COMMIT cut $when");
        is(audits($t, hex_of_rid($m), 'model.version_promoted'), $had + 1, 'is done once');
    }
};

# The client of this dialect repeats a 503 by itself: where that is not safe, it is told.
subtest 'a 503 whose outcome is open says not to retry' => sub {
    my $m = foundry_model($t);
    my $try = sub { background(sub { scalar promote($t, $m, $uploaded->{rid}) }) };

    my $release = hold($t, "SELECT * FROM models WHERE id = UNHEX('" . hex_of_rid($m) . "') FOR UPDATE");
    my $wait = $try->();
    blocked($t, 1);
    kill KILL => $_ for $t->worker_pids;
    my $r = scalar $wait->();
    $release->();
    fault_is($r, 503, 'CUSTOM_SERVER', 'Unavailable', {}, 'the worker died after it had the request: nginx answers');
    is($r->{headers}{'qos-retry-hint'}, 'do-not-retry', 'not to retry');
    within(10, sub { $t->worker_pids == 2 && $t->req(GET => '/readyz')->{status} == 200 }, 'workers again');

    $t->cut('held');
    $wait = $try->();
    within(10, sub { my @left = glob "$t->{dir}/cut.*"; !@left }, 'the COMMIT is held');
    $t->{mariadb}->kill('KILL');
    $t->{mariadb}->wait;
    $r = scalar $wait->();
    fault_is($r, 503, 'CUSTOM_SERVER', 'Unavailable', {}, 'a COMMIT that could not be settled');
    is($r->{headers}{'qos-retry-hint'}, 'do-not-retry', 'not to retry');
    $r = promote($t, $m, $uploaded->{rid});
    fault_is($r, 503, 'CUSTOM_SERVER', 'Unavailable', {}, 'the database away');
    is($r->{headers}{'qos-retry-hint'}, undef, 'nothing was done: it may be repeated');
    ok($r->{headers}{'retry-after'}, 'after a while');
    $t->release;
    $t->start_mariadb;
    within(10, sub { $t->req(GET => '/readyz')->{status} == 200 }, 'ready again');
};

$t->finish;
