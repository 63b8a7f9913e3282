/*
 * A serial port as a byte stream: 8 data bits, even or no parity, one stop
 * bit, raw. Standard rates only (the boot loader measures the host's anyway).
 * On a pseudo-terminal parity is dropped by the kernel, and that is no error.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "wire/wire_internal.h"

struct stream_tty {
	struct stream_wire wire;
	int fd;
	struct termios before;
};

static struct stream_tty *tty_of(struct stream_wire *w)
{
	return (struct stream_tty *)w;
}

static enum status gone(struct stream_tty *t, const char *doing, struct err *err)
{
	return err_set(err, STATUS_PROBE_LOST, "%s failed while %s: %s", t->wire.path, doing,
		       strerror(errno));
}

static enum status tty_write(struct stream_wire *w, const uint8_t *data, size_t len,
			     struct err *err)
{
	struct stream_tty *t = tty_of(w);

	while (len > 0) {
		struct pollfd p = {.fd = t->fd, .events = POLLOUT};
		ssize_t n = write(t->fd, data, len);

		if (n < 0 && errno == EAGAIN && poll(&p, 1, 5000) == 0)
			return err_set(err, STATUS_TIMEOUT, "%s takes no more bytes", w->path);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return gone(t, "writing", err);
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return STATUS_OK;
}

static enum status tty_read(struct stream_wire *w, uint8_t *data, size_t len, size_t *got,
			    unsigned timeout_ms, struct err *err)
{
	struct stream_tty *t = tty_of(w);
	uint64_t end = monotonic_us() + (uint64_t)timeout_ms * 1000u;

	*got = 0;
	while (*got < len) {
		struct pollfd p = {.fd = t->fd, .events = POLLIN};
		uint64_t now = monotonic_us();
		ssize_t n = read(t->fd, data + *got, len - *got);

		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return gone(t, "reading", err);
		if (n > 0) {
			*got += (size_t)n;
			continue;
		}
		if (now >= end)
			return err_set(err, STATUS_TIMEOUT, "nothing more came from %s", w->path);
		poll(&p, 1, (int)((end - now) / 1000u) + 1);
	}
	return STATUS_OK;
}

static speed_t speed_of(unsigned baud)
{
	static const struct {
		unsigned baud;
		speed_t speed;
	} rows[] = {
		{1200, B1200}, {2400, B2400}, {4800, B4800}, {9600, B9600}, {19200, B19200},
		{38400, B38400}, {57600, B57600}, {115200, B115200}, {230400, B230400},
		{460800, B460800}, {921600, B921600}, {1000000, B1000000},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].baud == baud)
			return rows[i].speed;
	return 0;
}

/* Unix98 pseudo-terminals: majors 136 to 143 (Linux, devices.txt). */
static bool is_pty(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && major(st.st_rdev) >= 136 &&
	       major(st.st_rdev) <= 143;
}

static enum status tty_set_line(struct stream_wire *w, unsigned baud, bool even_parity,
				struct err *err)
{
	struct stream_tty *t = tty_of(w);
	speed_t speed = speed_of(baud);
	struct termios set;

	if (!speed)
		return err_set(err, STATUS_USAGE, "%u baud is not a rate serial ports have", baud);
	if (tcgetattr(t->fd, &set) != 0)
		return gone(t, "reading its settings", err);
	cfmakeraw(&set);
	set.c_cflag &= ~(tcflag_t)(CSTOPB | PARODD | CRTSCTS);
	set.c_cflag |= CLOCAL | CREAD;
	if (even_parity)
		set.c_cflag |= PARENB;
	else
		set.c_cflag &= ~(tcflag_t)PARENB;
	set.c_cc[VMIN] = 1; /* with O_NONBLOCK an empty port is EAGAIN, a dead one 0 */
	set.c_cc[VTIME] = 0;
	cfsetspeed(&set, speed);
	/* The C library reports parity that did not take as EINVAL. */
	if (tcsetattr(t->fd, TCSANOW, &set) != 0 && !(errno == EINVAL && is_pty(t->fd)))
		return gone(t, "setting the line", err);
	return STATUS_OK;
}

static uint64_t tty_now_us(struct stream_wire *w)
{
	(void)w;
	return monotonic_us();
}

static void tty_sleep_us(struct stream_wire *w, uint64_t us)
{
	(void)w;
	monotonic_sleep_us(us);
}

static void tty_close(struct stream_wire *w)
{
	struct stream_tty *t = tty_of(w);

	tcsetattr(t->fd, TCSANOW, &t->before);
	ioctl(t->fd, TIOCNXCL); /* outlives us where somebody else has it open */
	close(t->fd);
	free(t);
}

static const struct stream_wire_ops tty_ops = {
	.write = tty_write,
	.read = tty_read,
	.set_line = tty_set_line,
	.now_us = tty_now_us,
	.sleep_us = tty_sleep_us,
	.close = tty_close,
};

static enum status open_failed(const char *path, struct err *err)
{
	if (errno == EACCES) {
		err_set(err, STATUS_NO_PERMISSION, "%s may not be opened", path);
		err_next(err, "join the group that owns it (`ls -l %s`; often dialout)", path);
		return STATUS_NO_PERMISSION;
	}
	if (errno == EBUSY)
		return err_set(err, STATUS_PROBE_BUSY, "%s is in use by another program", path);
	err_set(err, STATUS_NO_PROBE, "the serial port \"%s\" cannot be opened: %s", path,
		strerror(errno));
	err_next(err, "plug the serial adapter in and see `ls /dev/ttyUSB* /dev/ttyACM*` for its name");
	return STATUS_NO_PROBE;
}

enum status stream_tty_open(const char *path, unsigned baud, struct stream_wire **out,
			    struct err *err)
{
	struct stream_tty *t;
	enum status s;
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return open_failed(path, err);
	t = calloc(1, sizeof *t);
	if (!t || tcgetattr(fd, &t->before) != 0) {
		s = err_set(err, t ? STATUS_NO_PROBE : STATUS_NO_MEMORY, "%s is no serial port", path);
		err_next(err, "name one, as in tty:/dev/ttyUSB0");
		free(t);
		close(fd);
		return s;
	}
	ioctl(fd, TIOCEXCL);
	t->wire.ops = &tty_ops;
	t->fd = fd;
	snprintf(t->wire.path, sizeof t->wire.path, "%s", path);
	s = tty_set_line(&t->wire, baud, true, err);
	if (s != STATUS_OK) {
		tty_close(&t->wire);
		return s;
	}
	tcflush(fd, TCIOFLUSH);
	*out = &t->wire;
	return STATUS_OK;
}
