/* dom_run.c: training runs.  A trainer elsewhere reports them; this registry records
 * what began, what came of it, and makes the version. */
#include "dom_model.h"

static const struct column brief[] = MAP(RUN_BRIEF, struct run);

static struct json *about(struct tx *tx, const struct run *r)
{
	struct json *details = js_object(tx->arena);

	js_put_str(tx->arena, details, "job_id", id_spell(tx->arena, "", &r->life.id));
	return details;
}

enum err run_start(struct tx *tx, const struct id *model, const struct run *in, struct run *out)
{
	struct model m;
	enum err e;

	if ((e = life_lock(tx, RES_MODEL, BY_ID(model), &m)))
		return e;
	*out = (struct run){ .model = m.life.id, .algorithm = in->algorithm, .hyperparameters = in->hyperparameters };
	life_begin(tx, &out->life);
	e = life_move(tx, LIFE_MODEL_TRAIN, &m.life, about(tx, out));
	return e ? e : life_create(tx, LIFE_RUN_CREATE, &out->life, NULL);
}

enum err run_get(struct tx *tx, const struct id *model, const struct id *run, struct run *out)
{
	return life_read(tx, RES_RUN, IN_PARENT(model, db_d(run)), out);
}

static const struct list_order newest[] = { { "newest", { { "id", 'd', true } } }, { NULL, { { NULL, 0, false } } } };
static const struct list_path paths[] = { { .order = -1, .index = "run_model" } };
const struct listing runs_list = { .name = "RUNS", .of = RES_RUN, .parent = RES_MODEL, .sees = SEES_ALL, .link = " AND x.model_id = ?",
	.text = ROW(RUN_BRIEF, "x"), .out = ROW_OUT(RUN_BRIEF), .maps = { brief }, .orders = newest, .paths = paths };

enum err run_list(struct tx *tx, const struct id *model, struct page page, struct run **out, size_t *n, int64_t *total)
{
	struct list_ask ask = { .list = &runs_list, .parent = *model, .limit = page.size, .offset = (page.number - 1) * page.size, .pages = true };
	struct list_got got;
	enum err e = list_read(tx, &ask, &got);

	*out = got.rows;
	*n = got.n;
	return e || list_told(&ask, &got, total) ? e : list_count(tx, &ask, total);
}

/* The run with its model, locked. */
static enum err lock(struct tx *tx, const struct id *model, const struct id *run, struct model *m, struct run *out)
{
	enum err e = life_lock(tx, RES_RUN, IN_PARENT(model, db_d(run)), out);

	if (!e)
		*m = *(const struct model *)out->life.parent;
	return e;
}

enum err run_complete(struct tx *tx, const struct id *model, const struct id *run, const struct run *in,
	struct run *out)
{
	struct model m;
	struct version v;
	enum err e;

	if ((e = lock(tx, model, run, &m, out)))
		return e;
	out->algorithm = in->algorithm ? in->algorithm : out->algorithm;
	out->hyperparameters = in->hyperparameters ? in->hyperparameters : out->hyperparameters;
	out->metrics = in->metrics;
	out->features = in->features;
	out->target = in->target;
	out->artifacts = in->artifacts;
	out->logs = in->logs;
	if ((e = life_move(tx, LIFE_RUN_COMPLETE, &out->life, NULL)) || (e = version_add(tx, &m, out, &v)))
		return e;
	m.last_version = m.active_version = v.number;
	return life_move(tx, LIFE_MODEL_TRAINED, &m.life, about(tx, out));
}

enum err run_fail(struct tx *tx, const struct id *model, const struct id *run, const char *reason, struct run *out)
{
	struct model m;
	struct json *details;
	enum err e;

	if ((e = lock(tx, model, run, &m, out)))
		return e;
	out->reason = reason;
	details = about(tx, out);
	js_put_str(tx->arena, details, "reason", reason);
	e = life_move(tx, LIFE_RUN_FAIL, &out->life, NULL);
	return e ? e : life_move(tx, LIFE_MODEL_TRAIN_FAIL, &m.life, details);
}
