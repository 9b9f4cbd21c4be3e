#!/usr/bin/perl
# Models through the models dialect: create, list, get, patch, archive, unarchive,
# as the contract says, field by field; and the HTTP around them.
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Encode 'encode_utf8';
use Test::More;
use Thaw;
use Contract;

my $t = Thaw->new;
my $token = $t->admin;
my $FIELDS = 'id name description status organization_id model_type task_type version active_version dataset_id tags config metadata rid '
    . 'created_by created_at updated_at archived_at unarchived_at';
sub create { my ($body, %o) = @_; $t->req(POST => $MODELS, token => $token, body => $body, %o) }
sub patch { my ($id, $body, %o) = @_; $t->req(PATCH => "$MODELS/$id", token => $token, body => $body, %o) }
sub list { my ($query, %o) = @_; $t->req(GET => "$MODELS$query", token => $token, %o) }
sub good { return { name => 'model ' . rand, model_type => 'auto', task_type => 'clustering', @_ } }

subtest 'the request of the document restores a model' => sub {
    plan skip_all => 'no curl' if system('command -v curl >/dev/null');
    my $created = curl($t, qq(-X POST $t->{url}$MODELS -H "Authorization: Bearer $token" -H "Content-Type: application/json" )
        . q(-d '{"name":"Customer Churn Predictor","model_type":"custom","task_type":"classification",)
        . q("metadata":{"framework":"xgboost","target_variable":"churn_probability"}}'));
    is($created->{status}, 201, 'given a model') or diag $created->{raw};
    my $id = $created->{json}{id};
    trained($t, $id);
    is(act($t, $id, 'archive')->{status}, 200, 'that was trained and archived');
    my $r = curl($t, qq(-X POST $t->{url}$MODELS/$id/unarchive -H "Authorization: Bearer $token" -A "the document"));
    is($r->{status}, 200, 'when it is unarchived, HTTP 200 OK');
    my $m = $r->{json};
    is($m->{id}, $id, 'with the Model: its id');
    is($m->{name}, 'Customer Churn Predictor', 'name');
    is($m->{status}, 'ready', 'status ready, since it has completed a successful training run');
    like($m->{organization_id}, qr/^org-[0-9a-f]{24}$/, 'organization_id');
    is_deeply($m->{metadata}, { framework => 'xgboost', target_variable => 'churn_probability' }, 'metadata');
    like($m->{$_}, $UTC, $_) for qw(created_at updated_at unarchived_at);
    is($m->{unarchived_at}, $m->{updated_at}, 'unarchived_at is updated_at');
    is($m->{archived_at}, undef, 'archived_at is null');
    my @rows = audit_rows($t, $id, "action = 'model.unarchived'");
    is(@rows, 1, 'then exactly one audit row model.unarchived');
    my $row = $rows[0];
    is($row->{actor_name}, 'admin', 'captures the actor');
    is("usr-$row->{actor_id}" =~ tr/A-Z/a-z/r, $m->{created_by}, 'by id');
    is(substr($row->{at}, 0, 19), $m->{unarchived_at} =~ tr/TZ/ /dr, 'the timestamp') or diag $row->{at};
    is("$row->{from_state} $row->{to_state}", 'archived ready', 'from and to');
    is($row->{request_id}, $r->{headers}{'x-request-id'}, 'the request');
    is("$row->{client_address} $row->{user_agent}", '127.0.0.1 the document', 'the client');
};

subtest 'create' => sub {
    my $r = create({ name => 'Full', description => 'of everything', model_type => 'custom', task_type => 'regression',
        dataset_id => 'ds-1', tags => [ 'a', 'b' ], config => { target_column => 'y', feature_columns => [ 'x1', 'x2' ], algorithm => 'gbm' },
        metadata => { n => 1 } });
    is($r->{status}, 201, '201 Created');
    my $m = $r->{json};
    keys_are($m, $FIELDS, 'every field, none more');
    like($m->{id}, qr/^mdl-[0-9a-f]{24}$/, 'id');
    is($r->{headers}{location}, "$MODELS/$m->{id}", 'Location');
    is($r->{headers}{'content-type'}, 'application/json', 'Content-Type');
    is($r->{headers}{'cache-control'}, 'no-store', 'not to be kept');
    is($m->{status}, 'draft', 'a new model is a draft');
    is($m->{version}, 1, 'version 1 before any');
    like($m->{created_by}, qr/^usr-[0-9a-f]{24}$/, 'created_by');
    is($m->{created_at}, $m->{updated_at}, 'updated when created');
    is($m->{$_}, undef, "$_ null") for qw(archived_at unarchived_at);
    is("$m->{name}|$m->{description}|$m->{model_type}|$m->{task_type}|$m->{dataset_id}", 'Full|of everything|custom|regression|ds-1', 'as sent');
    is_deeply($m->{tags}, [ 'a', 'b' ], 'tags');
    is_deeply($m->{config}, { target_column => 'y', feature_columns => [ 'x1', 'x2' ], algorithm => 'gbm' }, 'config');
    is(get($t, $m->{id})->{body}, $r->{body}, 'GET gives the same bytes');
    is(join(' ', map { "$_->{action} $_->{from_state}>$_->{to_state}" =~ s/NULL//r } map { $_->{from_state} //= ''; $_ } audit_rows($t, $m->{id})),
        'model.created >draft', 'one audit row model.created');

    $m = create({ name => 'Bare', model_type => 'auto', task_type => 'clustering' })->{json};
    is($m->{$_}, undef, "$_ is null when not given") for qw(description dataset_id);
    is(json([ @$m{qw(tags config metadata)} ]), '[[],{},{}]', 'tags, config, metadata are empty when not given');
    $r = create({ name => 'Nulls', model_type => 'auto', task_type => 'clustering', map { $_ => undef } qw(description dataset_id tags config metadata) });
    is($r->{status}, 201, 'null is the same as not given') or diag $r->{raw};
    is(json([ @{ $r->{json} }{qw(description dataset_id tags config metadata)} ]), '[null,null,[],{},{}]', 'for all that may be absent');
};

subtest 'documents come back as they were sent' => sub {
    my $sent = '{"z":1.50,"a":[],"n":null,"e":1e2,"u":"Zürich 東京 🚀","s":"a\/b","q":"\"\\\\\n","big":9223372036854775807,"deep":{"o":{"":[true,false]}}}';
    my $r = create(encode_utf8(qq({"name":"Bytes","model_type":"auto","task_type":"clustering","metadata":$sent})));
    is($r->{status}, 201, 'given metadata with an order, numbers and text of its own') or diag $r->{raw};
    my $want = encode_utf8($sent =~ s{\\/}{/}r);
    ok(index($r->{body}, qq("metadata":$want)) > 0, 'created with the same') or diag $r->{body};
    ok(index(get($t, $r->{json}{id})->{body}, qq("metadata":$want)) > 0, 'and read again');
};

subtest 'create: what is refused' => sub {
    unchanged($t, 'all of it', sub {
        error_is(create({ %{ good() }, $_->[0] => $_->[1] }), 400, 'VALIDATION_ERROR', "$_->[0]: $_->[2]", $_->[3] // $_->[0]) for
            [ name => undef, 'null' ], [ name => '', 'empty' ], [ name => 5, 'a number' ], [ name => ' a', 'a leading blank' ],
            [ name => 'a ', 'a trailing blank' ], [ name => "a\t", 'a trailing tab' ], [ name => 'x' x 1025, '1025 characters' ],
            [ name => [ 'a' ], 'an array' ], [ description => 'x' x 2049, '2049 characters' ], [ description => {}, 'an object' ],
            [ model_type => 'AUTO', 'other letters' ], [ model_type => undef, 'null' ], [ model_type => 'neural', 'unknown' ],
            [ task_type => '', 'empty' ], [ task_type => 'ranking', 'unknown' ], [ tags => 'a', 'a string' ], [ tags => [ 1 ], 'a number inside', 'tags[0]' ],
            [ tags => [ 'a', undef ], 'a null inside', 'tags[1]' ], [ config => [], 'an array' ], [ config => { target_column => 5 }, 'a number', 'config.target_column' ],
            [ config => { feature_columns => 'x' }, 'a string', 'config.feature_columns' ], [ metadata => 'x', 'a string' ], [ metadata => [], 'an array' ],
            [ dataset_id => '', 'empty' ], [ dataset_id => 7, 'a number' ];
        for my $missing (qw(name model_type task_type)) {
            my $body = good();
            delete $body->{$missing};
            error_is(create($body), 400, 'VALIDATION_ERROR', "without $missing", $missing);
        }
    });
    is(create(good(name => 'n' x 1024))->{status}, 201, 'a name of 1024 characters is allowed');
    is(create(good(name => '東' x 1024))->{status}, 201, 'characters, not bytes');
    is(create(good(description => 'd' x 2048))->{status}, 201, 'a description of 2048');
    is(create(good(description => ''))->{json}{description}, '', 'an empty description is one');
    is(create(good(status => 'ready', id => $NOWHERE, organization_id => 'x'))->{json}{status}, 'draft', 'what the server decides is not believed');
};

subtest 'names are unique in the organization' => sub {
    my $id = create(good(name => 'Taken'))->{json}{id};
    my $r;
    unchanged($t, 'a name that is taken', sub { $r = create(good(name => 'Taken')) });
    error_is($r, 409, 'CONFLICT', 'a second of the name', 'name');
    is(create(good(name => $_))->{status}, 201, encode_utf8("$_ is another name")) for 'taken', 'Taken 2', 'Tåken';
    is(create(good(name => "Cafe\x{301}"))->{status}, 201, 'bytes are compared');
    is(create(good(name => "Caf\x{e9}"))->{status}, 201, 'not what they look like');
    act($t, $id, 'archive');
    error_is(create(good(name => 'Taken')), 409, 'CONFLICT', 'an archived model keeps its name', 'name');
    my $mine = model($t);
    error_is(patch($mine->{id}, { name => 'Taken' }), 409, 'CONFLICT', 'nor can another take it', 'name');
    is(patch($mine->{id}, { name => $mine->{name} })->{status}, 200, 'its own name a model may have again');
    is(create(good(name => 'Taken'), token => $t->other)->{status}, 201, 'another organization has its own names');
    retired($t, $id);
    is(create(good(name => 'Taken'))->{status}, 201, 'a retired model gives it free');
};

subtest 'get' => sub {
    my $m = model($t);
    my $r = get($t, $m->{id});
    is($r->{status}, 200, '200 OK');
    is_deeply($r->{json}, $m, 'the Model');
    is(get($t, $m->{id}, token => $t->reader)->{body}, $r->{body}, 'a reader sees the same');
    act($t, $m->{id}, 'archive');
    is(get($t, $m->{id})->{json}{status}, 'archived', 'also when archived');
    for my $bad ($NOWHERE, 'mdl-7f3a19bc92', 'mdl-', 'x', uc $m->{id}, 'mdl-' . uc hex_of($m->{id}), hex_of($m->{id}), "$m->{id}0", 'org-' . hex_of($m->{id}), "%20$m->{id}", '0') {
        error_is(get($t, $bad), 404, 'RESOURCE_NOT_FOUND', "id $bad");
    }
};

subtest 'archive and unarchive' => sub {
    my $m = model($t);
    my $draft = get($t, $m->{id})->{json};
    my $r = act($t, $m->{id}, 'archive');
    is($r->{status}, 200, 'archive: 200');
    keys_are($r->{json}, $FIELDS, 'the Model');
    is($r->{json}{status}, 'archived', 'status archived');
    like($r->{json}{archived_at}, $UTC, 'archived_at');
    is($r->{json}{archived_at}, $r->{json}{updated_at}, 'the time of the call');
    is($r->{json}{unarchived_at}, undef, 'never unarchived yet');
    is(get($t, $m->{id})->{body}, $r->{body}, 'the reply is what GET gives');
    unchanged($t, 'a second archive', sub { error_is(act($t, $m->{id}, 'archive'), 409, 'CONFLICT', 'already archived', 'status') });

    my $archived = $r->{json};
    $r = act($t, $m->{id}, 'unarchive', body => '{broken', type => 'text/plain');
    is($r->{status}, 200, 'unarchive: 200, whatever body is sent');
    is($r->{json}{status}, 'draft', 'no prior trained version: draft');
    is($r->{json}{archived_at}, undef, 'archived_at null again');
    is($r->{json}{unarchived_at}, $r->{json}{updated_at}, 'unarchived_at is the time of the call');
    is(get($t, $m->{id})->{body}, $r->{body}, 'the reply is what GET gives');
    delete @$_{qw(updated_at archived_at unarchived_at)} for $draft, my $after = { %{ $r->{json} } };
    is_deeply($after, $draft, 'all else is as it was');
    unchanged($t, 'a second unarchive', sub { error_is(act($t, $m->{id}, 'unarchive'), 409, 'CONFLICT', 'already draft', 'status') });

    my $first = $r->{json}{unarchived_at};
    act($t, $m->{id}, 'archive');
    is(get($t, $m->{id})->{json}{unarchived_at}, $first, 'archived again: unarchived_at stays');
    is(join(' ', map { "$_->{revision}:$_->{action}:$_->{to_state}" } audit_rows($t, $m->{id})),
        '1:model.created:draft 2:model.archived:archived 3:model.unarchived:draft 4:model.archived:archived', 'each has its audit row, no refusal has');
};

subtest 'unarchive: the target is computed' => sub {
    for my $case ([ 'no run' => sub { }, 'draft' ],
                  [ 'a successful run' => sub { trained($t, $_[0]) }, 'ready' ],
                  [ 'a failed run alone' => sub { my $job = act($t, $_[0], 'train')->{json}{job_id};
                      act($t, $_[0], "train/$job/fail", body => { reason => 'out of memory' }) }, 'draft' ],
                  [ 'a successful run, then a failed one' => sub { trained($t, $_[0]); my $job = act($t, $_[0], 'train')->{json}{job_id};
                      act($t, $_[0], "train/$job/fail", body => { reason => 'out of memory' }) }, 'ready' ]) {
        my ($what, $history, $target) = @$case;
        my $id = model($t)->{id};
        $history->($id);
        act($t, $id, 'archive');
        is(act($t, $id, 'unarchive')->{json}{status}, $target, "$what: $target");
    }
};

subtest 'unarchive: only from archived' => sub {
    my %model = map { $_ => model($t)->{id} } qw(draft ready training);
    trained($t, $model{ready});
    act($t, $model{training}, 'train');
    unchanged($t, 'none of them', sub {
        for my $status (qw(draft ready training)) {
            my $r = act($t, $model{$status}, 'unarchive');
            error_is($r, 409, 'CONFLICT', "from $status", 'status');
            like($r->{json}{error}{details}{reason}, qr/\b$status\b/, 'the current state is named');
        }
        error_is(act($t, $model{training}, 'archive'), 409, 'CONFLICT', 'archive from training', 'status');
    });
    my $id = model($t)->{id};
    retired($t, $id);
    is(get($t, $id)->{json}{status}, 'archived', 'a retired model reads archived');
    unchanged($t, 'a retired model', sub {
        my $r = act($t, $id, 'unarchive');
        error_is($r, 409, 'CONFLICT', 'cannot be unarchived', 'status');
        like("$r->{json}{error}{message} $r->{json}{error}{details}{reason}", qr/permanent|for good/, 'saying that it is permanent');
        error_is(act($t, $id, $_), 409, 'CONFLICT', "nor $_") for qw(archive train);
        error_is(patch($id, { description => 'x' }), 409, 'CONFLICT', 'nor changed');
    });
};

subtest 'an archived model is refused by what it is not eligible for' => sub {
    my $id = model($t)->{id};
    trained($t, $id);
    act($t, $id, 'archive');
    unchanged($t, 'none of it', sub {
        error_is(act($t, $id, 'train'), 409, 'CONFLICT', 'training', 'status');
        error_is(patch($id, { name => 'New' }), 409, 'CONFLICT', 'a change', 'status');
        error_is(act($t, $id, 'versions/ver-001/restore'), 409, 'CONFLICT', 'restoring a version', 'status');
    });
    is($t->req(GET => "$MODELS/$id/$_", token => $token)->{status}, 200, "its $_ can be read") for 'versions', 'versions/ver-001', 'audit-logs';
    act($t, $id, 'unarchive');
    is(act($t, $id, 'train')->{status}, 202, 'unarchived: eligible again for training');
};

subtest 'patch' => sub {
    my $m = model($t, description => 'old', tags => [ 'a' ], config => { algorithm => 'gbm' }, metadata => { a => 1 });
    my $r = patch($m->{id}, { description => 'new' });
    is($r->{status}, 200, '200 OK');
    is_deeply({ %{ $r->{json} }, updated_at => 0 }, { %$m, description => 'new', updated_at => 0 }, 'what is named changes, nothing else');
    is(get($t, $m->{id})->{body}, $r->{body}, 'the reply is what GET gives');
    for ([ name => 'Renamed' ], [ description => undef ], [ description => '' ], [ tags => [ 'x', 'y' ] ], [ tags => [] ],
         [ config => { target_column => 'y' } ], [ metadata => { deep => { er => [ 1 ] } } ], [ metadata => {} ]) {
        my ($key, $value) = @$_;
        is_deeply(patch($m->{id}, { $key => $value })->{json}{$key}, $value, "$key: " . json($value));
    }
    is_deeply(patch($m->{id}, { $_->[0] => undef })->{json}{ $_->[0] }, $_->[1], "$_->[0]: null empties it") for [ tags => [] ], [ config => {} ], [ metadata => {} ];
    $r = patch($m->{id}, { description => 'x', status => 'archived', id => $NOWHERE, version => 9, created_at => 'x', organization_id => 'x' });
    is("$r->{json}{status} $r->{json}{id} $r->{json}{version}", "draft $m->{id} 1", 'what only the server decides stays');
    unchanged($t, 'refused patches', sub {
        error_is(patch($m->{id}, {}), 400, 'VALIDATION_ERROR', 'nothing to change');
        error_is(patch($m->{id}, { status => 'archived' }), 400, 'VALIDATION_ERROR', 'nothing that can be changed');
        error_is(patch($m->{id}, { $_->[0] => $_->[1] }), 400, 'VALIDATION_ERROR', "$_->[0]: $_->[2]", $_->[0]) for
            [ name => undef, 'null' ], [ name => '', 'empty' ], [ name => 'a ', 'a trailing blank' ], [ name => 'x' x 1025, 'too long' ],
            [ description => 5, 'a number' ], [ tags => {}, 'an object' ], [ config => 'x', 'a string' ], [ metadata => [], 'an array' ];
        error_is(patch($m->{id}, '[]'), 400, 'VALIDATION_ERROR', 'an array for a body');
        error_is($t->req(PATCH => "$MODELS/$m->{id}", token => $token), 400, 'VALIDATION_ERROR', 'no body');
    });
    my $linked = model($t)->{id};
    is(patch($linked, { dataset_id => 'ds-7' })->{json}{dataset_id}, 'ds-7', 'the dataset');
    is(patch($linked, { dataset_id => 'ds-8', description => 'x' })->{json}{dataset_id}, 'ds-8', 'another one, with more');
    is(patch($linked, { dataset_id => undef })->{json}{dataset_id}, undef, 'and none');
    is(join(' ', map { "$_->{action} " . ($_->{details} // '-') } audit_rows($t, $linked)), 'model.created - model.dataset_linked {"changed":["dataset_id"],"dataset_id":"ds-7"} '
        . 'model.updated {"changed":["description","dataset_id"],"dataset_id":"ds-8"} model.dataset_unlinked {"changed":["dataset_id"],"dataset_id":null}', 'the audit tells which');
    error_is(patch($linked, { dataset_id => $_->[0] }), 400, 'VALIDATION_ERROR', "dataset_id: $_->[1]", 'dataset_id') for [ '', 'empty' ], [ 7, 'a number' ], [ 'x' x 129, 'too long' ], [ ' x', 'a leading blank' ];
    my $n = model($t)->{id};
    patch($n, { config => { algorithm => 'rf' } });
    patch($n, { config => { algorithm => 'rf' }, name => 'Other ' . rand });
    act($t, $n, 'train');
    is(patch($n, { description => 'while training' })->{json}{status}, 'training', 'also while training');
    is(join(' ', map { $_->{action} } audit_rows($t, $n)),
        'model.created model.config_updated model.updated model.training_started model.updated', 'the audit tells a configuration from the rest');
};

subtest 'list' => sub {
    my $keep = $token;
    $t->org('Lists');
    $t->user('lister', role => 'admin', org => 'Lists');
    $token = $t->token('lister');
    my $r = list('');
    is(json($r->{json}), '{"has_next":false,"items":[],"page":1,"page_size":20,"total":0}', 'given nothing: an empty page');

    my %task = (0 => 'classification', 1 => 'regression', 2 => 'clustering');
    my @ids = map { model($t, token => $token, name => "Model $_ of 50%", task_type => $task{ $_ % 3 })->{id} } 0 .. 24;
    act($t, $_, 'archive', token => $token) for @ids[ 3, 4 ];
    $t->req(POST => "$MODELS/$ids[5]/train", token => $token);
    my @shown = reverse @ids[ 0 .. 2, 5 .. 24 ];
    my $ids_of = sub { join ' ', map { $_->{id} } @{ $_[0]{json}{items} } };

    $r = list('');
    keys_are($r->{json}, 'items total page page_size has_next', 'items, total, page, page_size, has_next');
    keys_are($r->{json}{items}[0], $FIELDS, 'the items are Models');
    is($ids_of->($r), join(' ', @shown[ 0 .. 19 ]), 'newest first, 20 of them, the archived hidden');
    is("$r->{json}{total} $r->{json}{page} $r->{json}{page_size} $r->{json}{has_next}", '23 1 20 1', 'page 1 of 23 models, and there is more');
    $r = list('?page=2');
    is($ids_of->($r), join(' ', @shown[ 20 .. 22 ]), 'page 2 has the rest');
    is("$r->{json}{total} $r->{json}{page} $r->{json}{has_next}", '23 2 0', 'and is the last');
    $r = list('?page=3');
    is($ids_of->($r) . "|$r->{json}{total}|$r->{json}{has_next}", '|23|0', 'page 3 is empty and still tells the total');
    $r = list('?page=2&page_size=7');
    is($ids_of->($r), join(' ', @shown[ 7 .. 13 ]), 'pages of 7');
    is(list('?page_size=23')->{json}{has_next} . '', '0', 'a page that is just full has no next one');
    is(@{ list('?page_size=100')->{json}{items} }, 23, 'pages of 100 are the largest');

    is($ids_of->(list('?status=archived')), join(' ', @ids[ 4, 3 ]), 'status=archived lists the archived');
    is($ids_of->(list('?status=training')), $ids[5], 'status=training');
    is(list('?status=draft')->{json}{total}, 22, 'status=draft');
    is(list('?status=ready')->{json}{total}, 0, 'status=ready');
    is($ids_of->(list('?task_type=clustering&page_size=100')), join(' ', reverse @ids[ grep { $_ % 3 == 2 && $_ != 3 && $_ != 4 } 0 .. 24 ]), 'task_type');
    is($ids_of->(list('?status=archived&task_type=regression')), $ids[4], 'filters add up');
    is($ids_of->(list('?search=model+1+OF')), $ids[1], 'search: a part of the name, in any case');
    is(list('?search=50%25')->{json}{total}, 23, '% is itself');
    is(list('?search=5_%25')->{json}{total}, 0, '_ is itself');
    is(list('?search=' . join '', map { sprintf '%%%02x', ord } split //, '\\')->{json}{total}, 0, 'a backslash too');
    is($ids_of->(list('?search=model+4&status=archived&task_type=regression')), $ids[4], 'all three together');
    is($ids_of->(list('?search=of&task_type=regression&page=2&page_size=3')),
        join(' ', (grep { my $id = $_; grep { $ids[$_] eq $id } grep { $_ % 3 == 1 } 0 .. 24 } @shown)[ 3 .. 5 ]), 'and paged');
    act($t, $ids[3], 'unarchive', token => $token);
    is(list('')->{json}{total}, 24, 'unarchived: visible again in the default list');
    is(list('?unknown=x')->{status}, 200, 'an unknown parameter is let be');

    $t->user('lister-reader', role => 'reader', org => 'Lists');
    is(list('', token => $t->token('lister-reader'))->{json}{total}, 24, 'for the whole organization');
    is(list('?search=Model+1+of', token => $keep)->{json}{total}, 0, 'and nobody else');

    error_is(list($_->[0]), 400, 'VALIDATION_ERROR', $_->[0], $_->[1]) for
        [ '?status=deployed', 'status' ], [ '?status=', 'status' ], [ '?status=Draft', 'status' ], [ '?task_type=x', 'task_type' ], [ '?page=0', 'page' ],
        [ '?page=-1', 'page' ], [ '?page=x', 'page' ], [ '?page=1.0', 'page' ], [ '?page=99999999999999999999', 'page' ], [ '?page_size=101', 'page_size' ],
        [ '?page_size=0', 'page_size' ], [ '?page_size=', 'page_size' ], [ '?page=1&page=2', 'page' ], [ '?search=', 'search' ], [ '?search=' . 'x' x 256, 'search' ];
    is(list('?page=2147483647&page_size=100')->{status}, 200, 'the furthest page is an empty one');
    $token = $keep;
};

subtest 'search finds what is there and nothing else' => sub {
    my $id = model($t, name => 'rocket 🚀 ship')->{id};
    my $found = sub { my $r = list('?search=' . join '', map { sprintf '%%%02X', ord } split //, encode_utf8($_[0])); scalar grep { $_->{id} eq $id } @{ $r->{json}{items} } };
    is($found->('🚀'), 1, 'the character');
    is($found->('🎉'), 0, 'not another of its plane');
    is($found->('ROCKET'), 1, 'in any case');
};
subtest 'ETag and conditions' => sub {
    my $id = model($t)->{id};
    my $r = get($t, $id);
    my $tag = $r->{headers}{etag};
    like($tag, qr/^"1-[0-9a-f]+"$/, 'a strong tag that begins with the revision');
    is(get($t, $id)->{headers}{etag}, $tag, 'the same while nothing changes');
    for my $h ($tag, "W/$tag", "\"x\", $tag", '*') {
        my $not = get($t, $id, headers => [ 'If-None-Match' => $h ]);
        is("$not->{status}|$not->{body}|" . ($not->{headers}{etag} // ''), "304||$tag", "If-None-Match: $h");
    }
    is(get($t, $id, headers => [ 'If-None-Match' => '"1-0000000000000000"' ])->{status}, 200, 'another tag: 200');

    $r = act($t, $id, 'archive', headers => [ 'If-Match' => $tag ]);
    is($r->{status}, 200, 'If-Match with the tag: the change is made');
    like($r->{headers}{etag}, qr/^"2-/, 'and the new tag is told');
    unchanged($t, 'a stale tag', sub {
        error_is(act($t, $id, 'unarchive', headers => [ 'If-Match' => $_ ]), 412, 'PRECONDITION_FAILED', "If-Match: $_") for
            $tag, "W/$r->{headers}{etag}", '"3-x"', '"x"', 'x', '""';
    });
    error_is(act($t, $NOWHERE, 'unarchive', headers => [ 'If-Match' => $tag ]), 404, 'RESOURCE_NOT_FOUND', 'an unknown model is still unknown');
    is(act($t, $id, 'unarchive', headers => [ 'If-Match' => "\"x\", $r->{headers}{etag}" ])->{status}, 200, 'one of several tags');
    is(act($t, $id, 'archive', headers => [ 'If-Match' => '*' ])->{status}, 200, 'If-Match: * asks for the object alone');
    unchanged($t, 'a stale tag', sub {
        error_is(patch($id, { name => 'x' }, headers => [ 'If-Match' => $tag ]), 412, 'PRECONDITION_FAILED', 'a patch too, before its state is looked at');
        error_is(act($t, $id, 'train', headers => [ 'If-Match' => $tag ]), 412, 'PRECONDITION_FAILED', 'and training');
    });
};

subtest 'HEAD, OPTIONS, CORS' => sub {
    my $id = model($t)->{id};
    my ($get, $head) = (get($t, $id), $t->req(HEAD => "$MODELS/$id", token => $token));
    is($head->{status} . $head->{body}, '200', 'HEAD: the status of GET without a body');
    is($head->{headers}{$_}, $get->{headers}{$_}, "and its $_") for qw(etag content-type content-length);
    is($t->req(HEAD => "$MODELS/$NOWHERE", token => $token)->{status}, 404, 'HEAD of nothing');
    is($get->{headers}{'access-control-allow-origin'}, '*', 'any origin may read');
    like($get->{headers}{'access-control-expose-headers'}, qr/\bETag\b.*\bX-Request-Id\b/, 'and the headers it needs');
    my $r = $t->req(OPTIONS => "$MODELS/$id", headers => [ Origin => 'https://console.example', 'Access-Control-Request-Method' => 'PATCH' ]);
    is($r->{status} . $r->{body}, '204', 'a preflight needs no token');
    like($r->{headers}{'access-control-allow-methods'}, qr/\b$_\b/, "$_ allowed") for qw(GET HEAD PATCH OPTIONS);
    like($r->{headers}{'access-control-allow-headers'}, qr/\b$_\b/i, "$_ allowed") for qw(Authorization Content-Type If-Match);
    is($t->req(OPTIONS => "$MODELS/$id/unarchive")->{headers}{allow}, 'POST, OPTIONS', 'Allow tells the methods');
    error_is($t->req(OPTIONS => "$MODELS/$id/nothing"), 404, 'RESOURCE_NOT_FOUND', 'OPTIONS of no address');
    is($t->req(GET => "$MODELS/$NOWHERE")->{headers}{'access-control-allow-origin'}, '*', 'errors too can be read by a page');
};

subtest 'who is refused' => sub {
    my $id = model($t)->{id};
    unchanged($t, 'all of them', sub {
        my $r = act($t, $id, 'unarchive', token => undef);
        error_is($r, 401, 'AUTH_REQUIRED', 'no Authorization header');
        unlike($r->{headers}{'www-authenticate'}, qr/error=/, 'a challenge without an error');
        like($r->{headers}{'www-authenticate'}, qr/^Bearer realm=/, 'of the scheme Bearer');
        $r = act($t, $id, 'unarchive', token => 'nonsense');
        error_is($r, 401, 'AUTH_INVALID', 'no token');
        like($r->{headers}{'www-authenticate'}, qr/^Bearer .*error="invalid_token"/, 'a challenge with one');
        error_is($t->req(GET => $MODELS, headers => [ Authorization => $_ ]), 401, 'AUTH_INVALID', "Authorization: $_") for "Basic YTpi", "Token $token", 'Bearer', $token;
        error_is($t->req(GET => "$MODELS?access_token=$token"), 401, 'AUTH_REQUIRED', 'a token in the address is none');
        error_is(act($t, $_, 'unarchive', token => $t->reader), $_ eq $id ? (403, 'PERMISSION_DENIED') : (404, 'RESOURCE_NOT_FOUND'), "a reader, $_") for $id, $NOWHERE;
        error_is(create(good(), token => $t->reader), 403, 'PERMISSION_DENIED', 'a reader creates nothing');
        error_is(act($t, $id, 'unarchive', token => $t->other), 404, 'RESOURCE_NOT_FOUND', "another organization's model");
    });
    is($t->req(GET => $MODELS, headers => [ Authorization => "bEaReR   $token" ])->{status}, 200, 'the scheme in any case');
    act($t, $id, 'archive');
    is(act($t, $id, 'unarchive', token => $t->member)->{status}, 200, 'model:write is enough');
};

subtest 'addresses' => sub {
    error_is($t->req(GET => "$MODELS$_", token => $token), 404, 'RESOURCE_NOT_FOUND', $_) for "/$NOWHERE/nothing", "/$NOWHERE/train/x/y", '/a/b/c/d', "//$NOWHERE";
    my $r = $t->req(DELETE => "$MODELS/$NOWHERE", token => $token);
    error_is($r, 405, 'METHOD_NOT_ALLOWED', 'DELETE');
    is($r->{headers}{allow}, 'GET, HEAD, PATCH, OPTIONS', 'Allow');
    is($t->req(GET => "$MODELS/", token => $token)->{status}, 200, 'a slash at the end is let be');
    problem_is($t->req(GET => $_), 404, "$_ belongs to no dialect") for '/api', '/api/v1', '/api/v1/modelsx', '/api/v1/Models', '/nothing';
};

$t->finish;
