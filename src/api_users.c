/* api_users.c: the admin namespace of the foundry dialect, as far as its clients need it:
 * who they are. */
#include "foundry.h"
#include "dom_org.h"

/* Those who were made here, and come from no provider of sign-ins. */
#define REALM "palantir-internal-realm"

struct user_view { const char *id, *username, *email, *realm, *organization, *status, *attributes; };
#define U(field) AT(struct user_view, field)
static const struct shape user_out[] = {
	{ "id", T_STR, U(id), .help = "a UUID" },
	{ "username", T_STR, U(username) },
	{ "email", T_STR, U(email) },
	{ "realm", T_STR, U(realm), .help = "`" REALM "`" },
	{ "organization", T_STR, U(organization) },
	{ "status", T_STR, U(status), .help = "`ACTIVE`" },
	{ "attributes", T_OBJECT, U(attributes), .empty = "{}", .help = "empty" },
	{ 0 }
};

static enum err get_current(struct req *r)
{
	struct user u;
	enum err e = user_self(&r->tx, &u);

	if (e)
		return e;
	res_shape(r, 200, user_out, &(struct user_view){ id_uuid(r->arena, &u.id), u.username, u.email, REALM,
		id_spell(r->arena, RID_ORGANIZATION, &u.organization), "ACTIVE", NULL }, 0);
	return OK;
}

const struct route user_routes[] = {
	{ "GET", "/api/v2/admin/users/getCurrent", PERM_MEMBER, .scope = "api:admin-read", .status = 200, .out = user_out, .run = get_current,
	  .denied = DENIED("GetCurrentUserPermissionDenied", "Could not getCurrent the User.", ""), .summary = "The user who calls" },
	{ 0 }
};
