/* api_console_audit.c: of the console's dialect: who did what in the organization, for its administrators:
 * a page of it, or all of it as a file.
 *
 * A file is made in memory, like every answer, of pages whose memory is given back: it ends after ROWS_MOST
 * rows or BYTES_MOST bytes, and tells by a Link where the next one begins. */
#include "console.h"
#include "conf.h"
#include "dom_audit.h"
#include "str.h"

enum { PAGE = 50, PAGE_MOST = 200, PART = 1000, ROWS_MOST = 100000, BYTES_MOST = 32 << 20 };
#define AUDIT_ID "aud_"

/* ---- Which of them ---- */

static const char *const kinds[] = {
#define RESOURCE(name, word, prefix, type, by, sees, missing, reads, quota) word,
#define CHILD(name, word, prefix, type, by, parent, link, missing, quota) word,
#include "life.def"
#undef RESOURCE
#undef CHILD
	NULL
};
static const char *const formats[] = { "csv", "jsonl", NULL };

struct audit_query { const char *actor, *action, *kind, *object, *format; int64_t since, until, limit; struct id after; };
#define QUERY_AT(field) AT(struct audit_query, field)
#define FILTERS \
	{ "actor", T_STR, QUERY_AT(actor), .min = 1, .max = 128, .help = "a username or a user's id, or a name that something was done under" }, \
	{ "action", T_STR, QUERY_AT(action), .min = 1, .max = 64, .help = "such as `model.archived`; `*` stands for any text: `model.*`" }, \
	{ "kind", T_STR, QUERY_AT(kind), .words = kinds, .help = "of the object" }, \
	{ "object", T_STR, QUERY_AT(object), .min = 1, .max = 128, .help = "an id as its own API spells it, `project/12`, `mdl-.../ver-001`, or an RID" }, \
	{ "since", T_TIME, QUERY_AT(since) }, \
	{ "until", T_TIME, QUERY_AT(until), .help = "exclusive" }, \
	{ "after", T_ID, QUERY_AT(after), .prefix = AUDIT_ID, .help = "the id of the last row of the previous page" }
static const struct shape audit_query[] = {
	FILTERS,
	{ "limit", T_INT, QUERY_AT(limit), .min = 1, .max = PAGE_MOST, .help = "50 by default" },
	{ 0 }
};
static const struct shape export_query[] = {
	FILTERS,
	{ "format", T_STR, QUERY_AT(format), .words = formats, .flags = F_REQUIRED },
	{ 0 }
};

/* The administrator's question, once it is known that it is one's. */
static enum err understand(struct req *r, struct audit_ask *q)
{
	const struct audit_query *in = r->query;
	enum err e;

	if ((e = tx_settle(&r->tx)) || (e = who_may(&r->who, r->tx.ask)))
		return e;
	*q = audit_all(&r->who.organization);
	if (in->since)
		q->from = id_first(in->since);
	if (in->until)
		q->to = id_first(in->until);
	if (!id_is_zero(&in->after) && memcmp(&in->after, &q->to, sizeof q->to) < 0)
		q->to = in->after;
	if (in->action)
		audit_what(r->arena, q, in->action);
	if (in->actor && (e = audit_by(&r->tx, q, in->actor)))
		return e == ERR_DB_NONE ? why_fault(&r->tx, "actor", "is not the name of a user, and nothing was done under it") : e;
	q->type = in->kind;
	if (!in->object)
		return OK;
	if ((e = audit_to(&r->tx, q, in->object)))
		return e == ERR_SHAPE || e == ERR_DB_NONE ? why_fault(&r->tx, "object", "is not the id of an object; ids look like mdl-65f0c0ffee5eed0123456789, project/12 or "
			"mdl-65f0c0ffee5eed0123456789/ver-003") : e;
	return in->kind && strcmp(in->kind, q->type) ? why_fault(&r->tx, "kind", arena_printf(r->arena, "must be %s or left out: the object is one", q->type)) : OK;
}

