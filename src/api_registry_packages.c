/* api_registry_packages.c: model packages, which are the versions of registered models: how one is told (schema S21 and
 * what is in it), the queries that filter them, and the routes E1 to E8. */
#include "registry.h"
#include <stdlib.h>
#include <string.h>
#include "dom_capability.h"
#include "dom_deployment.h"
#include "dom_job.h"
#include "dom_source.h"
#include "str.h"

#define VERSION_AT(field) AT(struct version, field)
#define PACKAGE_AT(field) AT(struct version, package.field)

/* ---- What is in a package ---- */

static const struct shape description_out[] = {
	{ "buildEnvironmentType", T_STR, .off = 0 },
	{ "description", T_STR, .flags = F_NULL },
	{ "location", T_STR, .flags = F_NULL },
	{ "modelCreatedAt", T_STR, .flags = F_NULL },
	{ "modelCreatorEmail", T_STR, .flags = F_NULL },
	{ "modelCreatorId", T_STR, .flags = F_NULL },
	{ "modelCreatorName", T_STR, .flags = F_NULL },
	{ "modelName", T_STR, .off = 0 },
	NAMED("PackageDescription")
};
static const struct shape import_out[] = {
	{ "containsFearPipeline", T_BOOL, .flags = F_NULL },
	{ "containsFeaturelists", T_BOOL, .flags = F_NULL },
	{ "containsLeaderboardMeta", T_BOOL, .flags = F_NULL },
	{ "containsProjectMeta", T_BOOL, .flags = F_NULL },
	{ "creatorFullName", T_STR, .flags = F_NULL },
	{ "creatorId", T_STR, .off = 0 },
	{ "creatorUsername", T_STR, .off = 0 },
	{ "dateCreated", T_STR, .off = 0 },
	{ "originalFileName", T_STR, .flags = F_NULL },
	NAMED("PackageImport")
};
static const struct shape custom_out[] = {
	{ "createdAt", T_STR, .off = 0 },
	{ "creatorEmail", T_STR, .flags = F_NULL },
	{ "creatorId", T_STR, .off = 0 },
	{ "creatorName", T_STR, .flags = F_NULL },
	{ "id", T_STR, .off = 0 },
	{ "versionLabel", T_STR, .flags = F_NULL },
	NAMED("PackageCustomModel")
};
static const struct shape use_case_out[] = {
	{ "createdAt", T_STR, .off = 0 },
	{ "creatorEmail", T_STR, .flags = F_NULL },
	{ "creatorId", T_STR, .off = 0 },
	{ "creatorName", T_STR, .flags = F_NULL },
	{ "id", T_STR, .off = 0 },
	{ "name", T_STR, .flags = F_NULL },
	NAMED("PackageUseCase")
};
static const struct shape source_out[] = {
	{ "customModelDetails", T_SUB, .sub = custom_out, .flags = F_OMIT },
	{ "decisionFlowId", T_STR, .flags = F_NULL },
	{ "decisionFlowVersionId", T_STR, .flags = F_NULL },
	{ "environmentUrl", T_STR, .flags = F_NULL },
	{ "fips_140_2Enabled", T_BOOL, .off = 0 },
	{ "projectCreatedAt", T_STR, .flags = F_NULL },
	{ "projectCreatorEmail", T_STR, .flags = F_NULL },
	{ "projectCreatorId", T_STR, .flags = F_NULL },
	{ "projectCreatorName", T_STR, .flags = F_NULL },
	{ "projectId", T_STR, .flags = F_NULL },
	{ "projectName", T_STR, .flags = F_NULL },
	{ "scoringCode", T_SUB, .sub = scoring_rows },
	{ "useCaseDetails", T_SUB, .sub = use_case_out, .flags = F_OMIT },
	NAMED("PackageSource")
};
#define SOURCE_NONE "{\"decisionFlowId\":null,\"decisionFlowVersionId\":null,\"environmentUrl\":null,\"fips_140_2Enabled\":false," \
	"\"projectCreatedAt\":null,\"projectCreatorEmail\":null,\"projectCreatorId\":null,\"projectCreatorName\":null,\"projectId\":null," \
	"\"projectName\":null,\"scoringCode\":{\"dataRobotPredictionVersion\":null,\"location\":null}}"

/* What is known of where it comes from, null otherwise. */
static const void *told_source(struct arena *a, const void *object)
{
	const struct version *v = object;
	struct json *o = js_read(a, SOURCE_NONE), *said = js_read(a, v->package.source_meta), *value;
	const char *key;

	for (void *it = NULL; said && js_next(said, &it, &key, &value); )
		js_put(o, key, value);
	return arena_strdup(a, js_text(o, NULL));
}

static const void *datasets(struct arena *a, const void *object)
{
	const struct version *v = object;

	return v->package.datasets ? v->package.datasets : told_by(a, NULL, datasets_rows);
}

static const void *timeseries(struct arena *a, const void *object)
{
	const struct version *v = object;

	return v->package.timeseries ? v->package.timeseries : told_by(a, NULL, timeseries_rows);
}

static const void *target(struct arena *a, const void *object)
{
	const struct version *v = object;
	struct json *o = js_object(a);

	js_put_str(a, o, "name", v->package.target_name);
	js_put_str(a, o, "type", v->package.target_type);
	return v->package.target ? v->package.target : told_by(a, js_text(o, NULL), target_rows);
}

