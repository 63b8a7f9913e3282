/* wire: the in-process wire, the failing wire, and the socket's messages. */
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire/usbmsg.h"
#include "wire/wire.h"

/* An echo probe: a command whose byte 1 says what its reply is. */
struct echo {
	uint64_t now_us;
	unsigned commands, data_out;
	uint8_t reply[64];
	size_t pending;
	bool unplugged;
};

static enum status echo_out(void *ctx, uint8_t endpoint, const uint8_t *data, size_t len)
{
	struct echo *e = ctx;

	if (e->unplugged)
		return STATUS_PROBE_LOST;
	assert_int_equal(endpoint, 0x02);
	e->now_us += 100;
	if (len != 16) {
		e->data_out += (unsigned)len;
		return STATUS_OK;
	}
	e->commands++;
	e->pending = data[1];
	memset(e->reply, 0x80, sizeof e->reply);
	return STATUS_OK;
}

static enum status echo_in(void *ctx, uint8_t endpoint, uint8_t *data, size_t len, size_t *got)
{
	struct echo *e = ctx;

	assert_int_equal(endpoint, 0x81);
	*got = e->pending < len ? e->pending : len;
	memcpy(data, e->reply, *got);
	e->pending -= *got;
	return STATUS_OK;
}

static uint64_t echo_now(void *ctx)
{
	return ((struct echo *)ctx)->now_us;
}

static void echo_sleep(void *ctx, uint64_t us)
{
	((struct echo *)ctx)->now_us += us;
}

static const struct usb_local_ops echo_ops = {.bulk_out = echo_out, .bulk_in = echo_in,
					      .now_us = echo_now, .sleep_us = echo_sleep};
static const struct usb_identity echo_id = {.vid = 0x0483, .pid = 0x3748, .serial = "E"};

static struct usb_wire *open_echo(struct echo *e)
{
	struct usb_wire *w = NULL;

	memset(e, 0, sizeof *e);
	assert_int_equal(usb_local_open(&echo_ops, e, &echo_id, &w, NULL), STATUS_OK);
	return w;
}

/* Ask for `reply` bytes with room for `room`. */
static enum status ask(struct usb_wire *w, uint8_t reply, size_t room, uint8_t *data, size_t *got,
		       struct err *err)
{
	uint8_t command[16] = {0xF2, reply};
	struct usb_exchange x = {.command = command, .command_len = 16, .direction = USB_IN,
				 .data = data, .len = room, .timeout_ms = 1000};
	enum status s = usb_exchange(w, &x, err);

	*got = x.got;
	return s;
}

static void an_exchange_carries_command_and_reply(void **state)
{
	struct echo e;
	struct usb_wire *w = open_echo(&e);
	uint8_t data[64];
	size_t got;

	(void)state;
	assert_int_equal(ask(w, 12, 12, data, &got, NULL), STATUS_OK);
	assert_int_equal(got, 12);
	assert_int_equal(ask(w, 2, 8, data, &got, NULL), STATUS_OK);
	assert_int_equal(got, 2); /* a short reply is no error */
	assert_int_equal(usb_now_us(w), 200);
	usb_sleep_us(w, 50);
	assert_int_equal(usb_now_us(w), 250);
	usb_close(w);
}

static void a_missing_reply_is_a_timeout_that_takes_its_time(void **state)
{
	struct echo e;
	struct usb_wire *w = open_echo(&e);
	struct err err = ERR_INIT;
	uint8_t data[8];
	size_t got;

	(void)state;
	assert_int_equal(ask(w, 0, 8, data, &got, &err), STATUS_TIMEOUT);
	assert_true(usb_now_us(w) >= 1000000);
	assert_true(err.what[0] != 0);
	e.unplugged = true;
	assert_int_equal(ask(w, 2, 8, data, &got, NULL), STATUS_PROBE_LOST);
	usb_close(w);
}

