/* columns.h: the columns of each object, once.  From these lists come the texts and letters
 * of sql.def, what a row of the database becomes in a struct (objects.c), and what a change
 * writes: nobody counts columns.
 *
 * A list is NAME(C, A): C(A, kind, column, member) for each column.  A is handed on: the
 * alias of the table in a text, the type of the struct in a map.  Kinds (row.h):
 *   s a    text; a: of an ascii column            i      integer
 *   i0 t0 d0   NULL is 0, and back                in     NULL is negative
 *   b nb   bool; nb: negated                      t d x  time, identity, struct bytes
 *   w      the word of a state                    now nil    written: the time of the change, NULL
 *   was    written: the word of the state that the change leaves
 *
 * Of an object OBJ there are
 *   OBJ_TABLE      its table
 *   OBJ_COLUMNS    what is read and written: each statement reads organization_id before
 *   OBJ_ADDED      what its creation writes beside them, and OBJ_ADDS, OBJ_ADDED_AS: other
 *                  columns and what they are; OBJ_TAKEN: what a duplicate key means
 *   OBJ_LOCKED     computed columns that its lock reads too
 *   OBJ_BRIEF      what stands before its children
 *   OBJ_SEEN       computed columns that a read has behind them
 *   OBJ_KEPT(K)    what its lists filter and its unique keys go by: plain columns, since a prepared
 *                  statement reads whole rows along an index of a generated one from its second
 *                  execution on; K(column, expression, collation) of what was written before
 * and lists for what its changes write (CHANGE in life.def).
 *
 * What a statement picks beside such rows is NAME_PICK(F, C, A): F for the first column, C for
 * each other, with a text in the place of the column's name (PICK). */
#ifndef COLUMNS_H
#define COLUMNS_H

#define NOTHING(C, A)
#define ADDS_NOTHING ""
#define KEPT_SET(column, text, collation) ", " #column " = " text
#define KEPT_TRUE(column, text, collation) " AND x." #column collation " <=> (" text ")"
#define NAME_HASH(dead) "IF(status = '" dead "', NULL, UNHEX(SHA2(name, 256)))"

/* ---- From a list to text and letters ---- */

#define COL_TEXT(A, kind, column, member) ", " A "." #column
#define COL_EXPR(A, kind, text, member) ", " text
#define COL_OUT(A, kind, column, member) OUT_##kind
#define COL_NAME(A, kind, column, member) ", " #column
#define COL_MARK(A, kind, column, member) ", ?"
#define COL_IN(A, kind, column, member) IN_##kind
#define COL_SET(A, kind, column, member) ", " #column " = ?"
#define COL_SET_IN(A, kind, column, member) SET_##kind

#define OUT_s "s"
#define OUT_a "s"
#define OUT_i "i"
#define OUT_i0 "i"
#define OUT_in "i"
#define OUT_b "i"
#define OUT_nb "i"
#define OUT_t "t"
#define OUT_t0 "t"
#define OUT_d "d"
#define OUT_d0 "d"
#define OUT_x "x"
#define OUT_w "s"
#define IN_s "s"
#define IN_a "a"
#define IN_i "i"
#define IN_i0 "i"
#define IN_in "i"
#define IN_b "i"
#define IN_nb "i"
#define IN_t "t"
#define IN_t0 "t"
#define IN_d "d"
#define IN_d0 "d"
#define IN_x "x"
#define IN_w "a"
/* In an UPDATE the server takes any text that the column does not have to be compared with. */
#define SET_s "s"
#define SET_a "s"
#define SET_i "i"
#define SET_i0 "i"
#define SET_in "i"
#define SET_b "i"
#define SET_t "t"
#define SET_t0 "t"
#define SET_d "d"
#define SET_d0 "d"
#define SET_x "x"
#define SET_now "t"
#define SET_nil "t"
#define SET_was "s"

/* A row of a table by its alias, and its letters. */
#define ROW(LIST, alias) alias ".organization_id" LIST(COL_TEXT, alias)
#define ROW_OUT(LIST) "d" LIST(COL_OUT, )
/* The columns of a list that begins with F. */
#define PICK(LIST) LIST(PICK_FIRST, COL_EXPR, )
#define PICK_OUT(LIST) LIST(COL_OUT, COL_OUT, )
#define PICK_FIRST(A, kind, text, member) text

/* ---- What every object has ---- */

#define HEAD(C, A) C(A, d, id, life.id) C(A, w, status, life.state) C(A, i, revision, life.revision) \
	C(A, t, created_at, life.created) C(A, t, updated_at, life.changed)
#define MODE(C, A) C(A, nb, livemode, life.test)

/* ---- Who calls ---- */

/* The status of a principal p: nobody of an organization that is disabled may do anything, which its roles tell. */
#define ORG_OFF "suspended"
#define STANDING "IF(r.status <> 'active', '" ORG_OFF "', p.status)"
/* What settles the caller, of the joined rows of principal and role. */
#define WHO_PICK(F, C, A) F(A, s, STANDING, status) C(A, t, "p.tokens_since", since) C(A, i, "p.tokens_gen", gen) \
	C(A, s, "r.permissions", permissions) C(A, i, "r.rate", rate)

/* ---- Organizations, roles, users ---- */

#define ORG_TABLE "organizations"
#define ORG_COLUMNS(C, A) HEAD(C, A) C(A, s, name, name)
#define ORG_BRIEF ORG_COLUMNS
#define ORG_ADDED(C, A)
#define ORG_ADDS ADDS_NOTHING
#define ORG_KEPT(K)
#define ORG_TAKEN ERR_DB_DUPLICATE
#define ORG_ADDED_AS ADDS_NOTHING
#define ORG_LOCKED(C, A)
#define ORG_SEEN(C, A)

#define ROLE_TABLE "roles"
#define ROLE_COLUMNS(C, A) HEAD(C, A) C(A, a, name, name) C(A, a, permissions, permissions) C(A, i, rate, rate)
#define ROLE_BRIEF ROLE_COLUMNS
#define ROLE_ADDED(C, A)
#define ROLE_ADDS ADDS_NOTHING
#define ROLE_KEPT(K)
#define ROLE_TAKEN ERR_DB_DUPLICATE
#define ROLE_ADDED_AS ADDS_NOTHING
#define ROLE_LOCKED(C, A)
#define ROLE_SEEN(C, A)
#define ROLE_LIMITS(C, A) C(A, a, permissions, permissions) C(A, i, rate, rate)

#define USER_TABLE "principals"
#define USER_COLUMNS(C, A) HEAD(C, A) C(A, s, username, username) C(A, s, email, email) C(A, a, role, role)
#define USER_BRIEF USER_COLUMNS
#define USER_ADDED(C, A) C(A, a, kind, kind) C(A, a, password, password)
#define USER_ADDS ", tokens_since, email_key"
#define USER_KEPT(K)
#define USER_TAKEN ERR_DB_DUPLICATE
#define USER_ADDED_AS ", created_at, LOWER(email)"
#define USER_LOCKED(C, A)
/* When the user last signed in or went on with a session, as far as one of these is still there. */
#define USER_SEEN(C, A) C(A, t0, "(SELECT MAX(f.created_at) FROM refresh_tokens f WHERE f.organization_id = " A ".organization_id AND f.principal_id = " A ".id)", active)
#define USER_PASSWORD_COLUMNS(C, A) C(A, a, password, password)
#define USER_EMAIL_COLUMNS(C, A) C(A, s, email, email)
#define USER_NAMED(C, A) C(A, s, username, username)
#define USER_ROLE_COLUMNS(C, A) C(A, a, role, role)
#define USER_GROUP_TABLE "user_groups"
#define USER_GROUP_COLUMNS(C, A) HEAD(C, A) C(A, s, name, name)
#define USER_GROUP_BRIEF USER_GROUP_COLUMNS
#define USER_GROUP_ADDED(C, A)
#define USER_GROUP_ADDS ADDS_NOTHING
#define USER_GROUP_KEPT(K)
#define USER_GROUP_TAKEN ERR_DB_DUPLICATE
#define USER_GROUP_ADDED_AS ADDS_NOTHING
#define USER_GROUP_LOCKED(C, A)
#define USER_GROUP_SEEN(C, A)
#define GROUP_LIST_PICK(F, C, A) F(A, d, "k.id", life.id) C(A, s, "k.name", name) C(A, t, "k.created_at", life.created) C(A, i, "COUNT(n.principal_id)", members)
/* A user who signs in, and one as the thaw command finds and lists them. */
#define LOGIN_PICK(F, C, A) F(A, d, "p.organization_id", organization) C(A, d, "p.id", id) C(A, s, "p.username", username) \
	C(A, s, "p.email", email) C(A, s, "p.password", password) C(A, s, "p.role", role) C(A, s, STANDING, status) C(A, i, "r.rate", rate) \
	C(A, s, "r.permissions", permissions)
#define USER_FIND_PICK(F, C, A) F(A, d, "p.organization_id", organization) C(A, d, "p.id", id) C(A, s, "p.email", email) C(A, s, "p.role", role) \
	C(A, s, STANDING, status) C(A, i, "r.rate", rate) C(A, i, "p.tokens_gen", gen)
#define USER_SELF_PICK(F, C, A) F(A, s, "p.username", username) C(A, s, "p.email", email) C(A, s, "p.role", role)
#define USER_SHOWN_PICK(F, C, A) F(A, d0, "u.id", life.id) C(A, s, "u.username", username) C(A, s, "u.email", email) \
	C(A, b, "u.status IS NOT NULL AND u.status <> 'active'", disabled)
#define USER_LIST_PICK(F, C, A) F(A, d, "id", id) C(A, s, "username", username) C(A, s, "email", email) C(A, s, "role", role) \
	C(A, s, "status", status) C(A, t, "created_at", created_at)
