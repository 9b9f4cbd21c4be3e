/* cli_receive.c: `thaw import org`: the lines of `thaw export org` become an organization here, with the ids that
 * everything had.  It is one transaction: all of it is here afterwards, and its audit goes on with a row that says so,
 * or nothing is.  An organization, a user's name or an address that is here already is refused, and so is a row that
 * `thaw audit verify` would not agree with. */
#include "cli_transfer.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "clock.h"
#include "dom_org.h"
#include "str.h"

struct receiving {
	struct cli *c;
	FILE *f;
	struct id org;
	const char *name;                        /* of the organization, where it gets another */
	struct transfer_table *tables;
	enum sql *add;
	int64_t *counts, number;                 /* number: of the line in hand */
	size_t ntables;
	const char *why;                         /* what was wrong with it */
};

static enum err wrong(struct receiving *r, const char *why)
{
	r->why = arena_printf(r->c->arena, "line %lld: %s", (long long)r->number, why);
	return ERR_SHAPE;
}

/* ---- A row ---- */

/* The value of a column; false when it is none of its kind. */
static bool take(struct arena *a, const struct transfer_column *col, const struct json *j, struct db_val *out)
{
	unsigned char *bytes;
	int64_t us;
	size_t n;

	if (!j) {
		*out = (struct db_val){ .t = col->kind, .null = true };
		return true;
	}
	if (col->kind == 'i') {
		*out = db_i(js_type(j) == JS_INT ? js_int(j) : 0);
		return js_type(j) == JS_INT;
	}
	if (js_type(j) != JS_STRING)
		return false;
	if (col->kind == 't') {
		if (!clock_parse(js_str(j), &us))
			return false;
		*out = db_t(us);
		return true;
	}
	if (col->kind == 's') {
		*out = db_s(js_str(j));
		return true;
	}
	n = strlen(js_str(j)) / 2;
	bytes = arena_alloc(a, n + 1);
	*out = db_x(bytes, n);
	return !(strlen(js_str(j)) % 2) && hex_decode(js_str(j), n, bytes);
}

/* What the database says of a row that it does not take. */
static enum err refused(struct receiving *r, const struct transfer_table *t, enum err e)
{
	const char *said = db_error(r->c->tx.db);
	struct arena *a = r->c->arena;

	if (e && e != ERR_DB_DUPLICATE && db_code(r->c->tx.db) != 1062)
		return e == ERR_INTERNAL || e == ERR_DATA_TOO_LARGE ? wrong(r, arena_printf(a, "the database refuses this row of %s (%s)", t->name, said)) : e;
	if (t == r->tables && strstr(said, "PRIMARY"))
		return wrong(r, arena_printf(a, "the organization %s already exists here; run `thaw org list`", id_spell(a, "org-", &r->org)));
	if (t == r->tables)
		return wrong(r, "an organization with this name already exists here; choose another with --name");
	return wrong(r, arena_printf(a, "a row of %s already exists: %s", t->name, said));
}

static enum err row(struct receiving *r, struct arena *a, const struct json *o)
{
	const char *name = js_text_of(o, "table");
	const struct transfer_table *t;
	struct db_val v[TRANSFER_COLUMNS];
	struct json *values, *j;
	int64_t hit = 0;
	size_t i = 0;
	enum err e;

	while (i < r->ntables && (!name || strcmp(r->tables[i].name, name)))
		i++;
	if (i == r->ntables || !js_get(o, "row", &values))
		return wrong(r, "it is not a row of a known table");
	t = &r->tables[i];
	if (js_length(values) != t->n)
		return wrong(r, "its columns do not match this program; export and import with the same version");
	for (size_t k = 0; k < t->n; k++) {
		if (!js_get(values, t->columns[k].name, &j) || !take(a, &t->columns[k], j, &v[k]))
			return wrong(r, arena_printf(a, "%s is missing or invalid", t->columns[k].name));
		if (!strcmp(t->columns[k].name, "organization_id") && (v[k].n != ID_BYTES || memcmp(v[k].s, r->org.b, ID_BYTES)))
			return wrong(r, "it belongs to another organization");
		if (!i && !strcmp(t->columns[k].name, "id") && (v[k].n != ID_BYTES || memcmp(v[k].s, r->org.b, ID_BYTES)))
			return wrong(r, "it is another organization");
		if (!i && r->name && !strcmp(t->columns[k].name, "name"))
			v[k] = db_s(r->name);
	}
	e = db_exec(r->c->tx.db, r->add[i], v, t->n, &hit);
	if (!e && hit == 1)
		r->counts[i]++;
	return e || hit != 1 ? refused(r, t, e) : OK;
}

