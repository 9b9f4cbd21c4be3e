/* openapi.c: OpenAPI 3.1 from the rows of routes, shapes and errors. */
#include "openapi.h"
#include <string.h>
#include "conf.h"
#include "route.h"
#include "str.h"

static struct json *media(struct arena *a, struct json *schema)
{
	struct json *t = js_object(a);

	js_put(t, "schema", schema);
	return t;
}

static struct json *content(struct arena *a, const char *type, struct json *schema)
{
	struct json *c = js_object(a);

	js_put(c, type, media(a, schema));
	return c;
}

static void parameter(struct arena *a, struct json *list, const char *name, const char *where, bool required,
	struct json *schema)
{
	struct json *p = js_object(a);

	js_put_str(a, p, "name", name);
	js_put_str(a, p, "in", where);
	js_put_bool(a, p, "required", required);
	js_put(p, "schema", schema);
	js_add(list, p);
}

static struct json *string_schema(struct arena *a)
{
	struct json *s = js_object(a);

	js_put_str(a, s, "type", "string");
	return s;
}

/* Is it one of the routes that may answer so without naming it? */
static bool common(const struct route *row, enum err_on on)
{
	const bool writes = row->flags & R_WRITE && row->perm != PERM_PUBLIC;

	return on == ON_EVERY || (on == ON_CALLER && row->perm != PERM_PUBLIC) || (on == ON_PERMISSION && row->perm > PERM_MEMBER)
		|| (on == ON_BODY && route_body(row)) || (on == ON_WRITE && writes) || (on == ON_CONDITION && writes && strchr(row->path, '{'));
}

static struct json *parameters(struct arena *a, const struct dialect *d, const struct route *row)
{
	struct json *list = js_array(a);

	for (const char *p = strchr(row->path, '{'); p; p = strchr(p + 1, '{')) {
		size_t n = strcspn(p + 1, "}");

		parameter(a, list, arena_strndup(a, p + 1, n), "path", true, string_schema(a));
	}
	for (const struct shape *s = route_query(row); s && s->key; s++)
		parameter(a, list, s->key, "query", s->flags & F_REQUIRED, shape_type_schema(a, s, d->time, true));
	if (common(row, ON_WRITE))
		parameter(a, list, "Idempotency-Key", "header", false, string_schema(a));
	if (common(row, ON_CONDITION))
		parameter(a, list, "If-Match", "header", false, string_schema(a));
	return list;
}

/* One more meaning of a status: several errors may share one. */
static void add_error(struct arena *a, struct json *responses, const struct dialect *d, const struct route *row, enum err e)
{
	struct error_say say = error_say(d, row, e);
	const char *status = arena_printf(a, "%d", (int)say.status), *text = say.text;
	struct json *r, *old;

	if (js_get(responses, status, &r)) {
		js_get(r, "description", &old);
		if (!strstr(js_str(old), text))
			js_put_str(a, r, "description", arena_printf(a, "%s; or: %s", js_str(old), text));
		return;
	}
	r = js_object(a);
	js_put_str(a, r, "description", text);
	js_put(r, "content", content(a, d->error_type, shape_schema(a, d->error_out, d->time, false)));
	js_put(responses, status, r);
}

static enum err error_named(const char *name, size_t n)
{
	for (int e = OK + 1; e < ERR__MAX; e++)
		if (strlen(err_row(e)->name) == n && !memcmp(err_row(e)->name, name, n))
			return e;
	return ERR_INTERNAL;
}

static struct json *responses(struct arena *a, const struct dialect *d, const struct route *row)
{
	struct json *o = js_object(a), *ok = js_object(a);

