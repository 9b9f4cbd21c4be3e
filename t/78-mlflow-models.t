#!/usr/bin/perl
# Registered models through the mlflow dialect: the shape of every request, each rule of names, tags and
# aliases at its edge and one beyond, when a model counts as changed, deletion and renaming, prompts;
# who may do what; and that the model is the same one in every dialect.
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);
use Thaw;
use Contract;
use Mlflow;
use Registry qw(scene reg external e share);

my $t = Thaw->new(workers => 4);
my ($M, $V) = ('registered-models', 'model-versions');
$t->$_ for qw(admin reader member other);
sub id_of { "mdl-" . $t->sql("SELECT LOWER(HEX(id)) FROM models WHERE name_hash = UNHEX(SHA2('$_[0]', 256))") }
sub tags_of { join ' ', map { "$_->{key}=$_->{value}" } @{ $_[0]{tags} // [] } }
sub aliases_of { join ' ', map { "$_->{alias}=$_->{version}" } @{ $_[0]{aliases} // [] } }

# ---- Shapes ----

scene 'what every request must have' => sub {
    my %good = (name => 'n', new_name => 'm', version => '1', key => 'k', alias => 'a', source => 's3://x', stage => 'None');
    my ($true, %of) = (JSON::PP::true, name => [ 7, 'int' ], new_name => [ 1.5, 'float' ], version => [ 1.5, 'float' ], key => [ [], 'list' ], alias => [ {}, 'dict' ],
        source => [ JSON::PP::false, 'bool' ], stage => [ 7, 'int' ], description => [ 7, 'int' ], value => [ JSON::PP::true, 'bool' ], run_id => [ 7, 'int' ], run_link => [ [], 'list' ], model_id => [ 7, 'int' ], filter => [ 7, 'int' ],
        page_token => [ 7, 'int' ], max_results => [ 'ten', 'str' ], archive_existing_versions => [ 'often', 'str' ], tags => undef, stages => undef);
    is(join(' ', sort map { $_->{path} =~ m{^\Q$BASE\E/((?:$M|$V)/.*)} ? "$_->{method} $1" : () } tables($t, 'routes')), join(' ', sort keys %ROUTES), 'every route is in the table');
    unchanged($t, 'what is refused', sub {
        for my $route (sort keys %ROUTES) {
            my ($must, $may) = map { [ split ] } split(/\|/, $ROUTES{$route}), '';
            my %whole = map { $_ => $good{$_} } @$must;
            for my $field (@$must) {
                my %less = %whole;
                delete $less{$field};
                my @bad = ([ \%less, 'missing' ], [ { %less, $field => '' }, 'empty' ], $route =~ /^GET/ ? () : [ { %less, $field => undef }, 'null' ]);
                fails(ml($t, $route, $_->[0]), 400, $BAD, "Missing value for required parameter '$field'.$SEE", "$route: $field $_->[1]") for @bad;
            }
            for my $field ($route =~ /^GET/ ? () : grep { $of{$_} } @$must, @$may) {
                my ($value, $type) = @{ $of{$field} };
                my $shown = json($value);
                fails(ml($t, $route, { %whole, $field => $value }), 400, $BAD, "Invalid value $shown for parameter '$field' supplied:  Hint: Value was of type '$type'.$SEE", "$route: $field is a $type");
            }
            fails($t->req($1 => "$BASE/$2?" . ml_query(\%whole), token => $t->admin, body => {}), 400, $BAD, qr/^Missing value for required parameter/, "$route: not from the query") if $route =~ /^(POST|PATCH|DELETE) (.*)/ && %whole;
            fails(ml($t, $route, undef, body => '['), 400, 'MALFORMED_REQUEST', undef, "$route: no JSON") unless $route =~ /^GET/;
            fails(ml($t, $route, undef, body => [ 1 ]), 400, 'MALFORMED_REQUEST', undef, "$route: an array") unless $route =~ /^GET/;
            fails(ml($t, $route, \%whole, token => undef), 401, 'UNAUTHENTICATED', undef, "$route: nobody");
        }
    });
};

scene 'values are looked at before what there is' => sub {
    rejects($t, "POST $M/rename", [ { name => 'none', new_name => 'a/b' }, "Invalid model name 'a/b'. Names cannot contain '/' or ':'.", 'a name' ]);
    rejects($t, "POST $M/set-tag", [ { name => 'none', key => 'a//b', value => '' }, qr/^Invalid value "a\/\/b" for parameter 'key' supplied: Names may be treated as files/, 'a key' ]);
    rejects($t, "POST $M/alias", [ { name => 'none', alias => 'v1', version => 'x' }, "Version alias name 'v1' is reserved.", 'an alias' ],
        [ { name => 'none', alias => 'a', version => 'x' }, "Parameter 'version' must be an integer, got 'x'.", 'a number' ]);
    rejects($t, "GET $V/get", [ { name => 'none', version => 'x' }, "Parameter 'version' must be an integer, got 'x'.", 'a number' ]);
    rejects($t, "POST $V/transition-stage", [ { name => 'none', version => 1, stage => 'Gone' }, 'Invalid Model Version stage: Gone. Value must be one of None, Staging, Production, Archived.', 'a stage' ],
        [ { name => 'none', version => 1, stage => 'none', archive_existing_versions => JSON::PP::true }, qr/^Model version transition cannot archive existing model versions because 'None' is not an Active stage\. Valid stages are \['Staging', 'Production'\]$/, 'and the archive rule' ]);
    rejects($t, "POST $V/create", [ { name => 'none', source => 's3://a/../b' }, qr/^Invalid model version source: 's3:\/\/a\/\.\.\/b'\. If supplying a source as an http/, 'a source' ]);
};

scene 'what is not there' => sub {
    unchanged($t, 'nothing of it', sub {
        my %in = (name => 'none', new_name => 'm', version => '1', key => 'k', alias => 'a', source => 's3://x', stage => 'None');
        for my $route (sort grep { $ROUTES{$_} =~ /^name/ && !/create/ } keys %ROUTES) {
            my %given = map { $_ => $in{$_} } split ' ', (split /\|/, $ROUTES{$route})[0];
            fails(ml($t, $route, \%given), 404, $ABSENT, $given{version} ? no_version('none', 1) : no_model('none'), "$route: no such model");
        }
        fails(ml($t, "POST $V/create", { name => 'none', source => 's3://x' }), 404, $ABSENT, no_model('none'), 'a version of none');
        fails(ml($t, "GET $M/alias", { name => 'none', alias => 'latest' }), 404, $ABSENT, no_model('none'), 'its latest version');
    });
    my $name = made_model($t, 1);
    for my $route (sort grep { $ROUTES{$_} =~ /version/ } keys %ROUTES) {
        my %given = map { $_ => { name => $name, version => '2', alias => 'a', stage => 'None', key => 'k' }->{$_} } split ' ', (split /\|/, $ROUTES{$route})[0];
        fails(ml($t, $route, \%given), 404, $ABSENT, no_version($name, 2), "$route: no such version");
        fails(ml($t, $route, { %given, version => $_ }), 404, $ABSENT, no_version($name, $_), "nor $_") for '-1', '99999999999999999999', '2147483648';
        fails(ml($t, $route, { %given, version => $_ }), 400, $BAD, "Parameter 'version' must be an integer, got '$_'.", "$_ is none") for '1.0', '1e2', 'x', '0x1', '1_', '--1';
    }
    is(version_of($t, $name, $_)->{version}, '1', "`$_` is 1") for '1', '01', '+1', ' 1 ';
    done(ml($t, "POST $M/alias", { name => $name, alias => 'a', version => 1 }), 'a number as a number');
};

# ---- Models ----

scene 'made, with everything' => sub {
    my $before = int 1000 * time;
    my $r = ml($t, "POST $M/create", { name => 'whole', description => 'd', deployment_job_id => 'x', more => [ 1 ], tags => [ { key => 'b', value => '1' }, { key => 'a', value => '' }, { key => 'b', value => '2' }, { key => 'c' }, { key => 'd', value => undef } ] });
    my $m = done($r, 'made')->{registered_model};
    is(join(' ', sort keys %$m), 'creation_timestamp description last_updated_timestamp name tags user_id', 'what is told of it');
    is(tags_of($m), 'a= b=2 c= d=', 'of a key that is there twice the last one; no value is an empty one');
    is("$m->{name} $m->{description} $m->{user_id}", 'whole d admin', 'and the rest');
    ok($m->{creation_timestamp} >= $before && $m->{creation_timestamp} <= 1000 * time, 'made between these two readings of the clock');
    is($m->{creation_timestamp}, $m->{last_updated_timestamp}, 'and not changed since');
    is(json(model_of($t, 'whole')), json($m), 'read as it was answered');
    like($r->{body}, qr/"creation_timestamp":\d{13},/, 'a number');
    my $plain = done(ml($t, "POST $M/create", { name => 'plain', description => undef, tags => undef }), 'with nothing')->{registered_model};
    is(join(' ', sort keys %$plain), 'creation_timestamp last_updated_timestamp name user_id', 'then what there is not is left out');
    is($t->sql("SELECT CONCAT(is_global, ' ', status, ' ', model_type IS NULL) FROM models WHERE name = 'plain'"), '1 draft 1', 'everybody sees it');
    is(audits($t, id_of('plain'), 'model.created') . told($t, id_of('plain'), 'model.created'), '11', 'one audit row, one event');
    rejects($t, "POST $M/create", [ { name => 'whole' }, 'Registered Model (name=whole) already exists.', 'taken', $TAKEN ],
        [ { name => 'x', tags => 'a' }, undef, 'tags are no list' ], [ { name => 'x', tags => { key => 'k', value => 'v' } }, undef, 'nor an object' ], [ { name => 'x', tags => [ 1 ] }, undef, 'nor a number' ],
        [ { name => 'x', tags => [ { key => 'k', value => 1 } ] }, undef, 'a value is a text' ], [ { name => 'x', tags => [ { key => 1, value => 'v' } ] }, undef, 'a key is one' ], [ { name => 'x', tags => [ { value => 'v' } ] }, undef, 'there is a key' ],
        [ { name => 'x', tags => [ { key => 'a b?', value => '' } ] }, qr/^Invalid value "a b\?" for parameter 'key' supplied: Names may only contain alphanumerics/, 'of good characters' ]);
    fails(ml($t, "GET $M/get", { name => 'x' }), 404, $ABSENT, no_model('x'), 'and nothing was made of it');
};

scene 'names' => sub {
    my $files = qr/^Invalid value ".*" for parameter 'name' supplied: Names may be treated as files in certain cases/;
    my $blank = qr/^Missing value for required parameter 'name'\./;
    for my $bad ([ 'a/b', "Invalid model name 'a/b'. Names cannot contain '/' or ':'." ], [ 'a:b', "Invalid model name 'a:b'. Names cannot contain '/' or ':'." ], [ '/', qr/cannot contain/ ], [ '.', $files ], [ '..', $files ], [ '..a', $files ], [ ' ', $blank ],
        [ "\t\n", $blank ], [ "a\nb", qr/control characters/ ], [ "a\x{7f}b", qr/control characters/ ], [ "a\x{1}", qr/control characters/ ], [ 'x' x 1025, qr/1024/ ], [ "\x{1F600}" x 1025, qr/1024/ ]) {
        fails(ml($t, "POST $M/create", { name => $bad->[0] }), 400, $BAD, $bad->[1], 'not ' . substr json($bad->[0]), 0, 40);
        fails(ml($t, "POST $M/rename", { name => 'plain', new_name => $bad->[0] }), 400, $BAD, undef, 'nor as a new one');
    }
    my @good = ('.a', 'a..b', 'a b', 'Trailing', 'Trailing ', 'Trailing  ', ' Trailing', 'trailing', "Traili\x{f1}g", "\x{1F600}", '%', '100%25', 'a@b', 'it\'s', '"quoted"', '`tick`', 'a\\b', '<b>', '{name}', '?x=1&y#', 'latest', '1', 'x' x 1024, "\x{1F600}" x 1024, "\x{E4}", "a\x{308}");
    for my $name (@good) {
        my $m = done(ml($t, "POST $M/create", { name => $name }), 'a name: ' . substr json($name), 0, 40)->{registered_model};
        is($m->{name}, $name, 'kept as it is');
        is(model_of($t, $name)->{name}, $name, 'and found by it');
        fails(ml($t, "POST $M/create", { name => $name }), 400, $TAKEN, "Registered Model (name=$name) already exists.", 'once');
    }
    fails(ml($t, "GET $M/get", { name => 'TRAILING' }), 404, $ABSENT, no_model('TRAILING'), 'byte by byte');
    fails(ml($t, "GET $M/get", { name => 'trailing ' }), 404, $ABSENT, no_model('trailing '), 'a space is one');
    my $other = model($t, name => 'from/elsewhere: v1');
    is(model_of($t, 'from/elsewhere: v1')->{name}, 'from/elsewhere: v1', 'a name of another dialect is read');
    is(made_version($t, 'from/elsewhere: v1')->{version}, '1', 'and gets versions');
    is(done(ml($t, "POST $M/create", { name => 'text of an object' }, body => json(json({ name => 'text of an object' }))), 'an object in a text')->{registered_model}{name}, 'text of an object', 'is unwrapped');
};

scene 'descriptions' => sub {
    my $long = "\x{E9}" x 5000;
    my $update = sub { done(ml($t, "PATCH $M/update", { name => 'plain', @_ }))->{registered_model}{description} };
    is($update->(description => $long), $long, '5000 characters');
    rejects($t, "PATCH $M/update", [ { name => 'plain', description => 'x' x 5001 }, undef, '5001 characters' ]);
    rejects($t, "POST $M/create", [ { name => 'long', description => 'x' x 5001 }, undef, '5001 characters' ]);
    is(model_of($t, 'plain')->{description}, $long, 'nothing of that was kept');
    for my $none ([], [ description => undef ], [ description => '' ]) {
        $update->(description => 'd');
        is($update->(@$none), undef, 'no description clears it: ' . json($none));
        ok(!exists model_of($t, 'plain')->{description}, 'for good');
    }
    is(audits($t, id_of('plain'), 'model.updated') >= 4, 1, 'told each time');
};

scene 'renaming' => sub {
    my $old = made_model($t, 2, name => 'old name', description => 'd', tags => [ { key => 'k', value => 'v' } ]);
    my $id = id_of($old);
    done(ml($t, "POST $M/alias", { name => $old, alias => 'champion', version => 1 }));
    done(ml($t, "POST $V/transition-stage", { name => $old, version => 2, stage => 'Staging' }));
    my $was = model_of($t, $old);
    my $version = version_of($t, $old, 1);
    is(json(done(ml($t, "POST $M/rename", { name => $old, new_name => $old }), 'to itself')->{registered_model}), json($was), 'nothing changes');
    rejects($t, "POST $M/rename", [ { name => $old, new_name => 'plain' }, 'Registered Model (name=plain) already exists.', 'a name that is taken', $TAKEN ], [ { name => 'none', new_name => 'plain' }, no_model('none'), 'nothing', $ABSENT, 404 ],
        [ { name => $old, new_name => ' ' }, qr/^Missing value for required parameter 'n/, 'blank' ]);
    sleep 0.003;
    my $m = done(ml($t, "POST $M/rename", { name => $old, new_name => 'new name' }), 'renamed')->{registered_model};
    is(id_of('new name'), $id, 'the same model');
    is(join('|', $m->{name}, $m->{description}, tags_of($m), aliases_of($m), map { said($_) } @{ $m->{latest_versions} }), 'new name|d|k=v|champion=1|1 None champion|2 Staging', 'with all that is its');
    cmp_ok($m->{last_updated_timestamp}, '>', $was->{last_updated_timestamp}, 'it changed');
    cmp_ok(version_of($t, 'new name', 1)->{last_updated_timestamp}, '>', $version->{last_updated_timestamp}, 'and its versions did');
    is($m->{creation_timestamp}, $was->{creation_timestamp}, 'but was made when it was');
    fails(ml($t, "GET $M/get", { name => $old }), 404, $ABSENT, no_model($old), 'the old name is nobody\'s');
    is(audits($t, $id, 'model.renamed'), 1, 'told as a renaming, once');
    is($t->req(GET => "$MODELS/$id", token => $t->admin)->{json}{name}, 'new name', 'in every dialect');
    made_model($t, 1, name => $old);
    fails(ml($t, "POST $M/rename", { name => 'new name', new_name => $old }), 400, $TAKEN, "Registered Model (name=$old) already exists.", 'taken again');
    done(ml($t, "DELETE $M/delete", { name => $old }));
    done(ml($t, "POST $M/rename", { name => 'new name', new_name => $old }), 'and free again');
    is(model_of($t, $old)->{name}, $old, 'then it is back');
};

scene 'deleting' => sub {
    my $name = made_model($t, 3);
    my $id = id_of($name);
    done(ml($t, "POST $M/alias", { name => $name, alias => 'a', version => 2 }));
    is(json(done(ml($t, "DELETE $M/delete", { name => $name }), 'deleted')), '{}', 'no result');
    fails(ml($t, "DELETE $M/delete", { name => $name }), 404, $ABSENT, no_model($name), 'once');
    fails(ml($t, "GET $V/get", { name => $name, version => 1 }), 404, $ABSENT, no_version($name, 1), 'its versions with it');
    fails(ml($t, "GET $M/alias", { name => $name, alias => 'a' }), 404, $ABSENT, no_model($name), 'and its aliases');
    is($t->sql("SELECT CONCAT(status, ' ', (SELECT COUNT(*) FROM model_aliases a WHERE a.model_id = m.id), ' ', (SELECT COUNT(*) FROM model_holds h WHERE h.model_id = m.id AND until_at IS NULL), ' ', (SELECT COUNT(*) FROM model_versions v WHERE v.model_id = m.id))
        FROM models m WHERE id = UNHEX('" . hex_of($id) . "')"), 'retired 0 0 3', 'row and versions stay, nothing is held any more');
    my ($row) = audit_rows($t, $id, "action = 'model.deleted'");
    is(json(JSON::PP::decode_json($row->{details})->{aliases}), '{"a":2}', 'the audit tells which aliases went with it');
    made_model($t, 0, name => $name);
    is(made_version($t, $name)->{version}, '1', 'a new one of the name begins at 1');
    ok(!exists model_of($t, $name)->{aliases}, 'without aliases');
    my $busy = model($t);
    act($t, $busy->{id}, 'train')->{status} == 202 or die 'train';
    fails(ml($t, "DELETE $M/delete", { name => $busy->{name} }), 409, 'RESOURCE_CONFLICT', undef, 'not while it is trained');
    act($t, $busy->{id}, 'archive');
    my $archived = model($t);
    act($t, $archived->{id}, 'archive');
    done(ml($t, "DELETE $M/delete", { name => $archived->{name} }), 'what another dialect has archived goes, too');
    is(act($t, $archived->{id}, 'unarchive')->{status}, 409, 'and does not come back');
};

# ---- Tags ----

scene 'tags of a model' => sub {
    my $name = made_model($t);
    my $set = sub { ml($t, "POST $M/set-tag", { name => $name, key => $_[0], @_ > 1 ? (value => $_[1]) : () }) };
    is(json(done($set->('k', 'v'), 'set')), '{}', 'no result');
    done($set->('k', 'w'), 'again');
    done($set->('none'), 'no value');
    done($set->('null', undef), 'null');
    is(tags_of(model_of($t, $name)), 'k=w none= null=', 'what it has');
    is(audits($t, id_of($name), 'model.tag_set'), 4, 'told each time');
    done($set->('k', 'w'));
    is(audits($t, id_of($name), 'model.tag_set'), 4, 'but not where nothing changes');
    is(json(done(ml($t, "DELETE $M/delete-tag", { name => $name, key => $_ }), "$_ is taken away")), '{}', 'no result') for 'none', 'null', 'null', 'never';
    is(tags_of(model_of($t, $name)), 'k=w', 'what is left');
    is(audits($t, id_of($name), 'model.tag_deleted'), 2, 'told where there was one');
    my $characters = qr/^Invalid value ".*" for parameter 'key' supplied: Names may only contain alphanumerics, underscores \(_\), dashes \(-\), periods \(\.\), spaces \( \), colon\(:\) and slashes \(\/\)\.$/s;
    my $path = qr/^Invalid value ".*" for parameter 'key' supplied: Names may be treated as files in certain cases/;
    for my $bad ((map { [ $_, $characters ] } 'a?', 'a%', "a\tb", 'a,b', 'a@b', 'a#', "a\nb", "a'", 'a"', 'a\\b', 'a*', '(a)', "a\x{7f}"), (map { [ $_, $path ] } '/a', 'a/', 'a//b', '.', '..', './a', 'a/.', 'a/..', '../a', 'a/../b', '..a', '/'),
        [ 'k' x 251, "'key' exceeds the maximum length of 250 characters" ]) {
        fails($set->($bad->[0], 'v'), 400, $BAD, $bad->[1], 'no key: ' . substr json($bad->[0]), 0, 30);
    }
    for my $good ('a b', 'a.b', 'a:b', 'a/b', '_a', '-a', '.a', 'a.', 'a..b', '5', ' ', 'k ', "\x{E9}", "\x{4E2D}\x{6587}", 'k' x 250, "\x{4E2D}" x 250, 'K') {
        done($set->($good, $good), 'a key: ' . substr json($good), 0, 30);
        ok((grep { $_->{key} eq $good && $_->{value} eq $good } @{ model_of($t, $name)->{tags} }), 'kept as it is');
        done(ml($t, "DELETE $M/delete-tag", { name => $name, key => $good }), 'and taken away');
    }
    is(tags_of(model_of($t, $name)), 'k=w', 'K, and the one with a space, were others');
    my $long = "\x{1F600}" x 100000;
    done($set->('long', $long), '100000 characters, of four bytes');
    is((grep { $_->{key} eq 'long' } @{ model_of($t, $name)->{tags} })[0]{value}, $long, 'come whole');
    fails($set->('long', 'x' x 100001), 400, $BAD, "'value' exceeds the maximum length of 100000 characters", '100001 of them');
    fails($set->('mlflow.prompt.text', 'x' x 100001), 400, $BAD, 'Prompt text exceeds max length of 100000 characters.', 'in words of its own for a prompt');
    fails(ml($t, "POST $M/create", { name => 'too long', tags => [ { key => 'k', value => 'x' x 100001 } ] }), 400, $BAD, "'value' exceeds the maximum length of 100000 characters", 'also where it is made');
    done($set->('long', '"' x 100000), 'what JSON escapes');
    is(length +(grep { $_->{key} eq 'long' } @{ model_of($t, $name)->{tags} })[0]{value}, 100000, 'comes whole');
};

scene 'how many tags, and how much' => sub {
    my $name = made_model($t, 0, tags => [ map { { key => "k$_", value => '' } } 1 .. 1000 ]);
    fails(ml($t, "POST $M/set-tag", { name => $name, key => 'one more' }), 400, $BAD, qr/At most 1000 tags/, '1001 of them');
    done(ml($t, "POST $M/set-tag", { name => $name, key => 'k7', value => 'v' }), 'but one of them again');
    is(scalar @{ model_of($t, $name)->{tags} }, 1000, 'all of them come');
    fails(ml($t, "POST $M/create", { name => 'too many', tags => [ map { { key => "k$_", value => '' } } 1 .. 1001 ] }), 400, $BAD, undef, '1001 at once');
    my $wide = made_model($t);
    my $r;
    for (1 .. 12) { $r = ml($t, "POST $M/set-tag", { name => $wide, key => "k$_", value => '"' x 100000 }); last if $r->{status} != 200 }
    fails($r, 400, $BAD, qr/together/, 'a megabyte together');
    my $tags = model_of($t, $wide)->{tags};
    is(scalar(@$tags) . ' ' . length $tags->[-1]{value}, '10 100000', 'and those before come whole, however long they are when they are quoted');
};

# ---- Aliases ----

scene 'aliases' => sub {
    my $name = made_model($t, 3);
    my $set = sub { ml($t, "POST $M/alias", { name => $name, alias => $_[0], version => $_[1] // '1' }) };
    my $at = sub { ml($t, "GET $M/alias", { name => $name, alias => $_[0] }) };
    is(json(done($set->('champion'), 'set')), '{}', 'no result');
    is(json(done($at->('champion'), 'read')->{model_version}), json(version_of($t, $name, 1)), 'the version, as it is read');
    done($set->('champion', 3), 'moved');
    is(said(done($at->('champion'))->{model_version}), '3 None champion', 'there');
    is(said(version_of($t, $name, 1)), '1 None', 'and not here');
    done($set->($_, 3)) for 'b', 'a';
    is(said(version_of($t, $name, 3)) . '|' . aliases_of(model_of($t, $name)), '3 None a b champion|a=3 b=3 champion=3', 'several of one version');
    is(join(' ', map { said($_) } @{ model_of($t, $name)->{latest_versions} }), '3 None a b champion', 'told in its latest versions');
    my $audits = audits($t, id_of($name), 'model.alias_set');
    done($set->('a', 3));
    is(audits($t, id_of($name), 'model.alias_set'), $audits, 'where it is already, nothing is told');
    is(json(done(ml($t, "DELETE $M/alias", { name => $name, alias => $_ }), "$_ is taken away")), '{}', 'no result') for 'a', 'a', 'never';
    fails($at->('a'), 400, $BAD, 'Registered model alias a not found.', 'then it is 400');
    fails($at->('CHAMPION'), 400, $BAD, 'Registered model alias CHAMPION not found.', 'the case counts');
    done($set->('Champion', 2), 'another one');
    is(aliases_of(model_of($t, $name)), 'Champion=2 b=3 champion=3', 'beside it');
    my $other = made_model($t, 1);
    done(ml($t, "POST $M/alias", { name => $other, alias => 'champion', version => 1 }), 'another model');
    is(done($at->('champion'))->{model_version}{version}, '3', 'has its own');
    fails($set->($_->[0]), 400, $BAD, $_->[1], 'no alias: ' . substr json($_->[0]), 0, 30) for
        (map { [ $_, "'latest' alias name (case insensitive) is reserved." ] } 'latest', 'LATEST', 'Latest'), (map { [ $_, "Version alias name '$_' is reserved." ] } 'v1', 'V1', 'v0', 'v123456'),
        (map { [ $_, qr/^Invalid alias name: '.*'\. Names may only contain alphanumerics, underscores \(_\), and dashes \(-\)\.$/s ] } 'a b', 'a.b', 'a/b', 'a:b', 'a@b', ' ', "a\n", '%', "a\x{7f}"),
        [ 'a' x 256, "'Registered model alias name' exceeds the maximum length of 255 characters" ];
    for my $good ('5', 'V12x', 'v', 'v1a', 'vv1', '-', '_', "\x{E9}", 'a' x 255, "\x{4E2D}" x 255) {
        done($set->($good), 'an alias: ' . substr json($good), 0, 30);
        is(done($at->($good))->{model_version}{version}, '1', 'found by it');
    }
    is(done($at->($_))->{model_version}{version}, '3', "$_ is the highest version") for 'latest', 'LATEST', 'lAtest';
    done(ml($t, "DELETE $V/delete", { name => $name, version => 3 }));
    is(done($at->('latest'))->{model_version}{version}, '2', 'of those there are');
    fails($at->('champion'), 400, $BAD, 'Registered model alias champion not found.', 'an alias goes with its version');
    my $empty = made_model($t);
    fails(ml($t, "GET $M/alias", { name => $empty, alias => 'Latest' }), 404, $ABSENT, "Latest version not found for model $empty.", 'without versions there is none');
    fails(ml($t, "GET $M/alias", { name => $empty, alias => 'v1' }), 400, $BAD, 'Registered model alias v1 not found.', 'a reserved one is only not there');
};

scene 'how many aliases' => sub {
    my $name = made_model($t, 1);
    my $of = "organization_id, id";
    $t->sql("INSERT INTO model_aliases (organization_id, model_id, name, number) SELECT $of, CONCAT('a', seq), 1 FROM models JOIN seq_1_to_999 WHERE id = UNHEX('" . hex_of(id_of($name)) . "')");
    done(ml($t, "POST $M/alias", { name => $name, alias => 'last', version => 1 }), '1000 of them');
    fails(ml($t, "POST $M/alias", { name => $name, alias => 'more', version => 1 }), 400, $BAD, qr/at most 1000 aliases/, '1001 of them');
    is(scalar @{ model_of($t, $name)->{aliases} } . ' ' . @{ version_of($t, $name, 1)->{aliases} }, '1000 1000', 'all of them come');
    done(ml($t, "DELETE $V/delete", { name => $name, version => 1 }), 'and go with their version');
    ok(!exists model_of($t, $name)->{aliases}, 'all of them');
};

# ---- The latest versions ----

scene 'the latest version of each stage' => sub {
    my $name = made_model($t, 6);
    my %stage = (1 => 'Production', 2 => 'Staging', 3 => 'Staging', 4 => 'Archived', 5 => 'None');
    done(ml($t, "POST $V/transition-stage", { name => $name, version => $_, stage => $stage{$_} })) for sort keys %stage;
    done(ml($t, "POST $M/alias", { name => $name, alias => 'x', version => 3 }));
    my $latest = sub { my ($method, %with) = @_; my $r = done(ml($t, "$method $M/get-latest-versions", { name => $name, %with })); join '|', map { said($_) } @{ $r->{model_versions} // [] } };
    for my $method (qw(GET POST)) {
        is($latest->($method), '1 Production|3 Staging x|4 Archived|6 None', "$method: all stages");
        is($latest->($method, stages => [ 'staging' ]), '3 Staging x', 'one, in any case');
        is($latest->($method, stages => [ 'NONE', 'Production' ]), '1 Production|6 None', 'two');
        is($latest->($method, stages => [ 'Staging', 'staging' ]), '3 Staging x', 'one twice');
        rejects($t, "$method $M/get-latest-versions", [ { name => $name, stages => [ 'Staging', 'Gone' ] }, 'Invalid Model Version stage: Gone. Value must be one of None, Staging, Production, Archived.', 'no stage' ], [ { name => 'none', stages => [ 'Gone' ] }, no_model('none'), 'no model is told first', $ABSENT, 404 ]);
    }
    is($latest->('POST', stages => []), $latest->('POST'), 'an empty list is all');
    is($latest->('POST', stages => 'Staging'), '3 Staging x', 'a text is a list of one');
    is(json(done(ml($t, "POST $M/get-latest-versions", { name => $name, stages => [ 'Production' ] }))->{model_versions}[0]), json(version_of($t, $name, 1)), 'a version as it is read');
    is(join('|', map { said($_) } @{ model_of($t, $name)->{latest_versions} }), $latest->('GET'), 'the same in the model');
    done(ml($t, "DELETE $V/delete", { name => $name, version => $_ })) for 3, 6;
    is($latest->('GET'), '1 Production|2 Staging|4 Archived|5 None', 'without what was deleted');
    is(json(done(ml($t, "GET $M/get-latest-versions", { name => made_model($t) }))), '{}', 'of no version: nothing');
};

# ---- When it counts as changed ----

scene 'the time of the last change' => sub {
    my $name = made_model($t, 2);
    my %in = (name => $name);
    my $moves = sub {
        my ($model, $version, $route, $with, $what) = @_;
        my @was = (model_of($t, $name), version_of($t, $name, 1));
        sleep 0.003;
        my $from = int 1000 * time;
        done(ml($t, $route, { %in, %$with }));
        my $to = 1000 * time;
        my @is = (model_of($t, $name), version_of($t, $name, 1));
        my @kind = qw(model version);
        for my $i (0, 1) {
            my ($a, $b) = map { $_->[$i]{last_updated_timestamp} } \@was, \@is;
            if (($model, $version)[$i]) { ok($b > $a && $b >= $from && $b <= $to, "$what: moves that of the $kind[$i]") or diag "$a $from $b $to" }
            else { is($b, $a, "$what: leaves that of the $kind[$i]") }
            is($is[$i]{creation_timestamp}, $was[$i]{creation_timestamp}, 'made when it was');
        }
    };
    my $one = { version => 1 };
    $moves->(1, 0, "PATCH $M/update", { description => 'd' }, 'a description');
    $moves->(0, 0, "POST $M/set-tag", { key => 'k', value => 'v' }, 'a tag');
    $moves->(0, 0, "DELETE $M/delete-tag", { key => 'k' }, 'no tag');
    $moves->(0, 0, "POST $M/alias", { alias => 'a', %$one }, 'an alias');
    $moves->(0, 0, "POST $M/alias", { alias => 'a', version => 2 }, 'one that moves');
    $moves->(0, 0, "DELETE $M/alias", { alias => 'a' }, 'no alias');
    $moves->(0, 1, "PATCH $V/update", { description => 'd', %$one }, 'a description of a version');
    $moves->(0, 0, "POST $V/set-tag", { key => 'k', value => 'v', %$one }, 'a tag of one');
    $moves->(0, 0, "DELETE $V/delete-tag", { key => 'k', %$one }, 'no tag of one');
    $moves->(1, 1, "POST $V/transition-stage", { stage => 'Production', %$one }, 'a stage');
    $moves->(1, 0, "POST $V/transition-stage", { stage => 'Staging', version => 2 }, 'that of another version');
    $moves->(1, 1, "POST $V/transition-stage", { stage => 'Production', version => 2, archive_existing_versions => JSON::PP::true }, 'one that archives it');
    $moves->(1, 0, "POST $V/create", { source => 's3://x' }, 'a new version');
    $moves->(1, 0, "DELETE $V/delete", { version => 3 }, 'one less');
};

# ---- Prompts ----

scene 'prompts' => sub {
    my $mark = 'mlflow.prompt.is_prompt';
    my $p = prompt($t, name => 'a prompt');
    is(tags_of(model_of($t, $p)), "$mark=true", 'a model with a tag');
    is(prompt($t, tags => [ { key => $mark, value => 'TRUE' } ]) && prompt($t, tags => [ { key => $mark, value => 'false' } ]) && 1, 1, 'in any case; false makes none');
    rejects($t, "POST $M/create", [ { name => $p, tags => [ { key => $mark, value => 'true' } ] }, "Prompt (name=$p) already exists.", 'a prompt twice', $TAKEN ],
        [ { name => $p }, qr/^Tried to create a registered model with name '\Q$p\E', but the name is already taken by a prompt\./, 'a model where a prompt is', $TAKEN ],
        [ { name => 'plain', tags => [ { key => $mark, value => 'true' } ] }, qr/^Tried to create a prompt with name 'plain', but the name is already taken by a registered model\./, 'a prompt where a model is', $TAKEN ]);
    is(made_version($t, $p, source => $_, tags => [ { key => $mark, value => 'true' }, { key => 'mlflow.prompt.text', value => 'Hi {{name}}' } ])->{source}, $_, "a version from $_") for 'dummy-source', 'prompt-template';
    rejects($t, "POST $V/create", [ { name => $p, source => 's3://x' }, "Invalid prompt source: 's3://x'. Prompt sources must use an MLflow placeholder.", 'from elsewhere' ], [ { name => $p, source => "models:/$p/1" }, qr/^Invalid prompt source/, 'a copy' ]);
    is(made_version($t, 'plain', source => 'dummy-source')->{source}, 'dummy-source', 'which is a source like any other for models');
    is(said(done(ml($t, "GET $M/alias", { name => $p, alias => 'latest' }))->{model_version}), '2 None', 'loaded as its client does');
    unlike($t->req(GET => "$MODELS?limit=100", token => $t->admin)->{body}, qr/"\Q$p\E"/, 'no list of models has it');
    rejects($t, "POST $M/set-tag", [ { name => 'plain', key => $mark, value => 'true' }, undef, 'a model becomes no prompt' ], [ { name => $p, key => $mark, value => 'false' }, undef, 'nor the reverse' ]);
    rejects($t, "DELETE $M/delete-tag", [ { name => $p, key => $mark }, undef, 'nor by taking it away' ]);
    done(ml($t, "POST $M/set-tag", { name => $p, key => '_mlflow_experiment_ids', value => ',0,' }), 'other tags are free');
    done(ml($t, "POST $M/rename", { name => $p, new_name => 'plain 2' }), 'renamed');
    fails(ml($t, "POST $M/rename", { name => 'plain', new_name => 'plain 2' }), 400, $TAKEN, undef, 'its name is taken for models');
    done(ml($t, "DELETE $M/delete", { name => 'plain 2' }), 'deleted');
    made_model($t, 0, name => 'plain 2');
    is(tags_of(model_of($t, 'plain 2')), '', 'and a model may have the name');
};

# ---- The same models in the other dialects ----

scene 'archived elsewhere' => sub {
    my $name = made_model($t, 2, name => 'thaws');
    my $id = id_of($name);
    done(ml($t, "POST $M/alias", { name => $name, alias => 'a', version => 1 }));
    done(ml($t, "POST $V/transition-stage", { name => $name, version => 2, stage => 'Production' }));
    my $was = json(model_of($t, $name));
    is(act($t, $id, 'archive')->{status}, 200, 'given a model that is archived in the models dialect');
    my %in = (name => $name, new_name => 'm', version => '1', key => 'k', alias => 'a', source => 's3://x', stage => 'None');
    for my $route (sort grep { $ROUTES{$_} =~ /^name/ && !m{models/(?:create|delete)$} } keys %ROUTES) {
        my %given = map { $_ => $in{$_} } split ' ', (split /\|/, $ROUTES{$route})[0];
        fails(ml($t, $route, \%given), 404, $ABSENT, no_model($name) . ': it is archived', "$route: not found");
    }
    fails(ml($t, "POST $M/create", { name => $name }), 400, $TAKEN, "Registered Model (name=$name) already exists. It is archived.", 'its name is not free');
    fails(ml($t, "POST $M/rename", { name => 'plain', new_name => $name }), 400, $TAKEN, "Registered Model (name=$name) already exists. It is archived.", 'nor for another one');
    fails(ml($t, "POST $V/create", { name => 'plain', source => "models:/$name/1" }), 404, $ABSENT, undef, 'nor a source');
    ok((!grep { $_->{name} eq $name } @{ done(ml($t, "GET $M/search", { max_results => 1000 }))->{registered_models} }), 'nor in a search');
    is(json(done(ml($t, "GET $V/search", { filter => "name = '$name'" }))), '{}', 'nor are its versions');
    is(act($t, $id, 'unarchive')->{status}, 200, 'when it is restored');
    my $is = model_of($t, $name);
    is(join('|', aliases_of($is), map { said($_) } @{ $is->{latest_versions} }), 'a=1|1 None a|2 Production', 'then alias and stage are back');
    is(done(ml($t, "GET $M/alias", { name => $name, alias => 'a' }))->{model_version}{version}, '1', 'and name what they did');
};

scene 'the same rows' => sub {
    my $name = made_model($t, 1, name => 'shared', description => 'd');
    my $id = id_of($name);
    my $seen = get($t, $id)->{json};
    is("$seen->{name} $seen->{description} $seen->{status}", 'shared d ready', 'in the models dialect');
    is(get($t, id_of(made_model($t)))->{json}{status}, 'draft', 'a draft until it has a version');
    my $registered = e($t, 'E12', { id => hex_of($id) })->{json};
    is("$registered->{name} $registered->{lastVersionNum} $registered->{isGlobal}", 'shared 1 1', 'in the registry dialect');
    my ($package) = @{ e($t, 'E17', { id => hex_of($id) })->{json}{data} };
    is("$package->{registeredModelVersion} $package->{stage}", '1 Registered', 'with its version');
    my $stage = sub { my $r = reg($t, PATCH => "registeredModels/" . hex_of($id) . "/versions/$package->{id}/", body => { stage => $_[0] }); $r->{status} == 200 or die $r->{raw}; version_of($t, $name, 1)->{current_stage} };
    is($stage->('Production'), 'Production', 'a stage that is set there is read here');
    is($stage->('Development'), 'None', 'of which Development reads as None');
    is(join('|', map { said($_) } @{ done(ml($t, "POST $M/get-latest-versions", { name => $name, stages => [ 'None' ] }))->{model_versions} }), '1 None', 'and is found as it');
    done(ml($t, "POST $V/transition-stage", { name => $name, version => 1, stage => 'None' }));
    is($t->sql("SELECT stage FROM model_versions WHERE model_id = UNHEX('" . hex_of($id) . "')"), 'Development', 'None keeps it');
    made_version($t, $name);
    is(join('|', map { said($_) } @{ model_of($t, $name)->{latest_versions} }), '2 None', 'of the two that read as None the highest');
    done(ml($t, "POST $V/transition-stage", { name => $name, version => 1, stage => 'Staging' }));
    done(ml($t, "POST $V/transition-stage", { name => $name, version => 1, stage => 'None' }));
    is($t->sql("SELECT stage FROM model_versions WHERE model_id = UNHEX('" . hex_of($id) . "') AND number = 1"), 'Registered', 'from any other it is Registered');
    my $p = external($t, registeredModelName => 'made there');
    is(reg($t, PATCH => "registeredModels/$p->{registeredModelId}/", body => { isGlobal => JSON::PP::true })->{status}, 200, 'given a global model of the registry dialect');
    my $m = model_of($t, 'made there');
    is(join('|', map { said($_) } @{ $m->{latest_versions} }), '1 None', 'then it is here, with its version');
    is("$m->{latest_versions}[0]{source}|$m->{latest_versions}[0]{run_id}|$m->{latest_versions}[0]{status}", '||READY', 'which tells no source');
    fails(ml($t, "GET $V/get-download-uri", { name => 'made there', version => 1 }), 400, $BAD, undef, 'nor where its files are');
    is(made_version($t, 'made there')->{version}, '2', 'and gets another');
    done(ml($t, "POST $M/set-tag", { name => 'made there', key => 'team', value => 'risk' }));
    is(json(e($t, 'E17', { id => $p->{registeredModelId} })->{json}{data} ? [ map { $_->{name} } grep { ($_->{value} // '') eq 'risk' } @{ e($t, 'E12', { id => $p->{registeredModelId} })->{json}{tags} // [] } ] : []), '["team"]', 'a tag that is set here is read there');
};

# ---- Who ----

scene 'who may do what' => sub {
    my $name = made_model($t, 1, name => 'for all');
    my %in = (name => $name, new_name => 'm', version => '1', key => 'k', alias => 'latest', source => 's3://x', stage => 'None');
    unchanged($t, 'a token that only reads', sub {
        for my $route (sort grep { $ROUTES{$_} =~ /^name/ && $_ ne "GET $M/alias" } keys %ROUTES) {
            my %given = map { $_ => $in{$_} } split ' ', (split /\|/, $ROUTES{$route})[0];
            $given{alias} = 'x' if $given{alias};
            my $r = ml($t, $route, \%given, token => $t->reader);
            if ($route =~ /^GET|get-latest/) { is($r->{status}, 200, "$route: read") }
            else { fails($r, 403, 'PERMISSION_DENIED', undef, "$route: refused") }
        }
        fails(ml($t, "DELETE $M/delete", {}, token => $t->reader), 400, $BAD, undef, 'its shape is looked at first');
        fails(ml($t, "DELETE $M/delete", { name => 'none' }, token => $t->reader), 404, $ABSENT, undef, 'and whether there is one');
    });
    done(ml($t, "POST $M/set-tag", { name => $name, key => 'k', value => 'v' }, token => $t->member), 'a member writes');
    fails(ml($t, "GET $M/get", { name => $name }, token => $t->other), 404, $ABSENT, no_model($name), 'another organization has its own');
    done(ml($t, "POST $M/create", { name => $name }, token => $t->other), 'also of that name');
    my $local = external($t, registeredModelName => 'local one', token => $t->member);
    is(model_of($t, 'local one', token => $_->[1])->{name}, 'local one', "its $_->[0] sees it") for [ owner => $t->member ], [ administrator => $t->admin ];
    my %out = (%in, name => 'local one');
    unchanged($t, 'what is local to others', sub {
        for my $route (sort grep { $ROUTES{$_} =~ /^name/ && !m{models/create} } keys %ROUTES) {
            my %given = map { $_ => $out{$_} } split ' ', (split /\|/, $ROUTES{$route})[0];
            $given{alias} = 'x' if $given{alias};
            fails(ml($t, $route, \%given, token => $t->reader), 404, $ABSENT, $given{version} ? no_version('local one', 1) : no_model('local one'), "$route: not found by others");
        }
    });
    ok((!grep { $_->{name} eq 'local one' } @{ done(ml($t, "GET $M/search", { max_results => 1000 }, token => $t->reader))->{registered_models} }), 'nor in their searches');
    is(json(done(ml($t, "GET $V/search", { filter => "name = 'local one'" }, token => $t->reader))), '{}', 'nor its versions');
    is(scalar @{ done(ml($t, "GET $V/search", { filter => "name = 'local one'" }, token => $t->member))->{model_versions} }, 1, 'but in those of its owner');
    fails(ml($t, "POST $M/create", { name => 'local one' }, token => $t->admin), 400, $TAKEN, undef, 'its name is taken');
    is(share($t, $local->{registeredModelId}, [ [ OBSERVER => user => 'reader' ] ], token => $t->member)->{status}, 204, 'when it is shared');
    is(model_of($t, 'local one', token => $t->reader)->{name}, 'local one', 'then it is found');
    fails(ml($t, "POST $M/set-tag", { name => 'local one', key => 'k', value => 'v' }, token => $t->reader), 403, 'PERMISSION_DENIED', undef, 'and not to be changed');
};

scene 'keys and scopes' => sub {
    my $key = $t->key(test => 1);
    is(model_of($t, 'for all', token => $key)->{name}, 'for all', 'a key of the test mode reads');
    fails(ml($t, "POST $M/create", { name => 'by a test' }, token => $key), 403, 'PERMISSION_DENIED', undef, 'and writes nothing that is live');
    is(model_of($t, 'for all', token => $t->key)->{name}, 'for all', 'one of the live mode reads');
    done(ml($t, "POST $M/set-tag", { name => 'for all', key => 'k', value => 'key' }, token => $t->key), 'and writes');
    my $reads = $t->token('member', '--scope', 'model:read');
    is(model_of($t, 'for all', token => $reads)->{name}, 'for all', 'a token whose scope is reading reads');
    fails(ml($t, "POST $M/set-tag", { name => 'for all', key => 'k', value => 'v' }, token => $reads), 403, 'PERMISSION_DENIED', undef, 'and does not write');
    fails(ml($t, "GET $M/get", { name => 'for all' }, token => $t->token('member', '--scope', 'project:read')), 403, 'PERMISSION_DENIED', undef, 'one for something else does neither');
};

$t->finish;
