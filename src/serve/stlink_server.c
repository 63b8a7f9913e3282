/*
 * The board behind the stlink-server protocol on 127.0.0.1: the way in for
 * OpenOCD's tcp backend. Little-endian; a request's length follows from its
 * first byte.
 *
 *   06 version          4 bytes  -> api, major, minor, build (u32 each)
 *   00 refresh          2        -> status
 *   01 number of probes 1        -> count
 *   02 probe info       8        -> status, id, serial[32], vid16, pid16, used8
 *   03 open             8        -> status, connect id
 *   04 close            8        -> status
 *   05 USB command      32+data  -> status, data
 *
 * Reported as API 3: command pairs of one client are not interleaved with
 * another's, because only one client may hold the probe.
 *
 * Not modelled: several clients sharing the probe; command 07.
 */
#include "serve/server_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STANDARD_PORT = 7184, API = 3, DEVICE_ID = 1, CONNECT_ID = 1, INFO_SIZE = 41 };
enum { HEADER = 32, COMMAND_AT = 8, COMMAND_SIZE = 16, DIRECTION_AT = 24, LENGTH_AT = 28 };
enum { DIRECTION_WRITE, DIRECTION_READ, DIRECTION_READ_SWO = 3 };
enum server_code {
	CODE_OK = 1,
	CODE_TIMEOUT = 0x1001,
	CODE_BAD_PARAMETER = 0x1002,
	CODE_OPEN_ERROR = 0x1003,
	CODE_TCP_ERROR = 0x2001,
	CODE_BUSY = 0x2004,
};

static void answer_code(struct conn *c, enum server_code code)
{
	uint8_t out[4];

	put_le32(out, code);
	conn_answer(c, out, sizeof out);
}

static void on_refresh(struct server *s, struct conn *c)
{
	(void)s;
	answer_code(c, CODE_OK);
}

static void on_count(struct server *s, struct conn *c)
{
	uint8_t out[4];

	put_le32(out, s->unplugged ? 0 : 1);
	conn_answer(c, out, sizeof out);
}

static void on_info(struct server *s, struct conn *c)
{
	const struct stlink_usb_id *usb = board_usb_id(s->board);
	uint8_t out[4 + INFO_SIZE] = {0};

	if (c->in[1] != 0 || s->unplugged) {
		put_le32(out, CODE_BAD_PARAMETER);
	} else {
		put_le32(out, CODE_OK);
		put_le32(out + 4, DEVICE_ID);
		memcpy(out + 8, usb->serial, strnlen(usb->serial, 31));
		put_le16(out + 40, usb->vid);
		put_le16(out + 42, usb->pid);
		out[44] = s->holder != NULL;
	}
	conn_answer(c, out, sizeof out);
}

static void on_open(struct server *s, struct conn *c)
{
	uint8_t out[8] = {0};

	if (get_le32(c->in + 4) != DEVICE_ID || s->unplugged)
		put_le32(out, CODE_OPEN_ERROR);
	else if (serve_claim(s, c) != USBMSG_OK)
		put_le32(out, CODE_BUSY);
	else
		put_le32(out, CODE_OK);
	put_le32(out + 4, CONNECT_ID);
	conn_answer(c, out, sizeof out);
}

static void on_close(struct server *s, struct conn *c)
{
	serve_release(s, c);
	answer_code(c, CODE_OK);
}

static void on_version(struct server *s, struct conn *c)
{
	uint8_t out[16] = {0};

	(void)s;
	put_le32(out, API);
	put_le32(out + 4, 2); /* major, minor, build: of the protocol's first public server */
	put_le32(out + 8, 1);
	conn_answer(c, out, sizeof out);
}

static enum server_code translate(enum usbmsg_status st)
{
	switch (st) {
	case USBMSG_OK:
		return CODE_OK;
	case USBMSG_TIMEOUT:
		return CODE_TIMEOUT;
	case USBMSG_BUSY:
		return CODE_BUSY;
	default:
		return CODE_TCP_ERROR;
	}
}

/* A reply always has the length that was asked for: its reader counts on it. */
static void on_usb(struct server *s, struct conn *c)
{
	const struct stlink_usb_id *usb = board_usb_id(s->board);
	unsigned direction = c->in[DIRECTION_AT];
	uint32_t len = get_le32(c->in + LENGTH_AT);
	size_t head_at = c->out_len, got = 0;
	size_t in = direction == DIRECTION_WRITE ? 0 : len;
	uint8_t *out = conn_answer_room(c, 4 + in);
	enum usbmsg_status st = s->holder == c ? USBMSG_OK : USBMSG_BAD;

	if (!out)
		return;
	memset(out, 0, 4 + in);
	if (st == USBMSG_OK && direction != DIRECTION_READ_SWO)
		st = serve_bulk_out(s, usb->ep_out, c->in + COMMAND_AT, COMMAND_SIZE);
	if (st == USBMSG_OK && direction == DIRECTION_WRITE && len > 0)
		st = serve_bulk_out(s, usb->ep_out, c->in + HEADER, len);
	if (st == USBMSG_OK && in > 0)
		st = serve_bulk_in(s, direction == DIRECTION_READ_SWO ? usb->ep_swo : usb->ep_in,
				   out + 4, in, &got);
	put_le32(c->out + head_at, translate(st));
}

/* One row a command. */
static const struct {
	size_t len;
	void (*run)(struct server *s, struct conn *c);
} rows[] = {
	{2, on_refresh}, {1, on_count}, {8, on_info},    {8, on_open},
	{8, on_close},   {HEADER, on_usb}, {4, on_version},
};

static size_t tcp_consume(struct server *s, struct conn *c)
{
	size_t need;

	if (c->in[0] >= sizeof rows / sizeof rows[0])
		return CONN_BAD;
	need = rows[c->in[0]].len;
	if (c->have < need)
		return 0;
	if (c->in[0] == 5) {
		uint32_t len = get_le32(c->in + LENGTH_AT);

		if (len > USBMSG_MAX_PAYLOAD)
			return CONN_BAD;
		if (c->in[DIRECTION_AT] == DIRECTION_WRITE)
			need += len;
		if (c->have < need)
			return 0;
	}
	rows[c->in[0]].run(s, c);
	c->due_ns = board_now_ns(s->board);
	return need;
}

const struct conn_ops stlink_server_conn_ops = {
	.name = "stlink-server",
	.max_in = HEADER + USBMSG_MAX_PAYLOAD,
	.consume = tcp_consume,
};

enum status stlink_server_listen(struct server *s, struct err *err)
{
	unsigned port = s->config.stlink_port ? s->config.stlink_port : STANDARD_PORT;
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

	if (fd < 0)
		return err_set(err, STATUS_IO, "no socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	/* inherited by accepted connections */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 4) != 0) {
		err_set(err, STATUS_IO, "cannot listen on 127.0.0.1:%u: %s", port, strerror(errno));
		err_next(err, "give another port with --stlink-server=PORT");
		close(fd);
		return STATUS_IO;
	}
	s->listeners[s->listener_count].fd = fd;
	s->listeners[s->listener_count++].ops = &stlink_server_conn_ops;
	s->stlink_port = port;
	return STATUS_OK;
}
