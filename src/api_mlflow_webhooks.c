/* api_mlflow_webhooks.c: webhooks of the mlflow dialect.  One is an endpoint like those of the workspaces dialect
 * (dom_webhook.h), in the same quota, sent to by the same process, tried again and disabled alike; but it listens to
 * pairs of an entity and an action, is told of models and prompts by their names, and is signed by a secret of the caller's.
 * What it is told was kept in the event when that was made, so that each try says the same, whatever changed since. */
#include "mlflow.h"
#include <string.h>
#include "clock.h"
#include "conf.h"
#include "dom_kept.h"
#include "dom_tag.h"
#include "dom_send.h"
#include "net.h"
#include "rate.h"
#include "sign.h"
#include "str.h"

/* ---- Events ---- */

/* The word is that of kept_type(). */
#define TAG_PAIRS(entity, of, members, thing) \
	{ entity, "DELETED", of "tag_deleted", members "key", thing }, \
	{ entity, "SET", of "tag_set", members "key value", thing }
#define ALIAS_PAIRS(entity, of, thing) \
	{ entity, "CREATED", of "alias_set", "name alias version", thing }, \
	{ entity, "DELETED", of "alias_deleted", "name alias", thing }
const struct hook mlflow_hooks[] = {
	{ "REGISTERED_MODEL", "CREATED", "model.created", "name tags description", "registered model" },
	{ "MODEL_VERSION", "CREATED", "model.version_created", "name version source run_id tags description", "model version" },
	TAG_PAIRS("MODEL_VERSION_TAG", "model.version_", "name version ", "model version"),
	ALIAS_PAIRS("MODEL_VERSION_ALIAS", "model.", "registered model"),
	{ "PROMPT", "CREATED", "prompt.created", "name tags description", "prompt" },
	{ "PROMPT_VERSION", "CREATED", "prompt.version_created", "name version template tags description", "prompt version" },
	TAG_PAIRS("PROMPT_TAG", "prompt.", "name ", "prompt"),
	TAG_PAIRS("PROMPT_VERSION_TAG", "prompt.version_", "name version ", "prompt version"),
	ALIAS_PAIRS("PROMPT_ALIAS", "prompt.", "prompt"),
	{ "BUDGET_POLICY", NULL, NULL, NULL, NULL },     /* of another server of theirs: nothing happens to it here */
	{ NULL, NULL, NULL, NULL, NULL }
};
enum { PAIRS = sizeof mlflow_hooks / sizeof *mlflow_hooks - 1, SENT_MOST = 100 };

static const struct hook *pair_of(const char *word)
{
	for (size_t i = 0; i < PAIRS; i++)
		if (mlflow_hooks[i].word && !strcmp(mlflow_hooks[i].word, word))
			return &mlflow_hooks[i];
	return NULL;
}

