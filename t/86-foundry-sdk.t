#!/usr/bin/perl
# Foundry's own Python client, as PyPI has it, through doc/foundry.py: the main job of the foundry dialect; then what
# it makes of every error, and its sign-in as an application. Where PyPI cannot be reached, or Python has no pip, there is nothing to run.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Thaw;
use Thaw::Kept;
use OAuth;

my ($dir, $why) = Thaw::Kept::python('foundry');
plan skip_all => $why if !$dir;
my $python = "$dir/bin/python";

# given a server, and somebody who builds
my $t = Thaw->new(workers => 2);
my $url = "http://127.0.0.1:$t->{port}";
$t->$_ for qw(member reader);
sub python { my ($env, @args) = @_; $t->run({ THAW_URL => $url, PYTHONWARNINGS => 'ignore', HOME => $t->{dir}, %$env }, '', 'timeout', '120', $python, @args) }

subtest 'doc/foundry.py' => sub {
    # when a model is made, moved, shared, trashed, restored and deleted
    my $r = python({ THAW_TOKEN => $t->admin }, "$Thaw::SRC/doc/foundry.py");

    # then each step went as it says
    is($r->{exit}, 0, 'to its end') or diag $r->{out}, $r->{err};
    is($r->{out}, <<~'END', 'each step as it says');
        lies in /Main/NAME/Models
        promoted True ['numpy==1.24.0']
        versions [True]
        moved /Main/NAME/Kept/Of customers/NAME one
        roles [('everyone', 'OBSERVER'), ('principalWithId', 'OWNER')]
        made by True
        trashed ['DIRECTLY_TRASHED', 'ANCESTOR_TRASHED', 'ANCESTOR_TRASHED', 'ANCESTOR_TRASHED']
        restored {'NOT_TRASHED'}
        left 0
        END
};

