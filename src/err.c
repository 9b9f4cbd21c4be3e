/* err.c: the rows of err.def as tables, and the phrases of statuses. */
#include "err.h"
#include <stddef.h>

static const struct err_row rows[ERR__MAX] = {
	[OK] = { "OK", CLASS_INNER, 200, LOG_DEBUG, 0, "" },
#define ERR(name, class, status, level, flags, text) [ERR_##name] = { #name, CLASS_##class, status, LOG_##level, flags, text },
#include "err.def"
#undef ERR
};

const struct err_common err_common[] = {
#define COMMON(name, on) { ERR_##name, ON_##on },
#include "err.def"
#undef COMMON
	{ OK, ON_EVERY }
};

const struct err_row *err_row(enum err e)
{
	return &rows[(unsigned)e < ERR__MAX ? e : ERR_INTERNAL];
}

const char *status_phrase(int status)
{
	static const struct { int status; const char *phrase; } phrases[] = {
		{ 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" }, { 206, "Partial Content" }, { 302, "Found" }, { 303, "See Other" }, { 304, "Not Modified" },
		{ 400, "Bad Request" }, { 401, "Unauthorized" }, { 403, "Forbidden" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" }, { 409, "Conflict" }, { 412, "Precondition Failed" },
		{ 413, "Content Too Large" }, { 414, "URI Too Long" }, { 415, "Unsupported Media Type" }, { 416, "Range Not Satisfiable" },
		{ 422, "Unprocessable Content" }, { 429, "Too Many Requests" }, { 431, "Request Header Fields Too Large" }, { 500, "Internal Server Error" },
		{ 501, "Not Implemented" }, { 502, "Bad Gateway" }, { 503, "Service Unavailable" }, { 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" } };

	for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Error";
}
