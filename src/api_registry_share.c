/* api_registry_share.c: who has access to registered models (E9, E15, E16): listed, and changed many at once. */
#include "registry.h"
#include <string.h>
#include "dom_share.h"

static const char *const kinds[] = { SHARE_USER, SHARE_GROUP, SHARE_ORGANIZATION, NULL };

/* ---- Who has it ---- */

/* The older word of a reader is one that clients do not know. */
static const void *role(struct arena *a, const void *object)
{
	const struct share *s = object;

	(void)a;
	return strcmp(s->word, "OBSERVER") ? s->word : "CONSUMER";
}

/* S1. */
static const struct shape share_out[] = {
	{ "id", T_ID, AT(struct share, id), BARE },
	{ "name", T_STR, AT(struct share, name), .help = "name of the user, the group or the organization" },
	{ "role", T_STR, .make = role, .help = "as it was granted" },
	{ "shareRecipientType", T_STR, AT(struct share, kind), .words = kinds },
	NAMED("SharedRole")
};
static const struct shape shares_out[] = PAGE_OUT(share_out);

struct shares_query { struct page_asked page; struct id id; const char *name, *kind; bool id_set; };
#define SHARES_QUERY_AT(field) AT(struct shares_query, field)
static const struct shape shares_query[] = {
	PAGE_ROWS,
	{ "id", T_ID, SET(struct shares_query, id), BARE, .help = "only this recipient" },
	{ "name", T_STR, SHARES_QUERY_AT(name), .min = 1, .max = 255, .help = "only the recipient with this name; cannot be combined with id" },
	{ "shareRecipientType", T_STR, SHARES_QUERY_AT(kind), .words = kinds },
	{ 0 }
};

static bool wanted(const struct shares_query *q, const struct share *s)
{
	return (!q->id_set || id_equal(&q->id, &s->id)) && (!q->name || !strcmp(q->name, s->name)) && (!q->kind || !strcmp(q->kind, s->kind));
}

static enum err shares_of(struct req *r, const struct id *model)
{
	const struct shares_query *q = r->query;
	const struct share *all;
	struct share *rows;
	size_t n, k = 0;
	enum err e;

	if (q->id_set && q->name) {
		why_add(&r->tx, "name", "cannot be combined with id: both select a recipient");
		return ERR_QUERY;
	}
	if ((e = share_list(&r->tx, model, &all, &n)))
		return e;
	rows = arena_alloc(r->arena, (n + 1) * sizeof *rows);
	for (size_t i = 0; i < n; i++)
		if (wanted(q, &all[i]))
			rows[k++] = all[i];
	return res_part(r, rows, k, sizeof *rows, 100, SHARES_MOST);
}

static enum err of_model(struct req *r)
{
	struct db_val key[2] = { { 0 } };
	enum err e = route_key(r, key);

	return e ? e : shares_of(r, &key[0].id);
}

static enum err of_package(struct req *r)
{
	struct version *v = ARENA_NEW(r->arena, struct version);
	struct db_val key[2] = { { 0 } };
	enum err e = route_key(r, key);

	return e || (e = package_get(&r->tx, key, v)) ? e : shares_of(r, &v->model);
}

/* ---- Changing it ---- */

/* S6 and S7 in one; what a recipient may do in turn follows from the role. */
struct role_in { struct share_to to; bool can_share; };
#define ROLE_AT(field) AT(struct role_in, to.field)
static const struct shape role_in[] = {
	{ "id", T_ID, AT(struct role_in, to.id), .set = 1 + offsetof(struct role_in, to.id_set), BARE, .flags = F_LOOSE },
	{ "username", T_STR, ROLE_AT(username), .min = 1, .max = 255 },
	{ "role", T_STR, ROLE_AT(word), .words = share_words, .flags = F_REQUIRED },
	{ "shareRecipientType", T_STR, ROLE_AT(kind), .words = kinds, .flags = F_REQUIRED },
	{ "canShare", T_BOOL, AT(struct role_in, can_share), .flags = F_NULL },
	NAMED("SharedRoleChange")
};
struct shares_in { const char *operation, *roles; };
static const struct shape shares_in[] = {
	{ "operation", T_STR, AT(struct shares_in, operation), .words = (const char *const[]){ "updateRoles", NULL }, .flags = F_REQUIRED },
	{ "roles", T_DOC, AT(struct shares_in, roles), .sub = role_in, .min = 1, .max = SHARED_AT_ONCE, .flags = F_REQUIRED,
	  .help = "1 to 100 of {role, shareRecipientType, and id or username}; NO_ROLE removes access" },
	NAMED("SharedRolesChange")
};

