/* cli_migrate.c: the schema brought up to date: the numbered files of sql_dir that
 * the database lacks, in order, and then the grants of the application's account.
 * Each file is re-runnable and its number is recorded after it, so that a run that
 * was cut short, or two at once, come to the same end. */
#include "cli.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "conf.h"
#include "row.h"
#include "str.h"

enum { TRIES = 5, NUMBER = 4 };

static int refused(const struct db *db, const char *what)
{
	return cli_say("%s: the database returned an error (%s)", what, db_error(db));
}

/* --- migrations ------------------------------------------------------------------ */

static int is_migration(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > NUMBER + 5 && strspn(d->d_name, "0123456789") == NUMBER && d->d_name[NUMBER] == '_'
		&& !strcmp(d->d_name + n - 4, ".sql");
}

/* A script, again when another session was in its way. */
static enum err script(struct db *db, const char *text)
{
	enum err e = ERR_DB_RETRY;

	for (int try = 0; e == ERR_DB_RETRY && try < TRIES; try++) {
		if (try && (e = db_script(db, "ROLLBACK")))
			break;
		e = db_script(db, text);
	}
	return e;
}

static int apply(struct cli *c, struct db *db, const char *name, int64_t number, struct json *notes)
{
	const char *path = arena_printf(c->arena, "%s/%s", conf.sql_dir, name), *text = cli_read_file(c->arena, path);

	if (!text)
		return cli_say("%s: %s", path, strerror(errno));
	if (script(db, text) || db_exec(db, SQL_SCHEMA_APPLIED, DB_IN(db_i(number), db_t(clock_now())), NULL))
		return refused(db, name);
	js_add(notes, js_string(c->arena, arena_printf(c->arena, "Applied %s", name)));
	return 0;
}

/* The versions the database has, separated by blanks; "" for none, NULL on an error. */
static const char *versions(struct cli *c, struct db *db)
{
	const char *there = db_ask(db, c->arena, "SELECT COUNT(*) FROM information_schema.tables "
		"WHERE table_schema = DATABASE() AND table_name = 'schema_versions'");

	if (!there || !strcmp(there, "0"))
		return there ? "" : NULL;
	return db_ask(db, c->arena, "SELECT COALESCE(GROUP_CONCAT(version ORDER BY version SEPARATOR ' '), '') "
		"FROM schema_versions");
}

/* One at a time, while this connection lives; on a cluster, at each node. */
#define ALONE "SELECT GET_LOCK(CONCAT('thaw migrate ', DATABASE()), 86400)"

static int files(struct cli *c, struct db *db, struct json *notes)
{
	const char *alone = db_ask(db, c->arena, ALONE), *have = alone ? versions(c, db) : NULL, *newest;
	int64_t number, last = 0;
	struct dirent **list;
	int n, bad = 0;

	if (!have)
		return refused(db, "schema_versions");
	newest = strrchr(have, ' ');
	if (*have && parse_int(newest ? newest + 1 : have, 0, INT32_MAX, &number) && number > SCHEMA_MAX)
		return cli_say("the schema has version %lld, which is newer than this program supports (%d); install the newer program",
			(long long)number, SCHEMA_MAX);
	if ((n = scandir(conf.sql_dir, &list, is_migration, alphasort)) < 0)
		return cli_say("sql_dir %s: %s", conf.sql_dir, strerror(errno));
	for (int i = 0; i < n; i++) {
		number = strtol(list[i]->d_name, NULL, 10);
		if (!bad && number <= SCHEMA_MAX) {
			last = number;
			if (!word_in(have, arena_printf(c->arena, "%lld", (long long)number)))
				bad = apply(c, db, list[i]->d_name, number, notes);
		}
		free(list[i]);
	}
	free(list);
	if (!bad && last < SCHEMA_MIN)
		bad = cli_say("sql_dir %s has no migration %04d; is the program fully installed?", conf.sql_dir, SCHEMA_MIN);
	return bad;
}

/* --- grants -------------------------------------------------------------------------- */

static const char *replace(struct arena *a, const char *text, const char *what, const char *with)
{
	struct buf out = { .arena = a };
	const char *at;

	for (; (at = strstr(text, what)); text = at + strlen(what)) {
		buf_put(&out, text, (size_t)(at - text));
		buf_puts(&out, with);
	}
	buf_puts(&out, text);
	return out.p;
}

