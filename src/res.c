/* res.c: the reply: made in memory, sent once, after COMMIT. */
#include "req.h"
#include <string.h>
#include <strings.h>
#include "conf.h"
#include "hash.h"
#include "log.h"
#include "page.h"
#include "route.h"
#include "seal.h"
#include "str.h"

static void reset(struct req *r)
{
	r->res = (struct res){ 0 };
}

void res_again(void *r)
{
	reset(r);
}

void res_header(struct req *r, const char *name, const char *value)
{
	enum { ROOM = 16 };
	struct param *more;

	if (r->res.nheaders % ROOM == 0) {
		more = arena_alloc(r->arena, (r->res.nheaders + ROOM) * sizeof *more);
		if (r->res.nheaders)
			memcpy(more, r->res.headers, r->res.nheaders * sizeof *more);
		r->res.headers = more;
	}
	r->res.headers[r->res.nheaders++] = (struct param){ name, value };
}

void res_body(struct req *r, int status, const char *type, const char *body, size_t n)
{
	r->res.status = status;
	r->res.type = type;
	r->res.body = body;
	r->res.n = n;
}

void res_page(struct req *r, int status, const char *title, const char *body)
{
	char *page = page_html(r->arena, title, body);

	res_body(r, status, HTML, page, strlen(page));
}

/* RFC 9110 13.1.2: does If-None-Match name this tag?  Weak comparison. */
static bool named(const char *h, const char *tag)
{
	size_t n = strlen(tag);
	const char *at;

	if (!strcmp(h, "*"))
		return true;
	for (at = strstr(h, tag); at; at = strstr(at + n, tag))
		if (at[n] == '\0' || at[n] == ',' || at[n] == ' ')
			return true;
	return false;
}

void res_tag(struct req *r, const char *tag)
{
	res_header(r, "ETag", tag);
	if (!strcmp(r->method, "GET") && r->if_none_match && named(r->if_none_match, tag))
		res_body(r, 304, NULL, NULL, 0);
}

/* RFC 9110 14.2: the one range that is asked for; the whole where it is none, several, or of another file than this one (If-Range). */
static bool ranged(const struct req *r, const char *tag, size_t n, int64_t *first, int64_t *last)
{
	const char *range = r->head ? NULL : req_header(r, "HTTP_RANGE"), *of = req_header(r, "HTTP_IF_RANGE"), *dash, *from;

	if (!range || strncmp(range, "bytes=", 6) || (of && strcmp(of, tag)))
		return false;
	from = range + 6;
	if (!(dash = strchr(from, '-')) || (dash == from && !dash[1]))
		return false;
	*last = (int64_t)n - 1;
	if (dash == from) {                      /* so many at the end */
		if (!parse_int(dash + 1, 0, INT64_MAX, first))
			return false;
		*first = *first ? *first > (int64_t)n ? 0 : (int64_t)n - *first : (int64_t)n;
		return true;
	}
	if (!parse_int(arena_strndup(r->arena, from, (size_t)(dash - from)), 0, INT64_MAX, first)
	    || (dash[1] && (!parse_int(dash + 1, 0, INT64_MAX, last) || *last < *first)))
		return false;
	if (*last >= (int64_t)n)
		*last = (int64_t)n - 1;
	return true;
}

enum err res_file(struct req *r, const char *type, const struct bytes *file, const struct bytes *sum)
{
	char hex[2 * SHA256_BYTES + 1];
	int64_t first, last;
	const char *tag;

	hex_encode(sum->p, SHA256_BYTES, hex);
	tag = arena_printf(r->arena, "\"%s\"", hex);
	res_body(r, 200, type, (const char *)file->p, file->n);
	res_header(r, "Accept-Ranges", "bytes");
	res_tag(r, tag);
	if (r->res.status == 304 || !ranged(r, tag, file->n, &first, &last))
		return OK;
	if (first >= (int64_t)file->n) {
		r->lasting = (struct param){ "Content-Range", arena_printf(r->arena, "bytes */%zu", file->n) };
		return ERR_RANGE;
	}
	res_body(r, 206, type, (const char *)file->p + first, (size_t)(last - first + 1));
	res_header(r, "Content-Range", arena_printf(r->arena, "bytes %lld-%lld/%zu", (long long)first, (long long)last, file->n));
	return OK;
}

