/* multipart.h: the body of a form with files, multipart/form-data (RFC 7578, RFC 2046), that is
 * wholly in memory.  The bytes of a part are where they came, in the body; the texts
 * are in the arena.
 *
 * Strict where two readers could see different parts: each line ends with CRLF, nothing but
 * blanks follows a boundary, no header is folded or stands twice, the closing boundary is there. */
#ifndef MULTIPART_H
#define MULTIPART_H
#include <stddef.h>
#include "arena.h"
#include "err.h"

/* Valid UTF-8.  The file name is what the sender says, whatever it is: no path to be opened.
 * filename and type are NULL when not given. */
struct part { const char *name, *filename, *type; const char *bytes; size_t n; };

/* At most 256 parts, in their order; none is a form without fields.  ERR_MEDIA_TYPE: another
 * type; ERR_REQUEST with a reason: malformed. */
enum err multipart_parse(struct arena *a, const char *content_type, const char *body, size_t n,
	struct part **out, size_t *count, const char **reason);

#endif