# Every error is of the class that the client has for it, which it chooses by status and name, once the parameters are those that it knows.
subtest 'errors' => sub {
    my $r = python({ THAW_TOKEN => $t->admin, THAW_READER => $t->reader }, '-c', <<~'END');
        import os
        from foundry_sdk import Config, FoundryClient, UserTokenAuth
        scheme, host = os.environ["THAW_URL"].split("://")
        def sign_in(name):
            return FoundryClient(auth=UserTokenAuth(os.environ[name]), hostname=host, config=Config(scheme=scheme))
        client, reader = sign_in("THAW_TOKEN"), sign_in("THAW_READER")
        files = client.filesystem
        space = next(iter(files.Space.list(preview=True))).rid
        project = files.Project.create(display_name="Errors", space_rid=space, role_grants={}, default_roles=[], organization_rids=[]).rid
        folder = files.Folder.create(parent_folder_rid=project, display_name="Folder").rid
        inner = files.Folder.create(parent_folder_rid=folder, display_name="Inner").rid
        model = client.models.Model.create(name="Errors", parent_folder_rid=inner, preview=True).rid
        nothing = {kind: f"ri.{service}.{kind}.01a226b4-124f-810d-8000-0005b2ea861a" for service, kind in (("compass.main", "folder"), ("models.main", "model"), ("compass.main", "space"))}
        somebody = "01a226b4-124f-810d-8000-0005b2ea861a"
        everyone = {"type": "everyone"}
        tries = {
            "name taken": lambda: files.Folder.create(parent_folder_rid=project, display_name="Folder"),
            "project taken": lambda: files.Project.create(display_name="Errors", space_rid=space, role_grants={}, default_roles=[], organization_rids=[]),
            "role grants": lambda: files.Project.create(display_name="X", space_rid=space, role_grants={"x": []}, default_roles=[], organization_rids=[]),
            "no folder": lambda: files.Folder.get(nothing["folder"]),
            "no space": lambda: files.Space.get(nothing["space"]),
            "no resource": lambda: files.Resource.get(nothing["model"]),
            "no path": lambda: files.Resource.get_by_path(path="/Main/nothing"),
            "no model": lambda: client.models.Model.get(nothing["model"], preview=True),
            "no user": lambda: client.admin.User.get(somebody),
            "circle": lambda: files.Folder.replace(folder, display_name="x", parent_folder_rid=inner, preview=True),
            "into the space": lambda: files.Folder.replace(folder, display_name="x", parent_folder_rid=space, preview=True),
            "bad name": lambda: files.Folder.replace(folder, display_name="a/b", parent_folder_rid=project, preview=True),
            "not trashed": lambda: files.Resource.permanently_delete(model),
            "not directly": lambda: (files.Resource.delete(folder), files.Resource.restore(model)),
            "trash of a space": lambda: files.Resource.delete(space),
            "no role": lambda: files.Resource.Role.add(model, roles=[{"resourceRolePrincipal": everyone, "roleId": "x"}]),
            "nobody": lambda: (files.Resource.restore(folder), files.Resource.Role.add(model, roles=[{"resourceRolePrincipal": {"type": "principalIdOnly", "principalId": somebody}, "roleId": "USER"}])),
            "reader": lambda: reader.filesystem.Resource.delete(folder),
            "not offered": lambda: files.Space.create(display_name="x", enrollment_rid="ri.control-panel.main.customer.x", organizations=[], deletion_policy_organizations=[], preview=True),
            "of the platform": lambda: client.datasets.Dataset.get("ri.foundry.main.dataset.x"),
        }
        for name, attempt in tries.items():
            try:
                attempt()
                print(name, "nothing")
            except Exception as e:
                print(name, type(e).__name__, getattr(e, "name", "?"))
        END
    is($r->{exit}, 0, 'to its end') or diag $r->{out}, $r->{err};
    is($r->{out}, <<~'END', 'each of its class');
        name taken ResourceNameAlreadyExists ResourceNameAlreadyExists
        project taken ProjectNameAlreadyExists ProjectNameAlreadyExists
        role grants InvalidRoleIds InvalidRoleIds
        no folder FolderNotFound FolderNotFound
        no space SpaceNotFound SpaceNotFound
        no resource ResourceNotFound ResourceNotFound
        no path PathNotFound PathNotFound
        no model ModelNotFound ModelNotFound
        no user UserNotFound UserNotFound
        circle CircularDependency CircularDependency
        into the space InvalidParentFolder InvalidParentFolder
        bad name InvalidDisplayName InvalidDisplayName
        not trashed ResourceNotTrashed ResourceNotTrashed
        not directly ResourceNotDirectlyTrashed ResourceNotDirectlyTrashed
        trash of a space TrashingSpaceNotSupported TrashingSpaceNotSupported
        no role InvalidRoleIds InvalidRoleIds
        nobody PrincipalNotFound PrincipalNotFound
        reader DeleteResourcePermissionDenied DeleteResourcePermissionDenied
        not offered PalantirRPCException MethodNotAllowed
        of the platform NotFoundError Default:NotFound
        END
};

subtest 'as an application' => sub {
    my $c = client($t, name => 'Lab', user => 'member');
    my $r = python({ CLIENT_ID => $c->{id}, CLIENT_SECRET => $c->{secret} }, '-c', <<~'END');
        import os
        from foundry_sdk import Config, ConfidentialClientAuth, FoundryClient
        scheme, host = os.environ["THAW_URL"].split("://")
        auth = ConfidentialClientAuth(os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"], hostname=host, config=Config(scheme=scheme),
            scopes=["api:filesystem-read", "api:admin-read"])
        client = FoundryClient(auth=auth, hostname=host, config=Config(scheme=scheme))
        print(client.admin.User.get_current().username)
        space = next(iter(client.filesystem.Space.list(preview=True)))
        print(client.filesystem.Space.get(space.rid).display_name)
        try:
            client.filesystem.Project.create(display_name="Lab", space_rid=space.rid, role_grants={}, default_roles=[], organization_rids=[])
        except Exception as e:
            print(type(e).__name__, e.name)
        auth.sign_out()
        END
    is($r->{exit}, 0, 'signs in and out') or diag $r->{out}, $r->{err};
    is($r->{out}, "member\nMain\nPermissionDeniedError ApiUsageDenied\n", 'and does what its scopes let it');
};
$t->finish;
