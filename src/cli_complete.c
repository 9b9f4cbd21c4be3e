/* cli_complete.c: `thaw completion`: what a shell completes after `thaw`, from the usage lines
 * of the commands: their words, their options, the words that an option or argument is one of,
 * and files where FILE, OPTIONFILE or DIR is meant. */
#include "cli_grammar.h"
#include <stdio.h>
#include <string.h>

/* One place on the line: behind these words. */
static void place(const struct command *row, bool first, char out[CLI_USAGE_MOST])
{
	size_t n = first ? strcspn(row->usage, " ") : cli_name_length(row);

	memcpy(out, row->usage, n);
	out[n] = '\0';
}

static bool two_words(const struct command *row)
{
	return strcspn(row->usage, " ") < cli_name_length(row);
}

/* The rows that are commands, and of those of one first word the first alone. */
static const struct command *next_row(const struct cli *c, int *i, bool firsts)
{
	while (++*i < c->ncommands) {
		const struct command *row = &c->commands[*i];
		size_t n = row->usage ? strcspn(row->usage, " ") : 0;
		bool seen = false;

		for (int k = 0; firsts && k < *i && n; k++)
			seen = seen || (c->commands[k].usage && strcspn(c->commands[k].usage, " ") == n && !strncmp(c->commands[k].usage, row->usage, n));
		if (n && !seen)
			return row;
	}
	return NULL;
}

/* `a|b` as words; false where anything will do. */
static bool words_of(const char *s, size_t n)
{
	if (!s || !memchr(s, '|', n))
		return false;
	for (size_t i = 0; i < n; i++)
		putchar(s[i] == '|' ? ' ' : s[i]);
	return true;
}

static bool is_file(const struct part *p)
{
	static const char *const files[] = { "FILE", "OPTIONFILE", "DIR" };

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (p->value && strlen(files[i]) == p->nvalue && !strncmp(p->value, files[i], p->nvalue))
			return true;
	return !p->option && ((p->n == 3 && !strncmp(p->at, "DIR", 3)) || (p->n == 4 && !strncmp(p->at, "FILE", 4)));
}

/* The words that are seconds of a first one. */
static void second_words(const struct cli *c, const char *first, size_t n)
{
	const struct command *row;

	for (int i = -1; (row = next_row(c, &i, false)); )
		if (two_words(row) && strcspn(row->usage, " ") == n && !strncmp(row->usage, first, n))
			printf("%.*s ", (int)(cli_name_length(row) - n - 1), row->usage + n + 1);
}

/* ---- bash and zsh, which take the same tables ---- */

/* shell: a `case` of "place|previous word" that sets `w`, and `f` for files. */
static void table(const struct cli *c)
{
	const struct command *row;
	char at[CLI_USAGE_MOST];

	printf("\tcase $at,$prev in\n\t*,--config) f=1 ;;\n");
	for (int i = -1; (row = next_row(c, &i, false)); ) {
		const char *rest = row->usage + cli_name_length(row);
		struct part p;

		place(row, false, at);
		while (cli_next_part(&rest, &p)) {
			if (!p.value)
				continue;
			printf("\t'%s,%.*s') ", at, (int)p.n, p.at);
			if (is_file(&p)) {
				printf("f=1 ;;\n");
				continue;
			}
			printf("w='");
			(void)words_of(p.value, p.nvalue);
			printf("' ;;\n");
		}
	}
	printf("\t*) case $at in\n\t'') w='");
	for (int i = -1; (row = next_row(c, &i, true)); )
		printf("%.*s ", (int)strcspn(row->usage, " "), row->usage);
	printf("help --version --config --json --help' ;;\n");
	for (int i = -1; (row = next_row(c, &i, true)); ) {
		if (!two_words(row))
			continue;
		place(row, true, at);
		printf("\t'%s') w='", at);
		second_words(c, at, strlen(at));
		printf("--help' ;;\n");
	}
	for (int i = -1; (row = next_row(c, &i, false)); ) {
		const char *rest = row->usage + cli_name_length(row);
		bool file = false;
		struct part p;

		place(row, false, at);
		printf("\t'%s') w='", at);
		while (cli_next_part(&rest, &p)) {
			file = file || is_file(&p);
			if (p.option)
				printf("%.*s ", (int)p.n, p.at);
			else if (words_of(p.at, p.n))
				putchar(' ');
		}
		printf("--json --help'%s ;;\n", file ? " f=2" : "");
	}
	printf("\tesac ;;\n\tesac\n");
}

/* What words a place may have, joined by `|` for a `case`. */
static void places(const struct cli *c, const char *between)
{
	const struct command *row;
	char at[CLI_USAGE_MOST];
	const char *sep = "";

	for (int first = 1; first >= 0; first--) {
		for (int i = -1; (row = next_row(c, &i, first)); sep = between) {
			place(row, first, at);
			printf("%s'%s'", sep, at);
		}
	}
}

