/* Error detail: first cause wins. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum status err_set(struct err *err, enum status s, const char *fmt, ...)
{
	if (err && err->status == STATUS_OK) {
		va_list ap;

		err->status = s;
		va_start(ap, fmt);
		vsnprintf(err->what, sizeof err->what, fmt, ap);
		va_end(ap);
	}
	return s;
}

void err_tried(struct err *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	vsnprintf(err->tried, sizeof err->tried, fmt, ap);
	va_end(ap);
}

void err_next(struct err *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	vsnprintf(err->next, sizeof err->next, fmt, ap);
	va_end(ap);
}

void err_at(struct err *err, uint32_t address)
{
	if (!err)
		return;
	err->has_address = true;
	err->address = address;
}

void err_clear(struct err *err)
{
	if (err)
		memset(err, 0, sizeof *err);
}

const char *err_remedy(const struct err *err)
{
	return err->next[0] ? err->next : status_remedy(err->status);
}
