/* api_docs.c: the pages under /docs: an entrance, a reference of each API (reference.c), guides (guides.def), and what each
 * code of an error means. All that they list comes from the tables that the service runs by. */
#include "docs.h"
#include <string.h>
#include "conf.h"
#include "made.h"
#include "page.h"
#include "pages.h"
#include "operation.h"
#include "reference.h"
#include "schema.h"
#include "str.h"

/* ---- What the codes of errors mean ---- */

/* The dialect whose errors point here; NULL: none. */
static const struct dialect *documented(const struct req *r)
{
	for (const struct dialect *const *d = r->dialects; *d; d++)
		if ((*d)->documented)
			return *d;
	return NULL;
}

/* Does a route of the dialect name this error, or does it say it of what it has no route for? */
static bool names(const struct dialect *d, enum err e)
{
	if (d->lacks == e)
		return true;
	EACH_ROUTE(d, row)
		if (row->errors && word_in(row->errors, err_row(e)->name))
			return true;
	return false;
}

/* Can the documented dialect give it?  What no route names anywhere may come on any. */
static bool given(const struct req *r, enum err e)
{
	const struct dialect *own = documented(r);
	bool elsewhere = false;

	for (const struct err_common *c = err_common; c->err; c++)
		if (c->err == e)
			return own;
	for (size_t i = 0; r->dialects[i]; i++)
		elsewhere = elsewhere || (r->dialects[i] != own && names(r->dialects[i], e));
	return own && err_row(e)->status && (!elsewhere || names(own, e));
}

static bool told(const struct req *r, const char *code, enum err e)
{
	return given(r, e) && !strcmp(error_code(documented(r), e), code);
}

/* What to do about it. */
static const char *const advice[CLASS__MAX] = {
	[CLASS_MALFORMED] = "Correct what the answer names, and send the request again. Repeated as it is, it fails again.",
	[CLASS_WHO] = "[Sign in](/docs/guides/sign-in) again, or send a valid token or API key.",
	[CLASS_FORBIDDEN] = "Ask an administrator of your organization for the permission, or use a token that has it: `WWW-Authenticate` names what is missing.",
	[CLASS_NOT_FOUND] = "Check the address and the id, and whether the token is of the organization and of the mode (live or test) of the object.",
	[CLASS_METHOD] = "Use one of the methods in the `Allow` header; the [reference](/docs) lists them.",
	[CLASS_CONFLICT] = "Read the object: its status does not allow this now. Do first what the sentence says, then try again.",
	[CLASS_PRECONDITION] = "Read the object again, and if the change still makes sense, repeat it with the new `ETag`.",
	[CLASS_TOO_LARGE] = "Send less in one request, or ask the administrator of this installation to raise the limit that the answer names.",
	[CLASS_MEDIA_TYPE] = "Send the body as `application/json`, without `Content-Encoding`.",
	[CLASS_RATE] = "Wait for the seconds in `Retry-After`, then send the request again.",
	[CLASS_INTERNAL] = "Send the request again. If it still fails, tell an administrator the `X-Request-Id` of the answer.",
	[CLASS_UNAVAILABLE] = "Wait for the seconds in `Retry-After`, then send the request again; with an [Idempotency-Key](/docs/guides/idempotency) this is safe.",
};

static void explain(const struct req *r, struct buf *b, const char *code, const char *heading)
{
	enum err_class class = CLASS_INNER;

	buf_printf(b, "<section class=\"panel\" id=\"%s\"><%s>%s</%s>\n<p><code>%s</code></p>\n<ul>\n", code, heading, code_title(b->arena, code), heading, code);
	for (int e = OK + 1; e < ERR__MAX; e++) {
		struct error_say say;

		if (!told(r, code, (enum err)e))
			continue;
		say = error_say(documented(r), NULL, (enum err)e);
		buf_printf(b, "<li>%d: ", (int)say.status);
		page_words(b, say.text);
		buf_puts(b, "</li>\n");
		class = err_row((enum err)e)->class;
	}
	buf_puts(b, "</ul>\n<p><strong>What to do:</strong> ");
	page_words(b, advice[class]);
	buf_puts(b, "</p></section>\n");
}

static const char *make_error_page(struct req *r, const char *name)
{
	const char *code = r->vars[0];
	struct buf b = { .arena = r->arena };
	bool known = false;

	(void)name;
	for (int e = OK + 1; e < ERR__MAX; e++)
		known = known || told(r, code, (enum err)e);
	if (!known)
		return NULL;
	explain(r, &b, code, "h2");
	page_text(&b, "See [all codes](/docs/guides/errors).");
	return page_html(r->arena, "Error", b.p);
}

static void put_codes(struct req *r, struct buf *b)
{
	for (int e = OK + 1; e < ERR__MAX; e++) {
		bool seen = !given(r, (enum err)e);
		const char *code = seen ? "" : error_code(documented(r), (enum err)e);

		for (int before = OK + 1; before < e && !seen; before++)
			seen = told(r, code, (enum err)before);
		if (!seen)
			explain(r, b, code, "h3");
	}
}