#define ORG_NAMED(C, A) C(A, s, name, name)
#define ORG_LIST_PICK(F, C, A) F(A, d, "id", life.id) C(A, s, "name", name) C(A, s, "status", status) C(A, t, "created_at", life.created)
#define ROLE_LIST_PICK(F, C, A) F(A, d, "id", life.id) C(A, s, "name", name) C(A, s, "permissions", permissions) C(A, i, "rate", rate) C(A, t, "updated_at", life.changed)
#define EMAIL_TWINS_PICK(F, C, A) F(A, s, "GROUP_CONCAT(username ORDER BY username SEPARATOR '`, `')", users) C(A, s, "LOWER(email)", email)
/* A refresh token with its session and its user. */
#define REFRESH_PICK(F, C, A) F(A, d, "f.organization_id", session.user.organization) C(A, d, "f.principal_id", session.user.id) \
	C(A, t, "f.expires_at", expires) C(A, s, "p.role", session.user.role) C(A, s, STANDING, session.user.status) \
	C(A, i, "r.rate", session.user.rate) C(A, s, "p.username", session.user.username) C(A, d, "f.family_id", session.family) \
	C(A, t0, "x.rotated_at", rotated) C(A, x, "x.salt", salt) C(A, s, "p.email", session.user.email) \
	C(A, s, "r.permissions", session.user.permissions) C(A, d0, "f.client_id", session.client) C(A, s, "f.scopes", session.scopes) \
	C(A, b, "v.id IS NOT NULL", ended) C(A, t, "p.tokens_since", since) C(A, i, "p.tokens_gen", session.user.gen) C(A, in, "f.tokens_gen", gen)
#define LINK_PICK(F, C, A) F(A, d, "principal_id", user) C(A, t, "expires_at", expires) C(A, t0, "used_at", used) C(A, in, "tokens_gen", gen)
/* A column as the database tells of it; key: its place in the primary key, 0 for none. */
#define TRANSFER_PICK(F, C, A) F(A, s, "k.column_name", name) C(A, s, "k.data_type", type) C(A, s, "k.character_set_name", set) \
	C(A, i0, "CAST(COALESCE(u.ordinal_position, 0) AS SIGNED)", key)
/* A session that lasts, with its user and its application: what session_of() would find. */
#define SESSION_LIST_PICK(F, C, A) F(A, d, "f.family_id", family) C(A, d, "f.principal_id", user.id) C(A, s, "p.username", user.username) \
	C(A, s, "k.name", client) C(A, s, "f.scopes", scopes) C(A, t, "MAX(f.created_at)", used) C(A, t, "MAX(f.expires_at)", expires)
/* What the thaw command lists of runs that go on, and of webhook endpoints. */
#define RUN_LIST_PICK(F, C, A) F(A, d, "x.id", id) C(A, d0, "x.model_id", model) C(A, s, "m.name", name) C(A, s, "p.username", username) \
	C(A, t, "x.started_at", started)
#define WEBHOOK_LIST_PICK(F, C, A) F(A, d, "x.id", id) C(A, s, "x.url", url) C(A, s, "x.status", status) C(A, s, "p.username", username) \
	C(A, s, "x.enabled_events", events) C(A, t0, "x.failing_since", failing) C(A, b, "x.livemode", live) C(A, i, "(SELECT COUNT(*) FROM deliveries d " \
	"FORCE INDEX (delivery_due) WHERE d.organization_id = x.organization_id AND d.endpoint_id = x.id AND d.outcome IS NULL AND d.next_at IS NOT NULL)", waiting)
/* Every token that the user has ends. */
#define TOKENS_END ", tokens_since = updated_at, tokens_gen = tokens_gen + 1"

/* ---- Models, their runs and versions ---- */

#define MODEL_TABLE "models"
#define MODEL_COLUMNS(C, A) MODEL_BRIEF(C, A) C(A, s, tags, tags) C(A, s, config, config) C(A, s, metadata, metadata)
/* Without its documents: for what belongs to it. */
#define MODEL_BRIEF(C, A) HEAD(C, A) C(A, b, is_global, life.global) C(A, d, created_by, life.whose) C(A, s, name, name) \
	C(A, s, description, description) C(A, a, model_type, model_type) C(A, a, task_type, task_type) C(A, s, dataset_id, dataset_id) \
	C(A, i, last_version, last_version) C(A, i, versions_skipped, skipped) C(A, i0, active_version, active_version) C(A, t0, archived_at, archived_at) \
	C(A, t0, unarchived_at, unarchived_at) C(A, d, folder_id, folder) C(A, s, target_name, target_name) C(A, a, target_type, target_type) \
	C(A, i, deployed, life.held) C(A, b, shared, life.shared) C(A, b, is_prompt, prompt) C(A, d0, trashed_with, trashed)
#define MODEL_ADDED(C, A)
#define MODEL_ADDS ", children_rev"
#define MODEL_KEPT(K) K(hidden, "(status IN ('archived', 'retired')) + 2 * is_prompt", "") K(name_hash, NAME_HASH("retired"), "") \
	K(name_key, "LEFT(name, 700)", " COLLATE utf8mb4_bin") K(name_exact, "LEFT(name, 700) COLLATE utf8mb4_nopad_bin", "")
/* When MLflow's clients see it changed: the change itself, a new version, a stage, but no label or alias (mlflow_updated_at). */
#define SAID ", mlflow_updated_at = updated_at"
#define MODEL_TAKEN ERR_MODEL_NAME_TAKEN
#define MODEL_ADDED_AS ", 0"
/* Whether the caller p, whose role is r, sees a model y. */
#define CALLER_SEES_Y " AND (y.is_global = 1 OR CONCAT(' ', r.permissions, ' ') LIKE '% organization:admin %' OR " GRANTED("y", "p.id") " > 0)"
/* The model whose grants count: on one that everybody sees and nobody ever shared its maker alone has any, who owns it anyhow. */
#define MODEL_LOCKED(C, A) C(A, d0, "IF(" A ".is_global = 1 AND " A ".shared = 0, NULL, " A ".id)", life.grants)
/* What a principal was granted on a model, directly, with the organization, or with a group: 0 nothing, 1 OBSERVER, 2 USER,
 * 3 OWNER.  Where one object is read it is a statement of its own, for those that need it (SQL_GRANTED): as a column it
 * costs half of every read, whether it is computed or not.  Names the principal twice. */
#define GRANTED(alias, principal) "GREATEST(COALESCE((SELECT MAX(g.role) FROM grants g WHERE g.organization_id = " alias ".organization_id " \
	"AND g.model_id = " alias ".id AND g.grantee_id IN (" principal ", " alias ".organization_id)), 0), COALESCE((SELECT MAX(g.role) " \
	"FROM group_members n FORCE INDEX (PRIMARY) STRAIGHT_JOIN grants g ON g.organization_id = n.organization_id AND g.model_id = " alias ".id AND g.grantee_id = n.group_id " \
	"WHERE n.organization_id = " alias ".organization_id AND n.principal_id = " principal "), 0))"
#define MODEL_SEEN(C, A)
/* A grant, as it is written and as it is listed; whom one is for. */
#define GRANT_COLUMNS(C, A) C(A, d, grantee_id, id) C(A, a, kind, kind) C(A, i, role, role) C(A, a, word, word) C(A, d0, granted_by, by) \
	C(A, t, created_at, at)
#define SHARE_PICK(F, C, A) F(A, d, "g.grantee_id", id) C(A, s, "IF(g.grantee_id = g.organization_id, 'organization', g.kind)", kind) \
	C(A, i, "g.role", role) C(A, s, "COALESCE(g.word, ELT(g.role, 'OBSERVER', 'USER', 'OWNER'))", word) C(A, s, "COALESCE(u.username, k.name, o.name, LOWER(HEX(g.grantee_id)))", name)
#define SHARE_WITH_PICK(F, C, A) F(A, s, "w.kind", kind) C(A, s, "w.name", name)
#define MODEL_EDITED(C, A) C(A, s, name, name) C(A, s, description, description) C(A, s, tags, tags) C(A, s, config, config) \
	C(A, s, metadata, metadata) C(A, s, dataset_id, dataset_id) C(A, b, is_global, life.global) C(A, s, target_name, target_name)
#define MODEL_PLACED(C, A) C(A, d, folder_id, folder)
#define MODEL_ARCHIVED(C, A) C(A, now, archived_at, archived_at) C(A, d0, trashed_with, trashed)
#define MODEL_UNARCHIVED(C, A) C(A, now, unarchived_at, unarchived_at) C(A, nil, archived_at, archived_at) C(A, d0, trashed_with, trashed)
#define MODEL_NUMBERS(C, A) C(A, i, last_version, last_version) C(A, i, versions_skipped, skipped) C(A, i0, active_version, active_version)
#define MODEL_ACTIVE(C, A) C(A, i, active_version, active_version)
#define MODEL_TARGETED(C, A) MODEL_NUMBERS(C, A) C(A, s, target_name, target_name) C(A, a, target_type, target_type)
#define MODEL_DEPLOYED(C, A) C(A, i, deployed, life.held)
/* Who made it and who changed it last, where a statement joined REGISTERED_PEOPLE. */
#define REGISTERED_LISTED(C, A) REGISTERED_SEEN(C, A) C(A, s, TAGS_OF("x"), labels)
#define REGISTERED_ALONE(C, A) REGISTERED_SEEN(C, A) ANY_LABELS(C, A)
#define REGISTERED_SEEN(C, A) C(A, d0, "v.id", maker.id) C(A, s, "v.username", maker.name) C(A, s, "v.email", maker.email) \
	C(A, d0, "u.id", changer.id) C(A, s, "u.username", changer.name) C(A, s, "u.email", changer.email)
