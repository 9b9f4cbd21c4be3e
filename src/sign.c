/* sign.c: see sign.h. */
#include "sign.h"
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include "str.h"

enum { MAC = 32, KEY_MOST = 64 };

static void mac(const void *key, size_t n, const struct buf *signed_bytes, unsigned char out[MAC])
{
	size_t got = 0;

	if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, n, (const unsigned char *)signed_bytes->p, signed_bytes->n,
	    out, MAC, &got) || got != MAC)
		abort();
}

char *sign_matter(struct arena *a, const struct sign *s)
{
	struct buf text = { .arena = a }, out = { .arena = a };
	unsigned char m[MAC];
	char hex[2 * MAC + 1];

	buf_printf(&text, "%lld.", (long long)s->time);
	buf_put(&text, s->body, s->length);
	buf_printf(&out, "t=%lld", (long long)s->time);
	for (size_t i = 0; i < s->n; i++) {
		mac(s->secrets[i], strlen(s->secrets[i]), &text, m);
		hex_encode(m, sizeof m, hex);
		buf_printf(&out, ",v1=%s", hex);
	}
	return out.p;
}

/* The bytes of a secret; 0 for none. */
static size_t key_of(const char *secret, unsigned char out[KEY_MOST + 3])
{
	const char *text;
	size_t n, pad = 0;
	int got;

	if (strncmp(secret, "whsec_", strlen("whsec_")))
		return 0;
	text = secret + strlen("whsec_");
	n = strlen(text);
	if (!n || n % 4 || n / 4 * 3 > KEY_MOST + 2)
		return 0;
	while (pad < 2 && text[n - 1 - pad] == '=')
		pad++;
	got = EVP_DecodeBlock(out, (const unsigned char *)text, (int)n);
	return got < 0 ? 0 : (size_t)got - pad;
}

/* `v1,<base64>` over `<id>.<time>.<body>`. */
static char *v1(struct arena *a, const struct sign *s, const char *id, const void *key, size_t n)
{
	struct buf text = { .arena = a };
	unsigned char m[MAC];

	buf_printf(&text, "%s.%lld.", id, (long long)s->time);
	buf_put(&text, s->body, s->length);
	mac(key, n, &text, m);
	return arena_printf(a, "v1,%s", b64_encode(a, m, MAC));
}

char *sign_chosen(struct arena *a, const struct sign *s, const char *id)
{
	return v1(a, s, id, s->secrets[0], strlen(s->secrets[0]));
}

char *sign_standard(struct arena *a, const struct sign *s, const char *id)
{
	struct buf out = { .arena = a };
	unsigned char key[KEY_MOST + 3];

	for (size_t i = 0; i < s->n; i++) {
		size_t n = key_of(s->secrets[i], key);

		if (!n)
			return NULL;
		buf_printf(&out, "%s%s", i ? " " : "", v1(a, s, id, key, n));
	}
	return out.p;
}
