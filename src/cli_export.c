/* cli_export.c: `thaw export mlflow`: the models, prompts and versions of an organization as lines that
 * `thaw import mlflow` reads: of each model what MLflow's API would tell, with its versions in it.  What that does not
 * take is left out, and said on standard error: a name that MLflow has none like, and a version of no source, whose file is here. */
#include "cli.h"
#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "dom_mirror.h"
#include "mlflow.h"
#include "str.h"

/* What an object says, without the brace at its end. */
static void open_object(struct json *o)
{
	size_t n;
	const char *text = js_text(o, &n);

	fwrite(text, 1, n - 1, stdout);
}

/* Is it what import would take?  Said if not.  rows: of its name, or of its name and source. */
static bool fits(struct cli *c, struct arena *a, const struct shape *rows, const char *name, const char *source, int64_t number)
{
	struct json *in = js_object(a);
	struct named_in told = { .name = NULL };
	const struct why_item *w = &c->tx.why.items[0];

	js_put_str(a, in, "name", name);
	if (number)
		js_put_str(a, in, "source", source && *source ? source : NULL);
	c->tx.why = (struct why){ 0 };
	if (number && !(source && *source))
		cli_say("left out: version %s/%lld: it has no source, since its file is here or it has none", name, (long long)number);
	else if (!shape_decode(&c->tx, rows, in, &told))
		return true;
	else if (number)
		cli_say("left out: version %s/%lld: %s", name, (long long)number, c->tx.why.n ? w->reason : "its source is not one");
	else
		cli_say("left out: model %s, with its versions: %s", name, c->tx.why.n ? w->reason : "its name is not one");
	return false;
}

/* The aliases but those of versions that were left out, which are numbers between blanks. */
static void aliases(struct arena *a, const char *all, const char *left)
{
	const struct json *from = js_read(a, all);
	struct buf to = { .arena = a };

	for (size_t i = 0; i < js_length(from); i++) {
		struct json *one = js_at(from, i);

		if (!strstr(left, arena_printf(a, " %s ", js_text_of(one, "version"))))
			buf_printf(&to, "%s%s", to.n ? "," : "", js_text(one, NULL));
	}
	if (to.n)
		printf(",\"aliases\":[%s]", to.p);
}

static enum err versions(struct cli *c, struct arena *a, const struct id *org, const struct model *model, struct buf *left)
{
	struct version *all;
	int64_t after = 0;
	bool first = true;
	size_t n;
	enum err e;

	do {
		struct tx *tx = cli_unit(c, a);

		if ((e = mirror_versions(tx, org, &model->life.id, after, &all, &n)))
			return e;
		for (size_t i = 0; i < n; i++) {
			struct json *o;

			after = all[i].number;
			if (!fits(c, a, mlflow_version_in, model->name, all[i].origin.source, after)) {
				buf_printf(left, "%lld ", (long long)after);
				continue;
			}
			all[i].maker.name = NULL;        /* users are not told of */
			o = shape_object(a, mlflow_version_out, &all[i], TIME_UNIX_MILLIS);
			js_put_str(a, o, "artifact_uri", all[i].origin.download);
			if (!first)
				putchar(',');
			first = false;
			fputs(js_text(o, NULL), stdout);
		}
	} while (n && !ferror(stdout) && !cli_stopping());
	return OK;
}

static enum err models(struct cli *c, struct arena *page, struct arena *a, const struct id *org)
{
	struct id after = { { 0 } };
	struct model *all;
	size_t n;
	enum err e;

	do {
		struct tx *tx = cli_unit(c, page);

		if ((e = mirror_models(tx, org, &after, &all, &n)))
			return e;
		for (size_t i = 0; i < n && !ferror(stdout) && !cli_stopping(); i++) {
			struct named m = { .model = all[i] };
			struct buf left = { .arena = page };

			after = all[i].life.id;
			if (!fits(c, page, mlflow_model_in, all[i].name, NULL, 0))
				continue;
			buf_puts(&left, " ");
			m.model.maker.name = m.model.aliases = NULL;
			open_object(shape_object(page, mlflow_model_out, &m, TIME_UNIX_MILLIS));
			fputs(",\"versions\":[", stdout);
			if ((e = versions(c, a, org, &all[i], &left)))
				return e;
			putchar(']');
			aliases(page, all[i].aliases, left.p);
			fputs("}\n", stdout);
		}
	} while (n && !ferror(stdout) && !cli_stopping());
	return OK;
}

int cmd_export(struct cli *c)
{
	struct arena *page, *a;
	struct id org;
	enum err e;

	if (!cli_org(c, &org))
		return CLI_FAILED;
	cli_catch();
	page = arena_new();
	a = arena_new();
	e = models(c, page, a, &org);
	if (e)
		(void)cli_failed(c, e);
	else if (cli_stopping())
		e = ERR_UNAVAILABLE, cli_say("stopped: the output is incomplete");
	c->tx.arena = c->arena;
	arena_free(a);
	arena_free(page);
	return e ? CLI_FAILED : CLI_DONE;
}
