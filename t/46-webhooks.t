#!/usr/bin/perl
# Webhooks as their receivers see them: signed, at least once, in the order of each
# object, tried again, never sent where they must not go, and no receiver's trouble is
# another's.  Receivers are at 127.0.0.2, which webhook_networks lets be called; what is
# at 127.0.0.1 must never be.
use strict;
use warnings;
use Digest::SHA qw(hmac_sha256 hmac_sha256_hex);
use FindBin;
use MIME::Base64;
use POSIX ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Thaw::Receiver;
use Contract;
use Time::HiRes qw(time sleep);

my $t = Thaw->new(proxy => 1, config => { webhook_networks => '127.0.0.2/32', webhook_http => 'on', webhook_retries => '1 1 1 1', webhook_timeout_s => 1 });
my $dir = $t->{dir};
my $sentinel = Thaw::Receiver->new($t, sub { { status => 200 } }, address => '127.0.0.1');

# --- what the tests are told in ------------------------------------------------------

sub endpoint {
    my ($url, %o) = @_;
    my $r = $t->req(POST => '/v1/webhook_endpoints', token => $t->admin,
        body => { url => $url, enabled_events => ['model.*'], %o });
    $r->{status} =~ /^20[01]$/ or die "endpoint: $r->{raw}";
    return $r->{json};
}
sub forget { $t->req(DELETE => "/v1/webhook_endpoints/$_->{id}", token => $t->admin) for @_ }
sub seen { my $e = shift; $t->req(GET => "/v1/webhook_endpoints/$e->{id}", token => $t->admin)->{json} }

sub once { my $r = $t->thaw('--json', 'deliver', @_); is($r->{exit}, 0, 'thaw deliver') or diag $r->{err}; $r->{json} }

