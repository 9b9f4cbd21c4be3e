/* api_filesystem.c: the filesystem of the foundry dialect: the space, which is the
 * organization, its projects, their folders, and models as resources that lie in them:
 * trash (archive), restore (unarchive), permanentlyDelete (retire). */
#include "foundry.h"
#include <string.h>
#include "str.h"

/* ---- Folders and projects ---- */

/* What a folder, a project, a space, a model or a version is here. */
struct node_view { const char *rid, *name, *description, *path, *type, *created_by, *updated_by, *trash, *parent, *project, *space;
	int64_t created_at, updated_at; bool grants; };
#define N(field) AT(struct node_view, field)
static const char *const folder_types[] = { "FOLDER", "SPACE", "PROJECT", NULL };
static const char *const resource_types[] = { "COMPASS_FOLDER", "MODELS_MODEL", "MODELS_MODEL_VERSION", NULL };
static const char *const trash_words[] = { "NOT_TRASHED", "DIRECTLY_TRASHED", "ANCESTOR_TRASHED", NULL };
#define NODE_ROWS(types) \
	{ "rid", T_STR, N(rid) }, \
	{ "displayName", T_STR, N(name) }, \
	{ "description", T_STR, N(description), .flags = F_OMIT }, \
	{ "path", T_STR, N(path) }, \
	types \
	{ "createdBy", T_STR, N(created_by), .help = "a user's UUID" }, \
	{ "updatedBy", T_STR, N(updated_by) }, \
	{ "createdTime", T_TIME, N(created_at) }, \
	{ "updatedTime", T_TIME, N(updated_at) }, \
	{ "trashStatus", T_STR, N(trash), .words = trash_words }
#define TYPE_ROW(all) { "type", T_STR, N(type), .words = all },
static const struct shape folder_out[] = {
	NODE_ROWS(TYPE_ROW(folder_types)),
	{ "parentFolderRid", T_STR, N(parent) },
	{ "projectRid", T_STR, N(project), .flags = F_OMIT },
	{ "spaceRid", T_STR, N(space) },
	{ 0 }
};
static const struct shape project_out[] = {
	NODE_ROWS(),
	{ "spaceRid", T_STR, N(space) },
	{ "resourceLevelRoleGrantsAllowed", T_BOOL, N(grants), .help = "false: roles are the organization's" },
	{ 0 }
};
static const struct shape resource_out[] = {
	NODE_ROWS(TYPE_ROW(resource_types)),
	{ "parentFolderRid", T_STR, N(parent) },
	{ "projectRid", T_STR, N(project) },
	{ "spaceRid", T_STR, N(space) },
	{ 0 }
};

static const char *space_rid(const struct req *r)
{
	return id_spell(r->arena, RID_SPACE, &r->who.organization);
}

/* In a folder: `path` is that of the folder. */
static struct node_view view(const struct req *r, const char *type, const struct life *o, bool archived, const char *name,
	const char *description, const char *path, const struct id *created_by, const struct id *updated_by)
{
	return (struct node_view){ .name = name, .description = description, .type = type,
		.path = arena_printf(r->arena, "%s/%s", path, name), .created_by = id_uuid(r->arena, created_by),
		.updated_by = id_uuid(r->arena, updated_by), .trash = trash_words[archived], .space = space_rid(r),
		.rid = id_spell(r->arena, life_resources[RES_FOLDER].prefix, &o->id) };
}

static struct node_view view_folder(const struct req *r, const struct folder *f, const char *type)
{
	const char *parents = arena_printf(r->arena, "/%s%.*s", f->space, (int)(strrchr(f->path, '/') - f->path), f->path);
	struct node_view v = view(r, type, &f->life, f->life.state != STATE_FOLDER_ACTIVE, f->name, f->description, parents,
		&f->life.whose, &f->updated_by);

