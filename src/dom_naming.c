/* dom_naming.c: what changes models and their versions that go by names (dom_named.h).  The model's row is
 * locked first, whatever is changed. */
#include "dom_named.h"
#include <string.h>
#include <strings.h>
#include "dom_alias.h"
#include "dom_kept.h"
#include "dom_tag.h"
#include "str.h"

/* ---- What is changed ---- */

static enum err find(struct tx *tx, const char *name, struct id *id)
{
	enum err e;

	tx->about.kind = life_resources[RES_MODEL].word;
	tx->about.id = name;
	tx->about.child = NULL;
	return (e = named_id(tx, name, id)) ? e : id_is_zero(id) ? ERR_MODEL_NOT_FOUND : OK;
}

/* Is it the one that was looked for, now that nobody else changes it? */
static enum err same(struct tx *tx, const struct model *m, const char *name)
{
	return strcmp(m->name, name) || m->life.state == STATE_MODEL_RETIRED ? ERR_DB_RETRY : named_there(tx, m);
}

static enum err lock_model(struct tx *tx, const char *name, struct model *m)
{
	struct id id;
	enum err e;

	if ((e = find(tx, name, &id)) || (e = life_lock(tx, RES_MODEL, BY_ID(&id), m)))
		return e;
	return same(tx, m, name);
}

static enum err lock_version(struct tx *tx, const char *name, const char *version, struct version *v)
{
	const struct model *m;
	int64_t number;
	struct id id;
	enum err e;

	if (!named_number(version, &number))
		return why_said(tx, "version", arena_printf(tx->arena, "Parameter 'version' must be an integer, got '%s'.", version));
	e = find(tx, name, &id);
	tx->about.child = version;
	if (e || (e = package_held(tx, &id, number, v)))
		return e;
	m = v->life.parent;
	if ((e = same(tx, m, name)))
		return e;
	return v->life.state == STATE_VERSION_ARCHIVED ? ERR_VERSION_NOT_FOUND : OK;
}

static enum err told(struct tx *tx, const char *name, struct named *out)
{
	return named_get(tx, BY_NAME(name), out);
}

/* ---- Models ---- */

/* Why there is no room for the name: a model, an archived one, or a prompt has it, where one of that kind was to be. */
static enum err taken(struct tx *tx, const char *name, bool prompt)
{
	struct model by;
	const enum err e = life_read_by(tx, RES_MODEL, SQL_NAMED_READ, BY_NAME(name), 1, &by, NULL);
	const bool seen = !e || err_row(e)->class == CLASS_FORBIDDEN;

	if (!seen && e != ERR_MODEL_NOT_FOUND)
		return e;
	tx->about.child = prompt ? KIND_PROMPT : KIND_MODEL;
	tx->about.kind = !seen ? tx->about.child : by.prompt ? KIND_PROMPT : KIND_MODEL;         /* of what is not seen nothing is told */
	tx->why.n = 0;
	if (seen && by.life.state == STATE_MODEL_ARCHIVED)
		why_add(tx, "status", ARCHIVED_FAULT);
	return ERR_MODEL_NAME_TAKEN;
}

enum err named_create(struct tx *tx, const void *sent, void *out)
{
	const struct named_in *in = sent;
	struct model make = { .name = in->name, .description = in->description, .prompt = labels_are_of_prompt(tx->arena, in->labels), .labels = in->labels };
	struct named *n = out;
	enum err e;

	tx->about.id = in->name;
	if ((e = model_create(tx, &make, &n->model)))
		return e == ERR_MODEL_NAME_TAKEN ? taken(tx, in->name, make.prompt) : e;
	return (e = labels_add(tx, &n->model.life.id, in->labels)) ? e : told(tx, in->name, n);
}

enum err named_describe(struct tx *tx, const struct db_val *key, enum transition t, const void *sent, void *out)
{
	const struct named_in *in = sent;
	const struct model_edit edit = { .description = in->description, .description_set = true };
	struct named *n = out;
	enum err e;

	(void)key;
	if ((e = lock_model(tx, in->name, &n->model)) || (e = model_edit(tx, BY_ID(&n->model.life.id), t, &edit, &n->model)))
		return e;
	return told(tx, in->name, n);
}

enum err named_rename(struct tx *tx, const struct db_val *key, enum transition t, const void *sent, void *out)
{
	const struct named_in *in = sent;
	const struct model_edit edit = { .name = in->new_name, .name_set = true };
	struct named *n = out;
	enum err e = lock_model(tx, in->name, &n->model);

	(void)key;
	if (!e && strcmp(in->name, in->new_name) && (e = model_edit(tx, BY_ID(&n->model.life.id), t, &edit, &n->model)) == ERR_MODEL_NAME_TAKEN) {
		tx->about.id = in->new_name;
		return taken(tx, in->new_name, n->model.prompt);
	}
	return e ? e : told(tx, in->new_name, n);
}

