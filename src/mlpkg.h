/* mlpkg.h: files as one zip archive, in memory.  The same files give the same bytes,
 * whenever and wherever: no times, modes, owners or settings of the process are in it. */
#ifndef MLPKG_H
#define MLPKG_H
#include <stddef.h>
#include "err.h"

/* The name is a relative path in UTF-8, `/` between its parts, none of them `.` or `..`; no two
 * are the same. */
struct mlpkg_file { const char *name; const void *bytes; size_t n; };

/* In this order, deflated; the caller frees *out.  ERR_TOO_LARGE: it would have more than `most`
 * bytes, and it never takes much more memory than that; ERR_INTERNAL: a name is none, or there
 * is no memory. */
enum err mlpkg_write(const struct mlpkg_file *files, size_t n, size_t most, unsigned char **out, size_t *size);

#endif
