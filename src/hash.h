/* hash.h: SHA-256. */
#ifndef HASH_H
#define HASH_H
#include <stddef.h>

enum { SHA256_BYTES = 32 };

/* Returns out. */
unsigned char *sha256(const void *p, size_t n, unsigned char out[SHA256_BYTES]);
/* Of a secret of as many bytes and what follows it: who does not know the one cannot choose the other. */
void sha256_behind(const unsigned char secret[SHA256_BYTES], const void *p, size_t n, unsigned char out[SHA256_BYTES]);

#endif
