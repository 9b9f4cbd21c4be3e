/* api_foundry_modelapi.c: the Model API, the description of a version's inputs and outputs that a client
 * sends: is it one?  It is kept and returned as it was sent.  Its types stand in rows, as the API lists them:
 * ModelApiDataType, ModelApiColumn, ModelApiInput and ModelApiOutput. */
#include "document.h"
#include "foundry.h"

/* ---- What a client sends ---- */

#define TEXT(key) { key, T_STR, .min = 1, .max = 1024, .flags = F_REQUIRED }
#define NAME { "name", T_STR, .min = 1, .max = 1024, .flags = F_REQUIRED | F_UNIQUE }, { "required", T_BOOL, .flags = 0 }
#define TYPE(key) { key, T_SUB, .sub = data_type, .flags = F_REQUIRED }
static const struct shape data_type[2];
static const struct shape array[] = { TYPE("itemType"), { 0 } };
static const struct shape map[] = { TYPE("keyType"), TYPE("valueType"), { 0 } };
static const struct shape unsupported[] = { TEXT("unsupportedType"), { "params", T_LABELS, .flags = F_REQUIRED }, { 0 } };
static const struct one_of data_types[] = {
	{ "date", NULL }, { "boolean", NULL }, { "string", NULL }, { "double", NULL }, { "integer", NULL }, { "float", NULL }, { "long", NULL },
	{ "timestamp", NULL }, { "any", NULL }, { "array", array }, { "map", map }, { "unsupported", unsupported }, { NULL, NULL }
};
#define ONE_OF(words) { "type", T_ONE_OF, .one_of = words, .flags = F_REQUIRED }
static const struct shape data_type[2] = { ONE_OF(data_types), { 0 } };

static const char *const formats[] = { "PANDAS", "SPARK", NULL };
static const struct shape column[] = { NAME, TYPE("dataType"), { 0 } };
static const struct shape tabular[] = {
	NAME,
	{ "columns", T_LIST, .sub = column, .flags = F_REQUIRED },
	{ "format", T_STR, .words = formats },
	{ 0 }
};
static const struct shape parameter[] = { NAME, TYPE("dataType"), { 0 } };
static const struct one_of entries[] = { { "tabular", tabular }, { "parameter", parameter }, { "unsupported", unsupported }, { NULL, NULL } };
static const struct shape entry[] = { ONE_OF(entries), { 0 } };
static const struct shape api[] = {
	{ "inputs", T_LIST, .sub = entry, .flags = F_REQUIRED },
	{ "outputs", T_LIST, .sub = entry, .flags = F_REQUIRED },
	{ 0 }
};

enum err modelapi_check(struct tx *tx, const char *text)
{
	return document_check(tx, "modelApi", text, api, MODELAPI_MOST) ? ERR_MODEL_API : OK;
}

/* ---- What a training run tells: a table of its features, and one of its target, of whatever type ---- */

struct run_table { const char *name; struct list columns; };
struct run_api { struct list inputs, outputs; };
static const struct shape any_out[] = { { "type", T_LITERAL, .text = "any" }, NAMED("FoundryAnyType") };
static const struct shape column_out[] = {
	{ "name", T_STR, .off = 0 },
	{ "required", T_BOOL, .text = "true" },
	{ "dataType", T_SUB, .sub = any_out },
	NAMED("FoundryColumnOfRun")
};
static const struct shape table_out[] = {
	{ "type", T_LITERAL, .text = "tabular" },
	{ "name", T_STR, AT(struct run_table, name) },
	{ "required", T_BOOL, .text = "true" },
	{ "columns", T_LIST, AT(struct run_table, columns), .sub = column_out },
	{ "format", T_LITERAL, .text = "PANDAS" },
	NAMED("FoundryTableOfRun")
};
static const struct shape run_out[] = {
	{ "inputs", T_LIST, AT(struct run_api, inputs), .sub = table_out },
	{ "outputs", T_LIST, AT(struct run_api, outputs), .sub = table_out },
	NAMED("FoundryModelApiOfRun")
};

/* A column as values takes a hundred times its text, so they are gone before the next one's. */
const char *modelapi_of_run(struct arena *a, const char *features, const char *target)
{
	struct arena *values = arena_new();
	const struct json *list = js_read(values, features);
	const size_t n = js_length(list);
	const char **names = arena_alloc(values, (n + 1) * sizeof *names), *text;
	struct run_table in = { "features", { names, n, sizeof *names } }, out = { "prediction", { &target, 1, sizeof target } };
	struct run_api run = { { &in, n > 0, sizeof in }, { &out, target != NULL, sizeof out } };

	for (size_t i = 0; i < n; i++)
		names[i] = js_str(js_at(list, i));
	text = arena_strdup(a, shape_text(values, run_out, &run, TIME_MILLIS, NULL));
	arena_free(values);
	return text;
}
