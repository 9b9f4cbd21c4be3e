#!/usr/bin/perl
# Workspaces as document 001 and its contract have them: the status that unarchive
# computes from the entities there are, the human gate of archive, lists by cursor,
# and the errors in the words of the document.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Time::HiRes 'time';

my $t = Thaw->new(workers => 8);
my ($admin, $member, $other) = ($t->admin, $t->member, $t->other);
my ($live, $live_id) = $t->key_and_id;
my $test = $t->key(test => 1);
my $none = 'wks_0000000000000000A';                      # an id that no workspace has

sub ask { my ($method, $path, %o) = @_; $t->req($method => "/v1/$path", token => $live, %o) }
sub act_on { my ($w, $verb, %o) = @_; post_v1($t, "workspaces/$w/$verb", token => $live, %o) }
sub move { my ($e, $verb, %o) = @_; post_v1($t, "entities/$e/$verb", token => $live, %o) }
sub made { workspace($t, token => $live, @_) }
sub child { entity($t, shift, token => $live, @_) }
sub seen { ask(GET => "workspaces/$_[0]")->{json} }
sub tally { my %n; $n{ $_->{status} }++ for @_; join ' ', map { "$_:$n{$_}" } sort keys %n }
sub ids { join ' ', map { $_->{id} } @{ $_[0]{json}{data} } }
# How often a change of the object was audited, and told.
sub traces { my ($id, $action) = @_; audits($t, $id, $action) . ' audited, ' . told($t, $id, $action) . ' told' }
sub archived { my $id = made(@_)->{id}; act_on($id, 'archive'); $id }

subtest 'a workspace is created ready' => sub {
    my $r = ask(POST => 'workspaces', body => { name => 'Acme', metadata => { customer_id => 'cus_7Hpx9WxY', portfolio_tag => 'y-combinator-w26' } });
    is($r->{status}, 201, 'created: 201');
    my $w = $r->{json};
    keys_are($w, 'id object name status archived_at entity_ids metadata created updated livemode', 'the fields of the document');
    like($w->{id}, qr/^wks_[0-9A-Za-z]{17}$/, 'an id with its prefix');
    is(json([ @$w{qw(object name status archived_at entity_ids livemode)} ]), '["workspace","Acme","ready",null,[],true]', 'ready, empty, live');
    is(json($w->{metadata}), '{"customer_id":"cus_7Hpx9WxY","portfolio_tag":"y-combinator-w26"}', 'with its metadata');
    ok($r->{body} =~ /"created":\d{10},"updated":\d{10},/ && abs($w->{created} - time) < 5 && $w->{updated} == $w->{created}, 'Unix seconds');
    is($r->{headers}{location}, "/v1/workspaces/$w->{id}", 'Location');
    is(traces($w->{id}, 'workspace.created'), '1 audited, 1 told', 'one audit row, one event');
    my $got = ask(GET => "workspaces/$w->{id}");
    is($got->{body}, $r->{body}, 'GET gives the same bytes');
    is($got->{headers}{etag}, $r->{headers}{etag}, 'the same ETag');
    is(ask(GET => "workspaces/$w->{id}", headers => [ 'If-None-Match' => $got->{headers}{etag} ])->{status}, 304, 'which If-None-Match names');
    is(json(workspace($t, token => $test)->{livemode}), 'false', 'with a test key it is of the test mode');
    is(json(made(metadata => undef)->{metadata}), '{}', 'metadata is {} if unset');
};

subtest 'patch' => sub {
    my $id = made(name => 'before', metadata => { a => '1', b => '2' })->{id};
    my $edit = sub { my ($body, @h) = @_; ask(PATCH => "workspaces/$id", body => $body, headers => \@h) };
    my $r = $edit->({ name => 'after', metadata => { b => undef, c => '3' } });
    is("$r->{status} $r->{json}{name} " . json($r->{json}{metadata}), '200 after {"a":"1","c":"3"}', 'name and metadata; null takes a key away');
    is($r->{body}, ask(GET => "workspaces/$id")->{body}, 'what it answers is what there is');
    is(traces($id, 'workspace.updated'), '1 audited, 1 told', 'one audit row, one event');
    is($edit->({ name => 'mine' }, 'If-Match' => $r->{headers}{etag})->{status}, 200, 'If-Match of what it is: done');
    refusal_is($edit->({ name => 'x' }, 'If-Match' => $r->{headers}{etag}), 412, 'precondition_failed', qr/been modified/, 'of what it was: 412');
    $edit->({ metadata => undef });
    is(keys(%{ $edit->({ metadata => { map { ("k$_" => 'v') } 1 .. 50 } })->{json}{metadata} }), 50, 'as many keys as there may be');
    refusal_is($edit->({ metadata => { k51 => 'v' } }), 422, 'validation_failed', qr/^`metadata` must have at most 50 keys/, 'more keys than 50 in all: 422', errors => ['metadata']);
    is($edit->({ metadata => { k51 => 'v', k1 => undef } })->{status}, 200, 'one for another is fine');
    is(json($edit->({ metadata => undef })->{json}{metadata}), '{}', 'metadata null: all keys go');
    refusal_is($edit->({}), 422, 'validation_failed', qr/at least one/, 'nothing to change: 422', errors => ['body']);
    act_on($id, 'archive');
    refusal_is($edit->({ name => 'x' }), 409, 'invalid_state_transition', "Workspace $id is in state `archived` and cannot be updated.", 'an archived one is not changed');
    is(seen($id)->{name}, 'mine', 'and stays as it is');
};

