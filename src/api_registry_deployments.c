/* api_registry_deployments.c: deployments with their champion, status, settings and challengers, and the rows that
 * registered models and their versions show of them.  What takes a job in the product is done at once here: the
 * answer is 202, and the job it names is completed. */
#include "registry.h"
#include <string.h>
#include "dom_share.h"

/* ---- What is told ---- */

static const struct shape model_out[] = {
	{ "id", T_STR, AT(struct deployed, source), .help = "the modelId of the package" },
	{ "type", T_STR, AT(struct deployed, type) },
	{ "targetName", T_STR, AT(struct deployed, target_name) },
	{ "targetType", T_STR, AT(struct deployed, target_type) },
	{ "projectId", T_STR, AT(struct deployed, project), .flags = F_NULL },
	NAMED("DeployedModel")
};
static const struct shape package_brief_out[] = {
	{ "id", T_ID, AT(struct deployed, id), BARE },
	{ "name", T_STR, AT(struct deployed, name) },
	{ "registeredModelId", T_ID, AT(struct deployed, model), BARE },
	NAMED("DeployedPackage")
};

static const void *there(const struct environment *e)
{
	return id_is_zero(&e->life.id) ? NULL : e;
}

static const void *of_deployment(struct arena *a, const void *object)
{
	(void)a;
	return there(&((const struct deployment *)object)->in);
}

static const void *of_challenger(struct arena *a, const void *object)
{
	(void)a;
	return there(&((const struct challenger *)object)->in);
}

static const void *of_pair(struct arena *a, const void *object)
{
	(void)a;
	return there(&((const struct pair *)object)->in);
}

#define DEPLOYMENT_AT(field) AT(struct deployment, field)
static const char *const importances[] = { "LOW", "MODERATE", "HIGH", "CRITICAL", NULL };
static const struct shape deployment_out[] = {
	{ "createdAt", T_TIME, DEPLOYMENT_AT(life.created) },
	{ "defaultPredictionServer", T_LITERAL, .flags = F_NULL },
	{ "description", T_STR, DEPLOYMENT_AT(description), .flags = F_NULL },
	{ "id", T_ID, DEPLOYMENT_AT(life.id), BARE },
	{ "importance", T_STR, DEPLOYMENT_AT(importance), .words = importances, .flags = F_NULL },
	{ "label", T_STR, DEPLOYMENT_AT(label) },
	{ "model", T_SUB, DEPLOYMENT_AT(of), .sub = model_out },
	{ "modelPackage", T_SUB, DEPLOYMENT_AT(of), .sub = package_brief_out, .help = "the current champion" },
	{ "predictionEnvironment", T_REF, .make = of_deployment, .sub = environment_of_out, .flags = F_NULL },
	{ "status", T_STATE, DEPLOYMENT_AT(life.state), .of = RES_DEPLOYMENT },
	{ "userProvidedId", T_STR, DEPLOYMENT_AT(given_id), .flags = F_NULL },
	NAMED("Deployment")
};
static const struct shape deployments_out[] = PAGE_OUT(deployment_out);
static const struct shape id_out[] = { { "id", T_ID, DEPLOYMENT_AT(life.id), BARE }, NAMED("DeploymentId") };

#define CHALLENGER_AT(field) AT(struct challenger, field)
/* A client refuses any other member. */
static const struct shape challenger_out[] = {
	{ "id", T_ID, CHALLENGER_AT(life.id), BARE },
	{ "model", T_SUB, CHALLENGER_AT(of), .sub = model_out },
	{ "modelPackage", T_SUB, CHALLENGER_AT(of), .sub = package_brief_out },
	{ "name", T_STR, CHALLENGER_AT(name) },
	{ "predictionEnvironment", T_REF, .make = of_challenger, .sub = environment_of_out, .flags = F_NULL },
	NAMED("Challenger")
};
static const struct shape challengers_out[] = PAGE_OUT(challenger_out);

