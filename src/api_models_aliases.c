/* api_models_aliases.c: which version of a model has which alias, and who held an alias or a stage when; set, taken
 * away, and given back to the version that held it before. */
#include "models.h"
#include "dom_alias.h"
#include "dom_package.h"
#include "str.h"

/* ---- Shapes ---- */

static const void *version_id(struct arena *a, const void *object)
{
	return version_spell(a, ((const struct held *)object)->number);
}

static const void *of_kind(const void *object, const char *kind)
{
	const struct held *h = object;

	return strcmp(h->kind, kind) ? NULL : h->name;
}

static const void *alias_held(struct arena *a, const void *object)
{
	(void)a;
	return of_kind(object, HOLD_ALIAS);
}

static const void *stage_held(struct arena *a, const void *object)
{
	(void)a;
	return of_kind(object, HOLD_STAGE);
}

static const void *ended_by(struct arena *a, const void *object)
{
	const struct held *h = object;

	(void)a;
	return h->until ? &h->ended_by : NULL;
}

static const struct shape actor_out[] = ACTOR_OUT;
#define HOLD_AT(field) AT(struct held, field)
#define HELD_ROWS \
	{ "version_id", T_STR, .make = version_id }, \
	{ "version_number", T_INT, HOLD_AT(number) }, \
	{ "since", T_TIME, HOLD_AT(since) }, \
	{ "set_by", T_SUB, HOLD_AT(by), .sub = actor_out }
static const struct shape alias_out[] = { { "alias", T_STR, HOLD_AT(name) }, HELD_ROWS, NAMED("Alias") };
static const struct shape hold_out[] = {
	{ "alias", T_STR, .make = alias_held, .flags = F_NULL, .help = "null for a stage" },
	{ "stage", T_STR, .make = stage_held, .flags = F_NULL },
	HELD_ROWS,
	{ "until", T_TIME, HOLD_AT(until), .flags = F_NULL, .help = "null: still held" },
	{ "ended_by", T_REF, .make = ended_by, .sub = actor_out, .flags = F_NULL },
	NAMED("Hold")
};
static const struct shape aliases_out[] = PAGE_OUT(alias_out), holds_out[] = PAGE_OUT(hold_out);

/* Of the stage in which every version begins, Registered, nothing is kept. */
static const char *const stages[] = { STAGE_DEVELOPMENT, "Staging", "Production", STAGE_ARCHIVED, NULL };
/* Where one version alone may be again. */
static const char *const stages_back[] = { STAGE_DEVELOPMENT, "Staging", "Production", NULL };

struct alias_in { const char *version; };
static const struct shape alias_in[] = {
	{ "version_id", T_STR, AT(struct alias_in, version), .min = 1, .max = 32, .flags = F_REQUIRED },
	NAMED("AliasSet")
};
#define BACK_AT(field) AT(struct hold_in, field)
static const struct shape back_in[] = {
	{ "alias", T_STR, BACK_AT(alias), .min = 1, .max = ALIAS_LENGTH, .help = "give either alias or stage" },
	{ "stage", T_STR, BACK_AT(stage), .words = stages_back, .help = "give either alias or stage" },
	NAMED("Rollback")
};

struct holds_query { struct page_asked page; const char *alias, *stage; int64_t at; bool at_set; };
#define HOLDS_AT(field) AT(struct holds_query, field)
#define NAME_ROWS \
	PAGE_ROWS(100), \
	{ "alias", T_STR, HOLDS_AT(alias), .filter = 1 + HOLDS_ALIAS, .min = 1, .max = ALIAS_LENGTH }, \
	{ "stage", T_STR, HOLDS_AT(stage), .filter = 1 + HOLDS_STAGE, .words = stages }
static const struct shape holders_query[] = {
	NAME_ROWS,
	{ "at", T_TIME, SET(struct holds_query, at), .help = "now by default" },
	{ 0 }
};
static const struct shape history_query[] = { NAME_ROWS, { 0 } }, aliases_query[] = { PAGE_ROWS(100), { 0 } };

/* ---- Pages ---- */

static enum err one_name(struct req *r, const struct holds_query *q, bool needed)
{
	if ((q->alias && q->stage) || (needed && !q->alias && !q->stage))
		return why_fault(&r->tx, q->alias ? "stage" : "alias", needed ? "exactly one of alias and stage must be given" : "at most one of alias and stage may be given");
	return OK;
}

/* Times are shown to the second: at the end of the one that is asked for. */
static enum err holders_asked(struct req *r, const struct page_asked *page, struct list_ask *ask)
{
	const struct holds_query *q = r->query;
	const struct db_val at = db_t(q->at % SECOND ? q->at : q->at + SECOND - 1);
	enum err e = one_name(r, q, true);

	if (e)
		return e;
	if (q->at_set)
		list_where(ask, HOLDS_AT, DB_IN(at, at));
	else
		list_where(ask, HOLDS_NOW, NULL, 0);
	return pages_by_number(r, page, ask);
}

static enum err history_asked(struct req *r, const struct page_asked *page, struct list_ask *ask)
{
	enum err e = one_name(r, r->query, false);

