# measure.pl: the cases that bench/run measures, and what it tells of them (doc/costs.md).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../t/lib", $FindBin::Bin;
use Getopt::Long qw(:config no_auto_abbrev);
use JSON::PP ();
use Math::BigInt;
use Thaw;
use Bench;
use Contract 'deliverer';
use Time::HiRes qw(time sleep);

my ($quick, $file, $mlflow, $CLIENTS, $WORKERS, $flush) = (0, undef, undef, 8, 4, 0);
GetOptions('quick' => \$quick, 'json=s' => \$file, 'mlflow=s' => \$mlflow, 'clients=i' => \$CLIENTS, 'workers=i' => \$WORKERS, 'flush=i' => \$flush) && $CLIENTS > 0 && $WORKERS > 0 && $flush >= 0 or exit 2;
alarm($quick ? 900 : 3600);
# wrk ends at its next tenth of a second: 0.06 s of it are a tenth, a whole tenth would be two.
my ($PAIRS, $SECONDS, $ROWS, $MILLION) = (5, $quick ? 0.06 : 1, 10000, 1000000);
$| = 1;
my $began = time;

# ---- What is asked for: a name, which group it is measured with, and a sub that gives the loads of its floor and of ours ----

my (@cases, $bench, $t, %token);
sub case { my ($group, $name, $loads) = @_; push @cases, { group => $group, name => $name, loads => $loads } }

sub ask {
    my ($method, $path, $body) = @_;
    my $r = $t->req($method => $path, headers => [ Authorization => $token{HS256} ], defined $body ? (body => $body) : ());
    $r->{status} =~ /^2/ or die "$method $path: $r->{raw}\n";
    return $r->{json};
}

