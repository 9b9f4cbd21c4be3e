#!/usr/bin/perl
# Whom models are shared with: users, groups of them, the organization; what each of them
# sees and may do in every dialect; who may share, at the same time too; what stays of it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Foundry;

my $t = Thaw->new(workers => 4);
my $REG = '/api/v2';
my @people = qw(owner second userly observer grouped anybody);
$t->must('role', 'set', '--org', 'Main', 'hearer', '--permissions', 'model:read model:write webhook:read', '--rate', 1000);
$t->user($_, role => 'hearer') for @people;
my %token = ((map { $_ => $t->token($_) } @people), admin => $t->admin, other => $t->other);
my %id = map { $_ => hex_of(usr($t, $_)) } @people, 'other';
my $org = hex_of(model($t)->{organization_id});
my $n = 0;

# A registered model of somebody's, and what is asked about it.
sub made { my ($by, %o) = @_; my $r = $t->req(POST => "$REG/modelPackages/fromJSON/", token => $token{$by}, body => { name => 'shared ' . ++$n, target => { name => 'y', type => 'Regression' }, %o }); $r->{status} == 201 or die $r->{raw}; $r->{json} }
sub roles { map { my ($role, $kind, $whom) = @$_; { role => $role, shareRecipientType => $kind, ($whom =~ /^[0-9a-f]{24}$/ ? 'id' : 'username') => $whom } } @_ }
sub share { my ($by, $model, @roles) = @_; $t->req(PATCH => "$REG/registeredModels/$model/sharedRoles/", token => $token{$by}, body => { operation => 'updateRoles', roles => [ roles(@roles) ] }) }
sub shares { my ($model, $by, $query) = @_; $t->req(GET => "$REG/registeredModels/$model/sharedRoles/" . ($query // ''), token => $token{ $by // 'admin' }) }
sub shown { join ' ', map { "$_->{name}:$_->{role}" } sort { $a->{name} cmp $b->{name} } @{ shares(@_)->{json}{data} } }
sub group { my ($name, @users) = @_; my $group = $t->must('group', 'create', '--org', 'Main', $name); $t->must('group', 'add', '--org', 'Main', $name, $_) for @users; hex_of($group) }

# What somebody sees of a model, and whether it is in their lists.
sub seen {
    my ($who, $model) = @_;
    my $ask = sub { $t->req(GET => $_[0], token => $token{$who}) };
    my %status = (registry => $ask->("$REG/registeredModels/$model/")->{status}, models => $ask->("$MODELS/mdl-$model")->{status},
        foundry => $ask->("$REG/models/" . rid_of(model => $model) . '?preview=true')->{status}, roles => $ask->("$REG/registeredModels/$model/sharedRoles/")->{status});
    my %there = (registry => scalar(grep { $_->{id} eq $model } @{ $ask->("$REG/registeredModels/?limit=0")->{json}{data} }),
        models => scalar(grep { $_->{id} eq "mdl-$model" } @{ $ask->("$MODELS?page_size=100")->{json}{items} }));
    my %all = map { $_ => 1 } values %status;
    return join(' ', sort keys %all) . ($there{registry} == $there{models} ? $there{registry} ? ' listed' : ' unlisted' : ' in one list alone');
}
sub write_it { my ($who, $model) = @_; $t->req(PATCH => "$REG/registeredModels/$model/", token => $token{$who}, body => { description => 'by ' . ++$n })->{status} . ' ' . $t->req(PATCH => "$MODELS/mdl-$model", token => $token{$who}, body => { description => 'by ' . ++$n })->{status} }

subtest 'groups of users' => sub {
    my $thaw = sub { my $r = $t->thaw('group', @_); "$r->{exit} $r->{err}" };
    my $group = $t->must('group', 'create', '--org', 'Main', 'Risk team');
    like($group, qr/^grp-[0-9a-f]{24}$/, 'are made by the command');
    like($thaw->('create', '--org', 'Main', 'Risk team'), qr/^1 .*already/, 'each name once');
    like($thaw->('create', '--org', 'Main', $group), qr/^1 .*look like an id/, 'which is no id');
    $t->must('group', 'create', '--org', 'Other', 'Risk team');
    $t->must('group', 'add', '--org', 'Main', @$_) for [ 'Risk team', 'owner' ], [ $group, 'second' ];
    like($thaw->('add', '--org', 'Main', 'Risk team', 'owner'), qr/^1 .*already/, 'with each user once');
    like($thaw->('add', '--org', 'Main', 'Risk team', 'other'), qr/^1 .*another organization/, 'of the same organization');
    like($thaw->('add', '--org', 'Main', @$_), qr/^1 .*unknown/, "that there is: @$_") for [ 'Risk team', 'nobody' ], [ 'nothing', 'owner' ], [ 'grp-' . '0' x 24, 'owner' ];
    is(join(' ', map { "$_->{name}=$_->{members}" } @{ $t->thaw('--json', 'group', 'list', '--org', 'Main')->{json} }), 'Risk team=2', 'and listed');
    $t->must('group', 'remove', '--org', 'Main', 'Risk team', 'second');
    like($thaw->('remove', '--org', 'Main', 'Risk team', 'second'), qr/^1 .*not in/, 'whoever is not in it cannot leave');
    is(join(' ', map { $_->{username} } @{ $t->thaw('--json', 'group', 'list', '--org', 'Main', '--members-of', 'Risk team')->{json} }), 'owner', 'one is left');
    is(join(' ', map { $_->{action} } audit_rows($t, $group)), join(' ', map { "user_group.$_" } qw(created member_added member_added member_removed)), 'with their history');
    is(json(JSON::PP::decode_json((audit_rows($t, $group))[-1]{details})), json({ user => "usr-$id{second}", username => 'second' }), 'that tells whom');
};

my $group = group('Readers', 'grouped');
subtest 'who sees and may do what, in every dialect' => sub {
    # given a model of owner's, shared with a user as USER, with another as OBSERVER, with a group
    my $v = made('owner');
    my $m = $v->{registeredModelId};
    is(shown($m), 'owner:OWNER', 'it is its maker\'s alone');
    is(share(owner => $m, [ USER => user => 'userly' ], [ OBSERVER => user => $id{observer} ], [ CONSUMER => group => $group ])->{status}, 204, 'when it is shared');
    is(shown($m), 'Readers:CONSUMER observer:CONSUMER owner:OWNER userly:USER', 'then with those, by the words of readers');
    my %sees = (owner => '200 listed', admin => '200 listed', userly => '200 listed', observer => '200 listed', grouped => '200 listed', anybody => '404 unlisted', other => '404 unlisted');
    my %writes = (owner => '200 200', admin => '200 200', userly => '200 200', observer => '403 403', grouped => '403 403', anybody => '404 404', other => '404 404');
    is(seen($_, $m), $sees{$_}, "$_ sees") for sort keys %sees;
    is(write_it($_, $m), $writes{$_}, "$_ writes") for sort keys %writes;
    my $package = sub { $t->req(GET => "$REG/modelPackages/$v->{id}/sharedRoles/", token => $token{ $_[0] }) };
    is($package->($_)->{status}, $sees{$_} =~ /^(\d+)/ ? $1 : '', "$_ asks by the package") for sort keys %sees;
    is(json($package->('grouped')->{json}), json(shares($m, 'grouped')->{json}), 'which says the same');
    like($package->('grouped')->{headers}{deprecation}, qr{registeredModels/\{registeredModelId\}/sharedRoles}, 'and that it should not be asked');

    # a group counts as much as its role
    share(owner => $m, [ EDITOR => group => $group ]);
    is(write_it(grouped => $m), '200 200', 'EDITOR of a group writes');
    is(share(grouped => $m, [ USER => user => 'anybody' ])->{status}, 204, 'and shares');
    share(owner => $m, [ OWNER => group => $group ]);
    is(share(grouped => $m, [ OBSERVER => user => 'anybody' ], [ OWNER => user => 'second' ])->{status}, 204, 'OWNER of a group makes owners');
    share(owner => $m, [ NO_ROLE => user => 'anybody' ], [ NO_ROLE => user => 'second' ], [ OBSERVER => group => $group ]);

    # who is in a group twice over, and granted directly, sees it once
    my $again = group('More readers', 'grouped');
    share(owner => $m, [ OBSERVER => group => $again ], [ OBSERVER => user => 'grouped' ], [ OBSERVER => organization => $org ]);
    is(seen(grouped => $m), '200 listed', 'in two groups, by itself and with all');
    my $count = sub { my $j = $t->req(GET => "$MODELS?page_size=1&page=" . ($_[1] // 1), token => $token{ $_[0] })->{json}; $j->{total} };
    is($count->('grouped'), $count->('anybody'), 'it is one model');
    is($t->req(GET => "$MODELS?search=shared&page=2", token => $token{grouped})->{json}{total}, 1, 'in a search too');
    is(seen(anybody => $m), '200 listed', 'the organization has it');
    is(seen(other => $m), '404 unlisted', 'and no other');
    share(owner => $m, [ NO_ROLE => group => $again ], [ NO_ROLE => user => 'grouped' ], [ NO_ROLE => organization => $org ]);

    # events of it are heard by those who see it
    my $hears = sub { scalar grep { $_->{data}{object}{id} eq "mdl-$m" } @{ $t->req(GET => '/v1/events?limit=100&type=model.updated', token => $token{ $_[0] })->{json}{data} } };
    cmp_ok($hears->($_), '>', 0, "$_ hears") for qw(owner grouped);
    is($hears->($_), 0, "$_ does not") for qw(anybody other);
    my $before = $count->('grouped');
    $t->must('group', 'remove', '--org', 'Main', 'Readers', 'grouped');
    is(seen(grouped => $m), '404 unlisted', 'whoever leaves the group sees it no more');
    is($count->('grouped'), $before - 1, 'nor counts it');
    is($hears->('grouped'), 0, 'nor hears');
    $t->must('group', 'add', '--org', 'Main', 'Readers', 'grouped');
};


subtest 'what lies in a folder is shared likewise' => sub {
    my $m = made('owner')->{registeredModelId};
    my $lies = sub { my $r = $t->req(GET => "$REG/filesystem/folders/" . rid_of(folder => $org) . '/children?preview=true&pageSize=100', token => $token{ $_[0] }); scalar grep { $_->{rid} eq rid_of(model => $m) } @{ $r->{json}{data} } };
    is($lies->('grouped'), 0, 'given a member of a group without a role');
    share(owner => $m, [ OBSERVER => group => $group ]);
    is($lies->('grouped'), 1, 'when the group has one, then it is there');
    is($lies->('anybody'), 0, 'for its members');
};

subtest 'who may share' => sub {
    my $m = made('owner')->{registeredModelId};
    share(owner => $m, [ USER => user => 'userly' ], [ OBSERVER => user => 'observer' ], [ OWNER => user => 'second' ]);
    is(share(userly => $m, @$_)->{status}, 204, 'USER gives up to USER, and takes that') for [ [ USER => user => 'anybody' ] ], [ [ READ_ONLY => user => 'anybody' ], [ READ_WRITE => user => 'observer' ] ], [ [ NO_ROLE => user => 'anybody' ], [ OBSERVER => user => 'observer' ] ];
    unchanged($t, 'refusals', sub {
        is(share(userly => $m, @$_)->{status}, 403, 'but makes no owner, and of none anything else') for [ [ OWNER => user => 'anybody' ] ], [ [ OWNER => user => 'userly' ] ], [ [ USER => user => 'second' ] ], [ [ NO_ROLE => user => 'second' ], [ USER => user => 'anybody' ] ];
        is(share(observer => $m, [ @$_ ])->{status}, 403, 'OBSERVER shares nothing') for [ OBSERVER => user => 'anybody' ], [ NO_ROLE => user => 'observer' ], [ USER => user => 'no-such-user' ];
        is(share($_ => $m, [ USER => user => 'anybody' ])->{status}, 404, "$_ sees nothing to share") for qw(anybody other);
    });
    is(share(admin => $m, [ NO_ROLE => user => 'second' ])->{status}, 204, 'an administrator may all');
};

subtest 'all or nothing, and never without an owner' => sub {
    my $m = made('owner')->{registeredModelId};
    my $elsewhere = hex_of(model($t, token => $t->other)->{organization_id});
    my $refused = sub { my ($status, $field, $name, @roles) = @_; my $r = share(owner => $m, @roles); is("$r->{status} " . join(' ', sort keys %{ $r->{json}{errors} // {} }), "$status $field", $name) or diag $r->{raw} };
    unchanged($t, 'refusals', sub {
        $refused->(409, '', 'the last owner', [ NO_ROLE => user => 'owner' ]);
        $refused->(409, '', 'made less', [ USER => user => 'owner' ]);
        $refused->(409, '', 'though a group and the organization own it', [ NO_ROLE => user => 'owner' ], [ OWNER => group => $group ], [ OWNER => organization => $org ]);
        $refused->(422, 'roles[1].username', 'an unknown user beside a known one', [ USER => user => 'userly' ], [ USER => user => 'nobody' ]);
        $refused->(422, 'roles[0].username', 'a user of another organization', [ USER => user => 'other' ]);
        $refused->(422, 'roles[0].id', 'or its id', [ USER => user => $id{other} ]);
        $refused->(422, 'roles[0].id', 'a user as a group', [ USER => group => $id{userly} ]);
        $refused->(422, 'roles[0].id', 'another organization', [ USER => organization => $elsewhere ]);
        $refused->(422, 'roles[0].username', 'a group by its name alone', [ USER => group => 'Readers' ]);
        $refused->(422, 'roles[0].role', 'an unknown role', [ ADMIN => user => 'userly' ]);
        $refused->(422, 'roles', 'none', ());
        $refused->(422, 'roles', 'a hundred and one', ([ USER => user => 'userly' ]) x 101);
        my $put = sub { $t->req(PATCH => "$REG/registeredModels/$m/sharedRoles/", token => $token{owner}, body => { operation => 'updateRoles', roles => [ { role => 'USER', shareRecipientType => 'user', %{ $_[0] } } ] }) };
        is($put->($_->[0])->{status}, 422, $_->[1]) for [ { id => $id{userly}, username => 'second' }, 'id and username of two' ], [ {}, 'nobody' ], [ { username => 'userly', colour => 'red' }, 'an unknown key' ], [ { id => 'x' }, 'no id' ];
        like($put->({ username => 'userly', colour => 'red' })->{body}, qr/roles\[0\]\.colour is not allowed key/, 'in the words of that');
        is(shares($m, owner => "?id=$id{owner}&name=owner")->{status}, 422, 'reading by id and by name');
    });
    is(share(owner => $m, [ NO_ROLE => user => 'anybody' ])->{status}, 204, 'whoever has nothing loses nothing');
    is(share(owner => $m, [ OWNER => user => 'second' ], [ USER => user => 'second' ])->{status} . ' ' . shown($m), '204 owner:OWNER second:USER', 'of two for one the later counts');
    share(owner => $m, [ USER => group => $group ], [ USER => organization => $org ]);
    my @both = map { { role => $_->{role}, shareRecipientType => $_->{shareRecipientType}, id => $_->{id}, username => $_->{name}, canShare => undef } } @{ shares($m)->{json}{data} };
    is($t->req(PATCH => "$REG/registeredModels/$m/sharedRoles/", token => $token{owner}, body => { operation => 'updateRoles', roles => \@both })->{status}, 204, 'what is read can be written');
    my %page = map { $_ => shares($m, owner => $_)->{json} } '?limit=2', '?limit=2&offset=2', '?name=Readers', '?shareRecipientType=organization', "?id=$id{owner}", '?name=Reader';
    is(join(' ', map { scalar @{ $page{$_}{data} } . "/$page{$_}{totalCount}" } sort keys %page), '1/1 2/4 2/4 0/0 1/1 1/1', 'by page, by name, by kind, by id');
    like($page{'?limit=2'}{next}, qr{^http.*/sharedRoles/\?limit=2&offset=2$}, 'with the address of the next');
    $t->sql("INSERT INTO grants (organization_id, model_id, grantee_id, role, created_at) SELECT UNHEX('$org'), UNHEX('$m'), UNHEX(LPAD(HEX(seq), 24, '0')), 1, NOW(6) FROM seq_1_to_996");
    $refused->(422, 'roles', 'a model has a thousand at most', [ USER => user => 'userly' ]);
    is(share(owner => $m, [ USER => user => 'userly' ], [ NO_ROLE => user => 'second' ])->{status}, 204, 'and that many');
    is(shares($m)->{json}{count} . ' ' . shares($m, owner => '?limit=0')->{json}{count}, '100 1000', 'on one page');
    my $v = $t->thaw('audit', 'verify');
    is($v->{exit}, 3, 'who is not there');
    like($v->{out}, qr/^grant +$m +is for 0{21}\w{3}, who is not one of its organization$/m, 'is found by audit verify') or diag $v->{out};
    $t->sql("DELETE FROM grants WHERE grantee_id < UNHEX(LPAD('1000', 24, '0'))");
};

subtest 'a global model is its maker\'s until others own it' => sub {
    # given models made elsewhere, which everybody sees
    my $make = sub { hex_of(model($t, token => $token{owner})->{id}) };
    my $m = $make->();
    is(shown($m, 'anybody'), 'owner:OWNER', 'their maker is told of without a row');
    is($t->sql("SELECT COUNT(*) FROM grants WHERE model_id = UNHEX('$m')"), 0, 'of which there is none');
    is(share(anybody => $m, [ OWNER => user => 'anybody' ])->{status}, 403, 'whoever writes them shares nothing for that');
    is(share(owner => $m, [ OBSERVER => user => 'observer' ])->{status} . ' ' . shown($m), '204 observer:CONSUMER owner:OWNER', 'when it is shared, then its maker stays');
    is(write_it(observer => $m), '200 200', 'OBSERVER of what everybody writes writes too');
    my $v = made('owner');
    $t->req(PATCH => "$REG/registeredModels/$v->{registeredModelId}/", token => $token{owner}, body => { isGlobal => JSON::PP::true });
    is(json($t->req(GET => "$REG/modelPackages/$v->{id}/", token => $token{anybody})->{json}{permissions}), '["CAN_VIEW","CAN_EDIT"]', 'and is told so');
    $m = $make->();
    is(share(owner => $m, [ NO_ROLE => user => 'owner' ])->{status}, 409, 'the maker is an owner who is missed');
    is(share(owner => $m, [ OWNER => user => 'second' ], [ NO_ROLE => user => 'owner' ])->{status} . ' ' . shown($m), '204 second:OWNER', 'and may leave it to another');
    my $retire = sub { $t->req(DELETE => "$REG/registeredModels/$m/", token => $token{ $_[0] })->{status} };
    is($retire->('owner'), 403, 'then it is the maker\'s no more');
    is(share(owner => $m, [ OWNER => user => 'owner' ])->{status}, 403, 'in nothing');
    is($t->req(PATCH => "$REG/registeredModels/$m/", token => $token{second}, body => { isGlobal => JSON::PP::false })->{status}, 200, 'its owner makes it local');
    is(seen(owner => $m), '404 unlisted', 'and its maker sees it no more');
    is(seen(second => $m), '200 listed', 'its owner does');
    is($retire->('second'), 204, 'and retires it');
    $m = $make->();
    is($t->req(PATCH => "$REG/registeredModels/$m/", token => $token{owner}, body => { isGlobal => JSON::PP::false })->{status}, 200, 'what its maker makes local');
    is(seen(owner => $m) . ' ' . shown($m), '200 listed owner:OWNER', 'stays the maker\'s');
    is(seen(anybody => $m), '404 unlisted', 'alone');
};

subtest 'two owners who remove each other' => sub {
    for my $round (1 .. 8) {
        my $m = made('owner')->{registeredModelId};
        share(owner => $m, [ OWNER => user => 'second' ]);
        my @r = concurrently(2, sub { my $i = shift; share([qw(owner second)]->[$i] => $m, [ NO_ROLE => user => [qw(second owner)]->[$i] ])->{status} });
        like(join(' ', sort @r), qr/^204 404$/, "round $round: the first of them does");
        like(shown($m), qr/^(?:owner|second):OWNER$/, 'and owns it');
    }
};

subtest 'what stays of it' => sub {
    my $m = made('owner')->{registeredModelId};
    my $rows = sub { map { { action => $_->{action}, actor => $_->{actor_name}, %{ JSON::PP::decode_json($_->{details}) } } } grep { $_->{action} =~ /collaborator/ } audit_rows($t, $m) };
    my $rev = sub { $t->sql("SELECT children_rev FROM models WHERE id = UNHEX('$m')") };
    my $was = $rev->();
    share(owner => $m, [ USER => user => 'userly' ], [ OBSERVER => group => $group ]);
    is($rev->(), $was + 1, 'a cluster sees that the model changed');
    share(owner => $m, [ USER => user => 'userly' ], [ NO_ROLE => user => 'anybody' ]);
    is($rev->(), $was + 1, 'where nothing changed, nothing did');
    share(second => $m, [ USER => user => 'userly' ]);
    share(userly => $m, [ EDITOR => group => $group ], [ NO_ROLE => user => 'userly' ]);
    my @rows = $rows->();
    is(json(\@rows), json([
        { action => 'model.collaborator_added', actor => 'owner', roles => [ { id => "usr-$id{userly}", name => 'userly', role => 'USER', before => undef }, { id => "grp-$group", name => 'Readers', role => 'OBSERVER', before => undef } ] },
        { action => 'model.collaborator_added', actor => 'userly', roles => [ { id => "grp-$group", name => 'Readers', role => 'EDITOR', before => 'OBSERVER' } ] },
        { action => 'model.collaborator_removed', actor => 'userly', roles => [ { id => "usr-$id{userly}", name => 'userly', role => undef, before => 'USER' } ] } ]), 'who gave whom what, and what it was before');
    is(told($t, $m, "model.$_->[0]"), $_->[1], "$_->[0] is told") for [ collaborator_added => 2 ], [ collaborator_removed => 1 ];
    is(join(' ', map { $_->{action} } grep { $_->{action} =~ /collaborator/ } @{ $t->req(GET => "$MODELS/mdl-$m/audit-logs?page_size=50", token => $token{owner})->{json}{items} }), 'model.collaborator_removed model.collaborator_added model.collaborator_added', 'in the history of other dialects');
    my @keyed = (headers => [ 'Idempotency-Key' => 'share-once' ], token => $token{owner}, body => { operation => 'updateRoles', roles => [ roles([ OWNER => user => 'second' ]) ] });
    is(join(' ', map { $t->req(PATCH => "$REG/registeredModels/$m/sharedRoles/", @keyed)->{status} } 1, 2), '204 204', 'once for an Idempotency-Key');
    is(scalar(grep { $_->{action} =~ /added/ } $rows->()), 3, 'and no more');
    is($t->req(PATCH => "$REG/registeredModels/$m/sharedRoles/", token => $token{owner}, headers => [ 'If-Match' => '"1"' ], body => { operation => 'updateRoles', roles => [ roles([ USER => user => 'anybody' ]) ] })->{status}, 412, 'If-Match holds');
};

$t->finish;
