/*
 * What is done to the board from outside, now or at a later time: a level on a
 * pin, text on the serial line, the buttons, jumpers and wires of a desk. One
 * row a word; a script is a list of them with times.
 *
 * A pin is driven as by a switch to ground or supply: stronger than any pull,
 * weaker than the chip's own output, which wins.
 *
 * Not modelled: analog levels (ADC inputs), bounce.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board/board_internal.h"

enum { PORTS = 7, PINS = 16, TEXT_MAX = 256 };

struct stimulus_word;
struct stimulus {
	uint64_t at_ns;
	const struct stimulus_word *word;
	unsigned port, pin;
	int level;              /* also of jumpers and power */
	uint8_t text[TEXT_MAX]; /* bytes of uart; list of wires, as a string */
	size_t len;
};

struct stimulus_word {
	const char *word;
	enum status (*parse)(struct stimulus *s, const char *arg, struct err *err);
	void (*apply)(struct board *b, const struct stimulus *s);
};

/* ---- words ------------------------------------------------------------------------- */

static enum status parse_pin(struct stimulus *s, const char *arg, struct err *err)
{
	char port = 0, level[8] = "";
	int used = 0;

	if (sscanf(arg, "P%c%2u=%7[a-z01]%n", &port, &s->pin, level, &used) == 3 && !arg[used] &&
	    port >= 'A' && port < 'A' + PORTS && s->pin < PINS) {
		s->port = (unsigned)(port - 'A');
		s->level = strcmp(level, "0") == 0 ? 0 : strcmp(level, "1") == 0 ? 1 : -1;
		if (s->level >= 0 || strcmp(level, "float") == 0)
			return STATUS_OK;
	}
	return err_set(err, STATUS_USAGE, "a pin is set as PA0=0, PA0=1 or PA0=float, not \"%s\"", arg);
}

static void apply_pin(struct board *b, const struct stimulus *s)
{
	mcu_pin_drive(b->mcu, s->port, s->pin, s->level);
}

/* One character of text, with C's \r \n \t \\ \xHH. */
static bool take_char(const char **at, uint8_t *byte)
{
	static const char names[] = "rnt\\", values[] = "\r\n\t\\";
	const char *p = *at;
	unsigned hex;

	if (*p != '\\') {
		*byte = (uint8_t)*p;
		*at = p + 1;
		return true;
	}
	if (p[1] == 'x' && strspn(p + 2, "0123456789abcdefABCDEF") >= 2) {
		(void)sscanf(p + 2, "%2x", &hex);
		*byte = (uint8_t)hex;
		*at = p + 4;
		return true;
	}
	const char *name = p[1] ? strchr(names, p[1]) : NULL;

	if (!name)
		return false;
	*byte = (uint8_t)values[name - names];
	*at = p + 2;
	return true;
}

static enum status parse_uart(struct stimulus *s, const char *arg, struct err *err)
{
	while (*arg) {
		if (s->len == TEXT_MAX)
			return err_set(err, STATUS_USAGE, "at most %d bytes of text at a time", TEXT_MAX);
		if (!take_char(&arg, &s->text[s->len++]))
			return err_set(err, STATUS_USAGE,
				       "text knows \\r \\n \\t \\\\ and \\xHH, not \"%.4s\"", arg);
	}
	return s->len ? STATUS_OK : err_set(err, STATUS_USAGE, "uart needs a text to send");
}

static void apply_uart(struct board *b, const struct stimulus *s)
{
	board_uart_send(b, s->text, s->len);
}

static enum status parse_level(struct stimulus *s, const char *arg, const char *no, const char *yes,
			       struct err *err)
{
	s->level = strcmp(arg, yes) == 0;
	if (s->level || strcmp(arg, no) == 0)
		return STATUS_OK;
	return err_set(err, STATUS_USAGE, "say %s or %s, not \"%s\"", no, yes, arg);
}

