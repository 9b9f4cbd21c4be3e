/* req.c: from the FastCGI or CGI variables to a request.  Routing looks at one
 * string only, REQUEST_URI up to the '?': split at '/', each segment percent-decoded
 * once, and whatever nginx and this program could read differently is refused:
 * encoded slashes, backslashes, NULs, control bytes, dot segments. */
#define _GNU_SOURCE
#include "req.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "conf.h"
#include "hash.h"
#include "log.h"
#include "route.h"
#include "str.h"

/* What is read of the environment.  Headers that may come once are refused when there are two of them,
 * since FCGX_GetParam and the like would silently believe the first. */
enum { ONCE = 1 };
#define VARS(V) \
	V(HTTP_AUTHORIZATION, ONCE) V(HTTP_COOKIE, ONCE) V(HTTP_CONTENT_TYPE, ONCE) V(HTTP_CONTENT_LENGTH, ONCE) \
	V(HTTP_CONTENT_ENCODING, ONCE) V(HTTP_IF_MATCH, ONCE) V(HTTP_IF_NONE_MATCH, ONCE) V(HTTP_HOST, ONCE) \
	V(HTTP_ORIGIN, ONCE) V(CONTENT_TYPE, ONCE) V(CONTENT_LENGTH, ONCE) V(REQUEST_URI, ONCE) V(REQUEST_METHOD, ONCE) \
	V(HTTP_IDEMPOTENCY_KEY, 0) V(HTTP_USER_AGENT, 0) V(HTTP_X_REQUEST_ID, 0) V(HTTP_TRACEPARENT, 0) V(HTTP_X_FORWARDED_FOR, 0) \
	V(HTTP_X_FORWARDED_HOST, 0) V(HTTP_X_FORWARDED_PROTO, 0) V(HTTPS, 0) V(REMOTE_ADDR, 0) V(REQUEST_ID, 0) \
	V(SERVER_NAME, 0) V(SERVER_PROTOCOL, 0)
#define VAR_ENUM(name, once) name,
#define VAR_ROW(name, once) { #name, sizeof #name - 1, once },
enum var { VARS(VAR_ENUM) VAR__MAX };
static const struct { const char *name; size_t n; bool once; } vars[] = { VARS(VAR_ROW) };

struct env {
	const char *first[VAR__MAX], *last[VAR__MAX];    /* of several headers of a name; NULL: none */
	size_t longest, all;                     /* bytes of headers */
};

static void read_env(struct req *r)
{
	struct env *env = arena_alloc(r->arena, sizeof *env);

	for (char **e = r->io->env; *e; e++) {
		const char *end = strchrnul(*e, '=');
		const size_t n = (size_t)(end - *e), whole = strncmp(*e, "HTTP_", 5) ? 0 : n + strlen(end);

		env->longest = whole > env->longest ? whole : env->longest;
		env->all += whole;
		for (enum var v = 0; *end && v < VAR__MAX; v++) {
			if (vars[v].n != n || memcmp(vars[v].name, *e, n))
				continue;
			env->last[v] = end + 1;
			if (!env->first[v])
				env->first[v] = end + 1;
			break;
		}
	}
	r->env = env;
}

static const char *var(const struct req *r, enum var v)
{
	return r->env->first[v];
}

/* What the nearest proxy added. */
static const char *last_var(const struct req *r, enum var v)
{
	return r->env->last[v];
}

static bool twice(const struct req *r, enum var v)
{
	return r->env->first[v] != r->env->last[v];
}

static enum err bad(struct req *r, const char *field, const char *reason)
{
	why_add(&r->tx, field, reason);
	return ERR_REQUEST;
}

/* HTTP_IF_MATCH as a client writes it: If-Match. */
static char *header_name(struct arena *a, const char *variable)
{
	char *s = arena_strdup(a, strncmp(variable, "HTTP_", 5) ? variable : variable + 5);

	for (char *p = s; *p; p++) {
		if (*p == '_')
			*p = '-';
		else if (p > s && p[-1] != '-')
			*p |= 32;
	}
	return s;
}

static enum err once_only(struct req *r)
{
	for (enum var v = 0; v < VAR__MAX; v++)
		if (vars[v].once && twice(r, v))
			return bad(r, header_name(r->arena, vars[v].name), "is given twice");
	return OK;
}

