#!/usr/bin/perl
# Rates: a principal has so many requests a minute, by role; the answer says how
# many are left; others are not affected, and workers that come and go forget nothing.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;

my $t = Thaw->new(limits => 1, workers => 3, clock => 1);
sub role { my ($name, $rate) = @_; $t->must('role', 'set', '--org', 'Main', $name, '--permissions', 'model:read model:write', '--rate', $rate) }
role(five => 5);
role(seven => 7);
my %token = map { $t->user($_->[0], role => $_->[1]); $_->[0] => $t->token($_->[0]) } [ ann => 'five' ], [ bob => 'five' ], [ cid => 'seven' ], [ dan => 'five' ];
$t->$_ for qw(admin reader other);
my $id = model($t)->{id};
sub ask { my ($who, %o) = @_; $t->req(GET => $MODELS, token => $token{$who}, %o) }
sub left { join ' ', map { $_->{headers}{'x-ratelimit-remaining'} // 'none' } @_ }
sub codes { join ' ', map { $_->{status} } @_ }

$t->next_minute;                                # the counts below belong to one minute

subtest 'the limit' => sub {
    my @r = map { ask('ann') } 1 .. 7;
    is(codes(@r), '200 200 200 200 200 429 429', 'given 5 a minute: the sixth is refused');
    is(left(@r), '4 3 2 1 0 0 0', 'X-RateLimit-Remaining counts down');
    is($_->{headers}{'x-ratelimit-limit'}, 5, 'X-RateLimit-Limit') for @r[ 0, 5 ];
    my $r = $r[5];
    error_is($r, 429, 'RATE_LIMIT_EXCEEDED', 'the answer');
    my ($reset, $after) = @{ $r->{headers} }{qw(x-ratelimit-reset retry-after)};
    like($after, qr/^[1-9]\d?$/, 'Retry-After: seconds');
    cmp_ok(abs($reset - time - $after), '<=', 10, 'X-RateLimit-Reset: the same moment as Unix time');
    cmp_ok($after, '<=', 60, 'within a minute');
    ok($r->{headers}{'access-control-expose-headers'} =~ /X-RateLimit-Reset/, 'a page may read it');
};

subtest 'who is counted' => sub {
    is(codes(map { ask('bob') } 1 .. 5), '200 200 200 200 200', 'another of the same role has a count of his own');
    my @r = map { ask('cid') } 1 .. 8;
    is(codes(@r), '200 200 200 200 200 200 200 429', 'another role, another limit');
    is($r[0]{headers}{'x-ratelimit-limit'}, 7, 'and says so');
    my $again = $t->token('ann');
    error_is($t->req(GET => $MODELS, token => $again), 429, 'RATE_LIMIT_EXCEEDED', 'a new token is the same principal');
    is($t->req(GET => $MODELS, token => $t->admin)->{headers}{'x-ratelimit-limit'}, 1000, 'admin: 1000');
    is($t->req(GET => $MODELS, token => $t->reader)->{headers}{'x-ratelimit-limit'}, 100, 'reader: 100');
    is($t->req(GET => $MODELS, token => $t->other)->{status}, 200, 'another organization is not affected');
    is($t->req(GET => '/healthz')->{status}, 200, 'nor what is public');
    is($t->req(GET => '/healthz')->{headers}{'x-ratelimit-limit'}, undef, 'which is not counted');
};

subtest 'what is counted' => sub {
    unchanged($t, 'a refused principal', sub {
        error_is(act($t, $id, 'archive', token => $token{ann}), 429, 'RATE_LIMIT_EXCEEDED', 'writes nothing');
        error_is(act($t, $NOWHERE, 'archive', token => $token{ann}), 429, 'RATE_LIMIT_EXCEEDED', '429 comes before 404');
        error_is($t->req(POST => $MODELS, token => $token{ann}, body => '{'), 429, 'RATE_LIMIT_EXCEEDED', 'and before what is wrong with the body');
        error_is($t->req(GET => $MODELS, token => "$token{ann}x"), 401, 'AUTH_INVALID', '401 before 429');
    });
    my @r = (ask('dan'), get($t, $NOWHERE, token => $token{dan}), $t->req(POST => $MODELS, token => $token{dan}, body => '{'), ask('dan'), ask('dan'), ask('dan'));
    is(codes(@r), '200 404 400 200 200 429', 'errors count too');
};

subtest 'workers come and go' => sub {
    kill KILL => $t->worker_pids;
    within(10, sub { $t->worker_pids == 3 && $t->req(GET => '/healthz')->{status} == 200 }, 'new workers');
    error_is(ask('ann'), 429, 'RATE_LIMIT_EXCEEDED', 'killed workers: still refused');
    $t->{worker}->stop;
    $t->start_workers;
    error_is(ask('ann'), 429, 'RATE_LIMIT_EXCEEDED', 'all started again: still refused');
    is((stat "$t->{dir}/run/rate")[2] & 07777, 0600, 'the counters are in a file of their own');
};

subtest 'many at once are counted exactly' => sub {
    role(forty => 40);
    $t->user('eve', role => 'forty');
    $token{eve} = $t->token('eve');
    $t->next_minute;
    my %n;
    $n{ $_->{status} }++ for concurrently(60, sub { ask('eve') });
    is(json(\%n), '{"200":40,"429":20}', '60 at once against a limit of 40');
};

subtest 'a role\'s new limit' => sub {
    role(five => 9);
    is($t->req(GET => $MODELS, token => $t->token('bob'))->{headers}{'x-ratelimit-limit'}, 9, 'counts for tokens made from then on');
};

subtest 'what writes without a token is counted by address' => sub {
    my $c = Thaw->new(limits => 1, nginx => 0, clock => 1, config => { public_rate => 4, login_rate => 1000 });
    my @routes = grep { $_->{permission} eq 'public' && $_->{method} ne 'GET' } tables($c, 'routes');
    cmp_ok(scalar @routes, '>=', 9, scalar(@routes) . ' routes');
    for my $r (@routes) {
        my $ask = sub { fastcgi($c, [ REMOTE_ADDR => $_[0], REQUEST_METHOD => $r->{method}, REQUEST_URI => $r->{path} ], '') };
        $c->next_minute;
        my @got = map { $ask->('192.0.2.1') } 1 .. 5;
        is(join(' ', map { $_->{status} == 429 ? 429 : 'else' } @got), 'else else else else 429', "$r->{method} $r->{path}: public_rate a minute");
        like($got[4]{headers}{'retry-after'}, qr/^\d+$/, 'with Retry-After');
        isnt($ask->('192.0.2.2')->{status}, 429, 'another address is not affected');
        is(join(' ', map { $ask->("2001:db8::$_")->{status} == 429 ? 429 : 'else' } 1 .. 5), 'else else else else 429', 'of IPv6 a /64 is one');
    }
    # and nothing is written where there is no session
    my %json = (CONTENT_TYPE => 'application/json');
    my %form = (CONTENT_TYPE => 'application/x-www-form-urlencoded');
    my %site = (HTTP_ORIGIN => 'http://thaw.example', HTTP_HOST => 'thaw.example');
    my $client = $c->thaw('--json', 'client', 'create', '--org', 'Main', '--name', 'x', '--redirect-uris', 'https://x.example/')->{json};
    my $form = "token=none&client_id=$client->{id}&client_secret=$client->{secret}";
    my $before = database($c);
    for my $case ([ 204, DELETE => '/console/session', '', %site ], [ 204, DELETE => '/console/session', '', %site, HTTP_COOKIE => 'thaw_session=none' ],
        [ 401, POST => '/console/session/refresh', '', %site, HTTP_COOKIE => 'thaw_session=none' ],
        [ 401, POST => '/api/v1/auth/refresh', '{"refreshToken":"none"}', %json ], [ 401, POST => '/api/auth/refresh', '{"refresh_token":"none"}', %json ],
        [ 401, POST => '/api/auth/login', '{"username":"admin","password":"wrong"}', %json ],
        [ 200, POST => '/multipass/api/oauth2/revoke_token', $form, %form ],
        [ 400, POST => '/multipass/api/oauth2/token', "$form&grant_type=refresh_token&refresh_token=none", %form ]) {
        my ($status, $method, $path, $body, %more) = @$case;
        $c->next_minute;
        is(fastcgi($c, [ REQUEST_METHOD => $method, REQUEST_URI => $path, CONTENT_LENGTH => length $body, %more ], $body)->{status}, $status, "$method $path without a session");
    }
    is(database($c), $before, 'commits nothing, no attempt either');
    $c->finish;
};

subtest 'a user is counted above the keys' => sub {
    my $c = Thaw->new(limits => 1, clock => 1, config => { principal_rate => 12 });
    $c->user('kim');
    my @keys = map { $c->key(user => 'kim', kind => 'token', rate => 5) } 1 .. 4;
    my %token = (kim => $c->token('kim'), pk => $c->key(user => 'kim', kind => 'publishable'), admin => $c->key(rate => 5));
    $c->next_minute;
    my @got = map { my $key = $_; map { $c->req(GET => $MODELS, token => $key) } 1 .. 5 } @keys;
    is(codes(@got), join(' ', (200) x 12, (429) x 8), 'given four keys of 5 a minute, and principal_rate 12: 12 in all');
    is(join(' ', map { $got[12]{headers}{"x-ratelimit-$_"} } qw(limit remaining)), '12 0', 'the answer tells that limit');
    is($c->req(GET => $MODELS, token => $token{$_})->{status}, 200, "not affected: $_") for qw(kim pk admin);
    $c->finish;
};

subtest 'nginx counts an IPv6 network as one address' => sub {
    my $c = Thaw->new(limits => 1, workers => 1, conf => sub {
        s/rate=500r\/s/rate=1r\/m/; s/burst=6000/burst=2/;
        s/^(\s*limit_req zone)/    set_real_ip_from 127.0.0.1; real_ip_header X-Test-Address;\n$1/m;
    });
    my $ask = sub { codes(map { $c->req(GET => '/healthz', headers => [ 'X-Test-Address' => $_ ]) } @_) };
    is($ask->(map { "2001:db8:0:1::$_" } 1 .. 4), '200 200 200 429', 'four addresses of one /64 are one');
    is($ask->('2001:db8:0:2::1'), 200, 'another /64 is another');
    is($ask->(('198.51.100.1') x 4), '200 200 200 429', 'an IPv4 address is one by itself');
    is($ask->('198.51.100.2', '198.51.100.10'), '200 200', 'and others are others');
    is($ask->('2001:db8:a:a:a0a:a0a:a0a:a0a', '2001:db8:a:a::1', '2001:db8:a:a::a', '2001:db8:a:a:a::'), '200 200 200 429', 'also where bytes of it are newlines');
    $c->finish;
};

subtest 'nginx holds off a flood from one address' => sub {
    my @r = concurrently(8, sub { my %n; $n{ $t->req(GET => '/healthz')->{status} }++ for 1 .. 150; \%n });
    my %sum;
    for my $n (@r) { $sum{$_} += $n->{$_} for keys %$n }
    is(join(' ', grep { !/^(200|429)$/ } sort keys %sum), '', 'only 200 and 429') or diag explain \%sum;
    SKIP: {
        skip 'this machine does not make a flood', 2 unless $sum{429};
        my $r;
        within(5, sub { ($r) = grep { $_->{status} == 429 && $_->{headers}{'retry-after'} } concurrently(16, sub { my $x; for (1 .. 60) { $x = $t->req(GET => $MODELS); last if $x->{status} == 429 } $x }); $r }, 'a 429 of nginx');
        error_is($r, 429, 'RATE_LIMIT_EXCEEDED', "nginx's own 429 is in the dialect");
        like($r->{headers}{'retry-after'}, qr/^\d+$/, 'with Retry-After');
    }
};

$t->finish;
