/* cli_grammar.h: how a command line is understood by the usage lines of the commands, and
 * what help and completions read from these. */
#ifndef CLI_GRAMMAR_H
#define CLI_GRAMMAR_H
#include "cli.h"

enum { CLI_USAGE_MOST = 64 };              /* of the words that are a command */

/* The length of the command's own words at the head of its usage line. */
size_t cli_name_length(const struct command *row);
/* A part of a usage line: an option with the value it takes (NULL: none), or an argument. */
struct part { const char *at, *value; size_t n, nvalue; bool option, optional; };
/* The next part behind the name; false at the end. */
bool cli_next_part(const char **usage, struct part *p);

/* --config, --json, --help: anywhere.  The arguments it used up, 0 for another. */
int cli_global(struct cli *c, const char **config, bool *help, char **argv);
/* The arguments after the command's name, by its grammar: 0 or CLI_USAGE. */
int cli_understand(struct cli *c, const struct command *row, const char **config, bool *help, char **argv);
/* What is wrong, and how it is used; CLI_USAGE. */
int cli_usage(const struct command *row, const char *what, const char *which);

/* Which of some words was meant by what was typed: the nearest one, NULL when none is near. */
struct nearest { const char *typed, *word; size_t distance; };
struct nearest cli_nearest(const char *typed);
void cli_nearer(struct nearest *n, const char *word);

#endif
