#!/usr/bin/perl
# Settings that change what a client sees: where the program is mounted, who may call
# it from a page, how long things live, how large they may be.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP 'decode_json';
use MIME::Base64 'decode_base64url';
use Test::More;
use Thaw;
use Contract;

my $t = Thaw->new(config => { base_path => '/registry', cors_origin => 'https://console.example https://lab.example', access_ttl => 120, refresh_ttl => 600, body_limit => 2000,
    issuer => 'https://issuer.example', audience => 'somebody', galera => 'on', clock_leeway => 0, registry_version => '2.31.4' });
my $token = $t->admin;
my $at = "/registry$MODELS";
my $good = { name => 'settings', model_type => 'auto', task_type => 'clustering' };

subtest 'base_path' => sub {
    my $r = $t->req(POST => $at, token => $token, body => $good);
    is($r->{status}, 201, 'the API is below it') or diag $r->{raw};
    is($r->{headers}{location}, "$at/$r->{json}{id}", 'Location too');
    is($t->req(GET => $r->{headers}{location}, token => $token)->{body}, $r->{body}, 'and leads there');
    is($t->req(GET => '/registry/healthz')->{status}, 200, 'and what belongs to no dialect');
    error_is($t->req(GET => "$at/$NOWHERE", token => $token), 404, 'RESOURCE_NOT_FOUND', 'errors speak the dialect');
    error_is($t->req(GET => "$at?" . 'x' x 45000), 414, 'VALIDATION_ERROR', "nginx's own errors too");
    problem_is($t->req(GET => '/registryx/healthz'), 404, 'a longer word is another path');
};

subtest 'base_path in what the registry tells of addresses' => sub {
    my $reg = sub { my ($method, $path, $body) = @_; $t->req($method => "/registry/api/v2/$path", token => $token, body => $body) };
    my @v = map { $reg->(POST => 'modelPackages/fromJSON/', { name => "p$_", target => { name => 'y', type => 'Regression' } }) } 1, 2;
    like($v[0]{headers}{location}, qr{^http://[^/]+/registry/api/v2/modelPackages/$v[0]{json}{id}/$}, 'Location') or diag $v[0]{raw};
    my $d = $reg->(POST => 'deployments/fromModelPackage/', { modelPackageId => $v[0]{json}{id}, label => 'd' });
    my ($job) = ($d->{headers}{location} // '') =~ m{^http://[^/]+/registry/api/v2/(status/\w+/)$};
    like($reg->(GET => $job // '')->{headers}{location} // '', qr{^http://[^/]+/registry/api/v2/deployments/$d->{json}{id}/$}, 'of a job, and what it ends in');
    my ($next) = ($reg->(GET => 'registeredModels/?limit=1')->{json}{next} // '') =~ m{^http://[^/]+/registry/api/v2/(registeredModels/\?.*)$};
    is($reg->(GET => $next // '')->{json}{count}, 1, 'the next page');
    is($reg->(GET => 'version/')->{json}{versionString}, '2.31.4', 'registry_version');
};

subtest 'cors_origin' => sub {
    my $allowed = sub { my ($origin, $method, $path, %o) = @_; my $r = $t->req($method => $path, headers => [ $origin ? (Origin => $origin) : () ], %o); join ' ', map { $_ // '-' } @{ $r->{headers} }{qw(access-control-allow-origin vary)} };
    for my $origin (qw(https://console.example https://lab.example)) {
        is($allowed->($origin, GET => $at, token => $token), "$origin Origin", "$origin may read");
        is($allowed->($origin, OPTIONS => $at), "$origin Origin", 'in a preflight too');
        is($allowed->($origin, POST => $at, token => $token, body => 'x' x (2 << 20)), "$origin Origin", 'and what nginx answers by itself');
    }
    for my $other ('https://evil.example', 'https://console.example.evil.example', 'https://lab', undef) {
        is($allowed->($other, GET => $at, token => $token), '- Origin', ($other // 'no origin') . ': not, and what is kept on its way is not for others');
        is($allowed->($other, POST => $at, token => $token, body => 'x' x (2 << 20)), '- Origin', 'nor what nginx answers');
    }
};

subtest 'lifetimes' => sub {
    my $s = $t->req(POST => '/registry/api/auth/login', body => { username => 'admin', password => $t->password('admin') })->{json};
    is($s->{expires_in}, 120, 'expires_in is access_ttl');
    my $c = decode_json(decode_base64url((split /\./, $s->{access_token})[1]));
    is($c->{exp} - $c->{iat}, 120, 'and the token says the same');
    is("$c->{iss} $c->{aud}", 'https://issuer.example somebody', 'issuer and audience');
    is(scalar($t->sql('SELECT TIMESTAMPDIFF(SECOND, created_at, expires_at) FROM refresh_tokens')), 600, 'refresh_ttl');
    my $key = signing_key($t, 'ES256');
    my $with = sub { $t->req(GET => $at, token => mint($key, claims => { %$c, @_ })) };
    is($with->()->{status}, 200, 'given a right token');
    error_is($with->(exp => time - 1), 401, 'AUTH_EXPIRED', 'no leeway: expired is expired');
    error_is($with->(aud => 'thaw-test'), 401, 'AUTH_INVALID', 'another audience');
    error_is($with->(iss => 'thaw-test'), 401, 'AUTH_INVALID', 'another issuer');
};

subtest 'body_limit' => sub {
    my $body = json({ %$good, name => 'large' });
    my $padded = sub { $body . ' ' x ($_[0] - length $body) };
    error_is($t->req(POST => $at, token => $token, body => $padded->(2001)), 413, 'PAYLOAD_TOO_LARGE', 'one byte more');
    is($t->req(POST => $at, token => $token, body => $padded->(2000))->{status}, 201, 'exactly');
};

subtest 'galera: reads wait for what the cluster has committed' => sub {
    my $r = $t->req(GET => '/registry/readyz');
    is($r->{status}, 200, 'it works with a server that is no cluster');
};

$t->{worker}->stop;
for my $path ($at, '/registry/v1/workspaces', '/registry/healthz') {
    my $r = $t->req(GET => $path, token => $token, headers => [ Origin => 'https://lab.example' ]);
    is("$r->{status} $r->{headers}{'access-control-allow-origin'}", '503 https://lab.example', "$path: no worker is there, which a page may read");
    like($r->{headers}{'access-control-expose-headers'}, qr/\bRetry-After\b/, 'with when to try again');
}
my $conf = slurp("$t->{dir}/thaw.conf") =~ s/^cors_origin.*$/cors_origin =/mr;
spew("$t->{dir}/thaw.conf", $conf);
$t->start_workers;
subtest 'no cors_origin' => sub {
    my $r = $t->req(GET => $at, token => $token);
    is($r->{status} . ($r->{headers}{'access-control-allow-origin'} // ''), 200, 'no page of another origin may read');
};

$t->finish;
