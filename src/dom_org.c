/* dom_org.c: organizations, roles, users, groups.  The thaw command acts here in the name of
 * the system; rights are not asked. */
#include "dom_org.h"
#include "clock.h"
#include "dom_folder.h"
#include "str.h"

static const struct { const char *name, *permissions; int64_t rate; } first_roles[] = {
	{ "admin",  "organization:admin", 1000 },
	{ "member", "model:read model:write project:read project:write workspace:read workspace:write", 100 },
	{ "reader", "model:read project:read workspace:read", 100 },
};

static enum err role_create(struct tx *tx, const struct id *org, const char *name, const char *permissions,
	int64_t rate, struct role *role)
{
	*role = (struct role){ .life.organization = *org, .name = name, .permissions = permissions, .rate = rate };
	id_new(tx->now, &role->life.id);
	return life_create(tx, LIFE_ROLE_CREATE, &role->life, NULL);
}

enum err org_create(struct tx *tx, const char *name, struct id *out)
{
	struct org org = { .name = name };
	struct role role;
	enum err e;

	id_new(tx->now, &org.life.id);
	org.life.organization = *out = org.life.id;
	e = life_create(tx, LIFE_ORG_CREATE, &org.life, NULL);
	for (size_t i = 0; !e && i < sizeof first_roles / sizeof *first_roles; i++)
		e = role_create(tx, out, first_roles[i].name, first_roles[i].permissions, first_roles[i].rate, &role);
	return e ? e : folder_home(tx, out);
}

enum err org_find(struct tx *tx, const char *which, struct id *out)
{
	struct id id = { 0 };

	(void)id_parse(which, "org-", &id);
	return tx_id(tx, SQL_ORG_FIND, DB_IN(db_d(&id), db_s(which)), out);
}

enum err org_name(struct tx *tx, const struct id *org, const char **out)
{
	return tx_text(tx, SQL_ORG_NAME, DB_IN(db_d(org)), out);
}

/* Locked, in whatever organization: the command is of none. */
static enum err locked(struct tx *tx, enum resource r, const struct id *org, const struct db_val *key, void *out)
{
	const struct id own = tx->who->organization;
	enum err e;

	tx->who->organization = *org;
	e = life_hold(tx, r, key, out);
	tx->who->organization = own;
	return e;
}

enum err org_rename(struct tx *tx, const struct id *id, const char *name)
{
	struct json *details = js_object(tx->arena);
	struct org org;
	enum err e = locked(tx, RES_ORG, id, BY_ID(id), &org);

	if (e)
		return e;
	js_put_str(tx->arena, details, "was", org.name);
	js_put_str(tx->arena, details, "name", name);
	org.name = name;
	return life_move(tx, LIFE_ORG_RENAME, &org.life, details);
}

enum err org_imported(struct tx *tx, const struct id *id)
{
	struct org org;
	enum err e = locked(tx, RES_ORG, id, BY_ID(id), &org);

	return e ? e : life_move(tx, LIFE_ORG_IMPORT, &org.life, NULL);
}

/* Its roles tell whoever is settled, and its endpoints whoever delivers, so that neither asks anything more than before. */
enum err org_enable(struct tx *tx, const struct id *id, bool enabled)
{
	static const struct column map[] = PICK_MAP(ROLE_LIST_PICK, struct role);
	const struct role *all;
	struct db_rows r;
	struct role role;
	struct org org;
	enum err e = locked(tx, RES_ORG, id, BY_ID(id), &org);

	if (e || (e = life_move(tx, enabled ? LIFE_ORG_ENABLE : LIFE_ORG_DISABLE, &org.life, NULL))
	    || (e = db_exec(tx->db, SQL_DELIVER_HALT, DB_IN((struct db_val){ .t = 't', .i = CLOCK_LAST, .null = enabled }, db_d(id)), NULL))
	    || (e = tx_query(tx, SQL_ROLE_LIST, DB_IN(db_d(id)), &r)))
		return e;
	all = row_array(tx->arena, &r, map, sizeof *all);
	for (size_t i = 0; !e && i < r.n; i++)
		if (!(e = locked(tx, RES_ROLE, id, BY_ID(&all[i].life.id), &role)))
			e = life_move(tx, enabled ? LIFE_ROLE_RESUME : LIFE_ROLE_SUSPEND, &role.life, NULL);
	return e;
}

