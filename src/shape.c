/* shape.c: see shape.h. */
#include "shape.h"
#include <string.h>
#include <strings.h>
#include "conf.h"
#include "str.h"

static enum err fault(struct tx *tx, const char *path, const char *reason)
{
	why_add(tx, path, reason);
	return ERR_SHAPE;
}

/* What the row itself says of it. */
static enum err said(struct tx *tx, const char *path, const char *reason)
{
	why_of(tx, WHY_SAID, path, reason);
	return ERR_SHAPE;
}

static enum err missing(struct tx *tx, const char *path)
{
	why_coded(tx, path, "is required", "required");
	return ERR_SHAPE;
}

static void *at(void *v, size_t off)
{
	return (char *)v + off;
}

const char *shape_one_of(struct arena *a, const char *const *words)
{
	struct buf b = { .arena = a };

	buf_puts(&b, "must be one of");
	for (size_t i = 0; words[i]; i++)
		buf_printf(&b, "%s %s", i ? "," : "", words[i]);
	return b.p;
}

static enum err check_text(struct tx *tx, const struct shape *s, const char *path, const char *v)
{
	size_t n = utf8_length(v);
	const char *why;

	if (s->words) {
		for (size_t i = 0; s->words[i]; i++)
			if (!strcmp(s->words[i], v))
				return OK;
		return fault(tx, path, shape_one_of(tx->arena, s->words));
	}
	if ((int64_t)n < s->min)
		return fault(tx, path, n ? arena_printf(tx->arena, "must have at least %lld characters", (long long)s->min)
			: "must not be empty");
	if (s->max && (int64_t)n > s->max)
		return fault(tx, path, arena_printf(tx->arena, "must have at most %lld characters", (long long)s->max));
	if (s->flags & F_TRIMMED && (why = name_fault(v)))
		return fault(tx, path, why);
	return s->fault && !s->refuse && (why = s->fault(tx->arena, v)) ? said(tx, path, why) : OK;
}

static enum err check_int(struct tx *tx, const struct shape *s, const char *path, int64_t v)
{
	if (v >= s->min && v <= s->max)
		return OK;
	if (s->max == INT64_MAX)
		return fault(tx, path, arena_printf(tx->arena, "must be at least %lld", (long long)s->min));
	return fault(tx, path, arena_printf(tx->arena, "must be from %lld to %lld", (long long)s->min, (long long)s->max));
}

static enum err wrong(struct tx *tx, const char *path, const char *wanted, const struct json *got)
{
	why_of(tx, WHY_TYPE, path, arena_printf(tx->arena, "must be %s, not %s", wanted, js_type_name(js_type(got))));
	return ERR_SHAPE;
}

const char *shape_state_word(const struct shape *s, enum state state)
{
	for (const struct alias *p = s->alias; p && p->state; p++)
		if (p->state == state)
			return p->word;
	return life_word(state);
}

/* The first state that a word stands for; STATE_NONE for none. */
static enum state state_of(const struct shape *row, const char *word)
{
	const char *told;

	for (int s = STATE_NONE + 1; s < STATE__MAX; s++)
		if (life_states[s].resource == row->of && !(life_states[s].flags & GONE) && (told = shape_state_word(row, s)) && !strcmp(told, word))
			return s;
	return STATE_NONE;
}

const char *const *shape_words(struct arena *a, const struct shape *row)
{
	const char **all = arena_alloc(a, (STATE__MAX + 1) * sizeof *all), *word;
	size_t n = 0;

	for (int s = STATE_NONE + 1; s < STATE__MAX; s++)
		if ((word = shape_state_word(row, s)) && state_of(row, word) == (enum state)s)
			all[n++] = word;
	return all;
}

static enum err decode_state(struct tx *tx, const struct shape *s, const char *path, const struct json *j, void *out)
{
	const enum state state = js_type(j) == JS_STRING ? state_of(s, js_str(j)) : STATE_NONE;

	if (js_type(j) != JS_STRING)
		return wrong(tx, path, "a string", j);
	if (state && out)
		*(enum state *)out = state;
	return state ? OK : fault(tx, path, shape_one_of(tx->arena, shape_words(tx->arena, s)));
}

static enum err decode_at(struct tx *tx, const char *base, const struct shape *s, const struct json *in, void *out);

static enum err decode_number(struct tx *tx, const struct shape *s, const char *path, const struct json *j, void *out)
{
	double d;

