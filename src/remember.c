/* remember.c: see remember.h.  A fixed number of slots in sets of four; of a set the one that
 * was not used for longest makes room.  A token is known by a hash of all of its bytes behind
 * a secret of this process: nobody can choose tokens that meet in a set, and the table
 * holds none that could be read out of it.  API keys, which nobody chooses, share slots
 * by a byte of their hash: the last one has it. */
#include "remember.h"
#include <string.h>
#include "clock.h"
#include "hash.h"

enum { SETS = 1 << 8, WAYS = 4, TEXT = 352 };    /* SETS: a byte of the hash tells which */

struct slot {
	unsigned char hash[SHA256_BYTES];
	uint64_t used;                           /* at which turn; 0: it is free */
	struct claims claims;                    /* whose strings are in `text`: longer ones are not remembered */
	char text[TEXT];
};

static struct slot slots[SETS][WAYS];
static uint64_t turn, forgotten;                 /* what was used at `forgotten` or before is free too */
static unsigned char secret[SHA256_BYTES];
static bool remembering;                         /* false: nothing is */

void remember_begin(void)
{
	random_bytes(secret, sizeof secret);
	remembering = true;
}

void remember_nothing(void)
{
	forgotten = turn;
}

static struct slot *set_of(const char *token, unsigned char hash[SHA256_BYTES])
{
	sha256_behind(secret, token, strlen(token), hash);
	return slots[*hash];
}

bool remembered(struct arena *a, const char *token, int64_t now, struct claims *out)
{
	unsigned char hash[SHA256_BYTES];
	struct slot *s, *end;

	if (!remembering)
		return false;
	for (s = set_of(token, hash), end = s + WAYS; s < end; s++) {
		if (s->used <= forgotten || memcmp(s->hash, hash, SHA256_BYTES))
			continue;
		s->used = s->claims.expires > now ? ++turn : 0;
		*out = s->claims;
		out->username = out->username ? arena_strdup(a, out->username) : NULL;
		out->scopes = out->scopes ? arena_strdup(a, out->scopes) : NULL;
		return s->used;
	}
	return false;
}

/* A string's copy at *text, which moves behind it. */
static const char *keep(char **text, const char *s)
{
	const char *at = *text;

	if (!s)
		return NULL;
	*text = stpcpy(*text, s) + 1;
	return at;
}

static size_t room_for(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

void remember(const char *token, const struct claims *c)
{
	unsigned char hash[SHA256_BYTES];
	struct slot *s, *oldest;
	char *text;

	if (!remembering || room_for(c->username) + room_for(c->scopes) > TEXT)
		return;
	oldest = s = set_of(token, hash);
	for (int i = 1; i < WAYS; i++)
		if (s[i].used < oldest->used)
			oldest = &s[i];
	memcpy(oldest->hash, hash, SHA256_BYTES);
	oldest->used = ++turn;
	oldest->claims = *c;
	text = oldest->text;
	oldest->claims.username = keep(&text, c->username);
	oldest->claims.scopes = keep(&text, c->scopes);
}

/* ---- API keys ---- */

enum { KEYS = 1 << 8, KEY_FOR = 10, KEY_TEXT = 640 };    /* KEYS: a byte of the hash tells which; KEY_FOR: seconds */

static struct known {
	unsigned char hash[SECRET_HASH];
	int64_t since;
	struct who who;                          /* whose strings are in `text`, as above */
	char text[KEY_TEXT];
} known[KEYS];

bool remembered_key(const unsigned char hash[SECRET_HASH], int64_t now, struct who *out)
{
	const struct known *k = &known[*hash];

	if (!k->since || now < k->since || now >= k->since + KEY_FOR * SECOND || memcmp(k->hash, hash, SECRET_HASH))
		return false;
	*out = k->who;
	return true;
}

void remember_key(const unsigned char hash[SECRET_HASH], int64_t now, const struct who *who)
{
	struct known *k = &known[*hash];
	char *text = k->text;

	if (!remembering || room_for(who->name) + room_for(who->agent) + room_for(who->scopes) + room_for(who->api_version) > KEY_TEXT)
		return;
	memcpy(k->hash, hash, SECRET_HASH);
	k->since = now;
	k->who = *who;
	k->who.name = keep(&text, who->name);
	k->who.agent = keep(&text, who->agent);
	k->who.scopes = keep(&text, who->scopes);
	k->who.api_version = keep(&text, who->api_version);
}