#define PAIR_AT(field) AT(struct pair, field)
static const void *first_by(struct arena *a, const void *object)
{
	const struct pair *p = object;

	(void)a;
	return p->first_at ? &p->first_by : NULL;
}
static const struct shape pair_out[] = {
	{ "createdAt", T_TIME, PAIR_AT(created) },
	{ "createdBy", T_SUB, PAIR_AT(maker), .sub = person_out },
	{ "currentlyDeployed", T_BOOL, PAIR_AT(champion), .help = "true: the version is the champion there" },
	{ "firstDeployedAt", T_TIME, PAIR_AT(first_at), .flags = F_NULL },
	{ "firstDeployedBy", T_REF, .make = first_by, .sub = person_out, .flags = F_NULL },
	{ "id", T_ID, PAIR_AT(id), BARE },
	{ "isChallenger", T_BOOL, PAIR_AT(challenger) },
	{ "label", T_STR, PAIR_AT(label) },
	{ "predictionEnvironment", T_REF, .make = of_pair, .sub = environment_of_out, .flags = F_OMIT },
	{ "registeredModelVersion", T_INT, PAIR_AT(number) },
	{ "status", T_STR, PAIR_AT(status) },
	NAMED("ModelDeployment")
};
static const struct shape pairs_out[] = PAGE_OUT(pair_out);

/* ---- What is asked ---- */

static const char *status_fault(struct arena *a, const char *word)
{
	static const char *const words[] = { "active", "inactive", NULL };

	return life_state(RES_DEPLOYMENT, word) ? NULL : shape_one_of(a, words);
}

static const char *importance_fault(struct arena *a, const char *word)
{
	for (int i = 0; importances[i]; i++)
		if (!strcmp(importances[i], word))
			return NULL;
	return shape_one_of(a, importances);
}

struct deployments_query { struct page_asked page; const char *order, *search, *status, *importance; };
#define QUERY_AT(field) AT(struct deployments_query, field)
#define UP_AND_DOWN(word) word, "-" word
/* Nothing here watches the health of what is deployed: by that all are alike. */
static const char *const order_words[] = { UP_AND_DOWN("label"), UP_AND_DOWN("createdAt"), UP_AND_DOWN("serviceHealth"), UP_AND_DOWN("modelHealth"), UP_AND_DOWN("accuracyHealth"),
	UP_AND_DOWN("recentPredictions"), UP_AND_DOWN("lastPredictionTimestamp"), UP_AND_DOWN("currentChampionTimestamp"), NULL };
static const struct shape deployments_query[] = {
	PAGE_ROWS,
	{ "orderBy", T_STR, QUERY_AT(order), .words = order_words, .help = "the newest first without it" },
	{ "search", T_STR, QUERY_AT(search), .filter = 1 + DEPLOYMENTS_SEARCH, .min = 1, .max = 255, .help = "matches a part of the label or the description; case is ignored" },
	{ "status", T_STRINGS, QUERY_AT(status), .filter = 1 + DEPLOYMENTS_STATUS, .fault = status_fault, .help = "one of these" },
	{ "importance", T_STRINGS, QUERY_AT(importance), .filter = 1 + DEPLOYMENTS_IMPORTANCE, .fault = importance_fault, .help = "one of these" },
	{ 0 }
};

static enum err deployments_asked(struct req *r, const struct page_asked *page, struct list_ask *ask)
{
	const char *order = ((const struct deployments_query *)r->query)->order;
	const bool down = order && *order == '-';
	enum err e = pages_by_offset(r, page, ask);

	list_where(ask, DEPLOYMENTS_HIDDEN, DB_IN(db_i(0)));
	ask->order = order && !strcmp(order + down, "label");
	ask->flip = ask->order ? down : order && !strcmp(order, "createdAt");
	return e;
}
static const struct paging twenty = { .size = 20, .most = 100, .total = true, .asked = deployments_asked, .got = pages_offset };

