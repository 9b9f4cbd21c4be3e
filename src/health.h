/* health.h: does the database find room for changes?  A server whose disk is full answers
 * every read.  What one worker of a node has met, all of them know by a file in run_dir, so
 * that `/readyz` and `thaw doctor` tell it and write nothing themselves: MariaDB 10.11 aborts
 * when it has to roll back on a full disk. */
#ifndef HEALTH_H
#define HEALTH_H
#include <stdbool.h>
#include "err.h"

/* How a request that changes something has ended. */
void health_saw(enum err e);

/* Did the last change that was tried find no room?  Lately: so that it is not worth another
 * try yet. */
bool health_full(bool lately);

#endif
