/* dom_deployment.c: deployments and challengers, see dom_deployment.h.  What is deployed counts on its model, so that
 * this cannot be archived: each change locks the models that it concerns first. */
#include "dom_deployment.h"
#include <string.h>
#include "conf.h"
#include "dom_source.h"

enum { CHALLENGERS_MOST = 20, SOURCES_MOST = 20 };

/* ---- Packages that can be deployed ---- */

struct deployable {
	struct id model, id;
	int64_t number, kinds, granted;
	bool archived, model_archived, model_retired, global;
	const char *build, *target_name, *target_type;
	struct bytes classes;
};
static const struct column deployable_map[] = PICK_MAP(DEPLOYABLE_PICK, struct deployable);
_Static_assert((RUNS_EXTERNAL | FORMAT_EXTERNAL) == 18432 && (RUNS_DEDICATED | FORMAT_DATAROBOT) == 4352, "as KINDS_OF_V has it");

/* One that is not there is no news to who may not do it at all. */
static enum err or_may(struct tx *tx, enum err e)
{
	const enum err may = e ? who_may(tx->who, tx->ask) : OK;

	return may ? may : e;
}

static enum err find(struct tx *tx, const struct id *id, struct deployable *out)
{
	enum err e = tx_one(tx, SQL_DEPLOYABLE, DB_IN(db_d(&tx->who->principal), db_d(&tx->who->principal), db_d(&tx->who->organization), db_d(id)), deployable_map, out);

	if (!e && !who_sees_model(tx->who, out->global, (int)out->granted))
		e = ERR_DB_NONE;
	return e == ERR_DB_NONE ? ERR_VERSION_NOT_FOUND : e;
}

/* The last that was made of a source, of those that the caller sees.  ERR_DB_NONE. */
static enum err last_of(struct tx *tx, const struct id *source, struct deployable *out)
{
	struct db_rows r;
	enum err e = tx_query(tx, SQL_DEPLOYABLE_OF, DB_IN(db_d(&tx->who->principal), db_d(&tx->who->principal), db_d(&tx->who->organization), db_d(source), db_i(SOURCES_MOST)), &r);

	for (size_t i = 0; !e && i < r.n; i++) {
		(void)row_read(deployable_map, RES__MAX, db_row(&r, i), out);
		if (who_sees_model(tx->who, out->global, (int)out->granted))
			return OK;
	}
	return e ? e : ERR_DB_NONE;
}

static enum err unnamed(struct tx *tx)
{
	why_coded(tx, "modelPackageId", "is required unless modelId is given", "required");
	return ERR_SHAPE;
}

/* By its own id, as the request names it. */
static enum err given(struct tx *tx, const struct id *package, struct deployable *out)
{
	enum err e = or_may(tx, find(tx, package, out));

	if (e == ERR_VERSION_NOT_FOUND)
		why_add(tx, "modelPackageId", "does not match any model package that you can see");
	return e;
}

/* The package that was asked for: made now where a source has none. */
static enum err named(struct tx *tx, const struct package_asked *which, struct deployable *out)
{
	struct package_in in = { .source = which->source };
	struct version made;
	enum err e;

	if (which->package_set || !which->source_set)
		return which->package_set ? given(tx, &which->package, out) : unnamed(tx);
	if ((e = last_of(tx, &which->source, out)) != ERR_DB_NONE)
		return e;
	return (e = package_from_source(tx, &in, &made)) ? e : find(tx, &made.life.id, out);
}

/* The same as it would be, where nothing is made. */
static enum err would_be(struct tx *tx, const struct package_asked *which, struct deployable *out)
{
	struct leaderboard *l = ARENA_NEW(tx->arena, struct leaderboard);
	const struct package *p = &l->package;
	struct custom_source custom;
	enum err e;

