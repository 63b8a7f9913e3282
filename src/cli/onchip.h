/* The firmware that lies in a chip's flash: read it, run check on it, with the
 * symbols of a remembered or given file when its bytes are the same. */
#ifndef REFLASH_CLI_ONCHIP_H
#define REFLASH_CLI_ONCHIP_H

#include "cli/connect.h"
#include "doctor/doctor.h"
#include "image/image.h"

struct on_chip {
	uint8_t *flash;      /* what was read, NULL when it could not be */
	size_t len;
	uint32_t base;
	struct image *img;   /* of `file`, or of the bytes alone */
	char file[1024];     /* whose symbols are used; "" none */
	struct lockout_report *report; /* NULL: not run */
};

/* Read and run. What does not work leaves its field empty: this is an
 * examination, not an operation. `elf` may be NULL. */
void on_chip_look(struct cli *cli, struct session *s, const char *elf, struct on_chip *out);
/* Tell the observations what check found. */
void on_chip_observe(const struct on_chip *c, struct observations *o);
void on_chip_free(struct on_chip *c);

#endif
