/* dom_build.c: see dom_build.h.  A package file is a zip of JSON documents: what the registry tells of the
 * package, its features, its logs, and which files its model consists of.  The same package gives the same
 * bytes. */
#include "dom_build.h"
#include <string.h>
#include "clock.h"
#include "conf.h"
#include "dom_source.h"
#include "mlpkg.h"
#include "str.h"

/* ---- Leases ---- */

static enum err step(struct tx *tx, enum sql id, const struct db_val *in, size_t n, int64_t *affected)
{
	enum err e = db_ready(tx->db);

	return e ? e : db_exec(tx->db, id, in, n, affected);
}

static struct db_val lease_end(const struct tx *tx)
{
	return db_t(tx->now + BUILD_LEASE_S * SECOND);
}

enum err build_due(struct tx *tx, const unsigned char lease[LEASE], struct build *out, size_t most, size_t *n)
{
	static const struct column map[] = PICK_MAP(BUILD_PICK, struct build);
	struct db_rows r;
	enum err e = tx_query(tx, SQL_BUILD_DUE, DB_IN(db_t(tx->now), db_t(tx->now), db_x(lease, LEASE), db_i((int64_t)most)), &r);

	if (e)
		return e;
	*n = r.n;
	if (r.n)
		memcpy(out, row_array(tx->arena, &r, map, sizeof *out), r.n * sizeof *out);
	for (size_t i = 0; i < r.n; i++)
		memcpy(out[i].lease, lease, LEASE);
	return OK;
}

enum err build_take(struct tx *tx, const struct build *b, bool *mine)
{
	const struct db_val lease = db_x(b->lease, LEASE);
	int64_t affected = 0;
	enum err e = step(tx, SQL_BUILD_TAKE, DB_IN(lease, lease_end(tx), db_d(&b->organization), db_d(&b->job), db_t(tx->now), db_t(tx->now),
		lease), &affected);

	*mine = !e && affected == 1;
	return e == ERR_DB_RETRY ? OK : e;       /* somebody took it on another node of a cluster */
}

enum err build_renew(struct tx *tx, const struct build *b)
{
	int64_t affected;
	enum err e = step(tx, SQL_BUILD_RENEW, DB_IN(lease_end(tx), db_d(&b->organization), db_d(&b->job), db_x(b->lease, LEASE)), &affected);

	return e ? e : affected == 1 ? OK : ERR_DB_NONE;
}

enum err build_release(struct tx *tx, const struct build *b)
{
	int64_t affected;

	return step(tx, SQL_BUILD_RELEASE, DB_IN(db_t(tx->now + (1 + b->tries) * 10 * SECOND), db_d(&b->organization), db_d(&b->job),
		db_x(b->lease, LEASE)), &affected);
}

enum err build_waiting(struct tx *tx, int64_t *n)
{
	*n = 0;
	return tx_int(tx, SQL_BUILD_WAITING, DB_NONE, n);
}

/* ---- What is in the file ---- */

/* A document as it is kept. */
static void put_document(struct arena *a, struct json *o, const char *key, const char *text)
{
	js_put(o, key, js_raw(a, text));
}

static void put_id(struct arena *a, struct json *o, const char *key, const struct id *id)
{
	js_put_str(a, o, key, id_is_zero(id) ? NULL : id_spell(a, "", id));
}

