/* dom_send.c: see dom_send.h.  The only module that knows libcurl. */
#include "dom_send.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <curl/curl.h>
#include "clock.h"
#include "conf.h"
#include "event.h"
#include "log.h"
#include "net.h"
#include "sign.h"
#include "str.h"
#include "trace.h"

enum { ANSWER_MOST = 65536, CONNECT_MS = 9000, FETCH_MS = 120000, CONNECTIONS = 1024 };
_Static_assert(FLIGHT_ERROR >= CURL_ERROR_SIZE, "room for libcurl's words");

struct sender { CURLM *multi; struct arena *draft; };       /* draft: what a body is made from */

struct sender *sender_new(void)
{
	struct sender *s = calloc(1, sizeof *s);

	if (!s || curl_global_init(CURL_GLOBAL_DEFAULT) || !(s->multi = curl_multi_init()))
		abort();
	s->draft = arena_new();
	curl_multi_setopt(s->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS);
	return s;
}

void sender_free(struct sender *s)
{
	curl_multi_cleanup(s->multi);
	curl_global_cleanup();
	arena_free(s->draft);
	free(s);
}

void sender_drop(struct sender *s, struct flight *f)
{
	if (f->state == FLYING)
		curl_multi_remove_handle(s->multi, f->easy);
	curl_easy_cleanup(f->easy);
	curl_slist_free_all(f->headers);
	if (f->arena)
		arena_free(f->arena);
	*f = (struct flight){ 0 };
}

void sender_wait(struct sender *s, int ms)
{
	curl_multi_poll(s->multi, NULL, 0, ms, NULL);
}

/* The address is judged here, where it is connected: not what a name meant before. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct flight *f = arg;

	(void)purpose;
	if (net_may_call(&to->addr))
		return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
	f->refused = net_spell(f->arena, &to->addr);
	return CURL_SOCKET_BAD;
}

/* The answer's head and body are counted and thrown away. */
static size_t swallow(char *data, size_t size, size_t n, void *arg)
{
	struct flight *f = arg;

	(void)data;
	f->got += size * n;
	f->full = f->got > ANSWER_MOST;
	return f->full ? 0 : size * n;
}

static size_t take(char *data, size_t size, size_t n, void *arg)
{
	struct flight *f = arg;

	if (f->keep)
		buf_put(f->keep, data, size * n);
	return swallow(data, size, n, arg);
}

static void header(struct sender *s, struct flight *f, const char *name, const char *value)
{
	struct curl_slist *all = curl_slist_append(f->headers, arena_printf(s->draft, "%s:%s%s", name, *value ? " " : "", value));

	if (!all)
		abort();
	f->headers = all;
}

/* What it was sent from is not kept until the next try: there are many flights, and bodies may be large. */
static void land(struct flight *f)
{
	f->state = LANDED;
	f->reply.milliseconds = (clock_mono() - f->began) / 1000;
	arena_reset(f->arena);
	f->size = 0;
}

const char *event_write(struct arena *a, const struct post *p, const struct letter *l, const struct target *to, int64_t time, struct message *out)
{
	const char *id = id_spell(a, "evt_", &p->event), *standard;
	struct sign s = { to->secrets, to->nsecrets, time, NULL, 0 };

	s.body = event_text(a, &l->event, to->api_version, &s.length);
	if (!(standard = sign_standard(a, &s, id)))
		return fault_words(FAULT_SECRET);
	*out = (struct message){ s.body, s.length, { { "Matter-Signature", sign_matter(a, &s) }, { "webhook-id", id },
		{ "webhook-timestamp", arena_printf(a, "%lld", (long long)time) }, { "webhook-signature", standard } } };
	return NULL;
}

/* libcurl resolves names in a thread that cannot be ended.  Without QUICK_EXIT a try whose time is over, or that is dropped,
 * would be waited for until the resolver gives up; with it the thread is left to itself, and frees what it has.  libcurl
 * before 8.14 goes wrong where it ends in that very instant: so the time to connect is over at none of those at which
 * resolvers try again or give up (5 seconds, 10...). */
static void connect_within(CURL *e, long timeout_ms)
{
	const long most = timeout_ms / 10 * 9;

	curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, most < CONNECT_MS ? most : (long)CONNECT_MS);
}

