/* cli_tables.c: the tables the program is made of, and the texts derived from them. */
#include "cli.h"
#include <stdio.h>
#include <string.h>
#include "conf.h"
#include "dialects.h"
#include "life.h"
#include "lists.h"
#include "metric.h"
#include "nginxconf.h"
#include "openapi.h"
#include "str.h"

static struct json *row(struct json *rows, struct arena *a)
{
	struct json *o = js_object(a);

	js_add(rows, o);
	return o;
}

static void table_routes(struct cli *c, struct json *rows)
{
	static const struct { unsigned flag; const char *word; } flags[] = {
		{ R_WRITE, "write" }, { R_SECRET, "secret" }, { R_NO_BODY_NEEDED, "no-body-needed" },
		{ R_PREVIEW, "preview" }, { R_FILE, "file" }, { R_UNRETIRED, "unretired" }, { R_UNARCHIVED, "unarchived" },
		{ R_FORM, "form" }, { R_OWN_QUERY, "own-query" }, { R_PUBLISHABLE, "publishable" }, { R_OWN_TX, "own-tx" }, { R_PARTS, "parts" },
		{ R_UNTAGGED, "untagged" }, { R_STRICT, "strict" }, { R_LARGE, "large" }, { R_QUERY_BODY, "query-body" },
	};

	for (size_t i = 0; dialects[i]; i++) {
		EACH_ROUTE(dialects[i], r) {
			struct json *o = row(rows, c->arena);
			struct buf words = { .arena = c->arena };

			for (size_t f = 0; f < sizeof flags / sizeof *flags; f++)
				if (r->flags & flags[f].flag)
					buf_printf(&words, "%s%s", words.n ? " " : "", flags[f].word);
			js_put_str(c->arena, o, "dialect", dialects[i]->name);
			js_put_str(c->arena, o, "method", r->method);
			js_put_str(c->arena, o, "path", r->path);
			js_put_str(c->arena, o, "permission", perm_word(r->perm));
			js_put_int(c->arena, o, "tier", route_ask(r).tier);
			js_put_str(c->arena, o, "scope", *ask_scope(route_ask(r)) ? ask_scope(route_ask(r)) : NULL);
			js_put_str(c->arena, o, "flags", words.n ? words.p : NULL);
			js_put_int(c->arena, o, "status", r->status);
			js_put_str(c->arena, o, "summary", r->summary);
		}
	}
}

static void table_errors(struct cli *c, struct json *rows)
{
	for (int e = OK + 1; e < ERR__MAX; e++) {
		const struct err_row *r = err_row(e);
		struct json *o;

		if (!r->status)                  /* the database's own never leave the program */
			continue;
		o = row(rows, c->arena);
		js_put_str(c->arena, o, "name", r->name);
		js_put_int(c->arena, o, "status", r->status);
		for (size_t i = 0; dialects[i]; i++) {
			struct error_say say = error_say(dialects[i], NULL, e);

			js_put_str(c->arena, o, dialects[i]->name, say.status != r->status
				? arena_printf(c->arena, "%d %s", (int)say.status, say.code) : say.code);
		}
	}
}

static const char *states(struct arena *a, uint64_t set)
{
	struct buf words = { .arena = a };

	for (int s = STATE_NONE + 1; s < STATE__MAX; s++)
		if (set >> s & 1)
			buf_printf(&words, "%s%s", words.n ? " " : "", life_word(s));
	return words.n ? words.p : NULL;
}

static void table_transitions(struct cli *c, struct json *rows)
{
	for (int t = 0; t < LIFE__MAX; t++) {
		const struct transition_row *r = &life_transitions[t];
		struct json *o = row(rows, c->arena);

		js_put_str(c->arena, o, "resource", life_resources[r->resource].word);
		js_put_str(c->arena, o, "transition", r->name);
		js_put_str(c->arena, o, "from", states(c->arena, r->from));
		js_put_str(c->arena, o, "to", r->rule == LIFE_FIXED ? life_word(r->to) : r->rule == LIFE_SAME ? "same"
			: arena_printf(c->arena, "computed by %s", sql_rows[r->compute].name));
		js_put_str(c->arena, o, "stays", states(c->arena, life_stays[t]));
		js_put_str(c->arena, o, "takes", states(c->arena, life_takes[t]));
		js_put_str(c->arena, o, "audit", r->audit);
		js_put_str(c->arena, o, "event", r->flags & TOLD ? r->audit : NULL);
		js_put_str(c->arena, o, "read_by", life_resources[r->resource].reads ? perm_word(life_resources[r->resource].reads) : NULL);
		js_put_str(c->arena, o, "gate", r->flags & OWNER ? "owner" : r->flags & HUMAN ? "human" : NULL);
		js_put_str(c->arena, o, "agent", !(r->flags & HUMAN) ? NULL : r->flags & APPROVAL ? "asks" : "never");
	}
}

static void table_sql(struct cli *c, struct json *rows)
{
	for (int i = SQL_NONE + 1; i < SQL__MAX; i++) {
		struct json *o = row(rows, c->arena);

		js_put_str(c->arena, o, "name", sql_rows[i].name);
		js_put_str(c->arena, o, "in", sql_rows[i].in);
		js_put_str(c->arena, o, "out", sql_rows[i].out);
		js_put_str(c->arena, o, "text", sql_rows[i].text);
	}
}

