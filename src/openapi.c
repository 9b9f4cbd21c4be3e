/* openapi.c: OpenAPI 3.1 from the rows of routes, shapes, errors, permissions and transitions.  What stands in several
 * places is under components once, by a name that the rows give it. */
#include "openapi.h"
#include <string.h>
#include <strings.h>
#include "conf.h"
#include "event.h"
#include "operation.h"
#include "pages.h"
#include "schema.h"
#include "str.h"

/* The description in hand. */
struct doc {
	struct arena *arena;
	const struct dialect *const *dialects;
	const struct dialect *d;                 /* of the operation in hand */
	struct schemas schemas;
	struct json *parameters, *headers, *responses;
};

static struct json *object_at(struct arena *a, struct json *in, const char *key)
{
	struct json *o;

	if (!js_get(in, key, &o))
		js_put(in, key, o = js_object(a));
	return o;
}

static struct json *ref(struct arena *a, const char *kind, const char *name)
{
	struct json *o = js_object(a);

	js_put_str(a, o, "$ref", arena_printf(a, "#/components/%s/%s", kind, name));
	return o;
}

/* ---- Bodies ---- */

static struct json *media(struct doc *c, const struct shape *rows, bool writing)
{
	struct arena *a = c->arena;
	const char *name = schema_name(&c->schemas, rows, writing);
	struct json *m = js_object(a), *example, *all;

	js_put(m, "schema", schema_of(&c->schemas, rows, writing));
	if (!name) {
		js_put(m, "example", example_of(&c->schemas, rows, writing));
		return m;
	}
	if (!js_get(c->schemas.examples, name, &example)) {
		example = js_object(a);
		js_put(example, "value", example_of(&c->schemas, rows, writing));
		js_put(c->schemas.examples, name, example);
	}
	all = object_at(a, m, "examples");
	js_put(all, name, ref(a, "examples", name));
	return m;
}

static struct json *content(struct doc *c, const struct route *row, const struct shape *out)
{
	struct json *o = js_object(c->arena), *m = js_object(c->arena), *schema = js_object(c->arena);

	if (out) {
		js_put(o, "application/json", media(c, out, false));
		return o;
	}
	js_put_str(c->arena, schema, "type", strcmp(row->type, "application/json") ? "string" : "object");
	if (strncmp(row->type, "text/", 5) != 0 && strcmp(row->type, "application/json") != 0)
		js_put_str(c->arena, schema, "format", "binary");
	js_put(m, "schema", schema);
	js_put(o, arena_strndup(c->arena, row->type, strcspn(row->type, ";")), m);
	return o;
}

static struct json *request_body(struct doc *c, const struct route *row)
{
	const struct shape *rows = route_body(row);
	struct json *body = js_object(c->arena), *types = js_object(c->arena), *m = media(c, rows, true);

	js_put_bool(c->arena, body, "required", !(row->flags & R_NO_BODY_NEEDED));
	js_put(types, row->flags & R_FORM ? "application/x-www-form-urlencoded" : "application/json", m);
	if (row->flags & R_PARTS)
		js_put(types, "multipart/form-data", m);
	if (!strcmp(row->method, "PATCH"))
		js_put(types, "application/merge-patch+json", m);
	js_put(body, "content", types);
	return body;
}

/* ---- Parameters ---- */

static const struct { const char *name, *description; } request_headers[] = {
	{ "Idempotency-Key", "Makes the request safe to repeat: for a day the repetition with the same key gets the first answer. Up to 255 characters "
	  "of the caller's choice, such as a UUID." },
	{ "If-Match", "The ETag of the object as it was read, such as `\"3-1f0c9a5b7d2e4f60\"`: the change is made only if it is still the same, else the answer is 412." },
	{ "If-None-Match", "The ETag of an answer that the caller has: if it is still the same, the answer is 304 without a body." },
};
enum { IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH, REQUEST_HEADERS };

static struct json *parameter(struct doc *c, const char *name, const char *where, bool required, const char *description, struct json *schema)
{
	struct json *p = js_object(c->arena);

	js_put_str(c->arena, p, "name", name);
	js_put_str(c->arena, p, "in", where);
	js_put_bool(c->arena, p, "required", required);
	if (description)
		js_put_str(c->arena, p, "description", description);
	js_put(p, "schema", schema);
	return p;
}

static struct json *string_schema(struct arena *a)
{
	struct json *s = js_object(a);

	js_put_str(a, s, "type", "string");
	return s;
}

static struct json *header_parameter(struct doc *c, int which)
{
	const char *name = request_headers[which].name;
	struct json *p;