# The requests of a receiver, as soon as there are so many.
sub wait_for {
    my ($r, $n, $seconds) = @_;
    my @got;
    within($seconds // 8, sub { @got = $r->requests; @got >= $n }, "$n requests");
    return @got;
}
sub answered { my ($r, $status) = @_; [ map { $_->{status} } $r->requests ] }

# By the letter of the two descriptions, not by the program's own code.
sub signed_by {
    my ($request, @secrets) = @_;
    my ($h, $body) = @$request{qw(headers body)};
    my $time = $h->{'webhook-timestamp'} // '';
    my $ours = join ',', "t=$time", map { 'v1=' . hmac_sha256_hex("$time.$body", $_) } @secrets;
    my $theirs = join ' ', map { 'v1,' . encode_base64(hmac_sha256("$h->{'webhook-id'}.$time.$body", decode_base64(s/^whsec_//r)), '') } @secrets;
    return ($h->{'matter-signature'} // '') eq $ours && ($h->{'webhook-signature'} // '') eq $theirs;
}

# --- one delivery -----------------------------------------------------------------------

# A receiver that has the request in hand when the deliverer of another host (a run_dir of its
# own) dies.  What becomes of it is looked at in the end, since its lease must be over first.
my $lost = Thaw::Receiver->new($t, sub { { hang => $_[0]{number} == 1, status => 200 } });
my $lost_endpoint = endpoint($lost->url('/lost'));
{
    my $killed = deliverer($t, THAW_WEBHOOK_TIMEOUT_S => 5, THAW_RUN_DIR => "$dir/another-host");
    model($t);
    wait_for($lost, 1);
    $killed->kill('KILL');
    $killed->wait;
}
my $killed_at = time;

subtest 'an event, signed' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => 204 } });
    my $e = endpoint($r->url('/hook?a=b'));
    like($e->{secret}, qr{^whsec_[A-Za-z0-9+/]{43}=$}, 'the secret is shown');
    once();
    my $m = model($t, name => "with \x{fc}ml\x{e4}uts \x{2603}");
    my $sum = once();
    is_deeply([ @$sum{qw(numbered delivered failed)} ], [ 1, 1, 0 ], 'one of each');
    my ($q, @more) = wait_for($r, 1);
    is(scalar @more, 0, 'one request');
    is("$q->{method} $q->{path}", 'POST /hook?a=b', 'to the address');
    like($q->{headers}{$_->[0]}, $_->[1], $_->[0]) for [ 'content-type', qr{^application/json$} ], [ 'user-agent', qr{^Thaw/\d} ],
        [ 'webhook-id', qr{^evt_[0-9A-Za-z]{17}$} ], [ 'content-length', qr/^\d+$/ ];
    cmp_ok(abs($q->{headers}{'webhook-timestamp'} - time), '<', 60, 'at this time');
    ok(signed_by($q, $e->{secret}), 'both signatures verify');
    ok(!signed_by({ %$q, body => "$q->{body} " }, $e->{secret}), 'of this body alone');

    my $v = $q->{event};
    is_deeply([ sort keys %$v ], [ sort qw(id object type api_version created data sequence livemode pending_webhooks request authorized_by) ], 'its members');
    is($v->{id}, $q->{headers}{'webhook-id'}, 'id');
    is("$v->{object} $v->{type} $v->{livemode} $v->{pending_webhooks}", 'event model.created 1 2', 'object, type, livemode, pending_webhooks');
    is($v->{data}{object}{id}, $m->{id}, 'the object');
    ok(!exists $v->{data}{previous_attributes} && !exists $v->{data}{details}, 'nothing was before');
    like($v->{created}, qr/^\d{10}$/, 'created is Unix time');
    like($v->{authorized_by}{human_principal_id}, qr/^usr_/, 'who did it');
    is($v->{sequence}, scalar($t->sql('SELECT MAX(sequence) FROM outbox')), 'its number');

    act($t, $m->{id}, 'archive');
    is($t->req(PATCH => "/api/v1/models/$m->{id}", token => $t->admin, body => { description => 'x' })->{status}, 409, 'a refused change');
    once();
    my @all = wait_for($r, 2);
    is(scalar @all, 2, 'sends nothing, the one that was made does');
    is($all[1]{event}{type}, 'model.archived', 'its event');
    is($all[1]{event}{data}{previous_attributes}{status}, 'draft', 'tells what was before');
    is($all[1]{event}{sequence}, $v->{sequence} + 1, 'numbers have no gap');

    # An open transaction's event is nobody's until it is committed; rolled back, never.
    my $open = background(sub { $t->sql("BEGIN; INSERT INTO outbox (organization_id, id, at, type, resource_type, resource_id, revision, request_id, payload)
        SELECT organization_id, UNHEX('ffffffffffffffffffffffff'), at, type, resource_type, resource_id, 99, '', payload FROM outbox LIMIT 1; SELECT SLEEP(1); ROLLBACK") });
    sleep 0.4;
    is(once()->{numbered}, 0, 'uncommitted: no event');
    $open->();
    is(once()->{numbered}, 0, 'rolled back: none either');
    is(scalar($r->requests), 2, 'nothing was sent');
    forget($e);
};

subtest 'nothing of before its time' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => 200 } });
    model($t);                           # committed, and nobody has numbered it yet
    is(scalar($t->sql("SELECT COUNT(*) FROM outbox WHERE type = 'model.created' AND sequence IS NULL")), 1, 'given an event without a number');
    my $e = endpoint($r->url);
    my $m = model($t);
    once();
    my @q = wait_for($r, 1);
    is(join(' ', map { $_->{event}{data}{object}{id} } @q), $m->{id}, 'a new endpoint hears of what comes after it alone');
    # as an upgrade leaves it: more events than one request should number
    $t->sql("INSERT INTO outbox (organization_id, id, at, type, resource_type, resource_id, revision, request_id, payload) SELECT o.organization_id,
        UNHEX(LPAD(HEX(seq), 24, '0')), '2020-01-01', 'model.updated', 'filler', UNHEX(LPAD(HEX(seq), 24, '0')), 1, '', '{}' FROM (SELECT organization_id FROM outbox LIMIT 1) o, seq_1_to_12000");
    refusal_is($t->req(POST => '/v1/webhook_endpoints', token => $t->admin, body => { url => $r->url, enabled_events => ['*'] }),
        503, 'upstream_unavailable', qr/Event processing is behind/, 'with very many to number it waits for the deliverer', retry_after => 1);
    $t->sql("DELETE FROM outbox WHERE resource_type = 'filler'");
    forget($e);
};

subtest 'a lost seal.key' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => 200 } });
    my $e = endpoint($r->url);
    my $key = $t->thaw('--json', 'tables', 'config')->{json};
    my ($keys) = map { $_->{value} } grep { $_->{name} eq 'key_dir' } @$key;
    rename "$keys/seal.key", "$keys/away" or die $!;
    model($t);
    once();
    is(join(' ', map { $_ // 'NULL' } @{ ($t->sql("SELECT COUNT(*), MAX(failing_since) FROM webhook_endpoints x LEFT JOIN deliveries d ON d.endpoint_id = x.id AND d.tries > 0
        WHERE x.url = '" . $r->url . "'"))[0] }), '1 NULL', 'is no failure of the endpoint');
    is(scalar($r->requests), 0, 'nothing is sent without a signature');
    my $m = $t->thaw('migrate');
    is($m->{exit}, 1, '`thaw migrate` makes no other key');
    like($m->{err}, qr/seal\.key is missing .* copy it from another node, or from the backup/s, 'and says what to do');
    ok(!-e "$keys/seal.key", 'none is there');
    is($t->req(POST => '/v1/webhook_endpoints', token => $t->admin, body => { url => $r->url('/another'), enabled_events => ['*'] })->{status}, 500, 'no secret is made');
    rename "$keys/away", "$keys/seal.key" or die $!;
    is($t->thaw('migrate')->{exit}, 0, 'with the key it is well again');
    $t->sql("UPDATE webhook_endpoints SET leased_until = NULL WHERE url = '" . $r->url . "'");
    once();
    wait_for($r, 1);
    forget($e);
};

my $deliverer = deliverer($t);

subtest 'failures are tried again' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => $_[0]{nth} < 3 ? 500 : 200, body => 'a secret of the receiver' } });
    my $e = endpoint($r->url);
    model($t);
    my @q = wait_for($r, 3);
    is_deeply(answered($r), [ 500, 500, 200 ], 'until it succeeds');
    is(scalar(grep { $_->{headers}{'webhook-id'} eq $q[0]{headers}{'webhook-id'} } @q), 3, 'under one id');
    is(scalar(grep { signed_by($_, $e->{secret}) } @q), 3, 'signed anew');
    ok($q[0]{headers}{'webhook-timestamp'} < $q[2]{headers}{'webhook-timestamp'}, 'with a new time');
    for (1, 2) { my $gap = $q[$_]{at} - $q[ $_ - 1 ]{at}; ok($gap > 0.75 && $gap < 3, sprintf 'a second and a fifth apart: %.2f', $gap) }
    within(3, sub { $t->sql("SELECT COUNT(*) FROM deliveries WHERE outcome = 'succeeded' AND tries = 3 AND response_status = 200") }, 'the outcome');
    is_deeply([ map { join ' ', @$_[ 0, 1 ] } $t->sql('SELECT number, response_status FROM delivery_attempts WHERE delivery_id = (SELECT id FROM deliveries WHERE tries = 3) ORDER BY number') ],
        [ '1 500', '2 500', '3 200' ], 'each try is on record');
    is(scalar($t->sql("SELECT failing_since IS NULL FROM webhook_endpoints ORDER BY id DESC LIMIT 1")), 1, 'it is not failing any more');
    forget($e);

    my $never = Thaw::Receiver->new($t, sub { { status => 503 } });
    $e = endpoint($never->url);
    model($t);
    wait_for($never, 5, 12);
    within(3, sub { $t->sql("SELECT COUNT(*) FROM deliveries WHERE outcome = 'failed' AND tries = 5 AND next_at IS NULL") }, 'the last try');
    forget($e);
};

