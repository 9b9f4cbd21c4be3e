# A receiver of webhooks: a real HTTP server in a process of its own, which writes down
# what it gets and answers as it is told.
#
#   my $r = Thaw::Receiver->new($t, sub { my $request = shift; { status => 200 } });
#   my $r = Thaw::Receiver->new($t, $answer, address => '127.0.0.1');   # 127.0.0.2 unless told
#   my $r = Thaw::Receiver->new($t, $answer, brief => 1);               # a line for each request, of its webhook-id alone
#   $r->url('/path')
#   $r->requests                  what came: hashes of number, path, nth (of its webhook-id), at, headers
#                                 (lower case), body, event (the body as JSON), status (what was answered)
#   $r->connections               how many connections were made
#
# The answer: {status, headers => [name => value, ...], body, after => seconds}; hang => 1 for
# none at all, raw => bytes for bytes as they are.  The sub runs in the receiver's process.
package Thaw::Receiver;
use strict;
use warnings;
use Encode ();
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use Thaw;
use Thaw::Guard;
use Time::HiRes qw(time);

my $json = JSON::PP->new->utf8->canonical;
my $made = 0;

sub new {
    my ($class, $t, $answer, %o) = @_;
    my $listen = IO::Socket::INET->new(LocalAddr => $o{address} // '127.0.0.2', LocalPort => 0, Listen => 128, ReuseAddr => 1)
        or die "listen: $!";
    my $log = "$t->{dir}/receiver." . ++$made;
    spew($log, '');
    my $r = bless { log => $log, address => $listen->sockhost, port => $listen->sockport }, $class;
    $r->{guard} = Thaw::Guard->start({ run => sub { serve($listen, $log, $answer, $o{brief}) } }, "$t->{dir}/receiver.log", 'receiver');
    close $listen;
    return $r;
}
sub url { "http://$_[0]{address}:$_[0]{port}" . ($_[1] // '/') }
sub stop { $_[0]{guard}->stop }
# Whole lines: one may just be being written.
sub _lines { map { $json->decode($_) } slurp($_[0]{log}) =~ /^(.*)\n/mg }
sub connections { scalar grep { $_->{connection} } $_[0]->_lines }

sub requests {
    my @all = grep { !$_->{connection} } $_[0]->_lines;
    $_->{event} = eval { $json->decode(Encode::encode('UTF-8', $_->{body})) } for @all;
    return @all;
}

sub note {
    my ($log, $line) = @_;
    open my $h, '>>:raw', $log or die $!;
    syswrite $h, (ref $line ? $json->encode($line) : $line) . "\n";
}

# One process, many connections: an answer that waits holds up no other.
sub serve {
    my ($listen, $log, $answer, $brief) = @_;
    my ($select, %in, @due, %nth, $number) = (IO::Select->new($listen));
    while (1) {
        @due = sort { $a->{at} <=> $b->{at} } @due;
        my $wait = @due ? $due[0]{at} - time : 1;
        for my $s ($select->can_read($wait < 0 ? 0 : $wait)) {
            if ($s == $listen) {
                my $c = $listen->accept or next;
                $select->add($c);
                $in{$c} = '';
                note($log, { connection => 1 }) unless $brief;
                next;
            }
            if (!sysread $s, $in{$s}, 65536, length $in{$s}) {
                $select->remove($s);
                delete $in{$s};
                @due = grep { $_->{to} != $s } @due;
                close $s;
                next;
            }
            while (my $request = parse(\$in{$s})) {
                $request->{number} = ++$number;
                $request->{nth} = ++$nth{ $request->{headers}{'webhook-id'} // '' };
                $request->{at} = time;
                my $a = $answer->($request);
                note($log, $brief ? $request->{headers}{'webhook-id'} : { %$request, status => $a->{status} // 0 });
                next if $a->{hang};
                push @due, { at => time + ($a->{after} // 0), to => $s, bytes => bytes($a) };
            }
        }
        while (@due && $due[0]{at} <= time) {
            my $d = shift @due;
            my $done = 0;
            while ($done < length $d->{bytes}) { $done += syswrite($d->{to}, $d->{bytes}, length($d->{bytes}) - $done, $done) // last }
        }
    }
}

# The next whole request of what was read, taken out of it.
sub parse {
    my $in = shift;
    my $head = index $$in, "\r\n\r\n";
    return if $head < 0;
    my ($line, @lines) = split /\r\n/, substr $$in, 0, $head;
    my %h = map { /^([^:]+):\s*(.*)$/ ? (lc $1, $2) : () } @lines;
    my $length = $h{'content-length'} // 0;
    return if length $$in < $head + 4 + $length;
    my $body = substr $$in, $head + 4, $length;
    substr $$in, 0, $head + 4 + $length, '';
    my ($method, $path) = split / /, $line;
    return { method => $method, path => $path, headers => \%h, body => $body };
}

sub bytes {
    my $a = shift;
    return $a->{raw} if defined $a->{raw};
    my ($body, @h) = ($a->{body} // '', @{ $a->{headers} // [] });
    my $text = 'HTTP/1.1 ' . ($a->{status} // 200) . " So\r\nContent-Length: " . length($body) . "\r\n";
    $text .= shift(@h) . ': ' . shift(@h) . "\r\n" while @h;
    return "$text\r\n$body";
}

1;