subtest 'list' => sub {
    my $w = sub { workspace($t, token => $test, @_)->{id} };
    my $list = sub { my ($query, %o) = @_; ask(GET => "workspaces?$query", token => $test, %o) };
    my @old = map { $_->{id} } @{ $list->('limit=100')->{json}{data} };
    my @id = map { $w->(name => (qw(delta Alpha charlie Bravo))[$_ % 4], metadata => { n => $_ % 2 ? 'odd' : 'even', third => $_ % 3 ? 'no' : 'yes' }) } 0 .. 11;
    my %name = map { $id[$_] => (qw(delta alpha charlie bravo))[$_ % 4] } 0 .. 11;
    my $r = $list->('');
    keys_are($r->{json}, 'object data has_more url next_cursor', 'the envelope');
    is(json([ @{ $r->{json} }{qw(object has_more url next_cursor)} ]), qq(["list",true,"/v1/workspaces","$id[2]"]), 'with more to come after the tenth');
    is(ids($r), "@id[reverse 2 .. 11]", 'ten by default, the last first');
    is(ids($list->("starting_after=$r->{json}{next_cursor}")), join(' ', @id[1, 0], @old), 'next_cursor leads on');
    is(ids($list->("ending_before=$id[2]&limit=3")), "@id[5, 4, 3]", 'ending_before leads back, in the same order');
    is(json([ @{ $list->("ending_before=$id[9]")->{json} }{qw(has_more next_cursor)} ]), '[false,null]', 'to where there is no more');
    is(ids($list->("sort=created&starting_after=$id[0]&limit=2")), "@id[1, 2]", 'sort=created: the first first');
    is(ids($list->('limit=100')), join(' ', reverse(@id), @old), 'a hundred at most');
    refusal_is($list->($_), 400, 'invalid_request', qr/^`limit` must be/, $_, errors => ['limit']) for 'limit=0', 'limit=101', 'limit=x', 'limit=-1', 'limit=';
    refusal_is($list->("starting_after=$id[1]&ending_before=$id[3]"), 400, 'invalid_request', qr/together/, 'both cursors', errors => ['ending_before']);
    refusal_is($list->('starting_after=x'), 400, 'invalid_request', qr/^`starting_after` must be an id/, 'no cursor', errors => ['starting_after']);
    for my $sort ('size', 'name,-created', '-name,created', 'name,name', 'created,size', '-created,', '', ',') {
        refusal_is($list->("sort=$sort"), 400, 'invalid_request', qr/^`sort` /, "sort=$sort", errors => ['sort']);
    }
    is($list->("sort=$_")->{status}, 200, "sort=$_") for 'created', '-created', 'name', '-name', 'updated', '-updated', '-created,name', 'name,created', '-name,-created', 'updated,created';
    for my $sort ('name', 'name,created', '-name', '-updated', 'updated') {
        my $key = sub { $sort =~ /name/ ? $name{ $_[0] } : '' };
        my @want = sort { $key->($a) cmp $key->($b) || $a cmp $b } @id;
        @want = reverse @want if $sort =~ /^-/;
        my ($query, @got) = ("sort=$sort&metadata[n]=");
        for my $n (qw(odd even)) {
            my ($r, $after) = (undef, '');
            do { $r = $list->("$query$n&limit=4$after"); push @got, split ' ', ids($r); $after = "&starting_after=$got[-1]" } while $r->{json}{has_more};
        }
        is("@got", join(' ', (grep { my $i = $_; grep { $id[$_] eq $i && $_ % 2 } 0 .. 11 } @want), (grep { my $i = $_; grep { $id[$_] eq $i && $_ % 2 == 0 } 0 .. 11 } @want)),
            "sort=$sort by pages, whatever the case, one name several times");
    }
    ask(PATCH => "workspaces/$id[0]", token => $test, body => { metadata => { n => 'zero' } });
    is((split ' ', ids($list->('sort=-updated')))[0], $id[0], 'sort=-updated: the changed one is first');
    is(ids($list->('metadata[n]=odd&metadata%5Bthird%5D=yes')), "@id[9, 3]", 'metadata filters, all of them');
    is(ids($list->('metadata[n]=even&limit=2')), "@id[10, 8]", 'one filter, by pages');
    is(json([ @{ $list->('metadata[n]=odd&metadata[third]=yes&limit=2')->{json} }{qw(has_more next_cursor)} ]), '[false,null]', 'a last page that is full has no more behind it');
    is(ids($list->('metadata[n]=zero')), $id[0], 'a changed value is found');
    is(ids($list->("metadata[n]=$_")), '', "metadata[n]=$_: nothing") for 'ODD', 'od', '';
    is($list->(join '&', map { "metadata[k$_]=v" } 1 .. 5)->{status}, 400, 'five filters are too many');
    my $odd = $w->(metadata => { 'a b' => "c&d=\x{e9}" });
    is(ids($list->('metadata%5Ba%20b%5D=c%26d%3D%C3%A9')), $odd, 'whatever characters there are');
    my ($foreign, $hidden) = (workspace($t, token => $other)->{id}, made()->{id});
    for my $cursor ($none, $foreign, $hidden) {
        refusal_is($list->("sort=name&starting_after=$cursor"), 400, 'invalid_request', '`starting_after` does not match any item in this list.', 'a cursor that is not visible', errors => ['starting_after']);
    }
    post_v1($t, "workspaces/$id[4]/archive", token => $test);
    unlike(ids($list->('limit=100')), qr/$id[4]/, 'an archived one is not listed');
    is(ids($list->('status=archived')), $id[4], 'but with status=archived');
    is(ids($list->('metadata[n]=even&status=archived')), $id[4], 'with other filters');
    unlike(ids($list->('metadata[n]=even')), qr/$id[4]/, 'and not without it');
    is(ids($list->('status=active')), '', 'status=active: none yet');
    entity($t, $id[3], token => $test);
    is(ids($list->('status=active')), $id[3], 'then the one that became so');
    unlike(ids($list->('status=ready&limit=100')), qr/$id[3]/, 'which is not ready');
    refusal_is($list->('status=gone'), 400, 'invalid_request', qr/^`status` must be one of/, 'no such status', errors => ['status']);
};

