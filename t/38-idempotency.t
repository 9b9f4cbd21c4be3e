#!/usr/bin/perl
# Idempotency keys: a write with a key happens once, however often it is sent; the
# repetition gets the first answer, to the byte.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Registry qw(reg external imported custom_model deployment);

my $t = Thaw->new(workers => 8);
my $token = $t->admin;
$t->$_ for qw(member reader other);
my $n = 0;
sub key { [ 'Idempotency-Key' => $_[0] ] }
sub create { my ($key, $body, %o) = @_; $t->req(POST => $MODELS, token => $token, headers => key($key), body => $body, %o) }
sub good { return { name => 'keyed ' . ++$n, model_type => 'auto', task_type => 'clustering', @_ } }
sub replayed { ($_[0]{headers}{'idempotent-replayed'} // '') eq 'true' }
sub models { scalar $t->sql('SELECT COUNT(*) FROM models') }
sub tally { my %c; $c{ $_->{status} }++ for @_; join ' ', map { "$_:$c{$_}" } sort keys %c }

subtest 'a repetition' => sub {
    my $body = good();
    my $first = create('k1', $body);
    is($first->{status}, 201, 'given a model made under a key');
    ok(!replayed($first), 'for the first time');
    my $r;
    unchanged($t, 'the same request again', sub { $r = create('k1', $body) });
    is($r->{status}, 201, 'has the same status');
    is($r->{body}, $first->{body}, 'the same bytes');
    is($r->{headers}{$_}, $first->{headers}{$_}, "the same $_") for qw(location etag content-type);
    ok(replayed($r), 'and says that it is a repetition');
    is(audits($t, $first->{json}{id}, 'model.created'), 1, 'one audit row');
    is(create('"k1"', $body)->{body}, $first->{body}, 'the key as a quoted string is the same key');

    my $id = $first->{json}{id};
    my $archived = act($t, $id, 'archive', headers => key('k2'));
    act($t, $id, 'unarchive');
    my $again = act($t, $id, 'archive', headers => key('k2'));
    is($again->{body}, $archived->{body}, 'the first answer, although the model has changed since');
    is(get($t, $id)->{json}{status}, 'draft', 'and stays as it is');
};

subtest 'another request under the same key' => sub {
    my $body = good();
    my $id = create('k3', $body)->{json}{id};
    unchanged($t, 'all of them', sub {
        error_is(create('k3', { %$body, description => 'x' }), 422, 'VALIDATION_ERROR', 'another body');
        error_is($t->req(POST => "$MODELS?x=1", token => $token, headers => key('k3'), body => $body), 422, 'VALIDATION_ERROR', 'another query');
        error_is(act($t, $id, 'archive', headers => key('k3')), 422, 'VALIDATION_ERROR', 'another address');
        error_is($t->req(PATCH => "$MODELS/$id", token => $token, headers => key('k3'), body => { name => 'x' }), 422, 'VALIDATION_ERROR', 'another method');
    });
};

subtest 'of the registry: what a job is for, and where it is told of' => sub {
    my $v = external($t);
    my $next = external($t, registeredModelId => $v->{registeredModelId});
    my ($deployment, $custom) = (deployment($t, $v->{id})->{id}, custom_model($t)->{id});
    my $form = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nx\r\n--b--\r\n";
    my %write = ('a package with its build' => [ POST => 'modelPackages/fromLeaderboard/', { modelId => imported($t)->{modelId} } ], 'the next version' => [ POST => 'modelPackages/fromJSON/', { name => 'x', target => { name => 'churn', type => 'Regression' }, registeredModelId => $v->{registeredModelId} } ],
        'a deployment' => [ POST => 'deployments/fromModelPackage/', { modelPackageId => $v->{id}, label => 'd' } ], 'a champion' => [ PATCH => "deployments/$deployment/model/", { modelPackageId => $next->{id} } ],
        'a challenger' => [ POST => "deployments/$deployment/challengers/", { modelPackageId => $v->{id}, name => 'c' } ], 'a version with files' => [ POST => "customModels/$custom/versions/", $form, type => 'multipart/form-data; boundary=b' ],
        'a build' => [ POST => "modelPackages/$v->{id}/modelPackageFileBuilds/", undef ], 'an archived package' => [ POST => "modelPackages/$next->{id}/archive/", undef ]);
    for my $name (sort { ($a =~ /archived/) - ($b =~ /archived/) || $a cmp $b } keys %write) {
        my ($method, $path, $body, @type) = @{ $write{$name} };
        my $send = sub { reg($t, $method => $path, body => $body, @type, headers => key('registry-' . ($name =~ tr/ /-/r))) };
        my $first = $send->();
        like($first->{status}, qr/^20[124]$/, "given $name") or diag $first->{raw};
        my $again;
        unchanged($t, 'the same request again', sub { $again = $send->() });
        ok(replayed($again), 'is a repetition');
        is(join(' ', $again->{status}, $again->{body}, map { $again->{headers}{$_} // '' } qw(location etag)), join(' ', $first->{status}, $first->{body}, map { $first->{headers}{$_} // '' } qw(location etag)), 'with the same answer');
    }
};

subtest 'a key belongs to its principal' => sub {
    my $body = good();
    my $first = create('k4', $body);
    is(create('k4', $body, token => $t->other)->{status}, 201, 'another organization makes its own');
    error_is(create('k4', $body, token => $t->member), 409, 'CONFLICT', 'a colleague finds the name taken, not the answer', 'name');
    is(model($t, token => $t->member)->{status}, 'draft', 'and makes another');
    error_is(act($t, $first->{json}{id}, 'archive', token => $t->other, headers => key('k5')), 404, 'RESOURCE_NOT_FOUND', "another tenant's id under a key");
};

subtest 'refusals' => sub {
    my $m = model($t);
    my $conflict = act($t, $m->{id}, 'unarchive', headers => key('k6'));
    error_is($conflict, 409, 'CONFLICT', 'given a refusal of the state', 'status');
    act($t, $m->{id}, 'archive');
    my $r = act($t, $m->{id}, 'unarchive', headers => key('k6'));
    is("$r->{status} $r->{body}", "409 $conflict->{body}", 'it is kept, though the state is another now');
    is(act($t, $m->{id}, 'unarchive', headers => key('k7'))->{status}, 200, 'a new key is a new request');

    # given a database that cannot keep what was refused
    $t->sql("CREATE TRIGGER full BEFORE UPDATE ON attempts FOR EACH ROW SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1114, MESSAGE_TEXT = 'The table is full'");
    $r = act($t, $m->{id}, 'unarchive', headers => key('k7b'));
    error_is($r, 503, 'SERVICE_UNAVAILABLE', 'a refusal that cannot be kept is not told');
    ok($r->{headers}{'retry-after'}, 'it may be tried again');
    $t->sql('DROP TRIGGER full');
    act($t, $m->{id}, 'archive');
    is(act($t, $m->{id}, 'unarchive', headers => key('k7b'))->{status}, 200, 'and is then done, as nothing else was told before');

    my $body = good();
    error_is(create('k8', { %$body, name => '' }), 400, 'VALIDATION_ERROR', 'a malformed request is not kept');
    is(create('k8', $body)->{status}, 201, 'the key is free');
    error_is(create('k9', $body = good(), token => 'x'), 401, 'AUTH_INVALID', 'nor is 401');
    is(create('k9', $body)->{status}, 201, 'the key is free');
    error_is(create('k10', $body = good(), token => $t->reader), 403, 'PERMISSION_DENIED', 'nor is 403');
    $t->thaw('user', 'role', 'reader', 'member');
    is(create('k10', $body, token => $t->reader)->{status}, 201, 'with the right role it is done');
};

subtest 'many at once' => sub {
    for my $round (1 .. 5) {
        my $body = good();
        my $before = models();
        my @r = concurrently(12, sub { create("many $round" =~ tr/ /-/r, $body) });
        is(join(' ', grep { $_ != 201 && $_ != 409 } map { $_->{status} } @r), '', "round $round: " . tally(@r));
        my %bodies = map { $_->{body} => 1 } grep { $_->{status} == 201 } @r;
        is(scalar(keys %bodies), 1, 'one answer for all of them');
        is(models() - $before, 1, 'one model');
        is(scalar(grep { $_->{status} == 201 && !replayed($_) } @r), 1, 'made once');
        ok($_->{headers}{'retry-after'}, 'who came while it was under way may try again') for grep { $_->{status} == 409 } @r;
    }
};

subtest 'what is no key' => sub {
    unchanged($t, 'none of them', sub {
        error_is(create($_, good()), 400, 'VALIDATION_ERROR', 'key ' . (length $_ > 40 ? length($_) . ' long' : $_)) for 'x' x 256, 'a b', "a\x80b", '""', 'a"b', 'a\\b';
        error_is(create('a b', good(), token => 'x'), 401, 'AUTH_INVALID', 'but 401 comes first');
        is($t->req(POST => '/v1/workspaces', token => $_->[0], headers => key('a b'), body => { name => 'x' })->{status}, $_->[1], "of workspaces: $_->[1]") for [ undef, 401 ], [ $token, 400 ];
    });
    is(create('y' x 255, good())->{status}, 201, 'one of 255 characters is');
    my $id = model($t)->{id};
    is(get($t, $id, headers => key('reads'))->{status}, 200, 'reads do not look at it');
    is(act($t, $id, 'archive', headers => key('reads'))->{status}, 200, 'nor use it up');
};

subtest 'after a day a key is free' => sub {
    my $id = model($t)->{id};
    is(act($t, $id, 'archive', headers => key('old'))->{status}, 200, 'given a key');
    act($t, $id, 'unarchive');
    $t->sql("UPDATE attempts SET created_at = created_at - INTERVAL 25 HOUR WHERE idempotency_key = 'old'");
    my $r = act($t, $id, 'archive', headers => key('old'));
    is($r->{status}, 200, 'of yesterday');
    ok(!replayed($r), 'it is done anew');
    is(audits($t, $id, 'model.archived'), 2, 'with its audit row');
};

subtest 'a disabled user gets no kept answer' => sub {
    $t->user('dora');
    my $dora = $t->token('dora');
    my $body = good();
    is(create('k11', $body, token => $dora)->{status}, 201, 'given a kept answer');
    $t->thaw('user', 'disable', 'dora');
    error_is(create('k11', $body, token => $dora), 401, 'AUTH_INVALID', 'its user disabled: 401');
};

subtest 'secrets are not kept' => sub {
    my $login = sub { $t->req(POST => '/api/auth/login', headers => key('login'), body => { username => $_[0], password => $t->password($_[0]) }) };
    my @r = map { $login->($_) } qw(admin member admin);
    is(tally(@r), '200:3', 'given logins under one key');
    is(join(' ', map { $_->{json}{user}{username} } @r), 'admin member admin', 'each gets his own');
    isnt($r[0]{json}{refresh_token}, $r[2]{json}{refresh_token}, 'and a new one each time');
    is(scalar($t->sql("SELECT COUNT(*) FROM attempts WHERE body LIKE '%access_token%' OR body LIKE '%$r[0]{json}{refresh_token}%'")), 0, 'the database has none of them');
};

$t->finish;
