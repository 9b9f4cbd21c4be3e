/* api_projects.c: the projects dialect: projects with their status changes, archive,
 * restore and delete, login and refresh.  Answers are {"data": ...}, errors flat. */
#include "pages.h"
#include <string.h>
#include "dialects.h"
#include "dom_org.h"
#include "dom_project.h"

static const char *const orders[] = { "recent", "name", "status", NULL };

/* ---- Project ---- */

/* Kept while archived, told of a build alone. */
static const void *progress(struct arena *a, const void *object)
{
	const struct project *p = object;

	(void)a;
	return p->life.state == STATE_PROJECT_BUILDING ? &p->progress : NULL;
}

static const void *preview_url(struct arena *a, const void *object)
{
	const struct project *p = object;

	return p->url ? arena_printf(a, "https://%s", p->url) : NULL;
}

#define PROJECT_AT(field) AT(struct project, field)
#define PROJECT_ROWS \
	{ "id", T_INT, PROJECT_AT(number) }, \
	{ "name", T_STR, PROJECT_AT(name) }, \
	{ "description", T_STR, PROJECT_AT(description), .flags = F_NULL }, \
	{ "status", T_STATE, PROJECT_AT(life.state), .of = RES_PROJECT }, \
	{ "url", T_STR, PROJECT_AT(url), .flags = F_NULL, .help = "`<slug>.talkide.app`" }, \
	{ "accent", T_STR, PROJECT_AT(accent), .flags = F_NULL, .help = "a colour, such as `oklch(0.78 0.15 70)`" }, \
	{ "techStack", T_STR, PROJECT_AT(tech_stack), .flags = F_NULL }, \
	{ "progress", T_INT, .make = progress, .min = 0, .flags = F_NULL, .help = "progress of a build, in percent" }, \
	{ "createdAt", T_TIME, PROJECT_AT(life.created) }, \
	{ "updatedAt", T_TIME, PROJECT_AT(life.changed) }
static const struct shape project_out[] = { PROJECT_ROWS, NAMED("Project") };
static const struct shape detail_out[] = { PROJECT_ROWS, { "previewUrl", T_STR, .make = preview_url, .flags = F_NULL }, NAMED("ProjectDetail") };
static const struct shape created_out[] = { PROJECT_ROWS, { "conversationId", T_LITERAL, .flags = F_NULL }, NAMED("ProjectCreated") };
#define DATA(shape) { { "data", T_SUB, .off = 0, .sub = shape }, NAMED("%Data") }
static const struct shape project_data[] = DATA(project_out);
static const struct shape detail_data[] = DATA(detail_out);
static const struct shape created_data[] = DATA(created_out);

/* <slug>.talkide.app: a label of a host name (RFC 1123) in lower case. */
static const char *slug_fault(struct arena *a, const char *s)
{
	static const char domain[] = ".talkide.app";
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

	(void)a;
	return n && n <= 63 && *s != '-' && s[n - 1] != '-' && !strcmp(s + n, domain) ? NULL
		: "must look like my-site.talkide.app (lowercase letters, digits and hyphens)";
}

static const struct shape project_in[] = {
	{ "name", T_STR, PROJECT_AT(name), .min = 1, .max = 100, .flags = F_REQUIRED | F_TRIMMED, .help = "unique in the organization" },
	{ "description", T_STR, PROJECT_AT(description), .max = 500, .flags = F_NULL },
	{ "url", T_STR, PROJECT_AT(url), .min = 1, .max = 100, .flags = F_NULL, .fault = slug_fault, .help = "`<slug>.talkide.app`, unique everywhere" },
	{ "accent", T_STR, PROJECT_AT(accent), .min = 1, .max = 64, .flags = F_NULL },
	{ "techStack", T_STR, PROJECT_AT(tech_stack), .min = 1, .max = 255, .flags = F_NULL },
	NAMED("ProjectFields")
};

