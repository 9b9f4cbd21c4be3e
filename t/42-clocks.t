#!/usr/bin/perl
# Hosts whose clocks differ: what a host that is two minutes ahead has stamped is changed
# here. The times of an object never run backwards, in its row, its audit or its events,
# and lists go by revision.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Foundry;

my $t = Thaw->new;
my @admin = (token => $t->admin);

# A thing of each kind, and every way to change it.
my $project = $t->req(POST => '/api/v1/projects', @admin, body => { name => 'ahead' })->{json}{data};
my ($model, $trained, $failed) = map { model($t)->{id} } 1 .. 3;
my ($w, $empty) = map { workspace($t)->{id} } 1, 2;
my $entity = entity($t, $w)->{id};
my $folder = folder($t);
my $endpoint = post_v1($t, 'webhook_endpoints', body => { url => 'https://hooks.example.org/', enabled_events => ['*'] })->{json}{id};
my ($agent) = $t->key(user => 'admin', kind => 'token', tier => 3, agent => 'agt_ahead', scope => 'workspace:read workspace:write');
my (undef, $key) = $t->key_and_id(user => 'admin', kind => 'token', tier => 1, scope => 'workspace:read');
my $asked = $t->req(POST => "/v1/workspaces/$empty/archive", token => $agent)->{json}{id};
$t->user('rui');
my ($client) = $t->must('client', 'create', '--org', 'Main', '--name', 'ahead', '--user', 'admin') =~ /^(\S+)/;
my $job = act($t, $failed, 'train')->{json}{job_id};

my $ahead = sub {
    for my $table (map { $_->[0] } $t->sql("SELECT table_name FROM information_schema.columns WHERE table_schema = 'thaw' AND column_name = 'revision' AND table_name NOT IN ('attempts', 'event_counters')")) {
        my @times = map { $_->[0] } $t->sql("SELECT column_name FROM information_schema.columns WHERE table_schema = 'thaw' AND table_name = '$table'
            AND column_name IN ('at', 'created_at', 'updated_at', 'started_at', 'archived_at')");
        $t->sql("UPDATE $table SET " . join ', ', map { "$_ = $_ + INTERVAL 2 MINUTE" } @times);
    }
};
$ahead->();
my $done = sub { my ($r, $name) = @_; like($r->{status}, qr/^20\d$/, $name) or diag $r->{raw}; $r->{json} };

my $patched = $done->($t->req(PATCH => "$MODELS/$model", @admin, body => { description => 'x' }), 'a model is edited');
cmp_ok($patched->{updated_at}, 'ge', $patched->{created_at}, 'not before it was made, as its answer says');
$done->(act($t, $model, $_), $_) for qw(archive unarchive);
trained($t, $trained);
$done->(act($t, $failed, "train/$job/fail", body => { reason => 'x' }), 'a run fails');
$done->(act($t, $trained, 'versions/ver-001/restore'), 'a version is restored');
my $at = "/api/v1/projects/$project->{id}";
$done->($t->req(PUT => $at, @admin, body => { name => 'still ahead' }), 'a project is edited');
$done->($t->req(PUT => "$at/$_", @admin), "a project: $_") for qw(archive restore);
$done->($t->req(PATCH => "/v1/workspaces/$w", @admin, body => { name => 'ahead' }), 'a workspace is edited');
my $told = $done->(post_v1($t, "entities/$entity/submit"), 'an entity is submitted');
cmp_ok($told->{updated}, '>=', $told->{created}, 'not before it was made');
$done->(entity($t, $w) && { status => 200 }, 'another is made');
$done->(post_v1($t, "entities/$entity/register"), 'and registered');
$done->(post_v1($t, "authorizations/$asked/approve"), 'an authorization is given');
$done->(post_v1($t, "workspaces/$empty/unarchive"), 'a workspace is unarchived');
$done->($t->req(PATCH => "/v1/webhook_endpoints/$endpoint", @admin, body => { description => 'x' }), 'an endpoint is edited');
$done->(post_v1($t, "webhook_endpoints/$endpoint/rotate_secret"), 'its secret rotated');
$done->($t->req(DELETE => "/v1/webhook_endpoints/$endpoint", @admin), 'deleted');
$done->($t->req(DELETE => "/v1/tokens/$key", @admin), 'a token is revoked');
$done->(fs($t, DELETE => "resources/$folder"), 'a folder is archived');
$done->(fs($t, POST => "resources/$folder/restore"), 'and restored');
$t->must('user', $_, 'rui') for qw(disable enable);
$t->must('user', 'role', 'rui', 'reader');
$t->must('role', 'set', '--org', 'Main', 'reader', '--rate', '77', '--permissions', 'model:read');
$t->must('client', $_, '--org', 'Main', $client) for qw(rotate revoke);

my %moved = map { @$_ } $t->sql('SELECT resource_type, COUNT(*) FROM audit_events WHERE revision > 1 GROUP BY 1');
my @kinds = map { $_->[0] } $t->sql('SELECT DISTINCT resource_type FROM audit_events');
is(join(' ', sort grep { !$moved{$_} } @kinds), 'model_version organization', 'of every kind that can change one was changed');
for my $table (qw(audit_events outbox)) {
    my @back = $t->sql("SELECT a.resource_type, a.revision, a.at, b.at FROM $table a JOIN $table b
        ON b.organization_id = a.organization_id AND b.resource_type = a.resource_type AND b.resource_id = a.resource_id
        AND b.revision = a.revision + 1 WHERE b.at < a.at");
    is(scalar @back, 0, "$table: no time runs backwards") or diag map { "@$_\n" } @back;
}
for (map { $_->[0] } $t->sql("SELECT table_name FROM information_schema.columns WHERE table_schema = 'thaw' AND column_name = 'updated_at'")) {
    next if /deliveries/;
    my $made = /training_runs/ ? 'started_at' : 'created_at';
    is(scalar $t->sql("SELECT COUNT(*) FROM $_ WHERE updated_at < $made"), 0, "$_: none was changed before it was made");
}
my $log = $t->req(GET => "$MODELS/$model/audit-logs?to=2100-01-01", @admin)->{json};
my @items = @{ $log->{items} };
is(join(' ', map { $_->{action} } @items), 'model.unarchived model.archived model.updated model.created', 'a history is in the order of its revisions') or diag explain $log;

# A clock that went wrong by a year is not followed for a year.
my $wrong = model($t)->{id};
$t->sql("UPDATE models SET updated_at = updated_at + INTERVAL 1 YEAR WHERE id = UNHEX('" . hex_of($wrong) . "')");
$done->(act($t, $wrong, 'archive'), 'given a model that was stamped next year');
is($t->sql("SELECT updated_at < UTC_TIMESTAMP(6) + INTERVAL 1 MINUTE FROM models WHERE id = UNHEX('" . hex_of($wrong) . "')"), 1, 'its change is of now');
$t->finish;