	return e ? e : pages_by_number(r, page, ask);
}

#define TWENTY(how) { .first = 1, .size = 20, .total = true, .asked = how, .got = pages_numbered }
static const struct paging holders = TWENTY(holders_asked), history = TWENTY(history_asked), aliases = TWENTY(pages_by_number);

/* ---- Changing ---- */

static enum err set_alias(struct req *r)
{
	const struct alias_in *sent = r->in;
	const struct hold_in in = { .alias = r->vars[1], .number = version_number(r->arena, sent->version) };
	struct db_val key[2];
	struct held h;
	enum err e = route_key(r, key);

	if (!e && alias_fault(in.alias))
		e = why_fault(&r->tx, "alias", "must be 1 to 255 letters, digits, `_` or `-`, and must not be `latest` or `v` followed by digits, which already refer to versions");
	if (e || (e = alias_set(&r->tx, key, LIFE_MODEL_ALIAS, &in, &h)))
		return e;
	res_shape(r, r->row->status, r->row->out, &h, 0);
	return OK;
}

static enum err unset_alias(struct req *r)
{
	const struct hold_in in = { .alias = r->vars[1] };
	struct db_val key[2];
	enum err e = route_key(r, key);

	if (e || (e = alias_unset(&r->tx, key, LIFE_MODEL_UNALIAS, &in, NULL)))
		return e;
	res_body(r, r->row->status, NULL, NULL, 0);
	return OK;
}

static enum err foretell(struct req *r)
{
	struct db_val key[2];
	struct held h;
	enum err e = route_key(r, key);

	if (e || (e = hold_foretell(&r->tx, key, r->query, &h)))
		return e;
	res_shape(r, r->row->status, r->row->out, &h, 0);
	return OK;
}

/* ---- Routes ---- */

static const enum sql set_wants[] = { SQL_ALIAS_GET, SQL_ALIAS_COUNT, SQL_ALIAS_PUT, SQL_HOLD_ADD, SQL_HOLD_END, SQL_HOLD_OPEN, SQL_NONE },
	unset_wants[] = { SQL_ALIAS_GET, SQL_ALIAS_FORGET, SQL_HOLD_END, SQL_NONE };
#define MAY_NOT " PROTECTED" FIXED
#define LIST(path, list, shape_, type) "GET", ONE path, PERM_MODEL_READ, 0, QUERY(shape_, type), .status = 200, .object = RES_MODEL, .listing = &(list)
const struct route models_alias_routes[] = {
	{ LIST("/aliases", aliases_list, aliases_query, struct page_asked), .out = aliases_out, .paging = &aliases,
	  .summary = "List a model's aliases, by name", .errors = NOT_FOUND " PAGE_BYTES" },
	{ "PUT", ONE "/aliases/{alias}", PERM_MODEL_WRITE, R_WRITE, BODY(alias_in, struct alias_in), .status = 200, .out = alias_out, .object = RES_MODEL,
	  .run = set_alias, .moves = { LIFE_MODEL_ALIAS }, .wants = set_wants, .summary = "Set an alias; it then refers to this version only",
	  .errors = NOT_FOUND " VERSION_NOT_FOUND PACKAGE_ARCHIVED" MAY_NOT },
	{ "DELETE", ONE "/aliases/{alias}", PERM_MODEL_WRITE, R_WRITE, .status = 204, .object = RES_MODEL, .run = unset_alias, .moves = { LIFE_MODEL_UNALIAS },
	  .wants = unset_wants, .summary = "Delete an alias", .errors = NOT_FOUND " ALIAS_NOT_FOUND" MAY_NOT },
	{ LIST("/holders", holds_list, holders_query, struct holds_query), .out = holds_out, .paging = &holders,
	  .summary = "List the versions that had an alias or were in a stage at a given time, newest first", .errors = NOT_FOUND " PAGE_BYTES" },
	{ LIST("/holders/history", holds_list, history_query, struct holds_query), .out = holds_out, .paging = &history,
	  .summary = "List which versions had aliases or were in stages, and when, newest first", .errors = NOT_FOUND " PAGE_BYTES" },
	{ "GET", ONE "/rollback", PERM_MODEL_READ, R_UNTAGGED, QUERY(back_in, struct hold_in), .status = 200, .out = hold_out, .object = RES_MODEL, .run = foretell,
	  .summary = "Preview a rollback: the version that would get the alias or stage back", .errors = NOT_FOUND " NOBODY_BEFORE" },
	{ "POST", ONE "/rollback", PERM_MODEL_WRITE, R_WRITE | R_UNTAGGED, BODY(back_in, struct hold_in), .status = 200, .out = hold_out, .object = RES_MODEL,
	  .size = sizeof(struct held), .change = hold_back, .moves = { LIFE_MODEL_ALIAS_BACK, LIFE_MODEL_STAGE_BACK },
	  .summary = "Roll back an alias or a stage to the version that held it before", .errors = NOT_FOUND " NOBODY_BEFORE" MAY_NOT },
	{ 0 }
};
