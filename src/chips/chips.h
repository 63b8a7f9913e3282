/*
 * Chips as data: what differs between one STM32 and the next is a row here,
 * code only where the hardware differs. Read by both sides (the board that
 * plays a chip, and the host that talks to one), so the rows are held against
 * outside tables and real clients (tests/oracle).
 *
 * To add a chip: one row in its family's file, one test row in
 * tests/unit/test_chips.c.
 */
#ifndef REFLASH_CHIPS_H
#define REFLASH_CHIPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A duration as a datasheet gives it, in nanoseconds. */
struct span {
	uint32_t min, typ, max;
};

/* Flash timing of a family (DS5319 table 28 for STM32F103x8/xB). */
struct flash_timing {
	struct span program_ns;    /* one half-word */
	struct span page_erase_ns; /* one page */
	struct span mass_erase_ns; /* the whole main array */
	const char *source;
};

/* F1 flash algorithm variants; one implementation a family in src/flash. */
enum flash_algorithm { FLASH_NONE, FLASH_STM32F1 };

/* STM32F1 density class: decides peripherals, page size and WRP granularity. */
enum density { DENSITY_LOW, DENSITY_MEDIUM, DENSITY_HIGH, DENSITY_XL };

/* One orderable part. Addresses are byte addresses, sizes bytes. */
struct chip {
	const char *name;    /* "STM32F103C8" */
	const char *family;  /* "STM32F1" */
	uint16_t dev_id;     /* DBGMCU_IDCODE[11:0] */
	enum density density;
	uint32_t flash_base; /* 0x08000000 */
	uint32_t flash_size; /* as sold: what the flash-size register says */
	uint32_t flash_die;  /* what the die really has (C8 dies mostly carry 128 KiB) */
	uint32_t page_size;
	uint32_t wrp_pages;  /* pages a WRP bit protects (last bit: all the rest) */
	uint32_t ram_base;   /* 0x20000000 */
	uint32_t ram_size;
	uint32_t system_base; /* system memory (boot ROM) 0x1FFFF000 */
	uint32_t system_size;
	uint32_t option_base; /* 0x1FFFF800 */
	uint32_t flash_size_reg; /* 0x1FFFF7E0, half-word, KiB */
	uint32_t uid_reg;        /* 0x1FFFF7E8, 12 bytes */
	enum flash_algorithm algorithm;
	const struct flash_timing *timing;
	uint8_t gpio_ports;   /* number of ports from A */
	uint8_t usarts;       /* USART1.. */
	uint8_t package_pins; /* 48, 64, 100 */
	uint8_t irqs;         /* number of external interrupts */
};

/* A genuine part or a clone of it, as seen from outside (facts: clones). */
struct silicon {
	const char *name;     /* "genuine", "gd32f103", ... as given to --silicon */
	const char *maker;    /* "STMicroelectronics", ... */
	uint32_t dpidr;       /* SW-DP DPIDR */
	uint32_t ap_idr;      /* AHB-AP IDR */
	uint32_t cpuid;
	uint32_t idcode_rev;  /* DBGMCU_IDCODE[31:12], in place; DEV_ID comes from the chip */
	uint16_t rom_designer;/* JEP106: continuation << 8 | id; 0xFFFF: PIDs read 0 */
	uint16_t rom_part;    /* ROM table part number; 0: the chip's dev_id */
	uint32_t vtor_mask;   /* writable bits of VTOR */
	bool idcode_erratum;  /* firmware reads DBGMCU as 0 until a debugger was there */
	bool swj_first_write_only; /* GD32: only the first SWJ_CFG write after reset counts */
	bool no_attach_in_reset;   /* AIR32: SWD is dead while NRST is low */
	bool swj_nojtag_locks;     /* AIR32: SWJ_CFG=010 takes SWD too */
	bool ram_size_in_flash_reg;/* GD32: high half of the flash-size word is KiB of SRAM */
	bool uid_zero;
	uint32_t flash_slowdown;   /* percent of the genuine typ duration; 100 = same */
	bool no_crc_unit;          /* its registers are there and compute nothing */
	uint8_t nvic_prio_bits;    /* 4 on ST, 3 on AIR32 */
	uint32_t word_1ffff7d0;    /* marker word in system memory, 0xFFFFFFFF on ST */
	uint32_t rom_initial_sp;   /* first word of system memory; 0: our own boot ROM's */
	uint32_t ahbenr_extra;     /* extra writable bits of RCC_AHBENR */
	uint32_t word_40022100;    /* GD32 product-id word; 0: absent */
	const char *source;
};

/* All rows, in printing order. */
const struct chip *chips_all(size_t *count);
const struct silicon *silicon_all(size_t *count);

/*
 * Find a part by name. Case does not matter; "c8" and "f103c8" mean
 * STM32F103C8, and trailing package/temperature letters ("T6") are ignored.
 * NULL when there is none.
 */
const struct chip *chip_by_name(const char *name);
/* The smallest modelled part with this DEV_ID whose flash is at least
 * `flash_kib` (0: any). NULL when the id is unknown. */
const struct chip *chip_by_id(uint16_t dev_id, unsigned flash_kib);
const struct silicon *silicon_by_name(const char *name);

/* Half-open range test used all over: is [addr, addr+len) inside [base, base+size)? */
static inline bool range_inside(uint32_t addr, size_t len, uint32_t base, uint32_t size)
{
	return addr >= base && addr - base <= size && len <= size - (addr - base);
}

#endif
