/* cli_live.c: what goes on: who is signed in, which training runs have not ended, how webhook
 * endpoints do, and how much there is of everything. */
#include "cli.h"
#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "dialects.h"
#include "dom_model.h"
#include "dom_org.h"
#include "metric.h"
#include "row.h"

static struct json *time_or_null(struct arena *a, int64_t us)
{
	return us ? js_string(a, clock_iso(a, us, TIME_SECONDS)) : NULL;
}

/* ---- Sessions ---- */

int cmd_session_list(struct cli *c)
{
	struct json *rows = js_array(c->arena);
	struct session_row *all;
	struct id org;
	size_t n;
	enum err e;

	if (!cli_org(c, &org))
		return CLI_FAILED;
	if ((e = session_list(&c->tx, &org, cli_option(c, "--user"), &all, &n)))
		return cli_failed(c, e);
	for (size_t i = 0; i < n; i++) {
		struct json *o = js_object(c->arena);

		js_put_str(c->arena, o, "id", id_spell(c->arena, SESSION_PREFIX, &all[i].family));
		js_put_str(c->arena, o, "user", all[i].user.username);
		js_put_str(c->arena, o, "application", all[i].client);
		js_put_str(c->arena, o, "scopes", all[i].scopes);
		js_put(o, "since", time_or_null(c->arena, id_ms(&all[i].family) * (SECOND / 1000)));
		js_put(o, "used_at", time_or_null(c->arena, all[i].used));
		js_put(o, "expires_at", time_or_null(c->arena, all[i].expires));
		js_add(rows, o);
	}
	cli_rows(c, rows, "Nobody is signed in.");
	return CLI_DONE;
}

struct ending { struct tx *tx; struct id org, id; };

static enum err end(void *arg)
{
	struct ending *n = arg;

	return session_revoke(n->tx, &n->org, NULL, &n->id);
}

int cmd_session_revoke(struct cli *c)
{
	struct ending n = { .tx = &c->tx };
	struct json *o = js_object(c->arena);
	enum err e;

	if (!id_parse(c->args[0], SESSION_PREFIX, &n.id))
		return cli_say("`%s` is not a session id; run `thaw session list`", c->args[0]);
	if (!cli_org(c, &n.org))
		return CLI_FAILED;
	e = cli_write(c, end, &n);
	if (e)
		return e == ERR_DB_NONE ? cli_say("the organization has no session %s", c->args[0]) : cli_failed(c, e);
	js_put_str(c->arena, o, "id", c->args[0]);
	cli_result(c, o, arena_printf(c->arena, "%s has been ended.", c->args[0]));
	return CLI_DONE;
}

/* ---- Training runs ---- */

struct going { struct id id, model; const char *name, *username; int64_t started; };

static char *run_name(struct arena *a, const struct id *model, const struct id *run)
{
	return id_is_zero(model) ? id_spell(a, "", run) : arena_printf(a, "%s/%s", id_spell(a, "mdl-", model), id_spell(a, "", run));
}

int cmd_run_list(struct cli *c)
{
	static const struct column map[] = PICK_MAP(RUN_LIST_PICK, struct going);
	struct json *rows = js_array(c->arena);
	const struct going *all;
	struct db_rows r;
	struct id org;
	enum err e;

	if (!cli_org(c, &org))
		return CLI_FAILED;
	if ((e = tx_query(&c->tx, SQL_RUN_LIST, DB_IN(db_d(&org)), &r)))
		return cli_failed(c, e);
	all = row_array(c->arena, &r, map, sizeof *all);
	for (size_t i = 0; i < r.n; i++) {
		struct json *o = js_object(c->arena);

		js_put_str(c->arena, o, "run", run_name(c->arena, &all[i].model, &all[i].id));
		js_put_str(c->arena, o, "model", all[i].name);
		js_put_str(c->arena, o, "user", all[i].username);
		js_put(o, "started_at", time_or_null(c->arena, all[i].started));
		js_add(rows, o);
	}
	cli_rows(c, rows, "No unfinished training runs.");
	return CLI_DONE;
}

struct failing { struct tx *tx; struct id model, id; struct run in, out; };

static enum err fail(void *arg)
{
	struct failing *f = arg;

	return run_fail(f->tx, IN_PARENT(&f->model, db_d(&f->id)), LIFE_RUN_FAIL, &f->in, &f->out);
}

