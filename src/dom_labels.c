/* dom_labels.c: see dom_labels.h. */
#include "dom_labels.h"
#include <string.h>
#include "hash.h"
#include "json.h"
#include "str.h"

static void digest(struct arena *a, const char *word, const char *key, const char *value, unsigned char out[LABEL_BYTES])
{
	unsigned char md[SHA256_BYTES];
	struct buf b = { .arena = a };

	buf_put(&b, word, strlen(word) + 1);
	buf_put(&b, key, strlen(key) + 1);
	buf_puts(&b, value);
	sha256(b.p, b.n, md);
	memcpy(out, md, LABEL_BYTES);
}

enum { LABELS_AT_ONCE = 10 };                    /* of SQL_LABELS_ADD */

enum err labels_store(struct tx *tx, const char *word, const struct life *o, const char *metadata)
{
	const struct db_val org = db_d(&o->organization), id = db_d(&o->id), mode = db_i(!o->test);
	struct json *all = js_read(tx->arena, metadata), *value;
	unsigned char (*d)[LABEL_BYTES] = arena_alloc(tx->arena, (METADATA_MOST + LABELS_AT_ONCE) * sizeof *d);
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
			values_add(&in, DB_IN(org, db_x(d[k < n ? k : n - 1], LABEL_BYTES), mode, id));
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

void list_labels(struct tx *tx, struct list_ask *ask, int filter, const char *word, const char *metadata)
{
	struct json *all = js_read(tx->arena, metadata), *value;
	const char *key;
	void *it = NULL;

	while (all && js_next(all, &it, &key, &value)) {
		unsigned char *label = arena_alloc(tx->arena, LABEL_BYTES);

		digest(tx->arena, word, key, js_str(value), label);
		list_where(ask, filter, DB_IN(db_x(label, LABEL_BYTES)));
	}
}
