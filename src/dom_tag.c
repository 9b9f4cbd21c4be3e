/* dom_tag.c: see dom_tag.h. */
#include "dom_tag.h"
#include <string.h>
#include <strings.h>
#include "row.h"
#include "str.h"

struct tag { const char *name, *value; };

/* The text of a member, which has so many characters. */
static enum err text(struct tx *tx, const char *field, const struct json *o, const char *key, size_t min, size_t max, const char **out)
{
	const char *at = arena_printf(tx->arena, "%s.%s", field, key);
	struct json *v = NULL;
	size_t n;

	if (js_type(o) != JS_OBJECT || !js_get(o, key, &v) || js_type(v) != JS_STRING)
		return why_fault(tx, at, "must be a string");
	*out = arena_strdup(tx->arena, js_str(v));
	n = utf8_length(*out);
	if (n < min || n > max)
		return why_fault(tx, at, arena_printf(tx->arena, "must have %zu to %zu characters", min, max));
	return min && name_fault(*out) ? why_fault(tx, at, name_fault(*out)) : OK;
}

/* How many there are, as they were sent; no name twice. */
static enum err parse(struct tx *tx, const char *field, const char *tags, struct tag all[TAGS_MOST], size_t *n)
{
	const struct json *list = js_read(tx->arena, tags);
	enum err e = OK;

	*n = 0;
	if (js_type(list) != JS_ARRAY || js_length(list) > TAGS_MOST)
		return why_fault(tx, field, arena_printf(tx->arena, "must be an array of at most %d objects", TAGS_MOST));
	for (size_t i = 0; !e && i < js_length(list); i++, (*n)++) {
		const char *at = arena_printf(tx->arena, "%s[%zu]", field, i);

		if ((e = text(tx, at, js_at(list, i), "name", 1, TAG_NAME_MOST, &all[i].name))
		 || (e = text(tx, at, js_at(list, i), "value", 0, TAG_VALUE_MOST, &all[i].value)))
			return e;
		if (!strcmp(all[i].name, PROMPT_TAG))
			return why_fault(tx, at, "is reserved for prompts, which cannot be created here");
		for (size_t k = 0; k < i; k++)
			if (!strcmp(all[k].name, all[i].name))
				return why_fault(tx, at, "repeats the name of an earlier one");
	}
	return e;
}

enum err tags_set(struct tx *tx, const struct id *object, const char *field, const char *tags)
{
	struct tag *all = arena_alloc(tx->arena, TAGS_MOST * sizeof *all);
	const struct db_val org = db_d(&tx->who->organization);
	size_t n;
	enum err e;

	if (!tags)
		return OK;
	if ((e = parse(tx, field, tags, all, &n)) || (e = db_exec(tx->db, SQL_TAGS_FORGET, DB_IN(org, db_d(object)), NULL)))
		return e;
	for (size_t i = 0; !e && i < n; i++) {
		struct id id;

		id_new(tx->now, &id);
		e = db_exec(tx->db, SQL_TAG_ADD, DB_IN(org, db_d(object), db_d(&id), db_s(all[i].name), db_s(all[i].value)), NULL);
	}
	return e;
}

/* ---- One by one ---- */