struct projects_query { struct page_asked page; enum state status; const char *search; };
#define PROJECTS_QUERY_AT(field) AT(struct projects_query, field)
#define PAGE_GOT_AT(field) AT(struct page_got, field)
static const struct shape projects_query[] = {
	{ "status", T_STATE, PROJECTS_QUERY_AT(status), .filter = 1 + PROJECTS_STATUS, .of = RES_PROJECT, .help = "all but archived ones by default" },
	{ "search", T_STR, PROJECTS_QUERY_AT(search), .filter = 1 + PROJECTS_SEARCH, .min = 1, .max = 100, .help = "matches a part of the name; case is ignored" },
	{ "sort", T_STR, AT(struct page_asked, sort), .words = orders, .help = "`recent`, the default: most recently changed first" },
	{ "page", T_INT, AT(struct page_asked, number), .min = 0, .max = INT32_MAX, .help = "from 0" },
	{ "size", T_INT, AT(struct page_asked, size), .min = 1, .max = 100, .help = "20 by default" },
	{ 0 }
};
static const struct shape list_out[] = {
	{ "data", T_LIST, PAGE_GOT_AT(rows), .sub = project_out },
	{ "page", T_INT, PAGE_GOT_AT(number) },
	{ "size", T_INT, PAGE_GOT_AT(size) },
	{ "totalElements", T_INT, PAGE_GOT_AT(total) },
	{ "totalPages", T_INT, PAGE_GOT_AT(pages) },
	NAMED("ProjectPage")
};

static const struct paging from_0 = { .first = 0, .size = 20, .total = true, .asked = pages_by_number, .got = pages_numbered };

static const struct shape build_in[] = {
	{ "progress", T_INT, PROJECT_AT(progress), .min = 0, .max = 100, .flags = F_REQUIRED,
	  .help = "in percent; 100 ends the build" },
	NAMED("ProjectBuild")
};

static const struct shape url_query[] = {
	{ "url", T_STR, PROJECT_AT(url), .min = 1, .max = 100, .flags = F_REQUIRED, .fault = slug_fault },
	{ 0 }
};
static const struct shape url_out[] = { { "available", T_BOOL, .off = 0 }, NAMED("UrlAvailability") };
static const struct shape url_data[] = DATA(url_out);

static enum err check_url(struct req *r)
{
	const struct project *q = r->query;
	bool available;
	enum err e = project_url_free(&r->tx, q->url, &available);

	if (!e)
		res_shape(r, 200, url_data, &available, 0);
	return e;
}

/* ---- Sessions ---- */

enum { ACCESS_TTL_S = 15 * 60 };
struct login { const char *email, *password, *refresh_token; };
#define LOGIN_AT(field) AT(struct login, field)
static const struct shape login_in[] = {
	{ "email", T_STR, LOGIN_AT(email), .min = 1, .max = 254, .flags = F_REQUIRED },
	{ "password", T_STR, LOGIN_AT(password), .min = 1, .max = 512, .flags = F_REQUIRED },
	NAMED("ProjectsLogin")
};
static const struct shape refresh_in[] = {
	{ "refreshToken", T_STR, LOGIN_AT(refresh_token), .min = 1, .max = 512, .flags = F_REQUIRED },
	NAMED("ProjectsRefresh")
};
struct tokens { const char *access_token, *refresh_token; };
static const struct shape tokens_out[] = {
	{ "accessToken", T_STR, AT(struct tokens, access_token) },
	{ "refreshToken", T_STR, AT(struct tokens, refresh_token) },
	NAMED("ProjectsTokens")
};
static const struct shape tokens_data[] = DATA(tokens_out);

static enum err reply_tokens(struct req *r, const struct session *s)
{
	struct tokens v = { auth_token(r, s, ACCESS_TTL_S), s->refresh_token };

	if (!v.access_token)
		return ERR_INTERNAL;
	res_shape(r, 200, tokens_data, &v, 0);
	return OK;
}

