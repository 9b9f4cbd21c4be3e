#!/usr/bin/perl
# What an administrator looks up at the console: who did what in the organization, as pages and as files, how much of
# the quotas is used, whether the service works; live and test data apart; and the same in a headless Chromium
# (t/console/ledger.mjs).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Contract;
use JSON::PP ();
use Test::More;
use Thaw;
use Thaw::Browser;
use Time::HiRes 'time';

my $t = Thaw->new;
my ($admin, $reader, $member, $other) = map { $t->$_ } qw(admin reader member other);
my $json = JSON::PP->new->utf8->canonical;
sub audit { my ($query, %o) = @_; return $t->req(GET => '/console/audit' . (length $query ? "?$query" : ''), token => $admin, %o) }
sub items { my $r = audit(@_); is($r->{status}, 200, "audit $_[0]") or diag $r->{raw}; return @{ $r->{json}{items} // [] } }
sub actions { my %seen; return join ' ', sort grep { !$seen{$_}++ } map { $_->{action} } items(@_) }
sub field_is { my ($r, $field, $name) = @_; problem_is($r, 400, $name); is($r->{json}{errors}[0]{field}, $field, 'at its field') or diag $r->{raw} }

# given a model that was trained and archived, a project, a workspace by an agent's key, and what another organization has
my $m = model($t, name => 'Ledger');
my $v = trained($t, $m->{id});
act($t, $m->{id}, 'archive');
my $project = $t->req(POST => '/api/v1/projects', token => $member, body => { name => 'Ledger' })->{json}{data}{id};
my $agent = $t->must(qw(api-key create --user member --kind token --tier 3 --agent agt_ledger --name), '@night');
my $workspace = $t->req(POST => '/v1/workspaces', token => $agent, body => { name => 'By an agent' })->{json}{id};
my $theirs = model($t, token => $other, name => 'Theirs');

subtest 'who may' => sub {
    for my $path ('audit', 'audit/export?format=csv', 'usage', 'health') {
        problem_is($t->req(GET => "/console/$path", token => $_->[1]), 403, "$path: $_->[0]") for [ reader => $reader ], [ member => $member ], [ 'an API key' => $t->key ], [ 'an agent' => $agent ];
        is($t->req(GET => "/console/$path")->{status}, 401, 'nobody');
        is($t->req(GET => "/console/$path", token => $_)->{status}, 200, 'an administrator') for $admin, $other;
    }
    $t->must(qw(role set --org Main modeller --rate 100 --permissions), 'model:read');
    $t->user('piet', role => 'modeller');
    problem_is($t->req(GET => '/console/deliveries', token => $t->token('piet')), 403, 'deliveries: whoever may not read webhooks');
    is($t->req(GET => '/console/deliveries', token => $admin)->{status}, 200, 'and whoever may');
};

subtest 'a row' => sub {
    my ($row) = items('action=workspace.created');
    is($row->{object}{id}, $workspace, 'of the object as its API spells it');
    is(join(' ', $row->{actor}{name}, $row->{agent}, $row->{key}), 'agt_ledger for member agt_ledger @night', 'by whom, with which key, of which agent');
    like($row->{timestamp}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'when');
    like($row->{request_id}, qr/^req_\w+$/, 'in which request');
    my ($system) = items('action=organization.created');
    is($system->{actor}{id}, undef, 'the command is no user');
    like($system->{actor}{name}, qr/./, 'and has a name');
};

subtest 'the name of the object' => sub {
    my %named = map { $_->{object}{kind} => $_->{object}{name} } items('limit=200');
    is(join(', ', map { "$_ $named{$_}" } qw(model model_version training_run workspace)), 'model Ledger, model_version Ledger, training_run Ledger, workspace By an agent', 'what it is called, of a version and a run the model');
    is($named{$_}, undef, "$_: none") for 'organization';
    my $id = $t->req(POST => '/api/v1/projects', token => $other, body => { name => 'Before' })->{json}{data}{id};
    $t->req(PUT => "/api/v1/projects/$id", token => $other, body => { name => 'After' });
    is(join(' ', map { $_->{object}{name} } @{ audit("object=project%2F$id", token => $other)->{json}{items} }), 'After After', 'as it is called now');
    my ($case) = slurp("$Thaw::SRC/src/columns.h") =~ /#define AUDIT_LIST_PICK.*?"CASE a\.resource_type "(.*?) END"/s;
    my %has = map { $_ => 1 } $case =~ /AUDIT_NAME\("(\w+)"/g, $case =~ /WHEN '(\w+)'/g;
    my %none = map { $_ => 1 } qw(organization authorization custom_model_version run_project);
    is(join(' ', grep { !$has{$_} && !$none{$_} } slurp("$Thaw::SRC/src/life.def") =~ /^(?:RESOURCE|CHILD)\(\w+, +"(\w+)"/mg), '', 'every kind whose objects have one');
    $t->must(qw(group create --org Main), 'Grouped');
    $t->req(POST => '/api/v2/predictionEnvironments/', token => $other, body => { name => 'Environ', platform => 'other' });
    $t->req(POST => '/api/v2/useCases/', token => $other, body => { name => 'Case' });
    $t->req(POST => '/api/v2/customModels/', token => $other, body => { name => 'Custom', customModelType => 'inference', targetType => 'Regression', targetName => 'y' });
    my $last = sub { my ($kind, $token) = @_; return "$kind " . (audit("kind=$kind&limit=1", token => $token)->{json}{items}[0]{object}{name} // 'none') };
    is(join(', ', map { $last->($_, $admin) } qw(user_group role user)), 'user_group Grouped, role modeller, user piet', 'whoever it is');
    is(join(', ', map { $last->($_, $other) } qw(prediction_environment use_case custom_model)), 'prediction_environment Environ, use_case Case, custom_model Custom', 'and what the registry has');
};

subtest 'kinds' => sub {
    my $doc = $t->req(GET => '/openapi.json?api=console')->{json};
    my ($kind) = grep { ($_->{name} // '') eq 'kind' } @{ $doc->{paths}{'/console/audit'}{get}{parameters} };
    my ($name) = ($kind->{schema}{'$ref'} // '') =~ m{([^/]+)$};
    my ($offered) = slurp("$Thaw::SRC/console/assets/audit.js") =~ /^const kinds = \[(.*?)\];/ms;
    is(join(' ', sort $offered =~ /'(\w+)'/g), join(' ', sort @{ $doc->{components}{schemas}{$name}{enum} }), 'the console offers every kind there is');
};

subtest 'filters' => sub {
    is(actions('actor=member'), 'project.created workspace.created', 'by name');
    my ($id) = map { $_->{actor}{id} } items('actor=member&limit=1');
    is(actions("actor=$id"), 'project.created workspace.created', 'by id');
    is(actions('actor=' . usr($t, 'member')), 'project.created workspace.created', 'as the workspaces API spells it');
    is(actions('action=model.archived'), 'model.archived', 'an action');
    is(actions('action=model.*&kind=model'), 'model.archived model.created model.training_completed model.training_started', 'a group of them');
    is(actions('action=model_*'), 'model_version.created', 'whose underscore is itself');
    is(actions('kind=project'), 'project.created', 'a kind');
    is(actions("object=$m->{id}"), 'model.archived model.created model.training_completed model.training_started', 'an object');
    is(actions("object=$m->{id}&actor=admin&action=model.archived"), 'model.archived', 'all together');
    is(actions("object=$_"), 'model_version.created', "an object: $_") for "$m->{id}%2Fver-001";
    is(actions("object=project%2F$project"), 'project.created', 'by its number');
    is(join(' ', map { $_->{object}{id} } items("object=$workspace")), $workspace, 'a workspace');
    is(actions('object=' . $m->{id} =~ s/^mdl-//r), 'model.archived model.created model.training_completed model.training_started', 'a model as the registry spells it');
    is(actions('object=' . 'deadbeef' x 3 . '&kind=deployment'), '', 'what nothing has is of whatever kind is asked for');
    is(scalar(items("object=$_")), 0, "what is not of this organization, or nowhere: $_") for $theirs->{id}, $NOWHERE, 'deadbeef' x 3;
    my ($run) = map { $_->{object}{id} } items('kind=training_run&limit=1');
    is(scalar(items('object=' . $run =~ s{/}{%2F}r)), 2, 'a run in its model');
    is(scalar(items('object=' . $run =~ s{.*/}{}r)), 2, 'or bare');
    field_is(audit('object=mdl-1'), 'object', 'no id');
    field_is(audit('object=project%2F4711'), 'object', 'a number that nothing has');
    field_is(audit("object=$m->{id}&kind=project"), 'kind', 'a kind that it is not of');
    field_is(audit('kind=dragon'), 'kind', 'a kind there is not');
    field_is(audit("actor=$_"), 'actor', "nobody: $_") for 'nobody', 'other', usr($t, 'other'), 'usr-' . '0' x 24;
    field_is(audit('after=x'), 'after', 'a cursor that is none');
    my ($at) = map { $_->{timestamp} } items('action=project.created');
    is(actions("action=project.created&since=$at"), 'project.created', 'since, inclusive');
    is(actions("action=project.created&until=$at"), '', 'until, exclusive');
    is(actions('since=2999-01-01T00:00:00Z'), '', 'the future');
    is(actions('since=1960-01-01T00:00:00Z&action=project.created'), 'project.created', 'before there was anything');
    is(actions('until=1960-01-01T00:00:00Z'), '', 'or until then');
    $t->must(qw(user create --org Main --username), 'sid', '--email', 'sid@main.example', '--role', 'member');
    my $sid = $t->token('sid');
    $t->req(POST => '/api/v1/projects', token => $sid, body => { name => 'Of sid' });
    $t->must(qw(user rename sid sidney));
    is(actions("actor=$_"), 'project.created', "what was done as sid, asked for as $_") for 'sid', 'sidney';
    is($t->thaw(qw(audit list --org Main --actor sid))->{exit}, 0, 'by the command too');
};

subtest 'pages' => sub {
    my $whole = join ' ', map { $_->{id} } items('limit=200');
    my ($after, @seen) = '';
    for (1 .. 100) {
        my $r = audit("limit=3$after");
        push @seen, map { $_->{id} } @{ $r->{json}{items} };
        last if !$r->{json}{has_more};
        is($r->{json}{next}, $seen[-1], 'the next begins behind the last');
        $after = "&after=$r->{json}{next}";
        model($t, name => "Meanwhile $_");       # which is newer than any page to come
    }
    is(join(' ', @seen), $whole, 'each row once, whatever is done meanwhile');
    my %theirs = map { $_->{id} => 1 } @{ audit('limit=200', token => $other)->{json}{items} };
    is(scalar(grep { $theirs{$_} } @seen), 0, 'none of them is of another organization');
    my ($foreign) = keys %theirs;
    is(audit("after=$foreign")->{status}, 200, 'a cursor is but a place');
};

# RFC 4180: the fields of each line.
sub fields { my ($text) = @_; my @lines = ([]); while ($text =~ /\G(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r\n|\z)/g) { my ($f, $end) = ($1 // $2, $3); push @{ $lines[-1] }, $f =~ s/""/"/gr; push @lines, [] if $end eq "\r\n"; last if pos($text) == length $text } pop @lines; return @lines }

subtest 'files' => sub {
    my $evil = '=HYPERLINK("http://x","y")';
    my $named = $t->req(POST => '/api/v1/projects', token => $admin, body => { name => 'Said' }, headers => [ 'User-Agent' => $evil ])->{json}{data}{id};
    $t->req(POST => '/api/v1/projects', token => $admin, body => { name => "\x{FF1D}1+1" });
    my $r = $t->req(GET => '/console/audit/export?format=csv', token => $admin, plain => 1);
    is($r->{status}, 200, 'CSV');
    is($r->{headers}{'content-type'}, 'text/csv; charset=utf-8; header=present', 'its type');
    is($r->{headers}{'content-disposition'}, 'attachment; filename="audit.csv"', 'to be saved');
    is($r->{headers}{link}, undef, 'all there is');
    my ($head, @lines) = fields($r->{body});
    is(join(',', @$head), 'time,actor,actor_id,key,agent,action,kind,object,object_name,from_status,to_status,request_id,ip_address,user_agent,details,id', 'names');
    my @rows = items('limit=200');
    is(scalar(@lines), scalar(@rows), 'a line for each row');
    is(join(' ', map { $_->[-1] } @lines), join(' ', map { $_->{id} } @rows), 'in their order');
    my %column; @column{@$head} = 0 .. $#$head;
    my ($said) = grep { $_->[ $column{object} ] eq "project/$named" } @lines;
    is($said->[ $column{user_agent} ], "'$evil", 'what a spreadsheet would take for a formula is a text');
    like($r->{body}, qr/"'=HYPERLINK\(""http:/, 'its quotes doubled');
    like($r->{body}, qr/"'\xEF\xBC\x9D1\+1"/, 'and what begins with a wide sign');
    my ($keyed) = grep { $_->[ $column{object} ] eq $workspace } @lines;
    is($keyed->[ $column{key} ], "'\@night", 'so is what begins with @');
    is(scalar(grep { grep { /^[=+\-@\t\r]/ } @$_ } @lines), 0, 'and every other');

    $r = $t->req(GET => '/console/audit/export?format=jsonl&kind=model', token => $admin, plain => 1);
    is($r->{headers}{'content-type'}, 'application/jsonl; charset=utf-8', 'JSON lines');
    my @told = map { $json->decode($_) } split /\n/, $r->{body};
    is(join(' ', map { $_->{id} } @told), join(' ', map { $_->{id} } items('kind=model&limit=200')), 'of what was asked for');
    like($told[0]{timestamp}, qr/\.\d{3}Z$/, 'to the millisecond');
    is($told[-1]{action}, 'model.created', 'whole objects');
    field_is($t->req(GET => '/console/audit/export?format=xml', token => $admin), 'format', 'another format');
    field_is($t->req(GET => '/console/audit/export', token => $admin), 'format', 'none');
    field_is($t->req(GET => '/console/audit/export?format=csv&actor=nobody', token => $admin), 'actor', 'the same errors');
};

subtest 'among many' => sub {
    my ($org, $user) = map { "UNHEX('" . $t->sql("SELECT HEX($_->[0]) FROM principals WHERE username = '$_->[1]'") . "')" } [ organization_id => 'admin' ], [ id => 'member' ];
    $t->sql("INSERT INTO audit_events (organization_id, id, at, actor_id, actor_name, action, resource_type, resource_id, revision, to_state, request_id, client_address, user_agent)
        SELECT $org, UNHEX(LPAD(HEX(seq + 100000), 24, '0')), '2020-01-01' + INTERVAL seq SECOND, IF(seq % 1000, UNHEX(LPAD('7', 24, '0')), $user), 'filler', IF(seq % 1000, 'filler.done', 'filler.rare'), 'filler', UNHEX(LPAD(HEX(seq % 500), 24, '0')), seq, 'x', '', '', ''
        FROM seq_1_to_100100");
    $t->sql('ANALYZE TABLE audit_events');
    for my $s (grep { $_->{name} =~ /^AUDIT_LIST/ } tables($t, 'sql')) {
        my ($text, $from) = ($s->{text} =~ s/^SET STATEMENT max_statement_time = 4 FOR //r, "UNHEX(LPAD('0', 24, '0'))");
        my @in = ($org, $from, "UNHEX('" . 'f' x 24 . "')", ('NULL') x 8, { AUDIT_LIST_ACTOR => [$user], AUDIT_LIST_ACTION => ["'filler.rare'"], AUDIT_LIST_KIND => ["'filler'"],
            AUDIT_LIST_OBJECT => [ "'filler'", "UNHEX(LPAD(HEX(7), 24, '0'))" ] }->{ $s->{name} } // []);
        @in = map { ref ? @$_ : $_ } @in, 51;
        my $sets = join '', map { "SET \@p$_ = $in[$_];\n" } 0 .. $#in;
        my @out = $t->sql("${sets}PREPARE s FROM '" . ($text =~ s/'/\\'/gr) . "';\nFLUSH STATUS;\nEXECUTE s USING " . join(', ', map { "\@p$_" } 0 .. $#in)
            . ";\nSELECT 'read', SUM(VARIABLE_VALUE) FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME LIKE 'HANDLER_READ%'");
        my ($read) = map { $_->[1] } grep { ($_->[0] // '') eq 'read' } @out;
        cmp_ok($read, '<', 700, "$s->{name} reads $read rows");
        cmp_ok(scalar(@out) - 1, '>=', 51, 'for a page');
    }
    my $began = time;
    my $r = $t->req(GET => '/console/audit/export?format=csv&kind=user', token => $admin, plain => 1);
    is($r->{status}, 200, 'a rare kind') or diag $r->{raw};
    # As many files as it takes, on a slow machine more than one of 100,000 rows and one of the rest.
    my ($next, @files, %seen) = '/console/audit/export?format=csv';
    while ($next && @files < 100) {
        my $r = $t->req(GET => $next, token => $admin, plain => 1);
        is($r->{status}, 200, 'file ' . (@files + 1)) or diag $r->{raw};
        cmp_ok(length $r->{body}, '<', 33 << 20, 'of so many bytes: ' . length $r->{body});
        push @files, ($r->{body} =~ tr/\n//) - 1;
        $seen{$_}++ for $r->{body} =~ /"(aud_\w+)"\r\n/g;
        ($next) = ($r->{headers}{link} // '') =~ /^<([^>]+)>; rel="next"$/;
    }
    is(scalar(grep { $_ > 100000 } @files), 0, "none has more than so many rows: @files");
    cmp_ok(scalar @files, '>', 1, 'and tells where the next one begins');
    is(scalar(keys %seen), scalar $t->sql("SELECT COUNT(*) FROM audit_events WHERE organization_id = $org"), 'all there is');
    is(scalar(grep { $_ > 1 } values %seen), 0, 'each once');
    diag(sprintf 'files of 100,000 rows: %.1f s', time - $began) if $ENV{VERBOSE};

    # Runs that take their time to be looked up: some of them, each too long for its page; and all, each page in time.
    my $run = $t->sql("SELECT CONCAT(\"UNHEX('\", HEX(id), \"')\") FROM training_runs LIMIT 1");
    my $slow = sub {
        my ($seconds, $which, $meanwhile) = @_;
        $t->sql("UPDATE audit_events SET resource_type = 'filler', resource_id = UNHEX(LPAD(HEX(revision % 500), 24, '0')) WHERE actor_name = 'filler'");
        $t->sql("UPDATE audit_events SET resource_type = 'training_run', resource_id = $run WHERE actor_name = 'filler' AND revision $which");
        $t->sql("RENAME TABLE training_runs TO training_runs_was; CREATE VIEW training_runs AS SELECT w.* FROM training_runs_was w WHERE SLEEP($seconds) = 0");
        my $began = time;
        my $r = $t->req(GET => '/console/audit/export?format=csv', token => $admin, plain => 1);
        my $took = time - $began;
        $meanwhile->() if $meanwhile;
        $t->sql('DROP VIEW training_runs; RENAME TABLE training_runs_was TO training_runs');
        is($r->{status}, 200, 'what takes long is told as far as it was found') or diag $r->{raw};
        like($r->{headers}{link} // '', qr/rel="next"/, 'and where it goes on');
        return (($r->{body} =~ tr/\n//) - 1, $took);
    };
    my ($found) = $slow->(0.02, 'BETWEEN 97001 AND 98000');
    is($found, 2000, 'the pages before those');
    ($found, my $took) = $slow->(0.003, '% 50 = 0 AND revision > 100', sub {
        my $list = $t->thaw(qw(--json audit list --org Main --limit 9000));
        is(scalar @{ $list->{json} // [] }, 9000, 'the command has as many as are asked for') or diag $list->{err};
    });
    cmp_ok($found, '<', 90000, sprintf '%d rows in %.1f s', $found, $took);
    cmp_ok($took, '<', 14, 'which is less than nginx waits');
    $t->sql("DELETE FROM audit_events WHERE actor_name = 'filler'");
};

subtest 'usage' => sub {
    my $r = $t->req(GET => '/console/usage', token => $admin);
    my @told = map { [ @$_{qw(of used limit setting)} ] } @{ $r->{json}{items} };
    my @command = map { [ @$_{qw(of used limit setting)} ] } @{ $t->thaw(qw(--json org usage --org Main))->{json} };
    is($json->encode(\@told), $json->encode(\@command), 'as the command has it');
    my %used = map { $_->{of} => $_->{used} } @{ $t->req(GET => '/console/usage', token => $other)->{json}{items} };
    is($used{models}, 1, 'of the own organization');
};

subtest 'health' => sub {
    my $of = sub { $t->req(GET => '/console/health', token => $_[0])->{json} };
    my $h = $of->($admin);
    is(join(' ', map { "$_->{name} $_->{status}" } @{ $h->{services} }), 'deliver absent build absent sweep absent', 'what does not run');
    is($h->{schema}, scalar $t->sql('SELECT MAX(version) FROM schema_versions'), 'the schema');
    cmp_ok($h->{events_unnumbered}, '>', 10, 'events are waiting');
    my ($mine) = $t->sql("SELECT COUNT(*) FROM outbox x JOIN principals p ON p.organization_id = x.organization_id WHERE p.username = 'other' AND x.sequence IS NULL");
    is($of->($other)->{events_unnumbered}, ref $mine ? $mine->[0] : $mine, 'of the own organization');
    $t->req(POST => '/v1/webhook_endpoints', token => $other, body => { url => 'https://hooks.example.org/x', enabled_events => ['*'] });
    $t->sql("UPDATE webhook_endpoints SET failing_since = NOW(6)");
    is($of->($other)->{endpoints_failing}, 1, 'an endpoint that fails');
    is($of->($admin)->{endpoints_failing}, 0, 'is nobody else\'s business');
    $t->sql('UPDATE webhook_endpoints SET failing_since = NULL');
    $t->thaw('deliver');
    $h = $of->($admin);
    is($h->{events_unnumbered}, 0, 'numbered');
    my ($deliver) = grep { $_->{name} eq 'deliver' } @{ $h->{services} };
    is($deliver->{status}, 'idle', 'by a service that ended in order');
    $t->sql("UPDATE services SET ended_at = NULL, seen_at = NOW(6) - INTERVAL 1 HOUR");
    is((grep { $_->{name} eq 'deliver' } @{ $of->($admin)->{services} })[0]{status}, 'stopped', 'or did not');
    unlike($json->encode($h), qr/node|place|127\.0\.0\.1/, 'no names of the inside');
};

subtest 'deliveries by day' => sub {
    my $hook = $t->req(POST => '/v1/webhook_endpoints', token => $admin, body => { url => 'https://hooks.example.org/day', enabled_events => ['model.*'] })->{json}{id};
    model($t, name => 'Told');
    $t->req(GET => '/v1/events?limit=1', token => $admin);
    my $days = $t->req(GET => '/console/deliveries', token => $admin)->{json};
    is(join(' ', map { "$_->{status} $_->{count}" } @{ $days->{days} }), 'pending 1', 'what waits') or diag $json->encode($days);
    ok(!$days->{cut}, 'all are counted');
    is(scalar(grep { $_->{status} eq 'pending' } @{ $t->req(GET => '/console/deliveries', token => $other)->{json}{days} }), 0, 'of the own organization') if !$t->sql("SELECT COUNT(*) FROM deliveries d JOIN principals p ON p.organization_id = d.organization_id WHERE p.username = 'other' AND d.outcome IS NULL");
    $t->req(DELETE => "/v1/webhook_endpoints/$hook", token => $admin);
};

subtest 'live and test data' => sub {
    my $names = sub { my ($mode, %o) = @_; my $r = $t->req(GET => '/v1/workspaces?limit=100', token => $admin, headers => [ $mode ? ('Thaw-Mode' => $mode) : () ], %o); return join ' ', sort map { $_->{name} } @{ $r->{json}{data} // [] } };
    my $live = $names->('live');
    my $made = $t->req(POST => '/v1/workspaces', token => $admin, body => { name => 'A trial' }, headers => [ 'Thaw-Mode' => 'test' ]);
    is($made->{json}{livemode}, JSON::PP::false, 'what is made with the header is of that mode');
    is($names->('test'), 'A trial', 'test data alone');
    is($names->('live'), $live, 'live data alone');
    like($names->(''), qr/A trial/, 'both, for who asks for none');
    is($t->req(GET => "/v1/workspaces/$made->{json}{id}", token => $admin, headers => [ 'Thaw-Mode' => 'live' ])->{status}, 404, 'an object too');
    is($names->('test', token => $t->key(test => 1)), 'A trial', 'a key of that mode');
    for my $case ([ $admin, 'x' ], [ $t->key, 'test' ], [ $t->key(test => 1), 'live' ], [ $t->key(test => 1), 'x' ], [ $t->key, 'Live' ]) {
        my $r = $t->req(GET => '/v1/workspaces', token => $case->[0], headers => [ 'Thaw-Mode' => $case->[1] ]);
        refusal_is($r, 400, 'validation_header_invalid', qr/^`Thaw-Mode` /, "refused: $case->[1]", errors => ['Thaw-Mode']);
    }
    like($t->req(OPTIONS => '/v1/workspaces', headers => [ Origin => 'https://app.example', 'Access-Control-Request-Method' => 'GET' ])->{headers}{'access-control-allow-headers'}, qr/\bThaw-Mode\b/, 'a page of another site may ask so too');
    my @keyed = map { $t->req(POST => '/v1/workspaces', token => $admin, body => { name => 'Under a key' }, headers => [ 'Idempotency-Key' => 'a-mode', $_ ? ('Thaw-Mode' => $_) : () ]) } 'test', 'test', 'live', '';
    is(join(' ', map { $_->{status} } @keyed), '201 201 409 409', 'a key stands for one of them, in its mode');
    is($keyed[1]{json}{id}, $keyed[0]{json}{id}, 'which is not made twice');
    $t->req(POST => "/v1/workspaces/$keyed[0]{json}{id}/archive", token => $admin);
    my $count = sub { my %n = map { ("$_->{resource} $_->{status}" => $_->{count}) } @{ $t->req(GET => '/console/activity', token => $admin, headers => [ $_[0] ? ('Thaw-Mode' => $_[0]) : () ])->{json}{statuses} }; return $n{'workspace ready'} // 0 };
    is($count->('test'), 1, 'the overview counts them apart');
    is($count->('live') + 1, $count->(''), 'and together');
    $t->req(POST => "/v1/workspaces/$made->{json}{id}/archive", token => $admin);
};

subtest 'whose organization it is' => sub {
    my $r = $t->req(POST => '/console/session', body => { email => 'admin@main.example', password => $t->password('admin') }, headers => [ Origin => 'http://127.0.0.1' ]);
    is($r->{json}{organization}{name}, 'Main', 'is told to who signs in') or diag $r->{raw};
    like($r->{json}{organization}{id}, qr/^org-[0-9a-f]{24}$/, 'with its id');
};

Thaw::Browser::run($t, 'ledger');
$t->finish;
