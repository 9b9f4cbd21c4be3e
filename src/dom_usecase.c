/* dom_usecase.c: use cases, which versions of models are gathered in. */
#include "dom_source.h"
#include <string.h>
#include "clock.h"

static const struct list_filter filters[] = {
	[USE_CASES_HIDDEN] = { "hidden", " AND x.hidden = ?", "i", 0 },
	[USE_CASES_SEARCH] = { "search", " AND x.name_key LIKE ?", "s", LIST_LIKE },
	{ NULL, NULL, NULL, 0 }
};
static const struct list_order orders[] = { { "newest", { { "id", 'd', true, 0 } } }, { NULL, { { NULL, 0, false, 0 } } } };
static const struct list_path paths[] = { { .order = -1, .index = "use_case_list" } };
const struct listing use_cases_list = { .name = "USE_CASES", .of = RES_USE_CASE, .parent = RES__MAX, .sees = SEES_ALL, .filters = filters, .orders = orders,
	LIST_PATHS(paths), .always = UINT64_C(1) << USE_CASES_HIDDEN, .hidden = 1 + USE_CASES_HIDDEN };

enum err use_case_create(struct tx *tx, const void *in, void *out)
{
	struct use_case *u = out;

	*u = *(const struct use_case *)in;
	life_begin(tx, &u->life);
	u->changer = tx->who->principal;
	return life_create(tx, LIFE_USE_CASE_CREATE, &u->life, NULL);
}

enum err use_case_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct use_case_edit *edit = in;
	struct use_case *u = out;
	enum err e = life_lock(tx, RES_USE_CASE, key, u);

	if (e || (!edit->name_set && !edit->description_set))
		return e ? e : life_read(tx, RES_USE_CASE, key, u);
	u->name = edit->name_set ? edit->name : u->name;
	u->description = edit->description_set ? edit->description : u->description;
	return (e = life_move(tx, t, &u->life, NULL)) ? e : life_read(tx, RES_USE_CASE, key, u);
}

/* ---- Versions in it ---- */

/* What a version's source_meta tells of its use case (S36), as that is now; u NULL: nothing. */
static enum err tell(struct tx *tx, const struct use_case *u, struct version *v)
{
	static const struct column map[] = PICK_MAP(PERSON_PICK, struct person);
	struct json *meta = v->package.source_meta ? js_read(tx->arena, v->package.source_meta) : source_meta(tx->arena, NULL);
	struct json *told = js_object(tx->arena), *patch = js_object(tx->arena);
	struct person maker = { .name = NULL };
	enum err e = u ? tx_one(tx, SQL_PERSON, DB_IN(db_d(&u->life.organization), db_d(&u->life.whose)), map, &maker) : OK;

	if (e && e != ERR_DB_NONE)
		return e;
	if (u) {
		js_put_str(tx->arena, told, "createdAt", clock_iso(tx->arena, u->life.created, TIME_MICROS));
		source_person(tx->arena, told, "creator", &maker);
		js_put_str(tx->arena, told, "id", id_spell(tx->arena, "", &u->life.id));
		js_put_str(tx->arena, told, "name", u->name);
	}
	js_put(patch, "useCaseDetails", u ? told : NULL);
	v->package.use_case = u ? u->life.id : id_none;
	v->package.source_meta = js_text(js_merge(tx->arena, meta, patch), NULL);
	return OK;
}

static struct json *about(struct tx *tx, const struct version *v, const struct use_case *u)
{
	struct json *details = js_object(tx->arena);

	js_put_int(tx->arena, details, "version_number", v->number);
	js_put_str(tx->arena, details, "version_id", id_spell(tx->arena, "", &v->life.id));
	js_put_str(tx->arena, details, "use_case_id", id_spell(tx->arena, "", &u->life.id));
	return details;
}

/* The version, which is locked with its model, is in the use case `to` from now on, or no longer in `from`; either may be NULL.  A model
 * that was permanently deleted is not moved any more. */
static enum err move(struct tx *tx, struct version *v, struct use_case *from, struct use_case *to)
{
	struct json *details = about(tx, v, to ? to : from);
	struct model *m = v->life.parent;
	enum err e = tell(tx, to, v);

	if (e || (e = life_move(tx, to ? LIFE_VERSION_LINK : LIFE_VERSION_UNLINK, &v->life, details))
	 || ((to || m->life.state != STATE_MODEL_RETIRED) && (e = life_move(tx, to ? LIFE_MODEL_VERSION_EDIT : LIFE_MODEL_VERSION_UNLINK, &m->life, details)))
	 || (from && (e = life_move(tx, LIFE_USE_CASE_UNLINK, &from->life, about(tx, v, from)))))
		return e;
	return to ? life_move(tx, LIFE_USE_CASE_LINK, &to->life, details) : OK;
}

/* Both are there, before anybody is told that they may not. */
static enum err lock(struct tx *tx, const struct db_val *key, struct version *v)
{
	int64_t there;
	enum err e = tx_int(tx, SQL_USE_CASE_THERE, DB_IN(db_d(&tx->who->organization), key[0]), &there);

	if (e || !there)
		return e ? e : ERR_NOT_FOUND;
	return package_lock(tx, (const struct db_val[2]){ key[1] }, v);
}

/* The one that the version is in by now, unless it was deleted. */
static enum err hold_other(struct tx *tx, const struct id *id, struct use_case *u, struct use_case **out)
{
	enum err e = life_hold(tx, RES_USE_CASE, BY_ID(id), u);

	*out = e ? NULL : u;
	return e == ERR_NOT_FOUND ? OK : e;
}

enum err use_case_link(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct use_case_link *link = out;
	struct version v;
	struct use_case u, was, *from = NULL;
	enum err e = lock(tx, key, &v);
	const struct id *other = &v.package.use_case;
	int order;

	(void)in, (void)t;
	if (e)
		return e;
	order = id_is_zero(other) ? 0 : memcmp(other, &key[0].id, sizeof *other);
	if ((order < 0 && (e = hold_other(tx, other, &was, &from))) || (e = life_hold(tx, RES_USE_CASE, key, &u))
	 || (order > 0 && (e = hold_other(tx, other, &was, &from))))
		return e;
	link->use_case = u.life.id;
	link->version = v.life.id;
	return id_equal(other, &u.life.id) ? OK : move(tx, &v, from, &u);
}

enum err use_case_unlink(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct version v;
	struct use_case u;
	enum err e = lock(tx, key, &v);

	(void)in, (void)out, (void)t;
	if (e || (e = life_hold(tx, RES_USE_CASE, key, &u)))
		return e;
	if (id_equal(&v.package.use_case, &u.life.id))
		return move(tx, &v, &u, NULL);
	tx->why.text = "The model version is not in this use case";
	return ERR_NOT_FOUND;
}
