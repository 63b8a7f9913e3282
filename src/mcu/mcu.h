/*
 * The microcontroller: an STM32F103 to the registers. It runs firmware and
 * knows nothing of what is around it: no debug port, no wires, no probe. The
 * board room drives its pins and reads its buses through these calls.
 *
 * One `struct mcu` is one chip; any number run in one process, each from one
 * thread at a time. Time is virtual and exact: the same calls give the same
 * run, always.
 */
#ifndef REFLASH_MCU_H
#define REFLASH_MCU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "chips/chips.h"

struct mcu;

/* AFIO_MAPR[26:24] reads as the value in force (some silicon; ST's LL examples wait for it). */
#define MCU_SWJ_READBACK_IN_FORCE 8

struct mcu_config {
	const struct chip *chip;       /* required; static lifetime */
	const struct silicon *silicon; /* NULL: genuine */
	const uint8_t *boot_rom;       /* system memory contents, chip->system_size bytes; NULL: 0xFF */
	size_t boot_rom_size;
	uint32_t unique_id[3];         /* 0,0,0: a default one */
	uint8_t swj_readback;          /* what AFIO_MAPR[26:24] reads as (write-only on silicon:
					  undefined): 0..7, or MCU_SWJ_READBACK_IN_FORCE */
	bool debugger_present;         /* a debugger has powered the debug domain since power-on
					  (DBGMCU erratum); the board sets it, see mcu_debug_power */
	bool lse_fitted;               /* a 32.768-kHz crystal is on the board (Blue Pill: yes) */
	uint32_t hse_hz;               /* 0: no crystal, HSERDY never comes; Blue Pill 8000000 */
	const struct log *log;         /* may be NULL */
};

/* Make a powered-off chip with erased flash and factory option bytes. NULL and
 * `err` on failure. Free with mcu_free. */
struct mcu *mcu_new(const struct mcu_config *config, struct err *err);
void mcu_free(struct mcu *m);
const struct chip *mcu_chip(const struct mcu *m);
const struct silicon *mcu_silicon(const struct mcu *m);

/* ---- pins and power ------------------------------------------------- */

/* Power on or off. Off loses RAM, backup domain and everything but flash and
 * option bytes; a flash operation under way is torn (see mcu_flash_torn). */
void mcu_power(struct mcu *m, bool on);
/* The NRST pin as the chip sees it (true: low, held in reset). Releasing it
 * samples BOOT0/BOOT1 and starts the core. */
void mcu_nrst(struct mcu *m, bool low);
/* Level of BOOT0; sampled when a reset ends. BOOT1 is the pin PB2. */
void mcu_boot0(struct mcu *m, bool high);
/* An outside level on a GPIO: 0 low, 1 high, -1 not driven. port 0 = A. */
void mcu_pin_drive(struct mcu *m, unsigned port, unsigned pin, int level);
/* What the chip puts on the pin: 0, 1, or -1 when it does not drive it. */
int mcu_pin_output(const struct mcu *m, unsigned port, unsigned pin);

/* A crystal stops or starts to swing; it does at first if it is fitted
 * (mcu_config), and power does not change it. What follows is RM0008 7.2.7's
 * clock security system, or a core without clock. */
enum mcu_crystal { MCU_CRYSTAL_HSE, MCU_CRYSTAL_LSE };
void mcu_crystal(struct mcu *m, enum mcu_crystal which, bool swings);
/* Does the core stand still because its clock comes from a stopped crystal? */
bool mcu_clock_stands(const struct mcu *m);

enum mcu_reset { MCU_RESET_POWER, MCU_RESET_PIN, MCU_RESET_SOFTWARE, MCU_RESET_IWDG,
		 MCU_RESET_WWDG, MCU_RESET_LOW_POWER, MCU_RESET_OPTION_BYTES,
		 MCU_RESET_STANDBY /* woken from Standby */ };

/* ---- memory from outside ---------------------------------------------- */

/* Put bytes in flash, system memory, option bytes or RAM without the flash
 * controller (as if it had always been there). STATUS_BAD_FILE when outside. */
enum status mcu_load(struct mcu *m, uint32_t address, const void *data, size_t len,
		     struct err *err) MUST_CHECK;
/* The main flash array itself, chip->flash_die bytes. Writes through it must
 * be followed by mcu_flash_changed. */
