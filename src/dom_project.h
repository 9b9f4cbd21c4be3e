/* dom_project.h: projects.  Found by organization and number; every function checks
 * visible (ERR_PROJECT_NOT_FOUND), may (ERR_FORBIDDEN), legal (the row of life.def).
 * Strings belong to the transaction's arena.  Writers run inside tx_run(). */
#ifndef DOM_PROJECT_H
#define DOM_PROJECT_H
#include "list.h"

struct project {
	struct life life;
	int64_t number, progress;                /* progress -1: none */
	const char *name, *description, *url, *accent, *tech_stack;
};

enum project_order { PROJECT_RECENT, PROJECT_NAMED, PROJECT_BY_STATUS };
struct project_filter {
	const char *status;                      /* a word of life.def; NULL: all but the archived */
	bool archived;                           /* these instead */
	const char *search;
	enum project_order order;
};

/* in: name, description, url, accent, tech_stack.  ERR_PROJECT_NAME_TAKEN,
 * ERR_PROJECT_URL_TAKEN. */
enum err project_create(struct tx *tx, const void *in, void *made);
/* offset and size count rows; total is what the filter matches. */
enum err project_list(struct tx *tx, const struct project_filter *f, int64_t offset, int64_t size,
	struct project **out, size_t *n, int64_t *total);
/* All fields of `in` replace the old ones; a LIVE project becomes UPDATED. */
enum err project_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* A build reports its progress: it begins from DRAFT or UPDATED, and at 100 the project is that again. */
enum err project_build(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* Is no living project of any organization at this url? */
enum err project_url_free(struct tx *tx, const char *url, bool *free);

#endif
