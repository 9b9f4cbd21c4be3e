/* pages.c: see pages.h. */
#include "pages.h"
#include <string.h>
#include "conf.h"
#include "dom_labels.h"
#include "hash.h"
#include "str.h"

/* The order by its name, and how many. */
static void order_asked(struct req *r, const struct page_asked *q, struct list_ask *ask)
{
	while (q->sort && strcmp(ask->list->orders[ask->order].name, q->sort))
		ask->order++;
	ask->pages = true;
	ask->limit = q->size ? q->size : r->row->paging->size;
	if (r->row->paging->most && q->size_set)         /* 0: as many as there may be */
		ask->limit = q->size && q->size < r->row->paging->most ? q->size : r->row->paging->most;
}

enum err pages_by_number(struct req *r, const struct page_asked *q, struct list_ask *ask)
{
	order_asked(r, q, ask);
	ask->numbered = true;
	ask->offset = (q->number ? q->number - r->row->paging->first : 0) * ask->limit;
	return OK;
}

void pages_numbered(struct req *r, const struct list_ask *ask, const struct list_got *got, struct page_got *out)
{
	(void)got;
	out->size = ask->limit;
	out->number = ask->offset / ask->limit + r->row->paging->first;
	out->pages = (out->total + ask->limit - 1) / ask->limit;
	out->more = ask->offset + ask->limit < out->total;
}

enum err pages_by_offset(struct req *r, const struct page_asked *q, struct list_ask *ask)
{
	order_asked(r, q, ask);
	ask->offset = q->offset;
	return OK;
}

/* This address with another offset, whatever the query calls it. */
static const char *moved_to(struct req *r, int64_t offset)
{
	const struct shape *s = r->row->query;
	struct buf b = { .arena = r->arena };

	while (s->off != offsetof(struct page_asked, offset))
		s++;
	buf_printf(&b, "%s%s", r->dialect->absolute ? req_base(r) : conf.base_path, r->path);
	for (size_t i = 0; i < r->nparams; i++)
		if (strcmp(r->params[i].name, s->key))
			buf_param(&b, r->params[i].name, r->params[i].value);
	buf_param(&b, s->key, arena_printf(r->arena, "%lld", (long long)offset));
	return b.p;
}

void pages_offset(struct req *r, const struct list_ask *ask, const struct list_got *got, struct page_got *out)
{
	const int64_t behind = ask->offset + (got->cut ? (int64_t)got->n : ask->limit);

	out->size = ask->limit;
	out->offset = ask->offset;
	if ((out->more = behind < out->total))
		out->next = moved_to(r, behind);
	if (ask->offset)
		out->previous = moved_to(r, ask->offset > ask->limit ? ask->offset - ask->limit : 0);
}

/* ---- Tokens ---- */

enum { DIGEST = 8, KEY_TEXT = 700, KEY_BYTES = 2 + 4 * KEY_TEXT, TOKEN_MOST = DIGEST + LIST_KEYS * KEY_BYTES };

/* Of the list, whose it is, and of a place in it. */
static void digest_of(struct req *r, const void *place, size_t n, unsigned char out[DIGEST])
{
	unsigned char md[SHA256_BYTES];
	struct buf b = { .arena = r->arena };

	buf_puts(&b, r->path);
	buf_put(&b, &r->who.organization, sizeof r->who.organization);
	for (const struct shape *s = r->row->query; s->key; s++)
		if (s->filter || s->flags & F_LISTED)
			buf_printf(&b, "\n%s", shape_value(r->arena, s, r->query, r->dialect->time));
	buf_puts(&b, "\n");
	buf_put(&b, place, n);
	sha256(b.p, b.n, md);
	memcpy(out, md, DIGEST);
}

/* The keys of a place; what is listed without a list is so by its ids. */
static const struct list_key *keys_of(const struct list_ask *ask)
{
	return (ask->list ? &ask->list->orders[ask->order] : list_by_id)->keys;
}

/* A key of a row, behind those before it in a token: a text with its length before it. */
static void put_key(struct buf *b, const struct list_key *k, const char *row)
{
	const void *at = row + (k->at ? k->at : offsetof(struct life, id));
	unsigned char length[2];
	const char *text;

	if (list_letter(k) != 's') {
		buf_put(b, at, k->letter == 'd' ? (size_t)ID_BYTES : sizeof(int64_t));
		return;
	}
	text = utf8_cut(b->arena, *(const char *const *)at, KEY_TEXT);
	length[0] = (unsigned char)(strlen(text) >> 8);
	length[1] = (unsigned char)strlen(text);
	buf_put(b, length, sizeof length);
	buf_puts(b, text);
}

