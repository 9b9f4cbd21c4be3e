/* cli_transfer.c: `thaw export org`: one organization as lines of JSON: a head, each row of each
 * of its tables in the order of their keys, and an end that counts them.  What a person or a
 * program would miss elsewhere is in it, history and files too; what is only good here (sessions,
 * codes, attempts, deliveries) is not.  All lines are of one moment. */
#include "cli_transfer.h"
#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "dom_org.h"
#include "row.h"
#include "str.h"

enum { PAGE = 200, PAGE_OF_FILES = 1 };

const char *const transfer_tables[] = {
	"organizations", "roles", "principals", "user_groups", "group_members", "folders", "models", "grants", "training_runs", "model_versions",
	"artifacts", "tags", "model_aliases", "model_holds", "run_projects", "use_cases", "custom_models", "custom_versions", "custom_files",
	"prediction_environments", "deployments", "deployment_versions", "challengers", "projects", "workspaces", "entities", "labels", "api_keys",
	"authorizations", "oauth_clients", "webhook_endpoints", "jobs", "audit_events", "outbox", "event_counters", "object_counts", NULL
};

/* ---- What a table has ---- */

static char kind_of(const char *type)
{
	static const struct { const char *type; char kind; } kinds[] = { { "bigint", 'i' }, { "int", 'i' }, { "tinyint", 'i' }, { "smallint", 'i' }, { "datetime", 't' },
		{ "binary", 'x' }, { "varbinary", 'x' }, { "longblob", 'x' }, { "char", 's' }, { "varchar", 's' }, { "text", 's' }, { "longtext", 's' } };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(type, kinds[i].type))
			return kinds[i].kind;
	return 0;
}

bool transfer_look(struct cli *c, const char *name, struct transfer_table *out)
{
	struct column_row { const char *name, *type, *set; int64_t key; };
	static const struct column map[] = PICK_MAP(TRANSFER_PICK, struct column_row);
	const struct column_row *all;
	struct db_rows r;
	enum err e = tx_query(&c->tx, SQL_TRANSFER_COLUMNS, DB_IN(db_s(name)), &r);

	*out = (struct transfer_table){ .name = name };
	if (e || !r.n || r.n > TRANSFER_COLUMNS) {
		(void)(e ? cli_failed(c, e) : cli_say("the table %s does not match this program's schema", name));
		return false;
	}
	all = row_array(c->arena, &r, map, sizeof *all);
	for (size_t i = 0; i < r.n; i++) {
		out->columns[i] = (struct transfer_column){ all[i].name, kind_of(all[i].type), all[i].set && !strcmp(all[i].set, "ascii") };
		if (!out->columns[i].kind || all[i].key > TRANSFER_KEYS + 1) {
			cli_say("the column %s of %s does not match this program's schema", all[i].name, name);
			return false;
		}
		if (all[i].key > 1) {
			out->keys[all[i].key - 2] = i;
			out->nkeys++;
		}
	}
	out->n = r.n;
	return true;
}

/* ---- Its rows ---- */

static char letter(const struct transfer_column *col)
{
	return col->kind == 's' && col->ascii ? 'a' : col->kind;
}

/* Behind a key: `k1 >= ? AND (k1 > ? OR (k1 = ? AND ...))`, which walks along the primary key.  values: which key each
 * parameter is of. */
static size_t behind(const struct transfer_table *t, struct buf *text, struct buf *in, size_t *values)
{
	size_t n = 0;

	buf_printf(text, " AND %s >= ?", t->columns[t->keys[0]].name);
	values[n++] = 0;
	for (size_t k = 0; k < t->nkeys; k++) {
		const char *name = t->columns[t->keys[k]].name;

		buf_printf(text, k + 1 < t->nkeys ? " %s (%s > ? OR (%s = ?" : " %s %s > ?", "AND", name, name);
		values[n++] = k;
		if (k + 1 < t->nkeys)
			values[n++] = k;
	}
	for (size_t k = 1; k < t->nkeys; k++)
		buf_puts(text, "))");
	for (size_t i = 0; i < n; i++)
		buf_printf(in, "%c", letter(&t->columns[t->keys[values[i]]]));
	return n;
}

static struct json *value(struct arena *a, const struct transfer_column *col, const struct db_val *v)
{
	char *hex;

	if (v->null)
		return NULL;
	switch (col->kind) {
	case 'i':
		return js_integer(a, v->i);
	case 't':
		return js_string(a, clock_iso(a, v->i, TIME_MICROS));
	case 'x':
		hex = arena_alloc(a, 2 * v->n + 1);
		hex_encode(v->s, v->n, hex);
		return js_string(a, hex);
	default:
		return js_string(a, v->s);
	}
}

