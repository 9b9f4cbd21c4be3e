/* health.c: see health.h.  The file's time is that of the last failure.  A node is not ready
 * for a while after it; then it is tried again, by the changes that come: the next that
 * fails writes the file anew, the next that works removes it. */
#include "health.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "clock.h"
#include "conf.h"

enum { QUIET_S = 30, PATH_MOST = 4200 };

static const char *marker(char path[PATH_MOST])
{
	snprintf(path, PATH_MOST, "%s/full", conf.run_dir);
	return path;
}

bool health_full(bool lately)
{
	char path[PATH_MOST];
	struct stat st;
	int64_t age;

	if (lstat(marker(path), &st))
		return false;
	age = clock_now() / SECOND - st.st_mtim.tv_sec;
	return !lately || (age >= 0 && age < QUIET_S);
}

void health_saw(enum err e)
{
	char path[PATH_MOST];
	int fd;

	if (!e && health_full(false) && !health_full(true))
		(void)unlink(marker(path));
	if (e != ERR_DISK_FULL)
		return;
	fd = open(marker(path), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	(void)futimens(fd, NULL);
	close(fd);
}
