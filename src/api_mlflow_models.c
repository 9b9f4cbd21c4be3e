/* api_mlflow_models.c: registered models, which are the models of all dialects, by their names; with their tags
 * and the aliases of their versions. */
#include "mlflow.h"
#include <strings.h>
#include <string.h>
#include "dom_alias.h"
#include "dom_tag.h"
#include "str.h"

/* ---- Values ---- */

static const char *name_fault_of(struct arena *a, const char *name)
{
	const char *blank = name + strspn(name, " \t\r\n\v\f");

	if (!*blank)
		return "Missing value for required parameter 'name'.";
	if (utf8_length(name) > 1024)
		return "'name' exceeds the maximum length of 1024 characters";
	if (strpbrk(name, "/:"))
		return arena_printf(a, "Invalid model name '%s'. Names cannot contain '/' or ':'.", name);
	if (!strcmp(name, ".") || !strncmp(name, "..", 2))
		return arena_printf(a, "Invalid value \"%s\" for parameter 'name' supplied: Names may be treated as files in certain cases, and must not "
			"resolve to other names when treated as such", name);
	for (const char *p = name; *p; )
		if (utf8_steers(utf8_next(&p)))
			return arena_printf(a, "Invalid model name '%s'. Names cannot contain control characters.", name);
	return NULL;
}

static const char *alias_wrong(struct arena *a, const char *alias)
{
	switch (alias_fault(alias)) {
	case ALIAS_LONG:
		return "'Registered model alias name' exceeds the maximum length of 255 characters";
	case ALIAS_LETTERS:
		return arena_printf(a, "Invalid alias name: '%s'. Names may only contain alphanumerics, underscores (_), and dashes (-).", alias);
	case ALIAS_LATEST:
		return "'latest' alias name (case insensitive) is reserved.";
	case ALIAS_NUMBER:
		return arena_printf(a, "Version alias name '%s' is reserved.", alias);
	case ALIAS_FINE:
		break;
	}
	return NULL;
}

/* ---- Shapes ---- */

#define MODEL_AT(field) AT(struct named, model.field)

/* An empty one is none. */
static const void *description(struct arena *a, const void *object)
{
	const struct model *m = object;

	(void)a;
	return m->description && *m->description ? m->description : NULL;
}

const struct shape mlflow_model_out[] = {
	{ "name", T_STR, MODEL_AT(name) },
	{ "creation_timestamp", T_TIME, MODEL_AT(said.created) },
	{ "last_updated_timestamp", T_TIME, MODEL_AT(said.changed) },
	{ "description", T_STR, .make = description, .flags = F_OMIT },
	{ "user_id", T_STR, MODEL_AT(maker.name), .flags = F_OMIT, .help = "the user who created it" },
	{ "latest_versions", T_LIST, AT(struct named, latest), .sub = mlflow_version_out, .flags = F_OMIT, .help = "the highest version of each stage" },
	{ "tags", T_DOC, MODEL_AT(labels), .flags = F_OMIT, .help = "objects of key and value" },
	{ "aliases", T_DOC, MODEL_AT(aliases), .flags = F_OMIT, .help = "objects of alias and version" },
	NAMED("MlflowRegisteredModel")
};
static const struct shape answer_out[] = { { "registered_model", T_SUB, .off = 0, .sub = mlflow_model_out }, NAMED("MlflowRegisteredModelAnswer") };
static const struct shape models_out[] = {
	{ "registered_models", T_LIST, AT(struct page_got, rows), .sub = mlflow_model_out, .flags = F_OMIT },
	{ "next_page_token", T_STR, AT(struct page_got, token), .flags = F_OMIT },
	NAMED("MlflowRegisteredModelPage")
};
const struct shape mlflow_model_in[] = {
	{ "name", T_STR, NAMED_AT(name), .flags = F_REQUIRED, .fault = name_fault_of },
	{ "tags", T_DOC, NAMED_AT(labels), .flags = F_OWN_LIMIT, .help = "objects of key and value" },
	DESCRIPTION_ROW,
	NAMED("MlflowRegisteredModelCreate")
};
static const struct shape named_in[] = { NAME_ROW, NAMED("MlflowModelName") };
static const struct shape describe_in[] = { NAME_ROW, DESCRIPTION_ROW, NAMED("MlflowModelDescribe") };
static const struct shape rename_in[] = { NAME_ROW, { "new_name", T_STR, NAMED_AT(new_name), .flags = F_REQUIRED, .fault = name_fault_of }, NAMED("MlflowModelRename") };
static const struct shape tag_in[] = { NAME_ROW, KEY_ROW, VALUE_ROW, NAMED("MlflowModelTagSet") };
static const struct shape untag_in[] = { NAME_ROW, KEY_ROW, NAMED("MlflowModelTagDelete") };
#define ALIAS_ROW(...) { "alias", T_STR, NAMED_AT(alias), .flags = F_REQUIRED | F_KEY, __VA_ARGS__ }
const struct shape mlflow_alias_in[] = { NAME_ROW, ALIAS_ROW(.fault = alias_wrong), VERSION_ROW, NAMED("MlflowAliasSet") };
static const struct shape aliased_in[] = { NAME_ROW, ALIAS_ROW(.help = "or `latest`, the highest version"), NAMED("MlflowAliasName") };

