/* dom_kind.c: what a version that was made in another dialect is to the registry: its target, where it runs. */
#include "dom_package.h"
#include <string.h>

const char *package_target_name(struct arena *a, const struct model *m)
{
	struct json *column = NULL;

	if (m->target_name)
		return m->target_name;
	(void)js_get(js_read(a, m->config), "target_column", &column);
	return js_type(column) == JS_STRING ? arena_strdup(a, js_str(column)) : m->name;
}

/* A task that has one type of target. */
static const char *target_type(const struct model *m)
{
	if (m->target_type)
		return m->target_type;
	return m->task_type && !strcmp(m->task_type, "regression") ? "Regression" : NULL;
}

int64_t package_kinds(const char *execution)
{
	if (!strcmp(execution, EXECUTION_DEDICATED))
		return RUNS_DEDICATED | FORMAT_DATAROBOT;
	return strcmp(execution, EXECUTION_CUSTOM) ? RUNS_EXTERNAL | FORMAT_EXTERNAL : RUNS_CUSTOM | FORMAT_CUSTOM;
}

const char *package_execution(const struct version *v)
{
	return v->package.execution ? v->package.execution : id_is_zero(&v->run) ? EXECUTION_EXTERNAL : EXECUTION_DEDICATED;
}

void package_complete(struct arena *a, const struct model *m, struct version *v)
{
	struct package *p = &v->package;

	if (p->stage)                            /* a package */
		return;
	p->stage = STAGE_REGISTERED;
	p->build = BUILD_COMPLETE;
	p->execution = package_execution(v);
	p->kinds = package_kinds(p->execution);
	p->source = id_is_zero(&v->run) ? v->life.id : v->run;
	p->target_name = package_target_name(a, m);
	p->target_type = target_type(m);
	p->model_name = v->algorithm;
	p->intervals = -1;
}
