/* api_mlflow.c: the mlflow dialect, MLflow's API of registered models: its words for errors, what its clients ask first, and
 * how they write a request.  Ids stand nowhere in its addresses: names do in queries and bodies.
 *
 * A mistake of the caller is never a 5xx here, also where MLflow's own server makes it one: its clients repeat those for minutes. */
#include "mlflow.h"
#include <string.h>
#include <strings.h>
#include "conf.h"
#include "dialects.h"
#include "str.h"

/* ---- What clients ask first ---- */

#define TEXT "text/plain; charset=utf-8"

static enum err health(struct req *r)
{
	res_body(r, 200, TEXT, "OK", 2);
	return OK;
}

static enum err version(struct req *r)
{
	res_body(r, 200, TEXT, conf.mlflow_version, strlen(conf.mlflow_version));
	return OK;
}

/* What a client does otherwise with a server that has it; all of it belongs to MLflow's other half, the tracking. */
#define NOT_HERE(key) { key, T_BOOL, .text = "false" }
static const struct shape info_out[] = {
	{ "store_type", T_STR, .text = "null", .flags = F_NULL },
	NOT_HERE("workspaces_enabled"),
	NOT_HERE("trace_archival_enabled"),
	NOT_HERE("multipart_uploads_enabled"),
	NOT_HERE("multipart_downloads_enabled"),
	NOT_HERE("presigned_upload_run_id_supported"),
	NOT_HERE("presigned_upload_model_id_supported"),
	{ "features_enabled", T_OBJECT, .text = "{\"gateway\":false}" },
	NAMED("MlflowServerInfo")
};

static enum err info(struct req *r)
{
	res_shape(r, 200, info_out, r, 0);
	return OK;
}

static const struct route routes[] = {
	{ "GET", "/health", PERM_PUBLIC, 0, .status = 200, .run = health, .type = TEXT, .summary = "Check that the server is up (text)" },
	{ "GET", "/version", PERM_PUBLIC, 0, .status = 200, .run = version, .type = TEXT, .summary = "Get the MLflow version that this server speaks (text)" },
	{ "GET", "/api/3.0/mlflow/server-info", PERM_PUBLIC, 0, .status = 200, .out = info_out, .run = info, .summary = "Get the server's capabilities", .errors = "WORKSPACES_OFF" },
	{ 0 }
};

/* ---- What MLflow has beside its registry ---- */

#define TRACKING(prefix) prefix "/artifacts", prefix "/experiments", prefix "/get-online-trace-details", prefix "/logged-models", \
	prefix "/metrics", prefix "/runs", prefix "/traces", prefix "/unified-traces"
#define LATER(prefix) prefix "/assessments", prefix "/datasets", prefix "/demo", prefix "/gateway", prefix "/genai", prefix "/issues", prefix "/jobs", \
	prefix "/label-schemas", prefix "/prompt-optimization", prefix "/review-queues", prefix "/scorer", prefix "/scorers", \
	prefix "/traces", prefix "/workspaces"
static const char *const absent[] = { TRACKING(BASE), LATER("/api/3.0/mlflow"), "/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow-artifacts",
	"/model-versions/get-artifact", NULL };

/* ---- Errors ---- */

