/* dom_alias.c: see dom_alias.h. */
#include "dom_alias.h"
#include <string.h>
#include <strings.h>
#include "conf.h"
#include "dom_kept.h"
#include "dom_package.h"
#include "str.h"

enum { ALIASES_MOST = 1000 };                    /* of a model */

/* ---- Who holds what ---- */

/* May they change who holds it?  What is protected takes a permission of its own; of a local model its owners have that by their grant. */
static enum err unprotected(const struct tx *tx, const struct model *m, const char *name)
{
	const struct ask ask = { .perm = PERM_MODEL_PROMOTE, .tier = TIER_EXECUTE };

	if (!word_in(conf.protected_names, name))
		return OK;
	return (!m->life.global && m->life.granted >= GRANTED_OWNER ? who_scoped : who_can)(tx->who, ask) ? ERR_PROTECTED : OK;
}

/* Of one name (NULL: of all that is held), now that its model is locked; and at a time that none of its earlier changes has. */
static enum err may_change(struct tx *tx, const struct model *m, const char *name, int64_t number)
{
	const struct db_val org = db_d(&m->life.organization), of = db_d(&m->life.id), words = db_s(arena_printf(tx->arena, " %s ", conf.protected_names));
	enum err e = OK;

	if (tx->now == m->life.changed)
		tx->now++;
	if (!name && *conf.protected_names)
		e = number ? tx_text(tx, SQL_HOLD_NAMED_OF, DB_IN(org, of, words, db_i(number)), &name) : tx_text(tx, SQL_HOLD_NAMED, DB_IN(org, of, words), &name);
	return e == ERR_DB_NONE ? OK : e || !name ? e : unprotected(tx, m, name);
}

enum err hold_exposed(struct tx *tx, const struct model *m)
{
	struct model everybodys = *m;

	everybodys.life.global = true;           /* its owners have no say of their own in that */
	return may_change(tx, &everybodys, NULL, 0);
}

enum err hold_begin(struct tx *tx, const struct model *m, const char *kind, const char *name, int64_t number)
{
	struct id id;
	enum err e;

	if (!strcmp(kind, HOLD_STAGE) && !strcmp(name, STAGE_REGISTERED))
		return OK;
	if ((e = may_change(tx, m, name, number)))
		return e;
	id_new(tx->now, &id);
	return db_exec(tx->db, SQL_HOLD_ADD, DB_IN(db_d(&m->life.organization), db_d(&m->life.id), db_s(kind), db_s(name), db_d(&id), db_i(number),
		db_t(tx->now), db_d0(&tx->who->principal)), NULL);
}

enum err hold_end(struct tx *tx, const struct model *m, const char *kind, const char *name, int64_t number)
{
	const struct db_val org = db_d(&m->life.organization), of = db_d(&m->life.id), me = db_d0(&tx->who->principal);
	enum err e = may_change(tx, m, name, number);

	if (e)
		return e;
	if (!number)
		return db_exec(tx->db, SQL_HOLDS_END, DB_IN(db_t(tx->now), me, org, of), NULL);
	return db_exec(tx->db, SQL_HOLD_END, DB_IN(db_t(tx->now), me, org, of, db_i(number), db_s(kind), db_s(kind), db_s(name)), NULL);
}

static const struct column hold_columns[] = MAP(HOLD_COLUMNS, struct held), hold_seen[] = MAP(HOLD_SEEN, struct held);

static enum err read_by(struct tx *tx, enum sql sql, const struct db_val *in, size_t n, enum err none, struct held *out)
{
	const struct db_val *row;
	enum err e = tx_row(tx, sql, in, n, &row);

	if (e)
		return e == ERR_DB_NONE ? none : e;
	(void)row_read(hold_seen, RES__MAX, row_read(hold_columns, RES__MAX, row + 1, out), out);
	return OK;
}

enum err hold_read(struct tx *tx, const struct model *m, const char *kind, const char *name, int64_t number, struct held *out)
{
	return read_by(tx, SQL_HOLD_OPEN, DB_IN(db_d(&m->life.organization), db_d(&m->life.id), db_s(kind), db_s(name), db_i(number)), ERR_INTERNAL, out);
}

