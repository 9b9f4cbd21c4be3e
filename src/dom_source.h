/* dom_source.h: what packages are made from and what surrounds them: models of the leaderboard, which are
 * completed training runs, also ones that were imported without a model; custom models and their versions;
 * use cases.  Writers run inside tx_run(). */
#ifndef DOM_SOURCE_H
#define DOM_SOURCE_H
#include "dom_package.h"

/* What a package made from a source is, as model_versions keeps it: source, model_name, target_name,
 * target_type, threshold, classes, kinds and execution are set, target, datasets, timeseries, source_meta and
 * model_description (its `description` null) are whole objects; features, logs, file_name and import_meta
 * (the contains... alone, of an imported one) may be NULL.  package.name: what it is called unless the request says
 * otherwise.  stage, build, intervals, description, use_case and extra are the caller's. */

/* dom_leaderboard.c */
struct leaderboard { struct id id, model, project; struct package package; };    /* model: zero where it was imported; project: zero for none */
/* A completed run of a model that the caller sees, or an imported one.  ERR_RUN_NOT_FOUND. */
enum err leaderboard_find(struct tx *tx, const struct id *id, struct leaderboard *out);

/* dom_custom.c */
/* A version of a custom model that was not deleted, with the package that it makes; package.name: its model's.
 * ERR_CUSTOM_VERSION_NOT_FOUND. */
struct custom_source { struct id id, model; struct package package; };
enum err custom_version_find(struct tx *tx, const struct id *id, struct custom_source *out);

/* dom_target.c: what a client says of a target (S24), of data (S14) and of series (S25), JSON text of objects that
 * have the right types, as a package tells it: all members that must be there, in their order; NULL is an object
 * without any.  The target also sets p->target_name, target_type, threshold and classes: two classes of a Binary one
 * and a threshold of such alone, 0.5 where it is not given; the first hundred classes are told, all are counted.
 * ERR_SHAPE: they do not go together. */
enum err target_take(struct tx *tx, const char *text, struct package *p);
const char *datasets_told(struct arena *a, const char *text);
const char *timeseries_told(struct arena *a, const char *text);
/* The target types there are. */
extern const char *const target_types[];

#endif
