# fault.pl: the campaign of faults that t/fault/run has built for.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Getopt::Long;
use JSON::PP ();
BEGIN {
    my ($seconds) = map { /^\d+$/ ? $_ : () } @ARGV;
    $ENV{LONGEST} //= 3 * ($seconds // 40) + 900;
}
use Thaw;
use Thaw::Fault;
use Thaw::Fault::Faults '@FAULTS';
use Thaw::Fault::Report;

my %o = (seconds => 40, nodes => 1, seed => time % 100_000, clients => 8);
GetOptions(\%o, 'seconds=i', 'seed=i', 'nodes=i', 'clients=i', 'json=s', 'control=s', 'list') && ($o{nodes} == 1 || $o{nodes} == 3) && $o{seconds} > 0
    or die "usage: t/fault/run [--seconds N] [--seed S] [--nodes 1|3] [--clients N] [--json FILE] [FAULT...]\n";
if ($o{list}) { printf "%-16s %-5s %s\n", @$_{qw(name nodes what)} for @FAULTS; exit }
my $r = Thaw::Fault::Report::campaign(%o, only => [@ARGV]) // exit 1;
print Thaw::Fault::Report::say_all($r);
spew($o{json}, JSON::PP->new->canonical->pretty->encode($r)) if $o{json};
exit !$r->{fine};
