/* api_models.c: the models dialect: models with archive and unarchive, training
 * runs, versions, audit logs, login and refresh.  Its tables say what goes in and
 * out, its handlers hand the rest to the domain.  Aliases and stages: api_models_aliases.c. */
#include "models.h"
#include <string.h>
#include "conf.h"
#include "dialects.h"
#include "dom_org.h"
#include "str.h"

static const char *const model_types[] = { "auto", "custom", NULL };
static const char *const task_types[] = { "classification", "regression", "clustering", NULL };

/* ---- Model ---- */

/* A version counts from 1 even before any. */
static const void *newest(struct arena *a, const void *object)
{
	static const int64_t first = 1;
	const struct model *m = object;

	(void)a;
	return m->last_version ? &m->last_version : &first;
}

static const void *active(struct arena *a, const void *object)
{
	const struct model *m = object;

	(void)a;
	return m->active_version ? &m->active_version : NULL;
}

/* A retired model reads `archived` here. */
static const struct alias model_words[] = { { STATE_MODEL_RETIRED, "archived" }, { STATE_NONE, NULL } };
#define MODEL_AT(field) AT(struct model, field)
static const struct shape model_out[] = {
	{ "id", T_ID, MODEL_AT(life.id), .prefix = "mdl-" },
	{ "name", T_STR, MODEL_AT(name) },
	{ "description", T_STR, MODEL_AT(description), .flags = F_NULL },
	{ "status", T_STATE, MODEL_AT(life.state), .of = RES_MODEL, .alias = model_words },
	{ "organization_id", T_ID, MODEL_AT(life.organization), .prefix = "org-" },
	{ "model_type", T_STR, MODEL_AT(model_type), .flags = F_NULL, .words = model_types },
	{ "task_type", T_STR, MODEL_AT(task_type), .flags = F_NULL, .words = task_types },
	{ "version", T_INT, .make = newest, .help = "the highest version number; 1 while there are no versions" },
	{ "active_version", T_INT, .make = active, .flags = F_NULL, .help = "number of the version that the active configuration comes from; null while there is none" },
	{ "dataset_id", T_STR, MODEL_AT(dataset_id), .flags = F_NULL },
	{ "tags", T_STRINGS, MODEL_AT(tags), .empty = "[]" },
	{ "config", T_OBJECT, MODEL_AT(config), .empty = "{}" },
	{ "metadata", T_OBJECT, MODEL_AT(metadata), .empty = "{}" },
	{ "created_by", T_ID, MODEL_AT(life.whose), .prefix = "usr-" },
	{ "created_at", T_TIME, MODEL_AT(life.created) },
	{ "updated_at", T_TIME, MODEL_AT(life.changed) },
	{ "archived_at", T_TIME, MODEL_AT(archived_at), .flags = F_NULL },
	{ "unarchived_at", T_TIME, MODEL_AT(unarchived_at), .flags = F_NULL },
	{ "rid", T_ID, MODEL_AT(life.id), .prefix = RID_MODEL, .help = "the identifier of this model in the foundry API" },
	NAMED("Model")
};

static const struct shape config_in[] = {
	{ "target_column", T_STR, .min = 1, .max = 1024, .flags = F_NULL },
	{ "feature_columns", T_STRINGS, .max = 10000, .flags = F_NULL },
	{ "algorithm", T_STR, .min = 1, .max = 255, .flags = F_NULL },
	NAMED("ModelConfig")
};

static const struct shape create_in[] = {
	{ "name", T_STR, MODEL_AT(name), .min = 1, .max = 1024, .flags = F_REQUIRED | F_TRIMMED,
	  .help = "unique in the organization until the model is retired" },
	{ "description", T_STR, MODEL_AT(description), .max = 2048, .flags = F_NULL },
	{ "model_type", T_STR, MODEL_AT(model_type), .words = model_types, .flags = F_REQUIRED },
	{ "task_type", T_STR, MODEL_AT(task_type), .words = task_types, .flags = F_REQUIRED },
	{ "dataset_id", T_STR, MODEL_AT(dataset_id), .min = 1, .max = 128, .flags = F_NULL | F_TRIMMED },
	{ "tags", T_STRINGS, MODEL_AT(tags), .max = 100, .flags = F_NULL },
	{ "config", T_OBJECT, MODEL_AT(config), .sub = config_in, .flags = F_NULL },
	{ "metadata", T_OBJECT, MODEL_AT(metadata), .flags = F_NULL },
	NAMED("ModelCreate")
};