subtest 'one receiver hangs, the others go on' => sub {
    my $dead = Thaw::Receiver->new($t, sub { { hang => 1 } });
    my $well = Thaw::Receiver->new($t, sub { { status => 200 } });
    my @e = (map({ endpoint($dead->url("/$_")) } 1 .. 6), endpoint($well->url));
    model($t) for 1 .. 3;
    wait_for($dead, 6);
    my $waited = 0;
    for my $n (4 .. 6) {
        my $made = time;
        model($t);
        wait_for($well, $n);
        $waited += time - $made;
    }
    cmp_ok($waited, '<', 3, sprintf 'the three took %.2f s', $waited);
    like(scalar($t->sql('SELECT error FROM delivery_attempts WHERE response_status IS NULL LIMIT 1')), qr/time/i, 'no answer in time is a failure')
        if within(4, sub { $t->sql('SELECT COUNT(*) FROM delivery_attempts WHERE response_status IS NULL') }, 'a timeout');
    forget(@e);

    # Eight in a row without an answer, and it is let be for a minute, so that dead ones do not take every place.
    my $e = endpoint($dead->url('/paused'));
    model($t) for 1 .. 10;
    my $paused = within(8, sub { $t->sql('SELECT COUNT(*) FROM webhook_endpoints WHERE leased_until > UTC_TIMESTAMP(6) + INTERVAL 40 SECOND AND lease IS NULL') }, 'a pause');
    is($paused, 1, 'who never answers is let be for a while');
    forget($e);
};

