/* cli_lib.c: what several commands need: their options, their transaction, an organization
 * by its name, a password, small files. */
#include "cli.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "clock.h"
#include "conf.h"
#include "dom_org.h"
#include "file.h"
#include "passwd.h"
#include "seal.h"
#include "str.h"

enum { PASSWORD_LINE = 1024, FILE_MAX = 1 << 22, PATIENCE_S = 3600, NAMES_SAID = 10 };

const char *cli_option(const struct cli *c, const char *name)
{
	for (int i = 0; i < c->noptions; i++)
		if (!strcmp(c->options[i].name, name))
			return c->options[i].value;
	return NULL;
}

bool cli_number(struct cli *c, const char *name, int64_t min, int64_t max, int64_t absent, int64_t *out)
{
	const char *s = cli_option(c, name);

	*out = absent;
	if (!s || parse_int(s, min, max, out))
		return true;
	cli_say("%s takes a whole number from %lld to %lld", name, (long long)min, (long long)max);
	return false;
}

/* Who types: what the audit rows name. */
static const char *actor(struct arena *a)
{
	const struct passwd *pw = getpwuid(getuid());
	const char *name = pw ? pw->pw_name : arena_printf(a, "%u", (unsigned)getuid());

	return utf8_cut(a, arena_printf(a, "thaw: %s", name), 128);
}

struct db *cli_db(const char *option_file, const char *group)
{
	struct db *db = db_new(option_file, group);

	db_patience(db, PATIENCE_S);
	return db;
}

const char *cli_owner_file(struct arena *a, bool writing)
{
	const char *slash = strrchr(conf.db_option_file, '/'), *beside;

	if (*conf.db_migrate_option_file)
		return conf.db_migrate_option_file;
	beside = arena_printf(a, "%.*sowner.cnf", slash ? (int)(slash - conf.db_option_file) + 1 : 0, conf.db_option_file);
	return writing || !access(beside, F_OK) ? beside : conf.db_option_file;
}

/* Does the line name the group?  Sets *in for a group's line. */
static bool group_line(const char *line, const char *group, bool *in)
{
	size_t n = strlen(group);

	if (*line != '[')
		return false;
	*in = !strncmp(line + 1, group, n) && line[1 + n] == ']';
	return true;
}

