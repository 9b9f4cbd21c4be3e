/* dom_kept.c: see dom_kept.h. */
#include "dom_kept.h"
#include <string.h>

struct json *kept_model(struct tx *tx, struct model *m)
{
	struct json *kept = m->life.kept = js_object(tx->arena);

	js_put_str(tx->arena, kept, "name", m->name);
	js_put_bool(tx->arena, kept, "prompt", m->prompt);
	return kept;
}

void kept_created(struct tx *tx, struct model *m)
{
	struct json *kept = kept_model(tx, m);

	js_put_str(tx->arena, kept, "description", m->description);
	js_put(kept, "labels", js_raw(tx->arena, m->labels));
}

void kept_version(struct tx *tx, struct model *m, const struct version *v)
{
	struct json *kept = kept_model(tx, m);

	js_put_int(tx->arena, kept, "version", v->number);
	js_put_str(tx->arena, kept, "source", v->origin.source);
	js_put_str(tx->arena, kept, "run", v->origin.run);
	js_put_str(tx->arena, kept, "description", v->package.description);
	js_put(kept, "labels", js_raw(tx->arena, v->labels));
}

char *kept_type(struct arena *a, const char *type, bool prompt)
{
	static const struct { const char *type, *as; } others[] = { { "model.version_promoted", "model.version_created" },
		{ "model.training_completed", "model.version_created" }, { "model.alias_rolled_back", "model.alias_set" } };

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (!strcmp(type, others[i].type)) {
			type = others[i].as;
			break;
		}
	return prompt && !strncmp(type, "model.", strlen("model.")) ? arena_printf(a, "prompt.%s", type + strlen("model.")) : arena_strdup(a, type);
}
