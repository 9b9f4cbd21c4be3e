# Thaw.pm: starts what a test needs and ends it again.
#
#   use FindBin; use lib "$FindBin::Bin/lib"; use Test::More; use Thaw;
#
#   my $t = Thaw->new;                    # MariaDB, thaw init, workers, nginx
#   my $tok = $t->admin;                  # tokens: admin, reader, member, other
#   my $r = $t->req(POST => '/api/v1/models', token => $tok, body => {...});
#   is($r->{status}, 201);                # also headers (lower case), body, json
#   $t->finish;                           # the silent assertions, done_testing
#
# Thaw->new(%options):
#   workers => 2      how many workers (0: none, and no nginx)
#   nginx   => 1      0: no nginx
#   init    => 1      0: an empty MariaDB, no `thaw init`, no workers, no nginx
#   limits  => 0      1: rate limits on, in the program and in nginx
#   proxy   => 0      1: the workers reach MariaDB through a proxy (see cut)
#   config  => {...}  settings of thaw.conf added to the usual ones
#   mariadb => [...]  options of mariadbd added to the usual ones
#   clock   => 0      1: the clocks of workers and commands are the test's (see clock)
#   flush   => 0      microseconds by which the database's disk is slower
#   conf    => sub    changes $_, the text of thaw.conf for nginx, before use
#   database => $socket   a server that runs already, instead of one of its own
#   like    => $other     no `thaw init`: the accounts, keys and settings of another one
#   fresh   => 1      a `thaw init` of its own: most tests start with a copy of one, whose keys
#                     and accounts are the same in each
#
# Principals. `thaw init` makes the organization 'Main' with the administrator
# 'admin'; the first use of reader or member makes that user there, of other
# the organization 'Other' with its administrator 'other'. Each gives a token.
#   $t->org($name)                        makes an organization
#   $t->user($name, role => 'reader', org => 'Main')    makes a user
#   $t->password($name)                   of any user made here
#   $t->token($name, @options)            a token (`thaw token` options)
#   $t->key(user => 'admin', test => 1, kind => 'token', tier => 2, scope => '...',
#           agent => 'agt_x', human_grant => 1, rate => 5, api_version => '...', ttl => 60)
#                                         an API key: its secret; key_and_id: with its tok_ id
#
# Talking:
#   $t->req($method, $path, token =>, body => \%json|$bytes, type =>,
#           headers => [name => value, ...], port =>,
#           plain => 1)                   without json, of which a megabyte takes a third of a second
#   $t->raw($bytes, timeout => 10)        the reply's bytes, until it closes
#   $t->socket                            a connection to nginx
#   $t->thaw([{stdin => $text},] @args)   runs the command: {exit,out,err,json}
#   $t->sql($statement)                   as the database's root: list of rows,
#                                         or in scalar context the first value; each
#                                         call is a session of its own
#   $t->recount                           after $t->sql changed is_global or task_type
#   concurrently($n, sub { my $i = shift; ... })   runs n copies in processes of
#           their own, let go at the same moment; their return values, in order
#   background(sub {...})                 runs it in a process of its own; what it
#           returns is a sub that waits for its value
#   within($seconds, sub {...}, $what)    polls until true; its value, or dies
#
# Processes: $t->{worker}, $t->{nginx}, $t->{mariadb} are guards with
# ->pid, ->alive, ->kill($signal), ->wait($seconds), ->stop. $t->worker_pids
# lists the workers; $t->start_workers, start_nginx, start_mariadb start again.
#
# $t->cut($when, $times) arms the proxy: the next COMMITs lose their connection
# 'before' they are forwarded, 'after' the server's OK came back (which is not
# passed on), 'late': the worker is cut off first and the COMMIT forwarded half
# a second afterwards, or 'held': likewise, but not before $t->release; 'undone', $n:
# before the n-th statement of a transaction the server rolls it back and says nothing.
# $t->uncut disarms and tells how many were not made.
#
# $t->clock($wall, $mono) puts the workers' clocks so many seconds ahead; $t->next_minute
# stops the monotonic one at the start of a later minute; given a sub, while that runs.  $t->ahead($seconds) is the environment
# of a command ({env => ...}) on a host whose clock is ahead.
#
# $t->allocs is how often the workers have allocated by now, and how many bytes; with allocs => 1,
# which no sanitizer bears.
#
# Environment: THAW_BUILDDIR the build under test (build/sanitized by default),
# LEAVE=1 keeps the directory, VERBOSE=1 prints the wire and the commands, LONGEST=1200 is
# how many seconds a test may take.

