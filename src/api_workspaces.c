/* api_workspaces.c: the workspaces dialect: workspaces, the entities they own, the
 * authorizations agents ask for; its errors (RFC 9457), versions and headers.  Webhooks
 * and events are in api_workspaces_webhooks.c, tokens and the registries in api_workspaces_tokens.c. */
#include "workspaces.h"
#include <string.h>
#include "conf.h"
#include "dialects.h"
#include "dom_apikey.h"
#include "dom_workspace.h"
#include "str.h"

/* ---- Workspaces ---- */

/* Hex ids separated by commas, as an array of `ent_...`. */
static const void *entity_ids(struct arena *a, const void *object)
{
	const struct workspace *w = object;
	struct json *array = js_array(a);
	struct id id;

	for (const char *p = w->entities; p && hex_decode(arena_strndup(a, p, ID_HEX), ID_BYTES, id.b); p = p[ID_HEX] ? p + ID_HEX + 1 : NULL)
		js_add(array, js_string(a, id_spell(a, "ent_", &id)));
	return js_text(array, NULL);
}

#define WORKSPACE_AT(field) AT(struct workspace, field)
static const struct shape workspace_out[] = {
	{ "id", T_ID, WORKSPACE_AT(life.id), .prefix = "wks_" },
	OBJECT(struct workspace, "workspace"),
	{ "name", T_STR, WORKSPACE_AT(name) },
	STATUS(struct workspace, RES_WORKSPACE),
	{ "archived_at", T_TIME, WORKSPACE_AT(archived_at), .flags = F_NULL },
	{ "entity_ids", T_STRINGS, .make = entity_ids, .help = "oldest first" },
	{ "metadata", T_LABELS, WORKSPACE_AT(metadata), .empty = "{}" },
	{ "created", T_TIME, WORKSPACE_AT(life.created) },
	{ "updated", T_TIME, WORKSPACE_AT(life.changed) },
	LIVEMODE(struct workspace),
	NAMED("Workspace")
};

static const struct shape create_in[] = {
	{ "name", T_STR, WORKSPACE_AT(name), .min = 1, .max = 255, .flags = F_REQUIRED | F_TRIMMED },
	{ "metadata", T_LABELS, WORKSPACE_AT(metadata), .max = METADATA_MOST, .flags = F_NULL },
	NAMED("WorkspaceCreate")
};

struct workspaces_query { struct page_asked page; enum state status; const char *metadata; };
#define WORKSPACES_QUERY_AT(field) AT(struct workspaces_query, field)
#define SORT_ANY "`-created`, the default, `name` or `updated`, a `-` before it for downwards"
static const struct shape list_query[] = {
	LIST_ROWS("wks_", SORT_ANY),
	{ "status", T_STATE, WORKSPACES_QUERY_AT(status), .filter = 1 + WORKSPACES_STATUS, .of = RES_WORKSPACE, .help = "all but archived ones by default" },
	{ "metadata", T_LABELS, WORKSPACES_QUERY_AT(metadata), .filter = 1 + WORKSPACES_METADATA, .max = LIST_LABELS, .help = "`metadata[key]=value`, all of them" },
	{ 0 }
};
static const struct shape list_out[] = LIST_OUT(workspace_out);

#define LABEL_EDIT_SET(field) SET(struct label_edit, field)
#define EDIT_ROWS \
	{ "name", T_STR, LABEL_EDIT_SET(name), .min = 1, .max = 255, .flags = F_TRIMMED | F_ONE }, \
	{ "metadata", T_LABELS, LABEL_EDIT_SET(metadata), .max = 2 * METADATA_MOST, .flags = F_NULL | F_ONE, \
	  .help = "members to set; a member that is null is removed, null as the whole removes all" }
static const struct shape edit_in[] = { EDIT_ROWS, NAMED("WorkspaceEdit") };

#define STAYS(key) { key, T_DOC, .flags = F_UNKEPT, .help = "cannot be changed after the entity is created" }
static const struct shape edit_entity_in[] = {
	EDIT_ROWS,
	STAYS("workspace_id"),
	STAYS("jurisdiction"),
	STAYS("type"),
	STAYS("portfolio_id"),
	NAMED("EntityEdit")
};

/* ---- Authorizations ---- */


