/* tx.h: one unit of work on the database, in the name of somebody.  Holds what the
 * audit row needs to know of the request, and settles every outcome a transaction
 * can have: done, refused, run again, or open (see tx.c). */
#ifndef TX_H
#define TX_H
#include <stdbool.h>
#include <stdint.h>
#include "arena.h"
#include "db.h"
#include "err.h"
#include "json.h"
#include "trace.h"
#include "who.h"

/* Why it failed, for the reply: the first writer wins. */
enum why_kind { WHY_VALUE, WHY_TYPE, WHY_SAID }; /* the reason is said of a value, of its type, or is what the `fault` of its row says (shape.h) */
struct why_item { const char *field, *reason, *code; enum why_kind kind; };      /* code: `invalid`, `required`, or a word of the document's (document.h) */
enum { WHY_ITEMS = 16 };
struct why {
	struct why_item items[WHY_ITEMS];
	int n;
	int64_t retry_after;                     /* seconds; 0: none */
	const char *text;                        /* the error in a sentence with its numbers; NULL: as err.def has it */
	struct json *told;                       /* values that an error may name, by their names; NULL: none */
	const char *state, *action;              /* of an object whose state refused a change: its word, and the change as `kind.participle`; or NULL */
};

enum { KEY_MOST = 255, KEY_LIFE_S = 86400 };
enum { LEASE = 16 };                             /* bytes of the name under which a worker holds what it works on */

/* An answer as it is kept for the repetition of a request. */
struct answer { int64_t status; const char *headers, *body; };

struct column;
struct tx {
	struct db *db;
	struct arena *arena;
	struct who *who;
	struct why why;
	struct ask ask;                          /* what the route asks for */
	int64_t deadline;                        /* monotonic; set by the first tx_run() */
	int64_t now;                             /* of this request: one time for all its rows */
	struct { const char *kind, *id, *child; } about;        /* the object that the request names, and what in it, as it spells them; NULL: none */
	const char *request_id, *address, *user_agent;
	struct trace trace;                      /* that the request is a part of */
	const char *idempotency_key;             /* up to KEY_MOST characters, known for KEY_LIFE_S; NULL: none */
	unsigned char fingerprint[32];           /* of the request, when it has a key */
	const char *if_match;                    /* revisions wanted, e.g. "3 7"; NULL: any */
	const char *api_version;                 /* of the answer, where a dialect has versions */
	bool merge;                              /* the body is a merge patch (RFC 7396) */
	bool open;                               /* inside tx_run's transaction */
	/* What this try changed first, for its attempt row. */
	const char *changed_type;
	struct id changed_organization, changed_id;
	int64_t changed_revision;
	struct answer answer;                    /* with a key: made by the work, or found */
	bool replayed;                           /* found: nothing was done this time */
	bool key_busy;                           /* the last try waited for the key in vain */
};

void why_add(struct tx *tx, const char *field, const char *reason);
void why_of(struct tx *tx, enum why_kind kind, const char *field, const char *reason);
/* The same of what is said in a whole sentence: ERR_SHAPE. */
enum err why_said(struct tx *tx, const char *field, const char *sentence);
enum err why_fault(struct tx *tx, const char *field, const char *reason);        /* the same: ERR_SHAPE */
void why_coded(struct tx *tx, const char *field, const char *reason, const char *code);
/* A value that an error may name, which is in neither the address nor what was sent. */
void why_tell(struct tx *tx, const char *name, struct json *value);

/* Run `work` in a transaction and commit it with its attempt row, after the caller is
 * settled (ERR_AUTH_REFUSED).  With an idempotency key the row comes first: of a
 * request that was done already the kept answer is found, `replayed` is set and
 * nothing is run; ERR_KEY_REUSED when it was another request, ERR_KEY_BUSY while the
 * first is under way.  `work` fills `answer` then.  An error of `work` rolls back and
 * is returned.  Deadlocks, conflicts and lost connections are
 * run again as a whole, `again` (NULL: nothing) undoing what `work` left in memory; a COMMIT without
 * an answer is settled by a fence.  ERR_CONTENTION, ERR_UNAVAILABLE and
 * ERR_OUTCOME_UNKNOWN when the deadline passes. */
enum err tx_run(struct tx *tx, enum err (*work)(void *), void (*again)(void *), void *arg);

/* One read statement that begins with WHO: run, tried again when the connection was
 * lost, and the caller settled by its first columns.  `in` ends with organization and
 * principal; the session is added.  ERR_AUTH_REFUSED when the principal is gone, or the
 * session has ended.  Rows keep the WHO columns. */
enum err tx_read(struct tx *tx, enum sql id, const struct db_val *in, size_t n, struct db_rows *out);
/* The caller settled, where no statement has done so yet: for what depends on the role. */
enum err tx_settle(struct tx *tx);
/* One more read statement, without WHO. */
enum err tx_query(struct tx *tx, enum sql id, const struct db_val *in, size_t n, struct db_rows *out);
/* Both for a list that goes on behind a place: the rows that fit, and out->cut when there are
 * more.  The two above refuse rows that are too large together (ERR_PAGE_BYTES). */
enum err tx_page(struct tx *tx, enum sql id, const struct db_val *in, size_t n, struct db_rows *out);
enum err tx_part(struct tx *tx, enum sql id, const struct db_val *in, size_t n, struct db_rows *out);

/* The one row a statement must give; ERR_DB_NONE when there is none. */
enum err tx_row(struct tx *tx, enum sql id, const struct db_val *in, size_t n, const struct db_val **out);

/* The first row of a statement (tx_query()) by a map (row.h), or the one column it has; untouched
 * when there is none: ERR_DB_NONE. */
enum err tx_one(struct tx *tx, enum sql id, const struct db_val *in, size_t n, const struct column *map, void *out);
enum err tx_int(struct tx *tx, enum sql id, const struct db_val *in, size_t n, int64_t *out);
enum err tx_id(struct tx *tx, enum sql id, const struct db_val *in, size_t n, struct id *out);
enum err tx_text(struct tx *tx, enum sql id, const struct db_val *in, size_t n, const char **out);
/* Of a statement that begins with WHO (tx_read()), by what is behind that. */
enum err tx_read_one(struct tx *tx, enum sql id, const struct db_val *in, size_t n, const struct column *map, void *out);
/* All rows of one column. */
enum err tx_ids(struct tx *tx, enum sql id, const struct db_val *in, size_t n, struct id **out, size_t *count);

#endif
