/* cli_audit.c: what was done by whom, and whether it agrees with what there is. */
#include "cli.h"
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "conf.h"
#include "dom_audit.h"
#include "dom_org.h"
#include "row.h"
#include "str.h"

/* ---- Rows ---- */

static struct json *audit_row(const struct cli *c, struct arena *a, const struct audit_line *l)
{
	struct json *o = js_object(a);

	js_put_str(a, o, "at", clock_iso(a, l->at, TIME_MILLIS));
	js_put_str(a, o, "actor", l->actor);
	js_put_str(a, o, "action", l->action);
	js_put_str(a, o, "resource", audit_spell(a, l));
	js_put_int(a, o, "revision", l->revision);
	js_put_str(a, o, "from", l->from);
	js_put_str(a, o, "to", l->to);
	js_put_str(a, o, "request_id", l->request_id);
	if (c->json) {                           /* too wide for a screen */
		js_put_str(a, o, "type", l->type);
		js_put_str(a, o, "object", life_spell(a, l->type, &l->object));
		js_put_str(a, o, "name", l->name);
		js_put_str(a, o, "address", l->address);
		js_put_str(a, o, "user_agent", l->user_agent);
		js_put(o, "details", js_read(a, l->details));
		js_put_str(a, o, "human", id_is_zero(&l->human) ? NULL : id_spell(a, "usr_", &l->human));
		js_put_str(a, o, "token", id_is_zero(&l->token) ? NULL : id_spell(a, "tok_", &l->token));
	}
	return o;
}

/* ---- Which of them ---- */

/* A time, a day, or how long ago: 90s, 15m, 24h, 7d.  False, and said, when it is neither. */
static bool when(struct cli *c, const char *option, struct id *out)
{
	static const char units[] = "smhd";
	static const int64_t seconds[] = { 1, 60, 3600, 86400 };
	const char *s = cli_option(c, option), *unit = s && *s ? strchr(units, s[strlen(s) - 1]) : NULL;
	int64_t n, us;

	if (!s)
		return true;
	if (unit && *unit && parse_int(arena_strndup(c->arena, s, strlen(s) - 1), 0, 36500 * INT64_C(86400) / seconds[unit - units], &n))
		us = c->tx.now - n * seconds[unit - units] * SECOND;
	else if (!clock_parse(s, &us)) {
		cli_say("%s takes a time such as 2026-01-31T12:00:00Z, a day such as 2026-01-31, or how long ago: 90s, 15m, 24h or 7d", option);
		return false;
	}
	*out = id_first(us);
	return true;
}

static int understand(struct cli *c, struct audit_ask *q)
{
	const char *actor = cli_option(c, "--actor"), *action = cli_option(c, "--action"), *resource = cli_option(c, "--resource");
	struct id org;
	int64_t limit;
	enum err e;

	if (!cli_number(c, "--limit", 1, 100000, 100, &limit))
		return CLI_USAGE;
	if (!cli_org(c, &org))
		return CLI_FAILED;
	*q = audit_all(&org);
	q->limit = limit;
	if (!when(c, "--since", &q->from) || !when(c, "--until", &q->to))
		return CLI_USAGE;
	if (action)
		audit_what(c->arena, q, action);
	if (actor && (e = audit_by(&c->tx, q, actor)))
		return e == ERR_DB_NONE ? cli_say("the organization has no user `%s`, and nothing was done under this name; run `thaw user list`", actor) : cli_failed(c, e);
	if (!resource || !(e = audit_to(&c->tx, q, resource)))
		return 0;
	return e == ERR_SHAPE ? cli_say("`%s` is not an id; ids look like mdl-65f0c0ffee5eed0123456789, wks_00ekfJjIL9k9upmyT, project/12 or "
			"mdl-65f0c0ffee5eed0123456789/ver-003", resource)
		: e == ERR_DB_NONE ? cli_say("the organization has no object `%s`", resource) : cli_failed(c, e);
}

/* ---- As they come ---- */

enum { LATE_S = 60, LATE_MOST = 4096, PART = 1000 };

static void print_row(struct cli *c, struct arena *a, const struct audit_line *l)
{
	struct json *o = audit_row(c, a, l);
	const char *key, *sep = "";
	struct buf b = { .arena = a };
	struct json *v;
	void *it = NULL;

	if (c->json) {
		cli_line(js_text(o, NULL));
		return;
	}
	while (js_next(o, &it, &key, &v)) {
		buf_printf(&b, "%s%s", sep, js_type(v) == JS_STRING ? js_str(v) : js_type(v) == JS_NULL ? "-" : js_text(v, NULL));
		sep = "  ";
	}
	cli_line(b.p);
}

/* An id is made before its row is committed: what is that old may still come, so each look goes back
 * as far as a transaction takes, and leaves out what it has seen. */
