#!/usr/bin/perl
# What a person meets at the console day after day, in a headless Chromium (t/console/daily.mjs).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Thaw::Browser;

my $t = Thaw->new;
Thaw::Browser::run($t, 'daily');
$t->finish;
