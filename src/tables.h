/* tables.h: the tables that the program is made of, looked at when it starts. */
#ifndef TABLES_H
#define TABLES_H
#include "route.h"

/* Every table is whole: no permission 0, no code missing, every error a route names
 * there is, each statement a letter for each parameter.  Prints what is wrong; false
 * then. */
bool tables_whole(const struct dialect *const *dialects);

#endif
