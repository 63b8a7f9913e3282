/*
 * The control socket: what a hand does on a desk, as lines of text. Each line
 * in gets any number of lines out, then `OK`, or `ERR <status name> <what>`
 * and optionally `NEXT <what to do>` before it. One row a command.
 */
#include "serve/server_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

struct control {
	struct server *server;
	struct conn *conn;
	const char *arg; /* what follows the command word; "" when nothing does */
	struct err *err;
	uint64_t takes_ns; /* board time until it is done: the answer waits for it */
};

static void tell(struct control *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void tell(struct control *c, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof line - 1, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n > sizeof line - 2)
		n = sizeof line - 2;
	line[n] = '\n';
	conn_answer(c->conn, line, (size_t)n + 1);
}

/* ---- arguments ------------------------------------------------------------------- */

static enum status milliseconds(struct control *c, unsigned standard, unsigned *ms)
{
	char *end;
	unsigned long v;

	*ms = standard;
	if (!c->arg[0])
		return STATUS_OK;
	v = strtoul(c->arg, &end, 10);
	if (*end || end == c->arg || v > 3600000 || c->arg[0] == '-')
		return err_set(c->err, STATUS_USAGE, "%s is not a number of milliseconds", c->arg);
	*ms = (unsigned)v;
	return STATUS_OK;
}

static enum status choice(struct control *c, const char *no, const char *yes, bool *value)
{
	if (strcmp(c->arg, yes) == 0)
		*value = true;
	else if (strcmp(c->arg, no) == 0)
		*value = false;
	else
		return err_set(c->err, STATUS_USAGE, "say %s or %s, not \"%s\"", no, yes, c->arg);
	return STATUS_OK;
}

/* ---- the hand ---------------------------------------------------------------------- */

static enum status press_reset(struct control *c)
{
	unsigned ms;
	enum status st = milliseconds(c, 100, &ms);

	if (st != STATUS_OK)
		return st;
	board_press_reset(c->server->board, ms);
	c->takes_ns = (uint64_t)ms * NS_PER_MS;
	return STATUS_OK;
}

static enum status hold_reset(struct control *c)
{
	board_hold_reset(c->server->board, true);
	return STATUS_OK;
}

static enum status release_reset(struct control *c)
{
	board_hold_reset(c->server->board, false);
	return STATUS_OK;
}

static enum status power_cycle(struct control *c)
{
	unsigned ms;
	enum status st = milliseconds(c, 500, &ms);

	if (st != STATUS_OK)
		return st;
	board_power_cycle(c->server->board, ms);
	c->takes_ns = (uint64_t)ms * NS_PER_MS;
	return STATUS_OK;
}

static enum status power(struct control *c)
{
	bool on = false;
	enum status st = choice(c, "off", "on", &on);

	if (st == STATUS_OK)
		board_power(c->server->board, on);
	return st;
}

static enum status boot0(struct control *c)
{
	bool high = false;
	enum status st = choice(c, "0", "1", &high);

	if (st == STATUS_OK)
		board_boot0(c->server->board, high);
	return st;
}

static enum status boot1(struct control *c)
{
	bool high = false;
	enum status st = choice(c, "0", "1", &high);

	if (st == STATUS_OK)
		board_boot1(c->server->board, high);
	return st;
}

static enum status wire(struct control *c)
{
	return board_set_wires_text(c->server->board, c->arg, c->err);
}

/* What the chip drives: an LED's state, for instance. */
static void tell_outputs(struct control *c)
{
	for (unsigned port = 0; port < 7; port++) {
		for (unsigned pin = 0; pin < 16; pin++) {
			int level = mcu_pin_output(board_mcu(c->server->board), port, pin);

			if (level >= 0)
				tell(c, "P%c%u=%d", (char)('A' + port), pin, level);
		}
	}
}

static enum status pin(struct control *c)
{
	char what[64];

	if (!c->arg[0]) {
		tell_outputs(c);
		return STATUS_OK;
	}
	snprintf(what, sizeof what, "pin %s", c->arg);
	return board_stimulate(c->server->board, 0, what, c->err);
}

static enum status uart(struct control *c)
{
	char what[512];

	snprintf(what, sizeof what, "uart %s", c->arg);
	return board_stimulate(c->server->board, 0, what, c->err);
}

