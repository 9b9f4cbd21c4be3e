/* net.c: see net.h.  A host's name is judged where it is resolved, by its address. */
#include "net.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include "conf.h"
#include "str.h"

/* What is not the public Internet: RFC 6890 and what the IANA registries added to it,
 * the transition prefixes that hide an IPv4 address, multicast. */
static const char refused[] =
	"0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
	"192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 "
	"203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 "
	"::/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001:db8::/32 2002::/16 "
	"2620:4f:8000::/48 3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8";

struct ip { unsigned char b[16]; int bits; };    /* bits: 32 or 128 */

/* An IPv4 address in IPv6's clothes is the IPv4 address. */
static void unmap(struct ip *ip)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (ip->bits == 128 && !memcmp(ip->b, mapped, sizeof mapped)) {
		memmove(ip->b, ip->b + 12, 4);
		ip->bits = 32;
	}
}

static bool parse_ip(const char *s, struct ip *out)
{
	*out = (struct ip){ .bits = strchr(s, ':') ? 128 : 32 };
	return inet_pton(out->bits == 32 ? AF_INET : AF_INET6, s, out->b) == 1;
}

char *net_of(struct arena *a, const char *address)
{
	const char *colon = strchr(address, ':');
	char text[INET6_ADDRSTRLEN], *bare = arena_strdup(a, address);
	struct ip ip;

	/* Some proxies tell the port too. */
	if (*bare == '[' && strchr(bare, ']')) {
		bare++;
		*strchr(bare, ']') = '\0';
	} else if (colon && !strchr(colon + 1, ':')) {
		bare[colon - address] = '\0';
	}
	if (!parse_ip(bare, &ip))
		return arena_strdup(a, address);
	unmap(&ip);
	if (ip.bits == 128)
		memset(ip.b + 8, 0, 8);
	inet_ntop(ip.bits == 32 ? AF_INET : AF_INET6, ip.b, text, sizeof text);
	return arena_printf(a, "%s%s", text, ip.bits == 128 ? "/64" : "");
}

/* address/bits, of n bytes. */
static bool parse_network(const char *s, size_t n, struct ip *out, int *prefix)
{
	char text[64], *slash;
	int64_t bits;

	if (n >= sizeof text)
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	if (!(slash = strchr(text, '/')))
		return false;
	*slash = '\0';
	if (!parse_ip(text, out) || !parse_int(slash + 1, 0, out->bits, &bits))
		return false;
	*prefix = (int)bits;
	return true;
}

static bool within(const struct ip *ip, const struct ip *network, int prefix)
{
	int whole = prefix / 8, rest = prefix % 8;

	return ip->bits == network->bits && !memcmp(ip->b, network->b, (size_t)whole)
		&& (!rest || !((ip->b[whole] ^ network->b[whole]) >> (8 - rest)));
}

static bool in_list(const struct ip *ip, const char *networks)
{
	struct ip network;
	int prefix;

	for (const char *s = networks + strspn(networks, " "); *s; s += strspn(s, " ")) {
		size_t n = strcspn(s, " ");

		if (parse_network(s, n, &network, &prefix) && within(ip, &network, prefix))
			return true;
		s += n;
	}
	return false;
}

static bool may_call(const struct ip *ip)
{
	return !in_list(ip, refused) || in_list(ip, conf.webhook_networks);
}

bool net_may_call(const struct sockaddr *to)
{
	struct ip ip = { 0 };

	if (to->sa_family == AF_INET) {
		ip.bits = 32;
		memcpy(ip.b, &((const struct sockaddr_in *)(const void *)to)->sin_addr, 4);
	} else if (to->sa_family == AF_INET6) {
		ip.bits = 128;
		memcpy(ip.b, &((const struct sockaddr_in6 *)(const void *)to)->sin6_addr, 16);
		unmap(&ip);
	} else {
		return false;
	}
	return may_call(&ip);
}

char *net_spell(struct arena *a, const struct sockaddr *to)
{
	char text[INET6_ADDRSTRLEN] = "of no known kind";

	if (to->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)to)->sin_addr, text, sizeof text);
	else if (to->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)to)->sin6_addr, text, sizeof text);
	return arena_strdup(a, text);
}

