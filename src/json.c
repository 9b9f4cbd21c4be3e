/* json.c: json-c behind a strict scan of our own.  json-c 0.16 lets through, even
 * in its strict mode, duplicate keys (the last wins), U+0000, control characters,
 * NaN, single quotes and integers that it clamps; so the text is scanned first by
 * the grammar of RFC 8259, and only what passes is given to it. */
#include "json.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <json-c/json.h>
#include "str.h"

enum { MAX_DEPTH = 32 };

struct span { const char *p; size_t n; };
struct scan { struct arena *arena; const char *s, *p, *end; const char *why; int depth; size_t values, most; };

static bool fail(struct scan *c, const char *why)
{
	if (!c->why)
		c->why = arena_printf(c->arena, "at byte %zu: %s", (size_t)(c->p - c->s), why);
	return false;
}

static void blanks(struct scan *c)
{
	while (c->p < c->end && strchr(" \t\r\n", *c->p) && *c->p)
		c->p++;
}

static bool take(struct scan *c, char ch)
{
	if (c->p < c->end && *c->p == ch) {
		c->p++;
		return true;
	}
	return false;
}

/* The four digits after \u. */
static bool scan_hex4(struct scan *c, unsigned *u)
{
	*u = 0;
	for (int i = 0; i < 4; i++) {
		char h = c->p < c->end ? *c->p : '\0';

		if (h >= '0' && h <= '9')
			*u = *u << 4 | (unsigned)(h - '0');
		else if ((h | 32) >= 'a' && (h | 32) <= 'f')
			*u = *u << 4 | (unsigned)((h | 32) - 'a' + 10);
		else
			return fail(c, "a \\u escape needs four hexadecimal digits");
		c->p++;
	}
	return true;
}

static bool scan_escape(struct scan *c)
{
	unsigned u, low;
	char e = c->p < c->end ? *c->p : '\0';

	if (e != 'u') {
		if (!e || !strchr("\"\\/bfnrt", e))
			return fail(c, "unknown escape in a string");
		c->p++;
		return true;
	}
	c->p++;
	if (!scan_hex4(c, &u))
		return false;
	if (u == 0)
		return fail(c, "U+0000 is not allowed in a string");
	if (u >= 0xdc00 && u <= 0xdfff)
		return fail(c, "lone surrogate in a string");
	if (u >= 0xd800 && u <= 0xdbff) {
		if (!take(c, '\\') || !take(c, 'u') || !scan_hex4(c, &low) || low < 0xdc00 || low > 0xdfff)
			return fail(c, "lone surrogate in a string");
	}
	return true;
}

static bool scan_string(struct scan *c, struct span *out)
{
	if (!take(c, '"'))
		return fail(c, "expected a string in double quotes");
	out->p = c->p;
	for (;;) {
		if (c->p >= c->end)
			return fail(c, "the text ends inside a string");
		if ((unsigned char)*c->p < 0x20)
			return fail(c, "control character in a string");
		if (*c->p == '"')
			break;
		if (*c->p++ == '\\' && !scan_escape(c))
			return false;
	}
	out->n = (size_t)(c->p - out->p);
	if (!utf8_valid(out->p, out->n))
		return fail(c, "a string that is not valid UTF-8");
	c->p++;
	return true;
}

static bool scan_number(struct scan *c)
{
	const char *start = c->p;
	bool whole = true;
	char *text;

	take(c, '-');
	if (!take(c, '0')) {
		if (c->p >= c->end || *c->p < '1' || *c->p > '9')
			return fail(c, "expected a value");
		while (c->p < c->end && *c->p >= '0' && *c->p <= '9')
			c->p++;
	}
	for (int part = 0; part < 2; part++) {
		if (part == 0 ? !take(c, '.') : !(take(c, 'e') || take(c, 'E')))
			continue;
		whole = false;
		if (part == 1 && !take(c, '+'))
			take(c, '-');
		if (c->p >= c->end || *c->p < '0' || *c->p > '9')
			return fail(c, "a digit is missing in a number");
		while (c->p < c->end && *c->p >= '0' && *c->p <= '9')
			c->p++;
	}
	if (c->p - start > 100)
		return fail(c, "a number of more than 100 characters");
	text = arena_strndup(c->arena, start, (size_t)(c->p - start));
	errno = 0;
	if (whole)
		(void)strtoll(text, NULL, 10);
	else if (isinf(strtod(text, NULL)))
		return fail(c, "number out of range");
	else
		errno = 0;
	return errno == ERANGE ? fail(c, "number out of range") : true;
}