/* Labels, as the registry tells of them and as MLflow's clients do.  A column of them takes a table on disk, since a value
 * can be long: lists have it (LISTED); what is read alone (ALONE) tells whether there are any, and labels_of() reads them. */
#define A_TAG "JSON_OBJECT('id', LOWER(HEX(t.id)), 'name', t.name, 'value', t.value)"
#define A_LABEL "JSON_OBJECT('key', t.name, 'value', t.value)"
#define TAG_PICK(F, C, A) F(A, d, "t.object_id", object) C(A, s, A_TAG, text)
#define LABEL_PICK(F, C, A) F(A, d, "t.object_id", object) C(A, s, A_LABEL, text)
#define FROM_TAGS(alias) "FROM tags t WHERE t.organization_id = " alias ".organization_id AND t.object_id = " alias ".id)"
#define TAGS_OF(alias) "(SELECT CONCAT('[', GROUP_CONCAT(" A_TAG " ORDER BY t.id), ']') " FROM_TAGS(alias)
#define LABELS_OF(alias) "(SELECT CONCAT('[', GROUP_CONCAT(" A_LABEL " ORDER BY t.name), ']') " FROM_TAGS(alias)
#define ANY_LABELS(C, A) C(A, b, "EXISTS (SELECT 1 " FROM_TAGS("x"), labelled)
/* Moves with every change of a child, so that a cluster sees two meet. */
#define CHILDREN ", children_rev = children_rev + 1"

#define RUN_TABLE "training_runs"
#define RUN_BRIEF(C, A) C(A, d, id, life.id) C(A, w, status, life.state) C(A, i, revision, life.revision) \
	C(A, t, started_at, life.created) C(A, t, updated_at, life.changed) C(A, d0, model_id, model) C(A, s, algorithm, algorithm) \
	C(A, s, reason, reason) C(A, d, started_by, life.whose) C(A, t0, ended_at, ended_at)
#define RUN_COLUMNS(C, A) RUN_BRIEF(C, A) RUN_FOUND(C, A)
#define RUN_FOUND(C, A) C(A, s, hyperparameters, hyperparameters) C(A, s, metrics, metrics) C(A, s, features, features) C(A, s, target, target) \
	C(A, s, artifacts, artifacts) C(A, s, logs, logs)
/* Of one that was imported. */
#define RUN_ADDED(C, A) C(A, d0, project_id, project) C(A, s, name, package.name) C(A, a, target_type, package.target_type) \
	C(A, x, class_digest, package.classes) C(A, a, threshold, package.threshold) C(A, i0, kinds, package.kinds) \
	C(A, s, file_name, package.file_name) C(A, s, whole_target, package.target) C(A, s, datasets, package.datasets) \
	C(A, s, timeseries, package.timeseries) C(A, s, scoring_code, scoring_code) C(A, s, import_meta, package.import_meta) \
	C(A, s, all_features, package.features) C(A, s, model_logs, package.logs)
#define RUN_ADDS ADDS_NOTHING
#define RUN_KEPT(K)
#define RUN_TAKEN ERR_RUN_EXISTS
#define RUN_ADDED_AS ADDS_NOTHING
#define RUN_LOCKED(C, A)
#define RUN_SEEN(C, A)
#define RUN_COMPLETED(C, A) C(A, now, ended_at, ended_at) C(A, s, algorithm, algorithm) RUN_FOUND(C, A)
#define RUN_FAILED(C, A) C(A, now, ended_at, ended_at) C(A, s, reason, reason)

#define VERSION_TABLE "model_versions"
#define VERSION_COLUMNS(C, A) HEAD(C, A) C(A, d, model_id, model) C(A, i, number, number) C(A, d0, run_id, run) C(A, s, algorithm, algorithm) \
	C(A, s, hyperparameters, hyperparameters) C(A, s, metrics, metrics) C(A, s, artifacts, artifacts) C(A, d0, trained_by, trained_by) \
	C(A, t0, trained_at, trained_at) C(A, in, training_seconds, training_seconds) C(A, s, branch, branch) C(A, a, source, source) \
	C(A, x, artifact, artifact) C(A, d0, from_model_id, from_model) C(A, d0, from_version_id, from_version)
/* What describes it as a client sent it. */
#define VERSION_BRIEF VERSION_COLUMNS
#define VERSION_ADDED(C, A) VERSION_API(C, A) PACKAGE_COLUMNS(C, A) PACKAGE_LARGE(C, A) VERSION_ORIGIN(C, A)
/* Where MLflow's clients say that it comes from. */
#define VERSION_ORIGIN(C, A) C(A, s, source_uri, origin.source) C(A, s, download_uri, origin.download) C(A, s, run_link, origin.run_link) \
	C(A, s, source_run, origin.run) C(A, s, logged_model, origin.logged_model)
#define VERSION_API(C, A) C(A, s, model_api, model_api) C(A, s, conda_requirements, conda_requirements) \
	C(A, s, backing_repositories, backing_repositories)
#define VERSION_ADDS ADDS_NOTHING
#define VERSION_KEPT(K)
#define VERSION_TAKEN ERR_DB_RETRY
#define VERSION_ADDED_AS ADDS_NOTHING
#define VERSION_LOCKED(C, A)
#define VERSION_SEEN(C, A) C(A, i0, "(SELECT f.size FROM artifacts f WHERE f.organization_id = " A ".organization_id AND f.sha256 = " A ".artifact)", artifact_size)
/* What the registry tells of it: what lists show, and what is told by itself. */
#define PACKAGE_COLUMNS(C, A) C(A, d0, created_by, life.whose) C(A, s, name, package.name) C(A, s, description, package.description) \
	C(A, a, stage, package.stage) C(A, a, build_status, package.build) C(A, a, execution, package.execution) C(A, d0, source_id, package.source) C(A, s, source_name, package.source_name) \
	C(A, s, target_name, package.target_name) C(A, a, target_type, package.target_type) C(A, x, class_digest, package.classes) \
	C(A, a, threshold, package.threshold) C(A, i0, kinds, package.kinds) C(A, s, model_name, package.model_name) C(A, s, file_name, package.file_name) \
	C(A, d0, use_case_id, package.use_case) C(A, x, mlpkg, package.mlpkg) C(A, in, intervals, package.intervals) C(A, s, target, package.target) \
	C(A, s, datasets, package.datasets) C(A, s, timeseries, package.timeseries) C(A, s, model_description, package.model_description) \
	C(A, s, source_meta, package.source_meta) C(A, s, import_meta, package.import_meta) C(A, s, extra, package.extra)
#define PACKAGE_LARGE(C, A) C(A, s, features, package.features) C(A, s, logs, package.logs)
#define VERSION_DESCRIBED(C, A) C(A, s, description, package.description)
/* As MLflow's clients are told of a version x of a model y, made by v; and of a model x itself. */
#define NAMED_VERSION_LISTED(C, A) NAMED_VERSION_SEEN(C, A) C(A, s, LABELS_OF("x"), labels)
#define NAMED_VERSION_ALONE(C, A) NAMED_VERSION_SEEN(C, A) ANY_LABELS(C, A)
#define NAMED_MODEL_LISTED(C, A) NAMED_MODEL_SEEN(C, A) C(A, s, LABELS_OF("x"), labels)
#define NAMED_MODEL_ALONE(C, A) NAMED_MODEL_SEEN(C, A) ANY_LABELS(C, A)
#define NAMED_VERSION(C, A) HEAD(C, A) C(A, d, model_id, model) C(A, i, number, number)
#define NAMED_VERSION_SEEN(C, A) C(A, d0, "x.created_by", life.whose) C(A, s, "x.stage", package.stage) C(A, s, "x.description", package.description) \
	C(A, s, "x.source_uri", origin.source) C(A, s, "x.download_uri", origin.download) C(A, s, "x.run_link", origin.run_link) \
	C(A, s, "x.source_run", origin.run) C(A, s, "x.logged_model", origin.logged_model) C(A, s, "y.name", of.name) C(A, s, "v.username", maker.name) \
	C(A, s, ALIASES_OF("x", "x.model_id", " AND l.number = x.number", "'\"', l.name, '\"'"), aliases) \
	C(A, t, "x.mlflow_created_at", said.created) C(A, t, "x.mlflow_updated_at", said.changed)
#define NAMED_MODEL_SEEN(C, A) C(A, s, "v.username", maker.name) \
	C(A, s, ALIASES_OF("x", "x.id", "", "'{\"alias\": \"', l.name, '\", \"version\": \"', l.number, '\"}'"), aliases) \
	C(A, t, "x.mlflow_created_at", said.created) C(A, t, "x.mlflow_updated_at", said.changed)
/* And as an export writes them. */
#define MIRROR_MODEL_PICK(F, C, A) F(A, d, "x.id", life.id) C(A, s, "x.name", name) C(A, s, "x.description", description) NAMED_MODEL_LISTED(C, A)
#define MIRROR_VERSION_PICK(F, C, A) F(A, i, "x.number", number) NAMED_VERSION_LISTED(C, A)
/* An alias has nothing that JSON escapes (alias_fault()); and a text that cannot be long takes no table on disk. */
#define ALIASES_OF(alias, model, version, of) "(SELECT CONCAT('[', GROUP_CONCAT(" of " ORDER BY l.name), ']') " \
	"FROM model_aliases l WHERE l.organization_id = " alias ".organization_id AND l.model_id = " model version ")"
#define VERSION_EDITED(C, A) C(A, s, name, package.name) C(A, a, threshold, package.threshold) C(A, s, target, package.target)
#define VERSION_STAGED(C, A) C(A, a, stage, package.stage)
#define VERSION_BUILT(C, A) C(A, a, build_status, package.build) C(A, x, mlpkg, package.mlpkg) C(A, in, intervals, package.intervals)
/* What its model (y), its maker (v), whoever changed it last (u) and its deployments say of it, where a statement
 * joined PACKAGE_PEOPLE; in lists also what the caller was granted on the model. */