subtest 'where nothing is sent' => sub {
    my $port = $sentinel->{port};
    for my $url ("http://127.0.0.1:$port/", "http://localhost:$port/", "http://[::ffff:127.0.0.1]:$port/", "http://0x7f000001:$port/", "http://127.1:$port/",
        'http://169.254.169.254/latest/meta-data/', 'http://[::1]/', 'https://user@example.com/', 'ftp://example.com/', 'https://example.com/#x') {
        my $r = $t->req(POST => '/v1/webhook_endpoints', token => $t->admin,
            body => { url => $url, enabled_events => ['model.*'] });
        like($r->{status}, qr/^4(00|22)$/, "refused: $url");
    }
    # A redirect leads nowhere; an address that became a forbidden one is seen when it is connected.
    my $r = Thaw::Receiver->new($t, sub { { status => 301, headers => [ Location => $sentinel->url('/redirected') ] } });
    my @e = map { endpoint($r->url("/$_")) } 1 .. 4;
    my $i = 0;
    for my $url ("http://127.0.0.1:$port/", "http://localhost:$port/", "http://[::ffff:127.0.0.1]:$port/") {
        $t->sql("UPDATE webhook_endpoints SET url = '$url' WHERE url = '" . $r->url('/' . ++$i) . "'");
    }
    my $before = $t->sql('SELECT COUNT(*) FROM delivery_attempts');
    model($t);
    my ($q) = wait_for($r, 1);
    is($q->{path}, '/4', 'the one that is left');
    within(5, sub { $t->sql('SELECT COUNT(*) FROM delivery_attempts') >= $before + 4 }, 'a try of each');
    is(scalar($t->sql("SELECT COUNT(*) FROM delivery_attempts WHERE error = 'the address is not allowed'")) >= 3, 1,
        'the others say why');
    # One that took longer than its time is tried again.
    within(10, sub { $t->sql('SELECT COUNT(*) FROM delivery_attempts WHERE response_status = 301') >= 1 }, 'a redirect is a failure');
    forget(@e);
    is($sentinel->connections, 0, 'nobody came to 127.0.0.1');
};

subtest 'a certificate of nobody' => sub {
    my $r = $t->run({}, '', qw(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=127.0.0.2
        -addext subjectAltName=IP:127.0.0.2 -keyout), "$dir/tls.key", '-out', "$dir/tls.crt");
    is($r->{exit}, 0, 'a certificate') or diag $r->{err};
    my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.2', LocalPort => 0, Listen => 1) or die $!;
    my $port = $listen->sockport;
    close $listen;
    my $server = Thaw::Guard->start({}, "$dir/tls.log", qw(openssl s_server -www -accept), "127.0.0.2:$port", '-key', "$dir/tls.key", '-cert', "$dir/tls.crt");
    within(5, sub { slurp("$dir/tls.log") =~ /ACCEPT/ }, 's_server');
    my $e = endpoint("https://127.0.0.2:$port/");
    model($t);
    within(20, sub { $t->sql("SELECT COUNT(*) FROM delivery_attempts WHERE response_status IS NULL AND error LIKE '%certificate%'") }, 'the refusal');
    pass('gets nothing');
    forget($e);
};

