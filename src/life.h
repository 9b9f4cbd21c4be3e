/* life.h: the lifecycle engine: the only writer of states, audit rows and events.
 * The rows are in life.def; life_create() and life_move() are the two ways an object
 * changes, each called inside tx_run(). */
#ifndef LIFE_H
#define LIFE_H
#include "quota.h"
#include "tx.h"

enum resource {
#define RESOURCE(name, word, prefix, lock, read, missing, reads, quota) RES_##name,
#include "life.def"
#undef RESOURCE
	RES__MAX
};

enum state {
	STATE_NONE = 0,
#define STATE(resource, name, word, refuse, last) STATE_##resource##_##name,
#include "life.def"
#undef STATE
	STATE__MAX
};

enum transition {
#define TRANSITION(name, resource, from, rule, to, compute, sql, audit, event, refuse) LIFE_##name,
#include "life.def"
#undef TRANSITION
	LIFE__MAX
};

struct resource_row { const char *word, *prefix; enum sql lock, read; enum err missing; enum perm reads; enum quota quota; };
struct state_row { enum resource resource; const char *word; enum err refuse; bool last; };
enum life_rule { LIFE_FIXED, LIFE_SAME, LIFE_COMPUTED };
enum { TOLD = 1, HUMAN = 2, OWNER = 4, APPROVAL = 8 };
struct transition_row {
	const char *name;
	enum resource resource;
	uint64_t from;                           /* a bit for each state; 0: creation */
	enum life_rule rule;
	enum state to;
	enum sql compute, sql;
	const char *audit;
	unsigned event;                          /* TOLD, HUMAN, OWNER, APPROVAL */
	enum err refuse;
};
extern const struct resource_row life_resources[RES__MAX];
extern const struct state_row life_states[STATE__MAX];
extern const struct transition_row life_transitions[LIFE__MAX];

/* What the engine knows of an object; the first member of every domain struct.
 * now, before: members that the event tells beyond id, object and status, and those
 * that this change replaced; NULL: none.  computed: the row of a computed target. */
struct life {
	struct id organization, id;
	enum state state;
	int64_t revision;
	int64_t changed;                         /* when it last was */
	bool test;                               /* of the test mode */
	bool owned;                              /* the caller may do what takes an owner */
	struct json *now, *before;
	const struct db_val *computed;
};

/* The state of a resource that a word spells; STATE_NONE for none. */
enum state life_state(enum resource r, const char *word);
const char *life_word(enum state s);
/* The resource of a word; RES__MAX for none. */
enum resource life_kind(const char *word);
/* An id as the resource of that word spells it. */
char *life_spell(struct arena *a, const char *resource, const struct id *id);

/* Does the object, locked, have a revision that the request's If-Match allows?
 * ERR_PRECONDITION.  Called where the object the request names is locked. */
enum err life_expected(const struct tx *tx, const struct life *o);

/* The object of a row that begins with id, status, revision, livemode: the resource's own
 * error when there is none or it is of the other mode; then may they? */
enum err life_seen(const struct tx *tx, enum resource r, const struct db_val *row, struct life *o);

/* Lock it by its resource's statement and look at it in the same way; *row is the rest
 * of its columns, from the first. */
enum err life_lock(struct tx *tx, enum resource r, const struct id *id, struct life *o, const struct db_val **row);

/* The same without a lock and outside of a transaction, the caller settled. */
enum err life_read(struct tx *tx, enum resource r, const struct id *id, struct life *o, const struct db_val **row);

/* Before the transaction: what this transition is going to run. */
void life_want(struct tx *tx, enum transition t);

/* Make it: o->organization and o->id are given, state and revision are set. `more`
 * are the statement's values after status, created_at, updated_at, organization, id.
 * ERR_QUOTA. */
enum err life_create(struct tx *tx, enum transition t, struct life *o,
	const struct db_val *more, size_t n, struct json *details);

/* Change it: the row is locked by the caller and o tells its state and revision.
 * `more` are the statement's values between updated_at and organization.  Errors: what
 * the rows say for a wrong state; ERR_AGENT_DENIED when an agent's human must do it,
 * ERR_HUMAN_GATE when the human may let it; ERR_OWNER_ONLY. */
enum err life_move(struct tx *tx, enum transition t, struct life *o,
	const struct db_val *more, size_t n, struct json *details);

/* The transaction's time is from here on not before the object's last change, which a clock
 * ahead of this one may have stamped; by no more than an hour, which is a clock gone wrong
 * and not to be followed.  life_move() sees to it; who tells the time before that calls it
 * too. */
void life_follow(struct tx *tx, const struct life *o);

/* audit.c and outbox.c, called by the engine alone. */
enum err audit_add(struct tx *tx, const struct transition_row *t, const struct life *o, enum state from,
	struct json *details);
enum err outbox_add(struct tx *tx, const struct transition_row *t, const struct life *o, enum state from,
	struct json *details);

#endif
