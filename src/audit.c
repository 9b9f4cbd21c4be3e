/* audit.c: the audit row of a change.  The account the program serves with may add
 * and read such rows, and nothing else. */
#include "life.h"

enum err audit_add(struct tx *tx, const struct transition_row *t, const struct life *o, enum state from,
	struct json *details)
{
	static const struct id nobody;
	const struct id *human = tx->who->agent ? &tx->who->principal : &nobody;
	const bool granted = t->resource == RES_MODEL;
	struct id id;

	id_new(tx->now, &id);
	return db_exec(tx->db, SQL_AUDIT_ADD, DB_IN(db_d(&o->organization), db_d(&id), db_t(tx->now),
		db_d0(&tx->who->principal), db_s(tx->who->name), db_d0(human), db_s(t->audit),
		db_s(life_resources[t->resource].word), db_d(&o->id), db_i(o->revision),
		db_s(from ? life_word(from) : NULL), db_s(life_word(o->state)), db_s(tx->request_id),
		db_s(tx->address), db_s(tx->user_agent), db_s(tx->idempotency_key),
		db_s(details ? js_text(details, NULL) : NULL), db_d0(&tx->who->token),
		(struct db_val){ .t = 'i', .i = o->was_global, .null = !granted }, (struct db_val){ .t = 'i', .i = o->global, .null = !granted }), NULL);
}
