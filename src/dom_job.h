/* dom_job.h: what goes on behind an answer: a job, which a client asks about until it is done, and whose
 * result is an object that it is sent to.  Most are done with the request itself; package files are built by a
 * worker (`thaw build`).  A job is no object: what it changes tells its own history.  It is swept when it has
 * been done for a while. */
#ifndef DOM_JOB_H
#define DOM_JOB_H
#include "dom_package.h"

/* Whose result is where: a row of api_registry_status.c each. */
#define JOB_PACKAGE "package"                            /* and its file */
#define JOB_CUSTOM_VERSION "custom_model_version"        /* in its custom model */
#define JOB_DEPLOYMENT "deployment"
#define JOB_CHALLENGER "challenger"                      /* in its deployment */
/* As a job is told of. */
#define JOB_INITIALIZED "INITIALIZED"
#define JOB_RUNNING "RUNNING"
#define JOB_COMPLETED "COMPLETED"
#define JOB_ERROR "ERROR"

struct job {
	struct id id, whose;                     /* whose: who asked */
	const char *kind, *status, *reason;      /* reason: why it failed, else NULL */
	struct id object, parent;                /* its result; parent: what that is found in, or belongs to; zero: nothing */
	int64_t created;
};

/* Completed already: its result is that object; the second is of what is found in a parent.  In the
 * transaction that makes or changes it. */
enum err job_done(struct tx *tx, const char *kind, const struct id *object, struct id *job);
enum err job_done_in(struct tx *tx, const char *kind, const struct id *parent, const struct id *object, struct id *job);
/* The package's file is to be built: in the transaction that makes the package, with package.build BUILD_RUNNING.
 * intervals: with those of all time series. */
enum err job_build(struct tx *tx, const struct version *v, bool intervals, struct id *job);
/* The file of a package that there is is to be built (once more): the job that does so already, or a new one.
 * A file that there is stays until the next one is built.  ERR_VERSION_NOT_FOUND, ERR_PACKAGE_ARCHIVED, ERR_MODEL_ARCHIVED, ERR_MODEL_RETIRED. */
enum err job_rebuild(struct tx *tx, const struct id *package, struct id *job);
/* One of the caller's; any for an administrator, and that of a package for whoever sees its model.  ERR_JOB_NOT_FOUND. */
enum err job_get(struct tx *tx, const struct id *id, struct job *out);

#endif
