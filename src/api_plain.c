/* api_plain.c: what belongs to no dialect: health, readiness, the description of all
 * routes, the pages under /docs (api_docs.c), and the answers to addresses under no prefix
 * (RFC 9457 problem details). */
#include "dialects.h"
#include <string.h>
#include "docs.h"
#include "health.h"
#include "log.h"
#include "made.h"
#include "metrics.h"
#include "openapi.h"
#include "str.h"

struct health { const char *status, *checks; int64_t schema; };
static const struct shape health_out[] = {
	{ .key = "status", .type = T_STR, .off = offsetof(struct health, status), .help = "`ok`" },
	NAMED("Health")
};
static const struct shape ready_out[] = {
	{ .key = "status", .type = T_STR, .off = offsetof(struct health, status), .help = "`ok`" },
	{ .key = "schema", .type = T_INT, .off = offsetof(struct health, schema), .help = "version of the database schema" },
	{ .key = "checks", .type = T_DOC, .off = offsetof(struct health, checks), .help = "what was looked at: an object of `ok` by `database`, `schema`, "
		"`changes` and `disk`; when it is not ready the error has it too, with what is wrong, or `unknown`" },
	NAMED("Ready")
};

static enum err healthz(struct req *r)
{
	res_shape(r, 200, health_out, &(struct health){ .status = "ok" }, 0);
	return OK;
}

/* ---- Is it ready?  What is wrong is told in words that say nothing of the inside. ---- */

/* A new connection refuses another schema, and says so; one from before it can still ask. */
static enum err look_database(struct req *r, struct health *h)
{
	enum err e = tx_int(&r->tx, SQL_SCHEMA_VERSION, DB_NONE, &h->schema);

	return e == ERR_SCHEMA ? OK : e;
}

static enum err look_schema(struct req *r, struct health *h)
{
	(void)r;
	if (h->schema >= SCHEMA_MIN && h->schema <= SCHEMA_MAX)
		return OK;
	if (h->schema)
		log_error(LOG_ERROR, "the schema has version %lld now, this program works with %d to %d; run `thaw migrate`, "
			"install the release that fits, reload the workers", (long long)h->schema, SCHEMA_MIN, SCHEMA_MAX);
	return ERR_SCHEMA;
}

static enum err look_changes(struct req *r, struct health *h)
{
	enum err e = db_exec(r->tx.db, SQL_MAY_CHANGE, DB_NONE, NULL);

	(void)h;
	return e == ERR_DB_LOST || e == ERR_DB_RETRY ? ERR_UNAVAILABLE : e;
}

static enum err look_disk(struct req *r, struct health *h)
{
	(void)r, (void)h;
	return health_full(true) ? ERR_DISK_FULL : OK;
}

/* wants: it says nothing when an earlier one failed. */
static const struct { const char *name; enum err (*look)(struct req *r, struct health *h); bool wants; const char *wrong; } looks[] = {
	{ "database", look_database, false, "does not answer" },
	{ "schema", look_schema, true, "has a version that this program does not work with" },
	{ "changes", look_changes, true, "are refused" },
	{ "disk", look_disk, false, "found no room for the last change" },
};

static enum err readyz(struct req *r)
{
	struct health h = { .status = "ok" };
	struct json *checks = js_object(r->arena);
	enum err first = OK;

	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
		const bool unknown = first && looks[i].wants;
		const enum err e = unknown ? OK : looks[i].look(r, &h);

		js_put_str(r->arena, checks, looks[i].name, unknown ? "unknown" : e ? looks[i].wrong : "ok");
		first = first ? first : e;
	}
	if (first) {
		why_tell(&r->tx, "checks", checks);
		return first;
	}
	h.checks = js_text(checks, NULL);
	res_shape(r, 200, ready_out, &h, 0);
	return OK;
}

static void say(struct req *r, struct error_say *say)
{
	struct json *checks;

	if (r->tx.why.told && js_get(r->tx.why.told, "checks", &checks))
		say->checks = js_text(checks, NULL);
}

/* ---- For Prometheus ---- */

static enum err metrics(struct req *r)
{
	const char *text = metrics_text(r);

	res_body(r, 200, "text/plain; version=0.0.4; charset=utf-8", text, strlen(text));
	return OK;
}

/* ---- The description ---- */

struct openapi_query { const char *api; };
static const struct shape openapi_query[] = {
	{ "api", T_STR, AT(struct openapi_query, api), .min = 1, .max = 32, .help = "describe only this API: a tag of the whole description, or `console`" },
	{ 0 }
};

static const char *make_openapi(struct req *r, const char *name)
{
	const char *api = ((const struct openapi_query *)r->query)->api;
	struct json *doc = openapi_document(r->arena, r->dialects, api);

	(void)name;
	return doc ? js_text(doc, NULL) : NULL;
}

static enum err openapi(struct req *r)
{
	const char *api = ((const struct openapi_query *)r->query)->api;
	enum err e = made_reply(r, api ? arena_printf(r->arena, "/openapi.json?%s", api) : "/openapi.json", "application/json", make_openapi);
	struct buf b = { .arena = r->arena };

	if (e != ERR_ROUTE_NOT_FOUND)
		return e;
	/* The title of a page is not always the name. */
	for (size_t i = 0; r->dialects[i]; i++)
		buf_printf(&b, "%s`%s`", i ? ", " : "`api` is not the name of an API; the names are ", r->dialects[i]->name);
	r->tx.why.text = b.p;
	return e;
}

static const struct route routes[] = {
	{ .method = "GET", .path = "/healthz", .perm = PERM_PUBLIC, .status = 200, .out = health_out, .run = healthz,
	  .summary = "Check that the process is alive" },
	{ .method = "GET", .path = "/readyz", .perm = PERM_PUBLIC, .status = 200, .out = ready_out, .run = readyz,
	  .summary = "Check that the service is ready: the database answers, its schema fits and it accepts changes", .errors = "UNAVAILABLE SCHEMA DISK_FULL READ_ONLY" },
	{ .method = "GET", .path = "/metrics", .perm = PERM_PUBLIC, .flags = R_APART, .status = 200, .there = metrics_allowed, .run = metrics,
	  .summary = "Get the counters of this node and the database for Prometheus (text), with the token for it or from an allowed address",
	  .errors = "ROUTE_NOT_FOUND" },
	{ .method = "GET", .path = "/openapi.json", .perm = PERM_PUBLIC, QUERY(openapi_query, struct openapi_query), .status = 200, .run = openapi,
	  .type = "application/json", .summary = "Get this description of the API (OpenAPI 3.1)", .errors = "ROUTE_NOT_FOUND" },
	{ 0 }
};

static const struct route *const tables[] = { routes, docs_routes, NULL };
static const char *const prefixes[] = { NULL };
const struct dialect api_plain = { .name = "plain", .title = "Service",
	.about = "Health, readiness, this description and the pages under /docs.",
	.prefixes = prefixes, .tables = tables, .codes = problem_codes, .errors = problem_errors,
	.error_out = problem_out, .error_type = "application/problem+json", .time = TIME_SECONDS, .tells_state = true, .cors = true, .say = say };
