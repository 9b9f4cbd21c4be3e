/* file.h: files that are there whole or not at all, and directories of our own. */
#ifndef FILE_H
#define FILE_H
#include <stdbool.h>
#include <sys/types.h>

/* Writes a file under another name, 0600 and owned by the account where root asks, and gives it
 * its own once it is on the disk: a crash leaves the former file or this one.  keep: one
 * that is there already stays.  0, or -1 (errno). */
int file_write(const char *path, const void *bytes, size_t n, uid_t uid, gid_t gid, bool keep);

/* A directory that is ours alone to write in, made when it is missing, opened; -1 (errno). */
int file_own_dir(const char *path);

#endif
