# Client.pm: the registry dialect as its four official clients speak it. Each sends what that
# client sends and insists on what that client insists on, no more: what one of them dies of
# is a fault of the server, whatever the contract says.
#
#   my $py = Registry::Client::Python->new($t, $token);
#   my $model = $py->get($id);            # dies, with the error that the client would show
#
# Python: nulls are dropped before an object is looked at, so that null is the same as
# missing; an error is JSON only when its type is exactly application/json; jobs are polled
# without following their redirect. Terraform: any redirect is a failure but a job's; of
# `next` it keeps the query alone. Action: every page has count, totalCount, next and data;
# the statuses are exact. R: the version without a slash.
package Registry::Client;
use strict;
use warnings;
use JSON::PP ();
use Registry ();
use Thaw ();

my $json = JSON::PP->new->utf8->canonical->allow_nonref;

# endpoint: what a user of the client writes into its configuration.
sub new {
    my ($class, $t, $token, %o) = @_;
    my $c = bless { t => $t, token => $token, endpoint => "$t->{url}/api/v2", warnings => [], sent => [], %o }, $class;
    $c->connect;
    return $c;
}
sub connect { }
sub warnings_shown { my $c = shift; return splice @{ $c->{warnings} } }

# One request to an absolute address, or to one below the endpoint; nothing is followed.
sub exchange {
    my ($c, $method, $url, %o) = @_;
    $url = "$c->{endpoint}/$url" if $url !~ m{^https?://};
    my ($host, $target) = $url =~ m{^http://([^/]+)(/.*)$} or die "ConnectionError: $url\n";
    $host eq "127.0.0.1:$c->{t}{port}" or die "ConnectionError: $url is another server than $c->{endpoint}\n";
    my @h = (Host => $host, Connection => 'close', Accept => 'application/json', $c->headers($method, $o{body}), @{ $o{headers} // [] });
    my $body = defined $o{body} && ref $o{body} ? $json->encode($o{body}) : $o{body};
    push @h, 'Content-Length' => length $body if defined $body;
    my $text = "$method $target HTTP/1.1\r\n";
    $text .= shift(@h) . ': ' . shift(@h) . "\r\n" while @h;
    push @{ $c->{sent} }, "$method $target";
    my $r = Thaw::parse($c->{t}->raw("$text\r\n" . ($body // '')));
    $r->{status} or die "ConnectionError: no answer to $method $url\n";
    return $r;
}

# A query from pairs, as each of them encodes it.
sub query {
    my @pairs = @_;
    my @q;
    while (my ($name, $value) = splice @pairs, 0, 2) { push @q, map { "$name=" . ($_ =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ger) } ref $value ? @$value : $value if defined $value }
    return @q ? '?' . join '&', @q : '';
}

# --- the Python client, datarobot 3.x -----------------------------------------------------

package Registry::Client::Python;
use strict;
use warnings;
our @ISA = 'Registry::Client';
use Time::HiRes 'sleep';

our $MAJOR = 2;
our $MINOR = 49;                          # what datarobot 3.20 knows

sub headers { my ($c, $method, $body) = @_; return (Authorization => "Token $c->{token}", 'User-Agent' => 'DataRobotPythonClient/3.20.0', defined $body ? ('Content-Type' => $c->{type} // 'application/json') : ()) }

# Every Client() asks for the version; only versionString is read.
sub connect {
    my $c = shift;
    my $r = $c->exchange(GET => 'version/');
    $r->{status} == 200 or die "ValueError: the server's version cannot be had: $r->{status}\n";
    my ($major, $minor) = ($r->{json}{versionString} // '') =~ /^(\d+)\.(\d+)/ or die "ValueError: no versionString\n";
    die "ValueError: client $MAJOR, server $major: the versions are incompatible\n" if $major > $MAJOR;
    push @{ $c->{warnings} }, "the client is ahead of the server" if $major < $MAJOR || $minor < $MINOR;
}

# requests follows a redirect of a GET; everything else that is no 2xx is an error.
sub rest {
    my ($c, $method, $url, %o) = @_;
    my $r;
    for (1 .. 5) {
        $r = $c->exchange($method, $url, %o);
        last if $o{keep_redirects} || $method ne 'GET' || $r->{status} !~ /^30[12378]$/;
        $url = $r->{headers}{location} // die "no Location: $r->{raw}";
    }
    push @{ $c->{warnings} }, $r->{headers}{deprecation} if ($r->{headers}{deprecation} // '') !~ /^(?:true)?$/i;
    $c->fail($r) if $r->{status} >= 400;
    return $r;
}

sub fail {
    my ($c, $r) = @_;
    my $type = $r->{headers}{'content-type'} // '';
    die "UnicodeDecodeError: the body of an error of type $type\n" if $type ne 'application/json' && $r->{body} =~ /[^\x00-\x7f]/;
    my $message = $r->{status} == 401 ? 'The server is saying you are not properly authenticated.' : $type eq 'application/json' ? ($r->{json}{message} // '(none)') : $r->{body};
    $message .= "; errors: " . $json->encode($r->{json}{errors}) if $type eq 'application/json' && $r->{json}{errors};
    die bless { status => $r->{status}, message => "$message", json => $r->{json} }, 'Registry::ClientError';
}

sub data { my ($c, $r) = @_; defined $r->{json} or die "JSONDecodeError: $r->{raw}"; return $r->{json} }

# Nulls are removed at every depth before anything is looked at.
sub without_nulls {
    my $v = shift;
    return { map { $_ => without_nulls($v->{$_}) } grep { defined $v->{$_} } keys %$v } if ref $v eq 'HASH';
    return [ map { without_nulls($_) } grep { defined } @$v ] if ref $v eq 'ARRAY';
    return $v;
}

# What a class requires: text (not blank), any string, int, bool, dict, list, time; a ? may be missing.
my %CLASS = (
    RegisteredModel => { id => 'text', name => 'text', description => 'string', createdAt => 'time', modifiedAt => 'time', target => 'dict', createdBy => 'dict',
        lastVersionNum => 'int', isArchived => 'bool', modifiedBy => 'dict?' },
    RegisteredModelVersion => { id => 'text', registeredModelId => 'text', registeredModelVersion => 'int', name => 'text', modelId => 'text', modelExecutionType => 'text',
        isArchived => 'bool', isDeprecated => 'bool', activeDeploymentCount => 'int', permissions => 'list',
        (map { $_ => 'dict' } qw(importMeta sourceMeta modelKind target modelDescription datasets timeseries)),
        biasAndFairness => 'dict?', buildStatus => 'text?', userProvidedId => 'text?', updatedAt => 'text?', updatedBy => 'dict?', tags => 'list?', mlpkgFileContents => 'dict?' },
    RegisteredModelDeployment => { id => 'text', currentlyDeployed => 'bool', registeredModelVersion => 'int', isChallenger => 'bool', status => 'text',
        label => 'string?', firstDeployedAt => 'time?', firstDeployedBy => 'dict?', createdBy => 'dict?', predictionEnvironment => 'dict?' },
    PredictionEnvironment => { id => 'text', name => 'text', platform => 'text', isDeleted => 'bool', description => 'string?', supportedModelFormats => 'list?', permissions => 'list?',
        isManagedByManagementAgent => 'bool?' },
    Deployment => { id => 'text', label => 'string?', status => 'text?', description => 'string?', importance => 'text?', model => 'dict?', modelPackage => 'dict?',
        predictionEnvironment => 'dict?', defaultPredictionServer => 'dict?' },
    Challenger => { id => 'text', name => 'text', model => 'dict', modelPackage => 'dict', predictionEnvironment => 'dict?' },
    CustomInferenceModel => { id => 'text', name => 'string', description => 'string', createdBy => 'string', created => 'string', updated => 'string', language => 'string',
        trainingDataAssignmentInProgress => 'bool', deploymentsCount => 'int', targetType => 'text', customModelType => 'text', latestVersion => 'dict?' },
    CustomModelVersion => { id => 'text', customModelId => 'text', label => 'string', versionMajor => 'int', versionMinor => 'int', isFrozen => 'bool', items => 'list' },
    UseCase => { id => 'text', name => 'text', createdAt => 'text', created => 'dict', updatedAt => 'text', updated => 'dict', members => 'list',
        map { $_ . 'Count' => 'int' } qw(models projects datasets files notebooks applications) },
);
my %CLOSED = (Challenger => 1);           # its converter ignores no extra

sub _fits {
    my ($want, $v) = @_;
    return ref $v eq { dict => 'HASH', list => 'ARRAY', bool => 'JSON::PP::Boolean' }->{$want} if $want =~ /^(?:dict|list|bool)$/;
    return 0 if ref $v;
    my $is = Registry::_is($v);
    return $want eq 'int' ? $is eq 'int' : $is eq 'string' && ($want eq 'string' || $want eq 'time' && $v =~ /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/ || $want eq 'text' && $v =~ /\S/);
}
sub parsed {
    my ($c, $class, $data) = @_;
    ref $data eq 'HASH' or die "DataError: $class: no object\n";
    my ($v, $of) = (without_nulls($data), $CLASS{$class});
    for my $name (sort keys %$of) {
        my ($want, $maybe) = $of->{$name} =~ /^(\w+)(\??)$/;
        next if $maybe && !exists $v->{$name};
        exists $v->{$name} or die "DataError: $class: {'$name': is required}\n";
        _fits($want, $v->{$name}) or die "DataError: $class: {'$name': is no $want}\n";
    }
    my @more = $CLOSED{$class} ? grep { !$of->{$_} } sort keys %$v : ();
    die "DataError: $class: {'$more[0]': is not allowed key}\n" if @more;
    return $v;
}

# unpaginate: as long as next is not None. The key must exist; "" would be asked for.
sub pages {
    my ($c, $class, $path, @query) = @_;
    my ($url, @all) = ($path . Registry::Client::query(@query));
    for (my $n = 0; defined $url; $n++) {
        die "RecursionError: no end of $path\n" if $n > 200;
        my $page = $c->data($c->rest(GET => $url));
        exists $page->{$_} or die "KeyError: '$_'\n" for qw(data next);
        push @all, map { $class ? $c->parsed($class, $_) : $_ } @{ $page->{data} };
        $url = $page->{next};
    }
    return @all;
}

# wait_for_async_resolution, and the id that its callers take from what it gives.
sub resolved {
    my ($c, $r) = @_;
    my $url = $r->{headers}{location} // die "KeyError: 'Location'\n";
    for (1 .. 200) {
        my $s = $c->rest(GET => $url, keep_redirects => 1);
        return $s->{headers}{location} // die "KeyError: 'Location'\n" if $s->{status} == 303;
        $s->{status} =~ /^(?:200|307)$/ or die "AsyncFailureError: $s->{status} of $url\n";
        my $status = lc($c->data($s)->{status} // '');
        die "AsyncProcessUnsuccessfulError: $s->{body}\n" if $status =~ /^(?:error|abort)/;
        die "TypeError: a finished job without a redirect: $s->{body}\n" if $status eq 'completed';
        sleep 0.05;
    }
    die "AsyncTimeoutError: $url\n";
}
sub id_of { my @parts = split m{/}, $_[0], -1; return $parts[-2] }

sub python { my $v = shift; ref $v eq 'JSON::PP::Boolean' ? $v ? 'True' : 'False' : $v }

sub list_registered_models { my ($c, %f) = @_; return $c->pages(RegisteredModel => 'registeredModels/', map { $_ => python($f{$_}) } sort grep { $f{$_} } keys %f) }
sub get { my ($c, $id) = @_; return $c->parsed(RegisteredModel => $c->data($c->rest(GET => "registeredModels/$id/"))) }
sub update { my ($c, $id, %o) = @_; return $c->parsed(RegisteredModel => $c->data($c->rest(PATCH => "registeredModels/$id/", body => \%o))) }
sub archive { my ($c, $id) = @_; $c->rest(DELETE => "registeredModels/$id/"); return }
sub list_versions { my ($c, $id, %f) = @_; return $c->pages(RegisteredModelVersion => "registeredModels/$id/versions/", map { $_ => python($f{$_}) } sort keys %f) }
sub get_version { my ($c, $id, $version) = @_; return $c->parsed(RegisteredModelVersion => $c->data($c->rest(GET => "registeredModels/$id/versions/$version/"))) }
sub list_associated_deployments { my ($c, $id, $version) = @_; return $c->pages(RegisteredModelDeployment => "registeredModels/$id/" . ($version ? "versions/$version/" : '') . 'deployments/') }

sub _made { my ($c, $route, $body) = @_; return $c->parsed(RegisteredModelVersion => $c->data($c->rest(POST => "modelPackages/$route/", body => $body))) }
sub create_for_external { my ($c, %o) = @_; return $c->_made(fromJSON => { target => { name => 'churn', type => 'Regression' }, %o }) }
# The first of these comes with a job; the client waits for its end, and reads the version anew.
sub create_for_leaderboard_item {
    my ($c, $model, %o) = @_;
    my $r = $c->rest(POST => 'modelPackages/fromLeaderboard/', body => { modelId => $model, %o });
    return $c->parsed(RegisteredModelVersion => $c->data($r)), $r;
}
sub create_for_custom_model_version { my ($c, $version, %o) = @_; return $c->_made(fromCustomModelVersion => { customModelVersionId => $version, %o }) }

# SharingRole: the reader maps the role by name, and a recipient without one breaks it.
my %ROLE = map { $_ => 1 } qw(OWNER READ_WRITE USER EDITOR READ_ONLY CONSUMER NO_ROLE);
sub get_shared_roles {
    my ($c, $id) = @_;
    my @roles = $c->pages(undef, "registeredModels/$id/sharedRoles/");
    for my $r (@roles) {
        $ROLE{ $r->{role} // '' } or die "KeyError: '" . ($r->{role} // 'None') . "'\n";
        length($r->{shareRecipientType} // '') or die "DataError: {'shareRecipientType': is required}\n";
        die "DataError: {'name': blank value is not allowed}\n" if defined $r->{name} && $r->{name} eq '';
        length($r->{id} // '') || length($r->{name} // '') or die "ValueError: neither id nor name\n";
    }
    return map { { role => $_->{role}, shareRecipientType => $_->{shareRecipientType}, id => $_->{id}, username => $_->{name} } } @roles;
}
# What was read can be shared: id and username are both sent when both are set.
sub share {
    my ($c, $id, @roles) = @_;
    my @sent = map { my $r = $_; +{ map { $_ => $r->{$_} } grep { defined $r->{$_} } keys %$r } } @roles;
    $c->rest(PATCH => "registeredModels/$id/sharedRoles/", body => { operation => 'updateRoles', roles => \@sent });
    return;
}

sub create_prediction_environment { my ($c, %o) = @_; return $c->parsed(PredictionEnvironment => $c->data($c->rest(POST => 'predictionEnvironments/', body => \%o))) }
sub list_prediction_environments { my $c = shift; return $c->pages(PredictionEnvironment => 'predictionEnvironments/') }
# CustomInferenceModel.create always says which of the two it supports.
sub create_custom_model { my ($c, %o) = @_; return $c->parsed(CustomInferenceModel => $c->data($c->rest(POST => 'customModels/', body => { customModelType => 'inference', %o }))) }
sub list_custom_models { my $c = shift; return $c->pages(CustomInferenceModel => 'customModels/', customModelType => 'inference') }
# CustomModelVersion.create_clean: multipart, each file with its path.
sub create_custom_model_version {
    my ($c, $model, %file) = @_;
    my $mark = 'a' x 32;
    my $part = sub { my ($name, $text, $file) = @_; "--$mark\r\nContent-Disposition: form-data; name=\"$name\"" . (defined $file ? "; filename=\"$file\"\r\nContent-Type: application/octet-stream" : '') . "\r\n\r\n$text\r\n" };
    my $body = join '', $part->('isMajorUpdate', 'True'), (map { ($part->('file', $file{$_}, $_), $part->('filePath', $_)) } sort keys %file), "--$mark--\r\n";
    local $c->{type} = "multipart/form-data; boundary=$mark";
    my $r = $c->exchange(POST => "customModels/$model/versions/", body => $body);
    $c->fail($r) if $r->{status} >= 400;
    return $c->parsed(CustomModelVersion => $c->data($r));
}

sub get_deployment { my ($c, $id) = @_; return $c->parsed(Deployment => $c->data($c->rest(GET => "deployments/$id/"))) }
sub list_deployments { my ($c, %f) = @_; return $c->pages(Deployment => 'deployments/', %f) }
sub deploy {
    my ($c, $package, %o) = @_;
    my $r = $c->rest(POST => 'deployments/fromModelPackage/', body => { modelPackageId => $package, label => 'deployed', description => '', additionalMetadata => [], %o });
    my $id = $c->data($r)->{id} // die "KeyError: 'id'\n";
    $c->resolved($r);
    return $c->get_deployment($id);
}
# Deployment.perform_model_replace: validation, the change, the settings that go by the model.
sub replace {
    my ($c, $deployment, $package, $reason) = @_;
    my $v = $c->data($c->rest(POST => "deployments/$deployment/model/validation/", body => { modelPackageId => $package }));
    die "ValueError: validation is $v->{status}: $v->{message}\n" if $v->{status} eq 'failing';
    my $id = id_of($c->resolved($c->rest(PATCH => "deployments/$deployment/model/", body => { modelPackageId => $package, reason => $reason })));
    $id eq $deployment or die "ClientError: the job ended at $id\n";
    my $intervals = without_nulls($c->data($c->rest(GET => "deployments/$deployment/settings/")))->{predictionIntervals} // die "KeyError: 'predictionIntervals'\n";
    ref $intervals->{percentiles} eq 'ARRAY' or die "TypeError: percentiles\n";
    return $c->get_deployment($deployment);
}
sub change_status { my ($c, $deployment, $status) = @_; $c->resolved($c->rest(PATCH => "deployments/$deployment/status/", body => { status => $status })); return $c->get_deployment($deployment) }
sub change_settings { my ($c, $deployment, %o) = @_; $c->resolved($c->rest(PATCH => "deployments/$deployment/settings/", body => \%o)); return without_nulls($c->data($c->rest(GET => "deployments/$deployment/settings/"))) }
sub delete_deployment { my ($c, $deployment) = @_; $c->rest(DELETE => "deployments/$deployment/"); return }
sub create_challenger {
    my ($c, $deployment, $package, $name, $environment) = @_;
    my $at = $c->resolved($c->rest(POST => "deployments/$deployment/challengers/", body => { modelPackageId => $package, name => $name, predictionEnvironmentId => $environment }));
    return $c->parsed(Challenger => $c->data($c->rest(GET => "deployments/$deployment/challengers/" . id_of($at) . '/')));
}
sub list_challengers { my ($c, $deployment) = @_; return map { $c->parsed(Challenger => $_) } @{ $c->data($c->rest(GET => "deployments/$deployment/challengers/"))->{data} } }
sub create_use_case { my ($c, %o) = @_; return $c->parsed(UseCase => $c->data($c->rest(POST => 'useCases/', body => \%o))) }

package Registry::ClientError;
use overload '""' => sub { my $e = shift; "ClientError $e->{status}: $e->{message}\n" }, fallback => 1;

# --- the Terraform provider ---------------------------------------------------------------

package Registry::Client::Terraform;
use strict;
use warnings;
our @ISA = 'Registry::Client';
use Time::HiRes 'sleep';

sub headers { my ($c) = @_; return (Authorization => "Bearer $c->{token}", 'Content-Type' => 'application/json', 'User-Agent' => 'terraform-provider-datarobot') }

# A redirect is followed and is a failure all the same, but of a status: there it means done.
sub call {
    my ($c, $method, $url, $body) = @_;
    my $r = $c->exchange($method, $url, defined $body ? (body => $body) : ());
    if ($r->{status} =~ /^30[12378]$/) {
        my $to = $c->exchange(GET => $r->{headers}{location} // die "no Location: $r->{raw}");
        die "redirected to $r->{headers}{location}, which answers $to->{status}\n" if $to->{status} != 200;
        die "redirect: $method $url to $r->{headers}{location}\n" if $url !~ m{\bstatus/[^/]+/$};
        return { done => 1 };
    }
    die "NotFoundError: $url\n" if $r->{status} == 404;
    die "UnauthorizedError: check your API key\n" if $r->{status} == 401;
    die "$r->{status}: $r->{body}\n" if $r->{status} !~ /^2/;
    $c->{location} = $r->{headers}{location};
    $c->{status} = $r->{status};
    return {} if $r->{status} == 204 && $method =~ /^(?:DELETE|PATCH|PUT)$/ || $r->{status} == 202 && $method eq 'PATCH' && !length $r->{body};
    defined $r->{json} or die "the body of $r->{status} is no JSON: $method $url\n";
    return $r->{json};
}

# Of the task's address the seventh piece; polled until COMPLETED or redirected.
sub wait_for_task {
    my $c = shift;
    my $id = (split m{/}, $c->{location} // die "no Location\n")[6] // die "no task id in $c->{location}\n";
    for (1 .. 200) {
        my $s = $c->call(GET => "status/$id/");
        return if $s->{done} || $s->{status} eq 'COMPLETED';
        die "the task: $s->{status} $s->{message}\n" if $s->{status} =~ /^(?:ERROR|ABORTED|EXPIRED)$/;
        sleep 0.05;
    }
    die "timeout of task $id\n";
}

# Only the query of `next` is kept, on its own path.
sub all {
    my ($c, $path, @query) = @_;
    my ($query, @all) = (Registry::Client::query(@query));
    for (my $n = 0; $n < 200; $n++) {
        my $page = $c->call(GET => "$path$query");
        push @all, @{ $page->{data} };
        return @all if !length($page->{next} // '');
        $query = '?' . ($page->{next} =~ /\?(.*)/)[0];
    }
    die "no end of $path\n";
}

my $EXISTS = qr/already in use|already exist|is already used/;
sub make {
    my ($c, $route, %o) = @_;
    my $v = eval { $c->call(POST => "modelPackages/$route/", \%o) };
    die $@ =~ $EXISTS ? "exists already\n" : $@ if !$v;
    return $v;
}
# registered_model_resource: create, describe, wait, read.
sub create_registered_model {
    my ($c, $route, $body, %more) = @_;
    my $v = $c->make($route, %$body);
    exists $v->{$_} or die "no $_ in the version\n" for qw(id name registeredModelId tags stage buildStatus target);
    if (%more) {
        my $m = $c->call(PATCH => "registeredModels/$v->{registeredModelId}/", \%more);
        $c->{status} == 200 && ($m->{lastVersionNum} // '') =~ /^\d+$/ or die "the update of a model: $c->{status}\n";
    }
    $c->wait_until_built($v->{registeredModelId}, $v->{id});
    return $c->read($v->{registeredModelId});
}
sub wait_until_built {
    my ($c, $id, $version) = @_;
    for (1 .. 200) {
        my $v = $c->call(GET => "registeredModels/$id/versions/$version/");
        return $v if ($v->{buildStatus} // '') eq 'complete';
        die "the build failed\n" if ($v->{buildStatus} // '') eq 'failed';
        sleep 0.05;
    }
    die "never ready\n";
}
# Read: the version whose number is lastVersionNum, from the whole list.
sub read {
    my ($c, $id) = @_;
    my $m = $c->call(GET => "registeredModels/$id/");
    my ($latest) = grep { $_->{registeredModelVersion} == $m->{lastVersionNum} } $c->all("registeredModels/$id/versions/");
    $latest or die "latest version not found\n";
    return { %$m, version => $latest };
}
sub rename_version { my ($c, $id, $version, $name) = @_; return $c->call(PATCH => "registeredModels/$id/versions/$version/", { name => $name }) }
sub delete_registered_model { my ($c, $id) = @_; return $c->call(DELETE => "registeredModels/$id/") }
sub add_to_use_case { my ($c, $use_case, $version) = @_; $c->call(POST => "useCases/$use_case/registeredModelVersions/$version/", {}); return }
sub account { my $c = shift; return $c->call(GET => 'account/info/') }

sub deploy {
    my ($c, $package, %o) = @_;
    my $d = $c->call(POST => 'deployments/fromModelPackage/', { modelPackageId => $package, label => 'terraform', importance => 'LOW', %o });
    $c->{status} == 202 or die "deployment: $c->{status}\n";
    $c->wait_for_task;
    return $c->wait_for_deployment($d->{id});
}
sub wait_for_deployment {
    my ($c, $id, $package) = @_;
    for (1 .. 200) {
        my $d = $c->call(GET => "deployments/$id/");
        return $d if $d->{status} eq 'active' && (!$package || $d->{modelPackage}{id} eq $package);
        die "the deployment errored\n" if $d->{status} eq 'errored';
        sleep 0.05;
    }
    die "the deployment does not become active\n";
}
sub replace {
    my ($c, $id, $package) = @_;
    my $v = $c->call(POST => "deployments/$id/model/validation/", { modelPackageId => $package });
    $v->{status} eq 'passing' or die "validation: $v->{status} $v->{message}\n";
    $c->call(PATCH => "deployments/$id/model/", { modelPackageId => $package, reason => 'OTHER' });
    $c->wait_for_task;
    return $c->wait_for_deployment($id, $package);
}
sub settings { my ($c, $id, %o) = @_; $c->call(PATCH => "deployments/$id/settings/", \%o); return $c->call(GET => "deployments/$id/settings/") }
# Polls until it is gone.
sub destroy_deployment {
    my ($c, $id) = @_;
    $c->call(DELETE => "deployments/$id/");
    for (1 .. 100) {
        return if !eval { $c->call(GET => "deployments/$id/"); 1 } && $@ =~ /^NotFound/;
        sleep 0.05;
    }
    die "the deployment $id does not go away\n";
}

# --- the GitHub Action ----------------------------------------------------------------------

package Registry::Client::Action;
use strict;
use warnings;
our @ISA = 'Registry::Client';
use Time::HiRes 'sleep';

sub headers { my ($c, $method, $body) = @_; return (Authorization => "Token $c->{token}", 'User-Agent' => 'custom-models-action', defined $body ? ('Content-Type' => 'application/json') : ()) }

# It joins its base, which ends in a slash, with what begins with one.
sub connect {
    my $c = shift;
    my $r = $c->exchange(GET => '/ping');
    $r->{status} == 200 or die "the server does not answer: $r->{status} $r->{body}\n";
}
sub exactly {
    my ($c, $status, $method, $path, $body) = @_;
    my $r = $c->exchange($method, $path, defined $body ? (body => $body) : ());
    $r->{status} == $status or die "DataRobotClientError: $method $path: $r->{status}, not $status: $r->{body}\n";
    return $r;
}
sub paged {
    my ($c, $path, %o) = @_;
    my ($url, @all) = ($path);
    for (my $n = 0; $n < 200; $n++) {
        my $page = $c->exactly(200, GET => $url, $o{body})->{json};
        exists $page->{$_} or die "KeyError: '$_'\n" for qw(count totalCount next data);
        push @all, @{ $page->{data} };
        if (!length($page->{next} // '')) {
            @all == $page->{totalCount} or die "@{[ scalar @all ]} items of $page->{totalCount}\n";
            return @all;
        }
        $url = $page->{next};
    }
    die "no end of $path\n";
}

# ?search=, then the exact name; the description is read as it is.
sub find_registered_model {
    my ($c, $name) = @_;
    my ($m) = grep { $_->{name} eq $name } $c->paged('registeredModels/' . Registry::Client::query(search => $name));
    exists $m->{description} or die "KeyError: 'description'\n" if $m;
    return $m;
}
sub find_packages { my ($c, $model) = @_; return grep { $_->{modelId} eq $model } $c->paged("modelPackages/?modelId=$model&forChallenger=false&limit=100", body => { modelId => $model, forChallenger => JSON::PP::false, limit => 100 }) }
# Creates no second package of a custom model version, and says what it found.
sub register {
    my ($c, $version, %o) = @_;
    my ($there) = $c->find_packages($version);
    return $there if $there;
    my $r = $c->exactly(201, POST => 'modelPackages/fromCustomModelVersion/', { customModelVersionId => $version, %o });
    length($r->{headers}{location} // '') or die "KeyError: 'Location'\n";
    return $r->{json};
}
sub update { my ($c, $id, %o) = @_; return $c->exactly(200, PATCH => "registeredModels/$id/", \%o)->{json} }

sub wait_for {
    my ($c, $r) = @_;
    my $url = $r->{headers}{location} // die "KeyError: 'Location'\n";
    for (1 .. 200) {
        my $s = $c->exchange(GET => $url);
        return $s->{headers}{location} if $s->{status} == 303;
        $s->{status} == 200 or die "DataRobotClientError: $s->{status} of a job\n";
        die "DataRobotClientError: $s->{body}\n" if lc($s->{json}{status} // '') =~ /^(?:error|abort)/;
        sleep 0.05;
    }
    die "timeout of $url\n";
}
sub deploy {
    my ($c, $package, %o) = @_;
    my $r = $c->exactly(202, POST => 'deployments/fromModelPackage/', { modelPackageId => $package, label => 'action', %o });
    $c->wait_for($r);
    return $c->deployment($r->{json}{id});
}
sub deployment { my ($c, $id) = @_; return $c->exactly(200, GET => "deployments/$id/")->{json} }
sub describe { my ($c, $id, %o) = @_; $c->exactly(204, PATCH => "deployments/$id/", \%o); return $c->deployment($id) }
sub settings {
    my ($c, $id, %o) = @_;
    $c->wait_for($c->exactly(202, PATCH => "deployments/$id/settings/", \%o)) if %o;
    my $s = $c->exactly(200, GET => "deployments/$id/settings/")->{json};
    ref $s->{associationId} eq 'HASH' && exists $s->{associationId}{$_} or die "TypeError: associationId.$_\n" for qw(autoGenerateId requiredInPredictionRequests columnNames);
    return $s;
}
# Without a slash at the end, and exactly 200.
sub replace {
    my ($c, $id, $package) = @_;
    my $v = $c->exactly(200, POST => "deployments/$id/model/validation", { modelPackageId => $package })->{json};
    ref $v->{checks} eq 'HASH' or die "TypeError: checks\n";
    die "DataRobotClientError: $v->{message}\n" if $v->{status} eq 'failing';
    $c->wait_for($c->exactly(202, PATCH => "deployments/$id/model/", { modelPackageId => $package, reason => 'OTHER' }));
    return $c->deployment($id);
}
sub challenger { my ($c, $id, %o) = @_; $c->wait_for($c->exactly(202, POST => "deployments/$id/challengers/", \%o)); return @{ $c->exactly(200, GET => "deployments/$id/challengers/")->{json}{data} } }
sub environments_for { my ($c, $format) = @_; my @e = $c->paged("predictionEnvironments/?supportedModelFormats=$format"); (grep { $_ eq $format } @{ $e[0]{supportedModelFormats} }) or die "the first environment does not support $format\n" if @e; return @e }
sub delete_deployment { my ($c, $id) = @_; $c->exactly(204, DELETE => "deployments/$id/"); return }

# --- the R client -----------------------------------------------------------------------------

package Registry::Client::R;
use strict;
use warnings;
our @ISA = 'Registry::Client';

sub headers { my ($c, $method, $body) = @_; return (Authorization => "Token $c->{token}", 'User-Agent' => 'DataRobotRClient', defined $body ? ('Content-Type' => 'application/json') : ()) }

# ConnectToDataRobot: the version without a slash, then the projects.
sub connect {
    my $c = shift;
    my $v = $c->got(GET => 'version');
    $v->{major} == 2 or die "the server's major version is $v->{major}\n";
    $c->got(GET => 'projects/');
}
sub got {
    my ($c, $method, $path, $body) = @_;
    my $r = $c->exchange($method, $path, defined $body ? (body => $body) : ());
    $r->{status} =~ /^2/ or die "($r->{status}) $r->{json}{message}\n";
    return $r->{json};
}
# ModelPackagesList, RegisteredModelsList: one page, the query as it is given.
sub list_packages { my ($c, %q) = @_; return $c->got(GET => 'modelPackages/' . Registry::Client::query(%q)) }
sub list_registered_models { my ($c, %q) = @_; return $c->got(GET => 'registeredModels/' . Registry::Client::query(%q)) }
sub features { my ($c, $id, %q) = @_; return $c->got(GET => "modelPackages/$id/features/" . Registry::Client::query(%q)) }

1;
