/* dom_custom.c: custom models, which somebody else's code is: what they predict, and their versions with
 * the files of each.  A version is what a package is made from. */
#include "dom_source.h"
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "conf.h"
#include "str.h"

enum { FILES_MOST = 1000, PATH_MOST = 700 };

/* ---- Lists ---- */

#define AND_BY(f) (UINT64_C(1) << (f))
/* One that a principal sees, which an administrator is or not. */
#define SEEN_DEPLOYMENT "(SELECT 1 " CUSTOM_DEPLOYED("x", " AND (y.is_global = 1 OR " GRANTED("y", "?") " > 0 OR EXISTS " ADMIN ")") " LIMIT 1)"
static const struct list_filter filters[] = {
	[CUSTOM_HIDDEN] = { "hidden", " AND x.hidden = ?", "i", 0 },
	[CUSTOM_KIND] = { "kind", " AND x.kind = ?", "a", 0 },
	[CUSTOM_SEARCH] = { "search", " AND x.name_key LIKE ?", "s", LIST_LIKE },
	[CUSTOM_USED] = { "deployed", " AND (" SEEN_DEPLOYMENT " IS NOT NULL) = ?", "ddddi", 0 },
	{ NULL, NULL, NULL, 0 }
};
static const struct list_order orders[] = {
	{ "-created", { { "id", 'd', true, 0 } } },
	{ "created", { { "id", 'd', false, 0 } } },
	{ "-updated", { { "updated_at", 't', true, 0 }, { "id", 'd', true, 0 } } },
	{ "updated", { { "updated_at", 't', false, 0 }, { "id", 'd', false, 0 } } },
	{ NULL, { { NULL, 0, false, 0 } } }
};
static const struct list_path paths[] = {
	{ .order = 2, .index = "custom_model_by_change" },
	{ .order = 3, .index = "custom_model_by_change" },
	{ .order = -1, .index = "custom_model_list" },
};

#define COL_LATEST(A, kind, column, member) { ROW_##kind, offsetof(struct custom_model, latest.member) },
static const struct column columns[] = MAP(CUSTOM_MODEL_COLUMNS, struct custom_model);
static const struct column behind[] = MAP(CUSTOM_MODEL_SEEN, struct custom_model);
static const struct column latest[] = { { ROW_d0, offsetof(struct custom_model, latest.life.organization) }, CUSTOM_VERSION_COLUMNS(COL_LATEST, )
	CUSTOM_VERSION_SEEN(COL_LATEST, ) { ROW_END, 0 } };
const struct listing custom_models_list = { .name = "CUSTOM_MODELS", .of = RES_CUSTOM_MODEL, .parent = RES__MAX, .sees = SEES_ALL,
	.text = ROW(CUSTOM_MODEL_COLUMNS, "x") CUSTOM_MODEL_SEEN(COL_EXPR, "x") ", " CUSTOM_LATEST,
	.out = ROW_OUT(CUSTOM_MODEL_COLUMNS) CUSTOM_MODEL_SEEN(COL_OUT, ) CUSTOM_LATEST_OUT, .joins = " " CUSTOM_LATEST_JOIN,
	.maps = { columns, behind, latest }, .filters = filters, .orders = orders, LIST_PATHS(paths), .always = AND_BY(CUSTOM_HIDDEN), .hidden = 1 + CUSTOM_HIDDEN };

static const struct list_path version_paths[] = { { .order = -1, .index = "custom_version_number" } };
/* By their numbers: of those that were made at once the ids say nothing. */
static const struct list_order newest[] = { { "newest", { { "major", 'i', true, 0 }, { "minor", 'i', true, 0 } } }, { NULL, { { NULL, 0, false, 0 } } } };
const struct listing custom_versions_list = { .name = "CUSTOM_VERSIONS", .of = RES_CUSTOM_VERSION, .parent = RES_CUSTOM_MODEL, .sees = SEES_ALL,
	.link = " AND x.custom_model_id = ?", .orders = newest, LIST_PATHS(version_paths) };

/* ---- What is kept as it was sent ---- */

