/* who.c: see who.h. */
#include "who.h"
#include <string.h>
#include "clock.h"
#include "row.h"
#include "str.h"

static const struct { const char *word, *scope; bool test; const char *help; } perms[PERM__MAX] = {
	[PERM_PUBLIC] = { "public", "", true, "" },
	[PERM_MEMBER] = { "member", "", true, "" },
#define PERM(name, word, scope, test, help) [PERM_##name] = { word, scope, test, help },
#include "perm.def"
#undef PERM
};

static const char scopes[] =
#define SCOPE(word, help) " " word
#include "perm.def"
#undef SCOPE
	;
const char *const oauth_scopes = scopes + 1;

const char *perm_word(enum perm perm)
{
	return perms[perm].word;
}

const char *perm_help(enum perm perm)
{
	return perms[perm].help;
}

const char *ask_scope(struct ask ask)
{
	return ask.scope ? ask.scope : perms[ask.perm].scope;
}

bool perm_known(const char *word)
{
	for (int p = PERM_MEMBER + 1; p < PERM__MAX; p++)
		if (!strcmp(perms[p].word, word))
			return true;
	return false;
}

static struct standing standing(const struct db_val *row)
{
	static const struct column map[] = PICK_MAP(WHO_PICK, struct standing);
	struct standing s;

	(void)row_read(map, RES__MAX, row, &s);
	return s;
}

/* Whether principals were administrators when they were last settled, by the last byte of their ids. */
static struct { struct id principal; bool admin; } known[256];

static bool is_admin(const struct who *who)
{
	return who->system || word_in(who->permissions, perms[PERM_ORG_ADMIN].word);
}

bool who_is_admin(const struct who *who)
{
	return is_admin(who);
}

bool who_guess_admin(const struct who *who)
{
	const size_t at = who->principal.b[sizeof who->principal.b - 1];

	return who->system || who->permissions ? is_admin(who) : known[at].admin && id_equal(&known[at].principal, &who->principal);
}

enum err who_standing(const char *status, enum err other)
{
	return !strcmp(status, "active") ? OK : !strcmp(status, ORG_OFF) ? ERR_ORG_DISABLED : other;
}

enum err who_settle(struct who *who, const struct db_val *row)
{
	const size_t at = who->principal.b[sizeof who->principal.b - 1];
	const struct standing now = standing(row);
	enum err e = who_standing(now.status, ERR_AUTH_REFUSED);

	if (e)
		return e;
	if (who->gen < 0 ? who->issued < now.since : who->gen != now.gen)
		return ERR_AUTH_REFUSED;
	who->permissions = now.permissions;
	who->rate_now = now.rate;
	known[at].principal = who->principal;
	known[at].admin = is_admin(who);
	return OK;
}

const char *who_active(const struct db_val *row)
{
	const struct standing now = standing(row);

	return strcmp(now.status, "active") ? NULL : now.permissions;
}

bool who_acts_as_admin(const struct who *who)
{
	return is_admin(who) && (!who->scopes || word_in(who->scopes, perms[PERM_ORG_ADMIN].word));
}

bool who_sees(const struct who *who, bool livemode)
{
	return who->mode == MODE_BOTH || livemode == (who->mode == MODE_LIVE);
}

/* A token's mode, scopes and tier narrow, last. */
enum err who_scoped(const struct who *who, struct ask ask)
{
	const char *word = perms[ask.perm].word, *scope = ask_scope(ask);

	if (who->publishable && !ask.publishable)
		return ERR_SCOPE_DENIED;
	if (who->mode == MODE_TEST && !perms[ask.perm].test)
		return ERR_SCOPE_DENIED;
	if (who->scopes && (ask.perm > PERM_MEMBER || ask.scope) && !word_in(who->scopes, word)
	    && !word_in(who->scopes, perms[PERM_ORG_ADMIN].word) && !(*scope && word_in(who->scopes, scope)))
		return ERR_SCOPE_DENIED;
	return who->tier && who->tier < ask.tier ? ERR_TIER_DENIED : OK;
}

enum err who_can(const struct who *who, struct ask ask)
{
	if (ask.perm > PERM_MEMBER && !is_admin(who) && !word_in(who->permissions, perms[ask.perm].word))
		return ERR_FORBIDDEN;
	return who_scoped(who, ask);
}

enum err who_may(struct who *who, struct ask ask)
{
	who->asked = true;
	return who_can(who, ask);
}

/* What was published with a page sees no local model, whoever it is of. */
static const struct id nobody;

static bool sees_all(const struct who *who)
{
	return is_admin(who) && !who->publishable;
}

const struct id *who_grants(const struct who *who)
{
	return who->publishable ? &nobody : &who->organization;
}

bool who_sees_model(const struct who *who, bool global, int granted)
{
	return global || (granted >= GRANTED_OBSERVER && !who->publishable) || sees_all(who);
}

bool who_owns(const struct who *who, bool global, int granted, const struct id *maker)
{
	return who_acts_as_admin(who) || granted >= GRANTED_OWNER || (global && id_equal(maker, &who->principal) && !id_is_zero(maker));
}

enum err who_may_model(struct who *who, struct ask ask, bool global, int granted)
{
	who->asked = true;
	if (!who_sees_model(who, global, granted))
		return ERR_MODEL_NOT_FOUND;
	if (global || sees_all(who))
		return who_may(who, ask);
	if (granted < (ask.perm == PERM_MODEL_READ ? GRANTED_OBSERVER : GRANTED_USER))
		return ERR_FORBIDDEN;
	return who_scoped(who, ask);
}
