/* schema.c: see schema.h. */
#include "schema.h"
#include <string.h>
#include "str.h"

/* ---- Names ---- */

struct schema_seen { const struct shape *rows; enum time_form form; bool writing; const char *name; struct schema_seen *next; };

char *schema_camel(struct arena *a, const char *words)
{
	char *out = arena_strdup(a, words), *to = out;
	bool up = true;

	for (const char *p = words; *p; p++) {
		if (strchr("_-. ", *p)) {
			up = true;
			continue;
		}
		*to++ = up && *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
		up = false;
	}
	*to = '\0';
	return out;
}

char *resource_words(struct arena *a, enum resource r)
{
	char *words = arena_strdup(a, life_resources[r].word);

	for (char *p = words; *p; p++)
		if (*p == '_')
			*p = ' ';
	return words;
}

/* As its rows have it; NULL: none. */
static const char *own_name(struct arena *a, const struct shape *rows)
{
	const struct shape *end = rows, *first = rows;
	const char *of;

	while (end->key)
		end++;
	if (!end->help || *end->help != '%')
		return end->help;
	while (first->key && !first->sub)
		first++;
	return first->key && (of = own_name(a, first->sub)) ? arena_printf(a, "%s%s", of, end->help + 1) : NULL;
}

struct json *schema_ref(struct arena *a, const char *name)
{
	struct json *o = js_object(a);

	js_put_str(a, o, "$ref", arena_printf(a, "#/components/schemas/%s", name));
	return o;
}

/* Under the first of these names that is free, or has the same schema. */
static const char *put_named(struct schemas *c, const char *const *names, size_t n, struct json *schema)
{
	struct json *old;

	for (size_t i = 0; i < n; i++) {
		if (!js_get(c->named, names[i], &old)) {
			js_put(c->named, names[i], schema);
			return names[i];
		}
		if (!strcmp(js_text(old, NULL), js_text(schema, NULL)))
			return names[i];
	}
	return NULL;
}

static const char *named(struct schemas *c, const char *name, struct json *schema, bool writing)
{
	const char *const names[] = { name, arena_printf(c->arena, "%s%s", name, writing ? "Input" : "Output"),
		arena_printf(c->arena, "%s%s", schema_camel(c->arena, c->dialect), name) };

	return put_named(c, names, sizeof names / sizeof *names, schema);
}

/* ---- Schemas ---- */

static struct json *typed(struct arena *a, const char *type)
{
	struct json *o = js_object(a);

	js_put_str(a, o, "type", type);
	return o;
}

/* Null is one of its values too. */
static struct json *or_null(struct arena *a, struct json *o)
{
	struct json *both = js_array(a), *type;

	if (js_get(o, "type", &type)) {
		js_add(both, type);
		js_add(both, js_string(a, "null"));
		js_put(o, "type", both);
		return o;
	}
	if (!js_get(o, "$ref", &type))
		return o;
	js_add(both, o);
	js_add(both, typed(a, "null"));
	o = js_object(a);
	js_put(o, "anyOf", both);
	return o;
}

static void bounds(struct arena *a, struct json *o, const struct shape *s, const char *min, const char *max)
{
	if (s->min > 0)
		js_put_int(a, o, min, s->min);
	if (s->max && s->max != INT64_MAX)
		js_put_int(a, o, max, s->max);
}

char *schema_pattern(struct arena *a, const char *prefix)
{
	struct buf b = { .arena = a };

	buf_puts(&b, "^");
	for (const char *p = strcmp(prefix, UUID_ALONE) ? prefix : ""; *p; p++)
		buf_printf(&b, *p == '.' ? "\\%c" : "%c", *p);
	buf_puts(&b, id_in_uuid(prefix) ? "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
		: id_in_base62(prefix) ? "[0-9A-Za-z]{17}$" : "[0-9a-f]{24}$");
	return b.p;
}

/* Words have a name too, which several rows may share: that of their resource, or of their member where this says enough. */
static struct json *words_schema(struct schemas *c, const struct shape *s, const char *const *words)
{
	struct arena *a = c->arena;
	struct json *o = typed(a, "string"), *all = js_array(a);
	const char *key = schema_camel(a, s->type == T_STATE ? arena_printf(a, "%s_status", life_resources[s->of].word) : s->key),
		*of = arena_printf(a, "%s%s", schema_camel(a, c->dialect), key), *names[] = { key, of, NULL, NULL, NULL };
	size_t capitals = 0;

	for (size_t i = 0; words[i]; i++)
		js_add(all, js_string(a, words[i]));
	js_put(o, "enum", all);
	for (const char *p = key; *p; p++)
		capitals += *p >= 'A' && *p <= 'Z';
	for (int i = 2; i < 5; i++)
		names[i] = arena_printf(a, "%s%d", of, i);
	key = put_named(c, names + (capitals < 2), 5 - (capitals < 2), o);
	return key ? schema_ref(a, key) : o;
}

