/* mlflow.h: what the files of the mlflow dialect share: the table of routes of each file. */
#ifndef MLFLOW_H
#define MLFLOW_H
#include "route.h"

extern const struct route mlflow_model_routes[]; /* api_mlflow_models.c */

/* The prefix that the routes are written under; api_mlflow.c says which others stand for it. */
#define BASE "/api/2.0/mlflow"

#endif
