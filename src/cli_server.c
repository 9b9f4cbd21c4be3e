/* cli_server.c: what the database server has to be: its configuration, as far as no
 * session can set it (the rest is db_connect()'s), its disk, its clock, and its place in a
 * cluster. */
#include "cli_doctor.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "clock.h"
#include "conf.h"
#include "health.h"
#include "str.h"

void doctor_say(struct doctor *d, enum verdict v, const char *check, const char *text)
{
	static const char *const words[] = { "ok", "warning", "problem" };
	struct json *o = js_object(d->a);

	js_put_str(d->a, o, "result", words[v]);
	js_put_str(d->a, o, "check", check);
	js_put_str(d->a, o, "text", text);
	js_add(d->rows, o);
	d->problem |= v == PROBLEM;
}

const char *doctor_ask(struct doctor *d, const char *text)
{
	return db_connect(d->db) ? NULL : db_ask(d->db, d->a, text);
}

/* Each asks for the value that is wrong, and gets no row when it is not. */
static const struct { const char *check, *ask, *remedy; } unfit[] = {
	{ "binary log", "SHOW GLOBAL VARIABLES WHERE Variable_name = 'binlog_format' AND Value = 'STATEMENT' AND @@log_bin = 1",
	  "binlog_format is %s, which cannot log READ COMMITTED transactions: every change would be refused; set "
	  "binlog_format = ROW in the server's configuration" },
	{ "page size", "SHOW GLOBAL VARIABLES WHERE Variable_name = 'innodb_page_size' AND Value + 0 < 16384",
	  "innodb_page_size is %s: the schema needs pages of at least 16384 bytes; the size is set when the server's "
	    "data directory is created" },
	{ "storage engine", "SHOW VARIABLES WHERE Variable_name = 'enforce_storage_engine' AND Value NOT IN ('', 'InnoDB')",
	  "enforce_storage_engine is %s: the tables need InnoDB; remove the setting from the server's configuration" },
};

static const char *unfit_at(struct arena *a, struct db *db, size_t i)
{
	const char *value = db_ask(db, a, unfit[i].ask), *at = strstr(unfit[i].remedy, "%s");

	return value ? arena_printf(a, "%.*s%s%s", (int)(at - unfit[i].remedy), unfit[i].remedy, value, at + 2) : NULL;
}

const char *server_unfit(struct arena *a, struct db *db)
{
	const char *text = NULL;

	for (size_t i = 0; !text && i < sizeof unfit / sizeof *unfit; i++)
		text = unfit_at(a, db, i);
	return text;
}

static void check_unfit(struct doctor *d)
{
	const char *text;
	bool all = true;

	for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++)
		if ((text = unfit_at(d->a, d->db, i))) {
			doctor_say(d, PROBLEM, unfit[i].check, text);
			all = false;
		}
	if (all)
		doctor_say(d, FINE, "settings", "the server's configuration is suitable");
}

static void check_durability(struct doctor *d)
{
	const char *flush = doctor_ask(d, "SELECT @@innodb_flush_log_at_trx_commit");

	if (flush && !strcmp(flush, "1"))
		doctor_say(d, FINE, "durability", "a commit is on disk before it is confirmed");
	else
		doctor_say(d, PROBLEM, "durability", arena_printf(d->a, "innodb_flush_log_at_trx_commit is %s: acknowledged changes can "
			"be lost when the server dies; set it to 1 in the server's configuration", flush ? flush : "unknown"));
}

enum { PACKET_REST = 65536, ROOM_LEAST_MB = 64 };

static void check_packets(struct doctor *d)
{
	const char *packet = doctor_ask(d, "SELECT @@max_allowed_packet");
	int64_t most;

	if (packet && parse_int(packet, 0, INT64_MAX, &most) && most < conf.artifact_limit + PACKET_REST)
		doctor_say(d, PROBLEM, "packets", arena_printf(d->a, "max_allowed_packet is %s, but the file of a model version can have "
			"%lld bytes (artifact_limit): raise max_allowed_packet to at least %lld, or lower artifact_limit", packet,
			(long long)conf.artifact_limit, (long long)(conf.artifact_limit + PACKET_REST)));
	else
		doctor_say(d, FINE, "packets", "the database accepts the largest file of a model version");
}

static void check_clock(struct doctor *d)
{
	const char *time = doctor_ask(d, "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))");
	int64_t theirs, off, size;

	if (!time || !parse_int(time, 0, INT64_MAX, &theirs)) {
		doctor_say(d, PROBLEM, "clock", "the database did not return its time");
		return;
	}
	off = theirs - clock_now();
	size = off < 0 ? -off : off;
	if (size > 2 * SECOND)
		doctor_say(d, PROBLEM, "clock", arena_printf(d->a, "the database's clock is %lld seconds %s this machine's; synchronize "
			"both with one time server", (long long)(size / SECOND), off < 0 ? "behind" : "ahead of"));
	else
		doctor_say(d, FINE, "clock", arena_printf(d->a, "agrees with the database's (which is %lld ms %s)",
			(long long)(size / 1000), off < 0 ? "behind" : "ahead"));
}

/* Megabytes left where the server's files are, if that is on this machine; else -1. */
static long long room(struct doctor *d, const char **where)
{
	const char *host = doctor_ask(d, "SELECT @@hostname");
	struct statvfs fs;
	char here[256] = "";

	(void)gethostname(here, sizeof here - 1);
	*where = doctor_ask(d, "SELECT @@datadir");
	if (!host || !*where || strcmp(host, here) || statvfs(*where, &fs))
		return -1;
	return (long long)fs.f_bavail * (long long)fs.f_frsize >> 20;
}

