/* cli_items.c: a model, a version, an alias of an MLflow, as its API tells of them: looked at, mirrored by the domain where
 * something differs, each in a transaction of its own; and said what became of it. */
#include "cli_import.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "clock.h"
#include "dom_mirror.h"
#include "dom_tag.h"
#include "mlflow.h"
#include "str.h"

/* Of a version: there are numbers behind it. */
enum { IMPORT_NUMBER_MOST = 1000000000 };

enum { FAILED_KEPT = 1000, SHOWN = 300, MS = 1000 };

/* ---- What is told of it ---- */

static const char *const kinds[] = { "model", "version", "alias" };

bool import_over(const struct import *m)
{
	return m->broken || cli_stopping();
}

/* Where the lines go elsewhere, somebody may wait for the end. */
static void progress(struct import *m)
{
	const struct import_count *k = m->counts;
	const int64_t now = clock_mono();
	long long n[IMPORT_KINDS];

	if (isatty(STDOUT_FILENO) || now - m->told < SECOND)
		return;
	for (int i = 0; i < IMPORT_KINDS; i++)
		n[i] = k[i].made + k[i].changed + k[i].same + k[i].failed;
	m->told = now;
	fprintf(stderr, "thaw: %lld models, %lld versions, %lld aliases so far\n", n[IMPORT_MODELS], n[IMPORT_VERSIONS], n[IMPORT_ALIASES]);
}

void import_fault(struct import *m, enum import_kind kind, const char *name, const char *reason)
{
	const char *shown = utf8_cut(m->unit, reason, SHOWN);
	struct json *o;

	m->counts[kind].failed++;
	if (!m->c->json)
		cli_line(arena_printf(m->unit, "%s %s: refused: %s", kinds[kind], name, shown));
	if (js_length(m->failed) >= FAILED_KEPT)
		return;
	js_add(m->failed, o = js_object(m->c->arena));
	js_put_str(m->c->arena, o, "item", kinds[kind]);
	js_put_str(m->c->arena, o, "name", name);
	js_put_str(m->c->arena, o, "reason", shown);
}

static const char *reason(const struct import *m, enum err e)
{
	const struct tx *tx = &m->c->tx;
	const struct why_item *w = tx->why.n ? &tx->why.items[0] : NULL;

	if (e == ERR_MODEL_NAME_TAKEN)
		return w ? "one with this name exists and is archived" : "one with this name exists and the user cannot see it";
	if (e == ERR_PACKAGE_ARCHIVED)
		return "it was deleted here";
	if (e == ERR_SHAPE && w)
		return w->kind == WHY_SAID ? w->reason : arena_printf(m->unit, "%s %s", w->field, w->reason);
	return tx->why.text ? tx->why.text : err_row(e)->text;
}

/* Whatever item comes next would fail as well. */
static bool hopeless(enum err e)
{
	switch (e) {
	case ERR_UNAVAILABLE: case ERR_SCHEMA: case ERR_DB_LOST: case ERR_INTERNAL: case ERR_DISK_FULL: case ERR_READ_ONLY: case ERR_OUTCOME_UNKNOWN:
	case ERR_AUTH_REFUSED: case ERR_FORBIDDEN:
		return true;
	default:
		return false;
	}
}

static const char *words(struct arena *a, const struct json *what)
{
	struct buf b = { .arena = a };

	buf_puts(&b, "");
	for (size_t i = 0; i < js_length(what); i++)
		buf_printf(&b, "%s%s", i ? ", " : "", js_str(js_at(what, i)));
	return utf8_cut(a, b.p, SHOWN);
}

/* One item is done.  gone: it is one that was taken away. */
static bool done(struct import *m, enum import_kind kind, const char *name, enum err e, const struct mirrored *out, bool gone)
{
	struct import_count *n = &m->counts[kind];
	const char *would = m->dry ? "would be " : "", *what;

	if (e && hopeless(e)) {
		m->broken = true;
		cli_failed(m->c, e);
		return false;
	}
	if (e) {
		import_fault(m, kind, name, reason(m, e));
	} else {
		++*(out->end == MIRROR_SAME ? &n->same : out->end == MIRROR_MADE ? &n->made : &n->changed);
		what = words(m->unit, out->what);
		if (m->c->json)
			;
		else if (out->end == MIRROR_SAME)
			cli_line(arena_printf(m->unit, "%s %s: unchanged", kinds[kind], name));
		else
			cli_line(arena_printf(m->unit, "%s %s: %s%s%s%s", kinds[kind], name, would, gone ? "removed" : out->end == MIRROR_MADE ? "created" : "changed",
				*what ? ": " : "", what));
	}
	progress(m);
	return !e;
}