static void options(struct flight *f, const struct target *to, const char *body)
{
	const long timeout = (long)(f->keep && conf.webhook_timeout_s > SEND_NOW_S ? SEND_NOW_S : conf.webhook_timeout_s) * 1000;
	CURL *e = f->easy;

	curl_easy_reset(e);
	curl_easy_setopt(e, CURLOPT_PRIVATE, f);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, f->error);
	curl_easy_setopt(e, CURLOPT_URL, to->url);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, conf.webhook_http ? "http,https" : "https");
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, f);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, swallow);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, f);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, timeout);
	connect_within(e, timeout);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "Thaw/" PACKAGE_VERSION);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, f->headers);
	curl_easy_setopt(e, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)f->size);
}

void sender_send(struct sender *s, struct flight *f, const struct post *p, const struct letter *l, const struct target *to, letter_writer *write)
{
	struct message m;

	if (!f->easy && !(f->easy = curl_easy_init()))
		abort();
	if (!f->arena)
		f->arena = arena_new();
	arena_reset(f->arena);
	curl_slist_free_all(f->headers);
	f->headers = NULL;
	f->post = *p;
	f->endpoint = to->id;
	(void)snprintf(f->kind, sizeof f->kind, "%s", p->resource_type);
	f->post.resource_type = f->kind;
	f->reply = (struct reply){ .at = clock_now() };
	f->began = clock_mono();
	f->got = 0;
	f->full = false;
	f->refused = NULL;
	*f->error = '\0';
	f->trace = (struct trace){ "", "" };
	arena_reset(s->draft);
	if ((f->reply.error = write(s->draft, p, l, to, f->reply.at / SECOND, &m))) {
		land(f);
		return;
	}
	f->size = m.n;
	header(s, f, "Content-Type", "application/json");
	header(s, f, "Expect", "");
	for (size_t i = 0; i < MESSAGE_HEADERS && m.headers[i].name; i++)
		header(s, f, m.headers[i].name, m.headers[i].value);
	if (trace_read(l->event.trace, &f->trace))
		header(s, f, "traceparent", trace_header(s->draft, &f->trace));
	options(f, to, arena_copy(f->arena, m.body, m.n));
	arena_reset(s->draft);
	f->state = FLYING;
	if (curl_multi_add_handle(s->multi, f->easy))
		abort();
}

static const struct { CURLcode rc; enum fault fault; } faults[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, FAULT_NAME }, { CURLE_COULDNT_CONNECT, FAULT_CONNECT }, { CURLE_OPERATION_TIMEDOUT, FAULT_TIME },
	{ CURLE_SSL_CONNECT_ERROR, FAULT_TLS }, { CURLE_PEER_FAILED_VERIFICATION, FAULT_TLS }, { CURLE_SSL_CERTPROBLEM, FAULT_TLS },
	{ CURLE_SSL_CIPHER, FAULT_TLS }, { CURLE_SSL_CACERT_BADFILE, FAULT_TLS }, { CURLE_SSL_ISSUER_ERROR, FAULT_TLS },
	{ CURLE_GOT_NOTHING, FAULT_CLOSED }, { CURLE_SEND_ERROR, FAULT_CLOSED }, { CURLE_RECV_ERROR, FAULT_CLOSED },
	{ CURLE_PARTIAL_FILE, FAULT_CLOSED }, { CURLE_WEIRD_SERVER_REPLY, FAULT_HTTP }, { CURLE_UNSUPPORTED_PROTOCOL, FAULT_HTTP },
	{ CURLE_WRITE_ERROR, FAULT_HTTP },
};

/* The kind of failure is the owner's; what a name or an address is inside, and libcurl's
 * words, which tell it, are the administrator's. */
static enum fault fault_of(const struct flight *f, CURLcode rc)
{
	const char *endpoint = id_spell(f->arena, life_resources[RES_ENDPOINT].prefix, &f->endpoint);

	if (f->refused) {
		log_error(LOG_WARN, "webhook: %s: %s is an address that may not be called; see webhook_networks", endpoint, f->refused);
		return FAULT_NETWORK;
	}
	log_error(LOG_WARN, "webhook: %s: %s", endpoint, *f->error ? f->error : curl_easy_strerror(rc));
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		if (faults[i].rc == rc)
			return faults[i].fault;
	return FAULT_OTHER;
}

