#!/usr/bin/perl
# What a request costs, where that does not vary: statements (as the access log counts them), rows and
# entries that the server reads for them, tables that it makes on disk, on the third execution in one
# worker; what it allocates; and how much memory of its own a worker keeps after the worst page.  A case is a row of the
# table: what it is called, statements and reads at most, and the request; before it, what makes it
# possible again.  An API key is remembered by then, and costs what a token does.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Foundry;
use Registry qw(external deployment reg);
use Mlflow qw(ml made_model made_version);

my $sanitized = $Thaw::BUILD =~ /sanitized/;
my $t = Thaw->new(workers => 1, allocs => !$sanitized);
my ($jwt, $key, $member) = ($t->admin, $t->key(user => 'admin'), $t->member);

# ---- What there is ----

my $model = model($t, config => { target => 'churn' })->{id};
my $moved = model($t)->{id};
trained($t, $model) for 1 .. 3;
my $workspace = workspace($t)->{id};
my $entity = entity($t, $workspace)->{id};
sub project { $t->req(POST => '/api/v1/projects', token => $jwt, body => { name => "costs $_[0]", description => 'd', url => "costs-$_[0].talkide.app", techStack => 'C' })->{json}{data}{id} }
my $project = project(0);
my ($from, $to) = (foundry_model($t), foundry_model($t));
my $version = upload($t, $from)->{json}{rid};
my $package = external($t);
my $registered = $package->{registeredModelId};
my $deployment = deployment($t, $package->{id})->{id};
my ($named, $labelled, $bare) = (made_model($t, 2), made_model($t, 1, tags => [ map { { key => "k$_", value => 'v' } } 1 .. 5 ]), made_model($t));
model($t), workspace($t), external($t), made_model($t, 1), project($_) for 1 .. 25;
is(reg($t, PATCH => "registeredModels/$registered/sharedRoles/", body => { operation => 'updateRoles',
    roles => [ { shareRecipientType => 'user', username => 'member', role => 'OBSERVER' } ] })->{status}, 204, 'given a model that is shared with a member');
$t->thaw('deliver');                             # so that totals are folded