	if (js_type(j) != JS_INT && js_type(j) != JS_DOUBLE)
		return wrong(tx, path, "a number", j);
	d = js_double(j);
	if (d < (double)s->min || d > (double)s->max)
		return fault(tx, path, arena_printf(tx->arena, "must be from %lld to %lld", (long long)s->min, (long long)s->max));
	if (out)
		*(double *)out = d;
	return OK;
}

/* A document is kept as text, which is bounded: lists show many of them. */
static enum err keep_text(struct tx *tx, const struct shape *s, const char *path, struct json *j, void *out)
{
	const bool log = s->flags & F_LOG;
	const int64_t most = log ? conf.log_limit : conf.document_limit;
	const char *text;
	size_t n;

	if (!out)                                /* part of a document */
		return OK;
	text = js_text(j, &n);
	if (!(s->flags & F_OWN_LIMIT) && most && (int64_t)n > most)
		return fault(tx, path, arena_printf(tx->arena, "must have at most %lld bytes as JSON (%s), not %zu", (long long)most,
			log ? "log_limit" : "document_limit", n));
	*(const char **)out = arena_strdup(tx->arena, text);
	return OK;
}

static const char *joined(struct arena *a, const struct json *list)
{
	struct buf b = { .arena = a };

	buf_puts(&b, "");
	for (size_t i = 0; i < js_length(list); i++)
		buf_printf(&b, "%s%s", i ? " " : "", js_str(js_at(list, i)));
	return b.p;
}

static enum err decode_strings(struct tx *tx, const struct shape *s, const char *path, struct json *j, void *out)
{
	enum err result = OK;

	if (js_type(j) != JS_ARRAY)
		return wrong(tx, path, "an array of strings", j);
	if (s->min && !js_length(j))
		return fault(tx, path, "must not be empty");
	if (s->max && (int64_t)js_length(j) > s->max)
		return fault(tx, path, arena_printf(tx->arena, "must have at most %lld entries", (long long)s->max));
	for (size_t i = 0; i < js_length(j); i++) {
		const char *why;

		if (js_type(js_at(j, i)) != JS_STRING)
			result = wrong(tx, arena_printf(tx->arena, "%s[%zu]", path, i), "a string", js_at(j, i));
		else if (s->fault && (why = s->fault(tx->arena, js_str(js_at(j, i)))))
			result = said(tx, arena_printf(tx->arena, "%s[%zu]", path, i), why);
	}
	if (!result && !(result = keep_text(tx, s, path, j, out)) && out && s->type == T_WORDS)
		*(const char **)out = joined(tx->arena, j);
	return result;
}

static enum err decode_labels(struct tx *tx, const struct shape *s, const char *path, struct json *j, void *out)
{
	enum err result = OK;
	struct json *value;
	const char *key;
	void *it = NULL;

	if (js_type(j) != JS_OBJECT)
		return wrong(tx, path, "an object of strings", j);
	if (s->max && (int64_t)js_length(j) > s->max)
		return fault(tx, path, arena_printf(tx->arena, "must have at most %lld keys", (long long)s->max));
	while (js_next(j, &it, &key, &value)) {
		const char *place = arena_printf(tx->arena, "%s[%s]", path, key);

		if (!*key || utf8_length(key) > LABEL_KEY)
			result = fault(tx, place, arena_printf(tx->arena, "must have a key of 1 to %d characters", LABEL_KEY));
		else if (!value && s->flags & F_NULL)
			continue;
		else if (js_type(value) != JS_STRING)
			result = wrong(tx, place, "a string", value);
		else if (utf8_length(js_str(value)) > LABEL_VALUE)
			result = fault(tx, place, arena_printf(tx->arena, "must have at most %d characters", LABEL_VALUE));
	}
	if (!result && out)
		*(const char **)out = arena_strdup(tx->arena, js_text(j, NULL));
	return result;
}

/* Whatever it spells: an id that is none of these is one that nothing has. */
static enum err decode_loose(struct tx *tx, const struct shape *s, const char *path, const struct json *j, struct id *out)
{
	if (js_type(j) != JS_STRING)
		return wrong(tx, path, "a string", j);
	if (out && !id_parse(js_str(j), s->prefix, out))
		*out = (struct id){ 0 };
	return OK;
}

static enum err decode_text(struct tx *tx, const struct shape *s, const char *path, struct json *j, void *out)
{
	const char *text = js_type(j) == JS_STRING ? js_str(j) : s->flags & F_NUMERAL && js_type(j) == JS_INT ? js_text(j, NULL) : NULL;
	enum err e;