#define SETTING(key, field) { key, T_DOC, AT(struct custom_settings, field), .flags = F_NULL }
#define WORDS(key, field) { key, T_STR, AT(struct custom_settings, field), .flags = F_NULL }     /* a text stays one */
const struct shape custom_settings_rows[] = {
	SETTING("gitModelVersion", git), SETTING("maximumMemory", memory), WORDS("networkEgressPolicy", egress), SETTING("replicas", replicas),
	WORDS("resourceBundleId", resources), SETTING("trainingData", training), SETTING("holdoutData", holdout),
	SETTING("requiredMetadataValues", metadata), SETTING("runtimeParameterValues", parameters),
	SETTING("isProxyModel", proxy), SETTING("isTrainingDataForVersionsPermanentlyEnabled", permanent),
	{ 0 }
};

/* A form has all values as texts, and JSON within them. */
static struct json *unwrapped(struct arena *a, const char *text)
{
	struct json *v = js_read(a, text), *inner;
	const char *reason, *s;

	if (js_type(v) != JS_STRING)
		return v;
	s = js_str(v);
	if (!strcmp(s, "True") || !strcmp(s, "False"))
		return js_boolean(a, *s == 'T');
	return js_parse_most(a, s, strlen(s), 10000, &inner, &reason) ? v : inner;
}

/* What was sent, over what there was. */
static enum err settle(struct tx *tx, const char *old, const struct custom_settings *in, const char **out)
{
	struct json *all = js_object(tx->arena);
	size_t n;

	for (const struct shape *s = custom_settings_rows; s->key; s++) {
		const char *text = *(const char *const *)((const char *)in + s->off);
		struct json *v = NULL;

		if (text)
			js_put(all, s->key, s->type == T_STR ? js_read(tx->arena, text) : unwrapped(tx->arena, text));
		else if (js_get(js_read(tx->arena, old), s->key, &v) && v)
			js_put(all, s->key, v);
	}
	*out = js_length(all) ? js_text(all, &n) : NULL;
	if (!*out || !conf.document_limit || (int64_t)n <= conf.document_limit)
		return OK;
	why_add(tx, "body", arena_printf(tx->arena, "has settings of more than %lld bytes as JSON (document_limit)", (long long)conf.document_limit));
	return ERR_SHAPE;
}

/* ---- Custom models ---- */

enum err custom_get(struct tx *tx, const struct db_val *key, void *out)
{
	const struct db_val *rest;
	enum err e = life_read_by(tx, RES_CUSTOM_MODEL, SQL_CUSTOM_MODEL_GET, key, 1, out, &rest);

	if (!e)
		(void)row_read(latest, RES_CUSTOM_VERSION, rest, out);
	return e;
}

static bool given(const char *text)
{
	return text && *text;
}

static enum err target_of(struct tx *tx, const struct custom_model *m, struct package *p)
{
	struct json *o = js_object(tx->arena), *classes = js_array(tx->arena);

	js_put_str(tx->arena, o, "name", given(m->target_name) ? m->target_name : m->name);
	js_put_str(tx->arena, o, "type", m->target_type);
	if (!strcmp(m->target_type, TARGET_BINARY)) {
		if (given(m->positive) && given(m->negative)) {
			js_add(classes, js_string(tx->arena, m->positive));
			js_add(classes, js_string(tx->arena, m->negative));
			js_put(o, "classNames", classes);
		}
		if (m->threshold)
			js_put(o, "predictionThreshold", js_read(tx->arena, m->threshold));
	} else if (m->labels && (!strcmp(m->target_type, "Multiclass") || !strcmp(m->target_type, "Multilabel"))) {
		js_put(o, "classNames", js_read(tx->arena, m->labels));
	}
	return target_take(tx, js_text(o, NULL), p);
}

/* One whose packages would all be refused is refused itself. */
static enum err whole(struct tx *tx, const struct custom_model *m)
{
	struct package p = { .kinds = 0 };
	enum err e = target_of(tx, m, &p);

	if (e == ERR_SHAPE && tx->why.n)
		tx->why.items[tx->why.n - 1].field = strcmp(m->target_type, TARGET_BINARY) ? "classLabels" : "negativeClassLabel";
	return e;
}

