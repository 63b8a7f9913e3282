/*
 * The wire: where host and board meet, as on a desk. Two kinds: `usb_wire`
 * (one exchange = a command, then optional data one way) and `stream_wire`
 * (bytes, for UART bootloaders). Both own time: every wait, poll and time-out
 * of host code goes through now() and sleep() of the wire, so that on a driven
 * board a run is deterministic and takes no wall-clock time.
 *
 * Ops contract: what each call must do is said beside it; a transport is one
 * file that ends in its ops.
 */
#ifndef REFLASH_WIRE_H
#define REFLASH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Who is at the other end. Strings are NUL-terminated and printable (raw
 * binary serials are hex-printed where they arise). */
struct usb_identity {
	uint16_t vid, pid;
	char serial[64];
	char path[64];     /* "usb:1-4.2", "virtual:/run/...", "tcp:127.0.0.1:7184" */
	char product[64];  /* "ST-LINK/V2" */
	bool virtual_board;
};

enum usb_direction { USB_NONE, USB_OUT, USB_IN };

/* One exchange on the debug interface. */
struct usb_exchange {
	const uint8_t *command;   /* sent on the OUT endpoint */
	size_t command_len;       /* 16 for ST-LINK/V2 and later */
	enum usb_direction direction; /* of the data phase */
	uint8_t *data;            /* USB_OUT: not modified */
	size_t len;               /* bytes to send, or room for the reply */
	size_t got;               /* out: bytes transferred in the data phase (short replies happen) */
	unsigned timeout_ms;
};

struct usb_wire;
struct usb_wire_ops {
	/* Send the command and run the data phase. Translates the transport's
	 * errors: STATUS_PROBE_LOST (gone), STATUS_TIMEOUT, STATUS_IO. A short
	 * reply is STATUS_OK with got < len. */
	enum status (*exchange)(struct usb_wire *w, struct usb_exchange *x, struct err *err);
	/* Read from the SWO endpoint; NULL when there is none. */
	enum status (*read_swo)(struct usb_wire *w, uint8_t *data, size_t len, size_t *got,
				unsigned timeout_ms, struct err *err);
	/* Reset the device (line state); NULL: not possible. */
	enum status (*reset)(struct usb_wire *w, struct err *err);
	uint64_t (*now_us)(struct usb_wire *w); /* monotonic */
	void (*sleep_us)(struct usb_wire *w, uint64_t us);
	void (*close)(struct usb_wire *w); /* frees w */
};
struct usb_wire {
	const struct usb_wire_ops *ops;
	struct usb_identity id;
};

static inline enum status usb_exchange(struct usb_wire *w, struct usb_exchange *x, struct err *err)
{
	return w->ops->exchange(w, x, err);
}
static inline uint64_t usb_now_us(struct usb_wire *w)
{
	return w->ops->now_us(w);
}
static inline void usb_sleep_us(struct usb_wire *w, uint64_t us)
{
	w->ops->sleep_us(w, us);
}
static inline void usb_close(struct usb_wire *w)
{
	if (w)
		w->ops->close(w);
}

/* ---- transports ------------------------------------------------------------------ */

/* ST-LINKs over libusb. Lists those present; a device that may not be opened
 * is listed with an empty serial and STATUS_NO_PERMISSION in `access`. */
struct usb_found {
	struct usb_identity id;
	enum status access;
	char holder[96]; /* who holds it: "openocd, pid 4711"; "" when free or unknown */
};
enum status usb_libusb_list(struct usb_found *out, size_t max, size_t *count,
			    struct err *err) MUST_CHECK;
enum status usb_libusb_open(const struct usb_identity *id, struct usb_wire **out,
			    struct err *err) MUST_CHECK;

/* A virtual board's Unix socket. `path` NULL: the default socket
 * ($XDG_RUNTIME_DIR/reflash/board.sock, else /tmp/reflash-UID/board.sock).
 * STATUS_NO_PROBE when nobody serves it, STATUS_PROBE_BUSY when another client
 * is connected. On a driven board, now() and sleep() are the board's. */
enum status usb_unix_open(const char *path, struct usb_wire **out, struct err *err) MUST_CHECK;
/* The default socket path (env REFLASH_BOARD overrides it); false when it does
 * not fit. */
bool usb_unix_default_path(char *out, size_t size);
/* The virtual boards that run: every socket beside the default one that answers.
 * `access` is STATUS_PROBE_BUSY, and `holder` set, where a client is connected. */
enum status usb_unix_list(struct usb_found *out, size_t max, size_t *count,
			  struct err *err) MUST_CHECK;

/* stlink-server over TCP, "host:port". */
enum status usb_stlink_server_open(const char *where, const char *serial, struct usb_wire **out,
				   struct err *err) MUST_CHECK;

/*
 * In-process: the board is linked in (tests; `serve` and test code provide the
 * callbacks). The wire takes ownership of nothing.
 */
struct usb_local_ops {
	/* Bulk OUT/IN on an endpoint; STATUS_PROBE_LOST when unplugged. */
	enum status (*bulk_out)(void *ctx, uint8_t endpoint, const uint8_t *data, size_t len);
	enum status (*bulk_in)(void *ctx, uint8_t endpoint, uint8_t *data, size_t len, size_t *got);
	uint64_t (*now_us)(void *ctx);
	void (*sleep_us)(void *ctx, uint64_t us);
	void (*reset)(void *ctx); /* USB bus reset; NULL: the wire has none */
};
enum status usb_local_open(const struct usb_local_ops *ops, void *ctx,
			   const struct usb_identity *id, struct usb_wire **out,
			   struct err *err) MUST_CHECK;

/*
 * A wire that fails its Nth exchange (test kit), counted from 1; 0: never.
 * Wraps another wire, which it then owns (closed also when this fails).
 * `permanent`: every later exchange fails too. Kinds of failure: what a cable,
 * hub or probe can do.
 */
enum usb_fault {
	USB_FAULT_LOST,    /* STATUS_PROBE_LOST; the command did not reach the probe */
	USB_FAULT_TIMEOUT, /* STATUS_TIMEOUT; the probe carried the command out */
	USB_FAULT_SHORT,   /* IN: STATUS_OK with half the bytes; OUT: half sent, STATUS_IO */
	USB_FAULT_STATUS,  /* a status reply says "AP error" (0x12) instead of 0x80 */
};
struct usb_faulty;
enum status usb_faulty_open(struct usb_wire *inner, uint64_t fail_at, enum usb_fault kind,
			    bool permanent, struct usb_wire **out, struct err *err) MUST_CHECK;
/* Exchanges seen so far. */
uint64_t usb_faulty_count(const struct usb_wire *w);

/* ---- byte streams (UART) --------------------------------------------------------------- */

struct stream_wire;
struct stream_wire_ops {
	enum status (*write)(struct stream_wire *w, const uint8_t *data, size_t len,
			     struct err *err);
	/* Up to len bytes; returns with what came by the time-out (got may be 0:
	 * STATUS_TIMEOUT). */
	enum status (*read)(struct stream_wire *w, uint8_t *data, size_t len, size_t *got,
			    unsigned timeout_ms, struct err *err);
	enum status (*set_line)(struct stream_wire *w, unsigned baud, bool even_parity,
				struct err *err);
	uint64_t (*now_us)(struct stream_wire *w);
	void (*sleep_us)(struct stream_wire *w, uint64_t us);
	void (*close)(struct stream_wire *w);
};
struct stream_wire {
	const struct stream_wire_ops *ops;
	char path[128];
};
enum status stream_tty_open(const char *path, unsigned baud, struct stream_wire **out,
			    struct err *err) MUST_CHECK;

#endif
