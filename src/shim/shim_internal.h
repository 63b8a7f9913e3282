/*
 * Inside the libusb drop-in. It stands in for libusb-1.0 (API of 1.0.26, as
 * libusb.h declares it) and knows one kind of device: the ST-LINK of a virtual
 * board, reached over the socket named in REFLASH_DROPIN. Without a board the
 * bus is empty. Nothing here touches real USB.
 *
 * Not modelled: isochronous transfers, bulk streams, hotplug events (all say
 * LIBUSB_ERROR_NOT_SUPPORTED, as libusb does on systems without them), and
 * interfaces beyond the debug one (no mass storage, no virtual COM port).
 */
#ifndef REFLASH_SHIM_INTERNAL_H
#define REFLASH_SHIM_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(default)
#include <libusb-1.0/libusb.h>
#pragma GCC visibility pop

#include "wire/seat.h"
#include "wire/usbmsg.h"

/* ---- link.c: one connection to the board's socket; thread-safe */

enum { LINK_HELD_MAX = 64, LINK_AHEAD_MAX = 1024 };

struct link {
	int fd; /* -1: broken, for good */
	bool posted; /* an OUT transfer was taken and not heard of */
	bool holding; /* it has not been sent yet: see link_post */
	uint8_t held_ep, held[LINK_HELD_MAX];
	size_t held_len;
	uint8_t ahead[LINK_AHEAD_MAX]; /* received, not yet used: ahead_at to ahead_end */
	size_t ahead_at, ahead_end;
	struct seat seat;
	pthread_mutex_t lock;
	struct usbmsg_identity id;
};

/* 0 or a LIBUSB_ERROR_*. */
int link_open(struct link *l);
void link_close(struct link *l);
/* One message and its answer. `got` (may be NULL): bytes of payload received,
 * at most `room`. */
int link_ask(struct link *l, enum usbmsg_type type, uint8_t ep, const void *out, size_t out_len,
	     void *in, size_t room, size_t *got);
/*
 * An OUT transfer. A probe takes the packet and works on it while the host goes
 * on, so this does not wait for it: the next call does, and reports what went
 * wrong with this one as its own failure. To a driven board, whose time stands
 * still until the next call anyway, a short one is sent along with that call.
 */
int link_post(struct link *l, uint8_t ep, const void *out, size_t out_len);
/* Let time pass for the board: `us` of its own time when it is driven, of the wall's else. */
void link_wait_us(struct link *l, unsigned us);

/* ---- objects */

struct itransfer;

struct libusb_context {
	pthread_mutex_t lock;   /* of the list */
	pthread_mutex_t events; /* whoever handles events holds it */
	pthread_cond_t done;    /* some transfer has completed */
	struct itransfer *first, *last; /* submitted, in order */
	int event_fd;           /* readable while anything is submitted */
	bool interrupted;
	unsigned refs;
};

struct libusb_device {
	struct libusb_context *ctx;
	struct usbmsg_identity id;
	unsigned refs;
};

struct libusb_device_handle {
	struct libusb_device *dev;
	struct link link;
	bool claimed;
	int configuration;
};

/* A transfer with what is ours before it. */
struct itransfer {
	struct itransfer *next;
	uint64_t deadline_us; /* 0: none */
	bool submitted, cancelled;
	struct libusb_transfer pub; /* last: isochronous packets follow */
};

/* ---- device.c */
struct libusb_context *context_of(struct libusb_context *ctx); /* NULL: the default one */
/* Fill the standard descriptor `type`/`index`; its length, or an error. */
int descriptor_bytes(const struct usbmsg_identity *id, uint8_t type, uint8_t index, uint8_t *out,
		     size_t room);

/* ---- transfer.c */
/* One attempt: LIBUSB_ERROR_TIMEOUT when nothing is pending on an IN endpoint. */
int bulk_once(struct libusb_device_handle *h, uint8_t endpoint, uint8_t *data, int length,
	      int *got);
uint64_t shim_now_us(void);

#endif
