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

enum err run_start(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct run *run = out;
	struct model m;
	enum err e;

	if ((e = life_lock(tx, RES_MODEL, key, &m)))
		return e;
	*run = *(const struct run *)in;
	run->model = m.life.id;
	life_begin(tx, &run->life);
	e = life_move(tx, t, &m.life, about(tx, run));
	return e ? e : life_create(tx, LIFE_RUN_CREATE, &run->life, NULL);
}

static const struct list_order newest[] = { { "newest", { { "id", 'd', true, 0 } } }, { NULL, { { NULL, 0, false, 0 } } } };
static const struct list_path paths[] = { { .order = -1, .index = "run_model" } };
const struct listing runs_list = { .name = "RUNS", .of = RES_RUN, .parent = RES_MODEL, .sees = SEES_ALL, .link = " AND x.model_id = ?",
	.text = ROW(RUN_BRIEF, "x"), .out = ROW_OUT(RUN_BRIEF), .maps = { brief }, .orders = newest, LIST_PATHS(paths) };

enum err run_complete(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct run *found = in;
	struct run *run = out;
	struct version v;
	struct model *m;
	enum err e;

	(void)t;
	if ((e = life_lock(tx, RES_RUN, key, run)))
		return e;
	run->algorithm = found->algorithm ? found->algorithm : run->algorithm;
	run->hyperparameters = found->hyperparameters ? found->hyperparameters : run->hyperparameters;
	run->metrics = found->metrics;
	run->features = found->features;
	run->target = found->target;
	run->artifacts = found->artifacts;
	run->logs = found->logs;
	m = run->life.parent;
	if ((e = life_move(tx, LIFE_RUN_COMPLETE, &run->life, NULL)) || (e = version_add(tx, m, run, &v)))
		return e;
	m->last_version = m->active_version = v.number;
	return life_move(tx, LIFE_MODEL_TRAINED, &m->life, about(tx, run));
}

enum err run_fail(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct json *details;
	struct run *run = out;
	enum err e;

	(void)t;
	if ((e = life_lock(tx, RES_RUN, key, run)))
		return e;
	run->reason = ((const struct run *)in)->reason;
	details = about(tx, run);
	js_put_str(tx->arena, details, "reason", run->reason);
	e = life_move(tx, LIFE_RUN_FAIL, &run->life, NULL);
	return e ? e : life_move(tx, LIFE_MODEL_TRAIN_FAIL, run->life.parent, details);
}
