/* remember.h: tokens that this process has verified, and what they claim: the next request
 * that comes with one has its signature and its claims at the price of a hash.  What was
 * true of a token when it was signed is remembered; whether its time has come or is over
 * is asked of the clock each time (token.c), and whether it was ended of the database
 * (who_settle()).  The keys go, and all of it goes with them.
 *
 * And API keys that it has looked up, by the hash of the secret, for ten seconds: who they make of
 * their caller, which never changes.  What does is asked each time: whether the key was revoked, as
 * of a session, whether its principal still may, and of the clock whether it has expired. */
#ifndef REMEMBER_H
#define REMEMBER_H
#include "token.h"
#include "who.h"

/* From now on.  Before it nothing is: a CGI script has one request, and pays nothing for this. */
void remember_begin(void);
void remember(const char *token, const struct claims *c);
/* What it claims, in the arena; false: it is not known.  One that has ended by `now` (seconds) is forgotten. */
bool remembered(struct arena *a, const char *token, int64_t now, struct claims *out);
void remember_nothing(void);

void remember_key(const unsigned char hash[SECRET_HASH], int64_t now, const struct who *who);
/* Its strings are good until the next request.  now: microseconds. */
bool remembered_key(const unsigned char hash[SECRET_HASH], int64_t now, struct who *out);

#endif
