/* dom_target.c: targets, data and series as clients say them and packages tell them. */
#include "dom_source.h"
#include <stdlib.h>
#include <string.h>
#include <openssl/sha.h>
#include "str.h"

enum { CLASSES_TOLD = 100, DIGEST = 16 };

static const char *const target_types[] = { "Binary", "Regression", "Multiclass", "Multilabel", "TextGeneration", "GeoPoint", "Anomaly",
	"Transform", "Unstructured", "VectorDatabase", "AgenticWorkflow", "MCP", NULL };
static const char *const histograms[] = { "predictions", "actuals", NULL };
static const char *const units[] = { "MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR", NULL };

/* ---- Rows ---- */

#define TEXT(key) { key, T_STR, .max = 1024, .flags = F_NULL }
#define MAYBE(key) { key, T_STR, .max = 1024, .flags = F_NULL | F_OMIT }
const struct shape target_rows[] = {
	{ "classCount", T_INT, .min = 0, .max = INT32_MAX, .flags = F_NULL },
	{ "classNames", T_STRINGS, .max = 10000, .flags = F_NULL, .empty = "[]", .help = "of a Binary target the positive class, then the negative one" },
	{ "name", T_STR, .min = 1, .max = 1024, .flags = F_REQUIRED },
	{ "predictionProbabilitiesColumn", T_STR, .max = 1024, .flags = F_NULL },
	{ "predictionThreshold", T_NUMBER, .min = 0, .max = 1, .flags = F_NULL, .help = "of a Binary target" },
	{ "type", T_STR, .words = target_types, .flags = F_REQUIRED },
	{ 0 }
};
const struct shape datasets_rows[] = {
	{ "baselineSegmentedBy", T_STRINGS, .max = 1000, .flags = F_NULL, .empty = "[]" },
	TEXT("datasetName"), TEXT("holdoutDataCatalogId"), TEXT("holdoutDataCatalogVersionId"),
	MAYBE("holdoutDataCreatedAt"), MAYBE("holdoutDataCreatorEmail"), MAYBE("holdoutDataCreatorId"), MAYBE("holdoutDataCreatorName"),
	TEXT("holdoutDatasetName"),
	{ "targetHistogramBaseline", T_STR, .words = histograms, .flags = F_OMIT },
	TEXT("trainingDataCatalogId"), TEXT("trainingDataCatalogVersionId"),
	MAYBE("trainingDataCreatedAt"), MAYBE("trainingDataCreatorEmail"), MAYBE("trainingDataCreatorId"), MAYBE("trainingDataCreatorName"),
	{ "trainingDataSize", T_INT, .min = 0, .max = INT64_MAX, .flags = F_OMIT, .help = "rows" },
	{ 0 }
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
	{ 0 }
};
/* In the order of the bits. */
#define KIND(key) { key, T_BOOL, .empty = "false" }
const struct shape kinds_rows[] = {
	KIND("isAnomalyDetectionModel"), KIND("isCombinedModel"), KIND("isFeatureDiscovery"), KIND("isMultiseries"), KIND("isTimeSeries"),
	KIND("isUnsupervisedLearning"), KIND("isDecisionFlow"), KIND("isUnstructured"),
	{ 0 }
};
_Static_assert(KIND_ANOMALY == 1 && KIND_MULTISERIES == 8 && KIND_TIME_SERIES == 16 && KIND_UNSTRUCTURED == 128, "the rows are in their order");

static struct json *by_rows(struct arena *a, const struct json *in, const struct shape *s)
{
	struct json *o = js_object(a);

	for (; s->key; s++) {
		struct json *v = NULL;

		if ((js_get(in, s->key, &v) && v) || !(s->flags & F_OMIT))
			js_put(o, s->key, v ? v : js_raw(a, s->empty));
	}
	return o;
}

const char *told_by(struct arena *a, const char *text, const struct shape *rows)
{
	return js_text(by_rows(a, js_read(a, text), rows), NULL);
}

/* ---- Targets ---- */

static enum err fault(struct tx *tx, const char *path, const char *reason)
{
	why_add(tx, path, reason);
	return ERR_SHAPE;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of the set of classes, in whatever order they are told. */
static enum err digest_of(struct tx *tx, const struct json *classes, struct bytes *out)
{
	const size_t n = js_length(classes);
	const char **all = arena_alloc(tx->arena, (n + 1) * sizeof *all);
	unsigned char *md = arena_alloc(tx->arena, SHA256_DIGEST_LENGTH);
	struct buf b = { .arena = tx->arena };

