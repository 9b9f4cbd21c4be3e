/* search.c: see search.h.  A scanner of tokens and, over it, a parser that goes straight
 * through the text; each of its functions reads one part of a clause. */
#include "search.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "str.h"

#define BLANKS " \t\n\r\f\v"
#define QUOTES "'\"`"
#define PUNCTUATION "(),;"
#define COMPARES "=<>!~"

/* The kinds of tokens; one in quotes has its quote as its kind, punctuation itself. */
enum { END = 0, WORD = 'w', COMPARE = '=', UNCLOSED = '?' };

struct scan {
	struct arena *arena;
	const char *text, *clause;               /* the whole, and where this clause begins */
	const char *at, *end;                    /* of the token */
	char kind;
	const struct search_key *keys, *key;     /* NULL: the clause is on a tag */
};

static void next(struct scan *s)
{
	const char *p = s->end + strspn(s->end, BLANKS);

	s->at = p;
	s->kind = *p;
	if (!*p) {
		s->end = p;
	} else if (strchr(QUOTES, *p)) {
		do {                             /* a doubled quote is one of the text */
			p = strchr(p + 1, s->kind);
		} while (p && *++p == s->kind);
		s->end = p ? p : s->at + strlen(s->at);
		if (!p)
			s->kind = UNCLOSED;
	} else if (strchr(PUNCTUATION, *p)) {
		s->end = p + 1;
	} else if (strchr(COMPARES, *p)) {
		s->kind = COMPARE;
		s->end = p + strspn(p, COMPARES);
	} else {
		s->kind = WORD;
		s->end = p + strcspn(p, BLANKS QUOTES PUNCTUATION COMPARES);
	}
}

static const char *start(struct scan *s)
{
	size_t n = strlen(s->text);

	if (n > SEARCH_BYTES)
		return arena_printf(s->arena, "The search text must not be longer than %d bytes.", SEARCH_BYTES);
	if (!utf8_valid(s->text, n))
		return "The search text must be UTF-8.";
	s->clause = s->end = s->text;
	next(s);
	return NULL;
}

static bool is(const struct scan *s, const char *word)
{
	size_t n = strlen(word);

	return s->kind == WORD && (size_t)(s->end - s->at) == n && !strncasecmp(s->at, word, n);
}

static char *token(const struct scan *s)
{
	return arena_strndup(s->arena, s->at, (size_t)(s->end - s->at));
}

static char *unquoted(const struct scan *s)
{
	char *out = arena_alloc(s->arena, (size_t)(s->end - s->at)), *o = out;

	for (const char *p = s->at + 1; p < s->end - 1; p++) {
		*o++ = *p;
		p += *p == s->kind;
	}
	return out;
}

/* As much of it as an error repeats. */
static const char *shown(const struct scan *s, const char *text)
{
	return utf8_cut(s->arena, text, 256);
}

static const char *bad_clause(const struct scan *s)
{
	if (s->kind == ';' && s->end[strspn(s->end, BLANKS)])
		return arena_printf(s->arena, "Search filter contained multiple expression \"%s\". Provide AND-ed expression list.",
			shown(s, s->text));
	return arena_printf(s->arena, "Invalid clause(s) in filter string: %s",
		shown(s, arena_strndup(s->arena, s->clause, (size_t)(s->end - s->clause))));
}

static const char *names(struct arena *a, const struct search_key *keys, unsigned takes)
{
	struct buf b = { .arena = a };

	buf_puts(&b, "");
	for (; keys->name; keys++)
		if (keys->takes & takes && !keys->same)
			buf_printf(&b, "%s'%s'", b.n ? ", " : "", keys->name);
	return b.p;
}

static const char *find(struct scan *s, const char *what, const char *name, unsigned takes, const char **key)
{
	for (s->key = s->keys; s->key->name; s->key++) {
		if (s->key->takes & takes && !strcmp(s->key->name, name)) {
			*key = s->key->same ? s->key->same : s->key->name;
			return NULL;
		}
	}
	return arena_printf(s->arena, "Invalid %s key '%s' specified. Valid keys are '{%s}'", what, shown(s, name), names(s->arena, s->keys, takes));
}

