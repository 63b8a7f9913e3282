/* Doing the same to many files in processes of their own, output in order. */
#ifndef REFLASH_CLI_PARALLEL_H
#define REFLASH_CLI_PARALLEL_H

#include "cli/cli.h"

/* Does item `index`, writing to stdout and stderr; its result is kept. */
typedef enum status (*parallel_fn)(void *ctx, size_t index);
/* Run fn for 0..count-1 in up to `jobs` processes. What each prints appears
 * whole and in order. `results` gets one status each (STATUS_FAILED when a
 * process died). */
enum status parallel_run(size_t count, unsigned jobs, parallel_fn fn, void *ctx,
			 enum status *results, struct err *err) MUST_CHECK;

#endif
