/* dom_kept.h: what events keep of models and prompts, beside what they tell, for who is told of these by their names
 * (AS_NAMED): as they were when it happened, since they may have changed, or be gone, when it is told. */
#ifndef DOM_KEPT_H
#define DOM_KEPT_H
#include "dom_package.h"

/* The model's next change (life_move(), life_create()) keeps its name, and is it a prompt; what happened is put beside: of
 * a model that is made its description and labels, of a version also its number, source and run; of a label key, value and
 * version; of an alias that and the version. */
struct json *kept_model(struct tx *tx, struct model *m);
void kept_created(struct tx *tx, struct model *m);
void kept_version(struct tx *tx, struct model *m, const struct version *v);

/* The type of an event, as they listen to it: of a prompt it begins with `prompt.`, and whatever makes a version is
 * `version_created`, and whatever sets an alias `alias_set`. */
char *kept_type(struct arena *a, const char *type, bool prompt);

#endif
