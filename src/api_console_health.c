/* api_console_health.c: of the console's dialect: how much of its quotas an organization uses, whether the
 * service does its work, and what its webhooks came to on each day.
 *
 * Of the installation it tells what every tenant may know: its release, and whether the services run; no
 * names of nodes, and no numbers that are those of other tenants too. */
#include "console.h"
#include "dom_service.h"
#include "dom_webhook.h"
#include "quota.h"

struct items_view { struct list items; };
#define ITEMS_AS(shape, name) { { "items", T_LIST, AT(struct items_view, items), .sub = shape }, NAMED(name) }

/* ---- Quotas ---- */

struct usage { const char *what, *setting; int64_t used, limit; };
#define USAGE_AT(field) AT(struct usage, field)
static const struct shape usage_out[] = {
	{ "of", T_STR, USAGE_AT(what), .help = "what is counted, in the plural" },
	{ "used", T_INT, USAGE_AT(used) },
	{ "limit", T_INT, USAGE_AT(limit), .flags = F_NULL | F_ZERO, .help = "null: there is none" },
	{ "setting", T_STR, USAGE_AT(setting), .help = "of the installation, that has the limit" },
	NAMED("ConsoleQuota")
};
static const struct shape usages_out[] = ITEMS_AS(usage_out, "ConsoleUsage");

static enum err usage(struct req *r)
{
	struct usage *all = arena_alloc(r->arena, QUOTA__MAX * sizeof *all);
	size_t n = 0;
	enum err e;

	if ((e = tx_settle(&r->tx)) || (e = who_may(&r->who, r->tx.ask)))
		return e;
	for (int q = QUOTA__NONE + 1; q < QUOTA__MAX; q++, n++) {
		all[n] = (struct usage){ .what = quota_rows[q].what, .setting = quota_rows[q].setting, .limit = *quota_rows[q].most };
		if ((e = quota_used(&r->tx, &r->who.organization, (enum quota)q, &all[n].used)))
			return e;
	}
	res_shape(r, 200, usages_out, &(struct items_view){ { all, n, sizeof *all } }, 0);
	return OK;
}

/* ---- Health ---- */

struct health_view { const char *release; struct waiting waiting; struct list services; };
#define HEALTH_AT(field) AT(struct health_view, field)
#define STATE_AT(field) AT(struct service_state, field)
static const struct shape service_out[] = {
	{ "name", T_STR, STATE_AT(row), .words = service_names, .help = "`deliver` numbers events and sends webhooks, `build` builds model packages, `sweep` deletes what has expired" },
	{ "status", T_STR, STATE_AT(status), .words = service_words, .help = "`idle`: it ended in order and is due again; `stopped`: it should have reported; `absent`: it has not run in the last 7 days" },
	{ "last_seen", T_TIME, STATE_AT(seen), .flags = F_NULL },
	NAMED("ConsoleService")
};
static const struct shape health_out[] = {
	{ "release", T_STR, HEALTH_AT(release) },
	{ "schema", T_INT, HEALTH_AT(waiting.schema), .help = "version of the database schema" },
	{ "services", T_LIST, HEALTH_AT(services), .sub = service_out },
	{ "events_unnumbered", T_INT, HEALTH_AT(waiting.events), .help = "of this organization, counted up to 10,000; as all that follows" },
	{ "oldest_event_seconds", T_INT, HEALTH_AT(waiting.age), .help = "how long the oldest of them has been waiting" },
	{ "deliveries_waiting", T_INT, HEALTH_AT(waiting.deliveries) },
	{ "endpoints_failing", T_INT, HEALTH_AT(waiting.failing) },
	{ "builds_waiting", T_INT, HEALTH_AT(waiting.builds) },
	NAMED("ConsoleHealth")
};

static enum err health(struct req *r)
{
	struct health_view view = { .release = PACKAGE_VERSION };
	struct service_state *all;
	enum err e;

	if ((e = tx_settle(&r->tx)) || (e = who_may(&r->who, r->tx.ask)) || (e = service_waiting(&r->tx, &r->who.organization, &view.waiting))
	    || (e = service_states(&r->tx, &all)))
		return e;
	view.services = (struct list){ all, SERVICE__MAX, sizeof *all };
	res_shape(r, 200, health_out, &view, 0);
	return OK;
}

/* ---- Webhooks by day ---- */

static const struct shape delivered_out[] = {
	{ "date", T_STR, AT(struct delivered, date) },
	{ "status", T_STR, AT(struct delivered, status), .help = "`succeeded`, `failed` or `pending`" },
	{ "count", T_INT, AT(struct delivered, count) },
	NAMED("ConsoleDelivered")
};
struct delivered_view { struct list days; bool cut; };
static const struct shape days_out[] = {
	{ "days", T_LIST, AT(struct delivered_view, days), .sub = delivered_out, .help = "deliveries of the last 30 days by the day that they were made, UTC" },
	{ "cut", T_BOOL, AT(struct delivered_view, cut), .help = "true: there are more than the newest 100,000, which are counted" },
	NAMED("ConsoleDeliveries")
};

static enum err deliveries(struct req *r)
{
	const int64_t since = r->tx.now / (86400 * SECOND) * (86400 * SECOND) - (ACTIVITY_DAYS - 1) * 86400 * SECOND;
	struct delivered_view view = { .cut = false };
	struct delivered *all;
	size_t n;
	enum err e;

	if ((e = tx_settle(&r->tx)) || (e = who_may(&r->who, r->tx.ask)) || (e = deliveries_by_day(&r->tx, since, &all, &n, &view.cut)))
		return e;
	view.days = (struct list){ all, n, sizeof *all };
	res_shape(r, 200, days_out, &view, 0);
	return OK;
}

const struct route health_routes[] = {
	{ "GET", "/console/usage", PERM_ORG_ADMIN, 0, .status = 200, .out = usages_out, .run = usage, .summary = "Get how much of each quota the organization uses" },
	{ "GET", "/console/health", PERM_ORG_ADMIN, 0, .status = 200, .out = health_out, .run = health,
	  .summary = "Get whether the services run, and what is waiting for them in the organization" },
	{ "GET", "/console/deliveries", PERM_WEBHOOK_READ, 0, .status = 200, .out = days_out, .run = deliveries, .summary = "Count webhook deliveries per day and outcome" },
	{ 0 }
};