enum err named_discard(struct tx *tx, const struct db_val *key, enum transition t, const void *sent, void *out)
{
	const struct named_in *in = sent;
	struct named *n = out;
	struct id id;
	enum err e;

	(void)key;
	if ((e = find(tx, in->name, &id)))
		return e;
	return (e = model_retire(tx, BY_ID(&id), t, NULL, &n->model)) ? e : strcmp(n->model.name, in->name) ? ERR_DB_RETRY : OK;
}

/* ---- Labels ---- */

/* The model, of a label or of one of its version's. */
static struct json *of_label(struct tx *tx, const struct named_in *in, const struct version *v)
{
	struct json *details = v ? package_about(tx, v) : js_object(tx->arena);

	js_put_str(tx->arena, details, "key", in->key);
	if (in->value)
		js_put_str(tx->arena, details, "value", utf8_cut(tx->arena, in->value, LABEL_TOLD_MOST));
	return details;
}

static const struct { enum transition model, of_version, version; } label_moves[] = {
	{ LIFE_MODEL_LABEL, LIFE_MODEL_VERSION_LABEL, LIFE_VERSION_LABEL }, { LIFE_MODEL_UNLABEL, LIFE_MODEL_VERSION_UNLABEL, LIFE_VERSION_UNLABEL } };

/* What the event keeps of it: the whole value, where anybody is told of that. */
static void kept_label(struct tx *tx, const struct named_in *in, struct model *m, const struct version *v)
{
	struct json *kept = kept_model(tx, m);

	js_put_str(tx->arena, kept, "key", in->key);
	if (v || m->prompt)
		js_put_str(tx->arena, kept, "value", in->value);
	if (v)
		js_put_int(tx->arena, kept, "version", v->number);
}

/* The label of what is locked was set, or (no value) taken away: of a model, or of a version of it. */
static enum err relabel(struct tx *tx, const struct named_in *in, struct model *m, struct version *v)
{
	const struct id *object = v ? &v->life.id : &m->life.id;
	const int away = !in->value;
	bool changed = false;
	enum err e;

	if (!v && !strcmp(in->key, PROMPT_TAG) && (away ? m->prompt : m->prompt != label_is_prompt(in->value)))
		return why_said(tx, "key", "The tag '" PROMPT_TAG "' marks what this was created as, and cannot be changed.");
	if ((e = away ? label_forget(tx, object, in->key, &changed) : label_set(tx, object, in->key, in->value, &changed)) || !changed)
		return e;
	if (v && (e = life_move(tx, label_moves[away].version, &v->life, of_label(tx, in, v))))
		return e;
	kept_label(tx, in, m, v);
	return life_move(tx, v ? label_moves[away].of_version : label_moves[away].model, &m->life, of_label(tx, in, v));
}

static enum err label(struct tx *tx, const struct named_in *in, void *out)
{
	struct version *v = out;
	struct named *n = out;
	enum err e = in->version ? lock_version(tx, in->name, in->version, v) : lock_model(tx, in->name, &n->model);

	return e ? e : in->version ? relabel(tx, in, v->life.parent, v) : relabel(tx, in, &n->model, NULL);
}

enum err named_label(struct tx *tx, const struct db_val *key, enum transition t, const void *sent, void *out)
{
	struct named_in in = *(const struct named_in *)sent;
	const char *fault;

	(void)key, (void)t;
	if (!in.value)
		in.value = "";
	if ((fault = label_value_fault(tx->arena, in.key, in.value)))
		return why_said(tx, "value", fault);
	return label(tx, &in, out);
}

enum err named_unlabel(struct tx *tx, const struct db_val *key, enum transition t, const void *sent, void *out)
{
	(void)key, (void)t;
	return label(tx, sent, out);
}

/* ---- Aliases ---- */

enum err named_alias(struct tx *tx, const struct db_val *key, enum transition t, const void *sent, void *out)
{
	const struct named_in *in = sent;
	struct version *v = out;
	enum err e = lock_version(tx, in->name, in->version, v);

	(void)key;
	return e ? e : alias_move(tx, t, v->life.parent, in->alias, v->number);
}

enum err named_unalias(struct tx *tx, const struct db_val *key, enum transition t, const void *sent, void *out)
{
	const struct named_in *in = sent;
	struct named *n = out;
	enum err e = lock_model(tx, in->name, &n->model);

	(void)key;
	return e ? e : alias_move(tx, t, &n->model, in->alias, 0);
}

/* ---- Versions ---- */

/* models:/NAME/NUMBER, /STAGE, /latest, @ALIAS: which version it is; *is false of any other text, and of models:/m-ID, which
 * the client itself looks up. */
static enum err source_version(struct tx *tx, const char *source, struct version *v, bool *is)
{
	const char *rest, *slash, *at, *name, *which;
	struct db_val key[2];
	int64_t number;

