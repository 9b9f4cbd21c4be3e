#!/usr/bin/perl
# What make install puts where, and that the tarball has every file.
use strict;
use warnings;
use File::Temp 'tempdir';
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;

plan skip_all => 'the source tree is read-only' unless -w $Thaw::SRC;
my $tmp = tempdir('thaw-dist.XXXXXX', TMPDIR => 1, CLEANUP => 1);
sub make { my $out = `make -C '$Thaw::BUILD' @_ 2>&1`; is($?, 0, "make @_") or diag $out }

make('install', "DESTDIR=$tmp/root");
my $root = "$tmp/root/usr/local";
for my $file (qw(bin/thaw libexec/thaw/thaw.fcgi share/thaw/sql/0001_base.sql share/thaw/nginx/thaw.conf
    share/thaw/nginx/fastcgi.params share/thaw/console/index.html share/thaw/console/assets/main.js share/thaw/console/assets/console.css
    share/bash-completion/completions/thaw share/zsh/site-functions/_thaw share/fish/vendor_completions.d/thaw.fish
    share/thaw/nginx/thaw-errors-http.conf share/thaw/nginx/thaw-errors-server.conf
    share/thaw/nginx/apache-cgi.conf share/thaw/nginx/fcgiwrap.conf lib/systemd/system/thaw.service
    lib/systemd/system/thaw.socket lib/systemd/system/thaw-build.service lib/systemd/system/nginx.service.d/thaw.conf lib/sysusers.d/thaw.conf)) {
    ok(-f "$root/$file", $file);
}
for my $file (split /\n/, `find '$root' -type f ! -perm -u+x`) {
    unlike(slurp($file), qr/\@[A-Z]{4,}\@|\Q$Thaw::BUILD\E|\Q$tmp\E/, "nothing of the build in $file") if $file !~ /grants\.sql|\.a$/;
}
my @pages = glob "$Thaw::SRC/doc/*.[1-8]";
my @installed = split /\n/, `find '$root/share/man' -type f 2>/dev/null`;
is(scalar @installed, scalar @pages, 'the manual pages');

# The installed nginx configuration is whole: nginx takes it as it is. Where it keeps what it
# receives is root's, as is port 80, and the tests may be run by anybody.
my $temp = join ' ', map { "${_}_temp_path $tmp/$_;" } qw(client_body proxy fastcgi uwsgi scgi);
spew("$tmp/nginx.conf", "pid $tmp/pid; error_log stderr; events {} http { access_log off; $temp\n" .
    slurp("$root/share/thaw/nginx/thaw.conf") =~ s{/usr/local}{$root}gr =~ s{(listen\s+)80\b}{$1 . ($> ? 8080 : 80)}ger . "}\n");
my $nginx = `nginx -t -q -p '$tmp' -c '$tmp/nginx.conf' -e stderr 2>&1`;
is($nginx, '', 'nginx accepts the installed configuration');
my $own = "$root/share/thaw/console/own.html";
spew($own, 'mine');
make('uninstall', "DESTDIR=$tmp/root");
is(`find '$tmp/root' -type f`, "$own\n", 'uninstall leaves nothing but what it did not install');

make('distdir', "distdir='$tmp/dist'");
SKIP: {
    skip 'not a git checkout', 1 unless -e "$Thaw::SRC/.git";
    my @missing = grep { !-e "$tmp/dist/$_" && -e "$Thaw::SRC/$_" && $_ ne '.gitignore' } split /\n/, `git -C '$Thaw::SRC' ls-files`;
    is("@missing", '', 'every file is in the tarball');
}
done_testing();
