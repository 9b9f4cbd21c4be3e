/* life.c: the lifecycle engine.  A change is: the edge is legal (409), the target is
 * found, the row is written under its revision, the audit row and the event are
 * inserted; the transaction around it makes them one. */
#include "life.h"
#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "str.h"

const struct resource_row life_resources[RES__MAX] = {
#define RESOURCE(name, word, prefix, lock, read, missing, reads, quota) \
	[RES_##name] = { word, prefix, SQL_##lock, SQL_##read, missing, PERM_##reads, QUOTA_##quota },
#include "life.def"
#undef RESOURCE
};

const struct state_row life_states[STATE__MAX] = {
	[STATE_NONE] = { RES__MAX, "none", ERR_INTERNAL, false },
#define STATE(resource, name, word, refuse, last) [STATE_##resource##_##name] = { RES_##resource, word, refuse, last },
#include "life.def"
#undef STATE
};

#define CREATE 0
const struct transition_row life_transitions[LIFE__MAX] = {
#define TRANSITION(name, resource, from, rule, to, compute, sql, audit, event, refuse) \
	[LIFE_##name] = { #name, RES_##resource, from, LIFE_##rule, STATE_##to, SQL_##compute, SQL_##sql, audit, event, refuse },
#include "life.def"
#undef TRANSITION
};

enum { MAX_VALUES = 24, FOLLOW_S = 3600 };

enum state life_state(enum resource r, const char *word)
{
	for (int s = STATE_NONE + 1; s < STATE__MAX; s++)
		if (life_states[s].resource == r && !strcmp(life_states[s].word, word))
			return s;
	return STATE_NONE;
}

const char *life_word(enum state s)
{
	return life_states[s].word;
}

enum resource life_kind(const char *word)
{
	int r = 0;

	while (r < RES__MAX && strcmp(life_resources[r].word, word))
		r++;
	return r;
}

char *life_spell(struct arena *a, const char *resource, const struct id *id)
{
	enum resource r = life_kind(resource);

	return id_spell(a, r < RES__MAX ? life_resources[r].prefix : "", id);
}

enum err life_expected(const struct tx *tx, const struct life *o)
{
	char now[24];

	if (!tx->if_match)
		return OK;
	snprintf(now, sizeof now, "%lld", (long long)o->revision);
	return word_in(tx->if_match, now) ? OK : ERR_PRECONDITION;
}

enum err life_seen(const struct tx *tx, enum resource r, const struct db_val *row, struct life *o)
{
	if (row[0].null)
		return life_resources[r].missing;
	*o = (struct life){ .organization = tx->who->organization, .id = row[0].id,
		.state = life_state(r, row[1].s), .revision = row[2].i, .test = !row[3].i };
	return who_sees(tx->who, row[3].i) ? who_may(tx->who, tx->ask) : life_resources[r].missing;
}

enum err life_lock(struct tx *tx, enum resource r, const struct id *id, struct life *o, const struct db_val **row)
{
	enum err e = tx_row(tx, life_resources[r].lock, DB_IN(db_d(&tx->who->organization), db_d(id)), row);

	if (e)
		return e == ERR_DB_NONE ? life_resources[r].missing : e;
	return life_seen(tx, r, *row, o);
}

enum err life_read(struct tx *tx, enum resource r, const struct id *id, struct life *o, const struct db_val **row)
{
	struct db_rows rows;
	enum err e = tx_read(tx, life_resources[r].read, DB_IN(db_d(id), db_d(&tx->who->organization),
		db_d(&tx->who->principal)), &rows);

	if (e)
		return e;
	*row = db_row(&rows, 0) + WHO_COLUMNS;
	return life_seen(tx, r, *row, o);
}

void life_want(struct tx *tx, enum transition t)
{
	const struct transition_row *row = &life_transitions[t];
	const enum sql all[] = { life_resources[row->resource].lock, row->compute, row->sql, SQL_AUDIT_ADD,
		row->event & TOLD ? SQL_OUTBOX_ADD : SQL_NONE };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		db_want(tx->db, all[i]);
}

static enum err legal(struct tx *tx, const struct transition_row *row, enum state s)
{
	if (row->from >> s & 1)
		return OK;
	tx->why.state = life_word(s);
	tx->why.action = row->audit;
	why_add(tx, "status", arena_printf(tx->arena, "The current status is `%s`%s", life_word(s),
		life_states[s].last ? ", which is permanent" : ""));
	return life_states[s].last || row->refuse == OK ? life_states[s].refuse : row->refuse;
}

static enum err target(struct tx *tx, const struct transition_row *row, struct life *o, enum state *to)
{
	const struct db_val *v;
	enum err e;

	switch (row->rule) {
	case LIFE_FIXED:
		*to = row->to;
		return OK;
	case LIFE_SAME:
		*to = o->state;
		return OK;
	case LIFE_COMPUTED:
		if ((e = tx_row(tx, row->compute, DB_IN(db_d(&o->organization), db_d(&o->id)), &v)))
			return e;
		o->computed = v;
		*to = life_state(row->resource, v[0].s);
		return *to ? OK : ERR_INTERNAL;
	}
	return ERR_INTERNAL;
}

/* What every change leaves behind: the audit row, the event, the attempt's own note. */
static enum err record(struct tx *tx, const struct transition_row *row, const struct life *o, enum state from,
	struct json *details)
{
	enum err e;

	if (!tx->changed_type) {
		tx->changed_type = life_resources[row->resource].word;
		tx->changed_organization = o->organization;
		tx->changed_id = o->id;
		tx->changed_revision = o->revision;
	}
	if ((e = audit_add(tx, row, o, from, details)))
		return e;
	return row->event & TOLD ? outbox_add(tx, row, o, from, details) : OK;
}

enum err life_create(struct tx *tx, enum transition t, struct life *o,
	const struct db_val *more, size_t n, struct json *details)
{
	const struct transition_row *row = &life_transitions[t];
	struct db_val in[MAX_VALUES];
	enum err e;

	if (n > MAX_VALUES - 5)
		return ERR_INTERNAL;
	if ((e = quota_room(tx, &o->organization, life_resources[row->resource].quota, 1)))
		return e;
	in[0] = db_s(life_word(row->to));
	in[1] = in[2] = db_t(tx->now);
	in[3] = db_d(&o->organization);
	in[4] = db_d(&o->id);
	if (n)
		memcpy(in + 5, more, n * sizeof *in);
	if ((e = db_exec(tx->db, row->sql, in, n + 5, NULL)))
		return e;
	o->state = row->to;
	o->revision = 1;
	o->changed = tx->now;
	return record(tx, row, o, STATE_NONE, details);
}

void life_follow(struct tx *tx, const struct life *o)
{
	if (o->changed > tx->now && o->changed - tx->now <= FOLLOW_S * SECOND)
		tx->now = o->changed;
}

enum err life_move(struct tx *tx, enum transition t, struct life *o,
	const struct db_val *more, size_t n, struct json *details)
{
	const struct transition_row *row = &life_transitions[t];
	struct db_val in[MAX_VALUES];
	enum state from = o->state, to;
	bool gated;
	enum err e;

	if (n > MAX_VALUES - 5 || !o->changed)   /* whoever locked it knows when that was */
		return ERR_INTERNAL;
	if (row->event & OWNER && !o->owned)
		return ERR_OWNER_ONLY;
	gated = row->event & HUMAN && tx->who->agent && !tx->who->human_grant;
	if (gated && !(row->event & APPROVAL))
		return ERR_AGENT_DENIED;
	if ((e = legal(tx, row, from)))
		return e;
	if (gated)
		return ERR_HUMAN_GATE;
	if ((e = target(tx, row, o, &to)))
		return e;
	life_follow(tx, o);
	in[0] = db_s(life_word(to));
	in[1] = db_t(tx->now);
	if (n)
		memcpy(in + 2, more, n * sizeof *in);
	in[n + 2] = db_d(&o->organization);
	in[n + 3] = db_d(&o->id);
	in[n + 4] = db_i(o->revision);
	/* Not its one row: somebody moved it although it was locked, on a cluster. */
	if ((e = db_exec_one(tx->db, row->sql, in, n + 5)))
		return e;
	o->state = to;
	o->revision++;
	o->changed = tx->now;
	e = record(tx, row, o, from, details);
	o->now = o->before = NULL;               /* told; a next change tells its own */
	return e;
}