/* Who made it, and what an import says beside. */
static const void *import_meta(struct arena *a, const void *object)
{
	static const char *const contains[] = { "containsFearPipeline", "containsFeaturelists", "containsLeaderboardMeta", "containsProjectMeta" };
	const struct version *v = object;
	struct json *o = js_object(a), *said = js_read(a, v->package.import_meta), *value;

	for (size_t i = 0; i < sizeof contains / sizeof *contains; i++)
		js_put(o, contains[i], said && js_get(said, contains[i], &value) ? value : NULL);
	js_put_str(a, o, "creatorFullName", v->maker.name);
	js_put_str(a, o, "creatorId", id_spell(a, "", &v->maker.id));
	js_put_str(a, o, "creatorUsername", v->maker.name ? v->maker.name : "thaw");
	js_put_str(a, o, "dateCreated", clock_iso(a, v->life.created, TIME_MICROS));
	js_put_str(a, o, "originalFileName", v->package.file_name);
	return arena_strdup(a, js_text(o, NULL));
}

static const void *model_id(struct arena *a, const void *object)
{
	const struct version *v = object;

	return v->package.source_name ? v->package.source_name : id_spell(a, "", &v->package.source);
}

/* As it was told, with what the package was made with, and what has to be there. */
static const void *model_description(struct arena *a, const void *object)
{
	static const char *const texts[] = { "location", "modelCreatedAt", "modelCreatorEmail", "modelCreatorId", "modelCreatorName" };
	const struct version *v = object;
	struct json *o = js_object(a), *said = js_read(a, v->package.model_description), *value = NULL;
	const char *name = v->package.model_name ? v->package.model_name : model_id(a, v);

	(void)(said && js_get(said, "buildEnvironmentType", &value));
	js_put(o, "buildEnvironmentType", value ? value : js_string(a, "Other"));
	value = NULL;
	(void)(said && js_get(said, "description", &value));
	js_put(o, "description", v->package.description ? js_string(a, v->package.description) : value);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		js_put(o, texts[i], said && js_get(said, texts[i], &value) ? value : NULL);
	js_put_str(a, o, "modelName", name);
	return arena_strdup(a, js_text(o, NULL));
}

static const void *is_archived(struct arena *a, const void *object)
{
	static const bool yes = true, no = false;
	const struct version *v = object;

	(void)a;
	return v->of.retired || v->life.state == STATE_VERSION_ARCHIVED ? &yes : &no;
}

static const void *model_kind(struct arena *a, const void *object)
{
	const struct version *v = object;
	struct json *o = js_object(a);

	for (int i = 0; kinds_rows[i].key; i++)
		js_put_bool(a, o, kinds_rows[i].key, v->package.kinds >> i & 1);
	return arena_strdup(a, js_text(o, NULL));
}

static const struct shape capabilities_out[] = {
	{ "supportsAutomaticActuals", T_BOOL, .off = 0 }, { "supportsChallengerModels", T_BOOL, .off = 0 }, { "supportsFeatureDriftTracking", T_BOOL, .off = 0 },
	{ "supportsHumilityRecommendedRules", T_BOOL, .off = 0 }, { "supportsHumilityRules", T_BOOL, .off = 0 }, { "supportsHumilityRulesDefaultCalculations", T_BOOL, .off = 0 },
	{ "supportsPredictionWarning", T_BOOL, .off = 0 }, { "supportsRetraining", T_BOOL, .off = 0 }, { "supportsScoringCodeDownload", T_BOOL, .off = 0 },
	{ "supportsSecondaryDatasets", T_BOOL, .off = 0 }, { "supportsSegmentedAnalysisDriftAndAccuracy", T_BOOL, .off = 0 },
	{ "supportsShapBasedPredictionExplanations", T_BOOL, .off = 0 }, { "supportsTargetDriftTracking", T_BOOL, .off = 0 },
	NAMED("PackageCapabilities")
};

static const void *capabilities(struct arena *a, const void *object)
{
	struct capability all[CAPABILITIES];
	struct json *o = js_object(a);

	capabilities_of(object, all);
	for (size_t i = 0; i < CAPABILITIES; i++)
		js_put_bool(a, o, all[i].name, all[i].supported);
	return arena_strdup(a, js_text(o, NULL));
}

/* The words of the caller's rights. */
static const void *permissions(struct arena *a, const void *object)
{
	static const char *const words[] = { "CAN_VIEW", "CAN_EDIT", "CAN_SHARE", "CAN_ARCHIVE", "CAN_SHARE_OWNERSHIP" };
	const struct version *v = object;
	struct buf b = { .arena = a };

	for (int i = 0; i < 5; i++)
		if (v->rights >> i & 1)
			buf_printf(&b, "%s%s", b.n ? " " : "", words[i]);
	return b.n ? b.p : "";
}

static const struct shape contents_out[] = { { "allTimeSeriesPredictionIntervals", T_BOOL, .flags = F_NULL }, NAMED("PackageContents") };

static const void *contents(struct arena *a, const void *object)
{
	const struct version *v = object;

	(void)a;
	return v->package.intervals < 0 || !v->package.mlpkg.p ? "{\"allTimeSeriesPredictionIntervals\":null}" : v->package.intervals ? "{\"allTimeSeriesPredictionIntervals\":true}" : "{\"allTimeSeriesPredictionIntervals\":false}";
}

