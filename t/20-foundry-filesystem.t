#!/usr/bin/perl
# The filesystem of the foundry dialect: space, projects, folders, resources; trash,
# restore and permanentlyDelete; and that a model is one model in every dialect.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Contract;
use Foundry;

my $t = Thaw->new;
my $token = $t->admin;
my $home = home_of($t);
my ($space) = map { $_->{rid} } @{ fs($t, GET => 'spaces')->{json}{data} };
my @not_found = (404, 'NOT_FOUND', 'ResourceNotFound');
my $NODE = 'createdBy createdTime displayName path rid spaceRid trashStatus updatedBy updatedTime';
my $me = rid_of(user => 'usr-' . $t->sql("SELECT LOWER(HEX(id)) FROM principals WHERE username = 'admin'"));
sub del { fs($t, DELETE => "resources/$_[0]", @_[ 1 .. $#_ ]) }
sub restore { fs($t, POST => "resources/$_[0]/restore", @_[ 1 .. $#_ ]) }
sub erase { fs($t, POST => "resources/$_[0]/permanentlyDelete", @_[ 1 .. $#_ ]) }
sub resource { fs($t, GET => "resources/$_[0]", @_[ 1 .. $#_ ]) }
sub children { my ($f, $q) = @_; fs($t, GET => "folders/$f/children" . ($q // ''))->{json} }

subtest 'spaces' => sub {
    my $r = fs($t, GET => 'spaces');
    is($r->{status}, 200, 'listed');
    keys_are($r->{json}, 'data', 'one page');
    is(scalar @{ $r->{json}{data} }, 1, 'of one: the organization');
    keys_are($r->{json}{data}[0], 'defaultRoleSetId deletionPolicyOrganizations displayName fileSystemId organizations path rid usageAccountRid', 'a Space');
    is($r->{json}{data}[0]{displayName}, 'Main', 'its name');
    my $f = fs($t, GET => "folders/$space")->{json};
    keys_are($f, "$NODE parentFolderRid type", 'as a Folder it has no project');
    is("$f->{type} $f->{parentFolderRid} $f->{spaceRid}", "SPACE ri.compass.main.folder.0 $space", 'in the root, its own space');
    fault_is(resource($space), 400, 'INVALID_ARGUMENT', 'GetSpaceResourceNotSupported', { spaceRid => $space }, 'it is no resource');
    fault_is(fs($t, GET => 'spaces?pageSize=0'), 400, 'INVALID_ARGUMENT', 'InvalidPageSize', { pageSize => 0 }, 'pages');
    my $theirs = fs($t, GET => 'spaces', token => $t->other)->{json}{data}[0]{rid};
    fault_is(fs($t, GET => "folders/$theirs"), 404, 'NOT_FOUND', 'FolderNotFound', { folderRid => $theirs }, "another tenant's");
};

subtest 'projects' => sub {
    my $r = fs($t, POST => 'projects/create', body => { displayName => 'Churn', spaceRid => $space, description => 'about leaving', roleGrants => {}, defaultRoles => [], organizationRids => [] });
    is($r->{status}, 200, 'created') or diag $r->{raw};
    my $p = $r->{json};
    keys_are($p, "$NODE description resourceLevelRoleGrantsAllowed", 'a Project');
    is("$p->{displayName} $p->{path} $p->{trashStatus} $p->{spaceRid}", "Churn /Main/Churn NOT_TRASHED $space", 'as asked for');
    is("$p->{createdBy} $p->{updatedBy}", "$me $me", 'by whom');
    is(json(fs($t, GET => "projects/$p->{rid}")->{json}), json($p), 'read again');
    my $f = fs($t, GET => "folders/$p->{rid}")->{json};
    is("$f->{type} $f->{parentFolderRid} $f->{projectRid}", "PROJECT $space $p->{rid}", 'as a Folder it lies in the space, and is its own project');
    is(join(' ', map { $_->{displayName} } @{ children($space)->{data} }), 'Models Churn', 'the space has the home of models made elsewhere, and it');
    my ($own, $theirs) = map { fs($t, GET => 'spaces', token => $_)->{json}{data}[0]{organizations}[0] } $token, $t->other;
    is(fs($t, POST => 'projects/create', body => { displayName => 'Own', spaceRid => $space, organizationRids => [$own] })->{status}, 200, 'of the own organization');
    fault_is(fs($t, POST => 'projects/create', body => { displayName => 'X', spaceRid => $space, organizationRids => [ $own, @$_ ] }), 404, 'NOT_FOUND', 'OrganizationsNotFound', { organizationRids => $_ }, 'of others: ' . json($_)) for [$theirs], [ 'x', $theirs ];
    fault_is(fs($t, POST => 'projects/create', body => { displayName => 'Churn', spaceRid => $space }), 409, 'CONFLICT', 'ProjectNameAlreadyExists', { displayName => 'Churn', spaceRid => $space }, 'the same name');
    fault_is(fs($t, POST => 'projects/create', body => { displayName => 'X', spaceRid => $_ }), 404, 'NOT_FOUND', 'SpaceNotFound', { spaceRid => $_ }, "space $_") for $home, 'ri.compass.main.space.x';
    fault_is(fs($t, POST => 'projects/create', body => { displayName => 'X', spaceRid => $space, %{ $_->[0] } }), 400, 'INVALID_ARGUMENT', 'InvalidRoleIds', { requestedRoleIds => $_->[1] }, 'roles, which are not kept: ' . json($_->[1]))
        for [ { roleGrants => { 'compass:manage' => [ { principalId => 'x', principalType => 'USER' } ] } }, ['compass:manage'] ], [ { defaultRoles => ['compass:view'] }, ['compass:view'] ],
            [ { roleGrants => { 'compass:edit' => [] }, defaultRoles => ['compass:view'] }, [ 'compass:edit', 'compass:view' ] ];
    fault_is(fs($t, POST => 'projects/create', body => { displayName => 'X', spaceRid => $space }, token => $t->reader), 403, 'PERMISSION_DENIED', 'CreateProjectPermissionDenied', {}, 'a reader', 'Could not create the Project.');
    fault_is(fs($t, GET => "projects/$NO_MODEL"), 404, 'NOT_FOUND', 'ProjectNotFound', { projectRid => $NO_MODEL }, 'no project');
};

subtest 'folders' => sub {
    my $r = fs($t, POST => 'folders', body => { displayName => 'Trials', parentFolderRid => $home });
    is($r->{status}, 200, 'created');
    keys_are($r->{json}, "$NODE parentFolderRid projectRid type", 'a Folder');
    is("$r->{json}{type} $r->{json}{path} $r->{json}{parentFolderRid} $r->{json}{projectRid}", "FOLDER /Main/Models/Trials $home $home", 'in the project');
    my $in = fs($t, POST => 'folders', body => { displayName => "2026 \x{fc}", parentFolderRid => $r->{json}{rid} })->{json};
    is("$in->{path} $in->{projectRid}", "/Main/Models/Trials/2026 \x{fc} $home", 'and one in it');
    is(json(fs($t, GET => "folders/$in->{rid}")->{json}), json($in), 'read again');
    my $as = resource($in->{rid})->{json};
    keys_are($as, "$NODE parentFolderRid projectRid type", 'a Resource');
    is($as->{type}, 'COMPASS_FOLDER', 'its type there');
    is(fs($t, POST => 'folders', body => { displayName => 'Trials', parentFolderRid => $in->{rid} })->{status}, 200, 'the same name elsewhere');
    my $post = sub { fs($t, POST => 'folders', body => $_[0]) };
    my @taken = (409, 'CONFLICT', 'ResourceNameAlreadyExists');
    fault_is($post->({ displayName => 'Trials', parentFolderRid => $home }), @taken, { displayName => 'Trials', parentFolderRid => $home }, 'the same name beside it');
    fault_is($post->({ parentFolderRid => $home }), 400, 'INVALID_ARGUMENT', 'MissingDisplayName', {}, 'no name');
    fault_is($post->({ displayName => $_, parentFolderRid => $home }), 400, 'INVALID_ARGUMENT', 'InvalidDisplayName', { displayName => $_ }, 'a name: ' . json(substr $_, 0, 20))
        for '', '.', '..', 'a/b', 'x' x 701, ' x', "x\n", "a\x{1}b", "\x{a0}", "\x{202e}gpj.exe";
    is($post->({ displayName => "\x{1f642}" x 700, parentFolderRid => $home })->{status}, 200, '700 characters');
    fault_is($post->({ displayName => 'x', parentFolderRid => $_ }), 400, 'INVALID_ARGUMENT', 'CreateFolderOutsideProjectNotSupported', { parentFolderRid => $_ }, "in $_") for $space, 'ri.compass.main.folder.0';
    fault_is($post->({ displayName => 'x', parentFolderRid => $NO_MODEL }), 400, 'INVALID_ARGUMENT', 'InvalidFolder', { resourceRid => $NO_MODEL }, 'in a model');
    my $none = rid_of(folder => $NOWHERE);
    fault_is($post->({ displayName => 'x', parentFolderRid => $_ }), 404, 'NOT_FOUND', 'FolderNotFound', { folderRid => $_ }, "in $_") for $none, 'ri.compass.main.folder.00000000-0000-8000-8000-000000000000';
    fault_is($post->({ displayName => 'x', parentFolderRid => 'x' }), 400, 'INVALID_ARGUMENT', 'Default:InvalidArgument', undef, 'no identifier');
    fault_is(fs($t, POST => 'folders', body => { displayName => 'x', parentFolderRid => $home }, token => $t->reader), 403, 'PERMISSION_DENIED', 'CreateFolderPermissionDenied', {}, 'a reader', 'Could not create the Folder.');
    fault_is(fs($t, GET => 'folders/ri.compass.main.folder.0'), 400, 'INVALID_ARGUMENT', 'GetRootFolderNotSupported', {}, 'the root');
    fault_is(fs($t, GET => "folders/$NO_MODEL"), 400, 'INVALID_ARGUMENT', 'InvalidFolder', { resourceRid => $NO_MODEL }, 'a model is no folder');
    fault_is(fs($t, GET => "folders/$none$_"), 404, 'NOT_FOUND', 'FolderNotFound', { folderRid => $none }, "folders/...$_") for '', '/children';
    my ($deep, $r2) = $in->{rid};
    for (1 .. 20) { $r2 = $post->({ displayName => 'd' x 700, parentFolderRid => $deep }); $deep = $r2->{json}{rid} // last }
    fault_is($r2, 400, 'INVALID_ARGUMENT', 'InvalidDisplayName', { displayName => 'd' x 700 }, 'a path has an end');
};

subtest 'models in folders' => sub {
    my $f = folder($t);
    my $m = foundry_model($t, in => $f, name => 'Placed');
    my $r = resource($m)->{json};
    keys_are($r, "$NODE parentFolderRid projectRid type", 'a Resource');
    is("$r->{displayName} $r->{type} $r->{parentFolderRid} $r->{projectRid}", "Placed MODELS_MODEL $f $home", 'where it was made');
    is($r->{path}, fs($t, GET => "folders/$f")->{json}{path} . '/Placed', 'its path');
    my $v = upload($t, $m)->{json}{rid};
    my $vr = resource($v)->{json};
    is("$vr->{type} $vr->{path} $vr->{createdBy}", "MODELS_MODEL_VERSION $r->{path}/Version 1 $me", 'a version as a resource');
    is(resource(rid_of(model => model($t)->{id}))->{json}{parentFolderRid}, $home, 'a model made elsewhere lies in the home');
    my $post = sub { foundry($t, POST => '', body => $_[0], @_[ 1 .. $#_ ]) };
    my $none = rid_of(folder => $NOWHERE);
    keys_are($post->({ name => 'One', parentFolderRid => $f })->{json}, 'rid', 'Model is just its rid');
    fault_is($post->({ name => 'One', parentFolderRid => $home }), 409, 'CONFLICT', 'ResourceNameAlreadyExists', { parentFolderRid => $home, displayName => 'One' }, 'a name is unique in the organization');
    fault_is($post->({ name => 'x', parentFolderRid => $_ }), 404, 'NOT_FOUND', 'FolderNotFound', { folderRid => $_ }, "in $_") for $none, $space, $m;
    fault_is($post->({ name => 'a/b', parentFolderRid => $f }), 400, 'INVALID_ARGUMENT', 'InvalidDisplayName', { displayName => 'a/b' }, 'a name with a slash');
    fault_is($post->({ name => 'x' }), 400, 'INVALID_ARGUMENT', 'Default:InvalidArgument', undef, 'no folder');
    fault_is($post->({ name => 'x', parentFolderRid => $f }, token => $t->reader), 403, 'PERMISSION_DENIED', 'CreateModelPermissionDenied', {}, 'a reader', 'Could not create the Model.');
};

subtest 'by path' => sub {
    my $by = sub { my ($path, %o) = @_; fs($t, GET => 'resources/getByPath?path=' . ($path =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger), %o) };
    my $f = fs($t, POST => 'folders', body => { displayName => 'by path', parentFolderRid => $home })->{json}{rid};
    my $in = folder($t, in => $f);
    my @all = ($f, $in, foundry_model($t, in => $in, name => 'By path'), rid_of(model => model($t, name => 'In the home')->{id}), $home);
    # a slash in the name of a model is one, also where a folder has a part of that name
    fs($t, POST => 'folders', body => { displayName => 'x', parentFolderRid => $home })->{json}{rid} // die;
    push @all, map { rid_of(model => model($t, name => $_)->{id}) } 'x/y/22318', 'x/y', 'z/22318';
    for my $rid (@all) {
        my $as = resource($rid)->{json};
        is(json($by->($as->{path})->{json}), json($as), "$as->{path}: the same Resource as by its rid");
        is($by->(substr $as->{path}, 1)->{json}{rid}, $rid, 'the first slash may be left out');
    }
    my $path = resource($in)->{json}{path};
    fault_is($by->($_), 404, 'NOT_FOUND', 'PathNotFound', { path => $_ }, "nothing at $_", 'The given path could not be found.') for '/x', '/Other/Models', '/Main/models', '/Main/Models/none', "$path/none",
        '/Main/In the home', '/Main/Models/By path', "$path/By path/x", '/Main/Models/' . 'x/' x 1200 . 'x', "$path/By path' OR 1=1";
    fault_is($by->($_), 400, 'INVALID_ARGUMENT', 'InvalidPath', { path => $_ }, "no path: $_") for '//', '//Main', '/Main/', '/Main//Models', 'Main/Models/';
    fault_is($by->($_), 400, 'INVALID_ARGUMENT', 'GetRootFolderNotSupported', {}, "the root: '$_'") for '', '/';
    fault_is($by->('/Main'), 400, 'INVALID_ARGUMENT', 'GetSpaceResourceNotSupported', { spaceRid => $space }, 'the space');
    fault_is(fs($t, GET => 'resources/getByPath'), 400, 'INVALID_ARGUMENT', 'Default:InvalidArgument', undef, 'no path at all');
    fault_is($by->('/Main/Models', token => $t->other), 404, 'NOT_FOUND', 'PathNotFound', { path => '/Main/Models' }, "another tenant's");
    fault_is($by->('/Main/Models', token => $t->token('admin', '--scope', 'project:read')), 403, 'PERMISSION_DENIED', 'ApiUsageDenied', { missingScope => 'api:filesystem-read' }, 'without the scope');
    is($by->($path, token => $t->reader)->{json}{rid}, $in, 'a reader reads');
    del($all[2]);
    is($by->("$path/By path")->{json}{trashStatus}, 'DIRECTLY_TRASHED', 'the trash, as by its rid');
    erase($all[2]);
    del($in);
    erase($in);
    fault_is($by->($_), 404, 'NOT_FOUND', 'PathNotFound', { path => $_ }, 'what is deleted is not there') for $path, "$path/By path";
};

subtest 'children: folders and models, without the trash, in pages that survive inserts' => sub {
    my $f = folder($t);
    my @made = map { $_ % 2 ? folder($t, in => $f) : foundry_model($t, in => $f) } 1 .. 7;
    is(join(' ', map { $_->{rid} } @{ children($f)->{data} }), "@made", 'oldest first');
    my ($r, @seen) = children($f, '?pageSize=3');
    push @seen, @{ $r->{data} };
    foundry_model($t, in => $f);
    del($seen[0]{rid});
    push @seen, @{ ($r = children($f, "?pageSize=3&pageToken=$r->{nextPageToken}"))->{data} };
    push @seen, @{ ($r = children($f, "?pageSize=3&pageToken=$r->{nextPageToken}"))->{data} };
    is(join(' ', map { $_->{rid} } @seen[ 0 .. 6 ]), "@made", 'though one came and one went');
    is(scalar @seen, 8, 'the new one at the end');
    ok(!exists $r->{nextPageToken}, 'which has no token');
    is(scalar @{ children($f)->{data} }, 7, 'the trash is not among them');
    is(json([ sort keys %{ $seen[1] } ]), json([ sort keys %{ resource($made[1])->{json} } ]), 'each is a Resource');
    is(json($_), json(resource($_->{rid})->{json}), "$_->{type} as it is by itself") for @seen[ 1, 2 ];
    fault_is(fs($t, GET => "folders/$f/children?pageToken=x"), 400, 'INVALID_ARGUMENT', 'InvalidPageToken', { pageToken => 'x' }, 'a token');

    my $local = foundry_model($t, in => $f);
    $t->sql("UPDATE models SET is_global = 0 WHERE id = UNHEX('" . hex_of_rid($local) . "')");
    $t->recount;
    my $sees = sub { scalar grep { $_->{rid} eq $local } @{ fs($t, GET => "folders/$f/children", token => $_[0])->{json}{data} } };
    is($sees->($token), 1, 'a local model is there for an administrator');
    is($sees->($t->member), 0, 'and not for those it is not shared with');
    fault_is(resource($local, token => $t->member), @not_found, { resourceRid => $local }, 'by itself either');
    $t->sql("INSERT INTO grants (organization_id, model_id, grantee_id, role, created_at) SELECT m.organization_id, m.id, m.organization_id, 1, NOW(6) FROM models m WHERE m.id = UNHEX('" . hex_of_rid($local) . "')");
    is($sees->($_), 1, 'shared with all, for all, once') for $t->member, $token;
};

subtest 'trash, restore, permanentlyDelete: of a model' => sub {
    my $m = foundry_model($t);
    my $mdl = 'mdl-' . hex_of_rid($m);
    my $v = upload($t, $m)->{json}{rid};
    fault_is(restore($m), 400, 'INVALID_ARGUMENT', 'ResourceNotDirectlyTrashed', { resourceRid => $m }, 'restored while it is not in the trash');
    fault_is(erase($m), 400, 'INVALID_ARGUMENT', 'ResourceNotTrashed', { resourceRid => $m }, 'deleted for good before that');
    my $r = del($m);
    is("$r->{status}/$r->{body}", '204/', 'to the trash');
    is(resource($m)->{json}{trashStatus}, 'DIRECTLY_TRASHED', 'and it says so');
    is(resource($v)->{json}{trashStatus}, 'ANCESTOR_TRASHED', 'its versions with it');
    fault_is(foundry($t, GET => "/$m/versions/$v"), 404, 'NOT_FOUND', 'ModelVersionNotFound', { modelRid => $m, modelVersionRid => $v }, 'a version of it');
    is(get($t, $mdl)->{json}{status}, 'archived', 'which is archived in the models dialect');
    fault_is(foundry($t, @$_), 404, 'NOT_FOUND', 'ModelNotFound', { modelRid => $m }, "$_->[0] $_->[1]") for [ GET => "/$m" ], [ GET => "/$m/versions" ], [ POST => "/$m/promoteVersion", body => { sourceModelVersionRid => $v } ];
    my $audited = audits($t, $mdl, 'model.archived');
    is(del($m)->{status}, 204, 'once more');
    is(audits($t, $mdl, 'model.archived'), $audited, 'changes nothing');
    is(restore($m)->{status}, 204, 'restored');
    is(foundry($t, GET => "/$m")->{status}, 200, 'and there again');
    is(get($t, $mdl)->{json}{status}, 'ready', 'ready: it has a version');
    del($m);
    fault_is(erase($m, token => $t->member), 403, 'PERMISSION_DENIED', 'PermanentlyDeleteResourcePermissionDenied', { resourceRid => $m }, 'not by whoever may write', 'Could not permanentlyDelete the Resource.');
    is(erase($m)->{status}, 204, 'by an administrator');
    fault_is($_->[1], @not_found, { resourceRid => $m }, "$_->[0] afterwards") for [ get => resource($m) ], [ restore => restore($m) ], [ delete => del($m) ], [ erase => erase($m) ];
    fault_is(resource($v), @not_found, { resourceRid => $v }, 'its versions are gone with it');
    error_is($r = act($t, $mdl, 'unarchive'), 409, 'CONFLICT', 'unarchive in the models dialect', 'status');
    like($r->{json}{error}{details}{reason}, qr/permanent/, 'says that it is permanent');
    is(foundry($t, POST => '', body => { name => 'x', parentFolderRid => $home })->{status}, 200, 'given a name');
    my $own = foundry_model($t, token => $t->member, name => 'made by a member');
    del($own, token => $t->member);
    is(erase($own, token => $t->member)->{status}, 204, 'who made it owns it');
    is(foundry($t, POST => '', body => { name => 'made by a member', parentFolderRid => $home })->{status}, 200, 'and its name is free again');
};

subtest 'what forbids it, and who' => sub {
    my $m = foundry_model($t);
    my $mdl = 'mdl-' . hex_of_rid($m);
    act($t, $mdl, 'train');
    my $r = del($m);
    fault_is($r, 409, 'CONFLICT', 'ResourceInUse', undef, 'a model in training');
    is($r->{json}{parameters}{resourceRid}, $m, 'which one');
    like($r->{json}{parameters}{reason}, qr/is training/, 'and why');
    my $free = foundry_model($t);
    my $v = upload($t, $free)->{json}{rid};
    fault_is(del($free, token => $t->reader), 403, 'PERMISSION_DENIED', 'DeleteResourcePermissionDenied', { resourceRid => $free }, 'a reader', 'Could not delete the Resource.');
    fault_is($_->($v), 400, 'INVALID_ARGUMENT', 'Default:InvalidArgument', undef, 'a version goes with its model') for \&del, \&restore, \&erase;
    fault_is($_->[1]->($v, token => $t->reader), 403, 'PERMISSION_DENIED', "$_->[0]ResourcePermissionDenied", { resourceRid => $v }, "not for a reader to $_->[0]") for [ Delete => \&del ], [ Restore => \&restore ], [ PermanentlyDelete => \&erase ];
    my $local = foundry_model($t);
    my $hidden = upload($t, $local)->{json}{rid};
    $t->sql("UPDATE models SET is_global = 0 WHERE id = UNHEX('" . hex_of_rid($local) . "')");
    $t->recount;
    fault_is($_->($hidden, token => $t->member), @not_found, { resourceRid => $hidden }, 'one of a model that is not shared with them') for \&del, \&restore, \&erase;
    fault_is(del($space), 400, 'INVALID_ARGUMENT', 'TrashingSpaceNotSupported', { resourceRid => $space }, 'a space stays', 'Spaces cannot be trashed.');
    fault_is($_->($space), 400, 'INVALID_ARGUMENT', 'GetSpaceResourceNotSupported', { spaceRid => $space }, 'nor is it anything else of a resource') for \&restore, \&erase;
    fault_is(del($home), 409, 'CONFLICT', 'ResourceInUse', undef, 'and so does the home');
    del($free);
    fault_is(restore($free, token => $t->reader), 403, 'PERMISSION_DENIED', 'RestoreResourcePermissionDenied', { resourceRid => $free }, 'a reader restores', 'Could not restore the Resource.');
    my $theirs = foundry_model($t, token => $t->other);
    fault_is($_->[1], @not_found, { resourceRid => $_->[0] }, 'not found') for map { my $rid = $_; map { [ $rid, $_->($rid) ] } \&resource, \&del, \&restore, \&erase } $theirs, $NO_MODEL, rid_of(folder => $NOWHERE), 'ri.foundry.main.dataset.x';
};

subtest 'trash, restore, permanentlyDelete: of a folder' => sub {
    my $f = folder($t);
    is(del($f)->{status}, 204, 'empty');
    is(del($f)->{status}, 204, 'once more');
    is(audits($t, hex_of_rid($f), 'folder.archived'), 1, 'changes nothing');
    is(resource($f)->{json}{trashStatus}, 'DIRECTLY_TRASHED', 'in the trash');
    fault_is(foundry($t, POST => '', body => { name => 'late', parentFolderRid => $f }), 404, 'NOT_FOUND', 'FolderNotFound', { folderRid => $f }, 'no model is made in it');
    fault_is(fs($t, POST => 'folders', body => { displayName => 'late', parentFolderRid => $f }), 404, 'NOT_FOUND', 'FolderNotFound', { folderRid => $f }, 'and no folder');
    my $name = resource($f)->{json}{displayName};
    fault_is(fs($t, POST => 'folders', body => { displayName => $name, parentFolderRid => $home }), 409, 'CONFLICT', 'ResourceNameAlreadyExists', { displayName => $name, parentFolderRid => $home }, 'its name stays its own');
    is(restore($f)->{status}, 204, 'restored');
    fault_is(restore($f), 400, 'INVALID_ARGUMENT', 'ResourceNotDirectlyTrashed', { resourceRid => $f }, 'once');
    fault_is(erase($f), 400, 'INVALID_ARGUMENT', 'ResourceNotTrashed', { resourceRid => $f }, 'deleted for good only from the trash');
    del($f);
    fault_is(erase($f, token => $t->member), 403, 'PERMISSION_DENIED', 'PermanentlyDeleteResourcePermissionDenied', { resourceRid => $f }, 'and by an owner');
    is(erase($f)->{status}, 204, 'for good');
    fault_is(resource($f), @not_found, { resourceRid => $f }, 'not found any more');
    is(fs($t, POST => 'folders', body => { displayName => $name, parentFolderRid => $home })->{status}, 200, 'its name is free');
    is(join(' ', map { $_->{action} } audit_rows($t, hex_of_rid($f))), 'folder.created folder.archived folder.restored folder.archived folder.deleted', 'its audit stays');
    is(told($t, hex_of_rid($f), 'folder.archived'), 2, 'and its events');
};

# What lies in a folder goes to the trash along with it, and comes back with it.
my ($NONE, $DIRECT, $WITH) = qw(NOT_TRASHED DIRECTLY_TRASHED ANCESTOR_TRASHED);
sub trash_of { join ' ', map { resource($_)->{json}{trashStatus} // 'none' } @_ }
sub mdl { 'mdl-' . hex_of_rid($_[0]) }
sub moves { my $rid = shift; join ' ', map { $_->{action} } audit_rows($t, hex_of_rid($rid)) }
sub replace { my ($f, $name, $in, @o) = @_; fs($t, PUT => "folders/$f", body => { displayName => $name, parentFolderRid => $in }, @o) }
my @in_use = (409, 'CONFLICT', 'ResourceInUse');

subtest 'a folder and what is in it' => sub {
    my $f = folder($t);
    my $in = folder($t, in => $f);
    my ($gone, $kept) = map { folder($t, in => $f) } 1 .. 2;
    my ($draft, $ready, $before, $old) = map { foundry_model($t, in => $_) } $f, $in, $in, $f;
    upload($t, $ready);
    is(get($t, mdl($ready))->{json}{status}, 'ready', 'given models of every state, at every depth');
    del($before);
    del($kept);
    del($_), erase($_) for $old, $gone;
    my @all = ($f, $in, $draft, $ready, $before, $kept);
    my %revisions = map { $_ => moves($_) } @all;
    is(del($f)->{status}, 204, 'to the trash');
    is(trash_of(@all), "$DIRECT $WITH $WITH $WITH $DIRECT $DIRECT", 'what lived in it, with it');
    is(join(' ', map { get($t, mdl($_))->{json}{status} } $draft, $ready, $before), 'archived archived archived', 'in every dialect');
    is(moves($_), "$revisions{$_} " . ($_ =~ /folder/ ? 'folder.archived' : 'model.archived'), 'with a row of its own in the audit') for $f, $in, $draft, $ready;
    is(told($t, hex_of_rid($_), $_ =~ /folder/ ? 'folder.archived' : 'model.archived'), 1, 'and an event') for $f, $in, $draft, $ready;
    is((audit_rows($t, hex_of_rid($ready)))[-1]{details}, json({ with => $f }), 'that names the folder');
    is(moves($_), $revisions{$_}, 'and what was there stays as it is') for $before, $kept;
    is(del($_)->{status}, 204, 'once more') for $f, $in, $draft;
    is(trash_of(@all), "$DIRECT $WITH $WITH $WITH $DIRECT $DIRECT", 'changes nothing');
    fault_is(restore($_), 400, 'INVALID_ARGUMENT', 'ResourceNotDirectlyTrashed', { resourceRid => $_ }, 'nothing comes back without it') for $in, $draft, $ready;
    fault_is(restore($_), @in_use, { resourceRid => $_, reason => 'The item is in a folder that is in the trash; restore the folder first' }, 'nor what was put there before') for $before, $kept;
    for my $m ($draft, $before) {
        my $r = act($t, mdl($m), 'unarchive');
        is("$r->{status} $r->{json}{error}{code} $r->{json}{error}{details}{field}", '409 CONFLICT status', 'nor by another dialect') or diag $r->{raw};
    }
    is(restore($f)->{status}, 204, 'restored');
    is(trash_of(@all), "$NONE $NONE $NONE $NONE $DIRECT $DIRECT", 'what it took along');
    is(join(' ', map { get($t, mdl($_))->{json}{status} } $draft, $ready, $before), 'draft ready archived', 'each to what it was');
    is((audit_rows($t, hex_of_rid($ready)))[-1]{action} . (audit_rows($t, hex_of_rid($ready)))[-1]{details}, 'model.unarchived' . json({ with => $f }), 'with its own row again');
    is(told($t, hex_of_rid($_), $_ =~ /folder/ ? 'folder.restored' : 'model.unarchived'), 1, 'and its event') for $f, $in, $draft, $ready;
    is(restore($_)->{status}, 204, 'what was put there itself comes back by itself') for $before, $kept;

    # a folder that was in the trash before
    del($in);
    del($f);
    is(trash_of($f, $in, $ready, $draft), "$DIRECT $DIRECT $WITH $WITH", 'of a folder that was in the trash before');
    fault_is(restore($in), @in_use, undef, 'it stays as long as what it lies in');
    restore($f);
    is(trash_of($f, $in, $ready, $draft), "$NONE $DIRECT $WITH $NONE", 'and is not restored with it');
    is(restore($in)->{status} . trash_of($in, $ready, $before), "204$NONE $NONE $NONE", 'but by itself');

    # for good
    my $theirs = foundry_model($t, in => $in, token => $t->member);
    del($_) for $kept, $f;
    my $own = moves($f);
    fault_is(erase($f, token => $t->member), 403, 'PERMISSION_DENIED', 'PermanentlyDeleteResourcePermissionDenied', undef, 'not by whoever owns a part of it');
    is(moves($f), $own, 'nothing was done');
    fault_is(erase($_), 400, 'INVALID_ARGUMENT', 'ResourceNotTrashed', { resourceRid => $_ }, 'nor a part of it alone') for $in, $ready;
    fault_is(erase($theirs, token => $t->reader), 403, 'PERMISSION_DENIED', 'PermanentlyDeleteResourcePermissionDenied', undef, 'which is for its owners to be told');
    is(trash_of($in, $ready), "$WITH $WITH", 'and it is all there');
    is(erase($kept)->{status}, 204, 'but what was put there by itself');
    is(erase($f)->{status}, 204, 'all of it');
    fault_is(resource($_), @not_found, { resourceRid => $_ }, 'is gone') for $f, $in, $kept, $draft, $before, $theirs;
    is((moves($_) =~ /(\S+)$/)[0], $_ =~ /folder/ ? 'folder.deleted' : 'model.deleted', 'each by its own row') for $f, $in, $kept, $draft, $ready, $before, $theirs;
    is(told($t, hex_of_rid($theirs), 'model.deleted'), 1, 'and event');
};

subtest 'what refuses the whole' => sub {
    my $f = folder($t);
    my $in = folder($t, in => $f);
    my ($first, $busy, $last) = map { foundry_model($t, in => $in) } 1 .. 3;
    act($t, mdl($busy), 'train');
    my $r = del($f);
    fault_is($r, @in_use, undef, 'a model in training');
    is($r->{json}{parameters}{resourceRid}, $busy, 'which is named');
    like("$r->{json}{errorDescription} $r->{json}{parameters}{reason}", qr/`foundry .*`, which lies in it: .*train/, 'with why');
    is(trash_of($f, $in, $first, $last), "$NONE $NONE $NONE $NONE", 'nothing else is moved');
    my $run = $t->sql("SELECT LOWER(HEX(id)) FROM training_runs WHERE model_id = UNHEX('" . hex_of_rid($busy) . "')");
    $t->req(POST => "$MODELS/" . mdl($busy) . "/train/$run/fail", token => $token, body => { reason => 'over' });
    $t->sql("UPDATE models SET deployed = 1 WHERE id = UNHEX('" . hex_of_rid($last) . "')");
    $r = del($f);
    fault_is($r, @in_use, undef, 'an active deployment');
    is($r->{json}{parameters}{resourceRid}, $last, 'of which model');
    $t->sql("UPDATE models SET deployed = 0 WHERE id = UNHEX('" . hex_of_rid($last) . "')");
    $t->sql("UPDATE models SET is_global = 0 WHERE id = UNHEX('" . hex_of_rid($first) . "')");
    $t->recount;
    fault_is(del($f, token => $t->member), 403, 'PERMISSION_DENIED', 'DeleteResourcePermissionDenied', { resourceRid => $f }, 'one that the caller may not see, which is not named');
    fault_is(del($f, token => $t->reader), 403, 'PERMISSION_DENIED', 'DeleteResourcePermissionDenied', { resourceRid => $f }, 'and who may not write');
    is(trash_of($f, $in, $first, $last), "$NONE $NONE $NONE $NONE", 'nothing was moved');
    is(del($f, headers => [ 'If-Match' => '"7-x"' ])->{status}, 412, 'another revision');
    is(del($f)->{status}, 204, 'who may see all of it');
};

subtest 'more than a thousand' => sub {
    my $f = folder($t);
    my $in = folder($t, in => $f);
    my $org = $t->sql("SELECT HEX(organization_id) FROM folders WHERE id = UNHEX('" . hex_of_rid($f) . "')");
    my $me = $t->sql("SELECT HEX(id) FROM principals WHERE username = 'admin'");
    my $now = "'2026-01-01'";
    my $fill = sub { my ($from, $to) = @_; $t->sql("INSERT INTO models (organization_id, id, name, model_type, task_type, status, is_global, created_by, created_at, updated_at, revision, children_rev, last_version, folder_id, name_hash, name_key, name_exact, hidden) "
        . "SELECT UNHEX('$org'), UNHEX(CONCAT('0198000000', LPAD(HEX(seq), 14, '0'))), CONCAT('many ', seq), 'auto', 'regression', 'draft', 1, UNHEX('$me'), $now, $now, 1, 0, 0, UNHEX('" . hex_of_rid($in) . "'), UNHEX(SHA2(CONCAT('many ', seq), 256)), CONCAT('many ', seq), CONCAT('many ', seq), 0 FROM seq_${from}_to_$to");
        $t->sql("INSERT INTO audit_events (organization_id, id, at, actor_name, action, resource_type, resource_id, revision, to_state, request_id, client_address, user_agent) "
            . "SELECT organization_id, id, $now, 'thaw', 'model.created', 'model', id, 1, 'draft', '', '', '' FROM models m WHERE folder_id = UNHEX('" . hex_of_rid($in) . "') AND NOT EXISTS (SELECT 1 FROM audit_events a WHERE a.resource_id = m.id)");
        $t->sql("INSERT INTO outbox (organization_id, id, at, type, resource_type, resource_id, revision, request_id, payload) SELECT organization_id, id, $now, 'model.created', 'model', id, 1, '', '{}' FROM models m WHERE folder_id = UNHEX('" . hex_of_rid($in) . "') AND NOT EXISTS (SELECT 1 FROM outbox a WHERE a.resource_id = m.id)");
        $t->recount };
    $fill->(1, 1000);
    my $r = del($f);
    fault_is($r, @in_use, undef, 'a folder and a thousand models');
    like($r->{json}{parameters}{reason}, qr/more than 1000/, 'are too many, and it is said');
    is(trash_of($f), $NONE, 'nothing was moved');
    my $one = rid_of(model => '0198000000' . sprintf '%014X', 7);
    is(del($one)->{status} . del($f)->{status}, '204409', 'what is in the trash counts too');
    is(erase($one)->{status}, 204, 'given one less');
    is(del($f)->{status}, 204, 'a thousand are not');
    is($t->sql("SELECT COUNT(*) FROM models WHERE status = 'archived' AND trashed_with = UNHEX('" . hex_of_rid($f) . "')"), 999, 'all of them');
    is(restore($f)->{status}, 204, 'and back');
    is($t->sql("SELECT COUNT(*) FROM models WHERE status = 'draft' AND folder_id = UNHEX('" . hex_of_rid($in) . "')"), 999, 'all of them');
    is(del($f)->{status}, 204, 'given it in the trash again');
    is(erase($f)->{status}, 204, 'and all go for good');
};

subtest 'rename and move' => sub {
    my $p = fs($t, POST => 'projects/create', body => { displayName => 'Moves', spaceRid => $space })->{json}{rid};
    my $other = fs($t, POST => 'projects/create', body => { displayName => 'Elsewhere', spaceRid => $space })->{json}{rid};
    my $f = folder($t, in => $p);
    my $in = folder($t, in => $f);
    my ($lost) = folder($t, in => $in);
    del($lost);
    my $m = foundry_model($t, in => $in);
    my $name = resource($in)->{json}{displayName};
    my $r = replace($f, 'renamed', $p);
    is($r->{status}, 200, 'renamed') or diag $r->{raw};
    is("$r->{json}{displayName} $r->{json}{path} $r->{json}{parentFolderRid}", "renamed /Main/Moves/renamed $p", 'as asked for');
    my $model = resource($m)->{json};
    is($model->{path}, "/Main/Moves/renamed/$name/$model->{displayName}", 'and what lies in it by the new name');
    is(fs($t, GET => 'resources/getByPath?path=' . ($model->{path} =~ s/ /%20/gr))->{json}{rid}, $m, 'which finds it');
    is((audit_rows($t, hex_of_rid($f)))[-1]{details}, json({ changed => ['name'] }), 'its audit tells');
    is(told($t, hex_of_rid($f), 'folder.updated'), 1, 'and its event');
    is(moves($in), 'folder.created', 'of what lies in it nothing changed');
    replace($f, 'renamed', $p);
    is(told($t, hex_of_rid($f), 'folder.updated'), 1, 'to what it is already changes nothing');
    $r = replace($f, 'moved', $other);
    is("$r->{json}{path} $r->{json}{projectRid}", "/Main/Elsewhere/moved $other", 'to another project, under another name');
    is(join(' ', map { resource($_)->{json}{projectRid} } $in, $lost, $m), "$other $other $other", 'with all that lies in it, the trash too');
    is(json(children($p)->{data}), '[]', 'there is nothing any more');
    is(join(' ', map { $_->{rid} } @{ children($other)->{data} }), $f, 'but here');
    is(restore($lost)->{status} . resource($lost)->{json}{path}, "204/Main/Elsewhere/moved/$name/" . resource($lost)->{json}{displayName}, 'restored where it was moved to');
    fault_is(replace($f, 'x', $_), 400, 'INVALID_ARGUMENT', 'CircularDependency', {}, 'not into itself') for $f, $in, $lost;
    fault_is(replace($f, 'x', $space), 400, 'INVALID_ARGUMENT', 'InvalidParentFolder', { parentFolderRid => $space }, 'a folder is no project');
    fault_is(replace($p, 'x', $other), 400, 'INVALID_ARGUMENT', 'InvalidParentFolder', { parentFolderRid => $other }, 'nor a project a folder');
    fault_is(replace($f, 'x', $m), 400, 'INVALID_ARGUMENT', 'InvalidFolder', undef, 'nothing lies in a model');
    fault_is(replace($m, 'x', $p), 400, 'INVALID_ARGUMENT', 'InvalidFolder', undef, 'and a model is no folder');
    fault_is(replace($f, $_, $p), 400, 'INVALID_ARGUMENT', 'InvalidDisplayName', { displayName => $_ }, "named `$_`") for '.', '..', 'a/b', 'x' x 701;
    fault_is(replace($f, 'x', $p, token => $t->reader), 403, 'PERMISSION_DENIED', 'ReplaceFolderPermissionDenied', { folderRid => $f }, 'a reader', 'Could not replace the Folder.');
    fault_is(replace($space, 'x', 'ri.compass.main.folder.0'), 403, 'PERMISSION_DENIED', 'ReplaceFolderPermissionDenied', { folderRid => $space }, 'nobody the space');
    my $theirs = folder($t, token => $t->other);
    fault_is(replace($_, 'x', $p), 404, 'NOT_FOUND', 'FolderNotFound', { folderRid => $_ }, 'nothing there') for $theirs, rid_of(folder => $NOWHERE);
    is(replace($f, 'x', $_)->{json}{errorName}, 'FolderNotFound', 'nor anywhere to move it to') for $theirs, rid_of(folder => $NOWHERE);
    my $taken = folder($t, in => $p);
    fault_is(replace($f, resource($taken)->{json}{displayName}, $p), 409, 'CONFLICT', 'ResourceNameAlreadyExists', undef, 'a name that is taken there');
    is(resource($m)->{json}{path} =~ m{^/Main/Elsewhere/moved/}, 1, 'all of that changed nothing');
    fault_is(replace($home, 'x', $space), @in_use, undef, 'the home keeps its name');
    del($taken);
    is(replace($f, 'x', $taken)->{json}{errorName}, 'FolderNotFound', 'nothing is moved into the trash');
    is(replace($taken, 'x', $p)->{status}, 409, 'nor out of it');
    my $deep = 'y' x 700;
    my ($in_deep, @chain) = ($in);
    push @chain, $in_deep = fs($t, POST => 'folders', body => { displayName => $deep, parentFolderRid => $in_deep })->{json}{rid} for 1 .. 11;
    fault_is(replace($f, 'z' x 600, $other), 400, 'INVALID_ARGUMENT', 'InvalidDisplayName', undef, 'a path that would be too long below');
    is(replace($f, 'short', $other)->{status}, 200, 'and one that is not');

    my $project = sub { my ($rid, $body, @o) = @_; fs($t, PUT => "projects/$rid", body => $body, @o) };
    $r = $project->($other, { displayName => 'Renamed', description => 'what for' });
    is("$r->{status} $r->{json}{path} $r->{json}{description}", '200 /Main/Renamed what for', 'a project');
    is(resource($m)->{json}{path} =~ m{^/Main/Renamed/short/}, 1, 'with all that lies in it');
    is($project->($other, { displayName => 'Renamed' })->{json}{description}, undef, 'replaced: what is not sent is none');
    fault_is($project->($other, { displayName => 'Moves' }), 409, 'CONFLICT', 'ProjectNameAlreadyExists', undef, 'the name of another');
    fault_is($project->($_, { displayName => 'x' }), 404, 'NOT_FOUND', 'ProjectNotFound', { projectRid => $_ }, 'no project') for $f, rid_of(folder => $NOWHERE);
    fault_is($project->($other, { displayName => 'x' }, token => $t->reader), 403, 'PERMISSION_DENIED', 'ReplaceProjectPermissionDenied', { projectRid => $other }, 'a reader');
    fault_is($project->($other, {}), 400, 'INVALID_ARGUMENT', 'MissingDisplayName', {}, 'without a name');
    is($project->($home, { displayName => 'Models', description => 'of all' })->{status}, 200, 'the home can be described');
};

subtest 'a model moves' => sub {
    my $move = sub { my ($rid, $to, @o) = @_; fs($t, POST => "resources/$rid/move", body => { parentFolderRid => $to }, @o) };
    my $p = fs($t, POST => 'projects/create', body => { displayName => 'Moving models', spaceRid => $space })->{json}{rid};
    my ($from, $to, $gone) = map { folder($t, in => $p) } 1 .. 3;
    my $m = foundry_model($t, in => $from);
    del($gone);
    is($move->($m, $to)->{status}, 204, 'to another folder');
    is(resource($m)->{json}{parentFolderRid}, $to, 'where it lies now');
    is(json([ map { children($_)->{data} } $from ]), '[[]]', 'and no longer where it was');
    is(moves($m), 'model.created model.moved', 'by a transition of its own');
    is((audit_rows($t, hex_of_rid($m)))[-1]{details}, json({ from => $from, to => $to }), 'whose audit tells from where, and to where');
    is(told($t, hex_of_rid($m), 'model.moved'), 1, 'and its event');
    is($move->($m, $to)->{status}, 204, 'to where it is');
    is(moves($m), 'model.created model.moved', 'changes nothing');
    is($move->($m, $home)->{status} . resource($m)->{json}{parentFolderRid}, "204$home", 'to the home');
    is($t->sql("SELECT HEX(folder_id) FROM models WHERE id = UNHEX('" . hex_of_rid($m) . "')"), '0' x 24, 'which no model names');
    is(scalar(grep { $_->{rid} eq $m } @{ children($home, '?type=MODELS_MODEL')->{data} }), 1, 'and lists it');
    my $key = "move-$$";
    is(join(' ', map { $move->($m, $from, headers => [ 'Idempotency-Key' => $key ])->{status} } 1 .. 2), '204 204', 'once for an Idempotency-Key');
    is(moves($m), 'model.created' . ' model.moved' x 3, 'however often it is sent');
    is($move->($from, $to)->{status} . resource($m)->{json}{parentFolderRid}, "204$from", 'a folder moves by the same address');
    is(resource($from)->{json}{parentFolderRid}, $to, 'with what lies in it');
    is(replace($from, resource($from)->{json}{displayName}, $p)->{status}, 200, 'and back');
    my $before = join "\n", map { json(resource($_)->{json}) } $m, $from, $to, $p;
    fault_is($move->($from, $_), 400, 'INVALID_ARGUMENT', 'CircularDependency', {}, 'not into itself') for $from, folder($t, in => $from);
    $before = join "\n", map { json(resource($_)->{json}) } $m, $from, $to, $p;
    fault_is($move->($m, $_), 400, 'INVALID_ARGUMENT', 'InvalidParentFolder', { parentFolderRid => $_ }, 'a model lies in a project or a folder') for $space, 'ri.compass.main.folder.0';
    fault_is($move->($m, $m), 400, 'INVALID_ARGUMENT', 'InvalidFolder', undef, 'not in a model');
    fault_is($move->($m, 'x'), 400, 'INVALID_ARGUMENT', 'Default:InvalidArgument', undef, 'not in what is no identifier');
    fault_is($move->($m, $_), 404, 'NOT_FOUND', 'FolderNotFound', { folderRid => $_ }, 'not in what is not there') for $gone, folder($t, token => $t->other), rid_of(folder => $NOWHERE);
    fault_is($move->($_, $to), 404, 'NOT_FOUND', 'ResourceNotFound', { resourceRid => $_ }, 'nor what is not there') for foundry_model($t, token => $t->other), rid_of(model => $NOWHERE);
    fault_is($move->($m, $to, token => $t->reader), 403, 'PERMISSION_DENIED', 'MoveResourcePermissionDenied', { resourceRid => $m }, 'a reader', 'Could not move the Resource.');
    is($move->($home, $to)->{status}, 400, 'nor the home');
    is($move->($m, $to, headers => [ 'If-Match' => '"1-x"' ])->{status}, 412, 'nor one that has changed meanwhile');
    is(join("\n", map { json(resource($_)->{json}) } $m, $from, $to, $p), $before, 'all of that changed nothing');
    del($m);
    is($move->($m, $to)->{status}, 409, 'nor out of the trash');
    restore($m);
    # a folder that it is moved out of, or into, goes to the trash without it, or with it
    for my $round (1 .. 4) {
        my @r = concurrently(4, sub { $_[0] == 0 ? $move->($m, $to) : $_[0] == 1 ? del($from) : $_[0] == 2 ? $move->($m, $from) : del($to) });
        is(join(' ', grep { !/^(?:204|404|409)$/ } map { $_->{status} } @r), '', 'each has its answer');
        is($t->sql("SELECT COUNT(*) FROM models m JOIN folders p ON p.organization_id = m.organization_id AND p.id = m.folder_id WHERE m.status NOT IN ('archived', 'retired') AND p.status <> 'active'"), 0, 'no model lives in the trash');
        is($t->sql("SELECT COUNT(*) FROM models m JOIN folders p ON p.organization_id = m.organization_id AND p.id = m.trashed_with WHERE m.status = 'archived' AND (p.status <> 'archived' OR m.folder_id <> p.id) AND m.id = UNHEX('" . hex_of_rid($m) . "')"), 0, 'none is in it with a folder that is not, or that it does not lie in');
        restore($_) for $from, $to;
        is(resource($m)->{json}{trashStatus}, 'NOT_TRASHED', 'and it comes back');
    }
};

subtest 'contents of one kind, and those that are in the trash' => sub {
    my $f = folder($t);
    my ($in, $with, $own) = map { folder($t, in => $f) } 1 .. 3;
    my ($m, $trashed) = map { foundry_model($t, in => $f) } 1 .. 2;
    my $deep = foundry_model($t, in => $with);
    del($_) for $own, $trashed;
    my $rids = sub { join ' ', map { $_->{rid} } @{ children(@_)->{data} } };
    is($rids->($f, '?type=COMPASS_FOLDER'), "$in $with", 'folders alone');
    is($rids->($f, '?type=MODELS_MODEL'), $m, 'models alone');
    is($rids->($f, '?trashed=true'), "$own $trashed", 'what is in the trash');
    is($rids->($f, '?trashed=true&type=MODELS_MODEL'), $trashed, 'of one kind');
    is($rids->($space, '?type=MODELS_MODEL'), '', 'a space has no models');
    like($rids->($space, '?type=COMPASS_FOLDER'), qr/\Q$home\E/, 'but projects');
    my $page = children($f, '?type=COMPASS_FOLDER&pageSize=1');
    is($page->{data}[0]{rid}, $in, 'in pages');
    is($rids->($f, "?type=COMPASS_FOLDER&pageSize=1&pageToken=$page->{nextPageToken}"), $with, 'that go on');
    is(fs($t, GET => "folders/$f/children?type=MODELS_MODEL&pageSize=1&pageToken=$page->{nextPageToken}")->{status}, 400, 'where they began');
    is(fs($t, GET => "folders/$f/children?type=$_")->{status}, 400, "no type `$_`") for 'x', 'MODELS_MODEL_VERSION';
    del($f);
    is($rids->($f, '?trashed=true'), "$in $with $own $m $trashed", 'of a folder in the trash all of it');
    is(join(' ', map { $_->{trashStatus} } @{ children($f, '?trashed=true')->{data} }), "$WITH $WITH $DIRECT $WITH $DIRECT", 'each as it came there');
    is($rids->($with, '?trashed=true'), $deep, 'and what is below');
    is($rids->($f), '', 'where nothing lives');
    # a local model is there for those alone that it is shared with
    my $local = foundry_model($t, in => $home);
    $t->sql("UPDATE models SET is_global = 0, shared = 1 WHERE id = UNHEX('" . hex_of_rid($local) . "'); DELETE FROM grants WHERE model_id = UNHEX('" . hex_of_rid($local) . "')");
    del($local);
    like($rids->($home, '?trashed=true&type=MODELS_MODEL'), qr/\Q$local\E/, 'an administrator sees it in the trash');
    unlike(json(fs($t, GET => "folders/$home/children?trashed=true", token => $t->reader)->{json}), qr/\Q$local\E/, 'and somebody else does not');
};

subtest 'the trash' => sub {
    my $list = sub { my ($q, @o) = @_; fs($t, GET => "spaces/$space/trash" . ($q // ''), @o)->{json} };
    my %had = map { $_->{rid} => 1 } @{ $list->()->{data} };
    my $f = folder($t);
    my ($m, $local) = map { foundry_model($t, in => $f) } 1 .. 2;
    my $in = foundry_model($t, in => folder($t, in => $f));
    my $prj = fs($t, POST => 'projects/create', body => { displayName => 'Trashed', spaceRid => $space })->{json}{rid};
    $t->sql("UPDATE models SET is_global = 0 WHERE id = UNHEX('" . hex_of_rid($local) . "')");
    $t->recount;
    my $path = resource($m)->{json}{path};
    del($_) for $m, $local, $f, $prj;
    my $new = sub { [ grep { !$had{ $_->{rid} } } @{ $_[0]{data} } ] };
    my @now = @{ $new->($list->()) };
    is(join(' ', map { $_->{rid} } @now), join(' ', sort { hex_of_rid($a) cmp hex_of_rid($b) } $f, $m, $local, $prj), 'what was put there itself, as it was made');
    is(json($_), json(resource($_->{rid})->{json}), "$_->{path}: as by its rid") for @now;
    is((grep { $_->{rid} eq $m } @now)[0]{path}, $path, 'with its path');
    is(scalar(grep { $_->{rid} eq $local } @{ $list->('', token => $t->member)->{data} }), 0, 'without what one may not see');
    my ($token_, @paged) = ('');
    do { my $p = $list->("?pageSize=2$token_"); push @paged, map { $_->{rid} } @{ $p->{data} }; $token_ = $p->{nextPageToken} ? "&pageToken=$p->{nextPageToken}" : '' } while $token_;
    is(join(' ', @paged), join(' ', map { $_->{rid} } @{ $list->()->{data} }), 'by pages');
    fault_is(fs($t, GET => "spaces/$_/trash"), 404, 'NOT_FOUND', 'SpaceNotFound', { spaceRid => $_ }, 'of no other space') for $home, 'ri.compass.main.space.x', fs($t, GET => 'spaces', token => $t->other)->{json}{data}[0]{rid};
    restore($f), restore($prj);
};

subtest 'one space, and many of everything' => sub {
    is(json(fs($t, GET => "spaces/$space")->{json}), json(fs($t, GET => 'spaces')->{json}{data}[0]), 'a space by its rid');
    fault_is(fs($t, GET => "spaces/$_"), 404, 'NOT_FOUND', 'SpaceNotFound', { spaceRid => $_ }, "$_: no space") for $home, 'ri.compass.main.space.x', fs($t, GET => 'spaces', token => $t->other)->{json}{data}[0]{rid};
    my ($f, $m) = (folder($t), foundry_model($t));
    my $theirs = folder($t, token => $t->other);
    my $batch = sub { my ($path, $body, @o) = @_; $t->req(POST => "/api/v2/$path", token => $token, body => $body, @o) };
    my $r = $batch->('filesystem/folders/getBatch', [ map { { folderRid => $_ } } $f, $home, $space, $f, $theirs, rid_of(folder => $NOWHERE) ]);
    is($r->{status}, 200, 'folders') or diag $r->{raw};
    is(json([ sort keys %{ $r->{json}{data} } ]), json([ sort $f, $home, $space ]), 'those that are there');
    is(json($r->{json}{data}{$_}), json(fs($t, GET => "folders/$_")->{json}), 'each as by itself') for $f, $space;
    $r = $batch->('filesystem/resources/getBatch', [ map { { resourceRid => $_ } } $f, $m, $NO_MODEL, $theirs ]);
    is(json([ sort keys %{ $r->{json}{data} } ]), json([ sort $f, $m ]), 'resources');
    is(json($r->{json}{data}{$m}), json(resource($m)->{json}), 'each as by itself');
    $r = $batch->('filesystem/resources/getByPathBatch', [ map { { path => $_ } } resource($m)->{json}{path}, 'Main/Models', '/Main/nothing' ]);
    is(json([ map { $_->{rid} } @{ $r->{json}{data} } ]), json([ $m, $home ]), 'by their paths');
    my $id = $t->req(GET => '/api/v2/admin/users/getCurrent', token => $t->member)->{json}{id};
    $r = $batch->('admin/users/getBatch', [ map { { userId => $_ } } $id, $id, $NOWHERE, substr($NO_MODEL, -36) ]);
    is(json([ keys %{ $r->{json}{data} } ]), json([$id]), 'users');
    my $user = $t->req(GET => "/api/v2/admin/users/$id", token => $token);
    is(json($user->{json}), json($r->{json}{data}{$id}), 'one by itself');
    is("$user->{json}{username} $user->{json}{status}", 'member ACTIVE', 'who it is');
    my $other = $t->req(GET => '/api/v2/admin/users/getCurrent', token => $t->other)->{json}{id};
    fault_is($t->req(GET => "/api/v2/admin/users/$_", token => $token), 404, 'NOT_FOUND', 'UserNotFound', { userId => $_ }, 'nobody here') for $other, substr($NO_MODEL, -36), 'x';
    for my $path (qw(filesystem/folders/getBatch filesystem/resources/getBatch filesystem/resources/getByPathBatch admin/users/getBatch)) {
        my ($key) = $path =~ /ByPath/ ? 'path' : $path =~ /users/ ? 'userId' : $path =~ /folders/ ? 'folderRid' : 'resourceRid';
        fault_is($batch->($path, $_), 400, 'INVALID_ARGUMENT', 'Default:InvalidArgument', undef, "$path: " . substr json($_), 0, 40) for [], {}, ['x'], [ { x => 1 } ], [ { $key => 5 } ], [ ({ $key => $f }) x 1001 ];
        is($batch->($path, [ { $key => $f } ], token => $t->token('admin', '--scope', 'project:read'))->{status}, 403, 'with another scope');
        is($batch->($path, [ { $key => $f } ], token => 'x')->{status}, 401, 'nobody');
    }
};

subtest 'roles' => sub {
    my $m = foundry_model($t, token => $t->member);
    my $v = upload($t, $m)->{json}{rid};
    my %id = map { $_ => $t->req(GET => '/api/v2/admin/users/getCurrent', token => $t->$_)->{json}{id} } qw(admin member reader other);
    my $list = sub { my ($rid, $q) = @_; my $r = fs($t, GET => "resources/$rid/roles" . ($q // '')); join ' ', sort map { ($_->{resourceRolePrincipal}{type} eq 'everyone' ? 'everyone' : "$_->{resourceRolePrincipal}{principalType}:" . +{ reverse %id }->{ $_->{resourceRolePrincipal}{principalId} }) . '=' . $_->{roleId} } @{ $r->{json}{data} } };
    my $role = sub { my ($verb, $rid, $roles, @o) = @_; fs($t, POST => "resources/$rid/roles/$verb", body => { roles => [ map { { resourceRolePrincipal => $_->[0] eq 'everyone' ? { type => 'everyone' } : { type => 'principalIdOnly', principalId => $_->[0] }, roleId => $_->[1] } } @$roles ] }, @o) };
    is($list->($m), 'USER:member=OWNER', 'whose it is');
    is($role->(add => $m, [ [ $id{reader}, 'USER' ], [ 'everyone', 'OBSERVER' ] ])->{status}, 204, 'given to others');
    is($list->($m), 'USER:member=OWNER USER:reader=USER everyone=OBSERVER', 'who have them');
    is(join(' ', map { $_->{role} } @{ $t->req(GET => '/api/v2/registeredModels/' . hex_of_rid($m) . '/sharedRoles/', token => $token)->{json}{data} }) =~ /USER/, 1, 'in the registry dialect too');
    is((audit_rows($t, hex_of_rid($m)))[-1]{action}, 'model.collaborator_added', 'the audit tells');
    is($role->(add => $m, [ [ $id{reader}, 'OBSERVER' ], [ $id{member}, 'USER' ], [ $id{admin}, 'USER' ], [ $id{admin}, 'OBSERVER' ] ])->{status}, 204, 'lower roles');
    is($list->($m), 'USER:admin=USER USER:member=OWNER USER:reader=USER everyone=OBSERVER', 'take nothing from whoever has a higher one');
    is($role->(remove => $m, [ [ $id{admin}, 'OBSERVER' ], [ $id{admin}, 'USER' ] ])->{status}, 204, 'of the one they have');
    my $typed = sub { my ($verb, $type, $id) = @_; fs($t, POST => "resources/$m/roles/$verb", body => { roles => [ { resourceRolePrincipal => { type => 'principalWithId', principalId => $id, principalType => $type }, roleId => 'USER' } ] }) };
    fault_is($typed->($_ => 'GROUP', $id{reader}), 404, 'NOT_FOUND', 'PrincipalNotFound', { principalId => $id{reader} }, "a user is no group to $_") for qw(add remove);
    fault_is($typed->(add => $_, $id{reader}), 400, 'INVALID_ARGUMENT', 'Default:InvalidArgument', undef, 'nor anything else: ' . json($_)) for 'ROBOT', 5;
    is($typed->(add => 'USER', $id{reader})->{status}, 204, 'but a user');
    is($list->($v) . '|' . $list->($v, '?includeInherited=true'), '|' . $list->($m), 'a version has those of its model');
    is($role->(remove => $m, [ [ $id{reader}, 'OWNER' ] ])->{status}, 204, 'a role that one has not');
    is($list->($m), 'USER:member=OWNER USER:reader=USER everyone=OBSERVER', 'is not taken away');
    is($role->(remove => $m, [ [ $id{reader}, 'USER' ], [ 'everyone', 'OBSERVER' ] ])->{status}, 204, 'and one that one has');
    is($list->($m), 'USER:member=OWNER', 'is');
    is($role->(remove => $m, [ [ $id{member}, 'OWNER' ] ])->{json}{errorName}, 'ResourceInUse', 'the last owner stays');
    fault_is($role->(add => $m, [ [ $id{admin}, 'compass:manage' ] ]), 400, 'INVALID_ARGUMENT', 'InvalidRoleIds', { requestedRoleIds => ['compass:manage'] }, 'no such role');
    fault_is($role->(add => $m, [ [ $_, 'USER' ] ]), 404, 'NOT_FOUND', 'PrincipalNotFound', { principalId => $_ }, "$_: nobody") for $id{other}, substr($NO_MODEL, -36), 'x';
    fault_is($role->(add => $m, [ [ $id{admin}, 'OWNER' ] ], token => $t->reader), 403, 'PERMISSION_DENIED', 'AddResourceRolesPermissionDenied', { resourceRid => $m }, 'not by a reader', 'Could not add the ResourceRole.');
    fault_is($role->(remove => $m, [ [ $id{member}, 'OWNER' ] ], token => $t->reader), 403, 'PERMISSION_DENIED', 'RemoveResourceRolesPermissionDenied', { resourceRid => $m }, 'nor away');
    my $f = folder($t);
    is($list->($f), '', 'on a folder there are none');
    fault_is($role->($_ => $f, [ [ $id{admin}, 'OWNER' ] ]), 400, 'INVALID_ARGUMENT', 'InvalidRoleIds', { requestedRoleIds => ['OWNER'] }, "and none to $_") for qw(add remove);
    for my $rid ($NO_MODEL, rid_of(folder => $NOWHERE), foundry_model($t, token => $t->other)) {
        fault_is($_, @not_found, { resourceRid => $rid }, 'not found') for fs($t, GET => "resources/$rid/roles"), $role->(add => $rid, [ [ $id{admin}, 'USER' ] ]);
    }
    fault_is(fs($t, POST => "resources/$m/roles/add", body => $_), 400, 'INVALID_ARGUMENT', 'Default:InvalidArgument', undef, json($_)) for { roles => [] }, { roles => 'x' }, { roles => ['x'] }, { roles => [ { roleId => 'USER' } ] }, { roles => [ { roleId => 'USER', resourceRolePrincipal => { type => 'x' } } ] }, { roles => [ { resourceRolePrincipal => { type => 'everyone' } } ] };
    fault_is(fs($t, GET => "resources/$m/roles?pageSize=0"), 400, 'INVALID_ARGUMENT', 'InvalidPageSize', { pageSize => 0 }, 'pages');
    fault_is(fs($t, POST => 'projects/create', body => { displayName => 'Without', spaceRid => $space, resourceLevelRoleGrantsAllowed => JSON::PP::false }), 400, 'INVALID_ARGUMENT', 'Default:InvalidArgument', undef, 'a project without grants is not offered');
    is(fs($t, POST => 'projects/create', body => { displayName => 'With', spaceRid => $space, resourceLevelRoleGrantsAllowed => JSON::PP::true })->{json}{resourceLevelRoleGrantsAllowed}, JSON::PP::true, 'and one with them is');
};

# Whatever happens at once: nothing lives in a folder that is in the trash, nothing lies in itself, and every path is that of its parents.
subtest 'all at once' => sub {
    my $p = fs($t, POST => 'projects/create', body => { displayName => 'At once', spaceRid => $space })->{json}{rid};
    my ($x, $y) = map { folder($t, in => $p) } 1 .. 2;
    my ($one, $two) = map { folder($t, in => $_) } $x, $y;
    my $m = foundry_model($t, in => $one);
    for my $round (1 .. 6) {
        my @r = concurrently(8, sub {
            my $n = shift;
            return $n == 0 ? del($x) : $n == 1 ? restore($x) : $n == 2 ? replace($x, "x$round", $y) : $n == 3 ? replace($y, "y$round", $one) : $n == 4 ? replace($one, "one$round", $p)
                : $n == 5 ? fs($t, POST => 'folders', body => { displayName => "made $round", parentFolderRid => $one }) : $n == 6 ? foundry($t, POST => '', body => { name => "made $$ $round", parentFolderRid => $two })
                : act($t, mdl($m), $round % 2 ? 'archive' : 'unarchive');
        });
        is(join(' ', grep { !/^(200|204|400|404|409)$/ } map { $_->{status} } @r), '', 'each has its answer') or diag map { $_->{status} == 500 || $_->{status} == 503 ? $_->{raw} : () } @r;
        is($t->sql("SELECT COUNT(*) FROM folders f JOIN folders p ON p.organization_id = f.organization_id AND p.id = f.parent_id WHERE f.status = 'active' AND p.status <> 'active'"), 0, 'no folder lives in the trash');
        is($t->sql("SELECT COUNT(*) FROM models m JOIN folders p ON p.organization_id = m.organization_id AND p.id = m.folder_id WHERE m.status NOT IN ('archived', 'retired') AND p.status <> 'active'"), 0, 'no model does');
        is($t->sql("SELECT COUNT(*) FROM folders f JOIN folders p ON p.organization_id = f.organization_id AND p.id = f.parent_id WHERE f.status <> 'deleted' AND (f.path <> CONCAT(p.path, '/', f.name) OR f.project_id <> p.project_id)"), 0, 'every path leads there');
        restore($_) for $x, $y, $one, $two;
    }
    is($t->thaw('audit', 'verify')->{exit}, 0, 'and the audit is whole');
    # exactly one of two who put each into the other
    my ($a_, $b_) = map { folder($t, in => $p) } 1 .. 2;
    my @r = concurrently(2, sub { $_[0] ? replace($a_, 'a', $b_) : replace($b_, 'b', $a_) });
    is(join(' ', sort map { $_->{status} } @r), '200 400', 'one of two that would lie in each other');
};

# Both change the folder's row, so that the second waits for what becomes of the first.
for my $kind (qw(model folder)) {
    my $make = sub { my ($name, $f) = @_; $kind eq 'model' ? foundry($t, POST => '', body => { name => $name, parentFolderRid => $f }) : fs($t, POST => 'folders', body => { displayName => $name, parentFolderRid => $f }) };
    subtest "a folder that is trashed while a $kind is made in it" => sub {
        my $f = folder($t);
        my $commit = hold($t, moved_sql('folder', hex_of_rid($f), 'archived', 'folder.archived'));
        my $made = in_background(sub { $make->("late $kind", $f) });
        blocked($t, 1);
        $commit->();
        fault_is($made->(), 404, 'NOT_FOUND', 'FolderNotFound', { folderRid => $f }, 'who makes it waits, and finds no folder');
        is(restore($f)->{status}, 204, 'the folder');
        is(json(children($f)->{data}), '[]', 'is empty');
    };
    subtest "a $kind that is made in a folder while that is trashed" => sub {
        my $f = folder($t);
        # another writer deletes one for good, so that whoever takes its name waits, with the folder's row in hand
        my $gone = hex_of_rid($make->("given up $kind", $kind eq 'model' ? $home : $f)->{json}{rid});
        my $commit = hold($t, moved_sql($kind, $gone, $kind eq 'model' ? 'retired' : 'deleted', "$kind.deleted"));
        my $made = in_background(sub { $make->("given up $kind", $f) });
        blocked($t, 1);
        my $trashed = in_background(sub { del($f) });
        blocked($t, 2);
        $commit->();
        my $late = $made->();
        is($late->{status}, 200, 'it is made');
        is($trashed->()->{status}, 204, 'who trashes the folder waits');
        is(join(' ', map { resource($_)->{json}{trashStatus} } $f, $late->{json}{rid}), 'DIRECTLY_TRASHED ANCESTOR_TRASHED', 'and takes it along');
    };
}

# A model that is restored holds its own row, which whoever trashes the folder writes too.
subtest 'a model that is restored while its folder is trashed' => sub {
    my $f = folder($t);
    my $m = foundry_model($t, in => $f);
    del($m);
    my $trash = moved_sql('folder', hex_of_rid($f), 'archived', 'folder.archived');
    my $commit = hold($t, "$trash; UPDATE models SET children_rev = children_rev + 1 WHERE id = UNHEX('" . hex_of_rid($m) . "')");
    my $restored = in_background(sub { restore($m) });
    blocked($t, 1);
    $commit->();
    fault_is($restored->(), @in_use, undef, 'waits, and finds it in the trash');
    restore($f);
    # and the folder's row is none that it waits for
    $commit = hold($t, "UPDATE folders SET children_rev = children_rev + 1 WHERE id = UNHEX('" . hex_of_rid($f) . "')");
    is(restore($m)->{status}, 204, 'whoever makes something in the folder is not in its way');
    $commit->();
    del($m);
    $commit = hold($t, moved_sql('model', hex_of_rid($m), 'draft', 'model.unarchived'));
    my $trashed = in_background(sub { del($f) });
    blocked($t, 1);
    $commit->();
    is($trashed->()->{status} . trash_of($f, $m), "204$DIRECT $WITH", 'and one that was restored first goes along');
    restore($f);
};

# --- one domain --------------------------------------------------------------------------

# What the database has of a model, but for ids, times, requests.
sub rows_of {
    my $hex = shift;
    my @m = $t->sql("SELECT status, name, model_type, task_type, description, is_global, last_version, active_version, revision, children_rev, folder_id, archived_at IS NULL, unarchived_at IS NULL FROM models WHERE id = UNHEX('$hex')");
    my @a = $t->sql("SELECT action, revision, from_state, to_state, actor_name, details FROM audit_events WHERE resource_id = UNHEX('$hex') ORDER BY revision");
    my @e = $t->sql("SELECT type, resource_type, revision, REPLACE(payload, '$hex', 'ID') FROM outbox WHERE resource_id = UNHEX('$hex') ORDER BY revision");
    return join "\n", map { join ' | ', map { $_ // 'NULL' } @$_ } @m, @a, @e;
}

subtest 'the same scenario through both dialects leaves the same rows' => sub {
    my $one = foundry_model($t, name => 'twin');
    my $hex = hex_of_rid($one);
    is(del($one)->{status}, 204, 'foundry: trash');
    is(restore($one)->{status}, 204, 'restore');
    my $job = act($t, "mdl-$hex", 'train')->{json}{job_id};
    act($t, "mdl-$hex", "train/$job/complete");
    is(del($one)->{status}, 204, 'trash'); is(restore($one)->{status}, 204, 'restore'); is(del($one)->{status}, 204, 'trash');
    my $rows = rows_of($hex) =~ s/\Q$job\E/JOB/gr;
    erase($one);

    my $two = model($t, name => 'twin', model_type => 'custom', task_type => 'regression')->{id};
    $t->sql("UPDATE models SET model_type = NULL, task_type = NULL WHERE id = UNHEX('" . hex_of($two) . "')");      # what the other dialect does not ask for
    $t->recount;
    is(act($t, $two, $_)->{status}, 200, "models: $_") for qw(archive unarchive);
    $job = act($t, $two, 'train')->{json}{job_id};
    act($t, $two, "train/$job/complete");
    is(act($t, $two, $_)->{status}, 200, $_) for qw(archive unarchive archive);
    is(rows_of(hex_of($two)) =~ s/\Q$job\E/JOB/gr, $rows, 'the same rows: state, audit, events');
    like($rows, qr/model\.archived.*model\.unarchived/s, 'which are there');
};

subtest 'what the state answered is kept under an Idempotency-Key' => sub {
    my $m = foundry_model($t);
    my $again = sub { $_[0]->($m, headers => [ 'Idempotency-Key' => "kept-$_[1]" ]) };
    my @first = map { $again->(@$_) } my @asked = ([ \&restore, 'restore' ], [ \&erase, 'erase' ]);
    del($m);
    for (0 .. 1) {
        my $r = $again->(@{ $asked[$_] });
        is("$r->{status} $r->{headers}{'idempotent-replayed'} $r->{body}", "400 true $first[$_]{body}", "$asked[$_][1]: the same answer, though it would be done now");
    }
    is(resource($m)->{json}{trashStatus}, 'DIRECTLY_TRASHED', 'and nothing is');
};

subtest 'what thaw audit verify finds' => sub {
    my $f = folder($t);
    my $m = foundry_model($t, in => folder($t, in => $f));
    my $found = sub { my ($break, $mend, $like, $what) = @_; $t->sql($break); my $r = $t->thaw('audit', 'verify'); $t->sql($mend); is($r->{exit}, 3, $what); like($r->{out}, $like, 'and it says so') };
    my $is = sub { "UPDATE folders SET status = '$_[0]', hidden = $_[1] WHERE id = UNHEX('" . hex_of_rid($f) . "')" };
    $found->($is->('archived', 1), $is->('active', 0), qr/is not in the trash, but its folder is/, 'what lives in the trash');
    my $at = sub { "UPDATE folders SET path = CONCAT(path, '$_[0]') WHERE id = UNHEX('" . hex_of_rid($f) . "')" };
    $found->($at->('x'), "UPDATE folders SET path = LEFT(path, CHAR_LENGTH(path) - 1) WHERE id = UNHEX('" . hex_of_rid($f) . "')", qr/its path or project does not match/, 'and what leads elsewhere');
    is($t->thaw('audit', 'verify')->{exit}, 0, 'put back');
};

subtest 'an organization without its home' => sub {
    my $m = foundry_model($t);
    my $org = $t->sql("SELECT HEX(id) FROM folders WHERE name = 'Models' AND kind = 'project' AND organization_id = (SELECT organization_id FROM models WHERE id = UNHEX('" . hex_of_rid($m) . "'))");
    $t->sql("UPDATE folders SET organization_id = REVERSE(organization_id) WHERE id = UNHEX('$org')");
    fault_is(resource($m), 500, 'INTERNAL', 'Default:Internal', {}, 'is no answer');
    like($t->thaw('audit', 'verify')->{out}, qr/has no home project/, 'and thaw audit verify tells');
    $t->sql("UPDATE folders SET organization_id = REVERSE(organization_id) WHERE id = UNHEX('$org')");
    is($t->thaw('audit', 'verify')->{exit}, 0, 'put back');
};

subtest 'what one dialect makes, the other has' => sub {
    my $m = model($t, name => 'seen in both');
    my $rid = rid_of(model => $m->{id});
    is($m->{rid}, $rid, 'the models dialect tells the identifier');
    is(foundry($t, GET => "/$rid")->{json}{rid}, $rid, 'by which the other finds it');
    is(resource($rid)->{json}{displayName}, 'seen in both', 'with its name');
    my $job = trained($t, $m->{id})->{job_id};
    my $versions = foundry($t, GET => "/$rid/versions")->{json}{data};
    is(scalar @$versions, 1, 'and its version');
    is($t->req(GET => "$MODELS/$m->{id}/versions", token => $token)->{json}{items}[0]{rid}, $versions->[0]{rid}, 'the same one');
    act($t, $m->{id}, 'archive');
    fault_is(foundry($t, GET => "/$rid"), 404, 'NOT_FOUND', 'ModelNotFound', { modelRid => $rid }, 'archived there, not found here');
    is(restore($rid)->{status}, 204, 'restored here');
    is(get($t, $m->{id})->{json}{status}, 'ready', 'ready there');
    my $made = foundry_model($t, name => 'made here');
    my ($listed) = grep { $_->{name} eq 'made here' } @{ $t->req(GET => "$MODELS?search=made here" =~ s/ /%20/r, token => $token)->{json}{items} };
    is($listed->{rid}, $made, 'and the reverse');
    is(json([ @$listed{qw(model_type task_type)} ]), '[null,null]', 'without what was not asked for');
    is($t->req(PATCH => "$MODELS/$listed->{id}", token => $token, body => { name => 'renamed there' })->{status}, 200, 'renamed there');
    is(resource($made)->{json}{displayName}, 'renamed there', 'renamed here');
};

subtest 'scopes: of the filesystem, apart from those of models' => sub {
    # a token narrowed to the permission itself may; the scopes' own words are the OAuth test's
    my $reads = $t->token('admin', '--scope', 'model:read');
    my $m = foundry_model($t);
    is(resource($m, token => $reads)->{status}, 200, 'reading');
    fault_is(del($m, token => $reads), 403, 'PERMISSION_DENIED', 'ApiUsageDenied', { missingScope => 'api:filesystem-write' }, 'and not writing');
    fault_is(resource($m, token => $t->token('admin', '--scope', 'project:read')), 403, 'PERMISSION_DENIED', 'ApiUsageDenied', { missingScope => 'api:filesystem-read' }, 'nor reading without it');
};

$t->finish;
