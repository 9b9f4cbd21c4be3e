/* cli_audit.c: what was done by whom, and whether it agrees with what there is. */
#include "cli.h"
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "conf.h"
#include "dom_model.h"
#include "dom_org.h"
#include "row.h"
#include "str.h"

static const struct { const char *prefix; enum resource type; } other_spellings[] = { { RID_MODEL, RES_MODEL }, { RID_VERSION, RES_VERSION } };

/* The id of any resource that has a prefix. */
static bool resource_id(const char *s, struct id *out, const char *types[2])
{
	for (int i = 0; i < RES__MAX; i++) {
		if (*life_resources[i].prefix && id_parse(s, life_resources[i].prefix, out)) {
			types[0] = types[1] = life_resources[i].word;
			return true;
		}
	}
	for (size_t i = 0; i < sizeof other_spellings / sizeof *other_spellings; i++) {
		if (id_parse(s, other_spellings[i].prefix, out)) {
			types[0] = types[1] = life_resources[other_spellings[i].type].word;
			return true;
		}
	}
	types[0] = life_resources[RES_RUN].word;         /* the two that are spelled bare */
	types[1] = life_resources[RES_VERSION].word;
	return id_parse(s, "", out);
}

/* ---- Rows ---- */

struct line {
	struct id object, human, token, id, parent;
	const char *actor, *action, *type, *from, *to, *request_id, *address, *user_agent, *details;
	int64_t at, revision, number;
};

/* As its own API spells it: a project by its number, a version and a run in their model. */
static char *public_id(struct arena *a, const struct line *l)
{
	enum resource r = life_kind(l->type);
	const char *model = id_is_zero(&l->parent) ? NULL : id_spell(a, life_resources[RES_MODEL].prefix, &l->parent);

	if (r == RES_PROJECT && l->number)
		return arena_printf(a, "project/%lld", (long long)l->number);
	if (r == RES_VERSION && l->number && model)
		return arena_printf(a, "%s/%s", model, version_spell(a, l->number));
	if (r == RES_RUN && model)
		return arena_printf(a, "%s/%s", model, id_spell(a, "", &l->object));
	return life_spell(a, l->type, &l->object);
}

/* The object of such an id, or of any other.  ERR_DB_NONE: there is no such one; ERR_SHAPE: it is no id. */
static enum err find_resource(struct cli *c, const struct id *org, const char *s, struct id *out, const char *types[2])
{
	const char *slash = strchr(s, '/');
	struct id model;
	int64_t number;

	if (!slash)
		return resource_id(s, out, types) ? OK : ERR_SHAPE;
	if (!strncmp(s, "project/", 8) && parse_int(slash + 1, 1, INT64_MAX, &number)) {
		types[0] = types[1] = life_resources[RES_PROJECT].word;
		return tx_id(&c->tx, SQL_AUDIT_PROJECT, DB_IN(db_d(org), db_i(number)), out);
	}
	if (!id_parse(arena_strndup(c->arena, s, (size_t)(slash - s)), life_resources[RES_MODEL].prefix, &model))
		return ERR_SHAPE;
	if ((number = version_number(c->arena, slash + 1))) {
		types[0] = types[1] = life_resources[RES_VERSION].word;
		return tx_id(&c->tx, SQL_AUDIT_VERSION, DB_IN(db_d(org), db_d(&model), db_i(number)), out);
	}
	types[0] = types[1] = life_resources[RES_RUN].word;
	return id_parse(slash + 1, "", out) ? OK : ERR_SHAPE;
}

static struct json *audit_row(const struct cli *c, struct arena *a, const struct line *l)
{
	struct json *o = js_object(a);

	js_put_str(a, o, "at", clock_iso(a, l->at, TIME_MILLIS));
	js_put_str(a, o, "actor", l->actor);
	js_put_str(a, o, "action", l->action);
	js_put_str(a, o, "resource", public_id(a, l));
	js_put_int(a, o, "revision", l->revision);
	js_put_str(a, o, "from", l->from);
	js_put_str(a, o, "to", l->to);
	js_put_str(a, o, "request_id", l->request_id);
	if (c->json) {                           /* too wide for a screen */
		js_put_str(a, o, "type", l->type);
		js_put_str(a, o, "object", life_spell(a, l->type, &l->object));
		js_put_str(a, o, "address", l->address);
		js_put_str(a, o, "user_agent", l->user_agent);
		js_put(o, "details", js_read(a, l->details));
		js_put_str(a, o, "human", id_is_zero(&l->human) ? NULL : id_spell(a, "usr_", &l->human));
		js_put_str(a, o, "token", id_is_zero(&l->token) ? NULL : id_spell(a, "tok_", &l->token));
	}
	return o;
}

/* ---- Which of them ---- */

