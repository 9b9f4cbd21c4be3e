/* cli.c: the administrator's command `thaw`: its table of commands, and how a
 * command line is understood.
 *
 * The usage line of a row is also its grammar, so that the two cannot disagree: words
 * before the first option or capital are the command; `--x` followed by a word takes
 * a value; what stands in brackets may be left out; `a|b` is one of these words. */
#include "cli.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "conf.h"

#define ORG "ORG is an org-... id or the exact name. "
#define PASSWORD "The password is one line of standard input with --password-stdin, else it is made and printed. "

static const struct command commands[] = {
	{ "init [--db-admin OPTIONFILE] [--database NAME] [--org NAME] [--admin-username U] [--admin-email E] "
		"[--admin-password-stdin]",
		"Set everything up: database, accounts with their grants, schema, first organization, administrator, "
		"signing key. OPTIONFILE is a MySQL option file whose [client] group may create databases and accounts "
		"(an account that may not is used as it is). What exists already is left as it is.", cmd_init, false },
	{ "migrate", "Bring the schema up to date, and the grants of the application's account with it. Safe to "
		"repeat, and to run twice at once.", cmd_migrate, false },
	{ "org create NAME", "Make an organization with the roles admin, member and reader; prints its id.",
		cmd_org_create, false },
	{ "org list", "The organizations.", cmd_org_list, false },
	{ "org usage --org ORG", "What an organization has, and what its quotas allow. " ORG, cmd_org_usage, false },
	{ "user create --org ORG --username U --email E --role ROLE [--password-stdin]",
		"Make a user; prints the id. " ORG PASSWORD, cmd_user_create, false },
	{ "user list --org ORG", "The users of an organization. " ORG, cmd_user_list, false },
	{ "user password USERNAME [--password-stdin] [--revoke-keys]", "Change a password; ends the user's sessions and access "
		"tokens, and with --revoke-keys the API keys that act as the user, which are kept otherwise. " PASSWORD,
		cmd_user_password, false },
	{ "user email USERNAME EMAIL", "Give a user another email address. Addresses that differ in capitals are the same one.",
		cmd_user_email, false },
	{ "user disable USERNAME", "Refuse a user from now on; ends the user's sessions and tokens.", cmd_user_disable, false },
	{ "user enable USERNAME", "Accept a disabled user again.", cmd_user_enable, false },
	{ "user role USERNAME ROLE", "Give a user another role of the organization; it counts at once.", cmd_user_role, false },
	{ "role list --org ORG", "The roles of an organization. " ORG, cmd_role_list, false },
	{ "role set --org ORG NAME --permissions WORDS --rate N",
		"Make a role, or change it; it counts at once. WORDS are separated by blanks; N is requests a minute "
		"for each user of the role. " ORG, cmd_role_set, false },
	{ "group create --org ORG NAME", "Make a group of users, which models can be shared with; prints its id. " ORG, cmd_group_create, false },
	{ "group add --org ORG GROUP USERNAME", "Put a user into a group: what is shared with that is shared with the user at once. GROUP is a "
		"grp-... id or the exact name. " ORG, cmd_group_add, false },
	{ "group remove --org ORG GROUP USERNAME", "Take a user out of a group. GROUP is a grp-... id or the exact name. " ORG, cmd_group_remove, false },
	{ "group list --org ORG [--members-of GROUP]", "The groups of an organization, or the users of one. " ORG, cmd_group_list, false },
	{ "signing-key create [--alg ES256|RS256|HS256]",
		"Make a key for access tokens. It signs at once when none does yet; otherwise `thaw signing-key rotate` "
		"makes one that does.", cmd_key_create, false },
	{ "signing-key rotate [--alg ES256|RS256|HS256]",
		"Make a key and sign with it from now on. Tokens of older keys stay valid until their files are removed "
		"from key_dir.", cmd_key_rotate, false },
	{ "signing-key list", "The keys; tokens of each are accepted.", cmd_key_list, false },
	{ "token --user USERNAME [--ttl SECONDS] [--scope WORDS]",
		"Print an access token, for scripts and first steps: an hour long (access_ttl) when --ttl does not say "
		"otherwise, narrowed to the permissions of --scope when given.", cmd_token, false },
	{ "api-key create --user USERNAME [--test] [--kind KIND] [--tier N] [--scope WORDS] [--agent AGENT] [--human-grant] "
		"[--rate N] [--api-version DATE] [--ttl SECONDS] [--name NAME]",
		"Make an API key that uses the rights of a user, and print its secret, this once. KIND is secret (sk_live_, or "
		"sk_test_ with --test), publishable (pk_, reads alone) or token (tok_: narrowed by --tier 1 to 4 and --scope, "
		"perhaps in the hands of --agent agt_...; --human-grant lets that agent do what is kept for humans).",
		cmd_apikey_create, false },
	{ "api-key list --org ORG", "The API keys of an organization, without their secrets. " ORG, cmd_apikey_list, false },
	{ "api-key revoke --org ORG ID", "Refuse an API key (tok_... of the list) from now on. " ORG, cmd_apikey_revoke, false },
	{ "client create --org ORG --name NAME [--redirect-uris URIS] [--public] [--scope WORDS] [--user USERNAME]",
		"Register an application that acts for users by OAuth 2.0, and print its id and its secret, this once. URIS, "
		"separated by blanks, are where users are sent back to: https, http on this machine alone, or a scheme of its own "
		"with a dot. With --public it has no secret, as an application on a user's machine. --scope is the most it may ask "
		"for (all there is); --user whose rights it uses when it speaks for itself. " ORG, cmd_client_create, false },
	{ "client list --org ORG", "The applications of an organization, without their secrets. " ORG, cmd_client_list, false },
	{ "client rotate --org ORG ID", "Give an application (cl_... of the list) a new secret, and print it, this once; the old "
		"one is good no more. " ORG, cmd_client_rotate, false },
	{ "client revoke --org ORG ID", "Refuse an application, its codes and its tokens from now on. " ORG, cmd_client_revoke, false },
	{ "import mlflow --org ORG --user USERNAME [--from URL] [--db OPTIONFILE] [--file FILE] [--dry-run]",
		"Bring registered models, prompts, versions, tags, aliases, stages and times over from an MLflow, as the user, whose they are: from its "
		"server at URL; from the MySQL or MariaDB that is its backend store, which OPTIONFILE ([client]) names; or from lines of `thaw export "
		"mlflow` in FILE (- for standard input). It can be run again and again: what is here is brought to what is there. With --dry-run it "
		"only says what it would do. " ORG, cmd_import, false },
	{ "export mlflow --org ORG", "Print the models, prompts and versions of an organization as JSON, a line for each model, for "
		"`thaw import mlflow --file`. " ORG, cmd_export, false },
	{ "audit list --org ORG [--resource ID] [--limit N]",
		"The newest audit rows (100) of an organization, or of one object. " ORG, cmd_audit_list, false },
	{ "audit verify", "Check that every object agrees with its audit rows and events. Exit code 3 when not.",
		cmd_audit_verify, false },
	{ "doctor", "Check configuration, database, schema, keys, directories and clock, and say what to do. "
		"Exit code 3 when there is a problem.", cmd_doctor, true },
	{ "build [--once] [--follow]", "Build the files of model packages that are asked for, and end, as --once says aloud; prints what was "
		"done. For cron; with --follow it goes on until SIGTERM, as a service.", cmd_build, false },
	{ "deliver [--follow]", "Number the committed events and send those that are due to their webhook endpoints; prints "
		"what was done. For cron; with --follow it goes on until SIGTERM, as a service.", cmd_deliver, false },
	{ "sweep [--dry-run]", "Delete expired rows, and attempts, jobs, webhook deliveries, events and files of permanently deleted models that are older "
		"than the retention settings. Keep the audit. Work in small batches with pauses, so that requests are not held up. "
		"With --dry-run, only count. Run it from cron.", cmd_sweep, false },
	{ "tables routes|errors|transitions|sql|lists|config|retention|metrics", "Print one of the tables the program is made of, separated by tabs.",
		cmd_tables, true },
	{ "openapi [--api NAME]", "Print the OpenAPI 3.1 description: of all published APIs, or of one alone.", cmd_openapi, true },
	{ "nginx-errors http|server", "Print nginx's own error answers in the dialect of each address: the part for "
		"the http level or for the server level.", cmd_nginx_errors, true },
};
enum { COMMANDS = sizeof commands / sizeof *commands };

