/* err.c: the rows of err.def as a table. */
#include "err.h"

static const struct err_row rows[ERR__MAX] = {
	[OK] = { "OK", CLASS_INNER, 200, LOG_DEBUG, "" },
#define ERR(name, class, status, level, text) [ERR_##name] = { #name, CLASS_##class, status, LOG_##level, text },
#include "err.def"
#undef ERR
};

const struct err_row *err_row(enum err e)
{
	return &rows[(unsigned)e < ERR__MAX ? e : ERR_INTERNAL];
}
