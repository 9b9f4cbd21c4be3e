/* api_foundry.c: the foundry dialect: models and their versions by resource identifier,
 * promoteVersion, and the errors of the platform.  The filesystem is in
 * api_foundry_files.c. */
#include "foundry.h"
#include <string.h>
#include <strings.h>
#include "clock.h"
#include "conf.h"
#include "dialects.h"
#include "dom_package.h"
#include "str.h"

static void tell_text(struct tx *tx, const char *name, const char *text)
{
	why_tell(tx, name, js_string(tx->arena, text));
}

/* ---- Models ---- */

#define PREVIEW_ROW(at) { "preview", T_BOOL, at, .flags = F_REQUIRED, .help = "must be true" }
static const struct shape preview_query[] = { PREVIEW_ROW(.off = 0), { 0 } };

#define MODEL_AT(field) AT(struct model, field)
static const struct shape model_out[] = {
	{ "rid", T_ID, MODEL_AT(life.id), .prefix = RID_MODEL },
	NAMED("FoundryModel")
};
static const struct shape model_in[] = {
	{ "name", T_STR, MODEL_AT(name), .flags = F_REQUIRED, DISPLAY_NAME,
	  .help = "1 to 700 characters; unique in the organization until the model is permanently deleted" },
	{ "parentFolderRid", T_ID, MODEL_AT(folder), .prefix = RID_FOLDER, RID },
	NAMED("FoundryModelCreate")
};

/* ---- Versions ---- */

/* What the client sent with it, else what its run says. */
static const void *model_api(struct arena *a, const void *object)
{
	const struct version *v = object;

	return v->model_api ? v->model_api : modelapi_of_run(a, v->features, v->target);
}

static const void *source(struct arena *a, const void *object)
{
	const struct version *v = object;

	(void)a;
	return v->source ? v : NULL;
}

#define VERSION_AT(field) AT(struct version, field)
static const struct shape source_out[] = {
	{ "type", T_STR, VERSION_AT(source), .help = "`sdk`, `external`, `importedContainerizedModel`, `promoted`" },
	{ "previousModelRid", T_ID, VERSION_AT(from_model), .prefix = RID_MODEL, .flags = F_OMIT },
	{ "previousModelVersionRid", T_ID, VERSION_AT(from_version), .prefix = RID_VERSION, .flags = F_OMIT },
	NAMED("FoundryVersionSource")
};
static const struct shape api_out[] = {
	{ "inputs", T_DOC, .flags = F_REQUIRED, .help = "array of ModelApiInput" },
	{ "outputs", T_DOC, .flags = F_REQUIRED, .help = "array of ModelApiOutput" },
	NAMED("FoundryModelApiOfVersion")
};
static const struct shape version_out[] = {
	{ "rid", T_ID, VERSION_AT(life.id), .prefix = RID_VERSION },
	{ "modelApi", T_OBJECT, .make = model_api, .sub = api_out },
	{ "condaRequirements", T_STRINGS, VERSION_AT(conda_requirements), .empty = "[]" },
	{ "backingRepositories", T_STRINGS, VERSION_AT(backing_repositories), .empty = "[]" },
	{ "createdTime", T_TIME, VERSION_AT(life.created) },
	{ "source", T_REF, .make = source, .sub = source_out, .flags = F_OMIT, .help = "absent if a training run created the version" },
	{ "linkedExperiment", T_ID, VERSION_AT(run), .prefix = "ri.models.main.experiment.", .flags = F_OMIT, .help = "the training run, if known" },
	NAMED("FoundryModelVersion")
};

struct versions_query { struct page_asked page; bool preview; const char *branch; };
static const struct shape versions_query[] = {
	PREVIEW_ROW(AT(struct versions_query, preview)),
	{ "branch", T_STR, AT(struct versions_query, branch), .filter = 1 + VERSIONS_BRANCH, .min = 1, .max = 255, .def = BRANCH_MASTER, .help = "`" BRANCH_MASTER "` by default" },
	PAGE_ROWS,
	{ 0 }
};
static const struct shape versions_out[] = PAGE_OUT(version_out);
static const struct paging versions_paging = { .size = 100, .asked = pages_by_token, .got = pages_tokened };