	if (!js_get(c->parameters, name, &p)) {
		struct json *schema = string_schema(c->arena);

		if (which == IDEMPOTENCY_KEY)
			js_put_str(c->arena, schema, "pattern", "^[!-~]{1,255}$");
		p = parameter(c, name, "header", false, request_headers[which].description, schema);
		js_put(c->parameters, name, p);
	}
	return ref(c->arena, "parameters", name);
}

static struct json *own_header(struct doc *c, const struct shape *s)
{
	struct json *p;

	if (!js_get(c->parameters, s->key, &p))
		js_put(c->parameters, s->key, parameter(c, s->key, "header", false, s->help, schema_row(&c->schemas, s, true)));
	return ref(c->arena, "parameters", s->key);
}

/* One of several kinds: what a spelling of any of them looks like. */
static char *kinds_pattern(struct arena *a, const char *const *kinds)
{
	struct buf b = { .arena = a };

	for (size_t i = 0; kinds[i]; i++)
		if (kinds[i][strlen(kinds[i]) - 1] == '.')
			buf_printf(&b, "%s%s", b.n ? "|" : "", schema_pattern(a, kinds[i]));
	return b.p;
}

static struct json *path_parameter(struct doc *c, const struct route *row, const char *brace, size_t var)
{
	struct arena *a = c->arena;
	const struct path_id id = operation_path_id(row, var);
	const char *name = operation_var(a, brace);
	struct json *schema = string_schema(a), *p;

	if (id.number) {
		schema = js_object(a);
		js_put_str(a, schema, "type", "integer");
		js_put_str(a, schema, "format", "int64");
		js_put_int(a, schema, "minimum", 1);
	} else if (id.prefix) {
		js_put_str(a, schema, "pattern", row->kinds ? kinds_pattern(a, row->kinds) : schema_pattern(a, id.prefix));
	} else {
		js_put_int(a, schema, "minLength", 1);
	}
	p = parameter(c, name, "path", true, id.of == RES__MAX ? arena_printf(a, "Which one: `%s`", name)
		: arena_printf(a, "%s of the %s", id.number ? "Number" : "Id", resource_words(a, id.of)), schema);
	if (id.number)
		js_put_int(a, p, "example", 3);
	else
		js_put_str(a, p, "example", id.prefix ? example_id(a, id.prefix)
			: js_str(example_row(&c->schemas, &(struct shape){ .key = name, .type = T_STR, .min = 1 }, true)));
	return p;
}

/* What a parameter of a query is for, where its row does not say more. */
static const char *query_words(struct arena *a, const struct shape *s)
{
	static const struct { size_t at; const char *words; } pages[] = { { offsetof(struct page_asked, number), "Which page" }, { offsetof(struct page_asked, size), "How many a page has at most" },
		{ offsetof(struct page_asked, offset), "How many to skip" }, { offsetof(struct page_asked, after), "The id of the last object of the page before" },
		{ offsetof(struct page_asked, before), "The id of the first object of the page behind" }, { offsetof(struct page_asked, sort), "In which order" },
		{ offsetof(struct page_asked, direction), "In which direction" }, { offsetof(struct page_asked, token), "The token of the page before" } };

	if (s->help)
		return s->help;
	if (s->filter)
		return arena_printf(a, "Lists only what has this `%s`", s->key);
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
		if (s->off == pages[i].at && s->type != T_BOOL)
			return pages[i].words;
	return code_title(a, s->key);
}

static struct json *query_parameter(struct doc *c, const struct route *row, const struct shape *s)
{
	const bool preview = row->flags & R_PREVIEW && !strcmp(s->key, "preview");
	struct json *schema = schema_row(&c->schemas, s, true), *p = parameter(c, s->key, "query", preview || s->flags & F_REQUIRED,
		row->paging ? query_words(c->arena, s) : s->help ? s->help : code_title(c->arena, s->key), schema);

	if (preview)
		js_put_bool(c->arena, schema, "const", true);
	if (s->type == T_LABELS)
		js_put_str(c->arena, p, "style", "deepObject");
	if (preview || s->flags & F_REQUIRED)
		js_put(p, "example", example_row(&c->schemas, s, true));
	return p;
}

/* Has what it reads an ETag? */
static bool tagged(const struct route *row)
{
	return row->object && row->out && !row->paging && !(row->flags & R_UNTAGGED) && row->status < 202;
}

static struct json *parameters(struct doc *c, const struct route *row)
{
	struct json *list = js_array(c->arena);
	size_t var = 0;

