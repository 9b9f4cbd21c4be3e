/* api_foundry_roles.c: the roles of a resource in the foundry dialect, which are the grants on a model (dom_share.c).  Rights
 * on everything else are those of the organization's roles, and nothing is granted there. */
#include "foundry.h"
#include <string.h>
#include "dom_share.h"

/* By what a grant lets one do, whatever word it was granted by. */
static const char *const roles[] = { [GRANTED_OBSERVER] = "OBSERVER", [GRANTED_USER] = "USER", [GRANTED_OWNER] = "OWNER" };

static bool is_everyone(const struct share *s)
{
	return !strcmp(s->kind, SHARE_ORGANIZATION);
}

static const void *principal_of(struct arena *a, const void *object)
{
	const struct share *s = object;

	(void)a;
	return is_everyone(s) ? "everyone" : "principalWithId";
}

static const void *principal_id(struct arena *a, const void *object)
{
	const struct share *s = object;

	return is_everyone(s) ? NULL : id_uuid(a, &s->id);
}

static const void *principal_type(struct arena *a, const void *object)
{
	const struct share *s = object;

	(void)a;
	return is_everyone(s) ? NULL : strcmp(s->kind, SHARE_GROUP) ? "USER" : "GROUP";
}

static const void *role_id(struct arena *a, const void *object)
{
	(void)a;
	return roles[((const struct share *)object)->role];
}

static const struct shape principal_out[] = {
	{ "type", T_STR, .make = principal_of, .help = "`principalWithId`, or `everyone` in the organization" },
	{ "principalId", T_STR, .make = principal_id, .flags = F_OMIT, .help = "a UUID" },
	{ "principalType", T_STR, .make = principal_type, .flags = F_OMIT, .help = "`USER` or `GROUP`" },
	NAMED("FoundryRolePrincipal")
};
static const struct shape role_out[] = {
	{ "resourceRolePrincipal", T_SUB, .off = 0, .sub = principal_out },
	{ "roleId", T_STR, .make = role_id, .help = "`OWNER`, `USER` or `OBSERVER`" },
	NAMED("FoundryResourceRole")
};
static const struct shape roles_out[] = {
	{ "data", T_LIST, AT(struct list, v), .sub = role_out },
	NAMED("FoundryResourceRolePage")
};
struct roles_query { struct page_asked page; bool inherited; };
static const struct shape roles_query[] = {
	{ "includeInherited", T_BOOL, AT(struct roles_query, inherited), .help = "true: of a version, list the roles on its model" },
	PAGE_ROWS,
	{ 0 }
};

static enum err list_roles(struct req *r)
{
	const struct roles_query *q = r->query;
	const struct share *all = NULL;
	struct db_val key[2] = { { 0 } };
	struct folder node;
	size_t n = 0;
	enum err e = route_key(r, key);

	if (!e && q->page.token)
		e = ERR_PAGE_TOKEN;
	if (!e && q->page.size_set && q->page.size < 1)
		e = ERR_PAGE_SIZE;
	if (e || (e = node_get(&r->tx, key, &node)))
		return e;
	if (node.node == NODE_MODEL)
		e = share_list(&r->tx, &node.life.id, &all, &n);
	if (node.node == NODE_VERSION && q->inherited)
		e = share_list(&r->tx, &node.inside, &all, &n);
	if (!e)
		res_shape(r, 200, roles_out, &(struct list){ all, n, sizeof *all }, 0);
	return e;
}

/* ---- Granting ---- */

struct roles_in { const char *roles; };
static const struct shape roles_in[] = {
	{ "roles", T_DOC, AT(struct roles_in, roles), .flags = F_REQUIRED,
	  .help = "1 to 100 of {resourceRolePrincipal: {type: `principalIdOnly`, `principalWithId` or `everyone`, principalId, principalType}, roleId}; principalType, `USER` or `GROUP`, may be absent" },
	NAMED("FoundryRolesEdit")
};

static enum err fault(struct tx *tx, size_t i, const char *field, const char *reason)
{
	return why_fault(tx, arena_printf(tx->arena, "roles[%zu].%s", i, field), reason);
}

/* What an id is of, where that is said beside it. */
static enum err take_type(struct tx *tx, const struct json *p, size_t i, const char **kind)
{
	const char *type = js_text_of(p, "principalType");
	struct json *v = NULL;

	if (!js_get(p, "principalType", &v))
		return OK;
	if (!type || (strcmp(type, "USER") && strcmp(type, "GROUP")))
		return fault(tx, i, "resourceRolePrincipal.principalType", "must be USER or GROUP");
	*kind = strcmp(type, "USER") ? SHARE_GROUP : SHARE_USER;
	return OK;
}

/* Whom: everyone, or somebody by an id. */
static enum err take_principal(struct tx *tx, const struct json *o, size_t i, struct share_to *out)
{
	struct json *p = NULL;
	enum err e;
	const char *type = js_type(o) == JS_OBJECT && js_get(o, "resourceRolePrincipal", &p) && js_type(p) == JS_OBJECT ? js_text_of(p, "type") : NULL, *id;

