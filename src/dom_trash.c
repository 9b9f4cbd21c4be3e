/* dom_trash.c: what happens to a folder with all that lies in it: to the trash, back, away for good, or
 * elsewhere.  One transaction, in which each folder and model is changed by its own transition, with its own
 * audit row and event.  What went to the trash along with a folder names it (trashed), and comes back with it.
 *
 * Locks are taken in one order: the tree of the organization, which is the row of its home and which everything here
 * takes first; the folders around; the folder itself; what is below, from the top down; then models by their ids.
 * Whoever makes something in a folder holds that folder alone (folder_enter()), and so either is seen here, or
 * finds it in the trash; whoever restores a model holds the model alone, and so does the same, since what is in the trash
 * already is locked here too, and written, which a cluster takes note of where a lock says nothing to it. */
#include "dom_folder.h"
#include <stdlib.h>
#include <string.h>
#include "str.h"

/* What lies in a folder, at whatever depth. */
struct inside { struct folder *folders[INSIDE_MOST + 1]; size_t nfolders; struct id models[INSIDE_MOST + 1]; size_t nmodels; };
/* The states of what is looked for; with: and the folder that took it along; zero: whatever. */
struct wanted { const char *folder[2], *model[4]; struct id with; };

static const struct wanted living = { { "active", "active" }, { "draft", "training", "ready", "ready" }, { { 0 } } },
	to_trash = { { "active", "active" }, { "draft", "training", "ready", "archived" }, { { 0 } } },
	anything = { { "active", "archived" }, { "draft", "training", "ready", "archived" }, { { 0 } } },
	no_models = { { "active", "archived" }, { NULL, NULL, NULL, NULL }, { { 0 } } };

/* ---- Locks ---- */

static enum err lock_tree(struct tx *tx)
{
	const struct db_val org = db_d(&tx->who->organization);

	return db_exec(tx->db, SQL_FOLDER_TOUCH, DB_IN(org, org), NULL);
}

static enum err room(const struct inside *in)
{
	return in->nfolders + in->nmodels > INSIDE_MOST ? ERR_FOLDER_FULL : OK;
}

static enum err lock_folders(struct tx *tx, const struct id *parent, const struct wanted *w, struct inside *in)
{
	const struct db_val org = db_d(&tx->who->organization), with = db_d0(&w->with);
	struct id *ids;
	size_t n;
	enum err e = tx_ids(tx, SQL_FOLDERS_INSIDE, DB_IN(org, db_d(parent), db_s(w->folder[0]), db_s(w->folder[1]), with, with,
		db_i((int64_t)(INSIDE_MOST + 1 - in->nfolders))), &ids, &n);

	for (size_t i = 0; i < n && !e; i++) {
		struct folder *f = in->folders[in->nfolders++] = ARENA_NEW(tx->arena, struct folder);

		e = life_hold(tx, RES_FOLDER, BY_ID(&ids[i]), f);
	}
	return e ? e : room(in);
}

static enum err find_models(struct tx *tx, const struct id *folder, const struct wanted *w, struct inside *in)
{
	const struct db_val org = db_d(&tx->who->organization), with = db_d0(&w->with);
	struct id *ids;
	size_t n;
	enum err e = tx_ids(tx, SQL_MODELS_INSIDE, DB_IN(org, db_d(folder), db_s(w->model[0]), db_s(w->model[1]), db_s(w->model[2]),
		db_s(w->model[3]), with, with, db_i((int64_t)(INSIDE_MOST + 1 - in->nfolders - in->nmodels))), &ids, &n);

	if (e)
		return e;
	memcpy(in->models + in->nmodels, ids, n * sizeof *ids);
	in->nmodels += n;
	return room(in);
}

static int by_id(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct id));
}

/* The folders below it, locked, the nearest first; and the models in all of them, not yet locked. */
static enum err look_inside(struct tx *tx, const struct folder *top, const struct wanted *w, struct inside *in)
{
	enum err e = lock_folders(tx, &top->life.id, w, in);

