/* dom_register.c: what makes and changes packages.  Each change of a version is one of its model too, which is
 * locked first: that one tells subscribers, and a version's own audit rows have its history. */
#include "dom_package.h"
#include <string.h>
#include "dom_alias.h"
#include "dom_job.h"
#include "dom_share.h"
#include "dom_source.h"
#include "dom_tag.h"
#include "str.h"

enum { NAMES_TRIED = 1000, STAGED_MOST = 1000 };

/* ---- Making ---- */

/* `name`, `name (2)`, `name (3)`...: the first that no model has, from number *n on. */
static enum err free_name(struct tx *tx, const char *name, int *n, const char **out)
{
	int64_t taken;
	enum err e;

	for (; *n < NAMES_TRIED; (*n)++) {
		*out = *n < 2 ? name : arena_printf(tx->arena, "%s (%d)", utf8_cut(tx->arena, name, 1016), *n);
		if ((e = tx_int(tx, SQL_MODEL_NAME_TAKEN, DB_IN(db_d(&tx->who->organization), db_s(*out)), &taken)) || !taken)
			return e;
	}
	return ERR_MODEL_NAME_TAKEN;
}

/* Called as the package is, or nearly so: where somebody was faster, by the next name that is free. */
static enum err create_named(struct tx *tx, const char *name, struct model *make, struct model *m)
{
	int n = 1;
	enum err e;

	do {
		tx->why.n = 0;
		e = free_name(tx, name, &n, &make->name);
	} while (!e && (e = model_create(tx, make, m)) == ERR_MODEL_NAME_TAKEN && ++n < NAMES_TRIED);
	return e;
}

/* The name that is taken is that of the new model, as the request calls it. */
static enum err called(struct tx *tx, enum err e)
{
	if (e == ERR_MODEL_NAME_TAKEN && tx->why.n)
		tx->why.items[tx->why.n - 1].field = "registeredModelName";
	return e;
}

/* A new model, for its maker and whom it will be shared with. */
static enum err new_model(struct tx *tx, const struct package_in *in, struct model *m)
{
	const struct package *p = &in->version.package;
	struct model make = { .name = in->registered_name, .description = in->registered_description, .local = true,
		.target_name = p->target_name, .target_type = p->target_type, .labels = in->registered_tags };
	enum err e = make.name ? called(tx, model_create(tx, &make, m)) : create_named(tx, p->name, &make, m);

	if (e || (e = share_own(tx, &m->life.id, &tx->who->principal)))
		return e;
	m->life.owned = true;
	return tags_set(tx, &m->life.id, "registeredModelTags", in->registered_tags);
}

/* All versions of a model have one target: name, type, classes, and the same series. */
static enum err agrees(struct tx *tx, const struct model *m, const struct package *p)
{
	struct package last = { .classes = { NULL, 0 } };
	static const struct column map[] = PICK_MAP(PACKAGE_LAST_PICK, struct package);
	enum err e;

	if (!m->target_name || !m->last_version)
		return OK;
	if (strcmp(m->target_name, p->target_name))
		return why_fault(tx, "target.name", arena_printf(tx->arena, "must be the target `%s` of the other versions of the registered model", m->target_name));
	if (m->target_type && strcmp(m->target_type, p->target_type))
		return why_fault(tx, "target.type", arena_printf(tx->arena, "must be the target type %s of the other versions of the registered model", m->target_type));
	if ((e = tx_one(tx, SQL_PACKAGE_LAST, DB_IN(db_d(&m->life.organization), db_d(&m->life.id)), map, &last)))
		return e == ERR_DB_NONE ? OK : e;
	if (last.classes.p && p->classes.p && (last.classes.n != p->classes.n || memcmp(last.classes.p, p->classes.p, p->classes.n)))
		return why_fault(tx, "target.classNames", "must be the target classes of the other versions of the registered model");
	if (last.kinds && ((last.kinds ^ p->kinds) & KIND_TIME_SERIES || (p->kinds & KIND_TIME_SERIES && strcmp(last.timeseries ? last.timeseries : "", p->timeseries))))
		return why_fault(tx, "timeseries", "must be the same as for the other versions of the registered model");
	return OK;
}

