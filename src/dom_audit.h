/* dom_audit.h: the audit of an organization: who did what to which object, the newest first.
 * `thaw audit list` and the console ask the same of it. */
#ifndef DOM_AUDIT_H
#define DOM_AUDIT_H
#include "dom_model.h"

/* A row.  number, parent: of what is spelled by them (audit_spell); key, agent: of the API key that was used; name: what the
 * object is called now, a version and a run as their model, NULL: nothing, or it is gone. */
struct audit_line {
	struct id id, object, human, token, parent, whose;
	const char *actor, *action, *type, *from, *to, *request_id, *address, *user_agent, *details, *key, *agent, *name;
	int64_t at, revision, number;
};

/* Which of them: with ids from `from` on and below `to`, so that a page goes on below the last id of the one before; of a kind of
 * object, by its word in life.def, or NULL.  The rest is set by the functions below. */
struct audit_ask { struct id org, from, to; const char *type; int64_t limit; struct id actor, object; const char *actor_name, *action, *pattern; bool of_object; };
struct audit_ask audit_all(const struct id *org);

/* The newest `limit` of them, or as many as fit the bytes of a page; *more: there are others.  ERR_TOO_BROAD. */
enum err audit_find(struct tx *tx, const struct audit_ask *q, struct audit_line **out, size_t *n, bool *more);

/* By whom: a user's name or id, whatever it was called when it was done, or a name that something was done under, such as that of
 * the thaw command.
 * ERR_DB_NONE: nobody has it, and nothing was. */
enum err audit_by(struct tx *tx, struct audit_ask *q, const char *who);
/* What: an action such as `model.archived`, or with `*` for any text in it. */
void audit_what(struct arena *a, struct audit_ask *q, const char *action);
/* To what: an id as its own API spells it, `project/12`, `mdl-.../ver-001`, or an RID.  ERR_SHAPE: it is no id; ERR_DB_NONE: there
 * is no such number. */
enum err audit_to(struct tx *tx, struct audit_ask *q, const char *id);
/* The id of a row's object, so that audit_to() finds it. */
char *audit_spell(struct arena *a, const struct audit_line *l);

#endif
