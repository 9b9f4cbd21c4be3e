#!/usr/bin/perl
# Model versions: each successful run makes one, numbered without gaps; one of them
# is the active one, and another can be restored.
use strict;
use warnings;
use Digest::SHA 'sha256_hex';
use FindBin;
use lib "$FindBin::Bin/lib";
use MIME::Base64 'encode_base64';
use Test::More;
use Thaw;
use Contract;

my $t = Thaw->new;
my $token = $t->admin;
my $FIELDS = 'version_id model_id version_number is_promoted status algorithm hyperparameters metrics artifacts trained_at trained_by training_duration_seconds job_id branch source artifact created_at rid';
sub version { my ($id, $v, %o) = @_; $t->req(GET => "$MODELS/$id/versions/$v", token => $token, %o) }
sub versions { my ($id, $query, %o) = @_; $t->req(GET => "$MODELS/$id/versions$query", token => $token, %o) }
sub restore { my ($id, $v, %o) = @_; $t->req(POST => "$MODELS/$id/versions/$v/restore", token => $token, %o) }
# Which versions of a model say that the active configuration comes from them.
sub promoted { join ' ', map { $_->{version_id} } grep { $_->{is_promoted} } @{ versions($_[0], '')->{json}{items} } }

subtest 'a model without versions' => sub {
    my $m = model($t);
    is($m->{version}, 1, 'is at version 1 all the same');
    is(json(versions($m->{id}, '')->{json}), '{"has_next":false,"items":[],"page":1,"page_size":20,"total":0}', 'its list is empty');
    error_is(version($m->{id}, 'ver-001'), 404, 'RESOURCE_NOT_FOUND', 'ver-001 does not exist');
};

subtest 'versions of successful runs' => sub {
    my $m = model($t);
    my $id = $m->{id};
    trained($t, $id, algorithm => 'a1', hyperparameters => { n => 1 }, metrics => { auc => 0.5 }, artifacts => { model_file => 's3://1', onnx_file => 's3://1.onnx' });
    my $failed = act($t, $id, 'train')->{json}{job_id};
    act($t, $id, "train/$failed/fail", body => { reason => 'x' });
    trained($t, $id, algorithm => 'a2', artifacts => { model_file => 's3://2', other => 'kept elsewhere' });
    my $r = version($id, 'ver-001');
    is($r->{status}, 200, 'status 200');
    keys_are($r->{json}, $FIELDS, 'every field');
    my $v = $r->{json};
    is("$v->{version_id} $v->{model_id} $v->{version_number} $v->{status}", "ver-001 $id 1 ready", 'ver-001 of the model, number 1, ready');
    is("$v->{algorithm} $v->{hyperparameters}{n} $v->{metrics}{auc}", 'a1 1 0.5', 'as the run reported');
    is_deeply($v->{artifacts}, { model_file => 's3://1', onnx_file => 's3://1.onnx' }, 'artifacts');
    like($v->{trained_at}, $UTC, 'trained_at');
    is($v->{trained_by}, $m->{created_by}, 'trained_by');
    is($t->req(GET => "$MODELS/$id/train/$v->{job_id}", token => $token)->{json}{algorithm}, 'a1', 'job_id: its run');
    like($v->{training_duration_seconds}, qr/^\d+$/, 'training_duration_seconds');
    ok(!$v->{is_promoted}, 'not the active one');
    $v = version($id, 'ver-002')->{json};
    is("$v->{version_number} $v->{algorithm}", '2 a2', 'a failed run leaves no gap: the next is number 2');
    is_deeply($v->{artifacts}, { model_file => 's3://2', onnx_file => undef }, 'artifacts have these two members');
    is(promoted($id), 'ver-002', 'the newest is the active one');
    is(get($t, $id)->{json}{version}, 2, 'and what the model is at');
};

subtest 'list' => sub {
    my $id = model($t)->{id};
    trained($t, $id) for 1 .. 5;
    my $ids_of = sub { join ' ', map { $_->{version_id} } @{ versions($id, $_[0])->{json}{items} } };
    my $r = versions($id, '');
    keys_are($r->{json}, 'items total page page_size has_next', 'a page');
    keys_are($r->{json}{items}[0], $FIELDS, 'of versions');
    is_deeply($r->{json}{items}[0], version($id, 'ver-005')->{json}, 'each as it is read by itself');
    is($ids_of->(''), 'ver-005 ver-004 ver-003 ver-002 ver-001', 'newest first');
    is($ids_of->('?page_size=2&page=2'), 'ver-003 ver-002', 'by pages');
    is(json([ @{ versions($id, '?page_size=2&page=2')->{json} }{qw(total page page_size has_next)} ]), '[5,2,2,true]', 'that tell where they are');
    is(json([ @{ versions($id, '?page_size=2&page=3')->{json} }{qw(total has_next)} ]), '[5,false]', 'and where the last is');
    is($ids_of->('?page=9'), '', 'and nothing beyond');
    error_is(versions($id, "?$_->[0]"), 400, 'VALIDATION_ERROR', $_->[0], $_->[1]) for [ 'page=0', 'page' ], [ 'page_size=101', 'page_size' ], [ 'page=a', 'page' ];
    act($t, $id, 'archive');
    is($ids_of->(''), 'ver-005 ver-004 ver-003 ver-002 ver-001', 'the history is kept whole by archive');
    my $before = versions($id, '')->{body};
    act($t, $id, 'unarchive');
    is(versions($id, '')->{body}, $before, 'and by unarchive');
};

