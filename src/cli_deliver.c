/* cli_deliver.c: `thaw deliver`: numbers the committed events and sends them to the
 * webhook endpoints that listen.
 *
 * One loop: look what is due, tend each endpoint in hand, let the requests go on, wait.  All
 * requests are under way at once; between them there is only work on the database.
 * So a receiver that is slow or dead costs its own endpoint and no other:
 * an endpoint has a few requests under way at most, and few bytes in them, is given back after a while so
 * that others get their turn, and is left alone for a minute when it does not answer. */
#include "cli.h"
#include <stdlib.h>
#include <string.h>
#include "dom_send.h"
#include "dom_service.h"
#include "mlflow.h"
#include "clock.h"
#include "conf.h"
#include "lease.h"
#include "str.h"

enum { HANDS = 32, FLIGHTS = 16, NUMBERED = 1000, ORGS_A_LOOK = 4, SHARE = 8, TURN_S = 5, SILENT_MOST = 8, PAUSE_S = 60, LOOK_MS = 100, IDLE_MS = 250,
	BYTES = 1 << 20 };                       /* of bodies under way to an endpoint; the last of them may go beyond */

_Static_assert((int)FLIGHTS <= (int)OUTCOMES_MOST, "what lands is written down at once");

/* An endpoint in hand. */
struct hand {
	bool held, ended;                        /* ended: no more is begun, it is given back when all have landed */
	struct hold hold;
	int64_t began, look_at, later;           /* monotonic; later: it is let be until then */
	int silent;                              /* tries in a row without an answer */
	struct flight flights[FLIGHTS];
};

struct deliver {
	struct cli *c;
	struct arena *arena;                     /* of one unit of work */
	struct sender *sender;
	unsigned char lease[LEASE];
	struct beat beat;
	struct hand hands[HANDS];
	bool follow;
	enum err error;                          /* the database is away; without --follow, any */
	int64_t look_at;                         /* monotonic; of the next look at what is due */
	struct id numbered_last;                 /* the organization whose turn was last; the next ones are behind it */
	int64_t numbered, delivered, failed;
};

/* The next unit of work, in no organization yet. */
static struct tx *unit(struct deliver *d)
{
	struct tx *tx = cli_unit(d->c, d->arena);

	tx->who->organization = (struct id){ 0 };
	return tx;
}

/* Is the whole database away?  It is waited for then; another error is one of this piece of
 * work, which is left for later and holds up no other. */
static bool away(struct deliver *d, enum err e)
{
	bool whole = e == ERR_UNAVAILABLE || e == ERR_SCHEMA || e == ERR_DISK_FULL || e == ERR_READ_ONLY
		|| e == ERR_DB_LOST || e == ERR_OUTCOME_UNKNOWN;

	if (!e || (d->follow && !whole))
		return false;
	d->error = e;
	d->look_at = clock_mono() + SECOND;
	return true;
}

/* --- an endpoint in hand -------------------------------------------------------------- */

static int busy(const struct hand *h)
{
	int n = 0;

	for (int i = 0; i < FLIGHTS; i++)
		n += h->flights[i].state != GROUNDED;
	return n;
}

/* One that may be sent with; NULL: enough is under way. */
static struct flight *grounded(struct hand *h)
{
	struct flight *f = NULL;
	size_t bytes = 0;

	for (int i = 0; i < FLIGHTS; i++) {
		bytes += h->flights[i].size;
		if (!f && h->flights[i].state == GROUNDED)
			f = &h->flights[i];
	}
	return bytes < BYTES ? f : NULL;
}

static bool has(const struct hand *h, const struct id *post)
{
	for (int i = 0; i < FLIGHTS; i++)
		if (h->flights[i].state != GROUNDED && id_equal(&h->flights[i].post.id, post))
			return true;
	return false;
}

/* Write down what has landed, all of it at once; what cannot be written stays for the next turn. */
static enum err settle(struct deliver *d, struct hand *h)
{
	struct outcome landed[FLIGHTS];
	size_t n = 0;
	enum err e;

	for (int i = 0; i < FLIGHTS; i++)
		if (h->flights[i].state == LANDED)
			landed[n++] = (struct outcome){ &h->flights[i].post, &h->flights[i].reply };
	if (!n)
		return OK;
	if ((e = deliver_settle(unit(d), &h->hold, landed, n)))
		return e;
	for (int i = 0; i < FLIGHTS; i++) {
		struct flight *f = &h->flights[i];

		if (f->state != LANDED)
			continue;
		d->delivered += reply_good(&f->reply);
		d->failed += !reply_good(&f->reply);
		h->silent = f->reply.status ? 0 : h->silent + 1;
		f->state = GROUNDED;
	}
	h->look_at = 0;
	return OK;
}

static letter_writer *const writers[FORMAT__MAX] = { [AS_EVENT] = event_write, [AS_NAMED] = mlflow_write };

