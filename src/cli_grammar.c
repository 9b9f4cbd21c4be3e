/* cli_grammar.c: the usage line of a command is also its grammar, so that the two cannot
 * disagree: words before the first option or capital are the command; `--x` followed by a word
 * takes a value; what stands in brackets may be left out; `a|b` is one of these words. */
#include "cli_grammar.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

size_t cli_name_length(const struct command *row)
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

bool cli_next_part(const char **usage, struct part *p)
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
		p->value = ++s;
		p->nvalue = strcspn(s, " ]");
		s += p->nvalue;
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

int cli_usage(const struct command *row, const char *what, const char *which)
{
	cli_say("%s%s%s", what, which ? " " : "", which ? which : "");
	fprintf(stderr, "usage: thaw %s\n", row->usage);
	return CLI_USAGE;
}

int cli_global(struct cli *c, const char **config, bool *help, char **argv)
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

static int unknown_option(struct cli *c, const struct command *row, const struct part *parts, int nparts, const char *arg)
{
	struct nearest nearest = cli_nearest(arg);

	for (int i = 0; i < nparts; i++)
		if (parts[i].option)
			cli_nearer(&nearest, arena_strndup(c->arena, parts[i].at, parts[i].n));
	return nearest.word ? cli_usage(row, arena_printf(c->arena, "unknown option %s; did you mean %s?", arg, nearest.word), NULL)
		: cli_usage(row, "unknown option", arg);
}

static int take_option(struct cli *c, const struct command *row, const struct part *parts, int nparts, char ***argv)
{
	char *arg = **argv, *eq = strchr(arg, '=');
	const struct part *p = option_part(parts, nparts, arg, eq ? (size_t)(eq - arg) : strlen(arg));
	const char *value = eq ? eq + 1 : "";

	if (!p || (eq && !p->value))
		return unknown_option(c, row, parts, nparts, arg);
	if (p->value && !eq && !(value = *++*argv))
		return cli_usage(row, "no value for", arg);
	if (cli_option(c, arena_strndup(c->arena, p->at, p->n)))
		return cli_usage(row, "given twice:", arg);
	c->options[c->noptions].name = arena_strndup(c->arena, p->at, p->n);
	c->options[c->noptions++].value = value;
	return 0;
}

int cli_understand(struct cli *c, const struct command *row, const char **config, bool *help, char **argv)
{
	struct part parts[CLI_OPTIONS + CLI_ARGS];
	const char *rest = row->usage + cli_name_length(row);
	int n = 0, used, bad, arg = 0;
	bool plain = false;                      /* after `--` */

	while (cli_next_part(&rest, &parts[n]))
		n++;
	for (; *argv; argv++) {
		if (!plain && !strcmp(*argv, "--")) {
			plain = true;
		} else if (!plain && (used = cli_global(c, config, help, argv))) {
			argv += used - 1;
		} else if (!plain && !strncmp(*argv, "-", 1) && (*argv)[1]) {
			if ((bad = take_option(c, row, parts, n, &argv)))
				return *help ? 0 : bad;
		} else if (c->nargs == CLI_ARGS) {
			return cli_usage(row, "too many arguments:", *argv);
		} else {
			c->args[c->nargs++] = *argv;
		}
	}
	for (int i = 0; i < n && !*help; i++) {
		const struct part *p = &parts[i];

		if (p->option) {
			if (!p->optional && !cli_option(c, arena_strndup(c->arena, p->at, p->n)))
				return cli_usage(row, "missing:", arena_strndup(c->arena, p->at, p->n));
		} else if (arg == c->nargs) {
			return cli_usage(row, "missing:", arena_strndup(c->arena, p->at, p->n));
		} else if (!allowed(p, c->args[arg++])) {
			return cli_usage(row, "unknown argument:", c->args[arg - 1]);
		}
	}
	return *help || arg == c->nargs ? 0 : cli_usage(row, "too many arguments:", c->args[arg]);
}

/* --- what was meant --------------------------------------------------------------- */

enum { WORD_MOST = 40 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters to add, leave out, replace or swap with the next: of long words, too many. */
static size_t distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), d[WORD_MOST + 1][WORD_MOST + 1];

	if (n > WORD_MOST || m > WORD_MOST)
		return WORD_MOST;
	for (size_t i = 0; i <= n; i++) {
		for (size_t j = 0; j <= m; j++) {
			if (!i || !j) {
				d[i][j] = i + j;
				continue;
			}
			d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[n][m];
}

struct nearest cli_nearest(const char *typed)
{
	const size_t n = strlen(typed);

	return (struct nearest){ typed, NULL, n < 3 ? 2 : n / 3 + 1 };
}

void cli_nearer(struct nearest *n, const char *word)
{
	size_t d = distance(n->typed, word);

	if (d < n->distance) {
		n->distance = d;
		n->word = word;
	}
}
