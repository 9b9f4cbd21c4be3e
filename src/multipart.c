/* multipart.c: see multipart.h. */
#include "multipart.h"
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include "str.h"

enum { PARTS_MOST = 256, BOUNDARY_MOST = 70, HEADERS_MOST = 8 << 10 };

/* What is still to be read, or some of what was. */
struct span { const char *p, *end; };
struct param { struct span name, value; bool quoted; };

static size_t left(const struct span *s)
{
	return (size_t)(s->end - s->p);
}

static bool is_word(struct span s, const char *word)
{
	return left(&s) == strlen(word) && !strncasecmp(s.p, word, left(&s));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct span *s)
{
	while (s->p < s->end && is_blank(*s->p))
		s->p++;
}

/* A token of RFC 9110; empty when there is none. */
static struct span take_token(struct span *s)
{
	struct span t = { s->p, s->p };

	while (t.end < s->end && *t.end > ' ' && *t.end < 0x7f && !strchr("()<>@,;:\\\"/[]?={}", *t.end))
		t.end++;
	s->p = t.end;
	return t;
}

/* A quoted string, without its quotes, or all up to a semicolon or blank: a boundary has
 * characters that no token has, and some senders do not quote it. */
static bool take_value(struct span *s, struct param *p)
{
	const char *v = s->p;

	p->quoted = v < s->end && *v == '"';
	if (!p->quoted) {
		while (v < s->end && *v != ';' && *v != '"' && !is_blank(*v))
			v++;
		p->value = (struct span){ s->p, v };
		s->p = v;
		return left(&p->value) > 0;
	}
	for (v++; v < s->end && *v != '"'; v++)
		if (*v == '\\' && s->end - v > 1)
			v++;
	if (v == s->end)
		return false;
	p->value = (struct span){ s->p + 1, v };
	s->p = v + 1;
	return true;
}

/* The next of `; name=value`.  False at the end, and where something else stands: then
 * that is left. */
static bool next_param(struct span *s, struct param *p)
{
	struct span at = *s;

	for (skip_blanks(&at); left(&at) && *at.p == ';'; skip_blanks(&at)) {
		at.p++;
		skip_blanks(&at);
		if (!left(&at) || *at.p == ';')
			continue;
		p->name = take_token(&at);
		if (!left(&p->name) || !left(&at) || *at.p++ != '=' || !take_value(&at, p))
			return false;
		*s = at;
		return true;
	}
	if (!left(&at))
		*s = at;
	return false;
}

/* Senders escape quotes and backslashes by a backslash, browsers quotes and line ends
 * by a percent sign, and leave everything else as it is: the other percent signs, and the
 * backslashes of a path. */
static const char *decode(struct arena *a, const struct param *p)
{
	static const struct { const char *code; char is; } rows[] = { { "\\\"", '"' }, { "\\\\", '\\' }, { "%22", '"' }, { "%0D", '\r' }, { "%0A", '\n' } };
	char *out = arena_alloc(a, left(&p->value) + 1), *o = out;

	for (struct span s = p->value; left(&s); ) {
		size_t i = 0, n = 0;

		for (; p->quoted && i < sizeof rows / sizeof *rows; i++) {
			n = strlen(rows[i].code);
			if (left(&s) >= n && !strncasecmp(s.p, rows[i].code, n))
				break;
		}
		if (p->quoted && i < sizeof rows / sizeof *rows) {
			*o++ = rows[i].is;
			s.p += n;
		} else {
			*o++ = *s.p++;
		}
	}
	return out;
}

/* What follows is wrong with something in words; NULL: nothing. */

/* `form-data; name="..."; filename="..."`.  filename* is not for forms (RFC 7578 4.2): those
 * that send it send the other one too. */
static const char *read_disposition(struct arena *a, struct span s, struct part *part)
{
	struct param p;

	if (!is_word(take_token(&s), "form-data"))
		return "its Content-Disposition is not form-data";
	while (next_param(&s, &p)) {
		const char **to = is_word(p.name, "name") ? &part->name : is_word(p.name, "filename") ? &part->filename : NULL;

		if (to && *to)
			return "its Content-Disposition has a parameter twice";
		if (to)
			*to = decode(a, &p);
	}
	if (left(&s))
		return "its Content-Disposition is malformed";
	return part->name && *part->name ? NULL : "it has no name";
}

/* A coding would make other bytes of a file than were meant. */
static bool is_as_it_is(struct span coding)
{
	return is_word(coding, "binary") || is_word(coding, "8bit") || is_word(coding, "7bit");
}

static const char *read_header(struct arena *a, struct span s, struct part *part)
{
	struct span name;

	if (is_blank(*s.p))
		return "a header is folded";
	if (!utf8_valid(s.p, left(&s)))
		return "a header is not UTF-8";
	for (const char *c = s.p; c < s.end; c++)
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
			return "a header has control characters, or a line ends without CRLF";
	name = take_token(&s);
	if (!left(&name) || !left(&s) || *s.p++ != ':')
		return "a line among its headers is not a header";
	skip_blanks(&s);
	while (left(&s) && is_blank(s.end[-1]))
		s.end--;
	if (is_word(name, "Content-Disposition"))
		return part->name ? "it has two Content-Dispositions" : read_disposition(a, s, part);
	if (is_word(name, "Content-Type")) {
		if (part->type)
			return "it has two Content-Types";
		part->type = arena_strndup(a, s.p, left(&s));
	}
	if (is_word(name, "Content-Transfer-Encoding") && !is_as_it_is(s))
		return "it is encoded; send its bytes as they are";
	return NULL;
}

