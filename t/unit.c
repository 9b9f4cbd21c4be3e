/* unit.c: the bottom shelf by itself: what is text, JSON, a form, an archive, a filter, a time, an
 * identity, a token, a field.  Speaks TAP (t/00-unit.t runs it).  Where a published
 * standard has vectors they are used; else the table beside the test is the rule. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>
#include <jwt.h>
#include "arena.h"
#include "clock.h"
#include "conf.h"
#include "dom_oauth.h"
#include "dom_webhook.h"
#include "file.h"
#include "hash.h"
#include "id.h"
#include "json.h"
#include "mlpkg.h"
#include "multipart.h"
#include "foundry.h"
#include "pages.h"
#include "tables.h"
#include "net.h"
#include "rate.h"
#include "remember.h"
#include "req.h"
#include "seal.h"
#include "search.h"
#include "schema.h"
#include "shape.h"
#include "sign.h"
#include "str.h"
#include "token.h"

#define COUNT(a) (sizeof (a) / sizeof *(a))
#define assert_text(got, want) assert_string_equal((got) ? (got) : "(NULL)", want)

static struct arena *a;

static int begin(void **state) { (void)state; a = arena_new(); return 0; }
static int end(void **state) { (void)state; arena_free(a); return 0; }

/* The monotonic clock is in our hands: this one is found before the C library's. */
static int64_t seconds_ahead;

int clock_gettime(clockid_t id, struct timespec *t)
{
	int bad = (int)syscall(SYS_clock_gettime, id, t);

	if (!bad && id == CLOCK_MONOTONIC)
		t->tv_sec += seconds_ahead;
	return bad;
}

/* ---- arena.c ---- */

static int order[3], nth;
static void note(void *p) { order[nth++] = *(int *)p; }

static void arena_runs_cleanups_newest_first(void **state)
{
	int one = 1, two = 2, three = 3;

	(void)state;
	nth = 0;
	arena_defer(a, note, &one);
	arena_defer(a, note, &two);
	arena_defer(a, note, &three);
	arena_reset(a);
	assert_int_equal(nth, 3);
	assert_int_equal(order[0] * 100 + order[1] * 10 + order[2], 321);
	arena_reset(a);
	assert_int_equal(nth, 3);                /* and once */
}

static void arena_gives_zeroed_aligned_memory(void **state)
{
	static const size_t sizes[] = { 1, 3, 16, 17, 4096, 100000 };

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < COUNT(sizes); i++) {
			unsigned char *p = arena_alloc(a, sizes[i]);

			assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(p[k], 0);
			memset(p, 0xa5, sizes[i]);
		}
		arena_reset(a);
	}
}

/* ---- str.c ---- */

static void buffers_grow(void **state)
{
	struct buf b = { .arena = a };
	char *big = arena_alloc(a, 5001);

	(void)state;
	memset(big, 'x', 5000);
	for (int i = 0; i < 300; i++)
		buf_puts(&b, "0123456789");
	assert_int_equal(b.n, 3000);
	assert_memory_equal(b.p + 2990, "0123456789", 11);
	buf_printf(&b, "<%s>", big);
	assert_int_equal(b.n, 8002);
	assert_int_equal(b.p[8001], '>');
}

static void hex_is_lower_case_and_whole(void **state)
{
	static const char *const bad[] = { "", "0", "000", "0G", "AB", "0x", "00 ", " 00", "0000" };
	unsigned char byte;
	char out[9];

	(void)state;
	hex_encode("\x00\x7f\x80\xff", 4, out);
	assert_string_equal(out, "007f80ff");
	assert_true(hex_decode("ff", 1, &byte));
	assert_int_equal(byte, 255);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(hex_decode(bad[i], 1, &byte));
}

/* RFC 4648 section 10, in the alphabet of section 5 without padding. */
static void base64url_vectors(void **state)
{
	static const struct { const char *plain, *coded; } v[] = { { "", "" }, { "f", "Zg" }, { "fo", "Zm8" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg" }, { "fooba", "Zm9vYmE" }, { "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "-__-" } };
	static const char *const bad[] = { "Z", "Zg==", "Zm8=", "Zh", "Zm9", "-_/-", "+/8", "Zm 9v", "Zm9v\n", "Zm9vY" };
	unsigned char out[16];

	(void)state;
	for (size_t i = 0; i < COUNT(v); i++) {
		size_t n = strlen(v[i].plain);

		assert_string_equal(b64url_encode(a, v[i].plain, n), v[i].coded);
		assert_int_equal(b64url_decode(v[i].coded, strlen(v[i].coded), out, sizeof out), n);
		assert_memory_equal(out, v[i].plain, n);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(b64url_decode(bad[i], strlen(bad[i]), out, sizeof out), -1);
	assert_int_equal(b64url_decode("Zm9v\0Zm9v", 9, out, sizeof out), -1);
	assert_int_equal(b64url_decode("Zm9vYmFy", 8, out, 5), -1);      /* no room is no success */
}

/* RFC 4648 10, and what is not quite that. */
static void base64_with_padding(void **state)
{
	static const struct { const char *text, *bytes; } good[] = { { "Zg==", "f" }, { "Zm8=", "fo" }, { "Zm9v", "foo" },
		{ "Zm9vYg==", "foob" }, { "Zm9vYmE=", "fooba" }, { "Zm9vYmFy", "foobar" }, { "", "" }, { "+/+/", "\xfb\xff\xbf" } };
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zm9", "Zh==", "Zm9=", "=", "====", "Z===", "Zm9v=", "Zg==Zg==", "Zm 9", "Zm9v\n",
		"-_-_", "Zm9\xff" };
	unsigned char out[16];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(b64_decode(good[i].text, strlen(good[i].text), out), strlen(good[i].bytes));
		assert_string_equal(b64_encode(a, good[i].bytes, strlen(good[i].bytes)), good[i].text);
		assert_memory_equal(out, good[i].bytes, strlen(good[i].bytes));
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(b64_decode(bad[i], strlen(bad[i]), out), -1);
}

static void percent_decoding(void **state)
{
	static const char *const bad[] = { "%", "%4", "a%zz", "%00", "a%0", "%-1", "%+1", "% 1" };

	(void)state;
	assert_text(pct_decode(a, "a%2Fb%2fc+d", 11, false), "a/b/c+d");
	assert_text(pct_decode(a, "a+b%2Bc", 7, true), "a b+c");
	assert_text(pct_decode(a, "%2541", 5, false), "%41");            /* once */
	assert_text(pct_decode(a, "abc", 2, false), "ab");
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_null(pct_decode(a, bad[i], strlen(bad[i]), false));
}

/* The Unicode standard, table 3-7. */
static void utf8_well_formed(void **state)
{
	static const char *const good[] = { "", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
		"\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "Zürich 東京 🚀" };
	static const char *const bad[] = { "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xe0\xa0",
		"\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xfe" };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(utf8_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
	assert_int_equal(utf8_length("Zürich 東京 🚀"), 11);
	assert_text(utf8_cut(a, "東京🚀!", 3), "東京🚀");
	for (const char *const *s = (const char *const[]){ "a", "Zürich 東京 🚀", "a b", "", "a\u00a0b", "\u0626", NULL }; *s; s++)
		assert_null(name_fault(*s));
	for (const char *const *s = (const char *const[]){ " a", "a ", "\u00a0", "a\u3000", "\u2003a", NULL }; *s; s++)
		assert_text(name_fault(*s), "must not begin or end with white space");
	for (const char *const *s = (const char *const[]){ "a\n", "\x7f", "a\xc2\x85""b", "\u202egpj.", "a\u2028b", "\u2066", "\t", NULL }; *s; s++)
		assert_text(name_fault(*s), "must not have control characters");
	assert_text(utf8_cut(a, "東京", 2), "東京");
	assert_text(utf8_cut(a, "東京", 0), "");
}

static void whole_numbers(void **state)
{
	static const struct { const char *text; int64_t value; } good[] = { { "0", 0 }, { "7", 7 }, { "-7", -7 },
		{ "9223372036854775807", INT64_MAX }, { "-9223372036854775808", INT64_MIN } };
	static const char *const bad[] = { "", "-", "+1", "01", "-0", "00", " 1", "1 ", "1.0", "1e3", "0x10", "a",
		"9223372036854775808", "-9223372036854775809", "99999999999999999999", "184467440737095516160" };
	int64_t v;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_true(parse_int(good[i].text, INT64_MIN, INT64_MAX, &v));
		assert_true(v == good[i].value);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(parse_int(bad[i], INT64_MIN, INT64_MAX, &v));
	assert_true(parse_int("100", 1, 100, &v));
	assert_false(parse_int("101", 1, 100, &v));
	assert_false(parse_int("0", 1, 100, &v));
}

static void words(void **state)
{
	(void)state;
	assert_true(word_in("model:read model:write", "model:write"));
	assert_true(word_in("  model:read  ", "model:read"));
	assert_false(word_in("model:read model:write", "model"));
	assert_false(word_in("model:read", "model:read model:write"));
	assert_false(word_in("model:readx", "model:read"));
	assert_false(word_in("", ""));
	assert_false(word_in(NULL, "x"));
}

/* ---- json.c ---- */

static const char *reason_of(const char *s, size_t n)
{
	const char *reason = NULL;
	struct json *j;

	return js_parse(a, s, n, &j, &reason) ? reason : NULL;
}

/* Every text here is RFC 8259 and comes back as it was sent, but for blanks. */
static void json_accepts(void **state)
{
	static const char *const good[] = { "null", "true", "false", "0", "-1", "1.50", "1e2", "1E+2", "0.1e-10", "\"\"", "[]", "{}",
		"9223372036854775807", "-9223372036854775808", "[1,[2,[3]],{\"a\":{\"b\":null}}]", "{\"z\":1,\"a\":2,\"Z\":3}",
		"\"東京 🚀\"", "{\"\":1}", "[\"a/b\"]" };
	static const char escapes[] = "\"\\u0041\\n\\ud83d\\ude80\\/\"";
	const char *reason;
	struct json *j;
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		char *blanks = arena_printf(a, " \t\r\n%s\n ", good[i]);

		assert_int_equal(js_parse(a, blanks, strlen(blanks), &j, &reason), OK);
		assert_string_equal(js_text(j, &n), good[i]);
		assert_int_equal(n, strlen(good[i]));
	}
	assert_int_equal(js_parse(a, escapes, strlen(escapes), &j, &reason), OK);
	assert_string_equal(js_str(j), "A\n🚀/");
}

/* What json-c 0.16 lets through even in its strict mode is refused here, with the byte. */
static void json_refuses(void **state)
{
#define BYTES(s) { s, sizeof (s) - 1 }
	static const struct { const char *s; size_t n; } bad[] = {
		BYTES(""), BYTES(" "), BYTES("{"), BYTES("["), BYTES("]"), BYTES("[1,]"), BYTES("[,1]"), BYTES("[1 2]"), BYTES("{\"a\"}"),
		BYTES("{\"a\":}"), BYTES("{\"a\":1,}"), BYTES("{,}"), BYTES("{a:1}"), BYTES("{'a':1}"), BYTES("'a'"), BYTES("\"a"),
		BYTES("tru"), BYTES("True"), BYTES("nul"), BYTES("NaN"), BYTES("Infinity"), BYTES("-Infinity"), BYTES("undefined"),
		BYTES("01"), BYTES("-01"), BYTES("+1"), BYTES("1."), BYTES(".5"), BYTES("-"), BYTES("1e"), BYTES("1e+"), BYTES("0x10"),
		BYTES("1e999"), BYTES("-1e999"), BYTES("9223372036854775808"), BYTES("-9223372036854775809"), BYTES("18446744073709551615"),
		BYTES("1 2"), BYTES("{} x"), BYTES("{}{}"), BYTES("{}\0"), BYTES("{\0}"), BYTES("\"a\0b\""), BYTES("null\0"), BYTES("1\0"),
		BYTES("\"\\u0000\""), BYTES("{\"a\\u0000b\":1}"), BYTES("\"\\ud800\""), BYTES("\"\\udc00\""), BYTES("\"\\ud800\\u0041\""),
		BYTES("\"\\ud800\\ud800\""), BYTES("\"\\u12g4\""), BYTES("\"\\u12\""), BYTES("\"\\x41\""), BYTES("\"\\'\""), BYTES("\"\\"),
		BYTES("\"a\nb\""), BYTES("\"a\tb\""), BYTES("\"\x1f\""), BYTES("\"\xff\""), BYTES("\"\xc0\x80\""), BYTES("\"\xed\xa0\x80\""),
		BYTES("{\"a\":1,\"a\":2}"), BYTES("{\"a\":1,\"\\u0061\":2}"), BYTES("[{\"x\":{\"b\":1,\"c\":2,\"b\":1}}]"),
		BYTES("/* a */ 1"), BYTES("// a\n1"), BYTES("\xef\xbb\xbf{}"), BYTES("\xa0{}"), BYTES("1\x0c") };
#undef BYTES

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		const char *reason = reason_of(bad[i].s, bad[i].n);

		if (!reason)
			fail_msg("accepted: %s", bad[i].s);
		assert_non_null(strstr(reason, "at byte "));
	}
}

static void json_reasons_are_utf8_whatever_was_sent(void **state)
{
	char *key = arena_alloc(a, 400), *text;

	(void)state;
	/* A long key of 3-byte characters at each of the three offsets a cut could fall on. */
	for (int shift = 0; shift < 3; shift++) {
		const char *reason;

		strcpy(key, "aaa" + 3 - shift);
		for (int i = 0; i < 100; i++)
			strcat(key, "東");
		text = arena_printf(a, "{\"%s\":1,\"%s\":2}", key, key);
		reason = reason_of(text, strlen(text));
		assert_non_null(reason);
		assert_true(utf8_valid(reason, strlen(reason)));
	}
}

static void json_depth_is_bounded(void **state)
{
	char text[400];

	(void)state;
	for (int depth = 32; depth <= 33; depth++) {
		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		assert_int_equal(!reason_of(text, 2 * (size_t)depth), depth == 32);
		for (int i = 0; i < depth; i++)
			memcpy(text + 5 * i, "{\"a\":", 5);
		text[5 * depth] = '1';
		memset(text + 5 * depth + 1, '}', (size_t)depth);
		/* the innermost value is a level of its own */
		assert_int_equal(!reason_of(text, 6 * (size_t)depth + 1), 0);
	}
	char *deep = arena_alloc(a, 1000000);
	memset(deep, '[', 1000000);
	assert_non_null(reason_of(deep, 1000000));
}

static void json_members(void **state)
{
	static const char text[] = "{\"i\":-5,\"d\":1.5,\"s\":\"x\",\"n\":null,\"b\":true,\"a\":[1,2],\"o\":{}}";
	static const enum js_type types[] = { JS_INT, JS_DOUBLE, JS_STRING, JS_NULL, JS_BOOL, JS_ARRAY, JS_OBJECT };
	const char *reason, *key;
	struct json *j, *v;
	void *it = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(js_parse(a, text, strlen(text), &j, &reason), OK);
	while (js_next(j, &it, &key, &v)) {
		assert_int_equal(*key, "idsnbao"[n]);
		assert_int_equal(js_type(v), types[n++]);
	}
	assert_int_equal(n, 7);
	assert_int_equal(js_length(j), 7);
	assert_true(js_get(j, "n", &v));
	assert_null(v);
	assert_false(js_get(j, "absent", &v));
	assert_true(js_get(j, "a", &v));
	assert_int_equal(js_int(js_at(v, 1)), 2);
	assert_true(js_get(j, "i", &v));
	assert_int_equal(js_int(v), -5);
}

/* ---- clock.c ---- */

static void times_are_spelled(void **state)
{
	static const struct { int64_t us; enum time_form form; const char *text; } v[] = {
		{ 0, TIME_SECONDS, "1970-01-01T00:00:00Z" },
		{ INT64_C(1773483330) * SECOND, TIME_SECONDS, "2026-03-14T10:15:30Z" },
		{ INT64_C(1773483330) * SECOND + 999999, TIME_SECONDS, "2026-03-14T10:15:30Z" },
		{ INT64_C(1773483330) * SECOND + 45678, TIME_MILLIS, "2026-03-14T10:15:30.045Z" },
		{ INT64_C(1773483330) * SECOND + 45678, TIME_MICROS, "2026-03-14T10:15:30.045678Z" },
		{ -1, TIME_MICROS, "1969-12-31T23:59:59.999999Z" } };

	(void)state;
	for (size_t i = 0; i < COUNT(v); i++)
		assert_string_equal(clock_iso(a, v[i].us, v[i].form), v[i].text);
}

/* RFC 3339 section 5.8, and what is none. */
static void times_are_read(void **state)
{
	static const struct { const char *text; int64_t seconds, micros; } good[] = {
		{ "1970-01-01T00:00:00Z", 0, 0 }, { "2026-03-14T10:15:30Z", 1773483330, 0 }, { "2026-03-14t10:15:30z", 1773483330, 0 },
		{ "2026-03-14T10:15:30.5Z", 1773483330, 500000 }, { "2026-03-14T10:15:30.1234567Z", 1773483330, 123456 },
		{ "2026-03-14T12:15:30+02:00", 1773483330, 0 }, { "2026-03-14T04:45:30-05:30", 1773483330, 0 },
		{ "1985-04-12T23:20:50.52Z", 482196050, 520000 }, { "1996-12-19T16:39:57-08:00", 851042397, 0 },
		{ "1990-12-31T23:59:60Z", 662688000, 0 }, { "1937-01-01T12:00:27.87+00:20", -1041337173 - 0, 870000 },
		{ "2026-03-14", 1773446400, 0 }, { "2024-02-29T00:00:00Z", 1709164800, 0 } };
	static const char *const bad[] = { "", "now", "2026", "2026-03", "2026-3-14", "2026-13-01", "2026-00-01", "2026-01-00",
		"2026-02-29", "2026-02-30T00:00:00Z", "2026-04-31", "2026-03-14T", "2026-03-14T10:15Z", "2026-03-14T10:15:30",
		"2026-03-14T24:00:00Z", "2026-03-14T10:60:00Z", "2026-03-14T10:15:61Z", "2026-03-14T10:15:30.Z", "2026-03-14T10:15:30+0200",
		"2026-03-14T10:15:30+24:00", "2026-03-14T10:15:30Zx", " 2026-03-14T10:15:30Z", "1773483330", "20260314T101530Z" };
	int64_t us;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		if (!clock_parse(good[i].text, &us))
			fail_msg("refused: %s", good[i].text);
		assert_true(us == good[i].seconds * SECOND + good[i].micros);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (clock_parse(bad[i], &us))
			fail_msg("accepted: %s", bad[i]);
}