/* A member of what is told beside, as it was sent; NULL: none. */
static const char *beside(struct arena *a, const void *object, const char *key)
{
	const struct version *v = object;
	struct json *value = NULL, *o = js_read(a, v->package.extra);

	return o && js_get(o, key, &value) && value ? arena_strdup(a, js_text(value, NULL)) : NULL;
}

static const void *text_generation(struct arena *a, const void *object) { return beside(a, object, "textGeneration"); }
static const void *bias(struct arena *a, const void *object) { return beside(a, object, "biasAndFairness"); }
static const void *geospatial(struct arena *a, const void *object) { return beside(a, object, "geospatialMonitoring"); }

static const char *const executions[] = { EXECUTION_DEDICATED, EXECUTION_CUSTOM, EXECUTION_EXTERNAL, NULL };
const char *const package_builds[] = { BUILD_RUNNING, BUILD_COMPLETE, BUILD_FAILED, NULL };
const char *const package_stages[] = { STAGE_REGISTERED, "Development", "Staging", "Production", STAGE_ARCHIVED, NULL };
/* S21, and what clients ask of it beside. */
const struct shape package_out[] = {
	{ "activeDeploymentCount", T_INT, VERSION_AT(deployments) },
	{ "biasAndFairness", T_DOC, .make = bias, .flags = F_NULL },
	{ "buildStatus", T_STR, PACKAGE_AT(build), .words = package_builds },
	{ "capabilities", T_OBJECT, .make = capabilities, .sub = capabilities_out },
	{ "datasets", T_OBJECT, .make = datasets, .sub = datasets_rows },
	{ "geospatialMonitoring", T_DOC, .make = geospatial, .flags = F_OMIT },
	{ "id", T_ID, VERSION_AT(life.id), BARE },
	{ "importMeta", T_OBJECT, .make = import_meta, .sub = import_out },
	{ "isArchived", T_BOOL, .make = is_archived, .help = "true: permanently archived, and listed only among the versions of its model" },
	{ "isDeprecated", T_BOOL, .text = "false" },
	{ "mlpkgFileContents", T_OBJECT, .make = contents, .sub = contents_out },
	{ "modelDescription", T_OBJECT, .make = model_description, .sub = description_out },
	{ "modelExecutionType", T_STR, PACKAGE_AT(execution), .words = executions },
	{ "modelId", T_STR, .make = model_id, .help = "id of what the package was created from: a training run or a version of a custom model; otherwise its own" },
	{ "modelKind", T_OBJECT, .make = model_kind, .sub = kinds_rows },
	{ "name", T_STR, PACKAGE_AT(name) },
	{ "permissions", T_WORDS, .make = permissions },
	{ "registeredModelId", T_ID, VERSION_AT(model), BARE },
	{ "registeredModelVersion", T_INT, VERSION_AT(number) },
	{ "sourceMeta", T_OBJECT, .make = told_source, .sub = source_out },
	{ "stage", T_STR, PACKAGE_AT(stage), .words = package_stages },
	{ "tags", T_DOC, VERSION_AT(labels), .empty = "[]", .help = "an array of {id, name, value}" },
	{ "target", T_OBJECT, .make = target, .sub = target_rows },
	{ "textGeneration", T_DOC, .make = text_generation, .flags = F_OMIT },
	{ "timeseries", T_OBJECT, .make = timeseries, .sub = timeseries_rows },
	{ "updatedAt", T_TIME, VERSION_AT(life.changed) },
	{ "updatedBy", T_SUB, VERSION_AT(changer), .sub = person_out },
	{ "userProvidedId", T_STR, PACKAGE_AT(extra), .flags = F_MEMBER | F_OMIT, .help = "for a custom model" },
	NAMED("ModelPackage")
};
static const struct shape packages_out[] = PAGE_OUT(package_out);

/* ---- What lists are asked for ---- */

/* The words that a kind may be asked for by, each a bit or two. */
static const struct { const char *word; int64_t bits; } kind_words[] = {
	{ "isAnomalyDetectionModel", KIND_ANOMALY }, { "isCombinedModel", KIND_COMBINED }, { "isFeatureDiscovery", KIND_DISCOVERY },
	{ "isMultiseries", KIND_MULTISERIES }, { "isTimeSeries", KIND_TIME_SERIES }, { "isUnsupervisedLearning", KIND_UNSUPERVISED },
	{ "isDecisionFlow", KIND_DECISION_FLOW }, { "isUnstructured", KIND_UNSTRUCTURED },
	{ "datarobot", FORMAT_DATAROBOT }, { "datarobotScoringCode", FORMAT_SCORING_CODE }, { "customModel", FORMAT_CUSTOM }, { "externalModel", FORMAT_EXTERNAL },
	{ EXECUTION_DEDICATED, RUNS_DEDICATED }, { EXECUTION_CUSTOM, RUNS_CUSTOM }, { EXECUTION_EXTERNAL, RUNS_EXTERNAL },
};
enum { KIND_WORDS = sizeof kind_words / sizeof *kind_words };

static int64_t kind_bits(const char *word)
{
	for (size_t i = 0; i < KIND_WORDS; i++)
		if (!strcmp(kind_words[i].word, word))
			return kind_words[i].bits;
	return 0;
}

