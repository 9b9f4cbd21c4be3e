#!/usr/bin/perl
# The drill: a backup is taken while changes run, restored on another server, and what was
# acknowledged before its point is there, with the keys that open it; with the server's binary log
# all that came later is there too, by the commands of doc/deploy.md. What is damaged, newer, or
# would replace something is refused.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Copy 'cp';
use Test::More;
use Thaw;
use Contract;
use Digest::SHA ();
use Foundry;

my $t = Thaw->new(mariadb => [ '--log-bin=bin', '--binlog-format=ROW', '--server-id=1' ], config => { webhook_http => 'on', webhook_networks => '127.0.0.0/8' });
my $token = $t->admin;
my $backup = "$t->{dir}/backup";

# given a bit of everything: an artifact, a workspace, a webhook whose secret is sealed, an API key
my $rid = foundry_model($t);
upload($t, $rid, file => "binary \0\xff\x1a\\'\"" . 'x' x 70_000)->{status} == 200 or die;
my $w = workspace($t);
my $endpoint = post_v1($t, 'webhook_endpoints', body => { url => 'http://127.0.0.1:9/x', enabled_events => ['*'] })->{json}{id} // die;
my $key = $t->key(user => 'admin');
$t->member;

my @made;
subtest 'taken while changes run' => sub {
    my $stop = "$t->{dir}/stop";
    my $log = sub { "$t->{dir}/acknowledged.$_[0]" };
    my @writers = map { my $i = $_; background(sub {
        open my $h, '>:raw', $log->($i) or die $!;
        for (my $n = 0; !-e $stop; $n++) {
            my $r = $t->req(POST => $MODELS, token => $token, body => { name => "writer $i, $n", model_type => 'auto', task_type => 'regression' });
            my $id = $r->{json}{id} // next;
            syswrite $h, sprintf "%.6f %s\n", Time::HiRes::time(), $id if $r->{status} == 201;
            act($t, $id, 'archive')->{status} == 200 and syswrite $h, sprintf "%.6f %s archived\n", Time::HiRes::time(), $id;
        }
        1;
    }) } 1 .. 3;
    within(20, sub { 3 <= grep { -s $log->($_) } 1 .. 3 }, 'the writers');
    my $r = $t->thaw('--json', 'backup', $backup);
    is($r->{exit}, 0, 'thaw backup') or diag $r->{err};
    my ($at) = $r->{json}{point} =~ /(\S+)/;
    my $after = map { slurp($log->($_)) =~ /\n/g } 1 .. 3;
    within(20, sub { $after + 20 < map { slurp($log->($_)) =~ /\n/g } 1 .. 3 }, 'changes afterwards');
    spew($stop, '');
    $_->() for @writers;
    @made = map { [ split / /, $_, 3 ] } map { split /\n/, slurp($log->($_)) } 1 .. 3;
    cmp_ok(scalar @made, '>', 30, 'so many changes');
    is(join(' ', sort map { s{.*/}{}r } glob "$backup/*"), 'database.sql keys manifest.json', 'what it has');
    is(join(' ', map { sprintf '%o', (stat)[2] & 07777 } $backup, glob("$backup/*.*"), "$backup/keys", glob "$backup/keys/*"), join(' ', 700, 600, 600, 700, (600) x (() = glob "$backup/keys/*")), 'for its owner alone');
    unlike(slurp("$backup/manifest.json"), qr/password/, 'and no password of the database');
    ok(!-e "$backup.partial", 'nothing else is left');
    is($t->thaw('restore', $backup, '--check')->{exit}, 0, 'it is whole');
    like($t->thaw('backup', $backup)->{err}, qr/already exists/, 'what is there is not replaced');
};

# Another server, which has nothing: its own MariaDB, its own directories.
sub elsewhere {
    my $c = Thaw->new(init => 0);
    my %conf = (db_option_file => "$c->{dir}/thaw.cnf", key_dir => "$c->{dir}/keys", run_dir => "$c->{dir}/run", sql_dir => "$Thaw::SRC/sql",
        issuer => 'thaw-test', audience => 'thaw-test', rate_limits => 'off');
    spew("$c->{dir}/thaw.conf", join '', map { "$_ = $conf{$_}\n" } sort keys %conf);
    return $c;
}
my @restore = ('restore', $backup, '--db-admin');

