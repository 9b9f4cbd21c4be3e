/* dialects.c: see dialects.h. */
#include "dialects.h"

const struct dialect *const dialects[] = { &api_models, &api_projects, &api_workspaces, &api_foundry, &api_registry, &api_console, &api_oauth, &api_mlflow, &api_plain, NULL };
