#!/usr/bin/perl
# The workers and the parent that supervises them: kills, reloads, more clients
# than workers, clients that keep their connection open.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use POSIX ();
use Socket;
use Test::More;
use Thaw;
use Time::HiRes qw(time sleep);

my $t = Thaw->new(workers => 4);
my $token = $t->admin;
my $seq = 0;

sub model {
    my $r = $t->req(POST => '/api/v1/models', token => $token,
        body => { name => "worker test $$ " . ++$seq, model_type => 'custom', task_type => 'regression' });
    return $r->{json}{id} // die "create: $r->{status} $r->{body}";
}
sub act { my ($id, $verb) = @_; $t->req(POST => "/api/v1/models/$id/$verb", token => $token) }
sub status { my $id = shift; $t->req(GET => "/api/v1/models/$id", token => $token)->{json}{status} }
sub audits {
    my ($id, $action) = @_;
    my ($hex) = $id =~ /^mdl-(\w+)/;
    return $t->sql("SELECT COUNT(*) FROM audit_events WHERE resource_id = UNHEX('$hex') AND action = '$action'");
}
# Holds the model's row locked; the returned sub lets go.
sub lock_row {
    my $id = shift;
    my ($hex) = $id =~ /^mdl-(\w+)/;
    my $log = "$t->{dir}/lock." . ++$seq;
    pipe my $r, my $w or die $!;
    my $guard = Thaw::Guard->start({ stdin => $r }, $log, 'mariadb', '--no-defaults', '-S', "$t->{dir}/db.sock",
        '-uroot', '--unbuffered', '-N', 'thaw');
    syswrite $w, "BEGIN;\nSELECT 'locked' FROM models WHERE id = UNHEX('$hex') FOR UPDATE;\n";
    within(10, sub { slurp($log) =~ /locked/ }, 'the lock');
    return sub { $guard->kill('KILL'); $guard->wait; close $w };
}
# A worker waits inside the transaction when MariaDB counts a row lock waited for. (Not from
# innodb_trx: it is kept for as long as it is asked more often than every 0.1 s.)
sub blocked { $t->sql("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'INNODB_ROW_LOCK_CURRENT_WAITS'") > 0 }

is(scalar(my @first = $t->worker_pids), 4, 'four workers');

# One that connected with its first request would refuse it, if that came between a migration and the reload.
subtest 'each worker is connected before it has a request' => sub {
    my $connections = sub { scalar $t->sql("SELECT COUNT(DISTINCT ID) FROM information_schema.PROCESSLIST WHERE DB = 'thaw' AND USER <> 'root'") };
    my %old = map { $_ => 1 } $t->worker_pids;
    $t->{worker}->kill('HUP');
    within(10, sub { my @now = $t->worker_pids; @now == 4 && !grep { $old{$_} } @now }, 'new workers');
    is(within(5, sub { my $n = $connections->(); $n == 4 && $n }), 4, 'four workers, four connections');
};

subtest 'options that are none' => sub {
    for my $bad (map({ [ '--workers', $_ ] } '', 0, '4x', -1, '08', 2**32 + 1), map({ [ '--workers', 1, '--socket-mode', $_ ] } '', 'x', 660 . 'x', 9660, 66, 10660)) {
        my $r = $t->run({ THAW_CONFIG => "$t->{dir}/thaw.conf" }, '', "$Thaw::BUILD/thaw.fcgi", @$bad, '--check');
        is($r->{exit}, 2, "@$bad");
        like($r->{err}, qr/\Ausage: thaw\.fcgi --workers N/, 'says how');
    }
    is($t->run({ THAW_CONFIG => "$t->{dir}/thaw.conf" }, '', "$Thaw::BUILD/thaw.fcgi", '--workers', 2, '--socket-mode', '0600', '--check')->{exit}, 0, 'good ones');
};

