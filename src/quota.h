/* quota.h: what an organization may have at most (rows in quota.def).  A limit is
 * kept to within what is made at the same time: nothing that every request would have to
 * lock counts along. */
#ifndef DOM_QUOTA_H
#define DOM_QUOTA_H
#include "tx.h"

enum quota {
	QUOTA__NONE,
#define QUOTA(name, setting, sql, what) QUOTA_##name,
#include "quota.def"
#undef QUOTA
	QUOTA__MAX
};

struct quota_row { const char *setting, *what; const int64_t *most; enum sql used; };
extern const struct quota_row quota_rows[QUOTA__MAX];

/* Is there room for `more` of it?  ERR_QUOTA, which says what there is. */
enum err quota_room(struct tx *tx, const struct id *organization, enum quota q, int64_t more);
/* How much of it an organization has. */
enum err quota_used(struct tx *tx, const struct id *organization, enum quota q, int64_t *out);

#endif
