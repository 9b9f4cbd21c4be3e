/* errors.h: what a dialect says of an error: the rows of its exceptions, and all that the body
 * may tell. */
#ifndef ERRORS_H
#define ERRORS_H
#include "tx.h"
#include "shape.h"

struct dialect;
struct route;

/* How a dialect says one error in its own way: NULL and 0 take the code of the
 * error's class, and status and text of err.def.  params: the names of the values that
 * go with it, group: another one than its class has, where a dialect has such. */
struct error_row { const char *code; int status; const char *text, *params, *group; };

/* All that the body of an error may tell. */
struct error_say {
	enum err err;
	int64_t status;
	const char *code, *group, *text;         /* group: the coarser code of a dialect that has two */
	const char *params, *parameters;         /* the names, and JSON text of an object with their values */
	const char *instance_id;                 /* a UUID of this very error; NULL: none */
	const char *type, *title;                /* of RFC 9457: about:blank and the phrase of the status */
	const char *doc_url, *instance, *param;  /* NULL: none */
	int64_t retry_after;                     /* seconds; -1: none */
	const char *checks;                      /* of /readyz: what was looked at, JSON text; NULL: nothing */
	const struct authority *authority;       /* who acted by a token; NULL: none */
	const char *request_id;
	int64_t time;
	const struct why_item *detail;           /* the first fault, or NULL */
	struct list details;                     /* all of them */
	const struct faults *faults;             /* the same where an object has the first and more beside it; or NULL */
};
struct faults { struct why_item first; struct list several; };      /* several: all of them, empty for one */
struct authority { struct id human; const char *agent; };

/* The code of an error in a dialect. */
const char *error_code(const struct dialect *d, enum err e);
/* What a dialect says of an error, on a route or (NULL) on any, as far as the tables know. */
struct error_say error_say(const struct dialect *d, const struct route *row, enum err e);
/* Type and title of a status, or of a code that is documented, with what leads to its page and to
 * the request, whose id is known. */
void error_names(struct arena *a, const struct dialect *d, struct error_say *say);
/* A code in words: `scope_denied` is "Scope denied". */
char *code_title(struct arena *a, const char *code);
/* Adds the faults in `why`, as far as the dialect tells them. */
void error_details(struct arena *a, const struct dialect *d, struct error_say *say, const struct why *why);

/* Problem details (RFC 9457), for every dialect that has no words of its own. */
extern const char *const problem_codes[];
extern const struct error_row problem_errors[];
extern const struct shape problem_out[];

#endif
