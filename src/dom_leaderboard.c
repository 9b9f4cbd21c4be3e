/* dom_leaderboard.c: training runs as the registry's leaderboard: models that packages are made from.  Where no
 * model is trained their runs are imported, into projects. */
#include "dom_source.h"
#include <string.h>
#include "clock.h"

/* ---- Projects ---- */

static const struct list_order newest[] = { { "newest", { { "id", 'd', true, 0 } } }, { NULL, { { NULL, 0, false, 0 } } } };
static const struct list_path project_paths[] = { { .order = -1, .index = "PRIMARY" } };
const struct listing run_projects_list = { .name = "RUN_PROJECTS", .of = RES_RUN_PROJECT, .parent = RES__MAX, .sees = SEES_ALL,
	.orders = newest, LIST_PATHS(project_paths) };

static const struct column brief[] = MAP(LEADERBOARD_BRIEF, struct run);
static const struct list_path paths[] = { { .order = -1, .index = "run_project" } };
const struct listing leaderboard_list = { .name = "LEADERBOARD", .of = RES__MAX, .kind = "training_run", .table = "training_runs",
	.size = sizeof(struct run), .id_at = offsetof(struct run, life.id), .prefix = "", .parent = RES_RUN_PROJECT, .sees = SEES_ALL, .link = " AND x.project_id = ?",
	.text = ROW(LEADERBOARD_BRIEF, "x"), .out = ROW_OUT(LEADERBOARD_BRIEF), .maps = { brief }, .orders = newest, LIST_PATHS(paths) };

/* ---- The package that it makes ---- */

const struct shape scoring_rows[] = {
	{ "dataRobotPredictionVersion", T_STR, .max = 255, .flags = F_NULL },
	{ "location", T_STR, .words = (const char *const[]){ "local_leaderboard", "mlpkg", NULL }, .flags = F_NULL },
	NAMED("ScoringCode")
};
const struct shape contains_rows[] = {
	{ "containsFearPipeline", T_BOOL, .empty = "false" },
	{ "containsFeaturelists", T_BOOL, .empty = "false" },
	{ "containsLeaderboardMeta", T_BOOL, .empty = "true" },
	{ "containsProjectMeta", T_BOOL, .empty = "true" },
	NAMED("ImportContents")
};

static void put_time(struct arena *a, struct json *o, const char *key, int64_t us)
{
	js_put_str(a, o, key, us ? clock_iso(a, us, TIME_MICROS) : NULL);
}

void source_person(struct arena *a, struct json *o, const char *what, const struct person *p)
{
	js_put_str(a, o, arena_printf(a, "%sEmail", what), p->email);
	js_put_str(a, o, arena_printf(a, "%sId", what), id_is_zero(&p->id) ? NULL : id_spell(a, "", &p->id));
	js_put_str(a, o, arena_printf(a, "%sName", what), p->name);
}

const char *source_description(struct arena *a, const char *environment, const char *name, int64_t made, const struct person *maker)
{
	struct json *o = js_object(a);

	js_put_str(a, o, "buildEnvironmentType", environment);
	js_put_str(a, o, "description", NULL);
	js_put_str(a, o, "location", NULL);
	put_time(a, o, "modelCreatedAt", made);
	source_person(a, o, "modelCreator", maker);
	js_put_str(a, o, "modelName", name);
	return js_text(o, NULL);
}

struct json *source_meta(struct arena *a, const struct leaderboard *l)
{
	struct json *o = js_object(a);

	js_put(o, "decisionFlowId", NULL);
	js_put(o, "decisionFlowVersionId", NULL);
	js_put(o, "environmentUrl", NULL);
	js_put_bool(a, o, "fips_140_2Enabled", false);
	put_time(a, o, "projectCreatedAt", l ? l->project.life.created : 0);
	source_person(a, o, "projectCreator", l ? &l->maker : &(struct person){ .name = NULL });
	js_put_str(a, o, "projectId", l && !id_is_zero(&l->project.life.id) ? id_spell(a, "", &l->project.life.id) : NULL);
	js_put_str(a, o, "projectName", l ? l->project.name : NULL);
	js_put(o, "scoringCode", js_raw(a, told_by(a, l ? l->run.scoring_code : NULL, scoring_rows)));
	return o;
}

/* What a trainer's texts are as features, and as logs of when it ended. */
static const char *as_objects(struct arena *a, const char *texts, const char *key, int64_t at)
{
	const struct json *in = js_read(a, texts);
	struct json *all = js_array(a);

	for (size_t i = 0; i < js_length(in); i++) {
		struct json *o = js_object(a);

		js_put_str(a, o, key, js_str(js_at(in, i)));
		if (at) {
			js_put_str(a, o, "level", "INFO");
			js_put(o, "time", js_number(a, (double)at / SECOND));
		}
		js_add(all, o);
	}
	return js_text(all, NULL);
}

/* Of a run of a model: what its model says, and the trainer. */
static enum err of_model(struct tx *tx, struct leaderboard *l)
{
	struct version v = { .run = l->run.life.id, .algorithm = l->run.algorithm };
	struct json *target = js_object(tx->arena);
	struct features f;
	enum err e;

