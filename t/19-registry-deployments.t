#!/usr/bin/perl
# What is deployed, behind the addresses of t/28-registry-deployments.t: who sees a deployment and its
# events, what a model knows of it and what that forbids in every dialect, which packages can be put
# in place, what is left behind, and what happens when several do it at once.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Foundry;
use Registry;

my $t = Thaw->new(workers => 8, config => { quota_deployments => 40, quota_environments => 6, quota_challengers => 22 });
# Members who also read events.
$t->must('role', 'set', '--org', 'Main', 'listener', '--permissions', 'model:read model:write webhook:read', '--rate', 1000);
my %who = map { $t->user($_, role => 'listener'); $_ => $t->token($_) } qw(owner friend stranger);
$t->$_ for qw(reader member other);
my @mine = (token => $who{owner});
sub deploy { my ($package, %o) = @_; my $as = delete $o{token} // $t->admin; reg($t, POST => 'deployments/fromModelPackage/', token => $as, body => { modelPackageId => $package, label => 'deployed', %o }) }
sub seen { my ($id, %o) = @_; reg($t, GET => "deployments/$id/", %o) }
sub replace { my ($id, $package, %o) = @_; reg($t, PATCH => "deployments/$id/model/", body => { modelPackageId => $package }, %o) }
sub held { scalar $t->sql("SELECT deployed FROM models WHERE id = UNHEX('$_[0]')") }
sub history { my ($id) = @_; join ' ', map { "$_->{action}:" . ($_->{to_state} // '') } audit_rows($t, $id) }
sub events { my ($token, $type) = @_; map { $_->{data}{object}{id} } @{ $t->req(GET => "/v1/events?limit=100&type=$type", token => $token)->{json}{data} } }
# A package of a version that a training run made.
sub trained_package { my $m = model($t); trained($t, $m->{id}); return map { { id => $_, registeredModelId => hex_of($m->{id}), model => $m->{id} } } scalar $t->sql("SELECT LOWER(HEX(id)) FROM model_versions WHERE model_id = UNHEX('" . hex_of($m->{id}) . "')") }

scene 'whoever sees the model sees its deployment' => sub {
    my $v = external($t, @mine);
    my $id = deployment($t, $v->{id}, @mine)->{id};
    my $labels = sub { join ' ', map { $_->{id} } @{ reg($t, GET => 'deployments/', token => $_[0])->{json}{data} } };
    my $mid = $v->{registeredModelId};
    for ([ 'its owner', $who{owner}, 1 ], [ 'an administrator', $t->admin, 1 ], [ 'a stranger', $who{stranger}, 0 ], [ 'a reader', $t->reader, 0 ], [ 'another organization', $t->other, 0 ]) {
        my ($name, $token, $sees) = @$_;
        is(seen($id, token => $token)->{status}, $sees ? 200 : 404, "$name: " . ($sees ? 'read' : 'not found'));
        is($labels->($token) =~ /$id/ ? 1 : 0, $sees, $sees ? 'listed' : 'not listed');
        is(scalar(grep { $_ eq "dpl-$id" } events($token, 'deployment.created')), $sees, $sees ? 'its events are told' : 'no event is told') if $name =~ /owner|administrator|stranger/;
    }
    unchanged($t, 'a stranger', sub {
        my %body = ('' => { label => 'x' }, 'status/' => { status => 'inactive' }, 'model/' => { modelPackageId => $v->{id} }, 'settings/' => { targetDrift => { enabled => \1 } });
        refused(reg($t, PATCH => "deployments/$id/$_", token => $who{stranger}, body => $body{$_}), 404, qr/^Deployment not found/, "PATCH $_: not found") for sort keys %body;
        refused(reg($t, POST => "deployments/$id/challengers/", token => $who{stranger}, body => { modelPackageId => $v->{id}, name => 'x' }), 404, qr/^Deployment not found/, 'POST challengers/: not found');
        refused(deploy($v->{id}, token => $who{stranger}), 422, undef, 'nor can it be deployed');
    });
    share($t, $mid, [ [ CONSUMER => user => 'friend' ] ], @mine);
    is(seen($id, token => $who{friend})->{status}, 200, 'given a consumer of the model, then read');
    refused(reg($t, PATCH => "deployments/$id/", token => $who{friend}, body => { label => 'x' }), 403, undef, 'but not changed: 403');
    share($t, $mid, [ [ USER => user => 'friend' ] ], @mine);
    is(reg($t, PATCH => "deployments/$id/", token => $who{friend}, body => { label => 'by a friend' })->{status}, 204, 'given a user of it, then changed');
    my $hidden = external($t, token => $who{friend});
    refused(replace($id, $hidden->{id}, @mine), 422, undef, 'what the caller does not see is no replacement');
    is(replace($id, $hidden->{id}, token => $who{friend})->{status}, 202, 'given a champion of a model that is another one\'s');
    is(seen($id, @mine)->{status}, 404, 'then who does not see that does not see the deployment any more');
    my $rows = sub { scalar @{ e($t, $_[0], { id => $mid, vid => $v->{id} }, token => $_[1])->{json}{data} } };
    is(join(' ', map { my $list = $_; map { $rows->($list, $_) } $who{owner}, $who{friend}, $t->admin } qw(E14 E19)), '0 1 1 0 1 1', 'nor its row in the history of its own model; who sees both does');
};

scene 'a challenger is seen with its own model' => sub {
    my ($v, $hidden, $open) = map { external($t, @mine) } 1 .. 3;
    my $shown = sub { e($t, 'E13', { id => $_[0]{registeredModelId} }, body => { isGlobal => true }, @mine)->{status} == 200 or die };
    $shown->($_) for $v, $open;
    my $id = deployment($t, $v->{id}, @mine)->{id};
    my ($cid, $oid) = map { done_at($t, reg($t, POST => "deployments/$id/challengers/", body => { modelPackageId => $_->{id}, name => 'dares' }, @mine), @mine) =~ m{/([0-9a-f]{24})/$} } $hidden, $open;
    my $listed = sub { my $page = reg($t, GET => "deployments/$id/challengers/", token => $_[0])->{json}; join ' ', $page->{totalCount} // $page->{count}, map { $_->{id} } @{ $page->{data} } };
    is($listed->($_->[1]), $_->[2], "listed for $_->[0]") for [ 'its owner', $who{owner}, "2 $cid $oid" ], [ 'an administrator', $t->admin, "2 $cid $oid" ],
        [ 'a stranger: not that of a local model', $who{stranger}, "1 $oid" ], [ 'a reader neither', $t->reader, "1 $oid" ];
    my @other = (token => $who{stranger});
    unchanged($t, 'a stranger', sub {
        refused(reg($t, $_->[0] => "deployments/$id/challengers/$cid/", @other, $_->[0] eq 'PATCH' ? (body => { name => 'x' }) : (), @{ $_->[1] // [] }), 404, qr/^Challenger not found/, "$_->[0]: not found")
            for ['GET'], ['PATCH'], ['DELETE'], [ DELETE => [ headers => [ 'If-Match' => '"9-0000000000000000"' ] ] ];
    });
    is(reg($t, GET => "deployments/$id/challengers/$oid/", @other)->{status}, 200, 'the other one is read');
    is(reg($t, DELETE => "deployments/$id/challengers/$oid/", @other)->{status}, 204, 'and removed');
    $shown->($hidden);
    is(reg($t, GET => "deployments/$id/challengers/$cid/", @other)->{status}, 200, 'given its model is shown to all, then it is');
    is(reg($t, DELETE => "deployments/$id/", @mine)->{status}, 204, 'and goes with its deployment');
};

scene 'a custom model that is deleted is not deployed any more' => sub {
    my $packaged = sub {
        my $custom = custom_model($t, @mine);
        my $version = custom_version($t, $custom->{id}, @mine);
        return ($custom->{id}, $version->{id}, reg($t, POST => 'modelPackages/fromCustomModelVersion/', body => { customModelVersionId => $version->{id} }, @mine)->{json}{id});
    };
    my ($custom, $version, $package) = $packaged->();
    built($t);
    my $was = deploy((external($t, @mine, target => { name => 'churn', type => 'Binary', classNames => [ 'yes', 'no' ] }))->{id}, @mine)->{json}{id};
    is(reg($t, DELETE => "customModels/$custom/", @mine)->{status}, 204, 'given a package of a custom model that has been deleted');
    refused(deploy($package, @mine), 422, qr/custom model that has been deleted/, 'then it cannot be deployed', 'modelPackageId');
    refused(replace($was, $package, @mine), 422, qr/custom model that has been deleted/, 'nor take the place of another');
    ($custom, $version, $package) = $packaged->();
    my $go = hold($t, "SELECT 1 FROM custom_models WHERE id = UNHEX('$custom') FOR UPDATE");
    my @both = map { in_background($_) } sub { reg($t, DELETE => "customModels/$custom/", @mine) },
        sub { reg($t, POST => 'deployments/fromLearningModel/', body => { modelId => $version, label => 'x' }, @mine) };
    blocked($t, 2);
    $go->();
    like(join(' ', map { $_->()->{status} } @both), qr/^(?:204 422|409 202)$/, 'of both at once one is refused');
    reg($t, DELETE => "deployments/$_/", @mine) for $was, map { $_->{id} } grep { $_->{customModel}{id} eq $custom } @{ reg($t, GET => 'customModelDeployments/', @mine)->{json}{data} };
};

scene 'a model knows what is deployed of it' => sub {
    my ($v) = trained_package();
    my $mid = $v->{registeredModelId};
    my $id = deployment($t, $v->{id})->{id};
    is(held($mid), 1, 'given a deployment, then its model is deployed once');
    is((audit_rows($t, $mid))[-1]{action}, 'model.deployed', 'which its history tells');
    unchanged($t, 'it cannot be archived', sub {
        my $r = act($t, $v->{model}, 'archive');
        error_is($r, 409, 'CONFLICT', 'in models');
        like($r->{json}{error}{message}, qr/undeploy/, 'which says what to do');
        my $rid = rid_of(model => $v->{model});
        $r = fs($t, DELETE => "resources/$rid");
        is("$r->{status} $r->{json}{errorName} $r->{json}{parameters}{resourceRid}", "409 ResourceInUse $rid", 'nor in foundry');
        like($r->{json}{parameters}{reason}, qr/undeploy/, 'which says it too');
    });
    is(reg($t, PATCH => "deployments/$id/status/", body => { status => 'inactive' })->{status}, 202, 'when it is inactive');
    is(held($mid), 0, 'then nothing holds the model');
    is(reg($t, PATCH => "deployments/$id/status/", body => { status => 'inactive' })->{status}, 202, 'again');
    is(held($mid), 0, 'is no change');
    is(act($t, $v->{model}, 'archive')->{status}, 200, 'and it can be archived');
    unchanged($t, 'archived', sub {
        refused(reg($t, PATCH => "deployments/$id/status/", body => { status => 'active' }), 422, qr/archived/, 'then the deployment cannot be activated');
        refused(deploy($v->{id}), 422, qr/archived/, 'nor the package deployed');
    });
    is(act($t, $v->{model}, 'unarchive')->{status}, 200, 'when it is restored');
    is(reg($t, PATCH => "deployments/$id/status/", body => { status => 'active' })->{status}, 202, 'then it can');
    my $other = deployment($t, $v->{id})->{id};
    is(held($mid), 2, 'twice deployed');
    reg($t, DELETE => "deployments/$_/")->{status} == 204 or die for $id, $other;
    is(held($mid), 0, 'and deleted');
    is(history($id), 'deployment.created:active deployment.deactivated:inactive deployment.activated:active deployment.deleted:deleted', 'each change is told in the history of the deployment');
    $t->sql("UPDATE models SET deployed = 3 WHERE id = UNHEX('$mid')");
    my $r = $t->thaw('audit', 'verify');
    isnt($r->{exit}, 0, 'given a model that says otherwise, thaw audit verify finds it');
    like("$r->{out}$r->{err}", qr/its row counts 3 active deployments, but there are 0/, 'and says what there is');
    $t->sql("UPDATE models SET deployed = 0 WHERE id = UNHEX('$mid')");
};

scene 'champions of two models' => sub {
    my ($one, $two) = (external($t), external($t));
    my $id = deployment($t, $one->{id})->{id};
    my $r = replace($id, $two->{id}, headers => [ 'If-Match' => '"9-0000000000000000"' ]);
    refused($r, 412, undef, 'given another revision, then 412');
    is(replace($id, $two->{id}, headers => [ 'If-Match' => seen($id)->{headers}{etag} ])->{status}, 202, 'given this one, then the champion is replaced');
    is(join(' ', map { held($_->{registeredModelId}) } $one, $two), '0 1', 'one model is no longer deployed, the other is');
    my $revision = seen($id)->{headers}{etag};
    is(replace($id, $two->{id})->{status}, 202, 'the same again');
    is(seen($id)->{headers}{etag}, $revision, 'is no change');
    my $key = [ 'Idempotency-Key' => 'deploy-once' ];
    my @once = map { $t->req(POST => '/api/v2/deployments/fromModelPackage/', token => $t->admin, headers => $key, body => { modelPackageId => $one->{id}, label => 'once' }) } 1, 2;
    is($once[0]{body} . $once[0]{headers}{location}, $once[1]{body} . $once[1]{headers}{location}, 'given a key, a repetition has the same deployment and the same job');
    is(held($one->{registeredModelId}), 1, 'deployed once');
    reg($t, PATCH => "deployments/$id/status/", body => { status => 'inactive' });
    is(replace($id, $one->{id})->{status}, 202, 'given an inactive one');
    is(join(' ', map { held($_->{registeredModelId}) } $one, $two), '1 0', 'then its champion holds no model');
};

scene 'what cannot be put in place' => sub {
    my $v = external($t);
    my $env = environment($t, supportedModelFormats => ['customModel']);
    my $id = deployment($t, $v->{id})->{id};
    my $build = sub { my ($x, $status) = @_; $t->sql("UPDATE model_versions SET build_status = '$status' WHERE id = UNHEX('$x->{id}')"); $x->{id} };
    my $broken = external($t);
    $build->($broken, 'failed');
    unchanged($t, 'refused', sub {
        refused(deploy($broken->{id}), 422, qr/failed to build/, 'a package whose build failed is not deployed');
        refused(replace($id, $broken->{id}), 422, qr/failed to build/, 'nor put in place');
        refused(reg($t, POST => "deployments/$id/challengers/", body => { modelPackageId => $broken->{id}, name => 'x' }), 422, qr/failed to build/, 'nor a challenger');
        refused(deploy($v->{id}, predictionEnvironmentId => $env->{id}), 422, qr/format/, 'an environment that does not support the format');
        refused(deploy($NO_ID), 422, qr/does not match any model package/, 'what is no package, which is named', 'modelPackageId');
        refused(reg($t, POST => "deployments/$id/challengers/", body => { modelPackageId => $NO_ID, name => 'x' }), 422, qr/does not match any model package/, 'as a challenger too', 'modelPackageId');
        refused(reg($t, $_->[0] => "deployments/$id/$_->[1]/", body => { modelPackageId => $NO_ID }), 422, qr/does not match any model package/, "and $_->[1]", 'modelPackageId') for [ PATCH => 'model' ], [ POST => 'model/validation' ];
        refused(deploy($v->{id}, predictionEnvironmentId => $NO_ID), 422, qr/does not match any prediction environment/, 'nor an environment', 'predictionEnvironmentId');
        my $r = deploy($NO_ID, token => $t->reader);
        is("$r->{status} " . ($r->{json}{errors} ? 'told' : 'untold'), '403 untold', 'who may not is not told that there is none');
    });
    $build->($broken, 'complete');
    my %other = (target => { name => 'other', type => 'Regression' }, targetType => { name => 'churn', type => 'Binary', classNames => [ 'yes', 'no' ] });
    for my $what (sort keys %other) {
        my $x = external($t, target => $other{$what});
        my $checks = reg($t, POST => "deployments/$id/model/validation/", body => { modelPackageId => $x->{id} })->{json};
        is("$checks->{status} $checks->{checks}{$what}{status}", 'failing failing', "another $what: the validation says so");
        is($checks->{message}, $checks->{checks}{$what}{message}, 'and why');
        unchanged($t, $what, sub { refused(replace($id, $x->{id}), 422, undef, 'and the replacement is refused', $what) });
    }
};

scene 'what is made of a source' => sub {
    my $v = external($t, modelId => 'my-own-model', target => { name => 'churn', type => 'Binary', classNames => [ 'yes', 'no' ] });
    my $id = deployment($t, $v->{id})->{id};
    is(seen($id)->{json}{model}{id}, 'my-own-model', 'given a package of a model that has another id elsewhere, then the deployment names that');
    my $other = custom_version($t, custom_model($t, targetName => 'quite another')->{id});
    my $r = reg($t, PATCH => "deployments/$id/model/", body => { modelId => $other->{id} });
    refused($r, 422, undef, 'given a custom version that does not fit', 'target');
    is(join(' ', sort keys %{ $r->{json}{errors} }), 'target', 'then what does not fit is told alone') or diag $r->{raw};
    refused(reg($t, PATCH => "deployments/$id/model/", body => { modelId => $NO_ID }), 422, undef, 'given what is no model, that is', 'modelId');
    my $custom = custom_version($t, custom_model($t)->{id});
    my $fit = reg($t, PATCH => "deployments/$id/model/", body => { modelId => $custom->{id} });
    is($fit->{status}, 202, 'given one that fits') or diag $fit->{raw};
    my $board = imported($t)->{modelId};
    is(reg($t, PATCH => "deployments/$id/model/", body => { modelId => $board })->{status}, 202, 'and a model of the leaderboard');
    is(join(' ', map { scalar $t->sql("SELECT COALESCE(source, 'training') FROM model_versions WHERE source_id = UNHEX('$_')") } $custom->{id}, $board), 'external training', 'then each version tells where it comes from');
};

scene 'what was archived does not come into service again' => sub {
    my %way = (package => sub { e($t, 'E5', { id => $_[0]{id} })->{status} == 204 }, model => sub { e($t, 'E11', { id => $_[0]{registeredModelId} })->{status} == 204 });
    for my $what (sort keys %way) {
        my $v = external($t);
        my ($on, $off) = map { deployment($t, $v->{id})->{id} } 1, 2;
        reg($t, PATCH => "deployments/$off/status/", body => { status => 'inactive' })->{status} == 202 or die;
        ok($way{$what}->($v), "given a $what that is archived for good");
        is(reg($t, PATCH => "deployments/$on/status/", body => { status => 'active' })->{status}, 202, 'then what is active stays so');
        unchanged($t, $what, sub {
            refused(reg($t, PATCH => "deployments/$off/status/", body => { status => 'active' }), 422, qr/archived/, 'what is not is not activated');
            refused(replace($_, $v->{id}), 422, qr/archived/, 'nor is its champion put in its own place') for $on, $off;
        });
        is(replace($_, external($t)->{id})->{status}, 202, 'another one is') for $on, $off;
        is(reg($t, PATCH => "deployments/$off/status/", body => { status => 'active' })->{status}, 202, 'and then it is activated');
        reg($t, DELETE => "deployments/$_/")->{status} == 204 or die for $on, $off;
    }
};

scene 'a model that is retired' => sub {
    my $v = external($t);
    my @ids = map { deployment($t, $v->{id})->{id} } 1, 2;
    my $rows = sub { join ' ', map { $_->{id} } @{ e($t, 'E14', { id => $v->{registeredModelId} }, query => $_[0])->{json}{data} } };
    is($rows->(''), "$ids[1] $ids[0]", 'its deployments, newest first');
    is($rows->("sortDirection=$_->[0]"), $_->[1], "$_->[0]") for [ asc => "@ids" ], [ desc => "$ids[1] $ids[0]" ];
    is(e($t, 'E11', { id => $v->{registeredModelId} })->{status}, 204, 'given it is archived for good');
    is(seen($ids[0])->{json}{status}, 'active', 'then they go on');
    refused(deploy($v->{id}), 422, qr/archived/, 'without another one');
    is(reg($t, PATCH => "deployments/$ids[0]/status/", body => { status => 'inactive' })->{status}, 202, 'one can be deactivated');
    refused(reg($t, PATCH => "deployments/$ids[0]/status/", body => { status => 'active' }), 422, qr/archived/, 'for good');
    is(replace($ids[1], external($t)->{id})->{status}, 202, 'one gets another champion');
    is(reg($t, DELETE => "deployments/$_/")->{status}, 204, 'and both can be deleted') for @ids;
};

scene 'environments' => sub {
    my $env = environment($t, name => 'In use');
    my $v = external($t);
    my $next = external($t, registeredModelId => $v->{registeredModelId});
    my $id = deployment($t, $v->{id})->{id};
    my ($cid) = done_at($t, reg($t, POST => "deployments/$id/challengers/", body => { modelPackageId => $next->{id}, name => 'there', predictionEnvironmentId => $env->{id} })) =~ m{/([0-9a-f]{24})/$};
    refused(reg($t, DELETE => "predictionEnvironments/$env->{id}/"), 409, qr/existing deployments/, 'given a challenger in it, then it stays');
    is(reg($t, PATCH => "deployments/$id/challengers/$cid/", body => { predictionEnvironmentId => undef })->{json}{predictionEnvironment}, undef, 'when that is moved out');
    is(reg($t, DELETE => "predictionEnvironments/$env->{id}/")->{status}, 204, 'then it goes');
    refused(reg($t, PATCH => "deployments/$id/challengers/$cid/", body => { predictionEnvironmentId => $env->{id} }), 422, undef, 'and nothing comes into it');
    is(reg($t, DELETE => "deployments/$id/")->{status}, 204, 'when the deployment is deleted');
    is(history($cid), 'challenger.created:active challenger.updated:active challenger.deleted:deleted', 'then its challengers are');
    is(reg($t, GET => "deployments/$id/challengers/")->{status}, 404, 'and nothing lists them');
    my $agent = $t->key(user => 'admin', kind => 'token', tier => 3, agent => 'agt_x');
    my $kept = deployment($t, external($t)->{id})->{id};
    refused(reg($t, DELETE => "deployments/$kept/", token => $agent), 403, undef, 'an agent deletes none without its human');
    is(history($env->{id}), 'prediction_environment.created:active prediction_environment.deleted:deleted', 'the history of the environment');
};

scene 'what changes nothing, and who needs what an environment supports' => sub {
    my $v = external($t);
    my $env = environment($t, name => 'Narrow', supportedModelFormats => [ 'externalModel', 'customModel' ]);
    my $id = deployment($t, $v->{id}, predictionEnvironmentId => $env->{id})->{id};
    my $next = external($t, registeredModelId => $v->{registeredModelId});
    my ($cid) = done_at($t, reg($t, POST => "deployments/$id/challengers/", body => { modelPackageId => $next->{id}, name => 'dares' })) =~ m{/([0-9a-f]{24})/$};
    for ([ 'predictionEnvironments', $env->{id} ], [ 'deployments', $id ], [ "deployments/$id/challengers", $cid ], [ "deployments/$id/settings", undef, $id ]) {
        my ($at, $one, $of) = @$_;
        my $was = history($of // $one);
        like(reg($t, PATCH => "$at/" . ($one ? "$one/" : ''), body => {})->{status}, qr/^20[024]$/, "PATCH of nothing: $at");
        is(history($of // $one), $was, 'then nothing is told');
    }
    unchanged($t, 'refused', sub { refused(reg($t, PATCH => "predictionEnvironments/$env->{id}/", body => { supportedModelFormats => ['customModel'] }), 409, qr/format/, 'given a format goes that what is deployed there has: 409') });
    is(reg($t, PATCH => "predictionEnvironments/$env->{id}/", body => { supportedModelFormats => ['externalModel'] })->{status}, 200, 'given one that nothing has, then it goes');
    is(reg($t, PATCH => "deployments/$id/challengers/$cid/", body => { predictionEnvironmentId => $env->{id} })->{status}, 200, 'given a challenger there');
    is(replace($id, external($t, registeredModelId => $v->{registeredModelId})->{id})->{status}, 202, 'and another champion');
    reg($t, DELETE => "deployments/$id/")->{status} == 204 or die;
    is(reg($t, PATCH => "predictionEnvironments/$env->{id}/", body => { supportedModelFormats => ['customModel'] })->{status}, 200, 'given they are gone, then it is as somebody wants it');
    is(reg($t, DELETE => "predictionEnvironments/$env->{id}/")->{status}, 204, 'and goes');
};

scene 'at once' => sub {
    for my $round (1 .. 4) {
        my ($v) = trained_package();
        my $id = deployment($t, $v->{id})->{id};
        reg($t, PATCH => "deployments/$id/status/", body => { status => 'inactive' });
        my ($archived, $active) = concurrently(2, sub { $_[0] ? reg($t, PATCH => "deployments/$id/status/", body => { status => 'active' }) : act($t, $v->{model}, 'archive') });
        is(join(' ', sort $archived->{status} == 200 ? 'archived' : "refused $archived->{status}", $active->{status} == 202 ? 'active' : "refused $active->{status}"),
            $archived->{status} == 200 ? 'archived refused 422' : 'active refused 409', "round $round: a model is archived, or deployed");
        is(held($v->{registeredModelId}), $archived->{status} == 200 ? 0 : 1, 'which it knows');
        reg($t, DELETE => "deployments/$id/")->{status} == 204 or die;

        my $env = environment($t, name => "Round $round");
        my $x = external($t);
        my ($gone, $made) = concurrently(2, sub { $_[0] ? deploy($x->{id}, predictionEnvironmentId => $env->{id}) : reg($t, DELETE => "predictionEnvironments/$env->{id}/") });
        is("$gone->{status} $made->{status}", $gone->{status} == 204 ? '204 422' : '409 202', 'an environment is deleted, or used');
        reg($t, DELETE => "deployments/$made->{json}{id}/") if $made->{status} == 202;
        reg($t, DELETE => "predictionEnvironments/$env->{id}/") if $gone->{status} != 204;

        my ($one, $two) = (external($t), external($t));
        my @ids = map { deployment($t, $_->{id})->{id} } $one, $two;
        my @r = concurrently(4, sub { replace($ids[ $_[0] % 2 ], $_[0] % 2 ? $one->{id} : $two->{id}) });
        is(join(' ', map { $_->{status} } @r), '202 202 202 202', 'two deployments exchange their champions');
        is(join(' ', map { held($_->{registeredModelId}) } $one, $two), '1 1', 'each model is deployed once');
        reg($t, DELETE => "deployments/$_/") for @ids;
    }
};

scene 'how many' => sub {
    my ($v, $next) = map { external($t, registeredModelId => $_) } external($t)->{registeredModelId}, external($t)->{registeredModelId};
    my $id = deployment($t, $v->{id})->{id};
    my $dare = sub { reg($t, POST => "deployments/$_[0]/challengers/", body => { modelPackageId => $next->{id}, name => 'dares' }) };
    my $n = 0;
    $n++ while $n < 50 && $dare->($id)->{status} == 202;
    is($n, 20, 'twenty challengers of a deployment');
    refused($dare->($id), 422, qr/Challenger limit/, 'and no more');
    my $more = deployment($t, $v->{id})->{id};
    $n++ while $n < 50 && $dare->($more)->{status} == 202;
    is($n, 22, 'in all as many as the quota');
    like($dare->($more)->{json}{message}, qr/quota_challengers/, 'which says so');
    $n = 0;
    $n++ while $n < 50 && reg($t, POST => 'predictionEnvironments/', body => { name => 'x', platform => 'other' })->{status} == 201;
    refused(reg($t, POST => 'predictionEnvironments/', body => { name => 'x', platform => 'other' }), 409, qr/quota_environments/, 'environments have one');
    $n = 0;
    $n++ while $n < 50 && deploy($v->{id})->{status} == 202;
    refused(deploy($v->{id}), 409, qr/quota_deployments/, 'deployments have one');
};

$t->finish;