/* The proleptic Gregorian calendar, as the C library has it. */
static void assert_split(int64_t us)
{
	const struct clock_date d = clock_split(us);
	time_t second = (time_t)((us - (us % SECOND + SECOND) % SECOND) / SECOND);
	struct tm tm;

	assert_non_null(gmtime_r(&second, &tm));
	if (d.year != tm.tm_year + 1900 || d.month != tm.tm_mon + 1 || d.day != tm.tm_mday || d.hour != tm.tm_hour || d.minute != tm.tm_min
	    || d.second != tm.tm_sec || d.micro != us - second * SECOND || clock_join(&d) != us || (int64_t)timegm(&tm) != clock_join(&d) / SECOND
		- (clock_join(&d) % SECOND < 0))
		fail_msg("%lld is %04d-%02d-%02d %02d:%02d:%02d.%06d", (long long)us, d.year, d.month, d.day, d.hour, d.minute, d.second, d.micro);
}

static void times_are_split_and_joined(void **state)
{
	const int64_t first = INT64_C(-62167219200) * SECOND, day = 86400 * SECOND;
	const struct clock_date begin = { .year = 0, .month = 1, .day = 1 },
		end = { .year = 9999, .month = 12, .day = 31, .hour = 23, .minute = 59, .second = 59, .micro = 999999 };
	uint64_t random;

	(void)state;
	assert_true(clock_join(&begin) == first && clock_join(&end) == CLOCK_LAST);
	for (int64_t i = -1; i <= 1; i++) {
		assert_split(i);
		for (int64_t at = 0; at < 800; at++) {       /* days around the edges, and around ends of February */
			assert_split(first + at * day + (i < 0 ? 0 : i));
			assert_split(CLOCK_LAST - at * day - (i < 0 ? 0 : i));
			assert_split(INT64_C(951782400) * SECOND + (at - 400) * day + i);        /* 2000-02-29 */
			assert_split(INT64_C(-2203891200) * SECOND + (at - 400) * day + i);      /* 1900-03-01 */
		}
	}
	for (int i = 0; i < 100000; i++) {
		random_bytes((unsigned char *)&random, sizeof random);
		assert_split(first + (int64_t)(random % (uint64_t)(CLOCK_LAST - first + 1)));
	}
}

/* ---- id.c ---- */

static void ids_are_spelled_one_way(void **state)
{
	static const char *const bad[] = { "", "mdl-", "mdl-65f0c0ffee5eed012345678", "mdl-65f0c0ffee5eed01234567890",
		"mdl-65F0C0FFEE5EED0123456789", "MDL-65f0c0ffee5eed0123456789", "65f0c0ffee5eed0123456789", "org-65f0c0ffee5eed0123456789",
		"mdl-65f0c0ffee5eed012345678g", " mdl-65f0c0ffee5eed0123456789", "mdl-65f0c0ffee5eed0123456789 ", "mdl--5f0c0ffee5eed0123456789", "mdl-000000000000000000000000" };
	struct id id;

	(void)state;
	assert_true(id_parse("mdl-65f0c0ffee5eed0123456789", "mdl-", &id));
	assert_string_equal(id_spell(a, "mdl-", &id), "mdl-65f0c0ffee5eed0123456789");
	assert_string_equal(id_spell(a, "", &id), "65f0c0ffee5eed0123456789");
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(id_parse(bad[i], "mdl-", &id));
	assert_string_equal(id_spell(a, "", &id), "65f0c0ffee5eed0123456789");    /* as it was */
}

static void ids_as_resource_identifiers(void **state)
{
	static const char *const bad[] = { "", "ri.models.main.model.", "ri.models.main.model.65f0c0ff-ee5e-8ed0-8000-00012345678",
		"ri.models.main.model.65f0c0ff-ee5e-8ed0-8000-0001234567890", "ri.models.main.model.65F0C0FF-ee5e-8ed0-8000-000123456789",
		"ri.models.main.model.65f0c0ff-ee5e-4ed0-8000-000123456789", "ri.models.main.model.65f0c0ff-ee5e-8ed0-9000-000123456789",
		"ri.models.main.model.65f0c0ff-ee5e-8ed0-8001-000123456789", "ri.models.main.model.65f0c0ff-ee5e-8ed0-8000-100123456789",
		"ri.models.main.model.65f0c0ffee5e8ed08000000123456789", "ri.models.main.model-version.65f0c0ff-ee5e-8ed0-8000-000123456789",
		"65f0c0ff-ee5e-8ed0-8000-000123456789", "ri.models.main.model.00000000-0000-8000-8000-000000000000" };
	const char *spelled = "ri.models.main.model.65f0c0ff-ee5e-8ed0-8000-000123456789";
	struct id id, back;

	(void)state;
	assert_true(id_parse("mdl-65f0c0ffee5eed0123456789", "mdl-", &id));
	assert_string_equal(id_spell(a, "ri.models.main.model.", &id), spelled);
	assert_string_equal(id_uuid(a, &id), "65f0c0ff-ee5e-8ed0-8000-000123456789");
	assert_true(id_parse(spelled, "ri.models.main.model.", &back));
	assert_true(id_equal(&id, &back));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(id_parse(bad[i], "ri.models.main.model.", &id));
	assert_true(id_equal(&id, &back));
	for (int i = 0; i < 1000; i++) {
		random_bytes(id.b, sizeof id.b);
		assert_true(id_parse(id_spell(a, "ri.x.y.z.", &id), "ri.x.y.z.", &back));
		assert_true(id_equal(&id, &back));
	}
}

static void resource_identifiers_and_their_kinds(void **state)
{
	static const char *const good[] = { "ri.a.b.c.d", "ri.a..c.D_-.", "ri.models.main.model.65f0c0ff-ee5e-8ed0-8000-000123456789", "ri.a-1.9.c.d" };
	static const char *const bad[] = { "", "ri.", "ri.a.b.c", "ri.a.b.c.", "ri..b.c.d", "ri.a.-.c.d", "ri.A.b.c.d", "ri.1.b.c.d", "ri.a.b.c.d/e", "xx.a.b.c.d" };
	static const char *const kinds[] = { "ri.a.b.c.", "ri.a.b.d.", "ri.a.b.c.0", "ri.a.*", NULL };
	static const struct { const char *spelled; size_t kind; } rows[] = { { "ri.a.b.c.65f0c0ff-ee5e-8ed0-8000-000123456789", 0 },
		{ "ri.a.b.d.65f0c0ff-ee5e-8ed0-8000-000123456789", 1 }, { "ri.a.b.c.0", 2 }, { "ri.a.b.c.1", 3 }, { "ri.a.", 3 }, { "ri.x.b.c.0", 4 }, { "", 4 } };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(id_is_rid(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(id_is_rid(bad[i]));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct id id = { { 0 } };

		assert_int_equal(id_kind(rows[i].spelled, kinds, &id), rows[i].kind);
		assert_int_equal(id_is_zero(&id), rows[i].kind > 1);
	}
}

static void ids_are_in_the_order_of_time_and_differ(void **state)
{
	const int64_t second = INT64_C(1773483330) * SECOND;
	struct id before, now, again, other;

	(void)state;
	id_new(second, &before);
	for (int us = 1; us < 3000; us++) {
		id_new(second + us, &now);
		assert_true(memcmp(before.b, now.b, ID_BYTES) < 0);
		assert_true(id_ms(&now) == second / 1000 + us / 1000);
		before = now;
	}
	for (int i = 0; i < 1000; i++) {             /* of one transaction */
		id_new(second + 2999, &again);
		assert_true(memcmp(now.b, again.b, ID_BYTES) < 0);
		now = again;
	}
	assert_true(id_ms(&again) == second / 1000 + 2);
	id_new(second + 3000, &other);
	assert_true(memcmp(again.b, other.b, ID_BYTES) < 0);
	id_new(second + 2999, &again);               /* another process, or once more */
	assert_false(id_equal(&now, &again));
	assert_false(id_is_zero(&now));
	assert_true(id_is_zero(&(struct id){ { 0 } }));
}

/* The digits are those of Python's integers, most significant first. */
static void ids_in_base62_vectors(void **state)
{
	static const struct { const char *hex, *digits; } v[] = {
		{ "65f0c0ffee5eed0123456789", "0f1ugsOJurbSEm0j3" },
		{ "000000000000000000000001", "00000000000000001" }, { "00000000000000000000003e", "00000000000000010" },
		{ "ffffffffffffffffffffffff", "1f2SI9UJPXvb7vdJ1" } };
	static const char *const bad[] = { "", "wks_", "wks_0f1ugsOJurbSEm0j", "wks_0f1ugsOJurbSEm0j30", "wks_00f1ugsOJurbSEm0j3",
		"wks_f1ugsOJurbSEm0j3", "WKS_0f1ugsOJurbSEm0j3", "wks-0f1ugsOJurbSEm0j3", "ent_0f1ugsOJurbSEm0j3", "0f1ugsOJurbSEm0j3",
		"wks_65f0c0ffee5eed0123456789", " wks_0f1ugsOJurbSEm0j3", "wks_0f1ugsOJurbSEm0j3 ", "wks_ f1ugsOJurbSEm0j3",
		"wks_0f1ugsOJurbSEm0j-", "wks_0f1ugsOJurbSEm0j_", "wks_0f1ugsOJurbSEm0j+", "wks_+f1ugsOJurbSEm0j3", "wks_0f1ugsOJurbSEm0\xc3\xa4",
		/* no object's */
		"wks_00000000000000000",
		/* more than 96 bits */
		"wks_1f2SI9UJPXvb7vdJ2", "wks_1f2SI9UJPXvb7vdJz", "wks_20000000000000000", "wks_zzzzzzzzzzzzzzzzz" };
	struct id id, back;

	(void)state;
	for (size_t i = 0; i < COUNT(v); i++) {
		char *spelled = arena_printf(a, "wks_%s", v[i].digits);

		assert_true(hex_decode(v[i].hex, ID_BYTES, id.b));
		assert_string_equal(id_spell(a, "wks_", &id), spelled);
		assert_true(id_parse(spelled, "wks_", &back));
		assert_true(id_equal(&id, &back));
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (id_parse(bad[i], "wks_", &id) || !id_equal(&id, &back))
			fail_msg("accepted, or half of it: %s", bad[i]);
}

static void ids_in_base62_sort_as_they_are(void **state)
{
	struct id one, two, back;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		const char *s, *t;

		random_bytes(one.b, ID_BYTES);
		two = one;
		if (i % 2)
			random_bytes(two.b, ID_BYTES);
		else                                     /* a neighbour */
			two.b[i / 2 % ID_BYTES] ^= (unsigned char)(1 << i % 8);
		s = id_spell(a, "ent_", &one);
		t = id_spell(a, "ent_", &two);
		assert_int_equal(strlen(s), strlen("ent_") + ID_BASE62);
		assert_int_equal(strcmp(s, t) < 0, memcmp(one.b, two.b, ID_BYTES) < 0);
		assert_true(strcmp(s, t));
		assert_true(id_parse(s, "ent_", &back));
		assert_true(id_equal(&one, &back));
		/* and every other character in any place is another id, or none */
		for (size_t k = 0; k < ID_BASE62; k++) {
			char *changed = arena_strdup(a, s);

			changed[4 + k] = changed[4 + k] == '7' ? '8' : '7';
			assert_false(id_parse(changed, "ent_", &back) && id_equal(&one, &back));
		}
		arena_reset(a);
	}
}

/* ---- shape.c ---- */

struct thing { const char *name, *note, *kind, *tags, *doc; int64_t count, at; bool flag, name_set, note_set, count_set; struct id id; };
#undef T
#define T(field) .off = offsetof(struct thing, field)
static const char *const kinds[] = { "auto", "custom", NULL };
static const struct shape inner[] = { { "n", T_INT, .min = 1, .max = 9 }, { 0 } };
static const struct shape thing_in[] = {
	{ "name", T_STR, T(name), .set = 1 + offsetof(struct thing, name_set), .min = 2, .max = 4, .flags = F_REQUIRED | F_TRIMMED },
	{ "note", T_STR, T(note), .set = 1 + offsetof(struct thing, note_set), .max = 3, .flags = F_NULL },
	{ "kind", T_STR, T(kind), .words = kinds },
	{ "count", T_INT, T(count), .set = 1 + offsetof(struct thing, count_set), .min = 1, .max = 100 },
	{ "flag", T_BOOL, T(flag) },
	{ "at", T_TIME, T(at) },
	{ "id", T_ID, T(id), .prefix = "mdl-" },
	{ "tags", T_STRINGS, T(tags), .max = 2, .flags = F_NULL },
	{ "doc", T_OBJECT, T(doc), .sub = inner },
	{ 0 }
};

static enum err decode(const char *text, struct thing *out, struct tx *tx)
{
	const char *reason;
	struct json *j;

	*tx = (struct tx){ .arena = a };
	*out = (struct thing){ 0 };
	assert_int_equal(js_parse(a, text, strlen(text), &j, &reason), OK);
	return shape_decode(tx, thing_in, j, out);
}

static void fields_are_absent_null_or_set(void **state)
{
	struct thing v;
	struct tx tx;

	(void)state;
	assert_int_equal(decode("{\"name\":\"東京\",\"else\":[1]}", &v, &tx), OK);       /* characters, not bytes */
	assert_string_equal(v.name, "東京");
	assert_true(v.name_set && !v.note_set && !v.count_set);
	assert_int_equal(decode("{\"name\":\"ab\",\"note\":null,\"count\":100,\"flag\":true,\"at\":\"2026-03-14T10:15:30Z\","
		"\"id\":\"mdl-65f0c0ffee5eed0123456789\",\"tags\":[\"x\",\"\"],\"doc\":{\"n\":3,\"z\":1.50},\"kind\":\"auto\"}", &v, &tx), OK);
	assert_true(v.note_set && v.count_set && v.flag);
	assert_null(v.note);
	assert_int_equal(v.count, 100);
	assert_true(v.at == INT64_C(1773483330) * SECOND);
	assert_string_equal(v.tags, "[\"x\",\"\"]");
	assert_string_equal(v.doc, "{\"n\":3,\"z\":1.50}");
	assert_string_equal(id_spell(a, "", &v.id), "65f0c0ffee5eed0123456789");
}

static void faulty_fields_are_named(void **state)
{
	static const struct { const char *text, *field; } bad[] = {
		{ "{}", "name" }, { "{\"name\":null}", "name" }, { "{\"name\":1}", "name" }, { "{\"name\":\"a\"}", "name" },
		{ "{\"name\":\"abcde\"}", "name" }, { "{\"name\":\" ab\"}", "name" }, { "{\"name\":\"ab \"}", "name" }, { "{\"name\":\"\"}", "name" },
		{ "{\"name\":\"ab\",\"note\":\"abcd\"}", "note" }, { "{\"name\":\"ab\",\"note\":{}}", "note" },
		{ "{\"name\":\"ab\",\"kind\":\"Auto\"}", "kind" }, { "{\"name\":\"ab\",\"count\":0}", "count" }, { "{\"name\":\"ab\",\"count\":101}", "count" },
		{ "{\"name\":\"ab\",\"count\":1.5}", "count" }, { "{\"name\":\"ab\",\"count\":\"1\"}", "count" }, { "{\"name\":\"ab\",\"count\":null}", "count" },
		{ "{\"name\":\"ab\",\"flag\":1}", "flag" }, { "{\"name\":\"ab\",\"flag\":\"true\"}", "flag" }, { "{\"name\":\"ab\",\"at\":5}", "at" },
		{ "{\"name\":\"ab\",\"at\":\"soon\"}", "at" }, { "{\"name\":\"ab\",\"id\":\"65f0c0ffee5eed0123456789\"}", "id" },
		{ "{\"name\":\"ab\",\"tags\":\"x\"}", "tags" }, { "{\"name\":\"ab\",\"tags\":[\"a\",\"b\",\"c\"]}", "tags" },
		{ "{\"name\":\"ab\",\"tags\":[\"a\",1]}", "tags[1]" }, { "{\"name\":\"ab\",\"tags\":[null]}", "tags[0]" },
		{ "{\"name\":\"ab\",\"doc\":[]}", "doc" }, { "{\"name\":\"ab\",\"doc\":null}", "doc" }, { "{\"name\":\"ab\",\"doc\":{\"n\":0}}", "doc.n" },
		{ "{\"name\":\"ab\",\"doc\":{\"n\":null}}", "doc.n" } };
	struct thing v;
	struct tx tx;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (decode(bad[i].text, &v, &tx) != ERR_SHAPE)
			fail_msg("accepted: %s", bad[i].text);
		assert_int_equal(tx.why.n, 1);
		assert_string_equal(tx.why.items[0].field, bad[i].field);
		assert_true(*tx.why.items[0].reason);
	}
	assert_int_equal(decode("{\"count\":0,\"flag\":7,\"kind\":\"x\"}", &v, &tx), ERR_SHAPE);
	assert_int_equal(tx.why.n, 4);                   /* all of them, not the first */
}

static void query_parameters(void **state)
{
	static const struct param good[] = { { "name", "ab" }, { "count", "7" }, { "flag", "true" }, { "unknown", "x" }, { "unknown", "y" } };
	static const struct { struct param p[2]; const char *field; } bad[] = {
		{ { { "count", "07" } }, "count" }, { { { "count", "" } }, "count" }, { { { "count", "1.0" } }, "count" }, { { { "count", "+1" } }, "count" },
		{ { { "flag", "yes" } }, "flag" }, { { { "kind", "" } }, "kind" }, { { { "count", "1" }, { "count", "1" } }, "count" } };
	struct tx tx = { .arena = a };
	struct thing v = { 0 };

	(void)state;
	assert_int_equal(shape_decode_params(&tx, thing_in, good, COUNT(good), &v), OK);
	assert_string_equal(v.name, "ab");
	assert_true(v.count == 7 && v.flag);
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct param p[3] = { { "name", "ab" }, bad[i].p[0], bad[i].p[1] };

		tx = (struct tx){ .arena = a };
		assert_int_equal(shape_decode_params(&tx, thing_in, p, p[2].name ? 3 : 2, &v), ERR_SHAPE);
		assert_string_equal(tx.why.items[0].field, bad[i].field);
	}
}

static void shapes_render(void **state)
{
	static const struct shape out[] = { { "id", T_ID, T(id), .prefix = "mdl-" }, { "name", T_STR, T(name) }, { "note", T_STR, T(note), .flags = F_NULL },
		{ "tags", T_STRINGS, T(tags), .empty = "[]" }, { "doc", T_OBJECT, T(doc), .empty = "{}" }, { "count", T_INT, T(count) },
		{ "flag", T_BOOL, T(flag) }, { "at", T_TIME, T(at), .flags = F_NULL }, { 0 } };
	struct thing v = { .name = "a\"b\n", .doc = "{\"z\":1.50,\"a\":[]}", .at = INT64_C(1773483330) * SECOND + 5 };

	(void)state;
	assert_string_equal(shape_text(a, out, &v, TIME_SECONDS, NULL), "{\"id\":null,\"name\":\"a\\\"b\\n\",\"note\":null,"
		"\"tags\":[],\"doc\":{\"z\":1.50,\"a\":[]},\"count\":0,\"flag\":false,\"at\":\"2026-03-14T10:15:30Z\"}");
}

/* What it names is in `schemas_named`. */
static struct json *schemas_named;

static const char *schema_as(const struct shape *row, enum time_form form, bool writing)
{
	struct schemas all = { .arena = a, .form = form, .dialect = "unit", .named = js_object(a), .examples = js_object(a) };

	schemas_named = all.named;
	return js_text(schema_row(&all, row, writing), NULL);
}

