/* foundry.c: see foundry.h. */
#include "foundry.h"

const char *rid_fault(struct arena *a, const char *s)
{
	(void)a;
	return id_is_rid(s) ? NULL : "must be a resource identifier such as " RID_MODEL "019a0c3e-7b1f-8d42-8000-000c0ffee5ed";
}