my $n = 0;                                       # of the executions
sub v1 { my ($path) = @_; return "/v1/$path" }
sub other { return $n++ % 2 ? $_[0] : $_[1] }
my @cases = (
    # reads: one statement, but where something belongs to the object that few have
    [ 'models: get', 1, 4, sub { [ GET => "$MODELS/$model" ] } ],
    [ 'models: get, who sees it by its role', 1, 4, sub { [ GET => "$MODELS/$model", token => $member ] } ],
    [ 'models: list', 2, 230, sub { [ GET => "$MODELS?page_size=20" ] } ],
    [ 'models: versions', 1, 16, sub { [ GET => "$MODELS/$model/versions" ] } ],
    [ 'models: a version', 1, 6, sub { [ GET => "$MODELS/$model/versions/ver-001" ] } ],
    [ 'workspaces: get', 1, 6, sub { [ GET => v1("workspaces/$workspace") ] } ],
    [ 'workspaces: list', 1, 140, sub { [ GET => v1('workspaces?limit=20') ] } ],
    [ 'workspaces: an entity', 1, 4, sub { [ GET => v1("entities/$entity") ] } ],
    [ 'projects: get', 1, 4, sub { [ GET => "/api/v1/projects/$project" ] } ],
    [ 'projects: list', 2, 110, sub { [ GET => '/api/v1/projects?page=0&size=20' ] } ],
    [ 'foundry: a version', 1, 6, sub { [ GET => "/api/v2/models/$from/versions/$version?preview=true" ] } ],
    [ 'registry: a registered model', 1, 8, sub { [ GET => "/api/v2/registeredModels/$registered/" ] } ],
    [ 'registry: one that is shared with the caller', 2, 15, sub { [ GET => "/api/v2/registeredModels/$registered/", token => $member ] } ],
    [ 'registry: registered models', 2, 270, sub { [ GET => '/api/v2/registeredModels/?limit=20' ] } ],
    [ 'registry: a package', 1, 13, sub { [ GET => "/api/v2/modelPackages/$package->{id}/" ] } ],
    [ 'registry: a deployment', 1, 8, sub { [ GET => "/api/v2/deployments/$deployment/" ] } ],
    [ 'MLflow: a model without versions', 1, 7, sub { [ GET => "/api/2.0/mlflow/registered-models/get?name=" . ($bare =~ s/ /%20/gr) ] } ],
    [ 'MLflow: a model', 2, 32, sub { [ GET => "/api/2.0/mlflow/registered-models/get?name=" . ($named =~ s/ /%20/gr) ] } ],
    [ 'MLflow: a model with tags', 3, 38, sub { [ GET => "/api/2.0/mlflow/registered-models/get?name=" . ($labelled =~ s/ /%20/gr) ] } ],
    [ 'MLflow: a version', 1, 9, sub { [ GET => "/api/2.0/mlflow/model-versions/get?version=1&name=" . ($named =~ s/ /%20/gr) ] } ],
    # changes: begin, who it is, lock, change, audit, event, attempt, commit
    [ 'models: archive', 8, 5, sub { [ POST => "$MODELS/$moved/archive" ] }, sub { [ POST => "$MODELS/$moved/unarchive" ] } ],
    [ 'models: unarchive', 9, 6, sub { [ POST => "$MODELS/$moved/unarchive" ] }, sub { [ POST => "$MODELS/$moved/archive" ] } ],
    [ 'models: edit', 8, 5, sub { [ PATCH => "$MODELS/$moved", body => { description => 'no. ' . $n++ } ] }, sub { [ POST => "$MODELS/$moved/unarchive" ] } ],
    [ 'workspaces: archive', 9, 7, sub { [ POST => v1("workspaces/$workspace/archive") ] }, sub { [ POST => v1("workspaces/$workspace/unarchive") ] } ],
    [ 'workspaces: unarchive', 9, 7, sub { [ POST => v1("workspaces/$workspace/unarchive") ] }, sub { [ POST => v1("workspaces/$workspace/archive") ] } ],
    [ 'projects: archive', 8, 6, sub { [ PUT => "/api/v1/projects/$project/archive" ] }, sub { [ PUT => "/api/v1/projects/$project/restore" ] } ],
    [ 'projects: restore', 9, 7, sub { [ PUT => "/api/v1/projects/$project/restore" ] }, sub { [ PUT => "/api/v1/projects/$project/archive" ] } ],
    [ 'foundry: promote', 13, 12, sub { [ POST => "/api/v2/models/$to/promoteVersion?preview=true", body => { sourceModelVersionRid => $version } ] } ],
    [ 'registry: stage', 16, 26, sub { [ PATCH => "/api/v2/registeredModels/$registered/versions/$package->{id}/", body => { stage => other('Staging', 'Production') } ] } ],
    [ 'MLflow: stage', 16, 22, sub { [ POST => '/api/2.0/mlflow/model-versions/transition-stage', body => { name => $named, version => '1', stage => other('Staging', 'Production') } ] } ],
    [ 'MLflow: alias', 15, 14, sub { [ POST => '/api/2.0/mlflow/registered-models/alias', body => { name => $named, version => other('1', '2'), alias => 'champion' } ] } ],
    [ 'MLflow: a new version', 12, 16, sub { [ POST => '/api/2.0/mlflow/model-versions/create', body => { name => $named, source => 's3://b/m' } ] } ],
);

# ---- What they cost ----

# Of the whole server, where nothing else goes on; each look at it costs something itself.
my @counters = ("SUM(IF(VARIABLE_NAME LIKE 'HANDLER\\_READ%', VARIABLE_VALUE, 0))", "SUM(IF(VARIABLE_NAME = 'CREATED_TMP_DISK_TABLES', VARIABLE_VALUE, 0))");
sub looked { return map { @$_ } ($t->sql('SELECT ' . join(', ', @counters) . ' FROM information_schema.GLOBAL_STATUS'))[0] }
my @of_a_look;
{ looked() for 1 .. 3; my @before = looked(); my @after = looked(); @of_a_look = map { $after[$_] - $before[$_] } 0, 1 }

