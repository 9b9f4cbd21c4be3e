/* api_mlflow_versions.c: the versions of a registered model, by its name and their numbers: registered from wherever
 * their files are, described, tagged, moved from stage to stage. */
#include "mlflow.h"
#include <string.h>
#include "dom_tag.h"
#include "str.h"

/* ---- Values ---- */

enum { SOURCE_MOST = 4096, RUN_MOST = 256, DECODED_MOST = 10 };

/* Is `..` a segment of it, however often it was percent-encoded? */
static bool climbs(struct arena *a, const char *s)
{
	for (int i = 0; i < DECODED_MOST; i++) {
		const char *next;

		for (const char *p = s; *p; ) {
			const size_t n = strcspn(p, "/\\?#");

			if (n == 2 && p[0] == '.' && p[1] == '.')
				return true;
			p += n + (p[n] != '\0');
		}
		if (!strchr(s, '%') || !(next = pct_decode(a, s, strlen(s), false)))
			return false;
		if (!strcmp(next, s))
			return false;
		s = next;
	}
	return true;
}

static const char *address_fault(struct arena *a, const char *s)
{
	if (utf8_length(s) > SOURCE_MOST)
		return arena_printf(a, "An address can have at most %d characters", SOURCE_MOST);
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return "An address cannot have control characters";
	return NULL;
}

static const char *source_fault(struct arena *a, const char *s)
{
	const char *fault = address_fault(a, s);

	return fault || !climbs(a, s) ? fault
		: arena_printf(a, "Invalid model version source: '%s'. If supplying a source as an http, https, local file path, ftp, objectstore, or "
			"mlflow-artifacts uri, an absolute path must be provided without relative path references present. Please provide an absolute path.", s);
}

static const char *run_fault(struct arena *a, const char *s)
{
	bool good = utf8_length(s) <= RUN_MOST && *s != '-' && *s != '_';

	for (const char *p = s; good && *p; p++)
		good = *p < 0 || (*p >= '0' && *p <= '9') || ((*p | 32) >= 'a' && (*p | 32) <= 'z') || *p == '_' || *p == '-';
	return good ? NULL : arena_printf(a, "Invalid run ID: '%s'", utf8_cut(a, s, RUN_MOST));
}

/* ---- Shapes ---- */

#define VERSION_AT(field) AT(struct version, field)
static const struct shape versions_out[] = {
	{ "model_versions", T_LIST, AT(struct page_got, rows), .sub = mlflow_version_out, .flags = F_OMIT },
	{ "next_page_token", T_STR, AT(struct page_got, token), .flags = F_OMIT },
	NAMED("MlflowModelVersionPage")
};
static const struct shape files_out[] = { { "artifact_uri", T_STR, VERSION_AT(origin.download) }, NAMED("MlflowDownloadUri") };

const struct shape mlflow_version_in[] = {
	NAME_ROW,
	{ "source", T_STR, NAMED_AT(source), .flags = F_REQUIRED, .fault = source_fault,
	  .help = "location of its files, which this server never reads; or the version to copy: models:/NAME/NUMBER or models:/NAME@ALIAS" },
	{ "run_id", T_STR, NAMED_AT(run), .fault = run_fault },
	{ "run_link", T_STR, NAMED_AT(run_link), .fault = address_fault },
	{ "model_id", T_STR, NAMED_AT(logged_model), .max = 256 },
	{ "tags", T_DOC, NAMED_AT(labels), .flags = F_OWN_LIMIT, .help = "objects of key and value" },
	DESCRIPTION_ROW,
	NAMED("MlflowModelVersionCreate")
};
static const struct shape one_in[] = { NAME_ROW, VERSION_ROW, NAMED("MlflowVersionName") };
static const struct shape describe_in[] = { NAME_ROW, VERSION_ROW, DESCRIPTION_ROW, NAMED("MlflowVersionDescribe") };
static const struct shape tag_in[] = { NAME_ROW, VERSION_ROW, KEY_ROW, VALUE_ROW, NAMED("MlflowVersionTagSet") };
static const struct shape untag_in[] = { NAME_ROW, VERSION_ROW, KEY_ROW, NAMED("MlflowVersionTagDelete") };
static const struct shape stage_in[] = {
	NAME_ROW,
	VERSION_ROW,
	{ "stage", T_STR, NAMED_AT(stage), .flags = F_REQUIRED, .fault = mlflow_stage_fault, .help = "None, Staging, Production or Archived; case is ignored" },
	{ "archive_existing_versions", T_BOOL, NAMED_AT(alone), .help = "moves the other versions in the stage to Archived" },
	NAMED("MlflowStageTransition")
};
static const struct shape search_query[] = { SEARCH_ROWS(200000), NAMED("MlflowVersionSearch") };
static const struct paging many = { .size = 200000, .part = 2000, .asked = mlflow_versions_asked, .got = pages_tokened };

