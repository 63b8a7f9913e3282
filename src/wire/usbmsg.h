/*
 * Message header of the board's Unix socket, shared by the three that speak
 * it: the board's server (serve), our own client (wire/unix.c) and the libusb
 * drop-in (shim). Little-endian on the wire, 16 bytes, then `len` bytes of
 * payload for messages that carry data.
 *
 *   0      1       2..3     4..7    8..11       12..15
 *   type   ep      status   len     timeout_ms  reserved
 */
#ifndef REFLASH_WIRE_USBMSG_H
#define REFLASH_WIRE_USBMSG_H

#include <stdint.h>

#include "base/bytes.h"

#define USBMSG_VERSION 1
#define USBMSG_SIZE 16
#define USBMSG_MAX_PAYLOAD (1u << 20)

enum usbmsg_type {
	USBMSG_HELLO = 1,   /* -> (nothing) ; <- identity: vid16 pid16 driven8 pad8 serial[32] product[32] */
	USBMSG_OUT,         /* -> data on endpoint ep ; <- status, len = bytes taken */
	USBMSG_IN,          /* -> len = room ; <- status, len bytes of data */
	USBMSG_CONTROL,     /* -> 8 setup bytes + OUT data ; <- status, IN data */
	USBMSG_RESET,       /* -> ; <- status */
	USBMSG_NOW,         /* -> ; <- 8 bytes: board time in us (driven boards) */
	USBMSG_SLEEP,       /* -> 8 bytes: us ; <- status (driven boards) */
	USBMSG_EXCHANGE,    /* -> command_len8 direction8 pad16 len32 command[] data[] ; <- status, data:
			       one USB exchange in one round trip (our own client) */
};

/* `status` field of replies. */
enum usbmsg_status { USBMSG_OK, USBMSG_TIMEOUT, USBMSG_STALL, USBMSG_GONE, USBMSG_BUSY,
		     USBMSG_BAD };

struct usbmsg {
	uint8_t type, ep;
	uint16_t status;
	uint32_t len;
	uint32_t timeout_ms;
};

static inline void usbmsg_put(uint8_t out[USBMSG_SIZE], const struct usbmsg *m)
{
	memset(out, 0, USBMSG_SIZE);
	out[0] = m->type;
	out[1] = m->ep;
	put_le16(out + 2, m->status);
	put_le32(out + 4, m->len);
	put_le32(out + 8, m->timeout_ms);
}

static inline void usbmsg_get(const uint8_t in[USBMSG_SIZE], struct usbmsg *m)
{
	m->type = in[0];
	m->ep = in[1];
	m->status = get_le16(in + 2);
	m->len = get_le32(in + 4);
	m->timeout_ms = get_le32(in + 8);
}

#endif
