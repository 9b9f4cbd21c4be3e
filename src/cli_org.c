/* cli_org.c: organizations, their users and roles.  Each change goes through the
 * domain's functions in one audited transaction, like those of the service. */
#include "cli.h"
#include <stdio.h>
#include <string.h>
#include "clock.h"
#include "conf.h"
#include "dom_apikey.h"
#include "dom_user.h"
#include "passwd.h"
#include "quota.h"
#include "str.h"

enum { ORG_MAX = 255, PERMISSIONS_MAX = 1024 };

/* What a unit of work needs besides its transaction. */
struct work {
	struct tx *tx;
	struct user user;
	struct id id;
	const char *name, *permissions, *hash;
	char *link;
	int64_t rate, n;
	bool enabled;
};

static enum err work_org(void *arg)
{
	struct work *w = arg;

	return org_create(w->tx, w->name, &w->id);
}

static enum err work_org_rename(void *arg)
{
	struct work *w = arg;

	return org_rename(w->tx, &w->id, w->name);
}

static enum err work_org_enable(void *arg)
{
	struct work *w = arg;

	return org_enable(w->tx, &w->id, w->enabled);
}

static enum err work_rename(void *arg)
{
	struct work *w = arg;

	return user_rename(w->tx, &w->user, w->name);
}

static enum err work_user(void *arg)
{
	struct work *w = arg;

	return user_create(w->tx, &w->user, &w->id);
}

static enum err work_password(void *arg)
{
	struct work *w = arg;

	return user_password(w->tx, &w->user, w->hash);
}

static enum err work_keys(void *arg)
{
	struct work *w = arg;

	return apikey_revoke_of(w->tx, &w->user.id, &w->n);
}

static enum err work_email(void *arg)
{
	struct work *w = arg;

	return user_email(w->tx, &w->user, w->name);
}

static enum err work_enable(void *arg)
{
	struct work *w = arg;

	return user_enable(w->tx, &w->user, w->enabled);
}

static enum err work_user_role(void *arg)
{
	struct work *w = arg;

	return user_role(w->tx, &w->user, w->name);
}

static enum err work_role(void *arg)
{
	struct work *w = arg;

	return role_set(w->tx, &w->id, w->name, w->permissions, w->rate);
}

static struct json *time_of(struct arena *a, int64_t us)
{
	return js_string(a, clock_iso(a, us, TIME_SECONDS));
}

static struct json *id_object(struct cli *c, const char *prefix, const struct id *id)
{
	struct json *o = js_object(c->arena);

	js_put_str(c->arena, o, "id", id_spell(c->arena, prefix, id));
	return o;
}

/* --- organizations --------------------------------------------------------------- */

bool cli_org_name(const char *name)
{
	struct id id;

	if (!cli_word("an organization's name", name, ORG_MAX, true))
		return false;
	if (!id_parse(name, "org-", &id))
		return true;
	cli_say("an organization's name must not look like an id");
	return false;
}

int cmd_org_create(struct cli *c)
{
	struct work w = { .tx = cli_tx(c), .name = c->args[0] };
	struct json *o;
	enum err e;

	if (!w.tx || !cli_org_name(w.name))
		return CLI_FAILED;
	e = cli_write(c, work_org, &w);
	if (e == ERR_DB_DUPLICATE)
		return cli_say("an organization named `%s` already exists", w.name);
	if (e)
		return cli_failed(c, e);
	o = id_object(c, "org-", &w.id);
	js_put_str(c->arena, o, "name", w.name);
	cli_result(c, o, id_spell(c->arena, "org-", &w.id));
	return CLI_DONE;
}

int cmd_org_list(struct cli *c)
{
	static const struct column map[] = PICK_MAP(ORG_LIST_PICK, struct org);
	struct json *rows = js_array(c->arena);
	struct tx *tx = cli_tx(c);
	const struct org *all;
	struct db_rows r;
	enum err e;

	if (!tx)
		return CLI_FAILED;
	if ((e = tx_query(tx, SQL_ORG_LIST, DB_NONE, &r)))
		return cli_failed(c, e);
	all = row_array(c->arena, &r, map, sizeof *all);
	for (size_t i = 0; i < r.n; i++) {
		struct json *o = id_object(c, "org-", &all[i].life.id);

		js_put_str(c->arena, o, "name", all[i].name);
		js_put_str(c->arena, o, "status", all[i].status);
		js_put(o, "created_at", time_of(c->arena, all[i].life.created));
		js_add(rows, o);
	}
	cli_rows(c, rows, "No organizations; create one with `thaw org create NAME`.");
	return CLI_DONE;
}

