/* does.c: see does.h. */
#include "does.h"
#include "conf.h"
#include "dom_workspace.h"
#include "pages.h"

/* The object as the row's shape shows it, or nothing where it has none. */
static void answer(struct req *r, const struct life *o)
{
	if (r->row->out)
		res_shape(r, r->row->status, r->row->out, o, r->row->flags & R_UNTAGGED ? 0 : o->revision);
	else
		res_body(r, r->row->status, NULL, NULL, 0);
}

static enum err get(struct req *r, struct life *o)
{
	struct db_val key[2] = { { 0 } };
	enum err e = route_key(r, key);

	if (!e)
		e = r->row->get ? r->row->get(&r->tx, key, o) : life_read(&r->tx, r->row->object, key, o);
	if (!e)
		answer(r, o);
	return e;
}

/* What an agent may not do alone becomes an authorization that waits for its human. */
static enum err ask_human(struct req *r, const struct life *o)
{
	struct authorization asked;
	enum err e = r->tx.changed_type ? ERR_INTERNAL : OK;     /* what was changed before would be kept */

	if (!e)
		e = authorization_ask(&r->tx, o, (enum transition)r->row->moves[0], &asked);
	if (!e)
		res_shape(r, r->row->also, r->row->also_out, &asked, asked.life.revision);
	return e;
}

static enum err move(struct req *r, struct life *o)
{
	const enum transition t = (enum transition)r->row->moves[0];
	struct db_val key[2] = { { 0 } };
	enum err e = route_key(r, key);

	if (e)
		return e;
	e = r->row->change ? r->row->change(&r->tx, key, t, r->in, o) : life_change(&r->tx, key, t, o);
	if (e == ERR_HUMAN_GATE && r->row->also)
		return ask_human(r, o);
	if (!e)
		answer(r, o);
	return e;
}

static const char *location(struct req *r, const struct life *o)
{
	const struct resource_row *row = &life_resources[r->row->object];
	const char *path = r->row->place ? r->row->place : r->row->path, *prefix = r->row->ids[0] ? r->row->ids[0] : row->prefix;
	const char *key = row->number && !r->row->ids[0] ? arena_printf(r->arena, "%lld", (long long)*(const int64_t *)((const char *)o + row->number))
		: id_spell(r->arena, prefix, &o->id);

	return r->dialect->absolute ? arena_printf(r->arena, "%s%s/%s/", req_base(r), path, key)
		: arena_printf(r->arena, "%s%s/%s", conf.base_path, path, key);
}

static enum err create(struct req *r, struct life *o)
{
	enum err e;

	r->tx.about.kind = life_resources[r->row->object].word;
	r->tx.about.id = NULL;
	if ((e = who_may(&r->who, r->tx.ask)) || (e = r->row->make(&r->tx, r->in, o)))
		return e;
	if (r->row->status == 201 && r->dialect->place_first)
		res_header(r, "Location", location(r, o));
	answer(r, o);
	if (r->row->status == 201 && !r->dialect->place_first)
		res_header(r, "Location", location(r, o));
	return OK;
}

static enum err work(struct req *r, struct life *o)
{
	if (r->row->run)
		return r->row->run(r);
	if (r->row->paging)
		return pages_list(r);
	return r->row->make ? create(r, o) : r->row->change || r->row->moves[0] ? move(r, o) : get(r, o);
}

enum err does(struct req *r)
{
	struct life *o = r->row->run || r->row->paging ? NULL
		: arena_alloc(r->arena, r->row->size ? r->row->size : life_resources[r->row->object].size);
	enum err e = r->sent && r->row->in ? shape_last(&r->tx, r->row->in, r->sent) : OK;

	if (!e)
		e = work(r, o);
	for (const struct err_as *as = r->row->as; as && as->err; as++) {
		if (as->err != e || as->as)
			continue;
		answer(r, o);
		return OK;
	}
	return e;
}
