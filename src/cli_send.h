/* cli_send.h: answers over HTTP that are waited for (fetched), and tries of webhook deliveries over HTTP, any number under way at once.  The
 * answer's body is nobody's business and is not kept; a redirect is an answer like
 * another; no address is called that net.h does not let be called. */
#ifndef CLI_SEND_H
#define CLI_SEND_H
#include "dom_deliver.h"

enum { FLIGHT_ERROR = 256 };

/* A try.  LANDED: `reply` says what became of it; whoever has taken notice sets GROUNDED. */
struct flight {
	enum { GROUNDED, FLYING, LANDED } state;
	struct post post;
	struct reply reply;
	struct id endpoint;
	/* cli_send.c's own: */
	void *easy;
	struct curl_slist *headers;
	struct arena *arena;                     /* of this try: body, headers, post */
	int64_t began;                           /* monotonic */
	size_t got;                              /* bytes of the answer's head and body */
	bool full;                               /* they were too many: no more was read */
	const char *refused;                     /* the address that may not be called */
	char error[FLIGHT_ERROR];
};

/* Of an address that whoever runs the command gave: a GET that follows no redirect.  fault: why there is no answer,
 * or that it has more than `most` bytes; NULL: there is.  The body, which ends with a NUL, is there until the next one. */
struct fetcher;
struct fetched { long status; const char *fault, *body; size_t n; };
/* authorization: what that header says, NULL: nothing. */
struct fetcher *fetcher_new(const char *authorization);
void fetcher_free(struct fetcher *f);
struct fetched fetcher_get(struct fetcher *f, const char *url, size_t most);

struct sender;
struct sender *sender_new(void);
void sender_free(struct sender *s);

/* Begin a try of a grounded flight: it flies, or has landed when there is nothing to sign by. */
void sender_send(struct sender *s, struct flight *f, const struct post *p, const struct letter *l, const struct target *to);
/* Let it go on with everything; flights land here. */
void sender_work(struct sender *s);
/* Until something happens, milliseconds at most. */
void sender_wait(struct sender *s, int ms);
/* End it, wherever it is, and free what it has. */
void sender_drop(struct sender *s, struct flight *f);

#endif