void res_shape(struct req *r, int status, const struct shape *s, const void *v, int64_t revision)
{
	unsigned char md[SHA256_BYTES];
	char hash[17];
	size_t n;
	const char *body = shape_text(r->arena, s, v, r->dialect->time, &n);

	res_body(r, status, "application/json", body, n);
	if (!revision)
		return;
	/* The revision alone is what If-Match compares; the hash makes it a strong tag,
	 * since what surrounds an object may change its bytes. */
	sha256(body, n, md);
	hex_encode(md, 8, hash);
	res_tag(r, arena_printf(r->arena, "\"%lld-%s\"", (long long)revision, hash));
}

/* What the token lacks: another one's client asks for scopes of OAuth, as does whoever needs
 * no permission beside. */
static const char *scope_needed(const struct req *r, enum err e)
{
	const struct ask promote = { .perm = PERM_MODEL_PROMOTE }, ask = e == ERR_PROTECTED ? promote : route_ask(r->row);
	const char *scope = (e == ERR_SCOPE_DENIED || e == ERR_PROTECTED) && (!id_is_zero(&r->who.client) || r->row->perm == PERM_MEMBER) ? ask_scope(ask) : "";

	return *scope ? scope : perm_word(ask.perm);
}

/* The realm of Basic, with what comes between it and the next; "" where a Bearer was sent: a browser would ask its user for a
 * password, over the page that sent it. */
static const char *basic_realm(const struct req *r)
{
	const bool bearer = r->authorization && !strncasecmp(r->authorization, "Bearer ", 7);

	return r->dialect->basic && !bearer ? arena_printf(r->arena, "Basic realm=\"%s\", ", r->dialect->basic) : "";
}

static void challenge(struct req *r, enum err e, int status)
{
	const unsigned flags = err_row(e)->flags;
	const char *value = NULL;

	if (r->dialect->challenge) {
		if (status == 401)
			res_header(r, "WWW-Authenticate", r->dialect->challenge);
		return;
	}
	if (status != 401 && status != 403)      /* the dialect, or the route, says it otherwise */
		return;
	if (flags & ASK_TOKEN)
		value = "";
	else if (flags & BAD_TOKEN)
		value = ", error=\"invalid_token\"";
	else if (flags & LOW_TIER)
		value = arena_printf(r->arena, ", error=\"insufficient_scope\", error_description=\"a token of tier %d is needed\"",
			(int)route_ask(r->row).tier);
	else if (flags & NO_SCOPE)
		value = arena_printf(r->arena, ", error=\"insufficient_scope\", scope=\"%s\"", scope_needed(r, e));
	if (value)
		res_header(r, "WWW-Authenticate", arena_printf(r->arena, "%sBearer realm=\"thaw\"%s", status == 401 ? basic_realm(r) : "", value));
}

void res_error(struct req *r, enum err e)
{
	struct error_say say;
	const char *body;
	size_t n;

	if (!err_row(e)->status || err_row(e)->level >= LOG_WARN)
		log_error(err_row(e)->status ? err_row(e)->level : LOG_ERROR, "%s %s: %s", r->method, r->path, err_row(e)->name);
	if (!err_row(e)->status)
		e = ERR_INTERNAL;
	reset(r);
	say = error_say(r->dialect, r->row, e);
	if (r->tx.why.text)
		say.text = r->tx.why.text;
	error_details(r->arena, r->dialect, &say, &r->tx.why);
	say.request_id = r->tx.request_id;
	error_names(r->arena, r->dialect, &say);
	say.time = r->tx.now;
	if (say.status == 503 && !r->tx.why.retry_after)
		r->tx.why.retry_after = 1;
	if (r->tx.why.retry_after)
		say.retry_after = r->tx.why.retry_after;
	if (r->dialect->say)
		r->dialect->say(r, &say);
	r->error_instance = say.instance_id;
	body = shape_text(r->arena, r->dialect->error_out, &say, r->dialect->time, &n);
	res_body(r, say.status, r->dialect->error_type, body, n);
	challenge(r, e, say.status);
	if (e == ERR_CODING)                     /* RFC 9110 15.5.16 */
		res_header(r, "Accept-Encoding", "identity");
	if (r->allow && say.status == 405)
		res_header(r, "Allow", r->allow);
	if (r->tx.why.retry_after)
		res_header(r, "Retry-After", arena_printf(r->arena, "%lld", (long long)r->tx.why.retry_after));
}

/* The token itself, however its scheme is spelled. */
static const char *credential(const struct req *r)
{
	const char *token = strchr(r->authorization, ' ');

	return token + strspn(token, " ");
}

