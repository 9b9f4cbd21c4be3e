#!/usr/bin/perl
# Aliases and stages of versions, who had them when, and back to who had them before; at the
# same time too; and what is protected takes its own permission, whichever dialect asks.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Foundry;

my $t = Thaw->new(workers => 4, config => { protected_names => 'guarded  Staging' });
$t->must('role', 'set', '--org', 'Main', 'promoter', '--permissions', 'model:read model:write model:promote', '--rate', 1000);
$t->user($_->[0], role => $_->[1]) for [ promoter => 'promoter' ], [ owner => 'member' ];
my %token = (admin => $t->admin, member => $t->member, map { $_ => $t->token($_) } qw(promoter owner));
my %usr = map { $_ => 'usr-' . hex_of(usr($t, $_)) } qw(admin member promoter owner);

# --- requests --------------------------------------------------------------------------

# As somebody; path below the model, a reply.
our $by = 'admin';
sub as { my ($who, $do) = @_; local our $by = $who; $do->() }
sub on { my ($method, $m, $path, %o) = @_; $t->req($method => "$MODELS/$m->{id}$path", token => $token{$by}, %o) }
sub put { my ($m, $alias, $number, %o) = @_; on(PUT => $m, "/aliases/$alias", body => { version_id => sprintf 'ver-%03d', $number }, %o) }
sub remove { my ($m, $alias, %o) = @_; on(DELETE => $m, "/aliases/$alias", %o) }
sub back { my ($m, $kind, $name, %o) = @_; on(POST => $m, '/rollback', body => { $kind => $name }, %o) }
# Who would be gone back to, without a change.
sub foretold { my ($m, $kind, $name) = @_; my $r = on(GET => $m, "/rollback?$kind=$name"); $r->{json}{version_id} // $r->{status} }
sub mlflow { my ($method, $path, $body) = @_; $t->req($method => "/api/2.0/mlflow/$path", token => $token{$by}, body => $body) }
sub staged { my ($m, $number, $stage, %o) = @_; mlflow(POST => 'model-versions/transition-stage', { name => $m->{name}, version => "$number", stage => $stage, %o }) }
sub registry { my ($method, $path, %o) = @_; $t->req($method => "/api/v2/$path", token => $token{$by}, %o) }

sub version_of { my ($m, $number) = @_; scalar $t->sql(sprintf "SELECT LOWER(HEX(id)) FROM model_versions WHERE model_id = UNHEX('%s') AND number = %d", hex_of($m->{id}), $number) }
sub to_stage { my ($m, $number, $to, %o) = @_; registry(PATCH => 'registeredModels/' . hex_of($m->{id}) . '/versions/' . version_of($m, $number), body => { stage => $to, %o }) }

# A model with so many versions.
sub versions {
    my ($n, %o) = @_;
    my $m = model($t, %o);
    for (1 .. $n) { my $r = mlflow(POST => 'model-versions/create', { name => $m->{name}, source => "s3://b/$_" }); $r->{status} == 200 or die $r->{raw} }
    return $m;
}

# Numbers of the versions that an answer lists; a name's of now, at a time, and ever.
sub numbers { join ' ', map { $_->{version_number} } @{ $_[0]{json}{items} } }
sub now { my ($m, $query) = @_; numbers(on(GET => $m, "/holders?$query")) }
sub ever { my ($m, $query) = @_; numbers(on(GET => $m, '/holders/history' . ($query ? "?$query" : ''))) }
sub aliases { my $m = shift; join ' ', map { "$_->{alias}=$_->{version_id}" } @{ on(GET => $m, '/aliases')->{json}{items} } }
sub stage_of { my ($m, $number) = @_; scalar $t->sql(sprintf "SELECT stage FROM model_versions WHERE model_id = UNHEX('%s') AND number = %d", hex_of($m->{id}), $number) }
sub revision { my $m = shift; on(GET => $m, '')->{headers}{etag} }
sub last_row { my ($m) = @_; my $r = (audit_rows($t, $m->{id}))[-1]; "$r->{action} $r->{actor_name} $r->{details}" }

# --- aliases -----------------------------------------------------------------------------

subtest 'aliases' => sub {
    my $m = versions(3);
    my $r = put($m, 'champion', 2);
    is($r->{status}, 200, 'one is set');
    keys_are($r->{json}, 'alias version_id version_number since set_by', 'and told');
    is(join(' ', @{ $r->{json} }{qw(alias version_id version_number)}) . json($r->{json}{set_by}), qq(champion ver-002 2{"id":"$usr{admin}","name":"admin"}), 'of which version, by whom');
    like($r->{json}{since}, $UTC, 'since when');
    is(last_row($m), 'model.alias_set admin {"alias":"champion","version_number":2}', 'with an audit row');
    put($m, $_, 1) for 'challenger', 'B-2', '%C3%A9t%C3%A9';
    is(aliases($m), "B-2=ver-001 challenger=ver-001 champion=ver-002 \x{e9}t\x{e9}=ver-001", 'listed by name');
    is(numbers(on(GET => $m, '/aliases?page=2&page_size=3')), '1', 'in pages');
    as(member => sub { put($m, 'champion', 3) });
    is(last_row($m), 'model.alias_set member {"alias":"champion","version_number":3,"previous":2}', 'one moves');
    my $before = revision($m);
    is(put($m, 'champion', 3)->{json}{set_by}{name}, 'member', 'to where it is: what there is is told');
    is(revision($m), $before, 'and nothing changes');
    is(mlflow(GET => "registered-models/alias?name=" . ($m->{name} =~ tr/ /+/r) . '&alias=champion')->{json}{model_version}{version}, '3', 'the same for the clients of MLflow');
    is(remove($m, 'challenger')->{status}, 204, 'one is taken away');
    error_is(remove($m, 'challenger'), 404, 'RESOURCE_NOT_FOUND', 'which is gone then');
    is(last_row($m), 'model.alias_deleted admin {"alias":"challenger","previous":1}', 'with an audit row');
    is(told($t, $m->{id}, "model.$_"), $_ eq 'alias_set' ? 5 : 1, "and an event: model.$_") for qw(alias_set alias_deleted);
    error_is(put($m, 'x', 4), 404, 'RESOURCE_NOT_FOUND', 'no such version');
    error_is(on(PUT => $m, '/aliases/x', body => { version_id => $_ }), 404, 'RESOURCE_NOT_FOUND', "`$_` is none") for '3', 'ver-3', 'x';
    error_is(on(PUT => $m, '/aliases/x', body => {}), 400, 'VALIDATION_ERROR', 'none at all', 'version_id');
    error_is(put($m, $_, 1), 400, 'VALIDATION_ERROR', "`$_` is no alias", 'alias') for 'a%20b', 'a.b', 'latest', 'LATEST', 'v3', 'V3', 'x' x 256;
    is(put($m, $_, 1)->{status}, 200, "`$_` is one") for '5', 'v', 'V1x', 'x' x 255;
    error_is(put($m, 'x', 1, headers => [ 'If-Match' => '"1"' ]), 412, 'PRECONDITION_FAILED', 'If-Match is of the model');
    is(put($m, 'x', 1, headers => [ 'If-Match' => revision($m) ])->{status}, 200, 'and holds');
    my @once = map { put($m, 'once', 2, headers => [ 'Idempotency-Key' => 'k1' ]) } 1, 2;
    is($once[0]{body}, $once[1]{body}, 'an Idempotency-Key: the same answer');
    is(ever($m, 'alias=once'), '2', 'and done once');
};

# --- who had it when ------------------------------------------------------------------------

subtest 'who was champion at a time' => sub {
    my $m = versions(3);
    my @since;
    for (1 .. 3) {
        my $r = as((qw(admin member promoter))[ $_ - 1 ] => sub { put($m, 'champion', $_) });
        push @since, $r->{json}{since};
        select undef, undef, undef, 1.1;
    }
    is(now($m, "alias=champion&at=$since[$_]"), $_ + 1, "version @{[ $_ + 1 ]}, from when it was set") for 0 .. 2;
    is(now($m, 'alias=champion'), '3', 'now it is the last');
    is(now($m, 'alias=champion&at=2000-01-01T00:00:00Z'), '', 'and nobody was before');
    is(now($m, 'alias=champion&at=2999-01-01'), '3', 'what is not over may be so then');
    is(now($m, "alias=Champion"), '', 'letters have their case');
    my $r = on(GET => $m, '/holders/history?alias=champion');
    is(numbers($r), '3 2 1', 'all of it, newest first');
    keys_are($_, 'alias stage version_id version_number since set_by until ended_by', "$_->{version_id}: every field") for @{ $r->{json}{items} };
    is(join(' ', map { $_->{set_by}{name} . '-' . ($_->{ended_by} ? $_->{ended_by}{name} : '') } @{ $r->{json}{items} }), 'promoter- member-promoter admin-member', 'who set it, and who ended that');
    is(join(' ', map { $_->{until} // '' } @{ $r->{json}{items} }), join(' ', '', @since[ 2, 1 ]), 'one ends when the next begins');
    is(ever($m), '3 2 1', 'of the model as a whole too');
    is(json([ @{ on(GET => $m, '/holders/history?page_size=2&page=2')->{json} }{qw(total has_next page)} ]) . ever($m, 'page_size=2&page=2'), '[3,false,2]1', 'in pages');
    remove($m, 'champion');
    is(now($m, 'alias=champion'), '', 'taken away: nobody');
    is(now($m, "alias=champion&at=$since[1]"), '2', 'and what was stays');
    error_is(on(GET => $m, "/holders$_"), 400, 'VALIDATION_ERROR', "holders$_: exactly one", 'alias') for '', '?at=2026-01-01';
    error_is(on(GET => $m, "/holders$_->[0]"), 400, 'VALIDATION_ERROR', "holders$_->[0]", $_->[1]) for [ '?alias=a&stage=Production', 'stage' ], [ '?stage=production', 'stage' ], [ '?stage=Registered', 'stage' ], [ '?alias=a&at=noon', 'at' ];
    error_is(on(GET => $m, '/holders/history?alias=a&stage=Production'), 400, 'VALIDATION_ERROR', 'the history: one at most', 'stage');
    error_is($t->req(GET => "$MODELS/$m->{id}$_", token => $t->other), 404, 'RESOURCE_NOT_FOUND', "$_: not for another organization") for '/aliases', '/holders?alias=champion', '/holders/history';
};

subtest 'stages' => sub {
    my $m = versions(3);
    as(member => sub { staged($m, 1, 'production') });
    to_stage($m, 2, 'Production')->{status} == 200 or die;
    is(now($m, 'stage=Production'), '2 1', 'several versions, from whichever dialect');
    staged($m, 3, 'Production', archive_existing_versions => JSON::PP::true);
    is(now($m, 'stage=Production') . '|' . now($m, 'stage=Archived'), '3|2 1', 'one alone: the others are archived');
    is(ever($m, 'stage=Production'), '3 2 1', 'all of it');
    my ($one) = grep { $_->{version_number} == 1 } @{ on(GET => $m, '/holders/history?stage=Production')->{json}{items} };
    is("$one->{stage} $one->{set_by}{name} $one->{ended_by}{name} " . json($one->{alias}), 'Production member admin null', 'by whom');
    staged($m, 3, 'None');
    is(now($m, 'stage=Production'), '', 'out of it: nobody');
    is(put($m, 'Production', 1)->{status}, 200, 'an alias of the same name');
    is(now($m, 'stage=Production') . '|' . now($m, 'alias=Production'), '|1', 'is another thing');
};

subtest 'what goes takes along what it had' => sub {
    my $m = versions(2);
    put($m, 'champion', 2);
    put($m, 'other', 1);
    staged($m, 2, 'Production');
    is(as(admin => sub { mlflow(DELETE => 'model-versions/delete', { name => $m->{name}, version => '2' }) })->{status}, 200, 'a version is archived for good');
    is(aliases($m), 'other=ver-001', 'its alias is gone');
    is(now($m, 'alias=champion') . now($m, 'stage=Production'), '', 'and it has nothing now');
    ok($_->{until} && $_->{ended_by}{name} eq 'admin', 'until then: ' . ($_->{alias} // $_->{stage})) for grep { $_->{version_number} == 2 } @{ on(GET => $m, '/holders/history')->{json}{items} };
    error_is(put($m, 'champion', 2), 409, 'CONFLICT', 'no alias goes to it again');
    act($t, $m->{id}, 'archive');
    is(aliases($m) . now($m, 'alias=other'), 'other=ver-0011', 'an archived model keeps its own');
    error_is(put($m, 'new', 1), 409, 'CONFLICT', 'but gets no new one');
    error_is(back($m, alias => 'champion'), 409, 'CONFLICT', 'nor an old one');
    act($t, $m->{id}, 'unarchive');
    is(registry(DELETE => 'registeredModels/' . hex_of($m->{id}) . '/')->{status}, 204, 'a model is retired');
    is(aliases($m) . now($m, 'alias=other'), '', 'no alias is left');
    is(ever($m, 'alias=other') . ever($m, 'alias=champion') . ever($m, 'stage=Production'), '122', 'what was is told still');
    ok(!(grep { !$_->{until} } @{ on(GET => $m, '/holders/history')->{json}{items} }), 'and has ended');
    error_is(back($m, alias => 'other'), 409, 'CONFLICT', 'for good');
};

# --- back ---------------------------------------------------------------------------------------

subtest 'back to who had the alias before' => sub {
    my $m = versions(4);
    error_is(back($m, alias => 'champion'), 409, 'CONFLICT', 'nobody had it');
    put($m, 'champion', 1);
    error_is(back($m, alias => 'champion'), 409, 'CONFLICT', 'nobody else had it');
    put($m, 'champion', $_) for 2, 3;
    my $r = as(member => sub { back($m, alias => 'champion') });
    is($r->{status}, 200, 'back');
    is(join(' ', map { $_ // '-' } @{ $r->{json} }{qw(alias stage version_id until ended_by)}) . " $r->{json}{set_by}{name}", 'champion - ver-002 - - member', 'the hold that begins is told');
    is(last_row($m), 'model.alias_rolled_back member {"alias":"champion","version_number":2,"previous":3}', 'the audit tells it by its name');
    is(told($t, $m->{id}, 'model.alias_rolled_back'), 1, 'so does an event');
    like(scalar $t->sql(sprintf "SELECT payload FROM outbox WHERE resource_id = UNHEX('%s') AND type = 'model.alias_rolled_back'", hex_of($m->{id})), qr/"kept":\{"name":"\Q$m->{name}\E","prompt":false,"alias":"champion","version":2\}/, 'that keeps what MLflow is told');
    is(aliases($m) . ever($m, 'alias=champion'), 'champion=ver-0022 3 2 1', 'a new line of the history');
    back($m, alias => 'champion');
    is(aliases($m), 'champion=ver-003', 'twice: as it was');
    is(foretold($m, alias => 'champion'), 'ver-002', 'foretold');
    mlflow(DELETE => 'model-versions/delete', { name => $m->{name}, version => '2' });
    is(foretold($m, alias => 'champion'), 'ver-001', 'foretold: a version that is gone is passed over');
    error_is(on(GET => $m, "/rollback$_->[0]"), 400, 'VALIDATION_ERROR', "rollback$_->[0]", $_->[1]) for [ '', 'alias' ], [ '?alias=a&stage=Production', 'stage' ], [ '?stage=x', 'stage' ];
    error_is($t->req(GET => "$MODELS/$m->{id}/rollback?alias=champion", token => $t->other), 404, 'RESOURCE_NOT_FOUND', 'not for another organization');
    is($t->req(GET => "$MODELS/$m->{id}/rollback?alias=champion", token => $t->reader)->{json}{version_id}, 'ver-001', 'for who only reads');
    back($m, alias => 'champion');
    is(aliases($m), 'champion=ver-001', 'a version that is gone is passed over');
    remove($m, 'champion');
    back($m, alias => 'champion');
    is(aliases($m), 'champion=ver-001', 'taken away by mistake: back');
    error_is(on(POST => $m, '/rollback', body => $_->[0]), 400, 'VALIDATION_ERROR', json($_->[0]) . ': exactly one', $_->[1]) for [ {}, 'alias' ], [ { alias => 'champion', stage => 'Production' }, 'stage' ], [ { stage => 'x' }, 'stage' ], [ { alias => '' }, 'alias' ];
    error_is(back($m, alias => 'champion', headers => [ 'If-Match' => '"1"' ]), 412, 'PRECONDITION_FAILED', 'If-Match is of the model');
    put($m, 'champion', 4);
    my @once = map { back($m, alias => 'champion', headers => [ 'Idempotency-Key' => 'k2' ]) } 1, 2;
    is("$once[0]{status} $once[1]{body}", "200 $once[0]{body}", 'an Idempotency-Key: the same answer');
    is(aliases($m), 'champion=ver-001', 'and done once');
    error_is($t->req(POST => "$MODELS/$m->{id}/rollback", token => $t->reader, body => { alias => 'champion' }), 403, 'PERMISSION_DENIED', 'who only reads may not');
};

subtest 'back to who was in the stage before' => sub {
    my $m = versions(4);
    error_is(back($m, stage => 'Production'), 409, 'CONFLICT', 'nobody was');
    is(foretold($m, stage => 'Production'), 409, 'which is foretold');
    staged($m, $_, 'Production') for 1, 2;
    staged($m, 2, 'None');
    staged($m, 3, 'Production');
    staged($m, 1, 'None');
    my $r = on(GET => $m, '/rollback?stage=Production');
    is("$r->{json}{stage} $r->{json}{version_id} " . ($r->{json}{until} ? 'until' : '') . " $r->{json}{ended_by}{name}", 'Production ver-001 until admin', 'foretold: the one that left it last, and when');
    $r = back($m, stage => 'Production', headers => [ 'If-Match' => revision($m) ]);
    is("$r->{json}{stage} $r->{json}{version_id}", 'Production ver-001', 'the one that left it last, not the one that came last');
    is(join(' ', map { stage_of($m, $_) } 1 .. 3), 'Production Registered Archived', 'who is there is archived');
    like(last_row($m), qr/^model\.stage_rolled_back admin .*"version_number":1,.*"stage":"Production","previous":"Registered","archived_versions":\[3\]\}$/, 'with an audit row that says so');
    is(now($m, 'stage=Production') . '|' . now($m, 'stage=Archived'), '1|3', 'as the history has it');
    is(back($m, stage => 'Production')->{json}{version_id}, 'ver-003', 'twice: as it was');
    is(join(' ', map { stage_of($m, $_) } 1 .. 3), 'Archived Registered Production', 'but for the stage of the other');
};

# --- at the same time ----------------------------------------------------------------------------------

# What is wrong with the history of a name: of an alias exactly one has it at every instant.
sub overlaps {
    my ($m, $kind, $name) = @_;
    my @holds = $t->sql(sprintf "SELECT number, from_at, until_at FROM model_holds WHERE model_id = UNHEX('%s') AND kind = '$kind' AND name = '$name' ORDER BY id", hex_of($m->{id}));
    my @bad = map { "$_: $holds[$_][1] to " . ($holds[$_][2] // 'now') } grep { defined $holds[$_][2] && $holds[$_][2] ne 'NULL' && $holds[$_][2] le $holds[$_][1] } 0 .. $#holds;
    push @bad, map { "$_ ends $holds[$_][2], the next begins $holds[ $_ + 1 ][1]" } grep { ($holds[$_][2] // '') ne $holds[ $_ + 1 ][1] } 0 .. $#holds - 1;
    push @bad, 'two in a row of one version' if grep { $holds[$_][0] == $holds[ $_ + 1 ][0] } 0 .. $#holds - 1;
    return join '; ', @bad;
}

subtest 'races' => sub {
    my $m = versions(8);
    my @replies = concurrently(8, sub { my $i = shift; map { ($_ + $i) % 5 ? put($m, 'champion', 1 + ($i + $_) % 8)->{status} : back($m, alias => 'champion')->{status} } 1 .. 10 });
    my %status;
    $status{$_}++ for map { @$_ } @replies;
    is(join(' ', grep { !/^(?:200|409)$/ } sort keys %status), '', '80 moves of one alias by 8: ' . join ', ', map { "$status{$_} $_" } sort keys %status);
    is(overlaps($m, 'alias', 'champion'), '', 'at every instant exactly one version has it');
    my $holds = $t->sql(sprintf "SELECT COUNT(*) FROM model_holds WHERE model_id = UNHEX('%s') AND kind = 'alias'", hex_of($m->{id}));
    is($holds, audits($t, $m->{id}, 'model.alias_set') + audits($t, $m->{id}, 'model.alias_rolled_back'), "$holds changes, each told once");
    is(now($m, 'alias=champion'), (split ' ', ever($m, 'alias=champion'))[0], 'the newest is the one of now');
    is(aliases($m) =~ s/.*-0*//r, now($m, 'alias=champion'), 'which is what the alias says');
    concurrently(8, sub { my $i = shift; map { ($_ + $i) % 4 ? staged($m, 1 + $i, 'Production', archive_existing_versions => JSON::PP::true)->{status} : back($m, stage => 'Production')->{status} } 1 .. 5 });
    is(scalar(() = join(' ', map { stage_of($m, $_) } 1 .. 8) =~ /Production/g), 1, 'one alone is in Production');
    is(overlaps($m, 'stage', 'Production'), '', 'as at every instant');
    is(now($m, 'stage=Production'), join(' ', grep { stage_of($m, $_) eq 'Production' } 1 .. 8), 'which the history says too');
};

# --- what is protected -------------------------------------------------------------------------------

subtest 'protected names' => sub {
    my $m = versions(3);
    my $denied = sub {
        my ($what, $do) = @_;
        my ($revision, $r) = (revision($m), as(member => $do));
        is($r->{status}, 403, "$what: takes the permission") or diag $r->{raw};
        like($r->{body}, qr/model:promote/, 'as is said');
        is(revision($m), $revision, 'nothing changed');
        return $r;
    };
    my $allowed = sub { my ($what, $do, $who) = @_; my $r = as($who // 'promoter', $do); like($r->{status}, qr/^20/, "$what: " . ($who // 'who has it may')) or diag $r->{raw} };

    error_is($denied->('an alias is set', sub { put($m, 'guarded', 1) }), 403, 'PERMISSION_DENIED', 'in the words of the dialect');
    is($denied->('by MLflow', sub { mlflow(POST => 'registered-models/alias', { name => $m->{name}, alias => 'guarded', version => '1' }) })->{json}{error_code}, 'PERMISSION_DENIED', 'and of that one');
    $allowed->('an alias is set', sub { put($m, 'guarded', 1) });
    $denied->('it is moved', sub { put($m, 'guarded', 2) });
    is(as(member => sub { put($m, 'guarded', 1) })->{status}, 200, 'to where it is: nothing is asked');
    $allowed->('it is moved', sub { put($m, 'guarded', 2) }, 'admin');
    $denied->('it is taken away', sub { remove($m, 'guarded') });
    $denied->('by MLflow', sub { mlflow(DELETE => 'registered-models/alias', { name => $m->{name}, alias => 'guarded' }) });
    $denied->('it is rolled back', sub { back($m, alias => 'guarded') });
    $allowed->('it is rolled back', sub { back($m, alias => 'guarded') });
    is(as(member => sub { put($m, 'free', 1) })->{status}, 200, 'another alias is free');
    $denied->('its version is deleted by MLflow', sub { mlflow(DELETE => 'model-versions/delete', { name => $m->{name}, version => '1' }) });
    $denied->('and by the registry', sub { registry(POST => 'modelPackages/' . version_of($m, 1) . '/archive/') });
    $denied->('its model is renamed, which frees the name', sub { on(PATCH => $m, '', body => { name => 'elsewhere' }) });
    $denied->('by MLflow', sub { mlflow(POST => 'registered-models/rename', { name => $m->{name}, new_name => 'elsewhere' }) });
    is(as(member => sub { on(PATCH => $m, '', body => { description => 'x' }) })->{status}, 200, 'it can be described');
    is(as(promoter => sub { remove($m, 'guarded') })->{status}, 204, 'taken away by who has it');

    $denied->('into a stage, by the registry', sub { to_stage($m, 1, 'Staging') });
    $denied->('by MLflow', sub { staged($m, 1, 'Staging') });
    $allowed->('into a stage', sub { staged($m, 1, 'Staging') });
    is(as(member => sub { to_stage($m, 2, 'Production') })->{status}, 200, 'another stage is free');
    $denied->('out of it', sub { to_stage($m, 1, 'Production') });
    $denied->('out of it by who comes', sub { to_stage($m, 2, 'Staging', archiveExistingVersions => JSON::PP::true) });
    $denied->('out of it to None', sub { staged($m, 1, 'None') });
    $allowed->('out of it', sub { staged($m, 1, 'Archived') });
    $denied->('rolled back into it', sub { back($m, stage => 'Staging') });
    $allowed->('rolled back into it', sub { back($m, stage => 'Staging') });
    $denied->('its version is archived for good', sub { registry(POST => 'modelPackages/' . version_of($m, 1) . '/archive/') });

    # the model that holds it: by its maker, who would be allowed to otherwise
    my $own = as(member => sub { versions(2, token => $token{member}) });
    as(promoter => sub { put($own, 'guarded', 1) });
    $m = $own;
    $denied->('the model is retired by the registry', sub { registry(DELETE => 'registeredModels/' . hex_of($own->{id}) . '/') });
    $denied->('by MLflow', sub { mlflow(DELETE => 'registered-models/delete', { name => $own->{name} }) });
    is(as(member => sub { act($t, $own->{id}, 'archive', token => $token{member}) })->{status}, 200, 'archived it can be: who has it has it still');
    my $rid = rid_of(model => $own->{id});
    my $r = $denied->('permanently deleted by foundry', sub { fs($t, POST => "resources/$rid/permanentlyDelete?preview=true", token => $token{member}) });
    is($r->{json}{errorCode}, 'PERMISSION_DENIED', 'in its words');
    act($t, $own->{id}, 'unarchive');
    as(promoter => sub { remove($own, 'guarded') });
    is(as(member => sub { registry(DELETE => 'registeredModels/' . hex_of($own->{id}) . '/') })->{status}, 204, 'once it holds nothing: retired');
};

subtest 'protected names of a local model, and of tokens' => sub {
    my $made = as(owner => sub { registry(POST => 'modelPackages/fromJSON/', body => { name => 'local one', target => { name => 'y', type => 'Regression' } }) })->{json};
    my $m = { id => "mdl-$made->{registeredModelId}", name => 'local one' };
    registry(PATCH => "registeredModels/$made->{registeredModelId}/sharedRoles/", body => { operation => 'updateRoles', roles => [ map { { role => 'USER', shareRecipientType => 'user', username => $_ } } qw(member promoter) ] })->{status} == 204 or die;
    error_is(as(member => sub { put($m, 'guarded', 1) }), 403, 'PERMISSION_DENIED', 'who it is shared with may not');
    is(as($_ => sub { put($m, 'guarded', 1) })->{status}, 200, "$_ may") for 'owner';
    is(as(promoter => sub { remove($m, 'guarded') })->{status}, 204, 'so may who has the permission');
    local $token{narrow} = $t->token('owner', '--scope', 'model:read model:write');
    error_is(as(narrow => sub { put($m, 'guarded', 1) }), 403, 'PERMISSION_DENIED', "a token of the owner's without it may not");
    local $token{wide} = $t->token('owner', '--scope', 'model:write model:promote');
    is(as(wide => sub { put($m, 'guarded', 1) })->{status}, 200, 'with it, it may');
    local $token{one} = $t->token('promoter', '--scope', 'model:write');
    error_is(as(one => sub { remove($m, 'guarded') }), 403, 'PERMISSION_DENIED', "nor a promoter's without it");
    my $everybodys = sub { registry(PATCH => "registeredModels/$made->{registeredModelId}/", body => { isGlobal => $_[0] ? JSON::PP::true : JSON::PP::false }) };
    is(as(owner => sub { $everybodys->(1) })->{status}, 403, 'but its owner may not show everybody a guarded alias of their own');
    is(as(promoter => sub { remove($m, 'guarded') })->{status}, 204, 'unless it is taken away');
    is(as(owner => sub { $everybodys->(1) })->{status}, 200, 'and then it is shown');
};

# --- the audit logs ----------------------------------------------------------------------------------------

subtest 'the audit logs tell all of it' => sub {
    my $m = versions(2);
    put($m, 'champion', 1);
    as(member => sub { put($m, 'champion', 2) });
    back($m, alias => 'champion');
    staged($m, 2, 'Production');
    remove($m, 'champion');
    my $told = sub { join '; ', map { "$_->{actor}{name} " . json($_->{details}) } @{ on(GET => $m, "/audit-logs?action=model.$_[0]&sort_order=asc")->{json}{items} } };
    is($told->('alias_set'), 'admin {"alias":"champion","version_number":1}; member {"alias":"champion","previous":1,"version_number":2}', 'aliases, from and to');
    is($told->('alias_rolled_back'), 'admin {"alias":"champion","previous":2,"version_number":1}', 'what was rolled back');
    is($told->('alias_deleted'), 'admin {"alias":"champion","previous":1}', 'what was taken away');
    like($told->('version_staged'), qr/^admin \{"previous":"Registered","stage":"Production","version_id":"[0-9a-f]{24}","version_number":2\}$/, 'stages, from and to');
    is($told->('version_archived'), '', 'and nothing that was not');
};

subtest 'the audit finds an alias that is with another version than its history says' => sub {
    my $m = versions(2);
    put($m, 'champion', 1);
    is($t->thaw('audit', 'verify')->{exit}, 0, 'as it is');
    my $to = sub { $t->sql(sprintf "UPDATE model_aliases SET number = %d WHERE model_id = UNHEX('%s')", $_[0], hex_of($m->{id})) };
    $to->(2);
    my $r = $t->thaw('audit', 'verify');
    is($r->{exit}, 3, 'moved behind its back');
    like("$r->{out}$r->{err}", qr/its alias champion is not on the version that its history names/, 'as is said');
    $to->(1);
};

$t->finish;
