/* api_models.c: the models dialect: models with archive and unarchive, training
 * runs, versions, audit logs, login and refresh.  Its tables say what goes in and
 * out, its handlers hand the rest to the domain. */
#include "route.h"
#include <string.h>
#include <openssl/sha.h>
#include "conf.h"
#include "dom_model.h"
#include "dom_org.h"
#include "str.h"

static const char *const statuses[] = { "draft", "training", "ready", "archived", NULL };
static const char *const model_types[] = { "auto", "custom", NULL };
static const char *const task_types[] = { "classification", "regression", "clustering", NULL };

/* ---- Model ---- */

struct model_view { struct model m; const char *status; int64_t version; };
#define M(field) AT(struct model_view, field)
static const struct shape model_out[] = {
	{ "id", T_ID, M(m.life.id), .prefix = "mdl-" },
	{ "name", T_STR, M(m.name) },
	{ "description", T_STR, M(m.description), .flags = F_NULL },
	{ "status", T_STR, M(status), .words = statuses },
	{ "organization_id", T_ID, M(m.life.organization), .prefix = "org-" },
	{ "model_type", T_STR, M(m.model_type), .flags = F_NULL, .words = model_types },
	{ "task_type", T_STR, M(m.task_type), .flags = F_NULL, .words = task_types },
	{ "version", T_INT, M(version), .help = "the highest version number, 1 before any" },
	{ "dataset_id", T_STR, M(m.dataset_id), .flags = F_NULL },
	{ "tags", T_STRINGS, M(m.tags), .empty = "[]" },
	{ "config", T_OBJECT, M(m.config), .empty = "{}" },
	{ "metadata", T_OBJECT, M(m.metadata), .empty = "{}" },
	{ "created_by", T_ID, M(m.life.whose), .prefix = "usr-" },
	{ "created_at", T_TIME, M(m.life.created) },
	{ "updated_at", T_TIME, M(m.life.changed) },
	{ "archived_at", T_TIME, M(m.archived_at), .flags = F_NULL },
	{ "unarchived_at", T_TIME, M(m.unarchived_at), .flags = F_NULL },
	{ "rid", T_ID, M(m.life.id), .prefix = RID_MODEL, .help = "the same model in the foundry dialect" },
	{ 0 }
};

/* A retired model reads `archived` here; a version counts from 1 even before any. */
static struct model_view view(const struct model *m)
{
	return (struct model_view){ .m = *m,
		.status = life_word(m->life.state == STATE_MODEL_RETIRED ? STATE_MODEL_ARCHIVED : m->life.state),
		.version = m->last_version ? m->last_version : 1 };
}

static enum err reply_model(struct req *r, enum err e, int status, const struct model *m)
{
	struct model_view v;

	if (e)
		return e;
	v = view(m);
	res_shape(r, status, model_out, &v, m->life.revision);
	return OK;
}

static const struct shape config_in[] = {
	{ "target_column", T_STR, .min = 1, .max = 1024, .flags = F_NULL },
	{ "feature_columns", T_STRINGS, .max = 10000, .flags = F_NULL },
	{ "algorithm", T_STR, .min = 1, .max = 255, .flags = F_NULL },
	{ 0 }
};

#define C(field) AT(struct model, field)
static const struct shape create_in[] = {
	{ "name", T_STR, C(name), .min = 1, .max = 1024, .flags = F_REQUIRED | F_TRIMMED,
	  .help = "unique in the organization until the model is retired" },
	{ "description", T_STR, C(description), .max = 2048, .flags = F_NULL },
	{ "model_type", T_STR, C(model_type), .words = model_types, .flags = F_REQUIRED },
	{ "task_type", T_STR, C(task_type), .words = task_types, .flags = F_REQUIRED },
	{ "dataset_id", T_STR, C(dataset_id), .min = 1, .max = 128, .flags = F_NULL | F_TRIMMED },
	{ "tags", T_STRINGS, C(tags), .max = 100, .flags = F_NULL },
	{ "config", T_OBJECT, C(config), .sub = config_in, .flags = F_NULL },
	{ "metadata", T_OBJECT, C(metadata), .flags = F_NULL },
	{ 0 }
};

