/* token.h: signing keys and JWTs: the one verifier, the one maker.
 *
 * A key is a file of key_dir named KID.ALG.pem (ES256, RS256) or KID.ALG.key (HS256,
 * 64 random bytes in hex); the file `active` names the kid that signs.  The kid pins
 * the algorithm: what a token says of itself is never believed.  A key is read when a
 * token names it, and again when the directory has changed (looked at once a second). */
#ifndef TOKEN_H
#define TOKEN_H
#include <stdbool.h>
#include <stdint.h>
#include "arena.h"
#include "err.h"
#include "id.h"

enum { TOKEN_MAX = 4096 };

struct claims {
	struct id organization, subject, id;     /* id: of the token itself; zero: none that we made */
	const char *username, *scopes;           /* scopes NULL: not narrowed */
	struct id client, session;               /* whose it is, of OAuth, and the session it ends with; zero: none */
	int64_t gen;                             /* principals.tokens_gen when it was made; -1: not named */
	int64_t issued;                          /* microseconds, of whose millisecond it is the last that we made */
	int64_t begins, expires;                 /* seconds */
	int64_t rate;                            /* requests a minute; 0: not named */
};

/* ERR_AUTH_INVALID, ERR_AUTH_EXPIRED; ERR_INTERNAL when there are no keys. */
enum err token_verify(struct arena *a, const char *jwt, int64_t now_us, struct claims *out);
/* NULL when there is no active key. */
char *token_make(struct arena *a, const struct claims *c);

/* The public keys of all that are in use and have one, a JSON array of JWK (RFC 7517). */
const char *token_keys(struct arena *a);

/* The thaw command's part.  0, or -1 with a message on standard error. */
struct key_info { char kid[64], alg[8]; int64_t created; bool active; };
int keys_create(const char *alg, bool activate, char kid[64]);
int keys_activate(const char *kid);               /* it signs from now on */
int keys_list(struct arena *a, struct key_info **out, size_t *n);

#endif
