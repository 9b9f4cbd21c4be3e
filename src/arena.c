/* arena.c: bump allocation in a chain of blocks.  The memory of a large request is given
 * back at its end.  Under AddressSanitizer every allocation is a malloc of its own, so that
 * an overrun of one is seen. */
#include "arena.h"
#include <malloc.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef THAW_SANITIZE
enum { BLOCK = 0 };
#else
enum { BLOCK = 16384 };
#endif

struct block { struct block *next; size_t used, size; alignas(max_align_t) unsigned char data[]; };
struct cleanup { struct cleanup *next; void (*fn)(void *); void *p; };
struct arena { struct block *blocks; struct cleanup *cleanups; size_t taken; };

/* Of a block, and of a request: what is larger goes back to the system, what is not stays for the next request.
 * That of a list of 50 models does; to fault it in anew each time took a third of the worker's time. */
enum { LARGE = 1048576 };

static void *must(void *p)
{
	if (!p) {
		fputs("thaw: out of memory\n", stderr);
		abort();
	}
	return p;
}

void arena_gives_back(void)
{
	/* Said once they are fixed; else each large block that is freed raises both. */
	(void)mallopt(M_MMAP_THRESHOLD, LARGE);
	(void)mallopt(M_TRIM_THRESHOLD, LARGE);
}

struct arena *arena_new(void)
{
	return must(calloc(1, sizeof(struct arena)));
}

static struct block *block_new(struct arena *a, struct block **at, size_t size)
{
	struct block *b = must(malloc(sizeof *b + size));

	*b = (struct block){ .next = *at, .size = size };
	a->taken += size;
	return *at = b;
}

/* What is larger than a block has one of its own, behind the one that is being filled. */
void *arena_room(struct arena *a, size_t n)
{
	const size_t al = alignof(max_align_t);
	struct block *b = a->blocks;
	void *p;

	if (n > SIZE_MAX / 2)
		must(NULL);
	n = (n + al - 1) & ~(al - 1);
	if (n > BLOCK)
		b = block_new(a, b ? &b->next : &a->blocks, n);
	else if (!b || b->size - b->used < n)
		b = block_new(a, &a->blocks, BLOCK);
	p = b->data + b->used;
	b->used += n;
	return p;
}

/* What has a block of its own is moved with it, and not kept twice. */
void *arena_grow(struct arena *a, void *p, size_t had, size_t n)
{
	struct block **at = &a->blocks, *b;

	if (had <= BLOCK || n > SIZE_MAX / 2)
		return had ? memcpy(arena_room(a, n), p, had) : arena_room(a, n);
	while ((*at)->data != p)
		at = &(*at)->next;
	a->taken += n - (*at)->size;
	*at = b = must(realloc(*at, sizeof *b + n));
	b->used = b->size = n;
	return b->data;
}

void *arena_alloc(struct arena *a, size_t n)
{
	return memset(arena_room(a, n), 0, n);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *d = arena_room(a, n + 1);

	if (n)
		memcpy(d, s, n);
	d[n] = '\0';
	return d;
}

void *arena_copy(struct arena *a, const void *p, size_t n)
{
	void *copy = arena_room(a, n);

	memcpy(copy, p, n);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		must(NULL);
	s = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

void arena_defer(struct arena *a, void (*fn)(void *), void *p)
{
	struct cleanup *c = ARENA_NEW(a, struct cleanup);

	c->fn = fn;
	c->p = p;
	c->next = a->cleanups;
	a->cleanups = c;
}

static void release(struct arena *a, size_t keep)
{
	struct cleanup *c = a->cleanups;
	struct block *b, *next, *kept = NULL;

	a->cleanups = NULL;
	for (; c; c = c->next)
		c->fn(c->p);
	for (b = a->blocks; b; b = next) {
		next = b->next;
		if (!kept && keep && b->size == keep) {
			kept = b;
			b->used = 0;
			b->next = NULL;
		} else {
			free(b);
		}
	}
	a->blocks = kept;
	/* What the libraries took beside it is as large, in pieces, and all free by now. */
	if (a->taken > LARGE)
		(void)malloc_trim(0);
	a->taken = 0;
}

void arena_reset(struct arena *a)
{
	release(a, BLOCK);
}

void arena_free(struct arena *a)
{
	if (a) {
		release(a, 0);
		free(a);
	}
}