/* `at MS WHAT`: later. */
static enum status at(struct control *c)
{
	char *end;
	double ms = strtod(c->arg, &end);

	if (end == c->arg || *end != ' ' || !(ms >= 0 && ms <= 86400e3))
		return err_set(c->err, STATUS_USAGE,
			       "say when and what: at MS pin PA0=1 (at most a day), not \"at %s\"", c->arg);
	return board_stimulate(c->server->board, (uint64_t)(ms * NS_PER_MS), end + strspn(end, " "),
			       c->err);
}

static enum status unplug(struct control *c)
{
	c->server->unplugged = true;
	return STATUS_OK;
}

static enum status plug(struct control *c)
{
	c->server->unplugged = false;
	board_usb_reset(c->server->board);
	return STATUS_OK;
}

/* Driven boards stand still between transfers; this lets them run. */
static enum status run(struct control *c)
{
	unsigned ms;
	enum status st = milliseconds(c, 1000, &ms);

	if (st != STATUS_OK)
		return st;
	if (!c->server->pace.driven)
		return err_set(c->err, STATUS_USAGE,
			       "this board runs in real time, it needs no `run`");
	c->takes_ns = (uint64_t)ms * NS_PER_MS;
	return STATUS_OK;
}

static enum status stop(struct control *c)
{
	c->server->stop = true;
	return STATUS_OK;
}

/* ---- looking at it -------------------------------------------------------------------- */

static const char *mode_name(enum mcu_mode mode)
{
	static const char *const names[] = {
		[MCU_MODE_OFF] = "off", [MCU_MODE_RESET] = "reset", [MCU_MODE_RUN] = "run",
		[MCU_MODE_SLEEP] = "sleep", [MCU_MODE_STOP] = "stop", [MCU_MODE_STANDBY] = "standby",
	};

	return (unsigned)mode < sizeof names / sizeof names[0] ? names[mode] : "?";
}

static void status_text(struct control *c, const struct board_status *b)
{
	const struct server *s = c->server;
	struct mcu *m = board_mcu(s->board);

	tell(c, "chip         %s (%s)", mcu_chip(m)->name, mcu_silicon(m)->name);
	tell(c, "power        %s", b->powered ? "on" : "off");
	tell(c, "state        %s%s, pc 0x%08x", b->halted ? "halted, " : "", mode_name(b->mode), b->pc);
	if (mcu_clock_stands(m))
		tell(c, "clock        none: the chip runs from its crystal, which has stopped");
	tell(c, "reset        %s", b->reset_held ? "held" : "not held");
	tell(c, "boot0        %d", b->boot0);
	tell(c, "SWJ_CFG      %u%u%u, SWD %s", b->swj_cfg >> 2 & 1, b->swj_cfg >> 1 & 1,
	     b->swj_cfg & 1, b->swd_on ? "on" : "off");
	tell(c, "protection   %s", b->rdp ? "read-out protected" : "none");
	for (int w = 0; w < WIRE_COUNT; w++)
		if (b->wires[w] != WIRE_OK)
			tell(c, "wire         %s=%s", board_wire_name((enum board_wire)w),
			     wire_state_name(b->wires[w]));
	tell(c, "time         %.6f s, %s%s", (double)b->now_ns / 1e9,
	     s->pace.driven ? "driven" : "real",
	     s->pace.driven || s->pace.forgiven_ns ? "" : ", keeping up");
	if (s->pace.forgiven_ns)
		tell(c, "behind       %.3f s: this machine is too slow for the chip",
		     (double)s->pace.forgiven_ns / 1e9);
	tell(c, "commands     %llu", (unsigned long long)b->commands);
	tell(c, "client       %s", s->holder ? s->holder->peer : "none");
	tell(c, "socket       %s", s->socket);
	if (s->uart_link[0])
		tell(c, "uart         %s", s->uart_link);
	if (s->stlink_port)
		tell(c, "stlink       127.0.0.1:%u", s->stlink_port);
	if (s->unplugged)
		tell(c, "usb          unplugged");
}