package Thaw;
use strict;
use warnings;
use Exporter 'import';
use Cwd 'abs_path';
use Digest::SHA 'sha1_hex';
use Fcntl ':flock';
use File::Basename 'dirname';
use File::Path qw(make_path remove_tree);
use File::Temp ();
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use JSON::PP ();
use POSIX ();
use Storable ();
use Test::More ();
use Thaw::Client;
use Thaw::Guard;
use Thaw::Proxy;
use Time::HiRes qw(time sleep clock_gettime CLOCK_MONOTONIC);

use constant LONGEST => $ENV{LONGEST} // 1200;
our @EXPORT = qw(background concurrently within slurp spew);
our $SRC = abs_path(dirname(__FILE__) . '/../..');
our $BUILD = abs_path($ENV{THAW_BUILDDIR} || "$SRC/build/sanitized")
    or die "no build: run ./check once, or set THAW_BUILDDIR\n";
my $json = JSON::PP->new->utf8->canonical->allow_nonref;
# The session is the tests' own, as it is the scripts'.
%ENV = map { split /=/, $_, 2 } split /\0/, qx(sh -c 'src=\$1; . "\$1/build-aux/session"; env -0' - '$SRC');
$ENV{PATH} or die "no session\n";
umask 022;
# No test waits without an end, whatever it waits for: this is far above what any takes.
$SIG{ALRM} = sub { print STDERR "# not done in @{[ LONGEST ]} s\n"; exit 124 };
alarm LONGEST;
$SIG{PIPE} = 'IGNORE';
$SIG{$_} = sub { exit 130 } for qw(INT TERM HUP);      # so that guards run

# --- small helpers -----------------------------------------------------------

