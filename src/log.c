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

void log_request_id(const char *id)
{
	snprintf(request_id, sizeof request_id, "%s", id);
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

void log_line(struct arena *a, const char *kind, struct json *fields)
{
	struct json *line = js_object(a), *value;
	struct buf out = { .arena = a };
	const char *text, *key;
	void *it = NULL;
	size_t n;

	js_put_str(a, line, "log", kind);
	js_put_str(a, line, "time", clock_iso(a, clock_now(), TIME_MICROS));
	if (*request_id)
		js_put_str(a, line, "request_id", request_id);
	while (fields && js_next(fields, &it, &key, &value))
		js_put(line, key, value);
	text = js_text(line, &n);
	buf_put(&out, text, n);
	buf_put(&out, "\n", 1);
	if (write(sink(), out.p, out.n) < 0)
		return;                          /* nowhere left to complain */
}

void log_error(enum level level, const char *fmt, ...)
{
	static const char *const names[] = { "debug", "info", "warning", "error" };
	struct arena *a = arena_new();
	struct json *fields = js_object(a);
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	js_put_str(a, fields, "level", names[level]);
	js_put_str(a, fields, "message", text);
	log_line(a, "error", fields);
	arena_free(a);
}
