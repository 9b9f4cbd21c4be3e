/* cli.h: what the commands of `thaw` share: the command line as it was understood,
 * the transaction they act in, and how they speak.  A command is a row of the table
 * in cli.def and a function that returns the exit code. */
#ifndef CLI_H
#define CLI_H
#include <stdbool.h>
#include <stddef.h>
#include "json.h"
#include "tx.h"

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_FOUND = 3 };
enum { CLI_OPTIONS = 16, CLI_ARGS = 4 };

struct cli;
/* A row of cli.def; of a heading usage is NULL, and line is what it says. */
struct command { const char *usage, *line, *help; int (*run)(struct cli *c); bool bare; };

struct cli {
	struct arena *arena;
	bool json;                               /* --json: one value on standard output */
	const char *conf_error;                  /* NULL: the configuration was read */
	const char *log_file;                    /* the setting; the command itself keeps no log */
	struct { const char *name, *value; } options[CLI_OPTIONS];
	int noptions;
	const char *args[CLI_ARGS];
	int nargs;
	const struct command *commands;          /* all there are */
	int ncommands;
	struct who who;
	struct tx tx;
};

/* cli_lib.c: the value of an option ("" for one without), NULL when it is absent. */
const char *cli_option(const struct cli *c, const char *name);
/* A whole number given as an option; `absent` when it is not given.  False, and said, if it is wrong. */
bool cli_number(struct cli *c, const char *name, int64_t min, int64_t max, int64_t absent, int64_t *out);

/* cli_out.c: a message on standard error; returns CLI_FAILED. */
int cli_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Text or a JSON value on standard output; what would steer a terminal is replaced, in JSON escaped. */
void cli_line(const char *text);
void cli_json(struct json *value);
/* Says what an error of the database or the domain means here; returns CLI_FAILED. */
int cli_failed(const struct cli *c, enum err e);
/* An array of flat objects as aligned columns, or as JSON.  none: said of an empty one. */
void cli_rows(const struct cli *c, struct json *rows, const char *none);
/* The same, separated by tabs. */
void cli_tabs(const struct cli *c, struct json *rows);
/* The text, or with --json the value. */
void cli_result(const struct cli *c, struct json *value, const char *text);

/* A handle that waits as long as the administration of a large database takes. */
struct db *cli_db(const char *option_file, const char *group);
/* The transaction of this command, its database handle opened.  NULL, and
 * said why, when there is no option file. */
struct tx *cli_tx(struct cli *c);
/* Of a service (cli_service.c): the transaction of its next unit of work, with a time, an id and memory of its own;
 * SIGTERM and SIGINT from here on ask it to stop; were it asked? */
struct tx *cli_unit(struct cli *c, struct arena *a);
void cli_catch(void);
bool cli_stopping(void);
enum err cli_write(struct cli *c, enum err (*work)(void *), void *arg);
/* The organization of --org, else of THAW_ORG, else the only one.  True when found; otherwise said. */
bool cli_org(struct cli *c, struct id *out);
bool cli_org_named(struct cli *c, const char *which, struct id *out);
/* The password of standard input, or a new one (then *made): NULL when it will not do. */
char *cli_password(struct cli *c, const char *option, bool *made);
/* Printable UTF-8 of min to max characters, without blanks at its ends (or at all); else said. */
bool cli_word(const char *what, const char *s, size_t max, bool blanks);
/* The whole of a file; NULL when it cannot be read (errno). */
char *cli_read_file(struct arena *a, const char *path);
/* A value from a group of an option file ([client] holds for all); NULL for none. */
char *cli_option_file(struct arena *a, const char *text, const char *group, const char *key);
/* The option file of the account that owns the schema: as it is, or as `thaw init`
 * would write it. */
const char *cli_owner_file(struct arena *a, bool writing);
/* Does one account serve and own the schema? */
bool cli_one_account(struct arena *a);
/* Replace a file at once: 0600, owned by `uid` when root asks.  0, or -1 and said. */
int cli_write_file(const char *path, const char *text, unsigned uid, unsigned gid);
/* Whose a file that is made at `path` should be: the directory's owner; where that is
 * root, the account of the workers if there is one.  0, or 1 and said. */
int cli_owner(struct arena *a, const char *path, unsigned *uid, unsigned *gid);
/* Make the directories above a path, as far as they are missing. */
void cli_parents(struct arena *a, const char *path);
/* Make key_dir, if it is missing.  0, or 1 and said. */
int cli_key_dir(struct cli *c);
/* Makes seal.key when it is missing, unless secrets are sealed under another
 * node's already.  0, or 1 and said. */
int cli_seal_key(struct cli *c);

/* cli_org.c: is it a name, are these a user's, who has them already?  Said if not. */
bool cli_org_name(const char *name);
bool cli_user_words(const char *username, const char *email);
int cli_user_taken(struct cli *c, const char *username, const char *email);
struct user;
bool cli_user(struct cli *c, const char *username, struct user *out);

/* cli_audit.c: is this a statement that verifies?  What it finds in an organization (of zeros: in all). */
struct problem { const char *type, *problem; struct id id; };
bool audit_verifies(int s);
enum err audit_disagreements(struct cli *c, enum sql s, const struct id *org, struct problem **out, size_t *n);

/* cli_migrate.c: brings the schema up to date and the grants with it; what it did is
 * added to `notes` as strings. */
int cli_migrate(struct cli *c, struct json *notes);

/* cli_keys.c: are these scopes that a token may carry?  Said if not. */
bool cli_scopes(struct cli *c, const char *words);

/* The commands. */
#define GROUP(heading)
#define COMMAND(usage, line, help, run, bare) int run(struct cli *c);
#include "cli.def"

#endif
