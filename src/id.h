/* id.h: the identity of every object: 96 bits, in the order of time (48 bits of Unix
 * milliseconds, 10 of microseconds, 38 random), spelled differently by each dialect. */
#ifndef ID_H
#define ID_H
#include <stdbool.h>
#include <stdint.h>
#include "arena.h"

enum { ID_BYTES = 12, ID_HEX = 24 };
struct id { unsigned char b[ID_BYTES]; };
extern const struct id id_none;                  /* zero, which nothing has */

/* now_us: Unix microseconds, which decide the order whichever process made it. */
void id_new(int64_t now_us, struct id *out);
/* The lowest of a time (Unix microseconds), whatever is made then. */
struct id id_first(int64_t us);
/* When it was made: Unix milliseconds. */
int64_t id_ms(const struct id *id);
bool id_is_zero(const struct id *id);
bool id_equal(const struct id *a, const struct id *b);

/* prefix + 24 lower-case hex digits, or, after a prefix that ends with '_', 17 base62
 * digits (0-9 A-Z a-z), or, after one that begins with "ri." (a resource identifier), a
 * UUID, or, of the prefix UUID_ALONE, which is not written, nothing but that, so that all sort as the ids do; and back.  Any other spelling is false and leaves
 * *out as it was, and so is that of the zero id, which is no object's and stands for none inside. */
enum { ID_BASE62 = 17, ID_UUID = 36 };
#define UUID_ALONE " "
bool id_in_base62(const char *prefix);
bool id_in_uuid(const char *prefix);
char *id_spell(struct arena *a, const char *prefix, const struct id *id);
bool id_parse(const char *s, const char *prefix, struct id *out);
/* Which of several it is spelled with, ended by NULL, whose number it is for none; *out is let be then, and where
 * one is the whole spelling or, with a `*` at its end, how it begins. */
size_t id_kind(const char *s, const char *const *prefixes, struct id *out);

/* Is it a resource identifier at all, ri.<service>.<instance>.<type>.<locator>, whatever it names? */
bool id_is_rid(const char *s);

/* As a UUID of version 8 (RFC 9562 5.8): the time, then the random bits around version
 * and variant; what the 96 bits do not fill is zero. */
char *id_uuid(struct arena *a, const struct id *id);

/* Cryptographically random bytes, 256 at most; aborts when there are none. */
void random_bytes(void *p, int n);

/* A UUID of version 4. */
char *random_uuid(struct arena *a);

/* A new secret that is shown once, the prefix and 43 base62 digits of 32 random bytes;
 * and the SHA-256 that is stored instead. */
enum { SECRET_HASH = 32, SECRET_DIGITS = 43 };
char *random_secret(struct arena *a, const char *prefix);
void secret_hash(const char *secret, unsigned char out[SECRET_HASH]);

#endif
