/*
 * corpus SECONDS FILE...: what becomes of a firmware on the chip, one paragraph a
 * file: how far it came, where it spends its time and what it reads there, what
 * it says on its UARTs, the pins it moved, registers that are not modelled, faults.
 * Nothing is attached to the board. The front is tools/run-corpus.
 *
 * "main loop": main was entered, and the program still runs (or sleeps) at the
 * end without a fault, lockup or reset loop, and not in an error handler.
 * "waits": as that, but it spends all its time reading one register in a loop
 * below main: often for something outside that is absent.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm/scs.h"
#include "lockout/lockout_internal.h"
#include "mcu/mcu_internal.h"

#define SLICES	     240u /* looks at the program counter */
#define LOADS	     32u
#define MANY_RESETS  3u
#define INSTRUCTIONS 400000000u

struct load {
	uint32_t pc, address;
	uint64_t count;
};

struct sight {
	uint64_t resets, sleeps, uart_bytes, loads;
	unsigned faults, unmodelled;
	bool lockup;
	bool missing; /* it used what only parts of another density have */
	uint32_t fault_pc, fault_cfsr;
	char text[121];
	size_t len;
	uint16_t pins[8];
	struct load load[LOADS]; /* of the last third, commonest kept */
	uint32_t pc[SLICES];
	unsigned looks;
};

static void note_fault(struct sight *w, struct mcu *m)
{
	uint32_t bfar;

	if (w->fault_cfsr & CFSR_BFARVALID && mcu_debug_read(m, SCS_BFAR, 4, &bfar) == MCU_ACCESS_OK)
		w->missing |= mcu_elsewhere(m, bfar) != NULL;
}

static void on_event(void *ctx, struct mcu *m, const struct mcu_event *e)
{
	struct sight *w = ctx;

	switch (e->kind) {
	case MCU_EVENT_RESET:
		w->resets += e->a != MCU_RESET_POWER && e->a != MCU_RESET_STANDBY;
		break;
	case MCU_EVENT_SLEEP:
		w->sleeps++;
		break;
	case MCU_EVENT_LOCKUP:
		w->lockup = true;
		break;
	case MCU_EVENT_FAULT:
		if (!w->faults++) {
			w->fault_pc = e->pc;
			w->fault_cfsr = e->b;
			note_fault(w, m);
		}
		break;
	case MCU_EVENT_UNMODELLED:
		w->unmodelled++;
		w->missing |= mcu_elsewhere(m, e->a) != NULL;
		break;
	default:
		break;
	}
}

static void on_uart(void *ctx, struct mcu *m, unsigned n, uint8_t byte)
{
	struct sight *w = ctx;

	w->uart_bytes++;
	if (w->len + 1 < sizeof w->text)
		w->text[w->len++] = byte >= ' ' && byte < 127 ? (char)byte : '.';
}

static void on_pin(void *ctx, struct mcu *m, unsigned port, unsigned pin, int level)
{
	((struct sight *)ctx)->pins[port & 7] |= (uint16_t)(1u << pin);
}

static void on_load(void *ctx, struct mcu *m, uint32_t pc, uint32_t address, unsigned size,
		    uint32_t *value)
{
	struct sight *w = ctx;
	struct load *least = w->load;

	w->loads++;
	for (struct load *l = w->load; l < w->load + LOADS; l++) {
		if (l->count && l->pc == pc && l->address == address) {
			l->count++;
			return;
		}
		if (l->count < least->count)
			least = l;
	}
	if (least->count == 0)
		*least = (struct load){pc, address, 1};
}

/* "USART1.SR", or the address. */
static void register_name(const struct mcu *m, uint32_t address, char *out, size_t size)
{
	snprintf(out, size, "%08x", address);
	for (size_t i = 0; i < m->periph_count; i++) {
		const struct periph *p = &m->periphs[i];

		if (address - p->base >= p->span)
			continue;
		snprintf(out, size, "%s+%02x", p->name, address - p->base);
		for (size_t k = 0; k < p->def->reg_count; k++)
			if (p->def->regs[k].offset == ((address - p->base) & ~3u))
				snprintf(out, size, "%s.%s", p->name, p->def->regs[k].name);
	}
}

