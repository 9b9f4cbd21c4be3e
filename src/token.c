/* token.c: see token.h.  libjwt makes the tokens; its decode is not used, since it
 * takes the algorithm from the token (an HS256 token signed with the RSA public key
 * passes), ignores `exp` and refuses the `at+jwt` of RFC 9068.  Verification is
 * OpenSSL behind a strict reading of header and claims (RFC 7519, 8725, 9068). */
#define _GNU_SOURCE
#include "token.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <jwt.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include "clock.h"
#include "conf.h"
#include "file.h"
#include "json.h"
#include "log.h"
#include "remember.h"
#include "str.h"

enum { MAX_KEYS = 32, MAX_KEY = 8192, HMAC_KEY = 64 };
enum alg { ALG_ES256, ALG_RS256, ALG_HS256 };
static const struct { const char *name, *suffix; jwt_alg_t jwt; } algs[] = {
	[ALG_ES256] = { "ES256", ".ES256.pem", JWT_ALG_ES256 },
	[ALG_RS256] = { "RS256", ".RS256.pem", JWT_ALG_RS256 },
	[ALG_HS256] = { "HS256", ".HS256.key", JWT_ALG_HS256 },
};

struct key {
	char kid[64];
	enum alg alg;
	enum { UNREAD, GOOD, BAD } state;        /* its file is read when a token names it, or is made by it: a CGI script has one */
	EVP_PKEY *pkey;                          /* of a pem */
	unsigned char *bytes;                    /* the pem, or the HMAC key */
	int n;
	int64_t created;
};

static struct key keys[MAX_KEYS];
static int nkeys, active = -1;
static int64_t looked_at;
static struct timespec dir_mtime;

static void forget_key(struct key *k)
{
	EVP_PKEY_free(k->pkey);
	if (k->bytes)
		OPENSSL_cleanse(k->bytes, (size_t)k->n);
	free(k->bytes);
	*k = (struct key){ 0 };
}

static void forget_keys(void)
{
	while (nkeys)
		forget_key(&keys[--nkeys]);
	active = -1;
	remember_nothing();
}

/* A file of key_dir. */
static int read_file(const char *name, char *buf, size_t cap, struct stat *st)
{
	char path[4200];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "%s/%s", conf.key_dir, name);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0)
		return -1;
	n = fstat(fd, st) || !S_ISREG(st->st_mode) ? -1 : read(fd, buf, cap - 1);
	close(fd);
	if (n >= 0)
		buf[n] = '\0';
	return (int)n;
}

/* PEM_read_bio_PrivateKey() would get ready for keys of every type. */
static bool read_pem(struct key *k, const char *pem)
{
	enum { PARTS = 4 };                      /* of a file, of which one is the key */
	BIO *b = BIO_new_mem_buf(pem, k->n);
	OSSL_DECODER_CTX *d = OSSL_DECODER_CTX_new_for_pkey(&k->pkey, "PEM", NULL, k->alg == ALG_ES256 ? "EC" : "RSA",
		OSSL_KEYMGMT_SELECT_KEYPAIR, NULL, NULL);

	if (!b || !d)
		abort();
	for (int i = 0; i < PARTS && !k->pkey && !BIO_eof(b); i++)
		(void)OSSL_DECODER_from_bio(d, b);
	OSSL_DECODER_CTX_free(d);
	BIO_free(b);
	return k->pkey && (k->alg == ALG_ES256 ? EVP_PKEY_get_bits(k->pkey) == 256 : EVP_PKEY_get_bits(k->pkey) >= 2048);
}

static bool read_key(struct key *k)
{
	char buf[MAX_KEY], name[sizeof k->kid + 16];
	struct stat st;
	bool ok;

	snprintf(name, sizeof name, "%s%s", k->kid, algs[k->alg].suffix);
	if ((k->n = read_file(name, buf, sizeof buf, &st)) <= 0)
		return false;
	k->created = st.st_mtime;
	if (!(k->bytes = calloc(1, (size_t)k->n + 1)))
		abort();
	if (k->alg == ALG_HS256) {
		buf[strcspn(buf, "\n")] = '\0';
		if ((ok = hex_decode(buf, HMAC_KEY, k->bytes)))
			k->n = HMAC_KEY;
	} else {
		memcpy(k->bytes, buf, (size_t)k->n);
		ok = read_pem(k, buf);
	}
	OPENSSL_cleanse(buf, sizeof buf);
	if (!ok)
		log_error(LOG_ERROR, "signing key %s/%s is not usable", conf.key_dir, name);
	return ok;
}

