/* api_plain.c: what belongs to no dialect: health, readiness, the description of all
 * routes, pages that explain error codes, and the answers to addresses under no prefix
 * (RFC 9457 problem details). */
#include "dialects.h"
#include <string.h>
#include <openssl/sha.h>
#include "health.h"
#include "log.h"
#include "openapi.h"
#include "str.h"

struct health { const char *status; int64_t schema; };
static const struct shape health_out[] = {
	{ .key = "status", .type = T_STR, .off = offsetof(struct health, status), .help = "`ok`" },
	{ 0 }
};
static const struct shape ready_out[] = {
	{ .key = "status", .type = T_STR, .off = offsetof(struct health, status), .help = "`ok`" },
	{ .key = "schema", .type = T_INT, .off = offsetof(struct health, schema), .help = "version of the database schema" },
	{ 0 }
};

static enum err healthz(struct req *r)
{
	res_shape(r, 200, health_out, &(struct health){ .status = "ok" }, 0);
	return OK;
}

static enum err readyz(struct req *r)
{
	int64_t version;
	enum err e = tx_int(&r->tx, SQL_SCHEMA_VERSION, DB_NONE, &version);

	if (e)
		return e;
	if (version < SCHEMA_MIN || version > SCHEMA_MAX) {
		log_error(LOG_ERROR, "the schema has version %lld now, this program works with %d to %d; run `thaw migrate`, "
			"install the release that fits, reload the workers", (long long)version, SCHEMA_MIN, SCHEMA_MAX);
		return ERR_SCHEMA;
	}
	if ((e = db_exec(r->tx.db, SQL_MAY_CHANGE, DB_NONE, NULL)))
		return e == ERR_DB_LOST || e == ERR_DB_RETRY ? ERR_UNAVAILABLE : e;
	if (health_full(true))
		return ERR_DISK_FULL;
	res_shape(r, 200, ready_out, &(struct health){ .status = "ok", .schema = version }, 0);
	return OK;
}

/* ---- What is the same for everybody as long as the program runs ---- */

/* Made at its first use and kept, since anybody may ask for it, uncounted, and to make it
 * costs as much as ten reads.  The settings it depends on are read once too. */
struct made { const char *name, *type, *body, *tag; size_t n; };
enum { MADE_MOST = 128 };                        /* more than there are codes of errors */
static struct { struct arena *arena; struct made all[MADE_MOST]; size_t n; } kept;

static const struct made *keep(const char *name, const char *type, const char *body, size_t n)
{
	unsigned char md[SHA256_DIGEST_LENGTH];
	char hash[17];
	struct made *m = &kept.all[kept.n];

	if (!kept.arena)
		kept.arena = arena_new();
	SHA256((const unsigned char *)body, n, md);
	hex_encode(md, 8, hash);
	*m = (struct made){ arena_strdup(kept.arena, name), type, arena_strndup(kept.arena, body, n),
		arena_printf(kept.arena, "\"%s\"", hash), n };
	kept.n += kept.n < MADE_MOST - 1;
	return m;
}

/* `make` gives the text, or NULL when there is no such thing. */
static enum err reply_made(struct req *r, const char *name, const char *type, const char *(*make)(struct req *r, const char *name))
{
	const struct made *m = NULL;
	const char *body;

	for (size_t i = 0; i < kept.n && !m; i++)
		if (!strcmp(kept.all[i].name, name))
			m = &kept.all[i];
	if (!m) {
		if (!(body = make(r, name)))
			return ERR_ROUTE_NOT_FOUND;
		m = keep(name, type, body, strlen(body));
	}
	res_body(r, 200, m->type, m->body, m->n);
	res_tag(r, m->tag);
	return OK;
}

static const char *make_openapi(struct req *r, const char *name)
{
	(void)name;
	return js_text(openapi_document(r->arena, r->dialects), NULL);
}

static enum err openapi(struct req *r)
{
	return reply_made(r, "/openapi.json", "application/json", make_openapi);
}

/* ---- What the codes of errors mean ---- */

/* The dialect whose errors point here; NULL: none. */
static const struct dialect *documented(const struct req *r)
{
	for (const struct dialect *const *d = r->dialects; *d; d++)
		if ((*d)->documented)
			return *d;
	return NULL;
}