int cmd_org_rename(struct cli *c)
{
	struct work w = { .tx = &c->tx, .name = c->args[1] };
	struct json *o;
	enum err e;

	if (!cli_org_name(w.name) || !cli_org_named(c, c->args[0], &w.id))
		return CLI_FAILED;
	e = cli_write(c, work_org_rename, &w);
	if (e)
		return e == ERR_DB_DUPLICATE ? cli_say("an organization named `%s` already exists", w.name) : cli_failed(c, e);
	o = id_object(c, "org-", &w.id);
	js_put_str(c->arena, o, "name", w.name);
	cli_result(c, o, arena_printf(c->arena, "%s is now called %s.", c->args[0], w.name));
	return CLI_DONE;
}

static int enable_org(struct cli *c, bool enabled)
{
	struct work w = { .tx = &c->tx, .enabled = enabled };
	const char *word = enabled ? "enabled" : "disabled";
	struct json *o;
	enum err e;

	if (!cli_org_named(c, c->args[0], &w.id))
		return CLI_FAILED;
	e = cli_write(c, work_org_enable, &w);
	if (e)
		return e == ERR_STATE_ALREADY ? cli_say("%s is already %s", c->args[0], word) : cli_failed(c, e);
	o = id_object(c, "org-", &w.id);
	js_put_str(c->arena, o, "status", enabled ? "active" : "disabled");
	cli_result(c, o, arena_printf(c->arena, "%s is %s.", c->args[0], word));
	return CLI_DONE;
}

int cmd_org_disable(struct cli *c)
{
	return enable_org(c, false);
}

int cmd_org_enable(struct cli *c)
{
	return enable_org(c, true);
}

int cmd_org_usage(struct cli *c)
{
	struct json *rows = js_array(c->arena);
	struct id org;

	if (!cli_org(c, &org))
		return CLI_FAILED;
	for (int q = QUOTA__NONE + 1; q < QUOTA__MAX; q++) {
		const struct quota_row *row = &quota_rows[q];
		struct json *o = js_object(c->arena);
		int64_t used;
		enum err e;

		if ((e = quota_used(&c->tx, &org, q, &used)))
			return cli_failed(c, e);
		js_put_str(c->arena, o, "of", row->what);
		js_put_int(c->arena, o, "used", used);
		js_put(o, "limit", *row->most ? js_integer(c->arena, *row->most) : NULL);
		js_put_str(c->arena, o, "setting", row->setting);
		js_add(rows, o);
	}
	cli_rows(c, rows, "");
	return CLI_DONE;
}

/* --- roles ---------------------------------------------------------------------------- */

static const struct column role_map[] = PICK_MAP(ROLE_LIST_PICK, struct role);

/* Is there such a role?  Otherwise said, with those there are. */
static bool role_known(struct cli *c, const struct id *org, const char *role)
{
	struct buf names = { .arena = c->arena };
	const struct role *all;
	struct db_rows r;
	enum err e;

	if ((e = tx_query(&c->tx, SQL_ROLE_LIST, DB_IN(db_d(org)), &r))) {
		cli_failed(c, e);
		return false;
	}
	all = row_array(c->arena, &r, role_map, sizeof *all);
	buf_puts(&names, "");
	for (size_t i = 0; i < r.n; i++) {
		if (!strcmp(all[i].name, role))
			return true;
		buf_printf(&names, "%s%s", i ? ", " : "", all[i].name);
	}
	cli_say("unknown role `%s`; roles of this organization: %s", role, names.p);
	return false;
}

/* The rows of a statement about the organization of --org; NULL, and said, if there are none to be had. */
static void *rows_of_org(struct cli *c, enum sql sql, const struct column *map, size_t size, size_t *n)
{
	struct db_rows r;
	struct id org;
	enum err e;

	if (!cli_org(c, &org))
		return NULL;
	if ((e = tx_query(&c->tx, sql, DB_IN(db_d(&org)), &r))) {
		cli_failed(c, e);
		return NULL;
	}
	*n = r.n;
	return row_array(c->arena, &r, map, size);
}

int cmd_role_list(struct cli *c)
{
	struct json *rows = js_array(c->arena);
	size_t n;
	const struct role *all = rows_of_org(c, SQL_ROLE_LIST, role_map, sizeof *all, &n);

	if (!all)
		return CLI_FAILED;
	for (size_t i = 0; i < n; i++) {
		struct json *o = js_object(c->arena);

		js_put_str(c->arena, o, "name", all[i].name);
		js_put_int(c->arena, o, "rate", all[i].rate);
		js_put_str(c->arena, o, "permissions", all[i].permissions);
		js_put(o, "updated_at", time_of(c->arena, all[i].life.changed));
		js_add(rows, o);
	}
	cli_rows(c, rows, "No roles.");
	return CLI_DONE;
}

