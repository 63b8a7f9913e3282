/*
 * Runs the self-testing firmware (src/) on a chip and passes its TAP lines on.
 * A firmware that stops before its plan line, or prints another number of
 * checks than it planned, fails. `@swj N` in its output is a question to the
 * outside: is SWJ_CFG N now?, and `@hse 0|1` stops
 * or starts the crystal. One row a firmware; also the examples, over hours.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mcu/mcu.h"

struct row {
	const char *name;
	const char *chip;
	unsigned virtual_ms;
};

static const struct row rows[] = {
	{"gpio", "STM32F103C8", 500},	{"rcc", "STM32F103C8", 500},
	{"flash", "STM32F103C8", 1500}, {"core", "STM32F103C8", 500},
	{"afio", "STM32F103C8", 500},	{"timer", "STM32F103C8", 1000},
	{"dma", "STM32F103C8", 500},	{"backup", "STM32F103C8", 3000},
	{"analog", "STM32F103C8", 500}, {"watchdog", "STM32F103C8", 3000},
	{"lines", "STM32F103C8", 1000}, {"power", "STM32F103C8", 4000},
	{"css", "STM32F103C8", 1500},
};

struct console {
	const char *name;
	char line[160];
	size_t len;
	unsigned checks, failed, planned;
};

static void answer_swj(struct console *c, const struct mcu *m)
{
	unsigned expected = (unsigned)atoi(c->line + 5);
	bool good = mcu_swj_cfg(m) == expected;

	c->failed += !good;
	printf("%s - %s: SWJ_CFG seen from outside is %u", good ? "ok" : "not ok", c->name,
	       mcu_swj_cfg(m));
	printf(good ? "\n" : ", expected %u\n", expected);
}

static void end_of_line(struct console *c, struct mcu *m)
{
	const char *text = strstr(c->line, " - ");

	if (!strncmp(c->line, "@swj ", 5)) {
		answer_swj(c, m);
	} else if (!strncmp(c->line, "@hse ", 5)) {
		mcu_crystal(m, MCU_CRYSTAL_HSE, c->line[5] == '1');
	} else if (!strncmp(c->line, "1..", 3)) {
		c->planned = (unsigned)atoi(c->line + 3);
	} else if (text && (!strncmp(c->line, "ok ", 3) || !strncmp(c->line, "not ok ", 7))) {
		c->checks++;
		c->failed += c->line[0] == 'n';
		printf("%s - %s: %s\n", c->line[0] == 'n' ? "not ok" : "ok", c->name, text + 3);
	} else {
		printf("# %s: %s\n", c->name, c->line);
	}
}

static void uart_tx(void *ctx, struct mcu *m, unsigned n, uint8_t byte)
{
	struct console *c = ctx;

	if (n != 1)
		return;
	if (byte != '\n') {
		if (c->len + 1 < sizeof c->line)
			c->line[c->len++] = (char)byte;
		return;
	}
	c->line[c->len] = 0;
	c->len = 0;
	end_of_line(c, m);
	if (c->planned)
		mcu_stop_run(m);
}

static bool load(struct mcu *m, const char *path)
{
	static uint8_t bytes[64 * 1024];
	FILE *f = fopen(path, "rb");
	size_t len = f ? fread(bytes, 1, sizeof bytes, f) : 0;

	if (f)
		fclose(f);
	return len && mcu_load(m, 0x08000000u, bytes, len, NULL) == STATUS_OK;
}

static struct mcu *start(const char *chip, const char *path, void *ctx,
			 void (*tx)(void *, struct mcu *, unsigned, uint8_t))
{
	struct mcu_config config = {
		.chip = chip_by_name(chip), .hse_hz = 8000000, .lse_fitted = true};
	struct mcu_hooks hooks = {.ctx = ctx, .uart_tx = tx};
	struct mcu *m = mcu_new(&config, NULL);

	if (!m || !load(m, path)) {
		mcu_free(m);
		return NULL;
	}
	mcu_set_hooks(m, &hooks);
	mcu_power(m, true);
	return m;
}

static int run_row(const char *dir, const struct row *row)
{
	struct console c = {.name = row->name};
	struct mcu_limits limits = {.until_ns = row->virtual_ms * 1000000ull,
				    .instructions = UINT64_MAX};
	char path[512];
	struct mcu *m;
	bool good;

	snprintf(path, sizeof path, "%s/fw_%s.bin", dir, row->name);
	m = start(row->chip, path, &c, uart_tx);
	if (!m) {
		printf("not ok - %s: loads\n", row->name);
		return 1;
	}
	enum mcu_stop stop = mcu_run(m, &limits);

	good = c.planned && c.planned == c.checks;
	printf("%s - %s: runs to its end (%u of %u checks", good ? "ok" : "not ok", row->name,
	       c.checks, c.planned);
	if (!good)
		printf("; stop %d, pc %08x, exception %u", stop, mcu_reg(m, MCU_PC),
		       mcu_exception(m));
	printf(")\n");
	mcu_free(m);
	return !good + (int)c.failed;
}

/* ---- the example program over an hour ---- */

struct hour {
	char last[64];
	char line[64];
	size_t len;
	unsigned lines;
};