/* ---- The lines ---- */

static enum err head(struct receiving *r, const struct json *o)
{
	struct json *h, *format, *schema;

	if (!js_get(o, "thaw", &h) || !js_get(h, "format", &format) || js_type(format) != JS_INT || js_int(format) != TRANSFER_FORMAT
	    || !js_get(h, "schema", &schema) || js_type(schema) != JS_INT || !js_text_of(h, "organization") || !id_parse(js_text_of(h, "organization"), "org-", &r->org))
		return wrong(r, "it is not the header of a `thaw export org` file");
	if (js_int(schema) != SCHEMA_MAX)
		return wrong(r, arena_printf(r->c->arena, "it was exported with schema version %lld, and this program has %d; export and import with the same version",
			(long long)js_int(schema), SCHEMA_MAX));
	return OK;
}

static enum err ending(struct receiving *r, const struct json *counts)
{
	for (size_t i = 0; i < r->ntables; i++) {
		struct json *n;

		if (!js_get(counts, r->tables[i].name, &n) || js_type(n) != JS_INT || js_int(n) != r->counts[i])
			return wrong(r, arena_printf(r->c->arena, "the file has %lld rows of %s, which does not match the count at its end", (long long)r->counts[i], r->tables[i].name));
	}
	return OK;
}

static enum err lines(struct receiving *r)
{
	struct arena *a = arena_new();
	bool ended = false;
	char *text = NULL;
	size_t room = 0;
	ssize_t n;
	enum err e = OK;

	rewind(r->f);
	memset(r->counts, 0, r->ntables * sizeof *r->counts);
	for (r->number = 1; !e && (n = getline(&text, &room, r->f)) > 0; r->number++) {
		const char *reason = NULL;
		struct json *o, *counts;

		arena_reset(a);
		if (js_parse(a, text, (size_t)n, &o, &reason))
			e = wrong(r, reason ? reason : "it is not JSON");
		else if (ended)
			e = wrong(r, "there is data after the end");
		else if (r->number == 1)
			e = head(r, o);
		else if (js_get(o, "end", &counts))
			e = ending(r, counts), ended = true;
		else
			e = row(r, a, o);
	}
	if (!e && (!ended || ferror(r->f)))
		e = wrong(r, "the file is incomplete: its end is missing");
	free(text);
	arena_free(a);
	return e;
}

/* ---- Whether it agrees ---- */

static bool has(const struct json *row, const char *column, const char *hex)
{
	const char *s = js_text_of(row, column);

	return s && strlen(s) == 2 * ID_BYTES && strstr(hex, s);
}

/* Is the row what the problem is of: by its id; a grant and a member by both of theirs, of which the sentence has one. */
static bool about(const struct json *o, const struct problem *p, const char *hex, bool object)
{
	const char *table = js_text_of(o, "table");
	struct json *row;

	if (!table || !js_get(o, "row", &row))
		return false;
	if (!object)
		return has(row, "resource_id", hex);
	if (!strcmp(p->type, "grant"))
		return !strcmp(table, "grants") && has(row, "model_id", hex) && has(row, "grantee_id", p->problem);
	if (!strcmp(p->type, "group_member"))
		return !strcmp(table, "group_members") && has(row, "group_id", hex) && has(row, "principal_id", p->problem);
	/* the home of an organization has its id */
	return has(row, "id", hex) && !strcmp(table, "organizations") == !strcmp(p->type, "organization");
}

/* The line of the object, or of what is told of one that is not there; 0 for none. */
static int64_t line_of(struct receiving *r, const struct problem *p, bool object)
{
	struct arena *a = arena_new();
	char *text = NULL, hex[2 * ID_BYTES + 1];
	int64_t number = 0, found = 0;
	const char *reason;
	size_t room = 0;
	struct json *o;
	ssize_t n;

	hex_encode(p->id.b, ID_BYTES, hex);
	rewind(r->f);
	while (!found && (n = getline(&text, &room, r->f)) > 0) {
		number++;
		arena_reset(a);
		if (!js_parse(a, text, (size_t)n, &o, &reason) && about(o, p, hex, object))
			found = number;
	}
	free(text);
	arena_free(a);
	return found;
}

