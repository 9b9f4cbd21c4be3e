#!/usr/bin/perl
# What comes from outside, in the hands of libFuzzer (t/fuzz): each target for a few seconds over its seeds, which
# finds nothing; and one that fails, which is found and told.
# Not run again when it fails (AGAIN=1): it tries what comes to it by chance.
use strict;
use warnings;
use File::Temp 'tempdir';
use FindBin;
use Test::More;

my $dir = tempdir('thaw-fuzz.XXXXXX', TMPDIR => 1, CLEANUP => 1);
open my $fh, '>', "$dir/none.c" or die $!;
print $fh "int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n) { return p && n ? 0 : 0; }\n";
close $fh;
plan skip_all => 'clang with libFuzzer, or llvm, is not installed: build-aux/deps fuzz'
    if system("command -v clang llvm-cov llvm-profdata > /dev/null && clang -fsanitize=fuzzer '$dir/none.c' -o '$dir/none' 2> /dev/null");
alarm 1200;

sub fuzz { my $out = qx('$FindBin::Bin/fuzz/run' @_ 2>&1); return ($? >> 8, $out) }
my ($status, $out) = fuzz('--seconds', 3, '--jobs', 2);
is($status, 0, 'nothing is found') or diag $out;
my %runs = $out =~ /^(\w+) +(\d+) +\d+ +\d+ +\d+ +0$/mg;
cmp_ok(scalar keys %runs, '>=', 14, 'by any target') or diag $out;
cmp_ok($runs{$_}, '>', 100, "$_: $runs{$_} executions") for sort keys %runs;

($status, $out) = fuzz('--seconds', 60, 'control');
is($status, 1, 'what fails ends with status 1');
like($out, qr/^control: .*does not hold: /m, 'says what does not hold');
my ($file) = $out =~ m{(/\S+/crashes/control-crash-\w+)$}m;
ok($file && -s $file, 'and leaves what it fails by') or diag $out;
unlink $file if $file;
done_testing();
