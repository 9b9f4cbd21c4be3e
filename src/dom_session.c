/* dom_session.c: signing in.  See dom_org.h. */
#include "dom_org.h"
#include <string.h>
#include "clock.h"
#include "conf.h"
#include "hash.h"
#include "passwd.h"
#include "str.h"

enum { AGAIN_S = 30 };

const char *password_fault(struct arena *a, const char *password)
{
	return utf8_length(password) >= PASSWORD_MIN && strlen(password) <= PASSWORD_MAX ? NULL
		: arena_printf(a, "must have at least %d characters and at most %d bytes", PASSWORD_MIN, PASSWORD_MAX);
}

char *email_trimmed(struct arena *a, const char *email)
{
	size_t n;

	email += strspn(email, " \t\r\n");
	for (n = strlen(email); n && strchr(" \t\r\n", email[n - 1]); n--)
		;
	return arena_strndup(a, email, n);
}

enum err session_whose(struct tx *tx, enum sql by, const char *name, struct user *out)
{
	static const struct column login[] = PICK_MAP(LOGIN_PICK, struct user);
	bool email = by == SQL_LOGIN_BY_EMAIL;
	const struct db_val typed = db_s(email ? email_trimmed(tx->arena, name) : name), in[] = { typed, typed };
	const struct user nobody = { .id = { { 0 } } };
	enum err e;

	*out = nobody;
	e = tx_one(tx, by, in, email ? 2 : 1, login, out);
	if (!e && !email && strcmp(out->username, name))         /* SQL lets trailing blanks pass */
		*out = nobody;
	return e == ERR_DB_NONE ? OK : e;
}

enum err session_user(struct tx *tx, struct session *s)
{
	static const struct column login[] = PICK_MAP(LOGIN_PICK, struct user);
	const struct id org = s->user.organization, id = s->user.id;
	enum err e = tx_one(tx, SQL_LOGIN_BY_ID, DB_IN(db_d(&org), db_d(&id)), login, &s->user);

	return e == ERR_DB_NONE ? ERR_REFRESH_INVALID : e;
}

bool session_right(const struct user *u, const char *password)
{
	return passwd_check(password, u->password) && who_standing(u->status, ERR_LOGIN_FAILED) != ERR_LOGIN_FAILED;
}

/* What is stored of a refresh token.  A client's is hashed with the NUL at its end, which is
 * in no text that anybody sends: a release that knows no clients, still at work during an
 * upgrade, never takes it for the user's own. */
static void token_hash(const char *token, bool of_client, unsigned char out[SECRET_HASH])
{
	sha256(token, strlen(token) + of_client, out);
}

/* One row: the token of `s`, of its family. */
static enum err store(struct tx *tx, const struct session *s)
{
	unsigned char h[SECRET_HASH];

	token_hash(s->refresh_token, !id_is_zero(&s->client), h);
	return db_exec(tx->db, SQL_REFRESH_ADD, DB_IN(db_x(h, sizeof h), db_d(&s->user.organization), db_d(&s->user.id),
		db_d(&s->family), db_t(tx->now), db_t(tx->now + conf.refresh_ttl * SECOND), db_d0(&s->client), db_s(s->scopes),
		db_i(s->user.gen)), NULL);
}

enum err session_begin(struct tx *tx, struct session *s)
{
	unsigned char random[32];

	random_bytes(random, sizeof random);
	s->refresh_token = b64url_encode(tx->arena, random, sizeof random);
	return store(tx, s);
}

enum err session_open(struct tx *tx, struct session *s)
{
	enum err e = who_standing(s->user.status, ERR_LOGIN_FAILED);

	/* Locked, so that a password changed meanwhile leaves no session of the old one. */
	if (!e)
		e = tx_int(tx, SQL_LOGIN_STILL, DB_IN(db_d(&s->user.organization), db_d(&s->user.id), db_s(s->user.password)), &s->user.gen);

	if (e)
		return e == ERR_DB_NONE ? ERR_LOGIN_FAILED : e;
	id_new(tx->now, &s->family);
	s->client = (struct id){ 0 };
	s->scopes = NULL;
	return session_begin(tx, s);
}

/* The row of a refresh token.  rotated: when it was exchanged, 0 for never; ended: its session was; since, and the user's
 * number: when all tokens were last ended; gen: that number when it was made, negative for none. */
struct found { struct session session; int64_t expires, rotated, since, gen; struct bytes salt; bool ended; };

/* The session of a token's row, whether exchanged or not.  A token is
 * good in the hands it was given to alone: of this client, or of the user (NULL).  What
 * ended the user's sessions ended all that began before it, whatever rows it left (a
 * rotation beside it, on another node of a cluster too, adds one that it did not see): the
 * user's number has moved, or, of a row without one, the session is older than that. */
