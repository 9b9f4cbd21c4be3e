/* seal.h: what the database must keep and may not yield by itself: AES-256-GCM under a
 * key of HKDF-SHA-256 (RFC 5869), the nonce before and the tag behind the text.
 *
 * An answer with a secret, kept for the repetition of its request, opens with the very
 * credential and idempotency key that it answered.  A webhook's secret opens with the
 * installation's own key, the file `seal.key` of key_dir (32 random bytes in hex). */
#ifndef SEAL_H
#define SEAL_H
#include <stdbool.h>
#include <stddef.h>
#include "arena.h"

/* base64url text, and back: NULL when it was sealed under another credential or key. */
char *seal_answer(struct arena *a, const char *credential, const char *key, const char *text);
char *seal_open_answer(struct arena *a, const char *credential, const char *key, const char *sealed);

/* Bytes, and back; NULL, and logged, when there is no key or it is another one. */
unsigned char *seal_secret(struct arena *a, const char *text, size_t *n);
char *seal_open_secret(struct arena *a, const void *sealed, size_t n);

/* Makes `seal.key` when it is missing; owned as key_dir is.  0, or -1 with a message. */
int seal_key_make(void);
/* Is it there, and a key?  Logged when not. */
bool seal_key_usable(void);

#endif
