/* console.h: the tables of routes of each file of the console's dialect. */
#ifndef CONSOLE_H
#define CONSOLE_H
#include "route.h"

extern const struct route lineage_routes[];      /* api_console_lineage.c */
extern const struct route consent_routes[];      /* api_console_consent.c */
extern const struct route search_routes[];       /* api_console_search.c */

#endif