/* Keys are compared as they read, so that "a" and "\u0061" are the same. */
static const char *key_text(struct scan *c, struct span k)
{
	if (memchr(k.p, '\\', k.n)) {
		char *quoted = arena_printf(c->arena, "\"%.*s\"", (int)k.n, k.p);
		struct json_object *o = json_tokener_parse(quoted);
		char *s = arena_strdup(c->arena, o ? json_object_get_string(o) : "");

		json_object_put(o);
		return s;
	}
	return arena_strndup(c->arena, k.p, k.n);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool scan_value(struct scan *c);

static bool scan_object(struct scan *c)
{
	struct buf keys = { .arena = c->arena };
	const char **k;
	size_t n;

	blanks(c);
	if (take(c, '}'))
		return true;
	do {
		struct span key;
		const char *text;

		blanks(c);
		if (!scan_string(c, &key))
			return false;
		text = key_text(c, key);
		buf_put(&keys, &text, sizeof text);
		blanks(c);
		if (!take(c, ':'))
			return fail(c, "expected ':' after a key");
		if (!scan_value(c))
			return false;
		blanks(c);
	} while (take(c, ','));
	if (!take(c, '}'))
		return fail(c, "expected ',' or '}' in an object");
	k = (const char **)(void *)keys.p;
	n = keys.n / sizeof *k;
	qsort(k, n, sizeof *k, by_text);
	for (size_t i = 1; i < n; i++)
		if (!strcmp(k[i - 1], k[i]))
			return fail(c, arena_printf(c->arena, "the key \"%s\" appears twice in one object",
				utf8_cut(c->arena, k[i], 60)));
	return true;
}

static bool scan_array(struct scan *c)
{
	blanks(c);
	if (take(c, ']'))
		return true;
	do {
		if (!scan_value(c))
			return false;
		blanks(c);
	} while (take(c, ','));
	return take(c, ']') || fail(c, "expected ',' or ']' in an array");
}

static bool scan_word(struct scan *c, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(c->end - c->p) < n || memcmp(c->p, word, n))
		return fail(c, "expected a value");
	c->p += n;
	return true;
}

static bool scan_value(struct scan *c)
{
	struct span s;
	bool ok;

	if (++c->depth > MAX_DEPTH)
		return fail(c, "more than 32 levels deep");
	if (c->values++ >= c->most)
		return fail(c, arena_printf(c->arena, "more than %zu values", c->most));
	blanks(c);
	switch (c->p < c->end ? *c->p : '\0') {
	case '{': c->p++; ok = scan_object(c); break;
	case '[': c->p++; ok = scan_array(c); break;
	case '"': ok = scan_string(c, &s); break;
	case 't': ok = scan_word(c, "true"); break;
	case 'f': ok = scan_word(c, "false"); break;
	case 'n': ok = scan_word(c, "null"); break;
	default:  ok = scan_number(c);
	}
	c->depth--;
	return ok;
}

static void release(void *o)
{
	json_object_put(o);
}

static struct json *keep(struct arena *a, struct json_object *o)
{
	arena_defer(a, release, o);
	return (struct json *)o;
}

static struct json_object *raw(const struct json *j)
{
	return (struct json_object *)j;
}

enum err js_parse(struct arena *a, const char *s, size_t n, struct json **out, const char **reason)
{
	return js_parse_most(a, s, n, SIZE_MAX, out, reason);
}