static const char *function_at(const struct image *img, uint32_t address)
{
	const struct image_symbol *s = image_symbol_at(img, address);

	return s ? s->name : "?";
}

static void place(const struct image *img, uint32_t address, char *out, size_t size)
{
	struct image_line at;
	const char *file;

	if (!image_line_at(img, address, &at)) {
		snprintf(out, size, "%s %08x", function_at(img, address), address);
		return;
	}
	file = strrchr(at.file, '/');
	snprintf(out, size, "%s %s:%u", function_at(img, address), file ? file + 1 : at.file,
		 at.line);
}

static bool ran(const struct mcu *m, const struct image *img, const char *function)
{
	const struct image_symbol *s = image_symbol_named(img, function);
	uint32_t half = s ? (s->address - m->chip->flash_base) / 2 : 0;

	return s && s->address - m->chip->flash_base < m->chip->flash_die &&
	       mcu_coverage(m)[half / 8] >> half % 8 & 1;
}

/* Where most looks of the last third found it. */
static uint32_t usual_pc(const struct sight *w)
{
	unsigned best = 0;
	uint32_t pc = 0;

	for (unsigned i = w->looks * 2 / 3; i < w->looks; i++) {
		unsigned same = 0;

		for (unsigned k = w->looks * 2 / 3; k < w->looks; k++)
			same += w->pc[k] == w->pc[i];
		if (same > best) {
			best = same;
			pc = w->pc[i];
		}
	}
	return pc;
}

/* All looks of the last third within these bytes of one another? */
static bool stands_still(const struct sight *w, uint32_t bytes)
{
	uint32_t low = UINT32_MAX, high = 0;

	for (unsigned i = w->looks * 2 / 3; i < w->looks; i++) {
		low = w->pc[i] < low ? w->pc[i] : low;
		high = w->pc[i] > high ? w->pc[i] : high;
	}
	return w->looks && high - low <= bytes;
}

static const struct load *usual_load(const struct sight *w)
{
	const struct load *best = NULL;

	for (const struct load *l = w->load; l < w->load + LOADS; l++)
		if (l->count > (best ? best->count : 0))
			best = l;
	return best;
}

