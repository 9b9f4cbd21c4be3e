#!/usr/bin/perl
# Training runs: a trainer elsewhere reports them, this server records them. Train,
# complete, fail, and what each does to the model.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;

my $t = Thaw->new;
my $token = $t->admin;
my $FIELDS = 'model_id job_id status algorithm hyperparameters metrics features target artifacts logs reason started_by started_at ended_at';
sub status { get($t, $_[0])->{json}{status} }
sub job { my ($id, $job, %o) = @_; $t->req(GET => "$MODELS/$id/train/$job", token => $token, %o) }
sub actions { join ' ', map { $_->{action} } audit_rows($t, $_[0]) }

subtest 'a run that succeeds' => sub {
    my $m = model($t);
    my $id = $m->{id};
    my $r = act($t, $id, 'train', body => { algorithm => 'xgboost', hyperparameters => { max_depth => 6, eta => 0.3 } });
    is($r->{status}, 202, 'train: 202');
    keys_are($r->{json}, 'model_id job_id status', 'model_id, job_id, status');
    is("$r->{json}{model_id} $r->{json}{status}", "$id training", 'of this model, training');
    my $job = $r->{json}{job_id};
    like($job, qr/^[0-9a-f]{24}$/, 'job_id is 24 hex digits');
    is(status($id), 'training', 'the model is training');

    $r = job($id, $job);
    is($r->{status}, 200, 'the run can be read');
    keys_are($r->{json}, $FIELDS, 'every field');
    is("$r->{json}{status} $r->{json}{algorithm}", 'training xgboost', 'as it was started');
    is_deeply($r->{json}{hyperparameters}, { max_depth => 6, eta => 0.3 }, 'with its hyperparameters');
    is($r->{json}{started_by}, $m->{created_by}, 'started_by');
    like($r->{json}{started_at}, $UTC, 'started_at');
    is($r->{json}{$_}, undef, "$_ null") for qw(ended_at reason target);
    is(json([ @{ $r->{json} }{qw(metrics features artifacts logs)} ]), '[{},[],{},[]]', 'nothing reported yet');

    my %report = (metrics => { auc => 0.91 }, features => [ 'age', 'plan' ], target => 'churned', logs => [ 'epoch 1', 'epoch 2' ],
        artifacts => { model_file => 's3://m/1.bin', onnx_file => undef });
    $r = act($t, $id, "train/$job/complete", body => \%report);
    is($r->{status}, 200, 'complete: 200 with the job') or diag $r->{raw};
    keys_are($r->{json}, $FIELDS, 'every field');
    is("$r->{json}{status} $r->{json}{algorithm}", 'completed xgboost', 'completed; what is not reported stays');
    is_deeply($r->{json}{$_}, $report{$_}, $_) for sort keys %report;
    is_deeply($r->{json}{hyperparameters}, { max_depth => 6, eta => 0.3 }, 'hyperparameters');
    like($r->{json}{ended_at}, $UTC, 'ended_at');
    is_deeply(job($id, $job)->{json}, $r->{json}, 'the reply is what GET gives');

    $m = get($t, $id)->{json};
    is("$m->{status} $m->{version}", 'ready 1', 'the model is ready, at version 1');
    my $v = $t->req(GET => "$MODELS/$id/versions/ver-001", token => $token)->{json};
    is("$v->{version_id} $v->{algorithm}", 'ver-001 xgboost', 'with the version');
    is(actions($id), 'model.created model.training_started model.training_completed', 'audit: started, completed');
    is_deeply([ map { eval { JSON::PP::decode_json($_->{details})->{job_id} } } (audit_rows($t, $id))[ 1, 2 ] ], [ $job, $job ], 'with the job in their details');
};

