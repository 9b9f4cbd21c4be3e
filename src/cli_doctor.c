/* cli_doctor.c: `thaw doctor`: what must be right for the service to keep its
 * promises, a line for each: ok, a warning, or a problem with what to do about it.
 * It only looks; nothing is changed. */
#include "cli_doctor.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "conf.h"
#include "dialects.h"
#include "metrics.h"
#include "seal.h"
#include "str.h"
#include "tables.h"
#include "token.h"

/* A file or directory of secrets: there, and nobody else's business. */
static bool secret(struct doctor *d, const char *check, const char *path, mode_t type, const char *remedy, struct stat *st)
{
	if (stat(path, st))
		doctor_say(d, PROBLEM, check, arena_printf(d->a, "%s: %s; %s", path, strerror(errno), remedy));
	else if ((st->st_mode & S_IFMT) != type)
		doctor_say(d, PROBLEM, check, arena_printf(d->a, "%s is not a %s", path, type == S_IFDIR ? "directory" : "file"));
	else if (st->st_mode & 077)
		doctor_say(d, PROBLEM, check, arena_printf(d->a, "%s can be used by others (mode %03o); chmod %s %s", path,
			(unsigned)st->st_mode & 0777, type == S_IFDIR ? "700" : "600", path));
	else if (access(path, type == S_IFDIR ? R_OK | X_OK : R_OK))
		doctor_say(d, PROBLEM, check, arena_printf(d->a, "%s: %s; run this as root or as the workers' account", path,
			strerror(errno)));
	else
		return true;
	return false;
}

static bool check_configuration(struct doctor *d)
{
	if (d->c->conf_error) {
		doctor_say(d, PROBLEM, "configuration", d->c->conf_error);
		return false;
	}
	doctor_say(d, FINE, "configuration", *conf_file() ? conf_file() : "no file; the defaults apply");
	if (!tables_whole(dialects))
		doctor_say(d, PROBLEM, "tables", "the program's own tables are incomplete (see above); this build is broken");
	return true;
}

static void check_files(struct doctor *d)
{
	struct stat options, keys, run;
	bool a = secret(d, "option file", conf.db_option_file, S_IFREG, "run `thaw init`", &options);
	bool b = secret(d, "key_dir", conf.key_dir, S_IFDIR, "run `thaw signing-key create`", &keys);

	if (a)
		doctor_say(d, FINE, "option file", conf.db_option_file);
	if (b && a && keys.st_uid != options.st_uid)
		doctor_say(d, WARNING, "key_dir", arena_printf(d->a, "%s and %s have different owners; the workers' account must own both",
			conf.key_dir, conf.db_option_file));
	else if (b)
		doctor_say(d, FINE, "key_dir", conf.key_dir);
	if (stat(conf.run_dir, &run)) {
		doctor_say(d, WARNING, "run_dir", arena_printf(d->a, "%s: %s; the workers create it if they can (systemd does it for them), "
			"otherwise rate limits are off", conf.run_dir, strerror(errno)));
	} else if (secret(d, "run_dir", conf.run_dir, S_IFDIR, "", &run)) {
		if (a && run.st_uid != options.st_uid)
			doctor_say(d, WARNING, "run_dir", arena_printf(d->a, "%s and %s have different owners; the workers' account must own both",
				conf.run_dir, conf.db_option_file));
		else
			doctor_say(d, FINE, "run_dir", conf.run_dir);
	}
}

/* Key files of key_dir, by their names. */
static size_t key_files(void)
{
	static const char *const ends[] = { ".ES256.pem", ".RS256.pem", ".HS256.key" };
	DIR *dir = opendir(conf.key_dir);
	struct dirent *e;
	size_t n = 0;

	while (dir && (e = readdir(dir)))
		for (int i = 0; i < 3; i++) {
			size_t len = strlen(e->d_name), end = strlen(ends[i]);

			n += *e->d_name != '.' && len > end && !strcmp(e->d_name + len - end, ends[i]);
		}
	if (dir)
		closedir(dir);
	return n;
}