	v.parent = f->project ? v.space : id_spell(r->arena, RID_FOLDER, &f->parent);
	v.project = id_spell(r->arena, RID_FOLDER, &f->of);
	v.created_at = f->life.created;
	v.updated_at = f->life.changed;
	return v;
}

static enum err reply_folder(struct req *r, enum err e, const struct shape *s, const char *type, const struct folder *f)
{
	struct node_view v;

	if (e)
		return e;
	v = view_folder(r, f, type ? type : f->project ? "PROJECT" : "FOLDER");
	res_shape(r, 200, s, &v, f->life.revision);
	return OK;
}

/* The space as a folder.  The organization is its maker, and it changes with nothing. */
static enum err reply_space(struct req *r)
{
	static const struct id nobody;
	struct node_view v;
	const char *name;
	int64_t since;
	enum err e = space_get(&r->tx, &name, &since);

	if (e)
		return e;
	v = view(r, "SPACE", &(struct life){ .id = r->who.organization }, false, name, NULL, "", &nobody, &nobody);
	v.rid = v.space;
	v.parent = RID_ROOT;
	v.created_at = v.updated_at = since;
	res_shape(r, 200, folder_out, &v, 0);
	return OK;
}

/* What an identifier of the path names where a folder is meant: *space, or a folder's id. */
static enum err folder_of(struct req *r, const char *rid, bool *space, struct id *id)
{
	struct id other;

	*id = (struct id){ 0 };
	*space = id_parse(rid, RID_SPACE, &other);
	if (*space)
		return id_equal(&other, &r->who.organization) ? OK : ERR_FOLDER_NOT_FOUND;
	if (!strcmp(rid, RID_ROOT))
		return ERR_ROOT_FOLDER;
	if (id_parse(rid, RID_FOLDER, id))
		return OK;
	tell(r, "resourceRid", rid);
	return strncmp(rid, "ri.compass.", strlen("ri.compass.")) ? ERR_NOT_A_FOLDER : ERR_FOLDER_NOT_FOUND;
}

static enum err get_folder(struct req *r)
{
	struct folder f;
	struct id id;
	bool space;
	enum err e = folder_of(r, r->vars[0], &space, &id);

	if (e || space)
		return e ? e : reply_space(r);
	return reply_folder(r, folder_get(&r->tx, &id, &f), folder_out, NULL, &f);
}

struct folder_in { const char *name, *parent, *description, *organizations, *grants, *roles; bool name_set; };
#define NAME_ROW { "displayName", T_STR, SET(struct folder_in, name), .help = "1 to 700 characters, unique among its siblings" }
static const struct shape folder_in[] = {
	NAME_ROW,
	{ "parentFolderRid", T_STR, AT(struct folder_in, parent), .flags = F_REQUIRED },
	{ 0 }
};
static const struct shape project_in[] = {
	NAME_ROW,
	{ "spaceRid", T_STR, AT(struct folder_in, parent), .flags = F_REQUIRED },
	{ "description", T_STR, AT(struct folder_in, description), .max = 2048, .flags = F_NULL },
	{ "organizationRids", T_STRINGS, AT(struct folder_in, organizations), .max = 1000, .help = "none, or that of the space" },
	{ "roleGrants", T_OBJECT, AT(struct folder_in, grants), .help = "empty: roles are the organization's" },
	{ "defaultRoles", T_STRINGS, AT(struct folder_in, roles), .max = 1000, .help = "empty, likewise" },
	{ 0 }
};

static enum err create_folder(struct req *r)
{
	const struct folder_in *in = r->in;
	struct folder f = { .name = in->name }, made;
	bool space;
	enum err e;

	tell(r, "parentFolderRid", in->parent);
	tell(r, "folderRid", in->parent);
	if (!in->name_set)
		return ERR_NO_DISPLAY_NAME;
	if ((e = display_name(r, in->name)) || (e = rid_of(r, "parentFolderRid", in->parent, RID_FOLDER, &f.parent)))
		return e;
	e = folder_of(r, in->parent, &space, &f.parent);
	if (space || e == ERR_ROOT_FOLDER)
		return ERR_OUTSIDE_PROJECT;
	return reply_folder(r, e ? e : folder_create(&r->tx, &f, &made), folder_out, NULL, &made);
}