/* It comes to the other versions of a model, locked, whose target is told from now on. */
static enum err joins(struct tx *tx, struct model *m, const struct package *p)
{
	enum err e = agrees(tx, m, p);

	if (e)
		return e;
	if (!m->target_name)
		m->target_name = p->target_name;
	if (!m->target_type)
		m->target_type = p->target_type;
	return OK;
}

/* The model that the next version is of, locked. */
static enum err model_of(struct tx *tx, const struct package_in *in, struct model *m)
{
	enum err e;

	if (id_is_zero(&in->registered))
		return new_model(tx, in, m);
	if (in->registered_name)
		return why_fault(tx, "registeredModelName", "must not be given with registeredModelId");
	if (in->registered_description || in->registered_tags)
		return why_fault(tx, in->registered_tags ? "registeredModelTags" : "registeredModelDescription", "is only for a new registered model; update the existing one separately");
	if ((e = life_hold(tx, RES_MODEL, BY_ID(&in->registered), m)) == ERR_MODEL_NOT_FOUND)
		why_add(tx, "registeredModelId", "does not match any registered model that you can see");
	return e ? e : joins(tx, m, &in->version.package);
}

enum err package_make(struct tx *tx, const struct package_in *in, struct version *out)
{
	struct json *details = js_object(tx->arena);
	struct model m;
	enum err e = model_of(tx, in, &m);

	if (e)
		return e;
	*out = in->version;
	out->branch = BRANCH_MASTER;
	out->training_seconds = -1;
	out->package.stage = STAGE_REGISTERED;
	out->package.intervals = -1;
	if (!out->package.build)
		out->package.build = BUILD_COMPLETE;
	out->labels = in->tags;
	if ((e = version_append(tx, &m, LIFE_MODEL_REGISTER, 0, out, details)) || (e = tags_set(tx, &out->life.id, "tags", in->tags)))
		return e;
	return package_get(tx, BY_ID(&out->life.id), out);
}

/* ---- Copying ---- */

/* What was told of a version that is copied, but for where the original stands; of one without a target nothing was, and
 * it takes that of its new model (package_complete). */
static enum err told(struct tx *tx, struct version *v)
{
	static const struct column columns[] = MAP(PACKAGE_COLUMNS, struct version);
	struct json *without = js_object(tx->arena);
	struct package *p = &v->package;
	const struct db_val *row;
	enum err e = tx_row(tx, SQL_PACKAGE_HELD, DB_IN(db_d(&v->life.organization), db_d(&v->life.id)), &row);

	if (e)
		return e == ERR_DB_NONE ? ERR_VERSION_NOT_FOUND : e;
	(void)row_read(columns, RES_VERSION, row + 1, v);
	if (!p->target) {
		*p = (struct package){ .name = NULL };
		return OK;
	}
	p->stage = STAGE_REGISTERED;
	p->build = p->build && strcmp(p->build, BUILD_COMPLETE) ? BUILD_FAILED : BUILD_COMPLETE;
	p->mlpkg = (struct bytes){ NULL, 0 };    /* which tells of the original; it can be built */
	p->intervals = -1;
	p->use_case = id_none;
	js_put(without, "useCaseDetails", NULL);
	if (p->source_meta)
		p->source_meta = js_text(js_merge(tx->arena, js_read(tx->arena, p->source_meta), without), NULL);
	if (id_equal(&p->source, &v->life.id))
		p->source = id_none;
	return package_large_of(tx, v);
}

enum err version_promote(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct version *asked = in;
	struct json *details = js_object(tx->arena);
	struct version *made = out;
	struct model m;
	enum err e;

	if ((e = life_lock(tx, RES_MODEL, key, &m)) || (e = version_copied(tx, &asked->from_version, t, made)) || (e = told(tx, made))
	 || (made->package.target && (e = joins(tx, &m, &made->package))))
		return e;
	made->branch = asked->branch ? asked->branch : BRANCH_MASTER;
	made->source = VERSION_PROMOTED;
	made->from_model = made->model;
	made->from_version = made->life.id;
	js_put_str(tx->arena, details, "source_model_rid", id_spell(tx->arena, RID_MODEL, &made->from_model));
	js_put_str(tx->arena, details, "source_version_rid", id_spell(tx->arena, RID_VERSION, &made->from_version));
	return version_append(tx, &m, t, 0, made, details);
}

