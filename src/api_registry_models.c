/* api_registry_models.c: registered models. */
#include "registry.h"

const struct route registered_routes[] = {
	{ 0 }
};
