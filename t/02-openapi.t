#!/usr/bin/perl
# /openapi.json: it tells every route there is, as the tables have it, under names that stay, and answers are what it
# says. What tools of others say of it, and make of it, is in t/06-openapi-tools.t.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Mlflow qw(made_model ml done);
use Foundry;
use OAuth;
use Registry qw(reg external imported from_leaderboard custom_model custom_version environment deployment built share true done_at);

my $t = Thaw->new(workers => 1, config => { issuer => 'https://registry.example/here' });
my $r = $t->req(GET => '/openapi.json');
my $told = $r->{json};

is("$r->{status} $r->{headers}{'content-type'}", '200 application/json', 'GET /openapi.json needs no token');
for my $path ('/openapi.json', '/docs/guides/errors', '/docs/errors/not_found') {
    my ($one, $two) = map { $t->req(GET => $path) } 1, 2;
    my $tag = $one->{headers}{etag} // '';
    like($tag, qr/^"[0-9a-f]{16}"$/, "$path has a tag");
    is($two->{headers}{etag} . $two->{body}, $tag . $one->{body}, 'the same each time');
    my $same = $t->req(GET => $path, headers => [ 'If-None-Match' => $tag ]);
    is("$same->{status} $same->{body} $same->{headers}{etag}", "304  $tag", 'and is not sent again to who has it');
    is($t->req(GET => $path, headers => [ 'If-None-Match' => '"other"' ])->{body}, $one->{body}, 'but to who has another');
    is($t->req(HEAD => $path)->{headers}{etag}, $tag, 'HEAD');
}
like($told->{openapi}, qr/^3\.1\./, 'OpenAPI 3.1');
my $printed = $t->thaw('openapi');
is(json($printed->{json}), json($told), '`thaw openapi` prints the same');
my $doc = described($t);

