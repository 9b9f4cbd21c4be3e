#!/usr/bin/perl
# The console: what nginx says about its files, and what a person does at it, in a
# headless Chromium (t/console/run.mjs and models.mjs). Screens of failed tests are in
# build/*/console-failures.
use strict;
use warnings;
use Fcntl ':flock';
use File::Path qw(make_path remove_tree);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;

# playwright-core and axe-core, at the versions that were tested, once per build: the former's
# last one that runs with the Node 18 of Debian 12 (its `engines`).
my @modules = qw(playwright-core@1.61.1 axe-core@4.14.1);
my $home = "$Thaw::BUILD/t-cache/npm-" . join '-', map { /\@(.*)/ } @modules;
sub found { my ($path) = grep { -x } map { "$_/$_[0]" } split /:/, $ENV{PATH}; $path }
sub lacks {
    my @missing = grep { !found($_) } qw(chromium node npm);
    return "no @missing: build-aux/deps browser installs what is missing" if @missing;
    make_path("$Thaw::BUILD/t-cache");
    open my $lock, '>', "$home.lock" or die $!;
    flock $lock, LOCK_EX;
    return if -e "$home/done";
    remove_tree($home); make_path($home);
    local @ENV{qw(PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD npm_config_cache)} = (1, "$home/cache");
    my $out = `cd '$home' && echo '{"private":true}' > package.json && npm install --no-audit --no-fund --ignore-scripts --fetch-timeout=60000 @modules 2>&1`;
    return "npm could not install @modules:\n$out" if $?;
    spew("$home/done", '');
    return;
}
my $lacks = lacks();

my $t = Thaw->new;
subtest 'the files' => sub {
    my $page = $t->req(GET => '/');
    is($page->{status}, 200, 'the page');
    is($page->{headers}{'content-type'}, 'text/html', 'is HTML');
    my @own = grep { !m{^vendor/} } $page->{body} =~ /(?:src|href)="([^"#]+)"/g;
    my @files = map { s{^\Q$Thaw::SRC\E/console/}{}r } glob "$Thaw::SRC/console/assets/*";
    my %type = (js => 'text/javascript', css => 'text/css', svg => 'image/svg+xml');
    for my $file ('', @files, 'vendor/bootstrap5/css/bootstrap.min.css', 'vendor/chart.js/chart.min.js') {
        my $r = $t->req(GET => "/$file");
        my $h = $r->{headers};
        subtest "/$file" => sub {
            is($r->{status}, 200, 'is there');
            is($h->{'content-type'}, $file =~ /\.(\w+)$/ ? $type{$1} : 'text/html', 'its type');
            is($h->{'content-security-policy'}, "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
                . "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", 'a strict policy');
            is($h->{'cache-control'}, 'no-cache', 'revalidated');
            is($h->{$_->[0]}, $_->[1], $_->[0]) for [ 'x-content-type-options', 'nosniff' ], [ 'referrer-policy', 'no-referrer' ], [ 'x-frame-options', 'DENY' ];
            is($t->req(GET => "/$file", headers => [ 'If-None-Match', $h->{etag} ])->{status}, 304, 'not sent twice');
            is($t->req(GET => "/$file", headers => [ 'If-None-Match', $h->{etag}, 'Accept-Encoding', 'gzip' ])->{status}, 304, 'nor compressed');
        };
    }
    my @text = map { slurp($_) } glob "$Thaw::SRC/console/*.html $Thaw::SRC/console/assets/*.js";
    is(scalar(grep { /\bstyle=|\bonclick=|innerHTML|insertAdjacentHTML|\beval\(|<style|<script(?! type="module" src)/ } @text), 0, 'nothing inline, no markup from text');
    is($t->req(GET => "/$_")->{status}, 404, "no $_") for qw(index.html assets/ assets/none.js assets vendor/ vendor/bootstrap5/ vendor/chart.js/none.js vendor/chart.js../x);
    my $r = $t->req(GET => '/assets/none.js');
    is($r->{headers}{'content-type'}, 'application/problem+json', 'a file that is not there');
    is($t->req(POST => '/', body => {})->{status}, 405, 'files are only read');
    $r = $t->req(GET => '/healthz');
    is($r->{headers}{'content-security-policy'}, "default-src 'none'; frame-ancestors 'none'", "the program's answers keep their policy");
    is($t->req(GET => "/$_")->{status} != 200, 1, "$_ does not lead out") for 'assets/..%2f..%2fserve', 'vendor/chart.js/..%2f..%2f..%2fetc/passwd', 'assets/../../serve';
};

SKIP: {
    if ($lacks) {
        die "the console is not tested: $lacks" if $ENV{CI};
        diag("The console was NOT tested in a browser: $lacks");
        skip $lacks, 1;
    }
    my $token = $t->admin;
    $t->reader;
    my $agent = $t->must('api-key', 'create', '--user', 'admin', '--name', 'an agent', '--kind', 'token', '--tier', 3, '--agent', 'agt_console');
    my %app = (name => 'Notebook <b>Studio</b>');
    $app{id} = $t->must('client', 'create', '--org', 'Main', '--name', $app{name}, '--redirect-uris', 'https://app.example/callback', '--public');
    my $failures = "$Thaw::BUILD/console-failures";
    remove_tree($failures); make_path($failures);
    my $json = JSON::PP->new->canonical;
    my $who = sub { { email => $_[1] // "$_[0]\@main.example", password => $t->password($_[0]) } };
    local $ENV{CONSOLE_SETUP} = $json->encode({ url => $t->{url}, token => $token, agent => $agent, client => \%app, admin => $who->('admin'), reader => $who->('reader'),
        database => [ 'mariadb', '--no-defaults', '-S', "$t->{dir}/db.sock", '-uroot', 'thaw' ], modules => $home, failures => $failures, chromium => found('chromium') });
    # The sanitizers' options are for the workers, not for the browser.
    local @ENV{qw(ASAN_OPTIONS UBSAN_OPTIONS)};
    delete @ENV{qw(ASAN_OPTIONS UBSAN_OPTIONS)};
    local $ENV{HOME} = $t->{dir};
    for my $file (qw(run models)) {
        open my $run, '-|', 'node', "$Thaw::SRC/t/console/$file.mjs" or die "node: $!";
        my ($n, $plan) = (0, 0);
        while (<$run>) {
            chomp;
            if (/^(not )?ok \d+ - (.*)/) { $n++; ok(!$1, $2) }
            elsif (/^1\.\.(\d+)/) { $plan = $1 }
            elsif (/^# ?(.*)/) { diag($1) }
        }
        close $run;
        ok($n && $n == $plan, "the browser tests of $file.mjs came to their end");
    }
}
$t->finish;
