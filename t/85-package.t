#!/usr/bin/perl
# The Debian package, as far as it can be looked at without installing it (build-aux/package-root
# does that): built from this tree, without a complaint of lintian's, with all that make install
# installs, the right conffiles, an nginx site that is whole, and scripts that start nothing.
use strict;
use warnings;
use File::Temp 'tempdir';
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;

plan skip_all => 'the source tree is read-only' unless -w $Thaw::SRC;
chomp(my @missing = grep { system("dpkg-query -W -f '\${db:Status-Status}' $_ 2>/dev/null | grep -qx installed") } qw(debhelper lintian));
plan skip_all => "NOT TRIED: @missing not installed" if @missing;
my $dir = tempdir('thaw-package.XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $t = bless { dir => $dir, owner => 0 }, 'Thaw';

my $r = $t->run({}, '', "$Thaw::SRC/build-aux/package");
is($r->{exit}, 0, 'build-aux/package, lintian included') or BAIL_OUT($r->{err});
my ($deb) = map { "$Thaw::SRC/$_" } $r->{out} =~ m{^Built (build/package/thaw_\S+\.deb)$}m;
ok(-f $deb, $r->{out});
is(system('dpkg-deb', '-R', $deb, "$dir/deb"), 0, 'unpacked');
my $root = "$dir/deb";
sub files { my $top = shift; map { s{^\Q$top\E/}{}r } split /\n/, `find '$top' -type f -o -type l` }

# What make install installs, where Debian has it: pages and texts may be compressed.
is(system("make -s -C '$Thaw::BUILD' install DESTDIR='$dir/make' > '$dir/make.log' 2>&1"), 0, 'make install') or diag slurp("$dir/make.log");
my %in = map { s/^(usr\/share\/man\/.*)\.gz$/$1/r => 1 } files($root);
my @installed = map { s{^usr/local/lib/systemd/}{lib/systemd/}r =~ s{^usr/local/etc/}{etc/}r =~ s{^usr/local/}{usr/}r } files("$dir/make");
cmp_ok(scalar @installed, '>', 40, scalar @installed . ' files');
is(join("\n", grep { !$in{$_} } @installed), '', 'all in the package');
delete @in{@installed};
is(join("\n", sort grep { !m{^(?:DEBIAN|usr/share/doc/thaw)/} } keys %in), join("\n",
    qw(etc/nginx/sites-available/thaw etc/thaw/thaw.conf usr/share/thaw/nginx/thaw-http.conf usr/share/thaw/nginx/thaw-server.conf)), 'and what Debian wants beside it');
is(slurp("$root/DEBIAN/conffiles"), "/etc/nginx/sites-available/thaw\n/etc/thaw/thaw.conf\n", 'the conffiles are what an administrator edits');
is(join(' ', sort map { s/^DEBIAN\///r } grep { /^DEBIAN\// } keys %in), 'conffiles control md5sums postinst postrm prerm', 'no question, no trigger');
ok(!-e "$Thaw::SRC/debian/thaw.lintian-overrides", 'lintian is overruled nowhere');
like(slurp($_), qr{\A(?!.*(?:\@[A-Z]{4,}\@|/usr/local|\Q$Thaw::SRC\E))}s, "nothing of a build in $_") for map { "$root/$_" } grep { !/grants\.sql$/ && -T "$root/$_" && !m{^(?:DEBIAN|usr/share/doc)/} } files($root);
my ($version) = slurp("$Thaw::SRC/configure.ac") =~ /^AC_INIT\(\[thaw\], \[([^]]+)\]\)/m;
like(slurp("$root/DEBIAN/control"), qr/^Version: \Q$version\E$/m, "version $version, as the program's");

subtest 'systemd' => sub {
    my @units = map { s{.*/}{}r } glob "$root/lib/systemd/system/*.{service,socket,timer}";
    is(scalar @units, 6, "@units");
    my %script = map { $_ => slurp("$root/DEBIAN/$_") } qw(postinst prerm postrm);
    unlike($script{postinst}, qr/deb-systemd-invoke (?:re)?start\b|^\s*systemctl (?!--system daemon-reload)|invoke-rc\.d \S+ (?:re)?start\b/m, 'nothing is started');
    like($script{postinst}, qr/^\s*systemd-sysusers .*\bthaw\.conf\b/m, 'the account is made');
    for my $unit (@units) {
        like($script{postrm}, qr/deb-systemd-helper purge .*'\Q$unit\E'/, "$unit: enabled by an administrator, purged with the package") if slurp("$root/lib/systemd/system/$unit") =~ /^\[Install\]$/m;
        like($script{prerm}, qr/deb-systemd-invoke stop (?:.*\\\n)?.* ?\Q$unit\E\b/, "$unit: stopped when the package is removed");
    }
    for my $name (sort keys %script) {
        my $lint = $t->run({}, '', 'sh', '-n', "$root/DEBIAN/$name");
        is("$lint->{exit}$lint->{err}", 0, "$name: a shell reads it");
        like($script{$name}, qr/\A#!\/bin\/sh\n.*^set -e$/ms, 'and ends it at the first failure');
    }
};

# nginx takes the site as it is, and its two parts are together what the prefix's one file is.
subtest 'nginx' => sub {
    my $site = slurp("$root/etc/nginx/sites-available/thaw");
    my %part = map { $_ => slurp("$root/usr/share/thaw/nginx/thaw-$_.conf") } qw(http server);
    (my $whole = $site) =~ s{^ *include /usr/share/thaw/nginx/thaw-(\w+)\.conf;\n}{$part{$1}}mg;
    my $bare = sub { join "\n", sort grep { length && !/^#/ && !/^listen \[::\]/ } map { s/^\s+//r } split /\n/, $_[0] };
    is($bare->($whole), $bare->(slurp("$root/usr/share/thaw/nginx/thaw.conf")), 'the site is thaw.conf in other words');
    my $temp = join ' ', map { "${_}_temp_path $dir/$_;" } qw(client_body proxy fastcgi uwsgi scgi);
    s{/usr/share/thaw/}{$root/usr/share/thaw/}g, s{(listen\s+(?:\[::\]:)?)80\b}{$1 . ($> ? 8080 : 80)}ge for $whole;
    spew("$dir/nginx.conf", "pid $dir/pid; error_log stderr; events {} http { access_log off; $temp\n$whole}\n");
    is(`nginx -t -q -p '$dir' -c '$dir/nginx.conf' -e stderr 2>&1`, '', 'nginx accepts it');
};

subtest 'settings' => sub {
    my $mine = slurp("$root/etc/thaw/thaw.conf");
    unlike($mine, qr/^[^#\n]/m, 'thaw.conf sets nothing');
    my $example = slurp("$root/usr/share/doc/thaw/examples/thaw.conf");
    my %known = map { (split /\t/)[0] => 1 } split /\n/, `'$Thaw::BUILD/thaw' --config /dev/null tables config`;
    delete $known{name};
    my %shown = map { $_ => 1 } $example =~ /^#(\w+) = /mg;
    is_deeply(\%shown, \%known, 'the example shows every one');
    spew("$dir/all.conf", $example =~ s/^#(\w+ = )/$1/mgr);
    is($t->run({}, '', "$Thaw::BUILD/thaw", '--config', "$dir/all.conf", 'tables', 'config')->{exit}, 0, 'and is read when the marks are taken away');
};

subtest 'what is told' => sub {
    my $block = sub { my ($text, $indent) = @_; join '', map { s/^ {$indent}//r } $text =~ /^((?: {$indent}\S.*\n(?: {$indent}  +\S.*\n)*)+)/m };
    my $told = slurp("$root/usr/share/doc/thaw/README.Debian");
    my ($section) = slurp("$Thaw::SRC/README.md") =~ /^##+ Install the package\n(.*?)^##/ms;
    my ($commands) = ($section // '') =~ /^    apt install .*\n((?:    .*\n)+)/m;
    my ($debian) = $told =~ /^(    thaw init(?:.*\n)+?)\n/m;
    my $words = sub { join ' ', split ' ', $_[0] =~ s/\\\n//gr };
    is($words->($debian), $words->($commands // ''), 'README and README.Debian have the same commands');
    my $upgrade = qr/^ {4}thaw migrate && systemctl reload thaw && systemctl restart thaw-deliver thaw-build$/m;
    like($_, $upgrade, 'and the same upgrade') for $told, slurp("$Thaw::SRC/README.md");
};
done_testing();