subtest 'version ids have one spelling' => sub {
    my $id = model($t)->{id};
    trained($t, $id);
    error_is(version($id, $_), 404, 'RESOURCE_NOT_FOUND', "not $_") for qw(1 001 ver-1 ver-01 ver-0001 ver-000 ver-002 VER-001 ver-+01 ver--01 ver- ver-999999999999 ver-00a);
    error_is(version($NOWHERE, 'ver-001'), 404, 'RESOURCE_NOT_FOUND', 'of no model');
    error_is(version($id, 'ver-001', token => $t->other), 404, 'RESOURCE_NOT_FOUND', "another organization's");
};

subtest 'restore' => sub {
    my $id = model($t)->{id};
    trained($t, $id, algorithm => 'gbm', hyperparameters => { depth => 3 });
    trained($t, $id, algorithm => 'rf');
    my $before = get($t, $id)->{json};
    my $r = restore($id, 'ver-001');
    is($r->{status}, 200, 'status 200');
    keys_are($r->{json}, 'model_id restored_from_version active_config restored_at', 'model_id, restored_from_version, active_config, restored_at');
    is("$r->{json}{model_id} $r->{json}{restored_from_version}", "$id ver-001", 'of this model, from that version');
    is_deeply($r->{json}{active_config}, { algorithm => 'gbm', hyperparameters => { depth => 3 } }, 'its configuration is the active one');
    like($r->{json}{restored_at}, $UTC, 'restored_at');
    is(promoted($id), 'ver-001', 'is_promoted is the version that the active configuration comes from');
    my $after = get($t, $id)->{json};
    is("$after->{status} $after->{version}", 'ready 2', 'status and version stay');
    is($after->{updated_at}, $r->{json}{restored_at}, 'updated when restored');
    my ($row) = audit_rows($t, $id, "action = 'model.version_restored'");
    is("$row->{from_state} $row->{to_state}", 'ready ready', 'one audit row model.version_restored');
    like($row->{details}, qr/"version_number":1\b/, 'naming the version');
    act($t, $id, $_) for qw(archive unarchive);
    is(promoted($id), 'ver-001', 'archive and unarchive keep it');
    trained($t, $id);
    is(promoted($id), 'ver-003', 'the next trained version is the active one again');

    unchanged($t, 'refused', sub {
        error_is(restore($id, $_), 404, 'RESOURCE_NOT_FOUND', "version $_") for qw(ver-004 ver-1 x);
        error_is(restore($NOWHERE, 'ver-001'), 404, 'RESOURCE_NOT_FOUND', 'of no model');
        error_is(restore($id, 'ver-001', token => $t->other), 404, 'RESOURCE_NOT_FOUND', "another organization's");
        error_is(restore($id, 'ver-001', token => $t->reader), 403, 'PERMISSION_DENIED', 'by a reader');
    });
    act($t, $id, 'archive');
    unchanged($t, 'an archived model', sub { error_is(restore($id, 'ver-001'), 409, 'CONFLICT', 'is refused', 'status') });
};

# A form as browsers send it: [name, text] or [name, bytes, file name].
my $MARK = 'b0undary';
sub form {
    my ($id, $parts, %o) = @_;
    my $body = join '', map { my ($name, $bytes, $file) = @$_; "--$MARK\r\nContent-Disposition: form-data; name=\"$name\"" . (defined $file ? "; filename=\"$file\"\r\nContent-Type: application/octet-stream" : '') . "\r\n\r\n$bytes\r\n" } @$parts;
    return $t->req(POST => "$MODELS/$id/versions", token => $token, body => "$body--$MARK--\r\n", type => "multipart/form-data; boundary=$MARK", %o);
}
my $ALL_BYTES = join '', map { chr } 0 .. 255;

