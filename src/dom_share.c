/* dom_share.c: see dom_share.h.  A change reads all grants of the model under its lock, so that
 * two owners cannot remove each other, and writes those that differ. */
#include "dom_share.h"
#include <string.h>

#define WORD_OWNER "OWNER"
const char *const share_words[] = { WORD_OWNER, "USER", "OBSERVER", "EDITOR", "READ_WRITE", "CONSUMER", "READ_ONLY", "NO_ROLE", NULL };
static const int64_t roles[] = { GRANTED_OWNER, GRANTED_USER, GRANTED_OBSERVER, GRANTED_USER, GRANTED_USER, GRANTED_OBSERVER, GRANTED_OBSERVER, 0 };

static int64_t role_of(const char *word)
{
	size_t i = 0;

	while (strcmp(share_words[i], word))
		i++;
	return roles[i];
}

/* ---- Rows ---- */

static const struct column row_map[] = MAP(GRANT_COLUMNS, struct share);

static enum err put(struct tx *tx, const struct id *model, struct share *s)
{
	struct db_val in[DB_PARAMETERS] = { db_d(&tx->who->organization), db_d(model) };
	size_t n = 2;

	s->by = tx->who->principal;
	s->at = tx->now;
	n += row_bind(row_map, s, STATE_NONE, tx->now, in + n);
	return db_exec(tx->db, SQL_GRANT_PUT, in, n, NULL);
}

static enum err forget(struct tx *tx, const struct id *model, const struct id *whose)
{
	return db_exec(tx->db, SQL_GRANT_FORGET, DB_IN(db_d(&tx->who->organization), db_d(model), db_d(whose)), NULL);
}

static struct share *find(struct share *all, size_t n, const struct id *id)
{
	for (size_t i = 0; i < n; i++)
		if (id_equal(&all[i].id, id))
			return &all[i];
	return NULL;
}

/* Who an id is of; ERR_DB_NONE. */
static enum err recipient(struct tx *tx, const struct id *id, struct share *out)
{
	static const struct column map[] = PICK_MAP(SHARE_WITH_PICK, struct share);
	const struct db_val org = db_d(&tx->who->organization), whose = db_d(id);

	out->id = *id;
	return tx_one(tx, SQL_SHARE_WITH, DB_IN(org, whose, org, whose, org, whose), map, out);
}

static bool is_makers(const struct model *m)
{
	return m->life.global && !m->life.shared && !id_is_zero(&m->life.whose);
}

/* The grants of a model, and that of its maker where there need not be a row; with room for more. */
static enum err read_all(struct tx *tx, const struct model *m, size_t more, struct share **out, size_t *n)
{
	static const struct column map[] = PICK_MAP(SHARE_PICK, struct share);
	struct share *all, *rows;
	struct db_rows r;
	enum err e = tx_query(tx, SQL_SHARES, DB_IN(db_d(&m->life.organization), db_d(&m->life.id)), &r);

	if (e)
		return e;
	rows = row_array(tx->arena, &r, map, sizeof *rows);
	*out = all = arena_alloc(tx->arena, (r.n + more + 1) * sizeof *all);
	*n = 0;
	if (is_makers(m) && !find(rows, r.n, &m->life.whose)) {
		all[0] = (struct share){ .role = GRANTED_OWNER, .word = WORD_OWNER };
		if ((e = recipient(tx, &m->life.whose, &all[0])) && e != ERR_DB_NONE)
			return e;
		*n += !e;
	}
	memcpy(all + *n, rows, r.n * sizeof *rows);
	*n += r.n;
	return OK;
}

enum err share_list(struct tx *tx, const struct id *model, const struct share **out, size_t *n)
{
	struct share *all = NULL;
	struct model m;
	enum err e = life_read(tx, RES_MODEL, BY_ID(model), &m);

	if (!e)
		e = read_all(tx, &m, 0, &all, n);
	*out = all;
	return e;
}

enum err share_own(struct tx *tx, const struct id *model, const struct id *principal)
{
	struct share s = { .id = *principal, .kind = SHARE_USER, .role = GRANTED_OWNER, .word = WORD_OWNER };

	return put(tx, model, &s);
}

enum err share_keep_maker(struct tx *tx, const struct model *m)
{
	return is_makers(m) ? share_own(tx, &m->life.id, &m->life.whose) : OK;
}

/* ---- Changing ---- */

/* All that have it: as it was, and as it is to be. */
struct change { struct model *m; struct share *was, *now; size_t n; };

static enum err fault(struct tx *tx, enum err e, const struct share_to *to, const char *field, const char *reason)
{
	why_add(tx, arena_printf(tx->arena, "%s.%s", to->at, field), reason);
	return e;
}

/* Who is meant. */
static enum err resolve(struct tx *tx, const struct share_to *to, struct share *out)
{
	struct id id = to->id;
	enum err e;