const char *package_kind_fault(struct arena *a, const char *word)
{
	const char **all = arena_alloc(a, (KIND_WORDS + 1) * sizeof *all);

	for (size_t i = 0; i < KIND_WORDS; i++)
		all[i] = kind_words[i].word;
	return kind_bits(word) ? NULL : shape_one_of(a, all);
}

const struct shape package_query[] = {
	PAGE_ROWS,
	PACKAGE_FILTERS,
	{ "modelId", T_STR, PACKAGES_QUERY_AT(model_id), .min = 1, .max = 255, .help = "id of what the packages were created from" },
	{ "similarTo", T_ID, PACKAGES_QUERY_AT(similar), BARE, .help = "packages with the target and the kind of series of that package, which is left out" },
	{ "search", T_STR, PACKAGES_QUERY_AT(search), .filter = 1 + PACKAGES_SEARCH, .min = 1, .max = 255, .help = "matches a part of the name, the model's name or the description; case is ignored" },
	{ 0 }
};
const struct shape versions_query[] = {
	PAGE_ROWS,
	PACKAGE_FILTERS,
	COMPATIBLE_FILTERS,
	{ "sortKey", T_STR, AT(struct page_asked, sort), .words = (const char *const[]){ "version", "modelType", "status", "createdAt", "updatedAt", "modifiedAt", NULL },
	  .help = "latest version first by default" },
	DIRECTION_ROW,
	{ "search", T_STR, PACKAGES_QUERY_AT(search), .filter = 1 + PACKAGES_SEARCH, .min = 1, .max = 255, .help = "matches a part of the name, the model's name or the description; case is ignored" },
	{ "targetName", T_STR, PACKAGES_QUERY_AT(target_name), .filter = 1 + PACKAGES_TARGET, .min = 1, .max = 1024 },
	{ "targetType", T_STR, PACKAGES_QUERY_AT(target_type), .filter = 1 + PACKAGES_TARGET_TYPE, .min = 1, .max = 24 },
	{ "useCaseId", T_ID, PACKAGES_QUERY_AT(use_case), .filter = 1 + PACKAGES_USE_CASE, BARE },
	{ "createdBy", T_STR, PACKAGES_QUERY_AT(created_by), .filter = 1 + PACKAGES_MADE_BY, .min = 1, .max = 254, .help = "email address of the creator" },
	{ 0 }
};
/* Those that have the target and the kind of series of another one. */
static enum err similar(struct req *r, const struct id *to, bool itself, struct list_ask *ask)
{
	struct version *v = ARENA_NEW(r->arena, struct version);
	const struct package *p = &v->package;
	enum err e = package_get(&r->tx, BY_ID(to), v);

	if (e)
		return e;
	list_where(ask, PACKAGES_SIMILAR, DB_IN(db_s(p->target_name), db_s(p->target_type), db_x(p->classes.p, p->classes.n),
		db_i(p->kinds & (KIND_TIME_SERIES | KIND_MULTISERIES))));
	if (!itself)
		list_where(ask, PACKAGES_NOT, DB_IN(db_d(to)));
	return OK;
}

/* The filters that are of a version. */
#define OF_VERSIONS ((UINT64_C(1) << PACKAGES_LIVING) - 1)

enum err packages_asked(struct req *r, const struct page_asked *page, struct list_ask *ask)
{
	const struct packages_query *q = r->query;
	const struct id *to = id_is_zero(&q->similar) ? &q->compatible : &q->similar;
	struct json *kinds = js_read(r->arena, q->kinds);
	int64_t bits = 0;
	struct id source;
	enum err e;

	if (ask->list == &packages_list)
		list_where(ask, PACKAGES_STATUS, DB_IN(db_s(life_word(STATE_VERSION_READY))));
	if (q->model_id && id_parse(q->model_id, "", &source))
		list_where(ask, PACKAGES_SOURCE, DB_IN(db_d(&source)));
	else if (q->model_id)
		list_where(ask, PACKAGES_SOURCE_NAME, DB_IN(db_s(q->model_id)));
	if (q->threshold_set)
		list_where(ask, PACKAGES_THRESHOLD, DB_IN(db_s(number_text(r->arena, q->threshold))));
	if (q->imported_set)
		list_where(ask, PACKAGES_IMPORTED, DB_IN(db_i(q->imported)));
	for (size_t i = 0; i < js_length(kinds); i++)
		bits |= kind_bits(js_str(js_at(kinds, i)));
	if (bits)
		list_where(ask, PACKAGES_KINDS, DB_IN(db_i(bits)));
	if (!id_is_zero(&q->environment)) {
		if ((e = tx_settle(&r->tx)) || (e = who_may(&r->who, r->tx.ask)) || (e = environment_formats(&r->tx, &q->environment, &bits)))
			return e;
		list_where(ask, PACKAGES_FORMATS, DB_IN(db_i(bits)));
	}
	if (q->tag_keys || q->tag_values || q->tags) {
		const char *keys = q->tag_keys ? q->tag_keys : q->tags;
		const struct db_val by[] = { db_s(keys), db_s(keys), db_s(q->tag_values), db_s(q->tag_values), db_s(keys), db_s(keys), db_s(q->tag_values), db_s(q->tag_values) };

		list_where(ask, PACKAGES_TAGS, by, ask->list == &registered_list ? 8 : 4);
	}
	if (!id_is_zero(to)) {
		if ((e = similar(r, to, ask->list == &registered_list, ask)))
			return e;
		if (q->challenger)
			list_where(ask, PACKAGES_CHALLENGER, DB_IN(db_i(RUNS_DEDICATED | RUNS_CUSTOM)));
	}
	/* What is archived counts where it is asked for. */
	if (ask->list == &registered_list && (list_asked(ask) & OF_VERSIONS || q->build || q->stage || !id_is_zero(&q->source))
	 && (!q->stage || strcmp(q->stage, STAGE_ARCHIVED)))
		list_where(ask, PACKAGES_LIVING, DB_IN(db_s(life_word(STATE_VERSION_READY))));
	return pages_by_window(r, page, ask);
}
const struct paging packages_paging = { .size = 100, .most = 1000, .total = true, .asked = packages_asked, .got = pages_offset };

