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

/* The first column that a Model API says comes out; NULL: it says of none. */
const char *package_output(struct arena *a, const char *model_api)
{
	struct json *o = js_read(a, model_api), *outputs = NULL, *columns = NULL, *name = NULL;
	const struct json *first;

	if (!o || !js_get(o, "outputs", &outputs) || !(first = js_length(outputs) ? js_at(outputs, 0) : NULL))
		return NULL;
	if (js_get(first, "columns", &columns))
		first = js_length(columns) ? js_at(columns, 0) : NULL;
	return first && js_get(first, "name", &name) && js_type(name) == JS_STRING ? arena_strdup(a, js_str(name)) : NULL;
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

	if (id_is_zero(&p->source) && !p->source_name)
		p->source = id_is_zero(&v->run) ? v->life.id : v->run;
	if (p->stage)                            /* a package */
		return;
	p->stage = STAGE_REGISTERED;
	p->build = BUILD_COMPLETE;
	p->execution = package_execution(v);
	p->kinds = package_kinds(p->execution);
	p->target_name = package_target_name(a, m);
	p->target_type = m->target_type;
	p->model_name = v->algorithm;
	p->intervals = -1;
}
