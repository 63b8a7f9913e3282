/* The drop-in's connection to the board. */
#include "shim/shim_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int dial(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd;

	if (!path || !path[0] || strlen(path) >= sizeof a.sun_path)
		return -1;
	strcpy(a.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* A program may talk to the probe once more from a signal handler, while the
 * thread below it holds the lock: that must fail, not wait for itself. */
static void make_lock(pthread_mutex_t *lock)
{
	pthread_mutexattr_t kind;

	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(lock, &kind);
	pthread_mutexattr_destroy(&kind);
}

int link_open(struct link *l)
{
	uint8_t id[USBMSG_IDENTITY_SIZE];
	size_t got = 0;
	int rc;

	l->posted = l->holding = false;
	l->held_len = l->ahead_at = l->ahead_end = 0;
	l->id.driven = false;
	l->seat = (struct seat){0};
	l->fd = dial(getenv("REFLASH_DROPIN"));
	if (l->fd < 0)
		return LIBUSB_ERROR_NO_DEVICE;
	make_lock(&l->lock);
	rc = link_ask(l, USBMSG_HELLO, 0, NULL, 0, id, sizeof id, &got);
	if (rc == 0 && got == sizeof id) {
		usbmsg_identity_get(id, &l->id);
		if (l->id.version == USBMSG_VERSION)
			return 0;
	}
	link_close(l);
	return rc ? rc : LIBUSB_ERROR_NO_DEVICE;
}

void link_close(struct link *l)
{
	/* the last transfer is carried out before the line goes dead */
	if (l->fd >= 0 && l->posted)
		link_ask(l, USBMSG_NOW, 0, NULL, 0, NULL, 0, NULL);
	seat_leave(&l->seat);
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	pthread_mutex_destroy(&l->lock);
}

/* More bytes than are asked for may come: they are kept for the next time. */
static bool receive(struct link *l, void *data, size_t len)
{
	uint8_t *p = data;

	while (len > 0) {
		size_t part = l->ahead_end - l->ahead_at;
		ssize_t n;

		if (part > 0) {
			part = part < len ? part : len;
			memcpy(p, l->ahead + l->ahead_at, part);
			l->ahead_at += part;
			p += part;
			len -= part;
			continue;
		}
		n = len < sizeof l->ahead ? recv(l->fd, l->ahead, sizeof l->ahead, 0) :
					    recv(l->fd, p, len, MSG_WAITALL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		if (len < sizeof l->ahead) {
			l->ahead_at = 0;
			l->ahead_end = (size_t)n;
		} else {
			p += n;
			len -= (size_t)n;
		}
	}
	return true;
}

static bool send_all(int fd, struct iovec *iov, size_t count)
{
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = count};

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

static void out_head(uint8_t *head, uint8_t ep, size_t len)
{
	const struct usbmsg m = {.type = USBMSG_OUT, .ep = ep, .status = USBMSG_QUIET,
				 .len = (uint32_t)len};

	usbmsg_put(head, &m);
}

/* A message, behind the OUT transfer that was held back for it. */
static bool send_message(struct link *l, uint8_t *head, const void *out, size_t out_len)
{
	uint8_t held_head[USBMSG_SIZE];
	struct iovec iov[4] = {{held_head, sizeof held_head}, {l->held, l->held_len},
			       {head, USBMSG_SIZE}, {(void *)(uintptr_t)out, out_len}};
	size_t skip = l->holding ? 0 : 2;

	out_head(held_head, l->held_ep, l->held_len);
	l->holding = false;
	return send_all(l->fd, iov + skip, 4 - skip);
}

static int translate(uint16_t status)
{
	switch (status) {
	case USBMSG_OK:
		return 0;
	case USBMSG_TIMEOUT:
		return LIBUSB_ERROR_TIMEOUT;
	case USBMSG_STALL:
		return LIBUSB_ERROR_PIPE;
	case USBMSG_GONE:
		return LIBUSB_ERROR_NO_DEVICE;
	case USBMSG_BUSY:
		return LIBUSB_ERROR_BUSY;
	default:
		return LIBUSB_ERROR_IO;
	}
}

/* A stream that broke stays broken: it may be out of step. */
static int broken(struct link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	return LIBUSB_ERROR_NO_DEVICE;
}

/* The head of the next answer. */
static bool next_answer(struct link *l, struct usbmsg *m)
{
	uint8_t head[USBMSG_SIZE];

	if (!receive(l, head, sizeof head))
		return false;
	usbmsg_get(head, m);
	return true;
}

/* Before the answer to a message of `type`: did an OUT transfer fail? */
static bool take_failure(struct link *l, struct usbmsg *m, uint8_t type, int *failed)
{
	*failed = 0;
	l->posted = false;
	if (!next_answer(l, m))
		return false;
	if (m->type != USBMSG_OUT || type == USBMSG_OUT)
		return true;
	*failed = translate(m->status);
	return m->len == 0 && next_answer(l, m);
}

/* With the lock held. */
static int ask_locked(struct link *l, struct usbmsg *m, const void *out, size_t out_len, void *in,
		      size_t room, size_t *got)
{
	uint8_t head[USBMSG_SIZE];
	uint8_t type = m->type;
	int failed;

	if (l->fd < 0)
		return LIBUSB_ERROR_NO_DEVICE;
	if (l->id.driven && type == USBMSG_IN)
		m->time = seat_take(&l->seat);
	else if (type == USBMSG_RELEASE)
		seat_leave(&l->seat);
	usbmsg_put(head, m);
	if (!send_message(l, head, out, out_len) || !take_failure(l, m, type, &failed))
		return broken(l);
	if (m->type != type || m->len > USBMSG_MAX_PAYLOAD)
		return broken(l);
	*got = m->len < room ? m->len : room;
	if (*got && !receive(l, in, *got))
		return broken(l);
	for (size_t left = m->len - *got; left > 0;) {
		uint8_t waste[256];
		size_t n = left < sizeof waste ? left : sizeof waste;

		if (!receive(l, waste, n))
			return broken(l);
		left -= n;
	}
	return failed ? failed : translate(m->status);
}

/* Is what was posted done, and well? */
static int settle(struct link *l)
{
	struct usbmsg m = {.type = USBMSG_NOW};
	uint8_t time[8];
	size_t got;

	return l->posted ? ask_locked(l, &m, NULL, 0, time, sizeof time, &got) : 0;
}

static void hold(struct link *l, uint8_t ep, const void *out, size_t out_len)
{
	if (out_len)
		memcpy(l->held, out, out_len);
	l->held_len = out_len;
	l->held_ep = ep;
	l->holding = true;
}

int link_post(struct link *l, uint8_t ep, const void *out, size_t out_len)
{
	uint8_t head[USBMSG_SIZE];
	int rc;

	if (pthread_mutex_lock(&l->lock) != 0)
		return LIBUSB_ERROR_INTERRUPTED;
	rc = l->fd < 0 ? LIBUSB_ERROR_NO_DEVICE : settle(l);
	out_head(head, ep, out_len);
	if (rc == 0 && l->id.driven && out_len <= sizeof l->held)
		hold(l, ep, out, out_len);
	else if (rc == 0 && !send_message(l, head, out, out_len))
		rc = broken(l);
	l->posted = rc == 0;
	pthread_mutex_unlock(&l->lock);
	return rc;
}

int link_ask(struct link *l, enum usbmsg_type type, uint8_t ep, const void *out, size_t out_len,
	     void *in, size_t room, size_t *got)
{
	struct usbmsg m = {.type = (uint8_t)type, .ep = ep, .len = (uint32_t)out_len};
	size_t taken = 0;
	int rc;

	if (out_len > USBMSG_MAX_PAYLOAD)
		return LIBUSB_ERROR_INVALID_PARAM;
	if (pthread_mutex_lock(&l->lock) != 0)
		return LIBUSB_ERROR_INTERRUPTED;
	rc = ask_locked(l, &m, out, out_len, in, room, &taken);
	pthread_mutex_unlock(&l->lock);
	if (got)
		*got = taken;
	return rc;
}

void link_wait_us(struct link *l, unsigned us)
{
	struct timespec t = {.tv_sec = us / 1000000u, .tv_nsec = (long)(us % 1000000u) * 1000};
	uint8_t span[8] = {0};

	put_le32(span, us);
	if (!l->id.driven || link_ask(l, USBMSG_SLEEP, 0, span, sizeof span, NULL, 0, NULL) != 0)
		nanosleep(&t, NULL);
}