static void table_lists(struct cli *c, struct json *rows)
{
	size_t n;
	const struct list_made *all = lists_made(c->arena, dialects, &n);

	for (size_t i = 0; i < n; i++) {
		const struct list_made *m = &all[i];
		struct json *o = row(rows, c->arena), *keys = js_array(c->arena);

		js_put_str(c->arena, o, "name", m->name);
		js_put_str(c->arena, o, "in", m->sql.in);
		js_put_str(c->arena, o, "out", m->sql.out);
		js_put_str(c->arena, o, "text", m->sql.text);
		js_put_str(c->arena, o, "values", m->values);
		js_put_str(c->arena, o, "list", m->list->name);
		js_put_str(c->arena, o, "table", list_table(m->list));
		js_put_bool(c->arena, o, "count", m->count);
		js_put_bool(c->arena, o, "next", m->next);
		js_put(o, "filters", js_integer(c->arena, (int64_t)m->ask.n));
		for (size_t k = 0; k < LIST_KEYS && m->list->orders[m->ask.order].keys[k].column; k++)
			js_add(keys, js_string(c->arena, m->list->orders[m->ask.order].keys[k].column));
		js_put(o, "keys", keys);
	}
}

static void table_config(struct cli *c, struct json *rows)
{
	conf.log_file = c->log_file;
	for (const struct conf_row *r = conf_rows; r->name; r++) {
		const char *at = (const char *)&conf + r->off;
		struct json *o = row(rows, c->arena);
		const char *s;
		int64_t i;
		bool b;

		js_put_str(c->arena, o, "name", r->name);
		js_put_str(c->arena, o, "type", r->type);
		js_put_str(c->arena, o, "default", r->def);
		if (conf_number(r)) {
			memcpy(&i, at, sizeof i);
			js_put_str(c->arena, o, "value", arena_printf(c->arena, "%lld", (long long)i));
		} else if (!strcmp(r->type, "BOOL")) {
			memcpy(&b, at, sizeof b);
			js_put_str(c->arena, o, "value", b ? "on" : "off");
		} else {
			memcpy(&s, at, sizeof s);
			js_put_str(c->arena, o, "value", s);
		}
		js_put_str(c->arena, o, "help", r->help);
	}
}

static void table_retention(struct cli *c, struct json *rows)
{
	static const struct { const char *table, *rule, *by; } kept[] = {
#define KEEP(table, rule, by) { #table, #rule, by },
#include "keep.def"
#undef KEEP
	};

	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		struct json *o = row(rows, c->arena);

		js_put_str(c->arena, o, "table", kept[i].table);
		js_put_str(c->arena, o, "rows", kept[i].rule);
		js_put_str(c->arena, o, "by", kept[i].by);
	}
}

static void table_metrics(struct cli *c, struct json *rows)
{
	for (int m = 0; m < METRIC__MAX; m++) {
		const struct metric_row *r = &metric_rows[m];
		struct json *o = row(rows, c->arena);

		js_put_str(c->arena, o, "name", r->name);
		js_put_str(c->arena, o, "type", metric_types[r->type]);
		js_put_str(c->arena, o, "labels", *r->labels ? r->labels : NULL);
		js_put_str(c->arena, o, "values", r->values);
		js_put_str(c->arena, o, "help", r->help);
	}
}

int cmd_tables(struct cli *c)
{
	static const struct { const char *name; void (*fill)(struct cli *c, struct json *rows); } tables[] = {
		{ "routes", table_routes }, { "errors", table_errors }, { "transitions", table_transitions },
		{ "sql", table_sql }, { "lists", table_lists }, { "config", table_config },
		{ "retention", table_retention }, { "metrics", table_metrics },
	};
	struct json *rows = js_array(c->arena);

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		if (strcmp(tables[i].name, c->args[0]))
			continue;
		if (tables[i].fill == table_config && c->conf_error)
			return cli_say("%s", c->conf_error);
		tables[i].fill(c, rows);
	}
	cli_tabs(c, rows);
	return CLI_DONE;
}

int cmd_openapi(struct cli *c)
{
	const char *api = cli_option(c, "--api");
	struct json *doc = openapi_document(c->arena, dialects, api);
	struct buf names = { .arena = c->arena };

	if (!doc) {
		for (size_t i = 0; dialects[i]; i++)
			buf_printf(&names, "%s%s", i ? ", " : "", dialects[i]->name);
		return cli_say("unknown API `%s`; known: %s", api, names.p);
	}
	cli_json(doc);
	return CLI_DONE;
}

int cmd_nginx_errors(struct cli *c)
{
	const char *text = nginx_errors(c->arena, dialects, !strcmp(c->args[0], "server"));

	if (c->json)
		cli_json(js_string(c->arena, text));
	else
		fputs(text, stdout);
	return CLI_DONE;
}

int cmd_version(struct cli *c)
{
	struct json *o = js_object(c->arena);

	js_put_str(c->arena, o, "version", PACKAGE_VERSION);
	cli_result(c, o, "thaw " PACKAGE_VERSION);
	return CLI_DONE;
}
