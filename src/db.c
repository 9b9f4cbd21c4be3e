/* db.c: see db.h.  What each error number means is one table (classify), after
 * what was measured on MariaDB and Galera: 1213 and 1020 are definite and worth
 * another try, 1205 undoes one statement alone and so asks for a ROLLBACK, a lost
 * connection is definite before COMMIT and open at it. */
#include "db.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <mysql.h>
#include <errmsg.h>
#include <mysqld_error.h>
#include "clock.h"
#include "conf.h"
#include "log.h"
#include "str.h"

const struct sql_row sql_rows[SQL__MAX] = {
#define SQL(name, in, out, dup, text) [SQL_##name] = { #name, in, out, dup, text },
#include "sql.def"
#undef SQL
};

enum { CELL = 256, EE_END = 120 };               /* below EE_END: the server's errors of files */

enum { KNOWN = SQL__MAX + DB_MADE };

struct made { struct sql_row row; uint64_t hash, used; };

struct db {
	MYSQL *m;
	MYSQL_STMT *st[KNOWN];
	bool wanted[KNOWN];                      /* by a transaction: before it begins */
	struct made made[DB_MADE];
	uint64_t clock;                          /* of their use */
	bool open, doomed;                       /* between db_begin() and its end; and it can only be rolled back */
	char *option_file, *group;
	char error[512];
	unsigned code;                           /* of the server or the library; 0: the error is none of theirs */
	unsigned patience;
	size_t bound;                            /* bytes of one result; 0: none */
	unsigned statements;
	size_t packet;                           /* the server's max_allowed_packet */
	bool checked;                            /* the schema's version was right */
};

static int handles;                              /* the library ends with the last */

static char *copy(const char *s)
{
	char *d = strdup(s);

	if (!d)
		abort();
	return d;
}

struct db *db_new(const char *option_file, const char *group)
{
	struct db *db = calloc(1, sizeof *db);

	if (!db)
		abort();
	db->option_file = copy(option_file);
	db->group = copy(group);
	db->patience = 5;
	handles++;
	return db;
}

void db_patience(struct db *db, unsigned seconds)
{
	db->patience = seconds;
}

void db_bound(struct db *db, size_t bytes)
{
	db->bound = bytes;
}

/* ---- Statements that are made ---- */

static const struct sql_row *row_of(const struct db *db, enum sql id)
{
	return (int)id < SQL__MAX ? &sql_rows[id] : &db->made[(int)id - SQL__MAX].row;
}

static void forget(struct made *m)
{
	free((void *)m->row.name);
	free((void *)m->row.in);
	free((void *)m->row.out);
	free((void *)m->row.text);
	*m = (struct made){ .hash = 0 };
}

/* FNV-1a */
static uint64_t hash_of(const char *text)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return h;
}

enum sql db_made(struct db *db, const char *name, const char *in, const char *out, const char *text)
{
	const uint64_t hash = hash_of(text);
	size_t oldest = 0;

	for (size_t i = 0; i < DB_MADE; i++) {
		struct made *m = &db->made[i];

		if (m->hash == hash && m->row.text && !strcmp(m->row.text, text)) {
			m->used = ++db->clock;
			return (enum sql)(SQL__MAX + i);
		}
		if (m->used < db->made[oldest].used)
			oldest = i;
	}
	if (db->st[SQL__MAX + oldest])
		mysql_stmt_close(db->st[SQL__MAX + oldest]);
	db->st[SQL__MAX + oldest] = NULL;
	db->wanted[SQL__MAX + oldest] = false;
	forget(&db->made[oldest]);
	db->made[oldest] = (struct made){ .row = { copy(name), copy(in), copy(out), OK, copy(text) }, .hash = hash, .used = ++db->clock };
	return (enum sql)(SQL__MAX + oldest);
}

/* The connection, not the handle.  Its statements end with it: the server is told of none. */
static void disconnect(struct db *db)
{
	if (db->m)
		mysql_close(db->m);
	db->m = NULL;
	for (size_t i = 0; i < KNOWN; i++) {
		if (db->st[i])
			mysql_stmt_close(db->st[i]);
		db->st[i] = NULL;
	}
	db->checked = db->open = db->doomed = false;
}

