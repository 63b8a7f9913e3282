/*
 * How fast is a way to the board? Exchanges a second (GET_VERSION: 16 bytes
 * there, 6 back) and bytes a second (4-KiB reads of flash) on each route, on a
 * driven board, so that only the route is measured and not the board's time.
 * Run by tests/bench/routes under `reflash board exec`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "wire/wire.h"

enum { EXCHANGES = 4000, BLOCKS = 400, BLOCK = 4096 };

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static enum status ask(struct usb_wire *w, const uint8_t *command, uint8_t *data, size_t len,
		       struct err *err)
{
	struct usb_exchange x = {.command = command, .command_len = 16, .direction = USB_IN,
				 .data = data, .len = len, .timeout_ms = 3000};
	enum status s = usb_exchange(w, &x, err);

	return s == STATUS_OK && x.got != len ? STATUS_IO : s;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median: what an exchange takes when nobody else wants the processor. */
static double median(double *values, int n)
{
	qsort(values, (size_t)n, sizeof *values, by_size);
	return values[n / 2];
}

static enum status measure(struct usb_wire *w, double *us, double *rate, struct err *err)
{
	static const uint8_t version[16] = {0xF1};
	static const uint8_t leave_dfu[16] = {0xF3, 0x07}, enter[16] = {0xF2, 0x30, 0xA3};
	struct usb_exchange leave = {.command = leave_dfu, .command_len = 16, .timeout_ms = 3000};
	uint8_t read[16] = {0xF2, 0x07}, data[BLOCK];
	enum status s = STATUS_OK;
	double took[EXCHANGES], begin;

	for (int i = 0; i < EXCHANGES && s == STATUS_OK; i++) {
		begin = seconds();
		s = ask(w, version, data, 6, err);
		took[i] = seconds() - begin;
	}
	*us = median(took, EXCHANGES) * 1e6;
	if (s == STATUS_OK)
		s = usb_exchange(w, &leave, err);
	if (s == STATUS_OK)
		s = ask(w, enter, data, 2, err);
	put_le32(read + 2, 0x08000000);
	put_le16(read + 6, BLOCK);
	begin = seconds();
	for (int i = 0; i < BLOCKS && s == STATUS_OK; i++)
		s = ask(w, read, data, BLOCK, err);
	*rate = (double)BLOCKS * BLOCK / (seconds() - begin);
	return s;
}

static int report(const char *route, enum status s, struct usb_wire *w, struct err *err)
{
	double us = 0, rate = 0;

	if (s == STATUS_OK)
		s = measure(w, &us, &rate, err);
	if (s == STATUS_OK)
		printf("%-28s %6.1f us an exchange  %8.0f exchanges/s  %6.1f MB/s\n", route, us,
		       1e6 / us, rate / 1e6);
	else
		printf("%-28s %s\n", route, err->what[0] ? err->what : status_sentence(s));
	usb_close(w);
	return s != STATUS_OK;
}

int main(int argc, char **argv)
{
	const struct usb_identity any = {.vid = 0x0483};
	struct usb_wire *w = NULL;
	struct err err = ERR_INIT;
	enum status s = usb_libusb_open(&any, &w, &err);
	int bad = report("libusb drop-in", s, w, &err);

	w = NULL;
	err_clear(&err);
	s = usb_unix_open(NULL, &w, &err);
	bad |= report("the board's own socket", s, w, &err);
	if (argc < 2)
		return bad;
	w = NULL;
	err_clear(&err);
	s = usb_stlink_server_open(argv[1], NULL, &w, &err);
	return bad | report("stlink-server", s, w, &err);
}
