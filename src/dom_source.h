/* dom_source.h: what packages are made from and what surrounds them: models of the leaderboard, which are
 * completed training runs, also ones that were imported without a model; custom models and their versions;
 * use cases.  Who may make and change models may do so here; all in the organization see what is
 * here, but runs of models that they do not see.  Writers run inside tx_run(). */
#ifndef DOM_SOURCE_H
#define DOM_SOURCE_H
#include "dom_package.h"
#include "document.h"

/* What a package made from a source is, as model_versions keeps it: source, model_name, target_name,
 * target_type, threshold, classes, kinds and execution are set, target, datasets, timeseries, source_meta and
 * model_description (its `description` null) are whole objects; features, logs, file_name and import_meta
 * (the contains... alone, of an imported one) may be NULL, and so may extra, to which the caller adds.  package.name: what it
 * is called unless the request says otherwise.  stage, build, intervals, description and use_case are the caller's. */

/* ---- dom_target.c: what clients say of a model, as packages tell it ---- */

/* Objects as they are sent and told, in the order of their members; a package has a member whose row is not
 * F_OMIT also where it was not given: `empty`, else null. */
extern const struct shape target_rows[], datasets_rows[], timeseries_rows[], kinds_rows[];
extern const char *const target_types[];
/* JSON text of an object of these rows, NULL: without any, as it is told. */
const char *told_by(struct arena *a, const char *text, const struct shape *rows);
/* Of JSON text that fits the rows: sets p->target, target_name, target_type, threshold and classes.  A Binary target has two
 * classes, if any, and a threshold, 0.5 unless it is given, others have none; the first hundred classes are told, all are
 * counted.  ERR_SHAPE: they do not go together. */
enum err target_take(struct tx *tx, const char *text, struct package *p);
/* The same of a request, which says both classes of a Binary one. */
enum err target_sent(struct tx *tx, const char *text, struct package *p);
/* Sets p->timeseries and, where it is given, the bits of p->kinds that it stands for.  ERR_SHAPE. */
enum err timeseries_take(struct tx *tx, const char *text, struct package *p);
/* Features (S4, with usedForPredictions where it was given) and logs (S19), arrays that may be NULL, and their names and messages.  ERR_SHAPE. */
struct features { const char *features, *logs, *names, *messages; };
enum err features_take(struct tx *tx, const char *features, const char *logs, struct features *out);
/* The bits of an object of kinds_rows. */
int64_t kinds_take(struct arena *a, const char *text);

/* ---- dom_leaderboard.c ---- */

/* Who did something, as members that begin with `what`. */
void source_person(struct arena *a, struct json *o, const char *what, const struct person *p);
/* The model_description (S17) of a source, and its source_meta (S23): of no project where l is NULL. */
struct leaderboard;
const char *source_description(struct arena *a, const char *environment, const char *name, int64_t made, const struct person *maker);
struct json *source_meta(struct arena *a, const struct leaderboard *l);

/* The registry's projects group runs that were imported. */
struct run_project { struct life life; const char *name; };
extern const struct listing run_projects_list;           /* newest first */

/* A model of the leaderboard: its run, its model where it was not imported (run.model), else its project and who made that; who
 * started the run; and the package that it makes. */
struct leaderboard { struct run run; struct model of; struct run_project project; struct person maker, started; struct package package; };
/* A completed run of a model that the caller sees, or an imported one.  ERR_RUN_NOT_FOUND. */
enum err leaderboard_find(struct tx *tx, const struct id *id, struct leaderboard *out);
/* Imported runs of a project, newest first; and one, as a struct leaderboard. */
extern const struct listing leaderboard_list;
enum err leaderboard_get(struct tx *tx, const struct db_val *key, void *out);

/* A run that was not made here.  id: zero for a new one; documents as they were sent. */
struct import {
	struct id id;
	const char *name, *model_type, *project, *target, *kinds, *features, *logs, *datasets, *timeseries, *scoring_code, *file_name, *contains;
};
extern const struct shape scoring_rows[], contains_rows[];
/* Into the project that `key` names, else, where a name is given, the one of that name, else a new one, with that id and name.  in: struct
 * import; out: struct run.  ERR_NOT_FOUND, ERR_SHAPE, ERR_RUN_EXISTS. */