/* And back: how many bytes it is; 0: it is none that a row could have.  The digest is no secret. */
static size_t take_key(struct arena *a, const struct list_key *k, const unsigned char *from, size_t n, struct db_val *out)
{
	struct id id;
	int64_t number;
	size_t length;
	char *text;

	if (list_letter(k) == 's') {
		length = n < 2 ? n : (size_t)from[0] << 8 | from[1];
		if (n < 2 || length > n - 2)
			return 0;
		text = arena_strndup(a, (const char *)from + 2, length);
		*out = db_s(text);
		return strlen(text) == length && utf8_valid(text, length) ? 2 + length : 0;
	}
	if (n < (k->letter == 'd' ? sizeof id : sizeof number))
		return 0;
	if (k->letter == 'd') {
		memcpy(&id, from, sizeof id);
		*out = db_d(&id);
		return sizeof id;
	}
	memcpy(&number, from, sizeof number);
	if (k->letter == 't' && (number < 0 || number > CLOCK_LAST))
		return 0;
	*out = k->letter == 't' ? db_t(number) : db_i(number);
	return sizeof number;
}

/* The keys that stand behind one another there.  ERR_PAGE_TOKEN: they are none. */
static enum err place_from(struct arena *a, const struct list_key *keys, const unsigned char *from, size_t size, struct db_val place[LIST_KEYS])
{
	size_t at = 0, n;

	for (size_t i = 0; i < LIST_KEYS && keys[i].column; i++, at += n)
		if (!(n = take_key(a, &keys[i], from + at, size - at, &place[i])))
			return ERR_PAGE_TOKEN;
	return at == size ? OK : ERR_PAGE_TOKEN;
}

enum err pages_by_token(struct req *r, const struct page_asked *q, struct list_ask *ask)
{
	const int64_t usual = r->row->paging->size, most = r->row->paging->most ? r->row->paging->most : usual;
	unsigned char digest[DIGEST], *token;
	long got;

	ask->limit = !q->size_set ? usual : q->size > most ? most : q->size;
	if (ask->limit < 1)
		return ERR_PAGE_SIZE;
	if (!q->token)
		return OK;
	token = arena_alloc(r->arena, TOKEN_MOST);
	if ((got = b64url_decode(q->token, strlen(q->token), token, TOKEN_MOST)) < DIGEST)
		return ERR_PAGE_TOKEN;
	digest_of(r, token + DIGEST, (size_t)got - DIGEST, digest);
	if (memcmp(token, digest, DIGEST))
		return ERR_PAGE_TOKEN;
	return place_from(r->arena, keys_of(ask), token + DIGEST, (size_t)got - DIGEST, ask->place);
}

/* The place behind the last row. */
static struct buf place_behind(struct req *r, const struct list_ask *ask, const struct list_got *got, size_t size)
{
	const struct list_key *keys = keys_of(ask);
	struct buf place = { .arena = r->arena };

	for (size_t i = 0; i < LIST_KEYS && keys[i].column; i++)
		put_key(&place, &keys[i], (const char *)got->rows + (got->n - 1) * size);
	return place;
}

static const char *token_of(struct req *r, const struct buf *place)
{
	struct buf token = { .arena = r->arena };
	unsigned char digest[DIGEST];

	digest_of(r, place->p, place->n, digest);
	buf_put(&token, digest, DIGEST);
	buf_put(&token, place->p, place->n);
	return b64url_encode(r->arena, token.p, token.n);
}

void pages_tokened(struct req *r, const struct list_ask *ask, const struct list_got *got, struct page_got *out)
{
	struct buf place;

	if (!got->more)
		return;
	place = place_behind(r, ask, got, out->rows.size);
	out->token = token_of(r, &place);
}

/* What a row of the page is rendered by. */
static const struct shape *row_shape(const struct route *row)
{
	const struct shape *s = row->out;

	while (s->type != T_LIST)
		s++;
	return s->sub;
}

static void release(void *part)
{
	arena_free(part);
}

/* The page by parts, whose memory is given back after each: what stays is the text, about as much of it as a
 * page may have bytes. */
static enum err in_parts(struct req *r, struct list_ask *ask, struct page_got *out)
{
	const struct shape *shape = row_shape(r->row);
	const size_t size = list_size(ask->list);
	const int64_t most = ask->limit;
	struct arena *part = arena_new();
	struct buf text = { .arena = r->arena }, place;
	struct list_got got = { .n = 0 };
	enum err e;

