/* cli_source.c: where `thaw import mlflow` reads: a server of MLflow by its REST API, page by page; the lines of an
 * export; or the tables of its backend in MySQL or MariaDB.  Each gives models and versions as the API tells of them
 * (cli_import.h), and keeps a page of them in memory. */
#define _GNU_SOURCE
#include "cli_import.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "dom_send.h"
#include "str.h"

enum { ANSWER_MOST = 128 << 20, LINE_MOST = 64 << 20, TRIES = 3, PAGE = 100, SHOWN = 300 };

static const char *text_in(const struct json *o, const char *key)
{
	const char *text = js_text_of(o, key);

	return text && *text ? text : NULL;
}

/* Is the source of a version another one, as the registry knows it?  Where the files of that are is told by itself then. */
static bool is_copy(const char *source)
{
	return source && !strncmp(source, "models:/", 8) && strncmp(source, "models:/m-", 10);
}

static void give_up(struct import *m, const char *why)
{
	m->broken = true;
	if (!cli_stopping())
		cli_say("%s", why);
}

/* ---- A server ---- */

struct server {
	struct import *m;
	struct fetcher *http;
	const char *base;                        /* without a slash at its end */
	struct arena *models, *versions;         /* of a page of each */
};

static const char *basic(struct arena *a, const char *user, const char *password)
{
	const char *both = arena_printf(a, "%s:%s", user, password);

	return b64_encode(a, both, strlen(both));
}

/* As MLflow's own clients take it from the environment; NULL: none. */
static const char *authorization(struct arena *a)
{
	const char *user = getenv("MLFLOW_TRACKING_USERNAME"), *password = getenv("MLFLOW_TRACKING_PASSWORD"), *token = getenv("MLFLOW_TRACKING_TOKEN");

	if (user && *user && password && *password)
		return arena_printf(a, "Basic %s", basic(a, user, password));
	return token && *token ? arena_printf(a, "Bearer %s", token) : NULL;
}

static void rest(int64_t seconds)
{
	const struct timespec t = { seconds, 0 };

	nanosleep(&t, NULL);                     /* a signal ends it */
}

/* What the server says of its refusal. */
static const char *refusal(struct arena *a, const struct fetched *got)
{
	struct json *o = NULL;
	const char *why, *message = NULL;

	if (!js_parse_most(a, got->body, got->n, 1000, &o, &why))
		message = text_in(o, "message");
	return arena_printf(a, "the server answered %ld%s%s", got->status, message ? ": " : "", message ? utf8_cut(a, message, SHOWN) : "");
}

#define ODD "the answer is not in the form that MLflow uses"
enum fetch { FETCHED, FETCH_REFUSED, FETCH_LOST };

/* The object that is the answer; else *why.  What may pass is tried again. */
static enum fetch fetch(struct server *s, struct arena *a, const char *path, struct json **out, const char **why)
{
	const char *url = arena_printf(a, "%s/api/2.0/mlflow/%s", s->base, path);
	struct fetched got = { .status = 0 };

	for (int try = 0; try < TRIES; try++) {
		if (try)
			rest(try);
		got = fetcher_get(s->http, url, ANSWER_MOST);
		if (cli_stopping() || !(got.fault || got.status == 429 || got.status >= 500))
			break;
	}
	if (got.fault) {
		*why = arena_strdup(a, got.fault);
		return FETCH_LOST;
	}
	if (got.status != 200) {
		*why = refusal(a, &got);
		return got.status == 401 || got.status == 403 || got.status == 429 || got.status == 503 ? FETCH_LOST : FETCH_REFUSED;
	}
	if (js_parse_most(a, got.body, got.n, IMPORT_VALUES, out, why)) {
		*why = arena_printf(a, ODD ": %s", *why);
		return FETCH_REFUSED;
	}
	if (js_type(*out) != JS_OBJECT) {
		*why = ODD;
		return FETCH_REFUSED;
	}
	return FETCHED;
}