subtest 'answers of all kinds' => sub {
    my %r;
    $r{gone} = Thaw::Receiver->new($t, sub { { status => 410 } });
    $r{later} = Thaw::Receiver->new($t, sub { { status => $_[0]{nth} == 1 ? 503 : 200, headers => [ 'Retry-After' => 3 ] } });
    $r{date} = Thaw::Receiver->new($t, sub { { status => $_[0]{nth} == 1 ? 429 : 200,
        headers => [ 'Retry-After' => POSIX::strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime(time + 4)) ] } });
    $r{long} = Thaw::Receiver->new($t, sub { { status => 200, body => 'x' x 3_000_000 } });
    $r{heads} = Thaw::Receiver->new($t, sub { { status => 200, headers => [ map { ("X-$_" => 'y' x 1000) } 1 .. 200 ] } });
    $r{garbage} = Thaw::Receiver->new($t, sub { { raw => $_[0]{nth} == 1 ? "\x00\xff garbage\r\n\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" } });
    my %e = map { $_ => endpoint($r{$_}->url("/$_")) } keys %r;
    model($t);
    my %q = map { $_ => [ wait_for($r{$_}, /later|date|garbage/ ? 2 : 1) ] } keys %r;
    for (qw(later date)) { my $gap = $q{$_}[1]{at} - $q{$_}[0]{at}; ok($gap > 2.9 && $gap < 6, sprintf 'Retry-After (%s): %.2f s', $_, $gap) }
    within(3, sub { seen($e{gone})->{status} eq 'disabled' }, '410 disables');
    is(scalar($r{gone}->requests), 1, 'and nothing more is sent');
    model($t);
    wait_for($r{long}, 2);
    is(scalar($r{gone}->requests), 1, 'later either');
    is(scalar($r{long}->requests), 2, 'a long answer is a success, read in part');
    is(scalar($r{heads}->requests), 2, 'a long head too');
    is_deeply([ map { $_->[0] } $t->sql("SELECT type FROM outbox WHERE type = 'webhook_endpoint.disabled'") ], ['webhook_endpoint.disabled'], 'an event tells');
    is_deeply([ $t->sql("SELECT from_state, to_state, JSON_VALUE(details, '\$.reason') FROM audit_events WHERE action = 'webhook_endpoint.disabled'") ],
        [ [ 'enabled', 'disabled', 'The receiver answered 410 Gone.' ] ], 'and an audit row');
    forget(values %e);
};