static size_t length(const char *s)
{
	return s ? strlen(s) : 0;
}

/* A Model API made of a run's names is longer than they are, so the page may end sooner; one goes in any case. */
static enum err read_versions(struct tx *tx, struct list_ask *ask, struct list_got *got)
{
	struct version *v;
	enum err e = version_page(tx, ask, got);
	size_t bytes = 0;

	v = got->rows;
	for (size_t i = 0; !e && i < got->n; i++) {
		if (!version_source_known(v[i].source))
			return ERR_VERSION_SOURCE;
		v[i].model_api = model_api(tx->arena, &v[i]);
		bytes += strlen(v[i].model_api) + length(v[i].conda_requirements) + length(v[i].backing_repositories);
		if (i && conf.page_bytes_limit && bytes > (size_t)conf.page_bytes_limit) {
			got->n = i;
			got->more = true;
		}
	}
	return e;
}

#define BRANCH_ROW(type, branch) { "branch", T_STR, AT(type, branch), .min = 1, .max = 255, .flags = F_NULL | F_TRIMMED, \
	.help = "`" BRANCH_MASTER "` by default" }
static const struct shape promote_in[] = {
	{ "sourceModelVersionRid", T_ID, VERSION_AT(from_version), .prefix = RID_VERSION, RID },
	BRANCH_ROW(struct version, branch),
	NAMED("FoundryPromote")
};

struct files_in { const char *type, *function; };
struct upload_in { struct files_in files; struct version v; };
#define UPLOAD_IN_AT(field) AT(struct upload_in, field)
static const char *const file_types[] = { "dill", NULL };
static const struct shape files_in[] = {
	{ "type", T_STR, AT(struct files_in, type), .words = file_types, .flags = F_REQUIRED },
	{ "serializedModelFunction", T_STR, AT(struct files_in, function), .min = 1, .flags = F_REQUIRED, .help = "base64" },
	NAMED("FoundryModelFiles")
};
static const struct shape upload_in[] = {
	{ "modelFiles", T_SUB, UPLOAD_IN_AT(files), .sub = files_in, .flags = F_REQUIRED },
	{ "backingRepositories", T_STRINGS, UPLOAD_IN_AT(v.backing_repositories), .max = 1000, .fault = rid_fault, .flags = F_REQUIRED },
	{ "condaRequirements", T_STRINGS, UPLOAD_IN_AT(v.conda_requirements), .max = 1000, .flags = F_REQUIRED },
	{ "modelApi", T_DOC, UPLOAD_IN_AT(v.model_api), .flags = F_REQUIRED | F_OWN_LIMIT, .help = "{inputs, outputs}; returned as it was sent" },
	BRANCH_ROW(struct upload_in, v.branch),
	NAMED("FoundryVersionUpload")
};

static enum err check_upload(struct tx *tx, const struct version *v)
{
	struct json *list = js_read(tx->arena, v->conda_requirements);

	for (size_t i = 0; i < js_length(list); i++) {
		if (version_requirement(js_str(js_at(list, i))))
			continue;
		why_coded(tx, arena_printf(tx->arena, "condaRequirements[%zu]", i), "must be a package and its version, such as numpy==1.24.0", "InvalidRequirement");
		return ERR_CONDA;
	}
	return modelapi_check(tx, v->model_api);
}

static enum err upload(struct req *r)
{
	const struct upload_in *in = r->in;
	struct id model = req_id(r, 0, RID_MODEL);
	size_t n = strlen(in->files.function);
	unsigned char *file = arena_alloc(r->arena, n / 4 * 3 + 1);
	long length = b64_decode(in->files.function, n, file);
	struct version v;
	enum err e;