static const char *package_text(struct arena *a, const struct version *v)
{
	const struct package *p = &v->package;
	struct json *o = js_object(a);

	js_put_int(a, o, "formatVersion", 1);
	put_id(a, o, "id", &v->life.id);
	put_id(a, o, "registeredModelId", &v->model);
	js_put_str(a, o, "registeredModelName", v->of.name);
	js_put_int(a, o, "registeredModelVersion", v->number);
	js_put_int(a, o, "revision", v->life.revision);
	js_put_str(a, o, "createdAt", clock_iso(a, v->life.created, TIME_MICROS));
	js_put_str(a, o, "updatedAt", clock_iso(a, v->life.changed, TIME_MICROS));
	js_put_str(a, o, "name", p->name);
	js_put_str(a, o, "description", p->description);
	js_put_str(a, o, "stage", p->stage);
	js_put_str(a, o, "modelExecutionType", p->execution);
	put_id(a, o, "modelId", &p->source);
	js_put_str(a, o, "modelName", p->model_name);
	js_put_str(a, o, "targetName", p->target_name);
	js_put_str(a, o, "targetType", p->target_type);
	put_document(a, o, "predictionThreshold", p->threshold);
	put_document(a, o, "target", p->target);
	put_document(a, o, "datasets", p->datasets);
	put_document(a, o, "timeseries", p->timeseries);
	put_document(a, o, "modelDescription", p->model_description);
	put_document(a, o, "sourceMeta", p->source_meta);
	put_document(a, o, "importMeta", p->import_meta);
	put_document(a, o, "more", p->extra);
	put_document(a, o, "tags", v->labels ? v->labels : "[]");
	return js_text(o, NULL);
}

static const char *artifacts_text(struct arena *a, const struct version *v)
{
	struct json *o = js_object(a);
	char *sum = v->artifact.p ? arena_alloc(a, 2 * v->artifact.n + 1) : NULL;

	if (sum)
		hex_encode(v->artifact.p, v->artifact.n, sum);
	js_put_str(a, o, "sha256", sum);
	js_put_int(a, o, "size", v->artifact_size);
	put_id(a, o, "trainingRunId", &v->run);
	js_put_str(a, o, "algorithm", v->algorithm);
	put_document(a, o, "artifacts", v->artifacts);
	put_document(a, o, "hyperparameters", v->hyperparameters);
	put_document(a, o, "metrics", v->metrics);
	return js_text(o, NULL);
}

static const char *contents_text(struct arena *a, const struct build *b)
{
	struct json *o = js_object(a);

	js_put_bool(a, o, "allTimeSeriesPredictionIntervals", b->intervals);
	return js_text(o, NULL);
}

static struct mlpkg_file document(const char *name, const char *text)
{
	return (struct mlpkg_file){ name, text, strlen(text) };
}

/* An error that would be the same the next time. */
static bool definite(enum err e)
{
	return err_row(e)->status >= 400 && err_row(e)->status < 500;
}

/* In the name of who asked for it: what they might do was asked then. */
static void act(struct tx *tx, const struct build *b)
{
	*tx->who = (struct who){ .organization = b->organization, .principal = b->whose, .caller = b->whose, .token = b->token,
		.name = b->name ? b->name : tx->who->name, .agent = b->agent, .system = true, .settled = true, .gen = -1, .issued = tx->now };
}

/* What a package is made from must still be there. */
static enum err look_for_source(struct tx *tx, const struct package *p)
{
	struct leaderboard run;

	if (!strcmp(p->execution, EXECUTION_DEDICATED))
		return leaderboard_find(tx, &p->source, &run);
	return strcmp(p->execution, EXECUTION_CUSTOM) ? OK : custom_version_there(tx, &p->source);
}

/* What of a package may change is read by one statement, its revision with it; its features and logs never do. */
enum err build_make(struct tx *tx, struct build *b, struct bytes *file, const char **reason)
{
	unsigned char *bytes = NULL;
	struct version v;
	size_t size = 0;
	enum err e;

	act(tx, b);
	if ((e = package_get(tx, BY_ID(&b->package), &v)) || (e = package_large_of(tx, &v)) || (e = look_for_source(tx, &v.package))) {
		*reason = e == ERR_AUTH_REFUSED ? "The user who requested the build is no longer active"
			: err_row(e)->class == CLASS_NOT_FOUND ? arena_printf(tx->arena, "The source of the package no longer exists: %s", err_row(e)->text)
			: definite(e) ? err_row(e)->text : NULL;
		return *reason ? OK : e;
	}
	b->series = v.package.kinds & KIND_TIME_SERIES;
	const char *features = v.package.features ? v.package.features : v.features;
	const struct mlpkg_file files[] = {
		document("package.json", package_text(tx->arena, &v)),
		document("features.json", features ? features : "[]"),
		document("logs.json", v.package.logs ? v.package.logs : "[]"),
		document("artifacts.json", artifacts_text(tx->arena, &v)),
		document("contents.json", contents_text(tx->arena, b)),
	};
	e = mlpkg_write(files, sizeof files / sizeof *files, (size_t)conf.artifact_limit, &bytes, &size);
	if (e == ERR_TOO_LARGE) {
		*reason = arena_printf(tx->arena, "The file would have more than %lld bytes (artifact_limit)", (long long)conf.artifact_limit);
		return OK;
	}
	*file = (struct bytes){ bytes, size };
	return e;
}

