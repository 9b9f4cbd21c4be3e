/* fuzz.c: what comes from outside, in the hands of libFuzzer: a table of targets, of which THAW_FUZZ names the one that runs.
 * t/fuzz/run builds this, makes the seeds with it (THAW_FUZZ_SEEDS names where to) and runs it.
 *
 * Beside that nothing reads or writes where it may not (the sanitizers see to that) a target holds what is so of everything that
 * is accepted: it is spelled in one way, is the same when it is written and read again, leads to one route, and no one
 * gets in by it.  THAW_FUZZ_DIR is a directory of its own, with the keys. */
#define _GNU_SOURCE
#include "fuzz.h"
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <archive.h>
#include <archive_entry.h>
#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include "clock.h"
#include "conf.h"
#include "dialects.h"
#include "file.h"
#include "foundry.h"
#include "hash.h"
#include "log.h"
#include "mlflow.h"
#include "mlpkg.h"
#include "multipart.h"
#include "net.h"
#include "pages.h"
#include "schema.h"
#include "seal.h"
#include "search.h"
#include "tables.h"
#include "token.h"
#include "trace.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct arena *a;
static struct db *db;

void fails(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

/* The last error that was logged; nothing is written. */
static char logged[512];
void __wrap_log_error(enum level level, const char *fmt, ...);

void __wrap_log_error(enum level level, const char *fmt, ...)
{
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	vsnprintf(logged, sizeof logged, fmt, ap);
	va_end(ap);
}

/* Nobody is called from here. */
CURLcode curl_easy_perform(CURL *e)
{
	(void)e;
	return CURLE_COULDNT_CONNECT;
}

/* ---- What the targets read their inputs by ---- */

/* As text: up to the first NUL. */
static char *text_of(const uint8_t *p, size_t n)
{
	return arena_strndup(a, (const char *)p, strnlen((const char *)p, n));
}

/* A number below n at the beginning of an input, of two bytes. */
static size_t take(const uint8_t **p, size_t *left, size_t n)
{
	const size_t got = *left < 2 ? *left : 2;
	size_t v = 0;

	for (size_t i = 0; i < got; i++)
		v = v << 8 | (*p)[i];
	*p += got;
	*left -= got;
	return v % n;
}

static bool same(const char *x, const char *y)
{
	return !strcmp(x, y);
}

/* ---- Texts and their encodings ---- */

static void whole_and_numbers(const char *s)
{
	int64_t i, us;
	double d, again;

	if (parse_int(s, INT64_MIN, INT64_MAX, &i))
		HOLDS(same(arena_printf(a, "%lld", (long long)i), s));
	if (parse_number(s, &d)) {
		HOLDS(isfinite(d));
		HOLDS(parse_number(number_text(a, d), &again) && again == d);
	}
	if (clock_parse(s, &us)) {
		HOLDS(us <= CLOCK_LAST);
		HOLDS(clock_parse(clock_iso(a, us, TIME_MICROS), &i) && i == us);
	}
}

static void encoded(const char *s)
{
	const size_t n = strlen(s);
	unsigned char *bytes = arena_alloc(a, n + 1);
	char *hex = arena_alloc(a, 2 * n + 1), *text;
	long got;

	if ((got = b64url_decode(s, n, bytes, n)) >= 0)
		HOLDS(same(b64url_encode(a, bytes, (size_t)got), s));
	if ((got = b64_decode(s, n, bytes)) >= 0)
		HOLDS(same(b64_encode(a, bytes, (size_t)got), s));
	if (hex_decode(s, n / 2, bytes)) {
		hex_encode(bytes, n / 2, hex);
		HOLDS(same(hex, s));
	}
	text = b64url_encode(a, s, n);
	HOLDS(b64url_decode(text, strlen(text), bytes, n) == (long)n && !memcmp(bytes, s, n));
	hex_encode(s, n, hex);
	HOLDS(hex_decode(hex, n, bytes) && !memcmp(bytes, s, n));
	for (int plus = 0; plus < 2; plus++) {
		HOLDS((text = pct_decode(a, pct_encode(a, s), strlen(pct_encode(a, s)), plus)) && same(text, s));
		if ((text = pct_decode(a, s, n, plus)))
			HOLDS(same(pct_decode(a, pct_encode(a, text), strlen(pct_encode(a, text)), plus), text));
	}
}

static void characters(const char *s)
{
	struct buf out = { .arena = a };
	const char *reason, *p = s;
	struct json *j;
	size_t n = 0;

	HOLDS(!strpbrk(escape_html(a, s), "<>\"'"));
	if (!utf8_valid(s, strlen(s)))
		return;
	for (; *p; n++)
		(void)utf8_steers(utf8_next(&p));
	HOLDS(n == utf8_length(s));
	HOLDS(utf8_valid(utf8_cut(a, s, n / 2), strlen(utf8_cut(a, s, n / 2))) && utf8_length(utf8_cut(a, s, n / 2)) == n / 2);
	HOLDS(same(utf8_cut(a, s, n), s));
	(void)name_fault(s);
	js_out_str(&out, s);
	HOLDS(!js_parse(a, out.p, out.n, &j, &reason) && same(js_str(j), s));
}

/* Of a header. */
static void small_words(const char *s)
{
	struct trace t, again;

	if (trace_parse(s, &t)) {
		HOLDS(trace_parse(trace_header(a, &t), &again) && same(again.id, t.id));
		HOLDS(trace_read(trace_kept(a, &t), &again) && same(again.id, t.id) && same(again.flags, t.flags));
	}
	HOLDS(same(net_of(a, net_of(a, s)), net_of(a, s)));
	(void)net_within(s, "192.0.2.0/24 2001:db8::/32");
	if (!net_list_fault(a, s))
		(void)net_within("192.0.2.7", s);
}

static struct req *request_of(const struct io *io);

/* Of a file what is asked for is a part of it. */
static void a_range(const char *s)
{
	static const unsigned char bytes[100], sum[SHA256_BYTES];
	struct io io = { .env = (char *[]){ arena_printf(a, "HTTP_RANGE=%s", s), NULL } };
	struct req *r = request_of(&io);
	const enum err e = res_file(r, "text/plain", &(struct bytes){ bytes, sizeof bytes }, &(struct bytes){ sum, sizeof sum });

	if (e) {
		HOLDS(e == ERR_RANGE && r->lasting.name);
		return;
	}
	HOLDS(r->res.status == 206 ? r->res.n > 0 : r->res.status == 200 && r->res.n == sizeof bytes);
	HOLDS(r->res.body >= (const char *)bytes && r->res.body + r->res.n <= (const char *)bytes + sizeof bytes);
}

static void texts(const uint8_t *p, size_t n)
{
	const char *s = text_of(p, n);

	a_range(s);
	whole_and_numbers(s);
	encoded(s);
	characters(s);
	small_words(s);
}

/* ---- Addresses that are called ---- */

static bool may_call(int family, const void *ip)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (family == AF_INET6) {
		memcpy(&v6.sin6_addr, ip, sizeof v6.sin6_addr);
		return net_may_call((const struct sockaddr *)(const void *)&v6);
	}
	memcpy(&v4.sin_addr, ip, sizeof v4.sin_addr);
	return net_may_call((const struct sockaddr *)(const void *)&v4);
}

/* May it be called as this?  A name may: it is looked at when it is resolved. */
static bool may_call_host(const char *host)
{
	unsigned char ip[16];
	const size_t n = strlen(host);

	if (*host == '[')
		return inet_pton(AF_INET6, arena_strndup(a, host + 1, n - 2), ip) != 1 || may_call(AF_INET6, ip);
	return inet_pton(AF_INET, host, ip) != 1 || may_call(AF_INET, ip);
}

/* A URL that may be called is one of a host that may be, as libcurl reads it too, who calls it; an IPv4 address is the same in the
 * clothes of IPv6. */
