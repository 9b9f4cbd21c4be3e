/* dom_project.c: see dom_project.h. */
#include "dom_project.h"
#include "str.h"

_Static_assert(SQL_PROJECT_PAGE_BY_STATUS_SN == SQL_PROJECT_PAGE + 11 && SQL_PROJECT_COUNT_SN == SQL_PROJECT_COUNT + 3,
	"orders and filters add up");

enum err project_get(struct tx *tx, int64_t number, struct project *out)
{
	return life_read(tx, RES_PROJECT, BY_NUMBER(number), out);
}

static enum err lock(struct tx *tx, int64_t number, struct project *out)
{
	return life_lock(tx, RES_PROJECT, BY_NUMBER(number), out);
}

/* Which of its two unique words is somebody else's?  The unique keys have the last word:
 * who comes between is told in the next try. */
static enum err taken(struct tx *tx, const struct id *id, const struct project *p)
{
	struct words { bool name, url; } of;
	static const struct column map[] = PICK_MAP(PROJECT_TAKEN_PICK, struct words);
	enum err e = row_one(tx, SQL_PROJECT_TAKEN, DB_IN(db_d(&tx->who->organization), db_s(p->name), db_d(id),
		db_s(p->url), db_d(id)), map, &of);

	if (e)
		return e;
	return of.name ? ERR_PROJECT_NAME_TAKEN : of.url ? ERR_PROJECT_URL_TAKEN : OK;
}

enum err project_create(struct tx *tx, const struct project *in, struct project *out)
{
	enum err e;

	if ((e = who_may(tx->who, tx->ask)))
		return e;
	*out = *in;
	life_begin(tx, &out->life);
	out->progress = -1;
	if ((e = taken(tx, &out->life.id, out))
	 || (e = row_int(tx, SQL_PROJECT_NEXT, DB_IN(db_d(&tx->who->organization)), &out->number)))
		return e;
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
	if ((e = tx_query(tx, SQL_PROJECT_COUNT + (enum sql)which, in, filters, &r)))
		return e;
	*total = db_row(&r, 0)->i;
	return OK;
}

enum err project_edit(struct tx *tx, int64_t number, const struct project *in, struct project *out)
{
	enum err e;

	if ((e = lock(tx, number, out)))
		return e;
	out->name = in->name;
	out->description = in->description;
	out->url = in->url;
	out->accent = in->accent;
	out->tech_stack = in->tech_stack;
	/* Legal before taken: an archived project cannot be changed whatever its name. */
	if (out->life.state != STATE_PROJECT_ARCHIVED && (e = taken(tx, &out->life.id, out)))
		return e;
	return life_move(tx, out->life.state == STATE_PROJECT_LIVE ? LIFE_PROJECT_EDIT_LIVE : LIFE_PROJECT_EDIT, &out->life, NULL);
}

enum err project_move(struct tx *tx, int64_t number, enum transition t, struct project *out)
{
	enum err e = lock(tx, number, out);

	return e ? e : life_move(tx, t, &out->life, NULL);
}

enum err project_build(struct tx *tx, int64_t number, int64_t progress, struct project *out)
{
	enum err e;

	if ((e = lock(tx, number, out)))
		return e;
	out->progress = progress;
	if (out->life.state != STATE_PROJECT_BUILDING)
		e = life_move(tx, LIFE_PROJECT_BUILD, &out->life, NULL);
	else if (progress < 100)
		e = life_move(tx, LIFE_PROJECT_PROGRESS, &out->life, NULL);
	if (!e && progress == 100)
		e = life_move(tx, LIFE_PROJECT_BUILT, &out->life, NULL);
	if (e)
		return e;
	out->progress = progress < 100 ? progress : -1;
	return OK;
}

enum err project_url_free(struct tx *tx, const char *url, bool *free)
{
	static const struct column none[] = { { ROW_nb, 0 }, { ROW_END, 0 } };
	enum err e = row_settled(tx, SQL_PROJECT_URL, DB_IN(db_s(url), db_d(&tx->who->organization),
		db_d(&tx->who->principal)), none, free);

	return e ? e : who_may(tx->who, tx->ask);
}
