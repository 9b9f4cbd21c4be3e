/* db.c: a database that stands in the place of src/db.c, so that a request can be followed from its bytes to its statements and
 * back without a server.  It looks at every statement's parameters as the real one's server would, and makes up the rows. */
#include "fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "hash.h"
#include "objects.h"
#include "row.h"
#include "str.h"

const struct sql_row sql_rows[SQL__MAX] = {
#define SQL(name, in, out, dup, text) [SQL_##name] = { #name, in, out, dup, text },
#include "sql.def"
#undef SQL
};

struct db { struct sql_row made[DB_MADE]; size_t nmade; enum answers how; uint64_t random; size_t bound; unsigned char fingerprint[SHA256_BYTES]; };

const char *const db_key = "sk_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg";

void db_answers(struct db *db, enum answers how, uint64_t seed)
{
	db->how = how;
	db->random = seed * 2 + 1;
	while (db->nmade)
		for (const char **s = (const char *[]){ db->made[--db->nmade].name, db->made[db->nmade].in, db->made[db->nmade].out, db->made[db->nmade].text, NULL }; *s; s++)
			free((void *)*s);
}

struct db *db_new(const char *option_file, const char *group)
{
	(void)option_file;
	(void)group;
	return calloc(1, sizeof(struct db));
}

static char *copy(const char *s)
{
	char *d = strdup(s);

	HOLDS(d);
	return d;
}

enum sql db_made(struct db *db, const char *name, const char *in, const char *out, const char *text)
{
	HOLDS(db->nmade < DB_MADE);
	db->made[db->nmade] = (struct sql_row){ copy(name), copy(in), copy(out), OK, copy(text) };
	return (enum sql)(SQL__MAX + db->nmade++);
}

void values_add(struct values *in, const struct db_val *v, size_t n)
{
	HOLDS(n <= DB_PARAMETERS - in->n);
	memcpy(in->v + in->n, v, n * sizeof *v);
	in->n += n;
}

/* A number below n, which is not 0. */
static unsigned any(struct db *db, unsigned n)
{
	db->random = db->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(db->random >> 33) % n;
}

static const struct sql_row *row_of(const struct db *db, enum sql id)
{
	HOLDS(id > SQL_NONE && (size_t)id < SQL__MAX + db->nmade);
	return (int)id < SQL__MAX ? &sql_rows[id] : &db->made[(int)id - SQL__MAX];
}

static bool ascii(const char *s)
{
	while (*s > 0)
		s++;
	return !*s;
}

/* Would the server take these?  Text is UTF-8, times are those that a column can have. */
static const struct sql_row *taken(struct db *db, enum sql id, const struct db_val *in, size_t n)
{
	const struct sql_row *row = row_of(db, id);

	HOLDS(n == strlen(row->in) && n <= DB_PARAMETERS);
	for (size_t i = 0; i < n; i++) {
		HOLDS(in[i].t == (row->in[i] == 'a' ? 's' : row->in[i]));
		if (in[i].null)
			continue;
		HOLDS(in[i].t != 's' || utf8_valid(in[i].s, strlen(in[i].s)));
		HOLDS(row->in[i] != 'a' || *row->out || ascii(in[i].s));
		HOLDS(in[i].t != 't' || (in[i].i >= -CLOCK_LAST && in[i].i <= CLOCK_LAST));
	}
	return row;
}

/* ---- Rows ---- */

/* Of ascii columns.  Any other text may be JSON, a list or an object: the one that is neither too long nor of another type anywhere. */
static const char *const words[] = { "1", "a", "2026-05-01", "secret" };
#define DOCUMENT "{}"

static const char *state_word(struct db *db, enum resource r)
{
	const char *all[STATE__MAX] = { "active" };
	unsigned n = 0;

	for (int s = STATE_NONE + 1; s < STATE__MAX; s++)
		if (life_states[s].resource == r)
			all[n++] = life_states[s].word;
	return all[any(db, n ? n : 1)];
}

static struct db_val value(struct db *db, char letter)
{
	struct id id = id_none;

