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
	NAMED("LeaderboardProject")
};
#define ARRAY_OF(shape) { { "", T_LIST, AT(struct page_got, rows), .sub = shape }, NAMED("%Array") }
static const struct shape projects_out[] = ARRAY_OF(project_out);

#define RUN_AT(field) AT(struct run, field)
static const struct shape leader_out[] = {
	{ "id", T_ID, RUN_AT(life.id), BARE, .help = "the modelId of packages that are created from this model" },
	{ "projectId", T_ID, RUN_AT(project), BARE },
	{ "modelType", T_STR, RUN_AT(algorithm), .flags = F_NULL },
	{ "name", T_STR, RUN_AT(package.name), .help = "default name of packages that are created from this model" },
	{ "targetName", T_STR, RUN_AT(target) },
	{ "targetType", T_STR, RUN_AT(package.target_type) },
	{ "createdAt", T_TIME, RUN_AT(life.created) },
	NAMED("LeaderboardModel")
};
static const struct shape leaders_out[] = ARRAY_OF(leader_out);

#define IMPORT_AT(field) AT(struct import, field)
static const struct shape import_in[] = {
	{ "id", T_ID, IMPORT_AT(id), BARE, .flags = F_NULL, .help = "id of the model; a new one by default" },
	{ "name", T_STR, IMPORT_AT(name), .min = 1, .max = 1024, .flags = F_NULL | F_TRIMMED, .help = "the modelType by default" },
	{ "modelType", T_STR, IMPORT_AT(model_type), .min = 1, .max = 255, .flags = F_REQUIRED | F_TRIMMED },
	{ "projectName", T_STR, IMPORT_AT(project), .min = 1, .max = 1024, .flags = F_NULL | F_TRIMMED,
	  .help = "if the project in the path does not exist: uses the one with this name, or creates it" },
	{ "target", T_OBJECT, IMPORT_AT(target), .sub = target_rows, .flags = F_REQUIRED },
	{ "modelKind", T_OBJECT, IMPORT_AT(kinds), .sub = kinds_rows, .flags = F_NULL },
	{ "features", T_DOC, IMPORT_AT(features), .flags = F_NULL | F_LOG,
	  .help = "an array of {name, featureType, importance, dateFormat, knownInAdvance, usedForPredictions}" },
	{ "logs", T_DOC, IMPORT_AT(logs), .flags = F_NULL | F_LOG, .help = "an array of {level, message, time}" },
	{ "datasets", T_OBJECT, IMPORT_AT(datasets), .sub = datasets_rows, .flags = F_NULL },
	{ "timeseries", T_OBJECT, IMPORT_AT(timeseries), .sub = timeseries_rows, .flags = F_NULL },
	{ "scoringCode", T_OBJECT, IMPORT_AT(scoring_code), .sub = scoring_rows, .flags = F_NULL },
	{ "originalFileName", T_STR, IMPORT_AT(file_name), .min = 1, .max = 255, .flags = F_NULL | F_TRIMMED, .help = "name of the .mlpkg file that the model was uploaded as" },
	{ "importMeta", T_OBJECT, IMPORT_AT(contains), .sub = contains_rows, .flags = F_NULL, .help = "what the .mlpkg file contains" },
	NAMED("LeaderboardModelImport")
};
static const struct shape imported_out[] = {
	{ "modelId", T_ID, RUN_AT(life.id), BARE },
	{ "projectId", T_ID, RUN_AT(project), BARE },
	NAMED("LeaderboardModelImported")
};

/* ---- Use cases ---- */

/* Clients want a text. */
static const void *description(struct arena *a, const void *object)
{
	const struct use_case *u = object;

	(void)a;
	return u->description ? u->description : "";
}

