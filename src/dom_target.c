/* dom_target.c: targets, data and series as clients say them and packages tell them. */
#include "dom_source.h"
#include <stdlib.h>
#include <string.h>
#include "hash.h"
#include "str.h"

enum { CLASSES_TOLD = 100, DIGEST = 16 };

const char *const target_types[] = { "Binary", "Regression", "Multiclass", "Multilabel", "TextGeneration", "GeoPoint", "Anomaly",
	"Transform", "Unstructured", "VectorDatabase", "AgenticWorkflow", "MCP", NULL };
static const char *const histograms[] = { "predictions", "actuals", NULL };
static const char *const units[] = { "MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR", NULL };

/* ---- Rows ---- */

#define TEXT(key) { key, T_STR, .max = 1024, .flags = F_NULL }
const struct shape target_rows[] = {
	{ "classCount", T_INT, .min = 0, .max = INT32_MAX, .flags = F_NULL },
	{ "classNames", T_STRINGS, .max = 10000, .flags = F_NULL, .empty = "[]", .help = "for a Binary target the positive class, then the negative one" },
	{ "name", T_STR, .min = 1, .max = 1024, .flags = F_REQUIRED },
	{ "predictionProbabilitiesColumn", T_STR, .max = 1024, .flags = F_NULL },
	{ "predictionThreshold", T_NUMBER, .min = 0, .max = 1, .flags = F_NULL, .help = "for a Binary target" },
	{ "type", T_STR, .words = target_types, .flags = F_REQUIRED },
	NAMED("Target")
};
const struct shape datasets_rows[] = {
	{ "baselineSegmentedBy", T_STRINGS, .max = 1000, .flags = F_NULL, .empty = "[]" },
	TEXT("datasetName"), TEXT("holdoutDataCatalogId"), TEXT("holdoutDataCatalogVersionId"),
	TEXT("holdoutDataCreatedAt"), TEXT("holdoutDataCreatorEmail"), TEXT("holdoutDataCreatorId"), TEXT("holdoutDataCreatorName"),
	TEXT("holdoutDatasetName"),
	{ "targetHistogramBaseline", T_STR, .words = histograms, .flags = F_OMIT },
	TEXT("trainingDataCatalogId"), TEXT("trainingDataCatalogVersionId"),
	TEXT("trainingDataCreatedAt"), TEXT("trainingDataCreatorEmail"), TEXT("trainingDataCreatorId"), TEXT("trainingDataCreatorName"),
	{ "trainingDataSize", T_INT, .min = 0, .max = INT64_MAX, .flags = F_OMIT, .help = "rows" },
	NAMED("Datasets")
};
#define WINDOW(key) { key, T_INT, .min = INT32_MIN, .max = 0, .flags = F_NULL }
#define FLAG(key) { key, T_BOOL, .flags = F_NULL }
const struct shape timeseries_rows[] = {
	TEXT("datetimeColumnFormat"), TEXT("datetimeColumnName"),
	WINDOW("effectiveFeatureDerivationWindowEnd"), WINDOW("effectiveFeatureDerivationWindowStart"),
	WINDOW("featureDerivationWindowEnd"), WINDOW("featureDerivationWindowStart"),
	TEXT("forecastDistanceColumnName"),
	{ "forecastDistances", T_DOC, .flags = F_NULL, .empty = "[]", .help = "an array of whole numbers" },
	{ "forecastDistancesTimeUnit", T_STR, .words = units, .flags = F_NULL },
	TEXT("forecastPointColumnName"),
	FLAG("isCrossSeries"), FLAG("isNewSeriesSupport"), FLAG("isTraditionalTimeSeries"),
	TEXT("seriesColumnName"),
	NAMED("Timeseries")
};
/* In the order of the bits. */
#define KIND(key) { key, T_BOOL, .empty = "false" }
const struct shape kinds_rows[] = {
	KIND("isAnomalyDetectionModel"), KIND("isCombinedModel"), KIND("isFeatureDiscovery"), KIND("isMultiseries"), KIND("isTimeSeries"),
	KIND("isUnsupervisedLearning"), KIND("isDecisionFlow"), KIND("isUnstructured"),
	NAMED("ModelKinds")
};
_Static_assert(KIND_ANOMALY == 1 && KIND_MULTISERIES == 8 && KIND_TIME_SERIES == 16 && KIND_UNSTRUCTURED == 128, "the rows are in their order");