	arena_defer(r->arena, release, part);
	js_out_raw(&text, "[");
	do {
		arena_reset(part);
		ask->limit = most - out->count < r->row->paging->part ? most - out->count : r->row->paging->part;
		r->tx.arena = part;
		e = (r->row->read ? r->row->read : list_read)(&r->tx, ask, &got);
		r->tx.arena = r->arena;
		if (e)
			return e;
		r->who.permissions = arena_strdup(r->arena, r->who.permissions);         /* which each read settles anew */
		for (size_t i = 0; i < got.n; i++)
			js_out_raw(&text, shape_text(part, shape, (const char *)got.rows + i * size, r->dialect->time, NULL));
		out->count += (int64_t)got.n;
		if (!got.more)
			break;
		place = place_behind(r, ask, &got, size);
		if (place_from(r->arena, keys_of(ask), (const unsigned char *)place.p, place.n, ask->place))
			return ERR_INTERNAL;
	} while (out->count < most && (!conf.page_bytes_limit || (int64_t)text.n < conf.page_bytes_limit));
	if (got.more)
		out->token = token_of(r, &place);
	buf_puts(&text, "]");
	out->rows = (struct list){ text.p, (size_t)out->count, 0 };
	return OK;
}

/* ---- The work ---- */

/* The state: what is shelved is listed by its word alone, with all that is hidden like it. */
static void by_state(struct list_ask *ask, enum state s)
{
	const struct listing *l = ask->list;
	const bool hidden = s && life_states[s].flags & SHELVED;

	list_where(ask, l->hidden - 1, DB_IN(db_i(hidden)));
	if (s && !hidden)
		list_where(ask, l->state - 1, DB_IN(db_s(life_word(s))));
}

/* The clause of a row of the query, if it was given. */
static void by_row(struct req *r, struct list_ask *ask, const struct shape *s, const void *query)
{
	const struct list_filter *f = &ask->list->filters[s->filter - 1];
	const void *v = (const char *)query + s->off;
	struct db_val by = { 0 };

	switch (s->type) {
	case T_STATE:
		if (ask->list->hidden && s->filter == ask->list->state) {
			by_state(ask, *(const enum state *)v);
			return;
		}
		by = db_s(*(const enum state *)v ? life_word(*(const enum state *)v) : NULL);
		break;
	case T_LABELS:
		list_labels(&r->tx, ask, s->filter - 1, life_resources[ask->list->of].word, *(const char *const *)v);
		return;
	case T_ID:
		by = id_is_zero(v) ? db_s(NULL) : db_d(v);
		break;
	case T_INT: case T_TIME:
		by = !*((const bool *)query + s->set - 1) ? db_s(NULL) : s->type == T_INT ? db_i(*(const int64_t *)v) : db_t(*(const int64_t *)v);
		break;
	default:
		by = db_s(*(const char *const *)v);
		break;
	}
	if (!by.null)
		list_where(ask, s->filter - 1, DB_IN(f->most == LIST_LIKE ? db_s(str_like(r->arena, by.s)) : by));
}

/* Total: what the page tells by itself, or its list without counting, or a count. */
static enum err total(struct req *r, const struct list_ask *ask, const struct list_got *got, int64_t *out)
{
	enum err e = ERR_DB_NONE;

	if (got->counted) {
		*out = got->total;
		return OK;
	}
	if (list_told(ask, got, out))
		return OK;
	if (ask->list->total && !(list_asked(ask) & ~ask->list->totalled))
		e = ask->list->total(&r->tx, ask, got, out);
	return e == ERR_DB_NONE ? list_count(&r->tx, ask, out) : e;
}

enum err pages_list(struct req *r)
{
	const struct paging *p = r->row->paging;
	struct list_ask *ask = ARENA_NEW(r->arena, struct list_ask);
	struct page_got out = { .url = r->path };
	struct db_val key[2] = { { 0 } };
	struct list_got got = { .n = 0 };
	enum err e;

	ask->list = r->row->listing;
	if (r->vars[0]) {                        /* of an object */
		if ((e = route_key(r, key)))
			return e;
		ask->parent = key[0].id;
		ask->kind = (int)key[1].i;
		ask->child = key[1].id;
	} else if (ask->list && (ask->list->kind || ask->list->of != RES__MAX)) {
		r->tx.about.kind = ask->list->kind ? ask->list->kind : life_resources[ask->list->of].word;
		r->tx.about.id = NULL;
	}
	if ((e = p->asked(r, r->query, ask)))
		return e;
	for (const struct shape *s = r->row->query; s && s->key; s++)
		if (s->filter)
			by_row(r, ask, s, r->query);
	if (p->part && ask->limit > p->part) {
		if (!(e = in_parts(r, ask, &out)))
			res_shape(r, r->row->status, r->row->out, &out, 0);
		return e;
	}
	if ((e = (r->row->read ? r->row->read : list_read)(&r->tx, ask, &got)) || (p->total && (e = total(r, ask, &got, &out.total))))
		return e;
	out.count = (int64_t)got.n;
	out.rows = (struct list){ got.rows, got.n, ask->list ? list_size(ask->list) : r->row->size ? r->row->size : life_resources[r->row->object].size };
	p->got(r, ask, &got, &out);
	res_shape(r, r->row->status, r->row->out, &out, 0);
	return OK;
}
