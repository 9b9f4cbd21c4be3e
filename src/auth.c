/* auth.c: who calls (401) and how often (429).  The token says who; whether they
 * still may is settled by the request's own statement, see who_settle().
 *
 * Who proved who they are is counted by the API key, the sign-in or the application, and
 * above these by the user.  Who did not is counted by address: what writes without a token,
 * and what fails to sign in.  Failures count for the account too: from one address, so that
 * they keep the owner out nowhere else, and, more loosely, from all, so that many addresses
 * do not make as many guesses. */
#include "req.h"
#include <string.h>
#include <strings.h>
#include "conf.h"
#include "dom_apikey.h"
#include "dom_oauth.h"
#include "hash.h"
#include "metric.h"
#include "net.h"
#include "passwd.h"
#include "route.h"
#include "str.h"
#include "token.h"

/* The contract's limits of API keys, by mode: so many in a second and in a minute. */
static const struct { int64_t burst, minute; } key_rates[] = { [MODE_LIVE] = { 100, 1000 }, [MODE_TEST] = { 25, 250 } };
enum { PK_BURST = 10 };                          /* publishable keys, for each organization and address */

static bool is_api_key(const char *token)
{
	return !strncmp(token, "sk_", 3) || !strncmp(token, "pk_", 3) || !strncmp(token, "tok_", 4);
}

static enum err api_key_who(struct req *r, const char *token)
{
	enum err e = apikey_find(&r->tx, token, &r->who);

	if (e)
		return e;
	r->who.rate = r->who.limit ? r->who.limit : key_rates[r->who.mode].minute;
	r->who.burst = key_rates[r->who.mode].burst;
	if (r->who.publishable) {
		r->who.burst = PK_BURST;
		r->who.rate = PK_BURST * RATE_MINUTE;
		r->rate_key = arena_printf(r->arena, "pk of %s from %s", id_spell(r->arena, "org-", &r->who.organization),
			net_of(r->arena, r->tx.address));
	}
	return OK;
}

/* An application acts for its user, and apart from them and from other applications: what
 * one asked for under a key is no answer to another. */
static struct id caller_of(const struct claims *c)
{
	const struct id both[] = { c->subject, c->client };
	unsigned char md[SHA256_BYTES];
	struct id id;

	if (id_is_zero(&c->client))
		return c->subject;
	sha256(both, sizeof both, md);
	memcpy(id.b, md, sizeof id.b);
	return id;
}

/* What stands behind that word; NULL: another one stands there. */
static const char *after_scheme(const char *authorization, const char *scheme)
{
	const size_t n = scheme ? strlen(scheme) : 0;

	return n && !strncasecmp(authorization, scheme, n) && authorization[n] == ' ' ? authorization + n + strspn(authorization + n, " ") : NULL;
}

char *auth_basic(struct req *r, char **password)
{
	const char *both = after_scheme(r->authorization, "Basic");
	const size_t n = both ? strlen(both) : 0;
	char *text = arena_alloc(r->arena, n + 1), *colon;
	const long got = both ? b64_decode(both, n, (unsigned char *)text) : -1;

	if (got < 0 || memchr(text, '\0', (size_t)got))
		return NULL;
	text[got] = '\0';
	if (!(colon = strchr(text, ':')))
		return NULL;
	*colon = '\0';
	*password = colon + 1;
	return text;
}

/* The password, where the dialect takes that for a token, whoever's name stands before it. */
static const char *basic_token(struct req *r)
{
	char *password;

	return r->dialect->basic && auth_basic(r, &password) ? password : NULL;
}

static enum err jwt_who(struct req *r, const char *token, struct who *who, struct claims *c)
{
	enum err e = token_verify(r->arena, token, r->tx.now, c);

