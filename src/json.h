/* json.h: JSON values (names in js_, since json_ is the library's).  The only module that knows json-c.  Every value made or
 * parsed here belongs to the arena and lives until its reset; adding a value to
 * another keeps both valid. */
#ifndef JSON_H
#define JSON_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena.h"
#include "err.h"
#include "str.h"

struct json;
enum js_type { JS_NULL, JS_BOOL, JS_INT, JS_DOUBLE, JS_STRING, JS_ARRAY, JS_OBJECT };

/* Strict RFC 8259 text of any type: refuses duplicate keys, U+0000, lone
 * surrogates, control characters, bad UTF-8, integers beyond 64 bits, infinite
 * numbers, more than 32 levels and trailing bytes.  ERR_JSON with a reason that
 * names the byte. */
enum err js_parse(struct arena *a, const char *s, size_t n, struct json **out, const char **reason);
enum { VALUES_MOST = 100000 };                   /* of what a request has */
/* The same of text from outside: at most so many values, since each takes the library up
 * to 1.5 KiB, which is five hundred times its text. */
enum err js_parse_most(struct arena *a, const char *s, size_t n, size_t most, struct json **out, const char **reason);

/* The same of text that passed before, such as what a column or a field of a shape has:
 * NULL when there is none. */
struct json *js_read(struct arena *a, const char *text);

enum js_type js_type(const struct json *j);
const char *js_type_name(enum js_type t);    /* "a string", "an object"... */
const char *js_str(const struct json *j);
int64_t js_int(const struct json *j);
/* A whole number, however it is written: 3600, 3600.0, 36e2. */
bool js_whole(const struct json *j, int64_t *out);
double js_double(const struct json *j);
bool js_bool(const struct json *j);
size_t js_length(const struct json *j);        /* of an array or an object; of anything else 0 */
struct json *js_at(const struct json *j, size_t i);          /* of an array; NULL of anything else, and beyond its end */
/* Member of an object; false when absent.  A JSON null is found, as NULL. */
bool js_get(const struct json *j, const char *key, struct json **out);
/* The text of a member; NULL: it has none, or another value. */
const char *js_text_of(const struct json *j, const char *key);
/* Members in order: start with *it == NULL; false at the end. */
bool js_next(const struct json *j, void **it, const char **key, struct json **value);

struct json *js_object(struct arena *a);
struct json *js_array(struct arena *a);
struct json *js_string(struct arena *a, const char *s);      /* NULL gives null */
/* The text of an array of the words that blanks separate; NULL gives NULL. */
const char *js_words(struct arena *a, const char *words);
/* A JSON text, such as a column has, to be written as it is: not to be looked into.  It
 * must live as long as the arena.  NULL gives null. */
struct json *js_raw(struct arena *a, const char *text);
struct json *js_integer(struct arena *a, int64_t v);
struct json *js_number(struct arena *a, double v);
struct json *js_boolean(struct arena *a, bool v);
void js_put(struct json *object, const char *key, struct json *value);
void js_put_str(struct arena *a, struct json *object, const char *key, const char *s);
void js_put_int(struct arena *a, struct json *object, const char *key, int64_t v);
void js_put_bool(struct arena *a, struct json *object, const char *key, bool v);
void js_add(struct json *array, struct json *value);

/* Text, value by value, of what is sent or written and looked into by nobody.  A comma goes by itself before what is not the
 * first of its list or object: these begin with js_out_raw(b, "[") or "{", and end with a buf_puts(). */
void js_out_key(struct buf *b, const char *key);             /* which has nothing to be escaped */
void js_out_str(struct buf *b, const char *s);               /* NULL gives null */
void js_out_int(struct buf *b, int64_t v);
void js_out_raw(struct buf *b, const char *text);            /* a JSON text; NULL gives null */
void js_out_member_str(struct buf *b, const char *key, const char *s);
void js_out_member_int(struct buf *b, const char *key, int64_t v);

/* `target` as a merge patch changes it (RFC 7396); either may be NULL. */
struct json *js_merge(struct arena *a, struct json *target, struct json *patch);

/* The text, without blanks; lives as long as the value and until it is changed. */
const char *js_text(struct json *j, size_t *n);
const char *js_pretty(struct json *j);

#endif