enum err leaderboard_import(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

/* ---- dom_usecase.c ---- */

struct use_case { struct life life; const char *name, *description; struct id changer; int64_t models; };
struct use_case_edit { const char *name, *description; bool name_set, description_set; };
enum { USE_CASES_HIDDEN, USE_CASES_SEARCH };
extern const struct listing use_cases_list;              /* newest first */
enum err use_case_create(struct tx *tx, const void *in, void *out);
/* By a struct use_case_edit. */
enum err use_case_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* The use case and the version that the key names become linked, whichever the version was in, or no longer are.
 * ERR_NOT_FOUND, ERR_VERSION_NOT_FOUND, ERR_PACKAGE_ARCHIVED. */
struct use_case_link { struct life life; struct id use_case, version; };
enum err use_case_link(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
enum err use_case_unlink(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

/* ---- dom_custom.c ---- */

/* Of a custom model or a version, JSON text of what is kept as it was sent: numbers, objects and the like, also where a form
 * has them as texts. */
struct custom_settings {
	const char *git, *memory, *egress, *replicas, *resources, *training, *holdout, *metadata, *parameters, *proxy, *permanent;
};
/* Each by its name, of a struct that begins with such settings. */
extern const struct shape custom_settings_rows[];

/* settings: JSON text of an object of those that were sent.  labels: an array; threshold: a number as its shortest text.
 * latest: the last version; its id is zero before any. */
struct custom_version {
	struct life life;
	struct id model;
	int64_t major, minor;
	const char *label, *description, *environment, *environment_version, *settings, *items;
};
struct custom_model {
	struct life life;
	const char *name, *description, *kind, *target_type, *target_name, *positive, *negative, *threshold, *labels, *language, *user_provided_id;
	const char *settings, *maker;
	int64_t major, minor;
	struct custom_version latest;
};
/* To be made; or changed: what was set. */
struct custom_edit {
	struct custom_settings settings;
	const char *name, *description, *kind, *target_type, *target_name, *positive, *negative, *labels, *language, *user_provided_id;
	double threshold;
	bool name_set, description_set, target_name_set, positive_set, negative_set, labels_set, language_set, threshold_set;
};
enum { CUSTOM_HIDDEN, CUSTOM_KIND, CUSTOM_SEARCH, CUSTOM_USED };
extern const struct listing custom_models_list, custom_versions_list;    /* newest first */
enum err custom_create(struct tx *tx, const void *in, void *out);
enum err custom_get(struct tx *tx, const struct db_val *key, void *out);
enum err custom_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* ERR_CUSTOM_MODEL_USED: a deployment has a package that was made from it. */
enum err custom_delete(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

/* A new version, from nothing or from the one before: whose files it has too but those of `forget`, a JSON array of their ids.
 * major: JSON text, true unless it says otherwise. */
struct custom_file { const char *path; const void *bytes; size_t n; };
struct custom_change {
	struct custom_settings settings;
	const char *label, *description, *environment, *environment_version, *major, *forget;
	bool label_set, description_set, from_latest;
	const struct custom_file *files;
	size_t nfiles;
};
/* Of the custom model that `key` names.  ERR_SHAPE, ERR_TOO_LARGE, ERR_QUOTA. */
enum err custom_version_make(struct tx *tx, const struct db_val *key, const struct custom_change *in, struct custom_version *out);
/* Its label, description and settings, by a struct custom_change. */
enum err custom_version_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

/* A deployment that the caller sees of a package that was made from a version of a custom model, the newest first: of all of these, or of
 * some by their ids, a JSON array; USES_MOST at most. */
enum { USES_MOST = 1000 };
struct custom_use { struct id id, model, version; const char *label, *status, *model_name, *version_label; int64_t created, granted; bool global; };
enum err custom_uses(struct tx *tx, const char *ids, struct list *out);

/* A version of a custom model that was not deleted, with the package that it makes; package.name: its model's.
 * ERR_CUSTOM_VERSION_NOT_FOUND. */
struct custom_source { struct id id, model; struct package package; };
enum err custom_version_find(struct tx *tx, const struct id *id, struct custom_source *out);
/* Whether there is one. */
enum err custom_version_there(struct tx *tx, const struct id *id);
/* A package is deployed: a custom model that it was made from is not deleted from here on, behind the locks of models.
 * ERR_CUSTOM_VERSION_NOT_FOUND: it was. */
enum err custom_use(struct tx *tx, const struct id *package);

#endif