static bool usable(struct key *k)
{
	if (k->state == UNREAD)
		k->state = read_key(k) ? GOOD : BAD;
	return k->state == GOOD;
}

static bool any_usable(void)
{
	for (int i = 0; i < nkeys; i++)
		if (usable(&keys[i]))
			return true;
	return false;
}

/* The names alone. */
static void load(DIR *d)
{
	char kid[80] = "";
	struct dirent *e;
	struct stat st;

	forget_keys();
	while ((e = readdir(d)) && nkeys < MAX_KEYS) {
		for (int alg = 0; alg < 3; alg++) {
			size_t n = strlen(e->d_name), m = strlen(algs[alg].suffix);

			if (n <= m || n - m >= sizeof keys->kid || strcmp(e->d_name + n - m, algs[alg].suffix))
				continue;
			keys[nkeys].alg = alg;
			memcpy(keys[nkeys++].kid, e->d_name, n - m);
		}
	}
	if (read_file("active", kid, sizeof kid, &st) > 0)
		kid[strcspn(kid, "\n")] = '\0';
	for (int i = 0; i < nkeys; i++)
		if (!strcmp(keys[i].kid, kid))
			active = i;
}

/* The keys as the directory has them; looked at once a second at most. */
static void refresh(void)
{
	int64_t now = clock_mono();
	struct stat st;
	DIR *d;

	if (looked_at && now - looked_at < SECOND)
		return;
	looked_at = now;
	if (!(d = opendir(conf.key_dir))) {
		log_error(LOG_ERROR, "key_dir %s: %s; make a key with `thaw signing-key create`", conf.key_dir, strerror(errno));
		forget_keys();                   /* keys that were taken away are good no more */
		dir_mtime = (struct timespec){ 0 };
		return;
	}
	/* The directory's time has the kernel's coarse tick: what changed just now may change again. */
	if (!fstat(dirfd(d), &st) && (st.st_mtim.tv_sec + 2 >= clock_now() / SECOND || st.st_mtim.tv_sec != dir_mtime.tv_sec || st.st_mtim.tv_nsec != dir_mtime.tv_nsec)) {
		dir_mtime = st.st_mtim;
		load(d);
	}
	closedir(d);
}

static bool verify_hmac(const struct key *k, const char *signed_part, size_t n, const unsigned char *sig, long sig_n)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	return HMAC(EVP_sha256(), k->bytes, k->n, (const unsigned char *)signed_part, n, md, &len)
		&& sig_n == (long)len && !CRYPTO_memcmp(md, sig, len);
}

/* RFC 7518 3.4: R and S of 32 bytes each; OpenSSL wants them in DER. */
static int ecdsa_der(const unsigned char *sig, unsigned char *der)
{
	ECDSA_SIG *s = ECDSA_SIG_new();
	unsigned char *p = der;
	int n = -1;

	if (s && ECDSA_SIG_set0(s, BN_bin2bn(sig, 32, NULL), BN_bin2bn(sig + 32, 32, NULL)))
		n = i2d_ECDSA_SIG(s, &p);
	ECDSA_SIG_free(s);
	return n;
}

static bool verify_signature(const struct key *k, const char *signed_part, size_t n, const unsigned char *sig, long sig_n)
{
	unsigned char der[128];
	EVP_MD_CTX *ctx;
	bool ok;

	if (k->alg == ALG_HS256)
		return verify_hmac(k, signed_part, n, sig, sig_n);
	if (k->alg == ALG_ES256) {
		if (sig_n != 64 || (sig_n = ecdsa_der(sig, der)) <= 0)
			return false;
		sig = der;
	}
	if (!(ctx = EVP_MD_CTX_new()))
		abort();
	ok = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, k->pkey) == 1
		&& EVP_DigestVerify(ctx, sig, (size_t)sig_n, (const unsigned char *)signed_part, n) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* A base64url segment that is a JSON object. */
static struct json *segment(struct arena *a, const char *s, size_t n)
{
	unsigned char *bytes = arena_alloc(a, n + 1);
	long len = b64url_decode(s, n, bytes, n);
	struct json *j;
	const char *reason;

