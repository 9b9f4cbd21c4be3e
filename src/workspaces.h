/* workspaces.h: what the files of the workspaces dialect share: lists by cursor, ids of
 * the path, and the tables of routes of each file. */
#ifndef WORKSPACES_H
#define WORKSPACES_H
#include "dom_labels.h"
#include "life.h"
#include "pages.h"

extern const struct route webhook_routes[], token_routes[];

/* Members that objects have in common. */
#define OBJECT(type, kind) { "object", T_LITERAL, .text = kind, .help = "`" kind "`" }
#define STATUS(type, resource) { "status", T_STATE, AT(type, life.state), .of = resource }
#define LIVEMODE(type) { "livemode", T_BOOL, AT(type, life.test), .flags = F_NOT }

/* The members that every list takes, first in its query. */
#define LIST_ROWS(id_prefix, sorts) \
	{ "limit", T_INT, AT(struct page_asked, size), .min = 1, .max = LIST_MOST, .help = "10 by default" }, \
	{ "starting_after", T_ID, AT(struct page_asked, after), .prefix = id_prefix, .help = "the last id of the previous page" }, \
	{ "ending_before", T_ID, AT(struct page_asked, before), .prefix = id_prefix, .help = "the first id of the next page" }, \
	{ "sort", T_STR, AT(struct page_asked, sort), .min = 1, .max = 64, .help = sorts }
#define SORT_CREATED "`-created`, the default, or `created`"

#define LIST_OUT(shape) { \
	{ "object", T_LITERAL, .text = "list", .help = "`list`" }, \
	{ "data", T_LIST, AT(struct page_got, rows), .sub = shape }, \
	{ "has_more", T_BOOL, AT(struct page_got, more) }, \
	{ "url", T_STR, AT(struct page_got, url) }, \
	{ "next_cursor", T_STR, AT(struct page_got, cursor), .flags = F_NULL, .help = "value of starting_after for the next page, or of ending_before if that was given" }, \
	NAMED("%List") }
/* Pages by cursor.  ERR_QUERY: both cursors, or an order there is not. */
extern const struct paging by_cursor;

/* The id of the path, and the object that errors speak of. */
struct id path_id(struct req *r, size_t var, enum resource resource);
/* Errors of a request that names no object yet speak of its kind. */
void about_kind(struct req *r, enum resource resource);

#endif