/* ---- What a package is made from ---- */

/* What every request may say of the package. */
static void named(struct package_in *in)
{
	struct package *p = &in->version.package;

	if (in->name)
		p->name = in->name;
	if (in->description)
		p->description = in->description;
}

/* Its threshold, of a Binary target alone. */
static enum err threshold(struct tx *tx, const char *field, double value, struct package *p)
{
	struct json *target = js_read(tx->arena, p->target);

	if (!p->target_type || strcmp(p->target_type, TARGET_BINARY))
		return why_fault(tx, field, "is only for a Binary target");
	p->threshold = number_text(tx->arena, value);
	if (!target)
		return OK;
	js_put(target, "predictionThreshold", js_number(tx->arena, value));
	p->target = arena_strdup(tx->arena, js_text(target, NULL));
	return OK;
}

static const char *extra_of(struct arena *a, const struct package_in *in)
{
	struct json *o = in->version.package.extra ? js_read(a, in->version.package.extra) : js_object(a), *text = js_object(a);

	if (in->geospatial)
		js_put(o, "geospatialMonitoring", js_read(a, in->geospatial));
	if (in->prompt) {
		js_put_str(a, text, "prompt", in->prompt);
		js_put(o, "textGeneration", text);
	}
	return js_length(o) ? arena_strdup(a, js_text(o, NULL)) : NULL;
}

/* Of series it is said whether they are traditional ones, or take new series; here unless the request says so itself. */
#define NEITHER "{\"isNewSeriesSupport\":false,\"isTraditionalTimeSeries\":false}"

enum err package_from_json(struct tx *tx, const void *sent, void *out)
{
	struct package_in in = *(const struct package_in *)sent;
	struct package *p = &in.version.package;
	enum err e = who_may(tx->who, tx->ask);

	if (e)
		return e;
	named(&in);
	if ((e = target_sent(tx, in.target, p)))
		return e;
	p->execution = EXECUTION_EXTERNAL;
	p->kinds = package_kinds(p->execution);
	if (!strcmp(p->target_type, TARGET_UNKNOWN))
		p->kinds |= KIND_UNSTRUCTURED;
	if (in.model_id && !id_parse(in.model_id, "", &p->source))
		p->source_name = in.model_id;
	p->model_name = js_text_of(js_read(tx->arena, in.model_description), "modelName");
	if (!p->description)
		p->description = js_text_of(js_read(tx->arena, in.model_description), "description");
	p->model_description = in.model_description;
	p->datasets = in.datasets ? told_by(tx->arena, in.datasets, datasets_rows) : NULL;
	if (in.timeseries && (e = timeseries_take(tx, js_text(js_merge(tx->arena, js_read(tx->arena, NEITHER), js_read(tx->arena, in.timeseries)), NULL), p)))
		return e;
	p->file_name = in.file_name;
	p->extra = extra_of(tx->arena, &in);
	in.version.source = "external";
	return package_make(tx, &in, out);
}

static enum err of_leaderboard(struct tx *tx, struct package_in *in)
{
	struct leaderboard l;
	enum err e = leaderboard_find(tx, &in->source, &l);

	if (e == ERR_RUN_NOT_FOUND)
		why_add(tx, "modelId", "does not match any leaderboard model that you can see");
	if (e)
		return e;
	if (!id_is_zero(&in->distribution) && (e = leaderboard_find(tx, &in->distribution, &(struct leaderboard){ .package = { .name = NULL } }))) {
		if (e != ERR_RUN_NOT_FOUND)
			return e;
		why_add(tx, "distributionPredictionModelId", "does not match any leaderboard model that you can see");
		return ERR_REFERENCE;
	}
	in->version.package = l.package;
	in->version.run = l.run.life.id;
	in->version.algorithm = l.package.model_name;
	named(in);
	return in->threshold_set ? threshold(tx, "predictionThreshold", in->threshold, &in->version.package) : OK;
}