uint8_t *mcu_flash(struct mcu *m);
void mcu_flash_changed(struct mcu *m);
/* Wear the half-word at `offset` out: these bits stay 1 when it is programmed.
 * One half-word at a time; 0: none. */
void mcu_flash_stuck(struct mcu *m, uint32_t offset, uint16_t ones);
/* Count of flash operations (half-word programs, page and mass erases) so far. */
uint64_t mcu_flash_operations(const struct mcu *m);

/* ---- running -------------------------------------------------------- */

enum mcu_stop {
	MCU_STOP_TIME,         /* `until_ns` reached */
	MCU_STOP_INSTRUCTIONS, /* the instruction budget is used up */
	MCU_STOP_HALTED,       /* the core entered debug state; or it was in it all the time: the
				  peripherals ran on until until_ns (at once when that is UINT64_MAX) */
	MCU_STOP_HOOK,         /* a hook asked to stop (mcu_stop_run) */
	MCU_STOP_LOCKUP,       /* locked up; time has advanced to until_ns unless no event is due, ever,
				  and until_ns is UINT64_MAX */
	MCU_STOP_IDLE,         /* asleep or without clock, and no event is due, ever (with
				  `stop_when_idle`, or when until_ns is UINT64_MAX; else time
				  advances to until_ns) */
	MCU_STOP_OFF,          /* no power, or NRST is low: time has advanced to until_ns all the same */
};

struct mcu_limits {
	uint64_t until_ns;      /* absolute board time; UINT64_MAX: none */
	uint64_t instructions;  /* absolute count; UINT64_MAX: none */
	bool stop_when_idle;
	bool no_idle_skip;      /* for tests: spin through idle loops instead of skipping them */
};

/* Run until a limit or event. Sleep and exact idle loops are skipped, not
 * spent, with identical results. */
enum mcu_stop mcu_run(struct mcu *m, const struct mcu_limits *limits);
/* Execute one instruction (or one exception entry, or advance to the next
 * event when asleep). */
enum mcu_stop mcu_step(struct mcu *m);
/* From within a hook: end mcu_run after the current instruction. */
void mcu_stop_run(struct mcu *m);

/* The core stands still (as if its bus were taken) while clocks and peripherals
 * run on to the next event, SysTick or `until_ns`, whichever is first; then
 * mcu_run goes on from there. Does nothing to a sleeping or stopped chip. Not
 * what silicon does: for looking ahead. */
void mcu_hold(struct mcu *m, uint64_t until_ns);

uint64_t mcu_now_ns(const struct mcu *m);
uint64_t mcu_instructions(const struct mcu *m);
/* What running has cost, counted: instructions executed (those skipped as idle
 * are not), an access beyond memory, an exception, a peripheral's event and
 * a step of seeking or proving idleness as several (MCU_EFFORT_*). For budgets
 * that end at the same point on every machine. Only differences over a stretch
 * without a restored snapshot mean anything. */
uint64_t mcu_effort(const struct mcu *m);
#define MCU_EFFORT_READ 24u
#define MCU_EFFORT_WRITE 48u
#define MCU_EFFORT_EXCEPTION 96u
#define MCU_EFFORT_EVENT 300u
#define MCU_EFFORT_SEEK 12u  /* an instruction executed alone, looking for a round */
#define MCU_EFFORT_PROOF 72u /* an instruction of a round that is looked at for the idle skip */
/* Virtual nanoseconds since the last reset of any kind ended. */
uint64_t mcu_since_reset_ns(const struct mcu *m);
/* Let time pass without the core (used while NRST is low or power is off). */
uint32_t mcu_hclk_hz(const struct mcu *m);

/* ---- what state is it in --------------------------------------------- */

enum mcu_mode { MCU_MODE_OFF, MCU_MODE_RESET, MCU_MODE_RUN, MCU_MODE_SLEEP, MCU_MODE_STOP,
		MCU_MODE_STANDBY };
enum mcu_mode mcu_mode(const struct mcu *m);
/* SWJ_CFG in force (AFIO_MAPR[26:24] as the pins obey it), 0..7. */
unsigned mcu_swj_cfg(const struct mcu *m);
/* Does the SWD port own PA13/PA14 (false for 100, and for 010 on AIR32)? */
bool mcu_swd_on(const struct mcu *m);
/* Is the bus clock that the AHB-AP needs running (false in Sleep/Stop without
 * DBGMCU_CR's debug bits, in Standby/off, and when mcu_clock_stands)? */
