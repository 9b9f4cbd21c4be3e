/* err.c: the rows of err.def as tables. */
#include "err.h"

static const struct err_row rows[ERR__MAX] = {
	[OK] = { "OK", CLASS_INNER, 200, LOG_DEBUG, 0, "" },
#define ERR(name, class, status, level, flags, text) [ERR_##name] = { #name, CLASS_##class, status, LOG_##level, flags, text },
#include "err.def"
#undef ERR
};

const struct err_common err_common[] = {
#define COMMON(name, on) { ERR_##name, ON_##on },
#include "err.def"
#undef COMMON
	{ OK, ON_EVERY }
};

const struct err_row *err_row(enum err e)
{
	return &rows[(unsigned)e < ERR__MAX ? e : ERR_INTERNAL];
}