	for (const char *p = strchr(row->path, '{'); p; p = strchr(p + 1, '{'))
		js_add(list, path_parameter(c, row, p, var++));
	for (const struct shape *s = route_query(row); s && s->key; s++)
		js_add(list, query_parameter(c, row, s));
	if (operation_common(row, ON_WRITE))
		js_add(list, header_parameter(c, IDEMPOTENCY_KEY));
	if (operation_common(row, ON_CONDITION))
		js_add(list, header_parameter(c, IF_MATCH));
	if (!strcmp(row->method, "GET") && tagged(row))
		js_add(list, header_parameter(c, IF_NONE_MATCH));
	for (const struct sent_header *h = c->d->sent; h && h->shape.key; h++)
		js_add(list, own_header(c, &h->shape));
	return list;
}

/* ---- Answers ---- */

static const struct { const char *name, *type, *description; } answer_headers[] = {
	{ "X-Request-Id", "string", "The id of this request; the audit row of a change carries the same one" },
	{ "Cache-Control", "string", "Whether the answer may be kept" },
	{ "ETag", "string", "The state of the object, for If-Match and If-None-Match" },
	{ "Location", "string", "The address of what was created, or where to continue" },
	{ "Idempotent-Replayed", "string", "`true`: this is the first answer to the same Idempotency-Key" },
	{ "Retry-After", "integer", "Seconds to wait before trying again" },
	{ "WWW-Authenticate", "string", "How to sign in, and what the token lacks" },
	{ "X-RateLimit-Limit", "integer", "Requests a minute that the caller has" },
	{ "X-RateLimit-Remaining", "integer", "Requests that are left in this minute" },
	{ "X-RateLimit-Reset", "integer", "When the minute ends: Unix seconds" },
	{ "Matter-Request-Id", "string", "The same as X-Request-Id" },
	{ "Matter-Version", "string", "The version of the API in which this answer is" },
	{ "Sunset", "string", "Until when this endpoint works (RFC 8594)" },
};

static void put_header(struct doc *c, struct json *response, const char *name)
{
	struct json *headers = object_at(c->arena, response, "headers"), *h, *schema = js_object(c->arena);
	size_t i = 0;

	while (strcmp(answer_headers[i].name, name))
		i++;
	if (!js_get(c->headers, name, &h)) {
		h = js_object(c->arena);
		js_put_str(c->arena, h, "description", answer_headers[i].description);
		js_put_str(c->arena, schema, "type", answer_headers[i].type);
		js_put(h, "schema", schema);
		js_put(c->headers, name, h);
	}
	js_put(headers, name, ref(c->arena, "headers", name));
}

/* Those of every answer, and of the dialect's. */
static void put_headers(struct doc *c, struct json *response)
{
	put_header(c, response, "X-Request-Id");
	for (const struct nginx_header *h = c->d->nginx; h && h->name; h++)
		if (!h->open)
			put_header(c, response, h->name);
}

static void put_rate_headers(struct doc *c, struct json *response)
{
	put_header(c, response, "X-RateLimit-Limit");
	put_header(c, response, "X-RateLimit-Remaining");
	put_header(c, response, "X-RateLimit-Reset");
}

static struct json *success(struct doc *c, const struct route *row, int status, const struct shape *out)
{
	struct json *r = js_object(c->arena);

	js_put_str(c->arena, r, "description", status_phrase(status));
	put_headers(c, r);
	put_header(c, r, "Cache-Control");
	if (tagged(row) && (status == row->status || status == 304))
		put_header(c, r, "ETag");
	if (status == 201 || status == 302 || status == 303)
		put_header(c, r, "Location");
	if (operation_common(row, ON_WRITE))
		put_header(c, r, "Idempotent-Replayed");
	if (c->d->rate_headers && row->perm != PERM_PUBLIC)
		put_rate_headers(c, r);
	if (row->deprecated)
		put_header(c, r, "Sunset");
	if (status == 304)
		return r;
	if (out || (row->type && status == row->status))
		js_put(r, "content", content(c, row, out));
	return r;
}

/* An error as it is sent, as an example under its own name. */
static const char *error_example(struct doc *c, const struct route *row, enum err e)
{
	struct arena *a = c->arena;
	struct error_say say = error_say(c->d, row, e);
	const char *name = arena_printf(a, "%s%s%s", schema_camel(a, c->d->name), row->denied && err_row(e)->class == CLASS_FORBIDDEN ? "Denied" : "", err_row(e)->name);
	struct json *o;

	if (js_get(c->schemas.examples, name, &o))
		return name;
	say.request_id = arena_printf(a, "%s%s", c->d->request_prefix ? c->d->request_prefix : "", "4bf92f3577b34da6a3ce929d");
	say.instance_id = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
	say.time = (int64_t)1777887000 * SECOND;
	if (say.status == 429 || say.status == 503)
		say.retry_after = 1;
	error_names(a, c->d, &say);
	o = js_object(a);
	js_put_str(a, o, "summary", say.text);
	js_put(o, "value", js_raw(a, shape_text(a, c->d->error_out, &say, c->d->time, NULL)));
	js_put(c->schemas.examples, name, o);
	return name;
}

