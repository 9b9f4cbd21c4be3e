#!/usr/bin/perl
# Registered models through the registry dialect: how they come to be, each field, the lists
# with their filters and orders, changes, stages, retirement, roles; who sees and may do
# what; many at once; and that the model is the same one in every dialect.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Foundry;
use Registry;

my $t = Thaw->new(workers => 12);
my $token = $t->admin;
$t->$_ for qw(reader member other);
my %BINARY = (target => { name => 'churn', type => 'Binary', classNames => [ 'yes', 'no' ] });
my %who = people($t, qw(owner userly observer stranger second));
my %id_of = map { $_ => hex_of(usr($t, $_)) } 'admin', 'member', 'reader', sort keys %who;
sub json_from { my ($body, %o) = @_; return reg($t, POST => 'modelPackages/fromJSON/', body => { name => 'p', target => { name => 'churn', type => 'Regression' }, %$body }, %o) }
sub patch { my ($id, $body, %o) = @_; return e($t, 'E13', { id => $id }, body => $body, %o) }
sub change { my ($v, $body, %o) = @_; return reg($t, PATCH => "registeredModels/$v->{registeredModelId}/versions/$v->{id}/", body => $body, %o) }
sub versions { my ($id, $query, %o) = @_; return e($t, 'E17', { id => $id }, query => $query, %o) }
sub tally { my %n; $n{ $_->{status} }++ for @_; return join ' ', map { "$_:$n{$_}" } sort keys %n }
# A local model of owner's, with a USER and an OBSERVER.
sub shared {
    my $v = external($t, token => $who{owner}, @_);
    share($t, $v->{registeredModelId}, [ [ USER => user => 'userly' ], [ OBSERVER => user => 'observer' ] ], token => $who{owner})->{status} == 204 or die 'share';
    return $v;
}

# --- how they come to be -------------------------------------------------------------------

scene 'every package registers' => sub {
    my $first = external($t, name => 'Twice');
    my $m = registered($t, $first->{registeredModelId});
    is($m->{name}, 'Twice', 'given neither name nor id, then a new model named like the package');
    is(join('|', map { registered($t, external($t, name => 'Twice')->{registeredModelId})->{name} } 1 .. 3), 'Twice (2)|Twice (3)|Twice (4)', 'when that name is taken, then (2), (3) rather than a failure');
    my $named = external($t, registeredModelName => 'Asked for');
    is(registered($t, $named->{registeredModelId})->{name}, 'Asked for', 'given a name, then a new model of it');
    unchanged($t, 'a name that is taken', sub {
        my $r = json_from({ registeredModelName => 'Asked for' });
        refused($r, 422, qr/already in use|already exist/, 'given that name again, then 422');
        like($r->{body}, qr/already in use|already exist|is already used/, 'in words that a client looks for');
        refused(json_from({ registeredModelName => 'x', registeredModelId => $named->{registeredModelId} }), 422, undef, 'given both, then 422');
    });
    my $next = external($t, registeredModelId => $named->{registeredModelId});
    is("$next->{registeredModelId} $next->{registeredModelVersion}", "$named->{registeredModelId} 2", 'given an id, then its next version');
    is(registered($t, $named->{registeredModelId})->{lastVersionNum}, 2, 'which lastVersionNum tells');
    model($t, name => 'Of another dialect');
    refused(json_from({ registeredModelName => 'Of another dialect' }), 422, qr/already in use|already exist/, 'names are unique in every dialect');
    error_is($t->req(POST => $MODELS, token => $token, body => { name => 'Asked for', model_type => 'auto', task_type => 'clustering' }), 409, 'CONFLICT', 'and there', 'name');
    is(json_from({ registeredModelName => 'Asked for' }, token => $t->other)->{status}, 201, 'another organization has its own names');
};

scene 'a version matches its model' => sub {
    my %times = (timeseries => { datetimeColumnName => 'at', forecastDistances => [ 1, 2 ], forecastDistancesTimeUnit => 'DAY' });
    my $binary = external($t, %BINARY);
    my $series = external($t, %times);
    my $append = sub { my ($to, %with) = @_; return json_from({ registeredModelId => $to->{registeredModelId}, %with }) };
    unchanged($t, 'what does not match', sub {
        refused($append->($binary, target => { %{ $BINARY{target} }, @{ $_->[0] } }), 422, qr/target|class/i, "given another $_->[1], then 422") for
            [ [ name => 'other' ], 'target name' ], [ [ type => 'Multiclass' ], 'target type' ], [ [ classNames => [ 'yes', 'maybe' ] ], 'class name' ];
        refused($append->($series), 422, undef, 'given no time series settings, then 422');
        refused($append->($series, timeseries => { %{ $times{timeseries} }, seriesColumnName => 's' }), 422, undef, 'given others, then 422');
        refused($append->($binary, target => { name => 'churn', type => 'Regression' }), 422, undef, 'given all of another, then 422');
    });
    is($append->($series, %times)->{status}, 201, 'given the same settings, then 201');
    is($append->($binary, target => { %{ $BINARY{target} }, predictionThreshold => 0.2 })->{status}, 201, 'the threshold is each version\'s own');
    my $mixed = from_leaderboard($t, imported($t)->{modelId}, registeredModelId => $binary->{registeredModelId});
    is("$mixed->{modelExecutionType} $mixed->{registeredModelVersion}", 'dedicated 3', 'versions of different kinds mix');
};

# --- the list -----------------------------------------------------------------------------------

