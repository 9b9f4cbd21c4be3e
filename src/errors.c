/* errors.c: an error in the words of a dialect, as far as its tables know them. */
#include "errors.h"
#include "conf.h"
#include "route.h"

char *code_title(struct arena *a, const char *code)
{
	char *title = arena_strdup(a, code);

	for (char *p = title; *p; p++)
		if (*p == '_')
			*p = ' ';
	if (*title >= 'a' && *title <= 'z')
		*title = (char)(*title - 'a' + 'A');
	return title;
}

const char *error_code(const struct dialect *d, enum err e)
{
	return d->errors[e].code ? d->errors[e].code : d->codes[err_row(e)->class];
}

struct error_say error_say(const struct dialect *d, const struct route *route, enum err e)
{
	const struct err_row *row = err_row(e);
	const struct error_row *own = route && route->denied && row->class == CLASS_FORBIDDEN && !d->errors[e].code
		? route->denied : &d->errors[e];
	struct error_say say = { .err = e, .status = own->status ? own->status : row->status,
		.code = own->code ? own->code : error_code(d, e), .text = own->text ? own->text : row->text,
		.group = own->group ? own->group : d->groups ? d->groups[row->class] : NULL, .params = own->params, .parameters = "{}",
		.retry_after = -1 };

	return say;
}

void error_names(struct arena *a, const struct dialect *d, struct error_say *say)
{
	if (!d->documented) {
		say->type = "about:blank";
		say->title = status_phrase((int)say->status);
		return;
	}
	say->title = code_title(a, say->code);
	say->type = arena_printf(a, "%s/errors/%s", conf.docs_url, say->code);
	say->doc_url = arena_printf(a, "%s/guides/errors#%s", conf.docs_url, say->code);
	say->instance = arena_printf(a, "/requests/%s", say->request_id);
}

void error_details(struct arena *a, const struct dialect *d, struct error_say *say, const struct why *why)
{
	struct faults *f;

	if (!why->n || (!d->tells_state && err_row(say->err)->class != CLASS_MALFORMED))
		return;
	say->detail = &why->items[0];
	say->details = (struct list){ why->items, (size_t)why->n, sizeof *why->items };
	say->faults = f = ARENA_NEW(a, struct faults);
	*f = (struct faults){ .first = why->items[0] };
	if (why->n > 1)
		f->several = say->details;
}

const char *const problem_codes[CLASS__MAX] = {
	[CLASS_MALFORMED] = "invalid_request",
	[CLASS_WHO] = "authentication_required",
	[CLASS_FORBIDDEN] = "permission_denied",
	[CLASS_NOT_FOUND] = "not_found",
	[CLASS_METHOD] = "method_not_allowed",
	[CLASS_CONFLICT] = "conflict",
	[CLASS_PRECONDITION] = "precondition_failed",
	[CLASS_TOO_LARGE] = "request_too_large",
	[CLASS_MEDIA_TYPE] = "unsupported_media_type",
	[CLASS_RATE] = "rate_limit_exceeded",
	[CLASS_INTERNAL] = "internal_error",
	[CLASS_UNAVAILABLE] = "unavailable",
};
const struct error_row problem_errors[ERR__MAX] = {
	[OK] = { 0 },
};

/* RFC 9457 with `about:blank`: the title is the phrase of the status. */
#define E(field) AT(struct error_say, field)
static const struct shape fault_out[] = {
	{ "field", T_STR, AT(struct why_item, field) },
	{ "detail", T_STR, AT(struct why_item, reason) },
	NAMED("ProblemFault")
};
const struct shape problem_out[] = {
	{ "type", T_STR, E(type) },
	{ "title", T_STR, E(title) },
	{ "status", T_INT, E(status) },
	{ "detail", T_STR, E(text) },
	{ "code", T_STR, E(code) },
	{ "request_id", T_STR, E(request_id) },
	{ "errors", T_LIST, E(details), .sub = fault_out, .flags = F_OMIT },
	{ "checks", T_DOC, E(checks), .flags = F_OMIT, .help = "Of /readyz: what was looked at" },
	NAMED("Problem")
};
