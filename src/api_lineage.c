/* api_lineage.c: of the console's dialect: where a version was promoted from and to, as
 * far as the caller may see. */
#include "console.h"
#include "dom_model.h"
#include "str.h"

struct node_view { struct relative o; const char *version_id, *status; };
#define N(field) AT(struct node_view, field)
static const struct shape node_out[] = {
	{ "model_id", T_ID, N(o.model), .prefix = "mdl-" },
	{ "model_name", T_STR, N(o.name) },
	{ "version_id", T_STR, N(version_id) },
	{ "version_number", T_INT, N(o.number) },
	{ "rid", T_ID, N(o.version), .prefix = RID_VERSION },
	{ "status", T_STR, N(status), .help = "of the model" },
	{ "created_at", T_TIME, N(o.created_at) },
	{ 0 }
};
struct lineage_view { struct node_view self; struct list from, to; int64_t more; bool hidden; };
#define L(field) AT(struct lineage_view, field)
static const struct shape lineage_out[] = {
	{ "version", T_SUB, L(self), .sub = node_out },
	{ "from", T_LIST, L(from), .sub = node_out, .help = "the nearest origin first, up to 8" },
	{ "to", T_LIST, L(to), .sub = node_out, .help = "what was promoted from it, newest first, up to 20" },
	{ "more", T_INT, L(more), .help = "how many more of those, of the newest 100" },
	{ "hidden", T_BOOL, L(hidden), .help = "there is an origin that the caller may not see" },
	{ 0 }
};

static struct node_view view(struct arena *a, const struct relative *o)
{
	return (struct node_view){ *o, version_spell(a, o->number), life_word(o->status) };
}

static struct list views(struct arena *a, const struct relative *all, size_t n)
{
	struct node_view *v = arena_alloc(a, (n + 1) * sizeof *v);

	for (size_t i = 0; i < n; i++)
		v[i] = view(a, &all[i]);
	return (struct list){ v, n, sizeof *v };
}

static enum err lineage(struct req *r)
{
	struct id id = req_id(r, 0, "mdl-");
	struct lineage l;
	enum err e = version_lineage(&r->tx, &id, version_number(r->arena, r->vars[1]), &l);

	if (e)
		return e;
	res_shape(r, 200, lineage_out, &(struct lineage_view){ view(r->arena, &l.self), views(r->arena, l.from, l.nfrom),
		views(r->arena, l.to, l.nto), (int64_t)l.more, l.hidden }, 0);
	return OK;
}

const struct route lineage_routes[] = {
	{ "GET", "/console/lineage/{model_id}/{version_id}", PERM_MODEL_READ, 0, .status = 200, .out = lineage_out, .run = lineage,
	  .summary = "Where a version was promoted from and to", .errors = "MODEL_NOT_FOUND VERSION_NOT_FOUND" },
	{ 0 }
};
