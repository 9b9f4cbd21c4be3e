/* dom_deployment.h: what model packages are deployed as: prediction environments, deployments with the package
 * that each uses now, its champion, and its challengers.  Whoever sees the champion's model sees the deployment, and
 * may with it what they may with that.  Every change of what is deployed moves the models whose versions
 * come or go, under their locks, so that a model knows how many active deployments hold it.
 * Writers run inside tx_run(); locks are taken of models in the order of their ids, then of the deployment, then of the
 * custom model that a package was made from, then of the environment. */
#ifndef DOM_DEPLOYMENT_H
#define DOM_DEPLOYMENT_H
#include "dom_package.h"

struct environment {
	struct life life;
	const char *name, *description, *platform, *plugin, *managed_by, *datastore, *credential;
	int64_t formats;                         /* FORMAT_* (dom_package.h) */
	bool managed;                            /* by a management agent */
	const char *supported;                   /* as it was sent: a JSON array of the formats' words; NULL: those of its platform */
	bool name_set, description_set, platform_set, plugin_set, managed_by_set, datastore_set, credential_set, supported_set, managed_set;
};
#define FORMATS (FORMAT_DATAROBOT | FORMAT_SCORING_CODE | FORMAT_CUSTOM | FORMAT_EXTERNAL)
extern const char *const format_words[], *const platform_words[];
/* The bits of a JSON array of words of formats, and of one word, 0 for none; and the array of bits. */
int64_t formats_of(struct arena *a, const char *words);
int64_t format_of(const char *word);
const char *formats_text(struct arena *a, int64_t formats);

enum { ENVIRONMENTS_HIDDEN, ENVIRONMENTS_SEARCH, ENVIRONMENTS_FORMATS };
extern const struct listing environments_list;
/* in: a struct environment. */
enum err environment_create(struct tx *tx, const void *in, void *out);
/* ERR_ENVIRONMENT_NEEDED.  Nothing given changes nothing. */
enum err environment_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* ERR_ENVIRONMENT_USED. */
enum err environment_delete(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* The formats that it supports.  ERR_ENVIRONMENT_NOT_FOUND. */
enum err environment_formats(struct tx *tx, const struct id *id, int64_t *formats);

/* A package that is deployed. */
struct deployed { struct id id, model; const char *source, *name, *type, *target_name, *target_type, *project; bool global; int64_t granted; };

struct deployment {
	struct life life;
	struct id model, version, environment;   /* of the champion; environment: zero: none */
	const char *label, *description, *importance, *given_id;
	const char *runtime, *settings;          /* settings: what was changed of them, a JSON object */
	struct deployed of;                      /* where asked for, with the environment */
	struct environment in;
};

struct challenger {
	struct life life;
	struct id deployment, model, version, environment;
	const char *name;
	struct deployed of;
	struct environment in;
};

/* Which package: by its own id, or by that of what it is made from: the last package made from that, or one that is
 * made now.  Neither is set: none was named. */
struct package_asked { struct id package, source; bool package_set, source_set; };
struct deployment_in {
	struct package_asked which;
	struct id environment;
	const char *label, *description, *importance, *given_id, *runtime;
	const char *status, *name, *reason;
	bool label_set, description_set, importance_set, environment_set, name_set;
};

enum { DEPLOYMENTS_HIDDEN, DEPLOYMENTS_SEARCH, DEPLOYMENTS_STATUS, DEPLOYMENTS_IMPORTANCE };
extern const struct listing deployments_list;
/* With its champion and its environment; and that champion, as package_get() reads it. */
enum err deployment_get(struct tx *tx, const struct db_val *key, void *out);
enum err deployment_champion(struct tx *tx, const struct db_val *key, void *out);
/* Active.  ERR_VERSION_NOT_FOUND, ERR_RUN_NOT_FOUND, ERR_ENVIRONMENT_NOT_FOUND; of what cannot be deployed ERR_PACKAGE_ARCHIVED,
 * ERR_MODEL_ARCHIVED, ERR_MODEL_RETIRED, ERR_NOT_BUILT, ERR_ENVIRONMENT_FORMAT. */
enum err deployment_create(struct tx *tx, const struct deployment_in *in, struct deployment *out);
/* Nothing given changes nothing. */
enum err deployment_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* in: status, which it may have already: then nothing is done.  ERR_MODEL_ARCHIVED, ERR_MODEL_RETIRED. */
enum err deployment_switch(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* Another champion; nothing is done where it is that already.  As deployment_create(), and ERR_NO_REPLACEMENT. */
enum err deployment_replace(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* With its challengers. */
enum err deployment_delete(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* in: a JSON object of settings to change. */
enum err deployment_configure(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* All its settings, as JSON text; *out: the deployment. */
enum err deployment_settings(struct tx *tx, const struct db_val *key, struct deployment *out, const char **text);

/* Whether a package can take the place of the champion, without doing anything. */
struct fit { const char *name, *message; bool passes; };
enum { FITS_MOST = 8 };
struct validation { struct fit fits[FITS_MOST]; size_t n; bool passes; const char *message; };
enum err deployment_validate(struct tx *tx, const struct db_val *key, const struct package_asked *which, struct validation *out);

/* Challengers, oldest first: those whose model the caller sees. */
extern const struct listing challengers_list;
enum err challenger_get(struct tx *tx, const struct db_val *key, void *out);
/* ERR_CHALLENGER_LIMIT, and as deployment_create(). */
enum err challenger_add(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
enum err challenger_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
enum err challenger_delete(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

/* A version and a deployment that has or had it as champion or challenger. */
struct pair {
	struct id id;                            /* of the deployment */
	const char *label, *status;
	int64_t created, number, first_at;       /* number: of the version; first_at: 0: never champion */
	bool champion, challenger;               /* now */
	struct person maker, first_by;
	struct environment in;
};
enum { PAIRS_HIDDEN, PAIRS_SEARCH, PAIRS_VERSION };
extern const struct listing pairs_list;
/* Those that the caller sees, of a model; of a version of it, which the second key of the address names.  ERR_VERSION_NOT_FOUND. */
enum err pairs_of_model(struct tx *tx, struct list_ask *ask, struct list_got *got);
enum err pairs_of_version(struct tx *tx, struct list_ask *ask, struct list_got *got);

#endif
