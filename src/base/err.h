/*
 * Error detail. The caller owns a `struct err` and passes it last; the first
 * cause is kept, later ones do not overwrite it. Passing NULL is allowed
 * everywhere and loses only the detail.
 */
#ifndef REFLASH_BASE_ERR_H
#define REFLASH_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct err {
	enum status status;  /* STATUS_OK: nothing happened yet */
	bool has_address;    /* target_address is meaningful */
	uint32_t address;    /* target address of the failing access */
	int raw;             /* probe's own status byte, or 0 */
	char what[320];      /* what happened, one sentence, no newline */
	char tried[256];     /* what was tried, or "" */
	char next[320];      /* what the person can do; "" -> status_remedy() */
};

#define ERR_INIT ((struct err){.status = STATUS_OK})

/* Record the first cause and return `s`, so that callers write
 *     return err_set(err, STATUS_BAD_FILE, "%s is empty", path);        */
enum status err_set(struct err *err, enum status s, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Add what was tried / what to do next to the recorded cause. */
void err_tried(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
void err_next(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Attach the target address of a failing access. */
void err_at(struct err *err, uint32_t address);
/* Forget everything, for a second attempt. */
void err_clear(struct err *err);
/* What the person can do: err->next, else the status's remedy. */
const char *err_remedy(const struct err *err);

#endif