	js_put_str(a, ok, "description", status_phrase(row->status));
	if (row->out)
		js_put(ok, "content", content(a, "application/json", shape_schema(a, row->out, d->time, false)));
	js_put(o, arena_printf(a, "%d", row->status), ok);
	if (row->also) {
		struct json *also = js_object(a);

		js_put_str(a, also, "description", status_phrase(row->also));
		if (row->also_out)
			js_put(also, "content", content(a, "application/json", shape_schema(a, row->also_out, d->time, false)));
		js_put(o, arena_printf(a, "%d", row->also), also);
	}
	for (const struct err_common *c = err_common; c->err; c++)
		if (common(row, c->on))
			add_error(a, o, d, row, c->err);
	for (const char *p = row->errors; p && *p; ) {
		size_t n = strcspn(p, " ");

		add_error(a, o, d, row, error_named(p, n));
		p += n;
		p += strspn(p, " ");
	}
	return o;
}

static struct json *operation(struct arena *a, const struct dialect *d, const struct route *row)
{
	struct json *o = js_object(a), *tags = js_array(a), *params = parameters(a, d, row), *body, *security, *schema, *c;
	struct buf id = { .arena = a };

	buf_printf(&id, "%s_%s", d->name, row->method);
	for (const char *p = row->path; *p; p++)
		buf_put(&id, strchr("/{}-.", *p) ? "_" : p, 1);
	js_put_str(a, o, "operationId", id.p);
	js_put_str(a, o, "summary", row->summary);
	if (row->deprecated) {
		js_put_bool(a, o, "deprecated", true);
		js_put_str(a, o, "description", row->deprecated->words);
	}
	js_add(tags, js_string(a, d->name));
	js_put(o, "tags", tags);
	if (row->perm != PERM_PUBLIC) {
		struct json *one = js_object(a);

		security = js_array(a);
		js_put(one, "bearer", js_array(a));
		js_add(security, one);
		js_put(o, "security", security);
		js_put_str(a, o, "x-permission", perm_word(row->perm));
	}
	if (js_length(params))
		js_put(o, "parameters", params);
	if (route_body(row)) {
		body = js_object(a);
		js_put_bool(a, body, "required", !(row->flags & R_NO_BODY_NEEDED));
		schema = shape_schema(a, route_body(row), d->time, true);
		js_put(body, "content", c = content(a, row->flags & R_FORM ? "application/x-www-form-urlencoded" : "application/json", schema));
		if (row->flags & R_PARTS)
			js_put(c, "multipart/form-data", media(a, schema));
		if (!strcmp(row->method, "PATCH"))
			js_put(c, "application/merge-patch+json", media(a, schema));
		js_put(o, "requestBody", body);
	}
	js_put(o, "responses", responses(a, d, row));
	return o;
}

struct json *openapi_document(struct arena *a, const struct dialect *const *dialects)
{
	struct json *doc = js_object(a), *info = js_object(a), *paths = js_object(a), *path;
	struct json *components = js_object(a), *schemes = js_object(a), *bearer = js_object(a);
	struct json *servers = js_array(a), *server = js_object(a);

	js_put_str(a, doc, "openapi", "3.1.0");
	js_put_str(a, info, "title", "Thaw");
	js_put_str(a, info, "version", PACKAGE_VERSION);
	js_put_str(a, info, "description", "A registry of models, spoken in several published dialects.");
	js_put(doc, "info", info);
	js_put_str(a, server, "url", *conf.base_path ? conf.base_path : "/");
	js_add(servers, server);
	js_put(doc, "servers", servers);
	for (size_t i = 0; dialects[i]; i++) {
		EACH_ROUTE(dialects[i], row) {
			char *method = arena_strdup(a, row->method);

			for (char *p = method; *p; p++)
				*p = (char)(*p | 32);
			if (!js_get(paths, row->path, &path))
				js_put(paths, row->path, path = js_object(a));
			js_put(path, method, operation(a, dialects[i], row));
		}
	}
	js_put(doc, "paths", paths);
	js_put_str(a, bearer, "type", "http");
	js_put_str(a, bearer, "scheme", "bearer");
	js_put_str(a, bearer, "bearerFormat", "JWT");
	js_put(schemes, "bearer", bearer);
	js_put(components, "securitySchemes", schemes);
	js_put(doc, "components", components);
	return doc;
}
