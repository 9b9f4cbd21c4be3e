/* dom_version.c: the versions of a model, numbered without gaps under its lock, on
 * branches: made by a training run, uploaded, or promoted from another one. */
#include "dom_kept.h"
#include <string.h>
#include "clock.h"
#include "conf.h"
#include "hash.h"
#include "str.h"

enum { ORIGINS_MOST = 8, COPIES_MOST = 20, COPIES_COUNTED = 100 };

bool version_source_known(const char *source)
{
	static const char *const known[] = { VERSION_SDK, VERSION_PROMOTED, "external", "importedContainerizedModel", NULL };

	for (size_t i = 0; source && known[i]; i++)
		if (!strcmp(known[i], source))
			return true;
	return !source;
}

bool version_requirement(const char *s)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-:/";
	static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-:/=<>!~*,|+[]\"' ";
	size_t n = strspn(s, name);

	return n && strlen(s) <= 255 && !strchr(".-:/", *s) && strspn(s + n, rest) == strlen(s + n) && !strchr("=<>!~, ", s[strlen(s) - 1]);
}

char *version_spell(struct arena *a, int64_t number)
{
	return arena_printf(a, "ver-%03lld", (long long)number);
}

int64_t version_number(struct arena *a, const char *s)
{
	const char *digits;
	int64_t n;

	if (strncmp(s, "ver-", 4))
		return 0;
	digits = s + strlen("ver-");
	while (*digits == '0' && digits[1])
		digits++;
	return parse_int(digits, 1, INT32_MAX, &n) && !strcmp(version_spell(a, n), s) ? n : 0;
}

static const struct column described[] = { VERSION_API(COL_MAP, struct version) RUN_KNOWS(COL_MAP, struct version) { ROW_END, 0 } };

/* What its model makes of it. */
static void of_model(const struct model *m, struct version *v)
{
	v->active = v->number == m->active_version;
	/* The sweep takes the files of models that were permanently deleted. */
	if (m->life.state == STATE_MODEL_RETIRED && !v->artifact_size)
		v->artifact = (struct bytes){ NULL, 0 };
}

/* The version of columns A_VERSION (sql.def), and of DESCRIBED where they are there. */
static void take(const struct db_val *v, const struct model *m, bool with_description, struct version *out)
{
	v = row_read(life_resources[RES_VERSION].seen, RES_VERSION, life_take(RES_VERSION, v, out), out);
	if (with_description)
		(void)row_read(described, RES_VERSION, v, out);
	of_model(m, out);
}

enum err version_find(struct tx *tx, const struct id *id, struct version *out)
{
	const struct column maker[] = { { ROW_d0, offsetof(struct version, created_by) }, { ROW_END, 0 } };
	const struct db_val *v;
	struct db_rows r;
	enum err e = tx_read(tx, SQL_VERSION_FIND, DB_IN(db_d(id), db_d(&tx->who->organization), db_d(&tx->who->principal)), &r);

	if (e)
		return e;
	if (!(v = row_own(db_row(&r, 0))))
		return ERR_VERSION_NOT_FOUND;
	(void)row_read(maker, RES_VERSION, life_take(RES_VERSION, v, out), out);
	return OK;
}

enum err version_get(struct tx *tx, const struct db_val *key, void *out)
{
	struct version *v = out;
	enum err e = life_read(tx, RES_VERSION, key, v);

	if (!e)
		of_model(v->life.parent, v);
	return e;
}

enum err version_described(struct tx *tx, const struct db_val *key, void *out)
{
	struct version *v = out;
	const struct db_val *rest;
	enum err e = life_read_by(tx, RES_VERSION, SQL_VERSION_BY_ID, key, 2, v, &rest);

	if (e)
		return e;
	(void)row_read(described, RES_VERSION, rest, v);
	of_model(v->life.parent, v);
	return version_source_known(v->source) ? OK : ERR_VERSION_SOURCE;
}