/* A new one, which is not let in where the others are not. */
enum err role_add(struct tx *tx, const struct id *id, const char *name, const char *permissions, int64_t rate)
{
	struct role role;
	struct org org;
	enum err e = locked(tx, RES_ORG, id, BY_ID(id), &org);

	if (e || (e = role_create(tx, id, name, permissions, rate, &role)))
		return e;
	return org.life.state == STATE_ORG_DISABLED ? life_move(tx, LIFE_ROLE_SUSPEND, &role.life, NULL) : OK;
}

static bool administers(const char *permissions)
{
	return word_in(permissions, perm_word(PERM_ORG_ADMIN));
}

/* Does the change in hand leave somebody who administers the organization, and can sign in to do so: one whose link was
 * never used is nobody yet?  Two that take away one each are made one after the other. */
static enum err administered(struct tx *tx, const struct id *org)
{
	int64_t one;
	enum err e = db_exec_one(tx->db, SQL_ORG_TOUCH, DB_IN(db_t(tx->now), db_d(org), db_d(org)));

	if (!e)
		e = tx_int(tx, SQL_ADMIN_LEFT, DB_IN(db_d(org)), &one);
	return e == ERR_DB_NONE ? ERR_LAST_ADMIN : e;
}

enum err role_find(struct tx *tx, const struct id *org, const char *name, struct id *out)
{
	return tx_id(tx, SQL_ROLE_FIND, DB_IN(db_d(org), db_s(name)), out);
}

enum err role_change(struct tx *tx, struct role *role, const char *permissions, int64_t rate)
{
	const bool taken = administers(role->permissions) && !administers(permissions);
	struct json *details = js_object(tx->arena);
	enum err e;

	js_put_str(tx->arena, details, "permissions", permissions);
	js_put_int(tx->arena, details, "rate", rate);
	role->permissions = permissions;
	role->rate = rate;
	e = life_move(tx, LIFE_ROLE_SET, &role->life, details);
	return e || !taken ? e : administered(tx, &role->life.organization);
}

enum err role_set(struct tx *tx, const struct id *org, const char *name, const char *permissions, int64_t rate)
{
	struct role role;
	struct id id;
	enum err e = role_find(tx, org, name, &id);

	if (e == ERR_DB_NONE)
		return role_add(tx, org, name, permissions, rate);
	if (e || (e = locked(tx, RES_ROLE, org, BY_ID(&id), &role)))
		return e;
	return role_change(tx, &role, permissions, rate);
}

enum err user_of_email(struct tx *tx, const char *email, const struct id *but, const char **username)
{
	return tx_text(tx, SQL_USER_OF_EMAIL, DB_IN(db_s(email), db_d(but), db_s(email), db_d(but)), username);
}

enum err user_create(struct tx *tx, const struct user *in, struct id *out)
{
	struct account user = { .life.organization = in->organization, .kind = "human", .username = in->username, .email = in->email,
		.password = in->password, .role = in->role };
	struct json *details = js_object(tx->arena);
	const char *other;
	enum err e = user_of_email(tx, in->email, &user.life.id, &other);

	if (e != ERR_DB_NONE)
		return e ? e : ERR_DB_DUPLICATE;
	js_put_str(tx->arena, details, "username", in->username);
	js_put_str(tx->arena, details, "role", in->role);
	id_new(tx->now, &user.life.id);
	*out = user.life.id;
	return life_create(tx, LIFE_USER_CREATE, &user.life, details);
}

enum err user_find(struct tx *tx, const char *username, struct user *out)
{
	static const struct column map[] = PICK_MAP(USER_FIND_PICK, struct user);

	*out = (struct user){ .username = username };
	return tx_one(tx, SQL_USER_FIND, DB_IN(db_s(username)), map, out);
}

enum err user_self(struct tx *tx, const struct db_val *key, void *out)
{
	static const struct column map[] = PICK_MAP(USER_SELF_PICK, struct account);
	struct account *self = out;
	enum err e;

