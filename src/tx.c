/* tx.c: the outcomes of a transaction.
 *
 * Every try that writes inserts a row of its own into `attempts`, under an id made
 * for that try, in the same commit.  When COMMIT gives no definite answer, the same
 * id is inserted again as a fence on a new connection: accepted, the first try can
 * never commit any more and is run again as a new attempt; a duplicate, and its
 * outcome says whether it was the try itself (it had committed: the reply in hand is
 * right) or an earlier fence of ours.  A SELECT would not do: the first COMMIT may
 * still be under way.
 *
 * An idempotency key is a unique key of the same row, inserted before anything else is
 * done: key recorded and effect committed are one.  A second request with the key
 * waits for the first one's commit and then finds its answer. */
#include "tx.h"
#include <string.h>
#include <time.h>
#include "clock.h"
#include "conf.h"
#include "log.h"
#include "metric.h"
#include "row.h"

static void why_put(struct tx *tx, struct why_item item)
{
	if (tx->why.n < WHY_ITEMS)
		tx->why.items[tx->why.n++] = item;
}

void why_coded(struct tx *tx, const char *field, const char *reason, const char *code)
{
	why_put(tx, (struct why_item){ field, reason, code, WHY_VALUE });
}

void why_of(struct tx *tx, enum why_kind kind, const char *field, const char *reason)
{
	why_put(tx, (struct why_item){ field, reason, "invalid", kind });
}

void why_add(struct tx *tx, const char *field, const char *reason)
{
	why_of(tx, WHY_VALUE, field, reason);
}

enum err why_said(struct tx *tx, const char *field, const char *sentence)
{
	why_of(tx, WHY_SAID, field, sentence);
	return ERR_SHAPE;
}

enum err why_fault(struct tx *tx, const char *field, const char *reason)
{
	why_add(tx, field, reason);
	return ERR_SHAPE;
}

void why_tell(struct tx *tx, const char *name, struct json *value)
{
	if (!tx->why.told)
		tx->why.told = js_object(tx->arena);
	js_put(tx->why.told, name, value);
}