static const struct list_filter filters[] = { { "branch", " AND x.branch = ?", "s", 0 }, { NULL, NULL, NULL, 0 } };
static const struct list_order orders[] = { { "newest", { { "number", 'i', true, offsetof(struct version, number) } } }, { NULL, { { NULL, 0, false, 0 } } } };
static const struct list_path paths[] = {
	{ .filters = 1, .order = -1, .index = "version_branch" },
	{ .order = -1, .index = "version_number" },
};
int64_t version_count(const struct model *m)
{
	return m->last_version - m->skipped;
}

static enum err total(struct tx *tx, const struct list_ask *ask, const struct list_got *got, int64_t *out)
{
	(void)tx, (void)ask;
	*out = version_count(got->parent);
	return OK;
}

const struct listing versions_list = { .name = "VERSIONS", .of = RES_VERSION, .parent = RES_MODEL, .sees = SEES_ALL, .link = " AND x.model_id = ?",
	.filters = filters, .orders = orders, LIST_PATHS(paths), .total = total };
/* With what describes them. */
static const struct column seen_columns[] = MAP(VERSION_SEEN, struct version), version_columns[] = MAP(VERSION_COLUMNS, struct version);
const struct listing described_list = { .name = "VERSIONS_DESCRIBED", .of = RES_VERSION, .parent = RES_MODEL, .sees = SEES_ALL, .link = " AND x.model_id = ?",
	.text = A_VERSION DESCRIBED, .out = A_VERSION_OUT DESCRIBED_OUT, .joins = " " JOIN_RUN, .maps = { version_columns, seen_columns, described },
	.filters = filters, .always = 1, .orders = orders, LIST_PATHS(paths) };

enum err version_page(struct tx *tx, struct list_ask *ask, struct list_got *got)
{
	struct version *all;
	enum err e = list_read(tx, ask, got);

	all = got->rows;
	for (size_t i = 0; !e && i < got->n; i++)
		of_model(got->parent, &all[i]);
	return e;
}

/* A version of a model, whose row is locked and is moved by the caller; out is
 * filled but for what numbers it. */
static enum err add(struct tx *tx, struct model *m, int64_t number, struct version *out)
{
	life_begin(tx, &out->life);
	out->model = m->life.id;
	out->number = number;
	package_complete(tx->arena, m, out);
	kept_version(tx, m, out);
	return life_create(tx, LIFE_VERSION_CREATE, &out->life, NULL);
}

enum err version_add(struct tx *tx, struct model *m, const struct run *run, struct version *out)
{
	*out = (struct version){ .run = run->life.id, .active = true, .algorithm = run->algorithm,
		.hyperparameters = run->hyperparameters, .metrics = run->metrics, .artifacts = run->artifacts,
		.trained_by = tx->who->principal, .trained_at = tx->now,
		.training_seconds = (tx->now - run->life.created) / SECOND, .branch = BRANCH_MASTER };
	return add(tx, m, m->last_version + 1, out);
}

enum err version_append(struct tx *tx, struct model *m, enum transition t, int64_t number, struct version *out, struct json *details)
{
	const int64_t next = m->last_version + 1, it = number ? number : next;
	enum err e;

	out->active = it >= next && !strcmp(out->branch, BRANCH_MASTER);
	if (!m->target_name)
		m->target_name = package_output(tx->arena, out->model_api);
	if ((e = add(tx, m, it, out)))
		return e;
	js_put_int(tx->arena, details, "version_number", out->number);
	js_put_str(tx->arena, details, "version_rid", id_spell(tx->arena, RID_VERSION, &out->life.id));
	js_put_str(tx->arena, details, "branch", out->branch);
	m->life.now = js_object(tx->arena);
	js_put_int(tx->arena, m->life.now, "version", out->number);
	m->skipped += it < next ? -1 : it - next;
	m->last_version = it < next ? m->last_version : it;
	if (out->active)
		m->active_version = out->number;
	return life_move(tx, t, &m->life, details);
}

/* ---- Files ---- */

struct stored { int64_t there, lasts; };
enum { SPARE = 86400 };                          /* seconds: longer than a transaction, and than clocks differ */

/* Is it there, and was it used within the last day, so that no sweep deletes it for another one?  Nor does a sweep whose
 * artifact_retention was changed since these workers started, if it is two days or more. */
