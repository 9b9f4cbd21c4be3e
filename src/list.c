/* list.c: see list.h.
 *
 * A page is one run along an index for each set of rows that the caller sees: of each mode;
 * of models the global ones, and the local ones that were granted to the caller, to the
 * organization, or to groups of the caller (the one run that has to sort what it finds), or all of
 * them for an administrator.  What belongs to models is one run over all of it, which looks each
 * model up.  Each run stops at the page's end; what they found are ids, whose rows are read then.
 *
 *   SELECT who, row FROM principals ... LEFT JOIN (run UNION run ... LIMIT) k LEFT JOIN table x ... */
#include "list.h"
#include <stdio.h>
#include <string.h>
#include "log.h"
#include "str.h"

enum { RUNS = 5 };

struct composed { struct arena *a; struct buf sql, in; struct db_val v[DB_PARAMETERS]; size_t n; bool full; };

/* Where a run looks, beyond what was asked for: `#` is the alias of what it walks along.  distinct: it may find one twice. */
struct run { const char *from, *where, *in; struct db_val v[6]; size_t n; bool distinct; };

static void text(struct composed *c, const char *s)
{
	buf_puts(&c->sql, s);
}

static void values(struct composed *c, const char *letters, const struct db_val *v, size_t n)
{
	buf_puts(&c->in, letters);
	c->full |= n != strlen(letters) || c->n + n > DB_PARAMETERS;
	if (c->full)
		return;
	memcpy(c->v + c->n, v, n * sizeof *v);
	c->n += n;
}

static void clause(struct composed *c, const char *s, const char *letters, const struct db_val *v, size_t n)
{
	text(c, s);
	values(c, letters, v, n);
}

const struct list_order list_by_id[] = { { "created", { { "id", 'd', false, 0 } } }, { NULL, { { NULL, 0, false, 0 } } } };

/* ---- What the rows say ---- */

const char *list_table(const struct listing *l)
{
	return l->table ? l->table : life_resources[l->of].table;
}

static size_t keys_of(const struct list_order *o)
{
	size_t n = 0;

	while (n < LIST_KEYS && o->keys[n].column)
		n++;
	return n;
}

char list_letter(const struct list_key *k)
{
	return k->letter == 'e' ? 's' : k->letter;
}

static bool is_id(const struct list_key *k)
{
	return !strcmp(k->column, "id");
}

uint64_t list_asked(const struct list_ask *ask)
{
	uint64_t all = 0;

	for (size_t i = 0; i < ask->n; i++)
		all |= UINT64_C(1) << ask->clauses[i].filter;
	return all;
}

static const struct list_path *path_of(const struct list_ask *ask, int order)
{
	const struct list_path *p = ask->list->paths;

	while ((p->order >= 0 && p->order != order) || (p->filters & list_asked(ask)) != p->filters)
		p++;
	return p;
}

void list_where(struct list_ask *ask, int filter, const struct db_val *v, size_t n)
{
	const int most = ask->list->filters[filter].most;
	struct list_clause *c = &ask->clauses[ask->n];
	int there = 0;

	for (size_t i = 0; i < ask->n; i++)
		there += ask->clauses[i].filter == filter;
	ask->full |= ask->n == LIST_CLAUSES || n > LIST_VALUES || n != strlen(ask->list->filters[filter].in) || there >= (most > 1 ? most : 1);
	if (ask->full)
		return;
	c->filter = filter;
	for (size_t i = 0; i < n; i++)
		c->v[i] = v[i];
	ask->n++;
}

const struct db_val *list_value(const struct list_ask *ask, int filter)
{
	for (size_t i = 0; i < ask->n; i++)
		if (ask->clauses[i].filter == filter)
			return ask->clauses[i].v;
	return NULL;
}

struct db_val list_given(const struct list_ask *ask, int filter)
{
	const struct db_val *v = list_value(ask, filter);

	return v ? *v : db_s(NULL);
}

size_t list_size(const struct listing *l)
{
	return l->size ? l->size : life_resources[l->of].size;
}