/* The words, each known and once, one blank between two; NULL, and said, otherwise. */
static char *permissions(struct cli *c, const char *words)
{
	struct buf out = { .arena = c->arena }, all = { .arena = c->arena };

	buf_puts(&out, "");
	for (const char *s = words; *(s += strspn(s, " \t\n")); s += strcspn(s, " \t\n")) {
		char *word = arena_strndup(c->arena, s, strcspn(s, " \t\n"));

		if (!perm_known(word)) {
			for (int p = PERM_MEMBER + 1; p < PERM__MAX; p++)
				buf_printf(&all, " %s", perm_word(p));
			cli_say("unknown permission `%s`; known:%s", word, all.p);
			return NULL;
		}
		if (!word_in(out.p, word))
			buf_printf(&out, "%s%s", out.n ? " " : "", word);
	}
	if (!out.n)
		cli_say("--permissions is empty");
	return out.n && out.n <= PERMISSIONS_MAX ? out.p : NULL;
}

static bool role_name(const char *s)
{
	if (*s && strlen(s) <= ROLE_MAX && !role_name_fault(NULL, s))
		return true;
	cli_say("a role's name must be 1 to %d characters: A-Z a-z 0-9 . _ -", ROLE_MAX);
	return false;
}

int cmd_role_set(struct cli *c)
{
	struct work w = { .name = c->args[0], .permissions = permissions(c, cli_option(c, "--permissions")) };
	struct json *o = js_object(c->arena);
	enum err e;

	if (!w.permissions || !role_name(w.name) || !cli_number(c, "--rate", 1, 1000000, 0, &w.rate))
		return CLI_USAGE;
	if (!cli_org(c, &w.id))
		return CLI_FAILED;
	w.tx = &c->tx;
	e = cli_write(c, work_role, &w);
	if (e)                                   /* a duplicate: it was made meanwhile */
		return e == ERR_DB_DUPLICATE ? cli_failed(c, ERR_CONTENTION) : cli_failed(c, e);
	js_put_str(c->arena, o, "name", w.name);
	js_put_int(c->arena, o, "rate", w.rate);
	js_put_str(c->arena, o, "permissions", w.permissions);
	cli_result(c, o, arena_printf(c->arena, "Role %s: %s; %lld requests a minute.", w.name, w.permissions,
		(long long)w.rate));
	return CLI_DONE;
}

/* --- users ------------------------------------------------------------------------------- */

static bool email_word(const char *email)
{
	if (!cli_word("an email address", email, EMAIL_MAX, false))
		return false;
	if (!email_fault(NULL, email))
		return true;
	cli_say("`%s` is not an email address", email);
	return false;
}

bool cli_user_words(const char *username, const char *email)
{
	return cli_word("a user name", username, USERNAME_MAX, false) && email_word(email);
}

/* Who has the address already, perhaps spelled in another way. */
static int email_taken(struct cli *c, const char *email, const struct id *but)
{
	const char *other;

	if (user_of_email(&c->tx, email, but, &other))
		return cli_say("a user with the email address `%s` already exists", email);
	return cli_say("the email address `%s` already belongs to the user `%s` (case is ignored)", email, other);
}

int cli_user_taken(struct cli *c, const char *username, const char *email)
{
	struct user other;

	if (!user_find(&c->tx, username, &other))
		return cli_say("a user named `%s` already exists; user names are unique across all organizations", username);
	return email_taken(c, email, &id_none);
}

int cmd_user_create(struct cli *c)
{
	const char *username = cli_option(c, "--username"), *email = cli_option(c, "--email"), *role = cli_option(c, "--role");
	struct work w = { .user = { .username = username, .email = email, .role = role } };
	struct json *o;
	char *password;
	bool made;
	enum err e;

	if (!cli_user_words(username, email) || !(password = cli_password(c, "--password-stdin", &made))
	    || !cli_org(c, &w.user.organization) || !role_known(c, &w.user.organization, role))
		return CLI_FAILED;
	w.tx = &c->tx;
	w.user.password = passwd_hash(c->arena, password);
	e = cli_write(c, work_user, &w);
	if (e)
		return e == ERR_DB_DUPLICATE ? cli_user_taken(c, username, email) : cli_failed(c, e);
	o = id_object(c, "usr-", &w.id);
	js_put_str(c->arena, o, "username", username);
	if (made)
		js_put_str(c->arena, o, "password", password);
	cli_result(c, o, arena_printf(c->arena, "%s%s%s", id_spell(c->arena, "usr-", &w.id), made ? "\npassword: " : "",
		made ? password : ""));
	return CLI_DONE;
}