/* ---- What makes one ---- */

#define IN_AT(field) AT(struct package_in, field)
#define REGISTERED_ROWS \
	{ "registeredModelId", T_ID, AT(struct package_in, registered), BARE, .flags = F_NULL, .help = "makes the package the next version of that registered model" }, \
	{ "registeredModelName", T_STR, IN_AT(registered_name), .min = 1, .max = 1024, .flags = F_NULL | F_TRIMMED, .help = "name of a new registered model; by default the name of the package" }, \
	{ "registeredModelDescription", T_STR, IN_AT(registered_description), .max = 2048, .flags = F_NULL }, \
	{ "registeredModelTags", T_DOC, IN_AT(registered_tags), .flags = F_NULL, .help = "an array of {name, value}" }, \
	{ "tags", T_DOC, IN_AT(tags), .flags = F_NULL, .help = "an array of {name, value}" }
#define LEADERBOARD_ROWS \
	{ "description", T_STR, IN_AT(description), .max = 2048, .flags = F_NULL }, \
	{ "distributionPredictionModelId", T_ID, IN_AT(distribution), BARE, .flags = F_NULL }, \
	{ "modelId", T_ID, IN_AT(source), BARE, .flags = F_REQUIRED | F_LOOSE, .help = "id of a leaderboard model, which is a training run" }, \
	{ "name", T_STR, IN_AT(name), .min = 1, .max = 1024, .flags = F_NULL | F_TRIMMED }, \
	{ "predictionThreshold", T_NUMBER, SET(struct package_in, threshold), .min = 0, .max = 1, .help = "for a Binary target" }
static const struct shape leaderboard_in[] = {
	LEADERBOARD_ROWS,
	{ "computeAllTsIntervals", T_BOOL, IN_AT(intervals), .flags = F_NULL, .help = "for time series" },
	REGISTERED_ROWS,
	NAMED("PackageFromLeaderboard")
};
static const struct shape learning_in[] = { LEADERBOARD_ROWS, REGISTERED_ROWS, NAMED("PackageFromLearningModel") };
static const struct shape custom_in[] = {
	{ "customModelVersionId", T_ID, IN_AT(source), BARE, .flags = F_REQUIRED | F_LOOSE },
	{ "name", T_STR, IN_AT(name), .min = 1, .max = 1024, .flags = F_NULL | F_TRIMMED },
	{ "description", T_STR, IN_AT(description), .max = 2048, .flags = F_NULL },
	{ "prompt", T_STR, IN_AT(prompt), .max = 32768, .flags = F_NULL },
	REGISTERED_ROWS,
	NAMED("PackageFromCustomModel")
};
static const struct shape json_description_in[] = {
	{ "buildEnvironmentType", T_STR, .words = (const char *const[]){ "DataRobot", "Python", "R", "Java", "Julia", "Legacy", "Other", NULL }, .flags = F_NULL },
	{ "description", T_STR, .max = 2048, .flags = F_NULL },
	{ "location", T_STR, .max = 2048, .flags = F_NULL },
	{ "modelName", T_STR, .max = 512, .flags = F_NULL },
	NAMED("PackageDescriptionIn")
};
static const struct shape geospatial_in[] = { { "primaryLocationColumn", T_STR, .min = 1, .max = 1024, .flags = F_REQUIRED }, NAMED("PackageGeospatial") };
static const struct shape json_in[] = {
	{ "name", T_STR, IN_AT(name), .min = 1, .max = 1024, .flags = F_REQUIRED | F_TRIMMED },
	{ "description", T_STR, IN_AT(description), .max = 2048, .flags = F_NULL },
	{ "target", T_OBJECT, IN_AT(target), .sub = target_rows, .flags = F_REQUIRED },
	{ "modelId", T_STR, IN_AT(model_id), .min = 1, .max = 255, .flags = F_NULL | F_TRIMMED, .help = "id of the model where it runs; by default that of the package" },
	{ "modelDescription", T_OBJECT, IN_AT(model_description), .sub = json_description_in, .flags = F_NULL },
	{ "datasets", T_OBJECT, IN_AT(datasets), .sub = datasets_rows, .flags = F_NULL },
	{ "timeseries", T_OBJECT, IN_AT(timeseries), .sub = timeseries_rows, .flags = F_NULL },
	{ "geospatialMonitoring", T_OBJECT, IN_AT(geospatial), .sub = geospatial_in, .flags = F_NULL },
	{ "originalFileName", T_STR, IN_AT(file_name), .min = 1, .max = 255, .flags = F_NULL, .help = "name of the file that the model was imported from" },
	REGISTERED_ROWS,
	NAMED("PackageFromJson")
};