/* Whoever asks for another organization, in which fewer would see the project, is told. */
static enum err own_organization(struct req *r, const char *rids)
{
	struct json *list = js_read(r->arena, rids), *unknown = js_array(r->arena);
	struct id id;

	for (size_t i = 0; i < js_length(list); i++)
		if (!id_parse(js_str(js_at(list, i)), RID_ORGANIZATION, &id) || !id_equal(&id, &r->who.organization))
			js_add(unknown, js_at(list, i));
	js_put(r->told, "organizationRids", unknown);
	return js_length(unknown) ? ERR_ORGANIZATION_NOT_FOUND : OK;
}

/* Nor is anything granted that is not kept: the roles asked for are told. */
static enum err no_roles(struct req *r, const struct folder_in *in)
{
	struct json *grants = js_read(r->arena, in->grants), *roles = js_read(r->arena, in->roles), *all = js_array(r->arena), *value;
	const char *role;
	void *it = NULL;

	while (grants && js_next(grants, &it, &role, &value))
		js_add(all, js_string(r->arena, role));
	for (size_t i = 0; i < js_length(roles); i++)
		js_add(all, js_at(roles, i));
	js_put(r->told, "requestedRoleIds", all);
	return js_length(all) ? ERR_ROLE_GRANTS : OK;
}

static enum err create_project(struct req *r)
{
	const struct folder_in *in = r->in;
	struct folder f = { .name = in->name, .description = in->description }, made;
	struct id space;
	enum err e;

	tell(r, "spaceRid", in->parent);
	if (!in->name_set)
		return ERR_NO_DISPLAY_NAME;
	if ((e = display_name(r, in->name)) || (e = rid_of(r, "spaceRid", in->parent, RID_SPACE, &space)))
		return e;
	if (!id_equal(&space, &r->who.organization))
		return ERR_SPACE_NOT_FOUND;
	if ((e = own_organization(r, in->organizations)) || (e = no_roles(r, in)))
		return e;
	e = folder_create(&r->tx, &f, &made);
	return reply_folder(r, e == ERR_FOLDER_NAME_TAKEN ? ERR_PROJECT_NAME_TAKEN : e, project_out, NULL, &made);
}

static enum err get_project(struct req *r)
{
	struct id id = req_id(r, 0, RID_FOLDER);
	struct folder f;
	enum err e = folder_get(&r->tx, &id, &f);

	return reply_folder(r, e == ERR_FOLDER_NOT_FOUND || (!e && !f.project) ? ERR_PROJECT_NOT_FOUND : e, project_out, NULL, &f);
}

/* ---- Children ---- */

struct children_query { struct page_query page; };
static const struct shape children_query[] = { PAGE_ROWS(struct children_query), { 0 } };
static const struct shape children_out[] = PAGE_OUT(resource_out);
enum { CHILDREN_MOST = 2000 };

static struct node_view view_child(const struct req *r, const struct child *c, const struct node_view *in)
{
	bool archived = c->folder ? c->life.state != STATE_FOLDER_ACTIVE : c->life.state == STATE_MODEL_ARCHIVED;
	struct node_view v = view(r, resource_types[!c->folder], &c->life, archived, c->name, c->description, in->path,
		&c->created_by, &c->updated_by);

	v.rid = id_spell(r->arena, c->folder ? RID_FOLDER : RID_MODEL, &c->life.id);
	v.parent = in->rid;
	v.project = in->project ? in->project : v.rid;   /* in a space there are projects */
	v.created_at = c->created_at;
	v.updated_at = c->updated_at;
	return v;
}

