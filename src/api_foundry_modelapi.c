/* api_foundry_modelapi.c: see foundry.h.  The types stand in tables, as the API lists them
 * (ModelApiInput, ModelApiOutput, ModelApiColumn, ModelApiDataType); json.c bounds how
 * deep they nest. */
#include "foundry.h"
#include <string.h>
#include "str.h"

enum { NAME_MOST = 1024, MEMBERS = 5 };
enum kind { NAME, FLAG, FORMAT, COLUMNS, TYPE, TEXT, PARAMS };

struct member { const char *key; enum kind kind; bool required; };
struct variant { const char *type; struct member members[MEMBERS]; };

static const struct variant data_types[] = {
	{ "date", { { 0 } } }, { "boolean", { { 0 } } }, { "string", { { 0 } } }, { "double", { { 0 } } }, { "integer", { { 0 } } },
	{ "float", { { 0 } } }, { "long", { { 0 } } }, { "timestamp", { { 0 } } }, { "any", { { 0 } } },
	{ "array", { { "itemType", TYPE, true } } },
	{ "map", { { "keyType", TYPE, true }, { "valueType", TYPE, true } } },
	{ "unsupported", { { "unsupportedType", TEXT, true }, { "params", PARAMS, true } } },
	{ 0 }
};
static const struct variant entries[] = {
	{ "tabular", { { "name", NAME, true }, { "required", FLAG, false }, { "columns", COLUMNS, true }, { "format", FORMAT, false } } },
	{ "parameter", { { "name", NAME, true }, { "required", FLAG, false }, { "dataType", TYPE, true } } },
	{ "unsupported", { { "unsupportedType", TEXT, true }, { "params", PARAMS, true } } },
	{ 0 }
};
static const struct member column[] = { { "name", NAME, true }, { "required", FLAG, false }, { "dataType", TYPE, true }, { 0 } };

/* name: of the entry or the column that was looked at last, if its variant has one. */
struct check { struct arena *a; const char *kind, *message, *name; };

static enum err fault(struct check *c, const char *kind, const char *path, const char *reason)
{
	c->kind = kind;
	c->message = arena_printf(c->a, "%s %s", path, reason);
	return ERR_MODEL_API;
}

static enum err wrong(struct check *c, const char *path, const char *wanted, const struct json *got)
{
	return fault(c, "InvalidField", path, arena_printf(c->a, "must be %s, not %s", wanted, js_type_name(js_type(got))));
}

static enum err check_members(struct check *c, const char *path, const struct json *o, const struct member *m);
static enum err check_variant(struct check *c, const char *path, const struct json *o, const struct variant *all);

/* A list of columns, or of entries by their variants, whose names are different. */
static enum err check_list(struct check *c, const char *path, const struct json *list, const struct variant *all)
{
	struct json *seen = js_object(c->a), *other;
	enum err e = js_type(list) == JS_ARRAY ? OK : wrong(c, path, "an array", list);

	for (size_t i = 0; !e && i < js_length(list); i++) {
		const char *at = arena_printf(c->a, "%s[%zu]", path, i);
		const struct json *o = js_at(list, i);

		if (js_type(o) != JS_OBJECT)
			e = wrong(c, at, "an object", o);
		else
			e = all ? check_variant(c, at, o, all) : check_members(c, at, o, column);
		if (e || !c->name)
			continue;
		if (js_get(seen, c->name, &other))
			e = fault(c, "DuplicateName", arena_printf(c->a, "%s.name", at), "is the name of another one before it");
		js_put_bool(c->a, seen, c->name, true);
	}
	return e;
}

/* Strings by name. */
static enum err check_params(struct check *c, const char *path, const struct json *o)
{
	enum err e = js_type(o) == JS_OBJECT ? OK : wrong(c, path, "an object", o);
	struct json *value;
	const char *key;

	for (void *it = NULL; !e && js_next(o, &it, &key, &value); )
		e = js_type(value) == JS_STRING ? OK : wrong(c, arena_printf(c->a, "%s.%s", path, key), "a string", value);
	return e;
}

