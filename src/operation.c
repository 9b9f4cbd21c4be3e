/* operation.c: see operation.h. */
#include "operation.h"
#include <string.h>
#include "pages.h"
#include "schema.h"
#include "str.h"

/* ---- Its id ---- */

/* Words of an address that say which API it is, and not what is done. */
static const char bases[] = "api v1 v2 2.0 3.0 mlflow filesystem admin multipass oauth2 console docs auth";
/* Words that say what is done, and begin an id where they begin the last word of an address. */
static const char verbs[] = "get check set delete create update rename search transition rotate promote revoke";

/* How long the first part of a word is: rotate_secret, promoteVersion, get-latest-versions. */
static size_t first_part(const char *word)
{
	size_t n = 0;

	while (word[n] && !strchr("-_.", word[n]) && !(n && word[n] >= 'A' && word[n] <= 'Z'))
		n++;
	return n;
}

static char *singular(struct arena *a, const char *word)
{
	const size_t n = strlen(word);

	if (n > 5 && !strcmp(word + n - 5, "iases"))
		return arena_printf(a, "%.*s", (int)n - 2, word);
	if (n > 3 && !strcmp(word + n - 3, "ies"))
		return arena_printf(a, "%.*sy", (int)n - 3, word);
	return n > 2 && word[n - 1] == 's' && word[n - 2] != 'u' ? arena_printf(a, "%.*s", (int)n - 1, word) : arena_strdup(a, word);
}

struct address { char *words[16]; bool var[16]; size_t n; };

/* The words of its address that say what is done: what is called by a verb is a thing here, and the reverse. */
static struct address address_of(struct arena *a, const struct route *row)
{
	struct address all = { .n = 0 };

	for (const char *p = row->path + 1, *end; *p && all.n < 16; p = *end ? end + 1 : end) {
		char *word;

		end = p + strcspn(p, "/");
		word = arena_strndup(a, p, (size_t)(end - p));
		if (word_in(bases, word) && *end)
			continue;
		if (!strcmp(word, "train") && (*end || !strcmp(row->method, "GET")))
			word = arena_strdup(a, "training-runs");
		if (!strcmp(word, "validation"))
			word = arena_strdup(a, "validate");
		all.var[all.n] = *word == '{';
		all.words[all.n++] = word;
	}
	return all;
}

/* What its method does to one, or to all that stand below an address. */
static const char *method_verb(const struct route *row, bool one)
{
	static const struct { const char *method, *one, *all; } words[] = { { "GET", "get", "get" }, { "PATCH", "update", "update" },
		{ "PUT", "replace", "set" }, { "DELETE", "delete", "delete" }, { "POST", "add", "create" } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(row->method, words[i].method))
			return one ? words[i].one : words[i].all;
	return "do";
}

/* Is the last thing in its address called by a name that the caller gives it? */
static bool by_name(const struct route *row)
{
	size_t vars = 0;

	for (const char *p = strchr(row->path, '{'); p; p = strchr(p + 1, '{'))
		vars++;
	return vars && row->object != RES_ORG && !row->number && !operation_path_id(row, vars - 1).prefix && !operation_path_id(row, vars - 1).number;
}

/* verb, the things in the address, and what is left of its last word. */
static char *joined(struct arena *a, const struct dialect *d, const char *verb, const char *things, const char *rest)
{
	char *all = schema_camel(a, arena_printf(a, "%s-%s-%s", verb, things, rest));

	if (d->guest)
		return arena_printf(a, "%s%s", d->name, all);
	if (!*things && !*rest)
		return arena_printf(a, "%s%s", d->name, all);
	*all = (char)(*all | 32);
	return all;
}

char *operation_id(struct arena *a, const struct dialect *d, const struct route *row)
{
	const struct address at = address_of(a, row);
	const char *last = at.words[at.n - 1], *things = "";
	const bool one = at.var[at.n - 1], post = !strcmp(row->method, "POST"), acts = post || !strcmp(row->method, "PUT");
	const size_t n = first_part(last);

	for (size_t i = 0; i + 1 < at.n; i++)
		if (!at.var[i])
			things = arena_printf(a, "%s-%s", things, singular(a, at.words[i]));
	/* By what is no name of one among several: an address that is there without it too. */
	if (one && at.n > 1 && row->perm == PERM_PUBLIC && !strcmp(singular(a, at.words[at.n - 2]), at.words[at.n - 2]))
		return joined(a, d, method_verb(row, false), things, arena_printf(a, "by-%s", operation_var(a, last)));
	if (one)
		return joined(a, d, method_verb(row, !by_name(row)), things, "");
	if (word_in(verbs, last) || (last[n] && word_in(verbs, arena_strndup(a, last, n))))
		return joined(a, d, arena_strndup(a, last, n), things, arena_printf(a, "%s%s", last + n, post && row->flags & R_QUERY_BODY ? "-by-body" : ""));
	if (row->paging)
		return joined(a, d, "list", things, last);
	if (post && (!strncmp(last, "from", n) || !strncmp(last, "with", n)))
		return joined(a, d, "create", things, last);
	if (post && last[strlen(last) - 1] == 's' && strcmp(last, "alias") != 0)
		return joined(a, d, "create", things, singular(a, last));
	return acts && strcmp(last, "alias") != 0 ? joined(a, d, last, things, "") : joined(a, d, method_verb(row, false), things, last);
}

