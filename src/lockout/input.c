/*
 * What the firmware asks the outside for: bytes of an I2C device's register,
 * frames of a SPI transfer, an ADC channel. Each question has a name that stays
 * the same from run to run (the device and register, the frames sent so far, the
 * channel), so that a plan can hold the answer to it. A question without an
 * answer is noted and, where asked for, answered with a mark: a value to be
 * recognised where the firmware compares it.
 *
 * A SPI transfer begins where a port's output was written (chip select), ASSUMED:
 * firmware that drives other pins in the middle of a transfer has its questions
 * named from there. Not modelled: answers that change from one question to the
 * same question asked again.
 */
#include <stdio.h>

#include "lockout/lockout_internal.h"

#define SPI_HASH 2166136261u /* FNV-1a */
#define SPI_PRIME 16777619u

/* Marks differ from question to question; those of colour 2 are the complement of
 * those of colour 1, so that every bit shows whether it counts. */
static uint16_t mark_of(unsigned colour, size_t index, unsigned bits)
{
	uint32_t x = (uint32_t)(index + 1) * 0x9E37u;

	if (bits == 8) /* odd steps through a byte do not repeat */
		x = 0x8B + (uint32_t)index * 37;
	else
		x ^= x >> 7;
	return (uint16_t)((colour == 2 ? ~x : x) & ((1u << bits) - 1));
}

static bool same_question(const struct answer *a, const struct answer *b)
{
	return a->kind == b->kind && a->unit == b->unit && a->which == b->which &&
	       a->address == b->address;
}

/* The plan's answer, else a mark; false: neither. */
static bool ask(struct watch *w, const struct mcu *m, const struct answer *question, unsigned bits,
		uint16_t *value)
{
	struct inputs *in = &w->inputs;
	size_t i = 0;

	for (size_t k = 0; k < w->plan->answer_count; k++)
		if (same_question(&w->plan->answers[k], question)) {
			*value = (uint16_t)w->plan->answers[k].value;
			return true;
		}
	while (i < in->count && !same_question(&in->input[i].question, question))
		i++;
	if (i == INPUTS_MAX)
		return false;
	if (i == in->count) {
		in->input[in->count++] = (struct input){.question = *question,
							.bits = (uint8_t)bits};
		in->newest = mcu_instructions(m);
	}
	if (!in->colour || i < in->dull)
		return false;
	*value = in->input[i].mark = mark_of(in->colour, i, bits);
	return true;
}

/* ---- I2C ------------------------------------------------------------------------------ */

void inputs_i2c_addressed(struct watch *w, unsigned unit, uint8_t device, bool read)
{
	struct i2c_talk *t = &w->inputs.i2c[unit & 3];

	t->device = device;
	t->offset = 0;
	if (!read)
		t->sent = 0;
}

void inputs_i2c_data(void *ctx, struct mcu *m, unsigned unit, bool read, uint8_t *byte)
{
	struct watch *w = ctx;
	struct i2c_talk *t = &w->inputs.i2c[unit & 3];
	struct answer question = {.kind = ANSWER_I2C_DATA, .unit = (uint8_t)unit,
				  .which = t->device};
	uint16_t value = *byte;

	if (!read) {
		t->bytes = (uint16_t)(t->bytes << 8 | *byte);
		t->sent += t->sent < 15;
		return;
	}
	question.address = t->sent == 0 ? 0 : t->sent == 1 ? t->bytes & 0xFF : t->bytes;
	question.address |= (uint32_t)t->sent << 28 | (uint32_t)t->offset << 16;
	t->offset += t->offset < 255;
	if (ask(w, m, &question, 8, &value))
		*byte = (uint8_t)value;
}

/* ---- SPI ------------------------------------------------------------------------------ */

void inputs_port_written(struct watch *w)
{
	for (unsigned i = 0; i < 4; i++)
		w->inputs.spi[i].count = 0;
}

static unsigned frame_bits(struct mcu *m, unsigned unit)
{
	static const uint32_t cr1[4] = {0, 0x40013000, 0x40003800, 0x40003C00};
	uint32_t value = 0;

	if (mcu_debug_read(m, cr1[unit & 3], 4, &value) != MCU_ACCESS_OK)
		return 8;
	return value & 0x800 ? 16 : 8; /* DFF */
}