# The statements of the floor that answers through nginx, and the loads that stand for several cases.
my (%floor, %kept);
sub kept { my ($name, $make) = @_; $kept{$name} //= $make->() }
sub hundred { @{ kept(hundred => sub { [ $bench->objects(models => 100) ] }) } }
sub scene { my $table = shift; @{ kept("scene of $table" => sub { [ $bench->objects($table, 2) ] }) } }
sub reads { my ($token, @paths) = @_; $bench->http(1, sub { [ map { [ 'GET', $_, $token ] } @paths ] }) }
sub floor {
    my ($name, $statement, @keys) = @_;
    $floor{$name} = $statement;
    return kept("floor $name" => sub { reads('', map { "/floor/$name/$_" } @keys ? @keys : '00') });
}
my $MODEL = 'name, description, status, model_type, task_type, LOWER(HEX(id)) AS id, LOWER(HEX(organization_id)) AS organization_id, last_version AS version, dataset_id, tags, config, metadata, LOWER(HEX(created_by)) AS created_by, created_at, updated_at, archived_at, unarchived_at';
my $WORKSPACE = 'LOWER(HEX(id)) AS id, name, metadata, status, created_at, updated_at, archived_at';
my $PROJECT = 'number AS id, name, description, status, url, accent, tech_stack, progress, created_at, updated_at';
sub row { floor('row', "statement\trow\tSELECT $MODEL FROM models WHERE organization_id = ? AND id = ?\n\tbytes\t$bench->{org}\n\tkey\n", map { $_->{id} } hundred()) }
sub page {
    my ($columns, $table, $index, $where, $order) = @_;
    return floor("page_$table", "statement\tpage\tSELECT $columns FROM $table FORCE INDEX ($index) WHERE organization_id = ? AND $where ORDER BY $table.$order DESC LIMIT 50\n\tbytes\t$bench->{org}\n");
}
my %page = (models => sub { page($MODEL, 'models', 'model_list', 'is_global = 1 AND hidden = 0', 'id') },
    workspaces => sub { page($WORKSPACE, 'workspaces', 'workspace_list', 'livemode = 1 AND hidden = 0', 'id') },
    projects => sub { page($PROJECT, 'projects', 'project_recent', 'hidden = 0', 'updated_at') });

# Each client goes there and back on an object that nobody had before.
sub changes {
    my ($table, $both, %o) = @_;
    my $clients = $o{clients} // $CLIENTS;
    return $bench->http($clients, sub { map { [ map { [ @$_[ 0, 1 ], $token{HS256}, $_->[2] ] } $both->($_) ] } $bench->objects($table, $clients) }, clients => $clients);
}
# The statements that a worker executes for it, without anything around them.
sub loop_of {
    my ($name, $table, $both, %o) = @_;
    return kept("loop $name" => sub {
        my $script = $bench->capture(sub { ask(@$_) for $both->($_[0]) }, $bench->objects($table, 2));
        $bench->loop($name, 'thaw', $script, map { Bench::key($_) } $bench->objects($table, $o{clients} // $CLIENTS));
    });
}
# The least that a change can be: its row locked and written, its audit, its event.
sub six {
    my ($name, @keys) = @_;
    kept(tables => sub {
        $t->sql(join ';', 'CREATE DATABASE bench', map { "CREATE TABLE bench.$_ ENGINE=InnoDB" } 'm (id BINARY(12) PRIMARY KEY, s INT, rev INT, t DATETIME(6))',
            map { "$_ (id BINARY(12) PRIMARY KEY, m BINARY(12), t DATETIME(6), d VARCHAR(200))" } qw(a o));
        $t->sql('INSERT INTO bench.m VALUES ' . join ', ', map { "(UNHEX(LPAD($_, 24, 0)), 0, 0, NOW(6))" } 1 .. $CLIENTS);
        1;
    });
    my $insert = "INTO %s (id, m, t, d) VALUES (?, ?, ?, ?)\n\tid\t12\n\tkey\n\tnow\n\tbytes\t" . unpack('H*', 'x' x 150) . "\n";
    return kept("loop $name" => sub { $bench->loop($name, 'bench', "query\tSTART TRANSACTION\nstatement\tlock\tSELECT s, rev FROM m WHERE id = ? FOR UPDATE\n\tkey\n" .
        "statement\tupdate\tUPDATE m SET s = 1 - s, rev = rev + 1, t = ? WHERE id = ?\n\tnow\n\tkey\n" . join('', map { "statement\t$_\tINSERT " . sprintf $insert, $_ } qw(a o)) . "query\tCOMMIT\n", map { sprintf '%024d', $_ } @keys) });
}

# ---- Models, in their own dialect ----

sub model_path { "/api/v1/models/mdl-$_[0]{id}" }
sub get { my $key = shift; reads($token{$key}, map { model_path($_) } hundred()) }
sub there_and_back { my $o = shift; map { [ POST => model_path($o) . "/$_" ] } qw(archive unarchive) }
my $LIST = '/api/v1/models?page=1&page_size=50';

case(read => get => sub { (row(), get('HS256')) });
case(read => get_own => sub { (floor(own => $bench->capture(sub { ask(GET => model_path($_[0])) }, scene('models')), map { $_->{id} } hundred()), get('HS256')) });
case(read => get_rs256 => sub { (row(), get('RS256')) });
case(read => get_es256 => sub { (row(), get('ES256')) });
case(read => get_key => sub { (row(), get('key')) });
case(list => list => sub { ($page{models}->(), reads($token{HS256}, $LIST)) });
case(list => list_plain => sub { ($page{workspaces}->(), reads($token{HS256}, '/v1/workspaces?limit=50')) });
case(list => search => sub { ($page{models}->(), reads($token{HS256}, "$LIST&status=draft&search=quetzal")) });
case(list => search_common => sub { ($page{models}->(), reads($token{HS256}, "$LIST&status=draft&search=churn")) });
case(change => change => sub { (loop_of(change => models => \&there_and_back), changes(models => \&there_and_back)) });
case(change => change_six => sub { (six(six => 1 .. $CLIENTS), changes(models => \&there_and_back)) });
case(change => change_one_org => sub {
    my ($loop, $ours) = (loop_of(one_org => models => \&there_and_back, clients => 4 * $CLIENTS), changes(models => \&there_and_back, clients => 4 * $CLIENTS));
    return ($loop, sub { $t->must('deliver'); my $deliver = deliverer($t); return $ours->(@_) });
});
case(change => change_one_object => sub {
    my ($o) = $bench->objects(models => 1);
    return (six(one_row => (1) x $CLIENTS), $bench->http($CLIENTS, sub { [ map { [ PATCH => model_path($o), $token{HS256}, qq({"description":"$_"}) ] } 'first', 'second' ] }));
});

# ---- Models as the other dialects have them, projects and workspaces ----

sub rid { my $h = shift->{id}; 'ri.models.main.model.' . join '-', substr($h, 0, 8), substr($h, 8, 4), '8' . substr($h, 12, 3), '8000', '000' . substr $h, 15 }
sub base62 { my ($n, $s) = (Math::BigInt->from_hex($_[0]{id}), ''); for (1 .. 17) { (my $q, my $r) = $n->copy->bdiv(62); ($n, $s) = ($q, (0 .. 9, 'A' .. 'Z', 'a' .. 'z')[$r] . $s) } $s }
sub escaped { $_[0]{name} =~ s/([^A-Za-z0-9.-])/sprintf '%%%02X', ord $1/ger }
my $VERSION = JSON::PP->new->canonical->encode({ modelFiles => { type => 'dill', serializedModelFunction => 'AAAA' x 16 }, backingRepositories => [], condaRequirements => [ 'numpy==1.24.0' ], modelApi => {
    inputs => [ { type => 'tabular', name => 'input_df', required => JSON::PP::true, format => 'PANDAS', columns => [ { name => 'feature_1', required => JSON::PP::true, dataType => { type => 'double' } } ] } ],
    outputs => [ { type => 'tabular', name => 'output_df', required => JSON::PP::true, format => 'SPARK', columns => [ { name => 'prediction', required => JSON::PP::true, dataType => { type => 'double' } } ] } ] } });
sub in_the_home { my $fs = '/api/v2/filesystem'; "$fs/folders/" . ask(GET => "$fs/folders/" . ask(GET => "$fs/spaces")->{data}[0]{rid} . '/children')->{data}[0]{rid} . '/children' }

my @dialects = (
    [ projects => projects => sub { "/api/v1/projects/$_[0]{number}" }, sub { my $o = shift; map { [ PUT => "/api/v1/projects/$o->{number}/$_" ] } qw(archive restore) }, sub { '/api/v1/projects?page=0&size=50' } ],
    [ workspaces => workspaces => sub { '/v1/workspaces/wks_' . base62($_[0]) }, sub { my $id = base62($_[0]); map { [ POST => "/v1/workspaces/wks_$id/$_" ] } qw(archive unarchive) }, sub { '/v1/workspaces?limit=50' } ],
    [ foundry => models => sub { '/api/v2/models/' . rid($_[0]) . '?preview=true' },
        sub { my $path = '/api/v2/filesystem/resources/' . rid($_[0]); ([ DELETE => $path ], [ POST => "$path/restore" ]) }, sub { in_the_home() . '?pageSize=50' } ],
    [ registry => models => sub { "/api/v2/registeredModels/$_[0]{id}/" }, sub { my $id = $_[0]{id}; map { [ PATCH => "/api/v2/registeredModels/$id/", qq({"description":"$_"}) ] } qw(first second) }, sub { '/api/v2/registeredModels/?limit=50' } ],
    [ mlflow => versions => sub { '/api/2.0/mlflow/registered-models/get?name=' . escaped($_[0]) }, \&staged, sub { '/api/2.0/mlflow/registered-models/search?max_results=50' } ],
);
sub staged { my $name = $_[0]{name}; map { [ POST => '/api/2.0/mlflow/model-versions/transition-stage', qq({"name":"$name","version":"1","stage":"$_","archive_existing_versions":false}) ] } qw(Staging Production) }
for (@dialects) {
    my ($dialect, $table, $path, $both, $list) = @$_;
    case(read => "get_$dialect" => sub { (row(), reads($token{HS256}, map { $path->($_) } $bench->objects($table, 100))) });
    case(list => "list_$dialect" => sub { (($page{$table} // $page{models})->(), reads($token{HS256}, $list->())) });
    case(change => "change_$dialect" => sub { (loop_of("change_$dialect" => $table, $both), changes($table, $both)) });
}
case(change => append => sub { (six(six => 1 .. $CLIENTS), changes(models => sub { [ POST => '/api/v2/models/' . rid($_[0]) . '/versions?preview=true', $VERSION ] })) });
case(change => promote => sub {
    my ($source) = $bench->objects(models => 1);
    my $version = ask(POST => '/api/v2/models/' . rid($source) . '/versions?preview=true', $VERSION)->{rid};
    return (six(six => 1 .. $CLIENTS), changes(models => sub { [ POST => '/api/v2/models/' . rid($_[0]) . '/promoteVersion?preview=true', qq({"sourceModelVersionRid":"$version"}) ] }));
});

# ---- Events, by one `thaw deliver` ----

my $EVENTS = $quick ? 200 : 2000;
my $happened = 0;
# As changes leave them, of a hundred objects in turn; all that were before have been dealt with.
sub happen {
    $t->must('deliver') if !$kept{dead};
    my $from = $happened + 1;
    $happened += $EVENTS;
    $t->sql("INSERT INTO outbox (organization_id, id, at, type, resource_type, resource_id, revision, request_id, payload, livemode)
        SELECT UNHEX('$bench->{org}'), UNHEX(LPAD(HEX(1e9 + seq), 24, '0')), UTC_TIMESTAMP(6), 'model.updated', 'model', UNHEX(LPAD(HEX(seq % 100), 24, '0')), seq, 'bench',
        '{\"object\":{\"id\":\"x\",\"object\":\"model\",\"status\":\"draft\"},\"previous_attributes\":{}}', 1 FROM seq_${from}_to_$happened");
}
sub endpoint { ask(POST => '/v1/webhook_endpoints', { url => $_[0], enabled_events => ['model.*'] })->{id} // die 'no endpoint' }
# Until one receiver, nginx itself, has had all of them.
sub delivered {
    kept(endpoint => sub { endpoint("$t->{url}/taken") });
    my $count = "SELECT COUNT(*) FROM deliveries d JOIN webhook_endpoints w ON w.organization_id = d.organization_id AND w.id = d.endpoint_id WHERE w.url LIKE '%/taken' AND d.outcome = 'succeeded'";
    my $all = $EVENTS + $t->sql($count);
    happen();
    return $bench->measured(sub {
        my ($from, $deliver) = (time, deliverer($t));
        within(120, sub { $t->sql($count) >= $all }, 'deliveries');
        return { n => $EVENTS, seconds => time - $from, errors => 0 };
    });
}
# A delivery is a commit, and all of them are one program's.
sub commits { six(commit => 1) }
case(numbered => numbered => sub {
    return (commits(), sub { happen(); $bench->measured(sub { my $from = time; $t->must('deliver'); +{ n => $EVENTS, seconds => time - $from, errors => 0 } }) });
});
case(outbox => outbox => sub { (commits(), \&delivered) });
# Ten more that take a connection and say nothing.
case(outbox_dead => outbox_dead => sub {
    return (commits(), sub {
        $t->must('deliver') if !$kept{dead};
        kept(dead => sub { my $dead = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1024) or die "listen: $!"; endpoint("http://127.0.0.1:@{[ $dead->sockport ]}/$_") for 1 .. 10; $dead });
        return delivered();
    });
});

# ---- CGI, and memory ----

case(cgi => cgi => sub { row(); (reads('', map { "/cgi-floor/floor/row/$_->{id}" } hundred()), reads($token{HS256}, map { '/cgi' . model_path($_) } hundred())) });

# What a worker has to itself, in kB: after it started, and after the largest pages.
sub private { my $sum = 0; $sum += $_ for slurp("/proc/$_[0]/smaps_rollup") =~ /^Private_\w+: +(\d+) kB/mg; $sum }
sub most { my ($most) = sort { $b <=> $a } map { private($_) } $t->worker_pids; return $bench->measured(sub { return { n => $most, seconds => 1, errors => 0 } }) }
case(memory => memory => sub {
    my $pages = reads($token{HS256}, '/api/2.0/mlflow/registered-models/search?max_results=1000', '/api/v1/models?page=1&page_size=100', model_path((hundred())[0]));
    return (sub { $t->{worker}->stop; $t->start_workers; most() }, sub { my $r = $pages->($quick ? 0.3 : 1); +{ %{ most() }, errors => $r->{errors} } });
});

# ---- A million models, beside ten thousand of another organization ----

my @million;
sub million { push @million, $_[0]; case(million => @_) }
sub beside { my $path = shift; (reads($token{small}, $path), reads($token{HS256}, $path)) }
million(list_million => sub { beside($LIST) });
million(search_million => sub { beside("$LIST&status=draft&search=quetzal") });
million(search_common_million => sub { beside("$LIST&status=draft&search=churn") });
million(deep => sub { (reads($token{HS256}, $LIST), reads($token{HS256}, '/api/v1/models?page=2001&page_size=50')) });

# ---- MLflow itself (bench/mlflow), which gets the same models and the same requests ----

sub mlflow_server {
    my $socket = "$t->{dir}/db.sock";
    my $port = do { my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die "listen: $!"; $s->sockport };
    $t->sql('CREATE DATABASE mlflow CHARACTER SET utf8mb4');
    my $server = Thaw::Guard->start({ env => { MLFLOW_DISABLE_TELEMETRY => 'true', DO_NOT_TRACK => 'true', MLFLOW_SERVER_ENABLE_JOB_EXECUTION => 'false', HOME => $t->{dir} } }, "$t->{dir}/mlflow.log", "$mlflow/bin/mlflow", 'server',
        '--backend-store-uri', "mysql+pymysql://root\@localhost/mlflow?unix_socket=$socket", '--artifacts-destination', "$t->{dir}/mlartifacts", '--host', '127.0.0.1', '--port', $port, '--workers', $WORKERS);
    within(180, sub { $server->alive or die slurp("$t->{dir}/mlflow.log"); eval { $t->req(GET => '/health', port => $port)->{status} == 200 } }, 'MLflow');
    my $ms = 'CAST(UNIX_TIMESTAMP(%s) * 1000 AS INTEGER)';
    my ($made, $updated) = map { sprintf $ms, "x.$_" } qw(created_at updated_at);
    $t->sql("INSERT INTO mlflow.registered_models (name, creation_time, last_updated_time, description) SELECT name, $made, $updated, description FROM models x WHERE organization_id = UNHEX('$bench->{org}') AND hidden = 0");
    $t->sql("INSERT INTO mlflow.model_versions (name, version, creation_time, last_updated_time, current_stage, source, status)
        SELECT x.name, v.number, $made, $updated, 'None', v.source_uri, 'READY' FROM models x JOIN model_versions v ON v.organization_id = x.organization_id AND v.model_id = x.id WHERE x.organization_id = UNHEX('$bench->{org}') AND x.hidden = 0");
    return { guard => $server, url => "http://127.0.0.1:$port" };
}
# MLflow, and ours: the same loads.
sub both {
    my ($threads, $requests) = @_;
    my $url = kept(mlflow => \&mlflow_server)->{url};
    return ($bench->http($threads, $requests, url => $url), $bench->http($threads, $requests));
}
sub same { my @paths = @_; both(1, sub { [ map { [ 'GET', $_, $token{HS256} ] } @paths ] }) }
if ($mlflow) {
    @cases = @million = ();
    case(mlflow => mlflow_get => sub { same(map { '/api/2.0/mlflow/registered-models/get?name=' . escaped($_) } hundred()) });
    case(mlflow => mlflow_change => sub { both($CLIENTS, sub { map { [ map { [ @$_[ 0, 1 ], $token{HS256}, $_->[2] ] } staged($_) ] } $bench->objects(versions => $CLIENTS) }) });
    case(mlflow => mlflow_list => sub { same('/api/2.0/mlflow/registered-models/search?max_results=50') });
    $SECONDS = $quick ? 0.5 : 2;
}

# ---- Measuring ----

my %same = (get_models => 'get', change_models => 'change', list_models => 'list');
my %known = map { $_->{name} => 1 } @cases;
my @asked = map { $same{$_} // $_ } @ARGV ? @ARGV : grep { my $name = $_; !$quick || !grep { $_ eq $name } @million } map { $_->{name} } @cases;
my %asked = map { $known{$_} ? ($_ => 1) : die "bench/run: unknown case $_; there are @{[ map { $_->{name} } @cases ]}\n" } @asked;
my %unit = (memory => 'kB');

sub median { my @v = sort { $a <=> $b } @_; @v % 2 ? $v[ $#v / 2 ] : ($v[ @v / 2 - 1 ] + $v[ @v / 2 ]) / 2 }
my (%result, %errors);
sub show {
    my ($name, @pairs) = @_;
    my $of = sub { my ($i, $what) = @_; median(map { $_->[$i]{$what} // 0 } @pairs) };
    my $cpu = sub { my $i = shift; my ($n, %sum) = 0; for my $p (@pairs) { $n += $p->[$i]{n}; $sum{$_} += $p->[$i]{$_} for qw(nginx worker database) } +{ map { ($_ => $n && $unit{$name} ? 0 : $n ? $sum{$_} / $n : 0) } keys %sum } };
    my $c = $result{$name} = { ours => $of->(0, 'rate'), floor => $of->(1, 'rate'), ratio => median(map { $_->[1]{rate} ? $_->[0]{rate} / $_->[1]{rate} : 0 } @pairs),
        (map { ("${_}_us" => $of->(0, $_)) } qw(p50 p99 p999)), cpu_us => $cpu->(0), floor_cpu_us => $cpu->(1), $unit{$name} ? (unit => $unit{$name}) : () };
    printf "%-22s %8.0f %8.0f %-2s %6.2f %8.0f %8.0f %8.0f   %5.0f %5.0f %5.0f   %5.0f %5.0f %5.0f\n", $name, @$c{qw(ours floor)}, $unit{$name} // '/s', @$c{qw(ratio p50_us p99_us p999_us)},
        map { my $x = $_; map { $x->{$_} } qw(nginx worker database) } @$c{qw(cpu_us floor_cpu_us)};
}
sub head {
    print "@_\n";
    printf "%-22s %8s %8s %-2s %6s %8s %8s %8s   %17s   %17s\n", '', '', '', '', '', 'us: p50', 'p99', 'p99.9', 'cpu us of nginx,', 'and the floor';
    printf "%-22s %8s %8s %-2s %6s %8s %8s %8s   %5s %5s %5s\n", 'case', 'ours', 'floor', '', 'ratio', '', '', '', 'worker, database', '', '';
}

# In each round a floor and then what stands on it; with --quick a floor once in a round for all of a group.
sub measure {
    my @now = @_;
    my (%group, @order);
    for (@now) { push @order, $_->{group} if !$group{ $_->{group} }; push @{ $group{ $_->{group} } }, $_ }
    for my $group (@order) {
        my %pairs;
        for my $round (($quick ? 1 : 0) .. $PAIRS) {
            my %measured;
            for (@{ $group{$group} }) {
                $bench->settled if $group eq 'million';
                my $f = $quick && $measured{ $_->{floor} } || $_->{floor}->($SECONDS);
                $measured{ $_->{floor} } = $f;
                $bench->settled if $group eq 'million';
                my $o = $_->{ours}->($SECONDS);
                push @{ $pairs{ $_->{name} } }, [ $o, $f ] if $round;            # round 0 warms up
                $errors{ $_->{name} } += $o->{errors};
                $errors{"floor of $_->{name}"} += $f->{errors};
            }
        }
        show($_->{name}, @{ $pairs{ $_->{name} } }) for @{ $group{$group} };
    }
    return if !grep { $_ } values %errors;
    my %line = map { /"(\S+ \S+)" ([^2]\d\d) / ? ("$2 $1" => 1) : () } split /\n/, slurp("$t->{dir}/nginx-access.log");
    print map { "  $_\n" } (sort keys %line)[ 0 .. (keys %line > 5 ? 4 : keys(%line) - 1) ];
    print slurp("$t->{dir}/loop.log");
}

sub start {
    my ($fill, $pool, @now) = @_;
    $bench = Bench->new(clients => $CLIENTS, workers => $WORKERS, flush => $flush, fill => $fill, pool => $pool);
    $t = $bench->{t};
    my %sign = map { /_(rs256|es256)$/ ? (uc $1 => 1) : () } map { $_->{name} } @now;
    %token = $bench->tokens(sort(keys %sign), 'HS256');
    $token{small} = 'Bearer ' . $t->token('admin-3') if $now[0]{group} eq 'million';
    @$_{qw(floor ours)} = $_->{loads}->() for @now;
    $bench->serve(%floor);
}

my @now = grep { $asked{ $_->{name} } && $_->{group} ne 'million' } @cases;
if (@now) {
    start({ models => $ROWS, projects => $ROWS, workspaces => $ROWS }, '256M', @now);
    my $later = $flush ? ", each flush $flush us longer" : '';
    head("$CLIENTS clients, $WORKERS workers$later, $PAIRS pairs of $SECONDS s, $ROWS rows, $Thaw::BUILD");
    measure(@now);
    (%kept, %floor) = ();
    undef $_ for $t, $bench;
}
@now = grep { $asked{ $_->{name} } && $_->{group} eq 'million' } @cases;
if (@now) {
    my $n = $quick ? $MILLION / 10 : $MILLION;
    start({ models => $n, projects => 100, workspaces => 100 }, '1G', @now);
    head("the same, beside $n models");
    measure(@now);
}
elsif ($quick && !@ARGV && @million) { print "left out, since they need a million models: @million\n" }
for (keys %same) { $result{$_} = $result{ $same{$_} } if $result{ $same{$_} } }
spew($file, JSON::PP->new->canonical->pretty->encode({ cases => \%result })) if $file;
printf "%.0f s\n", time - $began;
my @bad = grep { $errors{$_} } sort keys %errors;
print "NOT ALL WERE SUCCESSES: $_: $errors{$_}\n" for @bad;
alarm 0;                                # it is for what is measured; to end takes its time on a busy machine
exit(@bad ? 1 : 0);
