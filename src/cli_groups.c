/* cli_groups.c: groups of users, which models are shared with. */
#include "cli.h"
#include "clock.h"
#include "dom_org.h"

enum { GROUP_MAX = 255 };

struct work { struct tx *tx; struct user_group group; struct user user; bool in; };

static enum err work_create(void *arg)
{
	struct work *w = arg;

	return user_group_create(w->tx, &w->group);
}

static enum err work_member(void *arg)
{
	struct work *w = arg;

	return user_group_member(w->tx, &w->group, &w->user, w->in);
}

int cmd_group_create(struct cli *c)
{
	struct work w = { .group.name = c->args[0] };
	struct json *o = js_object(c->arena);
	struct id id;
	enum err e;

	if (!cli_word("a group's name", w.group.name, GROUP_MAX, true))
		return CLI_USAGE;
	if (id_parse(w.group.name, "grp-", &id))
		return cli_say("a group's name must not look like an id");
	if (!cli_org(c, &w.group.life.organization))
		return CLI_FAILED;
	w.tx = &c->tx;
	e = cli_write(c, work_create, &w);
	if (e)
		return e == ERR_DB_DUPLICATE ? cli_say("a group named `%s` already exists", w.group.name) : cli_failed(c, e);
	js_put_str(c->arena, o, "id", id_spell(c->arena, "grp-", &w.group.life.id));
	js_put_str(c->arena, o, "name", w.group.name);
	cli_result(c, o, id_spell(c->arena, "grp-", &w.group.life.id));
	return CLI_DONE;
}

/* The group of an argument, in the organization of --org; false, and said, if there is none. */
static bool group_named(struct cli *c, const char *which, struct user_group *out)
{
	struct id org;
	enum err e;

	if (!cli_org(c, &org))
		return false;
	e = user_group_find(&c->tx, &org, which, out);
	if (e == ERR_DB_NONE)
		cli_say("unknown group `%s`; run `thaw group list --org ORG`", which);
	else if (e)
		cli_failed(c, e);
	return !e;
}

static int member(struct cli *c, bool in)
{
	struct work w = { .in = in };
	const char *group = c->args[0], *username = c->args[1];
	struct json *o = js_object(c->arena);
	enum err e;

	if (!group_named(c, group, &w.group) || !cli_user(c, username, &w.user))
		return CLI_FAILED;
	if (!id_equal(&w.user.organization, &w.group.life.organization))
		return cli_say("the user `%s` belongs to another organization", username);
	w.tx = &c->tx;
	e = cli_write(c, work_member, &w);
	if (e == ERR_STATE_ALREADY)
		return cli_say(in ? "%s is already in the group `%s`" : "%s is not in the group `%s`", username, group);
	if (e)
		return cli_failed(c, e);
	js_put_str(c->arena, o, "id", id_spell(c->arena, "grp-", &w.group.life.id));
	js_put_str(c->arena, o, "username", username);
	cli_result(c, o, arena_printf(c->arena, in ? "%s is now in the group `%s`." : "%s is no longer in the group `%s`.", username, group));
	return CLI_DONE;
}

int cmd_group_add(struct cli *c)
{
	return member(c, true);
}

int cmd_group_remove(struct cli *c)
{
	return member(c, false);
}

static int list_members(struct cli *c, const char *group)
{
	static const struct column map[] = PICK_MAP(USER_LIST_PICK, struct user);
	struct json *rows = js_array(c->arena);
	const struct user *all;
	struct user_group g;
	struct db_rows r;
	enum err e;

	if (!group_named(c, group, &g))
		return CLI_FAILED;
	if ((e = tx_query(&c->tx, SQL_MEMBER_LIST, DB_IN(db_d(&g.life.organization), db_d(&g.life.organization), db_d(&g.life.id)), &r)))
		return cli_failed(c, e);
	all = row_array(c->arena, &r, map, sizeof *all);
	for (size_t i = 0; i < r.n; i++) {
		struct json *o = js_object(c->arena);

		js_put_str(c->arena, o, "id", id_spell(c->arena, "usr-", &all[i].id));
		js_put_str(c->arena, o, "username", all[i].username);
		js_put_str(c->arena, o, "status", all[i].status);
		js_add(rows, o);
	}
	cli_rows(c, rows, "The group is empty; add a user with `thaw group add`.");
	return CLI_DONE;
}

int cmd_group_list(struct cli *c)
{
	static const struct column map[] = PICK_MAP(GROUP_LIST_PICK, struct user_group);
	const char *members = cli_option(c, "--members-of");
	struct json *rows = js_array(c->arena);
	const struct user_group *all;
	struct db_rows r;
	struct id org;
	enum err e;

	if (members)
		return list_members(c, members);
	if (!cli_org(c, &org))
		return CLI_FAILED;
	if ((e = tx_query(&c->tx, SQL_GROUP_LIST, DB_IN(db_d(&org)), &r)))
		return cli_failed(c, e);
	all = row_array(c->arena, &r, map, sizeof *all);
	for (size_t i = 0; i < r.n; i++) {
		struct json *o = js_object(c->arena);

		js_put_str(c->arena, o, "id", id_spell(c->arena, "grp-", &all[i].life.id));
		js_put_str(c->arena, o, "name", all[i].name);
		js_put_int(c->arena, o, "members", all[i].members);
		js_put_str(c->arena, o, "created_at", clock_iso(c->arena, all[i].life.created, TIME_SECONDS));
		js_add(rows, o);
	}
	cli_rows(c, rows, "No groups; create one with `thaw group create --org ORG NAME`.");
	return CLI_DONE;
}
