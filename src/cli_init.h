/* cli_init.h: what the two files of `thaw init` share. */
#ifndef CLI_INIT_H
#define CLI_INIT_H
#include "cli.h"

struct init {
	struct cli *c;
	struct arena *a;
	struct json *notes;                      /* what was done, as sentences */
	const char *database;
	struct db *admin;
	bool shared;                             /* one account for all: others may not be made */
};

/* cli_accounts.c: says what was done, at once and in the result. */
void init_note(struct init *in, const char *text);
/* Can a database have the name?  Said if not. */
bool init_database_name(const char *s);
/* The database, its accounts and the option file, unless that file is
 * there.  0, or another value and said. */
int init_database(struct init *in);

#endif