static const void *resource_id(struct arena *a, const void *object)
{
	const struct authorization *n = object;

	return life_spell(a, n->resource_type, &n->resource);
}

#define AUTHORIZATION_AT(field) AT(struct authorization, field)
static const struct shape subject_out[] = {
	{ "id", T_STR, .make = resource_id },
	{ "object", T_STR, AUTHORIZATION_AT(resource_type) },
	NAMED("AuthorizationSubject")
};
static const struct shape asker_out[] = {
	{ "human_principal_id", T_ID, AUTHORIZATION_AT(human), .prefix = "usr_" },
	{ "agent_id", T_STR, AUTHORIZATION_AT(agent) },
	{ "token_id", T_ID, AUTHORIZATION_AT(token), .prefix = "tok_" },
	NAMED("AuthorizationAsker")
};
static const struct shape authorization_out[] = {
	{ "id", T_ID, AUTHORIZATION_AT(life.id), .prefix = "auth_" },
	OBJECT(struct authorization, "authorization"),
	STATUS(struct authorization, RES_AUTHORIZATION),
	{ "action", T_STR, AUTHORIZATION_AT(action), .help = "the event that an approval causes, such as `workspace.archived`" },
	{ "resource", T_SUB, .sub = subject_out },
	{ "requested_by", T_SUB, .sub = asker_out, .help = "the person in human_principal_id decides" },
	{ "created", T_TIME, AUTHORIZATION_AT(life.created) },
	{ "updated", T_TIME, AUTHORIZATION_AT(life.changed) },
	LIVEMODE(struct authorization),
	NAMED("Authorization")
};

struct authorizations_query { struct page_asked page; enum state status; };
static const struct shape authorizations_query[] = {
	LIST_ROWS("auth_", SORT_CREATED),
	{ "status", T_STATE, AT(struct authorizations_query, status), .filter = 1 + AUTHORIZATIONS_STATUS, .of = RES_AUTHORIZATION },
	{ 0 }
};
static const struct shape authorizations_out[] = LIST_OUT(authorization_out);

/* ---- Entities ---- */

#define ENTITY_AT(field) AT(struct entity, field)
static const struct shape entity_out[] = {
	{ "id", T_ID, ENTITY_AT(life.id), .prefix = "ent_" },
	OBJECT(struct entity, "entity"),
	{ "workspace_id", T_ID, ENTITY_AT(workspace), .prefix = "wks_" },
	{ "name", T_STR, ENTITY_AT(name) },
	{ "jurisdiction", T_STR, ENTITY_AT(jurisdiction) },
	{ "type", T_STR, ENTITY_AT(type) },
	{ "portfolio_id", T_STR, ENTITY_AT(portfolio), .flags = F_NULL },
	STATUS(struct entity, RES_ENTITY),
	{ "metadata", T_LABELS, ENTITY_AT(metadata), .empty = "{}" },
	{ "created", T_TIME, ENTITY_AT(life.created) },
	{ "updated", T_TIME, ENTITY_AT(life.changed) },
	LIVEMODE(struct entity),
	NAMED("Entity")
};

struct entity_in { struct entity n; const char *workspace; };
#define ENTITY_IN_AT(field) AT(struct entity_in, field)
static const struct shape entity_in[] = {
	{ "workspace_id", T_STR, ENTITY_IN_AT(workspace), .min = 1, .max = 64, .flags = F_REQUIRED, .help = "the workspace that the entity belongs to" },
	{ "name", T_STR, ENTITY_IN_AT(n.name), .min = 1, .max = 255, .flags = F_REQUIRED | F_TRIMMED },
	{ "jurisdiction", T_STR, ENTITY_IN_AT(n.jurisdiction), .min = 1, .max = 64, .flags = F_REQUIRED | F_TRIMMED, .help = "such as US-DE" },
	{ "type", T_STR, ENTITY_IN_AT(n.type), .min = 1, .max = 64, .flags = F_REQUIRED | F_TRIMMED, .help = "such as c_corp" },
	{ "portfolio_id", T_STR, ENTITY_IN_AT(n.portfolio), .min = 1, .max = 64, .flags = F_NULL | F_TRIMMED },
	{ "metadata", T_LABELS, ENTITY_IN_AT(n.metadata), .max = METADATA_MOST, .flags = F_NULL },
	NAMED("EntityCreate")
};

