/* does.h: what a route does by its row alone: read its object, move it by a transition, make
 * one.  A handler is for what is computed. */
#ifndef DOES_H
#define DOES_H
#include "route.h"

/* The work of a route, its errors as its row has them. */
enum err does(struct req *r);

/* The key of the object that the address names (life.h), or its query (F_KEY), none where they name
 * nothing: its ids as the row spells them; any other spelling is one that nothing has.  Errors speak of
 * it from here on.  ERR_SHAPE: a number that is none. */
enum err does_key(struct req *r, struct db_val key[2]);

#endif