static enum err create(struct req *r)
{
	struct model *in = r->in, m;
	enum err e;

	in->life.global = true;
	if ((e = model_create(&r->tx, in, &m)))
		return e;
	(void)reply_model(r, OK, 201, &m);
	res_header(r, "Location", arena_printf(r->arena, "%s/api/v1/models/%s", conf.base_path,
		id_spell(r->arena, "mdl-", &m.life.id)));
	return OK;
}

struct page_query { int64_t page, page_size; };
struct list_query { struct page_query p; const char *status, *search, *task_type; };
struct page_view { struct list items; int64_t total, page, page_size; bool has_next; };
#define Q(field) AT(struct list_query, field)
#define PAGE_ROWS(most) \
	{ "page", T_INT, AT(struct page_query, page), .min = 1, .max = INT32_MAX, .help = "from 1, which is the default" }, \
	{ "page_size", T_INT, AT(struct page_query, page_size), .min = 1, .max = most }
static const struct shape list_query[] = {
	PAGE_ROWS(100),
	{ "status", T_STR, Q(status), .words = statuses, .help = "without it, all but the archived" },
	{ "search", T_STR, Q(search), .min = 1, .max = 255, .help = "a part of the first 700 characters of the name, in any case" },
	{ "task_type", T_STR, Q(task_type), .words = task_types },
	{ 0 }
};
#define PAGE_OUT(items_shape) { \
	{ "items", T_LIST, AT(struct page_view, items), .sub = items_shape }, \
	{ "total", T_INT, AT(struct page_view, total) }, \
	{ "page", T_INT, AT(struct page_view, page) }, \
	{ "page_size", T_INT, AT(struct page_view, page_size) }, \
	{ "has_next", T_BOOL, AT(struct page_view, has_next) }, \
	{ 0 } }
static const struct shape list_out[] = PAGE_OUT(model_out);

static struct page page_of(const struct page_query *q, int64_t size)
{
	return (struct page){ q->page ? q->page : 1, q->page_size ? q->page_size : size };
}

static enum err reply_page(struct req *r, const struct shape *s, const void *v, size_t n, size_t size,
	struct page p, int64_t total)
{
	res_shape(r, 200, s, &(struct page_view){ .items = { v, n, size }, .total = total, .page = p.number,
		.page_size = p.size, .has_next = p.number * p.size < total }, 0);
	return OK;
}

static enum err list(struct req *r)
{
	const struct list_query *q = r->query;
	struct page page = page_of(&q->p, 20);
	struct model_filter f = { .status = q->status, .search = q->search, .task_type = q->task_type };
	struct model_view *views;
	struct model *m;
	int64_t total;
	size_t n;
	enum err e;

	if (q->status && !strcmp(q->status, "archived")) {
		f.status = NULL;
		f.hidden = true;
	}
	if ((e = model_list(&r->tx, &f, page, &m, &n, &total)))
		return e;
	views = arena_alloc(r->arena, (n + 1) * sizeof *views);
	for (size_t i = 0; i < n; i++)
		views[i] = view(&m[i]);
	return reply_page(r, list_out, views, n, sizeof *views, page, total);
}

static enum err get(struct req *r)
{
	struct id id = req_id(r, 0, "mdl-");
	struct model m;

	return reply_model(r, model_get(&r->tx, &id, &m), 200, &m);
}

#define E(field) SET(struct model_edit, field)
#define STAYS(key) { key, T_DOC, .flags = F_UNKEPT, .help = "cannot be changed: it stays as it was when the model was made" }
static const struct shape edit_in[] = {
	{ "name", T_STR, E(name), .min = 1, .max = 1024, .flags = F_TRIMMED },
	{ "description", T_STR, E(description), .max = 2048, .flags = F_NULL },
	{ "tags", T_STRINGS, E(tags), .max = 100, .flags = F_NULL },
	{ "config", T_OBJECT, E(config), .sub = config_in, .flags = F_NULL },
	{ "metadata", T_OBJECT, E(metadata), .flags = F_NULL },
	STAYS("model_type"),
	STAYS("task_type"),
	STAYS("dataset_id"),
	{ 0 }
};

static enum err edit(struct req *r)
{
	struct model_edit *in = r->in;
	struct id id = req_id(r, 0, "mdl-");
	struct model m;

