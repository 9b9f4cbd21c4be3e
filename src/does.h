/* does.h: what a route does by its row alone: read its object, move it by a transition, make
 * one.  A handler is for what is computed. */
#ifndef DOES_H
#define DOES_H
#include "route.h"

/* The work of a route, its errors as its row has them. */
enum err does(struct req *r);

#endif
