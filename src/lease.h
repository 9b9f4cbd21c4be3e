/* lease.h: the name under which a deliverer holds endpoints (dom_deliver.h).  It outlives the
 * process: whoever is started after one that died on this host has its name, and so
 * what it held, at once; the others are waited for. */
#ifndef LEASE_H
#define LEASE_H
#include "dom_deliver.h"

/* A name that no other process has now.  Kept until this one ends. */
void lease_claim(unsigned char out[LEASE]);

#endif
