/* auth.c: who calls (401) and how often (429).  The token says who; whether they
 * still may is settled by the request's own statement, see who_settle(). */
#include "req.h"
#include <string.h>
#include <strings.h>
#include "conf.h"
#include "dom_org.h"
#include "route.h"
#include "str.h"
#include "token.h"

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
	if ((e = token_verify(r->arena, token, r->tx.now, &c)))
		return e;
	r->who = (struct who){ .organization = c.organization, .principal = c.subject,
		.name = c.username ? c.username : "", .scopes = c.scopes, .issued = c.issued * SECOND,
		.rate = c.rate ? c.rate : conf.rate_default };
	return OK;
}

enum err auth_rate(struct req *r)
{
	if (r->row->perm == PERM_PUBLIC || !conf.rate_limits)
		return OK;
	r->rated = true;
	if (rate_take(r->who.principal.b, ID_BYTES, r->who.rate, &r->rate))
		return OK;
	r->tx.why.retry_after = r->rate.reset_s;
	return ERR_RATE;
}

void auth_rate_now(struct req *r)
{
	if (r->rated && r->who.rate_now && r->who.rate_now != r->rate.limit)
		rate_learn(r->who.principal.b, ID_BYTES, r->who.rate_now);
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

	if (conf.rate_limits && (!rate_take(address, strlen(address), conf.login_rate, &rate)
	    || !rate_take(name, strlen(name), conf.login_rate, &rate))) {
		r->tx.why.retry_after = rate.reset_s;
		return ERR_LOGIN_RATE;
	}
	if ((place = rate_place()) < 0) {
		r->tx.why.retry_after = 1;
		return ERR_LOGIN_RATE;
	}
	e = session_check(&r->tx, by, who, password, out);
	rate_leave(place);
	return e ? e : tx_run(&r->tx, open_work, nothing, &(struct opening){ r, out });
}

char *auth_token(struct req *r, const struct session *s, int64_t ttl)
{
	int64_t now = r->tx.now / SECOND;

	return token_make(r->arena, &(struct claims){ .organization = s->user.organization, .subject = s->user.id,
		.username = s->user.username, .rate = s->user.rate, .issued = now, .expires = now + ttl });
}
