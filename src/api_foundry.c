/* api_foundry.c: the foundry dialect: models and their versions by resource identifier,
 * promoteVersion, and the errors of the platform.  The filesystem is in
 * api_filesystem.c. */
#include "foundry.h"
#include <string.h>
#include <strings.h>
#include <openssl/sha.h>
#include "clock.h"
#include "conf.h"
#include "modelapi.h"
#include "str.h"

/* ---- Identifiers, names, errors ---- */

void tell(struct req *r, const char *name, const char *value)
{
	if (!r->told)
		r->told = js_object(r->arena);
	js_put_str(r->arena, r->told, name, value);
}

/* A word of lower-case letters, digits and dashes that begins with a letter (or a digit, or
 * is empty: `loose`), up to the next dot. */
static const char *word(const char *s, bool loose)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz", rest[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t n = strcspn(s, ".");

	if (s[n] != '.' || strspn(s, rest) != n || (!loose && !n) || (n && !strchr(letters, *s) && !(loose && *s != '-')))
		return NULL;
	return s + n + 1;
}

enum { RID_MOST = 512 };

/* ri.<service>.<instance>.<type>.<locator> */
static bool is_rid(const char *s)
{
	static const char locator[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return strlen(s) <= RID_MOST && !strncmp(s, "ri.", 3) && (s = word(s + 3, false)) && (s = word(s, true)) && (s = word(s, false))
		&& *s && strspn(s, locator) == strlen(s);
}

#define NO_RID "must be a resource identifier such as " RID_MODEL "019a0c3e-7b1f-8d42-8000-000c0ffee5ed"

static const char *rid_fault(struct arena *a, const char *s)
{
	(void)a;
	return is_rid(s) ? NULL : NO_RID;
}

static enum err bad_rid(struct req *r, const char *field)
{
	why_add(&r->tx, field, NO_RID);
	return ERR_RID;
}

enum err rid_of(struct req *r, const char *field, const char *rid, const char *prefix, struct id *out)
{
	if (!is_rid(rid))
		return bad_rid(r, field);
	if (!id_parse(rid, prefix, out))
		*out = (struct id){ 0 };
	return OK;
}

enum err display_name(struct req *r, const char *name)
{
	tell(r, "displayName", name);
	return *name && utf8_length(name) <= FOLDER_NAME_MOST && strcmp(name, ".") && strcmp(name, "..") && !strchr(name, '/')
		&& !name_fault(name) ? OK : ERR_DISPLAY_NAME;
}

/* ---- Pages: a token is the place behind the last row, so that it survives whatever is
 * made or deleted meanwhile, and a digest of the list that it belongs to. */

enum { TOKEN_DIGEST = 8, TOKEN_PLACE = 16 };

static void digest_of(struct req *r, const char *list, unsigned char out[TOKEN_DIGEST])
{
	const char *all = arena_printf(r->arena, "%s\n%s", r->path, list);
	unsigned char md[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)all, strlen(all), md);
	memcpy(out, md, TOKEN_DIGEST);
}

enum err page_asked(struct req *r, const struct page_query *q, const char *list, int64_t most, int64_t *limit,
	void *from, size_t size)
{
	unsigned char digest[TOKEN_DIGEST], token[TOKEN_DIGEST + TOKEN_PLACE];

	*limit = q->page_size_set ? q->page_size : most;
	if (*limit < 1) {
		tell(r, "pageSize", "");
		js_put_int(r->arena, r->told, "pageSize", q->page_size);
		return ERR_PAGE_SIZE;
	}
	*limit = *limit < most ? *limit : most;
	if (!q->page_token)
		return OK;
	tell(r, "pageToken", q->page_token);
	digest_of(r, list, digest);
	if (b64url_decode(q->page_token, strlen(q->page_token), token, sizeof token) != (long)(sizeof digest + size)
	    || memcmp(token, digest, sizeof digest))
		return ERR_PAGE_TOKEN;
	memcpy(from, token + sizeof digest, size);
	return OK;
}

const char *page_token(struct req *r, const char *list, bool more, const void *from, size_t size)
{
	unsigned char token[TOKEN_DIGEST + TOKEN_PLACE];

	if (!more)
		return NULL;
	digest_of(r, list, token);
	memcpy(token + TOKEN_DIGEST, from, size);
	return b64url_encode(r->arena, token, TOKEN_DIGEST + size);
}

