/* cli_init.c: `thaw init`, the first hour: database and accounts (cli_accounts.c),
 * schema, organization, administrator, signing key, and what to do next.  Each step
 * looks at what there is and leaves it: a second run changes nothing. */
#include "cli_init.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "conf.h"
#include "dom_org.h"
#include "passwd.h"
#include "str.h"
#include "token.h"

/* The first organization and its administrator, made in one transaction. */
struct first {
	struct tx *tx;
	const char *org_name, *password;
	struct user user;
	bool make_org, make_user, made_password;
};

static enum err work_first(void *arg)
{
	struct first *f = arg;
	struct id id;
	enum err e = f->make_org ? org_create(f->tx, f->org_name, &f->user.organization) : OK;

	return e || !f->make_user ? e : user_create(f->tx, &f->user, &id);
}

/* Which organization is meant, and is it there? */
static enum err find_org(struct first *f, const char *wanted)
{
	static const struct column map[] = PICK_MAP(ORG_LIST_PICK, struct org);
	struct org first = { .name = "Main" };
	enum err e = wanted ? org_find(f->tx, wanted, &first.life.id) : tx_one(f->tx, SQL_ORG_LIST, DB_NONE, map, &first);

	f->org_name = wanted ? wanted : first.name;
	f->user.organization = first.life.id;
	f->make_org = e == ERR_DB_NONE;
	return f->make_org ? OK : e;
}

/* Without a name given, an administrator is made only where there is nobody yet. */
static enum err find_user(struct first *f, const char *wanted)
{
	struct user there;
	struct db_rows r;
	enum err e;

	if (!wanted && !f->make_org) {
		e = tx_query(f->tx, SQL_USER_LIST, DB_IN(db_d(&f->user.organization)), &r);
		f->make_user = !e && !r.n;
		if (e || r.n)
			return e;
	}
	f->user.username = wanted ? wanted : "admin";
	e = user_find(f->tx, f->user.username, &there);
	f->make_user = e == ERR_DB_NONE;
	if (f->make_user)
		return OK;
	return !e && (f->make_org || !id_equal(&there.organization, &f->user.organization)) ? ERR_DB_DUPLICATE : e;
}

static const char *local_address(struct arena *a, const char *username)
{
	return arena_printf(a, "%s@localhost", username);
}

static int first_organization(struct init *in, struct first *f)
{
	const char *email = cli_option(in->c, "--admin-email");
	enum err e;

	if (!(f->tx = cli_tx(in->c)))
		return CLI_FAILED;
	f->user.role = "admin";
	if ((e = find_org(f, cli_option(in->c, "--org"))))
		return cli_failed(in->c, e);
	e = find_user(f, cli_option(in->c, "--admin-username"));
	if (e == ERR_DB_DUPLICATE)
		return cli_say("the user `%s` belongs to another organization; choose another with --admin-username", f->user.username);
	if (e)
		return cli_failed(in->c, e);
	if (f->make_user) {
		f->user.email = email ? email : local_address(in->a, f->user.username);
		f->user.password = passwd_hash(in->a, f->password);
	}
	if (f->make_org && !cli_org_name(f->org_name))
		return CLI_FAILED;
	if (!f->make_org && !f->make_user)
		return CLI_DONE;
	e = cli_write(in->c, work_first, f);
	if (e == ERR_DB_DUPLICATE)
		return cli_user_taken(in->c, f->user.username, f->user.email);
	if (e)
		return cli_failed(in->c, e);
	if (f->make_org)
		init_note(in, arena_printf(in->a, "Created the organization %s", f->org_name));
	if (f->make_user)
		init_note(in, arena_printf(in->a, "Created the administrator %s", f->user.username));
	return CLI_DONE;
}

static int signing_key(struct init *in)
{
	struct key_info *keys;
	char kid[64];
	size_t n;

	if (cli_key_dir(in->c))
		return CLI_FAILED;
	if (!keys_list(in->a, &keys, &n))
		for (size_t i = 0; i < n; i++)
			if (keys[i].active)
				return CLI_DONE;
	if (keys_create("ES256", true, kid))
		return CLI_FAILED;
	init_note(in, arena_printf(in->a, "Created the signing key %s", kid));
	return CLI_DONE;
}

