/* dom_folder.c: see dom_folder.h.  What changes with all that lies in it is in dom_trash.c. */
#include "dom_folder.h"
#include <string.h>
#include "log.h"
#include "str.h"

#define HOME_NAME "Models"

const char *folder_name_fault(struct arena *a, const char *s)
{
	(void)a;
	return *s && utf8_length(s) <= FOLDER_NAME_MOST && strcmp(s, ".") && strcmp(s, "..") && !strchr(s, '/') && !name_fault(s) ? NULL
		: "is not a valid display name";
}

enum err folder_get(struct tx *tx, const struct db_val *key, void *out)
{
	return life_read(tx, RES_FOLDER, key, out);
}

enum err project_folder(struct tx *tx, const struct db_val *key, void *out)
{
	const struct folder *f = out;
	enum err e = folder_get(tx, key, out);

	return e || f->project ? e : ERR_FOLDER_NOT_FOUND;
}

enum err folder_enter(struct tx *tx, const struct id *id)
{
	int64_t there;
	enum err e;

	/* The home is never archived, and not a row for everybody to wait at. */
	if (id_is_zero(id) || id_equal(id, &tx->who->organization))
		return OK;
	e = db_exec(tx->db, SQL_FOLDER_TOUCH, DB_IN(db_d(&tx->who->organization), db_d(id)), &there);
	return e ? e : there ? OK : ERR_FOLDER_NOT_FOUND;
}

static enum err add(struct tx *tx, struct folder *f)
{
	f->kind = f->project ? "project" : "folder";
	return life_create(tx, LIFE_FOLDER_CREATE, &f->life, NULL);
}

enum err folder_home(struct tx *tx, const struct id *organization)
{
	struct folder f = { .life = { .organization = *organization, .id = *organization }, .project = true, .of = *organization,
		.name = HOME_NAME, .path = "/" HOME_NAME };

	return add(tx, &f);
}

enum err folder_create(struct tx *tx, const struct folder *in, struct folder *out)
{
	static const struct column place[] = PICK_MAP(FOLDER_PLACE_PICK, struct folder);
	enum err e;

	*out = *in;
	if ((e = folder_enter(tx, &in->parent)) || (e = who_may(tx->who, tx->ask)))
		return e;
	life_begin(tx, &out->life);
	out->project = id_is_zero(&in->parent);
	out->of = out->life.id;
	out->path = "";
	if (!out->project && (e = tx_one(tx, SQL_FOLDER_PLACE, DB_IN(db_d(&tx->who->organization), db_d(&in->parent)), place, out)))
		return e;
	out->path = arena_printf(tx->arena, "%s/%s", out->path, in->name);
	if (strlen(out->path) > FOLDER_PATH_MOST)
		return ERR_DISPLAY_NAME;
	return (e = add(tx, out)) ? e : folder_get(tx, BY_ID(&out->life.id), out);
}

/* What lies in a folder, or in the space: where that is.  out: its life, node and name are given. */
static void holds(struct tx *tx, const struct folder *in, struct folder *out)
{
	const bool space = in->node == NODE_SPACE;

	out->parent = space ? id_none : in->life.id;
	out->of = space ? out->life.id : in->of;
	out->space = in->space;
	out->path = arena_printf(tx->arena, "%s/%s", in->path, out->name);
}

/* A model, the folder it lies in, and who changed it last. */
static enum err place(struct tx *tx, const struct db_val *key, struct model *m, struct folder *where, struct id *updated_by)
{
	static const struct column changed[] = { { ROW_d0, 0 }, { ROW_END, 0 } };
	const struct db_val *v;
	enum err e = life_read_by(tx, RES_MODEL, SQL_MODEL_PLACE, key, 1, m, &v);

	if (e)
		return e;
	v = row_read(changed, RES__MAX, v, updated_by);
	if (v->null) {
		log_error(LOG_ERROR, "a model lies in a folder that is not there; see thaw audit verify");
		return ERR_INTERNAL;
	}
	v = row_read(life_resources[RES_FOLDER].locked, RES_FOLDER, life_take(RES_FOLDER, v, where), where);
	(void)row_read(life_resources[RES_FOLDER].seen, RES_FOLDER, v, where);
	return OK;
}

static enum err model_node(struct tx *tx, const struct db_val *key, void *out)
{
	struct folder *node = out, where;
	struct id updated_by;
	struct model m;
	enum err e = place(tx, key, &m, &where, &updated_by);

	if (e)
		return e;
	*node = (struct folder){ .life = m.life, .node = NODE_MODEL, .name = m.name, .description = m.description, .updated_by = updated_by,
		.trashed = m.trashed };
	holds(tx, &where, node);
	return OK;
}

static enum err version_node(struct tx *tx, const struct db_val *key, void *out)
{
	struct folder *node = out, where;
	struct version v;
	struct model m;
	struct id other;
	enum err e = version_find(tx, &key->id, &v);

