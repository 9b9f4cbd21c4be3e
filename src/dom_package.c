/* dom_package.c: models and versions as the registry tells of them, read and listed.  What a package has beyond a
 * version is columns of the same row, with people, labels and deployments joined. */
#include "dom_package.h"
#include "dom_tag.h"

/* ---- Reading ---- */

static const struct column package_listed[] = { PACKAGE_COLUMNS(COL_MAP, struct version) PACKAGE_LISTED(COL_MAP, struct version) { ROW_END, 0 } };
static const struct column package_alone[] = { PACKAGE_COLUMNS(COL_MAP, struct version) PACKAGE_ALONE(COL_MAP, struct version) { ROW_END, 0 } };
static const struct column package_large[] = MAP(PACKAGE_LARGE, struct version);
static const struct column registered_listed[] = MAP(REGISTERED_LISTED, struct model), registered_alone[] = MAP(REGISTERED_ALONE, struct model);

unsigned model_rights(const struct who *who, bool global, int granted, const struct id *maker)
{
	const struct ask write = { .perm = PERM_MODEL_WRITE, .tier = TIER_EXECUTE };

	/* As who_may_model() decides: what everybody sees by the permission, what is shared by the grant. */
	const bool edits = global || who_is_admin(who) ? !who_can(who, write) : granted >= GRANTED_USER && !who_scoped(who, write);

	if (!edits)
		return RIGHT_VIEW;
	if (who_owns(who, global, granted, maker))
		return RIGHT_VIEW | RIGHT_EDIT | RIGHT_SHARE | RIGHT_ARCHIVE | RIGHT_OWN;
	return RIGHT_VIEW | RIGHT_EDIT | (granted >= GRANTED_USER ? RIGHT_SHARE : 0);
}

static void complete(const struct tx *tx, struct version *v)
{
	struct package *p = &v->package;

	if (v->of.retired)                       /* as its versions are, which were not written */
		p->stage = STAGE_ARCHIVED;
	v->rights = model_rights(tx->who, v->of.global, (int)v->of.granted, &v->of.maker);
	p->execution = package_execution(v);
	if (!p->kinds)
		p->kinds = package_kinds(p->execution);
	if (id_is_zero(&p->source))
		p->source = id_is_zero(&v->run) ? v->life.id : v->run;
	if (!p->name)
		p->name = v->of.name;
	if (!p->target_name)
		p->target_name = v->of.target_name ? v->of.target_name : v->of.name;
	if (!p->target_type)
		p->target_type = v->of.target_type ? v->of.target_type : TARGET_UNKNOWN;
}

/* key: the id of a package; or of its model, and its own. */
static enum err read_package(struct tx *tx, enum sql sql, const struct db_val *key, size_t n, struct version *v)
{
	const struct db_val *rest;
	enum err e = life_read_by(tx, RES_VERSION, sql, key, n, v, &rest);

	if (e)
		return e;
	(void)row_read(package_alone, RES_VERSION, rest, v);
	v->of.granted = ((const struct life *)v->life.parent)->granted;
	complete(tx, v);
	return labels_of(tx, SQL_TAGS_READ, &(struct labelled){ &v->life.id, v->labelled, &v->labels }, 1);
}

enum err package_get(struct tx *tx, const struct db_val *key, void *out)
{
	return read_package(tx, SQL_PACKAGE_READ, key, 1, out);
}

enum err package_of_model(struct tx *tx, const struct db_val *key, void *out)
{
	return read_package(tx, SQL_PACKAGE_IN_MODEL, key, 2, out);
}

enum err package_hold(struct tx *tx, const struct id *model, int64_t number, struct version *v)
{
	static const struct column columns[] = MAP(PACKAGE_COLUMNS, struct version);
	const struct db_val *row;
	enum err e = life_hold(tx, RES_VERSION, IN_PARENT(model, db_i(number)), v);

	if (e || (e = tx_row(tx, SQL_PACKAGE_HELD, DB_IN(db_d(&v->life.organization), db_d(&v->life.id)), &row)))
		return e;
	v->deployments = row_read(columns, RES_VERSION, row + 1, v)->i;
	return OK;
}

enum err package_held(struct tx *tx, const struct id *model, int64_t number, struct version *v)
{
	enum err e = package_hold(tx, model, number, v);

