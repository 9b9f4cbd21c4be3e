/* file.h: files that are there whole or not at all, and directories of our own. */
#ifndef FILE_H
#define FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Writes a file under another name, 0600 and owned by the account where root asks, and gives it
 * its own once it is on the disk: a crash leaves the former file or this one.  keep: one
 * that is there already stays.  0, or -1 (errno). */
int file_write(const char *path, const void *bytes, size_t n, uid_t uid, gid_t gid, bool keep);

/* A directory that is ours alone to write in, made when it is missing, opened; -1 (errno). */
int file_own_dir(const char *path);

/* Which start of this machine it is; false: it does not say. */
enum { BOOT_ID = 36 };
bool file_boot_id(char out[BOOT_ID + 1]);

/* A file that all processes of this account on this machine map, in a directory of ours alone: n bytes
 * that begin with this head.  What another boot or a release with another magic left is
 * zeroed and begun anew (begin, NULL: zeros will do).  *fd stays open, for locks; NULL (errno). */
struct file_head { char magic[8], boot[BOOT_ID + 4]; };
void *file_map(const char *dir, const char *name, const char magic[8], size_t n, void (*begin)(void *), int *fd);
/* The same file, to be read alone, by whoever may: nothing is made or begun anew. NULL: it is not there, or not of this boot. */
const void *file_look(const char *dir, const char *name, const char magic[8], size_t n);

#endif