/* What Debian's package brings for nginx. */
#define SITE "/etc/nginx/sites-available/thaw"

static void what_next(struct init *in, const struct first *f)
{
	const char *file = *conf_file() ? conf_file() : "none; the defaults apply (`thaw tables config`)";

	if (in->shared)
		printf("\nOne account serves requests and owns the schema. Everything works, but the database does not\n"
			"prevent the service from changing audit rows.\n");
	if (f->make_user)
		printf("\nAdministrator: %s of %s%s%s\n", f->user.username, f->org_name,
			f->made_password ? ", password " : "", f->made_password ? f->password : "");
	printf("\nConfiguration: %s\nAccounts:      %s\nSigning keys:  %s\n"
		"\nWhat to do next:\n"
		"  thaw doctor                          checks all of this\n"
		"  systemctl enable --now thaw.socket   starts the workers when nginx asks for them\n",
		file, conf.db_option_file, conf.key_dir);
	if (!access(SITE, F_OK))
		printf("  ln -s " SITE " /etc/nginx/sites-enabled/   enables the site; then reload nginx\n");
	else
		printf("  include " THAW_DATADIR "/nginx/thaw.conf;   in the http block of nginx; then reload nginx\n");
	if (f->user.username)
		printf("  thaw token --user %-18s prints an access token; users sign in with\n"
			"                                       POST %s/api/auth/login\n", f->user.username, conf.base_path);
}

static struct json *result(struct init *in, const struct first *f)
{
	struct json *o = js_object(in->a);

	js_put(o, "done", in->notes);
	js_put_str(in->a, o, "config", conf_file());
	js_put_str(in->a, o, "db_option_file", conf.db_option_file);
	js_put_bool(in->a, o, "one_account", in->shared);
	js_put_str(in->a, o, "organization", f->org_name);
	js_put_str(in->a, o, "organization_id", id_spell(in->a, "org-", &f->user.organization));
	js_put_str(in->a, o, "username", f->user.username);
	js_put_str(in->a, o, "password", f->make_user && f->made_password ? f->password : NULL);
	return o;
}

/* The names that are given, before anything is made.  An id means an organization that is
 * there, which none is before the first run. */
static bool names_fit(struct init *in)
{
	const char *org = cli_option(in->c, "--org"), *username = cli_option(in->c, "--admin-username");
	const char *email = cli_option(in->c, "--admin-email");
	struct id id;

	if (!username)
		username = "admin";
	if (!init_database_name(in->database) || !cli_user_words(username, email ? email : local_address(in->a, username)))
		return false;
	return !org || (id_parse(org, "org-", &id) && !access(conf.db_option_file, F_OK)) || cli_org_name(org);
}

/* The schema, and what it reports to be told on. */
static int schema(struct init *in)
{
	struct json *done = js_array(in->a);
	int bad = cli_migrate(in->c, done);

	for (size_t i = 0; i < js_length(done); i++)
		init_note(in, js_str(js_at(done, i)));
	return bad;
}

/* One `thaw init` at a time: the directory of the option file is the lock. */
static int lock(struct init *in)
{
	const char *slash = strrchr(conf.db_option_file, '/');
	const char *dir = slash ? arena_strndup(in->a, conf.db_option_file, (size_t)(slash - conf.db_option_file) + 1) : ".";
	int fd;

	cli_parents(in->a, conf.db_option_file);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX))
		cli_say("%s: %s", dir, strerror(errno));
	return fd;
}

int cmd_init(struct cli *c)
{
	struct init in = { .c = c, .a = c->arena, .notes = js_array(c->arena), .database = cli_option(c, "--database") };
	struct first f = { 0 };
	int fd, bad;

	if (!in.database)
		in.database = "thaw";
	if (!names_fit(&in) || !(f.password = cli_password(c, "--admin-password-stdin", &f.made_password)))
		return CLI_FAILED;
	if ((fd = lock(&in)) < 0)
		return CLI_FAILED;
	bad = init_database(&in) || schema(&in) || first_organization(&in, &f) || signing_key(&in) || cli_seal_key(c);
	close(fd);
	if (bad)
		return CLI_FAILED;
	in.shared = cli_one_account(in.a);
	if (c->json)
		cli_json(result(&in, &f));
	else
		what_next(&in, &f);
	return CLI_DONE;
}
