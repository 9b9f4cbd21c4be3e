/* dom_version.c: the versions of a model, numbered without gaps under its lock, on
 * branches: made by a training run, uploaded, or promoted from another one. */
#include "dom_model.h"
#include <string.h>
#include <openssl/sha.h>
#include "clock.h"
#include "conf.h"
#include "str.h"

enum { VERSION_COLUMNS = sizeof VERSION_OUT - 1, ORIGINS_MOST = 8, COPIES_MOST = 20, COPIES_COUNTED = 100 };

bool version_source_known(const char *source)
{
	static const char *const known[] = { VERSION_SDK, VERSION_PROMOTED, "external", "importedContainerizedModel", NULL };

	for (size_t i = 0; source && known[i]; i++)
		if (!strcmp(known[i], source))
			return true;
	return !source;
}

char *version_spell(struct arena *a, int64_t number)
{
	return arena_printf(a, "ver-%03lld", (long long)number);
}

int64_t version_number(struct arena *a, const char *s)
{
	const char *digits = s + 4;
	int64_t n;

	if (strncmp(s, "ver-", 4))
		return 0;
	while (*digits == '0' && digits[1])
		digits++;
	return parse_int(digits, 1, INT32_MAX, &n) && !strcmp(version_spell(a, n), s) ? n : 0;
}

static void from_row(const struct db_val *v, const struct model *m, struct version *out)
{
	/* The sweep takes the files of models that were permanently deleted. */
	const bool swept = v[19].null && m->life.state == STATE_MODEL_RETIRED;

	*out = (struct version){
		.life = { m->life.organization, v[0].id, life_state(RES_VERSION, v[1].s), v[2].i },
		.model = v[3].id, .number = v[4].i, .active = v[4].i == m->active_version, .run = v[5].id,
		.algorithm = v[6].s, .hyperparameters = v[7].s, .metrics = v[8].s, .artifacts = v[9].s,
		.trained_by = v[10].id, .trained_at = v[11].null ? 0 : v[11].i,
		.training_seconds = v[12].null ? -1 : v[12].i, .created_at = v[13].i, .branch = v[14].s, .source = v[15].s,
		.from_model = v[16].id, .from_version = v[17].id, .artifact = v[18].null || swept ? NULL : (const unsigned char *)v[18].s,
		.artifact_size = v[19].null ? 0 : v[19].i,
	};
}

/* And the columns VERSION_API behind them. */
static void described_from_row(const struct db_val *v, const struct model *m, struct version *out)
{
	from_row(v, m, out);
	v += VERSION_COLUMNS;
	out->model_api = v[0].s;
	out->conda_requirements = v[1].s;
	out->backing_repositories = v[2].s;
	out->features = v[3].s;
	out->target = v[4].s;
}

/* The one version of a row that begins with the model, seen and permitted. */
static enum err one(struct tx *tx, const struct db_rows *r, void (*fill)(const struct db_val *, const struct model *, struct version *),
	struct version *out)
{
	const struct db_val *v;
	struct model m;
	enum err e = model_of_row(tx, db_row(r, 0), &m);

	if (e)
		return e;
	v = db_row(r, 0) + WHO_COLUMNS + MODEL_COLUMNS;
	if (v[0].null)
		return ERR_VERSION_NOT_FOUND;
	fill(v, &m, out);
	return OK;
}

/* The same for many; none is none. */
static enum err many(struct tx *tx, const struct db_rows *r, void (*fill)(const struct db_val *, const struct model *, struct version *),
	struct version **out, size_t *n, struct model *m)
{
	enum err e = model_of_row(tx, db_row(r, 0), m);

	if (e)
		return e;
	*out = arena_alloc(tx->arena, (r->n + 1) * sizeof **out);
	*n = 0;
	for (size_t i = 0; i < r->n; i++) {
		const struct db_val *v = db_row(r, i) + WHO_COLUMNS + MODEL_COLUMNS;

		if (!v[0].null)
			fill(v, m, &(*out)[(*n)++]);
	}
	return OK;
}

enum err version_find(struct tx *tx, const struct id *id, struct version *out)
{
	const struct db_val *v;
	struct db_rows r;
	enum err e = tx_read(tx, SQL_VERSION_FIND, DB_IN(db_d(id), db_d(id), db_d(&tx->who->organization), db_d(&tx->who->principal)), &r);

