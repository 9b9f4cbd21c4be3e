# A process that ends when its guard goes out of scope, or with the test.
package Thaw::Guard;
use strict;
use warnings;
use Fcntl ();
use POSIX ();
use Test::More ();
use Time::HiRes qw(time sleep);

# Guard->start(\%env, $log, @command): stdout and stderr go to the log; {keep}
# is a socket that the child inherits, {stdin} one that it gets as fd 0, {stdout} as fd 1.
sub start {
    my ($class, $opt, $log, @command) = @_;
    print STDERR "# @command\n" if $ENV{VERBOSE};
    my $pid = fork // die $!;
    if (!$pid) {
        setpgrp 0, 0;
        @SIG{qw(INT TERM HUP PIPE)} = ('DEFAULT') x 4;
        open STDIN, '<&', $opt->{stdin} // do { open my $n, '<', '/dev/null'; $n };
        open STDERR, '>>', $log; open STDOUT, '>&', $opt->{stdout} // \*STDERR;
        fcntl $opt->{keep}, Fcntl::F_SETFD(), 0 if $opt->{keep};
        %ENV = (%ENV, %{ $opt->{env} // {} });
        $opt->{run} ? do { $opt->{run}->(); POSIX::_exit(0) } : exec(@command) || POSIX::_exit(127);
    }
    return bless { pid => $pid, owner => $$, log => $log, name => $command[0] }, $class;
}
sub pid { $_[0]{pid} }
sub alive { my $s = shift; !defined $s->{status} && !$s->_reap }
sub _reap { my $s = shift; waitpid($s->{pid}, POSIX::WNOHANG()) == $s->{pid} ? do { $s->{status} = $?; 1 } : 0 }
sub kill { my ($s, $sig) = @_; CORE::kill($sig, $s->{pid}) if $s->alive }
sub wait {
    my ($s, $seconds) = @_;
    my $end = time + ($seconds // 10);
    while ($s->alive) { return undef if time > $end; sleep 0.01 }
    return $s->{status};
}
sub stop {
    my $s = shift;
    if ($s->alive) {
        CORE::kill(TERM => $s->{pid});
        Test::More::diag("$s->{name} did not end on SIGTERM") unless defined $s->wait(20);
    }
    CORE::kill(-9, $s->{pid}) unless $s->{swept}++;      # its process group: what it may have left
    return $s->wait;
}
sub DESTROY { local ($?, $@); $_[0]{owner} == $$ and $_[0]->stop }

1;