/* Made, with its file to be built: the answer is the package, and where the job is told of. */
static enum err answer_job(struct req *r, enum err e, const struct version *v, const struct id *job)
{
	if (e)
		return e;
	res_shape(r, r->row->status, package_out, v, v->life.revision);
	res_job(r, job);
	return OK;
}

static enum err from_leaderboard(struct req *r)
{
	struct version *v = ARENA_NEW(r->arena, struct version);
	struct id job;

	return answer_job(r, package_from_leaderboard(&r->tx, r->in, v, &job), v, &job);
}

static enum err from_custom(struct req *r)
{
	struct version *v = ARENA_NEW(r->arena, struct version);
	struct id job;

	return answer_job(r, package_from_custom(&r->tx, r->in, v, &job), v, &job);
}

/* ---- What belongs to one ---- */

static const struct shape capability_out[] = {
	{ "messages", T_STRINGS, .make = NULL, AT(struct capability, message), .empty = "[]" },
	{ "name", T_STR, AT(struct capability, name) },
	{ "supported", T_BOOL, AT(struct capability, supported) },
	NAMED("Capability")
};
struct capability_list { struct list data; };
const struct shape capability_list_out[] = { { "data", T_LIST, AT(struct capability_list, data), .sub = capability_out }, NAMED("CapabilityList") };

enum err res_capabilities(struct req *r, const struct version *v)
{
	struct capability *all = arena_alloc(r->arena, CAPABILITIES * sizeof *all);

	capabilities_of(v, all);
	for (size_t i = 0; i < CAPABILITIES; i++) {      /* as the JSON array that it is told as */
		struct json *messages = js_array(r->arena);

		if (!all[i].message)
			continue;
		js_add(messages, js_string(r->arena, all[i].message));
		all[i].message = arena_strdup(r->arena, js_text(messages, NULL));
	}
	res_shape(r, 200, capability_list_out, &(struct capability_list){ { all, CAPABILITIES, sizeof *all } }, 0);
	return OK;
}

static enum err get_capabilities(struct req *r)
{
	struct version *v = ARENA_NEW(r->arena, struct version);
	struct db_val key[2] = { { 0 } };
	enum err e = route_key(r, key);

	return e || (e = package_get(&r->tx, key, v)) ? e : res_capabilities(r, v);
}

/* A feature as a package has it, beside what a training run alone says: its name. */
struct feature { const char *name, *type, *date_format, *importance; double weight; bool known, used, weighed; };
static const struct shape feature_out[] = {
	{ "dateFormat", T_STR, AT(struct feature, date_format), .flags = F_NULL },
	{ "featureType", T_STR, AT(struct feature, type), .flags = F_NULL },
	{ "importance", T_DOC, AT(struct feature, importance), .empty = "null", .help = "a number, or null" },
	{ "knownInAdvance", T_BOOL, AT(struct feature, known) },
	{ "name", T_STR, AT(struct feature, name) },
	NAMED("Feature")
};
static const struct shape features_out[] = PAGE_OUT(feature_out);
struct features_query { struct page_asked page; const char *search, *order; bool others, segments; };
#define FEATURES_QUERY_AT(field) AT(struct features_query, field)
static const struct shape features_query[] = {
	PAGE_ROWS,
	{ "includeNonPredictionFeatures", T_BOOL, FEATURES_QUERY_AT(others), .flags = F_LOOSE, .help = "true: include features that predictions do not use" },
	{ "forSegmentedAnalysis", T_BOOL, FEATURES_QUERY_AT(segments), .flags = F_LOOSE, .help = "true: only categorical features, or those that the baseline is segmented by" },
	{ "search", T_STR, FEATURES_QUERY_AT(search), .max = 255, .help = "matches a part of the name; case is ignored" },
	{ "orderBy", T_STR, FEATURES_QUERY_AT(order), .words = (const char *const[]){ "name", "importance", "-name", "-importance",
	  "featureType", "-featureType", "dateFormat", "-dateFormat", "knownInAdvance", "-knownInAdvance", NULL }, .help = "by name by default; features without a value come last" },
	{ 0 }
};

static const char *text_of(struct arena *a, const struct json *o, const char *key)
{
	struct json *v = NULL;

	return js_get(o, key, &v) && js_type(v) == JS_STRING ? arena_strdup(a, js_str(v)) : NULL;
}

static bool flag_of(const struct json *o, const char *key, bool unless)
{
	struct json *v = NULL;

	return js_get(o, key, &v) && js_type(v) == JS_BOOL ? js_bool(v) : unless;
}

/* Of an array of names, or of objects. */
static struct feature feature_of(struct arena *a, const struct json *o)
{
	struct feature f = { .used = true };
	struct json *v = NULL;

