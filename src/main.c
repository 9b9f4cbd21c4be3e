/* main.c: thaw.fcgi.  With a listening socket as fd 0 it is a FastCGI worker: one
 * process, one connection, one request at a time.  Without one, and started by a web
 * server, it is a CGI script for one request.  With --workers it is the parent of
 * workers (super.c). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <fcgiapp.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include "conf.h"
#include "dialects.h"
#include "log.h"
#include "metric.h"
#include "remember.h"
#include "req.h"
#include "str.h"
#include "super.h"
#include "tables.h"

extern char **environ;

static volatile sig_atomic_t stopping;

static void on_stop(int sig)
{
	(void)sig;
	stopping = 1;
}

static long fcgi_read(void *p, char *buf, size_t n)
{
	FCGX_Request *f = p;
	int got = FCGX_GetStr(buf, n > 65536 ? 65536 : (int)n, f->in);

	return FCGX_GetError(f->in) ? -1 : got;
}

static int fcgi_write(void *p, const char *buf, size_t n)
{
	FCGX_Request *f = p;

	for (; n; ) {
		int part = n > 65536 ? 65536 : (int)n;

		if (FCGX_PutStr(buf, part, f->out) != part)
			return -1;
		buf += part;
		n -= (size_t)part;
	}
	return 0;
}

static long cgi_read(void *p, char *buf, size_t n)
{
	(void)p;
	return read(STDIN_FILENO, buf, n);
}

static int cgi_write(void *p, const char *buf, size_t n)
{
	(void)p;
	for (; n; ) {
		ssize_t part = write(STDOUT_FILENO, buf, n);

		if (part < 0)
			return -1;
		buf += part;
		n -= (size_t)part;
	}
	return 0;
}

/* Wait for a connection.  Signals come through here and nowhere else, so that a
 * request in hand is never cut; EPOLLEXCLUSIVE wakes one worker, not all.  While the
 * queue is never empty epoll_pwait() returns without letting a signal in: so look. */
static int wait_turn(int ep, const sigset_t *open)
{
	struct epoll_event e;
	sigset_t pending;

	for (;;) {
		int n;

		if (stopping || (!sigpending(&pending) && (sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT))))
			return -1;
		n = epoll_pwait(ep, &e, 1, -1, open);
		if (n == 1)
			return 0;
		if (n < 0 && errno != EINTR)
			return -1;
	}
}

/* The request is over.  Where all of it was read the connection is closed at once: libfcgi would keep it until the next
 * one, and then wait for what may still be on its way. */
static void finish(FCGX_Request *f)
{
	const bool whole = FCGX_HasSeenEOF(f->in);

	FCGX_Finish_r(f);
	if (!whole || f->ipcFd < 0)
		return;
	close(f->ipcFd);
	f->ipcFd = -1;
}

static int work(struct arena *a, struct db *db)
{
	struct sigaction sa = { .sa_handler = on_stop };
	struct epoll_event e = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	sigset_t block, open;
	FCGX_Request f;
	int ep;

	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGHUP);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, &open);
	sigdelset(&open, SIGTERM);
	sigdelset(&open, SIGINT);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	/* A connection that stays silent must not hold this worker for libfcgi's two seconds. */
	setenv("LIBFCGI_IS_AF_UNIX_KEEPER_POLL_TIMEOUT", "500", 0);
	setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "500", 0);
	if (FCGX_Init() || FCGX_InitRequest(&f, 0, FCGI_FAIL_ACCEPT_ON_INTR)
	    || fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK)
	    || (ep = epoll_create1(EPOLL_CLOEXEC)) < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, 0, &e)) {
		fprintf(stderr, "thaw.fcgi: fd 0: %s\n", strerror(errno));
		return 1;
	}
	/* From now on it works with the schema that there is: connected at its first request, one that had none yet
	 * would refuse it between a migration and the reload. */
	(void)db_ready(db);
	metric_busy(false);
	while (!wait_turn(ep, &open)) {
		struct io io = { .read = fcgi_read, .write = fcgi_write, .p = &f, .ends = true };

		if (FCGX_Accept_r(&f) < 0)
			continue;                /* another worker was faster, or the peer is gone */
		io.env = f.envp;
		serve(a, db, dialects, &io);
		finish(&f);
	}
	FCGX_Free(&f, 1);
	close(ep);
	return 0;
}

