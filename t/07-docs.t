#!/usr/bin/perl
# /docs: a reference of every API and guides, made of the tables: all that these have is there, every link leads
# somewhere, every page of an error says what to do, and a browser shows it (t/console/docs.mjs).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Thaw::Browser;

my $t = Thaw->new(workers => 1);
my @routes = tables($t, 'routes');
my @errors = tables($t, 'errors');
my (%page, @pages);
sub page { $page{ $_[0] } //= $t->req(GET => $_[0]) }

subtest 'every page, from the first on' => sub {
    my @todo = '/docs';
    my %seen = map { $_ => 1 } @todo;
    my @broken;
    while (defined(my $path = shift @todo)) {
        push @pages, $path;
        my $r = page($path);
        my $h = $r->{headers};
        is("$r->{status} $h->{'content-type'}", '200 text/html; charset=utf-8', $path);
        like($h->{'content-security-policy'}, qr/^default-src 'none'; script-src 'self'; style-src 'self';/, "the console's policy");
        is($h->{'cache-control'}, 'public, no-cache', 'asked for again each time');
        is($t->req(GET => $path, headers => [ 'If-None-Match' => $h->{etag} ])->{status}, 304, 'and not sent again');
        unlike($r->{body}, qr/<script|<style|\sstyle=|\son\w+=/, 'nothing inline, no script');
        my ($titles, $heads) = map { scalar(() = $r->{body} =~ /<$_>/g) } qw(title h1);
        is("$titles $heads", '1 1', 'one title, one heading');
        my %ids;
        $ids{$_}++ for $r->{body} =~ / id="([^"]+)"/g;
        is(join(' ', grep { $ids{$_} > 1 } keys %ids), '', 'each id once');
        for my $to ($r->{body} =~ / href="([^"]+)"/g) {
            next if $to =~ m{^https://} || $to eq '/';
            my ($at, $anchor) = $to =~ /^([^#]*)(?:#(.*))?$/;
            push @broken, "$path: $to" if defined $anchor && $anchor ne 'main' && page($at || $path)->{body} !~ / id="\Q$anchor\E"/;
            next if !$at || $seen{$at}++;
            $at =~ m{^/docs} ? push @todo, $at : page($at)->{status} == 200 || push @broken, "$path: $to";
        }
    }
    is(join("\n", @broken), '', 'every link leads somewhere');
    my %apis = map { $_->{dialect} => 1 } @routes;
    is(join(' ', sort grep { m{^/docs/api/} } @pages), join(' ', map { "/docs/api/$_" } sort keys %apis), 'a reference of each API');
    is(join(' ', sort grep { m{^/docs/guides/} } @pages), join(' ', map { "/docs/guides/$_" } qw(errors idempotency pagination sign-in webhooks)), 'and the guides');
};

