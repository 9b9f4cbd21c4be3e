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

static const struct list_filter filters[] = {
	[WORKSPACES_HIDDEN] = { "hidden", " AND x.hidden = ?", "i", 0 },
	[WORKSPACES_STATUS] = { "status", " AND x.status = ?", "a", 0 },
	[WORKSPACES_METADATA] = LABELLED_BY,
	{ NULL, NULL, NULL, 0 }
};
const struct list_order labelled_orders[] = {
	[ORDER_CREATED] = { "created", { { "id", 'd', false, 0 } } },
	[ORDER_NAME] = { "name", { { "name_key", 's', false, 0 }, { "id", 'd', false, 0 } } },
	[ORDER_UPDATED] = { "updated", { { "updated_at", 't', false, 0 }, { "id", 'd', false, 0 } } },
	{ NULL, { { NULL, 0, false, 0 } } }
};
static const struct list_path paths[] = {
	ALONG_LABEL(WORKSPACES_METADATA, "workspaces"),
	{ .filters = UINT64_C(1) << WORKSPACES_STATUS, .order = ORDER_CREATED, .index = "workspace_by_status" },
	{ .order = ORDER_CREATED, .index = "workspace_list" },
	{ .order = ORDER_NAME, .index = "workspace_by_name" },
	{ .order = -1, .index = "workspace_by_change" },
};
const struct listing workspaces_list = { .name = "WORKSPACES", .of = RES_WORKSPACE, .parent = RES__MAX, .sees = SEES_MODE, .filters = filters,
	.always = UINT64_C(1) << WORKSPACES_HIDDEN, .hidden = 1 + WORKSPACES_HIDDEN, .state = 1 + WORKSPACES_STATUS,
	.orders = labelled_orders, LIST_PATHS(paths) };

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

enum err workspace_target(struct tx *tx, const struct db_val *key, void *out)
{
	struct workspace w;
	enum err e = life_read(tx, RES_WORKSPACE, key, &w);

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
	if ((e = tx_int(tx, SQL_WORKSPACE_OPEN, DB_IN(db_d(&w->life.organization), db_d(&w->life.id)), &open)))
		return e;
	to = open ? STATE_WORKSPACE_ACTIVE : STATE_WORKSPACE_READY;
	if (to == now)
		return workspace_touch(tx, w);
	return life_move(tx, to == STATE_WORKSPACE_ACTIVE ? LIFE_WORKSPACE_ACTIVATE : LIFE_WORKSPACE_EMPTY, &w->life, NULL);
}
