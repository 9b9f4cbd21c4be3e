/* api_mlflow_search.c: MLflow's searches: a filter and orders as its clients write them become clauses and an order of the
 * lists of dom_named.h.
 *
 * Prompts are found only when asked for by their tag, which every client of 3.x says of its own accord. */
#include "mlflow.h"
#include <string.h>
#include "dom_tag.h"
#include "search.h"
#include "str.h"

/* The clauses of a key, by the operator. */
#define TEXTS(first) { [SEARCH_EQ] = first, [SEARCH_NE] = first + 1, [SEARCH_LIKE] = first + 2, [SEARCH_ILIKE] = first + 3, [SEARCH_IN] = first + 4, [SEARCH_NOT_IN] = first + 5 }

static struct db_val value_of(struct arena *a, const struct search_clause *c)
{
	struct json *list;

	switch (c->op) {
	case SEARCH_LIKE: case SEARCH_ILIKE:
		return db_s(search_like(a, c->values[0]));
	case SEARCH_IN: case SEARCH_NOT_IN:
		list = js_array(a);
		for (size_t i = 0; i < c->count; i++)
			js_add(list, js_string(a, c->values[i]));
		return db_s(arena_strdup(a, js_text(list, NULL)));
	default:
		return db_s(c->values[0]);
	}
}

static void by_text(struct req *r, struct list_ask *ask, const int by[SEARCH__OPS], const struct search_clause *c)
{
	list_where(ask, by[c->op], DB_IN(value_of(r->arena, c)));
}

/* common: the clause of one that very many have. */
static enum err by_tag(struct req *r, struct list_ask *ask, const int by[SEARCH__OPS], int common, const struct search_clause *c)
{
	bool many = false;
	const enum err e = c->op == SEARCH_EQ ? label_common(&r->tx, c->key, c->values[0], &many) : OK;

	if (!e)
		list_where(ask, many ? common : by[c->op], DB_IN(db_s(c->key), value_of(r->arena, c)));
	return e;
}

/* A filter and its orders, read; what it does not say. */
static enum err read_search(struct req *r, const struct search_key *keys, struct search *s, struct search_order *orders, size_t *norders)
{
	const struct search_query *q = r->query;
	const struct json *list = q->order_by ? js_read(r->arena, q->order_by) : NULL;
	const char *fault = search_filter(r->arena, q->filter, keys, s);

	*norders = 0;
	if (fault)
		return why_said(&r->tx, "filter", fault);
	for (size_t i = 0; list && i < js_length(list); i++)
		if ((fault = search_order(r->arena, js_str(js_at(list, i)), keys, orders, norders)))
			return why_said(&r->tx, "order_by", fault);
	return OK;
}

/* By the first key, and the second one of those that decide where the first does not: the next order is the one against. */
static void in_order(struct list_ask *ask, int order, bool down, bool second_down)
{
	ask->order = order + (down != second_down);
	ask->flip = down;
}

static enum err paged(struct req *r, const struct page_asked *page, struct list_ask *ask)
{
	enum err e = pages_by_token(r, page, ask);

	return e == ERR_PAGE_TOKEN ? why_said(&r->tx, "page_token", "Invalid page token; start the search again without it") : e;
}

/* Is this key asked for, and down?  In a model numbers are made one after the other. */
static bool down_of(const struct search_order *orders, size_t n, const char *key, bool otherwise)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(orders[i].key, key) || (i && !strcmp(key, "version_number") && !strcmp(orders[i].key, "creation_timestamp")))
			return orders[i].descending;
	return otherwise;
}

/* ---- Models ---- */

static const struct search_key model_keys[] = {
	{ "name", SEARCH_TEXT | SEARCH_LIST | SEARCH_ORDER, false, NULL },
	{ "timestamp", SEARCH_ORDER, false, NULL },
	{ "last_updated_timestamp", SEARCH_ORDER, false, "timestamp" },
	{ NULL, 0, false, NULL }
};

/* Where names that fit a pattern begin and end, so that an index finds those alone. */
static bool begins(struct req *r, const struct search_clause *c, struct db_val range[2])
{
	const char *from = c->op == SEARCH_LIKE ? search_prefix(r->arena, c->values[0]) : "";

	range[0] = db_s(from);
	range[1] = db_s(arena_printf(r->arena, "%s\xf4\x8f\xbf\xbf", from));
	return *from && utf8_length(from) < NAME_EXACT;
}

enum err mlflow_models_asked(struct req *r, const struct page_asked *page, struct list_ask *ask)
{
	static const int names[] = TEXTS(NAMED_NAME), tags[] = TEXTS(NAMED_LABEL);
	struct search_order orders[2];
	struct search s;
	size_t n;
	enum err e = read_search(r, model_keys, &s, orders, &n);

	if (e)
		return e;
	list_where(ask, NAMED_HIDDEN, DB_IN(db_i(search_marked(&s, PROMPT_TAG) ? HIDDEN_PROMPT : 0)));
	for (size_t i = 0; !e && i < s.n; i++) {
		const struct search_clause *c = &s.clauses[i];
		struct db_val range[2];

		if (c->entity == SEARCH_TAG)
			e = by_tag(r, ask, tags, NAMED_LABEL_COMMON, c);
		else
			by_text(r, ask, names, c);
		if (c->entity != SEARCH_TAG && begins(r, c, range) && !list_value(ask, NAMED_NAME_FROM))
			list_where(ask, NAMED_NAME_FROM, range, 2);
	}
	if (e)
		return e;
	if (n && !strcmp(orders[0].key, "timestamp"))
		in_order(ask, NAMED_BY_TIME, orders[0].descending, down_of(orders, n, "name", false));
	else
		in_order(ask, NAMED_BY_NAME, n && orders[0].descending, n && orders[0].descending);
	return paged(r, page, ask);
}

