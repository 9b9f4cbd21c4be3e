/* dom_capability.c: see dom_capability.h.  A rule is the target types that it is for, the kinds (dom_package.h) that
 * it needs, all of them, those that rule it out, any of them, and those that do so together. */
#include "dom_capability.h"
#include <string.h>

static const char *const anomaly_free[] = { "Regression", "Binary", "Multiclass", NULL };
static const char *const numbers[] = { "Regression", "Binary", NULL };
static const char *const drifting[] = { "Regression", "Binary", "Multiclass", "Anomaly", NULL };
#define TYPED(words) .types = words
#define SERIES_WITHOUT_TARGET .together = KIND_TIME_SERIES | KIND_UNSUPERVISED
#define HUMILITY TYPED(anomaly_free), .never = RUNS_EXTERNAL, SERIES_WITHOUT_TARGET
static const struct rule { const char *name; const char *const *types; int64_t needs, never, together; } rules[CAPABILITIES] = {
	{ "supportsAutomaticActuals", .needs = KIND_TIME_SERIES, .never = RUNS_EXTERNAL },
	{ "supportsChallengerModels", .never = KIND_UNSTRUCTURED },
	{ "supportsFeatureDriftTracking", .never = KIND_UNSTRUCTURED },
	{ "supportsHumilityRecommendedRules", HUMILITY },
	{ "supportsHumilityRules", HUMILITY },
	{ "supportsHumilityRulesDefaultCalculations", HUMILITY },
	{ "supportsPredictionWarning", TYPED(numbers), .never = RUNS_EXTERNAL, SERIES_WITHOUT_TARGET },
	{ "supportsRetraining", .never = RUNS_EXTERNAL },
	{ "supportsScoringCodeDownload", .needs = FORMAT_SCORING_CODE, .never = RUNS_EXTERNAL },
	{ "supportsSecondaryDatasets", .needs = KIND_DISCOVERY, .never = RUNS_EXTERNAL },
	{ "supportsSegmentedAnalysisDriftAndAccuracy", .never = KIND_UNSTRUCTURED },
	{ "supportsShapBasedPredictionExplanations", .never = RUNS_EXTERNAL | RUNS_CUSTOM },
	{ "supportsTargetDriftTracking", TYPED(drifting) },
};

static const struct { int64_t kinds; const char *needed, *denied; } words[] = {
	{ KIND_TIME_SERIES | KIND_UNSUPERVISED, NULL, "Not supported for unsupervised time series models" },
	{ KIND_TIME_SERIES, "Supported for time series models only", NULL },
	{ KIND_UNSTRUCTURED, NULL, "Not supported for unstructured models" },
	{ FORMAT_SCORING_CODE, "Supported for models with scoring code only", NULL },
	{ KIND_DISCOVERY, "Supported for models with feature discovery only", NULL },
	{ RUNS_EXTERNAL, NULL, "Not supported for external models" },
	{ RUNS_CUSTOM, NULL, "Not supported for custom models" },
};
enum { WORDS = sizeof words / sizeof *words };

static bool is_for(const struct rule *r, const char *type)
{
	size_t i = 0;

	while (r->types && r->types[i] && strcmp(r->types[i], type))
		i++;
	return !r->types || r->types[i];
}

/* What it lacks, or has too much of; NULL: nothing. */
static const char *refused(const struct rule *r, int64_t kinds, const char *type)
{
	for (size_t i = 0; i < WORDS; i++)
		if (words[i].needed && r->needs & words[i].kinds && !(kinds & words[i].kinds))
			return words[i].needed;
	for (size_t i = 0; i < WORDS; i++)
		if (words[i].denied && (r->never & kinds & words[i].kinds || (r->together == words[i].kinds && (kinds & r->together) == r->together)))
			return words[i].denied;
	return is_for(r, type) ? NULL : "Not supported for this target type";
}

void capabilities_of(const struct version *v, struct capability out[CAPABILITIES])
{
	for (size_t i = 0; i < CAPABILITIES; i++) {
		const char *why = refused(&rules[i], v->package.kinds, v->package.target_type);

		out[i] = (struct capability){ rules[i].name, why, !why };
	}
}
