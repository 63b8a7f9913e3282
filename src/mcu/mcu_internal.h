/*
 * Inside the microcontroller: how core, buses and peripherals fit together.
 *
 *   cpu/     the core: execution, exceptions, NVIC, SysTick, SCB, debug, FPB, DWT
 *   bus.c    address map: flash, RAM, bit-band, bridges (APB widens narrow writes), faults
 *   clock.c  time: core cycles <-> nanoseconds, the event list, low-power modes
 *   periph/  one file a peripheral, one row a register, ends in one const definition
 *   f103.c   which peripherals a chip has: name @ base -> irq, clock gate
 *   mcu.c    the public face: power, resets, run loop, snapshots
 *
 * Everything a snapshot copies is in `struct mcu_state`, without pointers into
 * itself, so that taking one is a memcpy.
 */
#ifndef REFLASH_MCU_INTERNAL_H
#define REFLASH_MCU_INTERNAL_H

#include "arm/arm.h"
#include "arm/scs.h"
#include "mcu/mcu.h"

struct periph;
struct reg;

/* ---- registers: one row each (the only place that knows a register) -------- */

/* Access to a hook: `v` is the register's stored word. */
typedef uint32_t (*reg_read_fn)(struct periph *p, const struct reg *r);
/* `value` is the whole word as the bridge delivers it; `old` the stored word.
 * The hook stores what it wants with periph_set(); without a hook the masked
 * value is stored. */
typedef void (*reg_write_fn)(struct periph *p, const struct reg *r, uint32_t value, uint32_t old);

struct reg {
	uint16_t offset;
	const char *name;  /* "MAPR" */
	uint32_t reset;    /* value after system reset */
	uint32_t rmask;    /* readable bits; others read 0 */
	uint32_t wmask;    /* writable bits; others keep their value */
	reg_read_fn read;  /* NULL: stored word & rmask */
	reg_write_fn write;/* NULL: store (old & ~wmask) | (value & wmask) */
	uint8_t arg;       /* for hooks shared by several rows (channel number ...) */
	bool stable;       /* the read hook gives the same again until an event or a write */
	bool keep;         /* a system reset leaves it alone: only power (or its domain) resets it */
};

enum bus_kind { BUS_AHB, BUS_APB1, BUS_APB2, BUS_PPB };

/* ---- a kind of peripheral --------------------------------------------------- */

struct periph_def {
	const char *kind;          /* "USART" */
	const struct reg *regs;    /* sorted by offset */
	size_t reg_count;
	uint32_t state_size;       /* private state beyond the register words */
	bool own_schedule;         /* a reset does not cancel its events: def->reset decides */
	bool own_clock;            /* runs from LSI/LSE or none: Stop mode does not freeze it */
	/* Time stood still for it (Stop, debug halt): move private time bases on by
	 * `ns` or by `cycles` of HCLK (0 in Stop); scheduled events are already moved.
	 * May be NULL. */
	void (*frozen)(struct periph *p, uint64_t ns, uint64_t cycles);
	/* Bit of DBGMCU_CR that freezes it while the core is halted, -1: none. NULL: none. */
	int (*debug_stop_bit)(const struct periph *p);
	bool keep_on_reset;        /* backup domain, DBGMCU: reset only by power */
	/* System reset; registers already hold their reset values. May be NULL. */
	void (*reset)(struct periph *p, enum mcu_reset why);
	/* Offsets without a row: memory blocks, arrays of like registers. NULL: not
	 * modelled. The whole word at `offset`. */
	uint32_t (*read_other)(struct periph *p, uint32_t offset);
	void (*write_other)(struct periph *p, uint32_t offset, uint32_t value);
	/* A scheduled event is due. */
	void (*event)(struct periph *p, unsigned id);
	/* An outside level on a pin of ours changed, clocks changed. May be NULL. */
	void (*clock_changed)(struct periph *p);
	/* A write that the closed clock gate swallowed. May be NULL. */
	void (*gated_write)(struct periph *p, const struct reg *r, uint32_t value);
	const char *not_modelled;  /* what is left out, for `board status --unmodelled` and docs */
};