struct pairs_query { struct page_asked page; const char *search; };
static const struct shape pairs_query[] = {
	PAGE_ROWS,
	{ "search", T_STR, AT(struct pairs_query, search), .filter = 1 + PAIRS_SEARCH, .min = 1, .max = 255, .help = "matches a part of the label; case is ignored" },
	{ "sortKey", T_STR, AT(struct page_asked, sort), .words = (const char *const[]){ "createdAt", "label", NULL }, .help = "the newest first without it" },
	DIRECTION_ROW,
	{ 0 }
};

/* ---- What is sent ---- */

static const char *json_fault(struct arena *a, const char *text)
{
	struct json *j;
	const char *why;

	return js_parse(a, text, strlen(text), &j, &why) ? "must be JSON" : NULL;
}

#define IN_AT(field) AT(struct deployment_in, field)
#define IN_SET(field) SET(struct deployment_in, field)
#define LABEL(required) { "label", T_STR, IN_SET(label), .min = 1, .max = 512, .flags = required | F_TRIMMED }
#define DESCRIPTION { "description", T_STR, IN_SET(description), .max = 10000, .flags = F_NULL }
#define IMPORTANCE { "importance", T_STR, IN_SET(importance), .words = importances, .flags = F_NULL }
#define PACKAGE(required) { "modelPackageId", T_ID, IN_SET(which.package), BARE, .flags = required | F_LOOSE }
#define SOURCE(required) { "modelId", T_ID, IN_SET(which.source), BARE, .flags = required | F_LOOSE, \
	.help = "id of what a package was created from; uses the latest such package, or creates one" }
#define ENVIRONMENT { "predictionEnvironmentId", T_ID, IN_SET(environment), BARE, .flags = F_NULL }
#define NAME(required) { "name", T_STR, IN_SET(name), .min = 1, .max = 512, .flags = required | F_TRIMMED }
#define CREATE_ROWS LABEL(F_REQUIRED), DESCRIPTION, IMPORTANCE, ENVIRONMENT, \
	{ "userProvidedId", T_STR, IN_AT(given_id), .min = 1, .max = 255, .flags = F_NULL }, \
	{ "runtimeParameterValues", T_STR, IN_AT(runtime), .max = 32768, .fault = json_fault, .flags = F_NULL, .help = "JSON, as a string" }
static const struct shape from_package_in[] = { PACKAGE(F_REQUIRED), CREATE_ROWS, NAMED("DeploymentFromPackage") };
static const struct shape from_model_in[] = { SOURCE(F_REQUIRED), CREATE_ROWS, NAMED("DeploymentFromModel") };
static const struct shape edit_in[] = { LABEL(0), DESCRIPTION, IMPORTANCE, NAMED("DeploymentEdit") };
static const struct shape status_in[] = {
	{ "status", T_STR, IN_AT(status), .words = (const char *const[]){ "active", "inactive", NULL }, .flags = F_REQUIRED },
	NAMED("DeploymentStatus")
};
static const struct shape validate_in[] = { PACKAGE(0), SOURCE(0), NAMED("ReplacementValidate") };
static const struct shape replace_in[] = {
	PACKAGE(0), SOURCE(0),
	{ "reason", T_STR, IN_AT(reason), .words = (const char *const[]){ "ACCURACY", "DATA_DRIFT", "ERRORS", "SCHEDULED_REFRESH", "SCORING_SPEED", "OTHER", NULL } },
	NAMED("ChampionReplace")
};
static const struct shape challenger_in[] = { PACKAGE(F_REQUIRED), NAME(F_REQUIRED), ENVIRONMENT, NAMED("ChallengerCreate") };
static const struct shape challenger_edit_in[] = { NAME(0), ENVIRONMENT, NAMED("ChallengerEdit") };

/* ---- What is done with a job ---- */

static enum err create(struct req *r)
{
	struct deployment *d = ARENA_NEW(r->arena, struct deployment);
	struct id job;
	enum err e = deployment_create(&r->tx, r->in, d);

	if (e || (e = job_done(&r->tx, JOB_DEPLOYMENT, &d->life.id, &job)))
		return e;
	res_shape(r, 202, id_out, d, 0);
	res_job(r, &job);
	return OK;
}