/* The folder whose children are asked for; the space: *id zero. */
static enum err parent_of_children(struct req *r, struct id *id, struct node_view *out)
{
	const char *name;
	struct folder f;
	int64_t since;
	bool space;
	enum err e = folder_of(r, r->vars[0], &space, id);

	if (!e && space)
		e = space_get(&r->tx, &name, &since);
	else if (!e)
		e = folder_get(&r->tx, id, &f);
	if (e)
		return e;
	*out = space ? (struct node_view){ .rid = space_rid(r), .path = arena_printf(r->arena, "/%s", name) } : view_folder(r, &f, "FOLDER");
	return OK;
}

static enum err children(struct req *r)
{
	const struct children_query *q = r->query;
	struct node_view in, *views;
	struct id id, after = { { 0 } };
	struct child *all;
	int64_t limit;
	bool more;
	size_t n;
	enum err e;

	if ((e = page_asked(r, &q->page, "", CHILDREN_MOST, &limit, &after, sizeof after))
	 || (e = parent_of_children(r, &id, &in)) || (e = folder_children(&r->tx, &id, &after, limit, &all, &n, &more)))
		return e;
	views = arena_alloc(r->arena, (n + 1) * sizeof *views);
	for (size_t i = 0; i < n; i++)
		views[i] = view_child(r, &all[i], &in);
	res_shape(r, 200, children_out, &(struct page_view){ { views, n, sizeof *views },
		page_token(r, "", more, n ? &all[n - 1].life.id : NULL, sizeof after) }, 0);
	return OK;
}

/* ---- The space ---- */

struct space_view { const char *rid, *name, *path, *file_system, *account, *organizations, *roles; };
#define S(field) AT(struct space_view, field)
static const struct shape space_out[] = {
	{ "rid", T_STR, S(rid) },
	{ "displayName", T_STR, S(name) },
	{ "path", T_STR, S(path) },
	{ "fileSystemId", T_STR, S(file_system) },
	{ "usageAccountRid", T_STR, S(account) },
	{ "organizations", T_STRINGS, S(organizations) },
	{ "deletionPolicyOrganizations", T_STRINGS, S(organizations) },
	{ "defaultRoleSetId", T_STR, S(roles) },
	{ 0 }
};
static const struct shape spaces_out[] = PAGE_OUT(space_out);

static enum err spaces(struct req *r)
{
	const struct children_query *q = r->query;
	const struct id *org = &r->who.organization;
	struct json *organizations = js_array(r->arena);
	struct space_view v;
	struct id after;
	const char *name;
	int64_t limit, since;
	enum err e;

	if ((e = page_asked(r, &q->page, "", 1, &limit, &after, sizeof after)) || (e = space_get(&r->tx, &name, &since)))
		return e;
	js_add(organizations, js_string(r->arena, id_spell(r->arena, RID_ORGANIZATION, org)));
	v = (struct space_view){ space_rid(r), name, arena_printf(r->arena, "/%s", name), "main",
		id_spell(r->arena, "ri.resource-policy-manager.main.usage-account.", org), js_text(organizations, NULL), "main" };
	res_shape(r, 200, spaces_out, &(struct page_view){ { &v, 1, sizeof v }, NULL }, 0);
	return OK;
}

/* ---- Resources ---- */

/* What kinds of resources there are, and what can be done to them here: a name that is
 * not found and a state that is not right are said of the resource. */
enum kind { KIND_FOLDER, KIND_MODEL, KIND_VERSION, KIND_SPACE, KIND_NONE };
static enum kind kind_of(const char *rid, struct id *id)
{
	static const char *const prefixes[] = { [KIND_FOLDER] = RID_FOLDER, [KIND_MODEL] = RID_MODEL, [KIND_VERSION] = RID_VERSION, [KIND_SPACE] = RID_SPACE };

	for (enum kind k = KIND_FOLDER; k < KIND_NONE; k++)
		if (id_parse(rid, prefixes[k], id))
			return k;
	return KIND_NONE;
}

