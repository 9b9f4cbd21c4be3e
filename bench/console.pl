# console.pl: how long the console's views take with 10,000 models, projects and workspaces, in a headless Chromium, and how
# many bytes its first view fetches (`bench/run --console`).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../t/lib", $FindBin::Bin;
use Bench;
use Thaw;
use Thaw::Browser;

alarm 600;
if (my $lacks = Thaw::Browser::lacks()) { print "not measured: $lacks\n"; exit 1 }
my $bench = Bench->new(fill => { models => 10000, projects => 10000, workspaces => 10000 });
my $run = Thaw::Browser::script($bench->{t}, "$FindBin::Bin/console.mjs", times => (grep { $_ eq '--quick' } @ARGV) ? 5 : 20);
print while <$run>;
close $run;
exit $? >> 8;
