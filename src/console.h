/* console.h: the tables of routes of each file of the console's dialect. */
#ifndef CONSOLE_H
#define CONSOLE_H
#include "route.h"

enum { ACTIVITY_DAYS = 30 };

extern const struct route lineage_routes[];      /* api_console_lineage.c */
extern const struct route consent_routes[];      /* api_console_consent.c */
extern const struct route audit_routes[];        /* api_console_audit.c */
extern const struct route health_routes[];       /* api_console_health.c */

#endif