static enum err of_resource(enum err e)
{
	switch (e) {
	case ERR_FOLDER_NOT_FOUND:
	case ERR_MODEL_NOT_FOUND:
	case ERR_MODEL_RETIRED:
	case ERR_VERSION_NOT_FOUND:
		return ERR_RESOURCE_NOT_FOUND;
	default:
		return e;
	}
}

static enum err get_model(struct req *r, const struct id *id)
{
	struct folder where;
	struct node_view in, v;
	struct id updated_by;
	struct model m;
	enum err e = model_place(&r->tx, id, &m, &where, &updated_by);

	if (e)
		return e;
	in = view_folder(r, &where, "FOLDER");
	v = view_child(r, &(struct child){ false, m.life, m.name, m.description, m.life.whose, updated_by, m.life.created, m.life.changed }, &in);
	res_shape(r, 200, resource_out, &v, m.life.revision);
	return OK;
}

/* A version lies beside its model and under its name. */
static enum err get_version(struct req *r, const struct id *id)
{
	struct folder where;
	struct node_view in, v;
	struct id updated_by;
	struct version version;
	struct model m;
	enum err e = version_find(&r->tx, id, &version);

	if (e || (e = model_place(&r->tx, &version.model, &m, &where, &updated_by)))
		return e;
	in = view_folder(r, &where, "FOLDER");
	in.path = arena_printf(r->arena, "%s/%s", in.path, m.name);
	v = view_child(r, &(struct child){ false, m.life, arena_printf(r->arena, "Version %lld", (long long)version.number), NULL,
		version.created_by, version.created_by, version.life.created, version.life.created }, &in);
	v.rid = id_spell(r->arena, RID_VERSION, &version.life.id);
	v.type = "MODELS_MODEL_VERSION";
	v.trash = trash_words[m.life.state == STATE_MODEL_ARCHIVED ? 2 : 0];
	res_shape(r, 200, resource_out, &v, version.life.revision);
	return OK;
}

static enum err get_resource(struct req *r)
{
	struct folder f;
	struct id id;

	switch (kind_of(r->vars[0], &id)) {
	case KIND_FOLDER:
		return of_resource(reply_folder(r, folder_get(&r->tx, &id, &f), resource_out, "COMPASS_FOLDER", &f));
	case KIND_MODEL:
		return of_resource(get_model(r, &id));
	case KIND_VERSION:
		return of_resource(get_version(r, &id));
	case KIND_SPACE:
		tell(r, "spaceRid", r->vars[0]);
		return id_equal(&id, &r->who.organization) ? ERR_SPACE_RESOURCE : ERR_RESOURCE_NOT_FOUND;
	case KIND_NONE:
		break;
	}
	return strcmp(r->vars[0], RID_ROOT) ? ERR_RESOURCE_NOT_FOUND : ERR_ROOT_FOLDER;
}

struct path_query { const char *path; };
static const struct shape path_query[] = {
	{ "path", T_STR, AT(struct path_query, path), .flags = F_REQUIRED, .help = "from the space down, `/Space/Project/Folder/Model`; the first slash may be left out" },
	{ 0 }
};

/* The names of a path; more than a path has room for are none. */
static enum err names_of(struct req *r, const char *path, const char *names[FOLDER_PATH_MOST / 2], size_t *n)
{
	for (*n = 0; *path; path += *path == '/') {
		size_t length = strcspn(path, "/");

		if (!length || !strcmp(path + length, "/"))
			return ERR_PATH;
		if (*n == FOLDER_PATH_MOST / 2)
			return ERR_PATH_NOT_FOUND;
		names[(*n)++] = arena_strndup(r->arena, path, length);
		path += length;
	}
	return OK;
}

static enum err get_by_path(struct req *r)
{
	const struct path_query *q = r->query;
	const char **names = arena_alloc(r->arena, FOLDER_PATH_MOST / 2 * sizeof *names), *space;
	struct folder f;
	struct id id;
	bool folder;
	int64_t since;
	size_t n;
	enum err e;

