#!/usr/bin/perl
# The console: what nginx says about its files, and what a person does at it, in a
# headless Chromium, but for models (t/console/run.mjs).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Thaw::Browser;

my $t = Thaw->new;
subtest 'the files' => sub {
    my $page = $t->req(GET => '/');
    is($page->{status}, 200, 'the page');
    is($page->{headers}{'content-type'}, 'text/html', 'is HTML');
    my @own = grep { !m{^vendor/} } $page->{body} =~ /(?:src|href)="([^"#]+)"/g;
    my @files = map { s{^\Q$Thaw::SRC\E/console/}{}r } glob "$Thaw::SRC/console/assets/*";
    my %type = (js => 'text/javascript', css => 'text/css', svg => 'image/svg+xml');
    for my $file ('', @files, 'vendor/bootstrap5/css/bootstrap.min.css', 'vendor/chart.js/chart.min.js', 'vendor/marked/marked.min.js') {
        my $r = $t->req(GET => "/$file");
        my $h = $r->{headers};
        subtest "/$file" => sub {
            is($r->{status}, 200, 'is there');
            is($h->{'content-type'}, $file =~ /\.(\w+)$/ ? $type{$1} : 'text/html', 'its type');
            # What a worker may load is said by its own file.
            is($h->{'content-security-policy'}, $file ? "default-src 'none'; script-src 'self'; frame-ancestors 'none'" : "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                . "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", 'a strict policy');
            is($t->req(GET => "/$file", headers => [ 'If-None-Match', $h->{etag} ])->{headers}{'content-security-policy'}, $h->{'content-security-policy'}, 'which a 304 does not replace');
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

Thaw::Browser::run($t, 'run');
$t->finish;
