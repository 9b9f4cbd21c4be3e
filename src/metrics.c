/* metrics.c: see metrics.h.
 *
 * What this node counts is read from its counter file.  What the database is asked for is asked at
 * most every ASKED_S seconds on a node, however often somebody comes: its text is kept in
 * a file of run_dir meanwhile, also when there was no answer. */
#define _GNU_SOURCE
#include "metrics.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include "hash.h"
#include "clock.h"
#include "conf.h"
#include "dom_service.h"
#include "file.h"
#include "metric.h"
#include "net.h"
#include "route.h"

enum { ASKED_S = 10, TOKEN_LEAST = 16, TOKEN_MOST = 1024, KEPT_MOST = 1 << 20 };

/* A file, whole; NULL: there is none, or it is larger. */
static char *read_small(struct arena *a, const char *path, size_t most, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char *text = NULL;
	ssize_t n;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, st) && S_ISREG(st->st_mode) && st->st_size <= (off_t)most) {
		text = arena_alloc(a, (size_t)st->st_size + 1);
		n = read(fd, text, (size_t)st->st_size);
		text[n > 0 ? n : 0] = '\0';
	}
	close(fd);
	return text;
}

/* ---- Who may ----------------------------------------------------------------------------- */

bool metrics_on(void)
{
	return *conf.metrics_token_file || *conf.metrics_networks;
}

/* The token of the file, without what ends its line; NULL: it has none that is one. */
static char *own_token(struct arena *a)
{
	struct stat st;
	char *token = *conf.metrics_token_file ? read_small(a, conf.metrics_token_file, TOKEN_MOST, &st) : NULL;

	if (token)
		token[strcspn(token, "\r\n")] = '\0';
	return token && strlen(token) >= TOKEN_LEAST ? token : NULL;
}

/* In a time that tells nothing of either. */
static bool same(const char *a, const char *b)
{
	unsigned char x[SHA256_BYTES], y[SHA256_BYTES];

	sha256(a, strlen(a), x);
	sha256(b, strlen(b), y);
	return !CRYPTO_memcmp(x, y, sizeof x);
}

bool metrics_allowed(struct req *r)
{
	static const char bearer[] = "Bearer ";
	const char *token;

	if (net_within(r->tx.address, conf.metrics_networks))
		return true;
	return r->authorization && !strncasecmp(r->authorization, bearer, sizeof bearer - 1) && (token = own_token(r->arena))
		&& same(r->authorization + sizeof bearer - 1, token);
}

const char *metrics_fault(struct arena *a)
{
	const char *bad = net_list_fault(a, conf.metrics_networks);

	if (bad)
		return arena_printf(a, "metrics_networks: `%s` is not a network; write it as 192.0.2.0/24, one address as 192.0.2.7/32", bad);
	if (*conf.metrics_token_file && !own_token(a))
		return arena_printf(a, "metrics_token_file: %s cannot be read, or has no token of %d to %d characters in its first line; write one with "
			"`openssl rand -hex 32`, readable only by the workers' account", conf.metrics_token_file, TOKEN_LEAST, TOKEN_MOST);
	return NULL;
}

/* ---- Lines --------------------------------------------------------------------------------- */

struct page { struct buf b; struct req *r; enum metric m; bool headed; };

/* A sample's name and labels: words, and a value for each.  suffix: of a histogram. */
static void sample(struct page *p, const char *suffix, const char *labels, const char *const *values)
{
	const struct metric_row *row = &metric_rows[p->m];
	bool first = true;

	if (!p->headed)
		buf_printf(&p->b, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name, metric_types[row->type]);
	p->headed = true;
	buf_puts(&p->b, row->name);
	buf_puts(&p->b, suffix);
	for (size_t n; *labels; labels += n, labels += strspn(labels, " "), first = false) {
		n = strcspn(labels, " ");
		buf_puts(&p->b, first ? "{" : ",");
		buf_put(&p->b, labels, n);
		buf_puts(&p->b, "=\"");
		for (const char *s = *values++; *s; s++) {
			if (strchr("\\\"\n", *s))
				buf_puts(&p->b, "\\");
			buf_put(&p->b, *s == '\n' ? "n" : s, 1);
		}
		buf_puts(&p->b, "\"");
	}
	buf_puts(&p->b, first ? " " : "} ");
}

static void sample_int(struct page *p, const char *const *values, int64_t v)
{
	sample(p, "", metric_rows[p->m].labels, values);
	buf_int(&p->b, v);
	buf_puts(&p->b, "\n");
}

static void seconds(struct page *p, int64_t us)
{
	buf_printf(&p->b, "%lld.%06lld\n", (long long)(us / SECOND), (long long)(us % SECOND));
}

/* ---- What this node knows ---------------------------------------------------------------------- */

static void tell_counted(struct page *p)
{
	const char *words = metric_rows[p->m].values;

	if (!words)
		sample_int(p, NULL, metric_value(p->m, NULL));
	for (size_t n; words && *words; words += n, words += strspn(words, " ")) {
		const char *word;

		n = strcspn(words, " ");
		word = arena_strndup(p->r->arena, words, n);
		sample_int(p, &word, metric_value(p->m, word));
	}
}

static void tell_histogram(struct page *p, const char *const values[4], const struct metric_requests *got)
{
	const char *labels = arena_printf(p->r->arena, "%s le", metric_rows[p->m].labels), *all[5];
	int64_t n = 0;

	for (int i = 0; i < 4; i++)
		all[i] = values[i];
	for (int i = 0; i < METRIC_BUCKETS; i++) {
		char le[24] = "+Inf";

		if (i < METRIC_BUCKETS - 1)
			snprintf(le, sizeof le, "%g", (double)metric_bounds[i] / (double)SECOND);
		all[4] = le;
		sample(p, "_bucket", labels, all);
		buf_int(&p->b, n += got->bucket[i]);
		buf_puts(&p->b, "\n");
	}
	sample(p, "_sum", metric_rows[p->m].labels, values);
	seconds(p, got->us);
	sample(p, "_count", metric_rows[p->m].labels, values);
	buf_int(&p->b, n);
	buf_puts(&p->b, "\n");
}

