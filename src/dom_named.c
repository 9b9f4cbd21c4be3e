/* dom_named.c: see dom_named.h: reading and listing. */
#include "dom_named.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "dom_tag.h"
#include "str.h"

bool named_number(const char *text, int64_t *out)
{
	const char *end = text + strlen(text), *digits;
	bool minus;

	*out = NUMBER_NONE;
	while (isspace((unsigned char)*text))
		text++;
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	minus = *text == '-';
	digits = text += *text == '-' || *text == '+';
	while (digits < end && isdigit((unsigned char)*digits))
		digits++;
	if (text == end || digits != end)
		return false;
	for (int64_t n = 0; !minus && text <= end; text++) {
		if (text == end)
			*out = n;
		else if ((n = n * 10 + (*text - '0')) > INT32_MAX)
			break;
	}
	return true;
}

/* ---- One ---- */

static const struct column model_alone[] = MAP(NAMED_MODEL_ALONE, struct model), version_alone[] = MAP(NAMED_VERSION_ALONE, struct version),
	version_columns[] = MAP(NAMED_VERSION, struct version);

/* What errors speak of. */
static void about(struct tx *tx, const char *name, const char *version)
{
	tx->about.kind = life_resources[RES_MODEL].word;
	tx->about.id = name;
	tx->about.child = version;
}

enum err named_there(struct tx *tx, const struct model *m)
{
	if (m->life.state == STATE_MODEL_ARCHIVED)
		why_add(tx, "status", ARCHIVED_FAULT);
	return m->life.state == STATE_MODEL_ARCHIVED ? ERR_MODEL_NOT_FOUND : OK;
}

/* ---- The highest version of each stage ---- */

enum { AT_ONCE = 16, FEW_VERSIONS = 8 };         /* models, of SQL_NAMED_LATEST; versions of each, of SQL_NAMED_ALL */

/* The next one, of a higher number: it takes the place of another one of its stage, or of one that reads as the same. */
static void add_latest(struct list *l, struct version *all, const struct version *v)
{
	for (size_t i = 0; i < l->n; i++)
		if (stage_is(v, all[i].package.stage) || stage_is(&all[i], v->package.stage)) {
			memmove(all + i, all + i + 1, (l->n - i - 1) * sizeof *all);
			l->n--;
			break;
		}
	all[l->n++] = *v;
}

/* Of several models, in the order of their ids; the rows are added up in bytes. */
static enum err latest_once(struct tx *tx, struct named *const *all, size_t n, bool few)
{
	struct labelled labels[AT_ONCE * STAGES];
	size_t nlabels = 0;
	const struct db_val org = db_d(&tx->who->organization);
	struct version *rows[AT_ONCE];
	struct values in = { .n = 0 };
	struct db_rows r;
	enum err e;

	values_add(&in, &org, 1);
	for (size_t i = 0; i < AT_ONCE; i++)
		values_add(&in, DB_IN(db_d(&all[i < n ? i : n - 1]->model.life.id)));
	if (!few)
		values_add(&in, &org, 1);
	if ((e = tx_query(tx, few ? SQL_NAMED_ALL : SQL_NAMED_LATEST, in.v, in.n, &r)))
		return e;
	for (size_t i = 0; i < n; i++)
		all[i]->latest = (struct list){ rows[i] = arena_alloc(tx->arena, STAGES * sizeof **rows), 0, sizeof **rows };
	for (size_t i = 0, k; i < r.n; i++) {
		struct version v = { .number = 0 };

		v.life.organization = tx->who->organization;
		(void)row_read(version_alone, RES_VERSION, row_read(version_columns, RES_VERSION, db_row(&r, i) + 1, &v), &v);
		for (k = 0; k < n && !id_equal(&all[k]->model.life.id, &v.model); k++)
			;
		if (k == n || all[k]->latest.n == STAGES)
			return ERR_INTERNAL;
		add_latest(&all[k]->latest, rows[k], &v);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < all[i]->latest.n; k++)
			labels[nlabels++] = (struct labelled){ &rows[i][k].life.id, rows[i][k].labelled, &rows[i][k].labels };
	return labels_of(tx, SQL_LABELS_READ, labels, nlabels);
}