typedef enum err change(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

static enum err changed(struct req *r, change *what, enum transition t, const void *in)
{
	struct deployment *d = ARENA_NEW(r->arena, struct deployment);
	struct db_val key[2] = { { 0 } };
	struct id job;
	enum err e = route_key(r, key);

	if (e || (e = what(&r->tx, key, t, in, d)) || (e = job_done(&r->tx, JOB_DEPLOYMENT, &d->life.id, &job)))
		return e;
	res_job(r, &job);
	return OK;
}

static enum err patch_status(struct req *r) { return changed(r, deployment_switch, LIFE_DEPLOYMENT_ACTIVATE, r->in); }
static enum err patch_model(struct req *r) { return changed(r, deployment_replace, LIFE_DEPLOYMENT_REPLACE, r->in); }

static enum err add_challenger(struct req *r)
{
	struct challenger *c = ARENA_NEW(r->arena, struct challenger);
	struct db_val key[2] = { { 0 } };
	struct id job;
	enum err e = route_key(r, key);

	if (e || (e = challenger_add(&r->tx, key, LIFE_CHALLENGER_CREATE, r->in, c)) || (e = job_done_in(&r->tx, JOB_CHALLENGER, &c->deployment, &c->life.id, &job)))
		return e;
	res_job(r, &job);
	return OK;
}

/* ---- Who has access, and what it can ---- */

/* Of its champion's model: a client knows three roles here. */
static const void *role(struct arena *a, const void *object)
{
	const struct share *s = object;

	(void)a;
	return s->role == GRANTED_OWNER ? "OWNER" : s->role == GRANTED_USER ? "USER" : "CONSUMER";
}

static const struct shape share_out[] = {
	{ "id", T_ID, AT(struct share, id), BARE },
	{ "name", T_STR, AT(struct share, name) },
	{ "role", T_STR, .make = role, .words = (const char *const[]){ "OWNER", "USER", "CONSUMER", NULL } },
	{ "shareRecipientType", T_STR, AT(struct share, kind), .words = (const char *const[]){ SHARE_USER, SHARE_GROUP, SHARE_ORGANIZATION, NULL } },
	NAMED("DeploymentRole")
};
static const struct shape shares_out[] = PAGE_OUT(share_out);

static enum err list_shares(struct req *r)
{
	struct db_val key[2] = { { 0 } };
	const struct share *all = NULL;
	struct deployment d;
	size_t n;
	enum err e = route_key(r, key);

	if (e || (e = life_read(&r->tx, RES_DEPLOYMENT, key, &d)) || (e = share_list(&r->tx, &d.model, &all, &n)))
		return e;
	return res_part(r, all, n, sizeof *all, 100, SHARES_MOST);
}

static enum err get_capabilities(struct req *r)
{
	struct version *v = ARENA_NEW(r->arena, struct version);
	struct db_val key[2] = { { 0 } };
	enum err e = route_key(r, key);

	return e || (e = deployment_champion(&r->tx, key, v)) ? e : res_capabilities(r, v);
}

/* ---- Whether a champion can be replaced ---- */

struct validated { const char *status, *message, *checks; };
static const char *const verdicts[] = { "passing", "failing", NULL };
static const struct shape validated_out[] = {
	{ "status", T_STR, AT(struct validated, status), .words = verdicts },
	{ "message", T_STR, AT(struct validated, message) },
	{ "checks", T_OBJECT, AT(struct validated, checks), .help = "status and message of each check, by name" },
	NAMED("ReplacementValidation")
};

static enum err validate(struct req *r)
{
	struct json *checks = js_object(r->arena);
	struct db_val key[2] = { { 0 } };
	struct validation v;
	enum err e = route_key(r, key);

	if (e || (e = deployment_validate(&r->tx, key, &((const struct deployment_in *)r->in)->which, &v)))
		return e;
	for (size_t i = 0; i < v.n; i++) {
		struct json *one = js_object(r->arena);

		js_put_str(r->arena, one, "status", verdicts[!v.fits[i].passes]);
		js_put_str(r->arena, one, "message", v.fits[i].message);
		js_put(checks, v.fits[i].name, one);
	}
	res_shape(r, 200, validated_out, &(struct validated){ verdicts[!v.passes], v.message, js_text(checks, NULL) }, 0);
	return OK;
}

/* ---- Settings ---- */

#define ENABLED { "enabled", T_BOOL, .off = 0 }
static const struct shape enabled_rows[] = { ENABLED, NAMED("EnabledSetting") };
static const struct shape association_rows[] = {
	{ "autoGenerateId", T_BOOL, .off = 0 },
	{ "columnNames", T_STRINGS, .max = 10, .flags = F_NULL },
	{ "requiredInPredictionRequests", T_BOOL, .off = 0 },
	NAMED("AssociationIdSetting")
};
static const struct shape bias_rows[] = {
	{ "protectedFeatures", T_STRINGS, .max = 100, .flags = F_NULL },
	{ "preferableTargetValue", T_DOC, .flags = F_NULL },
	{ "fairnessMetricsSet", T_STR, .max = 255, .flags = F_NULL },
	{ "fairnessThreshold", T_NUMBER, .min = 0, .max = 1, .flags = F_NULL },
	NAMED("BiasSetting")
};
static const struct shape drift_rows[] = {
	ENABLED,
	{ "featureSelection", T_STR, .max = 255, .flags = F_NULL },
	{ "trackedFeatures", T_STRINGS, .max = 1000, .flags = F_NULL },
	NAMED("DriftSetting")
};
static const struct shape interval_rows[] = { ENABLED, { "percentiles", T_DOC, .flags = F_NULL, .help = "an array of whole numbers from 1 to 100" }, NAMED("IntervalSetting") };
static const struct shape warning_rows[] = { ENABLED, { "customBoundaries", T_OBJECT, .flags = F_NULL }, NAMED("WarningSetting") };
static const struct shape forecast_rows[] = {
	ENABLED,
	{ "columnName", T_STR, .max = 1024, .flags = F_NULL },
	{ "datetimeFormat", T_STR, .max = 255, .flags = F_NULL },
	NAMED("ForecastSetting")
};
static const struct shape compute_rows[] = {
	{ "minComputes", T_INT, .min = 0, .max = 1000, .flags = F_NULL },
	{ "maxComputes", T_INT, .min = 0, .max = 1000, .flags = F_NULL },
	{ "resourceBundleId", T_STR, .max = 255, .flags = F_NULL },
	NAMED("ComputeSetting")
};
static const struct shape segment_rows[] = { ENABLED, { "attributes", T_STRINGS, .max = 1000, .flags = F_NULL }, NAMED("SegmentSetting") };

struct settings { const char *association, *actuals, *batch, *bias, *challengers, *drift, *humility, *intervals, *warning, *forecast, *collection, *computes, *segments, *target; };
#define SETTING(key, field, rows) { key, T_OBJECT, AT(struct settings, field), .sub = rows, .flags = F_NULL }
static const struct shape settings_rows[] = {
	SETTING("associationId", association, association_rows),
	SETTING("automaticActuals", actuals, enabled_rows),
	SETTING("batchMonitoring", batch, enabled_rows),
	SETTING("biasAndFairness", bias, bias_rows),
	SETTING("challengerModels", challengers, enabled_rows),
	SETTING("featureDrift", drift, drift_rows),
	SETTING("humility", humility, enabled_rows),
	SETTING("predictionIntervals", intervals, interval_rows),
	SETTING("predictionWarning", warning, warning_rows),
	SETTING("predictionsByForecastDate", forecast, forecast_rows),
	SETTING("predictionsDataCollection", collection, enabled_rows),
	SETTING("predictionsSettings", computes, compute_rows),
	SETTING("segmentAnalysis", segments, segment_rows),
	SETTING("targetDrift", target, enabled_rows),
	NAMED("DeploymentSettings")
};

static const char **setting(const struct settings *v, const struct shape *row)
{
	return (const char **)((char *)v + row->off);
}

static enum err get_settings(struct req *r)
{
	struct settings v = { NULL };
	struct db_val key[2] = { { 0 } };
	struct deployment d;
	struct json *all, *one;
	const char *text;
	enum err e = route_key(r, key);

	if (e || (e = deployment_settings(&r->tx, key, &d, &text)))
		return e;
	all = js_read(r->arena, text);
	for (const struct shape *s = settings_rows; s->key; s++)
		if (js_get(all, s->key, &one))
			*setting(&v, s) = js_text(one, NULL);
	res_shape(r, 200, settings_rows, &v, d.life.revision);
	return OK;
}

static enum err percentiles_fault(struct req *r, const char *intervals)
{
	struct json *list = NULL;
	int64_t n;

	(void)js_get(js_read(r->arena, intervals), "percentiles", &list);
	if (list && js_type(list) != JS_ARRAY)
		why_add(&r->tx, "predictionIntervals.percentiles", "must be an array of whole numbers");
	for (size_t i = 0; i < js_length(list); i++)
		if (!js_whole(js_at(list, i), &n) || n < 1 || n > 100)
			why_add(&r->tx, arena_printf(r->arena, "predictionIntervals.percentiles[%zu]", i), "must be a whole number from 1 to 100");
	return r->tx.why.n ? ERR_SHAPE : OK;
}

static enum err patch_settings(struct req *r)
{
	const struct settings *v = r->in;
	struct json *patch = js_object(r->arena);
	const char *text;

	if (v->intervals && percentiles_fault(r, v->intervals))
		return ERR_SHAPE;
	for (const struct shape *s = settings_rows; s->key; s++)
		if (*setting(v, s))
			js_put(patch, s->key, js_read(r->arena, *setting(v, s)));
	text = js_text(patch, NULL);
	return changed(r, deployment_configure, LIFE_DEPLOYMENT_CONFIGURE, &text);
}

/* ---- Tables ---- */

#define ALL BASE "/deployments"
#define ONE ALL "/{deploymentId}"
#define THE .object = RES_DEPLOYMENT, .ids = { "" }
#define THE_CHALLENGER .object = RES_CHALLENGER, .ids = { "", "" }
/* Of a body: what it names, and there is not. */
#define NAMES AS(NAMED_MODEL, { ERR_VERSION_NOT_FOUND, ERR_REFERENCE }, { ERR_RUN_NOT_FOUND, ERR_REFERENCE }, \
	{ ERR_CUSTOM_VERSION_NOT_FOUND, ERR_REFERENCE }, { ERR_ENVIRONMENT_NOT_FOUND, ERR_REFERENCE })
