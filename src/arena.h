/* arena.h: memory of one request.  Everything allocated here is released at one
 * point, arena_reset(); nothing is freed singly.  Library objects register a
 * cleanup and are released at the same point, newest first.  Out of memory ends
 * the process: request sizes are bounded, and the supervisor starts a new worker. */
#ifndef ARENA_H
#define ARENA_H
#include <stddef.h>
#include <stdarg.h>

struct arena;

/* For a process that lives long: what one large request took goes back to the system
 * at its end, and stays in no worker. */
void arena_gives_back(void);

struct arena *arena_new(void);
void arena_reset(struct arena *a);               /* cleanups run, memory reused */
void arena_free(struct arena *a);

void *arena_alloc(struct arena *a, size_t n);    /* zeroed, aligned for any type */
void *arena_room(struct arena *a, size_t n);     /* the same, but with whatever was there */
void *arena_grow(struct arena *a, void *p, size_t had, size_t n);       /* room for n instead of the `had` at p, which is gone */
void *arena_copy(struct arena *a, const void *p, size_t n);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);  /* adds the NUL */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_defer(struct arena *a, void (*fn)(void *), void *p);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))

/* Structs of one size, one behind another; size 0: v is the JSON text of an array of n. */
struct list { const void *v; size_t n, size; };

#endif
