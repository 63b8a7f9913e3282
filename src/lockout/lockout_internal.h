/*
 * Inside the lockout room.
 *
 *   check.c    the order of questions; builds the report
 *   chip.c     which chip is this image for
 *   rig.c      a microcontroller with the image in it, ready to start
 *   watch.c    what is noted while it runs
 *   run.c      one run from reset under a plan; variants of it
 *   quiet.c    when a run shows nothing new any more
 *   trace.c    the last instructions before a point, with registers
 *   slice.c    where a bit came from
 *   blame.c    which statement that is
 *   stack.c task.c pins.c   the call stack, the RTOS task, the pins in use
 *   fix.c      what to write instead, in the library's own words
 *   library.c  functions of libraries that nobody is to change
 *   judge.c    what was noted -> findings; findings -> verdict
 *   judge_options.c   the same for option bytes
 *   answer.c   what the outside answers in a run, where nobody would
 *   input.c    what it asks the outside for
 *   compare.c  what it compares the answers with
 *   waits.c    what a firmware waits for
 *   fork.c     the other answers tried
 *   explore.c  answers built upon answers, taken from the comparisons
 *
 * Runs are deterministic, so a point in a run is a count of instructions: to
 * look closer, the run is repeated up to it.
 */
#ifndef REFLASH_LOCKOUT_INTERNAL_H
#define REFLASH_LOCKOUT_INTERNAL_H

#include "arm/arm.h"
#include "base/bytes.h"
#include "lockout/lockout.h"
#include "lockout/place.h"
#include "mcu/mcu.h"

#define AFIO_MAPR_ADDRESS 0x40010004u
#define SWJ_SHIFT 24u
#define SWJ_OFF 4u /* SWJ_CFG = 100: JTAG and SWD off */
#define NS_PER_US 1000u
#define NS_PER_MS 1000000u
#define NEVER UINT64_MAX

/* ---- the thing under test ------------------------------------------------------- */

struct subject {
	const struct image *img;
	const struct chip *chip;
	const struct silicon *silicon;
	uint32_t vectors; /* address of the vector table */
	const struct log *log;
};

/* Which chip: as told, else by what the image needs. NULL and `why` when none
 * that is modelled fits. */
const struct chip *chip_for_image(const struct image *img, const struct lockout_options *opt,
				  char *why, size_t why_size);
/* A part of high density that the image fits; NULL: the assumed one is, or none is. */
const struct chip *chip_above(const struct image *img, const struct chip *assumed);
/* The smallest part that has flash or RAM at `address`; NULL: the assumed one has, or no
 * part has any there. */
const struct chip *chip_with_memory(const struct image *img, const struct chip *assumed,
				    uint32_t address);

/* Where a store came from, as far as it tells two of them apart. */
struct store_mark {
	uint32_t pc, sp, lr;
};

/* What somebody outside does in a run; without answers nothing is connected. */
enum answer_kind {
	ANSWER_I2C,  /* device `which` on I2C `unit` acknowledges; ANSWER_ANY: every one does */
	ANSWER_PIN,  /* pin `which` of port `unit` is driven to `value` */
	ANSWER_UART, /* USART `unit` receives `text` */
	ANSWER_SPI,  /* whoever is on SPI `unit` answers `value` */
	ANSWER_BITS, /* bits `mask` of the register at `address` read as in `value` */
	ANSWER_I2C_DATA, /* device `which` on I2C `unit` acknowledges, and says `value` to question
			    `address` (input.c) */
	ANSWER_SPI_DATA, /* question `address` on SPI `unit` is answered `value` */
	ANSWER_ADC,      /* channel `which` of ADC `unit` reads `value` */
	ANSWER_CRYSTAL,  /* crystal `unit` (enum mcu_crystal) does not start */
	ANSWER_PRESENT,  /* where address & mask is `address`, something answers like memory */
};
#define ANSWER_ANY 0xFFu
#define ANSWER_TEXT_MAX 20
struct answer {
	enum answer_kind kind;
	uint8_t unit, which, len;
	uint32_t value, address, mask;
	uint64_t at_ns, until_ns; /* PIN: driven from, to (NEVER: for good); UART: sent at */
	uint8_t text[ANSWER_TEXT_MAX];
};

