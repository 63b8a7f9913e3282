/*
 * USART1 as a serial port of the machine: a pseudo-terminal, with a link of a
 * fixed name to it. The rate that a program sets is the adapter's rate; parity
 * is always even, because Linux pseudo-terminals do not carry that setting
 * (the boot ROM's frames are 8E1).
 */
#include "serve/server_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* On a driven board the bytes move time: their own, and this for an answer. */
enum { CHUNK = 512, FRAME_BITS = 11, ANSWER_NS = 2 * NS_PER_MS };

struct uart_pty {
	int master, slave; /* the slave is kept open: without one the master reads as hung up */
	unsigned baud;
	uint8_t to_chip[CHUNK];
	size_t have;
};

static enum status make_link(struct server *s, const char *name, struct err *err)
{
	int n = snprintf(s->uart_link, sizeof s->uart_link, "%s.uart", s->socket);

	if ((size_t)n >= sizeof s->uart_link) {
		s->uart_link[0] = 0;
		return err_set(err, STATUS_USAGE, "socket path is too long: %s", s->socket);
	}
	unlink(s->uart_link);
	if (symlink(name, s->uart_link) != 0)
		return err_set(err, STATUS_IO, "cannot link %s: %s", s->uart_link, strerror(errno));
	return STATUS_OK;
}

static enum status open_pair(struct uart_pty *u, char *name, size_t size, struct err *err)
{
	struct termios raw;

	u->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (u->master < 0 || grantpt(u->master) != 0 || unlockpt(u->master) != 0 ||
	    ptsname_r(u->master, name, size) != 0)
		return err_set(err, STATUS_IO, "no pseudo-terminal: %s", strerror(errno));
	u->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (u->slave < 0 || tcgetattr(u->slave, &raw) != 0)
		return err_set(err, STATUS_IO, "cannot open %s: %s", name, strerror(errno));
	cfmakeraw(&raw);
	cfsetspeed(&raw, B115200);
	tcsetattr(u->slave, TCSANOW, &raw);
	return STATUS_OK;
}

enum status uart_pty_open(struct server *s, struct err *err)
{
	char name[64];
	struct uart_pty *u = calloc(1, sizeof *u);
	enum status st;

	if (!u)
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	u->master = u->slave = -1;
	u->baud = 115200;
	s->uart = u;
	st = open_pair(u, name, sizeof name, err);
	return st == STATUS_OK ? make_link(s, name, err) : st;
}

int uart_pty_fd(const struct uart_pty *u)
{
	return u ? u->master : -1;
}

static unsigned baud_of(speed_t speed)
{
	static const struct {
		speed_t speed;
		unsigned baud;
	} rows[] = {
		{B1200, 1200}, {B2400, 2400}, {B4800, 4800}, {B9600, 9600}, {B19200, 19200},
		{B38400, 38400}, {B57600, 57600}, {B115200, 115200}, {B230400, 230400},
		{B460800, 460800}, {B500000, 500000}, {B576000, 576000}, {B921600, 921600},
		{B1000000, 1000000}, {B2000000, 2000000},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].speed == speed)
			return rows[i].baud;
	return 0;
}

static void follow_rate(struct server *s)
{
	struct uart_pty *u = s->uart;
	struct termios t;
	unsigned baud;

	if (tcgetattr(u->slave, &t) != 0)
		return;
	baud = baud_of(cfgetospeed(&t));
	if (baud && baud != u->baud) {
		u->baud = baud;
		board_uart_config(s->board, baud, true);
	}
}

static void pump_to_chip(struct server *s)
{
	struct uart_pty *u = s->uart;
	size_t taken;
	ssize_t n = 0;

	if (u->have < sizeof u->to_chip)
		n = read(u->master, u->to_chip + u->have, sizeof u->to_chip - u->have);
	if (n > 0) {
		u->have += (size_t)n;
		follow_rate(s);
		pace_catch_up(s);
	}
	taken = board_uart_send(s->board, u->to_chip, u->have);
	memmove(u->to_chip, u->to_chip + taken, u->have - taken);
	u->have -= taken;
	if (taken > 0)
		pace_pass(s, taken * FRAME_BITS * 1000000000u / u->baud + ANSWER_NS);
}

/* Bytes nobody reads are lost once the kernel's buffer is full, as on a desk. */
static void pump_from_chip(struct server *s)
{
	uint8_t bytes[CHUNK];
	size_t n;

	while ((n = board_uart_receive(s->board, bytes, sizeof bytes)) > 0)
		if (write(s->uart->master, bytes, n) < 0)
			break;
}

void uart_pty_pump(struct server *s)
{
	if (!s->uart)
		return;
	pump_to_chip(s);
	pump_from_chip(s);
}

void uart_pty_close(struct uart_pty *u)
{
	if (!u)
		return;
	if (u->slave >= 0)
		close(u->slave);
	if (u->master >= 0)
		close(u->master);
	free(u);
}