	return e ? e : life_expected(tx, &v->life);
}

enum err package_lock(struct tx *tx, const struct db_val key[2], struct version *v)
{
	static const struct column place[] = PICK_MAP(PACKAGE_PLACE_PICK, struct version);
	const struct db_val id = key[1].t ? key[1] : key[0];
	struct version at = { .number = 0 };
	enum err e = tx_one(tx, SQL_PACKAGE_PLACE, DB_IN(db_d(&tx->who->organization), id), place, &at);

	if (e == ERR_DB_NONE || (!e && key[1].t && !id_equal(&key[0].id, &at.model)))
		return ERR_VERSION_NOT_FOUND;
	e = e ? e : package_held(tx, &at.model, at.number, v);
	return e == ERR_MODEL_NOT_FOUND ? ERR_VERSION_NOT_FOUND : e;     /* of a model that is not seen: as if there were none */
}

enum err package_large_of(struct tx *tx, struct version *v)
{
	const struct db_val *row;
	enum err e = tx_row(tx, SQL_PACKAGE_LARGE, DB_IN(db_d(&v->life.organization), db_d(&v->life.id)), &row);

	if (e)
		return e == ERR_DB_NONE ? ERR_VERSION_NOT_FOUND : e;
	row = row_read(package_large, RES_VERSION, row + 1, v);
	v->features = row->s;
	return OK;
}

enum err registered_get(struct tx *tx, const struct db_val *key, void *out)
{
	struct model *m = out;
	const struct db_val *rest;
	enum err e = life_read_by(tx, RES_MODEL, SQL_REGISTERED_READ, key, 1, m, &rest);

	if (e)
		return e;
	(void)row_read(registered_alone, RES_MODEL, rest, m);
	return labels_of(tx, SQL_TAGS_READ, &(struct labelled){ &m->life.id, m->labelled, &m->labels }, 1);
}

/* ---- Lists ---- */

#define KINDS(A) "COALESCE(" A ".kinds, IF(" A ".run_id IS NULL, 18432, 4352))"
_Static_assert((RUNS_EXTERNAL | FORMAT_EXTERNAL) == 18432 && (RUNS_DEDICATED | FORMAT_DATAROBOT) == 4352, "as KINDS has it");
/* Values, since an EXISTS could become a join. */
#define TAGGED(object) "(SELECT COUNT(*) FROM tags t FORCE INDEX (PRIMARY) WHERE t.organization_id = x.organization_id AND t.object_id = " object \
	" AND (? IS NULL OR JSON_CONTAINS(?, JSON_QUOTE(t.name))) AND (? IS NULL OR JSON_CONTAINS(?, JSON_QUOTE(t.value))))"
/* What both lists filter versions by, as x or as a child c. */
#define OF_VERSION(A, is_child) \
	[PACKAGES_STAGE] = { "stage", " AND " A ".stage = ?", "a", is_child }, \
	[PACKAGES_BUILD] = { "build", " AND " A ".build_status = ?", "a", is_child }, \
	[PACKAGES_SOURCE] = { "model_id", " AND " A ".source_id = ?", "d", is_child }, \
	[PACKAGES_SOURCE_NAME] = { "model_name", " AND " A ".source_name = ?", "s", is_child }, \
	[PACKAGES_THRESHOLD] = { "threshold", " AND " A ".threshold = ?", "a", is_child }, \
	[PACKAGES_IMPORTED] = { "imported", " AND (" A ".file_name IS NOT NULL) = ?", "i", is_child }, \
	[PACKAGES_KINDS] = { "kinds", " AND " KINDS(A) " & ?", "i", is_child }, \
	[PACKAGES_FORMATS] = { "formats", " AND " KINDS(A) " & ?", "i", is_child }, \
	[PACKAGES_CHALLENGER] = { "challenger", " AND " KINDS(A) " & ?", "i", is_child }, \
	[PACKAGES_SIMILAR] = { "similar", " AND " A ".target_name <=> ? AND " A ".target_type <=> ? AND " A ".class_digest <=> ? AND " KINDS(A) " & 24 = ?", "saxi", is_child }, \
	[PACKAGES_NOT] = { "not", " AND " A ".id <> ?", "d", is_child }, \
	[PACKAGES_LIVING] = { "living", " AND " A ".status = ?", "a", is_child }