static void url(const uint8_t *p, size_t n)
{
	unsigned char mapped[16] = { [10] = 0xff, [11] = 0xff };
	const char *s = text_of(p, n);
	char *host, *scheme, *user;
	CURLU *u;

	if (n >= 4) {
		memcpy(mapped + 12, p, 4);
		HOLDS(may_call(AF_INET, p) == may_call(AF_INET6, mapped));
	}
	if (url_fault(a, s))
		return;
	HOLDS(strlen(s) <= URL_MOST && (u = curl_url()));
	if (!curl_url_set(u, CURLUPART_URL, s, 0)) {
		HOLDS(!curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) && same(scheme, "https"));
		HOLDS(!curl_url_get(u, CURLUPART_HOST, &host, 0) && may_call_host(host) && strcasecmp(host, "localhost"));
		HOLDS(curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_NO_USER);
		curl_free(scheme);
		curl_free(host);
	}
	curl_url_cleanup(u);
}

/* ---- JSON ---- */

static struct json *reads(const char *text)
{
	const char *reason;
	struct json *j;

	if (js_parse(a, text, strlen(text), &j, &reason))
		fails(arena_printf(a, "%s: %s", reason, text), __FILE__, __LINE__);
	return j;
}

/* How many members all its objects have. */
static size_t members(const struct json *j)
{
	struct json *value;
	size_t n = 0;
	const char *key;
	void *it = NULL;

	for (size_t i = 0; js_type(j) == JS_ARRAY && i < js_length(j); i++)
		n += members(js_at(j, i));
	while (js_type(j) == JS_OBJECT && js_next(j, &it, &key, &value))
		n += 1 + members(value);
	return n;
}

/* By another scanner: outside of strings, which have no control characters, only what JSON has; a member for each colon, so that
 * no key stands twice. */
static void is_json(const char *s, size_t n, const struct json *j)
{
	size_t colons = 0;
	bool within = false;

	for (size_t i = 0; i < n; i++) {
		if (within) {
			HOLDS((unsigned char)s[i] >= ' ');
			within = s[i] != '"';
			i += s[i] == '\\';
			continue;
		}
		HOLDS(s[i] && strchr("{}[]:,\"-+.0123456789eE \t\r\ntrufalsn", s[i]));
		within = s[i] == '"';
		colons += s[i] == ':';
	}
	HOLDS(!within && colons == members(j));
}

static void json(const uint8_t *p, size_t n)
{
	struct tx tx = { .arena = a };
	const char *reason = NULL, *text, *merged;
	struct json *j;
	enum err e = js_parse(a, (const char *)p, n, &j, &reason);

	if (e) {
		HOLDS(e == ERR_JSON && reason && utf8_valid(reason, strlen(reason)));
		return;
	}
	is_json((const char *)p, n, j);
	text = arena_strdup(a, js_text(j, NULL));
	HOLDS(utf8_valid(text, strlen(text)));
	HOLDS(same(js_text(reads(text), NULL), text));
	HOLDS(same(js_text(reads(js_pretty(j)), NULL), text));
	if ((e = modelapi_check(&tx, text)))
		HOLDS(e == ERR_MODEL_API && tx.why.n && utf8_valid(tx.why.items[0].reason, strlen(tx.why.items[0].reason)));
	/* A merge patch is done once (RFC 7396). */
	merged = arena_strdup(a, js_text(js_merge(a, reads("{\"a\":{\"b\":1},\"c\":[1]}"), reads(text)), NULL));
	HOLDS(same(js_text(js_merge(a, reads(merged), reads(text)), NULL), merged));
}

/* ---- Shapes: each one that a route has ---- */

struct form { const struct route *row; const struct shape *shape; size_t size; bool query; };
enum { FORMS = 4096 };
static struct form forms[FORMS];
static size_t nforms;

static void find_forms(void)
{
	for (const struct dialect *const *d = dialects; *d; d++) {
		EACH_ROUTE(*d, row) {
			HOLDS(nforms + 2 <= FORMS);
			if (row->in)
				forms[nforms++] = (struct form){ row, row->in, row->in_size, row->flags & R_FORM };
			if (row->query)
				forms[nforms++] = (struct form){ row, row->query, row->query_size, row->query != route_body(row) };
		}
	}
}

/* Is the value that the row has the same when it is written and read again?  Not within a struct, of which all is written. */
static bool comes_back(const struct shape *s)
{
	return s->type != T_SUB && !(s->flags & (F_UNKEPT | F_QUOTED | F_MEMBER | F_LOOSE)) && !s->make && !s->text;
}

/* Or of the very text?  Numbers and times have several. */
static bool as_sent(const struct shape *s)
{
	return s->type != T_INT && s->type != T_NUMBER && s->type != T_TIME && !(s->flags & F_NUMERAL);
}

static struct json *written(const struct shape *rows, struct json *in, const void *got)
{
	struct json *out = js_object(a), *was, *now;
	const char *text;

	for (const struct shape *s = rows; s->key; s++) {
		if (!comes_back(s) || !js_get(in, s->key, &was) || !was || !(text = shape_value(a, s, got, TIME_MICROS)))
			continue;
		js_put(out, s->key, now = reads(text));
		HOLDS(!as_sent(s) || same(arena_strdup(a, js_text(was, NULL)), js_text(now, NULL)));
	}
	return out;
}

/* What was read is written and read again: the same. */
static void again(const struct form *f, struct json *in, const void *got)
{
	struct who who = { .name = "" };
	struct tx tx = { .arena = a, .db = db, .who = &who };
	struct json *given = written(f->shape, in, got);
	const char *text = arena_strdup(a, js_text(given, NULL));
	void *out = arena_alloc(a, f->size);

	(void)shape_decode(&tx, f->shape, given, out);
	for (int i = 0; i < tx.why.n; i++)       /* but for what was left out */
		HOLDS(same(tx.why.items[i].code, "required"));
	if (!tx.why.n)
		HOLDS(same(js_text(written(f->shape, given, out), NULL), text));
}

static void decoded(const struct form *f, struct tx *tx, enum err e, struct json *in, const void *out)
{
	HOLDS(e ? e == ERR_SHAPE && tx->why.n : !tx->why.n);
	for (int i = 0; i < tx->why.n; i++)
		HOLDS(tx->why.items[i].field && tx->why.items[i].reason && utf8_valid(tx->why.items[i].reason, strlen(tx->why.items[i].reason)));
	if (e)
		return;
	(void)shape_last(tx, f->shape, in);
	again(f, in, out);
}

static size_t params_of(const char *s, struct param out[MAX_PARAMS])
{
	size_t count = 0;

	for (; *s && count < MAX_PARAMS; s += strcspn(s, "&"), s += *s == '&') {
		const size_t n = strcspn(s, "&"), name = strcspn(s, "=&");
		struct param p = { pct_decode(a, s, name, true), name < n ? pct_decode(a, s + name + 1, n - name - 1, true) : "" };

		if (p.name && p.value && utf8_valid(p.name, strlen(p.name)) && utf8_valid(p.value, strlen(p.value)))
			out[count++] = p;
	}
	return count;
}

static void shape(const uint8_t *p, size_t n)
{
	const struct form *f = &forms[take(&p, &n, nforms)];
	struct param params[MAX_PARAMS];
	struct who who = { .name = "" };
	struct tx tx = { .arena = a, .db = db, .who = &who };
	void *out = arena_alloc(a, f->size);
	const char *reason;
	struct json *in;
	enum err e;

	if (f->query) {
		e = shape_decode_params(&tx, f->shape, params, params_of(text_of(p, n), params), out);
		decoded(f, &tx, e, js_object(a), out);
		return;
	}
	if (js_parse_most(a, (const char *)p, n, VALUES_MOST, &in, &reason) || js_type(in) != (*f->shape->key ? JS_OBJECT : JS_ARRAY))
		return;
	if (!*f->shape->key) {
		struct json *o = js_object(a);

		js_put(o, "", in);
		in = o;
	}
	e = shape_decode(&tx, f->shape, in, out);
	(void)shape_unknown(&(struct tx){ .arena = a, .who = &who }, f->shape, in);
	decoded(f, &tx, e, in, out);
}

/* ---- Ids ---- */