static void check_disk(struct doctor *d)
{
	const char *where;
	long long left = room(d, &where);

	if (health_full(false))
		doctor_say(d, PROBLEM, "disk", "the database's disk is full: the last change failed for lack of space; free some, or let "
			"its files grow (this message stays until a change succeeds)");
	else if (left >= 0 && left < ROOM_LEAST_MB)
		doctor_say(d, PROBLEM, "disk", arena_printf(d->a, "only %lld MB are left for the database's files (%s), and every change "
			"needs some: free some space", left, where));
	else
		doctor_say(d, FINE, "disk", left >= 0 ? arena_printf(d->a, "%lld MB are left for the database's files", left)
			: "no change has failed for lack of space");
}

static void check_changes(struct doctor *d)
{
	if (!db_script(d->db, "UPDATE attempts SET body = body WHERE 1 = 0"))
		doctor_say(d, FINE, "changes", "are accepted");
	else
		doctor_say(d, PROBLEM, "changes", arena_printf(d->a, "are refused (%s); a read-only server serves only reads: "
			"choose another in %s, or set read_only = OFF", db_error(d->db), conf.db_option_file));
}

void doctor_server(struct doctor *d)
{
	check_unfit(d);
	check_durability(d);
	check_packets(d);
	check_clock(d);
	check_disk(d);
	check_changes(d);
}

/* --- the cluster ------------------------------------------------------------------- */

static const char *shown(struct doctor *d, const char *of, const char *name)
{
	const char *value = doctor_ask(d, arena_printf(d->a, "SHOW GLOBAL %s LIKE '%s'", of, name));

	return value ? value : "";
}

static const char *status(struct doctor *d, const char *name) { return shown(d, "STATUS", name); }
static const char *variable(struct doctor *d, const char *name) { return shown(d, "VARIABLES", name); }

/* What a node's own configuration has to say for the cluster to be one. */
static void check_node_settings(struct doctor *d)
{
	const char *format = variable(d, "binlog_format"), *lock = variable(d, "innodb_autoinc_lock_mode");
	const char *most = variable(d, "wsrep_max_ws_size");
	int64_t bytes;

	if (strcmp(format, "ROW"))
		doctor_say(d, PROBLEM, "cluster", arena_printf(d->a, "binlog_format is %s: a cluster replicates rows; set it to ROW", format));
	if (strcmp(lock, "2"))
		doctor_say(d, PROBLEM, "cluster", arena_printf(d->a, "innodb_autoinc_lock_mode is %s: appliers can deadlock; set it to 2", lock));
	if (parse_int(most, 0, INT64_MAX, &bytes) && bytes < conf.artifact_limit + PACKET_REST)
		doctor_say(d, PROBLEM, "cluster", arena_printf(d->a, "wsrep_max_ws_size is %s, less than artifact_limit (%lld bytes): "
			"raise it, or lower artifact_limit", most, (long long)conf.artifact_limit));
}

/* Is it this machine's own node, and is it well?  False: it serves nothing. */
static bool check_node(struct doctor *d)
{
	const char *node = variable(d, "wsrep_node_name"), *component = status(d, "wsrep_cluster_status");
	const char *state = status(d, "wsrep_local_state_comment"), *size = status(d, "wsrep_cluster_size");
	const char *paused = status(d, "wsrep_flow_control_paused"), *host = variable(d, "hostname");
	const char *is = arena_printf(d->a, "node %s (%s) is %s, one of %s in %s", node, variable(d, "wsrep_node_address"), state, size,
		variable(d, "wsrep_cluster_name"));
	char here[256] = "";

	(void)gethostname(here, sizeof here - 1);
	if (strcmp(component, "Primary")) {
		doctor_say(d, PROBLEM, "cluster", arena_printf(d->a, "node %s is not in the primary component (it is %s and sees %s nodes): it "
			"serves nothing until it has joined again; after losing all nodes, bootstrap one of them", node,
			component, size));
		return false;
	}
	if (strcmp(state, "Synced"))
		doctor_say(d, WARNING, "cluster", arena_printf(d->a, "%s: it lags behind until it is Synced", is));
	else if (!strcmp(size, "1") || !strcmp(size, "2"))
		doctor_say(d, WARNING, "cluster", arena_printf(d->a, "%s: the cluster stops if one more node is lost; three nodes survive that", is));
	else
		doctor_say(d, FINE, "cluster", is);
	if (strcmp(host, here))
		doctor_say(d, WARNING, "cluster", arena_printf(d->a, "the database node is on %s and this machine is %s: let the option file "
			"name the node on the same machine, otherwise all machines may depend on one node", host, here));
	if (strtod(paused, NULL) > 0.1)
		doctor_say(d, WARNING, "cluster", arena_printf(d->a, "writes have waited for a slow node for %.0f %% of the time "
			"(wsrep_flow_control_paused); run FLUSH STATUS to restart the count", strtod(paused, NULL) * 100));
	return true;
}

bool doctor_cluster(struct doctor *d)
{
	bool member = !strcmp(variable(d, "wsrep_on"), "ON") && strcmp(variable(d, "wsrep_provider"), "none");

	if (member && !conf.galera)
		doctor_say(d, PROBLEM, "cluster", "the server is a node of a cluster but galera is off: a read can miss what another node has "
			"committed; set galera = on");
	else if (!member && conf.galera)
		doctor_say(d, PROBLEM, "cluster", "galera is on but the server is not a node of a cluster (wsrep_on is not ON): start it as "
			"one, or set galera = off");
	if (!member)
		return true;
	check_node_settings(d);
	return check_node(d);
}
