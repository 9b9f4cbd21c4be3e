/* dom_alias.h: the aliases of the versions of a model; and which version held one, or was in a stage, from when
 * until when, and who did it: written with each such change, in its transaction, behind the model's lock. */
#ifndef DOM_ALIAS_H
#define DOM_ALIAS_H
#include "dom_model.h"

#define HOLD_ALIAS "alias"
#define HOLD_STAGE "stage"

/* One that begins now; of the stage in which each version begins nothing is kept. */
enum err hold_begin(struct tx *tx, const struct id *model, const char *kind, const char *name, int64_t number);
/* Those that end now: of a version (0: of all), of one kind and name (kind NULL: all that it has). */
enum err hold_end(struct tx *tx, const struct id *model, const char *kind, const char *name, int64_t number);

/* An alias of a model, which is locked, goes to a version by the number; 0: it is taken away.  ERR_SHAPE: they are too many. */
enum err alias_move(struct tx *tx, enum transition t, struct model *m, const char *alias, int64_t to);
/* A version that ends loses its aliases, which details tell. */
enum err version_ends(struct tx *tx, const struct version *v, struct json *details);

#endif
