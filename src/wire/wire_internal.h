/* Shared by the transports of this room. */
#ifndef REFLASH_WIRE_INTERNAL_H
#define REFLASH_WIRE_INTERNAL_H

#include "wire/wire.h"

/*
 * Bulk endpoints of the debug interface. V2 (and its clones): OUT 2, SWO 0x83;
 * every later ST-LINK: OUT 1, SWO 0x82; IN is 0x81 for all. Source: OpenOCD,
 * stlink, probe-rs and pyOCD agree.
 */
struct usb_endpoints {
	uint8_t out, in, swo;
};

static inline struct usb_endpoints usb_endpoints_of(uint16_t pid)
{
	if (pid == 0x3748 || pid == 0x3744)
		return (struct usb_endpoints){0x02, 0x81, 0x83};
	return (struct usb_endpoints){0x01, 0x81, 0x82};
}

/* Wall clock, for transports whose other end lives in real time. */
uint64_t wall_now_us(struct usb_wire *w);
void wall_sleep_us(struct usb_wire *w, uint64_t us);

/* Microseconds of CLOCK_MONOTONIC, and a sleep that survives signals. */
uint64_t monotonic_us(void);
void monotonic_sleep_us(uint64_t us);

/* Who answers at a board's socket? Not STATUS_OK when nobody does. */
enum status usb_unix_probe(const char *path, struct usb_found *out) MUST_CHECK;

/* Which process has the USB device open: "openocd, pid 4711"; "" when it cannot
 * be told. */
void usb_holder(unsigned bus, unsigned address, char *out, size_t size);

#endif
