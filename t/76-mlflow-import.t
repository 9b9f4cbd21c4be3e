#!/usr/bin/perl
# `thaw import mlflow` and `thaw export mlflow`: what an MLflow has comes here with its numbers, names and times, again and
# again; from its API, from its tables, and from lines.  The MLflow is one of the test's own, which answers as the real one
# does: pages, omitted members, prompts apart, errors.
use strict;
use warnings;
use FindBin;
use JSON::PP ();
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Foundry ();
use Thaw::Receiver;

my $t = Thaw->new(workers => 1);
my $dir = $t->{dir};
my $json = JSON::PP->new->utf8->canonical->allow_nonref;
$t->org('Other');
$t->user('ada', role => 'member');
$t->user('eve', role => 'reader');
$t->user('otto', role => 'admin', org => 'Other');

# --- an MLflow ---------------------------------------------------------------------------

# What it has stands in a file, which a test changes under it.
my $file = "$dir/mlflow.json";
my $has;
sub put { spew("$file.new", $json->encode($has)); rename "$file.new", $file or die $! }

sub tags { my %h = @_; [ map { { key => $_, value => $h{$_} } } sort keys %h ] }
sub model { my ($name, %o) = @_; return { name => $name, creation_timestamp => 1600000000123, last_updated_timestamp => 1600000009456, %o } }
sub version {
    my ($n, %o) = @_;
    return { version => "$n", creation_timestamp => 1600000000000 + $n, last_updated_timestamp => 1600000005000 + $n, current_stage => 'None', description => '',
        source => "s3://bucket/$n", run_id => "run$n", run_link => '', status => 'READY', user_id => '', %o };
}
my %prompt = ('mlflow.prompt.is_prompt' => 'true');