	in->merge = r->merge;
	if (!in->name_set && !in->description_set && !in->tags_set && !in->config_set && !in->metadata_set) {
		why_add(&r->tx, "body", "must have at least one of name, description, tags, config, metadata");
		return ERR_SHAPE;
	}
	return reply_model(r, model_edit(&r->tx, &id, in, &m), 200, &m);
}

static enum err archive(struct req *r)
{
	struct id id = req_id(r, 0, "mdl-");
	struct model m;

	return reply_model(r, model_archive(&r->tx, &id, &m), 200, &m);
}

static enum err unarchive(struct req *r)
{
	struct id id = req_id(r, 0, "mdl-");
	struct model m;

	return reply_model(r, model_unarchive(&r->tx, &id, &m), 200, &m);
}

/* ---- Training ---- */

static const char *const run_statuses[] = { "training", "completed", "failed", NULL };
struct run_view { struct run run; const char *status; };
#define R(field) AT(struct run_view, field)
static const struct shape started_out[] = {
	{ "model_id", T_ID, R(run.model), .prefix = "mdl-" },
	{ "job_id", T_ID, R(run.life.id), .prefix = "" },
	{ "status", T_STR, R(status), .words = run_statuses },
	{ 0 }
};
static const struct shape run_out[] = {
	{ "model_id", T_ID, R(run.model), .prefix = "mdl-" },
	{ "job_id", T_ID, R(run.life.id), .prefix = "" },
	{ "status", T_STR, R(status), .words = run_statuses },
	{ "algorithm", T_STR, R(run.algorithm), .flags = F_NULL },
	{ "hyperparameters", T_OBJECT, R(run.hyperparameters), .empty = "{}" },
	{ "metrics", T_OBJECT, R(run.metrics), .empty = "{}" },
	{ "features", T_STRINGS, R(run.features), .empty = "[]" },
	{ "target", T_STR, R(run.target), .flags = F_NULL },
	{ "artifacts", T_OBJECT, R(run.artifacts), .empty = "{}" },
	{ "logs", T_STRINGS, R(run.logs), .empty = "[]" },
	{ "reason", T_STR, R(run.reason), .flags = F_NULL },
	{ "started_by", T_ID, R(run.life.whose), .prefix = "usr-" },
	{ "started_at", T_TIME, R(run.life.created) },
	{ "ended_at", T_TIME, R(run.ended_at), .flags = F_NULL },
	{ 0 }
};

static const struct shape run_brief_out[] = {
	{ "model_id", T_ID, R(run.model), .prefix = "mdl-" },
	{ "job_id", T_ID, R(run.life.id), .prefix = "", .help = "GET .../train/{job_id} tells the rest" },
	{ "status", T_STR, R(status), .words = run_statuses },
	{ "algorithm", T_STR, R(run.algorithm), .flags = F_NULL },
	{ "reason", T_STR, R(run.reason), .flags = F_NULL },
	{ "started_by", T_ID, R(run.life.whose), .prefix = "usr-" },
	{ "started_at", T_TIME, R(run.life.created) },
	{ "ended_at", T_TIME, R(run.ended_at), .flags = F_NULL },
	{ 0 }
};
static const struct shape runs_out[] = PAGE_OUT(run_brief_out);
static const struct shape runs_query[] = { PAGE_ROWS(100), { 0 } };

static struct run_view view_run(const struct run *run)
{
	return (struct run_view){ *run, run->life.state == STATE_RUN_RUNNING ? "training" : life_word(run->life.state) };
}

static enum err reply_run(struct req *r, enum err e, int status, const struct shape *s, const struct run *run)
{
	struct run_view v;

	if (e)
		return e;
	v = view_run(run);
	res_shape(r, status, s, &v, run->life.revision);
	return OK;
}

#define J(field) AT(struct run, field)
#define RUN_ROWS \
	{ "algorithm", T_STR, J(algorithm), .min = 1, .max = 255, .flags = F_NULL }, \
	{ "hyperparameters", T_OBJECT, J(hyperparameters), .flags = F_NULL }