static const struct shape search_query[] = { SEARCH_ROWS(1000), NAMED("MlflowModelSearch") };
static const struct paging hundred = { .size = 100, .most = 1000, .part = 100, .asked = mlflow_models_asked, .got = pages_tokened };

/* ---- The highest versions of some stages ---- */

struct latest_query { const char *name, *stages; };
static const struct shape latest_query[] = {
	{ "name", T_STR, AT(struct latest_query, name), .flags = F_REQUIRED | F_KEY },
	{ "stages", T_STRINGS, AT(struct latest_query, stages), .max = 100, .help = "all stages by default" },
	NAMED("MlflowLatestVersionsAsk")
};
static const struct shape latest_out[] = { { "model_versions", T_LIST, .off = 0, .sub = mlflow_version_out, .flags = F_OMIT }, NAMED("MlflowLatestVersions") };

static enum err latest(struct req *r)
{
	const struct latest_query *q = r->query;
	const struct json *stages = q->stages ? js_read(r->arena, q->stages) : NULL;
	const size_t n = stages ? js_length(stages) : 0;
	struct version *some;
	struct named m;
	struct list out;
	enum err e = named_get(&r->tx, BY_NAME(q->name), &m);

	if (e)
		return e;
	out = (struct list){ some = arena_alloc(r->arena, (STAGES + 1) * sizeof *some), 0, sizeof *some };
	for (size_t i = 0; i < n; i++)
		if (!stage_of(js_str(js_at(stages, i))))
			return why_said(&r->tx, "stages", mlflow_stage_fault(r->arena, js_str(js_at(stages, i))));
	for (size_t i = 0; i < m.latest.n; i++) {
		const struct version *v = (const struct version *)m.latest.v + i;
		bool asked = !n;

		for (size_t k = 0; k < n; k++)
			asked |= stage_is(v, stage_of(js_str(js_at(stages, k))));
		if (asked)
			some[out.n++] = *v;
	}
	res_shape(r, 200, latest_out, &out, 0);
	return OK;
}

/* ---- Routes ---- */

#define ROUTE(method, path) method, BASE "/registered-models/" path
#define WRITE(method, path, flags_, in_) ROUTE(method, path), PERM_MODEL_WRITE, R_WRITE | R_UNTAGGED | (flags_), BODY(in_, struct named_in), .status = 200, \
	.object = RES_MODEL, .size = sizeof(struct named), .wants = mlflow_model_wants
#define READ(method, path, query_, type) ROUTE(method, path), PERM_MODEL_READ, R_UNTAGGED | R_QUERY_BODY, QUERY(query_, type), .status = 200, .object = RES_MODEL
#define SEARCH(method) READ(method, "search", search_query, struct search_query), .out = models_out, .listing = &named_list, .paging = &hundred, .read = named_page, \
	.summary = "Search registered models", .errors = "PAGE_BYTES TOO_BROAD"
