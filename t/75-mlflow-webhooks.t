#!/usr/bin/perl
# Webhooks of the mlflow dialect: how they are made, changed and listed, and what their receivers are told, signed as MLflow
# signs; that these are endpoints like all others, and out of the other dialect's sight.
use strict;
use warnings;
use Digest::SHA qw(hmac_sha256);
use FindBin;
use lib "$FindBin::Bin/lib";
use MIME::Base64;
use Test::More;
use Thaw;
use Thaw::Receiver;
use Contract;
use Time::HiRes qw(time sleep);

my $t = Thaw->new(config => { webhook_networks => '127.0.0.2/32', webhook_http => 'on', webhook_retries => '1 1 1', webhook_timeout_s => 2 });
my $B = '/api/2.0/mlflow';
my $W = "$B/webhooks";
my $UUID = qr/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8000-[0-9a-f]{12}$/;
my $BAD = 'INVALID_PARAMETER_VALUE';

sub call { my ($method, $path, $body, %o) = @_; $t->req($method => $path, token => $t->admin, $body ? (body => $body) : (), %o) }
sub ok_call { my $r = call(@_); $r->{status} == 200 or die "$_[0] $_[1]: $r->{raw}"; $r->{json} }
sub event { my ($entity, $action) = split /\./, uc $_[0]; { entity => $entity, action => $action } }
my $n = 0;
sub hook {
    my ($url, $events, %o) = @_;
    return ok_call(POST => $W, { name => 'hook-' . ++$n, url => $url, events => [ map { event($_) } @$events ], %o })->{webhook};
}
sub forget { ok_call(DELETE => "$W/$_->{webhook_id}") for @_ }
sub once { my $r = $t->thaw('--json', 'deliver'); is($r->{exit}, 0, 'thaw deliver') or diag $r->{err}; $r->{json} }
sub refused {
    my ($r, $status, $code, $message, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is("$r->{status} $r->{json}{error_code}: $r->{json}{message}", "$status $code: $message", $name) or diag $r->{raw};
}
# By the letter of the description, not by the program's own code.
sub signature {
    my ($q, $secret) = @_;
    my $h = $q->{headers};
    return 'v1,' . encode_base64(hmac_sha256("$h->{'x-mlflow-delivery-id'}.$h->{'x-mlflow-timestamp'}.$q->{body}", $secret), '');
}

my @all = qw(registered_model.created model_version.created model_version_tag.set model_version_tag.deleted model_version_alias.created
    model_version_alias.deleted prompt.created prompt_version.created prompt_tag.set prompt_tag.deleted prompt_version_tag.set
    prompt_version_tag.deleted prompt_alias.created prompt_alias.deleted);

subtest 'made, read, changed, deleted' => sub {
    my $before = int(1000 * time);
    my $r = call(POST => $W, { name => 'a.b_c-1', url => 'https://hooks.example.org/x', events => [ map { event($_) } @all, $all[0] ], description => 'd', secret => 'tell nobody' });
    is($r->{status}, 200, 'made') or diag $r->{raw};
    unlike($r->{raw}, qr/tell nobody/, 'the secret is not told');
    my $w = $r->{json}{webhook};
    is(join(' ', sort keys %$w), 'creation_timestamp description events last_updated_timestamp name status url webhook_id', 'its members');
    like($w->{webhook_id}, $UUID, 'the id is a UUID');
    is("$w->{name} $w->{url} $w->{description} $w->{status}", 'a.b_c-1 https://hooks.example.org/x d ACTIVE', 'as it was sent');
    is(join(' ', map { lc "$_->{entity}.$_->{action}" } @{ $w->{events} }), join(' ', @all), 'its events, each once');
    cmp_ok($w->{creation_timestamp}, '>=', $before, 'milliseconds') && is($w->{last_updated_timestamp}, $w->{creation_timestamp}, 'both times');
    is(json(ok_call(GET => "$W/$w->{webhook_id}")), json({ webhook => $w }), 'read as it was made');
    is($t->sql("SELECT COUNT(*) FROM webhook_endpoints WHERE INSTR(secret, 'tell nobody')"), 0, 'sealed in the database');

    my $p = ok_call(PATCH => "$W/$w->{webhook_id}", { description => 'e' })->{webhook};
    is(json({ %$w, description => 'e', last_updated_timestamp => 0 }), json({ %$p, last_updated_timestamp => 0 }), 'what is absent stays');
    $p = ok_call(PATCH => "$W/$w->{webhook_id}", { name => 'other', url => 'https://hooks.example.org/y', events => [ event('prompt.created') ], status => 'DISABLED' })->{webhook};
    is("$p->{name} $p->{url} $p->{description} $p->{status} " . json($p->{events}), 'other https://hooks.example.org/y e DISABLED [{"action":"CREATED","entity":"PROMPT"}]', 'events replace all');
    is(ok_call(PATCH => "$W/$w->{webhook_id}", { name => undef, status => 'ACTIVE' })->{webhook}{name}, 'other', 'null is absent');
    is(json(ok_call(PATCH => "$W/$w->{webhook_id}", {})->{webhook}{events}), json($p->{events}), 'nothing changes nothing');
    is_deeply([ map { $_->[0] } $t->sql("SELECT action FROM audit_events WHERE resource_type = 'webhook_endpoint' ORDER BY revision") ],
        [ map { "webhook_endpoint.$_" } qw(created updated updated disabled enabled) ], 'audited like every endpoint');
    is(json(ok_call(DELETE => "$W/$w->{webhook_id}")), '{}', 'deleted: an empty object');
    refused(call($_->[0] => "$W/$w->{webhook_id}$_->[1]", $_->[2]), 404, 'RESOURCE_DOES_NOT_EXIST', "Webhook with ID $w->{webhook_id} not found.", "not there: $_->[0] $_->[1]")
        for [ GET => '' ], [ PATCH => '', { name => 'x' } ], [ DELETE => '' ], [ POST => '/test' ];
    refused(call(GET => "$W/nonsense"), 404, 'RESOURCE_DOES_NOT_EXIST', 'Webhook with ID nonsense not found.', 'any spelling');
    my $off = hook('https://hooks.example.org/off', ['prompt.created'], status => 'DISABLED');
    is($off->{status}, 'DISABLED', 'made disabled');
    forget($off);
};

subtest 'what is wrong with one' => sub {
    my %good = (name => 'w', url => 'https://hooks.example.org/', events => [ event('prompt.created') ]);
    my $see = ' See the API docs for more information about request parameters.';
    for my $row (
        [ { name => '' }, "Missing value for required parameter 'name'.$see", 'no name' ],
        [ { url => undef }, "Missing value for required parameter 'url'.$see", 'no url' ],
        [ { events => undef }, "Missing value for required parameter 'events'.$see", 'no events' ],
        [ { events => [] }, 'Webhook events cannot be empty', 'an empty list' ],
        [ { events => ['prompt.created'] }, 'A webhook event must be an object with the strings entity and action.', 'no objects' ],
        [ { events => [ event('model_version_tag.created') ] }, "Invalid action 'created' for entity 'model_version_tag'. Valid actions are: ['deleted', 'set']", 'no such pair' ],
        [ { events => [ event('registered_model.deleted') ] }, "Invalid action 'deleted' for entity 'registered_model'. Valid actions are: ['created']", 'nor that' ],
        [ { events => [ event('budget_policy.exceeded') ] }, "Invalid action 'exceeded' for entity 'budget_policy'. Valid actions are: []", 'what does not happen here' ],
        [ { events => [ event('nothing.set') ] }, "Invalid entity 'NOTHING' of a webhook event.", 'no entity' ],
        [ { url => 'http://10.0.0.1/' }, "Invalid webhook URL 'http://10.0.0.1/': it refers to an address that is not allowed.", 'a private address' ],
        [ { url => 'ftp://example.org/' }, "Invalid webhook URL 'ftp://example.org/': it must begin with https:// or http://.", 'another scheme' ],
        [ { secret => 'x' x 1001 }, "'secret' exceeds the maximum length of 1000 characters", 'a long secret' ],
    ) {
        refused(call(POST => $W, { %good, %{ $row->[0] } }), 400, $BAD, $row->[1], $row->[2]);
    }
    for my $name (('x' x 64), '-x', 'x.', 'a b', "\x{e4}") { like(call(POST => $W, { %good, name => $name })->{json}{message}, qr/^Webhook name '.*' is invalid\./s, "name $name") }
    for my $bad ({ status => 'SLEEPING' }, { url => 'https://hooks.example.org/' . 'x' x 500 }, { description => 'x' x 1001 }, { name => 5 }) {
        my $r = call(POST => $W, { %good, %$bad });
        is("$r->{status} $r->{json}{error_code}", "400 $BAD", json($bad) =~ s/(.{30}).*/$1/r);
    }
    is(json(ok_call(GET => $W)), '{}', 'none was made');
    is($t->req(GET => $W)->{status}, 401, 'without a token');
    is($t->req(GET => $W, token => $t->key(scope => 'model:read model:write'))->{status}, 403, 'without the scope');
    is($t->req(POST => $W, token => $t->key(scope => 'webhook:read'), body => \%good)->{status}, 403, 'to read is not to write');
    is($t->req(POST => $W, token => $t->key(scope => 'webhook:write'), body => \%good)->{status}, 200, 'to write is enough');
    forget(@{ ok_call(GET => $W)->{webhooks} });
};

subtest 'pages, the newest first; and the other dialect' => sub {
    my $v1 = $t->req(POST => '/v1/webhook_endpoints', token => $t->admin, body => { url => 'https://hooks.example.org/same', enabled_events => ['*'] })->{json};
    my @made = map { hook('https://hooks.example.org/same', ['prompt.created'], name => 'same') } 1 .. 5;
    my (@got, $token);
    for (1 .. 5) {
        my $page = ok_call(GET => "$W?max_results=2" . ($token ? "&page_token=$token" : ''));
        push @got, map { $_->{webhook_id} } @{ $page->{webhooks} };
        $token = $page->{next_page_token} or last;
    }
    is(json(\@got), json([ map { $_->{webhook_id} } reverse @made ]), 'each once; names and URLs need not be unique');
    for my $bad ('max_results=0', 'max_results=1001', 'page_token=WzFd') { my $r = call(GET => "$W?$bad"); is("$r->{status} $r->{json}{error_code}", "400 $BAD", $bad) }
    is(json([ map { $_->{id} } @{ $t->req(GET => '/v1/webhook_endpoints', token => $t->admin)->{json}{data} } ]), json([ $v1->{id} ]), 'the workspaces dialect lists its own');
    my $we = in_base62('we_', scalar $t->sql("SELECT LOWER(HEX(id)) FROM webhook_endpoints WHERE format = 1 ORDER BY id LIMIT 1"));
    is($t->req($_->[0] => "/v1/webhook_endpoints/$we$_->[1]", token => $t->admin, $_->[2] ? (body => $_->[2]) : ())->{status}, 404, "and does not find these: $_->[0] $_->[1]")
        for [ GET => '' ], [ PATCH => '', { description => 'x' } ], [ DELETE => '' ], [ POST => '/rotate_secret', {} ], [ POST => '/test' ], [ GET => '/deliveries' ];
    my $uuid = scalar($t->sql("SELECT LOWER(HEX(id)) FROM webhook_endpoints WHERE format = 0 AND hidden = 0")) =~ s/^(.{8})(.{4})(.{3})(.{9})$/$1-$2-8$3-8000-000$4/r;
    is(call(GET => "$W/$uuid")->{status}, 404, 'nor the other way round') or diag $uuid;
    $t->req(DELETE => "/v1/webhook_endpoints/$v1->{id}", token => $t->admin);
    forget(@made);
};

subtest 'each event, signed' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => 200 } });
    my $secret = "s\x{e9}cret \x{2603}";
    my $w = hook($r->url('/all'), \@all, secret => $secret);
    my $plain = hook($r->url('/plain'), ['model_version.created']);
    # given a model with a version, tagged and aliased
    ok_call(POST => "$B/registered-models/create", { name => 'm', description => 'of m', tags => [ { key => 'k', value => 'v' }, { key => 'k', value => 'w' } ] });
    ok_call(POST => "$B/model-versions/create", { name => 'm', source => 's3://b/1', run_id => 'r1', description => '', tags => [ { key => 'a', value => '' } ] });
    ok_call(POST => "$B/model-versions/set-tag", { name => 'm', version => '1', key => 'x', value => 'y' x 5000 });
    ok_call(POST => "$B/model-versions/set-tag", { name => 'm', version => '1', key => 'x', value => 'y' x 5000 });
    ok_call(POST => "$B/registered-models/alias", { name => 'm', alias => 'champion', version => '1' });
    ok_call(POST => "$B/registered-models/set-tag", { name => 'm', key => 'untold', value => 'x' });
    ok_call(DELETE => "$B/model-versions/delete-tag", { name => 'm', version => '1', key => 'x' });
    ok_call(DELETE => "$B/registered-models/alias", { name => 'm', alias => 'champion' });
    # and a prompt
    my $is = { key => 'mlflow.prompt.is_prompt', value => 'true' };
    ok_call(POST => "$B/registered-models/create", { name => 'p', description => 'first', tags => [ $is, { key => 'lang', value => 'en' } ] });
    ok_call(POST => "$B/model-versions/create", { name => 'p', source => 'dummy-source', tags => [ $is, { key => '_mlflow_prompt_type', value => 'text' },
        { key => 'mlflow.prompt.text', value => 'Say {{what}}' }, { key => 'mine', value => '1' } ] });
    ok_call(POST => "$B/registered-models/set-tag", { name => 'p', key => 'lang', value => 'de' });
    ok_call(POST => "$B/model-versions/set-tag", { name => 'p', version => '1', key => 'q', value => '2' });
    ok_call(POST => "$B/registered-models/alias", { name => 'p', alias => 'live', version => '1' });
    ok_call(DELETE => "$B/registered-models/delete-tag", { name => 'p', key => 'lang' });
    ok_call(DELETE => "$B/model-versions/delete-tag", { name => 'p', version => '1', key => 'q' });
    ok_call(DELETE => "$B/registered-models/alias", { name => 'p', alias => 'live' });
    # when all of it is changed before anything is sent
    ok_call(POST => "$B/registered-models/rename", { name => 'm', new_name => 'm2' });
    ok_call(PATCH => "$B/model-versions/update", { name => 'm2', version => '1', description => 'later' });
    ok_call(DELETE => "$B/registered-models/delete", { name => 'p' });
    my $from = time;
    once();

    # then it is told as it was
    my @q = sort { $a->{event}{timestamp} cmp $b->{event}{timestamp} } grep { $_->{path} eq '/all' } $r->requests;
    is(json([ map { [ "$_->{event}{entity}.$_->{event}{action}", $_->{event}{data} ] } @q ]), json([
        [ 'registered_model.created', { name => 'm', tags => { k => 'w' }, description => 'of m' } ],
        [ 'model_version.created', { name => 'm', version => '1', source => 's3://b/1', run_id => 'r1', tags => { a => '' }, description => undef } ],
        [ 'model_version_tag.set', { name => 'm', version => '1', key => 'x', value => 'y' x 5000 } ],
        [ 'model_version_alias.created', { name => 'm', alias => 'champion', version => '1' } ],
        [ 'model_version_tag.deleted', { name => 'm', version => '1', key => 'x' } ],
        [ 'model_version_alias.deleted', { name => 'm', alias => 'champion' } ],
        [ 'prompt.created', { name => 'p', tags => { lang => 'en' }, description => 'first' } ],
        [ 'prompt_version.created', { name => 'p', version => '1', template => 'Say {{what}}', tags => { mine => '1' }, description => undef } ],
        [ 'prompt_tag.set', { name => 'p', key => 'lang', value => 'de' } ],
        [ 'prompt_version_tag.set', { name => 'p', version => '1', key => 'q', value => '2' } ],
        [ 'prompt_alias.created', { name => 'p', alias => 'live', version => '1' } ],
        [ 'prompt_tag.deleted', { name => 'p', key => 'lang' } ],
        [ 'prompt_version_tag.deleted', { name => 'p', version => '1', key => 'q' } ],
        [ 'prompt_alias.deleted', { name => 'p', alias => 'live' } ],
    ]), 'all fourteen, each once');
    is(join(' ', map { join ',', sort keys %{ $_->{event} } } $q[0]), 'action,data,entity,timestamp', 'the members of one');
    is(scalar(grep { $_->{event}{timestamp} !~ /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/ } @q), 0, 'timestamps');
    is(scalar(grep { ($_->{headers}{'x-mlflow-delivery-id'} // '') !~ $UUID } @q), 0, 'delivery ids');
    my %ids = map { $_->{headers}{'x-mlflow-delivery-id'} => 1 } @q;
    is(scalar keys %ids, 14, 'each its own');
    is(scalar(grep { abs($_->{headers}{'x-mlflow-timestamp'} - $from) > 20 } @q), 0, 'times');
    utf8::encode($secret);
    is(scalar(grep { ($_->{headers}{'x-mlflow-signature'} // '') ne signature($_, $secret) } @q), 0, 'signatures verify');
    is(join(' ', grep { exists $q[0]{headers}{$_} } qw(webhook-id webhook-signature matter-signature expect)), '', 'no other headers');
    is($q[0]{headers}{'content-type'}, 'application/json', 'JSON');
    my @order = map { $_->{event}{entity} . $_->{event}{action} } grep { $_->{event}{data}{name} eq 'm' } grep { $_->{path} eq '/all' } $r->requests;
    is(json(\@order), json([ map { $_->{event}{entity} . $_->{event}{action} } grep { $_->{event}{data}{name} eq 'm' } @q ]), 'those of one object came in their order');
    my ($unsigned, @more) = grep { $_->{path} eq '/plain' } $r->requests;
    is("$unsigned->{event}{data}{name} " . scalar(@more), 'm 0', 'another one hears of what it asked for alone');
    ok(!exists $unsigned->{headers}{'x-mlflow-signature'}, 'without a secret there is no signature');

    # a new secret signs at once, and disabled it hears nothing
    ok_call(PATCH => "$W/$plain->{webhook_id}", { secret => 'new' });
    ok_call(PATCH => "$W/$w->{webhook_id}", { status => 'DISABLED' });
    ok_call(POST => "$B/model-versions/create", { name => 'm2', source => 's3://b/2' });
    once();
    my @late = $r->requests;
    is(scalar @late, 16, 'one more');
    is($late[-1]{headers}{'x-mlflow-signature'}, signature($late[-1], 'new'), 'signed by the new secret');
    is(json($late[-1]{event}{data}), json({ name => 'm2', version => '2', source => 's3://b/2', run_id => undef, tags => {}, description => undef }), 'what was not told is null, or empty');
    forget($w, $plain);
};

subtest 'what other dialects make' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => 200 } });
    my $w = hook($r->url, [ 'registered_model.created', 'model_version.created' ]);
    my $m = model($t, name => 'trained', description => 'by hand');
    trained($t, $m->{id});
    once();
    is(json([ map { [ "$_->{event}{entity}", $_->{event}{data} ] } $r->requests ]), json([
        [ registered_model => { name => 'trained', tags => {}, description => 'by hand' } ],
        [ model_version => { name => 'trained', version => '1', source => '', run_id => undef, tags => {}, description => undef } ] ]), 'is told alike');
    is(join(' ', map { $_->[0] } $t->sql("SELECT DISTINCT JSON_EXISTS(payload, '\$.kept') FROM outbox WHERE resource_type = 'model' AND type = 'model.created'")), '1', 'kept in the event');
    my ($told) = grep { $_->{type} eq 'model.created' } @{ $t->req(GET => '/v1/events?type=model.created', token => $t->admin)->{json}{data} };
    is(join(' ', sort keys %{ $told->{data} }), 'object', 'and no part of what /v1 tells');
    forget($w);
};

subtest 'an event that there is no pair for' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => 200 } });
    my $w = hook($r->url, ['registered_model.created']);
    $t->sql("UPDATE webhook_endpoints SET enabled_events = '[\"model.archived\"]' WHERE hidden = 0");     # of another release
    my $m = model($t, name => 'shelved');
    is($t->req(POST => "/api/v1/models/$m->{id}/archive", token => $t->admin)->{status}, 200, 'given an archived model');
    once();
    is(scalar(my @came = $r->requests), 0, 'nothing is sent');
    is($t->sql('SELECT error FROM delivery_attempts ORDER BY at DESC LIMIT 1'), 'the endpoint does not receive events of this type, so nothing was sent', 'and why');
    forget($w);
};

