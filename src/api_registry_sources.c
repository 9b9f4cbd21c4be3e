/* api_registry_sources.c: the registry's leaderboard, which are imported runs in projects; use cases; and who
 * the caller is. */
#include "registry.h"
#include "dom_org.h"
#include "dom_source.h"

/* ---- Projects and their models ---- */

#define RUN_PROJECT_AT(field) AT(struct run_project, field)
static const struct shape project_out[] = {
	{ "id", T_ID, RUN_PROJECT_AT(life.id), BARE },
	{ "projectName", T_STR, RUN_PROJECT_AT(name) },
	{ "created", T_TIME, RUN_PROJECT_AT(life.created) },
	{ 0 }
};
#define ARRAY_OF(shape) { { "", T_LIST, AT(struct page_got, rows), .sub = shape }, { 0 } }
static const struct shape projects_out[] = ARRAY_OF(project_out);
static const struct shape window_query[] = { PAGE_ROWS, { 0 } };

#define RUN_AT(field) AT(struct run, field)
static const struct shape leader_out[] = {
	{ "id", T_ID, RUN_AT(life.id), BARE, .help = "the modelId of what is made from it" },
	{ "projectId", T_ID, RUN_AT(project), BARE },
	{ "modelType", T_STR, RUN_AT(algorithm), .flags = F_NULL },
	{ "name", T_STR, RUN_AT(package.name), .help = "what a package is called unless it is given a name" },
	{ "targetName", T_STR, RUN_AT(target) },
	{ "targetType", T_STR, RUN_AT(package.target_type) },
	{ "createdAt", T_TIME, RUN_AT(life.created) },
	{ 0 }
};
static const struct shape leaders_out[] = ARRAY_OF(leader_out);

#define IMPORT_AT(field) AT(struct import, field)
static const struct shape import_in[] = {
	{ "id", T_ID, IMPORT_AT(id), BARE, .flags = F_NULL, .help = "of the model; a new one unless it is given" },
	{ "name", T_STR, IMPORT_AT(name), .min = 1, .max = 1024, .flags = F_NULL | F_TRIMMED, .help = "the modelType by default" },
	{ "modelType", T_STR, IMPORT_AT(model_type), .min = 1, .max = 255, .flags = F_REQUIRED | F_TRIMMED },
	{ "projectName", T_STR, IMPORT_AT(project), .min = 1, .max = 1024, .flags = F_NULL | F_TRIMMED,
	  .help = "where the address names no project that there is: the one of this name, or a new one" },
	{ "target", T_OBJECT, IMPORT_AT(target), .sub = target_rows, .flags = F_REQUIRED },
	{ "modelKind", T_OBJECT, IMPORT_AT(kinds), .sub = kinds_rows, .flags = F_NULL },
	{ "features", T_DOC, IMPORT_AT(features), .flags = F_NULL | F_LOG,
	  .help = "an array of {name, featureType, importance, dateFormat, knownInAdvance, usedForPredictions}" },
	{ "logs", T_DOC, IMPORT_AT(logs), .flags = F_NULL | F_LOG, .help = "an array of {level, message, time}" },
	{ "datasets", T_OBJECT, IMPORT_AT(datasets), .sub = datasets_rows, .flags = F_NULL },
	{ "timeseries", T_OBJECT, IMPORT_AT(timeseries), .sub = timeseries_rows, .flags = F_NULL },
	{ "scoringCode", T_OBJECT, IMPORT_AT(scoring_code), .sub = scoring_rows, .flags = F_NULL },
	{ "originalFileName", T_STR, IMPORT_AT(file_name), .min = 1, .max = 255, .flags = F_NULL | F_TRIMMED, .help = "of a model that was uploaded as a .mlpkg file" },
	{ "importMeta", T_OBJECT, IMPORT_AT(contains), .sub = contains_rows, .flags = F_NULL, .help = "what that file contains" },
	{ 0 }
};
static const struct shape imported_out[] = {
	{ "modelId", T_ID, RUN_AT(life.id), BARE },
	{ "projectId", T_ID, RUN_AT(project), BARE },
	{ 0 }
};

/* ---- The caller ---- */

static const struct shape no_rights[] = { { 0 } };
#define ACCOUNT_AT(field) AT(struct account, field)
static const struct shape account_out[] = {
	{ "uid", T_ID, ACCOUNT_AT(life.id), BARE },
	{ "email", T_STR, ACCOUNT_AT(email) },
	{ "firstName", T_STR, ACCOUNT_AT(username) },
	{ "lastName", T_LITERAL, .text = "" },
	{ "orgId", T_ID, ACCOUNT_AT(life.organization), BARE },
	{ "tenantId", T_ID, ACCOUNT_AT(life.organization), BARE },
	{ "permissions", T_SUB, .off = 0, .sub = no_rights },
	{ 0 }
};

/* ---- Tables ---- */

#define PROJECT BASE "/projects/{projectId}"
const struct route source_routes[] = {
	{ "GET", BASE "/account/info", PERM_MEMBER, R_UNTAGGED, .status = 200, .out = account_out, .object = RES_USER, .get = user_self,
	  .summary = "Who the caller is" },
	{ "GET", BASE "/projects", PERM_MODEL_READ, 0, QUERY(window_query, struct page_asked), .status = 200, .out = projects_out,
	  .listing = &run_projects_list, .paging = &hundred, .summary = "Projects that models were imported into, newest first" },
	{ "GET", PROJECT, PERM_MODEL_READ, 0, .status = 200, .out = project_out, .object = RES_RUN_PROJECT, .ids = { "" }, .summary = "One project",
	  .errors = "NOT_FOUND" },
	{ "GET", PROJECT "/models", PERM_MODEL_READ, 0, QUERY(window_query, struct page_asked), .status = 200, .out = leaders_out,
	  .object = RES_RUN_PROJECT, .ids = { "" }, .listing = &leaderboard_list, .paging = &hundred, .summary = "The models of a project's leaderboard, newest first",
	  .errors = "NOT_FOUND" },
	{ "GET", PROJECT "/models/{modelId}", PERM_MODEL_READ, R_UNTAGGED, .status = 200, .out = leader_out, .object = RES_RUN, .ids = { "", "" },
	  .get = leaderboard_get, .size = sizeof(struct leaderboard), .summary = "A model of a project's leaderboard", .errors = "RUN_NOT_FOUND" },
	{ "POST", PROJECT "/models/import", PERM_MODEL_WRITE, R_WRITE | R_UNTAGGED, BODY(import_in, struct import), .status = 201, .out = imported_out,
	  .object = RES_RUN_PROJECT, .ids = { "" }, .change = leaderboard_import, .moves = { LIFE_RUN_IMPORT, LIFE_RUN_PROJECT_CREATE }, .size = sizeof(struct run),
	  .summary = "Put a model that was trained elsewhere on a leaderboard; packages are made from it", .errors = "NOT_FOUND RUN_EXISTS QUOTA" },
	{ 0 }
};
