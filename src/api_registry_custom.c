/* api_registry_custom.c: the registry's custom models and their versions, which come as JSON or as forms with
 * files.  Bodies have much that only the product's own servers could heed: what is told back is kept, the
 * rest is let be. */
#include "registry.h"
#include <string.h>
#include "dom_source.h"

static const char *const kinds[] = { "inference", "training", NULL };

/* ---- Custom models ---- */

/* Clients want a text where there may be none. */
static const void *description(struct arena *a, const void *object)
{
	const struct custom_model *m = object;

	(void)a;
	return m->description ? m->description : "";
}

static const void *language(struct arena *a, const void *object)
{
	const struct custom_model *m = object;

	(void)a;
	return m->language ? m->language : "";
}

static const void *predicts(const void *object, const char *type)
{
	static const bool yes = true, no = false;
	const struct custom_model *m = object;

	return strcmp(m->target_type, type) ? &no : &yes;
}

static const void *binary(struct arena *a, const void *object)
{
	(void)a;
	return predicts(object, "Binary");
}

static const void *regression(struct arena *a, const void *object)
{
	(void)a;
	return predicts(object, "Regression");
}

static const void *unstructured(struct arena *a, const void *object)
{
	(void)a;
	return predicts(object, "Unstructured");
}

static const void *latest(struct arena *a, const void *object)
{
	const struct custom_model *m = object;

	(void)a;
	return id_is_zero(&m->latest.life.id) ? NULL : &m->latest;
}

/* The values that a version was given, as parameters that have them. */
static const void *parameters(struct arena *a, const void *object)
{
	const struct custom_version *v = object;
	struct json *in = NULL, *all = js_array(a), *value;

	(void)js_get(js_read(a, v->settings), "runtimeParameterValues", &in);
	for (size_t i = 0; js_type(in) == JS_ARRAY && i < js_length(in); i++) {
		struct json *o = js_object(a);

		for (const char *const *key = (const char *const[]){ "fieldName", "type", NULL }; *key; key++)
			if (js_get(js_at(in, i), *key, &value))
				js_put(o, *key, value);
		value = NULL;
		(void)js_get(js_at(in, i), "value", &value);
		js_put(o, "defaultValue", NULL);
		js_put(o, "overrideValue", value);
		js_put(o, "currentValue", value);
		js_add(all, o);
	}
	return js_text(all, NULL);
}

#define VERSION_AT(field) AT(struct custom_version, field)
#define KEPT(key) { key, T_DOC, VERSION_AT(settings), .flags = F_NULL | F_MEMBER }
#define KEPT_MANY(key) { key, T_DOC, VERSION_AT(settings), .flags = F_MEMBER, .empty = "[]" }
static const struct shape version_out[] = {
	{ "id", T_ID, VERSION_AT(life.id), BARE, .help = "the modelId of a package that is created from this version" },
	{ "customModelId", T_ID, VERSION_AT(model), BARE },
	{ "created", T_TIME, VERSION_AT(life.created) },
	{ "versionMajor", T_INT, VERSION_AT(major) },
	{ "versionMinor", T_INT, VERSION_AT(minor) },
	{ "label", T_STR, VERSION_AT(label), .flags = F_NULL },
	{ "description", T_STR, VERSION_AT(description), .flags = F_NULL },
	{ "isFrozen", T_BOOL, .text = "false" },
	{ "items", T_DOC, VERSION_AT(items), .empty = "[]", .help = "its files: an array of {id, fileName, filePath, fileSource, created}" },
	{ "baseEnvironmentId", T_STR, VERSION_AT(environment), .flags = F_NULL },
	{ "baseEnvironmentVersionId", T_STR, VERSION_AT(environment_version), .flags = F_NULL },
	{ "dependencies", T_DOC, .text = "[]" },
	{ "runtimeParameters", T_DOC, .make = parameters },
	KEPT_MANY("requiredMetadataValues"),
	KEPT("gitModelVersion"), KEPT("maximumMemory"), KEPT("networkEgressPolicy"), KEPT("replicas"), KEPT("resourceBundleId"), KEPT("trainingData"), KEPT("holdoutData"),
	NAMED("CustomModelVersion")
};