/* ---- Models ---- */

struct preview_query { bool preview; };
#define PREVIEW_ROW { "preview", T_BOOL, .off = 0, .flags = F_REQUIRED, .help = "must be true" }
static const struct shape preview_query[] = { PREVIEW_ROW, { 0 } };

struct model_view { struct id id; };
static const struct shape model_out[] = {
	{ "rid", T_ID, AT(struct model_view, id), .prefix = RID_MODEL },
	{ 0 }
};

static enum err reply_model(struct req *r, enum err e, const struct model *m)
{
	if (!e)
		res_shape(r, 200, model_out, &(struct model_view){ m->life.id }, m->life.revision);
	return e;
}

struct model_in { const char *name, *parent; };
static const struct shape model_in[] = {
	{ "name", T_STR, AT(struct model_in, name), .flags = F_REQUIRED, .help = "1 to 700 characters; unique in the organization until the model is permanently deleted" },
	{ "parentFolderRid", T_STR, AT(struct model_in, parent), .flags = F_REQUIRED },
	{ 0 }
};

static enum err create(struct req *r)
{
	const struct model_in *in = r->in;
	struct model m = { .name = in->name, .life.global = true }, made;
	enum err e;

	tell(r, "parentFolderRid", in->parent);
	tell(r, "folderRid", in->parent);
	if ((e = display_name(r, in->name)) || (e = rid_of(r, "parentFolderRid", in->parent, RID_FOLDER, &m.folder)))
		return e;
	if (id_is_zero(&m.folder))
		return ERR_FOLDER_NOT_FOUND;
	return reply_model(r, model_create(&r->tx, &m, &made), &made);
}

static enum err get(struct req *r)
{
	struct id id = req_id(r, 0, RID_MODEL);
	struct model m;

	return reply_model(r, model_get(&r->tx, &id, &m), &m);
}

/* ---- Versions ---- */

struct source_view { const char *type; struct id model, version; };
struct version_view { struct version v; const char *api; struct source_view source, *source_ref; };
#define V(field) AT(struct version_view, field)
static const struct shape source_out[] = {
	{ "type", T_STR, AT(struct source_view, type), .help = "`sdk`, `external`, `importedContainerizedModel`, `promoted`" },
	{ "previousModelRid", T_ID, AT(struct source_view, model), .prefix = RID_MODEL, .flags = F_OMIT },
	{ "previousModelVersionRid", T_ID, AT(struct source_view, version), .prefix = RID_VERSION, .flags = F_OMIT },
	{ 0 }
};
static const struct shape api_out[] = {
	{ "inputs", T_DOC, .flags = F_REQUIRED, .help = "array of ModelApiInput" },
	{ "outputs", T_DOC, .flags = F_REQUIRED, .help = "array of ModelApiOutput" },
	{ 0 }
};
static const struct shape version_out[] = {
	{ "rid", T_ID, V(v.life.id), .prefix = RID_VERSION },
	{ "modelApi", T_OBJECT, V(api), .sub = api_out },
	{ "condaRequirements", T_STRINGS, V(v.conda_requirements), .empty = "[]" },
	{ "backingRepositories", T_STRINGS, V(v.backing_repositories), .empty = "[]" },
	{ "createdTime", T_TIME, V(v.life.created) },
	{ "source", T_REF, V(source_ref), .sub = source_out, .flags = F_OMIT, .help = "left out of what a training run made" },
	{ "linkedExperiment", T_ID, V(v.run), .prefix = "ri.models.main.experiment.", .flags = F_OMIT, .help = "the training run, if one is known" },
	{ 0 }
};

static void view(struct req *r, const struct version *v, struct version_view *out)
{
	*out = (struct version_view){ .v = *v, .api = v->model_api ? v->model_api : modelapi_of_run(r->arena, v->features, v->target),
		.source = { v->source, v->from_model, v->from_version } };
	out->source_ref = v->source ? &out->source : NULL;
}

static enum err reply_version(struct req *r, enum err e, const struct version *v)
{
	struct version_view out;

	if (e)
		return e;
	if (!version_source_known(v->source))
		return ERR_VERSION_SOURCE;
	view(r, v, &out);
	res_shape(r, 200, version_out, &out, v->life.revision);
	return OK;
}