/* ---- One item ---- */

typedef enum err mirror_fn(struct tx *tx, const struct mirror *in, struct mirrored *out);
struct work { struct tx *tx; mirror_fn *fn; const struct mirror *in; struct mirrored out; };

static enum err work_one(void *arg)
{
	struct work *w = arg;

	return w->fn(w->tx, w->in, &w->out);
}

/* A look first, which is all where nothing differs. */
static enum err one(struct import *m, mirror_fn *fn, const struct mirror *in, struct mirrored *out)
{
	struct work w = { .tx = &m->c->tx, .fn = fn, .in = in };
	enum err e = fn(w.tx, in, out);

	if (e || m->dry || out->end == MIRROR_SAME)
		return e;
	e = cli_write(m->c, work_one, &w);
	*out = w.out;
	return e;
}

struct tx *import_unit(struct import *m)
{
	struct tx *tx = cli_unit(m->c, m->unit);

	*tx->who = m->who;
	tx->ask = (struct ask){ .perm = PERM_MODEL_WRITE };
	tx->why = (struct why){ 0 };
	tx->user_agent = "thaw import mlflow";
	return tx;
}

/* ---- What MLflow tells ---- */

/* Beside what its API takes. */
struct told { struct mirror m; const char *readiness; int64_t created, changed; };
#define TOLD_AT(field) AT(struct told, field)
#define TIME_ROW(key, field) { key, T_INT, TOLD_AT(field), .min = 0, .max = CLOCK_LAST / MS }
static const struct shape model_more[] = { TIME_ROW("creation_timestamp", created), TIME_ROW("last_updated_timestamp", changed), { 0 } };
static const struct shape version_more[] = {
	TIME_ROW("creation_timestamp", created),
	TIME_ROW("last_updated_timestamp", changed),
	{ "version", T_STR, TOLD_AT(m.in.version), .flags = F_REQUIRED | F_NUMERAL },
	{ "current_stage", T_STR, TOLD_AT(m.in.stage), .fault = mlflow_stage_fault },
	{ "artifact_uri", T_STR, TOLD_AT(m.in.download), .max = 4096 },
	{ "status", T_STR, TOLD_AT(readiness) },
	{ 0 }
};

/* By rows, the members that are told: no null, no empty text; times may be texts. */
static enum err take(struct tx *tx, const struct shape *rows, const struct json *from, const char *name, void *out)
{
	struct json *in = js_object(tx->arena), *v;
	int64_t number;

	for (const struct shape *row = rows; row->key; row++) {
		if (!js_get(from, row->key, &v) || !v || (js_type(v) == JS_STRING && !*js_str(v)))
			continue;
		if (row->type == T_INT && js_type(v) == JS_STRING && parse_int(js_str(v), INT64_MIN, INT64_MAX, &number))
			v = js_integer(tx->arena, number);
		js_put(in, row->key, v);
	}
	if (name)
		js_put_str(tx->arena, in, "name", name);
	return shape_decode(tx, rows, in, out);
}

static struct said times(const struct told *t)
{
	return (struct said){ t->created * MS, (t->changed ? t->changed : t->created) * MS };
}

bool import_model(struct import *m, const struct json *model)
{
	struct tx *tx = import_unit(m);
	struct told t = { .created = 0 };
	struct mirrored out;
	enum err e;

	m->model = model;
	m->name = js_text_of(model, "name");
	if ((e = take(tx, mlflow_model_in, model, NULL, &t.m.in)) || (e = take(tx, model_more, model, NULL, &t)))
		return done(m, IMPORT_MODELS, m->name ? m->name : "without a name", e, NULL, false);
	m->said = t.m.said = times(&t);
	e = one(m, mirror_model, &t.m, &out);
	m->unmade = !e && m->dry && out.end == MIRROR_MADE;
	return done(m, IMPORT_MODELS, m->name, e, &out, false);
}

