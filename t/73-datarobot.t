#!/usr/bin/perl
# DataRobot's own Python client, as PyPI has it, through doc/registry.py: the main job of the registry dialect.
# Where PyPI cannot be reached, or Python has no pip, there is nothing to run.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Thaw::Kept;

my ($dir, $why) = Thaw::Kept::python('datarobot');
plan skip_all => $why if !$dir;
my $python = "$dir/bin/python";

# given a server and somebody who builds
my $t = Thaw->new(workers => 2);
$t->user('rui');
my $builder = Thaw::Guard->start({ env => { THAW_CONFIG => "$t->{dir}/thaw.conf" } }, "$t->{dir}/build.log", "$Thaw::BUILD/thaw", 'build', '--follow');

# when a model is registered, built, shared, deployed, replaced and archived
my $r = $t->run({ THAW_URL => "http://127.0.0.1:$t->{port}", THAW_TOKEN => $t->admin, PYTHONWARNINGS => 'ignore' }, '', 'timeout', '120', $python, "$Thaw::SRC/doc/registry.py");

# then each step went as it says
is($r->{exit}, 0, 'to its end') or diag $r->{out}, $r->{err};
like($r->{out}, qr/^registered \['Churn \d+'\]$/m, 'a model, listed');
like($r->{out}, qr/^versions \[2, 1\]$/m, 'versions, the latest first');
like($r->{out}, qr/^built complete as version 3$/m, 'a package that was built behind the answer');
like($r->{out}, qr/^shared as \['CONSUMER', 'OWNER'\]$/m, 'shared');
like($r->{out}, qr/^deployed \[\(2, True\), \(1, False\)\]$/m, 'deployed, and replaced');
like($r->{out}, qr/^archived True$/m, 'archived for good');
$builder->stop;
$t->finish;