	if (e || (e = place(tx, BY_ID(&v.model), &m, &where, &other)))
		return e;
	*node = (struct folder){ .life = v.life, .inside = v.model, .node = NODE_VERSION, .updated_by = v.created_by,
		.name = arena_printf(tx->arena, "Version %lld", (long long)v.number) };
	node->life.whose = v.created_by;
	node->life.changed = v.life.created;
	node->life.state = m.life.state;
	where.path = arena_printf(tx->arena, "%s/%s", where.path, m.name);
	holds(tx, &where, node);
	return OK;
}

static enum err space_get(struct tx *tx, void *out)
{
	const struct id *self = &tx->who->organization;
	struct folder *space = out;
	static const struct column map[] = PICK_MAP(SPACE_PICK, struct folder);
	enum err e;

	*space = (struct folder){ .life = { .organization = *self, .id = *self }, .node = NODE_SPACE, .path = "" };
	if ((e = tx_read_one(tx, SQL_SPACE_GET, DB_IN(db_d(self), db_d(&tx->who->principal)), map, space)))
		return e;
	space->space = space->name;
	space->life.changed = space->life.created;
	return who_may(tx->who, tx->ask);
}

enum err space_named(struct tx *tx, const struct db_val *key, void *out)
{
	return key[1].i == NODE_SPACE && node_is_own_space(tx, key) ? space_get(tx, out) : ERR_SPACE_NOT_FOUND;
}

enum err spaces(struct tx *tx, struct list_ask *ask, struct list_got *got)
{
	(void)ask;
	*got = (struct list_got){ .rows = ARENA_NEW(tx->arena, struct folder), .n = 1 };
	return space_get(tx, got->rows);
}

/* ---- By what an identifier or a path names ---- */

bool node_is_own_space(struct tx *tx, const struct db_val *key)
{
	return id_equal(&key->id, &tx->who->organization);
}

enum err node_get(struct tx *tx, const struct db_val *key, void *out)
{
	switch ((enum node)key[1].i) {
	case NODE_FOLDER:
		return folder_get(tx, key, out);
	case NODE_MODEL:
		return model_node(tx, key, out);
	case NODE_VERSION:
		return version_node(tx, key, out);
	case NODE_SPACE:
		return node_is_own_space(tx, key) ? ERR_SPACE_RESOURCE : ERR_RESOURCE_NOT_FOUND;
	case NODE_ROOT:
		return ERR_ROOT_FOLDER;
	case NODE_LOST: case NODE_NONE:
		break;
	}
	return ERR_RESOURCE_NOT_FOUND;
}

/* Where a folder is meant. */
enum err node_is_folder(struct tx *tx, const struct db_val *key)
{
	switch ((enum node)key[1].i) {
	case NODE_FOLDER:
		return OK;
	case NODE_SPACE:
		return node_is_own_space(tx, key) ? OK : ERR_FOLDER_NOT_FOUND;
	case NODE_ROOT:
		return ERR_ROOT_FOLDER;
	case NODE_LOST:
		return ERR_FOLDER_NOT_FOUND;
	case NODE_MODEL: case NODE_VERSION: case NODE_NONE:
		break;
	}
	return ERR_NOT_A_FOLDER;
}

enum err folder_node(struct tx *tx, const struct db_val *key, void *out)
{
	enum err e = node_is_folder(tx, key);

	return e ? e : key[1].i == NODE_SPACE ? space_get(tx, out) : folder_get(tx, key, out);
}

enum err folder_create_in(struct tx *tx, const struct db_val *parent, const char *name, struct folder *out)
{
	enum err e = parent[1].i == NODE_SPACE || parent[1].i == NODE_ROOT ? ERR_OUTSIDE_PROJECT : node_is_folder(tx, parent);

	return e ? e : folder_create(tx, &(struct folder){ .name = name, .parent = parent->id }, out);
}

/* What the statement finds: as it is shown. */
struct row { struct folder f; const char *status; };

static void shown(struct tx *tx, const struct folder *in, const struct row *row, struct folder *out)
{
	const bool folder = !strcmp(row->f.kind, "folder");

	*out = row->f;
	out->node = folder ? NODE_FOLDER : NODE_MODEL;
	out->life.organization = tx->who->organization;
	out->life.state = life_state(folder ? RES_FOLDER : RES_MODEL, row->status);
	holds(tx, in, out);
}

