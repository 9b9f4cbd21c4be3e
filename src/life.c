/* life.c: the lifecycle engine.  A change is: the edge is legal (409), the target is
 * found, the row is written under its revision, the audit row and the event are
 * inserted; the transaction around it makes them one. */
#include "life.h"
#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "shape.h"
#include "str.h"

enum { FOLLOW_S = 3600 };

/* ---- Reading ---- */

enum err life_expected(const struct tx *tx, const struct life *o)
{
	char now[24];

	if (!tx->if_match)
		return OK;
	snprintf(now, sizeof now, "%lld", (long long)o->revision);
	return word_in(tx->if_match, now) ? OK : ERR_PRECONDITION;
}

const struct db_val *life_take(enum resource r, const struct db_val *v, void *out)
{
	struct life *o = out;

	memset(out, 0, life_resources[r].size);
	o->organization = v->id;
	return row_read(life_resources[r].row, r, v + 1, out);
}

static bool hidden(const struct tx *tx, unsigned flags)
{
	return flags & GONE || (flags & RETIRED && tx->ask.hidden >= HIDDEN_RETIRED) || (flags & SHELVED && tx->ask.hidden >= HIDDEN_ARCHIVED);
}

static bool gone(const struct life *o)
{
	return life_states[o->state].flags & GONE;
}

/* An administrator whose token is not narrowed needs nothing. */
enum err life_granted(struct tx *tx, struct life *o)
{
	const struct db_val org = db_d(&o->organization), me = db_d(&tx->who->principal);

	if (id_is_zero(&o->grants) || who_acts_as_admin(tx->who))
		return OK;
	return tx_int(tx, SQL_GRANTED, DB_IN(me, org, org, me, org, db_d(&o->grants)), &o->granted);
}

/* Is it there for the caller, and may they? */
static enum err is_seen(struct tx *tx, enum resource r, struct life *o)
{
	const struct resource_row *row = &life_resources[r];
	enum err e;

	if (!o->state)                           /* a word that this release does not know: it may say that nobody sees it */
		return ERR_INTERNAL;
	if (hidden(tx, life_states[o->state].flags))
		return row->missing;
	switch (row->sees) {
	case SEES_GRANT:
		if ((e = life_granted(tx, o)))
			return e;
		o->owned = who_owns(tx->who, o->global && !o->shared, (int)o->granted, &o->whose);
		e = who_may_model(tx->who, tx->ask, o->global, (int)o->granted);
		return e == ERR_MODEL_NOT_FOUND ? row->missing : e;
	case SEES_MAKER:
		o->owned = who_owns(tx->who, true, 0, &o->whose);
		break;
	case SEES_OWN:
		/* May before mine: what is not for this token at all is not looked for. */
		if (!who_sees(tx->who, !o->test))
			return row->missing;
		e = who_may(tx->who, tx->ask);
		return e ? e : who_acts_as_admin(tx->who) || id_equal(&o->whose, &tx->who->principal) ? OK : row->missing;
	case SEES_MODE:
		if (!who_sees(tx->who, !o->test))
			return row->missing;
		break;
	case SEES_ALL: case SEES_PARENT:
		break;
	case SEES_INVALID:
		return ERR_INTERNAL;
	}
	return who_may(tx->who, tx->ask);
}

/* An object as it stands before its children, whoever sees it. */
static const struct db_val *take_brief(enum resource r, const struct db_val *v, void *out)
{
	struct life *o = out;

	memset(out, 0, life_resources[r].size);
	o->organization = v->id;
	return row_read(life_resources[r].locked, r, row_read(life_resources[r].brief, r, v + 1, out), out);
}

const struct db_val *life_parent(enum resource child, const struct db_val *v, void *out)
{
	return take_brief(life_resources[child].parent, v, out);
}

/* Where the columns of a child begin in its row, behind its parent's. */
static const struct db_val *behind_parent(enum resource child, const struct db_val *row)
{
	return row + WHO_COLUMNS + strlen(life_resources[life_resources[child].parent].brief_out);
}

enum err life_seen_brief(struct tx *tx, enum resource r, const struct db_val *v, void *out)
{
	if (v->null)
		return life_resources[r].missing;
	(void)take_brief(r, v, out);
	return is_seen(tx, r, out);
}

/* The parent of a row of children, seen and permitted. */
static enum err seen_parent(struct tx *tx, enum resource child, const struct db_val *row, void *out)
{
	const enum resource r = life_resources[child].parent;

	return life_seen_brief(tx, r, row + WHO_COLUMNS, out ? out : arena_alloc(tx->arena, life_resources[r].size));
}

/* The object of a row of a read, behind its parent if it is a child. */
static enum err take_read(struct tx *tx, enum resource r, const struct db_val *row, void *out, const struct db_val **rest)
{
	const struct resource_row *object = &life_resources[r];
	const struct db_val *v = row + WHO_COLUMNS;
	struct life *o = out, *parent = NULL;
	enum err e;