static const struct shape train_in[] = { RUN_ROWS, { 0 } };
static const struct shape artifacts_in[] = {
	{ "model_file", T_STR, .max = 2048, .flags = F_NULL },
	{ "onnx_file", T_STR, .max = 2048, .flags = F_NULL },
	{ 0 }
};
static const struct shape complete_in[] = {
	RUN_ROWS,
	{ "metrics", T_OBJECT, J(metrics), .flags = F_NULL },
	{ "features", T_STRINGS, J(features), .max = 10000, .flags = F_NULL | F_LOG },
	{ "target", T_STR, J(target), .min = 1, .max = 1024, .flags = F_NULL },
	{ "artifacts", T_OBJECT, J(artifacts), .sub = artifacts_in, .flags = F_NULL },
	{ "logs", T_STRINGS, J(logs), .max = 10000, .flags = F_NULL | F_LOG },
	{ 0 }
};
static const struct shape fail_in[] = {
	{ "reason", T_STR, J(reason), .min = 1, .max = 2048, .flags = F_REQUIRED },
	{ 0 }
};

static enum err train(struct req *r)
{
	struct id id = req_id(r, 0, "mdl-");
	struct run run;

	return reply_run(r, run_start(&r->tx, &id, r->in, &run), 202, started_out, &run);
}

static enum err list_runs(struct req *r)
{
	struct id id = req_id(r, 0, "mdl-");
	struct page page = page_of(r->query, 20);
	struct run_view *views;
	struct run *all;
	int64_t total;
	size_t n;
	enum err e = run_list(&r->tx, &id, page, &all, &n, &total);

	if (e)
		return e;
	views = arena_alloc(r->arena, (n + 1) * sizeof *views);
	for (size_t i = 0; i < n; i++)
		views[i] = view_run(&all[i]);
	return reply_page(r, runs_out, views, n, sizeof *views, page, total);
}

static enum err get_run(struct req *r)
{
	struct id id = req_id(r, 0, "mdl-"), job = req_id(r, 1, "");
	struct run run;

	return reply_run(r, run_get(&r->tx, &id, &job, &run), 200, run_out, &run);
}

static enum err complete(struct req *r)
{
	struct id id = req_id(r, 0, "mdl-"), job = req_id(r, 1, "");
	struct run run;

	return reply_run(r, run_complete(&r->tx, &id, &job, r->in, &run), 200, run_out, &run);
}

static enum err fail(struct req *r)
{
	struct id id = req_id(r, 0, "mdl-"), job = req_id(r, 1, "");
	const struct run *in = r->in;
	struct run run;

	return reply_run(r, run_fail(&r->tx, &id, &job, in->reason, &run), 200, run_out, &run);
}

/* ---- Versions ---- */

struct artifacts { const char *model_file, *onnx_file; };
struct file_view { int64_t size; const char *sha256; };
struct version_view { struct version v; const char *id, *status; struct artifacts artifacts; struct file_view *file; };
#define V(field) AT(struct version_view, field)
static const struct shape artifacts_out[] = {
	{ "model_file", T_STR, AT(struct artifacts, model_file), .flags = F_NULL },
	{ "onnx_file", T_STR, AT(struct artifacts, onnx_file), .flags = F_NULL },
	{ 0 }
};
static const struct shape file_out[] = {
	{ "size", T_INT, AT(struct file_view, size), .help = "bytes" },
	{ "sha256", T_STR, AT(struct file_view, sha256) },
	{ 0 }
};
static const struct shape version_out[] = {
	{ "version_id", T_STR, V(id), .help = "`ver-` and the number, three digits at least" },
	{ "model_id", T_ID, V(v.model), .prefix = "mdl-" },
	{ "version_number", T_INT, V(v.number) },
	{ "is_promoted", T_BOOL, V(v.active), .help = "the active configuration comes from it" },
	{ "status", T_STR, V(status) },
	{ "algorithm", T_STR, V(v.algorithm), .flags = F_NULL },
	{ "hyperparameters", T_OBJECT, V(v.hyperparameters), .empty = "{}" },
	{ "metrics", T_OBJECT, V(v.metrics), .empty = "{}" },
	{ "artifacts", T_SUB, V(artifacts), .sub = artifacts_out },
	{ "trained_at", T_TIME, V(v.trained_at), .flags = F_NULL },
	{ "trained_by", T_ID, V(v.trained_by), .prefix = "usr-", .flags = F_NULL },
	{ "training_duration_seconds", T_INT, V(v.training_seconds), .flags = F_NULL },
	{ "branch", T_STR, V(v.branch) },
	{ "source", T_STR, V(v.source), .flags = F_NULL, .help = "`sdk` uploaded, `promoted` from another version; null: a training run" },
	{ "artifact", T_REF, V(file), .sub = file_out, .flags = F_NULL, .help = "the uploaded file; GET .../artifact" },
	{ "created_at", T_TIME, V(v.life.created) },
	{ "rid", T_ID, V(v.life.id), .prefix = RID_VERSION, .help = "the same version in the foundry dialect" },
	{ 0 }
};
static const struct shape versions_out[] = PAGE_OUT(version_out);
static const struct shape versions_query[] = { PAGE_ROWS(100), { 0 } };

