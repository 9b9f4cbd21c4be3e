/* dom_service.c: see dom_service.h. */
#include "dom_service.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "clock.h"
#include "conf.h"
#include "row.h"

enum { BEAT_S = 10, NODE_MOST = 64, TABLES_SHOWN = 200 };

/* A builder says nothing while it builds one file, nor a sweep while it deletes one batch. */
const struct service_row service_rows[SERVICE__MAX] = {
	[SERVICE_DELIVER] = { "deliver", "thaw-deliver.service", 60, 3600 },
	[SERVICE_BUILD] = { "build", "thaw-build.service", 900, 3600 },
	[SERVICE_SWEEP] = { "sweep", "thaw-sweep.timer", 600, 2 * 86400 },
};

/* What may stand in a host name, of it. */
static void node_name(char out[NODE_MOST + 1])
{
	char host[256] = "";

	(void)gethostname(host, sizeof host - 1);
	snprintf(out, NODE_MOST + 1, "%.*s", NODE_MOST, *conf.node_name ? conf.node_name : host);
	for (char *p = out; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", *p))
			*p = '_';
}

bool service_due(const struct beat *b)
{
	return clock_mono() >= b->due;
}

/* What was done in this place before this process came. */
static enum err begin(struct tx *tx, struct beat *b, const char *node)
{
	const char *counts = "{}";
	enum err e = tx_text(tx, SQL_SERVICE_COUNTS, DB_IN(db_s(b->row->name), db_s(node), db_i(b->place)), &counts);

	snprintf(b->before, sizeof b->before, "%s", counts);
	return e == ERR_DB_NONE ? OK : e;
}

static const char *sum(struct tx *tx, const char *before, const struct json *done)
{
	struct json *all = js_read(tx->arena, before), *o = js_object(tx->arena), *v, *had;
	const char *name;
	void *it = NULL;

	while (js_next(done, &it, &name, &v))
		js_put_int(tx->arena, o, name, js_int(v) + (js_type(all) == JS_OBJECT && js_get(all, name, &had) ? js_int(had) : 0));
	return js_text(o, NULL);
}

void service_beat(struct tx *tx, struct beat *b, const struct json *done, bool end)
{
	char node[NODE_MOST + 1];

	b->due = clock_mono() + BEAT_S * SECOND;
	node_name(node);
	if (db_ready(tx->db) || (!b->begun && begin(tx, b, node)))
		return;
	if (!db_exec(tx->db, SQL_SERVICE_BEAT, DB_IN(db_s(b->row->name), db_s(node), db_i(b->place), db_s(PACKAGE_VERSION), db_i(end),
	    db_s(sum(tx, b->before, done)), db_i(!b->begun)), NULL))
		b->begun = true;
}

static const struct service_row *row_of(const char *name)
{
	for (int i = 0; i < SERVICE__MAX; i++)
		if (!strcmp(service_rows[i].name, name))
			return &service_rows[i];
	return NULL;
}

enum err service_list(struct tx *tx, struct service **out, size_t *n)
{
	static const struct column map[] = PICK_MAP(SERVICE_PICK, struct service);
	struct db_rows r;
	enum err e = tx_query(tx, SQL_SERVICES, DB_IN(db_i(SERVICES_SHOWN)), &r);

	*n = e ? 0 : r.n;
	*out = e ? NULL : row_array(tx->arena, &r, map, sizeof **out);
	for (size_t i = 0; i < *n; i++) {
		struct service *s = &(*out)[i];

		s->row = row_of(s->name);
		s->running = !s->ended && s->row && s->silent <= s->row->silent_s;
	}
	return e;
}

enum err service_figures(struct tx *tx, struct figures *out)
{
	static const struct column map[] = PICK_MAP(OPERATOR_PICK, struct figures);

	return tx_one(tx, SQL_OPERATOR, DB_NONE, map, out);
}

enum err service_tables(struct tx *tx, struct table_size **out, size_t *n)
{
	static const struct column map[] = PICK_MAP(TABLE_PICK, struct table_size);
	struct db_rows r;
	enum err e = tx_query(tx, SQL_TABLE_SIZES, DB_IN(db_i(TABLES_SHOWN)), &r);

	*n = e ? 0 : r.n;
	*out = e ? NULL : row_array(tx->arena, &r, map, sizeof **out);
	return e;
}

const char *const service_names[] = { "deliver", "build", "sweep", NULL }, *const service_words[] = { "running", "idle", "stopped", "absent", NULL };
enum { RUNNING, IDLE, STOPPED, ABSENT };

enum err service_states(struct tx *tx, struct service_state **out)
{
	struct service_state *all = arena_alloc(tx->arena, SERVICE__MAX * sizeof *all);
	struct service *seen;
	size_t n;
	enum err e = service_list(tx, &seen, &n);

	for (int i = 0; i < SERVICE__MAX && !e; i++) {
		int best = ABSENT;

		all[i] = (struct service_state){ .row = service_rows[i].name };
		for (size_t k = 0; k < n; k++) {
			const struct service *s = &seen[k];
			const int is = s->running ? RUNNING : s->ended && s->silent <= service_rows[i].away_s ? IDLE : STOPPED;

			if (s->row != &service_rows[i])
				continue;
			best = is < best ? is : best;
			all[i].seen = s->seen > all[i].seen ? s->seen : all[i].seen;
		}
		all[i].status = service_words[best];
	}
	*out = all;
	return e;
}

enum err service_waiting(struct tx *tx, const struct id *org, struct waiting *out)
{
	static const struct column map[] = PICK_MAP(WAITING_PICK, struct waiting);
	const struct db_val in = db_d(org);

	return tx_one(tx, SQL_WAITING, DB_IN(in, in, in, in, in), map, out);
}
