/* trace.c: see trace.h. */
#include "trace.h"
#include <string.h>
#include "id.h"
#include "str.h"

enum { VERSION = 2, ID = 32, SPAN = 16, FLAGS = 2, ID_AT = VERSION + 1, SPAN_AT = ID_AT + ID + 1, FLAGS_AT = SPAN_AT + SPAN + 1, LENGTH = FLAGS_AT + FLAGS };

/* n lower-case hex digits that a '-' or the end follows. */
static bool hex(const char *s, size_t n)
{
	return strspn(s, "0123456789abcdef") == n;
}

static bool zero(const char *s, size_t n)
{
	return strspn(s, "0") >= n;
}

/* Of the flags only that somebody recorded it is known; a header of a later version may have more behind them. */
bool trace_parse(const char *h, struct trace *out)
{
	const size_t n = strlen(h);

	if (n < LENGTH || !hex(h, VERSION) || h[ID_AT - 1] != '-' || !hex(h + ID_AT, ID) || h[SPAN_AT - 1] != '-' || !hex(h + SPAN_AT, SPAN)
	    || h[FLAGS_AT - 1] != '-' || !hex(h + FLAGS_AT, FLAGS) || !memcmp(h, "ff", 2)
	    || zero(h + ID_AT, ID) || zero(h + SPAN_AT, SPAN))
		return false;
	if (n > LENGTH && (!memcmp(h, "00", 2) || h[LENGTH] != '-'))
		return false;
	memcpy(out->id, h + ID_AT, ID);
	out->id[ID] = '\0';
	memcpy(out->flags, strchr("13579bdf", h[FLAGS_AT + 1]) ? "01" : "00", FLAGS + 1);
	return true;
}

const char *trace_kept(struct arena *a, const struct trace *t)
{
	return *t->id ? arena_printf(a, "%s-%s", t->id, t->flags) : NULL;
}

bool trace_read(const char *kept, struct trace *out)
{
	*out = (struct trace){ "", "" };
	if (!kept || !hex(kept, ID) || kept[ID] != '-' || !hex(kept + ID + 1, FLAGS))
		return false;
	memcpy(out->id, kept, ID);
	memcpy(out->flags, kept + ID + 1, FLAGS);
	return true;
}

char *trace_header(struct arena *a, const struct trace *t)
{
	unsigned char span[SPAN / 2];
	char text[SPAN + 1];

	do {
		random_bytes(span, sizeof span);
		hex_encode(span, sizeof span, text);
	} while (zero(text, SPAN));
	return arena_printf(a, "00-%s-%s-%s", t->id, text, t->flags);
}