	switch (letter) {
	case 'i':
		return db_i(any(db, 4));
	case 't':
		return db_t(clock_now() - any(db, 1000) * SECOND);
	case 'd':
		id.b[ID_BYTES - 1] = (unsigned char)(1 + any(db, 3));
		return db_d(&id);
	case 'x':
		return db_x("0123456789abcdef0123456789abcdef", SHA256_BYTES);
	default:
		return db_s(DOCUMENT);
	}
}

/* The columns of a map, of an object that there is. */
static struct db_val *by_map(struct db *db, enum resource r, const struct column *map, const char *letters, struct db_val *v)
{
	for (; map && map->kind; map++, v++, letters++)
		*v = map->kind == ROW_w ? db_s(state_word(db, r)) : map->kind == ROW_a ? db_s(words[any(db, sizeof words / sizeof *words)]) : value(db, *letters);
	return v;
}

/* What settles the caller stands at the beginning: an administrator, and nothing behind. */
static bool settles(const struct sql_row *row)
{
	return !strncmp(row->out, WHO_OUT, WHO_COLUMNS) && strstr(row->text, WHO);
}

static struct db_val *caller(const char *status, struct db_val *v)
{
	static const char all[] = "organization:admin model:read model:write model:promote workspace:read workspace:write";
	const struct db_val who[WHO_COLUMNS] = { db_s(status), db_t(1), db_i(0), db_s(all), db_i(1000) };

	memcpy(v, who, sizeof who);
	return v + WHO_COLUMNS;
}

/* The row of an object that is read or locked by this statement, behind its parent's if it is a child; what is computed beside
 * its own columns is null, as a joined row that there is not.  False: it is another statement. */
static bool object_row(struct db *db, const struct sql_row *row, enum sql id, struct db_val *v)
{
	enum resource r = 0;
	const struct resource_row *o, *parent;
	struct db_val *at = v;

	while (r < RES__MAX && id != life_resources[r].read && id != life_resources[r].lock)
		r++;
	if (r == RES__MAX)
		return false;
	o = &life_resources[r];
	parent = o->parent == RES__MAX || id == o->lock ? NULL : &life_resources[o->parent];
	for (size_t i = 0; row->out[i]; i++)
		v[i] = (struct db_val){ .t = row->out[i], .null = true };
	if (settles(row))
		at = caller("active", v);
	if (parent) {
		*at = value(db, 'd');
		at = by_map(db, o->parent, parent->brief, row->out + (at - v) + 1, at + 1);
		at = by_map(db, o->parent, parent->locked, row->out + (at - v), at);
	}
	*at = value(db, 'd');
	(void)by_map(db, r, o->row, row->out + (at - v) + 1, at + 1);
	return true;
}

/* Of an object that cannot be missing, such as the caller's organization. */
static bool always_there(enum sql id)
{
	for (enum resource r = 0; r < RES__MAX; r++)
		if (id == life_resources[r].read || id == life_resources[r].lock)
			return life_resources[r].missing == ERR_INTERNAL;
	return false;
}

/* What a transition computes its target by. */
static bool target_row(struct db *db, const struct sql_row *row, enum sql id, struct db_val *v)
{
	for (int t = 0; t < LIFE__MAX; t++) {
		if (life_transitions[t].compute != id)
			continue;
		(void)by_map(db, life_transitions[t].resource, life_computed(id).map, row->out, v);
		for (size_t i = 1; row->out[i]; i++)     /* behind the state there are ids in a text of SQL's */
			v[i].null = row->out[i] == 's';
		return true;
	}
	return false;
}

/* The one API key, of somebody who is active. */
static void key_row(const struct sql_row *row, struct db_val *v)
{
	struct id id = { { 1 } };
	struct db_val *at = caller("active", v);

	for (size_t i = WHO_COLUMNS; row->out[i]; i++, at++)
		*at = row->out[i] == 'd' ? db_d(&id) : row->out[i] == 'i' ? db_i0(0) : (struct db_val){ .t = row->out[i], .null = true };
	v[WHO_COLUMNS + 2] = db_s("active");     /* TOKEN_USED: id, status, livemode, kind */
	v[WHO_COLUMNS + 3] = db_i(1);
	v[WHO_COLUMNS + 4] = db_s("secret");
	at[-1] = db_s("ada");
}

