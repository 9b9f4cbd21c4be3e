# What a person does at the console, in a headless Chromium:
#
#   Thaw::Browser::run($t, 'models')      # t/console/models.mjs, each of its tests as one of ours;
#                                         # what follows the name is in its setup too
#
# Screens of failed tests are in build/*/console-failures; with VERBOSE=1 so is every
# page that is tested for accessibility.
package Thaw::Browser;
use strict;
use warnings;
use File::Path qw(make_path remove_tree);
use JSON::PP ();
use Test::More;
use Thaw;
use Thaw::Kept;

my $home;
sub found { my ($path) = grep { -x } map { "$_/$_[0]" } split /:/, $ENV{PATH}; $path }
sub lacks {
    my @missing = grep { !found($_) } qw(chromium node npm);
    return "no @missing: build-aux/deps browser installs what is missing" if @missing;
    ($home, my $why) = Thaw::Kept::node('browser');
    return $why;
}

# A script of the browser's under way: the lines that it writes.
sub script {
    my ($t, $file, %more) = @_;
    my $token = $t->admin;
    $t->reader;
    my $agent = $t->must('api-key', 'create', '--user', 'admin', '--name', 'an agent', '--kind', 'token', '--tier', 3, '--agent', 'agt_console');
    my %app = (name => 'Notebook <b>Studio</b>');
    $app{id} = $t->must('client', 'create', '--org', 'Main', '--name', $app{name}, '--redirect-uris', 'https://app.example/callback', '--public');
    my $failures = "$Thaw::BUILD/console-failures/" . ($file =~ /(\w+)\.mjs$/)[0];
    remove_tree($failures); make_path($failures);
    my $who = sub { { email => $_[1] // "$_[0]\@main.example", password => $t->password($_[0]) } };
    local $ENV{CONSOLE_SETUP} = JSON::PP->new->canonical->encode({ url => $t->{url}, token => $token, agent => $agent, client => \%app, admin => $who->('admin'), reader => $who->('reader'),
        database => [ 'mariadb', '--no-defaults', '-S', "$t->{dir}/db.sock", '-uroot', 'thaw' ], modules => $home, failures => $failures, chromium => found('chromium'), %more });
    # The sanitizers' options are for the workers, not for the browser.
    local @ENV{qw(ASAN_OPTIONS UBSAN_OPTIONS)};
    delete @ENV{qw(ASAN_OPTIONS UBSAN_OPTIONS)};
    local $ENV{HOME} = $t->{dir};
    open my $run, '-|', 'node', $file or die "node: $!";
    return $run;
}

sub run {
    my ($t, $name, %more) = @_;
    SKIP: {
        if (my $lacks = lacks()) {
            die "the console is not tested: $lacks" if $ENV{CI};
            diag("The console was NOT tested in a browser: $lacks");
            skip $lacks, 1;
        }
        my $run = script($t, "$Thaw::SRC/t/console/$name.mjs", %more);
        my ($n, $plan) = (0, 0);
        while (<$run>) {
            chomp;
            if (/^(not )?ok \d+ - (.*)/) { $n++; ok(!$1, $2) }
            elsif (/^1\.\.(\d+)/) { $plan = $1 }
            elsif (/^# ?(.*)/) { diag($1) }
        }
        close $run;
        ok($n && $n == $plan, "the browser tests of $name.mjs came to their end");
    }
}

1;
