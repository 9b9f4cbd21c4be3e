/* dom_run.c: training runs.  A trainer elsewhere reports them; this registry records
 * what began, what came of it, and makes the version. */
#include "dom_model.h"

static void from_row(const struct db_val *v, const struct id *organization, struct run *r)
{
	*r = (struct run){
		.life = { .organization = *organization, .id = v[0].id, .state = life_state(RES_RUN, v[1].s), .revision = v[2].i },
		.model = v[3].id, .algorithm = v[4].s, .hyperparameters = v[5].s, .metrics = v[6].s, .features = v[7].s,
		.target = v[8].s, .artifacts = v[9].s, .logs = v[10].s, .reason = v[11].s, .started_by = v[12].id,
		.started_at = v[13].i, .ended_at = v[14].null ? 0 : v[14].i,
	};
}

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

	if ((e = model_lock(tx, model, &m)) || (e = life_expected(tx, &m.life)))
		return e;
	*out = (struct run){ .life = { .organization = m.life.organization }, .model = m.life.id,
		.algorithm = in->algorithm, .hyperparameters = in->hyperparameters,
		.started_by = tx->who->principal, .started_at = tx->now };
	id_new(tx->now, &out->life.id);
	if ((e = life_move(tx, LIFE_MODEL_TRAIN, &m.life, DB_NONE, about(tx, out))))
		return e;
	return life_create(tx, LIFE_RUN_CREATE, &out->life, DB_IN(db_d(&out->model), db_s(out->algorithm),
		db_s(out->hyperparameters), db_d(&out->started_by)), NULL);
}

enum err run_get(struct tx *tx, const struct id *model, const struct id *run, struct run *out)
{
	struct db_rows r;
	struct model m;
	const struct db_val *v;
	enum err e;

	if ((e = tx_read(tx, SQL_RUN_GET, DB_IN(db_d(model), db_d(run), db_d(&tx->who->organization),
		db_d(&tx->who->principal)), &r)) || (e = model_of_row(tx, db_row(&r, 0), &m)))
		return e;
	v = db_row(&r, 0) + WHO_COLUMNS + MODEL_COLUMNS;
	if (v[0].null)
		return ERR_RUN_NOT_FOUND;
	from_row(v, &m.life.organization, out);
	return OK;
}

enum err run_list(struct tx *tx, const struct id *model, struct page page, struct run **out, size_t *n, int64_t *total)
{
	const struct db_val org = db_d(&tx->who->organization), of = db_d(model);
	struct db_rows r, count;
	struct model m;
	enum err e;

	if ((e = tx_read(tx, SQL_RUN_PAGE, DB_IN(org, of, db_i(page.size), db_i((page.number - 1) * page.size), of, org,
		db_d(&tx->who->principal)), &r)) || (e = model_of_row(tx, db_row(&r, 0), &m))
	 || (e = tx_query(tx, SQL_RUN_COUNT, DB_IN(org, of), &count)))
		return e;
	*total = db_row(&count, 0)->i;
	*out = arena_alloc(tx->arena, (r.n + 1) * sizeof **out);
	*n = 0;
	for (size_t i = 0; i < r.n; i++) {
		const struct db_val *v = db_row(&r, i) + WHO_COLUMNS + MODEL_COLUMNS;

		if (!v[0].null)
			from_row(v, &m.life.organization, &(*out)[(*n)++]);
	}
	return OK;
}

/* The model, then its run: always in this order. */
static enum err lock(struct tx *tx, const struct id *model, const struct id *run, struct model *m, struct run *out)
{
	const struct db_val *v;
	enum err e;

	if ((e = model_lock(tx, model, m)))
		return e;
	e = tx_row(tx, SQL_RUN_LOCK, DB_IN(db_d(&m->life.organization), db_d(run), db_d(model)), &v);
	if (e)
		return e == ERR_DB_NONE ? ERR_RUN_NOT_FOUND : e;
	from_row(v, &m->life.organization, out);
	return life_expected(tx, &out->life);
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
	out->ended_at = tx->now;
	if ((e = life_move(tx, LIFE_RUN_COMPLETE, &out->life, DB_IN(db_s(out->algorithm), db_s(out->hyperparameters),
		db_s(out->metrics), db_s(out->features), db_s(out->target), db_s(out->artifacts), db_s(out->logs)), NULL))
	 || (e = version_add(tx, &m, out, &v)))
		return e;
	return life_move(tx, LIFE_MODEL_TRAINED, &m.life, DB_IN(db_i(v.number), db_i(v.number)), about(tx, out));
}

enum err run_fail(struct tx *tx, const struct id *model, const struct id *run, const char *reason, struct run *out)
{
	struct model m;
	struct json *details;
	enum err e;

	if ((e = lock(tx, model, run, &m, out)))
		return e;
	out->reason = reason;
	out->ended_at = tx->now;
	details = about(tx, out);
	js_put_str(tx->arena, details, "reason", reason);
	if ((e = life_move(tx, LIFE_RUN_FAIL, &out->life, DB_IN(db_s(reason)), NULL)))
		return e;
	return life_move(tx, LIFE_MODEL_TRAIN_FAIL, &m.life, DB_NONE, details);
}
