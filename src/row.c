/* row.c: see row.h. */
#include "row.h"

static void *at(void *v, size_t off)
{
	return (char *)v + off;
}

const struct db_val *row_read(const struct column *c, enum resource r, const struct db_val *v, void *out)
{
	for (; c->kind; c++, v++) {
		void *p = at(out, c->off);

		switch (c->kind) {
		case ROW_s: case ROW_a:
			*(const char **)p = v->null ? NULL : v->s;
			break;
		case ROW_i: case ROW_t: case ROW_i0: case ROW_t0:
			*(int64_t *)p = v->null ? 0 : v->i;
			break;
		case ROW_in:
			*(int64_t *)p = v->null ? -1 : v->i;
			break;
		case ROW_b: case ROW_nb:
			*(bool *)p = (!v->null && v->i) == (c->kind == ROW_b);
			break;
		case ROW_d: case ROW_d0:
			*(struct id *)p = v->null ? id_none : v->id;
			break;
		case ROW_x:
			*(struct bytes *)p = v->null ? (struct bytes){ NULL, 0 } : (struct bytes){ (const unsigned char *)v->s, v->n };
			break;
		case ROW_w:
			*(enum state *)p = v->null ? STATE_NONE : life_state(r, v->s);
			break;
		case ROW_now: case ROW_nil: case ROW_was: case ROW_END:
			break;
		}
	}
	return v;
}

const struct db_val *row_own(const struct db_val *row)
{
	return row[WHO_COLUMNS].null ? NULL : row + WHO_COLUMNS;
}

void *row_array(struct arena *a, const struct db_rows *r, const struct column *map, size_t size)
{
	char *all = arena_alloc(a, (r->n + 1) * size);

	for (size_t i = 0; i < r->n; i++)
		(void)row_read(map, RES__MAX, db_row(r, i), all + i * size);
	return all;
}

static struct db_val value(const struct column *c, void *p, enum state before, int64_t now)
{
	const struct db_val none = { .t = 'i', .null = true }, never = { .t = 't', .null = true };
	const struct bytes *x = p;
	int64_t i;

	switch (c->kind) {
	case ROW_s: case ROW_a:
		return db_s(*(const char **)p);
	case ROW_i:
		return db_i(*(int64_t *)p);
	case ROW_i0:
		return db_i0(*(int64_t *)p);
	case ROW_in:
		i = *(int64_t *)p;
		return i < 0 ? none : db_i(i);
	case ROW_b: case ROW_nb:
		return db_i(*(bool *)p == (c->kind == ROW_b));
	case ROW_t: case ROW_t0:
		i = *(int64_t *)p;
		return i || c->kind == ROW_t ? db_t(i) : never;
	case ROW_d:
		return db_d(p);
	case ROW_d0:
		return db_d0(p);
	case ROW_x:
		return db_x(x->p, x->n);
	case ROW_w:
		return db_s(life_word(*(enum state *)p));
	case ROW_now:
		*(int64_t *)p = now;
		return db_t(now);
	case ROW_nil:
		*(int64_t *)p = 0;
		return never;
	case ROW_was:
		return db_s(life_word(before));
	case ROW_END:
		break;
	}
	return none;
}

size_t row_bind(const struct column *map, void *in, enum state before, int64_t now, struct db_val *out)
{
	size_t n = 0;

	for (const struct column *c = map; c->kind; c++)
		out[n++] = value(c, at(in, c->off), before, now);
	return n;
}

bool row_asks(const struct column *map)
{
	while (map->kind == ROW_now || map->kind == ROW_nil || map->kind == ROW_was)
		map++;
	return map->kind != ROW_END;
}
