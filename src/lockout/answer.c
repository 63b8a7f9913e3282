/*
 * What somebody outside answers in a run. By itself the chip is alone: inputs
 * float, no I2C address acknowledges, nothing is received. A plan's answers
 * change that, at times fixed by the plan, so that a repeated run is the same
 * run.
 *
 * Answers to what the firmware asked (a device's register) are named in input.c.
 */
#include <ctype.h>
#include <stdio.h>

#include "lockout/lockout_internal.h"

/* ---- answers at a time ------------------------------------------------------------------- */

static void begin(const struct answer *a, struct mcu *m)
{
	if (a->kind == ANSWER_PIN)
		mcu_pin_drive(m, a->unit, a->which, (int)a->value);
	else if (a->kind == ANSWER_UART)
		mcu_uart_rx(m, a->unit, a->text, a->len);
	else if (a->kind == ANSWER_CRYSTAL)
		mcu_crystal(m, (enum mcu_crystal)a->unit, false);
}

static void end(const struct answer *a, struct mcu *m)
{
	if (a->kind == ANSWER_PIN)
		mcu_pin_drive(m, a->unit, a->which, -1);
}

uint64_t answers_due(struct watch *w, struct mcu *m)
{
	uint64_t now = mcu_now_ns(m), next = NEVER;

	for (size_t i = 0; i < 2 * w->plan->answer_count; i++) {
		const struct answer *a = &w->plan->answers[i / 2];
		uint64_t at = i & 1 ? a->until_ns : a->at_ns;

		if (w->answers_done >> i & 1)
			continue;
		if (at > now) {
			if (at < next)
				next = at;
			continue;
		}
		w->answers_done |= 1u << i;
		if (i & 1)
			end(a, m);
		else
			begin(a, m);
	}
	return next;
}

enum mcu_stop answers_run(struct watch *w, struct mcu *m, const struct mcu_limits *limits)
{
	for (;;) {
		struct mcu_limits leg = *limits;
		uint64_t next = answers_due(w, m);
		enum mcu_stop stop;

		if (next < leg.until_ns)
			leg.until_ns = next;
		stop = mcu_run(m, &leg);
		if (leg.until_ns == limits->until_ns || mcu_now_ns(m) < next)
			return stop;
		if (stop == MCU_STOP_HOOK || mcu_instructions(m) >= limits->instructions)
			return stop;
	}
}

/* ---- answers to what the firmware does ------------------------------------------------------ */

static const struct answer *find(const struct watch *w, enum answer_kind kind, unsigned unit)
{
	for (size_t i = 0; i < w->plan->answer_count; i++)
		if (w->plan->answers[i].kind == kind && w->plan->answers[i].unit == unit)
			return &w->plan->answers[i];
	return NULL;
}

static void note_nack(struct watch *w, const struct mcu *m, unsigned n, uint8_t addr7)
{
	for (size_t i = 0; i < w->nack_count; i++)
		if (w->nacks[i].unit == n && w->nacks[i].address == addr7)
			return;
	if (w->nack_count < NACKS_MAX)
		w->nacks[w->nack_count++] = (struct nack){(uint8_t)n, addr7, mcu_now_ns(m),
							  mcu_instructions(m)};
}

static bool acknowledges(const struct watch *w, unsigned n, uint8_t addr7)
{
	for (size_t i = 0; i < w->plan->answer_count; i++) {
		const struct answer *a = &w->plan->answers[i];

		if (a->unit != n)
			continue;
		if (a->kind == ANSWER_I2C && (a->which == ANSWER_ANY || a->which == addr7))
			return true;
		if (a->kind == ANSWER_I2C_DATA && a->which == addr7)
			return true;
	}
	return false;
}

static bool on_i2c(void *ctx, struct mcu *m, unsigned n, uint8_t addr7, bool read)
{
	struct watch *w = ctx;
	inputs_i2c_addressed(w, n, addr7, read);
	if (acknowledges(w, n, addr7))
		return true;
	note_nack(w, m, n, addr7);
	return false;
}