bool net_within(const char *address, const char *networks)
{
	struct ip ip;

	if (!parse_ip(address, &ip))
		return false;
	unmap(&ip);
	return in_list(&ip, networks);
}

const char *net_list_fault(struct arena *a, const char *networks)
{
	struct ip network;
	int prefix;

	for (const char *s = networks + strspn(networks, " "); *s; s += strspn(s, " ")) {
		size_t n = strcspn(s, " ");

		if (!parse_network(s, n, &network, &prefix))
			return arena_strndup(a, s, n);
		s += n;
	}
	return NULL;
}

/* --- URLs --------------------------------------------------------------------------- */

static const char may_not[] = "refers to an address that is not allowed";

/* Its last label makes a host an IPv4 address for whoever resolves it: digits, or 0x. */
static bool is_number(const char *host)
{
	const char *dot = strrchr(host, '.'), *last = dot ? dot + 1 : host;

	if (!strncasecmp(last, "0x", 2))
		return strspn(last + 2, "0123456789abcdefABCDEF") == strlen(last + 2);
	return *last && strspn(last, "0123456789") == strlen(last);
}

static bool is_name(const char *host)
{
	size_t label = 0;

	for (const char *s = host; *s; s++) {
		if (*s == '.' ? !label : !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", *s))
			return false;
		label = *s == '.' ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return label && strlen(host) <= 253;
}

static bool is_localhost(const char *host)
{
	size_t n = strlen(host), m = strlen("localhost");

	return n >= m && !strcasecmp(host + n - m, "localhost") && (n == m || host[n - m - 1] == '.');
}

static const char *host_fault(struct arena *a, const char *from, size_t n)
{
	static const struct ip loopback = { { 127, 0, 0, 1 }, 32 };
	char *host = arena_strndup(a, from, n);
	struct ip ip;

	if (n && host[n - 1] == '.')
		host[n - 1] = '\0';              /* the name from the root is the same name */
	if (!*host)
		return "has no host";
	if (!is_name(host))
		return "has an invalid host name";
	if (is_number(host))
		return strchr(host, ':') || !parse_ip(host, &ip) ? "has a host that is not an address in its usual form"
			: may_call(&ip) ? NULL : may_not;
	return is_localhost(host) && !may_call(&loopback) ? may_not : NULL;
}

/* [address] at s; *end is behind it. */
static const char *literal_fault(struct arena *a, const char *s, size_t n, const char **end)
{
	const char *close = memchr(s, ']', n);
	struct ip ip;

	if (!close)
		return "has a host that is not an address in its usual form";
	*end = close + 1;
	if (!parse_ip(arena_strndup(a, s + 1, (size_t)(close - s - 1)), &ip) || ip.bits != 128)
		return "has a host that is not an address in its usual form";
	unmap(&ip);
	return may_call(&ip) ? NULL : may_not;
}

/* Host and port, n bytes. */
static const char *authority_fault(struct arena *a, const char *s, size_t n)
{
	const char *end = memchr(s, ':', n), *fault;
	int64_t port;

	if (memchr(s, '@', n))
		return "must not contain a user";
	if (n && *s == '[') {
		fault = literal_fault(a, s, n, &end);
	} else {
		end = end ? end : s + n;
		fault = host_fault(a, s, (size_t)(end - s));
	}
	if (fault || end == s + n)
		return fault;
	if (*end != ':' || !parse_int(arena_strndup(a, end + 1, (size_t)(s + n - end - 1)), 1, 65535, &port))
		return "has an invalid port";
	return NULL;
}

const char *url_fault(struct arena *a, const char *url)
{
	const char *s = url;

	if (strlen(url) > URL_MOST)
		return "is longer than 2048 characters";
	for (; *s; s++)
		if (*s <= ' ' || *s > '~' || strchr("\"<>\\^`{|}", *s))
			return "has characters that are not allowed in a URL";
	if (!strncasecmp(url, "https://", 8))
		s = url + 8;
	else if (conf.webhook_http && !strncasecmp(url, "http://", 7))
		s = url + 7;
	else
		return conf.webhook_http ? "must begin with https:// or http://" : "must begin with https://";
	if (strchr(s, '#'))
		return "has a fragment";
	return authority_fault(a, s, strcspn(s, "/?"));
}