subtest 'what is large' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => 200, after => 0.2 } });
    my $w = hook($r->url, ['model_version.created']);
    my @tags = map { { key => "k$_", value => 'x' x 5000 } } 1 .. 60;
    for my $n (1 .. 12) {
        ok_call(POST => "$B/registered-models/create", { name => "large $n" });
        ok_call(POST => "$B/model-versions/create", { name => "large $n", source => 's3://b/1', tags => \@tags });
    }
    my $done = once();
    is("$done->{failed} $done->{waiting}", '0 0', 'all is delivered');
    my @came = $r->requests;
    is(scalar @came, 12, 'each once');
    is(scalar(grep { keys %{ $_->{event}{data}{tags} } == 60 } @came), 12, 'whole');
    my $most = 0;
    for my $q (@came) { my $n = grep { $_->{at} <= $q->{at} && $_->{at} > $q->{at} - 0.2 } @came; $most = $n if $n > $most }
    cmp_ok($most, '<=', 5, 'a mebibyte at a time, and the last one');
    forget($w);
};

subtest 'failures are tried again' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => $_[0]{number} < 3 ? 500 : 200 } });
    my $w = hook($r->url, ['registered_model.created'], secret => 's');
    my $d = deliverer($t);
    ok_call(POST => "$B/registered-models/create", { name => 'again' });
    my @q;
    within(10, sub { @q = $r->requests; @q >= 3 }, 'three tries');
    is($d->stop, 0, 'SIGTERM ends it');
    is(join(' ', map { $_->{status} } @q), '500 500 200', 'until it succeeds');
    my %same = map { $_->{headers}{'x-mlflow-delivery-id'} => 1, $_->{body} => 1 } @q;
    is(scalar keys %same, 2, 'under one id, with the same body');
    is(scalar(grep { $_->{headers}{'x-mlflow-signature'} ne signature($_, 's') } @q), 0, 'signed anew');
    forget($w);

    # a deliverer that dies with the request under way
    my $dead = Thaw::Receiver->new($t, sub { { hang => $_[0]{number} == 1, status => 200 } });
    $w = hook($dead->url, ['registered_model.created']);
    $d = deliverer($t);
    ok_call(POST => "$B/registered-models/create", { name => 'crash' });
    within(8, sub { scalar(my @came = $dead->requests) }, 'the first try');
    $d->kill('KILL');
    $d->wait;
    once();
    my @came = $dead->requests;
    is(scalar @came, 2, 'it is sent again');
    is($came[1]{headers}{'x-mlflow-delivery-id'}, $came[0]{headers}{'x-mlflow-delivery-id'}, 'under its id');
    forget($w);
};

