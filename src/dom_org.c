/* dom_org.c: organizations, roles, users.  The thaw command acts here in the name of
 * the system; rights are not asked. */
#include "dom_org.h"
#include "clock.h"
#include "dom_folder.h"

static const struct { const char *name, *permissions; int64_t rate; } first_roles[] = {
	{ "admin",  "organization:admin", 1000 },
	{ "member", "model:read model:write project:read project:write workspace:read workspace:write", 100 },
	{ "reader", "model:read project:read workspace:read", 100 },
};

static enum err role_create(struct tx *tx, const struct id *org, const char *name, const char *permissions,
	int64_t rate)
{
	struct life role = { .organization = *org };

	id_new(tx->now, &role.id);
	return life_create(tx, LIFE_ROLE_CREATE, &role, DB_IN(db_s(name), db_s(permissions), db_i(rate)), NULL);
}

enum err org_create(struct tx *tx, const char *name, struct id *out)
{
	struct life org;
	enum err e;

	id_new(tx->now, &org.id);
	org.organization = *out = org.id;
	e = life_create(tx, LIFE_ORG_CREATE, &org, DB_IN(db_s(name)), NULL);
	for (size_t i = 0; !e && i < sizeof first_roles / sizeof *first_roles; i++)
		e = role_create(tx, &org.id, first_roles[i].name, first_roles[i].permissions, first_roles[i].rate);
	return e ? e : folder_home(tx, &org.id);
}

enum err org_find(struct tx *tx, const char *which, struct id *out)
{
	struct id id = { 0 };
	struct db_rows r;
	enum err e;

	(void)id_parse(which, "org-", &id);
	if ((e = tx_query(tx, SQL_ORG_FIND, DB_IN(db_d(&id), db_s(which)), &r)))
		return e;
	if (!r.n)
		return ERR_DB_NONE;
	*out = db_row(&r, 0)[0].id;
	return OK;
}

/* The row of a lock statement: id, status, revision. */
static enum err locked(struct tx *tx, enum resource resource, enum sql sql, const struct db_val *in, size_t n,
	const struct id *org, struct life *out)
{
	const struct db_val *v;
	enum err e = tx_row(tx, sql, in, n, &v);

	if (!e)
		*out = (struct life){ .organization = *org, .id = v[0].id, .state = life_state(resource, v[1].s), .revision = v[2].i };
	return e;
}

enum err role_set(struct tx *tx, const struct id *org, const char *name, const char *permissions, int64_t rate)
{
	struct json *details = js_object(tx->arena);
	struct life role;
	enum err e = locked(tx, RES_ROLE, SQL_ROLE_LOCK, DB_IN(db_d(org), db_s(name)), org, &role);

	if (e == ERR_DB_NONE)
		return role_create(tx, org, name, permissions, rate);
	if (e)
		return e;
	js_put_str(tx->arena, details, "permissions", permissions);
	js_put_int(tx->arena, details, "rate", rate);
	return life_move(tx, LIFE_ROLE_SET, &role, DB_IN(db_s(permissions), db_i(rate)), details);
}

enum err user_create(struct tx *tx, const struct user *in, struct id *out)
{
	struct life user = { .organization = in->organization };
	struct json *details = js_object(tx->arena);
	enum err e;

	js_put_str(tx->arena, details, "username", in->username);
	js_put_str(tx->arena, details, "role", in->role);
	id_new(tx->now, &user.id);
	*out = user.id;
	e = life_create(tx, LIFE_USER_CREATE, &user, DB_IN(db_s("human"), db_s(in->username), db_s(in->email),
		db_s(in->password), db_s(in->role), db_t(tx->now)), details);
	return e;
}

enum err user_find(struct tx *tx, const char *username, struct user *out)
{
	const struct db_val *v;
	struct db_rows r;
	enum err e = tx_query(tx, SQL_USER_FIND, DB_IN(db_s(username)), &r);

	if (e || !r.n)
		return e ? e : ERR_DB_NONE;
	v = db_row(&r, 0);
	*out = (struct user){ .organization = v[0].id, .id = v[1].id, .username = username, .email = v[2].s,
		.role = v[3].s, .status = v[4].s, .rate = v[5].i };
	return OK;
}

enum err user_self(struct tx *tx, struct user *out)
{
	const struct db_val *v;
	struct db_rows r;
	enum err e = tx_read(tx, SQL_USER_SELF, DB_IN(db_d(&tx->who->organization), db_d(&tx->who->principal)), &r);

	if (e)
		return e;
	v = db_row(&r, 0);
	*out = (struct user){ .organization = tx->who->organization, .id = tx->who->principal, .status = v[0].s,
		.username = v[WHO_COLUMNS].s, .email = v[WHO_COLUMNS + 1].s, .role = v[WHO_COLUMNS + 2].s };
	return who_may(tx->who, tx->ask);
}

static enum err move_user(struct tx *tx, enum transition t, const struct user *u, const struct db_val *more, size_t n)
{
	struct life user;
	enum err e = locked(tx, RES_USER, SQL_USER_LOCK, DB_IN(db_d(&u->organization), db_d(&u->id)),
		&u->organization, &user);

	if (e)
		return e;
	/* After the lock: no token made until now may outlive this. */
	tx->now = clock_now();
	return life_move(tx, t, &user, more, n, NULL);
}

static enum err forget(struct tx *tx, const struct user *u)
{
	return db_exec(tx->db, SQL_REFRESH_FORGET, DB_IN(db_d(&u->organization), db_d(&u->id)), NULL);
}

enum err user_password(struct tx *tx, const struct user *u, const char *hash)
{
	enum err e = move_user(tx, LIFE_USER_PASSWORD, u, DB_IN(db_s(hash)));

	return e ? e : forget(tx, u);
}

enum err user_enable(struct tx *tx, const struct user *u, bool enabled)
{
	enum err e = move_user(tx, enabled ? LIFE_USER_ENABLE : LIFE_USER_DISABLE, u, DB_NONE);

	return e ? e : forget(tx, u);
}

enum err user_role(struct tx *tx, const struct user *u, const char *role)
{
	return move_user(tx, LIFE_USER_ROLE, u, DB_IN(db_s(role)));
}