	(void)key;
	*self = (struct account){ .life = { .organization = tx->who->organization, .id = tx->who->principal } };
	e = tx_read_one(tx, SQL_USER_SELF, DB_IN(db_d(&tx->who->organization), db_d(&tx->who->principal)), map, self);
	return e ? e : who_may(tx->who, tx->ask);
}

enum err user_shown(struct tx *tx, const struct id *id, struct account *out)
{
	static const struct column map[] = PICK_MAP(USER_SHOWN_PICK, struct account);
	const struct id *org = &tx->who->organization;
	enum err e;

	*out = (struct account){ .life = { .organization = *org } };
	e = tx_read_one(tx, SQL_USER_SHOWN, DB_IN(db_d(id), db_d(org), db_d(&tx->who->principal)), map, out);
	if (!e || e == ERR_DB_NONE)
		e = who_may(tx->who, tx->ask);
	return e ? e : id_is_zero(&out->life.id) ? ERR_USER_NOT_FOUND : OK;
}

/* `to`: what the change writes. */
static enum err move_user(struct tx *tx, enum transition t, const struct user *u, const struct account *to, struct json *details)
{
	struct account user;
	enum err e = locked(tx, RES_USER, &u->organization, BY_ID(&u->id), &user);

	if (e)
		return e;
	/* After the lock: no token made until now may outlive this. */
	tx->now = clock_now();
	user.username = to->username;
	user.email = to->email;
	user.password = to->password;
	user.role = to->role;
	return life_move(tx, t, &user.life, details);
}

static enum err forget(struct tx *tx, const struct user *u)
{
	return db_exec(tx->db, SQL_REFRESH_FORGET, DB_IN(db_d(&u->organization), db_d(&u->id)), NULL);
}

enum err user_password(struct tx *tx, const struct user *u, const char *hash)
{
	enum err e = move_user(tx, LIFE_USER_PASSWORD, u, &(struct account){ .password = hash }, NULL);

	return e ? e : forget(tx, u);
}

/* Of the role that a user has, or is to have. */
static enum err role_administers(struct tx *tx, const struct id *org, const char *name, bool *out)
{
	struct role role;
	struct id id;
	enum err e = role_find(tx, org, name, &id);

	if (e || (e = locked(tx, RES_ROLE, org, BY_ID(&id), &role)))
		return e;
	*out = administers(role.permissions);
	return OK;
}

/* Does the user, locked, administer the organization? */
static enum err user_administers(struct tx *tx, const struct user *u, struct account *now, bool *out)
{
	enum err e = locked(tx, RES_USER, &u->organization, BY_ID(&u->id), now);

	if (!e)
		e = role_administers(tx, &u->organization, now->role, out);
	return e == ERR_DB_NONE ? OK : e;
}

enum err user_enable(struct tx *tx, const struct user *u, bool enabled)
{
	struct account now;
	bool was = false;
	enum err e = enabled ? OK : user_administers(tx, u, &now, &was);

	if (!e)
		e = move_user(tx, enabled ? LIFE_USER_ENABLE : LIFE_USER_DISABLE, u, &(struct account){ .role = NULL }, NULL);
	if (!e && was)
		e = administered(tx, &u->organization);
	return e ? e : forget(tx, u);
}

enum err user_sign_out(struct tx *tx, const struct user *u)
{
	enum err e = move_user(tx, LIFE_USER_END_SESSIONS, u, &(struct account){ .role = NULL }, NULL);

	return e ? e : forget(tx, u);
}

enum err user_email(struct tx *tx, const struct user *u, const char *email)
{
	const char *other;
	enum err e = user_of_email(tx, email, &u->id, &other);

	if (e != ERR_DB_NONE)
		return e ? e : ERR_DB_DUPLICATE;
	e = move_user(tx, LIFE_USER_EMAIL, u, &(struct account){ .email = email }, NULL);
	return e ? e : forget(tx, u);
}

enum err user_role(struct tx *tx, const struct user *u, const char *role)
{
	struct json *details = js_object(tx->arena);
	bool was = false, is;
	struct account now;
	enum err e = user_administers(tx, u, &now, &was);