	if (object->parent != RES__MAX) {
		parent = arena_alloc(tx->arena, life_resources[object->parent].size);
		if ((e = seen_parent(tx, r, row, parent)))
			return e;
		v = behind_parent(r, row);
	}
	if (v->null)
		return object->missing;
	v = row_read(object->locked, r, life_take(r, v, out), out);
	v = row_read(object->seen, r, v, out);
	o->parent = parent;
	if (rest)
		*rest = v;
	return !parent ? is_seen(tx, r, o) : gone(o) ? object->missing : OK;
}

enum err life_read_by(struct tx *tx, enum resource r, enum sql sql, const struct db_val *in, size_t n, void *out, const struct db_val **rest)
{
	struct db_val all[DB_PARAMETERS];
	struct db_rows rows;
	enum err e;

	if (n > DB_PARAMETERS - 3)
		return ERR_INTERNAL;
	memcpy(all, in, n * sizeof *in);
	all[n] = db_d(&tx->who->organization);
	all[n + 1] = db_d(&tx->who->principal);
	e = tx_read(tx, sql, all, n + 2, &rows);
	return e ? e : take_read(tx, r, db_row(&rows, 0), out, rest);
}

enum err life_read(struct tx *tx, enum resource r, const struct db_val *key, void *out)
{
	return life_read_by(tx, r, life_resources[r].read, key, life_resources[r].parent == RES__MAX ? 1 : 2, out, NULL);
}

/* The transaction's time is from here on not before the object's last change, which a clock
 * ahead of this one may have stamped; by no more than an hour, which is a clock gone wrong
 * and not to be followed. */
static void follow(struct tx *tx, const struct life *o)
{
	if (o->changed > tx->now && o->changed - tx->now <= FOLLOW_S * SECOND)
		tx->now = o->changed;
}

enum err life_hold(struct tx *tx, enum resource r, const struct db_val *key, void *out)
{
	const struct resource_row *row = &life_resources[r];
	struct life *o = out, *parent = NULL;
	struct db_val in[3];
	const struct db_val *v;
	size_t n = 0;
	enum err e;

	if (row->parent != RES__MAX) {
		parent = arena_alloc(tx->arena, life_resources[row->parent].size);
		if ((e = life_hold(tx, row->parent, key, parent)))
			return e;
	}
	in[n++] = db_d(&tx->who->organization);
	if (parent)
		in[n++] = *key++;
	in[n++] = *key;
	if ((e = tx_row(tx, row->lock, in, n, &v)))
		return e == ERR_DB_NONE ? row->missing : e;
	v = life_take(r, v, out);
	(void)row_read(row->locked, r, v, out);
	o->parent = parent;
	if (parent)
		o->owned = parent->owned;
	if (parent ? gone(o) : (e = is_seen(tx, r, o)) != OK)
		return parent ? row->missing : e;
	o->was_global = o->global;
	follow(tx, o);
	return OK;
}

enum err life_lock(struct tx *tx, enum resource r, const struct db_val *key, void *out)
{
	enum err e = life_hold(tx, r, key, out);

	return e ? e : life_expected(tx, out);
}

/* ---- Changing ---- */

void life_want(struct tx *tx, enum transition t)
{
	const struct transition_row *row = &life_transitions[t];
	const enum sql all[] = { row->compute, row->sql, SQL_AUDIT_ADD, row->flags & TOLD ? SQL_OUTBOX_ADD : SQL_NONE };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		db_want(tx->db, all[i]);
	for (enum resource r = row->resource; r != RES__MAX; r = life_resources[r].parent) {
		db_want(tx->db, life_resources[r].lock);
		db_want(tx->db, life_resources[r].sees == SEES_GRANT ? SQL_GRANTED : SQL_NONE);
	}
}

static enum err legal(struct tx *tx, const struct transition_row *row, uint64_t from, enum state s)
{
	const bool last = life_states[s].flags & LAST;

	if (from >> s & 1)
		return OK;
	tx->why.state = life_word(s);
	tx->why.action = row->audit;
	why_add(tx, "status", arena_printf(tx->arena, "The current status is `%s`%s", life_word(s), last ? ", which is permanent" : ""));
	return last || row->refuse == OK ? life_states[s].refuse : row->refuse;
}

enum err life_compute(struct tx *tx, enum resource r, enum sql sql, const struct life *o, void *out)
{
	struct db_rows rows;
	enum err e = tx_query(tx, sql, DB_IN(db_d(&o->organization), db_d(&o->id)), &rows);

	if (e || !rows.n)
		return e ? e : ERR_DB_NONE;
	(void)row_read(life_computed(sql).map, r, db_row(&rows, 0), out);
	return OK;
}

enum err life_taken(struct tx *tx, enum transition t, const struct life *other)
{
	return legal(tx, &life_transitions[t], life_takes[t], other->state);
}

static enum err target(struct tx *tx, const struct transition_row *row, struct life *o, enum state *to)
{
	enum state *found;
	enum err e;

