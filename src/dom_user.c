/* dom_user.c: see dom_user.h.  Whoever gets here administers the organization: the routes ask. */
#include "dom_user.h"
#include <string.h>
#include "clock.h"
#include "passwd.h"
#include "str.h"

/* ---- What texts may be ---- */

const char *username_fault(struct arena *a, const char *s)
{
	(void)a;
	return name_fault(s) || strchr(s, ' ') || utf8_hides(s) ? "must not have spaces, control characters or what cannot be seen" : NULL;
}

const char *email_fault(struct arena *a, const char *s)
{
	const char *at = strchr(s, '@');

	return username_fault(a, s) || !at || at == s || !at[1] ? "must be an email address, such as ada@example.org" : NULL;
}

const char *role_name_fault(struct arena *a, const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	(void)a;
	return s[strspn(s, letters)] ? "can only have letters, digits, `.`, `_` and `-`" : NULL;
}

const char *permission_fault(struct arena *a, const char *s)
{
	(void)a;
	return perm_known(s) ? NULL : "is not a known permission";
}

/* ---- Lists ---- */

static const struct list_filter user_filters[] = {
	[USERS_SEARCH] = { "search", " AND CONCAT_WS(CHAR(10), x.username, x.email) COLLATE utf8mb4_unicode_520_ci LIKE ?", "s", LIST_LIKE },
	{ NULL, NULL, NULL, 0 }
};
static const struct list_order newest[] = { { "newest", { { "id", 'd', true, 0 } } }, { NULL, { { NULL, 0, false, 0 } } } };
static const struct list_order by_name[] = { { "name", { { "name", 'a', false, 0 } } }, { NULL, { { NULL, 0, false, 0 } } } };
static const struct list_path user_paths[] = { { .order = -1, .index = "PRIMARY" } }, role_paths[] = { { .order = -1, .index = "role_name" } };
const struct listing users_list = { .name = "USERS", .of = RES_USER, .parent = RES__MAX, .sees = SEES_ALL, .filters = user_filters,
	.orders = newest, LIST_PATHS(user_paths), .bounded = DB_BOUNDED };
const struct listing roles_list = { .name = "ROLES", .of = RES_ROLE, .parent = RES__MAX, .sees = SEES_ALL, .orders = by_name, LIST_PATHS(role_paths) };

/* ---- Users ---- */

static struct user whole(const struct account *a)
{
	return (struct user){ .organization = a->life.organization, .id = a->life.id, .username = a->username, .email = a->email, .role = a->role };
}

/* Has somebody else the name, or the address, here or in another organization?  NULL: not asked for. */
static enum err taken(struct tx *tx, const char *username, const char *email, const struct id *but)
{
	const char *other;
	int64_t one;
	enum err e = username ? tx_int(tx, SQL_USER_OF_NAME, DB_IN(db_s(username), db_d(but)), &one) : ERR_DB_NONE;

	if (e != ERR_DB_NONE)
		return e ? e : ERR_USERNAME_TAKEN;
	e = email ? user_of_email(tx, email, but, &other) : ERR_DB_NONE;
	return e == ERR_DB_NONE ? OK : e ? e : ERR_EMAIL_TAKEN;
}

/* Taken since it was looked: once more, which finds it. */
static enum err raced(enum err e)
{
	return e == ERR_DB_DUPLICATE ? ERR_DB_RETRY : e;
}

static enum err role_there(struct tx *tx, const char *name)
{
	struct id id;
	enum err e = role_find(tx, &tx->who->organization, name, &id);

	return e == ERR_DB_NONE ? why_fault(tx, "role", "is not a role of your organization") : e;
}

char *password_link_url(struct arena *a, const char *base, const char *secret, const char *username)
{
	struct buf b = { .arena = a };

	buf_printf(&b, "%s/#/password", base);
	buf_param(&b, "link", secret);
	buf_param(&b, "user", username);
	return b.p;
}

static enum err link_of(struct tx *tx, struct user_linked *u, int64_t lasts)
{
	const struct user user = whole(&u->user);
	char *secret;
	enum err e = password_link_make(tx, &user, lasts, &secret);

	if (e)
		return e;
	u->expires = tx->now + lasts * SECOND;
	u->link = password_link_url(tx->arena, u->base, secret, user.username);
	return life_hold(tx, RES_USER, BY_ID(&user.id), &u->user);
}

enum err user_make(struct tx *tx, const struct user_linked *in, struct user_linked *out)
{
	struct user u = whole(&in->user);
	enum err e = who_may(tx->who, tx->ask);

	*out = *in;
	u.organization = tx->who->organization;
	if (e || (e = role_there(tx, u.role)) || (e = taken(tx, u.username, u.email, &id_none)))
		return e;
	u.password = PASSWD_UNSET;
	out->user.life.organization = u.organization;
	e = raced(user_create(tx, &u, &out->user.life.id));
	return e ? e : link_of(tx, out, in->lasts ? in->lasts : INVITE_TTL_S);
}

