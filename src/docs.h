/* docs.h: the pages under /docs: a reference of each API, guides, and what each code of an error means. */
#ifndef DOCS_H
#define DOCS_H
#include "route.h"

extern const struct route docs_routes[];

#endif