char *list_cursor(struct arena *a, const struct listing *l, const struct list_got *got)
{
	const size_t at = l->of == RES__MAX ? l->id_at : offsetof(struct life, id);
	struct id id;

	memcpy(&id, (const char *)got->rows + (got->back ? 0 : got->n - 1) * list_size(l) + at, sizeof id);
	return id_spell(a, l->of == RES__MAX ? l->prefix : life_resources[l->of].prefix, &id);
}

/* ---- A run ---- */

#define IS_X "ON x.organization_id = g.organization_id AND x.id = g.model_id"
#define GRANTED_X "STRAIGHT_JOIN models x FORCE INDEX (PRIMARY) " IS_X
#define GRANTS "grants g FORCE INDEX (grant_by_grantee) JOIN models x " IS_X
#define GRANTS_OF_GROUPS "group_members n FORCE INDEX (PRIMARY) STRAIGHT_JOIN grants g FORCE INDEX (grant_by_grantee) " \
	"ON g.organization_id = n.organization_id AND g.grantee_id = n.group_id " GRANTED_X

/* The models that there are: the global ones; all the local ones, or those that were granted to the
 * caller, to everybody or to groups, which may be the same: counted once. */
static size_t granted_runs(const struct list_view *w, const struct db_val *org, const struct db_val *me, bool count, struct run *out)
{
	size_t n = 0;

	out[n++] = (struct run){ NULL, "#.organization_id = ? AND x.is_global = 1", "d", { *org }, 1, false };
	if (w->local && w->admin)
		out[n++] = (struct run){ NULL, "#.organization_id = ? AND x.is_global = 0", "d", { *org }, 1, false };
	if (!w->local || w->admin)
		return n;
	if (count) {
		out[n++] = (struct run){ GRANTS_OF GRANTED_X, "x.is_global = 0", GRANTS_OF_IN, { *me, *org, *org, *me, *org }, 5, false };
		return n;
	}
	for (int i = 0; i < 2; i++)
		out[n++] = (struct run){ GRANTS, "g.organization_id = ? AND g.grantee_id = ? AND x.is_global = 0", "dd", { *org, i ? *org : *me }, 2, false };
	out[n++] = (struct run){ GRANTS_OF_GROUPS, "n.organization_id = ? AND n.principal_id = ? AND x.is_global = 0", "dd", { *org, *me }, 2, true };
	return n;
}

/* A value, never a join, for the run is to stay along its index. */
#define MODEL_IS(seen, end) "#.organization_id = ? AND (SELECT " seen " FROM models y WHERE y.organization_id = x.organization_id AND y.id = @" end ")"
#define MODEL_SEEN_BY(seen) { MODEL_IS(seen, ""), MODEL_IS(seen, " AND y.hidden = 0") }
#define GRANTED_Y "y.is_global = 1 OR " GRANTED("y", "?") " > 0"

/* The rows of the models that granted_runs() finds. */
static struct run of_models(const struct list_view *w, bool unhidden, const struct db_val *org, const struct db_val *me)
{
	static const char *const published[] = MODEL_SEEN_BY("y.is_global = 1"), *const member[] = MODEL_SEEN_BY(GRANTED_Y), *const admin[] = MODEL_SEEN_BY("1");

	if (!w->local)
		return (struct run){ NULL, published[unhidden], "d", { *org }, 1, false };
	if (w->admin)
		return (struct run){ NULL, admin[unhidden], "d", { *org }, 1, false };
	return (struct run){ NULL, member[unhidden], "ddd", { *org, *me, *me }, 3, false };
}

static size_t runs_of(const struct list_ask *ask, const struct list_view *w, const struct db_val *org, const struct db_val *me, bool count, struct run out[RUNS])
{
	size_t n = 0;

	switch (ask->list->sees) {
	case SEES_GRANT:
		return granted_runs(w, org, me, count, out);
	case SEES_PARENT:
		out[0] = of_models(w, ask->list->unhidden, org, me);
		return 1;
	case SEES_MODE:
		for (; n < (size_t)w->nmodes; n++)
			out[n] = (struct run){ NULL, "#.organization_id = ? AND #.livemode = ?", "di", { *org, db_i(w->modes[n]) }, 2, false };
		return n;
	default:
		out[0] = (struct run){ NULL, "#.organization_id = ?", "d", { *org }, 1, false };
		return 1;
	}
}

