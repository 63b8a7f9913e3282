/*
 * Our own client of a virtual board's Unix socket (messages: usbmsg.h). One
 * exchange is one round trip. On a driven board the clock is the board's: its
 * time comes back with every reply and sleeping is a message; else both are
 * the wall's.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire/seat.h"
#include "wire/usbmsg.h"
#include "wire/wire_internal.h"

/* How long a live board may take beyond the transfer's own time-out. */
enum { GRACE_MS = 3000, DRIVEN_GRACE_MS = 120000 };

struct usb_unix {
	struct usb_wire wire;
	struct usb_endpoints ep;
	int fd;
	bool driven;
	bool lost;       /* the stream is out of step or closed: say so for ever */
	uint64_t now_us; /* board time as of the last reply (driven) */
	struct seat seat;
};

static struct usb_unix *unix_of(struct usb_wire *w)
{
	return (struct usb_unix *)w;
}

static bool receive(int fd, void *data, size_t len, int timeout_ms)
{
	uint8_t *p = data;

	while (len > 0) {
		struct pollfd pfd = {.fd = fd, .events = POLLIN};
		ssize_t n = recv(fd, p, len, MSG_DONTWAIT);

		if (n > 0) {
			p += n;
			len -= (size_t)n;
		} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
			return false;
		} else if (poll(&pfd, 1, timeout_ms) == 0) {
			return false;
		}
	}
	return true;
}

static bool send_all(int fd, struct iovec *iov, int count)
{
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = (size_t)count};

	while (m.msg_iovlen > 0) {
		ssize_t n = sendmsg(fd, &m, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		while (m.msg_iovlen > 0 && (size_t)n >= m.msg_iov->iov_len) {
			n -= (ssize_t)m.msg_iov->iov_len;
			m.msg_iov++;
			m.msg_iovlen--;
		}
		if (m.msg_iovlen > 0) {
			m.msg_iov->iov_base = (uint8_t *)m.msg_iov->iov_base + n;
			m.msg_iov->iov_len -= (size_t)n;
		}
	}
	return true;
}

/* Board time comes in 32 bits; it only grows. */
static void take_time(struct usb_unix *u, uint32_t low)
{
	u->now_us += (uint32_t)(low - (uint32_t)u->now_us);
}

/* One message and its reply; `room` bytes of payload are kept, more is a
 * protocol error. */
static enum status ask(struct usb_unix *u, struct usbmsg *m, struct iovec *iov, int count,
		       uint8_t *reply, size_t room, struct err *err)
{
	uint8_t head[USBMSG_SIZE];
	uint8_t type = m->type;
	int patience = u->driven ? DRIVEN_GRACE_MS : GRACE_MS;

	if (m->timeout_ms < 600000)
		patience += (int)m->timeout_ms;
	if (u->driven && type == USBMSG_EXCHANGE)
		m->time = seat_take(&u->seat);
	usbmsg_put(head, m);
	iov[0] = (struct iovec){.iov_base = head, .iov_len = sizeof head};
	if (u->lost || !send_all(u->fd, iov, count) ||
	    !receive(u->fd, head, sizeof head, patience))
		goto lost;
	usbmsg_get(head, m);
	if (m->type != type || m->len > room || (m->len && !receive(u->fd, reply, m->len, patience)))
		goto lost;
	take_time(u, m->time);
	return STATUS_OK;
lost:
	u->lost = true;
	return err_set(err, STATUS_PROBE_LOST, "the virtual board at %s stopped answering",
		       u->wire.id.path + strlen("virtual:"));
}

static enum status translate(struct usb_unix *u, uint16_t status, struct err *err)
{
	switch (status) {
	case USBMSG_OK:
		return STATUS_OK;
	case USBMSG_TIMEOUT:
		return err_set(err, STATUS_TIMEOUT, "the probe did not answer in time");
	case USBMSG_STALL:
		return err_set(err, STATUS_IO, "the probe refused the transfer (stall)");
	case USBMSG_BUSY:
		return err_set(err, STATUS_PROBE_BUSY, "the virtual board is in use");
	case USBMSG_GONE:
		return err_set(err, STATUS_PROBE_LOST, "the probe vanished from USB");
	default:
		return err_set(err, STATUS_IO, "the virtual board at %s did not understand us",
			       u->wire.id.path + strlen("virtual:"));
	}
}

