/* registry.h: what the files of the registry dialect share: pages, people, prediction environments, and the
 * table of routes of each file. */
#ifndef REGISTRY_H
#define REGISTRY_H
#include "dom_deployment.h"
#include "dom_job.h"
#include "pages.h"

extern const struct route package_routes[];      /* api_registry_packages.c */
extern const struct route registered_routes[];   /* api_registry_models.c */
extern const struct route share_routes[];        /* api_registry_share.c */
extern const struct route job_routes[];          /* api_registry_status.c */
extern const struct route deployment_routes[];   /* api_registry_deployments.c */
extern const struct route environment_routes[];  /* api_registry_environments.c */
extern const struct route source_routes[];       /* api_registry_sources.c */
extern const struct route custom_routes[];       /* api_registry_custom.c */

#define BASE "/api/v2"

/* offset and limit, the latter 0 for all that a page may have; clients send both, or neither. */
#define PAGE_ROWS \
	{ "offset", T_INT, AT(struct page_asked, offset), .min = 0, .max = INT64_MAX / 2, .help = "how many to skip" }, \
	{ "limit", T_INT, SET(struct page_asked, size), .min = 0, .max = INT64_MAX, .help = "how many to return at most; 0: as many as a page can have" }
#define PAGE_OUT(shape) { \
	{ "count", T_INT, AT(struct page_got, count), .help = "number of items on this page" }, \
	{ "data", T_LIST, AT(struct page_got, rows), .sub = shape }, \
	{ "next", T_STR, AT(struct page_got, next), .flags = F_NULL, .help = "full URL of the next page, with the same parameters" }, \
	{ "previous", T_STR, AT(struct page_got, previous), .flags = F_NULL }, \
	{ "totalCount", T_INT, AT(struct page_got, total) }, \
	NAMED("%Page") }
extern const struct shape window_query[];        /* no more than that, of a struct page_asked */
/* sortDirection: as the key sorts by itself, or against it. */
extern const char *const registry_directions[];
#define DIRECTION_ROW { "sortDirection", T_STR, AT(struct page_asked, direction), .words = registry_directions }
/* By offset and limit, and by sortDirection against the order: of a list that is not sorted by a key the newest first. */
enum err pages_by_window(struct req *r, const struct page_asked *q, struct list_ask *ask);
extern const struct paging hundred;              /* a page has 100 rows, 1000 at most */
extern const struct paging living;               /* the same of what is not hidden, where nothing is asked for by its state */
/* The answer is the part of an array that is asked for, of rows of that size: `usual` where no limit is given, `most` at once. */
enum err res_part(struct req *r, const void *rows, size_t n, size_t size, int64_t usual, int64_t most);

/* What a package supports (api_registry_packages.c). */
extern const struct shape capability_list_out[];
enum err res_capabilities(struct req *r, const struct version *v);

/* The answer tells of a job: 202, if it has no body yet, and where its state is. */
void res_job(struct req *r, const struct id *job);

/* What lists of packages and of their models are asked for alike (api_registry_packages.c). */
struct packages_query {
	struct page_asked page;
	struct id source, similar, compatible, environment, use_case;
	const char *model_id, *kinds, *build, *stage, *search, *tags, *tag_keys, *tag_values, *created_by, *target_name, *target_type;
	double threshold;
	int64_t created_from, created_before, modified_from, modified_before;
	bool challenger, imported, global, threshold_set, imported_set, global_set, created_from_set, created_before_set, modified_from_set, modified_before_set;
};
#define PACKAGES_QUERY_AT(field) AT(struct packages_query, field)
#define PACKAGE_FILTERS \
	{ "forChallenger", T_BOOL, PACKAGES_QUERY_AT(challenger), .flags = F_LOOSE, .help = "with similarTo: only packages that run here, no external ones" }, \
	{ "predictionThreshold", T_NUMBER, SET(struct packages_query, threshold), .min = 0, .max = 1 }, \
	{ "imported", T_BOOL, SET(struct packages_query, imported), .flags = F_LOOSE, .help = "true: imported from a .mlpkg file" }, \
	{ "predictionEnvironmentId", T_ID, PACKAGES_QUERY_AT(environment), BARE, .help = "packages in a format that this environment supports" }, \
	{ "modelKind", T_STRINGS, PACKAGES_QUERY_AT(kinds), .fault = package_kind_fault, .help = "a format, a flag of modelKind or a modelExecutionType; matches any of them" }, \
	{ "buildStatus", T_STR, PACKAGES_QUERY_AT(build), .filter = 1 + PACKAGES_BUILD, .words = package_builds }, \
	{ "stage", T_STR, PACKAGES_QUERY_AT(stage), .filter = 1 + PACKAGES_STAGE, .words = package_stages }, \
	{ "tagKeys", T_STRINGS, PACKAGES_QUERY_AT(tag_keys), .help = "packages with a tag that has one of these names" }, \
	{ "tagValues", T_STRINGS, PACKAGES_QUERY_AT(tag_values), .help = "packages with a tag that has one of these values" }, \
	{ "tags", T_STRINGS, PACKAGES_QUERY_AT(tags), .help = "same as tagKeys" }
#define COMPATIBLE_FILTERS \
	{ "compatibleWithLeaderboardModelId", T_ID, PACKAGES_QUERY_AT(source), .filter = 1 + PACKAGES_SOURCE, BARE, .help = "packages that were created from this leaderboard model" }, \
	{ "compatibleWithModelPackageId", T_ID, PACKAGES_QUERY_AT(compatible), BARE, .help = "packages with the target and the kind of series of this package" }
extern const char *const package_stages[], *const package_builds[];
const char *package_kind_fault(struct arena *a, const char *word);
enum err packages_asked(struct req *r, const struct page_asked *page, struct list_ask *ask);
extern const struct paging packages_paging;
extern const struct shape package_out[], versions_query[];

/* S3, of a struct environment (api_registry_environments.c). */
extern const struct shape environment_of_out[];
/* S37, of a struct person: null where nobody is known. */
extern const struct shape person_out[];
/* An id as this dialect spells it, of whatever it is. */
#define BARE .prefix = ""

/* Of a route's row: the errors that it gives for others. */
#define AS(...) .as = (const struct err_as[]){ __VA_ARGS__, { OK, OK } }
/* What a body names, and there is not, is a fault of the body. */
#define NAMED_MODEL { ERR_MODEL_NOT_FOUND, ERR_REFERENCE }

#endif
