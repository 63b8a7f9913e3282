/*
 * doctor: every way a desk can be wrong that differs at the wire is set on the
 * virtual board, and the diagnosis must name it; the ladder must get the chip
 * back. The programs are a few instructions each. Driven time: no waiting.
 */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "board/board.h"
#include "doctor/doctor.h"
#include "serve/serve.h"

#define PROGRAM_AT 0x08000008u
#define OPTION_BYTES 0x1FFFF800u

/* SP, reset vector, then code. */
#define PROGRAM(...) {0x20005000, PROGRAM_AT | 1, __VA_ARGS__}

/* b . */
static const uint32_t loop[] = PROGRAM(0xbf00e7fe);
/* RCC_APB2ENR = AFIOEN; AFIO_MAPR = SWJ_CFG 100; b . */
static const uint32_t swj_off[] = PROGRAM(0x21014803, 0x48036001, 0x6180f04f, 0xe7fe6001, 0x40021018,
					  0x40010004);
/* wfi; b back */
static const uint32_t sleeper[] = PROGRAM(0xe7fdbf30);
/* SCR.SLEEPDEEP; wfi; b back */
static const uint32_t stopper[] = PROGRAM(0x21044802, 0xbf306001, 0xbf00e7fd, 0xe000ed10);
/* RCC PWREN; PWR_CR.PDDS; SCR.SLEEPDEEP; wfi; b back */
static const uint32_t standby[] = PROGRAM(0xf04f4805, 0x60015180, 0x21024804, 0x48046001, 0x60012104,
					  0xe7fdbf30, 0x4002101c, 0x40007000, 0xe000ed10);
/* IWDG_KR = 0xCCCC; b . */
static const uint32_t watchdog[] = PROGRAM(0xf64c4802, 0x600141cc, 0xbf00e7fe, 0x40003000);

struct desk {
	struct board *board;
	struct probe *probe;
	unsigned asked;    /* by doctor_options.ask */
	unsigned polls;    /* calls of keep_trying */
	bool finger;       /* somebody works RESET when asked */
};

/* ---- the desk ------------------------------------------------------------------------ */

static void load(struct desk *d, uint32_t address, const void *data, size_t len)
{
	assert_int_equal(mcu_load(board_mcu(d->board), address, data, len, NULL), STATUS_OK);
}

static void set_up(struct desk *d, const struct board_config *config, const uint32_t *program,
		   size_t len)
{
	struct usb_wire *wire;

	memset(d, 0, sizeof *d);
	d->board = board_new(config, NULL);
	assert_non_null(d->board);
	if (program)
		load(d, 0x08000000, program, len);
	if (!config->power_off)
		board_power_cycle(d->board, 50);
	board_advance(d->board, 100000000);
	assert_int_equal(serve_local_wire(d->board, &wire, NULL), STATUS_OK);
	assert_int_equal(probe_open(wire, NULL, &d->probe, NULL), STATUS_OK);
}

static void clear(struct desk *d)
{
	probe_close(d->probe);
	board_free(d->board);
}

static void be_asked(void *ctx, const char *what)
{
	struct desk *d = ctx;

	assert_true(strlen(what) > 10);
	d->asked++;
}

/* Called every now and then while the tool waits: the finger's clock. */
static bool work_reset(void *ctx)
{
	struct desk *d = ctx;

	d->polls++;
	if (d->finger && d->asked && d->polls % 8 == 4)
		board_hold_reset(d->board, true);
	if (d->finger && d->asked && d->polls % 8 == 6)
		board_hold_reset(d->board, false);
	return d->polls < 400;
}

static struct doctor_options options(struct desk *d, uint64_t wait_us)
{
	return (struct doctor_options){.target = {.keep_trying = work_reset, .ctx = d},
				       .wait_us = wait_us, .ask = be_asked, .ctx = d};
}

/* ---- diagnosing ------------------------------------------------------------------------- */

static size_t diagnose(struct desk *d, uint64_t wait_us, struct observations *o,
		       struct opinion op[CAUSE_COUNT])
{
	struct doctor_options opt = options(d, wait_us);
	struct target *t;