	for (size_t i = 0; i < n; i++)
		all[i] = js_str(js_at(classes, i));
	qsort(all, n, sizeof *all, by_text);
	buf_puts(&b, "");
	for (size_t i = 0; i < n; i++) {
		if (i && !strcmp(all[i], all[i - 1]))
			return fault(tx, "target.classNames", "has a class twice");
		buf_put(&b, all[i], strlen(all[i]) + 1);
	}
	SHA256((const unsigned char *)b.p, b.n, md);
	*out = (struct bytes){ md, DIGEST };
	return OK;
}

static struct json *first_classes(struct arena *a, const struct json *all)
{
	struct json *some = js_array(a);

	for (size_t i = 0; i < js_length(all) && i < CLASSES_TOLD; i++)
		js_add(some, js_string(a, js_str(js_at(all, i))));
	return some;
}

/* Of a classification: the classes, and how many there are. */
static enum err take_classes(struct tx *tx, bool binary, struct json *target, struct package *p)
{
	struct json *names = NULL, *count = NULL;

	js_get(target, "classNames", &names);
	js_get(target, "classCount", &count);
	if (binary && js_length(names) && js_length(names) != 2)
		return fault(tx, "target.classNames", "must be the two classes of a Binary target");
	if (count && js_int(count) < (int64_t)js_length(names))
		return fault(tx, "target.classCount", "must be at least as many as the classes that are named");
	if (!count && js_length(names))
		js_put_int(tx->arena, target, "classCount", (int64_t)js_length(names));
	js_put(target, "classNames", first_classes(tx->arena, names));
	return digest_of(tx, names, &p->classes);
}

enum err target_take(struct tx *tx, const char *text, struct package *p)
{
	static const char *const classifies[] = { "Binary", "Multiclass", "Multilabel", NULL };
	struct json *o = by_rows(tx->arena, js_read(tx->arena, text), target_rows), *v = NULL, *names = NULL;
	const char *const *word = classifies;
	bool binary;
	enum err e;

	js_get(o, "name", &v);
	p->target_name = js_str(v);
	js_get(o, "type", &v);
	p->target_type = js_str(v);
	binary = !strcmp(p->target_type, "Binary");
	js_get(o, "predictionThreshold", &v);
	if (v && !binary)
		return fault(tx, "target.predictionThreshold", "is for a Binary target alone");
	if (binary) {
		p->threshold = number_text(tx->arena, v ? js_double(v) : 0.5);
		js_put(o, "predictionThreshold", js_number(tx->arena, v ? js_double(v) : 0.5));
	}
	while (*word && strcmp(*word, p->target_type))
		word++;
	js_get(o, "classNames", &names);
	js_get(o, "classCount", &v);
	if (!*word && (js_length(names) || v))
		return fault(tx, "target.classNames", "are of a classification alone");
	if (*word && (e = take_classes(tx, binary, o, p)))
		return e;
	p->target = js_text(o, NULL);
	return OK;
}

/* ---- Series and kinds ---- */

enum err timeseries_take(struct tx *tx, const char *text, struct package *p)
{
	struct json *o = by_rows(tx->arena, js_read(tx->arena, text), timeseries_rows), *v = NULL;
	int64_t n;

	p->timeseries = js_text(o, NULL);
	if (!text)
		return OK;
	p->kinds |= KIND_TIME_SERIES;
	js_get(o, "seriesColumnName", &v);
	if (v)
		p->kinds |= KIND_MULTISERIES;
	if (js_get(js_read(tx->arena, text), "forecastDistances", &v) && v && js_type(v) != JS_ARRAY)
		return fault(tx, "timeseries.forecastDistances", "must be an array of whole numbers");
	for (size_t i = 0; i < js_length(v); i++)
		if (!js_whole(js_at(v, i), &n))
			return fault(tx, arena_printf(tx->arena, "timeseries.forecastDistances[%zu]", i), "must be a whole number");
	return OK;
}

int64_t kinds_take(struct arena *a, const char *text)
{
	const struct json *o = js_read(a, text);
	int64_t kinds = 0;
	struct json *v;

	for (int i = 0; kinds_rows[i].key; i++)
		if (js_get(o, kinds_rows[i].key, &v) && js_type(v) == JS_BOOL && js_bool(v))
			kinds |= INT64_C(1) << i;
	return kinds;
}
