/* api_foundry_files.c: the filesystem of the foundry dialect: the space, which is the
 * organization, its projects, their folders, and models as resources that lie in them:
 * trash (archive), restore (unarchive), permanentlyDelete (retire). */
#include "foundry.h"
#include <string.h>
#include "str.h"

/* By enum node: how each is named, projects as folders. */
const char *const foundry_nodes[] = { [NODE_FOLDER] = RID_FOLDER, [NODE_MODEL] = RID_MODEL, [NODE_VERSION] = RID_VERSION,
	[NODE_SPACE] = RID_SPACE, [NODE_ROOT] = RID_ROOT, [NODE_LOST] = "ri.compass.*", NULL };

/* ---- As it is shown ---- */

static const char *const resource_types[] = { [NODE_FOLDER] = "COMPASS_FOLDER", [NODE_MODEL] = "MODELS_MODEL", [NODE_VERSION] = "MODELS_MODEL_VERSION", NULL };
static const char *const child_types[] = { "COMPASS_FOLDER", "MODELS_MODEL", NULL };
#define SHOWN(name, text) \
	static const void *name(struct arena *a, const void *object) \
	{ \
		const struct folder *f = object; \
		(void)a; \
		return text; \
	}
SHOWN(rid, id_spell(a, foundry_nodes[f->node], &f->life.id))
SHOWN(space_rid, id_spell(a, RID_SPACE, &f->life.organization))
SHOWN(project_rid, id_is_zero(&f->of) ? NULL : id_spell(a, RID_FOLDER, &f->of))
SHOWN(parent_rid, f->node == NODE_SPACE ? RID_ROOT : id_is_zero(&f->parent) ? space_rid(a, f) : id_spell(a, RID_FOLDER, &f->parent))
SHOWN(path, arena_printf(a, "/%s%s", f->space, f->path))
SHOWN(created_by, id_uuid(a, &f->life.whose))
SHOWN(updated_by, id_uuid(a, &f->updated_by))
SHOWN(resource_type, resource_types[f->node])
SHOWN(folder_type, f->node == NODE_SPACE ? "SPACE" : f->project ? "PROJECT" : "FOLDER")

static const char *const folder_types[] = { "FOLDER", "SPACE", "PROJECT", NULL };
static const char *const trash_words[] = { "NOT_TRASHED", "DIRECTLY_TRASHED", "ANCESTOR_TRASHED", NULL };
SHOWN(trash, trash_words[f->life.state != STATE_FOLDER_ARCHIVED && f->life.state != STATE_MODEL_ARCHIVED ? 0
	: f->node == NODE_VERSION || !id_is_zero(&f->trashed) ? 2 : 1])

#define FOLDER_AT(field) AT(struct folder, field)
#define NODE_ROWS(types) \
	{ "rid", T_STR, .make = rid }, \
	{ "displayName", T_STR, FOLDER_AT(name) }, \
	{ "description", T_STR, FOLDER_AT(description), .flags = F_OMIT }, \
	{ "path", T_STR, .make = path }, \
	types \
	{ "createdBy", T_STR, .make = created_by, .help = "a user's UUID" }, \
	{ "updatedBy", T_STR, .make = updated_by }, \
	{ "createdTime", T_TIME, FOLDER_AT(life.created) }, \
	{ "updatedTime", T_TIME, FOLDER_AT(life.changed) }, \
	{ "trashStatus", T_STR, .make = trash, .words = trash_words }
#define TYPE_ROW(of, all) { "type", T_STR, .make = of, .words = all },
const struct shape foundry_folder_out[] = {
	NODE_ROWS(TYPE_ROW(folder_type, folder_types)),
	{ "parentFolderRid", T_STR, .make = parent_rid },
	{ "projectRid", T_STR, .make = project_rid, .flags = F_OMIT },
	{ "spaceRid", T_STR, .make = space_rid },
	NAMED("FoundryFolder")
};
static const struct shape project_out[] = {
	NODE_ROWS(),
	{ "spaceRid", T_STR, .make = space_rid },
	{ "resourceLevelRoleGrantsAllowed", T_BOOL, .text = "true", .help = "true: models have role grants of their own" },
	NAMED("FoundryProject")
};
const struct shape foundry_resource_out[] = {
	NODE_ROWS(TYPE_ROW(resource_type, resource_types)),
	{ "parentFolderRid", T_STR, .make = parent_rid },
	{ "projectRid", T_STR, .make = project_rid },
	{ "spaceRid", T_STR, .make = space_rid },
	NAMED("FoundryResource")
};