	memset(o, 0, sizeof *o);
	assert_int_equal(doctor_look(d->probe, &opt, o, &t, NULL), STATUS_OK);
	if (t) {
		doctor_inspect(t, o);
		if (o->in_way != WAY_PLAIN && o->nrst == NRST_UNKNOWN)
			doctor_test_nrst(t, o);
		target_close(t, false);
	}
	return doctor_rank(o, op);
}

/* The place of a cause among the opinions, 1 for the first; 0: not named. */
static unsigned place_of(enum cause c, const struct opinion *op, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (op[i].cause == c)
			return (unsigned)i + 1;
	return 0;
}

static void print_opinions(const char *name, const struct opinion *op, size_t n)
{
	print_message("# %s:", name);
	for (size_t i = 0; i < n; i++)
		print_message(" %s %.2f", cause_name(op[i].cause), op[i].confidence);
	print_message("\n");
}

enum way_in { IN_NOT = -1 };

struct bad_desk {
	const char *name;
	struct board_config config;
	const uint32_t *program;
	size_t len;
	uint16_t rdp;           /* option half-word, 0: as delivered */
	bool finger;
	enum cause cause;
	unsigned at_most;       /* the cause's place among the opinions */
	int in;                 /* enum target_way, or IN_NOT */
	int nrst;               /* enum nrst_state, -1: not looked at */
};
#define CODE(p) .program = p, .len = sizeof p

static const struct bad_desk desks[] = {
	{.name = "blank chip", .cause = CAUSE_BAD_IMAGE, .at_most = 1, .in = WAY_PLAIN, .nrst = -1},
	{.name = "SWD switched off", CODE(swj_off), .cause = CAUSE_SWJ_OFF, .at_most = 1,
	 .in = WAY_UNDER_RESET, .nrst = NRST_PROVEN},
	{.name = "SWD switched off, no NRST wire", CODE(swj_off), .cause = CAUSE_SWJ_OFF, .at_most = 2,
	 .in = IN_NOT, .nrst = -1, .config.wires[WIRE_NRST] = WIRE_OPEN},
	{.name = "SWD switched off, no NRST wire, a finger", CODE(swj_off), .finger = true,
	 .cause = CAUSE_SWJ_OFF, .at_most = 1, .in = WAY_CATCH, .nrst = NRST_NOT_DRIVEN,
	 .config.wires[WIRE_NRST] = WIRE_OPEN},
	{.name = "SWD switched off, RST is SWIM, a finger", CODE(swj_off), .finger = true,
	 .cause = CAUSE_SWJ_OFF, .at_most = 1, .in = WAY_CATCH, .nrst = NRST_NOT_DRIVEN,
	 .config.wires[WIRE_NRST] = WIRE_SWIM},
	{.name = "asleep", CODE(sleeper), .cause = CAUSE_SLEEP, .at_most = 1, .in = WAY_UNDER_RESET,
	 .nrst = NRST_PROVEN},
	{.name = "Stop mode", CODE(stopper), .cause = CAUSE_STOP, .at_most = 2,
	 .in = WAY_UNDER_RESET, .nrst = NRST_PROVEN},
	{.name = "Standby", CODE(standby), .cause = CAUSE_STANDBY, .at_most = 1,
	 .in = WAY_UNDER_RESET, .nrst = NRST_PROVEN},
	{.name = "watchdog", CODE(watchdog), .cause = CAUSE_WATCHDOG, .at_most = 1, .in = WAY_PLAIN,
	 .nrst = -1},
	{.name = "no power", CODE(loop), .config.power_off = true, .cause = CAUSE_POWER, .at_most = 1,
	 .in = IN_NOT, .nrst = -1},
	{.name = "no power, a dongle that measures itself", CODE(loop), .config.power_off = true,
	 .config.clone_vtref = true, .cause = CAUSE_POWER, .at_most = 3, .in = IN_NOT, .nrst = -1},
	{.name = "SWDIO open", CODE(loop), .config.wires[WIRE_SWDIO] = WIRE_OPEN, .cause = CAUSE_WIRING,
	 .at_most = 1, .in = IN_NOT, .nrst = -1},
	{.name = "SWDIO and SWCLK swapped, a finger", CODE(loop), .finger = true,
	 .config.wires[WIRE_SWDIO] = WIRE_SWAPPED, .cause = CAUSE_WIRING, .at_most = 1, .in = IN_NOT,
	 .nrst = -1},
	{.name = "no ground", CODE(loop), .config.wires[WIRE_GND] = WIRE_OPEN, .cause = CAUSE_WIRING,
	 .at_most = 2, .in = IN_NOT, .nrst = -1},
	{.name = "NRST held low", CODE(loop), .config.wires[WIRE_NRST] = WIRE_LOW, .cause = CAUSE_NRST,
	 .at_most = 1, .in = IN_NOT, .nrst = -1},
	{.name = "long wires", CODE(loop), .config.wires[WIRE_SWCLK] = WIRE_SLOW, .cause = CAUSE_SPEED,
	 .at_most = 1, .in = WAY_SLOW, .nrst = -1},
	{.name = "BOOT0 high", CODE(loop), .config.boot0 = true, .cause = CAUSE_BOOT_PINS, .at_most = 1,
	 .in = WAY_PLAIN, .nrst = -1},
	{.name = "read-out protection", CODE(loop), .rdp = 0xFF00, .cause = CAUSE_RDP, .at_most = 1,
	 .in = WAY_PLAIN, .nrst = -1},
};

