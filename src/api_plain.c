/* api_plain.c: what belongs to no dialect: health, readiness, the description of all
 * routes, and the answers to addresses under no prefix (RFC 9457 problem details). */
#include "openapi.h"
#include "route.h"
#include <string.h>

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
	struct db_rows rows;
	enum err e = tx_query(&r->tx, SQL_SCHEMA_VERSION, DB_NONE, &rows);
	int64_t version;

	if (e)
		return e;
	version = db_row(&rows, 0)->i;
	if (version < SCHEMA_MIN || version > SCHEMA_MAX)
		return ERR_SCHEMA;
	res_shape(r, 200, ready_out, &(struct health){ .status = "ok", .schema = version }, 0);
	return OK;
}

static enum err openapi(struct req *r)
{
	size_t n;
	const char *text = js_text(openapi_document(r->arena), &n);

	res_body(r, 200, "application/json", text, n);
	return OK;
}

static const struct route routes[] = {
	{ .method = "GET", .path = "/healthz", .perm = PERM_PUBLIC, .status = 200, .out = health_out, .run = healthz,
	  .summary = "The process is alive" },
	{ .method = "GET", .path = "/readyz", .perm = PERM_PUBLIC, .status = 200, .out = ready_out, .run = readyz,
	  .summary = "The database answers and its schema fits", .errors = "UNAVAILABLE SCHEMA" },
	{ .method = "GET", .path = "/openapi.json", .perm = PERM_PUBLIC, .status = 200, .run = openapi,
	  .summary = "This description, made from the tables of routes and shapes (OpenAPI 3.1)" },
	{ 0 }
};

#define CODE(name, code) [ERR_##name] = { code, 0, NULL }
static const struct error_row errors[ERR__MAX] = {
	CODE(AUTH_NONE, "authentication_required"), CODE(AUTH_INVALID, "authentication_required"),
	CODE(AUTH_EXPIRED, "authentication_required"), CODE(AUTH_REFUSED, "authentication_required"),
	CODE(LOGIN_FAILED, "authentication_required"), CODE(REFRESH_INVALID, "authentication_required"),
	CODE(FORBIDDEN, "permission_denied"), CODE(SCOPE_DENIED, "permission_denied"),
	CODE(ROUTE_NOT_FOUND, "not_found"), CODE(MODEL_NOT_FOUND, "not_found"), CODE(VERSION_NOT_FOUND, "not_found"),
	CODE(RUN_NOT_FOUND, "not_found"), CODE(METHOD, "method_not_allowed"), CODE(REQUEST, "invalid_request"),
	CODE(JSON, "invalid_request"), CODE(SHAPE, "invalid_request"), CODE(PRECONDITION, "precondition_failed"),
	CODE(TOO_LARGE, "request_too_large"), CODE(MEDIA_TYPE, "unsupported_media_type"),
	CODE(RATE, "rate_limit_exceeded"), CODE(LOGIN_RATE, "rate_limit_exceeded"),
	CODE(MODEL_NAME_TAKEN, "conflict"), CODE(MODEL_NOT_ARCHIVED, "conflict"), CODE(MODEL_RETIRED, "conflict"),
	CODE(MODEL_ARCHIVED, "conflict"), CODE(MODEL_TRAINING, "conflict"), CODE(RUN_FINISHED, "conflict"),
	CODE(STATE_ALREADY, "conflict"), CODE(CONTENTION, "unavailable"), CODE(UNAVAILABLE, "unavailable"),
	CODE(SCHEMA, "unavailable"), CODE(OUTCOME_UNKNOWN, "outcome_unknown"), CODE(INTERNAL, "internal_error"),
};

/* RFC 9457 with `about:blank`: the title is the phrase of the status. */
static struct json *error_body(struct arena *a, enum err e, const struct error_row *row, int status, const char *text,
	const struct why *why, const char *request_id, const char *time)
{
	struct json *o = js_object(a), *list, *item;

	(void)e, (void)time;
	js_put_str(a, o, "type", "about:blank");
	js_put_str(a, o, "title", status_phrase(status));
	js_put_int(a, o, "status", status);
	js_put_str(a, o, "detail", text);
	js_put_str(a, o, "code", row->code);
	js_put_str(a, o, "request_id", request_id);
	if (!why->n)
		return o;
	list = js_array(a);
	for (int i = 0; i < why->n; i++) {
		item = js_object(a);
		js_put_str(a, item, "field", why->items[i].field);
		js_put_str(a, item, "detail", why->items[i].reason);
		js_add(list, item);
	}
	js_put(o, "errors", list);
	return o;
}

static const char *const prefixes[] = { NULL };
const struct dialect api_plain = { .name = "plain", .prefixes = prefixes, .routes = routes, .errors = errors,
	.error_body = error_body, .error_type = "application/problem+json", .time = TIME_SECONDS };