int cmd_run_fail(struct cli *c)
{
	const char *slash = strrchr(c->args[0], '/'), *reason = cli_option(c, "--reason");
	struct failing f = { .tx = &c->tx, .in.reason = reason ? reason : "Ended by the administrator: its trainer did not report" };
	struct json *o = js_object(c->arena);
	struct id org;
	enum err e;

	if (!id_parse(slash ? slash + 1 : c->args[0], "", &f.id))
		return cli_say("`%s` is not the id of a training run; run `thaw run list`", c->args[0]);
	if ((reason && !cli_word("--reason", reason, 2048, true)) || !cli_org(c, &org))
		return CLI_FAILED;
	c->who.organization = org;
	e = tx_id(&c->tx, SQL_RUN_MODEL, DB_IN(db_d(&org), db_d(&f.id)), &f.model);
	if (!e)
		e = cli_write(c, fail, &f);
	if (e == ERR_DB_NONE)
		return cli_say("the organization has no training run %s", c->args[0]);
	if (e)
		return cli_failed(c, e);
	js_put_str(c->arena, o, "run", run_name(c->arena, &f.model, &f.id));
	js_put_str(c->arena, o, "status", "failed");
	cli_result(c, o, arena_printf(c->arena, "%s is marked as failed; its model can be trained again.", c->args[0]));
	return CLI_DONE;
}

/* ---- Webhooks ---- */

struct endpoint_health { struct id id; const char *url, *status, *username, *events; int64_t failing, waiting; bool live; };

int cmd_webhook_list(struct cli *c)
{
	static const struct column map[] = PICK_MAP(WEBHOOK_LIST_PICK, struct endpoint_health);
	struct json *rows = js_array(c->arena);
	const struct endpoint_health *all;
	struct db_rows r;
	struct id org;
	enum err e;

	if (!cli_org(c, &org))
		return CLI_FAILED;
	if ((e = tx_query(&c->tx, SQL_WEBHOOK_LIST, DB_IN(db_d(&org)), &r)))
		return cli_failed(c, e);
	all = row_array(c->arena, &r, map, sizeof *all);
	for (size_t i = 0; i < r.n; i++) {
		struct json *o = js_object(c->arena);

		js_put_str(c->arena, o, "id", id_spell(c->arena, "we_", &all[i].id));
		js_put_str(c->arena, o, "status", all[i].status);
		js_put(o, "failing_since", time_or_null(c->arena, all[i].failing));
		js_put_int(c->arena, o, "waiting", all[i].waiting);
		js_put_str(c->arena, o, "mode", all[i].live ? "live" : "test");
		js_put_str(c->arena, o, "owner", all[i].username);
		js_put_str(c->arena, o, "url", all[i].url);
		js_put(o, "events", js_read(c->arena, all[i].events));
		js_add(rows, o);
	}
	cli_rows(c, rows, "No webhook endpoints.");
	return CLI_DONE;
}

/* ---- How much ---- */