subtest 'the order of each object' => sub {
    my (%first, $failed);
    my $r = Thaw::Receiver->new($t, sub {
        my $object = ($_[0]{body} =~ /"data":\{"object":\{"id":"([^"]+)"/)[0];
        $failed //= $object;
        { status => $object eq $failed && !$first{$object}++ ? 500 : 200 };
    });
    my $e = endpoint($r->url);
    my $a = model($t);
    wait_for($r, 1);                     # it fails, and waits
    my $b = model($t);
    for my $m ($a, $b) { act($t, $m->{id}, 'archive'); act($t, $m->{id}, 'unarchive') }
    my @q = wait_for($r, 7);
    my $types = sub { my $m = shift; join ' ', map { $_->{event}{type} =~ s/model\.//r . ":$_->{status}" } grep { $_->{event}{data}{object}{id} eq $m->{id} } @q };
    is($types->($a), 'created:500 created:200 archived:200 unarchived:200', 'the later ones wait for the first');
    is($types->($b), 'created:200 archived:200 unarchived:200', 'of another object too');
    my ($again) = grep { $q[$_]{nth} == 2 } 0 .. $#q;
    my ($done) = grep { $q[$_]{event}{type} eq 'model.unarchived' && $q[$_]{event}{data}{object}{id} eq $b->{id} } 0 .. $#q;
    cmp_ok($done, '<', $again, 'which waits for nobody');
    forget($e);
};

subtest 'a new secret' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => 200 } });
    my $e = endpoint($r->url);
    my $rotate = sub { $t->req(POST => "/v1/webhook_endpoints/$e->{id}/rotate_secret", token => $t->admin, body => { @_ })->{json} };
    my $new = $rotate->(expires_in => 2);
    isnt($new->{secret}, $e->{secret}, 'is another one');
    model($t);
    my ($q) = wait_for($r, 1);
    ok(signed_by($q, $new->{secret}, $e->{secret}), 'both sign for a while');
    sleep 2.1;
    model($t);
    (undef, $q) = wait_for($r, 2);
    ok(signed_by($q, $new->{secret}), 'then the new one alone');
    my @leaks = grep { my $table = $_; grep { $t->sql("SELECT COUNT(*) FROM $table->[0] WHERE INSTR($table->[1], '$_')") } $e->{secret}, $new->{secret} }
        [ 'webhook_endpoints', 'secret' ], [ 'webhook_endpoints', 'COALESCE(old_secret, "")' ], [ 'outbox', 'payload' ], [ 'audit_events', 'COALESCE(details, "")' ],
        [ 'attempts', 'COALESCE(body, "")' ];
    is(join(' ', map { "@$_" } @leaks), '', 'neither stands in the database');
    forget($e);
};

subtest 'a COMMIT without an answer' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => 200, after => 0.5 } });
    my $e = endpoint($r->url);
    my $n = 0;
    for my $when (qw(before after late)) {
        model($t);
        wait_for($r, ++$n);
        $t->cut($when, 1);
        within(10, sub { $t->sql("SELECT COUNT(*) FROM deliveries WHERE outcome = 'succeeded' AND tries = 1
            AND endpoint_id = (SELECT MAX(id) FROM webhook_endpoints)") == $n }, "the outcome, cut $when");
    }
    is($t->uncut, 0, 'cut before, after and late');
    sleep 1.5;
    is(scalar($r->requests), 3, 'is settled without another request');
    forget($e);
};

subtest 'the database goes away and comes back' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => 200 } });
    my $e = endpoint($r->url);
    $t->{mariadb}->kill('KILL');
    $t->{mariadb}->wait;
    sleep 1.5;
    ok($deliverer->alive, 'the deliverer waits');
    $t->start_mariadb;
    model($t);
    wait_for($r, 1);
    pass('and goes on');
    forget($e);
};

is($deliverer->stop, 0, 'SIGTERM ends it with 0');

subtest 'SIGTERM waits for what is under way' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => 200, after => 0.7 } });
    my $e = endpoint($r->url);
    my $d = deliverer($t, THAW_WEBHOOK_TIMEOUT_S => 15);
    model($t);
    wait_for($r, 1);
    $d->kill('TERM');
    is($d->wait(20), 0, 'it ends');
    is(once()->{delivered}, 0, 'what was answered is written down');
    is(scalar($r->requests), 1, 'and not sent again');
    forget($e);
};

subtest 'an endpoint that never succeeds is disabled' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => 500 } });
    my $e = endpoint($r->url);
    my $d = deliverer($t, THAW_WEBHOOK_DISABLE_S => 1);
    model($t);
    within(8, sub { seen($e)->{status} eq 'disabled' }, 'the disabling');
    like(scalar($t->sql("SELECT JSON_VALUE(details, '\$.reason') FROM audit_events WHERE action = 'webhook_endpoint.disabled' ORDER BY id DESC LIMIT 1")),
        qr/^No delivery has succeeded since 20\d\d-/, 'the audit row says why');
    is(scalar($t->sql("SELECT COUNT(*) FROM outbox WHERE type = 'webhook_endpoint.disabled'")), 2, 'and an event tells');
    my $n = $r->requests;
    sleep 1.5;
    is(scalar($r->requests), $n, 'no more is sent');
    # enabled again, it gets what it missed
    $t->req(PATCH => "/v1/webhook_endpoints/$e->{id}", token => $t->admin, body => { status => 'enabled' });
    wait_for($r, $n + 1);
    pass('until it is enabled again');
    $d->stop;
    forget($e);
};

