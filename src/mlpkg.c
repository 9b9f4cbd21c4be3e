/* mlpkg.c: see mlpkg.h.  The only module that knows libarchive. */
#include "mlpkg.h"
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <archive.h>
#include <archive_entry.h>
#include "log.h"
#include "str.h"

/* The library keeps neither more of a name than 16 bits count, nor of bytes given at once than 32. */
enum { NAME_MOST = 4096, AT_ONCE = 1 << 20 };

struct sink { unsigned char *p; size_t n, cap, most; enum err err; };

static enum err room_for(struct sink *s, size_t n)
{
	size_t cap;
	void *p;

	if (n > s->most - s->n)
		return ERR_TOO_LARGE;
	if (n <= s->cap - s->n)
		return OK;
	cap = s->n + n > s->most / 2 ? s->most : 2 * (s->n + n);
	if (!(p = realloc(s->p, cap)))
		return ERR_INTERNAL;
	s->p = p;
	s->cap = cap;
	return OK;
}

/* Never says that it failed: of a file that is broken off the library keeps what deflates
 * it, for good.  What comes after an error is dropped instead. */
static la_ssize_t put(struct archive *z, void *to, const void *bytes, size_t n)
{
	struct sink *s = to;

	(void)z;
	if (!s->err && !(s->err = room_for(s, n))) {
		memcpy(s->p + s->n, bytes, n);
		s->n += n;
	}
	return (la_ssize_t)n;
}

/* Whoever unpacks it must not write elsewhere. */
static bool is_name(const char *name)
{
	size_t n = strlen(name), part;

	if (n > NAME_MOST || !utf8_valid(name, n) || strchr(name, '\\'))
		return false;
	for (;; name += part + 1) {
		part = strcspn(name, "/");
		if (!part || (part <= 2 && !strncmp(name, "..", part)))
			return false;
		if (!name[part])
			return true;
	}
}

static bool put_file(struct archive *z, const struct mlpkg_file *f, const struct sink *s)
{
	struct archive_entry *e = is_name(f->name) ? archive_entry_new2(z) : NULL;
	bool good;

	if (!e)
		return false;
	archive_entry_set_pathname(e, f->name);
	archive_entry_set_mode(e, AE_IFREG | 0644);
	archive_entry_set_size(e, (la_int64_t)f->n);     /* no time, which is the first that there is */
	good = archive_write_header(z, e) == ARCHIVE_OK;
	archive_entry_free(e);
	for (size_t at = 0, n; good && !s->err && at < f->n; at += n) {
		n = f->n - at < AT_ONCE ? f->n - at : AT_ONCE;
		good = archive_write_data(z, (const unsigned char *)f->bytes + at, n) == (la_ssize_t)n;
	}
	return good;
}

static bool put_all(struct archive *z, const struct mlpkg_file *files, size_t n, struct sink *s)
{
	bool good = archive_write_set_format_zip(z) == ARCHIVE_OK && archive_write_zip_set_compression_deflate(z) == ARCHIVE_OK
		&& archive_write_set_bytes_in_last_block(z, 1) == ARCHIVE_OK      /* nothing behind its end */
		&& archive_write_open(z, s, NULL, put, NULL) == ARCHIVE_OK;

	for (size_t i = 0; good && !s->err && i < n; i++)
		good = put_file(z, &files[i], s);
	return good && archive_write_close(z) == ARCHIVE_OK;
}

enum err mlpkg_write(const struct mlpkg_file *files, size_t n, size_t most, unsigned char **out, size_t *size)
{
	/* The library says that names are UTF-8 where the locale does. */
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0), before = utf8 ? uselocale(utf8) : (locale_t)0;
	struct archive *z = archive_write_new();
	struct sink s = { .most = most };
	bool good = utf8 && z && put_all(z, files, n, &s);

	if (!good || s.err == ERR_INTERNAL)
		log_error(LOG_ERROR, "the archive cannot be made: %s", z && archive_error_string(z) ? archive_error_string(z) : "a name cannot be used, memory ran out, or the locale C.UTF-8 is missing");
	archive_write_free(z);
	if (utf8) {
		uselocale(before);
		freelocale(utf8);
	}
	if (!good || s.err) {
		free(s.p);
		return good ? s.err : ERR_INTERNAL;
	}
	*out = realloc(s.p, s.n);
	*out = *out ? *out : s.p;
	*size = s.n;
	return OK;
}
