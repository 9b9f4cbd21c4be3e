/* nginxconf.c: see nginxconf.h. */
#include "nginxconf.h"
#include <string.h>
#include "clock.h"
#include "conf.h"
#include "req.h"
#include "str.h"

/* What nginx answers by itself (error_page in thaw.conf), and the error it is to us. */
static const struct { int status; enum err err; } nginx_rows[] = {
	{ 400, ERR_REQUEST }, { 404, ERR_ROUTE_NOT_FOUND }, { 405, ERR_METHOD }, { 413, ERR_TOO_LARGE },
	{ 414, ERR_URI_TOO_LONG }, { 429, ERR_RATE }, { 431, ERR_HEADERS_TOO_LARGE }, { 500, ERR_INTERNAL }, { 501, ERR_ENCODING }, { 503, ERR_AWAY },
	{ 504, ERR_AWAY }, { 505, ERR_HTTP_VERSION },
};
enum { NGINX_ROWS = sizeof nginx_rows / sizeof *nginx_rows };

/* The body of an error with nginx's variables in it; a time that is no other text's
 * stands where $thaw_time goes. */
static const char *body_text(struct arena *a, const struct dialect *d, enum err e, int status)
{
	const char *marker = clock_iso(a, SECOND, d->time), *text, *at;
	struct error_say say = error_say(d, NULL, e);

	say.status = status;
	say.instance_id = "$thaw_instance";
	say.request_id = arena_printf(a, "%s$request_id", d->request_prefix ? d->request_prefix : "");
	error_names(a, d, &say);
	if (status == 429 || status == 503 || status == 504)
		say.retry_after = 1;
	say.time = SECOND;
	text = shape_text(a, d->error_out, &say, d->time, NULL);
	if (!(at = strstr(text, marker)))
		return text;
	return arena_printf(a, "%.*s$thaw_time%s", (int)(at - text), text, at + strlen(marker));
}

/* The dialects' own headers, each by a variable: what its dialect puts there. */
static void headers_http(struct buf *b, const struct dialect *const *dialects, bool open)
{
	for (; *dialects; dialects++)
		for (const struct nginx_header *h = (*dialects)->nginx; h && h->name; h++)
			if (h->open == open)
				buf_printf(b, "map $thaw_dialect%s $thaw_%s {\n    default \"\";\n    %s%s %s;\n}\n", open ? "-$thaw_sent" : "",
					h->variable, (*dialects)->name, open ? "-yes" : "", h->value);
}

static void headers_server(struct buf *b, const struct dialect *const *dialects, bool open)
{
	for (; *dialects; dialects++)
		for (const struct nginx_header *h = (*dialects)->nginx; h && h->name; h++)
			if (h->open == open)
				buf_printf(b, "add_header %s $thaw_%s always;\n    ", h->name, h->variable);
}

/* A prefix as a regular expression, with the slashes that do not count. */
static char *pattern(struct arena *a, const struct dialect *d, const char *prefix)
{
	struct buf b = { .arena = a };

	for (; *prefix; prefix++)
		buf_printf(&b, *prefix == '.' ? "\\." : *prefix == '/' && d->slashes ? "/+" : "%c", *prefix);
	return b.p;
}

/* What pages of other origins may read, as res.c has it: by the dialect and, of several origins, by the one that asks. */
static void cors_http(struct buf *b, const struct dialect *const *dialects)
{
	const bool all = !strcmp(conf.cors_origin, "*");

	buf_puts(b, "# Pages of other origins (cors_origin).\nmap $thaw_dialect $thaw_cors_open {\n    default \"\";\n");
	for (; *dialects && *conf.cors_origin; dialects++)
		if ((*dialects)->cors)
			buf_printf(b, "    %s yes;\n", (*dialects)->name);
	buf_puts(b, "}\nmap \"$thaw_cors_open $http_origin\" $thaw_cors {\n    default \"\";\n");
	if (all)
		buf_puts(b, "    \"~^yes \" *;\n");
	for (const char *s = all ? "" : conf.cors_origin; *(s += strspn(s, " ")); s += strcspn(s, " "))
		buf_printf(b, "    \"yes %.*s\" $http_origin;\n", (int)strcspn(s, " "), s);
	buf_printf(b, "}\nmap $thaw_cors $thaw_cors_shows {\n    default \"%s\";\n    \"\" \"\";\n}\n", CORS_SHOWS);
	buf_printf(b, "map $thaw_cors_open $thaw_cors_vary {\n    default \"\";\n    yes %s;\n}\n", all ? "\"\"" : "Origin");
}

