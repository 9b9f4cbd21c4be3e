/* foundry.c: see foundry.h. */
#include "foundry.h"
#include <string.h>
#include <openssl/sha.h>
#include "str.h"

void tell(struct tx *tx, const char *name, struct json *value)
{
	if (!tx->why.told)
		tx->why.told = js_object(tx->arena);
	js_put(tx->why.told, name, value);
}

void tell_text(struct tx *tx, const char *name, const char *text)
{
	tell(tx, name, js_string(tx->arena, text));
}

/* A word of lower-case letters, digits and dashes that begins with a letter (or a digit, or
 * is empty: `loose`), up to the next dot. */
static const char *word(const char *s, bool loose)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz", rest[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t n = strcspn(s, ".");

	if (s[n] != '.' || strspn(s, rest) != n || (!loose && !n) || (n && !strchr(letters, *s) && !(loose && *s != '-')))
		return NULL;
	return s + n + 1;
}

enum { RID_MOST = 512 };

/* ri.<service>.<instance>.<type>.<locator> */
static bool is_rid(const char *s)
{
	static const char locator[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return strlen(s) <= RID_MOST && !strncmp(s, "ri.", 3) && (s = word(s + 3, false)) && (s = word(s, true)) && (s = word(s, false))
		&& *s && strspn(s, locator) == strlen(s);
}

#define NO_RID "must be a resource identifier such as " RID_MODEL "019a0c3e-7b1f-8d42-8000-000c0ffee5ed"

const char *rid_fault(struct arena *a, const char *s)
{
	(void)a;
	return is_rid(s) ? NULL : NO_RID;
}

const char *display_fault(struct arena *a, const char *s)
{
	(void)a;
	return *s && utf8_length(s) <= FOLDER_NAME_MOST && strcmp(s, ".") && strcmp(s, "..") && !strchr(s, '/') && !name_fault(s) ? NULL
		: "is no display name";
}

/* ---- Pages: a token is the place behind the last row, so that it survives whatever is
 * made or deleted meanwhile, and a digest of the list that it belongs to. */

enum { TOKEN_DIGEST = 8, TOKEN_PLACE = 16 };

static void digest_of(struct req *r, const char *list, unsigned char out[TOKEN_DIGEST])
{
	const char *all = arena_printf(r->arena, "%s\n%s", r->path, list);
	unsigned char md[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)all, strlen(all), md);
	memcpy(out, md, TOKEN_DIGEST);
}

enum err page_of_token(struct req *r, const struct page_asked *q, const char *list, int64_t most, int64_t *limit,
	void *from, size_t size)
{
	unsigned char digest[TOKEN_DIGEST], token[TOKEN_DIGEST + TOKEN_PLACE];

	*limit = q->size_set ? q->size : most;
	if (*limit < 1) {
		tell(&r->tx, "pageSize", js_integer(r->arena, q->size));
		return ERR_PAGE_SIZE;
	}
	*limit = *limit < most ? *limit : most;
	if (!q->token)
		return OK;
	tell_text(&r->tx, "pageToken", q->token);
	digest_of(r, list, digest);
	if (b64url_decode(q->token, strlen(q->token), token, sizeof token) != (long)(sizeof digest + size)
	    || memcmp(token, digest, sizeof digest))
		return ERR_PAGE_TOKEN;
	memcpy(from, token + sizeof digest, size);
	return OK;
}

const char *page_token(struct req *r, const char *list, bool more, const void *from, size_t size)
{
	unsigned char token[TOKEN_DIGEST + TOKEN_PLACE];

	if (!more)
		return NULL;
	digest_of(r, list, token);
	memcpy(token + TOKEN_DIGEST, from, size);
	return b64url_encode(r->arena, token, TOKEN_DIGEST + size);
}
