/* dom_session.c: signing in.  See dom_org.h. */
#include "dom_org.h"
#include <string.h>
#include <openssl/sha.h>
#include "clock.h"
#include "conf.h"
#include "passwd.h"
#include "str.h"

enum err session_check(struct tx *tx, const char *username, const char *password, struct session *out)
{
	const struct db_val *v = NULL;
	struct db_rows r;
	enum err e = tx_query(tx, SQL_LOGIN_BY_USERNAME, DB_IN(db_s(username)), &r);
	bool right;

	if (e)
		return e;
	if (r.n)
		v = db_row(&r, 0);
	right = passwd_check(password, v ? v[4].s : NULL);
	if (!right || strcmp(v[6].s, "active"))
		return ERR_LOGIN_FAILED;
	out->user = (struct user){ .organization = v[0].id, .id = v[1].id, .username = v[2].s, .email = v[3].s,
		.role = v[5].s, .status = v[6].s, .rate = v[7].i };
	return OK;
}

static void hash(const char *token, unsigned char out[SHA256_DIGEST_LENGTH])
{
	SHA256((const unsigned char *)token, strlen(token), out);
}

enum err session_open(struct tx *tx, struct session *s)
{
	unsigned char random[32], h[SHA256_DIGEST_LENGTH];
	struct id family;

	random_bytes(random, sizeof random);
	s->refresh_token = b64url_encode(tx->arena, random, sizeof random);
	hash(s->refresh_token, h);
	id_new(tx->now, &family);
	return db_exec(tx->db, SQL_REFRESH_ADD, DB_IN(db_x(h, sizeof h), db_d(&s->user.organization),
		db_d(&s->user.id), db_d(&family), db_t(tx->now), db_t(tx->now + conf.refresh_ttl * SECOND)), NULL);
}

enum err session_find(struct tx *tx, const char *refresh_token, struct session *out)
{
	unsigned char h[SHA256_DIGEST_LENGTH];
	const struct db_val *v;
	struct db_rows r;
	enum err e;

	hash(refresh_token, h);
	if ((e = tx_query(tx, SQL_REFRESH_FIND, DB_IN(db_x(h, sizeof h)), &r)))
		return e;
	if (!r.n)
		return ERR_REFRESH_INVALID;
	v = db_row(&r, 0);
	if (v[3].i <= tx->now || strcmp(v[5].s, "active"))
		return ERR_REFRESH_INVALID;
	out->user = (struct user){ .organization = v[0].id, .id = v[1].id, .role = v[4].s, .status = v[5].s,
		.rate = v[6].i, .username = v[7].s };
	return OK;
}