	if (which->package_set || !which->source_set)
		return which->package_set ? given(tx, &which->package, out) : unnamed(tx);
	if ((e = last_of(tx, &which->source, out)) != ERR_DB_NONE)
		return e;
	if ((e = leaderboard_find(tx, &which->source, l)) == ERR_RUN_NOT_FOUND && !(e = custom_version_find(tx, &which->source, &custom)))
		p = &custom.package;
	*out = (struct deployable){ .kinds = p->kinds, .target_name = p->target_name, .target_type = p->target_type ? p->target_type : TARGET_UNKNOWN,
		.classes = p->classes };
	return e;
}

static enum err deployable(const struct deployable *p)
{
	if (p->model_retired || p->model_archived)
		return p->model_retired ? ERR_MODEL_RETIRED : ERR_MODEL_ARCHIVED;
	return p->archived ? ERR_PACKAGE_ARCHIVED : p->build && !strcmp(p->build, BUILD_FAILED) ? ERR_NOT_BUILT : OK;
}

static bool runs_in(const struct deployable *p, int64_t formats)
{
	return p->kinds & formats & FORMATS;
}

/* Something comes into an environment, if it is said which one; its formats stay until it has. */
static enum err come_into(struct tx *tx, const struct id *environment, int64_t *formats)
{
	int64_t there;
	enum err e;

	*formats = FORMATS;
	if (id_is_zero(environment))
		return OK;
	e = db_exec(tx->db, SQL_ENVIRONMENT_TOUCH, DB_IN(db_d(&tx->who->organization), db_d(environment)), &there);
	return e ? e : there ? environment_formats(tx, environment, formats) : ERR_ENVIRONMENT_NOT_FOUND;
}

static enum err enter(struct tx *tx, const struct id *environment, const struct deployable *p)
{
	int64_t formats;
	enum err e = come_into(tx, environment, &formats);

	if (e == ERR_ENVIRONMENT_NOT_FOUND)
		why_add(tx, "predictionEnvironmentId", "does not match any prediction environment");
	return e ? e : id_is_zero(environment) || runs_in(p, formats) ? OK : ERR_ENVIRONMENT_FORMAT;
}

/* ---- Whether one can take the place of another ---- */

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_bytes(struct bytes a, struct bytes b)
{
	return a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n));
}

static void fit(struct validation *v, const char *name, bool passes, const char *good, const char *bad)
{
	v->fits[v->n++] = (struct fit){ name, passes ? good : bad, passes };
	if (!passes && v->passes)
		v->message = bad;
	v->passes &= passes;
}

static void about_target(struct validation *v, const struct deployable *now, const struct deployable *next)
{
	const int64_t series = KIND_TIME_SERIES | KIND_MULTISERIES;

	fit(v, "target", same_text(now->target_name, next->target_name), "The model package has the same target as the champion", "The model package has a different target than the champion");
	fit(v, "targetType", same_text(now->target_type, next->target_type), "The model package has the same target type as the champion",
		"The model package has a different target type than the champion");
	fit(v, "targetClasses", same_bytes(now->classes, next->classes), "The model package has the same classes as the champion", "The model package has different classes than the champion");
	fit(v, "seriesType", (now->kinds & series) == (next->kinds & series), "Both or neither are time series models",
		"Only one of the two is a time series or multiseries model");
}

static void whether_fits(struct validation *v, const struct deployable *now, const struct deployable *next, const int64_t *formats)
{
	*v = (struct validation){ .passes = true, .message = "The model package can replace the champion" };
	fit(v, "modelCanBeDeployed", !deployable(next), "The model package can be deployed", "The model package is archived, or its build has failed");
	about_target(v, now, next);
	if (formats)
		fit(v, "predictionEnvironment", runs_in(next, *formats), "The prediction environment supports the model package's format",
			"The prediction environment does not support the model package's format");
}

/* ---- Locks and models ---- */

static enum err hold(struct tx *tx, const struct id *id, enum err missing, struct model **out)
{
	enum err e;

