# One open `mariadb` for the SQL of a test, script after script, so that none waits for a
# process to start.
#
#   my $c = Thaw::Client->new($log, $database, @command);
#   my $out = $c->run($script)            # what the script printed; dies with the client's words
#   $c->alive                             # false once a script failed: the client ends with it
#
# Each script has a session of its own, from its first statement to its last: what one left
# open (a transaction, a variable, a temporary table) is gone when run() returns.
package Thaw::Client;
use strict;
use warnings;
use IO::Handle;
use Thaw::Guard;

sub new {
    my ($class, $log, $database, @command) = @_;
    pipe my $in, my $to or die $!;
    pipe my $from, my $out or die $!;
    my $guard = Thaw::Guard->start({ stdin => $in, stdout => $out }, $log, @command, $database // ());
    $to->blocking(0);
    # No database is one that a script may drop, or that there may be none of.
    return bless { guard => $guard, log => $log, to => $to, from => $from, lines => 0, scripts => 0,
        before => 'connect ' . ($database // '') . "\n", after => "\n;\nconnect" . ($database ? ' mysql' : '') . "\n" }, $class;
}

sub alive { $_[0]{guard}->alive }

sub run {
    my ($c, $script) = @_;
    my $mark = "script $$." . ++$c->{scripts} . ' ended';
    my $in = "$c->{before}$script$c->{after}SELECT '$mark';\n";
    my ($lines, $out) = ($in =~ tr/\n//, '');
    until (substr($out, -length "$mark\n") eq "$mark\n") {
        my ($r, $w) = ('', '');
        vec($r, fileno $c->{from}, 1) = 1;
        vec($w, fileno $c->{to}, 1) = 1 if length $in;
        next if select($r, $w, undef, undef) <= 0;
        if (vec $w, fileno $c->{to}, 1) {
            my $n = syswrite $c->{to}, $in;
            # Nobody reads: the end of its output says so too.
            substr $in, 0, $n // ($!{EAGAIN} ? 0 : length $in), '';
        }
        next if !vec $r, fileno $c->{from}, 1;
        next if sysread $c->{from}, $out, 65536, length $out;
        $c->{guard}->wait;
        die Thaw::slurp($c->{log}) =~ s/ at line (\d+)/' at line ' . ($1 - $c->{lines} - 1)/er;
    }
    $c->{lines} += $lines;
    return substr $out, 0, -length "$mark\n";
}

1;
