#!/usr/bin/perl
# A database server as others have set it up: every variable that could change what a
# statement answers, packets smaller than a file, a disk that is full, one that only reads.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Foundry;

# Every global that a session inherits and that would change answers, at its worst.
my @worst = ('--sql-mode=ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,IGNORE_SPACE',
    '--transaction-isolation=SERIALIZABLE', '--transaction-read-only=ON', '--autocommit=0', '--completion-type=RELEASE', '--default-time-zone=-11:00',
    '--character-set-server=latin1', '--collation-server=latin1_swedish_ci', '--skip-character-set-client-handshake',
    '--default-storage-engine=Aria', '--innodb-default-row-format=compact', '--innodb-strict-mode=OFF', '--alter-algorithm=INSTANT',
    '--group-concat-max-len=4', '--div-precision-increment=0', '--max-sort-length=64', '--innodb-lock-wait-timeout=1', '--max-statement-time=0.001',
    '--tmp-disk-table-size=1024', '--tmp-table-size=1024', '--max-heap-table-size=16384', '--explicit-defaults-for-timestamp=OFF', '--lower-case-table-names=1',
    '--default-week-format=7', '--max-length-for-sort-data=4', '--query-cache-type=1', '--query-cache-size=1M', '--innodb-snapshot-isolation=ON',
    '--optimizer-switch=derived_merge=off,index_merge=off,materialization=off,semijoin=off', '--log-bin=worst', '--binlog-format=MIXED', '--server-id=1');
my @globals = ('sql_select_limit = 2', 'max_join_size = 1', 'sql_big_selects = 0', 'sql_safe_updates = 1', 'sql_auto_is_null = 1', 'foreign_key_checks = 0',
    'unique_checks = 0', 'check_constraint_checks = 0');