	for (size_t i = 0; i < in->nfolders && !e; i++)
		e = lock_folders(tx, &in->folders[i]->life.id, w, in);
	if (e || !*w->model)
		return e;
	e = find_models(tx, &top->life.id, w, in);
	for (size_t i = 0; i < in->nfolders && !e; i++)
		e = find_models(tx, &in->folders[i]->life.id, w, in);
	qsort(in->models, in->nmodels, sizeof *in->models, by_id);
	return e;
}

/* One of the models, locked; *gone: it was deleted for good meanwhile.  Whoever may not see it may not change what it lies in. */
static enum err lock_model(struct tx *tx, const struct id *id, struct model *m, bool *gone)
{
	enum err e = life_hold(tx, RES_MODEL, BY_ID(id), m);
	int64_t lives = 0;

	*gone = false;
	if (e != ERR_MODEL_NOT_FOUND)
		return e;
	if ((e = tx_int(tx, SQL_MODEL_LIVES, DB_IN(db_d(&tx->who->organization), db_d(id)), &lives)))
		return e;
	*gone = !lives;
	return lives ? ERR_FORBIDDEN : OK;
}

/* ---- What is told ---- */

static const char *rid_of(struct tx *tx, const struct id *folder)
{
	return id_spell(tx->arena, life_resources[RES_FOLDER].prefix, folder);
}

static struct json *taken_with(struct tx *tx, const struct folder *top)
{
	struct json *details = js_object(tx->arena);

	js_put_str(tx->arena, details, "with", rid_of(tx, &top->life.id));
	return details;
}

/* What does not let the whole change, by its name. */
static enum err kept_back(struct tx *tx, enum err e, const char *rid, const char *name)
{
	if (!e || !err_row(e)->status)
		return e;
	why_tell(tx, "resourceRid", js_string(tx->arena, rid));
	tx->why.text = arena_printf(tx->arena, "`%s`, which lies in it: %s", name, err_row(e)->text);
	return e;
}

static enum err move_folder(struct tx *tx, struct folder *f, enum transition t, const struct folder *top)
{
	return kept_back(tx, life_move(tx, t, &f->life, taken_with(tx, top)), rid_of(tx, &f->life.id), f->name);
}

/* Each model that is still as it was looked for; `trashed` is what it names from then on. */
static enum err move_models(struct tx *tx, const struct inside *in, enum transition t, const struct wanted *w, const struct id *trashed, const struct folder *top)
{
	enum err e = OK;

	for (size_t i = 0; i < in->nmodels && !e; i++) {
		struct model m;
		bool gone;

		if ((e = lock_model(tx, &in->models[i], &m, &gone)) || gone)
			continue;
		if (t == LIFE_MODEL_ARCHIVE && m.life.state == STATE_MODEL_ARCHIVED) {
			e = db_exec_one(tx->db, SQL_MODEL_TOUCH, DB_IN(db_d(&tx->who->organization), db_d(&m.life.id)));
			continue;
		}
		if (!id_is_zero(&w->with) && (m.life.state != STATE_MODEL_ARCHIVED || !id_equal(&m.trashed, &w->with)))
			continue;
		m.trashed = *trashed;
		e = t == LIFE_MODEL_RETIRE ? model_retire_held(tx, &m, t, taken_with(tx, top)) : life_move(tx, t, &m.life, taken_with(tx, top));
		e = kept_back(tx, e, id_spell(tx->arena, RID_MODEL, &m.life.id), m.name);
	}
	return e;
}

static enum err move_all(struct tx *tx, struct folder *top, enum transition t, enum transition of_models, const struct wanted *w, const struct id *trashed)
{
	struct inside *in = ARENA_NEW(tx->arena, struct inside);
	enum err e = look_inside(tx, top, w, in);

	if (!e)
		e = life_move(tx, t, &top->life, NULL);
	for (size_t i = 0; i < in->nfolders && !e; i++) {
		in->folders[i]->trashed = *trashed;
		e = move_folder(tx, in->folders[i], t, top);
	}
	return e ? e : move_models(tx, in, of_models, w, trashed, top);
}

