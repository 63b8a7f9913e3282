/*
 * The wires between probe and chip by name, and which faults each can have.
 */
#include <string.h>
#include <strings.h>

#include "board/board_internal.h"

#define CAN(s) (1u << (s))
#define ANY (CAN(WIRE_OK) | CAN(WIRE_OPEN))

static const struct {
	const char *name;
	unsigned states; /* which a wire may take */
} wires[WIRE_COUNT] = {
	[WIRE_SWDIO] = {"swdio", ANY | CAN(WIRE_SWAPPED) | CAN(WIRE_LOW) | CAN(WIRE_SLOW) |
				  CAN(WIRE_NOISY)},
	[WIRE_SWCLK] = {"swclk", ANY | CAN(WIRE_SWAPPED) | CAN(WIRE_LOW) | CAN(WIRE_SLOW) |
				  CAN(WIRE_NOISY)},
	[WIRE_NRST] = {"nrst", ANY | CAN(WIRE_SWIM) | CAN(WIRE_LOW) | CAN(WIRE_SLOW)},
	[WIRE_GND] = {"gnd", ANY},
	[WIRE_VTREF] = {"vtref", ANY},
	[WIRE_TX] = {"tx", ANY | CAN(WIRE_SWAPPED)},
	[WIRE_RX] = {"rx", ANY | CAN(WIRE_SWAPPED)},
	[WIRE_HSE] = {"hse", ANY},
	[WIRE_LSE] = {"lse", ANY},
};

static const struct {
	const char *name;
	enum wire_state state;
} states[] = {
	{"ok", WIRE_OK},     {"open", WIRE_OPEN}, {"swapped", WIRE_SWAPPED},
	{"swim", WIRE_SWIM}, {"low", WIRE_LOW},   {"slow", WIRE_SLOW},
	{"noisy", WIRE_NOISY},
	/* other words for them, accepted and never printed */
	{"wired", WIRE_OK},  {"swap", WIRE_SWAPPED}, {"held-low", WIRE_LOW},
};

const char *wire_state_name(enum wire_state s)
{
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		if (states[i].state == s)
			return states[i].name;
	return "?";
}

const char *board_wire_name(enum board_wire w)
{
	return w < WIRE_COUNT ? wires[w].name : "?";
}

/* "ok, open, swim": the states a wire may take. */
static void list_states(unsigned allowed, char *out, size_t size)
{
	out[0] = 0;
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
		if (!(allowed & CAN(states[i].state)) ||
		    strcmp(states[i].name, wire_state_name(states[i].state)) != 0)
			continue;
		if (out[0])
			strncat(out, ", ", size - strlen(out) - 1);
		strncat(out, states[i].name, size - strlen(out) - 1);
	}
}

static enum status check_state(enum board_wire wire, enum wire_state state, struct err *err)
{
	char choices[96];

	if (wire >= WIRE_COUNT)
		return err_set(err, STATUS_USAGE, "there is no such wire");
	if (wires[wire].states & CAN(state))
		return STATUS_OK;
	list_states(wires[wire].states, choices, sizeof choices);
	return err_set(err, STATUS_USAGE, "wire %s cannot be \"%s\" (choices: %s)",
		       wires[wire].name, wire_state_name(state), choices);
}

enum status board_set_wire(struct board *b, enum board_wire wire, enum wire_state state,
			   struct err *err)
{
	enum status s = check_state(wire, state, err);

	if (s != STATUS_OK)
		return s;
	b->wires[wire] = state;
	board_update_nrst(b);
	uart_wires_changed(b);
	if (wire == WIRE_HSE || wire == WIRE_LSE)
		mcu_crystal(b->mcu, wire == WIRE_HSE ? MCU_CRYSTAL_HSE : MCU_CRYSTAL_LSE,
			    state == WIRE_OK);
	return STATUS_OK;
}

static bool find_wire(const char *name, size_t len, enum board_wire *out)
{
	for (unsigned i = 0; i < WIRE_COUNT; i++) {
		if (strlen(wires[i].name) == len && strncasecmp(name, wires[i].name, len) == 0) {
			*out = (enum board_wire)i;
			return true;
		}
	}
	return false;
}

static bool find_state(const char *name, size_t len, enum wire_state *out)
{
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
		if (strlen(states[i].name) == len && strncasecmp(name, states[i].name, len) == 0) {
			*out = states[i].state;
			return true;
		}
	}
	return false;
}

/* "NAME=STATE"; a bare "swapped" means SWDIO and SWCLK exchanged. */
static enum status parse_one(const char *text, size_t len, enum board_wire *out_wire,
			     enum wire_state *out_state, struct err *err)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals ? (size_t)(equals - text) : 0;
	enum board_wire wire = WIRE_SWDIO;
	enum wire_state state;
	char choices[96];

	*out_wire = WIRE_SWDIO;
	*out_state = WIRE_SWAPPED;
	if (!equals && find_state(text, len, &state) && state == WIRE_SWAPPED)
		return STATUS_OK;
	if (!equals || !find_wire(text, name_len, &wire))
		return err_set(err, STATUS_USAGE,
			       "\"%.*s\" is not WIRE=STATE (wires: swdio, swclk, nrst, gnd, vtref, "
			       "tx, rx, hse, lse)",
			       (int)len, text);
	if (!find_state(equals + 1, len - name_len - 1, &state)) {
		list_states(wires[wire].states, choices, sizeof choices);
		return err_set(err, STATUS_USAGE, "wire %s cannot be \"%.*s\" (choices: %s)",
			       wires[wire].name, (int)(len - name_len - 1), equals + 1, choices);
	}
	*out_wire = wire;
	*out_state = state;
	return check_state(wire, state, err);
}

/* `b` NULL: only look whether it can be. */
static enum status each_wire(struct board *b, const char *text, struct err *err)
{
	while (*text) {
		size_t len = strcspn(text, ",");
		enum board_wire wire;
		enum wire_state state;
		enum status st = parse_one(text, len, &wire, &state, err);

		if (st == STATUS_OK && b)
			st = board_set_wire(b, wire, state, err);
		if (st != STATUS_OK)
			return st;
		text += len;
		text += *text == ',';
	}
	return STATUS_OK;
}

enum status wires_check_text(const char *text, struct err *err)
{
	return each_wire(NULL, text, err);
}

enum status board_set_wires_text(struct board *b, const char *text, struct err *err)
{
	enum status st = wires_check_text(text, err);

	return st == STATUS_OK ? each_wire(b, text, err) : st;
}
