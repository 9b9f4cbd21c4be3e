/* script.h: statements and their parameters, as the floors run them.
 *
 * A script is lines: `query TEXT` is sent as it is, `statement NAME TEXT` is prepared; the
 * lines behind a statement, which begin with a tab, are its parameters in order (fields are
 * separated by tabs):
 *
 *	int N        a number            bytes HEX    bytes
 *	step N BY    N, later N + BY     key N        a part of the client's key, or of the address's
 *	id N         N bytes, in the order of time    random N     N bytes by chance
 *	hex N        N hexadecimal digits by chance   now          the time
 *	null
 *
 * A key is up to three parts, each hexadecimal, with commas between them: the object's
 * identity first, 0.
 *
 * A session is a connection with every statement of a script prepared on it. */
#ifndef SCRIPT_H
#define SCRIPT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <mysql.h>

enum { PARAMETERS = 128, STATEMENTS = 64, COLUMNS = 112, COLUMN_BYTES = 4096, PARTS = 3 };
enum kind { NIL, INT, BYTES, STEP, KEY, ID, RANDOM, HEX, NOW };

struct parameter { enum kind kind; int64_t n, by; char *p; };
struct statement { char *name, *text; bool plain, commit; struct parameter in[PARAMETERS]; unsigned parameters; };
struct script { struct statement v[STATEMENTS]; unsigned n; bool commits; };

struct key { struct { char p[512]; unsigned long n; } part[PARTS]; };
struct column { char p[COLUMN_BYTES]; unsigned long n; char null; };
struct session {
	MYSQL *m;
	MYSQL_STMT *st[STATEMENTS];
	const char *name[STATEMENTS][COLUMNS];           /* of the columns, NULL after the last */
	struct column column[COLUMNS];
	uint64_t seed;
};

/* Each of them says what is wrong and ends the program. */
void script_read(struct script *s, const char *file);
void session_open(struct session *c, const struct script *s, const char *socket, const char *database);
bool key_read(struct key *k, const char *text);          /* up to its end, or a character that no key has */

/* Runs statement i; the rows of a prepared one are then in c->column, one after the other, by session_row().
 * False: the server's error is in mysql_error(c->m), or the statement's. */
bool session_run(struct session *c, const struct script *s, unsigned i, const struct key *key, int64_t turn);
bool session_row(struct session *c, unsigned i);

int64_t now_us(void);
#endif
