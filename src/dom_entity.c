/* dom_entity.c: the entities that workspaces own.  The workspace's row is locked before
 * the entity's, always in this order. */
#include "dom_workspace.h"
#include "clock.h"

/* What an event tells of it. */
static struct json *tell(struct arena *a, const struct entity *n, int64_t now)
{
	struct json *o = js_object(a);

	js_put_str(a, o, "workspace_id", id_spell(a, life_resources[RES_WORKSPACE].prefix, &n->workspace));
	js_put_str(a, o, "name", n->name);
	js_put_str(a, o, "jurisdiction", n->jurisdiction);
	js_put_str(a, o, "type", n->type);
	js_put_str(a, o, "portfolio_id", n->portfolio);
	js_put(o, "metadata", metadata_json(a, n->metadata));
	js_put_int(a, o, "created", n->life.created / SECOND);
	js_put_int(a, o, "updated", now / SECOND);
	js_put_bool(a, o, "livemode", !n->life.test);
	return o;
}

enum err entity_create(struct tx *tx, const struct entity *in, struct entity *out)
{
	struct workspace w;
	enum err e;

	if ((e = workspace_of_entity(tx, &in->workspace, &w)))
		return e;
	if (w.life.state == STATE_WORKSPACE_ARCHIVED) {
		tx->why.state = life_word(w.life.state);
		tx->why.action = "workspace.given an entity";
		return ERR_WRONG_STATE;
	}
	*out = *in;
	life_begin(tx, &out->life);
	out->life.test = w.life.test;
	if ((e = metadata_merge(tx, NULL, in->metadata, &out->metadata)))
		return e;
	out->life.now = tell(tx->arena, out, tx->now);
	if ((e = life_create(tx, LIFE_ENTITY_CREATE, &out->life, NULL))
	 || (out->metadata && (e = labels_store(tx, "entity", &out->life, out->metadata))))
		return e;
	return workspace_settle(tx, &w);
}

enum err entity_get(struct tx *tx, const struct id *id, struct entity *out)
{
	return life_read(tx, RES_ENTITY, BY_ID(id), out);
}

/* The statement that goes along the index of the narrowest filter. */
static enum sql page_of(const struct entity_filter *f, const struct labels *labels)
{
	if (f->order)
		return f->order == ORDER_NAME ? SQL_ENTITY_PAGE_BY_NAME_UP : SQL_ENTITY_PAGE_BY_CHANGE_UP;
	return !id_is_zero(&f->workspace) ? SQL_ENTITY_PAGE_W_UP : labels->n ? SQL_ENTITY_PAGE_L_UP
		: f->portfolio ? SQL_ENTITY_PAGE_P_UP : f->jurisdiction ? SQL_ENTITY_PAGE_J_UP
		: f->status ? SQL_ENTITY_PAGE_S_UP : SQL_ENTITY_PAGE_UP;
}

enum err entity_list(struct tx *tx, const struct entity_filter *f, const struct list_ask *ask, struct entity **out,
	struct list_got *got)
{
	const struct db_val org = db_d(&tx->who->organization);
	struct values head = { .n = 0 };
	struct db_val place;
	struct labels labels;
	struct db_rows r;
	enum sql page;
	enum err e;

	labels_of(tx->arena, "entity", f->metadata, &labels);
	page = page_of(f, &labels);
	values_add(&head, DB_IN(org));
	if (page == SQL_ENTITY_PAGE_L_UP)
		values_add(&head, DB_IN(db_x(labels.digest[0], 16)));
	values_add(&head, DB_IN(db_i(0), db_d0(&f->workspace), db_d0(&f->workspace), db_s(f->portfolio), db_s(f->portfolio),
		db_s(f->jurisdiction), db_s(f->jurisdiction), db_s(f->status), db_s(f->status)));
	values_labels(&head, &labels);
	if (f->order) {
		if ((e = list_place(tx, SQL_ENTITY_PLACE, ask, f->order == ORDER_NAME ? 0 : 1, &place)))
			return e;
		e = list_by_key(tx, page, &head, 1, place, ask, &r, got);
	} else {
		e = list_by_id(tx, page, &head, page == SQL_ENTITY_PAGE_L_UP ? 2 : 1, ask, &r, got);
	}
	if (e)
		return e;
	*out = arena_alloc(tx->arena, (got->n + 1) * sizeof **out);
	for (size_t i = 0; i < got->n; i++)
		(void)life_take(RES_ENTITY, db_row(&r, i) + WHO_COLUMNS, &(*out)[i]);
	return OK;
}

/* Its workspace, and it, locked and seen. */
static enum err lock(struct tx *tx, const struct id *id, struct entity *out, struct workspace *w)
{
	struct id whose;
	enum err e = row_id(tx, SQL_ENTITY_OWNER, DB_IN(db_d(&tx->who->organization), db_d(id)), &whose);

	if (e)
		return e == ERR_DB_NONE ? ERR_NOT_FOUND : e;
	e = workspace_of_entity(tx, &whose, w);
	return e ? e : life_lock(tx, RES_ENTITY, BY_ID(id), out);
}

enum err entity_edit(struct tx *tx, const struct id *id, const struct label_edit *edit, struct entity *out)
{
	struct workspace w;
	enum err e;

	if ((e = lock(tx, id, out, &w)) || (e = label_edit(tx, edit, &out->name, &out->metadata, &out->life.before)))
		return e;
	out->life.now = tell(tx->arena, out, tx->now);
	if ((e = life_move(tx, LIFE_ENTITY_EDIT, &out->life, NULL))
	 || (edit->metadata_set && (e = labels_store(tx, "entity", &out->life, out->metadata))))
		return e;
	return workspace_touch(tx, &w);
}

enum err entity_move(struct tx *tx, const struct id *id, enum transition t, struct entity *out)
{
	struct workspace w;
	enum err e;

	if ((e = lock(tx, id, out, &w)))
		return e;
	out->life.now = tell(tx->arena, out, tx->now);
	if ((e = life_move(tx, t, &out->life, NULL)))
		return e;
	return workspace_settle(tx, &w);
}