	if (e)
		return e;
	*who = (struct who){ .organization = c->organization, .principal = c->subject, .caller = caller_of(c), .token = c->id,
		.name = c->username ? c->username : "", .scopes = c->scopes, .issued = c->issued, .gen = c->gen, .session = c->session,
		.rate = c->rate ? c->rate : conf.rate_default, .client = c->client };
	/* Of an application, which may be ended by itself. */
	return id_is_zero(&c->client) ? OK : client_still(&r->tx, &c->organization, &c->client, &c->session);
}

enum err auth_who(struct req *r)
{
	struct claims c;
	const char *token;

	if (r->row->perm == PERM_PUBLIC) {
		r->tx.idempotency_key = NULL;    /* a key belongs to a principal, and this is nobody yet */
		return OK;
	}
	if (!r->authorization)
		return ERR_AUTH_NONE;
	if (!(token = after_scheme(r->authorization, "Bearer")) && !(token = after_scheme(r->authorization, r->dialect->scheme))
	 && !(token = basic_token(r)))
		return ERR_AUTH_INVALID;
	return is_api_key(token) ? api_key_who(r, token) : jwt_who(r, token, &r->who, &c);
}

enum err auth_inspect(struct req *r, const char *token, struct who *who, struct bearer *out)
{
	struct claims c = { .expires = 0 };
	enum err e;

	*out = (struct bearer){ .id = NULL };
	if (is_api_key(token)) {
		if ((e = apikey_find(&r->tx, token, who)))
			return e;
		*out = (struct bearer){ .id = id_spell(r->arena, "tok_", &who->token), .made = id_ms(&who->token) * 1000, .ends = who->expires };
	} else {
		if ((e = jwt_who(r, token, who, &c)))
			return e;
		*out = (struct bearer){ .id = id_is_zero(&c.id) ? NULL : id_spell(r->arena, "", &c.id), .made = c.issued / SECOND * SECOND,
			.ends = c.expires * SECOND };
	}
	r->tx.who = who;
	e = tx_settle(&r->tx);
	r->tx.who = &r->who;
	return e;
}

/* ---- How often ---- */

/* Whose counter it is: the API key's, the sign-in's, an application's for its user; a
 * publishable key's address's. */
static const char *rate_key(struct req *r)
{
	return r->rate_key ? r->rate_key : id_spell(r->arena, "caller ", &r->who.caller);
}

static enum err over(struct req *r, struct rate rate)
{
	rate.remaining = 0;
	r->rate = rate;
	r->rated = true;
	r->tx.why.retry_after = rate.reset_s;
	return ERR_RATE;
}

/* Nobody's: what writes, or makes tokens, is counted by address. */
static enum err public_rate(struct req *r)
{
	const char *key = arena_printf(r->arena, "write from %s", net_of(r->arena, r->tx.address));
	struct rate rate;

	if (!strcmp(r->method, "GET") || !strcmp(r->method, "OPTIONS")
	    || rate_take(RATE_STRANGER, key, conf.public_rate, RATE_MINUTE, &rate))
		return OK;
	return over(r, rate);
}

enum err auth_rate(struct req *r)
{
	const char *key;
	struct rate more;

	if (!conf.rate_limits)
		return OK;
	if (r->row->perm == PERM_PUBLIC)
		return public_rate(r);
	key = rate_key(r);
	r->rated = true;
	if (!rate_take(RATE_KNOWN, key, r->who.rate, RATE_MINUTE, &r->rate))
		return over(r, r->rate);
	if (r->who.burst && !rate_take(RATE_KNOWN, key, r->who.burst, RATE_SECOND, &more)) {
		r->tx.why.retry_after = more.reset_s;
		return ERR_RATE;
	}
	/* A page's visitors are not the user's doing. */
	if (r->who.publishable || rate_take(RATE_KNOWN, id_spell(r->arena, "all of ", &r->who.principal),
		conf.principal_rate > r->rate.limit ? conf.principal_rate : r->rate.limit, RATE_MINUTE, &more))
		return OK;
	return over(r, more);
}