/* Of several models; where their versions are too large together only what is needed of them, and then of fewer at once. */
static enum err latest_in(struct tx *tx, struct named *const *all, size_t n, bool few)
{
	const int told = tx->why.n;
	enum err e = latest_once(tx, all, n, few);

	if (e != ERR_PAGE_BYTES || (n < 2 && !few))
		return e;
	tx->why.n = told;
	tx->why.text = NULL;
	if (few)
		return latest_in(tx, all, n, false);
	return (e = latest_in(tx, all, n / 2, false)) ? e : latest_in(tx, all + n / 2, n - n / 2, false);
}

static enum err latest_of(struct tx *tx, struct named *const *all, size_t n)
{
	bool few = true;

	for (size_t i = 0; i < n; i++)
		few &= all[i]->model.last_version <= FEW_VERSIONS;
	return latest_in(tx, all, n, few);
}

enum err named_get(struct tx *tx, const struct db_val *key, void *out)
{
	struct named *n = out;
	const struct db_val *rest;
	enum err e;

	about(tx, key[0].s, NULL);
	if ((e = life_read_by(tx, RES_MODEL, SQL_NAMED_READ, key, 1, &n->model, &rest)) || (e = named_there(tx, &n->model)))
		return e;
	(void)row_read(model_alone, RES_MODEL, rest, &n->model);
	e = labels_of(tx, SQL_LABELS_READ, &(struct labelled){ &n->model.life.id, n->model.labelled, &n->model.labels }, 1);
	n->latest = (struct list){ NULL, 0, sizeof(struct version) };
	return e || !n->model.last_version ? e : latest_of(tx, &n, 1);
}

/* ---- Versions ---- */

static enum err version_by(struct tx *tx, enum sql sql, const struct db_val *in, size_t n, struct version *v)
{
	const struct db_val *rest;
	enum err e = life_read_by(tx, RES_VERSION, sql, in, n, v, &rest);

	if (e || (e = named_there(tx, v->life.parent)))
		return e;
	if (v->life.state == STATE_VERSION_ARCHIVED)
		return ERR_VERSION_NOT_FOUND;
	(void)row_read(version_alone, RES_VERSION, rest, v);
	return labels_of(tx, SQL_LABELS_READ, &(struct labelled){ &v->life.id, v->labelled, &v->labels }, 1);
}

enum err named_version_get(struct tx *tx, const struct db_val *key, void *out)
{
	int64_t number;

	about(tx, key[0].s, key[1].s);
	if (!named_number(key[1].s, &number))
		return why_said(tx, "version", arena_printf(tx->arena, "Parameter 'version' must be an integer, got '%s'.", key[1].s));
	return version_by(tx, SQL_NAMED_VERSION, DB_IN(key[0], db_i(number)), out);
}

enum err named_version_told(struct tx *tx, struct version *v)
{
	const struct db_val *row;
	enum err e = tx_row(tx, SQL_NAMED_VERSION_TOLD, DB_IN(db_d(&v->life.organization), db_d(&v->life.id)), &row);

	if (e)
		return e == ERR_DB_NONE ? ERR_DB_RETRY : e;
	(void)row_read(version_alone, RES_VERSION, row_read(version_columns, RES_VERSION, row + 1, v), v);
	v->labels = NULL;
	return labels_of(tx, SQL_LABELS_READ, &(struct labelled){ &v->life.id, v->labelled, &v->labels }, 1);
}

enum err named_alias_get(struct tx *tx, const struct db_val *key, void *out)
{
	const bool last = !strcasecmp(key[1].s, "latest");
	enum err e;

	about(tx, key[0].s, key[1].s);
	e = last ? version_by(tx, SQL_NAMED_VERSION_LAST, key, 1, out) : version_by(tx, SQL_NAMED_VERSION_ALIAS, key, 2, out);
	return e == ERR_VERSION_NOT_FOUND ? last ? ERR_LATEST_NOT_FOUND : ERR_ALIAS_NOT_FOUND : e;
}

const char *stage_of(const char *word)
{
	static const struct { const char *word, *stage; } all[] = { { "None", STAGE_REGISTERED }, { "Staging", "Staging" }, { "Production", "Production" },
		{ STAGE_ARCHIVED, STAGE_ARCHIVED } };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (!strcasecmp(all[i].word, word))
			return all[i].stage;
	return NULL;
}

