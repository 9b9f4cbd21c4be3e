/* api_console_consent.c: the user's part of OAuth 2.0: what an application asks for, and the code
 * that it gets when the user agrees; what was agreed to, and how it ends.  For the
 * console's own pages: the dialect refuses whatever is no sign-in, or an application could
 * agree to more for itself. */
#include "console.h"
#include "dom_oauth.h"
#include "str.h"

#define CONSENT_AT(field) AT(struct consent, field)
static const struct shape read_query[] = {
	{ "client_id", T_STR, CONSENT_AT(client_id), .flags = F_REQUIRED },
	{ "redirect_uri", T_STR, CONSENT_AT(redirect_uri), .max = REDIRECT_MOST, .flags = F_REQUIRED },
	{ "scope", T_STR, CONSENT_AT(scope), .max = 1024, .help = "separated by spaces; omitted: everything that the application may have" },
	{ 0 }
};
static const char *challenge_fault(struct arena *a, const char *s)
{
	(void)a;
	return pkce_valid(s) ? NULL : "must have 43 to 128 unreserved characters (RFC 7636)";
}

static const struct shape give_in[] = {
	{ "client_id", T_STR, CONSENT_AT(client_id), .flags = F_REQUIRED },
	{ "redirect_uri", T_STR, CONSENT_AT(redirect_uri), .max = REDIRECT_MOST, .flags = F_REQUIRED },
	{ "scope", T_STR, CONSENT_AT(scope), .max = 1024, .flags = F_NULL },
	{ "state", T_STR, CONSENT_AT(state), .max = 8192, .flags = F_NULL, .help = "sent by the application; returned to it" },
	{ "code_challenge", T_STR, CONSENT_AT(challenge), .max = 128, .flags = F_REQUIRED, .fault = challenge_fault, .help = "S256 (RFC 7636)" },
	{ "approve", T_BOOL, CONSENT_AT(approve), .flags = F_REQUIRED },
	NAMED("ConsentDecision")
};

static const void *host(struct arena *a, const void *consent)
{
	return redirect_host(a, ((const struct consent *)consent)->redirect_uri);
}

static const struct shape client_out[] = {
	{ "id", T_ID, CONSENT_AT(client.life.id), .prefix = "cl_" },
	{ "name", T_STR, CONSENT_AT(client.name) },
	NAMED("ConsentClient")
};
static const struct shape consent_out[] = {
	{ "client", T_SUB, .sub = client_out },
	{ "redirect_uri", T_STR, CONSENT_AT(redirect_uri) },
	{ "host", T_STR, .make = host, .help = "scheme and host of the address that the user is redirected to" },
	{ "scopes", T_WORDS, CONSENT_AT(scopes), .empty = "[]" },
	NAMED("Consent")
};

static const void *location(struct arena *a, const void *consent)
{
	const struct consent *c = consent;
	struct buf to = { .arena = a };

	buf_puts(&to, c->redirect_uri);
	buf_param(&to, "code", c->code);
	if (!c->code) {
		buf_param(&to, "error", "access_denied");
		buf_param(&to, "error_description", "The user denied access");
	}
	buf_param(&to, "state", c->state && *c->state ? c->state : NULL);
	return to.p;
}

static const struct shape given_out[] = {
	{ "location", T_STR, .make = location, .help = "where to redirect the user, with the code or the error" },
	NAMED("ConsentGiven")
};

static enum err read_consent(struct req *r)
{
	struct consent c;
	enum err e = consent_read(&r->tx, r->query, &c);

	if (!e)
		res_shape(r, 200, consent_out, &c, 0);
	return e;
}

static enum err give_consent(struct req *r)
{
	struct consent c;
	enum err e = consent_give(&r->tx, r->in, &c);

	if (!e)
		res_shape(r, 200, given_out, &c, 0);
	return e;
}

/* ---- What the user let in, and how it ends ---- */

#define APPLICATION_AT(field) AT(struct application, field)
static const struct shape application_out[] = {
	{ "id", T_ID, APPLICATION_AT(client), .prefix = "cl_" },
	{ "name", T_STR, APPLICATION_AT(name) },
	{ "scopes", T_WORDS, APPLICATION_AT(scopes), .empty = "[]", .help = "of all sessions of the application" },
	{ "since", T_TIME, APPLICATION_AT(since), .help = "when the user gave the earliest consent that is still valid" },
	{ "last_used", T_TIME, APPLICATION_AT(used), .help = "when the application last got a refresh token" },
	NAMED("ConnectedApplication")
};
static const struct shape applications_out[] = {
	{ "items", T_LIST, .sub = application_out, .help = "most recently used first; 100 at most" },
	NAMED("ConnectedApplicationList")
};

static enum err list_applications(struct req *r)
{
	struct application *all;
	size_t n;
	enum err e = consent_list(&r->tx, &all, &n);

	if (!e)
		res_shape(r, 200, applications_out, &(struct list){ all, n, sizeof *all }, 0);
	return e;
}

const struct route consent_routes[] = {
	{ "GET", "/console/authorize", PERM_MEMBER, 0, QUERY(read_query, struct consent), .status = 200, .out = consent_out,
	  .run = read_consent, .summary = "Get an application's request for access", .errors = "NOT_FOUND" },
	{ "POST", "/console/authorize", PERM_MEMBER, R_WRITE | R_SECRET, BODY(give_in, struct consent), .status = 200,
	  .out = given_out, .run = give_consent, .summary = "Allow or deny an application's request for access", .errors = "NOT_FOUND",
	  .moves = { LIFE_CLIENT_AUTHORIZE } },
	{ "GET", "/console/applications", PERM_MEMBER, 0, .status = 200, .out = applications_out, .run = list_applications,
	  .summary = "List the applications that act on the user's behalf" },
	{ "DELETE", "/console/applications/{client_id}", PERM_MEMBER, R_WRITE, .status = 204, .object = RES_OAUTH_CLIENT, .change = consent_withdraw,
	  .summary = "Withdraw an application's access; its sessions end immediately", .errors = "NOT_FOUND",
	  .moves = { LIFE_CLIENT_WITHDRAW } },
	{ 0 }
};
