/* dom_list.c: see dom_list.h. */
#include "dom_list.h"
#include <string.h>
#include <openssl/sha.h>
#include "json.h"
#include "str.h"

static void digest(struct arena *a, const char *word, const char *key, const char *value, unsigned char out[16])
{
	unsigned char md[SHA256_DIGEST_LENGTH];
	struct buf b = { .arena = a };

	buf_put(&b, word, strlen(word) + 1);
	buf_put(&b, key, strlen(key) + 1);
	buf_puts(&b, value);
	SHA256((const unsigned char *)b.p, b.n, md);
	memcpy(out, md, 16);
}

enum { LABELS_AT_ONCE = 10 };                    /* of SQL_LABELS_ADD */

void labels_of(struct arena *a, const char *word, const char *metadata, struct labels *out)
{
	struct json *o = js_read(a, metadata), *value;
	const char *key;
	void *it = NULL;

	*out = (struct labels){ .n = 0 };
	while (o && out->n < LIST_LABELS && js_next(o, &it, &key, &value))
		digest(a, word, key, js_str(value), out->digest[out->n++]);
}

enum err labels_store(struct tx *tx, const char *word, const struct life *o, const char *metadata)
{
	const struct db_val org = db_d(&o->organization), id = db_d(&o->id), mode = db_i(!o->test);
	struct json *all = js_read(tx->arena, metadata), *value;
	unsigned char (*d)[16] = arena_alloc(tx->arena, (METADATA_MOST + LABELS_AT_ONCE) * sizeof *d);
	struct values in;
	const char *key;
	void *it = NULL;
	size_t n = 0;
	enum err e = o->revision > 1 ? db_exec(tx->db, SQL_LABELS_FORGET, DB_IN(org, id), NULL) : OK;

	while (all && n < METADATA_MOST && js_next(all, &it, &key, &value))
		digest(tx->arena, word, key, js_str(value), d[n++]);
	for (size_t i = 0; !e && i < n; i += LABELS_AT_ONCE) {
		in.n = 0;
		for (size_t k = i; k < i + LABELS_AT_ONCE; k++)  /* the last one again where there are no more */
			values_add(&in, DB_IN(org, db_x(d[k < n ? k : n - 1], 16), mode, id));
		e = db_exec(tx->db, SQL_LABELS_ADD, in.v, in.n, NULL);
	}
	return e;
}

struct json *metadata_json(struct arena *a, const char *metadata)
{
	struct json *o = js_read(a, metadata);

	return o ? o : js_object(a);
}

enum err metadata_merge(struct tx *tx, const char *old, const char *edit, const char **out)
{
	struct json *was = metadata_json(tx->arena, old), *now = metadata_json(tx->arena, edit), *all = js_object(tx->arena), *value;
	const char *key;
	void *it = NULL;

	*out = NULL;
	if (!edit)
		return OK;
	while (js_next(was, &it, &key, &value))
		if (!js_get(now, key, &(struct json *){ NULL }))
			js_put(all, key, value);
	for (it = NULL; js_next(now, &it, &key, &value); )
		if (value)
			js_put(all, key, value);
	if (js_length(all) > METADATA_MOST) {
		why_add(tx, "metadata", arena_printf(tx->arena, "must have at most %d keys", METADATA_MOST));
		return ERR_SHAPE;
	}
	*out = js_text(all, NULL);
	return OK;
}

void values_add(struct values *in, const struct db_val *v, size_t n)
{
	memcpy(in->v + in->n, v, n * sizeof *v);
	in->n += n;
}

void values_labels(struct values *in, const struct labels *l)
{
	values_add(in, DB_IN(db_i((int64_t)l->n)));
	for (size_t i = 0; i < LIST_LABELS; i++)         /* what is not asked for repeats what is */
		values_add(in, DB_IN(db_x(l->digest[l->n ? i % l->n : 0], 16)));
	values_add(in, DB_IN(db_i((int64_t)l->n)));
}

/* The way the statement runs, and the cursor it starts behind. */
static bool upwards(const struct list_ask *ask)
{
	return ask->up != !id_is_zero(&ask->before);
}

static const struct id *cursor(const struct list_ask *ask)
{
	static const struct id first, last = { { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 } };

	if (!id_is_zero(&ask->before))
		return &ask->before;
	if (!id_is_zero(&ask->after))
		return &ask->after;
	return upwards(ask) ? &first : &last;
}

/* The two modes that a caller sees; one of them twice has no second run. */
static void modes(const struct who *who, int64_t out[2])
{
	out[0] = who->mode != MODE_TEST;
	out[1] = who->mode == MODE_BOTH ? 0 : -1;
}

