/* cli_restore.c: `thaw restore`: a backup made by `thaw backup` into an empty database and a
 * key_dir without keys.  First everything is checked, against the manifest and here; what is
 * there already is never replaced. */
#include "cli_backup.h"
#include "cli_init.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "conf.h"
#include "db.h"
#include "str.h"

enum { VALUES = 100000 };

struct restore { struct cli *c; const char *dir; struct json *manifest, *files; int64_t schema; };

/* ---- The backup itself ---- */

static bool plain_name(const char *s)
{
	return *s && *s != '/' && !strstr(s, "..");
}

/* What is there, but no file (or directory) of its own: a link leads elsewhere, and a pipe has no end. */
static int other_than(const char *path, bool directory)
{
	struct stat st;

	return !lstat(path, &st) && !(directory ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode))
		? cli_say("%s is not a %s; a backup has no links and no pipes, so copy it again, or use another", path, directory ? "directory" : "regular file") : 0;
}

static int read_manifest(struct restore *r)
{
	const char *path = arena_printf(r->c->arena, "%s/" BACKUP_MANIFEST, r->dir), *text;
	struct json *v;
	int64_t format = 0;

	if (other_than(path, false))
		return CLI_FAILED;
	if (!(text = cli_read_file(r->c->arena, path)))
		return cli_say("%s: %s; a backup is a directory made by `thaw backup`", path, strerror(errno));
	r->manifest = js_read(r->c->arena, text);
	if (js_type(r->manifest) == JS_OBJECT && js_get(r->manifest, "format", &v) && js_type(v) == JS_INT)
		format = js_int(v);
	if (format != BACKUP_FORMAT || !js_get(r->manifest, "files", &r->files) || js_type(r->files) != JS_ARRAY || !js_get(r->manifest, "schema", &v)
	    || js_type(v) != JS_INT)
		return cli_say("%s is not a manifest that this program supports", path);
	r->schema = js_int(v);
	return r->schema > SCHEMA_MAX ? cli_say("the backup has schema version %lld, which is newer than this program supports (%d); install the newer program",
		(long long)r->schema, SCHEMA_MAX) : 0;
}

/* Every file that the manifest names is there as it was. */
static int check(struct restore *r)
{
	bool dumped = false;

	if (other_than(arena_printf(r->c->arena, "%s/" BACKUP_KEYS, r->dir), true))
		return CLI_FAILED;
	for (size_t i = 0; i < js_length(r->files); i++) {
		const struct json *f = js_at(r->files, i);
		const char *name = js_text_of(f, "name"), *sum = js_text_of(f, "sha256"), *path;
		int64_t size;
		char hex[65];

		if (!name || !sum || !plain_name(name))
			return cli_say("the manifest of %s is broken", r->dir);
		path = arena_printf(r->c->arena, "%s/%s", r->dir, name);
		if (other_than(path, false))
			return CLI_FAILED;
		if (!backup_sum(path, &size, hex))
			return cli_say("%s: %s", path, strerror(errno));
		if (strcmp(hex, sum))
			return cli_say("%s is damaged: its checksum does not match the manifest; use another backup", path);
		dumped = dumped || !strcmp(name, BACKUP_DUMP);
	}
	return dumped ? 0 : cli_say("the manifest of %s does not list " BACKUP_DUMP, r->dir);
}

/* ---- What it goes into ---- */

