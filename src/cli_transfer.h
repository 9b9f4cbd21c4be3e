/* cli_transfer.h: what `thaw export org` and `thaw import org` share: the tables that an organization is in,
 * and their columns. */
#ifndef CLI_TRANSFER_H
#define CLI_TRANSFER_H
#include "cli.h"

enum { TRANSFER_FORMAT = 1, TRANSFER_COLUMNS = 64, TRANSFER_KEYS = 4 };

/* kind: s text, i integer, x bytes (as hex), t time. */
struct transfer_column { const char *name; char kind; bool ascii; };
struct transfer_table {
	const char *name;
	struct transfer_column columns[TRANSFER_COLUMNS];
	size_t n, keys[TRANSFER_KEYS], nkeys;    /* keys: of the primary key, behind organization_id */
};

extern const char *const transfer_tables[];      /* in the order of lines; ended by NULL */
/* The columns of a table, but those that the database computes.  False, and said, when it cannot be asked. */
bool transfer_look(struct cli *c, const char *name, struct transfer_table *out);

#endif
