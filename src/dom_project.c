/* dom_project.c: see dom_project.h. */
#include "dom_project.h"
#include "dom_list.h"
#include "str.h"

_Static_assert(SQL_PROJECT_PAGE_BY_STATUS_SN == SQL_PROJECT_PAGE + 11 && SQL_PROJECT_COUNT_SN == SQL_PROJECT_COUNT + 3,
	"orders and filters add up");

/* Which of its two unique words is somebody else's?  The unique keys have the last word:
 * who comes between is told in the next try. */
static enum err taken(struct tx *tx, const struct id *id, const struct project *p)
{
	const struct db_val *v;
	enum err e = tx_row(tx, SQL_PROJECT_TAKEN, DB_IN(db_d(&tx->who->organization), db_s(p->name), db_d(id),
		db_s(p->url), db_d(id)), &v);

	if (e)
		return e;
	return v[0].i ? ERR_PROJECT_NAME_TAKEN : v[1].i ? ERR_PROJECT_URL_TAKEN : OK;
}

enum err project_create(struct tx *tx, const void *in, void *made)
{
	struct project *out = made;
	const struct db_val *v;
	enum err e;

	*out = *(const struct project *)in;
	life_begin(tx, &out->life);
	out->progress = -1;
	if ((e = taken(tx, &out->life.id, out))
	 || (e = tx_row(tx, SQL_PROJECT_NEXT, DB_IN(db_d(&tx->who->organization)), &v)))
		return e;
	out->number = v[0].i;
	return life_create(tx, LIFE_PROJECT_CREATE, &out->life, NULL);
}

enum err project_list(struct tx *tx, const struct project_filter *f, int64_t offset, int64_t size,
	struct project **out, size_t *n, int64_t *total)
{
	struct db_val in[10] = { db_d(&tx->who->organization), db_i(f->archived) };
	size_t filters = 2, ni;
	int which = 0;
	struct db_rows r;
	enum err e;

	if (f->status) {
		in[filters++] = db_s(f->status);
		which |= 1;
	}
	if (f->search) {
		in[filters++] = db_s(str_like(tx->arena, f->search));
		which |= 2;
	}
	ni = filters;
	in[ni++] = db_i(size);
	in[ni++] = db_i(offset);
	in[ni++] = db_d(&tx->who->organization);
	in[ni++] = db_d(&tx->who->principal);
	if ((e = tx_read(tx, SQL_PROJECT_PAGE + (enum sql)(which + 4 * (int)f->order), in, ni, &r))
	 || (e = who_may(tx->who, tx->ask)))
		return e;
	*out = arena_alloc(tx->arena, (r.n + 1) * sizeof **out);
	*n = 0;
	for (size_t i = 0; i < r.n; i++)
		if (!db_row(&r, i)[WHO_COLUMNS].null)
			(void)life_take(RES_PROJECT, db_row(&r, i) + WHO_COLUMNS, &(*out)[(*n)++]);
	if (*n < (size_t)size && (*n || !offset)) {
		*total = offset + (int64_t)*n;
		return OK;
	}
	if (!f->search) {
		const struct db_val org = in[0], status = db_s(f->status);

		if ((e = tx_query(tx, SQL_PROJECT_TOTAL, DB_IN(in[1], status, status, org, org, org, org), &r)))
			return e;
		*total = db_row(&r, 0)[0].i;
		if (db_row(&r, 0)[1].i <= UNFOLDED_MOST)
			return OK;
	}
	if ((e = tx_query(tx, SQL_PROJECT_COUNT + (enum sql)which, in, filters, &r)))
		return e;
	*total = db_row(&r, 0)->i;
	return OK;
}

enum err project_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct project *edit = in;
	struct project *p = out;
	enum err e;

	if ((e = life_lock(tx, RES_PROJECT, key, p)))
		return e;
	p->name = edit->name;
	p->description = edit->description;
	p->url = edit->url;
	p->accent = edit->accent;
	p->tech_stack = edit->tech_stack;
	/* Legal before taken: an archived project cannot be changed whatever its name. */
	if (p->life.state != STATE_PROJECT_ARCHIVED && (e = taken(tx, &p->life.id, p)))
		return e;
	return life_move(tx, p->life.state == STATE_PROJECT_LIVE ? LIFE_PROJECT_EDIT_LIVE : t, &p->life, NULL);
}

enum err project_build(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const int64_t progress = ((const struct project *)in)->progress;
	struct project *p = out;
	enum err e;

	if ((e = life_lock(tx, RES_PROJECT, key, p)))
		return e;
	p->progress = progress;
	if (p->life.state != STATE_PROJECT_BUILDING)
		e = life_move(tx, t, &p->life, NULL);
	else if (progress < 100)
		e = life_move(tx, LIFE_PROJECT_PROGRESS, &p->life, NULL);
	return !e && progress == 100 ? life_move(tx, LIFE_PROJECT_BUILT, &p->life, NULL) : e;
}

enum err project_url_free(struct tx *tx, const char *url, bool *free)
{
	struct db_rows r;
	enum err e = tx_read(tx, SQL_PROJECT_URL, DB_IN(db_s(url), db_d(&tx->who->organization),
		db_d(&tx->who->principal)), &r);

	if (e)
		return e;
	*free = !db_row(&r, 0)[WHO_COLUMNS].i;
	return who_may(tx->who, tx->ask);
}
