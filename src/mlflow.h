/* mlflow.h: what the files of the mlflow dialect share: the table of routes of each file, shapes, searches. */
#ifndef MLFLOW_H
#define MLFLOW_H
#include "dom_named.h"
#include "dom_send.h"
#include "pages.h"

/* api_mlflow_models.c, api_mlflow_versions.c, api_mlflow_webhooks.c */
extern const struct route mlflow_model_routes[], mlflow_version_routes[], mlflow_webhook_routes[];

/* The prefix that the routes are written under; api_mlflow.c says which others stand for it. */
#define BASE "/api/2.0/mlflow"

/* A model, of a struct named, and a version, of a struct version. */
extern const struct shape mlflow_model_out[];
extern const struct shape mlflow_version_out[], mlflow_version_answer[];
/* What is said of one that is made, and of an alias; of a struct named_in. */
extern const struct shape mlflow_model_in[], mlflow_version_in[], mlflow_alias_in[];
/* No result. */
extern const struct shape mlflow_nothing[];

/* Is it no word of a stage? */
const char *mlflow_stage_fault(struct arena *a, const char *word);

/* What bodies and queries say. */
#define NAMED_AT(field) AT(struct named_in, field)
#define NAME_ROW { "name", T_STR, NAMED_AT(name), .flags = F_REQUIRED | F_KEY }
#define VERSION_ROW { "version", T_STR, NAMED_AT(version), .flags = F_REQUIRED | F_KEY | F_NUMERAL, .help = "its number" }
#define KEY_ROW { "key", T_STR, NAMED_AT(key), .flags = F_REQUIRED, .fault = label_key_fault }
#define VALUE_ROW { "value", T_STR, NAMED_AT(value), .help = "empty by default" }
#define DESCRIPTION_ROW { "description", T_STR, NAMED_AT(description), .max = 5000, .help = "empty or omitted: clears the description" }

/* A search (api_mlflow_search.c). */
struct search_query { struct page_asked page; const char *filter, *order_by; };
#define SEARCH_ROWS(most) \
	{ "filter", T_STR, AT(struct search_query, filter), .flags = F_LISTED, .help = "conditions joined by AND" }, \
	{ "max_results", T_INT, SET(struct search_query, page.size), .min = 1, .max = most }, \
	{ "order_by", T_STRINGS, AT(struct search_query, order_by), .flags = F_LISTED, .max = 8, .help = "each a key, and ASC or DESC" }, \
	{ "page_token", T_STR, AT(struct search_query, page.token), .help = "the next_page_token of the previous page" }
enum err mlflow_models_asked(struct req *r, const struct page_asked *page, struct list_ask *ask);
enum err mlflow_versions_asked(struct req *r, const struct page_asked *page, struct list_ask *ask);

/* Writes what a webhook is sent (api_mlflow_webhooks.c). */
letter_writer mlflow_write;
extern const struct hook mlflow_hooks[];

/* What changes look at and write beside their rows: the model's, or also the version's. */
extern const enum sql mlflow_model_wants[], mlflow_version_wants[];

/* Of a route's row: the errors that it gives for others. */
#define AS(...) .as = (const struct err_as[]){ __VA_ARGS__, { OK, OK } }

#endif
