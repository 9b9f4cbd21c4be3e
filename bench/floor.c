/* floor.c: the floor of a read: the least that a program behind nginx can do for one.
 *
 *	FLOOR_SCRIPT=FILE FLOOR_DATABASE=SOCKET floor [SOCKET PROCESSES]
 *
 * GET /floor/NAME/KEY runs the statement of that name, with the key from its hexadecimal
 * digits, and answers its rows as JSON, in the order and under the names of its columns.
 * There is no token, no log, nothing is escaped.  Without arguments it is a CGI program:
 * one connection, one statement, one answer. */
#include <fcgiapp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include "script.h"

static struct script script;
static struct session session;
static char body[1 << 20];

/* The statement's rows in `body`; their length, 0 if it is not to be had. */
static size_t answer(const char *address)
{
	static const char prefix[] = "/floor/";
	const char *name = address ? strstr(address, prefix) : NULL, *slash = name ? strchr(name += sizeof prefix - 1, '/') : NULL;
	struct key key;
	size_t n = 0;
	unsigned i = 0;

	if (!slash || !key_read(&key, slash + 1))
		return 0;
	while (i < script.n && !(strlen(script.v[i].name) == (size_t)(slash - name) && !memcmp(script.v[i].name, name, (size_t)(slash - name))))
		i++;
	if (i == script.n || !session_run(&session, &script, i, &key, 0))
		return 0;
	body[n++] = '[';
	while (session_row(&session, i)) {
		for (unsigned k = 0; session.name[i][k]; k++) {
			const struct column *c = &session.column[k];
			size_t left = sizeof body - n;
			int wrote = snprintf(body + n, left, "%s\"%s\":\"%.*s\"", k ? "," : n > 1 ? ",{" : "{", session.name[i][k],
				c->null ? 0 : (int)(c->n < COLUMN_BYTES ? c->n : COLUMN_BYTES), c->p);

			if (wrote < 0 || (size_t)wrote >= left - 2)
				return 0;
			n += (size_t)wrote;
		}
		body[n++] = '}';
	}
	mysql_stmt_free_result(session.st[i]);
	body[n++] = ']';
	return n > 2 ? n : 0;
}

static const char *head(size_t n)
{
	static char text[128];

	snprintf(text, sizeof text, "%sContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", n ? "" : "Status: 500\r\n", n);
	return text;
}

static void serve(int listening)
{
	FCGX_Request r;

	if (FCGX_InitRequest(&r, listening, 0))
		return;
	while (FCGX_Accept_r(&r) == 0) {
		size_t n = answer(FCGX_GetParam("REQUEST_URI", r.envp));

		FCGX_PutS(head(n), r.out);
		FCGX_PutStr(body, (int)n, r.out);
		FCGX_Finish_r(&r);
	}
}

int main(int argc, char **argv)
{
	const char *file = getenv("FLOOR_SCRIPT"), *database = getenv("FLOOR_DATABASE");
	int listening;

	if ((argc != 1 && argc != 3) || !file || !database) {
		fprintf(stderr, "usage: FLOOR_SCRIPT=FILE FLOOR_DATABASE=SOCKET floor [SOCKET PROCESSES]\n");
		return 2;
	}
	script_read(&script, file);
	if (argc == 1) {
		size_t n;

		session_open(&session, &script, database, "thaw");
		n = answer(getenv("REQUEST_URI"));
		fputs(head(n), stdout);
		return fwrite(body, 1, n, stdout) != n;
	}
	if (FCGX_Init() || (listening = FCGX_OpenSocket(argv[1], 4096)) < 0)
		return 1;
	for (int i = atoi(argv[2]); i > 0; i--) {
		if (fork())
			continue;
		session_open(&session, &script, database, "thaw");
		serve(listening);
		return 0;
	}
	while (wait(NULL) > 0)
		;
	return 0;
}
