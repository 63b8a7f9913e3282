/*
 * SDIO host. RM0008 chapter 22. No card is in the slot: commands that expect a
 * response time out, others are sent.
 * Not modelled: cards, data transfers.
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define CLKCR 0x04
#define CMD 0x0C
#define RESPCMD 0x10
#define STA 0x34
#define ICR 0x38
#define MASK 0x3C
#define CMD_WAITRESP 0xC0u
#define CMD_CPSMEN 0x400u
#define STA_CTIMEOUT 0x04u
#define STA_CMDSENT 0x80u
#define STA_CMDACT 0x800u
#define NS_PER_S 1000000000ull

static void set_sta(struct periph *p, uint32_t set, uint32_t clear)
{
	periph_set(p, STA, (periph_get(p, STA) & ~clear) | set);
	periph_irq(p, 0, periph_get(p, STA) & periph_get(p, MASK));
}

/* A command is 48 bits; a missing response is given up after 64 more. */
static void write_cmd(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	uint64_t divider = (periph_get(p, CLKCR) & 0xFF) + 2;
	uint64_t bits = value & CMD_WAITRESP ? 112 : 48;

	periph_store(p, r, value);
	if (!(value & CMD_CPSMEN))
		return;
	set_sta(p, STA_CMDACT, 0);
	periph_schedule(p, 0, time_now_ns(p->m) + bits * divider * NS_PER_S / periph_clock_hz(p));
}

static void sdio_event(struct periph *p, unsigned id)
{
	bool expects = periph_get(p, CMD) & CMD_WAITRESP;

	set_sta(p, expects ? STA_CTIMEOUT : STA_CMDSENT, STA_CMDACT);
}

static void write_icr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	set_sta(p, 0, value & 0xC007FF);
}

static void write_mask(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	periph_store(p, r, value);
	set_sta(p, 0, 0);
}

#define PLAIN(off, nm, mask) {off, nm, 0, mask, mask}
static const struct reg regs[] = {
	PLAIN(0x00, "POWER", 3),
	PLAIN(CLKCR, "CLKCR", 0x7FFF),
	PLAIN(0x08, "ARG", ~0u),
	{CMD, "CMD", 0, 0x7FFF, 0x7FFF, .write = write_cmd},
	{RESPCMD, "RESPCMD", 0, 0x3F, 0},
	{0x14, "RESP1", 0, ~0u, 0},
	{0x18, "RESP2", 0, ~0u, 0},
	{0x1C, "RESP3", 0, ~0u, 0},
	{0x20, "RESP4", 0, ~0u, 0},
	PLAIN(0x24, "DTIMER", ~0u),
	PLAIN(0x28, "DLEN", 0x1FFFFFF),
	PLAIN(0x2C, "DCTRL", 0xFFF),
	{0x30, "DCOUNT", 0, 0x1FFFFFF, 0},
	{STA, "STA", 0, 0xFFFFFF, 0},
	{ICR, "ICR", 0, 0, 0xC007FF, .write = write_icr},
	{MASK, "MASK", 0, 0xFFFFFF, 0xFFFFFF, .write = write_mask},
	{0x48, "FIFOCNT", 0, 0xFFFFFF, 0},
	PLAIN(0x80, "FIFO", ~0u),
};

const struct periph_def sdio_def = {
	.kind = "SDIO",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.event = sdio_event,
	.not_modelled = "cards and data transfers",
};