subtest 'the runs of a model, one of which lost its trainer' => sub {
    my $id = model($t)->{id};
    my $list = sub { my ($q, %o) = @_; $t->req(GET => "$MODELS/$id/train" . ($q // ''), token => $t->reader, %o) };
    is(json($list->()->{json}), '{"has_next":false,"items":[],"page":1,"page_size":20,"total":0}', 'none at first');
    my @jobs = map { trained($t, $id, logs => [ 'x' x 1000 ])->{job_id} } 1 .. 3;
    unshift @jobs, act($t, $id, 'train', body => { algorithm => 'a' })->{json}{job_id};
    splice @jobs, 1, 3, reverse @jobs[ 1 .. 3 ];
    my $r = $list->();
    is($r->{status}, 200, 'a reader lists them');
    is(join(' ', map { $_->{job_id} } @{ $r->{json}{items} }), "@jobs", 'newest first');
    keys_are($r->{json}{items}[0], 'algorithm ended_at job_id model_id reason started_at started_by status', 'each without its documents');
    is(join(' ', map { $_->{status} } @{ $r->{json}{items} }), 'training completed completed completed', 'how each stands');
    is(join(' ', map { $_->{job_id} } @{ $list->('?page=2&page_size=3')->{json}{items} }), $jobs[3], 'in pages');
    # of a model whose documents would not go into the page so often
    $t->sql("UPDATE models SET metadata = CONCAT('{\"a\":\"', REPEAT('x', 3000000), '\"}') WHERE id = UNHEX('" . hex_of($id) . "')");
    is(scalar @{ $list->()->{json}{items} }, 4, 'whatever the model itself weighs');
    $t->sql("UPDATE models SET metadata = NULL WHERE id = UNHEX('" . hex_of($id) . "')");
    error_is($list->('?page_size=101'), 400, 'VALIDATION_ERROR', 'at most 100 at once', 'page_size');
    error_is($list->('', token => $t->other), 404, 'RESOURCE_NOT_FOUND', "not another tenant's");

    error_is(act($t, $id, 'archive'), 409, 'CONFLICT', 'while one trains, nothing else');
    my ($lost) = grep { $_->{status} eq 'training' } @{ $r->{json}{items} };
    is(act($t, $id, "train/$lost->{job_id}/fail", token => $t->member, body => { reason => 'the trainer is gone' })->{status}, 200, 'whoever may write models ends it');
    is($list->()->{json}{items}[0]{reason}, 'the trainer is gone', 'and says why');
    is(act($t, $id, 'archive')->{status}, 200, 'and the model goes on');
    is(scalar @{ $list->()->{json}{items} }, 4, 'they are listed of an archived model too');
};

subtest 'a run that fails' => sub {
    for my $was (qw(draft ready)) {
        my $id = model($t)->{id};
        trained($t, $id) if $was eq 'ready';
        my $versions = $t->req(GET => "$MODELS/$id/versions", token => $token)->{json}{total};
        my $job = act($t, $id, 'train')->{json}{job_id};
        my $r = act($t, $id, "train/$job/fail", body => { reason => 'out of memory' });
        is($r->{status}, 200, 'fail: 200 with the job') or diag $r->{raw};
        keys_are($r->{json}, $FIELDS, 'every field');
        is("$r->{json}{status} $r->{json}{reason}", 'failed out of memory', 'failed, with the reason');
        like($r->{json}{ended_at}, $UTC, 'ended_at');
        is_deeply(job($id, $job)->{json}, $r->{json}, 'the reply is what GET gives');
        is(status($id), $was, "the model is $was, as it was");
        is($t->req(GET => "$MODELS/$id/versions", token => $token)->{json}{total}, $versions, 'no version was made');
        is(audits($t, $id, 'model.training_failed'), 1, 'audit: failed');
        is(act($t, $id, 'train')->{status}, 202, 'and it may be tried again');
    }
};

subtest 'what needs no body' => sub {
    my $id = model($t)->{id};
    my $job = act($t, $id, 'train')->{json}{job_id};
    my $r = job($id, $job);
    is($r->{json}{algorithm}, undef, 'train without a body: no algorithm');
    is(json($r->{json}{hyperparameters}), '{}', 'no hyperparameters');
    is(act($t, $id, "train/$job/complete")->{status}, 200, 'complete without a body');
    $job = act($t, $id, 'train', body => { algorithm => undef, hyperparameters => undef })->{json}{job_id};
    is(act($t, $id, "train/$job/complete", body => { map { $_ => undef } qw(algorithm hyperparameters metrics features target artifacts logs) })->{status},
        200, 'null is the same as not given');
    is(get($t, $id)->{json}{version}, 2, 'a version each');
};

subtest 'the order of things' => sub {
    my $id = model($t)->{id};
    my $job = act($t, $id, 'train')->{json}{job_id};
    unchanged($t, 'what cannot be while it trains', sub {
        error_is(act($t, $id, 'train'), 409, 'CONFLICT', 'a second run', 'status');
        error_is(act($t, $id, 'archive'), 409, 'CONFLICT', 'archive', 'status');
        error_is(act($t, $id, 'unarchive'), 409, 'CONFLICT', 'unarchive', 'status');
    });
    act($t, $id, "train/$job/complete");
    unchanged($t, 'a run that has ended', sub {
        error_is(act($t, $id, "train/$job/complete"), 409, 'CONFLICT', 'is not completed again', 'status');
        error_is(act($t, $id, "train/$job/fail", body => { reason => 'late' }), 409, 'CONFLICT', 'nor does it fail', 'status');
    });
    my $second = act($t, $id, 'train')->{json}{job_id};
    unchanged($t, 'the earlier run, while another is under way', sub {
        error_is(act($t, $id, "train/$job/complete"), 409, 'CONFLICT', 'is not completed again', 'status');
        error_is(act($t, $id, "train/$job/fail", body => { reason => 'late' }), 409, 'CONFLICT', 'nor does it fail', 'status');
    });
    act($t, $id, "train/$second/fail", body => { reason => 'x' });
    act($t, $id, 'archive');
    unchanged($t, 'an archived model', sub {
        error_is(act($t, $id, 'train'), 409, 'CONFLICT', 'is not eligible for training', 'status');
        error_is(act($t, $id, "train/$job/complete"), 409, 'CONFLICT', 'its runs have ended', 'status');
    });
};

subtest 'what does not exist' => sub {
    my ($id, $other) = map { model($t)->{id} } 1, 2;
    my $job = act($t, $id, 'train')->{json}{job_id};
    unchanged($t, 'none of it', sub {
        for my $bad (hex_of($NOWHERE), 'x', uc $job, "mdl-$job", "${job}0") {
            error_is(job($id, $bad), 404, 'RESOURCE_NOT_FOUND', "job $bad");
            error_is(act($t, $id, "train/$bad/complete"), 404, 'RESOURCE_NOT_FOUND', 'complete');
            error_is(act($t, $id, "train/$bad/fail", body => { reason => 'x' }), 404, 'RESOURCE_NOT_FOUND', 'fail');
        }
        error_is(job($other, $job), 404, 'RESOURCE_NOT_FOUND', "another model's run");
        error_is(act($t, $other, "train/$job/complete"), 404, 'RESOURCE_NOT_FOUND', 'complete') ;
        error_is(act($t, $NOWHERE, 'train'), 404, 'RESOURCE_NOT_FOUND', 'train what does not exist');
        error_is(act($t, $id, "train/$job/$_->[0]", token => $t->reader, body => $_->[1]), 403, 'PERMISSION_DENIED', "a reader may not $_->[0]") for
            [ complete => {} ], [ fail => { reason => 'x' } ];
        error_is(act($t, $other, 'train', token => $t->reader), 403, 'PERMISSION_DENIED', 'nor train');
        error_is(job($id, $job, token => $t->other), 404, 'RESOURCE_NOT_FOUND', "another organization's");
    });
    is(job($id, $job, token => $t->reader)->{status}, 200, 'a reader may look');
};

subtest 'what is refused' => sub {
    my ($id, $idle) = map { model($t)->{id} } 1, 2;
    my $job = act($t, $id, 'train')->{json}{job_id};
    unchanged($t, 'none of it', sub {
        error_is(act($t, $idle, 'train', body => { $_->[0] => $_->[1] }), 400, 'VALIDATION_ERROR', "train: $_->[0]: $_->[2]", $_->[0]) for
            [ algorithm => 5, 'a number' ], [ algorithm => '', 'empty' ], [ hyperparameters => [], 'an array' ], [ hyperparameters => 'x', 'a string' ];
        error_is(act($t, $id, "train/$job/complete", body => { $_->[0] => $_->[1] }), 400, 'VALIDATION_ERROR', "complete: $_->[0]: $_->[2]", $_->[3] // $_->[0]) for
            [ metrics => [], 'an array' ], [ features => 'x', 'a string' ], [ features => [ 1 ], 'a number inside', 'features[0]' ], [ target => 1, 'a number' ],
            [ artifacts => 'x', 'a string' ], [ artifacts => { model_file => 1 }, 'a number inside', 'artifacts.model_file' ], [ logs => {}, 'an object' ];
        error_is(act($t, $id, "train/$job/fail", body => $_->[0]), 400, 'VALIDATION_ERROR', "fail: $_->[1]", 'reason') for
            [ {}, 'no reason' ], [ { reason => '' }, 'an empty one' ], [ { reason => undef }, 'null' ], [ { reason => 'x' x 2049 }, 'too long' ];
        error_is(act($t, $id, "train/$job/fail"), 400, 'VALIDATION_ERROR', 'fail: no body');
    });
    is(act($t, $id, "train/$job/fail", body => { reason => 'x' x 2048 })->{status}, 200, 'a reason of 2048 characters');
};

$t->finish;
