# A unix socket proxy between the workers and MariaDB that cuts a connection
# around its COMMIT, or undoes a transaction behind the client's back, as a cluster
# can. Thaw.pm starts it (proxy => 1) and arms it (cut).
package Thaw::Proxy;
use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;
use POSIX ();
use Time::HiRes 'sleep';

# Each connection gets a process, which looks at the packets of the client
# (3 bytes length, 1 sequence, then 0x03 and the text of a query).
sub serve {
    my ($listen, $dir) = @_;
    local $SIG{CHLD} = 'IGNORE';
    while (1) {
        my $client = $listen->accept or next;
        next if fork;
        close $listen;
        my $server = IO::Socket::UNIX->new(Peer => "$dir/db.sock") or POSIX::_exit(0);
        my ($held, $cut, $step) = ('', '', 0);
        my $both = IO::Select->new($client, $server);
        while (1) {
            for my $from ($both->can_read) {
                sysread $from, my $bytes, 65536 or POSIX::_exit(0);
                if ($from == $server) {
                    POSIX::_exit(0) if $cut eq 'after';          # its OK is here and goes nowhere
                    syswrite $client, $bytes;
                    next;
                }
                $held .= $bytes;
                while (length $held >= 4 && length $held >= 4 + (my $n = unpack 'V', substr($held, 0, 3) . "\0")) {
                    my $packet = substr $held, 0, 4 + $n, '';
                    my $command = substr $packet, 4;
                    $cut = armed($dir) if $command =~ /^\x03COMMIT\b/i;
                    $step = 0 if $command =~ /^\x03START TRANSACTION/;
                    if ($command =~ /^\x17/ && undone($dir, ++$step)) {
                        syswrite $server, "\x09\0\0\0\x03ROLLBACK"; sysread $server, $bytes, 64;
                    }
                    POSIX::_exit(0) if $cut eq 'before';
                    if ($cut eq 'held') {
                        close $client;
                        for (1 .. 1000) { last if -e "$dir/released"; sleep 0.02 }
                        syswrite $server, $packet; sysread $server, $bytes, 64; POSIX::_exit(0);
                    }
                    if ($cut eq 'late') { close $client; sleep 0.5; syswrite $server, $packet; sysread $server, $bytes, 64; POSIX::_exit(0) }
                    syswrite $server, $packet;
                }
            }
        }
    }
}

# Before which statement of a transaction it is to be undone.
sub undone {
    my ($dir, $step) = @_;
    for my $file (glob "$dir/cut.*.undone") { return 1 if -s $file == $step && unlink $file }
    return;
}

# Each planned cut is a file; who can remove it makes the cut.
sub armed {
    my $dir = shift;
    for my $file (grep { !/undone$/ } glob "$dir/cut.*") { my ($when) = $file =~ /\.([a-z]+)$/; return $when if unlink $file }
    return '';
}

1;