static bool printable(const char *s, size_t max)
{
	size_t n = strlen(s);

	for (const char *p = s; *p; p++)
		if (*p <= ' ' || *p > '~' || strchr("\"\\", *p))
			return false;
	return n > 0 && n <= max;
}

/* The address of the client and the id of the request, as far as they can be
 * believed: X-Forwarded-For and X-Request-Id only from a trusted proxy. */
static void origin(struct req *r)
{
	const char *peer = var(r, REMOTE_ADDR), *id = var(r, REQUEST_ID), *agent = var(r, HTTP_USER_AGENT), *h;
	char *address;
	struct id fresh;

	r->tx.address = peer && printable(peer, 64) ? arena_strdup(r->arena, peer) : "";
	if (word_in(conf.trusted_proxies, r->tx.address)) {
		if ((h = last_var(r, HTTP_X_FORWARDED_FOR))) {
			const char *last = strrchr(h, ',');

			last = last ? last + 1 : h;
			last += strspn(last, " ");
			address = arena_strndup(r->arena, last, strcspn(last, " "));
			if (printable(address, 64))
				r->tx.address = address;
		}
		if ((h = last_var(r, HTTP_X_REQUEST_ID)) && printable(h, 60))
			id = h;
	}
	if (!id || !printable(id, 60)) {
		id_new(r->tx.now, &fresh);
		id = id_spell(r->arena, "", &fresh);
	}
	r->tx.request_id = arena_printf(r->arena, "%s%s", r->dialect->request_prefix ? r->dialect->request_prefix : "", id);
	r->tx.user_agent = "";
	if (agent && utf8_valid(agent, strlen(agent))) {
		r->tx.user_agent = utf8_cut(r->arena, agent, 512);
	} else if (agent) {                      /* what can be told of it */
		char *copy = arena_strndup(r->arena, agent, strnlen(agent, 512));

		for (char *p = copy; *p; p++)
			*p = *p < 0 ? '?' : *p;
		r->tx.user_agent = copy;
	}
}

/* A header that is malformed or comes twice is none: it is not refused, since it is not the client's to know. */
static void decode_trace(struct req *r)
{
	const char *h = var(r, HTTP_TRACEPARENT);

	if (h && !twice(r, HTTP_TRACEPARENT))
		(void)trace_parse(h, &r->tx.trace);
}

static enum err decode_segment(struct req *r, const char *s, size_t n)
{
	char *d;

	if (r->nsegments == MAX_SEGMENTS)
		return bad(r, "path", "has too many segments");
	if (!(d = pct_decode(r->arena, s, n, false)))
		return bad(r, "path", "has a broken percent escape or a NUL");
	for (const char *p = d; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '/' || *p == '\\')
			return bad(r, "path", "has an encoded slash or a control character");
	if (!strcmp(d, ".") || !strcmp(d, "..") || !utf8_valid(d, strlen(d)))
		return bad(r, "path", "has a dot segment or is not UTF-8");
	r->segments[r->nsegments++] = d;
	return OK;
}

/* A slash at the end is let be; an empty segment elsewhere matches nothing. */
static enum err decode_path(struct req *r)
{
	const char *p = r->path;
	enum err e = OK;

	while (!e && *p == '/') {
		size_t n = strcspn(++p, "/");

		if (n || ((p[n] || !r->nsegments) && !r->dialect->slashes))
			e = decode_segment(r, p, n);
		p += n;
	}
	return e;
}

/* What is wrong with what cannot be decoded. */
static const char *escape_fault(const char *s, size_t n)
{
	return memmem(s, n, "%00", 3) ? "has a NUL (%00)" : "has a broken percent escape or is not UTF-8";
}

/* Pairs of names and values, of a query or a form. */
static enum err decode_params(struct req *r, const char *where, const char *q, struct param params[MAX_PARAMS], size_t *count)
{
	while (*q) {
		size_t n = strcspn(q, "&"), name = strcspn(q, "=&");
		struct param *p = &params[*count];

		if (n) {
			if (*count == MAX_PARAMS)
				return bad(r, where, "has too many parameters");
			p->name = pct_decode(r->arena, q, name, true);
			p->value = name < n ? pct_decode(r->arena, q + name + 1, n - name - 1, true) : "";
			if (!p->name || !p->value || !utf8_valid(p->name, strlen(p->name)) || !utf8_valid(p->value, strlen(p->value)))
				return bad(r, where, escape_fault(q, n));
			++*count;
		}
		q += n + (q[n] == '&');
	}
	return OK;
}