static enum err get_version(struct req *r)
{
	struct id model = req_id(r, 0, RID_MODEL), id = req_id(r, 1, RID_VERSION);
	struct version v;
	enum err e = version_get_by_id(&r->tx, &model, &id, &v);

	return reply_version(r, e == ERR_MODEL_NOT_FOUND ? ERR_VERSION_NOT_FOUND : e, &v);
}

struct versions_query { bool preview; struct page_query page; const char *branch; };
static const struct shape versions_query[] = {
	PREVIEW_ROW,
	{ "branch", T_STR, AT(struct versions_query, branch), .min = 1, .max = 255, .help = "`" BRANCH_MASTER "` by default" },
	PAGE_ROWS(struct versions_query),
	{ 0 }
};
static const struct shape versions_out[] = PAGE_OUT(version_out);
enum { VERSIONS_MOST = 100 };

static size_t length(const char *s)
{
	return s ? strlen(s) : 0;
}

static enum err list_versions(struct req *r)
{
	const struct versions_query *q = r->query;
	const char *branch = q->branch ? q->branch : BRANCH_MASTER;
	struct id model = req_id(r, 0, RID_MODEL);
	int64_t below = INT64_MAX, limit;
	struct version_view *views;
	size_t n, bytes = 0;
	struct version *v;
	bool more;
	enum err e;

	if ((e = page_asked(r, &q->page, branch, VERSIONS_MOST, &limit, &below, sizeof below))
	 || (e = version_branch(&r->tx, &model, branch, below, limit, &v, &n, &more)))
		return e;
	views = arena_alloc(r->arena, (n + 1) * sizeof *views);
	for (size_t i = 0; i < n; i++) {
		if (!version_source_known(v[i].source))
			return ERR_VERSION_SOURCE;
		view(r, &v[i], &views[i]);
		/* A Model API made of a run's names is longer than they are; one goes in any case. */
		bytes += strlen(views[i].api) + length(v[i].conda_requirements) + length(v[i].backing_repositories);
		if (i && conf.page_bytes_limit && bytes > (size_t)conf.page_bytes_limit) {
			n = i;
			more = true;
		}
	}
	res_shape(r, 200, versions_out, &(struct page_view){ { views, n, sizeof *views },
		page_token(r, branch, more, n ? &v[n - 1].number : NULL, sizeof below) }, 0);
	return OK;
}

#define BRANCH_ROW(type) { "branch", T_STR, AT(type, branch), .min = 1, .max = 255, .flags = F_NULL | F_TRIMMED, \
	.help = "`" BRANCH_MASTER "` by default" }
struct promote_in { const char *source, *branch; };
static const struct shape promote_in[] = {
	{ "sourceModelVersionRid", T_STR, AT(struct promote_in, source), .flags = F_REQUIRED },
	BRANCH_ROW(struct promote_in),
	{ 0 }
};

static enum err promote(struct req *r)
{
	const struct promote_in *in = r->in;
	struct id target = req_id(r, 0, RID_MODEL), source;
	struct version v;
	enum err e;

	tell(r, "modelVersionRid", in->source);
	if ((e = rid_of(r, "sourceModelVersionRid", in->source, RID_VERSION, &source)))
		return e;
	return reply_version(r, version_promote(&r->tx, &target, &source, in->branch ? in->branch : BRANCH_MASTER, &v), &v);
}

struct files_in { const char *type, *function; };
struct upload_in { struct files_in files; const char *repositories, *conda, *api, *branch; };
#define U(field) AT(struct upload_in, field)
static const char *const file_types[] = { "dill", NULL };
static const struct shape files_in[] = {
	{ "type", T_STR, AT(struct files_in, type), .words = file_types, .flags = F_REQUIRED },
	{ "serializedModelFunction", T_STR, AT(struct files_in, function), .min = 1, .flags = F_REQUIRED, .help = "base64" },
	{ 0 }
};
static const struct shape upload_in[] = {
	{ "modelFiles", T_SUB, U(files), .sub = files_in, .flags = F_REQUIRED },
	{ "backingRepositories", T_STRINGS, U(repositories), .max = 1000, .fault = rid_fault, .flags = F_REQUIRED },
	{ "condaRequirements", T_STRINGS, U(conda), .max = 1000, .flags = F_REQUIRED },
	{ "modelApi", T_DOC, U(api), .flags = F_REQUIRED | F_OWN_LIMIT, .help = "{inputs, outputs}; returned as it was sent" },
	BRANCH_ROW(struct upload_in),
	{ 0 }
};

