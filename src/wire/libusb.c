/*
 * ST-LINKs over libusb: the wire to real hardware. The same code runs in tests
 * through the drop-in of `reflash board exec`.
 *
 * Which devices: VID 0x0483 with a product id of an ST-LINK's debug function
 * (facts agreed on by OpenOCD, stlink, probe-rs and pyOCD). Interface 0 is the
 * debug function on all of them. V1 (0x3744) is mass storage and not driven.
 */
#include <ctype.h>
#include <libusb-1.0/libusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/wire_internal.h"

enum { STMICRO = 0x0483, DEBUG_INTERFACE = 0, SMALL_PACKET = 64, LANGUAGE = 0x0409 };

static const uint16_t stlink_pids[] = {0x3748, 0x374A, 0x374B, 0x3742, 0x3752, 0x374E,
				       0x374F, 0x3753, 0x3754, 0x3757};

struct usb_real {
	struct usb_wire wire;
	struct usb_endpoints ep;
	libusb_context *ctx;
	libusb_device_handle *handle;
};

static struct usb_real *real_of(struct usb_wire *w)
{
	return (struct usb_real *)w;
}

/* ---- identity --------------------------------------------------------------------- */

static bool is_stlink(const struct libusb_device_descriptor *d)
{
	if (d->idVendor != STMICRO)
		return false;
	for (size_t i = 0; i < sizeof stlink_pids / sizeof stlink_pids[0]; i++)
		if (d->idProduct == stlink_pids[i])
			return true;
	return false;
}

/* "usb:1-4.2": bus, then the ports on the way, as the kernel names it. */
static void describe_path(libusb_device *d, char *out, size_t size)
{
	uint8_t ports[8];
	int n = libusb_get_port_numbers(d, ports, sizeof ports);
	int at = snprintf(out, size, "usb:%u", libusb_get_bus_number(d));

	for (int i = 0; i < n && (size_t)at < size; i++)
		at += snprintf(out + at, size - (size_t)at, "%c%u", i ? '.' : '-', ports[i]);
}

/*
 * Serial numbers are 24 hex digits, or, with older firmware, 12 raw bytes in
 * 12 UTF-16 units: those are hex-printed, which gives the same 24 digits that
 * other tools show.
 */
static void read_serial(libusb_device_handle *h, uint8_t index, char *out, size_t size)
{
	unsigned char d[256];
	int n = index ? libusb_get_string_descriptor(h, index, LANGUAGE, d, sizeof d) : 0;
	int units = n > 2 ? (n - 2) / 2 : 0;
	bool raw = units == 12;
	size_t at = 0;

	out[0] = 0;
	for (int i = 0; i < units; i++)
		raw |= d[2 + 2 * i + 1] != 0 || !isgraph(d[2 + 2 * i]);
	for (int i = 0; i < units && at + 3 < size; i++)
		at += (size_t)snprintf(out + at, size - at, raw ? "%02X" : "%c", d[2 + 2 * i]);
}

static void read_strings(libusb_device_handle *h, const struct libusb_device_descriptor *d,
			 struct usb_identity *id)
{
	unsigned char text[sizeof id->product];

	read_serial(h, d->iSerialNumber, id->serial, sizeof id->serial);
	if (d->iProduct &&
	    libusb_get_string_descriptor_ascii(h, d->iProduct, text, sizeof text) > 0)
		snprintf(id->product, sizeof id->product, "%s", (char *)text);
}

static enum status translate(int rc)
{
	switch (rc) {
	case 0:
		return STATUS_OK;
	case LIBUSB_ERROR_NO_DEVICE:
	case LIBUSB_ERROR_NOT_FOUND:
		return STATUS_PROBE_LOST;
	case LIBUSB_ERROR_TIMEOUT:
		return STATUS_TIMEOUT;
	case LIBUSB_ERROR_BUSY:
		return STATUS_PROBE_BUSY;
	case LIBUSB_ERROR_ACCESS:
		return STATUS_NO_PERMISSION;
	case LIBUSB_ERROR_NO_MEM:
		return STATUS_NO_MEMORY;
	default:
		return STATUS_IO;
	}
}

/* Who and whether it may be used. Opens, claims and lets go again. */
static void examine(libusb_device *d, const struct libusb_device_descriptor *desc,
		    struct usb_found *out)
{
	libusb_device_handle *h;
	int rc;

