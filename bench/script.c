/* script.c: reads a script, prepares it and runs its statements (see script.h). */
#include "script.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	_exit(1);                                /* the other threads may be anywhere */
}

int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes from their digits: how many, and *hex behind them. */
static size_t bytes_read(char *to, size_t room, const char **hex)
{
	size_t n = 0;

	for (; digit((*hex)[0]) >= 0 && digit((*hex)[1]) >= 0 && n < room; *hex += 2)
		to[n++] = (char)(digit((*hex)[0]) << 4 | digit((*hex)[1]));
	return n;
}

bool key_read(struct key *k, const char *text)
{
	memset(k, 0, sizeof *k);
	for (unsigned i = 0; i < PARTS; i++) {
		k->part[i].n = bytes_read(k->part[i].p, sizeof k->part[i].p, &text);
		if (*text != ',')
			break;
		text++;
	}
	return k->part[0].n && *text != ',' && digit(*text) < 0;
}

/* ---- Reading ---- */

static char *copy(const char *text)
{
	char *p = strdup(text);

	if (!p)
		abort();
	return p;
}

static char *bytes(const char *hex, int64_t *n)
{
	size_t room = strlen(hex) / 2;
	char *p = malloc(room + 1);

	if (!p)
		abort();
	*n = (int64_t)bytes_read(p, room, &hex);
	if (*hex)
		fail("not hexadecimal", hex);
	return p;
}

static void parameter_read(struct parameter *p, char *line)
{
	static const struct { const char *word; enum kind kind; } kinds[] = {
		{ "null", NIL }, { "int", INT }, { "bytes", BYTES }, { "step", STEP }, { "key", KEY },
		{ "id", ID }, { "random", RANDOM }, { "hex", HEX }, { "now", NOW },
	};
	const char *word = strsep(&line, "\t"), *value = strsep(&line, "\t"), *by = strsep(&line, "\t");
	size_t i = 0;

	while (i < sizeof kinds / sizeof *kinds && strcmp(kinds[i].word, word))
		i++;
	if (i == sizeof kinds / sizeof *kinds)
		fail("unknown parameter", word);
	*p = (struct parameter){ .kind = kinds[i].kind };
	if (p->kind == BYTES)
		p->p = bytes(value ? value : "", &p->n);
	else
		p->n = value ? strtoll(value, NULL, 10) : 0;
	p->by = by ? strtoll(by, NULL, 10) : 0;
	if ((p->kind == ID || p->kind == RANDOM || p->kind == HEX) && (p->n < 1 || p->n > 64))
		fail("length", word);
	if (p->kind == KEY && (p->n < 0 || p->n >= PARTS))
		fail("part", word);
}

static void line_read(struct script *s, char *line)
{
	struct statement *last = s->n ? &s->v[s->n - 1] : NULL;
	const char *word;

	if (*line == '\t') {
		if (!last || last->plain || last->parameters == PARAMETERS)
			fail("no place for a parameter", line);
		parameter_read(&last->in[last->parameters++], line + 1);
		return;
	}
	if (s->n == STATEMENTS)
		fail("too many statements", line);
	word = strsep(&line, "\t");
	last = &s->v[s->n++];
	*last = (struct statement){ .plain = !strcmp(word, "query") };
	last->name = copy(last->plain ? "" : strsep(&line, "\t"));
	if (!line)
		fail("no statement", word);
	last->text = copy(line);
	last->commit = last->plain && !strcmp(line, "COMMIT");
	s->commits |= last->commit;
}