static void times_render_as_unix_seconds(void **state)
{
	static const struct shape out[] = { { "at", T_TIME, T(at), .flags = F_NULL }, { 0 } };
	struct thing v = { .at = INT64_C(1773483330) * SECOND + 999999 };

	(void)state;
	assert_string_equal(shape_text(a, out, &v, TIME_UNIX, NULL), "{\"at\":1773483330}");
	v.at = 0;
	assert_string_equal(shape_text(a, out, &v, TIME_UNIX, NULL), "{\"at\":null}");
	assert_string_equal(schema_as(&out[0], TIME_UNIX, false), "{\"type\":[\"integer\",\"null\"],\"format\":\"int64\",\"description\":\"Unix seconds\"}");
	assert_string_equal(schema_as(&out[0], TIME_SECONDS, false),
		"{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}");
}

/* tags takes no null, note does, which takes a label away; three of them at most. */
static const struct shape labels_in[] = {
	{ "tags", T_LABELS, T(tags), .max = 3 },
	{ "note", T_LABELS, T(note), .set = 1 + offsetof(struct thing, note_set), .max = 3, .flags = F_NULL },
	{ 0 }
};

static char *times(const char *s, size_t n)
{
	struct buf b = { .arena = a };

	buf_puts(&b, "");
	while (n--)
		buf_puts(&b, s);
	return b.p;
}

static void labels_are_strings_under_short_keys(void **state)
{
	const struct { const char *text, *field; } bad[] = {
		{ "{\"tags\":[]}", "tags" }, { "{\"tags\":\"a\"}", "tags" }, { "{\"tags\":null}", "tags" },
		{ "{\"tags\":{\"a\":1}}", "tags[a]" }, { "{\"tags\":{\"a\":true}}", "tags[a]" }, { "{\"tags\":{\"a\":{}}}", "tags[a]" },
		{ "{\"tags\":{\"a\":null}}", "tags[a]" }, { "{\"tags\":{\"\":\"x\"}}", "tags[]" },
		{ "{\"tags\":{\"a\":\"\",\"b\":\"\",\"c\":\"\",\"d\":\"\"}}", "tags" }, { "{\"note\":{\"a\":\"x\",\"b\":0}}", "note[b]" },
		{ arena_printf(a, "{\"tags\":{\"%s\":\"\"}}", times("\xc3\xa4", 41)), arena_printf(a, "tags[%s]", times("\xc3\xa4", 41)) },
		{ arena_printf(a, "{\"tags\":{\"a\":\"%s\"}}", times("\xc3\xa4", 501)), "tags[a]" } };
	const char *longest = arena_printf(a, "{\"%s\":\"%s\"}", times("\xc3\xa4", 40), times("\xc3\xa4", 500)), *reason;
	struct thing v = { 0 };
	struct tx tx = { .arena = a };
	struct json *j;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		tx = (struct tx){ .arena = a };
		assert_int_equal(js_parse(a, bad[i].text, strlen(bad[i].text), &j, &reason), OK);
		if (shape_decode(&tx, labels_in, j, &v) != ERR_SHAPE)
			fail_msg("accepted: %s", bad[i].text);
		assert_int_equal(tx.why.n, 1);
		assert_string_equal(tx.why.items[0].field, bad[i].field);
	}
	tx = (struct tx){ .arena = a };
	v = (struct thing){ 0 };
	j = js_object(a);
	js_put_str(a, j, "z", "");
	js_put(j, "b", NULL);
	assert_int_equal(shape_decode(&tx, labels_in, j, &v), OK);      /* members nobody asked for */
	assert_null(v.tags);
	assert_false(v.note_set);
	assert_int_equal(js_parse(a, longest, strlen(longest), &j, &reason), OK);
	struct json *both = js_object(a), *edit = js_object(a);

	js_put(both, "tags", j);
	js_put_str(a, edit, "z", "");
	js_put(edit, "b", NULL);
	js_put(both, "note", edit);
	assert_int_equal(shape_decode(&tx, labels_in, both, &v), OK);
	assert_string_equal(v.tags, longest);                           /* characters, not bytes */
	assert_string_equal(v.note, "{\"z\":\"\",\"b\":null}");
	js_put(both, "note", NULL);
	v = (struct thing){ 0 };
	assert_int_equal(shape_decode(&tx, labels_in, both, &v), OK);
	assert_true(v.note_set && !v.note);
}

static void labels_of_a_query(void **state)
{
	static const struct param good[] = { { "tags[a b]", "x" }, { "tags[c]", "" }, { "tags[]]", "]" }, { "tagsx", "y" }, { "tags[", "y" } };
	static const struct { struct param p[4]; const char *field; } bad[] = {
		{ { { "tags", "x" } }, "tags" }, { { { "tags[]", "x" } }, "tags[]" }, { { { "tags[a]", "1" }, { "tags[a]", "1" } }, "tags[a]" },
		{ { { "tags[a]", "1" }, { "tags[b]", "1" }, { "tags[c]", "1" }, { "tags[d]", "1" } }, "tags" } };
	struct tx tx = { .arena = a };
	struct thing v = { 0 };

	(void)state;
	assert_int_equal(shape_decode_params(&tx, labels_in, good, COUNT(good), &v), OK);
	assert_string_equal(v.tags, "{\"a b\":\"x\",\"c\":\"\",\"]\":\"]\"}");
	for (size_t i = 0; i < COUNT(bad); i++) {
		size_t n = 0;

		while (n < COUNT(bad[i].p) && bad[i].p[n].name)
			n++;
		tx = (struct tx){ .arena = a };
		assert_int_equal(shape_decode_params(&tx, labels_in, bad[i].p, n, &v), ERR_SHAPE);
		assert_string_equal(tx.why.items[0].field, bad[i].field);
	}
}

static void labels_render(void **state)
{
	static const struct shape out[] = { { "tags", T_LABELS, T(tags), .empty = "{}" }, { 0 } };
	struct thing v = { .tags = "{\"z\":\"1\",\"a\":\"\"}" };

	(void)state;
	assert_string_equal(shape_text(a, out, &v, TIME_UNIX, NULL), "{\"tags\":{\"z\":\"1\",\"a\":\"\"}}");
	v.tags = NULL;
	assert_string_equal(shape_text(a, out, &v, TIME_UNIX, NULL), "{\"tags\":{}}");
	assert_string_equal(schema_as(&labels_in[1], TIME_UNIX, true),
		"{\"anyOf\":[{\"$ref\":\"#/components/schemas/LabelsEdit\",\"maxProperties\":3},{\"type\":\"null\"}]}");
	assert_string_equal(js_text(schemas_named, NULL), "{\"LabelsEdit\":{\"type\":\"object\","
		"\"description\":\"Texts under keys of one's own; null takes one away\",\"propertyNames\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":40},"
		"\"additionalProperties\":{\"type\":[\"string\",\"null\"],\"maxLength\":500}}}");
}

static const char *rendered(const struct shape *s, const void *v)
{
	return shape_text(a, s, v, TIME_UNIX, NULL);
}

static const char *schema(const struct shape *row)
{
	return schema_as(row, TIME_UNIX, false);
}

static struct json *sent(const char *text)
{
	const char *reason;
	struct json *j;

	assert_int_equal(js_parse(a, text, strlen(text), &j, &reason), OK);
	return j;
}

struct being { enum state state; double share; bool off, given_set; int64_t given; const char *words; struct list names; };
#define B(field) .off = offsetof(struct being, field)

/* Two states under one word, one that nobody is told of, and one that nothing is in any more. */
static void states_render_as_the_dialect_has_them(void **state)
{
	static const struct alias alias[] = { { STATE_PROJECT_BUILDING, "busy" }, { STATE_PROJECT_UPDATED, "LIVE" },
		{ STATE_PROJECT_PAUSED, NULL }, { STATE_NONE, NULL } };
	static const struct shape plain[] = { { "s", T_STATE, B(state), .of = RES_PROJECT }, { 0 } },
		own[] = { { "s", T_STATE, B(state), .of = RES_PROJECT, .alias = alias, .flags = F_NULL }, { 0 } };
	static const struct { enum state state; const char *plain, *own; } v[] = {
		{ STATE_PROJECT_DRAFT, "{\"s\":\"DRAFT\"}", "{\"s\":\"DRAFT\"}" }, { STATE_PROJECT_BUILDING, "{\"s\":\"BUILDING\"}", "{\"s\":\"busy\"}" },
		{ STATE_PROJECT_UPDATED, "{\"s\":\"UPDATED\"}", "{\"s\":\"LIVE\"}" }, { STATE_PROJECT_PAUSED, "{\"s\":\"PAUSED\"}", "{\"s\":null}" } };

	(void)state;
	for (size_t i = 0; i < COUNT(v); i++) {
		assert_string_equal(rendered(plain, &(struct being){ .state = v[i].state }), v[i].plain);
		assert_string_equal(rendered(own, &(struct being){ .state = v[i].state }), v[i].own);
	}
	assert_string_equal(schema(plain), "{\"$ref\":\"#/components/schemas/ProjectStatus\",\"description\":\"Status of the project\"}");
	assert_string_equal(js_text(schemas_named, NULL),
		"{\"ProjectStatus\":{\"type\":\"string\",\"enum\":[\"DRAFT\",\"BUILDING\",\"LIVE\",\"UPDATED\",\"PAUSED\",\"ARCHIVED\"]}}");
	assert_string_equal(schema(own), "{\"anyOf\":[{\"$ref\":\"#/components/schemas/ProjectStatus\"},{\"type\":\"null\"}],\"description\":\"Status of the project\"}");
	assert_string_equal(js_text(schemas_named, NULL), "{\"ProjectStatus\":{\"type\":\"string\",\"enum\":[\"DRAFT\",\"busy\",\"LIVE\",\"ARCHIVED\"]}}");
}

static void constants_and_words_render(void **state)
{
	static const struct shape out[] = { { "object", T_LITERAL, .text = "being" }, { "words", T_WORDS, B(words), .empty = "[]" },
		{ "off", T_BOOL, B(off), .flags = F_NOT }, { 0 } };

	(void)state;
	assert_string_equal(rendered(out, &(struct being){ .words = "a  b:c", .off = true }), "{\"object\":\"being\",\"words\":[\"a\",\"b:c\"],\"off\":false}");
	assert_string_equal(rendered(out, &(struct being){ .words = "" }), "{\"object\":\"being\",\"words\":[],\"off\":true}");
	assert_string_equal(rendered(out, &(struct being){ .words = NULL }), "{\"object\":\"being\",\"words\":[],\"off\":true}");
	assert_string_equal(rendered((const struct shape[]){ { "words", T_WORDS, B(words) }, { 0 } }, &(struct being){ .words = NULL }), "{\"words\":null}");
	assert_string_equal(schema(&out[0]), "{\"type\":\"string\",\"const\":\"being\",\"description\":\"kind of the object\"}");
	assert_string_equal(schema(&(struct shape){ "object", T_LITERAL, .text = "being", .help = "what it is" }), "{\"type\":\"string\",\"const\":\"being\",\"description\":\"what it is\"}");
	assert_string_equal(schema(&out[1]), "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}");
	assert_string_equal(schema(&out[2]), "{\"type\":\"boolean\"}");
}

static void numbers_that_are_null_or_strings(void **state)
{
	static const struct shape out[] = { { "plain", T_INT, B(given) }, { "null", T_INT, B(given), .flags = F_NULL },
		{ "zero", T_INT, B(given), .flags = F_NULL | F_ZERO }, { "quoted", T_INT, B(given), .flags = F_QUOTED },
		{ "at", T_TIME, B(given), .flags = F_QUOTED | F_OMIT }, { "share", T_NUMBER, B(share) }, { 0 } };

	(void)state;
	assert_string_equal(rendered(out, &(struct being){ .given = 2 * SECOND, .share = 0.5 }),
		"{\"plain\":2000000,\"null\":2000000,\"zero\":2000000,\"quoted\":\"2000000\",\"at\":\"2\",\"share\":0.5}");
	assert_string_equal(rendered(out, &(struct being){ .given = 0 }),
		"{\"plain\":0,\"null\":0,\"zero\":null,\"quoted\":\"0\",\"share\":0.0}");
	assert_string_equal(rendered(out, &(struct being){ .given = -3 * SECOND }),
		"{\"plain\":-3000000,\"null\":null,\"zero\":null,\"quoted\":\"-3000000\",\"at\":\"-3\",\"share\":0.0}");
	assert_string_equal(schema(&out[3]), "{\"type\":\"string\"}");
	assert_string_equal(schema(&out[5]), "{\"type\":\"number\"}");
}

static void numbers_and_the_other_way_round_are_read(void **state)
{
	static const struct shape in[] = { { "share", T_NUMBER, B(share), .min = 0, .max = 1 }, { "on", T_BOOL, B(off), .flags = F_NOT }, { 0 } };
	static const char *const bad[] = { "{\"share\":-0.1}", "{\"share\":1.1}", "{\"share\":2}", "{\"share\":\"0\"}", "{\"share\":true}",
		"{\"share\":null}", "{\"on\":0}" };
	struct tx tx = { .arena = a };
	struct being v = { .off = true };

	(void)state;
	assert_int_equal(shape_decode(&tx, in, sent("{\"share\":0.25,\"on\":true}"), &v), OK);
	assert_true(v.share == 0.25 && !v.off);
	assert_int_equal(shape_decode(&tx, in, sent("{\"share\":1,\"on\":false}"), &v), OK);
	assert_true(v.share == 1 && v.off);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (shape_decode(&tx, in, sent(bad[i]), &v) != ERR_SHAPE)
			fail_msg("accepted: %s", bad[i]);
}

static const char *no_blank(struct arena *arena, const char *s)
{
	(void)arena;
	return *s && !strchr(s, ' ') ? NULL : "is no word";
}

static void words_are_read_from_arrays(void **state)
{
	static const struct shape in[] = { { "words", T_WORDS, B(words), .max = 2, .fault = no_blank }, { 0 } };
	static const char *const bad[] = { "{\"words\":\"a b\"}", "{\"words\":null}", "{\"words\":[1]}", "{\"words\":[\"a b\"]}", "{\"words\":[\"\"]}",
		"{\"words\":[\"a\",\"b\",\"c\"]}" };
	struct tx tx = { .arena = a };
	struct being v = { .words = NULL };

	(void)state;
	assert_int_equal(shape_decode(&tx, in, sent("{}"), &v), OK);
	assert_null(v.words);
	assert_int_equal(shape_decode(&tx, in, sent("{\"words\":[]}"), &v), OK);
	assert_text(v.words, "");
	assert_int_equal(shape_decode(&tx, in, sent("{\"words\":[\"b:c\",\"a\"]}"), &v), OK);
	assert_text(v.words, "b:c a");
	for (size_t i = 0; i < COUNT(bad); i++)
		if (shape_decode(&tx, in, sent(bad[i]), &v) != ERR_SHAPE)
			fail_msg("accepted: %s", bad[i]);
}

static void lists_render_as_maps(void **state)
{
	struct pair { const char *name; int64_t n; };
	static const struct pair pairs[] = { { "b", 1 }, { "a\"", 2 }, { "b", 3 } };      /* no key twice */
	static const struct shape pair[] = { { "name", T_STR, .off = offsetof(struct pair, name) }, { "n", T_INT, .off = offsetof(struct pair, n) }, { 0 } },
		out[] = { { "names", T_MAP, B(names), .sub = pair }, { "omitted", T_MAP, B(names), .sub = pair, .flags = F_OMIT }, { 0 } };

	(void)state;
	assert_string_equal(rendered(out, &(struct being){ .names = { pairs, COUNT(pairs), sizeof *pairs } }),
		"{\"names\":{\"b\":1,\"a\\\"\":2},\"omitted\":{\"b\":1,\"a\\\"\":2}}");
	assert_string_equal(rendered(out, &(struct being){ .given = 0 }), "{\"names\":{}}");
	assert_string_equal(schema(out), "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\",\"format\":\"int64\"}}");
}

static const void *twice_given(struct arena *arena, const void *object)
{
	const struct being *b = object;
	int64_t *n = arena_alloc(arena, sizeof *n);

	*n = 2 * b->given;
	return b->given ? n : NULL;
}

static const void *initial(struct arena *arena, const void *object)
{
	const struct being *b = object;

	return b->words ? arena_strndup(arena, b->words, 1) : NULL;
}

static const void *itself(struct arena *arena, const void *object)
{
	(void)arena;
	return ((const struct being *)object)->off ? NULL : object;
}

static void members_are_computed(void **state)
{
	static const struct shape sub[] = { { "n", T_INT, B(given) }, { 0 } }, out[] = { { "twice", T_INT, .make = twice_given, .flags = F_NULL },
		{ "initial", T_STR, .make = initial, .flags = F_OMIT }, { "array", T_STRINGS, .make = initial, .empty = "[]" },
		{ "itself", T_REF, .make = itself, .sub = sub, .flags = F_NULL }, { 0 } };

	(void)state;
	assert_string_equal(rendered(out, &(struct being){ .given = 21, .words = "7x" }),
		"{\"twice\":42,\"initial\":\"7\",\"array\":7,\"itself\":{\"n\":21}}");
	assert_string_equal(rendered(out, &(struct being){ .off = true }), "{\"twice\":null,\"array\":[],\"itself\":null}");
}

static void what_is_not_given_is_as_its_row_says(void **state)
{
	static const struct shape in[] = { { "given", T_INT, B(given), .set = 1 + offsetof(struct being, given_set), .min = 1, .max = 9, .def = "7",
		.flags = F_NULL }, { "words", T_STR, B(words), .def = "none" }, { "off", T_BOOL, B(off), .def = "true" }, { 0 } };
	static const struct param query[] = { { "given", "3" }, { "off", "false" } };
	struct tx tx = { .arena = a };
	struct being v = { .given = 0 };

	(void)state;
	assert_int_equal(shape_decode(&tx, in, sent("{}"), &v), OK);
	assert_true(v.given == 7 && !v.given_set && v.off);     /* nobody gave it */
	assert_string_equal(v.words, "none");
	v = (struct being){ .given = 0 };
	assert_int_equal(shape_decode_params(&tx, in, query, COUNT(query), &v), OK);
	assert_true(v.given == 3 && v.given_set && !v.off);
	assert_string_equal(v.words, "none");
	v = (struct being){ .given = 0 };
	assert_int_equal(shape_decode(&tx, in, sent("{\"given\":null}"), &v), OK);
	assert_true(v.given == 0 && v.given_set);
	assert_int_equal(shape_decode(&tx, in, sent("{\"given\":0}"), &v), ERR_SHAPE);
}

