/* id.c: see id.h. */
#define _GNU_SOURCE
#include "id.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "hash.h"
#include "str.h"

/* The system's, not the library's: that gets ready for longer than a CGI script has to do. */
void random_bytes(void *p, int n)
{
	if (getentropy(p, (size_t)n)) {
		fputs("thaw: no random numbers\n", stderr);
		abort();
	}
}

char *random_uuid(struct arena *a)
{
	unsigned char b[16];
	char hex[33];

	random_bytes(b, sizeof b);
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	hex_encode(b, sizeof b, hex);
	return arena_printf(a, "%.8s-%.4s-%.4s-%.4s-%s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

char *random_secret(struct arena *a, const char *prefix)
{
	unsigned char random[32];
	char digits[SECRET_DIGITS + 1];

	random_bytes(random, sizeof random);
	base62_encode(random, sizeof random, digits, SECRET_DIGITS);
	return arena_printf(a, "%s%s", prefix, digits);
}

void secret_hash(const char *secret, unsigned char out[SECRET_HASH])
{
	sha256(secret, strlen(secret), out);
}

/* Of one microsecond the next one of this process is the number behind, so that what a transaction makes
 * is in order too, and as many of them as there may be are never the same. */
void id_new(int64_t now_us, struct id *out)
{
	static struct id last;
	static int64_t at = -1;
	const uint64_t ms = (uint64_t)(now_us / 1000);
	const unsigned us = (unsigned)(now_us % 1000);
	int i = ID_BYTES;

	if (now_us != at) {
		random_bytes(last.b + 6, 6);
		for (int k = 0; k < 6; k++)
			last.b[k] = (unsigned char)(ms >> (40 - 8 * k));
		last.b[6] = (unsigned char)(us >> 2);
		last.b[7] = (unsigned char)((us & 3) << 6 | (last.b[7] & 0x1f));        /* from below the middle on */
		at = now_us;
	} else {
		while (!++last.b[--i])
			;
	}
	*out = last;
}

struct id id_first(int64_t us)
{
	struct id id = id_none;
	int64_t ms = us < 0 ? 0 : us / 1000;             /* no id is from before 1970 */

	for (int i = 5; i >= 0; i--, ms >>= 8)
		id.b[i] = (unsigned char)ms;
	return id;
}

int64_t id_ms(const struct id *id)
{
	int64_t ms = 0;

	for (int i = 0; i < 6; i++)
		ms = ms << 8 | id->b[i];
	return ms;
}

const struct id id_none;

bool id_is_zero(const struct id *id)
{
	return id_equal(id, &id_none);
}

bool id_equal(const struct id *a, const struct id *b)
{
	return !memcmp(a->b, b->b, ID_BYTES);
}

bool id_in_base62(const char *prefix)
{
	size_t n = strlen(prefix);

	return n && prefix[n - 1] == '_';
}

bool id_in_uuid(const char *prefix)
{
	return !strncmp(prefix, "ri.", 3) || !strcmp(prefix, UUID_ALONE);
}

/* How much of it is written. */
static size_t prefix_length(const char *prefix)
{
	return strcmp(prefix, UUID_ALONE) ? strlen(prefix) : 0;
}

/* The places of the 24 hex digits in `tttttttt-tttt-8rrr-8000-000rrrrrrrrr`. */
static const char uuid_form[] = "xxxxxxxx-xxxx-8xxx-8000-000xxxxxxxxx";

static void uuid_put(const struct id *id, char *out)
{
	char hex[2 * ID_BYTES + 1], *h = hex;

	hex_encode(id->b, ID_BYTES, hex);
	for (const char *f = uuid_form; *f; f++)
		*out++ = *f == 'x' ? *h++ : *f;
	*out = '\0';
}

static bool uuid_parse(const char *s, struct id *out)
{
	char hex[2 * ID_BYTES + 1], *h = hex;
	const char *f = uuid_form;

	for (; *f && *s; f++, s++) {
		if (*f == 'x')
			*h++ = *s;
		else if (*f != *s)
			return false;
	}
	*h = '\0';
	return !*f && !*s && hex_decode(hex, ID_BYTES, out->b);
}

char *id_uuid(struct arena *a, const struct id *id)
{
	char *s = arena_alloc(a, ID_UUID + 1);

	uuid_put(id, s);
	return s;
}

char *id_spell(struct arena *a, const char *prefix, const struct id *id)
{
	size_t n = prefix_length(prefix);
	char *s = arena_alloc(a, n + ID_UUID + 1);

	memcpy(s, prefix, n);
	if (id_in_uuid(prefix))
		uuid_put(id, s + n);
	else if (id_in_base62(prefix))
		base62_encode(id->b, ID_BYTES, s + n, ID_BASE62);
	else
		hex_encode(id->b, ID_BYTES, s + n);
	return s;
}

bool id_parse(const char *s, const char *prefix, struct id *out)
{
	size_t n = prefix_length(prefix);
	struct id id;

	if (strncmp(s, prefix, n))
		return false;
	s += n;
	if (!(id_in_uuid(prefix) ? uuid_parse(s, &id)
		: id_in_base62(prefix) ? strlen(s) == ID_BASE62 && base62_decode(s, id.b, ID_BYTES)
		: hex_decode(s, ID_BYTES, id.b)) || id_is_zero(&id))
		return false;
	*out = id;
	return true;
}

size_t id_kind(const char *s, const char *const *prefixes, struct id *out)
{
	struct id id;
	size_t k = 0;

	for (; prefixes[k]; k++) {
		const size_t n = strlen(prefixes[k]) - 1;

		if (id_parse(s, prefixes[k], &id)) {
			*out = id;
			break;
		}
		if (!strcmp(s, prefixes[k]) || (prefixes[k][n] == '*' && !strncmp(s, prefixes[k], n)))
			break;
	}
	return k;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* A word of lower-case letters, digits and dashes that begins with a letter (or a digit, or
 * is empty: `loose`), up to the next dot. */
static const char *word(const char *s, bool loose)
{
	size_t n = strcspn(s, ".");

	if (s[n] != '.' || strspn(s, LOWER DIGITS "-") != n || (!loose && !n) || (n && !strchr(LOWER, *s) && !(loose && *s != '-')))
		return NULL;
	return s + n + 1;
}

enum { RID_MOST = 512 };

bool id_is_rid(const char *s)
{
	return strlen(s) <= RID_MOST && !strncmp(s, "ri.", 3) && (s = word(s + 3, false)) && (s = word(s, true)) && (s = word(s, false))
		&& *s && strspn(s, LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "._-") == strlen(s);
}
