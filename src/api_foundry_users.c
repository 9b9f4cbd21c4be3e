/* api_foundry_users.c: the admin namespace of the foundry dialect, as far as its clients need it:
 * who they are. */
#include "foundry.h"
#include "dom_org.h"

static const void *user_id(struct arena *a, const void *object)
{
	return id_uuid(a, &((const struct account *)object)->life.id);
}

static const void *organization(struct arena *a, const void *object)
{
	return id_spell(a, RID_ORGANIZATION, &((const struct account *)object)->life.organization);
}

/* Those who were made here, and come from no provider of sign-ins. */
#define REALM "palantir-internal-realm"
static const struct shape user_out[] = {
	{ "id", T_STR, .make = user_id, .help = "a UUID" },
	{ "username", T_STR, AT(struct account, username) },
	{ "email", T_STR, AT(struct account, email) },
	{ "realm", T_LITERAL, .text = REALM, .help = "`" REALM "`" },
	{ "organization", T_STR, .make = organization },
	{ "status", T_LITERAL, .text = "ACTIVE", .help = "`ACTIVE`" },
	{ "attributes", T_OBJECT, .text = "{}", .help = "empty" },
	NAMED("FoundryUser")
};

const struct route user_routes[] = {
	{ "GET", "/api/v2/admin/users/getCurrent", PERM_MEMBER, .scope = "api:admin-read", .status = 200, .out = user_out, .object = RES_USER,
	  .get = user_self, .denied = DENIED("GetCurrentUserPermissionDenied", "Could not getCurrent the User.", ""), .summary = "Get the calling user" },
	{ 0 }
};