subtest 'a test, now' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => $_[0]{path} eq '/bad' ? 503 : 200, hang => $_[0]{path} eq '/hang', body => $_[0]{path} eq '/silent' ? '' : $_[0]{path} eq '/long' ? "\xc3\xa4" x 5000 : 'thank you' } });
    my $deliveries = $t->sql('SELECT COUNT(*) FROM deliveries');
    my $w = hook($r->url('/well'), [ 'prompt_version.created', 'prompt.created' ], secret => 's');
    my $try = sub { my ($w, $body) = @_; ok_call(POST => "$W/$w->{webhook_id}/test", $body)->{result} };
    is(json($try->($w)), json({ success => JSON::PP::true, response_status => 200, response_body => 'thank you' }), 'without a body: its first event');
    my ($q) = $r->requests;
    is("$q->{event}{entity}.$q->{event}{action} " . json($q->{event}{data}), 'prompt_version.created ' . json({ name => 'example_prompt', version => '1', template => 'Hello {{name}}!',
        tags => { example_key => 'example_value' }, description => 'An example prompt version' }), 'an example');
    is($q->{headers}{'x-mlflow-signature'}, signature($q, 's'), 'signed');
    my %data = ('registered_model.created' => { name => 'example_model', tags => { example_key => 'example_value' }, description => 'An example registered model' },
        'model_version.created' => { name => 'example_model', version => '1', source => 'models:/123', run_id => 'abcd1234abcd5678', tags => { example_key => 'example_value' }, description => 'An example model version' },
        'model_version_tag.set' => { name => 'example_model', version => '1', key => 'example_key', value => 'example_value' },
        'model_version_alias.deleted' => { name => 'example_model', alias => 'example_alias' },
        'prompt.created' => { name => 'example_prompt', tags => { example_key => 'example_value' }, description => 'An example prompt' },
        'prompt_tag.deleted' => { name => 'example_prompt', key => 'example_key' });
    for my $event (sort keys %data) {
        is($try->($w, { event => event($event) })->{success} ? 'yes' : 'no', 'yes', $event);
        my @came = $r->requests;
        is("$came[-1]{event}{entity}.$came[-1]{event}{action} " . json($came[-1]{event}{data}), "$event " . json($data{$event}), 'its example');
    }
    is($try->($w, { event => event($_) }) && scalar(($r->requests)[-1]{event}{entity}), (split /\./)[0], $_) for @all;
    refused(call(POST => "$W/$w->{webhook_id}/test", { event => event('prompt.set') }), 400, $BAD, "Invalid action 'set' for entity 'prompt'. Valid actions are: ['created']", 'no such event');
    my $result = sub { my ($path) = @_; my $w = hook($r->url($path), ['prompt.created']); my $got = $try->($w); forget($w); $got };
    is(json($result->('/bad')), json({ success => JSON::PP::false, response_status => 503, response_body => 'thank you' }), 'a receiver that fails: 200 all the same');
    is(json($result->('/silent')), json({ success => JSON::PP::true, response_status => 200, response_body => '' }), 'one that answers nothing');
    is(length $result->('/long')->{response_body}, 1000, 'the beginning of a long answer');
    my $from = time;
    is(json($result->('/hang')), json({ success => JSON::PP::false, error_message => 'no answer in time' }), 'one that never answers');
    cmp_ok(time - $from, '<', 15, 'is not waited for');
    my $gone = hook('http://127.0.0.2:9/', ['prompt.created']);
    is(json($try->($gone)), json({ success => JSON::PP::false, error_message => 'the connection could not be made' }), 'nobody there');
    $t->sql("UPDATE webhook_endpoints SET url = 'http://127.0.0.1:$t->{port}/' WHERE url = 'http://127.0.0.2:9/'");
    is($try->($gone)->{error_message}, 'the address is not allowed', 'an address that became a private one');
    is($t->req(POST => "$W/$w->{webhook_id}/test", token => $t->key(scope => 'webhook:read'))->{status}, 403, 'takes who may write');
    # what the receiver says is for the owner and administrators
    $t->must('role', 'set', '--org', 'Main', 'hooker', '--permissions', 'model:read webhook:read webhook:write', '--rate', 100);
    $t->user($_, role => 'hooker') for qw(hugo hilda);
    my $his = $t->req(POST => $W, token => $t->token('hugo'), body => { name => 'his', url => $r->url('/his'), events => [ event('prompt.created') ] })->{json}{webhook};
    my $as = sub { json($t->req(POST => "$W/$his->{webhook_id}/test", token => shift)->{json}{result}) };
    my %seen = (success => JSON::PP::true, response_status => 200);
    is($as->($t->token('hugo')), json({ %seen, response_body => 'thank you' }), 'its owner reads the answer');
    is($as->($t->admin), json({ %seen, response_body => 'thank you' }), 'and so does an administrator');
    is($as->($t->token('hilda')), json(\%seen), 'another one reads the status alone');
    is($as->($t->key(scope => 'webhook:write')), json(\%seen), 'and so does an administrator\'s key of this scope');
    is($t->req(PATCH => "$W/$his->{webhook_id}", token => $t->token('hilda'), body => { url => $r->url('/hers') })->{status}, 200, 'given that she says where it is');
    is($as->($t->token('hilda')) . $as->($t->token('hugo')), json({ %seen, response_body => 'thank you' }) . json(\%seen), 'she owns it');
    forget($his);
    is($t->sql('SELECT COUNT(*) FROM deliveries'), $deliveries, 'and leaves no delivery behind');
    forget($w, $gone);
};

