/*
 * The libusb drop-in held to libusb's contract, by a program that uses the
 * API's other half: asynchronous transfers, time-outs, cancelling, descriptors
 * by control transfer, two handles. Run under `reflash board exec`; prints TAP.
 */
#include <libusb-1.0/libusb.h>
#include <stdbool.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

enum { OUT_EP = 0x02, IN_EP = 0x81, SWO_EP = 0x83 };

static int number, failures;
static bool driven;

static void check(bool ok, const char *what)
{
	printf("%sok %d %s\n", ok ? "" : "not ", ++number, what);
	failures += !ok;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void LIBUSB_CALL finished(struct libusb_transfer *t)
{
	++*(int *)t->user_data;
}

static struct libusb_transfer *submit(libusb_device_handle *h, unsigned char ep, uint8_t *data,
				      int len, unsigned timeout, int *done)
{
	struct libusb_transfer *t = libusb_alloc_transfer(0);

	libusb_fill_bulk_transfer(t, h, ep, data, len, finished, done, timeout);
	check(libusb_submit_transfer(t) == 0, "a transfer is submitted");
	return t;
}

static void handle_until(int *done, int want, double limit)
{
	double end = seconds() + limit;

	while (*done < want && seconds() < end) {
		struct timeval tv = {.tv_usec = 100000};

		libusb_handle_events_timeout_completed(NULL, &tv, NULL);
	}
}

static void descriptors(libusb_device_handle *h)
{
	libusb_device *d = libusb_get_device(h);
	struct libusb_device_descriptor dd;
	struct libusb_config_descriptor *c = NULL;
	unsigned char raw[64], text[64];
	const struct libusb_interface_descriptor *i;

	check(libusb_get_device_descriptor(d, &dd) == 0 && dd.idVendor == 0x0483 &&
		      dd.idProduct == 0x3748, "the device descriptor names an ST-LINK/V2");
	check(libusb_get_descriptor(h, LIBUSB_DT_DEVICE, 0, raw, sizeof raw) == 18 &&
		      raw[8] == 0x83 && raw[9] == 0x04, "and so do its bytes");
	check(libusb_get_active_config_descriptor(d, &c) == 0 && c->bNumInterfaces == 1,
	      "there is a configuration");
	i = c->interface[0].altsetting;
	check(i->bNumEndpoints == 3 && i->endpoint[0].bEndpointAddress == IN_EP &&
		      i->endpoint[1].bEndpointAddress == OUT_EP &&
		      i->endpoint[2].bEndpointAddress == SWO_EP, "with the three endpoints");
	check(libusb_get_descriptor(h, LIBUSB_DT_CONFIG, 0, raw, sizeof raw) == c->wTotalLength,
	      "whose bytes are as long as they say");
	libusb_free_config_descriptor(c);
	check(libusb_get_string_descriptor_ascii(h, dd.iSerialNumber, text, sizeof text) == 24,
	      "the serial has 24 digits");
	check(libusb_get_string_descriptor(h, dd.iSerialNumber, 0x0409, raw, sizeof raw) == 50,
	      "in a descriptor of 50 bytes");
	check(libusb_control_transfer(h, 0xA1, 0xFE, 0, 0, raw, 1, 100) == LIBUSB_ERROR_PIPE,
	      "class requests stall");
	check(libusb_get_max_packet_size(d, IN_EP) == 64, "packets are full speed");
}

static void claiming(libusb_device_handle *h)
{
	libusb_device_handle *other = NULL;

	check(libusb_open(libusb_get_device(h), &other) == 0, "a second handle opens");
	check(libusb_claim_interface(other, 0) == LIBUSB_ERROR_BUSY, "but may not claim");
	check(libusb_claim_interface(h, 1) == LIBUSB_ERROR_NOT_FOUND, "there is one interface");
	libusb_release_interface(h, 0);
	check(libusb_claim_interface(other, 0) == 0, "it may after a release");
	libusb_close(other);
	check(libusb_claim_interface(h, 0) == 0, "and closing releases");
}

static void synchronous(libusb_device_handle *h)
{
	unsigned char command[16] = {0xF1}, reply[64];
	double begin = seconds();
	int n = -1;

	check(libusb_bulk_transfer(h, IN_EP, reply, 64, &n, 80) == LIBUSB_ERROR_TIMEOUT && n == 0,
	      "nothing pending is a time-out");
	check(driven || seconds() - begin >= 0.075, "that takes its time");
	check(libusb_bulk_transfer(h, OUT_EP, command, 16, &n, 1000) == 0 && n == 16,
	      "a command is taken");
	check(libusb_bulk_transfer(h, IN_EP, reply, 64, &n, 1000) == 0 && n == 6 &&
		      reply[4] == 0x48 && reply[5] == 0x37, "and its short reply comes");
	check(libusb_bulk_transfer(h, 0x05, command, 16, &n, 100) != 0, "no such endpoint");
}

static void asynchronous(libusb_device_handle *h)
{
	unsigned char command[16] = {0xF1}, reply[6] = {0}, waiting[64];
	struct libusb_transfer *out, *in, *swo;
	int done = 0, cancelled = 0, late = 0;
	const struct libusb_pollfd **fds = libusb_get_pollfds(NULL);

	check(fds && fds[0] && !fds[1], "there is a descriptor to poll");
	libusb_free_pollfds(fds);
	in = submit(h, IN_EP, reply, sizeof reply, 2000, &done); /* before the command */
	out = submit(h, OUT_EP, command, sizeof command, 2000, &done);
	handle_until(&done, 2, 3);
	check(done == 2 && out->status == LIBUSB_TRANSFER_COMPLETED && out->actual_length == 16,
	      "an OUT completes past a waiting IN");
	check(in->status == LIBUSB_TRANSFER_COMPLETED && in->actual_length == 6 && reply[4] == 0x48,
	      "and the IN gets its reply");
	swo = submit(h, SWO_EP, waiting, sizeof waiting, 0, &cancelled);
	handle_until(&cancelled, 1, 0.15);
	check(cancelled == 0, "a transfer without time-out waits");
	check(libusb_cancel_transfer(swo) == 0, "until it is cancelled");
	handle_until(&cancelled, 1, 2);
	check(cancelled == 1 && swo->status == LIBUSB_TRANSFER_CANCELLED, "and says so");
	check(libusb_cancel_transfer(swo) == LIBUSB_ERROR_NOT_FOUND, "once");
	libusb_free_transfer(swo);
	swo = submit(h, SWO_EP, waiting, sizeof waiting, 60, &late);
	handle_until(&late, 1, 2);
	check(late == 1 && swo->status == LIBUSB_TRANSFER_TIMED_OUT, "a time-out is kept");
	libusb_free_transfer(swo);
	libusb_free_transfer(in);
	libusb_free_transfer(out);
}

/* The probe's mode: 0 after it was plugged in, 1 once a command made it leave DFU. */
static int mode(libusb_device_handle *h)
{
	unsigned char command[16] = {0xF5}, reply[2] = {0xFF};
	int n;

	if (libusb_bulk_transfer(h, OUT_EP, command, 16, &n, 1000) != 0 ||
	    libusb_bulk_transfer(h, IN_EP, reply, 2, &n, 1000) != 0)
		return -1;
	return reply[0];
}

/* A command without an answer, and then nothing more. */
static libusb_device_handle *last_words(libusb_device_handle *h)
{
	unsigned char leave_dfu[16] = {0xF3, 0x07};
	int n;

	check(libusb_reset_device(h) == 0 && mode(h) == 0, "a reset probe is in DFU mode");
	check(libusb_bulk_transfer(h, OUT_EP, leave_dfu, 16, &n, 1000) == 0 && n == 16,
	      "a command without an answer is taken");
	libusb_close(h);
	h = libusb_open_device_with_vid_pid(NULL, 0x0483, 0x3748);
	check(h && libusb_claim_interface(h, 0) == 0 && mode(h) == 1, "and done before the close");
	return h;
}

static int processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

static bool hand(const char *what)
{
	char line[256];
	const char *reflash = getenv("REFLASH");

	snprintf(line, sizeof line, "\"%s\" board %s >/dev/null 2>&1", reflash ? reflash : "reflash",
		 what);
	return system(line) == 0;
}

static void pulled(libusb_device_handle *h)
{
	unsigned char command[16] = {0xF1}, reply[6];
	int n, rc;

	check(hand("unplug"), "the cable is pulled");
	rc = libusb_bulk_transfer(h, OUT_EP, command, 16, &n, 1000);
	check(rc == 0 || rc == LIBUSB_ERROR_NO_DEVICE, "the next OUT may not know yet");
	check(libusb_bulk_transfer(h, IN_EP, reply, 6, &n, 1000) == LIBUSB_ERROR_NO_DEVICE && n == 0,
	      "the next IN does");
	check(libusb_bulk_transfer(h, OUT_EP, command, 16, &n, 1000) == 0 &&
		      libusb_bulk_transfer(h, OUT_EP, command, 16, &n, 1000) ==
			      LIBUSB_ERROR_NO_DEVICE, "and so does an OUT after an OUT");
	check(hand("plug") && mode(h) == 0, "plugged in again it answers");
}

/* A program that is told to end says goodbye to the probe from its handler. */
static libusb_device_handle *in_use;
static volatile sig_atomic_t interruptions;

static void interrupted(int signal)
{
	unsigned char command[16] = {0xF5}, reply[2];
	int n;

	(void)signal;
	libusb_bulk_transfer(in_use, OUT_EP, command, 16, &n, 10);
	libusb_bulk_transfer(in_use, IN_EP, reply, 2, &n, 10);
	interruptions++;
}

static void from_a_handler(libusb_device_handle *h)
{
	struct sigaction act = {.sa_handler = interrupted}, old;
	struct itimerval often = {{.tv_usec = 2000}, {.tv_usec = 2000}}, never = {{0}, {0}};
	unsigned char command[16] = {0xF1}, reply[6];
	double end = seconds() + 20;
	int n;

	in_use = h;
	sigaction(SIGALRM, &act, &old);
	setitimer(ITIMER_REAL, &often, NULL);
	while (interruptions < 100 && seconds() < end) {
		libusb_bulk_transfer(h, OUT_EP, command, 16, &n, 10);
		libusb_bulk_transfer(h, IN_EP, reply, 6, &n, 10);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &old, NULL);
	check(interruptions >= 100, "a signal handler may use the handle that it interrupts");
	check(libusb_reset_device(h) == 0 && mode(h) == 0, "and the probe is in step afterwards");
}

int main(int argc, char **argv)
{
	libusb_device_handle *h;
	int before = processors();

	driven = argc > 1 && strcmp(argv[1], "driven") == 0;

	check(libusb_init(NULL) == 0, "init");
	check(libusb_open_device_with_vid_pid(NULL, 0x0483, 0x374b) == NULL, "no other device");
	h = libusb_open_device_with_vid_pid(NULL, 0x0483, 0x3748);
	check(h != NULL, "the ST-LINK opens");
	if (h) {
		check(libusb_claim_interface(h, 0) == 0, "and is claimed");
		descriptors(h);
		claiming(h);
		synchronous(h);
		asynchronous(h);
		h = last_words(h);
		if (h) {
			from_a_handler(h);
			pulled(h);
		}
		libusb_close(h);
	}
	check(before > 0 && processors() == before, "the program may run where it might before");
	libusb_exit(NULL);
	printf("1..%d\n", number);
	return failures != 0;
}
