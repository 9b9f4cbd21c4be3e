#!/usr/bin/perl
# A database of schema 3, from before there were folders, brought to the newest by
# `thaw migrate`: its rows are those of today's program, without what came later.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Foundry;

my $t = Thaw->new(mariadb => ['--default-time-zone=+05:30']);      # ids are of UTC wherever the server is
my %model = (Main => model($t), Other => model($t, token => $t->other));
trained($t, $model{Main}{id});
# Endpoints: of an administrator, of a narrowed key, and one that such a key changed last.
my %hook = map { my ($name, @scope) = @$_;
    ($name => $t->req(POST => '/v1/webhook_endpoints', token => @scope ? $t->key(scope => "@scope") : $t->admin, body => { url => "https://hooks.example/$name", enabled_events => ['*'] })->{json}{id}) }
    [ 'all' ], [ narrow => 'webhook:read', 'webhook:write' ], [ 'changed' ];
$t->req(PATCH => "/v1/webhook_endpoints/$hook{changed}", token => $t->key(scope => 'webhook:write workspace:read'), body => { description => 'x' })->{status} == 200 or die;
my $version = foundry($t, GET => '/' . rid_of(model => $model{Main}{id}) . '/versions')->{json}{data}[0]{rid};
my %org = map { $_->[0] => lc $_->[1] } $t->sql('SELECT name, HEX(id) FROM organizations');

