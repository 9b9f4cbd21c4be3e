/* cli_accounts.c: the part of `thaw init` that needs an administrator of the database:
 * the database, the account that serves and the account that owns the schema, and the
 * option file with their passwords.  An account that may not make others is used for
 * both, as shared hosting has it. */
#include "cli_init.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "cli_doctor.h"
#include "conf.h"
#include "passwd.h"
#include "str.h"

void init_note(struct init *in, const char *text)
{
	js_add(in->notes, js_string(in->a, text));
	if (!in->c->json)
		cli_line(text);
}

bool init_database_name(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

	if (*s && strlen(s) <= 48 && strspn(s, letters) == strlen(s))
		return true;
	cli_say("--database must be 1 to 48 characters: A-Z a-z 0-9 _");
	return false;
}

/* --- the database and its accounts ----------------------------------------------- */

static bool denied(const struct db *db)
{
	unsigned code = db_code(db);             /* access denied: to a database, a command, a right */

	return code == 1044 || code == 1142 || code == 1227 || code == 1410;
}

static int refused(const struct init *in, const char *what)
{
	return cli_say("%s: the database returned an error (%s)", what, db_error(in->admin));
}

/* Names are compared byte by byte, and text is whatever Unicode has: a database that a
 * hosting panel made is set right as long as it is empty. */
static int make_database(struct init *in)
{
	static const char right[] = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";
	const char *was = db_ask(in->admin, in->a, arena_printf(in->a, "SELECT CONCAT(default_collation_name, ' ', "
		"(SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = schema_name)) "
		"FROM information_schema.schemata WHERE schema_name = '%s'", in->database));

	if (!was) {
		if (db_script(in->admin, arena_printf(in->a, "CREATE DATABASE IF NOT EXISTS `%s` %s", in->database, right)))
			return denied(in->admin) ? cli_say("the account in --db-admin is not allowed to create the database `%s` (%s); "
				"create it with %s, or use an account that is", in->database, db_error(in->admin), right)
				: refused(in, "the database");
		init_note(in, arena_printf(in->a, "Created the database `%s`", in->database));
	} else if (strncmp(was, "utf8mb4_bin ", 12)) {
		if (strcmp(strchr(was, ' '), " 0"))
			return cli_say("the database `%s` has tables and is not %s; choose another with --database", in->database, right);
		if (db_script(in->admin, arena_printf(in->a, "ALTER DATABASE `%s` %s", in->database, right)))
			return refused(in, "the database's character set");
		init_note(in, arena_printf(in->a, "Set the database `%s` to utf8mb4_bin", in->database));
	}
	return 0;
}

/* Makes the account, or gives one of an earlier run a new password and no rights. */
static int make_account(struct init *in, const char *account, const char *password)
{
	if (db_script(in->admin, arena_printf(in->a, "CREATE USER IF NOT EXISTS %s IDENTIFIED BY '%s'", account, password))) {
		in->shared = denied(in->admin);
		return in->shared ? 0 : refused(in, account);
	}
	if (db_script(in->admin, arena_printf(in->a, "ALTER USER %s IDENTIFIED BY '%s';\n"
		"REVOKE ALL PRIVILEGES, GRANT OPTION FROM %s", account, password, account)))
		return refused(in, account);
	init_note(in, arena_printf(in->a, "Created the account %s", account));
	return 0;
}

/* In a grant on a database `_` stands for any character. */
static const char *escaped(struct arena *a, const char *name)
{
	struct buf b = { .arena = a };

	for (; *name; name++)
		buf_printf(&b, "%s%c", *name == '_' ? "\\" : "", *name);
	return b.p;
}

static int make_accounts(struct init *in, const char *host, char *passwords[2])
{
	const char *owner = arena_printf(in->a, "'%s_owner'@'%s'", in->database, host);

	for (int i = 0; i < 2; i++)              /* letters of every kind, for servers that insist */
		passwords[i] = arena_printf(in->a, "%s-Aa1", passwd_generate(in->a));
	if (make_account(in, arena_printf(in->a, "'%s_app'@'%s'", in->database, host), passwords[0]))
		return -1;
	if (in->shared) {
		init_note(in, "The account in --db-admin cannot create accounts; the service uses it too");
		return 0;
	}
	if (make_account(in, owner, passwords[1]))
		return -1;
	if (db_script(in->admin, arena_printf(in->a, "GRANT ALL PRIVILEGES ON `%s`.* TO %s WITH GRANT OPTION",
		escaped(in->a, in->database), owner)))
		return cli_say("the account in --db-admin can create accounts but not grant them privileges (%s); it needs "
			"ALL PRIVILEGES on `%s` with GRANT OPTION", db_error(in->admin), in->database);
	return 0;
}

/* --- the option file ----------------------------------------------------------------- */