static void every_bad_desk_is_named(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof desks / sizeof desks[0]; i++) {
		const struct bad_desk *b = &desks[i];
		struct opinion op[CAUSE_COUNT];
		struct observations o;
		struct desk d;
		unsigned place;
		size_t n;

		set_up(&d, &b->config, b->program, b->len);
		if (b->rdp) {
			load(&d, OPTION_BYTES, &b->rdp, 2);
			board_power_cycle(d.board, 50);
		}
		board_advance(d.board, 1000000000); /* a watchdog takes its time */
		d.finger = b->finger;
		n = diagnose(&d, b->finger ? 10000000 : 0, &o, op);
		place = place_of(b->cause, op, n);
		if (place == 0 || place > b->at_most || (b->in == IN_NOT ? o.in : !o.in) ||
		    (o.in && (int)o.in_way != b->in) || (b->nrst >= 0 && (int)o.nrst != b->nrst)) {
			print_opinions(b->name, op, n);
			print_message("# in %d way %s nrst %s plain: %s\n", o.in,
				      target_way_name(o.in_way), nrst_name(o.nrst),
				      o.ways[WAY_PLAIN].err.what);
			failed++;
		}
		clear(&d);
	}
	assert_int_equal(failed, 0);
}

static void a_healthy_chip_gets_no_diagnosis(void **state)
{
	struct board_config config = {0};
	struct opinion op[CAUSE_COUNT];
	struct observations o;
	struct desk d;
	size_t n;

	(void)state;
	set_up(&d, &config, loop, sizeof loop);
	n = diagnose(&d, 0, &o, op);
	assert_true(o.in);
	assert_int_equal(o.in_way, WAY_PLAIN);
	for (size_t i = 0; i < n; i++)
		assert_true(op[i].confidence < 0.5);
	clear(&d);
}

/* What this computer remembers of the last write makes the difference between
 * a lock-out and a loose wire, before anybody has touched RESET. */
static void the_last_write_counts(void **state)
{
	struct board_config config = {.wires[WIRE_NRST] = WIRE_OPEN};
	struct opinion op[CAUSE_COUNT];
	struct observations o;
	struct desk d;
	size_t n;

	(void)state;
	set_up(&d, &config, swj_off, sizeof swj_off);
	(void)diagnose(&d, 0, &o, op);
	o.remembered = o.remembered_locks_out = true;
	n = doctor_rank(&o, op);
	assert_true(n > 0);
	assert_int_equal(op[0].cause, CAUSE_SWJ_OFF);
	assert_true(op[0].confidence > 0.9 && op[0].confidence < 1.0);
	clear(&d);
}

static void confidences_are_a_share_of_one(void **state)
{
	struct observations o = {.probe = STATUS_NO_PERMISSION};
	struct opinion op[CAUSE_COUNT];
	double sum = 0;
	size_t n = doctor_rank(&o, op);

	(void)state;
	assert_int_equal(op[0].cause, CAUSE_PERMISSION);
	assert_int_equal(op[0].status, STATUS_NO_PERMISSION);
	for (size_t i = 0; i < n; i++)
		sum += op[i].confidence;
	assert_true(sum <= 1.0);
}

