/* api_foundry_batches.c: many folders, resources and users of the foundry dialect at once.  What is not there, or may not
 * be seen, is left out of the answer. */
#include "foundry.h"
#include <string.h>

enum err batch_names(struct req *r, const char *member, const char **out, size_t *n)
{
	const struct json *all = js_read(r->arena, ((const struct batch *)r->in)->all);

	*n = js_length(all);
	if (!*n || *n > BATCH_MOST)
		return why_fault(&r->tx, "body", "must have 1 to 1000 objects");
	for (size_t i = 0; i < *n; i++)
		if (!(out[i] = js_type(js_at(all, i)) == JS_OBJECT ? js_text_of(js_at(all, i), member) : NULL))
			return why_fault(&r->tx, arena_printf(r->arena, "[%zu].%s", i, member), "is required, a string");
	return OK;
}

/* One of them: by its name in the request. */
struct asked { const char *name; struct folder f; };
static const struct shape folder_entry[] = { { "", T_STR, AT(struct asked, name) }, { "", T_SUB, AT(struct asked, f), .sub = foundry_folder_out }, NAMED("FoundryFolderEntry") };
static const struct shape resource_entry[] = { { "", T_STR, AT(struct asked, name) }, { "", T_SUB, AT(struct asked, f), .sub = foundry_resource_out }, NAMED("FoundryResourceEntry") };
static const struct shape folders_out[] = { { "data", T_MAP, AT(struct list, v), .sub = folder_entry, .help = "by their identifiers" }, NAMED("FoundryFolderBatch") };
static const struct shape resources_out[] = { { "data", T_MAP, AT(struct list, v), .sub = resource_entry, .help = "by their identifiers" }, NAMED("FoundryResourceBatch") };
static const struct shape paths_out[] = { { "data", T_LIST, AT(struct list, v), .sub = foundry_resource_out }, NAMED("FoundryResourcePathBatch") };

static bool named_before(const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], names[n]))
			return true;
	return false;
}

/* Where `path` is set it is a path, else an identifier. */
static enum err one(struct req *r, const char *name, bool path, bool folders, struct folder *out)
{
	struct id id = id_none;
	const struct db_val kind = db_i(path ? 0 : (int64_t)id_kind(name, foundry_nodes, &id)), key[] = { path ? db_s(name) : db_d(&id), kind };
	enum err e = path ? path_get(&r->tx, key, out) : folders ? folder_node(&r->tx, key, out) : node_get(&r->tx, key, out);

	return err_row(e)->class == CLASS_NOT_FOUND ? ERR_NOT_FOUND : e;
}

static enum err find(struct req *r, const char *member, bool path, bool folders, struct asked **out, size_t *found)
{
	const char **names = arena_alloc(r->arena, BATCH_MOST * sizeof *names), *fault;
	struct folder space;
	size_t n;
	enum err e = batch_names(r, member, names, &n);

	*found = 0;
	for (size_t i = 0; i < n && !e && !path; i++)
		if ((fault = rid_fault(r->arena, names[i]))) {
			why_add(&r->tx, arena_printf(r->arena, "[%zu].%s", i, member), fault);
			e = ERR_RID;
		}
	/* Whether they may at all, whatever they ask for. */
	if (e || (e = space_named(&r->tx, (const struct db_val[]){ db_d(&r->who.organization), db_i(NODE_SPACE) }, &space)))
		return e;
	*out = arena_alloc(r->arena, n * sizeof **out);
	for (size_t i = 0; i < n; i++) {
		if (!path && named_before(names, i))
			continue;
		(*out)[*found].name = names[i];
		if ((e = one(r, names[i], path, folders, &(*out)[*found].f)) && e != ERR_NOT_FOUND)
			return e;
		*found += !e;
	}
	return OK;
}

static enum err folders(struct req *r)
{
	struct asked *all;
	size_t n;
	enum err e = find(r, "folderRid", false, true, &all, &n);

	if (!e)
		res_shape(r, 200, folders_out, &(struct list){ all, n, sizeof *all }, 0);
	return e;
}

static enum err resources(struct req *r)
{
	struct asked *all;
	size_t n;
	enum err e = find(r, "resourceRid", false, false, &all, &n);

	if (!e)
		res_shape(r, 200, resources_out, &(struct list){ all, n, sizeof *all }, 0);
	return e;
}

static enum err paths(struct req *r)
{
	struct asked *all;
	struct folder *rows;
	size_t n;
	enum err e = find(r, "path", true, false, &all, &n);

	if (e)
		return e;
	rows = arena_alloc(r->arena, (n + 1) * sizeof *rows);
	for (size_t i = 0; i < n; i++)
		rows[i] = all[i].f;
	res_shape(r, 200, paths_out, &(struct list){ rows, n, sizeof *rows }, 0);
	return OK;
}

#define BASE "/api/v2/filesystem"
#define READ(address) "POST", address, PERM_MODEL_READ, R_UNRETIRED, .scope = SCOPE_FILES_READ
static const struct shape folders_in[] = BATCH("FoundryFolderBatchRequest", "1 to 1000 of {folderRid}");
static const struct shape resources_in[] = BATCH("FoundryResourceBatchRequest", "1 to 1000 of {resourceRid}");
static const struct shape paths_in[] = BATCH("FoundryPathBatchRequest", "1 to 1000 of {path}");
const struct route batch_routes[] = {
	{ READ(BASE "/folders/getBatch"), BODY(folders_in, struct batch), .status = 200, .out = folders_out, .run = folders,
	  .summary = "Get many folders; those that do not exist are left out", .errors = "RID ROOT_FOLDER NOT_A_FOLDER" },
	{ READ(BASE "/resources/getBatch"), BODY(resources_in, struct batch), .status = 200, .out = resources_out, .run = resources,
	  .summary = "Get many resources; those that do not exist are left out", .errors = "RID ROOT_FOLDER SPACE_RESOURCE" },
	{ READ(BASE "/resources/getByPathBatch"), BODY(paths_in, struct batch), .status = 200, .out = paths_out, .run = paths,
	  .summary = "Get many resources by their paths; those that do not exist are left out", .errors = "ROOT_FOLDER SPACE_RESOURCE PATH" },
	{ 0 }
};
