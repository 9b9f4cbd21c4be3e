/* dom_version.c: the versions of a model, numbered without gaps under its lock. */
#include "dom_model.h"
#include "clock.h"

static void from_row(const struct db_val *v, const struct model *m, struct version *out)
{
	*out = (struct version){
		.life = { m->life.organization, v[0].id, life_state(RES_VERSION, v[1].s), v[2].i },
		.model = v[3].id, .number = v[4].i, .active = v[4].i == m->active_version, .run = v[5].id,
		.algorithm = v[6].s, .hyperparameters = v[7].s, .metrics = v[8].s, .artifacts = v[9].s,
		.trained_by = v[10].id, .trained_at = v[11].null ? 0 : v[11].i,
		.training_seconds = v[12].null ? -1 : v[12].i, .created_at = v[13].i,
	};
}

enum err version_get(struct tx *tx, const struct id *model, int64_t number, struct version *out)
{
	struct db_rows r;
	struct model m;
	const struct db_val *v;
	enum err e;

	if ((e = tx_read(tx, SQL_VERSION_GET, DB_IN(db_d(model), db_i(number), db_d(&tx->who->organization),
		db_d(&tx->who->principal)), &r)) || (e = model_of_row(tx, db_row(&r, 0), &m)))
		return e;
	v = db_row(&r, 0) + WHO_COLUMNS + MODEL_COLUMNS;
	if (v[0].null)
		return ERR_VERSION_NOT_FOUND;
	from_row(v, &m, out);
	return OK;
}

enum err version_list(struct tx *tx, const struct id *model, struct page page,
	struct version **out, size_t *n, int64_t *total)
{
	const struct db_val org = db_d(&tx->who->organization), id = db_d(model);
	struct db_rows r;
	struct model m;
	enum err e;

	if ((e = tx_read(tx, SQL_VERSION_PAGE, DB_IN(id, org, id, db_i(page.size), db_i((page.number - 1) * page.size),
		org, db_d(&tx->who->principal)), &r)) || (e = model_of_row(tx, db_row(&r, 0), &m)))
		return e;
	*out = arena_alloc(tx->arena, (r.n + 1) * sizeof **out);
	*n = 0;
	for (size_t i = 0; i < r.n; i++) {
		const struct db_val *v = db_row(&r, i) + WHO_COLUMNS + MODEL_COLUMNS;

		if (!v[0].null)
			from_row(v, &m, &(*out)[(*n)++]);
	}
	*total = m.last_version;
	return OK;
}

enum err version_add(struct tx *tx, const struct model *m, const struct run *run, struct version *out)
{
	*out = (struct version){ .life = { .organization = m->life.organization }, .model = m->life.id,
		.run = run->life.id, .number = m->last_version + 1, .active = true, .algorithm = run->algorithm,
		.hyperparameters = run->hyperparameters, .metrics = run->metrics, .artifacts = run->artifacts,
		.trained_by = tx->who->principal, .trained_at = tx->now,
		.training_seconds = (tx->now - run->started_at) / SECOND, .created_at = tx->now };
	id_new(tx->now, &out->life.id);
	return life_create(tx, LIFE_VERSION_CREATE, &out->life, DB_IN(db_d(&out->model), db_i(out->number),
		db_d(&out->run), db_s(out->algorithm), db_s(out->hyperparameters), db_s(out->metrics),
		db_s(out->artifacts), db_d(&out->trained_by), db_t(out->trained_at), db_i(out->training_seconds)), NULL);
}

enum err version_restore(struct tx *tx, const struct id *model, int64_t number, struct version *out)
{
	struct json *details = js_object(tx->arena);
	const struct db_val *v;
	struct model m;
	enum err e;

	if ((e = model_lock(tx, model, &m)))
		return e;
	e = tx_row(tx, SQL_VERSION_OF, DB_IN(db_d(&m.life.organization), db_d(model), db_i(number)), &v);
	if (e)
		return e == ERR_DB_NONE ? ERR_VERSION_NOT_FOUND : e;
	from_row(v, &m, out);
	if ((e = life_expected(tx, &out->life)))
		return e;
	js_put_int(tx->arena, details, "version_number", number);
	out->active = true;
	return life_move(tx, LIFE_MODEL_RESTORE_VERSION, &m.life, DB_IN(db_i(number)), details);
}