	*out = ARENA_NEW(tx->arena, struct model);
	e = life_hold(tx, RES_MODEL, BY_ID(id), *out);
	return e == ERR_MODEL_NOT_FOUND ? missing : e;
}

/* The deployment that the request names, with its champion's model and that of another package, if any. */
struct locked { struct deployment *d; struct model *its, *other; };
static enum err lock(struct tx *tx, const struct db_val *key, const struct id *other, struct deployment *d, struct locked *out)
{
	struct id was;
	enum err e = life_read(tx, RES_DEPLOYMENT, key, d);
	bool after;

	*out = (struct locked){ .d = d };
	if (e)
		return e;
	was = d->model;
	after = other && memcmp(other, &was, sizeof was) > 0;
	if (other && !after && !id_equal(other, &was) && (e = hold(tx, other, ERR_VERSION_NOT_FOUND, &out->other)))
		return e;
	if ((e = hold(tx, &was, ERR_DEPLOYMENT_NOT_FOUND, &out->its)))
		return e;
	if (after && (e = hold(tx, other, ERR_VERSION_NOT_FOUND, &out->other)))
		return e;
	if (other && !out->other)
		out->other = out->its;
	if ((e = life_lock(tx, RES_DEPLOYMENT, key, d)))
		return e;
	return id_equal(&was, &d->model) ? OK : ERR_DB_RETRY;
}

/* A model is in so many more active deployments; one that was permanently deleted stays as it is. */
static enum err count(struct tx *tx, struct model *m, enum transition t, int64_t more, const struct deployment *d)
{
	struct json *details = js_object(tx->arena);

	if (m->life.state == STATE_MODEL_RETIRED)
		return OK;
	js_put_str(tx->arena, details, "deployment_id", id_spell(tx->arena, life_resources[RES_DEPLOYMENT].prefix, &d->life.id));
	js_put_str(tx->arena, details, "version_rid", id_spell(tx->arena, RID_VERSION, &d->version));
	m->life.held += more;
	return life_move(tx, t, &m->life, details);
}

static enum err put_pair(struct tx *tx, const struct deployment *d, const struct deployable *p, bool champion)
{
	const struct db_val never = { .t = 't', .null = true };
	struct id id;

	id_new(tx->now, &id);
	return db_exec(tx->db, SQL_PAIR_PUT, DB_IN(db_d(&d->life.organization), db_d(&id), db_d(&d->life.id), db_d(&p->model), db_d(&p->id),
		db_i(p->number), db_s(d->label), db_t(d->life.created), champion ? db_t(tx->now) : never, db_d0(champion ? &tx->who->principal : &id_none)), NULL);
}

static enum err set_pairs(struct tx *tx, const struct deployment *d, bool hidden)
{
	int64_t n;

	return db_exec(tx->db, SQL_PAIRS_SET, DB_IN(db_s(d->label), db_i(hidden), db_d(&d->life.organization), db_d(&d->life.id)), &n);
}

/* ---- Deployments ---- */

static const struct column deployment_columns[] = MAP(DEPLOYMENT_COLUMNS, struct deployment), deployment_shown[] = MAP(DEPLOYED, struct deployment);

