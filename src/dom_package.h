/* dom_package.h: models and their versions as the registry tells of them: registered models and model
 * packages, which are the same rows with more about them.  What was made in another dialect is told by
 * defaults.  Writers run inside tx_run(). */
#ifndef DOM_PACKAGE_H
#define DOM_PACKAGE_H
#include "dom_model.h"

/* What a package is, as bits of one column, so that lists filter by any of them: the flags of its model,
 * the formats in which it can be deployed, and where it runs. */
enum kind {
	KIND_ANOMALY = 1, KIND_COMBINED = 2, KIND_DISCOVERY = 4, KIND_MULTISERIES = 8, KIND_TIME_SERIES = 16, KIND_UNSUPERVISED = 32,
	KIND_DECISION_FLOW = 64, KIND_UNSTRUCTURED = 128,
	FORMAT_DATAROBOT = 256, FORMAT_SCORING_CODE = 512, FORMAT_CUSTOM = 1024, FORMAT_EXTERNAL = 2048,
	RUNS_DEDICATED = 4096, RUNS_CUSTOM = 8192, RUNS_EXTERNAL = 16384
};
#define EXECUTION_DEDICATED "dedicated"
#define EXECUTION_CUSTOM "custom_inference_model"
#define EXECUTION_EXTERNAL "external"
#define STAGE_REGISTERED "Registered"
#define STAGE_ARCHIVED "Archived"
#define BUILD_RUNNING "inProgress"
#define BUILD_COMPLETE "complete"
#define BUILD_FAILED "failed"
#define TARGET_UNKNOWN "Unstructured"

/* What the caller may do with a model and its versions. */
enum right { RIGHT_VIEW = 1, RIGHT_EDIT = 2, RIGHT_SHARE = 4, RIGHT_ARCHIVE = 8, RIGHT_OWN = 16 };

/* The target of a model that was not told of one: the column that its configuration names, else its name. */
const char *package_target_name(struct arena *a, const struct model *m);
/* What is not told of a version that is being made: stage, build, execution, kinds, target, by its model. */
void package_complete(struct arena *a, const struct model *m, struct version *v);

#endif