/* ---- To the trash, and back ---- */

static enum err trash(struct tx *tx, struct folder *f)
{
	if (id_equal(&f->life.id, &tx->who->organization))
		return ERR_FOLDER_HOME;
	if (f->life.state != STATE_FOLDER_ACTIVE)        /* its own error */
		return life_move(tx, LIFE_FOLDER_ARCHIVE, &f->life, NULL);
	f->trashed = id_none;
	return move_all(tx, f, LIFE_FOLDER_ARCHIVE, LIFE_MODEL_ARCHIVE, &to_trash, &f->life.id);
}

static enum err restore(struct tx *tx, struct folder *f, bool parent_lives)
{
	const struct wanted taken = { { "archived", "archived" }, { "archived", "archived", "archived", "archived" }, f->life.id };

	if (f->life.state == STATE_FOLDER_ARCHIVED && !id_is_zero(&f->trashed))
		return ERR_NOT_DIRECTLY_TRASHED;
	if (f->life.state == STATE_FOLDER_ARCHIVED && !parent_lives)
		return ERR_FOLDER_TRASHED;
	if (f->life.state != STATE_FOLDER_ARCHIVED)
		return life_move(tx, LIFE_FOLDER_RESTORE, &f->life, NULL);
	return move_all(tx, f, LIFE_FOLDER_RESTORE, LIFE_MODEL_UNARCHIVE, &taken, &id_none);
}

/* ---- For good ---- */

/* What a folder took along goes for good with it alone, as it comes back; who may not delete it at all is told that first. */
static bool goes_with(const struct life *o, const struct id *trashed)
{
	return o->owned && !id_is_zero(trashed);
}

static enum err delete(struct tx *tx, struct folder *f)
{
	struct inside *in = ARENA_NEW(tx->arena, struct inside);
	enum err e;

	if (f->life.state != STATE_FOLDER_ARCHIVED)
		return life_move(tx, LIFE_FOLDER_DELETE, &f->life, NULL);
	if (goes_with(&f->life, &f->trashed))
		return ERR_NOT_TRASHED;
	if ((e = look_inside(tx, f, &living, in)) || in->nfolders + in->nmodels)
		return e ? e : ERR_FOLDER_NOT_EMPTY;
	return move_all(tx, f, LIFE_FOLDER_DELETE, LIFE_MODEL_RETIRE, &anything, &id_none);
}

/* What lies around, before the folder itself: *lives: it can have something living in it. */
static enum err lock_parent(struct tx *tx, const struct id *folder, bool *lives)
{
	struct id parent = id_none;
	enum err e = tx_id(tx, SQL_FOLDER_PARENT, DB_IN(db_d(&tx->who->organization), db_d(folder)), &parent);

	*lives = true;
	if (!e && (e = folder_enter(tx, &parent)) == ERR_FOLDER_NOT_FOUND)
		*lives = false;
	return e == ERR_DB_NONE || e == ERR_FOLDER_NOT_FOUND ? OK : e;
}

enum err folder_change(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	bool lives = true;
	enum err e = lock_tree(tx);

	(void)in;
	if (!e && t == LIFE_FOLDER_RESTORE)
		e = lock_parent(tx, &key->id, &lives);
	if (e || (e = life_lock(tx, RES_FOLDER, key, out)))
		return e;
	return t == LIFE_FOLDER_ARCHIVE ? trash(tx, out) : t == LIFE_FOLDER_RESTORE ? restore(tx, out, lives) : delete(tx, out);
}

enum err model_unarchive(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct model *m = out;
	int64_t shut = 0;
	enum err e = life_lock(tx, RES_MODEL, key, m);

	(void)in;
	if (!e && m->life.state == STATE_MODEL_ARCHIVED && !id_is_zero(&m->folder) && !id_equal(&m->folder, &tx->who->organization))
		e = tx_int(tx, SQL_FOLDER_HIDDEN, DB_IN(db_d(&tx->who->organization), db_d(&m->folder)), &shut);
	if (!e && shut) {
		why_add(tx, "status", "The folder that it lies in is in the trash");
		return ERR_FOLDER_TRASHED;
	}
	m->trashed = id_none;
	return e ? e : life_move(tx, t, &m->life, NULL);
}

