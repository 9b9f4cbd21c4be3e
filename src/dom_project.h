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

/* in: name, description, url, accent, tech_stack.  ERR_PROJECT_NAME_TAKEN,
 * ERR_PROJECT_URL_TAKEN. */
enum err project_create(struct tx *tx, const void *in, void *made);
enum { PROJECTS_HIDDEN, PROJECTS_STATUS, PROJECTS_SEARCH };
extern const struct listing projects_list;
/* All fields of `in` replace the old ones; a LIVE project becomes UPDATED. */
enum err project_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* A build reports its progress: it begins from DRAFT or UPDATED, and at 100 the project is that again. */
enum err project_build(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* Is no living project of any organization at this url? */
enum err project_url_free(struct tx *tx, const char *url, bool *free);

#endif
