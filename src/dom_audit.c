/* dom_audit.c: reading the audit of one model. */
#include "dom_model.h"

static const struct column columns[] = MAP(AUDIT_COLUMNS, struct audit_event);

enum err audit_of_object(struct tx *tx, const struct life *o, enum resource type, int64_t limit, int64_t offset,
	struct audit_event **out, size_t *n)
{
	static const struct column map[] = PICK_MAP(HISTORY_PICK, struct audit_event);
	struct db_rows r;
	enum err e = tx_query(tx, SQL_HISTORY, DB_IN(db_d(&o->organization), db_s(life_resources[type].word), db_d(&o->id),
		db_i(limit), db_i(offset)), &r);

	*n = e ? 0 : r.n;
	*out = e ? NULL : row_array(tx->arena, &r, map, sizeof **out);
	return e;
}

static const struct list_filter filters[] = {
	[AUDIT_FROM] = { "from", " AND x.at >= ?", "t", 0 },
	[AUDIT_TO] = { "to", " AND x.at <= ?", "t", 0 },
	[AUDIT_ACTION] = { "action", " AND x.action = ?", "a", 0 },
	[AUDIT_ACTOR] = { "actor_id", " AND x.actor_id = ?", "d", 0 },
	{ NULL, NULL, NULL, 0 }
};
static const struct list_order orders[] = { { "revision", { { "revision", 'i', true, 0 } } }, { NULL, { { NULL, 0, false, 0 } } } };
static const struct list_path paths[] = {
	{ .filters = UINT64_C(1) << AUDIT_ACTION, .order = -1, .index = "audit_action" },
	{ .filters = UINT64_C(1) << AUDIT_ACTOR, .order = -1, .index = "audit_actor" },
	{ .order = -1, .index = "audit_object" },
};
const struct listing audit_list = { .name = "AUDIT", .of = RES__MAX, .parent = RES_MODEL, .sees = SEES_ALL,
	.link = " AND x.resource_type = 'model' AND x.resource_id = ?", .table = "audit_events", .text = ROW(AUDIT_COLUMNS, "x"),
	.out = ROW_OUT(AUDIT_COLUMNS), .maps = { columns }, .size = sizeof(struct audit_event), .filters = filters, .always = UINT64_C(1) << AUDIT_FROM | UINT64_C(1) << AUDIT_TO, .orders = orders, LIST_PATHS(paths) };
