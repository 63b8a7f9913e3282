/*
 * A probe behind an stlink-server: TCP, little-endian, requests without a
 * length (it follows from the command byte). As OpenOCD's tcp backend speaks
 * it. Several clients may share a probe there: its mode can change under us.
 *
 * SEND_USB_CMD, 32 bytes, then the data to write:
 *   0     1..3  4..7        8..23    24         25..27  28..31
 *   0x05  0     connect id  command  direction  0       data length
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "wire/wire_internal.h"

enum { REFRESH = 0x00, GET_NB_DEV = 0x01, GET_DEV_INFO = 0x02, OPEN_DEV = 0x03, CLOSE_DEV = 0x04,
       SEND_USB = 0x05, GET_VERSION = 0x06 };
enum { SERVER_OK = 1, SERVER_TIMEOUT = 0x1001, SERVER_BUSY = 0x2004 };
enum { DIRECTION_WRITE, DIRECTION_READ, DIRECTION_READ_SWO = 3 };
enum { DEV_INFO_SIZE = 41, COMMAND_SIZE = 16, GRACE_MS = 3000 };

struct usb_tcp {
	struct usb_wire wire;
	int fd;
	uint32_t connect_id;
	bool lost;
};

static struct usb_tcp *tcp_of(struct usb_wire *w)
{
	return (struct usb_tcp *)w;
}

static enum status lost(struct usb_tcp *t, struct err *err)
{
	t->lost = true;
	return err_set(err, STATUS_PROBE_LOST, "the stlink-server at %s stopped answering",
		       t->wire.id.path + strlen("tcp:"));
}

static bool send_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static bool receive(int fd, uint8_t *data, size_t len, unsigned timeout_ms)
{
	while (len > 0) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (poll(&p, 1, (int)(timeout_ms + GRACE_MS)) <= 0)
			return false;
		n = recv(fd, data, len, 0);
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* After an error a server may or may not have sent the data that were asked
 * for: what is left of an old reply goes before the next request. */
static void drain(int fd)
{
	uint8_t waste[256];

	while (recv(fd, waste, sizeof waste, MSG_DONTWAIT) > 0)
		continue;
}

/* A request and a reply of fixed length. */
static enum status ask(struct usb_tcp *t, const uint8_t *request, size_t len, uint8_t *reply,
		       size_t reply_len, unsigned timeout_ms, struct err *err)
{
	if (t->lost || !send_all(t->fd, request, len) ||
	    !receive(t->fd, reply, reply_len, timeout_ms))
		return lost(t, err);
	return STATUS_OK;
}

static enum status translate(uint32_t code, struct err *err)
{
	switch (code) {
	case SERVER_OK:
		return STATUS_OK;
	case SERVER_TIMEOUT:
		return err_set(err, STATUS_TIMEOUT, "the probe did not answer in time");
	case SERVER_BUSY:
		return err_set(err, STATUS_PROBE_BUSY, "the probe is in use by another program");
	default:
		return err_set(err, STATUS_IO, "the stlink-server reports error 0x%x", code);
	}
}

static enum status usb_command(struct usb_tcp *t, const struct usb_exchange *x, unsigned direction,
			       uint8_t *data, struct err *err)
{
	uint8_t request[32] = {SEND_USB}, reply[4];
	size_t in = direction == DIRECTION_WRITE ? 0 : x->len;
	size_t sent = x->direction == USB_OUT ? x->len : 0;
	enum status s;

	put_le32(request + 4, t->connect_id);
	memcpy(request + 8, x->command, x->command_len);
	drain(t->fd);
	request[24] = (uint8_t)direction;
	put_le32(request + 28, (uint32_t)(sent + in));
	if (t->lost || !send_all(t->fd, request, sizeof request) ||
	    !send_all(t->fd, x->data, sent) || !receive(t->fd, reply, 4, x->timeout_ms))
		return lost(t, err);
	s = translate(get_le32(reply), err);
	if (s == STATUS_OK && in && !receive(t->fd, data, in, x->timeout_ms))
		return lost(t, err);
	return s;
}

static enum status tcp_exchange(struct usb_wire *w, struct usb_exchange *x, struct err *err)
{
	enum status s;

	x->got = 0;
	if (x->command_len > COMMAND_SIZE)
		return err_set(err, STATUS_UNSUPPORTED, "the command is too long");
	s = usb_command(tcp_of(w), x, x->direction == USB_IN ? DIRECTION_READ : DIRECTION_WRITE,
			x->data, err);
	if (s == STATUS_OK && x->direction != USB_NONE)
		x->got = x->len; /* the server always fills the reply up */
	return s;
}

static enum status tcp_read_swo(struct usb_wire *w, uint8_t *data, size_t len, size_t *got,
				unsigned timeout_ms, struct err *err)
{
	static const uint8_t nothing[COMMAND_SIZE];
	struct usb_exchange x = {.command = nothing, .command_len = COMMAND_SIZE,
				 .direction = USB_IN, .len = len, .timeout_ms = timeout_ms};
	enum status s = usb_command(tcp_of(w), &x, DIRECTION_READ_SWO, data, err);

	*got = s == STATUS_OK ? len : 0;
	return s;
}

