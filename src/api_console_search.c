/* api_console_search.c: of the console's dialect: one text looked for in everything that the caller may read. */
#include "console.h"
#include "dom_find.h"
#include "str.h"

#define FOUND_AT(field) AT(struct found, field)
static const struct shape found_out[] = {
	{ "kind", T_STR, FOUND_AT(kind) },
	{ "id", T_STR, FOUND_AT(id), .help = "as the API of its kind spells it; of a version `model_id.version_id`" },
	{ "name", T_STR, FOUND_AT(name) },
	{ "status", T_STR, FOUND_AT(status) },
	{ "place", T_STR, FOUND_AT(place), .flags = F_OMIT, .help = "of a folder: its path below the space" },
	{ "archived", T_BOOL, FOUND_AT(shelved), .help = "true: it is in the archive, or in the trash" },
	NAMED("ConsoleFound")
};
#define FIND_GROUP_AT(field) AT(struct find_group, field)
static const struct shape group_out[] = {
	{ "kind", T_STR, FIND_GROUP_AT(kind) },
	{ "items", T_LIST, FIND_GROUP_AT(items), .sub = found_out, .help = "those whose names begin with the text first" },
	{ "more", T_BOOL, FIND_GROUP_AT(more), .help = "true: there are more than these" },
	{ "partial", T_BOOL, FIND_GROUP_AT(partly), .help = "true: there was no time to look at every name" },
	NAMED("ConsoleFoundGroup")
};
#define FINDINGS_AT(field) AT(struct findings, field)
static const struct shape findings_out[] = {
	{ "exact", T_REF, FINDINGS_AT(exact), .sub = found_out, .flags = F_OMIT, .help = "the object whose public id the text is" },
	{ "groups", T_LIST, FINDINGS_AT(groups), .sub = group_out, .help = "one for each kind that the caller may read" },
	NAMED("ConsoleFindings")
};

struct search_query { const char *text; int64_t limit; };
#define SEARCH_QUERY_AT(field) AT(struct search_query, field)
static const struct shape search_query[] = {
	{ "q", T_STR, SEARCH_QUERY_AT(text), .min = 1, .max = FIND_TEXT, .flags = F_REQUIRED | F_TRIMMED,
	  .help = "the beginning of a name; from three characters on any part of one; or a public id" },
	{ "limit", T_INT, SEARCH_QUERY_AT(limit), .min = 1, .max = FIND_MOST, .help = "of each kind; 5 by default" },
	{ 0 }
};

static enum err search(struct req *r)
{
	const struct search_query *q = r->query;
	struct findings found;
	enum err e = find_all(&r->tx, q->text, q->limit ? q->limit : 5, &found);

	if (!e)
		res_shape(r, 200, findings_out, &found, 0);
	return e;
}

const struct route search_routes[] = {
	{ "GET", "/console/search", PERM_MEMBER, R_UNTAGGED, QUERY(search_query, struct search_query), .status = 200, .out = findings_out, .run = search,
	  .summary = "Search objects of every kind by name or id" },
	{ 0 }
};