/* `key`, `attribute.key`, `tag.key` or `tags.key`; only the key of a tag may be in quotes. */
static const char *identifier(struct scan *s, struct search_clause *c)
{
	char *word = token(s), *key = word, *dot = s->kind == WORD ? strchr(word, '.') : NULL;
	const char *fault = NULL;

	if (!strchr(QUOTES, s->kind) && (s->kind != WORD || is(s, "NOT") || is(s, "OR")))
		return bad_clause(s);
	if (dot) {
		*dot = '\0';
		key = dot + 1;
		c->entity = strcmp(word, "attribute") ? SEARCH_TAG : SEARCH_ATTRIBUTE;
		if (c->entity == SEARCH_TAG && strcmp(word, "tag") && strcmp(word, "tags"))
			return arena_printf(s->arena, "Invalid entity type '%s'. Valid entity types are ('attribute', 'tag', 'tags')",
				shown(s, word));
		if (!*key && *s->end && strchr(QUOTES, *s->end)) {
			next(s);
			if (s->kind == UNCLOSED)
				return bad_clause(s);
			c->key = unquoted(s);
			key = token(s);
		}
	}
	if (c->entity == SEARCH_ATTRIBUTE) {
		fault = find(s, "attribute", key, SEARCH_FILTER, &c->key);
	} else if (!c->key) {
		c->key = key;
		while (isalnum((unsigned char)*key) || *key == '_' || *key == '.' || (unsigned char)*key >= 0x80)
			key++;
		if (*key || !*c->key)
			fault = bad_clause(s);
	}
	next(s);
	return fault;
}

