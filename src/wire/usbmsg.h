/*
 * Messages of the board's Unix socket, shared by the three that speak it: the
 * board's server (serve), our own client (wire/unix.c) and the libusb drop-in
 * (shim). Little-endian, a header of 16 bytes, then `len` bytes of payload for
 * messages that carry data. Every message gets one reply of the same type, but
 * for OUT with USBMSG_QUIET: that is answered only when it failed.
 *
 *   0      1       2..3     4..7    8..11       12..15
 *   type   ep      status   len     timeout_ms  replies: board time in us, low 32 bits
 *                                               requests: the client's processor + 1, or 0
 *
 * Anyone of the same user may connect and say HELLO; the probe itself belongs
 * to the one connection that sent CLAIM, until RELEASE or hang-up, as the
 * interface of a USB device belongs to one process.
 */
#ifndef REFLASH_WIRE_USBMSG_H
#define REFLASH_WIRE_USBMSG_H

#include <stdint.h>

#include "base/bytes.h"

#define USBMSG_VERSION 2
#define USBMSG_SIZE 16
#define USBMSG_MAX_PAYLOAD (1u << 20)

/* `->` what the client sends, `<-` what the board answers. */
enum usbmsg_type {
	USBMSG_HELLO = 1,   /* -> (nothing) ; <- identity, see usbmsg_identity_put */
	USBMSG_OUT,         /* -> data on endpoint ep ; <- status, len 0 */
	USBMSG_IN,          /* -> 4 bytes: room ; <- status, len bytes of data. TIMEOUT comes at
			       once when nothing is pending: waiting is the client's */
	USBMSG_CONTROL,     /* reserved: descriptors are made by the client from the identity */
	USBMSG_RESET,       /* -> ; <- status */
	USBMSG_NOW,         /* -> ; <- 8 bytes: board time in us */
	USBMSG_SLEEP,       /* -> 8 bytes: us ; <- status, after that much board time */
	USBMSG_EXCHANGE,    /* -> command_len8 direction8 pad16 len32 command[] data[] ; <- status, data:
			       one USB exchange in one round trip (our own client). direction as
			       in USBMSG_DIR_*; len: bytes of data, or room for the reply */
	USBMSG_CLAIM,       /* -> ; <- status; BUSY with the holder's name as payload */
	USBMSG_RELEASE,     /* -> ; <- status */
};

enum { USBMSG_DIR_NONE, USBMSG_DIR_OUT, USBMSG_DIR_IN };

/* `status` field of requests. */
enum usbmsg_flags {
	USBMSG_QUIET = 1, /* OUT: no answer unless it fails */
};

/* `status` field of replies. */
enum usbmsg_status {
	USBMSG_OK,
	USBMSG_TIMEOUT,
	USBMSG_STALL,
	USBMSG_GONE, /* the probe was unplugged */
	USBMSG_BUSY, /* another connection holds it */
	USBMSG_BAD,  /* not a message, or not allowed without CLAIM */
};

struct usbmsg {
	uint8_t type, ep;
	uint16_t status;
	uint32_t len;
	uint32_t timeout_ms;
	uint32_t time; /* of replies; where the client runs in requests */
};

static inline void usbmsg_put(uint8_t out[USBMSG_SIZE], const struct usbmsg *m)
{
	memset(out, 0, USBMSG_SIZE);
	out[0] = m->type;
	out[1] = m->ep;
	put_le16(out + 2, m->status);
	put_le32(out + 4, m->len);
	put_le32(out + 8, m->timeout_ms);
	put_le32(out + 12, m->time);
}

static inline void usbmsg_get(const uint8_t in[USBMSG_SIZE], struct usbmsg *m)
{
	m->type = in[0];
	m->ep = in[1];
	m->status = get_le16(in + 2);
	m->len = get_le32(in + 4);
	m->timeout_ms = get_le32(in + 8);
	m->time = get_le32(in + 12);
}

/*
 * Payload of HELLO's answer:
 *   0..1 vid  2..3 pid  4 driven  5 version  6..37 serial  38..69 product
 * Strings are NUL-padded and always end in NUL.
 */
#define USBMSG_IDENTITY_SIZE 70
struct usbmsg_identity {
	uint16_t vid, pid;
	uint8_t driven, version;
	char serial[32], product[32];
};

static inline void usbmsg_identity_put(uint8_t out[USBMSG_IDENTITY_SIZE],
				       const struct usbmsg_identity *id)
{
	memset(out, 0, USBMSG_IDENTITY_SIZE);
	put_le16(out, id->vid);
	put_le16(out + 2, id->pid);
	out[4] = id->driven;
	out[5] = id->version;
	memcpy(out + 6, id->serial, strnlen(id->serial, sizeof id->serial - 1));
	memcpy(out + 38, id->product, strnlen(id->product, sizeof id->product - 1));
}

static inline void usbmsg_identity_get(const uint8_t in[USBMSG_IDENTITY_SIZE],
				       struct usbmsg_identity *id)
{
	id->vid = get_le16(in);
	id->pid = get_le16(in + 2);
	id->driven = in[4];
	id->version = in[5];
	memcpy(id->serial, in + 6, sizeof id->serial - 1);
	id->serial[sizeof id->serial - 1] = 0;
	memcpy(id->product, in + 38, sizeof id->product - 1);
	id->product[sizeof id->product - 1] = 0;
}

#endif
