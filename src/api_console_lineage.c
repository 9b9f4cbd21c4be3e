/* api_console_lineage.c: of the console's dialect: where a version was promoted from and to, as
 * far as the caller may see. */
#include "console.h"
#include "dom_model.h"

static const void *version_id(struct arena *a, const void *object)
{
	const struct relative *o = object;

	return version_spell(a, o->number);
}

#define RELATIVE_AT(field) AT(struct relative, field)
static const struct shape node_out[] = {
	{ "model_id", T_ID, RELATIVE_AT(model), .prefix = "mdl-" },
	{ "model_name", T_STR, RELATIVE_AT(name) },
	{ "version_id", T_STR, .make = version_id },
	{ "version_number", T_INT, RELATIVE_AT(number) },
	{ "rid", T_ID, RELATIVE_AT(version), .prefix = RID_VERSION },
	{ "status", T_STATE, RELATIVE_AT(status), .of = RES_MODEL, .flags = F_OPEN, .help = "of the model" },
	{ "created_at", T_TIME, RELATIVE_AT(created_at) },
	NAMED("LineageNode")
};
#define LINEAGE_AT(field) AT(struct lineage, field)
static const struct shape lineage_out[] = {
	{ "version", T_SUB, LINEAGE_AT(self), .sub = node_out },
	{ "from", T_LIST, LINEAGE_AT(from), .sub = node_out, .help = "origins, the nearest first, up to 8" },
	{ "to", T_LIST, LINEAGE_AT(to), .sub = node_out, .help = "versions promoted from this one, newest first, up to 20" },
	{ "more", T_INT, LINEAGE_AT(more), .help = "how many more of those there are, among the newest 100" },
	{ "hidden", T_BOOL, LINEAGE_AT(hidden), .help = "true: the caller cannot see one of the origins" },
	NAMED("Lineage")
};

const struct route lineage_routes[] = {
	{ "GET", "/console/lineage/{model_id}/{version_id}", PERM_MODEL_READ, R_UNTAGGED, .status = 200, .out = lineage_out,
	  .object = RES_VERSION, .number = version_number, .get = version_lineage, .size = sizeof(struct lineage),
	  .summary = "Get where a version was promoted from and to", .errors = "MODEL_NOT_FOUND VERSION_NOT_FOUND" },
	{ 0 }
};
