/* cli_clients.c: the applications of others that act for users (OAuth 2.0).  A secret
 * is printed once. */
#include "cli.h"
#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "dom_oauth.h"
#include "str.h"

struct work { struct tx *tx; struct client in, out; struct id id; };

static enum err work_create(void *arg)
{
	struct work *w = arg;

	return client_create(w->tx, &w->in, &w->out);
}

static enum err work_rotate(void *arg)
{
	struct work *w = arg;

	return client_rotate(w->tx, BY_ID(&w->id), LIFE_CLIENT_ROTATE, NULL, &w->out);
}

static enum err work_revoke(void *arg)
{
	struct work *w = arg;

	return client_revoke(w->tx, BY_ID(&w->id), LIFE_CLIENT_REVOKE, NULL, &w->out);
}

static struct json *describe(struct cli *c, const struct client *k)
{
	struct json *o = js_object(c->arena);

	js_put_str(c->arena, o, "id", id_spell(c->arena, "cl_", &k->life.id));
	js_put_str(c->arena, o, "name", k->name);
	js_put_str(c->arena, o, "type", !k->hash.p ? "public" : "confidential");
	js_put_str(c->arena, o, "status", life_word(k->life.state));
	js_put_str(c->arena, o, "scopes", k->scopes);
	js_put(o, "redirect_uris", js_read(c->arena, k->redirect_uris));
	return o;
}

/* The redirect URIs of an option as JSON; NULL, and said, when one will not do. */
static const char *redirect_uris(struct cli *c, const char *words)
{
	struct json *uris = js_read(c->arena, js_words(c->arena, words ? words : ""));

	if (js_length(uris) > REDIRECTS_MOST) {
		cli_say("--redirect-uris takes at most %d addresses", REDIRECTS_MOST);
		return NULL;
	}
	for (size_t i = 0; i < js_length(uris); i++) {
		const char *uri = js_str(js_at(uris, i)), *fault = redirect_fault(uri);

		if (fault) {
			cli_say("--redirect-uris: `%s` %s", uri, fault);
			return NULL;
		}
	}
	return js_text(uris, NULL);
}

/* What the options say, beyond whose it is.  False, and said, when they do not fit. */
static bool options(struct cli *c, struct client *k)
{
	const char *scope = cli_option(c, "--scope"), *user = cli_option(c, "--user");

	*k = (struct client){ .name = cli_option(c, "--name"), .public = cli_option(c, "--public") };
	if (!cli_word("--name", k->name, CLIENT_NAME_MOST, true) || !(k->redirect_uris = redirect_uris(c, cli_option(c, "--redirect-uris"))))
		return false;
	if (!(k->scopes = scopes_within(c->arena, oauth_scopes, scope))) {
		cli_say("--scope has an unknown scope; known: %s", oauth_scopes);
		return false;
	}
	if (k->public && user)
		cli_say("--user cannot be used with --public: an application without a secret cannot act for itself");
	else if (!user && !strcmp(k->redirect_uris, "[]"))
		cli_say("--redirect-uris is required for an application that acts for users, --user for one that acts for itself");
	else
		return true;
	return false;
}

int cmd_client_create(struct cli *c)
{
	const char *username = cli_option(c, "--user");
	struct work w = { .tx = cli_tx(c) };
	struct json *o;
	struct user u;
	enum err e;

	if (!w.tx)
		return CLI_FAILED;
	if (!options(c, &w.in))
		return CLI_USAGE;
	if (username && !cli_user(c, username, &u))
		return CLI_FAILED;
	if (username && !cli_option(c, "--org"))
		w.in.life.organization = u.organization;         /* a user is of one organization alone */
	else if (!cli_org(c, &w.in.life.organization))
		return CLI_FAILED;
	if (username && !id_equal(&u.organization, &w.in.life.organization))
		return cli_say("the user `%s` belongs to another organization", username);
	if (username)
		w.in.principal = u.id;
	if ((e = cli_write(c, work_create, &w)))
		return cli_failed(c, e);
	o = describe(c, &w.out);
	js_put_str(c->arena, o, "user", username);
	js_put_str(c->arena, o, "secret", w.out.secret);
	cli_result(c, o, arena_printf(c->arena, "%s%s%s", id_spell(c->arena, "cl_", &w.out.life.id), w.out.secret ? " " : "",
		w.out.secret ? w.out.secret : ""));
	return CLI_DONE;
}

int cmd_client_list(struct cli *c)
{
	struct json *rows = js_array(c->arena);
	struct db_rows r;
	struct id org;
	enum err e;

	if (!cli_org(c, &org))
		return CLI_FAILED;
	if ((e = tx_query(&c->tx, SQL_CLIENT_LIST, DB_IN(db_d(&org)), &r)))
		return cli_failed(c, e);
	for (size_t i = 0; i < r.n; i++) {
		struct client k;
		const struct db_val *user = life_take(RES_OAUTH_CLIENT, db_row(&r, i), &k);
		struct json *o;

		js_add(rows, o = describe(c, &k));
		js_put_str(c->arena, o, "user", user->s);
		js_put_str(c->arena, o, "created_at", clock_iso(c->arena, k.life.created, TIME_SECONDS));
	}
	cli_rows(c, rows, "No applications; register one with `thaw client create --org ORG --name NAME`.");
	return CLI_DONE;
}

/* The change of one application, named by its id. */
static int change(struct cli *c, enum err (*work)(void *), struct work *w)
{
	struct id org;
	enum err e;

	if (!(w->tx = cli_tx(c)) || !cli_org(c, &org))
		return CLI_FAILED;
	if (!id_parse(c->args[0], "cl_", &w->id))
		return cli_say("`%s` is not an application id; run `thaw client list`", c->args[0]);
	c->who.organization = org;
	e = cli_write(c, work, w);
	if (e == ERR_NOT_FOUND)
		return cli_say("the organization has no application %s", c->args[0]);
	if (e == ERR_WRONG_STATE)
		return cli_say("%s was revoked, which is permanent; register another with `thaw client create`", c->args[0]);
	if (e == ERR_CLIENT_PUBLIC)
		return cli_say("%s is public and has no secret", c->args[0]);
	return e ? cli_failed(c, e) : CLI_DONE;
}

int cmd_client_rotate(struct cli *c)
{
	struct work w = { .tx = NULL };
	struct json *o;
	int bad = change(c, work_rotate, &w);

	if (bad)
		return bad;
	o = describe(c, &w.out);
	js_put_str(c->arena, o, "secret", w.out.secret);
	cli_result(c, o, w.out.secret);
	return CLI_DONE;
}

int cmd_client_revoke(struct cli *c)
{
	struct work w = { .tx = NULL };
	int bad = change(c, work_revoke, &w);

	if (bad)
		return bad;
	cli_result(c, describe(c, &w.out), arena_printf(c->arena, "%s has been revoked.", c->args[0]));
	return CLI_DONE;
}