struct models_query { struct page_asked page; enum state status; const char *search, *task_type; };
#define MODELS_QUERY_AT(field) AT(struct models_query, field)
static const struct shape models_query[] = {
	PAGE_ROWS(100),
	{ "status", T_STATE, MODELS_QUERY_AT(status), .filter = 1 + MODELS_STATUS, .of = RES_MODEL, .alias = model_words, .help = "all but archived ones by default" },
	{ "search", T_STR, MODELS_QUERY_AT(search), .filter = 1 + MODELS_SEARCH, .min = 1, .max = 255, .help = "matches a part of the first 700 characters of the name; case is ignored" },
	{ "task_type", T_STR, MODELS_QUERY_AT(task_type), .filter = 1 + MODELS_TASK_TYPE, .words = task_types },
	{ 0 }
};
static const struct shape list_out[] = PAGE_OUT(model_out);

static const struct paging twenty = { .first = 1, .size = 20, .total = true, .asked = pages_by_number, .got = pages_numbered };

#define MODEL_EDIT_SET(field) SET(struct model_edit, field)
#define STAYS(key) { key, T_DOC, .flags = F_UNKEPT, .help = "cannot be changed after the model is created" }
static const struct shape edit_in[] = {
	{ "name", T_STR, MODEL_EDIT_SET(name), .min = 1, .max = 1024, .flags = F_TRIMMED | F_ONE },
	{ "description", T_STR, MODEL_EDIT_SET(description), .max = 2048, .flags = F_NULL | F_ONE },
	{ "tags", T_STRINGS, MODEL_EDIT_SET(tags), .max = 100, .flags = F_NULL | F_ONE },
	{ "config", T_OBJECT, MODEL_EDIT_SET(config), .sub = config_in, .flags = F_NULL | F_ONE },
	{ "metadata", T_OBJECT, MODEL_EDIT_SET(metadata), .flags = F_NULL | F_ONE },
	{ "dataset_id", T_STR, MODEL_EDIT_SET(dataset_id), .min = 1, .max = 128, .flags = F_NULL | F_ONE | F_TRIMMED, .help = "null: none" },
	STAYS("model_type"),
	STAYS("task_type"),
	NAMED("ModelEdit")
};

/* ---- Training ---- */

static const struct alias run_words[] = { { STATE_RUN_RUNNING, "training" }, { STATE_NONE, NULL } };
#define RUN_AT(field) AT(struct run, field)
#define RUN_STATUS { "status", T_STATE, RUN_AT(life.state), .of = RES_RUN, .alias = run_words }
static const struct shape started_out[] = {
	{ "model_id", T_ID, RUN_AT(model), .prefix = "mdl-" },
	{ "job_id", T_ID, RUN_AT(life.id), .prefix = "" },
	RUN_STATUS,
	NAMED("TrainingRunStarted")
};
static const struct shape run_out[] = {
	{ "model_id", T_ID, RUN_AT(model), .prefix = "mdl-" },
	{ "job_id", T_ID, RUN_AT(life.id), .prefix = "" },
	RUN_STATUS,
	{ "algorithm", T_STR, RUN_AT(algorithm), .flags = F_NULL },
	{ "hyperparameters", T_OBJECT, RUN_AT(hyperparameters), .empty = "{}" },
	{ "metrics", T_OBJECT, RUN_AT(metrics), .empty = "{}" },
	{ "features", T_STRINGS, RUN_AT(features), .empty = "[]" },
	{ "target", T_STR, RUN_AT(target), .flags = F_NULL },
	{ "artifacts", T_OBJECT, RUN_AT(artifacts), .empty = "{}" },
	{ "logs", T_STRINGS, RUN_AT(logs), .empty = "[]" },
	{ "reason", T_STR, RUN_AT(reason), .flags = F_NULL },
	{ "started_by", T_ID, RUN_AT(life.whose), .prefix = "usr-" },
	{ "started_at", T_TIME, RUN_AT(life.created) },
	{ "ended_at", T_TIME, RUN_AT(ended_at), .flags = F_NULL },
	NAMED("TrainingRun")
};