enum err custom_create(struct tx *tx, const void *in, void *out)
{
	const struct custom_edit *said = in;
	struct custom_model *m = out;
	enum err e;

	*m = (struct custom_model){ .name = said->name, .description = said->description, .kind = said->kind, .target_type = said->target_type,
		.target_name = said->target_name, .positive = said->positive, .negative = said->negative, .labels = said->labels, .language = said->language,
		.user_provided_id = said->user_provided_id, .threshold = said->threshold_set ? number_text(tx->arena, said->threshold) : NULL };
	if ((e = settle(tx, NULL, &said->settings, &m->settings)) || (e = whole(tx, m)))
		return e;
	life_begin(tx, &m->life);
	m->maker = tx->who->name;
	return life_create(tx, LIFE_CUSTOM_MODEL_CREATE, &m->life, NULL);
}

enum err custom_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct custom_edit *edit = in;
	struct custom_model *m = out;
	enum err e = life_lock(tx, RES_CUSTOM_MODEL, key, m);

	if (e || (e = settle(tx, m->settings, &edit->settings, &m->settings)))
		return e;
#define TAKE(field) m->field = edit->field##_set ? edit->field : m->field
	TAKE(name);
	TAKE(description);
	TAKE(target_name);
	TAKE(positive);
	TAKE(negative);
	TAKE(labels);
	TAKE(language);
#undef TAKE
	if (edit->threshold_set)
		m->threshold = number_text(tx->arena, edit->threshold);
	return (e = whole(tx, m)) || (e = life_move(tx, t, &m->life, NULL)) ? e : custom_get(tx, key, m);
}

enum err custom_delete(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct custom_model *m = out;
	enum err e = life_lock(tx, RES_CUSTOM_MODEL, key, m);

	(void)in;
	if (e || (e = tx_int(tx, SQL_CUSTOM_MODEL_HELD, DB_IN(db_d(&m->life.organization), db_d(&m->life.id)), &m->life.held)))
		return e;
	return m->life.held ? ERR_CUSTOM_MODEL_USED : life_move(tx, t, &m->life, NULL);
}

/* ---- Versions and their files ---- */

static struct json *about(struct tx *tx, const struct custom_version *v)
{
	struct json *details = js_object(tx->arena);

	js_put_str(tx->arena, details, "version_id", id_spell(tx->arena, "", &v->life.id));
	js_put_str(tx->arena, details, "label", v->label);
	return details;
}

/* A path within the version: names between slashes. */
static const char *path_fault(const char *path)
{
	const char *p = path;

	if (!*path || utf8_length(path) > PATH_MOST)
		return "must have a path of 1 to 700 characters";
	for (const char *s = path; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f || *s == '\\')
			return "must have a path without backslashes and control characters";
	for (size_t n; ; p += n + 1) {
		n = strcspn(p, "/");
		if (!n || (n == 1 && *p == '.') || (n == 2 && !strncmp(p, "..", 2)))
			return "must have a path of names separated by slashes, none of them empty, `.` or `..`";
		if (!p[n])                       /* the database takes it for the same without a blank */
			return p[n - 1] == ' ' ? "must have a path that does not end with a space" : NULL;
	}
}

static enum err twice(struct tx *tx, const struct custom_change *in)
{
	for (size_t i = 0; i < in->nfiles; i++)
		for (size_t k = 0; k < i; k++)
			if (!strcmp(in->files[i].path, in->files[k].path))
				return why_fault(tx, "file", arena_printf(tx->arena, "has the path `%s` twice", in->files[i].path));
	return OK;
}

static enum err add_file(struct tx *tx, const struct custom_version *v, const struct custom_file *f)
{
	unsigned char md[ARTIFACT_SUM];
	const char *wrong = path_fault(f->path);
	struct id id;
	enum err e;