sub slurp { my $f = shift; open my $h, '<:raw', $f or return ''; local $/; scalar <$h> // '' }

sub spew {
    my ($file, $text, $mode) = @_;
    open my $h, '>:raw', $file or die "$file: $!";
    chmod $mode, $file if $mode;
    print $h $text; close $h or die "$file: $!";
}

# Seconds are those of a quiet machine; a busy one has four times as many.
sub within {
    my ($seconds, $try, $what) = @_;
    my $end = time + 4 * $seconds;
    while (1) {
        my $got = $try->();
        return $got if $got;
        die(($what // 'condition') . " not within " . 4 * $seconds . " s\n") if time > $end;
        sleep 0.02;
    }
}

sub background {
    my $sub = shift;
    pipe my $r, my $w or die $!;
    my $pid = fork // die $!;
    if (!$pid) {
        alarm LONGEST;
        my @got = eval { $sub->() };
        Storable::nstore_fd({ got => \@got, died => $@ }, $w);
        close $w; POSIX::_exit(0);
    }
    close $w;
    return sub {
        my $res = eval { Storable::fd_retrieve($r) } // { died => "a process in the background was killed\n" };
        waitpid $pid, 0;
        die $res->{died} if $res->{died};
        return wantarray ? @{ $res->{got} } : $res->{got}[-1];
    };
}

sub concurrently {
    my ($n, $sub) = @_;
    pipe my $gate_r, my $gate_w or die $!;
    my @waits = map {
        my $i = $_;
        background(sub { close $gate_w; sysread $gate_r, my $byte, 1; $sub->($i) });     # until the parent lets go
    } 0 .. $n - 1;
    close $gate_r; close $gate_w;
    return map { my @got = $_->(); @got == 1 ? $got[0] : \@got } @waits;
}

# --- starting -------------------------------------------------------------------

sub new {
    my ($class, %o) = @_;
    my $dir = File::Temp::tempdir('thaw-t.XXXXXX', TMPDIR => 1);
    my $t = bless { dir => $dir, owner => $$, workers => 2, nginx_on => 1, init => 1, limits => 0,
                    config => {}, mariadb_options => [], password => {} }, $class;
    @$t{ map { { nginx => 'nginx_on', mariadb => 'mariadb_options' }->{$_} // $_ } keys %o } = values %o;
    delete @ENV{ grep { /^THAW_(?!BUILDDIR)/ } keys %ENV };      # settings of the caller's are not the test's
    $ENV{ASAN_OPTIONS} //= "log_path=$dir/sanitizer:abort_on_error=0:detect_leaks=1";
    $ENV{UBSAN_OPTIONS} //= "log_path=$dir/sanitizer:print_stacktrace=1";
    mkdir "$dir/$_", 0700 or die $! for qw(keys run);
    $t->clock(0, 0) if $t->{clock};
    spew("$dir/allocs", pack 'q2', 0, 0) if $t->{allocs};
    $t->start_mariadb;
    if ($t->{init}) {
        $t->init;
        $t->start_workers if $t->{workers};
        $t->start_nginx if $t->{workers} && $t->{nginx_on};
    }
    return $t;
}

# A test's database need not outlive the machine: what is written is not waited for.
my @mariadb = qw(--no-defaults --debug-no-sync --innodb-log-file-size=16M --innodb-undo-tablespaces=0
    --innodb-data-file-path=ibdata1:10M:autoextend --skip-name-resolve);
push @mariadb, '--user=root' if $> == 0;

# What takes its time is made once, in a directory under the build that bears the key it was
# made for and is made again for another, or when it is older than so many hours. $make
# fills a new one, $use takes from it; nobody replaces it meanwhile.
sub cached {
    my ($name, $key, $hours, $make, $use) = @_;
    my $dir = "$BUILD/t-cache/$name";
    make_path(dirname($dir));
    open my $lock, '>', "$dir.lock" or die $!;
    flock $lock, LOCK_EX;
    if (slurp("$dir/key") ne $key || -M "$dir/key" > $hours / 24) {
        remove_tree($dir, "$dir.tmp");
        mkdir "$dir.tmp" or die $!;
        $make->("$dir.tmp");
        spew("$dir.tmp/key", $key);
        rename "$dir.tmp", $dir or die $!;
    }
    flock $lock, LOCK_SH;
    return $use->($dir);
}

sub cp { system('cp', '-a', @_) and die 'cp failed' }

# An empty data directory.
sub template {
    my $to = shift;
    cached('mariadb', join(' ', @mariadb, `mariadbd --version`), 'inf', sub {
        # A server that starts deletes another one's temporary files: never share their directory.
        # With --force it looks up no name, not even this host's.
        my ($dir, $tmp) = (shift, File::Temp->newdir);
        my $out = `mariadb-install-db @mariadb --force --tmpdir='$tmp' --datadir='$dir/db' --auth-root-authentication-method=normal --skip-test-db 2>&1`;
        die "mariadb-install-db: $out" if $?;
    }, sub { cp("$_[0]/db", $to) });
}

# All that `thaw init` of this build left, as long as it is as good as new.
sub initialized {
    my $use = shift;
    my $key = join ' ', @mariadb, (stat "$BUILD/thaw")[ 1, 7, 9 ], sha1_hex(map { slurp($_) } sort glob "$SRC/sql/*.sql");
    cached('initialized', $key, 1, sub {
        my $t = Thaw->new(workers => 0, fresh => 1);
        $t->{mariadb}->stop;
        cp('--sparse=always', (map { "$t->{dir}/$_" } qw(db keys thaw.cnf owner.cnf thaw.conf)), $_[0]);
    }, $use);
}

sub start_mariadb {
    my $t = shift;
    my $dir = $t->{dir};
    make_path("$dir/tmp");
    if ($t->{database}) {
        symlink $t->{database}, "$dir/db.sock" or die "db.sock: $!";
        spew("$dir/admin.cnf", "[client]\nuser=root\nsocket=$dir/db.sock\n", 0600);
        return;
    }
    if (!-d "$dir/db") {
        # What could make `thaw init` leave something else has one of its own.
        $t->{fresh} //= !$t->{init} || $ENV{LD_PRELOAD} || @{ $t->{mariadb_options} } || grep { /^db_|^key_dir|^sql_dir/ } keys %{ $t->{config} };
        if ($t->{fresh}) { template("$dir/db") }
        else { initialized(sub { cp("$_[0]/db", "$dir/db"); $t->copy($_[0]) }) }
        spew("$dir/admin.cnf", "[client]\nuser=root\nsocket=$dir/db.sock\n", 0600);
    }
    $t->{mariadb} = Thaw::Guard->start({ env => $t->{flush} ? { preload('flush'), THAW_TEST_FLUSH => $t->{flush} } : {} }, "$dir/mariadb.log", 'mariadbd', @mariadb, "--datadir=$dir/db", "--tmpdir=$dir/tmp",
        "--socket=$dir/db.sock", "--pid-file=$dir/db.pid", '--skip-networking', '--innodb-buffer-pool-size=32M',
        '--innodb-flush-log-at-trx-commit=1', '--performance-schema=off', '--character-set-server=utf8mb4',
        '--collation-server=utf8mb4_bin', '--max-connections=300', @{ $t->{mariadb_options} });
    within(30, sub {
        $t->{mariadb}->alive or die "mariadbd died:\n" . slurp("$dir/mariadb.log");
        # Until it greets, it forgets a SIGTERM.
        my $s = IO::Socket::UNIX->new(Peer => "$dir/db.sock");
        $s && IO::Select->new($s)->can_read(1) && sysread $s, my $greeting, 1;
    }, 'mariadbd');
}

sub init {
    my $t = shift;
    my $dir = $t->{dir};
    if ($t->{like}) {
        $t->{password} = $t->{like}{password};
        return $t->copy($t->{like}{dir});
    }
    my %conf = (db_option_file => "$dir/thaw.cnf", key_dir => "$dir/keys", run_dir => "$dir/run", sql_dir => "$SRC/sql",
        issuer => 'thaw-test', audience => 'thaw-test', rate_limits => $t->{limits} ? 'on' : 'off', %{ $t->{config} });
    spew("$dir/thaw.conf", join '', map { "$_ = $conf{$_}\n" } sort keys %conf);
    $t->{password}{admin} = 'correct horse battery';
    $t->first_init if $t->{fresh} || $t->{database};
    $t->start_proxy if $t->{proxy};
}

sub first_init {
    my $t = shift;
    my $r = $t->thaw({ stdin => "$t->{password}{admin}\n" }, 'init', '--db-admin', "$t->{dir}/admin.cnf", '--database', 'thaw',
        '--org', 'Main', '--admin-username', 'admin', '--admin-email', 'admin@main.example', '--admin-password-stdin');
    die "thaw init failed ($r->{exit}): $r->{err}$r->{out}" if $r->{exit};
}

# What an operator copies to the next node; each has a database of its own.
sub copy {
    my ($t, $from) = @_;
    my $to = $t->{dir};
    my ($was) = slurp("$from/thaw.conf") =~ m{^key_dir = (.*)/keys$}m;
    for my $file (map { s{^\Q$from\E/}{}r } glob "$from/keys/* $from/thaw.cnf $from/owner.cnf $from/thaw.conf") {
        my $text = slurp("$from/$file");
        $text =~ s/\Q$was\E/$to/g if $file !~ m{/};
        spew("$to/$file", $text, 0600);
    }
}

sub start_workers {
    my $t = shift;
    my $dir = $t->{dir};
    $t->{worker} = Thaw::Guard->start({ env => { THAW_CONFIG => "$dir/thaw.conf", $t->{clock} ? clock_env("$dir/clock") : (),
        $t->{allocs} ? (preload('allocs'), THAW_TEST_ALLOCS => "$dir/allocs") : () } }, "$dir/worker.log",
        "$BUILD/thaw.fcgi", '--workers', $t->{workers}, '--socket', "$dir/thaw.sock", '--socket-mode', '0660');
    within(20, sub {
        $t->{worker}->alive or die "thaw.fcgi died:\n" . slurp("$dir/worker.log");
        IO::Socket::UNIX->new(Peer => "$dir/thaw.sock");
    }, 'workers');
}

# The children of the supervising parent.
sub worker_pids {
    my $pid = $_[0]{worker}->pid;
    my @pids = sort { $a <=> $b } split ' ', slurp("/proc/$pid/task/$pid/children");
    return @pids;
}

# The installed configuration with its parameters filled in. The listening
# socket is opened here and handed over as nginx hands it to its own
# successor: no other process can take the port in between.
sub start_nginx {
    my $t = shift;
    my $dir = $t->{dir};
    for my $part (qw(http server)) {
        my $r = $t->thaw('nginx-errors', $part);
        die "thaw nginx-errors $part: $r->{err}" if $r->{exit};
        spew("$dir/thaw-errors-$part.conf", $r->{out});
    }
    my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $t->{port} // 0, Listen => 511, ReuseAddr => 1)
        or die "listen: $!";
    $listen->blocking(0);                # nginx takes it as it is
    $t->{port} = $listen->sockport;
    $t->{url} = "http://127.0.0.1:$t->{port}";
    my %value = (LISTEN => "127.0.0.1:$t->{port}", SOCKET => "$dir/thaw.sock", ERRORSDIR => $dir, NGINXDIR => "$SRC/nginx", CONSOLEDIR => "$SRC/console",
        LIMIT_KEY => $t->{limits} ? '$binary_remote_addr' : '""', DIR => $dir, USER => $> == 0 ? 'user root;' : '');
    for ([ 'thaw.conf.in', 'thaw-nginx.conf' ], [ 'nginx.conf.in', 'nginx.conf' ]) {
        local $_ = [ slurp("$SRC/nginx/$_->[0]"), $_->[1] ];
        my ($text, $name) = @$_;
        $text =~ s/@([A-Z_]+)@/$value{$1} \/\/ die "no value for \@$1\@"/ge;
        if ($t->{conf} && $name eq 'thaw-nginx.conf') { local $_ = $text; $t->{conf}->(); $text = $_ }
        spew("$dir/$name", $text);
    }
    $t->{nginx} = Thaw::Guard->start({ keep => $listen, env => { NGINX => fileno($listen) . ';' } }, "$dir/nginx-stderr.log",
        'nginx', '-p', $dir, '-e', "$dir/nginx-error.log", '-c', "$dir/nginx.conf");
    close $listen;
    within(20, sub {
        $t->{nginx}->alive or die "nginx died:\n" . slurp("$dir/nginx-stderr.log") . slurp("$dir/nginx-error.log");
        my $r = eval { $t->req(GET => '/readyz') };
        $r && $r->{status} == 200;
    }, 'GET /readyz');
}

# --- talking ----------------------------------------------------------------------

sub socket {
    my ($t, $port) = @_;
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port // $t->{port}, Timeout => 10) || die "connect: $@";
}

sub raw {
    my ($t, $bytes, %o) = @_;
    my $s = $o{socket} // $t->socket($o{port});
    print STDERR map { "# > $_\n" } split /\r?\n/, $bytes if $ENV{VERBOSE};
    for (my $done = 0; $done < length $bytes;) {
        my $n = syswrite $s, $bytes, length($bytes) - $done, $done;
        last unless $n;
        $done += $n;
    }
    my ($reply, $end) = ('', time + ($o{timeout} // 30));
    my $wait = IO::Select->new($s);
    while ((my $left = $end - time) > 0) {
        next unless $wait->can_read($left);
        last unless sysread $s, $reply, 65536, length $reply;
    }
    print STDERR map { "# < $_\n" } split /\r?\n/, $reply if $ENV{VERBOSE};
    return $reply;
}

sub req {
    my ($t, $method, $path, %o) = @_;
    my $body = $o{body};
    my @h = @{ $o{headers} // [] };
    unshift @h, Authorization => "Bearer $o{token}" if defined $o{token};
    $body = $json->encode($body) if ref $body;
    if (defined $body) {
        push @h, 'Content-Type' => $o{type} // 'application/json' unless grep { lc eq 'content-type' } @h;
        push @h, 'Content-Length' => length $body;
    }
    my $text = "$method $path HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n";
    $text .= shift(@h) . ': ' . shift(@h) . "\r\n" while @h;
    return parse($t->raw("$text\r\n" . ($body // ''), %o), %o);
}

# A reply's bytes as {status, headers, body, json}; {raw} is what came.
sub parse {
    my ($raw, %o) = @_;
    my ($head, $body) = split /\r\n\r\n/, $raw, 2;
    my ($line, @lines) = split /\r\n/, $head // '';
    my %r = (raw => $raw, status => 0, headers => {}, body => $body // '');
    $r{status} = $1 if ($line // '') =~ m{^HTTP/1\.[01] (\d{3})};
    for (@lines) {
        my ($name, $value) = /^([^:]+):\s*(.*?)\s*$/ or next;
        $name = lc $name;
        $r{headers}{$name} = defined $r{headers}{$name} ? "$r{headers}{$name}, $value" : $value;
    }
    if (($r{headers}{'transfer-encoding'} // '') eq 'chunked') {
        my ($rest, $all) = ($r{body}, '');
        while ($rest =~ s/^([0-9a-fA-F]+)\r\n//) { my $n = hex $1 or last; $all .= substr $rest, 0, $n, ''; $rest =~ s/^\r\n// }
        $r{body} = $all;
    }
    $r{json} = eval { $json->decode($r{body}) } if $r{body} =~ /^\s*[\[{]/ && !$o{plain};
    return \%r;
}

sub run {
    my ($t, $env, $stdin, @command) = @_;
    my ($in, $out, $err) = map { File::Temp->new(DIR => $t->{dir}) } 1 .. 3;
    print $in $stdin; $in->flush; seek $in, 0, 0;
    print STDERR "# @command\n" if $ENV{VERBOSE};
    my $pid = fork // die $!;
    if (!$pid) {
        open STDIN, '<&', $in; open STDOUT, '>&', $out; open STDERR, '>&', $err;
        %ENV = (%ENV, %$env);
        alarm LONGEST;                   # goes on in what is run
        exec @command or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    my %r = (exit => $? >> 8, signal => $? & 127, out => slurp("$out"), err => slurp("$err"));
    print STDERR map { "#   $_\n" } split /\n/, "$r{out}$r{err}" if $ENV{VERBOSE};
    $r{json} = eval { $json->decode($r{out}) } if $r{out} =~ /^\s*[\[{]/;
    return \%r;
}

sub thaw {
    my ($t, @args) = @_;
    my $o = ref $args[0] ? shift @args : {};
    return $t->run({ THAW_CONFIG => "$t->{dir}/thaw.conf", $t->{clock} ? clock_env("$t->{dir}/clock") : (), %{ $o->{env} // {} } }, $o->{stdin} // '', "$BUILD/thaw", @args);
}

sub sql {
    my ($t, $statement) = @_;
    my $c = \$t->{client}{$$};           # a process in the background has one of its own
    $$c = Thaw::Client->new("$t->{dir}/sql.$$." . ++$t->{clients}, $t->{init} ? 'thaw' : undef, 'mariadb', '--no-defaults', '-S', "$t->{dir}/db.sock",
        '-uroot', '--batch', '--unbuffered', '--skip-column-names', '--default-character-set=utf8mb4') unless $$c && $$c->alive;
    my $out = eval { $$c->run($statement) } // die "sql: $@in: $statement\n";
    print STDERR map { "# sql $_\n" } split /\n/, "> $statement\n$out" if $ENV{VERBOSE};
    my @rows = map { [ map { $_ eq 'NULL' ? undef : $_ } split /\t/, $_, -1 ] } split /\n/, $out;
    return wantarray ? @rows : $rows[0] && $rows[0][0];
}

# The totals of lists made anew, after a test has changed by itself what they go by.
sub recount {
    my $t = shift;
    my ($fill) = slurp("$SRC/sql/0010_totals.sql") =~ /^(START TRANSACTION;.*)/ms;
    $fill =~ s/COALESCE\(m\.is_global, 1\)/COALESCE(IF(w.way > 0, a.is_global, a.was_global), m.is_global, 1)/;       # 0011
    $t->sql("DELETE FROM object_counts; $fill");
}

# --- clocks ------------------------------------------------------------------------

# What loads a file of t/ before the C library: it is built once.
sub preload {
    my ($name) = @_;
    my ($lib, $source) = ("$BUILD/t-cache/$name.so", "$SRC/t/$name.c");
    make_path(dirname($lib));
    if (!-e $lib || -M $lib > -M $source) {
        system(qw(cc -O1 -shared -fPIC -o), "$lib.$$", $source) and die "cc failed\n";
        rename "$lib.$$", $lib or die $!;
    }
    # The sanitizers want to be the first library, unless told.
    return (LD_PRELOAD => $lib, ASAN_OPTIONS => "$ENV{ASAN_OPTIONS}:verify_asan_link_order=0");
}

# What loads clock.c and names its file.
sub clock_env { return (preload('clock'), THAW_TEST_CLOCK => $_[0]) }

sub allocs { return unpack 'q2', slurp("$_[0]{dir}/allocs") }

sub set_clock {
    my ($file, @seconds) = @_;
    spew($file, pack 'q3', 0, 0, 0) unless -e $file;
    open my $h, '+<:raw', $file or die "$file: $!";          # in place: it is mapped
    syswrite $h, pack 'q3', @seconds;
}

sub clock {
    my ($t, $wall, $mono) = @_;
    $t->{ahead} = [ $wall, $mono // $wall, 0 ];
    set_clock("$t->{dir}/clock", @{ $t->{ahead} });
}

sub next_minute {
    my ($t, $during) = @_;
    my $now = $t->{ahead}[2] || int($t->{ahead}[1] + clock_gettime(CLOCK_MONOTONIC));
    $t->{ahead}[2] = $now + 60 - $now % 60;
    set_clock("$t->{dir}/clock", @{ $t->{ahead} });
    return unless $during;
    $during->();
    $t->clock($t->{ahead}[0], $t->{ahead}[2] - int(clock_gettime(CLOCK_MONOTONIC)));
}

sub ahead {
    my ($t, $seconds) = @_;
    set_clock("$t->{dir}/clock.$seconds", $seconds, 0, 0);
    return { clock_env("$t->{dir}/clock.$seconds") };
}

# --- principals --------------------------------------------------------------------

sub must { my ($t, @args) = @_; my $r = $t->thaw(@args); $r->{exit} and die "thaw failed: $r->{err}"; $r->{out} =~ s/\s+\z//r }
sub org { my ($t, $name) = @_; $t->must('org', 'create', $name) }
sub password { $_[0]{password}{ $_[1] } }

sub user {
    my ($t, $name, %o) = @_;
    $t->{password}{$name} = "the password of $name";
    return $t->must({ stdin => "$t->{password}{$name}\n" }, 'user', 'create', '--org', $o{org} // 'Main', '--username', $name,
        '--email', "$name\@main.example", '--role', $o{role} // 'member', '--password-stdin');
}

sub token { my ($t, $name, @args) = @_; $t->must('token', '--user', $name, @args) }

sub key { (key_and_id(@_))[0] }
sub key_and_id {
    my ($t, %o) = @_;
    $o{user} //= 'admin';
    my @args = map { ('--' . tr/_/-/r, /^(?:test|human_grant)$/ ? () : $o{$_}) } sort grep { $o{$_} } keys %o;
    my $k = $json->decode($t->must('--json', 'api-key', 'create', @args));
    return @$k{qw(key id)};
}

sub _made { my ($t, $name, $make) = @_; $t->{made}{$name} //= do { $make->(); $t->token($name) } }
sub admin  { my $t = shift; $t->_made(admin  => sub { }) }
sub reader { my $t = shift; $t->_made(reader => sub { $t->user('reader', role => 'reader') }) }
sub member { my $t = shift; $t->_made(member => sub { $t->user('member', role => 'member') }) }
sub other  { my $t = shift; $t->_made(other  => sub { $t->org('Other'); $t->user('other', role => 'admin', org => 'Other') }) }

# --- the proxy between workers and MariaDB ------------------------------------------

sub start_proxy {
    my $t = shift;
    my $dir = $t->{dir};
    my $listen = IO::Socket::UNIX->new(Local => "$dir/proxy.sock", Listen => 128) or die "proxy: $!";
    my $text = slurp("$dir/thaw.cnf");
    $text =~ s{^(\s*socket\s*=\s*).*$}{$1$dir/proxy.sock}mg or die "no socket in thaw.cnf";
    spew("$dir/thaw.cnf", $text);
    $t->{proxy_guard} = Thaw::Guard->start({ run => sub { Thaw::Proxy::serve($listen, $dir) } }, "$dir/proxy.log", 'proxy');
    close $listen;
}

sub cut {
    my ($t, $when, $n) = @_;
    my ($times, $text) = $when eq 'undone' ? (1, 'x' x $n) : ($n // 1, '');
    spew("$t->{dir}/cut." . ++$t->{cut_no} . ".$when", $text) for 1 .. $times;
}
sub release { spew("$_[0]{dir}/released", '') }
sub uncut { my $t = shift; my @left = glob "$t->{dir}/cut.*"; unlink @left; scalar @left }

# --- ending ------------------------------------------------------------------------

# Stops everything and makes the assertions that every test file ends with.
# allow => qr/.../ names lines of nginx's log that this test provokes; more => 1: others follow.
sub finish {
    my ($t, %o) = @_;
    if ($t->{init}) {
        my $r = $t->thaw('audit', 'verify');
        Test::More::is($r->{exit}, 0, 'audit and state reconcile') or Test::More::diag($r->{out}, $r->{err});
    }
    delete $t->{client};
    for (qw(nginx worker proxy_guard mariadb)) { $t->{$_}->stop if ref $t->{$_} }
    my @bad = grep { /\[(alert|crit|emerg)\]/ && !($o{allow} && $_ =~ $o{allow}) } split /\n/, slurp("$t->{dir}/nginx-error.log");
    Test::More::is(join("\n", @bad), '', 'no alert in the log of nginx');
    my $reports = '';
    for my $file (glob "$t->{dir}/*.log $t->{dir}/sanitizer*") {
        my $text = slurp($file);
        $reports .= "$file:\n$text" if $file =~ /sanitizer/ || $text =~ /Sanitizer|runtime error:/;
    }
    Test::More::is($reports, '', 'no sanitizer report');
    Test::More::done_testing() unless $o{more};
}

sub DESTROY {
    my $t = shift;
    return if $t->{owner} != $$;
    local ($?, $@);
    delete $t->{client};
    for (qw(nginx worker proxy_guard mariadb)) { $t->{$_}->stop if ref $t->{$_} }
    $ENV{LEAVE} ? Test::More::diag("left: $t->{dir}") : remove_tree($t->{dir});
}

1;