subtest 'SIGKILL during a transition' => sub {
    my $id = model();
    is(act($id, 'archive')->{status}, 200, 'archived');
    my $lock = lock_row($id);
    my $reply = background(sub { act($id, 'unarchive') });
    within(5, \&blocked, 'the blocked transition');
    kill KILL => $t->worker_pids;
    my $r = $reply->();
    is($r->{status}, 503, 'the client is told that it did not work out');
    like($r->{headers}{'content-type'}, qr{^application/json}, 'in JSON');
    is($r->{json}{error}{code}, 'SERVICE_UNAVAILABLE', 'in the words of the dialect');
    ok($r->{headers}{'retry-after'}, 'with Retry-After');
    $lock->();
    is(status($id), 'archived', 'nothing happened');
    is(audits($id, 'model.unarchived'), 0, 'no audit row');
    is(act($id, 'unarchive')->{status}, 200, 'a new try works');
    is(audits($id, 'model.unarchived'), 1, 'one audit row');
};

subtest 'fifty kills in a row' => sub {
    my $id = model();
    my @bad;
    for my $n (1 .. 50) {
        my @pids = within(10, sub { my @p = $t->worker_pids; @p && \@p }, 'a worker')->@*;
        kill KILL => $pids[ $n % @pids ];
        my $r = $t->req(GET => "/api/v1/models/$id", token => $token);
        push @bad, "$n: $r->{status}" if $r->{status} != 200;
    }
    is("@bad", '', 'every request after a kill was answered');
    within(10, sub { $t->worker_pids == 4 }, 'four workers again');
    ok($t->{worker}->alive, 'the parent lives');
    is($t->req(GET => '/readyz')->{status}, 200, 'ready');
};