	if (e)
		return e;
	v = db_row(&r, 0) + WHO_COLUMNS;
	if (v[0].null)
		return ERR_VERSION_NOT_FOUND;
	*out = (struct version){ .life = { tx->who->organization, v[0].id, life_state(RES_VERSION, v[2].s), v[1].i },
		.number = v[3].i, .created_at = v[4].i, .model = v[5].id, .created_by = v[6].id };
	return OK;
}

enum err version_get(struct tx *tx, const struct id *model, int64_t number, struct version *out)
{
	struct db_rows r;
	enum err e = tx_read(tx, SQL_VERSION_GET, DB_IN(db_d(model), db_i(number), db_d(&tx->who->organization),
		db_d(&tx->who->principal)), &r);

	return e ? e : one(tx, &r, from_row, out);
}

enum err version_get_by_id(struct tx *tx, const struct id *model, const struct id *id, struct version *out)
{
	struct db_rows r;
	enum err e = tx_read(tx, SQL_VERSION_BY_ID, DB_IN(db_d(model), db_d(id), db_d(&tx->who->organization),
		db_d(&tx->who->principal)), &r);

	return e ? e : one(tx, &r, described_from_row, out);
}

enum err version_list(struct tx *tx, const struct id *model, struct page page,
	struct version **out, size_t *n, int64_t *total)
{
	const struct db_val org = db_d(&tx->who->organization), id = db_d(model);
	struct db_rows r;
	struct model m;
	enum err e;

	if ((e = tx_read(tx, SQL_VERSION_PAGE, DB_IN(id, org, id, db_i(page.size), db_i((page.number - 1) * page.size),
		org, db_d(&tx->who->principal)), &r)) || (e = many(tx, &r, from_row, out, n, &m)))
		return e;
	*total = m.last_version;
	return OK;
}

enum err version_branch(struct tx *tx, const struct id *model, const char *branch, int64_t below, int64_t limit,
	struct version **out, size_t *n, bool *more)
{
	const struct db_val org = db_d(&tx->who->organization), id = db_d(model);
	struct db_rows r;
	struct model m;
	enum err e = tx_page(tx, SQL_VERSION_BRANCH, DB_IN(id, org, id, db_s(branch), db_i(below), db_i(limit + 1), org,
		db_d(&tx->who->principal)), &r);

	if (e || (e = many(tx, &r, described_from_row, out, n, &m)))
		return e;
	*more = r.cut || *n > (size_t)limit;
	*n -= *n > (size_t)limit;
	return OK;
}

/* The next version of a model, whose row is locked and is moved by the caller; out is
 * filled but for what numbers it. */
static enum err add(struct tx *tx, const struct model *m, struct version *out)
{
	out->life = (struct life){ .organization = m->life.organization };
	id_new(tx->now, &out->life.id);
	out->model = m->life.id;
	out->number = m->last_version + 1;
	out->created_at = tx->now;
	return life_create(tx, LIFE_VERSION_CREATE, &out->life, DB_IN(db_d(&out->model), db_i(out->number),
		db_d0(&out->run), db_s(out->algorithm), db_s(out->hyperparameters), db_s(out->metrics), db_s(out->artifacts),
		db_d0(&out->trained_by), out->trained_at ? db_t(out->trained_at) : (struct db_val){ .t = 't', .null = true },
		out->training_seconds < 0 ? (struct db_val){ .t = 'i', .null = true } : db_i(out->training_seconds),
		db_s(out->branch), db_s(out->source), db_s(out->model_api), db_s(out->conda_requirements),
		db_s(out->backing_repositories), db_x(out->artifact, SHA256_DIGEST_LENGTH), db_d0(&out->from_model),
		db_d0(&out->from_version)), NULL);
}

enum err version_add(struct tx *tx, const struct model *m, const struct run *run, struct version *out)
{
	*out = (struct version){ .run = run->life.id, .active = true, .algorithm = run->algorithm,
		.hyperparameters = run->hyperparameters, .metrics = run->metrics, .artifacts = run->artifacts,
		.trained_by = tx->who->principal, .trained_at = tx->now,
		.training_seconds = (tx->now - run->started_at) / SECOND, .branch = BRANCH_MASTER };
	return add(tx, m, out);
}

