/* passwd.c: see passwd.h. */
#define _GNU_SOURCE
#include "passwd.h"
#include <crypt.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include "id.h"

char *passwd_hash(struct arena *a, const char *password)
{
	struct crypt_data *d = calloc(1, sizeof *d);
	char salt[CRYPT_GENSALT_OUTPUT_SIZE], *hash;

	if (!d || !crypt_gensalt_rn("$y$", 0, NULL, 0, salt, sizeof salt)
	    || !(hash = crypt_r(password, salt, d)) || *hash == '*')
		abort();
	hash = arena_strdup(a, hash);
	OPENSSL_cleanse(d, sizeof *d);
	free(d);
	return hash;
}

bool passwd_check(const char *password, const char *hash)
{
	/* Of a password nobody knows, so that an unknown user costs the same. */
	static const char nobody[] = "$y$j9T$pXZe2EHnQWfqMfKYJgSft1$Cb3l3WtI5TdgqSvg1XiypZrERbW2WQ6Bm9r9iNtvfl/";
	struct crypt_data *d = calloc(1, sizeof *d);
	const bool set = hash && strcmp(hash, PASSWD_UNSET) != 0;
	const char *against = set ? hash : nobody, *got;
	bool same;

	if (!d)
		abort();
	got = crypt_r(password, against, d);
	same = got && strlen(got) == strlen(against) && !CRYPTO_memcmp(got, against, strlen(against));
	OPENSSL_cleanse(d, sizeof *d);
	free(d);
	return set && same;
}

char *passwd_generate(struct arena *a)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_";
	char *s = arena_alloc(a, 21);
	unsigned char r;

	for (int i = 0; i < 20; ) {
		random_bytes(&r, 1);
		if (r < 4 * (sizeof letters - 1))            /* 232 of 256: no bias */
			s[i++] = letters[r % (sizeof letters - 1)];
	}
	return s;
}