static const char *comparator(struct scan *s, struct search_clause *c)
{
	static const char *const ops[SEARCH__OPS] = { "=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE", "IN", "NOT IN" };
	const unsigned takes = s->key ? s->key->takes : SEARCH_TEXT;
	struct buf name = { .arena = s->arena };
	bool more;

	if (s->kind != COMPARE && s->kind != WORD)
		return bad_clause(s);
	do {                                     /* NOT LIKE, IS NOT NULL */
		more = is(s, "NOT") || is(s, "IS");
		buf_printf(&name, "%s%s", name.n ? " " : "", token(s));
		next(s);
	} while (more && s->kind == WORD);
	for (char *p = name.p; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	for (c->op = 0; c->op < SEARCH__OPS && strcmp(ops[c->op], name.p); c->op++)
		;
	if (c->op < SEARCH__OPS && takes & 1u << c->op)
		return NULL;
	if (s->key && c->op < SEARCH__OPS && SEARCH_LIST & 1u << c->op)
		return arena_printf(s->arena, "Only [%s] attributes support comparison with a list of quoted string values.",
			names(s->arena, s->keys, SEARCH_LIST));
	return arena_printf(s->arena, "Invalid comparator for %s: %s", s->key ? "attribute" : "tag", shown(s, name.p));
}

/* In quotes; a number may be without. */
static const char *value(struct scan *s, const char **out)
{
	bool bare = s->kind == WORD && s->key && s->key->number;

	if ((s->kind == WORD && !bare) || s->kind == '`')
		return arena_printf(s->arena, "Parameter value is either not quoted or unidentified quote types used for string value %s. "
			"Use either single or double quotes.", shown(s, token(s)));
	if (!bare && s->kind != '\'' && s->kind != '"')
		return bad_clause(s);
	*out = bare ? token(s) : unquoted(s);
	next(s);
	return NULL;
}

static const char *number(const struct scan *s, const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	if (errno || *end || !isdigit((unsigned char)text[*text == '-']))
		return arena_printf(s->arena, "Invalid value for attribute '%s': %s is not a 64-bit integer.", s->key->name, shown(s, text));
	return NULL;
}

static const char *list(struct scan *s, struct search_clause *c)
{
	struct buf values = { .arena = s->arena };
	const char *fault, *text;

	if (s->kind != '(')
		return bad_clause(s);
	for (next(s); s->kind != ')'; c->count++) {
		if (c->count == SEARCH_VALUES)
			return arena_printf(s->arena, "A list in a filter string must not have more than %d values.", SEARCH_VALUES);
		if ((fault = value(s, &text)))
			return fault;
		buf_put(&values, &text, sizeof text);
		if (s->kind == ',')
			next(s);
		else if (s->kind != ')')
			return bad_clause(s);
	}
	if (!c->count)
		return bad_clause(s);
	c->values = (const char **)(void *)values.p;
	next(s);
	return NULL;
}

static const char *clause(struct scan *s, struct search_clause *c)
{
	const char *fault;

	*c = (struct search_clause){ .entity = SEARCH_ATTRIBUTE };
	s->key = NULL;
	if ((fault = identifier(s, c)) || (fault = comparator(s, c)))
		return fault;
	if (SEARCH_LIST & 1u << c->op)
		return list(s, c);
	c->values = arena_alloc(s->arena, sizeof *c->values);
	c->count = 1;
	fault = value(s, c->values);
	return !fault && s->key && s->key->number ? number(s, c->values[0], &c->number) : fault;
}

const char *search_filter(struct arena *a, const char *text, const struct search_key *keys, struct search *out)
{
	struct scan s = { .arena = a, .text = text ? text : "", .keys = keys };
	const char *fault = start(&s);
	bool joined = true;

	for (out->n = 0; !fault; joined = false) {
		/* Clients put their own clause behind whatever they were given, with one AND more. */
		for (; is(&s, "AND"); joined = true)
			next(&s);
		if (!s.kind)
			return NULL;
		s.clause = s.at;
		if (!joined)
			return bad_clause(&s);
		if (out->n == SEARCH_CLAUSES)
			return arena_printf(a, "A filter string must not have more than %d clauses.", SEARCH_CLAUSES);
		fault = clause(&s, &out->clauses[out->n++]);
	}
	return fault;
}

const char *search_order(struct arena *a, const char *text, const struct search_key *keys, struct search_order *orders, size_t *n)
{
	struct scan s = { .arena = a, .text = text, .keys = keys };
	const char *fault = start(&s), *name = NULL, *key;
	bool descending;

	if (fault)
		return fault;
	if (s.kind == WORD || s.kind == '`' || s.kind == '"')
		name = s.kind == WORD ? token(&s) : unquoted(&s);
	if (name && s.kind == WORD && !strncmp(name, "attribute.", 10))
		name += 10;
	next(&s);
	descending = is(&s, "DESC");
	if (descending || is(&s, "ASC"))
		next(&s);
	if (!name || s.kind)
		return arena_printf(a, "Invalid order_by clause '%s'. Could not be parsed.", shown(&s, text));
	if ((fault = find(&s, "order by", name, SEARCH_ORDER, &key)))
		return fault;
	for (size_t i = 0; i < *n; i++)
		if (!strcmp(orders[i].key, key))
			return arena_printf(a, "Invalid order_by clause '%s'. '%s' is already in the order.", shown(&s, text), key);
	orders[(*n)++] = (struct search_order){ key, descending };
	return NULL;
}

bool search_marked(struct search *s, const char *tag)
{
	size_t kept = 0;
	bool met = false, marked = false;

	for (size_t i = 0; i < s->n; i++) {
		const struct search_clause *c = &s->clauses[i];

		if (c->entity != SEARCH_TAG || strcmp(c->key, tag)) {
			s->clauses[kept++] = *c;
			continue;
		}
		if (!met)
			marked = (c->op == SEARCH_EQ && !strcasecmp(c->values[0], "true"))
				|| (c->op == SEARCH_NE && !strcasecmp(c->values[0], "false"));
		met = true;
	}
	s->n = kept;
	return marked;
}

char *search_like(struct arena *a, const char *pattern)
{
	struct buf b = { .arena = a };

	buf_puts(&b, "");
	for (; *pattern; pattern++) {
		if (*pattern == '\\')
			buf_puts(&b, "\\");
		buf_put(&b, pattern, 1);
	}
	return b.p;
}

char *search_prefix(struct arena *a, const char *pattern)
{
	return arena_strndup(a, pattern, strcspn(pattern, "%_"));
}