/* What may not be found is the workspace. */
static enum err create_entity(struct req *r)
{
	struct entity_in *in = r->in;
	struct entity n;
	enum err e;

	about_kind(r, RES_WORKSPACE);
	r->tx.about.id = in->workspace;
	if (!id_parse(in->workspace, "wks_", &in->n.workspace))
		in->n.workspace = (struct id){ 0 };
	if (!(e = entity_make(&r->tx, &in->n, &n)))
		res_shape(r, 202, entity_out, &n, n.life.revision);
	return e;
}

struct entities_query { struct page_asked page; struct id workspace; enum state status; const char *jurisdiction, *portfolio, *metadata; };
#define ENTITIES_QUERY_AT(field) AT(struct entities_query, field)
static const struct shape entities_query[] = {
	LIST_ROWS("ent_", SORT_ANY),
	{ "workspace_id", T_ID, ENTITIES_QUERY_AT(workspace), .filter = 1 + ENTITIES_WORKSPACE, .prefix = "wks_" },
	{ "status", T_STATE, ENTITIES_QUERY_AT(status), .filter = 1 + ENTITIES_STATUS, .of = RES_ENTITY },
	{ "jurisdiction", T_STR, ENTITIES_QUERY_AT(jurisdiction), .filter = 1 + ENTITIES_JURISDICTION, .min = 1, .max = 64 },
	{ "portfolio_id", T_STR, ENTITIES_QUERY_AT(portfolio), .filter = 1 + ENTITIES_PORTFOLIO, .min = 1, .max = 64 },
	{ "metadata", T_LABELS, ENTITIES_QUERY_AT(metadata), .filter = 1 + ENTITIES_METADATA, .max = LIST_LABELS, .help = "`metadata[key]=value`, all of them" },
	{ 0 }
};
static const struct shape entities_out[] = LIST_OUT(entity_out);

/* ---- Tables ---- */