void auth_rate_now(struct req *r)
{
	if (r->rated && !r->who.narrow && r->who.rate_now && r->who.rate_now != r->rate.limit)
		rate_learn(rate_key(r), r->who.rate_now);
	/* Where every answer tells of a rate, one without a token tells of its address's. */
	if (r->rated || !r->dialect->rate_headers || !conf.rate_limits)
		return;
	(void)rate_take(RATE_TOLD, arena_printf(r->arena, "nobody from %s", net_of(r->arena, r->tx.address)), conf.rate_default,
		RATE_MINUTE, &r->rate);
	r->rated = true;
}

/* ---- Signing in ---- */

/* The counters of one try; account NULL: it was let in from this address lately. */
struct counters { const char *pair, *account, *known; };

/* May one more fail? */
static bool may_fail(struct req *r, const char *key, int64_t limit)
{
	struct rate rate;

	if (!conf.rate_limits || !key || rate_take(RATE_STRANGER, key, limit, RATE_MINUTE, &rate))
		return true;
	r->tx.why.retry_after = rate.reset_s;
	return false;
}

static void not_failed(const char *key)
{
	if (conf.rate_limits && key)
		rate_give(key, RATE_MINUTE);
}

/* One account is one counter, however it is spelled; and so is a name that is nobody's. */
static const char *account_key(struct req *r, const struct user *u, const char *who)
{
	char *name;

	if (!id_is_zero(&u->id))
		return id_spell(r->arena, "", &u->id);
	name = email_trimmed(r->arena, who);
	for (char *p = name; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p |= 32;
	return arena_printf(r->arena, "nobody %s", name);
}

/* A try counts as failed before it is made, so that many at once are no more than one after
 * another, and is taken back when it was right. */
static enum err try_password(struct req *r, const struct user *u, const struct counters *c, const char *password)
{
	enum err e = ERR_LOGIN_RATE;
	int place;

	if (!may_fail(r, c->pair, conf.login_account_rate))
		return e;
	if (may_fail(r, c->account, conf.login_account_total)) {
		if ((place = rate_place(!c->account)) >= 0) {
			e = session_right(u, password) ? OK : ERR_LOGIN_FAILED;
			rate_leave(place);
			if (e)
				return e;
			rate_clear(c->pair, RATE_MINUTE);
			rate_mark(c->known, RATE_DAY);
		} else {
			r->tx.why.retry_after = 1;
			e = ERR_LOGIN_BUSY;
		}
		not_failed(c->account);
	}
	if (e)
		not_failed(c->pair);
	return e;
}

/* Of this user, as `who` spelled it. */
static struct counters counters_of(struct req *r, const struct user *u, const char *who)
{
	const char *net = net_of(r->arena, r->tx.address), *account = account_key(r, u, who);
	struct counters c = { .pair = arena_printf(r->arena, "login as %s from %s", account, net), .known = arena_printf(r->arena, "let in %s from %s", account, net) };

	c.account = rate_marked(c.known, RATE_DAY) ? NULL : arena_printf(r->arena, "login as %s", account);
	return c;
}

/* The counter of whatever fails from the caller's address. */
static const char *address_key(struct req *r)
{
	return arena_printf(r->arena, "login from %s", net_of(r->arena, r->tx.address));
}

struct opening { struct req *r; struct session *s; };

static enum err open_work(void *arg)
{
	struct opening *o = arg;

	return session_open(&o->r->tx, o->s);
}

static enum err login(struct req *r, enum sql by, const char *who, const char *password, struct session *out)
{
	const char *address = address_key(r);
	struct counters c;
	enum err e;

	if (!may_fail(r, address, conf.login_rate))
		return ERR_LOGIN_RATE;
	if (!(e = session_whose(&r->tx, by, who, &out->user))) {
		c = counters_of(r, &out->user, who);
		e = try_password(r, &out->user, &c, password);
	}
	if (e == ERR_LOGIN_FAILED)
		return e;
	not_failed(address);
	return e ? e : tx_run(&r->tx, open_work, NULL, &(struct opening){ r, out });
}

enum err auth_login(struct req *r, enum sql by, const char *who, const char *password, struct session *out)
{
	enum err e = login(r, by, who, password, out);

	if (!e || e == ERR_LOGIN_FAILED || err_row(e)->class == CLASS_RATE)
		metric_add(METRIC_SIGN_INS, !e ? "succeeded" : e == ERR_LOGIN_FAILED ? "failed" : "limited");
	return e;
}

struct setting { struct req *r; const char *link, *hash; };

static enum err set_work(void *arg)
{
	struct setting *s = arg;

	return password_link_use(&s->r->tx, s->link, s->hash);
}

enum err auth_set_password(struct req *r, const char *link, const char *password)
{
	const char *key = address_key(r);
	struct setting s = { r, link, NULL };
	int place;
	enum err e;

	if (!may_fail(r, key, conf.login_rate))
		return ERR_LOGIN_RATE;
	if ((e = password_link_good(&r->tx, link)) == ERR_LINK_INVALID)
		return e;
	not_failed(key);
	if (e)
		return e;
	if ((place = rate_place(false)) < 0) {
		r->tx.why.retry_after = 1;
		return ERR_LOGIN_BUSY;
	}
	s.hash = passwd_hash(r->arena, password);
	rate_leave(place);
	return tx_run(&r->tx, set_work, NULL, &s);
}

/* was: the session, with the password as it is until this is committed; now: the next one, which a try leaves. */
struct changing { struct req *r; const char *hash; struct session was, now; };

/* The session begins anew, of the user whose tokens have just ended. */
static enum err change_work(void *arg)
{
	struct changing *c = arg;
	struct tx *tx = &c->r->tx;
	const struct who was = *tx->who;
	const struct user *u = &c->was.user;
	int64_t gen;
	/* Not by who knew the password that another request has just changed. */
	enum err e = tx_int(tx, SQL_LOGIN_STILL, DB_IN(db_d(&u->organization), db_d(&u->id), db_s(u->password)), &gen);

	if (e)
		return e == ERR_DB_NONE ? ERR_REFRESH_INVALID : e;
	tx->who->organization = u->organization;
	tx->who->principal = u->id;
	tx->who->name = u->username;
	e = user_password(tx, u, c->hash);
	*tx->who = was;
	if (e)
		return e;
	c->now = c->was;
	c->now.user.password = c->hash;
	return session_open(tx, &c->now);
}

/* A wrong password counts as at a sign-in. */
static enum err right_password(struct req *r, const struct user *u, const char *password)
{
	const char *address = address_key(r);
	const struct counters c = counters_of(r, u, "");
	enum err e;

	if (!may_fail(r, address, conf.login_rate))
		return ERR_LOGIN_RATE;
	if ((e = try_password(r, u, &c, password)) == ERR_LOGIN_FAILED) {
		why_add(&r->tx, "current_password", "is wrong");
		return ERR_PASSWORD_WRONG;
	}
	not_failed(address);
	return e;
}

enum err auth_change_password(struct req *r, const char *current, const char *password, struct session *s)
{
	struct changing c = { .r = r };
	enum err e = session_user(&r->tx, s);
	int place;

	if (e || (e = right_password(r, &s->user, current)))
		return e;
	if ((place = rate_place(false)) < 0) {
		r->tx.why.retry_after = 1;
		return ERR_LOGIN_BUSY;
	}
	c.hash = passwd_hash(r->arena, password);
	rate_leave(place);
	c.was = *s;
	e = tx_run(&r->tx, change_work, NULL, &c);
	*s = c.now;
	return e;
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
		e = tx_run(&r->tx, exchange_work, NULL, &x);
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