static enum err of_custom(struct tx *tx, struct package_in *in)
{
	struct custom_source c;
	enum err e = custom_version_find(tx, &in->source, &c);

	if (e)
		return e;
	in->version.package = c.package;
	in->version.source = "external";
	if (in->prompt && strcmp(c.package.target_type, TARGET_TEXT))
		return why_fault(tx, "prompt", "is only for a model that generates text");
	in->version.package.extra = extra_of(tx->arena, in);
	named(in);
	return OK;
}

enum err package_from_source(struct tx *tx, const struct package_in *sent, struct version *out)
{
	struct package_in in = *sent;
	const int before = tx->why.n;
	enum err e = who_may(tx->who, tx->ask);

	if (!e && (e = of_leaderboard(tx, &in)) == ERR_RUN_NOT_FOUND) {
		const int told = tx->why.n;

		tx->why.n = before;
		if ((e = of_custom(tx, &in)) == ERR_CUSTOM_VERSION_NOT_FOUND)
			tx->why.n = told;
	}
	return e ? e : package_make(tx, &in, out);
}

enum err package_from_learning_model(struct tx *tx, const void *sent, void *out)
{
	struct package_in in = *(const struct package_in *)sent;
	enum err e = who_may(tx->who, tx->ask);

	return e || (e = of_leaderboard(tx, &in)) ? e : package_make(tx, &in, out);
}

/* With its file to be built. */
static enum err make_and_build(struct tx *tx, struct package_in *in, struct version *out, struct id *job)
{
	enum err e;

	in->version.package.build = BUILD_RUNNING;
	return (e = package_make(tx, in, out)) ? e : job_build(tx, out, in->intervals, job);
}

enum err package_from_leaderboard(struct tx *tx, const struct package_in *sent, struct version *out, struct id *job)
{
	struct package_in in = *sent;
	enum err e = who_may(tx->who, tx->ask);

	if (e || (e = of_leaderboard(tx, &in)))
		return e;
	if (in.intervals && !(in.version.package.kinds & KIND_TIME_SERIES))
		return why_fault(tx, "computeAllTsIntervals", "is only for time series");
	return make_and_build(tx, &in, out, job);
}

enum err package_from_custom(struct tx *tx, const struct package_in *sent, struct version *out, struct id *job)
{
	struct package_in in = *sent;
	enum err e = who_may(tx->who, tx->ask);

	return e || (e = of_custom(tx, &in)) ? e : make_and_build(tx, &in, out, job);
}

/* ---- Changing ---- */

struct json *package_about(struct tx *tx, const struct version *v)
{
	struct json *details = js_object(tx->arena);

	js_put_int(tx->arena, details, "version_number", v->number);
	js_put_str(tx->arena, details, "version_id", id_spell(tx->arena, "", &v->life.id));
	return details;
}

/* What it is in ends, and what it comes to begins. */
static enum err moved(struct tx *tx, const struct version *v, const char *from, const char *to)
{
	enum err e = hold_end(tx, v->life.parent, HOLD_STAGE, from, v->number);

	return e ? e : hold_begin(tx, v->life.parent, HOLD_STAGE, to, v->number);
}

/* Those that are in the stage leave it, so that one version is there alone. */
static enum err clear_stage(struct tx *tx, const struct version *v, const char *stage, struct json *details)
{
	const struct db_val org = db_d(&v->life.organization);
	struct json *left = js_array(tx->arena), *why = js_object(tx->arena);
	struct version other;
	struct db_rows r;
	enum err e = tx_query(tx, SQL_STAGE_HOLDERS, DB_IN(org, db_d(&v->model), db_s(stage), db_d(&v->life.id), db_i(STAGED_MOST + 1)), &r);

	if (!e && r.n > STAGED_MOST)
		return why_fault(tx, "archiveExistingVersions", arena_printf(tx->arena, "can move at most %d versions out of a stage in one request", STAGED_MOST));
	js_put_str(tx->arena, why, "stage", STAGE_ARCHIVED);
	js_put_str(tx->arena, why, "previous", stage);
	for (size_t i = 0; !e && i < r.n; i++) {
		if ((e = life_hold(tx, RES_VERSION, IN_PARENT(&v->model, *db_row(&r, i)), &other)))
			return e;
		other.package.stage = STAGE_ARCHIVED;
		js_add(left, js_integer(tx->arena, other.number));
		e = (e = moved(tx, &other, stage, STAGE_ARCHIVED)) ? e : life_move(tx, LIFE_VERSION_STAGE, &other.life, why);
	}
	if (r.n)
		js_put(details, "archived_versions", left);
	return e;
}

