/* dom_named.h: models and their versions as those know them who go by names: by the name of the model, the
 * number, alias or stage of the version, with labels under keys.  The same rows as everywhere, and the same
 * transitions.  Writers run inside tx_run(). */
#ifndef DOM_NAMED_H
#define DOM_NAMED_H
#include "dom_package.h"

/* A model and the highest version of each of its stages, ascending. */
struct named { struct model model; struct list latest; };
enum { STAGES = 5 };

/* What a body says of a model or a version; NULL: nothing. */
struct named_in {
	const char *name, *new_name, *description, *key, *value, *alias, *version, *stage;
	const char *source, *run, *run_link, *logged_model;
	const char *download;                    /* where its files are; given, the source is not looked into */
	int64_t number;                          /* that a new version is to have; 0: the next one */
	const char *labels;                      /* a JSON array of {key, value} */
	bool alone;                              /* the others leave the stage */
};

/* The number that a text spells as people write one: blanks around it, a sign, zeros before; 0: one that nothing has. */
enum { NUMBER_NONE = 0 };
bool named_number(const char *text, int64_t *out);

/* By its name.  ERR_MODEL_NOT_FOUND, also of one that is archived, which the first fault says then. */
#define ARCHIVED_FAULT "it is archived"
enum err named_get(struct tx *tx, const struct db_val *key, void *out);
/* Is it there for them, or archived? */
enum err named_there(struct tx *tx, const struct model *m);
/* By the names of its model, and its number, its alias, or `latest`, the highest one.  ERR_MODEL_NOT_FOUND, ERR_VERSION_NOT_FOUND,
 * ERR_ALIAS_NOT_FOUND, ERR_LATEST_NOT_FOUND. */
enum err named_version_get(struct tx *tx, const struct db_val *key, void *out);
/* One that this transaction has locked and changed, as it is told. */
enum err named_version_told(struct tx *tx, struct version *v);
enum err named_alias_get(struct tx *tx, const struct db_val *key, void *out);
/* The stage of a word in any case, where None is the one in which each version begins; NULL: it is none. */
const char *stage_of(const char *word);
bool stage_is(const struct version *v, const char *stage);       /* or in one that reads as it */
/* The highest version in a stage, ERR_VERSION_NOT_FOUND: none. */
enum err named_stage_get(struct tx *tx, const char *name, const char *stage, struct version *out);
/* The same with its files: ERR_ORIGIN_NONE: nobody said where they are. */
enum err named_files_get(struct tx *tx, const struct db_val *key, void *out);

/* ERR_MODEL_NAME_TAKEN: tx->about has the kind of what has the name, and in the child's place that of what was to have it. */
#define KIND_MODEL "registered model"
#define KIND_PROMPT "prompt"
/* A body is a struct named_in; what comes out is a struct named of a model, a struct version of a version. */
enum err named_create(struct tx *tx, const void *in, void *out);
enum err named_describe(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
enum err named_rename(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
enum err named_discard(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* A label, of a model or of a version where the body names one; taking one away that is not there is nothing. */
enum err named_label(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
enum err named_unlabel(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* An alias is set, or moved from the version that has it. */
enum err named_alias(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
enum err named_unalias(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* A version.  source: an address; or models:/NAME/NUMBER, /STAGE, /latest or @ALIAS: it is a copy of that one. */
enum err named_register(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
enum err named_version_describe(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
enum err named_transition(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
enum err named_version_discard(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

/* Lists: of models by name or by when they were changed, with the highest versions of their stages (named_page), and of versions. */
enum { SEARCH_MOST = 20, NAME_EXACT = 700, HIDDEN_PROMPT = 2 };   /* clauses of a kind; characters of a name that sort it; of a prompt that is not archived */
enum {
	NAMED_HIDDEN, NAMED_NAME, NAMED_NAME_NOT, NAMED_NAME_LIKE, NAMED_NAME_ILIKE, NAMED_NAME_IN, NAMED_NAME_NOT_IN,
	NAMED_NAME_FROM,                         /* what a pattern begins with, up to what is behind all of that */
	NAMED_LABEL, NAMED_LABEL_NOT, NAMED_LABEL_LIKE, NAMED_LABEL_ILIKE,
	NAMED_LABEL_COMMON                       /* one that very many have: the list is not walked along it */
};
/* Orders, by one key or two; the next one has the second key the other way round than the first. */
enum { NAMED_BY_NAME, NAMED_BY_TIME };
enum {
	NAMED_OF, NAMED_LIVING, NAMED_OF_HIDDEN, NAMED_OF_FROM, NAMED_OF_NAME, NAMED_OF_NOT, NAMED_OF_LIKE, NAMED_OF_ILIKE, NAMED_OF_IN, NAMED_OF_NOT_IN,
	NAMED_RUN, NAMED_RUN_NOT, NAMED_RUN_LIKE, NAMED_RUN_ILIKE, NAMED_RUN_IN, NAMED_RUN_NOT_IN,
	NAMED_SOURCE, NAMED_SOURCE_NOT, NAMED_SOURCE_LIKE, NAMED_SOURCE_ILIKE,
	NAMED_NUMBER, NAMED_NUMBER_NOT, NAMED_NUMBER_FROM, NAMED_NUMBER_TO, NAMED_NUMBER_ABOVE, NAMED_NUMBER_BELOW,
	NAMED_VERSION_LABEL, NAMED_VERSION_LABEL_NOT, NAMED_VERSION_LABEL_LIKE, NAMED_VERSION_LABEL_ILIKE, NAMED_VERSION_LABEL_COMMON
};
enum { NAMED_BY_CHANGE = 0, NAMED_BY_CREATION = 2, NAMED_BY_NUMBER = 4, NAMED_BY_NUMBER_CHANGE = 6, NAMED_BY_NUMBER_CREATION = 8, NAMED_BY_MODEL = 10,
	NAMED_BY_MODEL_CHANGE = 12, NAMED_IN_MODEL = 14 };
extern const struct listing named_list, named_versions_list;
/* The model of a name; the zero id where there is none. */
enum err named_id(struct tx *tx, const char *name, struct id *out);
/* Have so few models names from here to there that their versions are found one model after the other? */
enum { FEW = 1000 };
enum err named_few(struct tx *tx, const char *from, const char *to, bool *few);
enum err named_page(struct tx *tx, struct list_ask *ask, struct list_got *got);

#endif