static void tcp_close(struct usb_wire *w)
{
	struct usb_tcp *t = tcp_of(w);
	uint8_t request[8] = {CLOSE_DEV}, reply[4];

	put_le32(request + 4, t->connect_id);
	if (t->connect_id)
		(void)!ask(t, request, sizeof request, reply, sizeof reply, 0, NULL);
	close(t->fd);
	free(t);
}

static const struct usb_wire_ops tcp_ops = {
	.exchange = tcp_exchange,
	.read_swo = tcp_read_swo,
	.now_us = wall_now_us,
	.sleep_us = wall_sleep_us,
	.close = tcp_close,
};

/* ---- opening ------------------------------------------------------------------------- */

static enum status dial(const char *where, int *out, struct err *err)
{
	struct addrinfo hint = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	char host[128];
	const char *colon = strrchr(where, ':');
	int fd = -1, one = 1, why;

	snprintf(host, sizeof host, "%.*s", (int)(colon ? colon - where : (long)strlen(where)), where);
	if (!host[0] || (colon && !colon[1]))
		return err_set(err, STATUS_USAGE, "\"tcp:%s\" is not tcp:HOST or tcp:HOST:PORT", where);
	why = getaddrinfo(host, colon ? colon + 1 : "7184", &hint, &list);
	if (why != 0) {
		err_set(err, STATUS_NO_PROBE, "tcp:%s cannot be reached: %s", where, gai_strerror(why));
		err_next(err, "check the host's name and the port (7184 when none is given)");
		return STATUS_NO_PROBE;
	}
	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(list);
	if (fd < 0) {
		err_set(err, STATUS_NO_PROBE, "no stlink-server answers at %s", where);
		err_next(err, "start one there, or `reflash board start --stlink-server`");
		return STATUS_NO_PROBE;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	*out = fd;
	return STATUS_OK;
}

/* GET_DEV_INFO: status, device id @4, serial[32] @8, vid @40, pid @42, used @44. */
static enum status device_info(struct usb_tcp *t, uint32_t index, uint32_t *device,
			       struct err *err)
{
	uint8_t request[8] = {GET_DEV_INFO, (uint8_t)index}, reply[4 + DEV_INFO_SIZE];
	enum status s;

	put_le32(request + 4, DEV_INFO_SIZE);
	s = ask(t, request, sizeof request, reply, sizeof reply, 0, err);
	if (s == STATUS_OK)
		s = translate(get_le32(reply), err);
	if (s != STATUS_OK)
		return s;
	*device = get_le32(reply + 4);
	snprintf(t->wire.id.serial, sizeof t->wire.id.serial, "%.32s", (char *)reply + 8);
	t->wire.id.vid = get_le16(reply + 40);
	t->wire.id.pid = get_le16(reply + 42);
	return STATUS_OK;
}

static enum status find_device(struct usb_tcp *t, const char *serial, uint32_t *device,
			       struct err *err)
{
	uint8_t version[4] = {GET_VERSION, 1}, refresh[2] = {REFRESH}, number[1] = {GET_NB_DEV};
	uint8_t reply[16];
	enum status s = ask(t, version, sizeof version, reply, 16, 0, err);
	uint32_t count = 0;

	if (s == STATUS_OK)
		s = ask(t, refresh, sizeof refresh, reply, 4, 0, err);
	if (s == STATUS_OK)
		s = ask(t, number, sizeof number, reply, 4, 0, err);
	if (s == STATUS_OK)
		count = get_le32(reply);
	for (uint32_t i = 0; s == STATUS_OK && i < count; i++) {
		s = device_info(t, i, device, err);
		if (s == STATUS_OK && (!serial || strcasecmp(serial, t->wire.id.serial) == 0))
			return STATUS_OK;
	}
	if (s != STATUS_OK)
		return s;
	return err_set(err, STATUS_NO_PROBE, "the stlink-server at %s has no probe%s%s",
		       t->wire.id.path + strlen("tcp:"), serial ? " with serial " : "",
		       serial ? serial : "");
}

static enum status open_device(struct usb_tcp *t, uint32_t device, struct err *err)
{
	uint8_t request[8] = {OPEN_DEV}, reply[8];
	enum status s;

	put_le32(request + 4, device);
	s = ask(t, request, sizeof request, reply, sizeof reply, 0, err);
	if (s == STATUS_OK)
		s = translate(get_le32(reply), err);
	if (s == STATUS_OK)
		t->connect_id = get_le32(reply + 4);
	return s;
}

enum status usb_stlink_server_open(const char *where, const char *serial, struct usb_wire **out,
				   struct err *err)
{
	struct usb_tcp *t;
	uint32_t device = 0;
	int fd = -1;
	enum status s = dial(where, &fd, err);

	if (s != STATUS_OK)
		return s;
	t = calloc(1, sizeof *t);
	if (!t) {
		close(fd);
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	}
	t->wire.ops = &tcp_ops;
	t->fd = fd;
	snprintf(t->wire.id.path, sizeof t->wire.id.path, "tcp:%s", where);
	snprintf(t->wire.id.product, sizeof t->wire.id.product, "ST-LINK (stlink-server)");
	s = find_device(t, serial, &device, err);
	if (s == STATUS_OK)
		s = open_device(t, device, err);
	if (s == STATUS_OK)
		*out = &t->wire;
	else
		tcp_close(&t->wire);
	return s;
}