/* The value of `key` in a line of an option file, without blanks and quotes around it. */
static char *line_value(struct arena *a, const char *line, size_t n, const char *key)
{
	const char *end = line + n, *v;

	if (n <= strlen(key) || strncmp(line, key, strlen(key)))
		return NULL;
	v = line + strlen(key);
	while (v < end && (*v == ' ' || *v == '\t'))
		v++;
	if (v == end || *v++ != '=')
		return NULL;
	while (v < end && (*v == ' ' || *v == '\t'))
		v++;
	while (end > v && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
		end--;
	if (end - v >= 2 && (*v == '"' || *v == '\'') && end[-1] == *v)
		v++, end--;
	return arena_strndup(a, v, (size_t)(end - v));
}

char *cli_option_file(struct arena *a, const char *text, const char *group, const char *key)
{
	bool in = false, client = false;
	char *own = NULL, *shared = NULL, *v;

	for (const char *s = text; *s; ) {
		const char *line = s + strspn(s, " \t");
		size_t n = strcspn(line, "\n");

		if (group_line(line, "client", &client))
			group_line(line, group, &in);
		else if ((in || client) && (v = line_value(a, line, n, key)))
			*(in ? &own : &shared) = v;
		s = line + n + (line[n] == '\n');
	}
	return own ? own : shared;
}

bool cli_one_account(struct arena *a)
{
	const char *app = cli_read_file(a, conf.db_option_file), *own = cli_read_file(a, cli_owner_file(a, false));
	const char *user = app ? cli_option_file(a, app, conf.db_group, "user") : NULL;
	const char *owner = own ? cli_option_file(a, own, conf.db_migrate_group, "user") : NULL;

	return user && owner && !strcmp(user, owner);
}

struct tx *cli_tx(struct cli *c)
{
	unsigned char bytes[16];
	char *request_id;

	if (c->tx.db)
		return &c->tx;
	/* Connector/C lets a missing file pass and connects as whoever. */
	if (access(conf.db_option_file, R_OK)) {
		cli_say("%s: %s; %s", conf.db_option_file, strerror(errno), errno == EACCES
			? "run this as root or as the workers' account" : "run `thaw init` first, or set db_option_file");
		return NULL;
	}
	request_id = arena_alloc(c->arena, 2 * sizeof bytes + 1);
	random_bytes(bytes, sizeof bytes);
	hex_encode(bytes, sizeof bytes, request_id);
	c->who = (struct who){ .system = true, .name = actor(c->arena) };
	c->tx = (struct tx){ .db = cli_db(conf.db_option_file, conf.db_group), .arena = c->arena, .who = &c->who,
		.now = clock_now(), .request_id = request_id, .address = "", .user_agent = "thaw" };
	return &c->tx;
}

enum err cli_write(struct cli *c, enum err (*work)(void *), void *arg)
{
	c->tx.deadline = 0;                      /* each has its own */
	return tx_run(&c->tx, work, NULL, arg);
}

/* The only one there is; said if there is none, or which there are. */
static bool only_org(struct cli *c, struct id *out)
{
	static const struct column map[] = PICK_MAP(ORG_LIST_PICK, struct org);
	struct buf names = { .arena = c->arena };
	const struct org *all;
	struct db_rows r;
	enum err e;

	if ((e = tx_query(&c->tx, SQL_ORG_LIST, DB_NONE, &r))) {
		cli_failed(c, e);
		return false;
	}
	all = row_array(c->arena, &r, map, sizeof *all);
	if (r.n == 1)
		return *out = all[0].life.id, true;
	for (size_t i = 0; i < r.n && i < NAMES_SAID; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", all[i].name);
	if (r.n)
		cli_say("there is more than one organization (%s%s); choose one with --org or THAW_ORG", names.p, r.n > NAMES_SAID ? ", ..." : "");
	else
		cli_say("there is no organization yet; create one with `thaw org create NAME`");
	return false;
}

bool cli_org(struct cli *c, struct id *out)
{
	const char *which = cli_option(c, "--org");

	if (!which && (!(which = getenv("THAW_ORG")) || !*which))
		return cli_tx(c) && only_org(c, out);
	return cli_org_named(c, which, out);
}

bool cli_org_named(struct cli *c, const char *which, struct id *out)
{
	struct tx *tx = cli_tx(c);
	enum err e;

	if (!tx)
		return false;
	e = org_find(tx, which, out);
	if (e == ERR_DB_NONE)
		cli_say("unknown organization `%s`; run `thaw org list`", which);
	else if (e)
		cli_failed(c, e);
	return !e;
}

char *cli_password(struct cli *c, const char *option, bool *made)
{
	char line[PASSWORD_LINE + 2], *password = NULL;
	const char *fault;

	*made = !cli_option(c, option);
	if (*made)
		return passwd_generate(c->arena);
	if (!fgets(line, sizeof line, stdin)) {
		cli_say("%s: standard input is empty; give the password as its first line", option);
		return NULL;
	}
	line[strcspn(line, "\r\n")] = '\0';
	if (!utf8_valid(line, strlen(line)))
		cli_say("the password is not UTF-8 text");
	else if ((fault = password_fault(c->arena, line)))
		cli_say("a password %s", fault);
	else
		password = arena_strdup(c->arena, line);
	return password;
}

bool cli_word(const char *what, const char *s, size_t max, bool blanks)
{
	size_t n = strlen(s);
	bool ok = n && utf8_valid(s, n) && utf8_length(s) <= max && !name_fault(s) && (blanks || (!strchr(s, ' ') && !utf8_hides(s)));

	if (!ok)
		cli_say("%s must have 1 to %zu characters, no control characters, and no spaces%s", what, max,
			blanks ? " at either end" : " or what cannot be seen");
	return ok;
}

char *cli_read_file(struct arena *a, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct buf b = { .arena = a };
	char piece[4096];
	ssize_t n = -1;

	if (fd < 0)
		return NULL;
	buf_put(&b, "", 0);
	while (b.n < FILE_MAX && (n = read(fd, piece, sizeof piece)) > 0)
		buf_put(&b, piece, (size_t)n);
	close(fd);
	return n < 0 ? NULL : b.p;
}

int cli_write_file(const char *path, const char *text, unsigned uid, unsigned gid)
{
	if (!file_write(path, text, strlen(text), uid, gid, false))
		return 0;
	cli_say("%s: %s", path, strerror(errno));
	return -1;
}

void cli_parents(struct arena *a, const char *path)
{
	for (const char *s = *path ? strchr(path + 1, '/') : NULL; s; s = strchr(s + 1, '/'))
		(void)mkdir(arena_strndup(a, path, (size_t)(s - path)), 0755);
}

int cli_owner(struct arena *a, const char *path, unsigned *uid, unsigned *gid)
{
	size_t n = strlen(path);
	const struct passwd *pw;
	struct stat st;

	while (n > 1 && path[n - 1] == '/')
		n--;
	while (n && path[n - 1] != '/')
		n--;
	if (stat(n ? arena_strndup(a, path, n) : ".", &st))
		return cli_say("%s: %s", path, strerror(errno));
	*uid = st.st_uid;
	*gid = st.st_gid;
	if (st.st_uid == 0 && (pw = getpwnam("thaw"))) {
		*uid = pw->pw_uid;
		*gid = pw->pw_gid;
	}
	return 0;
}

int cli_key_dir(struct cli *c)
{
	unsigned uid, gid;
	struct stat st;

	if (!stat(conf.key_dir, &st))
		return 0;
	cli_parents(c->arena, conf.key_dir);
	if (cli_owner(c->arena, conf.key_dir, &uid, &gid))
		return CLI_FAILED;
	if ((mkdir(conf.key_dir, 0700) && errno != EEXIST) || (geteuid() == 0 && chown(conf.key_dir, uid, gid)))
		return cli_say("key_dir %s: %s", conf.key_dir, strerror(errno));
	return 0;
}

int cli_seal_key(struct cli *c)
{
	struct tx *tx = cli_tx(c);
	int64_t sealed;
	enum err e;

	if (!tx || cli_key_dir(c))
		return CLI_FAILED;
	if (seal_key_usable())
		return CLI_DONE;
	if ((e = tx_int(tx, SQL_SEALED_COUNT, DB_NONE, &sealed)))
		return cli_failed(c, e);
	if (sealed)
		return cli_say("%s/seal.key is missing or broken, and the secrets of webhook endpoints are encrypted with it; "
			"copy it from another node, or from the backup", conf.key_dir);
	return seal_key_make() ? CLI_FAILED : CLI_DONE;
}
