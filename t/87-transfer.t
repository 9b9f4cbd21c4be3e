#!/usr/bin/perl
# An organization goes from one server to another as lines of JSON: what comes out there is what
# went in, to the byte, it works as before, and what does not fit is refused as a whole.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Foundry;
use Registry;
use OAuth ();

my $t = Thaw->new(config => { webhook_http => 'on', webhook_networks => '127.0.0.0/8' });
my $token = $t->admin;
my $file = "$t->{dir}/main.jsonl";

# given a bit of everything, with bytes and characters that are easily lost
my $bytes = join '', map { chr } 0 .. 255;
my $rid = foundry_model($t);
upload($t, $rid, file => $bytes)->{status} == 200 or die;
my $model = $t->req(POST => $MODELS, token => $token, body => { name => "Gr\xf6\xdfe \x{1f600} \"'\\", model_type => 'auto', task_type => 'regression', tags => [ 'a', "\t" ], metadata => { k => "line\nline" } })->{json}{id} // die;
trained($t, $model, metrics => { rmse => 0.125 }, features => ['x']);
act($t, $model, 'archive');
$t->req(POST => $MODELS, token => $token, body => { name => "model $_", model_type => 'auto', task_type => 'regression' })->{status} == 201 or die for 1 .. 250;
$t->req(POST => '/api/v1/projects', token => $token, body => { name => 'Bakery', url => 'bakery.talkide.app' })->{status} == 201 or die;
my $w = workspace($t, metadata => { shelf => '7' });
post_v1($t, "workspaces/$w->{id}/archive");
post_v1($t, 'webhook_endpoints', body => { url => 'http://127.0.0.1:9/x', enabled_events => ['*'] })->{status} == 200 or die;
my $key = $t->key(user => 'admin');
$t->member;
$t->thaw('group', 'create', 'crew')->{exit} == 0 && $t->thaw('group', 'add', 'crew', 'member')->{exit} == 0 or die;
OAuth::client($t, redirect_uris => 'https://lens.example/cb', user => 'admin');
$t->req(POST => '/api/2.0/mlflow/registered-models/create', token => $token, body => { name => 'flow', tags => [ { key => 'k', value => 'v' } ] })->{status} == 200 or die;
$t->req(POST => '/api/2.0/mlflow/model-versions/create', token => $token, body => { name => 'flow', source => 's3://b/c' })->{status} == 200 or die;
$t->req(POST => '/api/2.0/mlflow/registered-models/alias', token => $token, body => { name => 'flow', alias => 'champion', version => '1' })->{status} == 200 or die;
my ($crew) = map { hex_of($_->{id}) } grep { $_->{name} eq 'crew' } @{ $t->thaw('--json', 'group', 'list')->{json} };
$t->req(PATCH => "/api/v2/registeredModels/" . hex_of_rid($rid) . '/sharedRoles/', token => $token, body => { operation => 'updateRoles', roles => [ { role => 'USER', shareRecipientType => 'group', id => $crew } ] })->{status} == 204 or die;
$t->thaw('deliver');

# Another server, with an organization and an administrator of its own.
sub elsewhere {
    my $c = Thaw->new(init => 0);
    my %conf = (db_option_file => "$c->{dir}/thaw.cnf", key_dir => "$c->{dir}/keys", run_dir => "$c->{dir}/run", sql_dir => "$Thaw::SRC/sql",
        issuer => 'thaw-test', audience => 'thaw-test', rate_limits => 'off');
    spew("$c->{dir}/thaw.conf", join '', map { "$_ = $conf{$_}\n" } sort keys %conf);
    my $r = $c->thaw({ stdin => "correct horse battery\n" }, 'init', '--db-admin', "$c->{dir}/admin.cnf", '--org', 'Second', '--admin-username', 'boss', '--admin-email', 'boss@second.example', '--admin-password-stdin');
    is($r->{exit}, 0, 'another server') or diag $r->{err};
    return $c;
}
my $c = elsewhere();
# The lines of an export but its head, and what an import adds: an audit row and so a revision.
sub rows_of {
    my ($text, $new) = @_;
    my ($head, @lines) = split /\n/, $text;
    pop @lines;
    @lines = grep { !/"organization\.imported"/ && !/"table":"organizations"/ } @lines;
    return @lines;
}

