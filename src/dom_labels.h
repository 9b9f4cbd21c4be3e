/* dom_labels.h: the metadata of objects, a JSON object of strings, and its index: labels. */
#ifndef DOM_LABELS_H
#define DOM_LABELS_H
#include "list.h"

enum { LIST_LABELS = 4, LABEL_BYTES = 16 };       /* of a list at once; of the index */
/* The index of an object's metadata, made anew after its change (o->revision is the new one). */
enum err labels_store(struct tx *tx, const char *word, const struct life *o, const char *metadata);

enum { METADATA_MOST = 50 };
/* `old` with the members of `edit`, whose nulls take away; edit NULL takes all away.  ERR_SHAPE
 * for more than METADATA_MOST. */
enum err metadata_merge(struct tx *tx, const char *old, const char *edit, const char **out);
/* As a JSON value; {} for none. */
struct json *metadata_json(struct arena *a, const char *metadata);

/* The filter of a list of labelled objects, and the path along the objects of a label. */
#define LABELLED_BY { "metadata", " AND EXISTS (SELECT 1 FROM labels l WHERE l.organization_id = x.organization_id AND l.digest = ? " \
	"AND l.livemode = x.livemode AND l.object_id = x.id)", "x", LIST_LABELS }
#define ALONG_LABEL(filter, table) { UINT64_C(1) << (filter), 0, NULL, "labels b FORCE INDEX (PRIMARY) STRAIGHT_JOIN " table " x " \
	"ON x.organization_id = b.organization_id AND x.id = b.object_id", " AND b.digest = ?", "b.object_id", filter }
/* A clause for each of them. */
void list_labels(struct tx *tx, struct list_ask *ask, int filter, const char *word, const char *metadata);

#endif