subtest 'every route' => sub {
    my @routes = tables($t, 'routes');
    my %told = map { my $path = $_; map { (uc($_) . " $path" => $doc->{paths}{$path}{$_}) } keys %{ $doc->{paths}{$path} } } keys %{ $doc->{paths} };
    is(join("\n", sort keys %told), join("\n", sort map { "$_->{method} $_->{path}" } @routes), 'the routes of the tables, and no others');
    is(scalar(grep { m{^/console/} } keys %{ $r->{json}{paths} }), 0, 'those of the console apart');
    my %ids;
    for my $route (@routes) {
        my $name = "$route->{method} $route->{path}";
        my $o = $told{$name} or next;
        ok(!$ids{ $o->{operationId} }++, "$name: an operationId of its own");
        is($o->{summary}, $route->{summary}, 'the summary');
        my @success = sort grep { /^[23]/ } keys %{ $o->{responses} };
        ok((grep { $_ == $route->{status} } @success), 'the status of success');
        is(join(' ', grep { $_ != $route->{status} && $_ != 304 } @success), { 'POST /v1/workspaces/{workspace_id}/archive' => 202, 'GET /api/v2/status/{statusId}' => 303 }->{$name} // '', 'and no other');
        is(join(' ', map { $_->{name} } grep { $_->{in} eq 'path' && $_->{required} } @{ $o->{parameters} // [] }), join(' ', $route->{path} =~ /\{(\w+)\}/g), 'the ids in the path');
        my @security = map { my $s = $_; map { "$_ @{ $s->{$_} }" } keys %$s } @{ $o->{security} };
        if ($route->{permission} eq 'public') {
            is("@security", $route->{path} =~ m{^/console/session} && !$o->{requestBody} ? 'cookie ' : '', 'open to all, or known by its cookie');
        } else {
            my %more = (mlflow => ['basic '], registry => ['token ']);
            is(join('|', @security), join('|', 'bearer ', ($route->{scope} ? "oauth $route->{scope}" : ()), @{ $more{ $route->{dialect} } // [] }), 'who may');
            ok($o->{responses}{$_}, "$_ is told") for qw(401 429);
            ok($o->{responses}{403}, '403 is told') if $route->{permission} ne 'member';
        }
        ok($o->{responses}{404}, '404 is told') if $route->{path} =~ /\{/;
    }
};

subtest 'answers are what their schemas say' => sub {
    my $token = $t->admin;
    my $id = model($t, config => { algorithm => 'a' })->{id};
    my $job = trained($t, $id, artifacts => { model_file => 'x' })->{job_id};
    my $project = $t->req(POST => '/api/v1/projects', token => $token, body => { name => 'shown' })->{json}{data}{id};
    my ($model, $version) = map { $_->{rid} } get($t, $id)->{json}, $t->req(GET => "$MODELS/$id/versions", token => $token)->{json}{items}[0];
    upload($t, $model);
    my %id = (model_id => $id, job_id => $job, version_id => 'ver-002', id => $project, code => 'not_found', modelRid => $model, modelVersionRid => $version, folderRid => home_of($t),
        projectRid => home_of($t), resourceRid => $model);
    registry_ids(\%id, $version);
    # of the workspaces dialect: one of each, and what has lists, refs and members that can be null
    my $call = sub { my ($method, $path, $body, %o) = @_; my $r = $t->req($method => "/v1$path", token => $token, body => $body, %o); $r->{status} =~ /^20/ or die $r->{raw}; $r };
    my $made = $call->(POST => '/workspaces', { name => 'shown', metadata => { env => 'prod' } }, headers => [ 'Idempotency-Key' => 'shown' ]);
    $id{workspace_id} = $made->{json}{id};
    $id{request_id} = $made->{headers}{'matter-request-id'};
    $id{entity_id} = $call->(POST => '/entities', { workspace_id => $id{workspace_id}, name => 'shown', jurisdiction => 'US-DE', type => 'llc' })->{json}{id};
    $id{webhook_endpoint_id} = $call->(POST => '/webhook_endpoints', { url => 'https://hooks.example.org/', enabled_events => ['*'] })->{json}{id};
    my $agent = $call->(POST => '/tokens', { tier => 3, principal => { human_id => usr($t, 'admin'), agent_id => 'agt_x' }, api_version => '2026-06-10' })->{json};
    $id{token_id} = $agent->{id};
    my $waits = $call->(POST => "/workspaces/$id{workspace_id}/archive", undef, token => $agent->{secret});
    $id{authorization_id} = $waits->{json}{id};
    $call->(POST => "/webhook_endpoints/$id{webhook_endpoint_id}/test");
    $id{event_id} = $call->(GET => '/events?type=webhook_endpoint.tested')->{json}{data}[0]{id};
    $id{delivery_id} = $call->(GET => "/webhook_endpoints/$id{webhook_endpoint_id}/deliveries")->{json}{data}[0]{id};
    $t->sql("INSERT INTO delivery_attempts (organization_id, delivery_id, number, at, milliseconds, error) SELECT organization_id, id, 1, NOW(6), 5, 'refused' FROM deliveries");
    my $app = client($t, redirect_uris => 'https://lens.example/cb', user => 'admin');
    $id{oauth_client_id} = $app->{id};
    $id{user_id} = $t->req(GET => '/console/account', token => $token)->{json}{id};
    $id{role_id} = $t->req(GET => '/console/roles', token => $token)->{json}{items}[0]{id};
    $id{issuer_path} = 'here';
    $id{userId} = $t->req(GET => '/api/v2/admin/users/getCurrent', token => $token)->{json}{id};
    $id{spaceRid} = $t->req(GET => '/api/v2/filesystem/spaces', token => $token)->{json}{data}[0]{rid};
    my %query = ((map { ($_ => '?preview=true') } grep { m{^/api/v2/models} } keys %{ $doc->{paths} }), '/api/v2/filesystem/resources/getByPath' => '?path=Main/Models', '/api/v1/projects/check-url' => '?url=free.talkide.app', '/console/search' => '?q=shown', map({ ("$MODELS/{model_id}/$_" => '?alias=champion') } qw(holders rollback)), '/console/authorize' => '?' . form(client_id => $app->{id}, redirect_uri => 'https://lens.example/cb'));
    done($t->req(PUT => "$MODELS/$id/aliases/champion", token => $token, body => { version_id => "ver-00$_" })) for 1, 2;
    # what stands in no address: the parameters of a query that must be there
    my %named = (name => made_model($t, 1), version => 1, alias => 'shown');
    done(ml($t, 'POST registered-models/alias', \%named));
    $id{webhook_id} = done(ml($t, 'POST webhooks', { name => 'shown', url => 'https://hooks.example.org/', events => [ { entity => 'REGISTERED_MODEL', action => 'CREATED' } ] }))->{webhook}{webhook_id};
    for my $path (sort grep { $doc->{paths}{$_}{get} } keys %{ $doc->{paths} }) {
        my $schema = $doc->{paths}{$path}{get}{responses}{200}{content}{'application/json'}{schema} or next;
        next if ($schema->{type} // '') eq 'string' && $path eq '/openapi.json';
        my @needs = map { $_->{name} } grep { $_->{in} eq 'query' && $_->{required} } @{ $doc->{paths}{$path}{get}{parameters} // [] };
        $query{$path} //= '?' . form(map { ($_ => $named{$_} // die "no $_: teach t/02-openapi.t what GET $path asks for") } @needs) if @needs;
        my $reply = $t->req(GET => ($path =~ s/\{(\w+)\}/$id{$1} \/\/ die "no $1: teach t\/02-openapi.t what it is"/ger) . ($query{$path} // ''), token => $token);
        is($reply->{status}, 200, "GET $path");
        is(join("\n", faults($reply->{json}, $schema, '')), '', 'is what its schema says');
    }
    my $schema = $doc->{paths}{"$MODELS/{model_id}/unarchive"}{post}{responses}{200}{content}{'application/json'}{schema};
    act($t, $id, 'archive');
    is(join("\n", faults(act($t, $id, 'unarchive')->{json}, $schema, '')), '', 'unarchive');
    isnt(join("\n", faults({ id => 5 }, $schema, '')), '', 'and what is not would be found');
    # OAuth's: a form in, and its errors
    my $told = $doc->{paths}{"$OAUTH/token"}{post};
    is(join(' ', keys %{ $told->{requestBody}{content} }), 'application/x-www-form-urlencoded', '/token takes a form');
    for my $case ([ 200, grant_type => 'client_credentials' ], [ 200, grant_type => 'authorization_code', code => code($t, $token, $app), redirect_uri => 'https://lens.example/cb', code_verifier => $VERIFIER ], [ 400, grant_type => 'x' ]) {
        my ($status, @form) = @$case;
        my $r = token($t, $app, [@form]);
        is($r->{status}, $status, "$form[1]: $status");
        is(join("\n", faults($r->{json}, $told->{responses}{$status}{content}{'application/json'}{schema}, '')), '', 'is what its schema says');
    }
    is(join("\n", faults(consent($t, $token, $app)->{json}, $doc->{paths}{'/console/authorize'}{post}{responses}{200}{content}{'application/json'}{schema}, '')), '', 'a consent');
    # writes of the workspaces dialect, by route and status
    my $fits = sub {
        my ($method, $template, $body, %o) = @_;
        my $r = $call->($method => ($template =~ s/\{(\w+)\}/$id{$1}/gr), $body, %o);
        my $schema = $doc->{paths}{"/v1$template"}{ lc $method }{responses}{ $r->{status} }{content}{'application/json'}{schema};
        ok($schema, "$method $template: $r->{status} is told") or return $r;
        is(join("\n", faults($r->{json}, $schema, '')), '', 'and is what its schema says');
        return $r;
    };
    $fits->(POST => '/workspaces', { name => 'another' });
    $fits->(PATCH => '/workspaces/{workspace_id}', { metadata => { env => undef, tier => 'gold' } });
    is($fits->(POST => '/workspaces/{workspace_id}/archive', undef, token => $agent->{secret})->{status}, 202, 'an authorization');
    is($fits->(POST => '/authorizations/{authorization_id}/approve')->{json}{status}, 'approved', 'that is approved');
    $fits->(POST => '/workspaces/{workspace_id}/archive');
    $fits->(POST => '/workspaces/{workspace_id}/unarchive');
    $fits->(PATCH => '/entities/{entity_id}', { name => 'renamed' });
    $fits->(POST => "/entities/{entity_id}/$_") for qw(submit register dissolve);
    $fits->(POST => '/entities', { workspace_id => $id{workspace_id}, name => 'x', jurisdiction => 'y', type => 'z', portfolio_id => 'p', metadata => { a => 'b' } });
    $fits->(POST => '/tokens', { tier => 1, scopes => ['workspace:read'], principal => { human_id => usr($t, 'admin') }, api_version => '2026-06-10', limits => { requests_per_minute => 5 }, expires_in => 60 });
    $fits->(DELETE => '/tokens/{token_id}');
    $fits->(POST => '/webhook_endpoints', { url => 'https://hooks.example.org/another', enabled_events => ['workspace.*'], description => 'x', metadata => { a => 'b' } });
    $fits->(PATCH => '/webhook_endpoints/{webhook_endpoint_id}', { description => undef });
    $fits->(POST => "/webhook_endpoints/{webhook_endpoint_id}/$_") for qw(rotate_secret test);
    $fits->(POST => '/webhook_endpoints/{webhook_endpoint_id}/deliveries/{delivery_id}/redeliver');
    $fits->(DELETE => '/webhook_endpoints/{webhook_endpoint_id}');
};

# Of the registry dialect: one of each that has all that it may have, beside others that have what they must, which are in
# the lists: what other dialects made, what runs elsewhere, custom models, texts.
sub registry_ids {
    my ($id, $version) = @_;
    my $done = sub { my ($method, $path, $body) = @_; my $r = reg($t, $method => $path, body => $body); $r->{status} =~ /^20/ or die $r->{raw}; $r };
    my @tags = ({ name => 'team', value => 'risk' });
    my %created = map { my $of = $_; map { ($of . $_ => 'x') } qw(CreatedAt CreatorEmail CreatorId CreatorName CatalogId CatalogVersionId) } qw(trainingData holdoutData);
    my $run = imported($t, name => 'whole', modelKind => { isFeatureDiscovery => true }, target => { name => 'y', type => 'Regression', predictionProbabilitiesColumn => 'p' },
        datasets => { %created, baselineSegmentedBy => ['region'], datasetName => 'd', holdoutDatasetName => 'h', targetHistogramBaseline => 'actuals', trainingDataSize => 5 },
        timeseries => { datetimeColumnFormat => '%Y', datetimeColumnName => 'at', effectiveFeatureDerivationWindowEnd => -1, effectiveFeatureDerivationWindowStart => -9, featureDerivationWindowEnd => -1,
            featureDerivationWindowStart => -9, forecastDistanceColumnName => 'd', forecastDistances => [ 1, 2 ], forecastDistancesTimeUnit => 'DAY', forecastPointColumnName => 'f',
            isCrossSeries => true, isNewSeriesSupport => true, isTraditionalTimeSeries => true, seriesColumnName => 's' },
        features => [ { name => 'age', featureType => 'Date', importance => 0.5, dateFormat => '%Y', knownInAdvance => true }, { name => 'x' } ],
        scoringCode => { dataRobotPredictionVersion => '2.0', location => 'mlpkg' }, originalFileName => 'x.mlpkg', importMeta => { map { ("contains$_" => true) } qw(FearPipeline Featurelists LeaderboardMeta ProjectMeta) });
    @$id{qw(projectId modelId)} = @$run{qw(projectId modelId)};
    my $whole = from_leaderboard($t, $run->{modelId}, name => 'whole', description => 'd', computeAllTsIntervals => true, distributionPredictionModelId => imported($t)->{modelId}, tags => \@tags,
        registeredModelName => 'whole', registeredModelDescription => 'd', registeredModelTags => \@tags);
    @$id{qw(modelPackageId versionId registeredModelId)} = @$whole{qw(id id registeredModelId)};
    my $binary = imported($t)->{modelId};
    external($t, target => { name => 'y', type => 'Multiclass', classNames => [qw(a b c)], classCount => 5 }, geospatialMonitoring => { primaryLocationColumn => 'at' }, modelId => 'elsewhere',
        modelDescription => { buildEnvironmentType => 'R', description => 'd', location => 'l', modelName => 'm' });
    my $text = custom_model($t, targetType => 'TextGeneration', targetName => 'answer', map { ($_ => undef) } qw(positiveClassLabel negativeClassLabel language));
    my $custom = custom_model($t, description => 'd', userProvidedId => 'u', predictionThreshold => 0.3, maximumMemory => 5, networkEgressPolicy => 'PUBLIC', replicas => 2, gitModelVersion => { a => 'b' });
    $id->{customModelId} = $custom->{id};
    $id->{customModelVersionId} = custom_version($t, $custom->{id}, label => 'l', description => 'd', baseEnvironmentId => 'e', baseEnvironmentVersionId => 'v', resourceBundleId => 'r', maximumMemory => 5,
        networkEgressPolicy => 'PUBLIC', replicas => 2, trainingData => { a => 'b' }, holdoutData => { a => 'b' }, gitModelVersion => { a => 'b' },
        runtimeParameterValues => [ { fieldName => 'f', type => 'string', value => 'v' } ], requiredMetadataValues => [ { fieldName => 'f', value => 'v' } ])->{id};
    my ($answers) = map { $done->(POST => 'modelPackages/fromCustomModelVersion/', { customModelVersionId => $_->[0], prompt => $_->[1] })->{json}{id} } [ custom_version($t, $text->{id})->{id}, 'p' ], [ $id->{customModelVersionId}, undef ];
    custom_model($t, targetType => 'Multiclass', classLabels => [qw(a b c)]);
    built($t);
    environment($t);
    $id->{environmentId} = environment($t, description => 'd', plugin => 'p', managedBy => 'm', datastoreId => 's', credentialId => 'c', isManagedByManagementAgent => true, supportedModelFormats => ['datarobot'])->{id};
    my %in = (predictionEnvironmentId => $id->{environmentId});
    deployment($t, $answers);
    $id->{deploymentId} = deployment($t, $whole->{id}, %in, description => 'd', importance => 'HIGH', userProvidedId => 'u')->{id};
    my $next = from_leaderboard($t, $run->{modelId}, registeredModelId => $whole->{registeredModelId});
    built($t);
    ($id->{challengerId}) = map { done_at($t, $done->(POST => "deployments/$id->{deploymentId}/challengers/", { modelPackageId => $next->{id}, name => 'c', %$_ })) =~ m{/(\w+)/$} } {}, \%in;
    $t->reader;
    $id->{useCaseId} = $done->(POST => 'useCases/', { name => 'u', description => 'd' })->{json}{id};
    $done->(POST => "useCases/$id->{useCaseId}/registeredModelVersions/$whole->{id}/");
    share($t, $whole->{registeredModelId}, [ [ OBSERVER => user => 'reader' ], [ USER => organization => scalar $t->sql("SELECT LOWER(HEX(organization_id)) FROM principals WHERE username = 'admin'") ] ])->{status} == 204 or die "share";
    ($id->{statusId}) = $done->(POST => 'modelPackages/' . hex_of_rid($version) . '/modelPackageFileBuilds/')->{headers}{location} =~ m{/status/(\w+)/$};
}

subtest 'events are what the webhooks say' => sub {
    my $hooks = $doc->{webhooks};
    my %types = map { $_->{event} => 1 } grep { $_->{event} } tables($t, 'transitions');
    is(join(' ', sort grep { !/^mlflow\./ } keys %$hooks), join(' ', sort keys %types), 'each type of event');
    my $token = $t->admin;
    my ($next, %seen) = ('');
    while (1) {
        my $page = $t->req(GET => "/v1/events?limit=100$next", token => $token)->{json};
        for my $e (@{ $page->{data} }) {
            my $schema = $hooks->{ $e->{type} }{post}{requestBody}{content}{'application/json'}{schema};
            my ($any, $own) = @{ $schema->{allOf} // [] };
            ok($own, $e->{type}) or next;
            is($own->{properties}{type}{const}, $e->{type}, 'is told by its name');
            my @bad = (faults($e, { %$any, properties => { %{ $any->{properties} }, data => {} } }, ''), faults($e->{data}, { %{ $own->{properties}{data} }, required => ['object'] }, '.data'));
            is(join("\n", @bad), '', 'and is what its schema says');
            $seen{ $e->{type} }++;
        }
        last if !$page->{has_more};
        $next = "&starting_after=$page->{data}[-1]{id}";
    }
    cmp_ok(scalar keys %seen, '>', 20, 'many of them were seen: ' . keys %seen);
    my $sent = $t->req(POST => '/api/2.0/mlflow/webhooks/' . $t->req(GET => '/api/2.0/mlflow/webhooks', token => $token)->{json}{webhooks}[0]{webhook_id} . '/test', token => $token);
    is($sent->{status}, 200, 'and the pairs of another registry');
    is(scalar(grep { /^mlflow\./ } keys %$hooks), 14, 'which are told too');
};

# What of a value its schema does not allow: type, enum, pattern, required, items.
sub faults {
    my ($v, $s, $at) = @_;
    my @types = ref $s->{type} ? @{ $s->{type} } : $s->{type} // ();
    my $is = !defined $v ? 'null' : ref $v eq 'HASH' ? 'object' : ref $v eq 'ARRAY' ? 'array' : JSON::PP::is_bool($v) ? 'boolean'
        : json($v) =~ /^"/ ? 'string' : json($v) =~ /^-?\d+$/ ? 'integer' : 'number';
    my @bad;
    push @bad, "$at: $is, not @types" if @types && !grep { $_ eq $is } @types;
    return @bad if $is eq 'null';
    push @bad, "$at: not of " . json($s->{enum}) if $s->{enum} && !grep { defined && $_ eq $v } @{ $s->{enum} };
    push @bad, "$at: $v does not fit $s->{pattern}" if $s->{pattern} && $v !~ /$s->{pattern}/;
    push @bad, map { "$at: no $_" } grep { !exists $v->{$_} } @{ $s->{required} // [] } if $is eq 'object';
    push @bad, map { faults($v->{$_}, $s->{properties}{$_}, "$at.$_") } grep { exists $v->{$_} } sort keys %{ $s->{properties} // {} } if $is eq 'object';
    push @bad, "$at: $v is not $s->{const}" if defined $s->{const} && $v ne $s->{const};
    push @bad, map { "$at: $_ is not told" } grep { !exists $s->{properties}{$_} } sort keys %$v if $is eq 'object' && $s->{properties};
    push @bad, map { faults($v->{$_}, $s->{additionalProperties}, "$at\[$_]") } sort keys %$v if $is eq 'object' && ref $s->{additionalProperties} eq 'HASH';
    push @bad, map { faults($v->[$_], $s->{items}, "$at\[$_]") } 0 .. $#$v if $is eq 'array' && $s->{items};
    return @bad;
}

subtest 'bodies and queries are told as the contract has them' => sub {
    my %required = ('/api/auth/login post' => 'password username', '/api/auth/refresh post' => 'refresh_token', "$MODELS post" => 'model_type name task_type', "$MODELS/{model_id} patch" => '',
        "$MODELS/{model_id}/train post" => '', "$MODELS/{model_id}/train/{job_id}/complete post" => '', "$MODELS/{model_id}/train/{job_id}/fail post" => 'reason',
        "$MODELS/{model_id}/aliases/{alias} put" => 'version_id', "$MODELS/{model_id}/rollback post" => '', "$MODELS/{model_id}/versions post" => '');
    my %body = map { my $path = $_; map { ("$path $_" => $doc->{paths}{$path}{$_}{requestBody}) } grep { $doc->{paths}{$path}{$_}{requestBody} } keys %{ $doc->{paths}{$path} } } keys %{ $doc->{paths} };
    is(join("\n", grep { m{^/api/(v1/models|auth)} } sort keys %body), join("\n", sort keys %required), 'these take a body');
    is(join(' ', sort @{ $body{$_}{content}{'application/json'}{schema}{required} // [] }), $required{$_}, "$_ requires it") for sort keys %required;
    my $create = $body{"$MODELS post"}{content}{'application/json'}{schema}{properties};
    is(json($create->{model_type}{enum}) . json($create->{task_type}{enum}), '["auto","custom"]["classification","regression","clustering"]', 'words');
    is("$create->{name}{minLength} $create->{name}{maxLength} $create->{description}{maxLength}", '1 1024 2048', 'lengths');
    my $query = sub { join ' ', sort map { $_->{name} } grep { $_->{in} eq 'query' } @{ $doc->{paths}{ $_[0] }{get}{parameters} } };
    is($query->($MODELS), 'page page_size search status task_type', 'the query of the list');
    is($query->("$MODELS/{model_id}/audit-logs"), 'action actor_id from page page_size sort_order to', 'and of the audit logs');
};

subtest 'headers of a dialect alone' => sub {
    my %takes = (workspaces => 'Matter-Version Thaw-Mode', console => 'Thaw-Mode');
    my @odd;
    for my $route (tables($t, 'routes')) {
        my $o = $doc->{paths}{ $route->{path} }{ lc $route->{method} };
        my $has = join ' ', sort grep { !/^(?:Idempotency-Key|If-Match|If-None-Match)$/ } map { $_->{name} } grep { $_->{in} eq 'header' } @{ $o->{parameters} // [] };
        push @odd, "$route->{method} $route->{path}: $has" if $has ne ($takes{ $route->{dialect} } // '');
    }
    is(join("\n", @odd), '', 'each operation has those that its dialect reads');
    # given a value that is not among those told
    for my $name (split ' ', $takes{workspaces}) {
        my ($may) = map { $_->{schema}{enum} } grep { $_->{name} eq $name } @{ $doc->{paths}{'/v1/workspaces'}{get}{parameters} };
        my %got = map { ($_ => $t->req(GET => '/v1/workspaces', token => $t->admin, headers => [ $name => $_ ])) } @$may, 'else';
        is(join(' ', map { "$_ $got{$_}{status}" } sort keys %got), join(' ', sort 'else 400', map { "$_ 200" } @$may), "$name: what it may be, and nothing else");
        ok($doc->{paths}{'/v1/workspaces'}{get}{responses}{400}, 'which is told');
    }
    my $told = $doc->{paths}{'/v1/workspaces'}{get}{responses}{200}{headers};
    my $has = $t->req(GET => '/v1/workspaces', token => $t->admin)->{headers};
    is(join(' ', sort map { s/^matter-/Matter-/r =~ s/-([a-z])/-\u$1/gr } grep { /^matter-/ } keys %$has), join(' ', sort grep { /^Matter-/ } keys %$told), 'those of its answers too');
};

subtest 'what a key means is said' => sub {
    my @def = slurp("$Thaw::SRC/src/key.def") =~ /^(?:KEY|LIST)\("(\w+)", "((?:[^"\\]|\\.)*)"\)$/mg;
    my %key = map { s/\\"/"/gr } @def;
    cmp_ok(keys(%key), '==', @def / 2, 'each once');
    my (%used, %all);
    for my $of (qw(models projects workspaces foundry registry mlflow oauth)) {
        my $schemas = $t->req(GET => "/openapi.json?api=$of")->{json}{components}{schemas};
        for my $name (sort keys %$schemas) {
            my $p = $schemas->{$name}{properties} // {};
            for (keys %$p) {
                $all{$of}{ defined $p->{$_}{description} || defined $p->{$_}{'$ref'} ? 'said' : 'not' }++;
                $used{$_}++ if defined $key{$_} && index($p->{$_}{description} // '', $key{$_}) == 0;
            }
        }
    }
    is(join(' ', grep { !$used{$_} } sort keys %key), '', 'every row of the table is needed');
    cmp_ok($all{$_}{said} / ($all{$_}{said} + $all{$_}{not}), '>', 0.65, "$_: most properties are described: $all{$_}{said}, $all{$_}{not} are not") for qw(models projects workspaces);
};

subtest 'scopes and permissions are explained in the words of the console' => sub {
    my $console = slurp("$Thaw::SRC/console/assets/dom.js");
    my %words = map { my ($of) = $console =~ /^export const $_ = \{\n(.*?)^\};/ms; ($_ => { map { s/\\u2019/'/gr } $of =~ /^    '(\S+)': '(.*)',$/mg }) } qw(scopes permissions);
    is(scalar(grep { keys %$_ > 5 } values %words), 2, 'the console has some');
    is_deeply($doc->{components}{securitySchemes}{oauth}{flows}{$_}{scopes}, $words{scopes}, "of $_") for qw(authorizationCode clientCredentials);
    my $guide = $t->req(GET => '/docs/guides/sign-in')->{body} =~ s/&#39;/'/gr;
    my %all = map { %$_ } values %words;
    is(join("\n", grep { $guide !~ m{<code>\Q$_\E</code></dt><dd>\Q$all{$_}\E\b} } sort keys %all), '', 'all of them in the guide');
};

subtest 'error bodies are described and are what they are described as' => sub {
    my $told = $doc->{paths}{"$MODELS/{model_id}"}{get}{responses}{404}{content};
    ok($told->{'application/json'}, 'in the media type of the dialect') or diag explain $told;
    my $schema = $told->{'application/json'}{schema};
    $schema = $doc->{components}{schemas}{$1} if ($schema->{'$ref'} // '') =~ m{^#/components/schemas/(\w+)$};
    ok($schema && $schema->{properties}{error}, 'with the envelope') or diag explain $schema;
    is(join("\n", faults(get($t, $NOWHERE)->{json}, $schema, '')), '', 'which a 404 has');

    # and those of the workspaces dialect (RFC 9457)
    my $token = $t->admin;
    for my $case ([ 404, get => '/workspaces/{workspace_id}', '/workspaces/x' ], [ 401, get => '/workspaces', '/workspaces', undef, token => 'x' ],
        [ 422, post => '/workspaces', '/workspaces', { name => '' } ], [ 400, get => '/workspaces', '/workspaces?limit=0' ]) {
        my ($status, $method, $path, $at, $body, %o) = @$case;
        my $schema = $doc->{paths}{"/v1$path"}{$method}{responses}{$status}{content}{'application/problem+json'}{schema};
        $schema = $doc->{components}{schemas}{$1} if ($schema->{'$ref'} // '') =~ m{^#/components/schemas/(\w+)$};
        ok($schema && $schema->{properties}{code}, "$status of $path is told") or next;
        my $r = $t->req(uc $method => "/v1$at", token => $token, body => $body, %o);
        is($r->{status}, $status, 'is given') or diag $r->{raw};
        is(join("\n", faults($r->{json}, $schema, '')), '', 'and is what its schema says');
    }
};

$t->finish;