static const struct shape run_brief_out[] = {
	{ "model_id", T_ID, RUN_AT(model), .prefix = "mdl-" },
	{ "job_id", T_ID, RUN_AT(life.id), .prefix = "", .help = "GET .../train/{job_id} returns the rest" },
	RUN_STATUS,
	{ "algorithm", T_STR, RUN_AT(algorithm), .flags = F_NULL },
	{ "reason", T_STR, RUN_AT(reason), .flags = F_NULL },
	{ "started_by", T_ID, RUN_AT(life.whose), .prefix = "usr-" },
	{ "started_at", T_TIME, RUN_AT(life.created) },
	{ "ended_at", T_TIME, RUN_AT(ended_at), .flags = F_NULL },
	NAMED("TrainingRunBrief")
};
static const struct shape runs_out[] = PAGE_OUT(run_brief_out);
static const struct shape runs_query[] = { PAGE_ROWS(100), { 0 } };

#define RUN_ROWS \
	{ "algorithm", T_STR, RUN_AT(algorithm), .min = 1, .max = 255, .flags = F_NULL }, \
	{ "hyperparameters", T_OBJECT, RUN_AT(hyperparameters), .flags = F_NULL }
static const struct shape train_in[] = { RUN_ROWS, NAMED("TrainingRunStart") };
static const struct shape artifacts_in[] = {
	{ "model_file", T_STR, .max = 2048, .flags = F_NULL },
	{ "onnx_file", T_STR, .max = 2048, .flags = F_NULL },
	NAMED("TrainingArtifacts")
};
static const struct shape complete_in[] = {
	RUN_ROWS,
	{ "metrics", T_OBJECT, RUN_AT(metrics), .flags = F_NULL },
	{ "features", T_STRINGS, RUN_AT(features), .max = 10000, .flags = F_NULL | F_LOG },
	{ "target", T_STR, RUN_AT(target), .min = 1, .max = 1024, .flags = F_NULL },
	{ "artifacts", T_OBJECT, RUN_AT(artifacts), .sub = artifacts_in, .flags = F_NULL },
	{ "logs", T_STRINGS, RUN_AT(logs), .max = 10000, .flags = F_NULL | F_LOG },
	NAMED("TrainingRunComplete")
};
static const struct shape fail_in[] = {
	{ "reason", T_STR, RUN_AT(reason), .min = 1, .max = 2048, .flags = F_REQUIRED },
	NAMED("TrainingRunFail")
};

/* ---- Versions ---- */

static const void *version_id(struct arena *a, const void *object)
{
	const struct version *v = object;

	return version_spell(a, v->number);
}

static const void *with_file(struct arena *a, const void *object)
{
	const struct version *v = object;

	(void)a;
	return v->artifact.p ? v : NULL;
}

static const void *checksum(struct arena *a, const void *object)
{
	const struct version *v = object;
	char *hex = arena_alloc(a, 2 * v->artifact.n + 1);

	hex_encode(v->artifact.p, v->artifact.n, hex);
	return hex;
}

#define VERSION_AT(field) AT(struct version, field)
static const struct shape artifacts_out[] = {
	{ "model_file", T_STR, VERSION_AT(artifacts), .flags = F_NULL | F_MEMBER },
	{ "onnx_file", T_STR, VERSION_AT(artifacts), .flags = F_NULL | F_MEMBER },
	NAMED("ModelVersionArtifacts")
};
static const struct shape file_out[] = {
	{ "size", T_INT, VERSION_AT(artifact_size), .help = "bytes" },
	{ "sha256", T_STR, .make = checksum },
	NAMED("ModelVersionFile")
};
static const struct shape version_out[] = {
	{ "version_id", T_STR, .make = version_id, .help = "`ver-` followed by the number, with at least three digits" },
	{ "model_id", T_ID, VERSION_AT(model), .prefix = "mdl-" },
	{ "version_number", T_INT, VERSION_AT(number) },
	{ "is_promoted", T_BOOL, VERSION_AT(active), .help = "true: the active configuration comes from this version" },
	{ "status", T_STATE, VERSION_AT(life.state), .of = RES_VERSION, .flags = F_OPEN },
	{ "algorithm", T_STR, VERSION_AT(algorithm), .flags = F_NULL },
	{ "hyperparameters", T_OBJECT, VERSION_AT(hyperparameters), .empty = "{}" },
	{ "metrics", T_OBJECT, VERSION_AT(metrics), .empty = "{}" },
	{ "artifacts", T_SUB, .off = 0, .sub = artifacts_out },
	{ "trained_at", T_TIME, VERSION_AT(trained_at), .flags = F_NULL },
	{ "trained_by", T_ID, VERSION_AT(trained_by), .prefix = "usr-", .flags = F_NULL },
	{ "training_duration_seconds", T_INT, VERSION_AT(training_seconds), .flags = F_NULL },
	{ "job_id", T_ID, VERSION_AT(run), .prefix = "", .flags = F_NULL, .help = "the training run that it comes from; of a promoted version one of the model it was promoted from" },
	{ "branch", T_STR, VERSION_AT(branch) },
	{ "source", T_STR, VERSION_AT(source), .flags = F_NULL, .help = "`sdk`: uploaded; `promoted`: from another version; null: from a training run" },
	{ "artifact", T_REF, .make = with_file, .sub = file_out, .flags = F_NULL, .help = "the uploaded file; download it with GET .../artifact" },
	{ "created_at", T_TIME, VERSION_AT(life.created) },
	{ "rid", T_ID, VERSION_AT(life.id), .prefix = RID_VERSION, .help = "the identifier of this version in the foundry API" },
	NAMED("ModelVersion")
};
static const struct shape versions_out[] = PAGE_OUT(version_out);
static const struct shape versions_query[] = { PAGE_ROWS(100), { 0 } };