/* A page of a search, which goes on behind `token`; *token: the next one, NULL at the end. */
static enum fetch page(struct server *s, struct arena *a, const char *what, const char *filter, const char *order, const char **token, struct json **out,
	const char **why)
{
	struct buf path = { .arena = a };
	struct json *v = NULL;
	const char *next;
	enum fetch got;

	buf_printf(&path, "%s/search?max_results=%d", what, PAGE);
	buf_puts(&path, "&order_by=");
	buf_puts(&path, pct_encode(a, order));
	if (filter)
		buf_printf(&path, "&filter=%s", pct_encode(a, filter));
	if (*token)
		buf_printf(&path, "&page_token=%s", pct_encode(a, *token));
	if ((got = fetch(s, a, path.p, out, why)) != FETCHED)
		return got;
	next = text_in(*out, "next_page_token");
	*why = NULL;
	if (js_get(*out, "next_page_token", &v) && v && js_type(v) != JS_STRING)
		*why = ODD;
	else if (next && *token && !strcmp(next, *token))
		*why = "the server keeps returning the same page";
	if (*why)
		return FETCH_REFUSED;
	*token = next;
	return FETCHED;
}

/* Where the files of a copy are, which its source does not say. */
static const char *files_of(struct server *s, const char *name, const char *version)
{
	struct json *o;
	const char *why;
	const char *path = arena_printf(s->versions, "model-versions/get-download-uri?name=%s&version=%s", pct_encode(s->versions, name),
		pct_encode(s->versions, version));

	return fetch(s, s->versions, path, &o, &why) == FETCHED ? text_in(o, "artifact_uri") : NULL;
}

/* One of the list, with what the list does not say. */
static void give_version(struct server *s, struct json *version)
{
	const char *source = text_in(version, "source"), *number = text_in(version, "version"), *name = text_in(version, "name"), *files;

	if (name && strcmp(name, s->m->name))
		return;
	if (number && is_copy(source) && (files = files_of(s, s->m->name, number)))
		js_put_str(s->versions, version, "artifact_uri", files);
	(void)import_version(s->m, version);
}

/* The filter that finds the versions of a model, and perhaps those of others: its language cannot write a name with both kinds of
 * quotes, but one that is like it. */
static const char *of_model(struct arena *a, const char *name, bool prompts)
{
	const char *prompt = prompts ? " AND tag.`mlflow.prompt.is_prompt` = 'true'" : "";
	char *like;

	if (!strchr(name, '\''))
		return arena_printf(a, "name = '%s'%s", name, prompt);
	if (!strchr(name, '"'))
		return arena_printf(a, "name = \"%s\"%s", name, prompt);
	like = arena_strdup(a, name);
	for (char *p = like; (p = strpbrk(p, "'\\")); )
		*p = '_';
	return arena_printf(a, "name LIKE '%s'%s", like, prompt);
}

/* All versions of the model at hand, ascending.  False: they could not be read. */
static bool versions(struct server *s, bool prompts)
{
	struct import *m = s->m;
	const char *token = NULL, *why, *filter = of_model(s->models, m->name, prompts);
	struct json *o = NULL, *all;
	enum fetch got;

	do {
		arena_reset(s->versions);
		if ((got = page(s, s->versions, "model-versions", filter, "version_number ASC", &token, &o, &why)) != FETCHED)
			break;
		all = NULL;
		(void)js_get(o, "model_versions", &all);
		for (size_t i = 0; i < js_length(all) && !import_over(m); i++)
			give_version(s, js_at(all, i));
		token = token ? arena_strdup(s->models, token) : NULL;
	} while (token && !import_over(m));
	if (got == FETCH_LOST)
		give_up(m, why);
	else if (got != FETCHED)
		import_fault(m, IMPORT_MODELS, m->name, arena_printf(s->models, "its versions cannot be read: %s", why));
	return got == FETCHED;
}

