/* objects.c: the rows of life.def with the maps of their columns.  Data, and what is looked up
 * in it; it knows the structs of the domain by their headers alone. */
#include "row.h"
#include <string.h>
#include "dom_apikey.h"
#include "dom_deployment.h"
#include "dom_folder.h"
#include "dom_model.h"
#include "dom_oauth.h"
#include "dom_org.h"
#include "dom_project.h"
#include "dom_source.h"
#include "dom_webhook.h"
#include "dom_workspace.h"
#include "shape.h"

#define OBJECT(name, type) \
	static const struct column name##_row[] = MAP(name##_COLUMNS, type), name##_added[] = MAP(name##_ADDED, type), \
		name##_seen[] = MAP(name##_SEEN, type), name##_brief[] = MAP(name##_BRIEF, type), \
		name##_locked[] = { name##_LOCKED(COL_MAP, type) { ROW_END, 0 } };
#define RESOURCE(name, word, prefix, type, by, sees, missing, reads, quota) OBJECT(name, type)
#define CHILD(name, word, prefix, type, by, parent, link, missing, quota) OBJECT(name, type)
#include "life.def"
#undef RESOURCE
#undef CHILD

#define KEY_ID(type) 0
#define KEY_NAME(type) 0
#define KEY_NUMBER(type) offsetof(type, number)

#define LISTS(name) name##_TABLE, ROW(name##_COLUMNS, "x") name##_SEEN(COL_EXPR, "x"), ROW_OUT(name##_COLUMNS) name##_SEEN(COL_OUT, ), \
	name##_row, name##_added, name##_locked, name##_seen, name##_brief, ROW(name##_BRIEF, "y") name##_LOCKED(COL_EXPR, "y"), \
	ROW_OUT(name##_BRIEF) name##_LOCKED(COL_OUT, )
const struct resource_row life_resources[RES__MAX] = {
#define RESOURCE(name, word, prefix, type, by, sees, missing, reads, quota) \
	[RES_##name] = { word, prefix, SQL_##name##_READ, SQL_##name##_LOCK, SQL_##name##_ADD, LISTS(name), SEES_##sees, missing, PERM_##reads, \
		QUOTA_##quota, sizeof(type), KEY_##by(type), RES__MAX },
#define CHILD(name, word, prefix, type, by, parent, link, missing, quota) \
	[RES_##name] = { word, prefix, SQL_##name##_READ, SQL_##name##_LOCK, SQL_##name##_ADD, LISTS(name), SEES_PARENT, missing, PERM_INVALID, \
		QUOTA_##quota, sizeof(type), KEY_##by(type), RES_##parent },
#include "life.def"
#undef RESOURCE
#undef CHILD
};

/* The struct of each, for what its changes write. */
#define RESOURCE(name, word, prefix, type, by, sees, missing, reads, quota) typedef type name##_type;
#define CHILD(name, word, prefix, type, by, parent, link, missing, quota) typedef type name##_type;
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
#define TRANSITION(name, resource, from, rule, to, compute, sql, audit, flags, refuse) \
	[LIFE_##name] = { #name, RES_##resource, from, LIFE_##rule, STATE_##to, SQL_##compute, SQL_##sql, audit, flags, refuse },
#include "life.def"
#undef TRANSITION
};

const uint64_t life_again[LIFE__MAX] = {
#define AGAIN(transition, states) [LIFE_##transition] = states,
#include "life.def"
#undef AGAIN
};

const uint64_t life_stays[LIFE__MAX] = {
#define STAYS(transition, states) [LIFE_##transition] = states,
#include "life.def"
#undef STAYS
};

const uint64_t life_takes[LIFE__MAX] = {
#define TAKES(transition, states) [LIFE_##transition] = states,
#include "life.def"
#undef TAKES
};

/* ---- What events tell ---- */

#define LIVEMODE(type) { "livemode", T_BOOL, AT(type, life.test), .flags = F_NOT }
#define TIMES(type) { "created", T_TIME, AT(type, life.created) }, { "updated", T_TIME, AT(type, life.changed) }
static const struct shape workspace_tells[] = {
	{ "name", T_STR, AT(struct workspace, name) },
	{ "archived_at", T_TIME, AT(struct workspace, archived_at) },
	{ "metadata", T_LABELS, AT(struct workspace, metadata), .empty = "{}" },
	TIMES(struct workspace), LIVEMODE(struct workspace),
	NAMED("EventWorkspace")
};
static const struct shape entity_tells[] = {
	{ "workspace_id", T_ID, AT(struct entity, workspace), .prefix = "wks_" },
	{ "name", T_STR, AT(struct entity, name) },
	{ "jurisdiction", T_STR, AT(struct entity, jurisdiction) },
	{ "type", T_STR, AT(struct entity, type) },
	{ "portfolio_id", T_STR, AT(struct entity, portfolio) },
	{ "metadata", T_LABELS, AT(struct entity, metadata), .empty = "{}" },
	TIMES(struct entity), LIVEMODE(struct entity),
	NAMED("EventEntity")
};
static const struct shape authorization_tells[] = {
	{ "action", T_STR, AT(struct authorization, action) },
	{ "agent_id", T_STR, AT(struct authorization, agent) },
	{ "human_principal_id", T_ID, AT(struct authorization, human), .prefix = "usr_" },
	LIVEMODE(struct authorization),
	NAMED("EventAuthorization")
};
static const struct shape token_tells[] = {
	{ "kind", T_STR, AT(struct apikey, kind) },
	{ "hint", T_STR, AT(struct apikey, hint) },
	{ "human_principal_id", T_ID, AT(struct apikey, life.whose), .prefix = "usr_" },
	{ "agent_id", T_STR, AT(struct apikey, agent) },
	LIVEMODE(struct apikey),
	NAMED("EventToken")
};
static const struct shape endpoint_tells[] = {
	{ "url", T_STR, AT(struct endpoint, url) },
	LIVEMODE(struct endpoint),
	NAMED("EventWebhookEndpoint")
};
static const struct shape custom_model_tells[] = { { "name", T_STR, AT(struct custom_model, name) }, NAMED("EventCustomModel") };
static const struct shape use_case_tells[] = { { "name", T_STR, AT(struct use_case, name) }, NAMED("EventUseCase") };
static const struct shape environment_tells[] = {
	{ "name", T_STR, AT(struct environment, name) },
	{ "platform", T_STR, AT(struct environment, platform) },
	TIMES(struct environment),
	NAMED("EventPredictionEnvironment")
};
static const struct shape deployment_tells[] = {
	{ "label", T_STR, AT(struct deployment, label) },
	{ "model_id", T_ID, AT(struct deployment, model), .prefix = "mdl-" },
	{ "version_id", T_ID, AT(struct deployment, version), .prefix = "" },
	TIMES(struct deployment),
	NAMED("EventDeployment")
};
const struct shape *const life_tells[RES__MAX] = { [RES_ENVIRONMENT] = environment_tells, [RES_DEPLOYMENT] = deployment_tells, [RES_USE_CASE] = use_case_tells, [RES_CUSTOM_MODEL] = custom_model_tells,
	 [RES_WORKSPACE] = workspace_tells, [RES_ENTITY] = entity_tells,
	[RES_AUTHORIZATION] = authorization_tells, [RES_TOKEN] = token_tells, [RES_ENDPOINT] = endpoint_tells };

static const struct shape model_adds[] = { { "version", T_INT, .min = 1, .max = INT64_MAX, .help = "the number of the version that was made" }, { 0 } };
const struct shape *const life_adds[RES__MAX] = { [RES_MODEL] = model_adds };

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