#define CANNOT " REFERENCE MODEL_ARCHIVED MODEL_RETIRED PACKAGE_ARCHIVED NOT_BUILT ENVIRONMENT_FORMAT"
#define FROM(what, shape, text) { "POST", ALL "/" what, PERM_MODEL_WRITE, R_WRITE, BODY(shape, struct deployment_in), .status = 202, .out = id_out, \
	.run = create, .moves = { LIFE_DEPLOYMENT_CREATE, LIFE_MODEL_DEPLOY }, .wants = deploys, NAMES, .summary = text, .errors = "QUOTA" CANNOT }
#define COUNTS SQL_MODEL_LOCK, SQL_MODEL_DEPLOYED, SQL_AUDIT_ADD, SQL_OUTBOX_ADD, SQL_JOB_ADD, SQL_NONE
static const enum sql deploys[] = { SQL_DEPLOYABLE, SQL_CUSTOM_MODEL_OF, SQL_USED_DEPLOYMENTS, SQL_PAIR_PUT, COUNTS }, switches[] = { SQL_DEPLOYMENT_READ, SQL_DEPLOYABLE, COUNTS },
	replaces[] = { SQL_DEPLOYMENT_READ, SQL_DEPLOYABLE, SQL_CUSTOM_MODEL_OF, SQL_PAIR_PUT, COUNTS }, configures[] = { SQL_DEPLOYMENT_SETTINGS, SQL_JOB_ADD, SQL_NONE },
	dares[] = { SQL_DEPLOYMENT_READ, SQL_DEPLOYABLE, SQL_DEPLOYMENT_LOCK, SQL_CHALLENGERS_OF, SQL_USED_CHALLENGERS, SQL_PAIR_PUT, COUNTS };