void db_free(struct db *db)
{
	if (!db)
		return;
	disconnect(db);
	for (size_t i = 0; i < DB_MADE; i++)
		forget(&db->made[i]);
	free(db->option_file);
	free(db->group);
	free(db);
	if (!--handles)
		mysql_library_end();
}

const char *db_error(const struct db *db)
{
	return db->error;
}

unsigned db_code(const struct db *db)
{
	return db->code;
}

unsigned db_statements(struct db *db)
{
	unsigned n = db->statements;

	db->statements = 0;
	return n;
}

/* What a number means before COMMIT; at it every one of these leaves the outcome open.
 * RETRY and LOST may pass by themselves within the request; what is the operator's to
 * mend is told at once; what no repetition would change is never told as passing. */
static const struct { unsigned code; enum err err; } meanings[] = {
	{ ER_LOCK_DEADLOCK, ERR_DB_RETRY },
	{ ER_CHECKREAD, ERR_DB_RETRY },                  /* innodb_snapshot_isolation */
	{ ER_LOCK_WAIT_TIMEOUT, ERR_DB_RETRY },
	{ ER_NEED_REPREPARE, ERR_DB_RETRY },             /* DDL under a prepared statement */
	{ ER_UNKNOWN_COM_ERROR, ERR_DB_LOST },           /* 1047: the node left its cluster */
	{ ER_ERROR_DURING_COMMIT, ERR_DB_LOST },
	{ ER_SERVER_SHUTDOWN, ERR_DB_LOST },
	{ ER_QUERY_INTERRUPTED, ERR_DB_LOST },
	{ ER_CONNECTION_KILLED, ERR_DB_LOST },
	{ ER_STATEMENT_TIMEOUT, ERR_DB_LOST },
	{ ER_NET_PACKETS_OUT_OF_ORDER, ERR_DB_LOST },
	{ ER_NET_READ_ERROR, ERR_DB_LOST },
	{ ER_NET_READ_INTERRUPTED, ERR_DB_LOST },
	{ ER_NET_ERROR_ON_WRITE, ERR_DB_LOST },
	{ ER_NET_WRITE_INTERRUPTED, ERR_DB_LOST },
	{ ER_OUT_OF_RESOURCES, ERR_UNAVAILABLE },
	{ ER_OUTOFMEMORY, ERR_UNAVAILABLE },
	{ ER_MAX_PREPARED_STMT_COUNT_REACHED, ERR_UNAVAILABLE },
	{ ER_USER_LIMIT_REACHED, ERR_UNAVAILABLE },
	{ ER_OPTION_PREVENTS_STATEMENT, ERR_READ_ONLY },
	{ ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION, ERR_READ_ONLY },
	{ ER_READ_ONLY_MODE, ERR_READ_ONLY },
	{ ER_OPEN_AS_READONLY, ERR_READ_ONLY },
	{ ER_INNODB_READ_ONLY, ERR_READ_ONLY },
	{ ER_DISK_FULL, ERR_DISK_FULL },
	{ ER_RECORD_FILE_FULL, ERR_DISK_FULL },          /* InnoDB: the table's file cannot grow */
	{ ER_TABLEACCESS_DENIED_ERROR, ERR_SCHEMA },     /* the grants are a part of it */
	{ ER_COLUMNACCESS_DENIED_ERROR, ERR_SCHEMA },
	{ ER_NO_SUCH_TABLE, ERR_SCHEMA },
	{ ER_BAD_FIELD_ERROR, ERR_SCHEMA },
	{ ER_NET_PACKET_TOO_LARGE, ERR_DATA_TOO_LARGE },
	{ CR_NET_PACKET_TOO_LARGE, ERR_DATA_TOO_LARGE },
	{ ER_WARN_ALLOWED_PACKET_OVERFLOWED, ERR_DATA_TOO_LARGE },
	{ ER_DATA_TOO_LONG, ERR_DATA_TOO_LARGE },
	{ ER_TOO_BIG_ROWSIZE, ERR_DATA_TOO_LARGE },
	{ ER_UNDO_RECORD_TOO_BIG, ERR_DATA_TOO_LARGE },
	{ ER_TRANS_CACHE_FULL, ERR_DATA_TOO_LARGE },     /* the binary log's cache */
};

