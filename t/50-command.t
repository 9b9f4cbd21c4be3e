#!/usr/bin/perl
# The administrator's command: organizations, users, roles, tokens, signing keys
# and the audit, seen from outside and through the service that they govern.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;

my $t = Thaw->new(workers => 1);
my $models = '/api/v1/models';

sub thaw { $t->thaw(@_) }
sub ok_json { my ($name, @args) = @_; my $r = thaw('--json', @args); is($r->{exit}, 0, $name) or diag $r->{err}; $r->{json} }
sub fails {
    my ($name, $exit, $like, @args) = @_;
    my $r = thaw(@args);
    is($r->{exit}, $exit, "$name: exit $exit") or diag $r->{out}, $r->{err};
    like($r->{err}, $like, "$name: says what is wrong");
    is($r->{out}, '', "$name: nothing on standard output");
}
sub model { return { name => shift, model_type => 'auto', task_type => 'classification' } }
sub status { my ($token, $path) = @_; $t->req(GET => $path // $models, token => $token)->{status} }

subtest 'organizations' => sub {
    is_deeply([ map { $_->{username} } @{ ok_json('the only one need not be named', 'user', 'list') } ], ['admin'], 'it is meant');
    my $r = thaw('org', 'create', 'Acme & Söhne');
    is($r->{exit}, 0, 'an organization is made');
    like($r->{out}, qr/\Aorg-[0-9a-f]{24}\n\z/, 'its id alone is printed');
    chomp(my $id = $r->{out});
    my ($row) = grep { $_->{id} eq $id } @{ ok_json('listed', 'org', 'list') };
    is($row->{name}, "Acme & S\x{f6}hne", 'with its name');
    like($row->{created_at}, qr/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\z/, 'and its time');
    is_deeply([ map { $_->{name} } @{ ok_json('its roles, by id', 'role', 'list', '--org', $id) } ],
        [qw(admin member reader)], 'it has the three roles');
    fails('the same name again', 1, qr/an organization named .* already exists/, 'org', 'create', 'Acme & Söhne');
    is(scalar $t->sql("SELECT COUNT(*) FROM roles WHERE organization_id = UNHEX('" . substr($id, 4) . "')"), 3,
        'and nothing of it is left');
    fails('a name that looks like an id', 1, qr/must not look like an id/, 'org', 'create', $id);
    fails('an empty name', 1, qr/1 to 255 characters/, 'org', 'create', '');
    fails('a name with a newline', 1, qr/control characters/, 'org', 'create', "a\nb");
    fails('a name of bytes that are no text', 1, qr/1 to 255 characters/, 'org', 'create', "a\xff");
    fails('an unknown organization', 1, qr/unknown organization `Nowhere`/, 'user', 'list', '--org', 'Nowhere');
};

subtest 'which organization' => sub {
    my $one = thaw('user', 'list');
    is($one->{exit}, 1, 'of several, without --org');
    like($one->{err}, qr/more than one organization \(Main, Acme .*\); choose one with --org or THAW_ORG/, 'names them');
    local $ENV{THAW_ORG} = 'Main';
    is_deeply([ map { $_->{username} } @{ ok_json('THAW_ORG', 'user', 'list') } ], ['admin'], 'names one');
    is_deeply(ok_json('--org', 'user', 'list', '--org', 'Acme & Söhne'), [], 'and --org another');
    local $ENV{THAW_ORG} = 'Nowhere';
    fails('THAW_ORG of nothing', 1, qr/unknown organization `Nowhere`/, 'user', 'list');
};

subtest 'a user is made, changed, disabled' => sub {
    my @who = ('--org', 'Main', '--username', 'ada', '--email', 'ada@main.example');
    my $made = ok_json('made', 'user', 'create', @who, '--role', 'reader');
    like($made->{id}, qr/\Ausr-[0-9a-f]{24}\z/, 'an id');
    is(length $made->{password}, 20, 'and a password is made and shown once');
    my $login = sub { $t->req(POST => '/api/auth/login', body => { username => 'ada', password => shift }) };
    my $session = $login->($made->{password});
    is($session->{status}, 200, 'which signs in');

    is(status($session->{json}{access_token}), 200, 'given a session that works');
    is(thaw({ stdin => "a better secret\n" }, 'user', 'password', 'ada', '--password-stdin')->{exit}, 0, 'when the password is changed');
    is($t->req(POST => '/api/auth/refresh', body => { refresh_token => $session->{json}{refresh_token} })->{status}, 401,
        'then its refresh token is worth nothing');
    is($login->($made->{password})->{status}, 401, 'nor is the old password');
    is($login->('a better secret')->{status}, 200, 'the new one signs in');

    my $token = ok_json('a token', 'token', '--user', 'ada')->{access_token};
    is($t->req(POST => $models, token => $token, body => model('x'))->{status}, 403, 'a reader may not write');
    is(thaw('user', 'role', 'ada', 'member')->{exit}, 0, 'given another role');
    is($t->req(POST => $models, token => $token, body => model('x'))->{status}, 201, 'the same token may at once');

    is(thaw('user', 'disable', 'ada')->{exit}, 0, 'disabled');
    is(status($token), 401, 'her token is refused');
    is($login->('a better secret')->{status}, 401, 'and her password');
    fails('a token for a disabled user', 1, qr/disabled/, 'token', '--user', 'ada');
    fails('disabled twice', 1, qr/is already disabled/, 'user', 'disable', 'ada');
    is(thaw('user', 'enable', 'ada')->{exit}, 0, 'enabled');
    fails('enabled twice', 1, qr/is already enabled/, 'user', 'enable', 'ada');
    is($login->('a better secret')->{status}, 200, 'she signs in again');

    my ($row) = grep { $_->{username} eq 'ada' } @{ ok_json('listed', 'user', 'list', '--org', 'Main') };
    is_deeply([ @$row{qw(id email role status)} ], [ $made->{id}, 'ada@main.example', 'member', 'active' ], 'as she is now');
    is_deeply([ map { $_->{action} } @{ ok_json('audit', 'audit', 'list', '--org', 'Main', '--resource', $made->{id}) } ],
        [qw(user.enabled user.disabled user.role_changed user.password_changed user.created)], 'and the audit has every change');

    fails('the same name', 1, qr/user named `ada` already/, 'user', 'create', '--org', 'Main', '--username', 'ada', '--email',
        'ada2@main.example', '--role', 'reader');
    fails('the same address', 1, qr/email address .* already/, 'user', 'create', '--org', 'Main', '--username', 'ada2',
        '--email', 'ada@main.example', '--role', 'reader');
    fails('an unknown role', 1, qr/unknown role `king`.*admin, member, reader/, 'user', 'role', 'ada', 'king');
    fails('an unknown user', 1, qr/unknown user `bob`/, 'user', 'disable', 'bob');
};

subtest 'what a user may not be' => sub {
    my @rest = ('--role', 'reader', '--org', 'Main', '--password-stdin');
    my $try = sub {
        my ($name, $like, $user, $email, $password) = @_;
        my $r = thaw({ stdin => $password // "long enough\n" }, 'user', 'create', '--username', $user, '--email', $email, @rest);
        is($r->{exit}, 1, $name);
        like($r->{err}, $like, "$name: said");
    };
    $try->('a name with a blank', qr/user name/, 'a b', 'x@y.z');
    $try->('an empty name', qr/user name/, '', 'x@y.z');
    $try->('a name of 129 characters', qr/1 to 128/, 'x' x 129, 'x@y.z');
    $try->('an address without @', qr/not an email/, 'eve', 'y.z');
    $try->('an address of 255 characters', qr/1 to 254/, 'eve', 'x@' . 'y' x 253);
    $try->('seven characters of password', qr/at least 8/, 'eve', 'x@y.z', "1234567\n");
    $try->('a password of 300 bytes', qr/at most 256/, 'eve', 'x@y.z', 'x' x 300);
    $try->('a password that is not text', qr/UTF-8/, 'eve', 'x@y.z', "\xff\xfe123456789\n");
    $try->('no password', qr/standard input is empty/, 'eve', 'x@y.z', '');
    is(scalar $t->sql("SELECT COUNT(*) FROM principals WHERE username = 'eve'"), 0, 'and nothing was made');
};

subtest 'roles' => sub {
    is(thaw('role', 'set', '--org', 'Main', 'ops', '--permissions', " model:read\tmodel:write model:read", '--rate', '7')->{exit},
        0, 'a role is made');
    my ($row) = grep { $_->{name} eq 'ops' } @{ ok_json('listed', 'role', 'list', '--org', 'Main') };
    is_deeply([ @$row{qw(permissions rate)} ], [ 'model:read model:write', 7 ], 'each word once');
    $t->user('oscar', role => 'ops');
    my $token = $t->token('oscar');
    is(status($token), 200, 'its user reads');
    is(thaw('role', 'set', '--org', 'Main', 'ops', '--permissions', 'project:read', '--rate', '7')->{exit}, 0, 'changed');
    is(status($token), 403, 'then no more');
    fails('an unknown permission', 2, qr/unknown permission `root`.*model:read/, 'role', 'set', '--org', 'Main', 'ops',
        '--permissions', 'model:read root', '--rate', '7');
    fails('no permission', 2, qr/empty/, 'role', 'set', '--org', 'Main', 'ops', '--permissions', ' ', '--rate', '7');
    fails('no rate', 2, qr/whole number/, 'role', 'set', '--org', 'Main', 'ops', '--permissions', 'model:read', '--rate', '0');
    fails('a name with a blank', 2, qr/role's name/, 'role', 'set', '--org', 'Main', 'o ps', '--permissions', 'model:read', '--rate', '7');
};

subtest 'tokens' => sub {
    my $narrow = ok_json('narrowed', 'token', '--user', 'admin', '--scope', 'model:read', '--ttl', '60');
    is($narrow->{expires_in}, 60, 'as long as asked');
    is(status($narrow->{access_token}), 200, 'it reads');
    is($t->req(POST => $models, token => $narrow->{access_token}, body => model('y'))->{status}, 403, 'and does not write');
    like(thaw('token', '--user', 'admin')->{out}, qr/\A[\w-]+\.[\w-]+\.[\w-]+\n\z/, 'the token alone is printed');
    fails('no time', 2, qr/--ttl/, 'token', '--user', 'admin', '--ttl', '0');
    fails('an unknown scope', 2, qr/unknown scope `all`/, 'token', '--user', 'admin', '--scope', 'model:read all');
    fails('an unknown user', 1, qr/unknown user/, 'token', '--user', 'nobody');
};

subtest 'signing keys' => sub {
    my $first = ok_json('one key', 'signing-key', 'list');
    is_deeply([ map { [ $_->{alg}, $_->{active} ? 1 : 0 ] } @$first ], [ [ 'ES256', 1 ] ], 'of init, and it signs');
    my $old = $t->token('admin');
    my $kept = ok_json('another', 'signing-key', 'create', '--alg', 'RS256');
    ok(!$kept->{active}, 'does not sign yet');
    for my $alg (qw(RS256 HS256 ES256)) {
        my $new = ok_json("rotated to $alg", 'signing-key', 'rotate', '--alg', $alg);
        is($new->{alg}, $alg, 'of that kind');
        is(status($t->token('admin')), 200, "tokens by $alg are accepted at once");
    }
    is(status($old), 200, 'older ones still are');
    my $list = ok_json('listed', 'signing-key', 'list');
    is(scalar(grep { $_->{active} } @$list), 1, 'one key signs');
    is(scalar(@$list), 5, 'of five');
    is_deeply([ grep { (stat)[2] & 077 } glob "$t->{dir}/keys/*" ], [], 'none can be read by others');
    fails('an unknown kind', 2, qr/ES256, RS256 or HS256/, 'signing-key', 'create', '--alg', 'none');

    unlink "$t->{dir}/keys/$first->[0]{kid}.ES256.pem" or die $!;
    Thaw::within(5, sub { status($old) == 401 }, 'a removed key is forgotten');
    pass('the tokens of a removed key end');
};

subtest 'audit' => sub {
    my $model = $t->req(POST => $models, token => $t->admin, body => model('audited'))->{json};
    my $id = $model->{id};
    my $rows = ok_json('of an object', 'audit', 'list', '--org', 'Main', '--resource', $id);
    is(scalar @$rows, 1, 'one row');
    is_deeply([ @{ $rows->[0] }{qw(actor action resource revision from to)} ],
        [ 'admin', 'model.created', $id, 1, undef, 'draft' ], 'which tells what happened');
    is($rows->[0]{user_agent}, '', 'and from where');
    is_deeply(ok_json('by its RID', 'audit', 'list', '--org', 'Main', '--resource', $model->{rid}), $rows, 'the same');
    is(scalar @{ ok_json('limited', 'audit', 'list', '--org', 'Main', '--limit', '2') }, 2, 'as many as asked');
    my ($made) = grep { $_->{action} eq 'organization.created' } @{ ok_json('all', 'audit', 'list', '--org', 'Main') };
    like($made->{actor}, qr/\Athaw: \S+\z/, 'what the command did names who typed');
    fails('something that is no id', 1, qr/is not an id/, 'audit', 'list', '--org', 'Main', '--resource', 'mdl-1');
    is_deeply(ok_json('of another organization', 'audit', 'list', '--org', "Acme & Söhne", '--resource', $id), [], 'none');

    # given a project, and a version of a model
    my $project = $t->req(POST => '/api/v1/projects', token => $t->admin, body => { name => 'site', url => 'audited.talkide.app' })->{json}{data}{id};
    my $job = $t->req(POST => "$models/$id/train", token => $t->admin, body => {})->{json}{job_id};
    $t->req(POST => "$models/$id/train/$job/complete", token => $t->admin, body => { metrics => { a => 1 } })->{status} == 200 or die;
    my %by = map { $_->{action} => $_->{resource} } reverse @{ ok_json('all', 'audit', 'list', '--org', 'Main') };
    is_deeply([ @by{qw(project.created model_version.created training_run.created)} ], [ "project/$project", "$id/ver-001", "$id/$job" ], 'each as its API names it');
    for my $name ("project/$project", "$id/ver-001", "$id/$job") {
        my @got = @{ ok_json($name, 'audit', 'list', '--org', 'Main', '--resource', $name) };
        is(join(' ', map { $_->{resource} } @got), join(' ', ($name) x @got), 'is found by that');
        cmp_ok(scalar @got, '>', 0, 'as it was made');
    }
    fails('a version that is not there', 1, qr/no object `\Q$id\E\/ver-009`/, 'audit', 'list', '--org', 'Main', '--resource', "$id/ver-009");
    my $of = sub { my %seen; join ' ', sort grep { !$seen{$_}++ } map { $_->{action} } @{ ok_json("@_", 'audit', 'list', '--org', 'Main', @_) } };
    is($of->('--action', 'project.created'), 'project.created', 'by action');
    is($of->('--action', 'model.*'), 'model.created model.training_completed model.training_started', 'by a group of them');
    is($of->('--action', 'model_*'), 'model_version.created', 'whose underscore is one');
    is(scalar(grep { $_->{actor} ne 'admin' } @{ ok_json('by actor', 'audit', 'list', '--org', 'Main', '--actor', 'admin') }), 0, 'by actor');
    fails('of nobody', 1, qr/has no user `nobody`, and nothing was done under this name; run `thaw user list`/, 'audit', 'list', '--org', 'Main', '--actor', 'nobody');
    fails('of another organization\'s user', 1, qr/has no user `other`/, 'audit', 'list', '--org', 'Main', '--actor', ($t->other, 'other')[1]);
    my ($name) = map { $_->{actor} } grep { $_->{action} eq 'organization.created' } @{ ok_json('whoever ran the command', 'audit', 'list', '--org', 'Main') };
    like($of->('--actor', $name), qr/organization\.created/, 'is no user, and has done something');
    my ($at) = map { $_->{at} } grep { $_->{action} eq 'project.created' } @{ ok_json('its time', 'audit', 'list', '--org', 'Main') };
    unlike($of->('--until', $at), qr/project/, 'until');
    like($of->('--since', $at), qr/project/, 'since');
    is($of->('--since', '0s'), '', 'since now');
    like($of->('--since', '1h'), qr/project/, 'for an hour');
    fails('no time', 2, qr/--since takes a time/, 'audit', 'list', '--org', 'Main', '--since', 'yesterday');
    my $now = Time::HiRes::time();
    my $since = POSIX::strftime('%Y-%m-%dT%H:%M:%S', gmtime $now) . sprintf '.%03dZ', 1000 * ($now - int $now);
    my $follow = Thaw::Guard->start({ env => { THAW_CONFIG => "$t->{dir}/thaw.conf" } }, "$t->{dir}/follow", "$Thaw::BUILD/thaw", '--json', 'audit', 'list', '--org', 'Main', '--follow', '--since', $since);
    my @made = map { my $n = $_; $t->req(POST => $models, token => $t->admin, body => model("followed $n"))->{json}{id} } 1 .. 3;
    Thaw::within(10, sub { 3 == grep { /\n/ } slurp("$t->{dir}/follow") =~ /.*model.created.*\n/g }, 'what is done meanwhile');
    is(join(' ', slurp("$t->{dir}/follow") =~ /"resource":"(mdl-[0-9a-f]+)"/g), "@made", 'is followed, once each, in order');
    $follow->kill('INT');
    is($follow->wait(5), 0, 'until it is interrupted');

    $t->org('Escape');
    $t->sql("UPDATE organizations SET name = CONCAT('a', CHAR(27), '[2J', UNHEX('C29B'), 'b') WHERE name = 'Escape'");
    my $out = thaw('org', 'list')->{out};
    like($out, qr/a \[2J\?\?b/, 'nothing that steers a terminal is printed');
    unlike($out, qr/\x1b|\xc2\x9b/, 'of either kind');

    $t->sql("UPDATE organizations SET name = CONCAT('a', CHAR(27), UNHEX('C29B'), UNHEX('7F'), UNHEX('E280AE'), UNHEX('E281A6'), UNHEX('E2808F'), UNHEX('D89C'), UNHEX('E280A8'), 'b') WHERE LOCATE('[2J', name)");
    my $steers = qr/\x1b|\x7f|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]|\xd8\x9c/;
    unlike(thaw(@$_)->{out}, $steers, "nor in what turns the direction: @$_") for [ 'org', 'list' ], [ '--json', 'org', 'list' ];
    like(thaw('--json', 'org', 'list')->{out}, qr/"a\\u001b\\u009b\\u007f\\u202e\\u2066\\u200f\\u061c\\u2028b"/, 'JSON escapes it');
    ok((grep { $_->{name} eq "a\x{1b}\x{9b}\x{7f}\x{202e}\x{2066}\x{200f}\x{61c}\x{2028}b" } @{ thaw('--json', 'org', 'list')->{json} }), 'and says the same');
    my $said = thaw('user', 'list', '--org', "x\xe2\x80\xaey\x1bz")->{err};
    unlike($said, $steers, 'nor in messages');
    like($said, qr/`x\?\?\?y z`/, 'which are otherwise whole');
    unlike(thaw('user', 'list', '--org', "x\xff\xf0")->{err}, qr/[\x80-\xff]/, 'whatever was typed');

    my $v = ok_json('verified', 'audit', 'verify');
    ok($v->{reconciled}, 'all is well');
    my %n = map { $_->{resource} => $_ } @{ $v->{verified} };
    is($n{user}{audit_rows}, scalar $t->sql("SELECT SUM(revision) FROM principals"), 'so many rows as revisions');
    like(thaw('audit', 'verify')->{out}, qr/^user\s+\d+\s+\d+$/m, 'and says what was looked at');
};

subtest 'sessions' => sub {
    $t->user('sid', role => 'member');
    my $in = sub { $t->req(POST => '/api/auth/login', body => { username => 'sid', password => $t->password('sid') })->{json} };
    my ($one, $two) = ($in->(), $in->());
    my $list = ok_json('listed', 'session', 'list', '--org', 'Main', '--user', 'sid');
    is_deeply([ map { "$_->{user} " . ($_->{application} // '-') } @$list ], [ ('sid -') x 2 ], 'with the name of the user');
    my ($id) = $list->[-1]{id};                  # the first: it was used before the other
    is(ok_json('revoked', 'session', 'revoke', '--org', 'Main', $id)->{id}, $id, 'by its id');
    is(status($one->{access_token}), 401, 'its access token is refused');
    is($t->req(POST => '/api/auth/refresh', body => { refresh_token => $one->{refresh_token} })->{status}, 401, 'and its refresh token');
    is(status($two->{access_token}), 200, 'the other goes on');
    is(scalar @{ ok_json('then', 'session', 'list', '--org', 'Main', '--user', 'sid') }, 1, 'it is not listed any more');
    my ($row) = @{ ok_json('audit', 'audit', 'list', '--org', 'Main', '--action', 'user.session_revoked') };
    is($row->{details}{session}, $id, 'and audited');
    fails('again', 1, qr/no session/, 'session', 'revoke', '--org', 'Main', $id);
    fails('no id', 1, qr/is not a session id/, 'session', 'revoke', '--org', 'Main', 'x');
    fails("another organization's", 1, qr/no session/, 'session', 'revoke', '--org', "Acme & Söhne", $list->[0]{id});
};

subtest 'a user has another name' => sub {
    my $token = $t->token('sid');
    is(thaw('user', 'rename', 'sid', 'sidney')->{exit}, 0, 'renamed');
    is(status($token), 401, 'the tokens that have the old name end');
    is($t->req(POST => '/api/auth/login', body => { username => 'sid', password => $t->password('sid') })->{status}, 401, 'which is nobody');
    is($t->req(POST => '/api/auth/login', body => { username => 'sidney', password => $t->password('sid') })->{status}, 200, 'the new one signs in');
    is_deeply(ok_json('audit', 'audit', 'list', '--org', 'Main', '--action', 'user.renamed')->[0]{details}, { was => 'sid', username => 'sidney' }, 'the audit has both');
    fails('a name that is taken', 1, qr/a user named `admin` already exists/, 'user', 'rename', 'sidney', 'admin');
    fails('a name with a blank', 1, qr/a user name must have/, 'user', 'rename', 'sidney', 'a b');
};

subtest 'a run whose trainer died' => sub {
    my $id = $t->req(POST => $models, token => $t->admin, body => model('abandoned'))->{json}{id};
    my $job = $t->req(POST => "$models/$id/train", token => $t->admin, body => {})->{json}{job_id};
    is_deeply([ map { "$_->{run} $_->{model} $_->{user}" } @{ ok_json('listed', 'run', 'list', '--org', 'Main') } ], ["$id/$job abandoned admin"], 'goes on');
    is(ok_json('ended', 'run', 'fail', '--org', 'Main', "$id/$job", '--reason', 'its machine is gone')->{status}, 'failed', 'by the command');
    my $r = $t->req(GET => "$models/$id/train/$job", token => $t->admin);
    is("$r->{json}{status} $r->{json}{reason}", 'failed its machine is gone', 'as its API tells it') or diag $r->{raw};
    is_deeply(ok_json('then', 'run', 'list', '--org', 'Main'), [], 'none goes on');
    is($t->req(POST => "$models/$id/train", token => $t->admin, body => {})->{status}, 202, 'and the model can be trained again');
    fails('ended already', 1, qr/(finished|ended) already|already finished/, 'run', 'fail', '--org', 'Main', $job);
    fails('no run', 1, qr/no training run/, 'run', 'fail', '--org', 'Main', 'f' x 24);
};

subtest 'how much there is' => sub {
    my $all = ok_json('all', 'stats');
    is($all->{models}, scalar $t->sql("SELECT COUNT(*) FROM models WHERE status <> 'retired'"), 'models');
    is($all->{audit_rows}, scalar $t->sql('SELECT COUNT(*) FROM audit_events'), 'audit rows');
    is($all->{events_unnumbered}, scalar $t->sql('SELECT COUNT(*) FROM outbox WHERE sequence IS NULL'), 'what waits');
    cmp_ok($all->{database_bytes}, '>', 100000, 'bytes');
    is(ok_json('of one', 'stats', '--org', "Acme & Söhne")->{models}, 0, 'or of one organization');
    like(thaw('stats')->{out}, qr/^models +\d+$/m, 'as a table');
    cmp_ok($all->{requests_of_this_node}, '>', 0, 'what was answered');
    my $before = ok_json('then', 'stats');
    $t->req(GET => $_) for '/healthz', '/api/v1/models', '/nothing';
    my $after = ok_json('and then', 'stats');
    is("@{[ $after->{requests_of_this_node} - $before->{requests_of_this_node} ]} $after->{requests_of_this_node_5xx}", '3 0', 'counts each request, whatever came of it');
    ok(!exists ok_json('one', 'stats', '--org', 'Main')->{requests_of_this_node}, 'they are of no organization');
    ok(!exists thaw({ env => { THAW_RUN_DIR => "$t->{dir}/nowhere" } }, '--json', 'stats')->{json}{requests_of_this_node}, 'none where nothing counts');
    ok(!-e "$t->{dir}/nowhere", 'and nothing is made for it: root would take it from the workers');
    is_deeply(ok_json('webhooks', 'webhook', 'list', '--org', 'Main'), [], 'no webhook');
};

subtest 'sweep' => sub {
    $t->sql("INSERT INTO attempts (attempt_id, outcome, request_id, created_at) SELECT UNHEX(MD5(seq)), 'done', 'r', "
        . "UTC_TIMESTAMP(6) - INTERVAL 25 HOUR FROM seq_1_to_2500");
    my $young = $t->sql("SELECT COUNT(*) FROM attempts WHERE created_at > UTC_TIMESTAMP(6) - INTERVAL 1 HOUR");
    $t->sql("UPDATE refresh_tokens SET expires_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND LIMIT 1");
    my $tokens = $t->sql("SELECT COUNT(*) FROM refresh_tokens");
    my %nothing = map { $_ => 0 } qw(jobs rotations codes revocations services deliveries events artifacts);
    is_deeply(ok_json('swept', 'sweep'), { attempts => 2500, refresh_tokens => 1, %nothing }, 'the old ones, in batches');
    is(scalar $t->sql("SELECT COUNT(*) FROM attempts"), $young, 'the young ones stay');
    is(scalar $t->sql("SELECT COUNT(*) FROM refresh_tokens"), $tokens - 1, 'and the tokens that are good');
    is_deeply(ok_json('again', 'sweep'), { attempts => 0, refresh_tokens => 0, %nothing }, 'nothing is left to do');
};

subtest 'the database is away' => sub {
    $t->{mariadb}->stop;
    fails('a list', 1, qr/\Athaw: the database cannot be reached \(.*thaw doctor/, 'org', 'list');
    fails('a change', 1, qr/\Athaw: the database cannot be reached/, 'org', 'create', 'Nobody');
    $t->start_mariadb;
    is(thaw('org', 'list')->{exit}, 0, 'and back');
};

$t->finish;