	if (!text)
		return wrong(tx, path, "a string", j);
	if (!(e = check_text(tx, s, path, text)) && out)
		*(const char **)out = arena_strdup(tx->arena, text);
	return e;
}

/* One value.  out NULL: checked only (inside a document that is kept as sent). */
static enum err decode_value(struct tx *tx, const struct shape *s, const char *path, struct json *j, void *out)
{
	int64_t i;
	enum err e;

	switch (s->type) {
	case T_STR:
		return decode_text(tx, s, path, j, out);
	case T_INT:
		if (!js_whole(j, &i))
			return wrong(tx, path, "a whole number", j);
		if (!(e = check_int(tx, s, path, i)) && out)
			*(int64_t *)out = i;
		return e;
	case T_BOOL:
		if (js_type(j) != JS_BOOL)
			return wrong(tx, path, "true or false", j);
		if (out)
			*(bool *)out = js_bool(j) == !(s->flags & F_NOT);
		return OK;
	case T_NUMBER:
		return decode_number(tx, s, path, j, out);
	case T_TIME:
		if (js_type(j) != JS_STRING || !clock_parse(js_str(j), &i))
			return fault(tx, path, "must be a date-time such as 2026-03-14T10:15:30Z");
		if (out)
			*(int64_t *)out = i;
		return OK;
	case T_STRINGS: case T_WORDS:
		return decode_strings(tx, s, path, j, out);
	case T_LABELS:
		return decode_labels(tx, s, path, j, out);
	case T_OBJECT:
		if (js_type(j) != JS_OBJECT)
			return wrong(tx, path, "an object", j);
		if (s->sub && (e = decode_at(tx, path, s->sub, j, NULL)))
			return e;
		return keep_text(tx, s, path, j, out);
	case T_DOC:
		if (s->sub && (js_type(j) != JS_ARRAY || (int64_t)js_length(j) < s->min || (int64_t)js_length(j) > s->max))
			return fault(tx, path, arena_printf(tx->arena, "must be an array of %lld to %lld objects", (long long)s->min, (long long)s->max));
		return keep_text(tx, s, path, j, out);
	case T_SUB:
		return js_type(j) == JS_OBJECT ? decode_at(tx, path, s->sub, j, out) : wrong(tx, path, "an object", j);
	case T_ID:
		if (s->flags & F_LOOSE)
			return decode_loose(tx, s, path, j, out);
		if (js_type(j) != JS_STRING || !id_parse(js_str(j), s->prefix, out ? out : &(struct id){ 0 }))
			return fault(tx, path, arena_printf(tx->arena, "must be an id such as %s", id_spell(tx->arena, s->prefix,
				&(struct id){ { 0x65, 0xf0, 0xc0, 0xff, 0xee, 0x5e, 0xed, 0x01, 0x23, 0x45, 0x67, 0x89 } })));
		return OK;
	case T_STATE:
		return decode_state(tx, s, path, j, out);
	case T_REF: case T_LIST: case T_MAP: case T_LITERAL: case T_ONE_OF:
		break;
	}
	return ERR_INTERNAL;
}

/* Does it ask for something? */
static bool asks(const struct json *j)
{
	return j && !((js_type(j) == JS_ARRAY || js_type(j) == JS_OBJECT) && !js_length(j));
}

static enum err decode_at(struct tx *tx, const char *base, const struct shape *s, const struct json *in, void *out)
{
	enum err result = OK, e;

	for (; s->key; s++) {
		const char *path = *base ? arena_printf(tx->arena, "%s.%s", base, s->key) : s->key;
		struct json *j;

		if (!js_get(in, s->key, &j)) {
			if (s->flags & F_REQUIRED)
				result = missing(tx, path);
			continue;
		}
		if (s->flags & F_UNKEPT) {
			if (asks(j))
				result = fault(tx, path, s->help);
			continue;
		}
		if (!j && !(s->flags & F_NULL)) {
			result = fault(tx, path, "must not be null");
			continue;
		}
		if (out && s->set)
			*(bool *)at(out, s->set - 1) = true;
		if (j && (e = decode_value(tx, s, path, j, out ? at(out, s->off) : NULL)))
			result = e;
	}
	return result;
}

/* Is the row's key among them? */
static bool given(const struct shape *row, const struct json *in)
{
	struct json *j;

	return js_get(in, row->key, &j);
}