/* A version that no training run made becomes the newest of its branch.  The configuration
 * of a model is that of its newest version on master. */
static enum err append(struct tx *tx, struct model *m, enum transition t, enum transition training, struct version *out,
	struct json *details)
{
	enum err e;

	out->active = !strcmp(out->branch, BRANCH_MASTER);
	if ((e = add(tx, m, out)))
		return e;
	js_put_int(tx->arena, details, "version_number", out->number);
	js_put_str(tx->arena, details, "version_rid", id_spell(tx->arena, RID_VERSION, &out->life.id));
	js_put_str(tx->arena, details, "branch", out->branch);
	m->life.now = js_object(tx->arena);
	js_put_int(tx->arena, m->life.now, "version", out->number);
	return life_move(tx, m->life.state == STATE_MODEL_TRAINING ? training : t, &m->life,
		DB_IN(db_i(out->number), db_i0(out->active ? out->number : m->active_version)), details);
}

/* The file is used once more: the sweep, which looks at this very row, lets it be. */
static enum err touch(struct tx *tx, const unsigned char *md)
{
	int64_t there;
	enum err e = db_exec(tx->db, SQL_ARTIFACT_TOUCH, DB_IN(db_t(tx->now), db_d(&tx->who->organization),
		db_x(md, SHA256_DIGEST_LENGTH)), &there);

	return e ? e : there ? OK : ERR_ARTIFACT_BROKEN;
}

/* The file under its checksum; one that is there already takes no room. */
static enum err store(struct tx *tx, const unsigned char *md, const void *file, size_t n)
{
	const struct db_val org = db_d(&tx->who->organization), sum = db_x(md, SHA256_DIGEST_LENGTH), *v;
	enum err e = quota_room(tx, &tx->who->organization, QUOTA_ARTIFACT_BYTES, (int64_t)n), other;
	int64_t added;

	if (e == ERR_QUOTA && ((other = tx_row(tx, SQL_ARTIFACT_THERE, DB_IN(org, sum), &v)) || v[0].i))
		e = other;
	if (e || (e = db_exec(tx->db, SQL_ARTIFACT_ADD, DB_IN(org, sum, db_i((int64_t)n), db_x(file, n), db_t(tx->now)), &added)))
		return e;
	return added ? OK : touch(tx, md);
}

enum err version_upload(struct tx *tx, const struct id *model, const struct version *in, const void *file, size_t n,
	struct version *out)
{
	unsigned char *md = arena_alloc(tx->arena, SHA256_DIGEST_LENGTH);
	struct model m;
	enum err e;

	if ((e = model_lock(tx, model, &m)) || (e = life_expected(tx, &m.life)))
		return e;
	if ((int64_t)n > conf.artifact_limit)
		return ERR_TOO_LARGE;
	SHA256(file, n, md);
	if ((e = store(tx, md, file, n)))
		return e;
	*out = *in;
	out->source = VERSION_SDK;
	out->artifact = md;
	out->artifact_size = (int64_t)n;
	out->training_seconds = -1;
	return append(tx, &m, LIFE_MODEL_UPLOAD, LIFE_MODEL_UPLOAD_TRAINING, out, js_object(tx->arena));
}

static bool archived(const struct model *m)
{
	return m->life.state == STATE_MODEL_ARCHIVED || m->life.state == STATE_MODEL_RETIRED;
}

/* A version of whatever model of the organization; ERR_VERSION_NOT_FOUND also where its
 * model is not for the caller to see. */
static enum err any(struct tx *tx, const struct id *id, struct model *m, struct version *out)
{
	struct db_rows r;
	enum err e = tx_query(tx, SQL_VERSION_ANY, DB_IN(db_d(&tx->who->principal), db_d(&tx->who->organization), db_d(id)), &r);

	if (e)
		return e;
	if (!r.n)
		return ERR_VERSION_NOT_FOUND;
	model_of_columns(tx, db_row(&r, 0), m);
	described_from_row(db_row(&r, 0) + MODEL_COLUMNS, m, out);
	return who_sees_model(tx->who, m->global, m->granted) ? OK : ERR_VERSION_NOT_FOUND;
}

