# Bench.pm: the server under measurement, its floors, and the loads that are put on them.
#
#   my $bench = Bench->new(clients => 8, workers => 4, fill => { models => 10000, ... });
#   $bench->{t}                              the server, as t/lib/Thaw.pm starts it
#   $bench->objects($table, $n)              $n rows of it as hashes of id (24 hexadecimal digits), name and number; each time others
#   $bench->capture(sub { my $object = shift; ... }, $one, $other)    what a worker sends to the database for it, as a script
#   $bench->serve(NAME => $script, ...)      ends the capturing: as many workers as asked for, and the floor behind the same nginx
#   my $load = $bench->http($threads, sub { [ [ $method, $path, $token, $body ], ... ], ... })     a list for each thread
#   my $load = $bench->loop($name, $database, $script, @keys)
#   my $r = $load->($seconds)            { n, errors, seconds, rate, p50, p99, p999, nginx, worker, database }
#   $bench->settled                          waits until the workers are idle
#
# nginx, worker and database are microseconds of processors in all, as /proc/PID/stat tells them; worker
# is the floor's processes too.
package Bench;
use strict;
use warnings;
use POSIX ();
use Thaw;
use Time::HiRes qw(time sleep);

my $TICK = 1e6 / POSIX::sysconf(&POSIX::_SC_CLK_TCK);
my $ROUTE = qr{^upstream thaw \{\n +server unix:(\S+)/thaw\.sock}m;

sub new {
    my ($class, %o) = @_;
    my $bench = bless { clients => 8, workers => 4, pool => '256M', used => {}, loads => 0, %o }, $class;
    # The database waits for its disk, as it does not in tests.
    my $t = $bench->{t} = Thaw->new(fresh => 0, workers => 1, flush => $bench->{flush}, mariadb => [ '--skip-debug-no-sync', "--innodb-buffer-pool-size=$bench->{pool}", '--innodb-log-file-size=256M', '--general-log=1',
            '--general-log-file=general.log' ], config => { webhook_networks => '127.0.0.0/8', webhook_http => 'on', webhook_timeout_s => 5 },
        conf => sub { my ($dir) = /$ROUTE/ or die 'no upstream'; s{^    (?=location / )}{places($dir)}me or die 'no place for the floor' });
    my $filled = `$Thaw::SRC/bench/fill @{[ map { "--$_ $bench->{fill}{$_}" } sort keys %{ $bench->{fill} } ]} $t->{dir}/db.sock`;
    $? and die "bench/fill: $filled";
    $bench->{org} = $t->sql('SELECT LOWER(HEX(id)) FROM organizations ORDER BY id DESC LIMIT 1') =~ s/\s//gr;
    return $bench;
}

# Beside what thaw.conf has: the floor, a receiver of webhooks, and the two as CGI.
sub places {
    my $dir = shift;
    my $cgi = "fastcgi_pass unix:$dir/fcgiwrap.sock; include $Thaw::SRC/nginx/fastcgi.params; fastcgi_param";
    return "    location /floor/ { fastcgi_pass unix:$dir/floor.sock; }\n    location = /taken { return 200; }\n" .
        "    location /cgi/ { $cgi SCRIPT_FILENAME $Thaw::BUILD/thaw.fcgi; fastcgi_param THAW_CONFIG $dir/cgi.conf; }\n" .
        "    location /cgi-floor/ { $cgi SCRIPT_FILENAME $Thaw::BUILD/bench/floor; fastcgi_param FLOOR_SCRIPT $dir/cgi.script; fastcgi_param FLOOR_DATABASE $dir/db.sock; }\n    ";
}

# Tokens of the administrator's, by what signs them; the last key made signs from then on.
sub tokens {
    my ($bench, @algorithms) = @_;
    my $t = $bench->{t};
    my %token = map { $t->must('signing-key', 'rotate', '--alg', $_); ($_ => 'Bearer ' . $t->token('admin')) } @algorithms;
    # Keys that changed lately are read again each second: these are an hour old.
    utime time - 3600, time - 3600, "$t->{dir}/keys" or die "keys: $!";
    return %token, key => 'Bearer ' . $t->key;
}

my %untouched = (models => "status = 'draft' AND is_global = 1 AND revision = 1", projects => "status = 'DRAFT' AND revision = 1", workspaces => "status = 'ready' AND livemode = 1 AND revision = 1",
    versions => "status = 'ready' AND is_global = 1 AND revision = 2");      # a model with one version
# number: of a project its number, of a model with a version the version's identity.
sub objects {
    my ($bench, $table, $n) = @_;
    my $from = $table eq 'versions' ? 'models' : $table;
    my $number = { projects => 'number', versions => '(SELECT HEX(v.id) FROM model_versions v WHERE v.organization_id = x.organization_id AND v.model_id = x.id)' }->{$table} // 0;
    my $left = $bench->{left}{$table} //= [ map { { id => $_->[0], name => $_->[1], number => $table eq 'versions' ? pack('H*', $_->[2]) : $_->[2] } }
        $bench->{t}->sql("SELECT LOWER(HEX(id)), name, $number FROM $from x WHERE organization_id = UNHEX('$bench->{org}') AND $untouched{$table} AND created_at < '2025-02-01' ORDER BY id") ];
    @$left >= $n or die "no $table left that nobody touched\n";
    return splice @$left, 0, $n;
}

