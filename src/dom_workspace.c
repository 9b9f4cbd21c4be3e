/* dom_workspace.c: workspaces.  What becomes of one is a matter of its entities: active
 * while one of them is still on its way or registered, else ready.  An entity changes
 * only while its workspace's row is locked, so that what a restore computes is true when
 * it commits. */
#include "dom_workspace.h"
#include <string.h>
#include "clock.h"
#include "str.h"

static enum err load_entities(struct tx *tx, struct workspace *w)
{
	const struct db_val *v;
	enum err e = tx_row(tx, SQL_WORKSPACE_TARGET, DB_IN(db_d(&w->life.organization), db_d(&w->life.id)), &v);

	if (!e)
		w->entities = v[1].s;
	return e;
}

enum err workspace_make(struct tx *tx, const void *in, void *out)
{
	struct workspace *w = out;
	enum err e;

	*w = *(const struct workspace *)in;
	life_begin(tx, &w->life);
	if ((e = metadata_merge(tx, NULL, w->metadata, &w->metadata)) || (e = life_create(tx, LIFE_WORKSPACE_CREATE, &w->life, NULL)))
		return e;
	return w->metadata ? labels_store(tx, "workspace", &w->life, w->metadata) : OK;
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

enum err workspace_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct label_edit *edit = in;
	struct workspace *w = out;
	enum err e;

	if ((e = life_lock(tx, RES_WORKSPACE, key, w)) || (e = label_edit(tx, edit, &w->name, &w->metadata, &w->life.before))
	 || (e = life_move(tx, t, &w->life, NULL))
	 || (edit->metadata_set && (e = labels_store(tx, "workspace", &w->life, w->metadata))))
		return e;
	return load_entities(tx, w);
}

enum err workspace_change(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct workspace *w = out;
	enum err e = life_change(tx, key, t, w);

	(void)in;
	if (e)
		return e;
	if (!w->life.computed)
		return load_entities(tx, w);
	w->entities = w->life.computed[1].s;
	return OK;
}

enum err workspace_target(struct tx *tx, const struct db_val *key, void *out)
{
	const struct db_val *v;
	struct workspace w;
	struct db_rows r;
	enum err e;

	if ((e = life_read(tx, RES_WORKSPACE, key, &w))
	 || (e = tx_query(tx, SQL_WORKSPACE_TARGET, DB_IN(db_d(&w.life.organization), db_d(&w.life.id)), &r)))
		return e;
	v = db_row(&r, 0);                       /* counts: always a row */
	*(struct workspace_target *)out = (struct workspace_target){ life_state(RES_WORKSPACE, v[0].s), v[2].i, v[3].i };
	return OK;
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
	const struct db_val key[] = { db_d(&w->life.organization), db_d(&w->life.id) }, *v;
	enum state to, now = w->life.state;
	enum err e;

	if (now != STATE_WORKSPACE_READY && now != STATE_WORKSPACE_ACTIVE)
		return workspace_touch(tx, w);
	if ((e = tx_row(tx, SQL_WORKSPACE_OPEN, key, 2, &v)))
		return e;
	to = v[0].i ? STATE_WORKSPACE_ACTIVE : STATE_WORKSPACE_READY;
	if (to == now)
		return workspace_touch(tx, w);
	return life_move(tx, to == STATE_WORKSPACE_ACTIVE ? LIFE_WORKSPACE_ACTIVATE : LIFE_WORKSPACE_EMPTY, &w->life, NULL);
}