	package_complete(tx->arena, &l->of, &v);
	l->package = v.package;
	l->package.stage = l->package.build = NULL;
	l->package.name = l->of.name;
	js_put_str(tx->arena, target, "name", l->run.target ? l->run.target : l->package.target_name);
	js_put_str(tx->arena, target, "type", l->package.target_type ? l->package.target_type : TARGET_UNKNOWN);
	if ((e = target_take(tx, js_text(target, NULL), &l->package))
	 || (e = timeseries_take(tx, NULL, &l->package))
	 || (e = features_take(tx, as_objects(tx->arena, l->run.features, "name", 0),
		as_objects(tx->arena, l->run.logs, "message", l->run.ended_at), &f)))
		return e;
	l->package.datasets = told_by(tx->arena, NULL, datasets_rows);
	l->package.features = f.features;
	l->package.logs = f.logs;
	return OK;
}

static void of_import(struct leaderboard *l)
{
	struct package *p = &l->package;

	*p = l->run.package;
	p->source = l->run.life.id;
	p->target_name = l->run.target;
	p->model_name = l->run.algorithm;
	p->execution = EXECUTION_DEDICATED;
	p->kinds |= RUNS_DEDICATED | FORMAT_DATAROBOT;
	p->intervals = -1;
}

enum err leaderboard_find(struct tx *tx, const struct id *id, struct leaderboard *out)
{
	static const struct column added[] = MAP(RUN_ADDED, struct run), of[] = MAP(LEADERBOARD_OF, struct leaderboard);
	const struct db_val *v;
	struct db_rows r;
	enum err e = tx_read(tx, SQL_LEADERBOARD_FIND, DB_IN(db_d(id), db_d(&tx->who->organization), db_d(&tx->who->principal)), &r);

	if (e)
		return e;
	memset(out, 0, sizeof *out);
	if (!(v = row_own(db_row(&r, 0))))
		return ERR_RUN_NOT_FOUND;
	v = row_read(added, RES_RUN, life_take(RES_RUN, v, &out->run), &out->run);
	(void)row_read(of, RES_RUN, v, out);
	if (!who_sees_model(tx->who, out->of.life.global, (int)out->of.life.granted))
		return ERR_RUN_NOT_FOUND;
	if (id_is_zero(&out->run.model))
		of_import(out);
	else if ((e = of_model(tx, out)))
		return e;
	out->package.source_meta = js_text(source_meta(tx->arena, out), NULL);
	out->package.model_description = source_description(tx->arena, "DataRobot", out->package.model_name, out->run.life.created, &out->started);
	return OK;
}

enum err leaderboard_get(struct tx *tx, const struct db_val *key, void *out)
{
	struct leaderboard *l = out;
	enum err e = leaderboard_find(tx, &key[1].id, l);

	if (!e && !id_equal(&l->project.life.id, &key[0].id))
		e = ERR_RUN_NOT_FOUND;
	return e ? e : who_may(tx->who, tx->ask);
}

/* ---- Import ---- */

/* The project, which may be made, once they may. */
static enum err project_of(struct tx *tx, const struct id *id, const char *name, struct run_project *out)
{
	struct db_rows r;
	const struct db_val org = db_d(&tx->who->organization);
	enum err e = tx_query(tx, SQL_RUN_PROJECT_FIND, DB_IN(org, db_d(id), org, db_s(name)), &r);

	if (e)
		return e;
	if (!r.n && !name)
		return ERR_NOT_FOUND;
	if ((e = who_may(tx->who, tx->ask)))
		return e;
	if (r.n) {
		(void)life_take(RES_RUN_PROJECT, db_row(&r, 0), out);
		if (!name || !strcmp(name, out->name))
			return OK;
		why_add(tx, "projectName", "does not match the name of the project in the path");
		return ERR_SHAPE;
	}
	*out = (struct run_project){ .name = name };
	life_begin(tx, &out->life);
	out->life.id = *id;
	return life_create(tx, LIFE_RUN_PROJECT_CREATE, &out->life, NULL);
}

static enum err take(struct tx *tx, const struct import *in, struct run *run)
{
	struct package *p = &run->package;
	struct json *location = NULL;
	struct features f;
	enum err e;

	p->kinds = kinds_take(tx->arena, in->kinds);
	if ((e = target_sent(tx, in->target, p)) || (e = timeseries_take(tx, in->timeseries, p))
	 || (e = features_take(tx, in->features, in->logs, &f)))
		return e;
	run->target = p->target_name;
	run->features = f.names;
	run->logs = f.messages;
	run->scoring_code = told_by(tx->arena, in->scoring_code, scoring_rows);
	if (js_get(js_read(tx->arena, run->scoring_code), "location", &location) && location)
		p->kinds |= FORMAT_SCORING_CODE;
	p->name = in->name ? in->name : in->model_type;
	p->file_name = in->file_name;
	p->import_meta = in->file_name ? told_by(tx->arena, in->contains, contains_rows) : NULL;
	p->datasets = told_by(tx->arena, in->datasets, datasets_rows);
	p->features = f.features;
	p->logs = f.logs;
	return OK;
}

enum err leaderboard_import(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct import *said = in;
	struct json *details = js_object(tx->arena);
	struct run_project project;
	struct run *run = out;
	enum err e;

	*run = (struct run){ .algorithm = said->model_type, .ended_at = tx->now };
	if (id_is_zero(&key[0].id))
		return ERR_NOT_FOUND;
	if ((e = project_of(tx, &key[0].id, said->project, &project)) || (e = take(tx, said, run)))
		return e;
	life_begin(tx, &run->life);
	if (!id_is_zero(&said->id))
		run->life.id = said->id;
	run->project = project.life.id;
	js_put_str(tx->arena, details, "project", project.name);
	return life_create(tx, t, &run->life, details);
}
