/*
 * Finding the probe. Real ones come from USB; running virtual boards count as
 * probes, too, so that `reflash board` followed by any command just works.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/connect.h"

static void add_virtual(struct probe_list *list)
{
	size_t n;

	if (usb_unix_list(list->found + list->count, PROBES_MAX - list->count, &n, NULL) == STATUS_OK)
		list->count += n;
}

void probe_list_fill(struct probe_list *list)
{
	memset(list, 0, sizeof *list);
	if (usb_libusb_list(list->found, PROBES_MAX, &list->count, &list->usb_err))
		list->count = 0;
	add_virtual(list);
}

/* ---- what -p may say ------------------------------------------------------------------ */

/* "0483:3748" or "0483:3748:SERIAL". */
static bool matches_ids(const struct usb_identity *id, const char *text)
{
	char head[10];
	size_t len;

	snprintf(head, sizeof head, "%04x:%04x", id->vid, id->pid);
	len = strlen(head);
	if (strncasecmp(text, head, len) != 0)
		return false;
	return text[len] == '\0' || (text[len] == ':' && strcasecmp(text + len + 1, id->serial) == 0);
}

static bool is_index(const char *text, size_t *index)
{
	size_t len = strlen(text);

	if (len == 0 || len > 2 || strspn(text, "0123456789") != len)
		return false;
	*index = (size_t)atoi(text);
	return true;
}

static bool matches(const struct usb_identity *id, const char *text)
{
	return strcasecmp(id->path, text) == 0 || matches_ids(id, text) ||
	       (id->serial[0] && strcasecmp(id->serial, text) == 0);
}

static void describe(const struct usb_found *f, size_t index, char *out, size_t size)
{
	snprintf(out, size, "%zu: %s %s%s%s", index, f->id.product[0] ? f->id.product : "probe",
		 f->id.path, f->id.serial[0] ? " serial " : "", f->id.serial);
}

static void append(char *text, size_t size, const char *more)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s", more);
}

/* Several would do: name them, and how to choose. */
static enum status several(const struct probe_list *list, const bool *fits, const char *why,
			   struct err *err)
{
	char text[256] = "", one[160];

	for (size_t i = 0; i < list->count; i++) {
		if (!fits[i])
			continue;
		describe(&list->found[i], i, one, sizeof one);
		append(text, sizeof text, text[0] ? "; " : "");
		append(text, sizeof text, one);
	}
	err_set(err, STATUS_NO_PROBE, "%s", why);
	err_tried(err, "%s", text);
	err_next(err, "choose one with -p NUMBER, -p SERIAL or -p usb:BUS-PORT (`reflash list`)");
	return STATUS_NO_PROBE;
}

static enum status cannot_open(const struct usb_found *f, struct err *err)
{
	if (f->access == STATUS_NO_PERMISSION)
		return err_set(err, STATUS_NO_PERMISSION, "%s at %s may not be opened by you",
			       f->id.product[0] ? f->id.product : "the probe", f->id.path);
	return err_set(err, f->access, "%s at %s is in use%s%s",
		       f->id.product[0] ? f->id.product : "the probe", f->id.path,
		       f->holder[0] ? " by " : "", f->holder);
}

static enum status open_found(const struct usb_found *f, struct usb_wire **out, struct err *err)
{
	if (f->id.virtual_board)
		return usb_unix_open(f->id.path + strlen("virtual:"), out, err);
	if (f->access)
		return cannot_open(f, err);
	return usb_libusb_open(&f->id, out, err);
}

static enum status none_there(const struct probe_list *list, const char *wanted, struct err *err)
{
	if (wanted)
		err_set(err, STATUS_NO_PROBE, "there is no probe \"%s\"", wanted);
	else
		err_set(err, STATUS_NO_PROBE, "no debug probe was found");
	err_tried(err, "USB%s%s, and the sockets of virtual boards; %zu probe%s there",
		  list->usb_err.status ? ": " : "", list->usb_err.what, list->count,
		  list->count == 1 ? " is" : "s are");
	err_next(err, wanted && list->count ? "`reflash list` shows what is there"
					    : "plug one in, or start a virtual one with `reflash board start`");
	return STATUS_NO_PROBE;
}

static enum status choose(const char *wanted, struct usb_wire **out, struct err *err)
{
	struct probe_list list;
	bool fits[PROBES_MAX] = {false};
	size_t hits = 0, hit = 0, index;

	probe_list_fill(&list);
	for (size_t i = 0; i < list.count; i++) {
		fits[i] = !wanted || matches(&list.found[i].id, wanted) ||
			  (is_index(wanted, &index) && index == i);
		hits += fits[i];
		if (fits[i])
			hit = i;
	}
	if (hits == 0)
		return none_there(&list, wanted, err);
	if (hits > 1)
		return several(&list, fits,
			       wanted ? "more than one probe fits that" : "there is more than one probe",
			       err);
	return open_found(&list.found[hit], out, err);
}

enum status open_wire(struct cli *cli, struct usb_wire **out, struct err *err)
{
	const char *p = cli->probe;

	if (p && strcmp(p, "virtual") == 0)
		return usb_unix_open(NULL, out, err);
	if (p && strncmp(p, "virtual:", 8) == 0)
		return usb_unix_open(p + 8, out, err);
	if (p && strncmp(p, "tcp:", 4) == 0)
		return usb_stlink_server_open(p + 4, NULL, out, err);
	if (p && strncmp(p, "tty:", 4) == 0) {
		err_set(err, STATUS_USAGE, "%s is a serial port, and `%s` needs a debug probe", p,
			cli->command);
		err_next(err, "write, verify, read, erase and recover reach a chip over its UART boot "
			      "loader (BOOT0 at 1)");
		return STATUS_USAGE;
	}
	return choose(p, out, err);
}

enum status open_probe(struct cli *cli, struct probe **out, struct err *err)
{
	struct usb_wire *wire;
	enum status s = open_wire(cli, &wire, err);

	if (s)
		return s;
	/* Whoever holds a chip must not die between two steps. */
	watch_interrupts(cli);
	return probe_open(wire, &cli->log, out, err);
}
