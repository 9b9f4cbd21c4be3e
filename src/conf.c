/* conf.c: see conf.h. */
#define _GNU_SOURCE
#include "conf.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "str.h"

struct conf conf;

const struct conf_row conf_rows[] = {
#define CONF(name, type, def, help) { #name, #type, def, help, offsetof(struct conf, name) },
#include "conf.def"
#undef CONF
	{ 0 }
};

static char used[4096];

const char *conf_file(void)
{
	return used;
}

bool conf_number(const struct conf_row *row)
{
	return !strcmp(row->type, "INT") || !strcmp(row->type, "SECONDS");
}

/* Fifty years: so long ago there is a time still, from 1970 on, and none of now and so much more is too large. */
enum { SECONDS_MOST = 50 * 365 * 86400 };

static int set(const struct conf_row *row, const char *value)
{
	char *at = (char *)&conf + row->off;

	if (!strcmp(row->type, "STR")) {
		char *copy = strdup(value);

		if (!copy)
			abort();
		free(*(char **)(void *)at);
		memcpy(at, &copy, sizeof copy);  /* lives as long as the process */
	} else if (conf_number(row)) {
		int64_t v;

		if (!parse_int(value, 0, INT64_C(1) << 53, &v))
			return -1;
		if (strcmp(row->type, "INT") && v > SECONDS_MOST)
			v = SECONDS_MOST;
		memcpy(at, &v, sizeof v);
	} else {
		bool v = !strcmp(value, "on");

		if (!v && strcmp(value, "off"))
			return -1;
		memcpy(at, &v, sizeof v);
	}
	return 0;
}

static const char *wanted(const struct conf_row *row)
{
	return conf_number(row) ? "a whole number" : "on or off";
}

static int set_line(char *line, const char *file, int number, char *err, size_t n)
{
	const struct conf_row *row;
	char *name = line + strspn(line, " \t\r\n"), *eq, *end, *hash, *value;

	if (!*name || *name == '#')
		return 0;
	if (!(eq = strchr(name, '='))) {
		snprintf(err, n, "%s:%d: expected `name = value`", file, number);
		return -1;
	}
	for (end = eq; end > name && isblank((unsigned char)end[-1]); end--)
		;
	*end = '\0';
	value = eq + 1 + strspn(eq + 1, " \t");
	/* A comment, behind a blank; in a word it is a part of that. */
	for (hash = strchr(value, '#'); hash && !isblank((unsigned char)hash[-1]); hash = strchr(hash + 1, '#'))
		;
	if (hash)
		*hash = '\0';
	for (end = value + strlen(value); end > value && isspace((unsigned char)end[-1]); end--)
		;
	*end = '\0';
	for (row = conf_rows; row->name && strcmp(row->name, name); row++)
		;
	if (!row->name) {
		snprintf(err, n, "%s:%d: unknown setting `%s`; `thaw tables config` lists them", file, number, name);
		return -1;
	}
	if (set(row, value)) {
		snprintf(err, n, "%s:%d: `%s` must be %s", file, number, name, wanted(row));
		return -1;
	}
	return 0;
}

static int read_file(const char *file, bool must, char *err, size_t n)
{
	char *line = NULL;
	size_t cap = 0;
	int number = 0, bad = 0;
	FILE *f = fopen(file, "re");

	if (!f) {
		if (!must && errno == ENOENT)
			return 0;
		snprintf(err, n, "%s: %s; set the configuration file with --config or THAW_CONFIG", file, strerror(errno));
		return -1;
	}
	snprintf(used, sizeof used, "%s", file);
	while (!bad && getline(&line, &cap, f) >= 0)
		bad = set_line(line, file, ++number, err, n);
	free(line);
	fclose(f);
	return bad;
}

bool conf_issuer_url(void)
{
	const char *s = conf.issuer;
	const size_t n = strlen(s), scheme = !strncmp(s, "https://", 8) ? 8 : !strncmp(s, "http://", 7) ? 7 : n;

	return scheme < n && s[scheme] != '/' && s[n - 1] != '/' && !strpbrk(s, "?# \"\\<>");
}

int conf_load(const char *file, char *err, size_t n)
{
	const struct conf_row *row;
	bool named = true;

	for (row = conf_rows; row->name; row++)
		if (set(row, row->def))
			abort();
	if (!file && !(file = getenv("THAW_CONFIG"))) {
		file = THAW_SYSCONFDIR "/thaw.conf";
		named = false;
	}
	if (read_file(file, named, err, n))
		return -1;
	for (row = conf_rows; row->name; row++) {
		char name[64] = "THAW_";
		const char *value;

		for (size_t i = 0; row->name[i] && i < sizeof name - 6; i++)
			name[5 + i] = (char)toupper((unsigned char)row->name[i]);
		if ((value = getenv(name)) && set(row, value)) {
			snprintf(err, n, "%s in the environment must be %s", name, wanted(row));
			return -1;
		}
	}
	if (conf.attempt_retention < 86400) {
		snprintf(err, n, "attempt_retention must be at least 86400 (a day), since an idempotency key holds for so long");
		return -1;
	}
	if (strstr(conf.issuer, "://") && !conf_issuer_url()) {
		snprintf(err, n, "issuer must be a word, or an address of http:// or https:// without query, fragment and slash at its end");
		return -1;
	}
	if (*conf.base_path && (*conf.base_path != '/' || conf.base_path[strlen(conf.base_path) - 1] == '/')) {
		snprintf(err, n, "base_path must be empty or begin with a slash and not end with one");
		return -1;
	}
	return 0;
}