/* ---- Folders and projects ---- */

struct folder_in { struct folder f; const char *parent, *organizations, *grants, *roles; bool granted, granted_set; };
#define FOLDER_IN_AT(field) AT(struct folder_in, field)
#define NAME_ROW { "displayName", T_STR, FOLDER_IN_AT(f.name), .missing = ERR_NO_DISPLAY_NAME, DISPLAY_NAME, \
	.help = "1 to 700 characters, unique among its siblings" }
static const struct shape folder_in[] = {
	NAME_ROW,
	{ "parentFolderRid", T_STR, FOLDER_IN_AT(parent), .flags = F_REQUIRED, .fault = rid_fault, .refuse = ERR_RID },
	NAMED("FoundryFolderCreate")
};
static const struct shape project_in[] = {
	NAME_ROW,
	{ "spaceRid", T_ID, FOLDER_IN_AT(f.life.organization), .prefix = RID_SPACE, RID },
	{ "description", T_STR, FOLDER_IN_AT(f.description), .max = 2048, .flags = F_NULL },
	{ "organizationRids", T_STRINGS, FOLDER_IN_AT(organizations), .max = 1000, .help = "empty, or the organization of the space" },
	{ "roleGrants", T_OBJECT, FOLDER_IN_AT(grants), .help = "must be empty: roles belong to the organization" },
	{ "defaultRoles", T_STRINGS, FOLDER_IN_AT(roles), .max = 1000, .help = "must be empty, likewise" },
	{ "resourceLevelRoleGrantsAllowed", T_BOOL, SET(struct folder_in, granted), .flags = F_NULL, .help = "must be true if given" },
	NAMED("FoundryProjectCreate")
};
static const struct shape folder_edit_in[] = {
	NAME_ROW,
	{ "parentFolderRid", T_STR, FOLDER_IN_AT(parent), .flags = F_REQUIRED, .fault = rid_fault, .refuse = ERR_RID,
	  .help = "where to move it: a folder or a project; of a project, its space" },
	NAMED("FoundryFolderReplace")
};
#define PROJECT_AT(field) AT(struct folder_edit, field)
static const struct shape project_edit_in[] = {
	{ "displayName", T_STR, PROJECT_AT(name), .missing = ERR_NO_DISPLAY_NAME, DISPLAY_NAME, .help = "1 to 700 characters, unique in the space" },
	{ "description", T_STR, PROJECT_AT(description), .max = 2048, .flags = F_NULL, .help = "absent: none" },
	NAMED("FoundryProjectReplace")
};

/* Where a body says that something is to lie; what is not there is told as the folder that it names. */
static const struct db_val *place_of(struct tx *tx, const char *rid)
{
	struct id id = { { 0 } };
	struct db_val *place = arena_alloc(tx->arena, 2 * sizeof *place);

	place[1] = db_i((int64_t)id_kind(rid, foundry_nodes, &id));
	place[0] = db_d(&id);
	return place;
}

static enum err placed(struct tx *tx, enum err e, const char *rid)
{
	if (e != ERR_NOT_FOUND)
		return e;
	why_tell(tx, "folderRid", js_string(tx->arena, rid));
	return ERR_FOLDER_NOT_FOUND;
}

static enum err make_folder(struct tx *tx, const struct db_val *key, enum transition t, const void *body, void *out)
{
	const struct folder_in *in = body;

	(void)key, (void)t;
	return folder_create_in(tx, place_of(tx, in->parent), in->f.name, out);
}

