/* tables.c: see tables.h. */
#include "tables.h"
#include <stdio.h>
#include <string.h>
#include "pages.h"
#include "row.h"

static bool errors_known(const char *names)
{
	for (const char *p = names; p && *p; ) {
		size_t n = strcspn(p, " ");
		bool known = false;

		for (int e = OK + 1; e < ERR__MAX; e++)
			known |= strlen(err_row(e)->name) == n && !memcmp(err_row(e)->name, p, n);
		if (!known)
			return false;
		p += n;
		p += strspn(p, " ");
	}
	return true;
}

/* A statement has a letter for each of its parameters, and not too many. */
static bool statements_whole(void)
{
	bool whole = true;

	for (int i = SQL_NONE + 1; i < SQL__MAX; i++) {
		size_t marks = 0;

		for (const char *p = sql_rows[i].text; *p; p++)
			marks += *p == '?';
		if (marks == strlen(sql_rows[i].in) && marks <= DB_PARAMETERS && strlen(sql_rows[i].out) <= DB_COLUMNS)
			continue;
		fprintf(stderr, "thaw: the statement %s has %zu parameters, %zu letters and %zu columns\n", sql_rows[i].name, marks,
			strlen(sql_rows[i].in), strlen(sql_rows[i].out));
		whole = false;
	}
	return whole;
}

static const char *transition_fault(const struct transition_row *row)
{
	if (row->from && !life_writes[row->sql])
		return "writes by no CHANGE";
	if (row->rule == LIFE_COMPUTED && !row->compute)
		return "computes its target by nothing";
	/* What a human may let an agent do is done by its row alone: on an object that is found by its id, with nothing that only
	 * a request could say. */
	if (row->flags & APPROVAL && (!(row->flags & HUMAN) || !row->from || row_asks(life_writes[row->sql])
	 || life_resources[row->resource].parent != RES__MAX || life_resources[row->resource].number))
		return "cannot be approved by its row alone";
	return NULL;
}

static bool transitions_whole(void)
{
	bool whole = true;

	for (int t = 0; t < LIFE__MAX; t++) {
		const char *wrong = transition_fault(&life_transitions[t]);

		if (!wrong)
			continue;
		fprintf(stderr, "thaw: the transition %s %s\n", life_transitions[t].name, wrong);
		whole = false;
	}
	return whole;
}

/* ---- Shapes that are read ---- */

static int filters_of(const struct listing *l)
{
	int n = 0;

	while (l && l->filters && l->filters[n].clause)
		n++;
	return n;
}

/* A row that filters: it is a clause whenever it is given. */
static const char *filter_fault(const struct shape *s, const struct listing *l)
{
	if (s->filter > filters_of(l))
		return "filters by what its list has not";
	if (s->type == T_LABELS)
		return s->max > l->filters[s->filter - 1].most ? "filters by more labels than its list" : NULL;
	if (s->type == T_INT || s->type == T_TIME)
		return s->set ? NULL : "filters by a number that is not told from none";
	return s->type == T_STR || s->type == T_STRINGS || s->type == T_STATE || (s->type == T_ID && !(s->flags & F_LOOSE)) ? NULL : "filters by a type that has no clause";
}

static bool orders_word(const struct listing *l, const char *word)
{
	const struct list_order *o = l->orders;

	while (o->name && strcmp(o->name, word))
		o++;
	return o->name;
}

/* Where it stands: as the body, JSON; within another one; or in an address or a form. */
enum place { BODY_JSON, INNER, PARAMETERS };

