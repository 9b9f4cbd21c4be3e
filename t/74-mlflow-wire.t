#!/usr/bin/perl
# How the mlflow dialect takes requests and answers them, whatever they are about: prefixes, queries and bodies as MLflow's
# clients write them, who calls, and the words for what is wrong.  Each row is a request and what is answered.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use MIME::Base64 'encode_base64';
use Test::More;
use Time::HiRes ();
use Thaw;
use Contract;

my $t = Thaw->new(workers => 1);
my $token = $t->admin;
my $B = '/api/2.0/mlflow';
my ($CREATE, $GET) = ("$B/registered-models/create", "$B/registered-models/get");
my $SEE = ' See the API docs for more information about request parameters.';
my ($BAD, $FORM) = qw(INVALID_PARAMETER_VALUE MALFORMED_REQUEST);

sub call { my ($method, $path, %o) = @_; $t->req($method => $path, token => $token, %o) }

# An error of the dialect, whole.
sub refused {
    my ($r, $status, $code, $message, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $e = ref $r->{json} eq 'HASH' ? $r->{json} : {};
    my @bad = join(' ', $r->{status}, $r->{headers}{'content-type'} // '', $e->{error_code} // '', sort keys %$e) eq "$status application/json $code error_code message" ? () : "$r->{status} $r->{body}";
    push @bad, "message: $e->{message}" if defined $message && ($e->{message} // '') !~ (ref $message ? $message : qr/\A\Q$message\E\z/);
    is(join('; ', @bad), '', $name) or diag $r->{raw};
}
# The model that is answered, by its name.
sub is_model {
    my ($r, $name, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is("$r->{status} " . ($r->{json}{registered_model}{name} // ''), "200 $name", $what) or diag $r->{raw};
}

subtest 'a model, made and read' => sub {
    my $before = int(1000 * Time::HiRes::time());
    my $r = call(POST => $CREATE, body => { name => 'whole', description => 'd' });
    is($r->{status}, 200, 'made: 200 and nothing else') or diag $r->{raw};
    my $m = $r->{json}{registered_model};
    is(join(' ', map { sort keys %$_ } $r->{json}, $m), 'registered_model creation_timestamp description last_updated_timestamp name user_id', 'its members');
    like($r->{body}, qr/"creation_timestamp":\d{13},"last_updated_timestamp":\d{13}\b/, 'times are numbers of milliseconds');
    cmp_ok($m->{creation_timestamp} - $before, '>=', 0, 'not before it was asked for');
    is(json(call(GET => "$GET?name=whole")->{json}), json($r->{json}), 'read as it was made');
    is_model(call(POST => $CREATE, body => { name => 'plain', description => '' }), 'plain', 'an empty description');
    ok(!exists call(GET => "$GET?name=plain")->{json}{registered_model}{description}, 'is none');
    refused(call(POST => $CREATE, body => { name => 'whole' }), 400, 'RESOURCE_ALREADY_EXISTS', 'Registered Model (name=whole) already exists.', 'a name that is taken: 400');
    refused(call(GET => "$GET?name=none"), 404, 'RESOURCE_DOES_NOT_EXIST', 'Registered Model with name=none not found', 'a name that nothing has');
    my ($id) = $t->sql("SELECT LOWER(HEX(id)) FROM models WHERE name = 'whole'");
    is($t->req(GET => "$MODELS/mdl-" . (ref $id ? $id->[0] : $id), token => $t->reader)->{json}{name}, 'whole', 'it is a model of all dialects, which everybody sees');
};

subtest 'prefixes and slashes' => sub {
    is_model(call(GET => "$_/registered-models/get?name=whole"), 'whole', $_) for $B, '/api/2.0/preview/mlflow', '/ajax-api/2.0/mlflow', '//api/2.0/mlflow', '/api//2.0/mlflow', '///ajax-api/2.0//mlflow', "$B/";
    is_model(call(GET => "$B/registered-models/get/?name=whole"), 'whole', 'a slash at the end');
    refused(call(GET => "$_/registered-models/get?name=whole"), 404, 'ENDPOINT_NOT_FOUND', undef, "not $_") for '/api/3.0/mlflow', '/ajax-api/3.0/mlflow';
    problem_is($t->req(GET => "$_/registered-models/get"), 404, "$_ is no prefix") for '/api/2x0/mlflow', '/api/2.0/mlflowx', '/api/2.0/preview', '/mlflow';
    refused(call(PUT => $CREATE, body => {}), 405, 'BAD_REQUEST', undef, 'another method');
    is(call(PUT => $CREATE, body => {})->{headers}{allow}, 'POST, OPTIONS', 'with Allow');
};

subtest 'probes, without a token' => sub {
    my $said = sub { my $r = $t->req(GET => shift); "$r->{status} $r->{headers}{'content-type'} $r->{body}" };
    is($said->('/health'), '200 text/plain; charset=utf-8 OK', '/health');
    is($said->('/version'), '200 text/plain; charset=utf-8 3.17.2', '/version');
    for my $path ('/api/3.0/mlflow/server-info', '/ajax-api/3.0/mlflow/server-info') {
        is($said->($path), '200 application/json {"store_type":null,' . join(',', map { "\"$_\":false" } qw(workspaces_enabled trace_archival_enabled multipart_uploads_enabled multipart_downloads_enabled
            presigned_upload_run_id_supported presigned_upload_model_id_supported)) . ',"features_enabled":{"gateway":false}}' . "\n", $path);
    }
    refused($t->req(GET => '/api/3.0/mlflow/server-features'), 404, 'ENDPOINT_NOT_FOUND', undef, 'server-features');
    refused($t->req(POST => '/health', body => {}), 405, 'BAD_REQUEST', undef, 'POST of /health');
};

subtest 'what belongs to a tracking server' => sub {
    refused($t->req($_->[0] => $_->[1]), 501, 'NOT_IMPLEMENTED', qr/tracking server/, "@$_") for [ GET => "$B/experiments/search" ], [ POST => "$B/runs/create" ], [ POST => "$B/logged-models" ], [ PATCH => "$B/logged-models/m-1" ],
        [ GET => '/ajax-api/2.0/mlflow/artifacts/list' ], [ POST => '/api/3.0/mlflow/traces' ], [ GET => '/ajax-api/3.0/mlflow/traces/x/y' ], [ PUT => '/api/2.0/mlflow-artifacts/artifacts/a/b' ], [ GET => '/model-versions/get-artifact?name=x' ];
    refused($t->req(GET => "$B/$_"), 404, 'ENDPOINT_NOT_FOUND', undef, "$_ is of neither") for 'nothing', 'runsx/create', '', 'registered-models';
};

subtest 'who calls' => sub {
    my $basic = sub { $t->req(GET => "$GET?name=whole", headers => [ Authorization => "Basic $_[0]" ]) };
    my $pair = sub { encode_base64($_[0], '') };
    my $key = $t->key(scope => 'model:read');
    is_model($t->req(GET => "$GET?name=whole", token => $key), 'whole', 'a key as a bearer token');
    is_model($basic->($pair->("$_->[0]:$_->[1]")), 'whole', "$_->[2] as a password") for [ 'me', $token, 'a token' ], [ '', $key, 'a key, of nobody,' ], [ "\xc3\xa4", $key, 'of somebody' ];
    my $r;
    refused($r = $basic->($_), 401, 'UNAUTHENTICATED', undef, "Basic $_") for '', '*', $pair->('me'), $pair->('me:'), $pair->('me:x'), $pair->("me:$token") =~ s/.$/*/r, $pair->("me:$token\0x"), $pair->("$token:me");
    is($r->{headers}{'www-authenticate'}, 'Basic realm="mlflow", Bearer realm="thaw", error="invalid_token"', 'and what it takes');
    refused($r = $t->req(GET => "$GET?name=whole"), 401, 'UNAUTHENTICATED', qr/MLFLOW_TRACKING_TOKEN/, 'nobody');
    is($r->{headers}{'www-authenticate'}, 'Basic realm="mlflow", Bearer realm="thaw"', 'is asked for either');
    refused($r = $t->req(GET => "$GET?name=whole", headers => [ Authorization => "$_->[0] $key*" ]), 401, 'UNAUTHENTICATED', undef, "$_->[0]: refused"),
        is($r->{headers}{'www-authenticate'}, "$_->[1]Bearer realm=\"thaw\", error=\"invalid_token\"", 'and ' . ($_->[1] ? 'asked for either' : 'not asked for a password, as a browser would ask its user')) for [ 'Bearer', '' ], [ 'bearer', '' ], [ 'Token', 'Basic realm="mlflow", ' ];
    error_is($t->req(GET => $MODELS, headers => [ Authorization => 'Basic ' . $pair->("me:$token") ]), 401, 'AUTH_INVALID', 'no other dialect takes Basic');
    refused($t->req(POST => $CREATE, token => $t->reader, body => { name => 'r' }), 403, 'PERMISSION_DENIED', undef, 'who may not');
    refused(call(GET => "$GET?name=whole", headers => [ 'X-MLFLOW-WORKSPACE' => 'team' ]), 400, 'FEATURE_DISABLED', undef, 'a workspace');
    is_model(call(GET => "$GET?name=whole", headers => [ 'X-MLFLOW-WORKSPACE' => $_ ]), 'whole', "the workspace `$_`") for 'default', '';
};

subtest 'a query' => sub {
    is_model(call(GET => "$GET?$_"), 'whole', $_) for 'name=whole&name=other', 'x=1&name=whole&y', 'name=%77hole&filter=';
    is_model(call(POST => $CREATE, body => { name => $_ }), $_, "made: $_") for 'a b', 'a+b', 'it`s';
    is_model(call(GET => "$GET?name=$_->[0]"), $_->[1], $_->[0]) for [ 'a+b', 'a b' ], [ 'a%2Bb', 'a+b' ], [ 'it%60s', 'it`s' ];
    refused(call(GET => "$GET?$_"), 400, $BAD, "Missing value for required parameter 'name'.$SEE", "missing: $_") for '', 'name=', 'name', 'nam=whole', 'name=&name=whole';
    refused(call(GET => "$GET?name=%zz"), 400, $FORM, undef, 'a broken escape');
    is_model(call(GET => $GET, body => { name => 'whole' }), 'whole', 'a GET without a query is read from its body');
    refused(call(GET => "$GET?x=1", body => { name => 'whole' }), 400, $BAD, qr/^Missing value/, 'with one it is not');
    is_model(call(GET => "$GET?name=whole&x=" . 'x' x 32_000), 'whole', 'an address of 32 KB');
    refused(call(GET => "$GET?name=whole&x=" . 'x' x $_), 414, 'BAD_REQUEST', undef, "one of $_") for 33_000, 60_000;
    refused(call(GET => "$GET?name=whole", headers => [ 'X-Long' => 'x' x $_ ]), 431, 'BAD_REQUEST', undef, "a header of $_") for 9_000, 60_000;
};

subtest 'a body' => sub {
    my $raw = sub { my ($body, %o) = @_; call(POST => $CREATE, body => $body, %o) };
    my $taken = 'RESOURCE_ALREADY_EXISTS';
    refused($raw->($_), 400, $taken, undef, "taken: $_") for '{"name":"whole"}', '{"name":"whole","x":[{}],"deployment_job_id":5}', '{"name":"whole","description":null}', '"{\"name\":\"whole\"}"';
    refused($raw->('{"name":"whole"}', type => $_), 400, $taken, undef, $_) for 'application/json; charset=utf-8', 'application/json;x=y';
    refused($raw->('{"name":"whole"}', type => $_), 400, $BAD, "Bad Request. Content-Type must be one of ['application/json'].", $_) for 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonx';
    refused(Thaw::parse($t->raw("POST $CREATE HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer $token\r\nContent-Length: $_->[0]\r\n\r\n$_->[1]")), 400, $BAD, 'Bad Request. Content-Type header is missing.', "no type: $_->[0] bytes")
        for [ 2, '{}' ], [ 0, '' ];
    refused($raw->($_), 400, $FORM, qr/^The request is malformed: body: /, "no object: $_") for '{', '[]', '[{"name":"x"}]', 'null', '5', '"x"', '"[]"', '"\"{}\""', '', '{"name":"x","name":"y"}';
    refused($raw->($_), 400, $BAD, "Missing value for required parameter 'name'.$SEE", "missing: $_") for '{}', '{"name":null}', '{"name":""}';
    my $type = sub { "Invalid value $_[0] for parameter 'name' supplied:  Hint: Value was of type '$_[1]'.$SEE" };
    refused($raw->("{\"name\":$_->[0]}"), 400, $BAD, $type->(@$_), "a name that is $_->[0]") for [ '5', 'int' ], [ '1.5', 'float' ], [ 'true', 'bool' ], [ '["a"]', 'list' ], [ '{"a":1}', 'dict' ];
    refused($raw->(json({ name => 'n' x 1025 })), 400, $BAD, qr/^'name' exceeds the maximum length of 1024 characters$/, 'too long');
    refused(call(POST => "$CREATE?name=q", body => {}), 400, $BAD, qr/^Missing value/, 'a POST has nothing in its query');
    refused($raw->('{"name":"whole"}', headers => [ 'Content-Encoding' => 'gzip' ]), 415, 'BAD_REQUEST', undef, 'compressed');
};

subtest 'how large a body is' => sub {
    my $sized = sub { my ($n) = @_; my $frame = '{"name":"whole","x":""}'; $frame =~ s/""/'"' . 'x' x ($n - length $frame) . '"'/er };
    refused(call(POST => $CREATE, body => $sized->(2 << 20)), 400, 'RESOURCE_ALREADY_EXISTS', undef, '2 MiB');
    refused(call(POST => $_, body => $sized->((2 << 20) + 1)), 413, 'BAD_REQUEST', undef, "one byte more: $_") for $CREATE, $CREATE =~ s/api/ajax-api/r;
    refused(call(POST => $GET, body => $sized->((1 << 20) + 1)), 413, 'BAD_REQUEST', undef, '1 MiB elsewhere');
    refused(fastcgi($t, [ REQUEST_METHOD => 'POST', REQUEST_URI => $CREATE, CONTENT_TYPE => 'application/json', CONTENT_LENGTH => (2 << 20) + 1, HTTP_AUTHORIZATION => "Bearer $token" ], $sized->((2 << 20) + 1)),
        413, 'BAD_REQUEST', qr/2097152 bytes/, 'the program by itself');
};

subtest 'nginx, in the same words' => sub {
    for my $prefix ($B, '/api/2.0/preview/mlflow', '/ajax-api/2.0/mlflow', '/api/3.0/mlflow', '/ajax-api/3.0/mlflow', '//api/2.0//mlflow', '/model-versions') {
        refused(Thaw::parse($t->raw("GET $prefix/x HTTP/3.0\r\nHost: x\r\n\r\n")), 505, 'BAD_REQUEST', undef, $prefix);
    }
    problem_is(Thaw::parse($t->raw("GET /api/2x0/mlflow HTTP/3.0\r\nHost: x\r\n\r\n")), 505, 'which another address does not get');
    refused(Thaw::parse($t->raw("GET $B HTTP/1.1\r\n\r\n")), 400, $FORM, undef, 'no Host');
};

subtest 'settings' => sub {
    my $set = Thaw->new(workers => 1, clock => 1, config => { mlflow_version => '2.22.5', rate_limits => 'on', body_limit => 3 << 20 });
    is($set->req(GET => '/version')->{body}, '2.22.5', 'mlflow_version');
    my $key = $set->key(scope => 'model:read', rate => 5);
    $set->next_minute;
    my ($r) = grep { $_->{status} == 429 } map { $set->req(GET => "$GET?name=x", token => $key) } 1 .. 6;
    refused($r, 429, 'REQUEST_LIMIT_EXCEEDED', undef, 'too many requests');
    like($r->{headers}{'retry-after'} // '', qr/^\d+$/, 'with Retry-After');
    $set->finish;
};

$t->finish;
