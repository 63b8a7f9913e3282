/*
 * What check found, for a person and for a program. Used by check, write
 * (refusal) and diagnose.
 */
#ifndef REFLASH_CLI_REPORT_H
#define REFLASH_CLI_REPORT_H

#include "cli/cli.h"
#include "image/image.h"
#include "lockout/lockout.h"

/* Say when an ELF would have bytes in RAM, which can't be flashed. */
void tell_left_out(struct cli *cli, const struct image *img);
/* The file as an image. `path` "-": stdin. `address`: for a raw binary, else
 * IMAGE_NO_ADDRESS. Free with image_free. */
enum status load_image(const char *path, uint32_t address, struct image **out,
		       struct err *err) MUST_CHECK;

/* The same, but a raw binary that is given no address goes where it was linked, as far
 * as it shows (image_linked_elsewhere): what runs is looked at, not where it is written. */
enum status load_where_linked(struct cli *cli, const char *path, uint32_t address,
			      struct image **out, struct err *err) MUST_CHECK;

/* The whole answer (design: "check: the answer"). `img` may be NULL. */
void report_print(const struct cli *cli, const char *file, const struct image *img,
		  const struct lockout_report *r);
/* One finding: the line to change, the statement, the chain, the fix. */
void finding_print(const struct cli *cli, const struct image *img,
		   const struct lockout_finding *f);
/* The answer as an object of the given type ("check"). Caller owns it. */
json_t *report_json(const char *type, const char *file, const struct lockout_report *r);
/* The file of a place without its folders. */
const char *file_shown(const struct lockout_place *p);
/* One line that names the place: `display.c:88 in display_init()`. */
void place_text(const struct lockout_place *p, char *out, size_t size);

/* The source text of a line, when its file can be found. */
bool source_line(const struct image *img, const struct lockout_place *p, char *out, size_t size);

#endif