/* ---- one peripheral of this chip --------------------------------------------- */

struct periph {
	const struct periph_def *def;
	struct mcu *m;
	const char *name;      /* "USART1" */
	uint32_t base;         /* 0x40013800 */
	uint32_t span;         /* bytes decoded */
	enum bus_kind bus;
	uint8_t index;         /* 1 for USART1, 0 for GPIOA */
	int16_t irq[4];        /* interrupt numbers, -1: none */
	int16_t gate;          /* RCC enable: (register offset << 5 | bit), -1: always clocked */
	uint32_t *words;       /* register words, in mcu_state (def->reg_count of them) */
	void *state;           /* private state, in mcu_state */
	uint16_t id;           /* number of this peripheral in m->periphs[] */
	uint8_t *row_of;       /* offset / 4 -> register row + 1, 0: none; `span / 4` entries */
};

/* The stored word of the register at `offset`. */
static inline uint32_t periph_get(const struct periph *p, uint32_t offset)
{
	uint8_t row = p->row_of[offset / 4];

	return row ? p->words[row - 1] : 0;
}
void periph_set(struct periph *p, uint32_t offset, uint32_t value);
/* Store `value` under the row's write mask, as no hook would have. */
void periph_store(struct periph *p, const struct reg *r, uint32_t value);
/* All registers to their reset values, then def->reset. */
void periph_reset(struct periph *p, enum mcu_reset why);
/* Is the RCC clock gate open? A gated peripheral ignores writes and reads 0. */
static inline bool periph_clocked(const struct periph *p);
/* The kernel clock in Hz (PCLK1/PCLK2/HCLK by bus). */
uint32_t periph_clock_hz(const struct periph *p);
/* Timer kernel clock (PCLK x2 when the APB prescaler is not 1). */
uint32_t periph_timer_hz(const struct periph *p);
/* Level of one of the peripheral's interrupt lines (index into irq[]). */
void periph_irq(struct periph *p, unsigned line, bool level);
/* Ask for / cancel def->event(p, id) at an absolute time. id 0..3. One pending
 * event an id; scheduling again moves it. */
void periph_schedule(struct periph *p, unsigned id, uint64_t at_ns);
void periph_cancel(struct periph *p, unsigned id);
bool periph_scheduled(const struct periph *p, unsigned id, uint64_t *at_ns);
/* Find another one by name ("RCC"); NULL when the chip has none. */
struct periph *periph_find(struct mcu *m, const char *name);
/* DMA request line from a peripheral (RM0008 table 78): channel 1..7 of DMA1. */
void dma_request(struct mcu *m, unsigned dma, unsigned channel, bool level);
/* An event asks for 1..32 items, once: a conversion, a timer's update or compare. */
void dma_pulse(struct mcu *m, unsigned dma, unsigned channel, unsigned items);
/* Does an interrupt of that channel tell anyone how far it is? */
bool dma_listened(const struct mcu *m, unsigned dma, unsigned channel);
/* The bus refuses the access under way (a wrong flash key ...). */
void periph_bus_error(struct periph *p);
/* Edge/level on an EXTI line (GPIO pins, RTC alarm 17, PVD 16, USB 18). */
void exti_line(struct mcu *m, unsigned line, bool level);
/* GPIO helper: the level a pin has now (outside, pull, output). */
bool gpio_level(const struct mcu *m, unsigned port, unsigned pin);
/* Something outside a port's registers moved its pins: recompute, raise edges. */
void gpio_refresh(struct mcu *m, unsigned port);

/* ---- between core and the rest --------------------------------------------------- */

/* Bus access by the core or DMA, the slow path (not flash/RAM hits). `size` 1,
 * 2, 4; unaligned accesses are already split. Returns false on a bus fault. */
bool bus_read(struct mcu *m, uint32_t address, unsigned size, uint32_t *value);
bool bus_write(struct mcu *m, uint32_t address, unsigned size, uint32_t value);
/* The bytes behind an address (flash, system memory, option bytes, RAM and the
 * alias at 0), or NULL when [address, address+len) is not within one of them. */