enum { PREFIXES = 256 };
static const char *prefixes[PREFIXES];
static size_t nprefixes;
static const char *const *kinds[PREFIXES];
static size_t nkinds;
static const struct route *numbers[PREFIXES];
static size_t nnumbers;

static void add_prefix(const char *prefix)
{
	if (!prefix)
		return;
	for (size_t i = 0; i < nprefixes; i++)
		if (same(prefixes[i], prefix))
			return;
	HOLDS(nprefixes < PREFIXES);
	prefixes[nprefixes++] = prefix;
}

static void add_prefixes(const struct shape *s, int deep)
{
	for (; s && s->key && deep < 8; s++) {
		add_prefix(s->type == T_ID ? s->prefix : NULL);
		add_prefixes(s->sub, deep + 1);
	}
}

static void find_prefixes(void)
{
	for (enum resource r = 0; r < RES__MAX; r++)
		add_prefix(life_resources[r].prefix);
	for (const struct dialect *const *d = dialects; *d; d++) {
		EACH_ROUTE(*d, row) {
			add_prefix(row->ids[0]);
			add_prefix(row->ids[1]);
			add_prefixes(row->in, 0);
			add_prefixes(row->query, 0);
			add_prefixes(row->out, 0);
			for (size_t i = 0; row->kinds && row->kinds[i]; i++)
				if (!strchr(row->kinds[i], '*'))
					add_prefix(row->kinds[i]);
			if (row->kinds && nkinds < PREFIXES)
				kinds[nkinds++] = row->kinds;
			if (row->number && nnumbers < PREFIXES)
				numbers[nnumbers++] = row;
		}
	}
}

static void id(const uint8_t *p, size_t n)
{
	const char *s = text_of(p, n);
	unsigned char secret[32] = { 0 }, back[32];
	struct id got, other, of = { { 0 } };
	char digits[SECRET_DIGITS + 1];
	size_t found = 0;

	memcpy(of.b, p, n < sizeof of.b ? n : sizeof of.b);
	for (size_t i = 0; i < nprefixes; i++) {
		if (id_parse(s, prefixes[i], &got)) {
			found++;
			HOLDS(!id_is_zero(&got) && same(id_spell(a, prefixes[i], &got), s));
			HOLDS(strncmp(prefixes[i], "ri.", 3) || id_is_rid(s));
		}
		if (id_parse(id_spell(a, prefixes[i], &of), prefixes[i], &other))
			HOLDS(id_equal(&other, &of));
		else
			HOLDS(id_is_zero(&of));
	}
	HOLDS(found <= 1);                       /* a spelling is of one kind */
	for (size_t i = 0; i < nkinds; i++) {
		size_t k = id_kind(s, kinds[i], &got);

		HOLDS(!kinds[i][k] || strchr(kinds[i][k], '*') || same(s, kinds[i][k]) || id_parse(s, kinds[i][k], &other));
	}
	for (size_t i = 0; i < nnumbers; i++)
		HOLDS(numbers[i]->number(a, s) >= 0);
	memcpy(secret, p, n < sizeof secret ? n : sizeof secret);
	base62_encode(secret, sizeof secret, digits, SECRET_DIGITS);
	HOLDS(base62_decode(digits, back, sizeof back) && !memcmp(back, secret, sizeof back));
}

/* ---- Addresses ---- */

static long read_nothing(void *p, char *buf, size_t n)
{
	(void)p;
	(void)buf;
	(void)n;
	return 0;
}

static struct req *request_of(const struct io *io)
{
	struct req *r = ARENA_NEW(a, struct req);

	r->arena = a;
	r->dialects = dialects;
	r->io = io;
	r->method = "GET";
	r->who.name = "";
	r->tx.arena = a;
	r->tx.db = db;
	r->tx.who = &r->who;
	r->tx.now = clock_now();
	return r;
}

/* A request of a method and an address alone. */
static struct req *asked(const char *method, const char *uri, enum err *e)
{
	struct io *io = ARENA_NEW(a, struct io);
	char **env = arena_alloc(a, 3 * sizeof *env);
	struct req *r;

	env[0] = arena_printf(a, "REQUEST_METHOD=%s", method);
	env[1] = arena_printf(a, "REQUEST_URI=%s", uri);
	*io = (struct io){ .env = env, .read = read_nothing };
	*e = req_decode(r = request_of(io));
	HOLDS(r->dialect && r->tx.request_id && r->method);
	return r;
}

/* Is it a template of these segments?  word: at which segments it has a word of its own, a bit for each. */
static bool fits(const char *template, const struct req *r, unsigned *word)
{
	char *t = arena_strdup(a, template + 1), *part;
	size_t i = 0;

	for (*word = 0; (part = strsep(&t, "/")); i++) {
		if (i == r->nsegments || (*part == '{' ? !*r->segments[i] : strcmp(part, r->segments[i])))
			return false;
		*word = *word << 1 | (*part != '{');
	}
	return i == r->nsegments;
}

/* Of all routes that the address may mean it is the one whose words come first, and the only one. */
static void one_route(struct req *r)
{
	unsigned mine, other;

	HOLDS(r->row->path[0] == '*' || fits(r->row->path, r, &mine));
	if (r->row->path[0] == '*')
		return;
	EACH_ROUTE(r->dialect, row) {
		if (row == r->row || strcmp(row->method, r->row->method) || !fits(row->path, r, &other))
			continue;
		HOLDS(other < mine);
	}
}

static void path(const uint8_t *p, size_t n)
{
	static const char *const methods[] = { "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get" };
	const char *method = methods[take(&p, &n, sizeof methods / sizeof *methods)];
	struct buf again = { .arena = a };
	struct req *r, *r2;
	enum err e, found;

	r = asked(method, text_of(p, n), &e);
	if (e)
		return;
	found = route_find(r);
	HOLDS(found || r->row);
	for (size_t i = 0; i < r->nsegments; i++) {
		HOLDS(strcmp(r->segments[i], ".") && strcmp(r->segments[i], "..") && !strpbrk(r->segments[i], "/\\\r\n"));
		HOLDS(utf8_valid(r->segments[i], strlen(r->segments[i])));
		buf_printf(&again, "/%s", pct_encode(a, r->segments[i]));
	}
	if (!found)
		one_route(r);
	if (found || !again.n || again.n > ADDRESS_MOST)
		return;
	r2 = asked(method, again.p, &e);         /* however it is written */
	HOLDS(!e && r2->dialect == r->dialect && !route_find(r2) && r2->row == r->row && r2->nsegments == r->nsegments);
	for (size_t i = 0; i < MAX_VARS; i++)
		HOLDS(r->vars[i] ? same(r->vars[i], r2->vars[i]) : !r2->vars[i]);
}

/* ---- Queries and forms ---- */

static void query(const uint8_t *p, size_t n)
{
	struct buf again = { .arena = a };
	struct req *r, *r2;
	enum err e;

	r = asked("GET", arena_printf(a, "/?%s", text_of(p, n)), &e);
	if (e)
		return;
	buf_puts(&again, "/");
	for (size_t i = 0; i < r->nparams; i++)
		buf_param(&again, r->params[i].name, r->params[i].value);
	if (again.n > ADDRESS_MOST)
		return;
	r2 = asked("GET", again.p, &e);
	HOLDS(!e && r2->nparams == r->nparams);
	for (size_t i = 0; i < r->nparams; i++)
		HOLDS(same(r->params[i].name, r2->params[i].name) && same(r->params[i].value, r2->params[i].value));
}

/* What a sender writes in quotes: as browsers do it (HTML, 4.10.22.8). */
static void quoted_name(struct buf *b, const char *s)
{
	for (; *s; s++)
		buf_printf(b, strchr("\"\r\n", *s) ? "%%%02X" : "%c", (unsigned char)*s);
}

/* Is there another way to write it, which a browser does not have? */
static bool odd(const char *name)
{
	return name && (strpbrk(name, "\\%") || strlen(name) > 1000);
}