static char *lower(struct arena *a, const char *s)
{
	char *low = arena_strdup(a, s);

	for (char *p = low; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return low;
}

/* The words of a name, as its clients' language shows a list of them. */
static const char *actions_of(struct arena *a, const char *entity)
{
	struct buf b = { .arena = a };

	buf_puts(&b, "[");
	for (size_t i = 0; i < PAIRS; i++)
		if (mlflow_hooks[i].action && !strcmp(mlflow_hooks[i].entity, entity))
			buf_printf(&b, "%s'%s'", b.n > 1 ? ", " : "", lower(a, mlflow_hooks[i].action));
	buf_puts(&b, "]");
	return b.p;
}

static enum err pair_sent(struct tx *tx, const struct json *o, const struct hook **out)
{
	const char *entity = js_text_of(o, "entity"), *action = js_text_of(o, "action"), *known = NULL;

	if (!entity || !action)
		return why_said(tx, "events", "A webhook event must be an object with the strings entity and action.");
	for (size_t i = 0; i < PAIRS; i++) {
		if (strcmp(mlflow_hooks[i].entity, entity))
			continue;
		known = entity;
		*out = &mlflow_hooks[i];
		if (mlflow_hooks[i].action && !strcmp(mlflow_hooks[i].action, action))
			return OK;
	}
	return why_said(tx, "events", !known ? arena_printf(tx->arena, "Invalid entity '%s' of a webhook event.", utf8_cut(tx->arena, entity, 64))
		: arena_printf(tx->arena, "Invalid action '%s' for entity '%s'. Valid actions are: %s", lower(tx->arena, utf8_cut(tx->arena, action, 64)),
			lower(tx->arena, entity), actions_of(tx->arena, entity)));
}

/* A list of pairs as an endpoint keeps it, each once. */
static enum err pairs_sent(struct tx *tx, const char *events, const char **out)
{
	const struct json *all = js_read(tx->arena, events);
	struct json *words = js_array(tx->arena);
	const struct hook *pair = NULL;
	enum err e;

	if (js_type(all) != JS_ARRAY || !js_length(all) || js_length(all) > SENT_MOST)
		return why_said(tx, "events", js_type(all) == JS_ARRAY && !js_length(all) ? "Webhook events cannot be empty"
			: arena_printf(tx->arena, "Webhook events must be a list of at most %d objects of entity and action", SENT_MOST));
	for (size_t i = 0; i < js_length(all); i++) {
		if ((e = pair_sent(tx, js_at(all, i), &pair)))
			return e;
		if (!event_wanted(tx->arena, js_text(words, NULL), pair->word))
			js_add(words, js_string(tx->arena, pair->word));
	}
	*out = js_text(words, NULL);
	return OK;
}

/* And back. */
static const void *pairs_told(struct arena *a, const void *object)
{
	const struct json *words = js_read(a, ((const struct endpoint *)object)->enabled_events);
	struct json *all = js_array(a);

	for (size_t i = 0; i < js_length(words); i++) {
		const struct hook *pair = pair_of(js_str(js_at(words, i)));
		struct json *o = js_object(a);

		if (!pair)
			continue;
		js_put_str(a, o, "entity", pair->entity);
		js_put_str(a, o, "action", pair->action);
		js_add(all, o);
	}
	return js_text(all, NULL);
}

/* ---- What is sent ---- */

#define PROMPT_TEXT "mlflow.prompt.text"

/* A prompt tells its text elsewhere, and that it is one and of which type not at all. */
static bool inner(const char *key)
{
	return !strcmp(key, PROMPT_TAG) || !strcmp(key, PROMPT_TEXT) || !strcmp(key, "_mlflow_prompt_type");
}

/* Labels, of which other dialects call the key a name, as an object. */
static struct json *tags(struct arena *a, const struct json *labels, bool prompt)
{
	struct json *o = js_object(a);

	for (size_t i = 0; labels && i < js_length(labels); i++) {
		const char *key = js_text_of(js_at(labels, i), "key"), *value = js_text_of(js_at(labels, i), "value");

		key = key ? key : js_text_of(js_at(labels, i), "name");
		if (key && !(prompt && inner(key)))
			js_put_str(a, o, key, value ? value : "");
	}
	return o;
}

static struct json *template(struct arena *a, const struct json *labels)
{
	const char *text = NULL, *key;

	for (size_t i = 0; labels && i < js_length(labels); i++)
		if ((key = js_text_of(js_at(labels, i), "key")) && !strcmp(key, PROMPT_TEXT))
			text = js_text_of(js_at(labels, i), "value");
	return js_string(a, text);
}

static struct json *kept_of(const struct json *kept, const char *key)
{
	struct json *v = NULL;

	return js_type(kept) == JS_OBJECT && js_get(kept, key, &v) ? v : NULL;
}

static struct json *member(struct arena *a, const struct json *kept, bool prompt, const char *name)
{
	struct json *v = kept_of(kept, !strcmp(name, "run_id") ? "run" : name);

	if (!strcmp(name, "tags"))
		return tags(a, kept_of(kept, "labels"), prompt);
	if (!strcmp(name, "template"))
		return template(a, kept_of(kept, "labels"));
	if (!strcmp(name, "version"))
		return js_string(a, v ? js_text(v, NULL) : "");
	if (!strcmp(name, "source") && !v)
		return js_string(a, "");
	/* None, where an empty text says the same. */
	return (!strcmp(name, "run_id") || !strcmp(name, "description")) && js_type(v) == JS_STRING && !*js_str(v) ? NULL : v;
}

/* NULL: an event that no pair is for. */
static struct json *body(struct arena *a, const struct event *e)
{
	const struct json *kept = kept_of(js_read(a, e->payload), "kept");
	struct json *is = kept_of(kept, "prompt"), *o = js_object(a), *data = js_object(a);
	const bool prompt = js_type(is) == JS_BOOL && js_bool(is);
	const struct hook *pair = pair_of(kept_type(a, e->type, prompt));
	char *at = clock_iso(a, e->at, TIME_MICROS);

	if (!pair)
		return NULL;
	for (const char *s = pair->members; *s; s += strspn(s, " ")) {
		const char *name = arena_strndup(a, s, strcspn(s, " "));

		js_put(data, name, member(a, kept, prompt, name));
		s += strlen(name);
	}
	js_put_str(a, o, "entity", lower(a, pair->entity));
	js_put_str(a, o, "action", lower(a, pair->action));
	at[strlen(at) - 1] = '\0';               /* Z */
	js_put_str(a, o, "timestamp", arena_printf(a, "%s+00:00", at));
	js_put(o, "data", data);
	return o;
}

const char *mlflow_write(struct arena *a, const struct post *p, const struct letter *l, const struct target *to, int64_t time, struct message *out)
{
	struct json *o = body(a, &l->event);
	const char *id = id_uuid(a, &p->id);
	struct sign s = { to->secrets, to->nsecrets, time, NULL, 0 };

	if (!o)
		return fault_words(FAULT_EVENT);
	s.body = js_text(o, &s.length);
	*out = (struct message){ s.body, s.length, { { "X-MLflow-Delivery-Id", id }, { "X-MLflow-Timestamp", arena_printf(a, "%lld", (long long)time) } } };
	if (*s.secrets[0]) {
		out->headers[2].name = "X-MLflow-Signature";
		out->headers[2].value = sign_chosen(a, &s, id);
	}
	return NULL;
}

/* ---- Shapes ---- */

/* Letters and digits at both ends. */
static const char *name_fault_of(struct arena *a, const char *name)
{
	static const char ends[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	const size_t n = strlen(name);
	size_t i = 0;

	while (i < n && (strchr(ends, name[i]) || strchr("._-", name[i])))
		i++;
	if (n && n <= 63 && i == n && strchr(ends, name[0]) && strchr(ends, name[n - 1]))
		return NULL;
	return arena_printf(a, "Webhook name '%s' is invalid. It must start and end with a letter or digit, be less than 63 characters long, and contain "
		"only letters, digits, dots (.), underscores (_), and hyphens (-).", utf8_cut(a, name, 100));
}

static const char *url_fault_of(struct arena *a, const char *url)
{
	const char *fault = url_fault(a, url);

	return fault ? arena_printf(a, "Invalid webhook URL '%s': it %s.", url, fault) : NULL;
}

static const char *secret_fault_of(struct arena *a, const char *secret)
{
	return utf8_length(secret) > CHOSEN_SECRET_MOST ? arena_printf(a, "'secret' exceeds the maximum length of %d characters", CHOSEN_SECRET_MOST) : NULL;
}

static const struct alias statuses[] = { { STATE_ENDPOINT_ENABLED, "ACTIVE" }, { STATE_ENDPOINT_DISABLED, "DISABLED" }, { STATE_NONE, NULL } };
#define HOOK_AT(field) AT(struct endpoint, field)
static const struct shape webhook_out[] = {
	{ "webhook_id", T_ID, HOOK_AT(life.id), .prefix = UUID_ALONE },
	{ "name", T_STR, HOOK_AT(name) },
	{ "description", T_STR, HOOK_AT(description), .flags = F_OMIT },
	{ "url", T_STR, HOOK_AT(url) },
	{ "events", T_DOC, .make = pairs_told, .help = "objects of entity and action" },
	{ "status", T_STATE, HOOK_AT(life.state), .of = RES_ENDPOINT, .alias = statuses },
	{ "creation_timestamp", T_TIME, HOOK_AT(life.created) },
	{ "last_updated_timestamp", T_TIME, HOOK_AT(life.changed) },
	NAMED("MlflowWebhook")
};
static const struct shape answer_out[] = { { "webhook", T_SUB, .off = 0, .sub = webhook_out }, NAMED("MlflowWebhookAnswer") };

#define HOOK_ROWS(at, need, name_, url_, description_, secret_, status_) \
	{ "name", T_STR, at(name_), .flags = need, .fault = name_fault_of }, \
	{ "url", T_STR, at(url_), .max = 500, .flags = need, .fault = url_fault_of, .help = "https" }, \
	{ "description", T_STR, at(description_), .max = 1000 }, \
	{ "secret", T_STR, at(secret_), .fault = secret_fault_of, .help = "signs each delivery; never shown again" }, \
	{ "status", T_STATE, at(status_), .of = RES_ENDPOINT, .alias = statuses }
struct hook_in { struct endpoint hook; const char *events; };
#define IN_AT(field) AT(struct hook_in, hook.field)
static const struct shape create_in[] = {
	HOOK_ROWS(IN_AT, F_REQUIRED, name, url, description, secret, life.state),
	{ "events", T_DOC, AT(struct hook_in, events), .flags = F_REQUIRED, .help = "objects of entity and action" },
	NAMED("MlflowWebhookCreate")
};
struct hook_edit_in { struct endpoint_edit edit; const char *events; };
#define EDIT_SET(field) SET(struct hook_edit_in, edit.field)
static const struct shape edit_in[] = {
	HOOK_ROWS(EDIT_SET, 0, name, url, description, secret, status),
	{ "events", T_DOC, AT(struct hook_edit_in, events), .help = "objects of entity and action; they replace the current ones" },
	NAMED("MlflowWebhookEdit")
};

static enum err create(struct tx *tx, const void *in, void *out)
{
	const struct hook_in *sent = in;
	struct endpoint hook = sent->hook;
	enum err e = pairs_sent(tx, sent->events, &hook.enabled_events);

	return e ? e : hook_make(tx, &hook, out);
}

static enum err edit(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out)
{
	const struct hook_edit_in *sent = in;
	struct endpoint_edit edit = sent->edit;
	enum err e = OK;

	edit.enabled_events_set = sent->events;
	if (sent->events && (e = pairs_sent(tx, sent->events, &edit.enabled_events)))
		return e;
	return hook_edit(tx, key, t, &edit, out);
}

static const struct shape list_query[] = {
	{ "max_results", T_INT, SET(struct page_asked, size), .min = 1, .max = 1000 },
	{ "page_token", T_STR, AT(struct page_asked, token), .help = "the next_page_token of the previous page" },
	{ 0 }
};
static const struct shape list_out[] = {
	{ "webhooks", T_LIST, AT(struct page_got, rows), .sub = webhook_out, .flags = F_OMIT },
	{ "next_page_token", T_STR, AT(struct page_got, token), .flags = F_OMIT },
	NAMED("MlflowWebhookPage")
};

static enum err newest_first(struct req *r, const struct page_asked *q, struct list_ask *ask)
{
	ask->flip = true;
	return pages_by_token(r, q, ask);
}

static const struct paging hundred = { .size = 100, .most = 1000, .asked = newest_first, .got = pages_tokened };

/* ---- A try, now ---- */

struct test_in { const char *event; };
static const struct shape test_in[] = { { "event", T_OBJECT, AT(struct test_in, event), .help = "its entity and action; by default the first one that the webhook receives" }, NAMED("MlflowWebhookTest") };

struct result { bool success; struct reply reply; const char *answer; };
static const struct shape result_out[] = {
	{ "success", T_BOOL, AT(struct result, success) },
	{ "response_status", T_INT, AT(struct result, reply.status), .flags = F_ZERO | F_OMIT },
	{ "response_body", T_STR, AT(struct result, answer), .flags = F_OMIT, .help = "the beginning of the response, shown to the webhook's owner and administrators only" },
	{ "error_message", T_STR, AT(struct result, reply.error), .flags = F_OMIT },
	NAMED("MlflowWebhookTestResult")
};
static const struct shape test_out[] = { { "result", T_SUB, .off = 0, .sub = result_out }, NAMED("MlflowWebhookTestAnswer") };

/* An event of that kind that never was. */
static struct event sample(struct tx *tx, const struct hook *pair)
{
	const bool prompt = !strncmp(pair->word, "prompt.", strlen("prompt."));
	const char *kept = arena_printf(tx->arena, "{\"kept\":{\"name\":\"example_%s\",\"prompt\":%s,\"version\":1,\"source\":\"models:/123\",\"run\":\"abcd1234abcd5678\","
		"\"key\":\"example_key\",\"value\":\"example_value\",\"alias\":\"example_alias\",\"description\":\"An example %s\",\"labels\":["
		"{\"key\":\"example_key\",\"value\":\"example_value\"}%s]}}", prompt ? "prompt" : "model", prompt ? "true" : "false", pair->thing,
		prompt ? ",{\"key\":\"" PROMPT_TEXT "\",\"value\":\"Hello {{name}}!\"}" : "");

	return (struct event){ .at = tx->now, .type = arena_printf(tx->arena, "model%s", strchr(pair->word, '.')), .payload = kept };
}

/* A worker waits with whoever asks, so an organization may ask as often as takes no more than one of them. */
static enum err room(struct req *r)
{
	enum { MINUTE = RATE_MINUTE / SEND_NOW_S };
	struct rate rate;

	if (!conf.rate_limits || rate_take(RATE_KNOWN, id_spell(r->arena, "webhooks tried by org-", &r->who.organization), MINUTE, RATE_MINUTE, &rate))
		return OK;
	r->tx.why.retry_after = rate.reset_s;
	return ERR_RATE;
}

static enum err test(struct req *r)
{
	const struct test_in *in = r->in;
	const struct json *words;
	const struct hook *pair;
	struct letter letter = { .heard = true };
	struct db_val key[2] = { { 0 } };
	struct endpoint hook;
	struct target to;
	struct result result;
	enum err e;

	if ((e = route_key(r, key)) || (e = hook_get(&r->tx, key, &hook)))
		return e;
	words = js_read(r->arena, hook.enabled_events);
	pair = js_length(words) ? pair_of(js_str(js_at(words, 0))) : NULL;
	if (in->event && (e = pair_sent(&r->tx, js_read(r->arena, in->event), &pair)))
		return e;
	if (!pair || (e = room(r)) || (e = deliver_aim(&r->tx, &hook, &to)))
		return pair ? e : ERR_INTERNAL;
	letter.event = sample(&r->tx, pair);
	send_now(r->arena, &letter, &to, mlflow_write, &result.reply, &result.answer);
	result.success = reply_good(&result.reply);
	/* The receiver may be a host of the inside (webhook_networks), which not everybody who may try it is to read. */
	if (!who_acts_as_admin(&r->who) && !id_equal(&hook.owner.principal, &r->who.principal))
		result.answer = NULL;
	res_shape(r, 200, test_out, &result, 0);
	return OK;
}

/* ---- Routes ---- */

#define HOOKS BASE "/webhooks"
#define HOOK HOOKS "/{webhook_id}"
#define OF_HOOK .object = RES_ENDPOINT, .ids = { UUID_ALONE }
const struct route mlflow_webhook_routes[] = {
	{ "POST", HOOKS, PERM_WEBHOOK_WRITE, R_WRITE | R_UNTAGGED, BODY(create_in, struct hook_in), .status = 200, .out = answer_out, OF_HOOK,
	  .make = create, .moves = { LIFE_ENDPOINT_CREATE }, .summary = "Create a webhook", .errors = "ENDPOINT_LIMIT EVENTS_BEHIND QUOTA" },
	{ "GET", HOOKS, PERM_WEBHOOK_READ, R_UNTAGGED | R_QUERY_BODY, QUERY(list_query, struct page_asked), .status = 200, .out = list_out, OF_HOOK,
	  .listing = &endpoints_list, .paging = &hundred, .read = hook_list, .summary = "List webhooks, newest first", .errors = "PAGE_TOKEN PAGE_BYTES" },
	{ "GET", HOOK, PERM_WEBHOOK_READ, R_UNTAGGED, .status = 200, .out = answer_out, OF_HOOK, .get = hook_get, .summary = "Get a webhook", .errors = "NOT_FOUND" },
	{ "PATCH", HOOK, PERM_WEBHOOK_WRITE, R_WRITE | R_UNTAGGED, BODY(edit_in, struct hook_edit_in), .status = 200, .out = answer_out, OF_HOOK,
	  .change = edit, .moves = { LIFE_ENDPOINT_EDIT }, .summary = "Update a webhook", .errors = "NOT_FOUND" },
	{ "DELETE", HOOK, PERM_WEBHOOK_WRITE, R_WRITE | R_UNTAGGED, .status = 200, .out = mlflow_nothing, OF_HOOK, .change = hook_change,
	  .moves = { LIFE_ENDPOINT_DELETE }, .summary = "Delete a webhook", .errors = "NOT_FOUND" },
	{ "POST", HOOK "/test", PERM_WEBHOOK_WRITE, R_UNTAGGED | R_NO_BODY_NEEDED, .tier = TIER_EXECUTE, BODY(test_in, struct test_in), .status = 200, .out = test_out, OF_HOOK,
	  .run = test, .summary = "Test a webhook with an example event", .errors = "NOT_FOUND" },
	{ 0 }
};