#define LATEST(method) READ(method, "get-latest-versions", latest_query, struct latest_query), .out = latest_out, .run = latest, \
	.summary = "Get the latest version of each stage", .errors = "MODEL_NOT_FOUND"
const struct route mlflow_model_routes[] = {
	{ WRITE("POST", "create", R_LARGE, mlflow_model_in), .out = answer_out, .make = named_create, .moves = { LIFE_MODEL_CREATE },
	  .summary = "Create a registered model, visible to everyone in the organization; with the tag `" PROMPT_TAG "` a prompt", .errors = "MODEL_NAME_TAKEN QUOTA" },
	{ READ("GET", "get", named_in, struct named_in), .size = sizeof(struct named), .out = answer_out, .get = named_get, .summary = "Get a registered model", .errors = "MODEL_NOT_FOUND" },
	{ WRITE("PATCH", "update", 0, describe_in), .out = answer_out, .change = named_describe, .moves = { LIFE_MODEL_EDIT },
	  .summary = "Update the description of a registered model", .errors = "MODEL_NOT_FOUND" },
	{ WRITE("POST", "rename", 0, rename_in), .out = answer_out, .change = named_rename, .moves = { LIFE_MODEL_RENAME },
	  .summary = "Rename a registered model", .errors = "MODEL_NOT_FOUND MODEL_NAME_TAKEN" },
	{ WRITE("DELETE", "delete", 0, named_in), .out = mlflow_nothing, .change = named_discard, .moves = { LIFE_MODEL_DISCARD }, AS({ ERR_MODEL_RETIRED, ERR_MODEL_NOT_FOUND }),
	  .summary = "Permanently delete a registered model with its versions and aliases; its name can be used again", .errors = "MODEL_NOT_FOUND OWNER_ONLY PROTECTED MODEL_TRAINING DEPLOYED" },
	{ SEARCH("GET") },
	{ SEARCH("POST") },
	{ LATEST("GET") },
	{ LATEST("POST") },
	{ WRITE("POST", "set-tag", R_LARGE, tag_in), .out = mlflow_nothing, .change = named_label, .moves = { LIFE_MODEL_LABEL },
	  .summary = "Set a tag of a registered model", .errors = "MODEL_NOT_FOUND" },
	{ WRITE("DELETE", "delete-tag", 0, untag_in), .out = mlflow_nothing, .change = named_unlabel, .moves = { LIFE_MODEL_UNLABEL },
	  .summary = "Delete a tag of a registered model", .errors = "MODEL_NOT_FOUND" },
	{ ROUTE("POST", "alias"), PERM_MODEL_WRITE, R_WRITE | R_UNTAGGED, BODY(mlflow_alias_in, struct named_in), .status = 200, .out = mlflow_nothing, .object = RES_VERSION,
	  .wants = mlflow_version_wants, .change = named_alias, .moves = { LIFE_MODEL_ALIAS }, AS({ ERR_MODEL_NOT_FOUND, ERR_VERSION_NOT_FOUND }),
	  .summary = "Set an alias; it then refers to this version only", .errors = "VERSION_NOT_FOUND PROTECTED" },
	{ WRITE("DELETE", "alias", 0, aliased_in), .out = mlflow_nothing, .change = named_unalias, .moves = { LIFE_MODEL_UNALIAS },
	  .summary = "Delete an alias", .errors = "MODEL_NOT_FOUND PROTECTED" },
	{ ROUTE("GET", "alias"), PERM_MODEL_READ, R_UNTAGGED | R_QUERY_BODY, QUERY(aliased_in, struct named_in), .status = 200, .object = RES_VERSION, .out = mlflow_version_answer, .get = named_alias_get,
	  .summary = "Get the version of an alias", .errors = "MODEL_NOT_FOUND ALIAS_NOT_FOUND LATEST_NOT_FOUND" },
	{ 0 }
};