/* ---- As they are told ---- */

static const void *object_id(struct arena *a, const void *line)
{
	return audit_spell(a, line);
}

#define LINE_AT(field) AT(struct audit_line, field)
static const struct shape by_out[] = {
	{ "id", T_ID, LINE_AT(whose), .prefix = "usr-", .flags = F_NULL, .help = "null: the administrator's command" },
	{ "name", T_STR, LINE_AT(actor), .help = "at that time" },
	NAMED("ConsoleAuditActor")
};
static const struct shape object_out[] = {
	{ "kind", T_STR, LINE_AT(type) },
	{ "id", T_STR, .make = object_id },
	NAMED("ConsoleAuditObject")
};
static const struct shape line_out[] = {
	{ "id", T_ID, LINE_AT(id), .prefix = AUDIT_ID },
	{ "timestamp", T_TIME, LINE_AT(at) },
	{ "actor", T_SUB, .off = 0, .sub = by_out },
	{ "key", T_STR, LINE_AT(key), .flags = F_NULL, .help = "name of the API key that was used" },
	{ "agent", T_STR, LINE_AT(agent), .flags = F_NULL, .help = "the agent that this key belongs to" },
	{ "action", T_STR, LINE_AT(action) },
	{ "object", T_SUB, .off = 0, .sub = object_out, .help = "what was changed" },
	{ "from_status", T_STR, LINE_AT(from), .flags = F_NULL },
	{ "to_status", T_STR, LINE_AT(to) },
	{ "request_id", T_STR, LINE_AT(request_id) },
	{ "ip_address", T_STR, LINE_AT(address) },
	{ "user_agent", T_STR, LINE_AT(user_agent) },
	{ "details", T_OBJECT, LINE_AT(details), .empty = "{}" },
	NAMED("ConsoleAuditEvent")
};
struct audit_view { struct list items; bool more; const struct id *last; };
static const void *last_id(struct arena *a, const void *view)
{
	const struct audit_view *v = view;

	return v->more ? id_spell(a, AUDIT_ID, v->last) : NULL;
}
static const struct shape audit_out[] = {
	{ "items", T_LIST, AT(struct audit_view, items), .sub = line_out, .help = "newest first" },
	{ "has_more", T_BOOL, AT(struct audit_view, more) },
	{ "next", T_STR, .make = last_id, .flags = F_NULL, .help = "value of `after` for the next page" },
	NAMED("ConsoleAudit")
};

static enum err audit(struct req *r)
{
	const struct audit_query *in = r->query;
	struct audit_view view = { .more = false };
	struct audit_ask q;
	struct audit_line *all;
	size_t n;
	enum err e = understand(r, &q);

	q.limit = in->limit ? in->limit : PAGE;
	if (e || (e = audit_find(&r->tx, &q, &all, &n, &view.more)))
		return e;
	view.items = (struct list){ all, n, sizeof *all };
	view.last = n ? &all[n - 1].id : NULL;
	res_shape(r, 200, audit_out, &view, 0);
	return OK;
}

/* ---- As a file ---- */

static const char *const columns[] = { "time", "actor", "actor_id", "key", "agent", "action", "kind", "object", "from_status", "to_status", "request_id", "ip_address",
	"user_agent", "details", "id" };

/* A field of RFC 4180.  What a spreadsheet would take for a formula begins with an apostrophe. */
static void field(struct buf *b, const char *s, bool first)
{
	buf_puts(b, first ? "\"" : ",\"");
	if (s && *s && strchr("=+-@\t\r\n", *s))
		buf_puts(b, "'");
	for (size_t n; s && *s; s += n) {
		n = strcspn(s, "\"");
		buf_put(b, s, n);
		if (s[n]) {
			buf_puts(b, "\"\"");
			n++;
		}
	}
	buf_puts(b, "\"");
}