static const char *const codes[CLASS__MAX] = {
	[CLASS_MALFORMED] = "INVALID_PARAMETER_VALUE",
	[CLASS_WHO] = "UNAUTHENTICATED",
	[CLASS_FORBIDDEN] = "PERMISSION_DENIED",
	[CLASS_NOT_FOUND] = "RESOURCE_DOES_NOT_EXIST",
	[CLASS_METHOD] = "BAD_REQUEST",
	[CLASS_CONFLICT] = "RESOURCE_CONFLICT",
	[CLASS_PRECONDITION] = "RESOURCE_CONFLICT",
	[CLASS_TOO_LARGE] = "BAD_REQUEST",
	[CLASS_MEDIA_TYPE] = "INVALID_PARAMETER_VALUE",
	[CLASS_RATE] = "REQUEST_LIMIT_EXCEEDED",
	[CLASS_INTERNAL] = "INTERNAL_ERROR",
	[CLASS_UNAVAILABLE] = "TEMPORARILY_UNAVAILABLE",
};
#define MALFORMED "MALFORMED_REQUEST"
#define NO_TYPE "Bad Request. Content-Type header is missing."
/* {name}, {version}: the object that errors speak of; {key}: what was sent under that key. */
static const struct error_row errors[ERR__MAX] = {
	[ERR_AUTH_NONE] = { .text = "No credentials were sent; set MLFLOW_TRACKING_TOKEN to a token, or MLFLOW_TRACKING_PASSWORD with any MLFLOW_TRACKING_USERNAME" },
	[ERR_REQUEST] = { .code = MALFORMED },
	[ERR_JSON] = { .code = MALFORMED },
	[ERR_NO_BODY] = { .code = MALFORMED },
	[ERR_HEADERS_TOO_LARGE] = { .code = "BAD_REQUEST" },
	[ERR_URI_TOO_LONG] = { .code = "BAD_REQUEST" },
	[ERR_ENCODING] = { .code = "NOT_IMPLEMENTED" },
	[ERR_HTTP_VERSION] = { .code = "BAD_REQUEST" },
	[ERR_MEDIA_TYPE] = { .status = 400, .text = "Bad Request. Content-Type must be one of ['application/json']." },
	[ERR_CODING] = { .code = "BAD_REQUEST" },
	[ERR_KEY_REUSED] = { .status = 400 },
	[ERR_REFERENCE] = { .status = 400 },
	[ERR_OUTCOME_UNKNOWN] = { .code = "ABORTED", .status = 409 },     /* a 503 would be repeated, and make a second version */
	[ERR_WORKSPACES_OFF] = { .code = "FEATURE_DISABLED" },
	[ERR_ROUTE_NOT_FOUND] = { .code = "ENDPOINT_NOT_FOUND" },
	[ERR_NOT_IMPLEMENTED] = { .code = "NOT_IMPLEMENTED", .text = "This server is a model registry only; use another one as the tracking server" },
	[ERR_NOT_FOUND] = { .text = "Webhook with ID {name} not found." },
	[ERR_MODEL_NOT_FOUND] = { .text = "Registered Model with name={name} not found" },
	[ERR_MODEL_NAME_TAKEN] = { "RESOURCE_ALREADY_EXISTS", 400, "Registered Model (name={name}) already exists." },
	[ERR_ALIAS_NOT_FOUND] = { "INVALID_PARAMETER_VALUE", 400, "Registered model alias {version} not found." },
	[ERR_LATEST_NOT_FOUND] = { .text = "Latest version not found for model {name}." },
	[ERR_VERSION_NOT_FOUND] = { .text = "Model Version (name={name}, version={version}) not found" },
};

#define SEE " See the API docs for more information about request parameters."
enum { VALUE_SHOWN = 200 };                      /* characters */

/* What was sent at the place that a fault names: `key`, `key[2]`, `key.member`; NULL: null, or nothing. */
static struct json *sent_at(struct req *r, const char *field)
{
	struct json *j = r->sent;
	int64_t i;

	while (j && *field) {
		const size_t n = strcspn(field + 1, ".[]") + 1;
		const char *part = arena_strndup(r->arena, field, n);

		if (*part == '[')
			j = parse_int(part + 1, 0, INT32_MAX, &i) ? js_at(j, (size_t)i) : NULL;
		else if (!js_get(j, part + (*part == '.'), &j))
			j = NULL;
		field += n + (field[n] == ']');
	}
	return j;
}

/* In JSON; quoted: what is no list as the text that a parameter is. */
static const char *shown(struct req *r, struct json *j, bool quoted)
{
	const char *text = js_type(j) == JS_NULL ? "null" : js_text(j, NULL), *cut = utf8_cut(r->arena, text, VALUE_SHOWN);

	if (strlen(cut) < strlen(text))
		cut = arena_printf(r->arena, js_type(j) == JS_STRING ? "%s...\"" : "%s...", cut);
	return quoted && js_type(j) < JS_STRING ? arena_printf(r->arena, "\"%s\"", cut) : cut;
}

/* As its clients' language calls them. */
static const char *type_name(const struct json *j)
{
	static const char *const names[] = { [JS_NULL] = "NoneType", [JS_BOOL] = "bool", [JS_INT] = "int", [JS_DOUBLE] = "float", [JS_STRING] = "str",
		[JS_ARRAY] = "list", [JS_OBJECT] = "dict" };

	return names[js_type(j)];
}