enum err hold_before(struct tx *tx, const struct model *m, const struct hold_in *in, struct held *out)
{
	const struct db_val org = db_d(&m->life.organization), of = db_d(&m->life.id);
	int64_t now = 0;
	enum err e = in->alias ? alias_of(tx, m, in->alias, &now) : OK;

	return e ? e : read_by(tx, SQL_HOLD_BEFORE, DB_IN(org, of, db_s(in->alias ? HOLD_ALIAS : HOLD_STAGE), db_s(in->alias ? in->alias : in->stage), db_i(now),
		db_s(in->stage ? in->stage : "")), ERR_NOBODY_BEFORE, out);
}

#define FILTER(f) (UINT64_C(1) << (f))
static const struct list_filter hold_filters[] = {
	[HOLDS_ALIAS] = { "alias", " AND x.kind = 'alias' AND x.name = ?", "s", 0 },
	[HOLDS_STAGE] = { "stage", " AND x.kind = 'stage' AND x.name = ?", "s", 0 },
	[HOLDS_NOW] = { "now", " AND x.until_at IS NULL", "", 0 },
	[HOLDS_AT] = { "at", " AND x.from_at <= ? AND (x.until_at IS NULL OR x.until_at > ?)", "tt", 0 },
	{ NULL, NULL, NULL, 0 }
};
static const struct list_order newest[] = { { "newest", { { "id", 'd', true, 0 } } }, { NULL, { { NULL, 0, false, 0 } } } },
	by_name[] = { { "name", { { "name", 's', false, 0 }, { "id", 'd', false, 0 } } }, { NULL, { { NULL, 0, false, 0 } } } };
static const struct list_path hold_paths[] = {
	{ .filters = FILTER(HOLDS_ALIAS) | FILTER(HOLDS_NOW), .order = -1, .index = "hold_by_end" },
	{ .filters = FILTER(HOLDS_STAGE) | FILTER(HOLDS_NOW), .order = -1, .index = "hold_by_end" },
	{ .filters = FILTER(HOLDS_ALIAS), .order = -1, .index = "hold_by_name" },
	{ .filters = FILTER(HOLDS_STAGE), .order = -1, .index = "hold_by_name" },
	{ .order = -1, .index = "hold_by_model" },
}, alias_paths[] = { { .order = -1, .index = "hold_open" } };
#define HOLDS .of = RES__MAX, .parent = RES_MODEL, .sees = SEES_ALL, .table = "model_holds", .text = ROW(HOLD_COLUMNS, "x") HOLD_SEEN(COL_EXPR, ), \
	.out = ROW_OUT(HOLD_COLUMNS) HOLD_SEEN(COL_OUT, ), .joins = " " HOLD_PEOPLE, .maps = { hold_columns, hold_seen }, .size = sizeof(struct held)
const struct listing holds_list = { .name = "HOLDS", HOLDS, .link = " AND x.model_id = ?", .filters = hold_filters, .orders = newest, LIST_PATHS(hold_paths) };
const struct listing aliases_list = { .name = "ALIASES", HOLDS, .link = " AND x.model_id = ? AND x.kind = 'alias' AND x.until_at IS NULL", .orders = by_name,
	LIST_PATHS(alias_paths) };

/* ---- Aliases ---- */

enum alias_fault alias_fault(const char *alias)
{
	const char *digits = alias + ((*alias | 32) == 'v');

	if (utf8_length(alias) > ALIAS_LENGTH)
		return ALIAS_LONG;
	for (const char *p = alias; *p; ) {
		const uint32_t c = utf8_next(&p);

		if (c < 128 ? !((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c == '-') : utf8_steers(c))
			return ALIAS_LETTERS;
	}
	if (!strcasecmp(alias, "latest"))
		return ALIAS_LATEST;
	return digits > alias && *digits && !digits[strspn(digits, "0123456789")] ? ALIAS_NUMBER : ALIAS_FINE;
}

enum err alias_of(struct tx *tx, const struct model *m, const char *alias, int64_t *number)
{
	const enum err e = tx_int(tx, SQL_ALIAS_GET, DB_IN(db_d(&m->life.organization), db_d(&m->life.id), db_s(alias)), number);

