/*
 * The in-process wire: bulk transfers become calls. Time is the callee's, so a
 * run over it is deterministic and takes no wall-clock time.
 */
#include <stdlib.h>

#include "wire/wire_internal.h"

struct usb_local {
	struct usb_wire wire;
	const struct usb_local_ops *ops;
	void *ctx;
	struct usb_endpoints ep;
};

static struct usb_local *local_of(struct usb_wire *w)
{
	return (struct usb_local *)w;
}

static enum status explain(struct err *err, enum status s, const char *doing)
{
	if (s == STATUS_PROBE_LOST)
		return err_set(err, s, "the probe vanished from USB while %s", doing);
	if (s == STATUS_TIMEOUT)
		return err_set(err, s, "the probe did not answer in time while %s", doing);
	return s == STATUS_OK ? s : err_set(err, s, "USB transfer failed while %s", doing);
}

/* A bulk IN that finds nothing waits, as a host controller does. */
static enum status bulk_in(struct usb_local *l, uint8_t ep, uint8_t *data, size_t len, size_t *got,
			   unsigned timeout_ms)
{
	enum status s = l->ops->bulk_in(l->ctx, ep, data, len, got);

	if (s == STATUS_OK && *got == 0 && len > 0) {
		l->ops->sleep_us(l->ctx, (uint64_t)timeout_ms * 1000u);
		s = l->ops->bulk_in(l->ctx, ep, data, len, got);
		if (s == STATUS_OK && *got == 0)
			s = STATUS_TIMEOUT;
	}
	return s;
}

static enum status local_exchange(struct usb_wire *w, struct usb_exchange *x, struct err *err)
{
	struct usb_local *l = local_of(w);
	enum status s = l->ops->bulk_out(l->ctx, l->ep.out, x->command, x->command_len);

	x->got = 0;
	if (s != STATUS_OK)
		return explain(err, s, "sending a command");
	switch (x->direction) {
	case USB_NONE:
		break;
	case USB_OUT:
		s = l->ops->bulk_out(l->ctx, l->ep.out, x->data, x->len);
		if (s == STATUS_OK)
			x->got = x->len;
		return explain(err, s, "sending data");
	case USB_IN:
		s = bulk_in(l, l->ep.in, x->data, x->len, &x->got, x->timeout_ms);
		return explain(err, s, "reading its reply");
	}
	return STATUS_OK;
}

static enum status local_read_swo(struct usb_wire *w, uint8_t *data, size_t len, size_t *got,
				  unsigned timeout_ms, struct err *err)
{
	struct usb_local *l = local_of(w);

	return explain(err, bulk_in(l, l->ep.swo, data, len, got, timeout_ms), "reading trace data");
}

static uint64_t local_now_us(struct usb_wire *w)
{
	return local_of(w)->ops->now_us(local_of(w)->ctx);
}

static void local_sleep_us(struct usb_wire *w, uint64_t us)
{
	local_of(w)->ops->sleep_us(local_of(w)->ctx, us);
}

static enum status local_reset(struct usb_wire *w, struct err *err)
{
	struct usb_local *l = local_of(w);

	if (!l->ops->reset)
		return err_set(err, STATUS_UNSUPPORTED, "this wire has no USB reset");
	l->ops->reset(l->ctx);
	return STATUS_OK;
}

static void local_close(struct usb_wire *w)
{
	free(w);
}

static const struct usb_wire_ops local_ops = {
	.exchange = local_exchange,
	.read_swo = local_read_swo,
	.reset = local_reset,
	.now_us = local_now_us,
	.sleep_us = local_sleep_us,
	.close = local_close,
};

enum status usb_local_open(const struct usb_local_ops *ops, void *ctx,
			   const struct usb_identity *id, struct usb_wire **out, struct err *err)
{
	struct usb_local *l = calloc(1, sizeof *l);

	if (!l)
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	l->wire.ops = &local_ops;
	l->wire.id = *id;
	l->ops = ops;
	l->ctx = ctx;
	l->ep = usb_endpoints_of(id->pid);
	*out = &l->wire;
	return STATUS_OK;
}