	if (wrong) {
		why_add(tx, "file", wrong);
		return ERR_SHAPE;
	}
	if ((int64_t)f->n > conf.artifact_limit) {
		tx->why.text = arena_printf(tx->arena, "A file is too large: `%s` has %zu bytes, and the limit is %lld (artifact_limit)", f->path, f->n, (long long)conf.artifact_limit);
		return ERR_TOO_LARGE;
	}
	if ((e = artifact_put(tx, f->bytes, f->n, md)))
		return e;
	id_new(tx->now, &id);
	return db_exec(tx->db, SQL_CUSTOM_FILE_ADD, DB_IN(db_d(&v->life.organization), db_d(&v->life.id), db_s(f->path), db_d(&id), db_x(md, sizeof md),
		db_i((int64_t)f->n), db_t(tx->now)), NULL);
}

/* Those of the version before but some, and new ones, also in the place of others. */
static enum err add_files(struct tx *tx, const struct custom_version *v, const struct id *before, const struct custom_change *in)
{
	const struct db_val org = db_d(&v->life.organization), me = db_d(&v->life.id);
	const struct json *forget = js_read(tx->arena, in->forget);
	enum err e = twice(tx, in);
	struct id id;
	int64_t n;

	if (!e && !id_is_zero(before))
		e = db_exec(tx->db, SQL_CUSTOM_FILES_COPY, DB_IN(me, org, db_d(before)), NULL);
	for (size_t i = 0; !e && i < js_length(forget); i++)
		if (id_parse(js_str(js_at(forget, i)), "", &id))
			e = db_exec(tx->db, SQL_CUSTOM_FILE_FORGET, DB_IN(org, me, db_d(&id)), NULL);
	for (size_t i = 0; !e && i < in->nfiles; i++)
		e = add_file(tx, v, &in->files[i]);
	if (e || (e = tx_int(tx, SQL_CUSTOM_FILES_COUNT, DB_IN(org, me), &n)) || n <= FILES_MOST)
		return e;
	why_add(tx, "file", arena_printf(tx->arena, "would give the version %lld files; the limit is %d", (long long)n, FILES_MOST));
	return ERR_SHAPE;
}

static enum err number(struct tx *tx, const struct custom_change *in, struct custom_model *m, struct custom_version *v)
{
	const struct json *major = in->major ? unwrapped(tx->arena, in->major) : NULL;

	if (major && js_type(major) != JS_BOOL) {
		why_add(tx, "isMajorUpdate", "must be true or false");
		return ERR_SHAPE;
	}
	if (!major || js_bool(major) || !m->major) {
		m->major++;
		m->minor = 0;
	} else {
		m->minor++;
	}
	v->major = m->major;
	v->minor = m->minor;
	return OK;
}

enum err custom_version_make(struct tx *tx, const struct db_val *key, const struct custom_change *in, struct custom_version *out)
{
	struct custom_version from = { .major = 0 };
	struct custom_model m;
	struct id before;
	enum err e = life_lock(tx, RES_CUSTOM_MODEL, key, &m);

	if (e)
		return e;
	before = in->from_latest ? m.latest.life.id : id_none;
	if (!id_is_zero(&before) && (e = life_hold(tx, RES_CUSTOM_VERSION, IN_PARENT(&m.life.id, db_d(&before)), &from)))
		return e;
	*out = (struct custom_version){ .model = m.life.id, .label = in->label, .description = in->description,
		.environment = in->environment ? in->environment : from.environment,
		.environment_version = in->environment_version || in->environment ? in->environment_version : from.environment_version };
	if ((e = number(tx, in, &m, out)) || (e = settle(tx, from.settings, &in->settings, &out->settings)))
		return e;
	if (!out->label)
		out->label = arena_printf(tx->arena, "v%lld.%lld", (long long)out->major, (long long)out->minor);
	life_begin(tx, &out->life);
	m.latest.life.id = out->life.id;
	if ((e = life_create(tx, LIFE_CUSTOM_VERSION_CREATE, &out->life, NULL)) || (e = add_files(tx, out, &before, in))
	 || (e = life_move(tx, LIFE_CUSTOM_MODEL_VERSION, &m.life, about(tx, out))))
		return e;
	return life_read(tx, RES_CUSTOM_VERSION, IN_PARENT(&m.life.id, db_d(&out->life.id)), out);
}

