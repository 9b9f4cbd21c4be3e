/* dom_link.c: links by which a user sets a password, once.  The link's secret is random and only
 * its hash is stored, beside the codes of applications (of client zero, which is none), whose
 * sweep takes it away.  It is void when it was used, has expired, another one was made, or
 * anything else has ended the user's tokens meanwhile. */
#include "dom_org.h"
#include <string.h>
#include "clock.h"
#include "str.h"

#define LINK_PREFIX "pwl_"
enum { LINK_LENGTH = sizeof LINK_PREFIX - 1 + ID_HEX + SECRET_DIGITS };

enum err password_link_make(struct tx *tx, const struct user *u, int64_t ttl_s, char **out)
{
	const struct db_val org = db_d(&u->organization), user = db_d(&u->id), none = db_d(&id_none);
	struct json *details = js_object(tx->arena);
	unsigned char h[SECRET_HASH];
	enum err e;

	*out = random_secret(tx->arena, arena_printf(tx->arena, LINK_PREFIX "%s", id_spell(tx->arena, "", &u->organization)));
	secret_hash(*out, h);
	if ((e = db_exec(tx->db, SQL_CODE_FORGET, DB_IN(org, user, none), NULL)))
		return e;
	e = db_exec(tx->db, SQL_CODE_ADD, DB_IN(db_x(h, sizeof h), org, none, user, db_s(""), db_s(""), db_s(""), db_t(tx->now),
		db_t(tx->now + ttl_s * SECOND), org, user), NULL);
	if (e)
		return e;
	js_put_str(tx->arena, details, "expires_at", clock_iso(tx->arena, tx->now + ttl_s * SECOND, TIME_SECONDS));
	return user_note(tx, u, LIFE_USER_LINK, details);
}

/* Of the link: whose it is, and when it ends. */
struct link { struct id user; int64_t expires, used, gen; };

static enum err find(struct tx *tx, const char *secret, struct user *out)
{
	static const struct column map[] = PICK_MAP(LINK_PICK, struct link), user[] = PICK_MAP(CLIENT_USER_PICK, struct link_user);
	struct link_user now = { .since = 0 };
	unsigned char h[SECRET_HASH];
	struct link l;
	struct id org;
	enum err e;

	if (strlen(secret) != LINK_LENGTH || strncmp(secret, LINK_PREFIX, sizeof LINK_PREFIX - 1)
	    || !id_parse(arena_strndup(tx->arena, secret + sizeof LINK_PREFIX - 1, ID_HEX), "", &org))
		return ERR_LINK_INVALID;
	secret_hash(secret, h);
	if ((e = tx_one(tx, SQL_LINK_FIND, DB_IN(db_d(&org), db_x(h, sizeof h), db_d(&id_none)), map, &l)))
		return e == ERR_DB_NONE ? ERR_LINK_INVALID : e;
	if (l.used || l.expires <= tx->now)
		return ERR_LINK_INVALID;
	if ((e = tx_one(tx, SQL_CLIENT_USER, DB_IN(db_d(&org), db_d(&l.user)), user, &now)))
		return e == ERR_DB_NONE ? ERR_LINK_INVALID : e;
	*out = now.user;
	out->organization = org;
	out->id = l.user;
	return l.gen != out->gen ? ERR_LINK_INVALID : who_standing(out->status, ERR_LINK_INVALID);
}

enum err password_link_good(struct tx *tx, const char *secret)
{
	struct user u;

	return find(tx, secret, &u);
}

/* In the name of the user, whose the link is; found once more, and used, before anything is done. */
enum err password_link_use(struct tx *tx, const char *secret, const char *hash)
{
	const struct who was = *tx->who;
	unsigned char h[SECRET_HASH];
	int64_t used = 0;
	struct user u;
	enum err e;

	secret_hash(secret, h);
	if ((e = find(tx, secret, &u)))
		return e;
	e = db_exec(tx->db, SQL_CODE_USE, DB_IN(db_t(tx->now), db_d(&u.id), db_d(&u.organization), db_x(h, sizeof h)), &used);
	if (e || !used)
		return e ? e : ERR_LINK_INVALID;
	tx->who->organization = u.organization;
	tx->who->principal = u.id;
	tx->who->name = u.username;
	e = user_password(tx, &u, hash);
	*tx->who = was;
	return e;
}
