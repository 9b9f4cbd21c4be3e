# measure.pl: the cases that bench/run measures, and what it tells of them (doc/costs.md).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../t/lib", $FindBin::Bin;
use Getopt::Long qw(:config no_auto_abbrev);
use JSON::PP ();
use Thaw;
use Bench;
use Time::HiRes 'time';

my ($quick, $file) = (0);
GetOptions('quick' => \$quick, 'json=s' => \$file) or exit 2;
my ($PAIRS, $SECONDS, $CLIENTS, $WORKERS, $ROWS) = (5, $quick ? 0.1 : 1, 8, 4, 10000);
$| = 1;
my $began = time;

my $bench = Bench->new(clients => $CLIENTS, workers => $WORKERS, fill => { models => $ROWS, projects => $ROWS, workspaces => $ROWS });
my $t = $bench->{t};
my %token = $bench->tokens(qw(RS256 ES256 HS256));
sub ask {
    my ($method, $path, $body) = @_;
    my $r = $t->req($method => $path, headers => [ Authorization => $token{HS256} ], defined $body ? (body => $body) : ());
    $r->{status} =~ /^2/ or die "$method $path: $r->{raw}\n";
    return $r->{json};
}

# ---- The statements of the floors ----

my @scene = $bench->objects(models => 2);
my $org = "bytes\t$bench->{org}\n";
my $columns = "name, description, status, model_type, task_type, LOWER(HEX(id)) AS id, LOWER(HEX(organization_id)) AS organization_id, last_version AS version, dataset_id, tags, config, metadata, LOWER(HEX(created_by)) AS created_by, created_at, updated_at, archived_at, unarchived_at";
my %floor = (
    row => "statement\trow\tSELECT $columns FROM models WHERE organization_id = ? AND id = ?\n\t$org\tkey\n",
    page => "statement\tpage\tSELECT $columns FROM models FORCE INDEX (model_list) WHERE organization_id = ? AND is_global = 1 AND hidden = 0 ORDER BY models.id DESC LIMIT 50\n\t$org",
    page_workspaces => "statement\tpage_workspaces\tSELECT LOWER(HEX(id)) AS id, name, metadata, status, created_at, updated_at, archived_at FROM workspaces FORCE INDEX (workspace_list) WHERE organization_id = ? AND livemode = 1 AND hidden = 0 ORDER BY workspaces.id DESC LIMIT 50\n\t$org",
    own => $bench->capture(sub { ask(GET => "/api/v1/models/mdl-$_[0]{id}") }, @scene),
);
my $change = $bench->capture(sub { ask(POST => "/api/v1/models/mdl-$_[0]{id}/$_") for qw(archive unarchive) }, @scene);
# The least that a change can be: its row locked and written, its audit, its event.
$t->sql(join ';', 'CREATE DATABASE bench', map { "CREATE TABLE bench.$_ ENGINE=InnoDB" } 'm (id BINARY(12) PRIMARY KEY, s INT, rev INT, t DATETIME(6))',
    map { "$_ (id BINARY(12) PRIMARY KEY, m BINARY(12), t DATETIME(6), d VARCHAR(200))" } qw(a o));
my $text = "\tid\t12\n\tkey\n\tnow\n\tbytes\t" . unpack('H*', 'x' x 150) . "\n";
my $six = "query\tSTART TRANSACTION\nstatement\tlock\tSELECT s, rev FROM m WHERE id = ? FOR UPDATE\n\tkey\nstatement\tupdate\tUPDATE m SET s = 1 - s, rev = rev + 1, t = ? WHERE id = ?\n\tnow\n\tkey\n" .
    "statement\taudit\tINSERT INTO a (id, m, t, d) VALUES (?, ?, ?, ?)\n${text}statement\toutbox\tINSERT INTO o (id, m, t, d) VALUES (?, ?, ?, ?)\n${text}query\tCOMMIT\n";
my @six = map { sprintf '%024x', $_ } 1 .. $CLIENTS;
$t->sql("INSERT INTO bench.m VALUES " . join ', ', map { "(UNHEX('$_'), 0, 0, NOW(6))" } @six);
$bench->serve(%floor);

# ---- Loads ----

my @hundred = $bench->objects(models => 100);
sub reads { my ($token, @paths) = @_; $bench->http(1, sub { [ map { [ 'GET', $_, $token ] } @paths ] }) }
sub floor_of { my ($name, @keys) = @_; reads('', map { "/floor/$name/$_" } @keys ? @keys : '00') }
# Each client goes there and back on an object that nobody had before.
sub changes {
    my ($table, $both) = @_;
    return $bench->http($CLIENTS, sub { map { [ $both->($_) ] } $bench->objects($table, $CLIENTS) });
}
sub loop { my ($name, $script) = @_; $bench->loop($name, 'thaw', $script, map { $_->{id} } $bench->objects(models => $CLIENTS)) }