	memset(out, 0, sizeof *out);
	out->id.vid = desc->idVendor;
	out->id.pid = desc->idProduct;
	describe_path(d, out->id.path, sizeof out->id.path);
	rc = libusb_open(d, &h);
	out->access = translate(rc);
	if (rc != 0)
		return;
	read_strings(h, desc, &out->id);
	rc = libusb_claim_interface(h, DEBUG_INTERFACE);
	out->access = translate(rc);
	if (rc == LIBUSB_ERROR_BUSY)
		usb_holder(libusb_get_bus_number(d), libusb_get_device_address(d), out->holder,
			   sizeof out->holder);
	if (rc == 0)
		libusb_release_interface(h, DEBUG_INTERFACE);
	libusb_close(h);
}

enum status usb_libusb_list(struct usb_found *out, size_t max, size_t *count, struct err *err)
{
	libusb_context *ctx;
	libusb_device **list;
	ssize_t n;

	*count = 0;
	if (libusb_init(&ctx) != 0)
		return STATUS_OK; /* no USB on this machine: nothing is plugged in */
	n = libusb_get_device_list(ctx, &list);
	if (n < 0) {
		libusb_exit(ctx);
		return err_set(err, STATUS_IO, "cannot list USB devices: %s", libusb_strerror((int)n));
	}
	for (ssize_t i = 0; i < n && *count < max; i++) {
		struct libusb_device_descriptor d;

		if (libusb_get_device_descriptor(list[i], &d) == 0 && is_stlink(&d))
			examine(list[i], &d, &out[(*count)++]);
	}
	libusb_free_device_list(list, 1);
	libusb_exit(ctx);
	return STATUS_OK;
}

/* ---- transfers ---------------------------------------------------------------------- */

static enum status explain(struct usb_real *u, int rc, const char *doing, struct err *err)
{
	enum status s = translate(rc);

	if (s == STATUS_PROBE_LOST)
		return err_set(err, s, "the ST-LINK at %s vanished from USB while %s",
			       u->wire.id.path, doing);
	if (s == STATUS_TIMEOUT)
		return err_set(err, s, "the ST-LINK at %s did not answer in time while %s",
			       u->wire.id.path, doing);
	if (s != STATUS_OK)
		err_set(err, s, "USB failed while %s: %s", doing, libusb_strerror(rc));
	return s;
}

static int bulk(struct usb_real *u, uint8_t ep, uint8_t *data, size_t len, size_t *got,
		unsigned timeout_ms)
{
	int n = 0;
	int rc = libusb_bulk_transfer(u->handle, ep, data, (int)len, &n, timeout_ms);

	if (rc == LIBUSB_ERROR_PIPE)
		libusb_clear_halt(u->handle, ep);
	if (got)
		*got = (size_t)n;
	return rc;
}

/* A reply may be longer than was asked for; the host controller would call
 * that an overflow, so at least one whole packet is always asked for. */
static int bulk_in(struct usb_real *u, uint8_t ep, uint8_t *data, size_t len, size_t *got,
		   unsigned timeout_ms)
{
	uint8_t packet[SMALL_PACKET];
	int rc;

	if (len >= sizeof packet)
		return bulk(u, ep, data, len, got, timeout_ms);
	rc = bulk(u, ep, packet, sizeof packet, got, timeout_ms);
	if (*got > len)
		*got = len;
	memcpy(data, packet, *got);
	return rc;
}

static enum status real_exchange(struct usb_wire *w, struct usb_exchange *x, struct err *err)
{
	struct usb_real *u = real_of(w);
	size_t sent = 0;
	int rc = bulk(u, u->ep.out, (uint8_t *)(uintptr_t)x->command, x->command_len, &sent,
		      x->timeout_ms);

	x->got = 0;
	if (rc != 0 || sent != x->command_len)
		return explain(u, rc ? rc : LIBUSB_ERROR_IO, "sending a command", err);
	if (x->direction == USB_OUT) {
		rc = bulk(u, u->ep.out, x->data, x->len, &x->got, x->timeout_ms);
		if (rc == 0 && x->got != x->len)
			rc = LIBUSB_ERROR_IO;
		return explain(u, rc, "sending data", err);
	}
	if (x->direction == USB_IN)
		rc = bulk_in(u, u->ep.in, x->data, x->len, &x->got, x->timeout_ms);
	return explain(u, rc, "reading its reply", err);
}