static enum err from_text(struct tx *tx, const struct shape *s, const char *text, struct json **out);

/* What the rows say themselves of a member that is missing or at fault; the first one. */
static enum err refuse(struct tx *tx, const struct shape *s, const struct json *in)
{
	const char *why;
	struct json *j;

	for (; s->key; s++) {
		if (s->missing && !given(s, in))
			return s->missing;
		if (!s->refuse || !js_get(in, s->key, &j) || !j || !(why = s->fault(tx->arena, js_str(j))))
			continue;
		why_of(tx, WHY_SAID, s->key, why);
		return s->refuse;
	}
	return OK;
}

enum err shape_last(struct tx *tx, const struct shape *s, const struct json *in)
{
	const struct shape *rows = s;
	struct buf b = { .arena = tx->arena };

	for (; s->key; s++) {
		if (!(s->flags & F_ONE))
			continue;
		if (given(s, in))
			return refuse(tx, rows, in);
		buf_printf(&b, "%s %s", b.n ? "," : "must have at least one of", s->key);
	}
	return b.n ? fault(tx, "body", b.p) : refuse(tx, rows, in);
}

/* What was not given is as its row says. */
static enum err defaults(struct tx *tx, const struct shape *s, const struct json *in, void *out)
{
	struct json *j;
	enum err e;

	for (; s->key; s++)
		if (s->def && !given(s, in) && ((e = from_text(tx, s, s->def, &j)) || (e = decode_value(tx, s, s->key, j, at(out, s->off)))))
			return e;
	return OK;
}

enum err shape_unknown(struct tx *tx, const struct shape *s, const struct json *in)
{
	enum err result = OK;
	struct json *value;
	const char *key;
	void *it = NULL;

	while (js_next(in, &it, &key, &value)) {
		const struct shape *row = s;

		while (row->key && strcmp(row->key, key))
			row++;
		if (!row->key)
			why_coded(tx, key, "is not known", "unknown"), result = ERR_SHAPE;
	}
	return result;
}

enum err shape_decode(struct tx *tx, const struct shape *s, const struct json *in, void *out)
{
	enum err e;

	e = decode_at(tx, "", s, in, out);
	return e ? e : defaults(tx, s, in, out);
}

/* Has it a zone, or no time of the day that could have one? */
static bool zoned(const char *time)
{
	const char *clock = strpbrk(time, "Tt ");

	return !clock || strpbrk(clock + 1, "Zz+-");
}

/* A query's text as the JSON value its row wants. */
static enum err from_text(struct tx *tx, const struct shape *s, const char *text, struct json **out)
{
	const char *reason;
	int64_t i;
	double d;

	switch (s->type) {
	case T_INT:
		if (!parse_int(text, INT64_MIN, INT64_MAX, &i))
			return fault(tx, s->key, "must be a whole number");
		*out = js_integer(tx->arena, i);
		return OK;
	case T_BOOL:
		if (s->flags & F_LOOSE && (!strcmp(text, "1") || !strcmp(text, "0")))
			text = *text == '1' ? "true" : "false";
		if (strcasecmp(text, "true") && strcasecmp(text, "false"))
			return fault(tx, s->key, "must be true or false");
		*out = js_boolean(tx->arena, !strcasecmp(text, "true"));
		return OK;
	case T_NUMBER:
		if (!parse_number(text, &d))
			return fault(tx, s->key, "must be a number");
		*out = js_number(tx->arena, d);
		return OK;
	case T_OBJECT:                           /* of a form: as JSON */
		return js_parse_most(tx->arena, text, strlen(text), VALUES_MOST, out, &reason) || !*out ? fault(tx, s->key, "must be a JSON object") : OK;
	case T_TIME:                             /* without a zone it is UTC */
		*out = js_string(tx->arena, s->flags & F_LOOSE && !zoned(text) ? arena_printf(tx->arena, "%sZ", text) : text);
		return OK;
	default:
		*out = js_string(tx->arena, text);
		return OK;
	}
}

/* The name in `key[name]`; NULL for another parameter. */
static const char *label_name(struct arena *a, const struct shape *row, const char *param)
{
	size_t key = strlen(row->key), n = strlen(param);

	return n > key + 1 && !strncmp(param, row->key, key) && param[key] == '[' && param[n - 1] == ']'
		? arena_strndup(a, param + key + 1, n - key - 2) : NULL;
}

static enum err add_label(struct tx *tx, const struct shape *row, const struct param *p, struct json *o)
{
	const char *name = label_name(tx->arena, row, p->name);
	struct json *labels, *seen;

