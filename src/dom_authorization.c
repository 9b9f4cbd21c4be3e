/* dom_authorization.c: the human gate.  A change that its row of life.def keeps for
 * humans, asked for by an agent, becomes an authorization that waits for the human the
 * agent acts for; the approval does it, in the approver's name and transaction. */
#include "dom_workspace.h"
#include <string.h>

static struct json *tell(struct arena *a, const struct authorization *n)
{
	struct json *o = js_object(a);

	js_put_str(a, o, "action", n->action);
	js_put_str(a, o, "agent_id", n->agent);
	js_put_str(a, o, "human_principal_id", id_spell(a, "usr_", &n->human));
	js_put_bool(a, o, "livemode", !n->life.test);
	return o;
}

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
	out->life.now = tell(tx->arena, out);
	return life_create(tx, LIFE_AUTHORIZATION_CREATE, &out->life, NULL);
}

enum err authorization_get(struct tx *tx, const struct id *id, struct authorization *out)
{
	return life_read(tx, RES_AUTHORIZATION, BY_ID(id), out);
}

enum err authorization_list(struct tx *tx, const char *status, const struct list_ask *ask, struct authorization **out,
	struct list_got *got)
{
	struct values head = { .n = 0 };
	struct db_rows r;
	enum err e;

	values_add(&head, DB_IN(db_d(&tx->who->organization), db_i(0)));
	if (status)
		values_add(&head, DB_IN(db_s(status)));
	if ((e = list_by_id(tx, status ? SQL_AUTHORIZATION_PAGE_S_UP : SQL_AUTHORIZATION_PAGE_UP, &head, 1, ask, &r, got)))
		return e;
	*out = arena_alloc(tx->arena, (got->n + 1) * sizeof **out);
	for (size_t i = 0; i < got->n; i++)
		(void)life_take(RES_AUTHORIZATION, db_row(&r, i) + WHO_COLUMNS, &(*out)[i]);
	return OK;
}

/* What an approved authorization stands for. */
static enum err act(struct tx *tx, const struct authorization *n)
{
	const char *wanted = tx->if_match;
	struct authorization asked;
	enum err e = ERR_INTERNAL;
	struct workspace w;

	tx->if_match = NULL;                     /* it was of the authorization */
	tx->about.kind = n->resource_type;       /* what refuses now is the object itself */
	tx->about.id = life_spell(tx->arena, n->resource_type, &n->resource);
	if (!strcmp(n->action, life_transitions[LIFE_WORKSPACE_ARCHIVE].audit))
		e = workspace_archive(tx, &n->resource, n, &w, &asked);
	tx->if_match = wanted;
	return e;
}

enum err authorization_decide(struct tx *tx, const struct id *id, bool approve, struct authorization *out)
{
	enum err e = life_hold(tx, RES_AUTHORIZATION, BY_ID(id), out);

	if (e)
		return e;
	if (tx->who->agent)
		return ERR_AGENT_DENIED;
	if (!id_equal(&tx->who->principal, &out->human))
		return ERR_FORBIDDEN;
	if ((e = life_expected(tx, &out->life)))
		return e;
	out->life.now = tell(tx->arena, out);
	e = life_move(tx, approve ? LIFE_AUTHORIZATION_APPROVE : LIFE_AUTHORIZATION_DENY, &out->life, NULL);
	if (e)
		return e;
	return approve ? act(tx, out) : OK;
}