bool mcu_ap_clocked(const struct mcu *m);
/* RDP, WRP and option bytes in force. */
bool mcu_rdp_active(const struct mcu *m);

/* ---- core registers ---------------------------------------------------- */

enum mcu_reg { MCU_R0 = 0, MCU_SP = 13, MCU_LR = 14, MCU_PC = 15, MCU_XPSR = 16, MCU_MSP = 17,
	       MCU_PSP = 18, MCU_SPECIAL = 20 /* CONTROL<<24|FAULTMASK<<16|BASEPRI<<8|PRIMASK */ };
uint32_t mcu_reg(const struct mcu *m, enum mcu_reg reg);
void mcu_set_reg(struct mcu *m, enum mcu_reg reg, uint32_t value);
/* Exception number being handled, 0 in thread mode. */
unsigned mcu_exception(const struct mcu *m);
/* Side-effect-free read of memory (flash, RAM, system memory, option bytes; 0
 * from peripherals). False when nothing is there. */
bool mcu_peek(const struct mcu *m, uint32_t address, void *out, size_t len);

/* ---- debug bus: what the AHB-AP does ------------------------------------ */

enum mcu_access { MCU_ACCESS_OK, MCU_ACCESS_FAULT, MCU_ACCESS_WAIT };
/* size 1, 2 or 4, address aligned to it. Works while the core runs and while
 * it is halted; SCS debug registers (DHCSR, DCRSR, DEMCR, FPB, DWT) answer
 * here. WAIT when the bus clock is stopped; FAULT for what the bus refuses
 * (RDP, nothing there). */
enum mcu_access mcu_debug_read(struct mcu *m, uint32_t address, unsigned size, uint32_t *value);
enum mcu_access mcu_debug_write(struct mcu *m, uint32_t address, unsigned size, uint32_t value);
/* The debugger powered the debug domain (CDBGPWRUPREQ): DBGMCU becomes visible
 * to software too and stays so until power-off. */
void mcu_debug_power(struct mcu *m, bool on);

/* ---- watching (for analysis; all optional, all cheap when absent) -------- */

/* One store by the core (or DMA: `by_core` false) to a peripheral. */
struct mcu_store {
	uint32_t pc;      /* address of the storing instruction */
	uint32_t address; /* as written, bit-band alias not resolved */
	uint32_t target;  /* the peripheral register it reached */
	uint32_t value;   /* as the bridge delivered it (widened) */
	uint8_t size;     /* as the instruction wrote it */
	bool by_core;
};

enum mcu_event_kind {
	MCU_EVENT_SWJ,          /* SWJ_CFG in force changed: a = old, b = new */
	MCU_EVENT_SWJ_IGNORED,  /* a store to SWJ_CFG without effect: a = value, b = 1 AFIOEN off,
				   2 reserved value, 3 not the first (GD32) */
	MCU_EVENT_SWJ_READ,     /* the core read AFIO_MAPR: a = what its bits 26:24 gave (not told
				   again for rounds of a loop that are skipped) */
	MCU_EVENT_RESET,        /* a = enum mcu_reset */
	MCU_EVENT_SLEEP,        /* WFI/WFE: a = enum mcu_mode entered, b = DBGMCU_CR */
	MCU_EVENT_WAKE,         /* left low power */
	MCU_EVENT_FAULT,        /* exception 3..6 taken: a = number, b = CFSR */
	MCU_EVENT_LOCKUP,
	MCU_EVENT_OPTION_BYTES, /* option bytes erased or programmed: a = 0 erase, 1 program, b = address */
	MCU_EVENT_FLASH,        /* main flash: a = 0 page erase, 1 mass erase, 2 program, b = address */
	MCU_EVENT_SLEEPS_SKIPPED, /* Sleep was entered and left a = that many times more, each time
				   as the last time; idle time was skipped meanwhile */
	MCU_EVENT_WATCHDOG,     /* IWDG (a = 0) or WWDG (a = 1) started */
	MCU_EVENT_UNMODELLED,   /* first access to a register that is not modelled: a = address */
};

struct mcu_event {
	enum mcu_event_kind kind;
	uint32_t a, b;
	uint32_t pc;              /* instruction under way */
	const struct mcu_store *store; /* the store behind it, or NULL */
};