/* The lines of [client] that tell how to reach the server; with `all` also who. */
static const char *client_lines(struct arena *a, const char *text, bool all)
{
	static const char *const who[] = { "user", "password", "database" };
	struct buf out = { .arena = a };
	bool in = false;

	buf_puts(&out, "");
	for (const char *s = text; *s; ) {
		const char *line = s + strspn(s, " \t");
		size_t n = strcspn(line, "\n"), key = strcspn(line, " \t=\r\n");
		bool skip = !n || *line == '#' || *line == ';' || *line == '!';

		if (*line == '[') {
			in = !strncmp(line, "[client]", 8);
			skip = true;
		}
		for (size_t i = 0; i < 3; i++)
			if (strlen(who[i]) == key && !strncmp(line, who[i], key) && (!all || i == 2))
				skip = true;
		if (in && !skip)
			buf_printf(&out, "%.*s\n", (int)n, line);
		s = line + n + (line[n] == '\n');
	}
	return out.p;
}

/* The socket, when the admin's file leaves it to the library's default. */
static const char *socket_line(struct init *in, const char *text)
{
	const char *host = cli_option_file(in->a, text, "client", "host"), *path;

	if ((host && strcmp(host, "localhost")) || cli_option_file(in->a, text, "client", "socket")
	    || !(path = db_ask(in->admin, in->a, "SELECT @@socket")) || !*path)
		return "";
	return arena_printf(in->a, "socket = %s\n", path);
}

/* The group of one account; role NULL: the account of --db-admin itself. */
static void group(struct init *in, struct buf *out, const char *name, const char *text, const char *role,
	const char *password)
{
	const char *user = cli_option_file(in->a, text, "client", "user"), *me = db_ask(in->admin, in->a, "SELECT USER()");

	buf_printf(out, "\n[%s]\n%s%sdatabase = %s\n", name, client_lines(in->a, text, !role), socket_line(in, text),
		in->database);
	if (role)
		buf_printf(out, "user = %s_%s\npassword = %s\n", in->database, role, password);
	else if (!user && me)                    /* the library's default is another for the workers */
		buf_printf(out, "user = %.*s\n", (int)(strrchr(me, '@') - me), me);
}

/* Two files, so that a worker cannot read the password of the schema's owner; with one
 * account for all, one. */
static int write_options(struct init *in, const char *text, char *passwords[2])
{
	const char *owner = cli_owner_file(in->a, true);
	struct buf app = { .arena = in->a }, own = { .arena = in->a };
	unsigned uid, gid;

	buf_puts(&app, "# Written by `thaw init`: the account of the service.\n");
	group(in, &app, conf.db_group, text, in->shared ? NULL : "app", passwords[0]);
	if (in->shared) {
		group(in, &app, conf.db_migrate_group, text, NULL, NULL);
	} else {
		buf_puts(&own, "# Written by `thaw init`: the account that owns the schema.\n");
		group(in, &own, conf.db_migrate_group, text, "owner", passwords[1]);
		if (cli_write_file(owner, own.p, geteuid(), getegid()))
			return -1;
		init_note(in, arena_printf(in->a, "Wrote %s", owner));
	}
	if (cli_owner(in->a, conf.db_option_file, &uid, &gid) || cli_write_file(conf.db_option_file, app.p, uid, gid))
		return -1;
	init_note(in, arena_printf(in->a, "Wrote %s", conf.db_option_file));
	if (!uid)
		init_note(in, arena_printf(in->a, "It belongs to root, since there is no system account `thaw` (systemd-sysusers creates it); "
			"change the owner of it and of %s to the account of the workers", conf.key_dir));
	return 0;
}

static int set_up_database(struct init *in, const char *file)
{
	const char *text = cli_read_file(in->a, file), *user, *host, *unfit;
	char *passwords[2];

	if (!text)
		return cli_say("--db-admin %s: %s", file, strerror(errno));
	in->admin = cli_db(file, "client");
	if (db_connect(in->admin))
		return cli_say("the database cannot be reached with --db-admin %s, group [client] (%s)", file, db_error(in->admin));
	if ((unfit = server_unfit(in->a, in->admin)))
		return cli_say("%s", unfit);
	if (!(user = db_ask(in->admin, in->a, "SELECT USER()")) || !(host = strrchr(user, '@')))
		return refused(in, "the account in --db-admin");
	if (make_database(in) || make_accounts(in, host + 1, passwords))
		return -1;
	return write_options(in, text, passwords);
}

int init_database(struct init *in)
{
	const char *admin = cli_option(in->c, "--db-admin");
	int bad;

	if (!access(conf.db_option_file, F_OK)) {
		init_note(in, arena_printf(in->a, "Left %s unchanged", conf.db_option_file));
		return 0;
	}
	if (!admin)
		return cli_say("--db-admin OPTIONFILE is required, since %s does not exist yet", conf.db_option_file);
	bad = set_up_database(in, admin);
	db_free(in->admin);
	in->admin = NULL;
	return bad;
}