	out->id_set = true;
	out->at = arena_printf(tx->arena, "roles[%zu]", i);
	if (type && !strcmp(type, "everyone")) {
		out->kind = SHARE_ORGANIZATION;
		out->id = tx->who->organization;
		return OK;
	}
	if (!type || (strcmp(type, "principalIdOnly") && strcmp(type, "principalWithId")))
		return fault(tx, i, "resourceRolePrincipal.type", "must be principalIdOnly, principalWithId or everyone");
	if (!(id = js_text_of(p, "principalId")))
		return fault(tx, i, "resourceRolePrincipal.principalId", "is required");
	if ((e = take_type(tx, p, i, &out->kind)))
		return e;
	out->id = user_uuid(tx->arena, id);
	if (!id_is_zero(&out->id) && !id_equal(&out->id, &tx->who->organization))
		return OK;
	why_tell(tx, "principalId", js_string(tx->arena, id));
	return ERR_REFERENCE;
}

static enum err take_role(struct tx *tx, const struct json *o, size_t i, const char **out)
{
	const char *id = js_type(o) == JS_OBJECT ? js_text_of(o, "roleId") : NULL;
	struct json *unknown;

	if (!id)
		return fault(tx, i, "roleId", "is required");
	for (size_t k = GRANTED_OBSERVER; k <= GRANTED_OWNER; k++)
		if (!strcmp(id, roles[k])) {
			*out = roles[k];
			return OK;
		}
	js_add(unknown = js_array(tx->arena), js_string(tx->arena, id));
	why_tell(tx, "requestedRoleIds", unknown);
	return ERR_ROLE_GRANTS;
}

/* Of anything but a model nothing is granted, whatever role is asked for; but of what is not there it is said that it is not. */
static enum err not_here(struct tx *tx, const struct db_val *key, const struct json *all)
{
	struct json *asked = js_array(tx->arena);
	struct folder node;
	enum err e = key[1].i == NODE_MODEL ? OK : node_get(tx, key, &node);

	if (e || key[1].i == NODE_MODEL)
		return e;
	for (size_t i = 0; i < js_length(all); i++)
		if (js_type(js_at(all, i)) == JS_OBJECT && js_text_of(js_at(all, i), "roleId"))
			js_add(asked, js_string(tx->arena, js_text_of(js_at(all, i), "roleId")));
	why_tell(tx, "requestedRoleIds", asked);
	return ERR_ROLE_GRANTS;
}

static enum err change(struct tx *tx, const struct db_val *key, const void *in, bool add)
{
	const struct json *all = js_read(tx->arena, ((const struct roles_in *)in)->roles);
	struct share_to to[SHARED_AT_ONCE] = { { .kind = NULL } };
	const size_t n = js_type(all) == JS_ARRAY ? js_length(all) : 0;
	struct model m;
	enum err e;

	if (!n || n > SHARED_AT_ONCE)
		return why_fault(tx, "roles", "must be an array of 1 to 100 objects");
	if ((e = not_here(tx, key, all)))
		return e;
	for (size_t i = 0; i < n; i++) {
		if ((e = take_principal(tx, js_at(all, i), i, &to[i])) || (e = take_role(tx, js_at(all, i), i, add ? &to[i].word : &to[i].had)))
			return e;
		to[i].more = add;                /* several roles of one are what the highest of them lets them do */
		if (!add)
			to[i].word = "NO_ROLE";
	}
	if ((e = share_change(tx, key, LIFE_MODEL_SHARE, &(struct sharing){ to, n }, &m)) == ERR_REFERENCE)
		for (size_t i = 0; i < n; i++)
			if (tx->why.n && !strncmp(tx->why.items[0].field, to[i].at, strlen(to[i].at)) && tx->why.items[0].field[strlen(to[i].at)] == '.')
				why_tell(tx, "principalId", js_string(tx->arena, id_uuid(tx->arena, &to[i].id)));
	return e;
}

static enum err add_roles(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	(void)t, (void)out;
	return change(tx, key, in, true);
}

static enum err remove_roles(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	(void)t, (void)out;
	return change(tx, key, in, false);
}

#define BASE "/api/v2/filesystem/resources/{resourceRid}/roles"
#define ERRORS "RID ROOT_FOLDER SPACE_RESOURCE RESOURCE_NOT_FOUND "
#define WRITE(address) "POST", address, PERM_MODEL_WRITE, R_WRITE | R_UNRETIRED, .scope = SCOPE_FILES_WRITE, BODY(roles_in, struct roles_in), .status = 204, \
	.object = RES_FOLDER, .kinds = foundry_nodes, .moves = { LIFE_MODEL_SHARE, LIFE_MODEL_UNSHARE }, AS(MISSING(RESOURCE))
const struct route role_routes[] = {
	{ "GET", BASE, PERM_MODEL_READ, R_UNRETIRED, .scope = SCOPE_FILES_READ, QUERY(roles_query, struct roles_query), .status = 200, .out = roles_out,
	  .object = RES_FOLDER, .kinds = foundry_nodes, .run = list_roles, AS(MISSING(RESOURCE)),
	  .summary = "List the roles granted on a model; other resources have no roles", .errors = ERRORS "PAGE_SIZE PAGE_TOKEN" },
	{ WRITE(BASE "/add"), .change = add_roles, .denied = DENIED("AddResourceRolesPermissionDenied", "Could not add the ResourceRole.", "resourceRid"),
	  .summary = "Add roles on a model; whoever has a higher one keeps it", .errors = ERRORS "ROLE_GRANTS REFERENCE OWNER_ONLY NO_OWNER MODEL_ARCHIVED" },
	{ WRITE(BASE "/remove"), .change = remove_roles, .denied = DENIED("RemoveResourceRolesPermissionDenied", "Could not remove the ResourceRole.", "resourceRid"),
	  .summary = "Remove roles on a model", .errors = ERRORS "ROLE_GRANTS REFERENCE OWNER_ONLY NO_OWNER MODEL_ARCHIVED" },
	{ 0 }
};