static void one_of_several_must_be_given(void **state)
{
	static const struct shape in[] = { { "given", T_INT, B(given), .flags = F_ONE }, { "off", T_BOOL, B(off) },
		{ "words", T_STR, B(words), .flags = F_ONE | F_NULL }, { 0 } };
	struct tx tx = { .arena = a };

	(void)state;
	assert_int_equal(shape_last(&tx, in, sent("{\"given\":1}")), OK);
	assert_int_equal(shape_last(&tx, in, sent("{\"words\":null}")), OK);
	assert_int_equal(shape_last(&tx, inner, sent("{}")), OK);
	assert_int_equal(tx.why.n, 0);
	assert_int_equal(shape_last(&tx, in, sent("{\"off\":true,\"else\":1}")), ERR_SHAPE);
	assert_int_equal(tx.why.n, 1);
	assert_string_equal(tx.why.items[0].field, "body");
	assert_string_equal(tx.why.items[0].reason, "must have at least one of given, words");
}

static void strings_of_a_query(void **state)
{
	static const struct shape in[] = { { "words", T_STRINGS, B(words), .min = 1, .max = 4 }, { 0 } };
	static const struct { struct param p[3]; const char *words; } v[] = { { { { "words", "a" } }, "[\"a\"]" },
		{ { { "words", "a,b" }, { "else", "x" }, { "words", "c" } }, "[\"a\",\"b\",\"c\"]" }, { { { "words", ",a" } }, "[\"\",\"a\"]" },
		{ { { "words", "a," } }, "[\"a\"]" }, { { { "words", "\"" }, { "words", "b,,c" } }, "[\"\\\"\",\"b\",\"\",\"c\"]" },
		{ { { "words", "" } }, NULL }, { { { "words", "a,b" }, { "words", "c,d" }, { "words", "e" } }, NULL } };

	(void)state;
	for (size_t i = 0; i < COUNT(v); i++) {
		struct tx tx = { .arena = a };
		struct being got = { .words = NULL };
		size_t n = 0;

		while (n < COUNT(v[i].p) && v[i].p[n].name)
			n++;
		assert_int_equal(shape_decode_params(&tx, in, v[i].p, n, &got), v[i].words ? OK : ERR_SHAPE);
		if (v[i].words)
			assert_text(got.words, v[i].words);
		else
			assert_string_equal(tx.why.items[0].field, "words");
	}
}

static void keys_that_no_row_knows(void **state)
{
	struct tx tx = { .arena = a };

	(void)state;
	assert_int_equal(shape_unknown(&tx, thing_in, sent("{\"name\":1,\"note\":null,\"doc\":{\"else\":1}}")), OK);
	assert_int_equal(shape_unknown(&tx, thing_in, sent("{\"Name\":1,\"name\":1,\"\":0}")), ERR_SHAPE);
	assert_int_equal(tx.why.n, 2);
	assert_string_equal(tx.why.items[0].field, "Name");
	assert_string_equal(tx.why.items[1].field, "");
	assert_string_equal(tx.why.items[0].reason, "is not known");
}

/* ---- dom_event.c ---- */

static void patterns_of_events(void **state)
{
	static const struct { const char *patterns, *type; bool wanted; } v[] = {
		{ "[\"*\"]", "workspace.archived", true }, { "[\"workspace.archived\"]", "workspace.archived", true },
		{ "[\"workspace.*\"]", "workspace.archived", true }, { "[\"entity.*\",\"workspace.archived\"]", "workspace.archived", true },
		{ "[\"webhook_endpoint.*\"]", "webhook_endpoint.tested", true },
		{ "[]", "workspace.archived", false }, { "[\"workspace\"]", "workspace.archived", false }, { "[\"workspace.\"]", "workspace.archived", false },
		{ "[\"work*\"]", "workspace.archived", false }, { "[\"work.*\"]", "workspace.archived", false }, { "[\".*\"]", "workspace.archived", false },
		{ "[\"*.archived\"]", "workspace.archived", false }, { "[\"workspace.archive\"]", "workspace.archived", false },
		{ "[\"workspace.archived\"]", "workspace.archive", false }, { "[\"Workspace.*\"]", "workspace.archived", false },
		{ "[\"workspace.*\"]", "workspaces.archived", false }, { "[\"\"]", "workspace.archived", false }, { "[\"**\"]", "workspace.archived", false },
		{ "", "workspace.archived", false }, { "[\"*\"", "workspace.archived", false } };

	(void)state;
	for (size_t i = 0; i < COUNT(v); i++)
		if (event_wanted(a, v[i].patterns, v[i].type) != v[i].wanted)
			fail_msg("%s, %s", v[i].patterns, v[i].type);
}

/* ---- hash.c ---- */