/* What the options ask for: between two times, whose, which action, of which object. */
struct asked { struct id org, actor, object, from, to; const char *actor_name, *action, *types[2]; bool of_object; int64_t limit; };

static enum err audit_rows(struct tx *tx, const struct asked *q, struct line **out, size_t *n)
{
	static const struct column map[] = PICK_MAP(AUDIT_LIST_PICK, struct line);
	const struct db_val in[] = { db_d(&q->org), db_d(&q->from), db_d(&q->to), db_s(q->actor_name), db_s(q->actor_name), db_d0(&q->actor),
		db_s(q->action), db_s(q->action), db_s(q->types[0]), db_s(q->types[1]), db_d(&q->object), db_i(q->limit) };
	struct db_val some[9];
	struct db_rows r;
	enum err e;

	memcpy(some, in, sizeof some);
	some[8] = in[11];
	e = q->of_object ? tx_query(tx, SQL_AUDIT_LIST_OBJECT, in, 12, &r) : tx_query(tx, SQL_AUDIT_LIST, some, 9, &r);
	*n = e ? 0 : r.n;
	*out = e ? NULL : row_array(tx->arena, &r, map, sizeof **out);
	return e;
}

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

/* `model.*` as SQL has it: the underscores of actions are themselves. */
static const char *pattern(struct arena *a, const char *s)
{
	struct buf b = { .arena = a };

	for (buf_puts(&b, ""); s && *s; s++)
		buf_printf(&b, "%s%c", strchr("_%\\", *s) ? "\\" : "", *s == '*' ? '%' : *s);
	return s ? b.p : NULL;
}

static int understand(struct cli *c, struct asked *q)
{
	const char *resource = cli_option(c, "--resource");
	struct user u;
	enum err e;

	*q = (struct asked){ .actor_name = cli_option(c, "--actor"), .action = pattern(c->arena, cli_option(c, "--action")), .of_object = resource };
	memset(&q->to, 0xff, sizeof q->to);
	if (!cli_number(c, "--limit", 1, 100000, 100, &q->limit))
		return CLI_USAGE;
	if (!cli_org(c, &q->org))
		return CLI_FAILED;
	if (!when(c, "--since", &q->from) || !when(c, "--until", &q->to))
		return CLI_USAGE;
	/* Whatever the user was called when it was done. */
	if (q->actor_name && !user_find(&c->tx, q->actor_name, &u))
		q->actor = u.id;
	if (!resource)
		return 0;
	e = find_resource(c, &q->org, resource, &q->object, q->types);
	if (e == ERR_SHAPE)
		return cli_say("`%s` is not an id; ids look like mdl-65f0c0ffee5eed0123456789, wks_00ekfJjIL9k9upmyT, project/12 or "
			"mdl-65f0c0ffee5eed0123456789/ver-003", resource);
	return e == ERR_DB_NONE ? cli_say("the organization has no object `%s`", resource) : e ? cli_failed(c, e) : 0;
}

/* ---- As they come ---- */

enum { LATE_S = 60, LATE_MOST = 4096 };

static void print_row(struct cli *c, struct arena *a, const struct line *l)
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
static int follow(struct cli *c, struct asked *q)
{
	struct id *seen = arena_alloc(c->arena, LATE_MOST * sizeof *seen), first = q->from, end;
	struct arena *a = arena_new();
	size_t n = 0, nseen = 0;
	enum err e = OK;

	q->limit = LATE_MOST;
	memset(&end, 0xff, sizeof end);
	q->to = end;
	cli_catch();
	while (!e && !cli_stopping()) {
		struct tx *tx = cli_unit(c, a);
		const struct id late = id_first(tx->now - LATE_S * SECOND - conf.db_deadline_ms * 2000);
		struct line *all;
		size_t kept = 0;

		q->from = memcmp(&late, &first, sizeof late) > 0 ? late : first;
		if ((e = audit_rows(tx, q, &all, &n)))
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

int cmd_audit_list(struct cli *c)
{
	struct json *rows = js_array(c->arena);
	struct asked q;
	struct line *all;
	size_t n;
	int bad;
	enum err e;

	if ((bad = understand(c, &q)))
		return bad;
	if (cli_option(c, "--follow")) {
		if (!cli_option(c, "--since"))
			q.from = id_first(c->tx.now);
		return follow(c, &q);
	}
	if ((e = audit_rows(&c->tx, &q, &all, &n)))
		return cli_failed(c, e);
	for (size_t i = 0; i < n; i++)
		js_add(rows, audit_row(c, c->arena, &all[i]));
	cli_rows(c, rows, q.actor_name && id_is_zero(&q.actor) ? arena_printf(c->arena, "No audit rows; no user is called `%s`.", q.actor_name) : "No audit rows.");
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