static enum err get_artifact(struct req *r)
{
	struct db_val key[2];
	const char *bytes;
	struct version v;
	enum err e = route_key(r, key);

	if (e || (e = version_file(&r->tx, key, &v, &bytes)))
		return e;
	res_header(r, "Content-Disposition", arena_printf(r->arena, "attachment; filename=\"%s-%s.dill\"", r->vars[0], r->vars[1]));
	return res_file(r, "application/octet-stream", &(struct bytes){ (const unsigned char *)bytes, (size_t)v.artifact_size }, &v.artifact);
}

/* ---- Upload ---- */

enum { FILE_NAME_MOST = 255 };
struct upload { struct version v; const char *file; };
#define UPLOAD_AT(field) AT(struct upload, field)
static const struct shape upload_in[] = {
	{ "file", T_STR, UPLOAD_AT(file), .min = 1, .help = "required: of a form (multipart/form-data) a part with a file name; in JSON its base64" },
	{ "algorithm", T_STR, UPLOAD_AT(v.algorithm), .min = 1, .max = 255, .flags = F_NULL },
	{ "hyperparameters", T_OBJECT, UPLOAD_AT(v.hyperparameters), .flags = F_NULL, .help = "in a form: as JSON text" },
	{ "metrics", T_OBJECT, UPLOAD_AT(v.metrics), .flags = F_NULL, .help = "in a form: as JSON text" },
	{ "branch", T_STR, UPLOAD_AT(v.branch), .min = 1, .max = 255, .flags = F_NULL | F_TRIMMED, .help = "`" BRANCH_MASTER "` by default" },
	NAMED("ModelVersionUpload")
};

/* The one file of a form, and its name as an artifact; of JSON what its base64 says. */
static enum err file_of(struct req *r, struct upload *in, struct bytes *out)
{
	struct json *artifacts = js_object(r->arena);
	const struct part *file = NULL;
	unsigned char *bytes;
	size_t n;
	long length;

	for (size_t i = 0; i < r->nparts; i++) {
		if (!r->parts[i].filename || strcmp(r->parts[i].name, "file") != 0)
			continue;
		if (file)
			return why_fault(&r->tx, "file", "is given twice");
		file = &r->parts[i];
	}
	if (file && in->file)
		return why_fault(&r->tx, "file", "is given twice");
	if (file) {
		*out = (struct bytes){ (const unsigned char *)file->bytes, file->n };
		if (*file->filename) {
			js_put_str(r->arena, artifacts, "model_file", utf8_cut(r->arena, file->filename, FILE_NAME_MOST));
			in->v.artifacts = js_text(artifacts, NULL);
		}
		return file->n ? OK : why_fault(&r->tx, "file", "must not be empty");
	}
	if (!in->file)
		return why_fault(&r->tx, "file", "is required: send a form (multipart/form-data) with the file, or its base64 in JSON");
	n = strlen(in->file);
	bytes = arena_alloc(r->arena, n / 4 * 3 + 1);
	length = b64_decode(in->file, n, bytes);
	*out = (struct bytes){ bytes, length > 0 ? (size_t)length : 0 };
	return length > 0 ? OK : why_fault(&r->tx, "file", "must be base64 with its padding, without line breaks");
}

static enum err upload(struct req *r)
{
	struct upload in = *(const struct upload *)r->in;
	struct id model = req_id(r, 0, "mdl-");
	struct bytes file = { NULL, 0 };
	struct version v;
	enum err e = file_of(r, &in, &file);

