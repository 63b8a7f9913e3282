/* The check before every write: would this firmware start, and would it lock
 * the debug port out? Used by write and recover. */
#ifndef REFLASH_CLI_PRECHECK_H
#define REFLASH_CLI_PRECHECK_H

#include <pthread.h>

#include "cli/connect.h"
#include "image/image.h"
#include "lockout/lockout.h"

enum check_kind { CHECK_QUICK, CHECK_FULL, CHECK_NO };

struct precheck {
	const char *file;
	struct image *img;
	enum check_kind kind;
	bool force;                   /* go on whatever is found */
	bool done;                    /* out: the firmware was run */
	enum lockout_verdict verdict; /* out, when done */

	/* while it runs beside the connecting; precheck.c's own */
	struct lockout_options opt;
	struct lockout_report *report;
	struct err err;
	enum status status;
	pthread_t thread;
	bool running, threaded;
};

/* STATUS_OK: write it. STATUS_LOCKS_OUT: refused, the line is told.
 * STATUS_BAD_FILE: it could not start. */
enum status precheck(struct cli *cli, struct precheck *c) MUST_CHECK;

/* The same in two halves, for who has the chip to connect to in between: the
 * quick check runs beside it. `c` and its image stay where they are until
 * precheck_finish, which comes after every precheck_start that was STATUS_OK. */
enum status precheck_start(struct cli *cli, struct precheck *c) MUST_CHECK;
enum status precheck_finish(struct cli *cli, struct precheck *c) MUST_CHECK;

/* Can it be for the chip in hand? Its first stack must lie in RAM the chip
 * has: by the chip's row, or else because a read there is answered (clones
 * have more than the row says). Reads at most one word, changes nothing.
 * STATUS_BAD_FILE: it is for another chip. */
enum status precheck_chip(struct cli *cli, const struct precheck *c, struct session *s) MUST_CHECK;

#endif
