/* dom_folder.h: where models lie: the space, which is the organization itself, its
 * projects, and folders in these.  Everybody in the organization sees them; rights are
 * those of models.  A folder that is archived (in the trash) or deleted has nothing
 * living in it, and nothing can be made in it.  Writers run inside tx_run(). */
#ifndef DOM_FOLDER_H
#define DOM_FOLDER_H
#include "dom_model.h"

enum { FOLDER_NAME_MOST = 700, FOLDER_PATH_MOST = 8192 };

/* A folder, and what is shown as if it were one: a model, a version, and the space. */
enum node { NODE_FOLDER, NODE_MODEL, NODE_VERSION, NODE_SPACE, NODE_NONE };
struct folder {
	struct life life;                        /* of a version the state is its model's */
	enum node node;
	bool project;
	const char *kind;                        /* "project", "folder": what it is to be */
	struct id parent, of;                    /* parent: zero for a project; of: its project, itself for one */
	const char *name, *description, *path;   /* path: without the name of the space */
	const char *space;                       /* the name of the space */
	struct id updated_by;                    /* zero: the administrator's command */
};

/* Something of a folder: a folder or a model. */
struct child {
	bool folder;
	struct life life;
	const char *name, *description;
	struct id created_by, updated_by;
	int64_t created_at, updated_at;
};

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
/* ERR_FOLDER_NOT_EMPTY, ERR_FOLDER_HOME; of its states what life.def says. */
enum err folder_change(struct tx *tx, const struct db_val *key, enum transition t, const void *in, void *out);

/* What lies in it and is not archived, behind a place, in the order of ids; once the caller
 * is settled.  parent zero: the projects of the space. */
enum err folder_children(struct tx *tx, const struct id *parent, const struct id *after, int64_t limit,
	struct child **out, size_t *n, bool *more);
/* What lies in the space at a path, by the names on the way from the project down: a folder,
 * or a model; of two of one name the folder.  Once the caller is settled; whether they may
 * see it is for whoever reads it.  ERR_PATH_NOT_FOUND. */
enum err path_find(struct tx *tx, const char *const *names, size_t n, bool *folder, struct id *out);
/* One of these, where it lies. */
void folder_child(struct tx *tx, const struct folder *in, const struct child *c, struct folder *out);
/* A model, by its id, and a version, by its own, which lies beside its model and under its name. */
enum err model_node(struct tx *tx, const struct db_val *key, void *out);
enum err version_node(struct tx *tx, const struct db_val *key, void *out);
/* The caller settled; the organization is its maker, and it changes with nothing. */
enum err space_get(struct tx *tx, void *out);

#endif
