/* curl.c: libcurl as thaw.fcgi has it, which calls it for one thing alone, the test of a webhook:
 * loaded when that is first asked for.  Thirty libraries come with it, and a CGI script would
 * load and bind them at each request.  dom_send.c sees nothing of this; the command, whose
 * work it is to call others, is linked with libcurl itself. */
#define CURL_DISABLE_TYPECHECK
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <curl/curl.h>
#include "log.h"
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

static void *find(const char *name)
{
	static void *lib;
	void *f = NULL;

	if ((lib || (lib = dlopen("libcurl.so.4", RTLD_NOW))) && (f = dlsym(lib, name)))
		return f;
	log_error(LOG_ERROR, "libcurl: %s", dlerror());
	abort();
}

#define FIND(name) static __typeof__(name) *f; if (!f) *(void **)&f = find(#name)
#define LATE(result, name, parameters, ...) result name parameters { FIND(name); return f(__VA_ARGS__); }

LATE(CURLcode, curl_global_init, (long flags), flags)
LATE(void, curl_global_cleanup, (void))
LATE(CURL *, curl_easy_init, (void))
LATE(void, curl_easy_reset, (CURL *e), e)
LATE(void, curl_easy_cleanup, (CURL *e), e)
LATE(CURLcode, curl_easy_perform, (CURL *e), e)
LATE(const char *, curl_easy_strerror, (CURLcode rc), rc)
LATE(struct curl_slist *, curl_slist_append, (struct curl_slist *l, const char *s), l, s)
LATE(void, curl_slist_free_all, (struct curl_slist *l), l)
LATE(CURLM *, curl_multi_init, (void))
LATE(CURLMcode, curl_multi_cleanup, (CURLM *m), m)
LATE(CURLMcode, curl_multi_add_handle, (CURLM *m, CURL *e), m, e)
LATE(CURLMcode, curl_multi_remove_handle, (CURLM *m, CURL *e), m, e)
LATE(CURLMcode, curl_multi_perform, (CURLM *m, int *running), m, running)
LATE(CURLMcode, curl_multi_poll, (CURLM *m, struct curl_waitfd *more, unsigned n, int ms, int *ready), m, more, n, ms, ready)
LATE(CURLMsg *, curl_multi_info_read, (CURLM *m, int *left), m, left)

/* One argument follows: an offset, or what is as wide as a pointer. */
#define LATE_OPTION(result, name, handle, option) \
result name(handle *h, option o, ...) \
{ \
	va_list ap; \
	result rc; \
	FIND(name); \
	va_start(ap, o); \
	rc = (int)o > CURLOPTTYPE_OFF_T && (int)o < CURLOPTTYPE_BLOB ? f(h, o, va_arg(ap, curl_off_t)) : f(h, o, va_arg(ap, void *)); \
	va_end(ap); \
	return rc; \
}

LATE_OPTION(CURLcode, curl_easy_setopt, CURL, CURLoption)
LATE_OPTION(CURLMcode, curl_multi_setopt, CURLM, CURLMoption)

CURLcode curl_easy_getinfo(CURL *e, CURLINFO info, ...)
{
	CURLcode rc;
	va_list ap;

	FIND(curl_easy_getinfo);
	va_start(ap, info);
	rc = f(e, info, va_arg(ap, void *));
	va_end(ap);
	return rc;
}