static void the_nth_exchange_fails_and_only_that(void **state)
{
	static const struct {
		enum usb_fault kind;
		enum status status;
		size_t got;
		unsigned commands; /* that reached the probe, of three */
	} rows[] = {
		{USB_FAULT_LOST, STATUS_PROBE_LOST, 0, 2},
		{USB_FAULT_TIMEOUT, STATUS_TIMEOUT, 0, 3},
		{USB_FAULT_SHORT, STATUS_OK, 4, 3},
		{USB_FAULT_STATUS, STATUS_OK, 8, 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct echo e;
		struct usb_wire *w;
		uint8_t data[8];
		size_t got;

		assert_int_equal(
			usb_faulty_open(open_echo(&e), 2, rows[i].kind, false, &w, NULL), STATUS_OK);
		assert_int_equal(ask(w, 8, 8, data, &got, NULL), STATUS_OK);
		assert_int_equal(data[0], 0x80);
		assert_int_equal(ask(w, 8, 8, data, &got, NULL), rows[i].status);
		assert_int_equal(got, rows[i].got);
		if (rows[i].kind == USB_FAULT_STATUS)
			assert_int_equal(data[0], 0x12);
		assert_int_equal(ask(w, 8, 8, data, &got, NULL), STATUS_OK);
		assert_int_equal(got, 8);
		assert_int_equal(e.commands, rows[i].commands);
		assert_int_equal(usb_faulty_count(w), 3);
		usb_close(w);
	}
}

static void a_permanent_fault_stays(void **state)
{
	struct echo e;
	struct usb_wire *w;
	uint8_t data[8];
	size_t got;

	(void)state;
	assert_int_equal(usb_faulty_open(open_echo(&e), 1, USB_FAULT_LOST, true, &w, NULL),
			 STATUS_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(w, 8, 8, data, &got, NULL), STATUS_PROBE_LOST);
	assert_int_equal(e.commands, 0);
	usb_close(w);
}

static void a_torn_write_says_so(void **state)
{
	struct echo e;
	struct usb_wire *w;
	uint8_t command[16] = {0xF2, 0x08}, data[32] = {0};
	struct usb_exchange x = {.command = command, .command_len = 16, .direction = USB_OUT,
				 .data = data, .len = sizeof data, .timeout_ms = 10};
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(usb_faulty_open(open_echo(&e), 1, USB_FAULT_SHORT, false, &w, NULL),
			 STATUS_OK);
	x.len = sizeof data;
	assert_int_equal(usb_exchange(w, &x, &err), STATUS_IO);
	assert_int_equal(x.got, 16);
	usb_close(w);
}

static void messages_survive_the_wire(void **state)
{
	struct usbmsg in = {.type = USBMSG_IN, .ep = 0x81, .status = USBMSG_BUSY, .len = 0x12345678,
			    .timeout_ms = 3000, .time = 0xCAFEBABE};
	struct usbmsg out;
	struct usbmsg_identity id = {.vid = 0x0483, .pid = 0x3748, .driven = 1,
				     .version = USBMSG_VERSION, .serial = "0123456789ABCDEF01234567",
				     .product = "STM32 STLink"};
	struct usbmsg_identity back;
	uint8_t head[USBMSG_SIZE], payload[USBMSG_IDENTITY_SIZE];

	(void)state;
	usbmsg_put(head, &in);
	usbmsg_get(head, &out);
	assert_memory_equal(&in, &out, sizeof in);
	usbmsg_identity_put(payload, &id);
	usbmsg_identity_get(payload, &back);
	assert_int_equal(back.pid, 0x3748);
	assert_int_equal(back.driven, 1);
	assert_string_equal(back.serial, id.serial);
	assert_string_equal(back.product, id.product);
}

static void nobody_at_the_socket_is_no_probe(void **state)
{
	struct usb_wire *w = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(usb_unix_open("/nonexistent/board.sock", &w, &err), STATUS_NO_PROBE);
	assert_null(w);
	assert_non_null(strstr(err.what, "/nonexistent/board.sock"));
}

static void the_default_path_follows_the_environment(void **state)
{
	char path[108];

	(void)state;
	unsetenv("REFLASH_BOARD");
	setenv("XDG_RUNTIME_DIR", "/run/user/4711", 1);
	assert_true(usb_unix_default_path(path, sizeof path));
	assert_string_equal(path, "/run/user/4711/reflash/board.sock");
	setenv("REFLASH_BOARD", "/x/y.sock", 1);
	assert_true(usb_unix_default_path(path, sizeof path));
	assert_string_equal(path, "/x/y.sock");
	assert_false(usb_unix_default_path(path, 4));
	unsetenv("REFLASH_BOARD");
	unsetenv("XDG_RUNTIME_DIR");
	assert_true(usb_unix_default_path(path, sizeof path));
	assert_ptr_equal(strstr(path, "/tmp/reflash-"), path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exchange_carries_command_and_reply),
		cmocka_unit_test(a_missing_reply_is_a_timeout_that_takes_its_time),
		cmocka_unit_test(the_nth_exchange_fails_and_only_that),
		cmocka_unit_test(a_permanent_fault_stays),
		cmocka_unit_test(a_torn_write_says_so),
		cmocka_unit_test(messages_survive_the_wire),
		cmocka_unit_test(nobody_at_the_socket_is_no_probe),
		cmocka_unit_test(the_default_path_follows_the_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
