/* dom_folder.c: see dom_folder.h.  No cascades: what has something living in it cannot be
 * archived, so that whatever lies in the trash was put there itself. */
#include "dom_folder.h"
#include <string.h>
#include "log.h"
#include "str.h"

#define HOME_NAME "Models"

enum err folder_get(struct tx *tx, const struct id *id, struct folder *out)
{
	return life_read(tx, RES_FOLDER, BY_ID(id), out);
}

static enum err lock(struct tx *tx, const struct id *id, struct folder *out)
{
	return life_lock(tx, RES_FOLDER, BY_ID(id), out);
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
	if (!out->project && (e = row_one(tx, SQL_FOLDER_PLACE, DB_IN(db_d(&tx->who->organization), db_d(&in->parent)), place, out)))
		return e;
	out->path = arena_printf(tx->arena, "%s/%s", out->path, in->name);
	if (strlen(out->path) > FOLDER_PATH_MOST)
		return ERR_DISPLAY_NAME;
	return (e = add(tx, out)) ? e : folder_get(tx, &out->life.id, out);
}

enum err folder_archive(struct tx *tx, const struct id *id)
{
	const struct db_val org = db_d(&tx->who->organization), in = db_d(id);
	int64_t living;
	struct folder f;
	enum err e;

	if ((e = lock(tx, id, &f)))
		return e;
	if (id_equal(id, &tx->who->organization))
		return ERR_FOLDER_HOME;
	if (f.life.state == STATE_FOLDER_ACTIVE) {
		if ((e = row_int(tx, SQL_FOLDER_LIVING, DB_IN(org, in, org, in), &living)))
			return e;
		if (living)
			return ERR_FOLDER_NOT_EMPTY;
	}
	return life_move(tx, LIFE_FOLDER_ARCHIVE, &f.life, NULL);
}

static enum err move(struct tx *tx, const struct id *id, enum transition t)
{
	struct folder f;
	enum err e = lock(tx, id, &f);

	return e ? e : life_move(tx, t, &f.life, NULL);
}

enum err folder_restore(struct tx *tx, const struct id *id)
{
	return move(tx, id, LIFE_FOLDER_RESTORE);
}

enum err folder_delete(struct tx *tx, const struct id *id)
{
	return move(tx, id, LIFE_FOLDER_DELETE);
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
	struct id in = { { 0 } };
	size_t i = 0;
	enum err e = OK;

	while (i < n && !(e = row_id(tx, SQL_FOLDER_NAMED, DB_IN(org, db_d(&in), db_s(names[i])), &in)))
		i++;
	*folder = !e;
	*out = in;
	if (e != ERR_DB_NONE)
		return e;
	/* The last name may be a model's; one that lies in the home names no folder. */
	if (!i || i + 1 < n || (e = row_one(tx, SQL_MODEL_NAMED, DB_IN(org, db_s(names[i])), map, &m)))
		return e == ERR_DB_NONE ? ERR_PATH_NOT_FOUND : e;
	*out = m.id;
	return id_equal(&in, id_is_zero(&m.folder) ? &tx->who->organization : &m.folder) ? OK : ERR_PATH_NOT_FOUND;
}

enum err model_place(struct tx *tx, const struct id *model, struct model *m, struct folder *where, struct id *updated_by)
{
	static const struct column changed[] = { { ROW_d0, 0 }, { ROW_END, 0 } };
	const struct db_val *v;
	enum err e = life_read_by(tx, RES_MODEL, SQL_MODEL_PLACE, DB_IN(db_d(model)), m, &v);

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

enum err space_get(struct tx *tx, const char **name, int64_t *created_at)
{
	struct space { const char *name; int64_t created_at; } space;
	static const struct column map[] = PICK_MAP(SPACE_PICK, struct space);
	enum err e = row_settled(tx, SQL_SPACE_GET, DB_IN(db_d(&tx->who->organization), db_d(&tx->who->principal)), map, &space);

	if (e)
		return e;
	*name = space.name;
	*created_at = space.created_at;
	return who_may(tx->who, tx->ask);
}