static char *nginx_http(struct arena *a, const struct dialect *const *dialects)
{
	struct buf b = { .arena = a };

	buf_puts(&b, "# Made by `thaw nginx-errors http` from the tables of dialects and errors.\n"
		"# $request, since $request_uri is empty for what nginx itself refuses.\n"
		"map $request $thaw_dialect {\n    default plain;\n");
	for (size_t i = 0; dialects[i]; i++)
		for (const char *const *p = dialects[i]->prefixes; *p; p++)
			buf_printf(&b, "    \"~^[A-Za-z]+ (https?://[^/ ]+)?%s%s[/? ]\" %s;\n", conf.base_path, pattern(a, dialects[i], *p), dialects[i]->name);
	buf_puts(&b, "}\nmap $thaw_dialect $thaw_error_type {\n");
	for (size_t i = 0; dialects[i]; i++)
		buf_printf(&b, "    %s %s;\n", dialects[i]->name, dialects[i]->error_type);
	buf_puts(&b, "}\nmap $thaw_dialect $thaw_request_id {\n    default $request_id;\n");
	for (size_t i = 0; dialects[i]; i++)
		if (dialects[i]->request_prefix)
			buf_printf(&b, "    %s %s$request_id;\n", dialects[i]->name, dialects[i]->request_prefix);
	buf_puts(&b, "}\n# Headers of one dialect alone; an empty one is left out.\n");
	headers_http(&b, dialects, false);
	cors_http(&b, dialects);
	buf_puts(&b, "map $time_iso8601 $thaw_time {\n    \"~^(?<thaw_utc>.*)\\+00:00$\" ${thaw_utc}Z;\n"
		"    default $time_iso8601;\n}\n");
	/* A UUID of version 4 out of nginx's own random number. */
	buf_puts(&b, "map $request_id $thaw_instance {\n"
		"    \"~^(?<i1>.{8})(?<i2>.{4}).(?<i3>.{3}).(?<i4>.{3})(?<i5>.{12})$\" $i1-$i2-4$i3-8$i4-$i5;\n    default $request_id;\n}\n");
	headers_http(&b, dialects, true);
	for (size_t k = 0; k < NGINX_ROWS; k++) {
		int status = nginx_rows[k].status;
		bool open = nginx_rows[k].err == ERR_AWAY;    /* unless it had been sent: thaw.conf tells */

		buf_printf(&b, "map $thaw_dialect%s $thaw_body_%d {\n", open ? "-$thaw_sent" : "", status);
		for (size_t i = 0; dialects[i]; i++) {
			buf_printf(&b, "    %s%s '%s\\n';\n", dialects[i]->name, open ? "-no" : "",
				body_text(a, dialects[i], nginx_rows[k].err, status));
			if (open)
				buf_printf(&b, "    %s-yes '%s\\n';\n", dialects[i]->name,
					body_text(a, dialects[i], ERR_OUTCOME_UNKNOWN, status));
		}
		buf_puts(&b, "}\n");
	}
	return b.p;
}

static char *nginx_server(struct arena *a, const struct dialect *const *dialects)
{
	struct buf b = { .arena = a };

	buf_puts(&b, "# Made by `thaw nginx-errors server`.\n");
	for (size_t k = 0; k < NGINX_ROWS; k++) {
		int status = nginx_rows[k].status;

		buf_printf(&b, "location = /_thaw/%d {\n    internal;\n    types { }\n"
			"    client_max_body_size 0;\n"  /* a body that was read is not too large for the words about it */
			"    default_type \"\";\n    add_header Content-Type $thaw_error_type always;\n"
			"    add_header X-Request-Id $thaw_request_id always; ", status);
		headers_server(&b, dialects, false);
		buf_puts(&b, "add_header Access-Control-Allow-Origin $thaw_cors always;\n"
			"    add_header Access-Control-Expose-Headers $thaw_cors_shows always;\n    add_header Vary $thaw_cors_vary always;\n"
			"    add_header Cache-Control no-store always;\n"
			"    add_header X-Content-Type-Options nosniff always;\n    add_header Referrer-Policy no-referrer always;\n"
			"    add_header X-Frame-Options DENY always;\n"
			"    add_header Content-Security-Policy \"default-src 'none'; frame-ancestors 'none'\" always;\n");
		if (status == 405)               /* a method that no address knows: TRACE, CONNECT */
			buf_puts(&b, "    add_header Allow \"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\" always;\n");
		if (status == 429 || status == 503 || status == 504)
			buf_puts(&b, "    add_header Retry-After 1 always;\n");
		buf_puts(&b, "    ");
		if (nginx_rows[k].err == ERR_AWAY)
			headers_server(&b, dialects, true);
		buf_printf(&b, "return %d $thaw_body_%d;\n}\n", status, status);
	}
	return b.p;
}

char *nginx_errors(struct arena *a, const struct dialect *const *dialects, bool server)
{
	return server ? nginx_server(a, dialects) : nginx_http(a, dialects);
}
