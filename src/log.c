/* log.c: see log.h. */
#include "log.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "clock.h"
#include "conf.h"
#include "str.h"

static char request_id[80];
static struct trace trace;

void log_request(const char *id, const struct trace *t)
{
	snprintf(request_id, sizeof request_id, "%s", id);
	trace = t ? *t : (struct trace){ "", "" };
}

static int sink(void)
{
	static int fd = -1;

	if (fd < 0) {
		fd = STDERR_FILENO;
		if (conf.log_file && *conf.log_file) {
			int f = open(conf.log_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

			if (f >= 0)
				fd = f;
		}
	}
	return fd;
}

struct buf log_begin(struct arena *a, const char *kind)
{
	struct buf line = { .arena = a };

	js_out_raw(&line, "{");
	js_out_member_str(&line, "log", kind);
	js_out_member_str(&line, "time", clock_iso(a, clock_now(), TIME_MICROS));
	if (*request_id)
		js_out_member_str(&line, "request_id", request_id);
	if (*trace.id)
		js_out_member_str(&line, "trace_id", trace.id);
	return line;
}

void log_end(struct buf *line)
{
	buf_puts(line, "}\n");
	if (write(sink(), line->p, line->n) < 0)
		return;                          /* nowhere left to complain */
}

void log_error(enum level level, const char *fmt, ...)
{
	static const char *const names[] = { "debug", "info", "warning", "error" };
	struct arena *a = arena_new();
	struct buf line = log_begin(a, "error");
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	js_out_member_str(&line, "level", names[level]);
	js_out_member_str(&line, "message", text);
	log_end(&line);
	arena_free(a);
}