subtest 'a failure of long ago' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => 500 } });
    for my $case ([ 3, 'enabled', 'with nothing sent since, does not count' ], [ 1, 'disabled', 'and failures ever since do' ]) {
        my ($days, $status, $name) = @$case;
        my $e = endpoint($r->url("/$days"));
        $t->sql("UPDATE webhook_endpoints SET failing_since = UTC_TIMESTAMP(6) - INTERVAL 6 DAY, failed_at = UTC_TIMESTAMP(6) - INTERVAL $days DAY WHERE url LIKE '%/$days'");
        model($t);
        once();
        within(8, sub { seen($e)->{status} eq 'disabled' || seen($e)->{failing_since} > time - 60 }, 'a try');
        is(seen($e)->{status}, $status, $name);
        forget($e);
    }
};

subtest 'two deliverers, 200 events' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => 200 } });
    my @e = map { endpoint($r->url("/$_")) } 1 .. 3;
    my @d = map { deliverer($t, THAW_WEBHOOK_TIMEOUT_S => 15) } 1 .. 2;                # whatever else the machine does
    my @m = map { model($t) } 1 .. 20;
    concurrently(4, sub { my $i = shift; for my $m (@m[ map { $_ * 4 + $i } 0 .. 4 ]) { act($t, $m->{id}, $_) for ('archive', 'unarchive') x 4; act($t, $m->{id}, 'archive') } });
    wait_for($r, 600, 25);
    sleep 0.5;
    my @q = $r->requests;
    my %times;
    $times{"$_->{path} $_->{headers}{'webhook-id'}"}++ for @q;
    is(scalar keys %times, 600, 'each event came to each endpoint');
    is(scalar(grep { $_ > 1 } values %times), 0, 'once');
    my %last;
    my $wrong = grep { my $o = "$_->{path} $_->{event}{data}{object}{id}"; my $was = $last{$o} // 0; ($last{$o} = $_->{event}{sequence}) < $was } @q;
    is($wrong, 0, 'those of an object in their order');
    # once more, because its owner asks for it
    my $deliveries = "/v1/webhook_endpoints/$e[0]{id}/deliveries";
    my ($some) = @{ $t->req(GET => $deliveries, token => $t->admin)->{json}{data} };
    is($some->{status}, 'succeeded', 'a delivery');
    is($t->req(POST => "$deliveries/$some->{id}/redeliver", token => $t->admin)->{status}, 202, 'is made again');
    is((wait_for($r, 601))[600]{headers}{'webhook-id'}, $some->{event_id}, 'under its id');
    # by a worker that has done nothing yet
    my @before = $t->worker_pids;
    kill KILL => @before;
    within(10, sub { $t->worker_pids == @before && $t->req(GET => '/healthz')->{status} == 200 }, 'new workers');
    my $none = $t->req(POST => "$deliveries/del_zzzzzzzzzzzzzzzzz/redeliver", token => $t->admin);
    is("$none->{status} $none->{json}{detail}", '404 No delivery with id `del_zzzzzzzzzzzzzzzzz` is visible to this token.', 'what is not found is named');
    is($_->stop, 0, 'a deliverer ends') for @d;
    is(scalar($t->sql('SELECT COUNT(*) FROM webhook_endpoints WHERE lease IS NOT NULL')), 0, 'nothing is held');
    forget(@e);
};