static void check_keys(struct doctor *d)
{
	size_t n = 0, files = key_files();
	struct key_info *keys;
	const char *kid = NULL;

	if (!files) {
		doctor_say(d, PROBLEM, "signing key", "not found; run `thaw signing-key create`");
		return;
	}
	(void)keys_list(d->a, &keys, &n);
	for (size_t i = 0; i < n; i++)
		if (keys[i].active)
			kid = keys[i].kid;
	if (n < files)
		doctor_say(d, PROBLEM, "signing key", arena_printf(d->a, "%zu of the %zu key files in %s cannot be used; check their "
			"owner and content, or remove them", files - n, files, conf.key_dir));
	if (!kid)
		doctor_say(d, PROBLEM, "signing key", arena_printf(d->a, "none is active: %s/active does not match a key; run "
			"`thaw signing-key rotate`", conf.key_dir));
	else if (n == files)
		doctor_say(d, FINE, "signing key", arena_printf(d->a, "%s signs; %zu accepted", kid, n));
}

/* The key that webhook secrets are sealed under. */
static void check_seal(struct doctor *d)
{
	const char *path = arena_printf(d->a, "%s/seal.key", conf.key_dir);
	struct stat key, dir;

	if (stat(conf.key_dir, &dir)             /* told already */
	    || !secret(d, "seal key", path, S_IFREG, "copy it from another node or a backup; if there never was one, "
			"run `thaw migrate`", &key))
		return;
	if (!seal_key_usable())
		doctor_say(d, PROBLEM, "seal key", arena_printf(d->a, "%s is not a valid key file; copy it from another node or a backup", path));
	else if (key.st_uid != dir.st_uid)
		doctor_say(d, WARNING, "seal key", arena_printf(d->a, "%s and %s have different owners; the workers' account must own both",
			path, conf.key_dir));
	else
		doctor_say(d, FINE, "seal key", path);
}

static void check_schema(struct doctor *d)
{
	const char *is = doctor_ask(d, "SELECT COALESCE(MAX(version), 0) FROM schema_versions"), *collation;
	int64_t version;

	if (!is || !parse_int(is, 0, INT32_MAX, &version))
		doctor_say(d, PROBLEM, "schema", arena_printf(d->a, "not found (%s); run `thaw migrate`", db_error(d->db)));
	else if (version < SCHEMA_MIN)
		doctor_say(d, PROBLEM, "schema", arena_printf(d->a, "version %s is too old; run `thaw migrate`", is));
	else if (version > SCHEMA_MAX)
		doctor_say(d, PROBLEM, "schema", arena_printf(d->a, "version %s is newer than this program supports (%d); install the newer program",
			is, SCHEMA_MAX));
	else
		doctor_say(d, version < SCHEMA_MAX ? WARNING : FINE, "schema", arena_printf(d->a, "version %s%s", is,
			version < SCHEMA_MAX ? "; run `thaw migrate` to update it" : ""));
	collation = doctor_ask(d, "SELECT @@collation_database");
	if (collation && !strcmp(collation, "utf8mb4_bin"))
		doctor_say(d, FINE, "character set", collation);
	else
		doctor_say(d, PROBLEM, "character set", arena_printf(d->a, "the database uses %s, not utf8mb4_bin: names would be compared "
			"wrongly; create it again", collation ? collation : "none"));
}

/* Rows that were written stay as they are when this account cannot change them.  Asked
 * of the server itself, since a right may come by a role, a wildcard or a column. */
static void check_audit(struct doctor *d)
{
	static const char *const tries[] = {
		"UPDATE audit_events SET action = action WHERE 1 = 0", "DELETE FROM audit_events WHERE 1 = 0",
	};
	const char *remedy = "run `thaw init` with an account that can create accounts, to set up two";

	for (int i = 0; i < 2; i++) {
		if (db_script(d->db, tries[i])) {
			if (db_code(d->db) == 1142 || db_code(d->db) == 1143)
				continue;
			doctor_say(d, PROBLEM, "audit", db_error(d->db));
			return;
		}
		doctor_say(d, d->shared ? WARNING : PROBLEM, "audit", arena_printf(d->a, "the service's account can %.6s audit rows; %s",
			tries[i], d->shared ? remedy : "revoke that privilege, and run `thaw migrate` for the grants it needs"));
		return;
	}
	doctor_say(d, FINE, "audit", "the service's account cannot change or delete audit rows");
}