/* The statement, and what limits it to an organization; NULL: it is of all. */
static const struct { const char *what, *sql, *where; } stats[] = {
	{ "organizations", "SELECT COUNT(*) FROM organizations x WHERE 1", " AND x.id = " },
	{ "users", "SELECT COUNT(*) FROM principals x WHERE status = 'active'", " AND x.organization_id = " },
	{ "models", "SELECT COUNT(*) FROM models x WHERE status <> 'retired'", " AND x.organization_id = " },
	{ "model_versions", "SELECT COUNT(*) FROM model_versions x WHERE status = 'ready'", " AND x.organization_id = " },
	{ "training_runs_running", "SELECT COUNT(*) FROM training_runs x WHERE status = 'running'", " AND x.organization_id = " },
	{ "deployments", "SELECT COUNT(*) FROM deployments x WHERE status <> 'deleted'", " AND x.organization_id = " },
	{ "projects", "SELECT COUNT(*) FROM projects x WHERE status <> 'DELETED'", " AND x.organization_id = " },
	{ "workspaces", "SELECT COUNT(*) FROM workspaces x WHERE 1", " AND x.organization_id = " },
	{ "entities", "SELECT COUNT(*) FROM entities x WHERE 1", " AND x.organization_id = " },
	{ "api_keys", "SELECT COUNT(*) FROM api_keys x WHERE status = 'active'", " AND x.organization_id = " },
	{ "webhook_endpoints", "SELECT COUNT(*) FROM webhook_endpoints x WHERE hidden = 0", " AND x.organization_id = " },
	{ "webhook_endpoints_failing", "SELECT COUNT(*) FROM webhook_endpoints x WHERE hidden = 0 AND failing_since IS NOT NULL", " AND x.organization_id = " },
	{ "audit_rows", "SELECT COUNT(*) FROM audit_events x WHERE 1", " AND x.organization_id = " },
	{ "changes_last_day", "SELECT COUNT(*) FROM audit_events x WHERE x.at > UTC_TIMESTAMP(6) - INTERVAL 1 DAY", " AND x.organization_id = " },
	{ "artifacts", "SELECT COUNT(*) FROM artifacts x WHERE 1", " AND x.organization_id = " },
	{ "artifact_bytes", "SELECT COALESCE(SUM(size), 0) FROM artifacts x WHERE 1", " AND x.organization_id = " },
	{ "database_bytes", "SELECT COALESCE(SUM(data_length + index_length), 0) FROM information_schema.tables WHERE table_schema = DATABASE()", NULL },
	{ "events_unnumbered", "SELECT COUNT(*) FROM outbox x WHERE sequence IS NULL", " AND x.organization_id = " },
	{ "events_unnumbered_oldest_s", "SELECT COALESCE(TIMESTAMPDIFF(SECOND, MIN(x.at), UTC_TIMESTAMP(6)), 0) FROM outbox x WHERE sequence IS NULL",
	  " AND x.organization_id = " },
	{ "deliveries_waiting", "SELECT COUNT(*) FROM deliveries x WHERE outcome IS NULL", " AND x.organization_id = " },
	{ "deliveries_waiting_oldest_s", "SELECT COALESCE(TIMESTAMPDIFF(SECOND, MIN(x.created_at), UTC_TIMESTAMP(6)), 0) FROM deliveries x "
	  "WHERE outcome IS NULL", " AND x.organization_id = " },
	{ "builds_waiting", "SELECT COUNT(*) FROM jobs x WHERE due_at IS NOT NULL", " AND x.organization_id = " },
};

static void stat_row(struct cli *c, struct json *o, struct json *rows, const char *what, const char *number)
{
	struct json *row = js_object(c->arena);

	js_put(o, what, js_read(c->arena, number));
	js_add(rows, row);
	js_put_str(c->arena, row, "what", what);
	js_put(row, "number", js_read(c->arena, number));
}

static int64_t answered(const char *dialect, const char *method, const char *route, char class)
{
	struct metric_requests got;
	int64_t n = 0;

	if (metric_requests(dialect, method, route, class, &got))
		for (int i = 0; i < METRIC_BUCKETS; i++)
			n += got.bucket[i];
	return n;
}

/* What the workers and CGI programs of this node have answered since it started. */
static void stat_requests(struct cli *c, struct json *o, struct json *rows)
{
	int64_t all = 0, failed = 0;

	if (!metric_look())
		return;
	for (char class = '1'; class <= '5'; class++)
		for (size_t i = 0; dialects[i]; i++) {
			int64_t n = answered(dialects[i]->name, "", "", class);

			EACH_ROUTE(dialects[i], row)
				n += answered(dialects[i]->name, row->method, row->path, class);
			all += n;
			failed += class == '5' ? n : 0;
		}
	stat_row(c, o, rows, "requests_of_this_node", arena_printf(c->arena, "%lld", (long long)all));
	stat_row(c, o, rows, "requests_of_this_node_5xx", arena_printf(c->arena, "%lld", (long long)failed));
}

int cmd_stats(struct cli *c)
{
	const bool one = cli_option(c, "--org");
	struct json *o = js_object(c->arena), *rows = js_array(c->arena);
	const char *hex = "";
	struct tx *tx = cli_tx(c);
	struct id org;

	if (!tx || (one && !cli_org(c, &org)))
		return CLI_FAILED;
	if (one)
		hex = arena_printf(c->arena, "X'%s'", id_spell(c->arena, "", &org));
	if (db_connect(tx->db))
		return cli_failed(c, ERR_UNAVAILABLE);
	for (size_t i = 0; i < sizeof stats / sizeof *stats; i++) {
		const char *n;

		if (one && !stats[i].where)
			continue;
		n = db_ask(tx->db, c->arena, arena_printf(c->arena, "%s%s%s", stats[i].sql, one ? stats[i].where : "", hex));
		if (!n)
			return cli_failed(c, ERR_INTERNAL);
		stat_row(c, o, rows, stats[i].what, n);
	}
	if (!one)
		stat_requests(c, o, rows);
	if (c->json)
		cli_json(o);
	else
		cli_rows(c, rows, "");
	return CLI_DONE;
}
