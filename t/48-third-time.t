#!/usr/bin/perl
# What a list reads when its statement is run again, as a worker does, with other statements of the
# same tables in between: no more than the first time.  A statement that is prepared once can lose
# its covering index from its second execution on, and neither EXPLAIN nor a fresh session shows it;
# the rows that it counts stay the same too.  The pages it asks for tell: three for each whole row.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;

my $t = Thaw->new(workers => 1);
my $ROWS = 20000;

# given so many objects of each kind, a tenth of them archived, a tenth ready, some local and granted
my $m = model($t);
my ($org, $user) = map { "UNHEX('" . hex_of($_) . "')" } @$m{qw(organization_id created_by)};
my $id = sub { "UNHEX(LPAD(HEX(seq + $_[0]), 24, '0'))" };
my $state = sub { "IF(seq % 10 = 0, '$_[0]', IF(seq % 10 = 1, '$_[1]', '$_[2]'))" };
my $text = "REPEAT('x', 200)";
my $times = "'2026-01-01' + INTERVAL seq SECOND, '2026-01-01' + INTERVAL seq SECOND";
$t->{worker}->stop;
$t->sql($_) for
    "INSERT INTO models (organization_id, id, name, description, model_type, task_type, is_global, status, last_version, created_by, created_at, updated_at, revision, children_rev)
        SELECT $org, @{[ $id->(100000) ]}, CONCAT('filler ', seq), $text, 'auto', ELT(1 + seq % 2, 'regression', 'clustering'), seq % 50 > 0, @{[ $state->(qw(archived ready draft)) ]}, 0, $user, $times, 1, 0 FROM seq_1_to_$ROWS",
    "INSERT INTO grants (organization_id, model_id, grantee_id, role, created_at) SELECT organization_id, id, $user, 1, NOW(6) FROM models WHERE is_global = 0",
    "INSERT INTO projects (organization_id, id, number, name, description, url, status, created_by, created_at, updated_at, revision)
        SELECT $org, @{[ $id->(200000) ]}, seq, CONCAT('filler ', seq), $text, CONCAT('u', seq), @{[ $state->(qw(ARCHIVED LIVE DRAFT)) ]}, $user, $times, 1 FROM seq_1_to_$ROWS",
    "INSERT INTO workspaces (organization_id, id, livemode, name, metadata, status, created_by, created_at, updated_at, revision, children_rev)
        SELECT $org, @{[ $id->(300000) ]}, 1, CONCAT('filler ', seq), $text, @{[ $state->(qw(archived active ready)) ]}, $user, $times, 1, 0 FROM seq_1_to_$ROWS",
    "INSERT INTO entities (organization_id, id, livemode, workspace_id, name, jurisdiction, type, metadata, status, created_by, created_at, updated_at, revision)
        SELECT $org, @{[ $id->(400000) ]}, 1, @{[ $id->(300000) ]}, CONCAT('filler ', seq), 'US-CA', 'llc', $text, @{[ $state->(qw(dissolved registered draft)) ]}, $user, $times, 1 FROM seq_1_to_$ROWS",
    "INSERT INTO folders (organization_id, id, kind, parent_id, project_id, name, description, path, status, created_by, created_at, updated_at, revision, children_rev)
        SELECT $org, @{[ $id->(500000) ]}, 'folder', $org, $org, CONCAT('filler ', seq), $text, '/x', IF(seq % 10, 'active', 'archived'), $user, $times, 1, 0 FROM seq_1_to_2000",
    "INSERT INTO webhook_endpoints (organization_id, id, livemode, url, description, enabled_events, api_version, secret, status, created_at, updated_at, revision)
        SELECT $org, @{[ $id->(600000) ]}, 1, 'https://x', $text, '[\"*\"]', '2026-06-10', 'x', IF(seq % 20, 'deleted', 'enabled'), $times, 1 FROM seq_1_to_2000",
    'ANALYZE TABLE models, grants, projects, workspaces, entities, folders, webhook_endpoints';

