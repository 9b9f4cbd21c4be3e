/* dom_share.h: who has access to a model beside the whole organization: users, groups, or all of
 * the organization where it is local.  Writers run inside tx_run(). */
#ifndef DOM_SHARE_H
#define DOM_SHARE_H
#include "dom_model.h"

#define SHARE_USER "user"
#define SHARE_GROUP "group"
#define SHARE_ORGANIZATION "organization"

/* Who has it, and as what. */
struct share {
	struct id id;                            /* a principal, a group, or the organization */
	const char *kind;                        /* SHARE_USER... */
	int64_t role;                            /* GRANTED_OBSERVER... */
	const char *word;                        /* as it was granted; NULL: as the role is called */
	struct id by;                            /* who granted it; zero: unknown */
	int64_t at;
};

/* A model that is being made is its maker's: nobody has it yet. */
enum err share_own(struct tx *tx, const struct id *model, const struct id *principal);

/* A model that everybody sees has its maker as its owner without a row: it gets one. */
enum err share_keep_maker(struct tx *tx, const struct model *m);

#endif