/* Does a route of the dialect name this error, or does it say it of what it has no route for? */
static bool named(const struct dialect *d, enum err e)
{
	if (d->lacks == e)
		return true;
	EACH_ROUTE(d, row)
		if (row->errors && word_in(row->errors, err_row(e)->name))
			return true;
	return false;
}

/* Can the documented dialect give it?  What no route names anywhere may come on any. */
static bool given(const struct req *r, enum err e)
{
	const struct dialect *own = documented(r);
	bool elsewhere = false;

	for (const struct err_common *c = err_common; c->err; c++)
		if (c->err == e)
			return own;
	for (size_t i = 0; r->dialects[i]; i++)
		elsewhere = elsewhere || (r->dialects[i] != own && named(r->dialects[i], e));
	return own && err_row(e)->status && (!elsewhere || named(own, e));
}

static bool told(const struct req *r, const char *code, enum err e)
{
	return given(r, e) && !strcmp(error_code(documented(r), e), code);
}

static void explain(const struct req *r, struct buf *b, const char *code)
{
	bool first = true;

	buf_printf(b, "<section id=\"%s\"><h2>%s</h2>\n<p><code>%s</code></p>\n<ul>\n", code, code_title(b->arena, code), code);
	for (int e = OK + 1; e < ERR__MAX; e++) {
		struct error_say say;

		if (!told(r, code, (enum err)e))
			continue;
		say = error_say(documented(r), NULL, (enum err)e);
		buf_printf(b, "<li>%d: %s</li>\n", (int)say.status, escape_html(b->arena, say.text));
		first = false;
	}
	buf_puts(b, first ? "<li>No error has this code.</li>\n</ul></section>\n" : "</ul></section>\n");
}

static const char *make_error_page(struct req *r, const char *code)
{
	struct buf b = { .arena = r->arena };
	bool known = false;

	for (int e = OK + 1; e < ERR__MAX; e++)
		known = known || told(r, code, (enum err)e);
	if (!known)
		return NULL;
	explain(r, &b, code);
	return page_html(r->arena, code_title(r->arena, code), b.p);
}

static enum err error_page(struct req *r)
{
	return reply_made(r, r->vars[0], HTML, make_error_page);
}

static const char *make_errors_page(struct req *r, const char *name)
{
	struct buf b = { .arena = r->arena };

	(void)name;
	buf_puts(&b, "");
	for (int e = OK + 1; e < ERR__MAX; e++) {
		bool seen = !given(r, (enum err)e);
		const char *code = seen ? "" : error_code(documented(r), (enum err)e);

		for (int before = OK + 1; before < e && !seen; before++)
			seen = told(r, code, (enum err)before);
		if (!seen)
			explain(r, &b, code);
	}
	return page_html(r->arena, "Errors", b.p);
}

static enum err errors_page(struct req *r)
{
	return reply_made(r, "/docs/guides/errors", HTML, make_errors_page);
}

static const struct route routes[] = {
	{ .method = "GET", .path = "/healthz", .perm = PERM_PUBLIC, .status = 200, .out = health_out, .run = healthz,
	  .summary = "The process is alive" },
	{ .method = "GET", .path = "/readyz", .perm = PERM_PUBLIC, .status = 200, .out = ready_out, .run = readyz,
	  .summary = "The database answers, its schema fits, and it takes changes", .errors = "UNAVAILABLE SCHEMA DISK_FULL READ_ONLY" },
	{ .method = "GET", .path = "/openapi.json", .perm = PERM_PUBLIC, .status = 200, .run = openapi,
	  .summary = "This description, made from the tables of routes and shapes (OpenAPI 3.1)" },
	{ .method = "GET", .path = "/docs/guides/errors", .perm = PERM_PUBLIC, .status = 200, .run = errors_page,
	  .summary = "What each error code means (HTML)" },
	{ .method = "GET", .path = "/docs/errors/{code}", .perm = PERM_PUBLIC, .status = 200, .run = error_page,
	  .summary = "What one error code means (HTML)", .errors = "ROUTE_NOT_FOUND" },
	{ 0 }
};

static const struct route *const tables[] = { routes, NULL };
static const char *const prefixes[] = { NULL };
const struct dialect api_plain = { .name = "plain", .prefixes = prefixes, .tables = tables, .codes = problem_codes, .errors = problem_errors,
	.error_out = problem_out, .error_type = "application/problem+json", .time = TIME_SECONDS, .tells_state = true, .cors = true };
