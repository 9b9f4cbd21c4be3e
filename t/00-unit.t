#!/usr/bin/perl
# The unit tests (t/unit.c), which speak TAP by themselves.
use strict;
use warnings;
use Cwd 'abs_path';
use FindBin;

my $build = $ENV{THAW_BUILDDIR} || "$FindBin::Bin/../build/sanitized";
-x "$build/t/unit" or print("1..0 # SKIP built without cmocka\n"), exit 0;
$ENV{CMOCKA_MESSAGE_OUTPUT} = 'TAP';
$ENV{ASAN_OPTIONS} //= 'detect_leaks=1';
exec "$build/t/unit" or die "$build/t/unit: $!";