/* ---- Its address ---- */

char *operation_var(struct arena *a, const char *brace)
{
	return arena_strndup(a, brace + 1, strcspn(brace + 1, "}"));
}

struct path_id operation_path_id(const struct route *row, size_t var)
{
	const enum resource parent = life_resources[row->object].parent;
	const bool child = parent != RES__MAX && var == 0;
	const enum resource of = child ? parent : row->object;
	struct path_id id = { row->ids[var < 2 ? var : 1], of, false };

	if (row->kinds)
		return (struct path_id){ row->kinds[0], row->object, false };
	if (row->object == RES_ORG || var > (parent != RES__MAX))
		return (struct path_id){ id.prefix, id.prefix && row->object != RES_ORG ? of : RES__MAX, false };
	if (id.prefix || child)
		id.prefix = id.prefix ? id.prefix : life_resources[of].prefix;
	else if (!row->number && life_resources[of].number)
		id.number = true;
	else if (!row->number)
		id.prefix = life_resources[of].prefix;
	return id;
}

/* ---- What it may answer ---- */

bool operation_common(const struct route *row, enum err_on on)
{
	const bool writes = row->flags & R_WRITE && row->perm != PERM_PUBLIC;

	return on == ON_EVERY || (on == ON_CALLER && row->perm != PERM_PUBLIC) || (on == ON_PERMISSION && row->perm > PERM_MEMBER)
		|| (on == ON_QUERY && route_query(row)) || (on == ON_BODY && route_body(row)) || (on == ON_WRITE && writes) || (on == ON_CONDITION && writes && strchr(row->path, '{'));
}

static enum err error_named(const char *name, size_t n)
{
	for (int e = OK + 1; e < ERR__MAX; e++)
		if (strlen(err_row(e)->name) == n && !memcmp(err_row(e)->name, name, n))
			return e;
	return ERR_INTERNAL;
}

/* The errors that its row names stand behind the common ones. */
bool operation_error(const struct route *row, size_t *i, enum err *out)
{
	size_t common = 0;
	const char *p = row->errors;

	for (const struct err_common *c = err_common; c->err; c++, common++)
		if (common >= *i && operation_common(row, c->on)) {
			*i = common + 1;
			*out = c->err;
			return true;
		}
	if (*i < common)
		*i = common;
	for (size_t n = common; p && *p; n++) {
		size_t length = strcspn(p, " ");

		if (n == *i) {
			*i = n + 1;
			*out = error_named(p, length);
			return true;
		}
		p += length;
		p += strspn(p, " ");
	}
	return false;
}

/* ---- What it does ---- */

/* How the answer spells states of a resource, if it does. */
static const struct shape *spelling(const struct shape *s, enum resource r, int depth)
{
	const struct shape *found = NULL;

	for (; s && s->key && !found && depth; s++)
		found = s->type == T_STATE && s->of == r ? s : s->sub ? spelling(s->sub, r, depth - 1) : NULL;
	return found;
}

static void put_states(struct buf *b, const struct shape *row, uint64_t set, const char *last)
{
	const char *words[STATE__MAX], *word;
	size_t n = 0;

	for (int s = STATE_NONE + 1; s < STATE__MAX; s++) {
		if (!(set >> s & 1) || life_states[s].flags & GONE)
			continue;
		if ((word = row ? shape_state_word(row, (enum state)s) : life_word((enum state)s)))
			words[n++] = word;
	}
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s`%s`", !i ? "" : i + 1 < n ? ", " : last, words[i]);
}

static uint64_t bit(enum state s)
{
	return UINT64_C(1) << s;
}

static uint64_t all_states(enum resource r)
{
	uint64_t set = 0;

	for (int s = STATE_NONE + 1; s < STATE__MAX; s++)
		if (life_states[s].resource == r && !(life_states[s].flags & GONE))
			set |= bit((enum state)s);
	return set;
}

/* What a move gets that begins in this state. */
static enum err refused(const struct transition_row *t, enum state s)
{
	return life_states[s].flags & LAST || !t->refuse ? life_states[s].refuse : t->refuse;
}

/* The other error that the route gives for it, if any. */
static enum err seen_as(const struct route *row, enum err e)
{
	for (const struct err_as *as = row->as; as && as->err; as++)
		if (as->err == e)
			return as->as;
	return e;
}

static void put_error(struct buf *b, const struct dialect *d, const struct route *row, enum err e)
{
	const struct error_say say = error_say(d, row, e);

	buf_printf(b, "%d `%s` (%s)", (int)say.status, say.code, say.text);
}

