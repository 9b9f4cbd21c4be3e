/* api_plain.c: what belongs to no dialect: health, readiness, the description of all
 * routes, the pages under /docs (api_docs.c), and the answers to addresses under no prefix
 * (RFC 9457 problem details). */
#include "dialects.h"
#include "docs.h"
#include "health.h"
#include "log.h"
#include "made.h"
#include "openapi.h"
#include "str.h"

struct health { const char *status; int64_t schema; };
static const struct shape health_out[] = {
	{ .key = "status", .type = T_STR, .off = offsetof(struct health, status), .help = "`ok`" },
	NAMED("Health")
};
static const struct shape ready_out[] = {
	{ .key = "status", .type = T_STR, .off = offsetof(struct health, status), .help = "`ok`" },
	{ .key = "schema", .type = T_INT, .off = offsetof(struct health, schema), .help = "version of the database schema" },
	NAMED("Ready")
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

/* ---- The description ---- */

struct openapi_query { const char *api; };
static const struct shape openapi_query[] = {
	{ "api", T_STR, AT(struct openapi_query, api), .min = 1, .max = 32, .help = "the name of one API, which is described alone: a tag of the whole description, or `console`" },
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

	return made_reply(r, api ? arena_printf(r->arena, "/openapi.json?%s", api) : "/openapi.json", "application/json", make_openapi);
}

static const struct route routes[] = {
	{ .method = "GET", .path = "/healthz", .perm = PERM_PUBLIC, .status = 200, .out = health_out, .run = healthz,
	  .summary = "The process is alive" },
	{ .method = "GET", .path = "/readyz", .perm = PERM_PUBLIC, .status = 200, .out = ready_out, .run = readyz,
	  .summary = "The database answers, its schema fits, and it takes changes", .errors = "UNAVAILABLE SCHEMA DISK_FULL READ_ONLY" },
	{ .method = "GET", .path = "/openapi.json", .perm = PERM_PUBLIC, QUERY(openapi_query, struct openapi_query), .status = 200, .run = openapi,
	  .type = "application/json", .summary = "This description, made from the tables of routes and shapes (OpenAPI 3.1)", .errors = "ROUTE_NOT_FOUND" },
	{ 0 }
};

static const struct route *const tables[] = { routes, docs_routes, NULL };
static const char *const prefixes[] = { NULL };
const struct dialect api_plain = { .name = "plain", .title = "Service",
	.about = "Health, readiness, this description and the pages under /docs.",
	.prefixes = prefixes, .tables = tables, .codes = problem_codes, .errors = problem_errors,
	.error_out = problem_out, .error_type = "application/problem+json", .time = TIME_SECONDS, .tells_state = true };
