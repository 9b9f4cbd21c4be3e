# fuzz.pl: seeds, runs and reports the targets that t/fuzz/run has built.
use strict;
use warnings;
use File::Path qw(make_path remove_tree);
use FindBin;
use Getopt::Long qw(:config no_auto_abbrev);
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(time);

my $build = shift;
my ($seconds, $jobs, $coverage) = (60, 1);
GetOptions('seconds=i' => \$seconds, 'jobs=i' => \$jobs, 'coverage' => \$coverage) && $seconds > 0 && $jobs > 0 or exit 2;
my ($fuzz, $covered, $dir) = ("$build/fuzz/t/fuzz/fuzz", "$build/fuzz-coverage/t/fuzz/fuzz", "$build/fuzz");
$| = 1;

# Whose lines a target is to reach.
my %files = (request => 'req serve res', path => 'route', query => 'req', form => 'multipart', json => 'json', shape => 'shape', token => 'token',
    credential => 'auth', id => 'id', page => 'pages', filter => 'search', package => 'mlpkg', text => 'str clock trace', url => 'net');

sub slurp { local (@ARGV, $/) = @_; my $text = <>; $text // '' }
sub spew { my ($file, $text) = @_; open my $fh, '>', $file or die "$file: $!\n"; print $fh $text; close $fh or die "$file: $!\n" }
# In a child: the target's own directory begins anew; the keys are those of all, so that tokens in a corpus stay good.
sub started {
    my ($target, $log, $env, @command) = @_;
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    my $own = "$dir/run/$target";
    remove_tree($own);
    make_path($own, "$dir/keys");
    symlink "$dir/keys", "$own/keys" or die "$own/keys: $!\n";
    %ENV = (%ENV, THAW_FUZZ => $target, THAW_FUZZ_DIR => $own, UBSAN_OPTIONS => 'print_stacktrace=1', %$env);
    open STDOUT, '>', $log and open STDERR, '>&', \*STDOUT or POSIX::_exit(127);
    exec @command or POSIX::_exit(127);
}

# ---- Seeds: what the program makes of its tables, and the texts that the tests try ----

my $seeds = "$dir/seeds";
remove_tree($seeds);
make_path($seeds, "$dir/crashes", "$dir/log");
waitpid started('seeds', "$dir/targets", { THAW_FUZZ_SEEDS => $seeds }, $fuzz), 0;
die slurp("$dir/targets") if $?;
my @all = split /\n/, slurp("$dir/targets");
my %known = map { $_ => 1 } @all, 'control';
$files{control} = '';                            # a target that fails, for the test
for my $target (@all) { $files{$target} or die "$target: of which files is it?\n" }
for my $target (@ARGV) { $known{$target} or print STDERR "no target $target: @all\n" and exit 2 }
my @targets = @ARGV ? @ARGV : @all;

my %escape = (n => "\n", r => "\r", t => "\t", f => "\f", v => "\x0b", 0 => "\0");
sub literal { $_[0] =~ s/\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)/my $e = $1; $e =~ m{^x(.+)} ? chr hex $1 : $e =~ m{^[0-7]+$} ? chr(oct($e) & 255) : $escape{$e} \/\/ $e/ger }
my @units = map { literal($_) } slurp("$FindBin::Bin/../unit.c") =~ /"((?:[^"\\\n]|\\.)+)"/g;
my @texts = @units;
my @asked;
for my $file (sort glob "$FindBin::Bin/../*.t") {
    my $text = slurp($file);
    push @texts, map { literal($_) } $text =~ /'((?:[^'\\\n]|\\.)+)'/g, $text =~ /"((?:[^"\\\n\$\@]|\\.)+)"/g;
    push @asked, map { [ split /\n/ ] } map { "$$_[0]\n$$_[1]" } map { [ /(\w+)\s*=>\s*['"](.*)/ ] } $text =~ /\b((?:GET|POST|PUT|PATCH|DELETE)\s*=>\s*['"]\/[^'"\n]*)/g;
}
my %texts = (
    text => sub { 1 },
    json => sub { /^\s*[\[{"\d]/ },
    path => sub { m{^/} && "\0\0$_" },
    query => sub { /=/ && !/\n/ },
    filter => sub { /[=<>]|LIKE|IN \(/ },
    id => sub { /^[a-z]+[-_.]|^[0-9a-f-]{24,}$/ },
    form => sub { /^multipart|^--/i && (/^--/ ? "multipart/form-data; boundary=x\n$_" : "$_\n--x--") },
    credential => sub { /^(?:Bearer|Basic) /i },
    url => sub { m{://} || /^[\d.]+$|^[\da-f:]+$/i && "https://$_/" },
    token => sub { /^ey|\./ && "\0\0$_" },
);
for my $target (grep { $texts{$_} } @all) {
    make_path("$seeds/$target");
    my ($n, %seen) = 0;
    for ($target eq 'text' ? @units : @texts) {
        my $seed = $texts{$target}->() or next;
        $seed = $_ if $seed eq '1';
        spew("$seeds/$target/test-" . $n++, $seed) if length $seed < 4096 && !utf8::is_utf8($seed) && !$seen{$seed}++;
    }
}
my ($n, %seen) = 0;
for (@asked) {
    my ($method, $address) = @$_;
    spew("$seeds/request/test-" . $n++, "\0\1$method $address\nCONTENT_TYPE=application/json\nHTTP_AUTHORIZATION=Bearer \@key\n\n{}") unless $seen{"$method $address"}++;
}

# ---- Runs ----

my (%pid, %got);
sub finish {
    my ($target, $status) = @_;
    my $log = slurp("$dir/log/$target");
    my ($edges, $features) = (0, 0);
    ($edges, $features) = ($1, $2) while $log =~ /cov: (\d+) ft: (\d+)/g;
    my ($runs) = $log =~ /number_of_executed_units:\s*(\d+)/;
    my $took = time - $got{$target}{began};
    my @crashes = $log =~ /Test unit written to (\S+)/g;
    $got{$target} = { edges => $edges, features => $features, runs => $runs // 0, rate => ($runs // 0) / ($took || 1), crashes => \@crashes, status => $status };
}
sub one_less {
    my $pid = waitpid -1, 0;
    finish(delete $pid{$pid}, $?) if $pid > 0;
}
for my $target (@targets) {
    one_less() while keys %pid >= $jobs;
    make_path("$dir/corpus/$target", "$seeds/$target");
    $got{$target}{began} = time;
    my $pid = started($target, "$dir/log/$target", {}, 'timeout', '-k', 10, $seconds + 120, $fuzz, "-max_total_time=$seconds", '-timeout=20', '-rss_limit_mb=2048',
        '-malloc_limit_mb=1024', '-max_len=4096', '-print_final_stats=1', "-artifact_prefix=$dir/crashes/$target-", "-dict=$seeds/words/all", "$dir/corpus/$target", "$seeds/$target");
    $pid{$pid} = $target;
}
one_less() while %pid;

# ---- Lines, by the other build ----

sub lines {
    my ($target) = @_;
    my $raw = "$dir/log/$target.profraw";
    unlink $raw;
    waitpid started($target, "$dir/log/$target.coverage", { LLVM_PROFILE_FILE => $raw }, $covered, '-runs=0', '-timeout=60', '-rss_limit_mb=4096', "$dir/corpus/$target", "$seeds/$target"), 0;
    return of_files("$dir/log/$target.profdata", [ $raw ], split ' ', $files{$target});
}
sub of_files {
    my ($profile, $from, @names) = @_;
    return 'unknown' if system('llvm-profdata', 'merge', '-sparse', @$from, '-o', $profile);
    my $all = JSON::PP::decode_json(qx(llvm-cov export -summary-only -instr-profile='$profile' '$covered'));
    my %percent = map { $_->{filename} =~ m{/src/(\w+)\.c$} ? ($1 => $_->{summary}{lines}{percent}) : () } @{ $all->{data}[0]{files} };
    return join ', ', map { sprintf '%s.c %.0f%%', $_, $percent{$_} // 0 } @names;
}

printf "%-11s %11s %8s %7s %9s %8s%s\n", ("target", "executions", "a second"), qw(edges features crashes), $coverage ? '  lines' : '';
my $bad = 0;
for my $target (@targets) {
    my $g = $got{$target};
    my $failed = $g->{status} || @{ $g->{crashes} };
    printf "%-11s %11d %8d %7d %9d %8d%s\n", $target, @$g{qw(runs rate edges features)}, scalar @{ $g->{crashes} }, $coverage ? '  ' . lines($target) : '';
    next unless $failed;
    $bad = 1;
    print STDERR slurp("$dir/log/$target") =~ /^(.*(?:does not hold|ERROR: |runtime error).*)$/m ? "$target: $1\n" : "$target: ended with $g->{status}; see $dir/log/$target\n";
    print STDERR "THAW_FUZZ=$target THAW_FUZZ_DIR=$dir/run/$target $fuzz $_\n" for @{ $g->{crashes} };
}
if ($coverage && @targets > 1) {
    my %once = map { $_ => 1 } map { split ' ', $files{$_} } @targets;
    print "all together: ", of_files("$dir/log/all.profdata", [ map { "$dir/log/$_.profdata" } @targets ], sort keys %once), "\n";
}
exit $bad;