/* ---- Another name, another place ---- */

/* Below it every folder leads through it. */
static enum err lead(struct tx *tx, const struct folder *f, const char *was)
{
	struct inside *in = ARENA_NEW(tx->arena, struct inside);
	enum err e = look_inside(tx, f, &no_models, in);

	for (size_t i = 0; i < in->nfolders && !e; i++) {
		const char *path = arena_printf(tx->arena, "%s%s", f->path, in->folders[i]->path + strlen(was));

		if (strlen(path) > FOLDER_PATH_MOST)
			return ERR_DISPLAY_NAME;
		e = db_exec_one(tx->db, SQL_FOLDER_LEAD, DB_IN(db_d(&f->of), db_s(path), db_d(&tx->who->organization), db_d(&in->folders[i]->life.id)));
	}
	return e;
}

/* Where it is to lie, and where it lies, before the folder itself; *there: the first is, and is not in the trash. */
static enum err lock_places(struct tx *tx, const struct id *folder, const struct id *to, bool *there)
{
	struct id from = *to;
	enum err e = tx_id(tx, SQL_FOLDER_PARENT, DB_IN(db_d(&tx->who->organization), db_d(folder)), &from);

	if (e && e != ERR_DB_NONE)
		return e;
	e = folder_enter(tx, to);
	*there = e != ERR_FOLDER_NOT_FOUND;
	if ((e && *there) || id_equal(&from, to))
		return *there ? e : OK;
	return (e = folder_enter(tx, &from)) == ERR_FOLDER_NOT_FOUND ? OK : e;
}

static enum err put(struct tx *tx, const struct folder_edit *in, struct folder *f)
{
	static const struct column place[] = PICK_MAP(FOLDER_PLACE_PICK, struct folder);
	struct json *details = js_object(tx->arena), *changed = js_array(tx->arena);
	struct folder to = { .of = f->life.id, .path = "" };
	const char *was = f->path;
	const bool moved = !id_equal(&in->parent, &f->parent), renamed = in->name && strcmp(in->name, f->name);
	enum err e;

	if ((moved || renamed) && id_equal(&f->life.id, &tx->who->organization))
		return ERR_FOLDER_HOME;
	if (!id_is_zero(&in->parent) && (e = tx_one(tx, SQL_FOLDER_PLACE, DB_IN(db_d(&tx->who->organization), db_d(&in->parent)), place, &to)))
		return e;
	if (moved && !strncmp(to.path, was, strlen(was)) && strchr("/", to.path[strlen(was)]))
		return ERR_FOLDER_CIRCLE;
	if (renamed)
		js_add(changed, js_string(tx->arena, "name"));
	if (moved)
		js_add(changed, js_string(tx->arena, "parent"));
	if (in->description_set && strcmp(in->description ? in->description : "", f->description ? f->description : ""))
		js_add(changed, js_string(tx->arena, "description"));
	f->parent = in->parent;
	f->of = to.of;
	if (in->name)
		f->name = in->name;
	f->path = arena_printf(tx->arena, "%s/%s", to.path, f->name);
	if (in->description_set)
		f->description = in->description;
	if (strlen(f->path) > FOLDER_PATH_MOST)
		return ERR_DISPLAY_NAME;
	if (!js_length(changed) && f->life.state == STATE_FOLDER_ACTIVE)
		return OK;
	js_put(details, "changed", changed);
	e = life_move(tx, LIFE_FOLDER_EDIT, &f->life, details);
	return e || !(moved || renamed) ? e : lead(tx, f, was);
}

enum err folder_replace(struct tx *tx, const struct db_val *key, const struct folder_edit *in, struct folder *out)
{
	bool there;
	enum err e = lock_tree(tx);