static struct json *member(const struct json *o, const char *key)
{
	struct json *v = NULL;

	return js_get(o, key, &v) ? v : NULL;
}

static struct json *by_rows(struct arena *a, const struct json *in, const struct shape *s)
{
	struct json *o = js_object(a);

	for (; s->key; s++) {
		struct json *v = member(in, s->key);

		if (v || !(s->flags & F_OMIT))
			js_put(o, s->key, v ? v : js_raw(a, s->empty));
	}
	return o;
}

const char *told_by(struct arena *a, const char *text, const struct shape *rows)
{
	return js_text(by_rows(a, js_read(a, text), rows), NULL);
}

/* ---- Targets ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of the set of classes, in whatever order they are told. */
static enum err digest_of(struct tx *tx, const struct json *classes, struct bytes *out)
{
	const size_t n = js_length(classes);
	const char **all = arena_alloc(tx->arena, (n + 1) * sizeof *all);
	unsigned char *md = arena_alloc(tx->arena, SHA256_BYTES);
	struct buf b = { .arena = tx->arena };

	for (size_t i = 0; i < n; i++)
		all[i] = js_str(js_at(classes, i));
	qsort(all, n, sizeof *all, by_text);
	buf_puts(&b, "");
	for (size_t i = 0; i < n; i++) {
		if (i && !strcmp(all[i], all[i - 1]))
			return why_fault(tx, "target.classNames", "lists a class twice");
		buf_put(&b, all[i], strlen(all[i]) + 1);
	}
	sha256(b.p, b.n, md);
	*out = (struct bytes){ md, DIGEST };
	return OK;
}

/* Of a classification: the classes, and how many there are. */
static enum err take_classes(struct tx *tx, const struct json *in, struct json *out, struct package *p)
{
	const struct json *names = member(in, "classNames"), *count = member(in, "classCount");
	struct json *first = js_array(tx->arena);

	if (js_length(names) && js_length(names) != 2 && !strcmp(p->target_type, "Binary"))
		return why_fault(tx, "target.classNames", "must be the two classes of a Binary target");
	if (count && js_int(count) < (int64_t)js_length(names))
		return why_fault(tx, "target.classCount", "must be at least the number of classes that are given");
	if (!count && js_length(names))
		js_put_int(tx->arena, out, "classCount", (int64_t)js_length(names));
	for (size_t i = 0; i < js_length(names) && i < CLASSES_TOLD; i++)
		js_add(first, js_string(tx->arena, js_str(js_at(names, i))));
	js_put(out, "classNames", first);
	return digest_of(tx, names, &p->classes);
}

static bool classifies(const char *type)
{
	return !strcmp(type, "Binary") || !strcmp(type, "Multiclass") || !strcmp(type, "Multilabel");
}

enum err target_take(struct tx *tx, const char *text, struct package *p)
{
	const struct json *in = js_read(tx->arena, text), *threshold = member(in, "predictionThreshold");
	struct json *out = by_rows(tx->arena, in, target_rows);
	enum err e;

	p->target_name = js_str(member(in, "name"));
	p->target_type = js_str(member(in, "type"));
	if (!strcmp(p->target_type, "Binary")) {
		const double v = threshold ? js_double(threshold) : 0.5;

		p->threshold = number_text(tx->arena, v);
		js_put(out, "predictionThreshold", js_number(tx->arena, v));
	} else if (threshold) {
		return why_fault(tx, "target.predictionThreshold", "is only for a Binary target");
	}
	if (classifies(p->target_type)) {
		if ((e = take_classes(tx, in, out, p)))
			return e;
	} else if (js_length(member(in, "classNames")) || member(in, "classCount")) {
		return why_fault(tx, "target.classNames", "are only for a classification");
	}
	p->target = js_text(out, NULL);
	return OK;
}

