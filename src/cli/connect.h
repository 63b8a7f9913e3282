/*
 * From what the person said (-p, or nothing) to a probe, and on to an attached
 * chip. A `struct session` is one chip in hand; every command that touches
 * hardware opens one and closes it.
 */
#ifndef REFLASH_CLI_CONNECT_H
#define REFLASH_CLI_CONNECT_H

#include "chips/chips.h"
#include "cli/cli.h"
#include "flash/flash.h"
#include "target/bootrom.h"
#include "target/target.h"

#define PROBES_MAX 32

/* What is plugged in or running. */
struct probe_list {
	struct usb_found found[PROBES_MAX];
	size_t count;
	struct err usb_err; /* USB could not be looked at: why */
};
void probe_list_fill(struct probe_list *list);

/* The wire -p names, open. STATUS_NO_PROBE, STATUS_NO_PERMISSION,
 * STATUS_PROBE_BUSY (says who holds it), STATUS_USAGE (several, or not
 * understood). */
enum status open_wire(struct cli *cli, struct usb_wire **out, struct err *err) MUST_CHECK;
/* The same, with its driver. */
enum status open_probe(struct cli *cli, struct probe **out, struct err *err) MUST_CHECK;

struct session {
	struct probe *probe;
	struct target *target;
	struct stream_wire *serial;   /* or, with -p tty: the boot ROM's UART ... */
	struct bootrom rom;           /* ... and who answers there */
	enum target_way way;          /* how it went in */
	bool locked_up;               /* the core, when it was looked at again */
	const struct chip *chip;
	struct target_identity id;
	unsigned flash_kib;           /* the chip's own word, 0: unreadable */
	uint64_t connect_us;          /* how long all that took */
};

enum session_need {
	SESSION_HALT = 1,      /* the core stops, and stays stopped */
	SESSION_ANY_CHIP = 2,  /* a chip that is not in the tables is no error (chip = NULL) */
	SESSION_UART = 4,      /* the boot ROM's UART will do: then `target` stays NULL */
};
/* Open the probe and attach: plainly, then under reset (or as --under-reset
 * and --hot-plug say), and identify the chip. */
enum status session_open(struct cli *cli, unsigned need, struct session *s,
			 struct err *err) MUST_CHECK;
/* Identify an attached target: chip tables, flash size. Used by session_open
 * and by recover, which attaches by other ways. */
enum status session_identify(struct cli *cli, unsigned need, struct session *s,
			     struct err *err) MUST_CHECK;
/* The error of a chip that is not in the tables. */
enum status session_unknown_chip(const struct session *s, struct err *err);
/* "plain", "under reset" ...; "boot ROM" over the UART. */
const char *session_way(const struct session *s);
struct flash_link session_link(struct session *s);
/* Any memory, over either. */
enum status session_read(struct session *s, uint32_t address, void *data, size_t len,
			 struct err *err) MUST_CHECK;
/* The options every attach of this run uses. */
struct target_options session_options(struct cli *cli, bool halt);
/* With -p tty: is it, open its boot ROM (more than once, to wait longer), and
 * what chip answers there. For recover, which asks for the jumper in between. */
bool is_serial(const struct cli *cli);
enum status open_boot_rom(struct cli *cli, uint64_t wait_us, struct session *s,
			  struct err *err) MUST_CHECK;
enum status identify_over_uart(struct cli *cli, unsigned need, struct session *s,
			       struct err *err) MUST_CHECK;
void session_close(struct session *s, bool leave_halted);
/* "ff3206725434353225565701", "" when the chip did not tell. */
void session_uid(const struct session *s, char out[25]);

#endif
