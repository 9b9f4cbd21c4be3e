/* cli_import.c: `thaw import mlflow`: models, prompts and their versions from an MLflow come here, with the rights of one
 * user.  What is here already is recognised, so that it can be run again and again: nothing is made twice, and what changed
 * there since is changed here. */
#include "cli_import.h"
#include "clock.h"
#include "dom_org.h"
#include "str.h"

static struct json *counted(struct cli *c, const struct import_count *n, bool dry)
{
	struct json *o = js_object(c->arena);

	js_put_int(c->arena, o, dry ? "would_be_made" : "made", n->made);
	js_put_int(c->arena, o, dry ? "would_be_changed" : "changed", n->changed);
	js_put_int(c->arena, o, "unchanged", n->same);
	js_put_int(c->arena, o, "refused", n->failed);
	return o;
}

static int summary(struct import *m)
{
	static const char *const plural[] = { "models", "versions", "aliases" };
	struct cli *c = m->c;
	struct json *o = js_object(c->arena);
	struct buf b = { .arena = c->arena };
	bool good = !m->broken && !cli_stopping();

	js_put_bool(c->arena, o, "whole", good);
	for (int i = 0; i < IMPORT_KINDS; i++) {
		const struct import_count *n = &m->counts[i];
		const char *would = m->dry ? "would be " : "";

		js_put(o, plural[i], counted(c, n, m->dry));
		buf_printf(&b, "%s%s: %lld %screated, %lld %schanged, %lld unchanged, %lld refused", i ? "\n" : "", plural[i], (long long)n->made, would,
			(long long)n->changed, would, (long long)n->same, (long long)n->failed);
		good = good && !n->failed;
	}
	js_put(o, "failed", m->failed);
	if (cli_stopping())
		cli_say("stopped; run the same command again to continue");
	cli_result(c, o, b.p);
	return good ? CLI_DONE : CLI_FAILED;
}

/* Acts as the user of the options, in the organization. */
static bool as_user(struct import *m)
{
	struct cli *c = m->c;
	struct id org;
	struct user u;
	enum err e;

	if (!cli_org(c, &org) || !cli_user(c, cli_option(c, "--user"), &u))
		return false;
	if (!id_equal(&u.organization, &org)) {
		cli_say("the user `%s` belongs to another organization", u.username);
		return false;
	}
	m->who = (struct who){ .organization = org, .principal = u.id, .caller = u.id, .name = u.username, .gen = -1, .issued = INT64_MAX };
	(void)import_unit(m);
	if ((e = tx_settle(&c->tx)) || (e = who_may(&c->who, c->tx.ask))) {
		cli_say("%s", e == ERR_AUTH_REFUSED ? "the user is disabled" : e == ERR_FORBIDDEN ? "the user's role does not allow this; it requires model:write" : err_row(e)->text);
		return false;
	}
	return true;
}

int cmd_import(struct cli *c)
{
	const char *from = cli_option(c, "--from"), *db = cli_option(c, "--db"), *file = cli_option(c, "--file");
	struct import m = { .c = c, .dry = cli_option(c, "--dry-run"), .failed = js_array(c->arena) };
	int rc = CLI_FAILED;

	if (!!from + !!db + !!file != 1) {
		cli_say("exactly one of --from, --db and --file is required");
		return CLI_USAGE;
	}
	if (!cli_tx(c))
		return CLI_FAILED;
	cli_catch();
	m.unit = arena_new();
	m.told = clock_mono();
	if (as_user(&m)) {
		if (from)
			import_from_server(&m, from);
		else if (db)
			import_from_tables(&m, db);
		else
			import_from_file(&m, file);
		rc = summary(&m);
	}
	c->tx.arena = c->arena;
	arena_free(m.unit);
	return rc;
}
