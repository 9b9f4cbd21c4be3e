/* passwd.h: passwords by libcrypt's yescrypt (about 15 ms and 16 MiB each). */
#ifndef PASSWD_H
#define PASSWD_H
#include <stdbool.h>
#include "arena.h"

char *passwd_hash(struct arena *a, const char *password);
/* In place of a hash, of who has set no password yet; ADMIN_LEFT (sql.def) knows it too. */
#define PASSWD_UNSET "!"

/* hash NULL: an unknown user; takes the same time and is false, as it does of who has set none. */
bool passwd_check(const char *password, const char *hash);
/* A random password of 20 characters, for those who name none. */
char *passwd_generate(struct arena *a);

#endif