/* --- help --------------------------------------------------------------------- */

/* The length of the command's own words at the head of its usage line. */
static size_t name_length(const struct command *row)
{
	const char *s = row->usage;
	size_t n = 0;

	while (s[n]) {
		size_t word = strcspn(s + n, " ");

		if (s[n] == '-' || s[n] == '[' || isupper((unsigned char)s[n]) || memchr(s + n, '|', word))
			break;
		n += word;
		n += s[n] == ' ';
	}
	return n && s[n - 1] == ' ' ? n - 1 : n;
}

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
	printf("usage: thaw [--config FILE] [--json] %s\n\n", row->usage);
	wrap(stdout, row->help);
}

/* Rows that begin with the word; all of them for "". */
static int help_group(FILE *f, const char *word)
{
	size_t n = strlen(word);
	int found = 0;

	for (int i = 0; i < COMMANDS; i++) {
		const char *s = commands[i].usage;

		if (n && (strncmp(s, word, n) || s[n] != ' '))
			continue;
		fprintf(f, "  thaw %.*s\n", (int)name_length(&commands[i]), s);
		found++;
	}
	return found;
}

static void help_all(FILE *f)
{
	fprintf(f, "usage: thaw [--config FILE] [--json] COMMAND ...\n\nCommands (`thaw COMMAND --help` tells more of each):\n\n");
	help_group(f, "");
	fprintf(f, "\nThe configuration is FILE, else $THAW_CONFIG, else %s/thaw.conf.\n"
		"Exit codes: 0 done, 1 failed, 2 usage, 3 a check found a problem.\n", THAW_SYSCONFDIR);
}

