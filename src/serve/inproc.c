/* A board in this process, behind the in-process wire. */
#include "serve/serve.h"

#include <stdio.h>

static enum status translate(enum stlink_result r)
{
	switch (r) {
	case STLINK_OK:
		return STATUS_OK;
	case STLINK_STALL:
		return STATUS_IO;
	case STLINK_UNPLUGGED:
		break;
	}
	return STATUS_PROBE_LOST;
}

static enum status bulk_out(void *ctx, uint8_t endpoint, const uint8_t *data, size_t len)
{
	return translate(board_usb_out(ctx, endpoint, data, len));
}

static enum status bulk_in(void *ctx, uint8_t endpoint, uint8_t *data, size_t len, size_t *got)
{
	*got = 0;
	return translate(board_usb_in(ctx, endpoint, data, len, got));
}

static uint64_t now_us(void *ctx)
{
	return board_now_ns(ctx) / 1000u;
}

static void sleep_us(void *ctx, uint64_t us)
{
	board_advance(ctx, us * 1000u);
}

static void usb_reset(void *ctx)
{
	board_usb_reset(ctx);
}

static const struct usb_local_ops board_ops = {
	.bulk_out = bulk_out,
	.bulk_in = bulk_in,
	.now_us = now_us,
	.sleep_us = sleep_us,
	.reset = usb_reset,
};

enum status serve_local_wire(struct board *b, struct usb_wire **out, struct err *err)
{
	const struct stlink_usb_id *usb = board_usb_id(b);
	struct usb_identity id = {.vid = usb->vid, .pid = usb->pid, .virtual_board = true,
				  .path = "virtual:in-process"};

	snprintf(id.serial, sizeof id.serial, "%s", usb->serial);
	snprintf(id.product, sizeof id.product, "%s", usb->product);
	return usb_local_open(&board_ops, b, &id, out, err);
}
