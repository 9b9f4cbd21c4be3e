#!/usr/bin/perl
# ./serve as a newcomer meets it, in a session unlike its author's: from a clone that
# nobody else can enter and whose path is long, then from the same clone opened to others;
# twice, with a taken port, stopped, started again, ended by Ctrl-C, reset. Then as it is
# met less often: killed, its directory copied, on a small disk, by root in another's clone.
use strict;
use warnings;
use File::Path 'make_path';
use File::Temp 'tempdir';
use FindBin;
use IO::Socket::INET;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Thaw::Kept;
use Time::HiRes qw(sleep time);

my $top = tempdir('thaw-serve-t.XXXXXX', TMPDIR => 1, CLEANUP => !$ENV{LEAVE});     # mode 0700
my $clone = "$top/" . join '/', ('a-path-that-is-far-too-long-for-a-unix-socket') x 2, 'thaw';
make_path($clone);
my $files = 'git ls-files -z -co --exclude-standard 2>/dev/null || find . -path ./build -prune -o -path ./var -prune -o -type f -print0';
system("cd '$Thaw::SRC' && ($files) | tar --null --ignore-failed-read -T - -cf - 2>/dev/null | tar -xf - -C '$clone'");
ok(-x "$clone/serve", 'a clone under a directory of mode 0700, ' . length($clone) . ' bytes deep') or BAIL_OUT('no clone');

my ($state, $t) = ("$clone/var", bless { dir => $top, owner => 0 }, 'Thaw');
sub free_port { IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 1, ReuseAddr => 1)->sockport }
# What the caller has in the environment is not the demo's: neither to obey nor to pass on.
my %session = (PATH => '/bin', HOME => '/nonexistent', CDPATH => '/', MAKEFLAGS => '-n', TMPDIR => '/nonexistent', THAW_KEY_DIR => '/nonexistent',
    http_proxy => 'http://127.0.0.1:1', SECRET_OF_THE_CALLER => 'secret');
if (!system("localedef -i tr_TR -f UTF-8 '$top/tr_TR.UTF-8' > '$top/localedef.log' 2>&1")) { @session{qw(LOCPATH LC_ALL)} = ($top, 'tr_TR.UTF-8') }
else { diag('NOT TRIED in another locale: the package `locales` is not installed') }
sub run { my $mask = umask 077; my $r = $t->run(\%session, '', @_); umask $mask; $r }
sub serve { run("$clone/serve", @_) }
sub env { return { map { /^(\w+)=(.*)$/ ? ($1, $2) : () } split /\n/, slurp("$state/demo.env") } }
sub get { my ($env, $path, $token) = @_; $env->{THAW_URL} =~ /:(\d+)$/; $t->req(GET => $path, token => $token, port => $1) }
sub pids { map { /^(\d+)/ ? $1 : () } map { slurp($_) } glob "$state/*.pid" }
sub gone { my @pids = @_; within(10, sub { !grep { -e "/proc/$_" && slurp("/proc/$_/stat") !~ /\) Z/ } @pids }, "end of @pids") }
sub enabled { join '', sort `find /etc/systemd/system /etc/rc2.d -name '*nginx*' -o -name '*mariadb*' -o -name '*mysql*' -o -name '*apache*' 2>/dev/null` }
sub pid { my ($dir, $name) = @_; slurp("$dir/$name.pid") =~ /^(\d+)/ && $1 }
sub uid { (stat "/proc/$_[0]")[4] }
END { my $keep = $?; serve('--stop') if -d $state; $? = $keep }

