#!/usr/bin/perl
# Every script of the tree in sessions unlike the one it was written in, the clone that
# git makes where lines are to end in CR LF, and a test where the network is down.
use strict;
use warnings;
use File::Temp 'tempdir';
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;

my $dir = tempdir('thaw-scripts.XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $t = bless { dir => $dir, owner => 0 }, 'Thaw';
chomp(my @files = map { s{^\./}{}r } `cd '$Thaw::SRC' && find . \\( -name .git -o -path ./build -o -path ./var -o -name autom4te.cache \\) -prune -o -type f -perm -u+x -print`);
chomp(my @made = grep { length } slurp("$Thaw::SRC/.gitignore") =~ m{^/(\S+)}mg);
my %made = map { $_ => 1 } @made;
my @scripts = sort grep { !$made{$_} && slurp("$Thaw::SRC/$_") =~ m{^#!(?!/usr/bin/make)} && !/^t\// } @files;
cmp_ok(scalar @scripts, '>=', 8, "scripts: @scripts");

# What may be in a session. Turkish has an i of its own in either case.
my $locale = "$dir/locale";
mkdir $locale;
my $turkish = !system("localedef -i tr_TR -f UTF-8 '$locale/tr_TR.UTF-8' > '$dir/localedef.log' 2>&1");
diag('NOT TRIED in another locale: the package `locales` is not installed') unless $turkish;
my %session = (
    'nothing at all' => [ 022, 'env', '-i' ],
    'no HOME' => [ 022, 'env', '-u', 'HOME' ],
    "somebody else's HOME" => [ 022, 'env', 'HOME=/nonexistent' ],
    'umask 077' => [ 077, 'env' ],
    'umask 000' => [ 0, 'env' ],
    'a short PATH' => [ 022, 'env', 'PATH=/bin' ],
    'options of other programs' => [ 022, 'env', 'CDPATH=/', 'MAKEFLAGS=-n', 'GIT_DIR=/nonexistent', 'TMPDIR=/nonexistent', 'CONFIG_SITE=/nonexistent',
        'POSIXLY_CORRECT=1', 'THAW_DB_OPTION_FILE=/nonexistent' ],
    $turkish ? ('another locale' => [ 022, 'env', "LOCPATH=$locale", 'LC_ALL=tr_TR.UTF-8' ]) : (),
);
for my $script (@scripts) {
    subtest $script => sub {
        my $text = slurp("$Thaw::SRC/$script");
        like($text, $text =~ /^#!.*sh\n/ ? qr{^\. "\$src/build-aux/session"$}m : qr/^use Thaw;$/m, 'has the session of the scripts');
        my @help;
        for my $name (sort keys %session) {
            my ($mask, @env) = @{ $session{$name} };
            my $before = umask $mask;
            my $r = $t->run({}, "cd '$Thaw::SRC' && exec '@{[ join q(' '), @env ]}' './$script' --help", 'sh');
            umask $before;
            is("$r->{exit} $r->{err}", '0 ', "$name: its help");
            push @help, $r->{out};
        }
        ok(length $help[0], 'which says something');
        is(scalar(grep { $_ ne $help[0] } @help), 0, 'the same in all');
    };
}

# What the session leaves to a script, whatever the caller's is.
for my $name (sort keys %session) {
    my ($mask, @env) = @{ $session{$name} };
    my $before = umask $mask;
    my $r = $t->run({}, "exec '@{[ join q(' '), @env ]}' sh -c 'src=\$1; . \"\$1/build-aux/session\"; umask; env' - '$Thaw::SRC'", 'sh');
    umask $before;
    my ($umask, @vars) = split /\n/, $r->{out};
    my %var = map { split /=/, $_, 2 } @vars;
    my $home = delete $var{HOME} // '';
    ok($umask eq '0022' && ($home eq '/' || -d $home && -O _), "$name: umask 022 and a home of one's own, or none") or diag "$umask $home";
    is("$var{PATH} $var{LC_ALL}", '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin C.UTF-8', "$name: PATH and locale");
    is(join(' ', grep { /^(LANG|LC_(?!ALL)|CDPATH|MAKEFLAGS|GIT_DIR|TMPDIR|CONFIG_SITE|POSIXLY_CORRECT|LOCPATH)/ } sort keys %var), '', "$name: nothing else of it");
}

# And what tells a script or a test something.
my %told = map { $_ => 1 } map({ slurp($_) =~ /(?<![\w\$])([A-Z]+)=\S+ (?=[^\n]*\.\/check)/g } "$Thaw::SRC/.ci/run", "$Thaw::SRC/build-aux/bare-root"),
    map({ slurp($_) =~ /\$ENV\{([A-Z]+)\} *(?:\/\/|\|\||;|\))/g } glob "$Thaw::SRC/t/*.t $Thaw::SRC/t/lib/*.pm $Thaw::SRC/t/lib/Thaw/*.pm $Thaw::SRC/t/lib/Thaw/*/*.pm");
delete @told{qw(HOME PATH)};
cmp_ok(keys %told, '>=', 6, join ' ', sort keys %told);
{
    my $r = $t->run({ map { $_ => 7 } keys %told }, '', 'sh', '-c', 'src=$1; . "$1/build-aux/session"; env', '-', $Thaw::SRC);
    is(join(' ', grep { $r->{out} !~ /^$_=7$/m } sort keys %told), '', 'comes through');
}

# What failed is run once more: in a tree with nothing to build.
subtest 'AGAIN=1' => sub {
    my $tree = "$dir/again";
    mkdir $tree; mkdir "$tree/build-aux";
    spew("$tree/$_", slurp("$Thaw::SRC/$_"), 0755) for qw(check build-aux/session);
    spew("$tree/build-aux/$_", "#!/bin/sh\n", 0755) for qw(deps build);
    my %file = (good => "ok(1);\n", bad => "ok(0);\n", once => "ok(-e '$tree/seen'); open my \$f, '>', '$tree/seen';\n", final => "# Not run again when it fails.\nok(-e '$tree/too'); open my \$f, '>', '$tree/too';\n",
        bails => "BAIL_OUT('gone');\n");
    spew("$tree/$_.t", "use Test::More;\n$file{$_}done_testing;\n") for keys %file;
    for my $case ([ 'all is well', 0, 'good' ], [ 'what passes the second time', 0, qw(good once) ], [ 'what does not', 1, qw(good once bad) ], [ 'what is not run again', 1, qw(once final) ],
        [ 'what gives up, and with it what was not run', 1, qw(once bails good) ], [ 'a file that is not there', 1, qw(once none) ], [ 'nothing but that', 1, 'none' ]) {
        my ($name, $status, @files) = @$case;
        for my $jobs (1, 2) {
            unlink "$tree/seen", "$tree/too";
            my $r = $t->run({ AGAIN => 1, JOBS => $jobs }, '', 'sh', "$tree/check", '--optimised', map { "$_.t" } @files);
            is($r->{exit} ? 1 : 0, $status, "$name, JOBS=$jobs") or diag $r->{out}, $r->{err};
            like($r->{out}, qr{Passed only the second time:\n\S*/once\.t\n\z}, 'which it says last') if !$status && "@files" =~ /once/;
        }
    }
    is($t->run({}, '', 'sh', "$tree/check", '--optimised', 'bad.t')->{exit}, 1, 'without it a failure is one');
};

SKIP: {
    skip 'not a git checkout', 2 unless -e "$Thaw::SRC/.git";
    my $r = $t->run({}, '', 'git', 'clone', '-q', '-c', 'core.autocrlf=true', $Thaw::SRC, "$dir/clone");
    is($r->{exit}, 0, 'a clone with core.autocrlf=true') or diag $r->{err};
    is(`cd '$dir/clone' && git ls-files --eol | grep 'w/crlf'`, '', 'has no line that ends in CR LF');
}

# deps holds services back by a policy in place of the machine's own: when it was killed, the
# next run puts that back. In a mount namespace, where nothing of the machine is touched.
SKIP: {
    my @apart = ('unshare', '--mount', $> ? '--map-root-user' : ());
    skip 'mounting is not possible here', 2 if system("@apart true 2>/dev/null");
    my $left = q(mount -t tmpfs tmpfs /usr/sbin && cd /usr/sbin && echo own > policy-rc.d.before-thaw
        printf '#!/bin/sh\n# Set by build-aux/deps of Thaw while it installs packages.\nexit 101\n' > policy-rc.d; "$0" run && cat policy-rc.d && ls);
    my $r = $t->run({}, '', @apart, 'sh', '-c', $left, "$Thaw::SRC/build-aux/deps");
    is($r->{out}, "own\npolicy-rc.d\n", "deps puts the machine's policy back that a killed run left aside") or diag $r->{err};
    $r = $t->run({}, '', @apart, 'sh', '-c', $left =~ s/before-thaw/other/r =~ s/cat policy-rc.d && //r, "$Thaw::SRC/build-aux/deps");
    is($r->{out}, "policy-rc.d.other\n", 'and removes its own') or diag $r->{err};
}

# The bench, with the build at hand and its shortest case: what it tells is whole.
SKIP: {
    skip 'no wrk', 4 if system('command -v wrk > /dev/null 2>&1');
    is(system("make -s -C '$Thaw::BUILD' bench/floor bench/loop > '$dir/make.log' 2>&1"), 0, 'the floors are built') or diag slurp("$dir/make.log");
    # on a machine where wrk takes longer to start than it is measured
    mkdir "$dir/slow" or die $!;
    chomp(my $wrk = qx(sh -c 'command -v wrk'));
    spew("$dir/slow/wrk", "#!$^X\nselect undef, undef, undef, 0.4;\nexec '$wrk', \@ARGV;\n", 0755);     # a shell would catch SIGINT itself
    my $r = $t->run({}, '', $^X, '-I', "$Thaw::SRC/t/lib", '-I', "$Thaw::SRC/bench", '-MThaw', '-e', '$ENV{PATH} = shift() . ":$ENV{PATH}"; my $measure = shift; do $measure; die $@',
        "$dir/slow", "$Thaw::SRC/bench/measure.pl", '--quick', '--json', "$dir/bench.json", 'get', 'change');
    is($r->{exit}, 0, 'get and change are measured') or diag $r->{out}, $r->{err};
    my $cases = JSON::PP::decode_json(slurp("$dir/bench.json") || '{}')->{cases};
    is_deeply([ map { my $c = $_; "@{[ sort keys %{ $cases->{$c} } ]}" } qw(get change) ], [ ('cpu_us floor floor_cpu_us ours p50_us p999_us p99_us ratio') x 2 ], 'with every number');
    is(scalar(grep { $cases->{$_}{ours} <= 0 || $cases->{$_}{floor} <= 0 } qw(get change)), 0, 'none of which is nothing');
}

SKIP: {
    my @down = ('unshare', '--net', $> ? '--map-root-user' : ());
    skip 'no network namespaces here', 2 if system("@down true 2>/dev/null");
    my $began = time;
    my $r = $t->run({}, '', @down, $^X, "$Thaw::SRC/t/10-models.t");
    isnt($r->{exit}, 0, 'a test fails where loopback is down');
    cmp_ok(time - $began, '<', 90, 'and does not wait for it to come') or diag $r->{out}, $r->{err};
}
done_testing();
