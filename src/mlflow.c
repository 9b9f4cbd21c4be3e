/* mlflow.c: see mlflow.h. */
#include "mlflow.h"
#include <string.h>

const char *mlflow_stage_fault(struct arena *a, const char *word)
{
	return stage_of(word) ? NULL : arena_printf(a, "Invalid Model Version stage: %s. Value must be one of None, Staging, Production, Archived.", word);
}

#define VERSION_AT(field) AT(struct version, field)

static const void *stage(struct arena *a, const void *object)
{
	(void)a;
	return stage_is(object, STAGE_REGISTERED) ? "None" : ((const struct version *)object)->package.stage;
}

/* A text that was not told is an empty one. */
#define OR_EMPTY(name, field) \
	static const void *name(struct arena *a, const void *object) \
	{ \
		const struct version *v = object; \
	\
		(void)a; \
		return v->field ? v->field : ""; \
	}
OR_EMPTY(description, package.description)
OR_EMPTY(source, origin.source)
OR_EMPTY(run, origin.run)
OR_EMPTY(run_link, origin.run_link)

const struct shape mlflow_version_out[] = {
	{ "name", T_STR, VERSION_AT(of.name) },
	{ "version", T_INT, VERSION_AT(number), .flags = F_QUOTED },
	{ "creation_timestamp", T_TIME, VERSION_AT(said.created) },
	{ "last_updated_timestamp", T_TIME, VERSION_AT(said.changed) },
	{ "user_id", T_STR, VERSION_AT(maker.name), .flags = F_OMIT, .help = "the user who created it" },
	{ "current_stage", T_STR, .make = stage, .help = "None, Staging, Production or Archived" },
	{ "description", T_STR, .make = description },
	{ "source", T_STR, .make = source },
	{ "run_id", T_STR, .make = run },
	{ "run_link", T_STR, .make = run_link },
	{ "model_id", T_STR, VERSION_AT(origin.logged_model), .flags = F_OMIT },
	{ "status", T_LITERAL, .text = "READY" },
	{ "tags", T_DOC, VERSION_AT(labels), .flags = F_OMIT, .help = "objects of key and value" },
	{ "aliases", T_DOC, VERSION_AT(aliases), .flags = F_OMIT, .help = "their names" },
	NAMED("MlflowModelVersion")
};
const struct shape mlflow_version_answer[] = { { "model_version", T_SUB, .off = 0, .sub = mlflow_version_out }, NAMED("MlflowModelVersionAnswer") };

const struct shape mlflow_nothing[] = { NAMED("MlflowNothing") };

/* What finds a model by its name and tells it, and what labels and aliases are changed by. */
#define OF_MODEL SQL_MODEL_ID_NAMED, SQL_NAMED_READ, SQL_NAMED_LATEST, SQL_LABELS_READ, SQL_LABEL_GET, SQL_LABEL_PUT, SQL_LABEL_FORGET, SQL_LABELS_SIZE, \
	SQL_ALIAS_GET, SQL_ALIAS_COUNT, SQL_ALIAS_PUT, SQL_ALIAS_FORGET, SQL_ALIASES_OF, SQL_ALIASES_FORGET, SQL_HOLD_ADD, SQL_HOLD_END
const enum sql mlflow_model_wants[] = { OF_MODEL, SQL_HOLDS_END, SQL_VERSIONS_SAID, SQL_NONE };
const enum sql mlflow_version_wants[] = { OF_MODEL, SQL_PACKAGE_HELD, SQL_NAMED_VERSION, SQL_NAMED_VERSION_TOLD, SQL_NAMED_VERSION_ALIAS, SQL_NAMED_VERSION_LAST, SQL_STAGE_HOLDERS, SQL_NONE };
