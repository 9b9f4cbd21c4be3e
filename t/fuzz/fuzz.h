/* fuzz.h: what the targets (fuzz.c) and the database in their hands (db.c) share. */
#ifndef FUZZ_H
#define FUZZ_H
#include <stdint.h>
#include "db.h"

/* What must be so whatever came in. */
#define HOLDS(x) ((x) ? (void)0 : fails(#x, __FILE__, __LINE__))
_Noreturn void fails(const char *what, const char *file, int line);

/* What the database answers from here on: it cannot be reached; it has nothing but the callers; or it has each object that is
 * asked for, with values that follow from the seed. */
enum answers { ANSWERS_NONE, ANSWERS_EMPTY, ANSWERS_ROWS };
void db_answers(struct db *db, enum answers how, uint64_t seed);
/* The one API key that it knows. */
extern const char *const db_key;

#endif
