/* api_registry_packages.c: model packages, which are the versions of registered models. */
#include "registry.h"

const struct route package_routes[] = {
	{ 0 }
};
