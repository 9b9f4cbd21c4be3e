#!/usr/bin/perl
# The systemd units, as far as they can be tried without systemd: that they
# verify, what they promise, and that the workers serve the socket which
# systemd hands them as fd 0.
use strict;
use warnings;
use FindBin;
use IO::Socket::UNIX;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;

my $t = Thaw->new(workers => 0);
my $dir = $t->{dir};
my $unit = slurp("$Thaw::BUILD/nginx/thaw.service");
my $socket = slurp("$Thaw::SRC/nginx/thaw.socket");

unlike($unit, qr/\@[A-Z]+\@/, 'no placeholder is left');
for my $line ('NoNewPrivileges=yes', 'ProtectSystem=strict', 'ProtectHome=yes', 'PrivateTmp=yes', 'PrivateDevices=yes',
    'MemoryDenyWriteExecute=yes', 'SystemCallFilter=@system-service', 'RuntimeDirectoryMode=0700', 'LimitCORE=0',
    'StandardInput=socket', 'Restart=always', 'StartLimitIntervalSec=0', 'ExecReload=/bin/kill -HUP $MAINPID') {
    like($unit, qr/^\Q$line\E/m, $line);
}
my $sweep = slurp("$Thaw::BUILD/nginx/thaw-sweep.service");
my $deliver = slurp("$Thaw::BUILD/nginx/thaw-deliver.service");
my $build = slurp("$Thaw::BUILD/nginx/thaw-build.service");
for ([ deliver => $deliver ], [ build => $build ]) {
    my ($name, $text) = @$_;
    unlike($text, qr/\@[A-Z]+\@/, "nor in that of $name");
    like($text, qr/^\Q$_\E$/m, "$name: $_") for 'NoNewPrivileges=yes', 'ProtectSystem=strict', 'Restart=always', 'StartLimitIntervalSec=0';
    like($text, qr/^ExecStart=\S+\/thaw $name --follow$/m, "$name: its command");
}
like($socket, qr/^\Q$_\E$/m, $_) for 'Backlog=4096', 'SocketMode=0660', 'SocketGroup=www-data';
like(slurp("$Thaw::SRC/nginx/nginx.service.d/thaw.conf"), qr/^Wants=thaw\.socket$/m, 'nginx brings the socket up');

SKIP: {
    my ($analyze) = grep { -x } map { "$_/systemd-analyze" } split /:/, $ENV{PATH};
    skip 'no systemd-analyze', 5 unless $analyze;
    # Not installed here: the program is the one in the build.
    (my $here = $unit) =~ s{^ExecStart=\S+}{ExecStart=$Thaw::BUILD/thaw.fcgi}m;
    mkdir "$dir/units";
    spew("$dir/units/thaw.service", $here, 0644);
    spew("$dir/units/thaw.socket", $socket, 0644);
    spew("$dir/units/thaw-$_->[0].service", $_->[1] =~ s{^ExecStart=\S+}{ExecStart=$Thaw::BUILD/thaw}mr, 0644) for [ build => $build ], [ deliver => $deliver ], [ sweep => $sweep ];
    my $r = $t->run({}, '', $analyze, 'verify', '--man=no', map { "$dir/units/$_" } 'thaw.service', 'thaw.socket', 'thaw-build.service', 'thaw-deliver.service', 'thaw-sweep.service');
    is("$r->{exit} $r->{out}$r->{err}", '0 ', 'systemd-analyze verify');
    for my $one ('thaw', 'thaw-build', 'thaw-deliver', 'thaw-sweep') {
        $r = $t->run({}, '', $analyze, 'security', '--offline=yes', '--threshold=25', "$dir/units/$one.service");
        is($r->{exit}, 0, "systemd-analyze security: exposure of $one below 2.5") or diag $r->{out}, $r->{err};
    }
}

SKIP: {
    my ($flags) = slurp("$Thaw::BUILD/Makefile") =~ /^THAW_CFLAGS = (.*)$/m;
    skip 'the compiler\'s guards are a release\'s', 3 if $flags =~ /-fsanitize=/;
    skip 'they are looked at for gcc 12 on x86-64', 3 unless `uname -m` eq "x86_64\n" && `gcc -dumpversion` >= 12;
    like($flags, qr/(?:^| )\Q$_\E(?: |$)/, "built with $_") for '-fstack-clash-protection', '-fcf-protection', '-D_FORTIFY_SOURCE=3';
}

# As the units do it: the listener is fd 0, nobody else opened it.
for my $case ([ 'with a parent' => '--workers', 2 ], ['a single worker']) {
    my ($what, @args) = @$case;
    subtest "the socket as fd 0, $what" => sub {
        unlink "$dir/thaw.sock";
        my $listen = IO::Socket::UNIX->new(Local => "$dir/thaw.sock", Listen => 4096) or die $!;
        my $worker = Thaw::Guard->start({ stdin => $listen, env => { THAW_CONFIG => "$dir/thaw.conf" } }, "$dir/worker.log",
            "$Thaw::BUILD/thaw.fcgi", @args);
        $t->start_nginx;
        my $r = $t->req(GET => '/api/v1/models', token => $t->admin);
        is($r->{status}, 200, 'a request through nginx');
        if (@args) {
            my @before = within(5, sub { $t->{worker} = $worker; my @p = $t->worker_pids; @p == 2 && \@p }, 'two workers')->@*;
            $worker->kill('HUP');
            within(10, sub { my @now = $t->worker_pids; @now == 2 && "@now" ne "@before" }, 'the reload');
            is($t->req(GET => '/readyz')->{status}, 200, 'after the ExecReload of the unit');
        }
        $worker->kill('TERM');
        is($worker->wait(10), 0, 'SIGTERM ends it with 0');
        $t->{nginx}->stop;
    };
}
$t->finish;
