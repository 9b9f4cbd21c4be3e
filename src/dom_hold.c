/* dom_hold.c: see dom_hold.h. */
#include "dom_hold.h"
#include <string.h>
#include "dom_package.h"

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
