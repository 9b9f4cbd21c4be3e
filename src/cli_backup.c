/* cli_backup.c: `thaw backup`: one directory with all that a registry is: what mariadb-dump
 * tells of one moment of the database, while changes go on, the keys of key_dir, and a manifest
 * with the checksums of these, which is written last.  The directory has its name when it is
 * whole and not before. */
#include "cli_backup.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <openssl/evp.h>
#include "clock.h"
#include "conf.h"
#include "row.h"
#include "str.h"

extern char **environ;

enum { PIECE = 1 << 16, TAIL = 256, HEAD = 4096 };

bool backup_sum(const char *path, int64_t *size, char hex[65])
{
	unsigned char piece[PIECE], md[EVP_MAX_MD_SIZE];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned len = 0;
	ssize_t n = -1;
	bool good = fd >= 0 && ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL);

	*size = 0;
	while (good && (n = read(fd, piece, sizeof piece)) > 0) {
		good = EVP_DigestUpdate(ctx, piece, (size_t)n);
		*size += n;
	}
	good = good && !n && EVP_DigestFinal_ex(ctx, md, &len) && len == 32;
	EVP_MD_CTX_free(ctx);
	if (fd >= 0)
		close(fd);
	if (good)
		hex_encode(md, 32, hex);
	return good;
}

const char *backup_options(struct cli *c, const char *path)
{
	static const char *const keys[] = { "user", "password", "host", "port", "socket", "protocol", "ssl-ca", "ssl-capath", "ssl-cert", "ssl-key", "ssl-cipher" };
	const char *file = cli_owner_file(c->arena, false), *text = cli_read_file(c->arena, file), *database, *v;
	struct buf b = { .arena = c->arena };

	if (!text) {
		cli_say("%s: %s", file, strerror(errno));
		return NULL;
	}
	if (!(database = cli_option_file(c->arena, text, conf.db_migrate_group, "database"))) {
		cli_say("%s does not set a database in the group [%s]", file, conf.db_migrate_group);
		return NULL;
	}
	buf_puts(&b, "[client]\n");
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if ((v = cli_option_file(c->arena, text, conf.db_migrate_group, keys[i])))
			buf_printf(&b, "%s = \"%s\"\n", keys[i], v);
	return cli_write_file(path, b.p, geteuid(), getegid()) ? NULL : database;
}

int backup_run(char *const argv[], int in, int out)
{
	posix_spawn_file_actions_t acts;
	int bad, status = 0;
	pid_t pid;

	posix_spawn_file_actions_init(&acts);
	if (in >= 0)
		posix_spawn_file_actions_adddup2(&acts, in, STDIN_FILENO);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&acts, out, STDOUT_FILENO);
	bad = posix_spawnp(&pid, argv[0], &acts, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&acts);
	if (bad)
		return cli_say("%s: %s; install the database's client programs", argv[0], strerror(bad));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return cli_say("%s: %s", argv[0], strerror(errno));
	return status ? cli_say("%s failed", argv[0]) : 0;
}

/* ---- What is in it ---- */

struct backup { struct cli *c; const char *dir; struct json *files, *binlog; int64_t bytes; };

/* A file of the backup is on the disk: into the manifest. */
static int listed(struct backup *b, const char *name)
{
	const char *path = arena_printf(b->c->arena, "%s/%s", b->dir, name);
	struct json *o = js_object(b->c->arena);
	char hex[65];
	int64_t size;

	if (!backup_sum(path, &size, hex))
		return cli_say("%s: %s", path, strerror(errno));
	js_put_str(b->c->arena, o, "name", name);
	js_put_int(b->c->arena, o, "size", size);
	js_put_str(b->c->arena, o, "sha256", hex);
	js_add(b->files, o);
	b->bytes += size;
	return 0;
}

/* mariadb-dump ends its output with a line that says so. */
static bool whole(int fd)
{
	char tail[TAIL + 1];
	off_t end = lseek(fd, 0, SEEK_END), from = end > TAIL ? end - TAIL : 0;
	ssize_t n = end < 0 ? -1 : pread(fd, tail, TAIL, from);

	tail[n > 0 ? n : 0] = '\0';
	return strstr(tail, "-- Dump completed") != NULL;
}

/* Where the server's binary log goes on after the dump, as mariadb-dump says at its top. */
static void find_binlog(struct backup *b, int fd)
{
	char head[HEAD + 1], file[256];
	ssize_t n = pread(fd, head, HEAD, 0);
	const char *at;
	long long position;

	head[n > 0 ? n : 0] = '\0';
	if (!(at = strstr(head, "MASTER_LOG_FILE=")) || sscanf(at, "MASTER_LOG_FILE='%255[^']', MASTER_LOG_POS=%lld", file, &position) != 2)
		return;
	b->binlog = js_object(b->c->arena);
	js_put_str(b->c->arena, b->binlog, "file", file);
	js_put_int(b->c->arena, b->binlog, "position", position);
}

