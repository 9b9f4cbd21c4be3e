/* lists.c: see lists.h. */
#include "lists.h"
#include <string.h>
#include "clock.h"
#include "pages.h"
#include "str.h"

enum { LIMIT = 20 };

struct all { struct arena *a; struct list_made *made; size_t n, room; };

/* ---- What stands for a value: an id, a number and a time that tell which variable it is ---- */

enum { MARKS = 64 };
#define MARK (INT64_C(1) << 40)
struct marks { const char *name[MARKS]; int n; };

static struct db_val mark(struct marks *m, char letter, const char *name)
{
	struct id id = id_none;

	m->name[m->n] = name;
	id.b[0] = (unsigned char)++m->n;
	return letter == 'd' ? db_d(&id) : letter == 'i' ? db_i(MARK + m->n) : letter == 't' ? db_t(MARK + m->n) : db_s(name);
}

static const char *spell(struct arena *a, const struct marks *m, const struct db_val *v)
{
	if (v->t == 's')
		return arena_printf(a, "@%s", v->s);
	if (v->t == 'd')
		return arena_printf(a, "@%s", m->name[v->id.b[0] - 1]);
	if (v->i > MARK && v->i <= MARK + m->n)
		return arena_printf(a, "@%s", m->name[v->i - MARK - 1]);
	return arena_printf(a, "%lld", (long long)v->i);
}

/* ---- A statement ---- */

static void ask_filter(struct arena *a, struct list_ask *ask, struct marks *m, int filter, bool several)
{
	const struct list_filter *f = &ask->list->filters[filter];
	struct db_val v[LIST_VALUES];

	for (size_t i = 0; f->in[i]; i++)
		v[i] = mark(m, f->in[i], f->in[1] ? arena_printf(a, "%s%zu", f->name, i) : f->name);
	for (int i = 0; i < (several && f->most > 0 ? f->most : 1); i++)
		list_where(ask, filter, v, strlen(f->in));
}

/* several: each filter as often as it can be asked for; the text is NULL where one statement cannot have them all. */
static struct list_made made(struct all *all, const struct route *r, uint64_t filters, int order, bool flip, bool next, bool count, const struct list_view *w, bool several)
{
	const struct listing *l = r->listing;
	struct list_made out = { .list = l, .ask = { .list = l, .order = order, .flip = flip, .limit = LIMIT, .pages = r->paging->total }, .count = count, .next = next };
	struct buf name = { .arena = all->a }, values = { .arena = all->a };
	struct marks m = { .n = 0 };
	const struct db_val org = mark(&m, 'd', "org"), me = mark(&m, 'd', "me"), parent = mark(&m, 'd', "parent");

	buf_printf(&name, "%s %s%s%s", l->name, count ? "count" : l->orders[order].name, flip ? " flipped" : "", next ? " next" : "");
	for (int f = 0; l->filters && l->filters[f].clause; f++)
		if (filters >> f & 1) {
			ask_filter(all->a, &out.ask, &m, f, several);
			buf_printf(&name, " %s", l->filters[f].name);
		}
	if (l->sees == SEES_MODE)
		buf_printf(&name, " modes %d", w->nmodes);
	if (list_by_grants(l))
		buf_puts(&name, !w->local ? " publishable" : w->admin ? " administrator" : " member");
	for (size_t i = 0; i < LIST_KEYS && next && l->orders[order].keys[i].column; i++)
		out.ask.place[i] = mark(&m, list_letter(&l->orders[order].keys[i]), arena_printf(all->a, "k%zu", i));
	out.ask.parent = parent.id;
	out.name = name.p;
	out.sql = list_text(all->a, &out.ask, count, *w, &org.id, &me.id);
	for (size_t i = 0; i < out.sql.n; i++)
		buf_printf(&values, "%s%s", i ? ", " : "", spell(all->a, &m, &out.sql.v[i]));
	out.values = values.n ? values.p : "";
	return out;
}

static void add(struct all *all, const struct route *r, uint64_t filters, int order, bool flip, bool next, bool count, const struct list_view *w)
{
	const uint64_t more = filters & ~r->listing->always;
	struct list_made out = made(all, r, filters, order, flip, next, count, w, more & (more - 1));

	if (!out.sql.text)
		out = made(all, r, filters, order, flip, next, count, w, false);
	if (all->n == all->room) {
		struct list_made *larger = arena_alloc(all->a, (all->room = all->room ? 2 * all->room : 256) * sizeof *larger);

		if (all->n)
			memcpy(larger, all->made, all->n * sizeof *larger);
		all->made = larger;
	}
	all->made[all->n++] = out;
}

/* ---- Which there are ---- */

/* Is a path there for it?  Another filter leaves the way as it is, so that one caller and one order show it. */
static bool leads(const struct listing *l, uint64_t filters)
{
	for (size_t i = 0; i < l->npaths; i++)
		if (l->paths[i].filters && (l->paths[i].filters & filters) == l->paths[i].filters)
			return true;
	return !(filters & ~l->always);
}

/* Both ways, and in each order for the first caller, where the filters lead it; a list by number has no place. */
static void pages_of(struct all *all, const struct route *r, uint64_t filters, const struct list_view *w, bool orders)
{
	const bool every = leads(r->listing, filters);

	for (int order = 0; r->listing->orders[order].name && ((every && orders) || !order); order++)
		for (int flip = 0; flip < (every ? 2 : 1); flip++) {
			add(all, r, filters, order, flip, false, false, w);
			if (!r->paging->total)
				add(all, r, filters, order, flip, true, false, w);
		}
	if (r->paging->total)
		add(all, r, filters, 0, false, false, true, w);
}

static void callers(struct all *all, const struct route *r, uint64_t filters)
{
	const struct list_view by_mode[] = { { { 1, 0 }, 1, false, true }, { { 1, 0 }, 2, false, true } },
		by_grant[] = { { { 1, 0 }, 1, false, true }, { { 1, 0 }, 1, true, true }, { { 1, 0 }, 1, false, false } };
	const bool grants = list_by_grants(r->listing);

	for (size_t i = 0; i < (!leads(r->listing, filters) ? 1 : grants ? 3 : r->listing->sees == SEES_MODE ? 2 : 1); i++)
		pages_of(all, r, filters, grants ? &by_grant[i] : &by_mode[i], !i);
}

/* Each set once: none, one, those of a path, all. */
static void sets(struct all *all, const struct route *r)
{
	const struct listing *l = r->listing;
	uint64_t set[MARKS], every = l->always;
	size_t n = 0;

	set[n++] = l->always;
	for (int f = 0; l->filters && l->filters[f].clause; f++) {
		set[n++] = l->always | UINT64_C(1) << f;
		every |= UINT64_C(1) << f;
	}
	for (size_t i = 0; i < l->npaths && n < MARKS - 1; i++)
		set[n++] = l->always | l->paths[i].filters;
	set[n++] = every;
	for (size_t i = 0, k; i < n; i++) {
		for (k = 0; k < i && set[k] != set[i]; k++)
			;
		if (k == i)
			callers(all, r, set[i]);
	}
}

/* By another route, in pages of the same kind. */
static bool has(const struct all *all, const struct route *r)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->made[i].list == r->listing && all->made[i].ask.pages == r->paging->total)
			return true;
	return false;
}

const struct list_made *lists_made(struct arena *a, const struct dialect *const *dialects, size_t *n)
{
	struct all all = { .a = a };

	for (; *dialects; dialects++) {
		EACH_ROUTE(*dialects, r)
			if (r->listing && !has(&all, r))
				sets(&all, r);
	}
	*n = all.n;
	return all.made;
}
