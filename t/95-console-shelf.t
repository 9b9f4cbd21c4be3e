#!/usr/bin/perl
# What the console has to find things by: the search over everything, whose answer depends on who asks, and, in a headless
# Chromium (t/console/shelf.mjs), folders, the trash, the search's dialog and its keys.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Thaw::Browser;
use Contract;
use Foundry;

my $t = Thaw->new;
$t->admin;
my ($n, %token) = (0);
# Who signed in: the console's addresses are for no narrowed token.
sub token_of { my $who = shift; $token{$who} //= $who eq 'admin' ? $t->admin : $who eq 'other' ? $t->other : $who eq 'reader' ? $t->reader : $who eq 'member' ? $t->member : $t->token($who) }
sub escaped { my $s = shift; utf8::encode($s) if utf8::is_utf8($s); $s =~ s/([^\w.~-])/sprintf '%%%02X', ord $1/ger }
sub asked { my ($q, %o) = @_; $t->req(GET => '/console/search?q=' . escaped($q) . ($o{limit} ? "&limit=$o{limit}" : ''), token => token_of($o{who} // 'admin')) }
sub found {
    my $r = asked(@_);
    is($r->{status}, 200, "`" . escaped($_[0]) . "` is looked for") or diag $r->{raw};
    return $r->{json};
}
sub group { my ($r, $kind) = @_; my ($g) = grep { $_->{kind} eq $kind } @{ $r->{groups} }; $g // { items => [], none => 1 } }
sub names { join ', ', map { $_->{name} . ($_->{archived} ? ' (archived)' : '') } @{ group(@_)->{items} } }
sub everything { my $r = shift; join "\n", map { my $g = $_; map { "$g->{kind} $_->{id} $_->{name}" } @{ $g->{items} } } @{ $r->{groups} } }

# One of each kind, whose names begin with a word.
sub some_of_each {
    my ($word, $who) = @_;
    my $token = token_of($who);
    my $must = sub { my ($method, $path, $body) = @_; my $r = $t->req($method => $path, token => $token, body => $body); $r->{status} =~ /^20/ or die "$method $path: $r->{raw}"; $r->{json} };
    my %o = (word => $word);
    $o{model} = model($t, token => $token, name => "$word model")->{id};
    my $job = $must->(POST => "$MODELS/$o{model}/train")->{job_id};
    $must->(POST => "$MODELS/$o{model}/train/$job/complete");
    $o{version} = "$o{model}.ver-001";
    $o{registered_model} = hex_of($o{model});
    $o{project} = $must->(POST => '/api/v1/projects', { name => "$word project" })->{data}{id} . '';
    $o{workspace} = $must->(POST => '/v1/workspaces', { name => "$word workspace" })->{id};
    $o{entity} = $must->(POST => '/v1/entities', { name => "$word entity", workspace_id => $o{workspace}, jurisdiction => 'US-DE', type => 'c_corp' })->{id};
    my $package = $t->sql("SELECT LOWER(HEX(id)) FROM model_versions WHERE model_id = UNHEX('$o{registered_model}')");
    $o{deployment} = $must->(POST => '/api/v2/deployments/fromModelPackage', { label => "$word deployment", modelPackageId => $package })->{id};
    $o{prediction_environment} = $must->(POST => '/api/v2/predictionEnvironments', { name => "$word environment", platform => 'other' })->{id};
    $o{folder} = $must->(POST => '/api/v2/filesystem/folders', { displayName => "$word folder", parentFolderRid => home_of($t, $token) })->{rid};
    $o{package} = $package;
    return \%o;
}
my @kinds = qw(model version registered_model project workspace entity deployment prediction_environment folder);
my $ours = some_of_each(Quartz => 'admin');
my $theirs = some_of_each('Quartz of others', 'other');

subtest 'each kind, by the beginning of a name and by any part of it' => sub {
    for my $q ('Quartz', 'quartz', 'QUARTZ', 'uart', 'Quar', 'Qu') {
        my $r = found($q);
        is(join(' ', map { $_->{kind} } @{ $r->{groups} }), join(' ', @kinds), 'a group for each kind');
        is(join(' ', map { my $k = $_; map { "$k=$_->{id}" } @{ group($r, $k)->{items} } } @kinds), join(' ', map { "$_=$ours->{$_}" } @kinds), 'with the one that we have');
        is(scalar(grep { $_->{more} } @{ $r->{groups} }), 0, 'which is all');
    }
    is(everything(found('ua')), '', 'two letters within a name are too few');
    is(everything(found("%$_")), '', "`%$_` is no pattern") for '', 'uart', '_';
    is(names(found('Quartz model'), 'version'), 'Quartz model, version 1', 'a version goes by the name of its model');
    my $f = group(found('Quartz'), 'folder')->{items}[0];
    is("$f->{place} $f->{status}", '/Models/Quartz folder active', 'a folder tells its place');
};

subtest 'versions by their number' => sub {
    my $m = model($t, name => 'Numbered 2024');
    trained($t, $m->{id}) for 1 .. 3;
    is(names(found('Numbered'), 'version'), 'Numbered 2024, version 3', 'the newest');
    is(names(found("Numbered 2024 $_->[0]"), 'version'), $_->[1] ? "Numbered 2024, version $_->[1]" : '', "`$_->[0]`") for [ '2', 2 ], [ 'v1', 1 ], [ 'version 3', 3 ], [ 'v4', 0 ], [ '0', 0 ];
    is(names(found('Numbered 2024'), 'model'), 'Numbered 2024', 'a number can be of the name itself');
};

subtest 'what is archived comes after, and says so' => sub {
    my @m = map { model($t, name => "Shelved $_")->{id} } 'a', 'b', 'c';
    act($t, $m[0], 'archive');
    my $p = some_of_each(Stowed => 'admin');
    $t->req(PUT => "/api/v1/projects/$p->{project}/archive", token => $t->admin);
    $t->req(POST => "/v1/workspaces/$p->{workspace}/archive", token => $t->admin);
    fs($t, DELETE => "resources/$p->{folder}");
    is(names(found('Shelved'), 'model'), 'Shelved b, Shelved c, Shelved a (archived)', 'models');
    my $r = found('Stowed');
    is(join(' ', map { names($r, $_) } qw(project workspace folder)), 'Stowed project (archived) Stowed workspace (archived) Stowed folder (archived)', 'and the others');
    retired($t, hex_of($m[1]));
    unlike(names(found('Shelved'), 'model'), qr/Shelved b/, 'what was permanently deleted is not found');
    is(found($m[1])->{exact}, undef, 'nor by its id');
};

subtest 'another tenant' => sub {
    for my $q ('Quartz', 'Quartz of others', 'of others') {
        unlike(json(found($q)), qr/of others/, "`$q`: nothing of theirs");
        unlike(everything(found($q, who => 'other')), qr/Quartz (?!of)/, 'nor of ours to them');
    }
    is(names(found('Quartz', who => 'other'), 'model'), 'Quartz of others model', 'who find their own');
    for my $kind (grep { $_ ne 'project' } @kinds, 'package') {
        next if $kind eq 'version';
        is(found($theirs->{$kind})->{exact}, undef, "the id of their $kind leads nowhere");
    }
};

subtest 'what is shared with others alone' => sub {
    my $m = model($t, name => 'Secret of admin');
    my $job = $t->req(POST => "$MODELS/$m->{id}/train", token => $t->admin)->{json}{job_id};
    $t->req(POST => "$MODELS/$m->{id}/train/$job/complete", token => $t->admin);
    my $hex = hex_of($m->{id});
    my $package = $t->sql("SELECT LOWER(HEX(id)) FROM model_versions WHERE model_id = UNHEX('$hex')");
    my $d = $t->req(POST => '/api/v2/deployments/fromModelPackage', token => $t->admin, body => { label => 'Secret deployment', modelPackageId => $package })->{json}{id};
    is(names(found('Secret', who => 'member'), 'model'), 'Secret of admin', 'everybody finds a global one');
    is($t->req(PATCH => "/api/v2/registeredModels/$hex", token => $t->admin, body => { isGlobal => JSON::PP::false })->{status}, 200, 'given a local one');
    for my $who (qw(member reader)) {
        is(everything(found($_, who => $who)), '', "$who finds nothing by `$_`") for 'Secret', 'ecret', 'Secret of admin 1';
        is(found($_, who => $who)->{exact}, undef, 'nor by an id') for $m->{id}, $m->{rid}, $hex, $package, rid_of(version => $package), $d, "dpl-$d";
    }
    is(names(found('Secret'), $_->[0]), $_->[1], "an administrator finds the $_->[0]") for [ model => 'Secret of admin' ], [ version => 'Secret of admin, version 1' ], [ registered_model => 'Secret of admin' ], [ deployment => 'Secret deployment' ];
    is($t->req(PATCH => "/api/v2/registeredModels/$hex/sharedRoles", token => $t->admin, body => { operation => 'updateRoles', roles => [ { role => 'OBSERVER', shareRecipientType => 'user', username => 'member' } ] })->{status}, 204, 'shared with the member');
    is(join(' ', map { names(found('Secret', who => 'member'), $_) } qw(model version deployment)), 'Secret of admin Secret of admin, version 1 Secret deployment', 'who finds it now');
    is(found($m->{id}, who => 'member')->{exact}{name}, 'Secret of admin', 'by its id too');
    is(everything(found('Secret', who => 'reader')), '', 'the reader still does not');
};

subtest 'permissions by kind, and who may ask at all' => sub {
    $t->must('role', 'set', 'keeper', '--org', 'Main', '--permissions', 'project:read', '--rate', 1000);
    $t->user('keeper', role => 'keeper');
    my $r = found('Quartz', who => 'keeper');
    is(join(' ', map { $_->{kind} } @{ $r->{groups} }), 'project', 'who may only see projects gets these alone');
    is(names($r, 'project'), 'Quartz project', 'and finds them');
    is(found($ours->{$_}, who => 'keeper')->{exact}, undef, "the id of a $_ leads nowhere") for grep { $_ ne 'version' && $_ ne 'project' } @kinds;
    is(found($ours->{project}, who => 'keeper')->{exact}{name}, 'Quartz project', 'that of a project does');
    problem_is($t->req(GET => '/console/search?q=x'), 401, 'nobody');
    problem_is($t->req(GET => '/console/search?q=x', token => $t->key(user => 'admin', name => 'k')), 403, 'a key: the console is for those who signed in');
};

subtest 'ids' => sub {
    for my $case ((map { [ $_ => $ours->{$_}, $_ ] } grep { $_ ne 'version' } @kinds, 'package'), [ 'a model by its RID', rid_of(model => $ours->{model}), 'model' ],
        [ 'a version by its RID', rid_of(version => $ours->{package}), 'version' ], [ 'a deployment as events name it', "dpl-$ours->{deployment}", 'deployment' ]) {
        my ($what, $id, $kind) = @$case;
        my $e = found($id)->{exact};
        is(($e->{kind} // 'none') . ' ' . ($e->{id} // ''), "$kind $ours->{$kind}", $what);
    }
    is(found("$_")->{exact}, undef, "`$_` is none") for 'mdl-1', 'mdl-' . '0' x 24, uc $ours->{model}, "$ours->{model} x", '0', '99999999999999999999', 'wks_', 'ri.models.main.model.x', '0' x 24;
};

subtest 'what is asked for' => sub {
    is($t->req(GET => "/console/search$_", token => $t->admin)->{status}, 400, "`$_`") for '', '?q=', '?q=' . 'x' x 201, '?q=x&limit=0', '?q=x&limit=21', '?q=x&limit=y', '?q=%FF', '?q=a&q=b';
    is($t->req(POST => '/console/search?q=x', token => $t->admin)->{status}, 405, 'it is read');
    is(asked('x' x 200)->{status}, 200, 'as long as may be');
    is(everything(found($_)), "", escaped($_) . " finds nothing and breaks nothing") for q{'; DROP TABLE models; --}, '\\', '_____', "\x{1f642}", '%', 'Quartz\\';
    model($t, name => '100% \\o_o/');
    is(names(found($_), 'model'), '100% \\o_o/', "`$_` is taken by the letter") for '100%', '% \\o', 'o_o';
};

subtest 'bounds' => sub {
    model($t, name => "Many $_") for 'aa' .. 'aw';
    my $r = found('Many');
    is(scalar @{ group($r, 'model')->{items} }, 5, 'five unless more are asked for');
    is(names($r, 'model'), 'Many aa, Many ab, Many ac, Many ad, Many ae', 'the first by their names');
    ok(group($r, 'model')->{more}, 'and that there are more');
    is(scalar @{ group(found('Many', limit => 20), 'model')->{items} }, 20, 'twenty at most');
    model($t, name => 'Not Many');
    is(names(found('Many', limit => 20), 'model') =~ /Not/ ? 1 : 0, 0, 'what begins with it is first');
    # 20,000 models: what begins with a text is a range of the index, whatever there is; what has it anywhere goes along the index
    my ($org, $user) = map { "UNHEX('" . $t->sql("SELECT HEX($_) FROM principals WHERE username = 'admin'") . "')" } qw(organization_id id);
    $t->sql("INSERT INTO models (organization_id, id, name, description, model_type, task_type, tags, config, metadata, is_global, created_by, status, last_version, created_at, updated_at, revision, children_rev, hidden, name_hash, name_key, name_exact) "
        . "SELECT $org, UNHEX(LPAD(HEX(s.seq), 24, '0')), CONCAT('filler ', s.seq), '', 'custom', 'regression', '[]', '{}', '{}', 1, $user, 'draft', 0, '2020-01-01', '2020-01-01', 1, 0, 0, UNHEX(SHA2(CONCAT('filler ', s.seq), 256)), CONCAT('filler ', s.seq), CONCAT('filler ', s.seq) FROM seq_1_to_20000 s");
    my $so_far = sub { scalar $t->sql("SELECT SUM(VARIABLE_VALUE) FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME LIKE 'HANDLER_READ%'") };
    my $reads = sub { my $before = $so_far->(); asked(@_); $so_far->() - $before };
    $reads->('warm');
    my $few = $reads->('fi');
    cmp_ok($few, '<', 2000, "the beginning of 20,000 names: $few rows are read");
    $few = $reads->('filler 19');
    cmp_ok($few, '<', 2000, "and a longer one, which a page is full of: $few rows");
    is(names(found('filler 1999', limit => 2), 'model'), 'filler 1999, filler 19990', 'which it finds');
    is(names(found('ler 17777'), 'model'), 'filler 17777', 'and what has it inside');
    $t->sql("DELETE FROM models WHERE id < UNHEX('000000000001000000000000')");
};

subtest 'what there is no time for' => sub {
    # given a table that no reader gets: what takes longer than a quarter of a second is given up, for each kind by itself
    my $release = hold($t, 'LOCK TABLES projects WRITE');
    my $begin = time;
    my $r = found('Quartz');
    cmp_ok(time - $begin, '<', 12, 'the answer comes');
    ok(group($r, 'project')->{partial}, 'it says of projects that not all could be looked at');
    is(names($r, 'model'), 'Quartz model', 'and has what else there is');
    $release->('UNLOCK TABLES');
    ok(scalar(grep { !group(found('Quartz'), 'project')->{partial} } 1 .. 5), 'afterwards all of them, at least once there is time');
};

Thaw::Browser::run($t, 'shelf') if -e "$Thaw::SRC/t/console/shelf.mjs";
$t->finish;
