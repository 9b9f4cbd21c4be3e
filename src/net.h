/* net.h: which addresses this program calls although somebody else named them.  Never
 * the machine itself, a private network or another special one, unless the setting
 * webhook_networks has it.  The check counts where a connection is opened, on the very
 * address; url_fault() only says early what would never work. */
#ifndef NET_H
#define NET_H
#include <stdbool.h>
#include <sys/socket.h>
#include "arena.h"

enum { URL_MOST = 2048 };

/* May this address be called? */
bool net_may_call(const struct sockaddr *to);
/* As people write it, without the port. */
char *net_spell(struct arena *a, const struct sockaddr *to);
/* Whose an address is, as counters know it: an IPv4 address, also in IPv6's clothes, is
 * somebody's by itself, of an IPv6 address its /64, without a port; any other text is itself. */
char *net_of(struct arena *a, const char *address);
/* Is an address, as text, in one of the networks? */
bool net_within(const char *address, const char *networks);
/* What is no network in a list of them, separated by blanks; NULL: it is fine. */
const char *net_list_fault(struct arena *a, const char *networks);

/* Why a URL may not be called, in a few words; NULL: it may. */
const char *url_fault(struct arena *a, const char *url);

#endif
