/* row.h: rows of the database as structs.  A map (of a list in columns.h) says which column
 * goes to which member; it is read from a result, and bound to the parameters of an INSERT or
 * an UPDATE, in the order of its list. */
#ifndef ROW_H
#define ROW_H
#include <stddef.h>
#include "columns.h"
#include "db.h"
#include "objects.h"

enum row_kind { ROW_END = 0, ROW_s, ROW_a, ROW_i, ROW_i0, ROW_in, ROW_b, ROW_nb, ROW_t, ROW_t0, ROW_d, ROW_d0, ROW_x, ROW_w,
	ROW_now, ROW_nil, ROW_was };

/* A column and its member: const char * (s a), int64_t (i i0 in t t0), bool (b nb), struct id
 * (d d0), struct bytes (x), enum state (w was). */
struct column { enum row_kind kind; size_t off; };
struct bytes { const unsigned char *p; size_t n; };

/* A map ends with { 0 }. */
#define COL_MAP(type, kind, column, member) { ROW_##kind, offsetof(type, member) },
#define MAP(LIST, type) { LIST(COL_MAP, type) { ROW_END, 0 } }
#define PICK_MAP(LIST, type) { LIST(COL_MAP, COL_MAP, type) { ROW_END, 0 } }

/* Text and bytes belong to the row; r: whose states a word is one of. */
const struct db_val *row_read(const struct column *map, enum resource r, const struct db_val *v, void *out);
/* The columns behind those of WHO; NULL where nothing was joined to the caller. */
const struct db_val *row_own(const struct db_val *row);
/* The rows as an array of structs of that size. */
void *row_array(struct arena *a, const struct db_rows *r, const struct column *map, size_t size);

/* The values of a statement's parameters; before: the state that a change leaves.  Members of
 * the kinds now and nil are set. */
size_t row_bind(const struct column *map, void *in, enum state before, int64_t now, struct db_val *out);
/* Does a change write anything by this map that somebody has to give? */
bool row_asks(const struct column *map);

#endif