my $enabled = enabled();
my $port = free_port();
subtest 'killed while it builds' => sub {
    my $guard = Thaw::Guard->start({ env => \%session }, "$top/killed.log", "$clone/serve", '--port', $port);
    within(60, sub { $guard->alive or die slurp("$top/killed.log"); -s "$clone/build/serve.log" }, 'the build');
    kill KILL => $guard->pid;           # it alone: what it started goes on
    ok(defined $guard->wait, 'killed; what follows starts it again');
    $guard->{swept} = 1;
};
my $r = serve('--port', $port, '--detach');
is($r->{exit}, 0, './serve --detach') or BAIL_OUT($r->{err});
like($r->{out}, qr{http://127\.0\.0\.1:$port\b}, 'prints the address');
my $env = env();
is(join(' ', sort keys %$env), 'THAW_AGENT THAW_CLIENT_ID THAW_CLIENT_SECRET THAW_DB THAW_FOLDER_RID THAW_KEY_LIVE THAW_KEY_TEST THAW_OTHER THAW_READER THAW_TOKEN THAW_URL', 'demo.env');
is(get($env, '/readyz')->{status}, 200, 'ready when it returns');
subtest 'the console' => sub {
    like($r->{out}, qr{^The console: open http://127\.0\.0\.1:$port/ }m, 'its address is printed');
    my $page = get($env, '/');
    is($page->{status}, 200, 'and answers');
    is(get($env, "/$_")->{status}, 200, "with $_") for $page->{body} =~ /(?:src|href)="((?:assets|vendor)[^"]*)"/g;
    my @who = $r->{out} =~ /^  \w+ +(\S+@\S+) .* (\S+)$/mg;
    is(scalar @who, 6, 'three can sign in');
    while (my ($email, $password) = splice @who, 0, 2) {
        my $in = $t->req(POST => '/console/session', port => $port, body => { email => $email, password => $password },
            headers => [ Origin => 'http://127.0.0.1' ]);
        is($in->{status}, 200, "$email with what is printed") or diag $in->{raw};
    }
};

subtest 'demo.env and what is printed' => sub {
    unlike(slurp("$state/demo.env"), qr/^(?!\w+=[^\s'"\\\$`]+$)/m, 'NAME=value, nothing that a shell reads otherwise');
    for my $name (sort keys %$env) {
        my $sh = $t->run({}, ". '$state/demo.env'; printf %s \"\$$name\"", 'sh');
        is($sh->{out}, $env->{$name}, "$name is the same when sourced");
    }
    my ($curl) = $r->{out} =~ /^\s*(curl .*)$/m;
    my $pasted = $t->run({}, "cd /; $curl", 'sh');
    like($pasted->{out}, qr/"status":"draft"/, 'the first curl makes a model when pasted');
    like($t->run({}, "cd /; $curl", 'sh')->{out}, qr/"status":"draft"|"code":"CONFLICT"/, 'and does no harm twice');
    my ($id) = $pasted->{out} =~ /"id":"(mdl-\w+)"/;
    my ($job) = $r->{out} =~ /^Archive it.*?\n(.*?)\n\n/ms;
    $job =~ s/id=mdl-\.\.\./id=$id/;
    my $restored = $t->run({}, "cd /; $job", 'sh');
    like($restored->{out}, qr/"status":"archived".*"status":"draft".*"action":"model.unarchived"/s,
        'what follows archives it, restores it and shows the audit row') or diag $restored->{err};
    my ($thaw) = $r->{out} =~ /^Administer:\s+(.*)$/m;
    my $orgs = $t->run({}, "cd /; $thaw", 'sh');
    like($orgs->{out}, qr/Demo Organization/, 'so does the first thaw') or diag $orgs->{err};
    like($t->run({ %session, THAW_ORG => 'Demo Organization' }, '', "$state/thaw", 'user', 'list')->{out}, qr/^usr-\w+ +ada +ada\@demo\.example +admin/m, 'which obeys THAW_ORG, and nothing else of the caller');
    my ($rows, $keys) = map { $_->{json} } map { get($env, $_, $env->{THAW_KEY_TEST}) } qw(/v1/workspaces /v1/tokens);
    is(($rows->{object} // 'nothing') . ' ' . join(' ', sort map { $_->{kind} . ($_->{livemode} ? '' : ' of test') } @{ $keys->{data} // [] }),
        'list secret of test token of test', 'the API keys are good') or diag explain $keys;
    my ($lines) = slurp("$clone/doc/apis.md") =~ /^## Workspaces, API keys and webhooks\n.*?^((?:    [^\n]*\n|\n    [^\n]*\n)+)/ms;
    my ($make, $rest) = split /^    id=wks_.*\n/m, $lines;
    my $workspace = $t->run({}, "cd '$clone'\n$make", 'sh');
    like($workspace->{out}, qr/"status":"ready"/, 'the curl of doc/apis.md makes a workspace') or diag $workspace->{err};
    ($id) = $workspace->{out} =~ /"id":"(wks_\w+)"/;
    my ($setup) = $make =~ /^(.*^ *auth=.*?\n)/ms;
    like($t->run({}, "cd '$clone'\n$setup\nid=$id\n$rest", 'sh')->{out}, qr/"status":"archived".*"status":"ready".*"type":"workspace\.unarchived"/s,
        'what follows archives it, restores it and shows the event');
    ($lines) = slurp("$clone/doc/apis.md") =~ /^## The foundry API: resource identifiers, folders and promotion\n.*?^((?:    [^\n]*\n|\n    [^\n]*\n)+)/ms;
    my ($first, $second, $third) = split /^    (?:trial=ri|version=ri).*\n/m, $lines;
    my $models = $t->run({}, "cd '$clone'\n$first", 'sh');
    my @rid = $models->{out} =~ /"rid":"(ri\.models\.main\.model\.[^"]+)"/g;
    is(scalar @rid, 2, 'the foundry curls of doc/apis.md make two models') or diag $models->{out}, $models->{err};
    ($setup) = $first =~ /^(.*^ *models=.*?\n)/ms;
    my $sh = "cd '$clone'\n$setup\ntrial=$rid[0]; production=$rid[1]\n";
    my $uploaded = $t->run({}, "$sh\n$second", 'sh');
    is($uploaded->{json}{source}{type}, 'sdk', 'what follows gives the first a version') or diag $uploaded->{out}, $uploaded->{err};
    my $promoted = $t->run({}, "$sh\nversion=$uploaded->{json}{rid}\n$third", 'sh');
    my ($copy, $list) = map { JSON::PP::decode_json($_) } split /(?<=\})\s*(?=\{)/, $promoted->{out}, 2;
    is_deeply($copy->{source}, { type => 'promoted', previousModelRid => $rid[0], previousModelVersionRid => $uploaded->{json}{rid} }, 'promotes it to the second')
        or diag $promoted->{out}, $promoted->{err};
    is_deeply([ map { $_->{rid} } @{ $list->{data} } ], [ $copy->{rid} ], 'and shows it there');
    my ($section) = slurp("$clone/doc/apis.md") =~ /^## The registry API: packages and deployments\n(.*?)^## /ms;
    my (undef, $registers, $groups) = $section =~ /^((?:    [^\n]*\n|\n(?=    ))+)/mg;
    my ($register, $stage) = split /^    model=.*\n/m, $registers;
    my ($group, $share) = split /^    group=.*\n/m, $groups;
    my $v = $t->run({}, "cd '$clone'\n$register", 'sh')->{json};
    is($v->{registeredModelVersion}, 1, 'the registry curl of doc/apis.md registers a model') or diag explain $v;
    ($setup) = $register =~ /^(.*^ *json=.*?\n)/ms;
    $sh = "cd '$clone'\n$setup\nmodel=$v->{registeredModelId}; version=$v->{id}\n";
    like($t->run({}, "$sh\n$stage", 'sh')->{out}, qr/"stage":"Production".*"action":"model\.version_staged"/s, 'what follows puts it in production and shows the audit row');
    my ($id_of) = (my $printed = $t->run({}, "$sh\n$group", 'sh'))->{out} =~ /\b([0-9a-f]{24})\s*\z/;
    ok($id_of, 'a group is made') or diag $printed->{out}, $printed->{err};
    my $shared = $t->run({}, "$sh\ngroup=$id_of\n$share\ncurl -s \$THAW_URL/api/v2/registeredModels/\$model/sharedRoles/ -H \"\$auth\"", 'sh');
    is(join(' ', sort map { "$_->{name}:$_->{role}" } @{ $shared->{json}{data} // [] }), 'Risk:CONSUMER ada:OWNER rui:USER', 'and the model shared with it') or diag $shared->{out}, $shared->{err};
    ($lines) = slurp("$clone/doc/apis.md") =~ /^## Third-party applications\n.*?^((?:    [^\n]*\n|\n    [^\n]*\n)+)/ms;
    my $token = $t->run({}, "cd '$clone'\n$lines", 'sh');
    is($token->{json}{scope}, 'api:models-read', 'the application of doc/apis.md gets a token') or diag $token->{err}, $token->{out};
    is(get($env, '/api/v1/models', $token->{json}{access_token})->{status}, 200, 'that is good');
    is($t->run({}, '', $env->{THAW_DB}, '-N', '-e', 'select 1')->{out}, "1\n", 'and THAW_DB');
    like($t->run({}, '', $env->{THAW_DB}, '-N', '-e', 'select count(*) from audit_events')->{out}, qr/^[1-9]/, 'which has the demo');
    is((stat "$state/$_")[2] & 077, 0, "$_ is nobody else's business") for qw(demo.env passwords client d);
};

# In one shell, one after the other, as a new user would; what a block installs from PyPI is taken from what is kept with
# the build, and the block is left out where that is not to be had.
subtest 'every block of the README, as pasted' => sub {
    my @blocks = slurp("$clone/README.md") =~ /^```sh\n(.*?)^```$/gms;
    is(scalar(grep { !/^\.\/serve/ } @blocks), @blocks - 1, 'the first starts the demo, as was done');
    my $script = "set -e\ncd '$clone'\n";
    my @run;
    for my $block (@blocks[ 1 .. $#blocks ]) {
        if ($block =~ s/^python3 -m venv (var\/(\w+)) .*\n//) {
            my ($has, $why) = Thaw::Kept::python({ mlflow => 'mlflow-3', sdk => 'openapi' }->{$2} // $2);
            $has or diag("left out: $why"), next;
            $script .= "ln -s '$has' '$1'\n";
        }
        push @run, $block;
        $script .= "echo '== @{[ scalar @run ]}'\n$block";
    }
    # A file, not standard input: bash reads on there while a job in the background has it too.
    spew("$t->{dir}/readme.sh", "$script\necho '== end'\n");
    my $r = $t->run({}, '', 'bash', "$t->{dir}/readme.sh");
    is($r->{exit}, 0, 'all of them succeed') or diag $r->{out}, $r->{err};
    my (undef, @out) = split /^== \w+\n/m, $r->{out};
    my $of = sub { my ($in) = grep { $run[$_] =~ $_[0] } 0 .. $#run; $out[$in] // '' };
    like($of->(qr/audit-logs" -H/), qr/"status":"archived".*"status":"draft".*"model\.unarchived".*"model\.archived".*"model\.created"/s, 'a model is archived and restored, as its history says');
    like($of->(qr/urllib/), qr/model\.archived draft -> archived\n.*model\.created/, 'so from Python');
    like($of->(qr/generate/), qr/archived draft\n/, 'by a client that was generated from the description') if $script =~ /generate/;
    like($of->(qr{/metrics}), qr/method="POST",route="\/api\/v1\/models\/\{model_id\}\/archive".* [2-9]\n/, 'and all of this is counted') or diag $of->(qr{/metrics});
    like($of->(qr/-F file/), qr/"version_id":"ver-001".*"metrics":\{"auc":0\.91\}.*"rid":"ri\.models\.main\.model-version\./, 'a version is uploaded');
    like($of->(qr/user create/), qr/sam\d+ .*member .*active/, 'a user made');
    like($of->(qr/api-key create/), qr/^sk_live_\w+$/m, 'a key');
    like($of->(qr/webhook_endpoints/), qr/"secret":"whsec_/, 'an endpoint');
    like($of->(qr/audit verify/), qr/Every object agrees with its audit rows\./, 'and the audit agrees');
    like($of->(qr/thaw backup/), qr/Restored as of .*Every object agrees with its audit rows\./s, 'so it does when it was restored from a backup');
    is(join(' ', grep { -e } glob("$state/d/drill* $state/drill*")) . $t->run({}, '', "$state/mariadb", '-N', '-e', "SELECT User FROM mysql.user WHERE User LIKE 'drill%'; SHOW DATABASES LIKE 'drill%'")->{out}, '', 'of which nothing is left');
};

my $id;
subtest 'the three tokens' => sub {
    my $model = { name => 'serve test', model_type => 'custom', task_type => 'regression' };
    my $post = sub { $t->req(POST => '/api/v1/models', token => $_[0], body => $model, port => $port) };
    my $made = $post->($env->{THAW_TOKEN});
    is($made->{status}, 201, 'THAW_TOKEN makes a model') or diag $made->{raw};
    $id = $made->{json}{id} // '';
    is(get($env, "/api/v1/models/$id", $env->{THAW_READER})->{status}, 200, 'THAW_READER reads it');
    is($post->($env->{THAW_READER})->{status}, 403, 'and makes none');
    is(get($env, "/api/v1/models/$id", $env->{THAW_OTHER})->{status}, 404, 'THAW_OTHER does not see it');
    is($post->($env->{THAW_OTHER})->{status}, 201, 'but has its own');
};

subtest 'again, and a taken port' => sub {
    my $second = serve('--port', $port);
    isnt($second->{exit}, 0, 'a second ./serve does not start');
    like($second->{out}, qr/already running/, 'and says so');
    is(serve('--port', $port, '--detach')->{exit}, 0, 'a second --detach is content');
    my $taken = serve('--port', $port, '--state', "$top/other");
    isnt($taken->{exit}, 0, 'another state on the same port');
    like($taken->{err}, qr/port $port .*in use/, 'says that the port is taken');
    is(serve('--port', 'x')->{exit}, 2, 'a port that is none');
    is(get($env, '/readyz')->{status}, 200, 'the first one goes on');
};

my @pids = pids();
is(scalar @pids, 6, 'six processes are written down');
is(enabled(), $enabled, 'no service was enabled');
is($t->run({}, '', "$state/thaw", 'audit', 'verify')->{exit}, 0, 'audit and state reconcile');
is(serve('--stop')->{exit}, 0, '--stop');
gone(@pids);
pass('everything has ended');
like(serve('--stop')->{out}, qr/Nothing is running/, '--stop again');

# Now others may enter: root hands the work to www-data.
chmod 0755, $top;
$r = serve('--port', $port, '--detach', '--limits', 'off');
is($r->{exit}, 0, 'started again') or BAIL_OUT($r->{err});
my $new = env();
isnt($new->{THAW_TOKEN}, $env->{THAW_TOKEN}, 'with new tokens');
is(get($new, "/api/v1/models/$id", $new->{THAW_TOKEN})->{status}, 200, 'the data is still there');
my ($worker) = slurp("$state/workers.pid") =~ /^(\d+)/;
SKIP: {
    skip 'not root', 1 if $>;
    is(uid($worker), scalar getpwnam('www-data'), 'the workers run as www-data');
}
is(scalar(grep { get($new, '/api/v1/models', $new->{THAW_READER})->{status} == 429 } 1 .. 150), 0, '--limits off: no limit');
@pids = pids();
is($t->run({}, '', "$clone/serve", '--stop')->{exit}, 0, 'stopped');
gone(@pids);

subtest 'in the foreground until Ctrl-C' => sub {
    my $guard = Thaw::Guard->start({}, "$top/fg.log", "$clone/serve", '--port', $port);
    within(60, sub { $guard->alive or die slurp("$top/fg.log"); -e "$state/ready" }, 'the demo');
    is(get(env(), '/readyz')->{status}, 200, 'ready');
    my @all = pids();
    CORE::kill(-2, $guard->pid);         # as the terminal does: to the process group
    ok(defined $guard->wait(30), 'ended by SIGINT');
    gone(@all);
    pass('and everything with it');
};

$r = serve('--port', $port, '--detach', '--reset');
is($r->{exit}, 0, '--reset') or diag $r->{err};
$new = env();
is(get($new, "/api/v1/models/$id", $new->{THAW_TOKEN})->{status}, 404, 'the data is gone');
my @bad = grep { /\[(alert|crit|emerg)\]/ } split /\n/, slurp("$state/d/nginx/nginx-error.log");
is("@bad", '', 'no alert in the log of nginx');
is(serve('--stop')->{exit}, 0, 'stopped');

# --- what is met less often

subtest 'the services have nothing of the caller' => sub {
    is(serve('--port', $port, '--detach')->{exit}, 0, 'started');
    for my $name (qw(mariadb workers deliver builder nginx)) {
        my $environ = slurp('/proc/' . pid($state, $name) . '/environ');
        unlike($environ, qr/SECRET_OF|nonexistent|_proxy|tr_TR/, $name);
    }
};

subtest 'a directory that was copied' => sub {
    my ($copy, @of_the_first) = ("$top/copy", pids());
    is(system('cp', '-a', $state, $copy), 0, 'copied while it runs');
    my $sql = $t->run({}, '', "$copy/mariadb", '-e', 'select 1');
    ok($sql->{exit}, "its mariadb does not open the other's database") or diag $sql->{out};
    like($sql->{err}, qr/copied or moved; start it/, 'and says why');
    like(serve('--state', $copy, '--stop')->{out}, qr/^Nothing is running in \Q$copy\E/, 'nothing runs there');
    is(get(env(), '/readyz')->{status}, 200, 'the first one goes on');
    my $other = free_port();
    my $r = serve('--state', $copy, '--port', $other, '--detach');
    is($r->{exit}, 0, 'it can be started beside the first') or diag $r->{err};
    is($t->run({}, '', "$_->[0]/mariadb", '-N', '-e', "select \@\@datadir = '$_->[0]/d/db/'")->{out}, "1\n", "its own database: $_->[1]")
        for [ $state, 'the first' ], [ $copy, 'the copy' ];
    is(serve('--state', $copy, '--stop')->{exit}, 0, 'and stopped');
    is(join(' ', pids()), "@of_the_first", 'with nothing of the first touched');
    is(get(env(), '/readyz')->{status}, 200, 'which goes on');
    is(serve('--stop')->{exit}, 0, 'stopped');
    gone(@of_the_first);
};

# Where this may mount, it is a host whose own name nothing looks up, not even /etc/hosts.
my @apart = ('unshare', '--mount', '--uts', $> ? '--map-root-user' : ());
my $apart = !system("@apart true 2>/dev/null");
subtest 'killed' => sub {
    my ($dir, $log) = ("$top/killed", "$top/killed.log");
    my @nameless = $apart ? (@apart, 'sh', '-c', 'hostname nowhere && mount --bind /dev/null /etc/hosts && mount --bind /dev/null /etc/resolv.conf && exec "$@"', '-') : ();
    my $guard = Thaw::Guard->start({ env => { %session, PATH => $ENV{PATH} } }, $log, @nameless, "$clone/serve", '--port', $port, '--state', $dir);
    within(60, sub { $guard->alive or die slurp($log); pid($dir, 'mariadb-install') }, 'the installation of the database');
    my @left = map { pid($dir, $_) } qw(mariadb-install);
    kill KILL => $guard->pid;
    $guard->wait; $guard->{swept} = 1;
    my $r = serve('--state', $dir, '--port', $port, '--detach');
    is($r->{exit}, 0, 'while it installs the database: starts again') or diag $r->{err};
    gone(@left);
    @left = grep { $_ != pid($dir, 'serve') } map { /^(\d+)/ } map { slurp($_) } glob "$dir/*.pid";
    kill KILL => pid($dir, 'serve');
    $r = serve('--state', $dir, '--port', $port, '--detach');
    is($r->{exit}, 0, 'while it runs: starts again, on the same port') or diag $r->{err};
    gone(@left);
    pass('and nothing of the first is left');
    @left = map { /^(\d+)/ } map { slurp($_) } glob "$dir/*.pid";
    kill KILL => pid($dir, 'serve');
    is(serve('--state', $dir, '--stop')->{exit}, 0, 'or is stopped');
    gone(@left);
};
SKIP: {
    skip 'mounting is not possible here', 2 unless $apart;
    my $mount = 'mount -t tmpfs -o mode=755,size=60m tmpfs "$0" && exec "$@"';
    mkdir "$top/small";
    my $small = $t->run(\%session, '', '/usr/bin/unshare', @apart[1 .. $#apart], 'sh', '-c', $mount, "$top/small", "$clone/serve", '--state', "$top/small", '--port', $port);
    is($small->{exit}, 1, 'a small disk: does not start');
    like($small->{err}, qr{\A\Q$top\E/small has \d+ MB free, and the demo's database needs \d+ MB; free some space or use another disk\n\z}, 'and says why');
}

# Who else could write where it writes.
my $precious = "$top/precious";
spew($precious, "untouched\n", 0600);
sub untouched { my @s = stat $precious; is(slurp($precious) . " $s[4] " . ($s[2] & 07777), "untouched\n $> 384", "$_[0]: a file that a link leads to is untouched") }
sub refused {
    my ($what, $dir, $like) = @_;
    my $r = serve('--state', $dir, '--port', $port);
    is("$r->{exit} $r->{out}", '1 ', "$what: does not start") or $r->{exit} || serve('--state', $dir, '--stop');
    like($r->{err}, qr/\Aserve: .*$like.*\n\z/, 'and says what to do');
    untouched($what);
}
make_path("$top/$_") for qw(open open/parent/state);
symlink $precious, "$top/open/serve.state";
chmod 0777, "$top/open", "$top/open/parent";
refused('a directory in which others can write', "$top/open", 'chmod go-w \S+/open`, or choose another');
refused('a directory that others can replace', "$top/open/parent/state", 'anyone can write in \S+/open/parent, .*choose another directory');
SKIP: {
    skip 'not root', 1 if $>;
    my ($other, $gid) = (getpwnam 'daemon')[2, 3];
    chmod 0755, "$top/open", "$top/open/parent";
    chown $other, $gid, "$top/open";
    refused("another user's directory", "$top/open", 'belongs to daemon; run ./serve as that user');
    refused("a directory in another user's", "$top/open/parent", 'belongs to daemon; choose another');

    subtest 'links in what the services own' => sub {
        chmod 0755, $top;
        my @files = grep { -f } glob "$state/d/* $state/d/log/* $state/d/nginx/*";
        cmp_ok(scalar @files, '>', 10, 'files that a start writes');
        symlink $precious, "$_.new" for @files;
        for (grep { /\.log$/ } @files) { unlink; symlink $precious, $_ }
        my $r = serve('--port', $port, '--detach');
        untouched('as a start finds them');
        is($r->{exit}, 1, 'which ends, as the services cannot write there');
        unlike($r->{err}, qr/untouched/, "and shows nothing of root's");
        unlink grep { -l } glob "$state/d/* $state/d/log/* $state/d/nginx/*";
        is(serve('--port', $port, '--detach')->{exit}, 0, 'without them it starts');
        is(serve('--stop')->{exit}, 0, 'stopped');
    };

    subtest 'a port that only root may bind' => sub {
        my ($low) = grep { IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $_, Listen => 1) } reverse 900 .. 1023;
        my $r = serve('--port', $low, '--detach');
        is($r->{exit}, 0, 'starts') or diag $r->{err};
        is(uid(pid($state, 'nginx')), scalar getpwnam('www-data'), 'nginx does not run as root for it');
        is(get(env(), '/readyz')->{status}, 200, 'ready');
        is(serve('--stop')->{exit}, 0, 'stopped');
    };

    SKIP: {
        skip 'mounting is not possible here', 1 unless $apart;
        my $own = 'for f in passwd group; do cp /etc/$f "$0/$f"; done; echo thaw-demo:x:64321:64321::/:/bin/false >> "$0/passwd"; echo thaw-demo:x:64321: >> "$0/group"
            for f in passwd group; do mount --bind "$0/$f" /etc/$f || exit; done; exec "$@"';
        my $r = $t->run(\%session, '', '/usr/bin/unshare', '--mount', 'sh', '-c', $own, $top, "$clone/serve", '--state', "$top/own", '--port', $port, '--detach');
        is($r->{exit} || uid(pid("$top/own", 'workers')), 64321, 'a user thaw-demo is used where there is one') or diag $r->{err};
        is(serve('--state', "$top/own", '--stop')->{exit}, 0, 'stopped');
    }

    subtest "root in another user's clone, then its owner" => sub {
        my @as = ('/usr/bin/setpriv', "--reuid=$other", "--regid=$gid", '--clear-groups');
        system('chown', '-R', 'daemon:', "$top/" . (split m{/}, $clone =~ s{^\Q$top/}{}r)[0]);
        is(serve('--port', $port, '--detach')->{exit}, 0, 'root starts it');
        is(uid(pid($state, 'workers')), $other, 'as the owner of the clone');
        is(serve('--stop')->{exit}, 0, 'root stops it');
        is(`find '$clone' ! -user daemon`, '', 'and all that was made is the owner\'s');
        my $r = run(@as, "$clone/serve", '--port', $port, '--detach');
        is($r->{exit}, 0, 'the owner goes on') or diag $r->{err};
        is(get(env(), '/readyz')->{status}, 200, 'ready');
        is(run(@as, "$clone/serve", '--stop')->{exit}, 0, 'and stops it');
        for my $made ($state, "$clone/build") {
            chown 0, 0, $made;
            my $r = run(@as, "$clone/serve", '--port', $port);
            is("$r->{exit}", 1, "$made is root's: does not start");
            like($r->{err}, qr/\A(?:serve: )?\Q$made\E belongs to root; make \S+(?: clone)? yours with `sudo chown -R daemon: \S+`[^\n]*\n\z/, 'and says what to do');
            chown $other, $gid, $made;
        }
    };
}
is(enabled(), $enabled, 'no service was enabled');
done_testing();