# What each mark stands for, by its letter and the words before it: a first page of what is common.
sub values_of {
    my $s = shift;
    my @parts = split /\?/, $s->{text}, -1;
    my ($nobody, $n, @in) = ("UNHEX('" . '0' x 24 . "')", 0);
    # A filter that may be none is, but where the index is that of the filter.
    my ($by) = $s->{text} =~ /FORCE INDEX \(\w+_by_(\w+)\)/;
    my %of = (status => $s->{text} =~ /FROM entities/ ? "'registered'" : "'active'", workspace_id => "UNHEX(LPAD(HEX(300001), 24, '0'))", jurisdiction => "'US-CA'", portfolio_id => "'x'");
    my $filter = sub { my ($column) = $_[0] =~ /x\.(\w+) = $/; $by && $column && $column =~ /^$by/ ? $of{$column} : undef };
    for my $letter (split //, $s->{in} // '') {
        my $before = $parts[ $n++ ];
        my $last = $before =~ /<=?\s*$/;
        push @in,
              $before =~ /\(\s*$/ && $parts[$n] =~ /^ IS NULL/ ? $filter->($parts[$n]) // 'NULL'
            : $before =~ /^ IS NULL OR/ && $filter->($before) ? $filter->($before)
            : $letter eq 'd' ? ($before =~ /oauth_revocations s .*s\.id\s*=\s*$/s ? $nobody : $before =~ /(?:p\.id|principal_id|grantee_id IN \()\s*=?\s*$/ ? $user : $before =~ /folder_id\s*=\s*$/ ? $nobody
                : $before =~ />\s*$/ ? $nobody : $last ? "UNHEX('" . 'f' x 24 . "')" : $org)
            : $letter eq 't' ? ($last ? "'2099-01-01'" : "'2000-01-01'")
            : $letter eq 'i' ? ($before =~ /(?:OFFSET|hidden\s*=)\s*$/ ? 0 : $before =~ /LIMIT\s*$/ ? 20 : $last ? 1000000000 : $before =~ /(?:livemode\s*=|\()\s*$/ && $parts[$n] !~ /^ = 0/ ? 1 : 0)
            : $letter eq 'x' ? "UNHEX('00')"
            : $before =~ /LIKE\s*$/ ? "'%filler%'" : $before =~ /j\.status\s*=\s*$/ ? "'LIVE'" : $before =~ /status\s*=\s*$/ ? "'ready'" : $before =~ /task_type\s*=\s*$/ ? "'clustering'" : "'x'";
    }
    return @in;
}

my $tables = qr/\b(?:models|projects|workspaces|entities|folders|webhook_endpoints)\b/;
my @all = grep { $_->{text} =~ /^SELECT/ && $_->{text} =~ $tables && $_->{text} !~ /FOR UPDATE/ && $_->{name} !~ /^VERIFY|^STATUSES/ } tables($t, 'sql');
my %list = map { $_->{name} => 1 } grep { $_->{text} =~ /\bCOUNT\(|\bSUM\(|\bLIMIT \?/ } @all;
cmp_ok(scalar keys %list, '>=', 60, scalar(keys %list) . ' lists and counts among ' . @all . ' statements');

# One connection, which has every statement; each is run in turn, four times over.
my $pages = "(SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'INNODB_BUFFER_POOL_READ_REQUESTS')";
my $script = join '', map { "PREPARE s_$_->{name} FROM '" . ($_->{text} =~ s/(['\\])/\\$1/gr) . "';\n" } @all;
for my $round (1 .. 4) {
    for my $s (@all) {
        my $in = join ', ', values_of($s);
        $script .= "SET \@before = $pages;\nEXECUTE s_$s->{name}" . ($in ne '' ? " USING $in" : '') . ";\nSELECT 'pages', '$s->{name}', $round, $pages - \@before;\n";
    }
}
$t->sql('SET GLOBAL max_prepared_stmt_count = 65536');
my (%read, %rows, $rows);
for ($t->sql($script)) {
    if (($_->[0] // '') eq 'pages' && @$_ == 4 && $list{ $_->[1] }) {
        $read{ $_->[1] }[ $_->[2] ] = $_->[3];
        $rows{ $_->[1] } = $rows;
    }
    $rows = ($_->[0] // '') eq 'pages' ? 0 : ($rows // 0) + 1;
}
is(join(' ', grep { !$read{$_} } sort keys %list), '', 'all of them ran');
my $counts = qr/^SELECT (?:\(?SELECT )?COUNT\(\*\) FROM (?:models|projects|workspaces|entities)/;
for my $s (grep { $list{ $_->{name} } } @all) {
    my ($first, $again) = ($read{ $s->{name} }[1], (sort { $a <=> $b } @{ $read{ $s->{name} } }[ 3, 4 ])[0]);
    cmp_ok($again, '<=', 200 + 1.5 * $first, "$s->{name}: $first pages, then $again");
    cmp_ok($first, '<', $ROWS / 10, 'which is none of the rows') if $s->{text} =~ $counts;
}

$t->sql("DELETE FROM $_ WHERE organization_id = $org AND id < UNHEX('000000000001000000000000')") for qw(models projects workspaces entities folders webhook_endpoints);
$t->finish;