static const char *member(struct arena *a, const char *document, const char *key)
{
	struct json *v;

	return js_get(js_read(a, document), key, &v) ? js_str(v) : NULL;
}

static struct file_view *view_file(struct arena *a, const struct version *v)
{
	struct file_view *f = NULL;
	char hex[2 * SHA256_DIGEST_LENGTH + 1];

	if (v->artifact.p) {
		hex_encode(v->artifact.p, SHA256_DIGEST_LENGTH, hex);
		f = ARENA_NEW(a, struct file_view);
		*f = (struct file_view){ v->artifact_size, arena_strdup(a, hex) };
	}
	return f;
}

static struct version_view view_version(struct arena *a, const struct version *v)
{
	return (struct version_view){ .file = view_file(a, v), .v = *v, .id = version_spell(a, v->number), .status = life_word(v->life.state),
		.artifacts = { member(a, v->artifacts, "model_file"), member(a, v->artifacts, "onnx_file") } };
}

static enum err get_version(struct req *r)
{
	struct id id = req_id(r, 0, "mdl-");
	struct version_view view;
	struct version v;
	enum err e = version_get(&r->tx, &id, version_number(r->arena, r->vars[1]), &v);

	if (e)
		return e;
	view = view_version(r->arena, &v);
	res_shape(r, 200, version_out, &view, v.life.revision);
	return OK;
}

static enum err get_artifact(struct req *r)
{
	struct id id = req_id(r, 0, "mdl-");
	const char *bytes;
	struct version v;
	enum err e = version_file(&r->tx, &id, version_number(r->arena, r->vars[1]), &v, &bytes);

	if (e)
		return e;
	res_body(r, 200, "application/octet-stream", bytes, (size_t)v.artifact_size);
	res_header(r, "Content-Disposition", arena_printf(r->arena, "attachment; filename=\"%s-%s.dill\"", r->vars[0], r->vars[1]));
	return OK;
}

static enum err list_versions(struct req *r)
{
	struct id id = req_id(r, 0, "mdl-");
	struct page page = page_of(r->query, 20);
	struct version_view *views;
	struct version *v;
	int64_t total;
	size_t n;
	enum err e = version_list(&r->tx, &id, page, &v, &n, &total);

	if (e)
		return e;
	views = arena_alloc(r->arena, (n + 1) * sizeof *views);
	for (size_t i = 0; i < n; i++)
		views[i] = view_version(r->arena, &v[i]);
	return reply_page(r, versions_out, views, n, sizeof *views, page, total);
}

struct config_view { const char *algorithm, *hyperparameters; };
struct restored_view { struct id model; const char *version; struct config_view config; int64_t at; };
#define S(field) AT(struct restored_view, field)
static const struct shape active_config_out[] = {
	{ "algorithm", T_STR, AT(struct config_view, algorithm), .flags = F_NULL },
	{ "hyperparameters", T_OBJECT, AT(struct config_view, hyperparameters), .empty = "{}" },
	{ 0 }
};
static const struct shape restored_out[] = {
	{ "model_id", T_ID, S(model), .prefix = "mdl-" },
	{ "restored_from_version", T_STR, S(version) },
	{ "active_config", T_SUB, S(config), .sub = active_config_out },
	{ "restored_at", T_TIME, S(at) },
	{ 0 }
};