static struct json *user_object(struct cli *c, const struct work *w)
{
	struct json *o = id_object(c, "usr-", &w->user.id);

	js_put_str(c->arena, o, "username", w->user.username);
	return o;
}

/* Where the link leads: the console, of the issuer where that is an address. */
static char *link_to(struct cli *c, const char *secret, const char *username)
{
	const char *url = cli_option(c, "--url"), *base = url ? url : !strncmp(conf.issuer, "http", 4) ? conf.issuer : "";
	size_t n = strlen(base);

	while (n && base[n - 1] == '/')
		n--;
	return password_link_url(c->arena, arena_printf(c->arena, "%.*s%s", (int)n, base, url ? "" : conf.base_path), secret, username);
}

static enum err work_link(void *arg)
{
	struct work *w = arg;

	return password_link_make(w->tx, &w->user, w->n, &w->link);
}

static enum err work_invite(void *arg)
{
	struct work *w = arg;
	enum err e = user_create(w->tx, &w->user, &w->user.id);

	return e ? e : work_link(w);
}

static int told_link(struct cli *c, const struct work *w)
{
	struct json *o = user_object(c, w);
	char *link = link_to(c, w->link, w->user.username);

	js_put_str(c->arena, o, "link", link);
	js_put_str(c->arena, o, "expires_at", clock_iso(c->arena, w->tx->now + w->n * SECOND, TIME_SECONDS));
	cli_result(c, o, link);
	return CLI_DONE;
}

int cmd_user_link(struct cli *c)
{
	struct work w = { .tx = &c->tx };
	enum err e;

	if (!cli_number(c, "--ttl", 60, LINK_TTL_MAX, LINK_TTL_S, &w.n))
		return CLI_USAGE;
	if (!cli_user(c, c->args[0], &w.user))
		return CLI_FAILED;
	e = cli_write(c, work_link, &w);
	if (e)
		return e == ERR_STATE_ALREADY ? cli_say("%s is disabled", c->args[0]) : cli_failed(c, e);
	return told_link(c, &w);
}

int cmd_user_invite(struct cli *c)
{
	const char *username = cli_option(c, "--username"), *email = cli_option(c, "--email"), *role = cli_option(c, "--role");
	struct work w = { .tx = &c->tx, .user = { .username = username, .email = email, .role = role } };
	enum err e;

	if (!cli_number(c, "--ttl", 60, LINK_TTL_MAX, INVITE_TTL_S, &w.n))
		return CLI_USAGE;
	if (!cli_user_words(username, email) || !cli_org(c, &w.user.organization) || !role_known(c, &w.user.organization, role))
		return CLI_FAILED;
	w.user.password = PASSWD_UNSET;
	e = cli_write(c, work_invite, &w);
	if (e)
		return e == ERR_DB_DUPLICATE ? cli_user_taken(c, username, email) : cli_failed(c, e);
	return told_link(c, &w);
}

int cmd_user_list(struct cli *c)
{
	static const struct column map[] = PICK_MAP(USER_LIST_PICK, struct user);
	struct json *rows = js_array(c->arena);
	size_t n;
	const struct user *all = rows_of_org(c, SQL_USER_LIST, map, sizeof *all, &n);

	if (!all)
		return CLI_FAILED;
	for (size_t i = 0; i < n; i++) {
		struct json *o = id_object(c, "usr-", &all[i].id);

		js_put_str(c->arena, o, "username", all[i].username);
		js_put_str(c->arena, o, "email", all[i].email);
		js_put_str(c->arena, o, "role", all[i].role);
		js_put_str(c->arena, o, "status", all[i].status);
		js_put(o, "created_at", time_of(c->arena, all[i].created_at));
		js_add(rows, o);
	}
	cli_rows(c, rows, "No users; create one with `thaw user create`.");
	return CLI_DONE;
}

bool cli_user(struct cli *c, const char *username, struct user *out)
{
	struct tx *tx = cli_tx(c);
	enum err e;

	if (!tx)
		return false;
	e = user_find(tx, username, out);
	if (e == ERR_DB_NONE)
		cli_say("unknown user `%s`; run `thaw user list --org ORG`", username);
	else if (e)
		cli_failed(c, e);
	return !e;
}

/* What a change of a user answers with. */
static int changed(struct cli *c, const struct work *w, const char *text)
{
	cli_result(c, user_object(c, w), text);
	return CLI_DONE;
}