static struct json *text_schema(struct schemas *c, const struct shape *s, bool writing)
{
	const char *const *words = s->type == T_STATE && !(s->flags & F_OPEN) ? shape_words(c->arena, s) : s->words;
	struct json *o = typed(c->arena, "string");

	if (words)
		return words_schema(c, s, words);
	if (writing)
		bounds(c->arena, o, s, "minLength", "maxLength");
	if (writing && s->flags & F_TRIMMED)
		js_put_str(c->arena, o, "pattern", "^[^\\s\\x00-\\x1f\\x7f-\\x9f]([^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f])?$");
	return o;
}

static struct json *number_schema(struct arena *a, const struct shape *s, bool writing)
{
	struct json *o = typed(a, s->flags & F_QUOTED ? "string" : s->type == T_NUMBER ? "number" : "integer");

	if (s->type == T_INT && !(s->flags & F_QUOTED)) {
		js_put_str(a, o, "format", "int64");
		if (writing && s->min != INT64_MIN)
			js_put_int(a, o, "minimum", s->min);
	}
	if (writing && s->max && s->max != INT64_MAX && !(s->flags & F_QUOTED))
		js_put_int(a, o, "maximum", s->max);
	if (s->type == T_NUMBER && writing)
		js_put_int(a, o, "minimum", s->min);
	return o;
}

static struct json *time_schema(struct schemas *c, const struct shape *s)
{
	const bool number = c->form == TIME_UNIX || c->form == TIME_UNIX_MILLIS;
	struct json *o = typed(c->arena, number && !(s->flags & F_QUOTED) ? "integer" : "string");

	if (number && !(s->flags & F_QUOTED))
		js_put_str(c->arena, o, "format", "int64");
	if (!number)
		js_put_str(c->arena, o, "format", "date-time");
	return o;
}

static struct json *labels_schema(struct schemas *c, const struct shape *s, bool writing)
{
	struct arena *a = c->arena;
	struct json *o = typed(a, "object"), *value = typed(a, "string"), *key = typed(a, "string");
	const char *name = !writing ? "Labels" : s->flags & F_NULL ? "LabelsEdit" : "LabelsInput";

	js_put_str(a, o, "description", s->flags & F_NULL && writing ? "Texts under keys of one's own; null takes one away" : "Texts under keys of one's own");
	if (writing) {
		js_put_int(a, value, "maxLength", LABEL_VALUE);
		js_put_int(a, key, "minLength", 1);
		js_put_int(a, key, "maxLength", LABEL_KEY);
		js_put(o, "propertyNames", key);
	}
	js_put(o, "additionalProperties", writing && s->flags & F_NULL ? or_null(a, value) : value);
	o = schema_ref(a, put_named(c, &name, 1, o));
	if (writing)
		bounds(a, o, s, "minProperties", "maxProperties");
	return o;
}

static struct json *list_schema(struct schemas *c, const struct shape *s, bool writing)
{
	struct json *o = typed(c->arena, "array");

	js_put(o, "items", s->sub ? schema_of(c, s->sub, writing) : typed(c->arena, "string"));
	if (writing && (!s->sub || s->type == T_DOC))
		bounds(c->arena, o, s, "minItems", "maxItems");
	return o;
}

/* What any JSON object may be has one name for all. */
static struct json *any_object(struct schemas *c)
{
	struct json *o;

	if (!js_get(c->named, "JsonObject", &o)) {
		o = typed(c->arena, "object");
		js_put_str(c->arena, o, "description", "Any JSON object");
		js_put_bool(c->arena, o, "additionalProperties", true);
		js_put(c->named, "JsonObject", o);
	}
	return schema_ref(c->arena, "JsonObject");
}

static struct json *map_schema(struct schemas *c, const struct shape *s)
{
	struct json *o = typed(c->arena, "object");

	js_put(o, "additionalProperties", schema_row(c, &s->sub[1], false));
	return o;
}

static struct json *value_schema(struct schemas *c, const struct shape *s, bool writing)
{
	struct arena *a = c->arena;
	struct json *o;

	switch (s->type) {
	case T_STR: case T_STATE: case T_ONE_OF:
		return text_schema(c, s, writing);
	case T_LITERAL:
		o = typed(a, s->text ? "string" : "null");
		if (s->text)
			js_put_str(a, o, "const", s->text);
		return o;
	case T_INT: case T_NUMBER:
		return number_schema(a, s, writing);
	case T_BOOL:
		return typed(a, "boolean");
	case T_TIME:
		return time_schema(c, s);
	case T_ID:
		o = typed(a, "string");
		if (!(s->flags & F_LOOSE))
			js_put_str(a, o, "pattern", schema_pattern(a, s->prefix));
		return o;
	case T_WORDS: case T_STRINGS: case T_LIST:
		return list_schema(c, s, writing);
	case T_LABELS:
		return labels_schema(c, s, writing);
	case T_MAP:
		return map_schema(c, s);
	case T_OBJECT:
		return s->sub ? schema_of(c, s->sub, true) : any_object(c);
	case T_SUB: case T_REF:
		return schema_of(c, s->sub, writing);
	case T_DOC:                              /* with a sub: such objects in an array, which its module looks at */
		return s->sub ? list_schema(c, s, writing) : js_object(a);
	}
	return js_object(a);
}