	*is = !strncmp(source, "models:/", 8) && *(rest = source + 8 + strspn(source + 8, "/"));
	if (!*is)
		return OK;
	slash = strrchr(rest, '/');
	at = strrchr(rest, '@');
	*is = (slash && slash[1] && slash > rest) || (!slash && at && at > rest && at[1]);
	if (!*is)
		return OK;
	which = slash ? slash + 1 : at + 1;
	name = arena_strndup(tx->arena, rest, (size_t)(which - 1 - rest));
	key[0] = db_s(name);
	key[1] = db_s(which);
	if (!slash)
		return named_alias_get(tx, key, v);
	if (named_number(which, &number))
		return named_version_get(tx, key, v);
	if (!strcasecmp(which, "latest"))
		return named_alias_get(tx, key, v);
	return named_stage_get(tx, name, which, v);
}

/* What was given and what the source has must agree; what was not is as there. */
static enum err inherit(struct tx *tx, const char *field, const char **given, const char *there)
{
	if (!*given)
		*given = there;
	if (there && *there && strcmp(*given, there))
		return why_fault(tx, field, arena_printf(tx->arena, "must be '%s', as in the version that it copies", there));
	return OK;
}

/* Where the version comes from, and where its files are: those of a copy where the original's are. */
static enum err origin_of(struct tx *tx, const struct named_in *in, struct origin *o)
{
	struct version *from = ARENA_NEW(tx->arena, struct version);
	bool copy = false;
	const struct ask write = tx->ask;
	enum err e;

	tx->ask = (struct ask){ .perm = PERM_MODEL_READ, .tier = TIER_OBSERVE };         /* the original is but read */
	e = in->download ? OK : source_version(tx, in->source, from, &copy);
	tx->ask = write;
	*o = (struct origin){ .source = in->source, .download = in->download ? in->download : in->source, .run = in->run, .run_link = in->run_link, .logged_model = in->logged_model };
	if (e || !copy)
		return e;
	o->source = arena_printf(tx->arena, "models:/%s/%lld", from->of.name, (long long)from->number);
	o->download = from->origin.download;
	return (e = inherit(tx, "run_id", &o->run, from->origin.run)) ? e : inherit(tx, "model_id", &o->logged_model, from->origin.logged_model);
}

enum err named_register(struct tx *tx, const struct db_val *key, enum transition t, const void *sent, void *out)
{
	const struct named_in *in = sent;
	struct version *v = out;
	struct model m;
	struct origin o;
	enum err e;

	(void)key;
	if ((e = origin_of(tx, in, &o)) || (e = lock_model(tx, in->name, &m)))
		return e;
	if (m.prompt && strcmp(in->source, "dummy-source") && strcmp(in->source, "prompt-template"))
		return why_said(tx, "source", arena_printf(tx->arena, "Invalid prompt source: '%s'. Prompt sources must use an MLflow placeholder.", in->source));
	*v = (struct version){ .branch = BRANCH_MASTER, .source = VERSION_SDK, .training_seconds = -1, .origin = o, .labels = in->labels };
	v->package.description = in->description;
	if ((e = version_append(tx, &m, t, in->number, v, js_object(tx->arena))) || (e = labels_add(tx, &v->life.id, in->labels)))
		return e;
	return named_version_told(tx, v);
}

enum err named_version_describe(struct tx *tx, const struct db_val *key, enum transition t, const void *sent, void *out)
{
	const struct named_in *in = sent;
	struct version *v = out;
	struct json *details, *changed = js_array(tx->arena);
	struct model *m;
	enum err e = lock_version(tx, in->name, in->version, v);

	(void)key;
	if (e)
		return e;
	m = v->life.parent;
	v->package.description = in->description;
	js_add(changed, js_string(tx->arena, "description"));
	js_put(details = package_about(tx, v), "changed", changed);
	if ((e = life_move(tx, t, &v->life, details)) || (e = life_move(tx, LIFE_MODEL_VERSION_EDIT, &m->life, details)))
		return e;
	return named_version_told(tx, v);
}

enum err named_transition(struct tx *tx, const struct db_val *key, enum transition t, const void *sent, void *out)
{
	const struct named_in *in = sent;
	const char *to = stage_of(in->stage);
	struct version *v = out;
	enum err e = lock_version(tx, in->name, in->version, v);

	(void)key, (void)t;
	if (e)
		return e;
	if (!strcmp(to, STAGE_REGISTERED) && !strcmp(v->package.stage, STAGE_DEVELOPMENT))
		to = STAGE_DEVELOPMENT;          /* which reads as None too */
	return (e = package_stage(tx, LIFE_MODEL_VERSION_STAGE, to, in->alone, v)) ? e : named_version_told(tx, v);
}

enum err named_version_discard(struct tx *tx, const struct db_val *key, enum transition t, const void *sent, void *out)
{
	const struct named_in *in = sent;
	struct version *v = out;
	enum err e = lock_version(tx, in->name, in->version, v);

	(void)key;
	return e ? e : package_end(tx, t, v);
}
