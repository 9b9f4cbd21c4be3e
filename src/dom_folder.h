/* dom_folder.h: where models lie: the space, which is the organization itself, its
 * projects, and folders in these.  Everybody in the organization sees them; rights are
 * those of models.  A folder that is archived (in the trash) or deleted has nothing
 * living in it, and nothing can be made in it: what lives in it goes to the trash along with it, and
 * comes back with it (dom_trash.c).  Writers run inside tx_run(). */
#ifndef DOM_FOLDER_H
#define DOM_FOLDER_H
#include "dom_model.h"

enum { FOLDER_NAME_MOST = 700, FOLDER_PATH_MOST = 8192 };
enum { INSIDE_MOST = 1000 };                     /* what changes with a folder that it lies in, at once */

/* A folder, and what is shown as if it were one: a model, a version, and the space. */
enum node {
	NODE_FOLDER, NODE_MODEL, NODE_VERSION, NODE_SPACE,
	NODE_ROOT,                               /* what the space lies in; it cannot be asked for */
	NODE_LOST, NODE_NONE                     /* what could be a folder, or is nothing of this kind */
};
struct folder {
	struct life life;                        /* of a version the state is its model's */
	enum node node;
	bool project;
	const char *kind;                        /* "project", "folder": what it is to be */
	struct id inside;                        /* of a version: its model */
	struct id parent, of;                    /* parent: zero for a project; of: its project, itself for one */
	const char *name, *description, *path;   /* path: without the name of the space */
	const char *space;                       /* the name of the space */
	struct id updated_by;                    /* zero: the administrator's command */
	struct id trashed;                       /* of what is archived: the folder that took it along; zero: none did */
};
/* As it is to be.  parent: zero for a project; name: NULL, the one that it has. */
struct folder_edit { struct id parent; const char *name, *description; bool description_set; };

/* What is wrong with the name of a folder or a model, which a path has between its slashes; NULL: nothing. */
const char *folder_name_fault(struct arena *a, const char *s);
/* What routes do: ERR_FOLDER_NOT_FOUND, of a project also when it is none. */
enum err folder_get(struct tx *tx, const struct db_val *key, void *out);
enum err project_folder(struct tx *tx, const struct db_val *key, void *out);
/* A project (parent zero) or a folder.  in: name, description, parent.
 * ERR_FOLDER_NOT_FOUND, ERR_FOLDER_NAME_TAKEN, ERR_DISPLAY_NAME: its path would be too long. */
enum err folder_create(struct tx *tx, const struct folder *in, struct folder *out);
/* The home project of a new organization, by the thaw command. */
enum err folder_home(struct tx *tx, const struct id *organization);
/* Something is made in it, in this transaction; zero, the home project, is always there.
 * ERR_FOLDER_NOT_FOUND. */
enum err folder_enter(struct tx *tx, const struct id *id);
/* To the trash, back, or away for good, with all that lies in it (dom_trash.c): all of it or nothing, and then tx->why names what is in
 * the way.  ERR_FOLDER_HOME, ERR_FOLDER_FULL; of what is in it the errors of its own, ERR_FORBIDDEN of what the caller cannot see;
 * back: ERR_NOT_DIRECTLY_TRASHED, ERR_FOLDER_TRASHED: it lies in one; for good: ERR_FOLDER_NOT_EMPTY; of its states what life.def says. */
enum err folder_change(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* Another name, place or description; what lies in it has other paths then.  ERR_FOLDER_HOME, ERR_FOLDER_NOT_FOUND, ERR_NOT_FOUND: of the parent,
 * ERR_FOLDER_PARENT, ERR_FOLDER_CIRCLE, ERR_FOLDER_NAME_TAKEN, ERR_FOLDER_FULL, ERR_DISPLAY_NAME: a path would be too long. */
enum err folder_replace(struct tx *tx, const struct db_val *key, const struct folder_edit *in, struct folder *out);
/* By what a route names, as folder_create_in(); ERR_FORBIDDEN: the space.  in: a struct folder_edit without its parent. */
enum err folder_replace_in(struct tx *tx, const struct db_val *key, const struct db_val *parent, const char *name, struct folder *out);
enum err project_replace(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* A folder, or a model, elsewhere: to what a route names, as folder_replace_in() does; of a model also ERR_FOLDER_NOT_FOUND, of its states
 * what life.def says. */
enum err node_move_to(struct tx *tx, const struct db_val *key, const struct db_val *parent, struct folder *out);
/* What was put into the trash itself, in the order of ids. */
enum err trash_list(struct tx *tx, struct list_ask *ask, struct list_got *got);

/* By an id and the enum node that it is of, as routes do (route.h: kinds).  As a resource, which the space is not:
 * ERR_SPACE_RESOURCE, ERR_ROOT_FOLDER, ERR_RESOURCE_NOT_FOUND and the errors of what it is. */
enum err node_get(struct tx *tx, const struct db_val *key, void *out);
/* The changes are those of folders; of a model they are its own.  Likewise; ERR_VERSION_RESOURCE. */
enum err node_change(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);
/* By its path, from the space down; of a folder and a model of one name the folder.  Likewise; ERR_PATH,
 * ERR_PATH_NOT_FOUND. */
enum err path_get(struct tx *tx, const struct db_val *key, void *out);
/* Is it a folder, the space among them: the errors of folder_node(); and is it the caller's own space, of one that is a space. */
enum err node_is_folder(struct tx *tx, const struct db_val *key);
bool node_is_own_space(struct tx *tx, const struct db_val *key);
/* Where a folder is meant, which the space is too: ERR_NOT_A_FOLDER, ERR_ROOT_FOLDER, ERR_FOLDER_NOT_FOUND. */
enum err folder_node(struct tx *tx, const struct db_val *key, void *out);
/* What lies in such a one, in the order of ids: what is not archived, or what is.  ask->only: */
enum { CHILDREN_FOLDERS = 1, CHILDREN_MODELS = 2, CHILDREN_TRASHED = 4 };         /* the first two or none: both kinds */
enum err folder_children(struct tx *tx, struct list_ask *ask, struct list_got *got);
/* A folder in such a one: likewise, and as folder_create(); ERR_OUTSIDE_PROJECT: in the space itself. */
enum err folder_create_in(struct tx *tx, const struct db_val *parent, const char *name, struct folder *out);
/* By an id and the enum node that it is of: ERR_SPACE_NOT_FOUND. */
enum err space_named(struct tx *tx, const struct db_val *key, void *out);
/* The one space that the caller sees; the organization is its maker, and it changes with nothing. */
enum err spaces(struct tx *tx, struct list_ask *ask, struct list_got *got);

#endif
