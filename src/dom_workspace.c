/* dom_workspace.c: workspaces.  What becomes of one is a matter of its entities: active
 * while one of them is still on its way or registered, else ready.  An entity changes
 * only while its workspace's row is locked, so that what a restore computes is true when
 * it commits. */
#include "dom_workspace.h"
#include <string.h>
#include "clock.h"
#include "str.h"

static enum err lock(struct tx *tx, const struct id *id, struct workspace *out)
{
	return life_lock(tx, RES_WORKSPACE, BY_ID(id), out);
}

static enum err load_entities(struct tx *tx, struct workspace *w)
{
	struct workspace_target t;
	enum err e = life_compute(tx, RES_WORKSPACE, SQL_WORKSPACE_TARGET, &w->life, &t);

	if (!e)
		w->entities = t.ids;
	return e;
}

static void put_time(struct arena *a, struct json *o, const char *key, int64_t us)
{
	js_put(o, key, us ? js_integer(a, us / SECOND) : NULL);
}

/* What an event tells of it. */
static struct json *tell(struct arena *a, const struct workspace *w, int64_t now, int64_t archived_at)
{
	struct json *o = js_object(a);

	js_put_str(a, o, "name", w->name);
	put_time(a, o, "archived_at", archived_at);
	js_put(o, "metadata", metadata_json(a, w->metadata));
	put_time(a, o, "created", w->life.created);
	put_time(a, o, "updated", now);
	js_put_bool(a, o, "livemode", !w->life.test);
	return o;
}

enum err workspace_create(struct tx *tx, const struct workspace *in, struct workspace *out)
{
	enum err e;

	if ((e = who_may(tx->who, tx->ask)))
		return e;
	*out = *in;
	life_begin(tx, &out->life);
	if ((e = metadata_merge(tx, NULL, in->metadata, &out->metadata)))
		return e;
	out->life.now = tell(tx->arena, out, tx->now, 0);
	if ((e = life_create(tx, LIFE_WORKSPACE_CREATE, &out->life, NULL)))
		return e;
	return out->metadata ? labels_store(tx, "workspace", &out->life, out->metadata) : OK;
}

enum err workspace_get(struct tx *tx, const struct id *id, struct workspace *out)
{
	return life_read(tx, RES_WORKSPACE, BY_ID(id), out);
}

_Static_assert(SQL_WORKSPACE_PAGE_DOWN == SQL_WORKSPACE_PAGE_UP + 1
	&& SQL_WORKSPACE_PAGE_BY_CHANGE_DOWN == SQL_WORKSPACE_PAGE_BY_CHANGE_UP + 1, "pages come in pairs");

enum err workspace_list(struct tx *tx, const struct workspace_filter *f, const struct list_ask *ask,
	struct workspace **out, struct list_got *got)
{
	bool archived = f->status && !strcmp(f->status, life_word(STATE_WORKSPACE_ARCHIVED));
	const struct db_val org = db_d(&tx->who->organization);
	struct values head = { .n = 0 };
	struct db_val place;
	struct labels labels;
	struct db_rows r;
	enum err e;

	labels_of(tx->arena, "workspace", f->metadata, &labels);
	if (labels.n && !f->order)
		values_add(&head, DB_IN(org, db_x(labels.digest[0], 16), db_i(0)));
	else
		values_add(&head, DB_IN(org, db_i(0)));
	values_add(&head, DB_IN(db_i(archived), db_s(f->status), db_s(f->status)));
	values_labels(&head, &labels);
	if (f->order) {
		if ((e = list_place(tx, SQL_WORKSPACE_PLACE, ask, f->order == ORDER_NAME ? 0 : 1, &place)))
			return e;
		e = list_by_key(tx, f->order == ORDER_NAME ? SQL_WORKSPACE_PAGE_BY_NAME_UP : SQL_WORKSPACE_PAGE_BY_CHANGE_UP,
			&head, 1, place, ask, &r, got);
	} else {
		e = list_by_id(tx, labels.n ? SQL_WORKSPACE_PAGE_L_UP : f->status ? SQL_WORKSPACE_PAGE_S_UP : SQL_WORKSPACE_PAGE_UP,
			&head, labels.n ? 2 : 1, ask, &r, got);
	}
	if (e)
		return e;
	*out = arena_alloc(tx->arena, (got->n + 1) * sizeof **out);
	for (size_t i = 0; i < got->n; i++) {
		const struct db_val *v = life_take(RES_WORKSPACE, db_row(&r, i) + WHO_COLUMNS, &(*out)[i]);

		(void)row_read(life_resources[RES_WORKSPACE].seen, RES_WORKSPACE, v, &(*out)[i]);
	}
	return OK;
}

