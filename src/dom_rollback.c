/* dom_rollback.c: what dom_alias.h says by the id of a model: an alias set or taken away, and an alias or a stage given back to
 * the version that held it before. */
#include "dom_alias.h"
#include "dom_package.h"

enum err alias_set(struct tx *tx, const struct db_val *key, enum transition t, const void *sent, void *out)
{
	const struct hold_in *in = sent;
	struct version v;
	struct model m;
	enum err e = life_lock(tx, RES_MODEL, key, &m);

	if (e || (e = in->number ? life_hold(tx, RES_VERSION, IN_PARENT(&m.life.id, db_i(in->number)), &v) : ERR_VERSION_NOT_FOUND))
		return e;
	if (v.life.state == STATE_VERSION_ARCHIVED)
		return ERR_PACKAGE_ARCHIVED;
	return (e = alias_move(tx, t, &m, in->alias, in->number)) ? e : hold_read(tx, &m, HOLD_ALIAS, in->alias, in->number, out);
}

enum err alias_unset(struct tx *tx, const struct db_val *key, enum transition t, const void *sent, void *out)
{
	const struct hold_in *in = sent;
	int64_t number;
	struct model m;
	enum err e;

	(void)out;
	if ((e = life_lock(tx, RES_MODEL, key, &m)) || (e = alias_of(tx, &m, in->alias, &number)))
		return e;
	return number ? alias_move(tx, t, &m, in->alias, 0) : ERR_ALIAS_NOT_FOUND;
}

static enum err stage_back(struct tx *tx, const struct model *m, const char *stage, int64_t number)
{
	struct version v;
	enum err e = package_hold(tx, &m->life.id, number, &v);

	return e ? e : package_stage(tx, LIFE_MODEL_STAGE_BACK, stage, true, &v);
}

enum err hold_back(struct tx *tx, const struct db_val *key, enum transition t, const void *sent, void *out)
{
	const struct hold_in *in = sent;
	const char *kind = in->alias ? HOLD_ALIAS : HOLD_STAGE, *name = in->alias ? in->alias : in->stage;
	int64_t now = 0, before;
	struct model m;
	enum err e;

	if (!name || (in->alias && in->stage))
		return why_fault(tx, name ? "stage" : "alias", "exactly one of alias and stage must be given");
	if ((e = life_lock(tx, RES_MODEL, key, &m)) || (in->alias && (e = alias_of(tx, &m, name, &now))))
		return e;
	e = tx_int(tx, SQL_HOLD_BEFORE, DB_IN(db_d(&m.life.organization), db_d(&m.life.id), db_s(kind), db_s(name), db_i(now), db_s(in->stage ? name : "")), &before);
	if (e)
		return e == ERR_DB_NONE ? ERR_NOBODY_BEFORE : e;
	e = in->alias ? alias_move(tx, t, &m, name, before) : stage_back(tx, &m, name, before);
	return e ? e : hold_read(tx, &m, kind, name, before, out);
}
