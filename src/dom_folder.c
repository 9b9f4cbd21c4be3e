/* dom_folder.c: see dom_folder.h.  No cascades: what has something living in it cannot be
 * archived, so that whatever lies in the trash was put there itself. */
#include "dom_folder.h"
#include <string.h>
#include "log.h"
#include "str.h"

#define HOME_NAME "Models"

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

static enum err may_archive(struct tx *tx, const struct folder *f)
{
	const struct db_val org = db_d(&tx->who->organization), in = db_d(&f->life.id);
	int64_t living;
	enum err e;

	if (id_equal(&f->life.id, &tx->who->organization))
		return ERR_FOLDER_HOME;
	if (f->life.state != STATE_FOLDER_ACTIVE)
		return OK;
	e = tx_int(tx, SQL_FOLDER_LIVING, DB_IN(org, in, org, in), &living);
	return e ? e : living ? ERR_FOLDER_NOT_EMPTY : OK;
}

enum err folder_change(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct folder *f = out;
	enum err e = life_lock(tx, RES_FOLDER, key, f);

	(void)in;
	if (!e && t == LIFE_FOLDER_ARCHIVE)
		e = may_archive(tx, f);
	return e ? e : life_move(tx, t, &f->life, NULL);
}

enum err folder_children(struct tx *tx, const struct id *parent, const struct id *after, int64_t limit,
	struct child **out, size_t *n, bool *more)
{
	struct row { struct child child; const char *kind, *status; } *all;
	static const struct column map[] = PICK_MAP(CHILD_PICK, struct row);
	static const struct id home;
	const struct id *self = &tx->who->organization;
	const struct db_val org = db_d(self), me = db_d(&tx->who->principal), in = db_d(parent), from = db_d(after), most = db_i(limit + 1);
	/* What zeros are differs: the parent of projects, and the folder of models that lie in
	 * the home, whose id no model names.  So the space has no models. */
	const struct db_val of = db_d(id_equal(parent, self) ? &home : id_is_zero(parent) ? self : parent);
	struct db_rows r;
	enum err e = tx_part(tx, SQL_FOLDER_CHILDREN, DB_IN(org, in, from, most, org, of, from, most, org, of, from, org, me, most,
		org, of, from, org, me, most, most, org), &r);

	if (e)
		return e;
	*more = r.cut || r.n > (size_t)limit;
	*n = r.n > (size_t)limit ? (size_t)limit : r.n;
	all = row_array(tx->arena, &r, map, sizeof *all);
	*out = arena_alloc(tx->arena, (*n + 1) * sizeof **out);
	for (size_t i = 0; i < *n; i++) {
		struct child *c = &(*out)[i];

		*c = all[i].child;
		c->folder = !strcmp(all[i].kind, "folder");
		c->life.organization = tx->who->organization;
		c->life.state = life_state(c->folder ? RES_FOLDER : RES_MODEL, all[i].status);
	}
	return OK;
}

enum err path_find(struct tx *tx, const char *const *names, size_t n, bool *folder, struct id *out)
{
	struct named { struct id id, folder; } m;
	static const struct column map[] = PICK_MAP(MODEL_NAMED_PICK, struct named);
	const struct db_val org = db_d(&tx->who->organization);
	struct id in = id_none;
	size_t i = 0;
	enum err e = OK;

	while (i < n && !(e = tx_id(tx, SQL_FOLDER_NAMED, DB_IN(org, db_d(&in), db_s(names[i])), &in)))
		i++;
	*folder = !e;
	*out = in;
	if (e != ERR_DB_NONE)
		return e;
	/* The last name may be a model's; one that lies in the home names no folder. */
	if (!i || i + 1 < n || (e = tx_one(tx, SQL_MODEL_NAMED, DB_IN(org, db_s(names[i])), map, &m)))
		return e == ERR_DB_NONE ? ERR_PATH_NOT_FOUND : e;
	*out = m.id;
	return id_equal(&in, id_is_zero(&m.folder) ? &tx->who->organization : &m.folder) ? OK : ERR_PATH_NOT_FOUND;
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

void folder_child(struct tx *tx, const struct folder *in, const struct child *c, struct folder *out)
{
	*out = (struct folder){ .life = c->life, .node = c->folder ? NODE_FOLDER : NODE_MODEL, .name = c->name, .description = c->description,
		.updated_by = c->updated_by };
	out->life.whose = c->created_by;
	out->life.created = c->created_at;
	out->life.changed = c->updated_at;
	holds(tx, in, out);
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

enum err model_node(struct tx *tx, const struct db_val *key, void *out)
{
	struct folder *node = out, where;
	struct id updated_by;
	struct model m;
	enum err e = place(tx, key, &m, &where, &updated_by);

	if (e)
		return e;
	*node = (struct folder){ .life = m.life, .node = NODE_MODEL, .name = m.name, .description = m.description, .updated_by = updated_by };
	holds(tx, &where, node);
	return OK;
}

enum err version_node(struct tx *tx, const struct db_val *key, void *out)
{
	struct folder *node = out, where;
	struct version v;
	struct model m;
	struct id other;
	enum err e = version_find(tx, &key->id, &v);

	if (e || (e = place(tx, BY_ID(&v.model), &m, &where, &other)))
		return e;
	*node = (struct folder){ .life = v.life, .node = NODE_VERSION, .updated_by = v.created_by,
		.name = arena_printf(tx->arena, "Version %lld", (long long)v.number) };
	node->life.whose = v.created_by;
	node->life.changed = v.life.created;
	node->life.state = m.life.state;
	where.path = arena_printf(tx->arena, "%s/%s", where.path, m.name);
	holds(tx, &where, node);
	return OK;
}

enum err space_get(struct tx *tx, void *out)
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