/* What it is when it is not given. */
static void put_default(struct arena *a, struct json *o, const struct shape *s)
{
	const bool number = s->type == T_INT || s->type == T_NUMBER || s->type == T_BOOL;

	if (s->def)
		js_put(o, "default", number ? js_read(a, s->def) : js_string(a, s->def));
}

/* What its type says of a value where its row does not say more; NULL: nothing. */
static const char *type_words(struct schemas *c, const struct shape *s)
{
	const size_t n = s->type == T_ID ? strlen(s->prefix) : 0;
	const char *word;

	if (s->type == T_TIME && (c->form == TIME_UNIX || c->form == TIME_UNIX_MILLIS))
		return c->form == TIME_UNIX ? "Unix seconds" : "Unix milliseconds";
	if (s->type == T_STATE)
		return arena_printf(c->arena, "Status of the %s", resource_words(c->arena, s->of));
	for (int r = 0; n > 1 && r < RES__MAX; r++) {
		word = resource_words(c->arena, (enum resource)r);
		if (strlen(life_resources[r].prefix) == n && !strncmp(life_resources[r].prefix, s->prefix, n - 1))
			return arena_printf(c->arena, "Id of %s %s", strchr("aeio", *word) ? "an" : "a", word);
	}
	return NULL;
}

/* What a key means wherever it stands; NULL: that differs. */
static const char *key_words(const struct shape *s)
{
	static const struct { const char *key, *help; bool list; } keys[] = {
#define KEY(key, help) { key, help, false },
#define LIST(key, help) { key, help, true },
#include "key.def"
#undef KEY
#undef LIST
	};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!strcmp(keys[i].key, s->key) && (!keys[i].list || s->type == T_LIST))
			return keys[i].help;
	return NULL;
}

static const char *words_of(struct schemas *c, const struct shape *s)
{
	const char *of_type = s->help ? s->help : type_words(c, s), *of_key = s->help || s->flags & F_UNKEPT ? NULL : key_words(s);

	if (of_key && of_type && s->type == T_TIME)
		return arena_printf(c->arena, "%s, in %s", of_key, of_type);
	return of_type ? of_type : of_key;
}

struct json *schema_row(struct schemas *c, const struct shape *s, bool writing)
{
	struct arena *a = c->arena;
	const char *help = words_of(c, s);
	struct json *o = s->flags & F_UNKEPT ? typed(a, "null") : value_schema(c, s, writing), *both, *type;

	if (s->flags & F_NUMERAL && js_get(o, "type", &type)) {
		both = js_array(a);
		js_add(both, type);
		js_add(both, js_string(a, "integer"));
		if (s->flags & F_NULL)
			js_add(both, js_string(a, "null"));
		js_put(o, "type", both);
	} else if (s->flags & F_NULL && !(s->flags & F_UNKEPT) && !(s->type == T_LITERAL && !s->text)) {
		o = or_null(a, o);
	}
	if (writing)
		put_default(a, o, s);
	if (help)
		js_put_str(a, o, "description", help);
	return o;
}

/* Of all rows that say so one must be there. */
static void put_least(struct arena *a, struct json *o, const struct shape *rows)
{
	for (; rows->key; rows++)
		if (rows->flags & F_ONE) {
			js_put_int(a, o, "minProperties", 1);
			return;
		}
}

static struct json *whole(struct schemas *c, const struct shape *rows, bool writing)
{
	struct json *o = typed(c->arena, "object"), *properties = js_object(c->arena), *required = js_array(c->arena);

	if (rows->key && !*rows->key)
		return schema_row(c, rows, writing);
	for (const struct shape *s = rows; s->key; s++) {
		js_put(properties, s->key, schema_row(c, s, writing));
		if (s->flags & F_REQUIRED || !(writing || s->flags & F_OMIT))
			js_add(required, js_string(c->arena, s->key));
	}
	js_put(o, "properties", properties);
	if (js_length(required))
		js_put(o, "required", required);
	if (writing)
		put_least(c->arena, o, rows);
	return o;
}

const char *schema_name(struct schemas *c, const struct shape *rows, bool writing)
{
	const char *name = own_name(c->arena, rows);
	struct schema_seen *seen = c->seen;
	struct json *schema;

	if (!name)
		return NULL;
	while (seen && !(seen->rows == rows && seen->form == c->form && seen->writing == writing))
		seen = seen->next;
	if (seen)
		return seen->name;
	schema = whole(c, rows, writing);
	seen = ARENA_NEW(c->arena, struct schema_seen);
	*seen = (struct schema_seen){ rows, c->form, writing, named(c, name, schema, writing), c->seen };
	c->seen = seen;
	return seen->name;
}

struct json *schema_of(struct schemas *c, const struct shape *rows, bool writing)
{
	const char *name = schema_name(c, rows, writing);

	return name ? schema_ref(c->arena, name) : whole(c, rows, writing);
}