/* Stores of SWJ_CFG=100 that a proof replaces. */
#define FIXES_MAX 16
#define ANSWERS_MAX 10
struct plan {
	struct answer answers[ANSWERS_MAX];
	size_t answer_count;
	uint8_t swj_readback;   /* what AFIO_MAPR[26:24] reads as */
	uint64_t run_ns;        /* virtual time to run */
	uint64_t instructions;
	bool if_fits;           /* end the run where it uses what the part has not */
	uint64_t effort;        /* mcu_effort that ends a run; 0: does not */
	uint64_t quiet;         /* effort with nothing new that ends a run; 0: does not */
	struct store_mark fixes[FIXES_MAX];
	size_t fix_count;
	unsigned fix_value;     /* SWJ_CFG stored instead: 2 keeps SWD and frees the JTAG pins */
};

/* ---- watching -------------------------------------------------------------------- */

/* The store that started a DMA channel, and the count of instructions behind it. */
struct dma_start {
	bool seen;
	struct mcu_store store;
	uint64_t instructions;
};

/* A change of SWJ_CFG in force. */
struct swj_change {
	uint64_t ns, since_reset_ns;
	uint64_t instructions; /* count after the storing instruction */
	unsigned from, to;
	struct mcu_store store;
	bool by_store;         /* else a reset brought it back */
	struct dma_start dma;  /* what wrote it, when that was not the core */
	struct store_mark mark;
};
#define CHANGES_MAX 64


struct sleep_stats {
	uint64_t count, first_ns /* since reset */, longest_ns;
	uint32_t first_pc, longest_pc;
	uint64_t first_instructions;
};

struct first_event {
	bool seen;
	uint64_t ns, since_reset_ns, instructions;
	uint32_t pc, a, b;
	struct mcu_store store;
};

/* The option bytes as half-words (PM0075 2.5), as a run left them. */
#define OPTION_WORDS 8
struct option_notes {
	uint16_t word[OPTION_WORDS];             /* 0xFFFF: erased */
	struct first_event event[OPTION_WORDS]; /* the newest that programmed it */
};

/* An address that nobody acknowledged. */
struct nack {
	uint8_t unit, address;
	uint64_t ns, instructions;
};
#define NACKS_MAX 16

/* Stores to AFIO_MAPR behind each of which a run stops for a checkpoint. */
#define CHECKPOINTS_MAX 2000

/* A question that the plan has no answer to. */
struct input {
	struct answer question;
	uint8_t bits;  /* of the answer */
	uint16_t mark; /* what it was answered instead, 0: nothing */
};
#define INPUTS_MAX 64
struct i2c_talk {
	uint8_t device, sent, offset; /* bytes written before, bytes read since */
	uint16_t bytes;               /* the last two written */
};
struct spi_talk {
	uint32_t hash;   /* of the frames sent */
	uint16_t first;
	uint8_t count;
};
/* A few words of memory that is not there. */
#define GHOST_WORDS 64
struct ghost {
	uint32_t address[GHOST_WORDS], word[GHOST_WORDS];
};
struct inputs {
	struct ghost ghost;
	struct i2c_talk i2c[4];
	struct spi_talk spi[4];
	struct input input[INPUTS_MAX];
	size_t count;
	size_t dull;     /* the first so many are left alone */
	unsigned colour; /* 0: nothing is marked */
	uint64_t newest; /* count of instructions when the newest was asked */
};