enum err custom_version_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct custom_change *edit = in;
	struct custom_version *v = out;
	struct custom_model *m;
	enum err e = life_lock(tx, RES_CUSTOM_VERSION, key, v);

	if (e || (e = settle(tx, v->settings, &edit->settings, &v->settings)))
		return e;
	v->label = edit->label_set ? edit->label : v->label;
	v->description = edit->description_set ? edit->description : v->description;
	m = v->life.parent;
	if ((e = life_move(tx, t, &v->life, NULL)) || (e = life_move(tx, LIFE_CUSTOM_MODEL_VERSION_EDIT, &m->life, about(tx, v))))
		return e;
	return life_read(tx, RES_CUSTOM_VERSION, key, v);
}

/* ---- What is deployed of them ---- */

static enum err uses(struct tx *tx, enum sql sql, const struct values *in, struct list *out)
{
	static const struct column map[] = PICK_MAP(CUSTOM_USE_PICK, struct custom_use);
	struct custom_use *all = (void *)(uintptr_t)out->v;
	struct db_rows r;
	enum err e = tx_read(tx, sql, in->v, in->n, &r);

	for (size_t i = 0; !e && i < r.n; i++) {
		const struct db_val *v = row_own(db_row(&r, i));

		if (!v)
			continue;
		(void)row_read(map, RES__MAX, v, &all[out->n]);
		out->n += who_sees_model(tx->who, all[out->n].global, (int)all[out->n].granted);
	}
	return e;
}

static int newer(const void *a, const void *b)
{
	return memcmp(&((const struct custom_use *)b)->id, &((const struct custom_use *)a)->id, sizeof(struct id));
}

enum err custom_uses(struct tx *tx, const char *ids, struct list *out)
{
	enum { AT_ONCE = 16 };
	const struct json *asked = js_read(tx->arena, ids);
	const struct db_val who[] = { db_d(&tx->who->organization), db_d(&tx->who->principal) };
	enum err e = OK;

	*out = (struct list){ arena_alloc(tx->arena, USES_MOST * (1 + js_length(asked) / AT_ONCE) * sizeof(struct custom_use)), 0, sizeof(struct custom_use) };
	for (size_t i = 0; !e && ids && i < js_length(asked); i += AT_ONCE) {
		struct values in = { .n = 0 };

		for (size_t k = i; k < i + AT_ONCE; k++) {
			struct id id = id_none;

			(void)id_parse(k < js_length(asked) ? js_str(js_at(asked, k)) : "", "", &id);
			values_add(&in, (const struct db_val[]){ db_d(&id) }, 1);
		}
		values_add(&in, who, 2);
		e = uses(tx, SQL_CUSTOM_USES_OF, &in, out);
	}
	if (!ids || !js_length(asked)) {
		struct values in = { .n = 0 };

		values_add(&in, who, 2);
		e = uses(tx, SQL_CUSTOM_USES, &in, out);
	}
	if (e || (e = who_may(tx->who, tx->ask)))
		return e;
	if (out->n)
		qsort((void *)(uintptr_t)out->v, out->n, sizeof(struct custom_use), newer);      /* each part is, by itself */
	if (out->n > USES_MOST)
		out->n = USES_MOST;
	return OK;
}

/* ---- The package that it makes ---- */

static const char *environment_of(const char *language)
{
	static const char *const known[] = { "Python", "R", "Java", "Julia", NULL };

	for (size_t i = 0; language && known[i]; i++)
		if (!strcasecmp(known[i], language))
			return known[i];
	return "Other";
}

/* A member of a member, such as the id of the training data. */
static struct json *inner(struct arena *a, const char *settings, const char *key, const char *member)
{
	struct json *o = NULL, *v = NULL;

	return js_get(js_read(a, settings), key, &o) && js_type(o) == JS_OBJECT && js_get(o, member, &v) ? v : NULL;
}

