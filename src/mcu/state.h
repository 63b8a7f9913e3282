/*
 * The layout of a microcontroller in memory. `struct mcu_state` is what a
 * snapshot copies: plain data, no pointers into itself. Included at the end of
 * mcu_internal.h only.
 */
#ifndef REFLASH_MCU_STATE_H
#define REFLASH_MCU_STATE_H

#include "mcu/cpu/cpu_state.h" /* struct cpu_state: registers, NVIC, SCB, SysTick, debug */

#define MCU_MAX_RAM (96u * 1024u)
#define MCU_MAX_PERIPHS 64
#define MCU_PERIPH_EVENTS 4
#define MCU_PERIPH_POOL (24u * 1024u) /* register words and private states of all peripherals */

/* Power, pins and modes: what is neither core nor peripheral. */
struct mcu_board_side {
	bool powered, nrst_low, boot0;
	bool hse_stopped, lse_stopped; /* the crystal does not swing (mcu_crystal) */
	bool sysclk_dead;         /* ... and SYSCLK comes from it: no core, no bus */
	bool debug_powered;       /* CDBGPWRUPREQ has been seen since power-on */
	enum mcu_mode mode;
	bool reset_pending;
	enum mcu_reset reset_why;
	uint64_t reset_ns;        /* when the last reset ended */
	uint64_t reset_until_ns;  /* when the reset pulse under way ends (NRST high) */
	uint32_t boot_alias;      /* what address 0 maps to: flash, system memory or RAM base */
	int8_t pin_drive[8][16];  /* outside levels: -1, 0, 1 */
	uint64_t flash_operations;
	bool flash_busy;          /* a flash operation is under way; reads of flash stall */
	uint64_t limit_ns;        /* mcu_run's until_ns, part of the deadline */
	uint32_t flash_generation;/* counts changes of flash contents */
};

struct mcu_state {
	struct cpu_state cpu;
	struct mcu_time time;
	struct mcu_board_side side;
	uint8_t option_bytes[16];
	uint64_t armed; /* bit i: a row of event_at[i] is not UINT64_MAX; time_set_event keeps it */
	uint64_t event_at[MCU_MAX_PERIPHS][MCU_PERIPH_EVENTS]; /* UINT64_MAX: none */
	uint8_t pool[MCU_PERIPH_POOL];
	uint8_t ram[MCU_MAX_RAM]; /* last, so that a snapshot copies ram_size bytes of it only */
};

/* What is watched, outside snapshots. Each pointer is NULL until enabled. */
struct mcu_side_tables {
	uint8_t *coverage;      /* one bit a half-word of main flash executed (cpu/ sets) */
	uint32_t *writer;       /* PC of the last core store, one a RAM byte (cpu/ sets) */
	uint32_t *unmodelled;   /* register addresses touched that are not modelled, sorted */
	size_t unmodelled_count, unmodelled_room;
};

struct mcu {
	uint32_t stuck_at;    /* offset in flash of a half-word ... */
	uint16_t stuck_ones;  /* ... and its bits that cannot be programmed to 0 */
	struct mcu_config config;
	const struct chip *chip;
	const struct silicon *silicon;
	uint8_t *flash;        /* chip->flash_die bytes */
	struct flash_copy *flash_copy; /* equal to flash unless flash_dirty; shared with snapshots */
	bool flash_dirty;
	uint8_t *system;       /* system memory, chip->system_size bytes */
	struct periph periphs[MCU_MAX_PERIPHS];
	size_t periph_count;
	size_t pool_used;      /* bytes of s.pool in use: what a snapshot copies of it */
	uint8_t periph_map[0x24000 / 0x400]; /* 0x40000000.. in 1-KiB slots -> row + 1 */
	/* Those that others ask. */
	struct periph *rcc, *afio, *flash_if, *dbgmcu, *pwr, *exti, *iwdg, *dac;
	struct periph *gpio[8], *usart[5], *dma[2], *adc[3];
	uint32_t gates[3];     /* AHBENR, APB2ENR, APB1ENR bits that exist on this part */
	uint8_t *row_maps;     /* storage behind periph.row_of */
	struct mcu_hooks hooks;
	uint64_t effort;       /* mcu_effort beside instructions; modulo 2^64 */
	bool stop_requested;
	bool no_idle_skip;     /* mcu_limits.no_idle_skip of the run under way */
	bool bus_error;        /* a register hook refuses the access: the bus answers with an error */
	bool by_debugger;      /* the access under way comes from the AHB-AP */
	bool by_dma;           /* ... from DMA */
	const struct mcu_store *store; /* the peripheral store under way, or NULL */
	struct cpu_cache *cache; /* predecoded code and the code map; owned by cpu/ */
	const struct log *log;
	struct mcu_side_tables *side_tables; /* coverage, provenance, unmodelled list */
	struct mcu_state s;
};

#endif
