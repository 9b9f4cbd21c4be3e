/* api_gadgets.c: the skeleton of a dialect: one resource, which is made, read, listed, changed, archived
 * and restored; and what a careless one would do. */
#include "dialects.h"
#include <string.h>
#include "dom_gadget.h"
#include "dom_workspace.h"
#include "pages.h"
#include "str.h"

#define G(field) AT(struct gadget, field)
static const struct shape gadget_out[] = {
	{ "id", T_ID, G(life.id), .prefix = "gdg_" },
	{ "kind", T_LITERAL, .text = "gadget" },
	{ "name", T_STR, G(name) },
	{ "weight", T_INT, G(weight), .help = "grams" },
	{ "state", T_STATE, G(life.state), .of = RES_GADGET },
	{ "created_at", T_TIME, G(life.created) },
	NAMED("Gadget")
};
static const struct shape gadget_in[] = {
	{ "name", T_STR, G(name), .min = 1, .max = 255, .flags = F_REQUIRED },
	{ "weight", T_INT, G(weight), .min = 0, .max = 1000000, .def = "1" },
	NAMED("GadgetIn")
};

struct gadgets_query { struct page_asked page; enum state state; const char *name, *filter; };
static const char *const sorts[] = { "created", "heaviest", NULL };
static const struct shape gadgets_query[] = {
	{ "limit", T_INT, AT(struct page_asked, size), .min = 1, .max = LIST_MOST },
	{ "offset", T_INT, AT(struct page_asked, offset), .min = 0, .max = INT32_MAX },
	{ "sort", T_STR, AT(struct page_asked, sort), .words = sorts },
	{ "state", T_STATE, AT(struct gadgets_query, state), .of = RES_GADGET, .filter = 1 + GADGETS_STATUS },
	{ "name", T_STR, AT(struct gadgets_query, name), .min = 1, .max = 255, .filter = 1 + GADGETS_NAME },
	{ "filter", T_STR, AT(struct gadgets_query, filter), .min = 1, .max = 2048, .help = "comparisons joined by ` and `: `weight>=3`, `weight<=9`, `tag.NAME=VALUE`" },
	{ 0 }
};
static const struct shape gadgets_out[] = {
	{ "data", T_LIST, AT(struct page_got, rows), .sub = gadget_out },
	{ "totalCount", T_INT, AT(struct page_got, total) },
	{ "next", T_STR, AT(struct page_got, next), .flags = F_NULL },
	{ "previous", T_STR, AT(struct page_got, previous), .flags = F_NULL },
	NAMED("%Page")
};

/* A comparison becomes a clause that there is; its words never do. */
static bool compared(struct list_ask *ask, char *text)
{
	char *value = text + strcspn(text, "=");
	int64_t n;

	if (!*value)
		return false;
	*value++ = '\0';
	if (!strncmp(text, "tag.", 4))
		list_where(ask, GADGETS_TAG, DB_IN(db_s(text + 4), db_s(value)));
	else if ((!strcmp(text, "weight>") || !strcmp(text, "weight<")) && parse_int(value, 0, INT32_MAX, &n))
		list_where(ask, text[6] == '>' ? GADGETS_LEAST : GADGETS_MOST, DB_IN(db_i(n)));
	else
		return false;
	return !ask->full;
}

static enum err by_expression(struct req *r, const struct page_asked *page, struct list_ask *ask)
{
	const struct gadgets_query *q = r->query;
	char *rest = q->filter ? arena_strdup(r->arena, q->filter) : NULL, *part;

	while ((part = rest)) {
		if ((rest = strstr(part, " and "))) {
			*rest = '\0';
			rest += strlen(" and ");
		}
		if (!compared(ask, part)) {
			why_add(&r->tx, "filter", "must be comparisons joined by ` and `, of weight or a tag, and not too many");
			return ERR_QUERY;
		}
	}
	return pages_by_offset(r, page, ask);
}

static const struct paging by_offset = { .size = 10, .total = true, .asked = by_expression, .got = pages_offset };

static const struct shape asked_out[] = {
	{ "authorization", T_ID, AT(struct authorization, life.id), .prefix = "auth_" },
	NAMED("GadgetAsked")
};

/* Nobody asked whether the caller may: neither of these may answer, nor leave anything. */
static enum err careless_read(struct req *r)
{
	res_shape(r, 200, gadget_out, &(struct gadget){ .name = "for everybody" }, 0);
	return OK;
}

