/* str.h: bytes to text and back: a growing buffer, hex, base64url, percent
 * encoding, UTF-8, numbers, patterns. */
#ifndef STR_H
#define STR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "arena.h"

/* A growing byte buffer in an arena; always NUL-terminated after the first put. */
struct buf { struct arena *arena; char *p; size_t n, cap; };

/* Room for n bytes more and the NUL behind them. */
void buf_grow(struct buf *b, size_t n);

static inline void buf_put(struct buf *b, const void *p, size_t n)
{
	if (n >= b->cap - b->n)
		buf_grow(b, n);
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void buf_puts(struct buf *b, const char *s);
void buf_cut(struct buf *b, size_t n);           /* back to n bytes */
void buf_int(struct buf *b, int64_t v);          /* in decimal */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Lower-case hex of n bytes; out holds 2n + 1. */
void hex_encode(const void *p, size_t n, char *out);
/* Exactly 2n lower-case hex digits into n bytes; false for anything else. */
bool hex_decode(const char *s, size_t n, void *out);

/* n bytes as a number of exactly `digits` base62 digits (0-9 A-Z a-z), the NUL after
 * them, and back; false for another alphabet or a number that n bytes do not hold. */
void base62_encode(const unsigned char *p, size_t n, char *out, size_t digits);
bool base62_decode(const char *s, unsigned char *out, size_t n);

/* RFC 4648 base64url without padding.  Decoding refuses padding, other
 * alphabets and non-zero trailing bits; returns the length or -1. */
char *b64url_encode(struct arena *a, const void *p, size_t n);
long b64url_decode(const char *s, size_t n, unsigned char *out, size_t cap);

/* RFC 4648 base64 with its padding, strictly: no blanks, no other alphabet, zero
 * trailing bits.  Returns the length or -1; out holds n / 4 * 3. */
long b64_decode(const char *s, size_t n, unsigned char *out);
char *b64_encode(struct arena *a, const void *p, size_t n);

/* Percent-decode n bytes; NULL when a sequence is broken or a NUL results.
 * plus: a '+' is a blank, as in a query. */
char *pct_decode(struct arena *a, const char *s, size_t n, bool plus);

/* Everything but RFC 3986's unreserved characters as %XX. */
char *pct_encode(struct arena *a, const char *s);

/* One more parameter of the URI in b; none when the value is NULL. */
void buf_param(struct buf *b, const char *name, const char *value);

bool utf8_valid(const char *s, size_t n);
size_t utf8_length(const char *s);               /* code points of valid UTF-8 */

uint32_t utf8_next(const char **s);              /* a character of valid UTF-8, and past it */
/* Is it not seen, but steers what is around it: a control, a separator of lines, a direction? */
bool utf8_steers(uint32_t c);
/* Has valid UTF-8 a character of which nothing is seen, or a blank that is no space?  Two that differ in it look the same. */
bool utf8_hides(const char *s);
char *utf8_cut(struct arena *a, const char *s, size_t max);     /* the first max code points */
/* What a name, valid UTF-8, must not be like, in words; NULL: it is one. */
const char *name_fault(const char *s);

/* A number, finite, in decimal; and its shortest text that reads as the same number. */
bool parse_number(const char *s, double *out);
char *number_text(struct arena *a, double v);
/* A whole decimal number within [min, max]: no sign but '-', no blanks, no leading zeros. */
bool parse_int(const char *s, int64_t min, int64_t max, int64_t *out);

/* Text for HTML, between tags or in a quoted attribute. */
char *escape_html(struct arena *a, const char *s);

/* A pattern of SQL's LIKE for any text that holds s. */
char *str_like(struct arena *a, const char *s);

/* Is `word` one of the blank-separated words of `list`? */
bool word_in(const char *list, const char *word);

#endif
