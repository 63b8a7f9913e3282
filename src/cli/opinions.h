/* Printing what the doctor thinks; used by diagnose and explain. */
#ifndef REFLASH_CLI_OPINIONS_H
#define REFLASH_CLI_OPINIONS_H

#include "cli/cli.h"
#include "doctor/doctor.h"

/* The causes, most likely first, with the evidence for and against. With
 * `tests`, how to decide between them is said, too. */
void opinions_print(const struct cli *cli, const struct opinion *op, size_t count, bool tests);
/* As an array; the caller owns it. */
json_t *opinions_json(const struct opinion *op, size_t count);

#endif