static void pause_ms(int64_t ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* Full jitter: up to 5 ms at first, up to 160 later. */
static void backoff(int try)
{
	uint32_t r;
	int64_t cap = INT64_C(5) << (try < 5 ? try : 5);

	random_bytes(&r, sizeof r);
	pause_ms(1 + r % (uint32_t)cap);
}

/* The thaw command and public routes are in no organization, what they change is. */
static enum err attempt_row(struct tx *tx, const unsigned char attempt[16], const char *outcome)
{
	const struct id *organization = tx->changed_type ? &tx->changed_organization : &tx->who->organization;

	return db_exec(tx->db, SQL_ATTEMPT_DONE, DB_IN(db_x(attempt, 16), db_s(outcome),
		db_d0(organization), db_d0(&tx->who->caller), db_s(tx->request_id),
		db_s(tx->changed_type), db_d0(&tx->changed_id), db_i0(tx->changed_revision), db_t(tx->now)), NULL);
}

static enum err key_row(struct tx *tx, const unsigned char attempt[16])
{
	return db_exec(tx->db, SQL_ATTEMPT_ADD, DB_IN(db_x(attempt, 16), db_s("done"), db_d0(&tx->who->organization),
		db_d0(&tx->who->caller), db_s(tx->request_id), db_t(tx->now), db_s(tx->idempotency_key),
		db_x(tx->fingerprint, sizeof tx->fingerprint)), NULL);
}

static enum err keep_answer(struct tx *tx, const unsigned char attempt[16])
{
	return db_exec_one(tx->db, SQL_ATTEMPT_ANSWER, DB_IN(db_s(tx->changed_type), db_d0(&tx->changed_id),
		db_i0(tx->changed_revision), db_i(tx->answer.status), db_s(tx->answer.headers), db_s(tx->answer.body),
		db_x(attempt, 16)));
}

struct kept { struct bytes id, fingerprint; struct answer answer; int64_t created; };

/* The answer of the first request with this key.  ERR_DB_RETRY: it is gone, do it. */
static enum err replay(struct tx *tx)
{
	static const struct column map[] = PICK_MAP(ATTEMPT_PICK, struct kept);
	const struct db_val *v;
	struct kept k;
	enum err e = tx_row(tx, SQL_ATTEMPT_OF_KEY, DB_IN(db_d(&tx->who->organization), db_d(&tx->who->caller),
		db_s(tx->idempotency_key)), &v);

	if (e)
		return e == ERR_DB_NONE ? ERR_DB_RETRY : e;
	(void)row_read(map, RES__MAX, v, &k);
	/* Too old; or its transaction fell apart and left the row without an answer. */
	if (k.created + KEY_LIFE_S * SECOND < tx->now || k.answer.status < 0) {
		e = db_exec(tx->db, SQL_ATTEMPT_FORGET, DB_IN(db_x(k.id.p, k.id.n)), NULL);
		return e ? e : ERR_DB_RETRY;
	}
	if (memcmp(k.fingerprint.p, tx->fingerprint, sizeof tx->fingerprint))
		return ERR_KEY_REUSED;
	tx->answer = k.answer;
	tx->replayed = true;
	return OK;
}

enum fate { COMMITTED, NEVER, UNSETTLED };

/* What became of a try whose COMMIT gave no answer. */
static enum fate fence(struct tx *tx, const unsigned char attempt[16], int64_t deadline)
{
	static const struct column map[] = { { ROW_s, 0 }, { ROW_END, 0 } };

	for (int try = 0; clock_mono() < deadline; try++) {
		const char *outcome;
		struct db_rows r;
		enum err e;

		if (try)
			backoff(try);
		if (db_ready(tx->db))
			continue;
		e = attempt_row(tx, attempt, "fence");           /* autocommit */
		if (!e)
			return NEVER;
		if (e != ERR_DB_DUPLICATE)
			continue;
		e = db_query(tx->db, tx->arena, SQL_ATTEMPT_OUTCOME, DB_IN(db_x(attempt, 16)), &r);
		if (e || !r.n)
			continue;
		(void)row_read(map, RES__MAX, db_row(&r, 0), &outcome);
		return !strcmp(outcome, "done") ? COMMITTED : NEVER;
	}
	return UNSETTLED;
}

/* Is the caller still who the token says?  The thaw command and public routes are nobody. */
static enum err settle(struct tx *tx)
{
	const struct db_val *v;
	enum err e;

	if (id_is_zero(&tx->who->principal) || tx->who->settled)
		return OK;
	e = tx_row(tx, SQL_WHO_LOAD, DB_IN(db_d(&tx->who->organization), db_d(&tx->who->principal), db_d(&tx->who->session)), &v);
	if (e)
		return e == ERR_DB_NONE ? ERR_AUTH_REFUSED : e;
	return who_settle(tx->who, v);
}

static enum err steps(struct tx *tx, const unsigned char attempt[16], enum err (*work)(void *), void *arg)
{
	enum err e;

	if ((e = settle(tx)))
		return e;
	if (!tx->idempotency_key)
		return (e = work(arg)) ? e : attempt_row(tx, attempt, "done");
	if ((e = key_row(tx, attempt))) {
		tx->key_busy = e == ERR_DB_RETRY;
		if (e != ERR_DB_DUPLICATE)
			return e;
		/* The kept answer is for a token that could have asked. */
		return (e = who_scoped(tx->who, tx->ask)) ? e : ERR_KEY_TAKEN;
	}
	return (e = work(arg)) ? e : keep_answer(tx, attempt);
}

/* One try: OK, an error of the work, or one of ERR_DB_*. */
static enum err once(struct tx *tx, const unsigned char attempt[16], enum err (*work)(void *), void *arg)
{
	enum err e;

	tx->why = (struct why){ 0 };
	tx->replayed = tx->key_busy = false;
	tx->changed_type = NULL;
	tx->changed_organization = tx->changed_id = (struct id){ 0 };
	tx->changed_revision = 0;
	if ((e = db_begin(tx->db))) {
		db_rollback(tx->db);
		return e;
	}
	tx->open = true;
	e = steps(tx, attempt, work, arg);
	tx->open = false;
	if (!e && (e = db_commit(tx->db)) != ERR_DB_RETRY)
		return e;
	db_rollback(tx->db);
	return e == ERR_KEY_TAKEN ? replay(tx) : e;
}

enum err tx_run(struct tx *tx, enum err (*work)(void *), void (*again)(void *), void *arg)
{
	enum err e = OK;

	if (!tx->deadline)
		tx->deadline = clock_mono() + conf.db_deadline_ms * 1000;
	db_want(tx->db, SQL_WHO_LOAD);
	db_want(tx->db, tx->idempotency_key ? SQL_ATTEMPT_ADD : SQL_ATTEMPT_DONE);
	db_want(tx->db, tx->idempotency_key ? SQL_ATTEMPT_ANSWER : SQL_NONE);
	for (int try = 0;; try++) {
		unsigned char attempt[16];

		if (try) {
			if (clock_mono() > tx->deadline)
				break;
			metric_add(METRIC_RETRIES, e == ERR_DB_LOST ? "lost" : e == ERR_DB_OPEN ? "unanswered" : "conflict");
			backoff(try);
			if (again)
				again(arg);
		}
		if ((e = db_ready(tx->db)))
			return e;
		random_bytes(attempt, sizeof attempt);
		/* Not a failure: each time one statement more is known. */
		while ((e = once(tx, attempt, work, arg)) == ERR_DB_UNPREPARED && clock_mono() < tx->deadline)
			if (again)
				again(arg);
		if (e == ERR_DB_OPEN) {
			switch (fence(tx, attempt, tx->deadline + conf.db_deadline_ms * 1000)) {
			case COMMITTED:
				metric_add(METRIC_FENCES, "committed");
				return OK;
			case UNSETTLED:
				metric_add(METRIC_FENCES, "unsettled");
				log_error(LOG_ERROR, "the outcome of a COMMIT stayed unknown");
				tx->why.retry_after = 5;
				return ERR_OUTCOME_UNKNOWN;
			case NEVER:
				metric_add(METRIC_FENCES, "never");
				continue;
			}
		}
		if (e != ERR_DB_RETRY && e != ERR_DB_LOST && e != ERR_DB_UNPREPARED)
			return e;
	}
	if (e != ERR_DB_RETRY && e != ERR_DB_UNPREPARED)
		return ERR_UNAVAILABLE;
	return tx->key_busy ? ERR_KEY_BUSY : ERR_CONTENTION;
}

enum err tx_part(struct tx *tx, enum sql id, const struct db_val *in, size_t n, struct db_rows *out)
{
	enum err e = OK;

	if (tx->open)                            /* part of a transaction: it is run again whole */
		return db_page(tx->db, tx->arena, id, in, n, out);
	for (int try = 0; try < 3; try++) {
		if ((e = db_ready(tx->db)))
			break;
		e = db_page(tx->db, tx->arena, id, in, n, out);
		if (e != ERR_DB_LOST && e != ERR_DB_RETRY)
			return e;
	}
	return e == ERR_SCHEMA ? e : ERR_UNAVAILABLE;
}

enum err tx_query(struct tx *tx, enum sql id, const struct db_val *in, size_t n, struct db_rows *out)
{
	enum err e = tx_part(tx, id, in, n, out);

	if (e || !out->cut)
		return e;
	/* Lists that go on behind a place take what fits (tx_page); these count their pages. */
	why_add(tx, "page_size", arena_printf(tx->arena, "must be at most %zu here: the objects of this page are larger than %lld bytes "
		"(page_bytes_limit) together", out->n, (long long)conf.page_bytes_limit));
	return ERR_PAGE_BYTES;
}

/* Run by `run`, with the caller's session behind the rest of what settles the caller. */
static enum err settled(struct tx *tx, enum err (*run)(struct tx *, enum sql, const struct db_val *, size_t, struct db_rows *),
	enum sql id, const struct db_val *in, size_t n, struct db_rows *out)
{
	struct db_val all[DB_PARAMETERS];
	enum err e;

	if (n >= DB_PARAMETERS)
		return ERR_INTERNAL;
	memcpy(all, in, n * sizeof *in);
	all[n] = db_d(&tx->who->session);
	if ((e = run(tx, id, all, n + 1, out)))
		return e;
	return out->n ? who_settle(tx->who, db_row(out, 0)) : ERR_AUTH_REFUSED;
}

enum err tx_page(struct tx *tx, enum sql id, const struct db_val *in, size_t n, struct db_rows *out)
{
	return settled(tx, tx_part, id, in, n, out);
}

enum err tx_read(struct tx *tx, enum sql id, const struct db_val *in, size_t n, struct db_rows *out)
{
	return settled(tx, tx_query, id, in, n, out);
}

enum err tx_settle(struct tx *tx)
{
	struct db_rows r;

	if (tx->who->permissions)
		return OK;
	return tx_read(tx, SQL_WHO_LOAD, DB_IN(db_d(&tx->who->organization), db_d(&tx->who->principal)), &r);
}

enum err tx_row(struct tx *tx, enum sql id, const struct db_val *in, size_t n, const struct db_val **out)
{
	struct db_rows r;
	enum err e = db_query(tx->db, tx->arena, id, in, n, &r);

	if (!e && !r.n)
		e = ERR_DB_NONE;
	if (!e)
		*out = db_row(&r, 0);
	return e;
}

/* ---- Rows by their maps ---- */

static const struct column an_int[] = { { ROW_i, 0 }, { ROW_END, 0 } }, an_id[] = { { ROW_d0, 0 }, { ROW_END, 0 } },
	a_text[] = { { ROW_s, 0 }, { ROW_END, 0 } };

enum err tx_one(struct tx *tx, enum sql id, const struct db_val *in, size_t n, const struct column *map, void *out)
{
	struct db_rows r;
	enum err e = tx_query(tx, id, in, n, &r);

	if (e || !r.n)
		return e ? e : ERR_DB_NONE;
	(void)row_read(map, RES__MAX, db_row(&r, 0), out);
	return OK;
}

enum err tx_int(struct tx *tx, enum sql id, const struct db_val *in, size_t n, int64_t *out)
{
	return tx_one(tx, id, in, n, an_int, out);
}

enum err tx_id(struct tx *tx, enum sql id, const struct db_val *in, size_t n, struct id *out)
{
	return tx_one(tx, id, in, n, an_id, out);
}

enum err tx_text(struct tx *tx, enum sql id, const struct db_val *in, size_t n, const char **out)
{
	return tx_one(tx, id, in, n, a_text, out);
}

enum err tx_read_one(struct tx *tx, enum sql id, const struct db_val *in, size_t n, const struct column *map, void *out)
{
	const struct db_val *own;
	struct db_rows r;
	enum err e = tx_read(tx, id, in, n, &r);

	if (e || !(own = row_own(db_row(&r, 0))))
		return e ? e : ERR_DB_NONE;
	(void)row_read(map, RES__MAX, own, out);
	return OK;
}

enum err tx_ids(struct tx *tx, enum sql id, const struct db_val *in, size_t n, struct id **out, size_t *count)
{
	struct db_rows r;
	enum err e = tx_query(tx, id, in, n, &r);

	*count = e ? 0 : r.n;
	*out = e ? NULL : row_array(tx->arena, &r, an_id, sizeof **out);
	return e;
}