bool stage_is(const struct version *v, const char *stage)
{
	return !strcmp(v->package.stage, stage) || (!strcmp(stage, STAGE_REGISTERED) && !strcmp(v->package.stage, STAGE_DEVELOPMENT));
}

enum err named_stage_get(struct tx *tx, const char *name, const char *word, struct version *out)
{
	const char *stage = stage_of(word);
	const struct version *v;
	struct named n;
	enum err e = named_get(tx, BY_NAME(name), &n);

	if (e || !stage)
		return e ? e : why_fault(tx, "source", arena_printf(tx->arena, "has `%s`, which is neither a version nor a stage of `%s`", word, name));
	tx->about.child = word;
	v = n.latest.v;
	for (size_t i = n.latest.n; i--; )
		if (stage_is(&v[i], stage)) {
			*out = v[i];
			return OK;
		}
	return ERR_VERSION_NOT_FOUND;
}

enum err named_files_get(struct tx *tx, const struct db_val *key, void *out)
{
	const struct version *v = out;
	enum err e = named_version_get(tx, key, out);

	return e ? e : v->origin.download && *v->origin.download ? OK : ERR_ORIGIN_NONE;
}

/* ---- Lists ---- */

/* Values, since an EXISTS could become a join. */
#define LABELLED(compare) " AND (SELECT 1 FROM tags t FORCE INDEX (PRIMARY) WHERE t.organization_id = x.organization_id AND t.object_id = x.id AND t.name = ? AND " compare ")"
#define LABEL_FILTERS(label) \
	[label] = { "label", LABELLED("t.value = ?"), "ss", SEARCH_MOST }, \
	[label + 1] = { "label_not", LABELLED("t.value <> ?"), "ss", SEARCH_MOST }, \
	[label + 2] = { "label_like", LABELLED("t.value LIKE ?"), "ss", SEARCH_MOST }, \
	[label + 3] = { "label_ilike", LABELLED("LOWER(t.value) LIKE LOWER(?)"), "ss", SEARCH_MOST }, \
	[label + 4] = { "label_common", LABELLED("t.value = ?"), "ss", SEARCH_MOST }
#define ALONG_LABELS(label, table) { FILTER(label), -1, NULL, "tags b FORCE INDEX (tag_by_name) STRAIGHT_JOIN " table " x FORCE INDEX (PRIMARY) " \
	"ON x.organization_id = b.organization_id AND x.id = b.object_id", " AND b.name = ? AND b.value = ?", "x.id", label }
#define FILTER(f) (UINT64_C(1) << (f))
#define AMONG(text) "JSON_CONTAINS(?, JSON_QUOTE(" text "))"

