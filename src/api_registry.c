/* api_registry.c: the registry dialect, DataRobot's API of registered models and deployments: its words for
 * errors, and the few routes that every client calls first.  What all its files share is in registry.c. */
#include "registry.h"
#include <string.h>
#include "conf.h"
#include "dialects.h"
#include "str.h"

/* ---- What clients ask first ---- */

struct version_said { const char *text; int64_t major, minor; };
static const struct shape version_out[] = {
	{ "major", T_INT, AT(struct version_said, major) },
	{ "minor", T_INT, AT(struct version_said, minor) },
	{ "versionString", T_STR, AT(struct version_said, text) },
	NAMED("RegistryApiVersion")
};

/* registry_version, which conf.c checked. */
static enum err version(struct req *r)
{
	struct version_said v = { .text = conf.registry_version };
	const char *dot = strchr(v.text, '.');

	if (!dot || !parse_int(arena_strndup(r->arena, v.text, (size_t)(dot - v.text)), 0, 99, &v.major)
	    || !parse_int(arena_strndup(r->arena, dot + 1, strcspn(dot + 1, ".")), 0, 9999, &v.minor))
		return ERR_INTERNAL;
	res_shape(r, 200, version_out, &v, 0);
	return OK;
}

static const struct shape ping_out[] = { { "response", T_LITERAL, .text = "pong" }, NAMED("RegistryPing") };

static enum err ping(struct req *r)
{
	res_shape(r, 200, ping_out, r, 0);
	return OK;
}

/* ---- Tables ---- */

static const struct route routes[] = {
	{ "GET", BASE "/version", PERM_PUBLIC, 0, .status = 200, .out = version_out, .run = version, .summary = "Get the API version, which clients compare with their own" },
	{ "GET", BASE "/ping", PERM_PUBLIC, 0, .status = 200, .out = ping_out, .run = ping, .summary = "Check that the API is up" },
	{ 0 }
};

static const char *const codes[CLASS__MAX] = {
	[CLASS_MALFORMED] = "bad_request",
	[CLASS_WHO] = "unauthorized",
	[CLASS_FORBIDDEN] = "forbidden",
	[CLASS_NOT_FOUND] = "not_found",
	[CLASS_METHOD] = "method_not_allowed",
	[CLASS_CONFLICT] = "conflict",
	[CLASS_PRECONDITION] = "precondition_failed",
	[CLASS_TOO_LARGE] = "too_large",
	[CLASS_MEDIA_TYPE] = "unsupported_media_type",
	[CLASS_RATE] = "too_many_requests",
	[CLASS_INTERNAL] = "internal",
	[CLASS_UNAVAILABLE] = "unavailable",
};
#define FIELDS { .status = 422, .text = "Invalid field data" }
#define UNPROCESSABLE { .status = 422 }
static const struct error_row errors[ERR__MAX] = {
	[ERR_AUTH_NONE] = { .text = "Invalid Authorization header. No credentials provided." },
	[ERR_ROUTE_NOT_FOUND] = { .text = "Not Found" },
	[ERR_INTERNAL] = { .text = "Internal Server Error" },
	[ERR_SHAPE] = FIELDS,
	[ERR_NO_BODY] = FIELDS,
	[ERR_QUERY] = FIELDS,
	[ERR_MODEL_NAME_TAKEN] = { .status = 422, .text = "A registered model with this name already exists; the name is already in use" },
	[ERR_MODEL_ARCHIVED] = UNPROCESSABLE,
	[ERR_MODEL_RETIRED] = { .status = 422, .text = "The registered model has been permanently archived" },
	[ERR_PACKAGE_ARCHIVED] = UNPROCESSABLE,
	[ERR_NOT_BUILT] = UNPROCESSABLE,
	[ERR_ENVIRONMENT_FORMAT] = UNPROCESSABLE,
	[ERR_CHALLENGER_LIMIT] = UNPROCESSABLE,
	[ERR_KEY_REUSED] = UNPROCESSABLE,
	[ERR_RUN_EXISTS] = UNPROCESSABLE,
};

/* Has the organization a registry at all? */
static enum err check(struct req *r)
{
	return r->row->perm != PERM_PUBLIC && word_in(conf.registry_off, id_spell(r->arena, "org-", &r->who.organization)) ? ERR_DIALECT_OFF : OK;
}

/* {"message", "errors": {field: reason}?}; clients look for these words where a key is not known. */
static void say(struct req *r, struct error_say *say)
{
	struct why *why = &r->tx.why;

	(void)say;
	for (int i = 0; i < why->n; i++)
		if (why->items[i].code && !strcmp(why->items[i].code, "unknown"))
			why->items[i].reason = arena_printf(r->arena, "%s is not allowed key", why->items[i].field);
}

#define ERROR_SAY_AT(field) AT(struct error_say, field)
static const struct shape fault_out[] = {
	{ "field", T_STR, AT(struct why_item, field) },
	{ "reason", T_STR, AT(struct why_item, reason) },
	NAMED("RegistryFault")
};
static const struct shape error_out[] = {
	{ "message", T_STR, ERROR_SAY_AT(text) },
	{ "errors", T_MAP, ERROR_SAY_AT(details), .sub = fault_out, .flags = F_OMIT },
	NAMED("RegistryError")
};

static const struct route *const tables[] = {
	routes,
	package_routes,
	registered_routes,
	share_routes,
	job_routes,
	deployment_routes,
	environment_routes,
	source_routes,
	custom_routes,
	NULL
};
static const char *const prefixes[] = { BASE, NULL };
const struct dialect api_registry = { .name = "registry", .title = "Model registry",
	.about = "The same models as registered models with packages, deployments and prediction environments, for clients of DataRobot.",
	.guest = true, .prefixes = prefixes, .tables = tables, .codes = codes, .errors = errors,
	.error_out = error_out, .error_type = "application/json", .time = TIME_MICROS, .tells_state = true, .scheme = "Token", .absolute = true, .slashes = true,
	.cors = true, .check = check, .say = say };
