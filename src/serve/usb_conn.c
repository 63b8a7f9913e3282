/*
 * A USB client on the board's Unix socket (messages: usbmsg.h): our own wire
 * and the libusb drop-in. Every transfer sees the board at the moment it
 * arrives; its answer leaves when the board's clock says that it is done.
 */
#include "serve/server_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A program that has just ended may not have been noticed yet. */
static bool has_hung_up(const struct conn *c)
{
	uint8_t byte;

	return recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

enum usbmsg_status serve_claim(struct server *s, struct conn *c)
{
	if (s->holder && s->holder != c && !has_hung_up(s->holder))
		return USBMSG_BUSY;
	s->holder = c;
	return USBMSG_OK;
}

void serve_release(struct server *s, struct conn *c)
{
	if (s->holder != c)
		return;
	s->holder = NULL;
	near_leave(s);
}

static enum usbmsg_status translate(enum stlink_result r)
{
	switch (r) {
	case STLINK_OK:
		return USBMSG_OK;
	case STLINK_STALL:
		return USBMSG_STALL;
	case STLINK_UNPLUGGED:
		break;
	}
	return USBMSG_GONE;
}

/* Count a transfer and let the faults that were asked for happen. */
static enum usbmsg_status admit(struct server *s)
{
	s->transfers++;
	if (s->config.unplug_at && s->transfers == s->config.unplug_at)
		s->unplugged = true;
	if (s->unplugged)
		return USBMSG_GONE;
	if (s->config.stall_at && s->transfers == s->config.stall_at)
		return USBMSG_TIMEOUT;
	return USBMSG_OK;
}

enum usbmsg_status serve_bulk_out(struct server *s, uint8_t ep, const uint8_t *data, size_t len)
{
	enum usbmsg_status st = admit(s);

	if (st != USBMSG_OK)
		return st;
	pace_catch_up(s);
	return translate(board_usb_out(s->board, ep, data, len));
}

enum usbmsg_status serve_bulk_in(struct server *s, uint8_t ep, uint8_t *data, size_t room,
				 size_t *got)
{
	enum usbmsg_status st = admit(s);

	*got = 0;
	if (st != USBMSG_OK)
		return st;
	pace_catch_up(s);
	st = translate(board_usb_in(s->board, ep, data, room, got));
	return st == USBMSG_OK && *got == 0 && room > 0 ? USBMSG_TIMEOUT : st;
}

/* Answer `len` bytes that already stand in c->out behind a header's room. */
static void finish(struct server *s, struct conn *c, size_t head_at, struct usbmsg *m, size_t len)
{
	c->due_ns = board_now_ns(s->board);
	m->time = (uint32_t)(c->due_ns / NS_PER_US);
	m->len = (uint32_t)len;
	usbmsg_put(c->out + head_at, m);
}

static void answer(struct server *s, struct conn *c, struct usbmsg *m, enum usbmsg_status st,
		   const void *data, size_t len)
{
	size_t head_at = c->out_len;

	m->status = (uint16_t)st;
	if (conn_answer_room(c, USBMSG_SIZE) && conn_answer(c, data, len))
		finish(s, c, head_at, m, len);
}

static void on_hello(struct server *s, struct conn *c, struct usbmsg *m, const uint8_t *payload)
{
	const struct stlink_usb_id *usb = board_usb_id(s->board);
	struct usbmsg_identity id = {.vid = usb->vid, .pid = usb->pid,
				     .driven = s->pace.driven, .version = USBMSG_VERSION};
	uint8_t out[USBMSG_IDENTITY_SIZE];

	(void)payload;
	strncpy(id.serial, usb->serial, sizeof id.serial - 1);
	strncpy(id.product, usb->product, sizeof id.product - 1);
	usbmsg_identity_put(out, &id);
	answer(s, c, m, s->unplugged ? USBMSG_GONE : USBMSG_OK, out, sizeof out);
}

static void on_claim(struct server *s, struct conn *c, struct usbmsg *m, const uint8_t *payload)
{
	enum usbmsg_status st = serve_claim(s, c);
	const char *name = st == USBMSG_BUSY ? s->holder->peer : "";

	(void)payload;
	answer(s, c, m, st, name, strlen(name));
}

static void on_release(struct server *s, struct conn *c, struct usbmsg *m, const uint8_t *payload)
{
	(void)payload;
	serve_release(s, c);
	answer(s, c, m, USBMSG_OK, NULL, 0);
}

static void on_out(struct server *s, struct conn *c, struct usbmsg *m, const uint8_t *payload)
{
	bool quiet = m->status & USBMSG_QUIET;
	enum usbmsg_status st = serve_bulk_out(s, m->ep, payload, m->len);

	if (!quiet || st != USBMSG_OK)
		answer(s, c, m, st, NULL, 0);
}

/* Fill the answer straight from the endpoint. With nothing there the host
 * controller waits `wait_ms` for a reply that never comes. */
static void take_in(struct server *s, struct conn *c, struct usbmsg *m, uint8_t ep, size_t room,
		    unsigned wait_ms)
{
	size_t head_at = c->out_len, got = 0;
	uint8_t *p = conn_answer_room(c, USBMSG_SIZE + room);
	uint64_t wait = 0;

	if (!p)
		return;
	m->status = (uint16_t)serve_bulk_in(s, ep, p + USBMSG_SIZE, room, &got);
	conn_answer_shrink(c, room - got);
	if (m->status == USBMSG_TIMEOUT)
		wait = (uint64_t)wait_ms * NS_PER_MS;
	pace_pass(s, wait); /* before the answer, which carries the time */
	finish(s, c, head_at, m, got);
	if (!s->pace.driven)
		c->due_ns += wait;
}

static void on_in(struct server *s, struct conn *c, struct usbmsg *m, const uint8_t *payload)
{
	uint32_t room = m->len == 4 ? get_le32(payload) : UINT32_MAX;

	if (room > USBMSG_MAX_PAYLOAD)
		answer(s, c, m, USBMSG_BAD, NULL, 0);
	else
		take_in(s, c, m, m->ep, room, 0);
}

static void on_reset(struct server *s, struct conn *c, struct usbmsg *m, const uint8_t *payload)
{
	(void)payload;
	pace_catch_up(s);
	if (!s->unplugged)
		board_usb_reset(s->board);
	answer(s, c, m, s->unplugged ? USBMSG_GONE : USBMSG_OK, NULL, 0);
}

static void on_now(struct server *s, struct conn *c, struct usbmsg *m, const uint8_t *payload)
{
	uint8_t out[8];
	uint64_t us;

	(void)payload;
	pace_catch_up(s);
	us = board_now_ns(s->board) / NS_PER_US;
	put_le32(out, (uint32_t)us);
	put_le32(out + 4, (uint32_t)(us >> 32));
	answer(s, c, m, USBMSG_OK, out, sizeof out);
}

static void on_sleep(struct server *s, struct conn *c, struct usbmsg *m, const uint8_t *payload)
{
	uint64_t us;

	if (m->len != 8) {
		answer(s, c, m, USBMSG_BAD, NULL, 0);
		return;
	}
	us = get_le32(payload) | (uint64_t)get_le32(payload + 4) << 32;
	pace_catch_up(s);
	pace_pass(s, us * NS_PER_US); /* before the answer, which carries the time */
	answer(s, c, m, USBMSG_OK, NULL, 0);
	if (!s->pace.driven)
		c->due_ns += us * NS_PER_US;
}

static void on_exchange(struct server *s, struct conn *c, struct usbmsg *m, const uint8_t *payload)
{
	const struct stlink_usb_id *usb = board_usb_id(s->board);
	size_t command_len = m->len >= 8 ? payload[0] : m->len;
	uint8_t direction = m->len >= 8 ? payload[1] : USBMSG_DIR_NONE;
	uint32_t len = m->len >= 8 ? get_le32(payload + 4) : 0;
	enum usbmsg_status st;

	if (m->len < 8 + command_len || len > USBMSG_MAX_PAYLOAD || direction > USBMSG_DIR_IN ||
	    (direction == USBMSG_DIR_OUT && len != m->len - 8 - command_len)) {
		answer(s, c, m, USBMSG_BAD, NULL, 0);
		return;
	}
	st = serve_bulk_out(s, usb->ep_out, payload + 8, command_len);
	if (st == USBMSG_OK && direction == USBMSG_DIR_OUT)
		st = serve_bulk_out(s, usb->ep_out, payload + 8 + command_len, len);
	if (st == USBMSG_OK && direction == USBMSG_DIR_IN && len > 0)
		take_in(s, c, m, usb->ep_in, len, m->timeout_ms);
	else
		answer(s, c, m, st, NULL, 0);
}

/* One row a message. */
static const struct {
	void (*run)(struct server *s, struct conn *c, struct usbmsg *m, const uint8_t *payload);
	bool needs_claim;
} handlers[] = {
	[USBMSG_HELLO] = {on_hello, false},   [USBMSG_OUT] = {on_out, true},
	[USBMSG_IN] = {on_in, true},          [USBMSG_RESET] = {on_reset, true},
	[USBMSG_NOW] = {on_now, false},       [USBMSG_SLEEP] = {on_sleep, true},
	[USBMSG_EXCHANGE] = {on_exchange, true}, [USBMSG_CLAIM] = {on_claim, false},
	[USBMSG_RELEASE] = {on_release, false},
};

static size_t usb_consume(struct server *s, struct conn *c)
{
	struct usbmsg m;
	size_t used;
	unsigned cpu;

	if (c->have < USBMSG_SIZE)
		return 0;
	usbmsg_get(c->in, &m);
	cpu = m.time;
	if (m.len > USBMSG_MAX_PAYLOAD)
		return CONN_BAD;
	used = USBMSG_SIZE + m.len;
	if (c->have < used)
		return 0;
	if (m.type >= sizeof handlers / sizeof handlers[0] || !handlers[m.type].run)
		return CONN_BAD;
	if (handlers[m.type].needs_claim && s->holder != c)
		answer(s, c, &m, s->holder ? USBMSG_BUSY : USBMSG_BAD, NULL, 0);
	else
		handlers[m.type].run(s, c, &m, c->in + USBMSG_SIZE);
	if (s->holder == c)
		near_follow(s, cpu - 1);
	return used;
}

const struct conn_ops usb_conn_ops = {
	.name = "usb",
	.max_in = USBMSG_SIZE + USBMSG_MAX_PAYLOAD,
	.consume = usb_consume,
};