/* A key's column, or what it is computed by. */
static const char *key_text(struct arena *a, const struct list_key *k)
{
	return *k->column == '(' ? k->column : arena_printf(a, "x.%s", k->column);
}

/* The expression of a key in a run. */
static const char *column(struct composed *c, const struct list_path *p, const struct run *r, const struct list_key *k)
{
	if (is_id(k) && r->from)
		return "g.model_id";
	return is_id(k) && p->id ? p->id : key_text(c->a, k);
}

static const char *way(const struct list_key *k, bool reverse)
{
	return k->down != reverse ? "DESC" : "ASC";
}

/* ORDER BY the keys: in a run by their columns, around it by what it calls them. */
static void order_by(struct composed *c, const struct list_path *p, const struct run *r, const char *of, const struct list_order *o, bool reverse)
{
	for (size_t i = 0; i < keys_of(o); i++) {
		const char *name = r ? column(c, p, r, &o->keys[i]) : is_id(&o->keys[i]) ? arena_printf(c->a, "%s.id", of) : arena_printf(c->a, "%s.k%zu", of, i);

		buf_printf(&c->sql, "%s%s %s", i ? ", " : " ORDER BY ", name, way(&o->keys[i], reverse));
	}
}

/* Behind a place: (a > ? OR (a = ? AND (b > ? ...))), and first what an index can use. */
static void behind(struct composed *c, const struct list_path *p, const struct run *r, const struct list_order *o, bool reverse, const struct db_val *place)
{
	const size_t n = keys_of(o);

	for (size_t i = 0; i < n; i++) {
		const struct list_key *k = &o->keys[i];
		const char *name = column(c, p, r, k), *op = k->down != reverse ? "<" : ">", letter[] = { list_letter(k), '\0' };

		if (!i && n > 1)
			clause(c, arena_printf(c->a, " AND %s %s= ?", name, op), letter, &place[i], 1);
		text(c, !i ? " AND " : "");
		text(c, i + 1 < n ? "(" : "");
		clause(c, arena_printf(c->a, "%s %s ?", name, op), letter, &place[i], 1);
		if (i + 1 < n)
			clause(c, arena_printf(c->a, " OR (%s = ? AND ", name), letter, &place[i], 1);
	}
	for (size_t i = 1; i < n; i++)
		text(c, "))");
}

static void aliased(struct composed *c, const char *s, const char *alias, const char *model)
{
	for (size_t n; *s; s += n + (s[n] != '\0')) {
		n = strcspn(s, "#@");
		buf_put(&c->sql, s, n);
		text(c, s[n] == '#' ? alias : s[n] ? model : "");
	}
}

/* There is a child with all that was asked for of one. */
static void of_child(struct composed *c, const struct list_ask *ask)
{
	bool any = false;

	for (size_t i = 0; i < ask->n; i++) {
		const struct list_filter *f = &ask->list->filters[ask->clauses[i].filter];

		if (f->most != LIST_CHILD)
			continue;
		text(c, any ? "" : ask->list->child);
		clause(c, f->clause, f->in, ask->clauses[i].v, strlen(f->in));
		any = true;
	}
	text(c, any ? " LIMIT 1)" : "");
}

/* FROM and WHERE of a run. */
static void from_where(struct composed *c, const struct list_ask *ask, const struct list_path *p, const struct run *r)
{
	const struct listing *l = ask->list;
	bool led = r->from != NULL;              /* the path's own filter has its place */

	if (r->from || p->from)
		buf_printf(&c->sql, " FROM %s WHERE ", r->from ? r->from : p->from);
	else
		buf_printf(&c->sql, p->index ? " FROM %s x FORCE INDEX (%s) WHERE " : " FROM %s x WHERE ", list_table(l), p->index);
	aliased(c, r->where, p->from ? "b" : "x", l->model ? l->model : "x.model_id");
	values(c, r->in, r->v, r->n);
	if (l->link)
		clause(c, l->link, "d", (const struct db_val[]){ db_d(&ask->parent) }, 1);
	for (size_t i = 0; i < ask->n; i++) {
		const struct list_filter *f = &l->filters[ask->clauses[i].filter];
		const bool leads = p->from && !led && ask->clauses[i].filter == p->by;

		if (f->most == LIST_CHILD)
			continue;
		clause(c, leads ? p->where : f->clause, f->in, ask->clauses[i].v, strlen(f->in));
		led |= leads;
	}
	of_child(c, ask);
}

