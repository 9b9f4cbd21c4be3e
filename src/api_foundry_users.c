/* api_foundry_users.c: the admin namespace of the foundry dialect, as far as its clients need it:
 * who they are. */
#include "foundry.h"
#include <string.h>
#include "dom_org.h"

static const void *user_id(struct arena *a, const void *object)
{
	return id_uuid(a, &((const struct account *)object)->life.id);
}

static const void *organization(struct arena *a, const void *object)
{
	return id_spell(a, RID_ORGANIZATION, &((const struct account *)object)->life.organization);
}

static const void *status(struct arena *a, const void *object)
{
	const struct account *u = object;

	(void)a;
	return u->disabled ? "DELETED" : "ACTIVE";
}

struct id user_uuid(struct arena *a, const char *s)
{
	struct id id;

	return id_parse(arena_printf(a, RID_ORGANIZATION "%s", s), RID_ORGANIZATION, &id) ? id : id_none;
}

/* Those who were made here, and come from no provider of sign-ins. */
#define REALM "palantir-internal-realm"
static const struct shape user_out[] = {
	{ "id", T_STR, .make = user_id, .help = "a UUID" },
	{ "username", T_STR, AT(struct account, username) },
	{ "email", T_STR, AT(struct account, email) },
	{ "realm", T_LITERAL, .text = REALM, .help = "`" REALM "`" },
	{ "organization", T_STR, .make = organization },
	{ "status", T_STR, .make = status, .help = "`ACTIVE`, or `DELETED` if the user is disabled" },
	{ "attributes", T_OBJECT, .text = "{}", .help = "empty" },
	NAMED("FoundryUser")
};

/* ---- Others of the organization ---- */

static enum err one(struct req *r)
{
	const struct id id = user_uuid(r->arena, r->vars[0]);
	struct account u;
	enum err e = user_shown(&r->tx, &id, &u);

	if (!e)
		res_shape(r, 200, user_out, &u, 0);
	return e;
}

struct entry { const char *name; struct account u; };
static const struct shape entry_out[] = { { "", T_STR, AT(struct entry, name) }, { "", T_SUB, AT(struct entry, u), .sub = user_out }, NAMED("FoundryUserEntry") };
static const struct shape users_out[] = { { "data", T_MAP, AT(struct list, v), .sub = entry_out, .help = "by their ids" }, NAMED("FoundryUserBatch") };
static const struct shape users_in[] = BATCH("FoundryUserBatchRequest", "1 to 1000 of {userId}");

static enum err many(struct req *r)
{
	const char **names = arena_alloc(r->arena, BATCH_MOST * sizeof *names);
	struct entry *all;
	size_t n, found = 0;
	enum err e = batch_names(r, "userId", names, &n);

	if (e)
		return e;
	all = arena_alloc(r->arena, n * sizeof *all);
	for (size_t i = 0; i < n; i++) {
		const struct id id = user_uuid(r->arena, names[i]);
		size_t k = 0;

		while (k < found && strcmp(all[k].name, names[i]))
			k++;
		if (k < found)
			continue;
		all[found].name = names[i];
		if ((e = user_shown(&r->tx, &id, &all[found].u)) && e != ERR_USER_NOT_FOUND)
			return e;
		found += !e;
	}
	res_shape(r, 200, users_out, &(struct list){ all, found, sizeof *all }, 0);
	return OK;
}

#define USERS "/api/v2/admin/users"
#define READ(method, address) method, address, PERM_MEMBER, .scope = "api:admin-read", .status = 200
const struct route user_routes[] = {
	{ READ("GET", USERS "/{userId}"), .out = user_out, .run = one, .denied = DENIED("GetUserPermissionDenied", "Could not get the User.", "userId"),
	  .summary = "Get a user of the organization", .errors = "USER_NOT_FOUND" },
	{ READ("POST", USERS "/getBatch"), BODY(users_in, struct batch), .out = users_out, .run = many,
	  .summary = "Get many users; those that do not exist are left out" },
	{ "GET", "/api/v2/admin/users/getCurrent", PERM_MEMBER, .scope = "api:admin-read", .status = 200, .out = user_out, .object = RES_USER,
	  .get = user_self, .denied = DENIED("GetCurrentUserPermissionDenied", "Could not getCurrent the User.", ""), .summary = "Get the calling user" },
	{ 0 }
};
