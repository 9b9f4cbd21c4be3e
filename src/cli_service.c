/* cli_service.c: what the commands that go on as a service share: units of work, and how one is told to stop. */
#include "cli.h"
#include <signal.h>
#include "clock.h"
#include "str.h"

static volatile sig_atomic_t stopping;

static void on_signal(int sig)
{
	(void)sig;
	stopping = 1;
}

void cli_catch(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool cli_stopping(void)
{
	return stopping;
}

struct tx *cli_unit(struct cli *c, struct arena *a)
{
	struct tx *tx = &c->tx;
	unsigned char bytes[16];
	char *request_id;

	arena_reset(a);
	request_id = arena_alloc(a, 2 * sizeof bytes + 1);
	random_bytes(bytes, sizeof bytes);
	hex_encode(bytes, sizeof bytes, request_id);
	tx->arena = a;
	tx->request_id = request_id;
	tx->deadline = 0;
	tx->now = clock_now();
	return tx;
}