/* Send those that its owner may read, as far as there is room, which the rest waits for; the others have failed. */
static enum err dispatch(struct deliver *d, struct hand *h, const struct target *to, const struct post *posts, size_t n)
{
	const struct reply withheld = { .at = d->c->tx.now, .error = fault_words(FAULT_OWNER), .withheld = true };
	struct outcome failed[FLIGHTS];
	struct letter *letters;
	struct flight *f;
	size_t nfailed = 0;
	enum err e = deliver_letters(&d->c->tx, &h->hold, to, posts, n, &letters);

	for (size_t i = 0; !e && i < n; i++) {
		if (!letters[i].heard)
			failed[nfailed++] = (struct outcome){ &posts[i], &withheld };
		else if ((f = grounded(h)))
			sender_send(d->sender, f, &posts[i], &letters[i], to, writers[to->format]);
	}
	if (e || !nfailed)
		return e;
	if (!(e = deliver_settle(&d->c->tx, &h->hold, failed, nfailed)))
		d->failed += (int64_t)nfailed;
	h->look_at = 0;
	return e;
}

/* Begin what may be sent now.  `ended` when there is no more of it, or somebody else's turn has come. */
static enum err begin(struct deliver *d, struct hand *h)
{
	struct tx *tx = unit(d);
	struct target to;
	struct post *posts;
	size_t n, begun = 0;
	enum err e = OK;

	h->look_at = clock_mono() + IDLE_MS * 1000;
	if (h->hold.until < tx->now + (conf.webhook_timeout_s + LEASE_MORE_S / 2) * SECOND)
		e = deliver_renew(tx, &h->hold);
	if (e || (e = deliver_target(tx, &h->hold, &to))) {
		h->ended |= e == ERR_DB_NONE;
		return e == ERR_DB_NONE ? OK : e;
	}
	/* Our key is not there (logged), or a later release made it: no fault of the receiver's. */
	if (!to.nsecrets || to.format < 0 || to.format >= FORMAT__MAX) {
		h->ended = true;
		h->silent = SILENT_MOST;
		return OK;
	}
	if ((e = deliver_posts(tx, &h->hold, &posts, FLIGHTS, &n)))
		return e;
	for (size_t i = 0; i < n && begun < (size_t)(FLIGHTS - busy(h)); i++)
		if (!has(h, &posts[i].id))
			posts[begun++] = posts[i];
	h->ended |= !begun && !busy(h);
	return begun ? dispatch(d, h, &to, posts, begun) : OK;
}

/* Its work between requests. */
static void tend(struct deliver *d, struct hand *h)
{
	enum err e = settle(d, h);

	if (cli_stopping() || h->silent >= SILENT_MOST || clock_mono() > h->began + TURN_S * SECOND)
		h->ended = true;
	if (!e && !h->ended && grounded(h) && h->look_at <= clock_mono())
		e = begin(d, h);
	if (!e && h->ended && !busy(h)) {
		e = deliver_release(unit(d), &h->hold, h->silent >= SILENT_MOST ? PAUSE_S : 0);
		h->held = e;
		d->look_at = e ? d->look_at : 0;
	}
	h->later = e ? clock_mono() + SECOND : 0;
	away(d, e);
}

/* --- the loop --------------------------------------------------------------------------- */

/* A batch each of a few organizations in turn, so that whoever has many events holds up
 * neither the others nor what is under way.  more: there may be more of them. */
static void number(struct deliver *d, bool *found, bool *more)
{
	struct id orgs[ORGS_A_LOOK];
	struct numbered got;
	size_t n;
	const bool again = !id_is_zero(&d->numbered_last);
	enum err e = deliver_unnumbered(unit(d), &d->numbered_last, orgs, ORGS_A_LOOK, &n);

	*more |= !e && (again || n == ORGS_A_LOOK);
	for (size_t i = 0; !away(d, e) && i < n; i++) {
		struct tx *tx = unit(d);

		tx->who->organization = orgs[i];
		e = events_number(tx, &orgs[i], NUMBERED, &got);
		d->numbered += (int64_t)got.n;
		*found |= got.n > 0;
		*more |= got.more;
	}
}

/* Has one organization its share of the hands, while they are not plenty? */
static bool has_share(const struct deliver *d, const struct id *organization)
{
	int free = 0, its = 0;

	for (int i = 0; i < HANDS; i++) {
		free += !d->hands[i].held;
		its += d->hands[i].held && id_equal(&d->hands[i].hold.organization, organization);
	}
	return its >= SHARE && free <= HANDS / 2;
}

static struct hand *hand_of(struct deliver *d, const struct hold *h)
{
	for (int i = 0; i < HANDS; i++)
		if (d->hands[i].held && id_equal(&d->hands[i].hold.endpoint, &h->endpoint))
			return &d->hands[i];
	return NULL;
}

static void take(struct deliver *d, bool *found)
{
	struct hold due[2 * HANDS];              /* those in hand may be among them */
	int free = 0;
	size_t n;
	enum err e = deliver_due(unit(d), d->lease, due, 2 * HANDS, &n);

	for (size_t i = 0; !away(d, e) && i < n; i++) {
		bool mine;

		while (free < HANDS && d->hands[free].held)
			free++;
		if (free == HANDS)
			break;
		if (hand_of(d, &due[i]) || has_share(d, &due[i].organization))
			continue;
		if ((e = deliver_take(unit(d), &due[i], &mine)) || !mine)
			continue;
		d->hands[free].held = *found = true;
		d->hands[free].ended = false;
		d->hands[free].hold = due[i];
		d->hands[free].began = clock_mono();
		d->hands[free].look_at = d->hands[free].later = 0;
		d->hands[free].silent = 0;
	}
	away(d, e);
}

