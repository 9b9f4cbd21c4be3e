#!/usr/bin/perl
# How large things may be: documents when they are written, pages when they are read, and
# what a worker takes for the largest page of every route there is.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Foundry;
use Registry qw(reg);

my $t = Thaw->new(workers => 1);
my $token = $t->admin;
my $most = 65536;                                        # document_limit
my %setting = map { $_->{name} => $_->{value} } tables($t, 'config');
my $page = $setting{page_bytes_limit};

# A document of so many bytes.
sub document { my ($n) = @_; return { text => 'x' x ($n - length json({ text => '' })) } }
sub texts { my ($n) = @_; my @all = ('x' x 1000) x int(($n - 2) / 1003); push @all, 'x' x ($n - 2 - 1003 * @all - 2); return \@all }

subtest 'a document that is too large is refused with the limit, and its setting' => sub {
    my $m = model($t, metadata => document($most), config => document($most), tags => texts($most));
    is(length json($m->{metadata}), $most, 'exactly the limit is kept');
    my $job = act($t, $m->{id}, 'train', body => { hyperparameters => document($most) })->{json}{job_id};
    unchanged($t, 'refusals', sub {
        for my $case ([ POST => $MODELS, 'metadata' ], [ POST => $MODELS, 'config' ], [ POST => $MODELS, 'tags', texts($most + 1) ], [ PATCH => "$MODELS/$m->{id}", 'metadata' ], [ PATCH => "$MODELS/$m->{id}", 'config' ],
            [ PATCH => "$MODELS/$m->{id}", 'tags', texts($most + 1) ], (map { [ POST => "$MODELS/$m->{id}/train/$job/complete", $_ ] } qw(hyperparameters metrics artifacts)),
            (map { [ POST => "$MODELS/$m->{id}/train/$job/complete", $_, texts($setting{log_limit} + 1), 'log_limit' ] } qw(logs features))) {
            my ($method, $path, $field, $value, $name) = @$case;
            my $r = $t->req($method => $path, token => $token, body => { ($path eq $MODELS ? (name => 'large', model_type => 'auto', task_type => 'clustering') : ()), $field => $value // document($most + 1) });
            error_is($r, 400, 'VALIDATION_ERROR', "$method $field");
            $name //= 'document_limit';
            is("$r->{json}{error}{details}{field} $r->{json}{error}{details}{reason}", "$field must have at most $setting{$name} bytes as JSON ($name), not @{[ $setting{$name} + 1 ]}", 'names field, limit and setting');
        }
    });
    is(act($t, $m->{id}, "train/$job/complete", body => { logs => texts($setting{log_limit}), metrics => document($most) })->{status}, 200, 'the largest that are not');
};

# --- the most of everything ------------------------------------------------------------

my %LABELS = map { ("k$_" => "\x{1f642}" x 500) } 1 .. 50;
my %id = (request_id => 'req_' . 'f' x 32, code => 'not_found', api => 'registry', guide => 'errors');
{
    my @m = map { model($t, metadata => document($most), config => document($most), tags => texts($most)) } 1 .. 100;
    # rows from before there was a limit
    $t->sql('UPDATE models SET metadata = CONCAT(\'{"text":"\', REPEAT(\'x\', 1000000), \'"}\') ORDER BY id LIMIT 21');
    my $m = $id{model_id} = $m[99]{id};
    for (1 .. 30) {
        $id{job_id} = act($t, $m, 'train', body => { hyperparameters => document($most) })->{json}{job_id};
        my $r = act($t, $m, "train/$id{job_id}/complete", body => { metrics => document($most), artifacts => document($most), features => [ map { "feature $_" } 1 .. 10000 ], logs => texts($setting{log_limit}) }, plain => 1);
        $r->{status} == 200 or die $r->{raw};
    }
    @id{qw(version_id modelRid resourceRid)} = ('ver-031', (rid_of(model => $m)) x 2);
    $id{modelVersionRid} = upload($t, $id{modelRid}, modelApi => { %{ model_api() }, note => 'x' x 200000 })->{json}{rid} // die 'upload';
    my $home = home_of($t);
    @id{qw(projectRid folderRid)} = ($home) x 2;
    $id{spaceRid} = $t->req(GET => '/api/v2/filesystem/spaces', token => $token)->{json}{data}[0]{rid};
    $id{userId} = $t->req(GET => '/api/v2/admin/users/getCurrent', token => $token)->{json}{id};
    $id{issuer_path} = 'x';
    fs($t, POST => 'folders', body => { displayName => "\x{1f642}" x 690 . $_, parentFolderRid => $home })->{status} == 200 or die for 1 .. 100;
    my @w = map { workspace($t, metadata => \%LABELS) } 1 .. 100;
    $id{workspace_id} = $w[0]{id};
    $t->req(PATCH => "/v1/workspaces/$id{workspace_id}", token => $token, body => { metadata => { k1 => "$_" } })->{status} == 200 or die for 1 .. 60;
    $id{entity_id} = (map { entity($t, $id{workspace_id}, metadata => \%LABELS) } 1 .. 100)[0]{id};
    $id{webhook_endpoint_id} = (map { post_v1($t, 'webhook_endpoints', body => { url => "https://hooks.example/$_", enabled_events => ['*'], metadata => \%LABELS })->{json}{id} } 1 .. 50)[0];
    my $r = $t->req(POST => '/api/v1/projects', token => $token, body => { name => 'p', description => "\x{1f642}" x 500 });
    $id{id} = $r->{json}{data}{id};
    $id{webhook_id} = $t->req(POST => '/api/2.0/mlflow/webhooks', token => $t->admin, body => { name => 'hook', url => 'https://hooks.example/x', events => [ { entity => 'PROMPT', action => 'CREATED' } ] })->{json}{webhook}{webhook_id};
    $id{delivery_id} = post_v1($t, "webhook_endpoints/$id{webhook_endpoint_id}/test", body => {})->{json}{id} // 'del_x';
    $id{event_id} = $t->req(GET => '/v1/events?limit=1', token => $token)->{json}{data}[0]{id};
    $id{token_id} = ($t->key_and_id(user => 'admin'))[1];
    my $agent = $t->key(user => 'admin', kind => 'token', tier => 3, agent => 'agt_x');
    $id{authorization_id} = $t->req(POST => "/v1/workspaces/$w[1]{id}/archive", token => $agent)->{json}{id};
}

# Of the registry a hundred of each, as large as they may be, in another organization. Bodies are written once, and of
# answers the first id is all that is read.
{
    my $long = sub { "\x{1f642}" x $_[0] };
    my $call = sub {
        my ($method, $path, $body, %o) = @_;
        my $r = reg($t, $method => $path, token => $t->other, body => $body, plain => 1, %o);
        $r->{status} =~ /^20/ or die substr "$method $path: $r->{raw}", 0, 3000;
        return wantarray ? $r : $r->{body} =~ /"id":"(\w+)"/ && $1;
    };
    my $path_id = sub { $_[0]{headers}{location} =~ m{/(\w+)/$} && $1 };
    my $named = sub { my ($body, $name) = @_; $body =~ s/<name>/$name/r };
    my $model = json({ modelType => $long->(255), projectName => 'large', target => { name => $long->(1024), type => 'Multiclass', classNames => [ map { "$_ " . 'x' x 600 } 1 .. 100 ] },
        features => [ map { { name => "feature $_ " . 'x' x 900, featureType => 'Numeric', importance => 1 / $_ } } 1 .. 240 ], logs => [ map { { level => 'INFO', message => "$_ " . 'x' x 950, time => $_ } } 1 .. 240 ],
        datasets => { datasetName => $long->(1024), baselineSegmentedBy => [ map { "$_ " . 'x' x 50 } 1 .. 1000 ] }, timeseries => { forecastDistances => [ 1 .. 10000 ], datetimeColumnName => $long->(1024) } });
    my $project = sub { ($call->(POST => 'projects/' . sprintf('%024x', $_[0]) . '/models/import/', $_[1]))[0]{body} =~ /"modelId":"(\w+)","projectId":"(\w+)"/ or die; ($1, $2) };
    @id{qw(modelId projectId)} = $project->(1, $model);
    $project->(1, $model) for 2 .. 100;
    $project->($_, json({ modelType => 'x', projectName => $long->(1000) . $_, target => { name => 'y', type => 'Regression' } })) for 2 .. 100;
    my %words = (name => $long->(1024), description => $long->(2048), tags => [ map { { name => "$_", value => 'x' x 600 } } 1 .. 100 ]);
    my $package = sub { json({ %words, modelId => $id{modelId}, @_ }) };
    ($id{registeredModelId}) = ($call->(POST => 'modelPackages/fromLearningModel/', $package->(registeredModelName => 'large')))[0]{body} =~ /"registeredModelId":"(\w+)"/;
    my $another = $package->(registeredModelId => $id{registeredModelId});
    my @packages = map { scalar $call->(POST => 'modelPackages/fromLearningModel/', $another) } 2 .. 100;
    @id{qw(modelPackageId versionId)} = ($packages[0]) x 2;
    my $external = json({ name => '<name>' . $long->(1000), target => { name => 'y', type => 'Regression' }, description => $words{description}, registeredModelDescription => $words{description}, registeredModelTags => $words{tags} });
    $call->(POST => 'modelPackages/fromJSON/', $named->($external, $_)) for 1 .. 100;
    $id{environmentId} = (map { scalar $call->(POST => 'predictionEnvironments/', { name => $long->(512), platform => 'other', description => $long->(2048), plugin => $long->(255) }) } 1 .. 100)[-1];
    my $deployment = json({ modelPackageId => $id{modelPackageId}, label => $long->(512), description => $long->(10000), predictionEnvironmentId => $id{environmentId}, userProvidedId => $long->(255), runtimeParameterValues => '"' . 'x' x 32000 . '"' });
    $id{deploymentId} = (map { scalar $call->(POST => 'deployments/fromModelPackage/', $deployment) } 1 .. 100)[-1];
    $call->(PATCH => "deployments/$id{deploymentId}/settings/", { associationId => { columnNames => [ map { 'x' x 1000 } 1 .. 10 ] }, segmentAnalysis => { attributes => [ map { 'x' x 50 } 1 .. 1000 ] } });
    for my $next (@packages[ 1 .. 20 ]) {
        my ($job) = $call->(POST => "deployments/$id{deploymentId}/challengers/", { modelPackageId => $next, name => $long->(512), predictionEnvironmentId => $id{environmentId} });
        $id{challengerId} = $path_id->(reg($t, GET => 'status/' . $path_id->($job) . '/', token => $t->other));
    }
    $id{useCaseId} = (map { scalar $call->(POST => 'useCases/', { name => $long->(255), description => $long->(2048) }) } 1 .. 100)[0];
    my $custom = json({ name => $long->(255), description => $long->(10000), targetType => 'Multiclass', customModelType => 'inference', targetName => $long->(1024), classLabels => [ map { "$_ " . 'x' x 600 } 1 .. 100 ], gitModelVersion => { ref => 'x' x 60000 } });
    $id{customModelId} = (map { scalar $call->(POST => 'customModels/', $custom) } 1 .. 100)[0];
    my $version = json({ isMajorUpdate => 'true', description => $long->(10000), trainingData => { ref => 'x' x 60000 } });
    $call->(POST => "customModels/$id{customModelId}/versions/", $version) for 1 .. 100;
    # a thousand files, those of the version before and 250 more in each
    for my $n (1 .. 4) {
        my $form = join '', (map { "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" . $long->(690) . "$n.$_\"\r\n\r\nx$_\r\n" } 1 .. 250), "--b--\r\n";
        utf8::encode($form);
        $id{customModelVersionId} = $call->(PATCH => "customModels/$id{customModelId}/versions/", $form, type => 'multipart/form-data; boundary=b');
    }
    $call->(POST => 'deployments/fromModelPackage/', { modelPackageId => scalar $call->(POST => 'modelPackages/fromCustomModelVersion/', { customModelVersionId => $id{customModelVersionId} }), label => 'custom' });
    $id{statusId} = $path_id->($call->(POST => "modelPackages/$id{modelPackageId}/modelPackageFileBuilds/"));
    my @groups = map { $t->must('group', 'create', '--org', 'Other', "group $_") =~ s/^grp-//r } 1 .. 100;
    $call->(PATCH => "registeredModels/$id{registeredModelId}/sharedRoles/", { operation => 'updateRoles', roles => [ map { { role => 'USER', shareRecipientType => 'group', id => $_ } } @groups ] });
    $t->thaw('build')->{exit} == 0 or die 'build';
    @id{qw(user_id role_id)} = map { my ($prefix, $table, $which) = @$_; $prefix . lc $t->sql("SELECT HEX(id) FROM $table WHERE organization_id = (SELECT id FROM organizations WHERE name = 'Main') AND $which LIMIT 1") }
        [ 'usr-', 'principals', "username = 'admin'" ], [ 'rol-', 'roles', "name = 'admin'" ];
    $id{oauth_client_id} = $t->must('client', 'create', '--org', 'Main', '--name', 'app', '--redirect-uris', join(' ', map { 'https://app.example/' . 'x' x 1000 . $_ } 1 .. 5), '--public');
    $id{token_id} = ($t->key_and_id(user => 'admin'))[1];
}

sub memory { my ($what) = @_; my ($pid) = $t->worker_pids; slurp("/proc/$pid/status") =~ /^$what:\s+(\d+) kB/m or die; return $1 / 1024 }
sub forget_peak { my ($pid) = $t->worker_pids; spew("/proc/$pid/clear_refs", '5') }

# What a page may be asked to have, where the route knows such a word.
my %LARGEST = ('models' => 'page_size=100', workspaces => 'limit=100', foundry => 'pageSize=1000&preview=true', projects => 'limit=100', console => 'page_size=200', registry => 'limit=1000', mlflow => 'max_results=1000&version=31&name=' . (get($t, $id{model_id})->{json}{name} =~ tr/ /+/r), plain => '', oauth => '');
my $sanitized = $Thaw::BUILD =~ /sanitized/;

subtest 'the largest answer of every route' => sub {
    $t->req(GET => '/readyz');
    my $before = memory('VmRSS');
    my ($peak, $most_of) = (0, '');
    for my $route (grep { $_->{method} eq 'GET' } tables($t, 'routes')) {
        my $path = $route->{path} =~ s/\{(\w+)\}/$id{$1} \/\/ die "teach t\/44-bounds.t: an id for {$1}"/ger;
        my $query = $LARGEST{ $route->{dialect} } // die "teach t/44-bounds.t: \%LARGEST does not say how $route->{dialect} asks for a large page";
        $query = 'page_size=200' if $path =~ /audit-logs/;
        $query .= '&alias=champion' if $path =~ m{/(holders|rollback)$};
        $query = $1 eq 'search' ? 'q=model' : $1 eq 'audit/export' ? 'format=csv' : 'limit=100' if $path =~ m{^/console/(users|roles|clients|audit|audit/export|search)$};
        my $as = $route->{dialect} eq 'registry' ? $t->other : $token;
        forget_peak();
        my $r = $t->req(GET => $path . ($query ? "?$query" : ''), token => $as, plain => 1);
        $r = Thaw::parse($r->{raw}) if $r->{status} =~ /^4/;
        # a list that counts its pages asks for smaller ones
        if ($r->{status} == 400 && ($r->{json}{error}{details}{field} // '') eq 'page_size') {
            my ($fits) = $r->{json}{error}{details}{reason} =~ /^must be at most (\d+) here: the objects of this page are larger than $page bytes \(page_bytes_limit\) together$/;
            ok($fits, "$path says what fits");
            $r = $t->req(GET => "$path?page_size=$fits", token => $token);
            is(scalar @{ $r->{json}{items} }, $fits, 'which it does');
        }
        # one that counts rows is whole by what it names as next
        if ($route->{dialect} eq 'registry' && $r->{status} == 200 && $r->{body} =~ /"next":"/) {
            my ($seen, $got, $next) = (0, undef, undef);
            do {
                $got = $next ? $t->req(GET => $next, token => $as)->{json} : $r->{json} // Thaw::parse($r->{raw})->{json};
                $seen += @{ $got->{data} };
                $next = $got->{next} && $got->{next} =~ s{^https?://[^/]+}{}r;
                die "$path: an empty page" if !@{ $got->{data} };
            } while $next;
            is($seen, $got->{totalCount}, "$path is whole by its pages");
        }
        unlike($r->{status}, qr/^(?:000|5)/, "GET $path: $r->{status}, " . length($r->{body}) . ' bytes') or diag substr $r->{raw}, 0, 500;
        cmp_ok(length $r->{body}, '<', 1.1 * $page, 'no larger than a page');
        my $took = memory('VmHWM') - $before;
        ($peak, $most_of) = ($took, $path) if $took > $peak;
    }
    note sprintf 'at most %.0f MiB more, for %s', $peak, $most_of;
    # as the sanitizers count memory, they are of no use here
    cmp_ok($peak, '<', 64, 'what a worker took for any of them, in MiB') unless $sanitized;
    cmp_ok(memory('VmRSS') - $before, '<', 12, 'and kept') unless $sanitized;
};

subtest 'a list whose pages end sooner is whole' => sub {
    my %count = ('/v1/workspaces' => 100, '/v1/entities' => 100, '/v1/webhook_endpoints' => 50, '/v1/events' => undef);
    for my $path (sort keys %count) {
        for my $way ('starting_after', 'ending_before') {
            my (@seen, $cursor, $pages, $short);
            do {
                my $r = $t->req(GET => "$path?limit=100" . ($cursor ? "&$way=$cursor" : ''), token => $token)->{json};
                my @page = map { $_->{id} } @{ $r->{data} };
                $short = 1 if $r->{has_more} && @page < 100;
                push @seen, $way eq 'starting_after' ? @page : reverse @page;
                $cursor = $r->{has_more} && @page ? $way eq 'starting_after' ? $page[-1] : $page[0] : undef;
                if (!defined $cursor && $way eq 'ending_before' && !$pages) { $cursor = $page[-1]; @seen = () }
            } while ($cursor && ++$pages < 100);
            my %once;
            is(scalar(grep { $once{$_}++ } @seen), 0, "$path by $way: nothing twice");
            is(scalar @seen, $count{$path}, 'nothing left out') if $way eq 'starting_after' && $count{$path};
        }
    }
    my (@seen, $next);
    do {
        my $r = foundry($t, GET => "/$id{modelRid}/versions?pageSize=100" . ($next ? "&pageToken=$next" : ''))->{json};
        push @seen, map { $_->{rid} } @{ $r->{data} };
        $next = $r->{nextPageToken};
    } while ($next && @seen < 1000);
    is(scalar @seen, 31, "versions of a branch");
};

subtest 'a page by number that would be too large says what fits, and its first page always does' => sub {
    my $r = $t->req(GET => "$MODELS?page_size=100", token => $token);
    error_is($r, 400, 'VALIDATION_ERROR', 'a hundred of the largest');
    is($t->req(GET => "$MODELS?page=5", token => $token)->{status}, 400, 'twenty from before the limit');
    is($t->req(GET => $MODELS, token => $token)->{status}, 200, 'the usual twenty of the largest that may be');
    is($t->req(GET => "$MODELS/$id{model_id}/versions", token => $token)->{status}, 200, 'of versions too');
    my ($old) = map { $_->[0] } $t->sql('SELECT LOWER(HEX(id)) FROM models ORDER BY id LIMIT 1');
    is(length $t->req(GET => "$MODELS/mdl-$old", token => $token)->{json}{metadata}{text}, 1000000, 'and a larger one is read by itself');
    is(scalar @{ $t->req(GET => "$MODELS?page_size=1&page=101", token => $token)->{json}{items} }, 1, 'and in a list');
    my $edit = $t->req(PATCH => "$MODELS/mdl-$old", token => $token, body => { description => 'still there' });
    is("$edit->{status} " . length $edit->{json}{metadata}{text}, '200 1000000', 'a change of the rest leaves it as it is');
};

subtest 'what is too large of an administrator is not told of to who is one no longer' => sub {
    my $u = Thaw->new(workers => 1, config => { page_bytes_limit => 20000 });
    $u->admin;
    my %token = map { $u->user($_->[0], role => $_->[1]); ($_->[0] => $u->token($_->[0])) } [ former => 'admin' ], [ member => 'member' ];
    model($u, description => 'x' x 900) for 1 .. 30;
    $u->sql('DELETE FROM grants; UPDATE models SET is_global = 0');
    $u->recount;
    error_is($u->req(GET => "$MODELS?page_size=50", token => $token{former}), 400, 'VALIDATION_ERROR', 'given an administrator of local models that are too large together');
    $u->must('user', 'role', 'former', 'member');
    for my $who (qw(member former former)) {
        my $r = $u->req(GET => "$MODELS?page_size=50", token => $token{$who});
        is("$r->{status} $r->{json}{total}", '200 0', "$who: sees none, and nothing of their size");
    }
    $u->finish;
};

$t->finish;