	if (r->body_n - n > (size_t)conf.body_limit)
		return req_too_large(r);
	if (length <= 0) {
		why_add(&r->tx, "modelFiles.serializedModelFunction", "must be base64 with its padding, without line breaks");
		return ERR_SHAPE;
	}
	if ((e = check_upload(&r->tx, &in->v)) || (e = version_upload(&r->tx, &model, &in->v, file, (size_t)length, &v)))
		return e == ERR_TOO_LARGE ? req_too_large(r) : e;
	res_shape(r, 200, version_out, &v, v.life.revision);
	return OK;
}

/* ---- Tables ---- */

#define BASE "/api/v2/models"
#define ONE BASE "/{modelRid}"
#define READS R_PREVIEW | R_UNARCHIVED
#define WRITES R_WRITE | R_PREVIEW | R_UNARCHIVED
#define COMMON "PREVIEW RID "
#define PREVIEW QUERY(preview_query, bool)
static const struct route routes[] = {
	{ "POST", BASE, PERM_MODEL_WRITE, WRITES, PREVIEW, BODY(model_in, struct model), .status = 200, .out = model_out,
	  .object = RES_MODEL, .change = model_make,
	  .denied = DENIED("CreateModelPermissionDenied", "Could not create the Model.", ""),
	  .summary = "Create a model in a folder", .errors = COMMON "DISPLAY_NAME FOLDER_NOT_FOUND MODEL_NAME_TAKEN QUOTA" },
	{ "GET", ONE, PERM_MODEL_READ, READS | R_PUBLISHABLE, PREVIEW, .status = 200, .out = model_out,
	  .object = RES_MODEL, .ids = { RID_MODEL }, .summary = "Get a model",
	  .errors = COMMON "MODEL_NOT_FOUND" },
	{ "POST", ONE "/promoteVersion", PERM_MODEL_WRITE, WRITES, PREVIEW, BODY(promote_in, struct version), .status = 200,
	  .out = version_out, .object = RES_VERSION, .ids = { RID_MODEL }, .change = version_promote, .moves = { LIFE_MODEL_PROMOTE },
	  .denied = DENIED("PromoteVersionModelPermissionDenied", "Could not promoteVersion the Model.", "modelRid"),
	  .summary = "Promote a version: copy it to this model as the newest of a branch", .errors = COMMON "MODEL_NOT_FOUND VERSION_NOT_FOUND VERSION_SOURCE PACKAGE_ARCHIVED QUOTA" },
	{ "POST", ONE "/versions", PERM_MODEL_WRITE, WRITES | R_FILE, PREVIEW, BODY(upload_in, struct upload_in), .status = 200,
	  .out = version_out, .ids = { RID_MODEL }, .run = upload, .moves = { LIFE_MODEL_UPLOAD },
	  .denied = DENIED("CreateModelVersionPermissionDenied", "Could not create the ModelVersion.", "modelRid"),
	  .summary = "Upload a version", .errors = COMMON "MODEL_NOT_FOUND MODEL_API CONDA QUOTA" },
	{ "GET", ONE "/versions", PERM_MODEL_READ, READS, QUERY(versions_query, struct versions_query), .status = 200, .out = versions_out,
	  .object = RES_MODEL, .ids = { RID_MODEL }, .listing = &described_list, .paging = &versions_paging, .read = read_versions,
	  .summary = "List the versions of a branch, newest first", .errors = COMMON "MODEL_NOT_FOUND VERSION_SOURCE PAGE_SIZE PAGE_TOKEN" },
	{ "GET", ONE "/versions/{modelVersionRid}", PERM_MODEL_READ, READS, PREVIEW, .status = 200, .out = version_out,
	  .object = RES_VERSION, .ids = { RID_MODEL, RID_VERSION }, .get = version_described, AS({ ERR_MODEL_NOT_FOUND, ERR_VERSION_NOT_FOUND }),
	  .summary = "Get a version", .errors = COMMON "VERSION_NOT_FOUND VERSION_SOURCE" },
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
	[ERR_DISPLAY_NAME] = { .code = "InvalidDisplayName", .params = "displayName|name" },
	[ERR_NO_DISPLAY_NAME] = { .code = "MissingDisplayName" },
	[ERR_MODEL_NOT_FOUND] = { .code = "ModelNotFound", .text = "The given Model could not be found.", .params = "modelRid" },
	[ERR_VERSION_NOT_FOUND] = { .code = "ModelVersionNotFound", .text = "The given ModelVersion could not be found.", .params = "modelRid modelVersionRid|sourceModelVersionRid" },
	[ERR_VERSION_SOURCE] = { .code = "UnsupportedModelSource", STATE, .text = "The Model Version has a source type that is not supported by the API. "
		"This can occur when the model was created through a legacy or internal workflow that is not exposed through the public API." },
	[ERR_MODEL_API] = { .code = "InvalidModelApi", .params = "errorType message" },
	[ERR_CONDA] = { .code = "CondaSolveFailureForProvidedPackages", .params = "errorType errorMessage" },
	[ERR_MODEL_NAME_TAKEN] = { .code = "ResourceNameAlreadyExists", .params = "parentFolderRid displayName|name",
		.text = "A model with this name already exists in your organization (it may be in the trash)." },
	[ERR_FOLDER_NOT_FOUND] = { .code = "FolderNotFound", .text = "The given Folder could not be found.", .params = "folderRid|parentFolderRid" },
	[ERR_FOLDER_NAME_TAKEN] = { .code = "ResourceNameAlreadyExists", .params = "parentFolderRid displayName" },
	[ERR_PROJECT_NAME_TAKEN] = { .code = "ProjectNameAlreadyExists", .text = "A project with this name already exists in the space (it may be in the trash).",
		.params = "displayName spaceRid" },
	[ERR_PROJECT_NOT_FOUND] = { .code = "ProjectNotFound", .text = "The given Project could not be found.", .params = "projectRid" },
	[ERR_SPACE_NOT_FOUND] = { .code = "SpaceNotFound", .text = "The given Space could not be found.", .params = "spaceRid" },
	[ERR_ORGANIZATION_NOT_FOUND] = { .code = "OrganizationsNotFound", .params = "organizationRids" },
	[ERR_NOT_A_FOLDER] = { .code = "InvalidFolder", .params = "resourceRid|folderRid|parentFolderRid" },
	[ERR_OUTSIDE_PROJECT] = { .code = "CreateFolderOutsideProjectNotSupported", .params = "parentFolderRid" },
	[ERR_ROOT_FOLDER] = { .code = "GetRootFolderNotSupported" },
	[ERR_SPACE_RESOURCE] = { .code = "GetSpaceResourceNotSupported", .params = "spaceRid|resourceRid" },
	[ERR_PROTECTED] = { .code = "PermanentlyDeleteResourcePermissionDenied", .params = "resourceRid" },      /* nothing else here changes it */
	[ERR_PATH] = { .code = "InvalidPath", .params = "path" },
	[ERR_ROLE_GRANTS] = { .code = "InvalidRoleIds", .params = "requestedRoleIds" },
	[ERR_PATH_NOT_FOUND] = { .code = "PathNotFound", .params = "path" },
	[ERR_RESOURCE_NOT_FOUND] = { .code = "ResourceNotFound", .text = "The given Resource could not be found.", .params = "resourceRid" },
	[ERR_NOT_DIRECTLY_TRASHED] = { .code = "ResourceNotDirectlyTrashed", STATE, .params = "resourceRid" },
	[ERR_NOT_TRASHED] = { .code = "ResourceNotTrashed", STATE, .params = "resourceRid" },
	[ERR_SPACE_TRASH] = { .code = "TrashingSpaceNotSupported", .params = "resourceRid" },
	[ERR_FOLDER_CIRCLE] = { .code = "CircularDependency" },
	[ERR_FOLDER_PARENT] = { .code = "InvalidParentFolder", .params = "parentFolderRid" },
	[ERR_USER_NOT_FOUND] = { .code = "UserNotFound", .text = "The given User could not be found.", .params = "userId" },
	[ERR_REFERENCE] = { .code = "PrincipalNotFound", .status = 404, .group = "NOT_FOUND", .params = "principalId",
		.text = "A principal (User or Group) with the given PrincipalId could not be found" },
	[ERR_FOLDER_NOT_EMPTY] = IN_USE,
	[ERR_FOLDER_FULL] = IN_USE,
	[ERR_FOLDER_TRASHED] = IN_USE,
	[ERR_NO_OWNER] = IN_USE,
	[ERR_FOLDER_HOME] = IN_USE,
	[ERR_MODEL_TRAINING] = IN_USE,
	[ERR_DEPLOYED] = IN_USE,
	[ERR_QUOTA] = { .code = "QuotaExceeded" },
};