static void status_json(struct control *c, const struct board_status *b)
{
	const struct server *s = c->server;
	struct mcu *m = board_mcu(s->board);
	json_t *wires = json_object();
	json_t *o;
	char *text;

	for (int w = 0; w < WIRE_COUNT; w++)
		json_object_set_new(wires, board_wire_name((enum board_wire)w),
				    json_string(wire_state_name(b->wires[w])));
	o = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:s, s:b, s:i, s:b, s:b, s:I, s:I, s:I, "
		      "s:I, s:s, s:I, s:s*, s:s, s:s*, s:i, s:b, s:o}",
		      "type", "board", "chip", mcu_chip(m)->name, "silicon", mcu_silicon(m)->name,
		      "serial", board_usb_id(s->board)->serial, "powered", b->powered,
		      "reset_held", b->reset_held, "boot0", b->boot0, "mode", mode_name(b->mode),
		      "halted", b->halted, "swj_cfg", (int)b->swj_cfg, "swd_on", b->swd_on, "rdp",
		      b->rdp, "pc", (json_int_t)b->pc, "time_us", (json_int_t)(b->now_ns / 1000),
		      "instructions", (json_int_t)b->instructions, "commands",
		      (json_int_t)b->commands, "time", s->pace.driven ? "driven" : "real",
		      "behind_us", (json_int_t)(s->pace.forgiven_ns / 1000), "client",
		      s->holder ? s->holder->peer : NULL, "socket", s->socket, "uart",
		      s->uart_link[0] ? s->uart_link : NULL, "stlink_server", (int)s->stlink_port,
		      "unplugged", s->unplugged, "wires", wires);
	text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	if (text && conn_answer(c->conn, text, strlen(text)))
		conn_answer(c->conn, "\n", 1);
	free(text);
}

static void one_unmodelled(void *ctx, uint32_t address, const char *periph)
{
	tell(ctx, "0x%08x %s", address, periph ? periph : "");
}

static enum status status(struct control *c)
{
	struct board_status b;

	board_get_status(c->server->board, &b);
	if (strcmp(c->arg, "json") == 0)
		status_json(c, &b);
	else if (strcmp(c->arg, "unmodelled") == 0)
		mcu_unmodelled(board_mcu(c->server->board), one_unmodelled, c);
	else if (!c->arg[0])
		status_text(c, &b);
	else
		return err_set(c->err, STATUS_USAGE, "status knows json and unmodelled, not %s",
			       c->arg);
	return STATUS_OK;
}

static const struct {
	const char *word;
	enum status (*run)(struct control *c);
} rows[] = {
	{"press-reset", press_reset}, {"hold-reset", hold_reset}, {"release-reset", release_reset},
	{"power-cycle", power_cycle}, {"power", power},           {"boot0", boot0},
	{"boot1", boot1},             {"wire", wire},             {"unplug", unplug},
	{"plug", plug},               {"run", run},               {"status", status},
	{"plug", plug},               {"run", run},               {"status", status},
	{"stop", stop},               {"pin", pin},               {"uart", uart},
	{"at", at},
};

static enum status dispatch(struct control *c, const char *word)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].word, word) == 0)
			return rows[i].run(c);
	return err_set(c->err, STATUS_USAGE, "the board does not know \"%s\"", word);
}

static size_t control_consume(struct server *s, struct conn *c)
{
	uint8_t *end = memchr(c->in, '\n', c->have);
	struct err err = ERR_INIT;
	struct control ctl = {.server = s, .conn = c, .err = &err, .arg = ""};
	char line[512], *blank;
	enum status st;

	if (!end)
		return c->have >= sizeof line ? CONN_BAD : 0;
	if ((size_t)(end - c->in) >= sizeof line)
		return CONN_BAD;
	memcpy(line, c->in, (size_t)(end - c->in));
	line[end - c->in] = 0;
	blank = strchr(line, ' ');
	if (blank) {
		*blank = 0;
		ctl.arg = blank + 1;
	}
	pace_catch_up(s);
	st = dispatch(&ctl, line);
	if (st == STATUS_OK) {
		tell(&ctl, "OK");
	} else {
		if (err.next[0])
			tell(&ctl, "NEXT %s", err.next);
		tell(&ctl, "ERR %s %s", status_name(st), err.what);
	}
	pace_pass(s, ctl.takes_ns);
	c->due_ns = s->pace.driven ? 0 : board_now_ns(s->board) + ctl.takes_ns;
	return (size_t)(end - c->in) + 1;
}

const struct conn_ops control_conn_ops = {
	.name = "control",
	.max_in = 512,
	.consume = control_consume,
};
