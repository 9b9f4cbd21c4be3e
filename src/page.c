/* page.c: see page.h. */
#include "page.h"
#include <string.h>
#include "conf.h"

char *page_html(struct arena *a, const char *title, const char *body)
{
	static const struct { const char *to, *words; } links[] = { { "/docs", "Documentation" }, { "/docs/guides/sign-in", "Signing in" },
		{ "/docs/guides/errors", "Errors" }, { "/openapi.json", "OpenAPI" } };
	const char *base = conf.base_path, *called = escape_html(a, title);
	struct buf b = { .arena = a };

	buf_printf(&b, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>%s - Thaw</title>\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<link rel=\"icon\" href=\"%s/assets/icon.svg\" type=\"image/svg+xml\">\n"
		"<link rel=\"stylesheet\" href=\"%s/vendor/bootstrap5/css/bootstrap.min.css\">\n<link rel=\"stylesheet\" href=\"%s/assets/console.css\">\n"
		"</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the content</a>\n"
		"<header class=\"bar\"><div class=\"container-xxl\"><a class=\"brand\" href=\"%s/\">Thaw</a>\n<nav aria-label=\"Documentation\"><ul>\n",
		called, base, base, base, base);
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		buf_printf(&b, "<li><a href=\"%s%s\">%s</a></li>\n", base, links[i].to, links[i].words);
	buf_printf(&b, "</ul></nav></div></header>\n<main id=\"main\" class=\"container-xxl doc\" tabindex=\"-1\">\n<h1>%s</h1>\n%s</main>\n</body>\n</html>\n",
		called, body);
	return b.p;
}

static void put_part(struct buf *b, const char *text, size_t n)
{
	buf_puts(b, escape_html(b->arena, arena_strndup(b->arena, text, n)));
}

/* A link that begins at a `[`: what is behind it; NULL: it is none. */
static const char *put_link(struct buf *b, const char *p)
{
	const char *middle = strstr(p, "]("), *end = middle ? strchr(middle, ')') : NULL;

	if (!end)
		return NULL;
	buf_printf(b, "<a href=\"%s", middle[2] == '/' ? conf.base_path : "");
	put_part(b, middle + 2, (size_t)(end - middle - 2));
	buf_puts(b, "\">");
	put_part(b, p + 1, (size_t)(middle - p - 1));
	buf_puts(b, "</a>");
	return end + 1;
}

/* What stands between two marks, if it does. */
static const char *put_between(struct buf *b, const char *p, const char *mark, const char *tag)
{
	const size_t n = strlen(mark);
	const char *end = strncmp(p, mark, n) ? NULL : strstr(p + n, mark);

	if (!end)
		return NULL;
	buf_printf(b, "<%s>", tag);
	put_part(b, p + n, (size_t)(end - p) - n);
	buf_printf(b, "</%s>", tag);
	return end + n;
}

void page_words(struct buf *b, const char *text)
{
	const char *next;

	while (*text) {
		const size_t n = strcspn(text, "`[*");

		put_part(b, text, n);
		text += n;
		if (!*text)
			break;
		next = *text == '`' ? put_between(b, text, "`", "code") : *text == '[' ? put_link(b, text) : put_between(b, text, "**", "strong");
		if (!next)
			put_part(b, text, 1);
		text = next ? next : text + 1;
	}
}

/* What a line is part of, by how it begins, and how long that is. */
static const struct kind { const char *begin, *open, *close, *before, *after; } kinds[] = {
	{ "## ", "", "", "<h2>", "</h2>\n" },
	{ "- ", "<ul>\n", "</ul>\n", "<li>", "</li>\n" },
	{ "    ", "<pre><code>", "</code></pre>\n", "", "\n" },
	{ "", "<p>", "</p>\n", "", "\n" },
};

void page_text(struct buf *b, const char *text)
{
	const struct kind *in = NULL, *k;

	for (const char *end; *text; text = *end ? end + 1 : end) {
		end = text + strcspn(text, "\n");
		k = kinds;
		while (strncmp(text, k->begin, strlen(k->begin)) != 0)
			k++;
		if (end == text)
			k = NULL;
		if (in && in != k)
			buf_puts(b, in->close);
		if (k && in != k)
			buf_puts(b, k->open);
		in = k;
		if (!k)
			continue;
		text += strlen(k->begin);
		buf_puts(b, k->before);
		if (k == &kinds[2])
			put_part(b, text, (size_t)(end - text));
		else
			page_words(b, arena_strndup(b->arena, text, (size_t)(end - text)));
		buf_puts(b, k->after);
	}
	if (in)
		buf_puts(b, in->close);
}