	if (len <= 0 || js_parse(a, (char *)bytes, (size_t)len, &j, &reason) || js_type(j) != JS_OBJECT)
		return NULL;
	return j;
}

/* Absent keeps *out; of a wrong type is false. */
static bool whole(const struct json *o, const char *key, int64_t *out)
{
	struct json *v;

	return !js_get(o, key, &v) || js_whole(v, out);
}

static bool for_us(const struct json *o)
{
	struct json *v;

	if (!js_get(o, "aud", &v))
		return false;
	if (js_type(v) == JS_STRING)
		return !strcmp(js_str(v), conf.audience);
	for (size_t i = 0; js_type(v) == JS_ARRAY && i < js_length(v); i++)
		if (js_type(js_at(v, i)) == JS_STRING && !strcmp(js_str(js_at(v, i)), conf.audience))
			return true;
	return false;
}

/* All of them but what the clock says of them. */
static enum err read_claims(const struct json *o, struct claims *c)
{
	const char *iss = js_text_of(o, "iss"), *sub = js_text_of(o, "sub"), *org = js_text_of(o, "org");
	int64_t iat = INT64_MIN;
	struct json *v;

	*c = (struct claims){ .expires = INT64_MIN, .begins = INT64_MIN, .gen = -1 };
	if (!iss || strcmp(iss, conf.issuer) || !for_us(o)
	    || !sub || !id_parse(sub, "usr-", &c->subject) || !org || !id_parse(org, "org-", &c->organization)
	    || !whole(o, "exp", &c->expires) || !whole(o, "iat", &iat) || !whole(o, "nbf", &c->begins)
	    || !whole(o, "rate", &c->rate) || c->rate < 0 || c->rate > INT32_MAX || !whole(o, "gen", &c->gen) || (js_get(o, "gen", &v) && c->gen < 0)
	    || iat < 0 || iat >= INT64_MAX / SECOND || c->expires < 0 || c->expires > INT64_MAX / SECOND)
		return ERR_AUTH_INVALID;
	if (js_get(o, "scope", &v) && !(c->scopes = js_text_of(o, "scope")))
		return ERR_AUTH_INVALID;
	if (js_get(o, "sid", &v) && (!js_text_of(o, "sid") || !id_parse(js_text_of(o, "sid"), "", &c->session)))
		return ERR_AUTH_INVALID;
	/* An application has a session and scopes, and an id: without one it would be the user. */
	if (js_get(o, "client_id", &v) && (!js_text_of(o, "client_id") || !id_parse(js_text_of(o, "client_id"), "cl_", &c->client)
	    || id_is_zero(&c->client) || id_is_zero(&c->session) || !c->scopes))
		return ERR_AUTH_INVALID;
	c->username = js_text_of(o, "username");
	if (js_text_of(o, "jti") && !id_parse(js_text_of(o, "jti"), "", &c->id))
		c->id = (struct id){ 0 };
	/* iat is of whole seconds; our own identifier of the token tells more. */
	c->issued = id_ms(&c->id) / 1000 == iat ? id_ms(&c->id) * 1000 + 999 : iat * SECOND + SECOND - 1;
	return OK;
}

/* The signature, and what it was made over. */
static enum err verify(struct arena *a, const char *jwt, struct claims *out)
{
	const char *dot1, *dot2, *kid, *alg, *typ;
	unsigned char sig[512];
	struct json *header, *payload, *crit;
	const struct key *k = NULL;
	long sig_n;

	if (strlen(jwt) > TOKEN_MAX || !(dot1 = strchr(jwt, '.')) || !(dot2 = strchr(dot1 + 1, '.')) || strchr(dot2 + 1, '.'))
		return ERR_AUTH_INVALID;
	if (!(header = segment(a, jwt, (size_t)(dot1 - jwt))))
		return ERR_AUTH_INVALID;
	kid = js_text_of(header, "kid");
	alg = js_text_of(header, "alg");
	typ = js_text_of(header, "typ");
	if (!kid || !alg || !typ || js_get(header, "crit", &crit)
	    || (strcmp(typ, "JWT") && strcmp(typ, "at+jwt") && strcmp(typ, "application/at+jwt")))
		return ERR_AUTH_INVALID;
	for (int i = 0; i < nkeys && !k; i++)
		if (!strcmp(keys[i].kid, kid) && usable(&keys[i]))
			k = &keys[i];
	if (!k || strcmp(algs[k->alg].name, alg))
		return ERR_AUTH_INVALID;
	sig_n = b64url_decode(dot2 + 1, strlen(dot2 + 1), sig, sizeof sig);
	if (sig_n <= 0 || !verify_signature(k, jwt, (size_t)(dot2 - jwt), sig, sig_n))
		return ERR_AUTH_INVALID;
	if (!(payload = segment(a, dot1 + 1, (size_t)(dot2 - dot1 - 1))))
		return ERR_AUTH_INVALID;
	return read_claims(payload, out);
}

