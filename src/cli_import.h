/* cli_import.h: what `thaw import mlflow` and its sources share: a source gives each model as MLflow's API tells of it,
 * then its versions, ascending, then says that they are all. */
#ifndef CLI_IMPORT_H
#define CLI_IMPORT_H
#include "cli.h"
#include "dom_named.h"

enum { IMPORT_VALUES = 1000000 };                /* of the JSON of one answer, or of one line */
enum import_kind { IMPORT_MODELS, IMPORT_VERSIONS, IMPORT_ALIASES, IMPORT_KINDS };

struct import_count { int64_t made, changed, same, failed; };
struct import {
	struct cli *c;
	struct arena *unit;                      /* of one item */
	struct who who;                          /* whose all of it is */
	bool dry;
	struct import_count counts[IMPORT_KINDS];
	struct json *failed;                     /* what did, as far as it is kept */
	int64_t told;                            /* when the last line of progress was (monotonic) */
	bool broken;                             /* the database or the source gave up */
	/* The model that its versions are of; it lives as long as the source lets it. */
	const struct json *model;
	const char *name;
	struct said said;
	bool unmade;                             /* it would be made */
};

/* The transaction of the next item, in the name of its user. */
struct tx *import_unit(struct import *m);
/* Items (cli_items.c). */
/* False: nothing of it is to follow, as it was refused, or nothing more can be done. */
bool import_model(struct import *m, const struct json *model);
bool import_version(struct import *m, const struct json *version);
/* All of its versions were given: its aliases, which the model's JSON has. */
void import_aliases(struct import *m);
/* What cannot be read at all. */
void import_fault(struct import *m, enum import_kind kind, const char *name, const char *reason);
/* Is there no sense in going on? */
bool import_over(const struct import *m);

/* Sources (cli_source.c).  They say on standard error why they gave up; m->broken. */
void import_from_server(struct import *m, const char *url);
void import_from_file(struct import *m, const char *path);
void import_from_tables(struct import *m, const char *option_file);

#endif