#define MODEL_AT(field) AT(struct custom_model, field)
#define HAS(key) { key, T_DOC, MODEL_AT(settings), .flags = F_NULL | F_MEMBER }
#define MODEL_FLAG(key) { key, T_DOC, MODEL_AT(settings), .flags = F_MEMBER, .empty = "false" }
static const struct shape model_out[] = {
	{ "id", T_ID, MODEL_AT(life.id), BARE },
	{ "name", T_STR, MODEL_AT(name) },
	{ "description", T_STR, .make = description },
	{ "customModelType", T_STR, MODEL_AT(kind), .words = kinds },
	{ "targetType", T_STR, MODEL_AT(target_type), .words = target_types },
	{ "targetName", T_STR, MODEL_AT(target_name), .flags = F_NULL },
	{ "positiveClassLabel", T_STR, MODEL_AT(positive), .flags = F_NULL },
	{ "negativeClassLabel", T_STR, MODEL_AT(negative), .flags = F_NULL },
	{ "predictionThreshold", T_DOC, MODEL_AT(threshold), .flags = F_NULL, .help = "a number" },
	{ "classLabels", T_STRINGS, MODEL_AT(labels), .flags = F_NULL },
	{ "language", T_STR, .make = language },
	{ "userProvidedId", T_STR, MODEL_AT(user_provided_id), .flags = F_NULL },
	{ "supportsBinaryClassification", T_BOOL, .make = binary },
	{ "supportsRegression", T_BOOL, .make = regression },
	{ "isUnstructuredModelKind", T_BOOL, .make = unstructured },
	MODEL_FLAG("isProxyModel"), MODEL_FLAG("isTrainingDataForVersionsPermanentlyEnabled"),
	{ "trainingDataAssignmentInProgress", T_BOOL, .text = "false" },
	HAS("gitModelVersion"), HAS("maximumMemory"), HAS("networkEgressPolicy"), HAS("replicas"),
	{ "latestVersion", T_REF, .make = latest, .sub = version_out, .flags = F_NULL },
	{ "deploymentsCount", T_INT, MODEL_AT(life.held) },
	{ "createdBy", T_STR, MODEL_AT(maker) },
	{ "created", T_TIME, MODEL_AT(life.created) },
	{ "updated", T_TIME, MODEL_AT(life.changed) },
	NAMED("CustomModel")
};
static const struct shape models_out[] = PAGE_OUT(model_out);
static const struct shape versions_out[] = PAGE_OUT(version_out);

#define KEEP(key, field) { key, T_DOC, AT(struct custom_settings, field), .flags = F_NULL }
#define SETTINGS_IN \
	KEEP("gitModelVersion", git), KEEP("maximumMemory", memory), KEEP("networkEgressPolicy", egress), KEEP("replicas", replicas)
#define EDIT_AT(field) SET(struct custom_edit, field)
#define EDIT_ROWS \
	{ "description", T_STR, EDIT_AT(description), .max = 10000, .flags = F_NULL }, \
	{ "targetName", T_STR, EDIT_AT(target_name), .max = 1024, .flags = F_NULL }, \
	{ "positiveClassLabel", T_STR, EDIT_AT(positive), .max = 500, .flags = F_NULL }, \
	{ "negativeClassLabel", T_STR, EDIT_AT(negative), .max = 500, .flags = F_NULL }, \
	{ "predictionThreshold", T_NUMBER, EDIT_AT(threshold), .min = 0, .max = 1 }, \
	{ "classLabels", T_STRINGS, EDIT_AT(labels), .max = 10000, .flags = F_NULL }, \
	{ "language", T_STR, EDIT_AT(language), .max = 500, .flags = F_NULL }, \
	SETTINGS_IN, KEEP("isTrainingDataForVersionsPermanentlyEnabled", permanent)