enum err package_stage(struct tx *tx, enum transition t, const char *to, bool alone, struct version *v)
{
	struct json *details = package_about(tx, v);
	struct model *m = v->life.parent;
	enum err e = OK;

	alone = alone && strcmp(to, STAGE_ARCHIVED);     /* where the others would go */
	js_put_str(tx->arena, details, "stage", to);
	js_put_str(tx->arena, details, "previous", v->package.stage);
	if (alone && (e = clear_stage(tx, v, to, details)))
		return e;
	if (!strcmp(to, v->package.stage) && !alone)
		return OK;
	if (strcmp(to, v->package.stage) && (e = moved(tx, v, v->package.stage, to)))
		return e;
	v->package.stage = to;
	return (e = life_move(tx, LIFE_VERSION_STAGE, &v->life, details)) ? e : life_move(tx, t, &m->life, details);
}

/* Its name, threshold and labels. */
static enum err relabel(struct tx *tx, const struct package_edit *in, struct version *v)
{
	struct json *details = package_about(tx, v), *changed = js_array(tx->arena);
	struct model *m = v->life.parent;
	enum err e;

	if (in->name_set) {
		v->package.name = in->name;
		js_add(changed, js_string(tx->arena, "name"));
	}
	if (in->threshold_set) {
		if (v->deployments)
			return why_fault(tx, "predictionThreshold", "cannot be changed while the version is deployed");
		if ((e = threshold(tx, "predictionThreshold", in->threshold, &v->package)))
			return e;
		js_add(changed, js_string(tx->arena, "predictionThreshold"));
	}
	if (in->tags_set) {
		if ((e = tags_set(tx, &v->life.id, "tags", in->tags ? in->tags : "[]")))
			return e;
		js_add(changed, js_string(tx->arena, "tags"));
	}
	if (!js_length(changed))
		return OK;
	js_put(details, "changed", changed);
	return (e = life_move(tx, LIFE_VERSION_EDIT, &v->life, details)) ? e : life_move(tx, LIFE_MODEL_VERSION_EDIT, &m->life, details);
}

enum err package_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct package_edit *edit = in;
	struct version *v = out;
	enum err e = package_lock(tx, key, v);

	(void)t;
	if (e || (e = relabel(tx, edit, v)) || (edit->stage_set && (e = package_stage(tx, LIFE_MODEL_VERSION_STAGE, edit->stage, edit->archive_existing, v))))
		return e;
	return package_get(tx, BY_ID(&v->life.id), v);
}

enum err package_end(struct tx *tx, enum transition t, struct version *v)
{
	struct json *details = package_about(tx, v);
	struct model *m = v->life.parent;
	enum err e = hold_end(tx, m, HOLD_STAGE, v->package.stage, v->number);

	if (e || (e = version_ends(tx, v, details)))
		return e;
	js_put_str(tx->arena, details, "previous", v->package.stage);
	v->package.stage = STAGE_ARCHIVED;
	return (e = life_move(tx, t, &v->life, details)) ? e : life_move(tx, LIFE_MODEL_VERSION_ARCHIVE, &m->life, details);
}

enum err package_archive(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct version *v = out;
	enum err e = package_lock(tx, key, v);

	(void)in;
	if (e)
		return e;
	if (v->life.state == STATE_VERSION_ARCHIVED || ((const struct model *)v->life.parent)->life.state == STATE_MODEL_RETIRED)
		return OK;                       /* it is already, or with its model */
	return package_end(tx, t, v);
}

enum err registered_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct model_edit *edit = in;
	enum err e = edit->name_set || edit->description_set || edit->global_set ? model_edit(tx, key, t, in, out) : life_lock(tx, RES_MODEL, key, out);

	return e ? e : registered_get(tx, key, out);
}