static enum status unix_exchange(struct usb_wire *w, struct usb_exchange *x, struct err *err)
{
	struct usb_unix *u = unix_of(w);
	size_t sent = x->direction == USB_OUT ? x->len : 0;
	uint8_t head[8] = {(uint8_t)x->command_len, (uint8_t)x->direction};
	struct iovec iov[4] = {
		[1] = {.iov_base = head, .iov_len = sizeof head},
		[2] = {.iov_base = (void *)(uintptr_t)x->command, .iov_len = x->command_len},
		[3] = {.iov_base = x->data, .iov_len = sent},
	};
	struct usbmsg m = {.type = USBMSG_EXCHANGE, .ep = u->ep.out, .timeout_ms = x->timeout_ms,
			   .len = (uint32_t)(sizeof head + x->command_len + sent)};
	enum status s;

	x->got = 0;
	if (m.len > USBMSG_MAX_PAYLOAD || x->command_len > UINT8_MAX)
		return err_set(err, STATUS_UNSUPPORTED, "transfer of %zu bytes is too long", sent);
	put_le32(head + 4, (uint32_t)x->len);
	s = ask(u, &m, iov, 4, x->data, x->direction == USB_IN ? x->len : 0, err);
	if (s == STATUS_OK)
		s = translate(u, m.status, err);
	if (s == STATUS_OK)
		x->got = x->direction == USB_OUT ? x->len : m.len;
	return s;
}

static enum status unix_read_swo(struct usb_wire *w, uint8_t *data, size_t len, size_t *got,
				 unsigned timeout_ms, struct err *err)
{
	struct usb_unix *u = unix_of(w);
	uint8_t room[4];
	struct iovec iov[2] = {[1] = {.iov_base = room, .iov_len = sizeof room}};
	struct usbmsg m = {.type = USBMSG_IN, .ep = u->ep.swo, .len = sizeof room,
			   .timeout_ms = timeout_ms};
	enum status s;

	put_le32(room, (uint32_t)len);
	s = ask(u, &m, iov, 2, data, len, err);
	if (s == STATUS_OK && m.status == USBMSG_TIMEOUT)
		usb_sleep_us(w, (uint64_t)timeout_ms * 1000u);
	if (s == STATUS_OK)
		s = translate(u, m.status, err);
	*got = s == STATUS_OK ? m.len : 0;
	return s;
}

static enum status simple(struct usb_unix *u, enum usbmsg_type type, struct err *err)
{
	struct iovec iov[1];
	struct usbmsg m = {.type = (uint8_t)type};
	enum status s = ask(u, &m, iov, 1, NULL, 0, err);

	return s == STATUS_OK ? translate(u, m.status, err) : s;
}

static enum status unix_reset(struct usb_wire *w, struct err *err)
{
	return simple(unix_of(w), USBMSG_RESET, err);
}

static uint64_t unix_now_us(struct usb_wire *w)
{
	struct usb_unix *u = unix_of(w);

	return u->driven ? u->now_us : wall_now_us(w);
}

static void unix_sleep_us(struct usb_wire *w, uint64_t us)
{
	struct usb_unix *u = unix_of(w);
	uint8_t span[8];
	struct iovec iov[2] = {[1] = {.iov_base = span, .iov_len = sizeof span}};
	struct usbmsg m = {.type = USBMSG_SLEEP, .len = sizeof span};

	if (!u->driven) {
		wall_sleep_us(w, us);
		return;
	}
	put_le32(span, (uint32_t)us);
	put_le32(span + 4, (uint32_t)(us >> 32));
	/* A dead board shows at the next exchange; until then time must still pass. */
	if (ask(u, &m, iov, 2, NULL, 0, NULL) != STATUS_OK)
		u->now_us += us;
}

static void unix_close(struct usb_wire *w)
{
	seat_leave(&unix_of(w)->seat);
	close(unix_of(w)->fd);
	free(w);
}

static const struct usb_wire_ops unix_ops = {
	.exchange = unix_exchange,
	.read_swo = unix_read_swo,
	.reset = unix_reset,
	.now_us = unix_now_us,
	.sleep_us = unix_sleep_us,
	.close = unix_close,
};

/* The other end must be ours (or root's): a socket in /tmp could be anyone's. */
static bool peer_is_trusted(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       (peer.uid == getuid() || peer.uid == 0);
}