/* ---- recovering ----------------------------------------------------------------------------- */

static const struct rung *climb(struct desk *d, uint64_t wait_us, enum status want)
{
	struct climb c = {.opt = options(d, wait_us), .first = 0, .last = 99};
	const struct rung *r = NULL;
	struct target *t;
	bool halted = false;
	enum status s = doctor_climb(d->probe, &c, &r, &t, NULL);

	assert_int_equal(s, want);
	if (s)
		return NULL;
	assert_int_equal(target_is_halted(t, &halted, NULL), STATUS_OK);
	assert_true(halted);
	target_close(t, true);
	return r;
}

static void the_lowest_rung_that_holds_is_taken(void **state)
{
	struct board_config plain = {0}, wired = {0}, open = {.wires[WIRE_NRST] = WIRE_OPEN};
	struct desk d;

	(void)state;
	set_up(&d, &plain, loop, sizeof loop);
	assert_int_equal(climb(&d, 0, STATUS_OK)->way, WAY_PLAIN);
	clear(&d);
	set_up(&d, &wired, swj_off, sizeof swj_off);
	assert_int_equal(climb(&d, 0, STATUS_OK)->way, WAY_UNDER_RESET);
	assert_int_equal(d.asked, 0);
	clear(&d);
	set_up(&d, &open, swj_off, sizeof swj_off);
	d.finger = true;
	assert_int_equal(climb(&d, 10000000, STATUS_OK)->way, WAY_CATCH);
	assert_int_equal(d.asked, 1);
	clear(&d);
}

static void a_ladder_nobody_holds_ends(void **state)
{
	struct board_config config = {.wires[WIRE_NRST] = WIRE_OPEN};
	struct desk d;

	(void)state;
	set_up(&d, &config, swj_off, sizeof swj_off);
	climb(&d, 500000, STATUS_NEED_PERSON);
	assert_int_equal(d.asked, 3);
	clear(&d);
	set_up(&d, &config, swj_off, sizeof swj_off);
	climb(&d, 0, STATUS_NEED_PERSON); /* nobody may be asked */
	assert_int_equal(d.asked, 0);
	clear(&d);
}

/* ---- whose chip ------------------------------------------------------------------------------ */

static void every_silicon_is_named(void **state)
{
	static const struct {
		const char *silicon, *name, *chip;
	} rows[] = {
		{"genuine", "STMicroelectronics", "C8"}, {"genuine", "STMicroelectronics", "C6"},
		{"genuine", "STMicroelectronics", "RC"}, {"gd32f103", "GigaDevice", "C8"},
		{"cs32f103", "CS32", "C8"}, {"apm32f103", "APM32", "C8"},
		{"ch32f103", "CH32", "C8"}, {"air32f103", "AIR32", "C8"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct board_config config = {.silicon = silicon_by_name(rows[i].silicon),
					      .chip = chip_by_name(rows[i].chip)};
		struct target_options opt = {.halt = false};
		struct clone_verdict v;
		struct target *t;
		struct desk d;

		set_up(&d, &config, loop, sizeof loop);
		assert_int_equal(target_attach(d.probe, WAY_PLAIN, &opt, NULL, &t, NULL), STATUS_OK);
		assert_int_equal(doctor_identify(t, &v, NULL), STATUS_OK);
		if (!strstr(v.name, rows[i].name))
			print_message("# %s: %s\n", rows[i].silicon, v.sentence);
		assert_non_null(strstr(v.name, rows[i].name));
		assert_int_equal(v.genuine, strcmp(rows[i].silicon, "genuine") == 0);
		target_close(t, false);
		clear(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bad_desk_is_named),
		cmocka_unit_test(a_healthy_chip_gets_no_diagnosis),
		cmocka_unit_test(the_last_write_counts),
		cmocka_unit_test(confidences_are_a_share_of_one),
		cmocka_unit_test(the_lowest_rung_that_holds_is_taken),
		cmocka_unit_test(a_ladder_nobody_holds_ends),
		cmocka_unit_test(every_silicon_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