/* The parts, written by another hand, are the same. */
static void form_again(const struct part *parts, size_t count)
{
	static const char boundary[] = "a-boundary-that-nobody-has-in-a-body";
	struct buf b = { .arena = a };
	struct part *other;
	const char *reason;
	size_t n;

	for (size_t i = 0; i < count; i++) {
		if (memmem(parts[i].bytes, parts[i].n, boundary, sizeof boundary - 1) || odd(parts[i].name) || odd(parts[i].filename))
			return;
		buf_printf(&b, "--%s\r\nContent-Disposition: form-data; name=\"", boundary);
		quoted_name(&b, parts[i].name);
		if (parts[i].filename) {
			buf_puts(&b, "\"; filename=\"");
			quoted_name(&b, parts[i].filename);
		}
		buf_puts(&b, "\"\r\n\r\n");
		buf_put(&b, parts[i].bytes, parts[i].n);
		buf_puts(&b, "\r\n");
	}
	buf_printf(&b, "--%s--", boundary);
	HOLDS(!multipart_parse(a, arena_printf(a, "multipart/form-data; boundary=%s", boundary), b.p, b.n, &other, &n, &reason) && n == count);
	for (size_t i = 0; i < count; i++) {
		HOLDS(same(parts[i].name, other[i].name) && !parts[i].filename == !other[i].filename && (!parts[i].filename || same(parts[i].filename, other[i].filename)));
		HOLDS(parts[i].n == other[i].n && !memcmp(parts[i].bytes, other[i].bytes, parts[i].n));
	}
}

/* And a part of any name has that name. */
static void form_named(const char *name)
{
	struct part *part;
	const char *reason;
	struct buf b = { .arena = a };
	size_t n;

	if (!*name || odd(name) || !utf8_valid(name, strlen(name)))
		return;
	for (const char *c = name; *c; c++)
		if (((unsigned char)*c < ' ' && *c != '\r' && *c != '\n') || *c == 0x7f)
			return;
	buf_puts(&b, "--x\r\nContent-Disposition: form-data; name=\"");
	quoted_name(&b, name);
	buf_puts(&b, "\"\r\n\r\n\r\n--x--");
	HOLDS(!multipart_parse(a, "multipart/form-data; boundary=x", b.p, b.n, &part, &n, &reason) && n == 1 && same(part->name, name));
}

/* A line with the type, and the body. */
static void form(const uint8_t *p, size_t n)
{
	const uint8_t *end = memchr(p, '\n', n);
	const char *type = text_of(p, end ? (size_t)(end - p) : n), *reason = NULL, *body, *at;
	const size_t size = end ? n - (size_t)(end - p) - 1 : 0;
	struct part *parts;
	size_t count;
	enum err e;

	body = at = arena_copy(a, end ? end + 1 : p, size);
	form_named(type);
	form_named(text_of((const uint8_t *)body, size));
	e = multipart_parse(a, type, body, size, &parts, &count, &reason);
	HOLDS(e == OK || e == ERR_MEDIA_TYPE || (e == ERR_REQUEST && reason && utf8_valid(reason, strlen(reason))));
	for (size_t i = 0; !e && i < count; i++) {
		const struct part *part = &parts[i];

		HOLDS(part->bytes >= at && part->n <= (size_t)(body + size - part->bytes));
		HOLDS(utf8_valid(part->name, strlen(part->name)) && (!part->filename || utf8_valid(part->filename, strlen(part->filename))));
		at = part->bytes + part->n;
	}
	if (!e)
		form_again(parts, count);
}

/* ---- Tokens ---- */

/* The key of HS256 is known; that of ES256 has signed one token. */
static unsigned char hmac_key[64];
static char *es_token;

static char *signed_by_hmac(const char *both)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	HOLDS(HMAC(EVP_sha256(), hmac_key, sizeof hmac_key, (const unsigned char *)both, strlen(both), md, &n));
	return arena_printf(a, "%s.%s", both, b64url_encode(a, md, n));
}

/* A member of the JSON of a segment. */
static struct json *member(const char *token, int segment, const char *key)
{
	unsigned char *bytes = arena_alloc(a, strlen(token) + 1);
	const char *reason;
	struct json *j, *v;
	long n;

	while (segment--)
		token = strchr(token, '.') + 1;
	n = b64url_decode(token, strcspn(token, "."), bytes, strlen(token));
	HOLDS(n > 0 && !js_parse(a, (char *)bytes, (size_t)n, &j, &reason));
	return js_get(j, key, &v) ? v : NULL;
}

static void accepted(const char *token, const struct claims *c)
{
	char *both = arena_strndup(a, token, (size_t)(strrchr(token, '.') - token));
	const char *alg = js_str(member(token, 0, "alg"));

	HOLDS(strlen(token) <= TOKEN_MAX);
	if (same(alg, "HS256"))
		HOLDS(same(signed_by_hmac(both), token));
	else
		HOLDS(same(alg, "ES256") && !strncmp(es_token, both, strlen(both)) && es_token[strlen(both)] == '.');
	HOLDS(js_type(member(token, 0, "crit")) == JS_NULL);
	HOLDS(same(js_str(member(token, 1, "iss")), conf.issuer));
	HOLDS(same(js_str(member(token, 1, "sub")), id_spell(a, "usr-", &c->subject)) && !id_is_zero(&c->subject));
	HOLDS(same(js_str(member(token, 1, "org")), id_spell(a, "org-", &c->organization)) && !id_is_zero(&c->organization));
	HOLDS(js_double(member(token, 1, "exp")) + (double)conf.clock_leeway > (double)(clock_now() / SECOND) - 1);
	HOLDS(id_is_zero(&c->client) || (!id_is_zero(&c->session) && c->scopes));
}

/* A token, or a header and claims in a line each, which are signed here, by the key that the first byte says. */
static void token(const uint8_t *p, size_t n)
{
	const size_t how = take(&p, &n, 2);
	const char *s = text_of(p, n), *line = strchrnul(s, '\n');
	struct claims c;

	if (how) {
		const char *claims = *line ? line + 1 : line;

		s = signed_by_hmac(arena_printf(a, "%s.%s", b64url_encode(a, s, (size_t)(line - s)), b64url_encode(a, claims, strlen(claims))));
	}
	if (!token_verify(a, s, clock_now(), &c))
		accepted(s, &c);
}

/* Who sends this as Authorization is nobody, unless they have the key. */
static void credential(const uint8_t *p, size_t n)
{
	char method[] = "REQUEST_METHOD=GET", uri[] = "REQUEST_URI=/api/v1/models";
	struct io io = { .env = (char *[]){ method, uri, arena_printf(a, "HTTP_AUTHORIZATION=%s", text_of(p, n)), NULL }, .read = read_nothing };
	struct req *r = request_of(&io);
	struct claims c;
	char *password, *name;
	enum err e;

	db_answers(db, ANSWERS_EMPTY, 0);
	if (req_decode(r) || route_find(r))
		return;
	if (!(e = auth_who(r)) && !strstr(r->authorization, db_key))
		HOLDS(!token_verify(a, strrchr(r->authorization, ' ') + 1, clock_now(), &c));
	HOLDS(!e || err_row(e)->status == 401);
	if (r->authorization && (name = auth_basic(r, &password)))
		HOLDS(!strchr(name, ':') && password > name);
}

/* ---- Tokens of pages ---- */

struct paged { const struct dialect *dialect; const struct route *row; int order; };
static struct paged paged[PREFIXES];
static size_t npaged;

static void find_paged(void)
{
	for (const struct dialect *const *d = dialects; *d; d++)
		EACH_ROUTE(*d, row)
			if (row->paging && row->paging->got == pages_tokened)
				for (int order = 0; order == 0 || (row->listing && row->listing->orders[order].name); order++) {
					HOLDS(npaged < PREFIXES);
					paged[npaged++] = (struct paged){ *d, row, order };
				}
}

static const struct list_key *keys_of(const struct list_ask *ask)
{
	return (ask->list ? &ask->list->orders[ask->order] : list_by_id)->keys;
}