static enum status parse_jumper(struct stimulus *s, const char *arg, struct err *err)
{
	return parse_level(s, arg, "0", "1", err);
}

static enum status parse_power(struct stimulus *s, const char *arg, struct err *err)
{
	return parse_level(s, arg, "off", "on", err);
}

static enum status parse_nothing(struct stimulus *s, const char *arg, struct err *err)
{
	return *arg ? err_set(err, STATUS_USAGE, "nothing is expected here: \"%s\"", arg) : STATUS_OK;
}

static enum status parse_wires(struct stimulus *s, const char *arg, struct err *err)
{
	s->len = (size_t)snprintf((char *)s->text, sizeof s->text, "%s", arg);
	if (s->len >= sizeof s->text)
		return err_set(err, STATUS_USAGE, "too many wires at a time");
	return wires_check_text(arg, err);
}

static void apply_boot0(struct board *b, const struct stimulus *s)
{
	board_boot0(b, s->level);
}

static void apply_boot1(struct board *b, const struct stimulus *s)
{
	board_boot1(b, s->level);
}

static void apply_power(struct board *b, const struct stimulus *s)
{
	board_power(b, s->level);
}

static void apply_hold(struct board *b, const struct stimulus *s)
{
	board_hold_reset(b, true);
}

static void apply_release(struct board *b, const struct stimulus *s)
{
	board_hold_reset(b, false);
}

static void apply_wires(struct board *b, const struct stimulus *s)
{
	(void)!board_set_wires_text(b, (const char *)s->text, NULL);
}

static const struct stimulus_word words[] = {
	{"pin", parse_pin, apply_pin},
	{"uart", parse_uart, apply_uart},
	{"wire", parse_wires, apply_wires},
	{"boot0", parse_jumper, apply_boot0},
	{"boot1", parse_jumper, apply_boot1},
	{"power", parse_power, apply_power},
	{"hold-reset", parse_nothing, apply_hold},
	{"release-reset", parse_nothing, apply_release},
};

/* ---- now and later ------------------------------------------------------------------ */

static enum status parse(const char *what, struct stimulus *s, struct err *err)
{
	size_t len = strcspn(what, " ");
	const char *arg = what + len + strspn(what + len, " ");

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		s->word = &words[i];
		if (strlen(words[i].word) == len && strncmp(words[i].word, what, len) == 0)
			return words[i].parse(s, arg, err);
	}
	return err_set(err, STATUS_USAGE,
		       "\"%.*s\" can't be done to the board (pin, uart, wire, boot0, boot1, power, "
		       "hold-reset, release-reset can)", (int)len, what);
}

enum status board_stimulate(struct board *b, uint64_t delay_ns, const char *what, struct err *err)
{
	struct stimulus s = {.at_ns = board_now_ns(b) + delay_ns};
	enum status st = parse(what, &s, err);
	struct stimulus *grown;
	size_t at = b->stimulus_count;

	if (st != STATUS_OK)
		return st;
	if (delay_ns == 0) {
		s.word->apply(b, &s);
		return STATUS_OK;
	}
	grown = realloc(b->stimuli, (b->stimulus_count + 1) * sizeof *grown);
	if (!grown)
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	b->stimuli = grown;
	/* behind those of the same time: they happen in the order given */
	for (; at > 0 && grown[at - 1].at_ns > s.at_ns; at--)
		grown[at] = grown[at - 1];
	grown[at] = s;
	b->stimulus_count++;
	return STATUS_OK;
}

uint64_t stimulus_due(const struct board *b)
{
	return b->stimulus_count ? b->stimuli[0].at_ns : NEVER;
}

void stimulus_tick(struct board *b)
{
	struct stimulus s = b->stimuli[0];

	b->stimulus_count--;
	memmove(b->stimuli, b->stimuli + 1, b->stimulus_count * sizeof *b->stimuli);
	s.word->apply(b, &s);
}

void stimulus_free(struct board *b)
{
	free(b->stimuli);
}
