/* dom_deliver.h: what a deliverer does to the database.  Its unit of work is an endpoint
 * under a lease: several deliverers may run, an endpoint is in the hands of one, and
 * of one that died the endpoint comes back when the lease is over.  A delivery that
 * was sent and not settled is sent again: at least once, never lost.
 *
 * Of one object's events at one endpoint only the earliest that is still to be sent may
 * go; the later ones wait for it, even while it waits for its next try. */
#ifndef DOM_DELIVER_H
#define DOM_DELIVER_H
#include "dom_webhook.h"

enum { LEASE_MORE_S = 10 };                      /* a lease is the time of a request and this */

struct hold { struct id organization, endpoint; unsigned char lease[LEASE]; int64_t until; };

/* Where to send: as it is now, for one look at what there is to send. */
struct target {
	struct id id;                            /* of the endpoint */
	const char *url, *api_version;
	int64_t format;                          /* enum format */
	const char *secrets[2];                  /* the second: the former one while it signs too; of AS_NAMED "": it is not signed */
	size_t nsecrets;                         /* 0: none could be opened, which is logged */
	struct who owner;                        /* whose rights it has */
	struct bytes sealed, old_sealed;         /* the secrets as they are stored; the former one signs until old_until */
	int64_t old_until;
};
struct post {
	struct id id, event, resource;
	const char *resource_type;
	int64_t sequence, tries;                 /* tries: so far */
};
/* What a post says.  heard: its endpoint's owner may read it; it is not sent otherwise. */
struct letter { struct event event; bool heard; };
/* What became of a try.  status 0: no answer, and `error` says why; withheld: it was not sent. */
struct reply { int64_t at, milliseconds, status, retry_after; const char *error; bool withheld; };
bool reply_good(const struct reply *r);
struct outcome { const struct post *post; const struct reply *reply; };
enum { OUTCOMES_MOST = 16 };                      /* at once; of IDS16 (sql.def) */

/* What is wrong with a setting of deliveries, for the administrator; NULL: nothing. */
const char *deliver_fault(struct arena *a);

/* Organizations that have events without a number, `most` at most: those behind *last, which becomes the last
 * of them; zero where there are no more, so that the next ones are the first again. */
enum err deliver_unnumbered(struct tx *tx, struct id *last, struct id *out, size_t most, size_t *n);
/* Endpoints that something is due for and nobody else holds. */
enum err deliver_due(struct tx *tx, const unsigned char lease[LEASE], struct hold *out, size_t most, size_t *n);
/* Take it: *mine, or somebody was faster. */
enum err deliver_take(struct tx *tx, struct hold *h, bool *mine);
/* Make the lease last for one more request.  ERR_DB_NONE: it is not ours any more. */
enum err deliver_renew(struct tx *tx, struct hold *h);
/* ERR_DB_NONE: it is not ours any more, or disabled. */
enum err deliver_target(struct tx *tx, const struct hold *h, struct target *out);
/* The same of an endpoint that was read, for a try that its owner asks for.  ERR_INTERNAL: its secret could not be opened. */
enum err deliver_aim(struct tx *tx, const struct endpoint *n, struct target *out);
/* What may be sent now, the longest due first, `most` at most. */
enum err deliver_posts(struct tx *tx, const struct hold *h, struct post **out, size_t most, size_t *n);
/* What they say, OUTCOMES_MOST posts at most, in their order. */
enum err deliver_letters(struct tx *tx, const struct hold *h, const struct target *to, const struct post *posts, size_t n,
	struct letter **out);
/* Writes what became of tries, OUTCOMES_MOST at most, in one transaction, which renews the
 * lease.  When that is not ours any more nothing is written: who has it sends them again. */
enum err deliver_settle(struct tx *tx, struct hold *h, const struct outcome *o, size_t n);
/* Give it back.  pause: nobody takes it for so many seconds. */
enum err deliver_release(struct tx *tx, const struct hold *h, int64_t pause);
/* How many deliveries are still to be made. */
enum err deliver_waiting(struct tx *tx, int64_t *n);

#endif