#define FILTER(f) (UINT64_C(1) << (f))
#define ANY_OF(column) " AND JSON_CONTAINS(?, JSON_QUOTE(" column "))"
static const struct list_filter filters[] = {
	[DEPLOYMENTS_HIDDEN] = { "hidden", " AND x.hidden = ?", "i", 0 },
	[DEPLOYMENTS_SEARCH] = { "search", " AND CONCAT_WS(CHAR(10), x.label, x.description) COLLATE utf8mb4_unicode_520_ci LIKE ?", "s", LIST_LIKE },
	[DEPLOYMENTS_STATUS] = { "status", ANY_OF("x.status"), "s", 0 },
	[DEPLOYMENTS_IMPORTANCE] = { "importance", ANY_OF("x.importance"), "s", 0 },
	{ NULL, NULL, NULL, 0 }
};
static const struct list_order orders[] = {
	{ "newest", { { "id", 'd', true, 0 } } },
	{ "label", { { "label", 's', false, 0 }, { "id", 'd', false, 0 } } },
	{ NULL, { { NULL, 0, false, 0 } } }
};
static const struct list_path paths[] = { { .order = 1, .index = "deployment_by_label" }, { .order = -1, .index = "deployment_list" } };
const struct listing deployments_list = { .name = "DEPLOYMENTS", .of = RES_DEPLOYMENT, .parent = RES__MAX, .sees = SEES_PARENT,
	.text = ROW(DEPLOYMENT_COLUMNS, "x") DEPLOYED(COL_EXPR, ), .out = ROW_OUT(DEPLOYMENT_COLUMNS) DEPLOYED(COL_OUT, ), .joins = " " DEPLOYED_JOINS,
	.maps = { deployment_columns, deployment_shown }, .filters = filters, .always = FILTER(DEPLOYMENTS_HIDDEN), .hidden = 1 + DEPLOYMENTS_HIDDEN,
	.orders = orders, LIST_PATHS(paths) };

enum err deployment_get(struct tx *tx, const struct db_val *key, void *out)
{
	const struct db_val *rest;
	enum err e = life_read_by(tx, RES_DEPLOYMENT, SQL_DEPLOYMENT_WITH, key, 1, out, &rest);

	if (!e)
		(void)row_read(deployment_shown, RES_DEPLOYMENT, rest, out);
	return e;
}

enum err deployment_champion(struct tx *tx, const struct db_val *key, void *out)
{
	struct deployment d;
	enum err e = life_read(tx, RES_DEPLOYMENT, key, &d);

	return e ? e : package_get(tx, BY_ID(&d.version), out);
}

enum err deployment_create(struct tx *tx, const struct deployment_in *in, struct deployment *out)
{
	struct deployable p;
	struct model *m;
	enum err e;

	*out = (struct deployment){ .label = in->label, .description = in->description, .importance = in->importance, .given_id = in->given_id,
		.runtime = in->runtime, .environment = in->environment };
	if ((e = named(tx, &in->which, &p)) || (e = hold(tx, &p.model, ERR_VERSION_NOT_FOUND, &m)) || (e = find(tx, &p.id, &p)) || (e = deployable(&p))
	 || (e = custom_use(tx, &p.id)) || (e = enter(tx, &in->environment, &p)))
		return e;
	life_begin(tx, &out->life);
	out->model = p.model;
	out->version = p.id;
	if ((e = life_create(tx, LIFE_DEPLOYMENT_CREATE, &out->life, NULL)) || (e = put_pair(tx, out, &p, true)))
		return e;
	return count(tx, m, LIFE_MODEL_DEPLOY, 1, out);
}

enum err deployment_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct deployment_in *edit = in;
	struct deployment *d = out;
	enum err e = life_lock(tx, RES_DEPLOYMENT, key, d);

	if (e || !(edit->label_set || edit->description_set || edit->importance_set))
		return e;
	if (edit->label_set)
		d->label = edit->label;
	if (edit->description_set)
		d->description = edit->description;
	if (edit->importance_set)
		d->importance = edit->importance;
	e = life_move(tx, t, &d->life, NULL);
	return e || !edit->label_set ? e : set_pairs(tx, d, false);
}

enum err deployment_switch(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const enum state to = life_state(RES_DEPLOYMENT, ((const struct deployment_in *)in)->status);
	const bool on = to == STATE_DEPLOYMENT_ACTIVE;
	struct deployable p;
	struct locked l;
	enum err e = lock(tx, key, NULL, out, &l);

	(void)t;
	if (e || l.d->life.state == to)
		return e;
	if (on && ((e = find(tx, &l.d->version, &p)) || (e = deployable(&p))))
		return e;
	if ((e = count(tx, l.its, on ? LIFE_MODEL_DEPLOY : LIFE_MODEL_UNDEPLOY, on ? 1 : -1, l.d)))
		return e;
	return life_move(tx, on ? LIFE_DEPLOYMENT_ACTIVATE : LIFE_DEPLOYMENT_DEACTIVATE, &l.d->life, NULL);
}

