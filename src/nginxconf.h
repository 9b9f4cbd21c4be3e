/* nginxconf.h: the part of the nginx configuration that answers in the caller's dialect when
 * nginx itself refuses a request, made from the tables. */
#ifndef NGINXCONF_H
#define NGINXCONF_H
#include "route.h"

/* The maps for nginx's http level, or the locations of the error pages for its server
 * level.  nginx/thaw.conf says which status goes where, and what $thaw_sent is. */
char *nginx_errors(struct arena *a, const struct dialect *const *dialects, bool server);

#endif