my $out;
subtest 'out' => sub {
    my $r = $t->thaw('export', 'org', '--org', 'Main');
    is($r->{exit}, 0, 'exported') or diag $r->{err};
    spew($file, $out = $r->{out});
    my @lines = map { JSON::PP->new->utf8->decode($_) } split /\n/, $out;
    like($lines[0]{thaw}{organization}, qr/\Aorg-[0-9a-f]{24}\z/, 'a head');
    my %n;
    $n{ $_->{table} }++ for @lines[ 1 .. $#lines - 1 ];
    my %end = %{ $lines[-1]{end} };
    is_deeply({ map { $_ => $n{$_} // 0 } keys %end }, \%end, 'an end that counts the rows');
    for my $table (sort keys %end) {
        is($end{$table}, scalar $t->sql("SELECT COUNT(*) FROM $table x WHERE organization_id = (SELECT id FROM organizations WHERE name = 'Main')"), "all of $table");
    }
    # what is not in it is there on purpose
    my %left = map { $_ => 1 } qw(schema_versions services refresh_tokens refresh_rotations oauth_codes oauth_revocations attempts deliveries delivery_attempts);
    is(join(' ', sort grep { !exists $end{$_} && !$left{$_} } map { $_->{table} } tables($t, 'retention')), '', 'every table is in it, or left out on purpose');
    cmp_ok(scalar(grep { $_ } values %end), '>', 18, 'many of them have rows here');
    is($t->thaw('export', 'org', '--org', 'Main')->{out} =~ s/.*\n//r, $out =~ s/.*\n//r, 'twice the same');
};

subtest 'in' => sub {
    my $r = $c->thaw('--json', 'import', 'org', '--file', $file);
    is($r->{exit}, 0, 'imported') or diag $r->{err};
    my $again = $c->thaw('export', 'org', '--org', 'Main');
    is($again->{exit}, 0, 'exported from there') or diag $again->{err};
    my (@before, @after) = rows_of($out);
    @after = rows_of($again->{out});
    is(scalar @after, scalar @before, 'as many rows');
    my @differ = grep { $before[$_] ne $after[$_] } 0 .. $#before;
    is(join("\n", map { "$before[$_]\n$after[$_]" } @differ[ 0 .. ($#differ > 2 ? 2 : $#differ) ]), '', 'each is what it was, to the byte');
    my $v = $c->thaw('audit', 'verify');
    is($v->{exit}, 0, 'and agrees with its audit') or diag $v->{out};
    is($c->thaw('--json', 'audit', 'list', '--org', 'Main', '--limit', 1)->{json}[0]{action}, 'organization.imported', 'which tells of it');
};

subtest 'it works there' => sub {
    $c->{password}{member} = $t->password('member');
    $c->start_workers;
    $c->start_nginx;
    is($c->req(POST => '/api/auth/login', body => { username => 'admin', password => $t->password('admin') })->{status}, 200, 'its users sign in');
    my $mine = $c->token('admin');
    my $was = $t->req(GET => "$MODELS/$model", token => $token)->{json};
    is_deeply($c->req(GET => "$MODELS/$model", token => $mine)->{json}, $was, 'a model by its id');
    is($c->req(GET => "$MODELS/mdl-" . hex_of_rid($rid) . '/versions/ver-001/artifact', token => $mine)->{body}, $bytes, 'a file to the byte');
    is($c->req(GET => "/v1/workspaces/$w->{id}", token => $key)->{json}{name}, $w->{name}, 'a workspace by an API key');
    is($c->req(GET => '/api/2.0/mlflow/registered-models/alias?name=flow&alias=champion', token => $mine)->{json}{model_version}{version}, '1', 'an alias');
    is($c->req(GET => "$MODELS?page_size=1", token => $mine)->{json}{total}, $t->req(GET => "$MODELS?page_size=1", token => $token)->{json}{total}, 'as many models');
    is($c->req(POST => "$MODELS/$model/unarchive", token => $mine)->{status}, 200, 'what was archived is restored');
    is($c->req(POST => $MODELS, token => $mine, body => { name => 'made there', model_type => 'auto', task_type => 'regression' })->{status}, 201, 'and it goes on');
    $c->thaw('deliver');
    is($c->thaw('audit', 'verify')->{exit}, 0, 'in agreement');
};

subtest 'what is refused' => sub {
    my $rows = sub { join ' ', map { scalar $c->sql("SELECT COUNT(*) FROM thaw.$_") } qw(organizations principals models audit_events artifacts) };
    my $was = $rows->();
    my $copy = "$t->{dir}/copy.jsonl";
    my $try = sub {
        my ($what, $like, $text) = @_;
        spew($copy, $text);
        my $r = $c->thaw('import', 'org', '--file', $copy);
        is($r->{exit}, 1, "$what: refused");
        like($r->{err}, $like, "$what: said") ;
        is($rows->(), $was, "$what: nothing is left");
    };
    $try->('an organization that is here', qr/line 2: the organization org-[0-9a-f]{24} already exists here; run `thaw org list`; nothing was imported/, $out);
    my $d = elsewhere();
    spew($copy, $out);
    is($d->thaw('user', 'rename', 'boss', 'admin')->{exit}, 0, 'a user of the same name there');
    my $r = $d->thaw('import', 'org', '--file', $copy);
    like($r->{err}, qr/a row of principals already exists: .*'admin'/, 'is refused');
    is(scalar $d->sql("SELECT COUNT(*) FROM thaw.organizations"), 1, 'as a whole');
    is($d->thaw('user', 'rename', 'admin', 'boss')->{exit}, 0, 'with another name');
    my $own = JSON::PP->new->utf8;
    my @lines = split /(?<=\n)/, $out;
    $c = $d; $was = $rows->();
    $try->('a file that is cut off', qr/the file is incomplete/, join '', @lines[ 0 .. $#lines - 1 ]);
    $try->('a row that is missing', qr/does not match the count/, join '', @lines[ 0 .. $#lines - 2, $#lines ]);
    $try->('a line that is no JSON', qr/line 9: /, join '', @lines[ 0 .. 7 ], "{\n", @lines[ 9 .. $#lines ]);
    $try->('a row of another organization', qr/line 3: it belongs to another organization/, join '', @lines[ 0, 1 ], $lines[2] =~ s/("organization_id":")[0-9a-f]{24}/$1 . 'ab' x 12/er, @lines[ 3 .. $#lines ]);
    # a second row of the organization, under the id of one that is here
    my ($here) = $d->sql('SELECT LOWER(HEX(id)) FROM thaw.organizations') =~ /([0-9a-f]{24})/;
    my ($other) = grep { $lines[$_] =~ /"table":"organizations"/ } 0 .. $#lines;
    $try->('an organization that is another one', qr/line @{[ $other + 2 ]}: it is another organization/, join '', @lines[ 0 .. $other ], $lines[$other] =~ s/("id":")[0-9a-f]{24}/$1$here/r, @lines[ $other + 1 .. $#lines ]);
    $try->('a column too many', qr/line 3: its columns do not match/, join '', @lines[ 0, 1 ], $lines[2] =~ s/("row":\{)/$1"x":1,/r, @lines[ 3 .. $#lines ]);
    $try->('a table that is none', qr/line 3: it is not a row of a known table/, join '', @lines[ 0, 1 ], $lines[2] =~ s/"table":"\w+"/"table":"schema_versions"/r, @lines[ 3 .. $#lines ]);
    $try->('another schema', qr/schema version 9999/, join '', $lines[0] =~ s/("schema":)\d+/${1}9999/r, @lines[ 1 .. $#lines ]);
    $try->('something else', qr/line 1: /, "hello\n");
    # a line of a table as it would be, if it were otherwise; or one more
    my $num = sub { my ($table, $like) = @_; my ($n) = grep { $lines[$_] =~ /"table":"$table"/ && $lines[$_] =~ ($like // qr/./) } 0 .. $#lines; $n // die $table };
    my $change = sub {
        my ($what, $table, $from, $to, $said, $like) = @_;
        my $n = $num->($table, $like);
        my @l = @lines;
        $l[$n] =~ s/$from/$to/ or die "$table: $l[$n]";
        $try->($what, qr/line @{[ $n + 1 ]}: .*$said.*; nothing was imported/, join '', @l);
    };
    my $more = sub {
        my ($what, $table, $row, $said) = @_;
        my @l = @lines;
        my %row = (%{ $own->decode($lines[ $num->($table) ])->{row} }, %$row);
        splice @l, $num->($table), 0, $own->encode({ table => $table, row => \%row }) . "\n";
        $l[-1] =~ s/("$table":)(\d+)/$1 . ($2 + 1)/e;
        $try->($what, qr/line @{[ $num->($table) + 1 ]}: .*$said.*; nothing was imported/, join '', @l);
    };
    my $none = 'ab' x 12;
    $change->('a status that its audit does not have', 'models', '"status":"draft"', '"status":"ready"', 'revision 1 and status ready, but 1 audit rows', qr/"name":"model 7"/);
    $change->('a revision', 'models', '"revision":1\b', '"revision":99', 'revision 99', qr/"name":"model 7"/);
    $change->('a status that is none', 'models', '"status":"draft"', '"status":"odd"', 'refuses this row of models \\(.*4025', qr/"name":"model 7"/);
    $change->('a name that is null', 'models', '"name":"model 7"', '"name":null', 'refuses this row of models', qr/"name":"model 7"/);
    $change->('a permission that is none', 'roles', '"permissions":"', '"permissions":"root:all ', 'role rol-\w+: has permissions that do not exist: root:all');
    $change->('a role that is none', 'principals', '"role":"\w+"', '"role":"king"', 'user usr-\w+: has the role king, which does not exist');
    $change->('a key of nobody', 'api_keys', '"principal_id":"\w+"', qq("principal_id":"$none"), "token tok_\\w+: acts for $none");
    $change->('a webhook of nobody', 'webhook_endpoints', '"owner_id":"\w+"', qq("owner_id":"$none"), "webhook_endpoint we_\\w+: belongs to $none");
    $change->('a client for nobody', 'oauth_clients', '"principal_id":"\w+"', qq("principal_id":"$none"), "acts for $none");
    $change->('a member who is nobody', 'group_members', '"principal_id":"\w+"', qq("principal_id":"$none"), "has $none");
    $change->('a grant to nobody', 'grants', '"grantee_id":"\w+"', qq("grantee_id":"$none"), "is for $none, who is not one of its");
    $change->('a grant of another model', 'grants', '"model_id":"\w+"', qq("model_id":"$none"), 'its model is not one of its');
    my ($member) = map { $own->decode($_)->{row}{id} } grep { /"table":"principals"/ && /"username":"member"/ } @lines;
    $change->('a grant that nobody gave', 'grants', '"grantee_id":"\w+"', qq("grantee_id":"$member"), "is for $member without an audit row");
    $more->('a key without a trace', 'api_keys', { id => $none, secret_hash => 'cd' x 32 }, 'token tok_\w+: revision \d+ and status active, but 0 audit rows');
    $more->('a user', 'principals', { id => $none, username => 'eve', email => 'eve@x.example', email_key => 'eve@x.example' }, 'user usr-\w+: revision \d+ and status active, but 0');
    $more->('a webhook', 'webhook_endpoints', { id => $none }, 'webhook_endpoint we_\w+: revision');
    $more->('a role', 'roles', { id => $none, name => 'emperor' }, 'role rol-\w+: revision');
    my @without = grep { !(/"table":"models"/ && /"name":"model 7"/) } @lines;
    $without[-1] =~ s/("models":)(\d+)/$1 . ($2 - 1)/e;
    $try->('an object that is gone', qr/line \d+: model mdl-\w+: audit row of revision 1 without its object; nothing/, join '', @without);
    like($d->thaw('import', 'org', '--file', $t->{dir})->{err}, qr/: Is a directory; nothing was imported/, 'a directory');
    is($d->thaw({ stdin => $out }, 'import', 'org', '--file', '-', '--name', 'Second')->{err} =~ s/.*: line/line/r, "line 2: an organization with this name already exists here; choose another with --name; nothing was imported\n", 'a name that is here');
    is($d->thaw({ stdin => $out }, 'import', 'org', '--file', '-', '--name', 'Branch')->{exit}, 0, 'the same file from standard input, under another name');
    is($d->thaw('user', 'list', '--org', 'Branch')->{exit}, 0, 'is there');
    is($d->thaw('audit', 'verify')->{exit}, 0, 'and agrees');
};

$t->finish;
