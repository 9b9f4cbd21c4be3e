/* remember.c: see remember.h.  A fixed number of slots in sets of four; of a set the one that
 * was not used for longest makes room.  A token is known by a hash of all of its bytes behind
 * a secret of this process: nobody can choose tokens that meet in a set, and the table
 * holds none that could be read out of it. */
#include "remember.h"
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>

enum { HASH = 32, SETS = 1 << 8, WAYS = 4, TEXT = 352, SECRET = 32 };    /* SETS: a byte of the hash tells which */

struct slot {
	unsigned char hash[HASH];
	uint64_t used;                           /* at which turn; 0: it is free */
	struct claims claims;                    /* whose strings are in `text`: longer ones are not remembered */
	char text[TEXT];
};

static struct slot slots[SETS][WAYS];
static uint64_t turn, forgotten;                 /* what was used at `forgotten` or before is free too */
static unsigned char secret[SECRET];
static EVP_MD *sha256;
static EVP_MD_CTX *hashing;                      /* NULL: nothing is remembered */

void remember_begin(void)
{
	random_bytes(secret, sizeof secret);
	if (!(sha256 = EVP_MD_fetch(NULL, "SHA256", NULL)) || !(hashing = EVP_MD_CTX_new()))
		abort();
}

void remember_nothing(void)
{
	forgotten = turn;
}

static struct slot *set_of(const char *token, unsigned char hash[HASH])
{
	if (EVP_DigestInit_ex(hashing, sha256, NULL) != 1 || EVP_DigestUpdate(hashing, secret, sizeof secret) != 1
	    || EVP_DigestUpdate(hashing, token, strlen(token)) != 1 || EVP_DigestFinal_ex(hashing, hash, NULL) != 1)
		abort();
	return slots[*hash];
}

bool remembered(struct arena *a, const char *token, int64_t now, struct claims *out)
{
	unsigned char hash[HASH];
	struct slot *s, *end;

	if (!hashing)
		return false;
	for (s = set_of(token, hash), end = s + WAYS; s < end; s++) {
		if (s->used <= forgotten || memcmp(s->hash, hash, HASH))
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
	unsigned char hash[HASH];
	struct slot *s, *oldest;
	char *text;

	if (!hashing || room_for(c->username) + room_for(c->scopes) > TEXT)
		return;
	oldest = s = set_of(token, hash);
	for (int i = 1; i < WAYS; i++)
		if (s[i].used < oldest->used)
			oldest = &s[i];
	memcpy(oldest->hash, hash, HASH);
	oldest->used = ++turn;
	oldest->claims = *c;
	text = oldest->text;
	oldest->claims.username = keep(&text, c->username);
	oldest->claims.scopes = keep(&text, c->scopes);
}