enum err folder_children(struct tx *tx, struct list_ask *ask, struct list_got *got)
{
	static const struct column map[] = PICK_MAP(CHILD_PICK, struct row);
	static const struct id zero, nowhere = { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" };       /* the latter: of no folder */
	const struct id *self = &tx->who->organization;
	const bool space = ask->kind == NODE_SPACE;
	const unsigned kinds = ask->only & (CHILDREN_FOLDERS | CHILDREN_MODELS);
	/* What zeros are differs: the parent of projects, and the folder of models that lie in
	 * the home, whose id no model names.  So the space has no models. */
	const struct db_val org = db_d(self), me = db_d(&tx->who->principal),
		in = db_d(kinds == CHILDREN_MODELS ? &nowhere : space ? &zero : &ask->parent),
		of = db_d(kinds == CHILDREN_FOLDERS ? &nowhere : space ? self : id_equal(&ask->parent, self) ? &zero : &ask->parent),
		from = ask->place[0].t ? ask->place[0] : db_d(&zero), most = db_i(ask->limit + 1);
	const enum sql sql = ask->only & CHILDREN_TRASHED ? SQL_FOLDER_TRASHED_CHILDREN : SQL_FOLDER_CHILDREN;
	struct folder where, *out;
	struct row *all;
	struct db_rows r;
	enum err e;

	if ((e = folder_node(tx, (const struct db_val[]){ db_d(&ask->parent), db_i(ask->kind) }, &where))
	 || (e = tx_part(tx, sql, DB_IN(org, in, from, most, org, of, from, most, me, org, org, me, org, org, of, from, most,
		org, of, from, org, me, most, most, org), &r)))
		return e;
	*got = (struct list_got){ .n = r.n > (size_t)ask->limit ? (size_t)ask->limit : r.n, .more = r.cut || r.n > (size_t)ask->limit };
	all = row_array(tx->arena, &r, map, sizeof *all);
	got->rows = out = arena_alloc(tx->arena, (got->n + 1) * sizeof *out);
	for (size_t i = 0; i < got->n; i++)
		shown(tx, &where, &all[i], &out[i]);
	return OK;
}

/* The names of a path; more than a path has room for are none. */
static enum err names_of(struct tx *tx, const char *path, const char *names[FOLDER_PATH_MOST / 2], size_t *n)
{
	for (*n = 0; *path; path += *path == '/') {
		size_t length = strcspn(path, "/");

		if (!length || !strcmp(path + length, "/"))
			return ERR_PATH;
		if (*n == FOLDER_PATH_MOST / 2)
			return ERR_PATH_NOT_FOUND;
		names[(*n)++] = arena_strndup(tx->arena, path, length);
		path += length;
	}
	return OK;
}

/* A model that lies there and whose name the rest of a path is: in the name of a model a slash is one.  ERR_DB_NONE. */
static enum err model_at(struct tx *tx, const struct id *in, const char *const *names, size_t n, struct id *out)
{
	struct named { struct id id, folder; } m;
	static const struct column map[] = PICK_MAP(MODEL_NAMED_PICK, struct named);
	struct buf name = { .arena = tx->arena };
	enum err e;

	for (size_t i = 0; i < n; i++)
		buf_printf(&name, "%s%s", i ? "/" : "", names[i]);
	if ((e = tx_one(tx, SQL_MODEL_NAMED, DB_IN(db_d(&tx->who->organization), db_s(name.p)), map, &m)))
		return e;
	*out = m.id;
	/* One that lies in the home names no folder. */
	return id_equal(in, id_is_zero(&m.folder) ? &tx->who->organization : &m.folder) ? OK : ERR_DB_NONE;
}

/* What lies in the space at those names, from the project down: a folder, or a model in the deepest folder
 * that has one; of two of one name the folder. */
static enum err find(struct tx *tx, const char *const *names, size_t n, struct db_val out[2])
{
	struct id *at = arena_alloc(tx->arena, (n + 1) * sizeof *at), found = id_none;       /* the folders that the path leads through */
	size_t i = 0;
	enum err e = OK;

	at[0] = id_none;
	while (i < n && !(e = tx_id(tx, SQL_FOLDER_NAMED, DB_IN(db_d(&tx->who->organization), db_d(&at[i]), db_s(names[i])), &at[i + 1])))
		i++;
	if (!e) {
		out[0] = db_d(&at[n]);
		out[1] = db_i(NODE_FOLDER);
		return OK;
	}
	for (; i && e == ERR_DB_NONE; i--)
		e = model_at(tx, &at[i], names + i, n - i, &found);
	out[0] = db_d(&found);
	out[1] = db_i(NODE_MODEL);
	return e == ERR_DB_NONE ? ERR_PATH_NOT_FOUND : e;
}

enum err path_get(struct tx *tx, const struct db_val *key, void *out)
{
	const char **names = arena_alloc(tx->arena, FOLDER_PATH_MOST / 2 * sizeof *names), *path = key->s;
	struct db_val found[2];
	struct folder space;
	size_t n;
	enum err e;

	if ((e = names_of(tx, path + (*path == '/'), names, &n)) || (e = space_get(tx, &space)))
		return e;
	if (!n)
		return ERR_ROOT_FOLDER;
	if (strcmp(names[0], space.name))
		return ERR_PATH_NOT_FOUND;
	if (n == 1)
		return ERR_SPACE_RESOURCE;
	return (e = find(tx, names + 1, n - 1, found)) ? e : node_get(tx, found, out);
}