enum err target_sent(struct tx *tx, const char *text, struct package *p)
{
	enum err e = target_take(tx, text, p);
	const bool whole = e || strcmp(p->target_type, TARGET_BINARY) || js_length(member(js_read(tx->arena, text), "classNames"));

	return !whole ? why_fault(tx, "target.classNames", "must be the two classes of a Binary target") : e;
}

/* ---- Features and logs ---- */

static const char *const levels[] = { "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", NULL };
static const struct shape feature_rows[] = {
	{ "dateFormat", T_STR, .max = 1024 },
	{ "featureType", T_STR, .max = 1024 },
	{ "importance", T_NUMBER, .min = INT32_MIN, .max = INT32_MAX },
	{ "knownInAdvance", T_BOOL, .empty = "false" },
	{ "name", T_STR, .min = 1, .max = 1024, .flags = F_REQUIRED },
	{ "usedForPredictions", T_BOOL, .flags = F_OMIT },
	{ 0 }
};
static const struct shape log_rows[] = {
	{ "level", T_STR, .words = levels, .flags = F_REQUIRED },
	{ "message", T_STR, .max = 65535, .flags = F_REQUIRED },
	{ "time", T_NUMBER, .min = 0, .max = INT64_C(1) << 40, .flags = F_REQUIRED },
	{ 0 }
};
static const struct shape lists_rows[] = {
	{ "features", T_LIST, .sub = feature_rows },
	{ "logs", T_LIST, .sub = log_rows },
	{ 0 }
};

/* Each as its rows tell it, and the texts of one member of each. */
static const char *each_by(struct arena *a, const struct json *in, const struct shape *rows, const char *key, const char **texts)
{
	struct json *all = js_array(a), *some = js_array(a);

	for (size_t i = 0; i < js_length(in); i++) {
		js_add(all, by_rows(a, js_at(in, i), rows));
		js_add(some, js_string(a, js_str(member(js_at(in, i), key))));
	}
	*texts = js_text(some, NULL);
	return js_text(all, NULL);
}

enum err features_take(struct tx *tx, const char *features, const char *logs, struct features *out)
{
	const char *text = arena_printf(tx->arena, "{\"features\":%s,\"logs\":%s}", features ? features : "[]", logs ? logs : "[]");
	enum err e = document_check(tx, "features", text, lists_rows, strlen(text));
	const struct json *both;

	if (e)
		return e;
	both = js_read(tx->arena, text);
	out->features = each_by(tx->arena, member(both, "features"), feature_rows, "name", &out->names);
	out->logs = each_by(tx->arena, member(both, "logs"), log_rows, "message", &out->messages);
	return OK;
}

/* ---- Series and kinds ---- */

enum err timeseries_take(struct tx *tx, const char *text, struct package *p)
{
	const struct json *in = js_read(tx->arena, text), *distances = member(in, "forecastDistances");
	int64_t n;

	p->timeseries = js_text(by_rows(tx->arena, in, timeseries_rows), NULL);
	if (text)
		p->kinds |= KIND_TIME_SERIES | (member(in, "seriesColumnName") ? KIND_MULTISERIES : 0);
	if (distances && js_type(distances) != JS_ARRAY)
		return why_fault(tx, "timeseries.forecastDistances", "must be an array of whole numbers");
	for (size_t i = 0; i < js_length(distances); i++)
		if (!js_whole(js_at(distances, i), &n))
			return why_fault(tx, arena_printf(tx->arena, "timeseries.forecastDistances[%zu]", i), "must be a whole number");
	return OK;
}

int64_t kinds_take(struct arena *a, const char *text)
{
	const struct json *in = js_read(a, text), *v;
	int64_t kinds = 0;

	for (int i = 0; kinds_rows[i].key; i++)
		if ((v = member(in, kinds_rows[i].key)) && js_bool(v))
			kinds |= INT64_C(1) << i;
	return kinds;
}