/* What a body has at most beside a file. */
static int64_t text_limit(const struct req *r)
{
	return r->row->flags & R_LARGE && conf.body_limit < BODY_LARGE ? BODY_LARGE : conf.body_limit;
}

enum err req_too_large(struct req *r)
{
	r->tx.why.text = r->row->flags & R_FILE
		? arena_printf(r->arena, "The request body is too large: its file can have %lld bytes (artifact_limit), the rest %lld (body_limit)",
			(long long)conf.artifact_limit, (long long)conf.body_limit)
		: arena_printf(r->arena, "The request body is too large: it can have %lld bytes%s", (long long)text_limit(r),
			text_limit(r) == conf.body_limit ? " (body_limit)" : "");
	return ERR_TOO_LARGE;
}

static enum err read_body(struct req *r)
{
	const char *length = var(r, CONTENT_LENGTH);
	int64_t want = 0;
	char more;
	long n;

	if (length && *length && !parse_int(length, 0, INT64_MAX, &want))
		return bad(r, "Content-Length", "must be a whole number");
	if (want > text_limit(r) + (r->row->flags & R_FILE ? (conf.artifact_limit + 2) / 3 * 4 : 0))
		return req_too_large(r);
	r->body = arena_alloc(r->arena, (size_t)want + 1);
	while (r->body_n < (size_t)want) {
		n = r->io->read(r->io->p, r->body + r->body_n, (size_t)want - r->body_n);
		if (n <= 0)
			return bad(r, "body", "is shorter than its Content-Length");
		r->body_n += (size_t)n;
	}
	if (r->io->ends && r->io->read(r->io->p, &more, 1) != 0)
		return bad(r, "body", "is longer than its Content-Length");
	return OK;
}

/* If-Match as the revisions it names (ours are "<revision>-<hash>"); "*" asks for
 * nothing more than the object, weak tags never match (RFC 9110 13.1.1). */
static const char *wanted_revisions(struct arena *a, const char *h)
{
	struct buf b = { .arena = a };

	if (!h || !strcmp(h, "*"))
		return NULL;
	buf_puts(&b, "");                        /* none, also of an empty header: matches nothing */
	for (const char *p = h; *p; ) {
		if (*p == '"' && strchr(p + 1, '"')) {
			size_t digits = strspn(p + 1, "0123456789");

			if (p[1 + digits] == '-' || p[1 + digits] == '"') {
				buf_put(&b, p + 1, digits);
				buf_puts(&b, " ");
			}
			p = strchr(p + 1, '"') + 1;
		} else if (!strncmp(p, "W/\"", 3) && strchr(p + 3, '"')) {
			p = strchr(p + 3, '"') + 1;
		} else {
			p++;
		}
	}
	return b.p;
}

static const char *keep(const struct req *r, enum var v)
{
	const char *value = var(r, v);

	return value && *value ? arena_strdup(r->arena, value) : NULL;
}

const char *req_header(const struct req *r, const char *name)
{
	const size_t n = strlen(name);
	const char *found = NULL;

	for (char **e = r->io->env; *e; e++) {
		if (strncmp(*e, name, n) || (*e)[n] != '=')
			continue;
		if (found)
			return "";
		found = *e + n + 1;
	}
	return found && *found ? arena_strdup(r->arena, found) : NULL;
}

#define MODE_HEADER "HTTP_THAW_MODE"
const char *const mode_words[] = { "live", "test", NULL };

enum err req_mode(struct req *r)
{
	const char *sent = req_header(r, MODE_HEADER);
	const bool live = sent && !strcmp(sent, "live");
	const enum mode mode = live ? MODE_LIVE : MODE_TEST;

	if (!sent)
		return OK;
	if (!live && strcmp(sent, "test"))
		why_add(&r->tx, "Thaw-Mode", "must be live or test");
	else if (r->who.mode != MODE_BOTH && r->who.mode != mode)
		why_add(&r->tx, "Thaw-Mode", "does not match the mode of this API key");
	else
		return r->who.mode = mode, OK;
	return ERR_MODE_HEADER;
}