/* Can it take the place of the champion?  It can be deployed. */
static enum err replaces(struct tx *tx, const struct deployment *d, const struct deployable *next)
{
	struct validation v;
	struct deployable now;
	int64_t formats = 0;
	enum err e = find(tx, &d->version, &now);

	if (e || (e = come_into(tx, &d->environment, &formats)))
		return e;
	whether_fits(&v, &now, next, id_is_zero(&d->environment) ? NULL : &formats);
	for (size_t i = 0; i < v.n; i++)
		if (!v.fits[i].passes)
			why_add(tx, v.fits[i].name, v.fits[i].message);
	return v.passes ? OK : ERR_NO_REPLACEMENT;
}

/* One champion goes and another one comes. */
static enum err count_both(struct tx *tx, const struct locked *l, const struct deployment *was)
{
	const bool same = l->its == l->other;
	enum err e;

	if (l->d->life.state != STATE_DEPLOYMENT_ACTIVE)
		return OK;
	if (!same && (e = count(tx, l->its, LIFE_MODEL_UNDEPLOY, -1, was)))
		return e;
	return count(tx, l->other, LIFE_MODEL_DEPLOY, !same, l->d);
}

enum err deployment_replace(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct deployment_in *asked = in;
	struct json *details = js_object(tx->arena);
	struct deployable p;
	struct deployment was;
	struct locked l;
	enum err e;

	if ((e = life_read(tx, RES_DEPLOYMENT, key, out)) || (e = named(tx, &asked->which, &p)) || (e = lock(tx, key, &p.model, out, &l))
	 || (e = find(tx, &p.id, &p)) || (e = deployable(&p)) || id_equal(&p.id, &l.d->version) || (e = custom_use(tx, &p.id)) || (e = replaces(tx, l.d, &p)))
		return e;
	was = *l.d;
	l.d->model = p.model;
	l.d->version = p.id;
	js_put_str(tx->arena, details, "from_version_rid", id_spell(tx->arena, RID_VERSION, &was.version));
	js_put_str(tx->arena, details, "version_rid", id_spell(tx->arena, RID_VERSION, &p.id));
	if (asked->reason)
		js_put_str(tx->arena, details, "reason", asked->reason);
	if ((e = count_both(tx, &l, &was)) || (e = life_move(tx, t, &l.d->life, details)))
		return e;
	return put_pair(tx, l.d, &p, true);
}

static enum err drop_challengers(struct tx *tx, const struct deployment *d)
{
	struct challenger c;
	struct id *ids;
	size_t n;
	enum err e = tx_ids(tx, SQL_CHALLENGERS_OF, DB_IN(db_d(&d->life.organization), db_d(&d->life.id), db_i(CHALLENGERS_MOST + 1)), &ids, &n);

	for (size_t i = 0; !e && i < n; i++)
		if (!(e = life_hold(tx, RES_CHALLENGER, IN_PARENT(&d->life.id, db_d(&ids[i])), &c)))
			e = life_move(tx, LIFE_CHALLENGER_DELETE, &c.life, NULL);
	return e;
}

enum err deployment_delete(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct locked l;
	enum err e = lock(tx, key, NULL, out, &l);

	(void)in;
	if (e || (e = drop_challengers(tx, l.d)))
		return e;
	if (l.d->life.state == STATE_DEPLOYMENT_ACTIVE && (e = count(tx, l.its, LIFE_MODEL_UNDEPLOY, -1, l.d)))
		return e;
	e = life_move(tx, t, &l.d->life, NULL);
	return e ? e : set_pairs(tx, l.d, true);
}

