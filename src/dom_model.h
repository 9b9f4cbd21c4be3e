/* dom_model.h: models, their training runs, their versions, and the audit of one.
 * Every function checks, in this order: visible, also to the route (ERR_MODEL_NOT_FOUND), may
 * (ERR_FORBIDDEN, ERR_SCOPE_DENIED), legal (the row of life.def).  Strings belong to
 * the transaction's arena; NULL is SQL's NULL.  Documents (tags, config, metrics...)
 * are JSON text.  Writers run inside tx_run(). */
#ifndef DOM_MODEL_H
#define DOM_MODEL_H
#include "list.h"

/* Who made or changed something last; zero: the thaw command. */
struct person { struct id id; const char *name, *email; };

/* When MLflow's clients saw it made and changed. */
struct said { int64_t created, changed; };

struct model {
	struct life life;
	const char *name, *description, *model_type, *task_type, *dataset_id;
	const char *tags, *config, *metadata;
	int64_t last_version, active_version;    /* 0: none */
	int64_t skipped;                         /* numbers up to the last one that no version ever had */
	int64_t archived_at, unarchived_at;
	struct id folder;                        /* where it lies; zero: the home project */
	struct id trashed;                       /* of one that is archived: the folder that took it along; zero: none did */
	const char *target_name, *target_type;   /* of all its versions; NULL: see package_target_name() */
	bool prompt;                             /* no model: lists of models leave it out */
	bool local;                              /* made so: for its maker, and whom it is shared with */
	struct person maker, changer;            /* where asked for (dom_package.h, dom_named.h), with its labels, a JSON array */
	const char *labels, *aliases;
	bool labelled;                           /* of one that is read alone: labels_of() has them */
	struct said said;
};

struct model_edit {
	const char *name, *description, *tags, *config, *metadata, *dataset_id;
	bool global;
	bool name_set, description_set, tags_set, config_set, metadata_set, dataset_id_set, global_set;
};

/* ERR_FOLDER_NOT_FOUND, ERR_MODEL_NAME_TAKEN.  in: name, description, model_type, task_type,
 * dataset_id, tags, config, metadata, folder; labels: that the caller is going to give it. */
enum err model_create(struct tx *tx, const void *in, void *made);
/* What a route does: one that all see, in a folder that is named. */
enum err model_make(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* Newest first. */
enum { MODELS_HIDDEN, MODELS_STATUS, MODELS_TASK_TYPE, MODELS_SEARCH };
extern const struct listing models_list;
/* Of those that a list without a search has, with that value of hidden, and of status and task_type (NULL: any), without
 * counting.  ERR_DB_NONE: too many changes have to be added up for it, and counting is less. */
enum err models_total(struct tx *tx, struct db_val hidden, struct db_val status, struct db_val task, int64_t *total);
/* By a struct model_edit; of a merge patch config and metadata are merged into what there is, not put
 * in its place.  ERR_MODEL_ARCHIVED, ERR_MODEL_RETIRED, ERR_MODEL_NAME_TAKEN, ERR_SHAPE: a merge made too much. */
enum err model_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *edit, void *edited);

