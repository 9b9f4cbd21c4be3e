/* err.h: the closed set of errors (rows in err.def).  A function returns
 * `enum err`; 0 is success; outputs are its last parameters. */
#ifndef ERR_H
#define ERR_H

enum err {
	OK = 0,
#define ERR(name, status, level, text) ERR_##name,
#include "err.def"
#undef ERR
	ERR__MAX
};

enum level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct err_row { const char *name; int status; enum level level; const char *text; };

/* Row of an error; never NULL. */
const struct err_row *err_row(enum err e);

#endif