/* The account of this handle as the server names it; NULL when it cannot sign in. */
static const char *account_of(struct arena *a, struct db *db)
{
	return db_connect(db) ? NULL : db_ask(db, a, "SELECT CURRENT_USER()");
}

/* app: the application's account, NULL when it cannot sign in.  It cannot before its
 * first grant: then it is its name, and the host of the account that owns the schema. */
static int grants(struct cli *c, struct db *db, const char *app, struct json *notes)
{
	const char *path = arena_printf(c->arena, "%s/grants.sql", conf.sql_dir);
	const char *text = cli_read_file(c->arena, path), *file = cli_read_file(c->arena, conf.db_option_file);
	const char *user, *account, *name;

	if (!text || !file)
		return cli_say("%s: %s", text ? conf.db_option_file : path, strerror(errno));
	user = cli_option_file(c->arena, file, conf.db_group, "user");
	if (!user || cli_one_account(c->arena)) {
		js_add(notes, js_string(c->arena, "No grants: one account serves requests and owns the schema"));
		return 0;
	}
	name = db_ask(db, c->arena, "SELECT DATABASE()");
	if (!app)
		app = account_of(c->arena, db);
	if (!name || !app || !strchr(app, '@'))
		return refused(db, "the application's account");
	account = arena_printf(c->arena, "'%s'@'%s'", user, strrchr(app, '@') + 1);
	text = replace(c->arena, text, "@DB@", arena_printf(c->arena, "`%s`", name));
	if (script(db, replace(c->arena, text, "@APP@", account)))
		return refused(db, arena_printf(c->arena, "the grants of %s", account));
	js_add(notes, js_string(c->arena, arena_printf(c->arena, "Granted %s what it needs", account)));
	return 0;
}

/* --- email addresses ------------------------------------------------------------------ */

/* Addresses that differ in capitals are one.  From before that was so two users may share
 * one: nothing is taken from either, each signs in with the exact spelling, and they are named
 * here until one has another. */
static int emails(struct cli *c, struct db *db, struct json *notes)
{
	struct twins { const char *users, *email; } t;
	static const struct column map[] = PICK_MAP(EMAIL_TWINS_PICK, struct twins);
	struct db_rows r;

	if (db_exec(db, SQL_EMAIL_KEYS, DB_NONE, NULL) || db_query(db, c->arena, SQL_EMAIL_TWINS, DB_NONE, &r))
		return refused(db, "the email addresses");
	for (size_t i = 0; i < r.n; i++) {
		(void)row_read(map, RES__MAX, db_row(&r, i), &t);
		js_add(notes, js_string(c->arena, arena_printf(c->arena, "The users `%s` have the same email address %s except for case: "
			"each can sign in only with the exact spelling. Change all but one with `thaw user email USERNAME EMAIL`, "
			"then run `thaw migrate` again", t.users, t.email)));
	}
	return 0;
}

int cli_migrate(struct cli *c, struct json *notes)
{
	const char *owner = cli_owner_file(c->arena, false);
	struct db *db = cli_db(conf.db_option_file, conf.db_group);
	const char *app = account_of(c->arena, db);
	int bad;

	db_free(db);
	db = cli_db(owner, conf.db_migrate_group);
	if (db_connect(db))
		bad = cli_say("the database cannot be reached (%s); the account is in %s, group [%s]", db_error(db),
			owner, conf.db_migrate_group);
	else
		bad = files(c, db, notes) || emails(c, db, notes) || grants(c, db, app, notes) ? CLI_FAILED : CLI_DONE;
	db_free(db);
	return bad;
}

int cmd_migrate(struct cli *c)
{
	struct json *notes = js_array(c->arena);
	int bad;

	if (!cli_tx(c))
		return CLI_FAILED;
	bad = cli_migrate(c, notes) || cli_seal_key(c) ? CLI_FAILED : CLI_DONE;
	for (size_t i = 0; !c->json && i < js_length(notes); i++)
		cli_line(js_str(js_at(notes, i)));
	if (c->json)
		cli_json(notes);
	else if (!bad)
		printf("The schema has version %d.\n", SCHEMA_MAX);
	return bad;
}