subtest 'a deliverer was killed with a request under way' => sub {
    my $d = deliverer($t);
    my ($first) = $lost->requests;
    my @again;
    within(30, sub { @again = grep { $_->{headers}{'webhook-id'} eq $first->{headers}{'webhook-id'} } $lost->requests; @again > 1 }, 'the second delivery');
    is(scalar @again, 2, 'it is sent again');
    cmp_ok($again[1]{at} - $first->{at}, '>', 10, 'when the lease was over');
    $d->stop;
    is($t->thaw('deliver')->{exit}, 0, 'all that is left');
    my %came = map { $_->{event}{sequence} => 1 } $lost->requests;
    my @events = $t->sql("SELECT sequence FROM outbox WHERE type LIKE 'model.%'");
    is(join(' ', grep { !$came{$_} } map { $_->[0] } @events), '', 'of ' . @events . ' events nothing is lost');
    forget($lost_endpoint);
};

subtest 'deliverers that are killed' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => 200 } });
    my $e = endpoint($r->url);
    my @m = map { model($t) } 1 .. 4;
    concurrently(4, sub { act($t, $m[ $_[0] ]{id}, $_) for ('archive', 'unarchive') x 15 });
    my ($killed, $late) = (0, 0);
    within(40, sub {
        my ($n, $from) = (scalar(my @q = $r->requests), time);
        my $d = deliverer($t);
        $late++ if !within(8, sub { my @q = $r->requests; @q > $n || !$t->sql("SELECT COUNT(*) FROM deliveries WHERE outcome IS NULL AND endpoint_id = (SELECT MAX(id) FROM webhook_endpoints)") && !$t->sql('SELECT COUNT(*) FROM outbox WHERE sequence IS NULL') });
        sleep 0.05;
        $d->kill('KILL');
        $d->wait;
        $killed++;
        !$t->sql('SELECT COUNT(*) FROM outbox WHERE sequence IS NULL') && !$t->sql("SELECT COUNT(*) FROM deliveries WHERE outcome IS NULL AND endpoint_id = (SELECT MAX(id) FROM webhook_endpoints)");
    }, 'all deliveries');
    cmp_ok($killed, '>', 1, "killed $killed times");
    is($late, 0, 'whoever comes after one that died on this host has what it held at once');
    my @q = $r->requests;
    my %came = map { $_->{headers}{'webhook-id'} => 1 } @q;
    is(scalar keys %came, 4 * 31, 'each event came');
    my %last;
    is(scalar(grep { my $o = $_->{event}{data}{object}{id}; my $was = $last{$o} // 0; ($last{$o} = $_->{event}{sequence}) < $was } @q), 0, 'none after a later one of its object');
    forget($e);
};

is($sentinel->connections, 0, 'and in all that time nobody came to 127.0.0.1');
subtest 'as many endpoints as there may be' => sub {
    my $n = 0;
    my $make = sub { $t->req(POST => '/v1/webhook_endpoints', token => $t->admin, body => { url => "http://127.0.0.2:9/$$/" . $n++, enabled_events => ['project.*'] }) };
    my $free = 100 - $t->sql('SELECT COUNT(*) FROM webhook_endpoints WHERE hidden = 0');
    my @made = map { $make->()->{json} } 1 .. $free - 1;
    my @last = concurrently(4, sub { $make->() });
    is(join(' ', sort map { $_->{status} } @last), '200 409 409 409', 'of four at once for the last place one has it');
    my ($refused) = grep { $_->{status} == 409 } @last;
    refusal_is($refused, 409, 'limit_reached', qr/delete one first/, 'the others are told');
    $t->req(PATCH => "/v1/webhook_endpoints/$made[0]{id}", token => $t->admin, body => { status => 'disabled' });
    is($make->()->{status}, 409, 'to disable one makes no room');
    forget($made[0]);
    is($make->()->{status}, 200, 'to delete one does');
};

subtest 'settings' => sub {
    for ([ NETWORKS => '127.0.0.1', qr/`127\.0\.0\.1` is not a network/ ], [ RETRIES => '5 x', qr/webhook_retries/ ], [ TIMEOUT_S => 0, qr/webhook_timeout_s/ ]) {
        my $r = $t->thaw({ env => { "THAW_WEBHOOK_$_->[0]" => $_->[1] } }, 'deliver');
        is($r->{exit}, 1, "webhook_\L$_->[0]\E = $_->[1] is refused");
        like($r->{err}, $_->[2], 'by name');
    }
};
$t->finish;