enum err deployment_validate(struct tx *tx, const struct db_val *key, const struct package_asked *which, struct validation *out)
{
	struct deployable now, next;
	struct deployment d;
	int64_t formats = 0;
	enum err e;

	if ((e = life_read(tx, RES_DEPLOYMENT, key, &d)) || (e = would_be(tx, which, &next)) || (e = find(tx, &d.version, &now))
	 || (!id_is_zero(&d.environment) && (e = environment_formats(tx, &d.environment, &formats))))
		return e;
	whether_fits(out, &now, &next, id_is_zero(&d.environment) ? NULL : &formats);
	return OK;
}

/* ---- Settings ---- */

#define OFF "{\"enabled\":false}"
/* Whole, so that a client finds each member from the first; what was changed is merged into it. */
static const char defaults[] = "{\"associationId\":{\"autoGenerateId\":false,\"columnNames\":[],\"requiredInPredictionRequests\":false},"
	"\"automaticActuals\":" OFF ",\"batchMonitoring\":" OFF ","
	"\"biasAndFairness\":{\"protectedFeatures\":[],\"preferableTargetValue\":null,\"fairnessMetricsSet\":null,\"fairnessThreshold\":null},"
	"\"challengerModels\":" OFF ",\"featureDrift\":{\"enabled\":false,\"featureSelection\":\"auto\",\"trackedFeatures\":[]},\"humility\":" OFF ","
	"\"predictionIntervals\":{\"enabled\":false,\"percentiles\":[]},\"predictionWarning\":{\"enabled\":false,\"customBoundaries\":null},"
	"\"predictionsByForecastDate\":{\"enabled\":false,\"columnName\":null,\"datetimeFormat\":null},\"predictionsDataCollection\":" OFF ","
	"\"predictionsSettings\":{\"minComputes\":0,\"maxComputes\":1,\"resourceBundleId\":null},"
	"\"segmentAnalysis\":{\"enabled\":false,\"attributes\":[]},\"targetDrift\":" OFF "}";

static enum err changed_settings(struct tx *tx, const struct deployment *d, struct json **out)
{
	const char *text = NULL;
	enum err e = tx_text(tx, SQL_DEPLOYMENT_SETTINGS, DB_IN(db_d(&d->life.organization), db_d(&d->life.id)), &text);

	*out = e ? NULL : js_read(tx->arena, text);
	return e;
}

enum err deployment_settings(struct tx *tx, const struct db_val *key, struct deployment *out, const char **text)
{
	struct json *changed;
	enum err e;

	if ((e = life_read(tx, RES_DEPLOYMENT, key, out)) || (e = changed_settings(tx, out, &changed)))
		return e;
	*text = arena_strdup(tx->arena, js_text(js_merge(tx->arena, js_read(tx->arena, defaults), changed ? changed : js_object(tx->arena)), NULL));
	return OK;
}

enum err deployment_configure(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct deployment *d = out;
	struct json *changed, *patch;
	size_t n;
	enum err e;

	if ((e = life_lock(tx, RES_DEPLOYMENT, key, d)) || (e = changed_settings(tx, d, &changed)))
		return e;
	patch = js_read(tx->arena, *(const char *const *)in);
	if (!js_length(patch))
		return OK;
	d->settings = js_text(js_merge(tx->arena, changed, patch), &n);
	if (conf.document_limit && (int64_t)n > conf.document_limit) {
		why_add(tx, "settings", arena_printf(tx->arena, "must have at most %lld bytes as JSON (document_limit), not %zu", (long long)conf.document_limit, n));
		return ERR_SHAPE;
	}
	return life_move(tx, t, &d->life, NULL);
}

/* ---- Challengers ---- */

static const struct column challenger_columns[] = MAP(CHALLENGER_COLUMNS, struct challenger), challenger_listed[] = MAP(DEPLOYED, struct challenger),
	challenger_shown[] = MAP(CHALLENGING, struct challenger);
