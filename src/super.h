/* super.h: the parent of the workers; see super.c. */
#ifndef SUPER_H
#define SUPER_H

/* Keep `workers` workers running on the socket at `path` (NULL: fd 0) until SIGTERM
 * or SIGINT; the exit status. */
int supervise(int workers, const char *path, unsigned mode);

#endif
