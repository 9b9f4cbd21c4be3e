/* dom_webhook.h: events as they are numbered and listed, webhook endpoints, and the
 * deliveries of events to them.  Functions check visible (ERR_NOT_FOUND), may, legal;
 * writers run inside tx_run().  Strings belong to the transaction's arena. */
#ifndef DOM_WEBHOOK_H
#define DOM_WEBHOOK_H
#include "dom_labels.h"
#include "clock.h"
#include "life.h"

struct event {
	struct id id, human, token;              /* human, token: who let it happen; zero: the thaw command */
	int64_t at, sequence, pending;           /* sequence: in its organization, 0 before it is numbered; pending: deliveries to come */
	const char *type, *resource_type, *payload;      /* payload: {"object", "previous_attributes"?, "details"?, "kept"?}, JSON text */
	const char *request_id, *idempotency_key, *agent;
	const char *trace;                       /* that it is a part of, as trace.h keeps it; NULL: none */
	const char *api_version;                 /* that it is told in */
	bool test;
};
/* Of columns EVENT_COLS (sql.def); gives what is behind them. */
const struct db_val *event_of_row(const struct db_val *v, struct event *out);

enum err event_get(struct tx *tx, const struct id *id, struct event *out);
/* Of the objects that the caller may read, by number, after those of the organization were
 * numbered: what was committed before this request is in the list.  When that cannot be, it is of
 * those that have their number. */
enum { EVENTS_SEEN, EVENTS_TYPE, EVENTS_KIND };
extern const struct listing events_list;
enum err event_list(struct tx *tx, struct list_ask *ask, struct list_got *got);

/* The row that whoever numbers, or makes an endpoint, locks: made where it is not there. */
struct event_counter { int64_t last, counted; };
enum err event_counter_lock(struct tx *tx, const struct id *organization, struct event_counter *out);

/* Number committed events of an organization that have no number yet, up to `most` and
 * fewer where many endpoints listen, and make their deliveries, in one transaction of
 * its own.  more: it took as many as it may, so others may be left.  Callers may come at
 * once: they wait for each other. */
struct numbered { size_t n; bool more; };
enum err events_number(struct tx *tx, const struct id *organization, int64_t most, struct numbered *out);
/* The same as a part of the transaction in hand. */
enum err events_number_here(struct tx *tx, const struct id *organization, int64_t most, struct numbered *out);
/* What that runs is prepared before the next try of the transaction, all at once. */
void events_want(struct tx *tx);
/* Does a pattern ("*", "workspace.*", "workspace.archived"), or one of an endpoint's list of
 * them (JSON text), take an event of this type? */
bool event_matches(const char *pattern, const char *type);
bool event_wanted(struct arena *a, const char *patterns, const char *type);

/* May the owner read objects of this kind, and so hear of such an event?  The object itself
 * is OBJECT_SEEN's (sql.def), whose values values_seen() adds. */
bool event_heard(const struct who *owner, const char *type, const char *resource_type);
/* The permissions by which it hears of events, as the JSON text of an array. */
const char *event_permissions(struct arena *a, const struct who *who);
void values_seen(struct values *in, const struct who *who);

/* next_at of a delivery behind another one of its object: the last day of the year 9999. */
#define NEXT_TURN (INT64_C(253402214400) * SECOND)

/* What an endpoint is told: events as they are, or what they keep of models and prompts, by their names. */
enum format { AS_EVENT, AS_NAMED, FORMAT__MAX };