/* Errors of files tell the system's own number in their text: 28 is ENOSPC. */
static bool no_space(unsigned code, const char *message)
{
	bool of_file = code < EE_END || code == ER_ERROR_ON_WRITE || code == ER_GET_ERRNO || code == ER_ERROR_DURING_COMMIT;

	return of_file && strstr(message, " 28 \"");
}

static enum err classify(unsigned code, const char *message, bool at_commit)
{
	enum err e = code >= CR_MIN_ERROR && code <= CR_MAX_ERROR ? ERR_DB_LOST : ERR_INTERNAL;

	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (meanings[i].code == code)
			e = meanings[i].err;
	if (no_space(code, message))
		e = ERR_DISK_FULL;
	return !at_commit || e == ERR_DB_RETRY ? e : ERR_DB_OPEN;
}

/* The one place that looks at an error.  A connection that failed is closed here. */
static enum err failed(struct db *db, unsigned code, const char *message, const char *what, bool at_commit)
{
	enum err e = classify(code, message, at_commit);

	db->code = code;
	snprintf(db->error, sizeof db->error, "%s: %u %s", what, code, message);
	if (e != ERR_DB_RETRY)
		log_error(err_row(e)->level, "database: %s", db->error);
	/* After a packet that was too large the server hangs up; behind a name that was read-only
	 * the next connection may find another server. */
	if (e == ERR_DB_LOST || e == ERR_DB_OPEN || e == ERR_DATA_TOO_LARGE || e == ERR_READ_ONLY)
		disconnect(db);
	db->doomed = db->open;                   /* the server may have rolled all of it back */
	return e;
}

/* Has the server kept the transaction that this statement was a part of? */
static enum err still_open(struct db *db, const char *what)
{
	if (!db->open || db->m->server_status & SERVER_STATUS_IN_TRANS)
		return OK;
	snprintf(db->error, sizeof db->error, "%s: the server has ended the transaction", what);
	log_error(LOG_WARN, "database: %s", db->error);
	db->doomed = true;
	return ERR_DB_RETRY;
}

static enum err run(struct db *db, const char *text, const char *what, bool at_commit)
{
	if (!db->m)
		return ERR_DB_LOST;
	db->statements++;
	if (mysql_real_query(db->m, text, strlen(text)))
		return failed(db, mysql_errno(db->m), mysql_error(db->m), what, at_commit);
	return OK;
}

/* Everything of a session that a server's configuration may have otherwise and that would
 * change what a statement does or answers.  One statement, since a CGI script pays for it
 * at each request; what MariaDB and MySQL call differently is in comments for the one.
 * group_concat_max_len: the ids of a workspace's entities come in one column.  max_sort_length: the bytes of
 * a name by which lists are in order, 700 characters with up to 18 weights of two bytes each. */
static const char session[] =
	"SET NAMES utf8mb4 COLLATE utf8mb4_general_ci, SESSION "
	"/*M! tx_isolation = 'READ-COMMITTED', tx_read_only = 0, max_statement_time = 0, check_constraint_checks = 1, "
	"join_cache_level = 2, innodb_strict_mode = 1, alter_algorithm = 'DEFAULT', tmp_disk_table_size = 18446744073709551615, */"
	"/*!80000 transaction_isolation = 'READ-COMMITTED', transaction_read_only = 0, max_execution_time = 0, */"
	"sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE', "
	"autocommit = 1, completion_type = 0, time_zone = '+00:00', innodb_lock_wait_timeout = 2, "
	"sql_select_limit = 18446744073709551615, sql_big_selects = 1, sql_safe_updates = 0, sql_auto_is_null = 0, "
	"optimizer_switch = 'mrr=off', group_concat_max_len = 16777216, max_sort_length = 32768, div_precision_increment = 4, "
	"foreign_key_checks = 1, unique_checks = 1";