#define PACKAGE_LISTED(C, A) PACKAGE_SEEN(C, A) C(A, i0, GRANTED("y", "p.id"), of.granted) C(A, s, TAGS_OF("x"), labels)
#define PACKAGE_ALONE(C, A) PACKAGE_SEEN(C, A) ANY_LABELS(C, A)
#define PACKAGE_SEEN(C, A) C(A, s, "y.name", of.name) C(A, s, "y.target_name", of.target_name) C(A, s, "y.target_type", of.target_type) \
	C(A, b, "y.status = 'retired'", of.retired) C(A, b, "y.is_global", of.global) \
	C(A, d0, "IF(y.shared, NULL, y.created_by)", of.maker) C(A, d0, "v.id", maker.id) C(A, s, "v.username", maker.name) C(A, s, "v.email", maker.email) \
	C(A, d0, "u.id", changer.id) C(A, s, "u.username", changer.name) C(A, s, "u.email", changer.email) \
	C(A, i, ACTIVE_OF_VERSION("x"), deployments)
#define PACKAGE_PLACE_PICK(F, C, A) F(A, d, "model_id", model) C(A, i, "number", number)
#define PACKAGE_LAST_PICK(F, C, A) F(A, x, "class_digest", classes) C(A, s, "timeseries", timeseries) C(A, i0, "kinds", kinds)
#define ACTIVE_OF_VERSION(alias) "(SELECT COUNT(*) FROM deployments d FORCE INDEX (deployment_by_version) " \
	"WHERE d.organization_id = " alias ".organization_id AND d.version_id = " alias ".id AND d.status = 'active')"
/* And what a training run knows, which the statement joins as t. */
#define RUN_KNOWS(C, A) C(A, s, features, features) C(A, s, target, target)

/* ---- Deployments, their challengers, where they are ---- */

#define ENVIRONMENT_TABLE "prediction_environments"
#define ENVIRONMENT_COLUMNS(C, A) HEAD(C, A) C(A, d, created_by, life.whose) ENVIRONMENT_EDITED(C, A)
#define ENVIRONMENT_EDITED(C, A) C(A, s, name, name) C(A, s, description, description) C(A, a, platform, platform) C(A, s, plugin, plugin) \
	C(A, i, formats, formats) C(A, b, managed, managed) C(A, s, managed_by, managed_by) C(A, s, datastore_id, datastore) C(A, s, credential_id, credential)
#define ENVIRONMENT_BRIEF ENVIRONMENT_COLUMNS
#define ENVIRONMENT_ADDED(C, A)
#define ENVIRONMENT_ADDS ", children_rev"
#define ENVIRONMENT_KEPT(K) K(hidden, "status = 'deleted'", "")
#define ENVIRONMENT_TAKEN ERR_INTERNAL
#define ENVIRONMENT_ADDED_AS ", 0"
#define ENVIRONMENT_LOCKED(C, A)
#define ENVIRONMENT_SEEN(C, A)

#define DEPLOYMENT_TABLE "deployments"
#define DEPLOYMENT_COLUMNS(C, A) HEAD(C, A) C(A, d, created_by, life.whose) DEPLOYMENT_CHAMPION(C, A) C(A, d0, environment_id, environment) \
	DEPLOYMENT_EDITED(C, A) C(A, s, user_provided_id, given_id)
#define DEPLOYMENT_CHAMPION(C, A) C(A, d, model_id, model) C(A, d, version_id, version)
#define DEPLOYMENT_EDITED(C, A) C(A, s, label, label) C(A, s, description, description) C(A, a, importance, importance)
#define DEPLOYMENT_BRIEF DEPLOYMENT_COLUMNS
#define DEPLOYMENT_ADDED(C, A) C(A, s, runtime, runtime)
#define DEPLOYMENT_ADDS ADDS_NOTHING
#define DEPLOYMENT_KEPT(K) K(hidden, "status = 'deleted'", "")
#define DEPLOYMENT_TAKEN ERR_INTERNAL
#define DEPLOYMENT_ADDED_AS ADDS_NOTHING
/* Its champion's model where grants on that count, and whether everybody sees it. */
#define DEPLOYMENT_LOCKED(C, A) C(A, d0, CHAMPION_OF(A, "IF(z.is_global = 1 AND z.shared = 0, NULL, z.id)"), life.grants) \
	C(A, b, CHAMPION_OF(A, "z.is_global"), life.global)
#define CHAMPION_OF(alias, column) "(SELECT " column " FROM models z WHERE z.organization_id = " alias ".organization_id AND z.id = " alias ".model_id)"
#define DEPLOYMENT_SEEN(C, A)
#define DEPLOYMENT_SET(C, A) C(A, s, settings, settings)
/* A version v of a model m that is deployed, as deployments and challengers tell of it, in an environment e. */
#define DEPLOYED(C, A) C(A, d, "v.id", of.id) C(A, d, "v.model_id", of.model) C(A, s, "COALESCE(v.name, m.name)", of.name) \
	C(A, s, "COALESCE(v.source_name, LOWER(HEX(COALESCE(v.source_id, v.run_id, v.id))))", of.source) C(A, s, "COALESCE(v.model_name, v.algorithm, v.name, m.name)", of.type) \
	C(A, s, "COALESCE(v.target_name, m.target_name, m.name)", of.target_name) C(A, s, "COALESCE(v.target_type, m.target_type, _ascii'Unstructured')", of.target_type) \
	C(A, s, "JSON_VALUE(v.source_meta, '$.projectId')", of.project) IN_ENVIRONMENT(C, A)
/* And whether the caller sees the model, where that is another one than what the deployment is seen by. */
#define CHALLENGING(C, A) DEPLOYED(C, A) C(A, b, "m.is_global", of.global) C(A, i0, GRANTED("m", "p.id"), of.granted)
#define IN_ENVIRONMENT(C, A) C(A, d0, "e.id", in.life.id) C(A, s, "e.name", in.name) C(A, s, "e.platform", in.platform) C(A, s, "e.plugin", in.plugin) \
	C(A, i0, "e.formats", in.formats) C(A, b, "COALESCE(e.managed, 0)", in.managed)
#define KINDS_OF_V "COALESCE(v.kinds, IF(v.run_id IS NULL, 18432, 4352))"
/* What is to be deployed, or was. */
#define DEPLOYABLE_PICK(F, C, A) F(A, d, "v.model_id", model) C(A, d, "v.id", id) C(A, i, "v.number", number) C(A, b, "v.status = 'archived'", archived) \
	C(A, s, "v.build_status", build) C(A, i, KINDS_OF_V, kinds) C(A, x, "v.class_digest", classes) \
	C(A, s, "COALESCE(v.target_name, m.target_name, m.name)", target_name) C(A, s, "COALESCE(v.target_type, m.target_type, _ascii'Unstructured')", target_type) \
	C(A, b, "m.status = 'archived'", model_archived) C(A, b, "m.status = 'retired'", model_retired) C(A, b, "m.is_global", global) \
	C(A, i0, GRANTED("m", "?"), granted)
/* A version and a deployment that has or had it. */
#define PAIR_PICK(F, C, A) F(A, d, "x.deployment_id", id) C(A, t, "x.created_at", created) C(A, s, "x.label", label) C(A, i, "x.number", number) \
	C(A, s, "d.status", status) C(A, b, "COALESCE(d.version_id = x.version_id, 0)", champion) \
	C(A, b, "EXISTS (SELECT 1 FROM challengers h WHERE h.organization_id = x.organization_id AND h.deployment_id = x.deployment_id " \
	"AND h.version_id = x.version_id AND h.hidden = 0)", challenger) \
	C(A, t0, "x.first_at", first_at) C(A, d0, "u.id", first_by.id) C(A, s, "u.username", first_by.name) C(A, s, "u.email", first_by.email) \
	C(A, d0, "c.id", maker.id) C(A, s, "c.username", maker.name) C(A, s, "c.email", maker.email) IN_ENVIRONMENT(C, A)

#define CHALLENGER_TABLE "challengers"
#define CHALLENGER_COLUMNS(C, A) HEAD(C, A) C(A, d, created_by, life.whose) C(A, d, deployment_id, deployment) C(A, d, model_id, model) C(A, d, version_id, version) \
	CHALLENGER_EDITED(C, A)
#define CHALLENGER_EDITED(C, A) C(A, s, name, name) C(A, d0, environment_id, environment)
#define CHALLENGER_BRIEF CHALLENGER_COLUMNS
#define CHALLENGER_ADDED(C, A)
#define CHALLENGER_ADDS ADDS_NOTHING
#define CHALLENGER_KEPT(K) K(hidden, "status = 'deleted'", "")
#define CHALLENGER_TAKEN ERR_INTERNAL
#define CHALLENGER_ADDED_AS ADDS_NOTHING
#define CHALLENGER_LOCKED(C, A)
#define CHALLENGER_SEEN(C, A)

/* ---- What packages are made from ---- */