static void one_run(struct composed *c, const struct list_ask *ask, const struct list_path *p, const struct run *r,
	const struct db_val *place, bool reverse)
{
	const struct list_order *o = &ask->list->orders[ask->order];

	buf_printf(&c->sql, r->distinct ? "(SELECT DISTINCT %s AS id" : "(SELECT %s AS id", column(c, p, r, &(struct list_key){ .column = "id" }));
	for (size_t i = 0; i < keys_of(o); i++)
		if (!is_id(&o->keys[i]))
			buf_printf(&c->sql, ", %s AS k%zu", key_text(c->a, &o->keys[i]), i);
	from_where(c, ask, p, r);
	if (place[0].t)
		behind(c, p, r, o, reverse, place);
	order_by(c, p, r, NULL, o, reverse);
}

/* ---- A page ---- */

/* The letter of a key as a column. */
static const char *key_out(const struct list_key *k)
{
	return k->letter == 'd' ? "d" : k->letter == 'i' ? "i" : k->letter == 't' ? "t" : "s";
}

/* Can the keys be compared here, so that the server need not sort whole rows? */
static bool sorts_here(const struct list_order *o)
{
	for (size_t i = 0; i < keys_of(o); i++)
		if (!strchr("dite", o->keys[i].letter))
			return false;
	return true;
}

/* The columns of a page and their letters: the caller's, the parent's, the row's, the keys'. */
static const char *columns(struct composed *c, const struct list_ask *ask)
{
	const struct listing *l = ask->list;
	const struct list_order *o = &l->orders[ask->order];
	struct buf out = { .arena = c->a };

	buf_puts(&out, WHO_OUT);
	text(c, WHO);
	if (l->parent != RES__MAX) {
		buf_printf(&c->sql, ", %s", life_resources[l->parent].brief_text);
		buf_puts(&out, life_resources[l->parent].brief_out);
	}
	buf_printf(&c->sql, ", %s", l->text ? l->text : life_resources[l->of].text);
	buf_puts(&out, l->text ? l->out : life_resources[l->of].out);
	for (size_t i = 0; sorts_here(o) && i < keys_of(o); i++) {
		buf_printf(&c->sql, is_id(&o->keys[i]) ? ", k.id" : ", k.k%zu", i);
		buf_puts(&out, key_out(&o->keys[i]));
	}
	return out.p;
}

/* Where a page begins: so many rows behind a place, or, if reversed, before it.  place[0].t 0: the beginning. */
struct stand { struct db_val place[LIST_KEYS]; int64_t offset; bool reverse; };