static struct json *new_error(struct doc *c, const struct route *row, int64_t status)
{
	struct arena *a = c->arena;
	struct json *r = js_object(a), *types = js_object(a), *m = js_object(a);

	put_headers(c, r);
	if (status == 401)
		put_header(c, r, "WWW-Authenticate");
	if (status == 429)
		put_rate_headers(c, r);
	if (status == 429 || status == 503)
		put_header(c, r, "Retry-After");
	js_put(m, "schema", schema_of(&c->schemas, c->d->error_out, false));
	js_put(types, c->d->error_type, m);
	if ((status == 400 && row->flags & R_OWN_QUERY) || (status == 404 && row->type && !strcmp(row->type, HTML))) {     /* people are told by a page */
		m = js_object(a);
		js_put(m, "schema", string_schema(a));
		js_put(types, "text/html", m);
	}
	js_put(r, "content", types);
	return r;
}

/* One more meaning of a status: several errors may share one. */
static void add_error(struct doc *c, struct json *all, const struct route *row, enum err e)
{
	struct arena *a = c->arena;
	const struct error_say say = error_say(c->d, row, e);
	const char *status = arena_printf(a, "%d", (int)say.status), *example = error_example(c, row, e);
	struct json *r, *old = NULL, *m, *known;

	if (!js_get(all, status, &r))
		js_put(all, status, r = new_error(c, row, say.status));
	js_get(object_at(a, r, "content"), c->d->error_type, &m);
	if (js_get(object_at(a, m, "examples"), example, &known))
		return;
	js_put(object_at(a, m, "examples"), example, ref(a, "examples", example));
	js_get(r, "description", &old);
	js_put_str(a, r, "description", !old ? say.text : strstr(js_str(old), say.text) ? js_str(old) : arena_printf(a, "%s; or: %s", js_str(old), say.text));
}

/* The answers that several operations have are named by what they say. */
static struct json *shared(struct doc *c, const char *status, struct json *r)
{
	struct arena *a = c->arena;
	struct json *types, *m, *examples, *old, *value;
	struct buf name = { .arena = a };
	const char *key;
	void *it = NULL;

	js_get(r, "content", &types);
	js_get(types, c->d->error_type, &m);
	js_get(m, "examples", &examples);
	buf_printf(&name, "%s%s", schema_camel(a, c->d->name), status);
	while (js_next(examples, &it, &key, &value))
		buf_printf(&name, "_%s", key + strlen(c->d->name));
	if (js_length(types) > 1)
		buf_puts(&name, "_Page");
	if (!js_get(c->responses, name.p, &old))
		js_put(c->responses, name.p, r);
	return ref(a, "responses", name.p);
}

static struct json *responses(struct doc *c, const struct route *row)
{
	struct arena *a = c->arena;
	struct json *o = js_object(a), *errors = js_object(a), *r;
	size_t i = 0;
	enum err e;

	js_put(o, arena_printf(a, "%d", row->status), success(c, row, row->status, row->out));
	if (row->also)
		js_put(o, arena_printf(a, "%d", row->also), success(c, row, row->also, row->also_out));
	if (!strcmp(row->method, "GET") && tagged(row))
		js_put(o, "304", success(c, row, 304, NULL));
	while (operation_error(row, &i, &e))
		add_error(c, errors, row, e);
	for (const struct sent_header *h = c->d->sent; h && h->shape.key; h++)
		add_error(c, errors, row, h->refused);
	for (int status = 400; status < 600; status++) {
		const char *key = arena_printf(a, "%d", status);

		if (js_get(errors, key, &r))
			js_put(o, key, shared(c, key, r));
	}
	return o;
}

/* ---- Who can ---- */

static void put_scheme(struct arena *a, struct json *list, const char *name, const char *scope)
{
	struct json *one = js_object(a), *scopes = js_array(a);

	if (scope)
		js_add(scopes, js_string(a, scope));
	js_put(one, name, scopes);
	js_add(list, one);
}

static struct json *security(struct doc *c, const struct route *row)
{
	struct json *list = js_array(c->arena);
	const char *scope = ask_scope(route_ask(row));

