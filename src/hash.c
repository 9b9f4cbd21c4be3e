/* hash.c: see hash.h.  The library's SHA256() looks its algorithm up at each call, which costs
 * several times the hash of a short text: here that is done once in a process. */
#include "hash.h"
#include <stdlib.h>
#include <openssl/evp.h>

static void hash(const void *before, size_t before_n, const void *p, size_t n, unsigned char out[SHA256_BYTES])
{
	static EVP_MD *algorithm;
	static EVP_MD_CTX *ctx;

	if (!ctx && (!(algorithm = EVP_MD_fetch(NULL, "SHA256", NULL)) || !(ctx = EVP_MD_CTX_new())))
		abort();
	if (EVP_DigestInit_ex(ctx, algorithm, NULL) != 1 || EVP_DigestUpdate(ctx, before, before_n) != 1
	    || EVP_DigestUpdate(ctx, p, n) != 1 || EVP_DigestFinal_ex(ctx, out, NULL) != 1)
		abort();
}

unsigned char *sha256(const void *p, size_t n, unsigned char out[SHA256_BYTES])
{
	hash(NULL, 0, p, n, out);
	return out;
}

void sha256_behind(const unsigned char secret[SHA256_BYTES], const void *p, size_t n, unsigned char out[SHA256_BYTES])
{
	hash(secret, SHA256_BYTES, p, n, out);
}