/* ---- What guides have of the tables ---- */

static void begin_members(struct buf *b)
{
	buf_puts(b, "<dl class=\"members panel\">\n");
}

static void put_key_errors(struct req *r, struct buf *b)
{
	static const enum err keys[] = { ERR_KEY_BUSY, ERR_KEY_REUSED, ERR_KEY_SEALED };

	begin_members(b);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const struct error_say say = error_say(documented(r), NULL, keys[i]);

		buf_printf(b, "<div><dt>%d <code>%s</code></dt><dd>", (int)say.status, say.code);
		page_words(b, say.text);
		buf_puts(b, "</dd></div>\n");
	}
	buf_puts(b, "</dl>\n");
}

/* Is it the first row that tells of this event? */
static bool first_told(int t)
{
	for (int before = 0; before < t; before++)
		if (life_transitions[before].flags & TOLD && !strcmp(life_transitions[before].audit, life_transitions[t].audit))
			return false;
	return life_transitions[t].flags & TOLD;
}

static void put_events(struct req *r, struct buf *b)
{
	(void)r;
	begin_members(b);
	for (int t = 0; t < LIFE__MAX; t++) {
		const struct transition_row *row = &life_transitions[t];

		if (!first_told(t))
			continue;
		buf_printf(b, "<div><dt><code>%s</code></dt><dd>The %s ", row->audit, resource_words(b->arena, row->resource));
		if (!row->from)
			buf_printf(b, "was created as <code>%s</code>", life_word(row->to));
		else if (row->rule == LIFE_SAME)
			buf_puts(b, "changed; its status did not");
		else if (row->rule == LIFE_COMPUTED)
			buf_puts(b, "got the status that follows from its contents and its history");
		else
			buf_printf(b, "became <code>%s</code>", life_word(row->to));
		buf_printf(b, ". Requires <code>%s</code>.</dd></div>\n", perm_word(life_resources[row->resource].reads));
	}
	buf_puts(b, "</dl>\n");
}

/* The keys of the rows that ask for pages, or (by members of the envelope) tell of them. */
static void put_keys(struct buf *b, const struct shape *s, size_t most)
{
	bool any = false;

	for (; s && s->key; s++) {
		if (most && s->off >= most)
			continue;
		buf_printf(b, "%s<code>%s</code>", any ? ", " : "", *s->key ? s->key : "an array");
		any = true;
	}
	if (!any)
		buf_puts(b, "nothing");
}

static void put_pagings(struct req *r, struct buf *b)
{
	static const char *const ways[] = { "by number", "by offset", "by token", "by cursor" };

	for (size_t i = 0; r->dialects[i]; i++) {
		const struct dialect *d = r->dialects[i];
		const struct shape *seen = NULL;

		if (d->apart)
			continue;
		EACH_ROUTE(d, row) {
			const struct paging *p = row->paging;

			if (!p || row->out == seen || (seen && !strcmp(seen->key, row->out->key)))
				continue;
			buf_printf(b, "%s<div><dt>%s</dt><dd>", seen ? "" : "<dl class=\"members panel\">\n", escape_html(b->arena, row->summary));
			seen = row->out;
			buf_printf(b, "%s: %s. Parameters: ", d->title, ways[p->got == pages_numbered ? 0 : p->got == pages_offset ? 1 : p->got == pages_tokened ? 2 : 3]);
			put_keys(b, row->query, sizeof(struct page_asked));
			buf_puts(b, "; response fields: ");
			put_keys(b, row->out, 0);
			buf_puts(b, ".</dd></div>\n");
		}
		if (seen)
			buf_puts(b, "</dl>\n");
	}
}

static void put_permissions(struct req *r, struct buf *b)
{
	(void)r;
	begin_members(b);
	for (int p = PERM_MEMBER + 1; p < PERM__MAX; p++) {
		const struct ask ask = { .perm = (enum perm)p };

		buf_printf(b, "<div><dt><code>%s</code></dt><dd>%s", perm_word(ask.perm), escape_html(b->arena, perm_help(ask.perm)));
		if (*ask_scope(ask))
			buf_printf(b, ". OAuth scope: <code>%s</code>", ask_scope(ask));
		buf_puts(b, "</dd></div>\n");
	}
	buf_puts(b, "</dl>\n");
	page_text(b, "An application asks its user for some of these scopes:\n");
	begin_members(b);
#define SCOPE(word, help) buf_puts(b, "<div><dt><code>" word "</code></dt><dd>" help "</dd></div>\n");
#include "perm.def"
#undef SCOPE
	buf_puts(b, "</dl>\n");
}

/* ---- Pages ---- */

static const struct guide { const char *name, *title, *about, *text; void (*rows)(struct req *r, struct buf *b); } guides[] = {
#define GUIDE(name, title, about, text, rows) { name, title, about, text, rows },
#include "guides.def"
#undef GUIDE
};

static const char *make_guide(struct req *r, const char *name)
{
	struct buf b = { .arena = r->arena };

	(void)name;
	for (size_t i = 0; i < sizeof guides / sizeof *guides; i++) {
		if (strcmp(guides[i].name, r->vars[0]))
			continue;
		page_text(&b, guides[i].text);
		guides[i].rows(r, &b);
		return page_html(r->arena, guides[i].title, b.p);
	}
	return NULL;
}

