/* registry.h: what the files of the registry dialect share: pages, people, prediction environments, and the
 * table of routes of each file. */
#ifndef REGISTRY_H
#define REGISTRY_H
#include "dom_package.h"
#include "pages.h"

/* api_registry_packages.c, api_registry_models.c */
extern const struct route package_routes[], registered_routes[];
/* api_registry_sources.c */
extern const struct route source_routes[];

#define BASE "/api/v2"

/* offset and limit, the latter 0 for all that a page may have; clients send both, or neither. */
#define PAGE_ROWS \
	{ "offset", T_INT, AT(struct page_asked, offset), .min = 0, .max = INT64_MAX, .help = "how many to skip" }, \
	{ "limit", T_INT, SET(struct page_asked, size), .min = 0, .max = INT64_MAX, .help = "how many at most; 0: as many as a page may have" }
#define PAGE_OUT(shape) { \
	{ "count", T_INT, AT(struct page_got, count), .help = "on this page" }, \
	{ "data", T_LIST, AT(struct page_got, rows), .sub = shape }, \
	{ "next", T_STR, AT(struct page_got, next), .flags = F_NULL, .help = "the whole address of the next page, with all that was asked for" }, \
	{ "previous", T_STR, AT(struct page_got, previous), .flags = F_NULL }, \
	{ "totalCount", T_INT, AT(struct page_got, total) }, \
	{ 0 } }
/* sortDirection: as the key sorts by itself, or against it. */
extern const char *const registry_directions[];
#define DIRECTION_ROW { "sortDirection", T_STR, AT(struct page_asked, direction), .words = registry_directions }
/* By offset and limit, and by sortDirection against the order. */
enum err pages_by_window(struct req *r, const struct page_asked *q, struct list_ask *ask);
extern const struct paging hundred;              /* a page has 100 rows, 1000 at most */

/* S37, of a struct person: null where nobody is known. */
extern const struct shape person_out[];
/* An id as this dialect spells it, of whatever it is. */
#define BARE .prefix = ""

/* Of a route's row: the errors that it gives for others. */
#define AS(...) .as = (const struct err_as[]){ __VA_ARGS__, { OK, OK } }
/* What a body names, and there is not, is a fault of the body. */
#define NAMED_MODEL { ERR_MODEL_NOT_FOUND, ERR_REFERENCE }

#endif