static enum status real_read_swo(struct usb_wire *w, uint8_t *data, size_t len, size_t *got,
				 unsigned timeout_ms, struct err *err)
{
	struct usb_real *u = real_of(w);

	*got = 0;
	return explain(u, bulk_in(u, u->ep.swo, data, len, got, timeout_ms), "reading trace data",
		       err);
}

static enum status real_reset(struct usb_wire *w, struct err *err)
{
	return explain(real_of(w), libusb_reset_device(real_of(w)->handle), "resetting it", err);
}

static void real_close(struct usb_wire *w)
{
	struct usb_real *u = real_of(w);

	if (u->handle) {
		libusb_release_interface(u->handle, DEBUG_INTERFACE);
		libusb_close(u->handle);
	}
	libusb_exit(u->ctx);
	free(u);
}

static const struct usb_wire_ops real_ops = {
	.exchange = real_exchange,
	.read_swo = real_read_swo,
	.reset = real_reset,
	.now_us = wall_now_us,
	.sleep_us = wall_sleep_us,
	.close = real_close,
};

/* ---- opening -------------------------------------------------------------------------- */

/* Does the device fit what was asked for? Empty fields fit anything. */
static bool fits(libusb_device *d, const struct usb_identity *want, struct usb_found *found)
{
	struct libusb_device_descriptor desc;

	if (libusb_get_device_descriptor(d, &desc) != 0 || !is_stlink(&desc))
		return false;
	if ((want->vid && want->vid != desc.idVendor) || (want->pid && want->pid != desc.idProduct))
		return false;
	examine(d, &desc, found);
	if (want->path[0] && strcmp(want->path, found->id.path) != 0)
		return false;
	/* A device that may not be opened hides its serial: the path must do. */
	return !want->serial[0] || !found->id.serial[0] ||
	       strcasecmp(want->serial, found->id.serial) == 0;
}

static enum status refuse(const struct usb_found *f, struct err *err)
{
	if (f->access == STATUS_NO_PERMISSION)
		return err_set(err, f->access, "the ST-LINK at %s may not be opened", f->id.path);
	if (f->access == STATUS_PROBE_BUSY) {
		err_set(err, f->access, "the ST-LINK at %s is in use by %s", f->id.path,
			f->holder[0] ? f->holder : "another program");
		if (f->holder[0])
			err_next(err, "close %s, then try again", f->holder);
		return f->access;
	}
	return err_set(err, f->access, "the ST-LINK at %s cannot be used", f->id.path);
}

static enum status take(struct usb_real *u, libusb_device *d, const struct usb_found *f,
			struct err *err)
{
	int rc;

	if (f->access != STATUS_OK)
		return refuse(f, err);
	u->wire.id = f->id;
	rc = libusb_open(d, &u->handle);
	if (rc == 0)
		rc = libusb_claim_interface(u->handle, DEBUG_INTERFACE);
	return explain(u, rc, "opening it", err);
}

static enum status search(struct usb_real *u, const struct usb_identity *id, struct err *err)
{
	libusb_device **list;
	ssize_t n = libusb_get_device_list(u->ctx, &list);
	struct usb_found found;
	enum status s = STATUS_NO_PROBE;

	for (ssize_t i = 0; i < n && s == STATUS_NO_PROBE; i++)
		if (fits(list[i], id, &found))
			s = take(u, list[i], &found, err);
	if (n >= 0)
		libusb_free_device_list(list, 1);
	if (s == STATUS_NO_PROBE)
		err_set(err, s, "no ST-LINK%s%s is plugged in", id->serial[0] ? " with serial " : "",
			id->serial);
	return s;
}

enum status usb_libusb_open(const struct usb_identity *id, struct usb_wire **out, struct err *err)
{
	struct usb_real *u = calloc(1, sizeof *u);
	enum status s;

	if (!u)
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	u->wire.ops = &real_ops;
	if (libusb_init(&u->ctx) != 0) {
		free(u);
		return err_set(err, STATUS_NO_PROBE, "there is no USB on this machine");
	}
	s = search(u, id, err);
	u->ep = usb_endpoints_of(u->wire.id.pid);
	if (s == STATUS_OK)
		*out = &u->wire;
	else
		real_close(&u->wire);
	return s;
}
