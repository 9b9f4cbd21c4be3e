/* cli_export.c: `thaw export mlflow`: the models, prompts and versions of an organization as lines that
 * `thaw import mlflow` reads: of each model what MLflow's API would tell, with all of its versions in it. */
#include "cli.h"
#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "dom_mirror.h"
#include "mlflow.h"

/* What an object says, without the brace at its end. */
static void open_object(struct json *o)
{
	size_t n;
	const char *text = js_text(o, &n);

	fwrite(text, 1, n - 1, stdout);
}

static enum err versions(struct cli *c, struct arena *a, const struct id *org, const struct id *model)
{
	struct version *all;
	int64_t after = 0;
	bool first = true;
	size_t n;
	enum err e;

	do {
		struct tx *tx = cli_unit(c, a);

		if ((e = mirror_versions(tx, org, model, after, &all, &n)))
			return e;
		for (size_t i = 0; i < n; i++) {
			struct json *o;

			all[i].maker.name = NULL;        /* users are not told of */
			o = shape_object(a, mlflow_version_out, &all[i], TIME_UNIX_MILLIS);
			js_put_str(a, o, "artifact_uri", all[i].origin.download);
			if (!first)
				putchar(',');
			first = false;
			fputs(js_text(o, NULL), stdout);
			after = all[i].number;
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

			m.model.maker.name = NULL;
			open_object(shape_object(page, mlflow_model_out, &m, TIME_UNIX_MILLIS));
			fputs(",\"versions\":[", stdout);
			if ((e = versions(c, a, org, &all[i].life.id)))
				return e;
			fputs("]}\n", stdout);
			after = all[i].life.id;
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
