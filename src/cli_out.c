/* cli_out.c: how the commands speak: aligned text for people, JSON for programs,
 * messages on standard error that say what is wrong and what to do. */
#include "cli.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "conf.h"
#include "str.h"

enum { COLUMNS = 24 };

int cli_say(const char *fmt, ...)
{
	va_list ap;

	fputs("thaw: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return CLI_FAILED;
}

int cli_failed(const struct cli *c, enum err e)
{
	const char *said = c->tx.db ? db_error(c->tx.db) : "";

	switch (e) {
	case ERR_UNAVAILABLE: case ERR_DB_LOST: case ERR_DB_RETRY:
		return cli_say("the database cannot be reached (%s); the account is in %s, group [%s]; `thaw doctor` tells more",
			said, conf.db_option_file, conf.db_group);
	case ERR_SCHEMA:
		return cli_say("the database schema does not fit this program; run `thaw migrate`, or `thaw doctor` to learn more");
	case ERR_DISK_FULL: case ERR_READ_ONLY: case ERR_DATA_TOO_LARGE:
		return cli_say("%s (%s)", err_row(e)->text, said);
	case ERR_INTERNAL:
		return cli_say("the database refused (%s); `thaw doctor` tells more", said);
	default:
		return cli_say("%s", err_row(e)->text);
	}
}

/* A value as text that cannot steer a terminal or break a column: user agents and
 * names come from anywhere.  Valid UTF-8 encodes the C1 controls as C2 80 to C2 9F. */
static char *cell(struct arena *a, struct json *v)
{
	char *s;

	switch (js_type(v)) {
	case JS_NULL:
		return arena_strdup(a, "-");
	case JS_STRING:
		s = arena_strdup(a, js_str(v));
		break;
	default:
		s = arena_strdup(a, js_text(v, NULL));
	}
	for (unsigned char *p = (unsigned char *)s; *p; p++)
		if (*p < ' ' || *p == 0x7f || (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0))
			*p = *p == 0xc2 ? (p[1] = '?') : ' ';
	return s;
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
		puts(js_pretty(rows));
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
		puts(js_pretty(rows));
		return;
	}
	n = columns(rows, names);
	for (size_t r = 0; n && r <= js_length(rows); r++)
		for (size_t i = 0; i < n; i++)
			printf("%s%c", r ? cell_at(c->arena, rows, r - 1, names[i]) : names[i], i + 1 < n ? '\t' : '\n');
}

void cli_result(const struct cli *c, struct json *value, const char *text)
{
	puts(c->json ? js_pretty(value) : text);
}