void script_read(struct script *s, const char *file)
{
	FILE *f = fopen(file, "r");
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (!f)
		fail(file, "cannot be read");
	s->n = 0;
	s->commits = false;
	while ((n = getline(&line, &room, f)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = 0;
		line_read(s, line);
	}
	free(line);
	fclose(f);
	if (!s->n)
		fail(file, "is empty");
}

/* ---- Running ---- */

static void columns_bind(struct session *c, unsigned i)
{
	MYSQL_BIND out[COLUMNS] = { { 0 } };
	MYSQL_RES *meta = mysql_stmt_result_metadata(c->st[i]);
	unsigned n = meta ? mysql_num_fields(meta) : 0;

	if (n >= COLUMNS)
		fail("columns", "too many");
	for (unsigned k = 0; k < n; k++) {
		c->name[i][k] = copy(mysql_fetch_field(meta)->name);
		out[k] = (MYSQL_BIND){ .buffer_type = MYSQL_TYPE_STRING, .buffer = c->column[k].p,
			.buffer_length = COLUMN_BYTES, .length = &c->column[k].n, .is_null = &c->column[k].null };
	}
	if (n && mysql_stmt_bind_result(c->st[i], out))
		fail("bind", mysql_stmt_error(c->st[i]));
	if (meta)
		mysql_free_result(meta);
}

void session_open(struct session *c, const struct script *s, const char *socket, const char *database)
{
	memset(c, 0, sizeof *c);
	c->seed = (uint64_t)now_us() ^ (uint64_t)getpid() << 40 ^ (uint64_t)(uintptr_t)c;
	if (!(c->m = mysql_init(NULL)))
		abort();
	mysql_options(c->m, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	if (!mysql_real_connect(c->m, NULL, "root", NULL, database, 0, socket, CLIENT_FOUND_ROWS)
	 || mysql_query(c->m, "SET SESSION tx_isolation = 'READ-COMMITTED', time_zone = '+00:00'"))
		fail(socket, mysql_error(c->m));
	for (unsigned i = 0; i < s->n; i++) {
		if (s->v[i].plain)
			continue;
		if (!(c->st[i] = mysql_stmt_init(c->m)))
			abort();
		if (mysql_stmt_prepare(c->st[i], s->v[i].text, strlen(s->v[i].text)))
			fail(s->v[i].text, mysql_stmt_error(c->st[i]));
		if (mysql_stmt_param_count(c->st[i]) != s->v[i].parameters)
			fail(s->v[i].text, "other parameters");
		columns_bind(c, i);
	}
}

/* xorshift: an identity by chance costs the floor next to nothing. */
static uint64_t chance(struct session *c)
{
	c->seed ^= c->seed << 13;
	c->seed ^= c->seed >> 7;
	return c->seed ^= c->seed << 17;
}

/* The value of a parameter in `text`, of at least 64 bytes; its length. */
static unsigned long made(struct session *c, const struct parameter *p, char *text)
{
	int64_t us = now_us();
	time_t second = us / 1000000;
	struct tm tm;

	if (p->kind == NOW) {
		gmtime_r(&second, &tm);
		return (unsigned long)snprintf(text, 64, "%04d-%02d-%02d %02d:%02d:%02d.%06d", tm.tm_year + 1900, tm.tm_mon + 1,
			tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(us % 1000000));
	}
	for (int64_t i = 0; i < p->n; i++)
		text[i] = p->kind == HEX ? "0123456789abcdef"[chance(c) >> 32 & 15] : (char)(chance(c) >> 32);
	for (int64_t i = 0, ms = us / 1000; p->kind == ID && i < 6 && i < p->n; i++)
		text[i] = (char)(ms >> (40 - 8 * i));
	return (unsigned long)p->n;
}

bool session_run(struct session *c, const struct script *s, unsigned i, const struct key *key, int64_t turn)
{
	const struct statement *st = &s->v[i];
	MYSQL_BIND in[PARAMETERS];
	char text[PARAMETERS][64];
	unsigned long length[PARAMETERS];
	int64_t number[PARAMETERS];

	if (st->plain)
		return !mysql_real_query(c->m, st->text, strlen(st->text));
	memset(in, 0, st->parameters * sizeof *in);
	for (unsigned k = 0; k < st->parameters; k++) {
		const struct parameter *p = &st->in[k];

		in[k].length = &length[k];
		in[k].buffer_type = p->kind == NIL ? MYSQL_TYPE_NULL : p->kind == INT || p->kind == STEP ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_STRING;
		number[k] = p->n + (p->kind == STEP ? turn * p->by : 0);
		if (in[k].buffer_type == MYSQL_TYPE_LONGLONG) {
			in[k].buffer = &number[k];
		} else if (p->kind == BYTES || p->kind == KEY) {
			in[k].buffer = p->kind == KEY ? (void *)key->part[p->n].p : p->p;
			length[k] = p->kind == KEY ? key->part[p->n].n : (unsigned long)p->n;
		} else if (p->kind != NIL) {
			in[k].buffer = text[k];
			length[k] = made(c, p, text[k]);
		}
		in[k].buffer_length = length[k];
	}
	return !(st->parameters && mysql_stmt_bind_param(c->st[i], in)) && !mysql_stmt_execute(c->st[i])
		&& !(mysql_stmt_field_count(c->st[i]) && mysql_stmt_store_result(c->st[i]));
}

bool session_row(struct session *c, unsigned i)
{
	int e = mysql_stmt_fetch(c->st[i]);

	return e == 0 || e == MYSQL_DATA_TRUNCATED;
}