static void models(struct server *s, bool prompts)
{
	struct import *m = s->m;
	struct arena *tokens = arena_new();
	const char *token = NULL, *why;
	struct json *o, *all;

	do {
		arena_reset(s->models);
		if (page(s, s->models, "registered-models", prompts ? "tag.`mlflow.prompt.is_prompt` = 'true'" : NULL, "name ASC", &token, &o, &why) != FETCHED) {
			give_up(m, arena_printf(s->models, "%s: %s", s->base, why));
			break;
		}
		all = NULL;
		(void)js_get(o, "registered_models", &all);
		token = token ? arena_strdup(tokens, token) : NULL;
		for (size_t i = 0; i < js_length(all) && !import_over(m); i++)
			if (import_model(m, js_at(all, i)) && versions(s, prompts) && !import_over(m))
				import_aliases(m);
	} while (token && !import_over(m));
	arena_free(tokens);
}

void import_from_server(struct import *m, const char *url)
{
	struct server s = { .m = m, .models = arena_new(), .versions = arena_new() };
	size_t n = strlen(url);

	if (strncmp(url, "http://", 7) && strncmp(url, "https://", 8))
		give_up(m, arena_printf(s.models, "`%s` is not a server address, which begins with http:// or https://", url));
	while (n && url[n - 1] == '/')
		n--;
	s.base = arena_strndup(m->c->arena, url, n);
	s.http = fetcher_new(authorization(m->c->arena), cli_stopping);
	if (!import_over(m))
		models(&s, false);
	if (!import_over(m))
		models(&s, true);
	fetcher_free(s.http);
	arena_free(s.models);
	arena_free(s.versions);
}

/* ---- Lines ---- */

static void line(struct import *m, struct arena *a, const char *text, size_t n, int64_t number)
{
	struct json *o = NULL, *all = NULL;
	const char *why = NULL;

	if (js_parse_most(a, text, n, IMPORT_VALUES, &o, &why) || js_type(o) != JS_OBJECT) {
		import_fault(m, IMPORT_MODELS, arena_printf(a, "on line %lld", (long long)number), !why ? "it is not a JSON object"
			: arena_printf(a, "it is not a JSON object: %s", why));
		return;
	}
	if (js_get(o, "versions", &all) && all && js_type(all) != JS_ARRAY) {
		import_fault(m, IMPORT_MODELS, arena_printf(a, "on line %lld", (long long)number), "its versions are not an array");
		return;
	}
	if (!import_model(m, o))
		return;
	for (size_t i = 0; i < js_length(all) && !import_over(m); i++)
		(void)import_version(m, js_at(all, i));
	if (!import_over(m))
		import_aliases(m);
}

/* The next line, without its end; false at the end of the file.  *n: how long it is, also where it is longer than is kept. */
static bool next_line(FILE *f, char *text, size_t *n)
{
	int c = EOF;

	*n = 0;
	while ((c = getc_unlocked(f)) != EOF && c != '\n' && !cli_stopping()) {
		if (*n < LINE_MOST)
			text[*n] = (char)c;
		++*n;
	}
	return *n || c != EOF;
}

void import_from_file(struct import *m, const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	char *text = f ? malloc(LINE_MOST) : NULL;
	struct arena *a = arena_new();
	size_t n;

	if (!f)
		give_up(m, arena_printf(a, "%s: %s", path, strerror(errno)));
	else if (!text)
		abort();
	for (int64_t number = 1; f && !import_over(m) && next_line(f, text, &n); number++) {
		arena_reset(a);
		if (n > LINE_MOST)
			import_fault(m, IMPORT_MODELS, arena_printf(a, "on line %lld", (long long)number), arena_printf(a, "it is longer than %d bytes", LINE_MOST));
		else if (n && !cli_stopping())
			line(m, a, text, n, number);
	}
	if (f && ferror(f))
		give_up(m, arena_printf(a, "%s: reading it failed before its end", path));
	if (f && f != stdin)
		fclose(f);
	free(text);
	arena_free(a);
}

/* ---- Tables ---- */

struct tables { struct import *m; struct db *db; bool workspaces; struct arena *models, *versions; };
struct pair { const char *key, *value; };
struct holder { const char *alias; int64_t version; };
struct model_row { const char *name, *description; int64_t created, changed; };
struct version_row { int64_t number, created, changed; const char *description, *stage, *source, *run, *run_link, *status, *files; };