	tell(r, "path", q->path);
	tell(r, "spaceRid", space_rid(r));
	if ((e = names_of(r, q->path + (*q->path == '/'), names, &n)) || (e = space_get(&r->tx, &space, &since)))
		return e;
	if (!n)
		return ERR_ROOT_FOLDER;
	if (strcmp(names[0], space))
		return ERR_PATH_NOT_FOUND;
	if (n == 1)
		return ERR_SPACE_RESOURCE;
	if ((e = path_find(&r->tx, names + 1, n - 1, &folder, &id)))
		return e;
	e = folder ? reply_folder(r, folder_get(&r->tx, &id, &f), resource_out, "COMPASS_FOLDER", &f) : get_model(r, &id);
	return of_resource(e) == ERR_RESOURCE_NOT_FOUND ? ERR_PATH_NOT_FOUND : e;
}

/* One change, of a folder or of a model. */
static enum err change(struct req *r, enum err (*folder)(struct tx *, const struct id *),
	enum err (*model)(struct tx *, const struct id *, struct model *))
{
	struct version version;
	struct model m;
	struct id id;
	enum err e = ERR_RESOURCE_NOT_FOUND;

	switch (kind_of(r->vars[0], &id)) {
	case KIND_FOLDER:
		e = folder(&r->tx, &id);
		break;
	case KIND_MODEL:
		e = model(&r->tx, &id, &m);
		break;
	case KIND_VERSION:
		if (!(e = version_find(&r->tx, &id, &version)) && !(e = life_hold(&r->tx, RES_MODEL, BY_ID(&version.model), &m)))
			e = ERR_VERSION_RESOURCE;
		break;
	case KIND_SPACE:
		tell(r, "spaceRid", r->vars[0]);
		e = id_equal(&id, &r->who.organization) ? ERR_SPACE_RESOURCE : ERR_RESOURCE_NOT_FOUND;
		break;
	case KIND_NONE:
		break;
	}
	if ((e = of_resource(e)))
		return e;
	res_body(r, 204, NULL, NULL, 0);
	return OK;
}

/* What is in the trash already stays there: a repeated DELETE changes nothing. */
static enum err trash(struct req *r)
{
	enum err e = change(r, folder_archive, model_archive);

	if (e != ERR_FOLDER_ARCHIVED && e != ERR_MODEL_ARCHIVED)
		return e;
	res_body(r, 204, NULL, NULL, 0);
	return OK;
}

static enum err restore(struct req *r)
{
	enum err e = change(r, folder_restore, model_unarchive);

	return e == ERR_MODEL_NOT_ARCHIVED || e == ERR_FOLDER_NOT_ARCHIVED ? ERR_NOT_DIRECTLY_TRASHED : e;
}

static enum err delete(struct req *r)
{
	enum err e = change(r, folder_delete, model_retire);

	return e == ERR_MODEL_NOT_ARCHIVED || e == ERR_FOLDER_NOT_ARCHIVED ? ERR_NOT_TRASHED : e;
}

/* ---- Tables ---- */