/* What came: without the row of nobody, without the one row too many that tells of more,
 * as does a page that ended at its bytes, and in the order asked for when the statement ran the other way. */
static void cut(struct tx *tx, const struct list_ask *ask, struct db_rows *rows, struct list_got *got)
{
	struct db_rows all = *rows;

	if (all.n == 1 && !row_own(db_row(&all, 0)))
		all.n = 0;
	got->more = all.cut || all.n > (size_t)ask->limit;
	got->n = rows->n = all.n > (size_t)ask->limit ? (size_t)ask->limit : all.n;
	if (!(got->back = !id_is_zero(&ask->before)))
		return;
	rows->v = arena_alloc(tx->arena, (rows->n * rows->cols + 1) * sizeof *rows->v);
	for (size_t i = 0; i < rows->n; i++)
		memcpy(rows->v + i * rows->cols, db_row(&all, rows->n - 1 - i), rows->cols * sizeof *rows->v);
}

static enum err read_page(struct tx *tx, enum sql sql, struct values *in, const struct list_ask *ask,
	struct db_rows *rows, struct list_got *got)
{
	enum err e;

	values_add(in, DB_IN(db_d(&tx->who->organization), db_d(&tx->who->principal)));
	if ((e = tx_page(tx, upwards(ask) ? sql : sql + 1, in->v, in->n, rows)) || (e = who_may(tx->who, tx->ask)))
		return e;
	cut(tx, ask, rows, got);
	return OK;
}

/* One run for each mode; `at` is what stands between the head and the limit. */
static enum err two_runs(struct tx *tx, enum sql sql, const struct values *head, size_t mode_at, const struct db_val *at,
	size_t n, const struct list_ask *ask, struct db_rows *rows, struct list_got *got)
{
	const struct db_val limit = db_i(ask->limit + 1);
	struct values in = { .n = 0 };
	int64_t mode[2];

	modes(tx->who, mode);
	for (int i = 0; i < 2; i++) {
		values_add(&in, head->v, head->n);
		in.v[in.n - head->n + mode_at] = db_i(mode[i]);
		values_add(&in, at, n);
		values_add(&in, &limit, 1);
	}
	values_add(&in, &limit, 1);
	return read_page(tx, sql, &in, ask, rows, got);
}

enum err list_by_id(struct tx *tx, enum sql sql, const struct values *head, size_t mode_at, const struct list_ask *ask,
	struct db_rows *rows, struct list_got *got)
{
	return two_runs(tx, sql, head, mode_at, DB_IN(db_d(cursor(ask))), ask, rows, got);
}

enum err list_place(struct tx *tx, enum sql sql, const struct list_ask *ask, size_t column, struct db_val *out)
{
	const char *name = id_is_zero(&ask->before) ? "starting_after" : "ending_before";
	struct db_rows r;
	enum err e;

	*out = sql_rows[sql].out[column] == 's' ? db_s("") : sql_rows[sql].out[column] == 't' ? db_t(0) : db_i(0);
	if (id_is_zero(&ask->after) && id_is_zero(&ask->before))
		return OK;
	if ((e = tx_query(tx, sql, DB_IN(db_d(&tx->who->organization), db_d(cursor(ask))), &r)))
		return e;
	if (r.n && who_sees(tx->who, row_value(&r, 0, r.cols - 1).i)) {
		*out = row_value(&r, 0, column);
		return OK;
	}
	why_add(tx, name, "names no object of this list");
	return ERR_QUERY;
}

enum err list_by_key(struct tx *tx, enum sql sql, const struct values *head, size_t mode_at, struct db_val place,
	const struct list_ask *ask, struct db_rows *rows, struct list_got *got)
{
	bool any = id_is_zero(&ask->after) && id_is_zero(&ask->before);

	return two_runs(tx, sql, head, mode_at, DB_IN(db_i(any), place, place, db_d(cursor(ask))), ask, rows, got);
}

static struct db_val number_place(int64_t place, const struct list_ask *ask)
{
	return db_i(place || upwards(ask) ? place : INT64_MAX);
}

enum err list_by_number(struct tx *tx, enum sql sql, const struct values *head, size_t mode_at, int64_t place,
	const struct list_ask *ask, struct db_rows *rows, struct list_got *got)
{
	return two_runs(tx, sql, head, mode_at, DB_IN(number_place(place, ask)), ask, rows, got);
}

enum err list_plain(struct tx *tx, enum sql sql, const struct values *head, int64_t place, const struct list_ask *ask,
	struct db_rows *rows, struct list_got *got)
{
	struct values in = *head;

	values_add(&in, DB_IN(number_place(place, ask), db_i(ask->limit + 1)));
	return read_page(tx, sql, &in, ask, rows, got);
}