uint8_t *bus_memory(const struct mcu *m, uint32_t address, size_t len, bool *is_flash);
/* Peripheral-space access below the bit-band and PPB decoding. */
bool periph_bus_read(struct mcu *m, uint32_t address, unsigned size, uint32_t *value);
bool periph_bus_write(struct mcu *m, uint32_t address, unsigned size, uint32_t value);
/* Would reading the register again give the same, with no side effect, until an
 * event happens or it is written? True unless a read hook says otherwise. */
bool periph_read_is_stable(struct mcu *m, uint32_t address);
/* As above, for a store that was written to `as_written` (bit-band alias). */
bool periph_store_as(struct mcu *m, uint32_t as_written, uint32_t address, unsigned size,
		     uint32_t value);
/* SCS, DWT, FPB, ITM, ROM table (0xE0000000..): cpu/scs.c. `debug`: from the AHB-AP. */
bool ppb_read(struct mcu *m, uint32_t address, unsigned size, uint32_t *value, bool debug);
bool ppb_write(struct mcu *m, uint32_t address, unsigned size, uint32_t value, bool debug);

/* Interrupt line from outside the core: level-sensitive, pends on rising. */
void nvic_line(struct mcu *m, unsigned irq, bool level);
void nvic_nmi(struct mcu *m, bool level); /* likewise */
/* An event for WFE (EXTI event mode, SEV). */
void cpu_event(struct mcu *m);

/* Code in [address, address+len) changed by anyone but a core store. */
void cpu_code_changed(struct mcu *m, uint32_t address, uint32_t len);
/* Make / drop the core's caches. cpu_new returns false without memory. */
bool cpu_new(struct mcu *m);
void cpu_free(struct mcu *m);
/* A snapshot was put back: RAM and core state are other ones now. Flash and the
 * boot alias are as before unless cpu_code_changed said otherwise. */
void cpu_restored(struct mcu *m);
/* A flash operation began or ended: while busy, data reads of flash and fetches
 * from it must go the slow way (bus_read stalls until the operation ends). */
void cpu_flash_busy(struct mcu *m, bool busy);
/* m->side_tables (coverage, provenance) was switched on or off. */
void cpu_watch_changed(struct mcu *m);
/* For the search for idle loops: a peripheral did something by itself; somebody
 * may have changed any state from outside. */
void cpu_idle_disturb(struct mcu *m);
void cpu_idle_forget(struct mcu *m);
/* Core reset: registers, NVIC, SCS (not debug state on a non-power reset);
 * fetches SP and PC from the vector table at address 0. */
void cpu_reset(struct mcu *m, enum mcu_reset why);
enum cpu_exit { CPU_EXIT_DEADLINE, CPU_EXIT_BUDGET, CPU_EXIT_SLEEP, CPU_EXIT_HALTED,
		CPU_EXIT_LOCKUP, CPU_EXIT_STOP, CPU_EXIT_RESET };
/* Execute until m->s.time.deadline (core cycles), the instruction budget, or
 * the core sleeps, halts, locks up; CPU_EXIT_STOP after mcu_stop_run. */
enum cpu_exit cpu_run(struct mcu *m, uint64_t instruction_budget);
/* Enter the exception that is due, if one is and the core may run. */
bool cpu_enter_pending(struct mcu *m);
/* Absolute core cycle at which the core itself wants to act (SysTick reaching
 * 0 with TICKINT, a DWT match ...); UINT64_MAX: never. time_rearm takes it into
 * the deadline, so that a sleeping core is woken by it too. */
uint64_t cpu_next_cycle(const struct mcu *m);
/* m->s.time.cycles was moved by someone else than cpu_run (sleep skipped, halted
 * time, flash stall): bring SysTick and CYCCNT up to date and pend what came due.
 * While the core is halted SysTick stands still. */
