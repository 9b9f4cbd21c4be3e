/* dom_entity.c: the entities that workspaces own.  The workspace's row is locked before
 * the entity's, always in this order. */
#include "dom_workspace.h"

enum err entity_make(struct tx *tx, const void *in, void *out)
{
	struct entity *n = out;
	struct workspace w;
	enum err e;

	*n = *(const struct entity *)in;
	if ((e = workspace_of_entity(tx, &n->workspace, &w)))
		return e;
	if (w.life.state == STATE_WORKSPACE_ARCHIVED) {
		tx->why.state = life_word(w.life.state);
		tx->why.action = "workspace.given an entity";
		return ERR_WRONG_STATE;
	}
	life_begin(tx, &n->life);
	n->life.test = w.life.test;
	if ((e = metadata_merge(tx, NULL, n->metadata, &n->metadata)) || (e = life_create(tx, LIFE_ENTITY_CREATE, &n->life, NULL))
	 || (n->metadata && (e = labels_store(tx, "entity", &n->life, n->metadata))))
		return e;
	return workspace_settle(tx, &w);
}

static const struct list_filter filters[] = {
	[ENTITIES_WORKSPACE] = { "workspace_id", " AND x.workspace_id = ?", "d", 0 },
	[ENTITIES_PORTFOLIO] = { "portfolio_id", " AND x.portfolio_id = ?", "s", 0 },
	[ENTITIES_JURISDICTION] = { "jurisdiction", " AND x.jurisdiction = ?", "s", 0 },
	[ENTITIES_STATUS] = { "status", " AND x.status = ?", "a", 0 },
	[ENTITIES_METADATA] = LABELLED_BY,
	{ NULL, NULL, NULL, 0 }
};
/* The narrowest first. */
static const struct list_path paths[] = {
	{ .filters = UINT64_C(1) << ENTITIES_WORKSPACE, .order = ORDER_CREATED, .index = "entity_by_workspace" },
	ALONG_LABEL(ENTITIES_METADATA, "entities"),
	{ .filters = UINT64_C(1) << ENTITIES_PORTFOLIO, .order = ORDER_CREATED, .index = "entity_by_portfolio" },
	{ .filters = UINT64_C(1) << ENTITIES_JURISDICTION, .order = ORDER_CREATED, .index = "entity_by_jurisdiction" },
	{ .filters = UINT64_C(1) << ENTITIES_STATUS, .order = ORDER_CREATED, .index = "entity_by_status" },
	{ .order = ORDER_CREATED, .index = "entity_list" },
	{ .order = ORDER_NAME, .index = "entity_by_name" },
	{ .order = -1, .index = "entity_by_change" },
};
const struct listing entities_list = { .name = "ENTITIES", .of = RES_ENTITY, .parent = RES__MAX, .sees = SEES_MODE, .filters = filters,
	.orders = labelled_orders, LIST_PATHS(paths) };

/* Its workspace, and it, locked and seen. */
static enum err lock(struct tx *tx, const struct db_val *key, struct entity *out, struct workspace *w)
{
	struct id whose;
	enum err e = tx_id(tx, SQL_ENTITY_OWNER, DB_IN(db_d(&tx->who->organization), *key), &whose);

	if (e)
		return e == ERR_DB_NONE ? ERR_NOT_FOUND : e;
	e = workspace_of_entity(tx, &whose, w);
	return e ? e : life_lock(tx, RES_ENTITY, key, out);
}

enum err entity_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct label_edit *edit = in;
	struct entity *n = out;
	struct workspace w;
	enum err e;

	if ((e = lock(tx, key, n, &w)) || (e = label_edit(tx, edit, &n->name, &n->metadata, &n->life.before))
	 || (e = life_move(tx, t, &n->life, NULL))
	 || (edit->metadata_set && (e = labels_store(tx, "entity", &n->life, n->metadata))))
		return e;
	return workspace_touch(tx, &w);
}

enum err entity_change(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct entity *n = out;
	struct workspace w;
	enum err e;

	(void)in;
	if ((e = lock(tx, key, n, &w)) || (e = life_move(tx, t, &n->life, NULL)))
		return e;
	return workspace_settle(tx, &w);
}