static int follow(struct cli *c, struct audit_ask *q)
{
	struct id *seen = arena_alloc(c->arena, LATE_MOST * sizeof *seen), first = q->from, end;
	struct arena *a = arena_new();
	size_t n = 0, nseen = 0;
	enum err e = OK;
	bool more;

	q->limit = LATE_MOST;
	memset(&end, 0xff, sizeof end);
	q->to = end;
	cli_catch();
	while (!e && !cli_stopping()) {
		struct tx *tx = cli_unit(c, a);
		const struct id late = id_first(tx->now - LATE_S * SECOND - conf.db_deadline_ms * 2000);
		struct audit_line *all;
		size_t kept = 0;

		q->from = memcmp(&late, &first, sizeof late) > 0 ? late : first;
		if ((e = audit_find(tx, q, &all, &n, &more)))
			break;
		for (size_t i = n; i--; ) {
			bool known = false;

			for (size_t k = 0; k < nseen && !known; k++)
				known = id_equal(&seen[k], &all[i].id);
			if (!known)
				print_row(c, a, &all[i]);
		}
		for (size_t i = 0; i < n; i++)
			seen[kept++] = all[i].id;
		nseen = kept;
		if (fflush(stdout))
			break;
		poll(NULL, 0, 500);
	}
	c->tx.arena = c->arena;
	arena_free(a);
	return e ? cli_failed(c, e) : CLI_DONE;
}

/* By parts, since each statement has its time. */
static enum err list(struct cli *c, struct audit_ask *q, struct json *rows)
{
	struct audit_line *all;
	int64_t left = q->limit;
	bool more;
	size_t n;
	enum err e;

	do {
		q->limit = left < PART ? left : PART;
		if ((e = audit_find(&c->tx, q, &all, &n, &more)))
			return e;
		for (size_t i = 0; i < n; i++)
			js_add(rows, audit_row(c, c->arena, &all[i]));
		if (n)
			q->to = all[n - 1].id;
		left -= (int64_t)n;
	} while (more && left > 0);
	return OK;
}

int cmd_audit_list(struct cli *c)
{
	struct json *rows = js_array(c->arena);
	struct audit_ask q;
	int bad;
	enum err e;

	if ((bad = understand(c, &q)))
		return bad;
	if (cli_option(c, "--follow")) {
		if (!cli_option(c, "--since"))
			q.from = id_first(c->tx.now);
		return follow(c, &q);
	}
	if ((e = list(c, &q, rows)))
		return cli_failed(c, e);
	cli_rows(c, rows, "No audit rows.");
	return CLI_DONE;
}

bool audit_verifies(int s)
{
	return !strncmp(sql_rows[s].name, "VERIFY_", 7);
}

/* Every permission that there is, before a blank. */
static const char *permissions(struct arena *a)
{
	struct buf b = { .arena = a };

	for (int i = PERM_MEMBER + 1; i < PERM__MAX; i++)
		buf_printf(&b, "%s%s", b.n ? "|" : "(", perm_word(i));
	buf_puts(&b, ") ");
	return b.p;
}

enum err audit_disagreements(struct cli *c, enum sql s, const struct id *org, struct problem **out, size_t *n)
{
	static const struct column map[] = MAP(VERIFY_COLUMNS, struct problem);
	struct db_val in[DB_PARAMETERS];
	size_t given = strlen(sql_rows[s].in);
	struct db_rows r;
	enum err e;

	for (size_t i = 0; i < given; i++)
		in[i] = sql_rows[s].in[i] == 'd' ? db_d0(org) : db_s(permissions(c->arena));
	e = tx_query(&c->tx, s, in, given, &r);
	*n = e ? 0 : r.n;
	*out = e ? NULL : row_array(c->arena, &r, map, sizeof **out);
	return e;
}

/* Every statement of sql.def whose name says that it verifies: each row is a disagreement. */
static enum err disagreements(struct cli *c, struct json *found)
{
	const struct id all = { { 0 } };

	for (int s = SQL_NONE + 1; s < SQL__MAX; s++) {
		struct problem *p;
		size_t n;
		enum err e;

		if (!audit_verifies(s))
			continue;
		if ((e = audit_disagreements(c, s, &all, &p, &n)))
			return e;
		for (size_t i = 0; i < n; i++) {
			struct json *o = js_object(c->arena);

			js_put_str(c->arena, o, "resource", p[i].type);
			js_put_str(c->arena, o, "id", life_spell(c->arena, p[i].type, &p[i].id));
			js_put_str(c->arena, o, "problem", p[i].problem);
			js_add(found, o);
		}
	}
	return OK;
}

int cmd_audit_verify(struct cli *c)
{
	struct count { const char *type; int64_t objects, rows; } n;
	static const struct column map[] = PICK_MAP(AUDIT_COUNTS_PICK, struct count);
	struct json *found = js_array(c->arena), *counts = js_array(c->arena), *o = js_object(c->arena);
	struct tx *tx = cli_tx(c);
	struct db_rows r;
	enum err e;

	if (!tx)
		return CLI_FAILED;
	if ((e = disagreements(c, found)) || (e = tx_query(tx, SQL_AUDIT_COUNTS, DB_NONE, &r)))
		return cli_failed(c, e);
	for (size_t i = 0; i < r.n; i++) {
		struct json *count = js_object(c->arena);

		(void)row_read(map, RES__MAX, db_row(&r, i), &n);
		js_put_str(c->arena, count, "resource", n.type);
		js_put_int(c->arena, count, "objects", n.objects);
		js_put_int(c->arena, count, "audit_rows", n.rows);
		js_add(counts, count);
	}
	if (c->json) {
		js_put_bool(c->arena, o, "reconciled", !js_length(found));
		js_put(o, "verified", counts);
		js_put(o, "disagreements", found);
		cli_json(o);
	} else if (js_length(found)) {
		cli_rows(c, found, "");
	} else {
		cli_rows(c, counts, "No audit rows.");
		puts("Every object agrees with its audit rows.");
	}
	return js_length(found) ? CLI_FOUND : CLI_DONE;
}
