/* route.c: from a path to its dialect and its row, by the tables alone. */
#include "route.h"
#include <stdio.h>
#include <string.h>
#include "conf.h"
#include "str.h"

const struct dialect *const dialects[] = { &api_models, &api_projects, &api_workspaces, &api_foundry, &api_console, &api_oauth, &api_plain, NULL };

static bool under(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);

	return !strncmp(path, prefix, n) && (path[n] == '/' || path[n] == '\0');
}

const struct dialect *dialect_of(const char *path)
{
	size_t i = 0;

	for (; dialects[i + 1]; i++)
		for (const char *const *p = dialects[i]->prefixes; *p; p++)
			if (under(path, *p))
				return dialects[i];
	return dialects[i];
}

/* Does the template fit the segments, or (`below`) those it has?  Fills vars, with those of no other template. */
static bool fits(const char *t, bool below, struct req *r)
{
	size_t nvars = 0;

	memset(r->vars, 0, sizeof r->vars);
	for (size_t i = 0; i < r->nsegments; i++) {
		size_t n;

		if (below && !*t)
			return true;
		if (*t++ != '/')
			return false;
		n = strcspn(t, "/");
		if (*t == '{') {
			if (!*r->segments[i] || nvars == MAX_VARS)
				return false;
			r->vars[nvars++] = r->segments[i];
		} else if (strlen(r->segments[i]) != n || memcmp(t, r->segments[i], n)) {
			return false;
		}
		t += n;
	}
	return !*t;
}

static enum err run_options(struct req *r)
{
	res_body(r, 204, NULL, NULL, 0);
	res_header(r, "Allow", r->allow);
	if (strstr(r->allow, "PATCH"))           /* RFC 5789 3.1 */
		res_header(r, "Accept-Patch", "application/json, application/merge-patch+json");
	if (r->dialect->cors && r->origin) {
		res_header(r, "Access-Control-Allow-Methods", r->allow);
		res_header(r, "Access-Control-Allow-Headers",           /* the last two are what the foundry SDKs send */
			"Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Attribution, Fetch-User-Agent");
		res_header(r, "Access-Control-Max-Age", "600");
	}
	return OK;
}

static const struct route options_row = { .method = "OPTIONS", .path = "*", .perm = PERM_PUBLIC, .status = 204,
	.run = run_options, .summary = "What methods an address knows" };

/* Of two templates that fit, the one whose first difference is a word of its own: a word
 * comes before a parameter. */
static bool closer(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *b == '{' && *a != '{';
}

/* The template that an address means, whatever the method; NULL: none.  An address that
 * the dialect leaves out is nothing, also where a parameter would take its word. */
static const char *template_of(struct req *r)
{
	const char *found = NULL;

	for (const char *const *p = r->dialect->absent; p && *p; p++)
		if (fits(*p, true, r))
			return NULL;
	EACH_ROUTE(r->dialect, row)
		if (fits(row->path, false, r) && (!found || closer(row->path, found)))
			found = row->path;
	return found && fits(found, false, r) ? found : NULL;
}

enum err route_find(struct req *r)
{
	struct buf allow = { .arena = r->arena };
	const char *path = template_of(r);

	if (!path)
		return ERR_ROUTE_NOT_FOUND;
	EACH_ROUTE(r->dialect, row) {
		if (strcmp(row->path, path))
			continue;
		if (!strcmp(row->method, r->method)) {
			r->row = row;
			return OK;
		}
		buf_printf(&allow, "%s%s, ", row->method, !strcmp(row->method, "GET") ? ", HEAD" : "");
	}
	buf_puts(&allow, "OPTIONS");
	r->allow = allow.p;
	if (!strcmp(r->method, "OPTIONS")) {
		r->row = &options_row;
		return OK;
	}
	return ERR_METHOD;
}

char *code_title(struct arena *a, const char *code)
{
	char *title = arena_strdup(a, code);

	for (char *p = title; *p; p++)
		if (*p == '_')
			*p = ' ';
	if (*title >= 'a' && *title <= 'z')
		*title = (char)(*title - 'a' + 'A');
	return title;
}

const char *newest_version(const struct dialect *d)
{
	const char *newest = "";

	for (const char *const *v = d->versions; v && *v; v++)
		newest = *v;
	return newest;
}

const char *error_code(const struct dialect *d, enum err e)
{
	return d->errors[e].code ? d->errors[e].code : d->codes[err_row(e)->class];
}

struct error_say error_say(struct arena *a, const struct dialect *d, const struct route *route, enum err e)
{
	const struct err_row *row = err_row(e);
	const struct error_row *own = route && route->denied && row->class == CLASS_FORBIDDEN && !d->errors[e].code
		? route->denied : &d->errors[e];
	struct error_say say = { .err = e, .status = own->status ? own->status : row->status,
		.code = own->code ? own->code : error_code(d, e), .text = own->text ? own->text : row->text,
		.group = own->group ? own->group : d->groups ? d->groups[row->class] : NULL, .params = own->params, .parameters = "{}",
		.type = "about:blank", .retry_after = -1 };

	say.title = status_phrase((int)say.status);
	if (d->documented) {
		say.title = code_title(a, say.code);
		say.type = arena_printf(a, "%s/errors/%s", conf.docs_url, say.code);
		say.doc_url = arena_printf(a, "%s/guides/errors#%s", conf.docs_url, say.code);
	}
	return say;
}

void error_details(struct arena *a, const struct dialect *d, struct error_say *say, const struct why *why)
{
	struct faults *f;

	if (!why->n || (!d->tells_state && err_row(say->err)->class != CLASS_MALFORMED))
		return;
	say->detail = &why->items[0];
	say->details = (struct list){ why->items, (size_t)why->n, sizeof *why->items };
	say->faults = f = ARENA_NEW(a, struct faults);
	*f = (struct faults){ .first = why->items[0] };
	if (why->n > 1)
		f->several = say->details;
}

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

bool tables_whole(void)
{
	bool whole = statements_whole();

	for (size_t i = 0; dialects[i]; i++) {
		const struct dialect *d = dialects[i];

		EACH_ROUTE(d, row) {
			if (row->perm != PERM_INVALID && (row->run || row->out || row->moves[0]) && row->status && row->summary && errors_known(row->errors))
				continue;
			fprintf(stderr, "thaw: the route %s %s of %s has no permission, handler, status or summary, or names an unknown error\n",
				row->method, row->path, d->name);
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
