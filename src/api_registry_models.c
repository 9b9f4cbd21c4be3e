/* api_registry_models.c: registered models, which are the models of all dialects, and their versions (E10 to E13, E17, E18). */
#include "registry.h"

#define MODEL_AT(field) AT(struct model, field)

/* S31: null where the type is not known. */
static const void *target_name(struct arena *a, const void *object)
{
	return package_target_name(a, object);
}

static const struct shape target_out[] = {
	{ "name", T_STR, .make = target_name },
	{ "type", T_STR, MODEL_AT(target_type), .flags = F_NULL },
	NAMED("RegisteredModelTarget")
};

/* Clients refuse a model without a description. */
static const void *description(struct arena *a, const void *object)
{
	const struct model *m = object;

	(void)a;
	return m->description ? m->description : "";
}

static const void *is_archived(struct arena *a, const void *object)
{
	static const bool yes = true, no = false;
	const struct model *m = object;

	(void)a;
	return m->life.state == STATE_MODEL_ARCHIVED || m->life.state == STATE_MODEL_RETIRED ? &yes : &no;
}

/* S30. */
static const struct shape registered_out[] = {
	{ "createdAt", T_TIME, MODEL_AT(life.created) },
	{ "createdBy", T_SUB, MODEL_AT(maker), .sub = person_out },
	{ "description", T_STR, .make = description },
	{ "id", T_ID, MODEL_AT(life.id), BARE },
	{ "isArchived", T_BOOL, .make = is_archived, .help = "true: archived, permanently or through another API, which can restore it" },
	{ "isGlobal", T_BOOL, MODEL_AT(life.global), .help = "true: visible to everyone in the organization" },
	{ "lastVersionNum", T_INT, MODEL_AT(last_version) },
	{ "modifiedAt", T_TIME, MODEL_AT(life.changed) },
	{ "modifiedBy", T_SUB, MODEL_AT(changer), .sub = person_out },
	{ "name", T_STR, MODEL_AT(name) },
	{ "tags", T_DOC, MODEL_AT(labels), .empty = "[]", .help = "an array of {id, name, value}" },
	{ "target", T_SUB, .off = 0, .sub = target_out },
	NAMED("RegisteredModel")
};
static const struct shape models_out[] = PAGE_OUT(registered_out);
static const struct shape versions_out[] = PAGE_OUT(package_out);

#define TIME_ROW(key, field, which) { key, T_TIME, SET(struct packages_query, field), .filter = 1 + which, .flags = F_LOOSE }
static const struct shape models_query[] = {
	PAGE_ROWS,
	PACKAGE_FILTERS,
	COMPATIBLE_FILTERS,
	{ "search", T_STR, PACKAGES_QUERY_AT(search), .filter = 1 + REGISTERED_SEARCH, .min = 1, .max = 255, .help = "matches a part of the first 700 characters of the name; case is ignored" },
	TIME_ROW("createdAtStartTs", created_from, REGISTERED_MADE_FROM),
	TIME_ROW("createdAtEndTs", created_before, REGISTERED_MADE_BEFORE),
	TIME_ROW("modifiedAtStartTs", modified_from, REGISTERED_CHANGED_FROM),
	TIME_ROW("modifiedAtEndTs", modified_before, REGISTERED_CHANGED_BEFORE),
	{ "targetName", T_STR, PACKAGES_QUERY_AT(target_name), .filter = 1 + REGISTERED_TARGET, .min = 1, .max = 1024 },
	{ "targetType", T_STR, PACKAGES_QUERY_AT(target_type), .filter = 1 + REGISTERED_TARGET_TYPE, .min = 1, .max = 24 },
	{ "createdBy", T_STR, PACKAGES_QUERY_AT(created_by), .filter = 1 + REGISTERED_MADE_BY, .min = 1, .max = 254, .help = "email address of the creator" },
	{ "sortKey", T_STR, AT(struct page_asked, sort), .words = (const char *const[]){ "createdAt", "modifiedAt", "name", NULL }, .help = "newest first by default" },
	DIRECTION_ROW,
	{ "isGlobal", T_BOOL, SET(struct packages_query, global), .flags = F_LOOSE, .help = "true: models visible to everyone; false: models that are shared" },
	{ 0 }
};

static enum err models_asked(struct req *r, const struct page_asked *page, struct list_ask *ask)
{
	const struct packages_query *q = r->query;