#define USE_CASE_AT(field) AT(struct use_case, field)
static const struct shape maker_out[] = { { "id", T_ID, USE_CASE_AT(life.whose), BARE }, NAMED("UseCaseMaker") };
static const struct shape changer_out[] = { { "id", T_ID, USE_CASE_AT(changer), BARE }, NAMED("UseCaseChanger") };
#define NONE_OF(key) { key, T_INT, .text = "0" }
static const struct shape use_case_out[] = {
	{ "id", T_ID, USE_CASE_AT(life.id), BARE },
	{ "name", T_STR, USE_CASE_AT(name) },
	{ "description", T_STR, .make = description },
	{ "createdAt", T_TIME, USE_CASE_AT(life.created) },
	{ "created", T_SUB, .off = 0, .sub = maker_out },
	{ "updatedAt", T_TIME, USE_CASE_AT(life.changed) },
	{ "updated", T_SUB, .off = 0, .sub = changer_out },
	{ "modelsCount", T_INT, USE_CASE_AT(models), .help = "number of versions of registered models" },
	NONE_OF("projectsCount"), NONE_OF("datasetsCount"), NONE_OF("filesCount"), NONE_OF("notebooksCount"), NONE_OF("applicationsCount"),
	{ "members", T_STRINGS, .text = "[]" },
	NAMED("UseCase")
};
static const struct shape use_cases_out[] = PAGE_OUT(use_case_out);
struct use_cases_query { struct page_asked page; const char *search; };
static const struct shape use_cases_query[] = {
	PAGE_ROWS,
	{ "search", T_STR, AT(struct use_cases_query, search), .filter = 1 + USE_CASES_SEARCH, .min = 1, .max = 255, .help = "matches a part of the name; case is ignored" },
	{ 0 }
};
static const struct shape use_case_in[] = {
	{ "name", T_STR, USE_CASE_AT(name), .min = 1, .max = 255, .flags = F_TRIMMED, .def = "Untitled use case" },
	{ "description", T_STR, USE_CASE_AT(description), .max = 2048, .flags = F_NULL },
	NAMED("UseCaseCreate")
};
static const struct shape use_case_edit_in[] = {
	{ "name", T_STR, SET(struct use_case_edit, name), .min = 1, .max = 255, .flags = F_TRIMMED },
	{ "description", T_STR, SET(struct use_case_edit, description), .max = 2048, .flags = F_NULL },
	NAMED("UseCaseEdit")
};
static const struct shape link_out[] = {
	{ "useCaseId", T_ID, AT(struct use_case_link, use_case), BARE },
	{ "entityId", T_ID, AT(struct use_case_link, version), BARE },
	{ "entityType", T_LITERAL, .text = "registeredModelVersion" },
	NAMED("UseCaseLink")
};

/* ---- The caller ---- */

static const struct shape no_rights[] = { NAMED("AccountRights") };
#define ACCOUNT_AT(field) AT(struct account, field)
static const struct shape account_out[] = {
	{ "uid", T_ID, ACCOUNT_AT(life.id), BARE },
	{ "email", T_STR, ACCOUNT_AT(email) },
	{ "firstName", T_STR, ACCOUNT_AT(username) },
	{ "lastName", T_LITERAL, .text = "" },
	{ "orgId", T_ID, ACCOUNT_AT(life.organization), BARE },
	{ "tenantId", T_ID, ACCOUNT_AT(life.organization), BARE },
	{ "permissions", T_SUB, .off = 0, .sub = no_rights },
	NAMED("Account")
};

/* ---- Tables ---- */

