/* super.c: a small parent for the workers.  It holds the listening socket as fd 0,
 * starts the workers by fork and exec of this very program, starts a dead one again,
 * and never gives up.  The program is held open: one that was installed meanwhile, whose
 * schema may not be there yet, begins at a reload and not with a worker that died.
 * SIGTERM or SIGINT: the workers finish what they have in hand, then it ends.  SIGHUP: new
 * workers first, of the program as it now is on disk, then the old ones are asked to end;
 * the kernel's queue keeps what comes in between. */
#define _GNU_SOURCE
#include "super.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "clock.h"
#include "log.h"

enum { BACKLOG = 4096, MAX_WORKERS = 256, GRACE_S = 20 };

struct slot { pid_t pid; int64_t started, due; int quick; };

static struct slot slots[MAX_WORKERS];
static pid_t leaving[MAX_WORKERS];               /* old workers after a reload */
static int nslots;
static char self[4096];                          /* where a reload finds the program */
static int program = -1;                         /* the one that the workers run */
static sigset_t watched;

static int listen_at(const char *path, unsigned mode)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	if (strlen(path) >= sizeof a.sun_path) {
		fprintf(stderr, "thaw.fcgi: %s: a socket's path has at most %zu bytes\n", path, sizeof a.sun_path - 1);
		return -1;
	}
	memcpy(a.sun_path, path, strlen(path) + 1);
	if (!lstat(path, &st) && !S_ISSOCK(st.st_mode)) {
		fprintf(stderr, "thaw.fcgi: %s: exists and is not a socket\n", path);
		return -1;
	}
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&a, sizeof a)) {
		fprintf(stderr, "thaw.fcgi: %s: another process is already listening there\n", path);
		return -1;
	}
	if (fd >= 0) {
		mode_t old = umask(0777);
		int bad = (unlink(path) && errno != ENOENT) || bind(fd, (struct sockaddr *)&a, sizeof a);

		umask(old);
		if (!bad && !chmod(path, mode) && !listen(fd, BACKLOG) && dup2(fd, 0) == 0) {
			if (fd)
				close(fd);
			return 0;
		}
	}
	fprintf(stderr, "thaw.fcgi: %s: %s\n", path, strerror(errno));
	return -1;
}

static pid_t run(const char *argument)
{
	pid_t parent = getpid(), pid = fork();
	sigset_t none;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	fexecve(program, (char *[]){ self, (char *)argument, NULL }, environ);
	fprintf(stderr, "thaw.fcgi: %s: %s\n", self, strerror(errno));
	_exit(127);
}

static void start(struct slot *s)
{
	s->started = clock_mono();
	if ((s->pid = run(NULL)) < 0) {
		s->pid = 0;
		s->due = s->started + SECOND;
	}
}

/* A worker that cannot live is tried more and more slowly; a killed one at once. */
static void buried(struct slot *s, int status)
{
	int64_t now = clock_mono(), wait = 0;

	s->quick = now - s->started < SECOND ? s->quick + 1 : 0;
	if (s->quick > 2)
		wait = WIFSIGNALED(status) ? SECOND / 20 : SECOND / 10 * (s->quick < 20 ? s->quick : 20);
	if (WIFSIGNALED(status))
		log_error(LOG_WARN, "worker %d was ended by signal %d", (int)s->pid, WTERMSIG(status));
	else if (WEXITSTATUS(status))
		log_error(LOG_ERROR, "worker %d ended with status %d", (int)s->pid, WEXITSTATUS(status));
	s->pid = 0;
	s->due = now + wait;
}

static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (int i = 0; i < MAX_WORKERS; i++) {
			if (leaving[i] == pid)
				leaving[i] = 0;
			else if (slots[i].pid == pid)
				buried(&slots[i], status);
		}
	}
}

/* Would a new worker live?  Its own look at configuration and tables. */
static bool sound(void)
{
	pid_t pid = run("--check");
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status);
}

static bool take_new(void)
{
	int old = program;

	program = open(self, O_PATH | O_CLOEXEC);
	if (program >= 0 && sound()) {
		close(old);
		return true;
	}
	log_error(LOG_ERROR, "reload: a new worker of %s did not start; the old ones keep running", self);
	if (program >= 0)
		close(program);
	program = old;
	return false;
}

static void reload(void)
{
	if (!take_new())
		return;
	for (int i = 0; i < nslots; i++) {
		pid_t old = slots[i].pid;
		int k = 0;

		while (k < MAX_WORKERS && leaving[k])
			k++;
		if (k == MAX_WORKERS)
			break;                   /* too many still leave: the rest goes on as it is */
		start(&slots[i]);
		if (!slots[i].pid) {
			slots[i].pid = old;      /* no new one could be made */
			continue;
		}
		if ((leaving[k] = old))
			kill(old, SIGTERM);
	}
}

static bool any_left(void)
{
	for (int i = 0; i < MAX_WORKERS; i++)
		if (slots[i].pid || leaving[i])
			return true;
	return false;
}

static void signal_all(int sig)
{
	for (int i = 0; i < MAX_WORKERS; i++) {
		if (slots[i].pid)
			kill(slots[i].pid, sig);
		if (leaving[i])
			kill(leaving[i], sig);
	}
}

static int stop(void)
{
	int64_t end = clock_mono() + GRACE_S * SECOND;
	struct timespec t = { 0, 100 * 1000000 };

	signal_all(SIGTERM);
	for (reap(); any_left(); reap()) {
		if (clock_mono() > end)
			signal_all(SIGKILL);
		sigtimedwait(&watched, NULL, &t);
	}
	return 0;
}

static void start_due(void)
{
	int64_t now = clock_mono();

	for (int i = 0; i < nslots; i++)
		if (!slots[i].pid && slots[i].due <= now)
			start(&slots[i]);
}

int supervise(int workers, const char *path, unsigned mode)
{
	struct timespec tick = { 0, 20 * 1000000 };
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char number[12];

	program = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	if (n <= 0 || program < 0) {
		fprintf(stderr, "thaw.fcgi: /proc/self/exe: %s\n", strerror(errno));
		return 1;
	}
	if (workers < 1 || workers > MAX_WORKERS) {
		fprintf(stderr, "thaw.fcgi: --workers takes 1 to %d\n", MAX_WORKERS);
		return 2;
	}
	self[n] = '\0';
	nslots = workers;
	snprintf(number, sizeof number, "%d", workers);
	setenv("THAW_WORKERS", number, 1);       /* so that they do not all hash passwords at once */
	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	sigaddset(&watched, SIGTERM);
	sigaddset(&watched, SIGINT);
	sigaddset(&watched, SIGHUP);
	sigprocmask(SIG_BLOCK, &watched, NULL);
	if (path && listen_at(path, mode))
		return 1;
	for (;;) {
		bool waiting = false;
		int sig;

		reap();
		start_due();
		for (int i = 0; i < nslots; i++)
			waiting |= !slots[i].pid;
		sig = waiting ? sigtimedwait(&watched, NULL, &tick) : sigwaitinfo(&watched, NULL);
		if (sig == SIGTERM || sig == SIGINT)
			return stop();
		if (sig == SIGHUP)
			reload();
	}
}