static const char *fault_text(struct req *r, const struct why_item *w)
{
	struct json *j = sent_at(r, w->field);

	if (w->kind == WHY_SAID)
		return w->reason;
	if (!strcmp(w->code, "required"))
		return arena_printf(r->arena, "Missing value for required parameter '%s'." SEE, w->field);
	if (w->kind == WHY_TYPE)
		return arena_printf(r->arena, "Invalid value %s for parameter '%s' supplied:  Hint: Value was of type '%s'." SEE, shown(r, j, false), w->field,
			type_name(j));
	return arena_printf(r->arena, "Invalid value %s for parameter '%s' supplied: %s", shown(r, j, true), w->field, w->reason);
}

/* A text of the table with what was sent in it. */
static const char *filled(struct req *r, const char *text)
{
	struct buf b = { .arena = r->arena };
	const char *open, *close;

	for (; (open = strchr(text, '{')) && (close = strchr(open, '}')); text = close + 1) {
		const char *key = arena_strndup(r->arena, open + 1, (size_t)(close - open - 1));
		const char *about = !strcmp(key, "name") ? r->tx.about.id : !strcmp(key, "version") ? r->tx.about.child : NULL;
		struct json *j = about ? js_string(r->arena, about) : sent_at(r, key);

		buf_put(&b, text, (size_t)(open - text));
		buf_puts(&b, js_type(j) == JS_STRING ? js_str(j) : j ? js_text(j, NULL) : "");
	}
	buf_puts(&b, text);
	return b.p;
}

/* What has the name already. */
static const char *taken_text(struct req *r)
{
	const char *name = r->tx.about.id, *by = r->tx.about.kind, *wanted = r->tx.about.child;

	if (wanted && strcmp(by, wanted))
		return arena_printf(r->arena, "Tried to create a %s with name '%s', but the name is already taken by a %s. Choose another name.", wanted, name, by);
	return arena_printf(r->arena, "%s (name=%s) already exists.%s", wanted && !strcmp(by, KIND_PROMPT) ? "Prompt" : "Registered Model", name,
		r->tx.why.n ? " It is archived." : "");
}

static void say(struct req *r, struct error_say *say)
{
	const struct why_item *w = say->detail;

	if (r->tx.why.text)
		return;
	if ((say->err == ERR_MEDIA_TYPE || say->err == ERR_NO_BODY) && !r->content_type) {
		say->code = codes[CLASS_MEDIA_TYPE];
		say->text = NO_TYPE;
	} else if (w && (say->err == ERR_REQUEST || !strcmp(w->field, "body"))) {
		say->code = MALFORMED;
		say->text = arena_printf(r->arena, "The request is malformed: %s: %s", w->field, w->reason);
	} else if (w) {
		say->text = fault_text(r, w);
	} else if (say->err == ERR_MODEL_NAME_TAKEN) {
		say->text = taken_text(r);
	} else if (r->tx.why.n && !strcmp(r->tx.why.items[0].reason, ARCHIVED_FAULT)) {
		say->text = filled(r, arena_printf(r->arena, "%s: %s", errors[ERR_MODEL_NOT_FOUND].text, r->tx.why.items[0].reason));
	} else {
		say->text = filled(r, say->text);
	}
}

static const struct shape error_out[] = {
	{ "error_code", T_STR, AT(struct error_say, code) },
	{ "message", T_STR, AT(struct error_say, text) },
	NAMED("MlflowError")
};

/* ---- What is sent ---- */

/* Of a repeated key the first counts, unless it is a list; the values are all texts. */
static struct json *of_query(struct req *r, const struct shape *rows)
{
	struct json *o = js_object(r->arena), *list;

	for (size_t i = 0; i < r->nparams; i++) {
		const struct param *p = &r->params[i];
		const struct shape *row = rows;

		while (row->key && strcmp(row->key, p->name))
			row++;
		if (row->key && row->type == T_STRINGS) {
			if (!js_get(o, p->name, &list))
				js_put(o, p->name, list = js_array(r->arena));
			js_add(list, js_string(r->arena, p->value));
		} else if (row->key && !js_get(o, p->name, &list)) {
			js_put_str(r->arena, o, p->name, p->value);
		}
	}
	return o;
}