/* What belongs to the first answer and goes with every repetition of it. */
void res_keep(struct req *r)
{
	struct json *headers = js_object(r->arena);

	js_put_str(r->arena, headers, "Content-Type", r->res.type);
	js_put_str(r->arena, headers, "X-Request-Id", r->tx.request_id);
	for (size_t i = 0; i < r->res.nheaders; i++)
		js_put_str(r->arena, headers, r->res.headers[i].name, r->res.headers[i].value);
	r->tx.answer = (struct answer){ r->res.status, js_text(headers, NULL), r->res.body };
	if (r->row->flags & R_SECRET && r->res.body && r->res.status < 300)
		r->tx.answer.body = seal_answer(r->arena, credential(r), r->tx.idempotency_key, r->res.body);
}

enum err res_replay(struct req *r)
{
	const struct answer *a = &r->tx.answer;
	struct json *headers, *value;
	const char *name, *body;
	void *it = NULL;

	body = a->body;
	if (body && r->row->flags & R_SECRET && a->status < 300
	    && !(body = seal_open_answer(r->arena, credential(r), r->tx.idempotency_key, body)))
		return ERR_KEY_SEALED;
	reset(r);
	res_body(r, (int)a->status, NULL, body, body ? strlen(body) : 0);
	res_header(r, "Idempotent-Replayed", "true");
	if (!(headers = js_read(r->arena, a->headers)))
		return ERR_INTERNAL;
	while (js_next(headers, &it, &name, &value)) {
		if (!strcmp(name, "Content-Type"))
			r->res.type = value ? js_str(value) : NULL;
		else if (!strcmp(name, "X-Request-Id"))
			r->tx.request_id = js_str(value);
		else
			res_header(r, name, js_str(value));
	}
	return OK;
}

/* Of several origins the one that asks, so that an answer kept on its way is that one's alone. */
static void cors_headers(struct req *r)
{
	const bool all = !strcmp(conf.cors_origin, "*");

	if (!all)
		res_header(r, "Vary", "Origin");
	if (!all && (!r->origin || !word_in(conf.cors_origin, r->origin)))
		return;
	res_header(r, "Access-Control-Allow-Origin", all ? "*" : r->origin);
	res_header(r, "Access-Control-Expose-Headers", CORS_SHOWS);
}

static void common_headers(struct req *r)
{
	const struct dialect *d = r->dialect;

	if (r->lasting.name)
		res_header(r, r->lasting.name, r->lasting.value);
	res_header(r, "X-Request-Id", r->tx.request_id);
	/* A tag invites to keep the answer and ask again; everything else is for once. */
	res_header(r, "Cache-Control", strcmp(r->method, "GET") || r->res.status >= 400 ? "no-store" : r->res.lasts ? r->res.lasts : "private, no-cache");
	if (r->rated && (d->rate_headers || r->res.status == 429)) {
		res_header(r, "X-RateLimit-Limit", arena_printf(r->arena, "%lld", (long long)r->rate.limit));
		res_header(r, "X-RateLimit-Remaining", arena_printf(r->arena, "%lld", (long long)r->rate.remaining));
		res_header(r, "X-RateLimit-Reset", arena_printf(r->arena, "%lld",
			(long long)(r->tx.now / SECOND + r->rate.reset_s)));
	}
	if (d->headers)
		d->headers(r);
	if (d->cors && *conf.cors_origin && !(r->row && r->row->flags & R_APART && r->res.status == 200))
		cors_headers(r);
}

void res_send(struct req *r)
{
	/* So that a terminal's prompt stands on a line of its own. */
	const bool ends = r->res.n && r->res.type && strstr(r->res.type, "json") && r->res.body[r->res.n - 1] != '\n';
	struct buf b = { .arena = r->arena };

	common_headers(r);
	buf_printf(&b, "Status: %d %s\r\n", r->res.status, status_phrase(r->res.status));
	if (r->res.type)
		buf_printf(&b, "Content-Type: %s\r\n", r->res.type);
	if (r->res.status != 304 && r->res.status != 204)
		buf_printf(&b, "Content-Length: %zu\r\n", r->res.n + ends);
	for (size_t i = 0; i < r->res.nheaders; i++)
		buf_printf(&b, "%s: %s\r\n", r->res.headers[i].name, r->res.headers[i].value);
	buf_puts(&b, "\r\n");
	/* The client may be gone; the commit stands. */
	if (!r->io->write(r->io->p, b.p, b.n) && !r->head && r->res.n && !r->io->write(r->io->p, r->res.body, r->res.n) && ends)
		(void)r->io->write(r->io->p, "\n", 1);
}