	if (!name)
		return fault(tx, row->key, arena_printf(tx->arena, "must be given as %s[name]=value", row->key));
	if (!js_get(o, row->key, &labels))
		js_put(o, row->key, labels = js_object(tx->arena));
	if (js_get(labels, name, &seen))
		return fault(tx, p->name, "is given twice");
	js_put_str(tx->arena, labels, name, p->value);
	return OK;
}

/* Once more, or several with commas between them. */
static void add_strings(struct arena *a, const struct shape *row, const char *value, struct json *o)
{
	struct json *all;

	if (!js_get(o, row->key, &all))
		js_put(o, row->key, all = js_array(a));
	for (size_t n; *value; value += n + (value[n] == ',')) {
		n = strcspn(value, ",");
		js_add(all, js_string(a, arena_strndup(a, value, n)));
	}
}

enum err shape_decode_params(struct tx *tx, const struct shape *s, const struct param *in, size_t n, void *out)
{
	struct json *o = js_object(tx->arena), *j, *seen;
	enum err result = OK, e;

	for (size_t i = 0; i < n; i++) {
		const struct shape *row = s;

		while (row->key && strcmp(row->key, in[i].name) && !(row->type == T_LABELS && label_name(tx->arena, row, in[i].name)))
			row++;
		if (!row->key)
			continue;
		if (row->type == T_LABELS)
			result = add_label(tx, row, &in[i], o) ? ERR_SHAPE : result;
		else if (row->type == T_STRINGS)
			add_strings(tx->arena, row, in[i].value, o);
		else if (js_get(o, row->key, &seen))
			result = fault(tx, row->key, "is given twice");
		else if ((e = from_text(tx, row, in[i].value, &j)))
			result = e;
		else
			js_put(o, row->key, j);
	}
	return result ? result : shape_decode(tx, s, o, out);
}

/* ---- Rendering ---- */

static void number(struct buf *b, const struct shape *s, int64_t i)
{
	if (!(s->flags & F_QUOTED)) {
		js_out_int(b, i);
		return;
	}
	js_out_raw(b, "\"");
	buf_int(b, i);
	buf_puts(b, "\"");
}

static void time_value(struct buf *b, const struct shape *s, int64_t us, enum time_form form)
{
	if (form == TIME_UNIX || form == TIME_UNIX_MILLIS)
		number(b, s, us / (form == TIME_UNIX ? SECOND : SECOND / 1000));
	else
		js_out_str(b, clock_iso(b->arena, us, form));
}

static bool write_row(struct buf *b, const struct shape *row, const void *object, enum time_form form);

static const char *name_of(const struct shape *map, const struct list *l, size_t k)
{
	return *(const char *const *)((const char *)l->v + k * l->size + map->sub[0].off);
}

/* Of two entries with a name the first one stands: readers of a key that comes twice believe either, or neither. */
static bool named_before(const struct shape *map, const struct list *l, size_t k)
{
	for (size_t i = 0; i < k; i++)
		if (!strcmp(name_of(map, l, i), name_of(map, l, k)))
			return true;
	return false;
}

static void write_list(struct buf *b, const struct shape *s, const struct list *l, enum time_form form)
{
	if (!l->size && l->n) {
		js_out_raw(b, l->v);
		return;
	}
	js_out_raw(b, s->type == T_MAP ? "{" : "[");
	for (size_t k = 0; k < l->n; k++) {
		const char *one = (const char *)l->v + k * l->size;

		if (s->type == T_LIST) {
			shape_write(b, s->sub, one, form);
			continue;
		}
		if (named_before(s, l, k))
			continue;
		js_out_str(b, name_of(s, l, k));
		buf_puts(b, ":");
		if (!write_row(b, &s->sub[1], one, form))
			js_out_raw(b, NULL);
	}
	buf_puts(b, s->type == T_MAP ? "}" : "]");
}

static struct json *member(struct arena *a, const char *document, const char *key)
{
	struct json *v;

	return js_get(js_read(a, document), key, &v) ? v : NULL;
}

/* The JSON text of a row whose value is a text, computed or not, or a member of that; NULL: null. */
static const char *text_of(struct arena *a, const struct shape *s, const char *text)
{
	struct json *found = s->flags & F_MEMBER ? member(a, text, s->key) : NULL;

	if (found)
		return js_text(found, NULL);
	if (!text || s->flags & F_MEMBER)
		return s->empty;
	return s->type == T_WORDS ? js_words(a, text) : text;
}