/* What is in hand: endpoints, and whether there is something to write down now. */
static int in_hand(const struct deliver *d, bool *writing)
{
	int n = 0;

	*writing = false;
	for (int i = 0; i < HANDS; i++) {
		n += d->hands[i].held;
		for (int k = 0; d->hands[i].held && k < FLIGHTS; k++)
			*writing |= d->hands[i].flights[k].state == LANDED && d->hands[i].later <= clock_mono();
	}
	return n;
}

/* What is due: more to number, more endpoints in hand.  True when there was something.  What is in
 * hand has as much time as the look took.  Where all have their numbers the next ones are let gather. */
static bool look(struct deliver *d)
{
	const int64_t from = clock_mono();
	bool found = false, more = false, writing;

	d->look_at = from + LOOK_MS * 1000;
	number(d, &found, &more);
	if (!d->error)
		take(d, &found);
	if (!d->error && found && (more || !d->follow))
		d->look_at = in_hand(d, &writing) ? 2 * clock_mono() - from : 0;
	return found || more;
}

/* What was done, as it is told when it ends and, by beats, while it goes on. */
static struct json *done(struct deliver *d, struct arena *a)
{
	struct json *o = js_object(a);

	js_put_int(a, o, "numbered", d->numbered);
	js_put_int(a, o, "delivered", d->delivered);
	js_put_int(a, o, "failed", d->failed);
	return o;
}

static void beat(struct deliver *d, bool end)
{
	struct tx *tx;

	if (!end && !service_due(&d->beat))
		return;
	tx = unit(d);
	service_beat(tx, &d->beat, done(d, d->arena), end);
}

/* Until a look finds nothing and there was nothing in hand before it, or for ever. */
static int loop(struct deliver *d)
{
	int64_t give_up = 0;
	bool writing, nothing;

	for (;;) {
		d->error = OK;
		beat(d, false);
		nothing = !in_hand(d, &writing);
		if (!cli_stopping() && d->look_at <= clock_mono())
			nothing &= !look(d);
		else
			nothing &= cli_stopping();
		for (int i = 0; i < HANDS && !d->error; i++)
			if (d->hands[i].held && d->hands[i].later <= clock_mono())
				tend(d, &d->hands[i]);
		if (d->error && !d->follow)
			return cli_failed(d->c, d->error);
		if (nothing && (cli_stopping() || !d->follow))
			return CLI_DONE;
		sender_work(d->sender);
		if (cli_stopping() && !give_up)
			give_up = clock_mono() + (conf.webhook_timeout_s + LEASE_MORE_S) * SECOND;
		if (cli_stopping() && clock_mono() > give_up)
			return CLI_DONE;
		sender_wait(d->sender, d->error ? 1000 : in_hand(d, &writing) ? (writing ? 0 : LOOK_MS)
			: d->look_at == 0 ? 0 : d->follow ? IDLE_MS : LOOK_MS);
	}
}

static int summary(struct deliver *d)
{
	struct json *o = done(d, d->c->arena);
	int64_t waiting = 0;
	enum err e = deliver_waiting(unit(d), &waiting);

	if (e && !d->follow)
		return cli_failed(d->c, e);
	js_put_int(d->c->arena, o, "waiting", waiting);
	cli_result(d->c, o, arena_printf(d->c->arena, "Numbered %lld events; %lld deliveries succeeded, %lld attempts failed, %lld waiting.",
		(long long)d->numbered, (long long)d->delivered, (long long)d->failed, (long long)waiting));
	return CLI_DONE;
}

static void end(struct deliver *d)
{
	for (int i = 0; i < HANDS; i++)
		for (int k = 0; k < FLIGHTS; k++)
			sender_drop(d->sender, &d->hands[i].flights[k]);
	sender_free(d->sender);
	arena_free(d->arena);
	free(d);
}

int cmd_deliver(struct cli *c)
{
	const char *fault = deliver_fault(c->arena);
	struct deliver *d;
	struct tx *tx;
	int rc;

	if (fault)
		return cli_say("%s", fault);
	if (!(tx = cli_tx(c)))
		return CLI_FAILED;
	db_patience(tx->db, 5);                  /* short statements, and somebody waits behind each */
	if (!(d = calloc(1, sizeof *d)))
		abort();
	d->c = c;
	d->arena = arena_new();
	d->follow = cli_option(c, "--follow");
	d->sender = sender_new();
	d->beat = (struct beat){ .row = &service_rows[SERVICE_DELIVER], .place = lease_claim("deliver", d->lease) };
	cli_catch();
	if (d->follow)
		conf.log_file = "";              /* a service: what happens is told as it does */
	rc = loop(d);
	if (rc == CLI_DONE)
		beat(d, true);
	if (rc == CLI_DONE)
		rc = summary(d);
	end(d);
	return rc;
}