/* The examples of FIPS 180-2, whole and in two pieces, each time anew. */
static void hashes_are_sha256(void **state)
{
	static const struct { const char *text, *hex; } v[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" } };
	unsigned char md[SHA256_BYTES];
	char hex[2 * SHA256_BYTES + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(v); i++) {
		hex_encode(sha256(v[i].text, strlen(v[i].text), md), sizeof md, hex);
		assert_string_equal(hex, v[i].hex);
	}
	sha256_behind((const unsigned char *)v[2].text, v[2].text + SHA256_BYTES, strlen(v[2].text) - SHA256_BYTES, md);
	hex_encode(md, sizeof md, hex);
	assert_string_equal(hex, v[2].hex);
}

/* ---- seal.c ---- */

/* Changed in any one place it does not open. */
static void answers_open_with_credential_and_key_alone(void **state)
{
	static const char *const texts[] = { "", "{\"secret\":\"tok_x\"}", "\xf0\x9f\x94\x91" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		char *sealed = seal_answer(a, "Bearer sk_live_1", "key 1", texts[i]), *again = seal_answer(a, "Bearer sk_live_1", "key 1", texts[i]);

		assert_string_not_equal(sealed, again);
		assert_true(!*texts[i] || !strstr(sealed, texts[i]));
		assert_text(seal_open_answer(a, "Bearer sk_live_1", "key 1", sealed), texts[i]);
		assert_text(seal_open_answer(a, "Bearer sk_live_1", "key 1", again), texts[i]);
		assert_null(seal_open_answer(a, "Bearer sk_live_2", "key 1", sealed));
		assert_null(seal_open_answer(a, "Bearer sk_live_1", "key 2", sealed));
		assert_null(seal_open_answer(a, "Bearer sk_live_1", "", sealed));
		assert_null(seal_open_answer(a, "", "key 1", sealed));
		assert_null(seal_open_answer(a, "Bearer sk_live_1key 1", "", sealed));
		for (char *p = sealed; *p; p++) {
			char was = *p;

			*p = was == 'B' ? 'C' : 'B';
			assert_null(seal_open_answer(a, "Bearer sk_live_1", "key 1", sealed));
			*p = was;
		}
		sealed[strlen(sealed) - 1] = '\0';
		assert_null(seal_open_answer(a, "Bearer sk_live_1", "key 1", sealed));
	}
	assert_null(seal_open_answer(a, "x", "y", ""));
	assert_null(seal_open_answer(a, "x", "y", "{\"plain\":1}"));
	assert_null(seal_open_answer(a, "x", "y", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
}

/* ---- token.c ---- */

static char key_dir[40];

static int keys_begin(void **state)
{
	strcpy(key_dir, "/tmp/thaw-unit.XXXXXX");
	if (!mkdtemp(key_dir))
		return -1;
	conf = (struct conf){ .key_dir = key_dir, .issuer = "thaw-test", .audience = "thaw-test", .clock_leeway = 30,
		.log_file = "/dev/null" };
	return begin(state);
}

static int keys_end(void **state)
{
	char command[100];

	snprintf(command, sizeof command, "rm -r '%s'", key_dir);
	return system(command) | end(state);
}

static char *seal_key(void)
{
	return arena_printf(a, "%s/seal.key", key_dir);
}

static void write_seal_key(const char *text)
{
	FILE *f = fopen(seal_key(), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void secrets_open_with_the_key_file(void **state)
{
	static const char *const no_key[] = { "", "0123", "zz23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" };
	unsigned char *sealed, *again;
	struct stat st;
	size_t n, m;

	(void)state;
	assert_null(seal_secret(a, "whsec_1", &n));                     /* no key yet */
	assert_int_equal(seal_key_make(), 0);
	assert_int_equal(stat(seal_key(), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 64);
	assert_non_null(sealed = seal_secret(a, "whsec_1", &n));
	assert_non_null(again = seal_secret(a, "whsec_1", &m));
	assert_true(n == m && memcmp(sealed, again, n));
	assert_null(memmem(sealed, n, "whsec_1", 7));
	assert_text(seal_open_secret(a, sealed, n), "whsec_1");
	assert_int_equal(seal_key_make(), 0);                           /* keeps the one there is */
	assert_text(seal_open_secret(a, sealed, n), "whsec_1");
	for (size_t i = 0; i < n; i++) {
		sealed[i] ^= 1;
		assert_null(seal_open_secret(a, sealed, n));
		sealed[i] ^= 1;
		assert_null(seal_open_secret(a, sealed, i));
	}
	for (size_t i = 0; i < COUNT(no_key); i++) {
		write_seal_key(no_key[i]);
		assert_null(seal_secret(a, "whsec_1", &m));
		assert_null(seal_open_secret(a, sealed, n));
	}
	write_seal_key("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	assert_null(seal_open_secret(a, sealed, n));                    /* another key */
	assert_non_null(again = seal_secret(a, "whsec_2", &m));
	write_seal_key("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n");
	assert_text(seal_open_secret(a, again, m), "whsec_2");          /* a line end behind it is let be */
	assert_int_equal(unlink(seal_key()), 0);
	assert_null(seal_open_secret(a, again, m));
	assert_int_equal(symlink("/dev/zero", seal_key()), 0);          /* nor through a link */
	assert_null(seal_secret(a, "whsec_1", &m));
}

static const struct claims alice = { .subject = { "0123456789ab" }, .organization = { "ba9876543210" }, .username = "alice",
	.scopes = "model:read", .issued = 1773483330123456, .expires = 1773486930, .rate = 77, .gen = 5, .session = { "abcdefabcdef" } };
#define AT_SECOND(seconds) ((int64_t)(seconds) * SECOND)

/* keys_list looks at the directory now; the verifier itself at most once a second. */
static char *token_of(const char *alg)
{
	struct key_info *list;
	char kid[64];
	size_t n;

	assert_int_equal(keys_create(alg, true, kid), 0);
	assert_int_equal(keys_list(a, &list, &n), 0);
	return token_make(a, &alice);
}

static void tokens_made_are_accepted(void **state)
{
	static const char *const algs[] = { "HS256", "ES256", "RS256" };
	struct claims c;

	(void)state;
	for (size_t i = 0; i < COUNT(algs); i++) {
		char *token = token_of(algs[i]);

		assert_non_null(token);
		assert_int_equal(token_verify(a, token, AT_SECOND(1773483330), &c), OK);
		assert_true(id_equal(&c.subject, &alice.subject) && id_equal(&c.organization, &alice.organization));
		assert_string_equal(c.username, "alice");
		assert_string_equal(c.scopes, "model:read");
		assert_true(c.issued == 1773483330123999 && c.expires == alice.expires && c.rate == 77);
		assert_true(c.gen == 5 && id_equal(&c.session, &alice.session) && id_is_zero(&c.client));
		/* libjwt is the oracle for the form: three segments, this header, these claims. */
		jwt_t *jwt = NULL;
		assert_int_equal(jwt_decode(&jwt, arena_printf(a, "%.*s.", (int)(strrchr(token, '.') - token), token), NULL, 0) != 0
			|| !strcmp(jwt_get_grant(jwt, "iss"), "thaw-test"), 1);
		jwt_free(jwt);
	}
}

static void tokens_expire(void **state)
{
	char *token = token_of("ES256");
	struct claims c;

	(void)state;
	assert_int_equal(token_verify(a, token, AT_SECOND(1773486930 + 29), &c), OK);           /* within the leeway */
	assert_int_equal(token_verify(a, token, AT_SECOND(1773486930 + 30), &c), ERR_AUTH_EXPIRED);
	assert_int_equal(token_verify(a, token, AT_SECOND(1773483330 - 30), &c), OK);
	assert_int_equal(token_verify(a, token, AT_SECOND(1773483330 - 31), &c), ERR_AUTH_INVALID);   /* issued in the future */
}

/* Whatever single character of a token is changed: it is not valid. */
static void tokens_changed_anywhere_are_refused(void **state)
{
	static const char *const algs[] = { "HS256", "ES256", "RS256" };
	struct claims c;

	(void)state;
	for (size_t i = 0; i < COUNT(algs); i++) {
		char *token = token_of(algs[i]);

		for (char *p = token; *p; p++) {
			static const char others[] = "Aa0-_.=+ ";
			char was = *p;

			for (const char *o = others; *o; o++) {
				if (*o == was)
					continue;
				*p = *o;
				if (token_verify(a, token, AT_SECOND(1773483330), &c) != ERR_AUTH_INVALID)
					fail_msg("accepted: %s", token);
			}
			*p = was;
		}
		assert_int_equal(token_verify(a, token, AT_SECOND(1773483330), &c), OK);
		token[strlen(token) - 1] = '\0';
		assert_int_equal(token_verify(a, token, AT_SECOND(1773483330), &c), ERR_AUTH_INVALID);
	}
}

static void tokens_need_their_key(void **state)
{
	char *token = token_of("ES256"), *newer = token_of("RS256"), path[200];
	struct key_info *list;
	struct claims c;
	size_t n;

	(void)state;
	/* rotation: the older key still counts, until its file is gone */
	assert_int_equal(token_verify(a, token, AT_SECOND(1773483330), &c), OK);
	assert_int_equal(token_verify(a, newer, AT_SECOND(1773483330), &c), OK);
	keys_list(a, &list, &n);
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].alg, "ES256")) {
			snprintf(path, sizeof path, "%s/%s.ES256.pem", key_dir, list[i].kid);
			assert_int_equal(unlink(path), 0);
		}
	keys_list(a, &list, &n);
	assert_int_equal(token_verify(a, token, AT_SECOND(1773483330), &c), ERR_AUTH_INVALID);
	assert_int_equal(token_verify(a, newer, AT_SECOND(1773483330), &c), OK);
	conf.audience = "someone-else";
	assert_int_equal(token_verify(a, newer, AT_SECOND(1773483330), &c), ERR_AUTH_INVALID);
	conf.audience = "thaw-test";
	conf.issuer = "someone-else";
	assert_int_equal(token_verify(a, newer, AT_SECOND(1773483330), &c), ERR_AUTH_INVALID);
	conf.issuer = "thaw-test";
}

static void tokens_of_no_form(void **state)
{
	static const char *const bad[] = { "", ".", "..", "...", "a.b.c", "a.b", "a.b.c.d", "eyJ9..", "e30.e30.e30", "e30.e30.", "....", "\xff.\xff.\xff" };
	char *token = token_of("HS256"), *huge = arena_alloc(a, 10001);
	struct claims c;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(token_verify(a, bad[i], AT_SECOND(1773483330), &c), ERR_AUTH_INVALID);
	assert_int_equal(token_verify(a, arena_printf(a, "%s.", token), AT_SECOND(1773483330), &c), ERR_AUTH_INVALID);
	assert_int_equal(token_verify(a, arena_printf(a, "%s.x", token), AT_SECOND(1773483330), &c), ERR_AUTH_INVALID);
	memset(huge, 'A', 10000);
	assert_int_equal(token_verify(a, huge, AT_SECOND(1773483330), &c), ERR_AUTH_INVALID);
}

/* ---- remember.c ---- */

enum { REMEMBERED_MOST = 1024, STRANGE = 5 * REMEMBERED_MOST };

static char *strange(int i)
{
	return arena_printf(a, "e30.%d.c2lnbmF0dXJl", i);
}

static struct claims claims_of(int i)
{
	struct claims c = alice;

	c.gen = i;
	c.username = arena_printf(a, "user %d", i);
	c.scopes = i % 2 ? arena_printf(a, "scope:%d", i) : NULL;
	c.expires = i;
	return c;
}

/* From here on in this process, as in a worker. */
static void tokens_are_remembered(void **state)
{
	struct claims c, again;
	char *token;

	remember_begin();
	tokens_made_are_accepted(state);
	tokens_expire(state);
	tokens_changed_anywhere_are_refused(state);
	tokens_of_no_form(state);
	token = token_of("ES256");
	assert_false(remembered(a, token, 0, &c));
	assert_int_equal(token_verify(a, token, AT_SECOND(1773486930 + 30), &c), ERR_AUTH_EXPIRED);
	assert_false(remembered(a, token, 0, &c));                      /* what was refused is not */
	assert_int_equal(token_verify(a, token, AT_SECOND(1773483330), &c), OK);
	assert_int_equal(token_verify(a, token, AT_SECOND(1773483331), &again), OK);
	assert_true(remembered(a, token, 1773486929, &again));
	assert_string_equal(again.username, "alice");
	assert_string_equal(again.scopes, "model:read");
	again.username = c.username;
	again.scopes = c.scopes;
	assert_memory_equal(&again, &c, sizeof c);
	/* A clock that goes back and forth. */
	assert_int_equal(token_verify(a, token, AT_SECOND(1773483330 - 31), &c), ERR_AUTH_INVALID);
	assert_int_equal(token_verify(a, token, AT_SECOND(1773483330), &c), OK);
	assert_int_equal(token_verify(a, token, AT_SECOND(1773486930 + 30), &c), ERR_AUTH_EXPIRED);
	assert_false(remembered(a, token, 0, &c));                      /* it went when it had expired */
	assert_int_equal(token_verify(a, token, AT_SECOND(1773486930 + 29), &c), OK);
}

/* For ten seconds, and until another one comes whose hash begins alike. */
static void keys_are_remembered(void **state)
{
	const struct who in = { .name = "ada", .scopes = "model:read", .narrow = true, .limit = 5 },
		wordy = { .name = "ada", .scopes = memset(arena_alloc(a, 1001), 'x', 1000) };
	unsigned char h[SECRET_HASH] = { 7 }, other[SECRET_HASH] = { 7, 1 };
	struct who out;

	(void)state;
	remember_begin();
	assert_false(remembered_key(h, AT_SECOND(100), &out));
	remember_key(h, AT_SECOND(100), &in);
	assert_false(remembered_key(other, AT_SECOND(100), &out) || remembered_key(h, AT_SECOND(99), &out) || remembered_key(h, AT_SECOND(110), &out));
	assert_true(remembered_key(h, AT_SECOND(109), &out));
	assert_string_equal(out.name, "ada");
	assert_string_equal(out.scopes, "model:read");
	assert_true(!out.agent && out.narrow && out.limit == 5);
	remember_key(other, AT_SECOND(101), &wordy);
	assert_false(remembered_key(other, AT_SECOND(101), &out));
	remember_key(other, AT_SECOND(101), &in);
	assert_true(remembered_key(other, AT_SECOND(101), &out) && !remembered_key(h, AT_SECOND(101), &out));
}

/* However many there are, each has its own claims or none. */
static void few_tokens_are_remembered(void **state)
{
	char *text = arena_alloc(a, 400);
	struct claims c;
	int there = 0;

	(void)state;
	remember_nothing();
	for (int i = 0; i < STRANGE; i++) {
		const struct claims in = claims_of(i);

		remember(strange(i), &in);
		assert_true(remembered(a, strange(i), 0, &c) == (i > 0));       /* the first had no time left */
	}
	for (int i = 1; i < STRANGE; i++) {
		const struct claims in = claims_of(i);

		if (!remembered(a, strange(i), 0, &c))
			continue;
		there++;
		assert_true(c.gen == i && !strcmp(c.username, in.username) && !strcmp(c.scopes ? c.scopes : "", in.scopes ? in.scopes : ""));
		assert_false(remembered(a, arena_printf(a, "%sX", strange(i)), 0, &c) || remembered(a, strange(-i), 0, &c));
	}
	assert_in_range(there, REMEMBERED_MOST / 2, REMEMBERED_MOST);
	memset(text, 'x', 399);
	text[399] = '\0';
	c = alice;
	c.scopes = text;
	remember("long", &c);
	assert_false(remembered(a, "long", 0, &c));
	remember_nothing();
	for (int i = 0; i < STRANGE; i++)
		assert_false(remembered(a, strange(i), 0, &c));
	remember(strange(1), &alice);
	assert_true(remembered(a, strange(1), 0, &c));
}

static char *key_file(const char *name)
{
	return arena_printf(a, "%s/%s", key_dir, name);
}

static size_t keys_there(void)
{
	struct key_info *list;
	size_t n;

	assert_int_equal(keys_list(a, &list, &n), 0);
	return n;
}

/* What is no key is told from what is one when it is read. */
static void keys_that_are_none(void **state)
{
	static const char *const files[] = { "short.HS256.key", "empty.HS256.key", "none.ES256.pem", "none.RS256.pem" };
	struct claims c;
	char kid[64], *token, *mine, *other;

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++)
		assert_int_equal(file_write(key_file(files[i]), "-", i != 1, getuid(), getgid(), false), 0);
	assert_int_equal(keys_there(), 0);
	assert_int_equal(token_verify(a, "a.b.c", AT_SECOND(1773483330), &c), ERR_INTERNAL);
	assert_int_equal(keys_activate("short"), 0);
	assert_int_equal(keys_there(), 0);
	assert_null(token_make(a, &alice));
	assert_int_equal(keys_create("RS256", true, kid), 0);
	mine = key_file(arena_printf(a, "%s.RS256.pem", kid));
	other = key_file(arena_printf(a, "%s.ES256.pem", kid));
	assert_int_equal(rename(mine, other), 0);
	assert_int_equal(keys_there(), 0);       /* a key of another algorithm */
	assert_null(token_make(a, &alice));
	assert_int_equal(rename(other, mine), 0);
	assert_int_equal(keys_there(), 1);
	assert_non_null(token = token_make(a, &alice));
	assert_int_equal(token_verify(a, token, AT_SECOND(1773483330), &c), OK);
	assert_int_equal(token_verify(a, "a.b.c", AT_SECOND(1773483330), &c), ERR_AUTH_INVALID);
}

/* As `openssl ecparam -genkey` writes it: the curve stands before the key. */
static void keys_behind_their_curve(void **state)
{
	static const char curve[] = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
	char kid[64], pem[1000], *token, *file;
	struct claims c;
	ssize_t n;
	int fd;

	(void)state;
	assert_int_equal(keys_create("ES256", true, kid), 0);
	fd = open(file = key_file(arena_printf(a, "%s.ES256.pem", kid)), O_RDONLY);
	strcpy(pem, curve);
	n = read(fd, pem + strlen(curve), sizeof pem - sizeof curve);
	close(fd);
	assert_true(n > 0);
	assert_int_equal(file_write(file, pem, strlen(curve) + (size_t)n, getuid(), getgid(), false), 0);
	assert_int_equal(keys_there(), 1);
	assert_non_null(token = token_make(a, &alice));
	assert_int_equal(token_verify(a, token, AT_SECOND(1773483330), &c), OK);
}

/* ---- net.c ---- */

static bool may(const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (strchr(text, ':')) {
		assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
		return net_may_call((const struct sockaddr *)&v6);
	}
	assert_int_equal(inet_pton(AF_INET, text, &v4.sin_addr), 1);
	return net_may_call((const struct sockaddr *)&v4);
}

static void addresses_that_may_be_called(void **state)
{
	static const char *const never[] = { "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255",
		"127.0.0.1", "127.255.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1",
		"192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
		"239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
		"::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
		"2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fdff::1", "fe80::1", "febf::1", "fec0::1", "ff02::1" };
	static const char *const may_be[] = { "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
		"128.0.0.0", "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "198.17.255.255",
		"198.20.0.0", "223.255.255.255", "2606:4700::1111", "2a00::1", "2001:4860:4860::8888", "::ffff:1.1.1.1" };

	(void)state;
	conf.webhook_networks = "";
	for (size_t i = 0; i < COUNT(never); i++)
		if (may(never[i]))
			fail_msg("%s", never[i]);
	for (size_t i = 0; i < COUNT(may_be); i++)
		if (!may(may_be[i]))
			fail_msg("%s", may_be[i]);
	conf.webhook_networks = " 127.0.0.2/32  10.1.0.0/17 fd00::/9 ";
	assert_true(may("127.0.0.2") && may("::ffff:127.0.0.2") && may("10.1.127.255") && may("fd7f::1"));
	assert_false(may("127.0.0.1") || may("127.0.0.3") || may("10.1.128.0") || may("fd80::1") || may("fc00::1"));
	assert_null(net_list_fault(a, conf.webhook_networks));
	assert_string_equal(net_list_fault(a, "10.0.0.0/8 127.0.0.1"), "127.0.0.1");
	assert_string_equal(net_list_fault(a, "10.0.0.0/33"), "10.0.0.0/33");
	assert_string_equal(net_list_fault(a, "x/8"), "x/8");
	conf.webhook_networks = "";
}

static void urls_that_may_be_called(void **state)
{
	static const char *const good[] = { "https://example.com", "HTTPS://example.com/", "https://example.com:8443/a?b=c", "https://a-b.c_d.example.",
		"https://1.1.1.1/", "https://[2606:4700::1111]/x", "https://[2606:4700::1111]:444", "https://xn--bcher-kva.example/",
		"https://example.com/%0a", "https://example.com?@", "https://3com.com/" };
	static const char *const bad[] = { "", "/", "example.com", "http://example.com/", "ftp://example.com/", "https:/example.com", "https://",
		"https:///x", "https://:443/", "https://user@example.com/", "https://user:pass@example.com/", "https://@example.com/",
		"https://example.com/#x", "https://example.com:0/", "https://example.com:65536/", "https://example.com:/", "https://example.com:80x/",
		"https://example.com:0443/", "https://exa mple.com/", "https://example.com/ ", "https://ex\xc3\xa4mple.com/", "https://example.com\\@a/",
		"https://a..b/", "https://.a/", "https://./", "https://exa%6dple.com/", "https://127.0.0.1/", "https://127.0.0.1:80/", "https://127.0.0.1./",
		"https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://1.1.1/",
		"https://01.1.1.1/", "https://1.1.1.1.1/", "https://0/", "https://0x/", "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/",
		"https://[::ffff:7f00:1]/", "https://[fe80::1%25eth0]/", "https://[127.0.0.1]/", "https://[::1/", "https://[2606:4700::1111]x/",
		"https://10.0.0.1/", "https://169.254.169.254/latest/meta-data/", "https://localhost/", "https://LOCALHOST./", "https://a.localhost:1/",
		"https://a/<", "https://a\n/", "javascript:alert(1)", "file:///etc/passwd", "gopher://a/" };
	char *longest = arena_alloc(a, URL_MOST + 2);

	(void)state;
	conf.webhook_networks = "";
	conf.webhook_http = false;
	for (size_t i = 0; i < COUNT(good); i++)
		if (url_fault(a, good[i]))
			fail_msg("%s %s", good[i], url_fault(a, good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		if (!url_fault(a, bad[i]))
			fail_msg("%s", bad[i]);
	memset(longest, 'a', URL_MOST + 1);
	memcpy(longest, "https://a/", 10);
	assert_non_null(url_fault(a, longest));
	longest[URL_MOST] = '\0';
	assert_null(url_fault(a, longest));
	conf.webhook_http = true;
	conf.webhook_networks = "127.0.0.0/8";
	assert_null(url_fault(a, "http://127.0.0.1:8080/"));
	assert_null(url_fault(a, "http://localhost/"));
	assert_null(url_fault(a, "https://[::ffff:127.0.0.1]/"));
	assert_non_null(url_fault(a, "http://[::1]/"));
	assert_non_null(url_fault(a, "http://127.1/"));
	conf.webhook_http = false;
	conf.webhook_networks = "";
}

/* ---- sign.c ---- */

static void webhooks_are_signed(void **state)
{
	static const char *const secrets[] = { "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" };
	static const char *const wrong[] = { "C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_", "whsec_A", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7o!" };
	const char body[] = "{\"email\":\"test@example.com\",\"username\":\"test_user\"}";
	struct sign s = { secrets, 1, 1649367553, body, sizeof body - 1 };

	(void)state;
	/* the vector of Standard Webhooks */
	assert_text(sign_standard(a, &s, "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk"), "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
	assert_text(sign_matter(a, &s), "t=1649367553,v1=996637d7f89ef8f7b59f7faaf5341457472e823d8ca666d16b7bbd1dc831721d");
	s.n = 2;
	assert_text(sign_standard(a, &s, "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk"), "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw= v1,H+RYDKli6ntvOIETWqflVRK+UIsRWejzXbFSJBJuEmc=");
	assert_text(sign_matter(a, &s), "t=1649367553,v1=996637d7f89ef8f7b59f7faaf5341457472e823d8ca666d16b7bbd1dc831721d,v1=c3acaa232e98da07dd7985faf31cde191553f2d18a48b7a3651ab6028094e8f6");
	for (size_t i = 0; i < COUNT(wrong); i++) {
		s = (struct sign){ &wrong[i], 1, 1649367553, body, sizeof body - 1 };
		assert_null(sign_standard(a, &s, "msg_1"));
	}
}

/* ---- tables.c ---- */

static enum err never_run(struct req *r)
{
	(void)r;
	return ERR_INTERNAL;
}

/* Is a dialect of this one route whole?  What it says of that goes nowhere. */
static bool route_whole(const struct route *row)
{
	static const char *const codes[CLASS__MAX] = { "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x" };
	const struct route rows[] = { *row, { 0 } }, *const tables[] = { rows, NULL };
	const struct dialect d = { .name = "unit", .title = "Unit", .about = "x", .tables = tables, .codes = codes }, *const all[] = { &d, NULL };
	const int err = dup(2), none = open("/dev/null", O_WRONLY);
	bool whole;

	fflush(stderr);
	dup2(none, 2);
	whole = tables_whole(all);
	fflush(stderr);
	dup2(err, 2);
	close(err);
	close(none);
	return whole;
}

static void routes_that_would_show_more_or_end_a_worker_are_refused(void **state)
{
	static const struct list_filter filters[] = { { "hidden", " AND x.hidden = ?", "i", 0 }, { "labels", " AND x.id = ?", "d", 2 }, { NULL, NULL, NULL, 0 } };
	static const struct list_order by_name[] = { { "name", { { "name", 's', false, 0 } } }, { NULL, { { NULL, 0, false, 0 } } } };
	static const struct list_path paths[] = { { .order = -1, .index = "x" } }, some[] = { { .order = -1, .index = "x" }, { .filters = 2, .order = -1, .index = "y" } };
#define LISTING .name = "UNIT", .of = RES_WORKSPACE, .parent = RES__MAX, .filters = filters, .orders = by_name, LIST_PATHS(paths)
	static const struct listing good = { LISTING, .sees = SEES_MODE, .always = 1, .hidden = 1 }, everybody = { LISTING, .sees = SEES_ALL, .always = 1 },
		unsaid = { LISTING, .always = 1 },
		no_way = { .name = "UNIT", .of = RES_WORKSPACE, .parent = RES__MAX, .sees = SEES_MODE, .filters = filters, .always = 1, .hidden = 1, .orders = by_name, LIST_PATHS(some) }, hidden_too = { LISTING, .sees = SEES_MODE }, not_always = { LISTING, .sees = SEES_MODE, .always = 2, .hidden = 1 },
		of_all_parents = { .name = "UNIT", .of = RES_RUN, .parent = RES_MODEL, .sees = SEES_ALL, .orders = by_name, LIST_PATHS(paths) },
		of_seen_models = { .name = "UNIT", .of = RES_RUN, .parent = RES__MAX, .sees = SEES_PARENT, .unhidden = true, .orders = by_name, LIST_PATHS(paths) },
		of_no_models = { LISTING, .sees = SEES_PARENT, .always = 1, .hidden = 1 };
	static const struct paging numbered = { .size = 10, .total = true, .asked = pages_by_number, .got = pages_numbered },
		offset = { .size = 10, .total = true, .asked = pages_by_offset, .got = pages_offset }, tokened = { .size = 10, .asked = pages_by_token, .got = pages_tokened };
	struct query { struct page_asked page; int64_t n; bool n_set, b; struct id id; const char *s; };
	static const char *const sorts[] = { "name", NULL }, *const none[] = { "weight", NULL };
	static const struct shape query[] = { { "sort", T_STR, AT(struct page_asked, sort), .words = sorts }, { 0 } },
		no_order[] = { { "sort", T_STR, AT(struct page_asked, sort), .words = none }, { 0 } },
		unbound[] = { { "n", T_INT, AT(struct query, n) }, { 0 } },
		zero[] = { { "n", T_INT, AT(struct query, n), .min = 0, .max = 9, .filter = 1 }, { 0 } },
		told[] = { { "n", T_INT, SET(struct query, n), .min = 0, .max = 9, .filter = 1 }, { 0 } },
		boolean[] = { { "b", T_BOOL, AT(struct query, b), .filter = 1 }, { 0 } },
		loose[] = { { "id", T_ID, AT(struct query, id), .prefix = "x", .flags = F_LOOSE, .filter = 1 }, { 0 } },
		too_many[] = { { "l", T_LABELS, AT(struct query, s), .max = 3, .filter = 2 }, { 0 } },
		no_filter[] = { { "s", T_STR, AT(struct query, s), .filter = 3 }, { 0 } },
		refused[] = { { "s", T_STR, AT(struct query, s), .refuse = ERR_PATH }, NAMED("Refused") },
		words[] = { { "s", T_WORDS, AT(struct query, s) }, { 0 } }, out[] = { { "s", T_STR, AT(struct query, s) }, NAMED("Thing") },
		nameless[] = { { "s", T_STR, AT(struct query, s) }, { 0 } }, inner_nameless[] = { { "o", T_SUB, .sub = nameless }, NAMED("Outer") },
#define NAMES(key) { key, T_STR, AT(struct query, s), .flags = F_REQUIRED | F_KEY }
		two_names[] = { NAMES("a"), NAMES("b"), { 0 } }, three_names[] = { NAMES("a"), NAMES("b"), NAMES("c"), { 0 } },
		inner_default[] = { { "o", T_SUB, .sub = refused }, NAMED("Defaults") };
#define ROW_OF(...) { "GET", "/x", PERM_WORKSPACE_READ, 0, .status = 200, .summary = "x", __VA_ARGS__ }
#define LISTS(l, p, q) .out = out, .listing = &(l), .paging = &(p), .query = q, .query_size = sizeof(struct query)
	const struct { struct route row; bool whole; } v[] = {
		{ ROW_OF(.run = never_run), true }, { ROW_OF(.out = out), false }, { ROW_OF(.run = never_run, .errors = "NO_SUCH"), false },
		{ { "GET", "/x", PERM_INVALID, 0, .status = 200, .summary = "x", .run = never_run }, false },
		{ { "POST", "/x", PERM_MEMBER, R_WRITE | R_OWN_TX, .status = 200, .summary = "x", .run = never_run }, false },
		{ ROW_OF(LISTS(good, numbered, query)), true }, { ROW_OF(LISTS(good, numbered, told)), true },
		{ ROW_OF(.out = out, .listing = &good, .query = query), false }, { ROW_OF(.out = out, .listing = &good, .paging = &numbered), false },
		{ ROW_OF(LISTS(everybody, numbered, query)), false }, { ROW_OF(LISTS(unsaid, numbered, query)), false }, { ROW_OF(LISTS(no_way, numbered, query)), false },
		{ ROW_OF(LISTS(hidden_too, numbered, query)), false }, { ROW_OF(LISTS(not_always, numbered, query)), false },
		{ ROW_OF(LISTS(of_all_parents, numbered, query)), false }, { ROW_OF(LISTS(of_seen_models, numbered, query)), true }, { ROW_OF(LISTS(of_no_models, numbered, query)), false },
		{ ROW_OF(LISTS(good, offset, query)), false }, { ROW_OF(LISTS(good, tokened, query)), false },
		{ ROW_OF(LISTS(good, numbered, no_order)), false }, { ROW_OF(LISTS(good, numbered, unbound)), false }, { ROW_OF(LISTS(good, numbered, zero)), false },
		{ ROW_OF(LISTS(good, numbered, boolean)), false }, { ROW_OF(LISTS(good, numbered, loose)), false }, { ROW_OF(LISTS(good, numbered, too_many)), false },
		{ ROW_OF(LISTS(good, numbered, no_filter)), false }, { ROW_OF(LISTS(good, numbered, refused)), false }, { ROW_OF(LISTS(good, numbered, words)), false },
		{ ROW_OF(.run = never_run, .in = refused), true }, { ROW_OF(.run = never_run, .in = inner_default), false },
		{ ROW_OF(.run = never_run, .out = out), true }, { ROW_OF(.run = never_run, .out = nameless), false },
		{ ROW_OF(.run = never_run, .out = inner_nameless), false }, { ROW_OF(.run = never_run, .in = nameless), false },
		{ ROW_OF(.object = RES_WORKSPACE, .out = out), false },       /* which one? */
		{ ROW_OF(.object = RES_WORKSPACE, .out = out, QUERY(two_names, struct query)), true },
		{ ROW_OF(.object = RES_WORKSPACE, .out = out, QUERY(three_names, struct query)), false },     /* a key has two parts */
		{ ROW_OF(.object = RES_WORKSPACE, .out = out, .change = NULL, .moves = { LIFE_WORKSPACE_UNARCHIVE }), false },
		{ { "POST", "/x/{id}", PERM_WORKSPACE_WRITE, R_WRITE, .status = 200, .summary = "x", .out = out, .object = RES_WORKSPACE, .moves = { LIFE_WORKSPACE_ARCHIVE } }, false },
		{ { "POST", "/x/{id}", PERM_WORKSPACE_WRITE, R_WRITE, .status = 200, .summary = "x", .out = out, .object = RES_WORKSPACE, .moves = { LIFE_WORKSPACE_ARCHIVE },
			.also = 202, .also_out = out }, true },
		{ { "POST", "/x/{id}", PERM_WORKSPACE_WRITE, R_WRITE, .status = 200, .summary = "x", .out = out, .object = RES_WORKSPACE, .moves = { LIFE_WORKSPACE_UNARCHIVE },
			.also = 202, .also_out = out }, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(v); i++)
		if (route_whole(&v[i].row) != v[i].whole)
			fail_msg("route %zu is %swhole", i, v[i].whole ? "not " : "");
}

/* ---- db.c ---- */

static void values_of_a_statement_stay_in_their_bounds(void **state)
{
	struct { struct values in; uint64_t behind; } *v = arena_alloc(a, sizeof *v);
	struct db_val some[300] = { { 0 } };

	(void)state;
	v->behind = 42;
	for (int i = 0; i < 4; i++)
		values_add(&v->in, some, i < 2 ? 300 : 3);
	assert_true(v->in.n > DB_PARAMETERS && v->behind == 42);
}

/* ---- document.c, by the rows of the Model API ---- */

static void model_apis_name_the_place(void **state)
{
	static const struct { const char *text, *message; } rows[] = {
		{ "{\"inputs\":[],\"outputs\":[]}", NULL },
		{ "{\"inputs\":[{\"type\":\"parameter\",\"name\":\"p\",\"dataType\":{\"type\":\"any\"}}],\"outputs\":[]}", NULL },
		{ "null", "modelApi must be an object, not null" },
		{ "{\"inputs\":null,\"outputs\":[]}", "inputs is required" },
		{ "{\"inputs\":[null],\"outputs\":[]}", "inputs[0] must be an object, not null" },
		{ "{\"inputs\":[],\"outputs\":[{\"type\":5}]}", "outputs[0].type must be one of tabular, parameter, unsupported" },
		{ "{\"inputs\":[{\"type\":\"parameter\",\"name\":\"p\",\"dataType\":{\"type\":\"map\",\"keyType\":{\"type\":\"string\"}}}],\"outputs\":[]}",
			"inputs[0].dataType.valueType is required" },
		{ "{\"inputs\":[{\"type\":\"parameter\",\"name\":\"p\",\"dataType\":{\"type\":\"any\"}},{\"type\":\"parameter\",\"name\":\"p\",\"dataType\":{\"type\":\"any\"}}],\"outputs\":[]}",
			"inputs[1].name repeats the name of an earlier one" },
		{ "{\"inputs\":[{\"type\":\"unsupported\",\"unsupportedType\":\"x\",\"params\":{\"a\":\"1\",\"b\":1}}],\"outputs\":[]}",
			"inputs[0].params.b must be a string, not a whole number" },
		/* What is unknown is let be, whatever it is called. */
		{ "{\"inputs\":[{\"type\":\"unsupported\",\"unsupportedType\":\"x\",\"params\":{},\"name\":null}],\"outputs\":[]}", NULL },
		{ "{\"inputs\":[{\"type\":\"unsupported\",\"unsupportedType\":\"x\",\"params\":{},\"name\":5},"
			"{\"type\":\"unsupported\",\"unsupportedType\":\"x\",\"params\":{},\"name\":5}],\"outputs\":[]}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tx tx = { .arena = a };
		enum err e = modelapi_check(&tx, rows[i].text);
		const struct why_item *why = &tx.why.items[0];

		assert_int_equal(e, rows[i].message ? ERR_MODEL_API : OK);
		assert_int_equal(tx.why.n, rows[i].message != NULL);
		if (e)
			assert_text(arena_printf(a, "%s %s", why->field, why->reason), rows[i].message);
	}
}

static void model_apis_have_a_most(void **state)
{
	static char text[MODELAPI_MOST + 2] = "{\"inputs\":[],\"outputs\":[]}";
	struct tx tx = { .arena = a };

	(void)state;
	memset(text + strlen(text), ' ', MODELAPI_MOST - strlen(text));
	assert_int_equal(modelapi_check(&tx, text), OK);
	text[MODELAPI_MOST] = ' ';
	assert_int_equal(modelapi_check(&tx, text), ERR_MODEL_API);
	assert_text(tx.why.items[0].code, "TooLarge");
	assert_text(tx.why.items[0].field, "modelApi");
	assert_text(tx.why.items[0].reason, "must have at most 262144 bytes as JSON");
}

static void model_apis_of_training_runs(void **state)
{
	struct tx tx = { .arena = a };

	(void)state;
	assert_text(modelapi_of_run(a, NULL, NULL), "{\"inputs\":[],\"outputs\":[]}");
	assert_text(modelapi_of_run(a, "[]", NULL), "{\"inputs\":[],\"outputs\":[]}");
	assert_int_equal(modelapi_check(&tx, modelapi_of_run(a, "[\"age\",\"plan\"]", "churned")), OK);
}

/* ---- OAuth (dom_oauth.c, and what it needs of str.c) ---- */

static void percent_encoding(void **state)
{
	struct buf b = { .arena = a };

	(void)state;
	assert_text(pct_encode(a, "aZ09-._~"), "aZ09-._~");
	assert_text(pct_encode(a, "a b+c&d=e/f?#%\"\n\xc3\xa9"), "a%20b%2Bc%26d%3De%2Ff%3F%23%25%22%0A%C3%A9");
	assert_text(pct_encode(a, ""), "");
	buf_puts(&b, "https://a/b");
	buf_param(&b, "none", NULL);
	assert_text(b.p, "https://a/b");
	buf_param(&b, "x", "1");
	buf_param(&b, "y", "&");
	assert_text(b.p, "https://a/b?x=1&y=%26");
	b = (struct buf){ .arena = a };
	buf_puts(&b, "https://a/b?");
	buf_param(&b, "x", "");
	assert_text(b.p, "https://a/b?x=");
	buf_param(&b, "a&x=1", "2");             /* a name that somebody sent */
	buf_param(&b, "t[k]", "3");
	assert_text(b.p, "https://a/b?x=&a%26x%3D1=2&t[k]=3");
}

static void redirects_that_may_be(void **state)
{
	static const char *const good[] = { "https://a.example/cb", "https://a.example", "https://a.example:8443/cb?x=1&y=/?", "http://127.0.0.1/cb",
		"http://127.0.0.1:8080", "http://[::1]:1/", "http://localhost/x", "https://[2001:db8::1]/cb", "org.example.app:/cb", "org.example.app:x" };
	static const char *const bad[] = { "", "/cb", "//a.example/", "a.example/cb", "https:", "https://", "https:///x", "https:/x", "https://a.example/#", "https://a b/",
		"https://a.example/\n", "HTTPS://a.example/", "http://a.example/", "http://127.0.0.1.a.example/", "http://127.0.0.10/", "http://localhost@a.example/",
		"https://a@b/", "https://a:/", "https://a:b/", "https://[]/", "https://[::1", "https://[::1]x/", "http://[::1].a.example/", "javascript:x", "app:/cb", "1.a:/cb", "org.example:", "https://a\\b/" };

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		if (redirect_fault(good[i]))
			fail_msg("%s %s", good[i], redirect_fault(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		if (!redirect_fault(bad[i]))
			fail_msg("%s is accepted", bad[i]);
	assert_text(redirect_host(a, "https://a.example:8443/cb?x"), "https://a.example:8443");
	assert_text(redirect_host(a, "https://a.example?x"), "https://a.example");
	assert_text(redirect_host(a, "org.example.app:/cb"), "org.example.app");
}

/* RFC 8252 7.3: any port of a loopback address, and nothing else that differs. */
static void redirects_to_this_machine(void **state)
{
	const struct client c = { .redirect_uris = "[\"http://127.0.0.1:9000/callback\",\"http://[::1]/cb?x=1\",\"http://localhost/\","
		"\"https://app.example:8443/cb\",\"https://127.0.0.1/tls\"]" };
	static const char *const yes[] = { "http://127.0.0.1:9000/callback", "http://127.0.0.1:51004/callback", "http://127.0.0.1/callback",
		"http://127.0.0.1:1/callback", "http://127.0.0.1:65535/callback", "http://[::1]:8080/cb?x=1", "http://[::1]/cb?x=1", "http://localhost:3000/",
		"https://app.example:8443/cb", "https://127.0.0.1/tls" };
	static const char *const no[] = { "http://127.0.0.1:9000/Callback", "http://127.0.0.1:9000/callback/", "http://127.0.0.1:9000/callback?a=b",
		"http://127.0.0.1:0/callback", "http://127.0.0.1:65536/callback", "http://127.0.0.1:99999999999999999999/callback",
		"http://127.0.0.1:/callback", "http://127.0.0.1:90x/callback", "http://127.0.0.1:9000@evil.example/callback", "http://127.0.0.1.evil.example/callback",
		"http://127.0.0.1:9000.evil.example/callback", "http://127.0.0.2/callback", "http://localhost:9000/callback", "http://[::1]:9000/callback",
		"http://[::1]:8080/cb?x=2", "http://[::1]:8080/cb", "http://localhost", "https://127.0.0.1:9000/callback", "https://127.0.0.1:1/tls",
		"http://127.0.0.1/tls", "https://app.example/cb", "https://app.example:8444/cb", "http://app.example:8443/cb", "http:", "" };

	(void)state;
	for (size_t i = 0; i < COUNT(yes); i++)
		if (!client_redirects(a, &c, yes[i]))
			fail_msg("%s is refused", yes[i]);
	for (size_t i = 0; i < COUNT(no); i++)
		if (client_redirects(a, &c, no[i]))
			fail_msg("%s is accepted", no[i]);
}

static void scopes_are_within(void **state)
{
	(void)state;
	assert_text(scopes_within(a, "a b c", "c a"), "c a");
	assert_text(scopes_within(a, "a b c", "  b  b offline_access "), "b");
	assert_text(scopes_within(a, "a b c", NULL), "a b c");
	assert_text(scopes_within(a, "a b c", " "), "a b c");
	assert_null(scopes_within(a, "a b c", "offline_access"));
	assert_null(scopes_within(a, "a b c", " offline_access  offline_access"));
	assert_null(scopes_within(a, "a b c", "a d"));
	assert_null(scopes_within(a, "ab", "a"));
}

/* RFC 7636, appendix B. */
static void pkce_vectors(void **state)
{
	char text[130];

	(void)state;
	assert_text(pkce_challenge(a, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
	memset(text, 'x', sizeof text);
	for (size_t n = 0; n < sizeof text; n++) {
		text[n] = '\0';
		assert_int_equal(pkce_valid(text), n >= 43 && n <= 128);
		text[n] = 'x';
	}
	strcpy(text + 42, "+");
	assert_false(pkce_valid(text));
	strcpy(text + 42, "~");
	assert_true(pkce_valid(text));
}

/* ---- file.c ---- */

static const char *in_key_dir(const char *name)
{
	return arena_printf(a, "%s/%s", key_dir, name);
}

static void content_is(const char *path, const char *want)
{
	char got[32] = "";
	FILE *f = fopen(path, "r");
	struct stat st;

	assert_non_null(f);
	assert_int_equal(fread(got, 1, sizeof got - 1, f), strlen(want));
	assert_int_equal(fclose(f), 0);
	assert_string_equal(got, want);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_nlink, 1);
}

static void files_are_written_whole(void **state)
{
	const char *path = in_key_dir("written"), *link = in_key_dir("link");

	(void)state;
	assert_int_equal(file_write(path, "one", 3, getuid(), getgid(), false), 0);
	content_is(path, "one");
	assert_int_equal(file_write(path, "second", 6, getuid(), getgid(), false), 0);
	content_is(path, "second");
	assert_int_equal(file_write(path, "third", 5, getuid(), getgid(), true), 0);
	content_is(path, "second");              /* who comes second keeps the first one's */
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(file_write(link, "own", 3, getuid(), getgid(), false), 0);
	content_is(link, "own");                 /* a link is replaced, not followed */
	content_is(path, "second");
	assert_int_equal(file_write(in_key_dir("none/written"), "x", 1, getuid(), getgid(), false), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(unlink(path) | unlink(link), 0);
	assert_int_equal(rmdir(key_dir), 0);     /* nothing else was left */
	assert_int_equal(mkdir(key_dir, 0700), 0);
}

static void directories_of_our_own(void **state)
{
	const char *dir = in_key_dir("own");
	int fd = file_own_dir(dir);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(chmod(dir, 0770), 0);
	assert_int_equal(file_own_dir(dir), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(rmdir(dir), 0);
}

/* ---- res.c ---- */

static void answers_have_all_their_headers(void **state)
{
	enum { MANY = 100 };
	struct req r = { .arena = a };

	(void)state;
	for (int i = 0; i < MANY; i++)
		res_header(&r, arena_printf(a, "X-%d", i), arena_printf(a, "%d", i));
	assert_int_equal(r.res.nheaders, MANY);
	for (int i = 0; i < MANY; i++) {
		assert_string_equal(r.res.headers[i].name, arena_printf(a, "X-%d", i));
		assert_string_equal(r.res.headers[i].value, arena_printf(a, "%d", i));
	}
}

/* ---- rate.c ---- */

enum { FLOOD = 400000 };                         /* keys: many times the slots there are */

static const char *key_no(int i)
{
	static char key[32];

	snprintf(key, sizeof key, "key %d", i);
	return key;
}

/* At the first second of a minute, with counters that are all of the past. */
static void fresh_counters(void)
{
	conf.run_dir = key_dir;
	seconds_ahead += 2 * RATE_MINUTE - clock_mono() / SECOND % RATE_MINUTE;
}

static int taken(enum rate_of of, const char *key, int64_t limit, int times)
{
	struct rate rate;
	int n = 0;

	while (times--)
		n += rate_take(of, key, limit, RATE_MINUTE, &rate);
	return n;
}

static void rates_end_with_their_minute(void **state)
{
	struct rate rate;
	struct stat st;

	(void)state;
	fresh_counters();
	for (int of = RATE_KNOWN; of <= RATE_TOLD; of++) {
		fresh_counters();
		assert_int_equal(taken((enum rate_of)of, "ada", 3, 5), 3);
		assert_int_equal(taken((enum rate_of)of, "bob", 3, 1), 1);
		assert_false(rate_take((enum rate_of)of, "ada", 3, RATE_MINUTE, &rate));
		assert_true(rate.limit == 3 && rate.remaining == 0 && rate.reset_s > 55 && rate.reset_s <= 60);
		seconds_ahead += 50;
		assert_int_equal(taken((enum rate_of)of, "ada", 3, 1), 0);
		seconds_ahead += 10;
		assert_int_equal(taken((enum rate_of)of, "ada", 3, 5), 3);
	}
	fresh_counters();
	assert_int_equal(taken(RATE_KNOWN, "ada", INT64_C(1) << 60, 3), 3);        /* no limit is too large */
	rate_learn("ada", 4);
	assert_int_equal(taken(RATE_KNOWN, "ada", 3, 5), 1);
	assert_int_equal(stat(arena_printf(a, "%s/rate", key_dir), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void rates_are_not_pushed_out(void **state)
{
	static const enum rate_of both[] = { RATE_KNOWN, RATE_STRANGER };

	(void)state;
	for (int i = 0; i < 2; i++) {
		fresh_counters();
		assert_int_equal(taken(both[i], "at its limit", 30, 30), 30);
		assert_int_equal(taken(both[i], "near it", 30, 29), 29);
		for (int k = 0; k < FLOOD; k++)
			taken(both[i], key_no(k), 30, 1);
		assert_int_equal(taken(both[i], "at its limit", 30, 1), 0);
		assert_int_equal(taken(both[i], "near it", 30, 2), 1);
		seconds_ahead += RATE_MINUTE;
		assert_int_equal(taken(both[i], "at its limit", 30, 1), 1);
	}
}

/* When all places are taken by counters at their limits. */
static void rates_of_a_full_table(void **state)
{
	int known = 0, strangers = 0;

	(void)state;
	fresh_counters();
	for (int k = 0; k < FLOOD; k++) {
		taken(RATE_KNOWN, key_no(k), 1, 1);
		taken(RATE_STRANGER, key_no(k), 1, 1);
	}
	for (int k = 0; k < 1000; k++) {
		known += taken(RATE_KNOWN, key_no(FLOOD + k), 1, 2);
		strangers += taken(RATE_STRANGER, key_no(FLOOD + k), 1, 2);
	}
	assert_int_equal(known, 2000);           /* nobody who is known is kept out for others */
	assert_int_equal(strangers, 0);          /* no guess goes uncounted */
	fresh_counters();
	for (int k = 0; k < FLOOD; k++)
		taken(RATE_TOLD, key_no(k), 1, 1);
	assert_int_equal(taken(RATE_KNOWN, "ada", 1, 2), 1);
}

static void rates_given_back(void **state)
{
	(void)state;
	fresh_counters();
	rate_give("ada", RATE_MINUTE);           /* of nothing, nothing */
	assert_int_equal(taken(RATE_STRANGER, "ada", 3, 3), 3);
	rate_give("ada", RATE_MINUTE);
	assert_int_equal(taken(RATE_STRANGER, "ada", 3, 3), 1);
	rate_clear("ada", RATE_MINUTE);
	assert_int_equal(taken(RATE_STRANGER, "ada", 3, 4), 3);
	assert_false(rate_marked("ada at home", RATE_DAY));
	rate_mark("ada at home", RATE_DAY);
	seconds_ahead += RATE_DAY - RATE_MINUTE;
	assert_true(rate_marked("ada at home", RATE_DAY));
	for (int k = 0; k < FLOOD; k++)
		taken(RATE_STRANGER, key_no(k), 30, 1);
	assert_true(rate_marked("ada at home", RATE_DAY));
	seconds_ahead += RATE_MINUTE;
	assert_false(rate_marked("ada at home", RATE_DAY));
}

static void addresses_are_counted_by_network(void **state)
{
	static const char *const of[][2] = { { "192.0.2.7", "192.0.2.7" }, { "::ffff:192.0.2.7", "192.0.2.7" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" }, { "2001:DB8:1:2::9", "2001:db8:1:2::/64" }, { "2001:db8:1:3::9", "2001:db8:1:3::/64" },
		{ "::1", "::/64" }, { "192.0.2.7:4711", "192.0.2.7" }, { "[2001:db8:1:2::9]:4711", "2001:db8:1:2::/64" }, { "unix:", "unix:" }, { "unix:x", "unix:x" }, { "[", "[" }, { "", "" } };

	(void)state;
	for (size_t i = 0; i < COUNT(of); i++)
		assert_string_equal(net_of(a, of[i][0]), of[i][1]);
}

/* ---- multipart.c ---- */

#define FORM "multipart/form-data; boundary="
#define PART_NAMED(parameters) "Content-Disposition: form-data; " parameters "\r\n"
#define PART(parameters, bytes) "--x\r\n" PART_NAMED(parameters) "\r\n" bytes "\r\n"
#define EPILOGUE "\r\nan epilogue\r\n--x\r\n"
#define WHOLE_FORM "a preamble\r\n" PART("name=\"title\"", "two\r\nlines") \
	"--x \t\r\n" "X-Other: 1\r\ncontent-type:\tapplication/zip \r\n" PART_NAMED("name=file; filename=\"a\\\"b%22c.zip\"") "\r\n" "PK\0\r\n--\r\n-x\r\n--y\r\n" \
	PART("name=\"none\"; filename=\"\"", "") "--x--" EPILOGUE

static struct part *parts;
static size_t parts_n;
static const char *why;

#define parse_text(type, text) parse_form(type, text, sizeof text - 1)

static enum err parse_form(const char *type, const char *body, size_t n)
{
	parts = NULL;
	parts_n = 0;
	why = NULL;
	return multipart_parse(a, type, body, n, &parts, &parts_n, &why);
}

static void part_is(size_t i, const char *name, const char *filename, const char *type, const char *bytes, size_t n)
{
	assert_text(parts[i].name, name);
	assert_text(parts[i].filename, filename);
	assert_text(parts[i].type, type);
	assert_int_equal(parts[i].n, n);
	assert_memory_equal(parts[i].bytes, bytes, n);
}

static void forms_are_read(void **state)
{
	static const char body[] = WHOLE_FORM;
	static const char *const types[] = { FORM "x", FORM "\"x\"", "Multipart/Form-Data ;charset=utf-8; ;Boundary=x ;" };

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		assert_int_equal(parse_text(types[i], body), OK);
		assert_int_equal(parts_n, 3);
		part_is(0, "title", "(NULL)", "(NULL)", "two\r\nlines", 10);
		part_is(1, "file", "a\"b\"c.zip", "application/zip", "PK\0\r\n--\r\n-x\r\n--y", 16);
		part_is(2, "none", "", "(NULL)", "", 0);
		assert_true(parts[1].bytes > body && parts[1].bytes < body + sizeof body);       /* no copy */
	}
	assert_int_equal(parse_text(FORM "x", "--x--"), OK);
	assert_int_equal(parts_n, 0);
	/* RFC 2046: the line end that would begin the bytes is the boundary's where there are none. */
	assert_int_equal(parse_text(FORM "x", "--x\r\n" PART_NAMED("name=a") "\r\n--x\r\n" PART_NAMED("name=b") "\r\nB\r\n--x--"), OK);
	assert_int_equal(parts_n, 2);
	part_is(0, "a", "(NULL)", "(NULL)", "", 0);
	part_is(1, "b", "(NULL)", "(NULL)", "B", 1);
}

static void names_of_forms_are_decoded(void **state)
{
	static const char *const of[][2] = { { "\"a\"", "a" }, { "a", "a" }, { "\"\"", "" }, { "\"a b;c=d\"", "a b;c=d" }, { "\"%22%0d%0A\"", "\"\r\n" },
		{ "\"100%25%41%2\"", "100%25%41%2" }, { "100%22", "100%22" }, { "\"\\\"\\\\\"", "\"\\" }, { "\"C:\\dir\\new.zip\"", "C:\\dir\\new.zip" },
		{ "\"../\xc3\xbc.zip\"", "../\xc3\xbc.zip" }, { "\"x\"; filename*=UTF-8''y", "x" }, { "\"x\" ; other=1;", "x" } };

	(void)state;
	for (size_t i = 0; i < COUNT(of); i++) {
		char *body = arena_printf(a, "--x\r\n" PART_NAMED("name=n; filename=%s") "\r\n\r\n--x--", of[i][0]);

		assert_int_equal(parse_form(FORM "x", body, strlen(body)), OK);
		assert_text(parts[0].filename, of[i][1]);
	}
}

static void boundaries_of_forms(void **state)
{
	static const struct { const char *type; enum err is; } rows[] = { { NULL, ERR_MEDIA_TYPE }, { "", ERR_MEDIA_TYPE }, { "application/json", ERR_MEDIA_TYPE },
		{ "multipart/form-data2; boundary=x", ERR_MEDIA_TYPE }, { "multipart/mixed; boundary=x", ERR_MEDIA_TYPE }, { "multipart/form-data", ERR_REQUEST },
		{ FORM, ERR_REQUEST }, { FORM "\"\"", ERR_REQUEST }, { FORM "\"x", ERR_REQUEST }, { FORM "x y", ERR_REQUEST }, { FORM "\"x \"", ERR_REQUEST },
		{ FORM "x; boundary=x", ERR_REQUEST }, { FORM "\"x\\x\"", ERR_REQUEST }, { FORM "\"x\\", ERR_REQUEST }, { FORM "x*", ERR_REQUEST }, { FORM "x\r\n", ERR_REQUEST },
		{ FORM "\xc3\xbc", ERR_REQUEST }, { "multipart/form-data, boundary=x", ERR_MEDIA_TYPE }, { "multipart/form-data boundary=x", ERR_REQUEST },
		{ "multipart/form-data; boundary =x", ERR_REQUEST } };
	char own[72];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(parse_text(rows[i].type, "--x--"), rows[i].is);
		assert_true(rows[i].is == ERR_MEDIA_TYPE || why);
	}
	memset(own, '=', sizeof own);
	for (int n = 70; n <= 71; n++) {
		char *body = arena_printf(a, "--%.*s--", n, own);

		assert_int_equal(parse_form(arena_printf(a, FORM "%.*s", n, own), body, strlen(body)), n == 70 ? OK : ERR_REQUEST);
	}
	assert_int_equal(parse_text(FORM "\"x \"", "--x --"), ERR_REQUEST);
	assert_int_equal(parse_text(FORM "\"'()+_,-./:=? x\"", "--'()+_,-./:=? x--"), OK);
}

static void forms_that_are_malformed(void **state)
{
	static const char *const bad[] = { "", "--", "--x", "--x\r\n", "--x--x", "--x--\n", "--x-\r\n", "--xy\r\n" PART_NAMED("name=a") "\r\n\r\n--x--",
		" --x--", "\n--x--", "--y--", "--x\n" PART_NAMED("name=a") "\r\n\r\n--x--", PART("name=a", ""), PART("name=a", "") "--x", PART("name=a", "") "--x-",
		PART("name=a", "") "--x--y", PART("name=a", "") "--x--\n", PART("name=a", "\r\n--xy") "--x--", "--x\r\n\r\n\r\n--x--", "--x\r\n--x--",
		"--x\r\n" PART_NAMED("name=a") "--x--", "--x\r\n" PART_NAMED("name=a") "\n\r\n--x--", "--x\r\n" PART_NAMED("name=a") "\r\r\n--x--",
		PART("filename=a", "") "--x--", PART("name=\"\"", "") "--x--", PART("name=", "") "--x--", PART("name", "") "--x--", PART("name=\"a", "") "--x--",
		PART("name=\"a\\\"", "") "--x--", PART("name=\"a\\", "") "--x--", PART("name=a; name=a", "") "--x--", PART("name=a; filename=a; FileName=a", "") "--x--",
		PART("name=\"a\"b", "") "--x--", PART("name=a b", "") "--x--", PART("name=\xff", "") "--x--", PART("name=\"a\nb\"", "") "--x--",
		PART("name=a;\r\n filename=b", "") "--x--", PART("name=a\r\n" PART_NAMED("name=a"), "") "--x--",
		"--x\r\nContent-Disposition: attachment; name=a\r\n\r\n\r\n--x--", "--x\r\nContent-Type: text/plain\r\n\r\n\r\n--x--",
		PART("name=a\r\nContent-Type: a/b\r\nContent-Type: a/b", "") "--x--", PART("name=a\r\nContent-Transfer-Encoding: base64", "") "--x--",
		PART("name=a\r\nno header", "") "--x--", PART("name=a\r\n: none", "") "--x--", PART("name=a\r\nX : none", "") "--x--" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (parse_form(FORM "x", bad[i], strlen(bad[i])) != ERR_REQUEST)
			fail_msg("%s", bad[i]);
		assert_non_null(why);
	}
	assert_int_equal(parse_text(FORM "x", "--x\r\nX: \0\r\n" PART_NAMED("name=a") "\r\n\r\n--x--"), ERR_REQUEST);
	assert_int_equal(parse_form(FORM "x", NULL, 0), ERR_REQUEST);
	assert_int_equal(parse_text(FORM "x", PART("name=a;\r\n filename=b", "") "--x--"), ERR_REQUEST);
	assert_text(why, "part 1: a header is folded");
	assert_int_equal(parse_text(FORM "x", PART("name=a\r\nContent-Transfer-Encoding: Binary", "") "--x--"), OK);
}

static void forms_have_a_most(void **state)
{
	struct buf b = { .arena = a };
	static const char start[] = PART_NAMED("name=a") "X: ";

	(void)state;
	for (int i = 0; i < 256; i++)
		buf_puts(&b, PART("name=a", "1"));
	assert_int_equal(parse_form(FORM "x", arena_printf(a, "%s--x--", b.p), b.n + 5), OK);
	assert_int_equal(parts_n, 256);
	part_is(255, "a", "(NULL)", "(NULL)", "1", 1);
	buf_puts(&b, PART("name=a", "1") "--x--");
	assert_int_equal(parse_form(FORM "x", b.p, b.n), ERR_REQUEST);
	assert_text(why, "part 257: at most 256 parts are allowed");
	for (int more = 0; more <= 1; more++) {  /* 8 KiB with the empty line */
		char *body = arena_printf(a, "--x\r\n%s%*s\r\n\r\n\r\n--x--", start, 8192 - 4 - (int)strlen(start) + more, "1");

		assert_int_equal(parse_form(FORM "x", body, strlen(body)), more ? ERR_REQUEST : OK);
	}
	assert_text(why, "part 1: its headers have more than 8 KiB");
}

/* Given a body that ends where the memory does; whatever is said, it is within. */
static enum err parse_at_the_end(char *end, const char *type, const char *body, size_t n)
{
	char *at = end - n;
	enum err e;

	memcpy(at, body, n);
	e = parse_form(type, at, n);
	assert_true(e == OK || e == ERR_REQUEST || e == ERR_MEDIA_TYPE);
	assert_true((e == ERR_REQUEST) == !!why);
	for (size_t i = 0; e == OK && i < parts_n; i++) {
		assert_true(parts[i].bytes >= at && parts[i].bytes <= end && parts[i].n <= (size_t)(end - parts[i].bytes));
		assert_true(*parts[i].name && utf8_valid(parts[i].name, strlen(parts[i].name)));
	}
	arena_reset(a);
	return e;
}

static void broken_forms_are_read_within(void **state)
{
	static const char whole[] = WHOLE_FORM, type[] = FORM "\"x\"; a=b";
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), n = sizeof whole - 1, closed = n - strlen(EPILOGUE);
	char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *end = memory + page, *copy = test_malloc(n);

	(void)state;
	assert_true(memory != MAP_FAILED && n < page);
	assert_int_equal(mprotect(end, page, PROT_NONE), 0);
	for (size_t i = 0; i <= n; i++)          /* the line of the last boundary ends with it, or whole */
		assert_int_equal(parse_at_the_end(end, type, whole, i), i == closed || i >= closed + 2 ? OK : ERR_REQUEST);
	for (size_t i = 0; i < n * 8; i++) {
		memcpy(copy, whole, n);
		copy[i / 8] ^= (char)(1 << i % 8);
		parse_at_the_end(end, type, copy, n);
		copy[i / 8] = (char)(i % 8 ? "\r\n-:;\"\\"[i % 8 - 1] : '\0');
		parse_at_the_end(end, type, copy, n);
	}
	for (size_t i = 0; i < (sizeof type - 1) * 8; i++) {
		char other[sizeof type];

		memcpy(other, type, sizeof type);
		other[i / 8] ^= (char)(1 << i % 8);
		parse_at_the_end(end, other, whole, n);
	}
	test_free(copy);
	assert_int_equal(munmap(memory, 2 * page), 0);
}

/* ---- mlpkg.c ---- */

static const struct mlpkg_file packed[] = { { "model.json", "{\"a\":1}", 7 }, { "empty", "", 0 }, { "data/\xc3\xbc.bin", NULL, 3000000 }, { "a/..b", "\0\1", 2 } };
enum { BIG = 2 };
static struct mlpkg_file files[COUNT(packed)];

/* The big one of zeros, or of what no one can deflate. */
static void fill_files(bool noise)
{
	unsigned char *bytes = arena_alloc(a, packed[BIG].n);
	uint32_t x = 1;

	for (size_t i = 0; noise && i < packed[BIG].n; i++)
		bytes[i] = (unsigned char)((x = x * 1664525 + 1013904223) >> 24);
	memcpy(files, packed, sizeof files);
	files[BIG].bytes = bytes;
}

static void reads_back(const unsigned char *zip, size_t n)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0), before = uselocale(utf8);     /* C has not all letters */
	struct archive *z = archive_read_new();
	struct archive_entry *e;

	assert_int_equal(archive_read_support_format_zip_seekable(z), ARCHIVE_OK);
	assert_int_equal(archive_read_open_memory(z, zip, n), ARCHIVE_OK);
	for (size_t i = 0; i < COUNT(files); i++) {
		char *bytes = arena_alloc(a, files[i].n + 1);

		assert_int_equal(archive_read_next_header(z, &e), ARCHIVE_OK);
		assert_string_equal(archive_entry_pathname(e), files[i].name);
		assert_int_equal(archive_entry_mode(e), AE_IFREG | 0644);
		assert_int_equal(archive_entry_size(e), files[i].n);
		assert_int_equal(archive_entry_uid(e) + archive_entry_gid(e), 0);
		assert_int_equal(archive_read_data(z, bytes, files[i].n + 1), files[i].n);
		assert_memory_equal(bytes, files[i].bytes, files[i].n);
		assert_int_equal(archive_read_data(z, bytes, 1), 0);     /* the sum was right */
	}
	assert_int_equal(archive_read_next_header(z, &e), ARCHIVE_EOF);
	assert_int_equal(archive_read_free(z), ARCHIVE_OK);
	uselocale(before);
	freelocale(utf8);
}

/* Its directory stands at its end (APPNOTE 4.3.16), and says that all is deflated and names are UTF-8. */
static void is_listed(const unsigned char *zip, size_t n)
{
	const unsigned char *end = zip + n - 22, *at;

	assert_memory_equal(end, "PK\5\6\0\0\0\0", 8);
	assert_int_equal(end[8] | end[9] << 8, COUNT(files));
	assert_int_equal(end[10] | end[11] << 8, COUNT(files));
	assert_int_equal(end[20] | end[21], 0);
	at = zip + (end[16] | end[17] << 8 | end[18] << 16 | (uint32_t)end[19] << 24);
	for (size_t i = 0; i < COUNT(files); i++) {
		assert_memory_equal(at, "PK\1\2", 4);
		assert_int_equal(at[9] >> 3 & 1, i == BIG);
		assert_int_equal(at[10] | at[11] << 8, 8);
		assert_memory_equal(at + 12, "\0\0\x21\0", 4);           /* midnight, 1 January 1980 */
		assert_memory_equal(at + 46, files[i].name, strlen(files[i].name));
		at += 46 + (at[28] | at[29] << 8) + (at[30] | at[31] << 8) + (at[32] | at[33] << 8);
	}
	assert_ptr_equal(at, end);
}

static void archives_are_written(void **state)
{
	(void)state;
	for (int noise = 0; noise <= 1; noise++) {
		unsigned char *zip, *again, *none = NULL;
		size_t n, n_again;

		fill_files(noise);
		assert_int_equal(mlpkg_write(files, COUNT(files), SIZE_MAX, &zip, &n), OK);
		assert_true(noise ? n > packed[BIG].n : n < 8000);
		reads_back(zip, n);
		is_listed(zip, n);
		assert_int_equal(setenv("TZ", "Asia/Tokyo", 1), 0);
		tzset();
		umask(umask(0) ^ 077);
		assert_int_equal(mlpkg_write(files, COUNT(files), n, &again, &n_again), OK);
		umask(umask(0) ^ 077);
		assert_int_equal(unsetenv("TZ"), 0);
		tzset();
		assert_int_equal(n_again, n);
		assert_memory_equal(again, zip, n);
		for (size_t most = n; most--; most = most / 3)
			assert_int_equal(mlpkg_write(files, COUNT(files), most, &none, &n_again), ERR_TOO_LARGE);
		assert_null(none);
		free(zip);
		free(again);
	}
}

static void names_that_no_archive_has(void **state)
{
	static const char *const bad[] = { "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/./b", "a\\b", "a\xff" };
	unsigned char *zip = NULL;
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(mlpkg_write(&(struct mlpkg_file){ bad[i], "", 0 }, 1, 1000, &zip, &n), ERR_INTERNAL);
	assert_null(zip);
	assert_int_equal(mlpkg_write(NULL, 0, 22, &zip, &n), OK);
	assert_int_equal(n, 22);
	assert_memory_equal(zip, "PK\5\6\0\0\0\0", 8);
	free(zip);
}

/* ---- search.c ---- */

static const struct search_key of_models[] = {
	{ .name = "name", .takes = SEARCH_TEXT | SEARCH_LIST | SEARCH_ORDER },
	{ .name = "timestamp", .takes = SEARCH_ORDER }, { .name = "last_updated_timestamp", .takes = SEARCH_ORDER, .same = "timestamp" }, { 0 } };
static const struct search_key of_versions[] = {
	{ .name = "name", .takes = SEARCH_TEXT | SEARCH_LIST | SEARCH_ORDER }, { .name = "run_id", .takes = SEARCH_TEXT | SEARCH_LIST },
	{ .name = "source_path", .takes = SEARCH_TEXT }, { .name = "version_number", .takes = SEARCH_NUMBER | SEARCH_ORDER, .number = true },
	{ .name = "creation_timestamp", .takes = SEARCH_ORDER }, { 0 } };

/* The clauses, each behind a `|`: `tag` before the key of one, the key, the operator, the values in brackets, the number after #. */
static const char *clauses(const struct search *s)
{
	static const char *const ops[] = { "=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE", "IN", "NOT IN" };
	struct buf b = { .arena = a };

	buf_puts(&b, "");
	for (const struct search_clause *c = s->clauses; c < s->clauses + s->n; c++) {
		buf_printf(&b, "%s%s%s %s ", b.n ? "|" : "", c->entity == SEARCH_TAG ? "tag " : "", c->key, ops[c->op]);
		for (size_t i = 0; i < c->count; i++)
			buf_printf(&b, "[%s]", c->values[i]);
		if (c->number)
			buf_printf(&b, "#%d", (int)c->number);
	}
	return b.p;
}

static const char *filtered(const struct search_key *keys, const char *text)
{
	struct search s;
	const char *fault = search_filter(a, text, keys, &s);

	return fault ? fault : clauses(&s);
}

static void filters_are_read(void **state)
{
	static const struct { const char *text, *clauses; } rows[] = {
		{ NULL, "" }, { "", "" }, { " \t\r\n", "" },
		{ "name = 'a'", "name = [a]" }, { "attribute.name='a'", "name = [a]" }, { "name\n=\n\"a\"", "name = [a]" },
		{ "name = ''", "name = []" }, { "name != 'a'", "name != [a]" }, { "name='\xc3\xa9 \xf0\x9f\x98\x80'", "name = [\xc3\xa9 \xf0\x9f\x98\x80]" },
		{ "name='a\n\x01'", "name = [a\n\x01]" }, { "name = 'a AND (b); -- c'", "name = [a AND (b); -- c]" },
		{ "name LIKE 'a%'", "name LIKE [a%]" }, { "name like 'a'", "name LIKE [a]" }, { "name iLike 'a'", "name ILIKE [a]" },
		/* nothing escapes, but a quote doubled is one */
		{ "name = \"it's\"", "name = [it's]" }, { "name = 'it''s'", "name = [it's]" }, { "name = \"a\"\"b\"", "name = [a\"b]" },
		{ "name = ''''", "name = [']" }, { "name = 'a\\'", "name = [a\\]" }, { "name = 'a\"b'", "name = [a\"b]" },
		/* lists */
		{ "name IN ('a')", "name IN [a]" }, { "name in('a',\"b\")", "name IN [a][b]" }, { "name IN ( 'a' , 'b' , )", "name IN [a][b]" },
		{ "run_id NOT IN ('a')", "run_id NOT IN [a]" }, { "name not  in ('a')", "name NOT IN [a]" },
		{ "name IN ('a')AND run_id='b'", "name IN [a]|run_id = [b]" },
		/* tags */
		{ "tag.k = 'v'", "tag k = [v]" }, { "tags.k='v'", "tag k = [v]" }, { "tags.a.b != ''", "tag a.b != []" }, { "tags.1_a LIKE '_'", "tag 1_a LIKE [_]" },
		{ "tags.`a b`='v'", "tag a b = [v]" }, { "tags.'a-b'='v'", "tag a-b = [v]" }, { "tags.\"a:b\" ILIKE 'v'", "tag a:b ILIKE [v]" },
		{ "tag.`name`='v'", "tag name = [v]" }, { "tags.and='v'", "tag and = [v]" }, { "tags.Key='v'", "tag Key = [v]" }, { "tags.\xc3\xa9='v'", "tag \xc3\xa9 = [v]" },
		/* numbers */
		{ "version_number = 1", "version_number = [1]#1" }, { "version_number<'12'", "version_number < [12]#12" },
		{ "version_number >= \"3\"", "version_number >= [3]#3" }, { "version_number != -1", "version_number != [-1]#-1" },
		{ "version_number = 007", "version_number = [007]#7" }, { "version_number > 0", "version_number > [0]" },
		/* several, of one key too; an AND too many is none */
		{ "name='a' AND tags.k='v'", "name = [a]|tag k = [v]" }, { "name='a'and name!='b'", "name = [a]|name != [b]" },
		{ "version_number > 3 and version_number<= 5", "version_number > [3]#3|version_number <= [5]#5" },
		{ "tags.k LIKE 'a%' AND tags.k != 'ab' AND tag.k LIKE '%c'", "tag k LIKE [a%]|tag k != [ab]|tag k LIKE [%c]" },
		{ "name='a' AND", "name = [a]" }, { "name='a' AND AND tag.k='v'", "name = [a]|tag k = [v]" }, { "  AND tag.k='v'", "tag k = [v]" }, { "and", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_text(filtered(of_versions, rows[i].text), rows[i].clauses);
	assert_text(filtered(of_models, "name IN ('a') AND tags.k='v'"), "name IN [a]|tag k = [v]");
}

#define CLAUSE "Invalid clause(s) in filter string: "
#define KEYS_ARE "' specified. Valid keys are '{'name', 'run_id', 'source_path', 'version_number'}'"
#define UNQUOTED(x) "Parameter value is either not quoted or unidentified quote types used for string value " x ". Use either single or double quotes."
#define ENTITY(x) "Invalid entity type '" x "'. Valid entity types are ('attribute', 'tag', 'tags')"
#define LISTS_ARE "Only ['name', 'run_id'] attributes support comparison with a list of quoted string values."
#define WHOLE(x) "Invalid value for attribute 'version_number': " x " is not a 64-bit integer."

static void filters_that_are_refused(void **state)
{
	static const struct { const char *text, *fault; } rows[] = {
		/* what is no clause */
		{ "name", CLAUSE "name" }, { "name =", CLAUSE "name =" }, { "= 'a'", CLAUSE "=" }, { "name ! = 'a'", "Invalid comparator for attribute: !" },
		{ "name='a' OR name='b'", CLAUSE "OR" }, { "NOT name='a'", CLAUSE "NOT" }, { "or", CLAUSE "or" }, { "(name='a')", CLAUSE "(" },
		{ "name='a' name='b'", CLAUSE "name" }, { "name='a', name='b'", CLAUSE "," }, { "name = 'a' 'b'", CLAUSE "'b'" }, { "name='a')", CLAUSE ")" },
		{ "name='a' -- b", CLAUSE "--" }, { "name='a' /* b */", CLAUSE "/*" }, { "name='a' # b", CLAUSE "#" },
		{ "name='a';", CLAUSE ";" }, { "name='a'; ", CLAUSE ";" }, { "name='it's'", CLAUSE "s" },
		{ "name='a'; name='b'", "Search filter contained multiple expression \"name='a'; name='b'\". Provide AND-ed expression list." },
		{ "name = 'a", CLAUSE "name = 'a" }, { "name = \"a'", CLAUSE "name = \"a'" }, { "name = 'a''", CLAUSE "name = 'a''" }, { "'", CLAUSE "'" },
		{ "tags.`k = 'v'", CLAUSE "tags.`k = 'v'" }, { "tags. k = 'v'", CLAUSE "tags." }, { "tags.='v'", CLAUSE "tags." },
		{ "tags.a-b='v'", CLAUSE "tags.a-b" }, { "tags.a/b='v'", CLAUSE "tags.a/b" }, { "tags.a\x01='v'", CLAUSE "tags.a\x01" }, { "tags.k.`a`='v'", CLAUSE "tags.k.`a`" },
		/* keys */
		{ "x = 'a'", "Invalid attribute key 'x" KEYS_ARE }, { "Name = 'a'", "Invalid attribute key 'Name" KEYS_ARE }, { "attribute.x='a'", "Invalid attribute key 'x" KEYS_ARE },
		{ "`name`='a'", "Invalid attribute key '`name`" KEYS_ARE }, { "attribute.`name`='a'", "Invalid attribute key '`name`" KEYS_ARE },
		{ "attribute.name.x='a'", "Invalid attribute key 'name.x" KEYS_ARE }, { "tags='v'", "Invalid attribute key 'tags" KEYS_ARE },
		{ "creation_timestamp > 1", "Invalid attribute key 'creation_timestamp" KEYS_ARE },
		{ "params.k='v'", ENTITY("params") }, { "attributes.name='a'", ENTITY("attributes") }, { "TAGS.k='v'", ENTITY("TAGS") }, { "a.b.c='d'", ENTITY("a") },
		/* operators */
		{ "name > 'a'", "Invalid comparator for attribute: >" }, { "name == 'a'", "Invalid comparator for attribute: ==" }, { "name <> 'a'", "Invalid comparator for attribute: <>" },
		{ "name not like 'a'", "Invalid comparator for attribute: NOT LIKE" }, { "name rlike 'a'", "Invalid comparator for attribute: RLIKE" },
		{ "name IS NULL", "Invalid comparator for attribute: IS NULL" }, { "version_number LIKE '1'", "Invalid comparator for attribute: LIKE" },
		{ "name BETWEEN 'a' AND 'b'", "Invalid comparator for attribute: BETWEEN" },
		{ "tags.k > 'a'", "Invalid comparator for tag: >" }, { "tags.k in ('a')", "Invalid comparator for tag: IN" }, { "tags.k NOT IN ('a')", "Invalid comparator for tag: NOT IN" },
		{ "tags.k IS NULL", "Invalid comparator for tag: IS NULL" }, { "tags.k is not null", "Invalid comparator for tag: IS NOT NULL" },
		{ "source_path IN ('a')", LISTS_ARE }, { "version_number not in (1)", LISTS_ARE },
		/* values */
		{ "name = a", UNQUOTED("a") }, { "name = `a`", UNQUOTED("`a`") }, { "name = 1", UNQUOTED("1") }, { "tags.k = NULL", UNQUOTED("NULL") },
		{ "name = \xe2\x80\x99" "a\xe2\x80\x99", UNQUOTED("\xe2\x80\x99" "a\xe2\x80\x99") }, { "name = ('a')", CLAUSE "name = (" },
		{ "name IN ()", CLAUSE "name IN ()" }, { "name IN (,)", CLAUSE "name IN (," }, { "name IN ('a'", CLAUSE "name IN ('a'" }, { "name IN 'a'", CLAUSE "name IN 'a'" },
		{ "name IN ('a' 'b')", CLAUSE "name IN ('a' 'b'" }, { "name IN ('a',,'b')", CLAUSE "name IN ('a',," }, { "name IN (('a'))", CLAUSE "name IN ((" }, { "name IN (a)", UNQUOTED("a") },
		{ "version_number = 1.5", WHOLE("1.5") }, { "version_number = '1.5'", WHOLE("1.5") }, { "version_number = ''", WHOLE("") }, { "version_number = ' 1'", WHOLE(" 1") },
		{ "version_number = -", WHOLE("-") }, { "version_number = 1e3", WHOLE("1e3") }, { "version_number < 9223372036854775808", WHOLE("9223372036854775808") },
		{ "version_number = (1)", CLAUSE "version_number = (" },
		{ "name = '\xff'", "The search text must be UTF-8." },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_text(filtered(of_versions, rows[i].text), rows[i].fault);
	assert_text(filtered(of_models, "run_id='a'"), "Invalid attribute key 'run_id' specified. Valid keys are '{'name'}'");
}

static const char *filtered_long(const char *first, size_t n, const char *again, const char *last)
{
	struct buf b = { .arena = a };

	buf_puts(&b, first);
	while (n--)
		buf_puts(&b, again);
	buf_puts(&b, last);
	return filtered(of_models, b.p);
}

static void filters_have_a_most(void **state)
{
	static const char *const before[] = { "", "name ", "name IN (", "tags.", "name = " };

	(void)state;
	assert_int_equal(strlen(filtered_long("name='", SEARCH_BYTES - 7, "x", "'")), strlen("name = []") + SEARCH_BYTES - 7);
	assert_text(filtered_long("name='", SEARCH_BYTES - 6, "x", "'"), "The search text must not be longer than 32768 bytes.");
	assert_int_equal(strlen(filtered_long("", SEARCH_CLAUSES, "name=''AND ", "")), SEARCH_CLAUSES * strlen("name = []|") - 1);
	assert_text(filtered_long("", SEARCH_CLAUSES + 1, "name=''AND ", ""), "A filter string must not have more than 20 clauses.");
	assert_int_equal(strlen(filtered_long("name IN (", SEARCH_VALUES, "'',", ")")), strlen("name IN ") + SEARCH_VALUES * strlen("[]"));
	assert_text(filtered_long("name IN (", SEARCH_VALUES + 1, "'',", ")"), "A list in a filter string must not have more than 1000 values.");
	/* An error repeats the beginning of what it is about, in whole characters. */
	assert_int_equal(strlen(filtered_long("name=", 16000, "\xc3\xa9", "")), strlen(UNQUOTED("")) + 2 * 256);
	for (const char *p = "(),;=!<>'\"`.-\\/*#\x01\x7f" "a1"; *p; p++)
		for (size_t i = 0; i < COUNT(before); i++)
			assert_true(strlen(filtered_long(before[i], 9001, (char[]){ *p, '\0' }, "")) < 512);
}

static const char *ordered(const struct search_key *keys, const char *first, const char *then)
{
	struct search_order orders[COUNT(of_versions)];
	size_t n = 0;
	const char *fault = search_order(a, first, keys, orders, &n);

	if (!fault && then)
		fault = search_order(a, then, keys, orders, &n);
	if (fault)
		return fault;
	assert_int_equal(n, then ? 2 : 1);
	return arena_printf(a, "%s %s", orders[n - 1].key, orders[n - 1].descending ? "down" : "up");
}

static void orders_are_read(void **state)
{
#define NO_ORDER(x) "Invalid order_by clause '" x "'. Could not be parsed."
	static const struct { const char *text, *order; } rows[] = {
		{ "name", "name up" }, { "name ASC", "name up" }, { "name desc", "name down" }, { "`name`", "name up" }, { "`name` DESC", "name down" }, { "\"name\" DESC", "name down" }, { " name\tDesc ", "name down" },
		{ "attribute.name", "name up" },
		{ "timestamp", "timestamp up" }, { "timestamp desc", "timestamp down" }, { "last_updated_timestamp DESC", "timestamp down" },
		{ "name, timestamp", NO_ORDER("name, timestamp") }, { "name asc, timestamp desc", NO_ORDER("name asc, timestamp desc") }, { "name asc desc", NO_ORDER("name asc desc") },
		{ "name up", NO_ORDER("name up") }, { "name;", NO_ORDER("name;") }, { "'name'", NO_ORDER("'name'") }, { "`name", NO_ORDER("`name") }, { "", NO_ORDER("") }, { "  ", NO_ORDER("  ") },
		{ "x", "Invalid order by key 'x' specified. Valid keys are '{'name', 'timestamp'}'" }, { "Name", "Invalid order by key 'Name' specified. Valid keys are '{'name', 'timestamp'}'" },
		{ "tags.name", "Invalid order by key 'tags.name' specified. Valid keys are '{'name', 'timestamp'}'" },
		{ "name\xff", "The search text must be UTF-8." },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_text(ordered(of_models, rows[i].text, NULL), rows[i].order);
	assert_text(ordered(of_models, "timestamp", "name DESC"), "name down");
	assert_text(ordered(of_models, "timestamp", "last_updated_timestamp DESC"), "Invalid order_by clause 'last_updated_timestamp DESC'. 'timestamp' is already in the order.");
	assert_text(ordered(of_versions, "version_number DESC", NULL), "version_number down");
	assert_text(ordered(of_versions, "run_id", NULL), "Invalid order by key 'run_id' specified. Valid keys are '{'name', 'version_number', 'creation_timestamp'}'");
}

/* Of the clauses on the tag the first says it; none is left. */
static void what_a_tag_marks_is_asked_for(void **state)
{
	static const struct { const char *text; bool marked; const char *left; } rows[] = {
		{ "", false, "" }, { "name='a'", false, "name = [a]" }, { "tags.k='true'", false, "tag k = [true]" },
		{ "tag.`x.is` = 'true'", true, "" }, { "tags.x.is != 'false'", true, "" }, { "tags.x.is = 'True'", true, "" },
		{ "tag.x.is != 'true'", false, "" }, { "tag.x.is = 'false'", false, "" }, { "tag.x.is LIKE 'true'", false, "" }, { "tag.x.is = 'yes'", false, "" },
		{ "name='a' AND tag.x.is='true' AND tags.k='v'", true, "name = [a]|tag k = [v]" },
		{ "tag.x.is='true' AND tag.x.is != 'true'", true, "" }, { "tag.x.is != 'true' AND name='a' AND tag.x.is='true'", false, "name = [a]" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct search s;

		assert_null(search_filter(a, rows[i].text, of_models, &s));
		assert_int_equal(search_marked(&s, "x.is"), rows[i].marked);
		assert_text(clauses(&s), rows[i].left);
	}
}

static void patterns_of_filters(void **state)
{
	static const struct { const char *pattern, *like, *prefix; } rows[] = {
		{ "", "", "" }, { "a", "a", "a" }, { "a%", "a%", "a" }, { "%a", "%a", "" }, { "a_b%", "a_b%", "a" }, { "a\\%", "a\\\\%", "a\\" }, { "\\\\", "\\\\\\\\", "\\\\" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_text(search_like(a, rows[i].pattern), rows[i].like);
		assert_text(search_prefix(a, rows[i].pattern), rows[i].prefix);
	}
}

int main(void)
{
#define BASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
#define KEYS(f) cmocka_unit_test_setup_teardown(f, keys_begin, keys_end)
	static const struct CMUnitTest tests[] = {
		BASE(arena_runs_cleanups_newest_first), BASE(arena_gives_zeroed_aligned_memory),
		BASE(buffers_grow), BASE(hex_is_lower_case_and_whole), BASE(base64url_vectors), BASE(base64_with_padding), BASE(percent_decoding),
		BASE(utf8_well_formed), BASE(whole_numbers), BASE(words),
		BASE(json_accepts), BASE(json_refuses), BASE(json_reasons_are_utf8_whatever_was_sent), BASE(json_depth_is_bounded),
		BASE(json_members), BASE(times_are_spelled), BASE(times_are_read), BASE(times_are_split_and_joined),
		BASE(ids_are_spelled_one_way), BASE(ids_as_resource_identifiers), BASE(resource_identifiers_and_their_kinds), BASE(ids_are_in_the_order_of_time_and_differ), BASE(ids_in_base62_vectors),
		BASE(ids_in_base62_sort_as_they_are),
		BASE(fields_are_absent_null_or_set), BASE(faulty_fields_are_named), BASE(query_parameters), BASE(shapes_render),
		BASE(addresses_that_may_be_called), BASE(urls_that_may_be_called), BASE(webhooks_are_signed),
		BASE(routes_that_would_show_more_or_end_a_worker_are_refused), BASE(values_of_a_statement_stay_in_their_bounds), BASE(model_apis_name_the_place), BASE(model_apis_have_a_most), BASE(model_apis_of_training_runs),
		BASE(times_render_as_unix_seconds), BASE(labels_are_strings_under_short_keys), BASE(labels_of_a_query), BASE(labels_render),
		BASE(states_render_as_the_dialect_has_them), BASE(constants_and_words_render),
		BASE(numbers_that_are_null_or_strings), BASE(numbers_and_the_other_way_round_are_read), BASE(words_are_read_from_arrays), BASE(lists_render_as_maps),
		BASE(members_are_computed), BASE(what_is_not_given_is_as_its_row_says), BASE(one_of_several_must_be_given),
		BASE(strings_of_a_query), BASE(keys_that_no_row_knows),
		BASE(patterns_of_events), BASE(hashes_are_sha256), BASE(answers_open_with_credential_and_key_alone), KEYS(secrets_open_with_the_key_file),
		KEYS(tokens_made_are_accepted), KEYS(tokens_expire), KEYS(tokens_changed_anywhere_are_refused),
		KEYS(tokens_need_their_key), KEYS(tokens_of_no_form), KEYS(keys_that_are_none), KEYS(keys_behind_their_curve),
		KEYS(tokens_are_remembered), KEYS(few_tokens_are_remembered), BASE(keys_are_remembered),
		BASE(percent_encoding), BASE(redirects_that_may_be), BASE(redirects_to_this_machine), BASE(scopes_are_within), BASE(pkce_vectors),
		KEYS(rates_end_with_their_minute), KEYS(rates_are_not_pushed_out), KEYS(rates_of_a_full_table), KEYS(rates_given_back),
		BASE(addresses_are_counted_by_network), KEYS(files_are_written_whole), KEYS(directories_of_our_own),
		BASE(answers_have_all_their_headers),
		BASE(forms_are_read), BASE(names_of_forms_are_decoded), BASE(boundaries_of_forms), BASE(forms_that_are_malformed), BASE(forms_have_a_most),
		BASE(broken_forms_are_read_within), BASE(archives_are_written), BASE(names_that_no_archive_has),
		BASE(filters_are_read), BASE(filters_that_are_refused), BASE(filters_have_a_most), BASE(orders_are_read),
		BASE(what_a_tag_marks_is_asked_for), BASE(patterns_of_filters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