/* The states that it does not begin in, by what each gets. */
static void put_refusals(struct buf *b, const struct dialect *d, const struct route *row, const struct transition_row *t, uint64_t left, const struct shape *spelt)
{
	while (left) {
		uint64_t same = 0;
		int first = STATE_NONE;
		enum err e = OK;

		for (int s = STATE_NONE + 1; s < STATE__MAX; s++) {
			if (!(left >> s & 1) || (same && refused(t, (enum state)s) != e))
				continue;
			e = refused(t, (enum state)s);
			first = same ? first : s;
			same |= bit((enum state)s);
		}
		left &= ~same;
		if (!err_row(e)->status || e == ERR_INTERNAL || !seen_as(row, e))
			continue;
		if (life_states[first].flags & RETIRED) {        /* which a dialect may call as it calls another state */
			buf_puts(b, " Once it is retired");
		} else {
			buf_puts(b, " While it is ");
			put_states(b, spelt, same, " or ");
		}
		buf_puts(b, ", the answer is ");
		put_error(b, d, row, seen_as(row, e));
		buf_puts(b, ".");
	}
}

static void put_move(struct buf *b, const struct dialect *d, const struct route *row, int move)
{
	const struct transition_row *t = &life_transitions[move];
	const struct shape *spelt = spelling(row->out, t->resource, 4);
	const char *what = resource_words(b->arena, t->resource);

	if (!t->from)
		return;
	if (t->rule == LIFE_SAME) {
		buf_printf(b, "The status of the %s stays as it is; the change is possible while it is ", what);
		put_states(b, spelt, t->from, " or ");
	} else {
		buf_printf(b, "Moves the %s from ", what);
		put_states(b, spelt, t->from & ~life_stays[move], " or ");
		buf_puts(b, t->rule == LIFE_FIXED && life_states[t->to].flags & GONE ? " to its end: it is deleted" : " to ");
		if (t->rule == LIFE_COMPUTED)
			buf_puts(b, "the status computed from its contents and its history");
		else if (!(life_states[t->to].flags & GONE))
			put_states(b, spelt, bit(t->to), "");
		if (life_stays[move]) {
			buf_puts(b, ". The status stays while it is ");
			put_states(b, spelt, life_stays[move], " or ");
		}
	}
	buf_puts(b, ".");
	if (life_again[move]) {
		buf_puts(b, " If it is already ");
		put_states(b, spelt, life_again[move], " or ");
		buf_puts(b, ", nothing changes and the request succeeds.");
	}
	put_refusals(b, d, row, t, all_states(t->resource) & ~t->from & ~life_again[move], spelt);
	if (t->flags & UNUSED) {
		buf_puts(b, " While something deployed uses it, the answer is ");
		put_error(b, d, row, ERR_DEPLOYED);
		buf_puts(b, ".");
	}
	buf_printf(b, "\n\nThe audit log records it as `%s`%s.", t->audit, t->flags & TOLD ? ", and webhooks receive the event of the same name" : "");
	if (t->flags & OWNER)
		buf_puts(b, " Only an owner of the object or an administrator of the organization can do this.");
	if (t->flags & HUMAN)
		buf_puts(b, t->flags & APPROVAL ? " An agent's request waits for the person it acts for (202)." : " An agent's token cannot do this.");
	buf_puts(b, "\n\n");
}

static void put_access(struct buf *b, const struct dialect *d, const struct route *row)
{
	static const char *const tiers[] = { "any", "1 (observe)", "2 (prepare)", "3 (execute)", "4 (autonomous)" };
	const struct ask ask = route_ask(row);

	if (row->perm == PERM_PUBLIC) {
		buf_puts(b, d->cookie && !row->in ? "Uses the cookie of the sign-in." : "No sign-in is needed.");
		return;
	}
	if (row->perm == PERM_MEMBER)
		buf_puts(b, "Every signed-in user can do this");
	else
		buf_printf(b, "Requires the permission `%s`", perm_word(row->perm));
	buf_printf(b, "; a token needs tier %s", tiers[ask.tier]);
	if (*ask_scope(ask))
		buf_printf(b, ", an OAuth token the scope `%s`", ask_scope(ask));
	buf_puts(b, row->flags & R_PUBLISHABLE ? ". A publishable key can read it." : ".");
}

char *operation_says(struct arena *a, const struct dialect *d, const struct route *row)
{
	struct buf b = { .arena = a };

	if (row->deprecated)
		buf_printf(&b, "**Deprecated.** %s\n\n", row->deprecated->words);
	buf_printf(&b, "%s.\n\n", row->summary);
	for (size_t i = 0; i < sizeof row->moves / sizeof *row->moves && row->moves[i]; i++)
		put_move(&b, d, row, row->moves[i]);
	if (row->flags & R_PREVIEW)
		buf_puts(&b, "This endpoint is in preview: add `preview=true` to the query.\n\n");
	if (row->flags & R_SECRET && row->perm != PERM_PUBLIC)
		buf_puts(&b, "The response contains a secret, which is shown only once.\n\n");
	put_access(&b, d, row);
	return b.p;
}
