#!/usr/bin/perl
# What a data scientist does at the console, in a headless Chromium (t/console/science.mjs): all that
# there is of a model, its versions and its training runs; editing, Markdown, uploading, the API's commands.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Thaw::Browser;

my $t = Thaw->new;
Thaw::Browser::run($t, 'science');
$t->finish;