const struct route deployment_routes[] = {
	FROM("fromModelPackage", from_package_in, "Deploy a model package"),
	FROM("fromLearningModel", from_model_in, "Deploy a leaderboard model"),
	FROM("fromLeaderboard", from_model_in, "Deploy a leaderboard model"),
	{ "GET", ALL, PERM_MODEL_READ, 0, QUERY(deployments_query, struct deployments_query), .status = 200, .out = deployments_out, .listing = &deployments_list,
	  .paging = &twenty, .summary = "List the deployments of models that the caller can see" },
	{ "GET", ONE, PERM_MODEL_READ, 0, .status = 200, .out = deployment_out, THE, .get = deployment_get, .summary = "Get a deployment", .errors = "DEPLOYMENT_NOT_FOUND" },
	{ "PATCH", ONE, PERM_MODEL_WRITE, R_WRITE, BODY(edit_in, struct deployment_in), .status = 204, THE, .change = deployment_edit,
	  .moves = { LIFE_DEPLOYMENT_EDIT }, .summary = "Update a deployment's label, description or importance", .errors = "DEPLOYMENT_NOT_FOUND" },
	{ "DELETE", ONE, PERM_MODEL_WRITE, R_WRITE, .status = 204, THE, .change = deployment_delete, .moves = { LIFE_DEPLOYMENT_DELETE },
	  .summary = "Delete a deployment", .errors = "DEPLOYMENT_NOT_FOUND AGENT_DENIED" },
	{ "PATCH", ONE "/status", PERM_MODEL_WRITE, R_WRITE, BODY(status_in, struct deployment_in), .status = 202, THE, .run = patch_status,
	  .moves = { LIFE_DEPLOYMENT_ACTIVATE, LIFE_DEPLOYMENT_DEACTIVATE }, .wants = switches,
	  .summary = "Activate or deactivate a deployment", .errors = "DEPLOYMENT_NOT_FOUND MODEL_ARCHIVED MODEL_RETIRED PACKAGE_ARCHIVED NOT_BUILT" },
	{ "POST", ONE "/model/validation", PERM_MODEL_READ, 0, BODY(validate_in, struct deployment_in), .status = 200, .out = validated_out, THE, .run = validate, NAMES,
	  .summary = "Check whether a package can replace the champion", .errors = "DEPLOYMENT_NOT_FOUND REFERENCE" },
	{ "PATCH", ONE "/model", PERM_MODEL_WRITE, R_WRITE, BODY(replace_in, struct deployment_in), .status = 202, THE, .run = patch_model, NAMES,
	  .moves = { LIFE_DEPLOYMENT_REPLACE }, .wants = replaces,
	  .summary = "Replace the champion", .errors = "DEPLOYMENT_NOT_FOUND NO_REPLACEMENT QUOTA" CANNOT },
	{ "GET", ONE "/championModelPackage", PERM_MODEL_READ, R_UNTAGGED, .status = 200, .out = package_out, THE, .get = deployment_champion,
	  .size = sizeof(struct version), .summary = "Get the current champion's package", .errors = "DEPLOYMENT_NOT_FOUND" },
	{ "GET", ONE "/capabilities", PERM_MODEL_READ, 0, .status = 200, .out = capability_list_out, THE, .run = get_capabilities,
	  .summary = "List what the champion supports", .errors = "DEPLOYMENT_NOT_FOUND" },
	{ "GET", ONE "/sharedRoles", PERM_MODEL_READ, 0, QUERY(window_query, struct page_asked), .status = 200, .out = shares_out, THE, .run = list_shares,
	  .summary = "List who has access: everyone with access to the champion's registered model", .errors = "DEPLOYMENT_NOT_FOUND" },
	{ "GET", ONE "/settings", PERM_MODEL_READ, 0, .status = 200, .out = settings_rows, THE, .run = get_settings, .summary = "Get all settings of a deployment", .errors = "DEPLOYMENT_NOT_FOUND" },
	{ "PATCH", ONE "/settings", PERM_MODEL_WRITE, R_WRITE, BODY(settings_rows, struct settings), .status = 202, THE, .run = patch_settings,
	  .moves = { LIFE_DEPLOYMENT_CONFIGURE }, .wants = configures,
	  .summary = "Update settings of a deployment; omitted ones stay as they are", .errors = "DEPLOYMENT_NOT_FOUND" },
	{ "POST", ONE "/challengers", PERM_MODEL_WRITE, R_WRITE, BODY(challenger_in, struct deployment_in), .status = 202, THE_CHALLENGER, .run = add_challenger, NAMES,
	  .moves = { LIFE_CHALLENGER_CREATE, LIFE_DEPLOYMENT_CHALLENGE }, .wants = dares,
	  .summary = "Add a challenger", .errors = "DEPLOYMENT_NOT_FOUND CHALLENGER_LIMIT NO_REPLACEMENT QUOTA" CANNOT },
	{ "GET", ONE "/challengers", PERM_MODEL_READ, 0, QUERY(window_query, struct page_asked), .status = 200, .out = challengers_out, THE, .listing = &challengers_list,
	  .paging = &living, .summary = "List the challengers of models that the caller can see, oldest first", .errors = "DEPLOYMENT_NOT_FOUND" },
	{ "GET", ONE "/challengers/{challengerId}", PERM_MODEL_READ, 0, .status = 200, .out = challenger_out, THE_CHALLENGER, .get = challenger_get,
	  .summary = "Get a challenger", .errors = "DEPLOYMENT_NOT_FOUND CHALLENGER_NOT_FOUND" },
	{ "PATCH", ONE "/challengers/{challengerId}", PERM_MODEL_WRITE, R_WRITE, BODY(challenger_edit_in, struct deployment_in), .status = 200, .out = challenger_out,
	  THE_CHALLENGER, .change = challenger_edit, .moves = { LIFE_CHALLENGER_EDIT }, AS({ ERR_ENVIRONMENT_NOT_FOUND, ERR_REFERENCE }),
	  .summary = "Update a challenger's name or environment", .errors = "DEPLOYMENT_NOT_FOUND CHALLENGER_NOT_FOUND REFERENCE ENVIRONMENT_FORMAT" },
	{ "DELETE", ONE "/challengers/{challengerId}", PERM_MODEL_WRITE, R_WRITE, .status = 204, THE_CHALLENGER, .change = challenger_delete,
	  .moves = { LIFE_CHALLENGER_DELETE }, .summary = "Remove a challenger", .errors = "DEPLOYMENT_NOT_FOUND CHALLENGER_NOT_FOUND" },
	{ "GET", BASE "/registeredModels/{registeredModelId}/deployments", PERM_MODEL_READ, 0, QUERY(pairs_query, struct pairs_query), .status = 200, .out = pairs_out,
	  .object = RES_MODEL, .ids = { "" }, .listing = &pairs_list, .paging = &hundred, .read = pairs_of_model,
	  .summary = "List the deployments that use or used a version of a registered model", .errors = "MODEL_NOT_FOUND" },
	{ "GET", BASE "/registeredModels/{registeredModelId}/versions/{versionId}/deployments", PERM_MODEL_READ, 0, QUERY(pairs_query, struct pairs_query), .status = 200,
	  .out = pairs_out, .object = RES_VERSION, .ids = { "", "" }, .listing = &pairs_list, .paging = &hundred, .read = pairs_of_version,
	  .summary = "List the deployments that use or used a version", .errors = "MODEL_NOT_FOUND VERSION_NOT_FOUND" },
	{ 0 }
};