/* OpenSSL gets ready for everything at its first use, and one request needs little of that: no table of all
 * algorithms by their names, but of the digests that a certificate of the database's or a receiver's may name and the
 * ciphers of an old key file, and nothing put away at the end. */
static void openssl_for_one(void)
{
	const EVP_MD *const digests[] = { EVP_sha1(), EVP_sha224(), EVP_sha256(), EVP_sha384(), EVP_sha512() };
	const EVP_CIPHER *const ciphers[] = { EVP_des_ede3_cbc(), EVP_aes_128_cbc(), EVP_aes_192_cbc(), EVP_aes_256_cbc() };

	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS | OPENSSL_INIT_NO_ATEXIT, NULL);
	for (size_t i = 0; i < sizeof digests / sizeof *digests; i++)
		(void)EVP_add_digest(digests[i]);
	for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++)
		(void)EVP_add_cipher(ciphers[i]);
}

/* As a worker, or for one request. */
static int run(bool listening)
{
	struct arena *a;
	struct db *db;
	int status = 0;

	prctl(PR_SET_NAME, program_invocation_short_name);       /* the parent starts it by a descriptor */
	signal(SIGPIPE, SIG_IGN);
	if (listening)
		remember_begin();
	else
		openssl_for_one();
	arena_gives_back();
	a = arena_new();
	db = db_new(conf.db_option_file, conf.db_group);
	db_bound(db, (size_t)conf.page_bytes_limit);
	if (listening)
		status = work(a, db);
	else
		serve(a, db, dialects, &(struct io){ .env = environ, .read = cgi_read, .write = cgi_write });
	db_free(db);
	arena_free(a);
	return status;
}

static int usage(void)
{
	fputs("usage: thaw.fcgi --workers N [--socket PATH] [--socket-mode OCTAL]\n"
		"       thaw.fcgi            as a FastCGI worker: fd 0 is a listening socket\n"
		"       thaw.fcgi            as a CGI script: started by a web server\n"
		"       thaw.fcgi --check    look at the configuration and end\n", stderr);
	return 2;
}

/* Three or four octal digits. */
static bool parse_mode(const char *s, unsigned *out)
{
	size_t n = strspn(s, "01234567");

	if (s[n] || n < 3 || n > 4)
		return false;
	*out = 0;
	while (*s)
		*out = *out << 3 | (unsigned)(*s++ - '0');
	return true;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "workers", required_argument, NULL, 'w' },
		{ "socket", required_argument, NULL, 's' }, { "socket-mode", required_argument, NULL, 'm' },
		{ "check", no_argument, NULL, 'c' }, { 0 } };
	int check = 0, option, listening = 0;
	const char *gateway = getenv("GATEWAY_INTERFACE"), *path = NULL;
	unsigned mode = 0660;
	int64_t workers = 0;
	socklen_t n = sizeof listening;
	char err[512];

	/* A web server's query may reach a CGI script's arguments (RFC 3875 4.4). */
	while (!gateway && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'w':
			if (!parse_int(optarg, 1, INT32_MAX, &workers))
				return usage();
			break;
		case 's': path = optarg; break;
		case 'm':
			if (!parse_mode(optarg, &mode))
				return usage();
			break;
		case 'c': check = 1; break;
		default: return usage();
		}
	}
	if (conf_load(NULL, err, sizeof err)) {
		fprintf(stderr, "thaw.fcgi: %s\n", err);
		return 1;
	}
	if (getsockopt(0, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n))
		listening = 0;
	/* Those of a CGI script were looked at when it was built. */
	if ((listening || !gateway) && !tables_whole(dialects))
		return 1;
	if (check)
		return 0;
	if (workers)
		return supervise((int)workers, path, mode);
	if (!listening && !gateway)
		return usage();
	return run(listening);
}
