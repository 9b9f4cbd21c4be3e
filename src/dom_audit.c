/* dom_audit.c: reading the audit: of one object, and of an organization (dom_audit.h). */
#include "dom_audit.h"
#include <string.h>
#include "dom_org.h"
#include "str.h"

static const struct column columns[] = MAP(AUDIT_COLUMNS, struct audit_event);

enum err audit_of_object(struct tx *tx, const struct life *o, enum resource type, int64_t limit, int64_t offset,
	struct audit_event **out, size_t *n)
{
	static const struct column map[] = PICK_MAP(HISTORY_PICK, struct audit_event);
	struct db_rows r;
	enum err e = tx_query(tx, SQL_HISTORY, DB_IN(db_d(&o->organization), db_s(life_resources[type].word), db_d(&o->id),
		db_i(limit), db_i(offset)), &r);

	*n = e ? 0 : r.n;
	*out = e ? NULL : row_array(tx->arena, &r, map, sizeof **out);
	return e;
}

/* ---- Of a model ---- */

static const struct list_filter filters[] = {
	[AUDIT_FROM] = { "from", " AND x.at >= ?", "t", 0 },
	[AUDIT_TO] = { "to", " AND x.at <= ?", "t", 0 },
	[AUDIT_ACTION] = { "action", " AND x.action = ?", "a", 0 },
	[AUDIT_ACTOR] = { "actor_id", " AND x.actor_id = ?", "d", 0 },
	{ NULL, NULL, NULL, 0 }
};
static const struct list_order orders[] = { { "revision", { { "revision", 'i', true, 0 } } }, { NULL, { { NULL, 0, false, 0 } } } };
static const struct list_path paths[] = {
	{ .filters = UINT64_C(1) << AUDIT_ACTION, .order = -1, .index = "audit_action" },
	{ .filters = UINT64_C(1) << AUDIT_ACTOR, .order = -1, .index = "audit_actor" },
	{ .order = -1, .index = "audit_object" },
};
const struct listing audit_list = { .name = "AUDIT", .of = RES__MAX, .parent = RES_MODEL, .sees = SEES_ALL,
	.link = " AND x.resource_type = 'model' AND x.resource_id = ?", .table = "audit_events", .text = ROW(AUDIT_COLUMNS, "x"),
	.out = ROW_OUT(AUDIT_COLUMNS), .maps = { columns }, .size = sizeof(struct audit_event), .filters = filters, .always = UINT64_C(1) << AUDIT_FROM | UINT64_C(1) << AUDIT_TO, .orders = orders, LIST_PATHS(paths) };

/* ---- Of an organization ---- */

struct audit_ask audit_all(const struct id *org)
{
	struct audit_ask q = { .org = *org };

	memset(&q.to, 0xff, sizeof q.to);
	return q;
}

enum err audit_find(struct tx *tx, const struct audit_ask *q, struct audit_line **out, size_t *n, bool *more)
{
	static const struct column map[] = PICK_MAP(AUDIT_LIST_PICK, struct audit_line);
	const struct { bool asked; enum sql sql; struct db_val by[2]; size_t n; } ways[] = {
		{ q->of_object, SQL_AUDIT_LIST_OBJECT, { db_s(q->type), db_d(&q->object) }, 2 },
		{ !id_is_zero(&q->actor), SQL_AUDIT_LIST_ACTOR, { db_d(&q->actor) }, 1 },
		{ q->action, SQL_AUDIT_LIST_ACTION, { db_s(q->action) }, 1 },
		{ q->type, SQL_AUDIT_LIST_KIND, { db_s(q->type) }, 1 },
		{ true, SQL_AUDIT_LIST, { { 0 } }, 0 },
	};
	const struct db_val like = db_s(q->pattern);
	struct values in = { .n = 0 };
	struct db_rows r;
	size_t way = 0;
	enum err e;

	while (!ways[way].asked)
		way++;
	values_add(&in, DB_IN(db_d(&q->org), db_d(&q->from), db_d(&q->to), db_d0(&q->actor), db_d0(&q->actor), db_s(q->actor_name), db_s(q->actor_name),
		like, like, db_s(q->type), db_s(q->type)));
	values_add(&in, ways[way].by, ways[way].n);
	values_add(&in, DB_IN(db_i(q->limit + 1)));
	if ((e = tx_part(tx, ways[way].sql, in.v, in.n, &r))) {
		if (e == ERR_TOO_BROAD)
			tx->why.text = "The search of the audit took too long; ask for a shorter time, a user, an action or an object";
		return e;
	}
	*more = r.cut || r.n > (size_t)q->limit;
	*n = r.n > (size_t)q->limit ? (size_t)q->limit : r.n;
	*out = row_array(tx->arena, &r, map, sizeof **out);
	return OK;
}