struct watch {
	const struct plan *plan;
	struct inputs inputs;
	uint32_t answers_done;      /* two bits an answer: begun, ended */
	struct nack nacks[NACKS_MAX];
	size_t nack_count;
	uint8_t spi_used;           /* bit n: SPIn exchanged something */
	uint8_t crystals;           /* bit enum mcu_crystal: was switched on */
	const struct silicon *silicon;
	struct swj_change changes[CHANGES_MAX]; /* the last place holds the newest when full */
	size_t change_count;
	struct dma_start dma;       /* the newest that leads to AFIO_MAPR */
	uint32_t dma_channels;      /* that have an address there: 7 * controller + channel - 1 */
	bool dma_unfinished;
	size_t change_unfinished;   /* index + 1 of a change whose count is not known yet */
	bool off;                   /* SWD is off by SWJ_CFG now */
	uint64_t off_since_ns, off_total_ns;
	unsigned swj;               /* in force */
	struct sleep_stats sleep[MCU_MODE_STANDBY + 1];
	bool asleep;
	enum mcu_mode sleep_mode;
	uint64_t asleep_since_ns;
	uint32_t asleep_pc;
	unsigned resets[MCU_RESET_OPTION_BYTES + 1];
	uint32_t reset_pc[MCU_RESET_OPTION_BYTES + 1]; /* where the newest came */
	uint64_t reset_instructions[MCU_RESET_OPTION_BYTES + 1]; /* when the first came */
	uint64_t last_reset_ns;
	struct first_event fault, lockup, option_erase, option_program, watchdog[2], ignored, jtag,
		flash;
	unsigned faults;
	bool bus_fault;             /* the first fault was an access to fault_address */
	uint32_t fault_address;
	const char *missing;        /* used, but only parts of another density have it; NULL: none */
	uint32_t missing_address;
	struct option_notes options; /* of a run that changed them */
	struct mcu_store flash_cr;  /* the newest store to FLASH_CR */
	bool afio_clocked;          /* RCC_APB2ENR.AFIOEN was set some time */
	uint64_t mapr_stores;       /* core stores to AFIO_MAPR */
	uint64_t mapr_loads;        /* core loads of AFIO_MAPR */
	unsigned news;              /* counts what was seen for the first time */
	uint64_t fixed_stores;      /* of these, replaced by the plan */
	uint64_t last_mapr_ns;
	uint16_t pins;              /* as lockout_finding.pins_needed, sampled */
	struct first_event *unfinished; /* filled when the instruction is done */
};

void watch_attach(struct watch *w, struct mcu *m, const struct plan *plan);
/* The hooks of a watched run. */
void watch_hooks(struct watch *w, struct mcu_hooks *hooks);
/* The run has stopped: counts are exact now. */
void watch_settle(struct watch *w, const struct mcu *m);
/* The run has ended: close open intervals. */
void watch_end(struct watch *w, struct mcu *m);
/* The change that took SWD away and is still in force, or NULL. */
const struct swj_change *watch_offender(const struct watch *w);

/* ---- answers -------------------------------------------------------------------------- */

/* Give the answers that are due; returns when the next one is, NEVER: none. */
uint64_t answers_due(struct watch *w, struct mcu *m);
/* mcu_run under the plan's answers. */
enum mcu_stop answers_run(struct watch *w, struct mcu *m, const struct mcu_limits *limits);
/* The hooks that the answers need, besides those of the watch. */
void answers_hooks(const struct plan *plan, struct mcu_hooks *hooks);
/* "if PA0 reads 1" */
void answer_text(const struct answer *a, char *out, size_t size);
/* The same of all answers of a plan: "if ... and PA0 reads 1" */
void answers_text(const struct plan *plan, char *out, size_t size);

/* ---- questions and their marks (input.c) --------------------------------------------- */

void inputs_i2c_addressed(struct watch *w, unsigned unit, uint8_t device, bool read);
void inputs_i2c_data(void *ctx, struct mcu *m, unsigned unit, bool read, uint8_t *byte);
void inputs_port_written(struct watch *w);
/* One frame; true: `value` is what comes back. */
bool inputs_spi(struct watch *w, struct mcu *m, unsigned unit, uint16_t out,
		uint16_t *value);
bool inputs_absent(void *ctx, struct mcu *m, uint32_t address, unsigned size, bool store,
		   uint32_t *value);
void inputs_adc(void *ctx, struct mcu *m, unsigned unit, unsigned channel, uint16_t *value);
/* "if I2C1 device 0x68 answers register 0x75 with 0x71"; what goes on with `last` (may be
 * NULL), the answer before it, says only what is more, and does not begin with "if". */
void input_text(const struct answer *last, const struct answer *a, char *out, size_t size);

/* ---- waits ------------------------------------------------------------------------------ */