static enum err timely(const struct claims *c, int64_t now)
{
	if (c->issued / SECOND > now + conf.clock_leeway || c->begins > now + conf.clock_leeway)
		return ERR_AUTH_INVALID;
	return c->expires + conf.clock_leeway <= now ? ERR_AUTH_EXPIRED : OK;
}

enum err token_verify(struct arena *a, const char *jwt, int64_t now_us, struct claims *out)
{
	const int64_t now = now_us / SECOND;
	bool known;
	enum err e;

	refresh();
	known = nkeys && remembered(a, jwt, now - conf.clock_leeway, out);
	if (!known && (e = verify(a, jwt, out)))
		return any_usable() ? e : ERR_INTERNAL;
	e = timely(out, now);
	if (!e && !known)
		remember(jwt, out);
	return e;
}

char *token_make(struct arena *a, const struct claims *c)
{
	char *encoded, *out = NULL, *jti = NULL;
	const struct key *k;
	struct id id;
	jwt_t *jwt;

	refresh();
	if (active < 0 || !usable(&keys[active]) || jwt_new(&jwt))
		return NULL;
	k = &keys[active];
	id_new(c->issued, &id);
	jti = id_spell(a, "", &id);
	if (!jwt_set_alg(jwt, algs[k->alg].jwt, k->bytes, k->n)
	    && !jwt_add_header(jwt, "kid", k->kid)
	    && !jwt_add_grant(jwt, "iss", conf.issuer) && !jwt_add_grant(jwt, "aud", conf.audience)
	    && !jwt_add_grant(jwt, "sub", id_spell(a, "usr-", &c->subject))
	    && !jwt_add_grant(jwt, "org", id_spell(a, "org-", &c->organization))
	    && !jwt_add_grant(jwt, "username", c->username) && !jwt_add_grant(jwt, "jti", jti)
	    && !jwt_add_grant_int(jwt, "iat", c->issued / SECOND) && !jwt_add_grant_int(jwt, "exp", c->expires)
	    && !jwt_add_grant_int(jwt, "rate", c->rate) && !jwt_add_grant_int(jwt, "gen", c->gen)
	    && (!c->scopes || !jwt_add_grant(jwt, "scope", c->scopes))
	    && (id_is_zero(&c->client) || !jwt_add_grant(jwt, "client_id", id_spell(a, "cl_", &c->client)))
	    && (id_is_zero(&c->session) || !jwt_add_grant(jwt, "sid", id_spell(a, "", &c->session)))
	    && (encoded = jwt_encode_str(jwt))) {
		out = arena_strdup(a, encoded);
		free(encoded);
	}
	jwt_free(jwt);
	return out;
}

/* ---- The public keys (RFC 7517, 7518 6) ---- */

static void put_bytes(struct arena *a, struct json *o, const char *name, const unsigned char *bytes, size_t n)
{
	js_put_str(a, o, name, b64url_encode(a, bytes, n));
}

static bool put_rsa(struct arena *a, struct json *o, const EVP_PKEY *p)
{
	static const struct { const char *name, *param; } rows[] = { { "n", OSSL_PKEY_PARAM_RSA_N }, { "e", OSSL_PKEY_PARAM_RSA_E } };
	bool ok = true;

	for (size_t i = 0; i < sizeof rows / sizeof *rows && ok; i++) {
		BIGNUM *n = NULL;
		unsigned char *bytes;

		if ((ok = EVP_PKEY_get_bn_param(p, rows[i].param, &n) == 1)) {
			bytes = arena_alloc(a, (size_t)BN_num_bytes(n) + 1);
			put_bytes(a, o, rows[i].name, bytes, (size_t)BN_bn2bin(n, bytes));
		}
		BN_free(n);
	}
	return ok;
}