subtest 'the whole list, both ways, while others add to it' => sub {
    my @id = map { made(metadata => { tag => "paged$$" })->{id} } 1 .. 30;
    my $page = sub { map { $_->{id} } @{ ($_[0] = ask(GET => "workspaces?metadata[tag]=paged$$&$_[1]")->{json})->{data} } };
    for my $way (qw(-created created name -updated)) {
        my $busy = background(sub { my $n = 0; while (!-e "$t->{dir}/paged.$way" && $n < 2000) { made(metadata => { tag => "paged$$" }); $n++ } $n });
        for my $cursor (qw(starting_after ending_before)) {
            my ($first, $r, %seen) = ('');
            ($first) = $page->($r, 'limit=1&sort=' . ($way =~ /^-(.*)/ ? $1 : "-$way")) if $cursor eq 'ending_before';
            my $next = $first;
            do {
                my @got = $page->($r, "sort=$way&limit=7" . ($next && "&$cursor=$next"));
                $seen{$_}++ for @got;
                $next = $got[ $cursor eq 'starting_after' ? -1 : 0 ] if @got;
            } while $r->{has_more};
            is(join(' ', grep { !$seen{$_} && $_ ne $first } @id), '', "$way, $cursor: each that was there is there");
            is(join(' ', grep { $seen{$_} > 1 } keys %seen), '', 'once');
        }
        spew("$t->{dir}/paged.$way", '');
        cmp_ok($busy->(), '>', 0, 'while others were added');
    }
};