	if (row->perm == PERM_PUBLIC) {
		if (c->d->cookie && !row->in)
			put_scheme(c->arena, list, "cookie", NULL);
		return list;
	}
	put_scheme(c->arena, list, "bearer", NULL);
	if (*scope)
		put_scheme(c->arena, list, "oauth", scope);
	if (c->d->basic)
		put_scheme(c->arena, list, "basic", NULL);
	if (c->d->scheme)
		put_scheme(c->arena, list, "token", NULL);
	return list;
}

/* The address of the route that ends so. */
static const char *route_ending(struct doc *c, const char *end)
{
	for (size_t i = 0; c->dialects[i]; i++)
		EACH_ROUTE(c->dialects[i], row)
			if (c->dialects[i]->challenge && strlen(row->path) > strlen(end) && !strcmp(row->path + strlen(row->path) - strlen(end), end))
				return arena_printf(c->arena, "%s%s", conf.base_path, row->path);
	return "/";
}

static struct json *flow(struct doc *c, bool by_code)
{
	struct arena *a = c->arena;
	struct json *f = js_object(a), *scopes = js_object(a);

	if (by_code) {
		js_put_str(a, f, "authorizationUrl", route_ending(c, "/authorize"));
		js_put_str(a, f, "refreshUrl", route_ending(c, "/token"));
	}
	js_put_str(a, f, "tokenUrl", route_ending(c, "/token"));
#define SCOPE(word, help) js_put_str(a, scopes, word, help);
#include "perm.def"
#undef SCOPE
	js_put(f, "scopes", scopes);
	return f;
}

static struct json *scheme(struct arena *a, const char *type, const char *description)
{
	struct json *s = js_object(a);

	js_put_str(a, s, "type", type);
	js_put_str(a, s, "description", description);
	return s;
}

static struct json *security_schemes(struct doc *c, bool cookie, bool basic, bool token, const char *cookie_name)
{
	struct arena *a = c->arena;
	struct json *all = js_object(a), *s, *flows = js_object(a);

	js_put(all, "bearer", s = scheme(a, "http", "The access token of a sign-in, an OAuth access token, or an API key (`sk_live_`, `sk_test_`, `pk_live_`, `pk_test_`, `tok_`)"));
	js_put_str(a, s, "scheme", "bearer");
	js_put(all, "oauth", s = scheme(a, "oauth2", "For applications: the authorization code with PKCE for a user, client credentials for the application itself"));
	js_put(flows, "authorizationCode", flow(c, true));
	js_put(flows, "clientCredentials", flow(c, false));
	js_put(s, "flows", flows);
	if (basic) {
		js_put(all, "basic", s = scheme(a, "http", "Any user name; the password is an API key or an access token"));
		js_put_str(a, s, "scheme", "basic");
	}
	if (token) {
		js_put(all, "token", s = scheme(a, "apiKey", "`Token` and what else stands behind `Bearer`, as clients of this API send it"));
		js_put_str(a, s, "in", "header");
		js_put_str(a, s, "name", "Authorization");
	}
	if (cookie) {
		js_put(all, "cookie", s = scheme(a, "apiKey", "The sign-in of the console, set and renewed by its own requests"));
		js_put_str(a, s, "in", "cookie");
		js_put_str(a, s, "name", cookie_name);
	}
	return all;
}

/* ---- Operations ---- */

static struct json *operation(struct doc *c, const struct route *row)
{
	struct arena *a = c->arena;
	struct json *o = js_object(a), *tags = js_array(a), *params;

	c->schemas.form = c->d->time;
	c->schemas.dialect = c->d->name;
	params = parameters(c, row);
	js_put_str(a, o, "operationId", operation_id(a, c->d, row));
	js_put_str(a, o, "summary", row->summary);
	js_put_str(a, o, "description", operation_says(a, c->d, row));
	if (row->deprecated)
		js_put_bool(a, o, "deprecated", true);
	js_add(tags, js_string(a, c->d->name));
	js_put(o, "tags", tags);
	js_put(o, "security", security(c, row));
	if (row->perm != PERM_PUBLIC)
		js_put_str(a, o, "x-permission", perm_word(row->perm));
	if (js_length(params))
		js_put(o, "parameters", params);
	if (route_body(row))
		js_put(o, "requestBody", request_body(c, row));
	js_put(o, "responses", responses(c, row));
	return o;
}

static char *small(struct arena *a, const char *method)
{
	char *word = arena_strdup(a, method);

	for (char *p = word; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p | 32);
	return word;
}

/* ---- Webhooks ---- */