static const char *shape_fault(const struct shape *s, enum place place, const struct listing *l)
{
	const char *wrong = NULL;

	for (; s && s->key && !wrong; s++) {
		if (s->type == T_INT && s->min >= s->max)
			wrong = "has a number without bounds";
		else if (s->type == T_ID && s->flags & F_LOOSE && s->flags & F_NULL)
			wrong = "lets a misspelled id stand for none";
		else if (place != BODY_JSON && (s->refuse || s->missing || s->flags & F_ONE))
			wrong = "looks at the end at what is not the body's own";
		else if (place == INNER && s->def)
			wrong = "has a default within another shape";
		else if (place == PARAMETERS && s->type == T_WORDS)
			wrong = "has a type that no parameter has";
		else if (s->filter)
			wrong = filter_fault(s, l);
		else if (s->sub)
			wrong = shape_fault(s->sub, INNER, NULL);
		for (const char *const *w = l && s->off == offsetof(struct page_asked, sort) ? s->words : NULL; w && *w; w++)
			if (!orders_word(l, *w))
				wrong = "sorts by what its list has not";
	}
	return wrong;
}

/* ---- Lists ---- */

/* Is it seen with a model that its row names?  A child's may be another one than its parent's. */
static bool of_a_model(enum resource r)
{
	const enum resource parent = life_resources[r].parent;

	return r != RES_MODEL && (parent == RES_MODEL || life_resources[r].sees == SEES_GRANT || (parent != RES__MAX && of_a_model(parent)));
}

/* Whose rows there are: as a read sees the object, or, of what is only the caller's or belongs to
 * something, as the route's `read` or the parent narrows it. */
static bool seen_as_read(const struct route *row)
{
	const struct listing *l = row->listing;
	const enum sees sees = l->of == RES__MAX ? l->sees : life_resources[l->of].sees;

	if (l->sees == SEES_PARENT)              /* with the model that it names (list.c), which it has no grants of its own for */
		return l->of == RES__MAX ? l->model && l->parent != RES__MAX && l->link
			: of_a_model(l->of) && (l->parent == RES__MAX ? !l->link : l->link && l->parent == life_resources[l->of].parent);
	if (l->sees != SEES_ALL && l->sees != SEES_MODE && l->sees != SEES_GRANT)
		return false;
	if (l->link && l->parent == RES__MAX)
		return row->read;
	if (l->of != RES__MAX && of_a_model(l->of))
		return l->sees == SEES_ALL && l->parent == RES_MODEL;
	if (sees == SEES_PARENT)
		return l->sees == SEES_ALL && l->parent == life_resources[l->of].parent;
	return l->sees == sees || (sees == SEES_OWN && l->sees == SEES_MODE && row->read);
}

/* Is something of it not listed that there is? */
static bool hides(enum resource r)
{
	for (int s = 0; s < STATE__MAX; s++)
		if (life_states[s].resource == r && life_states[s].flags & (GONE | RETIRED | SHELVED))
			return true;
	return false;
}

/* Of a page token: it holds numbers, times and ids. */
static bool keys_fit(const struct listing *l)
{
	for (const struct list_order *o = l ? l->orders : NULL; o && o->name; o++)
		for (size_t i = 0; i < LIST_KEYS && o->keys[i].column; i++)
			if (!strchr("dits", list_letter(&o->keys[i])) || (!o->keys[i].at && strcmp(o->keys[i].column, "id")))
				return false;
	return true;
}

static bool has_offset(const struct shape *s)
{
	while (s && s->key && s->off != offsetof(struct page_asked, offset))
		s++;
	return s && s->key;
}

static const char *pages_fault(const struct route *row)
{
	const struct listing *l = row->listing;

	if (!row->out || !row->query || (!l && !row->read))
		return "has pages of nothing, of no shape or asked by none";
	if (row->paging->got == pages_tokened && !keys_fit(l))
		return "has tokens of keys that no row tells";
	if (row->paging->part && row->paging->got != pages_tokened)
		return "has parts, which only tokens put together";
	if (row->paging->got == pages_offset && !has_offset(row->query))
		return "has offsets that nobody can ask for";
	if (!l)
		return NULL;
	if (!l->npaths || l->paths[l->npaths - 1].order >= 0 || l->paths[l->npaths - 1].filters & ~l->always)
		return "lists along paths of which the last does not fit whatever is asked for";
	if (!seen_as_read(row))
		return "lists more than a read shows";
	if ((l->of != RES__MAX && hides(l->of) && !l->always) || (l->hidden && !(l->always >> (l->hidden - 1) & 1)))
		return "lists what is out of lists";
	return !l->link && (l->parent != RES__MAX || strchr(row->path, '{')) ? "lists what belongs to others" : NULL;
}