static enum err replace_folder(struct tx *tx, const struct db_val *key, enum transition t, const void *body, void *out)
{
	const struct folder_in *in = body;

	(void)t;
	return placed(tx, folder_replace_in(tx, key, place_of(tx, in->parent), in->f.name, out), in->parent);
}

static enum err move_resource(struct tx *tx, const struct db_val *key, enum transition t, const void *body, void *out)
{
	static const struct err_as missing[] = { MISSING(RESOURCE), { OK, OK } };        /* here and not in the row: the folder of the body is told as one */
	const struct folder_in *in = body;
	enum err e = node_move_to(tx, key, place_of(tx, in->parent), out);

	(void)t;
	for (const struct err_as *m = missing; m->err; m++)
		e = e == m->err ? m->as : e;
	return placed(tx, e, in->parent);
}

/* Whoever asks for another organization, in which fewer would see the project, is told. */
static enum err own_organization(struct tx *tx, const char *rids)
{
	struct json *list = js_read(tx->arena, rids), *unknown = js_array(tx->arena);
	struct id id;

	for (size_t i = 0; i < js_length(list); i++)
		if (!id_parse(js_str(js_at(list, i)), RID_ORGANIZATION, &id) || !id_equal(&id, &tx->who->organization))
			js_add(unknown, js_at(list, i));
	why_tell(tx, "organizationRids", unknown);
	return js_length(unknown) ? ERR_ORGANIZATION_NOT_FOUND : OK;
}

/* Nor is anything granted that is not kept: the roles asked for are told. */
static enum err no_roles(struct tx *tx, const struct folder_in *in)
{
	struct json *grants = js_read(tx->arena, in->grants), *roles = js_read(tx->arena, in->roles), *all = js_array(tx->arena), *value;
	const char *role;
	void *it = NULL;

	while (grants && js_next(grants, &it, &role, &value))
		js_add(all, js_string(tx->arena, role));
	for (size_t i = 0; i < js_length(roles); i++)
		js_add(all, js_at(roles, i));
	why_tell(tx, "requestedRoleIds", all);
	return js_length(all) ? ERR_ROLE_GRANTS : OK;
}

static enum err make_project(struct tx *tx, const struct db_val *key, enum transition t, const void *body, void *out)
{
	const struct folder_in *in = body;
	enum err e;

	(void)key, (void)t;
	if (!id_equal(&in->f.life.organization, &tx->who->organization))
		return ERR_SPACE_NOT_FOUND;
	if (in->granted_set && !in->granted)
		return why_fault(tx, "resourceLevelRoleGrantsAllowed", "must be true: roles on a model are its owners' to grant");
	return (e = own_organization(tx, in->organizations)) || (e = no_roles(tx, in)) ? e : folder_create(tx, &in->f, out);
}

/* ---- Children ---- */

struct children_query { struct page_asked page; const char *type; bool trashed; };
#define CHILDREN_AT(field) AT(struct children_query, field)
static const struct shape children_query[] = {
	PAGE_ROWS,
	{ "type", T_STR, CHILDREN_AT(type), .words = child_types, .flags = F_LISTED, .help = "only folders, or only models; both by default" },
	{ "trashed", T_BOOL, CHILDREN_AT(trashed), .flags = F_LISTED, .help = "true: only contents that are in the trash" },
	{ 0 }
};
static const struct shape pages_query[] = { PAGE_ROWS, { 0 } };
static const struct shape children_out[] = PAGE_OUT(foundry_resource_out);
static enum err children_asked(struct req *r, const struct page_asked *page, struct list_ask *ask)
{
	const struct children_query *q = r->query;

	ask->only = (!q->type ? 0 : !strcmp(q->type, *child_types) ? CHILDREN_FOLDERS : CHILDREN_MODELS) | (q->trashed ? CHILDREN_TRASHED : 0);
	return pages_by_token(r, page, ask);
}
static const struct paging children_paging = { .size = 2000, .asked = children_asked, .got = pages_tokened };
static const struct paging trash_paging = { .size = 2000, .asked = pages_by_token, .got = pages_tokened };