	if (e)
		return e;
	if (r->body_n - (in.file ? strlen(in.file) : file.n) > (size_t)conf.body_limit)
		return req_too_large(r);
	if ((e = version_upload(&r->tx, &model, &in.v, file.p, file.n, &v)))
		return e == ERR_TOO_LARGE ? req_too_large(r) : e;
	res_shape(r, 201, version_out, &v, v.life.revision);
	res_header(r, "Location", arena_printf(r->arena, "%s%s/%s", conf.base_path, r->path, version_spell(r->arena, v.number)));
	return OK;
}

/* When its model changed. */
static const void *restored_at(struct arena *a, const void *object)
{
	const struct version *v = object;
	const struct life *model = v->life.parent;

	(void)a;
	return &model->changed;
}

static const struct shape active_config_out[] = {
	{ "algorithm", T_STR, VERSION_AT(algorithm), .flags = F_NULL },
	{ "hyperparameters", T_OBJECT, VERSION_AT(hyperparameters), .empty = "{}" },
	NAMED("ActiveConfig")
};
static const struct shape restored_out[] = {
	{ "model_id", T_ID, VERSION_AT(model), .prefix = "mdl-" },
	{ "restored_from_version", T_STR, .make = version_id },
	{ "active_config", T_SUB, .off = 0, .sub = active_config_out },
	{ "restored_at", T_TIME, .make = restored_at },
	NAMED("ModelVersionRestored")
};

/* ---- Audit logs ---- */

static const char *const actions[] = { "model.created", "model.updated", "model.deleted", "model.archived",
	"model.unarchived", "model.duplicated", "model.training_started", "model.training_completed",
	"model.training_failed", "model.version_promoted", "model.version_restored", "model.dataset_linked",
	"model.dataset_unlinked", "model.config_updated", "model.settings_updated", "model.collaborator_added",
	"model.collaborator_removed", "model.version_created", "model.alias_set", "model.alias_deleted",
	"model.version_staged", "model.version_archived", "model.alias_rolled_back", "model.stage_rolled_back", NULL };
static const char *const orders[] = { "asc", "desc", NULL };
struct audit_query { struct page_asked page; struct id actor; int64_t from, to; bool from_set, to_set; const char *action, *sort_order; };
#define AUDIT_EVENT_AT(field) AT(struct audit_event, field)
#define AUDIT_QUERY_AT(field) AT(struct audit_query, field)
static const struct shape audit_query[] = {
	PAGE_ROWS(200),
	{ "from", T_TIME, SET(struct audit_query, from), .help = "90 days ago by default" },
	{ "to", T_TIME, SET(struct audit_query, to), .help = "no end by default" },
	{ "action", T_STR, AUDIT_QUERY_AT(action), .filter = 1 + AUDIT_ACTION, .words = actions },
	{ "actor_id", T_ID, AUDIT_QUERY_AT(actor), .filter = 1 + AUDIT_ACTOR, .prefix = "usr-" },
	{ "sort_order", T_STR, AUDIT_QUERY_AT(sort_order), .words = orders, .help = "`desc` by default" },
	{ 0 }
};
static const struct shape actor_out[] = ACTOR_OUT;
static const struct shape event_out[] = {
	{ "id", T_ID, AUDIT_EVENT_AT(id), .prefix = "aud-" },
	{ "action", T_STR, AUDIT_EVENT_AT(action) },
	{ "actor", T_SUB, AUDIT_EVENT_AT(actor), .sub = actor_out },
	{ "timestamp", T_TIME, AUDIT_EVENT_AT(at) },
	{ "from_status", T_STR, AUDIT_EVENT_AT(from), .flags = F_NULL },
	{ "to_status", T_STR, AUDIT_EVENT_AT(to) },
	{ "ip_address", T_STR, AUDIT_EVENT_AT(address) },
	{ "user_agent", T_STR, AUDIT_EVENT_AT(user_agent) },
	{ "request_id", T_STR, AUDIT_EVENT_AT(request_id) },
	{ "details", T_OBJECT, AUDIT_EVENT_AT(details), .empty = "{}" },
	NAMED("AuditLog")
};
static const struct shape audit_out[] = PAGE_OUT(event_out);

/* Of what times there were none; and times are shown to the second: all of it. */
static enum err audit_asked(struct req *r, const struct page_asked *page, struct list_ask *ask)
{
	const struct audit_query *q = r->query;
	int64_t from = q->from_set ? q->from : r->tx.now - 90 * 86400 * SECOND, to = q->to_set ? q->to : CLOCK_LAST;

