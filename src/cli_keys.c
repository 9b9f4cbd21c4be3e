/* cli_keys.c: signing keys, and tokens for scripts and first steps. */
#include "cli.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "clock.h"
#include "conf.h"
#include "dom_org.h"
#include "str.h"
#include "token.h"

static const struct key_info *active_key(const struct key_info *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (keys[i].active)
			return &keys[i];
	return NULL;
}

static const char *algorithm(const struct cli *c)
{
	const char *alg = cli_option(c, "--alg");

	if (!alg)
		return "ES256";
	if (!strcmp(alg, "ES256") || !strcmp(alg, "RS256") || !strcmp(alg, "HS256"))
		return alg;
	cli_say("--alg must be ES256, RS256 or HS256");
	return NULL;
}

static int made(struct cli *c, const char *kid, const char *alg, bool active)
{
	struct json *o = js_object(c->arena);

	js_put_str(c->arena, o, "kid", kid);
	js_put_str(c->arena, o, "alg", alg);
	js_put_bool(c->arena, o, "active", active);
	cli_result(c, o, arena_printf(c->arena, "Created the key %s (%s)%s", kid, alg,
		active ? ", which now signs." : "; another key signs, see `thaw signing-key list`."));
	return CLI_DONE;
}

/* A new key; the first one signs at once. */
static int new_key(struct cli *c, const char **alg, bool *first, char kid[64])
{
	struct key_info *keys;
	size_t n;

	if (!(*alg = algorithm(c)))
		return CLI_USAGE;
	*first = keys_list(c->arena, &keys, &n) || !active_key(keys, n);
	return cli_key_dir(c) || keys_create(*alg, *first, kid) ? CLI_FAILED : CLI_DONE;
}

int cmd_key_create(struct cli *c)
{
	const char *alg;
	char kid[64];
	bool first;
	int bad = new_key(c, &alg, &first, kid);

	return bad ? bad : made(c, kid, alg, first);
}

/* The workers look at the directory once a second: a key that signed at once would
 * make tokens that some of them do not know yet. */
int cmd_key_rotate(struct cli *c)
{
	const struct timespec known = { 2, 0 };
	const char *alg;
	char kid[64];
	bool first;
	int bad = new_key(c, &alg, &first, kid);

	if (bad)
		return bad;
	if (!first) {
		nanosleep(&known, NULL);
		if (keys_activate(kid))
			return CLI_FAILED;
	}
	return made(c, kid, alg, true);
}

int cmd_key_list(struct cli *c)
{
	struct json *rows = js_array(c->arena);
	struct key_info *keys;
	size_t n;

	if (keys_list(c->arena, &keys, &n))
		return CLI_FAILED;
	for (size_t i = 0; i < n; i++) {
		struct json *o = js_object(c->arena);

		js_put_str(c->arena, o, "kid", keys[i].kid);
		js_put_str(c->arena, o, "alg", keys[i].alg);
		js_put_bool(c->arena, o, "active", keys[i].active);
		js_put_str(c->arena, o, "created_at", clock_iso(c->arena, keys[i].created * SECOND, TIME_SECONDS));
		js_add(rows, o);
	}
	cli_rows(c, rows, "No signing keys; create one with `thaw signing-key create`.");
	return CLI_DONE;
}

/* Scopes as a token may carry them: permissions, or the OAuth words that stand for them. */
bool cli_scopes(struct cli *c, const char *words)
{
	const char *known = arena_printf(c->arena, "%s%s",
#define PERM(name, word, scope, test, help) word " "
#include "perm.def"
#undef PERM
		, oauth_scopes);

	for (const char *s = words; *(s += strspn(s, " ")); s += strcspn(s, " ")) {
		char *word = arena_strndup(c->arena, s, strcspn(s, " "));

		if (!word_in(known, word)) {
			cli_say("unknown scope `%s`; known: %s", word, known);
			return false;
		}
	}
	return true;
}

int cmd_token(struct cli *c)
{
	enum { TEN_YEARS = 315360000 };
	struct claims claims = { .username = cli_option(c, "--user"), .scopes = cli_option(c, "--scope") };
	struct json *o = js_object(c->arena);
	struct user u;
	int64_t ttl;
	char *jwt;

	if (!cli_number(c, "--ttl", 1, TEN_YEARS, conf.access_ttl, &ttl) || (claims.scopes && !cli_scopes(c, claims.scopes)))
		return CLI_USAGE;
	if (!cli_user(c, claims.username, &u))
		return CLI_FAILED;
	if (who_standing(u.status, ERR_AUTH_REFUSED) == ERR_ORG_DISABLED)
		return cli_say("the organization of `%s` is disabled; run `thaw org enable` first", u.username);
	if (strcmp(u.status, "active"))
		return cli_say("%s is disabled; run `thaw user enable %s` first", u.username, u.username);
	claims.organization = u.organization;
	claims.subject = u.id;
	claims.rate = u.rate;
	claims.gen = u.gen;
	claims.issued = c->tx.now;
	claims.expires = c->tx.now / SECOND + ttl;
	if (!(jwt = token_make(c->arena, &claims)))
		return cli_say("%s has no active key that can be read; run `thaw signing-key list`", conf.key_dir);
	js_put_str(c->arena, o, "access_token", jwt);
	js_put_str(c->arena, o, "token_type", "bearer");
	js_put_int(c->arena, o, "expires_in", ttl);
	cli_result(c, o, jwt);
	return CLI_DONE;
}
