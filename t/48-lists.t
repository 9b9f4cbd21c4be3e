#!/usr/bin/perl
# Every statement that a list is composed into (`thaw tables lists`), among 20,000 rows of each kind: it is
# prepared, walks along an index, reads as many rows as a page has, from its start and from its middle;
# and reads no more when it is run again, as a worker does, with other statements of the same
# tables in between.  A statement that is prepared once can lose its covering index from its second
# execution on, and neither EXPLAIN nor a fresh session shows it; the rows that it counts stay the
# same too.  The pages it asks for tell: three for each whole row.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;

my $t = Thaw->new(workers => 1);
my $ROWS = 20000;

# given so many objects of each kind, a tenth of them archived, a tenth ready, some in test mode, some local and granted
my $m = model($t);
my ($org, $user, $model) = map { "UNHEX('" . hex_of($_) . "')" } @$m{qw(organization_id created_by id)};
my $other = "UNHEX('0102030405060708090a0b0c')";
my $id = sub { "UNHEX(LPAD(HEX(seq + $_[0]), 24, '0'))" };
my $one = sub { sprintf "UNHEX(LPAD(HEX(%d), 24, '0'))", $_[0] };
my $state = sub { "IF(seq % 10 = 0, '$_[0]', IF(seq % 10 = 1, '$_[1]', '$_[2]'))" };
my $text = "REPEAT('x', 200)";
my $times = "'2026-01-01' + INTERVAL seq SECOND, '2026-01-01' + INTERVAL seq SECOND";
my $live = 'seq % 11 > 0';
# What the registry tells of a version, and filters by.
my @package = ('name, stage, source_id, created_by, target_name, target_type, class_digest, threshold, kinds, use_case_id, model_name, source_name',
    "CONCAT('filler ', seq), IF(seq % 10 = 0, 'Staging', 'Registered'), $other, $user, 'y', 'Binary', UNHEX(MD5('y')), '0.5', 18432, $other, CONCAT('m', seq), 'm'");
