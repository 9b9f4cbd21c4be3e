/* objects.h: what objects there are, the states they have and every change of them: the rows
 * of life.def, as data alone, beneath the engine that acts on them (life.h). */
#ifndef OBJECTS_H
#define OBJECTS_H
#include "quota.h"
#include "tx.h"

enum resource {
#define RESOURCE(name, ...) RES_##name,
#define CHILD(name, ...) RES_##name,
#include "life.def"
#undef RESOURCE
#undef CHILD
	RES__MAX
};

enum state {
	STATE_NONE = 0,
#define STATE(resource, name, word, refuse, flags) STATE_##resource##_##name,
#include "life.def"
#undef STATE
	STATE__MAX
};

enum transition {
#define TRANSITION(name, resource, from, rule, to, compute, sql, audit, flags, refuse) LIFE_##name,
#include "life.def"
#undef TRANSITION
	LIFE__MAX
};

/* Who sees an object: the whole organization; the callers of its mode; those it is granted to,
 * or all where it is global; all, its maker owning it; its principal, and administrators, of
 * its mode; whoever sees its parent. */
enum sees { SEES_INVALID, SEES_ALL, SEES_MODE, SEES_GRANT, SEES_MAKER, SEES_OWN, SEES_PARENT };

struct column;
struct resource_row {
	const char *word, *prefix;
	enum sql read, lock, add;
	const char *table, *text, *out;          /* its row with what a read has behind it, as x, and the letters */
	const struct column *row, *added, *locked, *seen;       /* the lists of columns.h */
	const struct column *brief;              /* as it stands before its children, as y */
	const char *brief_text, *brief_out;
	enum sees sees;
	enum err missing;
	enum perm reads;
	enum quota quota;
	size_t size;                             /* of its struct */
	size_t number;                           /* where its number is, which is the key of a read; 0: its id is */
	enum resource parent;                    /* RES__MAX: none */
};
enum { LAST = 1, GONE = 2, RETIRED = 4, SHELVED = 8 };
struct state_row { enum resource resource; const char *word; enum err refuse; unsigned flags; };
enum life_rule { LIFE_FIXED, LIFE_SAME, LIFE_COMPUTED };
enum { TOLD = 1, HUMAN = 2, OWNER = 4, APPROVAL = 8, UNUSED = 16 };
struct transition_row {
	const char *name;
	enum resource resource;
	uint64_t from;                           /* a bit for each state; 0: creation */
	enum life_rule rule;
	enum state to;
	enum sql compute, sql;
	const char *audit;
	unsigned flags;                          /* TOLD, HUMAN, OWNER, APPROVAL, UNUSED */
	enum err refuse;
};
extern const struct resource_row life_resources[RES__MAX];
extern const struct state_row life_states[STATE__MAX];
extern const struct transition_row life_transitions[LIFE__MAX];
/* What the statement of a computed target finds: a struct that begins with the state. */
struct computed { const struct column *map; size_t size; };
struct computed life_computed(enum sql sql);
/* What a CHANGE writes, by its statement; NULL of another one. */
extern const struct column *const life_writes[SQL__MAX];

/* What events tell of an object beyond id, object and status; NULL: nothing. */
struct shape;
extern const struct shape *const life_tells[RES__MAX];
/* And what some changes of it tell besides (life.now), for descriptions. */
extern const struct shape *const life_adds[RES__MAX];
/* The states in which a transition has nothing to do, a bit for each. */
extern const uint64_t life_again[LIFE__MAX];
/* And those in which one with a fixed target stays. */
extern const uint64_t life_stays[LIFE__MAX];
/* And those of another object that it takes. */
extern const uint64_t life_takes[LIFE__MAX];

/* The state of a resource that a word spells; STATE_NONE for none. */
enum state life_state(enum resource r, const char *word);
const char *life_word(enum state s);
/* The resource of a word; RES__MAX for none. */
enum resource life_kind(const char *word);
/* An id as the resource of that word spells it. */
char *life_spell(struct arena *a, const char *resource, const struct id *id);

_Static_assert(STATE__MAX <= 64, "states are bits of a set");

#endif