/* The idempotency key of a write, bare or as the quoted string of the IETF's draft
 * (httpapi-idempotency-key-header-07), and the fingerprint of what it stands for. */
static enum err decode_key(struct req *r)
{
	const char *h = var(r, HTTP_IDEMPOTENCY_KEY), *query = strchrnul(var(r, REQUEST_URI), '?'), *mode;
	struct buf all = { .arena = r->arena };
	char *key;
	size_t n;

	if (!h || !strcmp(r->method, "GET") || !strcmp(r->method, "OPTIONS"))
		return OK;
	key = arena_strdup(r->arena, h);
	n = strlen(key);
	if (n >= 2 && key[0] == '"' && key[n - 1] == '"') {
		key[n - 1] = '\0';
		key++;
	}
	/* Told in its turn, after 401 and 429. */
	if (twice(r, HTTP_IDEMPOTENCY_KEY))
		r->bad_key = "is given twice";
	else if (!printable(key, KEY_MOST))
		r->bad_key = "must have 1 to 255 visible ASCII characters";
	if (r->bad_key)
		return OK;
	r->tx.idempotency_key = key;
	buf_printf(&all, "%s %s%s\n%s\n%s\n", r->method, r->path, query, r->content_type ? r->content_type : "",
		r->tx.if_match ? r->tx.if_match : "*");
	if ((mode = req_header(r, MODE_HEADER)))
		buf_printf(&all, "%s\n", mode);
	buf_put(&all, r->body, r->body_n);
	sha256(all.p, all.n, r->tx.fingerprint);
	return OK;
}

/* What of a path stands behind a prefix, by whole segments; NULL: it is not under it. */
static const char *behind(const struct dialect *d, const char *path, const char *prefix)
{
	for (; *prefix; path++, prefix++) {
		if (*path != *prefix)
			return NULL;
		while (d->slashes && path[0] == '/' && path[1] == '/')
			path++;
	}
	return *path == '/' || !*path ? path : NULL;
}

/* The dialect of a path, by whole segments; never NULL. */
static const struct dialect *dialect_of(const struct dialect *const *dialects, const char *path)
{
	size_t i = 0;

	for (; dialects[i + 1]; i++)
		for (const char *const *p = dialects[i]->prefixes; *p; p++)
			if (behind(dialects[i], path, *p))
				return dialects[i];
	return dialects[i];
}

/* What nginx lets through is the most that any dialect takes. */
static enum err too_long(const struct req *r, const char *uri)
{
	if (strlen(uri) > (r->dialect->long_queries ? ADDRESS_LONG : ADDRESS_MOST))
		return ERR_URI_TOO_LONG;
	return r->env->longest > HEADER_MOST || r->env->all > HEADERS_MOST ? ERR_HEADERS_TOO_LARGE : OK;
}

/* The path under the prefix that its own stands for. */
static const char *routed(struct req *r)
{
	const char *rest;

	for (const struct prefix_as *s = r->dialect->same; s && s->prefix; s++)
		if ((rest = behind(r->dialect, r->path, s->prefix)))
			return arena_printf(r->arena, "%s%s", s->as, rest);
	return r->path;
}

enum err req_decode(struct req *r)
{
	const char *uri, *method, *scheme, *question, *protocol;
	size_t base = strlen(conf.base_path);
	enum err e;