static bool error_handler(const char *function)
{
	static const char *const names[] = {"Error_Handler", "assert_failed", "HardFault_Handler",
		"hard_fault_handler", "blocking_handler", "Default_Handler", "_Error_Handler",
		"throb", "__error"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (!strcmp(function, names[i]))
			return true;
	return false;
}

static const char *how_far(const struct mcu *m, const struct image *img, const struct sight *w)
{
	const struct load *l = usual_load(w);
	const char *function = function_at(img, usual_pc(w));

	if (w->lockup)
		return "lockup";
	if (w->resets >= MANY_RESETS)
		return "reset-loop";
	if (w->faults || mcu_exception(m) == 3)
		return "fault";
	if (image_symbol_named(img, "main") && !ran(m, img, "main"))
		return "before-main";
	if (error_handler(function))
		return "error-handler";
	if (mcu_mode(m) == MCU_MODE_RUN && stands_still(w, 24) && l && strcmp(function, "main"))
		return "waits";
	return "main-loop";
}

static void report_pins(const struct sight *w)
{
	bool any = false;

	for (unsigned port = 0; port < 8; port++)
		for (unsigned pin = 0; pin < 16; pin++)
			if (w->pins[port] >> pin & 1) {
				printf("%s P%c%u", any ? "" : "  pins", 'A' + (int)port, pin);
				any = true;
			}
	if (any)
		printf("\n");
}

static void each_unmodelled(void *ctx, uint32_t address, const char *periph)
{
	printf(" %s:%08x", periph ? periph : "?", address);
}

static void report(const struct mcu *m, const struct image *img, const struct sight *w)
{
	const struct load *l = usual_load(w);
	char where[200], name[64];

	place(img, usual_pc(w), where, sizeof where);
	printf("%s\t%s\n  %s, %.3f s, %" PRIu64 " instructions, at %s%s\n", how_far(m, img, w),
	       image_name(img), m->chip->name, (double)mcu_now_ns(m) / 1e9, mcu_instructions(m),
	       where, mcu_mode(m) > MCU_MODE_RUN ? ", asleep" : "");
	if (l) {
		place(img, l->pc, where, sizeof where);
		register_name(m, l->address, name, sizeof name);
		printf("  reads %s in %s\n", name, where);
	}
	if (w->uart_bytes)
		printf("  uart %" PRIu64 " bytes: %s\n", w->uart_bytes, w->text);
	report_pins(w);
	if (w->faults) {
		place(img, w->fault_pc, where, sizeof where);
		printf("  %u faults, first at %s, CFSR %08x\n", w->faults, where, w->fault_cfsr);
	}
	if (w->resets)
		printf("  %" PRIu64 " resets\n", w->resets);
	if (w->unmodelled) {
		printf("  not modelled:");
		mcu_unmodelled(m, each_unmodelled, NULL);
		printf("\n");
	}
}

static void run(struct mcu *m, struct sight *w, double seconds)
{
	struct mcu_hooks hooks = {.ctx = w, .event = on_event, .uart_tx = on_uart, .pin = on_pin};

	mcu_set_hooks(m, &hooks);
	mcu_coverage_enable(m, true);
	for (unsigned i = 0; i < SLICES && mcu_instructions(m) < INSTRUCTIONS; i++) {
		/* Slices of unequal length, so as not to beat with a tick. */
		struct mcu_limits limits = {.instructions = INSTRUCTIONS,
			.until_ns = (uint64_t)(seconds * 1e9 / SLICES * (i + 0.37 * (i % 2)))};

		if (i == SLICES * 2 / 3) {
			hooks.load = on_load;
			mcu_set_hooks(m, &hooks);
		}
		mcu_run(m, &limits);
		w->pc[w->looks++] = mcu_reg(m, MCU_PC);
	}
}

static struct mcu *run_on(const struct subject *s, struct sight *w, double seconds, struct err *err)
{
	struct plan plan = {.swj_readback = MCU_SWJ_READBACK_IN_FORCE};
	struct mcu *m = rig_new(s, &plan, err);

	*w = (struct sight){0};
	if (m)
		run(m, w, seconds);
	return m;
}

static uint8_t *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	long size = f && fseek(f, 0, SEEK_END) == 0 ? ftell(f) : 0;
	uint8_t *bytes = size > 0 ? malloc((size_t)size) : NULL;

	*len = 0;
	if (bytes) {
		rewind(f);
		*len = fread(bytes, 1, (size_t)size, f);
	}
	if (f)
		fclose(f);
	return bytes;
}

static void one_file(const char *path, double seconds)
{
	struct lockout_options options = {0};
	struct subject s = {0};
	struct image *img = NULL;
	struct sight w = {0};
	struct err err = ERR_INIT;
	struct mcu *m = NULL;
	char why[160] = "";
	size_t len;
	uint8_t *bytes = read_file(path, &len);

	if (bytes && image_parse(path, bytes, len, IMAGE_NO_ADDRESS, &img, &err) == STATUS_OK) {
		s.img = img;
		s.chip = chip_for_image(img, &options, why, sizeof why);
		if (s.chip && image_vectors(img, &s.vectors, &err))
			m = run_on(&s, &w, seconds, &err);
	}
	if (m && w.missing && chip_above(img, s.chip)) {
		mcu_free(m);
		s.chip = chip_above(img, s.chip);
		m = run_on(&s, &w, seconds, &err);
	}
	if (m) {
		report(m, img, &w);
	} else {
		printf("not-run\t%s\n  %s\n", path, err.what[0] ? err.what : why);
	}
	mcu_free(m);
	image_free(img);
	free(bytes);
}

int main(int argc, char **argv)
{
	double seconds = argc > 2 ? atof(argv[1]) : 0;

	if (seconds <= 0) {
		fprintf(stderr, "usage: corpus SECONDS FILE...\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 2; i < argc; i++)
		one_file(argv[i], seconds);
	return 0;
}