subtest 'a reload drops no request' => sub {
    my @before = $t->worker_pids;
    my $end = time + 4;
    my @ids = map { model() } 1 .. 4;
    my $load = background(sub {
        return concurrently(4, sub {
            my ($id, %count) = $ids[ $_[0] ];
            while (time < $end) {
                for my $verb (qw(archive unarchive)) { my $r = act($id, $verb); $count{"$verb $r->{status}"}++ }
                my $r = $t->req(GET => "/api/v1/models/$id", token => $token);
                $count{"get $r->{status}"}++;
            }
            return \%count;
        });
    });
    my $reloads = 0;
    while (time < $end - 0.7) { sleep 0.4; $t->{worker}->kill('HUP'); $reloads++ }
    my %sum;
    for my $c ($load->()) { $sum{$_} += $c->{$_} for keys %$c }
    is(join(' ', grep { !/ 200$/ } sort keys %sum), '', "only 200s over $reloads reloads")
        or diag(explain(\%sum));
    cmp_ok($sum{'archive 200'} // 0, '>', 10, 'under load: ' . ($sum{'archive 200'} // 0) . ' archives');
    within(10, sub { my @now = $t->worker_pids; my %old = map { $_ => 1 } @before; @now == 4 && !grep { $old{$_} } @now }, 'new workers');
    pass('all workers are new');
    $_ && is(audits($_, 'model.archived'), audits($_, 'model.unarchived'), 'as many archived as unarchived') for @ids;
};

# An upgrade: the file is replaced while the parent runs, as `make install` does it.
subtest 'a new program begins at a reload' => sub {
    my $dir = "$t->{dir}/installed";
    my $put = sub { my $file = "$dir/thaw.fcgi"; system('cp', $_[0], "$file.new") and die 'cp failed'; rename "$file.new", $file or die $! };
    my $runs = sub { my %is; $is{ (stat "/proc/$_/exe")[1] // 0 }++ for $t->worker_pids; \%is };
    my $comes_back = sub { my $was = shift; within(10, sub { my @p = $t->worker_pids; @p == 4 && !grep { $_ == $was } @p }, 'a worker in its place') };
    mkdir $dir or die $!;
    $put->("$Thaw::BUILD/thaw.fcgi");
    my $old = (stat "$dir/thaw.fcgi")[1];
    $t->{worker}->stop;
    {
        local $Thaw::BUILD = $dir;
        $t->start_workers;
    }
    within(10, sub { $t->worker_pids == 4 }, 'four workers');
    spew("$dir/broken", "#!/bin/sh\nexit 1\n", 0755);
    for my $new ("$Thaw::BUILD/thaw.fcgi", "$dir/broken") {
        $put->($new);
        my ($pid) = $t->worker_pids;
        kill KILL => $pid;
        $comes_back->($pid);
        is_deeply($runs->(), { $old => 4 }, 'installed alone, a worker that dies is followed by one of the same program');
        is($t->req(GET => '/readyz')->{status}, 200, 'which serves');
    }
    my @before = $t->worker_pids;
    $t->{worker}->kill('HUP');
    within(10, sub { slurp("$t->{dir}/worker.log") =~ /reload: a new worker of \S+ did not start; the old ones keep running/ }, 'the refusal');
    is(join(' ', $t->worker_pids), "@before", 'a reload to a program that does not start changes nothing');
    $put->("$Thaw::BUILD/thaw.fcgi");
    my $now = (stat "$dir/thaw.fcgi")[1];
    $t->{worker}->kill('HUP');
    within(10, sub { my $is = $runs->(); ($is->{$now} // 0) == 4 && keys %$is == 1 }, 'the new program');
    my ($pid) = $t->worker_pids;
    kill KILL => $pid;
    $comes_back->($pid);
    is_deeply($runs->(), { $now => 4 }, 'after it every worker is of the new one');
    is(slurp("/proc/@{[ ($t->worker_pids)[0] ]}/comm"), "thaw.fcgi\n", 'under its own name');
};

subtest 'alive is not ready' => sub {
    kill STOP => $t->{mariadb}->pid;
    my $slow = background(sub { concurrently(8, sub { $t->req(GET => '/api/v1/models', token => $token)->{status} }) });
    sleep 0.5;
    my (@r, @took);
    for (1 .. 3) { my $began = time; push @r, $t->req(GET => '/healthz'); push @took, time - $began }
    is(join(' ', map { $_->{status} } @r), '200 200 200', 'the database does not answer and all workers wait for it: alive');
    is($r[0]{body}, qq({"status":"ok"}\n), 'in the same words');
    ok($r[0]{headers}{$_}, $_) for qw(x-request-id content-security-policy x-content-type-options);
    cmp_ok((sort { $b <=> $a } @took)[0], '<', 4, 'at once');
    my $began = time;
    is($t->req(GET => '/', timeout => 10)->{status}, 200, 'the console too');
    cmp_ok(time - $began, '<', 4, 'is there at once');
    kill CONT => $t->{mariadb}->pid;
    $slow->();
    within(10, sub { $t->req(GET => '/readyz')->{status} == 200 }, 'ready');
    $t->{worker}->stop;
    my $r = $t->req(GET => '/healthz');
    is("$r->{status} $r->{headers}{'content-type'}", '503 application/problem+json', 'without workers it is not');
    $t->start_workers;
    is($t->req(GET => '/healthz')->{status}, 200, 'and with them it is again');
};

subtest 'SIGTERM: the request in hand is finished' => sub {
    my $id = model();
    my $lock = lock_row($id);
    my $reply = background(sub { act($id, 'archive') });
    within(5, \&blocked, 'the blocked transition');
    $t->{worker}->kill('TERM');
    sleep 0.3;
    ok($t->{worker}->alive, 'the parent waits for it');
    $lock->();
    is($reply->()->{status}, 200, 'the client has its answer');
    is($t->{worker}->wait(10), 0, 'then the parent ends with 0');
    my $r = $t->req(GET => "/api/v1/models/$id", token => $token);
    is($r->{status}, 503, 'no workers: 503');
    is($r->{json}{error}{code}, 'SERVICE_UNAVAILABLE', 'in the words of the dialect');
    $t->start_workers;
    is(status($id), 'archived', 'started again: the change is there');
};

subtest 'more clients than workers' => sub {
    my $id = model();
    my @codes = concurrently(40, sub { map { $t->req(GET => "/api/v1/models/$id", token => $token)->{status} } 1 .. 5 });
    is(join(' ', sort keys %{ { map { $_ => 1 } map { ref $_ ? @$_ : $_ } @codes } }), '200', '40 clients, 4 workers: 200 of 200');
};

subtest 'clients that ask for much and do not read' => sub {
    my $big = 'x' x 40_000;
    for (1 .. 100) {
        my $r = $t->req(POST => '/api/v1/models', token => $token,
            body => { name => "big $_", model_type => 'custom', task_type => 'clustering', metadata => { a => $big } });
        is($r->{status}, 201, 'a large model') if $_ == 1;
    }
    my $path = '/api/v1/models?task_type=clustering&page_size=100';
    cmp_ok(length $t->req(GET => $path, token => $token)->{body}, '>', 4_000_000, 'a page of four megabytes');
    my @idle = map {                         # as little room for the answer as the kernel gives
        socket my $s, AF_INET, SOCK_STREAM, 0 or die $!;
        setsockopt $s, SOL_SOCKET, SO_RCVBUF, 4096 or die $!;
        connect $s, pack_sockaddr_in($t->{port}, inet_aton('127.0.0.1')) or die $!;
        $s;
    } 1 .. 12;
    syswrite $_, "GET $path HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $token\r\n\r\n" for @idle;
    my $began = time;
    is($t->req(GET => '/api/v1/models?page_size=1', token => $token)->{status}, 200, 'another is served');
    cmp_ok(time - $began, '<', 20, 'before anybody reads');
};

subtest 'clients that keep their connection open' => sub {
    my @open;
    for (1 .. 20) {
        my $s = $t->socket;
        print $s "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
        my $reply = '';
        while ($reply !~ /\r\n\r\n/) { sysread $s, $reply, 4096, length $reply or last }
        like($reply, qr{^HTTP/1.1 200 }, 'answered') or last;
        push @open, $s;
    }
    my $began = time;
    is($t->req(GET => '/readyz')->{status}, 200, 'one more is answered');
    cmp_ok(time - $began, '<', 4, 'at once');
};

subtest 'a worker that dies in the middle of its answer' => sub {
    # given one in the place of the workers, which dies when it has answered a half
    rename "$t->{dir}/thaw.sock", "$t->{dir}/thaw.sock.away" or die $!;
    my $dying = IO::Socket::UNIX->new(Local => "$t->{dir}/thaw.sock", Listen => 5) or die $!;
    chmod 0666, "$t->{dir}/thaw.sock";
    my $pid = fork // die $!;
    if (!$pid) {
        alarm 30;
        while (my $s = $dying->accept) {
            sysread $s, my $asked, 65536;
            my $half = "Status: 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 40000\r\n\r\n" . 'x' x 20000;
            syswrite $s, pack('CCnnCC', 1, 6, 1, length $half, 0, 0) . $half;
            close $s;
        }
        POSIX::_exit(0);
    }
    # when it is asked for, on a connection that would be kept
    my $client = $t->socket;
    my $before = time;
    print $client "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    my $all = '';
    1 while sysread $client, $all, 65536, length $all;
    # then the connection ends there, and no other answer is taken for the rest
    cmp_ok(time - $before, '<', 9, 'it is closed at once');
    is(scalar(() = $all =~ m{^HTTP/1\.1 }mg), 1, 'one answer alone was begun');
    like($all, qr/x{1000}\z/, 'and it has no end');
    kill 'KILL', $pid;
    waitpid $pid, 0;
    rename "$t->{dir}/thaw.sock.away", "$t->{dir}/thaw.sock" or die $!;
};

$t->finish(allow => qr/connect\(\) to unix:\S+ failed/);
