/* dom_model.h: models, their training runs, their versions, and the audit of one.
 * Every function checks, in this order: visible (ERR_MODEL_NOT_FOUND), may
 * (ERR_FORBIDDEN, ERR_SCOPE_DENIED), legal (the row of life.def).  Strings belong to
 * the transaction's arena; NULL is SQL's NULL.  Documents (tags, config, metrics...)
 * are JSON text.  Writers run inside tx_run(). */
#ifndef DOM_MODEL_H
#define DOM_MODEL_H
#include "life.h"

struct model {
	struct life life;
	const char *name, *description, *model_type, *task_type, *dataset_id;
	const char *tags, *config, *metadata;
	bool global;
	int64_t last_version, active_version;    /* 0: none */
	struct id created_by;
	int64_t created_at, updated_at, archived_at, unarchived_at;
	int granted;
};

struct model_edit {
	const char *name, *description, *tags, *config, *metadata;
	bool name_set, description_set, tags_set, config_set, metadata_set;
};

struct model_filter {
	const char *status;                      /* a word of life.def, or NULL: all but the hidden */
	bool hidden;                             /* the archived and retired instead */
	const char *task_type, *search;
};

struct page { int64_t number, size; };           /* number counts from 1 */

/* ERR_MODEL_NAME_TAKEN.  in: name, description, model_type, task_type, dataset_id,
 * tags, config, metadata, global. */
enum err model_create(struct tx *tx, const struct model *in, struct model *out);
enum err model_get(struct tx *tx, const struct id *id, struct model *out);
/* Newest first; total counts what the filter matches. */
enum err model_list(struct tx *tx, const struct model_filter *f, struct page page,
	struct model **out, size_t *n, int64_t *total);
/* ERR_MODEL_ARCHIVED, ERR_MODEL_RETIRED, ERR_MODEL_NAME_TAKEN. */
enum err model_edit(struct tx *tx, const struct id *id, const struct model_edit *edit, struct model *out);
/* ERR_MODEL_TRAINING, ERR_MODEL_ARCHIVED, ERR_MODEL_RETIRED. */
enum err model_archive(struct tx *tx, const struct id *id, struct model *out);
/* Back to ready or draft by what there is now.  ERR_MODEL_NOT_ARCHIVED, ERR_MODEL_RETIRED. */
enum err model_unarchive(struct tx *tx, const struct id *id, struct model *out);

/* For the other files of models: the row locked, seen, permitted. */
enum err model_lock(struct tx *tx, const struct id *id, struct model *out);
/* The model of a row whose columns start with WHO_MODEL (sql.def), seen and permitted. */
enum err model_of_row(struct tx *tx, const struct db_val *row, struct model *out);
enum { MODEL_COLUMNS = 21 };

/* dom_run.c: the runs of a trainer elsewhere, as it reports them. */
struct run {
	struct life life;
	struct id model;
	const char *algorithm, *hyperparameters, *metrics, *features, *target, *artifacts, *logs, *reason;
	struct id started_by;
	int64_t started_at, ended_at;
};

/* ERR_MODEL_ARCHIVED, ERR_MODEL_TRAINING, ERR_MODEL_RETIRED.  in: algorithm, hyperparameters. */
enum err run_start(struct tx *tx, const struct id *model, const struct run *in, struct run *out);
enum err run_get(struct tx *tx, const struct id *model, const struct id *run, struct run *out);
/* Makes the version and the model ready.  in: what the trainer found; NULL keeps what
 * the run began with.  ERR_RUN_NOT_FOUND, ERR_RUN_FINISHED. */
enum err run_complete(struct tx *tx, const struct id *model, const struct id *run, const struct run *in,
	struct run *out);
/* Returns the model to what it was.  ERR_RUN_NOT_FOUND, ERR_RUN_FINISHED. */
enum err run_fail(struct tx *tx, const struct id *model, const struct id *run, const char *reason, struct run *out);

/* dom_version.c */
struct version {
	struct life life;
	struct id model, run;
	int64_t number;
	bool active;                             /* the model's active configuration comes from it */
	const char *algorithm, *hyperparameters, *metrics, *artifacts;
	struct id trained_by;
	int64_t trained_at, training_seconds, created_at;
};

enum err version_get(struct tx *tx, const struct id *model, int64_t number, struct version *out);
/* Newest first; total is the number of versions. */
enum err version_list(struct tx *tx, const struct id *model, struct page page,
	struct version **out, size_t *n, int64_t *total);
/* A new version from a run; the model's row is locked and is moved by the caller. */
enum err version_add(struct tx *tx, const struct model *m, const struct run *run, struct version *out);
/* Its configuration becomes the active one.  ERR_VERSION_NOT_FOUND, and as model_edit(). */
enum err version_restore(struct tx *tx, const struct id *model, int64_t number, struct version *out);

/* dom_audit.c */
struct audit_event {
	struct id id, actor;
	int64_t at, revision;
	const char *actor_name, *action, *from, *to, *request_id, *address, *user_agent, *details;
};
struct audit_filter {
	int64_t from, to;                        /* microseconds, both inclusive */
	const char *action;                      /* NULL: any */
	struct id actor;                         /* zero: any */
	bool oldest_first;
};
/* All of one object, newest first, once it was seen and permitted; its revision is their number. */
enum err audit_of_object(struct tx *tx, const struct life *o, enum resource type, struct page page,
	struct audit_event **out, size_t *n);
enum err audit_of_model(struct tx *tx, const struct id *model, const struct audit_filter *f, struct page page,
	struct audit_event **out, size_t *n, int64_t *total);

#endif