	*out = (struct share){ .word = to->word, .role = role_of(to->word) };
	if (to->unshared && out->role >= GRANTED_USER)   /* the role is what is kept, and it says so itself */
		return fault(tx, ERR_SHAPE, to, "canShare", arena_printf(tx->arena, "cannot be false for %s, who may share; OBSERVER, CONSUMER and READ_ONLY may not", to->word));
	if (!to->id_set && (!to->kind || strcmp(to->kind, SHARE_USER)))
		return fault(tx, ERR_SHAPE, to, "username", "is only for users; use id for other recipients");
	if (!to->id_set && (e = tx_id(tx, SQL_SHARE_USER, DB_IN(db_s(to->username), db_d(&tx->who->organization)), &id)))
		return e == ERR_DB_NONE ? fault(tx, ERR_REFERENCE, to, "username", "is not the name of a user of your organization") : e;
	if ((e = recipient(tx, &id, out)) && e != ERR_DB_NONE)
		return e;
	if (e && !to->kind)
		return fault(tx, ERR_REFERENCE, to, "id", "is not the id of a user or group of your organization");
	if (e || (to->kind && strcmp(out->kind, to->kind)))
		return fault(tx, ERR_REFERENCE, to, "id", strcmp(to->kind, SHARE_ORGANIZATION) ? arena_printf(tx->arena, "is not the id of a %s of your organization", to->kind) : "is not your organization");
	return !to->username || !strcmp(to->username, out->name) ? OK : fault(tx, ERR_SHAPE, to, "username", "does not match the recipient with that id");
}

/* Is anything else than it was? */
static bool differs(const struct share *was, const struct share *now)
{
	return was->role != now->role || (now->role && strcmp(was->word, now->word));
}

/* Takes what is asked for, one after the other. */
static enum err take(struct tx *tx, const struct sharing *in, struct change *c)
{
	enum err e;

	for (size_t i = 0; i < in->n; i++) {
		struct share *s, one;

		if ((e = resolve(tx, &in->to[i], &one)))
			return e;
		s = find(c->now, c->n, &one.id);
		if (in->to[i].had && (!s || s->role != role_of(in->to[i].had)))
			continue;
		if (in->to[i].more && s && s->role >= one.role)
			continue;
		if (!s)
			s = &c->now[c->n++];
		*s = one;
	}
	return OK;
}

/* Whoever was granted USER makes others that, and no more; may what is to be. */
static enum err may(struct tx *tx, const struct change *c)
{
	size_t owners = 0, all = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct share *now = &c->now[i], *was = &c->was[i];

		if (differs(was, now) && (was->role == GRANTED_OWNER || now->role == GRANTED_OWNER) && !c->m->life.owned)
			return ERR_OWNER_ONLY;
		owners += now->role == GRANTED_OWNER && !strcmp(now->kind, SHARE_USER);
		all += now->role != 0;
	}
	if (!owners)
		return ERR_NO_OWNER;
	if (all <= SHARES_MOST)
		return OK;
	why_add(tx, "roles", arena_printf(tx->arena, "would be %zu with the existing ones; the limit is %d per model", all, SHARES_MOST));
	return ERR_SHAPE;
}

/* One of a change, as history tells it. */
static void tell(struct tx *tx, struct json *list, const struct share *was, const struct share *now)
{
	const char *kind = strcmp(now->kind, SHARE_GROUP) ? now->kind : life_resources[RES_USER_GROUP].word;
	struct json *o = js_object(tx->arena);

	js_put_str(tx->arena, o, "id", life_spell(tx->arena, kind, &now->id));
	js_put_str(tx->arena, o, "name", now->name);
	js_put_str(tx->arena, o, "role", now->role ? now->word : NULL);
	js_put_str(tx->arena, o, "before", was->role ? was->word : NULL);
	js_add(list, o);
}

/* The move of what was given, or of what was taken away, if that is anything. */
static enum err move(struct tx *tx, const struct change *c, enum transition t)
{
	struct json *details = js_object(tx->arena), *list = js_array(tx->arena);

	for (size_t i = 0; i < c->n; i++)
		if (differs(&c->was[i], &c->now[i]) && (t == LIFE_MODEL_SHARE) == (c->now[i].role != 0))
			tell(tx, list, &c->was[i], &c->now[i]);
	js_put(details, "roles", list);
	return js_length(list) ? life_move(tx, t, &c->m->life, details) : OK;
}

static enum err write(struct tx *tx, const struct change *c)
{
	enum err e = share_keep_maker(tx, c->m);

	for (size_t i = 0; i < c->n && !e; i++)
		if (differs(&c->was[i], &c->now[i]))
			e = c->now[i].role ? put(tx, &c->m->life.id, &c->now[i]) : forget(tx, &c->m->life.id, &c->now[i].id);
	return e;
}

static bool changes(const struct change *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (differs(&c->was[i], &c->now[i]))
			return true;
	return false;
}

enum err share_change(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct sharing *sharing = in;
	struct change c = { .m = out };
	enum err e;

	(void)t;
	if ((e = life_lock(tx, RES_MODEL, key, out)))
		return e;
	if (!c.m->life.owned && c.m->life.granted < GRANTED_USER)
		return ERR_FORBIDDEN;
	if ((e = read_all(tx, c.m, sharing->n, &c.now, &c.n)))
		return e;
	c.was = arena_alloc(tx->arena, (c.n + sharing->n + 1) * sizeof *c.was);
	memcpy(c.was, c.now, c.n * sizeof *c.was);
	if ((e = take(tx, sharing, &c)) || !changes(&c))
		return e;
	if ((e = may(tx, &c)) || (e = write(tx, &c)) || (e = move(tx, &c, LIFE_MODEL_SHARE)))
		return e;
	return move(tx, &c, LIFE_MODEL_UNSHARE);
}