/* ---- Routes ---- */

/* What a human may let an agent do is answered by what waits for it, and the reverse. */
static bool gate_fits(const struct route *row)
{
	const bool gated = row->moves[0] && life_transitions[row->moves[0]].flags & APPROVAL;

	for (int i = 1; row->moves[0] && row->moves[i]; i++)
		if (row->also_out || life_transitions[row->moves[i]].flags & APPROVAL)
			return false;
	return gated ? row->also && row->also_out && life_transitions[row->moves[0]].resource == row->object : !row->also_out;
}

/* As many as a key has room for. */
static bool names_it(const struct route *row)
{
	size_t n = 0;

	for (const struct shape *s = row->query; s && s->key; s++)
		n += (s->flags & F_KEY) != 0;
	if (n > 2)
		return false;
	if (row->run || row->paging || row->make || row->get || row->change || strchr(row->path, '{'))
		return true;
	return n > 0;
}

/* Have it, and all within it, names for the description? */
static bool has_names(const struct shape *s)
{
	for (; s && s->key; s++)
		if (!has_names(s->sub))
			return false;
	return !s || s->help;
}

static const char *route_fault(const struct route *row)
{
	const bool works = row->run || row->paging || row->get || row->make || row->change || row->moves[0] || row->object;
	const char *wrong = NULL;

	if (row->perm == PERM_INVALID)
		return "has no permission";
	if (!works)
		return "does nothing";
	if (!row->status || !row->summary)
		return "has no status, or no summary";
	if (!has_names(row->out) || !has_names(row->also_out) || !has_names(route_body(row)))
		return "has a shape without a name";
	if (!errors_known(row->errors))
		return "names an error there is not";
	if (row->flags & R_WRITE && row->flags & R_OWN_TX && row->perm != PERM_PUBLIC)
		return "writes before anybody looks whether it asked";
	if (!names_it(row))
		return "names no object, or more than one in a parent";
	if (!gate_fits(row))
		return "has no answer of its own for what waits for a human, or one for what does not";
	for (const struct err_as *as = row->as; as && as->err; as++)
		if (!as->as && (row->run || row->paging))
			return "answers an error as an object that it has not";
	if (row->paging || row->listing)
		wrong = row->paging ? pages_fault(row) : "lists without paging";
	if (!wrong)
		wrong = shape_fault(row->in, row->flags & R_FORM ? PARAMETERS : BODY_JSON, NULL);
	return wrong ? wrong : shape_fault(row->query, PARAMETERS, row->listing);
}

bool tables_whole(const struct dialect *const *dialects)
{
	bool whole = statements_whole() & transitions_whole();

	for (size_t i = 0; dialects[i]; i++) {
		const struct dialect *d = dialects[i];

		if (!d->title || !d->about || !has_names(d->error_out)) {
			fprintf(stderr, "thaw: %s has no title, does not say what it is about, or has errors without a name\n", d->name);
			whole = false;
		}
		EACH_ROUTE(d, row) {
			const char *wrong = route_fault(row);

			if (!wrong)
				continue;
			fprintf(stderr, "thaw: the route %s %s of %s %s\n", row->method, row->path, d->name, wrong);
			whole = false;
		}
		for (int c = CLASS_INNER + 1; c < CLASS__MAX; c++) {
			if (d->codes[c])
				continue;
			fprintf(stderr, "thaw: %s has no code for the errors of class %d\n", d->name, c);
			whole = false;
		}
	}
	return whole;
}