static const struct list_filter challenger_filters[] = { { "hidden", " AND x.hidden = ?", "i", 0 }, { NULL, NULL, NULL, 0 } };
static const struct list_path challenger_paths[] = { { .order = -1, .index = "challenger_list" } };
const struct listing challengers_list = { .name = "CHALLENGERS", .of = RES_CHALLENGER, .parent = RES_DEPLOYMENT, .sees = SEES_PARENT,
	.link = " AND x.deployment_id = ?", .text = ROW(CHALLENGER_COLUMNS, "x") DEPLOYED(COL_EXPR, ), .out = ROW_OUT(CHALLENGER_COLUMNS) DEPLOYED(COL_OUT, ),
	.joins = " " DEPLOYED_JOINS, .maps = { challenger_columns, challenger_listed }, .filters = challenger_filters, .always = 1, .hidden = 1,
	.orders = list_by_id, LIST_PATHS(challenger_paths) };

enum err challenger_get(struct tx *tx, const struct db_val *key, void *out)
{
	const struct challenger *c = out;
	const struct db_val *rest;
	enum err e = life_read_by(tx, RES_CHALLENGER, SQL_CHALLENGER_WITH, key, 2, out, &rest);

	if (e)
		return e;
	(void)row_read(challenger_shown, RES_CHALLENGER, rest, out);
	return who_sees_model(tx->who, c->of.global, (int)c->of.granted) ? OK : ERR_CHALLENGER_NOT_FOUND;
}

/* To be changed, with the package of it, whose model the caller sees. */
static enum err challenger_lock(struct tx *tx, const struct db_val *key, struct challenger *c, struct deployable *p)
{
	enum err e = life_hold(tx, RES_CHALLENGER, key, c);

	if (e || (e = find(tx, &c->version, p)))
		return e == ERR_VERSION_NOT_FOUND ? ERR_CHALLENGER_NOT_FOUND : e;
	return life_expected(tx, &c->life);
}

/* It can be compared with the champion, and there is room. */
static enum err dares(struct tx *tx, const struct deployment *d, const struct deployable *p)
{
	struct validation v = { .passes = true };
	struct deployable now;
	struct id *ids;
	size_t n;
	enum err e = deployable(p);

	if (e || (e = find(tx, &d->version, &now))
	 || (e = tx_ids(tx, SQL_CHALLENGERS_OF, DB_IN(db_d(&d->life.organization), db_d(&d->life.id), db_i(CHALLENGERS_MOST)), &ids, &n)))
		return e;
	about_target(&v, &now, p);
	for (size_t i = 0; i < v.n; i++)
		if (!v.fits[i].passes)
			why_add(tx, v.fits[i].name, v.fits[i].message);
	return !v.passes ? ERR_NO_REPLACEMENT : n == CHALLENGERS_MOST ? ERR_CHALLENGER_LIMIT : OK;
}

enum err challenger_add(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct deployment_in *asked = in;
	struct challenger *c = out;
	struct deployment d;
	struct deployable p;
	struct locked l;
	enum err e;

	if ((e = life_read(tx, RES_DEPLOYMENT, key, &d)) || (e = named(tx, &asked->which, &p)) || (e = lock(tx, key, &p.model, &d, &l))
	 || (e = find(tx, &p.id, &p)) || (e = dares(tx, &d, &p)) || (e = enter(tx, &asked->environment, &p)))
		return e;
	*c = (struct challenger){ .deployment = d.life.id, .model = p.model, .version = p.id, .environment = asked->environment, .name = asked->name };
	life_begin(tx, &c->life);
	if ((e = life_create(tx, t, &c->life, NULL)) || (e = put_pair(tx, &d, &p, false)))
		return e;
	return life_move(tx, LIFE_DEPLOYMENT_CHALLENGE, &d.life, NULL);
}

