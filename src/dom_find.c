/* dom_find.c: see dom_find.h.  A kind is a row: its list, of an object's id, name and state alone, in the order of names along the
 * index that has them, so that what begins with the text is a range of it, and what has it elsewhere is seen in the index itself. */
#include "dom_find.h"
#include <string.h>
#include <strings.h>
#include "clock.h"
#include "dom_deployment.h"
#include "dom_folder.h"
#include "dom_project.h"
#include "dom_webhook.h"
#include "dom_workspace.h"
#include "str.h"

enum { PATIENCE = SECOND };                      /* after which nothing is looked for anywhere in names any more */

/* ---- The lists ---- */

enum { BY_NAME, BY_HIDDEN, BY_STATUS };
#define FOLDED(column) column " COLLATE utf8mb4_unicode_520_ci"
#define FILTERS(column) { \
	[BY_NAME] = { "name", " AND " column " LIKE ?", "s", 0 }, \
	[BY_HIDDEN] = { "hidden", " AND x.hidden = ?", "i", 0 }, \
	[BY_STATUS] = { "status", " AND x.status = ?", "a", 0 }, \
	{ NULL, NULL, NULL, 0 } }
static const struct list_filter by_key[] = FILTERS("x.name_key"), by_label[] = FILTERS(FOLDED("x.label")), by_name[] = FILTERS(FOLDED("x.name"));
#define ORDER(name, letter, number, its) { { "name", { { name, letter, false, 0 }, { number, its, false, 0 } } }, { NULL, { { NULL, 0, false, 0 } } } }
static const struct list_order named[] = ORDER("name_key", 's', "id", 'd'), numbered[] = ORDER("name_key", 's', "number", 'i'),
	labelled[] = ORDER("label", 's', "id", 'd');
#define FIND(as, rows, where, index_, PICK_, filters_, orders_) .name = "FIND_" as, .of = RES__MAX, .parent = RES__MAX, .table = rows, \
	.text = "x.organization_id, " PICK(PICK_), .out = "d" PICK_OUT(PICK_), .maps = { (const struct column[])PICK_MAP(PICK_, struct found) }, \
	.size = sizeof(struct found), .filters = filters_, .always = 1 << BY_NAME, .orders = orders_, \
	.paths = (const struct list_path[]){ { .order = -1, .index = index_ } }, .npaths = 1, .sees = where, .bounded = DB_BRIEF
static const struct listing find_models = { FIND("MODELS", "models", SEES_GRANT, "model_by_name", FOUND_MODEL_PICK, by_key, named) },
	find_projects = { FIND("PROJECTS", "projects", SEES_ALL, "project_by_name", FOUND_PROJECT_PICK, by_key, numbered) },
	find_workspaces = { FIND("WORKSPACES", "workspaces", SEES_MODE, "workspace_by_name", FOUND_PICK, by_key, named) },
	find_entities = { FIND("ENTITIES", "entities", SEES_MODE, "entity_by_name", FOUND_PICK, by_key, named) },
	find_deployments = { FIND("DEPLOYMENTS", "deployments", SEES_PARENT, "deployment_by_label", FOUND_LABEL_PICK, by_label, labelled) },
	find_environments = { FIND("ENVIRONMENTS", "prediction_environments", SEES_ALL, "environment_list", FOUND_PICK, by_name, list_by_id) },
	find_folders = { FIND("FOLDERS", "folders", SEES_ALL, "PRIMARY", FOUND_FOLDER_PICK, by_name, list_by_id) };

/* kind: NULL: the last. prefix: of its ids, NULL: its number.  shelved: the state of what is archived, NULL: there is none such;
 * whole: nothing of it is out of lists; scanned: no index has the beginnings of its names. */
struct sort { const char *kind, *prefix, *shelved; enum perm perm; const struct listing *list; bool whole, scanned; };
static const struct sort kinds[] = {
	{ "model", "mdl-", "archived", PERM_MODEL_READ, &find_models, false, false },
	{ "project", NULL, "ARCHIVED", PERM_PROJECT_READ, &find_projects, false, false },
	{ "workspace", "wks_", "archived", PERM_WORKSPACE_READ, &find_workspaces, false, false },
	{ "entity", "ent_", NULL, PERM_WORKSPACE_READ, &find_entities, true, false },
	{ "deployment", "", NULL, PERM_MODEL_READ, &find_deployments, false, true },
	{ "prediction_environment", "", NULL, PERM_MODEL_READ, &find_environments, false, true },
	{ "folder", "ri.compass.main.folder.", "archived", PERM_MODEL_READ, &find_folders, false, true },
	{ NULL, NULL, NULL, PERM_INVALID, NULL, false, false }
};