static enum err restore_version(struct req *r)
{
	struct id id = req_id(r, 0, "mdl-");
	struct version v;
	enum err e = version_restore(&r->tx, &id, version_number(r->arena, r->vars[1]), &v);

	if (!e)
		res_shape(r, 200, restored_out, &(struct restored_view){ v.model, version_spell(r->arena, v.number),
			{ v.algorithm, v.hyperparameters }, r->tx.now }, 0);
	return e;
}

/* ---- Audit logs ---- */

static const char *const actions[] = { "model.created", "model.updated", "model.deleted", "model.archived",
	"model.unarchived", "model.duplicated", "model.training_started", "model.training_completed",
	"model.training_failed", "model.version_promoted", "model.version_restored", "model.dataset_linked",
	"model.dataset_unlinked", "model.config_updated", "model.settings_updated", "model.collaborator_added",
	"model.collaborator_removed", "model.version_created", NULL };
static const char *const orders[] = { "asc", "desc", NULL };
struct audit_query { struct page_query p; struct id actor; int64_t from, to; bool from_set, to_set; const char *action, *sort_order; };
#define A(field) AT(struct audit_event, field)
#define F(field) AT(struct audit_query, field)
static const struct shape audit_query[] = {
	PAGE_ROWS(200),
	{ "from", T_TIME, SET(struct audit_query, from), .help = "90 days ago by default" },
	{ "to", T_TIME, SET(struct audit_query, to), .help = "no end by default, whatever the clock of the host that wrote a row" },
	{ "action", T_STR, F(action), .words = actions },
	{ "actor_id", T_ID, F(actor), .prefix = "usr-" },
	{ "sort_order", T_STR, F(sort_order), .words = orders, .help = "`desc` by default" },
	{ 0 }
};
static const struct shape actor_out[] = {
	{ "id", T_ID, AT(struct actor, id), .prefix = "usr-", .flags = F_NULL },
	{ "name", T_STR, AT(struct actor, name) },
	{ 0 }
};
static const struct shape event_out[] = {
	{ "id", T_ID, A(id), .prefix = "aud-" },
	{ "action", T_STR, A(action) },
	{ "actor", T_SUB, A(actor), .sub = actor_out },
	{ "timestamp", T_TIME, A(at) },
	{ "from_status", T_STR, A(from), .flags = F_NULL },
	{ "to_status", T_STR, A(to) },
	{ "ip_address", T_STR, A(address) },
	{ "user_agent", T_STR, A(user_agent) },
	{ "request_id", T_STR, A(request_id) },
	{ "details", T_OBJECT, A(details), .empty = "{}" },
	{ 0 }
};
static const struct shape audit_out[] = PAGE_OUT(event_out);

static enum err audit_logs(struct req *r)
{
	const struct audit_query *q = r->query;
	struct id id = req_id(r, 0, "mdl-");
	struct page page = page_of(&q->p, 50);
	struct audit_filter f = { .from = q->from_set ? q->from : r->tx.now - 90 * 86400 * SECOND,
		.to = q->to_set ? q->to : CLOCK_LAST, .action = q->action, .actor = q->actor,
		.oldest_first = q->sort_order && !strcmp(q->sort_order, "asc") };
	struct audit_event *events;
	int64_t total;
	size_t n;
	enum err e;

	if (f.to % SECOND == 0)                  /* times are shown to the second: all of it */
		f.to += SECOND - 1;
	if (q->from_set && q->to_set && f.from > f.to) {
		why_add(&r->tx, "from", "must not be after `to`");
		return ERR_SHAPE;
	}
	if ((e = audit_of_model(&r->tx, &id, &f, page, &events, &n, &total)))
		return e;
	return reply_page(r, audit_out, events, n, sizeof *events, page, total);
}

/* ---- Login ---- */