/* The point, uncompressed: 4, x, y. */
static bool put_ec(struct arena *a, struct json *o, const EVP_PKEY *p)
{
	enum { HALF = 32 };
	unsigned char point[1 + 2 * HALF];
	size_t n;

	if (EVP_PKEY_get_octet_string_param(p, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &n) != 1 || n != sizeof point || *point != 4)
		return false;
	js_put_str(a, o, "crv", "P-256");
	put_bytes(a, o, "x", point + 1, HALF);
	put_bytes(a, o, "y", point + 1 + HALF, HALF);
	return true;
}

const char *token_keys(struct arena *a)
{
	struct json *all = js_array(a);

	refresh();
	for (int i = 0; i < nkeys; i++) {
		const struct key *k = &keys[i];
		struct json *o = js_object(a);

		if (k->alg == ALG_HS256 || !usable(&keys[i]))    /* a secret has no public half */
			continue;
		js_put_str(a, o, "kty", k->alg == ALG_ES256 ? "EC" : "RSA");
		js_put_str(a, o, "kid", k->kid);
		js_put_str(a, o, "use", "sig");
		js_put_str(a, o, "alg", algs[k->alg].name);
		if (k->alg == ALG_ES256 ? put_ec(a, o, k->pkey) : put_rsa(a, o, k->pkey))
			js_add(all, o);
	}
	return js_text(all, NULL);
}

/* A file of key_dir, owned as the directory is. */
static int write_file(const char *name, const char *bytes, size_t n)
{
	char path[4200];
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", conf.key_dir, name);
	if (!stat(conf.key_dir, &st) && !file_write(path, bytes, n, st.st_uid, st.st_gid, false))
		return 0;
	fprintf(stderr, "thaw: %s: %s\n", path, strerror(errno));
	return -1;
}

int keys_activate(const char *kid)
{
	return write_file("active", kid, strlen(kid));
}

static EVP_PKEY *generate(enum alg alg)
{
	return alg == ALG_ES256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
}

int keys_create(const char *alg_name, bool activate, char kid[64])
{
	char name[128], *pem;
	enum alg alg = ALG_ES256;
	struct id id;
	int bad;

	while (strcmp(algs[alg].name, alg_name))
		if (++alg > ALG_HS256) {
			fprintf(stderr, "thaw: unknown algorithm %s: ES256, RS256 or HS256\n", alg_name);
			return -1;
		}
	if (mkdir(conf.key_dir, 0700) && errno != EEXIST) {
		fprintf(stderr, "thaw: %s: %s\n", conf.key_dir, strerror(errno));
		return -1;
	}
	id_new(clock_now(), &id);
	hex_encode(id.b, 8, kid);
	snprintf(name, sizeof name, "%s%s", kid, algs[alg].suffix);
	if (alg == ALG_HS256) {
		unsigned char secret[HMAC_KEY];
		char hex[2 * HMAC_KEY + 1];

		random_bytes(secret, sizeof secret);
		hex_encode(secret, sizeof secret, hex);
		bad = write_file(name, hex, strlen(hex));
	} else {
		EVP_PKEY *p = generate(alg);
		BIO *b = BIO_new(BIO_s_mem());
		long n;

		if (!p || !b || PEM_write_bio_PrivateKey(b, p, NULL, NULL, 0, NULL, NULL) != 1)
			abort();
		n = BIO_get_mem_data(b, &pem);
		bad = write_file(name, pem, (size_t)n);
		BIO_free(b);
		EVP_PKEY_free(p);
	}
	return bad || (activate && keys_activate(kid)) ? -1 : 0;
}

int keys_list(struct arena *a, struct key_info **out, size_t *n)
{
	looked_at = 0;
	refresh();
	*out = arena_alloc(a, (size_t)(nkeys + 1) * sizeof **out);
	*n = 0;
	for (int i = 0; i < nkeys; i++) {
		struct key_info *info = &(*out)[*n];

		if (!usable(&keys[i]))
			continue;
		memcpy(info->kid, keys[i].kid, sizeof keys[i].kid);
		snprintf(info->alg, sizeof info->alg, "%s", algs[keys[i].alg].name);
		info->created = keys[i].created;
		info->active = i == active;
		++*n;
	}
	return 0;
}
