/* workspaces.c: see workspaces.h. */
#include "workspaces.h"
#include <string.h>
#include "dom_apikey.h"
#include "dom_workspace.h"

/* The order of a list that the first key of `s` names, of the first `n`; -1: none. */
static int sort_key(const char *s, const struct list_order *orders, int n)
{
	s += *s == '-';
	for (int i = 0; i < n && orders[i].name; i++)
		if (strlen(orders[i].name) == strcspn(s, ",") && !strncmp(orders[i].name, s, strcspn(s, ",")))
			return i;
	return -1;
}

/* `-created,name`: the keys behind `created` decide nothing, since an id comes once. */
static enum err asked(struct req *r, const struct page_asked *q, struct list_ask *ask)
{
	const char *sort = q->sort ? q->sort : "-created", *rest = sort + strcspn(sort, ",");
	const bool several = ask->list->orders[1].name;
	enum err e = OK;

	ask->order = sort_key(sort, ask->list->orders, LIST_ORDERS);
	ask->flip = *sort == '-';
	ask->limit = q->size ? q->size : r->row->paging->size;
	ask->after = q->after;
	ask->before = q->before;
	if (!id_is_zero(&q->after) && !id_is_zero(&q->before)) {
		why_add(&r->tx, "ending_before", "cannot be given together with starting_after");
		e = ERR_QUERY;
	}
	for (const char *p = rest; *p && ask->order >= 0; p += strcspn(p + 1, ",") + 1)
		if (sort_key(p + 1, labelled_orders, LIST_ORDERS) < 0)
			ask->order = -1;
	if (ask->order < 0 || (*rest && ask->order != ORDER_CREATED && strcmp(rest, ask->flip ? ",-created" : ",created"))) {
		why_add(&r->tx, "sort", several ? "must be created, name or updated; prefix with `-` for descending order; after name or updated "
			"only created may follow, in the same order" : "must be created or -created");
		return ERR_QUERY;
	}
	return e;
}

static void got_cursor(struct req *r, const struct list_ask *ask, const struct list_got *got, struct page_got *out)
{
	if ((out->more = got->more))
		out->cursor = list_cursor(r->arena, ask->list, got);
}

const struct paging by_cursor = { .size = 10, .asked = asked, .got = got_cursor };

void about_kind(struct req *r, enum resource resource)
{
	r->tx.about.kind = life_resources[resource].word;
	r->tx.about.id = NULL;
}

struct id path_id(struct req *r, size_t var, enum resource resource)
{
	r->tx.about.kind = life_resources[resource].word;
	r->tx.about.id = r->vars[var];
	return req_id(r, var, life_resources[resource].prefix);
}
