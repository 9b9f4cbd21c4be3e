/* console.h: what the files of the console's dialect share. */
#ifndef CONSOLE_H
#define CONSOLE_H
#include "route.h"

extern const struct route consent_routes[];      /* api_consent.c */

#endif
