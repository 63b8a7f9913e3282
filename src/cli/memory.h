/* Reading a chip's memory and saving it; used by read, recover and diagnose. */
#ifndef REFLASH_CLI_MEMORY_H
#define REFLASH_CLI_MEMORY_H

#include "cli/connect.h"
#include "flash/flash.h"

/* With progress; STATUS_INTERRUPTED on Ctrl-C. */
enum status read_memory(struct cli *cli, struct session *s, uint32_t address, uint8_t *data,
			size_t len, struct err *err) MUST_CHECK;
/* When read-out protection is why flash cannot be read, replace the error by
 * one that says so. */
bool explain_protection(struct session *s, struct err *err);
/* Could save_file write there? Asked before anything is read or stopped. */
enum status can_save(const char *path, struct err *err) MUST_CHECK;
/* Whole file, created with `mode`; "-": stdout. */
enum status save_file(const char *path, int mode, const uint8_t *data, size_t len,
		      struct err *err) MUST_CHECK;

#endif
