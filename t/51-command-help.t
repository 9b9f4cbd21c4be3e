#!/usr/bin/perl
# The command's help, the tables it prints, and the manual pages: each row is whole,
# and the pages tell of every command and every setting, with its default.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;

my $t = Thaw->new(init => 0);
my $thaw = sub { $t->run({ THAW_CONFIG => '/dev/null' }, '', "$Thaw::BUILD/thaw", @_) };
my ($SRC, %table) = ($Thaw::SRC);

# The rows of a table, as hashes; the same in both forms.
sub table {
    my $name = shift;
    my $r = $thaw->('tables', $name);
    is($r->{exit}, 0, "tables $name") or diag $r->{err};
    my ($head, @lines) = split /\n/, $r->{out};
    my @names = split /\t/, $head;
    my @rows = map { my %row; @row{@names} = split /\t/, $_, -1; \%row } @lines;
    is(scalar(grep { keys %$_ != @names } @rows), 0, 'every line has every column');
    my $j = $thaw->('--json', 'tables', $name)->{json};
    is(scalar @$j, scalar @rows, 'as many in JSON');
    return @rows;
}

subtest 'help' => sub {
    my $all = $thaw->('help');
    is($all->{exit}, 0, 'help');
    my @lines = grep { /^  thaw / } split /\n/, $all->{out};
    my @commands = map { /^  thaw (\S+(?: \S+)?)  +[A-Z]/ } @lines;
    cmp_ok(scalar @commands, q(>=), 40, 'lists the commands');
    is(scalar @commands, scalar @lines, 'each with a line that says what it does');
    is(join("\n", grep { length > 100 } split /\n/, $all->{out}), '', 'which fits a terminal');
    cmp_ok(scalar(() = $all->{out} =~ /^[A-Z].*\n  thaw /mg), '>=', 5, 'in groups');
    for my $command (@commands) {
        my @words = split / /, $command;
        for ([ @words, '--help' ], [ 'help', @words ]) {
            my $r = $thaw->(@$_);
            is($r->{exit}, 0, "@$_");
            like($r->{out}, qr/\Ausage: thaw \[--config FILE\] \[--json\] \Q$command\E\b.*\n\n  \S/, 'says how and what');
        }
        my $r = $thaw->(@words, '--no-such-option');
        is($r->{exit}, 2, "$command refuses what it does not know");
        like($r->{err}, qr/unknown option --no-such-option\nusage: thaw \Q$command\E/, 'and says how');
    }
    for ([], ['frobnicate'], [ 'org', 'frobnicate' ], ['org'], [ 'org', 'create' ], [ 'org', 'create', 'a', 'b' ],
        [ 'user', 'role', 'x' ], [ 'user', 'list', '--org' ], [ 'user', 'list', '--org=a', '--org=b' ], [ 'tables', 'chairs' ],
        [ 'user', 'create', '--org', 'a', '--password-stdin=x' ], ['--config'], [ 'org', 'list', 'x', 'x', 'x', 'x', 'x', 'x' ]) {
        my $r = $thaw->(@$_);
        is($r->{exit}, 2, "`thaw @$_`: exit 2");
        isnt($r->{err}, '', 'with a message');
        is($r->{out}, '', 'and nothing else');
    }
    is($thaw->('--json', 'org', 'create', '--', '--help')->{exit}, 1, 'after -- everything is an argument');
    like($thaw->($_)->{out}, qr/\Athaw \d+\.\d+\S*\n\z/, $_) for qw(--version -V version);
    like($thaw->('--json', 'version')->{json}{version}, qr/\A\d+\.\d+/, 'also as JSON');
    for ([ 'org list', qw(ogr lits) ], [ 'user create', qw(user creat) ], [ 'doctor', 'docter' ], [ 'audit verify', qw(audit verfy) ], [ 'migrate', 'migarte' ]) {
        my ($meant, @typed) = @$_;
        like($thaw->(@typed)->{err}, qr/unknown command: @typed; did you mean `thaw \Q$meant\E`\?\n/, "`@typed`: $meant was meant");
    }
    unlike($thaw->(@$_)->{err}, qr/did you mean/, "`@$_`: nothing is guessed from afar") for ['quasar'], [qw(project list)], [qw(org frobnicate)], [qw(user frob)];
    like($thaw->('org')->{err}, qr/\A\S*thaw: `thaw org` is incomplete; the commands are:\n  thaw org create +Create /, 'a group by itself is not unknown');
    like($thaw->(qw(org frobnicate))->{err}, qr/unknown command: org frobnicate\n  thaw org create +Create /, 'what it has is listed');
    like($thaw->(qw(user create --usrname x))->{err}, qr/unknown option --usrname; did you mean --username\?\n/, 'an option that was meant');
    is($thaw->('org', '--help')->{exit}, 0, 'a group has help too');

    my $page = slurp("$SRC/doc/thaw.1");
    $page =~ s/\\//g;
    for my $command (@commands) {
        my ($usage) = $thaw->(split(/ /, $command), '--help')->{out} =~ /\[--json\] (.*)/;
        my ($item) = $page =~ /^\.It Cm \Q$command\E\b(.*)$/m;
        ok(defined $item, "thaw.1 has $command") or next;
        $item =~ s/\bFl -/--/g; $item =~ s/ O[oc]\b| Op\b| Ar\b//g;
        is(join(' ', split ' ', $item), join(' ', split ' ', substr($usage, length $command) =~ s/[][]//gr), 'with its arguments');
    }
};

# What a shell offers behind these words, by the completion that is printed for it.
my %shell = (
    bash => sub { my ($file, @words) = @_; qx(bash -c '. "\$1"; shift; COMP_WORDS=("\$@"); COMP_CWORD=\$((\$# - 1)); _thaw; printf "%s\\n" "\${COMPREPLY[\@]}"' - $file @{[ map { "'$_'" } @words ]}) },
    zsh => sub { my ($file, @words) = @_; qx(zsh -fc 'f=\$1; shift; compdef() { :; }; compadd() { shift; print -l -- "\$@" }; _files() { print -l -- *; }; . \$f; words=("\$@") CURRENT=\$#; _thaw' - $file @{[ map { "'$_'" } @words ]}) },
    fish => sub { my ($file, @words) = @_; my $line = join ' ', @words; qx(fish --no-config -c 'source $file; complete -C "$line"') },
);

subtest 'completions' => sub {
    for my $shell (sort keys %shell) {
      SKIP: {
        my $r = $thaw->('completion', $shell);
        is($r->{exit}, 0, "for $shell");
        my $file = "$t->{dir}/completion.$shell";
        spew($file, $r->{out});
        skip "no $shell here", 1 unless grep { -x "$_/$shell" } split /:/, $ENV{PATH};
        my $offers = sub { my $last = $_[-1]; join ' ', sort grep { index($_, $last) == 0 } map { /^(\S+)/ } split /\n/, $shell{$shell}->($file, 'thaw', @_) };
        is($offers->('o'), 'openapi org', "$shell: a command");
        like($offers->(qw(org cr)), qr/\Acreate\z/, "$shell: its second word");
        is($offers->(qw(user create --u)), '--username', "$shell: an option");
        is($offers->(qw(--config x user create --username y --em)), '--email', "$shell: behind others");
        is($offers->(qw(signing-key create --alg ES)), 'ES256', "$shell: one of the words that an option takes");
        like($offers->('tables', ''), qr/\bretention\b/, "$shell: or that an argument is");
        is($offers->('completion', 'f'), 'fish', "$shell: of this one too");
        my @missing = grep { my @w = split / /; $offers->(@w) !~ /(?:^| )\Q$w[-1]\E(?: |\z)/ } map { /^  thaw (\S+(?: \S+)?)  +[A-Z]/ } split /\n/, $thaw->('help')->{out};
        is("@missing", '', "$shell: every command");
      }
    }
};

subtest 'routes' => sub {
    my @rows = table('routes');
    my %seen;
    is(scalar(grep { $seen{"$_->{method} $_->{path}"}++ } @rows), 0, 'no address twice');
    is(scalar(grep { $_->{method} !~ /\A(GET|POST|PUT|PATCH|DELETE)\z/ || $_->{path} !~ m{\A/} || $_->{permission} !~ /\A[a-z:]+\z/
            || $_->{status} !~ /\A(2\d\d|302)\z/ || $_->{summary} !~ /\A[A-Z]/ } @rows), 0, 'every row is whole');
    is(scalar(grep { $_->{method} eq 'GET' && $_->{flags} =~ /\bwrite\b/ } @rows), 0, 'no GET writes');
    my ($unarchive) = grep { $_->{path} =~ m{/models/\{model_id\}/unarchive\z} } @rows;
    is_deeply([ @$unarchive{qw(dialect method permission flags status)} ], [qw(models POST model:write write 200)], 'such as unarchive');

    my ($form) = grep { $_->{path} eq '/multipass/api/oauth2/token' } @rows;
    is_deeply([ @$form{qw(dialect method permission flags status)} ], [ qw(oauth POST public), 'write secret form own-tx', 200 ], 'and what takes a form');

    my $doc = $thaw->('openapi')->{json};
    like($doc->{openapi}, qr/\A3\.1\./, 'OpenAPI 3.1');
    is(scalar(grep { !$doc->{paths}{ $_->{path} }{ lc $_->{method} } xor $_->{dialect} eq 'console' } @rows), 0, 'has every route but the console\'s');
    my $console = $thaw->('openapi', '--api', 'console')->{json};
    is(scalar(grep { !$console->{paths}{ $_->{path} }{ lc $_->{method} } xor $_->{dialect} ne 'console' } @rows), 0, 'which are described by themselves');
    is($thaw->('openapi', '--api', 'none')->{exit}, 1, 'and there is no other API');
};

subtest 'errors' => sub {
    my @rows = table('errors');
    my @dialects = grep { !/\A(name|status)\z/ } keys %{ $rows[0] };
    cmp_ok(scalar @dialects, '>=', 2, 'of every dialect');
    is(scalar(grep { my $row = $_; grep { $row->{$_} eq '-' || $row->{$_} eq '' } @dialects } @rows), 0, 'no hole');
    is(scalar(grep { $_->{status} !~ /\A[45]\d\d\z/ } @rows), 0, 'each with a status');
};

subtest 'transitions' => sub {
    my @rows = table('transitions');
    my @def = slurp("$SRC/src/life.def") =~ /^TRANSITION\((\w+),/mg;
    is_deeply([ map { $_->{transition} } @rows ], \@def, 'every row of life.def');
    my ($un) = grep { $_->{transition} eq 'MODEL_UNARCHIVE' } @rows;
    is_deeply([ @$un{qw(resource from to audit event)} ],
        [ 'model', 'archived', 'computed by MODEL_TARGET', 'model.unarchived', 'model.unarchived' ], 'such as unarchive');
};

subtest 'sql' => sub {
    my @rows = table('sql');
    my %seen;
    is(scalar(grep { $seen{ $_->{name} }++ } @rows), 0, 'no name twice');
    is(scalar(grep { my $n = () = $_->{text} =~ /\?/g; $n != length $_->{in} } @rows), 0, 'a letter for every parameter');
    is(scalar(grep { $_->{text} =~ /^(?:SET STATEMENT max_statement_time = \d+ FOR )?\(?SELECT/ xor length $_->{out} } @rows), 0, 'columns for every SELECT');
    # Only the domain's engine writes a state, and nothing changes the audit.
    is(scalar(grep { $_->{text} =~ /(UPDATE|DELETE FROM) audit_events/ } @rows), 0, 'no statement changes the audit');
};

subtest 'config' => sub {
    my @rows = table('config');
    my @def = slurp("$SRC/src/conf.def") =~ /^CONF\((\w+), \w+, (.*?), "/mg;
    my @page = slurp("$SRC/doc/thaw.conf.5") =~ /^\.It Ic (\w+)\n.*?^Default:\n(.*?)$/msg;
    my %page = @page;
    is(scalar keys %page, scalar @rows, 'thaw.conf.5 has as many settings');
    while (my ($name, $default) = splice @def, 0, 2) {
        my ($row) = grep { $_->{name} eq $name } @rows;
        ok($row && $row->{help} && $row->{type}, "$name is there") or next;
        is($row->{value}, $row->{default}, 'and holds its default');
        my ($want) = $default =~ /"(.*)"\z/;
        $want = ($default =~ /^THAW_SYSCONFDIR/ ? '/etc/thaw' : $default =~ /^THAW_DATADIR/ ? '/usr/share/thaw' : '') . $want;
        is($page{$name} // 'nothing', $want eq '' ? 'empty.' : ".Li $want", 'which thaw.conf.5 tells');
    }
    my ($row) = grep { $_->{name} eq 'login_rate' }
        @{ $t->run({ THAW_CONFIG => '/dev/null', THAW_LOGIN_RATE => 7 }, '', "$Thaw::BUILD/thaw", '--json', 'tables', 'config')->{json} };
    is($row->{value}, '7', 'the environment wins');
    spew("$t->{dir}/commented.conf", "# x\n  # y\nissuer = a#b # c # d\naudience =\t#\naccess_ttl = 900  # a quarter of an hour\nrate_limits = off\t# here\ndocs_url = https://x.example/#docs\n");
    my %commented = map { $_->{name} => $_->{value} } @{ $t->run({ THAW_CONFIG => "$t->{dir}/commented.conf" }, '', "$Thaw::BUILD/thaw", '--json', 'tables', 'config')->{json} };
    is(join('|', @commented{qw(issuer audience access_ttl rate_limits docs_url)}), 'a#b||900|off|https://x.example/#docs', 'a comment behind a value is none of it');
    my $bad = $t->run({ THAW_CONFIG => '/dev/null', THAW_LOGIN_RATE => 'x' }, '', "$Thaw::BUILD/thaw", 'tables', 'config');
    is($bad->{exit}, 1, 'a wrong value is refused');
    like($bad->{err}, qr/THAW_LOGIN_RATE/, 'by name');
    is($t->run({ THAW_CONFIG => '/nowhere' }, '', "$Thaw::BUILD/thaw", 'nginx-errors', $_)->{exit}, 0,
        "nginx-errors $_ needs no configuration") for qw(http server);
};

SKIP: {
    skip 'no groff here', 3 unless grep { -x "$_/groff" } split /:/, $ENV{PATH};
    for my $page (qw(thaw.1 thaw.conf.5 thaw.fcgi.8)) {
        my $r = $t->run({}, '', 'groff', '-mdoc', '-ww', '-Tascii', "$SRC/doc/$page");
        is($r->{err}, '', "$page is well formed");
    }
}

$t->finish;
