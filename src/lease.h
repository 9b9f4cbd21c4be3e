/* lease.h: the name under which a worker holds what it works on: endpoints (dom_deliver.h), jobs
 * (dom_build.h).  It outlives the process: whoever is started after one of its kind that died on
 * this host has its name, and so what it held, at once; the others are waited for. */
#ifndef LEASE_H
#define LEASE_H
#include "tx.h"

/* A name that no other process has now.  Kept until this one ends.  kind: `deliver`...  Returns its place among those of
 * its kind on this machine, 0 where there are none. */
int lease_claim(const char *kind, unsigned char out[LEASE]);

#endif