/* `numpy==1.24.0`, `conda-forge::pandas >=2`: a name, and what may stand behind it.  Which
 * versions there are is for whoever builds the environment. */
static bool is_requirement(const char *s)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-:/";
	static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-:/=<>!~*,|+[]\"' ";
	size_t n = strspn(s, name);

	return n && strlen(s) <= 255 && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", *s)
		&& strspn(s + n, rest) == strlen(s + n) && !strchr("=<>!~, ", s[strlen(s) - 1]);
}

static enum err check_upload(struct req *r, const struct upload_in *in)
{
	struct json *list = js_read(r->arena, in->conda);
	const char *kind, *message;
	enum err e;

	for (size_t i = 0; i < js_length(list); i++) {
		if (is_requirement(js_str(js_at(list, i))))
			continue;
		tell(r, "errorType", "InvalidRequirement");
		tell(r, "errorMessage", arena_printf(r->arena, "condaRequirements[%zu] must be a package and its version, such as numpy==1.24.0", i));
		return ERR_CONDA;
	}
	if ((e = modelapi_check(r->arena, in->api, &kind, &message))) {
		tell(r, "errorType", kind);
		tell(r, "message", message);
	}
	return e;
}

static enum err upload(struct req *r)
{
	const struct upload_in *in = r->in;
	struct version made = { .branch = in->branch ? in->branch : BRANCH_MASTER, .model_api = in->api,
		.conda_requirements = in->conda, .backing_repositories = in->repositories }, v;
	struct id model = req_id(r, 0, RID_MODEL);
	size_t n = strlen(in->files.function);
	unsigned char *file = arena_alloc(r->arena, n / 4 * 3 + 1);
	long length = b64_decode(in->files.function, n, file);
	enum err e;

	if (r->body_n - n > (size_t)conf.body_limit)
		return req_too_large(r);
	if (length <= 0) {
		why_add(&r->tx, "modelFiles.serializedModelFunction", "must be base64 with its padding, without line breaks");
		return ERR_SHAPE;
	}
	if ((e = check_upload(r, in)))
		return e;
	e = version_upload(&r->tx, &model, &made, file, (size_t)length, &v);
	return reply_version(r, e == ERR_TOO_LARGE ? req_too_large(r) : e, &v);
}

/* ---- Tables ---- */

#define BASE "/api/v2/models"
#define ONE BASE "/{modelRid}"
#define READS R_PREVIEW | R_UNARCHIVED
#define WRITES R_WRITE | R_PREVIEW | R_UNARCHIVED
#define COMMON "PREVIEW RID "
#define PREVIEW QUERY(preview_query, struct preview_query)
static const struct route routes[] = {
	{ "POST", BASE, PERM_MODEL_WRITE, WRITES, PREVIEW, BODY(model_in, struct model_in), .status = 200, .out = model_out, .run = create,
	  .denied = DENIED("CreateModelPermissionDenied", "Could not create the Model.", ""),
	  .summary = "Create a model in a folder", .errors = COMMON "DISPLAY_NAME FOLDER_NOT_FOUND MODEL_NAME_TAKEN QUOTA" },
	{ "GET", ONE, PERM_MODEL_READ, READS | R_PUBLISHABLE, PREVIEW, .status = 200, .out = model_out, .run = get, .summary = "One model",
	  .errors = COMMON "MODEL_NOT_FOUND" },
	{ "POST", ONE "/promoteVersion", PERM_MODEL_WRITE, WRITES, PREVIEW, BODY(promote_in, struct promote_in), .status = 200,
	  .out = version_out, .run = promote, .moves = { LIFE_MODEL_PROMOTE, LIFE_MODEL_PROMOTE_TRAINING },
	  .denied = DENIED("PromoteVersionModelPermissionDenied", "Could not promoteVersion the Model.", "modelRid"),
	  .summary = "Copy a version to this model, as the newest of its branch", .errors = COMMON "MODEL_NOT_FOUND VERSION_NOT_FOUND VERSION_SOURCE QUOTA" },
	{ "POST", ONE "/versions", PERM_MODEL_WRITE, WRITES | R_FILE, PREVIEW, BODY(upload_in, struct upload_in), .status = 200,
	  .out = version_out, .run = upload, .moves = { LIFE_MODEL_UPLOAD, LIFE_MODEL_UPLOAD_TRAINING },
	  .denied = DENIED("CreateModelVersionPermissionDenied", "Could not create the ModelVersion.", "modelRid"),
	  .summary = "Upload a version", .errors = COMMON "MODEL_NOT_FOUND MODEL_API CONDA QUOTA" },
	{ "GET", ONE "/versions", PERM_MODEL_READ, READS, QUERY(versions_query, struct versions_query), .status = 200, .out = versions_out,
	  .run = list_versions, .summary = "Versions of a branch, newest first", .errors = COMMON "MODEL_NOT_FOUND VERSION_SOURCE PAGE_SIZE PAGE_TOKEN" },
	{ "GET", ONE "/versions/{modelVersionRid}", PERM_MODEL_READ, READS, PREVIEW, .status = 200, .out = version_out, .run = get_version,
	  .summary = "One version", .errors = COMMON "VERSION_NOT_FOUND VERSION_SOURCE" },
	{ 0 }
};

