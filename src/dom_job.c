/* dom_job.c: see dom_job.h. */
#include "dom_job.h"
#include "row.h"

enum { FOR_NOBODY, FOR_A_WORKER };

static enum err add(struct tx *tx, const char *kind, const struct id *parent, const struct id *object, bool intervals, int who, struct id *job)
{
	const struct db_val never = { .t = 't', .null = true };

	id_new(tx->now, job);
	return db_exec(tx->db, SQL_JOB_ADD, DB_IN(db_d(&tx->who->organization), db_d(job), db_s(kind), db_d(object), db_d0(parent),
		db_d0(&tx->who->principal), db_d0(&tx->who->token), db_s(tx->who->agent), db_i(intervals),
		db_s(who == FOR_A_WORKER ? NULL : "completed"), db_t(tx->now), who == FOR_A_WORKER ? never : db_t(tx->now),
		who == FOR_A_WORKER ? db_t(tx->now) : never), NULL);
}

enum err job_done_in(struct tx *tx, const char *kind, const struct id *parent, const struct id *object, struct id *job)
{
	return add(tx, kind, parent, object, false, FOR_NOBODY, job);
}

enum err job_done(struct tx *tx, const char *kind, const struct id *object, struct id *job)
{
	return job_done_in(tx, kind, &id_none, object, job);
}

enum err job_build(struct tx *tx, const struct version *v, bool intervals, struct id *job)
{
	return add(tx, JOB_PACKAGE, &v->model, &v->life.id, intervals, FOR_A_WORKER, job);
}

enum err job_rebuild(struct tx *tx, const struct id *package, struct id *job)
{
	struct json *details = js_object(tx->arena);
	struct version v;
	struct model *m;
	enum err e = package_lock(tx, (const struct db_val[2]){ db_d(package) }, &v);

	if (e || (e = tx_id(tx, SQL_JOB_OPEN, DB_IN(db_d(&tx->who->organization), db_d(package)), job)) != ERR_DB_NONE)
		return e;
	m = v.life.parent;
	v.package.build = BUILD_RUNNING;         /* the file that there is can be had until then */
	js_put_int(tx->arena, details, "version_number", v.number);
	if ((e = life_move(tx, LIFE_VERSION_BUILD, &v.life, details)) || (e = life_move(tx, LIFE_MODEL_VERSION_BUILD, &m->life, details)))
		return e;
	return job_build(tx, &v, v.package.intervals == 1, job);
}

enum err job_get(struct tx *tx, const struct id *id, struct job *out)
{
	struct found { struct job job; const char *outcome; bool begun, global; int64_t granted; } f;
	static const struct column map[] = PICK_MAP(JOB_PICK, struct found);
	enum err e = tx_read_one(tx, SQL_JOB_GET, DB_IN(db_d(id), db_d(&tx->who->organization), db_d(&tx->who->principal)), map, &f);

	if (e)
		return e == ERR_DB_NONE ? ERR_JOB_NOT_FOUND : e;
	if (!id_equal(&f.job.whose, &tx->who->principal) && !who_sees_model(tx->who, f.global, (int)f.granted))
		return ERR_JOB_NOT_FOUND;
	*out = f.job;
	out->status = f.outcome ? *f.outcome == 'c' ? JOB_COMPLETED : JOB_ERROR : f.begun ? JOB_RUNNING : JOB_INITIALIZED;
	return who_may(tx->who, tx->ask);
}