static void tell_route(struct page *p, const char *dialect, const char *method, const char *route)
{
	struct metric_requests got;

	for (char class = '1'; class <= '5'; class++) {
		const char status[] = { class, 'x', 'x', '\0' };

		if (metric_requests(dialect, method, route, class, &got))
			tell_histogram(p, (const char *const[]){ dialect, method, route, status }, &got);
	}
}

static void tell_routes(struct page *p)
{
	for (const struct dialect *const *d = p->r->dialects; *d; d++) {
		EACH_ROUTE(*d, row)
			tell_route(p, (*d)->name, row->method, row->path);
		tell_route(p, (*d)->name, "", "");       /* what no route is for */
	}
}

static void tell_lost(struct page *p)
{
	sample_int(p, NULL, metric_lost());
}

static void tell_workers(struct page *p)
{
	const struct metric_workers w = metric_workers();

	sample_int(p, (const char *const[]){ "busy" }, w.busy);
	sample_int(p, (const char *const[]){ "idle" }, w.idle);
}

static void tell_build(struct page *p)
{
	sample_int(p, (const char *const[]){ PACKAGE_VERSION, arena_printf(p->r->arena, "%d", SCHEMA_MAX) }, 1);
}

/* ---- What the database knows --------------------------------------------------------------------- */

struct asked { bool up, known; struct figures figures; struct table_size *tables; size_t ntables; struct service *services; size_t nservices; };

static void tell_figure(struct page *p, const struct asked *k)
{
	int i = 0;

	for (enum metric m = 0; m < p->m; m++)
		i += metric_rows[m].source == OF_ASKED;
	if (k->known && i < FIGURES)
		sample_int(p, NULL, k->figures.figures[i]);
}

static void tell_tables(struct page *p, const struct asked *k)
{
	for (size_t i = 0; i < k->ntables; i++)
		sample_int(p, &k->tables[i].name, p->m == METRIC_ROWS ? k->tables[i].rows : k->tables[i].bytes);
}

static void tell_work(struct page *p, const struct service *s, const char *place)
{
	struct json *all = js_read(p->r->arena, s->counts), *v;
	const char *name;
	void *it = NULL;

	while (js_type(all) == JS_OBJECT && js_next(all, &it, &name, &v))
		sample_int(p, (const char *const[]){ s->name, s->node, place, name }, js_int(v));
}

static void tell_services(struct page *p, const struct asked *k)
{
	for (size_t i = 0; i < k->nservices; i++) {
		const struct service *s = &k->services[i];
		const char *place = arena_printf(p->r->arena, "%lld", (long long)s->place);
		const char *const values[] = { s->name, s->node, place };

		if (p->m == METRIC_WORK)
			tell_work(p, s, place);
		else if (p->m == METRIC_RUNS)
			sample_int(p, values, s->running);
		else if (p->m == METRIC_ENDED)
			sample_int(p, values, s->ended != 0);
		else
			sample_int(p, values, s->seen / SECOND);
	}
}

/* ---- The page -------------------------------------------------------------------------------------- */

static void tell(struct page *p, const struct asked *k)
{
	p->headed = false;
	switch (metric_rows[p->m].source) {
	case OF_COUNTED: tell_counted(p); break;
	case OF_ROUTES: tell_routes(p); break;
	case OF_LOST: tell_lost(p); break;
	case OF_WORKERS: tell_workers(p); break;
	case OF_BUILD: tell_build(p); break;
	case OF_UP: sample_int(p, NULL, k->up); break;
	case OF_ASKED: tell_figure(p, k); break;
	case OF_TABLES: tell_tables(p, k); break;
	case OF_SERVICES: tell_services(p, k); break;
	}
}

static bool of_node(enum metric m)
{
	return metric_rows[m].source < OF_UP;
}

static char *ask(struct req *r)
{
	struct page p = { .b = { .arena = r->arena }, .r = r };
	struct asked k = { .up = false };
	enum err e;

	e = service_figures(&r->tx, &k.figures);
	k.known = !e;
	k.up = !e || e == ERR_TOO_BROAD;         /* it answers, that this takes too long */
	if (k.up && service_tables(&r->tx, &k.tables, &k.ntables))
		k.ntables = 0;
	if (k.up && service_list(&r->tx, &k.services, &k.nservices))
		k.nservices = 0;
	buf_puts(&p.b, "");
	for (p.m = 0; p.m < METRIC__MAX; p.m++)
		if (!of_node(p.m))
			tell(&p, &k);
	return p.b.p;
}

static const char *asked(struct req *r)
{
	const char *path = arena_printf(r->arena, "%s/asked", conf.run_dir);
	struct stat st;
	char *text = read_small(r->arena, path, KEPT_MOST, &st);
	int64_t age = text ? r->tx.now / SECOND - st.st_mtim.tv_sec : -1;

	if (text && *text && age >= 0 && age < ASKED_S)
		return text;
	text = ask(r);
	(void)file_write(path, text, strlen(text), geteuid(), getegid(), false);
	return text;
}

char *metrics_text(struct req *r)
{
	struct page p = { .b = { .arena = r->arena }, .r = r };

	for (p.m = 0; p.m < METRIC__MAX; p.m++)
		if (of_node(p.m))
			tell(&p, NULL);
	buf_puts(&p.b, asked(r));
	return p.b.p;
}
