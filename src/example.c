/* example.c: a value that a shape allows, made of its rows (schema.h): the same one each time, and one that a reader can
 * make sense of, as far as the name of a member tells what it is. */
#include <string.h>
#include "hash.h"
#include "schema.h"
#include "str.h"

/* What members are called, in small letters without `_`: JSON. */
static const struct { const char *key, *json; } said[] = {
	{ "name", "\"churn-predictor\"" }, { "registeredmodelname", "\"churn-predictor\"" }, { "newname", "\"churn-2026\"" },
	{ "description", "\"Who is about to leave\"" }, { "username", "\"ada\"" }, { "email", "\"ada@example.org\"" }, { "password", "\"correct horse battery\"" },
	{ "algorithm", "\"xgboost\"" }, { "target", "\"churned\"" }, { "label", "\"Churn, production\"" }, { "reason", "\"The data set was empty\"" },
	{ "url", "\"https://hooks.example.org/thaw\"" }, { "alias", "\"champion\"" }, { "version", "\"3\"" }, { "key", "\"team\"" }, { "value", "\"risk\"" },
	{ "jurisdiction", "\"US-DE\"" }, { "type", "\"c_corp\"" }, { "apiversion", "\"2026-06-10\"" }, { "versionid", "\"ver-003\"" },
	{ "action", "\"model.archived\"" }, { "agentid", "\"agt_helper\"" }, { "branch", "\"master\"" }, { "source", "\"models:/m-1\"" },
	{ "tags", "[\"churn\",\"weekly\"]" }, { "features", "[\"age\",\"tenure\"]" }, { "logs", "[\"epoch 1: loss 0.31\"]" }, { "scopes", "[\"workspace:read\"]" },
	{ "enabledevents", "[\"workspace.*\"]" }, { "config", "{\"algorithm\":\"xgboost\"}" }, { "hyperparameters", "{\"max_depth\":6}" },
	{ "metrics", "{\"accuracy\":0.93,\"auc\":0.97}" }, { "metadata", "{\"team\":\"risk\"}" }, { "granttype", "\"client_credentials\"" },
	{ "tier", "2" }, { "rate", "100" }, { "page", "1" }, { "pagesize", "20" }, { "size", "20" }, { "limit", "20" }, { "progress", "40" }, { "number", "3" },
	{ "versionnumber", "3" }, { "total", "1" }, { "totalelements", "1" }, { "totalcount", "1" }, { "totalpages", "1" }, { "count", "1" }, { "expiresin", "3600" },
	{ "hasmore", "false" }, { "hasnext", "false" }, { "livemode", "true" }, { "techstack", "\"static\"" }, { "accent", "\"teal\"" }, { "query", "\"name = 'Churn'\"" },
	{ "parentfolderrid", "\"ri.compass.main.folder.019df242-98fc-81c1-8000-000149afbf4c\"" }, { "spacerid", "\"ri.compass.main.space.019df242-98fc-81c1-8000-000149afbf4c\"" },
	{ "sourcemodelversionrid", "\"ri.models.main.model-version.019df242-98fc-81c1-8000-000149afbf4c\"" }, { "stage", "\"Production\"" },
	{ "events", "[{\"entity\":\"REGISTERED_MODEL\",\"action\":\"CREATED\"}]" },
	{ "redirecturi", "\"https://app.example/callback\"" }, { "redirecturis", "[\"https://app.example/callback\"]" }, { "preview", "true" }, { "path", "\"/Main/Models\"" }, { "displayname", "\"Churn\"" },
};
/* What a text may be that is of no such name, whichever its row takes. */
static const char *const texts[] = { "example", "my-site.talkide.app", "https://hooks.example.org/thaw", "2026-06-10", "US-DE", "ver-003", "1", "model:read",
	"workspace.*", "active", "LOW", "datarobot", "numpy==1.24.0", "champion", "name", "id", "created", "https://app.example/callback", "api:models-read", NULL };

static const char *json_of(struct arena *a, const char *key)
{
	char *small = arena_strdup(a, key), *to = small;

	for (const char *p = key; *p; p++)
		if (*p != '_')
			*to++ = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
	*to = '\0';
	for (size_t i = 0; i < sizeof said / sizeof *said; i++)
		if (!strcmp(said[i].key, small))
			return said[i].json;
	return NULL;
}

char *example_id(struct arena *a, const char *prefix)
{
	unsigned char md[SHA256_BYTES];
	static const unsigned char time[] = { 0x01, 0x9d, 0xf2 };        /* of May 2026 */
	struct id id;

	sha256(prefix, strlen(prefix), md);
	memcpy(id.b, md, sizeof id.b);
	memcpy(id.b, time, sizeof time);
	return id_spell(a, prefix, &id);
}

static bool fits(struct arena *a, const struct shape *s, const char *text)
{
	const int64_t n = (int64_t)utf8_length(text);

	return (s->type != T_STR || (n >= s->min && (!s->max || n <= s->max))) && !(s->fault && s->fault(a, text));
}