/* What an event tells of an object. */
static const char *told_object(struct doc *c, enum resource r)
{
	struct arena *a = c->arena;
	const char *name = arena_printf(a, "EventObject%s", schema_camel(a, life_resources[r].word));
	const struct shape head[] = { { .key = "id", .type = T_ID, .prefix = life_resources[r].prefix }, { .key = "object", .type = T_LITERAL, .text = life_resources[r].word },
		{ .key = "status", .type = T_STATE, .of = r, .flags = F_OPEN } };
	struct json *o = js_object(a), *properties = js_object(a), *required = js_array(a), *old;

	if (js_get(c->schemas.named, name, &old))
		return name;
	js_put_str(a, o, "type", "object");
	for (size_t i = 0; i < sizeof head / sizeof *head; i++) {
		js_put(properties, head[i].key, schema_row(&c->schemas, &head[i], false));
		js_add(required, js_string(a, head[i].key));
	}
	for (const struct shape *s = life_tells[r]; s && s->key; s++) {
		struct shape row = *s;

		row.flags |= row.type == T_STR || row.type == T_TIME || row.type == T_ID ? F_NULL : 0U;
		js_put(properties, row.key, schema_row(&c->schemas, &row, false));
	}
	for (const struct shape *s = life_adds[r]; s && s->key; s++)
		js_put(properties, s->key, schema_row(&c->schemas, s, false));
	js_put(o, "properties", properties);
	js_put(o, "required", required);
	js_put(c->schemas.named, name, o);
	return name;
}

static struct json *told_example(struct doc *c, const struct transition_row *t)
{
	struct arena *a = c->arena;
	struct json *event = example_of(&c->schemas, event_out, false), *object = js_object(a), *before = js_object(a), *data = js_object(a);
	const struct resource_row *r = &life_resources[t->resource];
	enum state from = STATE_NONE;

	js_put_str(a, object, "id", example_id(a, r->prefix));
	js_put_str(a, object, "object", r->word);
	js_put_str(a, object, "status", life_word(t->to));
	for (const struct shape *s = life_tells[t->resource]; s && s->key; s++)
		js_put(object, s->key, example_row(&c->schemas, s, false));
	js_put(data, "object", object);
	for (int s = STATE_NONE + 1; s < STATE__MAX && !from; s++)
		if (t->from >> s & 1 && t->rule != LIFE_SAME)
			from = (enum state)s;
	if (from && from != t->to)
		js_put_str(a, before, "status", life_word(from));
	if (t->from)
		js_put(data, "previous_attributes", before);
	js_put_str(a, event, "type", t->audit);
	js_put(event, "data", data);
	return event;
}

/* The event, and beside it what is of this type alone. */
static struct json *told_schema(struct doc *c, const struct transition_row *t)
{
	struct arena *a = c->arena;
	struct json *o = js_object(a), *both = js_array(a), *own = js_object(a), *properties = js_object(a), *type = js_object(a), *data = js_object(a);

	js_put_str(a, type, "const", t->audit);
	js_put(properties, "type", type);
	js_put_str(a, data, "type", "object");
	js_put(object_at(a, data, "properties"), "object", schema_ref(a, told_object(c, t->resource)));
	js_put(object_at(a, data, "properties"), "previous_attributes", schema_row(&c->schemas, &(struct shape){ .key = "", .type = T_OBJECT }, false));
	js_put(properties, "data", data);
	js_put_str(a, own, "type", "object");
	js_put(own, "properties", properties);
	js_add(both, schema_of(&c->schemas, event_out, false));
	js_add(both, own);
	js_put(o, "allOf", both);
	return o;
}

struct sent { const char *name, *description, *example; bool maybe; };       /* maybe: not always sent */

static struct json *headers_sent(struct doc *c, const struct sent *sent, size_t n)
{
	struct json *list = js_array(c->arena), *p;

	for (size_t i = 0; i < n; i++) {
		if (!js_get(c->parameters, sent[i].name, &p)) {
			p = parameter(c, sent[i].name, "header", !sent[i].maybe, sent[i].description, string_schema(c->arena));
			js_put_str(c->arena, p, "example", sent[i].example);
			js_put(c->parameters, sent[i].name, p);
		}
		js_add(list, ref(c->arena, "parameters", sent[i].name));
	}
	return list;
}

static struct json *told_headers(struct doc *c)
{
	static const struct sent sent[] = {
		{ "Matter-Signature", "`t=TIME,v1=HEX`: HMAC-SHA256 of `TIME.BODY` under the endpoint's secret", "t=1777887000,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd", false },
		{ "webhook-id", "The id of the event (Standard Webhooks)", "evt_0AbCdEfGhIjKlMnOp", false },
		{ "webhook-timestamp", "When it was sent: Unix seconds", "1777887000", false },
		{ "webhook-signature", "`v1,BASE64`: HMAC-SHA256 of `ID.TIMESTAMP.BODY`", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=", false },
	};

	return headers_sent(c, sent, sizeof sent / sizeof *sent);
}

/* The operation of whoever receives it. */
static struct json *receiver(struct doc *c, const char *id, const char *summary, const char *words, struct json *headers, struct json *schema, struct json *example)
{
	struct arena *a = c->arena;
	struct json *post = js_object(a), *body = js_object(a), *m = js_object(a), *tags = js_array(a), *ok = js_object(a), *way = js_object(a);