/* The API keys that act as the user, which no password ends: revoked in transactions of a
 * hundred, or counted.  *n: how many. */
static enum err keys_of(struct cli *c, struct work *w, bool revoke, int64_t *n)
{
	enum err e;

	*n = 0;
	if (!revoke)
		return tx_int(&c->tx, SQL_TOKENS_COUNT, DB_IN(db_d(&w->user.organization), db_d(&w->user.id)), n);
	c->who.organization = w->user.organization;
	do {
		if ((e = cli_write(c, work_keys, w)))
			return e;
		*n += w->n;
	} while (w->n == REVOKE_MOST);
	return OK;
}

int cmd_user_password(struct cli *c)
{
	struct work w = { .tx = &c->tx };
	bool made, revoke = cli_option(c, "--revoke-keys");
	struct buf text = { .arena = c->arena };
	struct json *o;
	char *password;
	int64_t keys;
	enum err e;

	if (!(password = cli_password(c, "--password-stdin", &made)) || !cli_user(c, c->args[0], &w.user))
		return CLI_FAILED;
	w.hash = passwd_hash(c->arena, password);
	if ((e = cli_write(c, work_password, &w)))
		return cli_failed(c, e);
	e = keys_of(c, &w, revoke, &keys);       /* whatever comes of it, the password is told */
	o = user_object(c, &w);
	if (made)
		js_put_str(c->arena, o, "password", password);
	js_put_int(c->arena, o, revoke ? "api_keys_revoked" : "api_keys_kept", keys);
	buf_printf(&text, made ? "password: %s" : "The password of %s has been changed and all sessions have been ended.", made ? password : c->args[0]);
	if (keys && revoke)
		buf_printf(&text, "\nRevoked API keys of %s: %lld.", c->args[0], (long long)keys);
	else if (keys)
		buf_printf(&text, "\nAPI keys that still act as %s: %lld; run this again with --revoke-keys to revoke them.", c->args[0],
			(long long)keys);
	cli_result(c, o, text.p);
	return e ? cli_failed(c, e) : CLI_DONE;
}

int cmd_user_email(struct cli *c)
{
	struct work w = { .tx = &c->tx, .name = c->args[1] };
	enum err e;

	if (!email_word(w.name) || !cli_user(c, c->args[0], &w.user))
		return CLI_FAILED;
	e = cli_write(c, work_email, &w);
	if (e)
		return e == ERR_DB_DUPLICATE ? email_taken(c, w.name, &w.user.id) : cli_failed(c, e);
	return changed(c, &w, arena_printf(c->arena, "%s now has the email address %s and must sign in again.", c->args[0], w.name));
}

int cmd_user_rename(struct cli *c)
{
	struct work w = { .tx = &c->tx, .name = c->args[1] };
	struct user other;
	enum err e;

	if (!cli_word("a user name", w.name, USERNAME_MAX, false) || !cli_user(c, c->args[0], &w.user))
		return CLI_FAILED;
	if (!user_find(&c->tx, w.name, &other))
		return cli_say("a user named `%s` already exists; user names are unique across all organizations", w.name);
	e = cli_write(c, work_rename, &w);
	if (e)
		return e == ERR_DB_DUPLICATE ? cli_failed(c, ERR_CONTENTION) : cli_failed(c, e);
	w.user.username = w.name;
	return changed(c, &w, arena_printf(c->arena, "%s is now called %s and must sign in again.", c->args[0], w.name));
}

static int enable(struct cli *c, bool enabled)
{
	struct work w = { .tx = &c->tx, .enabled = enabled };
	const char *word = enabled ? "enabled" : "disabled";
	enum err e;

	if (!cli_user(c, c->args[0], &w.user))
		return CLI_FAILED;
	e = cli_write(c, work_enable, &w);
	if (e == ERR_STATE_ALREADY)
		return cli_say("%s is already %s", c->args[0], word);
	if (e)
		return cli_failed(c, e);
	return changed(c, &w, arena_printf(c->arena, "%s is %s.", c->args[0], word));
}

int cmd_user_disable(struct cli *c)
{
	return enable(c, false);
}

int cmd_user_enable(struct cli *c)
{
	return enable(c, true);
}

int cmd_user_role(struct cli *c)
{
	struct work w = { .tx = &c->tx, .name = c->args[1] };
	enum err e;

	if (!cli_user(c, c->args[0], &w.user) || !role_known(c, &w.user.organization, w.name))
		return CLI_FAILED;
	if ((e = cli_write(c, work_user_role, &w)))
		return cli_failed(c, e);
	return changed(c, &w, arena_printf(c->arena, "%s now has the role %s.", c->args[0], w.name));
}
