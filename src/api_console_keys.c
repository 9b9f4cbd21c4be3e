/* api_console_keys.c: the API keys that a person makes for themselves, of every kind (the workspaces API makes, lists
 * and revokes tokens); and, for whoever administers the organization, the applications that act for its users by OAuth. */
#include "console.h"
#include "dom_apikey.h"
#include "dom_oauth.h"
#include "dom_user.h"
#include "str.h"

/* ---- API keys ---- */

#define KEY_AT(field) AT(struct apikey, field)
static const char *const kinds[] = { "token", "secret", "publishable", NULL };

static const struct shape key_in[] = {
	{ "kind", T_STR, KEY_AT(kind), .words = kinds, .flags = F_REQUIRED, .help = "`sk_`, `pk_` or `tok_`" },
	{ "name", T_STR, KEY_AT(name), .min = 1, .max = 128, .flags = F_NULL | F_TRIMMED },
	{ "scopes", T_WORDS, KEY_AT(scopes), .max = 32, .flags = F_NULL, .fault = permission_fault,
	  .help = "permissions of your own, such as `workspace:write`; by default all, of publishable keys `model:read project:read workspace:read`" },
	{ "livemode", T_BOOL, KEY_AT(life.test), .set = 1 + offsetof(struct apikey, mode_given), .flags = F_NOT, .help = "true by default; false: the key has test data" },
	{ "expires_in", T_INT, KEY_AT(lasts), .min = 60, .max = INT64_C(315360000), .help = "in seconds; by default the key is valid until it is revoked" },
	{ "rate", T_INT, KEY_AT(rate), .min = 1, .max = 1000000, .help = "requests a minute; by default those of its mode" },
	{ "tier", T_INT, KEY_AT(tier), .min = TIER_OBSERVE, .max = TIER_AUTONOMOUS, .help = "of tokens: 1 observe, 2 prepare, 3 execute (the default), 4 autonomous" },
	{ "agent_id", T_STR, KEY_AT(agent), .min = 5, .max = 64, .flags = F_NULL, .fault = agent_fault, .help = "of tokens: the agent that holds it" },
	{ "human_grant", T_BOOL, KEY_AT(human_grant), .help = "of tokens: true: the agent may do what is reserved for people" },
	{ "api_version", T_STR, KEY_AT(api_version), .min = 1, .max = 10, .flags = F_NULL, .fault = version_fault },
	NAMED("ConsoleKeyCreate")
};
static const struct shape key_out[] = {
	{ "id", T_ID, KEY_AT(life.id), .prefix = "tok_" },
	{ "kind", T_STR, KEY_AT(kind), .words = kinds },
	{ "hint", T_STR, KEY_AT(hint), .help = "first and last characters of the secret" },
	{ "name", T_STR, KEY_AT(name), .flags = F_NULL },
	{ "status", T_STATE, KEY_AT(life.state), .of = RES_TOKEN },
	{ "scopes", T_WORDS, KEY_AT(scopes), .flags = F_NULL, .help = "null: all that you may do" },
	{ "livemode", T_BOOL, KEY_AT(life.test), .flags = F_NOT },
	{ "expires_at", T_TIME, KEY_AT(expires_at), .flags = F_NULL },
	{ "created", T_TIME, KEY_AT(life.created) },
	{ "secret", T_STR, KEY_AT(secret), .help = "shown only once" },
	NAMED("ConsoleKeyWithSecret")
};

/* ---- OAuth applications ---- */

#define CLIENT_AT(field) AT(struct client, field)
static const void *secretless(struct arena *a, const void *client)
{
	bool *is = arena_alloc(a, sizeof *is);

	*is = !((const struct client *)client)->hash.p;
	return is;
}

#define CLIENT_ROWS \
	{ "id", T_ID, CLIENT_AT(life.id), .prefix = "cl_" }, \
	{ "name", T_STR, CLIENT_AT(name) }, \
	{ "public", T_BOOL, .make = secretless, .help = "true: it has no secret" }, \
	{ "status", T_STATE, CLIENT_AT(life.state), .of = RES_OAUTH_CLIENT }, \
	{ "scopes", T_WORDS, CLIENT_AT(scopes), .empty = "[]", .help = "the most that it may ask for" }, \
	{ "redirect_uris", T_STRINGS, CLIENT_AT(redirect_uris), .empty = "[]" }, \
	{ "user_id", T_ID, CLIENT_AT(principal), .prefix = "usr-", .flags = F_NULL, .help = "whose permissions it has when it acts for itself; null: it cannot" }, \
	{ "created_at", T_TIME, CLIENT_AT(life.created) }, \
	{ "updated_at", T_TIME, CLIENT_AT(life.changed) }
