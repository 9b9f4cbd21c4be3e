/* sign.h: how a webhook is signed, so that its receiver knows it is ours and whole:
 * HMAC-SHA-256 over the time of the try and the very bytes of the body, in the header
 * of our own and in those of Standard Webhooks 1.0.0.  Pure functions over text.
 *
 * A secret of ours is shown as `whsec_` and the base64 of its bytes.  Several secrets: while
 * one replaces another each signs. */
#ifndef SIGN_H
#define SIGN_H
#include <stddef.h>
#include <stdint.h>
#include "arena.h"

struct sign { const char *const *secrets; size_t n; int64_t time; const char *body; size_t length; };

/* The value of Matter-Signature: `t=<time>,v1=<hex>[,v1=<hex>]` over `<time>.<body>`; the
 * key is the secret as it is shown. */
char *sign_matter(struct arena *a, const struct sign *s);
/* The value of webhook-signature: `v1,<base64>[ v1,<base64>]` over `<id>.<time>.<body>`; the
 * key is the bytes of the secret.  NULL when one is no such secret. */
char *sign_standard(struct arena *a, const struct sign *s, const char *id);
/* `v1,<base64>` over the same, of a secret that somebody else chose: the first one, whose text is the key. */
char *sign_chosen(struct arena *a, const struct sign *s, const char *id);

#endif
