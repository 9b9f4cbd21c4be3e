/* dom_workspace.h: workspaces, the entities they own, and the authorizations that agents
 * ask their humans for.  Every function checks visible (ERR_NOT_FOUND), may, legal (the
 * row of life.def).  Strings belong to the transaction's arena; metadata is the JSON text
 * of an object of strings, NULL for none.  Writers run inside tx_run(). */
#ifndef DOM_WORKSPACE_H
#define DOM_WORKSPACE_H
#include "dom_labels.h"
#include "life.h"

struct workspace {
	struct life life;
	const char *name, *metadata;
	const char *entities;                    /* their ids in hex, oldest first, separated by commas; NULL: none */
	int64_t archived_at;
};
enum order { ORDER_CREATED, ORDER_NAME, ORDER_UPDATED };
extern const struct list_order labelled_orders[];    /* of both */
/* The lists of workspaces and of entities: their filters, and orders. */
enum { WORKSPACES_HIDDEN, WORKSPACES_STATUS, WORKSPACES_METADATA };
enum { ENTITIES_WORKSPACE, ENTITIES_PORTFOLIO, ENTITIES_JURISDICTION, ENTITIES_STATUS, ENTITIES_METADATA };
enum { AUTHORIZATIONS_STATUS };
extern const struct listing workspaces_list, entities_list, authorizations_list;
/* metadata: members to set, a null takes one away; metadata_set and NULL: all go. */
struct label_edit { const char *name, *metadata; bool name_set, metadata_set; };

/* Makes it so, and says what was before.  ERR_SHAPE: too many members. */
enum err label_edit(struct tx *tx, const struct label_edit *edit, const char **name, const char **metadata,
	struct json **before);

/* What routes do (route.h): `in` of workspace_edit() is a struct label_edit. */
enum err workspace_make(struct tx *tx, const void *in, void *out);
enum err workspace_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
enum err workspace_change(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* What a restore of it would make it now, and from how many entities, `open` of them not
 * in their last state.  ids: as workspace.entities. */
struct workspace_target { enum state to; int64_t entities, open; const char *ids; };
enum err workspace_target(struct tx *tx, const struct db_val *key, void *out);

struct entity {
	struct life life;
	struct id workspace;
	const char *name, *jurisdiction, *type, *portfolio, *metadata;
};
/* What routes do; ERR_WRONG_STATE: the workspace is archived.  With a change of its entity a workspace becomes
 * active or ready, unless it is archived. */
enum err entity_make(struct tx *tx, const void *in, void *out);
enum err entity_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
enum err entity_change(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* For dom_entity.c: the workspace locked and seen; and once its entities have changed,
 * its status made what they make it, or at least its children_rev moved, which is
 * all that a change of no status asks for. */
enum err workspace_of_entity(struct tx *tx, const struct id *id, struct workspace *out);
enum err workspace_settle(struct tx *tx, struct workspace *w);
enum err workspace_touch(struct tx *tx, const struct workspace *w);

/* dom_authorization.c */
struct authorization {
	struct life life;
	const char *action, *resource_type, *agent;      /* action: as the audit has it, "workspace.archived" */
	struct id resource, human, token;
};
/* The pending one of this token for this change of this object, made if there is none. */
enum err authorization_ask(struct tx *tx, const struct life *o, enum transition t, struct authorization *out);
/* By its human, who is the actor of what it stands for: that is done in the same
 * transaction.  ERR_AGENT_DENIED, ERR_FORBIDDEN for anybody else. */
enum err authorization_decide(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

#endif