/* A text that the row takes. */
static const char *text_of(struct arena *a, const struct shape *s, const struct json *known)
{
	const char *const *words = s->type == T_STATE ? shape_words(a, s) : s->words;

	if (words && words[0])
		return words[0];
	if (js_type(known) == JS_STRING && fits(a, s, js_str(known)))
		return js_str(known);
	for (size_t i = 0; texts[i]; i++)
		if (fits(a, s, texts[i]))
			return texts[i];
	return arena_printf(a, "%.*s", (int)(s->min > 0 && s->min < 64 ? s->min : 8), "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
}

static struct json *number_of(struct arena *a, const struct shape *s, const struct json *known)
{
	int64_t i = js_type(known) == JS_INT ? js_int(known) : 1;

	if (s->max && i > s->max)
		i = s->max;
	if (s->min != INT64_MIN && i < s->min)
		i = s->min;
	if (s->flags & F_QUOTED)
		return js_string(a, arena_printf(a, "%lld", (long long)i));
	return s->type == T_NUMBER && !(s->min > 0) ? js_number(a, s->max ? (double)i / 2 : 0.5) : js_integer(a, i);
}

/* Things begin before they change, and end last. */
static struct json *time_of(struct arena *a, const struct shape *s, enum time_form form)
{
	static const int64_t day = (int64_t)24 * 3600 * SECOND, first = (int64_t)1777887000 * SECOND;
	const bool begun = strstr(s->key, "creat") || strstr(s->key, "start") || strstr(s->key, "from");
	const int64_t at = first + (begun ? 0 : strstr(s->key, "expire") || strstr(s->key, "until") ? 30 * day : day);
	const bool number = form == TIME_UNIX || form == TIME_UNIX_MILLIS;
	const char *text = number ? arena_printf(a, "%lld", (long long)(at / (form == TIME_UNIX ? SECOND : SECOND / 1000))) : clock_iso(a, at, form);

	return number && !(s->flags & F_QUOTED) ? js_read(a, text) : js_string(a, text);
}

static struct json *strings_of(struct arena *a, const struct shape *s, struct json *known)
{
	struct json *all = js_array(a);

	if (js_type(known) == JS_ARRAY && (!s->fault || !s->fault(a, js_str(js_at(known, 0)))))
		return known;
	js_add(all, js_string(a, text_of(a, s, NULL)));
	return all;
}

static struct json *map_of(struct schemas *c, const struct shape *s)
{
	struct json *o = js_object(c->arena);

	js_put(o, s->sub[0].type == T_STR ? text_of(c->arena, &s->sub[0], NULL) : "example", example_row(c, &s->sub[1], false));
	return o;
}

static struct json *list_of(struct schemas *c, const struct shape *s, bool writing)
{
	struct json *all = js_array(c->arena);

	js_add(all, example_of(c, s->sub, writing));
	return all;
}

struct json *example_row(struct schemas *c, const struct shape *s, bool writing)
{
	struct arena *a = c->arena;
	struct json *known = js_read(a, json_of(a, s->key));

	switch (s->type) {
	case T_STR: case T_STATE: case T_ONE_OF:
		return js_string(a, text_of(a, s, known));
	case T_LITERAL:
		return js_string(a, s->text);
	case T_INT: case T_NUMBER:
		return number_of(a, s, known);
	case T_BOOL:
		return js_boolean(a, js_type(known) != JS_BOOL || js_bool(known));
	case T_TIME:
		return time_of(a, s, c->form);
	case T_ID:
		return js_string(a, example_id(a, s->prefix));
	case T_WORDS: case T_STRINGS:
		return strings_of(a, s, known);
	case T_LABELS:
		return js_read(a, "{\"team\":\"risk\"}");
	case T_LIST:
		return list_of(c, s, writing);
	case T_MAP:
		return map_of(c, s);
	case T_OBJECT:
		return s->sub ? example_of(c, s->sub, true) : js_type(known) == JS_OBJECT ? known : js_object(a);
	case T_SUB: case T_REF:
		return example_of(c, s->sub, writing);
	case T_DOC:
		if (s->sub)
			return list_of(c, s, writing);
		break;
	}
	return s->flags & F_NULL ? NULL : known ? known : js_object(a);
}

/* Of a request what it must have, and what is of a known name. */
static bool shown(struct arena *a, const struct shape *s, bool writing)
{
	if (s->flags & F_UNKEPT)
		return false;
	return !writing || s->flags & F_REQUIRED || (json_of(a, s->key) && s->type != T_DOC);
}

struct json *example_of(struct schemas *c, const struct shape *rows, bool writing)
{
	struct json *o = js_object(c->arena);

	if (rows->key && !*rows->key)
		return example_row(c, rows, writing);
	for (const struct shape *s = rows; s->key; s++)
		if (shown(c->arena, s, writing))
			js_put(o, s->key, example_row(c, s, writing));
	return o;
}