#define RUN_PROJECT_TABLE "run_projects"
#define RUN_PROJECT_COLUMNS(C, A) HEAD(C, A) C(A, d, created_by, life.whose) C(A, s, name, name)
#define RUN_PROJECT_BRIEF RUN_PROJECT_COLUMNS
#define RUN_PROJECT_ADDED(C, A)
#define RUN_PROJECT_ADDS ADDS_NOTHING
#define RUN_PROJECT_KEPT(K) K(name_hash, "UNHEX(SHA2(name, 256))", "")
#define RUN_PROJECT_TAKEN ERR_DB_RETRY
#define RUN_PROJECT_ADDED_AS ADDS_NOTHING
#define RUN_PROJECT_LOCKED(C, A)
#define RUN_PROJECT_SEEN(C, A)
/* Of a model of the leaderboard beside its run: its model (y), its project (j) and who made that (v), who started the run (u). */
#define LEADERBOARD_OF(C, A) C(A, s, "y.name", of.name) C(A, s, "y.config", of.config) C(A, s, "y.task_type", of.task_type) \
	C(A, s, "y.target_name", of.target_name) C(A, s, "y.target_type", of.target_type) C(A, b, "COALESCE(y.is_global, 1)", of.life.global) \
	C(A, i0, GRANTED("y", "p.id"), of.life.granted) C(A, d0, "j.id", project.life.id) C(A, s, "j.name", project.name) \
	C(A, t0, "j.created_at", project.life.created) C(A, d0, "v.id", maker.id) C(A, s, "v.username", maker.name) C(A, s, "v.email", maker.email) \
	C(A, d0, "u.id", started.id) C(A, s, "u.username", started.name) C(A, s, "u.email", started.email)
#define LEADERBOARD_BRIEF(C, A) C(A, d, id, life.id) C(A, t, started_at, life.created) C(A, t, updated_at, life.changed) \
	C(A, s, algorithm, algorithm) C(A, s, target, target) C(A, d, project_id, project) C(A, s, name, package.name) \
	C(A, a, target_type, package.target_type)

#define USE_CASE_TABLE "use_cases"
#define USE_CASE_COLUMNS(C, A) HEAD(C, A) C(A, d, created_by, life.whose) USE_CASE_EDITED(C, A)
#define USE_CASE_EDITED(C, A) C(A, s, name, name) C(A, s, description, description)
#define USE_CASE_BRIEF USE_CASE_COLUMNS
#define USE_CASE_ADDED(C, A)
#define USE_CASE_ADDS ADDS_NOTHING
#define USE_CASE_KEPT(K) K(hidden, "status = 'deleted'", "") K(name_key, "name", " COLLATE utf8mb4_bin")
#define USE_CASE_TAKEN ERR_INTERNAL
#define USE_CASE_ADDED_AS ADDS_NOTHING
#define USE_CASE_LOCKED(C, A)
#define USE_CASE_SEEN(C, A) C(A, d0, LAST_CHANGE("use_case", A), changer) C(A, i, "(SELECT COUNT(*) FROM model_versions v " \
	"FORCE INDEX (version_by_use_case) JOIN models y ON y.organization_id = v.organization_id AND y.id = v.model_id" CALLER_SEES_Y \
	" WHERE v.organization_id = " A ".organization_id AND v.use_case_id = " A ".id)", models)
#define VERSION_LINKED(C, A) C(A, d0, use_case_id, package.use_case) C(A, s, source_meta, package.source_meta)
#define CUSTOM_USE_PICK(F, C, A) F(A, d, "d.id", id) C(A, s, "d.label", label) C(A, s, "d.status", status) C(A, t, "d.created_at", created) \
	C(A, d, "m.id", model) C(A, s, "m.name", model_name) C(A, d, "c.id", version) C(A, s, "c.label", version_label) \
	C(A, b, "y.is_global", global) C(A, i0, GRANTED("y", "p.id"), granted)
#define CUSTOM_MAKER_PICK(F, C, A) F(A, d0, "u.id", id) C(A, s, "u.username", name) C(A, s, "u.email", email)
#define PERSON_PICK(F, C, A) F(A, d, "p.id", id) C(A, s, "p.username", name) C(A, s, "p.email", email)

#define CUSTOM_MODEL_TABLE "custom_models"
#define CUSTOM_MODEL_COLUMNS(C, A) HEAD(C, A) C(A, d, created_by, life.whose) C(A, a, kind, kind) C(A, a, target_type, target_type) \
	C(A, s, user_provided_id, user_provided_id) CUSTOM_MODEL_EDITED(C, A) CUSTOM_MODEL_NUMBERED(C, A)
#define CUSTOM_MODEL_EDITED(C, A) C(A, s, name, name) C(A, s, description, description) C(A, s, target_name, target_name) \
	C(A, s, positive_label, positive) C(A, s, negative_label, negative) C(A, a, threshold, threshold) C(A, s, class_labels, labels) \
	C(A, s, language, language) C(A, s, settings, settings)
#define CUSTOM_MODEL_NUMBERED(C, A) C(A, d0, latest_id, latest.life.id) C(A, i, major, major) C(A, i, minor, minor)
#define CUSTOM_MODEL_BRIEF CUSTOM_MODEL_COLUMNS
#define CUSTOM_MODEL_ADDED(C, A)
#define CUSTOM_MODEL_ADDS ", children_rev"
#define CUSTOM_MODEL_KEPT(K) K(hidden, "status = 'deleted'", "") K(name_key, "name", " COLLATE utf8mb4_bin")
#define CUSTOM_MODEL_TAKEN ERR_INTERNAL
#define CUSTOM_MODEL_ADDED_AS ", 0"
#define CUSTOM_MODEL_LOCKED(C, A)
/* The deployments of packages that were made from its versions; of those that `seen` says, by the model y of each. */
#define CUSTOM_DEPLOYED(alias, seen) "FROM custom_versions c FORCE INDEX (custom_version_number) " \
	"JOIN model_versions v FORCE INDEX (version_by_source) ON v.organization_id = c.organization_id AND v.source_id = c.id " \
	"JOIN deployments d FORCE INDEX (deployment_by_version) ON d.organization_id = v.organization_id AND d.version_id = v.id " \
	"AND d.status IN ('active', 'inactive') JOIN models y ON y.organization_id = d.organization_id AND y.id = d.model_id" seen " WHERE c.organization_id = " alias ".organization_id AND c.custom_model_id = " alias ".id"
#define CUSTOM_MODEL_SEEN(C, A) C(A, i, "(SELECT COUNT(*) " CUSTOM_DEPLOYED(A, CALLER_SEES_Y) ")", life.held) C(A, s, "(SELECT u.username FROM principals u WHERE u.organization_id = " A ".organization_id AND u.id = " A ".created_by)", maker)

#define CUSTOM_VERSION_TABLE "custom_versions"
#define CUSTOM_VERSION_COLUMNS(C, A) HEAD(C, A) C(A, d, created_by, life.whose) C(A, d, custom_model_id, model) C(A, i, major, major) C(A, i, minor, minor) \
	C(A, s, base_environment_id, environment) C(A, s, base_environment_version_id, environment_version) CUSTOM_VERSION_EDITED(C, A)
#define CUSTOM_VERSION_EDITED(C, A) C(A, s, label, label) C(A, s, description, description) C(A, s, settings, settings)
#define CUSTOM_VERSION_BRIEF CUSTOM_VERSION_COLUMNS
#define CUSTOM_VERSION_ADDED(C, A)
#define CUSTOM_VERSION_ADDS ADDS_NOTHING
#define CUSTOM_VERSION_KEPT(K)
#define CUSTOM_VERSION_TAKEN ERR_DB_RETRY
#define CUSTOM_VERSION_ADDED_AS ADDS_NOTHING
#define CUSTOM_VERSION_LOCKED(C, A)
#define CUSTOM_VERSION_SEEN(C, A) C(A, s, FILES_OF(A), items)
#define FILES_OF(alias) "(SELECT CONCAT('[', GROUP_CONCAT(JSON_OBJECT('id', LOWER(HEX(f.id)), 'fileName', SUBSTRING_INDEX(f.path, '/', -1), " \
	"'filePath', f.path, 'fileSource', 'local', 'created', CONCAT(DATE_FORMAT(f.created_at, '%Y-%m-%dT%H:%i:%s.%f'), 'Z')) ORDER BY f.path), ']') " \
	"FROM custom_files f WHERE f.organization_id = " alias ".organization_id AND f.version_id = " alias ".id)"
/* Of a custom model, its latest version, which a statement joined as w. */
#define CUSTOM_LATEST ROW(CUSTOM_VERSION_COLUMNS, "w") CUSTOM_VERSION_SEEN(COL_EXPR, "w")
#define CUSTOM_LATEST_OUT ROW_OUT(CUSTOM_VERSION_COLUMNS) CUSTOM_VERSION_SEEN(COL_OUT, )
#define CUSTOM_LATEST_JOIN "LEFT JOIN custom_versions w ON w.organization_id = x.organization_id AND w.id = x.latest_id"

/* ---- Folders ---- */

#define FOLDER_TABLE "folders"
#define FOLDER_COLUMNS(C, A) HEAD(C, A) C(A, d0, created_by, life.whose) C(A, d, parent_id, parent) C(A, d, project_id, of) C(A, s, name, name) \
	C(A, s, description, description) C(A, s, path, path) C(A, d0, trashed_with, trashed)
#define FOLDER_EDITED(C, A) C(A, d, parent_id, parent) C(A, d, project_id, of) C(A, s, name, name) C(A, s, description, description) C(A, s, path, path)
#define FOLDER_TRASHED(C, A) C(A, d0, trashed_with, trashed)
#define FOLDER_BRIEF FOLDER_COLUMNS
#define FOLDER_ADDED(C, A) C(A, a, kind, kind)
#define FOLDER_ADDS ", children_rev"
#define FOLDER_KEPT(K) K(hidden, "status <> 'active'", "") K(name_hash, NAME_HASH("deleted"), "")
#define FOLDER_TAKEN ERR_FOLDER_NAME_TAKEN
#define FOLDER_ADDED_AS ", 0"
#define FOLDER_LOCKED(C, A) C(A, b, A ".kind = 'project'", project)
/* The name of its space, and who changed it last, as its audit tells. */
#define FOLDER_SEEN(C, A) C(A, s, "(SELECT o.name FROM organizations o WHERE o.organization_id = " A ".organization_id AND o.id = " A ".organization_id)", space) \
	C(A, d0, LAST_CHANGE("folder", A), updated_by)