static void landed(struct flight *f, CURLcode rc)
{
	curl_off_t after = 0;
	long status = 0;

	curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(f->easy, CURLINFO_RETRY_AFTER, &after);
	/* Of an answer that does not end the status counts all the same. */
	if (rc == CURLE_OK || (f->full && status >= 200)) {
		f->reply.status = status;
		f->reply.retry_after = after;
		f->reply.error = status ? NULL : fault_words(FAULT_HTTP);
	} else {
		if (!f->keep)                    /* else the request that waits for it has told what it is a part of */
			log_request("", &f->trace);
		f->reply.error = fault_words(fault_of(f, rc));
		if (!f->keep)
			log_request("", NULL);
	}
	land(f);
}

void sender_work(struct sender *s)
{
	CURLMsg *m;
	int left;

	curl_multi_perform(s->multi, &left);
	while ((m = curl_multi_info_read(s->multi, &left))) {
		CURL *easy = m->easy_handle;
		CURLcode rc = m->data.result;
		void *f = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &f);
		curl_multi_remove_handle(s->multi, easy);
		landed(f, rc);
	}
}

void send_now(struct arena *a, const struct letter *l, const struct target *to, letter_writer *write, struct reply *out, const char **answer)
{
	struct buf body = { .arena = a };
	struct flight f = { .keep = &body };
	struct sender *s = sender_new();
	struct post p = { .resource_type = "" };

	id_new(clock_now(), &p.id);
	buf_puts(&body, "");
	for (sender_send(s, &f, &p, l, to, write); f.state == FLYING; sender_work(s))
		sender_wait(s, 100);
	*out = f.reply;
	*answer = !f.reply.status ? NULL : utf8_cut(a, utf8_valid(body.p, body.n) ? body.p : "", ANSWER_SHOWN);
	sender_drop(s, &f);
	sender_free(s);
}

/* ---- What is waited for ---- */

struct fetcher { CURL *easy; struct curl_slist *headers; bool (*stopping)(void); char *body; size_t n, room, most; char error[CURL_ERROR_SIZE]; };

struct fetcher *fetcher_new(const char *authorization, bool (*stopping)(void))
{
	struct fetcher *f = calloc(1, sizeof *f);
	char *line = NULL;

	if (!f || curl_global_init(CURL_GLOBAL_DEFAULT) || !(f->easy = curl_easy_init()))
		abort();
	if (authorization) {
		if (!(line = malloc(strlen(authorization) + sizeof "Authorization: ")))
			abort();
		strcat(strcpy(line, "Authorization: "), authorization);
		if (!(f->headers = curl_slist_append(NULL, line)))
			abort();
	}
	free(line);
	f->stopping = stopping;
	return f;
}

void fetcher_free(struct fetcher *f)
{
	curl_easy_cleanup(f->easy);
	curl_slist_free_all(f->headers);
	curl_global_cleanup();
	free(f->body);
	free(f);
}

static size_t keep(char *data, size_t size, size_t n, void *arg)
{
	struct fetcher *f = arg;
	const size_t more = size * n;

	if (more > f->most - f->n)
		return 0;
	if (f->n + more >= f->room) {
		f->room = 2 * f->room + more + 1;
		if (!(f->body = realloc(f->body, f->room)))
			abort();
	}
	memcpy(f->body + f->n, data, more);
	f->n += more;
	f->body[f->n] = '\0';
	return more;
}

/* At least once a second, and after a signal. */
static int stops(void *arg, curl_off_t down, curl_off_t got, curl_off_t up, curl_off_t sent)
{
	const struct fetcher *f = arg;

	(void)down, (void)got, (void)up, (void)sent;
	return f->stopping();
}

static void get_options(struct fetcher *f, const char *url)
{
	CURL *e = f->easy;

	curl_easy_reset(e);                      /* its connection stays */
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, f->error);
	curl_easy_setopt(e, CURLOPT_URL, url);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, keep);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, stops);
	curl_easy_setopt(e, CURLOPT_XFERINFODATA, f);
	curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)FETCH_MS);
	connect_within(e, FETCH_MS);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "Thaw/" PACKAGE_VERSION);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, f->headers);
}

struct fetched fetcher_get(struct fetcher *f, const char *url, size_t most)
{
	struct fetched got = { .body = "" };
	CURLcode rc;

	f->n = 0;
	f->most = most;
	*f->error = '\0';
	get_options(f, url);
	rc = curl_easy_perform(f->easy);
	curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &got.status);
	if (rc == CURLE_WRITE_ERROR)
		got.fault = "the answer is too large";
	else if (rc)
		got.fault = *f->error ? f->error : curl_easy_strerror(rc);
	if (f->n)
		got.body = f->body;
	got.n = f->n;
	return got;
}
