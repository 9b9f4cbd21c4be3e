/* console.h: the tables of routes of each file of the console's dialect. */
#ifndef CONSOLE_H
#define CONSOLE_H
#include "pages.h"
#include "route.h"

enum { ACTIVITY_DAYS = 30 };

extern const struct route lineage_routes[];      /* api_console_lineage.c */
extern const struct route consent_routes[];      /* api_console_consent.c */
extern const struct route people_routes[];       /* api_console_people.c */
extern const struct route key_routes[];          /* api_console_keys.c */
extern const struct route audit_routes[];        /* api_console_audit.c */
extern const struct route health_routes[];       /* api_console_health.c */
extern const struct route search_routes[];       /* api_console_search.c */

/* Pages by place: the query's rows behind which the next one, or before which the former one, goes on. */
extern const struct paging console_pages;
#define CONSOLE_PAGE_ROWS(ids) \
	{ "limit", T_INT, AT(struct page_asked, size), .min = 1, .max = LIST_MOST, .help = "20 by default" }, \
	{ "after", T_ID, AT(struct page_asked, after), .prefix = ids, .help = "the last id of the previous page" }, \
	{ "before", T_ID, AT(struct page_asked, before), .prefix = ids, .help = "the first id of the next page" }
#define CONSOLE_PAGE(shape) { \
	{ "items", T_LIST, AT(struct page_got, rows), .sub = shape }, \
	{ "more", T_BOOL, AT(struct page_got, more), .help = "there are more in the direction that was asked for" }, \
	NAMED("%Page") }

#endif