sub answer {
    my $r = shift;
    my $now = $json->decode(slurp($file));
    my ($path, $query) = split /\?/, $r->{path}, 2;
    my %q = map { my ($k, $v) = split /=/, $_, 2; s/%([0-9A-F]{2})/chr hex $1/ge for $k, $v; ($k => $v) } split /&/, $query // '';
    utf8::decode($_) for values %q;
    my $ok = sub { { status => 200, headers => [ 'Content-Type' => 'application/json' ], body => $json->encode(shift) } };
    my $no = sub { { status => shift, body => $json->encode({ error_code => shift, message => shift }) } };
    return { status => 401, body => 'You are not authenticated.' } if ($now->{auth} // '') ne '' && ($r->{headers}{authorization} // '') ne $now->{auth};
    return $no->(503, 'TEMPORARILY_UNAVAILABLE', 'Wait') if $now->{busy} && $r->{number} % 2;
    return $no->(404, 'ENDPOINT_NOT_FOUND', 'no') if $path !~ s{^/base/api/2\.0/mlflow/}{};
    my $search = sub {
        my ($key, @all) = @_;
        my $from = $q{page_token} // 0;
        my @page = grep { defined } @all[ $from .. $from + 1 ];
        my %out = @page ? ($key => \@page) : ();
        $out{next_page_token} = $now->{odd} || '' . ($now->{stuck} ? 1 : $from + 2) if $from + 2 < @all || $now->{stuck};
        return $ok->(\%out);
    };
    my $is_prompt = sub { scalar grep { $_->{key} eq 'mlflow.prompt.is_prompt' && $_->{value} eq 'true' } @{ $_[0]{tags} // [] } };
    my $asked = ($q{filter} // '') =~ /is_prompt` = 'true'/ ? 1 : 0;
    if ($path eq 'registered-models/search') {
        my @all = grep { $is_prompt->($_) == $asked } @{ $now->{models} };
        return $search->(registered_models => map { my %m = %$_; delete $m{versions}; \%m } @all);
    }
    if ($path eq 'model-versions/search') {
        my (undef, $name) = $q{filter} =~ /^name (?:=|LIKE) (['"])(.*?)\1/ or return $no->(400, 'INVALID_PARAMETER_VALUE', "bad filter $q{filter}");
        return $no->(400, 'INVALID_PARAMETER_VALUE', 'I will not') if $name eq ($now->{sulks} // '');
        my $like = join '', map { $_ eq '_' && $q{filter} =~ /LIKE/ ? '.' : quotemeta } split //, $name;
        my @of = grep { $_->{name} =~ /^$like$/ && $is_prompt->($_) == $asked } @{ $now->{models} };
        return $search->(model_versions => map { my $m = $_; map { { name => $m->{name}, %$_ } } @{ $m->{versions} // [] } } @of);
    }
    return $ok->({ artifact_uri => "s3://real/$q{name}/$q{version}" }) if $path eq 'model-versions/get-download-uri';
    return $no->(404, 'ENDPOINT_NOT_FOUND', 'no');
}

$has = { models => [
    model('fraud', description => 'Finds it', tags => tags(team => 'risk', empty => '', "m\x{fc}ll" => "\x{2603}"), aliases => [ { alias => 'champion', version => '5' }, { alias => 'old', version => '2' } ],
        versions => [ version(2, current_stage => 'Archived', tags => tags(a => 'b')), version(3, description => 'third', run_link => 'https://x/y'), version(5, current_stage => 'Production'),
            version(7, source => 'models:/fraud/5', run_id => 'run5'), version(9, source => 'models:/m-0123', run_id => '') ]),
    model("it's"),
    model(q{all "of" 'it'}, versions => [ version(4) ]),
    model('slash/ed', versions => [ version(1) ]),
    model('z', last_updated_timestamp => 1600000000123, aliases => [ { alias => 'latest', version => '1' } ], versions => [ version(1, status => 'FAILED_REGISTRATION'), version(2, source => '../x') ]),
    model('greet', tags => tags(%prompt, lang => 'de'), versions => [ version(1, source => 'dummy-source', run_id => '', tags => tags(%prompt, 'mlflow.prompt.text' => 'Hi {{x}}' x 5000)) ]),
] };
put();
my $mlflow = Thaw::Receiver->new($t, \&answer, address => '127.0.0.1');
my $url = $mlflow->url('/base/');

# --- what the tests are told in ----------------------------------------------------------

my @as = ('--org', 'Main', '--user', 'ada');
sub import_ { $t->thaw(@_ && ref $_[0] ? shift : (), 'import', 'mlflow', @as, @_) }
sub lines { my $r = shift; my %l = map { /^(\w+ [^:]+): (.*)$/ ? ($1 => $2) : () } split /\n/, $r->{out}; return \%l }
sub get { my ($what, %q) = @_; $t->req(GET => "/api/2.0/mlflow/$what?" . join('&', map { "$_=" . ($q{$_} =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger) } keys %q), token => $t->token('ada')) }
sub version_of { get('model-versions/get', name => $_[0], version => $_[1])->{json}{model_version} }
sub model_of { get('registered-models/get', name => $_[0])->{json}{registered_model} }
sub counted {
    my $id = $t->sql("SELECT LOWER(HEX(id)) FROM models WHERE name = 'fraud' AND status <> 'retired' ORDER BY id LIMIT 1");
    return $t->req(GET => "/api/v2/registeredModels/$id/versions/?limit=1", token => $t->admin)->{json}{totalCount};
}
sub rows { scalar $t->sql("SELECT COUNT(*) FROM $_[0]") }
sub plain { my %h = map { $_->{key} => $_->{value} } @{ $_[0] // [] }; \%h }

# --- from a server -----------------------------------------------------------------------

subtest 'what it takes' => sub {
    for ([ 'nothing to read', 2, qr/one of --from, --db and --file/ ], [ 'two', 2, qr/one of --from/, '--from', $url, '--file', '-' ],
        [ 'nobody there', 1, qr/127\.0\.0\.1:9: .*onnect/, '--from', 'http://127.0.0.1:9' ], [ 'no scheme of the web', 1, qr/ftp/, '--from', 'ftp://127.0.0.1/' ],
        [ 'no such file', 1, qr/No such file/, '--file', '/nowhere' ], [ 'no option file', 1, qr/No such file/, '--db', '/nowhere' ]) {
        my ($name, $exit, $like, @args) = @$_;
        my $r = import_(@args);
        is($r->{exit}, $exit, "$name: exit $exit") or diag $r->{out};
        like($r->{err}, $like, "$name: says so");
    }
    my $r = $t->thaw('import', 'mlflow', '--org', 'Main', '--user', 'eve', '--from', $url);
    is($r->{exit}, 1, 'a user who may not');
    like($r->{err}, qr/model:write/, 'and what it takes');
    like($t->thaw('import', 'mlflow', '--org', 'Other', '--user', 'ada', '--from', $url)->{err}, qr/belongs to another organization/, 'a user of another organization');
    is(rows('models'), 0, 'nothing is made');
};

subtest 'a dry run changes nothing and says what it would do' => sub {
    my $before = rows('attempts');
    my $r = import_('--from', $url, '--dry-run');
    is($r->{exit}, 1, 'exit 1, as some would be refused');
    my $l = lines($r);
    is($l->{'model fraud'}, 'would be created', 'a model');
    is($l->{'version fraud/5'}, 'would be created', 'a version');
    is($l->{'alias fraud@champion'}, 'would be created: version 5', 'an alias');
    like($l->{'model slash/ed'}, qr{refused: .*'/' or ':'}, 'a name that is refused, and why');
    is(rows('models') + rows('model_versions') + rows('model_aliases') + rows('attempts') - $before, 0, 'nothing was written');
};

subtest 'everything comes over' => sub {
    my $r = import_('--from', $url);
    is($r->{exit}, 1, 'exit 1, as some are refused') or diag $r->{err};
    my $l = lines($r);
    is($l->{"model $_"}, 'created', "the model $_") for 'fraud', "it's", 'z', 'greet', q{all "of" 'it'};
    is($l->{q{version all "of" 'it'/4}}, 'created', 'the version of a name with both kinds of quotes');
    is_deeply([ sort grep { /^version fraud/ } keys %$l ], [ map { "version fraud/$_" } 2, 3, 5, 7, 9 ], 'its versions, and those alone');
    like($l->{'model slash/ed'}, qr/refused/, 'a name that is none here');
    ok(!exists $l->{'version slash/ed/1'}, 'whose versions are left out');
    like($l->{'version z/1'}, qr/refused: its status is FAILED_REGISTRATION, not READY/, 'a version that is not ready');
    like($l->{'version z/2'}, qr/refused: Invalid model version source/, 'a source that is refused');
    like($l->{'alias z@latest'}, qr/refused: 'latest' alias name/, 'an alias that is refused');
    like($r->{out}, qr/^models: 5 created, 0 changed, 0 unchanged, 1 refused$/m, 'the sum of models');
    like($r->{out}, qr/^versions: 7 created, 0 changed, 0 unchanged, 2 refused$/m, 'and of versions');

    my $m = model_of('fraud');
    is_deeply([ @$m{qw(description creation_timestamp last_updated_timestamp user_id)} ], [ 'Finds it', 1600000000123, 1600000009456, 'ada' ], 'a model as it was, the user\'s');
    is_deeply(plain($m->{tags}), { team => 'risk', empty => '', "m\x{fc}ll" => "\x{2603}" }, 'its tags');
    is_deeply($m->{aliases}, [ { alias => 'champion', version => '5' }, { alias => 'old', version => '2' } ], 'its aliases');
    for (2, 3, 5, 7, 9) {
        my $v = version_of('fraud', $_);
        is_deeply([ @$v{qw(creation_timestamp last_updated_timestamp version)} ], [ 1600000000000 + $_, 1600000005000 + $_, "$_" ], "version $_ and its times");
    }
    is(version_of('fraud', 2)->{current_stage} . version_of('fraud', 5)->{current_stage}, 'ArchivedProduction', 'their stages');
    is_deeply([ @{ version_of('fraud', 3) }{qw(description run_id run_link source)} ], [ 'third', 'run3', 'https://x/y', 's3://bucket/3' ], 'what is said of one');
    is(get('model-versions/get', name => 'fraud', version => 4)->{status}, 404, 'a number that is missing there is missing here');
    is(get('model-versions/get-download-uri', name => 'fraud', version => 7)->{json}{artifact_uri}, 's3://real/fraud/7', 'the files of a copy are where they were');
    is(get('model-versions/get-download-uri', name => 'fraud', version => 9)->{json}{artifact_uri}, 'models:/m-0123', 'and those of a logged model');
    is(length plain(version_of('greet', 1)->{tags})->{'mlflow.prompt.text'}, 40000, 'a prompt is whole');
    is_deeply([ map { $_->{name} } @{ get('registered-models/search')->{json}{registered_models} } ], [ q{all "of" 'it'}, 'fraud', "it's", 'z' ], 'and is no model');

    my $new = $t->req(POST => '/api/2.0/mlflow/model-versions/create', token => $t->token('ada'), body => { name => 'fraud', source => 's3://x/y' });
    is($new->{json}{model_version}{version}, '10', 'the next one goes on behind the highest number');
    is(counted(), 6, 'and the other dialects count those that there are');
    is($t->thaw('audit', 'verify')->{exit}, 0, 'the audit agrees');
    is(scalar $t->sql("SELECT COUNT(DISTINCT actor_name) FROM audit_events WHERE action LIKE 'model%' AND actor_name <> 'ada'"), 0, 'which names the user');
};

subtest 'a second run makes nothing new' => sub {
    my ($attempts, $audit) = (rows('attempts'), rows('audit_events'));
    my $r = import_('--from', $url);
    like($r->{out}, qr/^models: 0 created, 0 changed, 5 unchanged, 1 refused\nversions: 0 created, 0 changed, 7 unchanged, 2 refused\naliases: 0 created, 0 changed, 2 unchanged, 1 refused$/m, 'as it says');
    is(rows('attempts') - $attempts, 0, 'and writes nothing') or diag $r->{out};
    is(rows('audit_events') - $audit, 0, 'nor does the audit');
};

subtest 'what changed since is changed' => sub {
    my ($fraud) = grep { $_->{name} eq 'fraud' } @{ $has->{models} };
    @$fraud{qw(description tags aliases last_updated_timestamp)} = ('Finds more', tags(team => 'risk2', empty => ''), [ { alias => 'champion', version => '11' } ], 1700000000000);
    my ($v5) = grep { $_->{version} eq '5' } @{ $fraud->{versions} };
    @$v5{qw(current_stage description tags last_updated_timestamp)} = ('Archived', 'was good', tags(n => '1'), 1700000000001);
    push @{ $fraud->{versions} }, version(11, current_stage => 'Production'), version(8);      # 8 was not ready until now
    put();
    my $dry = lines(import_('--from', $url, '--dry-run'));
    my $l = lines(import_('--from', $url));
    is($dry->{$_} =~ s/would be //r, $l->{$_}, "$_: $l->{$_}") for grep { $l->{$_} !~ /^refused/ } sort keys %$l;
    is($l->{'model fraud'}, "changed: description, tag team, no tag m\x{c3}\x{bc}ll", 'the model') or diag $l->{'model fraud'};
    is($l->{'version fraud/5'}, 'changed: description, tag n, stage Archived', 'a version');
    is($l->{'version fraud/11'}, 'created', 'a new one');
    is($l->{'version fraud/8'}, 'created', 'and one of a number that was left out');
    is(counted(), 8, 'all are counted');
    is(get('registered-models/alias', name => 'fraud', alias => 'latest')->{json}{model_version}{version}, '11', 'the highest one is the highest');
    is($l->{'alias fraud@champion'}, 'changed: version 11', 'an alias that moved');
    is($l->{'alias fraud@old'}, 'removed', 'and one that is gone');
    my ($m, $v) = (model_of('fraud'), version_of('fraud', 5));
    is_deeply([ @$m{qw(description last_updated_timestamp)}, plain($m->{tags}), $m->{aliases} ],
        [ 'Finds more', 1700000000000, { team => 'risk2', empty => '' }, [ { alias => 'champion', version => '11' } ] ], 'as the model is there');
    is_deeply([ @$v{qw(current_stage description last_updated_timestamp)}, plain($v->{tags}) ], [ 'Archived', 'was good', 1700000000001, { n => '1' } ], 'and the version');
    is(scalar(grep { !/refused|unchanged/ } split /\n/, import_('--from', $url)->{out}), 0, 'then all is as it is there');
};

subtest 'what is not the same is not touched' => sub {
    my ($fraud) = grep { $_->{name} eq 'fraud' } @{ $has->{models} };
    push @{ $fraud->{versions} }, version(10);                # here another one was made as version 10
    $t->req(DELETE => '/api/2.0/mlflow/model-versions/delete', token => $t->admin, body => { name => 'fraud', version => '3' });
    $t->req(POST => '/api/2.0/mlflow/registered-models/create', token => $t->admin, body => { name => 'taken' });
    my $id = $t->req(POST => '/api/v1/models', token => $t->admin, body => { name => 'shelved', model_type => 'auto', task_type => 'classification' })->{json}{id};
    is($t->req(POST => "/api/v1/models/$id/archive", token => $t->admin)->{status}, 200, 'a model here is archived');
    push @{ $has->{models} }, model('shelved'), model('taken', tags => tags(%prompt));
    put();
    my $l = lines(import_('--from', $url));
    like($l->{'version fraud/10'}, qr/refused: Another version already has this number here: its source is s3:\/\/x\/y/, 'another version of the number');
    like($l->{'version fraud/3'}, qr/refused: it was deleted here/, 'one that was deleted here');
    like($l->{'model shelved'}, qr/refused: one with this name exists and is archived/, 'a model that is archived here');
    like($l->{'model taken'}, qr/refused: A model with this name already exists, and this is a prompt/, 'a prompt of the name of a model');
    @{ $has->{models} } = grep { $_->{name} !~ /^(?:shelved|taken)$/ } @{ $has->{models} };
    @{ $fraud->{versions} } = grep { $_->{version} !~ /^(?:3|10)$/ } @{ $fraud->{versions} };
    put();
};

subtest 'a server in trouble' => sub {
    $has->{busy} = 1; put();
    my $r = import_('--from', $url, '--dry-run');
    like($r->{out}, qr/^models: .* 5 unchanged/m, 'what passes is tried again');
    delete $has->{busy}; $has->{sulks} = 'fraud'; put();
    $r = import_('--from', $url);
    like($r->{out}, qr/model fraud: refused: its versions cannot be read: the server answered 400: I will not/, 'a refusal is told');
    like($r->{out}, qr/^model z: unchanged$/m, 'and the others go on');
    delete $has->{sulks}; $has->{stuck} = 1; put();
    $r = import_('--from', $url);
    is($r->{exit}, 1, 'pages without an end');
    like($r->{err}, qr/returning the same page/, 'end');
    delete $has->{stuck}; $has->{odd} = [7]; put();
    like(import_('--from', $url)->{err}, qr/not in the form that MLflow uses/, 'a page token that is none');
    delete $has->{odd}; $has->{auth} = 'Basic YWRhOnM6M2NyZXQ='; put();
    like(import_('--from', $url)->{err}, qr/the server answered 401/, 'no credentials');
    { local @ENV{qw(MLFLOW_TRACKING_USERNAME MLFLOW_TRACKING_PASSWORD MLFLOW_TRACKING_TOKEN)} = ('ada', 's:3cret', 'no');
      like(import_({ env => { map { $_ => $ENV{$_} } grep { /^MLFLOW_/ } keys %ENV } }, '--from', $url, '--dry-run')->{out}, qr/^models: .* 5 unchanged/m, 'Basic, which wins over a token'); }
    $has->{auth} = 'Bearer t0k'; put();
    like(import_({ env => { MLFLOW_TRACKING_TOKEN => 't0k' } }, '--from', $url, '--dry-run')->{out}, qr/^models: .* 5 unchanged/m, 'Bearer');
    delete $has->{auth}; put();
};

subtest 'stopped' => sub {
    my $silent = Thaw::Receiver->new($t, sub { { hang => 1 } }, address => '127.0.0.1');
    my $import = Thaw::Guard->start({ env => { THAW_CONFIG => "$dir/thaw.conf" } }, "$dir/import.log", "$Thaw::BUILD/thaw", 'import', 'mlflow', @as, '--from', $silent->url);
    within(8, sub { scalar(my @came = $silent->requests) }, 'given a server that does not answer');
    my $from = time;
    $import->kill('INT');
    is($import->wait(20) // 'not at all', 1 << 8, 'SIGINT ends it');
    cmp_ok(time - $from, '<', 15, 'at once');
    like(slurp("$dir/import.log"), qr/^thaw: stopped; run the same command again to continue$/m, 'and it says how to go on');
};

subtest 'as JSON' => sub {
    my $r = $t->thaw('--json', 'import', 'mlflow', @as, '--from', $url);
    is($r->{json}{models}{unchanged}, 5, 'one value, with the sums') or diag $r->{out}, $r->{err};
    ok((grep { $_->{item} eq 'model' && $_->{name} eq 'slash/ed' && $_->{reason} =~ /Names cannot/ } @{ $r->{json}{failed} }), 'and what was refused');
};

# --- lines -------------------------------------------------------------------------------

sub exported { my $r = $t->thaw('export', 'mlflow', '--org', shift); is($r->{exit}, 0, 'exported') or diag $r->{err}; $r->{out} }

subtest 'an export comes over into another organization, and is the same there' => sub {
    my $out = exported('Main');
    my @lines = split /\n/, $out;
    my ($fraud) = grep { $_->{name} eq 'fraud' } map { $json->decode($_) } @lines;
    is_deeply([ map { $_->{version} } @{ $fraud->{versions} } ], [ 2, 5, 7, 8, 9, 10, 11 ], 'a line for each model with its versions');
    is(scalar(grep { /shelved/ } @lines), 0, 'what is archived is not told');
    spew("$dir/lines", $out);
    my @there = ('--org', 'Other', '--user', 'otto');
    my $r = $t->thaw('import', 'mlflow', @there, '--file', "$dir/lines");
    is($r->{exit}, 0, 'imported') or diag $r->{out}, $r->{err};
    is(exported('Other'), $out, 'the same lines') ;
    $r = $t->thaw({ stdin => $out }, 'import', 'mlflow', @there, '--file', '-');
    is($r->{exit}, 0, 'again, from standard input');
    is(scalar(grep { !/unchanged|0 created, 0 changed/ } split /\n/, $r->{out}), 0, 'where all is as it is there');
    is($t->thaw('audit', 'verify')->{exit}, 0, 'the audit agrees');
};

subtest 'what MLflow has nothing like is left out, and said' => sub {
    $t->req(POST => '/api/v1/models', token => $t->admin, body => { name => 'x/y', model_type => 'auto', task_type => 'regression' })->{status} == 201 or die;
    Foundry::upload($t, Foundry::foundry_model($t, name => 'mixed'))->{status} == 200 or die;
    $t->req(POST => '/api/2.0/mlflow/model-versions/create', token => $t->admin, body => { name => 'mixed', source => 's3://b/c' })->{status} == 200 or die;
    $t->req(POST => '/api/2.0/mlflow/registered-models/alias', token => $t->admin, body => { name => 'mixed', alias => "to$_", version => $_ })->{status} == 200 or die for 1, 2;
    my $r = $t->thaw('export', 'mlflow', '--org', 'Main');
    like($r->{err}, qr{^thaw: left out: model x/y, with its versions: Invalid model name 'x/y'\. Names cannot contain '/' or ':'\.$}m, 'a name');
    like($r->{err}, qr{^thaw: left out: version mixed/1: it has no source}m, 'a version of no source');
    my ($mixed) = grep { $_->{name} eq 'mixed' } map { $json->decode($_) } split /\n/, $r->{out};
    is(join(' ', (map { $_->{version} } @{ $mixed->{versions} }), map { "$_->{alias}:$_->{version}" } @{ $mixed->{aliases} }), '2 to2:2', 'with its alias');
    my $in = $t->thaw({ stdin => $r->{out} }, 'import', 'mlflow', '--org', 'Other', '--user', 'otto', '--file', '-');
    is($in->{exit}, 0, 'and all the rest is taken') or diag $in->{out};
};

subtest 'lines that are none' => sub {
    my $r = import_({ stdin => qq({"name":"good"}\n\nnot json\n[]\n{"name":7}\n{"versions":[]}\n{"name":"t","creation_timestamp":-1}\n{"name":"badtag","tags":[{"key":"k","value":1}]}\n{"name":"good2","tags":null,"versions":[{"version":"x","source":"s"},{"version":"3000000000","source":"s"},7]}) }, '--file', '-');
    is($r->{exit}, 1, 'exit 1');
    my $l = lines($r);
    is("$l->{'model good'} $l->{'model good2'}", 'created created', 'the good ones are made') or diag $r->{out};
    like($l->{"model on line $_"}, qr/refused: it is not a JSON object/, "line $_") for 3, 4;
    is(scalar(my @refused = $r->{out} =~ /^version good2\/\S+: refused/mg), 3, 'versions without a number');
    like($r->{out}, qr/^models: 2 created, 0 changed, 0 unchanged, 6 refused$/m, 'each is counted');
    $r = import_({ stdin => qq({"name":"good","tags":[{"key":"a//b","value":""}]}\n{"name":"good2","tags":[{"key":"n","value":7}]}\n) }, '--file', '-');
    like($r->{out}, qr/^model good: refused: Invalid value .*\nmodel good2: refused: tags must be/m, 'tags that are none, of what is here');
    $r = import_({ stdin => qq({"name":"good3","versions":{}}\n{"name":"good4","versions":[{"version":"2147483647","source":"s3://x"}]}\n) }, '--file', '-');
    like($r->{out}, qr/^model on line 1: refused: its versions are not an array$/m, 'versions that are none');
    like($r->{out}, qr/^version good4\/2147483647: refused: .*from 1 to 1000000000/m, 'a number with none behind it');
};

# --- its tables --------------------------------------------------------------------------

subtest 'from the tables of its backend' => sub {
    my $at = 'creation_time BIGINT, last_updated_time BIGINT, description VARCHAR(5000)';
    $t->sql($_) for 'CREATE DATABASE mlflow', "CREATE TABLE mlflow.registered_models (name VARCHAR(256) NOT NULL PRIMARY KEY, $at)",
        'CREATE TABLE mlflow.registered_model_tags (`key` VARCHAR(250), value VARCHAR(5000), name VARCHAR(256), PRIMARY KEY (`key`, name))',
        'CREATE TABLE mlflow.registered_model_aliases (alias VARCHAR(256), version INT NOT NULL, name VARCHAR(256), PRIMARY KEY (name, alias))',
        "CREATE TABLE mlflow.model_versions (name VARCHAR(256), version INT, $at, user_id VARCHAR(256), current_stage VARCHAR(20), source VARCHAR(500), run_id VARCHAR(32), status VARCHAR(20), status_message VARCHAR(500), run_link VARCHAR(500), storage_location VARCHAR(500), PRIMARY KEY (name, version))",
        'CREATE TABLE mlflow.model_version_tags (`key` VARCHAR(250), value TEXT, name VARCHAR(256), version INT, PRIMARY KEY (`key`, name, version))',
        "INSERT INTO mlflow.registered_models VALUES ('tab', 1500000000001, 1500000000002, 'd'), ('tab2', 1500000000001, NULL, NULL)",
        "INSERT INTO mlflow.registered_model_tags VALUES ('k', 'v', 'tab')", "INSERT INTO mlflow.registered_model_aliases VALUES ('champ', 4, 'tab')",
        "INSERT INTO mlflow.model_versions VALUES ('tab', 1, 1, 2, NULL, NULL, 'Deleted_Internal', 'REDACTED', 'REDACTED', 'READY', NULL, 'REDACTED', NULL), "
            . "('tab', 2, 1500000000003, 1500000000004, 'x', NULL, 'Staging', 's3://a', 'r', 'READY', NULL, NULL, 's3://a'), "
            . "('tab', 4, 1500000000003, 1500000000004, NULL, NULL, 'None', 'models:/tab/2', NULL, 'READY', NULL, NULL, 's3://a')",
        "INSERT INTO mlflow.model_version_tags VALUES ('vk', 'vv', 'tab', 2)", "INSERT INTO mlflow.model_versions SELECT 'tab2', seq, seq, seq, NULL, NULL, 'None', CONCAT('s3://', seq), NULL, 'READY', NULL, NULL, NULL FROM seq_1_to_205";
    spew("$dir/mlflow.cnf", "[client]\nsocket=$dir/db.sock\nuser=root\ndatabase=mlflow\n", 0600);
    my $r = import_('--db', "$dir/mlflow.cnf");
    is($r->{exit}, 0, 'imported') or diag $r->{out}, $r->{err};
    my $m = model_of('tab');
    is_deeply([ @$m{qw(description creation_timestamp last_updated_timestamp)}, $m->{aliases}, plain($m->{tags}) ],
        [ 'd', 1500000000001, 1500000000002, [ { alias => 'champ', version => '4' } ], { k => 'v' } ], 'the model');
    my $v = version_of('tab', 2);
    is_deeply([ @$v{qw(description current_stage source run_id last_updated_timestamp)}, plain($v->{tags}) ], [ 'x', 'Staging', 's3://a', 'r', 1500000000004, { vk => 'vv' } ], 'a version');
    is(get('model-versions/get', name => 'tab', version => 1)->{status}, 404, 'one that was deleted there is not here');
    is(get('model-versions/get-download-uri', name => 'tab', version => 4)->{json}{artifact_uri}, 's3://a', 'where the files of a copy are');
    like($r->{out}, qr/^versions: 207 created/m, 'page by page');
    is(version_of('tab2', 205)->{source}, 's3://205', 'to the last one');
    is(import_('--db', "$dir/mlflow.cnf")->{out} =~ /^(models: .*\nversions: .*)$/m && $1, "models: 0 created, 0 changed, 2 unchanged, 0 refused\nversions: 0 created, 0 changed, 207 unchanged, 0 refused", 'again');
    $t->sql("ALTER TABLE mlflow.$_ ADD COLUMN workspace VARCHAR(63) NOT NULL DEFAULT 'default'") for qw(registered_models registered_model_tags registered_model_aliases model_versions model_version_tags);
    $t->sql("INSERT INTO mlflow.registered_models VALUES ('elsewhere', 1, 1, NULL, 'team')");
    $r = import_('--db', "$dir/mlflow.cnf");
    is($r->{exit}, 0, 'of an MLflow with workspaces') or diag $r->{out}, $r->{err};
    like($r->{out}, qr/^models: 0 created, 0 changed, 2 unchanged/m, 'the default one');
};

$t->finish;