struct endpoint {
	struct life life;
	int64_t format;                          /* enum format */
	const char *name;                        /* what it is called, of AS_NAMED */
	const char *url, *description, *enabled_events, *api_version, *metadata;
	const char *secret;                      /* `whsec_...`: given by create and rotate alone; of AS_NAMED what was sent, NULL: none */
	struct who owner;                        /* whose rights it has: who made it, or last said where it is, what it listens
	                                          * to or that it is enabled.  permissions: told by get and list alone; NULL: there
	                                          * is none any more, or it is disabled */
	int64_t old_until;                       /* the former secret signs too until then; 0: none */
	int64_t failing_since, failed_at;
	struct bytes sealed, old_sealed;                     /* the secret as it is stored (seal.h) */
};
struct endpoint_edit {
	const char *name, *url, *description, *enabled_events, *metadata, *secret;      /* name, secret: of AS_NAMED */
	enum state status;
	bool name_set, url_set, description_set, enabled_events_set, metadata_set, secret_set, status_set;
};

enum { ENDPOINTS_MOST = 100, CHOSEN_SECRET_MOST = 1000 };        /* of both formats together; characters */
/* in: url, description, enabled_events, api_version (NULL: the answer's), metadata.  ERR_ENDPOINT_LIMIT;
 * ERR_ENDPOINT_URL: another one of the same mode has the URL; ERR_EVENTS_BEHIND: many events wait for
 * `thaw deliver`, which would all be told to it. */
enum err endpoint_make(struct tx *tx, const void *in, void *out);
enum err endpoint_get(struct tx *tx, const struct db_val *key, void *out);
extern const struct listing endpoints_list;
enum err endpoint_list(struct tx *tx, struct list_ask *ask, struct list_got *got);
/* in: a struct endpoint_edit.  ERR_ENDPOINT_URL. */
enum err endpoint_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* A new secret; in: an int64_t, the seconds that the old one signs too. */
enum err endpoint_rotate(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* LIFE_ENDPOINT_TEST (an event for it alone), LIFE_ENDPOINT_DELETE. */
enum err endpoint_change(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

/* The same of AS_NAMED, which those above neither list nor find: their URLs and names need not be unique, and the secret
 * is the caller's, one at a time.  in of hook_make: also name, secret, life.state (enabled or disabled). */
enum err hook_make(struct tx *tx, const void *in, void *out);
enum err hook_get(struct tx *tx, const struct db_val *key, void *out);
enum err hook_list(struct tx *tx, struct list_ask *ask, struct list_got *got);
enum err hook_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
enum err hook_change(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

/* Why no answer came, as the owner is told: nothing of what names and addresses are inside. */
enum fault { FAULT_OTHER, FAULT_NETWORK, FAULT_NAME, FAULT_CONNECT, FAULT_TIME, FAULT_TLS, FAULT_CLOSED, FAULT_HTTP, FAULT_SECRET, FAULT_EVENT, FAULT_OWNER, FAULT__MAX };
const char *fault_words(enum fault fault);

struct delivery_try { struct id delivery; int64_t number, at, milliseconds, response_status; const char *error; };
struct delivery {
	struct id id, endpoint, event;
	const char *outcome;                     /* "succeeded", "failed"; "pending": to be sent */
	int64_t sequence;                        /* of the event */
	int64_t tries, next_at, response_status, created_at, updated_at;
	struct delivery_try *made;               /* the attempts, the first one first */
	size_t nmade;
};

/* ask->parent: the endpoint. */
extern const struct listing deliveries_list;
enum err delivery_list(struct tx *tx, struct list_ask *ask, struct list_got *got);
/* Those that were made since, by day and outcome: of the newest DELIVERIES_COUNTED; *cut: there are more. */
enum { DELIVERIES_COUNTED = 100000 };
struct delivered { const char *date, *status; int64_t count; };
enum err deliveries_by_day(struct tx *tx, int64_t since, struct delivered **out, size_t *n, bool *cut);
enum err delivery_get(struct tx *tx, const struct id *endpoint, const struct id *id, struct delivery *out);
/* Send it once more, whatever became of it; what is to be sent is sent at once, and a try
 * that is under way counts.  ERR_WRONG_STATE: the endpoint is disabled. */
enum err delivery_again(struct tx *tx, const struct id *endpoint, const struct id *id, struct delivery *out);

#endif
