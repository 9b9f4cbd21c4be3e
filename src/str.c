/* str.c: see str.h. */
#include "str.h"
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>

void buf_grow(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 256;

	while (cap - b->n <= n)
		cap *= 2;
	b->p = arena_grow(b->arena, b->p, b->cap, cap);
	b->cap = cap;
}

void buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void buf_cut(struct buf *b, size_t n)
{
	b->n = n;
	b->p[n] = '\0';
}

void buf_int(struct buf *b, int64_t v)
{
	char text[20], *p = text + sizeof text;
	uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do
		*--p = (char)('0' + rest % 10);
	while (rest /= 10);
	if (v < 0)
		*--p = '-';
	buf_put(b, p, (size_t)(text + sizeof text - p));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	char tmp[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(tmp, sizeof tmp, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	if ((size_t)n < sizeof tmp) {
		buf_put(b, tmp, (size_t)n);
		return;
	}
	char *big = arena_alloc(b->arena, (size_t)n + 1);

	va_start(ap, fmt);
	vsnprintf(big, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf_put(b, big, (size_t)n);
}

void hex_encode(const void *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *b = p;

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[b[i] >> 4];
		out[2 * i + 1] = digits[b[i] & 15];
	}
	out[2 * n] = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool hex_decode(const char *s, size_t n, void *out)
{
	unsigned char *b = out;

	if (strlen(s) != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int hi = hex_digit(s[2 * i]), lo = hex_digit(s[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		b[i] = (unsigned char)(hi << 4 | lo);
	}
	return true;
}

static const char b64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static const char b62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
enum { BASE62_BYTES = 64 };

/* Digit by digit, of the number as words, the highest first. */
void base62_encode(const unsigned char *p, size_t n, char *out, size_t digits)
{
	enum { WORD = 4 };
	uint32_t number[BASE62_BYTES / WORD] = { 0 };
	const size_t words = (n + WORD - 1) / WORD, before = words * WORD - n;

	for (size_t i = 0; i < n; i++)
		number[(before + i) / WORD] = number[(before + i) / WORD] << 8 | p[i];
	out[digits] = '\0';
	while (digits--) {
		uint64_t rest = 0;

		for (size_t i = 0; i < words; i++) {     /* number / 62 */
			rest = rest << 32 | number[i];
			number[i] = (uint32_t)(rest / 62);
			rest %= 62;
		}
		out[digits] = b62[rest];
	}
}

bool base62_decode(const char *s, unsigned char *out, size_t n)
{
	memset(out, 0, n);
	for (; *s; s++) {
		const char *d = strchr(b62, *s);
		unsigned carry = d ? (unsigned)(d - b62) : 0;

		if (!d)
			return false;
		for (size_t i = n; i--; ) {              /* number * 62 + digit */
			carry += out[i] * 62u;
			out[i] = (unsigned char)carry;
			carry >>= 8;
		}
		if (carry)
			return false;
	}
	return true;
}

char *b64url_encode(struct arena *a, const void *p, size_t n)
{
	const unsigned char *s = p;
	char *out = arena_alloc(a, (n * 4 + 2) / 3 + 1), *o = out;
	uint32_t acc = 0;
	int bits = 0;

	for (size_t i = 0; i < n; i++) {
		acc = (acc << 8 | s[i]) & 0xffffff;
		for (bits += 8; bits >= 6; bits -= 6)
			*o++ = b64[acc >> (bits - 6) & 63];
	}
	if (bits)
		*o++ = b64[acc << (6 - bits) & 63];
	return out;
}

char *b64_encode(struct arena *a, const void *p, size_t n)
{
	static const char *const padding[] = { "", "", "==", "=" };
	char *url = b64url_encode(a, p, n);

	for (char *s = url; *s; s++)
		*s = *s == '-' ? '+' : *s == '_' ? '/' : *s;
	return arena_printf(a, "%s%s", url, padding[strlen(url) % 4]);
}

long b64url_decode(const char *s, size_t n, unsigned char *out, size_t cap)
{
	uint32_t acc = 0;
	int bits = 0;
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		const char *d = s[i] ? strchr(b64, s[i]) : NULL;

		if (!d)
			return -1;
		acc = (acc << 6 | (uint32_t)(d - b64)) & 0xffffff;
		if ((bits += 6) >= 8) {
			bits -= 8;
			if (len == cap)
				return -1;
			out[len++] = (unsigned char)(acc >> bits);
		}
	}
	if (bits >= 6 || (acc & ((1u << bits) - 1)))
		return -1;
	return (long)len;
}

/* OpenSSL's lets blanks, padding anywhere and odd trailing bits pass. */
long b64_decode(const char *s, size_t n, unsigned char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t pad = n && s[n - 1] == '=' ? 1 + (n > 1 && s[n - 2] == '=') : 0;
	long len;

	if (n % 4 || n > INT_MAX || strspn(s, digits) != n - pad || (len = EVP_DecodeBlock(out, (const unsigned char *)s, (int)n)) < 0)
		return -1;
	for (; pad; pad--)
		if (out[--len])                  /* what the padding stands for */
			return -1;
	return len;
}

char *pct_decode(struct arena *a, const char *s, size_t n, bool plus)
{
	char *out = arena_alloc(a, n + 1), *o = out;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '%') {
			char pair[3] = { 0 };
			unsigned char c;

			if (n - i < 3)
				return NULL;
			for (int k = 0; k < 2; k++) {
				char h = s[i + 1 + k];

				pair[k] = h >= 'A' && h <= 'F' ? (char)(h - 'A' + 'a') : h;
			}
			if (!hex_decode(pair, 1, &c) || c == 0)
				return NULL;
			*o++ = (char)c;
			i += 2;
		} else {
			*o++ = plus && s[i] == '+' ? ' ' : s[i];
		}
	}
	return out;
}

/* Unreserved characters stay, and those of `beside`. */
static void put_encoded(struct buf *b, const char *s, const char *beside)
{
	for (; *s; s++) {
		if ((*s >= '0' && *s <= '9') || (*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z') || strchr("-._~", *s) || strchr(beside, *s))
			buf_put(b, s, 1);
		else
			buf_printf(b, "%%%02X", (unsigned char)*s);
	}
}

char *pct_encode(struct arena *a, const char *s)
{
	struct buf b = { .arena = a };

	buf_puts(&b, "");
	put_encoded(&b, s, "");
	return b.p;
}

void buf_param(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	if (!strchr(b->p, '?'))
		buf_puts(b, "?");
	else if (!strchr("?&", b->p[b->n - 1]))
		buf_puts(b, "&");
	put_encoded(b, name, "[]");              /* metadata[team] */
	buf_puts(b, "=");
	put_encoded(b, value, "");
}

bool utf8_valid(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + n;

	while (p < end) {
		unsigned c = *p++;
		unsigned lo = 0x80, hi = 0xbf;
		int more;

		if (c < 0x80)
			continue;
		if (c >= 0xc2 && c <= 0xdf)
			more = 1;
		else if (c >= 0xe0 && c <= 0xef)
			more = 2;
		else if (c >= 0xf0 && c <= 0xf4)
			more = 3;
		else
			return false;
		if (c == 0xe0)
			lo = 0xa0;
		else if (c == 0xed)
			hi = 0x9f;               /* no surrogates */
		else if (c == 0xf0)
			lo = 0x90;
		else if (c == 0xf4)
			hi = 0x8f;               /* nothing above U+10FFFF */
		for (; more; more--, lo = 0x80, hi = 0xbf)
			if (p == end || *p < lo || *p++ > hi)
				return false;
	}
	return true;
}

size_t utf8_length(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

char *utf8_cut(struct arena *a, const char *s, size_t max)
{
	const char *p = s;

	for (; *p; p++)
		if (((unsigned char)*p & 0xc0) != 0x80 && !max--)
			break;
	return arena_strndup(a, s, (size_t)(p - s));
}

uint32_t utf8_next(const char **s)
{
	const unsigned char *p = (const unsigned char *)*s;
	int more = *p < 0x80 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
	uint32_t c = more ? *p & (0x3fu >> more) : *p;
	int i = 1;

	for (; i <= more && (p[i] & 0xc0) == 0x80; i++)
		c = c << 6 | (p[i] & 0x3f);
	*s += i;
	return c;
}

struct range { uint32_t first, last; };

static bool in_ranges(const struct range *r, uint32_t c)
{
	for (; r->last; r++)
		if (c >= r->first && c <= r->last)
			return true;
	return false;
}

bool utf8_steers(uint32_t c)
{
	static const struct range ranges[] = { { 0, 0x1f }, { 0x7f, 0x9f }, { 0x61c, 0x61c }, { 0x200e, 0x200f }, { 0x2028, 0x202e },
		{ 0x2066, 0x2069 }, { 0, 0 } };

	return in_ranges(ranges, c);
}

bool utf8_hides(const char *s)
{
	static const struct range ranges[] = { { 0xa0, 0xa0 }, { 0xad, 0xad }, { 0x34f, 0x34f }, { 0x115f, 0x1160 }, { 0x1680, 0x1680 }, { 0x17b4, 0x17b5 },
		{ 0x180b, 0x180f }, { 0x2000, 0x200f }, { 0x202f, 0x202f }, { 0x205f, 0x206f }, { 0x3000, 0x3000 }, { 0x3164, 0x3164 }, { 0xfe00, 0xfe0f },
		{ 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xe0000, 0xe0fff }, { 0, 0 } };

	while (*s)
		if (in_ranges(ranges, utf8_next(&s)))
			return true;
	return false;
}

/* Controls are those of C0 and C1, the separators of lines and paragraphs, and what turns
 * the direction of the text around a name, so that it reads as another one (Unicode TR 36). */
const char *name_fault(const char *s)
{
	static const struct range controls[] = { { 0, 0x1f }, { 0x7f, 0x9f }, { 0x2028, 0x2029 }, { 0x202a, 0x202e }, { 0x2066, 0x2069 }, { 0, 0 } };
	static const struct range blank[] = { { ' ', ' ' }, { 0xa0, 0xa0 }, { 0x1680, 0x1680 }, { 0x2000, 0x200a }, { 0x202f, 0x202f },
		{ 0x205f, 0x205f }, { 0x3000, 0x3000 }, { 0, 0 } };
	const char *start = s;

	while (*s) {
		bool first = s == start;
		uint32_t c = utf8_next(&s);

		if (in_ranges(controls, c))
			return "must not have control characters";
		if ((first || !*s) && in_ranges(blank, c))
			return "must not begin or end with white space";
	}
	return NULL;
}

bool parse_number(const char *s, double *out)
{
	const size_t n = strlen(s), digits = strspn(s, "+-.0123456789eE");
	char *end;

	if (!n || n > 64 || digits < n || !strpbrk(s, "0123456789"))
		return false;
	*out = strtod(s, &end);
	return !*end && isfinite(*out);
}

char *number_text(struct arena *a, double v)
{
	char *s = NULL;
	double back;

	for (int digits = 1; digits <= 17; digits++) {
		s = arena_printf(a, "%.*g", digits, v);
		if (parse_number(s, &back) && back == v)
			break;
	}
	return s;
}

bool parse_int(const char *s, int64_t min, int64_t max, int64_t *out)
{
	bool neg = *s == '-';
	uint64_t v = 0;
	uint64_t limit = neg ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
	int64_t r;

	s += neg;
	if (!*s || (*s == '0' && (s[1] || neg)))
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		if (v > (limit - (uint64_t)(*s - '0')) / 10)
			return false;
		v = v * 10 + (uint64_t)(*s - '0');
	}
	r = neg ? (int64_t)(0 - v) : (int64_t)v;
	if (r < min || r > max)
		return false;
	*out = r;
	return true;
}

bool word_in(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; p && *p; ) {
		size_t len = strcspn(p, " ");

		if (len == n && n && !memcmp(p, word, n))
			return true;
		p += len;
		p += strspn(p, " ");
	}
	return false;
}

char *str_like(struct arena *a, const char *s)
{
	struct buf b = { .arena = a };

	buf_puts(&b, "%");
	for (; *s; s++) {
		if (strchr("%_\\", *s))
			buf_puts(&b, "\\");
		buf_put(&b, s, 1);
	}
	buf_puts(&b, "%");
	return b.p;
}

char *escape_html(struct arena *a, const char *s)
{
	struct buf b = { .arena = a };

	buf_puts(&b, "");
	for (; *s; s++) {
		if (strchr("<>&\"'", *s))
			buf_printf(&b, "&#%d;", *s);
		else
			buf_put(&b, s, 1);
	}
	return b.p;
}