static enum err login(struct req *r)
{
	const struct login *in = r->in;
	struct session s;
	enum err e = auth_login(r, SQL_LOGIN_BY_EMAIL, in->email, in->password, &s);

	return e ? e : reply_tokens(r, &s);
}

static enum err refresh(struct req *r)
{
	const struct login *in = r->in;
	struct session s = { .refresh_token = NULL };
	bool stolen;
	enum err e = auth_refresh(r, in->refresh_token, &s, &stolen);

	if (e)
		return e;
	return stolen ? ERR_REFRESH_INVALID : reply_tokens(r, &s);
}

/* ---- Tables ---- */

#define BASE "/api/v1/projects"
#define ONE BASE "/{id}"
#define MOVE(word, transition, what, refusals) \
	{ "PUT", ONE "/" word, PERM_PROJECT_WRITE, R_WRITE, .status = 200, .out = project_data, .object = RES_PROJECT, \
	  .moves = { LIFE_PROJECT_##transition }, .summary = what, .errors = "SHAPE PROJECT_NOT_FOUND " refusals }
static const struct route routes[] = {
	{ "POST", "/api/v1/auth/login", PERM_PUBLIC, R_WRITE | R_SECRET | R_OWN_TX, BODY(login_in, struct login), .status = 200,
	  .out = tokens_data, .run = login, .summary = "Sign in", .errors = "LOGIN_FAILED ORG_DISABLED LOGIN_RATE LOGIN_BUSY" },
	{ "POST", "/api/v1/auth/refresh", PERM_PUBLIC, R_WRITE | R_SECRET | R_OWN_TX, BODY(refresh_in, struct login), .status = 200,
	  .out = tokens_data, .run = refresh, .summary = "Get new tokens for a refresh token", .errors = "REFRESH_INVALID" },
	{ "POST", BASE, PERM_PROJECT_WRITE, R_WRITE, BODY(project_in, struct project), .status = 201, .out = created_data,
	  .object = RES_PROJECT, .make = project_create, .summary = "Create a project", .errors = "PROJECT_NAME_TAKEN PROJECT_URL_TAKEN QUOTA" },
	{ "GET", BASE, PERM_PROJECT_READ, R_PUBLISHABLE, QUERY(projects_query, struct projects_query), .status = 200, .out = list_out,
	  .listing = &projects_list, .paging = &from_0, .summary = "List projects" },
	{ "GET", BASE "/check-url", PERM_PROJECT_READ, R_PUBLISHABLE, QUERY(url_query, struct project), .status = 200,
	  .out = url_data, .run = check_url, .summary = "Check whether a URL is free" },
	{ "GET", ONE, PERM_PROJECT_READ, R_PUBLISHABLE, .status = 200, .out = detail_data, .object = RES_PROJECT, .summary = "Get a project",
	  .errors = "SHAPE PROJECT_NOT_FOUND" },
	{ "PUT", ONE, PERM_PROJECT_WRITE, R_WRITE, BODY(project_in, struct project), .status = 200, .out = project_data,
	  .object = RES_PROJECT, .change = project_edit, .moves = { LIFE_PROJECT_EDIT },
	  .summary = "Replace a project's fields; a LIVE project becomes UPDATED",
	  .errors = "PROJECT_NOT_FOUND PROJECT_NAME_TAKEN PROJECT_URL_TAKEN PROJECT_ARCHIVED" },
	{ "DELETE", ONE, PERM_PROJECT_WRITE, R_WRITE, .status = 204, .object = RES_PROJECT, .moves = { LIFE_PROJECT_DELETE }, .summary = "Delete an archived project",
	  .errors = "SHAPE PROJECT_NOT_FOUND PROJECT_NOT_DELETABLE AGENT_DENIED" },
	MOVE("archive", ARCHIVE, "Archive a project", "PROJECT_ARCHIVED"),
	MOVE("restore", RESTORE, "Restore an archived project to the status it had before", "PROJECT_NOT_ARCHIVED"),
	MOVE("publish", PUBLISH, "Publish a DRAFT or UPDATED project", "PROJECT_STATE PROJECT_ARCHIVED"),
	MOVE("pause", PAUSE, "Pause a LIVE or UPDATED project", "PROJECT_STATE PROJECT_ARCHIVED"),
	MOVE("resume", RESUME, "Resume a PAUSED project", "PROJECT_STATE PROJECT_ARCHIVED"),
	{ "PUT", ONE "/build", PERM_PROJECT_WRITE, R_WRITE, BODY(build_in, struct project), .status = 200, .out = project_data,
	  .object = RES_PROJECT, .change = project_build, .moves = { LIFE_PROJECT_BUILD, LIFE_PROJECT_PROGRESS },
	  .summary = "Report the progress of a build of a DRAFT or UPDATED project", .errors = "PROJECT_NOT_FOUND PROJECT_STATE PROJECT_ARCHIVED" },
	{ 0 }
};

static const char *const codes[CLASS__MAX] = {
	[CLASS_MALFORMED] = "VALIDATION_ERROR",
	[CLASS_WHO] = "AUTHENTICATION_FAILED",
	[CLASS_FORBIDDEN] = "ACCESS_DENIED",
	[CLASS_NOT_FOUND] = "NOT_FOUND",
	[CLASS_METHOD] = "METHOD_NOT_ALLOWED",
	[CLASS_CONFLICT] = "CONFLICT_PROJECT",
	[CLASS_PRECONDITION] = "PRECONDITION_FAILED",
	[CLASS_TOO_LARGE] = "PAYLOAD_TOO_LARGE",
	[CLASS_MEDIA_TYPE] = "UNSUPPORTED_MEDIA_TYPE",
	[CLASS_RATE] = "TOO_MANY_REQUESTS",
	[CLASS_INTERNAL] = "INTERNAL_ERROR",
	[CLASS_UNAVAILABLE] = "SERVICE_UNAVAILABLE",
};
#define NO_TOKEN { .text = "Access token is missing or invalid" }
#define NO_RIGHT { .text = "You do not have permission to perform this action" }
static const struct error_row errors[ERR__MAX] = {
	[ERR_AUTH_NONE] = NO_TOKEN,
	[ERR_AUTH_INVALID] = NO_TOKEN,
	[ERR_AUTH_EXPIRED] = NO_TOKEN,
	[ERR_AUTH_REFUSED] = NO_TOKEN,
	[ERR_LOGIN_FAILED] = { .text = "Invalid email or password" },
	[ERR_FORBIDDEN] = NO_RIGHT,
	[ERR_SCOPE_DENIED] = NO_RIGHT,
	[ERR_SHAPE] = { .text = "Validation failed" },
	[ERR_NO_BODY] = { .text = "Validation failed" },
	[ERR_QUERY] = { .text = "Validation failed" },
};

/* {status, code, message, errors?} without a wrapper. */
#define ERROR_SAY_AT(field) AT(struct error_say, field)
static const struct shape fault_out[] = {
	{ "field", T_STR, AT(struct why_item, field) },
	{ "message", T_STR, AT(struct why_item, reason) },
	NAMED("ProjectsFault")
};
static const struct shape error_out[] = {
	{ "status", T_INT, ERROR_SAY_AT(status) },
	{ "code", T_STR, ERROR_SAY_AT(code) },
	{ "message", T_STR, ERROR_SAY_AT(text) },
	{ "errors", T_LIST, ERROR_SAY_AT(details), .sub = fault_out, .flags = F_OMIT },
	NAMED("ProjectsError")
};

static const struct route *const tables[] = { routes, NULL };
static const char *const prefixes[] = { BASE, "/api/v1/auth", NULL };
const struct dialect api_projects = { .name = "projects", .title = "Projects",
	.about = "Projects that are built, published, paused, archived and restored.",
	.prefixes = prefixes, .tables = tables, .codes = codes,
	.errors = errors, .error_out = error_out, .error_type = "application/json", .time = TIME_SECONDS, .cors = true };
