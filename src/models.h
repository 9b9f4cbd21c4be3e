/* models.h: what the files of the models dialect share: pages, who did something, and the routes of the other file. */
#ifndef MODELS_H
#define MODELS_H
#include "dom_model.h"
#include "pages.h"

extern const struct route models_alias_routes[]; /* api_models_aliases.c */

#define BASE "/api/v1/models"
#define ONE BASE "/{model_id}"
#define NOT_FOUND "MODEL_NOT_FOUND"
#define FIXED " MODEL_ARCHIVED MODEL_RETIRED"

#define PAGE_ROWS(most) \
	{ "page", T_INT, AT(struct page_asked, number), .min = 1, .max = INT32_MAX, .help = "from 1, which is the default" }, \
	{ "page_size", T_INT, AT(struct page_asked, size), .min = 1, .max = most }
#define PAGE_OUT(items_shape) { \
	{ "items", T_LIST, AT(struct page_got, rows), .sub = items_shape }, \
	{ "total", T_INT, AT(struct page_got, total) }, \
	{ "page", T_INT, AT(struct page_got, number) }, \
	{ "page_size", T_INT, AT(struct page_got, size) }, \
	{ "has_next", T_BOOL, AT(struct page_got, more) }, \
	NAMED("%Page") }
/* Who did something; no id: the thaw command. */
#define ACTOR_OUT { \
	{ "id", T_ID, AT(struct actor, id), .prefix = "usr-", .flags = F_NULL }, \
	{ "name", T_STR, AT(struct actor, name) }, \
	NAMED("Actor") }

#endif