static enum err careless_write(struct req *r)
{
	struct gadget g;
	enum err e = gadget_make(&r->tx, &(struct gadget){ .name = "by anybody" }, &g);

	if (!e)
		res_shape(r, 200, gadget_out, &g, 0);
	return e;
}

#define BASE "/gadgets/v1"
#define ALL BASE "/gadgets"
#define ONE ALL "/{gadget_id}"
static const struct route routes[] = {
	{ "POST", ALL, PERM_WORKSPACE_WRITE, R_WRITE | R_STRICT, BODY(gadget_in, struct gadget), .status = 201, .out = gadget_out, .object = RES_GADGET,
	  .make = gadget_make, .summary = "Make a gadget" },
	{ "GET", ALL, PERM_WORKSPACE_READ, 0, QUERY(gadgets_query, struct gadgets_query), .status = 200, .out = gadgets_out,
	  .listing = &gadgets_list, .paging = &by_offset, .summary = "List gadgets", .errors = "PAGE_BYTES" },
	{ "GET", ONE, PERM_WORKSPACE_READ, 0, .status = 200, .out = gadget_out, .object = RES_GADGET, .summary = "One gadget", .errors = "NOT_FOUND" },
	{ "PUT", ONE, PERM_WORKSPACE_WRITE, R_WRITE, BODY(gadget_in, struct gadget), .status = 200, .out = gadget_out, .object = RES_GADGET,
	  .change = gadget_edit, .moves = { LIFE_GADGET_EDIT }, .summary = "Change a gadget", .errors = "NOT_FOUND WRONG_STATE" },
	{ "POST", ONE "/archive", PERM_WORKSPACE_WRITE, R_WRITE, .status = 200, .out = gadget_out, .also = 202, .also_out = asked_out, .object = RES_GADGET,
	  .moves = { LIFE_GADGET_ARCHIVE }, .summary = "Archive a gadget; an agent's request waits for its human", .errors = "NOT_FOUND WRONG_STATE" },
	{ "POST", ONE "/restore", PERM_WORKSPACE_WRITE, R_WRITE, .status = 200, .out = gadget_out, .object = RES_GADGET,
	  .moves = { LIFE_GADGET_RESTORE }, .summary = "Restore a gadget", .errors = "NOT_FOUND WRONG_STATE" },
	{ "GET", BASE "/careless", PERM_WORKSPACE_READ, 0, .status = 200, .out = gadget_out, .run = careless_read, .summary = "What must not be" },
	{ "POST", BASE "/careless", PERM_WORKSPACE_WRITE, R_WRITE, .status = 200, .out = gadget_out, .run = careless_write, .summary = "What must not be" },
	{ "POST", BASE "/member", PERM_MEMBER, R_WRITE, .status = 200, .out = gadget_out, .run = careless_write, .summary = "What any member may, whose token may write" },
	{ 0 }
};

static const char *const codes[CLASS__MAX] = {
	[CLASS_MALFORMED] = "BAD", [CLASS_WHO] = "WHO", [CLASS_FORBIDDEN] = "FORBIDDEN", [CLASS_NOT_FOUND] = "NONE", [CLASS_METHOD] = "METHOD",
	[CLASS_CONFLICT] = "CONFLICT", [CLASS_PRECONDITION] = "CHANGED", [CLASS_TOO_LARGE] = "LARGE", [CLASS_MEDIA_TYPE] = "TYPE", [CLASS_RATE] = "RATE",
	[CLASS_INTERNAL] = "INTERNAL", [CLASS_UNAVAILABLE] = "LATER",
};
static const struct error_row errors[ERR__MAX] = { [ERR_SHAPE] = { .status = 422 } };
static const struct shape error_out[] = {
	{ "code", T_STR, AT(struct error_say, code) },
	{ "message", T_STR, AT(struct error_say, text) },
	NAMED("GadgetError")
};
static const struct route *const tables[] = { routes, NULL };
static const char *const prefixes[] = { BASE, NULL };
const struct dialect api_gadgets = { .name = "gadgets", .title = "Gadgets", .about = "Gadgets, of which there is one kind.", .prefixes = prefixes, .tables = tables, .codes = codes, .errors = errors,
	.error_out = error_out, .error_type = "application/json", .time = TIME_SECONDS };
