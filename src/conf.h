/* conf.h: the settings (rows in conf.def), read once at start: the file, then
 * the environment (THAW_ and the name in capitals), the latter winning. */
#ifndef CONF_H
#define CONF_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONF_CTYPE_STR const char *
#define CONF_CTYPE_INT int64_t
#define CONF_CTYPE_SECONDS int64_t              /* more than fifty years are fifty years */
#define CONF_CTYPE_BOOL bool
struct conf {
#define CONF(name, type, def, help) CONF_CTYPE_##type name;
#include "conf.def"
#undef CONF
};

extern struct conf conf;                         /* read-only after conf_load */

struct conf_row { const char *name, *type, *def, *help; size_t off; };
extern const struct conf_row conf_rows[];        /* ends with a NULL name */
bool conf_number(const struct conf_row *row);    /* an int64_t */

/* file NULL: $THAW_CONFIG, else the installed path, which may be missing.
 * 0, or -1 with a message in err that names the file, the line and the remedy. */
int conf_load(const char *file, char *err, size_t n);
/* Is the setting `issuer` an address of clients', and no mere word? */
bool conf_issuer_url(void);
/* The file that was read; "" for none. */
const char *conf_file(void);

#endif
