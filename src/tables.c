/* tables.c: see tables.h. */
#include "tables.h"
#include <stdio.h>
#include <string.h>
#include "db.h"

static bool errors_known(const char *names)
{
	for (const char *p = names; p && *p; ) {
		size_t n = strcspn(p, " ");
		bool known = false;

		for (int e = OK + 1; e < ERR__MAX; e++)
			known |= strlen(err_row(e)->name) == n && !memcmp(err_row(e)->name, p, n);
		if (!known)
			return false;
		p += n;
		p += strspn(p, " ");
	}
	return true;
}

/* A statement has a letter for each of its parameters, and not too many. */
static bool statements_whole(void)
{
	bool whole = true;

	for (int i = SQL_NONE + 1; i < SQL__MAX; i++) {
		size_t marks = 0;

		for (const char *p = sql_rows[i].text; *p; p++)
			marks += *p == '?';
		if (marks == strlen(sql_rows[i].in) && marks <= DB_PARAMETERS && strlen(sql_rows[i].out) <= DB_COLUMNS)
			continue;
		fprintf(stderr, "thaw: the statement %s has %zu parameters, %zu letters and %zu columns\n", sql_rows[i].name, marks,
			strlen(sql_rows[i].in), strlen(sql_rows[i].out));
		whole = false;
	}
	return whole;
}

bool tables_whole(const struct dialect *const *dialects)
{
	bool whole = statements_whole();

	for (size_t i = 0; dialects[i]; i++) {
		const struct dialect *d = dialects[i];

		EACH_ROUTE(d, row) {
			if (row->perm != PERM_INVALID && (row->run || row->out || row->moves[0]) && row->status && row->summary && errors_known(row->errors))
				continue;
			fprintf(stderr, "thaw: the route %s %s of %s has no permission, handler, status or summary, or names an unknown error\n",
				row->method, row->path, d->name);
			whole = false;
		}
		for (int c = CLASS_INNER + 1; c < CLASS__MAX; c++) {
			if (d->codes[c])
				continue;
			fprintf(stderr, "thaw: %s has no code for the errors of class %d\n", d->name, c);
			whole = false;
		}
	}
	return whole;
}