static int dump(struct backup *b)
{
	char *options = arena_printf(b->c->arena, "%s/client.cnf", b->dir), *file = arena_printf(b->c->arena, "--defaults-file=%s", options);
	const char *path = arena_printf(b->c->arena, "%s/" BACKUP_DUMP, b->dir), *database = backup_options(b->c, options);
	char program[] = "mariadb-dump", one[] = "--single-transaction", quick[] = "--quick", spaces[] = "--no-tablespaces", locks[] = "--skip-lock-tables",
		hex[] = "--hex-blob", set[] = "--default-character-set=utf8mb4", packet[] = "--max-allowed-packet=1G", drop[] = "--skip-add-drop-table",
		binlog[] = "--master-data=2", *name = database ? arena_strdup(b->c->arena, database) : NULL;
	char *argv[] = { program, file, one, quick, spaces, locks, hex, set, packet, drop, name, NULL, NULL };
	int64_t logs = 0;
	enum err e;
	int fd, bad;

	if (!database)
		return CLI_FAILED;
	if ((e = tx_int(&b->c->tx, SQL_BINLOG, DB_NONE, &logs)))
		return cli_failed(b->c, e);
	if (logs) {
		argv[10] = binlog;
		argv[11] = name;
	}
	if ((fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0)
		return cli_say("%s: %s", path, strerror(errno));
	bad = backup_run(argv, -1, fd);
	unlink(options);
	if (!bad && !whole(fd))
		bad = cli_say("%s is incomplete", path);
	if (!bad && fsync(fd))
		bad = cli_say("%s: %s", path, strerror(errno));
	if (!bad)
		find_binlog(b, fd);
	close(fd);
	return bad ? bad : listed(b, BACKUP_DUMP);
}

static int keys(struct backup *b)
{
	const char *to = arena_printf(b->c->arena, "%s/" BACKUP_KEYS, b->dir);
	DIR *dir = opendir(conf.key_dir);
	const struct dirent *d;
	int bad = 0;

	if (!dir || mkdir(to, 0700))
		bad = cli_say("%s: %s", dir ? to : conf.key_dir, strerror(errno));
	while (!bad && (d = readdir(dir))) {
		const char *from = arena_printf(b->c->arena, "%s/%s", conf.key_dir, d->d_name), *text;
		struct stat st;

		if (*d->d_name == '.' || stat(from, &st) || !S_ISREG(st.st_mode))
			continue;
		if (!(text = cli_read_file(b->c->arena, from)))
			bad = cli_say("%s: %s", from, strerror(errno));
		else if (!(bad = cli_write_file(arena_printf(b->c->arena, "%s/%s", to, d->d_name), text, geteuid(), getegid())))
			bad = listed(b, arena_printf(b->c->arena, BACKUP_KEYS "/%s", d->d_name));
	}
	if (dir)
		closedir(dir);
	return bad;
}

static int manifest(struct backup *b, int64_t point, struct json *o)
{
	struct arena *a = b->c->arena;
	int64_t schema;
	enum err e = tx_int(&b->c->tx, SQL_SCHEMA_VERSION, DB_NONE, &schema);

	if (e)
		return cli_failed(b->c, e);
	js_put_int(a, o, "format", BACKUP_FORMAT);
	js_put_str(a, o, "version", PACKAGE_VERSION);
	js_put_int(a, o, "schema", schema);
	js_put_str(a, o, "point", clock_iso(a, point, TIME_MICROS));
	if (b->binlog)
		js_put(o, "binlog", b->binlog);
	js_put(o, "files", b->files);
	return cli_write_file(arena_printf(a, "%s/" BACKUP_MANIFEST, b->dir), js_pretty(o), geteuid(), getegid());
}

/* What a backup that failed leaves. */
static void discard(struct backup *b)
{
	const char *keys = arena_printf(b->c->arena, "%s/" BACKUP_KEYS, b->dir);
	DIR *dir = opendir(keys);
	const struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (*d->d_name != '.')
			unlink(arena_printf(b->c->arena, "%s/%s", keys, d->d_name));
	if (dir)
		closedir(dir);
	rmdir(keys);
	unlink(arena_printf(b->c->arena, "%s/client.cnf", b->dir));
	unlink(arena_printf(b->c->arena, "%s/" BACKUP_DUMP, b->dir));
	unlink(arena_printf(b->c->arena, "%s/" BACKUP_MANIFEST, b->dir));
	rmdir(b->dir);
}

int cmd_backup(struct cli *c)
{
	const char *to = c->args[0];
	struct backup b = { .c = c, .dir = arena_printf(c->arena, "%s.partial", to), .files = js_array(c->arena) };
	struct json *o = js_object(c->arena);
	int64_t point;
	int bad;

	if (!cli_tx(c))
		return CLI_FAILED;
	if (!access(to, F_OK))
		return cli_say("%s already exists; choose a directory that does not", to);
	if (mkdir(b.dir, 0700))
		return cli_say("%s: %s%s", b.dir, strerror(errno), errno == EEXIST ? "; another backup is running, or one was interrupted: in that case, remove this directory" : "");
	/* Before the dump's own transaction begins: whatever was acknowledged until now is in it. */
	point = clock_now();
	bad = dump(&b) || keys(&b) || manifest(&b, point, o);
	if (!bad && rename(b.dir, to))
		bad = cli_say("%s: %s", to, strerror(errno));
	if (bad) {
		discard(&b);
		return CLI_FAILED;
	}
	js_put_str(c->arena, o, "directory", to);
	cli_result(c, o, arena_printf(c->arena, "%s has every change that was acknowledged before %s: %lld bytes. It contains keys: keep it as safe as key_dir.", to,
		clock_iso(c->arena, point, TIME_SECONDS), (long long)b.bytes));
	return CLI_DONE;
}