	read_env(r);
	method = var(r, REQUEST_METHOD);
	uri = var(r, REQUEST_URI) ? var(r, REQUEST_URI) : "";
	/* The absolute form of RFC 9112 3.2.2: what counts is the path. */
	if (*uri != '/' && (scheme = strstr(uri, "://")) && scheme < strchrnul(uri, '?'))
		uri = strchrnul(scheme + 3, '/');
	question = strchrnul(uri, '?');
	r->path = arena_strndup(r->arena, uri, (size_t)(question - uri));
	if (!strncmp(r->path, conf.base_path, base) && (r->path[base] == '/' || !r->path[base]))
		r->path += base;
	r->dialect = dialect_of(r->dialects, r->path);
	r->path = routed(r);
	origin(r);
	decode_trace(r);
	log_request(r->tx.request_id, &r->tx.trace);
	r->method = arena_strdup(r->arena, method ? method : "");
	if ((r->head = !strcmp(r->method, "HEAD")))
		r->method = "GET";
	r->authorization = keep(r, HTTP_AUTHORIZATION);
	r->content_type = keep(r, CONTENT_TYPE);
	r->if_none_match = keep(r, HTTP_IF_NONE_MATCH);
	r->origin = keep(r, HTTP_ORIGIN);
	if ((scheme = var(r, HTTPS)))
		r->secure = !strcmp(scheme, "on");
	if (word_in(conf.trusted_proxies, var(r, REMOTE_ADDR) ? var(r, REMOTE_ADDR) : "")
	    && (scheme = last_var(r, HTTP_X_FORWARDED_PROTO)))
		r->secure = !strcmp(scheme, "https");
	r->tx.if_match = wanted_revisions(r->arena, var(r, HTTP_IF_MATCH));
	if ((protocol = var(r, SERVER_PROTOCOL)) && !strncmp(protocol, "HTTP/0", 6))
		return ERR_HTTP_VERSION;         /* its answer has no status: nobody could tell what it is */
	if ((e = too_long(r, uri)) || (e = once_only(r)) || (e = decode_path(r)))
		return e;
	return decode_params(r, "query", *question ? question + 1 : "", r->params, &r->nparams);
}

enum err req_body(struct req *r)
{
	enum err e = read_body(r);

	return e ? e : decode_key(r);
}

/* Of this media type, whatever parameters follow but another charset? */
static bool is_of_type(const char *type, const char *wanted)
{
	size_t n = strcspn(type, "; \t");
	const char *charset = strcasestr(type + n, "charset=");

	if (n != strlen(wanted) || strncasecmp(type, wanted, n))
		return false;
	if (!charset)
		return true;
	charset += strlen("charset=");
	charset += *charset == '"';
	return !strncasecmp(charset, "utf-8", 5);
}

/* A form.  A parameter without a value is none (RFC 6749 3.1), and a line end behind them
 * all, as a file has, is none of theirs. */
static enum err shape_form(struct req *r)
{
	struct param *params = arena_alloc(r->arena, MAX_PARAMS * sizeof *params);
	size_t n = 0, given = 0;
	enum err e;

	if (memchr(r->body, '\0', r->body_n))
		return bad(r, "body", "has a NUL");
	while (r->body_n && strchr("\r\n", r->body[r->body_n - 1]))
		r->body[--r->body_n] = '\0';
	if ((e = decode_params(r, "body", r->body, params, &n)))
		return e;
	for (size_t i = 0; i < n; i++)
		if (*params[i].value)
			params[given++] = params[i];
	return shape_decode_params(&r->tx, r->row->in, params, given, r->in);
}

/* A form with files: its fields, which are no files. */
static enum err shape_parts(struct req *r)
{
	struct param *fields;
	const char *reason;
	size_t n = 0;
	enum err e = multipart_parse(r->arena, r->content_type, r->body, r->body_n, &r->parts, &r->nparts, &reason);

	if (e)
		return e == ERR_REQUEST ? bad(r, "body", reason) : e;
	fields = arena_alloc(r->arena, r->nparts * sizeof *fields);
	for (size_t i = 0; i < r->nparts; i++) {
		const struct part *p = &r->parts[i];

		if (p->filename)
			continue;
		fields[n] = (struct param){ p->name, arena_strndup(r->arena, p->bytes, p->n) };
		if (strlen(fields[n].value) != p->n || !utf8_valid(fields[n].value, p->n))
			return bad(r, p->name, "has a NUL or is not UTF-8");
		n++;
	}
	return shape_decode_params(&r->tx, r->row->in, fields, n, r->in);
}

/* Is it a body of the kind that the row takes? */
static enum err kind_of_body(struct req *r)
{
	const char *coding = var(r, HTTP_CONTENT_ENCODING);
	const char *type = r->row->flags & R_FORM ? "application/x-www-form-urlencoded" : "application/json";

	if (coding && *coding && strcasecmp(coding, "identity"))
		return ERR_CODING;
	r->tx.merge = r->content_type && !strcmp(r->method, "PATCH") && is_of_type(r->content_type, "application/merge-patch+json");
	return r->tx.merge || (r->content_type && is_of_type(r->content_type, type)) ? OK : ERR_MEDIA_TYPE;
}

