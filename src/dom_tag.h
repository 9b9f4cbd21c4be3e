/* dom_tag.h: labels of a model or a version: a value under a name.  Their object's own change tells of them. */
#ifndef DOM_TAG_H
#define DOM_TAG_H
#include "tx.h"

enum { TAGS_MOST = 100, TAG_NAME_MOST = 250, TAG_VALUE_MOST = 5000 };

/* In the place of those that the object has: the JSON text of an array of {name, value}, NULL: none.  ERR_SHAPE, at
 * `field`. */
enum err tags_set(struct tx *tx, const struct id *object, const char *field, const char *tags);

/* What is made with this label is a prompt, from then on, where its value says so in any case. */
#define PROMPT_TAG "mlflow.prompt.is_prompt"
bool label_is_prompt(const char *value);
bool labels_are_of_prompt(struct arena *a, const char *labels);
/* One of them, under its key; at most LABELS_MOST of an object, LABELS_BYTES together (ERR_SHAPE).  *changed: it was
 * another one, or none. */
enum { LABELS_MOST = 1000, LABEL_KEY_MOST = 250, LABEL_VALUE_MOST = 100000, LABELS_BYTES = 1 << 20,
	LABEL_TOLD_MOST = 1000 };                /* of a value, in the audit */
enum err label_set(struct tx *tx, const struct id *object, const char *key, const char *value, bool *changed);
/* Have more than LABEL_COMMON objects this one? */
enum { LABEL_COMMON = 5000 };
enum err label_common(struct tx *tx, const char *key, const char *value, bool *common);
enum err label_forget(struct tx *tx, const struct id *object, const char *key, bool *changed);
/* Those of a JSON array of {key, value}; of a key that is there twice the last one, "" where no value is.  ERR_SHAPE, at
 * `tags`; the first one says it before anything is written. */
enum err labels_right(struct tx *tx, const char *labels);
enum err labels_add(struct tx *tx, const struct id *object, const char *labels);
/* Where it has any, the labels of an object that was read: as an array of {id, name, value} by SQL_TAGS_READ, of {key, value}
 * by SQL_LABELS_READ; of several objects in few statements. */
struct labelled { const struct id *object; bool any; const char **labels; };
enum err labels_of(struct tx *tx, enum sql sql, const struct labelled *all, size_t n);
/* The value of a key in such an array, NULL: none. */
const char *label_of(struct arena *a, const char *labels, const char *key);
/* What is wrong with a key, and with the value under it, in a whole sentence; NULL: nothing. */
const char *label_key_fault(struct arena *a, const char *key);
const char *label_value_fault(struct arena *a, const char *key, const char *value);

#endif
