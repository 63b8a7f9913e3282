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

int link_open(struct link *l)
{
	uint8_t id[USBMSG_IDENTITY_SIZE];
	size_t got = 0;
	int rc;

	l->posted = false;
	l->fd = dial(getenv("REFLASH_DROPIN"));
	if (l->fd < 0)
		return LIBUSB_ERROR_NO_DEVICE;
	pthread_mutex_init(&l->lock, NULL);
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
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	pthread_mutex_destroy(&l->lock);
}

static bool receive(int fd, void *data, size_t len)
{
	uint8_t *p = data;

	while (len > 0) {
		ssize_t n = recv(fd, p, len, MSG_WAITALL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static bool send_message(int fd, uint8_t *head, const void *out, size_t out_len)
{
	struct iovec iov[2] = {{head, USBMSG_SIZE}, {(void *)(uintptr_t)out, out_len}};
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = 2};

	while (iov[0].iov_len + iov[1].iov_len > 0) {
		ssize_t n = sendmsg(fd, &m, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		for (int i = 0; i < 2; i++) {
			size_t part = (size_t)n < iov[i].iov_len ? (size_t)n : iov[i].iov_len;

			iov[i].iov_base = (uint8_t *)iov[i].iov_base + part;
			iov[i].iov_len -= part;
			n -= (ssize_t)part;
		}
	}
	return true;
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

	if (!receive(l->fd, head, sizeof head))
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
	usbmsg_put(head, m);
	if (!send_message(l->fd, head, out, out_len) || !take_failure(l, m, type, &failed))
		return broken(l);
	if (m->type != type || m->len > USBMSG_MAX_PAYLOAD)
		return broken(l);
	*got = m->len < room ? m->len : room;
	if (*got && !receive(l->fd, in, *got))
		return broken(l);
	for (size_t left = m->len - *got; left > 0;) {
		uint8_t waste[256];
		size_t n = left < sizeof waste ? left : sizeof waste;

		if (!receive(l->fd, waste, n))
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

int link_post(struct link *l, uint8_t ep, const void *out, size_t out_len)
{
	struct usbmsg m = {.type = USBMSG_OUT, .ep = ep, .status = USBMSG_QUIET,
			   .len = (uint32_t)out_len};
	uint8_t head[USBMSG_SIZE];
	int rc;

	pthread_mutex_lock(&l->lock);
	rc = l->fd < 0 ? LIBUSB_ERROR_NO_DEVICE : settle(l);
	usbmsg_put(head, &m);
	if (rc == 0 && !send_message(l->fd, head, out, out_len))
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
	pthread_mutex_lock(&l->lock);
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
