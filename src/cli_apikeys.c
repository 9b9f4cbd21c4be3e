/* cli_apikeys.c: API keys: sk_, pk_ and tok_.  The secret is printed once. */
#include "cli.h"
#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "dom_apikey.h"
#include "dom_org.h"
#include "str.h"

struct work { struct tx *tx; struct apikey in, out; struct id id; };

static enum err work_create(void *arg)
{
	struct work *w = arg;

	return apikey_create(w->tx, &w->in, &w->out);
}

static enum err work_revoke(void *arg)
{
	struct work *w = arg;

	return apikey_revoke(w->tx, BY_ID(&w->id), LIFE_TOKEN_REVOKE, NULL, &w->out);
}

/* user: whose it is; programs are told the id too. */
static struct json *describe(struct cli *c, const struct apikey *k, const char *user)
{
	struct json *o = js_object(c->arena);

	js_put_str(c->arena, o, "id", id_spell(c->arena, "tok_", &k->life.id));
	js_put_str(c->arena, o, "kind", k->kind);
	js_put_str(c->arena, o, "key", k->secret ? k->secret : k->hint);
	js_put_str(c->arena, o, "mode", k->life.test ? "test" : "live");
	if (user)
		js_put_str(c->arena, o, "user", user);
	if (!user || c->json)
		js_put_str(c->arena, o, "human", id_spell(c->arena, "usr_", &k->life.whose));
	js_put_str(c->arena, o, "agent", k->agent);
	if (k->tier)
		js_put_int(c->arena, o, "tier", k->tier);
	else
		js_put(o, "tier", NULL);
	js_put_str(c->arena, o, "scopes", k->scopes);
	js_put_str(c->arena, o, "name", k->name);
	return o;
}

/* What the options say, beyond whose key it is.  False, and said, when they do not fit. */
static bool options(struct cli *c, struct apikey *k)
{
	const char *kind = cli_option(c, "--kind");
	int64_t ttl;

	*k = (struct apikey){ .kind = kind ? kind : "secret", .name = cli_option(c, "--name"), .agent = cli_option(c, "--agent"),
		.scopes = cli_option(c, "--scope"), .api_version = cli_option(c, "--api-version"),
		.human_grant = cli_option(c, "--human-grant"), .life.test = cli_option(c, "--test") };
	if (strcmp(k->kind, "secret") && strcmp(k->kind, "publishable") && strcmp(k->kind, "token")) {
		cli_say("--kind must be secret, publishable or token");
		return false;
	}
	if (!cli_number(c, "--tier", TIER_OBSERVE, TIER_AUTONOMOUS, 0, &k->tier) || !cli_number(c, "--rate", 1, 1000000, 0, &k->rate)
	    || !cli_number(c, "--ttl", 60, 315360000, 0, &ttl))
		return false;
	k->expires_at = ttl ? clock_now() + ttl * SECOND : 0;
	if ((k->tier || k->agent || k->human_grant) && strcmp(k->kind, "token")) {
		cli_say("--tier, --agent and --human-grant require --kind token");
		return false;
	}
	if (k->rate && !strcmp(k->kind, "publishable")) {
		cli_say("--rate cannot be used with --kind publishable: those keys are limited by client address");
		return false;
	}
	if (k->api_version && !api_version_known(k->api_version)) {
		cli_say("`%s` is not a supported API version", k->api_version);
		return false;
	}
	if (k->agent && !agent_valid(k->agent)) {
		cli_say("--agent must be agt_ followed by letters and digits, at most 64 characters");
		return false;
	}
	if (k->name && utf8_length(k->name) > 128) {
		cli_say("--name can have at most 128 characters");
		return false;
	}
	if (!strcmp(k->kind, "token") && !k->tier)
		k->tier = TIER_EXECUTE;
	return !k->scopes || cli_scopes(c, k->scopes);
}

int cmd_apikey_create(struct cli *c)
{
	struct work w = { .tx = cli_tx(c) };
	struct user u;
	enum err e;

	if (!w.tx)
		return CLI_FAILED;
	if (!options(c, &w.in))
		return CLI_USAGE;
	if (!cli_user(c, cli_option(c, "--user"), &u))
		return CLI_FAILED;
	w.in.life.organization = u.organization;
	w.in.life.whose = u.id;
	if ((e = cli_write(c, work_create, &w)))
		return cli_failed(c, e);
	cli_result(c, describe(c, &w.out, NULL), w.out.secret);
	/* Beside the secret, which scripts take as it is printed. */
	if (!c->json)
		fprintf(stderr, "id: %s\n", id_spell(c->arena, "tok_", &w.out.life.id));
	return CLI_DONE;
}

int cmd_apikey_list(struct cli *c)
{
	struct json *rows = js_array(c->arena);
	struct db_rows r;
	struct id org;
	enum err e;

	if (!cli_org(c, &org))
		return CLI_FAILED;
	if ((e = tx_query(&c->tx, SQL_TOKEN_LIST, DB_IN(db_d(&org)), &r)))
		return cli_failed(c, e);
	for (size_t i = 0; i < r.n; i++) {
		struct apikey k;
		const struct db_val *user = life_take(RES_TOKEN, db_row(&r, i), &k);
		struct json *o;

		js_add(rows, o = describe(c, &k, user->s ? user->s : "-"));
		js_put_str(c->arena, o, "status", life_word(k.life.state));
		js_put_str(c->arena, o, "created_at", clock_iso(c->arena, k.life.created, TIME_SECONDS));
		js_put_str(c->arena, o, "expires_at", k.expires_at ? clock_iso(c->arena, k.expires_at, TIME_SECONDS) : NULL);
	}
	cli_rows(c, rows, "No API keys; create one with `thaw api-key create --user USERNAME`.");
	return CLI_DONE;
}

int cmd_apikey_revoke(struct cli *c)
{
	struct work w = { .tx = cli_tx(c) };
	struct json *o;
	struct id org;
	enum err e;

	if (!w.tx || !cli_org(c, &org))
		return CLI_FAILED;
	if (!id_parse(c->args[0], "tok_", &w.id))
		return cli_say("`%s` is not an API key id; run `thaw api-key list`", c->args[0]);
	c->who.organization = org;
	e = cli_write(c, work_revoke, &w);
	if (e == ERR_NOT_FOUND)
		return cli_say("the organization has no API key %s", c->args[0]);
	if (e)
		return cli_failed(c, e);
	o = describe(c, &w.out, NULL);
	js_put_str(c->arena, o, "status", "revoked");
	cli_result(c, o, arena_printf(c->arena, "%s has been revoked.", c->args[0]));
	return CLI_DONE;
}
