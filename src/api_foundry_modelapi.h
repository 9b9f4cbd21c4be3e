/* api_foundry_modelapi.h: the Model API, the description of a version's inputs and outputs that a
 * client sends: is it one?  It is kept and returned as it was sent. */
#ifndef MODELAPI_H
#define MODELAPI_H
#include "json.h"

enum { MODELAPI_MOST = 262144 };                 /* bytes of its JSON text */

/* ERR_MODEL_API: *kind is TooLarge, MissingField, InvalidField, UnknownType or DuplicateName, and
 * *message says where and what, such as "inputs[0].columns[2].dataType.type must be...". */
enum err modelapi_check(struct arena *a, const char *text, const char **kind, const char **message);

/* The Model API that the names of a training run's features and of its target amount to,
 * as JSON text.  features: an array of strings; either may be NULL. */
const char *modelapi_of_run(struct arena *a, const char *features, const char *target);

#endif
