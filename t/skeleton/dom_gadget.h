/* dom_gadget.h: gadgets, of which there is nothing but their rows. */
#ifndef DOM_GADGET_H
#define DOM_GADGET_H
#include "list.h"

struct gadget { struct life life; const char *name; int64_t weight; };

enum { GADGETS_HIDDEN, GADGETS_STATUS, GADGETS_NAME, GADGETS_LEAST, GADGETS_MOST, GADGETS_TAG };
extern const struct listing gadgets_list;
/* in: name, weight. */
enum err gadget_make(struct tx *tx, const void *in, void *out);
/* in: both of them. */
enum err gadget_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

#endif
