#!/usr/bin/perl
# From an organization with nothing in it to its audit in a file, in a headless Chromium (t/console/whole.mjs).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Thaw::Browser;

my $t = Thaw->new;
Thaw::Browser::run($t, 'whole');
$t->finish;