static enum err stored(struct tx *tx, const unsigned char *md, struct stored *out)
{
	static const struct column map[] = { { ROW_i, offsetof(struct stored, there) }, { ROW_i, offsetof(struct stored, lasts) }, { ROW_END, 0 } };
	const int64_t kept = conf.artifact_retention, since = kept && kept < 2 * SPARE ? kept - SPARE : SPARE;

	return tx_one(tx, SQL_ARTIFACT_STORED, DB_IN(db_t(tx->now - since * SECOND), db_d(&tx->who->organization), db_x(md, SHA256_BYTES)), map, out);
}

/* It is used once more: the sweep, which looks at this very row, lets it be. */
static enum err touched(struct tx *tx, const unsigned char *md, int64_t *there)
{
	int64_t n = 0;
	enum err e = db_exec(tx->db, SQL_ARTIFACT_TOUCH, DB_IN(db_t(tx->now), db_d(&tx->who->organization), db_x(md, SHA256_BYTES)), &n);

	*there = n;
	return e;
}

/* Another version uses a file that is there. */
static enum err shared(struct tx *tx, const unsigned char *md)
{
	struct stored at;
	enum err e = stored(tx, md, &at);

	if (!e && !at.lasts)
		e = touched(tx, md, &at.there);
	return e ? e : at.there ? OK : ERR_ARTIFACT_BROKEN;
}

/* What is there is not sent again, and what lasts is not locked. */
enum err artifact_put(struct tx *tx, const void *file, size_t n, unsigned char md[ARTIFACT_SUM])
{
	const struct db_val org = db_d(&tx->who->organization), sum = db_x(sha256(file, n, md), ARTIFACT_SUM);
	struct stored at;
	int64_t added = 0;
	enum err e = stored(tx, md, &at);

	if (!e && at.there && !at.lasts)
		e = touched(tx, md, &at.there);
	if (e || at.there)
		return e;
	if ((e = quota_room(tx, &tx->who->organization, QUOTA_ARTIFACT_BYTES, (int64_t)n))
	 || (e = db_exec(tx->db, SQL_ARTIFACT_ADD, DB_IN(org, sum, db_i((int64_t)n), db_x(file, n), db_t(tx->now)), &added)))
		return e;
	return added ? OK : shared(tx, md);      /* another one was faster */
}

enum err version_upload(struct tx *tx, const struct id *model, const struct version *in, const void *file, size_t n,
	struct version *out)
{
	unsigned char *md = arena_alloc(tx->arena, SHA256_BYTES);
	struct model m;
	enum err e;

	if ((e = life_lock(tx, RES_MODEL, BY_ID(model), &m)))
		return e;
	if ((int64_t)n > conf.artifact_limit)
		return ERR_TOO_LARGE;
	if ((e = artifact_put(tx, file, n, md)))
		return e;
	*out = *in;
	out->branch = in->branch ? in->branch : BRANCH_MASTER;
	out->source = VERSION_SDK;
	out->artifact = (struct bytes){ md, SHA256_BYTES };
	out->artifact_size = (int64_t)n;
	out->training_seconds = -1;
	return version_append(tx, &m, LIFE_MODEL_UPLOAD, 0, out, js_object(tx->arena));
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
	enum err e = tx_query(tx, SQL_VERSION_ANY, DB_IN(db_d(&tx->who->organization), db_d(id)), &r);

	if (e)
		return e;
	if (!r.n)
		return ERR_VERSION_NOT_FOUND;
	take(life_parent(RES_VERSION, db_row(&r, 0), m), m, true, out);
	if ((e = life_granted(tx, &m->life)))
		return e;
	return who_sees_model(tx->who, m->life.global, (int)m->life.granted) ? OK : ERR_VERSION_NOT_FOUND;
}

enum err version_copied(struct tx *tx, const struct id *id, enum transition t, struct version *out)
{
	struct model of;
	enum err e = any(tx, id, &of, out);

	if (e)
		return e;
	if (archived(&of))
		return ERR_VERSION_NOT_FOUND;
	if (!version_source_known(out->source))
		return ERR_VERSION_SOURCE;
	if ((e = life_taken(tx, t, &out->life)))
		return e;
	return out->artifact.p ? shared(tx, out->artifact.p) : OK;
}

