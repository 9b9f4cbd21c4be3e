# Mlflow.pm: the mlflow dialect, as its tests ask it: requests by endpoint and fields, its errors, what
# models and versions are made of.
package Mlflow;
use strict;
use warnings;
use Exporter 'import';
use JSON::PP ();
use Test::More ();
use Time::HiRes ();
use Contract;

our @EXPORT = qw(%ROUTES $BASE $BAD $TAKEN $ABSENT $SEE ml ml_query fails done made_model made_version model_of version_of said prompt no_model no_version rejects);

our $BASE = '/api/2.0/mlflow';
our ($BAD, $TAKEN, $ABSENT) = qw(INVALID_PARAMETER_VALUE RESOURCE_ALREADY_EXISTS RESOURCE_DOES_NOT_EXIST);
our $SEE = ' See the API docs for more information about request parameters.';
sub no_model { "Registered Model with name=$_[0] not found" }
sub no_version { "Model Version (name=$_[0], version=$_[1]) not found" }

# Each route: what it must be given, what it may be given besides, and whether it writes.
my ($m, $v) = ('registered-models', 'model-versions');
our %ROUTES = (
    "POST $m/create" => 'name | tags description', "GET $m/get" => 'name', "PATCH $m/update" => 'name | description', "POST $m/rename" => 'name new_name', "DELETE $m/delete" => 'name',
    "GET $m/search" => '| filter max_results page_token', "POST $m/search" => '| filter max_results page_token', "POST $m/get-latest-versions" => 'name | stages', "GET $m/get-latest-versions" => 'name | stages',
    "POST $m/set-tag" => 'name key | value', "DELETE $m/delete-tag" => 'name key', "POST $m/alias" => 'name alias version', "DELETE $m/alias" => 'name alias', "GET $m/alias" => 'name alias',
    "POST $v/create" => 'name source | run_id tags run_link description model_id', "GET $v/get" => 'name version', "PATCH $v/update" => 'name version | description',
    "POST $v/transition-stage" => 'name version stage | archive_existing_versions', "DELETE $v/delete" => 'name version', "GET $v/search" => '| filter max_results page_token',
    "POST $v/search" => '| filter max_results page_token', "GET $v/get-download-uri" => 'name version', "POST $v/set-tag" => 'name version key | value', "DELETE $v/delete-tag" => 'name version key',
);

sub _percent { my $s = shift; utf8::encode($s); $s =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ger }
sub ml_query { my ($in) = @_; join '&', map { my $k = $_; map { "$k=" . _percent($_) } ref $in->{$k} ? @{ $in->{$k} } : $in->{$k} } sort keys %$in }

# A request, 'METHOD path', with its fields: where there is a GET in the query, else in the body.
sub ml {
    my ($t, $route, $in, %o) = @_;
    my ($method, $path) = split / /, $route;
    return $t->req($method => "$BASE/$path" . ($in && %$in ? '?' . ml_query($in) : ''), token => $t->admin, %o) if $method eq 'GET';
    return $t->req($method => "$BASE/$path", token => $t->admin, body => $in // {}, %o);
}

# An error of the dialect, whole; message: a text or a pattern.
sub fails {
    my ($r, $status, $code, $message, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $e = ref $r->{json} eq 'HASH' ? $r->{json} : {};
    my @bad;
    push @bad, "status $r->{status}, not $status" if $r->{status} != $status;
    push @bad, 'Content-Type ' . ($r->{headers}{'content-type'} // 'none') if ($r->{headers}{'content-type'} // '') ne 'application/json';
    push @bad, 'error_code ' . ($e->{error_code} // 'none') . ", not $code" if ($e->{error_code} // '') ne $code;
    push @bad, 'members ' . join ' ', sort keys %$e if join(' ', sort keys %$e) ne 'error_code message';
    push @bad, 'message ' . ($e->{message} // 'none') . ", not $message" if defined $message && ($e->{message} // '') !~ (ref $message ? $message : qr/\A\Q$message\E\z/);
    push @bad, 'cacheable' unless ($r->{headers}{'cache-control'} // '') =~ /no-store/;
    Test::More::is(join('; ', @bad), '', $name) or Test::More::diag(substr("$r->{status} $r->{body}", 0, 600));
}

# Many of them: [ fields, message, name, code, status ], 400 INVALID_PARAMETER_VALUE unless said.
sub rejects {
    my ($t, $route, @rows) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    fails(ml($t, $route, $_->[0]), $_->[4] // 400, $_->[3] // $BAD, $_->[1], "$route: $_->[2]") for @rows;
}

# A success: 200 and a JSON object, which is answered; without a name it must be one.
sub done {
    my ($r, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $good = $r->{status} == 200 && ref $r->{json} eq 'HASH' && $r->{headers}{'content-type'} eq 'application/json';
    if (defined $name) { Test::More::ok($good, $name) or Test::More::diag(substr("$r->{status} $r->{body}", 0, 600)) }
    elsif (!$good) { die "refused: $r->{status} " . substr($r->{body}, 0, 600) . "\n" }
    return $r->{json} // {};
}

my $made = 0;
# The name of a new model; with so many versions.
sub made_model {
    my ($t, $versions, %with) = @_;
    my $token = delete $with{token} // $t->admin;
    my $name = delete $with{name} // "made $$ " . ++$made;
    done(ml($t, "POST $m/create", { name => $name, %with }, token => $token));
    made_version($t, $name, token => $token) for 1 .. $versions // 0;
    return $name;
}
sub made_version {
    my ($t, $name, %with) = @_;
    my $token = delete $with{token} // $t->admin;
    return done(ml($t, "POST $v/create", { name => $name, source => 's3://b/m', %with }, token => $token))->{model_version};
}
sub prompt { my ($t, %with) = @_; return made_model($t, 0, tags => [ { key => 'mlflow.prompt.is_prompt', value => 'true' } ], %with) }
sub model_of { my ($t, $name, %o) = @_; done(ml($t, "GET $m/get", { name => $name }, %o))->{registered_model} }
sub version_of { my ($t, $name, $version, %o) = @_; done(ml($t, "GET $v/get", { name => $name, version => $version }, %o))->{model_version} }
# A version in a few words.
sub said { my $v = shift; join ' ', "$v->{version} $v->{current_stage}", @{ $v->{aliases} // [] } }

1;