enum err challenger_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct deployment_in *edit = in;
	struct challenger *c = out;
	struct deployable p;
	enum err e = challenger_lock(tx, key, c, &p);

	if (e)
		return e;
	if (edit->name_set)
		c->name = edit->name;
	if (edit->environment_set)
		c->environment = edit->environment;
	if (edit->environment_set && (e = enter(tx, &c->environment, &p)))
		return e;
	if ((edit->name_set || edit->environment_set) && ((e = life_move(tx, t, &c->life, NULL))
	 || (e = life_move(tx, LIFE_DEPLOYMENT_CHALLENGER_EDIT, c->life.parent, NULL))))
		return e;
	return challenger_get(tx, key, out);
}

enum err challenger_delete(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct challenger *c = out;
	struct deployable p;
	enum err e = challenger_lock(tx, key, c, &p);

	(void)in;
	if (e || (e = life_move(tx, t, &c->life, NULL)))
		return e;
	return life_move(tx, LIFE_DEPLOYMENT_UNCHALLENGE, c->life.parent, NULL);
}

/* ---- Versions and the deployments that have or had them ---- */

static const struct column pair_columns[] = PICK_MAP(PAIR_PICK, struct pair);
static const struct list_filter pair_filters[] = {
	[PAIRS_HIDDEN] = { "hidden", " AND x.hidden = ?", "i", 0 },
	[PAIRS_SEARCH] = { "search", " AND x.label COLLATE utf8mb4_unicode_520_ci LIKE ?", "s", LIST_LIKE },
	[PAIRS_VERSION] = { "version", " AND x.version_id = ?", "d", 0 },
	{ NULL, NULL, NULL, 0 }
};
#define BY_CREATION(down) { { "created_at", 't', down, 0 }, { "id", 'd', down, 0 } }
static const struct list_order pair_orders[] = {
	{ "newest", BY_CREATION(true) },
	{ "createdAt", BY_CREATION(false) },
	{ "label", { { "label", 's', false, 0 }, { "id", 'd', false, 0 } } },
	{ NULL, { { NULL, 0, false, 0 } } }
};
static const struct list_path pair_paths[] = {
	{ .filters = FILTER(PAIRS_VERSION), .order = 2, .index = "pair_by_version_label" },
	{ .filters = FILTER(PAIRS_VERSION), .order = -1, .index = "pair_by_version" },
	{ .order = 2, .index = "pair_by_model_label" },
	{ .order = -1, .index = "pair_by_model" },
};
const struct listing pairs_list = { .name = "PAIRS", .of = RES__MAX, .kind = "deployment", .parent = RES_MODEL, .link = " AND x.model_id = ?",
	.sees = SEES_PARENT, .model = "(SELECT d.model_id FROM deployments d WHERE d.organization_id = x.organization_id AND d.id = x.deployment_id)",
	.table = "deployment_versions", .text = "x.organization_id, " PICK(PAIR_PICK), .out = "d" PICK_OUT(PAIR_PICK), .joins = " " PAIR_JOINS,
	.maps = { pair_columns }, .size = sizeof(struct pair), .filters = pair_filters, .always = FILTER(PAIRS_HIDDEN), .orders = pair_orders, LIST_PATHS(pair_paths),
	.id_at = offsetof(struct pair, id), .prefix = "" };

enum err pairs_of_model(struct tx *tx, struct list_ask *ask, struct list_got *got)
{
	list_where(ask, PAIRS_HIDDEN, DB_IN(db_i(0)));
	return list_read(tx, ask, got);
}

enum err pairs_of_version(struct tx *tx, struct list_ask *ask, struct list_got *got)
{
	struct version v;
	enum err e = package_of_model(tx, IN_PARENT(&ask->parent, db_d(&ask->child)), &v);

	list_where(ask, PAIRS_VERSION, DB_IN(db_d(&ask->child)));
	return e ? e : pairs_of_model(tx, ask, got);
}
