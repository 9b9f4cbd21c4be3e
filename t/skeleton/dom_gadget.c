/* dom_gadget.c: see dom_gadget.h. */
#include "dom_gadget.h"

static const struct list_filter filters[] = {
	[GADGETS_HIDDEN] = { "hidden", " AND x.hidden = ?", "i", 0 },
	[GADGETS_STATUS] = { "status", " AND x.status = ?", "a", 0 },
	[GADGETS_NAME] = { "name", " AND x.name LIKE ?", "s", LIST_LIKE },
	[GADGETS_LEAST] = { "least", " AND x.weight >= ?", "i", 0 },
	[GADGETS_MOST] = { "most", " AND x.weight <= ?", "i", 0 },
	[GADGETS_TAG] = { "tag", " AND EXISTS (SELECT 1 FROM gadget_tags g WHERE g.organization_id = x.organization_id AND g.gadget_id = x.id "
		"AND g.name = ? AND g.value = ?)", "ss", 20 },
	{ NULL, NULL, NULL, 0 }
};
static const struct list_order orders[] = {
	{ "created", { { "id", 'd', false, 0 } } },
	{ "heaviest", { { "weight", 'i', true, 0 }, { "id", 'd', true, 0 } } },
	{ NULL, { { NULL, 0, false, 0 } } }
};
static const struct list_path paths[] = {
	{ .order = 0, .index = "gadget_list" },
	{ .order = -1, .index = "gadget_by_weight" },
};
const struct listing gadgets_list = { .name = "GADGETS", .of = RES_GADGET, .parent = RES__MAX, .sees = SEES_MODE, .filters = filters,
	.always = UINT64_C(1) << GADGETS_HIDDEN, .hidden = 1 + GADGETS_HIDDEN, .state = 1 + GADGETS_STATUS, .orders = orders, LIST_PATHS(paths) };

enum err gadget_make(struct tx *tx, const void *in, void *out)
{
	struct gadget *g = out;

	*g = *(const struct gadget *)in;
	life_begin(tx, &g->life);
	return life_create(tx, LIFE_GADGET_CREATE, &g->life, NULL);
}

enum err gadget_edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct gadget *wanted = in;
	struct gadget *g = out;
	enum err e = life_lock(tx, RES_GADGET, key, g);

	if (e)
		return e;
	g->name = wanted->name;
	g->weight = wanted->weight;
	return life_move(tx, t, &g->life, NULL);
}