scene 'E10: the list' => sub {
    $t->org('Lists');
    $t->user($_, role => 'admin', org => 'Lists') for 'lister', 'colleague';
    my ($mine, $theirs) = map { $t->token($_) } 'lister', 'colleague';
    my (%letter, %made);
    my $make = sub { my ($letter, %with) = @_; $made{$letter} = external($t, token => $mine, %with); $letter{ $made{$letter}{registeredModelId} } = $letter };
    my $list = sub { my ($query, %o) = @_; return e($t, 'E10', {}, token => $mine, query => $query, %o) };
    my $letters = sub { my $r = $list->(@_); join '', map { $letter{ $_->{id} } // '?' } @{ $r->{json}{data} } };
    my $page = answered($list->(''), 'E10', 'given nothing');
    is(json($page), '{"count":0,"data":[],"next":null,"previous":null,"totalCount":0}', 'an empty page with all five members');

    $make->(a => registeredModelName => 'Zulu', tags => [ { name => 'team', value => 'risk' }, { name => 'tier', value => 'gold' } ]);
    $make->(b => registeredModelName => 'Alpha 50%', tags => [ { name => 'team', value => 'gold' } ], target => { name => 'revenue', type => 'Regression' });
    $make->(c => registeredModelName => 'Mike', %BINARY);
    $make->(d => registeredModelName => 'Bravo', registeredModelTags => [ { name => 'team', value => 'risk' } ]);
    $make->(e => registeredModelName => 'Echo', token => $theirs, target => { %{ $BINARY{target} }, predictionThreshold => 0.3 });
    $letter{ $made{e}{registeredModelId} } = 'e';
    is(change($made{e}, { stage => 'Staging' }, token => $mine)->{status}, 200, 'given five models, of the last a version in Staging');
    my $second = external($t, token => $mine, registeredModelId => $made{e}{registeredModelId}, %BINARY);
    is(change($second, { stage => 'Production' }, token => $mine)->{status}, 200, 'and one in Production');

    $page = answered($list->(''), 'E10', 'when they are listed');
    is(join('', map { $letter{ $_->{id} } } @{ $page->{data} }), 'edcba', 'newest first');
    for ([ createdAt => 'abcde' ], [ name => 'bdeca' ]) {
        is($letters->("sortKey=$_->[0]"), $_->[1], "sortKey=$_->[0]: ascending");
        is($letters->("sortKey=$_->[0]&sortDirection=asc"), $_->[1], 'asc');
        is($letters->("sortKey=$_->[0]&sortDirection=desc"), scalar reverse($_->[1]), 'desc');
    }
    patch($made{b}{registeredModelId}, { description => 'touched' }, token => $mine);
    is(substr($letters->('sortKey=modifiedAt&sortDirection=desc'), 0, 1), 'b', 'sortKey=modifiedAt: what was changed last');
    is(substr($letters->('sortKey=modifiedAt'), -1), 'b', 'comes last in ascending order');

    is($letters->("$_->[0]&sortKey=createdAt"), $_->[1], "given $_->[0]") for
        [ 'search=ALPHA', 'b' ], [ 'search=0%25', 'b' ], [ 'search=_', '' ], [ 'search=touched', '' ], [ 'targetName=revenue', 'b' ], [ 'targetName=REVENUE', '' ], [ 'targetType=Binary', 'ce' ], [ 'targetType=Binary&targetName=churn&search=mike', 'c' ],
        [ 'createdBy=colleague%40main.example', 'e' ], [ 'createdBy=lister%40main.example', 'abcd' ], [ 'createdBy=lister', '' ], [ 'createdBy=nobody%40main.example', '' ],
        [ 'stage=Staging', 'e' ], [ 'stage=Production', 'e' ], [ 'stage=Registered', 'abcd' ], [ 'stage=Development', '' ], [ 'predictionThreshold=0.3', 'e' ], [ 'predictionThreshold=0.5', 'ce' ],
        [ 'predictionThreshold=0.3&stage=Staging', 'e' ], [ 'predictionThreshold=0.3&stage=Production', '' ], [ 'predictionThreshold=0.5&stage=Production', 'e' ],
        [ 'isGlobal=true', '' ], [ 'isGlobal=false', 'abcde' ], [ 'tagKeys=team', 'abd' ], [ 'tagKeys=tier,team', 'abd' ], [ 'tagKeys=tier&tagKeys=team', 'abd' ], [ 'tagKeys=tier', 'a' ], [ 'tagValues=gold', 'ab' ],
        [ 'tagValues=gold&tagValues=risk', 'abd' ], [ 'tagKeys=team&tagValues=gold', 'b' ], [ 'tagKeys=team&tagValues=risk', 'ad' ], [ 'tagKeys=tier&tagValues=risk', '' ], [ 'tagKeys=none', '' ];
    is(patch($made{c}{registeredModelId}, { isGlobal => true }, token => $mine)->{status}, 200, 'when one is made global');
    is($letters->('isGlobal=True') . ' ' . $letters->('isGlobal=0&sortKey=createdAt'), 'c abde', 'then isGlobal tells them apart');

    # times: at or after the start, before the end; without a zone they are UTC
    my %at = map { $_ => registered($t, $made{$_}{registeredModelId}, token => $mine)->{createdAt} } 'b', 'd';
    my $quoted = sub { $_[0] =~ s/\+/%2B/gr };
    is($letters->("createdAtStartTs=$at{b}&createdAtEndTs=$at{d}&sortKey=createdAt"), 'bc', 'createdAtStartTs is in, createdAtEndTs is not');
    for my $spelled ($at{b} =~ s/Z$//r, $at{b} =~ s/Z$/+00:00/r, $at{b} =~ s/Z$/%2B00:00/r) {
        is($letters->('sortKey=createdAt&createdAtStartTs=' . $quoted->($spelled)), 'bcde', "given $spelled, then the same instant");
    }
    is($letters->('sortKey=createdAt&createdAtStartTs=' . $quoted->($at{b} =~ s/Z$/+01:00/r)), 'abcde', 'given a zone, then it counts');
    is($letters->('createdAtEndTs=2020-01-01T00:00:00'), '', 'before all');
    my $modified = registered($t, $made{c}{registeredModelId}, token => $mine)->{modifiedAt};
    is($letters->("modifiedAtStartTs=$modified"), 'c', 'modifiedAtStartTs');
    is(length $letters->("modifiedAtEndTs=$modified"), 4, 'modifiedAtEndTs');

    is(join('', map { $letter{ $_->{id} } } walk($t, "$API/registeredModels/?limit=2&sortKey=createdAt&isGlobal=False", token => $mine)), 'abde', 'to the end, every filter retained');
    e($t, 'E11', { id => $made{a}{registeredModelId} }, token => $mine);
    is($letters->('sortKey=createdAt'), 'bcde', 'archived models are hidden');
    is($list->('')->{json}{totalCount}, 4, 'and not counted');
};

scene 'E10: a walk while others insert' => sub {
    $t->org('Walks');
    $t->user('walker', role => 'admin', org => 'Walks');
    my @with = (token => $t->token('walker'));
    my @there = map { external($t, @with)->{registeredModelId} } 1 .. 13;
    my %seen;
    $seen{ $_->{id} }++ for walk($t, "$API/registeredModels/?limit=3", @with, between => sub { external($t, @with) });
    is(join(' ', grep { !$seen{$_} } @there), '', 'given models that are inserted, then none that was there is missing');
    my $of = $there[0];
    my $writer = background(sub { external($t, @with, registeredModelId => $of) for 1 .. 12 });
    my @numbers = map { $_->{registeredModelVersion} } walk($t, "$API/registeredModels/$of/versions/?limit=2&sortKey=version&sortDirection=asc", @with);
    $writer->();
    is("@numbers", join(' ', 1 .. @numbers), 'versions, ascending: each once, without a gap');
    is(registered($t, $of, @with)->{lastVersionNum}, 13, 'however many there are in the end');
};

# --- one model -------------------------------------------------------------------------------------

scene 'E12: each field' => sub {
    my $v = external($t, token => $who{owner}, registeredModelName => 'Fields', registeredModelDescription => 'described');
    my $r = e($t, 'E12', { id => $v->{registeredModelId} }, token => $who{owner});
    my $m = answered($r, 'E12', 'given a model');
    is(json($m->{createdBy}), json({ email => 'owner@main.example', id => $id_of{owner}, name => $m->{createdBy}{name} }), 'createdBy');
    is("$m->{modifiedBy}{email} $m->{modifiedBy}{id}", "owner\@main.example $id_of{owner}", 'modifiedBy');
    is(join('|', @$m{qw(id name description lastVersionNum)}, json([ @$m{qw(isArchived isGlobal)} ])), "$v->{registeredModelId}|Fields|described|1|[false,false]", 'id, name, description, lastVersionNum; local');
    is(json($m->{target}), '{"name":"churn","type":"Regression"}', 'target');
    is($m->{modifiedAt}, $m->{createdAt}, 'modified when created');
    is(registered($t, external($t)->{registeredModelId})->{description}, '', 'a description is never null');
};

scene 'E13: changes' => sub {
    my $v = external($t, registeredModelName => 'Before');
    my $id = $v->{registeredModelId};
    my $was = registered($t, $id);
    my $r = patch($id, { name => 'After' });
    my $m = answered($r, 'E13', 'given a name');
    is($m->{name}, 'After', 'then it has it');
    cmp_ok($m->{modifiedAt}, 'gt', $was->{modifiedAt}, 'modifiedAt is set');
    is($m->{createdAt}, $was->{createdAt}, 'createdAt is not');
    is(e($t, 'E12', { id => $id })->{body}, $r->{body}, 'E12 gives the same bytes');
    is(patch($id, { description => 'd' x 2048 })->{json}{description}, 'd' x 2048, 'a description of 2048');
    is(patch($id, { description => '' })->{json}{description}, '', 'and none');
    is(patch($id, { name => 'n' x 1024 })->{json}{name}, 'n' x 1024, 'a name of 1024');
    is(patch($id, { name => 'After' })->{json}{name}, 'After', 'again');
    is(json(patch($id, { isGlobal => $_ })->{json}{isGlobal}), json($_), 'isGlobal ' . json($_)) for true, false;
    is(patch($id, { name => 'All', description => 'of it', isGlobal => true })->{json}{description}, 'of it', 'all at once');
    external($t, registeredModelName => 'Taken');
    unchanged($t, 'what is refused', sub {
        refused(patch($id, { $_->[0] => $_->[1] }), 422, undef, "given $_->[0] " . substr(json($_->[1]), 0, 20) . ', then 422', $_->[0]) for [ name => '' ], [ name => 'x' x 1025 ], [ name => 5 ], [ name => undef ],
            [ description => 'x' x 2049 ], [ description => 5 ], [ isGlobal => 'true' ], [ isGlobal => 1 ], [ isGlobal => undef ];
        refused(patch($id, { name => 'Taken' }), 422, qr/already in use|already exist/, 'given a name in use, then 422');
        refused(patch($id, { target => {} }), 422, qr/not allowed key/, 'given another key, then 422', 'target');
    });
    my $global = external($t, token => $who{owner});
    patch($global->{registeredModelId}, { isGlobal => true }, token => $who{owner});
    $m = answered(patch($global->{registeredModelId}, { description => 'by another' }, token => $who{stranger}), 'E13', 'given model:write, a global model can be changed');
    is($m->{modifiedBy}{email}, 'stranger@main.example', 'modifiedBy tells who did');
    is($m->{createdBy}{email}, 'owner@main.example', 'createdBy stays');
};

scene 'E11: retirement' => sub {
    my $v = shared(registeredModelName => 'To retire');
    my $id = $v->{registeredModelId};
    my $second = external($t, token => $who{owner}, registeredModelId => $id);
    unchanged($t, 'who is no owner', sub {
        refused(e($t, 'E11', { id => $id }, token => $who{$_}), 403, undef, "given $_, then 403") for qw(userly observer);
        refused(e($t, 'E11', { id => $id }, token => $who{stranger}), 404, undef, 'given a stranger, then 404');
    });
    answered(e($t, 'E11', { id => $id }, token => $who{owner}), 'E11', 'given its owner');
    my $r = e($t, 'E12', { id => $id }, token => $who{owner});
    my $m = answered($r, 'E12', 'then it can still be read');
    is(json([ @$m{qw(isArchived lastVersionNum name)} ]), '[true,2,"To retire"]', 'isArchived, with its versions and its name');
    is(join(' ', map { $_->{registeredModelVersion} . json($_->{isArchived}) . $_->{stage} } @{ versions($id, '', token => $who{owner})->{json}{data} }), '2trueArchived 1trueArchived', 'every version is archived');
    answered(e($t, 'E4', { id => $_ }, token => $who{owner}), 'E4', 'a package of it can be read') for $v->{id}, $second->{id};
    is(scalar(grep { $_->{id} eq $id } walk($t, "$API/registeredModels/", token => $who{owner})), 0, 'it is hidden in the list');
    is(scalar(grep { $_->{registeredModelId} eq $id } walk($t, "$API/modelPackages/", token => $who{owner})), 0, 'so are its packages');
    is(audits($t, $id, 'model.deleted'), 1, 'one audit row');
    unchanged($t, 'what cannot follow', sub {
        refused(patch($id, { description => 'x' }, token => $who{owner}), 422, qr/archived/i, 'a change: 422');
        refused(json_from({ registeredModelId => $id }, token => $who{owner}), 422, undef, 'a version: 422');
        refused(change($v, { name => 'x' }, token => $who{owner}), 422, qr/archived/i, 'a change of a version: 422');
        my $unarchive = act($t, "mdl-$id", 'unarchive', token => $who{owner});
        error_is($unarchive, 409, 'CONFLICT', 'unarchive in the models dialect: 409', 'status');
        like("$unarchive->{json}{error}{message} $unarchive->{json}{error}{details}{reason}", qr/permanent|for good/, 'which says that it is permanent');
    });
    my $again = external($t, registeredModelName => 'To retire');
    isnt($again->{registeredModelId}, $id, 'its name is free again');
    is(get($t, "mdl-$id", token => $who{owner})->{json}{status}, 'archived', 'in the models dialect it reads archived');
    e($t, 'E11', { id => $id }, token => $who{owner});
    is(audits($t, $id, 'model.deleted'), 1, 'a repetition retires nothing twice');
    is(e($t, 'E11', { id => external($t, token => $who{owner})->{registeredModelId} })->{status}, 204, 'an administrator may');
};

scene 'archived in the models dialect, reversibly' => sub {
    my $v = external($t, registeredModelName => 'Put away', registeredModelDescription => 'd');
    my ($id, $before) = ($v->{registeredModelId}, registered($t, $v->{registeredModelId}));
    is(act($t, "mdl-$id", 'archive')->{status}, 200, 'given a model that was archived there');
    is(json([ @{ registered($t, $id) }{qw(isArchived name)} ]), '[true,"Put away"]', 'then it is archived here, and keeps its name');
    is(json(e($t, 'E4', { id => $v->{id} })->{json}{isArchived}), 'false', 'a package only when it is permanent');
    is(scalar(grep { $_->{id} eq $id } walk($t, "$API/registeredModels/")), 0, 'hidden');
    is(scalar(grep { $_->{registeredModelId} eq $id } walk($t, "$API/modelPackages/")), 0, 'its packages too');
    refused(patch($id, { description => 'x' }), 422, qr/archived/i, 'a change is refused');
    refused(json_from({ registeredModelId => $id }), 422, undef, 'so is a version');
    refused(json_from({ registeredModelName => 'Put away' }), 422, qr/already in use|already exist/, 'and its name');
    is(act($t, "mdl-$id", 'unarchive')->{json}{status}, 'ready', 'when it is unarchived there: ready, since it has a version');
    my $m = registered($t, $id);
    is(json($m->{isArchived}), 'false', 'then it is here again');
    is(json([ @$m{qw(description lastVersionNum target isGlobal)} ]), json([ @$before{qw(description lastVersionNum target isGlobal)} ]), 'as it was');
    is(scalar(grep { $_->{id} eq $id } walk($t, "$API/registeredModels/")), 1, 'listed');
    act($t, "mdl-$id", 'archive');
    answered(e($t, 'E11', { id => $id }), 'E11', 'from any state it can be retired');
    for my $verb (qw(unarchive archive)) {
        my $r = act($t, "mdl-$id", $verb);
        error_is($r, 409, 'CONFLICT', 'and then it stays', 'status');
        is($r->{json}{error}{message}, 'The model has been permanently retired', "$verb says so");
    }
};

scene 'in the trash of foundry' => sub {
    my $v = external($t, registeredModelName => 'In the trash');
    my ($id, $rid) = ($v->{registeredModelId}, rid_of(model => "mdl-$v->{registeredModelId}"));
    is(fs($t, DELETE => "resources/$rid")->{status}, 204, 'given a model that foundry puts into the trash');
    is(json(registered($t, $id)->{isArchived}), 'true', 'then it is archived here');
    is(scalar(grep { $_->{id} eq $id } walk($t, "$API/registeredModels/")), 0, 'and hidden');
    refused(patch($id, { description => 'x' }), 422, qr/archived/i, 'nor can it be changed');
    is(fs($t, POST => "resources/$rid/restore")->{status}, 204, 'when it is restored there');
    is(scalar(grep { $_->{id} eq $id } walk($t, "$API/registeredModels/")), 1, 'then it is here again');
    fs($t, DELETE => "resources/$rid");
    is(fs($t, POST => "resources/$rid/permanentlyDelete")->{status}, 204, 'when it is deleted there for good');
    is(join(' ', map { json($_->{isArchived}) . $_->{stage} } @{ versions($id, '')->{json}{data} }), 'trueArchived', 'then its versions are archived for good');
    is(json_from({ registeredModelName => 'In the trash' })->{status}, 201, 'and its name is free');
};

# --- versions -----------------------------------------------------------------------------------------

scene 'E17: versions, their orders and filters' => sub {
    my $board = imported($t, originalFileName => 'a.mlpkg', modelType => 'Gradient');
    my $one = external($t, %BINARY, name => 'Zulu', target => { %{ $BINARY{target} }, predictionThreshold => 0.3 }, modelDescription => { modelName => 'Lasso', description => 'plain' }, tags => [ { name => 'k', value => 'v' } ]);
    my $id = $one->{registeredModelId};
    my $two = external($t, %BINARY, registeredModelId => $id, name => 'Alpha', modelDescription => { modelName => 'Ridge' }, tags => [ { name => 'v', value => 'k' } ]);
    my $three = from_leaderboard($t, $board->{modelId}, registeredModelId => $id, name => 'Mike');
    share($t, $id, [ [ USER => user => 'second' ] ]);
    my $four = external($t, %BINARY, token => $who{second}, registeredModelId => $id, name => 'Bravo', modelDescription => { modelName => 'Tree' });
    change($two, { stage => 'Production' });
    e($t, 'E5', { id => $four->{id} });
    my $numbers = sub { my $r = versions($id, @_); join ' ', map { $_->{registeredModelVersion} } @{ $r->{json}{data} } };
    my $page = answered(versions($id, ''), 'E17', 'given four versions, the last of them archived');
    is(join(' ', map { $_->{registeredModelVersion} } @{ $page->{data} }), '4 3 2 1', 'the highest first, the archived one with them');
    is(join(' ', map { json($_->{isArchived}) } @{ $page->{data} }), 'true false false false', 'saying so');
    is($numbers->("$_->[0]"), $_->[1], "given $_->[0]") for
        [ 'sortKey=version', '1 2 3 4' ], [ 'sortKey=version&sortDirection=desc', '4 3 2 1' ], [ 'sortKey=createdAt&sortDirection=asc', '1 2 3 4' ], [ 'sortKey=createdAt&sortDirection=desc', '4 3 2 1' ],
        [ 'sortKey=modelType&sortDirection=asc', '3 1 2 4' ], [ 'sortKey=modelType&sortDirection=desc', '4 2 1 3' ];
    is(join(' ', sort split / /, $numbers->("sortKey=status&sortDirection=$_")), '1 2 3 4', "sortKey=status $_") for qw(asc desc);
    change($one, { name => 'Zulu' . ' changed' });
    is(substr($numbers->("sortKey=$_&sortDirection=desc"), 0, 1), '1', "sortKey=$_: what was changed last") for qw(updatedAt modifiedAt);
    is($numbers->("$_->[0]"), $_->[1], "given $_->[0]") for
        [ 'stage=Production', '2' ], [ 'stage=Archived', '4' ], [ 'stage=Registered', '3 1' ], [ 'search=RIDGE', '2' ], [ 'search=zulu', '1' ], [ 'search=plain', '1' ], [ 'search=%25', '' ], [ 'createdBy=second%40main.example', '4' ],
        [ 'createdBy=admin%40main.example', '3 2 1' ], [ 'predictionThreshold=0.3', '1' ], [ 'predictionThreshold=0.5', '4 3 2' ], [ 'imported=true', '3' ], [ 'imported=False', '4 2 1' ], [ 'buildStatus=inProgress', '3' ],
        [ 'buildStatus=complete', '4 2 1' ], [ 'modelKind=dedicated', '3' ], [ 'modelKind=externalModel', '4 2 1' ], [ 'targetName=churn', '4 3 2 1' ], [ 'targetName=x', '' ], [ 'targetType=Regression', '' ],
        [ "compatibleWithLeaderboardModelId=$board->{modelId}", '3' ], [ 'tagKeys=k', '1' ], [ 'tagValues=k', '2' ], [ 'tagKeys=k&tagValues=k', '' ], [ 'tags=k', '1' ], [ 'tags=k&tags=v', '2 1' ], [ 'limit=2', '4 3' ], [ 'limit=2&offset=3', '1' ],
        [ 'predictionThreshold=0.5&stage=Production', '2' ], [ 'predictionThreshold=0.3&stage=Production', '' ];
    is($numbers->("compatibleWithModelPackageId=$one->{id}") =~ s/ ?\b1\b//r, '4 3 2', 'compatibleWithModelPackageId: the same five keys');
    is($numbers->("compatibleWithModelPackageId=$one->{id}&forChallenger=true"), '3', 'forChallenger: instead of the external ones');
    is(join(' ', map { $_->{registeredModelVersion} } walk($t, "$API/registeredModels/$id/versions/?limit=1&imported=false")), '4 2 1', 'to the end');
    my $r = e($t, 'E18', { id => $id, vid => $two->{id} });
    is(answered($r, 'E18', 'one of them')->{stage}, 'Production', 'by its id');
    is($r->{body}, e($t, 'E4', { id => $two->{id} })->{body}, 'the same record as the package');
};

scene 'use cases' => sub {
    my $r = reg($t, POST => 'useCases/', body => { name => 'Churn prevention', description => 'x' });
    is($r->{status}, 201, 'given a use case') or diag $r->{raw};
    my $case = $r->{json};
    fits_ok(UseCase => $case, 'which is shown');
    my $v = external($t);
    $r = reg($t, POST => "useCases/$case->{id}/registeredModelVersions/$v->{id}/", body => {});
    like($r->{status}, qr/^20[01]$/, 'when a version is added to it');
    is(ref $r->{json}, 'HASH', 'with a JSON body');
    my $details = e($t, 'E4', { id => $v->{id} })->{json}{sourceMeta}{useCaseDetails};
    fits_ok(S36 => $details, 'then the version names it');
    is("$details->{id} $details->{name} $details->{creatorEmail}", "$case->{id} Churn prevention admin\@main.example", 'with its name and creator');
    is(join(' ', map { $_->{id} } @{ versions($v->{registeredModelId}, "useCaseId=$case->{id}")->{json}{data} }), $v->{id}, 'useCaseId finds it');
    is(json(versions($v->{registeredModelId}, "useCaseId=$NO_ID")->{json}{data}), '[]', 'another does not');
    is(reg($t, GET => "useCases/$case->{id}/")->{json}{modelsCount}, 1, 'modelsCount');
    my @cases = @{ reg($t, GET => 'useCases/')->{json}{data} };
    is(scalar(grep { $_->{id} eq $case->{id} } @cases), 1, 'it is listed');
    fits_ok(UseCase => $_, 'in the list') for @cases;
    like(reg($t, DELETE => "useCases/$case->{id}/registeredModelVersions/$v->{id}/")->{status}, qr/^20[04]$/, 'when it is taken out');
    ok(!exists e($t, 'E4', { id => $v->{id} })->{json}{sourceMeta}{useCaseDetails}, 'then it is left out');
    refused(reg($t, GET => "useCases/$case->{id}/", token => $t->other), 404, undef, "another organization's");
};

scene 'a version can be changed' => sub {
    my $v = external($t, %BINARY, name => 'Old', tags => [ { name => 'a', value => '1' } ]);
    my $r = change($v, { name => 'New' });
    is($r->{status}, 200, 'given a name, then 200') or diag $r->{raw};
    fits_ok(S21 => $r->{json}, 'the version');
    is($r->{json}{name}, 'New', 'with it');
    cmp_ok($r->{json}{updatedAt}, 'gt', $v->{updatedAt}, 'updatedAt is set');
    is(e($t, 'E4', { id => $v->{id} })->{body}, $r->{body}, 'the package is the same');
    is(change($v, { predictionThreshold => $_ })->{json}{target}{predictionThreshold}, $_, "a threshold of $_") for 0.75, 0, 1;
    is(json([ map { "$_->{name}=$_->{value}" } @{ change($v, { tags => [ { name => 'b', value => '2' }, { name => 'c', value => '' } ] })->{json}{tags} } ]), '["b=2","c="]', 'tags: these');
    is(json(change($v, { tags => [] })->{json}{tags}), '[]', 'and none');
    for my $stage (qw(Development Staging Production Archived Registered)) {
        my $at = change($v, { stage => $stage })->{json};
        is("$at->{stage} " . json($at->{isArchived}), "$stage false", "stage $stage; a stage is not permanent");
    }
    is(change($v, { name => 'All', predictionThreshold => 0.1, stage => 'Staging', archiveExistingVersions => false, tags => [ { name => 'x', value => 'y' } ] })->{json}{stage}, 'Staging', 'all at once');
    is(change($v, { bogus => 1, name => 'Lenient' })->{status}, 200, 'an unknown key is let be here');
    my $regression = external($t);
    unchanged($t, 'what is refused', sub {
        refused(change($v, { $_->[0] => $_->[1] }), 422, undef, "given $_->[0] " . substr(json($_->[1]), 0, 20) . ', then 422', $_->[2] // $_->[0]) for [ name => '' ], [ name => 'x' x 1025 ], [ name => 5 ],
            [ predictionThreshold => 1.1 ], [ predictionThreshold => -0.1 ], [ predictionThreshold => '0.5' ], [ stage => 'staging' ], [ stage => 'None' ], [ stage => 5 ];
        refused(change($v, { tags => [ { value => 'x' } ] }), 422, undef, 'given a tag without a name, then 422');
        refused(change($v, { stage => 'Production', archiveExistingVersions => 'yes' }), 422, undef, 'given no boolean, then 422', 'archiveExistingVersions');
        refused(change($regression, { predictionThreshold => 0.5 }), 422, undef, 'given a threshold where the target is not binary, then 422', 'predictionThreshold');
        refused(reg($t, PATCH => "registeredModels/$regression->{registeredModelId}/versions/$v->{id}/", body => { name => 'x' }), 404, undef, "given another model's version, then 404");
    });
    e($t, 'E5', { id => $v->{id} });
    unchanged($t, 'archived for good', sub { refused(change($v, { stage => 'Production' }), 422, qr/archived/i, 'given a version archived for good, then 422') });
};

scene 'a version that is archived for good' => sub {
    my $v = external($t);
    my $next = external($t, registeredModelId => $v->{registeredModelId});
    my ($id, $target, $rid) = ("mdl-$v->{registeredModelId}", foundry_model($t), rid_of(version => $v->{id}));
    my $restore = sub { $t->req(POST => "$MODELS/$id/versions/ver-00$_[0]/restore", token => $token) };
    change($v, { stage => 'Archived' });
    is($restore->(1)->{status}, 200, 'given one in the stage Archived, then it is restored in the models dialect');
    is(promote($t, $target, $rid)->{status}, 200, 'and promoted in foundry');
    is(act($t, $id, $_)->{status}, 200, "$_ of its model") for qw(archive unarchive);
    is($restore->(1)->{status}, 200, 'is for a while');
    is($restore->(2)->{status}, 200, 'when another one is active');
    is(e($t, 'E5', { id => $v->{id} })->{status}, 204, 'and it is archived for good');
    unchanged($t, 'archived for good', sub {
        error_is($restore->(1), 409, 'CONFLICT', 'then it is not restored', 'status');
        fault_is(promote($t, $target, $rid), 409, 'CONFLICT', 'Default:Conflict', {}, 'nor promoted', 'The model version has been permanently archived');
    });
    is($restore->(2)->{status}, 200, 'another one is');
};

scene 'a promotion of a package' => sub {
    my $v = external($t, name => 'Original', description => 'said', %BINARY, modelDescription => { modelName => 'trees' });
    my $case = reg($t, POST => 'useCases/', body => { name => 'of it' })->{json}{id};
    is(reg($t, POST => "useCases/$case/registeredModelVersions/$v->{id}/", body => {})->{status}, 201, 'given a package in a use case');
    my $next = external($t, name => 'Next', %BINARY);
    my $into = sub { promote($t, rid_of(model => "mdl-$_[0]{registeredModelId}"), rid_of(version => $_[1]{id})) };
    my $copied = sub { reg($t, GET => 'modelPackages/' . hex_of_rid($_[0]{json}{rid}) . '/')->{json} };
    my $r = $into->($next, $v);
    is($r->{status}, 200, 'when it is promoted into a model of its target') or diag $r->{raw};
    my $copy = $copied->($r);
    is(json([ @$copy{qw(registeredModelId registeredModelVersion)} ]), json([ $next->{registeredModelId}, 2 ]), 'then it is the next version of that');
    is(json($copy->{$_}), json($v->{$_}), "with its own $_") for qw(name description target modelDescription modelKind modelExecutionType);
    is($copy->{sourceMeta}{useCaseDetails}, undef, 'in no use case');
    is("$copy->{modelId} $copy->{stage} $copy->{buildStatus}", "$copy->{id} Registered complete", 'of its own');
    $t->sql("UPDATE model_versions SET build_status = 'failed' WHERE id = UNHEX('$v->{id}')");
    is($copied->($into->($next, $v))->{buildStatus}, 'failed', 'what was not built is not by a copy');
    my %other = (name => { name => 'other', type => 'Binary', classNames => [ 'yes', 'no' ] }, type => { name => 'churn', type => 'Regression' }, classNames => { name => 'churn', type => 'Binary', classNames => [ 'a', 'b' ] });
    for my $what (sort keys %other) {
        my $m = external($t, target => $other{$what});
        unchanged($t, $what, sub { fault_is($into->($m, $v), 400, 'INVALID_ARGUMENT', 'Default:InvalidArgument', undef, "another target.$what is refused, as in an append") });
    }
    my $m = foundry_model($t);
    my $plain = upload($t, $m)->{json};
    $r = promote($t, rid_of(model => "mdl-$next->{registeredModelId}"), $plain->{rid});
    is(json($copied->($r)->{target}{name}), '"churn"', 'a version that was told no target takes that of the model');
    is(promote($t, foundry_model($t), rid_of(version => $v->{id}))->{status}, 200, 'and a model without versions that of its first one');
};

scene 'a version that is hidden is as one that is not there' => sub {
    my $v = external($t, token => $who{owner});
    my $case = reg($t, POST => 'useCases/', body => { name => 'of all' })->{json}{id};
    my @link = map { [ $_ => "useCases/$case/registeredModelVersions/%s/" ] } qw(POST DELETE);
    for my $as ([ 'a stranger', $who{stranger} ], [ 'a reader', $t->reader ]) {
        for ([ GET => 'modelPackages/%s/' ], [ POST => 'modelPackages/%s/archive/' ], [ PATCH => "registeredModels/$v->{registeredModelId}/versions/%s/", body => { name => 'x' } ], @link) {
            my ($method, $path, @body) = @$_;
            my ($hidden, $none) = map { my $r = reg($t, $method => sprintf($path, $_), token => $as->[1], @body); "$r->{status} $r->{body}" } $v->{id}, $NO_ID;
            is($hidden, $none, "$as->[0]: $method $path");
        }
    }
};

scene 'stages: archiveExistingVersions with more than a thousand versions there' => sub {
    my $v = external($t);
    my @columns = map { $_->[0] } $t->sql("SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'model_versions' AND COALESCE(generation_expression, '') = ''");
    my $of = join ', ', map { $_ eq 'id' ? "UNHEX(CONCAT('01a2', LPAD(HEX(s.seq + 16), 20, '0')))" : $_ eq 'number' ? 's.seq' : "v.$_" } @columns;
    $t->sql("INSERT INTO model_versions (" . join(', ', @columns) . ") SELECT $of FROM model_versions v JOIN seq_2_to_1002 s WHERE v.id = UNHEX('$v->{id}')");
    refused(change($v, { stage => 'Registered', archiveExistingVersions => true }), 422, undef, 'then 422: not some of them', 'archiveExistingVersions');
    $t->sql("DELETE FROM model_versions WHERE model_id = UNHEX('$v->{registeredModelId}') AND number > 1");
};

scene 'stages: archiveExistingVersions' => sub {
    my @v = (external($t));
    push @v, external($t, registeredModelId => $v[0]{registeredModelId}) for 1 .. 3;
    my $stages = sub { join ' ', map { $_->{stage} } @{ versions($v[0]{registeredModelId}, 'sortKey=version&sortDirection=asc')->{json}{data} } };
    change($v[$_], { stage => 'Production' }) for 0, 1;
    change($v[2], { stage => 'Staging' });
    is($stages->(), 'Production Production Staging Registered', 'given two versions that share a stage');
    is(change($v[3], { stage => 'Production', archiveExistingVersions => true })->{status}, 200, 'when a change asks to archive the existing ones');
    is($stages->(), 'Archived Archived Staging Production', 'then exactly one is there; other stages are let be');
    is(change($v[3], { stage => 'Production', archiveExistingVersions => true })->{json}{stage}, 'Production', 'itself it does not archive');
};

scene 'stages under a race' => sub {
    for my $round (1 .. 3) {
        my @v = (external($t));
        push @v, external($t, registeredModelId => $v[0]{registeredModelId}) for 1 .. 7;
        my @r = concurrently(8, sub { change($v[ $_[0] ], { stage => 'Production', archiveExistingVersions => true }) });
        is(tally(@r), '200:8', "round $round: given eight that move to Production at once");
        my %in;
        $in{ $_->{stage} }++ for @{ versions($v[0]{registeredModelId}, '')->{json}{data} };
        is(join(' ', map { "$_:$in{$_}" } sort keys %in), 'Archived:7 Production:1', 'then exactly one is left there');
    }
};

# --- roles ----------------------------------------------------------------------------------------------

scene 'E15, E16: roles' => sub {
    my $v = external($t, token => $who{owner});
    my $id = $v->{registeredModelId};
    my $list = sub { my ($query, %o) = @_; return e($t, 'E15', { id => $id }, token => $who{owner}, query => $query, %o) };
    my $give = sub { my @roles = @_; return share($t, $id, \@roles, token => $who{owner}) };
    my $shown = sub { join ' ', sort map { "$_->{name}:$_->{role}" } @{ $list->('')->{json}{data} } };
    my $page = answered($list->(''), 'E15', 'given a new model');
    is(json($page->{data}), json([ { id => $id_of{owner}, name => 'owner', role => 'OWNER', shareRecipientType => 'user' } ]), 'its creator is its OWNER, and nobody else is there');
    answered($give->([ USER => user => 'userly' ], [ OBSERVER => user => 'observer' ]), 'E16', 'when roles are given by username');
    is($shown->(), 'observer:CONSUMER owner:OWNER userly:USER', 'then they are there; OBSERVER is read as CONSUMER');
    answered($list->(''), 'E15', 'and listed');
    is($give->([ $_ => user => $id_of{second} ])->{status} . ' ' . role_of($t, $id, 'second', token => $who{owner}), "204 $_", "$_ by id, echoed") for qw(OWNER USER READ_WRITE EDITOR READ_ONLY CONSUMER);
    is($give->([ NO_ROLE => user => 'second' ])->{status} . $shown->(), '204observer:CONSUMER owner:OWNER userly:USER', 'NO_ROLE removes access');
    is($give->([ NO_ROLE => user => 'second' ])->{status}, 204, 'of who has none it is no error');
    is($give->([ OWNER => user => 'second' ], [ USER => user => 'second' ])->{status} . role_of($t, $id, 'second', token => $who{owner}), '204USER', 'twice in one request: the last counts');
    is($give->(map { [ ($_ % 2 ? 'USER' : 'EDITOR') => user => 'second' ] } 1 .. 100)->{status}, 204, 'a hundred are allowed');

    is($list->($_->[0])->{json}{totalCount}, $_->[1], "given $_->[0]") for [ 'name=userly', 1 ], [ 'name=user', 0 ], [ "id=$id_of{owner}", 1 ], [ "id=$NO_ID", 0 ], [ 'shareRecipientType=user', 4 ], [ 'shareRecipientType=group', 0 ];
    is(join(' ', @{ $list->('limit=3&offset=3')->{json} }{qw(count totalCount)}), '1 4', 'limit, offset');
    is(scalar(walk($t, "$API/registeredModels/$id/sharedRoles/?limit=1", token => $who{owner})), 4, 'to the end');
    refused($list->("id=$id_of{owner}&name=owner"), 422, undef, 'given both name and id, then 422');

    my $put = sub { my ($roles, %more) = @_; return e($t, 'E16', { id => $id }, token => $who{owner}, body => { operation => 'updateRoles', roles => $roles, %more }) };
    my %user = (shareRecipientType => 'user');
    is($put->([ { %user, role => 'USER', username => 'userly', id => $id_of{userly} } ])->{status}, 204, 'id and username of the same one are accepted');
    is($put->([ { %user, role => 'USER', username => 'userly', canShare => true } ])->{status}, 204, 'so is canShare, which a client sends');
    is($put->([ { %user, role => 'OBSERVER', username => 'userly', canShare => $_ } ])->{status}, 204, 'whatever it is for one who may not') for JSON::PP::false, undef;
    is($put->([ { %user, role => 'USER', username => 'userly', canShare => undef } ])->{status}, 204, 'and null for one who may');
    unchanged($t, 'what is refused', sub {
        refused($put->($_->[0]), 422, undef, "given $_->[1], then 422") for
            [ [], 'no role' ], [ [ ({ %user, role => 'USER', username => 'userly' }) x 101 ], '101 roles' ], [ [ { %user, role => 'USER', username => 'nobody-at-all' } ], 'an unknown user' ], [ [ { %user, role => 'USER', id => $NO_ID } ], 'an unknown id' ],
            [ [ { %user, role => 'ADMIN', username => 'userly' } ], 'an unknown role' ], [ [ { %user, role => undef, username => 'userly' } ], 'a role of null' ], [ [ { %user, username => 'userly' } ], 'no role in it' ], [ [ { %user, role => 'USER' } ], 'nobody' ],
            [ [ { role => 'USER', username => 'userly' } ], 'no type' ], [ [ { role => 'USER', username => 'userly', shareRecipientType => 'team' } ], 'an unknown type' ], [ [ { role => 'USER', username => 'userly', shareRecipientType => 'group' } ], 'a username that is a group' ],
            [ [ { role => 'USER', username => 'userly', shareRecipientType => 'organization' } ], 'a username that is an organization' ], [ [ { role => 'USER', id => $NO_ID, shareRecipientType => 'group' } ], 'an unknown group' ],
            [ [ { role => 'USER', id => $id_of{userly}, shareRecipientType => 'group' } ], 'a user as a group' ], [ [ { %user, role => 'USER', username => 'userly', id => $id_of{second} } ], 'id and username of two' ],
            [ [ { %user, role => 'USER', username => 'userly', canShare => JSON::PP::false } ], 'a role that shares, which is not to' ],
            [ [ { %user, role => 'USER', username => 'other' } ], 'a user of another organization' ], [ [ { %user, role => 'OBSERVER', username => 'userly' }, { %user, role => 'USER', username => 'nobody-at-all' } ], 'one that is right and one that is not' ];
        refused(e($t, 'E16', { id => $id }, token => $who{owner}, body => { operation => $_, roles => [ { %user, role => 'USER', username => 'userly' } ] }), 422, undef, 'given the operation ' . ($_ // 'null') . ', then 422', 'operation') for 'addRoles', '', undef;
        refused($give->([ NO_ROLE => user => 'owner' ]), 409, undef, 'given the last owner to be removed, then 409');
        refused($give->([ USER => user => 'owner' ]), 409, undef, 'or to be less, then 409');
        refused($give->([ OBSERVER => user => 'userly' ], [ NO_ROLE => user => 'owner' ]), 409, undef, 'with others: nothing is applied');
    });
    is($give->([ NO_ROLE => user => 'owner' ], [ OWNER => user => 'second' ])->{status}, 204, 'when another becomes owner in the same request, then 204');
    is(role_of($t, $id, 'second'), 'OWNER', 'and the model has passed on');
    refused($list->(''), 404, undef, 'from one who sees it no more');
};

scene 'E16: who may give what' => sub {
    my $id = shared()->{registeredModelId};
    my $give = sub { my ($by, @roles) = @_; return share($t, $id, \@roles, token => $who{$by}) };
    is($give->(userly => [ $_ => user => 'second' ])->{status}, 204, "USER gives $_") for qw(OBSERVER USER);
    unchanged($t, 'who may not', sub {
        refused($give->(userly => [ OWNER => user => 'second' ]), 403, undef, 'given USER who gives OWNER, then 403');
        refused($give->(userly => [ NO_ROLE => user => 'owner' ]), 403, undef, 'or takes from an owner, then 403');
        refused($give->(observer => [ OBSERVER => user => 'stranger' ]), 403, undef, 'given OBSERVER, then 403');
        refused($give->(stranger => [ OWNER => user => 'stranger' ]), 404, undef, 'given a stranger, then 404');
        refused($give->(stranger => [ NO_ROLE => user => 'owner' ]), 404, undef, 'even where it would be 409');
        refused(share($t, $id, [ [ USER => user => 'stranger' ] ], token => $t->other), 404, undef, 'given another organization, then 404');
    });
    is(share($t, $id, [ [ OWNER => user => 'second' ] ])->{status}, 204, 'an administrator may');
};

scene 'groups and organizations' => sub {
    my $group = hex_of($t->must('group', 'create', '--org', 'Main', 'Risk team'));
    $t->must('group', 'add', '--org', 'Main', 'Risk team', 'stranger');
    my $v = external($t, token => $who{owner});
    my $id = $v->{registeredModelId};
    refused(e($t, 'E12', { id => $id }, token => $who{stranger}), 404, undef, 'given a member of a group without a role');
    is(share($t, $id, [ [ OBSERVER => group => $group ] ], token => $who{owner})->{status}, 204, 'when the group gets one');
    is(e($t, 'E12', { id => $id }, token => $who{stranger})->{status}, 200, 'then the member reads');
    refused(patch($id, { description => 'x' }, token => $who{stranger}), 403, undef, 'as an OBSERVER');
    my ($row) = grep { $_->{shareRecipientType} eq 'group' } @{ e($t, 'E15', { id => $id }, token => $who{owner})->{json}{data} };
    is(json($row), json({ id => $group, name => 'Risk team', role => 'CONSUMER', shareRecipientType => 'group' }), 'the row of a group has its name');
    is(share($t, $id, [ [ OWNER => group => $group ] ], token => $who{owner})->{status}, 204, 'when it owns');
    is(json(e($t, 'E4', { id => $v->{id} }, token => $who{stranger})->{json}{permissions}), '["CAN_VIEW","CAN_EDIT","CAN_SHARE","CAN_ARCHIVE","CAN_SHARE_OWNERSHIP"]', 'the member may all five');
    refused(share($t, $id, [ [ NO_ROLE => user => 'owner' ] ], token => $who{owner}), 409, undef, 'but only a user with the role itself counts as owner: 409');
    is(share($t, $id, [ [ NO_ROLE => group => $group ] ], token => $who{owner})->{status}, 204, 'when it is taken away');
    refused(e($t, 'E12', { id => $id }, token => $who{stranger}), 404, undef, 'then the member sees nothing');

    my $org = hex_of(model($t)->{organization_id});
    is(share($t, $id, [ [ USER => organization => $org ] ], token => $who{owner})->{status}, 204, 'when the organization gets one');
    is(patch($id, { description => 'by anyone' }, token => $who{stranger})->{status}, 200, 'then anyone of it has');
    refused(e($t, 'E12', { id => $id }, token => $t->other), 404, undef, 'and nobody of another');
    ($row) = grep { $_->{shareRecipientType} eq 'organization' } @{ e($t, 'E15', { id => $id }, token => $who{owner})->{json}{data} };
    is(json([ @$row{qw(id name role)} ]), json([ $org, 'Main', 'USER' ]), 'the row of an organization has its name');
    refused(share($t, $id, [ [ USER => organization => hex_of(model($t, token => $t->other)->{organization_id}) ] ], token => $who{owner}), 422, undef, 'another organization is unknown');
    is(e($t, 'E15', { id => $id }, token => $who{owner}, query => 'shareRecipientType=organization')->{json}{totalCount}, 1, 'shareRecipientType');
};

# --- who sees and may do what ------------------------------------------------------------------------------

scene 'visibility 404, permission 403' => sub {
    my %may = (owner => 3, userly => 2, observer => 1, stranger => 0, reader => 0, other => 0, admin => 3);
    my %as = (%who, reader => $t->reader, other => $t->other, admin => $token);
    my @PERMISSIONS = ('', '["CAN_VIEW"]', '["CAN_VIEW","CAN_EDIT","CAN_SHARE"]', '["CAN_VIEW","CAN_EDIT","CAN_SHARE","CAN_ARCHIVE","CAN_SHARE_OWNERSHIP"]');
    my $v = shared();
    my %at = (E4 => { id => $v->{id} }, E12 => { id => $v->{registeredModelId}, vid => $v->{id} });
    my $ids = sub { $ENDPOINT{ $_[0] }{path} =~ /^registeredModels/ ? $at{E12} : $at{E4} };
    for my $caller (sort keys %may) {
        my $level = $may{$caller};
        my @token = (token => $as{$caller});
        for my $no (qw(E4 E6 E7 E8 E9 E12 E14 E15 E17 E18 E19)) {
            my $r = e($t, $no, $ids->($no), @token);
            $level ? answered($r, $no, "given $caller") : refused($r, 404, undef, "$no: given $caller, then 404");
        }
        is(json(e($t, 'E4', $at{E4}, @token)->{json}{permissions}), $PERMISSIONS[$level], "$caller: permissions") if $level;
        is(scalar(grep { $_->{id} eq $v->{registeredModelId} } walk($t, "$API/registeredModels/", @token)), $level ? 1 : 0, "$caller: in the list of models or not");
        is(scalar(grep { $_->{id} eq $v->{id} } walk($t, "$API/modelPackages/", @token)), $level ? 1 : 0, "$caller: in the list of packages or not");
        # Each write and the role it takes; what they do is made anew for each.
        my %write = (E13 => [ 2, sub { patch($_[0]{registeredModelId}, { description => 'x' }, @token) }, 200 ], E16 => [ 2, sub { share($t, $_[0]{registeredModelId}, [ [ OBSERVER => user => 'second' ] ], @token) }, 204 ],
            version => [ 2, sub { change($_[0], { name => 'x' }, @token) }, 200 ], append => [ 2, sub { json_from({ registeredModelId => $_[0]{registeredModelId} }, @token) }, 201, 422 ],
            E5 => [ 3, sub { e($t, 'E5', { id => $_[0]{id} }, @token) }, 204 ], E11 => [ 3, sub { e($t, 'E11', { id => $_[0]{registeredModelId} }, @token) }, 204 ]);
        for my $what (sort keys %write) {
            my ($takes, $do, $good, $unseen) = @{ $write{$what} };
            my $mine = shared();
            if ($level >= $takes) { is($do->($mine)->{status}, $good, "$what: given $caller, then $good"); next }
            # a reader may write nothing, whatever there is
            my $want = $level ? 403 : $caller eq 'reader' ? qr/^40[34]$/ : $unseen // 404;
            unchanged($t, "$what by $caller", sub {
                my $r = $do->($mine);
                ref $want ? like($r->{status}, $want, "$what: given $caller") : refused($r, $want, undef, "$what: given $caller, then $want");
            });
        }
    }
};

scene 'what is not seen is as unknown as what is not there' => sub {
    my @as = (token => $who{stranger});
    my $mine = external($t, @as);
    my $d = 'deployments/' . deployment($t, $mine->{id}, @as)->{id};
    my $case = reg($t, POST => 'useCases/', @as, body => { name => 'of a stranger' })->{json}{id};
    my %body = (E13 => { description => 'x' }, E16 => { operation => 'updateRoles', roles => [ { role => 'USER', shareRecipientType => 'user', username => 'stranger' } ] });
    # each is asked with a model, a version of it and a deployment
    my %ask = ((map { my $no = $_; $no => sub { e($t, $no, { id => $ENDPOINT{$no}{path} =~ /^registeredModels/ ? $_[0] : $_[1], vid => $_[1] }, @as, body => $body{$no}) } } grep { $ENDPOINT{$_}{path} =~ /\{id\}/ } keys %ENDPOINT),
        'a change of a version' => sub { reg($t, PATCH => "registeredModels/$_[0]/versions/$_[1]/", @as, body => { name => 'x' }) }, 'a version under my model' => sub { e($t, 'E18', { id => $mine->{registeredModelId}, vid => $_[1] }, @as) },
        'an append' => sub { json_from({ registeredModelId => $_[0] }, @as) }, 'similarTo' => sub { e($t, 'E1', {}, @as, query => "similarTo=$_[1]") }, 'compatibleWithModelPackageId' => sub { e($t, 'E10', {}, @as, query => "compatibleWithModelPackageId=$_[1]") },
        'a deployment of it' => sub { reg($t, POST => 'deployments/fromModelPackage/', @as, body => { modelPackageId => $_[1], label => 'x' }) }, 'a champion' => sub { reg($t, PATCH => "$d/model/", @as, body => { modelPackageId => $_[1], reason => 'OTHER' }) },
        'a validation' => sub { reg($t, POST => "$d/model/validation/", @as, body => { modelPackageId => $_[1] }) }, 'a challenger' => sub { reg($t, POST => "$d/challengers/", @as, body => { modelPackageId => $_[1], name => 'x' }) },
        'into a use case' => sub { reg($t, POST => "useCases/$case/registeredModelVersions/$_[1]/", @as, body => {}) }, 'out of a use case' => sub { reg($t, DELETE => "useCases/$case/registeredModelVersions/$_[1]/", @as) },
        'its deployment' => sub { reg($t, GET => "deployments/$_[2]/", @as) }, 'the end of its deployment' => sub { reg($t, DELETE => "deployments/$_[2]/", @as) }, 'its challengers' => sub { reg($t, GET => "deployments/$_[2]/challengers/", @as) });
    my @ids = map { my $v = external($t, token => $_); [ $v->{registeredModelId}, $v->{id}, deployment($t, $v->{id}, token => $_)->{id} ] } $who{owner}, $t->other;
    for my $what (sort keys %ask) {
        my ($hidden, $theirs, $none) = map { my ($ids, $r) = ($_, $ask{$what}->(@$_)); "$r->{status} $r->{body}" =~ s/@{[ join '|', @$ids ]}/ID/gr } @ids, [ ($NO_ID) x 3 ];
        is($hidden, $none, "$what: given a local model of another's, then as if it were not there");
        is($theirs, $none, 'so with another organization\'s');
    }
};

scene 'global models' => sub {
    my $v = external($t, token => $who{owner});
    my $id = $v->{registeredModelId};
    patch($id, { isGlobal => true }, token => $who{owner});
    my $m = answered(e($t, 'E12', { id => $id }, token => $who{stranger}), 'E12', 'given a global model, then all users of the organization read it');
    is(json($m->{isGlobal}), 'true', 'isGlobal');
    is(e($t, 'E12', { id => $id }, token => $t->reader)->{status}, 200, 'with model:read');
    is(e($t, 'E15', { id => $id }, token => $who{stranger})->{json}{totalCount}, 1, 'which is not shown in sharedRoles');
    is(scalar(grep { $_->{id} eq $id } walk($t, "$API/registeredModels/?isGlobal=true", token => $who{stranger})), 1, 'in their lists too');
    refused(e($t, 'E12', { id => $id }, token => $t->other), 404, undef, 'but nobody else');
    is(patch($id, { description => 'x' }, token => $who{stranger})->{status}, 200, 'model:write writes it, as in every dialect');
    unchanged($t, 'who may not', sub {
        refused(patch($id, { description => 'y' }, token => $t->reader), 403, undef, 'a reader: 403');
        refused(e($t, 'E11', { id => $id }, token => $who{stranger}), 403, undef, 'retirement takes an owner: 403');
    });
    patch($id, { isGlobal => false }, token => $who{owner});
    refused(e($t, 'E12', { id => $id }, token => $who{stranger}), 404, undef, 'made local again, it is gone for them');
};

scene 'what a token may' => sub {
    my $v = shared();
    my $id = $v->{registeredModelId};
    my $read = $t->token('owner', '--scope', 'model:read');
    is(e($t, 'E12', { id => $id }, token => $read)->{status}, 200, 'given an owner whose token is narrowed to model:read, then it reads');
    unchanged($t, 'narrowed', sub {
        refused(patch($id, { description => 'x' }, token => $read), 403, undef, 'and does not write: 403');
        refused(e($t, 'E11', { id => $id }, token => $read), 403, undef, 'nor retire: 403');
        refused(share($t, $id, [ [ USER => user => 'second' ] ], token => $read), 403, undef, 'nor share: 403');
        refused(json_from({ registeredModelId => $id }, token => $read), 403, undef, 'nor append: 403');
        refused(e($t, 'E12', { id => $id }, token => $t->token('owner', '--scope', 'project:read')), 403, undef, 'given one for something else: 403');
    });
    is(share($t, $id, [ [ USER => user => 'reader' ] ])->{status}, 204, 'given USER for one who has model:read alone');
    is(e($t, 'E12', { id => $id }, token => $t->reader)->{status}, 200, 'then he reads');
    is(patch($id, { description => 'x' }, token => $t->reader)->{status}, 200, 'and writes: a local model goes by its roles alone');
    refused(patch($id, { description => 'y' }, token => $t->token('reader', '--scope', 'model:read')), 403, undef, 'which a token narrows: 403');
    for my $key ($t->key(user => 'owner'), $t->key(user => 'owner', kind => 'token', tier => 3)) {
        is(e($t, 'E12', { id => $id }, token => undef, headers => [ Authorization => "Token $key" ])->{status}, 200, 'an API key is its user, as Token');
        is(e($t, 'E12', { id => $id }, token => $key)->{status}, 200, 'and as Bearer');
    }
};

# --- many at once ----------------------------------------------------------------------------------------------

scene 'concurrent appends: versions without gaps' => sub {
    my $first = external($t, %BINARY);
    my $id = $first->{registeredModelId};
    my $board = imported($t)->{modelId};
    my @r = concurrently(12, sub { my $i = shift; $i % 3 ? json_from({ registeredModelId => $id, %BINARY }) : e($t, 'E2', {}, body => { modelId => $board, registeredModelId => $id }) });
    is(tally(@r), '201:8 202:4', 'given twelve at once, then each is made');
    is(join(' ', sort { $a <=> $b } map { $_->{json}{registeredModelVersion} } @r), join(' ', 2 .. 13), 'their numbers have no gap');
    is(registered($t, $id)->{lastVersionNum}, 13, 'lastVersionNum is the highest');
    is(join(' ', map { $_->{registeredModelVersion} } walk($t, "$API/registeredModels/$id/versions/?limit=5&sortKey=version")), join(' ', 1 .. 13), 'and all are listed');
    is(scalar $t->sql("SELECT COUNT(*) FROM audit_events WHERE resource_id = UNHEX('$id') AND action LIKE 'model.%'") >= 13, 1, 'each in the audit');
    my $mixed = external($t);
    @r = concurrently(9, sub { my $i = shift; $i % 3 ? json_from({ registeredModelId => $mixed->{registeredModelId} }) : upload($t, rid_of(model => "mdl-$mixed->{registeredModelId}")) });
    is(tally(@r), '200:3 201:6', 'given two dialects at once');
    is(join(' ', map { $_->{registeredModelVersion} } walk($t, "$API/registeredModels/$mixed->{registeredModelId}/versions/?sortKey=version")), join(' ', 1 .. 10), 'then one row of numbers');
};

scene 'concurrent names' => sub {
    my @r = concurrently(8, sub { json_from({ registeredModelName => 'Contested' }) });
    is(tally(@r), '201:1 422:7', 'given one name eight times at once, then one has it');
    refused($_, 422, qr/already in use|already exist/, 'the others are told') for grep { $_->{status} == 422 } @r;
    @r = concurrently(6, sub { json_from({ name => 'By default' }) });
    is(tally(@r), '201:6', 'given one default name six times at once, then all are made');
    is(join('|', sort map { registered($t, $_->{json}{registeredModelId})->{name} } @r), join('|', sort 'By default', map { "By default ($_)" } 2 .. 6), 'under names of their own');
};

scene 'concurrent role changes: an owner is left' => sub {
    my $two = sub {
        my $id = external($t, token => $who{owner})->{registeredModelId};
        share($t, $id, [ [ OWNER => user => 'second' ] ], token => $who{owner})->{status} == 204 or die 'share';
        return $id;
    };
    my $owners = sub { my $id = shift; join ' ', map { $_->{name} } grep { $_->{role} eq 'OWNER' } @{ e($t, 'E15', { id => $id })->{json}{data} } };
    my @pair = ([ owner => 'second' ], [ second => 'owner' ]);
    for my $round (1 .. 4) {
        my $id = $two->();
        my @r = concurrently(2, sub { my ($by, $whom) = @{ $pair[ $_[0] ] }; share($t, $id, [ [ NO_ROLE => user => $whom ] ], token => $who{$by}) });
        like(tally(@r), qr/^204:1 4(?:03|04|09):1$/, "round $round: given two owners who remove each other, then one wins");
        like($owners->($id), qr/^(?:owner|second)$/, 'and is the owner');
        $id = $two->();
        @r = concurrently(2, sub { my ($by) = @{ $pair[ $_[0] ] }; share($t, $id, [ [ NO_ROLE => user => $by ] ], token => $who{$by}) });
        is(tally(@r), '204:1 409:1', 'given two who leave, then the last one cannot');
        like($owners->($id), qr/^(?:owner|second)$/, 'and stays the owner');
        $id = $two->();
        @r = concurrently(2, sub { share($t, $id, [ [ USER => user => $pair[ $_[0] ][0] ] ]) });
        is(tally(@r), '204:1 409:1', 'given an administrator who makes both less, then one is left');
        like($owners->($id), qr/^(?:owner|second)$/, 'as owner');
    }
};

scene 'concurrent role changes: none is lost' => sub {
    my $id = external($t, token => $who{owner})->{registeredModelId};
    my @names = qw(userly observer stranger second member reader);
    my @r = concurrently(scalar @names, sub { share($t, $id, [ [ USER => user => $names[ $_[0] ] ] ], token => $who{owner}) });
    is(tally(@r), '204:6', 'given six that are given a role at once');
    is(join(' ', sort map { $_->{name} } @{ e($t, 'E15', { id => $id })->{json}{data} }), join(' ', sort @names, 'owner'), 'then all have it');
    @r = concurrently(scalar @names, sub { share($t, $id, [ [ ($_[0] % 2 ? 'NO_ROLE' : 'OWNER') => user => $names[ $_[0] ] ] ], token => $who{owner}) });
    is(join(' ', sort map { "$_->{name}:$_->{role}" } @{ e($t, 'E15', { id => $id })->{json}{data} }), 'member:OWNER owner:OWNER stranger:OWNER userly:OWNER', 'given three taken and three raised at once, then each is as it was told') if tally(@r) eq '204:6' or fail(tally(@r));
};

scene 'concurrent changes of a name' => sub {
    for my $round (1 .. 3) {
        my @id = map { external($t)->{registeredModelId} } 1 .. 4;
        my @r = concurrently(4, sub { patch($id[ $_[0] ], { name => "The one name $round" }) });
        is(tally(@r), '200:1 422:3', "round $round: given four models that take one name at once, then one has it");
        is(scalar(grep { $_->{name} eq "The one name $round" } walk($t, "$API/registeredModels/?search=The+one+name")), 1, 'and no other');
    }
};

scene 'retirement among appends' => sub {
    for my $round (1 .. 3) {
        my $id = external($t)->{registeredModelId};
        my @r = concurrently(6, sub { $_[0] == 3 ? e($t, 'E11', { id => $id }) : json_from({ registeredModelId => $id }) });
        is($r[3]{status}, 204, "round $round: given a model that is retired while versions come");
        is(join(' ', grep { !/^(?:201|204|422)$/ } map { $_->{status} } @r), '', 'then each is made or refused');
        my @all = @{ versions($id, 'sortKey=version')->{json}{data} };
        is(join(' ', map { $_->{registeredModelVersion} } @all), join(' ', 1 .. 1 + grep { $_->{status} == 201 } @r), 'what was made is there, without a gap');
        is(join(' ', grep { $_ ne 'true' } map { json($_->{isArchived}) } @all), '', 'and archived with the rest');
    }
};

# --- lists and their totals -----------------------------------------------------------------------

scene 'pages where the order has ties' => sub {
    my $first = external($t, modelDescription => { modelName => 'The same' });
    my $id = $first->{registeredModelId};
    external($t, registeredModelId => $id, modelDescription => { modelName => 'The same' }) for 1 .. 6;
    for my $key (qw(version modelType status createdAt updatedAt modifiedAt)) {
        for my $direction (qw(asc desc)) {
            my @seen = map { $_->{registeredModelVersion} } walk($t, "$API/registeredModels/$id/versions/?limit=2&sortKey=$key&sortDirection=$direction");
            is(join(' ', sort { $a <=> $b } @seen), '1 2 3 4 5 6 7', "$key $direction: each comes once");
        }
    }
};

# After all that was made, shared, archived and retired above.
scene 'a total is what the pages hold' => sub {
    my %as = (%who, reader => $t->reader, member => $t->member, admin => $token);
    for my $caller (sort keys %as) {
        for my $list ('registeredModels/', 'registeredModels/?isGlobal=true', 'registeredModels/?isGlobal=false&sortKey=name', 'registeredModels/?targetType=Binary', 'registeredModels/?stage=Archived', 'registeredModels/?search=a',
            'modelPackages/', 'modelPackages/?modelKind=external', 'modelPackages/?buildStatus=complete&imported=false', 'modelPackages/?predictionThreshold=0.5') {
            my $path = "$API/$list" . ($list =~ /\?/ ? '&' : '?') . 'limit=50';
            my $total = $t->req(GET => $path, token => $as{$caller})->{json}{totalCount};
            my @all = map { $_->{id} } walk($t, $path, token => $as{$caller});
            my %once = map { $_ => 1 } @all;
            is(join(' ', $total, scalar keys %once), join(' ', scalar @all, scalar @all), "$caller: $list");
        }
    }
};

# --- one model in every dialect --------------------------------------------------------------------------------

scene 'one domain' => sub {
    my $v = external($t, registeredModelName => 'Everywhere', registeredModelDescription => 'the same');
    my $id = $v->{registeredModelId};
    my $m = get($t, "mdl-$id")->{json};
    is(join('|', @$m{qw(id name description status version)}), "mdl-$id|Everywhere|the same|ready|1", 'given a model made here, then the models dialect shows it');
    is(foundry($t, GET => '/' . rid_of(model => "mdl-$id"))->{json}{rid}, rid_of(model => "mdl-$id"), 'and the foundry dialect');
    error_is(get($t, "mdl-" . external($t, token => $who{owner})->{registeredModelId}, token => $who{stranger}), 404, 'RESOURCE_NOT_FOUND', 'a local one is local in every dialect');

    my $theirs = model($t, name => 'From the models dialect', description => 'there', task_type => 'clustering', config => { target_column => 'y' });
    my $hex = hex_of($theirs->{id});
    my $here = answered(e($t, 'E12', { id => $hex }), 'E12', 'given a model made there');
    is(json([ @$here{qw(name description isGlobal lastVersionNum)} ]), '["From the models dialect","there",true,0]', 'then it is global, and has no version yet');
    is(json($here->{target}), '{"name":"y","type":null}', 'its target: the target column, of no known type');
    is(json(e($t, 'E17', { id => $hex })->{json}{data}), '[]', 'no versions');
    my $job = trained($t, $theirs->{id}, algorithm => 'gbm', metrics => { auc => 0.9 });
    my $page = answered(e($t, 'E17', { id => $hex }), 'E17', 'when a training run has made one');
    is(join(' ', $page->{totalCount}, $page->{data}[0]{modelId}, $page->{data}[0]{target}{type}, $page->{data}[0]{registeredModelVersion}), join(' ', 1, $job->{job_id} // $job->{id}, 'Unstructured', 1), 'then it is a package whose modelId is its run');
    is(registered($t, $hex)->{lastVersionNum}, 1, 'lastVersionNum');
    my $appended = json_from({ registeredModelId => $hex, target => { name => 'y', type => 'Regression' } });
    is($appended->{status}, 201, 'what has no known type takes a version');

    my $rid = foundry_model($t, name => 'From the foundry dialect');
    my $uploaded = upload($t, $rid)->{json}{rid} // die 'upload';
    my $of = hex_of_rid($rid);
    $here = answered(e($t, 'E12', { id => $of }), 'E12', 'given a model made in foundry');
    is("$here->{name} $here->{target}{name} $here->{lastVersionNum}", 'From the foundry dialect prediction 1', 'its target: the first output column');
    answered(e($t, 'E4', { id => hex_of_rid($uploaded) }), 'E4', 'its version is a package');
    answered(e($t, $_, { id => hex_of_rid($uploaded) }), $_, 'like any') for qw(E6 E7 E8);
    is(patch($of, { description => 'from here' })->{json}{description}, 'from here', 'it can be changed here');
    is(get($t, "mdl-$of")->{json}{description}, 'from here', 'for all');
};

$t->finish;
