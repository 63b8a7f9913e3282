/*
 * What was written where: $XDG_STATE_HOME/reflash/written, one small JSON file
 * a chip (UID) and image (hash). A later diagnose finds the symbols of what
 * runs on the chip again. Never a copy of the firmware, only its path.
 */
#ifndef REFLASH_CLI_REMEMBER_H
#define REFLASH_CLI_REMEMBER_H

#include "cli/cli.h"
#include "image/image.h"

struct remembered {
	char file[1024];    /* absolute path */
	char verdict[24];   /* what check said: "locks-out", or "" */
	char probe[64];     /* serial of the probe it went through */
	char uid[25];
	int64_t when;       /* seconds since 1970 */
};

/* After a successful write. Failing to remember is no error. */
void remember_written(const struct cli *cli, const char *uid, const char *probe_serial,
		      const char *file, const struct image *img, const char *verdict);
/* The newest record of this probe (chips that do not answer tell no UID);
 * false when there is none. */
bool remembered_by_probe(const char *probe_serial, struct remembered *out);
/* The newest remembered file, of this chip first, whose bytes are those in
 * `flash` (`base` its address). `elf` not NULL: only that file. The image is
 * the caller's; NULL when none fits. */
struct image *remembered_image(const char *uid, const char *elf, const uint8_t *flash, size_t len,
			       uint32_t base, char *file, size_t file_size);
/* Say something only the first time ever for this topic. */
bool first_time(const char *topic);

#endif