static void csv_line(struct arena *a, struct buf *b, const struct audit_line *l)
{
	const char *const fields[] = { clock_iso(a, l->at, TIME_MILLIS), l->actor, id_is_zero(&l->whose) ? NULL : id_spell(a, "usr-", &l->whose), l->key, l->agent,
		l->action, l->type, audit_spell(a, l), l->from, l->to, l->request_id, l->address, l->user_agent, l->details, id_spell(a, AUDIT_ID, &l->id) };

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		field(b, fields[i], !i);
	buf_puts(b, "\r\n");
}

static void json_line(struct arena *a, struct buf *b, const struct audit_line *l)
{
	buf_puts(b, shape_text(a, line_out, l, TIME_MILLIS, NULL));
	buf_puts(b, "\n");
}

static void release(void *part)
{
	arena_free(part);
}

/* q->to is where it ends. */
static enum err lines(struct req *r, struct audit_ask *q, bool csv, struct buf *b, bool *more)
{
	struct arena *part = arena_new();
	struct audit_line *all;
	size_t n, rows = 0;
	enum err e;

	arena_defer(r->arena, release, part);
	q->limit = PART;
	do {
		arena_reset(part);
		r->tx.arena = part;
		e = audit_find(&r->tx, q, &all, &n, more);
		r->tx.arena = r->arena;
		for (size_t i = 0; !e && i < n; i++)
			(csv ? csv_line : json_line)(part, b, &all[i]);
		if (!e && n)
			q->to = all[n - 1].id;
		rows += n;
	} while (!e && *more && rows < ROWS_MOST && b->n < BYTES_MOST);
	return e;
}

/* The same address, behind the last row of this file. */
static const char *next(struct req *r, const struct id *last)
{
	struct buf to = { .arena = r->arena };

	buf_printf(&to, "%s%s", conf.base_path, r->path);
	for (size_t i = 0; i < r->nparams; i++)
		if (strcmp(r->params[i].name, "after"))
			buf_param(&to, r->params[i].name, r->params[i].value);
	buf_param(&to, "after", id_spell(r->arena, AUDIT_ID, last));
	return to.p;
}

static enum err export(struct req *r)
{
	const bool csv = !strcmp(((const struct audit_query *)r->query)->format, "csv");
	struct buf b = { .arena = r->arena };
	struct audit_ask q;
	bool more = false;
	enum err e = understand(r, &q);

	buf_puts(&b, "");
	for (size_t i = 0; csv && i < sizeof columns / sizeof *columns; i++)
		buf_printf(&b, "%s%s", i ? "," : "", columns[i]);
	buf_puts(&b, csv ? "\r\n" : "");
	if (e || (e = lines(r, &q, csv, &b, &more)))
		return e;
	res_body(r, 200, csv ? "text/csv; charset=utf-8; header=present" : "application/jsonl; charset=utf-8", b.p, b.n);
	res_header(r, "Content-Disposition", csv ? "attachment; filename=\"audit.csv\"" : "attachment; filename=\"audit.jsonl\"");
	if (more)
		res_header(r, "Link", arena_printf(r->arena, "<%s>; rel=\"next\"", next(r, &q.to)));
	return OK;
}

const struct route audit_routes[] = {
	{ "GET", "/console/audit", PERM_ORG_ADMIN, 0, QUERY(audit_query, struct audit_query), .status = 200, .out = audit_out, .run = audit,
	  .summary = "List what was done in the organization, newest first", .errors = "TOO_BROAD" },
	{ "GET", "/console/audit/export", PERM_ORG_ADMIN, 0, QUERY(export_query, struct audit_query), .status = 200, .run = export, .type = "text/csv",
	  .summary = "Download what was done in the organization as CSV or JSON lines, up to 100,000 rows or 32 MiB; `Link` has the address of the rest", .errors = "TOO_BROAD" },
	{ 0 }
};
