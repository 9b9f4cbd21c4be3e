#!/usr/bin/perl
# The first hour: thaw init on a server that has nothing, again, halfway, with an
# account that may not make others, and four at once; then thaw migrate.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;

my $t = Thaw->new(init => 0);
my $dir = $t->{dir};

# A configuration of its own for each scene: its files are in a directory, its
# database is called after it.
sub scene {
    my ($name, %conf) = @_;
    mkdir "$dir/$name" or die $!;
    %conf = (db_option_file => "$dir/$name/thaw.cnf", key_dir => "$dir/$name/keys", run_dir => "$dir/$name/run",
        sql_dir => "$Thaw::SRC/sql", %conf);
    spew("$dir/$name/thaw.conf", join '', map { "$_ = $conf{$_}\n" } sort keys %conf);
    return $name;
}
sub thaw {
    my ($name, @args) = @_;
    my $o = ref $args[0] ? shift @args : {};
    return $t->thaw({ %$o, env => { THAW_CONFIG => "$dir/$name/thaw.conf" } }, @args);
}
sub init { my ($name, @args) = @_; thaw($name, ref $args[0] ? shift @args : (), 'init', '--database', $name, @args) }
sub worked { my ($r, $name) = @_; is($r->{exit}, 0, $name) or diag $r->{out}, $r->{err}; $r }
sub refused {
    my ($r, $like, $name) = @_;
    is($r->{exit}, 1, "$name: exit 1") or diag $r->{out};
    like($r->{err}, $like, "$name: says why");
}
# As the account of a group of the scene's option files.
sub as {
    my ($name, $group, $sql) = @_;
    my ($part) = slurp("$dir/$name/" . ($group eq 'thaw' ? 'thaw.cnf' : 'owner.cnf')) =~ /^\[\Q$group\E\]\n(.*?)(?=^\[|\z)/ms;
    spew("$dir/as.cnf", "[client]\n$part", 0600);
    return $t->run({}, $sql, 'mariadb', "--defaults-file=$dir/as.cnf", '--batch', '--skip-column-names');
}
# All that init could have changed.
sub state_of {
    my $name = shift;
    my @rows = map { join '|', map { $_ // '' } @$_ }
        $t->sql("SELECT user, host, authentication_string FROM mysql.user WHERE user LIKE '$name%' ORDER BY 1"),
        map { $t->sql("SELECT * FROM $name.$_ ORDER BY 1, 2") } qw(organizations roles principals audit_events schema_versions attempts);
    return join "\n", @rows, map { "$_ " . slurp($_) } "$dir/$name/thaw.cnf", sort glob "$dir/$name/keys/*";
}
my @admin = ('--db-admin', "$dir/admin.cnf");

subtest 'a server that has nothing' => sub {
    scene('fresh');
    my $r = worked(init('fresh', { stdin => "a first password\n" }, @admin, '--org', 'Acme', '--admin-username', 'ada',
        '--admin-email', 'ada@acme.example', '--admin-password-stdin'), 'init');
    like($r->{out}, qr/^Created the database `fresh`$/m, 'it says what it makes');
    like($r->{out}, qr/What to do next:.*thaw doctor.*systemctl/s, 'and what to do next');
    unlike($r->{out}, qr/a first password/, 'but not the password that it was given');
    is((stat "$dir/fresh/thaw.cnf")[2] & 07777, 0600, 'the option file is for its owner alone');
    is((stat "$dir/fresh/owner.cnf")[2] & 07777, 0600, 'so is that of the owner of the schema');
    unlike(slurp("$dir/fresh/thaw.cnf"), qr/owner|migrate/, 'whose password the service does not have');
    is((stat "$dir/fresh/keys")[2] & 07777, 0700, 'and the keys are');
    is((stat "$dir/fresh/keys/seal.key")[2] & 07777, 0600, 'with the one of webhook secrets');
    like(slurp("$dir/fresh/keys/seal.key"), qr/\A[0-9a-f]{64}\z/, 'which is 32 bytes in hex');
    is(scalar $t->sql("SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = 'fresh'"),
        'utf8mb4_bin', 'names are compared byte by byte');
    is(thaw('fresh', '--json', 'user', 'list', '--org', 'Acme')->{json}[0]{role}, 'admin', 'the administrator is one');
    worked(thaw('fresh', 'token', '--user', 'ada'), 'and gets a token');
    worked(thaw('fresh', 'audit', 'verify'), 'all of it is audited');
    is(scalar $t->sql("SELECT COUNT(DISTINCT request_id) FROM fresh.audit_events"), 1, 'as one change');
    mkdir "$dir/fresh/run", 0700;
    my $doctor = worked(thaw('fresh', 'doctor'), 'the doctor is content');
    unlike($doctor->{out}, qr/warning|problem/, 'with everything');
};

subtest 'what the accounts may do' => sub {
    for my $sql ("UPDATE audit_events SET action = 'x' LIMIT 1", 'DELETE FROM audit_events LIMIT 1', 'DROP TABLE audit_events',
        'TRUNCATE audit_events', 'ALTER TABLE audit_events ADD x INT', 'DELETE FROM models', 'CREATE TABLE x (y INT)',
        'UPDATE schema_versions SET version = 9') {
        my $r = as('fresh', 'thaw', $sql);
        isnt($r->{exit}, 0, "the service may not $sql");
        like($r->{err}, qr/ERROR 1142/, 'by the privileges of the database');
    }
    is(as('fresh', 'thaw', 'SELECT COUNT(*) FROM audit_events')->{exit}, 0, 'it may read them');
    unlike(as('fresh', 'thaw', 'SHOW GRANTS')->{out}, qr/ON `?\*`?\.`?\*`? TO .*(SELECT|INSERT)|audit_events.*(UPDATE|DELETE)/,
        'and has no grant beyond');
    isnt(as('fresh', 'thaw-migrate', 'SELECT * FROM mysql.user')->{exit}, 0, 'the owner of the schema sees no other database');
    is(as('fresh', 'thaw-migrate', 'CREATE TABLE x (y INT PRIMARY KEY); DROP TABLE x')->{exit}, 0, 'but changes the schema');
};

subtest 'again' => sub {
    my $before = state_of('fresh');
    my $r = worked(init('fresh', { stdin => "another password\n" }, @admin, '--org', 'Acme', '--admin-username', 'ada',
        '--admin-email', 'other@acme.example', '--admin-password-stdin'), 'init');
    is(state_of('fresh'), $before, 'changes nothing');
    worked(init('fresh'), 'nor without a word said');
    is(state_of('fresh'), $before, 'does it make a default organization');
    my $j = init('fresh', '--org', 'Second', '--admin-username', 'bea')->{json} // thaw('fresh', '--json', 'init')->{json};
    is($j->{one_account} ? 1 : 0, 0, 'in JSON too');
    is(thaw('fresh', '--json', 'user', 'list', '--org', 'Second')->{json}[0]{username}, 'bea', 'another organization is made when named');
    refused(init('fresh', '--org', 'Third', '--admin-username', 'ada'), qr/belongs to another organization/, 'with the administrator of the first');
    is(scalar $t->sql("SELECT COUNT(*) FROM fresh.organizations"), 2, 'nothing is left of that');
    refused(init('fresh', '--org', 'Third', '--admin-username', 'cleo', '--admin-email', 'ada@acme.example'),
        qr/email address .* already/, 'with the address of another');
    is(scalar $t->sql("SELECT COUNT(*) FROM fresh.organizations"), 2, 'nor of that');
    worked(thaw('fresh', 'audit', 'verify'), 'and the audit agrees');
};

subtest 'halfway' => sub {
    my $token = thaw('fresh', 'token', '--user', 'ada')->{out};
    unlink "$dir/fresh/thaw.cnf" or die $!;
    refused(init('fresh'), qr/--db-admin OPTIONFILE is required/, 'the option file is lost, and no --db-admin');
    worked(init('fresh', @admin), 'with it');
    worked(thaw('fresh', 'org', 'list'), 'the accounts have new passwords');
    is(as('fresh', 'thaw', 'DELETE FROM audit_events')->{exit}, 1, 'and the same rights');
    unlink glob "$dir/fresh/keys/*";
    worked(init('fresh'), 'the keys are lost');
    worked(thaw('fresh', 'token', '--user', 'ada'), 'there is one again');
    $t->sql("DROP DATABASE fresh");
    my $r = init('fresh', @admin);
    refused($r, qr/cannot be reached|refused/, 'the database is gone while the option file is there');
    unlink "$dir/fresh/thaw.cnf";
    worked(init('fresh', @admin), 'without the file, all is made anew');
};

subtest 'defaults' => sub {
    scene('plain_db');                       # an underscore is a wildcard in grants
    my $j = worked(thaw('plain_db', '--json', 'init', '--database', 'plain_db', @admin), 'nothing named but the database')->{json};
    is_deeply([ @$j{qw(organization username)} ], [qw(Main admin)], 'names are found');
    is(length $j->{password}, 20, 'and a password');
    is(as('plain_db', 'thaw-migrate', 'SELECT 1')->{exit}, 0, 'the accounts are those of the database');
    $t->sql("CREATE DATABASE plainXdb");
    isnt(as('plain_db', 'thaw-migrate', 'USE plainXdb')->{exit}, 0, 'and of no other that looks like it');
};

subtest 'an account that may not make others' => sub {
    scene('shop');
    $t->sql("CREATE DATABASE shop CHARACTER SET latin1");
    $t->sql("CREATE USER shop\@localhost IDENTIFIED BY 'it''s \"x\" #1'");
    $t->sql("GRANT ALL ON shop.* TO shop\@localhost");
    spew("$dir/shop.cnf", "[mysqld]\nuser=nobody\n[client]\nuser = shop\npassword = \"it's \\\"x\\\" #1\"\nsocket=$dir/db.sock\n"
        . "[mysql]\ndatabase=other\n", 0600);
    my $r = worked(init('shop', '--db-admin', "$dir/shop.cnf"), 'init');
    like($r->{out}, qr/cannot create accounts/, 'says so');
    like($r->{out}, qr/does not\s+prevent the service from changing audit rows/, 'and what that costs');
    is(scalar $t->sql("SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = 'shop'"),
        'utf8mb4_bin', 'an empty database is set right');
    worked(thaw('shop', 'user', 'list', '--org', 'Main'), 'it works');
    mkdir "$dir/shop/run", 0700;
    my $doctor = worked(thaw('shop', 'doctor'), 'the doctor finds no problem');
    like($doctor->{out}, qr/^warning\s+audit\s.*can UPDATE audit rows/m, 'but warns');
    is(scalar $t->sql("SELECT COUNT(*) FROM mysql.user WHERE user LIKE 'shop\\_%'"), 0, 'no account was made');
    like(worked(thaw('shop', 'migrate'), 'migrate')->{out}, qr/No grants/, 'grants nothing');
    ok(thaw('shop', '--json', 'init')->{json}{one_account}, 'said again');
};

subtest 'what init refuses' => sub {
    scene('no');
    refused(init('no', '--db-admin', "$dir/nowhere.cnf"), qr/nowhere\.cnf: No such file/, 'no option file');
    spew("$dir/bad.cnf", "[client]\nuser=nobody_at_all\npassword=x\nsocket=$dir/db.sock\n", 0600);
    refused(init('no', '--db-admin', "$dir/bad.cnf"), qr/cannot be reached.*1045/, 'an account that is refused');
    refused(init('no', '--db-admin', "$dir/shop.cnf"), qr/is not allowed to create the database/, 'a database that the account may not make');
    refused(thaw('no', 'init', '--database', 'a`b', @admin), qr/--database must be/, 'a name that is none');
    refused(init('no', @admin, @{ $_->[0] }), $_->[1], "before anything is made: @{[map { substr $_, 0, 40 } @{ $_->[0] }]}") for
        [ [ '--admin-username', 'a b' ], qr/a user name must have/ ], [ [ '--admin-username', '' ], qr/a user name must have/ ], [ [ '--admin-username', 'x' x 129 ], qr/a user name must have 1 to 128/ ],
        [ [ '--admin-username', "\x{80}" ], qr/a user name must have/ ], [ [ '--admin-email', 'nobody' ], qr/is not an email address/ ], [ [ '--admin-email', '@x' ], qr/is not an email address/ ],
        [ [ '--admin-username', 'ada', '--admin-email', 'a b@x.example' ], qr/an email address must have/ ], [ [ '--admin-email', 'x' x 250 . '@x.ex' ], qr/an email address must have 1 to 254/ ],
        [ [ '--org', '' ], qr/an organization's name must have/ ], [ [ '--org', 'x' x 256 ], qr/an organization's name must have 1 to 255/ ], [ [ '--org', ' x' ], qr/an organization's name must have/ ],
        [ [ '--org', 'org-65f0c0ffee5eed0123456789' ], qr/must not look like an id/ ];
    is(scalar $t->sql("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'no'"), 0, 'no database was made');
    refused(init('no', { stdin => "short\n" }, @admin, '--admin-password-stdin'), qr/at least 8/, 'a short password');
    $t->sql("CREATE DATABASE latin CHARACTER SET latin1; CREATE TABLE latin.x (y INT)");
    scene('latin');
    refused(init('latin', @admin), qr/has tables and is not/, 'a database of others, in another character set');
    ok(!-e "$dir/$_/thaw.cnf", "nothing was written for $_") for qw(no latin);
    is(scalar $t->sql("SELECT COUNT(*) FROM mysql.user WHERE user LIKE 'no\\_%' OR user LIKE 'latin\\_%'"), 0, 'no account was made');
    scene('lost', sql_dir => "$dir/lost/sql");
    refused(init('lost', @admin), qr/sql_dir .*No such file/, 'no migrations');
    spew("$dir/typo.conf", "db_optoin_file = x\n");
    my $r = $t->thaw('--config', "$dir/typo.conf", 'init');
    refused($r, qr/typo\.conf:1: unknown setting/, 'a misspelt setting');
};

subtest 'four at once' => sub {
    scene('twice');
    my @r = concurrently(4, sub { my $r = init('twice', @admin, '--org', 'Acme', '--admin-username', 'dora'); [ @$r{qw(exit err)} ] });
    is_deeply(\@r, [ ([ 0, '' ]) x 4 ], 'all come to the same end') or diag explain \@r;
    is(scalar $t->sql("SELECT COUNT(*) FROM twice.organizations"), 1, 'once');
    worked(thaw('twice', 'audit', 'verify'), 'the audit agrees');
    is_deeply([ concurrently(4, sub { thaw('twice', 'migrate')->{exit} }) ], [ 0, 0, 0, 0 ], 'four migrations at once');
    for my $round (1 .. 5) {
        unlink "$dir/twice/keys/seal.key" or die $!;
        my @made = concurrently(8, sub { my $m = thaw('twice', 'migrate'); "$m->{exit}$m->{err} " . slurp("$dir/twice/keys/seal.key") });
        is(join("\n", @made), join("\n", ('0 ' . slurp("$dir/twice/keys/seal.key")) x 8), "round $round: eight that make seal.key make one");
    }
    is_deeply([ grep { !/\/(?:active|seal\.key|[^\/]+\.pem)$/ } glob "$dir/twice/keys/* $dir/twice/keys/.??*" ], [], 'and leave nothing beside it');
};

subtest 'migrate' => sub {
    $t->sql("DELETE FROM twice.schema_versions");
    my $r = worked(thaw('twice', 'migrate'), 'a file that was applied but not recorded');
    like($r->{out}, qr/^Applied 0001_base\.sql$/m, 'is applied again');
    unlike(worked(thaw('twice', 'migrate'), 'and then no more')->{out}, qr/Applied/, 'not');
    my $seal = slurp("$dir/twice/keys/seal.key");
    worked(thaw('twice', 'migrate'), 'the key of webhook secrets');
    is(slurp("$dir/twice/keys/seal.key"), $seal, 'is kept');
    unlink "$dir/twice/keys/seal.key" or die $!;
    worked(thaw('twice', 'migrate'), 'and where it is missing');
    like(slurp("$dir/twice/keys/seal.key"), qr/\A(?!$seal)[0-9a-f]{64}\z/, 'another is made');
    $t->sql("REVOKE SELECT ON twice.models FROM twice_app\@localhost");
    worked(thaw('twice', 'migrate'), 'a grant that is missing');
    is(as('twice', 'thaw', 'SELECT COUNT(*) FROM models')->{exit}, 0, 'is given');

    $t->sql("INSERT INTO twice.schema_versions VALUES (9999, UTC_TIMESTAMP(6))");
    refused(thaw('twice', 'migrate'), qr/version 9999, which is newer/, 'a schema from the future');
    refused(thaw('twice', 'org', 'list'), qr/does not match/, 'other commands refuse it too');
    like(thaw('twice', 'doctor')->{out}, qr/^problem\s+schema\s+version 9999 is newer/m, 'and the doctor knows');
    $t->sql("DELETE FROM twice.schema_versions WHERE version = 9999");

    mkdir "$dir/sql" or die $!;
    spew("$dir/sql/$_", slurp("$Thaw::SRC/sql/$_")) for 'grants.sql';
    spew("$dir/twice/other.conf", slurp("$dir/twice/thaw.conf") =~ s/^sql_dir = .*$/sql_dir = $dir\/sql/mr);
    refused($t->thaw('--config', "$dir/twice/other.conf", 'migrate'), qr/no migration 00\d\d;/, 'a directory without migrations');
    spew("$dir/sql/0001_base.sql", "CREATE TABLE IF NOT EXISTS oops (id INT PRIMARY KEY;\n");
    $t->sql("DELETE FROM twice.schema_versions");
    refused($t->thaw('--config', "$dir/twice/other.conf", 'migrate'), qr/0001_base\.sql: the database returned an error .*1064/, 'a broken migration');
    is(scalar $t->sql("SELECT COUNT(*) FROM twice.schema_versions"), 0, 'is not recorded');
};

$t->finish;
