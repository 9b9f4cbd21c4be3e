/* registry.c: see registry.h. */
#include "registry.h"
#include <string.h>

const char *const registry_directions[] = { "asc", "desc", NULL };

enum err pages_by_window(struct req *r, const struct page_asked *q, struct list_ask *ask)
{
	ask->flip = q->direction && !strcmp(q->direction, q->sort ? "desc" : "asc");
	return pages_by_offset(r, q, ask);
}

const struct shape window_query[] = { PAGE_ROWS, { 0 } };

static enum err only_living(struct req *r, const struct page_asked *q, struct list_ask *ask)
{
	list_where(ask, ask->list->hidden - 1, DB_IN(db_i(0)));
	return pages_by_window(r, q, ask);
}

const struct paging living = { .size = 100, .most = 1000, .total = true, .asked = only_living, .got = pages_offset };
const struct paging hundred = { .size = 100, .most = 1000, .total = true, .asked = pages_by_window, .got = pages_offset };

enum err res_part(struct req *r, const void *rows, size_t n, size_t size, int64_t usual, int64_t most)
{
	const struct page_asked *q = r->query;
	const struct list_ask ask = { .offset = q->offset, .limit = !q->size_set ? usual : q->size && q->size < most ? q->size : most };
	const size_t from = (uint64_t)ask.offset < n ? (size_t)ask.offset : n, room = n - from;
	const struct list_got got = { .n = (uint64_t)ask.limit < room ? (size_t)ask.limit : room };
	struct page_got out = { .total = (int64_t)n, .count = (int64_t)got.n, .rows = { (const char *)rows + from * size, got.n, size } };

	pages_offset(r, &ask, &got, &out);
	res_shape(r, 200, r->row->out, &out, 0);
	return OK;
}

static const void *known_id(struct arena *a, const void *object)
{
	const struct person *p = object;

	return id_spell(a, "", &p->id);
}

const struct shape person_out[] = {
	{ "email", T_STR, AT(struct person, email), .flags = F_NULL },
	{ "id", T_STR, .make = known_id },
	{ "name", T_STR, AT(struct person, name), .flags = F_NULL },
	NAMED("Person")
};