/* A read waits for what the cluster has committed, and a node that left it serves nothing. */
static const char session_galera[] = "SET SESSION wsrep_sync_wait = 1, wsrep_dirty_reads = 0";

/* What the server says of itself, two numbers at the most.  Its max_allowed_packet comes first: it hangs up on a
 * longer statement before it says why, so that is refused here (fits()). */
#define PACKET "SELECT @@max_allowed_packet"

static enum err learn(struct db *db, const char *text, const char *what, int64_t *second)
{
	MYSQL_RES *res;
	MYSQL_ROW row;
	int64_t packet;
	enum err e = run(db, text, what, false);

	if (e || !(res = mysql_store_result(db->m)))
		return e ? e : ERR_UNAVAILABLE;
	row = mysql_fetch_row(res);
	db->packet = row && row[0] && parse_int(row[0], 0, INT64_MAX, &packet) ? (size_t)packet : 0;
	if (second && (!row || !row[1] || !parse_int(row[1], 0, INT64_MAX, second)))
		*second = 0;
	mysql_free_result(res);
	return OK;
}

static enum err attach(struct db *db, const char *text, const char *what, int64_t *second)
{
	static const unsigned connect_s = 2, off = 0;
	enum err e;
	MYSQL *m;

	/* Without it the library would try its own defaults, and another database. */
	if (access(db->option_file, R_OK)) {
		snprintf(db->error, sizeof db->error, "%s: %s", db->option_file, strerror(errno));
		log_error(LOG_ERROR, "database: the option file %s; see db_option_file", db->error);
		return ERR_UNAVAILABLE;
	}
	if (!(m = mysql_init(NULL)))
		abort();
	mysql_options(m, MYSQL_READ_DEFAULT_FILE, db->option_file);
	mysql_options(m, MYSQL_READ_DEFAULT_GROUP, db->group);
	mysql_options(m, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_options(m, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_options(m, MYSQL_OPT_READ_TIMEOUT, &db->patience);
	mysql_options(m, MYSQL_OPT_WRITE_TIMEOUT, &db->patience);
	mysql_options(m, MYSQL_OPT_LOCAL_INFILE, &off);
	/* FOUND_ROWS: an UPDATE counts the rows it matched, changed or not. */
	if (!mysql_real_connect(m, NULL, NULL, NULL, NULL, 0, NULL, CLIENT_FOUND_ROWS)) {
		snprintf(db->error, sizeof db->error, "connect: %u %s", mysql_errno(m), mysql_error(m));
		log_error(LOG_ERROR, "database: %s (option file %s, group %s)", db->error, db->option_file, db->group);
		mysql_close(m);
		return ERR_UNAVAILABLE;
	}
	db->m = m;
	/* In this order: a node that was cut off answers no SELECT that waits for the cluster. */
	if ((e = run(db, session, "session", false)) || (e = learn(db, text, what, second))
	    || (conf.galera && (e = run(db, session_galera, "session", false)))) {
		disconnect(db);
		return e == ERR_SCHEMA ? e : ERR_UNAVAILABLE;
	}
	return OK;
}

enum err db_connect(struct db *db)
{
	return db->m ? OK : attach(db, PACKET, "session", NULL);
}

/* A CGI script pays for each round trip at each request: the schema's version is asked for with the packet. */
enum err db_ready(struct db *db)
{
	const struct sql_row *row = &sql_rows[SQL_SCHEMA_VERSION];
	char text[256];
	int64_t version = 0;
	enum err e;

	if (db->m && db->checked)
		return OK;
	snprintf(text, sizeof text, PACKET ", (%s)", row->text);
	e = db->m ? learn(db, text, row->name, &version) : attach(db, text, row->name, &version);
	if (e && e != ERR_SCHEMA)
		return e == ERR_DB_LOST || e == ERR_DB_RETRY ? ERR_UNAVAILABLE : e;
	if (e || version < SCHEMA_MIN || version > SCHEMA_MAX) {
		log_error(LOG_ERROR, "database: the schema has version %lld, this program works with %d to %d; run `thaw migrate`",
			(long long)version, SCHEMA_MIN, SCHEMA_MAX);
		return ERR_SCHEMA;
	}
	db->checked = true;
	return OK;
}

static MYSQL_TIME to_time(int64_t us)
{
	const struct clock_date d = clock_split(us);

	return (MYSQL_TIME){ .year = (unsigned)d.year, .month = (unsigned)d.month, .day = (unsigned)d.day, .hour = (unsigned)d.hour,
		.minute = (unsigned)d.minute, .second = (unsigned)d.second, .second_part = (unsigned long)d.micro,
		.time_type = MYSQL_TIMESTAMP_DATETIME };
}

static int64_t from_time(const MYSQL_TIME *v)
{
	return clock_join(&(struct clock_date){ (int)v->year, (int)v->month, (int)v->day, (int)v->hour, (int)v->minute, (int)v->second,
		(int)v->second_part });
}

/* Do the values fit into one packet, with what goes around them? */
static enum err fits(struct db *db, const struct sql_row *row, const struct db_val *in, size_t n)
{
	enum { HEAD = 64, AROUND = 16 };
	size_t size = HEAD + n * AROUND;

	for (size_t i = 0; i < n; i++)
		if (!in[i].null && (in[i].t == 's' || in[i].t == 'x'))
			size += in[i].t == 's' ? strlen(in[i].s) : in[i].n;
	if (size <= db->packet)
		return OK;
	snprintf(db->error, sizeof db->error, "%s: %zu bytes, and the database's max_allowed_packet is %zu", row->name, size, db->packet);
	log_error(err_row(ERR_DATA_TOO_LARGE)->level, "database: %s; raise it in the server's configuration", db->error);
	return ERR_DATA_TOO_LARGE;
}

/* Those that were made give way where the server has no room for one more; they are prepared again. */
static bool made_room(struct db *db, enum sql but)
{
	bool room = false;

	for (int id = SQL__MAX; id < KNOWN; id++) {
		if (id == (int)but || !db->st[id])
			continue;
		mysql_stmt_close(db->st[id]);
		db->st[id] = NULL;
		room = true;
	}
	return room;
}

static enum err prepare(struct db *db, enum sql id)
{
	const struct sql_row *row = row_of(db, id);
	MYSQL_STMT *st = mysql_stmt_init(db->m);

	if (!st)
		abort();
	if (mysql_stmt_prepare(st, row->text, strlen(row->text))
	 && (mysql_stmt_errno(st) != ER_MAX_PREPARED_STMT_COUNT_REACHED || !made_room(db, id) || mysql_stmt_prepare(st, row->text, strlen(row->text)))) {
		enum err e = failed(db, mysql_stmt_errno(st), mysql_stmt_error(st), row->name, false);

		mysql_stmt_close(st);
		return e;
	}
	db->st[id] = st;
	return OK;
}

/* Text as its parameter takes it.  What an ascii column cannot hold is in none of its
 * rows: asked for, it becomes a byte that no text of a request has, since the server
 * would refuse to compare the two; stored, it is a fault of ours. */
static bool bind_text(const struct sql_row *row, size_t i, const char *s, MYSQL_BIND *bind)
{
	const char *text = s;

	for (; row->in[i] == 'a' && *s; s++) {
		if (!(*s & 0x80))
			continue;
		if (!*row->out) {
			log_error(LOG_ERROR, "database: parameter %zu of %s takes ASCII only", i + 1, row->name);
			return false;
		}
		text = "\x7f";
		break;
	}
	bind->buffer_type = MYSQL_TYPE_STRING;
	bind->buffer = (void *)text;
	bind->buffer_length = strlen(text);
	return true;
}

/* A value as its parameter; time: where one is put.  False: it is not one that the column takes. */
static bool bind_value(const struct sql_row *row, size_t i, const struct db_val *v, MYSQL_BIND *bind, MYSQL_TIME *time)
{
	if (v->t != (row->in[i] == 'a' ? 's' : row->in[i])) {
		fprintf(stderr, "thaw: parameter %zu of %s is '%c', not '%c'\n", i + 1, row->name, row->in[i], v->t);
		abort();
	}
	if (v->null) {
		bind->buffer_type = MYSQL_TYPE_NULL;
		return true;
	}
	switch (v->t) {
	case 'i':
		bind->buffer_type = MYSQL_TYPE_LONGLONG;
		bind->buffer = (void *)&v->i;
		break;
	case 't':
		*time = to_time(v->i);
		bind->buffer_type = MYSQL_TYPE_DATETIME;
		bind->buffer = time;
		break;
	case 's':
		return bind_text(row, i, v->s, bind);
	case 'd':
		bind->buffer_type = MYSQL_TYPE_BLOB;
		bind->buffer = (void *)v->id.b;
		bind->buffer_length = ID_BYTES;
		break;
	case 'x':
		bind->buffer_type = MYSQL_TYPE_BLOB;
		bind->buffer = (void *)v->s;
		bind->buffer_length = v->n;
		break;
	default:
		abort();
	}
	return true;
}

/* What became of a statement; the library says of the connection alone that it was ended among its rows. */
static enum err stmt_failed(struct db *db, MYSQL_STMT *st, const struct sql_row *row)
{
	const unsigned code = mysql_stmt_errno(st) ? mysql_stmt_errno(st) : mysql_errno(db->m);
	const enum err e = failed(db, code, mysql_stmt_errno(st) ? mysql_stmt_error(st) : mysql_error(db->m), row->name, false);

	return code == ER_STATEMENT_TIMEOUT && !strncmp(row->text, DB_TIMED, strlen(DB_TIMED)) ? ERR_TOO_BROAD : e;
}

/* The statement, prepared, executed with its parameters bound. */
static enum err execute(struct db *db, enum sql id, const struct db_val *in, size_t n, MYSQL_STMT **out)
{
	const struct sql_row *row = row_of(db, id);
	MYSQL_BIND bind[DB_PARAMETERS];
	MYSQL_TIME times[DB_PARAMETERS];
	MYSQL_STMT *st;
	enum err e;

	if (!db->m)
		return ERR_DB_LOST;
	if (db->doomed)
		return ERR_DB_RETRY;
	if (n != strlen(row->in) || n > DB_PARAMETERS) {
		fprintf(stderr, "thaw: %s takes %zu parameters, not %zu\n", row->name, strlen(row->in), n);
		abort();
	}
	if ((e = fits(db, row, in, n)))
		return e;
	if (!db->st[id]) {
		if (db->open) {
			db->wanted[id] = true;
			return ERR_DB_UNPREPARED;
		}
		if ((e = prepare(db, id)))
			return e;
	}
	st = db->st[id];
	memset(bind, 0, n * sizeof *bind);
	for (size_t i = 0; i < n; i++) {
		if (!bind_value(row, i, &in[i], &bind[i], &times[i]))
			return ERR_INTERNAL;
	}
	db->statements++;
	if ((n && mysql_stmt_bind_param(st, bind)) || mysql_stmt_execute(st)) {
		unsigned code = mysql_stmt_errno(st);

		if (code == ER_DUP_ENTRY && row->dup)
			return row->dup;
		if (code == ER_NEED_REPREPARE || code == ER_UNKNOWN_STMT_HANDLER) {
			mysql_stmt_close(st);
			db->st[id] = NULL;
			db->doomed = db->open;
			return ERR_DB_RETRY;
		}
		return stmt_failed(db, st, row);
	}
	*out = st;
	return OK;
}

void values_add(struct values *in, const struct db_val *v, size_t n)
{
	if (in->n > DB_PARAMETERS || n > DB_PARAMETERS - in->n) {
		in->n = DB_PARAMETERS + 1;
		return;
	}
	memcpy(in->v + in->n, v, n * sizeof *v);
	in->n += n;
}

enum err db_exec(struct db *db, enum sql id, const struct db_val *in, size_t n, int64_t *affected)
{
	MYSQL_STMT *st;
	enum err e = execute(db, id, in, n, &st);

	if (!e && affected)
		*affected = (int64_t)mysql_stmt_affected_rows(st);
	return e ? e : still_open(db, row_of(db, id)->name);
}

enum err db_exec_rows(struct db *db, enum sql id, const struct db_val *in, size_t n, size_t rows)
{
	int64_t affected = 0;
	enum err e = db_exec(db, id, in, n, &affected);

	return e ? e : affected == (int64_t)rows ? OK : ERR_DB_RETRY;
}

/* A text or byte column whole, however long: what did not fit its cell is fetched again. */
static enum err long_cell(MYSQL_STMT *st, struct arena *a, unsigned col, const char *cell, unsigned long len,
	struct db_val *v)
{
	char *p = arena_alloc(a, len + 1);
	MYSQL_BIND b = { .buffer_type = MYSQL_TYPE_STRING, .buffer = p, .buffer_length = len };

	if (len <= CELL)
		memcpy(p, cell, len);
	else if (mysql_stmt_fetch_column(st, &b, col, 0))
		return ERR_INTERNAL;
	v->s = p;
	v->n = len;
	return OK;
}

/* Where the library puts the row in hand. */
struct cells {
	char text[DB_COLUMNS][CELL];
	MYSQL_TIME times[DB_COLUMNS];
	int64_t ints[DB_COLUMNS];
	unsigned long lens[DB_COLUMNS];
	my_bool nulls[DB_COLUMNS];
};

static void bind_cells(const char *out, struct cells *c, MYSQL_BIND *bind)
{
	memset(bind, 0, strlen(out) * sizeof *bind);
	for (size_t i = 0; out[i]; i++) {
		bind[i].is_null = &c->nulls[i];
		bind[i].length = &c->lens[i];
		if (out[i] == 'i') {
			bind[i].buffer_type = MYSQL_TYPE_LONGLONG;
			bind[i].buffer = &c->ints[i];
		} else if (out[i] == 't') {
			bind[i].buffer_type = MYSQL_TYPE_DATETIME;
			bind[i].buffer = &c->times[i];
		} else {
			bind[i].buffer_type = MYSQL_TYPE_STRING;
			bind[i].buffer = c->text[i];
			bind[i].buffer_length = CELL;
		}
	}
}

/* What the row in hand takes in memory. */
static size_t row_bytes(const char *out, const struct cells *c)
{
	size_t n = 0;

	for (size_t i = 0; out[i]; i++)
		n += sizeof(struct db_val) + (c->nulls[i] || out[i] == 'i' || out[i] == 't' ? 0 : c->lens[i]);
	return n;
}

static enum err take_row(MYSQL_STMT *st, struct arena *a, const char *out, const struct cells *c, struct db_val *v)
{
	for (unsigned i = 0; out[i]; i++, v++) {
		*v = (struct db_val){ .t = out[i], .null = c->nulls[i] };
		if (v->null)
			continue;
		if (v->t == 'i')
			v->i = c->ints[i];
		else if (v->t == 't')
			v->i = from_time(&c->times[i]);
		else if (v->t == 'd' && c->lens[i] == ID_BYTES)
			memcpy(v->id.b, c->text[i], ID_BYTES);
		else if (long_cell(st, a, i, c->text[i], c->lens[i], v))
			return ERR_INTERNAL;
	}
	return OK;
}

/* Row by row as they come, so that what is beyond the bound is never held: the library
 * reads it and lets it go. */
static enum err fetch(struct db *db, MYSQL_STMT *st, struct arena *a, const struct sql_row *row, struct db_rows *out)
{
	const size_t cols = strlen(row->out);
	MYSQL_BIND bind[DB_COLUMNS];
	size_t room = 0, bytes = 0;
	struct cells c;
	int rc;

	if (cols != mysql_stmt_field_count(st) || cols > DB_COLUMNS) {
		fprintf(stderr, "thaw: %s gives %u columns, not %zu\n", row->name, mysql_stmt_field_count(st), cols);
		abort();
	}
	bind_cells(row->out, &c, bind);
	*out = (struct db_rows){ .cols = cols };
	/* The status that still_open() looks at comes with the last row: read all of it first.
	 * What a transaction reads is few. */
	if (mysql_stmt_bind_result(st, bind) || (db->open && mysql_stmt_store_result(st)))
		return failed(db, mysql_stmt_errno(st), mysql_stmt_error(st), row->name, false);
	while ((rc = mysql_stmt_fetch(st)) == 0 || rc == MYSQL_DATA_TRUNCATED) {
		bytes += row_bytes(row->out, &c);
		if ((out->cut = out->n && db->bound && bytes > db->bound))
			break;
		if (out->n == room) {
			struct db_val *more = arena_room(a, (room = room ? 4 * room : 1) * cols * sizeof *more);

			if (out->n)
				memcpy(more, out->v, out->n * cols * sizeof *more);
			out->v = more;
		}
		if (take_row(st, a, row->out, &c, out->v + out->n * cols))
			break;
		out->n++;
	}
	if (rc != MYSQL_NO_DATA && !out->cut) {
		enum err e = stmt_failed(db, st, row);

		if (db->m)
			mysql_stmt_free_result(st);
		return e;
	}
	mysql_stmt_free_result(st);
	return still_open(db, row->name);
}

enum err db_page(struct db *db, struct arena *a, enum sql id, const struct db_val *in, size_t n, struct db_rows *out)
{
	MYSQL_STMT *st;
	enum err e = execute(db, id, in, n, &st);

	return e ? e : fetch(db, st, a, row_of(db, id), out);
}

enum err db_query(struct db *db, struct arena *a, enum sql id, const struct db_val *in, size_t n, struct db_rows *out)
{
	enum err e = db_page(db, a, id, in, n, out);

	return !e && out->cut ? ERR_PAGE_BYTES : e;
}

void db_want(struct db *db, enum sql id)
{
	db->wanted[id] = true;
}

enum err db_begin(struct db *db)
{
	enum err e;

	for (enum sql id = SQL_NONE + 1; (int)id < KNOWN; id++) {
		if (!db->m)
			return ERR_DB_LOST;
		if (!db->wanted[id] || db->st[id] || !(e = prepare(db, id)))
			continue;
		db->wanted[id] = false;              /* its own request is told; the others do without it */
		return e;
	}
	if ((e = run(db, "START TRANSACTION", "begin", false)))
		return e;
	db->open = true;
	return still_open(db, "begin");
}

enum err db_commit(struct db *db)
{
	enum err e = db->doomed ? ERR_DB_RETRY : still_open(db, "commit");

	if (e)
		return e;
	db->open = false;
	return run(db, "COMMIT", "commit", true);
}

void db_rollback(struct db *db)
{
	db->open = db->doomed = false;
	if (db->m && run(db, "ROLLBACK", "rollback", false))
		disconnect(db);                    /* the server rolls back what it loses sight of */
}

enum err db_script(struct db *db, const char *text)
{
	enum err e = OK;

	while (!e && *text) {
		const char *end = strstr(text, ";\n");
		size_t n = end ? (size_t)(end - text) : strlen(text);

		if (strspn(text, " \t\r\n") < n) {
			char *one = strndup(text, n);

			if (!one)
				abort();
			e = run(db, one, "script", false);
			free(one);
		}
		text += end ? n + 2 : n;
	}
	return e;
}

char *db_ask(struct db *db, struct arena *a, const char *text)
{
	MYSQL_RES *res;
	MYSQL_ROW row;
	unsigned last;
	char *s = NULL;

	if (run(db, text, "ask", false) || !(res = mysql_store_result(db->m)))
		return NULL;
	last = mysql_num_fields(res) - 1;
	if ((row = mysql_fetch_row(res)) && row[last])
		s = arena_strdup(a, row[last]);
	mysql_free_result(res);
	return s;
}
