# grow.pl: how rates grow with workers, organizations and nodes (`bench/run --grow`). Each row is measured in turn with
# the first row of its table, five times; what is printed is the median, and of the ratios to that first row. wrk, the
# workers and all nodes share one machine: where its processors are all busy, more of anything adds nothing but itself.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../t/lib", $FindBin::Bin;
use Thaw;
use Thaw::Cluster;
use Bench;
use Contract 'deliverer';        # which numbers what happens

my ($rounds, $seconds) = (5, grep({ $_ eq '--quick' } @ARGV) ? 0.3 : 1);
alarm 1800;
$| = 1;
my $MODELS = '/api/v1/models';
my $errors = 0;

sub median { my @v = sort { $a <=> $b } @_; $v[ $#v / 2 ] }
# Rows of [ name, what prepares it, case => load, ... ], each with the same cases.
sub table {
    my ($title, @rows) = @_;
    my @cases = map { $rows[0][ 2 * $_ ] } 1 .. @{ $rows[0] } / 2 - 1;
    my %got;
    for my $round (0 .. $rounds) {                           # round 0 warms up
        for (@rows) {
            my ($name, $prepare, %load) = @$_;
            $prepare->();
            for my $case (@cases) {
                my $r = $load{$case}->($seconds);
                $errors += $r->{errors};
                push @{ $got{$name}{$case} }, $r if $round;
            }
        }
    }
    printf "%-20s%s\n", $title, join '', map { sprintf '%26s', $_ } @cases;
    for my $name (map { $_->[0] } @rows) {
        printf "%-20s%s\n", $name, join '', map {
            my ($now, $base) = ($got{$name}{$_}, $got{ $rows[0][0] }{$_});
            sprintf '%12.0f /s %10.2f', median(map { $_->{rate} } @$now), median(map { $now->[$_]{rate} / $base->[$_]{rate} } 0 .. $rounds - 1);
        } @cases;
    }
    print "\n";
}

sub there_and_back { my ($token, $id) = @_; map { [ POST => "$MODELS/mdl-$id/$_", $token ] } qw(archive unarchive) }
sub describe { my ($token, $id) = @_; map { [ PATCH => "$MODELS/mdl-$id", $token, qq({"description":"$_"}) ] } 'first', 'second' }

{
    my $bench = Bench->new(clients => 8, fill => { models => 10000, projects => 100, workspaces => 100 });
    my $t = $bench->{t};
    $bench->serve;
    my $deliver = deliverer($t);
    my $token = 'Bearer ' . $t->token('admin');
    my @read = map { $_->{id} } $bench->objects(models => 100);
    my @load = (
        get => $bench->http(1, sub { [ map { [ GET => "$MODELS/mdl-$_", $token ] } @read ] }),
        list => $bench->http(1, sub { [ [ GET => "$MODELS?page_size=50", $token ] ] }),
        change => $bench->http(8, sub { map { [ there_and_back($token, $_->{id}) ] } $bench->objects(models => 8) }));
    table('workers', map { my $n = $_; [ $n, sub { $t->{worker}->stop; $t->{workers} = $n; $t->start_workers }, @load ] } 1, 2, 4, 8, 16);
    $t->{worker}->stop;
    $t->{workers} = 4;
    $t->start_workers;

    # As many clients, all in one organization, and in four of them.
    my @orgs = map { { token => 'Bearer ' . $t->token($_ ? "admin-$_" : 'admin') } } 0, 2 .. 4;
    for my $k (1 .. 3) {
        my $org = $t->sql("SELECT HEX(organization_id) FROM principals WHERE username = 'admin-@{[ $k + 1 ]}'") =~ s/\s//gr;
        $orgs[$k]{ids} = [ $t->sql("SELECT LOWER(HEX(id)) FROM models WHERE organization_id = UNHEX('$org') AND status = 'draft' AND is_global = 1 LIMIT 2") =~ /\w+/g ];
    }
    my $some = sub { map { $_->{id} } $bench->objects(models => 2) };
    table('organizations',
        [ 1, sub { }, change => $bench->http(8, sub { map { [ describe($orgs[0]{token}, $_) ] } map { $some->() } 1 .. 4 }) ],
        [ 4, sub { }, change => $bench->http(8, sub { map { my $o = $_; map { [ describe($o->{token}, $_) ] } @{ $o->{ids} // [ $some->() ] } } @orgs }) ]);
    undef $_ for $deliver, $bench;
}

if (my $why = Thaw::Cluster::missing()) {
    print "nodes: not measured, $why\n";
} else {
    my (%made, @rows);
    for my $n (1, 3) {
        my $cluster = Thaw::Cluster->new(nodes => $n);
        my @t = $cluster->thaws(workers => 4);
        $made{$n} = [ deliverer($t[0]), reverse(@t), $cluster ];
        my $token = 'Bearer ' . $t[0]->token('admin');
        my @id = map { $t[0]->req(POST => $MODELS, headers => [ Authorization => $token ], body => { name => "model $_", model_type => 'custom', task_type => 'regression' })->{json}{id} =~ s/^mdl-//r } 1 .. 8;
        # All clients ask the first node.
        my $bench = bless { t => $t[0], clients => 8, loads => 0 }, 'Bench';
        push @rows, [ $n, sub { },
            get => $bench->http(1, sub { [ map { [ GET => "$MODELS/mdl-$_", $token ] } @id ] }),
            change => $bench->http(8, sub { map { [ describe($token, $_) ] } @id }),
            'change of one' => $bench->http(8, sub { [ describe($token, $id[0]) ] }) ];
    }
    no warnings 'redefine';
    local *Bench::processors = sub { () };                   # each node has a database of its own
    table('nodes', @rows);
    undef $_ for map { @$_ } values %made;
}
print "NOT ALL WERE SUCCESSES: $errors\n" if $errors;
exit !!$errors;