	js_put_str(a, post, "operationId", id);
	js_put_str(a, post, "summary", summary);
	js_put_str(a, post, "description", words);
	js_add(tags, js_string(a, "webhooks"));
	js_put(post, "tags", tags);
	js_put(post, "security", js_array(a));
	js_put(post, "parameters", headers);
	js_put(m, "schema", schema);
	js_put(m, "example", example);
	js_put(object_at(a, body, "content"), "application/json", m);
	js_put_bool(a, body, "required", true);
	js_put(post, "requestBody", body);
	js_put_str(a, ok, "description", "Received");
	js_put(object_at(a, post, "responses"), "2XX", ok);
	js_put(way, "post", post);
	return way;
}

static struct json *told(struct doc *c, const struct transition_row *t)
{
	struct arena *a = c->arena;

	return receiver(c, arena_printf(a, "on%s", schema_camel(a, t->audit)),
		arena_printf(a, "%s: %s", code_title(a, resource_words(a, t->resource)), code_title(a, strchr(t->audit, '.') + 1)),
		arena_printf(a, "Sent to the webhook endpoints that subscribe to `%s`, or to a pattern of it, after the change was committed. "
			"Any 2xx answer confirms it; anything else is tried again for three days, with the same body.", t->audit),
		told_headers(c), told_schema(c, t), told_example(c, t));
}

/* ---- Those of a dialect's own form ---- */

static struct json *hook_member(struct doc *c, const char *name)
{
	const bool tags = !strcmp(name, "tags"), none = !strcmp(name, "description") || !strcmp(name, "run_id") || !strcmp(name, "template");

	return schema_row(&c->schemas, &(struct shape){ .key = name, .type = tags ? T_LABELS : T_STR, .flags = none ? F_NULL : 0U }, false);
}

static struct json *hook(struct doc *c, const struct hook *h, const char *entity, const char *action)
{
	static const struct sent sent[] = {
		{ "X-MLflow-Delivery-Id", "The id of this delivery", "7c9e6679-7425-40de-944b-e07fc1f90ae7", false },
		{ "X-MLflow-Timestamp", "When it was sent: Unix seconds", "1777887000", false },
		{ "X-MLflow-Signature", "`v1,BASE64`: HMAC-SHA256 of `ID.TIMESTAMP.BODY` under the webhook's secret, if it has one", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=", true },
	};
	struct arena *a = c->arena;
	struct json *schema = js_object(a), *properties = object_at(a, schema, "properties"), *word, *data = js_object(a), *example = js_object(a), *shown = js_object(a);
	const char *const words[][2] = { { "entity", entity }, { "action", action }, { "timestamp", NULL } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		js_put(properties, words[i][0], word = string_schema(a));
		js_put_str(a, word, words[i][1] ? "const" : "format", words[i][1] ? words[i][1] : "date-time");
		js_put_str(a, example, words[i][0], words[i][1] ? words[i][1] : "2026-05-04T09:30:00.000000+00:00");
	}
	js_put_str(a, schema, "type", "object");
	js_put_str(a, data, "type", "object");
	for (const char *s = h->members; *s; s += strspn(s, " ")) {
		const char *name = arena_strndup(a, s, strcspn(s, " "));
		const struct shape row = { .key = name, .type = strcmp(name, "tags") ? T_STR : T_LABELS };

		js_put(object_at(a, data, "properties"), name, hook_member(c, name));
		js_put(shown, name, example_row(&c->schemas, &row, false));
		s += strlen(name);
	}
	js_put(properties, "data", data);
	js_put(example, "data", shown);
	return receiver(c, arena_printf(a, "%sOn%s%s", c->d->name, schema_camel(a, entity), schema_camel(a, action)),
		arena_printf(a, "%s: %s", code_title(a, entity), code_title(a, action)),
		arena_printf(a, "Sent to the webhooks of the %s API that listen to `%s` and `%s`, after the change was committed. It happens to a %s.", c->d->name, h->entity, h->action, h->thing),
		headers_sent(c, sent, sizeof sent / sizeof *sent), schema, example);
}

static void hooks(struct doc *c, struct json *all)
{
	for (const struct hook *h = c->d->hooks; h && h->entity; h++) {
		const char *entity = small(c->arena, h->entity), *action = h->action ? small(c->arena, h->action) : NULL;

		if (h->word)
			js_put(all, arena_printf(c->arena, "%s.%s.%s", c->d->name, entity, action), hook(c, h, entity, action));
	}
}

static void webhooks(struct doc *c, struct json *all)
{
	struct json *old;

	c->schemas.form = TIME_UNIX;
	for (int t = 0; t < LIFE__MAX; t++)
		if (life_transitions[t].flags & TOLD && !js_get(all, life_transitions[t].audit, &old))
			js_put(all, life_transitions[t].audit, told(c, &life_transitions[t]));
}

/* ---- The whole ---- */

static struct json *info(struct arena *a, const struct dialect *one)
{
	struct json *o = js_object(a), *license = js_object(a), *contact = js_object(a);