subtest 'one quota, and disabled alike' => sub {
    my $r = Thaw::Receiver->new($t, sub { { status => 410 } });
    my $w = hook($r->url, ['registered_model.created']);
    ok_call(POST => "$B/registered-models/create", { name => 'gone' });
    once();
    is(ok_call(GET => "$W/$w->{webhook_id}")->{webhook}{status}, 'DISABLED', '410 Gone disables');
    forget($w);
    my $free = 100 - $t->sql('SELECT COUNT(*) FROM webhook_endpoints WHERE hidden = 0');
    my @some = map { hook('https://hooks.example.org/', ['prompt.created']) } 1 .. $free - 1;
    my $v1 = $t->req(POST => '/v1/webhook_endpoints', token => $t->admin, body => { url => 'https://hooks.example.org/', enabled_events => ['*'] });
    is($v1->{status}, 200, 'the last place') or diag $v1->{raw};
    my $full = call(POST => $W, { name => 'x', url => 'https://hooks.example.org/', events => [ event('prompt.created') ] });
    is("$full->{status} $full->{json}{error_code}", '409 RESOURCE_CONFLICT', 'of both dialects together') or diag $full->{raw};
    is(scalar @{ ok_call(GET => "$W?max_results=1000")->{webhooks} }, $free - 1, 'all on a page');
};

