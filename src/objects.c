/* objects.c: the rows of life.def with the maps of their columns.  Data, and what is looked up
 * in it; it knows the structs of the domain by their headers alone. */
#include "row.h"
#include <string.h>
#include "dom_apikey.h"
#include "dom_folder.h"
#include "dom_model.h"
#include "dom_oauth.h"
#include "dom_org.h"
#include "dom_project.h"
#include "dom_webhook.h"
#include "dom_workspace.h"

#define OBJECT(name, type) \
	static const struct column name##_row[] = MAP(name##_COLUMNS, type), name##_added[] = MAP(name##_ADDED, type), \
		name##_seen[] = MAP(name##_SEEN, type);
#define RESOURCE(name, word, prefix, type, by, sees, missing, reads, quota) OBJECT(name, type) \
	static const struct column name##_locked[] = { name##_LOCKED(COL_MAP, type, ) { ROW_END, 0 } };
#define CHILD(name, word, prefix, type, by, parent, link, missing, quota) OBJECT(name, type)
#include "life.def"
#undef RESOURCE
#undef CHILD

static const struct column none[] = { { ROW_END, 0 } }, MODEL_brief[] = MAP(MODEL_BRIEF, struct model);

const struct resource_row life_resources[RES__MAX] = {
#define RESOURCE(name, word, prefix, type, by, sees, missing, reads, quota) \
	[RES_##name] = { word, prefix, SQL_##name##_READ, SQL_##name##_LOCK, SQL_##name##_ADD, name##_row, name##_added, name##_locked, \
		name##_seen, SEES_##sees, missing, PERM_##reads, QUOTA_##quota, sizeof(type), RES__MAX, none, none },
#define CHILD(name, word, prefix, type, by, parent, link, missing, quota) \
	[RES_##name] = { word, prefix, SQL_##name##_READ, SQL_##name##_LOCK, SQL_##name##_ADD, name##_row, name##_added, none, \
		name##_seen, SEES_PARENT, missing, PERM_INVALID, QUOTA_##quota, sizeof(type), RES_##parent, parent##_brief, parent##_locked },
#include "life.def"
#undef RESOURCE
#undef CHILD
};

/* The struct of each, for what its changes write. */
#define RESOURCE(name, word, prefix, type, ...) typedef type name##_type;
#define CHILD RESOURCE
#include "life.def"
#undef RESOURCE
#undef CHILD
#define CHANGE(name, resource, dup, LIST, text) static const struct column name##_writes[] = MAP(LIST, resource##_type);
#include "life.def"
#undef CHANGE
const struct column *const life_writes[SQL__MAX] = {
#define CHANGE(name, resource, dup, LIST, text) [SQL_##name] = name##_writes,
#include "life.def"
#undef CHANGE
};

#define COMPUTES(name, type, LIST) static const struct column name##_finds[] = PICK_MAP(LIST, type);
#include "life.def"
#undef COMPUTES
static const struct column state_alone[] = { { ROW_w, 0 }, { ROW_END, 0 } };

struct computed life_computed(enum sql sql)
{
	switch ((int)sql) {
#define COMPUTES(name, type, LIST) case SQL_##name: return (struct computed){ name##_finds, sizeof(type) };
#include "life.def"
#undef COMPUTES
	default:
		return (struct computed){ state_alone, sizeof(enum state) };
	}
}

const struct state_row life_states[STATE__MAX] = {
	[STATE_NONE] = { RES__MAX, "none", ERR_INTERNAL, 0 },
#define STATE(resource, name, word, refuse, flags) [STATE_##resource##_##name] = { RES_##resource, word, refuse, flags },
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
