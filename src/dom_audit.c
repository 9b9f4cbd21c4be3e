/* dom_audit.c: reading the audit of one model. */
#include "dom_model.h"
#include <string.h>

static const struct column columns[] = MAP(AUDIT_COLUMNS, struct audit_event);

enum err audit_of_object(struct tx *tx, const struct life *o, enum resource type, struct page page,
	struct audit_event **out, size_t *n)
{
	struct db_rows r;
	enum err e = tx_query(tx, SQL_HISTORY, DB_IN(db_d(&o->organization), db_s(life_resources[type].word), db_d(&o->id),
		db_i(page.size), db_i((page.number - 1) * page.size)), &r);

	if (e)
		return e;
	*n = r.n;
	*out = arena_alloc(tx->arena, (r.n + 1) * sizeof **out);
	for (size_t i = 0; i < r.n; i++)
		(void)row_read(columns, RES__MAX, db_row(&r, i) + 1, &(*out)[i]);
	return OK;
}

_Static_assert(SQL_AUDIT_PAGE_AW_UP == SQL_AUDIT_PAGE + 7 && SQL_AUDIT_COUNT_AW == SQL_AUDIT_COUNT + 3, "filters add up");

enum err audit_of_model(struct tx *tx, const struct id *model, const struct audit_filter *f, struct page page,
	struct audit_event **out, size_t *n, int64_t *total)
{
	const struct db_val org = db_d(&tx->who->organization), id = db_d(model);
	int64_t offset = (page.number - 1) * page.size;
	struct db_val in[16] = { org, id, db_t(f->from), db_t(f->to) };
	size_t filters = 4, ni;
	int which = 0;
	struct db_rows r;
	enum err e;

	if (f->action) {
		in[filters++] = db_s(f->action);
		which |= 1;
	}
	if (!id_is_zero(&f->actor)) {
		in[filters++] = db_d(&f->actor);
		which |= 2;
	}
	ni = filters;
	in[ni++] = db_i(page.size);
	in[ni++] = db_i(offset);
	in[ni++] = id;
	in[ni++] = org;
	in[ni++] = db_d(&tx->who->principal);
	if ((e = tx_read(tx, SQL_AUDIT_PAGE + (enum sql)(which | (f->oldest_first ? 4 : 0)), in, ni, &r))
	 || (e = life_seen_parent(tx, RES_VERSION, db_row(&r, 0), NULL)))
		return e;
	*out = arena_alloc(tx->arena, (r.n + 1) * sizeof **out);
	*n = 0;
	for (size_t i = 0; i < r.n; i++) {
		const struct db_val *v = life_behind_parent(RES_VERSION, db_row(&r, i));

		if (!v->null)
			(void)row_read(columns, RES__MAX, v + 1, &(*out)[(*n)++]);
	}
	if (*n < (size_t)page.size && (*n || page.number == 1)) {
		*total = offset + (int64_t)*n;
		return OK;
	}
	if ((e = tx_query(tx, SQL_AUDIT_COUNT + (enum sql)which, in, filters, &r)))
		return e;
	*total = db_row(&r, 0)->i;
	return OK;
}