my %digest = map { $_ => "UNHEX(MD5('$_'))" } qw(workspaces entities others);
$t->{worker}->stop;
$t->sql($_) for
    "INSERT INTO models (organization_id, id, name, description, model_type, task_type, is_global, status, last_version, created_by, created_at, updated_at, revision, children_rev, target_name, target_type)
        SELECT $org, @{[ $id->(100000) ]}, CONCAT('filler ', seq), $text, 'auto', ELT(1 + seq % 2, 'regression', 'clustering'), seq % 50 > 0, @{[ $state->(qw(archived ready draft)) ]}, 0, $user, $times, 1, 0, 'y', 'Binary' FROM seq_1_to_$ROWS",
    "INSERT INTO grants (organization_id, model_id, grantee_id, role, created_at) SELECT organization_id, id, $user, 1, NOW(6) FROM models WHERE is_global = 0",
    "INSERT INTO group_members (organization_id, principal_id, group_id) SELECT $org, $user, @{[ $one->(7) ]} UNION ALL SELECT $org, $user, @{[ $one->(8) ]}",
    (map { "INSERT INTO grants (organization_id, model_id, grantee_id, role, kind, created_at) SELECT organization_id, id, @{[ $one->($_) ]}, 1, 'group', NOW(6) FROM models WHERE is_global = 0 AND CONV(RIGHT(HEX(id), 4), 16, 10) % 500 < 60" } 7, 8),
    "INSERT INTO model_versions (organization_id, id, model_id, number, status, created_at, updated_at, revision, $package[0])
        SELECT $org, @{[ $id->(150000) ]}, $model, seq, 'ready', $times, 1, $package[1] FROM seq_1_to_$ROWS",
    "INSERT INTO model_versions (organization_id, id, model_id, number, status, created_at, updated_at, revision, $package[0])
        SELECT $org, @{[ $id->(120000) ]}, @{[ $id->(100000) ]}, 1, 'ready', $times, 1, $package[1] FROM seq_1_to_$ROWS WHERE seq % 5 = 2",
    (map { "INSERT INTO tags (organization_id, object_id, id, name, value) SELECT $org, @{[ $id->($_) ]}, @{[ $id->($_) ]}, 'k', 'v' FROM seq_1_to_$ROWS" } 100000, 150000, 2200000),
    "INSERT INTO training_runs (organization_id, id, model_id, status, started_by, started_at, updated_at, revision)
        SELECT $org, @{[ $id->(180000) ]}, $model, 'completed', $user, $times, 1 FROM seq_1_to_$ROWS",
    "INSERT INTO audit_events (organization_id, id, at, actor_id, actor_name, action, resource_type, resource_id, revision, to_state, request_id, client_address, user_agent)
        SELECT $org, @{[ $id->(240000) ]}, '2026-01-01' + INTERVAL seq SECOND, IF(seq % 100, $user, $other), 'x', IF(seq % 100, 'model.updated', 'model.archived'), 'model', $model, seq + 1, 'draft', '', '', '' FROM seq_1_to_$ROWS",
    "INSERT INTO model_holds (organization_id, model_id, kind, name, id, number, from_at, from_by, until_at) SELECT $org, $model, IF(seq % 2, 'alias', 'stage'), IF(seq % 2, 'champion', 'Production'),
        @{[ $id->(2400000) ]}, seq, '2026-01-01' + INTERVAL seq SECOND, $user, IF(seq % 4 < 2, NULL, '2026-06-01') FROM seq_1_to_$ROWS",
    "INSERT INTO projects (organization_id, id, number, name, description, url, status, created_by, created_at, updated_at, revision)
        SELECT $org, @{[ $id->(200000) ]}, seq, CONCAT('filler ', seq), $text, CONCAT('u', seq), @{[ $state->(qw(ARCHIVED LIVE DRAFT)) ]}, $user, $times, 1 FROM seq_1_to_$ROWS",
    "INSERT INTO workspaces (organization_id, id, livemode, name, metadata, status, created_by, created_at, updated_at, revision, children_rev)
        SELECT $org, @{[ $id->(300000) ]}, $live, CONCAT('filler ', seq), $text, @{[ $state->(qw(archived active ready)) ]}, $user, $times, 1, 0 FROM seq_1_to_$ROWS",
    "INSERT INTO entities (organization_id, id, livemode, workspace_id, name, jurisdiction, type, portfolio_id, metadata, status, created_by, created_at, updated_at, revision)
        SELECT $org, @{[ $id->(400000) ]}, $live, IF(seq % 4, @{[ $id->(300000) ]}, @{[ $one->(307001) ]}), CONCAT('filler ', seq), IF(seq % 7, 'US-CA', 'US-DE'), 'llc', IF(seq % 5 = 1, 'folio', NULL), $text,
            @{[ $state->(qw(dissolved registered draft)) ]}, $user, $times, 1 FROM seq_1_to_$ROWS",
    (map { my ($table, $from) = @$_; map { "INSERT INTO labels (organization_id, digest, livemode, object_id) SELECT $org, $_, $live, @{[ $id->($from) ]} FROM seq_1_to_$ROWS WHERE seq % 3 > 0" } $digest{$table} }
        [ workspaces => 300000 ], [ entities => 400000 ]),
    "INSERT INTO labels (organization_id, digest, livemode, object_id) SELECT $org, $digest{others}, $live, @{[ $id->(300000) ]} FROM seq_1_to_$ROWS",
    "INSERT INTO folders (organization_id, id, kind, parent_id, project_id, name, description, path, status, created_by, created_at, updated_at, revision, children_rev)
        SELECT $org, @{[ $id->(500000) ]}, 'folder', $org, $org, CONCAT('filler ', seq), $text, '/x', IF(seq % 10, 'active', 'archived'), $user, $times, 1, 0 FROM seq_1_to_2000",
    "INSERT INTO webhook_endpoints (organization_id, id, livemode, url, description, enabled_events, api_version, secret, status, created_at, updated_at, revision)
        SELECT $org, @{[ $id->(600000) ]}, $live, 'https://x', $text, '[\"*\"]', '2026-06-10', 'x', IF(seq % 20, 'deleted', 'enabled'), $times, 1 FROM seq_1_to_2000",
    "INSERT INTO api_keys (organization_id, id, secret_hash, hint, kind, livemode, principal_id, human_grant, status, created_at, updated_at, revision)
        SELECT $org, @{[ $id->(800000) ]}, UNHEX(SHA2(seq, 256)), 'sk_live_...', 'secret', $live, IF(seq % 200 IN (7, 25), $other, $user), 0, 'active', $times, 1 FROM seq_1_to_$ROWS",
    "INSERT INTO authorizations (organization_id, id, livemode, action, resource_type, resource_id, human_id, agent, token_id, status, created_at, updated_at, revision)
        SELECT $org, @{[ $id->(900000) ]}, $live, 'workspace.archived', 'workspace', @{[ $id->(300000) ]}, $user, 'agt_x', @{[ $id->(800000) ]}, IF(seq % 200 IN (7, 25), 'pending', 'approved'), $times, 1 FROM seq_1_to_$ROWS",
    "INSERT INTO outbox (organization_id, id, at, type, resource_type, resource_id, revision, request_id, payload, livemode, sequence)
        SELECT $org, @{[ $id->(1000000) ]}, '2026-01-01' + INTERVAL seq SECOND, IF(seq % 100 IN (5, 6), 'workspace.archived', 'workspace.updated'), 'workspace', @{[ $id->(300000) ]}, 2, 'r', '{}', $live, seq FROM seq_1_to_$ROWS",
    "INSERT INTO deliveries (organization_id, id, endpoint_id, event_id, resource_type, resource_id, sequence, outcome, tries, next_at, created_at, updated_at)
        SELECT $org, @{[ $id->(1100000) ]}, @{[ $one->(1) ]}, @{[ $id->(1000000) ]}, 'workspace', @{[ $id->(300000) ]}, seq, IF(seq % 50, 'succeeded', NULL), 1, NULL, $times FROM seq_1_to_$ROWS",
    "INSERT INTO deployments (organization_id, id, model_id, version_id, label, description, importance, status, hidden, created_by, created_at, updated_at, revision)
        SELECT $org, @{[ $id->(1200000) ]}, $model, @{[ $id->(150000) ]}, CONCAT('filler ', seq), $text, ELT(1 + seq % 2, 'HIGH', 'LOW'), @{[ $state->(qw(deleted inactive active)) ]}, seq % 10 = 0, $user, $times, 1 FROM seq_1_to_$ROWS",
    "INSERT INTO prediction_environments (organization_id, id, name, description, platform, formats, managed, status, hidden, created_by, created_at, updated_at, revision, children_rev)
        SELECT $org, @{[ $id->(1300000) ]}, CONCAT('filler ', seq), $text, 'aws', IF(seq % 3, 256, 2048), 0, @{[ $state->(qw(deleted active active)) ]}, seq % 10 = 0, $user, $times, 1, 0 FROM seq_1_to_$ROWS",
    "INSERT INTO deployment_versions (organization_id, id, deployment_id, model_id, version_id, number, label, hidden, created_at)
        SELECT $org, @{[ $id->(1400000) ]}, @{[ $id->(1200000) ]}, $model, IF(seq % 100, @{[ $one->(150001) ]}, @{[ $one->(150002) ]}), 1, CONCAT('filler ', seq), seq % 10 = 1, '2026-01-01' + INTERVAL seq SECOND FROM seq_1_to_$ROWS",
    "INSERT INTO challengers (organization_id, id, deployment_id, model_id, version_id, name, status, hidden, created_by, created_at, updated_at, revision)
        SELECT $org, @{[ $id->(1500000) ]}, @{[ $one->(1200001) ]}, $model, @{[ $one->(150001) ]}, CONCAT('filler ', seq), @{[ $state->(qw(deleted active active)) ]}, seq % 10 = 0, $user, $times, 1 FROM seq_1_to_$ROWS",
    "INSERT INTO run_projects (organization_id, id, name, status, created_by, created_at, updated_at, revision)
        SELECT $org, @{[ $id->(1600000) ]}, CONCAT('filler ', seq), 'active', $user, $times, 1 FROM seq_1_to_$ROWS",
    "INSERT INTO training_runs (organization_id, id, project_id, algorithm, target, name, target_type, all_features, status, started_by, started_at, updated_at, revision)
        SELECT $org, @{[ $id->(1700000) ]}, @{[ $one->(1600001) ]}, 'm', 'y', CONCAT('filler ', seq), 'Binary', $text, 'completed', $user, $times, 1 FROM seq_1_to_$ROWS",
    "INSERT INTO use_cases (organization_id, id, name, description, status, created_by, created_at, updated_at, revision)
        SELECT $org, @{[ $id->(1800000) ]}, CONCAT('filler ', seq), $text, @{[ $state->(qw(deleted active active)) ]}, $user, $times, 1 FROM seq_1_to_$ROWS",
    "INSERT INTO principals (organization_id, id, kind, username, email, role, status, tokens_since, created_at, updated_at, revision)
        SELECT $org, @{[ $id->(2500000) ]}, 'human', CONCAT('filler-', seq), CONCAT('filler-', seq, '\@main.example'), 'reader', 'active', '2026-01-01', $times, 1 FROM seq_1_to_$ROWS",
    "INSERT INTO roles (organization_id, id, name, status, permissions, rate, created_at, updated_at, revision)
        SELECT $org, @{[ $id->(2600000) ]}, CONCAT('filler-', seq), 'active', 'model:read', 100, $times, 1 FROM seq_1_to_$ROWS",
    "INSERT INTO oauth_clients (organization_id, id, name, redirect_uris, scopes, status, created_at, updated_at, revision)
        SELECT $org, @{[ $id->(2700000) ]}, CONCAT('filler ', seq), '[]', 'api:models-read', 'active', $times, 1 FROM seq_1_to_$ROWS",
    # a version of each custom model, and many of one; a package of two in five is deployed
    "INSERT INTO custom_models (organization_id, id, name, description, kind, target_type, latest_id, major, minor, status, created_by, created_at, updated_at, revision, children_rev)
        SELECT $org, @{[ $id->(1900000) ]}, CONCAT('filler ', seq), $text, IF(seq % 10 = 3, 'training', 'inference'), 'Binary', @{[ $id->(2000000) ]}, 1, 0, @{[ $state->(qw(deleted active active)) ]}, $user, $times, 1, 0 FROM seq_1_to_$ROWS",
    (map { my ($from, $model, $number) = @$_; "INSERT INTO custom_versions (organization_id, id, custom_model_id, major, minor, description, status, created_by, created_at, updated_at, revision)
        SELECT $org, @{[ $id->($from) ]}, $model, $number, $text, 'ready', $user, $times, 1 FROM seq_1_to_$ROWS" } [ 2000000, $id->(1900000), '1, 0' ], [ 2100000, $one->(1900010), '2, seq' ]),
    "INSERT INTO model_versions (organization_id, id, model_id, number, status, created_at, updated_at, revision, $package[0])
        SELECT $org, @{[ $id->(2200000) ]}, @{[ $id->(100000) ]}, 2, 'ready', $times, 1, @{[ $package[1] =~ s/\Q$other\E/$id->(2000000)/er ]} FROM seq_1_to_$ROWS WHERE seq % 5 IN (1, 2)",
    "INSERT INTO deployments (organization_id, id, model_id, version_id, label, importance, status, created_by, created_at, updated_at, revision)
        SELECT $org, @{[ $id->(2300000) ]}, @{[ $id->(100000) ]}, @{[ $id->(2200000) ]}, 'x', 'HIGH', 'active', $user, $times, 1 FROM seq_1_to_$ROWS WHERE seq % 5 IN (1, 2)",
    'ANALYZE TABLE principals, roles, oauth_clients, model_holds, run_projects, use_cases, custom_models, custom_versions, deployments, prediction_environments, deployment_versions, challengers, models, grants, group_members, model_versions, tags, training_runs, audit_events, projects, workspaces, entities, labels, folders, webhook_endpoints, api_keys, authorizations, outbox, deliveries';

sub quoted { "'" . ($_[0] =~ s/(['\\])/\\$1/gr) . "'" }
my $nobody = "UNHEX('" . '0' x 24 . "')";

# ---- What the lists are composed into ----

my %of_version = (stage => "'Registered'", build => "'complete'", model_id => $other, model_name => "'m'", threshold => "'0.5'", imported => 0, kinds => 16384, formats => 2048, challenger => 16384,
    similar0 => "'y'", similar1 => "'Binary'", similar2 => "UNHEX(MD5('y'))", similar3 => 0, not => $other, living => "'ready'", search => "'%filler%'", target_name => "'y'", target_type => "'Binary'", use_case => $other, created_by => "'admin\@main.example'",
    map { ("tags$_" => $_ % 4 < 2 ? q('["k"]') : q('["v"]')) } 0 .. 7);
sub label { return map({ ("label${_}0" => "'k'") } '', qw(_common _not _like _ilike)), label1 => "'v'", label_common1 => "'v'", label_not1 => "'w'", label_like1 => "'v%'", label_ilike1 => "'V%'" }
# What is asked for, by list and filter; what a list has no value for here is no filter of it.
my %asked = (
    MODELS => { hidden => 0, status => "'ready'", task_type => "'clustering'", search => "'%filler%'" },
    RUNS => {}, VERSIONS => { branch => "'master'" }, VERSIONS_DESCRIBED => { branch => "'master'" },
    AUDIT => { from => "'2000-01-01'", to => "'2099-01-01'", action => "'model.archived'", actor_id => $other },
    HOLDS => { alias => "'champion'", stage => "'Production'", at0 => "'2099-01-01'", at1 => "'2026-01-01'" }, ALIASES => {},
    PACKAGES => { %of_version, status => "'ready'" }, REGISTERED_VERSIONS => { %of_version },
    REGISTERED => { %of_version, hidden => 0, global => 1, target_type => "'Binary'", map({ $_ => "'2000-01-01'" } qw(created_from modified_from)), map({ $_ => "'2099-01-01'" } qw(created_before modified_before)) },
    PROJECTS => { hidden => 0, status => "'LIVE'", search => "'%filler%'" },
    WORKSPACES => { hidden => 0, status => "'active'", metadata => $digest{workspaces} },
    ENTITIES => { workspace_id => $one->(307001), portfolio_id => "'folio'", jurisdiction => "'US-DE'", status => "'registered'", metadata => $digest{entities} },
    AUTHORIZATIONS => { status => "'pending'" }, TOKENS => { principal => $other }, ENDPOINTS => { hidden => 0, format => 0 },
    EVENTS => { seen0 => 0, seen1 => $user, seen2 => 0, seen3 => $user, type => "'workspace.archived'", kind => "'workspace'" },
    DELIVERIES => {}, USERS => { search => "'%filler%'" }, ROLES => {}, CLIENTS => {},
    DEPLOYMENTS => { hidden => 0, search => "'%filler%'", status => "'[\"active\"]'", importance => "'[\"HIGH\"]'" }, ENVIRONMENTS => { hidden => 0, search => "'%filler%'", formats => 256 },
    RUN_PROJECTS => {}, LEADERBOARD => {}, USE_CASES => { hidden => 0, search => "'%filler%'" },
    CUSTOM_MODELS => { hidden => 0, kind => "'training'", search => "'%filler%'", map({ ("deployed$_" => $_ == 2 ? $org : $user) } 0 .. 3), deployed4 => 1 }, CUSTOM_VERSIONS => {},
    NAMED => { hidden => 0, name => "'filler 7'", name_not => "'filler 7'", name_like => "'%filler%'", name_ilike => "'%FILLER%'", name_in => q('["filler 7"]'), name_not_in => q('["filler 7"]'), name_from0 => "'filler'", name_from1 => "'fillest'", label() },
    NAMED_VERSIONS => { model => $model, living => 0, hidden => 0, name_from0 => "'filler'", name_from1 => "'fillest'", name => "'filler 7'", name_not => "'filler 7'", name_like => "'%filler%'", name_ilike => "'%FILLER%'", name_in => q('["filler 7"]'), name_not_in => q('["filler 7"]'),
        run => "'r7'", run_not => "'r7'", run_like => "'r%'", run_ilike => "'R%'", run_in => q('["r7"]'), run_not_in => q('["r7"]'), source => "'s3://x'", source_not => "'s3://y'", source_like => "'s3%'", source_ilike => "'S3%'",
        number => 7, number_not => 7, number_from => 1, number_to => 1000000, number_above => 0, number_below => 1000000, label() },
    CHALLENGERS => { hidden => 0 }, PAIRS => { hidden => 0, search => "'%filler%'", version => $one->(150002) },
);
my %parent = (LEADERBOARD => $one->(1600001), CUSTOM_VERSIONS => $one->(1900010), REGISTERED_VERSIONS => $model, RUNS => $model, VERSIONS => $model, VERSIONS_DESCRIBED => $model, AUDIT => $model, HOLDS => $model, ALIASES => $model, DELIVERIES => $one->(1), PAIRS => $model, CHALLENGERS => $one->(1200001));
my @lists = tables($t, 'lists');
is(join(' ', sort keys %{ { map { $_->{list} => 1 } @lists } }), join(' ', sort keys %asked), 'every list there is');

# Sets what stands for the values of one: from the middle of the rows there are.
my %places;
sub sets {
    my $s = shift;
    my $of = $asked{ $s->{list} };
    my $sets = join '', map { "SET \@$_ = $of->{$_};\n" } sort keys %$of;
    $sets .= "SET \@parent = $parent{ $s->{list} };\n" if $parent{ $s->{list} };
    return $sets if !$s->{next};
    my $keys = join ', ', @{ $s->{keys} };
    my $half = $s->{table} eq 'webhook_endpoints' ? 1000 : $ROWS / 2;
    my $of_parent = $s->{table} eq 'model_versions' && $parent{ $s->{list} } ? ' AND model_id = @parent' : '';
    my $select = "SELECT $keys INTO %s FROM $s->{table} x WHERE organization_id = \@org$of_parent ORDER BY $keys LIMIT 1 OFFSET $half;\n";
    my @k = (0 .. $#{ $s->{keys} });
    # the first one looks, for all that have its keys: no index has some of them
    my $which = $select . ($of_parent && $parent{ $s->{list} });
    if (!$places{$which}) {
        my $new = $places{$which} = 1 + keys %places;
        $sets .= sprintf $select, join ', ', map { "\@place${new}_$_" } @k;
    }
    return $sets . join '', map { "SET \@k$_ = \@place$places{$which}_$_;\n" } @k;
}
sub using { my $v = "$_[0]{values}" . ($_[0]{text} =~ /oauth_revocations s / ? ", $nobody" : ''); $v ne '' ? " USING $v" : '' }

subtest 'each is prepared and walks along an index' => sub {
    cmp_ok(scalar @lists, '>=', 400, scalar(@lists) . ' statements');
    is(join(', ', map { $_->{name} } grep { length $_->{in} != ($_->{text} =~ tr/?//) } @lists), '', 'a letter for each parameter');
    my $script = "SET \@org = $org, \@me = $user;\n";
    for my $s (@lists) {
        $script .= sets($s) . "SELECT 'list', " . quoted($s->{name}) . ";\nPREPARE s FROM " . quoted("EXPLAIN $s->{text}") . ";\nEXECUTE s" . using($s) . ";\n";
    }
    my ($name, @scans, %ran);
    for ($t->sql($script)) {
        if (@$_ == 2 && $_->[0] eq 'list') { $name = $_->[1]; next }
        $ran{$name} = 1;
        push @scans, "$name: $$_[2] $$_[3] key " . ($$_[5] // 'none') . " rows $$_[8]" if ($$_[2] // '') !~ /^(?:<.*>|p|r)$/ && ($$_[3] // '') =~ /^(?:ALL|index)$/ && ($$_[8] // 0) > 1000;
    }
    is(join(', ', grep { !$ran{$_} } map { $_->{name} } @lists), '', 'explained');
    is(join("\n", @scans), '', 'no full scan');
};

# ---- And what else asks for many rows, by the words around each mark ----

# What each mark stands for, by its letter and the words before it: a first page of what is common.
sub values_of {
    my $s = shift;
    my @parts = split /\?/, $s->{text}, -1;
    my ($n, @in) = 0;
    for my $letter (split //, $s->{in} // '') {
        my $before = $parts[ $n++ ];
        my $last = $before =~ /<=?\s*$/;
        push @in,
              $before =~ /\(\s*$/ && $parts[$n] =~ /^ IS NULL/ ? 'NULL'
            : $letter eq 'd' ? ($before =~ /oauth_revocations s .*s\.id\s*=\s*$/s ? $nobody : $before =~ /(?:p\.id|principal_id|grantee_id IN \()\s*=?\s*$/ ? $user : $before =~ /folder_id\s*=\s*$/ ? $nobody
                : $before =~ />\s*$/ ? $nobody : $last ? "UNHEX('" . 'f' x 24 . "')" : $org)
            : $letter eq 't' ? ($last ? "'2099-01-01'" : "'2000-01-01'")
            : $letter eq 'i' ? ($before =~ /(?:OFFSET|hidden\s*=)\s*$/ ? 0 : $before =~ /LIMIT\s*$/ ? 20 : $last ? 1000000000 : $before =~ /(?:livemode\s*=|\()\s*$/ && $parts[$n] !~ /^ = 0/ ? 1 : 0)
            : $letter eq 'x' ? "UNHEX('00')"
            : $before =~ /LIKE\s*$/ ? "'%filler%'" : $before =~ /j\.status\s*=\s*$/ ? "'LIVE'" : $before =~ /status\s*=\s*$/ ? "'ready'" : $before =~ /task_type\s*=\s*$/ ? "'clustering'" : "'x'";
    }
    return @in;
}

# Some orders of MLflow's searches no index has, since they go by what is said of two tables, or of what is found by its
# tag: all that is found is read and sorted.  These are not run here, but for one.
my %sorting;
sub sorts {
    my $s = shift;
    my ($order, $asked) = "$s->{name} " =~ /^NAMED(?:_VERSIONS)? (\w+)(?: flipped)?(?: next)?( .*)/ or return 0;
    return 1 if $asked =~ / label /;
    return $order =~ /^timestamp/ && $asked =~ / name_from / if $s->{list} eq 'NAMED';
    return $asked !~ / run / && !($order eq 'in_model' ? $asked =~ / model / : $order eq 'last_updated');
}
@lists = grep { !(($_->{list} =~ /^NAMED/ && sorts($_)) && $sorting{ $_->{list} }++) } @lists;
is(join(' ', sort keys %sorting), 'NAMED NAMED_VERSIONS', 'which sort');

my $tables = qr/\b(?:models|projects|workspaces|entities|folders|webhook_endpoints)\b/;
my @others = grep { $_->{text} =~ /^SELECT/ && $_->{text} =~ $tables && $_->{text} !~ /FOR UPDATE/ && $_->{name} !~ /^VERIFY|^STATUSES/ } tables($t, 'sql');
for my $s (@others) {
    $s->{values} = join ', ', values_of($s);
    $s->{many} = $s->{text} =~ /\bCOUNT\(|\bSUM\(|\bLIMIT \?/;
    $s->{using} = ($s->{values} ne '' ? " USING $s->{values}" : '');
}
$_->{many} = 1, $_->{using} = using($_) for @lists;

# One connection, which has every statement; each is run in turn, twice over.
my @all = (@lists, @others);
my $pages = "(SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'INNODB_BUFFER_POOL_READ_REQUESTS')";
my $rows = "SUM(VARIABLE_VALUE) FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME LIKE 'HANDLER_READ%'";
$t->sql('SET GLOBAL max_prepared_stmt_count = 65536');
sub run_twice {
    my ($to, @which) = @_;
    %places = ();
    my $script = "SET \@org = $org, \@me = $user;\n" . join '', map { "PREPARE s$_ FROM " . quoted($all[$_]{text}) . ";\n" } @which;
    for my $round (1, 2) {
        for my $at (@which) {
            my $s = $all[$at];
            $script .= ($s->{list} ? sets($s) : '') . "SET \@before = $pages;\nFLUSH STATUS;\n" . "EXECUTE s$at$s->{using}" . ";\nSELECT 'pages', $at, $round, $pages - \@before, $rows;\n";
        }
    }
    my $got = 0;
    for ($t->sql($script)) {
        $got++, next if ($_->[0] // '') ne 'pages' || @$_ != 5;
        my ($at, $round, $n, $read) = @$_[ 1 .. 4 ];
        $all[$at]{$to}[$round] = $n;
        @{ $all[$at] }{qw(got read)} = ($got, $read) if $round == 1;
        $got = 0;
    }
}
sub too_many { my ($first, $again) = @{ $_[0] }[ 1, 2 ]; return $again > 200 + 1.5 * $first }
# What else the server does may have its pages among those of one: what seems to read more is looked at once more.
run_twice(pages => 0 .. $#all);
my @more = grep { $all[$_]{pages} && too_many($all[$_]{pages}) } 0 .. $#all;
run_twice(later => @more) if @more;

subtest 'a page of one filter reads what a page has' => sub {
    # of several filters, or searching, it may read on, and what is counted is read
    for my $s (grep { !$_->{count} && $_->{name} !~ /search/ && $_->{filters} <= 2 && !sorts($_) } @lists) {
        cmp_ok($s->{read}, '<', 700, "$s->{name} reads $s->{read} rows");
        cmp_ok($s->{got}, '>=', $s->{name} =~ /^NAMED .*hidden name(?:_in)? / ? 1 : 20, "of $s->{got}");      # one has a name
    }
};

subtest 'and no more when it is run again' => sub {
    is(join(' ', map { $_->{name} } grep { !$_->{pages} } @all), '', 'all of them ran');
    my $counts = qr/^SELECT (?:\(?SELECT )?COUNT\(\*\) FROM (?:models|projects|workspaces|entities)/;
    for my $s (grep { $_->{many} && $_->{pages} } @all) {
        my ($first, $again) = @{ $s->{later} // $s->{pages} }[ 1, 2 ];
        ok(!too_many($s->{later} // $s->{pages}), "$s->{name}: $first pages, then $again");
        # registered models are looked at each, where more is asked of them than whether they are hidden
        cmp_ok($first, '<', $ROWS / 10, 'which is none of the rows') if $s->{text} =~ $counts && !(($s->{list} // '') eq 'REGISTERED' && $s->{filters} > 1);
    }
};

subtest 'whatever buffers the server joins with, a page that is cut at its bytes lacks nothing before its end' => sub {
    my $u = Thaw->new(workers => 1, mariadb => [ '--join-cache-level=6', '--optimizer-switch=mrr=on,mrr_sort_keys=on' ], config => { page_bytes_limit => 65536 });
    my $w = workspace($u);
    my ($org, $w_id) = map { "UNHEX('" . hex_of($_) . "')" } (model($u)->{organization_id}, $w->{id});
    $u->sql("INSERT INTO workspaces (organization_id, id, livemode, name, metadata, status, created_by, created_at, updated_at, revision, children_rev)
        SELECT organization_id, UNHEX(LPAD(HEX(seq), 24, '0')), livemode, 'x', CONCAT('{\"a\":\"', REPEAT('x', 5000), '\"}'), status, created_by, created_at,
        created_at + INTERVAL (seq * 37) % 200 SECOND, 1, 0 FROM workspaces JOIN seq_1_to_200 WHERE organization_id = $org AND id = $w_id");
    for my $sort (qw(created -created updated -updated name)) {
        my ($cursor, %seen) = '';
        for (1 .. 60) {
            my $r = $u->req(GET => "/v1/workspaces?limit=50&sort=$sort$cursor", token => $u->admin)->{json};
            $seen{ $_->{id} }++ for @{ $r->{data} };
            last if !$r->{has_more};
            $cursor = "&starting_after=$r->{next_cursor}";
        }
        is(scalar(keys %seen), 201, "sort=$sort: all of them");
    }
    $u->sql('DELETE FROM workspaces WHERE id < UNHEX(LPAD(HEX(201), 24, 0))');
    $u->finish;
};

subtest 'where the server has no room for another statement' => sub {
    my $u = Thaw->new(workers => 1);
    my $list = sub { $u->req(GET => "/v1/workspaces?$_[0]", token => $u->admin) };
    is($list->("sort=$_")->{status}, 200, "given a worker that knows sort=$_") for qw(created -created name);
    my $known = $u->sql("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'PREPARED_STMT_COUNT'");
    $u->sql("SET GLOBAL max_prepared_stmt_count = $known");
    is($list->('sort=updated')->{status}, 200, 'then those of lists give way to another one');
    is($list->('sort=name')->{status}, 200, 'and come back');
    $u->sql('SET GLOBAL max_prepared_stmt_count = 0');
    $u->{worker}->kill('HUP');
    ok(within(10, sub { $list->('sort=name')->{status} == 503 }), 'and a worker that can prepare nothing asks for patience');
    my $r = $list->('sort=name');
    like($r->{headers}{'retry-after'} // '', qr/^\d+$/, 'with Retry-After');
    is($u->req(GET => '/readyz')->{status}, 503, 'and is not ready');
    $u->sql('SET GLOBAL max_prepared_stmt_count = 16382');
    is($list->('sort=name')->{status}, 200, 'until there is room');
    $u->finish;
};

$t->sql("DELETE FROM $_ WHERE organization_id = $org AND id < UNHEX('000000000001000000000000')")
    for qw(models model_holds model_versions training_runs audit_events projects workspaces entities folders webhook_endpoints api_keys authorizations outbox deliveries deployments prediction_environments deployment_versions challengers run_projects use_cases custom_models custom_versions oauth_clients);
$t->sql("DELETE FROM $_ WHERE organization_id = $org AND id < UNHEX('000000000001000000000000')") for qw(principals roles);
$t->sql("DELETE FROM grants WHERE model_id < UNHEX('000000000001000000000000'); DELETE FROM group_members WHERE group_id < UNHEX('000000000001000000000000')");
$t->finish;