/* ---- Versions ---- */

#define OF_VERSION(key, takes) { key, takes, false, NULL }
static const struct search_key version_keys[] = {
	OF_VERSION("name", SEARCH_TEXT | SEARCH_LIST | SEARCH_ORDER),
	OF_VERSION("run_id", SEARCH_TEXT | SEARCH_LIST),
	OF_VERSION("source_path", SEARCH_TEXT),
	{ "version_number", SEARCH_NUMBER | SEARCH_ORDER, true, NULL },
	OF_VERSION("creation_timestamp", SEARCH_ORDER),
	OF_VERSION("last_updated_timestamp", SEARCH_ORDER),
	OF_VERSION(NULL, 0)
};

/* By the model of a name, so that its index finds them; it has none where nothing has the name.  And one model after the
 * other where few names begin so. */
static enum err by_name(struct req *r, struct list_ask *ask, const struct search_clause *c)
{
	static const int names[] = TEXTS(NAMED_OF_NAME);
	struct db_val range[2];
	bool few = false;
	struct id id;
	enum err e;

	if (c->op == SEARCH_EQ) {
		if (!(e = named_id(&r->tx, c->values[0], &id)))
			list_where(ask, NAMED_OF, DB_IN(db_d(&id)));
		return e;
	}
	by_text(r, ask, names, c);
	if (!begins(r, c, range) || list_value(ask, NAMED_OF_FROM))
		return OK;
	if (!(e = named_few(&r->tx, range[0].s, range[1].s, &few)) && few)
		list_where(ask, NAMED_OF_FROM, range, 2);
	return e;
}

/* No run is an empty text, which nothing is kept of. */
static void by_run(struct req *r, struct list_ask *ask, const struct search_clause *c)
{
	static const int runs[] = TEXTS(NAMED_RUN);

	list_where(ask, c->op == SEARCH_EQ && !*c->values[0] ? NAMED_RUN_LIKE : runs[c->op], DB_IN(value_of(r->arena, c)));
}

static void by_number(struct list_ask *ask, const struct search_clause *c)
{
	static const int by[SEARCH__OPS] = { [SEARCH_EQ] = NAMED_NUMBER, [SEARCH_NE] = NAMED_NUMBER_NOT, [SEARCH_LT] = NAMED_NUMBER_BELOW,
		[SEARCH_LE] = NAMED_NUMBER_TO, [SEARCH_GT] = NAMED_NUMBER_ABOVE, [SEARCH_GE] = NAMED_NUMBER_FROM };

	list_where(ask, by[c->op], DB_IN(db_i(c->number)));
}

/* By the first key and, if one is named here, the second; which other key is up or down by itself where the first does
 * not decide, and which way if nothing is said of it. */
static const struct { const char *key, *then; int order; const char *second; bool down; } version_orders[] = {
	{ "last_updated_timestamp", NULL, NAMED_BY_CHANGE, "version_number", true },
	{ "creation_timestamp", NULL, NAMED_BY_CREATION, "version_number", true },
	{ "version_number", "creation_timestamp", NAMED_BY_NUMBER_CREATION, "creation_timestamp", false },
	{ "version_number", "last_updated_timestamp", NAMED_BY_NUMBER_CHANGE, "last_updated_timestamp", false },
	{ "version_number", NULL, NAMED_BY_NUMBER, "name", false },
	{ "name", "last_updated_timestamp", NAMED_BY_MODEL_CHANGE, "last_updated_timestamp", false },
	{ "name", NULL, NAMED_BY_MODEL, "version_number", true },
};

static void versions_order(struct list_ask *ask, const struct search_order *orders, size_t n)
{
	const char *key = n ? orders[0].key : "last_updated_timestamp", *then = n > 1 ? orders[1].key : "";
	const bool down = n ? orders[0].descending : true;
	size_t i = 0;

	if (list_value(ask, NAMED_OF) && !strcmp(key, "version_number")) {
		in_order(ask, NAMED_IN_MODEL, down, down);
		return;
	}
	while (strcmp(version_orders[i].key, key) || (version_orders[i].then && strcmp(version_orders[i].then, then)))
		i++;
	in_order(ask, version_orders[i].order, down, down_of(orders, n, version_orders[i].second, version_orders[i].down));
}

enum err mlflow_versions_asked(struct req *r, const struct page_asked *page, struct list_ask *ask)
{
	static const int sources[] = TEXTS(NAMED_SOURCE), tags[] = TEXTS(NAMED_VERSION_LABEL);
	struct search_order orders[4];
	struct search s;
	size_t n;
	enum err e = read_search(r, version_keys, &s, orders, &n);

	if (e)
		return e;
	list_where(ask, NAMED_LIVING, NULL, 0);
	list_where(ask, NAMED_OF_HIDDEN, DB_IN(db_i(search_marked(&s, PROMPT_TAG) ? HIDDEN_PROMPT : 0)));
	for (size_t i = 0; !e && i < s.n; i++) {
		const struct search_clause *c = &s.clauses[i];

		if (c->entity == SEARCH_TAG)
			e = by_tag(r, ask, tags, NAMED_VERSION_LABEL_COMMON, c);
		else if (!strcmp(c->key, "name"))
			e = by_name(r, ask, c);
		else if (!strcmp(c->key, "version_number"))
			by_number(ask, c);
		else if (!strcmp(c->key, "run_id"))
			by_run(r, ask, c);
		else
			by_text(r, ask, sources, c);
	}
	if (e)
		return e;
	versions_order(ask, orders, n);
	return paged(r, page, ask);
}
