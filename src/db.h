/* db.h: the database.  The only module that knows Connector/C.  The statements it
 * can run are the rows of sql.def and those that list.c composes; each is prepared once and kept
 * with the connection.
 * There is no automatic reconnect: a lost connection is reported as ERR_DB_LOST
 * (nothing of the transaction happened) or, at COMMIT, ERR_DB_OPEN, and the next
 * db_ready() makes a new one.
 *
 * Nothing is prepared inside a transaction: on a Galera cluster the server's answer to
 * a PREPARE can swallow the news that another node's transaction has aborted ours, and
 * all that follows would commit statement by statement.  So a statement met there for
 * the first time is ERR_DB_UNPREPARED, and the next db_begin() prepares it; and after
 * every statement of a transaction the server must say that it is still open. */
#ifndef DB_H
#define DB_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena.h"
#include "err.h"
#include "id.h"

enum sql {
	SQL_NONE = 0,
#define SQL(name, in, out, dup, text) SQL_##name,
#include "sql.def"
#undef SQL
	SQL__MAX
};

/* in, out: a letter for each parameter and column: s text, a text beside an ascii column,
 * i integer, d identity, x bytes, t time in microseconds.  dup: what a duplicate key
 * means here. */
struct sql_row { const char *name, *in, *out; enum err dup; const char *text; };
enum { DB_COLUMNS = 112, DB_PARAMETERS = 384, DB_MADE = 96 };     /* of one statement at most; statements that are made and kept */
extern const struct sql_row sql_rows[SQL__MAX];

/* The schema versions this program works with. */
enum { SCHEMA_MIN = 20, SCHEMA_MAX = 20 };

/* A value in or out.  Text is NUL-terminated; s == NULL is NULL; null tells for all. */
struct db_val { char t; bool null; int64_t i; const char *s; size_t n; struct id id; };

static inline struct db_val db_s(const char *s) { return (struct db_val){ .t = 's', .s = s, .null = !s }; }
static inline struct db_val db_i(int64_t i) { return (struct db_val){ .t = 'i', .i = i }; }
static inline struct db_val db_i0(int64_t i) { return (struct db_val){ .t = 'i', .i = i, .null = !i }; }
static inline struct db_val db_d(const struct id *id) { return (struct db_val){ .t = 'd', .id = *id }; }
static inline struct db_val db_d0(const struct id *id) { return (struct db_val){ .t = 'd', .id = *id, .null = id_is_zero(id) }; }
static inline struct db_val db_x(const void *p, size_t n) { return (struct db_val){ .t = 'x', .s = p, .n = n, .null = !p }; }
static inline struct db_val db_t(int64_t us) { return (struct db_val){ .t = 't', .i = us }; }

#define DB_IN(...) (const struct db_val[]){ __VA_ARGS__ }, \
	sizeof((const struct db_val[]){ __VA_ARGS__ }) / sizeof(struct db_val)
#define DB_NONE NULL, 0

/* Rows of a result, column by column: v[row * cols + col].  cut: there were more than db_bound() lets in. */
struct db_rows { size_t n, cols; struct db_val *v; bool cut; };
static inline const struct db_val *db_row(const struct db_rows *r, size_t i) { return r->v + i * r->cols; }

struct db;

/* Before a SELECT: the server ends it a second before this program's patience with it does.  ERR_TOO_BROAD. */
#define DB_BOUNDED DB_TIMED "4 FOR "
/* The same after a quarter of a second, for what somebody waits for while they type. */
#define DB_BRIEF DB_TIMED "0.25 FOR "
#define DB_TIMED "SET STATEMENT max_statement_time = "
/* A statement that a list is made of (list.c), from constant texts alone: known to this connection
 * from here on as any other; the longest unused one of DB_MADE gives way.  name: for the log. */
enum sql db_made(struct db *db, const char *name, const char *in, const char *out, const char *text);

/* A handle for the accounts of an option file's group; no connection yet. */
struct db *db_new(const char *option_file, const char *group);
void db_free(struct db *db);
/* How long one statement may take, in seconds (5 unless told), for the next connection. */
void db_patience(struct db *db, unsigned seconds);
/* How many bytes of rows one result may have, 0 for any number; its first row may be larger. */
void db_bound(struct db *db, size_t bytes);
/* A usable connection, made anew when the last was lost: OK, ERR_UNAVAILABLE, or
 * ERR_SCHEMA when the schema's version is not one this program works with. */
enum err db_ready(struct db *db);
/* The same without the look at the schema's version, for `thaw migrate`. */
enum err db_connect(struct db *db);

/* Parameters put together, in order. */
struct values { struct db_val v[DB_PARAMETERS + 1]; size_t n; };
void values_add(struct values *in, const struct db_val *v, size_t n);

/* Errors of all of them: ERR_DB_RETRY, ERR_DB_UNPREPARED, ERR_DB_LOST, the row's dup,
 * what the table in db.c makes of the server's number, and ERR_INTERNAL, these logged. */
enum err db_exec(struct db *db, enum sql id, const struct db_val *in, size_t n, int64_t *affected);
/* Of a change that must hit so many rows, or one; ERR_DB_RETRY when it did not. */
enum err db_exec_rows(struct db *db, enum sql id, const struct db_val *in, size_t n, size_t rows);
static inline enum err db_exec_one(struct db *db, enum sql id, const struct db_val *in, size_t n)
{
	return db_exec_rows(db, id, in, n, 1);
}
/* All rows; ERR_PAGE_BYTES when they are too large together, with those that fit in `out`. */
enum err db_query(struct db *db, struct arena *a, enum sql id, const struct db_val *in, size_t n,
	struct db_rows *out);
/* The rows that fit: out->cut tells of the rest. */
enum err db_page(struct db *db, struct arena *a, enum sql id, const struct db_val *in, size_t n,
	struct db_rows *out);

/* What a transaction on this handle may run (or SQL_NONE): prepared by the next
 * db_begin(), as is all that one has run before. */
void db_want(struct db *db, enum sql id);
enum err db_begin(struct db *db);
enum err db_commit(struct db *db);               /* OK, ERR_DB_RETRY (it did not happen), ERR_DB_OPEN */
void db_rollback(struct db *db);

/* Statements run since the last call, for the access log. */
unsigned db_statements(struct db *db);
/* The server's last message, for the administrator's commands. */
const char *db_error(const struct db *db);
unsigned db_code(const struct db *db);           /* the number in it; 0: it has none */

/* Statements of a migration or of `thaw init`, separated by ";\n".  Not for requests. */
enum err db_script(struct db *db, const char *text);
/* The last column, as text, of the first row of a statement that is not in sql.def (doctor, init);
 * NULL when there is none. */
char *db_ask(struct db *db, struct arena *a, const char *text);

#endif
