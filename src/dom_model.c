/* dom_model.c: models themselves: made, read, listed, edited, archived, restored. */
#include "dom_model.h"
#include <string.h>
#include "conf.h"
#include "dom_alias.h"
#include "dom_folder.h"
#include "dom_kept.h"
#include "dom_labels.h"
#include "dom_package.h"
#include "dom_share.h"
#include "str.h"

enum { RENAMED_MOST = 10000 };

static enum err name_taken(struct tx *tx, enum err e)
{
	if (e == ERR_MODEL_NAME_TAKEN)
		why_add(tx, "name", "Another model in the organization already has this name");
	return e;
}

enum err model_create(struct tx *tx, const void *in, void *made)
{
	struct model *out = made;
	enum err e;

	*out = *(const struct model *)in;
	if ((e = folder_enter(tx, &out->folder)) || (e = who_may(tx->who, tx->ask)))
		return e;
	life_begin(tx, &out->life);
	out->life.global = !out->local;
	if (!out->target_name && out->config && strcmp(package_target_name(tx->arena, out), out->name))
		out->target_name = package_target_name(tx->arena, out);
	if (id_equal(&out->folder, &tx->who->organization))
		out->folder = (struct id){ 0 };
	kept_created(tx, out);
	return name_taken(tx, life_create(tx, LIFE_MODEL_CREATE, &out->life, NULL));
}

enum err model_make(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct model m = *(const struct model *)in;

	(void)key, (void)t;
	m.life.global = true;
	return id_is_zero(&m.folder) ? ERR_FOLDER_NOT_FOUND : model_create(tx, &m, out);
}

/* ---- Lists ---- */

#define AND_BY(f) (UINT64_C(1) << (f))
static const struct list_filter filters[] = {
	[MODELS_HIDDEN] = { "hidden", " AND x.hidden = ?", "i", 0 },
	[MODELS_STATUS] = { "status", " AND x.status = ?", "a", 0 },
	[MODELS_TASK_TYPE] = { "task_type", " AND x.task_type = ?", "a", 0 },
	[MODELS_SEARCH] = { "search", " AND x.name_key LIKE ?", "s", LIST_LIKE },
	{ NULL, NULL, NULL, 0 }
};
static const struct list_order orders[] = { { "newest", { { "id", 'd', true, 0 } } }, { NULL, { { NULL, 0, false, 0 } } } };
static const struct list_path paths[] = {
	{ .filters = AND_BY(MODELS_SEARCH) | AND_BY(MODELS_STATUS), .order = -1, .index = "model_by_status" },
	{ .filters = AND_BY(MODELS_SEARCH) | AND_BY(MODELS_TASK_TYPE), .order = -1, .index = "model_by_task" },
	{ .filters = AND_BY(MODELS_STATUS) | AND_BY(MODELS_TASK_TYPE), .order = -1, .index = "model_by_both" },
	{ .filters = AND_BY(MODELS_STATUS), .order = -1, .index = "model_by_status" },
	{ .filters = AND_BY(MODELS_TASK_TYPE), .order = -1, .index = "model_by_task" },
	{ .order = -1, .index = "model_list" },
};
enum err models_total(struct tx *tx, struct db_val hidden, struct db_val status, struct db_val task, int64_t *total)
{
	const struct db_val org = db_d(&tx->who->organization), me = db_d(&tx->who->principal);
	const struct db_val granted = db_d(who_grants(tx->who));
	const bool all = who_sees_model(tx->who, false, 0);
#define ASKED db_i(!all), hidden, status, status, task, task
#define TO_ME db_i(all), me, granted, granted, me, granted, hidden, status, status, task, task
	const struct summing kept = all ? (struct summing){ SQL_MODEL_KEPT, DB_IN(ASKED, org, org, org) }
		: (struct summing){ SQL_MODEL_KEPT_GRANTED, DB_IN(ASKED, TO_ME, org, org, org) };

	return list_folded(tx, kept, (struct summing){ SQL_MODEL_TOTAL, DB_IN(ASKED, TO_ME, org, org, org, org) }, total);
#undef ASKED
#undef TO_ME
}