/* A key of this node's own making does not open what the others sealed. */
static void check_sealed(struct doctor *d)
{
	const char *hex = doctor_ask(d, "SELECT LOWER(HEX(secret)) FROM webhook_endpoints WHERE status <> 'deleted' ORDER BY id DESC LIMIT 1");
	size_t n = hex ? strlen(hex) / 2 : 0;
	unsigned char *sealed = arena_alloc(d->a, n + 1);

	if (n && hex_decode(hex, n, sealed) && seal_key_usable() && !seal_open_secret(d->a, sealed, n))
		doctor_say(d, PROBLEM, "seal key", arena_printf(d->a, "%s/seal.key does not open the webhook secrets of this database; copy "
			"it from another node or a backup, or rotate the secrets", conf.key_dir));
}

/* What requests asked for and no builder takes. */
static void check_builds(struct doctor *d)
{
	const char *n = doctor_ask(d, "SELECT IF(EXISTS (SELECT 1 FROM jobs WHERE leased_until >= UTC_TIMESTAMP(6)), 0, COUNT(*)) FROM jobs "
		"WHERE due_at < UTC_TIMESTAMP(6) - INTERVAL 1 MINUTE");

	if (!n)                                  /* an older schema, told already */
		return;
	if (strcmp(n, "0"))
		doctor_say(d, WARNING, "builds", arena_printf(d->a, "%s model package%s been waiting for more than a minute to be built, and no builder is running; "
			"start `thaw build --follow` (thaw-build.service)", n, strcmp(n, "1") ? "s have" : " has"));
	else
		doctor_say(d, FINE, "builds", "no model packages are waiting");
}

static void check_database(struct doctor *d)
{
	if (access(conf.db_option_file, R_OK))   /* told already */
		return;
	d->shared = cli_one_account(d->a);
	d->db = cli_db(conf.db_option_file, conf.db_group);
	if (db_connect(d->db)) {
		doctor_say(d, PROBLEM, "database", arena_printf(d->a, "cannot be reached (%s); is the server running, and is group [%s] in "
			"%s correct?", db_error(d->db), conf.db_group, conf.db_option_file));
	} else if (doctor_cluster(d)) {
		doctor_say(d, FINE, "database", doctor_ask(d, "SELECT CONCAT(CURRENT_USER(), ', ', VERSION())"));
		check_schema(d);
		doctor_server(d);
		check_audit(d);
		check_sealed(d);
		check_builds(d);
		doctor_services(d);
	}
	db_free(d->db);
}

static void check_metrics(struct doctor *d)
{
	const char *fault = metrics_fault(d->a);
	struct stat st;

	if (fault)
		doctor_say(d, PROBLEM, "metrics", fault);
	else if (!metrics_on())
		doctor_say(d, FINE, "metrics", "/metrics is off; set metrics_token_file or metrics_networks to turn it on");
	else if (!*conf.metrics_token_file || secret(d, "metrics", conf.metrics_token_file, S_IFREG, "", &st))
		doctor_say(d, FINE, "metrics", "/metrics answers the clients that the settings allow");
}

static void check_sql_dir(struct doctor *d)
{
	const char *path = arena_printf(d->a, "%s/grants.sql", conf.sql_dir);

	if (access(path, R_OK))
		doctor_say(d, PROBLEM, "sql_dir", arena_printf(d->a, "%s: %s; `thaw migrate` needs it; check the setting sql_dir", path,
			strerror(errno)));
	else
		doctor_say(d, FINE, "sql_dir", conf.sql_dir);
}

int cmd_doctor(struct cli *c)
{
	struct doctor d = { .c = c, .a = c->arena, .rows = js_array(c->arena) };

	if (check_configuration(&d)) {
		check_files(&d);
		check_keys(&d);
		check_seal(&d);
		check_metrics(&d);
		check_sql_dir(&d);
		check_database(&d);
	}
	if (c->json) {
		cli_json(d.rows);
	} else {
		for (size_t i = 0; i < js_length(d.rows); i++) {
			struct json *v[3];

			js_get(js_at(d.rows, i), "result", &v[0]);
			js_get(js_at(d.rows, i), "check", &v[1]);
			js_get(js_at(d.rows, i), "text", &v[2]);
			cli_line(arena_printf(d.a, "%-8s %-14s %s", js_str(v[0]), js_str(v[1]), js_str(v[2])));
		}
	}
	return d.problem ? CLI_FOUND : CLI_DONE;
}