void cpu_catch_up(struct mcu *m);
/* Address of the instruction under way (valid inside bus calls too). */
uint32_t cpu_pc(const struct mcu *m);
/* Would a sleeping core wake now (interrupt pending by WFI's rule, event set)? */
bool cpu_wakes(const struct mcu *m);
/* Halt request by the debugger, vector catch etc. are inside cpu/. */
bool cpu_halted(const struct mcu *m);

/* The core asks the rest. */
/* WFI/WFE with SCR.SLEEPDEEP as given: enter Sleep, Stop or Standby (PWR).
 * cpu_run then returns CPU_EXIT_SLEEP; mcu.c moves time to the next event, and
 * once cpu_wakes() calls power_wake (clocks back) before the next cpu_run. */
void power_sleep(struct mcu *m, bool deep);
void power_wake(struct mcu *m);
/* A reset to be taken as soon as the current instruction is done: sets
 * m->s.side.reset_pending; cpu_run checks it after every slow-path bus access
 * and returns CPU_EXIT_RESET. mcu.c does the reset and calls cpu_reset. */
void reset_request(struct mcu *m, enum mcu_reset why);
/*
 * Slow-path bus calls (bus_*, ppb_*) may change m->s.time.cycles (a flash
 * operation stalls the core), m->s.time.deadline, m->stop_requested,
 * m->s.side.reset_pending and pend interrupts: cpu_run must keep no copy of
 * these across such a call.
 */
/* Reset everything a reset of kind `why` resets and begin the reset pulse; the
 * core starts when it ends. */
void reset_enter(struct mcu *m, enum mcu_reset why);
/* The reset pulse is over: sample BOOT0/BOOT1, load option bytes, start the core. */
void reset_leave(struct mcu *m);
/* Do HCLK and the peripherals' clocks run (not in Stop, Standby, reset, off)? */
bool power_hclk_runs(const struct mcu *m);
/* What wakes Standby: WKUP pin, RTC alarm. */
void power_standby_wake(struct mcu *m);

/* ---- what the parts of the chip ask one another -------------------------------------- */

unsigned afio_swj_cfg(const struct mcu *m);      /* in force, 0..7 */
unsigned afio_exti_port(const struct mcu *m, unsigned line);
uint32_t dbgmcu_cr(const struct mcu *m);
bool flash_rdp(const struct mcu *m);             /* read-out protection in force */
uint8_t flash_user_option(const struct mcu *m);  /* USER byte in force */
void flash_load_options(struct mcu *m);          /* at every system reset */
/* A store to main flash or option bytes. False: bus error. */
bool flash_store(struct mcu *m, uint32_t address, unsigned size, uint32_t value);
/* The core waits for the flash operation under way: time moves to its end. */
void flash_stall(struct mcu *m);
/* Is the array busy that the core's next instruction comes from? */
bool flash_core_stalls(const struct mcu *m);
bool flash_readable(const struct mcu *m);        /* RDP allows this master to read main flash */
void rcc_set_reset_flag(struct mcu *m, enum mcu_reset why);
/* Stop mode ends: SYSCLK is HSI again. */
void rcc_after_stop(struct mcu *m);
uint32_t rcc_pclk_hz(const struct mcu *m, unsigned apb); /* 1 or 2 */
bool rcc_ready(const struct mcu *m, const char *clock);  /* "LSI", "LSE", "HSE" */
bool pwr_backup_writable(const struct mcu *m);   /* PWR_CR.DBP */
bool pwr_standby_chosen(const struct mcu *m);    /* PWR_CR.PDDS */
void pwr_set_flags(struct mcu *m, bool wakeup, bool standby);
void pwr_wkup_pin(struct mcu *m);                /* PA0 rose */
void gpio_edge(struct mcu *m, unsigned port, unsigned pin, bool level); /* a pin moved */
/* Timer `tim` made a trigger: source 0 TRGO, 1-4 its compare channels. */
void adc_trigger(struct mcu *m, unsigned tim, unsigned source);
void adc_exti(struct mcu *m, unsigned line);     /* an edge that line 11 or 15 was set to see */
void dac_trigger(struct mcu *m, unsigned tim);   /* TRGO of timer `tim` */
uint32_t adc_wants(const struct mcu *m, unsigned tim); /* CCxIF bits an ADC waits for */
void timer_rearm_all(struct mcu *m);
void timer_break(struct mcu *m);                 /* HSE failed: break input of TIM1, TIM8 */
void iwdg_start(struct mcu *m);                  /* hardware watchdog option */

