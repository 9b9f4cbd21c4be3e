/* cli_out.c: how the commands speak: aligned text for people, JSON for programs,
 * messages on standard error that say what is wrong and what to do. */
#define _GNU_SOURCE
#include "cli.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "conf.h"
#include "str.h"

enum { COLUMNS = 24 };

/* User agents, names and arguments come from anywhere: nothing in them steers a terminal.
 * Controls of one byte become blanks, what else is not seen question marks. */
static char *plain(char *s, const char *kept)
{
	bool valid = utf8_valid(s, strlen(s));

	for (char *p = s, *start = s; *p; start = p) {
		const char *next = p;
		uint32_t c = valid ? utf8_next(&next) : (unsigned char)*next++;

		p += next - start;
		if (!strchr(kept, *start) && (utf8_steers(c) || (!valid && c > 0x7f)))
			memset(start, c < 0x80 ? ' ' : '?', (size_t)(p - start));
	}
	return s;
}

int cli_say(const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	fprintf(stderr, "thaw: %s\n", plain(text, "\n"));
	free(text);
	return CLI_FAILED;
}

void cli_line(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	puts(plain(copy, "\n"));
	free(copy);
}

void cli_json(struct json *value)
{
	const char *s = js_pretty(value), *start;

	for (start = s; *s; start = s) {
		uint32_t c = utf8_next(&s);

		if (c != '\n' && utf8_steers(c))
			printf("\\u%04x", (unsigned)c);
		else
			fwrite(start, 1, (size_t)(s - start), stdout);
	}
	putchar('\n');
}

int cli_failed(const struct cli *c, enum err e)
{
	const char *said = c->tx.db ? db_error(c->tx.db) : "";

	switch (e) {
	case ERR_UNAVAILABLE: case ERR_DB_LOST: case ERR_DB_RETRY:
		return cli_say("the database cannot be reached (%s); the account is in %s, group [%s]; run `thaw doctor` for details",
			said, conf.db_option_file, conf.db_group);
	case ERR_SCHEMA:
		return cli_say("the database schema does not match this program; run `thaw migrate`, or `thaw doctor` for details");
	case ERR_DISK_FULL: case ERR_READ_ONLY: case ERR_DATA_TOO_LARGE:
		return cli_say("%s (%s)", err_row(e)->text, said);
	case ERR_INTERNAL:
		return cli_say("the database returned an error (%s); run `thaw doctor` for details", said);
	default:
		return cli_say("%s", c->tx.why.text ? c->tx.why.text : err_row(e)->text);
	}
}

/* A value as text, on one line. */
static char *cell(struct arena *a, struct json *v)
{
	switch (js_type(v)) {
	case JS_NULL:
		return arena_strdup(a, "-");
	case JS_STRING:
		return plain(arena_strdup(a, js_str(v)), "");
	default:
		return plain(arena_strdup(a, js_text(v, NULL)), "");
	}
}

static size_t columns(struct json *rows, const char *names[COLUMNS])
{
	struct json *value;
	void *it = NULL;
	size_t n = 0;

	while (js_length(rows) && n < COLUMNS && js_next(js_at(rows, 0), &it, &names[n], &value))
		n++;
	return n;
}

static char *cell_at(struct arena *a, struct json *rows, size_t row, const char *name)
{
	struct json *v;

	return cell(a, js_get(js_at(rows, row), name, &v) ? v : NULL);
}

void cli_rows(const struct cli *c, struct json *rows, const char *none)
{
	const char *names[COLUMNS];
	size_t width[COLUMNS], n, count = js_length(rows);

	if (c->json) {
		cli_json(rows);
		return;
	}
	if (!count) {
		puts(none);
		return;
	}
	n = columns(rows, names);
	for (size_t i = 0; i < n; i++) {
		width[i] = strlen(names[i]);
		for (size_t r = 0; r < count; r++) {
			size_t len = utf8_length(cell_at(c->arena, rows, r, names[i]));

			width[i] = len > width[i] ? len : width[i];
		}
	}
	for (size_t r = 0; r <= count; r++) {
		for (size_t i = 0; i < n; i++) {
			const char *s = r ? cell_at(c->arena, rows, r - 1, names[i]) : names[i];

			printf("%s%*s", s, i + 1 < n ? (int)(width[i] - utf8_length(s)) + 2 : 0, "");
		}
		putchar('\n');
	}
}

void cli_tabs(const struct cli *c, struct json *rows)
{
	const char *names[COLUMNS];
	size_t n;

	if (c->json) {
		cli_json(rows);
		return;
	}
	n = columns(rows, names);
	for (size_t r = 0; n && r <= js_length(rows); r++)
		for (size_t i = 0; i < n; i++)
			printf("%s%c", r ? cell_at(c->arena, rows, r - 1, names[i]) : names[i], i + 1 < n ? '\t' : '\n');
}

void cli_result(const struct cli *c, struct json *value, const char *text)
{
	if (c->json)
		cli_json(value);
	else
		cli_line(text);
}
