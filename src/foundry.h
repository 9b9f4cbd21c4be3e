/* foundry.h: what the files of the foundry dialect share: resource identifiers, pages, the Model API,
 * and the table of routes of each file. */
#ifndef FOUNDRY_H
#define FOUNDRY_H
#include "dom_folder.h"
#include "pages.h"

extern const struct route filesystem_routes[], batch_routes[], role_routes[], user_routes[];     /* api_foundry_files.c, _batches.c, _roles.c, _users.c */

/* Of api_foundry_files.c: how resources are named, by enum node, and how they are shown. */
extern const char *const foundry_nodes[];
extern const struct shape foundry_folder_out[], foundry_resource_out[];
#define MISSING(what) { ERR_FOLDER_NOT_FOUND, ERR_##what##_NOT_FOUND }, { ERR_MODEL_NOT_FOUND, ERR_##what##_NOT_FOUND }, \
	{ ERR_MODEL_RETIRED, ERR_##what##_NOT_FOUND }, { ERR_VERSION_NOT_FOUND, ERR_##what##_NOT_FOUND }

/* A batch: a body that is a list of objects, each of which names one thing by a member. */
enum { BATCH_MOST = 1000 };
struct batch { const char *all; };
#define BATCH(name, help_) { { "", T_DOC, AT(struct batch, all), .flags = F_REQUIRED | F_OWN_LIMIT, .help = help_ }, NAMED(name) }
/* The texts of that member, in order.  ERR_SHAPE: it is no such list. */
enum err batch_names(struct req *r, const char *member, const char **out, size_t *n);
/* Somebody's id, a UUID; zero: nobody has it. */
struct id user_uuid(struct arena *a, const char *s);

#define RID_FOLDER "ri.compass.main.folder."
#define RID_SPACE "ri.compass.main.space."
#define RID_ORGANIZATION "ri.multipass.main.organization."
#define RID_ROOT "ri.compass.main.folder.0"      /* what the space lies in; it cannot be asked for */
/* The OAuth scopes of the routes of the filesystem, whose permissions are those of models. */
#define SCOPE_FILES_READ "api:filesystem-read"
#define SCOPE_FILES_WRITE "api:filesystem-write"

/* A resource identifier in a body: zero when it is none of ours, ERR_RID when it is none at all.
 * Those of the path are looked at before. */
const char *rid_fault(struct arena *a, const char *s);
#define RID .flags = F_REQUIRED | F_LOOSE, .fault = rid_fault, .refuse = ERR_RID
/* A name in a body. */
#define DISPLAY_NAME .fault = folder_name_fault, .refuse = ERR_DISPLAY_NAME

/* The Model API (api_foundry_modelapi.c), as JSON text of at most so many bytes.  ERR_MODEL_API, with its
 * fault (document.h). */
enum { MODELAPI_MOST = 262144 };
enum err modelapi_check(struct tx *tx, const char *text);
/* The one that the names of a training run's features and of its target amount to.  features: an array of
 * strings; either may be NULL. */
const char *modelapi_of_run(struct arena *a, const char *features, const char *target);

#define PAGE_ROWS \
	{ "pageSize", T_INT, SET(struct page_asked, size), .min = INT64_MIN, .max = INT64_MAX, .help = "at least 1; a hint" }, \
	{ "pageToken", T_STR, AT(struct page_asked, token), .help = "the nextPageToken of the previous page" }
#define PAGE_OUT(shape) { \
	{ "data", T_LIST, AT(struct page_got, rows), .sub = shape }, \
	{ "nextPageToken", T_STR, AT(struct page_got, token), .flags = F_OMIT, .help = "absent on the last page" }, \
	NAMED("%Page") }

/* Of a route's row: the errors that it gives for others. */
#define AS(...) .as = (const struct err_as[]){ __VA_ARGS__, { OK, OK } }
/* Its words when the caller may not. */
#define DENIED(name, words, values) &(const struct error_row){ .code = name, .text = words, .params = values }

#endif