static uint16_t on_spi(void *ctx, struct mcu *m, unsigned n, uint16_t out)
{
	struct watch *w = ctx;
	const struct answer *a = find(w, ANSWER_SPI, n);

	uint16_t value = 0xFFFF;

	w->spi_used |= (uint8_t)(1u << n);
	if (inputs_spi(w, m, n, out, &value))
		return value;
	return a ? (uint16_t)a->value : 0xFFFF;
}

static void on_load(void *ctx, struct mcu *m, uint32_t pc, uint32_t address, unsigned size,
		    uint32_t *value)
{
	const struct watch *w = ctx;

	(void)pc;
	(void)size;
	for (size_t i = 0; i < w->plan->answer_count; i++) {
		const struct answer *a = &w->plan->answers[i];

		if (a->kind == ANSWER_BITS && a->address == (address & ~3u) &&
		    mcu_now_ns(m) >= a->at_ns)
			*value = (*value & ~a->mask) | (a->value & a->mask);
	}
}

void answers_hooks(const struct plan *plan, struct mcu_hooks *hooks)
{
	hooks->i2c_ack = on_i2c;
	hooks->i2c_data = inputs_i2c_data;
	hooks->spi = on_spi;
	hooks->adc = inputs_adc;
	for (size_t i = 0; i < plan->answer_count; i++) {
		if (plan->answers[i].kind == ANSWER_BITS)
			hooks->load = on_load; /* costs the skipping of idle loops */
		if (plan->answers[i].kind == ANSWER_PRESENT)
			hooks->absent = inputs_absent;
	}
}

/* ---- in words ---------------------------------------------------------------------------------- */

/* 'x', "lock", byte 0x7F */
static void quote(const struct answer *a, char *out, size_t size)
{
	bool printable = true;
	size_t len = a->len;

	while (len > 1 && (a->text[len - 1] == '\r' || a->text[len - 1] == '\n'))
		len--;
	for (size_t i = 0; i < len; i++)
		printable = printable && isprint(a->text[i]);
	if (!printable)
		snprintf(out, size, "byte 0x%02X%s", a->text[0], len > 1 ? " ..." : "");
	else if (len == 1 && a->len == 1)
		snprintf(out, size, "'%c'", a->text[0]);
	else
		snprintf(out, size, "\"%.*s\"%s", (int)len, (const char *)a->text,
			 len < a->len ? " and a line end" : "");
}

static const struct {
	uint32_t base;
	const char *name;
} blocks[] = {
	{0x40000000, "TIM2"}, {0x40000400, "TIM3"}, {0x40000800, "TIM4"}, {0x40002800, "RTC"},
	{0x40003800, "SPI2"}, {0x40004400, "USART2"}, {0x40004800, "USART3"},
	{0x40005400, "I2C1"}, {0x40005800, "I2C2"}, {0x40005C00, "USB"}, {0x40006400, "CAN1"},
	{0x40007000, "PWR"}, {0x40010400, "EXTI"}, {0x40010800, "GPIOA"}, {0x40010C00, "GPIOB"},
	{0x40011000, "GPIOC"}, {0x40011400, "GPIOD"}, {0x40011800, "GPIOE"},
	{0x40012400, "ADC1"}, {0x40012800, "ADC2"}, {0x40012C00, "TIM1"}, {0x40013000, "SPI1"},
	{0x40013800, "USART1"}, {0x40018000, "SDIO"}, {0x40020000, "DMA1"}, {0x40021000, "RCC"},
	{0x40022000, "FLASH"},
};

static const char *block_of(uint32_t address)
{
	for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
		if (blocks[i].base == (address & ~0x3FFu))
			return blocks[i].name;
	return "a peripheral";
}

