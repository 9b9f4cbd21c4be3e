/* api_docs.c: the pages under /docs. */
#include "docs.h"
#include <string.h>
#include "made.h"
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
static bool named(const struct dialect *d, enum err e)
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
		elsewhere = elsewhere || (r->dialects[i] != own && named(r->dialects[i], e));
	return own && err_row(e)->status && (!elsewhere || named(own, e));
}

static bool told(const struct req *r, const char *code, enum err e)
{
	return given(r, e) && !strcmp(error_code(documented(r), e), code);
}

static void explain(const struct req *r, struct buf *b, const char *code)
{
	bool first = true;

	buf_printf(b, "<section id=\"%s\"><h2>%s</h2>\n<p><code>%s</code></p>\n<ul>\n", code, code_title(b->arena, code), code);
	for (int e = OK + 1; e < ERR__MAX; e++) {
		struct error_say say;

		if (!told(r, code, (enum err)e))
			continue;
		say = error_say(documented(r), NULL, (enum err)e);
		buf_printf(b, "<li>%d: %s</li>\n", (int)say.status, escape_html(b->arena, say.text));
		first = false;
	}
	buf_puts(b, first ? "<li>No error has this code.</li>\n</ul></section>\n" : "</ul></section>\n");
}

static const char *make_error_page(struct req *r, const char *code)
{
	struct buf b = { .arena = r->arena };
	bool known = false;

	for (int e = OK + 1; e < ERR__MAX; e++)
		known = known || told(r, code, (enum err)e);
	if (!known)
		return NULL;
	explain(r, &b, code);
	return page_html(r->arena, code_title(r->arena, code), b.p);
}

static enum err error_page(struct req *r)
{
	return made_reply(r, r->vars[0], HTML, make_error_page);
}

static const char *make_errors_page(struct req *r, const char *name)
{
	struct buf b = { .arena = r->arena };

	(void)name;
	buf_puts(&b, "");
	for (int e = OK + 1; e < ERR__MAX; e++) {
		bool seen = !given(r, (enum err)e);
		const char *code = seen ? "" : error_code(documented(r), (enum err)e);

		for (int before = OK + 1; before < e && !seen; before++)
			seen = told(r, code, (enum err)before);
		if (!seen)
			explain(r, &b, code);
	}
	return page_html(r->arena, "Errors", b.p);
}

static enum err errors_page(struct req *r)
{
	return made_reply(r, "/docs/guides/errors", HTML, make_errors_page);
}

const struct route docs_routes[] = {
	{ .method = "GET", .path = "/docs/guides/errors", .perm = PERM_PUBLIC, .status = 200, .run = errors_page, .type = HTML,
	  .summary = "What each error code means (HTML)" },
	{ .method = "GET", .path = "/docs/errors/{code}", .perm = PERM_PUBLIC, .status = 200, .run = error_page, .type = HTML,
	  .summary = "What one error code means (HTML)", .errors = "ROUTE_NOT_FOUND" },
	{ 0 }
};
