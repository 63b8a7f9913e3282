/* What write, verify, erase and recover share: pieces of an image, progress,
 * the summary line. */
#ifndef REFLASH_CLI_FLASHING_H
#define REFLASH_CLI_FLASHING_H

#include "cli/connect.h"
#include "flash/flash.h"
#include "image/image.h"

/* Options whose progress goes to the person. */
struct flash_options flashing_options(struct cli *cli);
/* The image's segments as pieces; the caller frees the array (the bytes are
 * the image's). NULL when out of memory. */
struct flash_piece *flashing_pieces(const struct image *img, size_t *count);
/* What a dry run found out: `64 pages: 1 would be erased, 1 written, 63 stay as they are`. */
void flashing_plan(struct cli *cli, const struct flash_result *r);
/* `64 pages: 1 written, 63 unchanged · connect 30 ms · compare 25 · ...` */
void flashing_summary(struct cli *cli, const struct session *s, const struct flash_result *r);
/* The same as JSON fields, to be put into a `result` object. */
json_t *flashing_result(const struct cli *cli, const struct session *s,
			const struct flash_result *r);
/* Start what was flashed, let it run a moment and attach once more, plainly.
 * `attachable` says whether SWD still answers. The session's target is closed. */
enum status run_and_look(struct cli *cli, struct session *s, bool *attachable,
			 struct err *err) MUST_CHECK;
/* How long new firmware runs before one looks whether SWD still answers. Clock
 * and pin set-up, where debug ports are lost, takes a few milliseconds. Where
 * check found the image clear the look only confirms it. */
enum { RUN_CHECKED_US = 10000, RUN_UNCHECKED_US = 25000 };
/* The two halves of it, for who has something to do while the firmware runs
 * (over a boot ROM there is nothing to look at). */
enum status run_firmware(struct session *s, uint64_t *since_us, struct err *err) MUST_CHECK;
enum status look_again(struct cli *cli, struct session *s, uint64_t since_us, uint32_t run_us,
		       bool *attachable, struct err *err) MUST_CHECK;
/* Close a session in which the flash engine worked: its loader lies where the
 * firmware's variables were, so the firmware is started afresh, not resumed.
 * `leave_halted` leaves the core where the engine stopped it. */
void flashing_close(struct session *s, bool leave_halted);
/* After a flash operation failed: when it had begun to change the chip, the
 * error says so, and that repeating completes it. Before progress_end. */
void tell_half_done(struct cli *cli);
/* Say what run_and_look found, and (once a chip) that its debug clocks stay on. */
void tell_attachable(struct cli *cli, const struct session *s, bool attachable);
/* The same, or what is to be done where a boot ROM started the firmware. */
void tell_started(struct cli *cli, const struct session *s, bool attachable);
void tell_debug_bits(struct cli *cli, const char *uid);

#endif
