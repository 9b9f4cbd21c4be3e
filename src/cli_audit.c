/* cli_audit.c: what was done by whom, and whether it agrees with what there is. */
#include "cli.h"
#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "dom_model.h"
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

/* What is not there is null. */
static void put_id(struct arena *a, struct json *o, const char *key, const char *prefix, const struct id *id)
{
	js_put_str(a, o, key, id_is_zero(id) ? NULL : id_spell(a, prefix, id));
}

struct line {
	struct id object, human, token;
	const char *actor, *action, *type, *from, *to, *request_id, *address, *user_agent, *details;
	int64_t at, revision;
};

static struct json *audit_row(struct cli *c, const struct line *l)
{
	struct json *o = js_object(c->arena);

	js_put_str(c->arena, o, "at", clock_iso(c->arena, l->at, TIME_MILLIS));
	js_put_str(c->arena, o, "actor", l->actor);
	js_put_str(c->arena, o, "action", l->action);
	js_put_str(c->arena, o, "resource", life_spell(c->arena, l->type, &l->object));
	js_put_int(c->arena, o, "revision", l->revision);
	js_put_str(c->arena, o, "from", l->from);
	js_put_str(c->arena, o, "to", l->to);
	js_put_str(c->arena, o, "request_id", l->request_id);
	if (c->json) {                           /* too wide for a screen */
		js_put_str(c->arena, o, "address", l->address);
		js_put_str(c->arena, o, "user_agent", l->user_agent);
		js_put(o, "details", js_read(c->arena, l->details));
		put_id(c->arena, o, "human", "usr_", &l->human);
		put_id(c->arena, o, "token", "tok_", &l->token);
	}
	return o;
}

int cmd_audit_list(struct cli *c)
{
	static const struct column map[] = PICK_MAP(AUDIT_LIST_PICK, struct line);
	const char *resource = cli_option(c, "--resource"), *types[2];
	struct json *rows = js_array(c->arena);
	struct id org, id = { 0 };
	const struct line *all;
	struct db_rows r;
	int64_t limit;
	enum err e;

	if (!cli_number(c, "--limit", 1, 100000, 100, &limit))
		return CLI_USAGE;
	if (resource && !resource_id(resource, &id, types))
		return cli_say("`%s` is not an id; ids look like mdl-65f0c0ffee5eed0123456789 or wks_00ekfJjIL9k9upmyT", resource);
	if (!cli_org(c, &org))
		return CLI_FAILED;
	e = resource ? tx_query(&c->tx, SQL_AUDIT_LIST_OBJECT, DB_IN(db_d(&org), db_s(types[0]), db_s(types[1]), db_d(&id),
			db_i(limit)), &r)
		: tx_query(&c->tx, SQL_AUDIT_LIST, DB_IN(db_d(&org), db_i(limit)), &r);
	if (e)
		return cli_failed(c, e);
	all = row_array(c->arena, &r, map, sizeof *all);
	for (size_t i = 0; i < r.n; i++)
		js_add(rows, audit_row(c, &all[i]));
	cli_rows(c, rows, "There is no audit row.");
	return CLI_DONE;
}

/* Every statement of sql.def whose name says that it verifies: each row is a disagreement. */
static enum err disagreements(struct cli *c, struct json *found)
{
	struct problem { const char *type, *problem; struct id id; } p;
	static const struct column map[] = MAP(VERIFY_COLUMNS, struct problem);

	for (int s = SQL_NONE + 1; s < SQL__MAX; s++) {
		struct db_rows r;
		enum err e;

		if (strncmp(sql_rows[s].name, "VERIFY_", 7))
			continue;
		if ((e = tx_query(&c->tx, s, DB_NONE, &r)))
			return e;
		for (size_t i = 0; i < r.n; i++) {
			struct json *o = js_object(c->arena);

			(void)row_read(map, RES__MAX, db_row(&r, i), &p);
			js_put_str(c->arena, o, "resource", p.type);
			js_put_str(c->arena, o, "id", life_spell(c->arena, p.type, &p.id));
			js_put_str(c->arena, o, "problem", p.problem);
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
		cli_rows(c, counts, "There is no audit row.");
		puts("Every object agrees with its audit rows.");
	}
	return js_length(found) ? CLI_FOUND : CLI_DONE;
}
