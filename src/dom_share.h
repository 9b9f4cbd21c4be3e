/* dom_share.h: who has access to a model beside the whole organization: users, groups, or all of
 * the organization where it is local.  A model that everybody sees is its maker's without a row, until
 * somebody changes who has access.  Writers run inside tx_run(). */
#ifndef DOM_SHARE_H
#define DOM_SHARE_H
#include "dom_model.h"

#define SHARE_USER "user"
#define SHARE_GROUP "group"
#define SHARE_ORGANIZATION "organization"
enum { SHARES_MOST = 1000, SHARED_AT_ONCE = 100 };       /* of a model; changes of one request */

/* Who has it, and as what. */
struct share {
	struct id id;                            /* a principal, a group, or the organization */
	const char *kind;                        /* SHARE_USER... */
	int64_t role;                            /* GRANTED_OBSERVER...; 0: nothing */
	const char *word;                        /* as it was granted, one of share_words */
	struct id by;                            /* who granted it; zero: unknown */
	int64_t at;
	const char *name;
};

/* The words that roles are granted by, and that of none; ends with NULL. */
extern const char *const share_words[];

/* Of a model that the caller sees, SHARES_MOST at most. */
enum err share_list(struct tx *tx, const struct id *model, const struct share **out, size_t *n);

/* What is to be: whom by id, by name, or by both of the same; unshared: not to be given to others; at: where that was said.  kind NULL,
 * of an id: whoever has it; had: let be who has another role than this; NULL: whatever it is; more: let be who may do as much already. */
struct share_to { const char *kind, *username, *word, *had, *at; struct id id; bool id_set, unshared, more; };
struct sharing { const struct share_to *to; size_t n; };
/* All of it or nothing; of two for one recipient the later one.  in: a struct sharing.  ERR_FORBIDDEN: the caller was granted too
 * little; ERR_OWNER_ONLY: to make owners, or of owners something else; ERR_REFERENCE: there is no such recipient; ERR_SHAPE;
 * ERR_NO_OWNER: no user would own it. */
enum err share_change(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

/* A model that is being made is its maker's: nobody has it yet. */
enum err share_own(struct tx *tx, const struct id *model, const struct id *principal);
/* A model, locked, that will not be everybody's any more stays its maker's. */
enum err share_keep_maker(struct tx *tx, const struct model *m);

#endif