	if (js_type(o) == JS_STRING) {
		f.name = arena_strdup(a, js_str(o));
		return f;
	}
	f.name = text_of(a, o, "name");
	f.type = text_of(a, o, "featureType");
	f.date_format = text_of(a, o, "dateFormat");
	f.known = flag_of(o, "knownInAdvance", false);
	f.used = flag_of(o, "usedForPredictions", true);
	if (js_get(o, "importance", &v) && (js_type(v) == JS_INT || js_type(v) == JS_DOUBLE)) {
		f.weighed = true;
		f.weight = js_double(v);
		f.importance = arena_strdup(a, js_text(v, NULL));
	}
	return f;
}

static bool segments(const struct json *baseline, const struct feature *f)
{
	if (f->type && !strcmp(f->type, "Categorical"))
		return true;
	for (size_t i = 0; i < js_length(baseline); i++)
		if (!strcmp(js_str(js_at(baseline, i)), f->name))
			return true;
	return false;
}

/* Texts, of which none comes last both ways. */
static int compare_text(const char *a, const char *b, int way)
{
	return a && b ? way * strcmp(a, b) : (a ? -1 : 0) + (b ? 1 : 0);
}

/* By what is asked for, then by name; for qsort_r(). */
struct order { const char *key; bool down; };
static int compare(const void *left, const void *right, void *arg)
{
	const struct feature *a = left, *b = right;
	const struct order *o = arg;
	const int way = o->down ? -1 : 1;
	int by = 0;

	if (!strcmp(o->key, "importance"))
		by = a->weighed != b->weighed ? (a->weighed ? -1 : 1) : a->weight != b->weight ? way * (a->weight < b->weight ? -1 : 1) : 0;
	else if (!strcmp(o->key, "featureType"))
		by = compare_text(a->type, b->type, way);
	else if (!strcmp(o->key, "dateFormat"))
		by = compare_text(a->date_format, b->date_format, way);
	else if (!strcmp(o->key, "knownInAdvance"))
		by = way * (a->known - b->known);
	return by ? by : (strcmp(o->key, "name") ? 1 : way) * strcmp(a->name, b->name);
}

/* Those that are asked for, in their order; n: how many. */
static struct feature *chosen(struct req *r, const struct version *v, size_t *n)
{
	const struct features_query *q = r->query;
	struct order order = { q->order ? q->order + (*q->order == '-') : "name", q->order && *q->order == '-' };
	const struct json *list = js_read(r->arena, v->package.features ? v->package.features : v->features);
	struct feature *all = arena_alloc(r->arena, (js_length(list) + 1) * sizeof *all);
	struct json *baseline = NULL, *data = js_read(r->arena, v->package.datasets);

	if (data)
		(void)js_get(data, "baselineSegmentedBy", &baseline);
	*n = 0;
	for (size_t i = 0; i < js_length(list); i++) {
		const struct feature f = feature_of(r->arena, js_at(list, i));

		if (f.name && (f.used || q->others) && (!q->segments || segments(baseline, &f)) && (!q->search || strcasestr(f.name, q->search)))
			all[(*n)++] = f;
	}
	qsort_r(all, *n, sizeof *all, compare, &order);
	return all;
}

/* ---- Their pages: parts of an array that the package has ---- */

enum { LOGS_MOST = 100, FEATURES_MOST = 10000 };
struct log_entry { const char *level, *message, *time; double at; size_t place; };
static const struct shape log_out[] = {
	{ "level", T_STR, AT(struct log_entry, level) },
	{ "message", T_STR, AT(struct log_entry, message) },
	{ "time", T_DOC, AT(struct log_entry, time), .empty = "0", .help = "seconds since 1970" },
	NAMED("ModelLog")
};
static const struct shape logs_out[] = PAGE_OUT(log_out);
static const struct shape logs_query[] = { PAGE_ROWS, { 0 } };

/* For qsort(). */
static int earlier(const void *left, const void *right)
{
	const struct log_entry *a = left, *b = right;

	return a->at != b->at ? (a->at < b->at ? -1 : 1) : a->place < b->place ? -1 : 1;
}

static struct log_entry entry_of(struct arena *a, const struct json *o)
{
	struct log_entry e = { .level = "INFO" };
	struct json *v = NULL;

	if (js_type(o) == JS_STRING) {
		e.message = arena_strdup(a, js_str(o));
		return e;
	}
	e.level = text_of(a, o, "level") ? text_of(a, o, "level") : "INFO";
	e.message = text_of(a, o, "message");
	if (js_get(o, "time", &v) && v) {
		e.time = arena_strdup(a, js_text(v, NULL));
		e.at = js_double(v);
	}
	return e;
}

static enum err large(struct req *r, struct version *v)
{
	struct db_val key[2] = { { 0 } };
	enum err e = route_key(r, key);

	return e || (e = package_get(&r->tx, key, v)) ? e : package_large_of(&r->tx, v);
}

static enum err get_features(struct req *r)
{
	struct version *v = ARENA_NEW(r->arena, struct version);
	struct feature *all;
	size_t n;
	enum err e = large(r, v);

	if (e)
		return e;
	all = chosen(r, v, &n);
	return res_part(r, all, n, sizeof *all, FEATURES_MOST, FEATURES_MOST);
}

static enum err get_logs(struct req *r)
{
	struct version *v = ARENA_NEW(r->arena, struct version);
	const struct json *list;
	struct log_entry *all;
	enum err e = large(r, v);

