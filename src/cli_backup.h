/* cli_backup.h: what `thaw backup` and `thaw restore` share: the manifest of a backup, and the
 * database's own programs. */
#ifndef CLI_BACKUP_H
#define CLI_BACKUP_H
#include "cli.h"

#define BACKUP_DUMP "database.sql"
#define BACKUP_KEYS "keys"
#define BACKUP_MANIFEST "manifest.json"
enum { BACKUP_FORMAT = 1 };

/* Size and SHA-256 (hex) of a file; false (errno). */
bool backup_sum(const char *path, int64_t *size, char hex[65]);
/* An option file of the account that owns the schema, for the database's programs, at `path`, and the name of its
 * database.  NULL, and said. */
const char *backup_options(struct cli *c, const char *path);
/* Runs a program with these as its standard input and output (-1: as they are).  0, or 1 and said. */
int backup_run(char *const argv[], int in, int out);

#endif