/* --- the grammar of a row ------------------------------------------------------ */

struct part { const char *at; size_t n; bool option, value, optional; };

/* The next part of a usage line, after its name; false at the end. */
static bool next_part(const char **usage, struct part *p)
{
	const char *s = *usage + strspn(*usage, " ");

	if (!*s)
		return false;
	*p = (struct part){ .optional = *s == '[' };
	s += p->optional;
	p->at = s;
	p->n = strcspn(s, " ]");
	p->option = !strncmp(s, "--", 2);
	s += p->n;
	if (p->option && s[0] == ' ' && s[1] != '-' && s[1] != '[') {
		p->value = true;
		s++;
		s += strcspn(s, " ]");
	}
	*usage = s + (*s == ']');
	return true;
}

/* One of the words of `a|b`; a word in capitals is anything. */
static bool allowed(const struct part *p, const char *value)
{
	size_t n = strlen(value);

	if (!memchr(p->at, '|', p->n))
		return true;
	for (const char *s = p->at, *end = p->at + p->n; s < end; s += strcspn(s, "| ]") + 1)
		if (strcspn(s, "| ]") == n && !strncmp(s, value, n))
			return true;
	return false;
}

static const struct part *option_part(const struct part *parts, int n, const char *arg, size_t len)
{
	for (int i = 0; i < n; i++)
		if (parts[i].option && parts[i].n == len && !strncmp(parts[i].at, arg, len))
			return &parts[i];
	return NULL;
}

static int usage(const struct command *row, const char *what, const char *which)
{
	cli_say("%s%s%s", what, which ? " " : "", which ? which : "");
	fprintf(stderr, "usage: thaw %s\n", row->usage);
	return CLI_USAGE;
}

