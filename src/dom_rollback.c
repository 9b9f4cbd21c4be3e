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

static enum err one_of_both(struct tx *tx, const struct hold_in *in)
{
	return !in->alias == !in->stage ? why_fault(tx, in->alias ? "stage" : "alias", "exactly one of alias and stage must be given") : OK;
}

enum err hold_back(struct tx *tx, const struct db_val *key, enum transition t, const void *sent, void *out)
{
	const struct hold_in *in = sent;
	struct held before;
	struct model m;
	enum err e;

	if ((e = one_of_both(tx, in)) || (e = life_lock(tx, RES_MODEL, key, &m)) || (e = hold_before(tx, &m, in, &before)))
		return e;
	e = in->alias ? alias_move(tx, t, &m, in->alias, before.number) : stage_back(tx, &m, in->stage, before.number);
	return e ? e : hold_read(tx, &m, before.kind, before.name, before.number, out);
}

enum err hold_foretell(struct tx *tx, const struct db_val *key, const struct hold_in *in, struct held *out)
{
	struct model m;
	enum err e;

	return (e = one_of_both(tx, in)) || (e = life_read(tx, RES_MODEL, key, &m)) ? e : hold_before(tx, &m, in, out);
}