subtest 'restored elsewhere' => sub {
    my $c = elsewhere();
    my $r = $c->thaw('--json', @restore, "$c->{dir}/admin.cnf");
    is($r->{exit}, 0, 'thaw restore') or diag $r->{err};
    my $point = $r->{json}{point};
    my ($y, $mo, $d, $h, $mi, $s) = $point =~ /(\d+)-(\d+)-(\d+)T(\d+):(\d+):([\d.]+)Z/ or die $point;
    require Time::Local;
    my $when = Time::Local::timegm(0, $mi, $h, $d, $mo - 1, $y) + $s;
    my %status = map { $_->[0] => $_->[1] } $c->sql("SELECT CONCAT('mdl-', LOWER(HEX(id))), status FROM thaw.models");
    my @before = grep { $_->[0] < $when } @made;
    cmp_ok(scalar @before, '>', 0, 'changes were acknowledged before the point');
    is(join(' ', map { "@$_" } grep { !$status{ $_->[1] } || ($_->[2] && $status{ $_->[1] } ne 'archived') } @before), '', 'every one of them is there');
    cmp_ok(scalar(grep { !$status{ $_->[1] } } @made), '>', 0, 'and what came later is not');
    my $v = $c->thaw('--json', 'audit', 'verify');
    is($v->{exit}, 0, 'every object agrees with its audit') or diag $v->{out};
    is($c->thaw('doctor')->{out} =~ /seal/i ? 'looked at' : '', 'looked at', 'the doctor looks at the keys');
    # one moment: what each table has fits the others
    is(scalar $c->sql("SELECT COUNT(*) FROM thaw.models m WHERE (SELECT COUNT(*) FROM thaw.audit_events a WHERE a.resource_id = m.id) <> m.revision"), 0, 'of one moment');
    $c->start_workers;
    $c->start_nginx;
    is($c->req(GET => $MODELS, token => $token)->{status}, 200, 'a token from before is good');
    is($c->req(GET => '/v1/workspaces/' . $w->{id}, token => $key)->{json}{name}, $w->{name}, 'an API key too');
    is($c->req(POST => '/api/auth/login', body => { username => 'admin', password => $t->password('admin') })->{status}, 200, 'and the password');
    my $version = $c->req(GET => "$MODELS/mdl-" . hex_of_rid($rid) . '/versions/ver-001/artifact', token => $token);
    is($version->{body}, "binary \0\xff\x1a\\'\"" . 'x' x 70_000, 'files are what they were, to the byte');
    my $secret = sub { my $j = shift->req(POST => "/v1/webhook_endpoints/$endpoint/rotate_secret", token => $token, body => {})->{status} };
    is($secret->($c), $secret->($t), 'a webhook is as it was');
    is($c->req(POST => $MODELS, token => $token, body => { name => 'after the restore', model_type => 'auto', task_type => 'regression' })->{status}, 201, 'and it goes on');
    # not twice
    $r = $c->thaw(@restore, "$c->{dir}/admin.cnf");
    is($r->{exit}, 1, 'what has keys is not restored into');
    like($r->{err}, qr/key_dir .* contains .*empty directory/, 'which is said');
    unlink glob "$c->{dir}/keys/*";
    $r = $c->thaw(@restore, "$c->{dir}/admin.cnf");
    is($r->{exit}, 1, 'nor what has tables');
    like($r->{err}, qr/the database has \d+ tables; `thaw restore` needs an empty one/, 'which is said');
    is(join(' ', glob "$c->{dir}/keys/*"), '', 'and nothing was put there');
};

subtest 'and what came later, from the binary log' => sub {
    my $c = elsewhere();
    is($c->thaw(@restore, "$c->{dir}/admin.cnf")->{exit}, 0, 'given the same backup, restored');
    my ($replay) = slurp("$Thaw::SRC/doc/deploy.md") =~ /^    (mariadb-binlog .*\n(?:        .*\n)*)/m;
    my $manifest = JSON::PP->new->decode(slurp("$backup/manifest.json"));
    like($manifest->{binlog}{file}, qr/^bin\.0+\d$/, 'whose manifest says where the binary log goes on');
    ok($replay =~ s/--start-position=\K\d+/$manifest->{binlog}{position}/ && $replay =~ s{/var/log/mysql/mariadb-bin\.0\S+}{$t->{dir}/db/$_} && $replay =~ s/\| mariadb\K/ --defaults-file=$c->{dir}\/admin.cnf/, 'and the command')
        for $manifest->{binlog}{file};
    $t->sql('FLUSH BINARY LOGS');
    my $r = $t->run({}, '', 'bash', '-o', 'pipefail', '-c', $replay);
    is($r->{exit}, 0, 'when it is replayed') or diag $replay, $r->{err};
    my %status = map { $_->[0] => $_->[1] } $c->sql("SELECT CONCAT('mdl-', LOWER(HEX(id))), status FROM thaw.models");
    is(join(' ', map { "@$_" } grep { !$status{ $_->[1] } || ($_->[2] && $status{ $_->[1] } ne 'archived') } @made), '', 'then every change that was acknowledged is there');
    my $v = $c->thaw('--json', 'audit', 'verify');
    is($v->{exit}, 0, 'and agrees with its audit') or diag $v->{out};
};