#define LAST_CHANGE(type, alias) "(SELECT a.actor_id FROM audit_events a WHERE a.organization_id = " alias ".organization_id " \
	"AND a.resource_type = '" type "' AND a.resource_id = " alias ".id AND a.revision = " alias ".revision)"

/* Where a new one lies, what lies in it, and a model by its name. */
#define FOLDER_PLACE_PICK(F, C, A) F(A, d, "project_id", of) C(A, s, "path", path)
#define CHILD_PICK(F, C, A) F(A, s, "k.kind", f.kind) C(A, d, "k.id", f.life.id) C(A, i, "COALESCE(f.revision, m.revision)", f.life.revision) \
	C(A, s, "COALESCE(f.status, m.status)", status) C(A, s, "COALESCE(f.name, m.name)", f.name) \
	C(A, s, "COALESCE(f.description, m.description)", f.description) C(A, d0, "COALESCE(f.created_by, m.created_by)", f.life.whose) \
	C(A, t, "COALESCE(f.created_at, m.created_at)", f.life.created) C(A, t, "COALESCE(f.updated_at, m.updated_at)", f.life.changed) \
	C(A, d0, "a.actor_id", f.updated_by) C(A, d0, "COALESCE(f.trashed_with, m.trashed_with)", f.trashed)
#define TRASH_PICK(F, C, A) CHILD_PICK(F, C, A) C(A, d0, "y.id", f.parent) C(A, d, "COALESCE(y.project_id, f.id)", f.of) C(A, s, "COALESCE(y.path, '')", f.path)
#define NAMES_FROM(alias) alias ".is_global IN (0, 1) AND " alias ".hidden IN (0, 2) AND " alias ".name_exact >= ? AND " alias ".name_exact < ?"
#define LABELS_SIZE_PICK(F, C, A) F(A, i, "COUNT(*)", n) C(A, i, "COALESCE(SUM(LENGTH(name) + LENGTH(value)), 0)", bytes)
#define ALIAS_PICK(F, C, A) F(A, s, "name", name) C(A, i, "number", number)
/* Who held an alias or a stage, and the names of who did it, where a statement joined HOLD_PEOPLE. */
#define HOLD_COLUMNS(C, A) C(A, d, id, id) C(A, a, kind, kind) C(A, s, name, name) C(A, i, number, number) C(A, t, from_at, since) C(A, d0, from_by, by.id) \
	C(A, t0, until_at, until) C(A, d0, until_by, ended_by.id)
#define HOLD_SEEN(C, A) C(A, s, "COALESCE(v.username, 'thaw')", by.name) C(A, s, "COALESCE(u.username, 'thaw')", ended_by.name)
#define MODEL_NAMED_PICK(F, C, A) F(A, d, "id", id) C(A, d, "folder_id", folder)
/* What was found by its name (dom_find.c). */
#define FOUND_AS(F, C, A, name_) F(A, d, "x.id", key) C(A, s, name_, name) C(A, s, "x.status", status)
#define FOUND_PICK(F, C, A) FOUND_AS(F, C, A, "x.name")
#define FOUND_LABEL_PICK(F, C, A) FOUND_AS(F, C, A, "x.label")
#define FOUND_MODEL_PICK(F, C, A) FOUND_PICK(F, C, A) C(A, i, "x.last_version", number)
#define FOUND_PROJECT_PICK(F, C, A) FOUND_PICK(F, C, A) C(A, i, "x.number", number)
#define FOUND_FOLDER_PICK(F, C, A) FOUND_PICK(F, C, A) C(A, s, "x.path", place)
#define SPACE_PICK(F, C, A) F(A, s, "o.name", name) C(A, t, "o.created_at", life.created)

/* ---- Projects ---- */

#define PROJECT_TABLE "projects"
#define PROJECT_COLUMNS(C, A) HEAD(C, A) C(A, i, number, number) PROJECT_EDITED(C, A) C(A, in, progress, progress)
#define PROJECT_EDITED(C, A) C(A, s, name, name) C(A, s, description, description) C(A, a, url, url) C(A, s, accent, accent) \
	C(A, s, tech_stack, tech_stack)
#define PROJECT_BRIEF PROJECT_COLUMNS
#define PROJECT_ADDED(C, A) C(A, d, created_by, life.whose)
#define PROJECT_ADDS ADDS_NOTHING
#define PROJECT_KEPT(K) K(hidden, "CASE status WHEN 'ARCHIVED' THEN 1 WHEN 'DELETED' THEN 2 ELSE 0 END", "") K(name_hash, NAME_HASH("DELETED"), "") \
	K(live_url, "IF(status = 'DELETED', NULL, url)", "") K(name_key, "name", " COLLATE utf8mb4_bin")
#define PROJECT_TAKEN ERR_DB_RETRY
#define PROJECT_ADDED_AS ADDS_NOTHING
#define PROJECT_LOCKED(C, A)
#define PROJECT_SEEN(C, A)
#define PROJECT_BEGUN(C, A) C(A, was, built_from, life.state) C(A, i, progress, progress)
#define PROJECT_PROGRESSED(C, A) C(A, i, progress, progress)
#define PROJECT_SHELVED(C, A) C(A, was, previous_status, life.state)

/* Which of its two unique words are another's. */
#define PROJECT_TAKEN_PICK(F, C, A) \
	F(A, b, "EXISTS (SELECT 1 FROM projects j WHERE j.organization_id = ? AND j.name_hash = UNHEX(SHA2(?, 256)) AND j.id <> ?)", name) \
	C(A, b, "EXISTS (SELECT 1 FROM projects j WHERE j.live_url = ? AND j.id <> ?)", url)

/* ---- Workspaces, entities, authorizations ---- */

#define WORKSPACE_TABLE "workspaces"
#define WORKSPACE_COLUMNS(C, A) HEAD(C, A) MODE(C, A) LABELLED_COLUMNS(C, A) C(A, t0, archived_at, archived_at)
#define LABELLED_COLUMNS(C, A) C(A, s, name, name) C(A, s, metadata, metadata)
#define WORKSPACE_BRIEF WORKSPACE_COLUMNS
#define WORKSPACE_ADDED(C, A) C(A, d0, created_by, life.whose)
#define WORKSPACE_ADDS ", children_rev"
#define WORKSPACE_KEPT(K) K(hidden, "status = 'archived'", "") K(name_key, "name", " COLLATE utf8mb4_bin")
#define WORKSPACE_TAKEN ERR_INTERNAL
#define WORKSPACE_ADDED_AS ", 0"
#define WORKSPACE_LOCKED(C, A)
#define WORKSPACE_SEEN(C, A) C(A, s, "(" ENTITIES_OF("WHERE e.organization_id = " A ".organization_id AND e.workspace_id = " A ".id") ")", entities)
#define ENTITIES_OF(where) "SELECT GROUP_CONCAT(LOWER(HEX(e.id)) ORDER BY e.id) FROM entities e " where
/* The computed target, the entities it was computed from, how many they are, how many not in their last state. */
#define WORKSPACE_TARGET_PICK(F, C, A) F(A, w, "IF(" OPEN_ENTITIES " > 0, 'active', 'ready')", to) \
	C(A, s, "GROUP_CONCAT(LOWER(HEX(e.id)) ORDER BY e.id)", ids) C(A, i, "COUNT(*)", entities) C(A, i, OPEN_ENTITIES, open)
#define OPEN_ENTITIES "COUNT(IF(e.status IN ('draft', 'submitted', 'registered'), 1, NULL))"
#define WORKSPACE_ARCHIVED(C, A) C(A, now, archived_at, archived_at)
#define WORKSPACE_UNARCHIVED(C, A) C(A, nil, archived_at, archived_at)

#define ENTITY_TABLE "entities"
#define ENTITY_COLUMNS(C, A) HEAD(C, A) MODE(C, A) C(A, d, workspace_id, workspace) LABELLED_COLUMNS(C, A) C(A, s, jurisdiction, jurisdiction) \
	C(A, s, type, type) C(A, s, portfolio_id, portfolio)
#define ENTITY_BRIEF ENTITY_COLUMNS
#define ENTITY_ADDED(C, A) C(A, d0, created_by, life.whose)
#define ENTITY_ADDS ADDS_NOTHING
#define ENTITY_KEPT(K) K(name_key, "name", " COLLATE utf8mb4_bin")
#define ENTITY_TAKEN ERR_INTERNAL
#define ENTITY_ADDED_AS ADDS_NOTHING
#define ENTITY_LOCKED(C, A)
#define ENTITY_SEEN(C, A)

#define AUTHORIZATION_TABLE "authorizations"
#define AUTHORIZATION_COLUMNS(C, A) HEAD(C, A) MODE(C, A) C(A, a, action, action) C(A, a, resource_type, resource_type) \
	C(A, d, resource_id, resource) C(A, d, human_id, human) C(A, a, agent, agent) C(A, d, token_id, token)
#define AUTHORIZATION_BRIEF AUTHORIZATION_COLUMNS
#define AUTHORIZATION_ADDED(C, A)
#define AUTHORIZATION_ADDS ADDS_NOTHING
#define AUTHORIZATION_KEPT(K)
#define AUTHORIZATION_TAKEN ERR_INTERNAL
#define AUTHORIZATION_ADDED_AS ADDS_NOTHING
#define AUTHORIZATION_LOCKED(C, A)
#define AUTHORIZATION_SEEN(C, A)

/* ---- API keys and clients ---- */

#define TOKEN_TABLE "api_keys"
#define TOKEN_COLUMNS(C, A) HEAD(C, A) MODE(C, A) C(A, a, kind, kind) C(A, a, hint, hint) C(A, s, name, name) C(A, d, principal_id, life.whose) \
	C(A, a, agent, agent) C(A, b, human_grant, human_grant) C(A, i0, tier, tier) C(A, a, scopes, scopes) C(A, i0, rate, rate) \
	C(A, a, api_version, api_version) C(A, t0, expires_at, expires_at)
