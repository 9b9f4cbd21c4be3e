/* dom_send.h: answers over HTTP that are waited for (fetched), and tries of webhook deliveries, any number under way at once.  The
 * answer's body is nobody's business and is not kept, but that of a try which its owner asks
 * for and waits for; a redirect is an answer like another; no address is called that net.h does
 * not let be called. */
#ifndef DOM_SEND_H
#define DOM_SEND_H
#include "dom_deliver.h"

enum { FLIGHT_ERROR = 256, MESSAGE_HEADERS = 8, KIND_MOST = 33 };        /* KIND_MOST: of a column, and the NUL */

/* What is sent of a letter, and its headers beside Content-Type. */
struct message { const char *body; size_t n; struct { const char *name, *value; } headers[MESSAGE_HEADERS]; };
/* Whoever knows a format writes it, of a try at this second; else why nothing can be sent (fault_words()), NULL: it is written. */
typedef const char *letter_writer(struct arena *a, const struct post *p, const struct letter *l, const struct target *to, int64_t time, struct message *out);
/* AS_EVENT: an event as it is. */
letter_writer event_write;

/* A try.  LANDED: `reply` says what became of it; whoever has taken notice sets GROUNDED. */
struct flight {
	enum { GROUNDED, FLYING, LANDED } state;
	struct post post;
	struct reply reply;
	struct id endpoint;
	size_t size;                             /* bytes of the body, while it flies */
	/* dom_send.c's own: */
	char kind[KIND_MOST];                    /* the post's resource_type */
	void *easy;
	struct curl_slist *headers;
	struct arena *arena;                     /* of this try, while it flies: its body */
	int64_t began;                           /* monotonic */
	size_t got;                              /* bytes of the answer's head and body */
	bool full;                               /* they were too many: no more was read */
	struct buf *keep;                        /* where its body goes, to begin with; NULL: nowhere */
	const char *refused;                     /* the address that may not be called */
	char error[FLIGHT_ERROR];
	struct trace trace;                      /* that its event is a part of */
};

/* Of an address that whoever runs the command gave: a GET that follows no redirect.  fault: why there is no answer,
 * or that it has more than `most` bytes; NULL: there is.  The body, which ends with a NUL, is there until the next one.
 * `stopping` ends the wait for it. */
struct fetcher;
struct fetched { long status; const char *fault, *body; size_t n; };
/* authorization: what that header says, NULL: nothing. */
struct fetcher *fetcher_new(const char *authorization, bool (*stopping)(void));
void fetcher_free(struct fetcher *f);
struct fetched fetcher_get(struct fetcher *f, const char *url, size_t most);

struct sender;
struct sender *sender_new(void);
void sender_free(struct sender *s);

/* Begin a try of a grounded flight: it flies, or has landed when there is nothing to sign by. */
void sender_send(struct sender *s, struct flight *f, const struct post *p, const struct letter *l, const struct target *to, letter_writer *write);
/* Let it go on with everything; flights land here. */
void sender_work(struct sender *s);
/* Until something happens, milliseconds at most. */
void sender_wait(struct sender *s, int ms);
/* End it, wherever it is, and free what it has. */
void sender_drop(struct sender *s, struct flight *f);

/* One try, now, while the caller waits: SEND_NOW_S at the most, no longer than any receiver has.  *answer: the beginning of
 * its body, as text; NULL: there was no answer.  Not inside a transaction. */
enum { SEND_NOW_S = 10, ANSWER_SHOWN = 1000 };
void send_now(struct arena *a, const struct letter *l, const struct target *to, letter_writer *write, struct reply *out, const char **answer);

#endif