/* What a text begins with that is no JSON in UTF-8, by name. */
static const char *foreign(const char *s, size_t n)
{
	static const struct { const char *bytes, *what; } rows[] = {
		{ "\xef\xbb\xbf", "a byte order mark (BOM); send the text without it" },
		{ "\xff\xfe", "a byte order mark of UTF-16; send UTF-8 without one" },
		{ "\xfe\xff", "a byte order mark of UTF-16; send UTF-8 without one" },
		{ "\x1f\x8b", "gzip data; send the text without compression" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (n >= strlen(rows[i].bytes) && !memcmp(s, rows[i].bytes, strlen(rows[i].bytes)))
			return rows[i].what;
	return NULL;
}

enum err js_parse_most(struct arena *a, const char *s, size_t n, size_t most, struct json **out, const char **reason)
{
	struct scan c = { a, s, s, s + n, NULL, 0, 0, most };
	struct json_tokener *t;
	struct json_object *o;
	enum json_tokener_error te;

	if (foreign(s, n)) {
		fail(&c, foreign(s, n));
	} else if (scan_value(&c)) {
		blanks(&c);
		if (c.p != c.end)
			fail(&c, "unexpected data after the value");
	}
	if (c.why) {
		*reason = c.why;
		return ERR_JSON;
	}
	if (!(t = json_tokener_new_ex(MAX_DEPTH + 1)))
		abort();
	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	/* The NUL is passed too, so that a bare number ends. */
	char *text = arena_strndup(a, s, n);

	o = json_tokener_parse_ex(t, text, (int)n + 1);
	te = json_tokener_get_error(t);
	json_tokener_free(t);
	if (te != json_tokener_success) {
		json_object_put(o);
		*reason = json_tokener_error_desc(te);
		return ERR_JSON;
	}
	*out = keep(a, o);
	return OK;
}

struct json *js_read(struct arena *a, const char *text)
{
	const char *reason;
	struct json *j;

	return text && !js_parse(a, text, strlen(text), &j, &reason) ? j : NULL;
}

enum js_type js_type(const struct json *j)
{
	switch (json_object_get_type(raw(j))) {
	case json_type_boolean: return JS_BOOL;
	case json_type_int:     return JS_INT;
	case json_type_double:  return JS_DOUBLE;
	case json_type_string:  return JS_STRING;
	case json_type_array:   return JS_ARRAY;
	case json_type_object:  return JS_OBJECT;
	default:                return JS_NULL;
	}
}

const char *js_type_name(enum js_type t)
{
	static const char *const names[] = { "null", "true or false", "a whole number", "a decimal number",
		"a string", "an array", "an object" };

	return names[t];
}

const char *js_str(const struct json *j) { return json_object_get_string(raw(j)); }
int64_t js_int(const struct json *j) { return json_object_get_int64(raw(j)); }

/* Beyond 2^53 a double says no longer which whole number was meant. */
bool js_whole(const struct json *j, int64_t *out)
{
	double d = js_type(j) == JS_DOUBLE ? json_object_get_double(raw(j)) : NAN;

	if (js_type(j) == JS_INT) {
		*out = js_int(j);
		return true;
	}
	if (!(fabs(d) <= 9007199254740992.0) || d != floor(d))
		return false;
	*out = (int64_t)d;
	return true;
}

double js_double(const struct json *j) { return json_object_get_double(raw(j)); }
bool js_bool(const struct json *j) { return json_object_get_boolean(raw(j)); }

size_t js_length(const struct json *j)
{
	return js_type(j) == JS_ARRAY ? json_object_array_length(raw(j))
		: js_type(j) == JS_OBJECT ? (size_t)json_object_object_length(raw(j)) : 0;
}

struct json *js_at(const struct json *j, size_t i)
{
	return js_type(j) == JS_ARRAY ? (struct json *)json_object_array_get_idx(raw(j), i) : NULL;
}

bool js_get(const struct json *j, const char *key, struct json **out)
{
	struct json_object *v;

	if (!json_object_object_get_ex(raw(j), key, &v))
		return false;
	*out = (struct json *)v;
	return true;
}

const char *js_text_of(const struct json *j, const char *key)
{
	struct json *v = NULL;

	return js_get(j, key, &v) && js_type(v) == JS_STRING ? js_str(v) : NULL;
}

bool js_next(const struct json *j, void **it, const char **key, struct json **value)
{
	struct lh_entry *e = *it ? ((struct lh_entry *)*it)->next : json_object_get_object(raw(j))->head;

	if (!e)
		return false;
	*it = e;
	*key = lh_entry_k(e);
	*value = lh_entry_v(e);
	return true;
}

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

struct json *js_object(struct arena *a) { return keep(a, must(json_object_new_object())); }
struct json *js_array(struct arena *a) { return keep(a, must(json_object_new_array())); }

struct json *js_raw(struct arena *a, const char *text)
{
	struct json *j = text ? js_object(a) : NULL;

	if (j)
		json_object_set_serializer(raw(j), json_object_userdata_to_json_string, (void *)(uintptr_t)text, NULL);
	return j;
}

struct json *js_integer(struct arena *a, int64_t v) { return keep(a, must(json_object_new_int64(v))); }
struct json *js_number(struct arena *a, double v) { return keep(a, must(json_object_new_double(v))); }
struct json *js_boolean(struct arena *a, bool v) { return keep(a, must(json_object_new_boolean(v))); }

struct json *js_string(struct arena *a, const char *s)
{
	return s ? keep(a, must(json_object_new_string(s))) : NULL;
}

void js_put(struct json *object, const char *key, struct json *value)
{
	if (json_object_object_add(raw(object), key, json_object_get(raw(value))))
		abort();
}

void js_put_str(struct arena *a, struct json *object, const char *key, const char *s)
{
	js_put(object, key, js_string(a, s));
}

void js_put_int(struct arena *a, struct json *object, const char *key, int64_t v)
{
	js_put(object, key, js_integer(a, v));
}

void js_put_bool(struct arena *a, struct json *object, const char *key, bool v)
{
	js_put(object, key, js_boolean(a, v));
}

void js_add(struct json *array, struct json *value)
{
	if (json_object_array_add(raw(array), json_object_get(raw(value))))
		abort();
}

/* ---- Text ---- */

static void separate(struct buf *b)
{
	const char last = b->n ? b->p[b->n - 1] : '[';

	if (last != '[' && last != '{' && last != ':')
		buf_put(b, ",", 1);
}

/* RFC 8259, 7, spelled as the library does. */
static void quoted(struct buf *b, const char *s)
{
	static const char short_forms[' '] = { ['\b'] = 'b', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['\f'] = 'f' };
	const char *run = s;

	buf_put(b, "\"", 1);
	for (;; s++) {
		const unsigned char c = (unsigned char)*s;
		const char letter = c < ' ' ? short_forms[c] : *s;
		char hex[3];

		if (c >= ' ' && c != '"' && c != '\\')
			continue;
		buf_put(b, run, (size_t)(s - run));
		run = s + 1;
		if (!c)
			break;
		buf_put(b, "\\", 1);
		if (letter) {
			buf_put(b, &letter, 1);
			continue;
		}
		hex_encode(s, 1, hex);
		buf_puts(b, "u00");
		buf_puts(b, hex);
	}
	buf_put(b, "\"", 1);
}

void js_out_key(struct buf *b, const char *key)
{
	separate(b);
	buf_put(b, "\"", 1);
	buf_puts(b, key);
	buf_put(b, "\":", 2);
}

void js_out_raw(struct buf *b, const char *text)
{
	separate(b);
	buf_puts(b, text ? text : "null");
}

void js_out_str(struct buf *b, const char *s)
{
	if (!s) {
		js_out_raw(b, NULL);
		return;
	}
	separate(b);
	quoted(b, s);
}

void js_out_int(struct buf *b, int64_t v)
{
	separate(b);
	buf_int(b, v);
}

const char *js_words(struct arena *a, const char *words)
{
	struct buf b = { .arena = a };

	if (!words)
		return NULL;
	js_out_raw(&b, "[");
	for (const char *s = words; *(s += strspn(s, " ")); s += strcspn(s, " "))
		js_out_str(&b, arena_strndup(a, s, strcspn(s, " ")));
	buf_puts(&b, "]");
	return b.p;
}

void js_out_member_str(struct buf *b, const char *key, const char *s)
{
	js_out_key(b, key);
	js_out_str(b, s);
}

void js_out_member_int(struct buf *b, const char *key, int64_t v)
{
	js_out_key(b, key);
	js_out_int(b, v);
}

struct json *js_merge(struct arena *a, struct json *target, struct json *patch)
{
	struct json *out, *value, *old;
	const char *key;
	void *it = NULL;

	if (js_type(patch) != JS_OBJECT)
		return patch;
	out = js_object(a);
	while (js_type(target) == JS_OBJECT && js_next(target, &it, &key, &value))
		if (!js_get(patch, key, &old))
			js_put(out, key, value);
	for (it = NULL; js_next(patch, &it, &key, &value); )
		if (value)
			js_put(out, key, js_merge(a, js_type(target) == JS_OBJECT && js_get(target, key, &old) ? old : NULL, value));
	return out;
}

const char *js_text(struct json *j, size_t *n)
{
	return json_object_to_json_string_length(raw(j),
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, n);
}

const char *js_pretty(struct json *j)
{
	return json_object_to_json_string_ext(raw(j),
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
}
