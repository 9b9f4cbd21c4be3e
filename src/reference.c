/* reference.c: see reference.h. */
#include "reference.h"
#include <string.h>
#include "openapi.h"
#include "page.h"
#include "str.h"

struct reference { struct buf *b; struct json *doc; };

/* What a reference of the description names, or the value itself. */
static struct json *found(struct reference *c, struct json *v)
{
	const char *at = js_text_of(v, "$ref");
	struct json *there = c->doc;

	if (!at)
		return v;
	for (at += strlen("#"); *at == '/'; at += 1 + strcspn(at + 1, "/"))
		if (!js_get(there, arena_strndup(c->b->arena, at + 1, strcspn(at + 1, "/")), &there))
			return NULL;
	return there;
}

static struct json *get(struct json *o, const char *key)
{
	struct json *v;

	return js_get(o, key, &v) ? v : NULL;
}

static void put_text(struct reference *c, const char *text)
{
	buf_puts(c->b, escape_html(c->b->arena, text));
}

/* ---- Types ---- */

static const char *name_of(struct json *schema)
{
	const char *ref = js_text_of(schema, "$ref");

	return ref ? strrchr(ref, '/') + 1 : NULL;
}

/* "1 to 1024 characters". */
static void put_range(struct reference *c, struct json *s, const char *least, const char *most, const char *unit)
{
	struct json *min = get(s, least), *max = get(s, most);

	if (min && max)
		buf_printf(c->b, ", %lld to %lld%s", (long long)js_int(min), (long long)js_int(max), unit);
	else if (min || max)
		buf_printf(c->b, ", at %s %lld%s", min ? "least" : "most", (long long)js_int(min ? min : max), unit);
}

static void put_enum(struct reference *c, struct json *all)
{
	for (size_t i = 0; i < js_length(all); i++) {
		buf_puts(c->b, i ? ", <code>" : ": <code>");
		put_text(c, js_str(js_at(all, i)));
		buf_puts(c->b, "</code>");
	}
}

static void put_type(struct reference *c, struct json *s)
{
	struct json *any = get(s, "anyOf"), *type = get(s, "type"), *v;
	const char *name = name_of(s);

	if (name && get(found(c, s), "enum")) {
		buf_puts(c->b, "one of");
		put_enum(c, get(found(c, s), "enum"));
	} else if (name) {
		buf_printf(c->b, "<a href=\"#%s\">%s</a>", name, name);
	} else if (any) {
		put_type(c, js_at(any, 0));
		buf_puts(c->b, " or null");
	} else if (js_type(type) == JS_ARRAY) {
		for (size_t i = 0; i < js_length(type); i++)
			buf_printf(c->b, "%s%s", i ? " or " : "", js_str(js_at(type, i)));
	} else {
		buf_puts(c->b, type ? js_str(type) : "any");
	}
	if ((v = get(s, "items"))) {
		buf_puts(c->b, " of ");
		put_type(c, v);
	}
	if ((v = get(s, "const")) && js_type(v) == JS_STRING)
		buf_printf(c->b, " <code>%s</code>", js_str(v));
	put_range(c, s, "minimum", "maximum", "");
	put_range(c, s, "minLength", "maxLength", " characters");
	put_range(c, s, "minItems", "maxItems", " entries");
	put_range(c, s, "minProperties", "maxProperties", " entries");
}

static bool in_list(struct json *all, const char *word)
{
	for (size_t i = 0; i < js_length(all); i++)
		if (!strcmp(js_str(js_at(all, i)), word))
			return true;
	return false;
}

static void put_member(struct reference *c, const char *name, struct json *schema, bool required, const char *help)
{
	buf_puts(c->b, "<div><dt><code>");
	put_text(c, name);
	buf_printf(c->b, "</code>%s</dt><dd><span class=\"soft\">", required ? " <span class=\"soft\">required</span>" : "");
	put_type(c, schema);
	buf_puts(c->b, "</span>");
	if (help) {
		buf_puts(c->b, "<br>");
		page_words(c->b, help);
	}
	buf_puts(c->b, "</dd></div>\n");
}

static void put_members(struct reference *c, struct json *schema, bool answer)
{
	struct json *properties = get(schema, "properties"), *required = get(schema, "required"), *v;
	const char *name;
	void *it = NULL;

	if (!js_length(properties)) {
		page_text(c->b, js_text_of(schema, "description") ? js_text_of(schema, "description") : "An object without members of its own.");
		return;
	}
	buf_puts(c->b, "<dl class=\"members\">\n");
	while (js_next(properties, &it, &name, &v))
		put_member(c, name, v, !answer && in_list(required, name), js_text_of(v, "description"));
	buf_puts(c->b, "</dl>\n");
}

/* ---- Operations ---- */

static void put_example(struct reference *c, struct json *media, const char *title)
{
	struct json *examples = get(media, "examples"), *v = get(media, "example");
	const char *name;
	void *it = NULL;

	if (!v && js_length(examples) && js_next(examples, &it, &name, &v))
		v = get(found(c, v), "value");
	if (!v)
		return;
	buf_printf(c->b, "<details><summary>%s</summary><pre><code>", title);
	put_text(c, js_pretty(v));
	buf_puts(c->b, "</code></pre></details>\n");
}

static void put_parameters(struct reference *c, struct json *list)
{
	if (!js_length(list))
		return;
	buf_puts(c->b, "<h4>Parameters</h4>\n<dl class=\"members\">\n");
	for (size_t i = 0; i < js_length(list); i++) {
		struct json *p = found(c, js_at(list, i));
		const char *help = js_text_of(p, "description");

		put_member(c, js_text_of(p, "name"), get(p, "schema"), js_bool(get(p, "required")),
			arena_printf(c->b->arena, "In the %s%s%s", js_text_of(p, "in"), help ? ". " : "", help ? help : ""));
	}
	buf_puts(c->b, "</dl>\n");
}