/* limit: of each run; then of all together. */
static const char *compose(struct composed *c, const struct list_ask *ask, const struct list_view *w, const struct db_val *org, const struct db_val *me,
	const struct stand *at)
{
	const struct listing *l = ask->list;
	const struct list_order *o = &l->orders[ask->order];
	const struct list_path *p = path_of(ask, ask->order);
	const struct db_val limit = db_i(ask->pages ? ask->limit : ask->limit + 1), offset = db_i(at->offset), most = db_i(limit.i + at->offset);
	struct run runs[RUNS];
	size_t n = runs_of(ask, w, org, me, false, runs);
	const char *out = columns(c, ask);

	text(c, FROM_WHO);
	if (l->parent != RES__MAX)
		clause(c, arena_printf(c->a, "LEFT JOIN %s y ON y.organization_id = p.organization_id AND y.id = ? ", life_resources[l->parent].table), "d",
			(const struct db_val[]){ db_d(&ask->parent) }, 1);
	text(c, "LEFT JOIN ");
	if (n > 1) {
		text(c, "(SELECT u.id");
		for (size_t i = 0; i < keys_of(o); i++)
			if (!is_id(&o->keys[i]))
				buf_printf(&c->sql, ", u.k%zu", i);
		text(c, " FROM (");
	}
	for (size_t i = 0; i < n; i++) {
		if (i)
			text(c, n > 2 ? " UNION " : " UNION ALL ");        /* what was granted may be the same */
		one_run(c, ask, p, &runs[i], at->place, at->reverse);
		clause(c, n == 1 && ask->pages ? " LIMIT ? OFFSET ?)" : " LIMIT ?)", n == 1 && ask->pages ? "ii" : "i",
			(const struct db_val[]){ n == 1 ? limit : most, offset }, n == 1 && ask->pages ? 2 : 1);
	}
	if (n > 1) {
		text(c, ") u");
		order_by(c, p, NULL, "u", o, at->reverse);
		clause(c, ask->pages ? " LIMIT ? OFFSET ?)" : " LIMIT ?)", ask->pages ? "ii" : "i", (const struct db_val[]){ limit, offset }, ask->pages ? 2 : 1);
	}
	buf_printf(&c->sql, " k ON TRUE LEFT JOIN %s x ON x.organization_id = p.organization_id AND x.id = k.id%s", list_table(l), l->joins ? l->joins : "");
	text(c, IS_WHO);
	values(c, "ddd", (const struct db_val[]){ *org, *me, *me }, 3);
	if (!sorts_here(o))
		order_by(c, p, NULL, "k", o, at->reverse);
	c->n--;                                  /* the session, which tx.c adds */
	return out;
}

static struct composed *composing(struct arena *a)
{
	struct composed *c = ARENA_NEW(a, struct composed);

	c->a = c->sql.arena = c->in.arena = a;
	return c;
}

bool list_by_grants(const struct listing *l)
{
	return l->sees == SEES_GRANT || l->sees == SEES_PARENT;
}

/* ---- Asking ---- */

static struct list_view view_of(const struct who *who)
{
	struct list_view w = { .nmodes = who->mode == MODE_BOTH ? 2 : 1, .local = !who->publishable };

	w.modes[0] = who->mode != MODE_TEST;
	w.admin = who_guess_admin(who);
	return w;
}

static bool backwards(const struct list_ask *ask)
{
	return ask->flip != !id_is_zero(&ask->before);
}

/* The keys of the cursor's object. */
static enum err place_of(struct tx *tx, const struct list_ask *ask, struct db_val place[LIST_KEYS])
{
	const struct listing *l = ask->list;
	const struct list_order *o = &l->orders[ask->order];
	const struct id *cursor = id_is_zero(&ask->before) ? &ask->after : &ask->before;
	const char *mode = l->mode ? l->mode : l->sees == SEES_MODE ? "x.livemode" : NULL;
	struct composed *c;
	struct buf out = { .arena = tx->arena };
	struct db_rows r;
	enum err e;

	memcpy(place, ask->place, LIST_KEYS * sizeof *place);
	if (id_is_zero(cursor) || place[0].t)
		return OK;
	if (keys_of(o) == 1 && is_id(&o->keys[0])) {
		place[0] = db_d(cursor);
		return OK;
	}
	c = composing(tx->arena);
	text(c, "SELECT ");
	for (size_t i = 0; i < keys_of(o); i++) {
		buf_printf(&c->sql, "%s, ", key_text(c->a, &o->keys[i]));
		buf_puts(&out, key_out(&o->keys[i]));
	}
	buf_printf(&c->sql, "%s FROM %s x WHERE x.organization_id = ? AND x.id = ?%s", mode ? mode : "1", list_table(l), l->place ? l->place : "");
	buf_puts(&out, "i");
	values(c, "dd", (const struct db_val[]){ db_d(&tx->who->organization), db_d(cursor) }, 2);
	if ((e = tx_query(tx, db_made(tx->db, l->name, c->in.p, out.p, c->sql.p), c->v, c->n, &r)))
		return e;
	if (r.n && (!mode || who_sees(tx->who, db_row(&r, 0)[keys_of(o)].i))) {
		memcpy(place, db_row(&r, 0), keys_of(o) * sizeof *place);
		return OK;
	}
	/* Whether there is one is told to those alone who may list. */
	if ((e = tx_settle(tx)) || (e = who_may(tx->who, tx->ask)))
		return e;
	why_add(tx, id_is_zero(&ask->before) ? "starting_after" : "ending_before", "does not match any item in this list");
	return ERR_QUERY;
}