is($t->thaw('audit', 'verify')->{exit}, 0, 'audit and events agree');

subtest 'a name server that does not answer' => sub {
    my $slow = Thaw->new(clock => 1, workers => 1, config => { webhook_networks => '127.0.0.2/32', webhook_http => 'on', webhook_retries => '0', webhook_timeout_s => 1 });
    my $made = $slow->req(POST => $W, token => $slow->admin, body => { name => 'w', url => 'http://nowhere.silent/', events => [ event('registered_model.created') ] })->{json}{webhook};
    my $from = time;
    is(json($slow->req(POST => "$W/$made->{webhook_id}/test", token => $slow->admin)->{json}{result}), json({ success => JSON::PP::false, error_message => 'no answer in time' }), 'a test says so');
    cmp_ok(time - $from, '<', 7, 'in time');
    $slow->req(POST => "$B/registered-models/create", token => $slow->admin, body => { name => 'm' });
    $from = time;
    my $r = $slow->thaw('--json', 'deliver');
    is("$r->{exit} $r->{json}{failed}", '0 2', 'two tries have failed') or diag $r->{err};
    cmp_ok(time - $from, '<', 14, 'in time');
    is(join(' ', map { $_->[0] } $slow->sql('SELECT DISTINCT error FROM delivery_attempts')), 'no answer in time', 'and say so');
    $slow->finish;
};

subtest 'how often one can be tried' => sub {
    my $strict = Thaw->new(config => { webhook_networks => '127.0.0.2/32', webhook_http => 'on', rate_limits => 'on' });
    my $r = Thaw::Receiver->new($strict, sub { { status => 200 } });
    my $made = $strict->req(POST => $W, token => $strict->admin, body => { name => 'w', url => $r->url, events => [ event('prompt.created') ] })->{json}{webhook};
    my @tries = map { $strict->req(POST => "$W/$made->{webhook_id}/test", token => $strict->admin) } 1 .. 14;
    my @refused = grep { $_->{status} == 429 } @tries;
    cmp_ok(scalar(grep { $_->{status} == 200 } @tries), '<=', 12, 'six times in a minute of the clock');
    is($refused[-1]{json}{error_code} // '', 'REQUEST_LIMIT_EXCEEDED', 'then it is told to wait');
    like($refused[-1]{headers}{'retry-after'}, qr/^[1-6]?\d$/, 'how long');
    $strict->finish;
};
$t->finish;
