/* schema.h: the JSON Schemas (2020-12) of shapes, each under its name once, with an example that is made of the same
 * rows: deterministic, and what the schema allows. */
#ifndef SCHEMA_H
#define SCHEMA_H
#include "shape.h"

/* What one description has so far.  form, dialect: of whom it is asked now; named: by name; examples: likewise. */
struct schemas {
	struct arena *arena;
	enum time_form form;
	const char *dialect;
	struct json *named, *examples;
	struct schema_seen *seen;                /* newest first */
};

/* A reference to its schema, which is made when it is asked for first; of a shape without a name the schema itself.
 * writing: as a request body. */
struct json *schema_of(struct schemas *s, const struct shape *rows, bool writing);
/* Of one value, such as a parameter. */
struct json *schema_row(struct schemas *c, const struct shape *s, bool writing);
/* The name that it has there; NULL: none. */
const char *schema_name(struct schemas *s, const struct shape *rows, bool writing);
/* A reference to one of `named`, and the same of a name that is made by itself. */
struct json *schema_ref(struct arena *a, const char *name);

/* What an id looks like, as a pattern. */
char *schema_pattern(struct arena *a, const char *prefix);

/* A value of a shape, of a row, and an id. */
struct json *example_of(struct schemas *s, const struct shape *rows, bool writing);
struct json *example_row(struct schemas *c, const struct shape *s, bool writing);
char *example_id(struct arena *a, const char *prefix);

/* A resource in words: "model version". */
char *resource_words(struct arena *a, enum resource r);
/* `_ - .` and what is behind them as one word that begins with a capital: "model_version" is "ModelVersion". */
char *schema_camel(struct arena *a, const char *words);

#endif