static void line(struct arena *a, const struct transfer_table *t, const struct db_val *row)
{
	struct json *o = js_object(a), *r = js_object(a);

	for (size_t i = 0; i < t->n; i++)
		js_put(r, t->columns[i].name, value(a, &t->columns[i], &row[i]));
	js_put_str(a, o, "table", t->name);
	js_put(o, "row", r);
	puts(js_text(o, NULL));
}

static enum err rows(struct cli *c, const struct transfer_table *t, const struct id *org, int64_t *count)
{
	struct buf text = { .arena = c->arena }, in = { .arena = c->arena }, out = { .arena = c->arena }, order = { .arena = c->arena };
	const bool files = !strcmp(t->name, "artifacts");
	size_t values[2 * TRANSFER_KEYS], nvalues, n = 1;
	struct arena *a = arena_new(), *last = arena_new(), *swap;
	struct db_val v[2 * TRANSFER_KEYS + 2] = { db_d(org) };
	const char *first, *next, *first_in;
	enum err e = OK;

	for (size_t i = 0; i < t->n; i++) {
		buf_printf(&text, "%s%s", i ? ", " : "SELECT ", t->columns[i].name);
		buf_printf(&out, "%c", t->columns[i].kind);
	}
	buf_printf(&text, " FROM %s FORCE INDEX (PRIMARY) WHERE organization_id = ?", t->name);
	buf_puts(&in, "d");
	buf_puts(&order, " ORDER BY organization_id");
	for (size_t k = 0; k < t->nkeys; k++)
		buf_printf(&order, ", %s", t->columns[t->keys[k]].name);
	buf_printf(&order, " LIMIT %d", files ? PAGE_OF_FILES : PAGE);
	first = arena_printf(c->arena, "%s%s", text.p, order.p);
	first_in = arena_strdup(c->arena, in.p);
	nvalues = t->nkeys ? behind(t, &text, &in, values) : 0;
	next = arena_printf(c->arena, "%s%s", text.p, order.p);
	for (size_t got = 1, page = 0; !e && got && (!page || t->nkeys) && !ferror(stdout) && !cli_stopping(); page++) {
		const char *sql = page ? next : first;
		struct db_rows r;

		arena_reset(a);
		e = db_query(c->tx.db, a, db_made(c->tx.db, t->name, page ? in.p : first_in, out.p, sql), v, n, &r);
		got = e ? 0 : r.n;
		for (size_t i = 0; i < got; i++)
			line(a, t, db_row(&r, i));
		*count += (int64_t)got;
		for (size_t k = 0; got && k < nvalues; k++)
			v[k + 1] = *(db_row(&r, got - 1) + t->keys[values[k]]);
		n = 1 + nvalues;
		swap = a, a = last, last = swap;     /* the key that the next page is behind lives on */
	}
	arena_free(a);
	arena_free(last);
	return e;
}

/* ---- The command ---- */

static void ends(struct arena *a, const char *key, struct json *value)
{
	struct json *o = js_object(a);

	js_put(o, key, value);
	puts(js_text(o, NULL));
}

static struct json *head(struct cli *c, const struct id *org)
{
	struct json *o = js_object(c->arena);

	js_put_int(c->arena, o, "format", TRANSFER_FORMAT);
	js_put_str(c->arena, o, "version", PACKAGE_VERSION);
	js_put_int(c->arena, o, "schema", SCHEMA_MAX);
	js_put_str(c->arena, o, "organization", id_spell(c->arena, "org-", org));
	js_put_str(c->arena, o, "at", clock_iso(c->arena, clock_now(), TIME_MICROS));
	return o;
}

int cmd_export_org(struct cli *c)
{
	struct transfer_table *t = arena_alloc(c->arena, sizeof *t);
	struct json *counts = js_object(c->arena);
	struct id org;
	enum err e = OK;

	if (!cli_org(c, &org))
		return CLI_FAILED;
	db_bound(c->tx.db, 0);
	if (db_script(c->tx.db, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;\nSTART TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"))
		return cli_failed(c, ERR_INTERNAL);
	cli_catch();
	ends(c->arena, "thaw", head(c, &org));
	for (int i = 0; !e && transfer_tables[i] && !cli_stopping(); i++) {
		int64_t n = 0;

		if (!transfer_look(c, transfer_tables[i], t))
			return CLI_FAILED;
		e = rows(c, t, &org, &n);
		js_put_int(c->arena, counts, t->name, n);
	}
	if (e)
		return cli_failed(c, e);
	if (cli_stopping())
		return cli_say("stopped: the output is incomplete");
	ends(c->arena, "end", counts);
	return CLI_DONE;
}