enum err artifact_get(struct tx *tx, struct bytes sum, struct bytes *out)
{
	static const struct column content[] = { { ROW_x, 0 }, { ROW_END, 0 } };
	unsigned char md[ARTIFACT_SUM];
	enum err e = tx_one(tx, SQL_ARTIFACT_GET, DB_IN(db_d(&tx->who->organization), db_x(sum.p, sum.n)), content, out);

	if (e)
		return e == ERR_DB_NONE ? ERR_ARTIFACT_BROKEN : e;
	return sum.n != sizeof md || memcmp(sha256(out->p, out->n, md), sum.p, sizeof md) ? ERR_ARTIFACT_BROKEN : OK;
}

enum err version_file(struct tx *tx, const struct db_val *key, struct version *out, const char **bytes)
{
	struct bytes file;
	enum err e = version_get(tx, key, out);

	if (e)
		return e;
	if (!out->artifact.p)
		return ERR_ARTIFACT_NOT_FOUND;
	if ((e = artifact_get(tx, out->artifact, &file)))
		return e;
	*bytes = (const char *)file.p;
	return (int64_t)file.n == out->artifact_size ? OK : ERR_ARTIFACT_BROKEN;
}

static struct relative relative_of_row(const struct tx *tx, const struct db_val *v)
{
	static const struct column map[] = { RELATIVE_MODEL(COL_MAP, struct relative) { ROW_i0, offsetof(struct relative, granted) },
		RELATIVE_VERSION(COL_MAP, struct relative) { ROW_END, 0 } };
	struct relative o;

	(void)row_read(map, RES_MODEL, v + 1, &o);
	o.seen = who_sees_model(tx->who, o.global, (int)o.granted);
	return o;
}

static enum err origin(struct tx *tx, const struct id *version, struct relative *out)
{
	struct db_rows r;
	enum err e = tx_query(tx, SQL_VERSION_ORIGIN, DB_IN(db_d(&tx->who->principal), db_d(&tx->who->principal), db_d(&tx->who->organization), db_d(version)), &r);

	*out = !e && r.n ? relative_of_row(tx, db_row(&r, 0)) : (struct relative){ .seen = false };
	return e;
}

enum err version_lineage(struct tx *tx, const struct db_val *key, void *out)
{
	struct relative *from = arena_alloc(tx->arena, ORIGINS_MOST * sizeof *from), *to = arena_alloc(tx->arena, COPIES_MOST * sizeof *to), o;
	size_t nfrom = 0, nto = 0;
	struct lineage *l = out;
	struct version v;
	struct db_rows r;
	struct id next;
	enum err e;

	*l = (struct lineage){ .hidden = false };
	if ((e = version_get(tx, key, &v)) || (e = origin(tx, &v.life.id, &l->self)))
		return e;
	for (next = v.from_version; !id_is_zero(&next) && nfrom < ORIGINS_MOST && !l->hidden; next = o.from) {
		if ((e = origin(tx, &next, &o)))
			return e;
		l->hidden = !o.seen;
		if (o.seen)
			from[nfrom++] = o;
	}
	if ((e = tx_query(tx, SQL_VERSION_COPIES, DB_IN(db_d(&tx->who->principal), db_d(&tx->who->principal), db_d(&tx->who->organization), db_d(&v.life.id),
		db_i(COPIES_COUNTED)), &r)))
		return e;
	for (size_t i = 0; i < r.n; i++) {
		o = relative_of_row(tx, db_row(&r, i));
		if (o.seen && nto < COPIES_MOST)
			to[nto++] = o;
		else
			l->more += o.seen;
	}
	l->from = (struct list){ from, nfrom, sizeof *from };
	l->to = (struct list){ to, nto, sizeof *to };
	return OK;
}

enum err version_restore(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct json *details = js_object(tx->arena);
	struct version *v = out;
	struct model *m;
	enum err e = life_lock(tx, RES_VERSION, key, v);

	(void)in;
	if (e || (e = life_taken(tx, t, &v->life)))
		return e;
	m = v->life.parent;
	js_put_int(tx->arena, details, "version_number", v->number);
	m->active_version = v->number;
	return life_move(tx, t, &m->life, details);
}