#define BASE "/api/v2/filesystem"
#define FOLDERS BASE "/folders"
#define ONE FOLDERS "/{folderRid}"
#define RESOURCE_ BASE "/resources/{resourceRid}"
#define READ(address) "GET", address, PERM_MODEL_READ, R_UNRETIRED, .scope = SCOPE_FILES_READ
#define WRITE(method, address) method, address, PERM_MODEL_WRITE, R_WRITE | R_UNRETIRED, .scope = SCOPE_FILES_WRITE
#define FOLDER_ERRORS "RID ROOT_FOLDER NOT_A_FOLDER FOLDER_NOT_FOUND "
#define RESOURCE_ERRORS "RID ROOT_FOLDER SPACE_RESOURCE RESOURCE_NOT_FOUND "
#define CHANGE_ERRORS RESOURCE_ERRORS "VERSION_RESOURCE "
const struct route filesystem_routes[] = {
	{ READ(BASE "/spaces"), QUERY(children_query, struct children_query), .status = 200, .out = spaces_out, .run = spaces,
	  .summary = "The space of the organization", .errors = "PAGE_SIZE PAGE_TOKEN" },
	{ WRITE("POST", BASE "/projects/create"), BODY(project_in, struct folder_in), .status = 200, .out = project_out, .run = create_project,
	  .denied = DENIED("CreateProjectPermissionDenied", "Could not create the Project.", ""), .summary = "Create a project in the space",
	  .errors = "RID NO_DISPLAY_NAME DISPLAY_NAME SPACE_NOT_FOUND ORGANIZATION_NOT_FOUND ROLE_GRANTS PROJECT_NAME_TAKEN QUOTA" },
	{ READ(BASE "/projects/{projectRid}"), .status = 200, .out = project_out, .run = get_project, .summary = "One project of the space",
	  .errors = "RID PROJECT_NOT_FOUND" },
	{ WRITE("POST", FOLDERS), BODY(folder_in, struct folder_in), .status = 200, .out = folder_out, .run = create_folder,
	  .denied = DENIED("CreateFolderPermissionDenied", "Could not create the Folder.", ""), .summary = "Create a folder",
	  .errors = FOLDER_ERRORS "NO_DISPLAY_NAME DISPLAY_NAME OUTSIDE_PROJECT FOLDER_NAME_TAKEN QUOTA" },
	{ READ(ONE), .status = 200, .out = folder_out, .run = get_folder, .summary = "One folder, project or space", .errors = FOLDER_ERRORS },
	{ READ(ONE "/children"), QUERY(children_query, struct children_query), .status = 200, .out = children_out, .run = children,
	  .summary = "What lies in a folder, oldest first, without the trash", .errors = FOLDER_ERRORS "PAGE_SIZE PAGE_TOKEN" },
	{ READ(RESOURCE_), .status = 200, .out = resource_out, .run = get_resource, .summary = "One folder, model or version as a resource",
	  .errors = RESOURCE_ERRORS },
	{ READ(BASE "/resources/getByPath"), QUERY(path_query, struct path_query), .status = 200, .out = resource_out, .run = get_by_path,
	  .denied = DENIED("GetByPathPermissionDenied", "Could not getByPath the Resource.", ""),
	  .summary = "One folder or model by its path", .errors = "ROOT_FOLDER SPACE_RESOURCE PATH PATH_NOT_FOUND" },
	{ WRITE("DELETE", RESOURCE_), .status = 204, .run = trash, .moves = { LIFE_FOLDER_ARCHIVE },
	  .denied = DENIED("DeleteResourcePermissionDenied", "Could not delete the Resource.", "resourceRid"),
	  .summary = "Move to the trash: archive", .errors = CHANGE_ERRORS "FOLDER_NOT_EMPTY FOLDER_HOME MODEL_TRAINING" },
	{ WRITE("POST", RESOURCE_ "/restore"), .status = 204, .run = restore, .moves = { LIFE_FOLDER_RESTORE },
	  .denied = DENIED("RestoreResourcePermissionDenied", "Could not restore the Resource.", "resourceRid"),
	  .summary = "Take from the trash: unarchive", .errors = CHANGE_ERRORS "NOT_DIRECTLY_TRASHED" },
	{ WRITE("POST", RESOURCE_ "/permanentlyDelete"), .status = 204, .run = delete, .moves = { LIFE_FOLDER_DELETE, LIFE_MODEL_RETIRE },
	  .denied = DENIED("PermanentlyDeleteResourcePermissionDenied", "Could not permanentlyDelete the Resource.", "resourceRid"),
	  .summary = "Delete from the trash for good: retire; takes an owner", .errors = CHANGE_ERRORS "NOT_TRASHED OWNER_ONLY AGENT_DENIED" },
	{ 0 }
};
