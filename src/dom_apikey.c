/* dom_apikey.c: see dom_apikey.h. */
#include "dom_apikey.h"
#include <string.h>
#include "clock.h"
#include "remember.h"
#include "str.h"

enum { HINT_TAIL = 4, AGENT_MOST = 64, DAY = 86400 };

#define PUBLISHABLE_SCOPES "model:read project:read workspace:read"

const char *const api_versions[] = { "2026-05-01", API_NEWEST, NULL };

bool api_version_known(const char *version)
{
	for (size_t i = 0; api_versions[i]; i++)
		if (!strcmp(api_versions[i], version))
			return true;
	return false;
}

const char *version_fault(struct arena *a, const char *version)
{
	return api_version_known(version) ? NULL
		: arena_printf(a, "is not a supported API version; the latest is %s", API_NEWEST);
}

const char *agent_fault(struct arena *a, const char *s)
{
	(void)a;
	return agent_valid(s) ? NULL : "must be `agt_` followed by letters and digits";
}

bool agent_valid(const char *s)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	return strlen(s) <= AGENT_MOST && !strncmp(s, "agt_", 4) && s[4] && !s[4 + strspn(s + 4, digits)];
}

enum err apikey_find(struct tx *tx, const char *secret, struct who *who)
{
	static const struct column used[] = MAP(TOKEN_USED, struct apikey);
	unsigned char h[SECRET_HASH];
	const struct db_val *v;
	struct apikey k;
	struct db_rows r;
	enum err e;

	secret_hash(secret, h);
	if (remembered_key(h, tx->now, who))
		return who->expires && who->expires <= tx->now ? ERR_AUTH_EXPIRED : OK;
	if ((e = tx_query(tx, SQL_TOKEN_FIND, DB_IN(db_x(h, sizeof h)), &r)))
		return e;
	if (!r.n)
		return ERR_AUTH_INVALID;
	v = db_row(&r, 0) + WHO_COLUMNS;
	k = (struct apikey){ .life.organization = v->id };
	v = row_read(used, RES_TOKEN, v + 1, &k);
	*who = (struct who){ .organization = k.life.organization, .principal = k.life.whose, .token = k.life.id,
		.caller = k.life.id, .session = k.life.id, .agent = k.agent, .human_grant = k.human_grant,
		.mode = k.life.test ? MODE_TEST : MODE_LIVE, .tier = !strcmp(k.kind, "publishable") ? TIER_OBSERVE : (enum tier)k.tier, .scopes = k.scopes,
		.api_version = k.api_version, .narrow = true, .gen = -1, .issued = INT64_MAX,
		.delegated = !strcmp(k.kind, "token"), .publishable = !strcmp(k.kind, "publishable"), .limit = k.rate, .expires = k.expires_at };
	who->name = k.agent ? utf8_cut(tx->arena, arena_printf(tx->arena, "%s for %s", k.agent, v->s), 128) : v->s;
	if (k.life.state != STATE_TOKEN_ACTIVE)
		return ERR_AUTH_REFUSED;
	if (k.expires_at && k.expires_at <= tx->now)
		return ERR_AUTH_EXPIRED;
	remember_key(h, tx->now, who);
	who->settled = true;
	return who_settle(who, db_row(&r, 0));
}

/* A new secret, and what may be shown of it later. */
static void make_secret(struct arena *a, struct apikey *k)
{
	const char *prefix = !strcmp(k->kind, "token") ? "tok_" : arena_printf(a, "%s_%s_",
		!strcmp(k->kind, "secret") ? "sk" : "pk", k->life.test ? "test" : "live");

	k->secret = random_secret(a, prefix);
	k->hint = arena_printf(a, "%s...%s", prefix, k->secret + strlen(k->secret) - HINT_TAIL);
}

enum err apikey_create(struct tx *tx, const struct apikey *in, struct apikey *out)
{
	unsigned char *h = arena_alloc(tx->arena, SECRET_HASH);

	*out = *in;
	/* Published with a page: it tells of keys, webhooks and events to nobody. */
	if (!out->scopes && !strcmp(out->kind, "publishable"))
		out->scopes = PUBLISHABLE_SCOPES;
	make_secret(tx->arena, out);
	secret_hash(out->secret, h);
	out->hash = (struct bytes){ h, SECRET_HASH };
	id_new(tx->now, &out->life.id);
	return life_create(tx, LIFE_TOKEN_CREATE, &out->life, life_told(tx->arena, RES_TOKEN, out));
}

/* Every scope of the new token is one that the caller's token has. */
static bool within(struct arena *a, const char *wanted, const char *have)
{
	if (!have || word_in(have, perm_word(PERM_ORG_ADMIN)))
		return true;
	for (const char *s = wanted ? wanted : "?"; *(s += strspn(s, " ")); s += strcspn(s, " "))
		if (!word_in(have, arena_strndup(a, s, strcspn(s, " "))))
			return false;
	return true;
}

enum err apikey_mint(struct tx *tx, const void *in, void *out)
{
	struct apikey k = *(const struct apikey *)in;
	bool himself = id_equal(&k.life.whose, &tx->who->principal);
	const struct db_val *v;
	enum err e;

