/* remember.h: tokens that this process has verified, and what they claim: the next request
 * that comes with one has its signature and its claims at the price of a hash.  What was
 * true of a token when it was signed is remembered; whether its time has come or is over
 * is asked of the clock each time (token.c), and whether it was ended of the database
 * (who_settle()).  The keys go, and all of it goes with them. */
#ifndef REMEMBER_H
#define REMEMBER_H
#include "token.h"

/* From now on.  Before it nothing is: a CGI script has one request, and pays nothing for this. */
void remember_begin(void);
void remember(const char *token, const struct claims *c);
/* What it claims, in the arena; false: it is not known.  One that has ended by `now` (seconds) is forgotten. */
bool remembered(struct arena *a, const char *token, int64_t now, struct claims *out);
void remember_nothing(void);

#endif