static void put_body(struct reference *c, struct json *body)
{
	struct json *media;
	const char *type;
	void *it = NULL;

	if (!body || !js_next(get(body, "content"), &it, &type, &media))
		return;
	buf_printf(c->b, "<h4>Body</h4>\n<p class=\"soft\"><code>%s</code>%s</p>\n", type, js_bool(get(body, "required")) ? "" : ", may be left out");
	put_members(c, found(c, get(media, "schema")), false);
	put_example(c, media, "Example of a body");
}

static void put_answers(struct reference *c, struct json *all)
{
	struct json *r, *media, *good = NULL;
	const char *status, *type;
	void *it = NULL;

	buf_puts(c->b, "<h4>Answers</h4>\n<dl class=\"members\">\n");
	while (js_next(all, &it, &status, &r)) {
		void *inner = NULL;

		r = found(c, r);
		media = NULL;
		if (js_length(get(r, "content")))
			js_next(get(r, "content"), &inner, &type, &media);
		buf_printf(c->b, "<div><dt>%s</dt><dd>", status);
		page_words(c->b, js_text_of(r, "description"));
		if (media && name_of(get(media, "schema"))) {
			buf_puts(c->b, ": ");
			put_type(c, get(media, "schema"));
		}
		buf_puts(c->b, "</dd></div>\n");
		if (*status == '2' && media && !good)
			good = media;
	}
	buf_puts(c->b, "</dl>\n");
	put_example(c, good, "Example of an answer");
}

static void put_operation(struct reference *c, const char *path, const char *method, struct json *o)
{
	static const struct { const char *method, *tone; } tones[] = { { "get", "blue" }, { "post", "green" }, { "put", "amber" }, { "patch", "amber" }, { "delete", "red" } };
	const char *tone = "grey", *says = js_text_of(o, "description"), *rest = strstr(says, "\n\n");

	for (size_t i = 0; i < sizeof tones / sizeof *tones; i++)
		if (!strcmp(tones[i].method, method))
			tone = tones[i].tone;
	buf_printf(c->b, "<section class=\"panel\" id=\"%s\">\n<h3>", js_text_of(o, "operationId"));
	put_text(c, js_text_of(o, "summary"));
	buf_printf(c->b, "</h3>\n<p class=\"address\"><span class=\"badge tone-%s\">%s</span> <code>", tone, method);
	put_text(c, path);
	buf_printf(c->b, "</code></p>\n<p class=\"soft\"><code>%s</code></p>\n", js_text_of(o, "operationId"));
	page_text(c->b, js_bool(get(o, "deprecated")) || !rest ? says : rest + 2);
	put_parameters(c, get(o, "parameters"));
	put_body(c, get(o, "requestBody"));
	put_answers(c, get(o, "responses"));
	buf_puts(c->b, "</section>\n");
}

/* Each operation, by `put`. */
static void each(struct reference *c, void (*put)(struct reference *c, const char *path, const char *method, struct json *o))
{
	struct json *methods, *o;
	const char *path, *method;
	void *it = NULL;

	while (js_next(get(c->doc, "paths"), &it, &path, &methods)) {
		void *inner = NULL;

		while (js_next(methods, &inner, &method, &o))
			put(c, path, method, o);
	}
}

static void put_entry(struct reference *c, const char *path, const char *method, struct json *o)
{
	(void)path;
	(void)method;
	buf_printf(c->b, "<li><a href=\"#%s\">", js_text_of(o, "operationId"));
	put_text(c, js_text_of(o, "summary"));
	buf_puts(c->b, "</a></li>\n");
}

static void put_schemas(struct reference *c)
{
	struct json *all = get(get(c->doc, "components"), "schemas"), *s;
	const char *name;
	void *it = NULL;

	buf_puts(c->b, "<h2 id=\"objects\">Objects</h2>\n");
	while (js_next(all, &it, &name, &s)) {
		if (get(s, "enum") || !strncmp(name, "EventObject", strlen("EventObject")))
			continue;
		buf_printf(c->b, "<section class=\"panel\" id=\"%s\">\n<h3>%s</h3>\n", name, name);
		put_members(c, s, false);
		buf_puts(c->b, "</section>\n");
	}
}

const char *reference_page(struct arena *a, const struct dialect *const *dialects, const char *name)
{
	struct buf b = { .arena = a };
	struct reference c = { &b, openapi_document(a, dialects, name) };
	const struct dialect *const *d = dialects;

	if (!c.doc)
		return NULL;
	while (strcmp((*d)->name, name))
		d++;
	page_text(&b, (*d)->about);
	page_text(&b, arena_printf(a, "For programs: [the description of this API](/openapi.json?api=%s) (OpenAPI 3.1). See also [how to sign in](/docs/guides/sign-in), "
		"[errors](/docs/guides/errors), [idempotency](/docs/guides/idempotency) and [pagination](/docs/guides/pagination).", name));
	buf_puts(&b, "<nav aria-label=\"Operations\" class=\"panel\">\n<h2>Operations</h2>\n<ul class=\"toc\">\n");
	each(&c, put_entry);
	buf_puts(&b, "<li><a href=\"#objects\">Objects</a></li>\n</ul></nav>\n<h2>Reference</h2>\n");
	each(&c, put_operation);
	put_schemas(&c);
	return page_html(a, (*d)->title, b.p);
}