enum err audit_by(struct tx *tx, struct audit_ask *q, const char *who)
{
	struct user u;
	struct id id;
	enum err e;

	if (id_parse(who, "usr-", &id) || id_parse(who, "usr_", &id)) {
		q->actor = id;
		return tx_id(tx, SQL_AUDIT_USER, DB_IN(db_d(&q->org), db_d(&id)), &id);
	}
	e = user_find(tx, who, &u);
	if (!e && id_equal(&u.organization, &q->org)) {
		q->actor = u.id;
		return OK;
	}
	if (e && e != ERR_DB_NONE)
		return e;
	q->actor_name = who;                     /* the thaw command's, or one that a user had then */
	return tx_id(tx, SQL_AUDIT_NAMED, DB_IN(db_d(&q->org), db_s(who)), &id);
}

/* As SQL has it: the underscores of actions are themselves. */
void audit_what(struct arena *a, struct audit_ask *q, const char *action)
{
	struct buf b = { .arena = a };

	q->action = strchr(action, '*') ? NULL : action;
	for (buf_puts(&b, ""); *action; action++)
		buf_printf(&b, "%s%c", strchr("_%\\", *action) ? "\\" : "", *action == '*' ? '%' : *action);
	q->pattern = b.p;
}

/* A number of the address below a project or a model. */
static enum err to_number(struct tx *tx, struct audit_ask *q, const char *id, const char *slash)
{
	struct id model;
	int64_t number;

	if (!strncmp(id, "project/", 8) && parse_int(slash + 1, 1, INT64_MAX, &number)) {
		q->type = life_resources[RES_PROJECT].word;
		return tx_id(tx, SQL_AUDIT_PROJECT, DB_IN(db_d(&q->org), db_i(number)), &q->object);
	}
	if (!id_parse(arena_strndup(tx->arena, id, (size_t)(slash - id)), life_resources[RES_MODEL].prefix, &model))
		return ERR_SHAPE;
	if ((number = version_number(tx->arena, slash + 1))) {
		q->type = life_resources[RES_VERSION].word;
		return tx_id(tx, SQL_AUDIT_VERSION, DB_IN(db_d(&q->org), db_d(&model), db_i(number)), &q->object);
	}
	q->type = life_resources[RES_RUN].word;
	return id_parse(slash + 1, "", &q->object) ? OK : ERR_SHAPE;
}

/* Of whatever kind: another API may spell it without its prefix.  Nothing has this id: of the kind that there was. */
static enum err to_bare(struct tx *tx, struct audit_ask *q)
{
	enum err e = ERR_DB_NONE;
	struct id id;

	for (int i = 0; i < RES__MAX && e == ERR_DB_NONE; i++) {
		const char *word = life_resources[i].word;

		if (!(e = tx_id(tx, SQL_AUDIT_THERE, DB_IN(db_d(&q->org), db_s(word), db_d(&q->object)), &id)))
			q->type = word;
	}
	return e == ERR_DB_NONE ? OK : e;
}

enum err audit_to(struct tx *tx, struct audit_ask *q, const char *id)
{
	static const struct { const char *prefix; enum resource type; } others[] = { { RID_MODEL, RES_MODEL }, { RID_VERSION, RES_VERSION } };
	const char *slash = strchr(id, '/');

	q->of_object = true;
	if (slash)
		return to_number(tx, q, id, slash);
	for (int i = 0; i < RES__MAX; i++)
		if (*life_resources[i].prefix && id_parse(id, life_resources[i].prefix, &q->object))
			return q->type = life_resources[i].word, OK;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (id_parse(id, others[i].prefix, &q->object))
			return q->type = life_resources[others[i].type].word, OK;
	return id_parse(id, "", &q->object) ? to_bare(tx, q) : ERR_SHAPE;
}

/* A project by its number, a version and a run in their model. */
char *audit_spell(struct arena *a, const struct audit_line *l)
{
	enum resource r = life_kind(l->type);
	const char *model = id_is_zero(&l->parent) ? NULL : id_spell(a, life_resources[RES_MODEL].prefix, &l->parent);

	if (r == RES_PROJECT && l->number)
		return arena_printf(a, "project/%lld", (long long)l->number);
	if (r == RES_VERSION && l->number && model)
		return arena_printf(a, "%s/%s", model, version_spell(a, l->number));
	if (r == RES_RUN && model)
		return arena_printf(a, "%s/%s", model, id_spell(a, "", &l->object));
	return life_spell(a, l->type, &l->object);
}