/* ---- The space ---- */

SHOWN(account, id_spell(a, "ri.resource-policy-manager.main.usage-account.", &f->life.id))
SHOWN(organizations, arena_printf(a, "[\"%s\"]", id_spell(a, RID_ORGANIZATION, &f->life.id)))
static const struct shape space_out[] = {
	{ "rid", T_STR, .make = rid },
	{ "displayName", T_STR, FOLDER_AT(name) },
	{ "path", T_STR, .make = path },
	{ "fileSystemId", T_LITERAL, .text = "main" },
	{ "usageAccountRid", T_STR, .make = account },
	{ "organizations", T_STRINGS, .make = organizations },
	{ "deletionPolicyOrganizations", T_STRINGS, .make = organizations },
	{ "defaultRoleSetId", T_LITERAL, .text = "main" },
	NAMED("FoundrySpace")
};
static const struct shape spaces_out[] = PAGE_OUT(space_out);

static const struct paging spaces_paging = { .size = 1, .asked = pages_by_token, .got = pages_tokened };

/* ---- Resources ---- */

static const struct shape move_in[] = {
	{ "parentFolderRid", T_STR, FOLDER_IN_AT(parent), .flags = F_REQUIRED, .fault = rid_fault, .refuse = ERR_RID,
	  .help = "where to move it: a folder or a project; of a project, its space" },
	NAMED("FoundryResourceMove")
};

struct path_query { const char *path; };
static const struct shape path_query[] = {
	{ "path", T_STR, AT(struct path_query, path), .flags = F_REQUIRED | F_KEY, .help = "starting at the space, such as `/Space/Project/Folder/Model`; the first slash is optional" },
	{ 0 }
};

/* ---- Tables ---- */

