#!/usr/bin/perl
# The console in a headless Chromium: aliases, stages and tags of a model's versions, who held
# them, and how it is loaded (t/console/mlflow.mjs).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Thaw::Browser;

my $t = Thaw->new;
Thaw::Browser::run($t, 'mlflow');
$t->finish;