/* What it is of is not there in a dry run: what it says is all that can be looked at. */
static enum err unmade(struct tx *tx, const struct mirror *in, struct mirrored *out)
{
	*out = (struct mirrored){ MIRROR_MADE, js_array(tx->arena) };
	return labels_right(tx, in->in.labels);
}

static enum err version_told(struct import *m, const struct json *version, struct told *t)
{
	struct tx *tx = &m->c->tx;
	struct named_in *in = &t->m.in;
	enum err e;

	if ((e = take(tx, mlflow_version_in, version, m->name, in)) || (e = take(tx, version_more, version, NULL, t)))
		return e;
	if (t->readiness && strcmp(t->readiness, "READY"))
		return why_said(tx, "status", arena_printf(tx->arena, "its status is %s, not READY", t->readiness));
	if (!named_number(in->version, &in->number) || in->number == NUMBER_NONE || in->number > IMPORT_NUMBER_MOST)
		return why_said(tx, "version", arena_printf(tx->arena, "its number must be from 1 to %d", IMPORT_NUMBER_MOST));
	in->version = arena_printf(tx->arena, "%lld", (long long)in->number);
	if (!in->download)
		in->download = in->source;
	t->m.said = times(t);
	t->m.of_model = m->said;
	return OK;
}

bool import_version(struct import *m, const struct json *version)
{
	struct tx *tx = import_unit(m);
	struct told t = { .created = 0 };
	struct json *number = NULL;
	struct mirrored out;
	enum err e = version_told(m, version, &t);

	(void)js_get(version, "version", &number);
	if (!e)
		e = one(m, m->unmade ? unmade : mirror_version, &t.m, &out);
	return done(m, IMPORT_VERSIONS, arena_printf(tx->arena, "%s/%s", m->name, t.m.in.version ? t.m.in.version : js_type(number) == JS_STRING ? js_str(number) : "?"),
		e, &out, false);
}

static void alias(struct import *m, const struct json *told)
{
	struct tx *tx = import_unit(m);
	struct mirror in = { .said = { 0, 0 } };
	struct mirrored out;
	struct json *word = NULL;
	enum err e = take(tx, mlflow_alias_in, told, m->name, &in.in);

	(void)js_get(told, "alias", &word);
	if (!e)
		e = one(m, m->unmade ? unmade : mirror_alias, &in, &out);
	if (!e && out.end != MIRROR_SAME)
		js_add(out.what, js_string(tx->arena, arena_printf(tx->arena, "version %s", in.in.version)));
	(void)done(m, IMPORT_ALIASES, arena_printf(tx->arena, "%s@%s", m->name, js_type(word) == JS_STRING ? js_str(word) : "?"), e, &out, false);
}

/* Those that are not there any more. */
static void aliases_beside(struct import *m, const struct json *these)
{
	struct tx *tx = import_unit(m);
	struct arena *a = arena_new();           /* an item ends the memory of the one before */
	const char **names = NULL, **all;
	struct mirrored out;
	size_t n;
	enum err e = mirror_aliases_beside(tx, m->name, these, &names, &n);

	if (e)
		(void)done(m, IMPORT_ALIASES, m->name, e, NULL, true);
	all = arena_alloc(a, (n + 1) * sizeof *all);
	for (size_t i = 0; i < n; i++)
		all[i] = arena_strdup(a, names[i]);
	for (size_t i = 0; i < n && !import_over(m); i++) {
		const struct mirror in = { .in = { .name = m->name, .alias = all[i] } };

		(void)import_unit(m);
		e = one(m, mirror_alias, &in, &out);
		(void)done(m, IMPORT_ALIASES, arena_printf(m->unit, "%s@%s", m->name, all[i]), e, &out, true);
	}
	arena_free(a);
}

void import_aliases(struct import *m)
{
	struct json *all = NULL;

	(void)js_get(m->model, "aliases", &all);
	for (size_t i = 0; i < js_length(all) && !import_over(m); i++)
		alias(m, js_at(all, i));
	if (!m->unmade)
		aliases_beside(m, all);
}