/* dom_alias.c: for good, and none of its aliases is left. */
enum err model_retire(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* The same of one that is locked. */
enum err model_retire_held(struct tx *tx, struct model *m, enum transition t, struct json *details);
/* dom_trash.c: back from the archive, unless the folder that it lies in is in the trash.  ERR_MODEL_NOT_ARCHIVED, ERR_FOLDER_TRASHED. */
enum err model_unarchive(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

/* What the registry tells of a version.  Objects and arrays are JSON text; NULL: as dom_package.h
 * has it for a version that was made elsewhere. */
struct package {
	const char *name, *description, *stage, *build, *execution;
	struct id source;                        /* what it was made from; zero: nothing that has an id here */
	const char *source_name;                 /* what it was made from elsewhere, as that is called there; NULL: nothing */
	const char *target_name, *target_type, *threshold, *model_name, *file_name;
	struct bytes classes, mlpkg;
	int64_t kinds, intervals;                /* intervals: -1: unknown */
	struct id use_case;
	const char *target, *datasets, *timeseries, *model_description, *source_meta, *import_meta, *extra, *features, *logs;
};

/* dom_run.c: the runs of a trainer elsewhere, as it reports them. */
struct run {
	struct life life;
	struct id model;
	const char *algorithm, *hyperparameters, *metrics, *features, *target, *artifacts, *logs, *reason;
	int64_t ended_at;
	/* Of one that was imported, which has no model (dom_source.h). */
	struct id project;
	const char *scoring_code;
	struct package package;
};

/* Of the model `key`.  ERR_MODEL_ARCHIVED, ERR_MODEL_TRAINING, ERR_MODEL_RETIRED.  in: algorithm, hyperparameters. */
enum err run_start(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* Newest first, without their documents. */
extern const struct listing runs_list;
/* Makes the version and the model ready.  in: what the trainer found; NULL keeps what
 * the run began with.  ERR_RUN_NOT_FOUND, ERR_RUN_FINISHED. */
enum err run_complete(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* Returns the model to what it was.  in: reason.  ERR_RUN_NOT_FOUND, ERR_RUN_FINISHED. */
enum err run_fail(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

/* dom_version.c */
/* What its model says of it. */
struct package_of { const char *name, *target_name, *target_type; bool retired, global; int64_t granted; struct id maker; };
/* Where MLflow's clients say that it comes from; NULL: they did not.  download: where its files are. */
struct origin { const char *source, *download, *run, *run_link, *logged_model; };
struct version {
	struct life life;
	struct id model, run;
	int64_t number;
	bool active;                             /* the model's active configuration comes from it */
	const char *algorithm, *hyperparameters, *metrics, *artifacts;
	struct id trained_by;
	int64_t trained_at, training_seconds;
	struct id created_by;                    /* by version_find(); zero: unknown */
	const char *branch;
	const char *source;                      /* VERSION_SDK...; NULL: a training run */
	struct id from_model, from_version;      /* of a promoted one */
	struct bytes artifact;                   /* SHA-256 of its file; NULL: it has none */
	int64_t artifact_size;
	/* Where asked for: the Model API, requirements, repositories as they were sent, or NULL
	 * and what the training run knows. */
	const char *model_api, *conda_requirements, *backing_repositories, *features, *target;
	struct package package;
	struct origin origin;
	/* Where asked for (dom_package.h, dom_named.h). */
	struct package_of of;
	struct person maker, changer;
	const char *labels, *aliases;
	bool labelled;
	struct said said;
	int64_t deployments;
	unsigned rights;                         /* of the caller: enum right */
};
/* The resource identifiers of models and versions, as the audit names them. */
#define RID_MODEL "ri.models.main.model."
#define RID_VERSION "ri.models.main.model-version."
#define BRANCH_MASTER "master"
#define VERSION_SDK "sdk"
#define VERSION_PROMOTED "promoted"
/* `ver-` and the number, three digits at least; and back, 0 for any other spelling. */
char *version_spell(struct arena *a, int64_t number);
int64_t version_number(struct arena *a, const char *s);
/* `numpy==1.24.0`, `conda-forge::pandas >=2`: is it a name, and what may stand behind it?  Which versions
 * there are is for whoever builds the environment. */
bool version_requirement(const char *s);
/* Is it a source that clients are told of?  A later release or an importer may know others. */
bool version_source_known(const char *source);

/* How many a model has: they are numbered one after the other, but for those that were skipped. */
int64_t version_count(const struct model *m);
enum err version_get(struct tx *tx, const struct db_val *key, void *out);
/* Newest first; of one branch with what describes them, behind the place of a number. */
enum { VERSIONS_BRANCH };
extern const struct listing versions_list, described_list;
enum err version_page(struct tx *tx, struct list_ask *ask, struct list_got *got);
/* Whatever model's it is: to ask about the model next.  ERR_VERSION_NOT_FOUND. */
enum err version_find(struct tx *tx, const struct id *id, struct version *out);
/* A new version from a run; the model's row is locked and is moved by the caller. */
enum err version_add(struct tx *tx, struct model *m, const struct run *run, struct version *out);
/* A version that no training run of its model made becomes the newest of its branch, and the model moves by `t`.  The
 * configuration of a model is that of its newest version on master.  number: one that no version of it has; 0: the next one. */
enum err version_append(struct tx *tx, struct model *m, enum transition t, int64_t number, struct version *out, struct json *details);
/* By its own id, with what describes it.  ERR_VERSION_NOT_FOUND, ERR_VERSION_SOURCE. */
enum err version_described(struct tx *tx, const struct db_val *key, void *out);
/* A new one from a client, on in->branch (NULL: master), with its file.  in: branch, and what else of its columns the
 * client tells, which is NULL where it tells nothing.  ERR_TOO_LARGE. */
enum err version_upload(struct tx *tx, const struct id *model, const struct version *in, const void *file, size_t n,
	struct version *out);
/* One that is to be copied by `t`, of whatever model of the organization; its file is kept.  ERR_VERSION_NOT_FOUND: it
 * cannot be seen, or its model is archived; ERR_VERSION_SOURCE, ERR_PACKAGE_ARCHIVED. */
enum err version_copied(struct tx *tx, const struct id *id, enum transition t, struct version *out);
/* Its file, checked against its checksum.  ERR_ARTIFACT_NOT_FOUND: it has none; ERR_ARTIFACT_BROKEN. */
enum err version_file(struct tx *tx, const struct db_val *key, struct version *out, const char **bytes);
/* A file under its checksum, which it gives; one that is there already takes no room.  ERR_QUOTA.  And back: ERR_ARTIFACT_BROKEN. */
enum { ARTIFACT_SUM = 32 };
enum err artifact_put(struct tx *tx, const void *file, size_t n, unsigned char md[ARTIFACT_SUM]);
enum err artifact_get(struct tx *tx, struct bytes sum, struct bytes *out);
/* Where it was promoted from, the nearest first, and what was promoted from it, newest first,
 * as far as the caller may see; more: how many more; hidden: there is an origin that they may not. */
struct relative { struct id model, version, from; const char *name; enum state status; int64_t number, created_at, granted; bool global, seen; };
struct lineage { struct relative self; struct list from, to; int64_t more; bool hidden; };
enum err version_lineage(struct tx *tx, const struct db_val *key, void *out);
/* Its configuration becomes the active one of its model, which moves.  ERR_VERSION_NOT_FOUND, ERR_PACKAGE_ARCHIVED, and as model_edit(). */
enum err version_restore(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

/* dom_audit.c */
struct actor { struct id id; const char *name; };
struct audit_event {
	struct id id;
	struct actor actor;
	int64_t at, revision;
	const char *action, *from, *to, *request_id, *address, *user_agent, *details;
	const char *key, *agent;                 /* of the API key that was used; of audit_of_object() alone */
};
/* All of one object, newest first, once it was seen and permitted; its revision is their number. */
enum err audit_of_object(struct tx *tx, const struct life *o, enum resource type, int64_t limit, int64_t offset,
	struct audit_event **out, size_t *n);
/* Of a model, from and to inclusive. */
enum { AUDIT_FROM, AUDIT_TO, AUDIT_ACTION, AUDIT_ACTOR };
extern const struct listing audit_list;

#endif