struct mcu_hooks {
	void *ctx;
	/* Any of the events above, as they happen (state already changed). */
	void (*event)(void *ctx, struct mcu *m, const struct mcu_event *event);
	/* Every core store to a peripheral, before it takes effect; may change
	 * store->value ("what if it had stored this"). NULL: free of cost. Stores of
	 * rounds that are skipped, which change nothing, are not told again. */
	void (*store)(void *ctx, struct mcu *m, struct mcu_store *store);
	/* A peripheral register is about to be read by the core; may replace the
	 * value after the read (for "what if the sensor had answered"). */
	void (*load)(void *ctx, struct mcu *m, uint32_t pc, uint32_t address, unsigned size,
		     uint32_t *value);
	/* Bytes sent by USARTn (n = 1..5) once they left the shift register. */
	void (*uart_tx)(void *ctx, struct mcu *m, unsigned n, uint8_t byte);
	/* An I2C master addresses `addr7`: true to acknowledge. NULL: NACK. */
	bool (*i2c_ack)(void *ctx, struct mcu *m, unsigned n, uint8_t addr7, bool read);
	/* A data byte passes on I2Cn: what the device is sent, or (read) what it says,
	 * 0xFF unless replaced. */
	void (*i2c_data)(void *ctx, struct mcu *m, unsigned n, bool read, uint8_t *byte);
	/* ADCn has converted `channel`; the value (0..4095) may be replaced. */
	void (*adc)(void *ctx, struct mcu *m, unsigned n, unsigned channel, uint16_t *value);
	/* A load or store meets nothing at `address`, and a bus error follows: true
	 * when something answers there after all, loads with *value. */
	bool (*absent)(void *ctx, struct mcu *m, uint32_t address, unsigned size, bool store,
		       uint32_t *value);
	/* SPI exchange: byte out -> byte in. NULL: 0xFF. */
	uint16_t (*spi)(void *ctx, struct mcu *m, unsigned n, uint16_t out);
	/* An output pin changed. */
	void (*pin)(void *ctx, struct mcu *m, unsigned port, unsigned pin, int level);
};
void mcu_set_hooks(struct mcu *m, const struct mcu_hooks *hooks); /* copied */

/* Bytes into USARTn's receiver, now, at the baud rate the firmware set. */
void mcu_uart_rx(struct mcu *m, unsigned n, const uint8_t *data, size_t len);
/* Bytes with a wrong parity/frame make USART errors; `baud` 0: matches. */
void mcu_uart_rx_at(struct mcu *m, unsigned n, const uint8_t *data, size_t len, uint32_t baud);

/* Which half-words of code were executed since mcu_coverage_clear: a bitmap,
 * one bit a half-word of main flash, chip->flash_die/16 bytes. NULL until
 * enabled. */
void mcu_coverage_enable(struct mcu *m, bool on);
const uint8_t *mcu_coverage(const struct mcu *m);

/* ---- provenance: who wrote this word last -------------------------------- */

/* PC of the core store that last wrote the RAM byte at `address`, when enabled;
 * 0 when never or by other means. */
void mcu_provenance_enable(struct mcu *m, bool on);
uint32_t mcu_last_writer(const struct mcu *m, uint32_t address);

/* ---- snapshots ------------------------------------------------------------ */

/* A snapshot holds everything but hooks. Restoring into the same mcu (or one
 * of identical config) continues exactly as before. <= 2 us a pair. */
struct mcu_snapshot;
struct mcu_snapshot *mcu_snapshot_new(const struct mcu *m); /* allocates room for one */
void mcu_snapshot_free(struct mcu_snapshot *s);
void mcu_snapshot_take(struct mcu_snapshot *s, const struct mcu *m);
void mcu_snapshot_restore(struct mcu *m, const struct mcu_snapshot *s);
/* Is `m` in the snapshot's state, byte for byte, but for SWJ_CFG in force and
 * what it puts on the pins of ports A and B? `m` must be of the same
 * configuration, save for swj_readback. */
bool mcu_snapshot_matches(const struct mcu_snapshot *s, struct mcu *m);

/* ---- what is not modelled ------------------------------------------------- */

/* The peripheral that parts of another density have at `address` and this one has
 * not (RM0008 3.3, table 3), "DAC"; NULL: none. */
const char *mcu_elsewhere(const struct mcu *m, uint32_t address);
/* Walk the registers touched that are not modelled. */
void mcu_unmodelled(const struct mcu *m,
		    void (*each)(void *ctx, uint32_t address, const char *periph), void *ctx);

#endif