subtest 'what the tables have' => sub {
    my $described = { map { $_->{paths} ? %{ $_->{paths} } : () } described($t) };
    my %here;
    for my $r (@routes) {
        my $o = $described->{ $r->{path} }{ lc $r->{method} };
        my $body = page("/docs/api/$r->{dialect}")->{body};
        $here{$1} = 1 while $body =~ /<section class="panel" id="(\w+)">/g;
        ok($here{ $o->{operationId} }, "$r->{method} $r->{path}");
    }
    my $events = page('/docs/guides/webhooks')->{body};
    my %told = map { $_->{event} => 1 } grep { $_->{event} } tables($t, 'transitions');
    is(join(' ', grep { $events !~ m{<code>\Q$_\E</code>} } sort keys %told), '', 'every event');
    my $sign_in = page('/docs/guides/sign-in')->{body};
    is(join(' ', grep { $sign_in !~ m{<code>\Q$_\E</code>} } grep { /:/ } map { $_->{permission} } @routes), '', 'every permission');
    like(page('/docs/api/models')->{body}, qr{Moves the model from <code>draft</code> or <code>ready</code> to <code>archived</code>}, 'from and to');
    like(page('/docs/api/models')->{body}, qr{While it is <code>training</code>, the answer is 409 <code>CONFLICT</code>}, 'and what is refused');
    like(page('/docs/api/workspaces')->{body}, qr{An agent's request waits for the person it acts for \(202\)|An agent&#39;s request waits}, 'and what an agent asks for');
};

subtest 'every page of an error says what to do' => sub {
    my @codes = page('/docs/guides/errors')->{body} =~ /<section class="panel" id="(\w+)">/g;
    cmp_ok(scalar @codes, '>', 15, 'the codes');
    for my $code (@codes) {
        my $r = page("/docs/errors/$code");
        is($r->{status}, 200, $code);
        like($r->{body}, qr{<p><strong>What to do:</strong> \S.{20}}, 'says what to do');
        like($r->{body}, qr{href="/docs}, 'and leads on');
    }
    for my $path ('/docs/errors/none', '/docs/guides/none', '/docs/api/none', '/docs/guides/x%20y', '/multipass/api/oauth2/authorize?client_id=x') {
        my $r = $t->req(GET => $path);
        is("$r->{status} $r->{headers}{'content-type'}", ($path =~ /multipass/ ? 400 : 404) . ' text/html; charset=utf-8', $path);
        is($r->{headers}{'cache-control'}, 'no-store', 'for once');
        like($r->{body}, qr{Check the address|Tell those|Contact}, 'says what to do');
        like($r->{body}, qr{<a href="/docs">}, 'and leads on');
    }
    is(page($_)->{body}, page('/docs')->{body}, "$_ is the entrance, which lists them") for qw(/docs/api /docs/guides /docs/errors);
    my $none = $t->req(GET => '/openapi.json?api=service');
    is("$none->{status} " . join(' ', sort $none->{json}{detail} =~ /`(\w+)`/g), '404 ' . join(' ', sort 'api', keys %{ { map { $_->{dialect} => 1 } tables($t, 'routes') } }), 'which names there are is told where one is none');
    is($t->req(GET => '/docs/none')->{headers}{'content-type'}, 'application/problem+json', 'what is no page is told as everywhere');
};

subtest 'compressed, and made once' => sub {
    for my $path ('/openapi.json', '/openapi.json/', '/docs', '/docs/api/registry') {
        my $r = $t->req(GET => $path, headers => [ 'Accept-Encoding' => 'gzip' ], plain => 1);
        my $whole = $t->req(GET => $path, plain => 1);
        is($r->{headers}{'content-encoding'} // '', 'gzip', "$path is compressed for who asks for it");
        cmp_ok(length $r->{body}, '<', length($whole->{body}) / 2, 'which is smaller');
        like($r->{headers}{etag}, qr/^W\/"[0-9a-f]{16}"$/, 'its tag says that the bytes are others');
        like($r->{headers}{vary} // '', qr/Accept-Encoding/i, 'caches are told');
        is($t->req(GET => $path, headers => [ 'Accept-Encoding' => 'gzip', 'If-None-Match' => $r->{headers}{etag} ])->{status}, 304, 'and counts');
    }
    is($t->req(GET => '/v1/api_versions', token => $t->admin, headers => [ 'Accept-Encoding' => 'gzip' ])->{headers}{'content-encoding'} // '', '', 'no other answer is: its tag is for If-Match');
    my $grown = sub { my ($pid) = $t->worker_pids; slurp("/proc/$pid/status") =~ /^VmRSS:\s+(\d+)/m ? $1 : die };
    my $before = $grown->();
    for my $i (1 .. 30) { $t->req(GET => $_, plain => 1) for '/openapi.json', '/docs/api/models', "/docs/errors/none$i", '/docs/guides/%65rrors', '/openapi.json?api=' . 'x' x ($i % 30 + 1) }
    # sanitizers keep what was freed for a while
    cmp_ok($grown->() - $before, '<', 2048, 'asked for again it takes no more memory, whatever is asked for that is not there') if $Thaw::BUILD !~ /sanitized/;
};

# The references are of one kind: one of them is looked at in each of the four ways, the others in one.
my @references = grep { m{/api/} && $_ ne '/docs/api/models' } @pages;
Thaw::Browser::run($t, 'docs', references => \@references, pages => [ grep({ my $p = $_; !grep { $_ eq $p } @references } @pages), '/docs/errors/not_found', '/docs/errors/none', '/multipass/api/oauth2/authorize?client_id=x' ]);
$t->finish;
