#!/usr/bin/perl
# What an organization may have at most, in every dialect that makes it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Foundry;
use Registry qw(reg refused);

my %most = (models => 6, versions => 4, runs => 3, folders => 4, projects => 2, workspaces => 3, entities => 2, endpoints => 2, tokens => 3, artifact_bytes => 3000,
    groups => 1, group_members => 1, challengers => 2, custom_models => 2, custom_versions => 3, deployments => 3, environments => 2, use_cases => 2, users => 6, roles => 4, clients => 1);
my $t = Thaw->new(workers => 4, config => { map { ("quota_$_" => $most{$_}) } keys %most });
my $token = $t->admin;
my %what = (models => 'models', versions => 'model versions', runs => 'training runs', folders => 'folders', projects => 'projects', workspaces => 'workspaces', entities => 'entities',
    endpoints => 'webhook endpoints', tokens => 'API keys and tokens', artifact_bytes => 'bytes of model files', groups => 'groups of users', group_members => 'memberships in groups',
    challengers => 'challengers of deployments', custom_models => 'custom models', custom_versions => 'versions of custom models', deployments => 'deployments', environments => 'prediction environments', use_cases => 'use cases', users => 'users', roles => 'roles', clients => 'applications');
sub sentence { my ($q, $used) = @_; return 'Your organization has ' . ($used // $most{$q}) . " $what{$q} and its quota is $most{$q} (quota_$q); delete what you no longer need, or ask the administrator of this installation to raise the quota" }
sub usage { my %u = map { $_->{setting} =~ s/^quota_//r => $_ } @{ $t->thaw('--json', 'org', 'usage', '--org', 'Main')->{json} }; \%u }

# Until it is refused: what was made.
sub fill { my ($make) = @_; my @made; while (@made < 50) { my $r = $make->(scalar @made); last if $r->{status} >= 300; push @made, $r->{json} } return @made }
sub new_model { $t->req(POST => $MODELS, token => $token, body => { name => "model $_[0]", model_type => 'auto', task_type => 'regression' }) }

my @models = fill(\&new_model);
subtest 'models, in both dialects' => sub {
    is(scalar @models, $most{models}, 'as many as the quota');
    unchanged($t, 'refusals', sub {
        my $r = new_model('more');
        error_is($r, 409, 'CONFLICT', 'one more');
        is($r->{json}{error}{message}, sentence('models'), 'names quota, limit and usage');
        fault_is(foundry($t, POST => '', body => { name => 'more', parentFolderRid => home_of($t) }), 409, 'CONFLICT', 'QuotaExceeded', {}, 'in foundry too', sentence('models'));
    });
    is($t->req(POST => $MODELS, token => $t->other, body => { name => 'theirs', model_type => 'auto', task_type => 'regression' })->{status}, 201, "another organization's is its own");
    act($t, $models[0]{id}, 'archive')->{status} == 200 or die;
    is(new_model('more')->{status}, 409, 'an archived one counts');
    # a refusal under an idempotency key is not the answer for good
    my $try = sub { $t->req(POST => $MODELS, token => $token, headers => [ 'Idempotency-Key' => 'again' ], body => { name => 'again', model_type => 'auto', task_type => 'regression' })->{status} };
    is($try->(), 409, 'with a key');
    my $rid = rid_of(model => $models[0]{id});
    fs($t, POST => "resources/$rid/permanentlyDelete")->{status} == 204 or die;
    is($try->(), 201, 'a permanently deleted one makes room, for the same key too');
};

subtest 'versions, training runs and files' => sub {
    my ($m) = map { $_->{id} } $models[1];
    my $rid = rid_of(model => $m);
    my @files = fill(sub { upload($t, $rid, file => $_[0] x 1000) });
    is(scalar @files, 3, 'three files of a thousand bytes');
    fault_is(upload($t, $rid, file => 'z'), 409, 'CONFLICT', 'QuotaExceeded', {}, 'not a byte more', sentence('artifact_bytes'));
    is(upload($t, $rid, file => '0' x 1000)->{status}, 200, 'one that is there takes no room');
    fault_is(promote($t, $rid, $files[0]{rid}), 409, 'CONFLICT', 'QuotaExceeded', {}, 'but it was the last version', sentence('versions'));
    my $job = act($t, $m, 'train')->{json}{job_id};
    my $r = act($t, $m, "train/$job/complete", body => {});
    error_is($r, 409, 'CONFLICT', 'of a training run too');
    is($r->{json}{error}{message}, sentence('versions'), 'in words');
    act($t, $m, "train/$job/fail", body => { reason => 'no room' })->{status} == 200 or die;
    fill(sub { my $r = act($t, $m, 'train'); act($t, $m, "train/$r->{json}{job_id}/fail", body => { reason => 'x' }) if $r->{status} == 202; $r });
    is(act($t, $m, 'train')->{json}{error}{message}, sentence('runs'), 'training runs');
};

subtest 'folders' => sub {
    my $home = home_of($t);
    my @made = fill(sub { fs($t, POST => 'folders', body => { displayName => "f$_[0]", parentFolderRid => $home }) });
    is(scalar @made, $most{folders} - 1, 'the home is one');
    fault_is(fs($t, POST => 'folders', body => { displayName => 'more', parentFolderRid => $home }), 409, 'CONFLICT', 'QuotaExceeded', {}, 'one more', sentence('folders'));
    fault_is(fs($t, POST => 'projects/create', body => { displayName => 'more', spaceRid => rid_of(space => scalar $t->sql("SELECT LOWER(HEX(organization_id)) FROM principals WHERE username = 'admin'")) }), 409, 'CONFLICT', 'QuotaExceeded', {}, 'or a project', sentence('folders'));
};

subtest 'projects' => sub {
    my $make = sub { $t->req(POST => '/api/v1/projects', token => $token, body => { name => "p$_[0]" }) };
    is(scalar(fill($make)), $most{projects}, 'as many');
    my $r = $make->('more');
    is("$r->{status} $r->{json}{code} $r->{json}{message}", '409 CONFLICT_PROJECT ' . sentence('projects'), 'one more');
};

subtest 'workspaces, entities, endpoints, tokens' => sub {
    my @w = fill(sub { post_v1($t, 'workspaces', body => { name => "w$_[0]" }) });
    is(scalar @w, $most{workspaces}, 'as many workspaces');
    refusal_is(post_v1($t, 'workspaces', body => { name => 'more' }), 409, 'limit_reached', sentence('workspaces'), 'one more');
    my $entity = sub { post_v1($t, 'entities', body => { workspace_id => $w[0]{id}, name => "e$_[0]", jurisdiction => 'US-DE', type => 'llc' }) };
    is(scalar(fill($entity)), $most{entities}, 'as many entities');
    refusal_is($entity->('more'), 409, 'limit_reached', sentence('entities'), 'one more');
    my $endpoint = sub { post_v1($t, 'webhook_endpoints', body => { url => "https://hooks.example/$_[0]", enabled_events => ['*'] }) };
    is(scalar(my @e = fill($endpoint)), $most{endpoints}, 'as many endpoints');
    refusal_is($endpoint->('more'), 409, 'limit_reached', sentence('endpoints'), 'one more');
    is($t->req(DELETE => "/v1/webhook_endpoints/$e[0]{id}", token => $token)->{status}, 200, 'without one');
    is($endpoint->('more')->{status}, 200, 'there is room');
    my ($key, $id) = $t->key_and_id(user => 'admin');
    $t->key(user => 'admin', ttl => 60);
    $t->sql('UPDATE api_keys SET expires_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND WHERE expires_at IS NOT NULL');
    $t->key(user => 'admin') for 1, 2;
    my $r = $t->thaw('api-key', 'create', '--user', 'admin');
    if ($r->{exit} == 0) { fail('a key beyond the quota') } else { like($r->{err}, qr/\Q@{[ sentence('tokens') ]}\E/, 'the command is refused too') }
    is($t->thaw('api-key', 'revoke', '--org', 'Main', $id)->{exit}, 0, 'without one');
    is($t->thaw('api-key', 'create', '--user', 'admin')->{exit}, 0, 'there is room, and one that has expired takes none');
};

subtest 'groups of users' => sub {
    my $refused = sub { my ($q, @args) = @_; like($t->thaw('group', @args)->{err}, qr/\Q@{[ sentence($q) ]}\E/, "@args: refused") };
    $t->must('group', 'create', '--org', 'Main', 'one');
    $refused->(groups => 'create', '--org', 'Main', 'two');
    $t->must('group', 'add', '--org', 'Main', 'one', 'admin');
    $t->user('bob');
    $refused->(group_members => 'add', '--org', 'Main', 'one', 'bob');
    $t->must('group', 'remove', '--org', 'Main', 'one', 'admin');
    $t->must('group', 'add', '--org', 'Main', 'one', 'bob');
};

subtest 'deployments and what surrounds them' => sub {
    # given four versions of a model
    my @versions = map { $_->[0] } $t->sql('SELECT LOWER(HEX(id)) FROM model_versions ORDER BY number');
    my $room = sub {
        my ($q, $left, $body, $path) = @_;
        my $make = sub { reg($t, POST => $path, body => $body) };
        is(scalar(my @made = fill($make)), $left, "as many $what{$q} as the quota");
        unchanged($t, $q, sub { refused($make->(), 409, qr/^\Q@{[ sentence($q) ]}\E$/, 'one more') });
        return @made;
    };
    my ($environment) = $room->(environments => 2, { name => 'e', platform => 'other' }, 'predictionEnvironments/');
    is(reg($t, DELETE => "predictionEnvironments/$environment->{id}/")->{status}, 204, 'without one');
    $room->(environments => 1, { name => 'e', platform => 'other' }, 'predictionEnvironments/');
    my ($deployment) = $room->(deployments => 3, { modelPackageId => $versions[0], label => 'd' }, 'deployments/fromModelPackage/');
    is(reg($t, DELETE => "deployments/$deployment->{id}/")->{status}, 204, 'without one');
    ($deployment) = $room->(deployments => 1, { modelPackageId => $versions[0], label => 'd' }, 'deployments/fromModelPackage/');
    my @challengers = map { { modelPackageId => $_, name => 'c' } } @versions[ 1 .. 3 ];
    my $challenge = sub { reg($t, POST => "deployments/$deployment->{id}/challengers/", body => $challengers[ $_[0] ]) };
    is(scalar(fill($challenge)), $most{challengers}, 'Challenger limit');
    unchanged($t, 'challengers', sub { refused($challenge->(2), 409, qr/^\Q@{[ sentence('challengers') ]}\E$/, 'one more') });
    my ($use_case) = $room->(use_cases => 2, { name => 'u' }, 'useCases/');
    is(reg($t, DELETE => "useCases/$use_case->{id}/")->{status}, 204, 'without one');
    $room->(use_cases => 1, { name => 'u' }, 'useCases/');
    my %custom = (name => 'c', targetType => 'Regression', targetName => 'y', customModelType => 'inference');
    my ($one) = $room->(custom_models => 2, \%custom, 'customModels/');
    $room->(custom_versions => 3, { isMajorUpdate => 'true' }, "customModels/$one->{id}/versions/");
    is(reg($t, DELETE => "customModels/$one->{id}/")->{status}, 204, 'without one');
    $room->(custom_models => 1, \%custom, 'customModels/');
    is(usage()->{custom_versions}{used}, 3, 'whose versions still count, as those of models do');
};

subtest 'people, and what acts for them' => sub {
    my %make = (users => sub { { username => "u$_[0]", email => "u$_[0]\@main.example", role => 'reader' } }, roles => sub { { name => "r$_[0]", permissions => ['model:read'], rate => 1 } },
        clients => sub { { name => "c$_[0]", redirect_uris => ['https://app.example/cb'] } });
    for my $q (sort keys %make) {
        my $ask = sub { $t->req(POST => "/console/$q", token => $token, body => $make{$q}->($_[0])) };
        ok(scalar(my @made = fill($ask)), "some $what{$q}");
        unchanged($t, $q, sub { my $r = $ask->('more'); is("$r->{status} $r->{json}{detail}", '409 ' . sentence($q), 'one more') });
        next if $q ne 'clients';
        is($t->req(DELETE => "/console/clients/$made[0]{id}", token => $token)->{status}, 200, 'without one');
        is($ask->('next')->{status}, 201, 'there is room');
    }
    is($t->req(POST => '/console/keys', token => $token, body => { kind => 'secret' })->{json}{detail}, sentence('tokens'), 'keys are counted wherever they are made');
    is($t->thaw('user', 'create', '--org', 'Main', '--username', 'one-more', '--email', 'one\@more', '--role', 'reader')->{exit}, 1, 'and users by the command too');
};

subtest 'of the registry too' => sub {
    my %make = (models => [ 'modelPackages/fromJSON/', { name => 'more', target => { name => 'y', type => 'Regression' } } ],
        versions => [ 'modelPackages/fromJSON/', { name => 'more', target => { name => 'y', type => 'Regression' }, registeredModelId => hex_of($models[2]{id}) } ],
        runs => [ 'projects/000000000000000000000001/models/import/', { modelType => 'x', projectName => 'p', target => { name => 'y', type => 'Regression' } } ]);
    unchanged($t, 'refusals', sub { refused(reg($t, POST => $make{$_}[0], body => $make{$_}[1]), 409, qr/^\Q@{[ sentence($_) ]}\E$/, $what{$_}) for sort keys %make });
};

subtest 'thaw org usage' => sub {
    my $u = usage();
    is(join(' ', sort keys %$u), join(' ', sort keys %most), 'all quotas');
    is(join(' ', map { "$_ $u->{$_}{used}/$u->{$_}{limit}" } sort keys %$u), join(' ', map { "$_ $most{$_}/$most{$_}" } sort keys %most), 'all full, as counted');
    like($t->thaw('org', 'usage', '--org', 'Main')->{out}, qr/^models +6 +6 +quota_models$/m, 'as a table');
};

subtest 'at once, and with much room' => sub {
    # given an organization near its limit
    my @r = concurrently(8, sub { $t->req(POST => $MODELS, token => $t->other, body => { name => "at once $_[0]", model_type => 'auto', task_type => 'regression' })->{status} });
    my $made = grep { $_ == 201 } @r;
    cmp_ok($made, '>=', $most{models} - 1, 'no room is lost');
    cmp_ok($made, '<=', $most{models} - 1 + 3, 'and no more is passed than workers at the same moment');
    is($t->req(POST => $MODELS, token => $t->other, body => { name => 'later', model_type => 'auto', task_type => 'regression' })->{status}, 409, 'afterwards it holds');
};

$t->finish;
