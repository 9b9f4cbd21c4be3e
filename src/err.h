/* err.h: the closed set of errors (rows in err.def).  A function returns
 * `enum err`; 0 is success; outputs are its last parameters. */
#ifndef ERR_H
#define ERR_H

enum err {
	OK = 0,
#define ERR(name, class, status, level, text) ERR_##name,
#include "err.def"
#undef ERR
	ERR__MAX
};

enum level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* The rows of the contracts' common table of errors. */
enum err_class { CLASS_INNER, CLASS_MALFORMED, CLASS_WHO, CLASS_FORBIDDEN, CLASS_NOT_FOUND, CLASS_METHOD, CLASS_CONFLICT,
	CLASS_PRECONDITION, CLASS_TOO_LARGE, CLASS_MEDIA_TYPE, CLASS_RATE, CLASS_INTERNAL, CLASS_UNAVAILABLE, CLASS__MAX };

struct err_row { const char *name; enum err_class class; int status; enum level level; const char *text; };

/* Row of an error; never NULL. */
const struct err_row *err_row(enum err e);
const char *status_phrase(int status);           /* RFC 9110: "Not Found" */

#endif