static int dial(const char *path, struct err *err)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof a.sun_path) {
		err_set(err, STATUS_USAGE, "socket path is too long: %s", path);
		return -1;
	}
	strcpy(a.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		err_set(err, STATUS_IO, "no socket: %s", strerror(errno));
		return -1;
	}
	if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0) {
		if (errno == EACCES)
			err_set(err, STATUS_NO_PERMISSION,
				"the virtual board at %s belongs to another user", path);
		else
			err_set(err, STATUS_NO_PROBE, "no virtual board answers at %s", path);
		close(fd);
		return -1;
	}
	if (!peer_is_trusted(fd)) {
		err_set(err, STATUS_NO_PERMISSION, "%s is served by another user", path);
		close(fd);
		return -1;
	}
	return fd;
}

static enum status hello(struct usb_unix *u, struct err *err)
{
	uint8_t payload[USBMSG_IDENTITY_SIZE];
	struct usbmsg m = {.type = USBMSG_HELLO};
	struct usbmsg_identity id;
	struct iovec iov[1];
	enum status s = ask(u, &m, iov, 1, payload, sizeof payload, err);

	if (s != STATUS_OK)
		return s;
	if (m.len != sizeof payload)
		return err_set(err, STATUS_IO, "%s is not a virtual board",
			       u->wire.id.path + strlen("virtual:"));
	usbmsg_identity_get(payload, &id);
	if (id.version != USBMSG_VERSION)
		return err_set(err, STATUS_UNSUPPORTED,
			       "the virtual board speaks protocol %u, this program %u", id.version,
			       USBMSG_VERSION);
	u->wire.id.vid = id.vid;
	u->wire.id.pid = id.pid;
	snprintf(u->wire.id.serial, sizeof u->wire.id.serial, "%s", id.serial);
	snprintf(u->wire.id.product, sizeof u->wire.id.product, "%s", id.product);
	u->driven = id.driven;
	u->ep = usb_endpoints_of(id.pid);
	return STATUS_OK;
}

static enum status claim(struct usb_unix *u, char *holder, size_t size, struct err *err)
{
	uint8_t name[96] = {0};
	struct usbmsg m = {.type = USBMSG_CLAIM};
	struct iovec iov[1];
	enum status s = ask(u, &m, iov, 1, name, sizeof name - 1, err);

	if (s != STATUS_OK || m.status != USBMSG_BUSY)
		return s == STATUS_OK ? translate(u, m.status, err) : s;
	if (holder)
		snprintf(holder, size, "%s", (char *)name);
	return err_set(err, STATUS_PROBE_BUSY, "the virtual board is in use by %s", (char *)name);
}

static struct usb_unix *greet(const char *path, enum status *s, struct err *err)
{
	struct usb_unix *u;
	int fd = dial(path, err);

	if (fd < 0) {
		*s = err ? err->status : STATUS_NO_PROBE;
		return NULL;
	}
	u = calloc(1, sizeof *u);
	if (!u) {
		close(fd);
		*s = err_set(err, STATUS_NO_MEMORY, "out of memory");
		return NULL;
	}
	u->wire.ops = &unix_ops;
	u->fd = fd;
	u->wire.id.virtual_board = true;
	snprintf(u->wire.id.path, sizeof u->wire.id.path, "virtual:%s", path);
	*s = hello(u, err);
	if (*s == STATUS_OK)
		return u;
	unix_close(&u->wire);
	return NULL;
}

enum status usb_unix_open(const char *path, struct usb_wire **out, struct err *err)
{
	struct err local = ERR_INIT;
	char standard[sizeof((struct sockaddr_un *)0)->sun_path];
	struct usb_unix *u;
	enum status s;

	if (!err)
		err = &local;
	if (!path) {
		if (!usb_unix_default_path(standard, sizeof standard))
			return err_set(err, STATUS_IO, "the board's socket path is too long");
		path = standard;
	}
	u = greet(path, &s, err);
	if (!u)
		return s;
	s = claim(u, NULL, 0, err);
	if (s == STATUS_OK)
		*out = &u->wire;
	else
		unix_close(&u->wire);
	return s;
}

enum status usb_unix_probe(const char *path, struct usb_found *out)
{
	struct err err = ERR_INIT;
	enum status s;
	struct usb_unix *u = greet(path, &s, &err);

	if (!u)
		return s;
	memset(out, 0, sizeof *out);
	out->id = u->wire.id;
	out->access = claim(u, out->holder, sizeof out->holder, &err);
	unix_close(&u->wire);
	return STATUS_OK;
}