#define ERROR_SAY_AT(field) AT(struct error_say, field)
static const struct shape error_out[] = {
	{ "errorCode", T_STR, ERROR_SAY_AT(group) },
	{ "errorName", T_STR, ERROR_SAY_AT(code) },
	{ "errorDescription", T_STR, ERROR_SAY_AT(text) },
	{ "errorInstanceId", T_STR, ERROR_SAY_AT(instance_id), .help = "a UUID" },
	{ "parameters", T_OBJECT, ERROR_SAY_AT(parameters) },
	NAMED("FoundryError")
};

#define FAULT_ROWS(type, at) { "field", T_STR, AT(type, at field) }, { "reason", T_STR, AT(type, at reason) }
static const struct shape fault_out[] = { FAULT_ROWS(struct why_item, ), NAMED("FoundryFault") };
static const struct shape faults_out[] = {
	FAULT_ROWS(struct faults, first.),
	{ "errors", T_LIST, AT(struct faults, several), .sub = fault_out, .flags = F_OMIT },
	NAMED("FoundryFaults")
};

/* What a name stands for: what was told, a part of the path, a member of the body, a parameter of the query. */
static struct json *named(struct req *r, const char *name)
{
	struct json *v;
	size_t i = 0;

	if (r->tx.why.told && js_get(r->tx.why.told, name, &v))
		return v;
	for (const char *p = r->row ? strchr(r->row->path, '{') : NULL; p; p = strchr(p + 1, '{'), i++)
		if (strlen(name) == strcspn(p + 1, "}") && !strncmp(p + 1, name, strlen(name)))
			return js_string(r->arena, r->vars[i]);
	for (const struct shape *s = r->sent ? r->row->in : NULL; s && s->key; s++)
		if (!strcmp(s->key, name) && js_get(r->sent, name, &v))
			return v;
	for (const struct shape *s = r->query ? r->row->query : NULL; s && s->key; s++)
		if (!strcmp(s->key, name))
			return js_raw(r->arena, shape_value(r->arena, s, r->query, r->dialect->time));
	return NULL;
}

