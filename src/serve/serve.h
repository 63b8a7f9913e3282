/*
 * The board served: in this process (tests, proof runs) or as a process of its
 * own, on a Unix socket that USB clients use, with a control socket beside it
 * for what a hand does on a desk.
 */
#ifndef REFLASH_SERVE_H
#define REFLASH_SERVE_H

#include "base/err.h"
#include "board/board.h"
#include "wire/wire.h"

/*
 * A wire to a board in this process. Time is driven: it moves only by what
 * transfers cost and by what the host waits. The board stays the caller's and
 * must outlive the wire; several wires to one board share its ST-LINK.
 */
enum status serve_local_wire(struct board *b, struct usb_wire **out, struct err *err) MUST_CHECK;

/* ---- a process of its own ------------------------------------------------------- */

struct serve_config {
	const char *socket;      /* NULL: usb_unix_default_path. Control: the same + ".ctl" */
	bool driven;             /* board time moves only by transfers and client waits;
				    else it follows the wall clock */
	const char *flash_file;  /* flash and option bytes kept here; NULL: not kept */
	bool stlink_server;      /* stlink-server protocol on 127.0.0.1 */
	unsigned stlink_port;    /* 0: the standard one, 7184 */
	bool uart;               /* a pty for USART1, and a link to it: socket's name with ".uart" */
	uint64_t unplug_at;      /* pull the USB cable at this transfer, counted from 1; 0: never */
	uint64_t stall_at;       /* this transfer gets no answer; 0: none */
	const struct log *log;   /* may be NULL */
};

struct server;

/*
 * Create the sockets (directory 0700, made when missing) and get ready to
 * serve. The board stays the caller's. STATUS_PROBE_BUSY when a board is being
 * served there already, STATUS_IO with the path otherwise.
 */
enum status serve_open(struct board *b, const struct serve_config *config, struct server **out,
		       struct err *err) MUST_CHECK;

/* Where it can be reached; strings belong to the server. */
struct serve_places {
	const char *socket, *control;
	const char *uart;     /* "" without one */
	unsigned stlink_port; /* 0 without one */
};
void serve_places(const struct server *s, struct serve_places *out);

/* Serve until `stop` comes over the control socket, or SIGTERM, SIGINT or
 * SIGHUP. Blocks. */
enum status serve_run(struct server *s, struct err *err) MUST_CHECK;
/* Write the flash back, remove the sockets, free. NULL is fine. */
void serve_close(struct server *s);

/* ---- the control socket's client --------------------------------------------------- */

/*
 * Send one line to the board served at `socket` (NULL: the default) and hand
 * each line of the answer to `line`. Statuses of the board's refusal pass
 * through (STATUS_USAGE ...); STATUS_NO_PROBE when no board is served there.
 */
enum status serve_control(const char *socket, const char *command,
			  void (*line)(void *ctx, const char *text), void *ctx,
			  struct err *err) MUST_CHECK;

#endif