	if (to % SECOND == 0)
		to += SECOND - 1;
	if (q->from_set && q->to_set && from > to) {
		why_add(&r->tx, "from", "must not be after `to`");
		return ERR_SHAPE;
	}
	list_where(ask, AUDIT_FROM, DB_IN(db_t(from)));
	list_where(ask, AUDIT_TO, DB_IN(db_t(to)));
	ask->flip = q->sort_order && !strcmp(q->sort_order, "asc");
	return pages_by_number(r, page, ask);
}

static const struct paging by_time = { .first = 1, .size = 50, .total = true, .asked = audit_asked, .got = pages_numbered };

/* ---- Login ---- */

struct login { const char *username, *password, *refresh_token; };
#define LOGIN_AT(field) AT(struct login, field)
static const struct shape login_in[] = {
	{ "username", T_STR, LOGIN_AT(username), .min = 1, .max = 254, .flags = F_REQUIRED },
	{ "password", T_STR, LOGIN_AT(password), .min = 1, .max = 512, .flags = F_REQUIRED },
	NAMED("Login")
};
static const struct shape refresh_in[] = {
	{ "refresh_token", T_STR, LOGIN_AT(refresh_token), .min = 1, .max = 512, .flags = F_REQUIRED },
	NAMED("Refresh")
};
struct login_view { const char *access_token, *token_type; int64_t expires_in; struct session s; };
#define LOGIN_VIEW_AT(field) AT(struct login_view, field)
static const struct shape user_out[] = {
	{ "id", T_ID, AT(struct user, id), .prefix = "usr-" },
	{ "username", T_STR, AT(struct user, username) },
	{ "email", T_STR, AT(struct user, email) },
	{ "role", T_STR, AT(struct user, role) },
	NAMED("User")
};
#define TOKEN_ROWS \
	{ "access_token", T_STR, LOGIN_VIEW_AT(access_token) }, \
	{ "token_type", T_STR, LOGIN_VIEW_AT(token_type) }, \
	{ "expires_in", T_INT, LOGIN_VIEW_AT(expires_in), .help = "seconds" }
static const struct shape login_out[] = {
	TOKEN_ROWS,
	{ "refresh_token", T_STR, LOGIN_VIEW_AT(s.refresh_token) },
	{ "user", T_SUB, LOGIN_VIEW_AT(s.user), .sub = user_out },
	NAMED("LoginTokens")
};
static const struct shape refresh_out[] = { TOKEN_ROWS, NAMED("RefreshedToken") };

static enum err reply_tokens(struct req *r, const struct shape *s, const struct session *session)
{
	struct login_view v = { .token_type = "bearer", .expires_in = conf.access_ttl, .s = *session };

	if (!(v.access_token = auth_token(r, session, conf.access_ttl)))
		return ERR_INTERNAL;
	res_shape(r, 200, s, &v, 0);
	return OK;
}

static enum err login(struct req *r)
{
	const struct login *in = r->in;
	struct session s;
	enum err e = auth_login(r, SQL_LOGIN_BY_USERNAME, in->username, in->password, &s);

	return e ? e : reply_tokens(r, login_out, &s);
}

static enum err refresh(struct req *r)
{
	const struct login *in = r->in;
	struct session s;
	enum err e = session_find(&r->tx, in->refresh_token, NULL, &s);

	return e ? e : reply_tokens(r, refresh_out, &s);
}

/* ---- Tables ---- */

