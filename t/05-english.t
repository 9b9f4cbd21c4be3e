#!/usr/bin/perl
# The English of what people read: every sentence that the program, its command, the console,
# ./serve, the manual pages and the documents can show, held against the turns of phrase that
# are not to come back. Sentences come out of the program where it prints them (its tables, its
# OpenAPI description, its help), and out of the literals of the sources for all the others. What the client or the contract of
# an API fixes to the letter stands in @FIXED, with the reason.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP qw(decode_json);
use Test::More;
use Thaw;

my $t = Thaw->new(init => 0);
my $thaw = sub { $t->run({ THAW_CONFIG => '/dev/null' }, '', "$Thaw::BUILD/thaw", '--json', @_)->{json} };
my $src = "$Thaw::SRC/src";

# [ what comes back, what it should have been ]; of all sentences.
my @TURNS = (
    [ qr/(?<![Tt]here )\b(?:is|are|was|were) no (?!longer\b)/ => 'is not a' ],
    [ qr/\b(?:exists?|ended|finished|there|known|taken|archived|done|used) already\b|\balready(?:[.,;:]|$)/ => '*already* before the participle' ],
    [ qr/\bThere (?:is|are) (?:no such|nothing|something|one of|as many)\b/ => 'Not found, or the thing named' ],
    [ qr/\bnames? (?:no|none|another)\b/ => 'does not match, unknown' ],
    [ qr/\b(?:which|that|who) asks\b|\bthe very \w+ that\b/ => 'the calling token, the caller' ],
    [ qr/\b(?:human itself|human is|its human|for its human)\b/ => 'the person' ],
    [ qr/\bof (?:this|that) name\b/ => 'with this name' ],
    [ qr/\bat once\b|\bfrom now on\b|\bas yet\b/ => 'immediately, at the same time' ],
    [ qr/\bfor good\b/ => 'permanently' ],
    [ qr/\b(?:takes?|in) the place of\b/ => 'replaces' ],
    [ qr/\bany more\b/ => 'no longer' ],
    [ qr/\b\w+ alone\b/ => 'only' ],
    [ qr/\b(?:is|are) (?:none|another) (?:of|than|in)\b|\bother(?: \w+)? than the\b/ => 'is not one of, does not match' ],
    [ qr/\b(?:anew|oneself|meanwhile)\b/ => 'again, on behalf of, in the meantime' ],
    [ qr/\bwhat (?:becomes|became) of\b|\bwhatever became\b/ => 'what happens to' ],
    [ qr/\b(?:go|goes|went|going) on\b/ => 'continues' ],
    [ qr/\bin (?:your|their|his|her|its|a user's|the user's) name\b/ => 'on your behalf' ],
    [ qr/\bthe former\b|\bsigns too\b/ => 'the old one, valid until' ],
    [ qr/\bhears? of\b|\bis told of\b|\b(?:API|dialect|server|answer) tells\b/ => 'receives, returns' ],
    [ qr/\bseparated by blanks\b|\bno blanks?\b|\bwith a blank\b/ => 'spaces' ],
    [ qr/\bdialects?\b/ => 'API' ],
    [ qr/\bis (?:not right|not as it|not what it)\b/ => 'invalid' ],
    [ qr/\bbehind the answer\b/ => 'in the background' ],
    [ qr/\bdecide (?:anew|again)\b|\bagain and decide\b/ => 'what to do next' ],
    [ qr/\bmust end with the\b|\bis (?:higher|more) than that of\b/ => 'must not outlive, cannot exceed' ],
    [ qr/\bis (?:there|none) and (?:not|no)\b/ => 'exists but' ],
    [ qr/\bin any case\b|\bbut for\b/ => 'case is ignored, always, except' ],
    [ qr/\bthere (?:is|are) no \w+ [`"]|\bthere are:/ => 'unknown X `y`; known: ...' ],
    [ qr/\bcounts (?:immediately|from|within)\b/ => 'takes effect' ],
    [ qr/\bis (?:still |no longer )?good\b|\bgood (?:no more|again|for)\b/ => 'valid, works' ],
    [ qr/\b(?:is|are) (?:not )?whole\b/ => 'complete, incomplete' ],
    [ qr/\bdefaults? holds?\b|\bas (?:it is|they are) there\b/ => 'applies, unchanged' ],
    [ qr/\bin the hands of\b/ => 'served by one of them' ],
    [ qr/\bserved (?:its|their) time\b/ => 'expired' ],
    [ qr/\b(?:said nothing|f[ae]lls? silent)\b/ => 'has not reported, stopped reporting' ],
    [ qr/\btells? (?:more|of|what|who|which|whether|its|them|the)\b|\b(?:is|are|was) told\b/ => 'shows, returns, says' ],
    [ qr/\bis of another\b/ => 'belongs to another' ],
    [ qr/\b(?:is|are) to be (?:run|restarted|done|called)\b/ => 'the imperative: run it' ],
    [ qr/\b(?:this|the) program knows\b/ => 'supports, does not match' ],
);
# Of the command, of the pages and documents about it, and of the scripts.
my @COMMAND = (
    [ qr/\bblanks?\b/ => 'spaces' ],
    [ qr/^Ma[dk]es? |^\w+ makes? |[`"] makes (?:one|it|them|two)\b|\bmade by `thaw (?:init|\w+ create)/ => 'create, created' ],
    [ qr/\bwhat (?:is|are|has|was) (?:not|there|here)\b/ => 'whatever is, or the thing named' ],
    [ qr/(?<!one |ach )\bof these\b/ => 'the thing named again' ],
    [ qr/\b(?:is|are|was|were) gone\b/ => 'not found, deleted, unavailable' ],
    [ qr/\b(?:may|need) not\b/ => 'cannot, must not, does not have to' ],
    [ qr/(?<!Run )\bthis once\b/ => 'which is shown once' ],
    [ qr/\bin capitals (?:are|is|alone|make)|\bdiffer(?:s|ent)?(?: only)? in capitals\b|\bcapitals make\b/ => 'case' ],
    [ qr/\bspeaks? (?:to|of|for)\b/ => 'is connected to, uses, acts for' ],
    [ qr/\btried again\b/ => 'retried' ],
    [ qr/\bThere is no \w+(?: \w+)?[.;]|(?<!so )\bthere is none\b/ => 'No X; create one with `thaw ...`' ],
    [ qr/(?:^|[.;:] )--[\w-]+ (?:is (?!required|empty|for |the |reserved)|has (?!an ))|--[\w-]+ (?:is|are) (?:not )?of\b|\bhas (?:%\w+|\d+) at most\b/ => 'must be, requires, can have at most' ],
    [ qr/[`"] (?:makes|writes it|tells|brings|accepts|registers|comes|shows them|sets up)\b/ => 'run `thaw ...`' ],
    [ qr/\b(?:may|might) (?:make|have|be|run|use|stand|add|do|hold)\b/ => 'can, unless it is a permission' ],
    [ qr/\bunder way\b|\bcut short\b|\bbegun\b/ => 'running, interrupted, started' ],
    [ qr/\bdatabase refused\b/ => 'returned an error' ],
    [ qr/\bin the way\b|\bmake room(?! for)\b|\b(?:found|is) no room\b/ => 'unsuitable, free some space' ],
    [ qr/\braise the one\b|\bthe one or\b|\bit counts others\b/ => 'both by their names' ],
    [ qr/\bit takes (?:an? |one |model)/ => 'requires' ],
    [ qr/\bover all\b/ => 'across' ],
    [ qr/\bbehind (?:the (?:end|last|highest)|it|its)\b/ => 'after, follows' ],
    [ qr/\bsealed under\b|\bmade under\b/ => 'encrypted with' ],
    [ qr/\bagain and again\b/ => 'keeps, repeatedly' ],
    [ qr/\bname (?:it|the \w+|one|another) (?:by|with)\b/ => 'choose, set' ],
    [ qr/\b(?:%\w+ waits?|runs on any)\b/ => 'is waiting, is running' ],
    [ qr/\bdoes not fit\b/ => 'does not match' ],
);
# Beside those: what an API answers has no contractions and no subject of its own that is a mere It;
# a person in a browser is sent to no shell, nor is a client.
my $CONTRACTION = qr/\b(?:ca|do|does|did|is|are|was|were|wo|could|should|has|have|had)n['\x{2019}]t\b/;
my $MERE_IT = qr/(?:^|[.!?:] )It (?:is|was|has|had|goes|leaves|becomes|can|could|cannot|ceases|returns|lies|stays|will|looks|takes|gets)\b/;
my $SHELL = qr/`?\bthaw (?:[a-z]+ )*(?:create|list|show|verify|init|migrate|deliver|build|sweep|doctor|tables|key|grant|import|help)\b/;

# What stays to the letter: [ file or where, text, whose it is ].
my @FIXED = (
    [ 'metric.def', qr/^dialect method route status$/, 'names of labels' ],
    [ 'api_plain.c', qr/\brun `thaw migrate`/, 'a line of the log, for the operator' ],
    [ 'api_registry.c', qr/^\%s is not allowed key$/, 'DataRobot\'s clients look for these words' ],
);

my (@wrong, %seen, %used);
sub fixed { my ($where, $text) = @_; my @row = grep { $where eq $FIXED[$_][0] && $text =~ $FIXED[$_][1] } 0 .. $#FIXED; $used{$_}++ for @row; scalar @row }
sub judge {
    my ($where, $text, @more) = @_;
    return if $text !~ /[a-z]{2}/ || $text !~ /\s/;
    $seen{$where}++;
    return if fixed($where, $text);
    for ([ $CONTRACTION => 'no contraction' ], @TURNS, @more) {
        my ($turn, $better) = @$_;
        next if $turn eq $CONTRACTION && $where =~ /\.js$/;
        push @wrong, "$where: ($better) $text" if $text =~ $turn;
    }
}
sub clean {
    my ($name, $least) = @_;
    my $n = 0;
    $n += $_ for values %seen;
    cmp_ok($n, '>=', $least, "$name: $n sentences");
    is(join("\n", @wrong), '', "$name: none of the old turns");
    (@wrong, %seen) = ();
}

# The literals of C, those that stand one after the other as one; without comments and #include.
sub literals_of_c {
    my $code = slurp(shift);
    utf8::decode($code);
    my @found;
    $code =~ s{/\*.*?\*/}{}gs;
    $code =~ s/^\h*#\h*include.*$//mg;
    $code =~ s/^_Static_assert.*$//mg;
    while ($code =~ /((?:"(?:[^"\\\n]|\\.)*"\s*(?:PRI[a-zA-Z0-9]+|\\\n)?\s*)+)/g) {
        my $run = $1;
        push @found, join '', map { s/\\n/ /gr =~ s/\\(.)/$1/gr } $run =~ /"((?:[^"\\\n]|\\.)*)"/g;
    }
    return @found;
}

# Of JavaScript, without comments; what a template is filled with is a word.
sub literals_of_js {
    my $code = slurp(shift);
    utf8::decode($code);
    $code =~ s{^\s*//.*$}{}mg;
    $code =~ s{\s//\s.*$}{}mg;
    my @found;
    while ($code =~ /'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`/gs) {
        my $text = $1 // $2;
        push @found, $text =~ s/\\u([0-9a-f]{4})/chr hex $1/ger;
    }
    return @found;
}

subtest 'what the program prints' => sub {
    judge('conf.def', $_->{help}) for @{ $thaw->('tables', 'config') };
    clean('settings', 50);

    my @routes = @{ $thaw->('tables', 'routes') };
    my $verb = qr/^(?:Activate|Add|Allow|Append|Approve|Archive|Ask|Build|Cancel|Change|Check|Complete|Copy|Count|Create|Delete|Deny|Deploy|Disable|Dissolve|Download|Enable|End|Get|Import|Introspect|List|Mark|Move|
        Pause|Permanently|Preview|Promote|Publish|Read|Receive|Record|Refresh|Register|Reject|Remove|Rename|Renew|Replace|Report|Restore|Resume|Revoke|Roll|Rotate|Run|Search|Send|Set|Show|Sign|
        Start|Submit|Test|Update|Upload|Withdraw)\b/x;
    for my $r (@routes) {
        next if $r->{summary} =~ /^Deprecated since [\d.]+; use /;
        judge('summary', $r->{summary});
        push @wrong, "summary: not in the imperative: $r->{summary}" if $r->{summary} !~ $verb;
        push @wrong, "summary: ends with a stop: $r->{summary}" if $r->{summary} =~ /\.$/;
    }
    clean('summaries of routes', 150);

    my $doc = $thaw->('openapi');
    my @open = $doc;
    while (@open) {
        my $it = shift @open;
        if (ref $it eq 'HASH') {
            judge('openapi', $_) for grep { defined && !ref } @$it{qw(description summary)};
            push @open, grep { ref } values %$it;
        } elsif (ref $it eq 'ARRAY') {
            push @open, grep { ref } @$it;
        }
    }
    clean('the OpenAPI description', 1000);
};

subtest 'what the program answers and logs' => sub {
    # sql.def and columns.h are statements, of which only `thaw audit verify` shows any words; tables.c says
    # what is wrong with a row to the person who wrote it.
    judge('sql.def', $_) for slurp("$src/sql.def") =~ /'([a-z ][^'"]* [^'"]*)'/g;
    my @files = grep { !m{/(?:sql|columns|tables)\.\w+$} } glob "$src/*.[ch] $src/*.def";
    for my $file (@files) {
        my $name = $file =~ s{.*/}{}r;
        my @more = $name =~ /^(?:cli|conf|seal|nginxconf|main|super)/ ? @COMMAND : ();
        my $answers = $name =~ /^(?:api_|dom_|err\.def|req\.|shape\.|document\.|multipart\.|search\.|net\.|json\.|list\.|res\.)/;
        judge($name, $_, @more, $answers ? ([ $MERE_IT => 'a named subject' ], $name eq 'dom_deliver.c' || $name eq 'dom_event.c' || $name eq 'dom_folder.c' ? () : [ $SHELL => 'no command of the shell' ]) : ())
            for literals_of_c($file);
    }
    clean('sources', 900);
    my @errors = slurp("$src/err.def") =~ /^ERR\(\w+, (?!INNER)\w+, .*, "((?:[^"\\]|\\.)*)"\)$/mg;
    cmp_ok(scalar @errors, '>=', 100, scalar(@errors) . ' errors');
    is(join("\n", grep { !/^(?:\p{Lu}|grant_type)/ } @errors), '', 'are sentences');
};

subtest 'the console' => sub {
    for my $file (glob "$Thaw::SRC/console/assets/*.js") {
        judge($file =~ s{.*/}{}r, $_, [ qr/^It (?!will be able to$)/ => 'a named subject' ], [ $SHELL => 'no command of the shell' ], [ qr/\b(?:you|Users|Owners|Observers|who) may\b/ => 'can' ]) for literals_of_js($file);
    }
    clean('the console', 350);
};

subtest 'the command\'s help' => sub {
    my $verb = qr/^(?:Add|Back|Bring|Build|Change|Check|Create|Delete|Disable|Enable|End|Give|Import|List|Mark|Number|Print|Register|Remove|Rename|Restore|Revoke|Set|Show) /;
    my %line = $t->run({}, '', "$Thaw::BUILD/thaw", 'help')->{out} =~ /^  thaw (\S+(?: \S+)?)  +(\S.*)$/mg;
    for my $command (sort keys %line) {
        judge("thaw $command", $line{$command}, @COMMAND);
        push @wrong, "thaw $command: not in the imperative: $line{$command}" if $line{$command} !~ $verb;
        push @wrong, "thaw $command: ends with a stop: $line{$command}" if $line{$command} =~ /\.$/;
    }
    clean('help', 40);
};

subtest 'the scripts' => sub {
    my $serve = slurp("$Thaw::SRC/serve");
    judge('serve', $_, @COMMAND) for $serve =~ /\bwelcome" <<< "(.*?)^"/msg;
    for my $script (qw(serve check build-aux/session build-aux/deps build-aux/build build-aux/package bench/run t/fault/run t/fuzz/run)) {
        my $text = slurp("$Thaw::SRC/$script");
        my ($usage) = $text =~ /\A#!.*\n((?:#.*\n)+)/;
        judge($script, $_, @COMMAND) for ($usage // '') =~ s/^# ?//mgr, $text =~ /(?:die|echo) "((?:[^"\\]|\\.)+)"/g;
    }
    clean('./serve, ./check and theirs', 40);
};

# Of a page of mdoc, without its macros; of Markdown, without code: what is set as code is a word.
sub paragraphs_of_mdoc { map { join ' ', grep { !/^\./ } split /\n/ } split /^\.(?:It|Pp|Ss|Sh)\b/m, slurp(shift) =~ s/^\.\\".*$//mgr =~ s/^\.Bd.*?^\.Ed$//msgr }
sub paragraphs_of_markdown { grep { !/\A    / } map { s/`[^`\n]+`/x/gr } map { /\A(?:\||[*] )/ ? split /\n(?=[|*])|\|/ : $_ } split /\n\n+/, slurp(shift) =~ s/^```.*?^```$//msgr }

subtest 'the manual pages and the documents' => sub {
    for my $page (qw(thaw.1 thaw.conf.5 thaw.fcgi.8)) {
        judge($page, $_, @COMMAND) for paragraphs_of_mdoc("$Thaw::SRC/doc/$page");
        clean($page, 10);
    }
    for my $file ("$Thaw::SRC/README.md", "$Thaw::SRC/debian/README.Debian", glob "$Thaw::SRC/doc/*.md") {
        my $name = $file =~ s{.*/}{}r;
        judge($name, $_, @COMMAND) for paragraphs_of_markdown($file);
        clean($name, 5);
    }
};

subtest 'the README is found by its headings, and fits a terminal' => sub {
    my $readme = slurp("$Thaw::SRC/README.md");
    my %there = map { $_ => 1 } $readme =~ /^## (.*)$/mg;
    is(join(', ', grep { !$there{$_} } 'What it promises', 'Try it', 'Which API do I use?', 'Upload a model', 'People and roles', 'API keys', 'Webhooks', 'Who changed what', 'Backup and restore',
        'Upgrade', 'Deploy', 'Scale out', 'Security', 'Help', 'Contributing', 'License'), '', 'what people look for');
    is(join("\n", grep { length > 120 } split /\n/, $readme), '', 'no line is longer than 120 characters');
    my @gone;
    for my $file ("$Thaw::SRC/README.md", glob "$Thaw::SRC/doc/*.md") {
        my ($dir, $name) = $file =~ m{^(.*)/(.*)$};
        for my $link (slurp($file) =~ /\]\((?!https?:)([^)\s]+)\)/g) {
            my ($to, $anchor) = split /#/, $link, 2;
            my $text = slurp($to ? "$dir/$to" : $file);
            my %at = map { lc(s/[^\w\s-]//gr =~ s/ /-/gr) => 1 } $text =~ /^#+ (.*)$/mg;
            push @gone, "$name: $link" if $text eq '' || (defined $anchor && !$at{$anchor});
        }
    }
    is(join("\n", @gone), '', 'every link of the documents leads somewhere');
};

is(join("\n", map { "$FIXED[$_][0]: $FIXED[$_][1]" } grep { !$used{$_} } 0 .. $#FIXED), '', 'every exception is one');
$t->finish;
