/* api_registry_environments.c: prediction environments, and prediction servers, of which there are none. */
#include "registry.h"
#include <string.h>

#define ENVIRONMENT_AT(field) AT(struct environment, field)
#define ENVIRONMENT_SET(field) SET(struct environment, field)

static const void *formats(struct arena *a, const void *object)
{
	const struct environment *o = object;

	return formats_text(a, o->formats);
}

static const char *format_fault(struct arena *a, const char *word)
{
	return format_of(word) ? NULL : shape_one_of(a, format_words);
}

#define ROWS_OF_BOTH \
	{ "id", T_ID, ENVIRONMENT_AT(life.id), BARE }, \
	{ "isManagedByManagementAgent", T_BOOL, ENVIRONMENT_AT(managed) }, \
	{ "name", T_STR, ENVIRONMENT_AT(name) }, \
	{ "platform", T_STR, ENVIRONMENT_AT(platform), .words = platform_words }, \
	{ "plugin", T_STR, ENVIRONMENT_AT(plugin), .flags = F_NULL }, \
	{ "supportedModelFormats", T_STRINGS, .make = formats }
const struct shape environment_of_out[] = { ROWS_OF_BOTH, NAMED("EnvironmentBrief") };
static const struct shape environment_out[] = {
	ROWS_OF_BOTH,
	{ "credentialId", T_STR, ENVIRONMENT_AT(credential), .flags = F_OMIT },
	{ "datastoreId", T_STR, ENVIRONMENT_AT(datastore), .flags = F_OMIT },
	{ "description", T_STR, ENVIRONMENT_AT(description) },
	{ "isDeleted", T_BOOL, .text = "false" },
	{ "managedBy", T_STR, ENVIRONMENT_AT(managed_by), .flags = F_OMIT },
	{ "permissions", T_STRINGS, .text = "[]" },
	NAMED("PredictionEnvironment")
};
static const struct shape environments_out[] = PAGE_OUT(environment_out);

#define IN_ROWS(required) \
	{ "name", T_STR, ENVIRONMENT_SET(name), .min = 1, .max = 512, .flags = required | F_TRIMMED }, \
	{ "platform", T_STR, ENVIRONMENT_SET(platform), .words = platform_words, .flags = required }, \
	{ "description", T_STR, ENVIRONMENT_SET(description), .max = 2048, .flags = F_NULL }, \
	{ "plugin", T_STR, ENVIRONMENT_SET(plugin), .max = 255, .flags = F_NULL }, \
	{ "supportedModelFormats", T_STRINGS, ENVIRONMENT_SET(supported), .min = 1, .max = 4, .fault = format_fault, .flags = F_NULL, \
	  .help = "by default datarobot, customModel and, except on a platform with that name, externalModel" }, \
	{ "isManagedByManagementAgent", T_BOOL, ENVIRONMENT_SET(managed), .help = "false by default" }, \
	{ "managedBy", T_STR, ENVIRONMENT_SET(managed_by), .max = 255, .flags = F_NULL }, \
	{ "datastoreId", T_STR, ENVIRONMENT_SET(datastore), .max = 255, .flags = F_NULL }, \
	{ "credentialId", T_STR, ENVIRONMENT_SET(credential), .max = 255, .flags = F_NULL }
static const struct shape create_in[] = { IN_ROWS(F_REQUIRED), NAMED("PredictionEnvironmentCreate") };
static const struct shape edit_in[] = { IN_ROWS(0), NAMED("PredictionEnvironmentEdit") };

struct environments_query { struct page_asked page; const char *search, *formats; };
static const struct shape environments_query[] = {
	PAGE_ROWS,
	{ "search", T_STR, AT(struct environments_query, search), .filter = 1 + ENVIRONMENTS_SEARCH, .min = 1, .max = 255, .help = "matches a part of the name or the description; case is ignored" },
	{ "supportedModelFormats", T_STRINGS, AT(struct environments_query, formats), .fault = format_fault, .help = "matches any of these" },
	{ 0 }
};

static enum err asked(struct req *r, const struct page_asked *page, struct list_ask *ask)
{
	const struct environments_query *q = r->query;

	if (q->formats)
		list_where(ask, ENVIRONMENTS_FORMATS, DB_IN(db_i(formats_of(r->arena, q->formats))));
	return living.asked(r, page, ask);
}
static const struct paging paging = { .size = 100, .most = 1000, .total = true, .asked = asked, .got = pages_offset };

/* ---- Prediction servers ---- */

struct server { const char *id, *url, *key; };
static const struct shape server_out[] = {
	{ "id", T_STR, AT(struct server, id) },
	{ "url", T_STR, AT(struct server, url) },
	{ "datarobot-key", T_STR, AT(struct server, key) },
	NAMED("PredictionServer")
};
static const struct shape servers_out[] = PAGE_OUT(server_out);

static enum err no_servers(struct tx *tx, struct list_ask *ask, struct list_got *got)
{
	enum err e = tx_settle(tx);

	(void)ask;
	got->counted = true;
	return e ? e : who_may(tx->who, tx->ask);
}

#define ALL BASE "/predictionEnvironments"
#define THE .object = RES_ENVIRONMENT, .ids = { "" }
const struct route environment_routes[] = {
	{ "POST", ALL, PERM_MODEL_WRITE, R_WRITE, BODY(create_in, struct environment), .status = 201, .out = environment_out, THE, .make = environment_create,
	  .summary = "Create a prediction environment", .errors = "QUOTA" },
	{ "GET", ALL, PERM_MODEL_READ, 0, QUERY(environments_query, struct environments_query), .status = 200, .out = environments_out,
	  .listing = &environments_list, .paging = &paging, .summary = "List prediction environments, newest first" },
	{ "GET", ALL "/{environmentId}", PERM_MODEL_READ, 0, .status = 200, .out = environment_out, THE, .summary = "Get a prediction environment", .errors = "ENVIRONMENT_NOT_FOUND" },
	{ "PATCH", ALL "/{environmentId}", PERM_MODEL_WRITE, R_WRITE, BODY(edit_in, struct environment), .status = 200, .out = environment_out, THE,
	  .change = environment_edit, .moves = { LIFE_ENVIRONMENT_EDIT }, .summary = "Update a prediction environment", .errors = "ENVIRONMENT_NOT_FOUND ENVIRONMENT_NEEDED" },
	{ "DELETE", ALL "/{environmentId}", PERM_MODEL_WRITE, R_WRITE, .status = 204, THE, .change = environment_delete, .moves = { LIFE_ENVIRONMENT_DELETE },
	  .summary = "Delete a prediction environment without deployments", .errors = "ENVIRONMENT_NOT_FOUND ENVIRONMENT_USED AGENT_DENIED" },
	{ "GET", BASE "/predictionServers", PERM_MODEL_READ, 0, QUERY(window_query, struct page_asked), .status = 200, .out = servers_out, .paging = &hundred,
	  .read = no_servers, .size = sizeof(struct server), .summary = "List prediction servers; this server has none" },
	{ 0 }
};