static const struct shape client_out[] = { CLIENT_ROWS, NAMED("ConsoleClient") };
static const struct shape client_secret_out[] = { CLIENT_ROWS, { "secret", T_STR, CLIENT_AT(secret), .flags = F_NULL, .help = "shown only once; null: it is public" },
	NAMED("ConsoleClientWithSecret") };
static const struct shape clients_query[] = { CONSOLE_PAGE_ROWS("cl_"), { 0 } };
static const struct shape clients_out[] = CONSOLE_PAGE(client_out);

static const char *scope_fault(struct arena *a, const char *s)
{
	return word_in(oauth_scopes, s) ? NULL : arena_printf(a, "is not a known scope; the scopes are %s", oauth_scopes);
}

static const char *uri_fault(struct arena *a, const char *s)
{
	(void)a;
	return redirect_fault(s);
}

#define IN_AT(field) AT(struct client_in, field)
static const struct shape client_in[] = {
	{ "name", T_STR, IN_AT(client.name), .min = 1, .max = CLIENT_NAME_MOST, .flags = F_REQUIRED | F_TRIMMED },
	{ "redirect_uris", T_STRINGS, IN_AT(client.redirect_uris), .max = REDIRECTS_MOST, .fault = uri_fault, .help = "where people are sent back to" },
	{ "scopes", T_WORDS, IN_AT(client.scopes), .max = 32, .fault = scope_fault, .help = "the most that it may ask for; all by default" },
	{ "public", T_BOOL, IN_AT(client.public), .help = "true: it cannot keep a secret, such as a page or an app" },
	{ "itself", T_BOOL, IN_AT(itself), .help = "true: it may also act for itself, with your permissions within its scopes" },
	NAMED("ConsoleClientCreate")
};

#define CLIENTS "/console/clients"
#define CLIENT CLIENTS "/{oauth_client_id}"
const struct route key_routes[] = {
	{ "POST", "/console/keys", PERM_TOKEN_WRITE, R_WRITE | R_SECRET | R_UNTAGGED, BODY(key_in, struct apikey), .status = 201, .out = key_out, .object = RES_TOKEN,
	  .make = apikey_own, .place = "/v1/tokens", .summary = "Create an API key of one's own", .errors = "AGENT_DENIED KEY_SEALED QUOTA" },
	{ "GET", CLIENTS, PERM_ORG_ADMIN, 0, QUERY(clients_query, struct page_asked), .status = 200, .out = clients_out, .listing = &clients_list,
	  .paging = &console_pages, .summary = "List the OAuth applications of the organization" },
	{ "POST", CLIENTS, PERM_ORG_ADMIN, R_WRITE | R_SECRET | R_UNTAGGED, BODY(client_in, struct client_in), .status = 201, .out = client_secret_out,
	  .object = RES_OAUTH_CLIENT, .make = client_make, .summary = "Register an OAuth application", .errors = "KEY_SEALED QUOTA" },
	{ "GET", CLIENT, PERM_ORG_ADMIN, 0, .status = 200, .out = client_out, .object = RES_OAUTH_CLIENT, .summary = "Get an OAuth application", .errors = "NOT_FOUND" },
	{ "POST", CLIENT "/rotate_secret", PERM_ORG_ADMIN, R_WRITE | R_SECRET | R_UNTAGGED, .status = 200, .out = client_secret_out, .object = RES_OAUTH_CLIENT,
	  .change = client_rotate, .moves = { LIFE_CLIENT_ROTATE }, .summary = "Replace the secret of an OAuth application; the old one stops working, and what acts for itself has your permissions then",
	  .errors = "NOT_FOUND CLIENT_PUBLIC WRONG_STATE KEY_SEALED" },
	{ "DELETE", CLIENT, PERM_ORG_ADMIN, R_WRITE, .status = 200, .out = client_out, .object = RES_OAUTH_CLIENT, .change = client_revoke,
	  .moves = { LIFE_CLIENT_REVOKE }, .summary = "Permanently revoke an OAuth application; all of its sessions end", .errors = "NOT_FOUND" },
	{ 0 }
};