static enum err check_value(struct check *c, const char *path, const struct json *v, enum kind kind)
{
	switch (kind) {
	case NAME:
	case TEXT:
		if (js_type(v) != JS_STRING)
			return wrong(c, path, "a string", v);
		if (!*js_str(v) || utf8_length(js_str(v)) > NAME_MOST)
			return fault(c, "InvalidField", path, arena_printf(c->a, "must have 1 to %d characters", NAME_MOST));
		return OK;
	case FLAG:
		return js_type(v) == JS_BOOL ? OK : wrong(c, path, "true or false", v);
	case FORMAT:
		if (js_type(v) == JS_STRING && (!strcmp(js_str(v), "PANDAS") || !strcmp(js_str(v), "SPARK")))
			return OK;
		return fault(c, "InvalidField", path, "must be one of PANDAS, SPARK");
	case COLUMNS:
		return check_list(c, path, v, NULL);
	case TYPE:
		return js_type(v) == JS_OBJECT ? check_variant(c, path, v, data_types) : wrong(c, path, "an object", v);
	case PARAMS:
		return check_params(c, path, v);
	}
	return ERR_INTERNAL;
}

static enum err check_members(struct check *c, const char *path, const struct json *o, const struct member *m)
{
	const char *name = NULL;
	enum err e = OK;

	for (; !e && m->key; m++) {
		const char *at = arena_printf(c->a, "%s.%s", path, m->key);
		struct json *v = NULL;

		js_get(o, m->key, &v);
		if (v)
			e = check_value(c, at, v, m->kind);
		else if (m->required)
			e = fault(c, "MissingField", at, "is required");
		if (!e && m->kind == NAME)
			name = js_str(v);
	}
	c->name = name;                          /* those of what is in it were set before */
	return e;
}

static enum err check_variant(struct check *c, const char *path, const struct json *o, const struct variant *all)
{
	const char *at = arena_printf(c->a, "%s.type", path);
	struct buf words = { .arena = c->a };
	struct json *type = NULL;

	js_get(o, "type", &type);
	if (!type)
		return fault(c, "MissingField", at, "is required");
	for (const struct variant *v = all; v->type; v++) {
		if (js_type(type) == JS_STRING && !strcmp(v->type, js_str(type)))
			return check_members(c, path, o, v->members);
		buf_printf(&words, "%s%s", words.n ? ", " : "must be one of ", v->type);
	}
	return fault(c, "UnknownType", at, words.p);
}

enum err modelapi_check(struct arena *a, const char *text, const char **kind, const char **message)
{
	static const char *const sides[] = { "inputs", "outputs" };
	struct check c = { .a = a };
	struct json *api = js_read(a, text);
	enum err e = OK;

	if (strlen(text) > MODELAPI_MOST)
		e = fault(&c, "TooLarge", "modelApi", arena_printf(a, "must have at most %d bytes as JSON", MODELAPI_MOST));
	else if (js_type(api) != JS_OBJECT)
		e = wrong(&c, "modelApi", "an object", api);

	for (size_t i = 0; !e && i < sizeof sides / sizeof *sides; i++) {
		struct json *list = NULL;

		js_get(api, sides[i], &list);
		e = list ? check_list(&c, sides[i], list, entries) : fault(&c, "MissingField", sides[i], "is required");
	}
	*kind = c.kind;
	*message = c.message;
	return e;
}

/* One table with columns of whatever type. */
static struct json *table(struct arena *a, const char *name, struct json *columns)
{
	struct json *o = js_object(a);

	js_put_str(a, o, "type", "tabular");
	js_put_str(a, o, "name", name);
	js_put_bool(a, o, "required", true);
	js_put(o, "columns", columns);
	js_put_str(a, o, "format", "PANDAS");
	return o;
}

static struct json *any_column(struct arena *a, const char *name)
{
	struct json *o = js_object(a), *type = js_object(a);

	js_put_str(a, type, "type", "any");
	js_put_str(a, o, "name", name);
	js_put_bool(a, o, "required", true);
	js_put(o, "dataType", type);
	return o;
}

static const char *api_text(struct arena *a, const char *features, const char *target)
{
	struct json *api = js_object(a), *in = js_array(a), *out = js_array(a), *columns = js_array(a), *list = js_read(a, features);

	if (js_length(list)) {
		for (size_t i = 0; i < js_length(list); i++)
			js_add(columns, any_column(a, js_str(js_at(list, i))));
		js_add(in, table(a, "features", columns));
	}
	if (target) {
		columns = js_array(a);
		js_add(columns, any_column(a, target));
		js_add(out, table(a, "prediction", columns));
	}
	js_put(api, "inputs", in);
	js_put(api, "outputs", out);
	return js_text(api, NULL);
}

/* A column as values takes a hundred times its text, so they are gone before the next one's. */
const char *modelapi_of_run(struct arena *a, const char *features, const char *target)
{
	struct arena *values = arena_new();
	const char *text = arena_strdup(a, api_text(values, features, target));

	arena_free(values);
	return text;
}
