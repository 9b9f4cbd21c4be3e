/* dialects.h: the dialects that this program speaks.  What serves a request gets them handed in,
 * and names none. */
#ifndef DIALECTS_H
#define DIALECTS_H
#include "route.h"

extern const struct dialect api_plain, api_models, api_projects, api_workspaces, api_foundry, api_registry, api_mlflow, api_oauth, api_console;
extern const struct dialect *const dialects[];   /* ends with NULL; the last one takes what no prefix does */

#endif
