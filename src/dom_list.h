/* dom_list.h: pages by cursor (starting_after, ending_before), for every list whose
 * statements come in pairs upwards and downwards (ID_PAGE, KEY_PAGE in sql.def). */
#ifndef DOM_LIST_H
#define DOM_LIST_H
#include "life.h"

struct list_ask {
	struct id after, before;                 /* zero: none; one of them at most */
	bool up;                                 /* oldest, or smallest, first */
	int64_t limit;
};
struct list_got { size_t n; bool more, back; };  /* more: beyond this page, in the direction asked; back: that is before it */

/* So many changes at most are added up for a total (UNFOLDED_LIMIT in sql.def is one more). */
enum { UNFOLDED_MOST = 1000 };

enum { LIST_LABELS = 4 };
/* Labels that all must be there: the digests of sql.def's LABELLED. */
struct labels { unsigned char digest[LIST_LABELS][16]; size_t n; };
/* metadata: JSON text of an object of strings, NULL for none.  word: the resource's. */
void labels_of(struct arena *a, const char *word, const char *metadata, struct labels *out);
/* The index of an object's metadata, made anew after its change (o->revision is the new one). */
enum err labels_store(struct tx *tx, const char *word, const struct life *o, const char *metadata);

enum { METADATA_MOST = 50, LIST_MOST = 100 };
/* `old` with the members of `edit`, whose nulls take away; edit NULL takes all away.  ERR_SHAPE
 * for more than METADATA_MOST. */
enum err metadata_merge(struct tx *tx, const char *old, const char *edit, const char **out);
/* As a JSON value; {} for none. */
struct json *metadata_json(struct arena *a, const char *metadata);

/* The values of one statement, in order. */
struct values { struct db_val v[DB_COLUMNS]; size_t n; };
void values_add(struct values *in, const struct db_val *v, size_t n);
void values_labels(struct values *in, const struct labels *l);

/* A page by id.  head: what the statement's head takes, mode_at: the place of livemode in
 * it; the statement downwards is `sql + 1`.  The rows come in the order asked for, limit
 * at most, none when there is none. */
enum err list_by_id(struct tx *tx, enum sql sql, const struct values *head, size_t mode_at, const struct list_ask *ask,
	struct db_rows *rows, struct list_got *got);
/* Where the cursor's object is, by a statement of (organization, id) whose last column is
 * livemode: one of its columns.  ERR_QUERY: there is no such object to be seen. */
enum err list_place(struct tx *tx, enum sql sql, const struct list_ask *ask, size_t column, struct db_val *out);
/* A page by another column, then the id; `place` is that column of the cursor's object,
 * of the right type, and means nothing without a cursor. */
enum err list_by_key(struct tx *tx, enum sql sql, const struct values *head, size_t mode_at, struct db_val place,
	const struct list_ask *ask, struct db_rows *rows, struct list_got *got);
/* A page by a number: `place` is where the cursor's object is, 0 without one. */
enum err list_by_number(struct tx *tx, enum sql sql, const struct values *head, size_t mode_at, int64_t place,
	const struct list_ask *ask, struct db_rows *rows, struct list_got *got);
/* The same of what has no mode of its own. */
enum err list_plain(struct tx *tx, enum sql sql, const struct values *head, int64_t place, const struct list_ask *ask,
	struct db_rows *rows, struct list_got *got);

#endif
