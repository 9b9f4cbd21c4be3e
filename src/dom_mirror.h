/* dom_mirror.h: models and versions as another registry tells of them: made here when they are not, and
 * brought to what it tells when they are; and as they are told to another one.
 *
 * What is there is recognised by name and number.  A number is kept as it is; those that are missing are
 * missing here too.  Description, labels, aliases and stage become the other's, whoever changed them here;
 * where nothing differs nothing is written, and nothing is ever taken away but labels and aliases. */
#ifndef DOM_MIRROR_H
#define DOM_MIRROR_H
#include "dom_named.h"

/* in: name, description, labels; of a version its number, source and what is told of it, and its stage (NULL: not told).
 * said: the times of it, of_model those of its model; zero: they are now. */
struct mirror { struct named_in in; struct said said, of_model; };
/* What became of it, or would: the words of what differed. */
enum mirror_end { MIRROR_SAME, MIRROR_CHANGED, MIRROR_MADE };
struct mirrored { enum mirror_end end; struct json *what; };

/* Inside tx_run() they write; outside they only tell what they would do.
 * ERR_MODEL_NAME_TAKEN: it is archived, or not visible; ERR_SHAPE; ERR_FORBIDDEN, ERR_QUOTA. */
enum err mirror_model(struct tx *tx, const struct mirror *in, struct mirrored *out);
/* ERR_MODEL_NOT_FOUND; ERR_PACKAGE_ARCHIVED: it was deleted here; ERR_SHAPE: another one has the number. */
enum err mirror_version(struct tx *tx, const struct mirror *in, struct mirrored *out);
/* An alias of in.name names in.version, or (NULL) nothing any more. */
enum err mirror_alias(struct tx *tx, const struct mirror *in, struct mirrored *out);
/* The aliases of a model that are not among these, a JSON array of {alias}. */
enum err mirror_aliases_beside(struct tx *tx, const char *name, const struct json *these, const char ***out, size_t *n);

/* What there is to tell of an organization, whoever sees it: models behind an id, the versions of one behind a
 * number; as many as fit, none at the end. */
enum err mirror_models(struct tx *tx, const struct id *organization, const struct id *after, struct model **out, size_t *n);
enum err mirror_versions(struct tx *tx, const struct id *organization, const struct id *model, int64_t after, struct version **out, size_t *n);

#endif