#define WORKSPACES "/v1/workspaces"
#define WORKSPACE WORKSPACES "/{workspace_id}"
#define ENTITIES "/v1/entities"
#define ENTITY ENTITIES "/{entity_id}"
#define AUTHORIZATIONS "/v1/authorizations"
#define AUTHORIZATION AUTHORIZATIONS "/{authorization_id}"
#define MOVE(word, transition, what) \
	{ "POST", ENTITY "/" word, PERM_WORKSPACE_WRITE, R_WRITE, .status = 200, .out = entity_out, .object = RES_ENTITY, .change = entity_change, \
	  .moves = { LIFE_ENTITY_##transition }, .summary = what, .errors = "NOT_FOUND WRONG_STATE" }
static const struct route routes[] = {
	{ "POST", WORKSPACES, PERM_WORKSPACE_WRITE, R_WRITE, TIER_PREPARE, BODY(create_in, struct workspace), .status = 201,
	  .out = workspace_out, .object = RES_WORKSPACE, .make = workspace_make, .summary = "Create a workspace", .errors = "QUOTA" },
	{ "GET", WORKSPACES, PERM_WORKSPACE_READ, R_PUBLISHABLE, QUERY(list_query, struct workspaces_query), .status = 200, .out = list_out,
	  .listing = &workspaces_list, .paging = &by_cursor, .summary = "List workspaces" },
	{ "GET", WORKSPACE, PERM_WORKSPACE_READ, R_PUBLISHABLE, .status = 200, .out = workspace_out, .object = RES_WORKSPACE, .summary = "Get a workspace",
	  .errors = "NOT_FOUND" },
	{ "PATCH", WORKSPACE, PERM_WORKSPACE_WRITE, R_WRITE, TIER_PREPARE, BODY(edit_in, struct label_edit), .status = 200,
	  .out = workspace_out, .object = RES_WORKSPACE, .change = workspace_edit, .moves = { LIFE_WORKSPACE_EDIT }, .summary = "Update a workspace's name or metadata",
	  .errors = "NOT_FOUND WRONG_STATE" },
	{ "POST", WORKSPACE "/archive", PERM_WORKSPACE_WRITE, R_WRITE, .status = 200, .out = workspace_out, .object = RES_WORKSPACE, .change = workspace_change,
	  .also = 202, .also_out = authorization_out, .moves = { LIFE_WORKSPACE_ARCHIVE },
	  .summary = "Archive a workspace; an agent's request waits for approval", .errors = "NOT_FOUND WRONG_STATE" },
	{ "POST", WORKSPACE "/unarchive", PERM_WORKSPACE_WRITE, R_WRITE, .status = 200, .out = workspace_out, .object = RES_WORKSPACE, .change = workspace_change,
	  .moves = { LIFE_WORKSPACE_UNARCHIVE }, .errors = "NOT_FOUND WRONG_STATE",
	  .summary = "Restore an archived workspace; it becomes active if one of its entities is not in a final state, and ready otherwise" },
	{ "POST", ENTITIES, PERM_WORKSPACE_WRITE, R_WRITE, TIER_PREPARE, BODY(entity_in, struct entity_in), .status = 202,
	  .out = entity_out, .run = create_entity, .summary = "Create an entity, as a draft", .errors = "NOT_FOUND WRONG_STATE QUOTA" },
	{ "GET", ENTITIES, PERM_WORKSPACE_READ, R_PUBLISHABLE, QUERY(entities_query, struct entities_query), .status = 200, .out = entities_out,
	  .listing = &entities_list, .paging = &by_cursor, .summary = "List entities" },
	{ "GET", ENTITY, PERM_WORKSPACE_READ, R_PUBLISHABLE, .status = 200, .out = entity_out, .object = RES_ENTITY, .summary = "Get an entity",
	  .errors = "NOT_FOUND" },
	{ "PATCH", ENTITY, PERM_WORKSPACE_WRITE, R_WRITE, TIER_PREPARE, BODY(edit_entity_in, struct label_edit), .status = 200,
	  .out = entity_out, .object = RES_ENTITY, .change = entity_edit, .moves = { LIFE_ENTITY_EDIT }, .summary = "Update an entity's name or metadata",
	  .errors = "NOT_FOUND WRONG_STATE" },
	MOVE("submit", SUBMIT, "Submit a draft entity"),
	MOVE("register", REGISTER, "Record that a submitted entity was registered"),
	MOVE("reject", REJECT, "Record that a submitted entity was rejected"),
	MOVE("cancel", CANCEL, "Cancel a draft or submitted entity"),
	MOVE("dissolve", DISSOLVE, "Dissolve a registered entity"),
	{ "GET", AUTHORIZATIONS, PERM_WORKSPACE_READ, 0, QUERY(authorizations_query, struct authorizations_query), .status = 200,
	  .out = authorizations_out, .listing = &authorizations_list, .paging = &by_cursor, .summary = "List authorizations that agents requested" },
	{ "GET", AUTHORIZATION, PERM_WORKSPACE_READ, 0, .status = 200, .out = authorization_out, .object = RES_AUTHORIZATION,
	  .summary = "Get an authorization", .errors = "NOT_FOUND" },
	{ "POST", AUTHORIZATION "/approve", PERM_WORKSPACE_WRITE, R_WRITE, .status = 200, .out = authorization_out, .object = RES_AUTHORIZATION, .change = authorization_decide,
	  .moves = { LIFE_AUTHORIZATION_APPROVE }, .summary = "Approve an authorization, as the person the agent acts for; it is carried out immediately",
	  .errors = "NOT_FOUND WRONG_STATE AGENT_DENIED" },
	{ "POST", AUTHORIZATION "/deny", PERM_WORKSPACE_WRITE, R_WRITE, .status = 200, .out = authorization_out, .object = RES_AUTHORIZATION, .change = authorization_decide,
	  .moves = { LIFE_AUTHORIZATION_DENY }, .summary = "Deny an authorization, as the person the agent acts for",
	  .errors = "NOT_FOUND WRONG_STATE AGENT_DENIED" },
	{ 0 }
};

static const char *const codes[CLASS__MAX] = {
	[CLASS_MALFORMED] = "invalid_request",
	[CLASS_WHO] = "authentication_required",
	[CLASS_FORBIDDEN] = "scope_denied",
	[CLASS_NOT_FOUND] = "not_found",
	[CLASS_METHOD] = "method_not_allowed",
	[CLASS_CONFLICT] = "invalid_state_transition",
	[CLASS_PRECONDITION] = "precondition_failed",
	[CLASS_TOO_LARGE] = "request_too_large",
	[CLASS_MEDIA_TYPE] = "unsupported_media_type",
	[CLASS_RATE] = "rate_limit_exceeded",
	[CLASS_INTERNAL] = "internal_error",
	[CLASS_UNAVAILABLE] = "upstream_unavailable",
};
static const struct error_row errors[ERR__MAX] = {
	[ERR_AUTH_NONE] = { .text = "No bearer token was supplied. Pass `Authorization: Bearer sk_live_...` on every request." },
	[ERR_AUTH_INVALID] = { .text = "The bearer token is not valid; check it, or create another." },
	[ERR_AUTH_EXPIRED] = { .text = "The bearer token has expired; create another." },
	[ERR_AUTH_REFUSED] = { .text = "The bearer token is no longer accepted: it was revoked, or its principal is disabled." },
	[ERR_SHAPE] = { .code = "validation_failed", .status = 422 },
	[ERR_NO_BODY] = { .code = "validation_failed", .status = 422 },
	[ERR_VERSION_HEADER] = { .code = "validation_header_invalid" },
	[ERR_MODE_HEADER] = { .code = "validation_header_invalid" },
	[ERR_RATE] = { .text = "Request rate exceeded for this key. Retry after `retry_after` seconds or honor the `Retry-After` header." },
	[ERR_KEY_REUSED] = { .code = "idempotency_key_reused_with_different_body", .status = 409,
		.text = "This Idempotency-Key was used for another request; use a new key." },
	[ERR_KEY_BUSY] = { .code = "idempotency_key_in_use" },
	[ERR_KEY_SEALED] = { .code = "idempotency_key_sealed" },
	[ERR_ENDPOINT_LIMIT] = { .code = "limit_reached" },
	[ERR_ENDPOINT_URL] = { .code = "webhook_endpoint_exists" },
	[ERR_QUOTA] = { .code = "limit_reached" },
};

#define ERROR_SAY_AT(field) AT(struct error_say, field)
static const struct shape fault_out[] = {
	{ "field", T_STR, AT(struct why_item, field) },
	{ "code", T_STR, AT(struct why_item, code) },
	{ "message", T_STR, AT(struct why_item, reason) },
	NAMED("WorkspacesFault")
};
static const struct shape authority_out[] = {
	{ "human_principal_id", T_ID, AT(struct authority, human), .prefix = "usr_" },
	{ "agent_id", T_STR, AT(struct authority, agent), .flags = F_NULL },
	NAMED("WorkspacesAuthority")
};
static const struct shape error_out[] = {
	{ "type", T_STR, ERROR_SAY_AT(type) },
	{ "title", T_STR, ERROR_SAY_AT(title) },
	{ "status", T_INT, ERROR_SAY_AT(status) },
	{ "code", T_STR, ERROR_SAY_AT(code) },
	{ "detail", T_STR, ERROR_SAY_AT(text) },
	{ "instance", T_STR, ERROR_SAY_AT(instance) },
	{ "param", T_STR, ERROR_SAY_AT(param), .flags = F_OMIT, .help = "the invalid parameter, if there is only one" },
	{ "doc_url", T_STR, ERROR_SAY_AT(doc_url) },
	{ "request_id", T_STR, ERROR_SAY_AT(request_id) },
	{ "retry_after", T_INT, ERROR_SAY_AT(retry_after), .flags = F_OMIT | F_NULL, .help = "seconds" },
	{ "authorized_by", T_REF, ERROR_SAY_AT(authority), .sub = authority_out, .flags = F_OMIT, .help = "of a `tok_`" },
	{ "errors", T_LIST, ERROR_SAY_AT(details), .sub = fault_out, .flags = F_OMIT },
	NAMED("WorkspacesError")
};

/* `webhook_endpoint` in a sentence. */
static char *in_words(struct arena *a, const char *kind)
{
	char *s = arena_strdup(a, kind);

	for (char *p = s; *p; p++)
		if (*p == '_')
			*p = ' ';
	return s;
}

static const char *token_of(const struct req *r)
{
	if (!id_is_zero(&r->who.token))
		return id_spell(r->arena, "tok_", &r->who.token);
	return id_spell(r->arena, "usr_", &r->who.principal);
}

/* "Entity ent_1 is in state `dissolved` and cannot be dissolved again." */
static const char *conflict(struct req *r, const char *kind, const char *id)
{
	const char *state = r->tx.why.state, *past = strchr(r->tx.why.action, '.') + 1;

	return arena_printf(r->arena, "%s %s is in state `%s` and cannot be %s%s.", code_title(r->arena, kind), id, state, past,
		strcmp(state, past) ? "" : " again");
}

/* The sentences of the contract, with the kind and the id of the object in hand. */
static void say(struct req *r, struct error_say *s)
{
	const char *kind = r->tx.about.kind ? in_words(r->arena, r->tx.about.kind) : NULL, *id = r->tx.about.id;
	struct authority *by;

	if (s->detail) {
		s->param = s->detail->field;
		s->text = arena_printf(r->arena, "`%s` %s.", s->detail->field, s->detail->reason);
	}
	if (r->who.delegated) {
		by = ARENA_NEW(r->arena, struct authority);
		*by = (struct authority){ r->who.principal, r->who.agent };
		s->authority = by;
	}
	if (s->err == ERR_NOT_FOUND && id)
		s->text = arena_printf(r->arena, "No %s with id `%s` is visible to this token.", kind, id);
	else if (err_row(s->err)->class == CLASS_FORBIDDEN && kind)
		s->text = id ? arena_printf(r->arena, "Token %s has no grant on %s %s.", token_of(r), kind, id)
			: arena_printf(r->arena, "Token %s has no grant on %s.", token_of(r), kind);
	else if (s->err == ERR_WRONG_STATE && r->tx.why.state && id)
		s->text = conflict(r, r->tx.about.kind, id);
}

/* `expand[]=field`, which other servers of this API take: objects are told by their ids here. */
static enum err no_expand(struct req *r)
{
	for (size_t i = 0; i < r->nparams; i++) {
		if (strcmp(r->params[i].name, "expand") && strncmp(r->params[i].name, "expand[", strlen("expand[")))
			continue;
		why_add(&r->tx, r->params[i].name, "is not supported; get the objects by their ids");
		return ERR_QUERY;
	}
	return OK;
}

/* Matter-Version: the header, else the key's pin, else the newest; and Thaw-Mode. */
static enum err check(struct req *r)
{
	const char *sent = req_header(r, "HTTP_MATTER_VERSION");
	enum err e;

	r->tx.api_version = r->who.api_version ? r->who.api_version : API_NEWEST;
	if ((e = req_mode(r)))
		return e;
	if (!sent)
		return no_expand(r);
	if (!api_version_known(sent)) {
		why_add(&r->tx, "Matter-Version", version_fault(r->arena, sent));
		return ERR_VERSION_HEADER;
	}
	r->tx.api_version = sent;
	return no_expand(r);
}

static void headers(struct req *r)
{
	res_header(r, "Matter-Request-Id", r->tx.request_id);
	res_header(r, "Matter-Version", r->tx.api_version ? r->tx.api_version : API_NEWEST);
}

#define PREFIX "req_"
static const struct nginx_header nginx[] = { { "Matter-Request-Id", "matter_request_id", PREFIX "$request_id", false },
	{ "Matter-Version", "matter_version", API_NEWEST, false }, { 0 } };
static const struct sent_header sent[] = {
	{ { "Matter-Version", T_STR, .words = api_versions, .help = "version of this API; without it that of the API key, or the newest" }, ERR_VERSION_HEADER },
	MODE_SENT,
	{ .shape = { 0 } }
};
static const struct route *const tables[] = { routes, webhook_routes, token_routes, NULL };
static const char *const prefixes[] = { "/v1", NULL };
const struct dialect api_workspaces = { .name = "workspaces", .title = "Workspaces",
	.about = "Workspaces with their entities, events, webhook endpoints, API keys and the authorizations that agents request.",
	.prefixes = prefixes, .tables = tables, .codes = codes,
	.errors = errors, .error_out = error_out, .error_type = "application/problem+json", .time = TIME_UNIX,
	.place_first = true, .cors = true, .rate_headers = true, .documented = true, .request_prefix = PREFIX, .nginx = nginx,
	.sent = sent, .check = check, .say = say, .headers = headers };
