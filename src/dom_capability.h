/* dom_capability.h: what can be done with a package once it is deployed, by one table of rules. */
#ifndef DOM_CAPABILITY_H
#define DOM_CAPABILITY_H
#include "dom_package.h"

enum { CAPABILITIES = 13 };
/* name: as S9 has it; message: why it is so, NULL where there is nothing to say. */
struct capability { const char *name, *message; bool supported; };
void capabilities_of(const struct version *v, struct capability out[CAPABILITIES]);

#endif