static struct json *named(struct arena *a, const char *name, struct json *value)
{
	struct json *o = js_object(a);

	js_put(o, name, value);
	return o;
}

/* A JSON object, as the dialect's clients mean it; of rows of one that has no name a list, which is its value. */
static enum err json_body(struct req *r, const struct shape *rows, struct json **out)
{
	const char *reason;
	enum err e = js_parse_most(r->arena, r->body, r->body_n, VALUES_MOST, out, &reason);

	if (e) {
		why_add(&r->tx, "body", reason);
		return e;
	}
	if (*out && r->dialect->tidy && (e = r->dialect->tidy(r, rows, out)))
		return e;
	if (js_type(*out) == (*rows->key ? JS_OBJECT : JS_ARRAY)) {
		*out = *rows->key ? *out : named(r->arena, "", *out);
		return OK;
	}
	why_add(&r->tx, "body", *rows->key ? "must be a JSON object" : "must be a JSON array");
	return ERR_SHAPE;
}

/* What the body has for these rows. */
static enum err shape_body(struct req *r, const struct shape *rows, void *out)
{
	struct json *j;
	enum err e;

	if (!r->body_n && r->row->flags & R_NO_BODY_NEEDED)
		return shape_decode(&r->tx, rows, js_object(r->arena), out);
	if (!r->body_n) {
		why_add(&r->tx, "body", r->row->flags & R_FORM ? "is required and must be a form" : "is required and must be a JSON object");
		return ERR_NO_BODY;
	}
	if (r->row->flags & R_PARTS && r->content_type && is_of_type(r->content_type, "multipart/form-data"))
		return shape_parts(r);
	if ((e = kind_of_body(r)))
		return e;
	if (r->row->flags & R_FORM)
		return shape_form(r);
	if ((e = json_body(r, rows, &j)))
		return e;
	r->sent = j;
	e = shape_decode(&r->tx, rows, j, out);
	if (r->row->flags & R_STRICT && shape_unknown(&r->tx, rows, j))
		e = ERR_SHAPE;
	return e;
}

/* What is asked for, by the address or, where the row lets it, by a body. */
static enum err shape_query(struct req *r)
{
	const struct shape *rows = r->row->query;
	enum err e;

	r->query = arena_alloc(r->arena, r->row->query_size);
	if (rows == route_body(r->row) || (r->row->flags & R_QUERY_BODY && !r->nparams && r->body_n))
		return shape_body(r, rows, r->query);
	if (!r->dialect->tidy)
		return shape_decode_params(&r->tx, rows, r->params, r->nparams, r->query) ? ERR_QUERY : OK;
	if ((e = r->dialect->tidy(r, rows, &r->sent)))
		return e;
	return shape_decode(&r->tx, rows, r->sent, r->query) ? ERR_QUERY : OK;
}

enum err req_shape(struct req *r)
{
	enum err e = OK;

	if (r->bad_key && r->row->perm != PERM_PUBLIC)
		return bad(r, "Idempotency-Key", r->bad_key);
	if (r->dialect->check && (e = r->dialect->check(r)))
		return e;
	if (r->row->query && !(r->row->flags & R_OWN_QUERY))
		e = shape_query(r);
	if (!e && r->row->in) {
		r->in = arena_alloc(r->arena, r->row->in_size);
		e = shape_body(r, r->row->in, r->in);
	}
	return e;
}

const char *req_base(const struct req *r)
{
	static const char host_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
	const bool trusted = word_in(conf.trusted_proxies, var(r, REMOTE_ADDR) ? var(r, REMOTE_ADDR) : "");
	const char *host = trusted ? last_var(r, HTTP_X_FORWARDED_HOST) : NULL;

	host = host ? host : var(r, HTTP_HOST);
	if (!host || !*host || host[strspn(host, host_bytes)])
		host = var(r, SERVER_NAME);
	return arena_printf(r->arena, "%s://%s%s", r->secure ? "https" : "http", host && *host ? host : "localhost", conf.base_path);
}

struct id req_id(const struct req *r, size_t n, const char *prefix)
{
	struct id id;

	return id_parse(r->vars[n], prefix, &id) ? id : (struct id){ 0 };
}