static void hour_tx(void *ctx, struct mcu *m, unsigned n, uint8_t byte)
{
	struct hour *h = ctx;

	(void)m;
	if (n != 1 || byte == '\r')
		return;
	if (byte == '\n') {
		h->line[h->len] = 0;
		memcpy(h->last, h->line, sizeof h->last);
		h->len = 0;
		h->lines++;
	} else if (h->len + 1 < sizeof h->line) {
		h->line[h->len++] = (char)byte;
	}
}

/* An hour of the RTOS: 3600 lines, the last one right, in seconds. */
static int run_hour(const char *path, unsigned seconds, unsigned swj)
{
	struct hour h = {.len = 0};
	struct mcu_limits limits = {.until_ns = seconds * 1000000000ull - 500000000ull,
				    .instructions = UINT64_MAX};
	struct mcu *m = start("STM32F103C8", path, &h, hour_tx);
	struct timespec a, b;
	char expected[64];
	bool good;

	if (!m) {
		printf("not ok - %s: loads\n", path);
		return 1;
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	mcu_run(m, &limits);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	snprintf(expected, sizeof expected, "up %u s", seconds - 1);
	good = h.lines == seconds + 1 && !strcmp(h.last, expected) && mcu_swj_cfg(m) == swj;
	printf("%s - RTOS for %u s: last line \"%s\", %u lines, SWJ_CFG %u\n",
	       good ? "ok" : "not ok", seconds, h.last, h.lines, mcu_swj_cfg(m));
	printf("# %.2f s of processor time, %" PRIu64 " instructions\n",
	       (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9,
	       mcu_instructions(m));
	mcu_free(m);
	return !good;
}

/* ---- skipping idle time changes nothing ---- */

struct trace {
	uint64_t hash, bytes;
};

static void trace_tx(void *ctx, struct mcu *m, unsigned n, uint8_t byte)
{
	struct trace *t = ctx;

	t->hash = (t->hash ^ byte ^ (uint64_t)n << 8 ^ mcu_now_ns(m) ^ mcu_instructions(m) << 20) *
		  0x100000001B3u;
	t->bytes++;
}

struct outcome {
	struct trace trace;
	uint64_t now, instructions;
	uint32_t reg[18];
};

static bool run_traced(const char *path, unsigned ms, bool no_skip, struct outcome *out)
{
	struct mcu_limits limits = {.until_ns = ms * 1000000ull, .instructions = UINT64_MAX,
				    .no_idle_skip = no_skip};
	struct mcu *m;

	memset(out, 0, sizeof *out);
	m = start("STM32F103C8", path, &out->trace, trace_tx);
	if (!m)
		return false;
	mcu_run(m, &limits);
	out->now = mcu_now_ns(m);
	out->instructions = mcu_instructions(m);
	for (unsigned i = 0; i < 18; i++)
		out->reg[i] = mcu_reg(m, (enum mcu_reg)i);
	mcu_free(m);
	return out->trace.bytes > 0;
}

/* Every byte sent at the same nanosecond and instruction, and the same end. */
static int run_skip(const char *path, unsigned ms)
{
	struct outcome with, without;
	bool good = run_traced(path, ms, false, &with) && run_traced(path, ms, true, &without) &&
		    !memcmp(&with, &without, sizeof with);

	printf("%s - %s: idle time skipped or spent, the same run (%" PRIu64 " and %" PRIu64
	       " instructions)\n",
	       good ? "ok" : "not ok", strrchr(path, '/') + 1, with.instructions,
	       without.instructions);
	return !good;
}

int main(int argc, char **argv)
{
	char path[512];
	int failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 4) {
		fprintf(stderr, "usage: test_firmware FIRMWARE_DIR EXAMPLES_DIR SECONDS [NAME]\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (argc < 5 || !strcmp(argv[4], rows[i].name))
			failed += run_row(argv[1], &rows[i]);
	if (argc < 5) {
		unsigned seconds = (unsigned)atoi(argv[3]);

		snprintf(path, sizeof path, "%s/locked-rtos-fixed.bin", argv[2]);
		failed += run_hour(path, seconds, 2);
		snprintf(path, sizeof path, "%s/locked-rtos.bin", argv[2]);
		failed += run_hour(path, 10, 4);
		snprintf(path, sizeof path, "%s/locked-rtos-no-remap.bin", argv[2]);
		failed += run_hour(path, 10, 0);
	}
	if (argc < 5) {
		static const char *const asleep[] = {"idle-8", "idle-72", "idle-tickless"};
		static const char *const examples[] = {"blinky", "locked-rtos", "locked-rtos-O0",
						       "locked-rtos-O2"};

		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
			snprintf(path, sizeof path, "%s/fw_%s.bin", argv[1], rows[i].name);
			failed += run_skip(path, rows[i].virtual_ms);
		}
		for (size_t i = 0; i < sizeof asleep / sizeof asleep[0]; i++) {
			snprintf(path, sizeof path, "%s/fw_%s.bin", argv[1], asleep[i]);
			failed += run_skip(path, 1000 * (unsigned)atoi(argv[3]));
		}
		for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
			snprintf(path, sizeof path, "%s/%s.bin", argv[2], examples[i]);
			failed += run_skip(path, 2500);
		}
	}
	return failed ? 1 : 0;
}