static enum err find(struct tx *tx, const char *refresh_token, const struct id *client, struct found *out)
{
	static const struct column map[] = PICK_MAP(REFRESH_PICK, struct found);
	static const struct id own;
	const struct session *s = &out->session;
	unsigned char h[SECRET_HASH];
	enum err e;

	*out = (struct found){ .rotated = 0 };
	token_hash(refresh_token, client, h);
	if ((e = tx_one(tx, SQL_REFRESH_FIND, DB_IN(db_x(h, sizeof h)), map, out)))
		return e == ERR_DB_NONE ? ERR_REFRESH_INVALID : e;
	if (out->expires <= tx->now || out->ended
	    || (out->gen < 0 ? id_ms(&s->family) < out->since / 1000 : out->gen != s->user.gen)
	    || !id_equal(&s->client, client ? client : &own))
		return ERR_REFRESH_INVALID;
	return who_standing(s->user.status, ERR_REFRESH_INVALID);
}

/* When the last token of a session that is ended now would have ended anyway. */
static struct db_val remembered_until(const struct tx *tx)
{
	return db_t(tx->now + (conf.refresh_ttl + conf.access_ttl + conf.clock_leeway) * SECOND);
}

enum err session_end(struct tx *tx, const struct session *s)
{
	/* Remembered, since its access tokens are still about, and perhaps an exchange under way. */
	enum err e = db_exec(tx->db, SQL_REVOCATION_ADD, DB_IN(db_d(&s->user.organization), db_d(&s->family),
		remembered_until(tx)), NULL);

	return e ? e : db_exec(tx->db, SQL_FAMILY_FORGET, DB_IN(db_d(&s->user.organization), db_d(&s->user.id),
		db_d(&s->family)), NULL);
}

enum err session_end_all(struct tx *tx, const struct id *client, int64_t *ended)
{
	const struct db_val org = db_d(&tx->who->organization), user = db_d(&tx->who->principal), c = db_d(client);
	enum err e = db_exec(tx->db, SQL_REVOCATION_ADD_ALL, DB_IN(remembered_until(tx), org, user, c), ended);

	return e ? e : db_exec(tx->db, SQL_CLIENT_FORGET, DB_IN(org, user, c), NULL);
}

enum err session_end_others(struct tx *tx, int64_t *ended)
{
	const struct db_val org = db_d(&tx->who->organization), user = db_d(&tx->who->principal), own = db_d(&tx->who->session);
	enum err e = db_exec(tx->db, SQL_REVOCATION_ADD_OTHERS, DB_IN(remembered_until(tx), org, user, own), ended);

	return e ? e : db_exec(tx->db, SQL_OTHERS_FORGET, DB_IN(org, user, own), NULL);
}

enum err session_of(struct tx *tx, const char *refresh_token, const struct id *client, struct session *out)
{
	struct found f;
	enum err e = find(tx, refresh_token, client, &f);

	if (!e)
		*out = f.session;
	return e;
}

enum err session_find(struct tx *tx, const char *refresh_token, const struct id *client, struct session *out)
{
	struct found f;
	enum err e = find(tx, refresh_token, client, &f);

	if (!e)
		*out = f.session;
	return !e && f.rotated ? ERR_REFRESH_INVALID : e;
}

/* Needs the old token and the database's salt, neither of which yields it alone. */
static char *successor(struct arena *a, const char *token, const unsigned char salt[32])
{
	struct buf both = { .arena = a };
	unsigned char md[SHA256_BYTES];

	buf_put(&both, salt, 32);
	buf_puts(&both, token);
	sha256(both.p, both.n, md);
	return b64url_encode(a, md, sizeof md);
}

enum err session_rotate(struct tx *tx, const char *refresh_token, const struct id *client, struct session *out, bool *stolen)
{
	unsigned char h[SECRET_HASH], fresh[32];
	struct found f;
	enum err e = find(tx, refresh_token, client, &f);

	*stolen = false;
	if (e)
		return e;
	*out = f.session;
	if (f.rotated && tx->now - f.rotated > AGAIN_S * SECOND) {
		*stolen = true;
		return session_end(tx, out);
	}
	if (f.rotated) {
		out->refresh_token = successor(tx->arena, refresh_token, f.salt.p);
		return OK;
	}
	random_bytes(fresh, sizeof fresh);
	token_hash(refresh_token, client, h);
	out->refresh_token = successor(tx->arena, refresh_token, fresh);
	if ((e = db_exec(tx->db, SQL_ROTATION_ADD, DB_IN(db_x(h, sizeof h), db_d(&out->user.organization),
		db_x(fresh, sizeof fresh), db_t(tx->now)), NULL)))
		return e;
	return store(tx, out);
}