static const struct shape model_in[] = {
	{ "name", T_STR, AT(struct custom_edit, name), .min = 1, .max = 255, .flags = F_REQUIRED | F_TRIMMED },
	{ "targetType", T_STR, AT(struct custom_edit, target_type), .words = target_types, .flags = F_REQUIRED },
	{ "customModelType", T_STR, AT(struct custom_edit, kind), .words = kinds, .flags = F_REQUIRED },
	{ "userProvidedId", T_STR, AT(struct custom_edit, user_provided_id), .max = 100, .flags = F_NULL },
	EDIT_ROWS, KEEP("isProxyModel", proxy),
	NAMED("CustomModelCreate")
};
static const struct shape edit_in[] = { { "name", T_STR, EDIT_AT(name), .min = 1, .max = 255, .flags = F_TRIMMED }, EDIT_ROWS, NAMED("CustomModelEdit") };

struct customs_query { struct page_asked page; const char *kind, *search; bool deployed, deployed_set; };
static const char *const orders[] = { "created", "-created", "updated", "-updated", NULL };
static const struct shape models_query[] = {
	PAGE_ROWS,
	{ "customModelType", T_STR, AT(struct customs_query, kind), .filter = 1 + CUSTOM_KIND, .words = kinds },
	{ "searchFor", T_STR, AT(struct customs_query, search), .filter = 1 + CUSTOM_SEARCH, .min = 1, .max = 255, .help = "matches a part of the name; case is ignored" },
	{ "isDeployed", T_BOOL, SET(struct customs_query, deployed), .flags = F_LOOSE },
	{ "orderBy", T_STR, AT(struct page_asked, sort), .words = orders, .help = "newest first by default" },
	{ 0 }
};

static enum err models_asked(struct req *r, const struct page_asked *q, struct list_ask *ask)
{
	const struct customs_query *query = r->query;

	if (query->deployed_set)
		list_where(ask, CUSTOM_USED, DB_IN(db_d(&r->who.principal), db_d(&r->who.principal), db_d(&r->who.organization), db_d(&r->who.principal),
			db_i(query->deployed)));
	return living.asked(r, q, ask);
}

static const struct paging customs = { .size = 100, .most = 1000, .total = true, .asked = models_asked, .got = pages_offset };

/* ---- Versions ---- */

#define CHANGE_AT(field) AT(struct custom_change, field)
#define CHANGE_ROWS \
	{ "label", T_STR, SET(struct custom_change, label), .max = 50, .flags = F_NULL }, \
	{ "description", T_STR, SET(struct custom_change, description), .max = 10000, .flags = F_NULL }, \
	KEEP("gitModelVersion", git), KEEP("requiredMetadataValues", metadata)
static const struct shape change_in[] = { CHANGE_ROWS, NAMED("CustomModelVersionEdit") };
static const struct shape version_in[] = {
	{ "isMajorUpdate", T_DOC, CHANGE_AT(major), .help = "true, the default: 2.0 follows 1.4; false: 1.5 does" },
	{ "baseEnvironmentId", T_STR, CHANGE_AT(environment), .max = 64, .flags = F_NULL },
	{ "baseEnvironmentVersionId", T_STR, CHANGE_AT(environment_version), .max = 64, .flags = F_NULL },
	{ "filesToDelete", T_STRINGS, CHANGE_AT(forget), .max = 1000, .flags = F_NULL, .help = "ids of items of the previous version; a form has files as `file`, each with its `filePath` in the same order" },
	CHANGE_ROWS,
	KEEP("maximumMemory", memory), KEEP("networkEgressPolicy", egress), KEEP("replicas", replicas), KEEP("resourceBundleId", resources),
	KEEP("trainingData", training), KEEP("holdoutData", holdout), KEEP("runtimeParameterValues", parameters),
	NAMED("CustomModelVersionCreate")
};

/* The files of a form, and their paths: what filePath says, else their names. */
static const struct custom_file *files_of(struct req *r, size_t *count)
{
	struct custom_file *all = arena_alloc(r->arena, (r->nparts + 1) * sizeof *all);
	size_t paths = 0, n = 0;

	for (size_t i = 0; i < r->nparts; i++)
		if (r->parts[i].filename && !strcmp(r->parts[i].name, "file"))
			all[n++] = (struct custom_file){ r->parts[i].filename, r->parts[i].bytes, r->parts[i].n };
	for (size_t i = 0; i < r->nparts && paths < n; i++)
		if (!r->parts[i].filename && !strcmp(r->parts[i].name, "filePath"))
			all[paths++].path = arena_strndup(r->arena, r->parts[i].bytes, r->parts[i].n);
	*count = n;
	return all;
}