/* ---- One kind ---- */

/* A text is looked for while there is time. */
struct hunt { const char *text; int64_t most, until; };

/* What this kind's reads ask of the caller; false: they may not. */
static bool may(struct tx *tx, enum perm perm)
{
	tx->ask = (struct ask){ .perm = perm, .tier = TIER_OBSERVE, .hidden = HIDDEN_RETIRED };
	return !who_may(tx->who, tx->ask);
}

static struct find_group group(struct tx *tx, const char *kind, size_t most)
{
	struct found *all = arena_alloc(tx->arena, (most + 1) * sizeof *all);

	return (struct find_group){ .kind = kind, .all = all, .items = { all, 0, sizeof *all } };
}

static bool there(const struct find_group *g, const struct id *key)
{
	for (size_t i = 0; i < g->items.n; i++)
		if (id_equal(&g->all[i].key, key))
			return true;
	return false;
}

static void take(struct tx *tx, const struct sort *k, const struct list_got *got, bool shelved, const struct hunt *h, struct find_group *g)
{
	const struct found *rows = got->rows;

	for (size_t i = 0; i < got->n; i++) {
		struct found *f = &g->all[g->items.n];

		if (there(g, &rows[i].key))
			continue;
		if (g->items.n == (size_t)h->most) {
			g->more = true;
			return;
		}
		*f = rows[i];
		f->kind = k->kind;
		f->shelved = shelved;
		f->id = k->prefix ? id_spell(tx->arena, k->prefix, &f->key) : arena_printf(tx->arena, "%lld", (long long)f->number);
		g->items.n++;
	}
	g->more |= got->more;
}

/* Those whose names are like the pattern. */
static enum err look(struct tx *tx, const struct sort *k, bool shelved, const char *pattern, const struct hunt *h, struct find_group *g)
{
	struct list_ask *ask = ARENA_NEW(tx->arena, struct list_ask);
	struct list_got got;
	enum err e;

	ask->list = k->list;
	ask->limit = h->most;
	list_where(ask, BY_NAME, DB_IN(db_s(pattern)));
	if (!k->whole)
		list_where(ask, BY_HIDDEN, DB_IN(db_i(shelved)));
	if (shelved)
		list_where(ask, BY_STATUS, DB_IN(db_s(k->shelved)));
	if ((e = list_read(tx, ask, &got)) == ERR_TOO_BROAD) {
		tx->why = (struct why){ 0 };
		g->partly = true;
		return OK;
	}
	if (!e)
		take(tx, k, &got, shelved, h, g);
	return e;
}

static enum err look_for(struct tx *tx, const struct sort *k, const struct hunt *h, struct find_group *g)
{
	const char *anywhere = str_like(tx->arena, h->text), *begins = anywhere + 1;
	const bool long_enough = utf8_length(h->text) >= FIND_LEAST;
	enum err e = OK;

	*g = group(tx, k->kind, (size_t)h->most);
	for (int shelved = 0; shelved < (k->shelved ? 2 : 1) && !e && g->items.n < (size_t)h->most; shelved++) {
		if (!k->scanned || !long_enough)
			e = look(tx, k, shelved, begins, h, g);
		if (e || !long_enough || g->items.n == (size_t)h->most)
			continue;
		if (clock_mono() > h->until)
			g->partly = true;
		else
			e = look(tx, k, shelved, anywhere, h, g);
	}
	return e;
}

/* ---- What has no name of its own ---- */

/* Is this only an object that is not there for the caller? */
static bool missing(struct tx *tx, enum err e)
{
	const enum err_class c = err_row(e)->class;

	if (c != CLASS_NOT_FOUND && c != CLASS_FORBIDDEN)
		return false;
	tx->why = (struct why){ 0 };
	return true;
}

