/* seal.c: see seal.h. */
#define _GNU_SOURCE
#include "seal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include "conf.h"
#include "file.h"
#include "id.h"
#include "log.h"
#include "str.h"

enum { KEY = 32, NONCE = 12, TAG = 16 };

/* HKDF-SHA-256: `salt` and `use` keep the keys of one secret apart. */
static void derive(const void *secret, size_t n, const char *salt, const char *use, unsigned char out[KEY])
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret, n),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, strlen(salt)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)use, strlen(use)),
		OSSL_PARAM_construct_end(),
	};

	if (!ctx || EVP_KDF_derive(ctx, out, KEY, params) != 1)
		abort();
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static unsigned char *seal(struct arena *a, const unsigned char key[KEY], const char *text, size_t *n)
{
	size_t len = strlen(text);
	unsigned char *out = arena_alloc(a, NONCE + len + TAG);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int got = 0, last = 0;

	random_bytes(out, NONCE);
	if (!ctx || EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, out) != 1
	    || EVP_EncryptUpdate(ctx, out + NONCE, &got, (const unsigned char *)text, (int)len) != 1
	    || EVP_EncryptFinal_ex(ctx, out + NONCE + got, &last) != 1
	    || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG, out + NONCE + len) != 1)
		abort();
	EVP_CIPHER_CTX_free(ctx);
	*n = NONCE + len + TAG;
	return out;
}

static char *unseal(struct arena *a, const unsigned char key[KEY], const unsigned char *p, size_t n)
{
	EVP_CIPHER_CTX *ctx;
	int got = 0, last = 0;
	char *out;
	bool ok;

	if (n < NONCE + TAG)
		return NULL;
	out = arena_alloc(a, n - NONCE - TAG + 1);
	if (!(ctx = EVP_CIPHER_CTX_new()))
		abort();
	ok = EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, p) == 1
		&& EVP_DecryptUpdate(ctx, (unsigned char *)out, &got, p + NONCE, (int)(n - NONCE - TAG)) == 1
		&& EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG, (void *)(p + n - TAG)) == 1
		&& EVP_DecryptFinal_ex(ctx, (unsigned char *)out + got, &last) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return ok ? out : NULL;
}

char *seal_answer(struct arena *a, const char *credential, const char *key, const char *text)
{
	unsigned char k[KEY], *sealed;
	size_t n;

	derive(credential, strlen(credential), key, "thaw answer", k);
	sealed = seal(a, k, text, &n);
	OPENSSL_cleanse(k, sizeof k);
	return b64url_encode(a, sealed, n);
}

char *seal_open_answer(struct arena *a, const char *credential, const char *key, const char *sealed)
{
	size_t cap = strlen(sealed);
	unsigned char k[KEY], *bytes = arena_alloc(a, cap + 1);
	long n = b64url_decode(sealed, cap, bytes, cap);
	char *text = NULL;

	derive(credential, strlen(credential), key, "thaw answer", k);
	if (n > 0)
		text = unseal(a, k, bytes, (size_t)n);
	OPENSSL_cleanse(k, sizeof k);
	return text;
}

static void key_path(char *out, size_t n)
{
	snprintf(out, n, "%s/seal.key", conf.key_dir);
}

/* The installation's own key; false, and logged, when it cannot be had. */
static bool own_key(unsigned char out[KEY])
{
	char path[4200], hex[2 * KEY + 1] = "";
	unsigned char bytes[KEY];
	bool ok = false;
	int fd;

	key_path(path, sizeof path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0) {
		ok = read(fd, hex, 2 * KEY) == 2 * KEY && hex_decode(hex, KEY, bytes);
		close(fd);
	}
	if (ok)
		derive(bytes, sizeof bytes, "", "thaw webhook secret", out);
	else
		log_error(LOG_ERROR, "%s: %s; run `thaw migrate` to create it", path,
			fd < 0 ? strerror(errno) : "is not a valid key file");
	OPENSSL_cleanse(bytes, sizeof bytes);
	OPENSSL_cleanse(hex, sizeof hex);
	return ok;
}

unsigned char *seal_secret(struct arena *a, const char *text, size_t *n)
{
	unsigned char k[KEY], *sealed;

	if (!own_key(k))
		return NULL;
	sealed = seal(a, k, text, n);
	OPENSSL_cleanse(k, sizeof k);
	return sealed;
}

char *seal_open_secret(struct arena *a, const void *sealed, size_t n)
{
	unsigned char k[KEY];
	char *text;

	if (!own_key(k))
		return NULL;
	if (!(text = unseal(a, k, sealed, n)))
		log_error(LOG_ERROR, "%s/seal.key is not the key that the secrets in this database were encrypted with", conf.key_dir);
	OPENSSL_cleanse(k, sizeof k);
	return text;
}

bool seal_key_usable(void)
{
	unsigned char k[KEY];
	bool ok = own_key(k);

	OPENSSL_cleanse(k, sizeof k);
	return ok;
}

/* Whoever comes second keeps the first one's. */
int seal_key_make(void)
{
	char path[4200], hex[2 * KEY + 1];
	unsigned char bytes[KEY];
	struct stat st;
	bool made;

	key_path(path, sizeof path);
	if (!access(path, F_OK))
		return 0;
	random_bytes(bytes, sizeof bytes);
	hex_encode(bytes, sizeof bytes, hex);
	made = !stat(conf.key_dir, &st) && !file_write(path, hex, 2 * KEY, st.st_uid, st.st_gid, true);
	if (!made)
		fprintf(stderr, "thaw: %s: %s\n", path, strerror(errno));
	OPENSSL_cleanse(bytes, sizeof bytes);
	OPENSSL_cleanse(hex, sizeof hex);
	return made ? 0 : -1;
}