	list_where(ask, REGISTERED_HIDDEN, DB_IN(db_i(0)));
	if (q->global_set)
		list_where(ask, REGISTERED_GLOBAL, DB_IN(db_i(q->global)));
	return packages_asked(r, page, ask);
}
static const struct paging models_paging = { .size = 100, .most = 1000, .total = true, .asked = models_asked, .got = pages_offset };

#define MODEL_EDIT_SET(field) SET(struct model_edit, field)
static const struct shape model_in[] = {
	{ "description", T_STR, MODEL_EDIT_SET(description), .max = 2048 },
	{ "isGlobal", T_BOOL, MODEL_EDIT_SET(global), .help = "only owners can change it" },
	{ "name", T_STR, MODEL_EDIT_SET(name), .min = 1, .max = 1024, .flags = F_TRIMMED },
	NAMED("RegisteredModelEdit")
};
#define VERSION_EDIT_SET(field) SET(struct package_edit, field)
static const struct shape version_in[] = {
	{ "name", T_STR, VERSION_EDIT_SET(name), .min = 1, .max = 1024, .flags = F_TRIMMED },
	{ "predictionThreshold", T_NUMBER, VERSION_EDIT_SET(threshold), .min = 0, .max = 1, .help = "for a Binary target, until the version is deployed" },
	{ "stage", T_STR, VERSION_EDIT_SET(stage), .words = package_stages },
	{ "archiveExistingVersions", T_BOOL, AT(struct package_edit, archive_existing), .help = "moves the other versions in that stage to Archived" },
	{ "tags", T_DOC, VERSION_EDIT_SET(tags), .flags = F_NULL, .help = "replaces the current tags" },
	NAMED("RegisteredModelVersionEdit")
};

#define MODELS BASE "/registeredModels"
#define ONE MODELS "/{registeredModelId}"
#define ID .ids = { "", "" }
#define THE_MODEL .object = RES_MODEL, ID
#define VERSION .object = RES_VERSION, ID
const struct route registered_routes[] = {
	{ "GET", MODELS, PERM_MODEL_READ, 0, QUERY(models_query, struct packages_query), .status = 200, .out = models_out, .listing = &registered_list,
	  .paging = &models_paging, .summary = "List registered models that are not archived", .errors = "MODEL_NOT_FOUND" },
	{ "GET", ONE, PERM_MODEL_READ, 0, .status = 200, .out = registered_out, THE_MODEL, .get = registered_get, .summary = "Get a registered model, archived or not",
	  .errors = "MODEL_NOT_FOUND" },
	{ "PATCH", ONE, PERM_MODEL_WRITE, R_WRITE | R_STRICT | R_NO_BODY_NEEDED, BODY(model_in, struct model_edit), .status = 200, .out = registered_out, THE_MODEL,
	  .change = registered_edit, .moves = { LIFE_MODEL_EDIT }, .summary = "Update a registered model",
	  .errors = "MODEL_NOT_FOUND MODEL_NAME_TAKEN MODEL_ARCHIVED MODEL_RETIRED OWNER_ONLY" },
	{ "DELETE", ONE, PERM_MODEL_WRITE, R_WRITE, .status = 204, THE_MODEL, .change = model_retire, .moves = { LIFE_MODEL_DELETE },
	  .summary = "Permanently archive a registered model with all its versions; its name can be used again", .errors = "MODEL_NOT_FOUND OWNER_ONLY PROTECTED AGENT_DENIED" },
	{ "GET", ONE "/versions", PERM_MODEL_READ, 0, QUERY(versions_query, struct packages_query), .status = 200, .out = versions_out, THE_MODEL,
	  .listing = &registered_versions_list, .paging = &packages_paging, .read = packages_read, .summary = "List the versions of a registered model, archived ones too",
	  .errors = "MODEL_NOT_FOUND" },
	{ "GET", ONE "/versions/{versionId}", PERM_MODEL_READ, 0, .status = 200, .out = package_out, VERSION, .get = package_of_model, .summary = "Get a version, which is a model package",
	  .errors = "MODEL_NOT_FOUND VERSION_NOT_FOUND" },
	{ "PATCH", ONE "/versions/{versionId}", PERM_MODEL_WRITE, R_WRITE, BODY(version_in, struct package_edit), .status = 200, .out = package_out, VERSION,
	  .change = package_edit, .moves = { LIFE_VERSION_EDIT, LIFE_VERSION_STAGE }, .summary = "Update a version, or move it to a stage",
	  .errors = "MODEL_NOT_FOUND VERSION_NOT_FOUND PROTECTED MODEL_ARCHIVED MODEL_RETIRED PACKAGE_ARCHIVED" },
	{ 0 }
};