static void as_version(struct tx *tx, const struct id *model, const char *name, const struct version *v, struct found *f)
{
	*f = (struct found){ .kind = "version", .key = v->life.id, .number = v->number, .status = life_word(v->life.state), .model = id_spell(tx->arena, "mdl-", model),
		.name = arena_printf(tx->arena, "%s, version %lld", name, (long long)v->number), .shelved = v->life.state == STATE_VERSION_ARCHIVED };
	f->id = arena_printf(tx->arena, "%s.%s", f->model, version_spell(tx->arena, v->number));
}

/* `name 3`, `name version 3`, `name v3`: the name, and the number that it ends with; 0: with none. */
static int64_t number_of(struct arena *a, const char *text, const char **name)
{
	size_t n = strlen(text), digits = n;
	int64_t number;

	while (digits && text[digits - 1] >= '0' && text[digits - 1] <= '9')
		digits--;
	if (digits == n || !parse_int(text + digits, 1, INT32_MAX, &number))
		return 0;
	n = digits;
	if (n && (text[n - 1] == 'v' || text[n - 1] == 'V'))
		n--;
	if (!n || text[n - 1] != ' ')
		return 0;
	while (n && text[n - 1] == ' ')
		n--;
	if (n > strlen(" version") && !strncasecmp(text + n - strlen(" version"), " version", strlen(" version")))
		n -= strlen(" version");
	*name = arena_strndup(a, text, n);
	return n ? number : 0;
}

/* Of models in use: the version of that number, 0: their newest. */
static enum err versions_of(struct tx *tx, const struct find_group *models, int64_t number, struct find_group *g)
{
	const struct found *m = models->all;

	*g = group(tx, "version", models->items.n);
	for (size_t i = 0; i < models->items.n; i++) {
		struct version v;
		enum err e;

		if (m[i].shelved || !m[i].number || number > m[i].number)
			continue;
		e = life_read(tx, RES_VERSION, IN_PARENT(&m[i].key, db_i(number ? number : m[i].number)), &v);
		if (e && !missing(tx, e))
			return e;
		if (!e)
			as_version(tx, &m[i].key, m[i].name, &v, &g->all[g->items.n++]);
	}
	g->more = models->more && g->items.n > 0;
	return OK;
}

static enum err versions(struct tx *tx, const struct find_group *models, const struct hunt *h, struct find_group *g)
{
	struct hunt of = *h;
	struct find_group others = { 0 };
	const int64_t number = number_of(tx->arena, h->text, &of.text);
	enum err e = number ? look_for(tx, &kinds[0], &of, &others) : OK;

	return e ? e : versions_of(tx, number ? &others : models, number, g);
}

/* Models with versions, as the registry has them. */
static void registered(struct tx *tx, const struct find_group *models, struct find_group *g)
{
	const struct found *m = models->all;

	*g = group(tx, "registered_model", models->items.n);
	g->more = models->more;
	for (size_t i = 0; i < models->items.n; i++) {
		if (m[i].shelved || !m[i].number)
			continue;
		g->all[g->items.n] = m[i];
		g->all[g->items.n].kind = g->kind;
		g->all[g->items.n++].id = id_spell(tx->arena, "", &m[i].key);
	}
}

/* ---- By its id ---- */

/* Read by ids that are spelled so, and told as `as` spells them. */
struct by_id { const char *prefix, *kind, *as; enum resource of; enum perm perm; size_t name; const char *shelved; };
#define NAME_AT(type, member) offsetof(struct type, member)
static const struct by_id by_ids[] = {
	{ "mdl-", "model", "mdl-", RES_MODEL, PERM_MODEL_READ, NAME_AT(model, name), "archived" },
	{ RID_MODEL, "model", "mdl-", RES_MODEL, PERM_MODEL_READ, NAME_AT(model, name), "archived" },
	{ "ri.compass.main.folder.", "folder", "ri.compass.main.folder.", RES_FOLDER, PERM_MODEL_READ, NAME_AT(folder, name), "archived" },
	{ "wks_", "workspace", "wks_", RES_WORKSPACE, PERM_WORKSPACE_READ, NAME_AT(workspace, name), "archived" },
	{ "ent_", "entity", "ent_", RES_ENTITY, PERM_WORKSPACE_READ, NAME_AT(entity, name), NULL },
	{ "we_", "webhook_endpoint", "we_", RES_ENDPOINT, PERM_WEBHOOK_READ, NAME_AT(endpoint, url), NULL },
	{ "dpl-", "deployment", "", RES_DEPLOYMENT, PERM_MODEL_READ, NAME_AT(deployment, label), NULL },
	{ "", "deployment", "", RES_DEPLOYMENT, PERM_MODEL_READ, NAME_AT(deployment, label), NULL },
	{ "", "registered_model", "", RES_MODEL, PERM_MODEL_READ, NAME_AT(model, name), "archived" },
	{ "", "prediction_environment", "", RES_ENVIRONMENT, PERM_MODEL_READ, NAME_AT(environment, name), NULL },
	{ NULL, NULL, NULL, RES__MAX, PERM_INVALID, 0, NULL }
};