enum err label_edit(struct tx *tx, const struct label_edit *edit, const char **name, const char **metadata,
	struct json **before)
{
	*before = js_object(tx->arena);
	if (edit->name_set) {
		js_put_str(tx->arena, *before, "name", *name);
		*name = edit->name;
	}
	if (!edit->metadata_set)
		return OK;
	js_put(*before, "metadata", metadata_json(tx->arena, *metadata));
	return metadata_merge(tx, *metadata, edit->metadata, metadata);
}

enum err workspace_edit(struct tx *tx, const struct id *id, const struct label_edit *edit, struct workspace *out)
{
	enum err e;

	if ((e = lock(tx, id, out)) || (e = label_edit(tx, edit, &out->name, &out->metadata, &out->life.before)))
		return e;
	out->life.now = tell(tx->arena, out, tx->now, out->archived_at);
	if ((e = life_move(tx, LIFE_WORKSPACE_EDIT, &out->life, NULL))
	 || (edit->metadata_set && (e = labels_store(tx, "workspace", &out->life, out->metadata))))
		return e;
	return load_entities(tx, out);
}

/* Who asked for what a human approved. */
static struct json *approved(struct arena *a, const struct authorization *because)
{
	struct json *o;

	if (!because)
		return NULL;
	o = js_object(a);
	js_put_str(a, o, "authorization", id_spell(a, life_resources[RES_AUTHORIZATION].prefix, &because->life.id));
	js_put_str(a, o, "agent_id", because->agent);
	return o;
}

enum err workspace_archive(struct tx *tx, const struct id *id, const struct authorization *because, struct workspace *out,
	struct authorization *asked)
{
	enum err e;

	*asked = (struct authorization){ .action = NULL };
	if ((e = lock(tx, id, out)))
		return e;
	if (out->life.state != STATE_WORKSPACE_ARCHIVED) {
		out->life.now = tell(tx->arena, out, tx->now, tx->now);
		out->life.before = js_object(tx->arena);
		put_time(tx->arena, out->life.before, "archived_at", 0);
		e = life_move(tx, LIFE_WORKSPACE_ARCHIVE, &out->life, approved(tx->arena, because));
		if (e == ERR_HUMAN_GATE)
			return authorization_ask(tx, &out->life, LIFE_WORKSPACE_ARCHIVE, asked);
		if (e)
			return e;
	}
	return load_entities(tx, out);
}

enum err workspace_unarchive(struct tx *tx, const struct id *id, struct workspace *out)
{
	enum err e;

	if ((e = lock(tx, id, out)))
		return e;
	if (out->life.state == STATE_WORKSPACE_READY || out->life.state == STATE_WORKSPACE_ACTIVE)
		return load_entities(tx, out);
	out->life.now = tell(tx->arena, out, tx->now, 0);
	out->life.before = js_object(tx->arena);
	put_time(tx->arena, out->life.before, "archived_at", out->archived_at);
	if ((e = life_move(tx, LIFE_WORKSPACE_UNARCHIVE, &out->life, NULL)))
		return e;
	out->entities = ((const struct workspace_target *)out->life.computed)->ids;
	return OK;
}

enum err workspace_target(struct tx *tx, const struct id *id, struct workspace_target *out)
{
	struct workspace w;
	enum err e = workspace_get(tx, id, &w);

	return e ? e : life_compute(tx, RES_WORKSPACE, SQL_WORKSPACE_TARGET, &w.life, out);
}

/* ---- For entities ---- */

enum err workspace_of_entity(struct tx *tx, const struct id *id, struct workspace *out)
{
	return life_hold(tx, RES_WORKSPACE, BY_ID(id), out);
}

enum err workspace_touch(struct tx *tx, const struct workspace *w)
{
	return db_exec_one(tx->db, SQL_WORKSPACE_TOUCH, DB_IN(db_d(&w->life.organization), db_d(&w->life.id)));
}

enum err workspace_settle(struct tx *tx, struct workspace *w)
{
	int64_t open;
	enum state to, now = w->life.state;
	enum err e;

	if (now != STATE_WORKSPACE_READY && now != STATE_WORKSPACE_ACTIVE)
		return workspace_touch(tx, w);
	if ((e = row_int(tx, SQL_WORKSPACE_OPEN, DB_IN(db_d(&w->life.organization), db_d(&w->life.id)), &open)))
		return e;
	to = open ? STATE_WORKSPACE_ACTIVE : STATE_WORKSPACE_READY;
	if (to == now)
		return workspace_touch(tx, w);
	w->life.now = tell(tx->arena, w, tx->now, 0);
	return life_move(tx, to == STATE_WORKSPACE_ACTIVE ? LIFE_WORKSPACE_ACTIVATE : LIFE_WORKSPACE_EMPTY, &w->life, NULL);
}