subtest 'every variable at its worst' => sub {
    my $t = Thaw->new(init => 0, mariadb => \@worst);
    $t->sql("SET GLOBAL $_") for @globals;
    $t->init;
    $t->{init} = 1;
    my $was = sub { $t->run({}, $_[0], 'mariadb', '--no-defaults', '-S', "$t->{dir}/db.sock", '-uroot', '-BN', 'thaw')->{out} =~ s/\s+\z//r };
    is($was->('SELECT @@sql_select_limit, @@autocommit, @@tx_read_only, @@max_join_size'), "2\t0\t1\t1", 'given a server that has them');
    $t->start_workers;
    $t->start_nginx;
    my $doctor = $t->thaw('doctor');
    is($doctor->{exit}, 0, 'the doctor is content') or diag $doctor->{out}, $doctor->{err};
    my @id = map { model($t)->{id} } 1 .. 6;
    is(act($t, $_, 'archive')->{status}, 200, 'archived') for @id[0, 1];
    is(act($t, $id[0], 'unarchive')->{json}{status}, 'draft', 'and restored');
    trained($t, $id[2]);
    my $list = $t->req(GET => "$MODELS?page_size=100", token => $t->admin);
    is("$list->{status} " . scalar @{ $list->{json}{items} }, '200 5', 'a list ends where it ends') or diag $list->{raw};
    my $key = $t->key(user => 'admin');
    my $w = workspace($t);
    my @e = map { entity($t, $w->{id}) } 1 .. 4;
    my $ws = $t->req(GET => "/v1/workspaces/$w->{id}", token => $key);
    is(scalar @{ $ws->{json}{entity_ids} }, 4, 'a workspace has all its entities') or diag $ws->{raw};
    my $file = 'x' x 100_000;
    my $m = foundry_model($t);
    is(upload($t, $m, file => $file)->{status}, 200, 'a version with its file');
    is($t->req(GET => "$MODELS/mdl-" . hex_of_rid($m) . '/versions/ver-001/artifact', token => $t->admin)->{body}, $file, 'and the very bytes');
    my $v = $t->thaw('--json', 'audit', 'verify');
    is($v->{exit}, 0, 'audit and state agree') or diag $v->{out};
    my %looked = map { $_->{resource} => $_->{audit_rows} } @{ $v->{json}{verified} };
    is("$looked{model} $looked{model_version} $looked{workspace} $looked{entity}", '13 2 2 4', 'with all that was done') or diag explain \%looked;
    is($t->thaw('sweep')->{exit}, 0, 'thaw sweep');
    is($t->thaw('migrate')->{exit}, 0, 'thaw migrate');
    $_->stop for @$t{qw(nginx worker mariadb)};
};

subtest 'what no session can set is named' => sub {
    my $t = Thaw->new(init => 0, mariadb => [ '--log-bin=worst', '--binlog-format=STATEMENT', '--server-id=1' ]);
    my $r = $t->thaw({ env => { THAW_DB_OPTION_FILE => "$t->{dir}/thaw.cnf", THAW_CONFIG => '/dev/null' } }, 'init', '--db-admin', "$t->{dir}/admin.cnf");
    is($r->{exit}, 1, 'init stops');
    like($r->{err}, qr/binlog_format is STATEMENT.*set binlog_format = ROW in the server's configuration/, 'and says what to set');
    is(scalar $t->sql("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'thaw'"), 0, 'nothing was made');
    $t->sql('SET GLOBAL binlog_format = ROW');
    $t->init;
    for my $case ([ 'binlog_format = STATEMENT', 'binlog_format = ROW', qr/^problem  binary log     binlog_format is STATEMENT.*binlog_format = ROW/m ],
        [ 'enforce_storage_engine = Aria', 'enforce_storage_engine = NULL', qr/^problem  storage engine enforce_storage_engine is Aria.*remove the setting/m ]) {
        $t->sql("SET GLOBAL $case->[0]");
        $r = $t->thaw('doctor');
        $t->sql("SET GLOBAL $case->[1]");
        is($r->{exit}, 3, "$case->[0]: the doctor finds it");
        like($r->{out}, $case->[2], 'and says what to do');
    }
    is($t->thaw('doctor')->{exit}, 0, 'else all is well');
};

sub no_second_try {
    my ($r, $name) = @_;
    is($r->{status}, 413, $name) or diag $r->{raw};
    is($r->{headers}{'retry-after'}, undef, 'which is not to be repeated');
}
my $logged = sub { my ($t, $like) = @_; scalar(() = slurp("$t->{dir}/worker.log") =~ /$like/g) };

subtest 'a packet smaller than a file' => sub {
    my $t = Thaw->new(mariadb => ['--max-allowed-packet=1M']);
    my $m = foundry_model($t);
    is(upload($t, $m, file => 'x' x 900_000)->{status}, 200, 'a file that fits');
    my $r = upload($t, $m, file => 'x' x (3 << 20));
    no_second_try($r, 'one that does not: 413');
    fault_is($r, 413, 'REQUEST_ENTITY_TOO_LARGE', 'Default:RequestEntityTooLarge', {}, 'in the words of the dialect');
    is($logged->($t, qr/max_allowed_packet is 1048576; raise it/), 1, 'the log says what to raise');
    no_second_try(upload($t, $m, file => 'x' x (1 << 20)), 'a byte more than it is enough');
    is(scalar @{ foundry($t, GET => "/$m/versions")->{json}{data} }, 1, 'nothing else was kept');
    is(get($t, 'mdl-' . hex_of_rid($m))->{status}, 200, 'and the connection is as good as ever');
    $t->finish;
};

subtest 'what each error of the server means' => sub {
    my $t = Thaw->new;
    my $id = model($t)->{id};
    my $fails = sub {
        my ($errno, $text) = @_;
        $t->sql("DELIMITER //\nCREATE OR REPLACE TRIGGER fails BEFORE UPDATE ON models FOR EACH ROW SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = $errno, MESSAGE_TEXT = '$text' //\nDELIMITER ;");
        my $r = act($t, $id, 'archive');
        unlike($r->{body}, qr/made to fail/, 'without what the database said');
        return $r;
    };
    my $made = 'made to fail';
    no_second_try($fails->($_, $made), "$_: too much, 413") for 1153, 1301, 1406, 1118, 1713, 1197;
    my $space = 'made to fail (Errcode: 28 "No space left on device")';
    for ([ 'DISK_FULL', qr/disk is full/, [ 1021, $made ], [ 1114, $made ], [ 1026, $space ], [ 1030, $space ], [ 3, $space ] ],
        [ 'READ_ONLY', qr/read-only/, map { [ $_, $made ] } 1290, 1792, 1836, 1036, 1874 ],
        [ 'SCHEMA', qr/is being upgraded/, map { [ $_, $made ] } 1142, 1143, 1146, 1054 ],
        [ 'UNAVAILABLE', qr/cannot be reached/, map { [ $_, $made ] } 1041, 1037, 1226 ]) {
        my ($name, $like, @codes) = @$_;
        for (@codes) {
            my $r = $fails->(@$_);
            error_is($r, 503, 'SERVICE_UNAVAILABLE', "$_->[0]: $name");
            like($r->{json}{error}{message}, $like, 'in a true sentence');
            ok($r->{headers}{'retry-after'}, 'which may pass');
            unlike($r->{body}, qr/thaw |command|grant/i, 'and is no instruction for operators');
        }
    }
    error_is($fails->(1030, 'made to fail (Errcode: 5 "Input/output error")'), 500, 'INTERNAL_ERROR', 'another error of a file is an error');
    $t->sql('DROP TRIGGER fails');
    is(act($t, $id, 'archive')->{status}, 200, 'and then it works');
    $t->finish;
};

# Models until one finds no room: that answer. They are small, since MariaDB 10.11 aborts
# where it has to roll back more than a row on a full disk.
sub filled {
    my $t = shift;
    for my $n (1 .. 3000) {
        my $r = $t->req(POST => $MODELS, token => $t->admin, body => { name => "filling $n", model_type => 'auto', task_type => 'clustering', metadata => { a => 'x' x 5000 } });
        return $r if $r->{status} != 201;
    }
    die 'it never fills';
}
sub full_and_not {
    my ($t, $room) = @_;
    my $id = model($t)->{id};
    is($t->req(GET => '/readyz')->{status}, 200, 'given a database with room: ready');
    my $r = filled($t);
    error_is($r, 503, 'SERVICE_UNAVAILABLE', 'a change that finds none: 503');
    like($r->{json}{error}{message}, qr/^The database's disk is full/, 'in a true sentence') or diag $r->{raw}, slurp("$t->{dir}/mariadb.log");
    is(get($t, $id)->{status}, 200, 'reading goes on');
    $r = $t->req(GET => '/readyz');
    problem_is($r, 503, 'not ready');
    like($r->{json}{detail}, qr/disk is full/, 'and why');
    is_deeply($r->{json}{checks}, { database => 'ok', schema => 'ok', changes => 'ok', disk => 'found no room for the last change' }, 'of its checks one');
    is($t->req(GET => '/healthz')->{status}, 200, 'but alive');
    my $doctor = $t->thaw('doctor');
    is($doctor->{exit}, 3, 'the doctor finds it');
    like($doctor->{out}, qr/^problem  disk .*the database's disk is full.*free some/m, 'and says what to do') or diag $doctor->{out};
    unlike($doctor->{out}, qr/problem  (?!disk)/, 'of that alone');
    my $mark = "$t->{dir}/run/full";
    is(sprintf('%o', (stat $mark)[2] & 07777), '600', 'remembered in a file of the workers');
    $room->();
    utime time - 60, time - 60, $mark;
    is(within(10, sub { my $r = $t->req(GET => '/readyz'); $r->{status} == 200 && $r })->{status}, 200, 'a while later it is tried again');
    is($t->thaw('doctor')->{exit}, 3, 'what nothing has disproved the doctor still says');
    is($t->req(POST => $MODELS, token => $t->admin, body => { name => 'room again', model_type => 'auto', task_type => 'clustering', metadata => { a => 'x' x 60_000 } })->{status}, 201,
        'a change that finds room');
    ok(!-e $mark, 'and all is forgotten');
    is($t->thaw('doctor')->{exit}, 0, 'the doctor is content') or diag $t->thaw('doctor')->{out};
}

subtest 'a disk that is full' => sub {
    my $t = Thaw->new(workers => 0);
    $t->{mariadb}->stop;
    my $db = "$t->{dir}/db";
    rename $db, "$db.was" or die $!;
    mkdir $db or die $!;
    my ($used) = `du -sk --apparent-size '$db.was'` =~ /^(\d+)/;
    my $size = sub { "size=@{[ ($used >> 10) + $_[0] ]}M" };
    plan skip_all => 'no right to mount a file system of a size' if system "mount -t tmpfs -o @{[ $size->(16) ]} thaw-test '$db' 2>/dev/null";
    my $guard = Thaw::Mounted->new($db);
    system('cp', '-a', '--sparse=never', "$db.was/.", $db) and die 'cp failed';
    $t->start_mariadb;
    $t->{workers} = 2;
    $t->start_workers;
    $t->start_nginx;
    full_and_not($t, sub { system "mount -o remount,@{[ $size->(256) ]} '$db'" and die 'remount failed' });
    $t->finish;
};

subtest 'tables that may not grow' => sub {
    my $limit = sub { [ '--innodb-file-per-table=0', "--innodb-data-file-path=ibdata1:10M:autoextend:max:$_[0]M" ] };
    my $t = Thaw->new(mariadb => $limit->(22));
    full_and_not($t, sub {
        $t->{mariadb}->stop;
        $t->{mariadb_options} = $limit->(64);
        $t->start_mariadb;
    });
    $t->finish;
};

subtest 'a database that only reads' => sub {
    my $t = Thaw->new;
    $t->sql('SET GLOBAL read_only = ON');
    my $r = $t->req(GET => '/readyz');
    problem_is($r, 503, 'not ready');
    is_deeply($r->{json}{checks}, { database => 'ok', schema => 'ok', changes => 'are refused', disk => 'ok' }, 'and why');
    my $doctor = $t->thaw('doctor');
    is($doctor->{exit}, 3, 'the doctor finds it');
    like($doctor->{out}, qr/^problem  changes .*are refused .*read-only.*read_only = OFF/m, 'and says it') or diag $doctor->{out};
    $t->sql('SET GLOBAL read_only = OFF');
    is($t->req(GET => '/readyz')->{status}, 200, 'ready again');
    $t->finish;
};
done_testing;

package Thaw::Mounted;
sub new { my ($class, $at) = @_; bless { at => $at, owner => $$ }, $class }
sub DESTROY { my $m = shift; system 'umount', '-l', $m->{at} if $m->{owner} == $$ }