	if (e || (e = lock_places(tx, &key->id, &in->parent, &there)) || (e = life_lock(tx, RES_FOLDER, key, out)))
		return e;
	if (!there)                              /* said in its turn: whoever may not change it learns of no other folder */
		return ERR_NOT_FOUND;
	if (out->project != id_is_zero(&in->parent))
		return ERR_FOLDER_PARENT;
	return (e = put(tx, in, out)) ? e : folder_get(tx, BY_ID(&out->life.id), out);
}

/* ---- By what an identifier names ---- */

/* What a folder took along comes back with it. */
static enum err unarchive(struct tx *tx, const struct db_val *key, enum transition t, struct model *m)
{
	enum err e = model_unarchive(tx, key, t, NULL, m);

	return e == ERR_FOLDER_TRASHED && !id_is_zero(&m->trashed) ? ERR_NOT_DIRECTLY_TRASHED : e;
}

static enum err retire(struct tx *tx, const struct db_val *key, enum transition t, struct model *m)
{
	enum err e = life_lock(tx, RES_MODEL, key, m);

	if (!e && m->life.state == STATE_MODEL_ARCHIVED && goes_with(&m->life, &m->trashed))
		return ERR_NOT_TRASHED;
	return e ? e : model_retire_held(tx, m, t, js_object(tx->arena));
}

enum err node_change(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	static const enum transition of_model[LIFE__MAX] = { [LIFE_FOLDER_ARCHIVE] = LIFE_MODEL_ARCHIVE,
		[LIFE_FOLDER_RESTORE] = LIFE_MODEL_UNARCHIVE, [LIFE_FOLDER_DELETE] = LIFE_MODEL_RETIRE };
	struct version v;
	struct model m;
	enum err e;

	switch ((enum node)key[1].i) {
	case NODE_FOLDER:
		return folder_change(tx, key, t, in, out);
	case NODE_MODEL:
		return of_model[t] == LIFE_MODEL_RETIRE ? retire(tx, key, of_model[t], &m) : of_model[t] == LIFE_MODEL_ARCHIVE
			? life_change(tx, key, of_model[t], &m) : unarchive(tx, key, of_model[t], &m);
	case NODE_VERSION:
		return (e = version_find(tx, &key->id, &v)) || (e = life_hold(tx, RES_MODEL, BY_ID(&v.model), &m)) ? e : ERR_VERSION_RESOURCE;
	case NODE_SPACE:
		return !node_is_own_space(tx, key) ? ERR_RESOURCE_NOT_FOUND : t == LIFE_FOLDER_ARCHIVE ? ERR_SPACE_TRASH : ERR_SPACE_RESOURCE;
	case NODE_ROOT: case NODE_LOST: case NODE_NONE:
		break;
	}
	return ERR_RESOURCE_NOT_FOUND;
}

enum err folder_replace_in(struct tx *tx, const struct db_val *key, const struct db_val *parent, const char *name, struct folder *out)
{
	const bool in_space = parent[1].i == NODE_SPACE;
	enum err e = node_is_folder(tx, key);

	if (e)
		return e;
	if (key[1].i == NODE_SPACE)              /* it is the organization, and has the name of that */
		return ERR_FORBIDDEN;
	if (parent[1].i == NODE_ROOT || (in_space && !node_is_own_space(tx, parent)))
		return ERR_FOLDER_PARENT;
	if (parent[1].i == NODE_LOST)
		return (e = life_hold(tx, RES_FOLDER, key, out)) ? e : ERR_NOT_FOUND;
	return (e = node_is_folder(tx, parent)) ? e
		: folder_replace(tx, key, &(struct folder_edit){ .name = name, .parent = in_space ? id_none : parent->id }, out);
}

enum err project_replace(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct folder_edit *edit = in;
	enum err e;

	(void)t;
	e = folder_replace(tx, key, &(struct folder_edit){ .name = edit->name, .description = edit->description, .description_set = true }, out);
	return e == ERR_FOLDER_PARENT ? ERR_FOLDER_NOT_FOUND : e;        /* a folder is no project */
}

/* Whatever changes the tree waits meanwhile, and so no folder that it lies in, or is to lie in, goes to the trash without it. */
static enum err place_model(struct tx *tx, const struct db_val *key, const struct id *to, struct folder *out)
{
	struct json *details = js_object(tx->arena);
	struct model m;
	bool there;
	enum err e = lock_tree(tx);

