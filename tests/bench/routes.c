/*
 * How fast is a way to the board? Exchanges a second (GET_VERSION: 16 bytes
 * there, 6 back) and bytes a second (4-KiB reads of flash) on each route, on a
 * driven board, so that only the route is measured and not the board's time.
 * What the board itself takes to do the work is the first row, a call in this
 * process: a route's own cost is the difference, in brackets. The lower half of
 * the exchanges is told from the upper one (median and 9 in 10), because a busy
 * machine shows in the upper one. Run by tests/bench/routes under `reflash board exec`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "serve/serve.h"
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

/* Microseconds that half of the exchanges need at most, and nine in ten. */
struct cost {
	double half, most;
	double rate; /* bytes a second */
};

static void sum_up(double *seconds_each, int n, struct cost *c)
{
	qsort(seconds_each, (size_t)n, sizeof *seconds_each, by_size);
	c->half = seconds_each[n / 2] * 1e6;
	c->most = seconds_each[n / 10 * 9] * 1e6;
}

static enum status measure(struct usb_wire *w, struct cost *c, struct err *err)
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
	sum_up(took, EXCHANGES, c);
	if (s == STATUS_OK)
		s = usb_exchange(w, &leave, err);
	if (s == STATUS_OK)
		s = ask(w, enter, data, 2, err);
	put_le32(read + 2, 0x08000000);
	put_le16(read + 6, BLOCK);
	begin = seconds();
	for (int i = 0; i < BLOCKS && s == STATUS_OK; i++)
		s = ask(w, read, data, BLOCK, err);
	c->rate = (double)BLOCKS * BLOCK / (seconds() - begin);
	return s;
}

/* Print what `w` costs, and close it. The first one sets `*board_us`. */
static int report(const char *route, enum status s, struct usb_wire *w, struct err *err,
		  double *board_us)
{
	struct cost c = {0};

	if (s == STATUS_OK)
		s = measure(w, &c, err);
	usb_close(w);
	if (s != STATUS_OK) {
		printf("%-24s %s\n", route, err->what[0] ? err->what : status_sentence(s));
		return 1;
	}
	if (*board_us == 0)
		*board_us = c.half;
	printf("%-24s %6.1f us an exchange (%5.1f the route's), 9 in 10 within %6.1f  "
	       "%8.0f exchanges/s  %5.1f MB/s\n",
	       route, c.half, c.half - *board_us, c.most, 1e6 / c.half, c.rate / 1e6);
	return 0;
}

static enum status in_process(struct board **b, struct usb_wire **w, struct err *err)
{
	const struct board_config config = {0};

	*b = board_new(&config, err);
	return *b ? serve_local_wire(*b, w, err) : err->status;
}

int main(int argc, char **argv)
{
	const struct usb_identity any = {.vid = 0x0483};
	struct usb_wire *w = NULL;
	struct board *b = NULL;
	struct err err = ERR_INIT;
	double board_us = 0;
	enum status s = in_process(&b, &w, &err);
	int bad = report("in this process", s, w, &err, &board_us);

	board_free(b);
	w = NULL;
	err_clear(&err);
	s = usb_libusb_open(&any, &w, &err);
	bad |= report("libusb drop-in", s, w, &err, &board_us);
	w = NULL;
	err_clear(&err);
	s = usb_unix_open(NULL, &w, &err);
	bad |= report("the board's own socket", s, w, &err, &board_us);
	if (argc < 2)
		return bad;
	w = NULL;
	err_clear(&err);
	s = usb_stlink_server_open(argv[1], NULL, &w, &err);
	return bad | report("stlink-server", s, w, &err, &board_us);
}