/* What the look-up of a request's key reads. */
#define TOKEN_USED(C, A) C(A, d, id, life.id) C(A, w, status, life.state) MODE(C, A) C(A, a, kind, kind) C(A, d, principal_id, life.whose) \
	C(A, a, agent, agent) C(A, b, human_grant, human_grant) C(A, i0, tier, tier) C(A, a, scopes, scopes) C(A, i0, rate, rate) \
	C(A, a, api_version, api_version) C(A, t0, expires_at, expires_at)
#define TOKEN_BRIEF TOKEN_COLUMNS
#define TOKEN_ADDED(C, A) C(A, x, secret_hash, hash)
#define TOKEN_ADDS ADDS_NOTHING
#define TOKEN_KEPT(K)
#define TOKEN_TAKEN ERR_INTERNAL
#define TOKEN_ADDED_AS ADDS_NOTHING
#define TOKEN_LOCKED(C, A)
#define TOKEN_SEEN(C, A)

#define OAUTH_CLIENT_TABLE "oauth_clients"
#define OAUTH_CLIENT_COLUMNS(C, A) HEAD(C, A) C(A, s, name, name) C(A, x, secret_hash, hash) C(A, d0, principal_id, principal) \
	C(A, s, redirect_uris, redirect_uris) C(A, a, scopes, scopes)
#define OAUTH_CLIENT_BRIEF OAUTH_CLIENT_COLUMNS
#define OAUTH_CLIENT_ADDED(C, A)
#define OAUTH_CLIENT_ADDS ADDS_NOTHING
#define OAUTH_CLIENT_KEPT(K)
#define OAUTH_CLIENT_TAKEN ERR_INTERNAL
#define OAUTH_CLIENT_ADDED_AS ADDS_NOTHING
#define OAUTH_CLIENT_LOCKED(C, A)
#define OAUTH_CLIENT_SEEN(C, A)
#define CLIENT_SECRET(C, A) C(A, x, secret_hash, hash) C(A, d0, principal_id, principal)
/* Whom it acts for; a code; what it has of a user. */
#define CLIENT_USER_PICK(F, C, A) F(A, s, STANDING, user.status) C(A, t, "p.tokens_since", since) C(A, s, "p.username", user.username) \
	C(A, i, "r.rate", user.rate) C(A, i, "p.tokens_gen", user.gen)
#define CODE_PICK(F, C, A) F(A, d, "principal_id", user) C(A, s, "redirect_uri", redirect_uri) C(A, s, "scopes", scopes) \
	C(A, s, "challenge", challenge) C(A, t, "created_at", created) C(A, t, "expires_at", expires) C(A, t0, "used_at", used) \
	C(A, d0, "family_id", family) C(A, in, "tokens_gen", gen)
#define CONSENT_PICK(F, C, A) F(A, d, "k.id", client) C(A, s, "k.name", name) C(A, s, "k.scopes", scopes) C(A, d, "k.family_id", first) \
	C(A, t, "k.used_at", used)

/* ---- Webhook endpoints ---- */

#define ENDPOINT_TABLE "webhook_endpoints"
#define ENDPOINT_COLUMNS(C, A) HEAD(C, A) MODE(C, A) C(A, s, url, url) C(A, s, description, description) C(A, s, enabled_events, enabled_events) \
	C(A, a, api_version, api_version) C(A, s, metadata, metadata) C(A, x, secret, sealed) C(A, t0, old_until, old_until) \
	C(A, t0, failing_since, failing_since) C(A, t0, failed_at, failed_at) ENDPOINT_OWNER(C, A) C(A, i, format, format) C(A, s, name, name)
#define ENDPOINT_OWNER(C, A) C(A, d0, owner_id, owner.principal) C(A, a, owner_scopes, owner.scopes)
#define ENDPOINT_BRIEF ENDPOINT_COLUMNS
#define ENDPOINT_ADDED(C, A)
#define ENDPOINT_ADDS ADDS_NOTHING
#define ENDPOINT_KEPT(K) K(hidden, "status = 'deleted'", "")
#define ENDPOINT_TAKEN ERR_INTERNAL
#define ENDPOINT_ADDED_AS ADDS_NOTHING
#define ENDPOINT_LOCKED(C, A)
#define ENDPOINT_SEEN(C, A) C(A, s, OWNER_MAY(A), owner.permissions)
/* The permissions of its owner while that is active: none otherwise. */
#define OWNER_MAY(alias) "(SELECT r.permissions FROM principals o JOIN roles r ON r.organization_id = o.organization_id AND r.name = o.role " \
	"WHERE o.organization_id = " alias ".organization_id AND o.id = " alias ".owner_id AND o.status = 'active')"
#define ENDPOINT_EDITED(C, A) C(A, s, url, url) C(A, s, description, description) C(A, s, enabled_events, enabled_events) \
	C(A, s, metadata, metadata) C(A, s, name, name) C(A, x, secret, sealed) ENDPOINT_OWNER(C, A)
/* The old secret signs too for a while. */
#define ENDPOINT_SECRET(C, A) C(A, x, old_secret, old_sealed) C(A, x, secret, sealed) C(A, t, old_until, old_until) ENDPOINT_OWNER(C, A)


/* ---- Rows that are no objects ---- */

#define ATTEMPT_PICK(F, C, A) F(A, x, "attempt_id", id) C(A, x, "fingerprint", fingerprint) C(A, in, "status", answer.status) \
	C(A, s, "headers", answer.headers) C(A, s, "body", answer.body) C(A, t, "created_at", created)

/* A job, who else may ask about it, and one that a worker takes. */
#define JOB_PICK(F, C, A) F(A, d, "x.id", job.id) C(A, s, "x.kind", job.kind) C(A, d, "x.object_id", job.object) C(A, d0, "x.parent_id", job.parent) \
	C(A, d0, "x.created_by", job.whose) C(A, s, "x.reason", job.reason) C(A, t, "x.created_at", job.created) C(A, s, "x.outcome", outcome) \
	C(A, b, "x.lease IS NOT NULL", begun) C(A, b, "COALESCE(y.is_global, 0)", global) C(A, i0, GRANTED("y", "p.id"), granted)
#define BUILD_PICK(F, C, A) F(A, d, "x.organization_id", organization) C(A, d, "x.id", job) C(A, d, "x.object_id", package) C(A, d, "x.parent_id", model) \
	C(A, d0, "x.created_by", whose) C(A, s, "p.username", name) C(A, d0, "x.token_id", token) \
	C(A, s, "x.agent", agent) C(A, b, "x.intervals", intervals) C(A, i, "x.tries", tries)

#define AUDIT_COLUMNS(C, A) C(A, d, id, id) C(A, t, at, at) C(A, d0, actor_id, actor.id) C(A, s, actor_name, actor.name) C(A, a, action, action) \
	C(A, i, revision, revision) C(A, a, from_state, from) C(A, a, to_state, to) C(A, a, request_id, request_id) C(A, a, client_address, address) \
	C(A, s, user_agent, user_agent) C(A, s, details, details)
/* The same of one object, with the API key that was used. */
#define HISTORY_PICK(F, C, A) F(A, d, "a.id", id) C(A, t, "a.at", at) C(A, d0, "a.actor_id", actor.id) C(A, s, "a.actor_name", actor.name) \
	C(A, a, "a.action", action) C(A, i, "a.revision", revision) C(A, a, "a.from_state", from) C(A, a, "a.to_state", to) C(A, a, "a.request_id", request_id) \
	C(A, a, "a.client_address", address) C(A, s, "a.user_agent", user_agent) C(A, s, "a.details", details) C(A, s, "k.name", key) C(A, a, "k.agent", agent)
/* A row of any object; of thaw audit rows of each kind, and what does not agree. */
#define AUDIT_LIST_PICK(F, C, A) F(A, t, "a.at", at) C(A, s, "a.actor_name", actor) C(A, s, "a.action", action) \
	C(A, s, "a.resource_type", type) C(A, d, "a.resource_id", object) C(A, i, "a.revision", revision) C(A, s, "a.from_state", from) \
	C(A, s, "a.to_state", to) C(A, s, "a.request_id", request_id) C(A, s, "a.client_address", address) C(A, s, "a.user_agent", user_agent) \
	C(A, s, "a.details", details) C(A, d0, "a.human_id", human) C(A, d0, "a.token_id", token) C(A, d, "a.id", id) \
	C(A, i0, "COALESCE(j.number, v.number)", number) C(A, d0, "COALESCE(v.model_id, t.model_id)", parent) \
	C(A, d0, "a.actor_id", whose) C(A, s, "k.name", key) C(A, s, "k.agent", agent) C(A, s, "CASE a.resource_type " \
		AUDIT_NAME("model", "models", "name", "a.resource_id") AUDIT_NAME("model_version", "models", "name", "v.model_id") \
		AUDIT_NAME("training_run", "models", "name", "t.model_id") AUDIT_NAME("deployment", "deployments", "label", "a.resource_id") \
		AUDIT_NAME("challenger", "challengers", "name", "a.resource_id") AUDIT_NAME("workspace", "workspaces", "name", "a.resource_id") \
		AUDIT_NAME("entity", "entities", "name", "a.resource_id") AUDIT_NAME("folder", "folders", "name", "a.resource_id") \
		AUDIT_NAME("user", "principals", "username", "a.resource_id") AUDIT_NAME("role", "roles", "CONVERT(name USING utf8mb4)", "a.resource_id") \
		AUDIT_NAME("user_group", "user_groups", "name", "a.resource_id") AUDIT_NAME("token", "api_keys", "name", "a.resource_id") \
		AUDIT_NAME("client", "oauth_clients", "name", "a.resource_id") AUDIT_NAME("webhook_endpoint", "webhook_endpoints", "url", "a.resource_id") \
		AUDIT_NAME("prediction_environment", "prediction_environments", "name", "a.resource_id") AUDIT_NAME("use_case", "use_cases", "name", "a.resource_id") \
		AUDIT_NAME("custom_model", "custom_models", "name", "a.resource_id") "WHEN 'project' THEN j.name END", name)