/* What two fields say together. */
static enum err transition(struct tx *tx, const struct db_val *key, enum transition t, const void *sent, void *out)
{
	const struct named_in *in = sent;
	const char *to = stage_of(in->stage);

	if (in->alone && (!strcmp(to, STAGE_REGISTERED) || !strcmp(to, STAGE_ARCHIVED))) {
		return why_said(tx, "archive_existing_versions", arena_printf(tx->arena, "Model version transition cannot archive existing model versions because '%s' "
			"is not an Active stage. Valid stages are ['Staging', 'Production']", !strcmp(to, STAGE_REGISTERED) ? "None" : to));
	}
	return named_transition(tx, key, t, sent, out);
}

/* ---- Routes ---- */

#define ROUTE(method, path) method, BASE "/model-versions/" path
#define WRITE(method, path, flags_, in_) ROUTE(method, path), PERM_MODEL_WRITE, R_WRITE | R_UNTAGGED | (flags_), BODY(in_, struct named_in), .status = 200, .object = RES_VERSION, \
	.wants = mlflow_version_wants
#define READ(method, path, query_, type) ROUTE(method, path), PERM_MODEL_READ, R_UNTAGGED | R_QUERY_BODY, QUERY(query_, type), .status = 200, .object = RES_VERSION
#define IN_MODEL AS({ ERR_MODEL_NOT_FOUND, ERR_VERSION_NOT_FOUND })
#define SEARCH(method) READ(method, "search", search_query, struct search_query), .out = versions_out, .listing = &named_versions_list, .paging = &many, \
	.summary = "Search versions", .errors = "PAGE_BYTES TOO_BROAD"
const struct route mlflow_version_routes[] = {
	{ WRITE("POST", "create", R_LARGE, mlflow_version_in), .out = mlflow_version_answer, .change = named_register, .moves = { LIFE_MODEL_REGISTER, LIFE_VERSION_CREATE },
	  .summary = "Create the next version of a registered model", .errors = "MODEL_NOT_FOUND VERSION_NOT_FOUND ALIAS_NOT_FOUND LATEST_NOT_FOUND QUOTA" },
	{ READ("GET", "get", one_in, struct named_in), .out = mlflow_version_answer, .get = named_version_get, IN_MODEL, .summary = "Get a version", .errors = "VERSION_NOT_FOUND" },
	{ WRITE("PATCH", "update", 0, describe_in), .out = mlflow_version_answer, .change = named_version_describe, .moves = { LIFE_VERSION_DESCRIBE, LIFE_MODEL_VERSION_EDIT }, IN_MODEL,
	  .summary = "Update the description of a version", .errors = "VERSION_NOT_FOUND" },
	{ WRITE("POST", "transition-stage", 0, stage_in), .out = mlflow_version_answer, .change = transition, .moves = { LIFE_VERSION_STAGE, LIFE_MODEL_VERSION_STAGE }, IN_MODEL,
	  .summary = "Move a version to a stage", .errors = "VERSION_NOT_FOUND PROTECTED" },
	{ WRITE("DELETE", "delete", 0, one_in), .out = mlflow_nothing, .change = named_version_discard, .moves = { LIFE_VERSION_ARCHIVE, LIFE_MODEL_VERSION_ARCHIVE }, IN_MODEL,
	  .summary = "Permanently delete a version and its aliases; its number is not used again", .errors = "VERSION_NOT_FOUND OWNER_ONLY PROTECTED" },
	{ SEARCH("GET") },
	{ SEARCH("POST") },
	{ READ("GET", "get-download-uri", one_in, struct named_in), .out = files_out, .get = named_files_get, IN_MODEL, .summary = "Get the location of a version's files",
	  .errors = "VERSION_NOT_FOUND ORIGIN_NONE" },
	{ WRITE("POST", "set-tag", R_LARGE, tag_in), .out = mlflow_nothing, .change = named_label, .moves = { LIFE_VERSION_LABEL, LIFE_MODEL_VERSION_LABEL }, IN_MODEL,
	  .summary = "Set a tag of a version", .errors = "VERSION_NOT_FOUND" },
	{ WRITE("DELETE", "delete-tag", 0, untag_in), .out = mlflow_nothing, .change = named_unlabel, .moves = { LIFE_VERSION_UNLABEL, LIFE_MODEL_VERSION_UNLABEL }, IN_MODEL,
	  .summary = "Delete a tag of a version", .errors = "VERSION_NOT_FOUND" },
	{ 0 }
};