static const struct list_filter model_filters[] = {
	[NAMED_HIDDEN] = { "hidden", " AND x.hidden = ?", "i", 0 },
	[NAMED_NAME] = { "name", " AND x.name_hash = UNHEX(SHA2(?, 256))", "s", SEARCH_MOST },
	[NAMED_NAME_NOT] = { "name_not", " AND x.name_hash <> UNHEX(SHA2(?, 256))", "s", SEARCH_MOST },
	[NAMED_NAME_LIKE] = { "name_like", " AND x.name_exact LIKE ?", "s", SEARCH_MOST },
	[NAMED_NAME_ILIKE] = { "name_ilike", " AND LOWER(x.name_exact) LIKE LOWER(?)", "s", SEARCH_MOST },
	[NAMED_NAME_IN] = { "name_in", " AND x.name_hash IN (SELECT UNHEX(SHA2(j.name, 256)) FROM JSON_TABLE(?, '$[*]' COLUMNS (name LONGTEXT PATH '$')) j)", "s", SEARCH_MOST },
	[NAMED_NAME_NOT_IN] = { "name_not_in", " AND NOT " AMONG("x.name"), "s", SEARCH_MOST },
	[NAMED_NAME_FROM] = { "name_from", " AND x.name_exact >= ? AND x.name_exact < ?", "ss", 0 },
	LABEL_FILTERS(NAMED_LABEL),
	{ NULL, NULL, NULL, 0 }
};
#define VERSION_AT(field) offsetof(struct version, field)
#define MODEL_AT(field) offsetof(struct named, model.field)
#define ID(down) { "id", 'd', down, 0 }
#define BY_NAME_ID(down) { "name_exact", 'e', down, MODEL_AT(name) }, ID(down)
#define BY_TIME(name_down) { { "mlflow_updated_at", 't', false, MODEL_AT(said.changed) }, BY_NAME_ID(name_down) }
static const struct list_order model_orders[] = {
	[NAMED_BY_NAME] = { "name", { BY_NAME_ID(false) } },
	[NAMED_BY_TIME] = { "timestamp", BY_TIME(false) },
	[NAMED_BY_TIME + 1] = { "timestamp_name_down", BY_TIME(true) },
	{ NULL, { { NULL, 0, false, 0 } } }
};
static const struct list_path model_paths[] = {
	{ .filters = FILTER(NAMED_NAME), .order = -1, .index = "model_name" },
	{ .filters = FILTER(NAMED_NAME_IN), .order = -1, .index = "model_name" },
	ALONG_LABELS(NAMED_LABEL, "models"),
	{ .filters = FILTER(NAMED_NAME_FROM), .order = NAMED_BY_NAME, .index = "model_by_exact" },
	{ .order = NAMED_BY_NAME, .index = "model_by_exact" },
	{ .order = NAMED_BY_TIME + 1, .index = "model_by_said_down" },
	{ .order = -1, .index = "model_by_said" },
};
static const struct column list_model_columns[] = MAP(MODEL_COLUMNS, struct model), list_model_locked[] = MAP(MODEL_SEEN, struct model),
	model_listed[] = MAP(NAMED_MODEL_LISTED, struct model), version_listed[] = MAP(NAMED_VERSION_LISTED, struct version);
const struct listing named_list = { .name = "NAMED", .of = RES_MODEL, .parent = RES__MAX, .sees = SEES_GRANT, .size = sizeof(struct named),
	.text = ROW(MODEL_COLUMNS, "x") MODEL_SEEN(COL_EXPR, "x") NAMED_MODEL_LISTED(COL_EXPR, ), .out = ROW_OUT(MODEL_COLUMNS) MODEL_SEEN(COL_OUT, ) NAMED_MODEL_LISTED(COL_OUT, ),
	.joins = " LEFT JOIN principals v ON v.organization_id = x.organization_id AND v.id = x.created_by", .maps = { list_model_columns, list_model_locked, model_listed },
	.filters = model_filters, .always = FILTER(NAMED_HIDDEN), .orders = model_orders, LIST_PATHS(model_paths), .bounded = DB_BOUNDED };

enum err named_page(struct tx *tx, struct list_ask *ask, struct list_got *got)
{
	struct named *all, *some[AT_ONCE];
	enum err e = list_read(tx, ask, got);
	size_t n = 0;

	all = got->rows;
	for (size_t i = 0; !e && i < got->n; i++) {
		all[i].latest = (struct list){ NULL, 0, sizeof(struct version) };
		if (all[i].model.last_version)
			some[n++] = &all[i];
		if (n && (n == AT_ONCE || i + 1 == got->n)) {
			e = latest_of(tx, some, n);
			n = 0;
		}
	}
	return e;
}