/* What `thaw audit verify` would find in the organization, before it is committed. */
static enum err verified(struct receiving *r)
{
	for (int s = SQL_NONE + 1; s < SQL__MAX; s++) {
		struct problem *p;
		size_t n;
		enum err e;

		/* What was done elsewhere has its attempts there, whatever the clocks say. */
		if ((!audit_verifies(s) && s != SQL_IMPORTED_GRANTS) || s == SQL_VERIFY_ATTEMPTED)
			continue;
		if ((e = audit_disagreements(r->c, (enum sql)s, &r->org, &p, &n)))
			return e;
		if (!n)
			continue;
		if (!(r->number = line_of(r, p, true)))
			r->number = line_of(r, p, false);
		return wrong(r, arena_printf(r->c->arena, "%s %s: %s", p->type, life_spell(r->c->arena, p->type, &p->id), p->problem));
	}
	return OK;
}

static enum err receive(void *arg)
{
	struct receiving *r = arg;
	enum err e = lines(r);

	if (!e)
		e = org_imported(&r->c->tx, &r->org);
	return e ? e : verified(r);
}

/* ---- The command ---- */

/* What each table's rows are added by, known before the transaction. */
static bool prepared(struct receiving *r)
{
	struct cli *c = r->c;

	while (transfer_tables[r->ntables])
		r->ntables++;
	r->tables = arena_alloc(c->arena, r->ntables * sizeof *r->tables);
	r->add = arena_alloc(c->arena, r->ntables * sizeof *r->add);
	r->counts = arena_alloc(c->arena, r->ntables * sizeof *r->counts);
	for (size_t i = 0; i < r->ntables; i++) {
		struct transfer_table *t = &r->tables[i];
		struct buf text = { .arena = c->arena }, in = { .arena = c->arena };

		if (!transfer_look(c, transfer_tables[i], t))
			return false;
		buf_printf(&text, "INSERT INTO %s (", t->name);
		for (size_t k = 0; k < t->n; k++) {
			buf_printf(&text, "%s%s", k ? ", " : "", t->columns[k].name);
			buf_printf(&in, "%c", t->columns[k].kind);
		}
		buf_puts(&text, ") VALUES (?");
		for (size_t k = 1; k < t->n; k++)
			buf_puts(&text, ", ?");
		buf_puts(&text, ")");
		r->add[i] = db_made(c->tx.db, t->name, in.p, "", text.p);
		db_want(c->tx.db, r->add[i]);
	}
	for (int s = SQL_NONE + 1; s < SQL__MAX; s++)
		if (audit_verifies(s) || s == SQL_IMPORTED_GRANTS)
			db_want(c->tx.db, (enum sql)s);
	life_want(&c->tx, LIFE_ORG_IMPORT);
	return true;
}

/* The file, which is read more than once: of a pipe a copy that has no name.  NULL: errno. */
static FILE *opened(const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "rbe") : stdin, *copy;
	char piece[65536];
	struct stat st;
	size_t n;
	bool bad;
	int said;

	if (!f || fstat(fileno(f), &st))
		return NULL;
	if (S_ISREG(st.st_mode))
		return f;
	if (S_ISDIR(st.st_mode)) {
		fclose(f);
		errno = EISDIR;
		return NULL;
	}
	copy = tmpfile();
	while (copy && (n = fread(piece, 1, sizeof piece, f)) > 0)
		if (fwrite(piece, 1, n, copy) != n)
			break;
	bad = !copy || ferror(f) || ferror(copy) || fflush(copy);
	said = errno;                            /* of what failed, not of closing it */
	if (bad && copy)
		fclose(copy);
	fclose(f);
	errno = said;
	return bad ? NULL : copy;
}

int cmd_import_org(struct cli *c)
{
	const char *path = cli_option(c, "--file");
	struct receiving r = { .c = c, .name = cli_option(c, "--name") };
	struct json *o = js_object(c->arena);
	int64_t rows = 0;
	enum err e;

	if ((r.name && !cli_org_name(r.name)) || !cli_tx(c) || !prepared(&r))
		return CLI_FAILED;
	if (!(r.f = opened(path)))
		return cli_say("%s: %s; nothing was imported", path, strerror(errno));
	e = cli_write(c, receive, &r);
	fclose(r.f);
	if (e)
		return r.why && e == ERR_SHAPE ? cli_say("%s: %s; nothing was imported", path, r.why) : cli_failed(c, e);
	for (size_t i = 0; i < r.ntables; i++)
		rows += r.counts[i];
	js_put_str(c->arena, o, "id", id_spell(c->arena, "org-", &r.org));
	js_put_int(c->arena, o, "rows", rows);
	cli_result(c, o, arena_printf(c->arena, "Imported %s: %lld rows. Webhook secrets can be read only with the seal.key that encrypted them: rotate them if "
		"this server has a different one.", id_spell(c->arena, "org-", &r.org), (long long)rows));
	return CLI_DONE;
}