static enum err make(struct req *r, struct custom_version *v)
{
	struct custom_change in = *(const struct custom_change *)r->in;
	struct db_val key[2] = { { 0 } };
	enum err e = route_key(r, key);

	if (e)
		return e;
	in.from_latest = !strcmp(r->method, "PATCH");
	in.files = files_of(r, &in.nfiles);
	return custom_version_make(&r->tx, key, &in, v);
}

static enum err make_version(struct req *r)
{
	struct custom_version v;
	enum err e = make(r, &v);

	if (e)
		return e;
	res_shape(r, 201, version_out, &v, v.life.revision);
	res_header(r, "Location", arena_printf(r->arena, "%s" BASE "/customModels/%s/versions/%s/", req_base(r), id_spell(r->arena, "", &v.model),
		id_spell(r->arena, "", &v.life.id)));
	return OK;
}

/* Where its data is looked at by a job: there is nothing to wait for. */
static enum err make_trained(struct req *r)
{
	struct custom_version v;
	struct id job;
	enum err e = make(r, &v);

	if (e || (e = job_done_in(&r->tx, JOB_CUSTOM_VERSION, &v.model, &v.life.id, &job)))
		return e;
	res_shape(r, 202, version_out, &v, 0);
	res_job(r, &job);
	return OK;
}

/* ---- What is deployed of them ---- */

#define USE_AT(field) AT(struct custom_use, field)
static const struct shape used_model_out[] = { { "id", T_ID, USE_AT(model), BARE }, { "name", T_STR, USE_AT(model_name) }, NAMED("CustomModelBrief") };
static const struct shape used_version_out[] = { { "id", T_ID, USE_AT(version), BARE }, { "label", T_STR, USE_AT(version_label), .flags = F_NULL }, NAMED("CustomModelVersionBrief") };
static const struct shape use_out[] = {
	{ "id", T_ID, USE_AT(id), BARE, .help = "id of the deployment" },
	{ "label", T_STR, USE_AT(label) },
	{ "status", T_STR, USE_AT(status) },
	{ "customModel", T_SUB, .off = 0, .sub = used_model_out },
	{ "customModelVersion", T_SUB, .off = 0, .sub = used_version_out },
	{ "deployed", T_TIME, USE_AT(created) },
	NAMED("CustomModelDeployment")
};
static const struct shape uses_out[] = PAGE_OUT(use_out);
struct uses_query { struct page_asked page; const char *models; };
static const struct shape uses_query[] = { PAGE_ROWS, { "customModelIds", T_STRINGS, AT(struct uses_query, models), .max = 100 }, { 0 } };

static enum err list_uses(struct req *r)
{
	const struct uses_query *q = r->query;
	struct list all;
	enum err e = custom_uses(&r->tx, q->models, &all);

	return e ? e : res_part(r, (void *)(uintptr_t)all.v, all.n, all.size, 100, USES_MOST);
}

/* ---- What there is none of ---- */

static const struct shape nothing_out[] = { NAMED("ExecutionEnvironment") };
static const struct shape none_out[] = PAGE_OUT(nothing_out);

static enum err list_none(struct req *r)
{
	struct page_got none = { .count = 0 };
	enum err e = tx_settle(&r->tx);

	if (e || (e = who_may(&r->who, r->tx.ask)))
		return e;
	res_shape(r, 200, none_out, &none, 0);
	return OK;
}

/* ---- Tables ---- */