static int empty_database(struct restore *r)
{
	const char *owner = cli_owner_file(r->c->arena, false), *n;
	struct db *db = cli_db(owner, conf.db_migrate_group);
	int bad = 0;

	if (db_connect(db) || !(n = db_ask(db, r->c->arena, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()")))
		bad = cli_say("the database cannot be reached (%s); the account is in %s, group [%s]", db_error(db), owner, conf.db_migrate_group);
	else if (strcmp(n, "0"))
		bad = cli_say("the database has %s tables; `thaw restore` needs an empty one: choose another, or drop this one first", n);
	db_free(db);
	return bad;
}

static int no_keys(const struct restore *r)
{
	DIR *dir = opendir(conf.key_dir);
	const struct dirent *d;
	int bad = 0;

	(void)r;
	while (dir && !bad && (d = readdir(dir)))
		if (*d->d_name != '.')
			bad = cli_say("key_dir %s contains %s; `thaw restore` needs an empty directory, so that no key is lost", conf.key_dir, d->d_name);
	if (dir)
		closedir(dir);
	return bad;
}

/* ---- Into it ---- */

static int fill(struct restore *r)
{
	struct arena *a = r->c->arena;
	char *options = arena_printf(a, "%s/.restore-%ld.cnf", conf.key_dir, (long)getpid()), *file = arena_printf(a, "--defaults-file=%s", options);
	const char *path = arena_printf(a, "%s/" BACKUP_DUMP, r->dir), *database = backup_options(r->c, options);
	char program[] = "mariadb", set[] = "--default-character-set=utf8mb4", packet[] = "--max-allowed-packet=1G";
	/* A dump is SQL; the client also takes commands that run programs, and a dump may come from a place that others write to. */
	char sandbox[] = "--sandbox";
	static const char *const programs[] = { "EDITOR", "VISUAL", "PAGER" };
	char *argv[] = { program, file, sandbox, set, packet, NULL, NULL };
	int fd, bad;

	if (!database)
		return CLI_FAILED;
	/* These it starts nevertheless. */
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
		if (setenv(programs[i], "/bin/false", 1))
			return cli_say("%s: %s", programs[i], strerror(errno));
	argv[5] = arena_strdup(a, database);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		bad = cli_say("%s: %s", path, strerror(errno));
	else
		bad = backup_run(argv, fd, -1);
	unlink(options);
	if (fd >= 0)
		close(fd);
	return bad ? cli_say("the database was not restored: drop it, create an empty one, and restore again") : 0;
}

static int put_keys(struct restore *r)
{
	struct arena *a = r->c->arena;
	struct stat st;

	if (stat(conf.key_dir, &st))
		return cli_say("key_dir %s: %s", conf.key_dir, strerror(errno));
	for (size_t i = 0; i < js_length(r->files); i++) {
		const char *name = js_text_of(js_at(r->files, i), "name"), *text;

		if (strncmp(name, BACKUP_KEYS "/", sizeof BACKUP_KEYS) || strchr(name + sizeof BACKUP_KEYS, '/'))
			continue;
		if (!(text = cli_read_file(a, arena_printf(a, "%s/%s", r->dir, name))))
			return cli_say("%s/%s: %s", r->dir, name, strerror(errno));
		if (cli_write_file(arena_printf(a, "%s/%s", conf.key_dir, name + sizeof BACKUP_KEYS), text, st.st_uid, st.st_gid))
			return CLI_FAILED;
	}
	return 0;
}

int cmd_restore(struct cli *c)
{
	struct restore r = { .c = c, .dir = c->args[0] };
	struct init in = { .c = c, .a = c->arena, .notes = js_array(c->arena), .database = cli_option(c, "--database") };
	struct json *o = js_object(c->arena);
	const char *point;

	if (read_manifest(&r) || check(&r))
		return CLI_FAILED;
	point = js_text_of(r.manifest, "point");
	js_put_str(c->arena, o, "directory", r.dir);
	js_put_str(c->arena, o, "point", point);
	if (cli_option(c, "--check")) {
		cli_result(c, o, arena_printf(c->arena, "%s is complete: %zu files, as of %s.", r.dir, js_length(r.files), point));
		return CLI_DONE;
	}
	if (!in.database)
		in.database = "thaw";
	if (!init_database_name(in.database))
		return CLI_FAILED;
	cli_parents(c->arena, conf.db_option_file);
	if (no_keys(&r) || init_database(&in) || empty_database(&r) || cli_key_dir(c) || fill(&r) || put_keys(&r) || cli_migrate(c, in.notes))
		return CLI_FAILED;
	js_put(o, "done", in.notes);
	cli_result(c, o, arena_printf(c->arena, "Restored as of %s. Run `thaw doctor` and `thaw audit verify`, then start the workers.", point));
	return CLI_DONE;
}