bool inputs_spi(struct watch *w, struct mcu *m, unsigned unit, uint16_t out, uint16_t *value)
{
	struct spi_talk *t = &w->inputs.spi[unit & 3];
	struct answer question = {.kind = ANSWER_SPI_DATA, .unit = (uint8_t)unit};

	if (t->count == 0) {
		t->hash = SPI_HASH;
		t->first = out;
	}
	t->hash = (t->hash ^ out) * SPI_PRIME;
	question.address = t->hash;
	put_le16(question.text, t->first);
	question.text[2] = t->count;
	t->count += t->count < 255;
	return ask(w, m, &question, frame_bits(m, unit), value);
}

/* ---- ADC ------------------------------------------------------------------------------ */

void inputs_adc(void *ctx, struct mcu *m, unsigned unit, unsigned channel, uint16_t *value)
{
	struct answer question = {.kind = ANSWER_ADC, .unit = (uint8_t)unit,
				  .which = (uint8_t)channel};

	if (channel < 16) /* those above are the chip's own */
		(void)ask(ctx, m, &question, 12, value);
}

/* ---- what is not there ----------------------------------------------------------------- */

/* Memory that keeps the last few words: enough for a test pattern, a frame's start. */
bool inputs_absent(void *ctx, struct mcu *m, uint32_t address, unsigned size, bool store,
		   uint32_t *value)
{
	struct watch *w = ctx;
	struct ghost *g = &w->inputs.ghost;
	uint32_t word = address & ~3u, shift = 8 * (address & 3);
	uint32_t mask = (size == 4 ? UINT32_MAX : (1u << 8 * size) - 1) << shift;
	size_t at = word / 4 % GHOST_WORDS;
	bool present = false;

	(void)m;
	for (size_t i = 0; i < w->plan->answer_count; i++)
		present |= w->plan->answers[i].kind == ANSWER_PRESENT &&
			   (address & w->plan->answers[i].mask) == w->plan->answers[i].address;
	if (!present)
		return false;
	if (g->address[at] != word) {
		g->address[at] = word;
		g->word[at] = 0;
	}
	if (store)
		g->word[at] = (g->word[at] & ~mask) | (*value << shift & mask);
	else
		*value = (g->word[at] & mask) >> shift;
	return true;
}

/* ---- in words ------------------------------------------------------------------------- */

/* The next byte of the same answer? */
static bool goes_on(const struct answer *last, const struct answer *a)
{
	if (!last || last->kind != a->kind || last->unit != a->unit || last->which != a->which)
		return false;
	if (a->kind == ANSWER_SPI_DATA)
		return get_le16(last->text) == get_le16(a->text) && last->text[2] + 1 == a->text[2];
	return a->kind == ANSWER_I2C_DATA && last->address + 0x10000 == a->address;
}

static unsigned register_of(const struct answer *a)
{
	return (a->address >> 16 & 0xFFF) + (a->address & 0xFFFF);
}

/* Another register of the device of the answer before? */
static bool same_device(const struct answer *last, const struct answer *a)
{
	return last && last->kind == ANSWER_I2C_DATA && a->kind == ANSWER_I2C_DATA &&
	       last->unit == a->unit && last->which == a->which && last->address >> 28 &&
	       a->address >> 28;
}

static void i2c_text(const struct answer *a, char *out, size_t size)
{
	unsigned sent = a->address >> 28;

	if (sent)
		snprintf(out, size, "if I2C%u device 0x%02X answers register 0x%02X with 0x%02X",
			 a->unit, a->which, register_of(a), a->value);
	else
		snprintf(out, size, "if I2C%u device 0x%02X answers 0x%02X", a->unit, a->which,
			 a->value);
}

void input_text(const struct answer *last, const struct answer *a, char *out, size_t size)
{
	if (goes_on(last, a))
		snprintf(out, size, " 0x%02X", a->value);
	else if (same_device(last, a))
		snprintf(out, size, ", register 0x%02X with 0x%02X", register_of(a), a->value);
	else if (a->kind == ANSWER_I2C_DATA)
		i2c_text(a, out, size);
	else if (a->kind == ANSWER_ADC)
		snprintf(out, size, "if ADC%u channel %u reads %u", a->unit, a->which, a->value);
	else if (a->text[2] == 0)
		snprintf(out, size, "if the device on SPI%u answers 0x%02X", a->unit, a->value);
	else
		snprintf(out, size, "if the device on SPI%u answers 0x%02X with 0x%02X", a->unit,
			 get_le16(a->text), a->value);
}