/* `a|b`: a, which some routes take by the name b. */
static void put_parameter(struct req *r, struct json *o, char *names)
{
	struct json *v = NULL;
	char *rest = names;

	for (char *name; !v && (name = strsep(&rest, "|")); )
		v = named(r, name);
	if (v)
		js_put(o, names, v);
}

/* For clients that repeat a 503 by themselves, of an answer that leaves the outcome open. */
#define RETRY_HINT "QoS-Retry-Hint"
#define NO_RETRY "do-not-retry"

static void say(struct req *r, struct error_say *s)
{
	struct json *parameters = js_object(r->arena);

	s->instance_id = random_uuid(r->arena);
	if (s->err == ERR_OUTCOME_UNKNOWN)
		res_header(r, RETRY_HINT, NO_RETRY);
	if (s->err == ERR_SCOPE_DENIED && r->row)
		tell_text(&r->tx, "missingScope", ask_scope(route_ask(r->row)));
	if (s->err == ERR_CONDA || s->err == ERR_MODEL_API) {
		tell_text(&r->tx, "errorType", s->detail->code);
		tell_text(&r->tx, s->err == ERR_CONDA ? "errorMessage" : "message", arena_printf(r->arena, "%s %s", s->detail->field, s->detail->reason));
	}
	if (s->err == ERR_SPACE_RESOURCE)
		tell_text(&r->tx, "spaceRid", id_spell(r->arena, RID_SPACE, &r->who.organization));
	if (s->err == ERR_AGENT_DENIED)
		js_put_str(r->arena, parameters, "reason", err_row(s->err)->text);
	if (err_row(s->err)->class == CLASS_CONFLICT)
		tell_text(&r->tx, "reason", err_row(s->err)->text);
	/* What has a name of its own has its own sentence and parameters. */
	if (s->detail && !strcmp(s->code, codes[err_row(s->err)->class])) {
		s->text = arena_printf(r->arena, "`%s` %s", s->detail->field, s->detail->reason);
		parameters = shape_object(r->arena, faults_out, s->faults, r->dialect->time);
	}
	for (const char *p = s->params ? s->params : ""; *p; p += strcspn(p, " "), p += strspn(p, " "))
		put_parameter(r, parameters, arena_strndup(r->arena, p, strcspn(p, " ")));
	s->parameters = js_text(parameters, NULL);
}