/* ---- time (clock.c) ------------------------------------------------------------------ */

/* Core cycles count HCLK; whenever HCLK changes a new epoch starts, so that
 * conversions stay exact. */
struct mcu_time {
	uint64_t cycles;       /* HCLK cycles since power-on */
	uint64_t instructions; /* executed since power-on; cpu_run counts */
	uint64_t deadline;     /* cpu_run returns when cycles >= deadline */
	uint64_t epoch_cycles; /* where the present HCLK began */
	uint64_t epoch_ns;
	uint32_t hclk_hz;
	uint64_t next_event_ns;/* earliest scheduled event; UINT64_MAX: none */
};
uint64_t time_now_ns(const struct mcu *m);
uint64_t time_ns_to_cycles(const struct mcu *m, uint64_t at_ns); /* rounds up */
/* When HCLK reaches that count; time_ns_to_cycles gives it back exactly. */
uint64_t time_cycles_to_ns(const struct mcu *m, uint64_t cycles);
/* Bring m->s.time.deadline down to the earliest event. */
void time_rearm(struct mcu *m);
/* RCC changed the tree: start a new epoch, tell peripherals. */
void time_set_hclk(struct mcu *m, uint32_t hz);
/* HCLK stands still (Stop, Standby, reset, off) and `ns` is reached. */
void time_skip_stopped(struct mcu *m, uint64_t ns);
/* HCLK runs and the core does not (Sleep, halted, flash stall) until `ns`. */
void time_skip_clocked(struct mcu *m, uint64_t ns);
/* Call def->event of everything due by now, in time order. */
void time_fire(struct mcu *m);
/* `ns` have passed in which frozen peripherals stood still: shift them. */
void time_freeze(struct mcu *m, uint64_t ns, uint64_t cycles);
/* Tell every peripheral that a clock changed. */
void time_clocks_changed(struct mcu *m);
/* Write one slot of the event list; who calls looks at next_event_ns himself. */
void time_set_event(struct periph *p, unsigned id, uint64_t at_ns);
/* Rescan m->s.time.next_event_ns (frozen peripherals do not count). */
void time_find_next(struct mcu *m);

/* Main flash [at, at+len) changed by anyone: caches and snapshots must know. */
void flash_touched(struct mcu *m, uint32_t at, uint32_t len);
struct flash_copy;
void flash_copy_unref(struct flash_copy *c);

/* Tell the hooks. */
void mcu_emit(struct mcu *m, enum mcu_event_kind kind, uint32_t a, uint32_t b);
/* A register was touched that is not modelled. */
void mcu_note_unmodelled(struct mcu *m, uint32_t address);

/* ---- the tables ---------------------------------------------------------------------- */

struct periph_row {
	const char *name;
	const struct periph_def *def;
	uint32_t base, span;
	enum bus_kind bus;
	uint8_t index;
	int16_t irq[4];
	int16_t gate;
	uint8_t densities; /* bit (1 << enum density): which parts have it */
};
extern const struct periph_row f103_periphs[];
extern const size_t f103_periph_count;

/* struct mcu and struct mcu_state are laid out in mcu/state.h. */
#include "mcu/state.h"

static inline bool periph_clocked(const struct periph *p)
{
	return p->gate < 0 ||
	       periph_get(p->m->rcc, (uint32_t)p->gate >> 5) >> (p->gate & 31) & 1;
}

/* Flash wait states as the core sees them for a fetch (ASSUMED model): what the
 * firmware sets is what counts, one from 24 MHz, two from 48 MHz. Asked at every
 * slow access; ACR is the first row of periph/flash.c. */
static inline unsigned flash_wait_states(const struct mcu *m)
{
	return m->flash_if->words[0] & 7;
}

#endif
