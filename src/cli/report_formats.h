/* What check found, in the formats that editors and code-scanning services
 * read: GCC's diagnostics and SARIF 2.1.0. */
#ifndef REFLASH_CLI_REPORT_FORMATS_H
#define REFLASH_CLI_REPORT_FORMATS_H

#include "cli/cli.h"
#include "lockout/lockout.h"

/* `display.c:88: error: ... [swj-off]`, one line a finding, its fix as a note. */
void report_gcc(const char *file, const struct lockout_report *r);
/* A SARIF log without results; the caller owns it. */
json_t *sarif_new(void);
/* Add a file's findings. */
void sarif_add(json_t *log, const char *file, const struct lockout_report *r);

#endif
