#!/usr/bin/perl
# /metrics: who may read it; that all workers, CGI programs and services of a node count together,
# and exactly; that a killed worker takes nothing with it; that it is what Prometheus takes
# (promtool), and that table, text, documentation, dashboard and alerts name the same metrics.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Thaw::Receiver;

my $t = Thaw->new(workers => 3, limits => 1, proxy => 1, clock => 1, config => { metrics_networks => '127.0.0.1/32 192.0.2.0/24', login_rate => 3,
    webhook_http => 'on', webhook_networks => '127.0.0.0/8' });
my $token = $t->admin;
my @rows = tables($t, 'metrics');
my %row = map { $_->{name} => $_ } @rows;

# The text, strictly: each family once, its HELP and TYPE before its samples, no sample twice.  As
# { 'name{labels}' => value } with the labels in order, and what is wrong with it.
sub parsed {
    my ($text) = @_;
    my (%value, %family, $in, @wrong);
    push @wrong, 'does not end with a line' if $text !~ /\n\z/;
    for my $line (split /\n/, $text) {
        if ($line =~ /^# HELP (\w+) (\S.*)$/) { $in = $1; push @wrong, "$in twice" if $family{$in}; $family{$in} = { help => $2 } }
        elsif ($line =~ /^# TYPE (\w+) (counter|gauge|histogram)$/) { push @wrong, "TYPE $1 without its HELP" if $1 ne $in; $family{$1}{type} = $2 }
        elsif ($line =~ /^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\[\\"n])*",?)+)\})? (-?[0-9.]+)$/) {
            my ($name, $labels, $v) = ($1, $2 // '', $3);
            my $of = ($family{$in}{type} // '') eq 'histogram' ? $name =~ s/_(?:bucket|sum|count)$//r : $name;
            push @wrong, "$name in $in" if $of ne $in;
            push @wrong, "$name\{$labels} twice" if exists $value{"$name\{$labels}"};
            push @{ $family{$in}{labels}{ join ' ', grep { $_ ne 'le' } $labels =~ /([a-z]+)="/g } }, $labels;
            $value{"$name\{$labels}"} = $v;
        }
        else { push @wrong, "not a line: $line" }
    }
    return (\%value, \%family, \@wrong);
}
sub scrape { my $r = $t->req(GET => '/metrics', @_); $r->{status} == 200 or die $r->{raw}; (parsed($r->{body}))[0] }
# What the database is asked for is asked again.
sub asked { unlink "$t->{dir}/run/asked"; scrape() }
sub requests { my ($m, $method, $route, $status, $dialect) = @_; $m->{ 'thaw_http_request_duration_seconds_count{dialect="' . ($dialect // 'models') . qq(",method="$method",route="$route",status="$status"}) } // 0 }
# An answer is counted once it has been sent, so the last one may still be on its way.
sub comes_to {
    my ($get, $n, $what) = @_;
    my $got;
    eval { within(5, sub { ($got = $get->()) eq $n }) };
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($got, $n, $what);
}
# A CGI program, as a web server starts it.
sub cgi {
    my ($path, %env) = @_;
    my $r = $t->run({ THAW_CONFIG => "$t->{dir}/thaw.conf", GATEWAY_INTERFACE => 'CGI/1.1', REQUEST_METHOD => 'GET', REQUEST_URI => $path, SERVER_PROTOCOL => 'HTTP/1.1',
        REMOTE_ADDR => '127.0.0.1', %env }, '', "$Thaw::BUILD/thaw.fcgi");
    my ($head, $body) = split /\r?\n\r?\n/, $r->{out}, 2;
    return { status => ($head // '') =~ /^Status: (\d+)/m ? $1 : 200, body => $body // '' };
}

subtest 'pages of other origins' => sub {
    my $r = $t->req(GET => '/metrics', headers => [ Origin => 'https://elsewhere.example' ]);
    is($r->{status}, 200, 'whose browser is let in by its address');
    is($r->{headers}{'access-control-allow-origin'}, undef, 'do not get to read it');
    is($t->req(GET => '/healthz', headers => [ Origin => 'https://elsewhere.example' ])->{headers}{'access-control-allow-origin'}, '*', 'as they do what is beside it');
};

subtest 'who may read it' => sub {
    is($t->req(GET => '/metrics')->{status}, 200, 'from an address of metrics_networks');
    is($t->req(GET => '/metrics')->{headers}{'content-type'}, 'text/plain; version=0.0.4; charset=utf-8', 'as Prometheus wants it');
    my $from = sub { fastcgi($t, [ REQUEST_URI => $_[0], REQUEST_METHOD => 'GET', REMOTE_ADDR => $_[1], SERVER_PROTOCOL => 'HTTP/1.1', @_[ 2 .. $#_ ] ]) };
    is($from->('/metrics', '192.0.2.200')->{status}, 200, 'from another of them');
    my $bare = sub { local $_ = $_[0]{body} // ''; s/"request_id":"[^"]*"//; $_ };
    my $none = $bare->($from->('/nothing', '198.51.100.1'));
    for my $case ([ 'another address', '198.51.100.1' ], [ 'one that says it is of them', '198.51.100.1', HTTP_X_FORWARDED_FOR => '127.0.0.1' ], [ 'no address', '' ],
                  [ 'a token where there is none', '198.51.100.1', HTTP_AUTHORIZATION => 'Bearer ' ], [ 'a token of the API', '198.51.100.1', HTTP_AUTHORIZATION => "Bearer $token" ]) {
        my ($what, @how) = @$case;
        my $r = $from->('/metrics', @how);
        is("$r->{status} " . $bare->($r), "404 $none", "$what: there is no such address");
    }
    for my $method (qw(POST OPTIONS PUT HEAD)) {
        my ($r, $nothing) = map { fastcgi($t, [ REQUEST_URI => $_, REQUEST_METHOD => $method, REMOTE_ADDR => '198.51.100.1', SERVER_PROTOCOL => 'HTTP/1.1' ]) } '/metrics', '/nothing';
        is("$r->{status} " . $bare->($r), "$nothing->{status} " . $bare->($nothing), "$method: nor is there for that");
        is(join(' ', sort grep { !/id\b/ } keys %{ $r->{headers} }), join(' ', sort grep { !/id\b/ } keys %{ $nothing->{headers} }), 'with the same headers');
    }
    my $r = $t->req(POST => '/metrics');
    is("$r->{status} " . ($r->{headers}{allow} // ''), '405 GET, HEAD, OPTIONS', 'whoever may read it is told how');
    # the same program, as a CGI script with settings of its own
    my $file = "$t->{dir}/metrics.token";
    my %far = (REMOTE_ADDR => '198.51.100.1', THAW_METRICS_NETWORKS => '', THAW_METRICS_TOKEN_FILE => $file);
    spew($file, "correct-horse-battery\n", 0600);
    is(cgi('/metrics', %far, HTTP_AUTHORIZATION => 'Bearer correct-horse-battery')->{status}, 200, 'by the token of the file');
    is(cgi('/metrics', %far, HTTP_AUTHORIZATION => 'bearer correct-horse-battery')->{status}, 200, 'however Bearer is written');
    is(cgi('/metrics', %far, HTTP_AUTHORIZATION => $_)->{status}, 404, "not by `$_`") for 'Bearer correct-horse-batter', 'Bearer correct-horse-batteryx', 'Bearer', 'Basic correct-horse-battery', 'correct-horse-battery';
    is(cgi('/metrics', %far)->{status}, 404, 'not without');
    spew($file, "short\n", 0600);
    is(cgi('/metrics', %far, HTTP_AUTHORIZATION => 'Bearer short')->{status}, 404, 'a token of a few characters is none');
    spew($file, "\n", 0600);
    is(cgi('/metrics', %far, HTTP_AUTHORIZATION => 'Bearer ')->{status}, 404, 'nor is an empty line');
    spew($file, "another-token-of-the-file\n", 0600);
    is(cgi('/metrics', %far, HTTP_AUTHORIZATION => 'Bearer another-token-of-the-file')->{status}, 200, 'a new one counts at once');
    is(cgi('/metrics', THAW_METRICS_NETWORKS => '')->{status}, 404, 'with neither setting it is off, also from this machine');
};

subtest 'all count together, exactly' => sub {
    my $id = model($t)->{id};
    my ($route, $n) = ('/api/v1/models/{model_id}', 40);
    my $before = scrape();
    concurrently(4, sub { $t->req(GET => "$MODELS/$id", token => $token)->{status} == 200 or die for 1 .. $n; 1 });
    my $grown = sub { my ($m) = @_; requests($m, GET => $route, '2xx') - requests($before, GET => $route, '2xx') };
    comes_to(sub { $grown->(scrape()) }, 4 * $n, 'requests at the same time');
    concurrently(3, sub { cgi("$MODELS/$id", HTTP_AUTHORIZATION => "Bearer $token")->{status} == 200 or die for 1 .. 4; 1 });
    comes_to(sub { $grown->(scrape()) }, 4 * $n + 12, 'CGI programs count with them');
    comes_to(sub { $grown->((parsed(cgi('/metrics')->{body}))[0]) }, 4 * $n + 12, 'and tell what all have counted');

    # given two of the three workers with a request in hand, each one that waits: the third counts meanwhile, and tells
    my @held = map { model($t)->{id} } 1, 2;
    my $go = hold($t, 'SELECT 1 FROM models WHERE id IN (' . join(', ', map { "UNHEX('" . hex_of($_) . "')" } @held) . ') FOR UPDATE');
    my @waiting = map { my $it = $_; in_background(sub { my $r = act($t, $it, 'archive'); { status => $r->{status} } }) } @held;
    blocked($t, 2);
    my $was = scrape();
    is($t->req(GET => "$MODELS/$id", token => $token)->{status}, 200, 'one worker answers');
    comes_to(sub { requests(scrape(), GET => $route, '2xx') - requests($was, GET => $route, '2xx') }, 1, 'and counts');
    $go->();
    is(join(' ', map { $_->()->{status} } @waiting), '200 200', 'then the two others do');
    comes_to(sub { requests(scrape(), POST => "$route/archive", '2xx') - requests($was, POST => "$route/archive", '2xx') }, 2, 'which any of them tells');
    $t->req(GET => "$MODELS/$NOWHERE", token => $token);
    $t->req(GET => "$MODELS/$id");
    $t->req(GET => "$MODELS/a/b/c/$_", token => $token) for 1 .. 3;
    $t->req(BREW => "/$_/" . 'x' x $_) for 1 .. 5;
    comes_to(sub { requests(scrape(), GET => $route, '4xx') - requests($before, GET => $route, '4xx') }, 2, 'by class of status');
    comes_to(sub { requests(scrape(), '', '', '4xx') - requests($before, '', '', '4xx') }, 3, 'what no route is for is one');
    my $m = scrape();
    is(join(' ', grep { !/^(GET|POST|PUT|PATCH|DELETE|)$/ } map { /method="(\w*)"/ ? $1 : () } keys %$m), '', 'no method or path of a caller becomes a label');
    my $all = 0;
    $all += $m->{$_} for grep { /_count\{/ } keys %$m;
    my $buckets = 0;
    $buckets += $m->{$_} for grep { /_bucket\{.*le="\+Inf"/ } keys %$m;
    is($buckets, $all, 'the last bucket of each holds all');
    my @down = grep { my ($series, $last) = ($_, 0); grep { my $v = $m->{ $series =~ s/_count\{(.*)\}/_bucket{$1,le="$_"}/r } // -1; my $less = $v < $last; $last = $v; $less } qw(0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 +Inf) } grep { /_count\{/ } keys %$m;
    is("@down", '', 'and each bucket those before it');
    is(join(' ', grep { $m->{$_} <= 0 } grep { /_sum\{/ } keys %$m), '', 'all took some time');
};

subtest 'workers' => sub {
    my $workers = sub { my $m = scrape(); join ' ', @$m{ 'thaw_workers{state="busy"}', 'thaw_workers{state="idle"}' } };
    comes_to($workers, '1 2', 'the one that tells is busy, two are not');
    my $id = model($t)->{id};
    my $go = hold($t, "SELECT 1 FROM models WHERE id = UNHEX('" . hex_of($id) . "') FOR UPDATE");
    my $busy = in_background(sub { my $r = act($t, $id, 'archive'); { status => $r->{status} } });
    blocked($t, 1);
    comes_to($workers, '2 1', 'one that waits for the database is busy too');
    # it is killed with the request in hand
    my ($hit) = grep { slurp("/proc/$_/wchan") !~ /ep_poll|do_epoll/ } $t->worker_pids;    # the others wait for a request
    kill KILL => $hit;
    within(10, sub { 3 == grep { $_ != $hit } $t->worker_pids }, 'another in its place');
    $go->();
    $busy->();
    comes_to($workers, '1 2', 'killed with a request in hand: it is not busy for ever');
    my ($one) = $t->worker_pids;
    kill KILL => $one;
    within(10, sub { 3 == grep { $_ != $one } $t->worker_pids }, 'another in its place');
    my $m = scrape();
    cmp_ok(requests($m, GET => '/api/v1/models/{model_id}', '2xx'), '>=', 160, 'what the killed ones counted stays');
    is($m->{'thaw_counts_lost_total{}'}, 0, 'and nothing was lost');
    $t->{worker}->stop;
    is((parsed(cgi('/metrics')->{body}))[0]{'thaw_workers{state="idle"}'}, 0, 'without workers there are none');
    is((parsed(cgi('/metrics')->{body}))[0]{'thaw_workers{state="busy"}'}, 1, 'but the CGI program itself');
    $t->start_workers;
    cmp_ok(requests(scrape(), GET => '/api/v1/models/{model_id}', '2xx'), '>=', 160, 'and a restart forgets nothing');
    my $size = -s "$t->{dir}/run/counts";
    $t->req(GET => "/v1/$_/$_") for 1 .. 50;
    is(-s "$t->{dir}/run/counts", $size, 'the file does not grow');
    is(sprintf('%o', (stat "$t->{dir}/run/counts")[2] & 07777), '600', 'and is for its account alone');
};

subtest 'what is counted' => sub {
    my $grown = sub {
        my ($what, $do, %by) = @_;
        my $before = scrape();
        $do->();
        for my $of (sort keys %by) { comes_to(sub { scrape()->{$of} - $before->{$of} }, $by{$of}, "$what: $of by $by{$of}") }
    };
    my $act = sub { my $id = model($t)->{id}; my ($when) = @_; sub { $t->cut($when); my $r = act($t, $id, 'archive'); $t->uncut; $r->{status} == 200 or die $r->{raw} } };
    $grown->('a COMMIT without an answer that took effect', $act->('after'), 'thaw_commits_unanswered_total{outcome="committed"}' => 1, 'thaw_commits_unanswered_total{outcome="never"}' => 0,
        'thaw_transaction_retries_total{reason="unanswered"}' => 0);
    $grown->('one that did not', $act->('before'), 'thaw_commits_unanswered_total{outcome="never"}' => 1, 'thaw_commits_unanswered_total{outcome="committed"}' => 0,
        'thaw_transaction_retries_total{reason="unanswered"}' => 1);
    my $id = model($t)->{id};
    my @key = (headers => [ 'Idempotency-Key' => 'once' ]);
    $grown->('a request with its key, three times', sub { act($t, $id, 'archive', @key) for 1 .. 3 }, 'thaw_idempotent_replays_total{}' => 2);
    my $login = sub { $t->req(POST => '/api/auth/login', body => { username => 'admin', password => $_[0] })->{status} };
    my $right = $t->password('admin');
    $grown->('sign-ins', sub { $t->next_minute(sub { is(join(' ', $login->($right), map { $login->('wrong') } 1 .. 4), '200 401 401 401 429', 'a right one, wrong ones, one too many') }) },
        'thaw_sign_ins_total{result="succeeded"}' => 1, 'thaw_sign_ins_total{result="failed"}' => 3, 'thaw_sign_ins_total{result="limited"}' => 1, 'thaw_rate_limited_total{error="LOGIN_RATE"}' => 1);
    $t->must('role', 'set', '--org', 'Main', 'two', '--permissions', 'model:read', '--rate', 2);
    $t->user('slow', role => 'two');
    my $slow = $t->token('slow');
    $grown->('a principal above its rate', sub { $t->next_minute(sub { $t->req(GET => $MODELS, token => $slow) for 1 .. 5 }) }, 'thaw_rate_limited_total{error="RATE"}' => 3);
    my $deadlock = sub {
        my ($one, $two) = map { hex_of(model($t)->{id}) } 1, 2;
        my $go = hold($t, "SELECT 1 FROM models WHERE id = UNHEX('$one') FOR UPDATE");
        my $waits = in_background(sub { my $r = act($t, "mdl-$one", 'archive'); { status => $r->{status} } });
        blocked($t, 1);
        my ($thread) = $t->sql("SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'");
        $t->sql("KILL $thread->[0]");
        within(5, sub { !$t->sql("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = $thread->[0]") }, 'its end');
        $go->();
        $waits->()->{status} == 200 or die;
    };
    $grown->('a connection that was lost within a transaction', $deadlock, 'thaw_transaction_retries_total{reason="lost"}' => 1);
};

subtest 'what the database says, and the services' => sub {
    my $receiver = Thaw::Receiver->new($t, sub { { status => $_[0]{path} =~ /bad/ ? 500 : 200 } });
    post_v1($t, 'webhook_endpoints', body => { url => $receiver->url("/$_"), enabled_events => ['workspace.*'] })->{status} == 200 or die for qw(good bad);
    $t->must('deliver');
    my $before = asked();
    is($before->{'thaw_events_unnumbered{}'}, 0, 'given that all events have a number');
    is($before->{'thaw_events_unnumbered_age_seconds{}'}, 0, 'none is old');
    my $w = workspace($t);
    post_v1($t, "workspaces/$w->{id}/archive");
    $t->sql("UPDATE outbox SET at = at - INTERVAL 600 SECOND WHERE sequence IS NULL");
    utime undef, undef, "$t->{dir}/run/asked" or die $!;
    is(scrape()->{'thaw_events_unnumbered{}'}, 0, 'it is not asked again at once');
    my $r = $t->req(GET => '/metrics');
    comes_to(sub { my ($l) = log_lines($t, 'access', $r->{headers}{'x-request-id'}); $l ? $l->{statements} : 'none yet' }, 0, 'which costs the database nothing');
    my $m = asked();
    is($m->{'thaw_events_unnumbered{}'}, 2, 'two events wait');
    cmp_ok($m->{'thaw_events_unnumbered_age_seconds{}'}, '>=', 600, 'for ten minutes');
    cmp_ok($m->{'thaw_events_unnumbered_age_seconds{}'}, '<', 660, 'and not longer');
    $t->must('deliver');
    $m = asked();
    is($m->{'thaw_events_unnumbered{}'}, 0, '`thaw deliver` numbers them');
    is($m->{'thaw_events_numbered_total{}'} - $before->{'thaw_events_numbered_total{}'}, 2, 'which is counted');
    is($m->{'thaw_deliveries_waiting{}'}, 2, 'two deliveries wait for the endpoint that fails');
    is($m->{'thaw_webhook_endpoints_failing{}'}, 1, 'which is one');
    is($m->{'thaw_schema_version{}'}, scalar($t->sql('SELECT MAX(version) FROM schema_versions')), 'the schema');
    is(join(' ', sort map { /^thaw_table_rows\{table="(\w+)"\}/ ? $1 : () } keys %$m), join(' ', sort map { $_->[0] } $t->sql("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'thaw'")), 'each table');
    cmp_ok($m->{'thaw_table_bytes{table="outbox"}'}, '>=', 16384, 'with its bytes');

    chomp(my $host = `hostname`);
    my $of = sub { my ($m, $name, $service, $node, $more) = @_; $m->{"$name\{service=\"$service\",node=\"$node\",place=\"0\"" . ($more ? ",work=\"$more\"" : '') . '}'} };
    is($of->($m, thaw_service_work_total => deliver => $host, 'delivered') - ($of->($before, thaw_service_work_total => deliver => $host, 'delivered') // 0), 2, 'what a run did is added to what others did in its place');
    is($of->($m, thaw_service_running => deliver => $host) . $of->($m, thaw_service_ended => deliver => $host), '01', 'it does not run, and ended in order');
    $t->must('sweep');
    $t->must('build');
    is($t->thaw({ env => { THAW_NODE_NAME => 'far away"\\' } }, 'build')->{exit}, 0, 'a builder on another node, with an odd name');
    $m = asked();
    ok($of->($m, thaw_service_seen_timestamp_seconds => $_ => $host) > time - 60, "$_ was seen") for qw(sweep build);
    ok(defined $of->($m, thaw_service_seen_timestamp_seconds => build => 'far_away__'), 'the other node too, from here');
    my $follow = Thaw::Guard->start({ env => { THAW_CONFIG => "$t->{dir}/thaw.conf" } }, "$t->{dir}/follow.log", "$Thaw::BUILD/thaw", 'deliver', '--follow');
    ok(within(10, sub { $of->(asked(), thaw_service_running => deliver => $host) }), 'one that goes on runs');
    $follow->kill('TERM');
    $follow->wait;
    $m = asked();
    is($of->($m, thaw_service_running => deliver => $host) . $of->($m, thaw_service_ended => deliver => $host), '01', 'until it is told to stop');
    $receiver->stop;
};

subtest 'it is what Prometheus takes' => sub {
    my $r = $t->req(GET => '/metrics');
    my ($m, $family, $wrong) = parsed($r->{body});
    is(join("\n", @$wrong), '', 'each line');
    is(join(' ', sort keys %$family), join(' ', sort keys %row), 'the metrics of the table, all of them');
    for my $name (sort keys %$family) {
        my $f = $family->{$name};
        is("$f->{type} $f->{help}", "$row{$name}{type} $row{$name}{help}", "$name: type and help");
        is(join(', ', keys %{ $f->{labels} }), $row{$name}{labels} // '', 'its labels');
        my ($label) = split / /, $row{$name}{labels} // '';
        is(join(' ', map { /"(\w+)"/ } @{ (values %{ $f->{labels} })[0] }), $row{$name}{values}, 'their values, all from the beginning') if $row{$name}{values};
    }
    for my $text ($r->{body}, cgi('/metrics')->{body}) {
        my $checked = $t->run({}, $text, 'promtool', 'check', 'metrics');
        is("$checked->{exit} $checked->{out}$checked->{err}", '0 ', 'promtool has nothing to say');
    }
    is($t->run({}, "# TYPE x counter\nx{ 1\n", 'promtool', 'check', 'metrics')->{exit}, 1, 'and would');
};

subtest 'without a database' => sub {
    $t->{mariadb}->stop;
    unlink "$t->{dir}/run/asked";
    my $r = $t->req(GET => '/metrics');
    my ($m, $family, $wrong) = parsed($r->{body});
    is("$r->{status} " . join("\n", @$wrong), '200 ', 'it answers all the same');
    is($m->{'thaw_database_up{}'}, 0, 'that the database does not');
    is(join(' ', grep { $family->{$_} } qw(thaw_events_unnumbered thaw_table_rows thaw_service_running)), '', 'what that would say is missing, and not 0');
    cmp_ok(requests($m, GET => '/api/v1/models/{model_id}', '2xx'), '>=', 160, 'what the node has counted is there');
    $t->start_mariadb;
    is(within(20, sub { asked()->{'thaw_database_up{}'} }), 1, 'until it does again');
};

subtest 'whoever counts, and the table' => sub {
    my %added;
    for my $file (glob "$Thaw::SRC/src/*.c") {
        my $code = slurp($file);
        while ($code =~ /metric_add\(METRIC_(\w+), ([^;]*)\);/g) { my ($id, $how) = ($1, $2); push @{ $added{$id} }, $how =~ /err_row/ ? 'errors' : $how eq 'NULL' ? () : $how =~ /(?<![=!] )"(\w+)"/g; $added{$id} //= [] }
    }
    my %counted = slurp("$Thaw::SRC/src/metric.def") =~ /^METRIC\((\w+), "(\w+)", \w+, COUNTED,/mg;
    is(join(' ', sort keys %added), join(' ', sort keys %counted), 'every counter is counted somewhere, and no other');
    my %limits = map { $_->{name} => 1 } grep { $_->{status} == 429 } tables($t, 'errors');
    is_deeply([ sort split / /, $row{thaw_rate_limited_total}{values} ], [ sort keys %limits ], 'the errors of 429');
    for my $id (sort grep { "@{ $added{$_} }" ne 'errors' } keys %added) {
        my %words = map { $_ => 1 } @{ $added{$id} };
        is(join(' ', sort keys %words), join(' ', sort split / /, $row{ $counted{$id} }{values} // ''), "$counted{$id}: the words that are counted are those of its row");
    }
    is(join(' ', grep { !/^thaw_[a-z_]+$/ || (/_total$/ xor $row{$_}{type} eq 'counter') } sort keys %row), '', 'counters end in _total, as Prometheus has it');
};

# The metrics and labels that a query names.
sub names { my %n = map { s/_(?:bucket|sum|count)$//r => 1 } grep { !$row{$_} ? /_(?:bucket|sum|count)$/ || 1 : 1 } $_[0] =~ /\b(thaw_[a-z_]+)/g; sort keys %n }
sub unknown_in {
    my ($query) = @_;
    my @names = names($query);
    my %label = map { $_ => 1 } qw(instance job le), map { split / /, $row{$_}{labels} // '' } grep { $row{$_} } @names;
    my @labels = ($query =~ /(\w+)\s*(?:=~|!~|!=|=)\s*"/g, map({ split /[\s,]+/ } $query =~ /\bby \(([^)]*)\)/g));
    return (grep({ !$row{$_} } @names), grep { !$label{$_} } @labels);
}
sub histograms_wrong { my ($query) = @_; grep { my $n = s/_(?:bucket|sum|count)$//r; $row{$n} && (($row{$n}{type} eq 'histogram') xor ($n ne $_)) } $query =~ /\b(thaw_[a-z_]+)/g }

subtest 'the documents name what there is' => sub {
    my $doc = slurp("$Thaw::SRC/doc/operating.md");
    is(join("\n", grep { /^\| `thaw_/ } split /\n/, $doc), join("\n", map { my $r = $_; "| `$r->{name}` | $r->{type} | " . join(' ', map { "`$_`" } split / /, $r->{labels} // '') . " | $r->{help} |" } @rows), "operating.md's table is the program's");
    my $dash = JSON::PP->new->utf8->decode(slurp("$Thaw::SRC/doc/grafana.json"));
    my @queries = map { map { $_->{expr} } @{ $_->{targets} } } @{ $dash->{panels} };
    cmp_ok(scalar @queries, '>=', 20, scalar(@queries) . ' queries in the dashboard');
    my $rules = slurp("$Thaw::SRC/doc/alerts.yml");
    my @alerts = map { s/''/'/gr } $rules =~ /^\s+expr: '(.*)'$/mg;
    is(scalar @alerts, scalar(() = $rules =~ /^\s+- alert: /mg), scalar(@alerts) . ' alerts');
    for my $q (@queries, @alerts) {
        is(join(' ', unknown_in($q), histograms_wrong($q)), '', $q);
    }
    is(join(' ', unknown_in('sum by (colour) (thaw_nothing{size="1"})')), 'thaw_nothing size colour', 'given others they would be found');
    my %shown = map { $_ => 1 } map { names($_) } @queries;
    is(join(' ', grep { !$shown{$_} } sort keys %row), '', 'the dashboard shows every metric');
    is(join(' ', map { $_->{title} } grep { !@{ $_->{targets} } } @{ $dash->{panels} }), '', 'no panel is empty');
    my $checked = $t->run({}, '', 'promtool', 'check', 'rules', "$Thaw::SRC/doc/alerts.yml");
    is($checked->{exit}, 0, 'promtool takes the rules') or diag $checked->{out}, $checked->{err};
    # a query of the dashboard is a rule too, once its variables have values
    spew("$t->{dir}/queries.yml", "groups:\n- name: x\n  rules:\n" . join '', map { my $q = $queries[$_] =~ s/\$__rate_interval/5m/gr =~ s/\$instance/.*/gr =~ s/'/''/gr; "  - record: q:$_\n    expr: '$q'\n" } 0 .. $#queries);
    $checked = $t->run({}, '', 'promtool', 'check', 'rules', "$t->{dir}/queries.yml");
    is($checked->{exit}, 0, 'and the queries') or diag $checked->{out}, $checked->{err};
    my %alert = map { $_ => 1 } $rules =~ /- alert: (\w+)/g;
    is(join(' ', sort $doc =~ /^\| `(Thaw\w+)` \|/mg), join(' ', sort keys %alert), 'operating.md says what to do about each alert');
};

$t->finish;