/* A peripheral register that the firmware looks at, and the bits it tests. */
struct look {
	uint32_t pc, address, mask, value;
	uint64_t ns;
};
#define LOOKS_MAX 64
struct looks {
	struct look look[LOOKS_MAX];
	size_t count;
};
/* Run `m` on to the limits with every peripheral load noted. The watch's hooks
 * are kept; idle loops are spent, not skipped, meanwhile. */
void waits_look(struct watch *w, struct mcu *m, const struct mcu_limits *limits,
		struct looks *looks);

/* Who could answer at one point of a run, likeliest first. */
#define CANDIDATES_MAX 192
struct candidates {
	struct answer answer[CANDIDATES_MAX];
	size_t count;
};
/* `late`: the chip waits at this moment, and is answered from now on. */
void waits_candidates(const struct subject *s, struct mcu *m, const struct looks *looks,
		      bool late, struct candidates *out);

/* ---- running ------------------------------------------------------------------------ */

/* A powered chip with the image in flash, held at its first instruction. */
struct mcu *rig_new(const struct subject *s, const struct plan *plan, struct err *err);

/* Where a run stood behind its last store to AFIO_MAPR. A variant of the run
 * that stands there in the same state, but for SWJ_CFG in force, goes on as the
 * run itself did, and no store changes SWJ_CFG any more: the rest needs no
 * running. */
struct checkpoint {
	struct mcu_snapshot *at; /* NULL: none (too many stores, or no memory) */
	uint64_t instructions;
	bool settled;            /* some time after that store */
};

struct outcome {
	struct watch watch;
	enum mcu_stop stop;
	bool quiet;                /* ended because nothing new came */
	struct checkpoint last;
	uint64_t ns, instructions;
	bool swd_off;              /* at the end */
	enum mcu_mode mode;
	uint8_t *coverage;         /* copy of mcu_coverage, or NULL; freed by outcome_fini */
	size_t coverage_size;
};
/* Has the run stopped showing anything new? Asked between legs of it. */
struct quiet {
	uint64_t bound, since; /* in effort; 0: never */
	uint64_t promised_ns;  /* a look ahead saw something new before then; 0: none */
	unsigned news;
	uint8_t *seen;         /* coverage so far; NULL: not watched */
	size_t size;
};
void quiet_begin(struct quiet *q, const struct mcu *m, uint64_t bound);
bool quiet_ends(struct quiet *q, struct watch *w, struct mcu *m, const struct mcu_limits *limits);
/* Add what was seen before a look ahead to a coverage map. */
void quiet_end(struct quiet *q, uint8_t *coverage);

/* Run from reset. */
enum status run_plan(const struct subject *s, const struct plan *plan, bool coverage,
		     struct outcome *out, struct err *err) MUST_CHECK;
/* The same under another plan (fixes, read-back), told apart from `base`, a run
 * of the first plan: ends as soon as it can only go on like it. */
enum status run_variant(const struct subject *s, const struct plan *plan,
			const struct outcome *base, struct outcome *out, struct err *err)
	MUST_CHECK;
void outcome_fini(struct outcome *o);

/* ---- looking back --------------------------------------------------------------------- */

enum step_kind { STEP_INSTRUCTION, STEP_EXCEPTION_ENTRY, STEP_OTHER };
struct step {
	uint32_t r[16];    /* before the step */
	uint32_t xpsr, psp;
	uint16_t hw[2];
	uint8_t kind;      /* enum step_kind */
	uint16_t exception;/* number being handled before the step */
};
struct trace {
	struct step *steps;
	size_t count;
	struct step after;     /* state behind the last step */
	struct mcu *m;         /* the chip at the end of the trace; freed with it */
	uint64_t first;        /* instruction count before steps[0] */
};
/* Repeat the run up to `end` instructions, keeping the last `window` steps. */
enum status trace_take(const struct subject *s, const struct plan *plan, uint64_t end,
		       size_t window, struct trace *out, struct err *err) MUST_CHECK;
void trace_fini(struct trace *t);
/* floating.c: would a run keep SWD that `c` loses if an input without a pull read 1?
 * `pin`: which one, as the run read it. */