/* The token of these bytes of a place, as anybody can make one who reads the source. */
static char *forged(struct req *r, const void *place, size_t n)
{
	unsigned char md[SHA256_BYTES];
	struct buf b = { .arena = a }, out = { .arena = a };

	buf_puts(&b, r->path);
	buf_put(&b, &r->who.organization, sizeof r->who.organization);
	for (const struct shape *s = r->row->query; s->key; s++)
		if (s->filter || s->flags & F_LISTED)
			buf_printf(&b, "\n%s", shape_value(a, s, r->query, r->dialect->time));
	buf_puts(&b, "\n");
	buf_put(&b, place, n);
	sha256(b.p, b.n, md);
	buf_put(&out, md, 8);
	buf_put(&out, place, n);
	return b64url_encode(a, out.p, out.n);
}

/* What is behind the row that has these keys is what the token said. */
static void place_again(struct req *r, struct list_ask *ask, const char *token)
{
	const size_t size = ask->list ? list_size(ask->list) : sizeof(struct life) + 64;
	char *row = arena_alloc(a, size);
	struct list_got got = { .rows = row, .n = 1, .more = true };
	struct page_got out = { .rows = { row, 1, size } };
	const struct list_key *k = keys_of(ask);

	for (size_t i = 0; i < LIST_KEYS && k[i].column; i++) {
		const struct db_val *v = &ask->place[i];
		void *at = row + (k[i].at ? k[i].at : offsetof(struct life, id));

		HOLDS(v->t == list_letter(&k[i]) && !v->null);
		HOLDS(v->t != 's' || utf8_valid(v->s, strlen(v->s)));
		HOLDS(v->t != 't' || (v->i >= -CLOCK_LAST && v->i <= CLOCK_LAST));
		if (v->t == 's' && utf8_length(v->s) > 700)
			return;
		if (v->t == 's')
			*(const char **)at = v->s;
		else if (v->t == 'd')
			*(struct id *)at = v->id;
		else
			*(int64_t *)at = v->i;
	}
	pages_tokened(r, ask, &got, &out);
	HOLDS(out.token && same(out.token, token));
}

/* The token behind a row is the one that is forged of its place: else nothing that is made here would be looked into. */
static void is_forged(struct req *r, const struct list_ask *ask)
{
	const size_t size = ask->list ? list_size(ask->list) : sizeof(struct life) + 64;
	char *row = arena_alloc(a, size);
	struct list_got got = { .rows = row, .n = 1, .more = true };
	struct page_got out = { .rows = { row, 1, size } };
	unsigned char *bytes;
	long n;

	for (const struct list_key *k = keys_of(ask); k < keys_of(ask) + LIST_KEYS && k->column; k++)
		if (list_letter(k) == 's')
			*(const char **)(void *)(row + k->at) = "a";
	pages_tokened(r, ask, &got, &out);
	bytes = arena_alloc(a, strlen(out.token) + 1);
	HOLDS((n = b64url_decode(out.token, strlen(out.token), bytes, strlen(out.token))) > 8);
	HOLDS(same(forged(r, bytes + 8, (size_t)n - 8), out.token));
}

/* With another byte in it. */
static char *altered(const char *token, size_t at)
{
	unsigned char *bytes = arena_alloc(a, strlen(token) + 1);
	const long n = b64url_decode(token, strlen(token), bytes, strlen(token));

	HOLDS(n > 0);
	bytes[at % (size_t)n] ^= 1;
	return b64url_encode(a, bytes, (size_t)n);
}

static void page(const uint8_t *p, size_t n)
{
	const struct paged *of = &paged[take(&p, &n, npaged)];
	const bool forge = n && *p & 1;
	struct io io = { .env = (char *[]){ NULL } };
	struct req *r = request_of(&io);
	struct page_asked q = { .size = 0 };
	struct list_ask *ask = ARENA_NEW(a, struct list_ask);

	r->dialect = of->dialect;
	r->row = of->row;
	r->path = of->row->path;
	r->query = arena_alloc(a, of->row->query_size);
	ask->list = of->row->listing;
	ask->order = of->order;
	is_forged(r, ask);
	q.token = !n ? "" : forge ? forged(r, p + 1, n - 1) : text_of(p + 1, n - 1);
	if (pages_by_token(r, &q, ask))
		return;
	place_again(r, ask, q.token);
	HOLDS(pages_by_token(r, &(struct page_asked){ .token = altered(q.token, *p >> 1) }, ask));
}

/* ---- MLflow's filters ---- */

static const struct search_key of_versions[] = {
	{ .name = "name", .takes = SEARCH_TEXT | SEARCH_LIST | SEARCH_ORDER }, { .name = "run_id", .takes = SEARCH_TEXT | SEARCH_LIST },
	{ .name = "source_path", .takes = SEARCH_TEXT }, { .name = "version_number", .takes = SEARCH_NUMBER | SEARCH_ORDER, .number = true },
	{ .name = "creation_timestamp", .takes = SEARCH_ORDER }, { 0 } };

static void quoted(struct buf *b, const char *s)
{
	buf_puts(b, "'");
	for (; *s; s++)
		buf_printf(b, *s == '\'' ? "''" : "%c", *s);
	buf_puts(b, "'");
}

/* The filter, as it could be written too. */
static const char *filter_text(const struct search *s)
{
	static const char *const ops[] = { "=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE", "IN", "NOT IN" };
	struct buf b = { .arena = a };

	buf_puts(&b, "");
	for (size_t i = 0; i < s->n; i++) {
		const struct search_clause *c = &s->clauses[i];
		const bool list = c->op == SEARCH_IN || c->op == SEARCH_NOT_IN;

		buf_puts(&b, i ? " AND " : "");
		if (c->entity == SEARCH_TAG) {
			buf_puts(&b, "tag.");
			quoted(&b, c->key);
		} else {
			buf_puts(&b, c->key);
		}
		buf_printf(&b, " %s %s", ops[c->op], list ? "(" : "");
		for (size_t k = 0; k < c->count; k++) {
			buf_puts(&b, k ? ", " : "");
			quoted(&b, c->values[k]);
		}
		buf_puts(&b, list ? ")" : "");
	}
	return b.p;
}

/* What is asked for, by the rows of the dialect, is no part of a statement: each value is a parameter. */
static void is_a_statement(const char *text, enum err (*asks)(struct req *, const struct page_asked *, struct list_ask *))
{
	struct io io = { .env = (char *[]){ NULL } };
	struct req *r = request_of(&io);
	struct search_query q = { .filter = text };
	const struct id me = { { 1 } };
	struct list_ask *ask;
	struct list_text t;
	size_t marks = 0;

	db_answers(db, ANSWERS_EMPTY, 0);
	for (const struct dialect *const *d = dialects; *d; d++)
		EACH_ROUTE(*d, row)
			if (row->paging && row->paging->asked == asks && row->listing) {
				r->dialect = *d;
				r->row = row;
			}
	HOLDS(r->row);
	r->path = r->row->path;
	r->query = &q;
	ask = ARENA_NEW(a, struct list_ask);
	ask->list = r->row->listing;
	if (asks(r, &q.page, ask))
		return;
	for (uint64_t left = ask->list->always & ~list_asked(ask), i = 0; left; left >>= 1, i++)
		if (left & 1)
			list_where(ask, (int)i, DB_IN(db_i(0)));
	t = list_text(a, ask, false, (struct list_view){ { 1 }, 1, false, true }, &me, &me);
	if (!t.text)
		return;
	for (const char *s = t.text; *s; s++)
		marks += *s == '?';
	HOLDS(marks == t.n + 1 && strlen(t.in) == marks && utf8_valid(t.text, strlen(t.text)));
	for (size_t i = 0; i < t.n; i++)
		HOLDS(t.v[i].t == (t.in[i] == 'a' ? 's' : t.in[i]));
}