struct login { const char *username, *password, *refresh_token; };
#define L(field) AT(struct login, field)
static const struct shape login_in[] = {
	{ "username", T_STR, L(username), .min = 1, .max = 254, .flags = F_REQUIRED },
	{ "password", T_STR, L(password), .min = 1, .max = 512, .flags = F_REQUIRED },
	{ 0 }
};
static const struct shape refresh_in[] = {
	{ "refresh_token", T_STR, L(refresh_token), .min = 1, .max = 512, .flags = F_REQUIRED },
	{ 0 }
};
struct login_view { const char *access_token, *token_type; int64_t expires_in; struct session s; };
#define G(field) AT(struct login_view, field)
static const struct shape user_out[] = {
	{ "id", T_ID, AT(struct user, id), .prefix = "usr-" },
	{ "username", T_STR, AT(struct user, username) },
	{ "email", T_STR, AT(struct user, email) },
	{ "role", T_STR, AT(struct user, role) },
	{ 0 }
};
#define TOKEN_ROWS \
	{ "access_token", T_STR, G(access_token) }, \
	{ "token_type", T_STR, G(token_type) }, \
	{ "expires_in", T_INT, G(expires_in), .help = "seconds" }
static const struct shape login_out[] = {
	TOKEN_ROWS,
	{ "refresh_token", T_STR, G(s.refresh_token) },
	{ "user", T_SUB, G(s.user), .sub = user_out },
	{ 0 }
};
static const struct shape refresh_out[] = { TOKEN_ROWS, { 0 } };

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
	enum err e = session_find(&r->tx, in->refresh_token, &s);

	return e ? e : reply_tokens(r, refresh_out, &s);
}

/* ---- Tables ---- */

