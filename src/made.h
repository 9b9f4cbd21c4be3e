/* made.h: answers that are the same for everybody as long as the program runs: the description and the pages under
 * /docs.  Each is made at its first use and kept, since anybody may ask for it, uncounted, and to make it costs as
 * much as many reads; a worker that nobody asks keeps nothing. */
#ifndef MADE_H
#define MADE_H
#include "req.h"

/* The answer of that name and media type; `make` gives its text where it is not kept, NULL: there is none (ERR_ROUTE_NOT_FOUND). */
enum err made_reply(struct req *r, const char *name, const char *type, const char *(*make)(struct req *r, const char *name));

#endif