bool floating_decides(const struct subject *s, const struct plan *plan,
		      const struct swj_change *c, struct answer *pin);
bool step_executed(const struct step *s, const struct arm_insn *insn);
void step_decode(const struct step *s, struct arm_insn *insn);

enum origin {
	ORIGIN_NONE,       /* lost: before the window, or no rule */
	ORIGIN_CONSTANT,   /* an immediate or a literal */
	ORIGIN_TABLE,      /* read from a table in flash */
	ORIGIN_MEMORY,     /* RAM written before the window */
	ORIGIN_READBACK,   /* AFIO_MAPR's own bits */
	ORIGIN_PERIPHERAL, /* another register: outside input */
};
#define HOPS_MAX 128
struct hop {
	size_t at;        /* step that passed the bit on */
	uint32_t address; /* memory it was read from there; 0: a register */
};
struct slice {
	enum origin origin;
	size_t at;            /* step where it entered */
	uint32_t address;     /* table, memory or register address read there */
	struct hop hops[HOPS_MAX]; /* newest first */
	size_t hop_count;
};
/* Follow one bit of register `reg` as it is before step `from`. */
void slice_register(const struct trace *t, const struct subject *s, size_t from, unsigned reg,
		    unsigned bit, struct slice *out);
/* Follow the value that the store at step `from` puts at `address` (byte), bit. */
void slice_store(const struct trace *t, const struct subject *s, size_t from, uint32_t address,
		 unsigned bit, struct slice *out);

/* The register that step `at` stores to the byte at `address`; false: none. */
bool slice_stored(const struct trace *t, size_t at, uint32_t address, unsigned *reg);
/* The address of the low byte that step `at` loads into `reg`; false: none. */
bool slice_loaded(const struct trace *t, size_t at, unsigned reg, uint32_t *address);

/* The last store to `address` that a run executes before `end` instructions: its
 * address, and the count of instructions behind it. */
bool lookback_store(const struct subject *s, const struct plan *plan, uint64_t end,
		    uint32_t address, uint32_t *pc, uint64_t *instructions);

/* The calls that are open at each step of a trace, relative to its start:
 * count + 1 entries, freed by the caller; NULL: no memory. */
int32_t *trace_depths(const struct trace *t);
/* The call by which the bit that entered at slice->at went down into a callee. */
bool slice_crossing(const struct trace *t, const int32_t *depth, const struct slice *slice,
		    size_t *call);
/* Do the registers, as they are before step `at`, hang on a constant from a
 * function further out than that step's? Then `constant` is the step that
 * brought the nearest one in. */
bool depends_on_caller(const struct trace *t, const int32_t *depth, size_t at,
		       uint16_t registers, size_t *constant);
/* The call after step `at` by which what it brought in went down. */
bool call_after(const struct trace *t, const int32_t *depth, size_t at, size_t *call);
/* A constant that sits in the function that uses it may have been chosen by its
 * caller: the call whose argument decided the branches on the way to step `at`. */
bool choice_call(const struct trace *t, const struct subject *s, const int32_t *depth, size_t at,
		 size_t *call);

/* ---- places --------------------------------------------------------------------------- */

/* The same with the inlined functions around it, innermost first. */
size_t places_at(const struct image *img, uint32_t pc, struct lockout_place *out, size_t max);
/* The place of an instruction, climbed out of inlined functions that were given
 * the constant; true: it was climbed. `regs` (16) may be NULL; `table`: address
 * of the table entry it came from, or 0. */
bool inlined_choice(const struct image *img, uint32_t pc, const uint32_t *regs, uint32_t table,
		    struct lockout_place *out);
/* The same; `whole`: the function itself was compiled for the constant, so that
 * its caller chose. */
bool inlined_climb(const struct image *img, uint32_t pc, const uint32_t *regs, uint32_t table,
		   struct lockout_place *out, bool *whole);
/* Call stack from registers, innermost first, inlined frames included; *frames
 * without those. */
size_t stack_take(const struct image *img, const struct mcu *m, const struct step *at,
		  struct lockout_place *out, size_t max, size_t *frames);
/* The same of a step of the trace, by frame information or by the calls seen,
 * whichever reaches further. */