/* Preview, then the token's scope, then the identifiers of the path: before anything is
 * looked for. */
static enum err check(struct req *r)
{
	bool preview = !(r->row->flags & R_PREVIEW);
	const char *fault;
	size_t i = 0;
	enum err e;

	for (size_t k = 0; k < r->nparams; k++)
		preview = preview || (!strcmp(r->params[k].name, "preview") && !strcasecmp(r->params[k].value, "true"));
	if (!preview)
		return ERR_PREVIEW;
	if ((e = who_scoped(&r->who, route_ask(r->row))))
		return e;
	for (const char *p = strchr(r->row->path, '{'); p; p = strchr(p + 1, '{'), i++)
		if (!strncmp(strchr(p, '}') - 3, "Rid", 3) && (fault = rid_fault(r->arena, r->vars[i]))) {
			why_add(&r->tx, arena_strndup(r->arena, p + 1, strcspn(p + 1, "}")), fault);
			return ERR_RID;
		}
	return OK;
}

static const struct route *const tables[] = { routes, filesystem_routes, batch_routes, role_routes, user_routes, NULL };
/* Every namespace of the platform: what it has and this server does not is nothing in its words. */
#define SPACE(name) "/api/v2/" name
static const char *const prefixes[] = { BASE, SPACE("filesystem"), SPACE("admin"), SPACE("aipAgents"), SPACE("audit"), SPACE("checkpoints"),
	SPACE("connectivity"), SPACE("datasets"), SPACE("dataHealth"), SPACE("functions"), SPACE("geo"), SPACE("highScale"), SPACE("languageModels"),
	SPACE("mediasets"), SPACE("ontologies"), SPACE("orchestration"), SPACE("sqlQueries"), SPACE("streams"),
	SPACE("thirdPartyApplications"), SPACE("widgets"), NULL };
static const char *const absent[] = { BASE "/liveDeployments", BASE "/modelStudios", BASE "/modelStudioTrainers",
	SPACE("filesystem/projects/createFromTemplate"), SPACE("filesystem/resources/getRecentlyViewed"), SPACE("admin/users/search"), NULL };
static const struct nginx_header nginx[] = { { RETRY_HINT, "retry_hint", NO_RETRY, true }, { 0 } };
const struct dialect api_foundry = { .name = "foundry", .title = "Foundry models",
	.about = "The same models in folders, addressed by resource identifiers, for clients of Palantir Foundry.",
	.guest = true, .prefixes = prefixes, .tables = tables, .absent = absent, .codes = codes, .groups = groups,
	.errors = errors, .error_out = error_out, .error_type = "application/json", .time = TIME_MILLIS, .cors = true,
	.nginx = nginx, .check = check, .say = say };