static enum err read_one(struct tx *tx, const struct by_id *row, const struct db_val *key, struct found *f)
{
	struct life *o = arena_alloc(tx->arena, life_resources[row->of].size);
	enum err e = may(tx, row->perm) ? life_read(tx, row->of, key, o) : ERR_NOT_FOUND;

	if (e)
		return missing(tx, e) ? OK : e;
	*f = (struct found){ .kind = row->kind, .key = o->id, .status = life_word(o->state), .id = row->as ? id_spell(tx->arena, row->as, &o->id)
		: arena_printf(tx->arena, "%lld", (long long)key->i) };
	memcpy(&f->name, (const char *)o + row->name, sizeof f->name);
	f->shelved = row->shelved && !strcmp(f->status, row->shelved);
	return OK;
}

/* A version has its model's page before it: by its resource identifier, or as a package of the registry. */
static enum err version_by_id(struct tx *tx, const struct id *id, bool package, struct found *f)
{
	struct version v;
	struct model m;
	enum err e = may(tx, PERM_MODEL_READ) ? version_find(tx, id, &v) : ERR_NOT_FOUND;

	if (e || (e = life_read(tx, RES_MODEL, BY_ID(&v.model), &m)))
		return missing(tx, e) ? OK : e;
	as_version(tx, &m.life.id, m.name, &v, f);
	if (package) {
		f->kind = "package";
		f->id = id_spell(tx->arena, "", id);
	}
	return OK;
}

static enum err by_exact_id(struct tx *tx, const char *text, struct found *f)
{
	static const struct by_id project = { NULL, "project", NULL, RES_PROJECT, PERM_PROJECT_READ, NAME_AT(project, name), "ARCHIVED" };
	struct id id;
	int64_t number;
	enum err e = OK;

	for (const struct by_id *row = by_ids; row->kind && !e && !f->kind; row++)
		if (id_parse(text, row->prefix, &id))
			e = read_one(tx, row, BY_ID(&id), f);
	if (!e && !f->kind && id_parse(text, RID_VERSION, &id))
		e = version_by_id(tx, &id, false, f);
	if (!e && !f->kind && id_parse(text, "", &id))
		e = version_by_id(tx, &id, true, f);
	if (!e && !f->kind && parse_int(text, 1, INT64_MAX, &number))
		e = read_one(tx, &project, (const struct db_val[]){ db_i(number) }, f);
	return e;
}

/* ---- All of it ---- */

enum err find_all(struct tx *tx, const char *text, int64_t most, struct findings *out)
{
	struct find_group *groups = arena_alloc(tx->arena, FIND_KINDS * sizeof *groups), *g = groups, *models = NULL;
	struct found *exact = ARENA_NEW(tx->arena, struct found);
	const struct ask asked = tx->ask;
	const struct hunt h = { text, most, clock_mono() + PATIENCE };
	enum err e = tx_settle(tx);

	if (!e)
		e = by_exact_id(tx, text, exact);
	for (const struct sort *k = kinds; k->kind && !e; k++) {
		if (!may(tx, k->perm))
			continue;
		e = look_for(tx, k, &h, g);
		if (k == kinds && !e) {          /* and what goes by the names of models */
			models = g++;
			e = versions(tx, models, &h, g++);
			registered(tx, models, g);
		}
		g += !e;
	}
	tx->ask = asked;
	*out = (struct findings){ exact->kind ? exact : NULL, { groups, (size_t)(g - groups), sizeof *groups } };
	return e ? e : who_may(tx->who, tx->ask);
}
