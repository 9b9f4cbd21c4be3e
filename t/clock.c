/* clock.c: a clock in a test's hands.  Loaded before the C library (LD_PRELOAD, see
 * lib/Thaw.pm), it puts the wall clock and the monotonic one as many seconds ahead as the
 * file THAW_TEST_CLOCK says, or stops the latter: three integers, which the test may change
 * at any time.  And no name server answers for a name that ends in `.silent`: the resolver gives
 * up after 8 seconds. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { WALL, MONOTONIC, STOPPED, WORDS };        /* STOPPED: the second it stands at; 0: it goes */

static const volatile int64_t *clocks(void)
{
	static const volatile int64_t *seconds;
	static const int64_t none[WORDS];
	const char *file = getenv("THAW_TEST_CLOCK");
	int fd;

	if (seconds || !file || (fd = open(file, O_RDONLY | O_CLOEXEC)) < 0)
		return seconds ? seconds : none;
	seconds = mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return seconds == MAP_FAILED ? (seconds = none) : seconds;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	int bad = (int)syscall(SYS_clock_gettime, id, t);

	const volatile int64_t *c = clocks();

	if (!bad && id == CLOCK_MONOTONIC && c[STOPPED])
		*t = (struct timespec){ .tv_sec = c[STOPPED] };
	else if (!bad && (id == CLOCK_REALTIME || id == CLOCK_MONOTONIC))
		t->tv_sec += c[id == CLOCK_REALTIME ? WALL : MONOTONIC];
	return bad;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	const char *dot = name ? strrchr(name, '.') : NULL;

	if (dot && !strcmp(dot, ".silent")) {
		sleep(8);
		return EAI_AGAIN;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(name, service, hints, out);
}
