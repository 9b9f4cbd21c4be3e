/* dom_hold.h: which version of a model held an alias, or was in a stage, from when until when, and who
 * did it: written with each such change, in its transaction, behind the model's lock. */
#ifndef DOM_HOLD_H
#define DOM_HOLD_H
#include "tx.h"

#define HOLD_ALIAS "alias"
#define HOLD_STAGE "stage"

/* One that begins now; of the stage in which each version begins nothing is kept. */
enum err hold_begin(struct tx *tx, const struct id *model, const char *kind, const char *name, int64_t number);
/* Those that end now: of a version (0: of all), of one kind and name (kind NULL: all that it has). */
enum err hold_end(struct tx *tx, const struct id *model, const char *kind, const char *name, int64_t number);

#endif