	if (e == ERR_DB_NONE)
		*number = 0;
	return e == ERR_DB_NONE ? OK : e;
}

static struct json *of_alias(struct tx *tx, const char *alias, int64_t to, int64_t from)
{
	struct json *details = js_object(tx->arena);

	js_put_str(tx->arena, details, "alias", alias);
	if (to)
		js_put_int(tx->arena, details, "version_number", to);
	if (from)
		js_put_int(tx->arena, details, "previous", from);
	return details;
}

enum err alias_move(struct tx *tx, enum transition t, struct model *m, const char *alias, int64_t to)
{
	const struct db_val org = db_d(&m->life.organization), of = db_d(&m->life.id);
	struct json *kept;
	int64_t from, n;
	enum err e;

	if ((e = alias_of(tx, m, alias, &from)) || from == to)
		return e;
	if (from && (e = hold_end(tx, m, HOLD_ALIAS, alias, from)))
		return e;
	if (to && !from) {
		if ((e = tx_int(tx, SQL_ALIAS_COUNT, DB_IN(org, of), &n)))
			return e;
		if (n >= ALIASES_MOST)
			return why_said(tx, "alias", arena_printf(tx->arena, "A model can have at most %d aliases", ALIASES_MOST));
	}
	e = to ? db_exec(tx->db, SQL_ALIAS_PUT, DB_IN(org, of, db_s(alias), db_i(to)), NULL) : db_exec(tx->db, SQL_ALIAS_FORGET, DB_IN(org, of, db_s(alias)), NULL);
	if (e || (to && (e = hold_begin(tx, m, HOLD_ALIAS, alias, to))))
		return e;
	kept = kept_model(tx, m);
	js_put_str(tx->arena, kept, "alias", alias);
	js_put_int(tx->arena, kept, "version", to);
	return life_move(tx, t, &m->life, of_alias(tx, alias, to, from));
}

/* Its aliases with their versions, of all or of one; they are taken away. */
static enum err drop_aliases(struct tx *tx, const struct model *m, int64_t number, struct json *details)
{
	struct alias { const char *name; int64_t number; } *all;
	static const struct column map[] = PICK_MAP(ALIAS_PICK, struct alias);
	const struct db_val org = db_d(&m->life.organization), of = db_d(&m->life.id), n = db_i(number);
	struct json *gone = js_object(tx->arena);
	struct db_rows r;
	enum err e = tx_query(tx, SQL_ALIASES_OF, DB_IN(org, of, n, n, db_i(ALIASES_MOST)), &r);

	if (e)
		return e;
	all = row_array(tx->arena, &r, map, sizeof *all);
	for (size_t i = 0; i < r.n; i++)
		js_put_int(tx->arena, gone, all[i].name, all[i].number);
	if (r.n) {
		js_put(details, "aliases", gone);
		e = db_exec(tx->db, SQL_ALIASES_FORGET, DB_IN(org, of, n, n), NULL);
	}
	return e ? e : hold_end(tx, m, NULL, NULL, number);
}

enum err model_retire_held(struct tx *tx, struct model *m, enum transition t, struct json *details)
{
	enum err e;

	if (life_again[t] >> m->life.state & 1)
		return OK;
	return (e = drop_aliases(tx, m, 0, details)) ? e : life_move(tx, t, &m->life, details);
}

enum err model_retire(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	enum err e = life_lock(tx, RES_MODEL, key, out);

	(void)in;
	return e ? e : model_retire_held(tx, out, t, js_object(tx->arena));
}

enum err version_ends(struct tx *tx, const struct version *v, struct json *details)
{
	return drop_aliases(tx, v->life.parent, v->number, details);
}