/* Its model, whose name is told, and which is a prompt or is not. */
#define OF_MODEL(clause) " AND (SELECT 1 FROM models n WHERE n.organization_id = x.organization_id AND n.id = x.model_id AND " clause ")"
static const struct list_filter version_filters[] = {
	[NAMED_OF] = { "model", " AND x.model_id = ?", "d", SEARCH_MOST },
	[NAMED_LIVING] = { "living", " AND x.status = 'ready'", "", 0 },
	[NAMED_OF_HIDDEN] = { "hidden", OF_MODEL("n.hidden = ?"), "i", 0 },
	[NAMED_OF_NAME] = { "name", OF_MODEL("n.name_hash = UNHEX(SHA2(?, 256))"), "s", SEARCH_MOST },
	[NAMED_OF_FROM] = { "name_from", OF_MODEL("n.name_exact >= ? AND n.name_exact < ?"), "ss", 0 },
	[NAMED_OF_NOT] = { "name_not", OF_MODEL("n.name_hash <> UNHEX(SHA2(?, 256))"), "s", SEARCH_MOST },
	[NAMED_OF_LIKE] = { "name_like", OF_MODEL("n.name_exact LIKE ?"), "s", SEARCH_MOST },
	[NAMED_OF_ILIKE] = { "name_ilike", OF_MODEL("LOWER(n.name_exact) LIKE LOWER(?)"), "s", SEARCH_MOST },
	[NAMED_OF_IN] = { "name_in", OF_MODEL(AMONG("n.name")), "s", SEARCH_MOST },
	[NAMED_OF_NOT_IN] = { "name_not_in", OF_MODEL("NOT " AMONG("n.name")), "s", SEARCH_MOST },
	[NAMED_RUN] = { "run", " AND x.source_run = ?", "s", SEARCH_MOST },
	[NAMED_RUN_NOT] = { "run_not", " AND COALESCE(x.source_run, '') <> ?", "s", SEARCH_MOST },
	[NAMED_RUN_LIKE] = { "run_like", " AND COALESCE(x.source_run, '') LIKE ?", "s", SEARCH_MOST },
	[NAMED_RUN_ILIKE] = { "run_ilike", " AND LOWER(COALESCE(x.source_run, '')) LIKE LOWER(?)", "s", SEARCH_MOST },
	[NAMED_RUN_IN] = { "run_in", " AND " AMONG("COALESCE(x.source_run, '')"), "s", SEARCH_MOST },
	[NAMED_RUN_NOT_IN] = { "run_not_in", " AND NOT " AMONG("COALESCE(x.source_run, '')"), "s", SEARCH_MOST },
	[NAMED_SOURCE] = { "source", " AND BINARY COALESCE(x.source_uri, '') = BINARY ?", "s", SEARCH_MOST },
	[NAMED_SOURCE_NOT] = { "source_not", " AND BINARY COALESCE(x.source_uri, '') <> BINARY ?", "s", SEARCH_MOST },
	[NAMED_SOURCE_LIKE] = { "source_like", " AND COALESCE(x.source_uri, '') LIKE ?", "s", SEARCH_MOST },
	[NAMED_SOURCE_ILIKE] = { "source_ilike", " AND LOWER(COALESCE(x.source_uri, '')) LIKE LOWER(?)", "s", SEARCH_MOST },
	[NAMED_NUMBER] = { "number", " AND x.number = ?", "i", SEARCH_MOST },
	[NAMED_NUMBER_NOT] = { "number_not", " AND x.number <> ?", "i", SEARCH_MOST },
	[NAMED_NUMBER_FROM] = { "number_from", " AND x.number >= ?", "i", SEARCH_MOST },
	[NAMED_NUMBER_TO] = { "number_to", " AND x.number <= ?", "i", SEARCH_MOST },
	[NAMED_NUMBER_ABOVE] = { "number_above", " AND x.number > ?", "i", SEARCH_MOST },
	[NAMED_NUMBER_BELOW] = { "number_below", " AND x.number < ?", "i", SEARCH_MOST },
	LABEL_FILTERS(NAMED_VERSION_LABEL),
	{ NULL, NULL, NULL, 0 }
};
#define OF_NUMBER(down) { "number", 'i', down, VERSION_AT(number) }
#define OF_NAME(down) { "(SELECT n.name_exact FROM models n WHERE n.organization_id = x.organization_id AND n.id = x.model_id)", 'e', down, VERSION_AT(of.name) }
#define OF_CHANGE(down) { "mlflow_updated_at", 't', down, VERSION_AT(said.changed) }
#define OF_CREATION(down) { "mlflow_created_at", 't', down, VERSION_AT(said.created) }
static const struct list_order version_orders[] = {
	[NAMED_BY_CHANGE] = { "last_updated", { OF_CHANGE(false), ID(false) } },
	[NAMED_BY_CHANGE + 1] = { "last_updated_number_down", { OF_CHANGE(false), ID(true) } },
	[NAMED_BY_CREATION] = { "creation", { OF_CREATION(false), ID(false) } },
	[NAMED_BY_CREATION + 1] = { "creation_number_down", { OF_CREATION(false), ID(true) } },
	[NAMED_BY_NUMBER] = { "number", { OF_NUMBER(false), OF_NAME(false), ID(false) } },
	[NAMED_BY_NUMBER + 1] = { "number_name_down", { OF_NUMBER(false), OF_NAME(true), ID(true) } },
	[NAMED_BY_NUMBER_CHANGE] = { "number_last_updated", { OF_NUMBER(false), OF_CHANGE(false), ID(false) } },
	[NAMED_BY_NUMBER_CHANGE + 1] = { "number_last_updated_down", { OF_NUMBER(false), OF_CHANGE(true), ID(true) } },
	[NAMED_BY_NUMBER_CREATION] = { "number_creation", { OF_NUMBER(false), OF_CREATION(false), ID(false) } },
	[NAMED_BY_NUMBER_CREATION + 1] = { "number_creation_down", { OF_NUMBER(false), OF_CREATION(true), ID(true) } },
	[NAMED_BY_MODEL] = { "name", { OF_NAME(false), OF_NUMBER(false), ID(false) } },
	[NAMED_BY_MODEL + 1] = { "name_number_down", { OF_NAME(false), OF_NUMBER(true), ID(true) } },
	[NAMED_BY_MODEL_CHANGE] = { "name_last_updated", { OF_NAME(false), OF_CHANGE(false), ID(false) } },
	[NAMED_BY_MODEL_CHANGE + 1] = { "name_last_updated_down", { OF_NAME(false), OF_CHANGE(true), ID(true) } },
	[NAMED_IN_MODEL] = { "in_model", { OF_NUMBER(false) } },      /* of one model */
	{ NULL, { { NULL, 0, false, 0 } } }
};
static const struct list_path version_paths[] = {
	{ .filters = FILTER(NAMED_OF), .order = NAMED_BY_CHANGE, .index = "version_said" },
	{ .filters = FILTER(NAMED_OF), .order = -1, .index = "version_number" },
	{ .filters = FILTER(NAMED_RUN), .order = -1, .index = "version_by_run" },
	ALONG_LABELS(NAMED_VERSION_LABEL, "model_versions"),
	{ FILTER(NAMED_OF_FROM), -1, NULL, "models b FORCE INDEX (model_by_exact) STRAIGHT_JOIN model_versions x FORCE INDEX (version_number) "
		"ON x.organization_id = b.organization_id AND x.model_id = b.id", " AND " NAMES_FROM("b"), "x.id", NAMED_OF_FROM },
	{ .order = NAMED_BY_CHANGE, .index = "version_by_said" },
	{ .order = -1, .index = "PRIMARY" },
};
const struct listing named_versions_list = { .name = "NAMED_VERSIONS", .of = RES_VERSION, .parent = RES__MAX, .sees = SEES_PARENT,
	.text = ROW(NAMED_VERSION, "x") NAMED_VERSION_LISTED(COL_EXPR, ), .out = ROW_OUT(NAMED_VERSION) NAMED_VERSION_LISTED(COL_OUT, ),
	.joins = " LEFT JOIN models y ON y.organization_id = x.organization_id AND y.id = x.model_id "
		"LEFT JOIN principals v ON v.organization_id = x.organization_id AND v.id = x.created_by",
	.maps = { version_columns, version_listed }, .filters = version_filters, .always = FILTER(NAMED_LIVING) | FILTER(NAMED_OF_HIDDEN), .orders = version_orders,
	LIST_PATHS(version_paths), .bounded = DB_BOUNDED };

enum err named_few(struct tx *tx, const char *from, const char *to, bool *few)
{
	int64_t n = 0;
	const enum err e = tx_int(tx, SQL_NAMED_FROM, DB_IN(db_d(&tx->who->organization), db_s(from), db_s(to), db_i(FEW + 1)), &n);

	*few = n <= FEW;
	return e;
}

enum err named_id(struct tx *tx, const char *name, struct id *out)
{
	enum err e = tx_id(tx, SQL_MODEL_ID_NAMED, DB_IN(db_d(&tx->who->organization), db_s(name)), out);

	if (e == ERR_DB_NONE)
		*out = id_none;
	return e == ERR_DB_NONE ? OK : e;
}