/* Of all workspaces there may be, the one that a server without them has. */
#define QUERY(name, in, out, from, rest) { { name, in, out, from rest }, { name, in, out, from " AND workspace = 'default'" rest } }
static const struct query { const char *name, *in, *out, *text; } queries[][2] = {
	QUERY("models", "s", "ssii", "SELECT name, description, creation_time, last_updated_time FROM registered_models WHERE name > ?", " ORDER BY name LIMIT 100"),
	QUERY("tags", "s", "ss", "SELECT `key`, value FROM registered_model_tags WHERE name = ?", " ORDER BY `key` LIMIT 1001"),
	QUERY("aliases", "s", "si", "SELECT alias, version FROM registered_model_aliases WHERE name = ?", " ORDER BY alias LIMIT 1001"),
	QUERY("versions", "si", "iiisssssss", "SELECT version, creation_time, last_updated_time, description, current_stage, source, run_id, run_link, status, "
		"storage_location FROM model_versions WHERE name = ? AND version > ? AND COALESCE(current_stage, '') <> 'Deleted_Internal'", " ORDER BY version LIMIT 100"),
	QUERY("version tags", "si", "ss", "SELECT `key`, value FROM model_version_tags WHERE name = ? AND version = ?", " ORDER BY `key` LIMIT 1001"),
};
enum { QUERY_MODELS, QUERY_TAGS, QUERY_ALIASES, QUERY_VERSIONS, QUERY_VERSION_TAGS };

static bool ask(struct tables *t, struct arena *a, int which, const struct db_val *in, size_t n, struct db_rows *out)
{
	const struct query *q = &queries[which][t->workspaces];

	if (!db_connect(t->db) && !db_query(t->db, a, db_made(t->db, q->name, q->in, q->out, q->text), in, n, out))
		return true;
	give_up(t->m, arena_printf(a, "MLflow's database: %s", db_error(t->db)));
	return false;
}

/* The tags of a model, or of a version of it (number not 0). */
static bool tags(struct tables *t, struct arena *a, const char *name, int64_t number, struct json *o)
{
	static const struct column map[] = { { ROW_s, offsetof(struct pair, key) }, { ROW_s, offsetof(struct pair, value) }, { ROW_END, 0 } };
	struct json *list = js_array(a), *one;
	const struct pair *all;
	const struct db_val in[] = { db_s(name), db_i(number) };
	struct db_rows r;

	if (!ask(t, a, number ? QUERY_VERSION_TAGS : QUERY_TAGS, in, number ? 2 : 1, &r))
		return false;
	all = row_array(a, &r, map, sizeof *all);
	for (size_t i = 0; i < r.n; i++) {
		js_add(list, one = js_object(a));
		js_put_str(a, one, "key", all[i].key);
		js_put_str(a, one, "value", all[i].value ? all[i].value : "");
	}
	js_put(o, "tags", list);
	return true;
}

static bool holders(struct tables *t, struct arena *a, const char *name, struct json *o)
{
	static const struct column map[] = { { ROW_s, offsetof(struct holder, alias) }, { ROW_i, offsetof(struct holder, version) }, { ROW_END, 0 } };
	struct json *list = js_array(a), *one;
	const struct holder *all;
	struct db_rows r;

	if (!ask(t, a, QUERY_ALIASES, DB_IN(db_s(name)), &r))
		return false;
	all = row_array(a, &r, map, sizeof *all);
	for (size_t i = 0; i < r.n; i++) {
		js_add(list, one = js_object(a));
		js_put_str(a, one, "alias", all[i].alias);
		js_put_int(a, one, "version", all[i].version);
	}
	js_put(o, "aliases", list);
	return true;
}

static void put_times(struct arena *a, struct json *o, int64_t created, int64_t changed)
{
	js_put_int(a, o, "creation_timestamp", created);
	js_put_int(a, o, "last_updated_timestamp", changed ? changed : created);
}

