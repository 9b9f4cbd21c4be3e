/* cli.c: the administrator's command `thaw`: its help, which command is meant, and how it is
 * run.  The commands are in cli.def. */
#include "cli_grammar.h"
#include <stdio.h>
#include <string.h>
#include "conf.h"

enum { LINE_AT = 22 };

#define COMMAND(usage, line, help, run, bare) { usage, line, help, run, bare },
#define GROUP(heading) { NULL, heading, NULL, NULL, true },
static const struct command commands[] = {
#include "cli.def"
};
enum { COMMANDS = sizeof commands / sizeof *commands };

/* --- help --------------------------------------------------------------------- */

static void wrap(FILE *f, const char *text)
{
	size_t col = 0;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (col && col + 1 + n > 78) {
			fputc('\n', f);
			col = 0;
		}
		col += (size_t)fprintf(f, "%s%.*s", col ? " " : "  ", (int)n, text);
		text += n + strspn(text + n, " ");
	}
	fputc('\n', f);
}

static void help_one(const struct command *row)
{
	printf("usage: thaw [--config FILE] [--json] %s\n\n  %s.\n\n", row->usage, row->line);
	wrap(stdout, row->help);
}

/* Rows that begin with the word, a line each; for "" all of them, in their groups. */
static int help_group(FILE *f, const char *word)
{
	size_t n = strlen(word);
	int found = 0;

	for (int i = 0; i < COMMANDS; i++) {
		const struct command *row = &commands[i];
		const char *s = row->usage;
		int name;

		if (!s && !n)
			fprintf(f, "\n%s\n", row->line);
		if (!s || (n && (strncmp(s, word, n) || (s[n] && s[n] != ' '))))
			continue;
		name = (int)cli_name_length(row);
		fprintf(f, "  thaw %.*s%*s%s\n", name, s, name + 2 < LINE_AT ? LINE_AT - name : 2, "", row->line);
		found++;
	}
	return found;
}

static void help_all(FILE *f)
{
	fprintf(f, "usage: thaw [--config FILE] [--json] COMMAND ...\n\nThaw %s, a model registry. `thaw COMMAND --help` explains a command.\n", PACKAGE_VERSION);
	help_group(f, "");
	fprintf(f, "\nThe configuration is FILE, or $THAW_CONFIG, or %s/thaw.conf.\n"
		"The organization is the one in --org, or in $THAW_ORG, or the only one.\n"
		"Exit codes: 0 success, 1 failure, 2 wrong usage, 3 a check found a problem.\n", THAW_SYSCONFDIR);
}

/* The row whose name the words begin with; *words is how many it has. */
static const struct command *find(char **argv, int *words)
{
	for (int i = 0; i < COMMANDS && argv[0]; i++) {
		const struct command *row = &commands[i];
		const char *s = row->usage;
		size_t n = s ? cli_name_length(row) : 0, m = s ? strcspn(s, " ") : 0;

		if (!m || strlen(argv[0]) != m || strncmp(argv[0], s, m))
			continue;
		*words = 1;
		if (m == n)
			return row;
		*words = 2;
		if (argv[1] && strlen(argv[1]) == n - m - 1 && !strncmp(argv[1], s + m + 1, n - m - 1))
			return row;
	}
	return NULL;
}

/* --- running -------------------------------------------------------------------- */

static int run(struct cli *c, const struct command *row, const char *config)
{
	static char error[4500];
	int rc;

	if (conf_load(config, error, sizeof error)) {
		if (!row->bare)
			return cli_say("%s", error);
		c->conf_error = error;
	}
	/* The log is the workers': root must not make its file, and what is logged of
	 * the database is said by cli_failed() in plain words. */
	c->log_file = conf.log_file;
	conf.log_file = "/dev/null";
	rc = row->run(c);
	conf.log_file = c->log_file;
	if (fflush(stdout) || ferror(stdout))
		return cli_say("the output could not be written");
	return rc;
}

/* Do commands begin with this word, that is none itself? */
static bool is_group(const char *word)
{
	const size_t n = strlen(word);

	for (int i = 0; i < COMMANDS; i++)
		if (commands[i].usage && !strncmp(commands[i].usage, word, n) && commands[i].usage[n] == ' ')
			return true;
	return false;
}

/* The command that was meant by words that are none; NULL: none is near.  Each word has to be
 * near by itself: `project list` is no `role list`, nor `user frob` a `user role`. */
static const char *meant(struct arena *a, char **argv)
{
	struct nearest one = cli_nearest(argv[0]), two = cli_nearest(argv[1] ? arena_printf(a, "%s %s", argv[0], argv[1]) : "");

	for (int i = 0; i < COMMANDS; i++) {
		const char *s = commands[i].usage, *first = s ? arena_strndup(a, s, strcspn(s, " ")) : "";
		struct nearest begins = cli_nearest(argv[0]), ends = cli_nearest(argv[1] ? argv[1] : "");
		const char *name = s ? arena_strndup(a, s, cli_name_length(&commands[i])) : "";

		if (!s)
			continue;
		cli_nearer(&one, first);
		cli_nearer(&begins, first);
		cli_nearer(&ends, name + strlen(first) + (name[strlen(first)] == ' '));
		if (begins.word && ends.word)
			cli_nearer(&two, name);
	}
	return argv[1] && two.word ? two.word : one.distance ? one.word : NULL;
}

/* What is left to say when no row was meant: help, or what is wrong. */
static int no_command(struct arena *a, char **argv, bool help)
{
	const char *word;

	if (!argv[0]) {
		help_all(help ? stdout : stderr);
		return help ? CLI_DONE : CLI_USAGE;
	}
	for (int i = 1; argv[i]; i++)
		help = help || !strcmp(argv[i], "--help") || !strcmp(argv[i], "-h");
	if (help && help_group(stdout, argv[0]))
		return CLI_DONE;
	word = meant(a, argv);
	if (!argv[1] && is_group(argv[0]))
		cli_say("`thaw %s` is incomplete; the commands are:", argv[0]);
	else
		cli_say("unknown command: %s%s%s%s%s%s", argv[0], argv[1] ? " " : "", argv[1] ? argv[1] : "", word ? "; did you mean `thaw " : "",
			word ? word : "", word ? "`?" : "");
	if (!help_group(stderr, argv[0]) && !word)
		fprintf(stderr, "run `thaw help` to list the commands\n");
	return CLI_USAGE;
}

int main(int argc, char **argv)
{
	struct cli c = { .arena = arena_new(), .commands = commands, .ncommands = COMMANDS };
	const struct command *row;
	const char *config = NULL;
	bool help = false;
	static char version[] = "version";
	int words, used, rc;

	for (argv += argc > 0; *argv && (used = cli_global(&c, &config, &help, argv)); argv += used)
		;
	if (*argv && (!strcmp(*argv, "--version") || !strcmp(*argv, "-V")))
		*argv = version;
	if (*argv && !strcmp(*argv, "help")) {
		help = true;
		argv++;
	}
	if (!(row = find(argv, &words)))
		rc = no_command(c.arena, argv, help);
	else if (!(rc = cli_understand(&c, row, &config, &help, argv + words)) && help)
		help_one(row);
	else if (!rc)
		rc = run(&c, row, config);
	db_free(c.tx.db);
	arena_free(c.arena);
	return rc;
}
