# Matrix.pm: what t/35-matrix.t and t/36-tenancy.t share: every route there is, how each dialect
# refuses, how to make whatever a route names, and requests that are right but for what is tried.
# A new route is tried by both when it is added, or they say what to teach this.
#
# To teach it a dialect: %DIALECT, how it refuses. A variable of a path: %ID, how to make
# one. A body: %BODY; a query: %QUERY.
#
# `use Matrix` starts the server, $t, with what the tables have of routes: @all, and @routes
# that are not public.
package Matrix;
use strict;
use warnings;
use Exporter 'import';
use Test::More;
use Thaw;
use Contract;
use OAuth ();
use Foundry;

our @EXPORT = qw($t @all @routes $described %DIALECT %ID %modal %BODY %QUERY %made @leaks $admin $other teach name_of verb_of vars facts id_row named ask asked heard call plain fixture project org_of);

our $t = Thaw->new;
our @all = tables($t, 'routes');
our @routes = grep { $_->{permission} ne 'public' } @all;
my $n = 0;

# --- the dialects: how each says 404, 403, 401, and 400 where a malformed id has one -----

# missing: (reply, what it is, the variable, the id that was asked for, the route);
# malformed: the same without the route; refused,
# nobody: (reply, what it is). Optional. query: (route), what each of its routes needs;
# challenge: (route), the scope that a 403 tells, where it is not the permission; whole: for those who signed in, and no narrowed token;
# beside: the addresses whose second id does not lie in the first; refers: what a body names is looked for
# after who may do it at all, and an id that is none may be told from one that nothing has; realms: what is asked
# for before a bearer token.
my %RID = (modelRid => 'Model', modelVersionRid => 'ModelVersion', folderRid => 'Folder', projectRid => 'Project', spaceRid => 'Space', resourceRid => 'Resource', userId => 'User');
our %DIALECT = (
    models => {
        missing => sub { error_is($_[0], 404, 'RESOURCE_NOT_FOUND', $_[1]) },
        refused => sub { error_is($_[0], 403, 'PERMISSION_DENIED', $_[1]) },
        nobody => sub { error_is($_[0], 401, 'AUTH_REQUIRED', $_[1]) },
    },
    projects => {
        missing => sub { flat_is($_[0], 404, 'NOT_FOUND', 'Project not found', $_[1]) },
        malformed => sub { flat_is($_[0], 400, 'VALIDATION_ERROR', 'Validation failed', $_[1], $_[2]) },
        refused => sub { flat_is($_[0], 403, 'ACCESS_DENIED', 'You do not have permission to perform this action', $_[1]) },
        nobody => sub { flat_is($_[0], 401, 'AUTHENTICATION_FAILED', 'Access token is missing or invalid', $_[1]) },
    },
    workspaces => {
        missing => sub { refusal_is($_[0], 404, 'not_found', qr/^No [a-z ]+ with id `\Q$_[3]\E` is visible to this token\.$/, $_[1]) },
        refused => sub { refusal_is($_[0], 403, 'scope_denied', qr/^Token tok_\w+ has no grant on [a-z ]+(?: \w+)?\.$/, $_[1]) },
        nobody => sub { refusal_is($_[0], 401, 'authentication_required', qr/^No bearer token was supplied\./, $_[1]) },
    },
    console => {
        missing => sub { problem_is($_[0], 404, $_[1]) },
        refused => sub { problem_is($_[0], 403, $_[1]) },
        nobody => sub { problem_is($_[0], 401, $_[1]) },
        whole => 1,
    },
    registry => {
        # what a body names, and there is not, is a fault of the body, but the model of a deprecated route
        missing => sub {
            my ($r, $what, $var, $id, $route) = @_;
            my $named = $route->{path} !~ /\{$var\}/;
            message_is($r, $named && "$route->{path} $var" ne '/api/v2/modelPackages/fromLearningModel modelId' ? 422 : 404, $what, $named);
        },
        refused => sub { message_is($_[0], 403, $_[1]) },
        nobody => sub { message_is($_[0], 401, $_[1]) },
        beside => qr{/useCases/},
        refers => 1,
    },
    mlflow => {
        missing => sub { said_is($_[0], 404, 'RESOURCE_DOES_NOT_EXIST', qr/^(?:(?:Registered Model with name|Model Version \(name)=.* not found|Webhook with ID .* not found\.)$/, $_[1]) },
        refused => sub { said_is($_[0], 403, 'PERMISSION_DENIED', qr/./, $_[1]) },
        nobody => sub { said_is($_[0], 401, 'UNAUTHENTICATED', qr/MLFLOW_TRACKING_TOKEN/, $_[1]) },
        realms => 'Basic realm="mlflow", ',
    },
    foundry => {
        # a version is asked for under its model, and either is missing as the version
        missing => sub { conjure_is($_[0], 404, 'NOT_FOUND', ($RID{ $_[4]{path} =~ /\{modelVersionRid\}$/ ? 'modelVersionRid' : $_[2] } // teach('%RID', "what is not found for a {$_[2]}")) . 'NotFound', $_[1], @_[2, 3]) },
        malformed => sub { conjure_is($_[0], 400, 'INVALID_ARGUMENT', qr/./, $_[1]) },
        refused => sub { conjure_is($_[0], 403, 'PERMISSION_DENIED', qr/./, $_[1]) },
        nobody => sub { conjure_is($_[0], 401, 'UNAUTHORIZED', qr/./, $_[1]) },
        query => sub { $_[0]{path} =~ m{^/api/v2/models\b} ? 'preview=true' : '' },
    },
);
sub teach { my ($table, $what) = @_; die "teach t/lib/Matrix.pm: $table does not say $what\n" }

# The error of the projects dialect; field: the one that errors name.
sub flat_is {
    my ($r, $status, $code, $message, $name, $field) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 2;
    my $got = ref $r->{json} eq 'HASH' ? { %{ $r->{json} } } : {};
    $got->{errors} = join ' ', map { $_->{field} } @{ $got->{errors} } if $got->{errors};
    is(json([ 0 + $r->{status}, $r->{headers}{'content-type'}, $got ]), json([ $status, 'application/json',
        { status => $status, code => $code, message => $message, defined $field ? (errors => $field) : () } ]), $name) or diag $r->{raw};
}

# The error of the registry dialect; named: it may tell which member of the body is wrong.
sub message_is {
    my ($r, $status, $name, $named) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 2;
    my @keys = grep { !($_ eq 'errors' && $named && keys %{ $r->{json}{errors} } == 1) } ref $r->{json} eq 'HASH' ? sort keys %{ $r->{json} } : ();
    is(join(' ', $r->{status}, $r->{headers}{'content-type'}, @keys), "$status application/json message", $name) or diag $r->{raw};
}

# The error of the mlflow dialect.
sub said_is {
    my ($r, $status, $code, $message, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 2;
    my $e = ref $r->{json} eq 'HASH' ? $r->{json} : {};
    my $told = join ' ', $r->{status}, $r->{headers}{'content-type'}, $e->{error_code} // 'none', sort keys %$e;
    is($told . (($e->{message} // '') =~ $message ? '' : ": $e->{message}"), "$status application/json $code error_code message", $name) or diag $r->{raw};
}

# The error of the foundry dialect; parameters have the variable with its id, if given.
sub conjure_is {
    my ($r, $status, $code, $error, $name, $var, $id) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 2;
    my $e = ref $r->{json} eq 'HASH' ? $r->{json} : {};
    my @bad;
    push @bad, "status $r->{status}, not $status" if $r->{status} != $status;
    push @bad, 'Content-Type ' . ($r->{headers}{'content-type'} // 'none') if ($r->{headers}{'content-type'} // '') ne 'application/json';
    push @bad, 'the members ' . join ' ', sort keys %$e if join(' ', sort keys %$e) ne 'errorCode errorDescription errorInstanceId errorName parameters';
    push @bad, 'errorCode ' . ($e->{errorCode} // 'none') if ($e->{errorCode} // '') ne $code;
    push @bad, 'errorName ' . ($e->{errorName} // 'none') if ($e->{errorName} // '') !~ (ref $error ? $error : qr/^\Q$error\E$/);
    push @bad, "no $var in parameters" if defined $var && (ref $e->{parameters} ne 'HASH' || ($e->{parameters}{$var} // '') ne $id);
    is(join('; ', @bad), '', $name) or diag $r->{raw};
}

# --- the variables: how to make one, and what is none --------------------------------------

# Under the variable's name, or `dialect variable` where two dialects mean something else.
# make: (owner, the verb that ends the route, the ids so far), returns the id of one in a
# state that the route starts in; unknown: an id that nothing has; odd: (an id), spellings
# that are not found beyond the usual ones; bad: (an id), those that get 400, none of the
# usual ones then; within: a name inside its parent, which another tenant's has too;
# own: (verb), is it for its maker alone? private: for its maker and administrators alone;
# chosen: (verb), does the caller choose it, so that none is missing?
my %of_user;
# Identifiers of another kind or another spelling are not found; what is none at all gets 400.
sub rid {
    my $kind = shift;
    return (unknown => rid_of($kind, $NOWHERE), bad => sub { 'x', 'ri.models', 'mdl-65f0c0ffee5eed0123456789', "$_[0]%20" },
        odd => sub { $_[0] =~ s/-8000-/-9000-/r, $_[0] =~ s/-8000-000/-8000-100/r, substr($_[0], 0, -1), "$_[0]0", $_[0] =~ s/([^.]+)$/\U$1/r, $kind eq 'folder' ? () : rid_of(experiment => $NOWHERE) });
}
sub hex24 { return (unknown => hex_of($NOWHERE), odd => sub { "mdl-$_[0]" }) }
sub org_of { $of_user{"org $_[0]{user}"} //= 'org-' . $t->sql("SELECT LOWER(HEX(organization_id)) FROM principals WHERE username = '$_[0]{user}'") }
sub space_of { rid_of(space => org_of($_[0])) }
sub lies_in { my ($o) = @_; ask($o, POST => '/api/v2/filesystem/folders', { displayName => named($o), parentFolderRid => rid_of(folder => org_of($o)) })->{json}{rid} }
# A session of the user's own, by the console.
sub session_id {
    my ($user) = @_;
    my ($email) = map { ref ? $_->[0] : $_ } $t->sql("SELECT email FROM principals WHERE username = '$user'");
    my $r = $t->req(POST => '/console/session', headers => [ Origin => 'http://127.0.0.1' ], body => { email => $email, password => $t->password($user) });
    $r->{status} == 200 or die "session: $r->{raw}";
    return in_base62('ses_', scalar $t->sql("SELECT LOWER(HEX(f.family_id)) FROM refresh_tokens f JOIN principals p ON p.id = f.principal_id WHERE p.username = '$user' ORDER BY f.created_at DESC, f.family_id DESC LIMIT 1"));
}
our %modal = map { $_->[0] => $_->[1] } [ workspace_id => 'wks_' ], [ entity_id => 'ent_' ], [ authorization_id => 'auth_' ], [ event_id => 'evt_' ],
    [ webhook_endpoint_id => 'we_' ], [ delivery_id => 'del_' ], [ token_id => 'tok_' ];
our %ID = (
    model_id => { unknown => $NOWHERE, odd => sub { 'mdl-7f3a19bc92', $_[0] =~ s/^mdl-//r, $_[0] =~ s/-/_/r }, make => sub {
        my ($o, $verb) = @_;
        my $id = model($t, token => $o->{token}, name => named($o))->{id};
        ask($o, POST => "$MODELS/$id/archive") if $verb eq 'unarchive';
        if ($verb eq 'rollback') { version_of($o, hex_of($id)), aliased($o, $id, $_) for 1, 2 }
        return $id;
    } },
    # taken away it must be there
    alias => { unknown => 'nobody', within => 1, chosen => sub { $_[0] eq 'put' }, make => sub {
        my ($o, $verb, $id) = @_;
        if ($verb eq 'delete') { version_of($o, hex_of($id->{model_id})); aliased($o, $id->{model_id}, 1) }
        return 'champion';
    } },
    version_id => { unknown => 'ver-999', odd => sub { 'ver-1', '1', 'ver-0001' }, within => 1, make => sub {
        my ($o, $verb, $id) = @_;
        upload($t, rid_of(model => $id->{model_id}), token => $o->{token})->{status} == 200 or die if $verb eq 'artifact';
        return 'ver-001' if $verb eq 'artifact';
        my $job = ask($o, POST => "$MODELS/$id->{model_id}/train")->{json}{job_id};
        ask($o, POST => "$MODELS/$id->{model_id}/train/$job/complete");
        return ask($o, GET => "$MODELS/$id->{model_id}/versions")->{json}{items}[0]{version_id};
    } },
    job_id => { unknown => hex_of($NOWHERE), make => sub { my ($o, $verb, $id) = @_; ask($o, POST => "$MODELS/$id->{model_id}/train")->{json}{job_id} } },
    'projects id' => { unknown => '899999999', bad => sub { 'x', '0', '-1', '1.5', '9' x 20, "0$_[0]" }, make => \&project },
    'console id' => { unknown => '899999999', odd => sub { 'x', '0', '-1', '1.5', '9' x 20, "0$_[0]" }, make => \&project },
    # of a query or a body, and in the message; none is another one's beginning
    'mlflow name' => { unknown => 'no-such-model', own => sub { $_[0] eq 'delete' }, make => sub {
        my ($o) = @_;
        my $name = (named($o) =~ tr/ //dr) . 'x';
        ask($o, POST => '/api/2.0/mlflow/registered-models/create', { name => $name });
        ask($o, POST => '/api/2.0/mlflow/model-versions/create', { name => $name, source => 's3://x' });
        ask($o, POST => '/api/2.0/mlflow/registered-models/alias', { name => $name, alias => 'x', version => '1' });
        return $name;
    } },
    webhook_id => { unknown => '0189f000-0000-8000-8000-000000000001', odd => sub { $_[0] =~ s/-8000-/-9000-/r, uc $_[0] eq $_[0] ? () : uc $_[0], $_[0] =~ tr/-//dr },
        make => sub { ask($_[0], POST => '/api/2.0/mlflow/webhooks', { name => 'hook', url => "https://$_[0]{mark}.example.org/" . ++$n, events => [ { entity => 'PROMPT', action => 'CREATED' } ] })->{json}{webhook}{webhook_id} } },
    modelRid => { rid('model'), make => sub { rid_of(model => model($t, token => $_[0]{token}, name => named($_[0]))->{id}) } },
    modelVersionRid => { rid('version'), make => sub { my ($o, $verb, $id) = @_; upload($t, $id->{modelRid}, token => $o->{token})->{json}{rid} // die "upload" } },
    folderRid => { rid('folder'), make => \&lies_in },
    projectRid => { rid('folder'), make => sub { my ($o) = @_; ask($o, POST => '/api/v2/filesystem/projects/create', { displayName => named($o), spaceRid => space_of($o) })->{json}{rid} } },
    spaceRid => { rid('space'), make => sub { space_of($_[0]) } },
    # a folder or a model; deleting it for good, and granting roles on it, takes who made it, or an administrator
    userId => { unknown => rid_of(user => $NOWHERE), odd => sub { uc $_[0] eq $_[0] ? () : uc $_[0] }, make => sub { ask($_[0], GET => '/api/v2/admin/users/getCurrent')->{json}{id} } },
    resourceRid => { rid('model'), own => sub { $_[0] =~ /^(?:permanentlyDelete|add|remove)$/ }, make => sub {
        my ($o, $verb) = @_;
        $o = { %$o, token => $of_user{ $o->{user} } //= $t->token($o->{user}) };
        return rid_of(model => model($t, token => $o->{token}, name => named($o))->{id}) if $verb =~ /^(?:add|remove)$/;
        my $rid = ++$n % 2 && $o->{user} !~ /write$/ ? lies_in($o) : rid_of(model => model($t, token => $o->{token}, name => named($o))->{id});
        ask($o, DELETE => "/api/v2/filesystem/resources/$rid") if $verb =~ /^(?:restore|permanentlyDelete)$/;
        return $rid;
    } },
    # whoever may write shares it, where the organization has it as USER
    registeredModelId => { hex24(), own => sub { $_[0] eq 'delete' }, make => sub {
        my ($o, $verb) = @_;
        my $id = hex_of(model($t, token => $o->{token}, name => named($o))->{id});
        ask($o, PATCH => "/api/v2/registeredModels/$id/sharedRoles", { operation => 'updateRoles', roles => [ { role => 'USER', shareRecipientType => 'organization', id => hex_of(org_of($o)) } ] }) if $verb eq 'sharedRoles' && $o->{mark} ne 'hidden';
        return $id;
    } },
    # beside a use case; to be taken out of one it is in it
    modelPackageId => { hex24(), own => sub { $_[0] eq 'archive' }, make => sub {
        my ($o, $verb, $id) = @_;
        my $package = package_of($o, $verb);
        ask($o, POST => "/api/v2/useCases/$id->{useCaseId}/registeredModelVersions/$package") if $id->{useCaseId} && $verb eq 'delete';
        return $package;
    } },
    # what a deployment can be given
    nextId => { hex24(), make => sub { my ($o, $verb, $id) = @_; version_of($o, model_of(deployments => $id->{deploymentId})) } },
    versionId => { hex24(), make => sub {
        my ($o, $verb, $id) = @_;
        return version_of($o, $id->{registeredModelId});
    } },
    deploymentId => { hex24(), make => sub { my ($o) = @_; ask($o, POST => '/api/v2/deployments/fromModelPackage', { label => named($o), modelPackageId => package_of($o, '') })->{json}{id} } },
    challengerId => { hex24(), make => sub {
        my ($o, $verb, $id) = @_;
        ask($o, POST => "/api/v2/deployments/$id->{deploymentId}/challengers", { name => named($o), modelPackageId => version_of($o, model_of(deployments => $id->{deploymentId})) });
        return scalar $t->sql("SELECT LOWER(HEX(MAX(id))) FROM challengers WHERE deployment_id = UNHEX('$id->{deploymentId}')");
    } },
    environmentId => { hex24(), make => sub {
        my ($o) = @_;
        return ask($o, POST => '/api/v2/predictionEnvironments', { name => named($o), platform => 'other', supportedModelFormats => [qw(datarobot datarobotScoringCode customModel externalModel)] })->{json}{id};
    } },
    useCaseId => { hex24(), make => sub { my ($o) = @_; ask($o, POST => '/api/v2/useCases', { name => named($o) })->{json}{id} } },
    projectId => { hex24(), chosen => sub { $_[0] eq 'import' }, make => sub { leader($_[0])->{projectId} } },
    modelId => { hex24(), make => sub { my ($o, $verb, $id) = @_; leader($o, $id->{projectId})->{modelId} } },
    customModelId => { hex24(), make => \&custom_of },
    customModelVersionId => { hex24(), make => sub { my ($o, $verb, $id) = @_; ask($o, POST => '/api/v2/customModels/' . ($id->{customModelId} // custom_of($o)) . '/versions', { isMajorUpdate => 'true' })->{json}{id} } },
    statusId => { hex24(), make => sub { my ($o) = @_; built_of($o, package_of($o, '')) } },
    user_id => { unknown => 'usr-' . hex_of($NOWHERE), odd => sub { $_[0] =~ s/^usr-//r, $_[0] =~ s/-/_/r }, make => sub {
        my ($o, $verb) = @_;
        my $name = named($o) =~ tr/ /-/r;
        my $id = $t->user($name, org => $o->{user} eq 'other' ? 'Other' : 'Main', role => 'reader');
        $t->must('user', 'disable', $name) if $verb eq 'enable';
        return $id;
    } },
    role_id => { unknown => 'rol-' . hex_of($NOWHERE), odd => sub { $_[0] =~ s/^rol-//r, $_[0] =~ s/-/_/r }, make => sub {
        my ($o) = @_;
        my $name = named($o) =~ tr/ /-/r;
        $t->must('role', 'set', '--org', $o->{user} eq 'other' ? 'Other' : 'Main', $name, '--permissions', 'model:read', '--rate', 100);
        return 'rol-' . $t->sql("SELECT LOWER(HEX(id)) FROM roles WHERE name = '$name'");
    } },
    # of the user that the address names, or else of the caller's own
    session_id => { unknown => in_base62('ses_', hex_of($NOWHERE)), odd => sub { 'ses_' . 'z' x 17, $_[0] =~ s/^ses_//r }, own => sub { 1 }, make => sub {
        my ($o, $verb, $id) = @_;
        return session_id($id->{user_id} ? scalar $t->sql("SELECT username FROM principals WHERE id = UNHEX('" . hex_of($id->{user_id}) . "')") : $o->{user});
    } },
    oauth_client_id => { unknown => in_base62('cl_', $NOWHERE), odd => sub { 'cl_' . 'z' x 17, $_[0] =~ s/^cl_//r }, make => sub {
        my $made = $t->thaw('--json', 'client', 'create', '--org', $_[0]{user} eq 'other' ? 'Other' : 'Main', '--name', named($_[0]), '--redirect-uris', 'https://app.example/cb');
        return $made->{json}{id} // die $made->{err};
    } },
    client_id => { unknown => in_base62('cl_', $NOWHERE), odd => sub { 'cl_' . 'z' x 17, $_[0] =~ s/^cl_//r }, make => sub {
        my $made = $t->thaw('--json', 'client', 'create', '--org', $_[0]{user} eq 'other' ? 'Other' : 'Main', '--name', named($_[0]), '--redirect-uris', 'https://app.example/cb', '--public');
        OAuth::session($t, $_[0]{token}, $made->{json}) if $_[1] eq 'delete';
        return $made->{json}{id} // die $made->{err};
    }, own => sub { $_[0] eq 'delete' } },
    workspace_id => { make => sub {
        my ($o, $verb) = @_;
        my $id = workspace($t, token => $o->{token}, name => named($o))->{id};
        ask($o, POST => "/v1/workspaces/$id/archive") if $verb eq 'unarchive';
        return $id;
    } },
    entity_id => { make => sub {
        my ($o, $verb) = @_;
        my %from = (register => 'submitted', reject => 'submitted', dissolve => 'registered');
        my $w = workspace($t, token => $o->{token}, name => named($o))->{id};
        return entity($t, $w, token => $o->{token}, name => named($o), status => $from{$verb} // 'draft')->{id};
    } },
    authorization_id => { own => sub { $_[0] =~ /^(?:approve|deny)$/ }, make => sub {
        my ($o) = @_;
        my $w = workspace($t, token => $o->{token}, name => named($o))->{id};
        $o->{agent} //= $t->key(user => $o->{user}, kind => 'token', tier => 3, agent => 'agt_x');
        return ask({ %$o, token => $o->{agent} }, POST => "/v1/workspaces/$w/archive")->{json}{id};
    } },
    event_id => { make => sub { my ($o) = @_; ask($o, POST => '/v1/webhook_endpoints', { url => 'https://hooks.example.org/' . (named($o) =~ tr/ /-/r), enabled_events => ['*'] }); ask($o, GET => '/v1/events?limit=1')->{json}{data}[0]{id} } },
    webhook_endpoint_id => { make => sub { my ($o) = @_; ask($o, POST => '/v1/webhook_endpoints', { url => "https://$o->{mark}.example.org/" . ++$n, enabled_events => ['*'] })->{json}{id} } },
    delivery_id => { make => sub {
        my ($o, $verb, $id) = @_;
        my $endpoint = "/v1/webhook_endpoints/$id->{webhook_endpoint_id}";
        ask($o, POST => "$endpoint/test");
        ask($o, GET => '/v1/events?limit=1');
        return ask($o, GET => "$endpoint/deliveries")->{json}{data}[0]{id};
    } },
    token_id => { own => sub { 1 }, make => sub { ($t->key_and_id(user => $_[0]{user}, test => $_[0]{test}))[1] } },
    request_id => { unknown => 'req_' . 'f' x 32, odd => sub { 'req_' . '-' x 32 }, private => 1,
        make => sub { ask($_[0], POST => '/v1/workspaces', { name => named($_[0]) })->{headers}{'matter-request-id'} } },
);
for my $var (keys %modal) {
    $ID{$var}{unknown} = in_base62($modal{$var}, $NOWHERE);
    $ID{$var}{odd} = sub { $modal{$var} . 'z' x 17, $_[0] =~ s/^[a-z]+_//r, $_[0] =~ s/_/-/r };     # the first: too large for an id
}

sub named { "$_[0]{mark} " . ++$n }
sub ask {
    my ($o, $method, $path, $body) = @_;
    my $r = $t->req($method => $path, token => $o->{token}, body => $body);
    $r->{status} =~ /^20/ or die "$method $path: $r->{raw}";
    return $r;
}
# A version of a model; a package, and the job that builds its file; who may only write does not read it.
sub version_of {
    my ($o, $model) = @_;
    $o = { %$o, token => $of_user{ $o->{user} } //= $t->token($o->{user}) };
    ask($o, POST => "$MODELS/mdl-$model/train/" . ask($o, POST => "$MODELS/mdl-$model/train")->{json}{job_id} . '/complete');
    return scalar $t->sql("SELECT LOWER(HEX(id)) FROM model_versions WHERE model_id = UNHEX('$model') ORDER BY number DESC LIMIT 1");
}
sub aliased { my ($o, $model, $number) = @_; ask({ %$o, token => $of_user{ $o->{user} } //= $t->token($o->{user}) }, PUT => "$MODELS/$model/aliases/champion", { version_id => "ver-00$number" }) }
sub model_of { my ($table, $id) = @_; scalar $t->sql("SELECT LOWER(HEX(model_id)) FROM $table WHERE id = UNHEX('$id')") }
sub package_of {
    my ($o, $verb) = @_;
    $o = { %$o, token => $of_user{ $o->{user} } //= $t->token($o->{user}) };
    my $package = version_of($o, hex_of(model($t, token => $o->{token}, name => named($o))->{id}));
    if ($verb eq 'modelPackageFile') { built_of($o, $package); $t->thaw('build')->{exit} == 0 or die 'build' }
    return $package;
}
# A model of the leaderboard, and a custom model.
sub leader {
    my ($o, $project) = @_;
    my $in = $project // sprintf '%024x', 1e9 + ++$n;
    return ask($o, POST => "/api/v2/projects/$in/models/import", { modelType => named($o), $project ? () : (projectName => named($o)), target => { name => 'y', type => 'Regression' } })->{json};
}
sub custom_of { my ($o) = @_; ask($o, POST => '/api/v2/customModels', { name => named($o), targetType => 'Regression', customModelType => 'inference', targetName => 'y' })->{json}{id} }
sub built_of { my ($o, $package) = @_; ask($o, POST => "/api/v2/modelPackages/$package/modelPackageFileBuilds")->{headers}{location} =~ m{/status/(\w+)/$} && $1 }
sub project {
    my ($o, $verb) = @_;
    my $id = ask($o, POST => '/api/v1/projects', { name => named($o) })->{json}{data}{id};
    my %from = (restore => ['archive'], delete => ['archive'], pause => ['publish'], resume => [qw(publish pause)]);
    ask($o, PUT => "/api/v1/projects/$id/$_") for @{ $from{$verb} // [] };
    return $id;
}

# --- bodies and queries that are right, so that nothing but the id and the caller decides ----

# `{variable}` is that variable's id, which another tenant's and an unknown one are tried
# in too (a query's as well); <new> a name that is free, <me> the caller.
our %BODY = (
    'POST /api/v1/models' => { name => '<new>', model_type => 'auto', task_type => 'clustering' },
    'PATCH /api/v1/models/{model_id}' => { description => 'x' },
    'POST /api/v1/models/{model_id}/train/{job_id}/fail' => { reason => 'x' },
    'PUT /api/v1/models/{model_id}/aliases/{alias}' => { version_id => '{version_id}' },
    'POST /api/v1/models/{model_id}/rollback' => { alias => 'champion' },
    'POST /api/v1/projects' => { name => '<new>' },
    'PUT /api/v1/projects/{id}' => { name => '<new>' },
    'PUT /api/v1/projects/{id}/build' => { progress => 10 },
    'POST /api/v2/models' => { name => '<new>', parentFolderRid => '{folderRid}' },
    'POST /api/v2/models/{modelRid}/promoteVersion' => { sourceModelVersionRid => '{modelVersionRid}' },
    'POST /api/v2/models/{modelRid}/versions' => { modelFiles => { type => 'dill', serializedModelFunction => 'AAAA' }, backingRepositories => [], condaRequirements => [], modelApi => model_api() },
    'POST /api/v2/filesystem/folders' => { displayName => '<new>', parentFolderRid => '{folderRid}' },
    'PUT /api/v2/filesystem/folders/{folderRid}' => { displayName => '<new>', parentFolderRid => home_of($t) },
    'PUT /api/v2/filesystem/projects/{projectRid}' => { displayName => '<new>' },
    'POST /api/v2/filesystem/resources/{resourceRid}/move' => { parentFolderRid => '{folderRid}' },
    'POST /api/v2/filesystem/folders/getBatch' => [ { folderRid => rid_of(folder => $NOWHERE) } ],
    'POST /api/v2/filesystem/resources/getBatch' => [ { resourceRid => rid_of(folder => $NOWHERE) } ],
    'POST /api/v2/filesystem/resources/getByPathBatch' => [ { path => '/Main/Models' } ],
    'POST /api/v2/admin/users/getBatch' => [ { userId => rid_of(user => $NOWHERE) } ],
    map({ ("POST /api/v2/filesystem/resources/{resourceRid}/roles/$_" => { roles => [ { resourceRolePrincipal => { type => 'everyone' }, roleId => 'OBSERVER' } ] }) } qw(add remove)),
    'POST /api/v2/filesystem/projects/create' => { displayName => '<new>', spaceRid => '{spaceRid}' },
    'POST /api/v2/modelPackages/fromLeaderboard' => { modelId => '{modelId}', name => '<new>', registeredModelId => '{registeredModelId}' },
    'POST /api/v2/modelPackages/fromLearningModel' => { modelId => '{modelId}', name => '<new>', registeredModelId => '{registeredModelId}' },
    'POST /api/v2/modelPackages/fromCustomModelVersion' => { customModelVersionId => '{customModelVersionId}', name => '<new>', registeredModelId => '{registeredModelId}' },
    'POST /api/v2/modelPackages/fromJSON' => { name => '<new>', registeredModelId => '{registeredModelId}', target => { name => 'y', type => 'Regression' } },
    'PATCH /api/v2/registeredModels/{registeredModelId}' => { description => 'x' },
    'PATCH /api/v2/registeredModels/{registeredModelId}/versions/{versionId}' => { name => '<new>' },
    'POST /api/v2/deployments/fromModelPackage' => { label => '<new>', modelPackageId => '{modelPackageId}', predictionEnvironmentId => '{environmentId}' },
    map({ ("POST /api/v2/deployments/$_" => { label => '<new>', modelId => '{modelId}', predictionEnvironmentId => '{environmentId}' }) } qw(fromLearningModel fromLeaderboard)),
    'PATCH /api/v2/deployments/{deploymentId}' => { label => '<new>' },
    'PATCH /api/v2/deployments/{deploymentId}/status' => { status => 'inactive' },
    'POST /api/v2/deployments/{deploymentId}/model/validation' => { modelPackageId => '{nextId}' },
    'PATCH /api/v2/deployments/{deploymentId}/model' => { modelPackageId => '{nextId}' },
    'PATCH /api/v2/deployments/{deploymentId}/settings' => { targetDrift => { enabled => JSON::PP::true } },
    'POST /api/v2/deployments/{deploymentId}/challengers' => { modelPackageId => '{nextId}', name => '<new>', predictionEnvironmentId => '{environmentId}' },
    'PATCH /api/v2/deployments/{deploymentId}/challengers/{challengerId}' => { name => '<new>', predictionEnvironmentId => '{environmentId}' },
    'POST /api/v2/predictionEnvironments' => { name => '<new>', platform => 'other' },
    'PATCH /api/v2/predictionEnvironments/{environmentId}' => { name => '<new>' },
    'POST /api/v2/projects/{projectId}/models/import' => { modelType => '<new>', target => { name => 'y', type => 'Regression' } },
    'POST /api/2.0/mlflow/registered-models/create' => { name => '<new>' },
    map({ my ($route, %more) = @$_; ($route =~ s{ }{ /api/2.0/mlflow/}r => { name => '{name}', %more }) }
        [ 'PATCH registered-models/update', description => 'x' ], [ 'POST registered-models/rename', new_name => '<new>' ], ['DELETE registered-models/delete'], ['POST registered-models/get-latest-versions'], [ 'POST registered-models/set-tag', key => 'k', value => '<new>' ],
        [ 'DELETE registered-models/delete-tag', key => 'k' ], [ 'POST registered-models/alias', alias => 'a', version => '1' ], [ 'DELETE registered-models/alias', alias => 'x' ], [ 'POST model-versions/create', source => 's3://x' ], [ 'PATCH model-versions/update', version => '1', description => 'x' ],
        [ 'POST model-versions/transition-stage', version => '1', stage => 'Staging' ], [ 'DELETE model-versions/delete', version => '1' ], [ 'POST model-versions/set-tag', version => '1', key => 'k', value => '<new>' ], [ 'DELETE model-versions/delete-tag', version => '1', key => 'k' ]),
    map({ ("POST /api/2.0/mlflow/$_/search" => { max_results => 10 }) } qw(registered-models model-versions)),
    'POST /api/2.0/mlflow/webhooks' => { name => 'hook', url => 'https://hooks.example.org/?<new>', events => [ { entity => 'PROMPT', action => 'CREATED' } ] },
    'PATCH /api/2.0/mlflow/webhooks/{webhook_id}' => { description => 'x' },
    'POST /api/v2/useCases' => { name => '<new>' },
    'PATCH /api/v2/useCases/{useCaseId}' => { name => '<new>' },
    'POST /api/v1/models/{model_id}/versions' => { file => 'eA==', metrics => { auc => 0.5 } },
    'POST /api/v2/customModels' => { name => '<new>', targetType => 'Regression', customModelType => 'inference', targetName => 'y' },
    'PATCH /api/v2/customModels/{customModelId}' => { description => 'x' },
    map({ my $to = $_; map { ("$_ /api/v2/customModels/{customModelId}/versions$to" => { isMajorUpdate => 'false' }) } qw(POST PATCH) } '', '/withTrainingData'),
    'PATCH /api/v2/customModels/{customModelId}/versions/{customModelVersionId}' => { description => 'x' },
    'PATCH /api/v2/registeredModels/{registeredModelId}/sharedRoles' => { operation => 'updateRoles', roles => [ { role => 'OBSERVER', shareRecipientType => 'user', username => 'reader' } ] },
    'POST /console/authorize' => { client_id => '{client_id}', redirect_uri => 'https://app.example/cb', code_challenge => 'x' x 43, approve => JSON::PP::true },
    'POST /console/users' => { username => '?<new>', email => '?<new>@main.example', role => 'reader' },
    'PATCH /console/users/{user_id}' => { email => '?<new>@main.example' },
    'POST /console/roles' => { name => '.<new>', permissions => ['model:read'], rate => 100 },
    'PATCH /console/roles/{role_id}' => { rate => 50 },
    'POST /console/keys' => { kind => 'secret', name => '<new>' },
    'POST /console/clients' => { name => '<new>', redirect_uris => ['https://app.example/cb'] },
    'POST /v1/workspaces' => { name => '<new>' },
    'PATCH /v1/workspaces/{workspace_id}' => { name => '<new>' },
    'POST /v1/entities' => { name => '<new>', jurisdiction => 'y', type => 'z', workspace_id => '{workspace_id}' },
    'PATCH /v1/entities/{entity_id}' => { name => '<new>' },
    'POST /v1/tokens' => { tier => 1, principal => { human_id => '<me>' }, scopes => ['token:write'], api_version => '2026-06-10' },
    'POST /v1/webhook_endpoints' => { url => 'https://hooks.example.org/?<new>', enabled_events => ['*'] },
    'PATCH /v1/webhook_endpoints/{webhook_endpoint_id}' => { description => 'x' },
);
our %QUERY = ('GET /console/search' => 'q=ours', 'GET /api/v1/models/{model_id}/holders' => 'alias=champion', 'GET /api/v1/models/{model_id}/rollback' => 'alias=champion', map({ ("GET /api/2.0/mlflow/registered-models/$_" => 'name={name}' . ($_ eq 'alias' ? '&alias=x' : '')) } qw(get get-latest-versions alias)), map({ ("GET /api/2.0/mlflow/model-versions/$_" => 'name={name}&version=1') } qw(get get-download-uri)),
    'GET /api/v2/filesystem/resources/getByPath' => 'path=Main/Models', 'GET /api/v1/projects/check-url' => 'url=free.talkide.app', 'GET /console/audit/export' => 'format=csv', 'GET /console/authorize' => 'redirect_uri=https%3A%2F%2Fapp.example%2Fcb&client_id={client_id}');

our $admin = { user => 'admin', token => $t->admin, words => 'organization:admin', mark => 'ours' };
our $other = { user => 'other', token => $t->other, mark => 'theirs' };
$_->{me} = usr($t, $_->{user}) for $admin, $other;
$t->reader;

# --- does it know enough? ---------------------------------------------------------------------

sub name_of { "$_[0]{method} $_[0]{path}" }
sub verb_of { $_[0]{path} =~ m{/([\w-]+)/?$} ? $1 : lc $_[0]{method} }
sub vars { my $r = shift; my @v = $r->{path} =~ /\{(\w+)\}/g; push @v, json($BODY{ name_of($r) }) =~ /"\{(\w+)\}"/g if $BODY{ name_of($r) }; push @v, ($QUERY{ name_of($r) } // '') =~ /\{(\w+)\}/g; @v }
sub facts { $DIALECT{ $_[0]{dialect} } // teach('%DIALECT', "how $_[0]{dialect} refuses, for " . name_of($_[0])) }
sub id_row { my ($r, $var) = @_; $ID{"$r->{dialect} $var"} // $ID{$var} // teach('%ID', "how to make a {$var} of $r->{dialect}, for " . name_of($r)) }
{
    our $described = described($t)->{paths};
    my %is_there = map { name_of($_) => 1 } @all;
    for my $r (@routes) {
        my ($name, $of) = (name_of($r), $described->{ $r->{path} }{ lc $r->{method} });
        facts($r);
        id_row($r, $_) for vars($r);
        teach('%BODY', "what a right body is for $name") if $of->{requestBody} && $of->{requestBody}{required} && !$BODY{$name};
        my @needs = grep { $_->{in} eq 'query' && $_->{required} } @{ $of->{parameters} // [] };
        teach('%QUERY', "what a right `$needs[0]{name}` is for $name") if @needs && !$QUERY{$name} && !facts($r)->{query};
    }
    # The tables say who may: of them this much is certain.
    is(join(', ', map { name_of($_) } grep { ($_->{flags} // '') =~ /\bwrite\b/ xor $_->{permission} =~ /:write$/ || ($_->{permission} =~ /:admin$/ && $_->{method} ne 'GET') } @routes), 'POST /console/authorize, DELETE /console/applications/{client_id}, DELETE /console/account/sessions, DELETE /console/account/sessions/{session_id}, POST /api/2.0/mlflow/webhooks/{webhook_id}/test',
        'what writes asks for a permission to write, and it alone; but what is sent now changes nothing, whom one lets act for oneself, where one is signed in, and how long, is for each to say, and who administers reads by the same permission');
    is(join(', ', map { name_of($_) } grep { $_->{permission} eq 'member' } @routes), join(', ', (map { "GET /v1/$_" } qw(api_versions limits requests/{request_id})), 'GET /api/v2/admin/users/{userId}', 'POST /api/v2/admin/users/getBatch',
        'GET /api/v2/admin/users/getCurrent', 'GET /api/v2/account/info', (map { "GET /console/$_" } qw(actions events upload_limits activity authorize)), 'POST /console/authorize', 'GET /console/applications', 'DELETE /console/applications/{client_id}', 'GET /console/account', (map { "$_ /console/account/sessions" } qw(GET DELETE)), 'DELETE /console/account/sessions/{session_id}', 'GET /console/search'), 'to every member, whatever the role, is open what tells of the caller and of who there is');
    is(join(', ', grep { !$is_there{$_} } sort keys %BODY, keys %QUERY), '', 'a body and a query for no route that is gone');
}

# --- the engine -------------------------------------------------------------------------------

our @leaks;                                                 # answers to us that tell of them
# A request of the route's: path with query, and body, if it has one; in place of each variable its id, a name that is new, the caller.
sub asked {
    my ($route, $o, $id) = @_;
    my $known = sub { $id->{ $_[0] } // die 'no ' . $_[0] };
    my $path = $route->{path} =~ s/\{(\w+)\}/$known->($1)/ger;
    my $query = join '&', grep { length } $QUERY{ name_of($route) } // '', facts($route)->{query} ? facts($route)->{query}->($route) : '';
    $query =~ s/\{(\w+)\}/$known->($1)/ge;
    my $body = $BODY{ name_of($route) };
    $body = json($body) =~ s/"\{(\w+)\}"/json($known->($1))/ger =~ s{([?.])?<new>}{ my $new = named($o); $1 ? $1 . ($new =~ tr/ /-/r) : $new }ger =~ s/<me>/$o->{me}/r if $body;
    return ($path . (length $query ? "?$query" : ''), $body);
}
sub call {
    my ($route, $o, $id) = @_;
    my ($path, $body) = asked($route, $o, $id);
    return heard($t->req($route->{method} => $path, token => $o->{token}, body => $body), $route, $o, values %$id);
}
# The same reply; it is remembered if it tells us of them. given: what was asked with.
sub heard {
    my ($r, $route, $o, @given) = @_;
    my $told = $r->{raw};
    $told =~ s/\Q$_\E//g for @given;
    push @leaks, name_of($route) . ": $r->{raw}" if $o != $other && $told =~ /\btheirs/;
    return $r;
}

# The bytes of a reply but for the request's own id, the time, the rate, and the ids that
# were asked for; its length is that of the rest.
sub plain {
    my ($r, $id) = @_;
    my ($head, $body) = split /\r\n\r\n/, $r->{raw}, 2;
    my ($own, $length) = ($r->{headers}{'x-request-id'} // 'none', length $body);
    $body =~ s/"timestamp":"[^"]*"|"errorInstanceId":"[^"]*"/THEN/g;
    $body =~ s/\Q$own\E/THIS/g;
    for my $var (sort { length $id->{$b} <=> length $id->{$a} } grep { length $id->{$_} > 5 } keys %$id) { $body =~ s/(?<!\w)\Q$id->{$var}\E(?!\w)/{$var}/g }
    $head =~ s/^(?:X-Request-Id|Matter-Request-Id|Date|X-RateLimit-\w+): .*(?:\r\n|\z)//mgi;
    $head =~ s/^(Content-Length: )$length\b/$1 . length $body/mei;
    return "$head\r\n\r\n$body";
}

# One of everything that the route names, of an owner's, in a state that it starts in.
our %made;
sub fixture {
    my ($route, $o) = @_;
    my %id;
    for my $var (vars($route)) {
        $id{$var} = id_row($route, $var)->{make}->($o, verb_of($route), \%id) // die "no $var was made";
        $made{ $o->{mark} }{ $id{$var} } = 1 if $id{$var} =~ /\w{12}/;
    }
    return \%id;
}

1;
