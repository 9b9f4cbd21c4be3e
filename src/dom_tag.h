/* dom_tag.h: labels of a model or a version: a value under a name.  Their object's own change tells of them. */
#ifndef DOM_TAG_H
#define DOM_TAG_H
#include "tx.h"

enum { TAGS_MOST = 100, TAG_NAME_MOST = 250, TAG_VALUE_MOST = 5000 };

/* In the place of those that the object has: the JSON text of an array of {name, value}, NULL: none.  ERR_SHAPE, at
 * `field`. */
enum err tags_set(struct tx *tx, const struct id *object, const char *field, const char *tags);

#endif