static const struct route routes[] = {
	{ "POST", "/api/auth/login", PERM_PUBLIC, R_WRITE | R_SECRET | R_OWN_TX, BODY(login_in, struct login), .status = 200,
	  .out = login_out, .run = login, .summary = "Sign in", .errors = "LOGIN_FAILED ORG_DISABLED LOGIN_RATE LOGIN_BUSY" },
	{ "POST", "/api/auth/refresh", PERM_PUBLIC, R_SECRET, BODY(refresh_in, struct login), .status = 200,
	  .out = refresh_out, .run = refresh, .summary = "Refresh an access token", .errors = "REFRESH_INVALID" },
	{ "POST", BASE, PERM_MODEL_WRITE, R_WRITE, BODY(create_in, struct model), .status = 201, .out = model_out,
	  .object = RES_MODEL, .make = model_create, .summary = "Create a model", .errors = "MODEL_NAME_TAKEN QUOTA" },
	{ "GET", BASE, PERM_MODEL_READ, R_PUBLISHABLE, QUERY(models_query, struct models_query), .status = 200, .out = list_out,
	  .listing = &models_list, .paging = &twenty, .summary = "List models, newest first", .errors = "PAGE_BYTES" },
	{ "GET", ONE, PERM_MODEL_READ, R_PUBLISHABLE, .status = 200, .out = model_out, .object = RES_MODEL, .summary = "Get a model",
	  .errors = NOT_FOUND },
	{ "PATCH", ONE, PERM_MODEL_WRITE, R_WRITE, BODY(edit_in, struct model_edit), .status = 200, .out = model_out,
	  .object = RES_MODEL, .change = model_edit, .moves = { LIFE_MODEL_EDIT }, .summary = "Update a model", .errors = NOT_FOUND " MODEL_NAME_TAKEN" FIXED },
	{ "POST", ONE "/archive", PERM_MODEL_WRITE, R_WRITE, .status = 200, .out = model_out, .object = RES_MODEL,
	  .moves = { LIFE_MODEL_ARCHIVE }, .summary = "Archive a model", .errors = NOT_FOUND " MODEL_TRAINING DEPLOYED" FIXED },
	{ "POST", ONE "/unarchive", PERM_MODEL_WRITE, R_WRITE, .status = 200, .out = model_out, .object = RES_MODEL,
	  .change = model_unarchive, .moves = { LIFE_MODEL_UNARCHIVE }, .summary = "Restore an archived model to ready or draft",
	  .errors = NOT_FOUND " MODEL_NOT_ARCHIVED MODEL_RETIRED FOLDER_TRASHED" },
	{ "POST", ONE "/train", PERM_MODEL_WRITE, R_WRITE | R_NO_BODY_NEEDED, BODY(train_in, struct run), .status = 202,
	  .out = started_out, .object = RES_RUN, .change = run_start, .moves = { LIFE_MODEL_TRAIN }, .summary = "Start a training run",
	  .errors = NOT_FOUND " MODEL_TRAINING" FIXED " QUOTA" },
	{ "GET", ONE "/train", PERM_MODEL_READ, 0, QUERY(runs_query, struct page_asked), .status = 200, .out = runs_out,
	  .object = RES_MODEL, .listing = &runs_list, .paging = &twenty, .summary = "List training runs, newest first", .errors = NOT_FOUND },
	{ "GET", ONE "/train/{job_id}", PERM_MODEL_READ, 0, .status = 200, .out = run_out, .object = RES_RUN,
	  .summary = "Get a training run", .errors = NOT_FOUND " RUN_NOT_FOUND" },
	{ "POST", ONE "/train/{job_id}/complete", PERM_MODEL_WRITE, R_WRITE | R_NO_BODY_NEEDED,
	  BODY(complete_in, struct run), .status = 200, .out = run_out, .object = RES_RUN, .change = run_complete,
	  .summary = "Complete a training run; this creates a version", .errors = NOT_FOUND " RUN_NOT_FOUND RUN_FINISHED QUOTA" },
	{ "POST", ONE "/train/{job_id}/fail", PERM_MODEL_WRITE, R_WRITE, BODY(fail_in, struct run), .status = 200,
	  .out = run_out, .object = RES_RUN, .change = run_fail, .summary = "Mark a training run as failed", .errors = NOT_FOUND " RUN_NOT_FOUND RUN_FINISHED" },
	{ "GET", ONE "/versions", PERM_MODEL_READ, 0, QUERY(versions_query, struct page_asked), .status = 200,
	  .out = versions_out, .object = RES_MODEL, .listing = &versions_list, .paging = &twenty, .read = version_page,
	  .summary = "List versions, newest first", .errors = NOT_FOUND " PAGE_BYTES" },
	{ "POST", ONE "/versions", PERM_MODEL_WRITE, R_WRITE | R_FILE | R_PARTS, BODY(upload_in, struct upload), .status = 201, .out = version_out,
	  .run = upload, .moves = { LIFE_MODEL_UPLOAD }, .summary = "Upload a file as the newest version of a branch", .errors = NOT_FOUND FIXED " QUOTA" },
	{ "GET", ONE "/versions/{version_id}", PERM_MODEL_READ, 0, .status = 200, .out = version_out, .object = RES_VERSION,
	  .number = version_number, .get = version_get, .summary = "Get a version", .errors = NOT_FOUND " VERSION_NOT_FOUND" },
	{ "GET", ONE "/versions/{version_id}/artifact", PERM_MODEL_READ, 0, .status = 200, .object = RES_VERSION, .number = version_number, .run = get_artifact, .type = "application/octet-stream",
	  .summary = "Download the file of a version", .errors = NOT_FOUND " VERSION_NOT_FOUND ARTIFACT_NOT_FOUND ARTIFACT_BROKEN RANGE" },
	{ "POST", ONE "/versions/{version_id}/restore", PERM_MODEL_WRITE, R_WRITE | R_UNTAGGED, .status = 200, .out = restored_out,
	  .object = RES_VERSION, .number = version_number, .change = version_restore, .moves = { LIFE_MODEL_RESTORE_VERSION },
	  .summary = "Restore a version's configuration as the active one", .errors = NOT_FOUND " VERSION_NOT_FOUND PACKAGE_ARCHIVED" FIXED },
	{ "GET", ONE "/audit-logs", PERM_MODEL_READ, 0, QUERY(audit_query, struct audit_query), .status = 200,
	  .out = audit_out, .object = RES_MODEL, .listing = &audit_list, .paging = &by_time, .summary = "List changes of a model", .errors = NOT_FOUND " PAGE_BYTES" },
	{ 0 }
};

