/* dom_build.h: what a builder does to the database (`thaw build`).  Its unit of work is a job under a lease:
 * several builders may run, a job is in the hands of one, and that of one that died comes back when the lease is
 * over.  What was built counts once: with its job, in one transaction, while the lease is still one's own. */
#ifndef DOM_BUILD_H
#define DOM_BUILD_H
#include "dom_job.h"

enum { BUILD_LEASE_S = 300, BUILD_TRIES = 20 };  /* tries: of builders that died of it */

struct build {
	struct id organization, job, package, model;
	int64_t tries;                           /* how often it was begun before */
	struct id whose, token;                  /* in whose name, and with which API key it was asked for */
	const char *name, *agent;
	bool intervals, series;                  /* series: it has time series, which build_make() finds */
	unsigned char lease[LEASE];
};

/* Jobs that nobody else holds, the longest due first. */
enum err build_due(struct tx *tx, const unsigned char lease[LEASE], struct build *out, size_t most, size_t *n);
/* Take it: *mine, or somebody was faster. */
enum err build_take(struct tx *tx, const struct build *b, bool *mine);
/* The file, which the caller frees, of the package as it is now; *reason: why there can be none, in a sentence. */
enum err build_make(struct tx *tx, struct build *b, struct bytes *file, const char **reason);
/* It lasts for another BUILD_LEASE_S.  ERR_DB_NONE: it is somebody else's by now. */
enum err build_renew(struct tx *tx, const struct build *b);
/* The end of the job and of the package's build: with its file, or with the reason why there is none; *built: which.
 * ERR_DB_NONE: the lease is not ours any more, and nothing was written. */
enum err build_settle(struct tx *tx, const struct build *b, struct bytes file, const char *reason, bool *built);
/* Give it back, to be taken later. */
enum err build_release(struct tx *tx, const struct build *b);
/* How many are to be built. */
enum err build_waiting(struct tx *tx, int64_t *n);

#endif