static void filter(const uint8_t *p, size_t n)
{
	struct search_order orders[sizeof of_versions / sizeof *of_versions];
	const char *s = text_of(p, n), *fault, *text, *like;
	struct search got, other;
	size_t count = 0;

	if (!(fault = search_filter(a, s, of_versions, &got))) {
		text = filter_text(&got);
		if (strlen(text) <= SEARCH_BYTES) {
			HOLDS(!search_filter(a, text, of_versions, &other));
			HOLDS(same(filter_text(&other), text));
		}
		for (size_t i = 0; i < got.n; i++) {
			like = search_like(a, got.clauses[i].values[0]);
			HOLDS(strlen(like) >= strlen(got.clauses[i].values[0]) && !strncmp(search_prefix(a, like), like, strlen(search_prefix(a, like))));
		}
		(void)search_marked(&got, "mlflow.prompt.is_prompt");
	} else {
		HOLDS(strlen(fault) <= 2048);
	}
	if (!search_order(a, s, of_versions, orders, &count))
		HOLDS(count == 1 && search_order(a, s, of_versions, orders, &count));       /* once */
	is_a_statement(s, mlflow_models_asked);
	is_a_statement(s, mlflow_versions_asked);
}

/* ---- Packages ---- */

static const unsigned char *read_entry(struct archive *z, size_t *n)
{
	struct buf all = { .arena = a };
	char some[4096];
	ssize_t got;

	buf_puts(&all, "");
	while ((got = archive_read_data(z, some, sizeof some)) > 0)
		buf_put(&all, some, (size_t)got);
	HOLDS(!got);
	*n = all.n;
	return (unsigned char *)all.p;
}

/* Of letters that the library, which composes characters as it reads names, does not change. */
static bool plain(const char *name)
{
	while (*name > 0)
		name++;
	return !*name;
}

/* Files, a name and a size in a byte each before their bytes: what the archive has when it is read is what was put there. */
static void package(const uint8_t *p, size_t n)
{
	struct mlpkg_file files[8];
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0), before;
	struct archive_entry *entry;
	unsigned char *zip, *zip2;
	size_t count = 0, size, size2, got;
	struct archive *z;
	enum err e;

	for (; count < 8 && n > 2; count++) {
		const size_t name = p[0] % 64 < n - 2 ? p[0] % 64 : n - 2, bytes = p[1] < n - 2 - name ? p[1] : n - 2 - name;

		files[count] = (struct mlpkg_file){ text_of(p + 2, name), p + 2 + name, bytes };
		p += 2 + name + bytes;
		n -= 2 + name + bytes;
	}
	if ((e = mlpkg_write(files, count, 1 << 20, &zip, &size))) {
		HOLDS(e == ERR_INTERNAL);        /* a name is none */
		freelocale(utf8);
		return;
	}
	HOLDS(!mlpkg_write(files, count, size, &zip2, &size2) && size2 == size && !memcmp(zip, zip2, size));
	HOLDS(mlpkg_write(files, count, size - 1, &(unsigned char *){ NULL }, &size2) == ERR_TOO_LARGE);
	before = uselocale(utf8);                /* C has not all letters */
	z = archive_read_new();
	HOLDS(!count || (!archive_read_support_format_zip_seekable(z) && !archive_read_open_memory(z, zip, size)));     /* it takes an empty one for none */
	for (size_t i = 0; i < count; i++) {
		HOLDS(memmem(zip, size, files[i].name, strlen(files[i].name)) && archive_read_next_header(z, &entry) == ARCHIVE_OK);
		HOLDS(!plain(files[i].name) || same(archive_entry_pathname(entry), files[i].name));
		HOLDS(*files[i].name != '/' && !strstr(arena_printf(a, "/%s/", files[i].name), "/../"));
		HOLDS(!memcmp(read_entry(z, &got), files[i].bytes, files[i].n) && got == files[i].n);
	}
	HOLDS(!count || archive_read_next_header(z, &entry) == ARCHIVE_EOF);
	archive_read_free(z);
	uselocale(before);
	freelocale(utf8);
	free(zip);
	free(zip2);
}

/* ---- A whole request ---- */

struct wire { const char *body; size_t left; struct buf out; };

static long wire_read(void *p, char *buf, size_t n)
{
	struct wire *w = p;
	const size_t got = n < w->left ? n : w->left;

	memcpy(buf, w->body, got);
	w->body += got;
	w->left -= got;
	return (long)got;
}

static int wire_write(void *p, const char *buf, size_t n)
{
	buf_put(&((struct wire *)p)->out, buf, n);
	return 0;
}

enum { LINES = 40 };

/* `@key` is the API key that the database knows, `@jwt` a token of somebody who signed in. */
static char *credentials(char *text, bool *known)
{
	const struct claims c = { .subject = { { 1 } }, .organization = { { 2 } }, .username = "ada", .issued = clock_now() - SECOND, .expires = INT64_C(4102444800) };
	const bool jwt = strstr(text, "@jwt");
	char *at = strstr(text, jwt ? "@jwt" : "@key");

	*known |= at || strstr(text, db_key);
	return at ? arena_printf(a, "%.*s%s%s", (int)(at - text), text, jwt ? token_make(a, &c) : db_key, at + 4) : text;
}

/* The variables: `METHOD ADDRESS`, then a variable in a line each.  Gives where the body begins, behind an empty line. */
static size_t variables(const char *s, size_t n, char *env[LINES + 4], bool *key)
{
	const char *end = s + n, *line = s;
	bool length = false;
	size_t count = 0;

	for (bool first = true; line < end; first = false) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		char *text = arena_strndup(a, line, strnlen(line, (size_t)((eol ? eol : end) - line))), *space = strchr(text, ' ');

		line = eol ? eol + 1 : end;
		if (!*text)
			break;
		if (first && space) {
			*space = '\0';
			env[count++] = arena_printf(a, "REQUEST_METHOD=%s", text);
			env[count++] = arena_printf(a, "REQUEST_URI=%s", space + 1);
		} else if (count < LINES && strchr(text, '=')) {
			length |= !strncmp(text, "CONTENT_LENGTH=", 15);
			env[count++] = credentials(text, key);
		}
	}
	if (!length)
		env[count++] = arena_printf(a, "CONTENT_LENGTH=%zu", (size_t)(end - line));
	env[count++] = arena_strdup(a, "REMOTE_ADDR=192.0.2.1");
	env[count] = NULL;
	return (size_t)(line - s);
}

/* One status line, whole headers without anything that ends one early, a body as long as it says it is. */
static int answer(const struct buf *out, bool head)
{
	const char *end = out->n ? strstr(out->p, "\r\n\r\n") : NULL, *length, *type, *reason;
	struct json *j;
	size_t body;
	int status;

	HOLDS(end && !strncmp(out->p, "Status: ", 8));
	status = atoi(out->p + 8);
	HOLDS(status >= 200 && status < 600);
	for (const char *line = out->p; line < end + 2; line = strstr(line, "\r\n") + 2) {
		const size_t n = (size_t)(strstr(line, "\r\n") - line), name = strcspn(line, ":");

		HOLDS(name && name < n && line[name + 1] == ' ');
		for (size_t i = 0; i < n; i++)
			HOLDS((unsigned char)line[i] >= ' ' && line[i] != 0x7f);
	}
	body = out->n - (size_t)(end + 4 - out->p);
	length = strcasestr(out->p, "\r\nContent-Length: ");
	if (head || status == 204 || status == 304)
		HOLDS(!body);
	else
		HOLDS(length && length < end && (size_t)atoll(length + 18) == body);
	type = strcasestr(out->p, "\r\nContent-Type: ");
	if (body && type && type < end && memmem(type, strcspn(type + 2, "\r") + 2, "json", 4))
		HOLDS(!js_parse(a, end + 4, body, &j, &reason));
	return status;
}

/* May nobody have what this route answers? */
static bool guarded(char **env, bool *head)
{
	struct io io = { .env = env, .read = read_nothing };
	struct req *r = request_of(&io);
	const bool found = !req_decode(r) && !route_find(r);

	*head = r->head;
	return found && r->row->perm != PERM_PUBLIC;
}