	if (e)
		return e;
	e = folder_enter(tx, to);
	there = e != ERR_FOLDER_NOT_FOUND;
	if ((e && there) || (e = life_lock(tx, RES_MODEL, key, &m)))
		return e;
	if (!there)
		return ERR_NOT_FOUND;
	js_put_str(tx->arena, details, "from", rid_of(tx, id_is_zero(&m.folder) ? &tx->who->organization : &m.folder));
	js_put_str(tx->arena, details, "to", rid_of(tx, to));
	if (!id_equal(to, id_is_zero(&m.folder) ? &tx->who->organization : &m.folder) || m.life.state == STATE_MODEL_ARCHIVED) {
		m.folder = id_equal(to, &tx->who->organization) ? id_none : *to;
		e = life_move(tx, LIFE_MODEL_RELOCATE, &m.life, details);
	}
	out->life = m.life;
	return e;
}

enum err node_move_to(struct tx *tx, const struct db_val *key, const struct db_val *parent, struct folder *out)
{
	const enum node kind = (enum node)key[1].i, to = (enum node)parent[1].i;
	struct version v;
	struct model m;
	enum err e;

	if (kind == NODE_FOLDER)
		return folder_replace_in(tx, key, parent, NULL, out);
	if (kind == NODE_VERSION)
		return (e = version_find(tx, &key->id, &v)) || (e = life_hold(tx, RES_MODEL, BY_ID(&v.model), &m)) ? e : ERR_VERSION_RESOURCE;
	if (kind == NODE_SPACE)
		return node_is_own_space(tx, key) ? ERR_SPACE_RESOURCE : ERR_RESOURCE_NOT_FOUND;
	if (kind != NODE_MODEL)
		return ERR_RESOURCE_NOT_FOUND;
	if (to == NODE_FOLDER)
		return place_model(tx, key, &parent->id, out);
	e = life_hold(tx, RES_MODEL, key, &m);
	return e ? e : to == NODE_SPACE || to == NODE_ROOT ? ERR_FOLDER_PARENT : to == NODE_LOST ? ERR_NOT_FOUND : ERR_NOT_A_FOLDER;
}

/* ---- The trash ---- */

enum err trash_list(struct tx *tx, struct list_ask *ask, struct list_got *got)
{
	struct row { struct folder f; const char *status; };
	static const struct column map[] = PICK_MAP(TRASH_PICK, struct row);
	const struct db_val org = db_d(&tx->who->organization), me = db_d(&tx->who->principal), most = db_i(ask->limit + 1),
		from = ask->place[0].t ? ask->place[0] : db_d(&id_none);
	struct folder space, *out;
	struct row *all;
	struct db_rows r;
	enum err e = space_named(tx, (const struct db_val[]){ db_d(&ask->parent), db_i(ask->kind) }, &space);

	if (e || (e = tx_part(tx, SQL_TRASH, DB_IN(org, from, most, org, from, most, me, org, org, me, org, org, from, most,
		org, from, org, me, most, most, org), &r)))
		return e;
	*got = (struct list_got){ .n = r.n > (size_t)ask->limit ? (size_t)ask->limit : r.n, .more = r.cut || r.n > (size_t)ask->limit };
	all = row_array(tx->arena, &r, map, sizeof *all);
	got->rows = out = arena_alloc(tx->arena, (got->n + 1) * sizeof *out);
	for (size_t i = 0; i < got->n; i++) {
		const bool folder = !strcmp(all[i].f.kind, "folder");

		out[i] = all[i].f;
		out[i].node = folder ? NODE_FOLDER : NODE_MODEL;
		out[i].life.organization = tx->who->organization;
		out[i].life.state = life_state(folder ? RES_FOLDER : RES_MODEL, all[i].status);
		out[i].space = space.name;
		out[i].path = arena_printf(tx->arena, "%s/%s", all[i].f.path, all[i].f.name);
	}
	return OK;
}
