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
	struct workspace_target t;
	enum err e = life_compute(tx, RES_WORKSPACE, SQL_WORKSPACE_TARGET, &w->life, &t);

	if (!e)
		w->entities = t.ids;
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

enum { BY_HIDDEN, BY_STATUS_WORD, BY_LABEL_OF };
static const struct list_filter filters[] = {
	[BY_HIDDEN] = { "hidden", " AND x.hidden = ?", "i" },
	[BY_STATUS_WORD] = { "status", " AND x.status = ?", "a" },
	[BY_LABEL_OF] = LABELLED_BY,
	{ NULL, NULL, NULL }
};
const struct list_order labelled_orders[] = {
	[ORDER_CREATED] = { "created", { { "id", 'd', false } } },
	[ORDER_NAME] = { "name", { { "name_key", 's', false }, { "id", 'd', false } } },
	[ORDER_UPDATED] = { "updated", { { "updated_at", 't', false }, { "id", 'd', false } } },
	{ NULL, { { NULL, 0, false } } }
};
static const struct list_path paths[] = {
	ALONG_LABEL(BY_LABEL_OF, "workspaces"),
	{ .filters = UINT64_C(1) << BY_STATUS_WORD, .order = ORDER_CREATED, .index = "workspace_by_status" },
	{ .order = ORDER_CREATED, .index = "workspace_list" },
	{ .order = ORDER_NAME, .index = "workspace_by_name" },
	{ .order = -1, .index = "workspace_by_change" },
};
const struct listing workspaces_list = { .name = "WORKSPACES", .of = RES_WORKSPACE, .parent = RES__MAX, .sees = SEES_MODE, .filters = filters,
	.orders = labelled_orders, .paths = paths };

enum err workspace_list(struct tx *tx, const struct workspace_filter *f, struct list_ask *ask, struct list_got *got)
{
	const bool archived = f->status && !strcmp(f->status, life_word(STATE_WORKSPACE_ARCHIVED));

	ask->list = &workspaces_list;
	list_where(ask, BY_HIDDEN, DB_IN(db_i(archived)));
	if (f->status)
		list_where(ask, BY_STATUS_WORD, DB_IN(db_s(f->status)));
	list_labels(tx, ask, BY_LABEL_OF, "workspace", f->metadata);
	return list_read(tx, ask, got);
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
	w->entities = ((const struct workspace_target *)w->life.computed)->ids;
	return OK;
}

enum err workspace_target(struct tx *tx, const struct id *id, struct workspace_target *out)
{
	struct workspace w;
	enum err e = life_read(tx, RES_WORKSPACE, BY_ID(id), &w);

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
	return life_move(tx, to == STATE_WORKSPACE_ACTIVE ? LIFE_WORKSPACE_ACTIVATE : LIFE_WORKSPACE_EMPTY, &w->life, NULL);
}