_Static_assert((KIND_TIME_SERIES | KIND_MULTISERIES) == 24, "what is compared");
#define SEARCHED "CONCAT_WS(CHAR(10), COALESCE(x.name, (SELECT m.name FROM models m WHERE m.organization_id = x.organization_id AND m.id = x.model_id)), " \
	"x.model_name, x.description) COLLATE utf8mb4_unicode_520_ci LIKE ?"
#define MADE_BY(column) column " = (SELECT c.id FROM principals c WHERE c.organization_id = x.organization_id AND c.email_key = LOWER(?))"

static const struct list_filter package_filters[] = {
	OF_VERSION("x", 0),
	[PACKAGES_TAGS] = { "tags", " AND " TAGGED("x.id"), "ssss", 0 },
	[PACKAGES_STATUS] = { "status", " AND x.status = ?", "a", 0 },
	[PACKAGES_SEARCH] = { "search", " AND " SEARCHED, "s", LIST_LIKE },
	[PACKAGES_TARGET] = { "target_name", " AND x.target_name = ?", "s", 0 },
	[PACKAGES_TARGET_TYPE] = { "target_type", " AND x.target_type = ?", "a", 0 },
	[PACKAGES_USE_CASE] = { "use_case", " AND x.use_case_id = ?", "d", 0 },
	[PACKAGES_MADE_BY] = { "created_by", " AND " MADE_BY("x.created_by"), "s", 0 },
	{ NULL, NULL, NULL, 0 }
};
#define BY_NUMBER(down) { { "number", 'i', down, 0 } }
static const struct list_order newest[] = { { "newest", { { "id", 'd', true, 0 } } }, { NULL, { { NULL, 0, false, 0 } } } };
static const struct list_order version_orders[] = {
	{ "newest", BY_NUMBER(true) },
	{ "version", BY_NUMBER(false) },
	{ "createdAt", BY_NUMBER(false) },
	{ "modelType", { { "model_name", 's', false, 0 }, { "number", 'i', false, 0 } } },
	{ "status", { { "build_status", 'a', false, 0 }, { "number", 'i', false, 0 } } },
	{ "updatedAt", { { "updated_at", 't', false, 0 }, { "number", 'i', false, 0 } } },
	{ "modifiedAt", { { "updated_at", 't', false, 0 }, { "number", 'i', false, 0 } } },
	{ NULL, { { NULL, 0, false, 0 } } }
};
#define FILTER(f) (UINT64_C(1) << (f))
static const struct list_path package_paths[] = {
	{ .filters = FILTER(PACKAGES_SOURCE), .order = -1, .index = "version_by_source" },
	{ .filters = FILTER(PACKAGES_SOURCE_NAME), .order = -1, .index = "version_by_source_name" },
	{ .order = -1, .index = "PRIMARY" },
};
static const struct list_path version_paths[] = {
	{ .order = 3, .index = "version_by_type" },
	{ .order = 4, .index = "version_by_build" },
	{ .order = 5, .index = "version_by_change" },
	{ .order = 6, .index = "version_by_change" },
	{ .filters = FILTER(PACKAGES_STAGE), .order = -1, .index = "version_by_stage" },
	{ .order = -1, .index = "version_number" },
};
static const struct column version_columns[] = MAP(VERSION_COLUMNS, struct version), version_seen[] = MAP(VERSION_SEEN, struct version);
#define PACKAGES .of = RES_VERSION, .text = A_PACKAGE(PACKAGE_LISTED), .out = A_PACKAGE_OUT(PACKAGE_LISTED), .maps = { version_columns, version_seen, package_listed }, .filters = package_filters
const struct listing packages_list = { .name = "PACKAGES", .parent = RES__MAX, .sees = SEES_PARENT, .unhidden = true, PACKAGES,
	.joins = " LEFT JOIN models y ON y.organization_id = x.organization_id AND y.id = x.model_id " PACKAGE_PEOPLE,
	.always = FILTER(PACKAGES_STATUS), .orders = newest, LIST_PATHS(package_paths) };