enum err list_placed(struct tx *tx, struct list_ask *ask)
{
	return place_of(tx, ask, ask->place);
}

/* Without one of its clauses a page would show more than it may: there is none then. */
static bool whole(const struct list_ask *ask, const struct composed *c)
{
	return !ask->full && !c->full && (list_asked(ask) & ask->list->always) == ask->list->always;
}

/* Where the columns of the row begin. */
static size_t row_at(const struct listing *l)
{
	return WHO_COLUMNS + (l->parent == RES__MAX ? 0 : strlen(life_resources[l->parent].brief_out));
}

static int compare_text(const struct db_val *a, const struct db_val *b)
{
	const size_t n = a->n < b->n ? a->n : b->n;
	const int d = n ? memcmp(a->s, b->s, n) : 0;

	return d ? d : a->n < b->n ? -1 : a->n > b->n;
}

static int compare_key(const struct db_val *a, const struct db_val *b)
{
	if (a->t == 'd')
		return memcmp(a->id.b, b->id.b, ID_BYTES);
	return a->t == 's' ? compare_text(a, b) : a->i < b->i ? -1 : a->i > b->i;
}

static int compare(const struct db_val *a, const struct db_val *b, const struct list_order *o, bool reverse)
{
	for (size_t i = 0; i < keys_of(o); i++) {
		const int d = compare_key(&a[i], &b[i]);

		if (d)
			return (o->keys[i].down != reverse) == (d < 0) ? 1 : -1;
	}
	return 0;
}

/* The rows in their order: as they come, they nearly always are; moved: they were not. */
static const struct db_val **in_order(struct arena *a, const struct db_rows *r, const struct list_order *o, bool reverse, bool *moved)
{
	const struct db_val **all = arena_alloc(a, (r->n + 1) * sizeof *all);
	const size_t at = r->cols - keys_of(o);

	for (size_t i = 0, k; i < r->n; i++) {
		const struct db_val *v = db_row(r, i);

		for (k = i; k && sorts_here(o) && compare(all[k - 1] + at, v + at, o, reverse) > 0; k--)
			all[k] = all[k - 1];
		*moved |= k < i;
		all[k] = v;
	}
	return all;
}

/* A row as its struct.  False: an object that is there for nobody, or in a state that this release does not know. */
static bool take(const struct listing *l, const struct db_val *v, void *out)
{
	struct life *o = l->of == RES__MAX ? NULL : out;

	if (!l->maps[0]) {
		(void)row_read(life_resources[l->of].seen, l->of, life_take(l->of, v, out), out);
		return o->state && !(life_states[o->state].flags & GONE);
	}
	if (o)
		o->organization = v->id;
	v++;
	for (const struct column *const *m = l->maps; *m; m++)
		v = row_read(*m, l->of, v, out);
	return !o || (o->state && !(life_states[o->state].flags & GONE));
}

enum { FAR = 1000 };                             /* rows: to look for a place takes less than to sort what is before it */

/* A far page of two disjoint runs is read backwards from the first run's row number offset + limit: between that row and
 * the page are as many rows as the second run has before it.  So many that nothing is gained: at stays as it is. */
static enum err nearer(struct tx *tx, const struct list_ask *ask, const struct run runs[2], struct stand *at)
{
	const struct listing *l = ask->list;
	const struct list_order *o = &l->orders[ask->order];
	const struct list_path *p = path_of(ask, ask->order);
	struct composed *c = composing(tx->arena);
	struct buf out = { .arena = tx->arena };
	struct stand to = { .reverse = !at->reverse };
	struct db_rows r;
	enum err e;