sub ask {
    my ($request, $token, $may_be_so) = @_;
    my ($method, $path, %o) = @$request;
    my $r = $t->req($method => $path, token => $token, %o);
    $r->{status} =~ /^20/ || $may_be_so or die "$method $path: $r->{raw}";
    return $r;
}
# The statements of an answer, when all is done for it.
sub logged {
    my ($r) = @_;
    my ($line) = within(5, sub { my @l = log_lines($t, 'access', $r->{headers}{'x-request-id'}); @l && \@l }, 'the access log')->[0];
    return $line->{statements};
}
# Statements, reads and disk tables of the third execution.
sub cost {
    my ($request, $before, $token) = @_;
    my @got;
    for (1 .. 3) {
        ask($before->(), $token, 'may be so') if $before;
        my $with = $request->();
        my @was = looked();
        my $did = logged(ask($with, $token));
        my @is = looked();
        @got = ($did, map { $is[$_] - $was[$_] - $of_a_look[$_] } 0, 1);
    }
    return @got;
}

for my $case (@cases) {
    my ($name, $statements, $reads, $request, $before) = @$case;
    subtest $name => sub {
        for my $by ([ JWT => $jwt ], [ 'API key' => $key ]) {
            my ($what, $token) = @$by;
            next if $token eq $key && grep { !ref && $_ eq 'token' } @{ $request->() };
            # What a worker remembers of a key ends after a while.
            my ($did, $read, $disk);
            for (1 .. 3) { ($did, $read, $disk) = cost($request, $before, $token); last if $did == $statements }
            is($did, $statements, "by $what: statements");
            cmp_ok($read, '<=', $reads + ($token eq $key && $statements >= 8 ? 10 : 0), "reads: $read");    # which differs by some
            is($disk, $name =~ /registered models$/ ? 1 : 0, 'tables on disk');
        }
    };
}

# ---- Memory ----

# What a request takes is the same each time, but where a key file is read again: so the least of some.
# It does not hang on the compiler, a little on the libraries.
subtest 'what a request allocates' => sub {
    plan skip_all => 'a sanitizer allocates by itself' if $sanitized;
    for my $case ([ 'models: get', 32, 28_000, sub { [ GET => "$MODELS/$model" ] } ],
                  [ 'models: list of 50', 49, 335_000, sub { [ GET => "$MODELS?page_size=50" ] } ],
                  [ 'models: edit', 88, 49_000, sub { [ PATCH => "$MODELS/$model", body => { description => 'no. ' . $n++ } ] } ]) {
        my ($name, $calls, $bytes, $request) = @$case;
        for my $by ([ JWT => $jwt ], [ 'API key' => $key ]) {
            my ($what, $token) = @$by;
            my @least;
            for (1 .. 5) {
                my @was = $t->allocs;
                logged(ask($request->(), $token));
                my @is = $t->allocs;
                for (0, 1) { my $took = $is[$_] - $was[$_]; $least[$_] = $took if !defined $least[$_] || $took < $least[$_] }
            }
            for ([ 'times', $calls ], [ 'bytes', $bytes ]) {
                my ($of, $want) = @$_;
                my $got = shift @least;
                cmp_ok(abs($got - $want), '<=', $want / 3, "$name by $what: $of: $got of $want");
            }
        }
    }
};

# What a worker keeps: pages of the most and the largest objects that one may have, and then small ones.
subtest 'a worker keeps no memory of the worst pages' => sub {
    plan skip_all => 'a sanitizer keeps what it was given' if $sanitized;
    my $text = 'x' x 60_000;
    model($t, metadata => { text => $text }) for 1 .. 100;
    my ($worker) = $t->worker_pids;
    my $dirty = sub { slurp("/proc/$worker/smaps_rollup") =~ /^Private_Dirty:\s+(\d+)/m ? $1 : die 'no smaps_rollup' };
    my $page = sub { $t->req(GET => "$MODELS?page_size=100", token => $jwt, plain => 1) };
    my $first = $dirty->();
    cmp_ok(length $page->()->{body}, '>', 6_000_000, 'given a page of 6 MB') for 1 .. 3;
    my $then = $dirty->();
    $page->() for 1 .. 5;
    $t->req(GET => "$MODELS/$model", token => $jwt) for 1 .. 5;
    my $last = $dirty->();
    cmp_ok($last, '<=', $then + 1024, "no more after others: $then kB, then $last");
    cmp_ok($last, '<=', $first + 4096, "nor than before them: $first kB");
};

$t->finish;
