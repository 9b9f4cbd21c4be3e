/* dom_share.c: see dom_share.h. */
#include "dom_share.h"

static const struct column map[] = MAP(GRANT_COLUMNS, struct share);

static enum err put(struct tx *tx, const struct id *model, struct share *s)
{
	struct db_val in[DB_PARAMETERS] = { db_d(&tx->who->organization), db_d(model) };
	const size_t n = 2 + row_bind(map, s, STATE_NONE, tx->now, in + 2);

	return db_exec(tx->db, SQL_GRANT_PUT, in, n, NULL);
}

enum err share_own(struct tx *tx, const struct id *model, const struct id *principal)
{
	struct share s = { *principal, SHARE_USER, GRANTED_OWNER, "OWNER", tx->who->principal, tx->now };

	return put(tx, model, &s);
}
