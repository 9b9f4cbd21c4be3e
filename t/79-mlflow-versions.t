#!/usr/bin/perl
# Versions through the mlflow dialect: how they are numbered, where they come from and what a copy has of
# what it is a copy of, stages and those that give way, tags, deletion; each value at its edge and one beyond.
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
use Registry qw(scene reg external);

my $t = Thaw->new(workers => 4);
my ($M, $V) = ('registered-models', 'model-versions');
my ($yes, $no) = (JSON::PP::true, JSON::PP::false);
sub at { my ($name, $version, %more) = @_; return { name => $name, version => "$version", %more } }
sub tags_of { join ' ', map { "$_->{key}=$_->{value}" } @{ $_[0]{tags} // [] } }
sub files_of { done(ml($t, "GET $V/get-download-uri", at(@_)))->{artifact_uri} }
sub move { my ($name, $version, $stage, %more) = @_; return ml($t, "POST $V/transition-stage", at($name, $version, stage => $stage, %more)) }
# The stages of all versions.
sub stages { my $name = shift; join ' ', map { version_of($t, $name, $_)->{current_stage} } 1 .. shift }
sub hex_model { scalar $t->sql("SELECT LOWER(HEX(id)) FROM models WHERE name_hash = UNHEX(SHA2('$_[0]', 256))") }

# ---- One ----

scene 'made, with everything' => sub {
    my $name = made_model($t);
    my $before = int 1000 * time;
    my %all = (name => $name, source => 's3://bucket/a model/x?y=1#z', run_id => 'a1b2', run_link => 'http://host/run', description => 'd', model_id => 'm-12', tags => [ { key => 'b', value => '1' }, { key => 'a' }, { key => 'b', value => '2' } ]);
    my $r = ml($t, "POST $V/create", { %all, unknown => {} });
    my $v = done($r, 'made')->{model_version};
    like($r->{body}, qr/"version":"1","creation_timestamp":\d{13},"last_updated_timestamp":\d{13},/, 'a number as a text, times as numbers');
    ok($v->{creation_timestamp} >= $before && $v->{creation_timestamp} <= 1000 * time && $v->{creation_timestamp} == $v->{last_updated_timestamp}, 'between these two readings of the clock');
    delete @$v{qw(creation_timestamp last_updated_timestamp)};
    is(json($v), json({ %all, version => '1', tags => [ { key => 'a', value => '' }, { key => 'b', value => '2' } ], status => 'READY', current_stage => 'None', user_id => 'admin' }), 'what is told of it');
    my $plain = made_version($t, $name, run_id => '', run_link => undef, description => undef, tags => undef);
    delete @$plain{qw(creation_timestamp last_updated_timestamp)};
    is(json($plain), json({ name => $name, version => '2', source => 's3://b/m', run_id => '', run_link => '', description => '', status => 'READY', current_stage => 'None', user_id => 'admin' }), 'of nothing told, empty texts');
    my $whole = version_of($t, $name, 1);
    done(ml($t, "POST $M/alias", at($name, 1, alias => 'x')));
    $whole->{aliases} = ['x'];
    my $same = json($whole);
    is(json(version_of($t, $name, 1)), $same, 'read');
    is(json(done(ml($t, "GET $M/alias", { name => $name, alias => 'x' }))->{model_version}), $same, 'by its alias');
    is(json(done(ml($t, "GET $V/search", { filter => "name = '$name' AND version_number = 1" }))->{model_versions}[0]), $same, 'found');
    is(json(done(move($name, 1, 'None'))->{model_version}{aliases}), '["x"]', 'and changed: the same members everywhere');
    is(done(ml($t, "POST $V/create", { name => $name, source => 's3://x', runId => 'camel' }))->{model_version}{run_id}, 'camel', 'runId is run_id');
    fails(ml($t, "POST $V/create", { name => $name, source => 's3://x', runId => 'a', run_id => 'a' }), 400, $BAD, "Request specifies both 'run_id' and 'runId'; provide only one of them.", 'but not both');
    is(get($t, 'mdl-' . hex_model($name))->{json}{status}, 'ready', 'its model is ready');
    is(audits($t, 'mdl-' . hex_model($name), 'model.version_created') + audits($t, 'mdl-' . hex_model($name), 'model.version_registered') + audits($t, 'mdl-' . hex_model($name), 'model.version_uploaded'), 3, 'told once for each')
        or diag join ' ', map { $_->{action} } audit_rows($t, 'mdl-' . hex_model($name));
};

scene 'numbers' => sub {
    my $name = made_model($t, 3);
    done(ml($t, "DELETE $V/delete", at($name, $_)), "$_ deleted") for 2, 3;
    is(made_version($t, $name)->{version}, '4', 'no number is used again, nor the last one');
    fails(ml($t, "GET $V/get", at($name, 3)), 404, $ABSENT, no_version($name, 3), 'nor comes back');
    my $p = external($t, registeredModelName => "shared numbers");
    reg($t, PATCH => "registeredModels/$p->{registeredModelId}/", body => { isGlobal => $yes });
    is(made_version($t, 'shared numbers')->{version}, '2', 'one row of numbers for all dialects');
    is(external($t, registeredModelId => $p->{registeredModelId})->{registeredModelVersion}, 3, 'there');
    is(made_version($t, 'shared numbers')->{version}, '4', 'and here');
};

# ---- Where from ----

scene 'sources' => sub {
    my $name = made_model($t);
    for my $source ('/absolute/path', 'relative/path', 'file:///tmp/x', 'runs:/0123/model', 'mlflow-artifacts:/1/2', 'http://other.example/x', 'https://u:p@h/x', 'ftp://h/x', 'dbfs:/x', 'models:/m-0123456789abcdef0123456789abcdef', 'dummy-source', 's3://b/..hidden/a..b', 's3://b/%20x', 'x' x 4096,
        "\x{1F600}" x 4096, 'a b', "it's \"quoted\" \\ here") {
        my $v = done(ml($t, "POST $V/create", { name => $name, source => $source, run_id => 'other' }), 'taken unread: ' . substr json($source), 0, 50)->{model_version};
        is("$v->{source}|" . files_of($name, $v->{version}), "$source|$source", 'kept as it is, and where its files are');
    }
    my $climbs = qr/^Invalid model version source: '.*'\. If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references present\. Please provide an absolute path\.$/;
    rejects($t, "POST $V/create", (map { [ { name => $name, source => $_ }, $climbs, json($_) ] } '..', '../x', '/a/..', '/a/../b', 's3://b/..', 's3://b/a/%2e%2e/c', 's3://b/a/%252e%252e/c', 's3://b/a%2f..%2fc', 'file:///a/..#x', 'http://h/a?x=/../b', 'models:/a/../1', 'a\\..\\b'),
        [ { name => $name, source => "s3://b/\x{0}" }, undef, 'a NUL', 'MALFORMED_REQUEST' ], [ { name => $name, source => "s3://b/\n" }, undef, 'a line end' ], [ { name => $name, source => 'x' x 4097 }, qr/4096/, '4097 characters' ],
        [ { name => $name, source => 's3://x', run_link => 'x' x 4097 }, qr/4096/, 'of a link' ], [ { name => $name, source => 's3://x', run_link => "a\tb" }, undef, 'a tab in one' ],
        [ { name => $name, source => 's3://x', model_id => 'm' x 257 }, undef, 'a model id of 257' ], [ { name => $name, source => 's3://x', description => 'x' x 5001 }, undef, 'a description of 5001' ],
        [ { name => $name, source => 's3://x', tags => [ { key => 'a//b', value => '' } ] }, qr/^Invalid value "a\/\/b" for parameter 'key'/, 'a bad tag' ]);
    my $v = made_version($t, $name, run_link => 'x' x 4096, model_id => 'm' x 256, description => "\x{E9}" x 5000, run_id => 'r' x 256);
    is(join(' ', map { length $v->{$_} } qw(run_link model_id description run_id)), '4096 256 5000 256', 'the longest');
    is(made_version($t, $name, run_id => $_)->{run_id}, $_, "a run: $_") for 'a', '0', 'A-_z', "\x{E9}";
    rejects($t, "POST $V/create", map { [ { name => $name, source => 's3://x', run_id => $_ }, undef, 'no run: ' . substr json($_), 0, 20 ] } '-a', '_a', 'a/b', 'a b', 'a.b', ' ', 'r' x 257, "a\n");
};

scene 'copies' => sub {
    my $from = made_model($t, 1, name => 'origin');
    made_version($t, $from, source => 's3://real/two', run_id => 'run2', model_id => 'm-2', run_link => 'http://r', description => 'd');
    made_version($t, $from);
    done(ml($t, "POST $M/alias", at($from, 2, alias => 'champion')));
    done(move($from, 2, 'Production'));
    my $to = made_model($t);
    my $copy = sub { done(ml($t, "POST $V/create", { name => $to, source => @_ }))->{model_version} };
    for my $source ("models:/$from/2", "models:/$from\@champion", "models:/$from/Production", "models:/$from/production", "models:///$from/2", "models:/$from/02") {
        my $v = $copy->($source);
        is(join('|', @$v{qw(source run_id model_id run_link description)}, files_of($to, $v->{version})), "models:/$from/2|run2|m-2|||s3://real/two", "$source: run and files are those of what it is a copy of");
    }
    is($copy->("models:/$from/$_")->{source}, "models:/$from/3", "$_: the highest version") for 'latest', 'LATEST', 'None';
    is($copy->("models:/$from/2", run_id => 'run2', model_id => 'm-2')->{run_id}, 'run2', 'given what is there');
    is($copy->("models:/$from/2", run_id => '')->{run_id}, 'run2', 'or nothing');
    rejects($t, "POST $V/create", [ { name => $to, source => "models:/$from/2", run_id => 'other' }, qr/run2/, 'given another run' ], [ { name => $to, source => "models:/$from/2", model_id => 'm-3' }, qr/m-2/, 'given another model' ],
        [ { name => $to, source => "models:/$from/9" }, no_version($from, 9), 'of a version that is not there', $ABSENT, 404 ], [ { name => $to, source => 'models:/none/1' }, undef, 'of a model', $ABSENT, 404 ],
        [ { name => $to, source => "models:/$from\@none" }, 'Registered model alias none not found.', 'of an alias' ], [ { name => $to, source => "models:/$from/Staging" }, undef, 'of a stage that is empty', $ABSENT, 404 ], [ { name => $to, source => "models:/$from/gone" }, undef, 'of no stage' ],
        [ { name => $to, source => 'models:/none/latest' }, undef, 'the latest of nothing', $ABSENT, 404 ], [ { name => 'none', source => "models:/$from/2" }, no_model('none'), 'to a model that is not there', $ABSENT, 404 ]);
    is($copy->('s3://own')->{run_id}, '', 'what is no copy has nothing of it');
    my $third = made_model($t);
    my $v = done(ml($t, "POST $V/create", { name => $third, source => "models:/$to/1" }))->{model_version};
    is("$v->{source} $v->{run_id} " . files_of($third, 1), "models:/$to/1 run2 s3://real/two", 'a copy of a copy: its files are the first one\'s');
    done(ml($t, "POST $M/rename", { name => $from, new_name => 'origin, renamed' }));
    done(ml($t, "DELETE $V/delete", at($to, 1)));
    done(ml($t, "DELETE $M/delete", { name => 'origin, renamed' }));
    is(files_of($third, 1) . ' ' . files_of($to, 2), 's3://real/two s3://real/two', 'renaming or deleting what they came from changes nothing');
    my $own = made_model($t, 1);
    is(done(ml($t, "POST $V/create", { name => $own, source => "models:/$own/1" }))->{model_version}{source}, "models:/$own/1", 'of a model within itself');
    my $slash = model($t, name => 'has/a slash');
    made_version($t, 'has/a slash', source => 's3://slash');
    is($copy->('models:/has/a slash/1') && files_of($to, version_of($t, $to, done(ml($t, "GET $M/alias", { name => $to, alias => 'latest' }))->{model_version}{version})->{version}), 's3://slash', 'a name with a slash');
    fails(ml($t, "GET $V/get-download-uri", at('shared numbers', 1)), 400, $BAD, undef, 'where nobody said');
    my $bare = $copy->('models:/shared numbers/1');
    fails(ml($t, "GET $V/get-download-uri", at($to, $bare->{version})), 400, $BAD, undef, 'nor in a copy of it');
};

# ---- Changes ----

scene 'descriptions and tags' => sub {
    my $name = made_model($t, 2);
    my $update = sub { done(ml($t, "PATCH $V/update", at($name, 1, @_)))->{model_version}{description} };
    is($update->(description => "\x{E9}" x 5000), "\x{E9}" x 5000, '5000 characters');
    rejects($t, "PATCH $V/update", [ at($name, 1, description => 'x' x 5001), undef, '5001' ]);
    for my $none ([], [ description => undef ], [ description => '' ]) {
        $update->(description => 'd');
        is($update->(@$none), '', 'cleared by ' . json($none));
    }
    my $set = sub { my ($key, @value) = @_; ml($t, "POST $V/set-tag", at($name, 1, key => $key, @value ? (value => $value[0]) : ())) };
    is(json(done($set->('k', 'v'), 'a tag')), '{}', 'no result');
    done($set->($_)) for 'none', 'k ';
    done($set->('k', "\x{1F600}" x 100000), 'the longest');
    is(length +(grep { $_->{key} eq 'k' } @{ version_of($t, $name, 1)->{tags} })[0]{value}, 100000, 'comes whole');
    fails($set->('k', 'x' x 100001), 400, $BAD, "'value' exceeds the maximum length of 100000 characters", 'one more');
    fails($set->('mlflow.prompt.text', 'x' x 100001), 400, $BAD, 'Prompt text exceeds max length of 100000 characters.', 'of a prompt');
    fails($set->($_->[0], 'v'), 400, $BAD, $_->[1], "no key: $_->[0]") for [ 'a?', qr/^Invalid value "a\?" for parameter 'key' supplied: Names may only contain/ ], [ '../a', qr/^Invalid value "\.\.\/a" for parameter 'key' supplied: Names may be/ ], [ 'k' x 251, "'key' exceeds the maximum length of 250 characters" ];
    done($set->('k', 'w'));
    is(tags_of(version_of($t, $name, 1)) . '|' . tags_of(version_of($t, $name, 2)) . '|' . tags_of(model_of($t, $name)), 'k=w k = none=||', 'of this version alone');
    is(json(done(ml($t, "DELETE $V/delete-tag", at($name, 1, key => $_)))), '{}', "`$_` is taken away") for 'k', 'k', 'never';
    is(tags_of(version_of($t, $name, 1)), 'k = none=', 'what is left');
    fails(ml($t, "POST $V/create", { name => $name, source => 's3://x', tags => [ map { { key => "k$_", value => '' } } 1 .. 1001 ] }), 400, $BAD, undef, '1001 of them');
    is(scalar @{ made_version($t, $name, tags => [ map { { key => "k$_", value => 'v' } } 1 .. 1000 ])->{tags} }, 1000, '1000 of them');
};

scene 'stages' => sub {
    my $name = made_model($t, 2);
    my %word = (none => 'None', NONE => 'None', staging => 'Staging', sTaGiNg => 'Staging', production => 'Production', Archived => 'Archived', archived => 'Archived', None => 'None');
    for my $from (qw(None Staging Production Archived)) {
        for my $to (qw(None Staging Production Archived)) {
            done(move($name, 1, $from));
            is(done(move($name, 1, $to))->{model_version}{current_stage}, $to, "$from to $to");
        }
    }
    is(done(move($name, 1, $_))->{model_version}{current_stage}, $word{$_}, "`$_` is $word{$_}") for sort keys %word;
    rejects($t, "POST $V/transition-stage", map { [ at($name, 1, stage => $_), "Invalid Model Version stage: $_. Value must be one of None, Staging, Production, Archived.", $_ ] } 'Registered', 'Development', 'Prod', ' Staging', 'latest');
    is(version_of($t, $name, 2)->{current_stage}, 'None', 'the other one stays where it is');
    done(move($name, 1, 'Archived'));
    done(ml($t, "POST $M/alias", at($name, 1, alias => 'still')), 'what is Archived takes aliases');
    is(files_of($name, 1), 's3://b/m', 'and is loaded');
};

scene 'those that give way' => sub {
    my $name = made_model($t, 6);
    done(move($name, $_->[0], $_->[1])) for [ 1, 'Production' ], [ 2, 'Production' ], [ 3, 'Staging' ], [ 4, 'Archived' ];
    is(stages($name, 6), 'Production Production Staging Archived None None', 'several may be in a stage');
    my $was = version_of($t, $name, 3);
    sleep 0.003;
    my $moved = done(move($name, 5, 'production', archive_existing_versions => $yes), 'alone')->{model_version};
    is(stages($name, 6), 'Archived Archived Staging Archived Production None', 'then the others of that stage are Archived, and no more');
    is(join(' ', map { version_of($t, $name, $_)->{last_updated_timestamp} } 1, 2), "$moved->{last_updated_timestamp} $moved->{last_updated_timestamp}", 'changed in that moment');
    is(json(version_of($t, $name, 3)), json($was), 'the others not');
    done(move($name, 5, 'Production', archive_existing_versions => $yes), 'again');
    is(stages($name, 6), 'Archived Archived Staging Archived Production None', 'it does not give way to itself');
    done(move($name, 6, 'Production', archive_existing_versions => $_->[0]), "given $_->[1]") for [ $no, 'false' ], [ 'FALSE', 'FALSE, as R says it' ], [ undef, 'null' ];
    is(stages($name, 6), 'Archived Archived Staging Archived Production Production', 'they stay');
    done(move($name, 3, 'Production', archive_existing_versions => 'TRUE'), 'given TRUE');
    is(stages($name, 6), 'Archived Archived Production Archived Archived Archived', 'they do not');
    unchanged($t, 'a stage that is not active', sub {
        fails(move($name, 1, $_, archive_existing_versions => $yes), 400, $BAD, "Model version transition cannot archive existing model versions because '$_' is not an Active stage. Valid stages are ['Staging', 'Production']", "$_ archives none") for 'None', 'Archived';
    });
    my $held = sub { join ' ', map { @$_ } $t->sql("SELECT CONCAT(number, IF(until_at IS NULL, '', '.')) FROM model_holds WHERE model_id = UNHEX('" . hex_model($name) . "') AND kind = 'stage' AND name = '$_[0]' ORDER BY id") };
    is($held->('Production') . '|' . $held->('Staging'), '1. 2. 5. 6. 3|3.', 'who was in a stage is kept, and who is');
};

scene 'deletion' => sub {
    my $name = made_model($t, 3);
    done(ml($t, "POST $M/alias", at($name, $_->[0], alias => $_->[1]))) for [ 2, 'a' ], [ 2, 'b' ], [ 3, 'c' ];
    done(move($name, 2, 'Production'));
    is(json(done(ml($t, "DELETE $V/delete", at($name, 2)), 'deleted')), '{}', 'no result');
    for my $route (sort grep { $ROUTES{$_} =~ /version/ } keys %ROUTES) {
        my %given = map { $_ => { name => $name, version => '2', alias => 'x', stage => 'None', key => 'k' }->{$_} } split ' ', (split /\|/, $ROUTES{$route})[0];
        fails(ml($t, $route, \%given), 404, $ABSENT, no_version($name, 2), "$route: not there");
    }
    is(join(' ', map { "$_->{alias}=$_->{version}" } @{ model_of($t, $name)->{aliases} }), 'c=3', 'its aliases went with it');
    fails(ml($t, "GET $M/alias", { name => $name, alias => 'a' }), 400, $BAD, 'Registered model alias a not found.', 'name nothing');
    is(join('|', map { said($_) } @{ model_of($t, $name)->{latest_versions} }), '3 None c', 'nor is it the latest of its stage');
    is(join(' ', map { $_->{version} } @{ done(ml($t, "GET $V/search", { filter => "name = '$name'", order_by => ['version_number'] }))->{model_versions} }), '1 3', 'nor found');
    fails(ml($t, "POST $V/create", { name => $name, source => "models:/$name/2" }), 404, $ABSENT, no_version($name, 2), 'nor copied');
    is($t->sql("SELECT CONCAT(status, ' ', stage) FROM model_versions WHERE model_id = UNHEX('" . hex_model($name) . "') AND number = 2"), 'archived Archived', 'its row stays');
    is($t->sql("SELECT COUNT(*) FROM model_holds WHERE model_id = UNHEX('" . hex_model($name) . "') AND number = 2 AND until_at IS NULL"), 0, 'and holds nothing');
    done(ml($t, "POST $M/alias", at($name, 1, alias => 'a')), 'the alias is free');
    done(ml($t, "DELETE $V/delete", at($name, $_))) for 1, 3;
    is(json([ @{ model_of($t, $name) }{qw(latest_versions aliases)} ]), '[null,null]', 'a model without versions');
};

scene 'a version is archived for good elsewhere' => sub {
    my $name = made_model($t, 2);
    my $id = $t->sql("SELECT LOWER(HEX(id)) FROM model_versions WHERE model_id = UNHEX('" . hex_model($name) . "') AND number = 1");
    done(ml($t, "POST $M/alias", at($name, 1, alias => 'a')));
    my $r = reg($t, POST => "modelPackages/$id/archive/");
    cmp_ok($r->{status}, '<', 300, 'given a package that the registry archives') or diag $r->{raw};
    fails(ml($t, "GET $V/get", at($name, 1)), 404, $ABSENT, no_version($name, 1), 'then it is not here');
    ok(!exists model_of($t, $name)->{aliases}, 'nor its alias');
};

$t->finish;
