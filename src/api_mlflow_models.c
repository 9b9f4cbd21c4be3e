/* api_mlflow_models.c: registered models, which are the models of all dialects, by their names. */
#include "mlflow.h"
#include "dom_model.h"

#define MODEL_AT(field) AT(struct model, field)

/* An empty one is none. */
static const void *description(struct arena *a, const void *object)
{
	const struct model *m = object;

	(void)a;
	return m->description && *m->description ? m->description : NULL;
}

static const struct shape model_out[] = {
	{ "name", T_STR, MODEL_AT(name) },
	{ "creation_timestamp", T_TIME, MODEL_AT(life.created) },
	{ "last_updated_timestamp", T_TIME, MODEL_AT(life.changed) },
	{ "description", T_STR, .make = description, .flags = F_OMIT },
	{ 0 }
};
static const struct shape answer_out[] = { { "registered_model", T_SUB, .off = 0, .sub = model_out }, { 0 } };

static const struct shape create_in[] = {
	{ "name", T_STR, MODEL_AT(name), .max = 1024, .flags = F_REQUIRED },
	{ "description", T_STR, MODEL_AT(description), .max = 2048 },
	{ 0 }
};

struct named { const char *name; };
static const struct shape named_query[] = {
	{ "name", T_STR, AT(struct named, name), .flags = F_REQUIRED | F_KEY },
	{ 0 }
};

const struct route mlflow_model_routes[] = {
	{ "POST", BASE "/registered-models/create", PERM_MODEL_WRITE, R_WRITE | R_LARGE, BODY(create_in, struct model), .status = 200, .out = answer_out,
	  .object = RES_MODEL, .make = model_create, .summary = "Make a registered model, which everybody in the organization sees", .errors = "MODEL_NAME_TAKEN QUOTA" },
	{ "GET", BASE "/registered-models/get", PERM_MODEL_READ, R_QUERY_BODY | R_UNARCHIVED, QUERY(named_query, struct named), .status = 200, .out = answer_out,
	  .object = RES_MODEL, .get = model_named, .summary = "A registered model", .errors = "MODEL_NOT_FOUND" },
	{ 0 }
};
