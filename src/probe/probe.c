/* Opening and closing a probe, whatever its make. */
#include <stdlib.h>

#include "probe/probe_internal.h"

static enum status open_with(const struct probe_ops *ops, struct usb_wire *wire,
			     const struct log *log, struct probe **out, struct err *err)
{
	struct probe *p = calloc(1, sizeof *p);
	enum status s;

	if (!p)
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	p->ops = ops;
	p->wire = wire;
	p->log = log;
	s = ops->open(p, err);
	if (s != STATUS_OK) {
		free(p);
		return s;
	}
	log_line(log, LOG_VERBOSE, "%s %s at %s", ops->name, p->version.text, wire->id.path);
	*out = p;
	return STATUS_OK;
}

enum status probe_open(struct usb_wire *wire, const struct log *log, struct probe **out,
		       struct err *err)
{
	const struct probe_ops *ops = probe_driver_for(&wire->id);
	enum status s;

	if (!ops)
		s = err_set(err, STATUS_UNSUPPORTED, "USB device %04x:%04x is no probe known here",
			    wire->id.vid, wire->id.pid);
	else
		s = open_with(ops, wire, log, out, err);
	if (s != STATUS_OK)
		usb_close(wire);
	return s;
}

void probe_close(struct probe *p)
{
	if (!p)
		return;
	p->ops->close(p);
	usb_close(p->wire);
	free(p);
}