my $row = floor_of(row => map { $_->{id} } @hundred);
my $page = floor_of('page');
my $loop = loop(change => $change);
my $six_loop = $bench->loop(six => 'bench', $six, @six);
sub get { reads($token{ $_[0] }, map { "/api/v1/models/mdl-$_->{id}" } @hundred) }
my $models = changes(models => sub { my $o = shift; map { [ POST => "/api/v1/models/mdl-$o->{id}/$_", $token{HS256} ] } qw(archive unarchive) });

# Changes come last: who reads a total counts what has no number yet, and nobody numbers here.
my @groups = (
    [ [ get => $row, get('HS256') ], [ get_own => floor_of(own => map { $_->{id} } @hundred), get('HS256') ],
        [ get_rs256 => $row, get('RS256') ], [ get_es256 => $row, get('ES256') ], [ get_key => $row, get('key') ] ],
    [ [ list => $page, reads($token{HS256}, '/api/v1/models?page=1&page_size=50') ],
        [ list_plain => floor_of('page_workspaces'), reads($token{HS256}, '/v1/workspaces?limit=50') ] ],
    [ [ change => $loop, $models ], [ change_six => $six_loop, $models ] ],
);

# ---- Measuring ----

my @cases = map { @$_ } @groups;
my %asked = map { $_ => 1 } @ARGV ? @ARGV : map { $_->[0] } @cases;
my %known = map { $_->[0] => 1 } @cases;
$known{$_} or die "unknown case $_; there are @{[ sort keys %known ]}\n" for keys %asked;

sub median { my @v = sort { $a <=> $b } @_; @v % 2 ? $v[ $#v / 2 ] : ($v[ @v / 2 - 1 ] + $v[ @v / 2 ]) / 2 }
my (%got, %errors);
# In each round a floor and then what stands on it; with --quick a floor once in a round.
for (map { my $group = $_; map { [ $_, $group ] } 0 .. $PAIRS } @groups) {
    my ($round, $group) = @$_;
    my %measured;
    for (grep { $asked{ $_->[0] } } @$group) {
        my ($name, $floor, $ours) = @$_;
        my $f = $quick && $measured{$floor} || $floor->($SECONDS);
        $measured{$floor} = $f;
        my $o = $ours->($SECONDS);
        next unless $round;                                  # the first one warms up
        push @{ $got{$name} }, [ $o, $f ];
        $errors{$name} += $o->{errors} if $o->{errors};
        $errors{"floor of $name"} += $f->{errors} if $f->{errors};
    }
}

my %cases;
printf "%s clients, %s workers, %d pairs of %s s, %s rows, %s\n", $CLIENTS, $WORKERS, $PAIRS, $SECONDS, $ROWS, $Thaw::BUILD;
printf "%-16s %9s %9s %6s   %7s %7s %7s   %s\n", 'case', 'ours/s', 'floor/s', 'ratio', 'p50 us', 'p99', 'p99.9', 'cpu us: nginx worker database (floor)';
for (grep { $asked{ $_->[0] } } @cases) {
    my $name = $_->[0];
    my @pairs = @{ $got{$name} };
    my $of = sub { my ($i, $what) = @_; median(map { $_->[$i]{$what} } @pairs) };
    my $cpu = sub { my ($i, $what) = @_; my ($sum, $n) = (0, 0); for (@pairs) { $sum += $_->[$i]{$what}; $n += $_->[$i]{n} } $n ? $sum / $n : 0 };
    my $c = $cases{$name} = { ours => $of->(0, 'rate'), floor => $of->(1, 'rate'), ratio => median(map { $_->[1]{rate} ? $_->[0]{rate} / $_->[1]{rate} : 0 } @pairs),
        (map { ("${_}_us" => $of->(0, $_)) } qw(p50 p99 p999)), map { my $i = $_; (($i ? 'floor_cpu_us' : 'cpu_us') => { map { ($_ => $cpu->($i, $_)) } qw(nginx worker database) }) } 0, 1 };
    printf "%-16s %9.0f %9.0f %6.2f   %7.0f %7.0f %7.0f   %s (%s)\n", $name, @$c{qw(ours floor ratio p50_us p99_us p999_us)}, map { my $x = $_; join ' ', map { sprintf '%.0f', $x->{$_} } qw(nginx worker database) } @$c{qw(cpu_us floor_cpu_us)};
}
spew($file, JSON::PP->new->canonical->pretty->encode({ cases => \%cases })) if $file;
printf "%.0f s\n", time - $began;
if (%errors) {
    print "NOT ALL ANSWERS WERE SUCCESSES: $_: $errors{$_}\n" for sort keys %errors;
    my %line = map { /"(\S+ \S+)" ([^2]\d\d) / ? ("$2 $1" => $_) : () } split /\n/, slurp("$t->{dir}/nginx-access.log");
    print map { "  $_\n" } (sort keys %line)[ 0 .. (keys(%line) > 5 ? 4 : keys(%line) - 1) ];
    print slurp("$t->{dir}/loop.log");
}
exit(%errors ? 1 : 0);