/* One role; its faults are told with their place. */
static enum err take_role(struct tx *tx, const struct json *o, size_t i, struct share_to *out)
{
	const int before = tx->why.n;
	struct role_in in = { .can_share = false };
	struct json *can = NULL;
	enum err e = OK;

	if (js_type(o) != JS_OBJECT) {
		why_add(tx, "", "must be an object");
		e = ERR_SHAPE;
	} else if (!(e = shape_unknown(tx, role_in, o)) && !(e = shape_decode(tx, role_in, o, &in)) && !in.to.id_set && !in.to.username) {
		why_coded(tx, "id", "is required unless username is given", "required");
		e = ERR_SHAPE;
	}
	in.to.at = arena_printf(tx->arena, "roles[%zu]", i);
	for (int k = before; k < tx->why.n; k++) {
		const char *field = tx->why.items[k].field;

		tx->why.items[k].field = *field ? arena_printf(tx->arena, "%s.%s", in.to.at, field) : in.to.at;
	}
	in.to.unshared = !e && js_get(o, "canShare", &can) && js_type(can) == JS_BOOL && !in.can_share;     /* null: as if it were not there */
	*out = in.to;
	return e;
}

static enum err change(struct tx *tx, const struct db_val *key, enum transition t, const void *sent, void *out)
{
	const struct json *roles = js_read(tx->arena, ((const struct shares_in *)sent)->roles);
	struct share_to to[SHARED_AT_ONCE];
	enum err e = OK, fault = OK;

	for (size_t i = 0; i < js_length(roles); i++)
		if ((e = take_role(tx, js_at(roles, i), i, &to[i])))
			fault = e;
	return fault ? fault : share_change(tx, key, t, &(struct sharing){ to, js_length(roles) }, out);
}

/* ---- Tables ---- */

#define MODELS BASE "/registeredModels"
#define ID .ids = { "", "" }
#define SHARES QUERY(shares_query, struct shares_query), .status = 200, .out = shares_out, ID
static const struct deprecation by_package = { "Deprecated since 2.32; use GET /registeredModels/{registeredModelId}/sharedRoles/", "Wed, 31 Dec 2031 23:59:59 GMT",
	MODELS "/" };
const struct route share_routes[] = {
	{ "GET", MODELS "/{registeredModelId}/sharedRoles", PERM_MODEL_READ, 0, SHARES, .object = RES_MODEL, .run = of_model,
	  .summary = "List who has access to a registered model, besides everyone if it is global", .errors = "MODEL_NOT_FOUND" },
	{ "PATCH", MODELS "/{registeredModelId}/sharedRoles", PERM_MODEL_WRITE, R_WRITE | R_STRICT, BODY(shares_in, struct shares_in), .status = 204, .object = RES_MODEL, ID,
	  .change = change, .moves = { LIFE_MODEL_SHARE, LIFE_MODEL_UNSHARE }, .summary = "Change who has access to a registered model; all of the request is done, or nothing",
	  .errors = "MODEL_NOT_FOUND OWNER_ONLY REFERENCE NO_OWNER MODEL_ARCHIVED MODEL_RETIRED" },
	{ "GET", BASE "/modelPackages/{modelPackageId}/sharedRoles", PERM_MODEL_READ, 0, SHARES, .object = RES_VERSION, .run = of_package, .deprecated = &by_package,
	  .summary = "List who has access to the registered model of a package", .errors = "MODEL_NOT_FOUND VERSION_NOT_FOUND" },
	{ 0 }
};