static void request(const uint8_t *p, size_t n)
{
	const enum answers how = (enum answers)take(&p, &n, ANSWERS_ROWS + 1);
	char *env[LINES + 4];
	bool key = false, head, closed;
	struct wire w = { .out = { .arena = a } };
	struct arena *of_request = arena_new();
	size_t at;
	int status;

	at = variables((const char *)p, n, env, &key);
	w.body = (const char *)p + at;
	w.left = n - at;
	closed = guarded(env, &head);
	*logged = '\0';
	db_answers(db, how, n + (n ? p[n - 1] : 0));
	serve(of_request, db, dialects, &(struct io){ .env = env, .read = wire_read, .write = wire_write, .p = &w, .ends = true });
	status = answer(&w.out, head);
	HOLDS(key || !closed || status >= 400);
	/* Nobody asked whether the caller may; or it is the program's fault, unless the rows are: they lack what is always there. */
	HOLDS(!strstr(logged, "UNASKED"));
	if (status == 500 && how != ANSWERS_ROWS && !strstr(logged, "DB_NONE"))
		fails(logged, __FILE__, __LINE__);
	arena_free(of_request);
}

/* ---- Seeds: each example of the tables ---- */

static const char *seeds_dir;

static void seed(const char *target, const char *name, const void *bytes, size_t n)
{
	const char *file = arena_printf(a, "%s/%s/%s", seeds_dir, target, name);
	FILE *f;

	(void)mkdir(arena_printf(a, "%s/%s", seeds_dir, target), 0755);
	HOLDS((f = fopen(file, "w")) && fwrite(bytes, 1, n, f) == n && !fclose(f));
}

static void seed_behind(const char *target, const char *name, size_t number, const char *text)
{
	struct buf b = { .arena = a };

	buf_put(&b, (unsigned char[]){ (unsigned char)(number >> 8), (unsigned char)number }, 2);
	buf_puts(&b, text);
	seed(target, name, b.p, b.n);
}

static const char *query_text(struct schemas *s, const struct shape *rows)
{
	struct buf b = { .arena = a };

	buf_puts(&b, "");
	for (; rows && rows->key; rows++) {
		struct json *v = example_row(s, rows, true);
		const char *text = js_type(v) == JS_STRING ? js_str(v) : js_type(v) == JS_ARRAY ? js_str(js_at(v, 0)) : js_text(v, NULL);

		buf_param(&b, rows->type == T_LABELS ? arena_printf(a, "%s[team]", rows->key) : rows->key, text ? text : "");
	}
	return *b.p ? b.p + 1 : "";
}

/* The address of a route, with an id or a word in each place. */
static const char *address(const struct route *row)
{
	struct buf b = { .arena = a };
	size_t var = 0;

	for (const char *p = row->path; *p; ) {
		const char *prefix = var < 2 && row->ids[var] ? row->ids[var] : row->object < RES__MAX ? life_resources[row->object].prefix : NULL;

		if (*p != '{') {
			buf_put(&b, p++, 1);
			continue;
		}
		buf_puts(&b, row->kinds ? example_id(a, row->kinds[0]) : prefix ? example_id(a, prefix) : "1");
		var++;
		p = strchrnul(p, '/');
	}
	return b.p;
}

