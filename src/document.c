/* document.c: see document.h.  json.c bounds how deep documents nest. */
#include "document.h"
#include <string.h>
#include "str.h"

/* Of the object that was looked at last: its member that is F_UNIQUE, if it has one. */
struct name { const char *key, *text; };
struct check { struct tx *tx; struct name name; };

static enum err fault(struct check *c, const char *code, const char *path, const char *reason)
{
	why_coded(c->tx, path, reason, code);
	return ERR_SHAPE;
}

static enum err wrong(struct check *c, const char *path, const char *wanted, const struct json *got)
{
	return fault(c, "InvalidField", path, arena_printf(c->tx->arena, "must be %s, not %s", wanted, js_type_name(js_type(got))));
}

static enum err check_members(struct check *c, const char *path, const struct json *o, const struct shape *s);

static enum err check_text(struct check *c, const char *path, const struct json *v, const struct shape *s)
{
	const char *text = js_type(v) == JS_STRING ? js_str(v) : NULL;
	size_t i = 0, n;

	while (s->words && s->words[i] && !(text && !strcmp(s->words[i], text)))
		i++;
	if (s->words)
		return s->words[i] ? OK : fault(c, "InvalidField", path, shape_one_of(c->tx->arena, s->words));
	if (!text)
		return wrong(c, path, "a string", v);
	n = utf8_length(text);
	return n >= (size_t)s->min && n <= (size_t)s->max ? OK
		: fault(c, "InvalidField", path, arena_printf(c->tx->arena, "must have %lld to %lld characters", (long long)s->min, (long long)s->max));
}

/* Strings by name. */
static enum err check_labels(struct check *c, const char *path, const struct json *o)
{
	enum err e = js_type(o) == JS_OBJECT ? OK : wrong(c, path, "an object", o);
	struct json *value;
	const char *key;

	for (void *it = NULL; !e && js_next(o, &it, &key, &value); )
		e = js_type(value) == JS_STRING ? OK : wrong(c, arena_printf(c->tx->arena, "%s.%s", path, key), "a string", value);
	return e;
}

static enum err check_list(struct check *c, const char *path, const struct json *list, const struct shape *sub)
{
	struct json *seen = js_object(c->tx->arena), *other;
	enum err e = js_type(list) == JS_ARRAY ? OK : wrong(c, path, "an array", list);

	for (size_t i = 0; !e && i < js_length(list); i++) {
		const char *at = arena_printf(c->tx->arena, "%s[%zu]", path, i);
		const struct json *o = js_at(list, i);

		e = js_type(o) == JS_OBJECT ? check_members(c, at, o, sub) : wrong(c, at, "an object", o);
		if (e || !c->name.key)
			continue;
		if (js_get(seen, c->name.text, &other))
			e = fault(c, "DuplicateName", arena_printf(c->tx->arena, "%s.%s", at, c->name.key), "repeats the name of an earlier one");
		js_put_bool(c->tx->arena, seen, c->name.text, true);
	}
	return e;
}

static enum err check_value(struct check *c, const char *path, const struct json *v, const struct shape *s)
{
	switch (s->type) {
	case T_STR:
		return check_text(c, path, v, s);
	case T_BOOL:
		return js_type(v) == JS_BOOL ? OK : wrong(c, path, "true or false", v);
	case T_NUMBER:
		if (js_type(v) != JS_INT && js_type(v) != JS_DOUBLE)
			return wrong(c, path, "a number", v);
		return js_double(v) >= (double)s->min && js_double(v) <= (double)s->max ? OK
			: fault(c, "InvalidField", path, arena_printf(c->tx->arena, "must be from %lld to %lld", (long long)s->min, (long long)s->max));
	case T_LABELS:
		return check_labels(c, path, v);
	case T_LIST:
		return check_list(c, path, v, s->sub);
	case T_SUB:
		return js_type(v) == JS_OBJECT ? check_members(c, path, v, s->sub) : wrong(c, path, "an object", v);
	default:
		return ERR_INTERNAL;
	}
}

/* The members that the word `v`, which stands at `at`, says that the object has beside it. */
static enum err check_one_of(struct check *c, const char *path, const char *at, const struct json *o, const struct json *v, const struct shape *s)
{
	struct buf words = { .arena = c->tx->arena };

	for (const struct one_of *one = s->one_of; one->word; one++) {
		if (js_type(v) == JS_STRING && !strcmp(one->word, js_str(v)))
			return one->sub ? check_members(c, path, o, one->sub) : OK;
		buf_printf(&words, "%s%s", words.n ? ", " : "must be one of ", one->word);
	}
	return fault(c, "UnknownType", at, words.p);
}

static enum err check_members(struct check *c, const char *path, const struct json *o, const struct shape *s)
{
	struct name name = { NULL, NULL };
	enum err e = OK;

	for (; !e && s->key; s++) {
		const char *at = *path ? arena_printf(c->tx->arena, "%s.%s", path, s->key) : s->key;
		struct json *v = NULL;

		js_get(o, s->key, &v);
		c->name = (struct name){ NULL, NULL };
		if (v)
			e = s->type == T_ONE_OF ? check_one_of(c, path, at, o, v, s) : check_value(c, at, v, s);
		else if (s->flags & F_REQUIRED)
			e = fault(c, "MissingField", at, "is required");
		if (!e && v && s->flags & F_UNIQUE)
			name = (struct name){ s->key, js_str(v) };
		else if (s->type == T_ONE_OF)
			name = c->name;
	}
	c->name = name;                          /* those of what is in it were set before */
	return e;
}

enum err document_check(struct tx *tx, const char *name, const char *text, const struct shape *rows, size_t most)
{
	struct check c = { .tx = tx };
	struct json *o;

	if (strlen(text) > most)
		return fault(&c, "TooLarge", name, arena_printf(tx->arena, "must have at most %zu bytes as JSON", most));
	o = js_read(tx->arena, text);
	return js_type(o) == JS_OBJECT ? check_members(&c, "", o, rows) : wrong(&c, name, "an object", o);
}