#define BASE "/api/v2/filesystem"
#define FOLDERS BASE "/folders"
#define ONE FOLDERS "/{folderRid}"
#define RESOURCE_ BASE "/resources/{resourceRid}"
#define READ(address) "GET", address, PERM_MODEL_READ, R_UNRETIRED, .scope = SCOPE_FILES_READ
#define WRITE(method, address) method, address, PERM_MODEL_WRITE, R_WRITE | R_UNRETIRED, .scope = SCOPE_FILES_WRITE
#define FOLDER_ERRORS "RID ROOT_FOLDER NOT_A_FOLDER FOLDER_NOT_FOUND "
#define RESOURCE_ERRORS "RID ROOT_FOLDER SPACE_RESOURCE RESOURCE_NOT_FOUND "
/* What is inside goes along. */
static const enum sql wants_inside[] = { SQL_FOLDERS_INSIDE, SQL_MODELS_INSIDE, SQL_FOLDER_TOUCH, SQL_FOLDER_PARENT, SQL_FOLDER_HIDDEN, SQL_MODEL_TOUCH, SQL_MODEL_TARGET, SQL_NONE };
#define MOVES(...) .wants = wants_inside, .object = RES_FOLDER, .kinds = foundry_nodes, .change = node_change, .moves = { __VA_ARGS__ }
/* What is in the trash already stays there. */
#define STAYS { ERR_FOLDER_ARCHIVED, OK }, { ERR_MODEL_ARCHIVED, OK }
#define NOT_ARCHIVED(as) { ERR_FOLDER_NOT_ARCHIVED, as }, { ERR_MODEL_NOT_ARCHIVED, as }
#define CHANGE_ERRORS RESOURCE_ERRORS "VERSION_RESOURCE "
const struct route filesystem_routes[] = {
	{ READ(BASE "/spaces"), QUERY(pages_query, struct page_asked), .status = 200, .out = spaces_out, .object = RES_FOLDER,
	  .paging = &spaces_paging, .read = spaces,
	  .summary = "List spaces: the one of the organization", .errors = "PAGE_SIZE PAGE_TOKEN" },
	{ READ(BASE "/spaces/{spaceRid}"), .status = 200, .out = space_out, .object = RES_FOLDER, .kinds = foundry_nodes, .get = space_named,
	  .summary = "Get a space", .errors = "RID SPACE_NOT_FOUND" },
	{ READ(BASE "/spaces/{spaceRid}/trash"), QUERY(pages_query, struct page_asked), .status = 200, .out = children_out, .object = RES_FOLDER,
	  .kinds = foundry_nodes, .paging = &trash_paging, .read = trash_list,
	  .summary = "List the resources that were moved to the trash directly, oldest first", .errors = "RID SPACE_NOT_FOUND PAGE_SIZE PAGE_TOKEN" },
	{ WRITE("POST", BASE "/projects/create"), BODY(project_in, struct folder_in), .status = 200, .out = project_out,
	  .object = RES_FOLDER, .change = make_project, AS({ ERR_FOLDER_NAME_TAKEN, ERR_PROJECT_NAME_TAKEN }),
	  .denied = DENIED("CreateProjectPermissionDenied", "Could not create the Project.", ""), .summary = "Create a project in the space",
	  .errors = "RID NO_DISPLAY_NAME DISPLAY_NAME SPACE_NOT_FOUND ORGANIZATION_NOT_FOUND ROLE_GRANTS PROJECT_NAME_TAKEN QUOTA" },
	{ READ(BASE "/projects/{projectRid}"), .status = 200, .out = project_out, .object = RES_FOLDER, .get = project_folder,
	  AS({ ERR_FOLDER_NOT_FOUND, ERR_PROJECT_NOT_FOUND }), .summary = "Get a project",
	  .errors = "RID PROJECT_NOT_FOUND" },
	{ WRITE("PUT", BASE "/projects/{projectRid}"), BODY(project_edit_in, struct folder_edit), .status = 200, .out = project_out, .object = RES_FOLDER,
	  .change = project_replace, .moves = { LIFE_FOLDER_EDIT }, .wants = wants_inside,
	  AS({ ERR_FOLDER_NOT_FOUND, ERR_PROJECT_NOT_FOUND }, { ERR_FOLDER_NAME_TAKEN, ERR_PROJECT_NAME_TAKEN }),
	  .denied = DENIED("ReplaceProjectPermissionDenied", "Could not replace the Project.", "projectRid"), .summary = "Rename or describe a project",
	  .errors = "RID NO_DISPLAY_NAME DISPLAY_NAME PROJECT_NOT_FOUND PROJECT_NAME_TAKEN FOLDER_HOME FOLDER_ARCHIVED FOLDER_FULL" },
	{ WRITE("POST", FOLDERS), BODY(folder_in, struct folder_in), .status = 200, .out = foundry_folder_out,
	  .object = RES_FOLDER, .change = make_folder,
	  .denied = DENIED("CreateFolderPermissionDenied", "Could not create the Folder.", ""), .summary = "Create a folder",
	  .errors = FOLDER_ERRORS "NO_DISPLAY_NAME DISPLAY_NAME OUTSIDE_PROJECT FOLDER_NAME_TAKEN QUOTA" },
	{ READ(ONE), .status = 200, .out = foundry_folder_out, .object = RES_FOLDER, .kinds = foundry_nodes, .get = folder_node,
	  .summary = "Get a folder, project or space", .errors = FOLDER_ERRORS },
	{ WRITE("PUT", ONE), BODY(folder_edit_in, struct folder_in), .status = 200, .out = foundry_folder_out, .object = RES_FOLDER, .kinds = foundry_nodes,
	  .change = replace_folder, .moves = { LIFE_FOLDER_EDIT }, .wants = wants_inside,
	  .denied = DENIED("ReplaceFolderPermissionDenied", "Could not replace the Folder.", "folderRid"), .summary = "Rename or move a folder",
	  .errors = FOLDER_ERRORS "NO_DISPLAY_NAME DISPLAY_NAME FOLDER_PARENT FOLDER_CIRCLE FOLDER_NAME_TAKEN FOLDER_HOME FOLDER_ARCHIVED FOLDER_FULL" },
	{ READ(ONE "/children"), QUERY(children_query, struct children_query), .status = 200, .out = children_out, .object = RES_FOLDER, .kinds = foundry_nodes,
	  .paging = &children_paging, .read = folder_children,
	  .summary = "List the contents of a folder, oldest first, without what is in the trash unless it is asked for", .errors = FOLDER_ERRORS "PAGE_SIZE PAGE_TOKEN" },
	{ READ(RESOURCE_), .status = 200, .out = foundry_resource_out, .object = RES_FOLDER, .kinds = foundry_nodes, .get = node_get,
	  AS(MISSING(RESOURCE)), .summary = "Get a folder, model or version as a resource",
	  .errors = RESOURCE_ERRORS },
	{ READ(BASE "/resources/getByPath"), QUERY(path_query, struct path_query), .status = 200, .out = foundry_resource_out,
	  .object = RES_FOLDER, .get = path_get,
	  AS(MISSING(PATH)),
	  .denied = DENIED("GetByPathPermissionDenied", "Could not getByPath the Resource.", ""),
	  .summary = "Get a folder or model by its path", .errors = "ROOT_FOLDER SPACE_RESOURCE PATH PATH_NOT_FOUND" },
	{ WRITE("DELETE", RESOURCE_), .status = 204, MOVES(LIFE_FOLDER_ARCHIVE, LIFE_MODEL_ARCHIVE), AS(MISSING(RESOURCE), STAYS),
	  .denied = DENIED("DeleteResourcePermissionDenied", "Could not delete the Resource.", "resourceRid"),
	  .summary = "Move a resource to the trash, a folder with everything in it: archive it", .errors = CHANGE_ERRORS "SPACE_TRASH FOLDER_HOME FOLDER_FULL MODEL_TRAINING DEPLOYED" },
	{ WRITE("POST", RESOURCE_ "/move"), BODY(move_in, struct folder_in), .status = 204, .wants = wants_inside, .object = RES_FOLDER, .kinds = foundry_nodes,
	  .change = move_resource, .moves = { LIFE_FOLDER_EDIT, LIFE_MODEL_RELOCATE },
	  .denied = DENIED("MoveResourcePermissionDenied", "Could not move the Resource.", "resourceRid"),
	  .summary = "Move a folder or a model to another folder", .errors = CHANGE_ERRORS "NOT_A_FOLDER FOLDER_NOT_FOUND FOLDER_PARENT FOLDER_CIRCLE FOLDER_NAME_TAKEN FOLDER_HOME FOLDER_ARCHIVED FOLDER_FULL" },
	{ WRITE("POST", RESOURCE_ "/restore"), .status = 204, MOVES(LIFE_FOLDER_RESTORE, LIFE_MODEL_UNARCHIVE), AS(MISSING(RESOURCE), NOT_ARCHIVED(ERR_NOT_DIRECTLY_TRASHED)),
	  .denied = DENIED("RestoreResourcePermissionDenied", "Could not restore the Resource.", "resourceRid"),
	  .summary = "Restore a resource from the trash, a folder with everything that went there with it: unarchive it", .errors = CHANGE_ERRORS "NOT_DIRECTLY_TRASHED FOLDER_TRASHED FOLDER_FULL" },
	{ WRITE("POST", RESOURCE_ "/permanentlyDelete"), .status = 204, MOVES(LIFE_FOLDER_DELETE, LIFE_MODEL_RETIRE),
	  AS(MISSING(RESOURCE), NOT_ARCHIVED(ERR_NOT_TRASHED)),
	  .denied = DENIED("PermanentlyDeleteResourcePermissionDenied", "Could not permanentlyDelete the Resource.", "resourceRid"),
	  .summary = "Permanently delete a resource that is in the trash, a folder with everything in it; only for its owners", .errors = CHANGE_ERRORS "NOT_TRASHED FOLDER_NOT_EMPTY FOLDER_FULL OWNER_ONLY PROTECTED AGENT_DENIED" },
	{ 0 }
};