# ---- What a worker sends to the database ----

# The log's entries since an offset: [ command, text ].
sub logged {
    my ($bench, $from) = @_;
    return map { /^[^\t]*\t+ *\d+ (Prepare|Execute|Query)\t(.*?)\n?\z/s ? [ $1, $2 ] : () } split /\n(?=[^\t\n]*\t+ *\d+ \w+(?: \w+)?\t)/, substr slurp("$bench->{t}{dir}/db/general.log"), $from;
}

sub unquoted {
    my $v = shift;
    return undef if $v eq 'NULL';
    return $v unless $v =~ s/\A(?:TIMESTAMP)?'(.*)'\z/$1/s;
    my %as = (0 => "\0", n => "\n", r => "\r", Z => "\x1a");
    return \($v =~ s/\\(.)/$as{$1} \/\/ $1/gser);
}

# What a parameter is, from its values in an object's turns 1, 2 and 3, and in turn 1 of
# another: a number is a plain scalar, a text a reference.
sub parts { my $o = shift; (pack('H*', $o->{id}), $o->{name}, $o->{number}) }
sub key { join ',', map { unpack 'H*', $_ } parts(@_) }
sub parameter {
    my ($one, $other, @v) = @_;
    return 'null' if !defined $v[0];
    my @text = map { ref $_ ? $$_ : $_ // '' } @v;
    if ($text[0] ne $text[3] && $text[0] eq $text[1]) {
        my ($x, $y) = map { [ parts($_) ] } $one, $other;
        for (0 .. $#$x) { return "key\t$_" if $text[0] eq $x->[$_] && $text[3] eq $y->[$_] }
    }
    if (!ref $v[0]) {
        my $step = $v[1] - $v[0];
        return "step\t@{[ $v[0] - $step ]}\t$step" if $step && $v[2] - $v[1] == $step && $v[3] == $v[0];
        $v[0] == $v[3] or die "a number of the object that is not known: @text\n";
        return "int\t$v[0]";
    }
    my $n = length $text[0];
    return 'now' if $text[0] =~ /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?$/;
    my $varies = $text[0] ne $text[1] && $text[1] ne $text[2];
    return "hex\t$n" if $varies && $n <= 64 && $text[0] =~ /^(?:[a-z]+_)?[0-9a-f]+$/;
    return (substr($text[0], 0, 3) eq substr($text[2], 0, 3) ? 'id' : 'random') . "\t$n" if $varies && ($n == 12 || $n == 16);
    $text[0] eq $text[3] || $n != 12 or die "an identity beside the object's that is not known: @{[ map { unpack 'H*', $_ } @text ]}\n";
    return "bytes\t" . unpack 'H*', $text[0];
}

sub capture {
    my ($bench, $do, $one, $other) = @_;
    my @turn;
    $do->($_) for $one, $other;                              # turn 0, which prepares what is not yet
    for my $of ($one, $one, $one, $other) {
        my $from = -s "$bench->{t}{dir}/db/general.log";
        $do->($of);
        push @turn, [ grep { $_->[0] ne 'Prepare' } $bench->logged($from) ];
    }
    my @texts = sort { length $b <=> length $a } map { $_->[0] eq 'Prepare' ? $_->[1] : () } $bench->logged(0);
    my $script = '';
    for my $i (0 .. $#{ $turn[0] }) {
        my ($command, $text) = @{ $turn[0][$i] };
        if ($command eq 'Query') { $script .= "query\t$text\n"; next }
        my ($statement, @values);
        for my $s (@texts) {
            my $re = join q{((?:TIMESTAMP)?'(?:[^'\\\\]|\\\\.)*'|NULL|-?[0-9.]+)}, map { quotemeta } split /\?/, $s, -1;
            @values = map { [ $_->[$i][1] =~ /\A$re\z/s ? map { unquoted($_) } @{^CAPTURE} : () ] } @turn;
            $statement = $s, last if $turn[0][$i][1] =~ /\A$re\z/s;
        }
        defined $statement or die "not prepared: $text\n";
        my $n = () = $statement =~ /\?/g;
        @$_ == $n or die "another statement in another turn: $statement\n" for @values;
        $script .= "statement\t$i\t$statement\n" . join '', map { my $k = $_; "\t" . parameter($one, $other, map { $_->[$k] } @values) . "\n" } 0 .. $n - 1;
    }
    return $script;
}

# ---- Floors ----

sub serve {
    my ($bench, %script) = @_;
    my $t = $bench->{t};
    my $dir = $t->{dir};
    $t->sql('SET GLOBAL general_log = 0');
    $t->must('deliver');                                     # every event has its number
    $t->{worker}->stop;
    $t->{workers} = $bench->{workers};
    $t->start_workers;
    spew("$dir/floor.script", join '', map { my $name = $_; $script{$name} =~ s/^statement\t[^\t]*/statement\t$name/mr } sort keys %script);
    if ($script{row}) {
        spew("$dir/cgi.script", $script{row});
        spew("$dir/cgi.conf", slurp("$dir/thaw.conf") . "base_path = /cgi\n");
        $bench->{fcgiwrap} = Thaw::Guard->start({}, "$dir/fcgiwrap.log", 'fcgiwrap', '-f', '-c', $bench->{workers}, '-s', "unix:$dir/fcgiwrap.sock");
    }
    return if !%script;
    $bench->{floor} = Thaw::Guard->start({ env => { FLOOR_SCRIPT => "$dir/floor.script", FLOOR_DATABASE => "$dir/db.sock" } }, "$dir/floor.log", "$Thaw::BUILD/bench/floor", "$dir/floor.sock", $bench->{workers});
    # Each process that could not prepare says why and ends.
    within(10, sub {
        my $said = slurp("$dir/floor.log");
        die "the floor: $said" if length $said;
        -S "$dir/floor.sock" && $t->req(GET => '/floor/none/00')->{status} == 500;
    }, 'the floor');
}

# ---- Loads ----

sub children { my $pid = shift; split ' ', slurp("/proc/$pid/task/$pid/children") }

# Ticks of processors: user and system, of all threads.
sub ticks {
    my $sum = 0;
    for (map { slurp("/proc/$_/stat") =~ s/.*\) //sr } @_) { my @f = split ' '; $sum += ($f[11] // 0) + ($f[12] // 0) }
    return $sum * $TICK;
}
sub processors {
    my $bench = shift;
    my $t = $bench->{t};
    return (nginx => ticks(children($t->{nginx}->pid)), worker => ticks($t->worker_pids, $bench->{floor} ? children($bench->{floor}->pid) : ()), database => ticks($t->{mariadb}->pid));
}

# The result of a load, with what it took of the processors.
sub measured {
    my ($bench, $run) = @_;
    my %before = $bench->processors;
    my %r = %{ $run->() };
    my %after = $bench->processors;
    $r{$_} = $after{$_} - $before{$_} for keys %after;
    $r{rate} = $r{n} / $r{seconds};
    return \%r;
}

# Until no worker runs a statement: what a load leaves behind takes long where a statement does.
sub settled {
    my $bench = shift;
    my $idle = 0;
    within(60, sub {
        $idle = $bench->{t}->sql("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER LIKE 'thaw%' AND COMMAND <> 'Sleep'") ? 0 : $idle + 1;
        return $idle == 3;
    }, 'idle workers');
}

# Does it catch SIGINT, in its sleep? Before, one would kill it, or be forgotten while it sleeps its minute; or is it gone?
sub begun {
    my $pid = shift;
    my ($state) = slurp("/proc/$pid/stat") =~ /\) (\w)/ or return 1;
    return $state eq 'Z' || $state eq 'S' && slurp("/proc/$pid/status") =~ /^SigCgt:\s*[0-9a-f]*([2367abef])$/m;
}

sub http {
    my ($bench, $threads, $requests, %o) = @_;
    my $t = $bench->{t};
    my $file = "$t->{dir}/load." . ++$bench->{loads};
    return sub {
        my $seconds = shift;
        spew($file, join "\n", map { join '', map { join("\t", $_->[0], $_->[1], $_->[2], $_->[3] // '') . "\n" } @$_ } $requests->());
        return $bench->measured(sub {
            # A time of less than a second is not wrk's to take: it ends at a SIGINT as at its time.
            my $pid = open my $h, '-|', 'wrk', '-t', $threads, '-c', $o{clients} // $bench->{clients}, '-d', '60s', '--timeout', '10s', '-s', "$Thaw::SRC/bench/load.lua", $o{url} // $t->{url}, '--', $file or die "wrk: $!\n";
            within(30, sub { begun($pid) }, 'wrk');
            sleep $seconds;
            kill INT => $pid;
            my $said = join '', <$h>;
            my ($n, $us, $errors, @p) = $said =~ /^told (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)/m or die "wrk: $said\n";
            return { n => $n, seconds => $us / 1e6, errors => $errors, p50 => $p[0], p99 => $p[1], p999 => $p[2] };
        });
    };
}

sub loop {
    my ($bench, $name, $database, $script, @keys) = @_;
    my $dir = $bench->{t}{dir};
    my ($in, $out);
    return sub {
        my $seconds = shift;
        if (!$in) {
            spew("$dir/$name.script", $script);
            pipe my $r, $in or die $!;
            pipe $out, my $w or die $!;
            $bench->{"loop $name"} = Thaw::Guard->start({ stdin => $r, stdout => $w }, "$dir/loop.log", "$Thaw::BUILD/bench/loop", "$dir/db.sock", $database, "$dir/$name.script", @keys);
            $in->autoflush;
            $bench->measured(sub { print $in "0.05\n"; <$out> // die "loop $name: " . slurp("$dir/loop.log"); return { n => 1, seconds => 1 } });       # connects
        }
        return $bench->measured(sub {
            print $in "$seconds\n";
            my $said = <$out> // die "loop $name: " . slurp("$dir/loop.log");
            my %r;
            @r{qw(n errors seconds p50 p99 p999)} = split ' ', $said;
            return \%r;
        });
    };
}

1;