static const char *const codes[CLASS__MAX] = {
	[CLASS_MALFORMED] = "Default:InvalidArgument",
	[CLASS_WHO] = "Default:Unauthorized",
	[CLASS_FORBIDDEN] = "Default:PermissionDenied",
	[CLASS_NOT_FOUND] = "Default:NotFound",
	[CLASS_METHOD] = "MethodNotAllowed",
	[CLASS_CONFLICT] = "Default:Conflict",
	[CLASS_PRECONDITION] = "PreconditionFailed",
	[CLASS_TOO_LARGE] = "Default:RequestEntityTooLarge",
	[CLASS_MEDIA_TYPE] = "Conjure:UnsupportedMediaType",
	[CLASS_RATE] = "RateLimited",
	[CLASS_INTERNAL] = "Default:Internal",
	[CLASS_UNAVAILABLE] = "Unavailable",
};
static const char *const groups[CLASS__MAX] = {
	[CLASS_MALFORMED] = "INVALID_ARGUMENT",
	[CLASS_WHO] = "UNAUTHORIZED",
	[CLASS_FORBIDDEN] = "PERMISSION_DENIED",
	[CLASS_NOT_FOUND] = "NOT_FOUND",
	[CLASS_METHOD] = "CUSTOM_CLIENT",
	[CLASS_CONFLICT] = "CONFLICT",
	[CLASS_PRECONDITION] = "CUSTOM_CLIENT",
	[CLASS_TOO_LARGE] = "REQUEST_ENTITY_TOO_LARGE",
	[CLASS_MEDIA_TYPE] = "CUSTOM_CLIENT",
	[CLASS_RATE] = "CUSTOM_CLIENT",
	[CLASS_INTERNAL] = "INTERNAL",
	[CLASS_UNAVAILABLE] = "CUSTOM_SERVER",
};
#define USAGE_DENIED { .code = "ApiUsageDenied", .text = "The token does not have the scope that this endpoint takes.", .params = "missingScope" }
/* What the state answered, which is a conflict elsewhere. */
#define STATE .status = 400, .group = "INVALID_ARGUMENT"
#define IN_USE { .code = "ResourceInUse", .params = "resourceRid reason" }
static const struct error_row errors[ERR__MAX] = {
	[ERR_PREVIEW] = { .code = "ApiFeaturePreviewUsageOnly" },
	[ERR_SCOPE_DENIED] = USAGE_DENIED,
	[ERR_TIER_DENIED] = USAGE_DENIED,
	[ERR_NO_BODY] = { .code = "MissingPostBody", .text = "This endpoint takes a JSON object as its body." },
	[ERR_KEY_REUSED] = { .code = "Conjure:UnprocessableEntity" },
	[ERR_PAGE_SIZE] = { .code = "InvalidPageSize", .params = "pageSize" },
	[ERR_PAGE_TOKEN] = { .code = "InvalidPageToken", .params = "pageToken" },
	[ERR_DISPLAY_NAME] = { .code = "InvalidDisplayName", .params = "displayName" },
	[ERR_NO_DISPLAY_NAME] = { .code = "MissingDisplayName" },
	[ERR_MODEL_NOT_FOUND] = { .code = "ModelNotFound", .text = "The given Model could not be found.", .params = "modelRid" },
	[ERR_VERSION_NOT_FOUND] = { .code = "ModelVersionNotFound", .text = "The given ModelVersion could not be found.", .params = "modelRid modelVersionRid" },
	[ERR_VERSION_SOURCE] = { .code = "UnsupportedModelSource", STATE, .text = "The Model Version has a source type that is not supported by the API. "
		"This can occur when the model was created through a legacy or internal workflow that is not exposed through the public API." },
	[ERR_MODEL_API] = { .code = "InvalidModelApi", .params = "errorType message" },
	[ERR_CONDA] = { .code = "CondaSolveFailureForProvidedPackages", .params = "errorType errorMessage" },
	[ERR_MODEL_NAME_TAKEN] = { .code = "ResourceNameAlreadyExists", .params = "parentFolderRid displayName",
		.text = "A model of this name exists already in the organization, perhaps in the trash." },
	[ERR_FOLDER_NOT_FOUND] = { .code = "FolderNotFound", .text = "The given Folder could not be found.", .params = "folderRid" },
	[ERR_FOLDER_NAME_TAKEN] = { .code = "ResourceNameAlreadyExists", .params = "parentFolderRid displayName" },
	[ERR_PROJECT_NAME_TAKEN] = { .code = "ProjectNameAlreadyExists", .text = "A project of this name exists already in the space, perhaps in the trash.",
		.params = "displayName spaceRid" },
	[ERR_PROJECT_NOT_FOUND] = { .code = "ProjectNotFound", .text = "The given Project could not be found.", .params = "projectRid" },
	[ERR_SPACE_NOT_FOUND] = { .code = "SpaceNotFound", .text = "The given Space could not be found.", .params = "spaceRid" },
	[ERR_ORGANIZATION_NOT_FOUND] = { .code = "OrganizationsNotFound", .params = "organizationRids" },
	[ERR_NOT_A_FOLDER] = { .code = "InvalidFolder", .params = "resourceRid" },
	[ERR_OUTSIDE_PROJECT] = { .code = "CreateFolderOutsideProjectNotSupported", .params = "parentFolderRid" },
	[ERR_ROOT_FOLDER] = { .code = "GetRootFolderNotSupported" },
	[ERR_SPACE_RESOURCE] = { .code = "GetSpaceResourceNotSupported", .params = "spaceRid" },
	[ERR_PATH] = { .code = "InvalidPath", .params = "path" },
	[ERR_ROLE_GRANTS] = { .code = "InvalidRoleIds", .params = "requestedRoleIds" },
	[ERR_PATH_NOT_FOUND] = { .code = "PathNotFound", .params = "path" },
	[ERR_RESOURCE_NOT_FOUND] = { .code = "ResourceNotFound", .text = "The given Resource could not be found.", .params = "resourceRid" },
	[ERR_NOT_DIRECTLY_TRASHED] = { .code = "ResourceNotDirectlyTrashed", STATE, .params = "resourceRid" },
	[ERR_NOT_TRASHED] = { .code = "ResourceNotTrashed", STATE, .params = "resourceRid" },
	[ERR_FOLDER_NOT_EMPTY] = IN_USE,
	[ERR_FOLDER_HOME] = IN_USE,
	[ERR_MODEL_TRAINING] = IN_USE,
	[ERR_QUOTA] = { .code = "QuotaExceeded" },
};

