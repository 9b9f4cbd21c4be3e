/* dom_authorization.c: the human gate.  A change that its row of life.def keeps for
 * humans, asked for by an agent, becomes an authorization that waits for the human the
 * agent acts for; the approval does it, in the approver's name and transaction. */
#include "dom_workspace.h"
#include <string.h>

enum err authorization_ask(struct tx *tx, const struct life *o, enum transition t, struct authorization *out)
{
	const struct transition_row *row = &life_transitions[t];
	const struct db_val *v;
	enum err e = tx_row(tx, SQL_AUTHORIZATION_OPEN, DB_IN(db_d(&o->organization), db_d(&o->id), db_d(&tx->who->token),
		db_s(row->audit)), &v);

	if (e != ERR_DB_NONE) {
		if (!e)
			(void)life_take(RES_AUTHORIZATION, v, out);
		return e;
	}
	*out = (struct authorization){ .action = row->audit,
		.resource_type = life_resources[row->resource].word, .resource = o->id, .human = tx->who->principal,
		.agent = tx->who->agent, .token = tx->who->token };
	life_begin(tx, &out->life);
	out->life.test = o->test;
	return life_create(tx, LIFE_AUTHORIZATION_CREATE, &out->life, NULL);
}

static const struct list_filter filters[] = { { "status", " AND x.status = ?", "a", 0 }, { NULL, NULL, NULL, 0 } };
static const struct list_path paths[] = {
	{ .filters = 1, .order = -1, .index = "authorization_by_status" },
	{ .order = -1, .index = "authorization_list" },
};
const struct listing authorizations_list = { .name = "AUTHORIZATIONS", .of = RES_AUTHORIZATION, .parent = RES__MAX, .sees = SEES_MODE,
	.filters = filters, .orders = list_by_id, LIST_PATHS(paths) };

/* The change that an action names, which its row lets a human approve. */
static enum transition wanted(const struct authorization *n)
{
	const enum resource r = life_kind(n->resource_type);
	int t = 0;

	while (t < LIFE__MAX && !(life_transitions[t].resource == r && life_transitions[t].flags & APPROVAL && !strcmp(life_transitions[t].audit, n->action)))
		t++;
	return t;
}

/* Who asked for what a human approved, for the audit. */
static struct json *because(struct arena *a, const struct authorization *n)
{
	struct json *o = js_object(a);

	js_put_str(a, o, "authorization", id_spell(a, life_resources[RES_AUTHORIZATION].prefix, &n->life.id));
	js_put_str(a, o, "agent_id", n->agent);
	return o;
}

/* What an approved authorization stands for. */
static enum err act(struct tx *tx, const struct authorization *n)
{
	const enum transition t = wanted(n);
	struct life *o;
	enum err e;

	if (t == LIFE__MAX)
		return ERR_INTERNAL;
	tx->about.kind = n->resource_type;       /* what refuses now is the object itself */
	tx->about.id = life_spell(tx->arena, n->resource_type, &n->resource);
	o = arena_alloc(tx->arena, life_resources[life_transitions[t].resource].size);
	e = life_hold(tx, life_transitions[t].resource, BY_ID(&n->resource), o);
	return e ? e : life_move(tx, t, o, because(tx->arena, n));
}

enum err authorization_decide(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct authorization *n = out;
	enum err e = life_hold(tx, RES_AUTHORIZATION, key, n);

	(void)in;
	if (e)
		return e;
	if (tx->who->agent)
		return ERR_AGENT_DENIED;
	if (!id_equal(&tx->who->principal, &n->human))
		return ERR_FORBIDDEN;
	if ((e = life_expected(tx, &n->life)) || (e = life_move(tx, t, &n->life, NULL)))
		return e;
	return t == LIFE_AUTHORIZATION_APPROVE ? act(tx, n) : OK;
}
