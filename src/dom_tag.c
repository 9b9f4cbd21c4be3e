/* dom_tag.c: see dom_tag.h. */
#include "dom_tag.h"
#include <string.h>
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
		for (size_t k = 0; k < i; k++)
			if (!strcmp(all[k].name, all[i].name))
				return why_fault(tx, at, "has a name that another one before it has");
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
