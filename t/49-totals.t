#!/usr/bin/perl
# The totals of lists are not counted, and are exact: while models and projects are made, archived,
# restored and deleted from all sides, and events numbered, and at rest, whoever numbered them.
# Not run again when it fails (AGAIN=1): what it looks for may happen once in many times.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Foundry;
use Time::HiRes 'time';

my $t = Thaw->new(workers => 4);
my ($admin, $reader) = ($t->admin, $t->reader);
my $org = lc $t->sql('SELECT HEX(id) FROM organizations');
my $CLIENTS = 4;
my $ROUNDS = $ENV{ROUNDS} // 60;

# Two pages at least of whatever is asked for, so that no page tells the total by its length.
model($t, name => "base $_") for 1 .. 2;
sub api { my ($method, $path, %o) = @_; $t->req($method => "/api/v1/projects$path", token => $admin, %o) }
sub project { my $r = api(POST => '', body => { name => $_[0] }); $r->{status} == 201 or die $r->{raw}; $r->{json}{data}{id} }
sub total {
    my ($list, $query, $token) = @_;
    my $r = $list eq 'models' ? $t->req(GET => "$MODELS?page_size=1&$query", token => $token // $admin)
        : $t->req(GET => "/api/v1/projects?size=1&$query", token => $token // $admin);
    $r->{status} == 200 or die $r->{raw};
    return $list eq 'models' ? $r->{json}{total} : $r->{json}{totalElements};
}

# The lists, and whether an object of this class and state is in one.
my @lists = (
    [ models => '', sub { $_[1] !~ /archived|retired/ } ], [ models => 'status=archived', sub { $_[1] =~ /archived|retired/ } ],
    [ models => 'status=draft', sub { $_[1] eq 'draft' } ], [ models => 'task_type=clustering', sub { $_[0] eq 'clustering' && $_[1] eq 'draft' } ],
    [ models => 'task_type=clustering&status=draft', sub { $_[0] eq 'clustering' && $_[1] eq 'draft' } ],
    [ projects => '', sub { $_[1] eq 'DRAFT' } ], [ projects => 'status=ARCHIVED', sub { $_[1] eq 'ARCHIVED' } ], [ projects => 'status=DRAFT', sub { $_[1] eq 'DRAFT' } ],
);

# What each list must say now, counted in the tables.
my %count = (
    models => { '' => "status IN ('draft', 'training', 'ready')", 'status=archived' => "status IN ('archived', 'retired')", 'status=draft' => "status = 'draft'",
        'task_type=clustering' => "task_type = 'clustering' AND status IN ('draft', 'training', 'ready')", 'task_type=clustering&status=draft' => "task_type = 'clustering' AND status = 'draft'" },
    projects => { '' => "status NOT IN ('ARCHIVED', 'DELETED')", 'status=ARCHIVED' => "status = 'ARCHIVED'", 'status=DRAFT' => "status = 'DRAFT'" },
);
sub exact {
    my ($what) = @_;
    my @bad;
    for (@lists) {
        my ($list, $query) = @$_;
        my ($got, $is) = (total($list, $query), scalar $t->sql("SELECT COUNT(*) FROM $list WHERE organization_id = UNHEX('$org') AND $count{$list}{$query}"));
        push @bad, "$list?$query: $got, not $is" if $got != $is;
    }
    is(join('; ', @bad), '', "$what: every total is what there is");
}
sub unfolded { scalar $t->sql("SELECT COUNT(*) FROM outbox x LEFT JOIN event_counters k ON k.organization_id = x.organization_id WHERE x.organization_id = UNHEX('$org') AND (x.sequence IS NULL OR x.sequence > k.counted)") }

# One client's life: changes as [began, ended, list, class, from, to], '' for nothing.
sub client {
    my ($who, $rounds) = @_;
    my (@log, @mine);
    my $did = sub {
        my ($o, $to, $do) = @_;
        my $began = time;
        my $r = $do->();
        die $r->{raw} unless $r->{status} =~ /^20/;
        push @log, [ $began, time, $o->{list}, $o->{class}, $o->{state}, $to ];
        $o->{state} = $to;
        return $r;
    };
    srand $who + 1;
    for my $i (1 .. $rounds) {
        my $o = rand() < 0.4 || !@mine ? undef : $mine[ rand @mine ];
        if (!$o) {
            $o = rand() < 0.6 ? { list => 'models', class => rand() < 0.5 ? 'clustering' : 'regression', state => '' } : { list => 'projects', class => '', state => '' };
            my $r = $o->{list} eq 'models' ? $did->($o, 'draft', sub { $t->req(POST => $MODELS, token => $admin, body => { name => "m $who $i", model_type => 'custom', task_type => $o->{class} }) })
                : $did->($o, 'DRAFT', sub { api(POST => '', body => { name => "p $who $i" }) });
            $o->{id} = $o->{list} eq 'models' ? $r->{json}{id} : $r->{json}{data}{id};
            push @mine, $o;
        } elsif ($o->{list} eq 'models') {
            if ($o->{state} eq 'draft') { $did->($o, 'archived', sub { act($t, $o->{id}, 'archive') }) }
            elsif (rand() < 0.7) { $did->($o, 'draft', sub { act($t, $o->{id}, 'unarchive') }) }
            else { $did->($o, 'retired', sub { fs($t, POST => 'resources/' . rid_of(model => $o->{id}) . '/permanentlyDelete') }); @mine = grep { $_ != $o } @mine }
        } else {
            if ($o->{state} eq 'DRAFT') { $did->($o, 'ARCHIVED', sub { api(PUT => "/$o->{id}/archive") }) }
            elsif (rand() < 0.7) { $did->($o, 'DRAFT', sub { api(PUT => "/$o->{id}/restore") }) }
            else { $did->($o, 'DELETED', sub { api(DELETE => "/$o->{id}") }); @mine = grep { $_ != $o } @mine }
        }
    }
    return { log => \@log };
}

# Clients, one who lists, one who numbers if told to.
sub race {
    my ($what, $numbers) = @_;
    my %base = map { ("$$_[0]?$$_[1]" => total(@$_[ 0, 1 ])) } @lists;
    my $stop = "$t->{dir}/stop";
    unlink $stop;
    my @running = map { my $w = $_; background(sub { my @seen; while (!-e $stop) { for my $l (@lists) { my $b = time; my $n = total(@$l[ 0, 1 ]); push @seen, [ $b, time, "$$l[0]?$$l[1]", $n ] } } { seen => \@seen } }) } 1 .. 2;
    my $number = $numbers && background(sub { my $n = 0; while (!-e $stop) { $t->thaw('deliver')->{exit} == 0 or die 'deliver'; $n++ } $n });
    my @log = map { @{ $_->{log} } } concurrently($CLIENTS, sub { client($_[0] . $what, $ROUNDS) });
    spew($stop, '');
    my @seen = map { @{ $_->()->{seen} } } @running;
    $number->() if $number;
    my %in = map { ("$$_[0]?$$_[1]" => $_) } @lists;
    my @bad;
    for my $s (@seen) {
        my ($began, $ended, $list, $n) = @$s;
        my ($kind, undef, $has) = @{ $in{$list} };
        my $low = my $high = $base{$list};
        for my $c (grep { $_->[2] eq $kind } @log) {
            my $d = ($has->(@$c[ 3, 5 ]) ? 1 : 0) - ($c->[4] ne '' && $has->(@$c[ 3, 4 ]) ? 1 : 0) or next;
            if ($c->[1] <= $began) { $low += $d; $high += $d }
            elsif ($c->[0] < $ended) { $d > 0 ? $high++ : $low-- }
        }
        push @bad, "$list: $n, not between $low and $high" if $n < $low || $n > $high;
    }
    cmp_ok(scalar @seen, '>=', 50, scalar(@log) . ' changes, ' . scalar(@seen) . ' totals seen meanwhile');
    is(join("\n", @bad[ 0 .. ($#bad < 9 ? $#bad : 9) ]), '', 'each between what was acknowledged before and what was begun');
}

project("base $_") for 1 .. 2;
subtest 'nothing is numbered' => sub {
    race(1, 0);
    cmp_ok(unfolded(), '>', $ROUNDS, 'all of it is told by events alone');
    exact('at rest');
};

subtest 'events are numbered meanwhile' => sub {
    race(2, 1);
    exact('at rest');
    $t->thaw('deliver');
    is(unfolded(), 0, 'then nothing is left to add up');
    exact('numbered');
    race(3, 1);
    exact('at rest');
};

subtest 'who is granted a few local models, and who sees all of them' => sub {
    my @local = map { model($t, name => "local $_", task_type => 'clustering')->{id} } 1 .. 3;
    $t->sql("UPDATE models m JOIN audit_events a ON a.resource_id = m.id SET m.is_global = 0, a.was_global = 0, a.is_global = 0 WHERE m.name LIKE 'local %'");
    $t->recount;
    $t->sql("INSERT INTO grants (organization_id, model_id, grantee_id, role, created_at) SELECT m.organization_id, m.id, p.id, 1, UTC_TIMESTAMP(6) FROM models m JOIN principals p ON p.username = 'reader' WHERE m.name IN ('local 1', 'local 2')");
    my $all = total('models', '');
    is(total('models', '', $reader), $all - 1, 'one is not theirs');
    act($t, $local[0], 'archive');
    is(total('models', '', $reader), $all - 2, 'one is archived');
    is(total('models', 'task_type=clustering', $reader), total('models', 'task_type=clustering') - 1, 'of one task type');
    is(total('models', 'status=archived', $reader), total('models', 'status=archived'), 'where both see it');
    act($t, $local[2], 'archive');
    is(total('models', 'status=archived', $reader), total('models', 'status=archived') - 1, 'the other is for one alone');
    exact('for who sees all');
    is(total('models', '', $t->other), 0, 'none of it is for another organization');
};

# As the release before did: numbers, and no totals.
sub numbered_before {
    $t->sql("SELECT last INTO \@n FROM event_counters WHERE organization_id = UNHEX('$org'); UPDATE outbox SET sequence = (\@n := \@n + 1) WHERE organization_id = UNHEX('$org') AND sequence IS NULL ORDER BY at, revision, id;
        UPDATE event_counters SET last = \@n WHERE organization_id = UNHEX('$org')");
}

subtest 'events that a former release numbered' => sub {
    $t->thaw('deliver');
    client(5, 40);
    numbered_before();
    my $n = unfolded();
    cmp_ok($n, '>=', 40, "$n events have numbers, and are in no total");
    exact('numbered, not folded');
    my $ahead = $t->ahead(40 * 86400);
    my $swept = $t->thaw({ env => $ahead }, '--json', 'sweep');
    cmp_ok($swept->{json}{events}, '>', 40, 'a sweep takes the others') or diag $swept->{err};
    is(unfolded(), $n, 'and leaves these');
    exact('swept');
    model($t);
    $t->thaw('deliver');
    is(unfolded(), 0, 'the next numbering folds all of them');
    exact('folded');
    is($t->thaw({ env => $ahead }, '--json', 'sweep')->{json}{events} >= $n, 1, 'then they go');
    exact('all events gone');
};

subtest 'more changes than are added up' => sub {
    my $id = hex_of(model($t)->{id});
    my $row = "UNHEX(LPAD(HEX(seq + 7000000), 24, '0'))";
    $t->sql("INSERT INTO audit_events (organization_id, id, at, actor_name, action, resource_type, resource_id, revision, from_state, to_state, request_id, client_address, user_agent)
            SELECT UNHEX('$org'), $row, UTC_TIMESTAMP(6), 'test', 'model.updated', 'model', UNHEX('$id'), seq, 'draft', 'draft', '', '', '' FROM seq_2_to_2600;
        INSERT INTO outbox (organization_id, id, at, type, resource_type, resource_id, revision, request_id, payload)
            SELECT UNHEX('$org'), $row, UTC_TIMESTAMP(6), 'model.updated', 'model', UNHEX('$id'), seq, '', '{}' FROM seq_2_to_2600;
        UPDATE models SET revision = 2600 WHERE id = UNHEX('$id')");
    client(6, 20);
    exact('none numbered');
    my $read = sub { my ($n) = map { $_->[1] } grep { ($_->[0] // '') eq 'read' } $t->sql("PREPARE s FROM '" . ($_[0] =~ s/'/''/gr) . "'; FLUSH STATUS; EXECUTE s USING $_[1]; SELECT 'read', SUM(VARIABLE_VALUE) FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME LIKE 'HANDLER_READ%'"); $n };
    my ($s) = grep { $_->{name} eq 'MODEL_TOTAL' } tables($t, 'sql');
    my $o = "UNHEX('$org')";
    cmp_ok($read->($s->{text}, "0, 0, NULL, NULL, NULL, NULL, 1, $o, $o, $o, $o, $o, 0, NULL, NULL, NULL, NULL, $o, $o, $o, $o"), '<', 12000, 'and looking for them has a bound');
    numbered_before();
    exact('numbered by a former release');
    model($t);
    $t->thaw('deliver');
    cmp_ok(unfolded(), '<', 1000, 'a numbering folds no more than so many at once');
    exact('folded in part');
    model($t);
    $t->thaw('deliver');
    is(unfolded(), 0, 'the next one the rest');
    exact('folded');
};

subtest 'the totals made anew' => sub {
    client(7, 30);
    $t->recount;
    exact('with events that have no number');
    $t->thaw('deliver');
    exact('and when they have');
    is(total('models', ''), scalar $t->sql("SELECT SUM(n) FROM object_counts WHERE organization_id = UNHEX('$org') AND resource_type = 'model' AND status NOT IN ('archived', 'retired')"), 'from the table alone');
    $t->sql("UPDATE object_counts SET n = n + 1 WHERE organization_id = UNHEX('$org') AND status = 'DRAFT'");
    my $r = $t->thaw('audit', 'verify');
    is($r->{exit}, 3, 'a total that is wrong is found');
    like($r->{out}, qr/has \d+ projects with status DRAFT, but its totals say \d+/, 'and told');
    $t->recount;
};

subtest 'what bench/fill makes' => sub {
    my $u = Thaw->new(workers => 1, config => { page_bytes_limit => 262144 });
    my $r = $t->run({}, '', "$Thaw::SRC/bench/fill", qw(--models 3000 --projects 200 --workspaces 200), "$u->{dir}/db.sock");
    is($r->{exit}, 0, 'it fills a database') or diag $r->{err};
    $r = $u->thaw('--json', 'audit', 'verify');
    is_deeply($r->{json}{disagreements}, [], 'where each object agrees with its audit rows, and each total');
    my ($admin, $member) = ($u->admin, $u->token('member-1-1'));
    is($u->req(GET => "$MODELS?page_size=1", token => $_->[0])->{json}{total}, $_->[1], $_->[2]) for [ $admin, 2700, 'an administrator sees all' ], [ $member, 2691, 'a member what is shared' ];
    is($u->req(GET => "$MODELS?search=quetzal", token => $admin)->{json}{total}, 1, 'and a rare word is there');
    # Far pages begin at a place that is looked for, in each order and to the end.
    my $all = sub { my ($order) = @_; [ map { $_->[0] } $u->sql("SELECT LOWER(HEX(id)) FROM models WHERE hidden = 0 AND organization_id = (SELECT MAX(id) FROM organizations) ORDER BY $order") ] };
    my $pages = sub {
        my ($n, $path, $ids) = @_;
        my @got;
        for my $from (map { $_ * $n } 0 .. 2700 / $n) { push @got, $ids->($u->req(GET => $path->($from), token => $admin)->{json}) }
        return \@got;
    };
    is_deeply($pages->(90, sub { "$MODELS?page_size=90&page=" . (1 + $_[0] / 90) }, sub { map { substr $_->{id}, 4 } @{ $_[0]{items} } }), $all->('id DESC'), 'pages by number are all models in their order');
    for my $order ([ 'createdAt&sortDirection=asc', 'id' ], [ 'createdAt&sortDirection=desc', 'id DESC' ], [ 'name&sortDirection=asc', 'name_key, id' ], [ 'modifiedAt&sortDirection=desc', 'updated_at DESC, id DESC' ]) {
        is_deeply($pages->(100, sub { "/api/v2/registeredModels/?limit=100&offset=$_[0]&sortKey=$order->[0]" }, sub { map { $_->{id} } @{ $_[0]{data} } }), $all->($order->[1]), "and by offset, $order->[0]");
    }
    # One that is too large says what fits, from its own beginning.
    my $ids = join ', ', map { "UNHEX('$_')" } @{ $all->('id DESC') }[1000 .. 1009];
    $u->sql("UPDATE models SET metadata = JSON_OBJECT('text', REPEAT('x', 60000)) WHERE id IN ($ids)");
    my $large = $u->req(GET => "$MODELS?page_size=40&page=26", token => $admin);
    is($large->{status}, 400, 'a far page of too many bytes is refused');
    my ($fits) = $large->{raw} =~ /at most (\d+)/ or diag $large->{raw};
    is($u->req(GET => "$MODELS?page_size=$fits&page=" . (1 + 1000 / $fits), token => $admin)->{status}, 200, "and $fits fit");
    my $short = $u->req(GET => '/api/v2/registeredModels/?limit=40&offset=1000&sortKey=createdAt&sortDirection=desc', token => $admin)->{json};
    is(join(' ', map { $_->{id} } @{ $short->{data} }), join(' ', @{ $all->('id DESC') }[1000 .. 999 + @{ $short->{data} }]), 'by offset it has those that fit');
    like($short->{next}, qr/offset=@{[ 1000 + @{ $short->{data} } ]}\b/, 'and goes on from there');
    $u->finish;
};

$t->finish;
