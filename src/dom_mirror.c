/* dom_mirror.c: see dom_mirror.h. */
#include "dom_mirror.h"
#include <string.h>
#include <strings.h>
#include "dom_tag.h"
#include "str.h"

enum { AT_ONCE = 50 };                          /* models, or versions, of one statement */

static bool same_text(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static void differs(struct mirrored *m, struct tx *tx, const char *word)
{
	if (m->end == MIRROR_SAME)
		m->end = MIRROR_CHANGED;
	js_add(m->what, js_string(tx->arena, word));
}

static void begin(struct tx *tx, struct mirrored *m)
{
	*m = (struct mirrored){ MIRROR_SAME, js_array(tx->arena) };
}

/* ---- Times ---- */

/* The last statement of a change: what was before it made them now. */
static enum err say_model(struct tx *tx, const struct named_in *in, struct said at)
{
	struct id id;
	enum err e;

	if (!at.created)
		return OK;
	if ((e = named_id(tx, in->name, &id)))
		return e;
	return db_exec_one(tx->db, SQL_MODEL_SAY, DB_IN(db_t(at.created), db_t(at.changed), db_d(&tx->who->organization), db_d(&id)));
}

static enum err say_version(struct tx *tx, const struct mirror *in)
{
	const struct said at = in->said;
	struct id id;
	enum err e;

	if (at.created && !(e = named_id(tx, in->in.name, &id)))
		e = db_exec_one(tx->db, SQL_VERSION_SAY, DB_IN(db_t(at.created), db_t(at.changed), db_d(&tx->who->organization), db_d(&id), db_i(in->in.number)));
	else
		e = OK;
	return e ? e : say_model(tx, &in->in, in->of_model);
}

/* ---- Labels ---- */

/* Of a key in an array of {key, value}: of one that is there twice the last value, "" where none is told. */
static const char *value_in(const struct json *labels, const char *key)
{
	const char *found = NULL;

	for (size_t i = 0; i < js_length(labels); i++)
		if (same_text(js_text_of(js_at(labels, i), "key"), key))
			found = js_text_of(js_at(labels, i), "value") ? js_text_of(js_at(labels, i), "value") : "";
	return found;
}

/* A label, set or (no value) taken away. */
static enum err label_to(struct tx *tx, const struct named_in *of, const char *key, const char *value, struct mirrored *out)
{
	struct named_in in = { .name = of->name, .version = of->version, .key = key, .value = value };
	union { struct named n; struct version v; } *told = arena_alloc(tx->arena, sizeof *told);

	differs(out, tx, arena_printf(tx->arena, value ? "tag %s" : "no tag %s", key));
	if (!tx->open)
		return OK;
	return value ? named_label(tx, NULL, of->version ? LIFE_VERSION_LABEL : LIFE_MODEL_LABEL, &in, told)
		: named_unlabel(tx, NULL, of->version ? LIFE_VERSION_UNLABEL : LIFE_MODEL_UNLABEL, &in, told);
}

/* The labels of what is here become those of `in`. */
static enum err labels_to(struct tx *tx, const struct named_in *in, const char *here, struct mirrored *out)
{
	const struct json *there = js_read(tx->arena, in->labels), *now = js_read(tx->arena, here);
	enum err e = OK;

	for (size_t i = 0; !e && i < js_length(there); i++) {
		const char *key = js_text_of(js_at(there, i), "key"), *value = value_in(there, key), *was = value_in(now, key);

		if (key && (!was || strcmp(was, value)))
			e = label_to(tx, in, key, value, out);
	}
	for (size_t i = 0; !e && i < js_length(now); i++) {
		const char *key = js_text_of(js_at(now, i), "key");

		if (!value_in(there, key))
			e = label_to(tx, in, key, NULL, out);
	}
	return e;
}

/* ---- Models ---- */

static enum err make_model(struct tx *tx, const struct mirror *in, struct mirrored *out)
{
	struct named n;
	struct id id;
	enum err e = named_id(tx, in->in.name, &id);

	if (e || !id_is_zero(&id))
		return e ? e : ERR_MODEL_NAME_TAKEN;
	out->end = MIRROR_MADE;
	if (!tx->open)
		return OK;
	return (e = named_create(tx, &in->in, &n)) ? e : say_model(tx, &in->in, in->said);
}

enum err mirror_model(struct tx *tx, const struct mirror *in, struct mirrored *out)
{
	struct named n;
	enum err e = named_get(tx, BY_NAME(in->in.name), &n), other;

	begin(tx, out);
	if (!e || e == ERR_MODEL_NOT_FOUND)
		e = (other = labels_right(tx, in->in.labels)) ? other : e;
	if (e)
		return e == ERR_MODEL_NOT_FOUND ? make_model(tx, in, out) : e;
	if (n.model.prompt != labels_are_of_prompt(tx->arena, in->in.labels))
		return why_said(tx, "name", n.model.prompt ? "A prompt with this name already exists, and this is a model" : "A model with this name already exists, and this is a prompt");
	if (!same_text(n.model.description, in->in.description)) {
		struct named *told = ARENA_NEW(tx->arena, struct named);

		differs(out, tx, "description");
		if (tx->open && (e = named_describe(tx, NULL, LIFE_MODEL_EDIT, &in->in, told)))
			return e;
	}
	e = labels_to(tx, &in->in, n.model.labels, out);
	return e || !tx->open || out->end == MIRROR_SAME ? e : say_model(tx, &in->in, in->said);
}

/* ---- Versions ---- */

static enum err to_stage(struct tx *tx, const struct named_in *in, struct version *v)
{
	return !in->stage || stage_is(v, stage_of(in->stage)) ? OK : named_transition(tx, NULL, LIFE_VERSION_STAGE, in, v);
}

static enum err make_version(struct tx *tx, const struct mirror *in, struct version *v, struct mirrored *out)
{
	const struct named_in *it = &in->in;
	int64_t there;
	struct id id;
	enum err e;

	if ((e = named_id(tx, it->name, &id)) || (e = tx_int(tx, SQL_VERSION_THERE, DB_IN(db_d(&tx->who->organization), db_d(&id), db_i(it->number)), &there)))
		return e;
	if (there)
		return ERR_PACKAGE_ARCHIVED;
	out->end = MIRROR_MADE;
	if (!tx->open)
		return OK;
	if ((e = named_register(tx, NULL, LIFE_MODEL_REGISTER, it, v)) || (e = to_stage(tx, it, v)))
		return e;
	return say_version(tx, in);
}

/* Is it the version of this number, and no other one that was made here? */
static enum err same_version(struct tx *tx, const struct named_in *in, const struct version *v)
{
	if (!same_text(in->source, v->origin.source))
		return why_said(tx, "source", arena_printf(tx->arena, "Another version already has this number here: its source is %s",
			v->origin.source && *v->origin.source ? v->origin.source : "not known"));
	if (!same_text(in->run, v->origin.run))
		return why_said(tx, "run_id", arena_printf(tx->arena, "Another version already has this number here: its run is %s",
			v->origin.run && *v->origin.run ? v->origin.run : "not known"));
	return OK;
}

enum err mirror_version(struct tx *tx, const struct mirror *in, struct mirrored *out)
{
	const struct named_in *it = &in->in;
	struct version *v = ARENA_NEW(tx->arena, struct version), *told = ARENA_NEW(tx->arena, struct version);
	enum err e = named_version_get(tx, (const struct db_val[]){ db_s(it->name), db_s(it->version) }, v), other;

	begin(tx, out);
	if (!e || e == ERR_VERSION_NOT_FOUND)
		e = (other = labels_right(tx, it->labels)) ? other : e;
	if (e)
		return e == ERR_VERSION_NOT_FOUND ? make_version(tx, in, v, out) : e;
	if ((e = same_version(tx, it, v)))
		return e;
	if (!same_text(v->package.description, it->description)) {
		differs(out, tx, "description");
		if (tx->open && (e = named_version_describe(tx, NULL, LIFE_VERSION_DESCRIBE, it, told)))
			return e;
	}
	if ((e = labels_to(tx, it, v->labels, out)))
		return e;
	if (it->stage && !stage_is(v, stage_of(it->stage))) {
		differs(out, tx, arena_printf(tx->arena, "stage %s", it->stage));
		if (tx->open && (e = to_stage(tx, it, v)))
			return e;
	}
	return !tx->open || out->end == MIRROR_SAME ? OK : say_version(tx, in);
}

/* ---- Aliases ---- */

enum err mirror_alias(struct tx *tx, const struct mirror *in, struct mirrored *out)
{
	const struct named_in *it = &in->in;
	union { struct named n; struct version v; } *told = arena_alloc(tx->arena, sizeof *told);
	enum err e = named_alias_get(tx, (const struct db_val[]){ db_s(it->name), db_s(it->alias) }, &told->v);
	int64_t to = NUMBER_NONE;

	begin(tx, out);
	if (e && e != ERR_ALIAS_NOT_FOUND)
		return e;
	if (it->version)
		(void)named_number(it->version, &to);
	if (to == (e ? NUMBER_NONE : told->v.number))
		return OK;
	out->end = e ? MIRROR_MADE : MIRROR_CHANGED;
	if (!tx->open)
		return OK;
	return it->version ? named_alias(tx, NULL, LIFE_MODEL_ALIAS, it, &told->v) : named_unalias(tx, NULL, LIFE_MODEL_UNALIAS, it, &told->n);
}

static bool among(const struct json *these, const char *alias)
{
	for (size_t i = 0; i < js_length(these); i++)
		if (same_text(js_text_of(js_at(these, i), "alias"), alias))
			return true;
	return false;
}

enum err mirror_aliases_beside(struct tx *tx, const char *name, const struct json *these, const char ***out, size_t *n)
{
	const struct json *all;
	struct named m;
	enum err e = named_get(tx, BY_NAME(name), &m);

	*n = 0;
	if (e)
		return e;
	all = js_read(tx->arena, m.model.aliases);
	*out = arena_alloc(tx->arena, (js_length(all) + 1) * sizeof **out);
	for (size_t i = 0; i < js_length(all); i++) {
		const char *alias = js_text_of(js_at(all, i), "alias");

		if (alias && !among(these, alias))
			(*out)[(*n)++] = alias;
	}
	return OK;
}

/* ---- Told ---- */

enum err mirror_models(struct tx *tx, const struct id *organization, const struct id *after, struct model **out, size_t *n)
{
	static const struct column map[] = PICK_MAP(MIRROR_MODEL_PICK, struct model);
	struct db_rows r;
	enum err e = tx_part(tx, SQL_MIRROR_MODELS, DB_IN(db_d(organization), db_d(after), db_i(AT_ONCE)), &r);

	if (e)
		return e;
	*out = row_array(tx->arena, &r, map, sizeof **out);
	*n = r.n;
	return OK;
}

enum err mirror_versions(struct tx *tx, const struct id *organization, const struct id *model, int64_t after, struct version **out, size_t *n)
{
	static const struct column map[] = PICK_MAP(MIRROR_VERSION_PICK, struct version);
	struct db_rows r;
	enum err e = tx_part(tx, SQL_MIRROR_VERSIONS, DB_IN(db_d(organization), db_d(model), db_i(after), db_i(AT_ONCE)), &r);

	if (e)
		return e;
	*out = row_array(tx->arena, &r, map, sizeof **out);
	*n = r.n;
	return OK;
}
