/* dom_find.h: one text looked for in the names of everything that the caller may read: what begins with it, along the index
 * of names, and what has it anywhere, as far as a quarter of a second of that index goes.  What is not the caller's to see is not
 * found: each kind is a list (list.h), read as its own list is. */
#ifndef DOM_FIND_H
#define DOM_FIND_H
#include "list.h"

enum { FIND_MOST = 20, FIND_KINDS = 9, FIND_TEXT = 200, FIND_LEAST = 3 };         /* LEAST: letters, from which on a text is looked for anywhere in names */

/* One that was found.  kind: as the console calls it; id: as the API of its kind spells it, of a version `model.version`; model: its
 * model, of a version; place: where it lies, of a folder; shelved: it is in the archive, or the trash. */
struct found { const char *kind, *id, *model, *name, *status, *place; struct id key; int64_t number; bool shelved; };
/* items: of `all`; more: than these; partly: not every name could be looked at. */
struct find_group { const char *kind; struct found *all; struct list items; bool more, partly; };
/* exact: the object whose public id the text is; NULL: it is none that the caller sees. */
struct findings { const struct found *exact; struct list groups; };

/* The caller is settled here.  most: of each kind. */
enum err find_all(struct tx *tx, const char *text, int64_t most, struct findings *out);

#endif