static enum err version_total(struct tx *tx, const struct list_ask *ask, const struct list_got *got, int64_t *out)
{
	(void)tx, (void)ask;
	*out = version_count(got->parent);
	return OK;
}
const struct listing registered_versions_list = { .name = "REGISTERED_VERSIONS", .parent = RES_MODEL, .link = " AND x.model_id = ?", .sees = SEES_ALL, PACKAGES,
	.joins = " " PACKAGE_PEOPLE, .orders = version_orders, LIST_PATHS(version_paths), .total = version_total };

enum err packages_read(struct tx *tx, struct list_ask *ask, struct list_got *got)
{
	struct version *all;
	enum err e = list_read(tx, ask, got);

	all = got->rows;
	for (size_t i = 0; !e && i < got->n; i++)
		complete(tx, &all[i]);
	return e;
}

static const struct list_filter model_filters[] = {
	OF_VERSION("c", LIST_CHILD),
	[PACKAGES_TAGS] = { "tags", " AND (" TAGGED("x.id") " OR (SELECT 1 FROM model_versions d FORCE INDEX (version_number) WHERE d.organization_id = x.organization_id "
		"AND d.model_id = x.id AND " TAGGED("d.id") " LIMIT 1))", "ssssssss", 0 },
	[REGISTERED_HIDDEN] = { "hidden", " AND x.hidden = ?", "i", 0 },
	[REGISTERED_SEARCH] = { "search", " AND x.name_key LIKE ?", "s", LIST_LIKE },
	[REGISTERED_MADE_FROM] = { "created_from", " AND x.created_at >= ?", "t", 0 },
	[REGISTERED_MADE_BEFORE] = { "created_before", " AND x.created_at < ?", "t", 0 },
	[REGISTERED_CHANGED_FROM] = { "modified_from", " AND x.updated_at >= ?", "t", 0 },
	[REGISTERED_CHANGED_BEFORE] = { "modified_before", " AND x.updated_at < ?", "t", 0 },
	[REGISTERED_TARGET] = { "target_name", " AND COALESCE(x.target_name, x.name) = ?", "s", 0 },
	[REGISTERED_TARGET_TYPE] = { "target_type", " AND x.target_type = ?", "a", 0 },
	[REGISTERED_MADE_BY] = { "created_by", " AND " MADE_BY("x.created_by"), "s", 0 },
	[REGISTERED_GLOBAL] = { "global", " AND x.is_global = ?", "i", 0 },
	{ NULL, NULL, NULL, 0 }
};
static const struct list_order model_orders[] = {
	{ "newest", { { "id", 'd', true, 0 } } },
	{ "createdAt", { { "id", 'd', false, 0 } } },
	{ "modifiedAt", { { "updated_at", 't', false, 0 }, { "id", 'd', false, 0 } } },
	{ "name", { { "name_key", 's', false, 0 }, { "id", 'd', false, 0 } } },
	{ NULL, { { NULL, 0, false, 0 } } }
};
static const struct list_path model_paths[] = {
	{ .order = 2, .index = "model_by_change" },
	{ .order = 3, .index = "model_by_name" },
	{ .order = -1, .index = "model_list" },
};
static enum err registered_total(struct tx *tx, const struct list_ask *ask, const struct list_got *got, int64_t *out)
{
	(void)got;
	return models_total(tx, *list_value(ask, REGISTERED_HIDDEN), db_s(NULL), db_s(NULL), out);
}
static const struct column model_columns[] = MAP(MODEL_COLUMNS, struct model), model_seen[] = MAP(MODEL_SEEN, struct model);
const struct listing registered_list = { .name = "REGISTERED", .of = RES_MODEL, .parent = RES__MAX, .sees = SEES_GRANT,
	.text = ROW(MODEL_COLUMNS, "x") MODEL_SEEN(COL_EXPR, "x") REGISTERED_LISTED(COL_EXPR, ), .out = ROW_OUT(MODEL_COLUMNS) MODEL_SEEN(COL_OUT, ) REGISTERED_LISTED(COL_OUT, ),
	.joins = " " REGISTERED_PEOPLE, .maps = { model_columns, model_seen, registered_listed }, .filters = model_filters, .always = FILTER(REGISTERED_HIDDEN),
	.child = " AND (SELECT 1 FROM model_versions c FORCE INDEX (version_number) WHERE c.organization_id = x.organization_id AND c.model_id = x.id",
	.orders = model_orders, LIST_PATHS(model_paths), .total = registered_total, .totalled = FILTER(REGISTERED_HIDDEN) };
