/*
 * Logging for the person who asked with -v or -vv. No global state: a
 * `struct log` travels with the context that logs. A NULL log is silent.
 */
#ifndef REFLASH_BASE_LOG_H
#define REFLASH_BASE_LOG_H

#include "base/status.h"

enum log_level { LOG_QUIET, LOG_NORMAL, LOG_VERBOSE, LOG_TRACE };

struct log {
	enum log_level level; /* messages above it are dropped */
	void (*sink)(void *ctx, enum log_level level, const char *line); /* one line, no newline */
	void *ctx;
};

void log_line(const struct log *log, enum log_level level, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