	js_put_str(a, o, "title", one ? arena_printf(a, "Thaw: %s", one->title) : "Thaw");
	js_put_str(a, o, "version", PACKAGE_VERSION);
	js_put_str(a, o, "summary", "A self-hosted registry for models, their versions, deployments, projects and workspaces");
	js_put_str(a, o, "description", one ? one->about : "Several published APIs for the same objects. Each API is a tag; `?api=TAG` returns the description of only that API. "
		"Each status change is one transaction, which also writes its audit row and queues its webhook.");
	js_put_str(a, license, "name", "MIT");
	js_put_str(a, license, "identifier", "MIT");
	js_put(o, "license", license);
	js_put_str(a, contact, "name", "The administrator of this installation");
	js_put(o, "contact", contact);
	return o;
}

static void put_tag(struct arena *a, struct json *tags, const char *name, const char *about, const char *page)
{
	struct json *t = js_object(a);

	js_put_str(a, t, "name", name);
	js_put_str(a, t, "description", arena_printf(a, "%s [Read more](%s/docs/%s)", about, conf.base_path, page));
	js_add(tags, t);
}

static struct json *servers(struct arena *a)
{
	struct json *list = js_array(a), *server = js_object(a);

	js_put_str(a, server, "url", *conf.base_path ? conf.base_path : "/");
	js_put_str(a, server, "description", "This installation");
	js_add(list, server);
	return list;
}

static struct json *components(struct doc *c, const struct dialect *told)
{
	struct json *all = js_object(c->arena);

	js_put(all, "securitySchemes", security_schemes(c, told->cookie, told->basic, told->scheme, told->cookie));
	js_put(all, "parameters", c->parameters);
	js_put(all, "headers", c->headers);
	js_put(all, "responses", c->responses);
	js_put(all, "schemas", c->schemas.named);
	js_put(all, "examples", c->schemas.examples);
	return all;
}

struct json *openapi_document(struct arena *a, const struct dialect *const *dialects, const char *name)
{
	struct doc c = { .arena = a, .dialects = dialects, .parameters = js_object(a), .headers = js_object(a), .responses = js_object(a),
		.schemas = { .arena = a, .named = js_object(a), .examples = js_object(a) } };
	struct json *doc = js_object(a), *paths = js_object(a), *tags = js_array(a), *events = js_object(a);
	const struct dialect *one = NULL;
	struct dialect told = { .name = "" };            /* the ways to sign in of all that are told */

	js_put_str(a, doc, "openapi", "3.1.0");
	for (size_t i = 0; dialects[i]; i++) {
		c.d = dialects[i];
		if (name ? strcmp(name, c.d->name) != 0 : c.d->apart)
			continue;
		one = c.d;
		put_tag(a, tags, c.d->name, c.d->about, arena_printf(a, "api/%s", c.d->name));
		EACH_ROUTE(c.d, row)
			js_put(object_at(a, paths, row->path), small(a, row->method), operation(&c, row));
		told.cookie = c.d->cookie ? c.d->cookie : told.cookie;
		told.basic = c.d->basic ? c.d->basic : told.basic;
		told.scheme = c.d->scheme ? c.d->scheme : told.scheme;
		if (c.d->documented)
			webhooks(&c, events);
		hooks(&c, events);
	}
	if (!one)
		return NULL;
	js_put(doc, "info", info(a, name ? one : NULL));
	js_put(doc, "servers", servers(a));
	if (js_length(events)) {
		put_tag(a, tags, "webhooks", "Events that are sent to webhook endpoints.", "guides/webhooks");
		js_put(doc, "webhooks", events);
	}
	js_put(doc, "tags", tags);
	js_put(doc, "paths", paths);
	js_put(doc, "components", components(&c, &told));
	return doc;
}