	if (e)
		return e;
	list = js_read(r->arena, v->package.logs);
	all = arena_alloc(r->arena, (js_length(list) + 1) * sizeof *all);
	for (size_t i = 0; i < js_length(list); i++)
		{ all[i] = entry_of(r->arena, js_at(list, i)); all[i].place = i; }
	qsort(all, js_length(list), sizeof *all, earlier);
	return res_part(r, all, js_length(list), sizeof *all, LOGS_MOST, LOGS_MOST);
}

/* ---- Tables ---- */

#define PACKAGES BASE "/modelPackages"
#define ONE PACKAGES "/{modelPackageId}"
#define ID .ids = { "", "" }
#define PACKAGE .object = RES_VERSION, ID
#define REFUSED "MODEL_ARCHIVED MODEL_RETIRED MODEL_NAME_TAKEN REFERENCE QUOTA"
#define OF_NAME AS({ ERR_MODEL_NOT_FOUND, ERR_REFERENCE }, { ERR_RUN_NOT_FOUND, ERR_REFERENCE }, { ERR_CUSTOM_VERSION_NOT_FOUND, ERR_REFERENCE })
static const struct deprecation learning = { "Deprecated since 2.31; use POST /modelPackages/fromLeaderboard/", "Wed, 31 Dec 2031 23:59:59 GMT", BASE "/modelPackages/fromLeaderboard/" };
static const struct deprecation archive = { "Deprecated since 2.32; use DELETE /registeredModels/{registeredModelId}/", "Wed, 31 Dec 2031 23:59:59 GMT", BASE "/registeredModels/" };
const struct route package_routes[] = {
	{ "GET", PACKAGES, PERM_MODEL_READ, 0, QUERY(package_query, struct packages_query), .status = 200, .out = packages_out, .listing = &packages_list,
	  .paging = &packages_paging, .read = packages_read, AS({ ERR_QUERY, ERR_REQUEST }), .summary = "List model packages that are not archived, newest first",
	  .errors = "MODEL_NOT_FOUND" },
	{ "POST", PACKAGES "/fromLeaderboard", PERM_MODEL_WRITE, R_WRITE | R_STRICT, BODY(leaderboard_in, struct package_in), .status = 202, .out = package_out,
	  .object = RES_VERSION, .run = from_leaderboard, .moves = { LIFE_VERSION_CREATE, LIFE_MODEL_REGISTER }, OF_NAME,
	  .summary = "Create a package of a leaderboard model; its file is built in the background", .errors = REFUSED },
	{ "POST", PACKAGES "/fromLearningModel", PERM_MODEL_WRITE, R_WRITE | R_STRICT, BODY(learning_in, struct package_in), .status = 201, .out = package_out,
	  PACKAGE, .make = package_from_learning_model, .place = PACKAGES, AS({ ERR_MODEL_NOT_FOUND, ERR_REFERENCE }), .deprecated = &learning,
	  .summary = "Create a package of a leaderboard model, without a file", .errors = REFUSED " RUN_NOT_FOUND" },
	{ "POST", PACKAGES "/fromCustomModelVersion", PERM_MODEL_WRITE, R_WRITE, BODY(custom_in, struct package_in), .status = 201, .out = package_out,
	  .object = RES_VERSION, .run = from_custom, .moves = { LIFE_VERSION_CREATE, LIFE_MODEL_REGISTER }, OF_NAME,
	  .summary = "Create a package of a custom model version; its file is built in the background", .errors = REFUSED },
	{ "POST", PACKAGES "/fromJSON", PERM_MODEL_WRITE, R_WRITE, BODY(json_in, struct package_in), .status = 201, .out = package_out,
	  PACKAGE, .make = package_from_json, .place = PACKAGES, OF_NAME, .summary = "Create a package of a model that runs elsewhere", .errors = REFUSED },
	{ "GET", ONE, PERM_MODEL_READ, 0, .status = 200, .out = package_out, PACKAGE, .get = package_get, .summary = "Get a model package, archived or not",
	  .errors = "VERSION_NOT_FOUND MODEL_NOT_FOUND" },
	{ "POST", ONE "/archive", PERM_MODEL_WRITE, R_WRITE, .status = 204, PACKAGE, .change = package_archive, .moves = { LIFE_VERSION_ARCHIVE },
	  .deprecated = &archive, .summary = "Permanently archive a model package", .errors = "VERSION_NOT_FOUND MODEL_NOT_FOUND OWNER_ONLY PROTECTED AGENT_DENIED" },
	{ "GET", ONE "/capabilities", PERM_MODEL_READ, 0, .status = 200, .out = capability_list_out, PACKAGE, .run = get_capabilities,
	  .summary = "List what a model package supports once it is deployed", .errors = "VERSION_NOT_FOUND MODEL_NOT_FOUND" },
	{ "GET", ONE "/features", PERM_MODEL_READ, 0, QUERY(features_query, struct features_query), .status = 200, .out = features_out, PACKAGE, .run = get_features,
	  .summary = "List the features of a package's model", .errors = "VERSION_NOT_FOUND MODEL_NOT_FOUND" },
	{ "GET", ONE "/modelLogs", PERM_MODEL_READ, 0, QUERY(logs_query, struct page_asked), .status = 200, .out = logs_out, PACKAGE, .run = get_logs,
	  .summary = "List what was logged while a package's model was trained, oldest first", .errors = "VERSION_NOT_FOUND MODEL_NOT_FOUND" },
	{ 0 }
};