static enum err total_of(struct tx *tx, const struct list_ask *ask, const struct list_got *got, int64_t *total)
{
	(void)got;
	return models_total(tx, *list_value(ask, MODELS_HIDDEN), list_given(ask, MODELS_STATUS), list_given(ask, MODELS_TASK_TYPE), total);
}

const struct listing models_list = { .name = "MODELS", .of = RES_MODEL, .parent = RES__MAX, .sees = SEES_GRANT, .filters = filters, .orders = orders,
	LIST_PATHS(paths),
	.always = AND_BY(MODELS_HIDDEN), .hidden = 1 + MODELS_HIDDEN, .state = 1 + MODELS_STATUS, .total = total_of,
	.totalled = AND_BY(MODELS_HIDDEN) | AND_BY(MODELS_STATUS) | AND_BY(MODELS_TASK_TYPE) };

/* What many patches add up to has the limit of a document that is sent whole. */
static enum err merged(struct tx *tx, const char *field, const char *old, const char **edit)
{
	size_t n;

	if (!*edit)
		return OK;
	*edit = js_text(js_merge(tx->arena, js_read(tx->arena, old), js_read(tx->arena, *edit)), &n);
	if (!conf.document_limit || (int64_t)n <= conf.document_limit)
		return OK;
	why_add(tx, field, arena_printf(tx->arena, "must have at most %lld bytes as JSON when it is merged (document_limit), not %zu",
		(long long)conf.document_limit, n));
	return ERR_SHAPE;
}

/* Its versions go by another name too, which those see who go by names; of very many it is not written. */
static enum err renamed(struct tx *tx, const struct model *m)
{
	return m->last_version > RENAMED_MOST ? OK
		: db_exec(tx->db, SQL_VERSIONS_SAID, DB_IN(db_t(tx->now), db_d(&m->life.organization), db_d(&m->life.id)), NULL);
}

/* What it is called when this is all that changes. */
static enum transition edit_alone(const struct model_edit *in, enum transition t)
{
	if (in->dataset_id_set)
		return in->dataset_id ? LIFE_MODEL_LINK_DATASET : LIFE_MODEL_UNLINK_DATASET;
	return in->config_set ? LIFE_MODEL_EDIT_CONFIG : t;
}

enum err model_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *edit, void *edited)
{
	struct json *details = js_object(tx->arena), *changed = js_array(tx->arena);
	struct model_edit in = *(const struct model_edit *)edit;
	struct model *out = edited;
	const char *was;
	enum err e;

	if ((e = life_lock(tx, RES_MODEL, key, out)))
		return e;
	was = out->name;
	if (tx->merge && ((e = merged(tx, "config", out->config, &in.config)) || (e = merged(tx, "metadata", out->metadata, &in.metadata))))
		return e;
#define TAKE(field) \
	if (in.field##_set) { \
		out->field = in.field; \
		js_add(changed, js_string(tx->arena, #field)); \
	}
	TAKE(name)
	TAKE(description)
	TAKE(tags)
	TAKE(config)
	TAKE(metadata)
	TAKE(dataset_id)
#undef TAKE
	if (in.config_set && !out->last_version) {      /* what its versions are about, as long as there are none */
		out->target_name = NULL;
		out->target_name = strcmp(package_target_name(tx->arena, out), out->name) ? package_target_name(tx->arena, out) : NULL;
	}
	if (in.global_set && in.global != out->life.global) {
		if (!out->life.owned)
			return ERR_OWNER_ONLY;
		if ((out->life.global && (e = share_keep_maker(tx, out))) || (e = hold_exposed(tx, out)))
			return e;
		out->life.global = in.global;
		js_add(changed, js_string(tx->arena, "is_global"));
	}
	if (strcmp(out->name, was) && (e = hold_exposed(tx, out)))
		return e;
	js_put(details, "changed", changed);
	if (in.dataset_id_set)
		js_put(details, "dataset_id", in.dataset_id ? js_string(tx->arena, in.dataset_id) : NULL);
	e = name_taken(tx, life_move(tx, js_length(changed) == 1 ? edit_alone(&in, t) : t, &out->life, details));
	return e || !in.name_set || !strcmp(in.name, was) ? e : renamed(tx, out);
}