static const char *data_of(struct arena *a, const char *settings)
{
	struct json *o = js_object(a);

	js_put(o, "trainingDataCatalogId", inner(a, settings, "trainingData", "datasetId"));
	js_put(o, "trainingDataCatalogVersionId", inner(a, settings, "trainingData", "datasetVersionId"));
	js_put(o, "datasetName", inner(a, settings, "trainingData", "datasetName"));
	js_put(o, "holdoutDataCatalogId", inner(a, settings, "holdoutData", "datasetId"));
	js_put(o, "holdoutDataCatalogVersionId", inner(a, settings, "holdoutData", "datasetVersionId"));
	js_put(o, "holdoutDatasetName", inner(a, settings, "holdoutData", "datasetName"));
	return told_by(a, js_text(o, NULL), datasets_rows);
}

/* The custom model that a version is of (S2). */
static struct json *details_of(struct arena *a, const struct custom_version *v, const struct person *maker)
{
	struct json *o = js_object(a);

	js_put_str(a, o, "createdAt", clock_iso(a, v->life.created, TIME_MICROS));
	source_person(a, o, "creator", maker);
	js_put_str(a, o, "id", id_spell(a, "", &v->model));
	js_put_str(a, o, "versionLabel", v->label);
	return o;
}

/* Its row, with its model and its maker. */
static enum err look(struct tx *tx, const struct id *id, const struct db_val **row)
{
	struct db_rows r;
	enum err e = tx_read(tx, SQL_CUSTOM_VERSION_FIND, DB_IN(db_d(id), db_d(&tx->who->organization), db_d(&tx->who->principal)), &r);

	if (e)
		return e;
	*row = row_own(db_row(&r, 0));
	return *row ? OK : ERR_CUSTOM_VERSION_NOT_FOUND;
}

enum err custom_version_there(struct tx *tx, const struct id *id)
{
	const struct db_val *row;

	return look(tx, id, &row);
}

enum err custom_use(struct tx *tx, const struct id *package)
{
	const struct db_val org = db_d(&tx->who->organization);
	struct id model;
	int64_t there;
	enum err e = tx_id(tx, SQL_CUSTOM_MODEL_OF, DB_IN(org, db_d(package)), &model);

	if (e || (e = db_exec(tx->db, SQL_CUSTOM_MODEL_TOUCH, DB_IN(org, db_d(&model)), &there)))
		return e == ERR_DB_NONE ? OK : e;
	if (!there)
		why_add(tx, "modelPackageId", "was created from a custom model that has been deleted");
	return there ? OK : ERR_CUSTOM_VERSION_NOT_FOUND;
}

enum err custom_version_find(struct tx *tx, const struct id *id, struct custom_source *out)
{
	static const struct column maker_map[] = PICK_MAP(CUSTOM_MAKER_PICK, struct person);
	struct package *p = &out->package;
	struct custom_version v;
	struct custom_model m;
	struct person maker;
	struct json *meta, *extra = js_object(tx->arena);
	const struct db_val *row;
	enum err e = look(tx, id, &row);

	if (e)
		return e;
	(void)row_read(maker_map, RES__MAX, life_take(RES_CUSTOM_MODEL, life_take(RES_CUSTOM_VERSION, row, &v), &m), &maker);
	*out = (struct custom_source){ .id = v.life.id, .model = m.life.id, .package = { .name = m.name, .source = v.life.id, .model_name = m.name,
		.execution = EXECUTION_CUSTOM, .kinds = package_kinds(EXECUTION_CUSTOM), .intervals = -1 } };
	p->kinds |= !strcmp(m.target_type, TARGET_UNKNOWN) ? KIND_UNSTRUCTURED : !strcmp(m.target_type, "Anomaly") ? KIND_ANOMALY : 0;
	if ((e = target_of(tx, &m, p)) || (e = timeseries_take(tx, NULL, p)))
		return e;
	p->datasets = data_of(tx->arena, v.settings);
	p->model_description = source_description(tx->arena, environment_of(m.language), m.name, v.life.created, &maker);
	if (m.user_provided_id) {
		js_put_str(tx->arena, extra, "userProvidedId", m.user_provided_id);
		p->extra = js_text(extra, NULL);
	}
	meta = source_meta(tx->arena, NULL);
	js_put(meta, "customModelDetails", details_of(tx->arena, &v, &maker));
	p->source_meta = js_text(meta, NULL);
	return OK;
}