/* The other name of a key: runId of run_id. */
static const char *camel(struct arena *a, const char *key)
{
	char *s = arena_strdup(a, key), *to = s;

	for (const char *p = s; *p; p++)
		*to++ = *p == '_' && p[1] >= 'a' && p[1] <= 'z' ? (char)(*++p - 'a' + 'A') : *p;
	*to = '\0';
	return s;
}

/* A value as its row wants it, where it is clear what is meant: an empty text is none, and numbers, truths and lists of
 * one may be texts. */
static struct json *meant(struct arena *a, const struct shape *row, struct json *v)
{
	const char *s = js_type(v) == JS_STRING ? js_str(v) : NULL;
	struct json *list;
	int64_t i;

	if (!s)
		return v;
	if (row->type == T_STRINGS) {
		js_add(list = js_array(a), v);
		return list;
	}
	if (!*s)
		return NULL;
	if (row->type == T_INT && parse_int(s, INT64_MIN, INT64_MAX, &i))
		return js_integer(a, i);
	if (row->type == T_BOOL && (!strcasecmp(s, "true") || !strcasecmp(s, "false")))
		return js_boolean(a, !strcasecmp(s, "true"));
	return v;
}

/* Old clients send the text of the object as a JSON string. */
static enum err unwrap(struct req *r, struct json **j)
{
	const char *reason, *text;
	enum err e;

	if (js_type(*j) != JS_STRING)
		return OK;
	text = js_str(*j);
	if ((e = js_parse_most(r->arena, text, strlen(text), VALUES_MOST, j, &reason)))
		why_add(&r->tx, "body", reason);
	return e;
}

static enum err tidy(struct req *r, const struct shape *rows, struct json **j)
{
	struct json *in = *j ? *j : of_query(r, rows), *out = js_object(r->arena), *v, *other;
	enum err e = unwrap(r, &in);

	*j = in;
	if (e || js_type(in) != JS_OBJECT)
		return e;
	for (const struct shape *row = rows; row->key; row++) {
		const char *name = camel(r->arena, row->key);
		const bool given = js_get(in, row->key, &v), twice = strcmp(name, row->key) && js_get(in, name, &other);

		if (given && twice)
			return why_said(&r->tx, row->key, arena_printf(r->arena, "Request specifies both '%s' and '%s'; provide only one of them.", row->key, name));
		if ((given || twice) && (v = meant(r->arena, row, given ? v : other)))
			js_put(out, row->key, v);
	}
	*j = out;
	return OK;
}

/* There is one workspace, whose name is `default`. */
static enum err check(struct req *r)
{
	const char *workspace = req_header(r, "HTTP_X_MLFLOW_WORKSPACE");

	return workspace && strcmp(workspace, "default") ? ERR_WORKSPACES_OFF : OK;
}

/* ---- Tables ---- */

static const struct route *const tables[] = { routes, mlflow_model_routes, mlflow_version_routes, mlflow_webhook_routes, NULL };
static const char *const prefixes[] = { BASE, "/api/2.0/preview/mlflow", "/ajax-api/2.0/mlflow", "/api/3.0/mlflow", "/ajax-api/3.0/mlflow",
	"/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow-artifacts", "/model-versions", "/health", "/version", NULL };
static const struct prefix_as same[] = { { "/api/2.0/preview/mlflow", BASE }, { "/ajax-api/2.0/mlflow", BASE }, { "/ajax-api/3.0/mlflow", "/api/3.0/mlflow" }, { NULL, NULL } };
const struct dialect api_mlflow = { .name = "mlflow", .title = "MLflow registry",
	.about = "The same models for clients of MLflow, 2.x and 3.x: only the registry, without runs and files.",
	.guest = true, .prefixes = prefixes, .same = same, .tables = tables, .absent = absent, .lacks = ERR_NOT_IMPLEMENTED,
	.codes = codes, .errors = errors, .error_out = error_out, .error_type = "application/json", .time = TIME_UNIX_MILLIS, .cors = true, .basic = "mlflow", .hooks = mlflow_hooks, .slashes = true, .long_queries = true,
	.check = check, .tidy = tidy, .say = say };
