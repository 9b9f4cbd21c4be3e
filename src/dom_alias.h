/* dom_alias.h: the aliases of the versions of a model; and which version held one, or was in a stage, from when
 * until when, and who did it: written with each such change, in its transaction, behind the model's lock. */
#ifndef DOM_ALIAS_H
#define DOM_ALIAS_H
#include "dom_model.h"

#define HOLD_ALIAS "alias"
#define HOLD_STAGE "stage"

/* One that begins now, of a model that is locked; of the stage in which each version begins nothing is kept.  Those that end
 * now: of a version (0: of all), of one kind and name (NULL: all that it has).  ERR_PROTECTED: every change of who holds
 * what comes here, and asks here whether the caller may change that. */
enum err hold_begin(struct tx *tx, const struct model *m, const char *kind, const char *name, int64_t number);
enum err hold_end(struct tx *tx, const struct model *m, const char *kind, const char *name, int64_t number);

/* The model is renamed, so that its name is free, or everybody, or nobody else, sees it from
 * now on.  ERR_PROTECTED: what is protected is held in it. */
enum err hold_exposed(struct tx *tx, const struct model *m);

/* A version of a model held an alias or a stage; until 0: it does.  ended_by: nobody then; an actor without an id is the thaw command. */
struct held { struct id id; const char *kind, *name; int64_t number, since, until; struct actor by, ended_by; };
/* Those of a model, newest first; its aliases that are, by name. */
enum { HOLDS_ALIAS, HOLDS_STAGE, HOLDS_NOW, HOLDS_AT };          /* AT takes the time twice */
extern const struct listing holds_list, aliases_list;
/* The one that a version has now. */
enum err hold_read(struct tx *tx, const struct model *m, const char *kind, const char *name, int64_t number, struct held *out);

/* What no alias is called: letters, digits, _ and -, of any script, at most so many; `latest` and a number as `v3` mean versions already. */
enum { ALIAS_LENGTH = 255 };
enum alias_fault { ALIAS_FINE, ALIAS_LONG, ALIAS_LETTERS, ALIAS_LATEST, ALIAS_NUMBER };
enum alias_fault alias_fault(const char *alias);
/* Which version has it; 0: none. */
enum err alias_of(struct tx *tx, const struct model *m, const char *alias, int64_t *number);
/* An alias of a model, which is locked, goes to a version by the number; 0: it is taken away.  ERR_SHAPE: they are too many. */
enum err alias_move(struct tx *tx, enum transition t, struct model *m, const char *alias, int64_t to);
/* A version that ends loses its aliases, which details tell. */
enum err version_ends(struct tx *tx, const struct version *v, struct json *details);

/* ---- dom_rollback.c: the same by the id of the model, which `key` is ---- */

/* An alias (or a stage of the next), and the number of a version.  Out: a struct held. */
struct hold_in { const char *alias, *stage; int64_t number; };
/* ERR_VERSION_NOT_FOUND, ERR_PACKAGE_ARCHIVED. */
enum err alias_set(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* ERR_ALIAS_NOT_FOUND. */
enum err alias_unset(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* The version that held it last, and does not now, holds it again: of a stage, alone, and those that are there become Archived.
 * ERR_NOBODY_BEFORE. */
enum err hold_back(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

#endif