#define BASE "/api/v1/models"
#define ONE BASE "/{model_id}"
#define NOT_FOUND "MODEL_NOT_FOUND"
#define FIXED " MODEL_ARCHIVED MODEL_RETIRED"
static const struct route routes[] = {
	{ "POST", "/api/auth/login", PERM_PUBLIC, R_WRITE | R_SECRET | R_OWN_TX, BODY(login_in, struct login), .status = 200,
	  .out = login_out, .run = login, .summary = "Sign in", .errors = "LOGIN_FAILED LOGIN_RATE LOGIN_BUSY" },
	{ "POST", "/api/auth/refresh", PERM_PUBLIC, R_SECRET, BODY(refresh_in, struct login), .status = 200,
	  .out = refresh_out, .run = refresh, .summary = "A new access token", .errors = "REFRESH_INVALID" },
	{ "POST", BASE, PERM_MODEL_WRITE, R_WRITE, BODY(create_in, struct model), .status = 201, .out = model_out,
	  .run = create, .summary = "Create a model", .errors = "MODEL_NAME_TAKEN QUOTA" },
	{ "GET", BASE, PERM_MODEL_READ, R_PUBLISHABLE, QUERY(list_query, struct list_query), .status = 200, .out = list_out,
	  .run = list, .summary = "List models, newest first", .errors = "PAGE_BYTES" },
	{ "GET", ONE, PERM_MODEL_READ, R_PUBLISHABLE, .status = 200, .out = model_out, .run = get, .summary = "One model",
	  .errors = NOT_FOUND },
	{ "PATCH", ONE, PERM_MODEL_WRITE, R_WRITE, BODY(edit_in, struct model_edit), .status = 200, .out = model_out,
	  .moves = { LIFE_MODEL_EDIT }, .run = edit, .summary = "Change a model", .errors = NOT_FOUND " MODEL_NAME_TAKEN" FIXED },
	{ "POST", ONE "/archive", PERM_MODEL_WRITE, R_WRITE, .status = 200, .out = model_out, .run = archive,
	  .moves = { LIFE_MODEL_ARCHIVE }, .summary = "Archive a model", .errors = NOT_FOUND " MODEL_TRAINING" FIXED },
	{ "POST", ONE "/unarchive", PERM_MODEL_WRITE, R_WRITE, .status = 200, .out = model_out, .run = unarchive,
	  .moves = { LIFE_MODEL_UNARCHIVE }, .summary = "Restore an archived model to ready or draft",
	  .errors = NOT_FOUND " MODEL_NOT_ARCHIVED MODEL_RETIRED" },
	{ "POST", ONE "/train", PERM_MODEL_WRITE, R_WRITE | R_NO_BODY_NEEDED, BODY(train_in, struct run), .status = 202,
	  .out = started_out, .moves = { LIFE_MODEL_TRAIN }, .run = train, .summary = "Begin a training run", .errors = NOT_FOUND " MODEL_TRAINING" FIXED " QUOTA" },
	{ "GET", ONE "/train", PERM_MODEL_READ, 0, QUERY(runs_query, struct page_query), .status = 200, .out = runs_out,
	  .run = list_runs, .summary = "Training runs, newest first; one whose trainer is gone is ended by .../fail", .errors = NOT_FOUND },
	{ "GET", ONE "/train/{job_id}", PERM_MODEL_READ, 0, .status = 200, .out = run_out, .run = get_run,
	  .summary = "One training run", .errors = NOT_FOUND " RUN_NOT_FOUND" },
	{ "POST", ONE "/train/{job_id}/complete", PERM_MODEL_WRITE, R_WRITE | R_NO_BODY_NEEDED,
	  BODY(complete_in, struct run), .status = 200, .out = run_out, .run = complete,
	  .summary = "The trainer reports success: a version is made", .errors = NOT_FOUND " RUN_NOT_FOUND RUN_FINISHED QUOTA" },
	{ "POST", ONE "/train/{job_id}/fail", PERM_MODEL_WRITE, R_WRITE, BODY(fail_in, struct run), .status = 200,
	  .out = run_out, .run = fail, .summary = "The trainer reports failure", .errors = NOT_FOUND " RUN_NOT_FOUND RUN_FINISHED" },
	{ "GET", ONE "/versions", PERM_MODEL_READ, 0, QUERY(versions_query, struct page_query), .status = 200,
	  .out = versions_out, .run = list_versions, .summary = "Versions, newest first", .errors = NOT_FOUND " PAGE_BYTES" },
	{ "GET", ONE "/versions/{version_id}", PERM_MODEL_READ, 0, .status = 200, .out = version_out, .run = get_version,
	  .summary = "One version", .errors = NOT_FOUND " VERSION_NOT_FOUND" },
	{ "GET", ONE "/versions/{version_id}/artifact", PERM_MODEL_READ, 0, .status = 200, .run = get_artifact,
	  .summary = "The file that was uploaded with a version, as bytes", .errors = NOT_FOUND " VERSION_NOT_FOUND ARTIFACT_NOT_FOUND ARTIFACT_BROKEN" },
	{ "POST", ONE "/versions/{version_id}/restore", PERM_MODEL_WRITE, R_WRITE, .status = 200, .out = restored_out,
	  .run = restore_version, .moves = { LIFE_MODEL_RESTORE_VERSION }, .summary = "Make a version's configuration the active one",
	  .errors = NOT_FOUND " VERSION_NOT_FOUND" FIXED },
	{ "GET", ONE "/audit-logs", PERM_MODEL_READ, 0, QUERY(audit_query, struct audit_query), .status = 200,
	  .out = audit_out, .run = audit_logs, .summary = "Who did what to a model", .errors = NOT_FOUND " PAGE_BYTES" },
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
#define X(field) AT(struct error_say, field)
static const struct shape fault_out[] = {
	{ "field", T_STR, AT(struct why_item, field) },
	{ "reason", T_STR, AT(struct why_item, reason) },
	{ 0 }
};
static const struct shape details_out[] = {
	{ "field", T_STR, AT(struct faults, first.field) },
	{ "reason", T_STR, AT(struct faults, first.reason) },
	{ "errors", T_LIST, AT(struct faults, several), .sub = fault_out, .flags = F_OMIT, .help = "all of them, when there are more than one" },
	{ 0 }
};
static const struct shape inner_error_out[] = {
	{ "code", T_STR, X(code) },
	{ "message", T_STR, X(text) },
	{ "details", T_REF, X(faults), .sub = details_out, .flags = F_OMIT },
	{ "timestamp", T_TIME, X(time) },
	{ 0 }
};
static const struct shape error_out[] = {
	{ "error", T_SUB, .off = 0, .sub = inner_error_out },
	{ 0 }
};

static const struct route *const tables[] = { routes, NULL };
static const char *const prefixes[] = { BASE, "/api/auth", NULL };
const struct dialect api_models = { .name = "models", .prefixes = prefixes, .tables = tables, .codes = codes, .errors = errors,
	.error_out = error_out, .error_type = "application/json", .time = TIME_SECONDS, .tells_state = true, .cors = true, .rate_headers = true };
