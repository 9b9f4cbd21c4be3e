#!/usr/bin/perl
# The console in a headless Chromium: models and their versions, and what an application
# is allowed (t/console/models.mjs).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Thaw::Browser;

my $t = Thaw->new;
Thaw::Browser::run($t, 'models');
$t->finish;