# What the state machine allows, and what a change makes of the entity.
my %from = (submit => 'draft', register => 'submitted', reject => 'submitted', cancel => 'draft submitted', dissolve => 'registered');
my %past = (submit => 'submitted', register => 'registered', reject => 'rejected', cancel => 'cancelled', dissolve => 'dissolved', update => 'updated');
my @states = qw(draft submitted registered dissolved cancelled rejected);
subtest 'an entity goes from draft to its end' => sub {
    my $w = made()->{id};
    my $r = ask(POST => 'entities', body => { workspace_id => $w, name => 'Acme Inc.', jurisdiction => 'US-DE', type => 'c_corp', portfolio_id => 'pf_1', metadata => { a => 'b' } });
    is($r->{status}, 202, 'taken: 202');
    keys_are($r->{json}, 'id object workspace_id name jurisdiction type portfolio_id status metadata created updated livemode', 'its fields');
    is(json([ @{ $r->{json} }{qw(object workspace_id name jurisdiction type portfolio_id status livemode)} ]), qq(["entity","$w","Acme Inc.","US-DE","c_corp","pf_1","draft",true]), 'a draft');
    is(ask(GET => "entities/$r->{json}{id}")->{body}, $r->{body}, 'GET gives the same bytes');
    is(traces($r->{json}{id}, 'entity.created'), '1 audited, 1 told', 'one audit row, one event');
    is(ask(PATCH => "entities/$r->{json}{id}", body => { name => 'Acme Ltd.' })->{json}{name}, 'Acme Ltd.', 'it is renamed');
    is(ask(PATCH => "workspaces/$w", body => { name => 'Acme' })->{body}, ask(GET => "workspaces/$w")->{body}, 'and so is its workspace, which keeps it');
    for my $state (@states) {
        my $stays = child($w, status => $state)->{id};
        for my $verb (sort keys %past) {
            my $id = ($from{$verb} // 'draft submitted registered') =~ /\b$state\b/ ? child($w, status => $state)->{id} : $stays;
            my $r = $verb eq 'update' ? ask(PATCH => "entities/$id", body => { name => 'new' }) : move($id, $verb);
            if ($id ne $stays) {
                is("$r->{status} $r->{json}{status}", '200 ' . ($verb eq 'update' ? $state : $past{$verb}), "$verb of one that is $state");
                is(traces($id, "entity.$past{$verb}"), '1 audited, 1 told', 'one audit row, one event');
                next;
            }
            my $again = $state eq $past{$verb} ? ' again' : '';
            refusal_is($r, 409, 'invalid_state_transition', "Entity $id is in state `$state` and cannot be $past{$verb}$again.", "$verb of one that is $state");
        }
        is(ask(GET => "entities/$stays")->{json}{status}, $state, 'refusals change nothing');
    }
};

subtest 'the workspace follows its entities' => sub {
    my $w = made()->{id};
    my @e;
    my $is = sub { my ($status, $on, $off, $name) = @_; my $now = seen($w);
        is("$now->{status} @{ $now->{entity_ids} }", join(' ', $status, map { $_->{id} } @e), $name);
        is(traces($w, 'workspace.activated') . '; ' . traces($w, 'workspace.emptied'), "$on audited, $on told; $off audited, $off told", 'audited and told') };
    push @e, child($w);
    $is->('active', 1, 0, 'the first entity makes it active');
    push @e, child($w);
    $is->('active', 1, 0, 'a second leaves it so; oldest first');
    move($e[0]{id}, 'cancel');
    $is->('active', 1, 0, 'one of two ends: still active');
    move($e[1]{id}, $_) for qw(submit reject);
    $is->('ready', 1, 1, 'the last ends: ready for a new one');
    push @e, child($w, status => 'registered');
    $is->('active', 2, 1, 'which makes it active again');
    move($e[2]{id}, 'dissolve');
    $is->('ready', 2, 2, 'until it is dissolved');
};

subtest 'entities of which workspace' => sub {
    my $w = archived();
    my $new = sub { ask(POST => 'entities', body => { workspace_id => $_[0], name => 'x', jurisdiction => 'US-DE', type => 'c_corp' }) };
    my $r = $new->($w);
    is("$r->{status} $r->{json}{code}", '409 invalid_state_transition', 'none in an archived workspace');
    like($r->{json}{detail}, qr/archived/, 'and it says why');
    is(json(seen($w)->{entity_ids}), '[]', 'it has none');
    my $foreign = workspace($t, token => $other)->{id};
    refusal_is($new->($_), 404, 'not_found', "No workspace with id `$_` is visible to this token.", $_) for $none, $foreign, 'x';
    refusal_is(ask(POST => 'entities', body => { workspace_id => $w }), 422, 'validation_failed', qr/^`name` /, 'what is required', errors => [qw(name jurisdiction type)]);
    my ($a, $b) = (made()->{id}, made()->{id});
    my $e = child($a, jurisdiction => 'GB', portfolio_id => "pf$$", metadata => { k => 'v' })->{id};
    my $f = child($b, jurisdiction => 'GB', portfolio_id => "pf$$", status => 'submitted')->{id};
    my $g = child($b, metadata => { k => 'v' })->{id};
    my %found = ("workspace_id=$b" => "$g $f", "portfolio_id=pf$$" => "$f $e", 'jurisdiction=GB' => "$f $e", "portfolio_id=pf$$&status=submitted" => $f,
        "workspace_id=$a&jurisdiction=US-DE" => '', 'metadata[k]=v' => "$g $e", "metadata[k]=v&workspace_id=$b" => $g, "portfolio_id=pf$$&sort=created" => "$e $f",
        "workspace_id=$b&limit=1&starting_after=$g" => $f, "workspace_id=$none" => '', "workspace_id=$foreign" => '');
    is(ids(ask(GET => "entities?$_")), $found{$_}, "entities?$_") for sort keys %found;
};

subtest 'archive and unarchive' => sub {
    my $id = made()->{id};
    my $r = act_on($id, 'archive');
    is("$r->{status} $r->{json}{status}", '200 archived', 'archived');
    cmp_ok(abs($r->{json}{archived_at} - time), '<', 60, 'archived_at');
    my $again = act_on($id, 'archive');
    is("$again->{status} $again->{body} $again->{headers}{etag}", "200 $r->{body} $r->{headers}{etag}", 'once more: 200 and the same object');
    is(traces($id, 'workspace.archived'), '1 audited, 1 told', 'archived once');
    $r = act_on($id, 'unarchive');
    is("$r->{status} $r->{json}{status} " . json($r->{json}{archived_at}), '200 ready null', 'restored, archived_at is null');
    $again = act_on($id, 'unarchive');
    is("$again->{status} $again->{body} $again->{headers}{etag}", "200 $r->{body} $r->{headers}{etag}", 'once more: 200 and the same object');
    is($again->{body}, ask(GET => "workspaces/$id")->{body}, 'the current one');
    is(act_on($id, 'unarchive', body => '{', type => 'text/plain')->{body}, $r->{body}, 'it takes no body, and looks at none');
    is(act_on(made()->{id}, 'unarchive')->{json}{status}, 'ready', 'one that was never archived: 200 too');
    is(traces($id, 'workspace.unarchived'), '1 audited, 1 told', 'no other audit row, no other event');
    refusal_is(act_on($id, 'archive', headers => [ 'If-Match' => '"1"' ]), 412, 'precondition_failed', qr/modified/, 'If-Match holds here too');
};

subtest 'the status after unarchive is computed, not remembered' => sub {
    my @terminal = qw(dissolved cancelled rejected);
    my $try = sub { my ($want, $later, @status) = @_;
        my $w = made()->{id};
        my @e = map { child($w, status => $_)->{id} } @status;
        is("@{ act_on($w, 'archive')->{json}{entity_ids} }", "@e", 'archived with its entities, oldest first');
        move($e[$_], $later) for $later ? 0 .. $#e : ();
        my $r = act_on($w, 'unarchive');
        is("$r->{status} $r->{json}{status} @{ $r->{json}{entity_ids} }", join(' ', 200, $want) . " @e", (@status ? "@status" : 'no entity') . ($later ? ", $later while archived" : '') . ": $want");
        is($r->{body}, $_->{body}, 'and so it is') for act_on($w, 'unarchive'), ask(GET => "workspaces/$w") };
    $try->('ready', '', @$_) for [], map({ [$_] } @terminal), \@terminal;
    $try->('active', '', @$_) for map { [$_], [ @terminal, $_ ] } qw(draft submitted registered);
    $try->('ready', @$_) for [ dissolve => 'registered' ], [ cancel => 'draft', 'submitted' ], [ reject => 'submitted' ];
    $try->('active', submit => 'draft');
};

subtest 'while it is provisioning' => sub {
    my $id = made()->{id};
    $t->sql('BEGIN; ' . moved_sql('workspace', $id, 'provisioning', 'workspace.updated') . '; COMMIT');
    is(seen($id)->{status}, 'provisioning', 'given one that is being set up');
    refusal_is(act_on($id, $_), 409, 'invalid_state_transition', "Workspace $id is in state `provisioning` and cannot be ${_}d.", "$_: 409") for qw(unarchive archive);
    is(seen($id)->{status}, 'provisioning', 'nothing has changed');
};

subtest 'an entity that ends at the same moment' => sub {
    for my $round (1 .. 30) {
        my $w = made()->{id};
        my $verb = $round % 2 ? 'cancel' : 'dissolve';
        my $e = child($w, status => $round % 2 ? 'submitted' : 'registered')->{id};
        act_on($w, 'archive');
        my @r = concurrently(3, sub { $_[0] == 1 ? move($e, $verb) : act_on($w, 'unarchive') });
        is(tally(@r) . ' ' . seen($w)->{status}, '200:3 ready', "round $round: ready in the end");
        is(traces($w, 'workspace.unarchived'), '1 audited, 1 told', 'restored once');
        like(join(' ', map { $_->{to_state} } audit_rows($t, $w)), qr/ archived (active )?ready$/, 'restored as ready, or as active and then emptied');
    }
    for my $round (1 .. 15) {
        my $w = archived();
        my ($un, $new) = concurrently(2, sub { $_[0] ? ask(POST => 'entities', body => { workspace_id => $w, name => 'x', jurisdiction => 'US', type => 'llc' }) : act_on($w, 'unarchive') });
        is("$un->{status} " . seen($w)->{status}, $new->{status} == 202 ? '200 active' : '200 ready', "round $round: a new entity answered $new->{status}");
    }
    # Under REPEATABLE READ, or computed before the lock, this gives active.
    my $w = made()->{id};
    my $e = child($w, status => 'registered')->{id};
    act_on($w, 'archive');
    my $commit = hold($t, "SELECT 1 FROM workspaces WHERE id = UNHEX('" . hex_of($w) . "') FOR UPDATE");
    my $reply = in_background(sub { act_on($w, 'unarchive') });
    blocked($t, 1);
    $commit->(moved_sql('entity', $e, 'dissolved', 'entity.dissolved'));
    is($reply->()->{json}{status}, 'ready', 'one dissolved while the unarchive waits counts');
};

subtest 'eight unarchives at the same time' => sub {
    my $id = archived();
    my @r = concurrently(8, sub { act_on($id, 'unarchive') });
    is(tally(@r), '200:8', 'all are 200');
    my %bodies = map { $_->{body} => 1 } @r;
    is(join(' ', keys %bodies), ask(GET => "workspaces/$id")->{body}, 'with the same object');
    is(traces($id, 'workspace.unarchived'), '1 audited, 1 told', 'one audit row, one event');
};

subtest 'what a token does not see' => sub {
    my ($w, $theirs, $testing) = map { workspace($t, token => $_)->{id} } $live, $other, $test;
    my $e = child($w)->{id};
    my $strip = sub { my ($r, $id) = @_; $r->{body} =~ s/req_\w+/req/gr =~ s/\Q$id\E/ID/gr };
    for my $case ([ $theirs, $live, "another organization's" ], [ $testing, $live, 'of the test mode' ], [ $w, $test, 'of the live mode' ], [ 'x', $live, 'no id' ], [ $e, $live, 'of another kind' ]) {
        my ($id, $token, $what) = @$case;
        for ([ GET => '' ], [ PATCH => '' ], [ POST => '/archive' ], [ POST => '/unarchive' ]) {
            my @body = $_->[0] eq 'PATCH' ? (body => { name => 'x' }) : ();
            my ($r, $unknown) = map { ask($_->[0] => "workspaces/$_->[2]$_->[1]", token => $token, @body) } [ @$_, $id ], [ @$_, $none ];
            refusal_is($r, 404, 'not_found', "No workspace with id `$id` is visible to this token.", "$what: $_->[0] $_->[1]");
            is($strip->($r, $id), $strip->($unknown, $none), 'the bytes of one that does not exist');
        }
    }
    refusal_is(ask(GET => "entities/$e", token => $_), 404, 'not_found', "No entity with id `$e` is visible to this token.", 'an entity too') for $test, $other;
    is(ask(GET => "workspaces/$_", token => $admin)->{status}, 200, 'who signs in sees both modes') for $w, $testing;
};

subtest 'scopes and tiers' => sub {
    my $human = $t->sql("SELECT LOWER(HEX(id)) FROM principals WHERE username = 'admin'");
    my $w = archived();
    my %act = (read => sub { ask(GET => "workspaces/$w", @_) }, create => sub { ask(POST => 'workspaces', body => { name => 'x' }, @_) },
        edit => sub { ask(PATCH => "entities/" . child(made()->{id})->{id}, body => { name => 'y' }, @_) }, unarchive => sub { act_on($w, 'unarchive', @_) }, archive => sub { act_on($w, 'archive', @_) });
    my %may = ('tier 1' => [ { tier => 1 }, 'read' ], 'tier 2' => [ { tier => 2 }, 'read create edit' ], 'tier 3' => [ { tier => 3 }, 'read create edit unarchive archive' ],
        'tier 4' => [ { tier => 4 }, 'read create edit unarchive archive' ], 'scope workspace:read' => [ { tier => 3, scope => 'workspace:read' }, 'read' ], 'scope model:write' => [ { tier => 3, scope => 'model:write' }, '' ]);
    for my $who (sort keys %may) {
        my ($token, $id) = $t->key_and_id(kind => 'token', %{ $may{$who}[0] });
        for my $what (qw(read create edit unarchive archive)) {
            my $r = $act{$what}->(token => $token);
            if ($may{$who}[1] =~ /\b$what\b/) { ok($r->{status} < 300, "$who: $what") or diag $r->{raw}; next }
            my $on = $what eq 'create' ? 'workspace' : $what eq 'edit' ? qr/entity ent_\w+/ : "workspace $w";
            my $by = $r->{json}{authorized_by};
            refusal_is($r, 403, 'scope_denied', ref $on ? qr/^Token $id has no grant on $on\.$/ : "Token $id has no grant on $on.", "$who: no $what", authorized_by => $by);
            is(hex_of($by->{human_principal_id}) . ' ' . ($by->{agent_id} // 'none'), "$human none", 'authorized_by: the human');
        }
    }
    my ($pk, $pk_id) = $t->key_and_id(kind => 'publishable');
    is($act{read}->(token => $pk)->{status}, 200, 'a publishable key reads');
    refusal_is($act{archive}->(token => $pk), 403, 'scope_denied', "Token $pk_id has no grant on workspace $w.", 'and no more');
    my ($reader, $reader_id) = do { $t->reader; $t->key_and_id(user => 'reader') };
    refusal_is($act{unarchive}->(token => $reader), 403, 'scope_denied', "Token $reader_id has no grant on workspace $w.", "nor does a reader's key");
    is($act{read}->(token => $reader)->{status}, 200, 'which reads');
};

subtest 'archive by an agent waits for its human' => sub {
    my ($agent, $agent_id) = $t->key_and_id(user => 'member', kind => 'token', tier => 3, agent => 'agt_Nq3KcAbc');
    my $human_key = $t->key(user => 'member');
    my $human = $t->sql("SELECT LOWER(HEX(id)) FROM principals WHERE username = 'member'");
    my $asks = sub { my $id = made()->{id}; ($id, act_on($id, 'archive', token => $agent)) };
    my $decide = sub { my ($a, $verb, $token, @h) = @_; post_v1($t, "authorizations/$a/$verb", token => $token, headers => \@h) };
    my ($w, $r) = $asks->();
    my $a = $r->{json};
    is("$r->{status} $a->{object} $a->{status} $a->{action}", '202 authorization pending workspace.archived', '202, an authorization that is pending');
    like($a->{id}, qr/^auth_\w{17}$/, 'its id');
    is(json($a->{resource}), qq({"id":"$w","object":"workspace"}), 'what it is about');
    is(hex_of($a->{requested_by}{human_principal_id}) . " $a->{requested_by}{agent_id} $a->{requested_by}{token_id}", "$human agt_Nq3KcAbc $agent_id", 'who asks, for whom');
    is(seen($w)->{status}, 'ready', 'the workspace is as it was');
    is(act_on($w, 'archive', token => $agent)->{json}{id}, $a->{id}, 'asked again it is the same authorization');
    is(traces($a->{id}, 'authorization.created'), '1 audited, 1 told', 'created once');
    my $x = made()->{id};
    my @same = concurrently(6, sub { act_on($x, 'archive', token => $agent) });
    is(tally(@same) . ', ' . keys(%{ +{ map { $_->{body} => 1 } @same } }), '202:6, 1', 'asked six times at once too');
    is(ask(GET => "authorizations/$a->{id}")->{body}, $r->{body}, 'it can be read');
    my $by = { agent_id => 'agt_Nq3KcAbc', human_principal_id => $a->{requested_by}{human_principal_id} };
    refusal_is($decide->($a->{id}, 'approve', $agent), 403, 'scope_denied', "Token $agent_id has no grant on authorization $a->{id}.", 'the agent does not approve', authorized_by => $by);
    refusal_is($decide->($a->{id}, 'approve', $live), 403, 'scope_denied', "Token $live_id has no grant on authorization $a->{id}.", 'nor does another human, an administrator');
    refusal_is($decide->($a->{id}, 'approve', $other), 404, 'not_found', "No authorization with id `$a->{id}` is visible to this token.", 'another organization does not see it');
    is(seen($w)->{status}, 'ready', 'still as it was');
    like(ids(ask(GET => 'authorizations?status=pending')), qr/$a->{id}/, 'it is listed as pending');
    for my $way ([ 'signed in', $member ], [ 'with a key of his own', $human_key ]) {
        ($w, $r) = $asks->() if $way->[1] ne $member;
        my $id = $r->{json}{id};
        refusal_is($decide->($id, 'approve', $way->[1], 'If-Match' => '"9"'), 412, 'precondition_failed', qr/modified/, 'If-Match is about the authorization');
        act_on($w, 'archive', token => $agent);
        ask(PATCH => "workspaces/$w", body => { name => 'meanwhile' });
        my $done = $decide->($id, 'approve', $way->[1], 'If-Match' => ask(GET => "authorizations/$id")->{headers}{etag});
        is("$done->{status} $done->{json}{status} " . seen($w)->{status}, '200 approved archived', "its human approves, $way->[0]: archived");
        my ($row) = audit_rows($t, $w, "action = 'workspace.archived'");
        my ($approval) = audit_rows($t, $id, "action = 'authorization.approved'");
        is("$row->{actor_name} $row->{actor_id} $row->{request_id}", "member $human $approval->{request_id}", 'by him, in the same request');
        like($row->{details}, qr/"authorization":"\Q$id\E","agent_id":"agt_\w+"/, 'naming what was approved, and whose wish it was');
        refusal_is($decide->($id, 'approve', $member), 409, 'invalid_state_transition', "Authorization $id is in state `approved` and cannot be approved again.", 'once');
        refusal_is($decide->($id, 'deny', $member), 409, 'invalid_state_transition', "Authorization $id is in state `approved` and cannot be denied.", 'and not denied');
        is(traces($w, 'workspace.archived'), '1 audited, 1 told', 'archived once');
    }
    is(act_on($w, 'archive', token => $agent)->{status}, 200, 'an agent asks in vain for what is done: 200');
    is(act_on($w, 'unarchive', token => $agent)->{json}{status}, 'ready', 'unarchive has no gate');
    my ($prepares, $prepares_id) = $t->key_and_id(user => 'member', kind => 'token', tier => 2, agent => 'agt_Nq3KcAbc');
    refusal_is(act_on($w, $_, token => $prepares), 403, 'scope_denied', "Token $prepares_id has no grant on workspace $w.", "tier 2: no $_", authorized_by => $by) for qw(unarchive archive);
    ($w, $r) = $asks->();
    my $denied = $r->{json}{id};
    is($decide->($denied, 'deny', $member)->{json}{status} . ' ' . seen($w)->{status}, 'denied ready', 'its human denies: nothing happens');
    refusal_is($decide->($denied, 'approve', $member), 409, 'invalid_state_transition', "Authorization $denied is in state `denied` and cannot be approved.", 'for good');
    $r = act_on($w, 'archive', token => $agent);
    ok($r->{status} == 202 && $r->{json}{id} ne $denied, 'asked again it is another');
    my @r = concurrently(6, sub { $decide->($r->{json}{id}, 'approve', $member) });
    is(tally(@r) . ', ' . traces($w, 'workspace.archived'), '200:1 409:5, 1 audited, 1 told', 'six approvals at once: one');
    ($w, $r) = $asks->();
    act_on($w, 'archive');
    is($decide->($r->{json}{id}, 'approve', $member)->{status} . ', ' . traces($w, 'workspace.archived'), '200, 1 audited, 1 told', 'approved when it is archived already: no other row');
    ($w, $r) = $asks->();
    $t->sql('BEGIN; ' . moved_sql('workspace', $w, 'provisioning', 'workspace.updated') . '; COMMIT');
    refusal_is($decide->($r->{json}{id}, 'approve', $member), 409, 'invalid_state_transition', "Workspace $w is in state `provisioning` and cannot be archived.", 'approved when it cannot be: the sentence is about the workspace');
    is(ask(GET => "authorizations/$r->{json}{id}")->{json}{status}, 'pending', 'and the authorization waits');
    my $granted = $t->key(user => 'member', kind => 'token', tier => 3, agent => 'agt_Nq3KcAbc', human_grant => 1);
    $r = act_on($w = made()->{id}, 'archive', token => $granted);
    is("$r->{status} $r->{json}{status}", '200 archived', 'an agent with the human grant archives at once');
    is((audit_rows($t, $w, "action = 'workspace.archived'"))[0]{actor_name}, 'agt_Nq3KcAbc for member', 'and is named as who did');
};

subtest 'events' => sub {
    my $list = sub { my ($query, %o) = @_; ask(GET => "events?$query", %o)->{json} };
    my $id = archived();
    act_on($id, 'unarchive', headers => [ 'Idempotency-Key' => 'told' ]);
    my $e = $list->('limit=1')->{data}[0];
    keys_are($e, 'id object type api_version created data sequence livemode pending_webhooks request authorized_by', 'the fields of an event');
    is("$e->{object} $e->{type} $e->{data}{object}{id} $e->{data}{object}{object} $e->{data}{object}{status}", "event workspace.unarchived $id workspace ready", 'the last first');
    like(json($e->{data}{previous_attributes}), qr/^\{"archived_at":\d+,"status":"archived"\}$/, 'with what it was');
    is("$e->{request}{idempotency_key} $e->{authorized_by}{token_id}", "told $live_id", 'who and by what request');
    is(ask(GET => "events/$e->{id}")->{json}{sequence}, $e->{sequence}, 'it can be read by itself');
    concurrently(4, sub { archived() });
    my ($after, @all, $page) = ('');
    do { $page = ask(GET => "events?limit=100&sort=created$after", token => $admin)->{json}; push @all, @{ $page->{data} }; $after = "&starting_after=" . ($page->{next_cursor} // '') } while $page->{has_more};
    is(join(',', map { $_->{sequence} } @all), join(',', 1 .. @all), 'sequence has no gap: ' . @all . ' of the organization');
    my %of;
    push @{ $of{ $_->{data}{object}{id} // '' } }, $_->{type} for @all;
    is("@{ $of{$id} }", 'workspace.created workspace.archived workspace.unarchived', 'those of an object in order');
    my %mode = (live => $live, test => $test);
    for my $mode (sort keys %mode) {
        my @got = map { json($_->{livemode}) } @{ $list->('limit=100', token => $mode{$mode})->{data} };
        is(join(' ', keys %{ { map { $_ => 1 } @got } }), $mode eq 'live' ? 'true' : 'false', "a $mode key sees those of its mode alone");
    }
    is(join(' ', keys %{ { map { $_->{type} => 1 } @{ $list->('type=workspace.unarchived&limit=100')->{data} } } }), 'workspace.unarchived', 'type');
    my $two = $list->('limit=2');
    is(json([ map { $_->{id} } @{ $list->("limit=2&starting_after=$two->{next_cursor}")->{data} } ]), json([ map { $_->{id} } @{ $list->('limit=4')->{data} }[2, 3] ]), 'next_cursor leads on');
    my ($narrow, $narrow_id) = $t->key_and_id(kind => 'token', scope => 'workspace:read');
    my @by = (authorized_by => { human_principal_id => $e->{authorized_by}{human_principal_id}, agent_id => undef });
    refusal_is(ask(GET => "events/$e->{id}", token => $narrow), 403, 'scope_denied', "Token $narrow_id has no grant on event $e->{id}.", 'not for every scope', @by);
    refusal_is(ask(GET => 'events', token => $narrow), 403, 'scope_denied', "Token $narrow_id has no grant on event.", 'nor the list', @by);
    my ($theirs) = do { workspace($t, token => $other); @{ ask(GET => 'events', token => $other)->{json}{data} } };
    my ($testing) = @{ $list->('limit=1', token => $test)->{data} };
    refusal_is(ask(GET => "events/$_"), 404, 'not_found', "No event with id `$_` is visible to this token.", 'not visible') for $theirs->{id}, $testing->{id}, 'x';
};

subtest 'registries' => sub {
    my $r = ask(POST => 'workspaces', body => { name => 'x' }, headers => [ 'Idempotency-Key' => 'looked-up' ]);
    my $got = ask(GET => "requests/$r->{headers}{'x-request-id'}")->{json};
    is(json([ @$got{qw(id object status idempotency_key resource)} ]),
        qq(["$r->{headers}{'x-request-id'}","request",201,"looked-up",{"id":"$r->{json}{id}","object":"workspace","revision":1}]), 'a request by its id');
    refusal_is(ask(GET => "requests/$r->{headers}{'x-request-id'}", token => $_), 404, 'not_found', "No request with id `$r->{headers}{'x-request-id'}` is visible to this token.", 'for who made it') for $test, $other;
    is(json([ map { [ @$_{qw(version current)} ] } @{ ask(GET => 'api_versions')->{json}{data} } ]), '[["2026-05-01",false],["2026-06-10",true]]', 'the versions');
    my %limit = map { $_->{name} => $_->{limit} } @{ ask(GET => 'limits')->{json}{limits} };
    is("$limit{list_limit} $limit{idempotency_key_characters} $limit{idempotency_key_seconds}", '100 255 86400', 'the limits');
    refusal_is($t->req(GET => "/v1/$_"), 401, 'authentication_required', qr/^No bearer token/, "$_: with a token alone") for qw(limits api_versions requests/x events);
};

$t->finish;