subtest 'upload a file' => sub {
    my $id = model($t)->{id};
    my @parts = ([ algorithm => 'xgboost' ], [ hyperparameters => '{"depth":6}' ], [ metrics => '{"auc":0.91,"note":"a, b"}' ], [ file => $ALL_BYTES, 'churn.joblib' ]);
    my @key = (headers => [ 'Idempotency-Key' => 'upload-1' ]);
    my $r = form($id, \@parts, @key);
    is($r->{status}, 201, 'created') or diag $r->{raw};
    keys_are($r->{json}, $FIELDS, 'a version');
    is($r->{headers}{location}, "$MODELS/$id/versions/ver-001", 'whose address is told');
    my $v = version($id, 'ver-001')->{json};
    is_deeply($r->{json}, $v, 'as it is read');
    is("$v->{version_number} $v->{source} $v->{branch} $v->{algorithm} $v->{hyperparameters}{depth} $v->{metrics}{auc} $v->{metrics}{note}", '1 sdk master xgboost 6 0.91 a, b', 'with what was told beside the file');
    is($v->{job_id}, undef, 'and no run');
    is_deeply($v->{artifacts}, { model_file => 'churn.joblib', onnx_file => undef }, 'and the name of the file');
    is_deeply($v->{artifact}, { size => 256, sha256 => sha256_hex($ALL_BYTES) }, 'its size and checksum');
    is($t->req(GET => "$MODELS/$id/versions/ver-001/artifact", token => $token)->{body}, $ALL_BYTES, 'the very bytes');
    my $m = get($t, $id)->{json};
    is("$m->{status} $m->{version} $m->{active_version}", 'ready 1 1', 'the model is ready, and its configuration is that of the version');
    is(join(' ', map { $_->{action} } audit_rows($t, $id)), 'model.created model.version_created', 'one audit row');
    is(form($id, \@parts, @key)->{json}{version_number}, 1, 'a repetition with its key gets the first answer');
    error_is(form($id, [ [ file => 'other', 'x' ] ], @key), 422, 'VALIDATION_ERROR', 'the key of another request');
    is(versions($id, '')->{json}{total}, 1, 'nothing is doubled');
    my $json = $t->req(POST => "$MODELS/$id/versions", token => $token, body => { file => encode_base64($ALL_BYTES, ''), metrics => { auc => 0.93 }, branch => 'trial' });
    is("$json->{status} $json->{json}{version_number} $json->{json}{branch} $json->{json}{artifact}{sha256}", '201 2 trial ' . sha256_hex($ALL_BYTES), 'the same as JSON, on another branch');
    is($json->{json}{artifacts}{model_file}, undef, 'which has no name');
    is(get($t, $id)->{json}{active_version}, 1, 'a branch is not the active configuration');
    is(form($id, [ [ file => 'x' x (3 << 20), 'large' ] ])->{json}{artifact}{size}, 3 << 20, 'three MiB, through nginx');
    is(form($id, [ [ file => 'x', 'na\"me.bin' ] ])->{json}{artifacts}{model_file}, 'na"me.bin', 'a name with a quote');
    is(length form($id, [ [ file => 'x', 'n' x 300 ] ])->{json}{artifacts}{model_file}, 255, 'a long one is cut');
};

subtest 'what is no upload changes nothing' => sub {
    my ($id, $archived) = map { model($t)->{id} } 1, 2;
    act($t, $archived, 'archive');
    unchanged($t, 'refused uploads', sub {
        my @file = [ file => 'x', 'x.bin' ];
        error_is(form($id, [ [ metrics => '{}' ] ]), 400, 'VALIDATION_ERROR', 'no file', 'file');
        error_is(form($id, [ [ file => '', 'x.bin' ] ]), 400, 'VALIDATION_ERROR', 'an empty file', 'file');
        error_is(form($id, [ @file, @file ]), 400, 'VALIDATION_ERROR', 'two files', 'file');
        error_is(form($id, [ @file, [ file => 'eA==' ] ]), 400, 'VALIDATION_ERROR', 'a file and a text', 'file');
        error_is(form($id, [ @file, [ metrics => $_->[0] ] ]), 400, 'VALIDATION_ERROR', "metrics: $_->[1]", 'metrics') for [ '{', 'no JSON' ], [ '[]', 'a list' ], [ '"x"', 'a text' ], [ '', 'nothing' ], [ '{"a":1,"a":2}', 'a name twice' ],
            [ '{"a":"' . 'x' x 70_000 . '"}', 'too long' ];
        error_is(form($id, [ @file, [ algorithm => 'x' x 256 ] ]), 400, 'VALIDATION_ERROR', 'a long algorithm', 'algorithm');
        error_is($t->req(POST => "$MODELS/$id/versions", token => $token, body => { file => $_->[0] }), 400, 'VALIDATION_ERROR', "base64: $_->[1]", 'file') for [ 'x', 'not padded' ], [ "eA==\n", 'a line break' ], [ 7, 'a number' ], [ '', 'empty' ];
        error_is($t->req(POST => "$MODELS/$id/versions", token => $token), 400, 'VALIDATION_ERROR', 'no body');
        error_is(form($id, [@file], type => 'text/plain'), 415, 'UNSUPPORTED_MEDIA_TYPE', 'another type');
        error_is(form($id, [ [ file => 'x' x ((8 << 20) + 1), 'x' ] ]), 413, 'PAYLOAD_TOO_LARGE', 'a byte too much');
        error_is(form($id, [ @file, [ note => 'x' x (2 << 20) ] ]), 413, 'PAYLOAD_TOO_LARGE', 'what is not the file has body_limit');
        error_is(form($archived, [@file]), 409, 'CONFLICT', 'an archived model');
        error_is(form('mdl-' . 'f' x 24, [@file]), 404, 'RESOURCE_NOT_FOUND', 'no model');
        error_is(form($id, [@file], token => $t->reader), 403, 'PERMISSION_DENIED', 'a reader');
        error_is(form($id, [@file], token => $t->other), 404, 'RESOURCE_NOT_FOUND', 'another organization');
    });
};

$t->finish;