static size_t operations(const struct dialect *d)
{
	size_t n = 0;

	EACH_ROUTE(d, row)
		n += row->summary != NULL;
	return n;
}

static const char *make_entrance(struct req *r, const char *name)
{
	struct buf b = { .arena = r->arena };

	(void)name;
	page_text(&b, "Thaw keeps track of models, their versions, training runs, deployments, projects and workspaces. It offers several published APIs for "
		"the same objects: use the one that your tools already support.\n\n## APIs\n");
	buf_puts(&b, "<ul class=\"cards\">\n");
	for (size_t i = 0; r->dialects[i]; i++) {
		const struct dialect *d = r->dialects[i];

		buf_printf(&b, "<li class=\"panel\"><h3><a href=\"%s/docs/api/%s\">%s</a></h3><p>", conf.base_path, d->name, escape_html(b.arena, d->title));
		page_words(&b, d->about);
		buf_printf(&b, "</p><p class=\"soft\">%zu operations%s%s</p></li>\n", operations(d), d->prefixes[0] ? ", below " : "", d->prefixes[0] ? d->prefixes[0] : "");
	}
	buf_puts(&b, "</ul>\n<h2>Guides</h2>\n<ul class=\"cards\">\n");
	for (size_t i = 0; i < sizeof guides / sizeof *guides; i++)
		buf_printf(&b, "<li class=\"panel\"><h3><a href=\"%s/docs/guides/%s\">%s</a></h3><p>%s</p></li>\n", conf.base_path, guides[i].name, guides[i].title, guides[i].about);
	buf_puts(&b, "</ul>\n");
	page_text(&b, "## A first request\n\n    curl -s $THAW_URL/api/v1/models -H \"Authorization: Bearer $THAW_TOKEN\" \\\n         -H 'Content-Type: application/json' \\\n"
		"         -d '{\"name\":\"Customer Churn Predictor\",\"model_type\":\"auto\",\"task_type\":\"classification\"}'\n\n"
		"## For programs\n\n[The description of all APIs](/openapi.json) (OpenAPI 3.1). Add `?api=models`, or the name of another API, to get only that one: generate "
		"a client from the API that you use. Webhook events are part of it.\n");
	return page_html(r->arena, "Documentation", b.p);
}

static const char *make_reference(struct req *r, const char *name)
{
	(void)name;
	return reference_page(r->arena, r->dialects, r->vars[0]);
}

/* What is not there is told by a page too, which says where to go on. */
static enum err page(struct req *r, const char *(*make)(struct req *r, const char *name))
{
	struct buf b = { .arena = r->arena };
	enum err e = made_reply(r, r->vars[0] ? arena_printf(r->arena, "/docs/%s/%s", r->segments[1], r->vars[0]) : "/docs", HTML, make);

	if (e != ERR_ROUTE_NOT_FOUND)
		return e;
	page_text(&b, "There is no page at this address. Check the address, or begin with [the documentation](/docs): it lists every API, every guide and "
		"[every error](/docs/guides/errors).");
	res_page(r, 404, "Page not found", b.p);
	return OK;
}

static enum err entrance(struct req *r)
{
	return page(r, make_entrance);
}

static enum err guide(struct req *r)
{
	return page(r, make_guide);
}

static enum err error_page(struct req *r)
{
	return page(r, make_error_page);
}

static enum err reference(struct req *r)
{
	return page(r, make_reference);
}

/* What an address of several pages says itself: the entrance, which leads to them. */
#define LISTS(word, what) { .method = "GET", .path = "/docs/" word, .perm = PERM_PUBLIC, .status = 200, .run = entrance, .type = HTML, \
	.summary = "Read which " what " there are, in the documentation (HTML)" }
const struct route docs_routes[] = {
	{ .method = "GET", .path = "/docs", .perm = PERM_PUBLIC, .status = 200, .run = entrance, .type = HTML, .summary = "Read the documentation (HTML)" },
	LISTS("api", "APIs"), LISTS("guides", "guides"), LISTS("errors", "errors"),
	{ .method = "GET", .path = "/docs/api/{api}", .perm = PERM_PUBLIC, .status = 200, .run = reference, .type = HTML,
	  .summary = "Read the reference of one API (HTML)", .errors = "ROUTE_NOT_FOUND" },
	{ .method = "GET", .path = "/docs/guides/{guide}", .perm = PERM_PUBLIC, .status = 200, .run = guide, .type = HTML,
	  .summary = "Read one guide: errors, idempotency, webhooks, pagination or sign-in (HTML)", .errors = "ROUTE_NOT_FOUND" },
	{ .method = "GET", .path = "/docs/errors/{code}", .perm = PERM_PUBLIC, .status = 200, .run = error_page, .type = HTML,
	  .summary = "Read what an error code means (HTML)", .errors = "ROUTE_NOT_FOUND" },
	{ 0 }
};