static bool write_int(struct buf *b, const struct shape *s, int64_t i)
{
	const bool null = (i < 0 && s->flags & F_NULL) || (!i && s->flags & F_ZERO);

	if (!null)
		number(b, s, i);
	return !null;
}

/* v: where the value stands, or the text of one that is computed.  False: it is null, and nothing is written. */
static bool write_value(struct buf *b, const struct shape *s, const void *v, enum time_form form)
{
	const char *text;
	const void *ref;
	int64_t i;

	switch (s->type) {
	case T_STR:
		text = s->make ? v : *(const char *const *)v;
		if (s->flags & F_MEMBER)
			text = js_str(member(b->arena, text, s->key));
		if (text)
			js_out_str(b, text);
		return text;
	case T_LITERAL:
		js_out_str(b, s->text);
		return true;
	case T_STATE:
		if ((text = shape_state_word(s, *(const enum state *)v)))
			js_out_str(b, text);
		return text;
	case T_WORDS: case T_OBJECT: case T_STRINGS: case T_LABELS: case T_DOC:
		if ((text = text_of(b->arena, s, s->make ? v : *(const char *const *)v)))
			js_out_raw(b, text);
		return text;
	case T_INT:
		return write_int(b, s, *(const int64_t *)v);
	case T_NUMBER:
		js_out_raw(b, js_text(js_number(b->arena, *(const double *)v), NULL));
		return true;
	case T_BOOL:
		js_out_raw(b, *(const bool *)v == !(s->flags & F_NOT) ? "true" : "false");
		return true;
	case T_TIME:
		if ((i = *(const int64_t *)v))
			time_value(b, s, i, form);
		return i;
	case T_ID:
		if (!id_is_zero(v))
			js_out_str(b, id_spell(b->arena, s->prefix, v));
		return !id_is_zero(v);
	case T_REF:
		ref = v;
		if (!s->make)
			memcpy(&ref, v, sizeof ref);
		if (ref)
			shape_write(b, s->sub, ref, form);
		return ref;
	case T_SUB:
		shape_write(b, s->sub, v, form);
		return true;
	case T_LIST: case T_MAP:
		if (!((const struct list *)v)->n && s->flags & F_OMIT)
			return false;
		write_list(b, s, v, form);
		return true;
	case T_ONE_OF:
		break;
	}
	return false;
}

/* The value of a row, wherever it comes from. */
static bool write_row(struct buf *b, const struct shape *row, const void *object, enum time_form form)
{
	const char *fixed = row->text && row->type != T_LITERAL ? row->text : NULL;
	const void *v = fixed ? NULL : row->make ? row->make(b->arena, object) : (const char *)object + row->off;

	if (v)
		return write_value(b, row, v, form);
	if (!fixed && !(fixed = row->empty))
		return false;
	js_out_raw(b, fixed);
	return true;
}

/* Where it is null its key goes again, or null is written. */
static void write_member(struct buf *b, const struct shape *row, const void *object, enum time_form form)
{
	const size_t before = b->n;

	js_out_key(b, row->key);
	if (write_row(b, row, object, form))
		return;
	if (row->flags & F_OMIT)
		buf_cut(b, before);
	else
		js_out_raw(b, NULL);
}

void shape_write(struct buf *b, const struct shape *s, const void *v, enum time_form form)
{
	if (s->key && !*s->key) {
		if (!write_row(b, s, v, form))
			js_out_raw(b, NULL);
		return;
	}
	js_out_raw(b, "{");
	for (; s->key; s++)
		write_member(b, s, v, form);
	buf_puts(b, "}");
}

char *shape_text(struct arena *a, const struct shape *s, const void *v, enum time_form form, size_t *n)
{
	struct buf b = { .arena = a };

	shape_write(&b, s, v, form);
	if (n)
		*n = b.n;
	return b.p;
}

const char *shape_value(struct arena *a, const struct shape *row, const void *object, enum time_form form)
{
	struct buf b = { .arena = a };

	return write_row(&b, row, object, form) ? b.p : NULL;
}

struct json *shape_object(struct arena *a, const struct shape *s, const void *v, enum time_form form)
{
	struct json *o = js_object(a);
	const char *text;

	for (; s->key; s++)
		if ((text = shape_value(a, s, v, form)) || !(s->flags & F_OMIT))
			js_put(o, s->key, js_raw(a, text));
	return o;
}
