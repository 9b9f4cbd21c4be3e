/* life.h: the lifecycle engine: the only writer of states, audit rows and events.
 * The rows are in life.def; life_create() and life_move() are the two ways an object
 * changes, each called inside tx_run(). */
#ifndef LIFE_H
#define LIFE_H
#include "objects.h"
#include "row.h"

/* What the engine knows of an object; the first member of every domain struct.
 * now, before: members that the event tells beyond id, object and status, and those
 * that this change replaced; NULL: what the resource tells (life_tells), and what of it the
 * change clears or stamps with its time.  kept: what the event has beside, for who is told of it in another form.
 * computed: what a computed target
 * was found with (COMPUTES). */
struct life {
	struct id organization, id;
	enum state state;
	int64_t revision;
	int64_t created, changed;                /* when it was made, and when it last changed */
	bool test;                               /* of the test mode */
	bool global;                             /* everybody in the organization sees it, also without a grant */
	bool owned;                              /* the caller may do what takes an owner */
	bool shared;                             /* its owners are those that it was granted to, whoever made it */
	bool was_global;                         /* before the change in hand, of what is granted */
	int64_t held;                            /* how many hold it, so that it cannot be archived */
	struct id grants;                        /* the model whose grants count; zero: none does */
	int64_t granted;                         /* to the caller, where that counts: 0 nothing, 1 OBSERVER, 2 USER, 3 OWNER */
	struct id whose;                         /* who made it; of an API key its principal */
	void *parent;                            /* of a child that was read or locked */
	struct json *now, *before, *kept;
	const void *computed;
};

/* The object that `key` names (life.def: by its id, its number or its name; of a child its
 * parent's id before), whole: visible (the resource's own error), may they?  Its struct begins
 * with a struct life.  Outside of a transaction: it settles the caller. */
enum err life_read(struct tx *tx, enum resource r, const struct db_val *key, void *out);
/* The same of a statement with other parameters `in` (organization and principal are added) whose rows begin as the resource's read does; *rest: the columns behind them. */
enum err life_read_by(struct tx *tx, enum resource r, enum sql sql, const struct db_val *in, size_t n, void *out, const struct db_val **rest);
/* Locked: the object that the request names: as If-Match wants it too (ERR_PRECONDITION).  Of a
 * child its parent is locked before. */
enum err life_lock(struct tx *tx, enum resource r, const struct db_val *key, void *out);
/* Another one, whatever the request's If-Match says: such as a parent. */
enum err life_hold(struct tx *tx, enum resource r, const struct db_val *key, void *out);
#define BY_ID(id) (const struct db_val[]){ db_d(id) }
#define BY_NAME(s) (const struct db_val[]){ db_s(s) }
#define IN_PARENT(parent, key) (const struct db_val[]){ db_d(parent), key }

/* An object as it stands before what belongs to it (columns BRIEF and LOCKED): visible, and may they? */
enum err life_seen_brief(struct tx *tx, enum resource r, const struct db_val *v, void *out);
/* The parent at the beginning of a row without WHO, whoever sees it; gives what is behind it. */
const struct db_val *life_parent(enum resource child, const struct db_val *v, void *out);

/* What was granted to the caller on a model that was read (life.grants), or on that of what was read. */
enum err life_granted(struct tx *tx, struct life *o);

/* The struct of a row of ROW (columns.h), whoever sees it; gives what is behind it. */
const struct db_val *life_take(enum resource r, const struct db_val *v, void *out);

/* Does the object, locked, have a revision that the request's If-Match allows? */
enum err life_expected(const struct tx *tx, const struct life *o);

/* What the statement of a computed target of it finds, into the struct of its COMPUTES. */
enum err life_compute(struct tx *tx, enum resource r, enum sql sql, const struct life *o, void *out);

/* Before the transaction: what this transition is going to run. */
void life_want(struct tx *tx, enum transition t);

/* A new object of the caller's: its organization, its mode, a new id. */
void life_begin(struct tx *tx, struct life *o);
/* Make it, with all members of its struct that its lists name: o->organization and o->id are given,
 * state, revision and times are set.  ERR_QUOTA. */
enum err life_create(struct tx *tx, enum transition t, struct life *o, struct json *details);

/* Lock the object that the request names, and change it. */
enum err life_change(struct tx *tx, const struct db_val *key, enum transition t, void *out);
/* Change it: the row is locked by the caller; the members that the change writes are as they
 * are to be.  Errors: what the rows say for a wrong state; ERR_AGENT_DENIED when an agent's
 * human must do it, ERR_HUMAN_GATE when the human may let it; ERR_OWNER_ONLY.  Where there is nothing to
 * do (AGAIN in life.def) it does nothing: the revision stays. */
enum err life_move(struct tx *tx, enum transition t, struct life *o, struct json *details);
/* Is another object, which the change takes, in a state for that (TAKES)? */
enum err life_taken(struct tx *tx, enum transition t, const struct life *other);

/* What events tell of an object (life_tells) as it is now. */
struct json *life_told(struct arena *a, enum resource r, const void *o);

/* audit.c and outbox.c, called by the engine alone. */
enum err audit_add(struct tx *tx, const struct transition_row *t, const struct life *o, enum state from,
	struct json *details);
enum err outbox_add(struct tx *tx, const struct transition_row *t, const struct life *o, enum state from,
	struct json *details);

#endif