static void seed_route(const struct dialect *d, const struct route *row, size_t i)
{
	static const char *const more[] = { "HTTP_IF_MATCH=\"1-0123456789abcdef\", W/\"2\"", "HTTP_IF_NONE_MATCH=*", "HTTP_USER_AGENT=a\xff", "HTTP_X_FORWARDED_FOR=192.0.2.9, 192.0.2.8",
		"HTTP_X_REQUEST_ID=abc\nHTTP_X_FORWARDED_PROTO=https\nHTTP_X_FORWARDED_HOST=a.example", "HTTP_TRACEPARENT=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"HTTP_ORIGIN=https://a.example\nHTTP_RANGE=bytes=0-1", "HTTP_CONTENT_ENCODING=gzip", "CONTENT_LENGTH=99999999", "HTTPS=on\nSERVER_PROTOCOL=HTTP/1.1\nHTTP_HOST=a.example" };
	static const char *const who[] = { "@key", "@jwt" };

	struct schemas s = { .arena = a, .form = d->time, .dialect = d->name, .named = js_object(a), .examples = js_object(a) };
	const char *name = arena_printf(a, "row-%04zu", i), *body = "", *q = query_text(&s, route_query(row)), *at = address(row);
	const char *type = row->flags & R_FORM ? "application/x-www-form-urlencoded" : "application/json";

	if (route_body(row))
		body = row->flags & R_FORM ? query_text(&s, route_body(row)) : arena_strdup(a, js_text(example_of(&s, route_body(row), true), NULL));
	for (size_t n = 0; n < 2 * sizeof who / sizeof *who; n++)
		seed_behind("request", arena_printf(a, "%s-%zu", name, n), ANSWERS_EMPTY + n / 2, arena_printf(a, "%s %s%s%s\nCONTENT_TYPE=%s\nHTTP_AUTHORIZATION=Bearer %s\n%s\n%s\n\n%s",
			row->method, at, *q ? "?" : "", q, type, who[n % 2], more[(i + n) % (sizeof more / sizeof *more)],
			row->flags & R_WRITE ? "HTTP_IDEMPOTENCY_KEY=k" : "X=", body));
	seed_behind("path", name, i % 8, at);
	if (*q)
		seed("query", name, q, strlen(q));
	seed("json", name, body, strlen(body));
	if (row->paging && row->paging->got == pages_tokened)
		seed("page", name, arena_printf(a, "%c%c\1%s", 0, (int)i, "0123456789ab"), 15);
}

/* The example with none and with two entries in each of its lists. */
static void seed_lists(size_t i, struct schemas *s)
{
	for (const struct shape *row = forms[i].shape; row->key; row++) {
		if (row->type != T_WORDS && row->type != T_STRINGS)
			continue;
		for (int n = 0; n < 3; n += 2) {
			struct json *o = example_of(s, forms[i].shape, true), *list = js_array(a);

			for (int k = 0; k < n; k++)
				js_add(list, js_string(a, js_str(js_at(example_row(s, row, true), 0))));
			js_put(o, row->key, list);
			seed_behind("shape", arena_printf(a, "form-%04zu-%s-%d", i, row->key, n), i, js_text(o, NULL));
		}
	}
}

static void seed_forms(void)
{
	for (size_t i = 0; i < nforms; i++) {
		struct schemas s = { .arena = a, .named = js_object(a), .examples = js_object(a) };

		seed_behind("shape", arena_printf(a, "form-%04zu", i), i, forms[i].query ? query_text(&s, forms[i].shape)
			: js_text(example_of(&s, forms[i].shape, true), NULL));
		if (!forms[i].query && *forms[i].shape->key)
			seed_lists(i, &s);
	}
	for (size_t i = 0; i < npaged; i++) {
		static const char place[] = "\1\0\4name0123456789abcdefgh\0\0\0\0\0\0\0\1";
		struct buf b = { .arena = a };

		buf_put(&b, (unsigned char[]){ 0, (unsigned char)i, 1 }, 3);
		for (size_t k = 3; k < sizeof place; k++) {
			buf_put(&b, place + k, 1);
			if (k == 14 || k == 24)
				seed("page", arena_printf(a, "place-%zu-%zu", i, k), b.p, b.n);
		}
	}
}

static void add_word(struct buf *b, const char *word)
{
	if (*word)
		buf_printf(b, "\"%s\"\n", word);
}

static void add_words(struct buf *b, const struct shape *s, int deep)
{
	for (; s && s->key && deep < 8; s++) {
		add_word(b, s->key);
		for (size_t i = 0; s->words && s->words[i]; i++)
			add_word(b, s->words[i]);
		add_words(b, s->sub, deep + 1);
	}
}

/* A dictionary: all keys and words that a request can have, and what begins an id. */
static void seed_words(void)
{
	static const char *const others[] = { "@key", "@jwt", "Bearer ", "Basic ", "HTTP_IF_MATCH=", "HTTP_IDEMPOTENCY_KEY=", "HTTP_TRACEPARENT=", "HTTP_RANGE=bytes=",
		"CONTENT_TYPE=", "multipart/form-data; boundary=", "Content-Disposition: form-data; name=", "%2f", "%00", "\\\\u0000", "\\\\ud800", "tags.`", " AND ", " NOT IN (",
		" ILIKE ", "version_number", "\\\",\\\"", "\\\":[", "{\\\"", "\\x0d\\x0a", "2026-05-04T09:30:00Z", "9223372036854775807", "-9223372036854775808", "1e308", "null", "true" };
	struct buf b = { .arena = a };

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		add_word(&b, others[i]);
	for (int p = PERM_MEMBER; p < PERM__MAX; p++)
		add_word(&b, perm_word(p));
	for (size_t i = 0; i < nforms; i++)
		add_words(&b, forms[i].shape, 0);
	for (size_t i = 0; i < nprefixes; i++) {
		add_word(&b, prefixes[i]);
		add_word(&b, example_id(a, prefixes[i]));
	}
	seed("words", "all", b.p, b.n);
}

#define MANY "name='a' AND tag.b != 'c' AND name LIKE 'd%' AND run_id IN ('e') AND version_number > 1 AND "
static void make_seeds(void)
{
	static const char form_seed[] = "multipart/form-data; boundary=x\na preamble\r\n--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\ntwo\r\nlines\r\n"
		"--x\r\nContent-Type: application/zip\r\nContent-Disposition: form-data; name=file; filename=\"a\\\"b%22c.zip\"\r\n\r\nPK\0\r\n-x\r\n--x--\r\n";
	const struct claims c = { .subject = { { 1 } }, .organization = { { 2 } }, .username = "ada", .issued = clock_now(), .expires = INT64_C(4102444800), .gen = 0 };
	static const char *const headers[] = { "{\"alg\":\"HS256\",\"kid\":\"hs\",\"typ\":\"at+jwt\"}", "{\"alg\":\"none\",\"kid\":\"hs\",\"typ\":\"JWT\"}",
		"{\"alg\":\"HS256\",\"kid\":\"hs\",\"typ\":\"JWT\",\"crit\":[\"exp\"]}", "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", "{\"alg\":\"ES256\",\"kid\":\"hs\",\"typ\":\"JWT\"}" };
	const char *claims = arena_printf(a, "{\"iss\":\"thaw\",\"aud\":[\"thaw\"],\"sub\":\"%s\",\"org\":\"%s\",\"iat\":1,"
		"\"exp\":4102444800,\"nbf\":1,\"gen\":0,\"rate\":5,\"scope\":\"model:read\",\"sid\":\"%s\",\"client_id\":\"%s\",\"jti\":\"%s\",\"username\":\"ada\"}",
		example_id(a, "usr-"), example_id(a, "org-"), example_id(a, ""), example_id(a, "cl_"), example_id(a, ""));
	char *hs;
	size_t n = 0;

	for (const struct dialect *const *d = dialects; *d; d++)
		EACH_ROUTE(*d, row)
			seed_route(*d, row, n++);
	seed_forms();
	seed_words();
	for (size_t i = 0; i < nprefixes; i++)
		seed("id", arena_printf(a, "%zu", i), example_id(a, prefixes[i]), strlen(example_id(a, prefixes[i])));
	HOLDS((hs = token_make(a, &c)));
	seed_behind("token", "hs", 0, hs);
	seed_behind("token", "es", 0, es_token);
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		seed_behind("token", arena_printf(a, "claims-%zu", i), 1, arena_printf(a, "%s\n%s", headers[i], claims));
	seed("filter", "many", MANY MANY MANY MANY, sizeof MANY * 4 - 4);
	seed("credential", "hs", arena_printf(a, "Bearer %s", hs), strlen(hs) + 7);
	seed("credential", "key", arena_printf(a, "Bearer %s", db_key), strlen(db_key) + 7);
	seed("credential", "basic", "Basic YWRhOnNlY3JldA==", 22);
	seed("text", "range", "bytes=10-20", 11);
	seed("text", "trace", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", 55);
	seed("form", "whole", form_seed, sizeof form_seed - 1);
	seed("package", "files", "\4\2a/bchi\1\0x", 11);
}

/* ---- The table ---- */

/* Not one of those that are run: what shows that a fault is found, and told. */
static void control(const uint8_t *p, size_t n)
{
	HOLDS(n < 3 || p[0] != 'n' || p[1] != 'o' || p[2] != 't');
}

static const struct { const char *name; void (*run)(const uint8_t *p, size_t n); } targets[] = {
	{ "request", request }, { "path", path }, { "query", query }, { "form", form }, { "json", json }, { "shape", shape }, { "token", token },
	{ "credential", credential }, { "id", id }, { "page", page }, { "filter", filter }, { "package", package }, { "text", texts }, { "url", url } };
static void (*target)(const uint8_t *p, size_t n);

static char *whole_file(const char *name)
{
	FILE *f = fopen(name, "r");
	char *text = arena_alloc(a, TOKEN_MAX + 1);

	if (!f)
		return NULL;
	text[fread(text, 1, TOKEN_MAX, f)] = '\0';
	fclose(f);
	return text;
}

/* The keys, which stay in their directory: one of HS256 that is the same everywhere, which signs, and one of ES256 with a token that
 * it signed. */
static void make_keys(void)
{
	static const char hex[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";
	const struct claims c = { .subject = { { 1 } }, .organization = { { 2 } }, .username = "ada", .issued = clock_now(), .expires = INT64_C(4102444800), .gen = 0 };
	const char *kept = arena_printf(a, "%s/es", conf.key_dir);
	struct key_info *all;
	char kid[64];
	size_t n;

	HOLDS(hex_decode(hex, sizeof hmac_key, hmac_key) && !seal_key_make());
	if ((es_token = whole_file(kept))) {
		es_token = strdup(es_token);
		return;
	}
	HOLDS(!keys_create("ES256", true, kid));
	HOLDS(!file_write(arena_printf(a, "%s/hs.HS256.key", conf.key_dir), hex, sizeof hex - 1, (uid_t)-1, (gid_t)-1, false));
	HOLDS(!keys_list(a, &all, &n) && n == 2);
	HOLDS((es_token = strdup(token_make(a, &c))) && !file_write(kept, es_token, strlen(es_token), (uid_t)-1, (gid_t)-1, false));
	HOLDS(!keys_activate("hs") && !keys_list(a, &all, &n));
}

static void begin(const char *dir)
{
	const char *const settings[][2] = { { "THAW_KEY_DIR", "keys" }, { "THAW_RUN_DIR", "run" } };
	char err[512];

	a = arena_new();
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		(void)mkdir(arena_printf(a, "%s/%s", dir, settings[i][1]), 0700);
		HOLDS(!setenv(settings[i][0], arena_printf(a, "%s/%s", dir, settings[i][1]), true));
	}
	HOLDS(!setenv("THAW_LOG_FILE", "/dev/null", true) && !setenv("THAW_RATE_LIMITS", "off", true) && !setenv("THAW_TRUSTED_PROXIES", "192.0.2.1", true)
		&& !conf_load("/dev/null", err, sizeof err));
	db = db_new("", "");
	HOLDS(tables_whole(dialects));
	find_forms();
	find_prefixes();
	find_paged();
	make_keys();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("THAW_FUZZ"), *dir = getenv("THAW_FUZZ_DIR");

	(void)argc;
	(void)argv;
	HOLDS(dir);
	begin(dir);
	if ((seeds_dir = getenv("THAW_FUZZ_SEEDS"))) {
		make_seeds();
		for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
			puts(targets[i].name);
		exit(0);
	}
	for (size_t i = 0; name && i < sizeof targets / sizeof *targets; i++)
		if (same(targets[i].name, name))
			target = targets[i].run;
	if (name && same(name, "control"))
		target = control;
	if (!target) {
		fprintf(stderr, "THAW_FUZZ names no target\n");
		exit(2);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	target(data, n);
	arena_reset(a);
	return 0;
}