#define MODELS BASE "/customModels"
#define ONE MODELS "/{customModelId}"
#define VERSIONS ONE "/versions"
#define TRAINED VERSIONS "/withTrainingData"
#define VERSION VERSIONS "/{customModelVersionId}"
#define NO_MODEL "CUSTOM_MODEL_NOT_FOUND"
#define THE_MODEL .object = RES_CUSTOM_MODEL, .ids = { "" }
#define THE_VERSION .object = RES_CUSTOM_VERSION, .ids = { "", "" }
static const enum sql with_files[] = { SQL_ARTIFACT_STORED, SQL_ARTIFACT_TOUCH, SQL_ARTIFACT_ADD, SQL_CUSTOM_FILES_COPY, SQL_CUSTOM_FILE_ADD, SQL_CUSTOM_FILES_COUNT, SQL_NONE };
#define MAKES(method, path, status_, run_, words) \
	{ method, path, PERM_MODEL_WRITE, R_WRITE | R_FILE | R_PARTS, BODY(version_in, struct custom_change), .status = status_, .out = version_out, \
	  .object = RES_CUSTOM_VERSION, .ids = { "", "" }, .run = run_, .moves = { LIFE_CUSTOM_MODEL_VERSION, LIFE_CUSTOM_VERSION_CREATE }, \
	  .wants = with_files, .summary = words, \
	  .errors = NO_MODEL " QUOTA" }
const struct route custom_routes[] = {
	{ "GET", MODELS, PERM_MODEL_READ, 0, QUERY(models_query, struct customs_query), .status = 200, .out = models_out, .listing = &custom_models_list,
	  .paging = &customs, .summary = "List custom models" },
	{ "POST", MODELS, PERM_MODEL_WRITE, R_WRITE, BODY(model_in, struct custom_edit), .status = 201, .out = model_out, THE_MODEL, .make = custom_create,
	  .summary = "Create a custom model, without any version yet", .errors = "QUOTA" },
	{ "GET", ONE, PERM_MODEL_READ, 0, .status = 200, .out = model_out, THE_MODEL, .get = custom_get, .summary = "Get a custom model", .errors = NO_MODEL },
	{ "PATCH", ONE, PERM_MODEL_WRITE, R_WRITE, BODY(edit_in, struct custom_edit), .status = 200, .out = model_out, THE_MODEL, .change = custom_edit,
	  .moves = { LIFE_CUSTOM_MODEL_EDIT }, .summary = "Update a custom model", .errors = NO_MODEL },
	{ "DELETE", ONE, PERM_MODEL_WRITE, R_WRITE, .status = 204, THE_MODEL, .change = custom_delete, .moves = { LIFE_CUSTOM_MODEL_DELETE },
	  .summary = "Delete a custom model that no deployment uses, and its versions", .errors = NO_MODEL " CUSTOM_MODEL_USED AGENT_DENIED" },
	{ "GET", VERSIONS, PERM_MODEL_READ, 0, QUERY(window_query, struct page_asked), .status = 200, .out = versions_out, THE_MODEL,
	  .listing = &custom_versions_list, .paging = &hundred, .summary = "List the versions of a custom model, newest first", .errors = NO_MODEL "" },
	MAKES("POST", VERSIONS, 201, make_version, "Create a version of a custom model from files"),
	MAKES("PATCH", VERSIONS, 201, make_version, "Create a version from the one before and what is sent"),
	MAKES("POST", TRAINED, 202, make_trained, "Create a version of a custom model with training data"),
	MAKES("PATCH", TRAINED, 202, make_trained, "Create a version from the one before, with training data"),
	{ "GET", VERSION, PERM_MODEL_READ, 0, .status = 200, .out = version_out, THE_VERSION, .summary = "Get a version of a custom model", .errors = NO_MODEL " CUSTOM_VERSION_NOT_FOUND" },
	{ "PATCH", VERSION, PERM_MODEL_WRITE, R_WRITE, BODY(change_in, struct custom_change), .status = 200, .out = version_out, THE_VERSION, .change = custom_version_edit,
	  .moves = { LIFE_CUSTOM_VERSION_EDIT, LIFE_CUSTOM_MODEL_VERSION_EDIT }, .summary = "Update the description of a version", .errors = NO_MODEL " CUSTOM_VERSION_NOT_FOUND" },
	{ "GET", BASE "/customModelDeployments", PERM_MODEL_READ, 0, QUERY(uses_query, struct uses_query), .status = 200, .out = uses_out, .run = list_uses,
	  .summary = "List the deployments of packages made from custom models, newest first" },
	{ "GET", BASE "/executionEnvironments", PERM_MODEL_READ, 0, QUERY(window_query, struct page_asked), .status = 200, .out = none_out, .run = list_none,
	  .summary = "List the environments that custom models run in; this server has none" },
	{ 0 }
};
