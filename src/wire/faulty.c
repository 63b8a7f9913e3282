/*
 * A wire that fails its Nth exchange: what cables, hubs and probes can do.
 *
 *   LOST     the device is gone; the command never reached it
 *   TIMEOUT  the command was carried out, its reply did not come in time
 *   SHORT    the data phase broke off half-way
 *   STATUS   the probe reports an AP error instead of success
 *
 * STATUS alters only replies that begin with the success byte 0x80 and are no
 * longer than the longest status reply (12 bytes): data phases carry no status.
 */
#include <stdlib.h>

#include "wire/wire_internal.h"

enum { PROBE_SUCCESS = 0x80, PROBE_AP_ERROR = 0x12, LONGEST_STATUS_REPLY = 12 };

struct usb_faulty {
	struct usb_wire wire;
	struct usb_wire *inner;
	uint64_t count, fail_at;
	enum usb_fault kind;
	bool permanent;
};

static struct usb_faulty *faulty_of(struct usb_wire *w)
{
	return (struct usb_faulty *)w;
}

static enum status fail_short(struct usb_faulty *f, struct usb_exchange *x, struct err *err)
{
	enum status s;

	if (x->direction == USB_OUT) {
		struct usb_exchange half = *x;

		half.len /= 2;
		s = f->inner->ops->exchange(f->inner, &half, err);
		x->got = half.len;
		return s != STATUS_OK ? s
				      : err_set(err, STATUS_IO,
						"the probe took only %zu of %zu bytes", half.len,
						x->len);
	}
	s = f->inner->ops->exchange(f->inner, x, err);
	x->got /= 2;
	return s;
}

static enum status fail_status(struct usb_faulty *f, struct usb_exchange *x, struct err *err)
{
	enum status s = f->inner->ops->exchange(f->inner, x, err);

	if (s == STATUS_OK && x->direction == USB_IN && x->got > 0 &&
	    x->got <= LONGEST_STATUS_REPLY && x->data[0] == PROBE_SUCCESS)
		x->data[0] = PROBE_AP_ERROR;
	return s;
}

static enum status faulty_exchange(struct usb_wire *w, struct usb_exchange *x, struct err *err)
{
	struct usb_faulty *f = faulty_of(w);
	uint64_t n = ++f->count;

	if (n < f->fail_at || f->fail_at == 0 || (n > f->fail_at && !f->permanent))
		return f->inner->ops->exchange(f->inner, x, err);
	switch (f->kind) {
	case USB_FAULT_LOST:
		x->got = 0;
		return err_set(err, STATUS_PROBE_LOST, "the probe vanished from USB");
	case USB_FAULT_TIMEOUT:
		(void)!f->inner->ops->exchange(f->inner, x, NULL);
		f->inner->ops->sleep_us(f->inner, (uint64_t)x->timeout_ms * 1000u);
		x->got = 0;
		return err_set(err, STATUS_TIMEOUT, "the probe did not answer in time");
	case USB_FAULT_SHORT:
		return fail_short(f, x, err);
	case USB_FAULT_STATUS:
		return fail_status(f, x, err);
	}
	return STATUS_OK;
}

static enum status faulty_read_swo(struct usb_wire *w, uint8_t *data, size_t len, size_t *got,
				   unsigned timeout_ms, struct err *err)
{
	struct usb_wire *inner = faulty_of(w)->inner;

	return inner->ops->read_swo(inner, data, len, got, timeout_ms, err);
}

static enum status faulty_reset(struct usb_wire *w, struct err *err)
{
	struct usb_wire *inner = faulty_of(w)->inner;

	if (!inner->ops->reset)
		return err_set(err, STATUS_UNSUPPORTED, "this wire has no USB reset");
	return inner->ops->reset(inner, err);
}

static uint64_t faulty_now_us(struct usb_wire *w)
{
	return usb_now_us(faulty_of(w)->inner);
}

static void faulty_sleep_us(struct usb_wire *w, uint64_t us)
{
	usb_sleep_us(faulty_of(w)->inner, us);
}

static void faulty_close(struct usb_wire *w)
{
	usb_close(faulty_of(w)->inner);
	free(w);
}

static const struct usb_wire_ops faulty_ops = {
	.exchange = faulty_exchange,
	.read_swo = faulty_read_swo,
	.reset = faulty_reset,
	.now_us = faulty_now_us,
	.sleep_us = faulty_sleep_us,
	.close = faulty_close,
};

enum status usb_faulty_open(struct usb_wire *inner, uint64_t fail_at, enum usb_fault kind,
			    bool permanent, struct usb_wire **out, struct err *err)
{
	struct usb_faulty *f = calloc(1, sizeof *f);

	if (!f) {
		usb_close(inner);
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	}
	f->wire.ops = &faulty_ops;
	f->wire.id = inner->id;
	f->inner = inner;
	f->fail_at = fail_at;
	f->kind = kind;
	f->permanent = permanent;
	*out = &f->wire;
	return STATUS_OK;
}

uint64_t usb_faulty_count(const struct usb_wire *w)
{
	return ((const struct usb_faulty *)w)->count;
}
