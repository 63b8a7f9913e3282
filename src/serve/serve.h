/*
 * The board served: in this process (tests, `check`'s proof runs) or as a
 * process of its own, on a Unix socket.
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

#endif
