/* `reflash list`: the probes that are plugged in, and running virtual boards. */
#include <string.h>

#include "cli/connect.h"

static const char *access_text(const struct usb_found *f)
{
	switch (f->access) {
	case STATUS_OK:
		return "";
	case STATUS_NO_PERMISSION:
		return "no permission (udev rule: see README)";
	case STATUS_PROBE_BUSY:
		return "in use";
	default:
		return status_sentence(f->access);
	}
}

static void show_row(struct cli *cli, size_t index, const struct usb_found *f)
{
	const char *access = f->holder[0] ? f->holder : access_text(f);
	const char *product = f->id.product[0] ? f->id.product : "ST-LINK";

	say(cli, "%zu: %-12s %04x:%04x  %-26s %s%s%s%s\n", index, product, f->id.vid, f->id.pid,
	    f->id.serial[0] ? f->id.serial : "-", f->id.path, access[0] ? "  [" : "", access,
	    access[0] ? "]" : "");
	emit_json(cli, json_pack("{s:s, s:i, s:s, s:i, s:i, s:s, s:s, s:b, s:s, s:s}", "type", "probe",
				 "index", (int)index, "product", product, "vid", f->id.vid, "pid",
				 f->id.pid, "serial", f->id.serial, "path", f->id.path, "virtual",
				 f->id.virtual_board, "access", status_name(f->access), "holder",
				 f->holder));
}

static enum status run(struct cli *cli, const struct args *args)
{
	struct probe_list list;

	(void)args;
	probe_list_fill(&list);
	for (size_t i = 0; i < list.count; i++)
		show_row(cli, i, &list.found[i]);
	if (list.count)
		return STATUS_OK;
	err_set(&cli->err, STATUS_NO_PROBE, "no probe is plugged in and no virtual board runs");
	err_tried(&cli->err, "USB%s%s, and the sockets of virtual boards",
		  list.usb_err.status ? ": " : "", list.usb_err.what);
	return STATUS_NO_PROBE;
}

const struct command cmd_list = {
	.name = "list", .usage = "", .summary = "The probes that are plugged in, and running virtual boards",
	.min_args = 0, .max_args = 0, .run = run,
};