static bool row_version(struct tables *t, const struct version_row *v)
{
	struct arena *a = t->versions;
	struct json *o = js_object(a);

	js_put_int(a, o, "version", v->number);
	put_times(a, o, v->created, v->changed);
	js_put_str(a, o, "description", v->description);
	js_put_str(a, o, "current_stage", v->stage);
	js_put_str(a, o, "source", v->source);
	js_put_str(a, o, "run_id", v->run);
	js_put_str(a, o, "run_link", v->run_link);
	js_put_str(a, o, "status", v->status);
	if (is_copy(v->source))
		js_put_str(a, o, "artifact_uri", v->files);
	if (!tags(t, a, t->m->name, v->number, o))
		return false;
	(void)import_version(t->m, o);
	return true;
}

static bool row_versions(struct tables *t)
{
	static const struct column map[] = { { ROW_i, offsetof(struct version_row, number) }, { ROW_i0, offsetof(struct version_row, created) },
		{ ROW_i0, offsetof(struct version_row, changed) }, { ROW_s, offsetof(struct version_row, description) }, { ROW_s, offsetof(struct version_row, stage) },
		{ ROW_s, offsetof(struct version_row, source) }, { ROW_s, offsetof(struct version_row, run) }, { ROW_s, offsetof(struct version_row, run_link) },
		{ ROW_s, offsetof(struct version_row, status) }, { ROW_s, offsetof(struct version_row, files) }, { ROW_END, 0 } };
	const struct version_row *all;
	int64_t after = 0;
	struct db_rows r;

	do {
		arena_reset(t->versions);
		if (!ask(t, t->versions, QUERY_VERSIONS, DB_IN(db_s(t->m->name), db_i(after)), &r))
			return false;
		all = row_array(t->versions, &r, map, sizeof *all);
		for (size_t i = 0; i < r.n && !import_over(t->m); i++, after = all[i - 1].number)
			if (!row_version(t, &all[i]))
				return false;
	} while (r.n && !import_over(t->m));
	return !import_over(t->m);
}

static bool row_model(struct tables *t, const struct model_row *row)
{
	struct arena *a = t->models;
	struct json *o = js_object(a);

	js_put_str(a, o, "name", row->name);
	js_put_str(a, o, "description", row->description);
	put_times(a, o, row->created, row->changed);
	if (!tags(t, a, row->name, 0, o) || !holders(t, a, row->name, o))
		return false;
	if (import_model(t->m, o) && row_versions(t))
		import_aliases(t->m);
	return !import_over(t->m);
}

static void row_models(struct tables *t)
{
	static const struct column map[] = { { ROW_s, offsetof(struct model_row, name) }, { ROW_s, offsetof(struct model_row, description) },
		{ ROW_i0, offsetof(struct model_row, created) }, { ROW_i0, offsetof(struct model_row, changed) }, { ROW_END, 0 } };
	struct arena *last = arena_new();
	const struct model_row *all;
	const char *after = "";
	struct db_rows r;

	do {
		arena_reset(t->models);
		if (!ask(t, t->models, QUERY_MODELS, DB_IN(db_s(after)), &r))
			break;
		all = row_array(t->models, &r, map, sizeof *all);
		for (size_t i = 0; i < r.n && row_model(t, &all[i]); i++)
			;
		if (r.n) {
			arena_reset(last);
			after = arena_strdup(last, all[r.n - 1].name);
		}
	} while (r.n && !import_over(t->m));
	arena_free(last);
}

void import_from_tables(struct import *m, const char *option_file)
{
	struct tables t = { .m = m, .db = cli_db(option_file, "client"), .models = arena_new(), .versions = arena_new() };
	const char *there;

	if (db_connect(t.db)) {
		give_up(m, db_error(t.db));
	} else {
		there = db_ask(t.db, t.models, "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() "
			"AND table_name = 'registered_models' AND column_name = 'workspace'");
		t.workspaces = there && !strcmp(there, "1");
		row_models(&t);
	}
	db_free(t.db);
	arena_free(t.models);
	arena_free(t.versions);
}