/* Up to the empty line, and past it. */
static const char *read_headers(struct arena *a, struct span *s, struct part *part)
{
	const char *most = left(s) > HEADERS_MOST ? s->p + HEADERS_MOST : s->end;

	for (;;) {
		const char *cr = memchr(s->p, '\r', (size_t)(most - s->p)), *why;
		struct span line = { s->p, cr };

		if (!cr || most - cr < 2)
			return most < s->end ? "its headers have more than 8 KiB" : "its headers do not end";
		if (cr[1] != '\n')
			return "a line of its headers ends without CRLF";
		s->p = cr + 2;
		if (!left(&line))
			return part->name ? NULL : "it has no name";
		if ((why = read_header(a, line, part)))
			return why;
	}
}

/* A part, and past the boundary that ends it, which begins with the CRLF before its line;
 * of a part without bytes that may be the one that ended the headers. */
static const char *read_part(struct arena *a, struct span *s, struct span boundary, struct part *part)
{
	const char *why = read_headers(a, s, part), *end;

	if (why)
		return why;
	end = memmem(s->p - 2, left(s) + 2, boundary.p, left(&boundary));
	if (!end)
		return "it has no closing boundary";
	part->bytes = s->p;
	part->n = end > s->p ? (size_t)(end - s->p) : 0;
	s->p = end + left(&boundary);
	return NULL;
}

/* The rest of a boundary's line: two hyphens when it is the last one. */
static const char *read_boundary_end(struct span *s, bool *last)
{
	*last = left(s) >= 2 && !memcmp(s->p, "--", 2);
	s->p += *last ? 2 : 0;
	skip_blanks(s);
	if (*last && !left(s))
		return NULL;
	if (left(s) < 2 || memcmp(s->p, "\r\n", 2))
		return "the boundary before it is not followed by CRLF";
	s->p += 2;
	return NULL;
}

/* CRLF, two hyphens and the boundary that the type names. */
static const char *read_type(struct arena *a, struct span s, struct span *boundary)
{
	const char *own = NULL;
	struct param p;

	while (next_param(&s, &p)) {
		size_t n = left(&p.value);

		if (!is_word(p.name, "boundary"))
			continue;
		if (own)
			return "the Content-Type has two boundaries";
		if (n < 1 || n > BOUNDARY_MOST || p.value.end[-1] == ' ')
			return "the boundary must have 1 to 70 characters, the last not a space";
		own = arena_strndup(a, p.value.p, n);
		if (strspn(own, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'()+_,-./:=? ") != n)
			return "the boundary has characters that are not allowed";
	}
	if (left(&s))
		return "the Content-Type is malformed";
	if (!own)
		return "the Content-Type has no boundary";
	boundary->p = arena_printf(a, "\r\n--%s", own);
	boundary->end = boundary->p + strlen(boundary->p);
	return NULL;
}

/* Past the first boundary; what stands before it is nobody's. */
static const char *skip_preamble(struct span *s, struct span boundary)
{
	size_t n = left(&boundary);
	const char *first;

	if (left(s) >= n - 2 && !memcmp(s->p, boundary.p + 2, n - 2)) {
		s->p += n - 2;
		return NULL;
	}
	if (left(s) < n || !(first = memmem(s->p, left(s), boundary.p, n)))
		return "the body does not contain the boundary of the Content-Type";
	s->p = first + n;
	return NULL;
}

enum err multipart_parse(struct arena *a, const char *content_type, const char *body, size_t n,
	struct part **out, size_t *count, const char **reason)
{
	static const char form[] = "multipart/form-data";
	size_t type = content_type ? strcspn(content_type, "; \t") : 0;
	struct span s = { body, body + n }, boundary;
	const char *why;
	bool last;

	if (type != strlen(form) || strncasecmp(content_type, form, type))
		return ERR_MEDIA_TYPE;
	if (!(why = read_type(a, (struct span){ content_type + type, content_type + strlen(content_type) }, &boundary)))
		why = skip_preamble(&s, boundary);
	if (why) {
		*reason = why;
		return ERR_REQUEST;
	}
	*out = arena_alloc(a, PARTS_MOST * sizeof **out);
	for (*count = 0; ; ++*count) {
		why = read_boundary_end(&s, &last);
		if (!why && last)
			return OK;
		if (!why)
			why = *count == PARTS_MOST ? "at most 256 parts are allowed" : read_part(a, &s, boundary, &(*out)[*count]);
		if (why)
			break;
	}
	*reason = arena_printf(a, "part %zu: %s", *count + 1, why);
	return ERR_REQUEST;
}