	if ((e = who_may(tx->who, tx->ask)))
		return e;
	k.expires_at = k.lasts ? tx->now + k.lasts * SECOND : 0;
	if (!k.mode_given)
		k.life.test = tx->who->mode == MODE_TEST;
	if (tx->who->agent)
		return ERR_AGENT_DENIED;
	if (!himself && !who_acts_as_admin(tx->who))
		return ERR_FORBIDDEN;
	e = tx_row(tx, SQL_HUMAN_FIND, DB_IN(db_d(&tx->who->organization), db_d(&k.life.whose)), &v);
	if (e)
		return e == ERR_DB_NONE ? why_fault(tx, "principal.human_id", "is not an active user in this organization") : e;
	/* Nobody speaks as another human: an agent's token names who asked for it. */
	if (!himself && !k.agent)
		e = why_fault(tx, "principal.agent_id", "is required in a token for another person");
	if (k.human_grant && (!himself || tx->who->narrow))
		e = why_fault(tx, "human_grant", "can only be granted by the person, while signed in");
	if (tx->who->tier && k.tier > (int64_t)tx->who->tier)
		e = why_fault(tx, "tier", "cannot exceed the tier of the calling token");
	if (tx->who->limit && k.rate > tx->who->limit)
		e = why_fault(tx, "limits.requests_per_minute", "cannot exceed that of the calling token");
	if (tx->who->expires && (!k.expires_at || k.expires_at > tx->who->expires))
		e = why_fault(tx, "expires_in", "must not outlive the calling token");
	if (!k.rate)
		k.rate = tx->who->limit;
	if (!within(tx->arena, k.scopes, tx->who->scopes))
		e = why_fault(tx, "scopes", "cannot exceed those of the calling token");
	if (!who_sees(tx->who, !k.life.test))
		e = why_fault(tx, "livemode", "must be that of the calling token");
	if (e)
		return e;
	k.life = (struct life){ .organization = tx->who->organization, .test = k.life.test, .whose = k.life.whose };
	if (!k.kind)
		k.kind = "token";
	return apikey_create(tx, &k, out);
}

/* What a key of this kind cannot have: its member, and why; NULL: nothing. */
static const char *beyond_kind(const struct apikey *k, const char **why)
{
	*why = "requires the kind token";
	if (strcmp(k->kind, "token") && (k->tier || k->agent || k->human_grant))
		return k->tier ? "tier" : k->agent ? "agent_id" : "human_grant";
	*why = "cannot be set for publishable keys, which are limited by client address";
	return k->rate && !strcmp(k->kind, "publishable") ? "rate" : NULL;
}

enum err apikey_own(struct tx *tx, const void *in, void *out)
{
	struct apikey k = *(const struct apikey *)in;
	const char *why, *field = beyond_kind(&k, &why);
	enum err e = who_may(tx->who, tx->ask);

	if (e)
		return e;
	if (field)
		return why_fault(tx, field, why);
	if (k.scopes && !within(tx->arena, k.scopes, tx->who->permissions))
		return why_fault(tx, "scopes", "cannot exceed your own permissions");
	if (!strcmp(k.kind, "token") && !k.tier)
		k.tier = TIER_EXECUTE;
	k.life.whose = tx->who->principal;
	return apikey_mint(tx, &k, out);
}

static const struct list_filter filters[] = { { "principal", " AND x.principal_id = ?", "d", 0 }, { NULL, NULL, NULL, 0 } };
static const struct list_path paths[] = {
	{ .filters = 1, .order = -1, .index = "api_key_by_principal" },
	{ .order = -1, .index = "api_key_list" },
};
const struct listing apikeys_list = { .name = "TOKENS", .of = RES_TOKEN, .parent = RES__MAX, .sees = SEES_MODE, .filters = filters,
	.orders = list_by_id, LIST_PATHS(paths) };

enum err apikey_list(struct tx *tx, struct list_ask *ask, struct list_got *got)
{
	/* What there is to see depends on a role that a sign-in does not know yet. */
	enum err e = tx_settle(tx);

	if (e)
		return e;
	if (!who_acts_as_admin(tx->who))
		list_where(ask, 0, DB_IN(db_d(&tx->who->principal)));
	return list_read(tx, ask, got);
}

const enum sql apikey_revoke_wants[] = { SQL_REVOCATION_ADD, SQL_NONE };

enum err apikey_revoke(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct apikey *k = out;
	enum err e = life_hold(tx, RES_TOKEN, key, out);

	(void)in;
	if (e)
		return e;
	if (tx->who->agent && !id_equal(&k->life.id, &tx->who->token))
		return ERR_AGENT_DENIED;
	if ((e = life_expected(tx, out)) || (e = life_move(tx, t, out, NULL)))
		return e;
	/* For who remembers the key (remember.h): asked for with each request, as of a session. */
	return db_exec(tx->db, SQL_REVOCATION_ADD, DB_IN(db_d(&k->life.organization), db_d(&k->life.id), db_t(tx->now + DAY * SECOND)), NULL);
}

enum err apikey_revoke_of(struct tx *tx, const struct id *principal, int64_t *n)
{
	struct apikey k;
	struct id *all;
	size_t there;
	enum err e = tx_ids(tx, SQL_TOKENS_OF, DB_IN(db_d(&tx->who->organization), db_d(principal), db_i(REVOKE_MOST)), &all, &there);

	*n = 0;
	for (size_t i = 0; !e && i < there; i++, ++*n)
		e = apikey_revoke(tx, BY_ID(&all[i]), LIFE_TOKEN_REVOKE, NULL, &k);
	return e;
}