# The home projects, or what one table tells of them but for times, ids of rows and who called.
sub homes {
    my %columns = (
        folders => 'HEX(organization_id), HEX(id), kind, HEX(parent_id), HEX(project_id), name, description, path, status, HEX(created_by), revision, children_rev',
        audit_events => 'HEX(organization_id), HEX(resource_id), resource_type, action, revision, from_state, to_state, SUBSTRING_INDEX(actor_name, ":", 1), HEX(actor_id), HEX(human_id), client_address, details',
        outbox => 'HEX(organization_id), HEX(resource_id), resource_type, type, revision, HEX(human_id), livemode, payload');
    my $of = $_[0] eq 'folders' ? 'id = organization_id' : "resource_type = 'folder' AND resource_id = organization_id";
    return join "\n", map { join ' | ', map { $_ // 'NULL' } @$_ } $t->sql("SELECT $columns{$_[0]} FROM $_[0] WHERE $of ORDER BY 1, 2");
}
my @tables = qw(folders audit_events outbox);
my %made = map { $_ => homes($_) } @tables;               # as the program makes them with an organization

# The database as it was: the migrations up to one in an empty one, the rows copied as far as these have room.
my ($newest) = map { /00(\d+)_/ ? $1 + 0 : () } reverse sort glob "$Thaw::SRC/sql/0*.sql";
sub downgraded {
    my $to = shift;
    my $create = sub { "DROP DATABASE IF EXISTS $_[0]; CREATE DATABASE $_[0] CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;" };
    $t->sql($create->('old') . 'USE old;' . join "\n", map { slurp($_) } grep { /\/(\d+)_/ && $1 <= $to } sort glob "$Thaw::SRC/sql/0*.sql");
    my %columns;
    push @{ $columns{ $_->[0] } }, $_->[1]
        for $t->sql("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'old' AND is_generated = 'NEVER'");
    my @copy = map { my $c = join ', ', @{ $columns{$_} };
        "INSERT INTO old.$_ ($c) SELECT $c FROM thaw.$_" . ($to < 4 && /^(?:audit_events|outbox)$/ ? " WHERE resource_type <> 'folder';" : /^schema_versions$/ ? " WHERE version <= $to;" : ';') } sort keys %columns;
    $t->sql(join "\n", @copy, 'DROP DATABASE thaw;', $create->('thaw'), map { "RENAME TABLE old.$_ TO thaw.$_;" } sort keys %columns);
    $t->sql('REVOKE ALL PRIVILEGES, GRANT OPTION FROM thaw_app@localhost');
}
sub migrated { my $r = $t->thaw('migrate'); is($r->{exit}, 0, 'thaw migrate') or diag $r->{err}; $r }
sub homes_are_made {
    is(homes($_), $made{$_}, "$_: one row for each organization, as the program makes it") for @tables;
    is($t->thaw('audit', 'verify')->{exit}, 0, 'the audit agrees');
}

subtest 'from schema 3' => sub {
    $t->{worker}->stop;
    downgraded(3);
    is(scalar $t->sql("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'thaw' AND table_name IN ('folders', 'artifacts', 'oauth_clients')"), 0, 'given a database without folders');
    is(scalar $t->sql('SELECT COUNT(*) FROM models'), 2, 'with models');
    is(homes($_), '', "and nothing of a folder in $_") for qw(audit_events outbox);
    is($t->thaw('org', 'list')->{exit}, 1, 'which this program does not serve');
    like(migrated()->{out}, qr/\AApplied 0004\w+\.sql\nApplied 0005\w+\.sql\n/, 'applies what is missing');
    like($made{outbox}, qr/"id":"\Q@{[ rid_of(folder => $org{$_}) ]}"/, "given what an event of $_ says") for sort keys %org;
    homes_are_made();
    is(scalar $t->sql("SELECT COUNT(*) FROM $_ WHERE resource_type = 'folder' AND ABS(CONV(LEFT(HEX(id), 12), 16, 10) / 1000 - TIMESTAMPDIFF(SECOND, '1970-01-01', at)) > 2"), 0, "$_: ids in the order of time")
        for qw(audit_events outbox);
};

subtest 'what was there is served' => sub {
    $t->start_workers;
    my $may = sub { json($t->req(GET => "/v1/webhook_endpoints/$hook{ $_[0] }", token => $t->admin)->{json}{owner_permissions}) };
    is($may->('all'), json([qw(model:read project:read workspace:read webhook:read token:read)]), 'an endpoint has the rights of who made it');
    is($may->('narrow'), json(['webhook:read']), 'within the scopes of the key that did');
    is($may->('changed'), json(['workspace:read']), 'or that changed it last');
    is(scalar(@{ $t->req(GET => '/v1/events?limit=100', token => $t->admin)->{json}{data} }) > 5, 1, 'events are listed');
    for my $name (sort keys %model) {
        my $rid = rid_of(model => $model{$name}{id});
        my @token = (token => $name eq 'Main' ? $t->admin : $t->other);
        my $r = fs($t, GET => "resources/$rid?preview=true", @token)->{json};
        is("$r->{rid} $r->{parentFolderRid} $r->{projectRid} $r->{path}", join(' ', $rid, (rid_of(folder => $org{$name})) x 2, "/$name/Models/$model{$name}{name}"),
            "the model of $name, in its home");
        is(json([ map { $_->{rid} } @{ fs($t, GET => 'folders/' . home_of($t, $token[1]) . '/children', @token)->{json}{data} } ]), json([$rid]), 'where it is found');
    }
    my $rid = rid_of(model => $model{Main}{id});
    my $versions = foundry($t, GET => "/$rid/versions")->{json}{data};
    is(json([ map { $_->{rid} } @$versions ]), json([$version]), 'its version is on master');
    is(promote($t, $rid, $version)->{status}, 200, 'and is promoted');
    my $f = folder($t);
    is(fs($t, GET => 'resources/' . foundry_model($t, in => $f))->{json}{parentFolderRid}, $f, 'a folder is made in the home, and a model in it');
};

# Two users whose addresses differ in capitals alone, as an earlier program let them be.
subtest 'email addresses' => sub {
    $t->user($_) for qw(ada adb eve);
    $t->{worker}->stop;
    my $sign_in = sub { my ($email, $of) = @_; $t->req(POST => '/api/v1/auth/login', body => { email => $email, password => $t->password($of) })->{status} };
    my $migrate = sub { my $r = $t->thaw('migrate'); is($r->{exit}, 0, 'thaw migrate'); $r->{out} };
    $t->sql("UPDATE principals SET email_key = NULL; UPDATE principals SET email = 'Ada\@main.example' WHERE username = 'adb'; UPDATE principals SET email = 'Eve\@Main.example' WHERE username = 'eve'; DELETE FROM schema_versions WHERE version = 8");
    my $said = $migrate->();
    like($said, qr/^The users `ada`, `adb` have the same email address ada\@main\.example except for case: .*`thaw user email USERNAME EMAIL`, then run `thaw migrate` again$/m, 'names both, and what to do');
    is(scalar(() = $said =~ /^The users/mg), 1, 'nobody else');
    is(json([ $t->sql("SELECT username, email, email_key FROM principals WHERE username IN ('ada', 'adb', 'eve') ORDER BY username") ]),
        json([ [ 'ada', 'ada@main.example', undef ], [ 'adb', 'Ada@main.example', undef ], [ 'eve', 'Eve@Main.example', 'eve@main.example' ] ]), 'and takes nothing from them');
    $t->start_workers;
    is(join(' ', $sign_in->('ada@main.example', 'ada'), $sign_in->('Ada@main.example', 'adb'), $sign_in->('ADA@main.example', 'ada'), $sign_in->('ada@main.example', 'adb')), '200 200 401 401', 'each signs in with the exact spelling');
    is($sign_in->('EVE@main.example', 'eve'), 200, 'others with any');
    like($t->thaw({ stdin => "a password of hers\n" }, 'user', 'create', '--org', 'Main', '--username', 'adc', '--email', 'ADA@main.example', '--role', 'member', '--password-stdin')->{err}, qr/already belongs to the user `ad[ab]`/, 'a third is not made');
    like($migrate->(), qr/^The users `ada`, `adb` /m, 'told again each time');
    is($t->thaw('user', 'email', 'adb', 'adb@main.example')->{exit}, 0, 'when one has another address');
    unlike($migrate->(), qr/^The users/m, 'nothing is left to tell');
    is(join(' ', $sign_in->('ADA@main.example', 'ada'), $sign_in->('ADB@main.example', 'adb')), '200 200', 'and each signs in with any spelling');
};

# What was generated is kept, as the program writes it, and nothing else can be written.
subtest 'plain columns' => sub {
    is(scalar $t->sql("SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'thaw' AND generation_expression <> ''"), 0, 'no generated column is left');
    my $id = hex_of(model($t, name => 'Plain')->{id});
    is(scalar $t->sql("SELECT CONCAT_WS(' ', status, hidden, name_key = name, name_hash = UNHEX(SHA2(name, 256))) FROM models WHERE id = UNHEX('$id')"), 'draft 0 1 1', 'made');
    for ('status = "archived"', 'name = "other"', 'hidden = 1', 'name_key = "other"', 'name_hash = NULL') {
        my $set = ref $_ ? $$_ : $_;
        is(eval { $t->sql("UPDATE models SET $set WHERE id = UNHEX('$id')"); 1 }, undef, "$set alone is refused");
    }
};

subtest 'who is in a stage is there since the last move' => sub {
    my $m = model($t);
    trained($t, $m->{id}) for 1 .. 3;
    my $hex = hex_of($m->{id});
    my %version = map { $_->[0] => lc $_->[1] } $t->sql("SELECT number, HEX(id) FROM model_versions WHERE model_id = UNHEX('$hex')");
    my $move = sub { my ($n, $stage, $token) = @_; $t->req(PATCH => "/api/v2/registeredModels/$hex/versions/$version{$n}", token => $token // $t->admin, body => { stage => $stage })->{status} == 200 or die };
    $move->(@$_) for [ 1, 'Staging' ], [ 1, 'Production', $t->member ], [ 2, 'Staging' ], [ 2, 'Registered' ], [ 3, 'Archived' ];
    my $holds = sub { join "\n", map { join ' ', @$_ } $t->sql("SELECT kind, name, number, from_at, HEX(from_by) FROM model_holds WHERE model_id = UNHEX('$hex') AND until_at IS NULL ORDER BY number") };
    my $was = $holds->();
    like($was, qr/^stage Production 1 .*\nstage Archived 3 /, 'given two that are');
    $t->{worker}->stop;
    downgraded(15);
    migrated();
    is($holds->(), $was, 'since when, and by whom');
    is(scalar $t->sql('SELECT COUNT(*) FROM model_holds WHERE until_at IS NOT NULL'), 0, 'and nothing else is made up');
    $t->start_workers;
};

# A table that takes a while to copy, so that the second one is under way before the first one has done it.
subtest 'two at once' => sub {
    my $m = model($t);
    $t->{worker}->stop;
    my ($org, $user) = map { "UNHEX('" . hex_of($_) . "')" } @$m{qw(organization_id created_by)};
    downgraded(8);
    $t->sql("INSERT INTO thaw.models (organization_id, id, name, model_type, task_type, is_global, status, last_version, created_by, created_at, updated_at, revision, children_rev)
        SELECT $org, UNHEX(LPAD(HEX(seq), 24, '0')), CONCAT('filler ', seq), 'auto', 'regression', 1, 'draft', 0, $user, NOW(6), NOW(6), 1, 0 FROM seq_1_to_30000");
    my @both = concurrently(2, sub { my $r = $t->thaw('migrate'); "$r->{exit} $r->{err}" });
    is(join('|', @both), '0 |0 ', 'both come to the same end');
    is(scalar $t->sql("SELECT GROUP_CONCAT(version ORDER BY version) FROM schema_versions"), join(',', 1 .. $newest), 'the newest schema');
    is(scalar $t->sql("SELECT SUM(n) BETWEEN 30000 AND 30000 + (SELECT COUNT(*) FROM outbox) FROM object_counts WHERE resource_type = 'model'"), 1, 'and each row is in the totals once, where no event is going to tell of it');
    $t->sql("DELETE FROM models WHERE id < UNHEX('000000000001000000000000'); DELETE FROM object_counts; UPDATE event_counters SET counted = 0");
    $t->recount;
    $t->start_workers;
};

subtest 'workers that come before the migration' => sub {
    $t->{worker}->stop;
    downgraded($newest - 1);
    $t->start_workers;
    my $before = $t->sql('SELECT COUNT(*) FROM attempts');
    for my $ask ([ GET => $MODELS ], [ POST => $MODELS, body => { name => 'early', model_type => 'auto', task_type => 'regression' } ], [ GET => '/v1/workspaces' ], [ GET => '/api/v2/registeredModels/' ]) {
        my $r = $t->req(@$ask, token => $t->admin);
        is($r->{status}, 503, "@$ask[0, 1] is refused") or diag $r->{raw};
        like($r->{headers}{'retry-after'}, qr/^\d+$/, 'for now');
        unlike($r->{body}, qr/migrate/, 'in words for a client');
    }
    is(scalar $t->sql('SELECT COUNT(*) FROM attempts'), $before, 'and nothing is changed');
    migrated();
    within(20, sub { $t->req(GET => $MODELS, token => $t->admin)->{status} == 200 }, 'that they serve when it is done');
};

# What a file had done when it was cut short does not stand in the way of the next run.
subtest 'cut short' => sub {
    $t->{worker}->stop;
    for my $file (map { glob "$Thaw::SRC/sql/00${_}_*.sql" } '09', 10) {
        my @steps = split /^(?=SET \@step)/m, slurp($file);
        for my $n (1 .. $#steps) {
            downgraded($file =~ /0009/ ? 8 : 9);
            $t->sql('USE thaw; ' . join '', @steps[ 0 .. $n - 1 ]);
            migrated();
            is($t->thaw('audit', 'verify')->{exit}, 0, "after $n steps of " . $file =~ s{.*/}{}r);
        }
    }
    $t->start_workers;
};

subtest 'again' => sub {
    $t->org('Third');
    $made{$_} = homes($_) for @tables;
    $t->{tables} = join ', ', map { $_->[0] } $t->sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'thaw' AND table_name <> 'schema_versions'");
    unchanged($t, 'applied, but not recorded', sub {
        $t->sql('DELETE FROM schema_versions WHERE version > 3');
        like(migrated()->{out}, qr/^Applied 0004/m, 'applies it again');
    });
    $t->sql("DELETE FROM schema_versions WHERE version > 3; DELETE FROM folders WHERE id = organization_id;
        DELETE a, e FROM audit_events a JOIN outbox e USING (organization_id, resource_type, resource_id) WHERE a.resource_type = 'folder' AND a.resource_id = a.organization_id");
    migrated();
    homes_are_made();
};

$t->finish;
