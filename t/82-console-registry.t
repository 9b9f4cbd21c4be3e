#!/usr/bin/perl
# The console in a headless Chromium: registered models, their versions, deployments, and
# who has access (t/console/registry.mjs).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Thaw::Browser;

my $t = Thaw->new;
$t->admin;
$t->member;
my $group = $t->must('group', 'create', '--org', 'Main', 'Risk team');
Thaw::Browser::run($t, 'registry', member => { email => 'member@main.example', password => $t->password('member') },
    group => $group, thaw => [ "THAW_CONFIG=$t->{dir}/thaw.conf", "$Thaw::BUILD/thaw" ]);
$t->finish;
