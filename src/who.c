/* who.c: see who.h. */
#include "who.h"
#include <string.h>
#include "clock.h"
#include "str.h"

static const struct { const char *word, *scope; } perms[PERM__MAX] = {
	[PERM_PUBLIC] = { "public", "" },
	[PERM_MEMBER] = { "member", "" },
#define PERM(name, word, scope) [PERM_##name] = { word, scope },
#include "perm.def"
#undef PERM
};

const char *perm_word(enum perm perm)
{
	return perms[perm].word;
}

bool perm_known(const char *word)
{
	for (int p = PERM_MEMBER + 1; p < PERM__MAX; p++)
		if (!strcmp(perms[p].word, word))
			return true;
	return false;
}

enum err who_settle(struct who *who, const struct db_val *row)
{
	/* Tokens carry whole seconds, so the second of the change itself still counts. */
	if (strcmp(row[0].s, "active") || who->issued / SECOND < row[1].i / SECOND)
		return ERR_AUTH_REFUSED;
	who->permissions = row[2].s;
	who->rate_now = row[3].i;
	return OK;
}

static bool is_admin(const struct who *who)
{
	return who->system || word_in(who->permissions, perms[PERM_ORG_ADMIN].word);
}

/* A token's scopes narrow, last. */
enum err who_scoped(const struct who *who, enum perm perm)
{
	if (!who->scopes || perm <= PERM_MEMBER || word_in(who->scopes, perms[perm].word)
	    || word_in(who->scopes, perms[PERM_ORG_ADMIN].word)
	    || (*perms[perm].scope && word_in(who->scopes, perms[perm].scope)))
		return OK;
	return ERR_SCOPE_DENIED;
}

enum err who_may(const struct who *who, enum perm perm)
{
	if (perm > PERM_MEMBER && !is_admin(who) && !word_in(who->permissions, perms[perm].word))
		return ERR_FORBIDDEN;
	return who_scoped(who, perm);
}

enum err who_may_model(const struct who *who, enum perm perm, bool global, int granted)
{
	enum { OBSERVER = 1, USER = 2 };

	if (global || is_admin(who))
		return who_may(who, perm);
	if (granted < OBSERVER)
		return ERR_MODEL_NOT_FOUND;
	if (granted < (perm == PERM_MODEL_READ ? OBSERVER : USER))
		return ERR_FORBIDDEN;
	return who_scoped(who, perm);
}