/* The answer of a request that was done before: most often to the same one. */
static void kept_row(struct db *db, struct db_val *v)
{
	const struct db_val kept[] = { db_x(db->fingerprint, 16), db_x(db->fingerprint, sizeof db->fingerprint), db_i(200),
		db_s("{\"Content-Type\":\"application/json\",\"X-Request-Id\":\"abc\",\"ETag\":\"\\\"1-a\\\"\"}"), db_s("{}"), db_t(clock_now()) };

	db->fingerprint[0] ^= !any(db, 4);
	memcpy(v, kept, sizeof kept);
}

enum err db_page(struct db *db, struct arena *a, enum sql id, const struct db_val *in, size_t n, struct db_rows *out)
{
	const struct sql_row *row = taken(db, id, in, n);
	const size_t cols = strlen(row->out);
	unsigned char hash[SECRET_HASH];

	HOLDS(cols && cols <= DB_COLUMNS);
	*out = (struct db_rows){ .cols = cols };
	if (db->how == ANSWERS_NONE)
		return ERR_DB_LOST;
	out->v = arena_alloc(a, cols * sizeof *out->v);
	secret_hash(db_key, hash);
	if (id == SQL_TOKEN_FIND) {
		if (memcmp(in[0].s, hash, sizeof hash))
			return OK;
		key_row(row, out->v);
		out->n = 1;
	} else if (id == SQL_ATTEMPT_OF_KEY) {
		kept_row(db, out->v);
		out->n = 1;
	} else if ((always_there(id) && object_row(db, row, id, out->v)) || (db->how == ANSWERS_ROWS && (object_row(db, row, id, out->v) || target_row(db, row, id, out->v)))) {
		out->n = 1;
	} else if (settles(row) || strspn(row->out, "i") == cols) {      /* none, or a count of none */
		out->n = 1;
		for (size_t i = 0; i < cols; i++)
			out->v[i] = (struct db_val){ .t = row->out[i], .null = row->out[i] != 'i' || settles(row) };
		if (settles(row))
			(void)caller("active", out->v);
	}
	return OK;
}

enum err db_query(struct db *db, struct arena *a, enum sql id, const struct db_val *in, size_t n, struct db_rows *out)
{
	return db_page(db, a, id, in, n, out);
}

/* With an idempotency key a request may have been done before. */
static enum err was_done(struct db *db, const struct db_val *in)
{
	memcpy(db->fingerprint, in[7].s, sizeof db->fingerprint);
	return any(db, 4) ? OK : ERR_DB_DUPLICATE;
}

enum err db_exec(struct db *db, enum sql id, const struct db_val *in, size_t n, int64_t *affected)
{
	(void)taken(db, id, in, n);
	if (affected)
		*affected = 1;
	if (id == SQL_ATTEMPT_ADD && db->how == ANSWERS_ROWS)
		return was_done(db, in);
	return db->how == ANSWERS_NONE ? ERR_DB_LOST : OK;
}

enum err db_exec_rows(struct db *db, enum sql id, const struct db_val *in, size_t n, size_t rows)
{
	(void)rows;
	return db_exec(db, id, in, n, NULL);
}

enum err db_ready(struct db *db)
{
	return db->how == ANSWERS_NONE ? ERR_UNAVAILABLE : OK;
}

enum err db_connect(struct db *db)
{
	return db_ready(db);
}

enum err db_begin(struct db *db)
{
	return db_ready(db);
}

enum err db_commit(struct db *db)
{
	return db_ready(db);
}

void db_free(struct db *db) { free(db); }
void db_patience(struct db *db, unsigned seconds) { (void)db; (void)seconds; }
void db_bound(struct db *db, size_t bytes) { db->bound = bytes; }
void db_want(struct db *db, enum sql id) { (void)db; (void)id; }
void db_rollback(struct db *db) { (void)db; }
unsigned db_statements(struct db *db) { (void)db; return 0; }
const char *db_error(const struct db *db) { (void)db; return ""; }
unsigned db_code(const struct db *db) { (void)db; return 0; }
enum err db_script(struct db *db, const char *text) { (void)db; (void)text; return ERR_UNAVAILABLE; }
char *db_ask(struct db *db, struct arena *a, const char *text) { (void)db; (void)a; (void)text; return NULL; }
