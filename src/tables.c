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

/* What a human may let an agent do is done by its row alone: on an object that is found by its id, with nothing
 * that only a request could say. */
static bool transitions_whole(void)
{
	bool whole = true;

	for (int t = 0; t < LIFE__MAX; t++) {
		const struct transition_row *row = &life_transitions[t];

		if (row->from && !life_writes[row->sql]) {
			fprintf(stderr, "thaw: the transition %s writes by no CHANGE\n", row->name);
			whole = false;
		}
		if (!(row->flags & APPROVAL))
			continue;
		if (row->flags & HUMAN && row->from && life_writes[row->sql] && !row_asks(life_writes[row->sql])
		 && life_resources[row->resource].parent == RES__MAX && !life_resources[row->resource].number)
			continue;
		fprintf(stderr, "thaw: the transition %s cannot be approved by its row alone\n", row->name);
		whole = false;
	}
	return whole;
}

static int filters_of(const struct listing *l)
{
	int n = 0;

	while (l && l->filters && l->filters[n].clause)
		n++;
	return n;
}

/* A row that filters: what it may be, so that it is a clause whenever it is given. */
static const char *filter_fault(const struct shape *s, const struct listing *l)
{
	if (s->filter > filters_of(l))
		return "filters by what its list has not";
	if (s->type == T_LABELS)
		return s->max > l->filters[s->filter - 1].most ? "filters by more labels than its list" : NULL;
	if (s->type == T_INT || s->type == T_TIME)
		return s->set ? NULL : "filters by a number that is not told from none";
	return s->type == T_STR || s->type == T_STATE || s->type == T_ID ? NULL : "filters by a type that is no clause";
}

static bool orders_word(const struct listing *l, const char *word)
{
	const struct list_order *o = l->orders;

	while (o->name && strcmp(o->name, word))
		o++;
	return o->name;
}

/* What is wrong with a shape that is read: a number without bounds, or a filter or an order that the list has not. */
static const char *shape_fault(const struct shape *s, const struct listing *l)
{
	const char *wrong = NULL;

	for (; s && s->key && !wrong; s++) {
		if (s->type == T_INT && s->min >= s->max)
			wrong = "has a number without bounds";
		else if (s->filter)
			wrong = filter_fault(s, l);
		else if (s->sub)
			wrong = shape_fault(s->sub, NULL);
		for (const char *const *w = l && s->off == offsetof(struct page_asked, sort) ? s->words : NULL; w && *w; w++)
			if (!orders_word(l, *w))
				wrong = "sorts by what its list has not";
	}
	return wrong;
}

/* Whose rows there are: as a read sees the object, or, of what is only the caller's or belongs to
 * something, as the route's `read` or the parent narrows it. */
static bool seen_as_read(const struct route *row)
{
	const struct listing *l = row->listing;
	const enum sees sees = l->of == RES__MAX ? l->sees : life_resources[l->of].sees;

	if (l->link && l->parent == RES__MAX)
		return row->read;
	if (sees == SEES_PARENT)
		return l->sees == SEES_ALL && l->parent == life_resources[l->of].parent;
	return l->sees == sees || (sees == SEES_OWN && l->sees == SEES_MODE && row->read);
}

/* Of a page token: it holds numbers, times and ids. */
static bool keys_fit(const struct listing *l)
{
	for (const struct list_order *o = l ? l->orders : NULL; o && o->name; o++)
		for (size_t i = 0; i < LIST_KEYS && o->keys[i].column; i++)
			if (!strchr("dit", o->keys[i].letter))
				return false;
	return true;
}

static const char *route_fault(const struct route *row)
{
	const bool works = row->run || row->paging || row->get || row->make || row->change || row->moves[0] || row->object;
	const char *wrong;

	if (row->perm == PERM_INVALID)
		return "has no permission";
	if (!works)
		return "does nothing";
	if (!row->status || !row->summary)
		return "has no status, or no summary";
	if (!errors_known(row->errors))
		return "names an error there is not";
	if (row->listing && !row->paging)
		return "lists without paging";
	if (row->listing && !seen_as_read(row))
		return "lists more than a read shows";
	if (row->paging && (!row->out || (!row->listing && !row->read)))
		return "has pages of nothing, or of no shape";
	if (row->paging && row->paging->got == pages_tokened && !keys_fit(row->listing))
		return "has tokens of texts";
	if ((wrong = shape_fault(row->in, NULL)) || (wrong = shape_fault(row->query, row->listing)))
		return wrong;
	return NULL;
}

bool tables_whole(const struct dialect *const *dialects)
{
	bool whole = statements_whole() & transitions_whole();

	for (size_t i = 0; dialects[i]; i++) {
		const struct dialect *d = dialects[i];

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