#define X(field) AT(struct error_say, field)
static const struct shape error_out[] = {
	{ "errorCode", T_STR, X(group) },
	{ "errorName", T_STR, X(code) },
	{ "errorDescription", T_STR, X(text) },
	{ "errorInstanceId", T_STR, X(instance_id), .help = "a UUID" },
	{ "parameters", T_OBJECT, X(parameters) },
	{ 0 }
};

/* What a parameter's name stands for: what the handler told, else a part of the path. */
static struct json *parameter(struct req *r, const char *name)
{
	struct json *v;
	size_t i = 0;

	if (r->told && js_get(r->told, name, &v))
		return v;
	for (const char *p = r->row ? strchr(r->row->path, '{') : NULL; p; p = strchr(p + 1, '{'), i++)
		if (strlen(name) == strcspn(p + 1, "}") && !strncmp(p + 1, name, strlen(name)))
			return js_string(r->arena, r->vars[i]);
	return NULL;
}

static char *uuid4(struct arena *a)
{
	unsigned char b[16];
	char hex[33];

	random_bytes(b, sizeof b);
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	hex_encode(b, sizeof b, hex);
	return arena_printf(a, "%.8s-%.4s-%.4s-%.4s-%s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static void tell_fault(struct req *r, struct json *o, const struct why_item *fault)
{
	js_put_str(r->arena, o, "field", fault->field);
	js_put_str(r->arena, o, "reason", fault->reason);
}

static void say(struct req *r, struct error_say *s)
{
	struct json *parameters = js_object(r->arena), *all = NULL, *one, *v;

	s->instance_id = r->error_instance = uuid4(r->arena);
	if (s->err == ERR_SCOPE_DENIED && r->row)
		tell(r, "missingScope", ask_scope(route_ask(r->row)));
	if (s->err == ERR_AGENT_DENIED)
		js_put_str(r->arena, parameters, "reason", err_row(s->err)->text);
	if (err_row(s->err)->class == CLASS_CONFLICT)
		tell(r, "reason", err_row(s->err)->text);
	/* What has a name of its own has its own sentence and parameters. */
	if (s->detail && !strcmp(s->code, codes[err_row(s->err)->class])) {
		s->text = arena_printf(r->arena, "`%s` %s", s->detail->field, s->detail->reason);
		tell_fault(r, parameters, s->detail);
		if (s->details.n > 1)
			js_put(parameters, "errors", all = js_array(r->arena));
		for (size_t i = 0; i < s->details.n && all; i++) {
			js_add(all, one = js_object(r->arena));
			tell_fault(r, one, &s->detail[i]);
		}
	}
	for (const char *p = s->params ? s->params : ""; *p; p += strspn(p, " ")) {
		const char *name = arena_strndup(r->arena, p, strcspn(p, " "));

		if ((v = parameter(r, name)))
			js_put(parameters, name, v);
		p += strlen(name);
	}
	s->parameters = js_text(parameters, NULL);
}

/* Preview, then the token's scope, then the identifiers of the path: before anything is
 * looked for. */
static enum err check(struct req *r)
{
	bool preview = !(r->row->flags & R_PREVIEW);
	size_t i = 0;
	enum err e;

	for (size_t k = 0; k < r->nparams; k++)
		preview = preview || (!strcmp(r->params[k].name, "preview") && !strcasecmp(r->params[k].value, "true"));
	if (!preview)
		return ERR_PREVIEW;
	if ((e = who_scoped(&r->who, route_ask(r->row))))
		return e;
	for (const char *p = strchr(r->row->path, '{'); p; p = strchr(p + 1, '{'), i++)
		if (!is_rid(r->vars[i]))
			return bad_rid(r, arena_strndup(r->arena, p + 1, strcspn(p + 1, "}")));
	return OK;
}

static const struct route *const tables[] = { routes, filesystem_routes, user_routes, NULL };
/* Every namespace of the platform: what it has and this server does not is nothing in its words. */
#define SPACE(name) "/api/v2/" name
static const char *const prefixes[] = { BASE, SPACE("filesystem"), SPACE("admin"), SPACE("aipAgents"), SPACE("audit"), SPACE("checkpoints"),
	SPACE("connectivity"), SPACE("datasets"), SPACE("dataHealth"), SPACE("functions"), SPACE("geo"), SPACE("languageModels"),
	SPACE("mediasets"), SPACE("ontologies"), SPACE("orchestration"), SPACE("sqlQueries"), SPACE("streams"),
	SPACE("thirdPartyApplications"), SPACE("widgets"), NULL };
static const char *const absent[] = { BASE "/liveDeployments", BASE "/modelStudios", BASE "/modelStudioTrainers",
	SPACE("filesystem/folders/getBatch"), SPACE("filesystem/projects/createFromTemplate"), SPACE("filesystem/resources/getBatch"),
	SPACE("filesystem/resources/getByPathBatch"), NULL };
const struct dialect api_foundry = { .name = "foundry", .prefixes = prefixes, .tables = tables, .absent = absent, .codes = codes, .groups = groups,
	.errors = errors, .error_out = error_out, .error_type = "application/json", .time = TIME_MILLIS, .cors = true,
	.retry_hint = "do-not-retry", .check = check, .say = say };