/* ---- What becomes of it ---- */

struct settle { struct tx *tx; const struct build *b; struct bytes file; const char *reason; bool built; };

/* Why a package, which is locked, is not to be built any more. */
static const char *gone(const struct model *m, const struct version *v)
{
	if (m->life.state == STATE_MODEL_RETIRED)
		return "The registered model has been permanently archived";
	return v->life.state == STATE_VERSION_ARCHIVED ? "The model package has been permanently archived" : NULL;
}

static enum err settle_work(void *arg)
{
	struct settle *x = arg;
	struct tx *tx = x->tx;
	const struct build *b = x->b;
	struct json *details = js_object(tx->arena);
	const char *reason = x->reason;
	unsigned char *sum = arena_alloc(tx->arena, ARTIFACT_SUM);
	struct version v;
	struct model *m;
	int64_t ended;
	enum err e;

	if ((e = package_lock(tx, (const struct db_val[2]){ db_d(&b->model), db_d(&b->package) }, &v)))
		return e;
	m = v.life.parent;
	reason = reason ? reason : gone(m, &v);
	x->built = !reason;
	if ((e = db_exec(tx->db, SQL_BUILD_END, DB_IN(db_s(reason ? "failed" : "completed"), db_s(reason), db_t(tx->now), db_d(&b->organization),
		db_d(&b->job), db_x(b->lease, LEASE)), &ended)) || !ended)
		return e ? e : ERR_DB_NONE;
	js_put_int(tx->arena, details, "version_number", v.number);
	if (reason)
		js_put_str(tx->arena, details, "reason", reason);
	else if ((e = artifact_put(tx, x->file.p, x->file.n, sum)))
		return e;
	if (!reason)
		v.package.mlpkg = (struct bytes){ sum, ARTIFACT_SUM };
	v.package.build = v.package.mlpkg.p ? BUILD_COMPLETE : BUILD_FAILED;         /* the file of before, where there was one */
	if (!reason || !v.package.mlpkg.p)
		v.package.intervals = b->intervals ? 1 : reason || !b->series ? -1 : 0;      /* also of a file that is still to be built */
	if ((e = life_move(tx, reason ? LIFE_VERSION_UNBUILT : LIFE_VERSION_BUILT, &v.life, details)) || m->life.state == STATE_MODEL_RETIRED)
		return e;
	return life_move(tx, reason ? LIFE_MODEL_VERSION_UNBUILT : LIFE_MODEL_VERSION_BUILT, &m->life, details);
}

enum err build_settle(struct tx *tx, const struct build *b, struct bytes file, const char *reason, bool *built)
{
	static const enum transition moves[] = { LIFE_VERSION_BUILT, LIFE_VERSION_UNBUILT, LIFE_MODEL_VERSION_BUILT, LIFE_MODEL_VERSION_UNBUILT };
	struct settle x = { tx, b, file, reason, false };
	enum err e;

	act(tx, b);
	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++)
		life_want(tx, moves[i]);
	db_want(tx->db, SQL_PACKAGE_PLACE);
	db_want(tx->db, SQL_PACKAGE_HELD);
	db_want(tx->db, SQL_BUILD_END);
	db_want(tx->db, SQL_ARTIFACT_STORED);
	db_want(tx->db, SQL_ARTIFACT_TOUCH);
	db_want(tx->db, SQL_ARTIFACT_ADD);
	e = tx_run(tx, settle_work, NULL, &x);
	if (!reason && definite(e)) {            /* such as a quota */
		x.reason = tx->why.text ? tx->why.text : err_row(e)->text;
		tx->deadline = 0;
		e = tx_run(tx, settle_work, NULL, &x);
	}
	*built = !e && x.built;
	return e;
}
