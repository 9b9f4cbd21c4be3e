/* api_registry_status.c: jobs, which clients ask about until they are sent on to the result, and the files of
 * packages, which jobs build. */
#include "registry.h"
#include <string.h>

/* Where the result of a job is: its id behind `path`, or behind its parent's and `in`. */
static const struct { const char *kind, *path, *in; } results[] = {
	{ JOB_PACKAGE, "/modelPackages/", NULL },
	{ JOB_CUSTOM_VERSION, "/customModels/", "/versions/" },
	{ JOB_DEPLOYMENT, "/deployments/", NULL },
	{ JOB_CHALLENGER, "/deployments/", "/challengers/" },
};

/* NULL: of a kind that this release does not know. */
static const char *result(struct req *r, const struct job *j)
{
	for (size_t i = 0; i < sizeof results / sizeof *results; i++)
		if (!strcmp(results[i].kind, j->kind))
			return arena_printf(r->arena, "%s" BASE "%s%s%s%s/", req_base(r), results[i].path,
				results[i].in ? id_spell(r->arena, "", &j->parent) : "", results[i].in ? results[i].in : "",
				id_spell(r->arena, "", &j->object));
	return NULL;
}

void res_job(struct req *r, const struct id *job)
{
	if (!r->res.status)
		res_body(r, 202, NULL, NULL, 0);
	res_header(r, "Location", arena_printf(r->arena, "%s" BASE "/status/%s/", req_base(r), id_spell(r->arena, "", job)));
}

static const char *const statuses[] = { JOB_INITIALIZED, JOB_RUNNING, JOB_COMPLETED, JOB_ERROR, "ABORTED", NULL };

static const void *code(struct arena *a, const void *object)
{
	static const int64_t codes[] = { 0, 1 };
	const struct job *j = object;

	(void)a;
	return &codes[j->reason != NULL];
}

static const void *message(struct arena *a, const void *object)
{
	const struct job *j = object;

	(void)a;
	return j->reason ? j->reason : "";
}

static const struct shape job_out[] = {
	{ "statusId", T_ID, AT(struct job, id), BARE },
	{ "status", T_STR, AT(struct job, status), .words = statuses },
	{ "message", T_STR, .make = message, .help = "why the job failed" },
	{ "code", T_INT, .make = code, .min = 0, .max = 1, .help = "1: the job failed" },
	{ "description", T_STR, .make = message },
	{ "statusType", T_STR, AT(struct job, kind) },
	{ "created", T_TIME, AT(struct job, created) },
	NAMED("JobStatus")
};

/* Sent on once it is done. */
static enum err get_job(struct req *r)
{
	const struct id id = req_id(r, 0, "");
	const char *where;
	struct job j;
	enum err e = job_get(&r->tx, &id, &j);

	if (e)
		return e;
	if (strcmp(j.status, JOB_COMPLETED)) {
		res_shape(r, 200, job_out, &j, 0);
		return OK;
	}
	if (!(where = result(r, &j)))
		return ERR_INTERNAL;
	res_body(r, 303, NULL, NULL, 0);
	res_header(r, "Location", where);
	return OK;
}

static enum err build_file(struct req *r)
{
	const struct id id = req_id(r, 0, "");
	struct id job;
	enum err e = job_rebuild(&r->tx, &id, &job);

	if (!e)
		res_job(r, &job);
	return e;
}

static enum err get_file(struct req *r)
{
	const struct id id = req_id(r, 0, "");
	struct version v;
	struct bytes file;
	enum err e = package_get(&r->tx, BY_ID(&id), &v);

	if (e)
		return e;
	e = v.package.mlpkg.p ? artifact_get(&r->tx, v.package.mlpkg, &file) : ERR_PACKAGE_UNBUILT;
	if (e)                                   /* the sweep takes those of models that were archived for good */
		return e == ERR_ARTIFACT_BROKEN && v.of.retired ? ERR_PACKAGE_UNBUILT : e;
	res_header(r, "Content-Disposition", arena_printf(r->arena, "attachment; filename=\"%s.mlpkg\"", r->vars[0]));
	return res_file(r, "application/zip", &file, &v.package.mlpkg);
}

#define PACKAGE BASE "/modelPackages/{modelPackageId}"
#define NOT_FOUND "VERSION_NOT_FOUND MODEL_NOT_FOUND "
const struct route job_routes[] = {
	{ "POST", PACKAGE "/modelPackageFileBuilds", PERM_MODEL_WRITE, R_WRITE, .status = 202, .run = build_file,
	  .moves = { LIFE_VERSION_BUILD, LIFE_MODEL_VERSION_BUILD }, .summary = "Build the file of a model package in the background",
	  .errors = NOT_FOUND "PACKAGE_ARCHIVED MODEL_ARCHIVED MODEL_RETIRED" },
	{ "GET", PACKAGE "/modelPackageFile", PERM_MODEL_READ, 0, .status = 200, .run = get_file, .type = "application/zip", .summary = "Download the file of a model package (zip)",
	  .errors = NOT_FOUND "PACKAGE_UNBUILT ARTIFACT_BROKEN RANGE" },
	{ "GET", BASE "/status/{statusId}", PERM_MODEL_READ, 0, .status = 200, .out = job_out, .run = get_job,
	  .summary = "Get the progress of a job; redirects to its result once it is done", .errors = "JOB_NOT_FOUND", .also = 303 },
	{ 0 }
};