/* The name that an object has now; of a version and a run their model's. */
#define AUDIT_NAME(kind, table, column, by) "WHEN '" kind "' THEN (SELECT " column " FROM " table " n WHERE n.organization_id = a.organization_id AND n.id = " by ") "
#define AUDIT_COUNTS_PICK(F, C, A) F(A, s, "resource_type", type) C(A, i, "COUNT(DISTINCT organization_id, resource_id)", objects) \
	C(A, i, "COUNT(*)", rows)
#define VERIFY_COLUMNS(C, A) C(A, s, type, type) C(A, d, id, id) C(A, s, problem, problem)
/* What a request changed first, and its answer where that is kept. */
#define REQUEST_PICK(F, C, A) F(A, s, "a.request_id", id) C(A, t, "a.created_at", created) C(A, in, "a.status", status) \
	C(A, s, "a.idempotency_key", key) C(A, s, "a.resource_type", type) C(A, d0, "a.resource_id", object) C(A, i, "a.revision", revision)
/* The console: actions of a day, and objects of a state. */
#define ACTIVITY_PICK(F, C, A) F(A, s, "a.day", date) C(A, s, "a.action", action) C(A, i, "a.n", count)
#define STATUS_COLUMNS(C, A) C(A, s, resource, resource) C(A, s, status, status) C(A, i, count, count)
#define EVENT_COLUMNS(C, A) C(A, d, id, id) C(A, t, at, at) C(A, a, type, type) C(A, s, payload, payload) C(A, i0, sequence, sequence) \
	C(A, nb, livemode, test) C(A, a, request_id, request_id) C(A, a, idempotency_key, idempotency_key) C(A, d0, human_id, human) C(A, a, agent, agent) \
	C(A, d0, token_id, token) C(A, a, resource_type, resource_type) C(A, a, trace, trace)
/* An endpoint that listens, and one that is sent to; the owner's permissions come behind. */
#define LISTENER_COLUMNS(C, A) C(A, d, id, id) C(A, nb, livemode, test) C(A, s, enabled_events, patterns) C(A, i, format, format) ENDPOINT_OWNER(C, A)
#define TARGET_COLUMNS(C, A) C(A, d, id, id) C(A, s, url, url) C(A, a, api_version, api_version) C(A, x, secret, sealed) C(A, x, old_secret, old_sealed) \
	C(A, t0, old_until, old_until) C(A, i, format, format) ENDPOINT_OWNER(C, A)
/* What there is to send: the endpoints, what may go to one, and what is due, first in the order of time, of its object. */
#define DUE_PICK(F, C, A) F(A, d, "organization_id", hold.organization) C(A, d, "id", hold.endpoint) C(A, s, "status", status)
#define POST_PICK(F, C, A) F(A, d, "v.id", id) C(A, d, "v.event_id", event) C(A, s, "v.resource_type", resource_type) \
	C(A, d, "v.resource_id", resource) C(A, i, "v.sequence", sequence) C(A, i, "v.tries", tries)
#define NEXT_DUE_PICK(F, C, A) F(A, t, "v.next_at", at) C(A, d, "v.id", id)
#define FIRST_DUE_PICK(F, C, A) F(A, s, "resource_type", resource_type) C(A, d, "resource_id", resource)
#define FOREMOST_PICK(F, C, A) F(A, i, "sequence", sequence) C(A, t, "next_at", at)
#define SENT_PICK(F, C, A) F(A, d, "id", id) C(A, i, "tries", tries)
/* What the services say of themselves; silent: for how many seconds they have not. */
#define SERVICE_PICK(F, C, A) F(A, s, "service", name) C(A, s, "node", node) C(A, i, "place", place) C(A, s, "version", version) C(A, t, "began_at", began) \
	C(A, t, "seen_at", seen) C(A, t0, "ended_at", ended) C(A, s, "counts", counts) C(A, i, "TIMESTAMPDIFF(SECOND, seen_at, UTC_TIMESTAMP(6))", silent)
/* What /metrics asks the database, in the order of its rows (metric.def); what is counted is counted up to a bound. */
#define COUNT_OF(what) "(SELECT COUNT(*) FROM (SELECT 1 FROM " what " LIMIT 10000) u)"
#define OPERATOR_PICK(F, C, A) F(A, i, "(SELECT COALESCE(MAX(version), 0) FROM schema_versions)", figures[0]) \
	C(A, i, "(SELECT CAST(COALESCE(SUM(last), 0) AS SIGNED) FROM event_counters)", figures[1]) \
	C(A, i, COUNT_OF("outbox FORCE INDEX (outbox_pending) WHERE sequence IS NULL"), figures[2]) \
	C(A, i, "COALESCE(GREATEST(0, TIMESTAMPDIFF(SECOND, (SELECT MIN((SELECT x.at FROM outbox x FORCE INDEX (outbox_pending) WHERE x.sequence IS NULL " \
		"AND x.organization_id = g.organization_id ORDER BY x.at LIMIT 1)) FROM organizations g), UTC_TIMESTAMP(6))), 0)", figures[3]) \
	C(A, i, COUNT_OF("webhook_endpoints x STRAIGHT_JOIN deliveries v FORCE INDEX (delivery_due) ON v.organization_id = x.organization_id " \
		"AND v.endpoint_id = x.id AND v.outcome IS NULL WHERE x.status = 'enabled'"), figures[4]) \
	C(A, i, COUNT_OF("webhook_endpoints WHERE failing_since IS NOT NULL AND status = 'enabled'"), figures[5]) \
	C(A, i, COUNT_OF("jobs FORCE INDEX (job_due) WHERE due_at IS NOT NULL"), figures[6]) \
	C(A, i, "COALESCE((SELECT CAST(VARIABLE_VALUE AS SIGNED) FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'WSREP_CLUSTER_SIZE'), 0)", figures[7])
/* The same of one organization, for its administrators. */
#define WAITING_PICK(F, C, A) F(A, i, "(SELECT COALESCE(MAX(version), 0) FROM schema_versions)", schema) \
	C(A, i, COUNT_OF("outbox FORCE INDEX (outbox_pending) WHERE sequence IS NULL AND organization_id = ?"), events) \
	C(A, i, "COALESCE(GREATEST(0, TIMESTAMPDIFF(SECOND, (SELECT x.at FROM outbox x FORCE INDEX (outbox_pending) WHERE x.sequence IS NULL " \
		"AND x.organization_id = ? ORDER BY x.at LIMIT 1), UTC_TIMESTAMP(6))), 0)", age) \
	C(A, i, COUNT_OF("webhook_endpoints x FORCE INDEX (endpoint_list) STRAIGHT_JOIN deliveries v FORCE INDEX (delivery_due) ON v.organization_id = x.organization_id " \
		"AND v.endpoint_id = x.id AND v.outcome IS NULL WHERE x.organization_id = ? AND x.livemode IN (0, 1) AND x.hidden = 0 AND x.status = 'enabled'"), deliveries) \
	C(A, i, COUNT_OF("webhook_endpoints FORCE INDEX (endpoint_list) WHERE organization_id = ? AND livemode IN (0, 1) AND hidden = 0 " \
		"AND failing_since IS NOT NULL AND status = 'enabled'"), failing) \
	C(A, i, COUNT_OF("jobs FORCE INDEX (job_due) WHERE due_at IS NOT NULL AND organization_id = ?"), builds)
/* Deliveries of a day and outcome. */
#define DELIVERED_PICK(F, C, A) F(A, s, "DATE_FORMAT(u.created_at, '%Y-%m-%d')", date) C(A, s, "COALESCE(u.outcome, 'pending')", status) C(A, i, "COUNT(*)", count)
#define TABLE_PICK(F, C, A) F(A, s, "TABLE_NAME", name) C(A, i, "CAST(TABLE_ROWS AS SIGNED)", rows) C(A, i, "CAST(DATA_LENGTH + INDEX_LENGTH AS SIGNED)", bytes)
/* Up to which number the events of an organization are, and up to which they are in its totals. */
#define COUNTER_PICK(F, C, A) F(A, i, "last", last) C(A, i, "counted", counted)
/* To be numbered. */
#define NEW_EVENT(C, A) C(A, d, id, id) C(A, a, type, type) C(A, a, resource_type, resource_type) C(A, d, resource_id, resource) \
	C(A, i, revision, revision) C(A, nb, livemode, test)
#define DELIVERY_COLUMNS(C, A) C(A, d, id, id) C(A, d, endpoint_id, endpoint) C(A, d, event_id, event) C(A, a, outcome, outcome) C(A, i, tries, tries) \
	C(A, t0, next_at, next_at) C(A, i0, response_status, response_status) C(A, t, created_at, created_at) C(A, t, updated_at, updated_at) \
	C(A, i, sequence, sequence)
#define TRY_PICK(F, C, A) F(A, d, "t.delivery_id", delivery) C(A, i, "t.number", number) C(A, t, "t.at", at) C(A, i, "t.milliseconds", milliseconds) \
	C(A, i, "COALESCE(t.response_status, 0)", response_status) C(A, s, "t.error", error)
/* What a lineage shows of a version and of its model. */
#define RELATIVE_MODEL(C, A) C(A, d, id, model) C(A, s, name, name) C(A, w, status, status) C(A, b, is_global, global)
#define RELATIVE_VERSION(C, A) C(A, d, id, version) C(A, i, number, number) C(A, t, created_at, created_at) C(A, d0, from_version_id, from)

#endif
