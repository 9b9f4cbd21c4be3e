/* auth.c: who calls (401) and how often (429).  The token says who; whether they
 * still may is settled by the request's own statement, see who_settle(). */
#include "req.h"
#include <string.h>
#include <strings.h>
#include <openssl/sha.h>
#include "conf.h"
#include "dom_apikey.h"
#include "dom_oauth.h"
#include "route.h"
#include "str.h"
#include "token.h"

/* The contract's limits of API keys, by mode: so many in a second and in a minute. */
static const struct { int64_t burst, minute; } key_rates[] = { [MODE_LIVE] = { 100, 1000 }, [MODE_TEST] = { 25, 250 } };
enum { PK_BURST = 10 };                          /* publishable keys, for each address */

static bool is_api_key(const char *token)
{
	return !strncmp(token, "sk_", 3) || !strncmp(token, "pk_", 3) || !strncmp(token, "tok_", 4);
}

static enum err api_key_who(struct req *r, const char *token)
{
	struct apikey k;
	enum err e = apikey_find(&r->tx, token, &r->who, &k);

	if (e)
		return e;
	r->who.rate = k.rate ? k.rate : key_rates[r->who.mode].minute;
	r->who.burst = key_rates[r->who.mode].burst;
	if (!strcmp(k.kind, "publishable")) {
		r->who.burst = PK_BURST;
		r->who.rate = PK_BURST * RATE_MINUTE;
		r->rate_key = arena_printf(r->arena, "pk from %s", r->tx.address);
	}
	return OK;
}

/* An application acts for its user, and apart from them and from other applications: what
 * one asked for under a key is no answer to another. */
static struct id caller_of(const struct claims *c)
{
	const struct id both[] = { c->subject, c->client };
	unsigned char md[SHA256_DIGEST_LENGTH];
	struct id id;

	if (id_is_zero(&c->client))
		return c->subject;
	SHA256((const unsigned char *)both, sizeof both, md);
	memcpy(id.b, md, sizeof id.b);
	return id;
}

enum err auth_who(struct req *r)
{
	struct claims c;
	const char *token;
	enum err e;

	if (r->row->perm == PERM_PUBLIC) {
		r->tx.idempotency_key = NULL;    /* a key belongs to a principal, and this is nobody yet */
		return OK;
	}
	if (!r->authorization)
		return ERR_AUTH_NONE;
	if (strncasecmp(r->authorization, "Bearer ", 7))
		return ERR_AUTH_INVALID;
	token = r->authorization + 7 + strspn(r->authorization + 7, " ");
	if (is_api_key(token))
		return api_key_who(r, token);
	if ((e = token_verify(r->arena, token, r->tx.now, &c)))
		return e;
	r->who = (struct who){ .organization = c.organization, .principal = c.subject, .caller = caller_of(&c), .token = c.id,
		.name = c.username ? c.username : "", .scopes = c.scopes, .issued = c.issued, .gen = c.gen, .session = c.session,
		.rate = c.rate ? c.rate : conf.rate_default, .client = c.client };
	/* Of an application, which may be ended by itself. */
	return id_is_zero(&c.client) ? OK : client_still(&r->tx, &c.organization, &c.client, &c.session);
}

/* Whose counter it is: the API key's, the principal's, an address's. */
static bool take(struct req *r, int64_t limit, int span, struct rate *out)
{
	return r->rate_key ? rate_take(r->rate_key, strlen(r->rate_key), limit, span, out)
		: rate_take(r->who.caller.b, ID_BYTES, limit, span, out);
}

enum err auth_rate(struct req *r)
{
	struct rate burst;

	if (r->row->perm == PERM_PUBLIC || !conf.rate_limits)
		return OK;
	r->rated = true;
	if (!take(r, r->who.rate, RATE_MINUTE, &r->rate)) {
		r->tx.why.retry_after = r->rate.reset_s;
		return ERR_RATE;
	}
	if (!r->who.burst || take(r, r->who.burst, RATE_SECOND, &burst))
		return OK;
	r->tx.why.retry_after = burst.reset_s;
	return ERR_RATE;
}

void auth_rate_now(struct req *r)
{
	if (r->rated && !r->who.narrow && r->who.rate_now && r->who.rate_now != r->rate.limit)
		rate_learn(r->who.caller.b, ID_BYTES, r->who.rate_now);
	/* Where every answer tells of a rate, one without a token tells of its address's. */
	if (r->rated || !r->dialect->rate_headers || !conf.rate_limits)
		return;
	r->rate_key = arena_printf(r->arena, "nobody from %s", r->tx.address);
	(void)take(r, conf.rate_default, RATE_MINUTE, &r->rate);
	r->rated = true;
}

struct opening { struct req *r; struct session *s; };

static enum err open_work(void *arg)
{
	struct opening *o = arg;

	return session_open(&o->r->tx, o->s);
}

static void nothing(void *arg)
{
	(void)arg;
}

/* One sign-in: counted for the address and for the name, a few at a time. */
enum err auth_login(struct req *r, enum sql by, const char *who, const char *password, struct session *out)
{
	const char *address = arena_printf(r->arena, "login from %s", r->tx.address);
	const char *name = arena_printf(r->arena, "login as %s", who);
	struct rate rate;
	enum err e;
	int place;

	if (conf.rate_limits && (!rate_take(address, strlen(address), conf.login_rate, RATE_MINUTE, &rate)
	    || !rate_take(name, strlen(name), conf.login_rate, RATE_MINUTE, &rate))) {
		r->tx.why.retry_after = rate.reset_s;
		return ERR_LOGIN_RATE;
	}
	if ((place = rate_place()) < 0) {
		r->tx.why.retry_after = 1;
		return ERR_LOGIN_RATE;
	}
	if (!(e = session_whose(&r->tx, by, who, &out->user)) && !session_right(&out->user, password))
		e = ERR_LOGIN_FAILED;
	rate_leave(place);
	return e ? e : tx_run(&r->tx, open_work, nothing, &(struct opening){ r, out });
}

struct exchange { struct req *r; const char *token; struct session *s; bool stolen; };

static enum err exchange_work(void *arg)
{
	struct exchange *x = arg;

	return session_rotate(&x->r->tx, x->token, NULL, x->s, &x->stolen);
}

enum err auth_refresh(struct req *r, const char *token, struct session *out, bool *stolen)
{
	struct exchange x = { r, token, out, false };
	enum err e = session_of(&r->tx, token, NULL, out);

	if (!e)
		e = tx_run(&r->tx, exchange_work, nothing, &x);
	*stolen = !e && x.stolen;
	return e;
}

char *auth_token(struct req *r, const struct session *s, int64_t ttl)
{
	return token_make(r->arena, &(struct claims){ .organization = s->user.organization, .subject = s->user.id,
		.username = s->user.username, .rate = s->user.rate, .issued = r->tx.now, .expires = r->tx.now / SECOND + ttl, .scopes = s->scopes,
		.client = s->client, .session = s->family, .gen = s->user.gen });
}

enum err auth_session(struct req *r, const char *token, struct session *out)
{
	struct claims c;
	enum err e = token_verify(r->arena, token, r->tx.now, &c);

	if (e || id_is_zero(&c.client))
		return e ? e : ERR_AUTH_INVALID;
	*out = (struct session){ .client = c.client, .family = c.session,
		.user = { .organization = c.organization, .id = c.subject } };
	return OK;
}