static void bits_text(const struct answer *a, char *out, size_t size)
{
	unsigned low = a->mask ? (unsigned)__builtin_ctz(a->mask) : 0;

	if ((a->mask >> low) == 1)
		snprintf(out, size, "if bit %u of 0x%08X (%s) reads %u", low, a->address,
			 block_of(a->address), a->value >> low & 1);
	else
		snprintf(out, size, "if bits 0x%X of 0x%08X (%s) read 0x%X", a->mask, a->address,
			 block_of(a->address), a->value & a->mask);
}

void answer_text(const struct answer *a, char *out, size_t size)
{
	char what[48];

	switch (a->kind) {
	case ANSWER_I2C:
		if (a->which == ANSWER_ANY)
			snprintf(out, size, "if the devices on I2C%u acknowledge", a->unit);
		else
			snprintf(out, size, "if I2C%u device 0x%02X acknowledges", a->unit, a->which);
		break;
	case ANSWER_PIN:
		snprintf(out, size, "if P%c%u reads %u%s", 'A' + a->unit, a->which, a->value,
			 a->until_ns == NEVER ? "" : " for a moment");
		break;
	case ANSWER_UART:
		quote(a, what, sizeof what);
		snprintf(out, size, "if USART%u receives %s", a->unit, what);
		break;
	case ANSWER_SPI:
		snprintf(out, size, "if the device on SPI%u answers 0x%02X", a->unit, a->value);
		break;
	case ANSWER_BITS:
		bits_text(a, out, size);
		break;
	case ANSWER_I2C_DATA:
	case ANSWER_SPI_DATA:
	case ANSWER_ADC:
		input_text(NULL, a, out, size);
		break;
	case ANSWER_PRESENT:
		snprintf(out, size, "if %s answers at 0x%08X",
			 a->address >> 29 == 3 || a->address >> 29 == 4 ? "external memory"
									: "something",
			 a->value);
		break;
	case ANSWER_CRYSTAL:
		snprintf(out, size, "if the %s crystal does not start",
			 a->unit == MCU_CRYSTAL_HSE ? "HSE" : "LSE");
		break;
	}
}

static bool is_input(const struct answer *a)
{
	return a->kind == ANSWER_I2C_DATA || a->kind == ANSWER_SPI_DATA || a->kind == ANSWER_ADC;
}

/* A device that answers with data acknowledges: that goes without saying. */
static bool is_implied(const struct plan *plan, const struct answer *a)
{
	for (size_t i = 0; i < plan->answer_count; i++) {
		const struct answer *b = &plan->answers[i];

		if (a->kind == ANSWER_I2C && b->kind == ANSWER_I2C_DATA && b->unit == a->unit &&
		    b->which == a->which)
			return true;
	}
	return false;
}

/* How often the pin of answer `at` is driven alike from there on; 0: told already. */
static unsigned presses(const struct plan *plan, size_t at)
{
	const struct answer *a = &plan->answers[at];
	unsigned n = 0;

	if (a->kind != ANSWER_PIN)
		return 1;
	for (size_t i = 0; i < plan->answer_count; i++) {
		const struct answer *b = &plan->answers[i];
		bool same = b->kind == ANSWER_PIN && b->unit == a->unit && b->which == a->which &&
			    b->value == a->value;

		if (same && i < at)
			return 0;
		n += same;
	}
	return n;
}

void answers_text(const struct plan *plan, char *out, size_t size)
{
	const struct answer *last = NULL;
	size_t len = 0;

	for (size_t i = 0; i < plan->answer_count && len < size; i++) {
		const struct answer *a = &plan->answers[i];
		unsigned times = presses(plan, i);
		char one[96];

		if (!times || is_implied(plan, a))
			continue;
		if (is_input(a))
			input_text(last, a, one, sizeof one);
		else
			answer_text(a, one, sizeof one); /* begins with "if " */
		len += (size_t)snprintf(out + len, size - len, "%s%s",
					last && one[0] == 'i' ? " and " : "",
					last && one[0] == 'i' ? one + 3 : one);
		if (times > 1 && len < size)
			len += (size_t)snprintf(out + len, size - len, ", %u times", times);
		last = a;
	}
}