	if (e)
		return e;
	js_put_str(tx->arena, details, "was", now.role);
	js_put_str(tx->arena, details, "role", role);
	if ((e = role_administers(tx, &u->organization, role, &is))
	    || (e = move_user(tx, LIFE_USER_ROLE, u, &(struct account){ .role = role }, details)))
		return e;
	/* From one such role to another too: on another node of a cluster that one may be losing it. */
	return was ? administered(tx, &u->organization) : OK;
}

enum err user_rename(struct tx *tx, const struct user *u, const char *username)
{
	struct json *details = js_object(tx->arena);
	enum err e;

	js_put_str(tx->arena, details, "was", u->username);
	js_put_str(tx->arena, details, "username", username);
	e = move_user(tx, LIFE_USER_RENAME, u, &(struct account){ .username = username }, details);
	return e ? e : forget(tx, u);
}

enum err user_note(struct tx *tx, const struct user *u, enum transition t, struct json *details)
{
	return move_user(tx, t, u, &(struct account){ .role = NULL }, details);
}

enum err session_list(struct tx *tx, const struct id *org, const char *username, struct session_row **out, size_t *n)
{
	static const struct column map[] = PICK_MAP(SESSION_LIST_PICK, struct session_row);
	struct db_rows r;
	enum err e = tx_query(tx, SQL_SESSION_LIST, DB_IN(db_d(org), db_t(tx->now), db_s(username), db_s(username)), &r);

	*n = e ? 0 : r.n;
	*out = e ? NULL : row_array(tx->arena, &r, map, sizeof **out);
	return e;
}

enum err session_revoke(struct tx *tx, const struct id *org, const struct id *user, const struct id *family)
{
	struct session s = { .family = *family, .user.organization = *org };
	struct json *details = js_object(tx->arena);
	enum err e = tx_id(tx, SQL_SESSION_WHOSE, DB_IN(db_d(org), db_d(family)), &s.user.id);

	if (!e && user && !id_equal(user, &s.user.id))
		e = ERR_DB_NONE;
	if (e || (e = session_end(tx, &s)))
		return e;
	js_put_str(tx->arena, details, "session", id_spell(tx->arena, SESSION_PREFIX, family));
	return user_note(tx, &s.user, LIFE_USER_END_SESSION, details);
}

enum err user_group_create(struct tx *tx, struct user_group *g)
{
	struct json *details = js_object(tx->arena);

	js_put_str(tx->arena, details, "name", g->name);
	id_new(tx->now, &g->life.id);
	return life_create(tx, LIFE_GROUP_CREATE, &g->life, details);
}

enum err user_group_find(struct tx *tx, const struct id *org, const char *which, struct user_group *out)
{
	struct id id = { 0 };

	(void)id_parse(which, "grp-", &id);
	*out = (struct user_group){ .life.organization = *org };
	return tx_id(tx, SQL_GROUP_FIND, DB_IN(db_d(org), db_d(&id), db_d(org), db_s(which)), &out->life.id);
}

enum err user_group_member(struct tx *tx, const struct user_group *g, const struct user *u, bool in)
{
	const struct id *org = &g->life.organization;
	struct json *details = js_object(tx->arena);
	struct user_group held;
	int64_t hit = 1;
	enum err e = locked(tx, RES_USER_GROUP, org, BY_ID(&g->life.id), &held);

	if (!e && in)
		e = quota_room(tx, org, QUOTA_GROUP_MEMBERS, 1);
	if (!e)
		e = db_exec(tx->db, in ? SQL_MEMBER_ADD : SQL_MEMBER_FORGET, DB_IN(db_d(org), db_d(&u->id), db_d(&g->life.id)), &hit);
	if (e || !hit)
		return e && e != ERR_DB_DUPLICATE ? e : ERR_STATE_ALREADY;
	js_put_str(tx->arena, details, "user", id_spell(tx->arena, "usr-", &u->id));
	js_put_str(tx->arena, details, "username", u->username);
	return life_move(tx, in ? LIFE_GROUP_ADD : LIFE_GROUP_REMOVE, &held.life, details);
}