	/* More than one statement is for callers who may list. */
	if ((e = tx_settle(tx)) || (e = who_may(tx->who, tx->ask)))
		return e;
	text(c, "SELECT ");
	for (size_t i = 0; i < keys_of(o); i++) {
		buf_printf(&c->sql, is_id(&o->keys[i]) ? "%sk.id" : "%sk.k%zu", i ? ", " : "", i);
		buf_puts(&out, key_out(&o->keys[i]));
	}
	text(c, " FROM ");
	one_run(c, ask, p, &runs[0], to.place, at->reverse);
	clause(c, " LIMIT 1 OFFSET ?) k", "i", (const struct db_val[]){ db_i(at->offset + ask->limit) }, 1);
	if (!whole(ask, c))
		return ERR_INTERNAL;
	if ((e = tx_query(tx, db_made(tx->db, l->name, c->in.p, out.p, c->sql.p), c->v, c->n, &r)) || !r.n)
		return e;
	memcpy(to.place, db_row(&r, 0), keys_of(o) * sizeof *to.place);
	c = composing(tx->arena);
	text(c, "SELECT COUNT(*) FROM (SELECT 1");
	from_where(c, ask, p, &runs[1]);
	behind(c, p, &runs[1], o, to.reverse, to.place);
	clause(c, " LIMIT ?) k", "i", (const struct db_val[]){ db_i(at->offset) }, 1);
	if (!whole(ask, c))
		return ERR_INTERNAL;
	if ((e = tx_query(tx, db_made(tx->db, l->name, c->in.p, "i", c->sql.p), c->v, c->n, &r)))
		return e;
	to.offset = db_row(&r, 0)->i;
	if (to.offset < at->offset)
		*at = to;
	return OK;
}

/* The rows of the page.  That the caller is an administrator, and has other runs to look along, is settled by
 * the statement itself: where the guess was wrong it is asked again. */
static enum err seen(struct tx *tx, struct list_ask *ask, struct stand *at, struct db_rows *r)
{
	const struct listing *l = ask->list;
	const struct db_val org = db_d(&tx->who->organization), me = db_d(&tx->who->principal);
	struct stand first = { .offset = ask->offset, .reverse = backwards(ask) };
	struct run runs[RUNS];
	struct list_view w;
	bool far = ask->pages && ask->offset >= FAR && !l->bounded && !(list_asked(ask) & ~l->totalled), again;
	enum err e, settled;

	if ((e = place_of(tx, ask, first.place)))
		return e;
	far &= !first.place[0].t;
	do {
		struct composed *c = composing(tx->arena);
		const char *out;
		enum sql sql;

		w = view_of(tx->who);
		*at = first;
		if (far && runs_of(ask, &w, &org, &me, false, runs) == 2 && (e = nearer(tx, ask, runs, at)))
			return e;
		out = compose(c, ask, &w, &org, &me, at);
		if (!whole(ask, c))
			return ERR_INTERNAL;
		sql = db_made(tx->db, l->name, c->in.p, out, l->bounded ? arena_printf(tx->arena, "%s%s", l->bounded, c->sql.p) : c->sql.p);
		tx->why = (struct why){ 0 };
		e = (ask->numbered ? tx_read : tx_page)(tx, sql, c->v, c->n, r);
		if (e && list_by_grants(l) && !tx->who->permissions && (settled = tx_settle(tx)))
			return settled;          /* what is wrong with another one's rows is nobody's business */
		again = list_by_grants(l) && w.admin != who_is_admin(tx->who);
		if (at->reverse != first.reverse && (!e || e == ERR_PAGE_BYTES) && r->cut) {
			far = false;             /* cut at the wrong end */
			again = true;
		}
	} while (again);
	return e;
}

enum err list_read(struct tx *tx, struct list_ask *ask, struct list_got *got)
{
	const struct listing *l = ask->list;
	const struct list_order *o = &l->orders[ask->order];
	const size_t size = list_size(l);
	const struct db_val **all;
	bool moved = false, turned;              /* the rows came in the opposite order */
	void *parent = NULL;
	struct stand at;
	struct db_rows r;
	enum err e;