size_t stack_of_step(const struct image *img, const struct trace *t, size_t at,
		     struct lockout_place *out, size_t max);
/* Name of the RTOS task that runs on the process stack now; "" when none. */
void task_name(const struct image *img, const struct mcu *m, char *out, size_t size);
/* PA13 PA14 PA15 PB3 PB4 as configured now (bit 0..4). */
uint16_t pins_in_use(struct mcu *m);

struct blame {
	struct lockout_place blame, store;
	struct lockout_place stack[LOCKOUT_STACK_MAX];
	size_t stack_len;
	char task[32];
	enum origin origin;
	uint32_t table; /* ORIGIN_TABLE: the entry */
};
/* Who stored what the step with instruction count `end` stored. */
enum status blame_store(const struct subject *s, const struct plan *plan,
			const struct swj_change *change, struct blame *out, struct err *err)
	MUST_CHECK;
/* Where an instruction is, with its call stack: for everything but SWJ stores. */
enum status blame_point(const struct subject *s, const struct plan *plan, uint64_t instructions,
			struct blame *out, struct err *err) MUST_CHECK;

/* A library's function that others call to sleep, reset, start a watchdog ...? */
bool is_library_helper(const char *function);
/* Where such a one is blamed: blame who called it, as far as the call stack tells. */
void helpers_caller(const struct lockout_place *stack, size_t len, struct lockout_place *blame);
void blame_helpers_caller(struct lockout_finding *f);

void name_table(const struct image *img, uint32_t entry, struct lockout_finding *f);
void fix_swj(const struct image *img, const struct lockout_finding *f, char *out, size_t size);
void pins_text(uint16_t pins, char *out, size_t size);

/* ---- the report under construction -------------------------------------------------- */

/* Did the run end at a BKPT, which is what a C library's semihosting call is to a
 * chip without a debugger? */
bool ends_at_bkpt(const struct subject *s, const struct outcome *o);
/* A zeroed finding at the report's end; NULL: no memory. */
struct lockout_finding *report_add(struct lockout_report *r);
/* The same at a point of the run, with its call stack. */
struct lockout_finding *report_add_at(const struct subject *s, const struct plan *plan,
				      uint64_t instructions, uint64_t since_ns, uint32_t pc,
				      enum cause cause, enum lockout_level level,
				      struct lockout_report *r);
void judge_low_power(const struct subject *s, const struct plan *plan, const struct outcome *o,
		     struct lockout_report *r);
void judge_resets(const struct subject *s, const struct plan *plan, const struct outcome *o,
		  struct lockout_report *r);
void judge_protection(const struct subject *s, const struct plan *plan, const struct outcome *o,
		      struct lockout_report *r);
void judge_jtag(const struct subject *s, const struct plan *plan, const struct outcome *o,
		struct lockout_report *r);
/* SWJ_CFG=100: off at the end, off for a moment, off by read-back; with proof. */
enum status judge_swj(const struct subject *s, struct plan *plan, struct outcome *o,
		      struct lockout_report *r, struct err *err) MUST_CHECK;
/* SWJ_CFG=100 written while AFIO has no clock: a note, where nothing else took SWD. */
enum status judge_ignored(const struct subject *s, const struct plan *plan,
			  const struct outcome *o, struct lockout_report *r, struct err *err)
	MUST_CHECK;
/* Off for most of a run. */
bool is_locked(const struct outcome *o);
/* What only shows when somebody outside answers. Coverage of such runs is added
 * to `o`. Ends after `budget` of effort. */
enum status judge_forks(const struct subject *s, const struct plan *base, uint64_t budget,
			struct outcome *o, struct lockout_report *r, struct err *err) MUST_CHECK;
/* Stores that no run reached, by the static sweep. `o` holds the coverage. */
enum status judge_sweep(const struct subject *s, const struct lockout_options *opt,
			const struct outcome *o, struct lockout_report *r, struct err *err)
	MUST_CHECK;
/* Sort the findings and derive the verdict. */
void judge_verdict(struct lockout_report *r);
/* "1.9 ms", "10 s" */
void time_text(uint64_t ns, char *out, size_t size);

#endif