/* A character of a key, beside letters and digits of any script. */
static bool in_key(uint32_t c)
{
	return c < 128 ? (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (c && strchr("_-. :/", (int)c)) : !utf8_steers(c);
}

/* A key reads as a relative path: no empty segment, none that is a dot or two, no slash at an end. */
static bool is_path(const char *key)
{
	for (const char *p = key; ; p++) {
		const size_t n = strcspn(p, "/");

		if (!n || (n == 1 && *p == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		p += n;
		if (!*p)
			return strncmp(key, "..", 2);
	}
}

const char *label_key_fault(struct arena *a, const char *key)
{
	if (utf8_length(key) > LABEL_KEY_MOST)
		return arena_printf(a, "'key' exceeds the maximum length of %d characters", LABEL_KEY_MOST);
	for (const char *p = key; *p; )
		if (!in_key(utf8_next(&p)))
			return arena_printf(a, "Invalid value \"%s\" for parameter 'key' supplied: Names may only contain alphanumerics, underscores (_), "
				"dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).", key);
	return is_path(key) ? NULL : arena_printf(a, "Invalid value \"%s\" for parameter 'key' supplied: Names may be treated as files in certain cases, "
		"and must not resolve to other names when treated as such", key);
}

const char *label_value_fault(struct arena *a, const char *key, const char *value)
{
	if (utf8_length(value) <= LABEL_VALUE_MOST)
		return NULL;
	return !strcmp(key, "mlflow.prompt.text") ? arena_printf(a, "Prompt text exceeds max length of %d characters.", LABEL_VALUE_MOST)
		: arena_printf(a, "'value' exceeds the maximum length of %d characters", LABEL_VALUE_MOST);
}

struct labels_size { int64_t n, bytes; };

/* There is room for what was set. */
static enum err room(struct tx *tx, const struct id *object)
{
	static const struct column map[] = PICK_MAP(LABELS_SIZE_PICK, struct labels_size);
	struct labels_size all = { 0, 0 };
	enum err e = tx_one(tx, SQL_LABELS_SIZE, DB_IN(db_d(&tx->who->organization), db_d(object)), map, &all);

	if (e)
		return e;
	if (all.n > LABELS_MOST)
		return why_said(tx, "key", arena_printf(tx->arena, "At most %d tags are allowed", LABELS_MOST));
	if (all.bytes > LABELS_BYTES)
		return why_said(tx, "value", arena_printf(tx->arena, "All tags together can have at most %d bytes", LABELS_BYTES));
	return OK;
}

static enum err put(struct tx *tx, const struct id *object, const char *key, const char *value)
{
	struct id id;

	id_new(tx->now, &id);
	return db_exec(tx->db, SQL_LABEL_PUT, DB_IN(db_d(&tx->who->organization), db_d(object), db_d(&id), db_s(key), db_s(value)), NULL);
}

enum err label_set(struct tx *tx, const struct id *object, const char *key, const char *value, bool *changed)
{
	const char *was = NULL;
	enum err e = tx_text(tx, SQL_LABEL_GET, DB_IN(db_d(&tx->who->organization), db_d(object), db_s(key)), &was);

	if (e && e != ERR_DB_NONE)
		return e;
	*changed = e || strcmp(was, value);
	return !*changed ? OK : (e = put(tx, object, key, value)) ? e : room(tx, object);
}

enum err label_common(struct tx *tx, const char *key, const char *value, bool *common)
{
	int64_t n = 0;
	const enum err e = tx_int(tx, SQL_LABEL_COMMON, DB_IN(db_d(&tx->who->organization), db_s(key), db_s(value), db_i(LABEL_COMMON + 1)), &n);

	*common = n > LABEL_COMMON;
	return e;
}

enum err label_forget(struct tx *tx, const struct id *object, const char *key, bool *changed)
{
	int64_t n = 0;
	enum err e = db_exec(tx->db, SQL_LABEL_FORGET, DB_IN(db_d(&tx->who->organization), db_d(object), db_s(key)), &n);

	*changed = n > 0;
	return e;
}

const char *label_of(struct arena *a, const char *labels, const char *key)
{
	const struct json *all = js_read(a, labels);
	const char *found = NULL, *name;

	for (size_t i = 0; all && i < js_length(all); i++)
		if ((name = js_text_of(js_at(all, i), "key")) && !strcmp(name, key))
			found = js_text_of(js_at(all, i), "value");
	return found;
}

enum err labels_right(struct tx *tx, const char *labels)
{
	const struct json *all = js_read(tx->arena, labels);

	if (labels && (js_type(all) != JS_ARRAY || js_length(all) > LABELS_MOST))
		return why_fault(tx, "tags", arena_printf(tx->arena, "must be an array of at most %d objects of key and value", LABELS_MOST));
	for (size_t i = 0; i < js_length(all); i++) {
		const char *key = js_text_of(js_at(all, i), "key"), *value = js_text_of(js_at(all, i), "value"), *fault;
		struct json *v = NULL;

		if (!key || !*key || (!value && js_get(js_at(all, i), "value", &v) && v))
			return why_fault(tx, "tags", "must be an array of objects with the strings key and value");
		if ((fault = label_key_fault(tx->arena, key)) || (fault = label_value_fault(tx->arena, key, value ? value : "")))
			return why_said(tx, "tags", fault);
	}
	return OK;
}

bool label_is_prompt(const char *value)
{
	return value && !strcasecmp(value, "true");
}

bool labels_are_of_prompt(struct arena *a, const char *labels)
{
	return label_is_prompt(label_of(a, labels, PROMPT_TAG));
}

enum err labels_add(struct tx *tx, const struct id *object, const char *labels)
{
	const struct json *all = js_read(tx->arena, labels);
	enum err e = labels_right(tx, labels);

	for (size_t i = 0; !e && i < js_length(all); i++) {
		const char *value = js_text_of(js_at(all, i), "value");

		e = put(tx, object, js_text_of(js_at(all, i), "key"), value ? value : "");
	}
	return e || !labels ? e : room(tx, object);
}

/* ---- Read ---- */

enum { AT_ONCE = sizeof IDS16 - 1 };

struct found { struct id object; const char *text; };

/* Of no more than AT_ONCE; of fewer the last one again. */
static enum err labels_of_some(struct tx *tx, enum sql sql, const struct labelled *const *some, size_t n)
{
	static const struct column map[] = PICK_MAP(LABEL_PICK, struct found);
	struct buf text[AT_ONCE];
	struct db_val in[1 + AT_ONCE] = { db_d(&tx->who->organization) };
	struct db_rows r;
	enum err e;

	for (size_t i = 0; i < AT_ONCE; i++)
		in[1 + i] = db_d(some[i < n ? i : n - 1]->object);
	if ((e = tx_query(tx, sql, in, 1 + AT_ONCE, &r)))
		return e;
	for (size_t i = 0; i < n; i++)
		text[i] = (struct buf){ .arena = tx->arena };
	for (size_t i = 0; i < r.n; i++) {
		struct found f;

		(void)row_read(map, RES__MAX, db_row(&r, i), &f);
		for (size_t k = 0; k < n; k++)
			if (id_equal(some[k]->object, &f.object)) {
				buf_puts(&text[k], text[k].n ? "," : "[");
				buf_puts(&text[k], f.text);
			}
	}
	for (size_t i = 0; i < n; i++)
		if (text[i].n) {
			buf_puts(&text[i], "]");
			*some[i]->labels = text[i].p;
		}
	return OK;
}

enum err labels_of(struct tx *tx, enum sql sql, const struct labelled *all, size_t n)
{
	const struct labelled *some[AT_ONCE];
	size_t k = 0;
	enum err e = OK;

	for (size_t i = 0; !e && i < n; i++) {
		if (all[i].any)
			some[k++] = &all[i];
		if (k && (k == AT_ONCE || i + 1 == n)) {
			e = labels_of_some(tx, sql, some, k);
			k = 0;
		}
	}
	return e;
}