static const char *const codes[CLASS__MAX] = {
	[CLASS_MALFORMED] = "VALIDATION_ERROR",
	[CLASS_WHO] = "AUTH_INVALID",
	[CLASS_FORBIDDEN] = "PERMISSION_DENIED",
	[CLASS_NOT_FOUND] = "RESOURCE_NOT_FOUND",
	[CLASS_METHOD] = "METHOD_NOT_ALLOWED",
	[CLASS_CONFLICT] = "CONFLICT",
	[CLASS_PRECONDITION] = "PRECONDITION_FAILED",
	[CLASS_TOO_LARGE] = "PAYLOAD_TOO_LARGE",
	[CLASS_MEDIA_TYPE] = "UNSUPPORTED_MEDIA_TYPE",
	[CLASS_RATE] = "RATE_LIMIT_EXCEEDED",
	[CLASS_INTERNAL] = "INTERNAL_ERROR",
	[CLASS_UNAVAILABLE] = "SERVICE_UNAVAILABLE",
};
static const struct error_row errors[ERR__MAX] = {
	[ERR_AUTH_NONE] = { .code = "AUTH_REQUIRED" },
	[ERR_AUTH_EXPIRED] = { .code = "AUTH_EXPIRED" },
	[ERR_QUERY] = { .text = "The request has invalid fields" },
};

/* {"error":{code,message,details?,timestamp}}; details name the first field at fault, and
 * all of them where there are more. */
#define ERROR_SAY_AT(field) AT(struct error_say, field)
static const struct shape fault_out[] = {
	{ "field", T_STR, AT(struct why_item, field) },
	{ "reason", T_STR, AT(struct why_item, reason) },
	NAMED("Fault")
};
static const struct shape details_out[] = {
	{ "field", T_STR, AT(struct faults, first.field) },
	{ "reason", T_STR, AT(struct faults, first.reason) },
	{ "errors", T_LIST, AT(struct faults, several), .sub = fault_out, .flags = F_OMIT, .help = "all invalid fields, if there is more than one" },
	NAMED("ErrorDetails")
};
static const struct shape inner_error_out[] = {
	{ "code", T_STR, ERROR_SAY_AT(code) },
	{ "message", T_STR, ERROR_SAY_AT(text) },
	{ "details", T_REF, ERROR_SAY_AT(faults), .sub = details_out, .flags = F_OMIT },
	{ "timestamp", T_TIME, ERROR_SAY_AT(time) },
	NAMED("ErrorBody")
};
static const struct shape error_out[] = {
	{ "error", T_SUB, .off = 0, .sub = inner_error_out },
	NAMED("Error")
};

static const struct route *const tables[] = { routes, models_alias_routes, NULL };
static const char *const prefixes[] = { BASE, "/api/auth", NULL };
const struct dialect api_models = { .name = "models", .title = "Models",
	.about = "Models and their training runs, versions, aliases and stages: Thaw's own API, which the console uses.",
	.prefixes = prefixes, .tables = tables, .codes = codes, .errors = errors,
	.error_out = error_out, .error_type = "application/json", .time = TIME_SECONDS, .tells_state = true, .cors = true, .rate_headers = true };