	*got = (struct list_got){ .back = !id_is_zero(&ask->before) };
	if ((e = seen(tx, ask, &at, &r)))
		return e;
	turned = at.reverse != ask->flip;
	if (l->parent != RES__MAX) {
		parent = arena_alloc(tx->arena, life_resources[l->parent].size);
		e = life_seen_brief(tx, l->parent, db_row(&r, 0) + WHO_COLUMNS, parent);
	} else {
		e = who_may(tx->who, tx->ask);
	}
	if (e)
		return e;
	got->parent = parent;
	if (r.n == 1 && db_row(&r, 0)[row_at(l)].null)      /* nobody's row alone */
		r.n = 0;
	got->cut = r.cut;
	got->more = r.cut || (!ask->pages && r.n > (size_t)ask->limit);
	got->n = r.n > (size_t)ask->limit ? (size_t)ask->limit : r.n;
	got->rows = arena_alloc(tx->arena, (got->n + 1) * size);
	all = in_order(tx->arena, &r, o, at.reverse, &moved);
	if (moved && r.cut) {                    /* what was cut off is not what is behind (db.c: session) */
		log_error(LOG_ERROR, "database: the rows of %s came in no order", l->name);
		return ERR_INTERNAL;
	}
	for (size_t i = 0; i < got->n; i++)
		if (!take(l, all[turned ? got->n - 1 - i : i] + row_at(l), (char *)got->rows + i * size))
			return ERR_INTERNAL;
	return OK;
}

/* ---- Counting ---- */

static void compose_count(struct composed *c, const struct list_ask *ask, const struct list_view *w, const struct db_val *org, const struct db_val *me)
{
	const struct list_path *p = path_of(ask, 0);
	struct run runs[RUNS];
	size_t n = runs_of(ask, w, org, me, true, runs);

	text(c, "SELECT ");
	for (size_t i = 0; i < n; i++) {
		text(c, i ? " + (SELECT COUNT(" : "(SELECT COUNT(");
		text(c, runs[i].from ? "DISTINCT x.id)" : "*)");
		from_where(c, ask, p, &runs[i]);
		text(c, ")");
	}
}

enum err list_count(struct tx *tx, const struct list_ask *ask, int64_t *out)
{
	const struct db_val org = db_d(&tx->who->organization), me = db_d(&tx->who->principal);
	const struct list_view w = view_of(tx->who);
	struct composed *c = composing(tx->arena);
	struct db_rows r;
	enum err e;

	compose_count(c, ask, &w, &org, &me);
	if (!whole(ask, c))
		return ERR_INTERNAL;
	if ((e = tx_query(tx, db_made(tx->db, ask->list->name, c->in.p, "i", c->sql.p), c->v, c->n, &r)))
		return e;
	*out = db_row(&r, 0)->i;
	return OK;
}

bool list_told(const struct list_ask *ask, const struct list_got *got, int64_t *total)
{
	if (got->cut || got->n >= (size_t)ask->limit || (!got->n && ask->offset))
		return false;
	*total = ask->offset + (int64_t)got->n;
	return true;
}

enum err list_folded(struct tx *tx, struct summing kept, struct summing all, int64_t *out)
{
	static bool busy;                        /* a worker's: had the last one something to add? */
	struct sum { int64_t total, unfolded; } sum;
	static const struct column map[] = { { ROW_i, offsetof(struct sum, total) }, { ROW_i, offsetof(struct sum, unfolded) }, { ROW_END, 0 } };
	enum err e = busy ? OK : tx_one(tx, kept.sql, kept.in, kept.n, map, &sum);

	if (!e && (busy || sum.unfolded))
		e = tx_one(tx, all.sql, all.in, all.n, map, &sum);
	if (e)
		return e;
	busy = sum.unfolded > 0;
	*out = sum.total;
	return sum.unfolded > UNFOLDED_MOST ? ERR_DB_NONE : OK;
}

/* ---- For who looks at the statements ---- */

struct list_text list_text(struct arena *a, const struct list_ask *ask, bool count, struct list_view w, const struct id *org, const struct id *me)
{
	const struct db_val in = db_d(org), who = db_d(me);
	struct composed *c = composing(a);
	struct stand at = { .offset = ask->offset, .reverse = backwards(ask) };
	const char *out = "i";

	memcpy(at.place, ask->place, sizeof at.place);
	if (count)
		compose_count(c, ask, &w, &in, &who);
	else
		out = compose(c, ask, &w, &in, &who, &at);
	return (struct list_text){ c->full || ask->full ? NULL : c->sql.p, c->in.p, out, c->v, c->n };
}