/* --config, --json, --help: anywhere.  The arguments it used up, 0 for another. */
static int global(struct cli *c, const char **config, bool *help, char **argv)
{
	if (!strcmp(argv[0], "--json"))
		return c->json = true, 1;
	if (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h"))
		return *help = true, 1;
	if (!strncmp(argv[0], "--config=", 9))
		return *config = argv[0] + 9, 1;
	if (!strcmp(argv[0], "--config") && argv[1])
		return *config = argv[1], 2;
	return 0;
}

static int take_option(struct cli *c, const struct command *row, const struct part *parts, int nparts, char ***argv)
{
	char *arg = **argv, *eq = strchr(arg, '=');
	const struct part *p = option_part(parts, nparts, arg, eq ? (size_t)(eq - arg) : strlen(arg));
	const char *value = eq ? eq + 1 : "";

	if (!p || (eq && !p->value))
		return usage(row, "unknown option", arg);
	if (p->value && !eq && !(value = *++*argv))
		return usage(row, "no value for", arg);
	if (cli_option(c, arena_strndup(c->arena, p->at, p->n)))
		return usage(row, "given twice:", arg);
	c->options[c->noptions].name = arena_strndup(c->arena, p->at, p->n);
	c->options[c->noptions++].value = value;
	return 0;
}

/* The arguments after the command's name, by its grammar: 0 or CLI_USAGE. */
static int understand(struct cli *c, const struct command *row, const char **config, bool *help, char **argv)
{
	struct part parts[CLI_OPTIONS + CLI_ARGS];
	const char *rest = row->usage + name_length(row);
	int n = 0, used, bad, arg = 0;
	bool plain = false;                      /* after `--` */

	while (next_part(&rest, &parts[n]))
		n++;
	for (; *argv; argv++) {
		if (!plain && !strcmp(*argv, "--")) {
			plain = true;
		} else if (!plain && (used = global(c, config, help, argv))) {
			argv += used - 1;
		} else if (!plain && !strncmp(*argv, "-", 1) && (*argv)[1]) {
			if ((bad = take_option(c, row, parts, n, &argv)))
				return *help ? 0 : bad;
		} else if (c->nargs == CLI_ARGS) {
			return usage(row, "too many arguments:", *argv);
		} else {
			c->args[c->nargs++] = *argv;
		}
	}
	for (int i = 0; i < n && !*help; i++) {
		const struct part *p = &parts[i];

		if (p->option) {
			if (!p->optional && !cli_option(c, arena_strndup(c->arena, p->at, p->n)))
				return usage(row, "missing:", arena_strndup(c->arena, p->at, p->n));
		} else if (arg == c->nargs) {
			return usage(row, "missing:", arena_strndup(c->arena, p->at, p->n));
		} else if (!allowed(p, c->args[arg++])) {
			return usage(row, "unknown word:", c->args[arg - 1]);
		}
	}
	return *help || arg == c->nargs ? 0 : usage(row, "too many arguments:", c->args[arg]);
}

/* The row whose name the words begin with; *words is how many it has. */
static const struct command *find(char **argv, int *words)
{
	for (int i = 0; i < COMMANDS; i++) {
		const char *s = commands[i].usage;
		size_t n = name_length(&commands[i]), m = strcspn(s, " ");

		if (!argv[0] || strlen(argv[0]) != m || strncmp(argv[0], s, m))
			continue;
		*words = 1;
		if (m == n)
			return &commands[i];
		*words = 2;
		if (argv[1] && strlen(argv[1]) == n - m - 1 && !strncmp(argv[1], s + m + 1, n - m - 1))
			return &commands[i];
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

/* What is left to say when no row was meant: help, or what is wrong. */
static int no_command(char **argv, bool help)
{
	if (!argv[0]) {
		help_all(help ? stdout : stderr);
		return help ? CLI_DONE : CLI_USAGE;
	}
	for (int i = 1; argv[i]; i++)
		help = help || !strcmp(argv[i], "--help") || !strcmp(argv[i], "-h");
	if (help && help_group(stdout, argv[0]))
		return CLI_DONE;
	cli_say("unknown command: %s%s%s", argv[0], argv[1] ? " " : "", argv[1] ? argv[1] : "");
	if (!help_group(stderr, argv[0]))
		fprintf(stderr, "`thaw help` lists the commands\n");
	return CLI_USAGE;
}

int main(int argc, char **argv)
{
	struct cli c = { .arena = arena_new() };
	const struct command *row;
	const char *config = NULL;
	bool help = false;
	int words, used, rc;

	for (argv += argc > 0; *argv && (used = global(&c, &config, &help, argv)); argv += used)
		;
	if (*argv && !strcmp(*argv, "--version")) {
		puts("thaw " PACKAGE_VERSION);
		arena_free(c.arena);
		return CLI_DONE;
	}
	if (*argv && !strcmp(*argv, "help")) {
		help = true;
		argv++;
	}
	if (!(row = find(argv, &words)))
		rc = no_command(argv, help);
	else if (!(rc = understand(&c, row, &config, &help, argv + words)) && help)
		help_one(row);
	else if (!rc)
		rc = run(&c, row, config);
	db_free(c.tx.db);
	arena_free(c.arena);
	return rc;
}
