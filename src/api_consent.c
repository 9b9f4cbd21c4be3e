/* api_consent.c: the user's part of OAuth 2.0: what an application asks for, and the code
 * that it gets when the user agrees; what was agreed to, and how it ends.  For the
 * console's own pages: the dialect refuses whatever is no sign-in, or an application could
 * agree to more for itself. */
#include "console.h"
#include <string.h>
#include "dom_oauth.h"
#include "str.h"

struct asked { const char *client_id, *redirect_uri, *scope, *state, *code_challenge; bool approve; };
#define A(field) AT(struct asked, field)
static const struct shape read_query[] = {
	{ "client_id", T_STR, A(client_id), .flags = F_REQUIRED },
	{ "redirect_uri", T_STR, A(redirect_uri), .max = REDIRECT_MOST, .flags = F_REQUIRED },
	{ "scope", T_STR, A(scope), .max = 1024, .help = "separated by blanks; nothing: all that the application may" },
	{ 0 }
};
static const char *challenge_fault(struct arena *a, const char *s)
{
	(void)a;
	return pkce_valid(s) ? NULL : "must have 43 to 128 unreserved characters (RFC 7636)";
}

static const struct shape give_in[] = {
	{ "client_id", T_STR, A(client_id), .flags = F_REQUIRED },
	{ "redirect_uri", T_STR, A(redirect_uri), .max = REDIRECT_MOST, .flags = F_REQUIRED },
	{ "scope", T_STR, A(scope), .max = 1024, .flags = F_NULL },
	{ "state", T_STR, A(state), .max = 8192, .flags = F_NULL, .help = "what the application sent, which gets it back" },
	{ "code_challenge", T_STR, A(code_challenge), .max = 128, .flags = F_REQUIRED, .fault = challenge_fault, .help = "S256 (RFC 7636)" },
	{ "approve", T_BOOL, A(approve), .flags = F_REQUIRED },
	{ 0 }
};
struct client_view { struct id id; const char *name; };
struct consent_view { struct client_view client; const char *redirect_uri, *host, *scopes; };
#define C(field) AT(struct consent_view, field)
static const struct shape client_out[] = {
	{ "id", T_ID, AT(struct client_view, id), .prefix = "cl_" },
	{ "name", T_STR, AT(struct client_view, name) },
	{ 0 }
};
static const struct shape consent_out[] = {
	{ "client", T_SUB, C(client), .sub = client_out },
	{ "redirect_uri", T_STR, C(redirect_uri) },
	{ "host", T_STR, C(host), .help = "its scheme and host: where the user is sent" },
	{ "scopes", T_STRINGS, C(scopes), .empty = "[]" },
	{ 0 }
};
struct given { const char *location; };
static const struct shape given_out[] = {
	{ "location", T_STR, AT(struct given, location), .help = "where to send the user, with the code or the refusal" },
	{ 0 }
};

/* An id of any other spelling is nobody's. */
static struct consent consent_of(const struct asked *in)
{
	struct consent c = { .redirect_uri = in->redirect_uri, .scope = in->scope, .challenge = in->code_challenge };

	if (!id_parse(in->client_id, "cl_", &c.client))
		c.client = (struct id){ 0 };
	return c;
}

static enum err read_consent(struct req *r)
{
	struct consent ask = consent_of(r->query);
	struct consent_view v = { .redirect_uri = ask.redirect_uri };
	struct client c;
	const char *scopes;
	enum err e = consent_read(&r->tx, &ask, &c, &scopes);

	if (e)
		return e;
	v.client = (struct client_view){ c.life.id, c.name };
	v.host = redirect_host(r->arena, ask.redirect_uri);
	v.scopes = js_text(js_words(r->arena, scopes), NULL);
	res_shape(r, 200, consent_out, &v, 0);
	return OK;
}

static enum err give_consent(struct req *r)
{
	const struct asked *in = r->in;
	struct consent ask = consent_of(in);
	struct buf to = { .arena = r->arena };
	char *code;
	enum err e;

	if ((e = consent_give(&r->tx, &ask, in->approve, &code)))
		return e;
	buf_puts(&to, in->redirect_uri);
	buf_param(&to, "code", code);
	if (!code) {
		buf_param(&to, "error", "access_denied");
		buf_param(&to, "error_description", "the user did not agree");
	}
	buf_param(&to, "state", in->state && *in->state ? in->state : NULL);
	res_shape(r, 200, given_out, &(struct given){ to.p }, 0);
	return OK;
}

/* ---- What the user let in, and how it ends ---- */

struct application_view { struct application is; const char *scopes; };
#define P(field) AT(struct application_view, field)
static const struct shape application_out[] = {
	{ "id", T_ID, P(is.client), .prefix = "cl_" },
	{ "name", T_STR, P(is.name) },
	{ "scopes", T_STRINGS, P(scopes), .empty = "[]", .help = "of all its sessions" },
	{ "since", T_TIME, P(is.since), .help = "the first consent that still holds" },
	{ "last_used", T_TIME, P(is.used), .help = "when it last got a refresh token" },
	{ 0 }
};
struct applications_view { struct list items; };
static const struct shape applications_out[] = {
	{ "items", T_LIST, AT(struct applications_view, items), .sub = application_out, .help = "the last used first; 100 at most" },
	{ 0 }
};

static enum err list_applications(struct req *r)
{
	struct application_view *views;
	struct application *all;
	size_t n;
	enum err e = consent_list(&r->tx, &all, &n);

	if (e)
		return e;
	views = arena_alloc(r->arena, (n + 1) * sizeof *views);
	for (size_t i = 0; i < n; i++)
		views[i] = (struct application_view){ all[i], js_text(js_words(r->arena, all[i].scopes), NULL) };
	res_shape(r, 200, applications_out, &(struct applications_view){ { views, n, sizeof *views } }, 0);
	return OK;
}

static enum err withdraw(struct req *r)
{
	struct id id = req_id(r, 0, "cl_");
	enum err e = consent_withdraw(&r->tx, &id);

	if (e)
		return e;
	res_body(r, 204, NULL, NULL, 0);
	return OK;
}

const struct route consent_routes[] = {
	{ "GET", "/console/authorize", PERM_MEMBER, 0, QUERY(read_query, struct asked), .status = 200, .out = consent_out,
	  .run = read_consent, .summary = "What an application asks for", .errors = "NOT_FOUND" },
	{ "POST", "/console/authorize", PERM_MEMBER, R_WRITE | R_SECRET, BODY(give_in, struct asked), .status = 200,
	  .out = given_out, .run = give_consent, .summary = "Let an application act for oneself, or do not", .errors = "NOT_FOUND",
	  .moves = { LIFE_CLIENT_AUTHORIZE } },
	{ "GET", "/console/applications", PERM_MEMBER, 0, .status = 200, .out = applications_out, .run = list_applications,
	  .summary = "The applications that act for oneself" },
	{ "DELETE", "/console/applications/{client_id}", PERM_MEMBER, R_WRITE, .status = 204, .run = withdraw,
	  .summary = "Let an application act for oneself no longer: its sessions end at once", .errors = "NOT_FOUND",
	  .moves = { LIFE_CLIENT_WITHDRAW } },
	{ 0 }
};
