/* dom_build.c: see dom_build.h.  A package file is a zip of JSON documents: what the registry tells of the
 * package, its features, its logs, and which files its model consists of.  The same package gives the same
 * bytes. */
#include "dom_build.h"
#include <string.h>
#include "clock.h"
#include "conf.h"
#include "mlpkg.h"
#include "shape.h"
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

#define V(field) AT(struct version, field)
#define DOC(key, field) { key, T_DOC, V(field), .empty = "null" }
static const struct shape package_out[] = {
	{ "formatVersion", T_LITERAL, .text = "1" },
	{ "id", T_ID, V(life.id), .prefix = "" },
	{ "registeredModelId", T_ID, V(model), .prefix = "" },
	{ "registeredModelName", T_STR, V(of.name) },
	{ "registeredModelVersion", T_INT, V(number) },
	{ "revision", T_INT, V(life.revision) },
	{ "createdAt", T_TIME, V(life.created) },
	{ "updatedAt", T_TIME, V(life.changed) },
	{ "name", T_STR, V(package.name) },
	{ "description", T_STR, V(package.description) },
	{ "stage", T_STR, V(package.stage) },
	{ "modelExecutionType", T_STR, V(package.execution) },
	{ "modelId", T_ID, V(package.source), .prefix = "" },
	{ "modelName", T_STR, V(package.model_name) },
	{ "targetName", T_STR, V(package.target_name) },
	{ "targetType", T_STR, V(package.target_type) },
	DOC("predictionThreshold", package.threshold),
	DOC("target", package.target),
	DOC("datasets", package.datasets),
	DOC("timeseries", package.timeseries),
	DOC("modelDescription", package.model_description),
	DOC("sourceMeta", package.source_meta),
	DOC("importMeta", package.import_meta),
	DOC("more", package.extra),
	{ "tags", T_DOC, V(labels), .empty = "[]" },
	{ 0 }
};
static const struct shape contents_out[] = {
	{ "allTimeSeriesPredictionIntervals", T_BOOL, AT(struct build, intervals) },
	{ 0 }
};

static const void *checksum(struct arena *a, const void *object)
{
	const struct version *v = object;
	char *hex = v->artifact.p ? arena_alloc(a, 2 * v->artifact.n + 1) : NULL;

	if (hex)
		hex_encode(v->artifact.p, v->artifact.n, hex);
	return hex;
}

static const struct shape artifacts_out[] = {
	{ "sha256", T_STR, .make = checksum },
	{ "size", T_INT, V(artifact_size) },
	{ "trainingRunId", T_ID, V(run), .prefix = "" },
	{ "algorithm", T_STR, V(algorithm) },
	DOC("artifacts", artifacts),
	DOC("hyperparameters", hyperparameters),
	DOC("metrics", metrics),
	{ 0 }
};

static struct mlpkg_file document(const char *name, const char *text)
{
	return (struct mlpkg_file){ name, text, strlen(text) };
}

static const char *rendered(struct arena *a, const struct shape *s, const void *object)
{
	return js_text(shape_render(a, s, object, TIME_MICROS), NULL);
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
		.name = b->name ? b->name : tx->who->name, .agent = b->agent, .system = true, .narrow = true, .gen = -1, .issued = tx->now };
}

enum err build_make(struct tx *tx, struct build *b, struct bytes *file, const char **reason)
{
	unsigned char *bytes = NULL;
	struct version v;
	size_t size = 0;
	enum err e;

	act(tx, b);
	if ((e = package_get(tx, BY_ID(&b->package), &v)) || (e = package_large_of(tx, &v))) {
		*reason = e == ERR_AUTH_REFUSED ? "The user who asked for it is not active any more" : definite(e) ? err_row(e)->text : NULL;
		return *reason ? OK : e;
	}
	b->series = v.package.kinds & KIND_TIME_SERIES;
	const char *features = v.package.features ? v.package.features : v.features;
	const struct mlpkg_file files[] = {
		document("package.json", rendered(tx->arena, package_out, &v)),
		document("features.json", features ? features : "[]"),
		document("logs.json", v.package.logs ? v.package.logs : "[]"),
		document("artifacts.json", rendered(tx->arena, artifacts_out, &v)),
		document("contents.json", rendered(tx->arena, contents_out, b)),
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
		return "The registered model was archived for good";
	return v->life.state == STATE_VERSION_ARCHIVED ? "The model package was archived for good" : NULL;
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

	if ((e = life_hold(tx, RES_VERSION, IN_PARENT(&b->model, db_i(b->number)), &v)))
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
	v.package.build = reason ? BUILD_FAILED : BUILD_COMPLETE;
	v.package.mlpkg = reason ? (struct bytes){ NULL, 0 } : (struct bytes){ sum, ARTIFACT_SUM };
	v.package.intervals = reason || !b->series ? -1 : b->intervals;
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
	db_want(tx->db, SQL_BUILD_END);
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
