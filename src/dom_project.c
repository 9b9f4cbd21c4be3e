/* dom_project.c: see dom_project.h. */
#include "dom_project.h"
#include "dom_labels.h"
#include "str.h"

enum project_order { RECENT, NAMED, BY_STATUS };
#define AND_BY(f) (UINT64_C(1) << (f))
static const struct list_filter filters[] = {
	[PROJECTS_HIDDEN] = { "hidden", " AND x.hidden = ?", "i", 0 },
	[PROJECTS_STATUS] = { "status", " AND x.status = ?", "a", 0 },
	[PROJECTS_SEARCH] = { "search", " AND x.name_key LIKE ?", "s", LIST_LIKE },
	{ NULL, NULL, NULL, 0 }
};
static const struct list_order orders[] = {
	[RECENT] = { "recent", { { "updated_at", 't', true, 0 }, { "number", 'i', true, 0 } } },
	[NAMED] = { "name", { { "name_key", 's', false, 0 }, { "number", 'i', false, 0 } } },
	[BY_STATUS] = { "status", { { "status", 'a', false, 0 }, { "updated_at", 't', true, 0 }, { "number", 'i', true, 0 } } },
	{ NULL, { { NULL, 0, false, 0 } } }
};
static const struct list_path paths[] = {
	{ .filters = AND_BY(PROJECTS_STATUS) | AND_BY(PROJECTS_SEARCH), .order = RECENT, .index = "project_recent" },
	{ .filters = AND_BY(PROJECTS_STATUS), .order = RECENT, .index = "project_by_status" },
	{ .order = RECENT, .index = "project_recent" },
	{ .filters = AND_BY(PROJECTS_STATUS), .order = NAMED, .index = "project_by_status_name" },
	{ .order = NAMED, .index = "project_by_name" },
	{ .order = -1, .index = "project_by_status" },
};
/* Of those that a list without a search has. */
static enum err total(struct tx *tx, const struct list_ask *ask, const struct list_got *got, int64_t *out)
{
	const struct db_val org = db_d(&tx->who->organization), status = list_given(ask, PROJECTS_STATUS), hidden = *list_value(ask, PROJECTS_HIDDEN);

	(void)got;
	return list_folded(tx, (struct summing){ SQL_PROJECT_KEPT, DB_IN(hidden, status, status, org, org, org) },
		(struct summing){ SQL_PROJECT_TOTAL, DB_IN(hidden, status, status, org, org, org, org) }, out);
}

const struct listing projects_list = { .name = "PROJECTS", .of = RES_PROJECT, .parent = RES__MAX, .sees = SEES_ALL, .filters = filters,
	.orders = orders, LIST_PATHS(paths), .always = AND_BY(PROJECTS_HIDDEN), .hidden = 1 + PROJECTS_HIDDEN, .state = 1 + PROJECTS_STATUS, .total = total,
	.totalled = AND_BY(PROJECTS_HIDDEN) | AND_BY(PROJECTS_STATUS) };

/* Which of its two unique words is somebody else's?  The unique keys have the last word:
 * who comes between is told in the next try. */
static enum err taken(struct tx *tx, const struct id *id, const struct project *p)
{
	struct words { bool name, url; } of;
	static const struct column map[] = PICK_MAP(PROJECT_TAKEN_PICK, struct words);
	enum err e = tx_one(tx, SQL_PROJECT_TAKEN, DB_IN(db_d(&tx->who->organization), db_s(p->name), db_d(id),
		db_s(p->url), db_d(id)), map, &of);

	if (e)
		return e;
	return of.name ? ERR_PROJECT_NAME_TAKEN : of.url ? ERR_PROJECT_URL_TAKEN : OK;
}

enum err project_create(struct tx *tx, const void *in, void *made)
{
	struct project *out = made;
	enum err e;

	*out = *(const struct project *)in;
	life_begin(tx, &out->life);
	out->progress = -1;
	if ((e = taken(tx, &out->life.id, out))
	 || (e = tx_int(tx, SQL_PROJECT_NEXT, DB_IN(db_d(&tx->who->organization)), &out->number)))
		return e;
	return life_create(tx, LIFE_PROJECT_CREATE, &out->life, NULL);
}

enum err project_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct project *edit = in;
	struct project *p = out;
	enum err e;

	if ((e = life_lock(tx, RES_PROJECT, key, p)))
		return e;
	p->name = edit->name;
	p->description = edit->description;
	p->url = edit->url;
	p->accent = edit->accent;
	p->tech_stack = edit->tech_stack;
	/* Legal before taken: an archived project cannot be changed whatever its name. */
	if (p->life.state != STATE_PROJECT_ARCHIVED && (e = taken(tx, &p->life.id, p)))
		return e;
	return life_move(tx, t, &p->life, NULL);
}

enum err project_build(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const int64_t progress = ((const struct project *)in)->progress;
	struct project *p = out;
	enum err e;

	if ((e = life_lock(tx, RES_PROJECT, key, p)))
		return e;
	p->progress = progress;
	if (p->life.state != STATE_PROJECT_BUILDING)
		e = life_move(tx, t, &p->life, NULL);
	else if (progress < 100)
		e = life_move(tx, LIFE_PROJECT_PROGRESS, &p->life, NULL);
	return !e && progress == 100 ? life_move(tx, LIFE_PROJECT_BUILT, &p->life, NULL) : e;
}

enum err project_url_free(struct tx *tx, const char *url, bool *free)
{
	static const struct column none[] = { { ROW_nb, 0 }, { ROW_END, 0 } };
	enum err e = tx_read_one(tx, SQL_PROJECT_URL, DB_IN(db_s(url), db_d(&tx->who->organization),
		db_d(&tx->who->principal)), none, free);

	return e ? e : who_may(tx->who, tx->ask);
}
