/* log.h: one JSON object per line, to standard error or `log_file`, each line one
 * write().  Three kinds: `access` (a request), `security` (who was refused),
 * `error` (what the operator should see).  Never holds a token or a password. */
#ifndef LOG_H
#define LOG_H
#include "arena.h"
#include "err.h"
#include "json.h"
#include "trace.h"

/* The lines of this request carry its id ("" outside of one), and the trace it is a part of (NULL: none). */
void log_request(const char *id, const struct trace *trace);
/* A line of `kind`: begun, filled with members (js_out_member_str() and its like), and written. */
struct buf log_begin(struct arena *a, const char *kind);
void log_end(struct buf *line);
/* An `error` line. */
void log_error(enum level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