#define PROJECT BASE "/projects/{projectId}"
#define USE_CASE BASE "/useCases/{useCaseId}"
#define LINK USE_CASE "/registeredModelVersions/{modelPackageId}"
#define LINK_ERRORS "NOT_FOUND VERSION_NOT_FOUND MODEL_NOT_FOUND PACKAGE_ARCHIVED"
const struct route source_routes[] = {
	{ "GET", BASE "/account/info", PERM_MEMBER, R_UNTAGGED, .status = 200, .out = account_out, .object = RES_USER, .get = user_self,
	  .summary = "Get the calling user's account" },
	{ "GET", BASE "/projects", PERM_MODEL_READ, 0, QUERY(window_query, struct page_asked), .status = 200, .out = projects_out,
	  .listing = &run_projects_list, .paging = &hundred, .summary = "List the projects that models were imported into, newest first" },
	{ "GET", PROJECT, PERM_MODEL_READ, 0, .status = 200, .out = project_out, .object = RES_RUN_PROJECT, .ids = { "" }, .summary = "Get a project",
	  .errors = "NOT_FOUND" },
	{ "GET", PROJECT "/models", PERM_MODEL_READ, 0, QUERY(window_query, struct page_asked), .status = 200, .out = leaders_out,
	  .object = RES_RUN_PROJECT, .ids = { "" }, .listing = &leaderboard_list, .paging = &hundred, .summary = "List the models of a project's leaderboard, newest first",
	  .errors = "NOT_FOUND" },
	{ "GET", PROJECT "/models/{modelId}", PERM_MODEL_READ, R_UNTAGGED, .status = 200, .out = leader_out, .object = RES_RUN, .ids = { "", "" },
	  .get = leaderboard_get, .size = sizeof(struct leaderboard), .summary = "Get a model of a project's leaderboard", .errors = "RUN_NOT_FOUND" },
	{ "POST", PROJECT "/models/import", PERM_MODEL_WRITE, R_WRITE | R_UNTAGGED, BODY(import_in, struct import), .status = 201, .out = imported_out,
	  .object = RES_RUN_PROJECT, .ids = { "" }, .change = leaderboard_import, .moves = { LIFE_RUN_IMPORT, LIFE_RUN_PROJECT_CREATE }, .size = sizeof(struct run),
	  .summary = "Add a model that was trained elsewhere to a leaderboard, to create packages from it", .errors = "NOT_FOUND RUN_EXISTS QUOTA" },
	{ "GET", BASE "/useCases", PERM_MODEL_READ, 0, QUERY(use_cases_query, struct use_cases_query), .status = 200, .out = use_cases_out,
	  .listing = &use_cases_list, .paging = &living, .summary = "List use cases, newest first" },
	{ "POST", BASE "/useCases", PERM_MODEL_WRITE, R_WRITE | R_NO_BODY_NEEDED, BODY(use_case_in, struct use_case), .status = 201, .out = use_case_out,
	  .object = RES_USE_CASE, .ids = { "" }, .make = use_case_create, .summary = "Create a use case", .errors = "QUOTA" },
	{ "GET", USE_CASE, PERM_MODEL_READ, 0, .status = 200, .out = use_case_out, .object = RES_USE_CASE, .ids = { "" }, .summary = "Get a use case", .errors = "NOT_FOUND" },
	{ "PATCH", USE_CASE, PERM_MODEL_WRITE, R_WRITE, BODY(use_case_edit_in, struct use_case_edit), .status = 200, .out = use_case_out,
	  .object = RES_USE_CASE, .ids = { "" }, .change = use_case_edit, .moves = { LIFE_USE_CASE_EDIT }, .summary = "Update a use case", .errors = "NOT_FOUND" },
	{ "DELETE", USE_CASE, PERM_MODEL_WRITE, R_WRITE, .status = 204, .object = RES_USE_CASE, .ids = { "" }, .moves = { LIFE_USE_CASE_DELETE },
	  .summary = "Delete a use case; versions that were in it still show it", .errors = "NOT_FOUND AGENT_DENIED" },
	{ "POST", LINK, PERM_MODEL_WRITE, R_WRITE | R_UNTAGGED, .status = 201, .out = link_out, .object = RES_VERSION, .ids = { "", "" },
	  .change = use_case_link, .moves = { LIFE_USE_CASE_LINK, LIFE_VERSION_LINK }, .size = sizeof(struct use_case_link),
	  .summary = "Move a version of a registered model to a use case", .errors = LINK_ERRORS },
	{ "DELETE", LINK, PERM_MODEL_WRITE, R_WRITE, .status = 204, .object = RES_VERSION, .ids = { "", "" }, .change = use_case_unlink,
	  .moves = { LIFE_USE_CASE_UNLINK, LIFE_VERSION_UNLINK }, .summary = "Remove a version of a registered model from a use case", .errors = LINK_ERRORS },
	{ 0 }
};