enum err version_promote(struct tx *tx, const struct id *target, const struct id *source, const char *branch,
	struct version *out)
{
	struct json *details = js_object(tx->arena);
	struct version from;
	struct model m, of;
	enum err e;

	if ((e = model_lock(tx, target, &m)) || (e = life_expected(tx, &m.life)))
		return e;
	if ((e = any(tx, source, &of, &from)))
		return e;
	if (archived(&of))
		return ERR_VERSION_NOT_FOUND;
	if (!version_source_known(from.source))
		return ERR_VERSION_SOURCE;
	if (from.artifact && (e = touch(tx, from.artifact)))
		return e;
	*out = from;
	out->branch = branch;
	out->source = VERSION_PROMOTED;
	out->from_model = from.model;
	out->from_version = from.life.id;
	js_put_str(tx->arena, details, "source_model_rid", id_spell(tx->arena, RID_MODEL, &from.model));
	js_put_str(tx->arena, details, "source_version_rid", id_spell(tx->arena, RID_VERSION, &from.life.id));
	return append(tx, &m, LIFE_MODEL_PROMOTE, LIFE_MODEL_PROMOTE_TRAINING, out, details);
}

enum err version_file(struct tx *tx, const struct id *model, int64_t number, struct version *out, const char **bytes)
{
	unsigned char md[SHA256_DIGEST_LENGTH];
	const struct db_val *v;
	struct db_rows r;
	enum err e = version_get(tx, model, number, out);

	if (e)
		return e;
	if (!out->artifact)
		return ERR_ARTIFACT_NOT_FOUND;
	if ((e = tx_query(tx, SQL_ARTIFACT_GET, DB_IN(db_d(&out->life.organization), db_x(out->artifact, sizeof md)), &r)))
		return e;
	v = r.n ? db_row(&r, 0) : NULL;
	if (!v || (int64_t)v->n != out->artifact_size || memcmp(SHA256((const unsigned char *)v->s, v->n, md), out->artifact, sizeof md))
		return ERR_ARTIFACT_BROKEN;
	*bytes = v->s;
	return OK;
}

static struct relative relative_of_row(const struct tx *tx, const struct db_val *v)
{
	return (struct relative){ .model = v[0].id, .name = v[1].s, .status = life_state(RES_MODEL, v[2].s),
		.seen = who_sees_model(tx->who, v[3].i, v[4].null ? 0 : (int)v[4].i), .version = v[5].id, .number = v[6].i,
		.created_at = v[7].i, .from = v[8].id };
}

static enum err origin(struct tx *tx, const struct id *version, struct relative *out)
{
	struct db_rows r;
	enum err e = tx_query(tx, SQL_VERSION_ORIGIN, DB_IN(db_d(&tx->who->principal), db_d(&tx->who->organization), db_d(version)), &r);

	*out = !e && r.n ? relative_of_row(tx, db_row(&r, 0)) : (struct relative){ .seen = false };
	return e;
}

enum err version_lineage(struct tx *tx, const struct id *model, int64_t number, struct lineage *out)
{
	struct relative o;
	struct version v;
	struct db_rows r;
	struct id next;
	enum err e;

	*out = (struct lineage){ .from = arena_alloc(tx->arena, ORIGINS_MOST * sizeof *out->from) };
	if ((e = version_get(tx, model, number, &v)) || (e = origin(tx, &v.life.id, &out->self)))
		return e;
	for (next = v.from_version; !id_is_zero(&next) && out->nfrom < ORIGINS_MOST && !out->hidden; next = o.from) {
		if ((e = origin(tx, &next, &o)))
			return e;
		out->hidden = !o.seen;
		if (o.seen)
			out->from[out->nfrom++] = o;
	}
	if ((e = tx_query(tx, SQL_VERSION_COPIES, DB_IN(db_d(&tx->who->principal), db_d(&tx->who->organization), db_d(&v.life.id),
		db_i(COPIES_COUNTED)), &r)))
		return e;
	out->to = arena_alloc(tx->arena, COPIES_MOST * sizeof *out->to);
	for (size_t i = 0; i < r.n; i++) {
		o = relative_of_row(tx, db_row(&r, i));
		if (o.seen && out->nto < COPIES_MOST)
			out->to[out->nto++] = o;
		else
			out->more += o.seen;
	}
	return OK;
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
