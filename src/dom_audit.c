/* dom_audit.c: reading the audit of one model. */
#include "dom_model.h"

static const struct column columns[] = MAP(AUDIT_COLUMNS, struct audit_event);

enum err audit_of_object(struct tx *tx, const struct life *o, enum resource type, struct page page,
	struct audit_event **out, size_t *n)
{
	struct db_rows r;
	enum err e = tx_query(tx, SQL_HISTORY, DB_IN(db_d(&o->organization), db_s(life_resources[type].word), db_d(&o->id),
		db_i(page.size), db_i((page.number - 1) * page.size)), &r);

	if (e)
		return e;
	*n = r.n;
	*out = arena_alloc(tx->arena, (r.n + 1) * sizeof **out);
	for (size_t i = 0; i < r.n; i++)
		(void)row_read(columns, RES__MAX, db_row(&r, i) + 1, &(*out)[i]);
	return OK;
}

enum { BY_START, BY_END, BY_ACTION_WORD, BY_ACTOR_ID };
static const struct list_filter filters[] = {
	[BY_START] = { "from", " AND x.at >= ?", "t", false },
	[BY_END] = { "to", " AND x.at <= ?", "t", false },
	[BY_ACTION_WORD] = { "action", " AND x.action = ?", "a", false },
	[BY_ACTOR_ID] = { "actor_id", " AND x.actor_id = ?", "d", false },
	{ NULL, NULL, NULL, false }
};
static const struct list_order orders[] = { { "revision", { { "revision", 'i', true } } }, { NULL, { { NULL, 0, false } } } };
static const struct list_path paths[] = {
	{ .filters = UINT64_C(1) << BY_ACTION_WORD, .order = -1, .index = "audit_action" },
	{ .filters = UINT64_C(1) << BY_ACTOR_ID, .order = -1, .index = "audit_actor" },
	{ .order = -1, .index = "audit_object" },
};
const struct listing audit_list = { .name = "AUDIT", .of = RES__MAX, .parent = RES_MODEL, .sees = SEES_ALL,
	.link = " AND x.resource_type = 'model' AND x.resource_id = ?", .table = "audit_events", .text = ROW(AUDIT_COLUMNS, "x"),
	.out = ROW_OUT(AUDIT_COLUMNS), .maps = { columns }, .size = sizeof(struct audit_event), .filters = filters, .orders = orders, .paths = paths };

enum err audit_of_model(struct tx *tx, const struct id *model, const struct audit_filter *f, struct page page,
	struct audit_event **out, size_t *n, int64_t *total)
{
	struct list_ask ask = { .list = &audit_list, .parent = *model, .limit = page.size, .offset = (page.number - 1) * page.size, .pages = true,
		.flip = f->oldest_first };
	struct list_got got;
	enum err e;

	list_where(&ask, BY_START, DB_IN(db_t(f->from)));
	list_where(&ask, BY_END, DB_IN(db_t(f->to)));
	if (f->action)
		list_where(&ask, BY_ACTION_WORD, DB_IN(db_s(f->action)));
	if (!id_is_zero(&f->actor))
		list_where(&ask, BY_ACTOR_ID, DB_IN(db_d(&f->actor)));
	if ((e = list_read(tx, &ask, &got)))
		return e;
	*out = got.rows;
	*n = got.n;
	return list_told(&ask, &got, total) ? OK : list_count(tx, &ask, total);
}
