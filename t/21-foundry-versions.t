#!/usr/bin/perl
# Versions from a client: their file, their Model API, lists that survive inserts, and the
# errors of the platform, whoever gives them.
use strict;
use warnings;
use Digest::SHA 'sha256_hex';
use FindBin;
use lib "$FindBin::Bin/lib";
use MIME::Base64 'encode_base64';
use Test::More;
use Thaw;
use Contract;
use Foundry;

my $t = Thaw->new(config => { artifact_limit => 40000, body_limit => 20000 });
my $token = $t->admin;
my $model = foundry_model($t);
my $mdl = 'mdl-' . hex_of_rid($model);

subtest 'a version with its file' => sub {
    my $bytes = join '', map { chr } 0 .. 255;
    my $r = upload($t, $model, file => $bytes);
    is($r->{status}, 200, 'created') or diag $r->{raw};
    keys_are($r->{json}, 'backingRepositories condaRequirements createdTime modelApi rid source', 'a ModelVersion');
    is(json($r->{json}{source}), '{"type":"sdk"}', 'from the SDK');
    is(json($r->{json}{modelApi}), json(model_api()), 'the Model API as it was sent');
    my ($v) = @{ $t->req(GET => "$MODELS/$mdl/versions", token => $token)->{json}{items} };
    is(json($v->{artifact}), json({ size => 256, sha256 => sha256_hex($bytes) }), 'its size and checksum');
    is($v->{rid}, $r->{json}{rid}, 'the same version in the other dialect');
    my $file = $t->req(GET => "$MODELS/$mdl/versions/ver-001/artifact", token => $t->reader);
    is($file->{body}, $bytes, 'and the very bytes');
    is($file->{headers}{'content-type'}, 'application/octet-stream', 'as bytes');
    is($file->{headers}{'content-disposition'}, qq{attachment; filename="$mdl-ver-001.dill"}, 'to be kept');
    is(get($t, $mdl)->{json}{status}, 'ready', 'the model is ready');
    my ($row) = audit_rows($t, $mdl, "action = 'model.version_created'");
    is($row->{revision}, 2, 'an audit row of the model');
    my $copy = promote($t, foundry_model($t), $r->{json}{rid})->{json};
    # in parts (RFC 9110 14)
    my $get = sub { my ($method, @headers) = @_; $t->req($method => "$MODELS/$mdl/versions/ver-001/artifact", token => $t->reader, headers => \@headers) };
    my $tag = '"' . sha256_hex($bytes) . '"';
    is("@{ $file->{headers} }{qw(etag accept-ranges)}", "$tag bytes", 'its tag is its checksum');
    is($get->(GET => 'If-None-Match', $tag)->{status}, 304, 'which is not sent again');
    for my $case ([ 'bytes=0-9', 0, 9 ], [ 'bytes=250-', 250, 255 ], [ 'bytes=-6', 250, 255 ], [ 'bytes=-1000', 0, 255 ], [ 'bytes=5-5', 5, 5 ], [ 'bytes=200-9999', 200, 255 ]) {
        my ($range, $first, $last) = @$case;
        my $r = $get->(GET => Range => $range);
        is("$r->{status} " . ($r->{headers}{'content-range'} // ''), "206 bytes $first-$last/256", $range);
        ok($r->{body} eq substr($bytes, $first, $last - $first + 1), 'those bytes');
        is($r->{headers}{'content-length'}, $last - $first + 1, 'so many');
    }
    for my $range ('bytes=256-', 'bytes=9999-10000', 'bytes=-0') {
        my $r = $get->(GET => Range => $range);
        error_is($r, 416, 'VALIDATION_ERROR', "$range: nothing there");
        is($r->{headers}{'content-range'}, 'bytes */256', 'with its length');
    }
    is(length $get->(GET => Range => $_)->{body}, 256, "$_: the whole") for 'bytes=9-5', 'bytes=', 'bytes=-', 'bytes=x-5', 'bytes=1-2,5-6', 'lines=1-2', 'bytes=1-99999999999999999999';
    is($get->(GET => Range => 'bytes=0-9', 'If-Range' => $tag)->{status}, 206, 'of that very file');
    is($get->(GET => Range => 'bytes=0-9', 'If-Range' => '"other"')->{status}, 200, 'else the whole');
    my $head = $get->(HEAD => Range => 'bytes=0-9');
    is("$head->{status} $head->{headers}{'content-length'}", '200 256', 'HEAD tells of the whole');
    my ($stored) = $t->sql('SELECT COUNT(*) FROM artifacts');
    is($stored->[0], 1, 'a promoted version has the same file, which is stored once');
    upload($t, $model, file => $bytes);
    is($t->sql('SELECT COUNT(*) FROM artifacts'), 1, 'as have two uploads of it');
    trained($t, $mdl);
    error_is($t->req(GET => "$MODELS/$mdl/versions/ver-003/artifact", token => $token), 404, 'RESOURCE_NOT_FOUND', 'a trained version has none');
    is($t->req(GET => "$MODELS/$mdl/versions/ver-001/artifact", token => $t->other)->{status}, 404, 'nor has another tenant any');
};

subtest 'a file that is damaged is found' => sub {
    my $r = upload($t, $model, file => 'whole');
    my $sha = "UNHEX('" . sha256_hex('whole') . "')";
    $t->sql("UPDATE artifacts SET content = 'holes' WHERE sha256 = $sha");
    is($t->thaw('audit', 'verify')->{exit}, 3, 'by thaw audit verify');
    my ($n) = map { $_->{version_number} } @{ $t->req(GET => "$MODELS/$mdl/versions", token => $token)->{json}{items} };
    is($t->req(GET => sprintf("$MODELS/$mdl/versions/ver-%03d/artifact", $n), token => $token)->{status}, 500, 'and not given out');
    $t->sql("UPDATE artifacts SET content = 'whole' WHERE sha256 = $sha");
    is($t->thaw('audit', 'verify')->{exit}, 0, 'mended');
};

subtest 'sizes' => sub {
    is(upload($t, $model, file => 'x' x 40000)->{status}, 200, 'a file of artifact_limit, in a body beyond body_limit');
    fault_is(upload($t, $model, file => 'x' x 40001), 413, 'REQUEST_ENTITY_TOO_LARGE', 'Default:RequestEntityTooLarge', {}, 'a byte more');
    like(upload($t, $model, file => 'x' x 40001)->{body}, qr/its file can have 40000 bytes \(artifact_limit\)/, 'in words that name the limit');
    fault_is(upload($t, $model, file => 'x' x 80000), 413, 'REQUEST_ENTITY_TOO_LARGE', 'Default:RequestEntityTooLarge', {}, 'a body beyond both');
    fault_is(upload($t, $model, file => 'x', modelApi => { %{ model_api() }, note => 'x' x 30000 }), 413, 'REQUEST_ENTITY_TOO_LARGE', 'Default:RequestEntityTooLarge', {}, 'what is not the file has body_limit');
    fault_is(promote($t, $model, 'x' x 30000), 413, 'REQUEST_ENTITY_TOO_LARGE', 'Default:RequestEntityTooLarge', {}, 'another request has body_limit');
    fault_is(foundry($t, POST => "/$model/versions", body => 'x' x (13 << 20)), 413, 'REQUEST_ENTITY_TOO_LARGE', 'Default:RequestEntityTooLarge', {}, 'nginx has its own limit, and the words');
};

# [modelApi, errorType, message]
my $column = sub { { type => 'tabular', name => 't', columns => [@_] } };
my $typed = sub { $column->({ name => 'c', dataType => $_[0] }) };
my @bad = (
    [ [], 'InvalidField', 'modelApi must be an object, not an array' ],
    [ {}, 'MissingField', 'inputs is required' ],
    [ { inputs => [] }, 'MissingField', 'outputs is required' ],
    [ { inputs => {}, outputs => [] }, 'InvalidField', 'inputs must be an array, not an object' ],
    [ model_api(inputs => ['x']), 'InvalidField', 'inputs[0] must be an object, not a string' ],
    [ model_api(inputs => [ {} ]), 'MissingField', 'inputs[0].type is required' ],
    [ model_api(outputs => [ { type => 'table' } ]), 'UnknownType', 'outputs[0].type must be one of tabular, parameter, unsupported' ],
    [ model_api(inputs => [ { type => 'tabular', columns => [] } ]), 'MissingField', 'inputs[0].name is required' ],
    [ model_api(inputs => [ { type => 'tabular', name => '', columns => [] } ]), 'InvalidField', 'inputs[0].name must have 1 to 1024 characters' ],
    [ model_api(inputs => [ { type => 'tabular', name => 'a' } ]), 'MissingField', 'inputs[0].columns is required' ],
    [ model_api(inputs => [ { type => 'tabular', name => 'a', columns => [], format => 'pandas' } ]), 'InvalidField', 'inputs[0].format must be one of PANDAS, SPARK' ],
    [ model_api(inputs => [ { type => 'tabular', name => 'a', columns => [], required => 'yes' } ]), 'InvalidField', 'inputs[0].required must be true or false, not a string' ],
    [ model_api(inputs => [ { type => 'parameter', name => 'a' } ]), 'MissingField', 'inputs[0].dataType is required' ],
    [ model_api(inputs => [ { type => 'unsupported', unsupportedType => 'x' } ]), 'MissingField', 'inputs[0].params is required' ],
    [ model_api(inputs => [ $column->('x') ]), 'InvalidField', 'inputs[0].columns[0] must be an object, not a string' ],
    [ model_api(inputs => [ $typed->('double') ]), 'InvalidField', 'inputs[0].columns[0].dataType must be an object, not a string' ],
    [ model_api(outputs => [ $typed->({ type => 'array' }) ]), 'MissingField', 'outputs[0].columns[0].dataType.itemType is required' ],
    [ model_api(outputs => [ $typed->({ type => 'map', keyType => { type => 'string' }, valueType => { type => 'array', itemType => { type => 'decimal' } } }) ]), 'UnknownType',
        'outputs[0].columns[0].dataType.valueType.itemType.type must be one of date, boolean, string, double, integer, float, long, timestamp, any, array, map, unsupported' ],
    [ model_api(inputs => [ $typed->({ type => 'any' }), $typed->({ type => 'any' }) ]), 'DuplicateName', 'inputs[1].name repeats the name of an earlier one' ],
    [ model_api(inputs => [ $column->(map { { name => 'c', dataType => { type => 'any' } } } 1, 2) ]), 'DuplicateName', 'inputs[0].columns[1].name repeats the name of an earlier one' ],
);
subtest 'a malformed Model API is refused with the place' => sub {
    unchanged($t, 'refusals', sub {
        fault_is(upload($t, $model, modelApi => $_->[0]), 400, 'INVALID_ARGUMENT', 'InvalidModelApi', { errorType => $_->[1], message => $_->[2] }, $_->[2]) for @bad;
    });
};

subtest 'every type there is, nested, comes back as it was sent' => sub {
    my $deep = { type => 'long' };
    $deep = { type => 'array', itemType => $deep } for 1 .. 20;
    my $api = model_api(inputs => [
        $column->(map { { name => $_, required => \0, dataType => { type => $_ } } } qw(date boolean string double integer float long timestamp any)),
        { type => 'parameter', name => 'p', required => \1, dataType => { type => 'map', keyType => { type => 'string' }, valueType => $deep } },
        { type => 'unsupported', unsupportedType => 'media', params => { kind => 'image', note => "\x{fc}" } },
        { type => 'tabular', name => "na\x{ef}ve \x{1f642}", columns => [ { name => 'x', dataType => { type => 'unsupported', unsupportedType => 'vector', params => {} } } ], somethingNew => [ 1, 2.5 ] } ]);
    my $r = upload($t, $model, modelApi => $api);
    is($r->{status}, 200, 'accepted') or diag $r->{raw};
    is(json($r->{json}{modelApi}), json($api), 'as it was sent, with what nobody knows');
    is(json(foundry($t, GET => "/$model/versions/$r->{json}{rid}")->{json}{modelApi}), json($api), 'and read again');
};

subtest 'the other members' => sub {
    unchanged($t, 'refusals', sub {
        my $bad = sub { my ($what, $field, %o) = @_; my $r = upload($t, $model, %o); fault_is($r, 400, 'INVALID_ARGUMENT', 'Default:InvalidArgument', undef, $what); is($r->{json}{parameters}{field}, $field, "which names $field") };
        $bad->('a repository that is none', 'backingRepositories[1]', backingRepositories => [ 'ri.stemma.main.repository.x', 'main' ]);
        $bad->('another kind of file', 'modelFiles.type', modelFiles => { type => 'pickle', serializedModelFunction => 'AAAA' });
        $bad->('no file', 'modelFiles', modelFiles => undef);
        $bad->("base64: `$_`", 'modelFiles.serializedModelFunction', modelFiles => { type => 'dill', serializedModelFunction => $_ }) for 'AAA', 'AA-_', "AAAA\nAAAA", 'AA=A', 'AB==', '====';
        $bad->('a branch', 'branch', branch => ' x');
        for my $r ('', '==1', 'numpy==', "numpy\n", 'a;b') {
            fault_is(upload($t, $model, condaRequirements => [ 'ok', $r ]), 400, 'INVALID_ARGUMENT', 'CondaSolveFailureForProvidedPackages',
                { errorType => 'InvalidRequirement', errorMessage => 'condaRequirements[1] must be a package and its version, such as numpy==1.24.0' }, 'a requirement ' . json($r));
        }
        fault_is(upload($t, $model, token => $t->reader), 403, 'PERMISSION_DENIED', 'CreateModelVersionPermissionDenied', { modelRid => $model }, 'a reader', 'Could not create the ModelVersion.');
        fault_is(upload($t, $NO_MODEL), 404, 'NOT_FOUND', 'ModelNotFound', { modelRid => $NO_MODEL }, 'an unknown model');
    });
    is(upload($t, $model, condaRequirements => [ 'numpy', 'conda-forge::pandas >=2,<3', 'x[y]=1.*' ], backingRepositories => [])->{status}, 200, 'other requirements, and none of the rest');
    my $v = upload($t, $model, branch => 'trial')->{json};
    is(foundry($t, GET => "/$model/versions?branch=trial")->{json}{data}[0]{rid}, $v->{rid}, 'onto a branch');
};

subtest 'pages: they survive inserts, and the last has no token' => sub {
    my $m = foundry_model($t);
    my $first = upload($t, $m)->{json}{rid};
    promote($t, $m, $first) for 1 .. 6;
    my @all = map { $_->{rid} } @{ foundry($t, GET => "/$m/versions")->{json}{data} };
    is(scalar @all, 7, 'all, newest first');
    is($all[-1], $first, 'the first one last');
    my (@seen, $token_, $pages);
    do {
        my $r = foundry($t, GET => "/$m/versions?pageSize=2" . ($token_ ? "&pageToken=$token_" : ''))->{json};
        push @seen, map { $_->{rid} } @{ $r->{data} };
        is(scalar @{ $r->{data} }, @seen == 7 ? 1 : 2, 'a page');
        ok(!exists $r->{nextPageToken} == (@seen == 7), 'with a token unless it is the last');
        $token_ = $r->{nextPageToken};
        promote($t, $m, $first);                     # a new one at the top, each time
    } while ($token_ && ++$pages < 9);
    is(join(' ', @seen), join(' ', @all), 'nothing twice, nothing left out');
    my $exact = foundry($t, GET => "/$m/versions?pageSize=11")->{json};
    is(scalar(@{ $exact->{data} }) . (exists $exact->{nextPageToken} ? ' more' : ''), '11', 'a page that is just full is the last');
    is(scalar @{ foundry($t, GET => "/$m/versions?pageSize=9999999999")->{json}{data} }, 11, 'a size beyond the cap is a hint');

    my $next = foundry($t, GET => "/$m/versions?pageSize=2")->{json}{nextPageToken};
    unlike($next, qr/[^A-Za-z0-9_-]/, 'the token goes into an address as it is');
    fault_is(foundry($t, GET => "/$m/versions?pageSize=$_"), 400, 'INVALID_ARGUMENT', 'InvalidPageSize', { pageSize => 0 + $_ }, "pageSize=$_") for 0, -1, -9999;
    fault_is(foundry($t, GET => "/$m/versions?pageSize=$_"), 400, 'INVALID_ARGUMENT', 'Default:InvalidArgument', undef, "pageSize=$_") for 'x', '1.5', '99999999999999999999';
    fault_is(foundry($t, GET => "/$m/versions?pageToken=$_"), 400, 'INVALID_ARGUMENT', 'InvalidPageToken', { pageToken => $_ }, "pageToken=$_")
        for '', 'x', substr($next, 1), "${next}A", 'A' x length $next;
    fault_is(foundry($t, GET => "/$model/versions?pageToken=$next"), 400, 'INVALID_ARGUMENT', 'InvalidPageToken', { pageToken => $next }, 'the token of another model');
    fault_is(foundry($t, GET => "/$m/versions?branch=trial&pageToken=$next"), 400, 'INVALID_ARGUMENT', 'InvalidPageToken', { pageToken => $next }, 'the token of another branch');
};

subtest 'a page of versions that are described at length' => sub {
    my $m = foundry_model($t);
    my @v = map { upload($t, $m)->{json}{rid} } 1 .. 12;
    $t->sql(sprintf q{UPDATE model_versions SET model_api = CONCAT('{"inputs":[],"outputs":[],"x":"', REPEAT('a', 1048576), '"}') WHERE model_id = UNHEX('%s')}, hex_of_rid($m));
    my ($page, $next, @pages, @got) = ('');
    do {
        my $r = foundry($t, GET => "/$m/versions$page")->{json};
        push @pages, scalar @{ $r->{data} };
        push @got, map { $_->{rid} } @{ $r->{data} };
        $next = $r->{nextPageToken};
        $page = '?pageToken=' . ($next // '');
    } while ($next);
    is("@pages", '7 5', 'ends when it has 8 MiB');
    is("@got", join(' ', reverse @v), 'and the next one goes on');
};

subtest 'one version' => sub {
    my $m = foundry_model($t);
    my $v = upload($t, $model)->{json}{rid};
    fault_is(foundry($t, GET => "/$m/versions/$v"), 404, 'NOT_FOUND', 'ModelVersionNotFound', { modelRid => $m, modelVersionRid => $v }, 'of another model');
    fault_is(foundry($t, GET => "/$m/versions/$NO_VERSION"), 404, 'NOT_FOUND', 'ModelVersionNotFound', { modelRid => $m, modelVersionRid => $NO_VERSION }, 'unknown');
    fault_is(foundry($t, GET => "/$NO_MODEL/versions/$v"), 404, 'NOT_FOUND', 'ModelVersionNotFound', { modelRid => $NO_MODEL, modelVersionRid => $v }, 'of an unknown model');
    fault_is(foundry($t, GET => "/$m/versions/x"), 400, 'INVALID_ARGUMENT', 'Default:InvalidArgument', undef, 'no identifier');
    my $r = foundry($t, GET => "/$model/versions/$v");
    is(foundry($t, GET => "/$model/versions/$v", headers => [ 'If-None-Match' => $r->{headers}{etag} ])->{status}, 304, 'with a tag');
};

subtest 'the errors of the platform' => sub {
    my $post = sub { my ($body, %o) = @_; $t->req(POST => "/api/v2/models/$model/promoteVersion?preview=true", token => $token, body => $body, %o) };
    fault_is($post->(undef), 400, 'INVALID_ARGUMENT', 'MissingPostBody', {}, 'no body');
    fault_is($post->($_), 400, 'INVALID_ARGUMENT', 'Default:InvalidArgument', undef, "body $_") for '{', '[]', '"x"', 'null', '{}', '{"sourceModelVersionRid":null}', '{"sourceModelVersionRid":5}',
        '{"sourceModelVersionRid":"a","sourceModelVersionRid":"b"}', "{\"sourceModelVersionRid\":\"\xff\"}", '{} x';
    fault_is($post->('{}', type => $_), 415, 'CUSTOM_CLIENT', 'Conjure:UnsupportedMediaType', {}, "type $_") for 'text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1';
    is($post->(json({ sourceModelVersionRid => upload($t, $model)->{json}{rid} }), type => 'application/json; charset=UTF-8')->{status}, 200, 'a charset that is meant');
    fault_is($t->req(GET => "/api/v2/$_", token => $token), 404, 'NOT_FOUND', 'Default:NotFound', {}, "GET /api/v2/$_") for 'models/a/b', 'filesystem', 'filesystem/nothing', "models/$model/promote";
    my $r = $t->req(PUT => "/api/v2/models/$model", token => $token);
    fault_is($r, 405, 'CUSTOM_CLIENT', 'MethodNotAllowed', {}, 'a method that is not known there');
    is($r->{headers}{allow}, 'GET, HEAD, OPTIONS', 'which ones are');
    fault_is($t->req(GET => "/api/v2/models/$model?preview=true", token => $_->[0]), 401, 'UNAUTHORIZED', 'Default:Unauthorized', {}, $_->[1])
        for [ undef, 'no token' ], [ 'x', 'no token at all' ], [ mint(signing_key($t, 'ES256'), claims => { exp => 5 }), 'an expired one' ];
    fault_is(parse_raw("GET /api/v2/models/%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), 400, 'INVALID_ARGUMENT', 'Default:InvalidArgument', undef, 'a NUL in the path');
    fault_is(parse_raw("POST /api/v2/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: gzip\r\n\r\n"), 501, 'INVALID_ARGUMENT', 'Default:InvalidArgument', {}, "nginx's own: a coding");
    fault_is(parse_raw('GET /api/v2/models?' . 'x' x 40000 . " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), 414, 'INVALID_ARGUMENT', 'Default:InvalidArgument', {}, "nginx's own: a long address");
    fault_is(parse_raw("TRACE /api/v2/filesystem/spaces HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), 405, 'CUSTOM_CLIENT', 'MethodNotAllowed', {}, "nginx's own: a method");
    isnt($t->req(GET => '/api/v2/modelsx')->{json}{errorCode} // '', 'NOT_FOUND', 'an address beside the prefix is not of this dialect');
    my ($line) = log_lines($t, 'access', $r->{headers}{'x-request-id'});
    is($line->{error_instance}, $r->{json}{errorInstanceId}, 'the log has the id of the error');
    my $o = $t->req(OPTIONS => "/api/v2/models/$model", headers => [ Origin => 'https://x.example' ]);
    is($o->{status}, 204, 'OPTIONS, for browsers');
    like($o->{headers}{'access-control-allow-headers'}, qr/\b$_\b/, "which send $_") for qw(Attribution Fetch-User-Agent);
};
sub parse_raw { Thaw::parse($t->raw($_[0])) }

$t->finish;
