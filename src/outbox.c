/* outbox.c: the event of a change, for those who subscribe.  It is numbered and sent
 * after the commit, by another process (dom_event.c).  The payload is
 * {"object": {id, object, status, ...}, "previous_attributes": {...}}, and beside that what the
 * audit has (details) and what other forms of it are made from (kept). */
#include "life.h"

static struct json *members(struct json *into, const struct json *from)
{
	struct json *value;
	const char *name;
	void *it = NULL;

	while (from && js_next(from, &it, &name, &value))
		js_put(into, name, value);
	return into;
}

enum err outbox_add(struct tx *tx, const struct transition_row *t, const struct life *o, enum state from,
	struct json *details)
{
	const struct resource_row *r = &life_resources[t->resource];
	struct json *payload = js_object(tx->arena), *object = js_object(tx->arena), *previous = js_object(tx->arena);
	struct id id;

	js_put_str(tx->arena, object, "id", id_spell(tx->arena, r->prefix, &o->id));
	js_put_str(tx->arena, object, "object", r->word);
	js_put_str(tx->arena, object, "status", life_word(o->state));
	js_put(payload, "object", members(object, o->now));
	if (from && from != o->state)
		js_put_str(tx->arena, previous, "status", life_word(from));
	members(previous, o->before);
	if (from)
		js_put(payload, "previous_attributes", previous);
	if (details)
		js_put(payload, "details", details);
	if (o->kept)
		js_put(payload, "kept", o->kept);
	id_new(tx->now, &id);
	return db_exec(tx->db, SQL_OUTBOX_ADD, DB_IN(db_d(&o->organization), db_d(&id), db_t(tx->now), db_s(t->audit),
		db_s(r->word), db_d(&o->id), db_i(o->revision), db_s(tx->request_id), db_s(js_text(payload, NULL)),
		db_i(!o->test), db_s(tx->idempotency_key), db_d0(&tx->who->principal), db_s(tx->who->agent),
		db_d0(&tx->who->token), db_s(trace_kept(tx->arena, &tx->trace))), NULL);
}