enum err user_link(struct tx *tx, const struct db_val *key, const struct user_linked *in, struct user_linked *out)
{
	enum err e;

	*out = *in;
	e = life_lock(tx, RES_USER, key, &out->user);
	return e ? e : link_of(tx, out, in->lasts ? in->lasts : LINK_TTL_S);
}

enum err user_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct user_edit *to = in;
	struct account *a = out;
	struct user u;
	bool name, email, role;
	enum err e = life_lock(tx, RES_USER, key, a);

	(void)t;
	if (e)
		return e;
	u = whole(a);
	name = to->username_set && strcmp(to->username, u.username);
	email = to->email_set && strcmp(to->email, u.email);
	role = to->role_set && strcmp(to->role, u.role);
	if ((role && (e = role_there(tx, to->role))) || (e = taken(tx, name ? to->username : NULL, email ? to->email : NULL, &u.id)))
		return e;
	if (role)
		e = user_role(tx, &u, to->role);
	if (!e && email)
		e = raced(user_email(tx, &u, to->email));
	if (!e && name)
		e = raced(user_rename(tx, &u, to->username));
	return e ? e : life_hold(tx, RES_USER, key, a);
}

enum err user_switch(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct account *a = out;
	struct user u;
	enum err e = life_lock(tx, RES_USER, key, a);

	(void)in;
	if (e)
		return e;
	u = whole(a);
	e = user_enable(tx, &u, t == LIFE_USER_ENABLE);
	return e ? e : life_hold(tx, RES_USER, key, a);
}

/* ---- Their sessions ---- */

enum err user_sessions(struct tx *tx, const struct db_val *key, struct session_row **out, size_t *n)
{
	static const struct column map[] = PICK_MAP(SESSION_LIST_PICK, struct session_row);
	struct account a;
	struct db_rows r;
	enum err e = life_read(tx, RES_USER, key, &a);

	*n = 0;
	if (e || (e = tx_query(tx, SQL_SESSIONS_OF, DB_IN(db_d(&a.life.organization), db_t(tx->now), db_d(&a.life.id), db_i(SESSIONS_MOST)), &r)))
		return e;
	*n = r.n;
	*out = row_array(tx->arena, &r, map, sizeof **out);
	for (size_t i = 0; i < r.n; i++)
		(*out)[i].current = id_equal(&(*out)[i].family, &tx->who->session);
	return OK;
}

enum err user_end_session(struct tx *tx, const struct db_val *key, const struct id *family)
{
	struct account a;
	enum err e = life_hold(tx, RES_USER, key, &a);

	if (!e)
		e = session_revoke(tx, &a.life.organization, &a.life.id, family);
	return e == ERR_DB_NONE ? ERR_NOT_FOUND : e;
}

enum err user_end_sessions(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct user u;
	enum err e = life_hold(tx, RES_USER, key, out);

	(void)t, (void)in;
	if (e)
		return e;
	u = whole(out);
	return user_sign_out(tx, &u);
}

enum err user_end_others(struct tx *tx)
{
	const struct id *me = &tx->who->principal;
	struct account a;
	int64_t ended;
	enum err e = life_hold(tx, RES_USER, BY_ID(me), &a);

	if (!e)
		e = session_end_others(tx, &ended);
	return e || !ended ? e : life_move(tx, LIFE_USER_END_OTHERS, &a.life, NULL);
}

/* ---- Roles ---- */

/* Each word once; as long as the column is. */
static enum err words_of(struct tx *tx, const char *words, const char **out)
{
	struct buf b = { .arena = tx->arena };

	buf_puts(&b, "");
	for (const char *s = words; *(s += strspn(s, " ")); s += strcspn(s, " ")) {
		const char *word = arena_strndup(tx->arena, s, strcspn(s, " "));

		if (!word_in(b.p, word))
			buf_printf(&b, "%s%s", b.n ? " " : "", word);
	}
	*out = b.p;
	return b.n ? OK : why_fault(tx, "permissions", "must have at least one permission");
}

enum err role_make(struct tx *tx, const void *in, void *out)
{
	const struct role *want = in;
	const char *permissions;
	struct id id;
	enum err e = words_of(tx, want->permissions, &permissions);

	if (!e)
		e = role_find(tx, &tx->who->organization, want->name, &id);
	if (e != ERR_DB_NONE)
		return e ? e : ERR_ROLE_TAKEN;
	if ((e = role_add(tx, &tx->who->organization, want->name, permissions, want->rate)))
		return raced(e);
	e = role_find(tx, &tx->who->organization, want->name, &id);
	return e ? e : life_hold(tx, RES_ROLE, BY_ID(&id), out);
}

enum err role_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct role_edit *to = in;
	struct role *role = out;
	const char *permissions;
	enum err e = life_lock(tx, RES_ROLE, key, role);

	(void)t;
	if (e)
		return e;
	permissions = role->permissions;
	if (to->permissions_set && (e = words_of(tx, to->permissions, &permissions)))
		return e;
	return role_change(tx, role, permissions, to->rate_set ? to->rate : role->rate);
}