	switch (row->rule) {
	case LIFE_FIXED:
		*to = life_stays[row - life_transitions] >> o->state & 1 ? o->state : row->to;
		return OK;
	case LIFE_SAME:
		*to = o->state;
		return OK;
	case LIFE_COMPUTED:
		o->computed = found = arena_alloc(tx->arena, life_computed(row->compute).size);
		if ((e = life_compute(tx, row->resource, row->compute, o, found)))
			return e;
		*to = *found;
		return *to ? OK : ERR_INTERNAL;
	}
	return ERR_INTERNAL;
}

struct json *life_told(struct arena *a, enum resource r, const void *o)
{
	return shape_object(a, life_tells[r], o, TIME_UNIX);
}

/* What every change leaves behind: the audit row, the event, the attempt's own note. */
static enum err record(struct tx *tx, const struct transition_row *row, struct life *o, enum state from, struct json *details)
{
	enum err e;

	if (!tx->changed_type) {
		tx->changed_type = life_resources[row->resource].word;
		tx->changed_organization = o->organization;
		tx->changed_id = o->id;
		tx->changed_revision = o->revision;
	}
	if (!o->now && row->flags & TOLD && life_tells[row->resource])
		o->now = life_told(tx->arena, row->resource, o);
	e = audit_add(tx, row, o, from, details);
	if (!e && row->flags & TOLD)
		e = outbox_add(tx, row, o, from, details);
	o->now = o->before = o->kept = NULL;     /* told; a next change tells its own */
	return e;
}

void life_begin(struct tx *tx, struct life *o)
{
	*o = (struct life){ .organization = tx->who->organization, .test = tx->who->mode == MODE_TEST, .whose = tx->who->principal,
		.created = tx->now, .changed = tx->now, .now = o->now, .kept = o->kept };
	id_new(tx->now, &o->id);
}

enum err life_create(struct tx *tx, enum transition t, struct life *o, struct json *details)
{
	const struct transition_row *row = &life_transitions[t];
	const struct resource_row *r = &life_resources[row->resource];
	struct db_val in[DB_PARAMETERS];
	size_t n = 1;
	enum err e;

	in[0] = db_d(&o->organization);
	if ((e = quota_room(tx, &o->organization, r->quota, 1)))
		return e;
	o->state = row->to;
	o->revision = 1;
	o->created = o->changed = tx->now;
	n += row_bind(r->row, o, STATE_NONE, tx->now, in + n);
	n += row_bind(r->added, o, STATE_NONE, tx->now, in + n);
	e = db_exec(tx->db, row->sql, in, n, NULL);
	return e ? e : record(tx, row, o, STATE_NONE, details);
}

/* What a subscriber is told of it as it was, of what the change itself stamps or clears. */
static struct json *replaced(struct arena *a, const struct transition_row *row, const struct life *o)
{
	struct json *before = js_object(a);

	for (const struct column *c = life_writes[row->sql]; c->kind; c++)
		for (const struct shape *s = life_tells[row->resource]; s && s->key; s++)
			if ((c->kind == ROW_now || c->kind == ROW_nil) && s->off == c->off)
				js_put(before, s->key, js_raw(a, shape_value(a, s, o, TIME_UNIX)));
	return before;
}

enum err life_change(struct tx *tx, const struct db_val *key, enum transition t, void *out)
{
	enum err e = life_lock(tx, life_transitions[t].resource, key, out);

	return e ? e : life_move(tx, t, out, NULL);
}

enum err life_move(struct tx *tx, enum transition t, struct life *o, struct json *details)
{
	const struct transition_row *row = &life_transitions[t];
	struct db_val in[DB_PARAMETERS];
	enum state from = o->state, to;
	size_t n = 2;
	bool gated;
	enum err e;

	if (!o->changed)                         /* whoever locked it knows when that was */
		return ERR_INTERNAL;
	if (life_again[t] >> o->state & 1)
		return OK;
	if (row->flags & OWNER && !o->owned)
		return ERR_OWNER_ONLY;
	gated = row->flags & HUMAN && tx->who->agent && !tx->who->human_grant;
	if (gated && !(row->flags & APPROVAL))
		return ERR_AGENT_DENIED;
	if ((e = legal(tx, row, row->from, from)))
		return e;
	if (row->flags & UNUSED && o->held)
		return ERR_DEPLOYED;
	if (gated)
		return ERR_HUMAN_GATE;
	if ((e = target(tx, row, o, &to)))
		return e;
	follow(tx, o);
	if (row->flags & TOLD && !o->before)
		o->before = replaced(tx->arena, row, o);
	in[0] = db_s(life_word(to));
	in[1] = db_t(tx->now);
	n += row_bind(life_writes[row->sql], o, from, tx->now, in + n);
	in[n++] = db_d(&o->organization);
	in[n++] = db_d(&o->id);
	in[n++] = db_i(o->revision);
	/* Not its one row: somebody moved it although it was locked, on a cluster. */
	if ((e = db_exec_one(tx->db, row->sql, in, n)))
		return e;
	o->state = to;
	o->revision++;
	o->changed = tx->now;
	e = record(tx, row, o, from, details);
	o->was_global = o->global;
	return e;
}
