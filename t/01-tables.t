#!/usr/bin/perl
# The tables that the program is made of are whole, the layers hold, and every
# statement it can run is a statement that MariaDB takes and answers by an index.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;

my $t = Thaw->new(workers => 1);
my $src = "$Thaw::SRC/src";

subtest 'routes' => sub {
    my @routes = tables($t, 'routes');
    cmp_ok(scalar @routes, '>=', 18, scalar(@routes) . ' routes');
    my %seen;
    for my $r (@routes) {
        my $name = "$r->{method} $r->{path}";
        like($r->{method}, qr/^(GET|POST|PUT|PATCH|DELETE)$/, "$name: a method");
        like($r->{path}, qr{^(/(\{[a-z][A-Za-z_]*\}|[A-Za-z0-9._-]+))+$}, 'a path');
        like($r->{permission}, qr/^(public|member|[a-z]+:[a-z]+)$/, 'a permission, spelled out');
        like($r->{status}, qr/^(20[0-9]|302)$/, 'a status of success');
        ok(length $r->{summary}, 'a summary');
        ok(!$seen{ $name =~ s/\{[^}]*\}/{}/gr }++, 'no other like it');
        is($r->{method} eq 'GET' && ($r->{flags} // '') =~ /write/, '', 'a GET does not write');
    }
    is(join(' ', map { $_->{path} } grep { ($_->{flags} // '') =~ /own-tx/ && $_->{flags} !~ /write/ } @routes), '/v1/events', 'reading events alone numbers them');
};

subtest 'tests' => sub {
    my ($table) = slurp("$Thaw::SRC/CONTRIBUTING.md") =~ /^## Tests\n(.*?)^## /ms;
    my @names = map { m{([^/]+)\.t$} } glob "$Thaw::SRC/t/*.t";
    my %named = map { $_ => 1 } $table =~ /`(\d\d-[a-z-]+)`/g;
    my %number;
    for my $name (@names) {
        like(slurp("$Thaw::SRC/t/$name.t"), qr/\A#!.*\n# \S/, "$name says what it holds");
        ok(delete $named{$name}, 'CONTRIBUTING.md says where it belongs');
        is($number{ substr $name, 0, 2 }++ // 0, 0, 'no other has its number');
    }
    is(join(' ', sort keys %named), '', 'CONTRIBUTING.md names no other');
};

subtest 'errors' => sub {
    my @errors = tables($t, 'errors');
    my %allowed = (models => { map { $_ => 1 } qw(AUTH_REQUIRED AUTH_INVALID AUTH_EXPIRED PERMISSION_DENIED RESOURCE_NOT_FOUND CONFLICT RATE_LIMIT_EXCEEDED
        VALIDATION_ERROR INTERNAL_ERROR SERVICE_UNAVAILABLE METHOD_NOT_ALLOWED PRECONDITION_FAILED PAYLOAD_TOO_LARGE UNSUPPORTED_MEDIA_TYPE) });
    for my $e (@errors) {
        like($e->{status}, qr/^[45]\d\d$/, "$e->{name}: $e->{status}");
        for my $dialect (grep { $_ !~ /^(name|status|level|text|kind|class)$/ } sort keys %$e) {
            ok(length($e->{$dialect} // ''), "$dialect has a code: " . ($e->{$dialect} // 'none'));
            my ($code) = ($e->{$dialect} // '') =~ /(\w+)$/;
            ok($allowed{$dialect}{$code}, 'one of its contract') if $allowed{$dialect};
        }
    }
};

subtest 'what the row of an error says fits its status' => sub {
    my %row = slurp("$src/err.def") =~ /^ERR\((\w+), (\w+, \d+, \w+, [^"]*), "/mg;
    my $those = sub { my $what = shift; join ' ', sort grep { my ($status, $flags) = $row{$_} =~ /^\w+, (\d+), \w+, (.*)/; local $_ = $flags; $what->($status) } keys %row };
    my $challenge = qr/\b(?:ASK_TOKEN|BAD_TOKEN|LOW_TIER|NO_SCOPE)\b/;
    cmp_ok(scalar keys %row, '>=', 100, scalar(keys %row) . ' rows');
    is($those->(sub { $_[0] =~ /^40[13]$/ && !/SUSPECT/ }), '', 'who is refused is told in the security log');
    is($those->(sub { $_[0] =~ /^40[13]$/ && !/$challenge/ }), 'LOGIN_FAILED REFRESH_INVALID', 'and what is missing in the answer, but to who sent no token');
    is($those->(sub { $_[0] !~ /^40[13]$/ && /$challenge/ }), '', 'nothing else asks for a token');
    is($those->(sub { $_[0] !~ /^4(?:04|09|12)$/ && /KEPT/ }), '', 'what an idempotency key keeps is what the object answered');
    is($those->(sub { $_[0] =~ /^4(?:04|09|12)$/ && !/KEPT/ }), 'CHALLENGER_LIMIT ENDPOINT_LIMIT KEY_BUSY KEY_SEALED QUOTA ROUTE_NOT_FOUND', 'all of it, but what may be otherwise the next time');
};

subtest 'transitions' => sub {
    my @all = tables($t, 'transitions');
    my %model = map { $_->{transition} => $_ } grep { $_->{resource} eq 'model' } @all;
    my @sql = tables($t, 'sql');
    ok(length($_->{audit} // ''), "$_->{transition}: an audit action") for @all;
    is($model{MODEL_UNARCHIVE}{from}, 'archived', 'unarchive starts from archived alone');
    like($model{MODEL_UNARCHIVE}{to}, qr/^computed/, 'and its target is computed');
    is($model{MODEL_ARCHIVE}{from}, 'draft ready', 'archive starts from draft and ready');
    is(join(' ', grep { ($model{$_}{from} // '') =~ /retired/ } sort keys %model), '', 'nothing leads out of retired');
    is(join(' ', grep { ($model{$_}{from} // '') =~ /archived/ && $model{$_}{to} ne 'same' } sort keys %model), 'MODEL_DELETE MODEL_DISCARD MODEL_RETIRE MODEL_UNARCHIVE', 'nothing else leads out of archived but retirement and deletion');
    is($model{MODEL_RETIRE}{gate}, 'owner', 'which takes an owner');
    like($_->{event} // '', qr/^model\./, "$_->{transition}: subscribers are told") for values %model;
    my %known = map { $_->{permission} => 1 } tables($t, 'routes');
    is(join(' ', map { $_->{transition} } grep { $_->{event} && !(($_->{read_by} // '') =~ /:read$/ && $known{ $_->{read_by} }) } @all), '', 'a permission reads whatever is told');

    my ($events) = grep { $_->{name} eq 'VERIFY_EVENTS' } @sql;
    my %told = map { $_->{resource} => 1 } grep { $_->{event} } @all;
    is(join(' ', map { $_->{transition} } grep { $told{ $_->{resource} } && !$_->{event} } @all), '', 'of what is told of, every revision is');
    is(join(' ', sort $events->{text} =~ /'(\w+)'(?=[,)])/g), join(' ', sort keys %told), 'and audit verify looks for the events of each');

    # Nothing but the engine's statements writes a status.
    my @writers = sort grep { my $n = $_; grep { $_->{name} eq $n && $_->{text} =~ /^(?:UPDATE\s+\w+\s+SET\b.*?\bstatus\s*=(?=.*WHERE)|INSERT\s+INTO\s+\w+\s*\([^)]*\bstatus\b)/s } @sql } map { $_->{name} } @sql;
    my $def = slurp("$src/life.def");
    my %engine = map { $_ => 1 } $def =~ /^TRANSITION\(\w+,\s*\w+,[^\n]*?,\s*(?:FIXED|SAME|COMPUTED),\s*\w+,\s*\w+,\s*(\w+),/mg;
    cmp_ok(scalar keys %engine, '>=', 10, 'statements of the engine');
    # an attempt's status is that of the answer it keeps, not of an object, and a total's is what it counts
    is(join(' ', grep { !$engine{$_} && !/^(?:ATTEMPT_|COUNTS_FOLD$)/ } @writers), '', 'they alone write a status column');
    is(join(' ', grep { my $n = $_; !grep { $_ eq $n } @writers } sort keys %engine), '', 'and each of them does');
    is(join(' ', map { $_->{name} } grep { $_->{text} =~ /^\s*(?:UPDATE|DELETE|REPLACE)\b[^;]*\b(?:audit_events)\b/ } @sql), '', 'no statement changes an audit row');
};

subtest 'a change that must hit its rows insists on them' => sub {
    # where a server has ended a transaction behind our back, or another node was faster, it hits none
    my $code = join '', map { slurp($_) } glob "$src/*.c";
    my %may_miss = map { $_ => 1 } qw(DELIVER_IDLE DELIVER_TURN DELIVER_BEHIND DELIVER_WELL EVENT_HORIZON MAY_CHANGE VERSIONS_SAID HOLD_END HOLDS_END);      # whatever is there
    my %engine = map { $_ => 1 } slurp("$src/life.def") =~ /^TRANSITION\(\w+,\s*\w+,[^\n]*?,\s*(?:FIXED|SAME|COMPUTED),\s*\w+,\s*\w+,\s*(\w+),/mg;
    my @updates = map { $_->{name} } grep { $_->{text} =~ /^UPDATE/ } tables($t, 'sql');
    cmp_ok(scalar @updates, '>=', 40, scalar(@updates) . ' statements');
    my @unseen = grep { !$engine{$_} && !$may_miss{$_} && $code !~ /\b(?:db_exec_one|db_exec_rows)\([^;]*\bSQL_$_\b/ && $code !~ /\bSQL_$_\b[^;]*[(,]\s*&\w+\)/ } @updates;
    is("@unseen", '', 'each looks at how many it hit');
    like(slurp("$src/life.c"), qr/db_exec_one\(tx->db, row->sql/, 'the engine too');
};

subtest 'config' => sub {
    for my $c (tables($t, 'config')) {
        like($c->{name}, qr/^[a-z_]+$/, $c->{name});
        like($c->{type}, qr/^(STR|INT|SECONDS|BOOL|PATH)$/, 'a type');
        ok(length($c->{help}), 'help');
    }
    my %value = map { $_->{name} => $_->{value} } tables($t, 'config');
    is("$value{issuer} $value{rate_limits}", 'thaw-test off', 'the values are those in force');
};

# --- layers --------------------------------------------------------------------------

subtest 'layers' => sub {
    my %includes;
    for my $file (glob "$src/*.[ch]") {
        my ($name) = $file =~ m{([^/]+)$};
        $includes{$name} = [ slurp($file) =~ /^\s*#\s*include\s+[<"]([^>"]+)[>"]/mg ];
    }
    my $users = sub { my $what = shift; join ' ', sort grep { grep { $_ =~ $what } @{ $includes{$_} } } keys %includes };
    is($users->(qr/^(mysql|mariadb)/), 'db.c', 'MariaDB: only db.c');
    is($users->(qr/^json-c|^json_/), 'json.c', 'json-c: only json.c');
    is($users->(qr/^jwt\.h/), 'token.c', 'libjwt: only token.c');
    is($users->(qr{^openssl/(ecdsa|rsa|pem|hmac|ec)\.h}), 'token.c', 'signatures: only token.c');
    is($users->(qr/^fcgi/), 'main.c', 'FastCGI: only main.c');
    is($users->(qr{^curl/}), 'curl.c dom_send.c', 'libcurl: only dom_send.c, and curl.c, which loads it');
    is($users->(qr/^archive(_entry)?\.h/), 'mlpkg.c', 'libarchive: only mlpkg.c');
    is($users->(qr/^crypt\.h/), 'passwd.c', 'password hashes: only passwd.c');
    my @domain = grep { /^dom_/ } sort keys %includes;
    cmp_ok(scalar @domain, '>=', 5, "the domain: @domain");
    is(join(' ', grep { my $f = $_; grep { /^(req|route|res|shape|serve|api_\w+)\.h$/ } @{ $includes{$f} } } @domain), '', 'knows no request and no route');
    my @engine = grep { /^(life|audit|outbox|tx|db)\.[ch]$/ } sort keys %includes;
    is(join(' ', grep { my $f = $_; grep { /^(dom_\w+|req|route|serve)\.h$/ } @{ $includes{$f} } } @engine), '', 'nor does the engine, which knows no domain either');
    my @shelf = grep { /^(arena|str|json|log|clock|err|id|conf|mlpkg|multipart|net|search|sign)\.[ch]$/ } sort keys %includes;
    is(join(' ', grep { my $f = $_; grep { /^(db|tx|life|audit|outbox|dom_\w+|req|route|who|token)\.h$/ } @{ $includes{$f} } } @shelf), '', 'the bottom shelf knows nobody above');
    is(join(' ', grep { my $f = $_; grep { /^api_/ } @{ $includes{$f} } } sort keys %includes), '', 'nobody includes a dialect');
    is(join(' ', grep { !/^(?:api_\w+|cli_\w+|main|dialects)\.c$/ } split / /, $users->(qr/^dialects\.h/)), '', 'and what serves them all names none');
    my @statements = grep { slurp("$src/$_") =~ /"\s*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\s/ && !/^(sql\.def|db\.c|list\.c|cli_\w+\.c)$/ } grep { /\.c$/ } sort keys %includes;
    is("@statements", '', 'statements stand in sql.def, and in list.c what it composes');
    is(join(' ', grep { /\.c$/ && !/^(json|db|life)\.c$/ && slurp("$src/$_") !~ m{\A/\*\s*\w} } sort keys %includes), '', 'each file opens with its job');
};

subtest 'functions' => sub {
    for my $file (sort glob "$src/*.c") {
        my ($from, @long) = 0;
        my @lines = split /\n/, slurp($file);
        for my $i (0 .. $#lines) {
            $from = $i if $lines[$i] eq '{';
            push @long, $i + 1 if $lines[$i] eq '}' && $from && $i - $from - 1 > 60;
            $from = 0 if $lines[$i] eq '}';
        }
        is("@long", '', $file =~ s{.*/}{}r . ': of 60 lines at most');
    }
};

subtest 'what nginx says is one quoted text' => sub {
    my $text = $t->thaw('nginx-errors', 'http')->{out};
    my @texts = $text =~ /^    \S+ (\{.*|'.*)$/mg;
    cmp_ok(scalar @texts, '>=', 20, scalar(@texts) . ' of them');
    is(join("\n", grep { !/^'[^']*';$/ || /\$(?!\{?(?:thaw_|request_id|time_iso8601|msec))/ } @texts), '', "without a quote or a variable of nginx's within");
};

subtest 'columns of a result are read by maps' => sub {
    # nobody counts columns: only row.c looks into a row, db.c, which makes it, and list.c, which composes it
    for my $file (grep { !m{/(?:row|db|list)\.[ch]$} } sort glob "$src/*.[ch]") {
        my @lines = grep { /\b(?:v|row)\[\d+\]\.|\bdb_row\([^)]*\)(?:\[|->)/ } split /\n/, slurp($file);
        is(join("\n", @lines), '', $file =~ s{.*/}{}r);
    }
};

# --- statements -----------------------------------------------------------------------

sub quoted { "'" . ($_[0] =~ s/(['\\])/\\$1/gr) . "'" }

subtest 'every statement can be prepared' => sub {
    my @sql = tables($t, 'sql');
    cmp_ok(scalar @sql, '>=', 60, scalar(@sql) . ' statements');
    my $r = $t->run({}, join('', map { "SELECT 'at $_->{name}';\nPREPARE s FROM " . quoted($_->{text}) . ";\n" } @sql) . "SELECT 'all';\n",
        'mariadb', '--no-defaults', '-S', "$t->{dir}/db.sock", '-uroot', '--batch', '-N', 'thaw');
    is($r->{err}, '', 'by MariaDB') or diag((split /\n/, $r->{out})[-1]);
    like($r->{out}, qr/^all$/m, 'all of them');
    is(length($_->{in} // ''), ($_->{text} =~ tr/?//), "$_->{name}: a letter for each parameter") for @sql;
    is(join(' ', map { $_->{name} } grep { $_->{text} =~ /\b(GET_LOCK|RETURNING|XA |CALL |NEXTVAL|SLEEP)\b/i } @sql), '', 'none that a cluster or MySQL 8 would not take');
};

subtest 'every text parameter takes every text, or is known to stand beside an ascii column' => sub {
    # given each statement with one parameter that no ascii column holds, the others as simple as can be
    my (@script, @of);
    for my $s (map { tables($t, $_) } qw(sql lists)) {
        my @letters = split //, $s->{in} // '';
        for my $at (grep { $letters[$_] =~ /[sa]/ } 0 .. $#letters) {
            my %value = (d => "UNHEX(REPEAT('0', 24))", x => "UNHEX(REPEAT('0', 24))", t => "'2026-01-01'", i => 1, s => "'x'", a => "'x'");
            my @in = map { $_ == $at ? "_utf8mb4 X'C3A9F09F9880'" : $value{ $letters[$_] } } 0 .. $#letters;
            push @script, "START TRANSACTION; PREPARE s FROM " . quoted($s->{text} =~ s/\s+/ /gr) . "; EXECUTE s USING " . join(', ', @in) . '; ROLLBACK;';
            push @of, [ $s->{name}, $at + 1, $letters[$at] ];
        }
    }
    cmp_ok(scalar @of, '>=', 200, scalar(@of) . ' text parameters');
    my $r = $t->run({}, join("\n", @script) . "\n", 'mariadb', '--no-defaults', '-S', "$t->{dir}/db.sock", '-uroot', '--batch', '--force', '--default-character-set=utf8mb4', 'thaw',
        "--init-command=SET sql_mode = 'STRICT_ALL_TABLES'");
    my %refused = map { /^ERROR (1267|1270|1271|1366) .* at line (\d+):/ ? ($2 - 1 => $1) : () } split /\n/, $r->{err};
    my (@wrong, @needless);
    for my $i (0 .. $#of) {
        my ($name, $at, $letter) = @{ $of[$i] };
        push @wrong, "$name $at" if $letter eq 's' && $refused{$i};
        push @needless, "$name $at" if $letter eq 'a' && !$refused{$i};
    }
    is(join(', ', @wrong), '', 'none of letter s is refused by the server');
    is(join(', ', @needless), '', 'and each of letter a would be');
};

subtest 'tables' => sub {
    my @bad = $t->sql("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'thaw' AND (ENGINE <> 'InnoDB' OR TABLE_COLLATION <> 'utf8mb4_bin')");
    is(join(' ', map { $_->[0] } @bad), '', 'InnoDB, utf8mb4_bin');
    @bad = $t->sql("SELECT t.TABLE_NAME FROM information_schema.TABLES t LEFT JOIN information_schema.STATISTICS s ON s.TABLE_SCHEMA = t.TABLE_SCHEMA
        AND s.TABLE_NAME = t.TABLE_NAME AND s.INDEX_NAME = 'PRIMARY' WHERE t.TABLE_SCHEMA = 'thaw' AND s.TABLE_NAME IS NULL");
    is(join(' ', map { $_->[0] } @bad), '', 'a primary key on each');
    is(scalar($t->sql("SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'thaw'")), 0, 'no triggers');
};

# The words that a text compares a status with, by the name before the dot ('': none).
sub status_words {
    my $text = shift =~ s/`//gr;
    my @found;
    while ($text =~ /\b(?:(\w+)\.)?(?:previous_)?status\s*(?:=|<>|<=>|\bIN\b|,)\s*(\((?:\s*'\w+'\s*,?)+\)|'\w+')/gi) {
        my ($of, $words) = ($1 // '', $2);
        push @found, [ $of, $1 ] while $words =~ /'(\w+)'/g;
    }
    while ($text =~ /\bcase (?:(\w+)\.)?status((?:\s+when\s+'\w+'\s+then\s+\d+)+)/gi) {
        my ($of, $cases) = ($1 // '', $2);
        push @found, [ $of, $1 ] while $cases =~ /when\s+'(\w+)'/gi;
    }
    return @found;
}

subtest 'the words of a status are those of life.def' => sub {
    my $def = slurp("$src/life.def");
    my %text = map { $_->{name} => $_->{text} } tables($t, 'sql');
    my (%word, %states, %known, @checked, @wrong);
    $word{$1}{$2} = $known{$2} = 1 while $def =~ /^STATE\((\w+),\s*\w+,\s*"(\w+)"/mg;
    while ($def =~ /^TRANSITION\(\w+,\s*(\w+),\s*CREATE,[^\n]*?,\s*(\w+_ADD),/mg) {
        my $resource = $1;
        my ($table) = $text{$2} =~ /^INSERT INTO (\w+)/ or next;
        $states{$table} = $word{$resource};
    }
    is(scalar keys %states, scalar keys %word, 'a table for each resource');

    for ($t->sql("SELECT TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = 'thaw' AND CHECK_CLAUSE LIKE '%status%'
        UNION ALL SELECT TABLE_NAME, COLUMN_DEFAULT FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'thaw' AND COLUMN_DEFAULT LIKE '%status%'")) {
        my ($table, $clause) = @$_;
        my @words = map { $_->[1] } status_words($clause);
        push @wrong, map { "$table $_" } grep { !$states{$table}{$_} } @words;
        next if $clause !~ /^`status` (?:in|=) [^`]*$/;
        push @checked, $table;
        is(join(' ', sort @words), join(' ', sort keys %{ $states{$table} }), "$table: its CHECK lets all of them in");
    }
    is(join(' ', grep { my $n = $_; !grep { $_ eq $n } @checked } sort keys %states), 'organizations principals roles', 'a CHECK on each, but what the thaw command alone writes');

    my $seen = 0;
    $states{object_counts} = \%known;       # of all kinds
    for my $name (sort keys %text) {
        my %table;
        while ($text{$name} =~ /\b(?:FROM|JOIN|UPDATE|INTO)\s+(\w+)(?:\s+(?:AS\s+)?(?!(?:WHERE|SET|LEFT|JOIN|ON|FORCE|ORDER|GROUP|LIMIT|CROSS|STRAIGHT_JOIN|USE|VALUES|SELECT)\b)(\w+))?/g) {
            push @{ $table{$_} }, $1 for '', $2 // $1;
        }
        for (status_words($text{$name})) {
            my ($of, $word) = @$_;
            my @of = grep { $states{$_} } @{ $table{$of} // [] };
            $seen++;
            push @wrong, "$name $of.$word" if !grep { $states{$_}{$word} } @of;
        }
    }
    cmp_ok($seen, '>=', 40, "$seen words in statements");
    # where a statement is put together
    for my $file (sort glob "$src/*.[ch]") {
        my $code = slurp($file);
        push @wrong, map { $file =~ s{.*/}{}r . " $_" } grep { !$known{$_} } map({ $_->[1] } status_words($code)), $code =~ /\bstatus"?, "(\w+)"\)/g;
    }
    is(join(', ', @wrong), '', 'no other word');
};

subtest 'many rows' => sub {
    # given 20000 models of one organization, most of them alike; 2000 that are local;
    # 20000 audit rows of one model; 5000 versions of it
    my $m = model($t);
    my ($org, $user, $id) = map { "UNHEX('" . hex_of($_) . "')" } @$m{qw(organization_id created_by id)};
    my $fill = sub { $t->sql($_) for @_ };
    my $columns = 'organization_id, id, name, model_type, task_type, is_global, status, last_version, created_by, created_at, updated_at, revision, children_rev';
    my $row = sub { "SELECT $org, UNHEX(LPAD(HEX(seq + $_[0]), 24, '0')), CONCAT('filler $_[0] ', seq), 'auto', ELT(1 + seq % 2, 'regression', 'clustering'), $_[1],
        IF(seq % 10 = 0, 'archived', IF(seq % 10 = 1, 'ready', 'draft')), 0, $user, NOW(6), NOW(6), 1, 0" };
    $fill->("INSERT INTO models ($columns) " . $row->(100000, 1) . ' FROM seq_1_to_20000', "INSERT INTO models ($columns) " . $row->(200000, 0) . ' FROM seq_1_to_2000',
        "INSERT INTO grants (organization_id, model_id, grantee_id, role, created_at) SELECT organization_id, id, UNHEX('0102030405060708090a0b0c'), 1, NOW(6) FROM models WHERE is_global = 0",
        "INSERT INTO audit_events (organization_id, id, at, actor_id, actor_name, action, resource_type, resource_id, revision, to_state, request_id, client_address, user_agent)
            SELECT $org, UNHEX(LPAD(HEX(seq + 300000), 24, '0')), NOW(6) - INTERVAL 20001 - seq SECOND, $user, 'x', IF(seq % 100, 'model.updated', 'model.archived'), 'model', $id, seq + 1, 'draft', '', '', '' FROM seq_1_to_20000",
        "INSERT INTO model_versions (organization_id, id, model_id, number, status, created_at, updated_at, revision)
            SELECT $org, UNHEX(LPAD(HEX(seq + 400000), 24, '0')), $id, seq, 'ready', NOW(6), NOW(6), 1 FROM seq_1_to_5000",
        "INSERT INTO training_runs (organization_id, id, model_id, status, started_by, started_at, updated_at, revision)
            SELECT $org, UNHEX(LPAD(HEX(seq + 500000), 24, '0')), $id, 'completed', $user, NOW(6), NOW(6), 1 FROM seq_1_to_5000",
        'ANALYZE TABLE models, grants, audit_events, model_versions, training_runs');
    my @sql = grep { $_->{text} =~ /^SELECT/ && $_->{name} !~ /^VERIFY/ } tables($t, 'sql');

    # then EXPLAIN shows no full scan of these tables, of no statement a request runs
    my $big = qr/^(?:m|k|g|a|v|t|e|models|grants|audit_events|model_versions|training_runs)$/;
    my (%plan, @scans);
    for my $s (@sql) {
        next if $s->{name} =~ /^(AUDIT_LIST|AUDIT_COUNTS|SCHEMA|ORG_|ROLE_|USER_)/;      # the thaw command's
        my @in = arguments($s, $org, $user, $id);
        my $using = @in ? 'EXECUTE s USING ' . join(', ', map { "\@p$_" } 0 .. $#in) : 'EXECUTE s';
        my $sets = join '', map { "SET \@p$_ = $in[$_];\n" } 0 .. $#in;
        my @rows = $t->sql("${sets}PREPARE s FROM " . quoted("EXPLAIN $s->{text}") . ";\n$using");
        for (@rows) {
            my ($table, $type, $key, $rows) = @$_[ 2, 3, 5, 8 ];
            push @scans, "$s->{name}: $table $type key " . ($key // 'none') . " rows $rows" if ($table // '') =~ $big && ($type // '') =~ /^(ALL|index)$/ && ($rows // 0) > 1000;
        }
        # and a page costs what a page costs: rows read, counted by the server itself
        my @read = $t->sql("${sets}PREPARE s FROM " . quoted($s->{text} =~ s/^SELECT/SELECT SQL_NO_CACHE/r) . ";\nFLUSH STATUS;\n"
            . "$using;\nSELECT 'read', SUM(VARIABLE_VALUE) FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME LIKE 'HANDLER_READ%'");
        ($plan{ $s->{name} }) = map { $_->[1] } grep { ($_->[0] // '') eq 'read' } @read;
    }
    is(join("\n", @scans), '', 'no full scan in any EXPLAIN');
    my @pages = sort grep { /^(?:MODEL_READ|RUN_READ|VERSION_READ|MODEL_LOCK|MODEL_TARGET)$/ } keys %plan;
    is(scalar @pages, 5, 'single objects');
    cmp_ok($plan{$_}, '<', 700, "$_ reads $plan{$_} rows") for @pages;
    # What lies in a folder, from the start and from the middle, for who may all and for who may not.
    my $reader = "UNHEX('" . ($t->user('a-reader', role => 'reader') =~ s/^usr-//r) . "')";
    my %sql = map { $_->{name} => $_ } @sql;
    my $home = "UNHEX('" . '0' x 24 . "')";
    for my $case (
        (map { my ($who, $me) = @$_; map { my ($where, $from) = @$_; [ FOLDER_CHILDREN => "$who, $where", $org, $org, $from, 21, $org, $home, $from, 21, $me, $org, $org, $me, $org, $org, $home, $from, 21, $org, $home, $from, $org, $me, 21, 21, $org ] }
            [ 'from the start', $home ], [ 'from the middle', "UNHEX(LPAD(HEX(110000), 24, '0'))" ] } [ 'an administrator', $user ], [ 'a reader', $reader ])) {
        my ($name, $what, @in) = @$case;
        my $using = 'EXECUTE s USING ' . join ', ', @in, session_of($sql{$name});
        my @got = $t->sql("PREPARE s FROM " . quoted($sql{$name}{text} =~ s/^SELECT/SELECT SQL_NO_CACHE/r) . ";\nFLUSH STATUS;\n"
            . "$using;\nSELECT 'read', SUM(VARIABLE_VALUE) FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME LIKE 'HANDLER_READ%'");
        my ($n) = map { $_->[1] } grep { ($_->[0] // '') eq 'read' && @$_ == 2 } @got;
        is(scalar(@got) - 1, 21, "$name, $what: a page");
        cmp_ok($n, '<', 700, "reads $n rows");
    }
    note "$_ reads $plan{$_} rows" for grep { my $n = $_; !grep { $_ eq $n } @pages } sort keys %plan;
    $t->sql("DELETE FROM $_ WHERE id < UNHEX('000000000001000000000000')") for qw(audit_events model_versions training_runs models);
    $t->sql("DELETE FROM grants WHERE model_id < UNHEX('000000000001000000000000')");
};

subtest 'many sessions' => sub {
    # given 20000 refresh tokens and as many codes, of a thousand users of one organization
    my $m = model($t);
    my ($org, $user) = map { "UNHEX('" . hex_of($_) . "')" } @$m{qw(organization_id created_by)};
    my $one = sub { "UNHEX(LPAD(HEX($_[0]), 24, '0'))" };
    my $whose = "IF(seq % 1000, @{[ $one->('seq % 1000') ]}, $user)";
    $t->sql($_) for "INSERT INTO oauth_clients (organization_id, id, name, redirect_uris, scopes, status, created_at, updated_at, revision) SELECT $org, @{[ $one->('seq') ]}, 'x', '[]', 'x', 'active', NOW(6), NOW(6), 1 FROM seq_1_to_500",
        "INSERT INTO refresh_tokens (token_hash, organization_id, principal_id, family_id, created_at, expires_at, client_id, scopes)
            SELECT UNHEX(SHA2(seq, 256)), $org, $whose, @{[ $one->('seq') ]}, NOW(6), '2099-01-02', @{[ $one->('1 + seq % 500') ]}, 'x' FROM seq_1_to_20000",
        "INSERT INTO oauth_codes (organization_id, code_hash, client_id, principal_id, redirect_uri, scopes, challenge, created_at, expires_at)
            SELECT $org, UNHEX(SHA2(seq, 256)), @{[ $one->('1 + seq % 500') ]}, $whose, 'x', 'x', 'x', NOW(6), '2099-01-02' FROM seq_1_to_20000",
        'ANALYZE TABLE refresh_tokens, oauth_codes, oauth_clients';
    # then what a user let in, and its end, costs what that user's cost
    for my $s (grep { $_->{name} =~ /^(?:CONSENT_LIST|CODE_FORGET|CLIENT_FORGET|REVOCATION_ADD_ALL|REFRESH_FORGET)$/ } tables($t, 'sql')) {
        my @in = arguments($s, $org, $user, $one->(1));
        my @rows = $t->sql(join('', map { "SET \@p$_ = $in[$_];\n" } 0 .. $#in) . 'PREPARE s FROM ' . quoted("EXPLAIN $s->{text}") . ";\nEXECUTE s USING " . join ', ', map { "\@p$_" } 0 .. $#in);
        is(join('; ', map { join ' ', map { $_ // '' } @$_[ 2, 3, 5, 8 ] } grep { ($_->[2] // '') !~ /^</ && ($_->[8] // 0) > 100 } @rows), '', "$s->{name}: no more than a user's rows");
    }
    $t->sql("DELETE FROM $_ WHERE organization_id = $org") for qw(refresh_tokens oauth_codes oauth_clients);
};

my %digest = map { $_ => "UNHEX(MD5('$_ env=prod'))" } qw(WORKSPACE ENTITY);
subtest 'many rows of the other dialect' => sub {
    # given 20000 of each: a tenth in test mode, a tenth archived; 5000 entities in one workspace
    my $m = model($t);
    my ($org, $user) = map { "UNHEX('" . hex_of($_) . "')" } @$m{qw(organization_id created_by)};
    my $id = sub { "UNHEX(LPAD(HEX(seq + $_[0]), 24, '0'))" };
    my $times = "'2026-01-01' + INTERVAL seq SECOND, '2026-01-01' + INTERVAL seq SECOND";
    $t->sql($_) for
        "INSERT INTO workspaces (organization_id, id, livemode, name, status, created_by, created_at, updated_at, revision, children_rev)
            SELECT $org, @{[ $id->(600000) ]}, seq % 10 > 0, CONCAT('filler ', LPAD(seq, 5, '0')), ELT(1 + seq % 3, 'ready', 'active', IF(seq % 10 < 4, 'archived', 'ready')), $user, $times, 1, 0 FROM seq_1_to_20000",
        "INSERT INTO entities (organization_id, id, livemode, workspace_id, name, jurisdiction, type, portfolio_id, status, created_by, created_at, updated_at, revision)
            SELECT $org, @{[ $id->(700000) ]}, seq % 4 = 0 OR seq % 10 > 0, UNHEX(LPAD(HEX(IF(seq % 4, 600000 + seq, 605001)), 24, '0')), CONCAT('filler ', LPAD(seq, 5, '0')), IF(seq % 7, 'US-CA', 'US-DE'), 'llc',
            IF(seq % 5, NULL, 'folio'), ELT(1 + seq % 3, 'draft', 'registered', 'dissolved'), $user, $times, 1 FROM seq_1_to_20000",
        "INSERT INTO labels (organization_id, digest, livemode, object_id) SELECT $org, $digest{WORKSPACE}, seq % 10 > 0, @{[ $id->(600000) ]} FROM seq_1_to_20000",
        "INSERT INTO labels (organization_id, digest, livemode, object_id) SELECT $org, UNHEX(MD5('tier=gold')), seq % 10 > 0, @{[ $id->(600000) ]} FROM seq_1_to_20000",
        "INSERT INTO labels (organization_id, digest, livemode, object_id) SELECT $org, $digest{ENTITY}, seq % 4 = 0 OR seq % 10 > 0, @{[ $id->(700000) ]} FROM seq_1_to_20000",
        "INSERT INTO api_keys (organization_id, id, secret_hash, hint, kind, livemode, principal_id, human_grant, status, created_at, updated_at, revision)
            SELECT $org, @{[ $id->(800000) ]}, UNHEX(SHA2(seq, 256)), 'sk_live_...', 'secret', seq % 10 > 0, IF(seq % 200 IN (7, 10), UNHEX('0102030405060708090a0b0c'), $user), 0, 'active', $times, 1 FROM seq_1_to_20000",
        "INSERT INTO authorizations (organization_id, id, livemode, action, resource_type, resource_id, human_id, agent, token_id, status, created_at, updated_at, revision)
            SELECT $org, @{[ $id->(900000) ]}, seq % 10 > 0, 'workspace.archived', 'workspace', @{[ $id->(600000) ]}, $user, 'agt_x', @{[ $id->(800000) ]}, IF(seq % 200 IN (7, 10), 'pending', 'approved'), $times, 1 FROM seq_1_to_20000",
        "INSERT INTO webhook_endpoints (organization_id, id, livemode, url, enabled_events, api_version, secret, status, created_at, updated_at, revision)
            SELECT $org, @{[ $id->(0) ]}, seq % 10 > 0, 'https://x', '[\"*\"]', '2026-06-10', 'x', IF(seq > 100, 'deleted', 'enabled'), $times, 1 FROM seq_1_to_20000",
        "INSERT INTO outbox (organization_id, id, at, type, resource_type, resource_id, revision, request_id, payload, livemode, sequence)
            SELECT $org, @{[ $id->(1000000) ]}, '2026-01-01' + INTERVAL seq SECOND, IF(seq % 100, 'workspace.updated', 'workspace.archived'), 'workspace', @{[ $id->(600000) ]}, 2, 'r', '{}', seq % 10 > 0, seq FROM seq_1_to_20000",
        "INSERT INTO deliveries (organization_id, id, endpoint_id, event_id, resource_type, resource_id, sequence, outcome, tries, next_at, created_at, updated_at)
            SELECT $org, @{[ $id->(1100000) ]}, UNHEX(LPAD('1', 24, '0')), @{[ $id->(1000000) ]}, 'workspace', @{[ $id->(600000) ]}, seq, IF(seq % 50, 'succeeded', NULL), 1, NULL, $times FROM seq_1_to_20000",
        "INSERT INTO attempts (attempt_id, outcome, organization_id, principal_id, request_id, created_at) SELECT UNHEX(MD5(seq)), 'done', $org, $user, CONCAT('r', seq), NOW(6) FROM seq_1_to_20000",
        'ANALYZE TABLE workspaces, entities, labels, api_keys, authorizations, webhook_endpoints, outbox, deliveries, attempts';
    my $read = sub {
        my ($s, @in) = @_;
        my $using = 'EXECUTE s USING ' . join ', ', @in, session_of($s);
        my @plan = $t->sql("PREPARE s FROM " . quoted("EXPLAIN $s->{text}") . ";\n$using");
        my @scans = map { "$$_[2]: $$_[3] key " . ($$_[5] // 'none') . " rows $$_[8]" }
            grep { ($$_[2] // '') !~ /^(?:<.*>|p|r)$/ && ($$_[3] // '') =~ /^(ALL|index)$/ && ($$_[8] // 0) > 1000 } @plan;
        my @got = $t->sql("PREPARE s FROM " . quoted($s->{text} =~ s/^SELECT/SELECT SQL_NO_CACHE/r) . ";\nFLUSH STATUS;\n"
            . "$using;\nSELECT 'read', SUM(VARIABLE_VALUE) FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME LIKE 'HANDLER_READ%'");
        my ($n) = map { $_->[1] } grep { ($_->[0] // '') eq 'read' && @$_ == 2 } @got;
        return ($n, join('; ', @scans), scalar(@got) - 1);
    };
    # then what a request runs beside its lists (48-lists) reads few
    my $secret = "UNHEX(SHA2('77', 256))";
    my $object = "UNHEX(LPAD(HEX(605003), 24, '0'))";
    my %one = (TOKEN_FIND => [$secret], TOKEN_READ => [ "UNHEX(LPAD(HEX(800077), 24, '0'))", $org, $user ], WORKSPACE_READ => [ $object, $org, $user ],
        WORKSPACE_TARGET => [ $org, $object ], ENTITY_READ => [ "UNHEX(LPAD(HEX(700001), 24, '0'))", $org, $user ],
        ENTITY_OWNER => [ $org, "UNHEX(LPAD(HEX(700001), 24, '0'))" ], AUTHORIZATION_OPEN => [ $org, $object, "UNHEX(LPAD(HEX(805003), 24, '0'))", "'workspace.archived'" ],
        EVENT_GET => [ "UNHEX(LPAD(HEX(1000077), 24, '0'))", $org, $user ], EVENTS_NEW => [ $org, 1000 ], EVENTS_WAITING => [ "UNHEX('00')", 100 ], ENDPOINTS_LISTENING => [$org],
        REQUEST_GET => [ "'r77'", 0, $user, $org, $user ], WORKSPACE_OPEN => [ $org, $object ], DELIVERY_GET => [ "UNHEX(LPAD(HEX(1100077), 24, '0'))", "UNHEX(LPAD('1', 24, '0'))", $org, $user ]);
    my %sql = map { $_->{name} => $_ } tables($t, 'sql');
    for my $name (sort keys %one) {
        my ($n, $scans) = $read->($sql{$name}, @{ $one{$name} });
        is($scans, '', "$name: no full scan");
        cmp_ok($n, "<", 700, "$name reads $n rows");
    }
    $t->sql("DELETE FROM $_ WHERE organization_id = $org AND id < UNHEX('000000000001000000000000')") for qw(workspaces entities api_keys authorizations webhook_endpoints outbox deliveries);
    $t->sql('DELETE FROM labels; DELETE FROM attempts');
};

# Which a statement takes last that settles its caller: none.
sub session_of { $_[0]{text} =~ /oauth_revocations s / ? "UNHEX('" . '0' x 24 . "')" : () }

# What a statement is run with, guessed from the letters and the words around each mark.
sub arguments {
    my ($s, $org, $user, $id) = @_;
    my @parts = split /\?/, $s->{text}, -1;
    my ($n, @in) = 0;
    for my $letter (split //, $s->{in} // '') {
        my $before = $parts[ $n++ ];
        push @in,
              $letter eq 'd' ? $before =~ /(?:organization_id)\s*=\s*$/ ? $org : $before =~ /(?:grantee_id IN \(|p\.id\s*=|principal_id\s*=|actor_id\s*=)\s*$/ ? $user : $id
            : $letter eq 't' ? ($before =~ /<=?\s*$/ ? "'2099-01-01'" : "'2000-01-01'")
            : $letter eq 'i' ? ($before =~ /OFFSET\s*$/ ? 0 : $before =~ /LIMIT\s*$/ ? 20 : $before =~ /hidden\s*=\s*$/ ? 0 : 7)
            : $letter eq 'x' ? "UNHEX('00')"
            : $before =~ /LIKE\s*$/ ? "'%filler%'" : $before =~ /status\s*=\s*$/ ? "'ready'" : $before =~ /task_type\s*=\s*$/ ? "'clustering'" : $before =~ /action\s*=\s*$/ ? "'model.archived'" : "'x'";
    }
    return @in;
}

$t->finish;
