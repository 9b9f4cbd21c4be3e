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
#define STAGE_DEVELOPMENT "Development"
#define STAGE_ARCHIVED "Archived"
#define BUILD_RUNNING "inProgress"
#define BUILD_COMPLETE "complete"
#define BUILD_FAILED "failed"
#define TARGET_UNKNOWN "Unstructured"
#define TARGET_BINARY "Binary"
#define TARGET_TEXT "TextGeneration"

/* What the caller may do with a model and its versions. */
enum right { RIGHT_VIEW = 1, RIGHT_EDIT = 2, RIGHT_SHARE = 4, RIGHT_ARCHIVE = 8, RIGHT_OWN = 16 };
unsigned model_rights(const struct who *who, bool global, int granted, const struct id *maker);

/* The target of a model that was not told of one: the column that its configuration names, else its name. */
const char *package_target_name(struct arena *a, const struct model *m);
/* The first output that a Model API tells of; NULL: none. */
const char *package_output(struct arena *a, const char *model_api);
/* The bits of where it runs, and of the format for that. */
int64_t package_kinds(const char *execution);
const char *package_execution(const struct version *v);
/* What is not told of a version that is being made: stage, build, execution, kinds, target, by its model. */
void package_complete(struct arena *a, const struct model *m, struct version *v);

/* By its own id; or by that of its model and its own.  ERR_MODEL_NOT_FOUND, ERR_VERSION_NOT_FOUND. */
enum err package_get(struct tx *tx, const struct db_val *key, void *out);
enum err package_of_model(struct tx *tx, const struct db_val *key, void *out);
/* A version by its model and number, locked behind that, with what the registry tells of it.  ERR_MODEL_NOT_FOUND, ERR_VERSION_NOT_FOUND.
 * held: the one that the request names, as its If-Match wants it; hold: another one. */
enum err package_held(struct tx *tx, const struct id *model, int64_t number, struct version *v);
enum err package_hold(struct tx *tx, const struct id *model, int64_t number, struct version *v);
/* A package by its id, or by its model's and its own, locked behind its model, with what the registry tells of it. */
enum err package_lock(struct tx *tx, const struct db_val key[2], struct version *v);
/* Of one that was read: its features and logs, and what the training run says of features. */
enum err package_large_of(struct tx *tx, struct version *v);
/* A model with who made and who changed it. */
enum err registered_get(struct tx *tx, const struct db_val *key, void *out);

/* The packages that the caller sees, newest first, and the versions of a model in any order. */
enum {
	PACKAGES_STAGE, PACKAGES_BUILD, PACKAGES_SOURCE, PACKAGES_SOURCE_NAME, PACKAGES_THRESHOLD, PACKAGES_IMPORTED, PACKAGES_KINDS, PACKAGES_FORMATS, PACKAGES_CHALLENGER,
	PACKAGES_SIMILAR, PACKAGES_NOT, PACKAGES_LIVING, PACKAGES_TAGS,
	PACKAGES_STATUS, PACKAGES_SEARCH, PACKAGES_TARGET, PACKAGES_TARGET_TYPE, PACKAGES_USE_CASE, PACKAGES_MADE_BY
};
extern const struct listing packages_list, registered_versions_list;
/* Registered models: the filters of versions, which one version must fit in all, and their own. */
enum {
	REGISTERED_HIDDEN = PACKAGES_TAGS + 1, REGISTERED_SEARCH, REGISTERED_MADE_FROM, REGISTERED_MADE_BEFORE, REGISTERED_CHANGED_FROM,
	REGISTERED_CHANGED_BEFORE, REGISTERED_TARGET, REGISTERED_TARGET_TYPE, REGISTERED_MADE_BY, REGISTERED_GLOBAL
};
extern const struct listing registered_list;
enum err packages_read(struct tx *tx, struct list_ask *ask, struct list_got *got);

/* ---- dom_register.c: what makes and changes packages ---- */

/* A copy of in->from_version, of whatever model of the organization, as the newest of a branch of the model that `key`
 * names, with all that was told of it as a package.  As version_copied(); ERR_SHAPE: the target is another one than the model's. */
enum err version_promote(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

/* A package to be made: what is known of it, its documents as the registry tells them.  registered: zero and no
 * registered_name: a new model that is called as the package is, or nearly so.  The documents below are as they were
 * sent, for package_from_json(); threshold, description and name of the others' requests. */
struct package_in {
	struct version version;
	struct id registered, source, distribution;
	const char *registered_name, *registered_description, *tags, *registered_tags;
	const char *model_id, *name, *description, *target, *model_description, *datasets, *timeseries, *geospatial, *prompt, *file_name;
	double threshold;
	bool threshold_set, intervals;
};
/* A version of a model that there is, or of a new one.  ERR_MODEL_NOT_FOUND, ERR_MODEL_NAME_TAKEN, ERR_SHAPE:
 * the target is another one than the model's, or not whole; ERR_MODEL_ARCHIVED, ERR_MODEL_RETIRED, ERR_QUOTA. */
enum err package_make(struct tx *tx, const struct package_in *in, struct version *out);
/* An external one, all of which was sent. */
enum err package_from_json(struct tx *tx, const void *in, void *out);
/* Of a leaderboard model: complete at once; or with its file to be built, by a job.  ERR_RUN_NOT_FOUND. */
enum err package_from_learning_model(struct tx *tx, const void *in, void *out);
enum err package_from_leaderboard(struct tx *tx, const struct package_in *in, struct version *out, struct id *job);
/* At once, of a model of the leaderboard or of a custom model's version.  ERR_RUN_NOT_FOUND, ERR_CUSTOM_VERSION_NOT_FOUND. */
enum err package_from_source(struct tx *tx, const struct package_in *in, struct version *out);
/* Of a version of a custom model, with its file to be built.  ERR_CUSTOM_VERSION_NOT_FOUND. */
enum err package_from_custom(struct tx *tx, const struct package_in *in, struct version *out, struct id *job);

/* What a PATCH of a version changes.  ERR_SHAPE: a threshold of what is not Binary, or of what was deployed. */
struct package_edit {
	const char *name, *stage, *tags;
	double threshold;
	bool name_set, stage_set, tags_set, threshold_set, archive_existing;
};
enum err package_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* What audit rows of a model say of a version of it. */
struct json *package_about(struct tx *tx, const struct version *v);
/* A version, held, moves to a stage, and its model by `t`; alone: those that are there become Archived.  ERR_SHAPE: they are too
 * many; ERR_PROTECTED. */
enum err package_stage(struct tx *tx, enum transition t, const char *to, bool alone, struct version *v);
/* It is archived for good, and no alias is left of it.  ERR_OWNER_ONLY. */
enum err package_end(struct tx *tx, enum transition t, struct version *v);
/* For good; what is deployed goes on.  ERR_OWNER_ONLY. */
enum err package_archive(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* Of a model: by a struct model_edit; nothing given changes nothing. */
enum err registered_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

#endif