static void bash(const struct cli *c)
{
	printf("# bash completion for thaw, made by `thaw completion bash`\n"
		"_thaw() {\n"
		"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} at='' w='' f='' i\n"
		"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		"\t\t[[ ${COMP_WORDS[i]} == --config ]] && { ((i++)); continue; }\n"
		"\t\tcase \"${at:+$at }${COMP_WORDS[i]}\" in\n\t\t");
	places(c, "|");
	printf(") at=${at:+$at }${COMP_WORDS[i]} ;;\n\t\tesac\n\tdone\n");
	table(c);
	printf("\tmapfile -t COMPREPLY < <(compgen -W \"$w\" -- \"$cur\"; [[ -z $f || $cur == -* ]] || compgen -f -- \"$cur\")\n"
		"\t[[ -n $f ]] && compopt -o filenames 2> /dev/null\n\treturn 0\n}\ncomplete -F _thaw thaw\n");
}

static void zsh(const struct cli *c)
{
	printf("#compdef thaw\n# zsh completion for thaw, made by `thaw completion zsh`\n"
		"_thaw() {\n"
		"\tlocal prev=${words[CURRENT-1]} at='' w='' f='' i\n"
		"\tfor ((i = 2; i < CURRENT; i++)); do\n"
		"\t\t[[ ${words[i]} == --config ]] && { ((i++)); continue }\n"
		"\t\tcase \"${at:+$at }${words[i]}\" in\n\t\t");
	places(c, "|");
	printf(") at=\"${at:+$at }${words[i]}\" ;;\n\t\tesac\n\tdone\n");
	table(c);
	printf("\tcompadd -- ${=w}\n\t[[ -z $f ]] || _files\n\treturn 0\n}\n"
		"if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _thaw \"$@\"; else compdef _thaw thaw; fi\n");
}

/* ---- fish, which takes a line for each word, with what it does ---- */

static void fish_text(const char *s)
{
	putchar('\'');
	for (; *s; s++)
		printf("%s%c", *s == '\'' || *s == '\\' ? "\\" : "", *s);
	putchar('\'');
}

static void fish_parts(const struct command *row)
{
	const char *rest = row->usage + cli_name_length(row);
	char at[CLI_USAGE_MOST];
	struct part p;

	place(row, false, at);
	while (cli_next_part(&rest, &p)) {
		if (!p.option && !is_file(&p) && !memchr(p.at, '|', p.n))
			continue;
		printf("complete -c thaw -n '__thaw_at \"%s\"'", at);
		if (p.option)
			printf(" -l %.*s", (int)p.n - 2, p.at + 2);
		if (is_file(&p))
			printf(p.option ? " -r -F" : " -F");
		else if (p.value || !p.option)
			printf(p.option ? " -x -a '" : " -a '"), (void)words_of(p.option ? p.value : p.at, p.option ? p.nvalue : p.n), putchar('\'');
		putchar('\n');
	}
}

static void fish(const struct cli *c)
{
	const struct command *row;

	printf("# fish completion for thaw, made by `thaw completion fish`\n"
		"function __thaw_at\n\tset -l at ''\n\tset -l skip 0\n\tfor w in (commandline -opc)[2..-1]\n"
		"\t\tif test $skip = 1\n\t\t\tset skip 0\n\t\t\tcontinue\n\t\tend\n\t\tif test $w = --config\n\t\t\tset skip 1\n\t\t\tcontinue\n\t\tend\n"
		"\t\tset -l next (string trim -- \"$at $w\")\n\t\tif contains -- $next ");
	places(c, " ");
	printf("\n\t\t\tset at $next\n\t\tend\n\tend\n\ttest \"$at\" = \"$argv[1]\"\nend\n"
		"complete -c thaw -f\ncomplete -c thaw -l config -r -F -d 'The configuration file'\ncomplete -c thaw -l json -d 'Print JSON'\n"
		"complete -c thaw -l help -d 'Explain the command'\ncomplete -c thaw -n '__thaw_at \"\"' -a help -d 'List the commands'\n");
	for (int i = -1; (row = next_row(c, &i, true)); ) {
		if (two_words(row))
			printf("complete -c thaw -n '__thaw_at \"\"' -a %.*s\n", (int)strcspn(row->usage, " "), row->usage);
	}
	for (int i = -1; (row = next_row(c, &i, false)); ) {
		size_t first = strcspn(row->usage, " ");

		if (two_words(row))
			printf("complete -c thaw -n '__thaw_at \"%.*s\"' -a %.*s -d ", (int)first, row->usage, (int)(cli_name_length(row) - first - 1),
				row->usage + first + 1);
		else
			printf("complete -c thaw -n '__thaw_at \"\"' -a %.*s -d ", (int)first, row->usage);
		fish_text(row->line);
		putchar('\n');
		fish_parts(row);
	}
}

int cmd_completion(struct cli *c)
{
	static const struct { const char *shell; void (*print)(const struct cli *c); } shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };

	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
		if (!strcmp(c->args[0], shells[i].shell))
			shells[i].print(c);
	return CLI_DONE;
}