subtest 'what would run a program' => sub {
    my ($c, $mark, $evil) = (elsewhere(), "$t->{dir}/ran", "$t->{dir}/evil");
    for my $command ("\\e", "\\P", "\\! touch $mark", "system touch $mark", "\\T $mark", "source $mark", "\\. $mark") {
        system("rm -rf '$evil'; cp -a '$backup' '$evil'") and die;
        spew("$evil/database.sql", "$command\n" . slurp("$backup/database.sql"));
        my $m = JSON::PP->new->decode(slurp("$evil/manifest.json"));
        for (grep { $_->{name} eq 'database.sql' } @{ $m->{files} }) { $_->{size} = -s "$evil/database.sql"; $_->{sha256} = Digest::SHA::sha256_hex(slurp("$evil/database.sql")) }
        spew("$evil/manifest.json", JSON::PP->new->encode($m));
        is($c->thaw('restore', $evil, '--check')->{exit}, 0, "given a backup that fits its manifest and says $command");
        $c->thaw('restore', $evil, '--db-admin', "$c->{dir}/admin.cnf", '--database', 'evil');
        ok(!-e $mark, 'nothing is run or written');
        unlink glob "$c->{dir}/keys/*";
        $c->sql('DROP DATABASE IF EXISTS evil');
    }
};

subtest 'what is not a backup' => sub {
    my $c = elsewhere();
    like($c->thaw('restore', $backup, '--db-admin', "$c->{dir}/admin.cnf", '--database', "x'y")->{err}, qr/--database must be 1 to 48/, 'a name that no database has');
    my $copy = "$t->{dir}/copy";
    my $broken = sub {
        my ($what, $like, $how) = @_;
        system('rm', '-rf', $copy), system('cp', '-a', $backup, $copy);
        $how->();
        my $r = $c->thaw('restore', $copy, '--db-admin', "$c->{dir}/admin.cnf");
        is($r->{exit}, 1, "$what: refused");
        like($r->{err}, $like, "$what: said");
        is(scalar $c->sql("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'thaw'"), 0, "$what: before anything is made");
        ok(!-e "$c->{dir}/thaw.cnf", "$what: no account either");
    };
    $broken->('a byte that changed', qr/database\.sql is damaged: its checksum/, sub { my $s = slurp("$copy/database.sql"); substr($s, length($s) / 2, 1) ^= "\1"; spew("$copy/database.sql", $s) });
    $broken->('an end that is cut off', qr/database\.sql is damaged/, sub { spew("$copy/database.sql", substr slurp("$copy/database.sql"), 0, -1) });
    $broken->('a key that is missing', qr/keys\/.*No such file/, sub { my ($k) = glob "$copy/keys/*.pem"; unlink $k });
    $broken->('no manifest', qr/a backup is a directory made by `thaw backup`/, sub { unlink "$copy/manifest.json" });
    $broken->('a newer schema', qr/newer than this program supports/, sub { my $s = slurp("$copy/manifest.json"); $s =~ s/("schema":\s*)\d+/${1}9999/; spew("$copy/manifest.json", $s) });
    $broken->('a path out of it', qr/manifest of .* is broken/, sub { my $s = slurp("$copy/manifest.json"); $s =~ s/database\.sql/..\\\/x/; spew("$copy/manifest.json", $s) });
    is($t->thaw('restore', $copy, '--check')->{exit}, 1, '--check finds it too');
    my $aside = sub { my $name = shift; rename "$copy/$name", "$t->{dir}/aside" or die $!; symlink "$t->{dir}/aside", "$copy/$name" or die $! };
    for my $name (qw(database.sql keys manifest.json)) {
        system('rm', '-rf', "$t->{dir}/aside");
        $broken->("$name behind a link", qr/\Q$name\E is not a (?:regular file|directory); a backup has no links/, sub { $aside->($name) });
    }
    require POSIX;
    $broken->("a pipe as $_", qr/\Q$_\E is not a regular file/, sub { unlink "$copy/$_"; POSIX::mkfifo("$copy/$_", 0600) or die $! }) for qw(database.sql manifest.json);
};

subtest 'a backup that fails leaves nothing' => sub {
    local $ENV{PATH} = '/nowhere';
    my $r = $t->thaw('backup', "$t->{dir}/none");
    is($r->{exit}, 1, 'without mariadb-dump');
    like($r->{err}, qr/mariadb-dump: No such file/, 'which is said');
    is(join(' ', glob "$t->{dir}/none*"), '', 'and nothing is there');
};

$t->finish;
