/* route.c: from a path to its row and the key of the object that it names, by the tables alone. */
#define _GNU_SOURCE
#include "route.h"
#include <string.h>
#include "str.h"

/* Does the template fit the segments, or (`below`) those it has?  Fills vars, with those of no other template.  Every
 * row of a dialect is asked for every request, and most begin alike: so byte by byte. */
static bool fits(const char *t, bool below, struct req *r)
{
	size_t nvars = 0;

	for (size_t i = 0; i < r->nsegments; i++) {
		const char *s = r->segments[i];

		if (below && !*t)
			break;
		if (*t++ != '/')
			return false;
		if (*t == '{') {
			if (!*s || nvars == MAX_VARS)
				return false;
			r->vars[nvars++] = s;
			t = strchrnul(t, '/');
			continue;
		}
		while (*s && *s == *t) {         /* no segment has a slash */
			s++;
			t++;
		}
		if (*s || (*t && *t != '/'))
			return false;
	}
	memset(r->vars + nvars, 0, (MAX_VARS - nvars) * sizeof *r->vars);
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
		res_header(r, "Access-Control-Allow-Headers", CORS_TAKES);
		res_header(r, "Access-Control-Max-Age", "600");
	}
	return OK;
}

static const struct route options_row = { .method = "OPTIONS", .path = "*", .perm = PERM_PUBLIC, .status = 204,
	.run = run_options, .summary = "List the methods that an address supports" };

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

/* Is it an address that the dialect leaves out? */
static bool absent(struct req *r)
{
	for (const char *const *p = r->dialect->absent; p && *p; p++)
		if (fits(*p, true, r))
			return true;
	return false;
}

/* The template that an address means for whoever asks, whatever the method; NULL: none. */
static const char *template_of(struct req *r)
{
	const char *found = NULL;

	EACH_ROUTE(r->dialect, row)
		if (fits(row->path, false, r) && (!found || closer(row->path, found)) && (!row->there || row->there(r)))
			found = row->path;
	return found && fits(found, false, r) ? found : NULL;
}

enum err route_find(struct req *r)
{
	struct buf allow = { .arena = r->arena };
	const char *path;

	if (absent(r))
		return r->dialect->lacks ? r->dialect->lacks : ERR_ROUTE_NOT_FOUND;
	if (!(path = template_of(r)))
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

static struct db_val id_of(struct req *r, size_t var, enum resource object)
{
	const char *prefix = r->row->ids[var] ? r->row->ids[var] : life_resources[object].prefix;
	const struct id id = req_id(r, var, prefix);

	return db_d(&id);
}

/* The rows of its query that name it, if any. */
static void of_query(const struct req *r, struct db_val key[2])
{
	size_t n = 0;

	for (const struct shape *s = r->row->query; s && s->key; s++) {
		const void *v = (const char *)r->query + s->off;

		if (s->flags & F_KEY)
			key[n++] = s->type == T_ID ? db_d(v) : db_s(*(const char *const *)v);
	}
}

enum err route_key(struct req *r, struct db_val key[2])
{
	const enum resource parent = life_resources[r->row->object].parent;
	struct id id = id_none;
	size_t var = 0;
	int64_t n;

	r->tx.about.kind = life_resources[r->row->object].word;
	r->tx.about.id = r->vars[0];
	if (!r->vars[0]) {
		of_query(r, key);
		return OK;
	}
	if (r->row->kinds) {
		key[1] = db_i((int64_t)id_kind(r->vars[0], r->row->kinds, &id));
		key[0] = db_d(&id);
		return OK;
	}
	if (parent != RES__MAX) {
		key[0] = id_of(r, 0, parent);
		if (!r->vars[1])                 /* one is made in its parent */
			return OK;
		var = 1;
	}
	r->tx.about.id = r->vars[var];
	if (r->row->number) {
		key[var] = db_i(r->row->number(r->arena, r->vars[var]));
		return OK;
	}
	if (!life_resources[r->row->object].number || r->row->ids[var]) {
		key[var] = id_of(r, var, r->row->object);
		return OK;
	}
	if (!parse_int(r->vars[var], 1, INT64_MAX, &n)) {
		why_add(&r->tx, "id", "must be a positive integer");
		return ERR_SHAPE;
	}
	key[var] = db_i(n);
	return OK;
}
