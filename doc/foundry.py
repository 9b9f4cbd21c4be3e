#!/usr/bin/env python3
"""A model from its first version to its end, with Foundry's own client and nothing changed in it but host and
token: THAW_URL and THAW_TOKEN, which ./serve writes into demo.env."""
import base64
import os
import time

from foundry_sdk import Config, FoundryClient, UserTokenAuth

scheme, host = os.environ["THAW_URL"].split("://")
client = FoundryClient(auth=UserTokenAuth(os.environ["THAW_TOKEN"]), hostname=host, config=Config(scheme=scheme))
files = client.filesystem
name = f"Churn {time.time():.0f}"

# Where it lies: a project of the space, which is the organization, and a folder in it.
space = next(iter(files.Space.list(preview=True)))
project = files.Project.create(display_name=name, space_rid=space.rid, role_grants={}, default_roles=[], organization_rids=[])
folder = files.Folder.create(parent_folder_rid=project.rid, display_name="Models")
print("lies in", folder.path.replace(name, "NAME"))

# A model, a version of it, and that version promoted to a second model.
column = {"name": "age", "required": True, "dataType": {"type": "double"}}
table = {"type": "tabular", "name": "customers", "required": True, "columns": [column], "format": "PANDAS"}
first, second = (client.models.Model.create(name=f"{name} {word}", parent_folder_rid=folder.rid, preview=True) for word in ("one", "two"))
version = client.models.Model.Version.create(
    first.rid, backing_repositories=[], conda_requirements=["numpy==1.24.0"], model_api={"inputs": [table], "outputs": [table]},
    model_files={"type": "dill", "serializedModelFunction": base64.b64encode(b"a function").decode()}, preview=True)
promoted = client.models.Model.promote_version(second.rid, source_model_version_rid=version.rid, preview=True)
print("promoted", promoted.source.previous_model_version_rid == version.rid, promoted.conda_requirements)
print("versions", [v.rid == promoted.rid for v in client.models.Model.Version.list(second.rid, preview=True)])

# Another name and another place; what lies in a folder goes along.
kept = files.Folder.create(parent_folder_rid=project.rid, display_name="Kept")
folder = files.Folder.replace(folder.rid, display_name="Of customers", parent_folder_rid=kept.rid, preview=True)
print("moved", files.Resource.get(first.rid).path.replace(name, "NAME"))

# Who else works with it.
me = client.admin.User.get_current()
everyone = {"type": "everyone"}
files.Resource.Role.add(first.rid, roles=[{"resourceRolePrincipal": everyone, "roleId": "OBSERVER"}])
print("roles", sorted((role.resource_role_principal.type, role.role_id) for role in files.Resource.Role.list(first.rid)))
files.Resource.Role.remove(first.rid, roles=[{"resourceRolePrincipal": everyone, "roleId": "OBSERVER"}])
print("made by", client.admin.User.get(files.Resource.get(first.rid).created_by).username == me.username)

# To the trash, with all that lies in it, and back.
files.Resource.delete(kept.rid)
resources = [kept.rid, folder.rid, first.rid, second.rid]
print("trashed", [files.Resource.get_batch([{"resourceRid": rid} for rid in resources]).data[rid].trash_status for rid in resources])
files.Resource.restore(kept.rid)
print("restored", {r.trash_status for r in files.Resource.get_by_path_batch([{"path": files.Resource.get(rid).path} for rid in resources]).data})

# And for good.
files.Resource.delete(project.rid)
files.Resource.permanently_delete(project.rid)
print("left", len(files.Resource.get_batch([{"resourceRid": rid} for rid in resources]).data))
