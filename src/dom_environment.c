/* dom_environment.c: prediction environments: where models are deployed, and in which formats. */
#include "dom_deployment.h"
#include <string.h>

const char *const format_words[] = { "datarobot", "datarobotScoringCode", "customModel", "externalModel", NULL };
const char *const platform_words[] = { "aws", "gcp", "azure", "onPremise", "datarobot", "datarobotServerless", "openShift", "other", "snowflake", "sapAiCore", NULL };
_Static_assert(FORMAT_DATAROBOT << 1 == FORMAT_SCORING_CODE && FORMAT_DATAROBOT << 2 == FORMAT_CUSTOM && FORMAT_DATAROBOT << 3 == FORMAT_EXTERNAL,
	"format_words stand in the order of the bits");

int64_t format_of(const char *word)
{
	for (int i = 0; format_words[i]; i++)
		if (!strcmp(format_words[i], word))
			return FORMAT_DATAROBOT << i;
	return 0;
}

int64_t formats_of(struct arena *a, const char *words)
{
	const struct json *list = js_read(a, words);
	int64_t formats = 0;

	for (size_t i = 0; i < js_length(list); i++)
		formats |= format_of(js_str(js_at(list, i)));
	return formats;
}

const char *formats_text(struct arena *a, int64_t formats)
{
	struct json *list = js_array(a);

	for (int i = 0; format_words[i]; i++)
		if (formats & FORMAT_DATAROBOT << i)
			js_add(list, js_string(a, format_words[i]));
	return js_text(list, NULL);
}

/* What a platform supports unless it is said. */
static int64_t formats_by_platform(const char *platform)
{
	return FORMAT_DATAROBOT | FORMAT_CUSTOM | (strncmp(platform, "datarobot", strlen("datarobot")) ? FORMAT_EXTERNAL : 0);
}

#define FILTER(f) (UINT64_C(1) << (f))
static const struct list_filter filters[] = {
	[ENVIRONMENTS_HIDDEN] = { "hidden", " AND x.hidden = ?", "i", 0 },
	[ENVIRONMENTS_SEARCH] = { "search", " AND CONCAT_WS(CHAR(10), x.name, x.description) COLLATE utf8mb4_unicode_520_ci LIKE ?", "s", LIST_LIKE },
	[ENVIRONMENTS_FORMATS] = { "formats", " AND x.formats & ?", "i", 0 },
	{ NULL, NULL, NULL, 0 }
};
static const struct list_order orders[] = { { "newest", { { "id", 'd', true, 0 } } }, { NULL, { { NULL, 0, false, 0 } } } };
static const struct list_path paths[] = { { .order = -1, .index = "environment_list" } };
const struct listing environments_list = { .name = "ENVIRONMENTS", .of = RES_ENVIRONMENT, .parent = RES__MAX, .sees = SEES_ALL, .filters = filters,
	.orders = orders, LIST_PATHS(paths), .always = FILTER(ENVIRONMENTS_HIDDEN), .hidden = 1 + ENVIRONMENTS_HIDDEN };

enum err environment_create(struct tx *tx, const void *in, void *out)
{
	struct environment *o = out;

	*o = *(const struct environment *)in;
	life_begin(tx, &o->life);
	if (!o->description)
		o->description = "";
	o->formats = o->supported ? formats_of(tx->arena, o->supported) : formats_by_platform(o->platform);
	return life_create(tx, LIFE_ENVIRONMENT_CREATE, &o->life, NULL);
}

/* What is deployed there already: would all of it run with these formats? */
static enum err all_run(struct tx *tx, const struct environment *o)
{
	const struct db_val org = db_d(&o->life.organization), id = db_d(&o->life.id), formats = db_i(o->formats & FORMATS);
	int64_t others = 0;
	enum err e = tx_int(tx, SQL_ENVIRONMENT_UNFIT, DB_IN(org, id, formats, org, id, formats), &others);

	return e ? e : others ? ERR_ENVIRONMENT_NEEDED : OK;
}

enum err environment_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct environment *edit = in;
	struct environment *o = out;
	enum err e = life_lock(tx, RES_ENVIRONMENT, key, o);
	int64_t formats;
	bool any = false;

	if (e)
		return e;
	formats = o->formats;
#define TAKE(field) if (edit->field##_set) { o->field = edit->field; any = true; }
	TAKE(name)
	TAKE(platform)
	TAKE(plugin)
	TAKE(managed_by)
	TAKE(datastore)
	TAKE(credential)
	TAKE(managed)
#undef TAKE
	if (edit->description_set)
		o->description = edit->description ? edit->description : "";
	if (edit->supported_set)
		o->formats = edit->supported ? formats_of(tx->arena, edit->supported) : formats_by_platform(o->platform);
	if (!any && !edit->description_set && !edit->supported_set)
		return OK;
	if (formats & ~o->formats && (e = all_run(tx, o)))
		return e;
	return life_move(tx, t, &o->life, NULL);
}

enum err environment_delete(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	struct environment *o = out;
	enum err e = life_lock(tx, RES_ENVIRONMENT, key, o);
	int64_t used = 0;

	(void)in;
	if (!e)
		e = tx_int(tx, SQL_ENVIRONMENT_USED, DB_IN(db_d(&o->life.organization), db_d(&o->life.id), db_d(&o->life.organization), db_d(&o->life.id)), &used);
	return e ? e : used ? ERR_ENVIRONMENT_USED : life_move(tx, t, &o->life, NULL);
}

enum err environment_formats(struct tx *tx, const struct id *id, int64_t *formats)
{
	enum err e = tx_int(tx, SQL_ENVIRONMENT_FORMATS, DB_IN(db_d(&tx->who->organization), db_d(id)), formats);

	return e == ERR_DB_NONE ? ERR_ENVIRONMENT_NOT_FOUND : e;
}
