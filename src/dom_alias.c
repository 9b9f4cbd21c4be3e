/* dom_alias.c: see dom_alias.h. */
#include "dom_alias.h"
#include <string.h>
#include "dom_kept.h"

enum { ALIASES_MOST = 1000 };                    /* of a model */

/* ---- Who holds what ---- */

enum err hold_begin(struct tx *tx, const struct id *model, const char *kind, const char *name, int64_t number)
{
	struct id id;

	if (!strcmp(kind, HOLD_STAGE) && !strcmp(name, STAGE_REGISTERED))
		return OK;
	id_new(tx->now, &id);
	return db_exec(tx->db, SQL_HOLD_ADD, DB_IN(db_d(&tx->who->organization), db_d(model), db_s(kind), db_s(name), db_d(&id), db_i(number),
		db_t(tx->now), db_d(&tx->who->principal)), NULL);
}

enum err hold_end(struct tx *tx, const struct id *model, const char *kind, const char *name, int64_t number)
{
	const struct db_val org = db_d(&tx->who->organization), of = db_d(model), now = db_t(tx->now), me = db_d(&tx->who->principal);

	if (!number)
		return db_exec(tx->db, SQL_HOLDS_END, DB_IN(now, me, org, of), NULL);
	return db_exec(tx->db, SQL_HOLD_END, DB_IN(now, me, org, of, db_i(number), db_s(kind), db_s(kind), db_s(name)), NULL);
}

/* ---- Aliases ---- */

static enum err alias_of(struct tx *tx, const struct model *m, const char *alias, int64_t *number)
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
	if (from && (e = hold_end(tx, &m->life.id, HOLD_ALIAS, alias, from)))
		return e;
	if (to && !from) {
		if ((e = tx_int(tx, SQL_ALIAS_COUNT, DB_IN(org, of), &n)))
			return e;
		if (n >= ALIASES_MOST)
			return why_said(tx, "alias", arena_printf(tx->arena, "There can be at most %d aliases of a model", ALIASES_MOST));
	}
	e = to ? db_exec(tx->db, SQL_ALIAS_PUT, DB_IN(org, of, db_s(alias), db_i(to)), NULL) : db_exec(tx->db, SQL_ALIAS_FORGET, DB_IN(org, of, db_s(alias)), NULL);
	if (e || (to && (e = hold_begin(tx, &m->life.id, HOLD_ALIAS, alias, to))))
		return e;
	kept = kept_model(tx, m);
	js_put_str(tx->arena, kept, "alias", alias);
	js_put_int(tx->arena, kept, "version", to);
	return life_move(tx, t, &m->life, of_alias(tx, alias, to, from));
}

/* Its aliases with their versions, of all or of one; they are taken away. */
static enum err drop_aliases(struct tx *tx, const struct id *model, int64_t number, struct json *details)
{
	struct alias { const char *name; int64_t number; } *all;
	static const struct column map[] = PICK_MAP(ALIAS_PICK, struct alias);
	const struct db_val org = db_d(&tx->who->organization), of = db_d(model), n = db_i(number);
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
	return e ? e : hold_end(tx, model, NULL, NULL, number);
}

enum err model_retire(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct json *details = js_object(tx->arena);
	struct model *m = out;
	enum err e = life_lock(tx, RES_MODEL, key, m);

	(void)in;
	if (e || life_again[t] >> m->life.state & 1)
		return e;
	return (e = drop_aliases(tx, &m->life.id, 0, details)) ? e : life_move(tx, t, &m->life, details);
}

enum err version_ends(struct tx *tx, const struct version *v, struct json *details)
{
	return drop_aliases(tx, &v->model, v->number, details);
}
