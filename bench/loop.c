/* loop.c: the floor of a change: its statements, and nothing around them.
 *
 *	loop SOCKET DATABASE SCRIPT KEY...
 *
 * A client for each key, with a connection and a thread of its own, runs the script again
 * and again.  Each line of the standard input is a time in seconds; all clients run for it,
 * to the end of the script they are in, and a line tells `TRANSACTIONS ERRORS SECONDS P50 P99
 * P999`, the last three in microseconds.  Where a client's turn goes on from, it is the next. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "script.h"

enum { CLIENTS = 256, SAMPLES = 1 << 18 };

static struct script script;
static const char *server, *database;
static pthread_barrier_t barrier;
static double seconds;

struct client { pthread_t thread; struct session session; struct key key; int64_t turn; size_t n, errors, samples; uint32_t *sample; };

/* A transaction ends with its COMMIT, or with the script where it has none. */
static void one_turn(struct client *c)
{
	int64_t began = now_us();

	for (unsigned i = 0; i < script.n; i++) {
		if (!session_run(&c->session, &script, i, &c->key, c->turn)) {
			if (!c->errors++)
				fprintf(stderr, "loop: %s: %s%s\n", script.v[i].text, mysql_error(c->session.m),
					script.v[i].plain ? "" : mysql_stmt_error(c->session.st[i]));
			mysql_query(c->session.m, "ROLLBACK");
			break;
		}
		if (!script.v[i].plain)
			mysql_stmt_free_result(c->session.st[i]);
		if (script.commits ? script.v[i].commit : i + 1 == script.n) {
			int64_t now = now_us();

			c->n++;
			if (c->samples < SAMPLES)
				c->sample[c->samples++] = (uint32_t)(now - began);
			began = now;
		}
	}
	c->turn++;
}

static void *client_run(void *arg)
{
	struct client *c = arg;

	session_open(&c->session, &script, server, database);
	for (;;) {
		int64_t end;

		pthread_barrier_wait(&barrier);          /* all are ready, or done */
		pthread_barrier_wait(&barrier);          /* `seconds` is set */
		end = now_us() + (int64_t)(seconds * 1e6);
		c->n = c->errors = c->samples = 0;
		while (now_us() < end)
			one_turn(c);
	}
	return NULL;
}

static int smaller(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void tell(const struct client *c, unsigned clients, int64_t began)
{
	static uint32_t all[SAMPLES];
	size_t n = 0, samples = 0, errors = 0;

	for (unsigned i = 0; i < clients; i++) {
		n += c[i].n;
		errors += c[i].errors;
		for (size_t k = 0; k < c[i].samples && samples < SAMPLES; k++)
			all[samples++] = c[i].sample[k];
	}
	qsort(all, samples, sizeof *all, smaller);
	printf("%zu %zu %.6f", n, errors, (double)(now_us() - began) / 1e6);
	for (unsigned i = 0; i < 3; i++)
		printf(" %u", samples ? all[(size_t)((double)samples * (const double[]){ 0.5, 0.99, 0.999 }[i])] : 0);
	putchar('\n');
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static struct client client[CLIENTS];
	unsigned clients = (unsigned)argc - 4;
	char line[64];

	if (argc < 5 || clients > CLIENTS) {
		fprintf(stderr, "usage: loop SOCKET DATABASE SCRIPT KEY...\n");
		return 2;
	}
	server = argv[1];
	database = argv[2];
	script_read(&script, argv[3]);
	if (mysql_library_init(0, NULL, NULL) || pthread_barrier_init(&barrier, NULL, clients + 1))
		return 1;
	for (unsigned i = 0; i < clients; i++) {
		if (!key_read(&client[i].key, argv[4 + i]) || !(client[i].sample = malloc(SAMPLES * sizeof *client->sample))
		 || pthread_create(&client[i].thread, NULL, client_run, &client[i]))
			return 1;
	}
	pthread_barrier_wait(&barrier);
	while (fgets(line, sizeof line, stdin) && (seconds = atof(line)) > 0) {
		int64_t began = now_us();

		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		tell(client, clients, began);
	}
	return 0;
}
