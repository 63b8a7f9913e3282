/*
 * mcu: every register of every peripheral against figures written down from
 * RM0008 here, not taken from its row: what it reads after reset, after ones
 * have been written to all of it, and after zeros. Each from the reset state,
 * with the clocks on and nothing else set up: what a key, an enable bit or
 * initialisation mode protects reads as protected.
 */
#include "mcu_fixture.h"

#include "mcu/mcu_internal.h"

#define ANY 0xA5A5A5A5u /* depends on pins or silicon: not held here */

struct figure {
	const char *who;  /* "TIM6 TIM7", "GPIO*" */
	const char *name; /* as RM0008 calls it */
	uint16_t offset;
	uint32_t reset, ones, zeros;
};

#define RW(who, name, offset, mask) {who, name, offset, 0, mask, 0}
#define READ_ONLY(who, name, offset, value) {who, name, offset, value, value, value}
#define NOTHING(who, name, offset) {who, name, offset, 0, 0, 0}
#define ADVANCED "TIM1 TIM8"
#define GENERAL "TIM2 TIM3 TIM4 TIM5"
#define WITH_CHANNELS ADVANCED " " GENERAL
#define BASIC "TIM6 TIM7"
#define TIMERS WITH_CHANNELS " " BASIC
#define DMA_CHANNEL(who, n, ccr, word)                                                             \
	RW(who, "CCR" #n, 0x08 + 20 * (n - 1), ccr),                                               \
	RW(who, "CNDTR" #n, 0x0C + 20 * (n - 1), word),                                            \
	RW(who, "CPAR" #n, 0x10 + 20 * (n - 1), word ? ~0u : 0),                                   \
	RW(who, "CMAR" #n, 0x14 + 20 * (n - 1), word ? ~0u : 0)
#define FSMC_BANK(n, bcr)                                                                          \
	{"FSMC", "BCR" #n, 8 * (n - 1), bcr, ANY, 0x80 & bcr},                                     \
	{"FSMC", "BTR" #n, 8 * (n - 1) + 4, 0x0FFFFFFF, 0x3FFFFFFF, 0},                            \
	{"FSMC", "BWTR" #n, 0x104 + 8 * (n - 1), 0x0FFFFFFF, 0x3FFFFFFF, 0}
#define FSMC_CARD(n)                                                                               \
	{"FSMC", "PCR" #n, 0x20 + 0x20 * n, 0x18, 0x000FFE7E, 0},                            \
	{"FSMC", "SR" #n, 0x24 + 0x20 * n, 0x40, 0x7F, 0x40},                                \
	{"FSMC", "PMEM" #n, 0x28 + 0x20 * n, 0xFCFCFCFC, ~0u, 0},                            \
	{"FSMC", "PATT" #n, 0x2C + 0x20 * n, 0xFCFCFCFC, ~0u, 0}

static const struct figure figures[] = {
	/* 7.3: HSION cannot go while SYSCLK is HSI; HSIRDY is 1; RMVF reads 0. The
	 * enable and reset registers are a high-density part's; others further down. */
	{"RCC", "CR", 0x00, 0x83, 0x010D00FB, 0x03},
	RW("RCC", "CFGR", 0x04, 0x077FFFF3),
	RW("RCC", "CIR", 0x08, 0x1F00),
	RW("RCC", "APB2RSTR", 0x0C, 0xFFFD),
	RW("RCC", "APB1RSTR", 0x10, 0x3AFEC83F),
	{"RCC", "AHBENR", 0x14, 0x14, 0x557, 0},
	RW("RCC", "APB2ENR", 0x18, 0xFFFD),
	RW("RCC", "APB1ENR", 0x1C, 0x3AFEC83F),
	NOTHING("RCC", "BDCR", 0x20),
	{"RCC", "CSR", 0x24, 0x0C000000, 0x1, 0x0C000000},
	/* PM0075 3: LOCK, and keys that are wrong. PRFTBS follows PRFTBE. */
	{"FLASH", "ACR", 0x00, 0x30, 0x3F, 0},
	NOTHING("FLASH", "KEYR", 0x04), NOTHING("FLASH", "OPTKEYR", 0x08),
	NOTHING("FLASH", "SR", 0x0C),
	READ_ONLY("FLASH", "CR", 0x10, 0x80),
	NOTHING("FLASH", "AR", 0x14),
	READ_ONLY("FLASH", "OBR", 0x1C, 0x03FFFFFC),
	READ_ONLY("FLASH", "WRPR", 0x20, 0xFFFFFFFF),
	/* 5.4: CWUF and CSBF read 0. */
	RW("PWR", "CR", 0x00, 0x1F3), RW("PWR", "CSR", 0x04, 0x100),
	/* 19.4: KR is write-only, the rest locked. */
	NOTHING("IWDG", "KR", 0x00), NOTHING("IWDG", "PR", 0x04),
	READ_ONLY("IWDG", "RLR", 0x08, 0xFFF), NOTHING("IWDG", "SR", 0x0C),
	/* 20.6 */
	{"WWDG", "CR", 0x00, 0x7F, 0xFF, 0},
	{"WWDG", "CFR", 0x04, 0x7F, 0x3FF, 0}, NOTHING("WWDG", "SR", 0x08),
	/* 31.16.3 */
	{"DBGMCU", "IDCODE", 0x00, ANY, ANY, ANY}, RW("DBGMCU", "CR", 0x04, 0x001FFFE7),
	/* 9.4: SWJ_CFG is write-only; 111 has no effect. MAPR2: XL and value line. */
	RW("AFIO", "EVCR", 0x00, 0xFF), RW("AFIO", "MAPR", 0x04, 0x001FFFFF),
	RW("AFIO", "EXTICR1", 0x08, 0xFFFF), RW("AFIO", "EXTICR2", 0x0C, 0xFFFF),
	RW("AFIO", "EXTICR3", 0x10, 0xFFFF), RW("AFIO", "EXTICR4", 0x14, 0xFFFF),
	NOTHING("AFIO", "MAPR2", 0x1C),
	/* 10.3: nineteen lines. */
	RW("EXTI", "IMR", 0x00, 0x7FFFF), RW("EXTI", "EMR", 0x04, 0x7FFFF),
	RW("EXTI", "RTSR", 0x08, 0x7FFFF), RW("EXTI", "FTSR", 0x0C, 0x7FFFF),
	RW("EXTI", "SWIER", 0x10, 0x7FFFF), NOTHING("EXTI", "PR", 0x14),
	/* 9.2: LCKK takes a sequence. */
	{"GPIO*", "CRL", 0x00, 0x44444444, ~0u, 0}, {"GPIO*", "CRH", 0x04, 0x44444444, ~0u, 0},
	{"GPIO*", "IDR", 0x08, ANY, ANY, ANY}, RW("GPIO*", "ODR", 0x0C, 0xFFFF),
	NOTHING("GPIO*", "BSRR", 0x10), NOTHING("GPIO*", "BRR", 0x14),
	RW("GPIO*", "LCKR", 0x18, 0xFFFF),
	/* 4.4: a word of ones gives 0, one of zeros this remainder. */
	{"CRC", "DR", 0x00, 0xFFFFFFFF, 0, 0xC704DD7B}, RW("CRC", "IDR", 0x04, 0xFF),
	NOTHING("CRC", "CR", 0x08),
	/* 6.4, with DBP set */
	RW("BKP", "DR1", 0x04, 0xFFFF), RW("BKP", "DR2", 0x08, 0xFFFF),
	RW("BKP", "DR3", 0x0C, 0xFFFF), RW("BKP", "DR4", 0x10, 0xFFFF),
	RW("BKP", "DR5", 0x14, 0xFFFF), RW("BKP", "DR6", 0x18, 0xFFFF),
	RW("BKP", "DR7", 0x1C, 0xFFFF), RW("BKP", "DR8", 0x20, 0xFFFF),
	RW("BKP", "DR9", 0x24, 0xFFFF), RW("BKP", "DR10", 0x28, 0xFFFF),
	RW("BKP", "RTCCR", 0x2C, 0x3FF), RW("BKP", "CR", 0x30, 3), RW("BKP", "CSR", 0x34, 4),
	/* 18.4, with DBP, without CNF or a clock; PRL and ALR are write-only. */
	RW("RTC", "CRH", 0x00, 7), {"RTC", "CRL", 0x04, 0x20, 0x30, 0x20},
	NOTHING("RTC", "PRLH", 0x08), NOTHING("RTC", "PRLL", 0x0C),
	NOTHING("RTC", "DIVH", 0x10), READ_ONLY("RTC", "DIVL", 0x14, 0x8000),
	NOTHING("RTC", "CNTH", 0x18), NOTHING("RTC", "CNTL", 0x1C),
	NOTHING("RTC", "ALRH", 0x20), NOTHING("RTC", "ALRL", 0x24),
	/* 14.4, 15.4, 17.4. DMAR with DBA 0 is CR1. */
	RW(WITH_CHANNELS, "CR1", 0x00, 0x3FF), RW(BASIC, "CR1", 0x00, 0x8F),
	RW(ADVANCED, "CR2", 0x04, 0x7FFD), RW(GENERAL, "CR2", 0x04, 0xF8),
	RW(BASIC, "CR2", 0x04, 0x70),
	RW(WITH_CHANNELS, "SMCR", 0x08, 0xFFF7),
	RW(ADVANCED, "DIER", 0x0C, 0x7FFF), RW(GENERAL, "DIER", 0x0C, 0x5F5F),
	RW(BASIC, "DIER", 0x0C, 0x101),
	NOTHING(TIMERS, "SR", 0x10), NOTHING(TIMERS, "EGR", 0x14),
	RW(WITH_CHANNELS, "CCMR1", 0x18, 0xFFFF), RW(WITH_CHANNELS, "CCMR2", 0x1C, 0xFFFF),
	RW(ADVANCED, "CCER", 0x20, 0x3FFF), RW(GENERAL, "CCER", 0x20, 0x3333),
	RW(TIMERS, "CNT", 0x24, 0xFFFF), RW(TIMERS, "PSC", 0x28, 0xFFFF),
	{TIMERS, "ARR", 0x2C, 0xFFFF, 0xFFFF, 0},
	RW(ADVANCED, "RCR", 0x30, 0xFF), NOTHING(GENERAL, "RCR", 0x30),
	RW(WITH_CHANNELS, "CCR1", 0x34, 0xFFFF), RW(WITH_CHANNELS, "CCR2", 0x38, 0xFFFF),
	RW(WITH_CHANNELS, "CCR3", 0x3C, 0xFFFF), RW(WITH_CHANNELS, "CCR4", 0x40, 0xFFFF),
	RW(ADVANCED, "BDTR", 0x44, 0xFFFF), NOTHING(GENERAL, "BDTR", 0x44),
	RW(WITH_CHANNELS, "DCR", 0x48, 0x1F1F), RW(WITH_CHANNELS, "DMAR", 0x4C, 0x3FF),
	/* 25.5 */
	RW("SPI*", "CR1", 0x00, 0xFFFF), RW("SPI*", "CR2", 0x04, 0xE7),
	READ_ONLY("SPI*", "SR", 0x08, 2), NOTHING("SPI*", "DR", 0x0C),
	{"SPI*", "CRCPR", 0x10, 7, 0xFFFF, 0}, NOTHING("SPI*", "RXCRCR", 0x14),
	NOTHING("SPI*", "TXCRCR", 0x18), RW("SPI*", "I2SCFGR", 0x1C, 0xFBF),
	{"SPI*", "I2SPR", 0x20, 2, 0x3FF, 0},
	/* 26.6: SWRST holds the rest of CR1 at 0. */
	RW("I2C*", "CR1", 0x00, 0x8000), RW("I2C*", "CR2", 0x04, 0x1F3F),
	RW("I2C*", "OAR1", 0x08, 0xC3FF), RW("I2C*", "OAR2", 0x0C, 0xFF),
	NOTHING("I2C*", "DR", 0x10),
	NOTHING("I2C*", "SR1", 0x14), NOTHING("I2C*", "SR2", 0x18), RW("I2C*", "CCR", 0x1C, 0xCFFF),
	{"I2C*", "TRISE", 0x20, 2, 0x3F, 0},
	/* 11.12: the start bits go by themselves. */
	NOTHING("ADC*", "SR", 0x00), RW("ADC*", "CR1", 0x04, 0xCFFFFF),
	RW("ADC*", "CR2", 0x08, 0x9EF90F), RW("ADC*", "SMPR1", 0x0C, 0xFFFFFF),
	RW("ADC*", "SMPR2", 0x10, 0x3FFFFFFF), RW("ADC*", "JOFR1", 0x14, 0xFFF),
	RW("ADC*", "JOFR2", 0x18, 0xFFF), RW("ADC*", "JOFR3", 0x1C, 0xFFF),
	RW("ADC*", "JOFR4", 0x20, 0xFFF), {"ADC*", "HTR", 0x24, 0xFFF, 0xFFF, 0},
	RW("ADC*", "LTR", 0x28, 0xFFF), RW("ADC*", "SQR1", 0x2C, 0xFFFFFF),
	RW("ADC*", "SQR2", 0x30, 0x3FFFFFFF), RW("ADC*", "SQR3", 0x34, 0x3FFFFFFF),
	RW("ADC*", "JSQR", 0x38, 0x3FFFFF), NOTHING("ADC*", "JDR1", 0x3C),
	NOTHING("ADC*", "JDR2", 0x40), NOTHING("ADC*", "JDR3", 0x44), NOTHING("ADC*", "JDR4", 0x48),
	NOTHING("ADC*", "DR", 0x4C),
	/* 23.5 */
	RW("USB", "EP0R", 0x00, 0x777F), RW("USB", "EP1R", 0x04, 0x777F),
	RW("USB", "EP2R", 0x08, 0x777F), RW("USB", "EP3R", 0x0C, 0x777F),
	RW("USB", "EP4R", 0x10, 0x777F), RW("USB", "EP5R", 0x14, 0x777F),
	RW("USB", "EP6R", 0x18, 0x777F), RW("USB", "EP7R", 0x1C, 0x777F),
	{"USB", "CNTR", 0x40, 3, 0xFF1F, 0}, NOTHING("USB", "ISTR", 0x44),
	NOTHING("USB", "FNR", 0x48),
	RW("USB", "DADDR", 0x4C, 0xFF), RW("USB", "BTABLE", 0x50, 0xFFF8),
	/* 24.9: MCR.RESET brings the reset value back; BTR wants INRQ; no second CAN. */
	{"CAN", "MCR", 0x00, 0x00010002, 0x00010002, 0}, {"CAN", "MSR", 0x04, 0xC02, 0xC02, 0xC02},
	READ_ONLY("CAN", "TSR", 0x08, 0x1C000000), NOTHING("CAN", "RF0R", 0x0C),
	NOTHING("CAN", "RF1R", 0x10), RW("CAN", "IER", 0x14, 0x38F7F), RW("CAN", "ESR", 0x18, 0x70),
	READ_ONLY("CAN", "BTR", 0x1C, 0x01230000),
	{"CAN", "FMR", 0x200, 0x2A1C0E01, 0x2A1C0E01, 0x2A1C0E00}, RW("CAN", "FM1R", 0x204, 0x3FFF),
	RW("CAN", "FS1R", 0x20C, 0x3FFF), RW("CAN", "FFA1R", 0x214, 0x3FFF),
	RW("CAN", "FA1R", 0x21C, 0x3FFF),
	/* 12.5 */
	RW("DAC", "CR", 0x00, 0x1FFF1FFF), NOTHING("DAC", "SWTRIGR", 0x04),
	RW("DAC", "DHR12R1", 0x08, 0xFFF), RW("DAC", "DHR12L1", 0x0C, 0xFFF0),
	RW("DAC", "DHR8R1", 0x10, 0xFF), RW("DAC", "DHR12R2", 0x14, 0xFFF),
	RW("DAC", "DHR12L2", 0x18, 0xFFF0), RW("DAC", "DHR8R2", 0x1C, 0xFF),
	RW("DAC", "DHR12RD", 0x20, 0x0FFF0FFF), RW("DAC", "DHR12LD", 0x24, 0xFFF0FFF0),
	RW("DAC", "DHR8RD", 0x28, 0xFFFF), NOTHING("DAC", "DOR1", 0x2C),
	NOTHING("DAC", "DOR2", 0x30),
	/* 21.5.6, 21.6.8 */
	FSMC_BANK(1, 0x30DB), FSMC_BANK(2, 0x30D2), FSMC_BANK(3, 0x30D2), FSMC_BANK(4, 0x30D2),
	FSMC_CARD(2), FSMC_CARD(3), FSMC_CARD(4),
	NOTHING("FSMC", "ECCR2", 0x74), NOTHING("FSMC", "ECCR3", 0x94),
	{"FSMC", "PIO4", 0xB0, 0xFCFCFCFC, ~0u, 0},
	/* 22.9 */
	RW("SDIO", "POWER", 0x00, 3), RW("SDIO", "CLKCR", 0x04, 0x7FFF),
	RW("SDIO", "ARG", 0x08, ~0u),
	RW("SDIO", "CMD", 0x0C, 0x7FFF), NOTHING("SDIO", "RESPCMD", 0x10),
	NOTHING("SDIO", "RESP1", 0x14), NOTHING("SDIO", "RESP2", 0x18),
	NOTHING("SDIO", "RESP3", 0x1C),
	NOTHING("SDIO", "RESP4", 0x20), RW("SDIO", "DTIMER", 0x24, ~0u),
	RW("SDIO", "DLEN", 0x28, 0x1FFFFFF), RW("SDIO", "DCTRL", 0x2C, 0xFFF),
	NOTHING("SDIO", "DCOUNT", 0x30), NOTHING("SDIO", "STA", 0x34), NOTHING("SDIO", "ICR", 0x38),
	RW("SDIO", "MASK", 0x3C, 0xFFFFFF), NOTHING("SDIO", "FIFOCNT", 0x48),
	{"SDIO", "FIFO", 0x80, 0, ANY, ANY},
	/* 13.4: DMA2 has five channels. */
	NOTHING("DMA*", "ISR", 0x00), NOTHING("DMA*", "IFCR", 0x04),
	DMA_CHANNEL("DMA*", 1, 0x7FFF, 0xFFFF), DMA_CHANNEL("DMA*", 2, 0x7FFF, 0xFFFF),
	DMA_CHANNEL("DMA*", 3, 0x7FFF, 0xFFFF), DMA_CHANNEL("DMA*", 4, 0x7FFF, 0xFFFF),
	DMA_CHANNEL("DMA*", 5, 0x7FFF, 0xFFFF), DMA_CHANNEL("DMA1", 6, 0x7FFF, 0xFFFF),
	DMA_CHANNEL("DMA1", 7, 0x7FFF, 0xFFFF), DMA_CHANNEL("DMA2", 6, 0, 0),
	DMA_CHANNEL("DMA2", 7, 0, 0),
	/* 27.6: TC is cleared by writing 0. */
	{"USART* UART*", "SR", 0x00, 0xC0, 0xC0, 0x80}, NOTHING("USART* UART*", "DR", 0x04),
	RW("USART* UART*", "BRR", 0x08, 0xFFFF), RW("USART* UART*", "CR1", 0x0C, 0x3FFF),
	RW("USART* UART*", "CR2", 0x10, 0x7F6F), RW("USART* UART*", "CR3", 0x14, 0x7FF),
	RW("USART* UART*", "GTPR", 0x18, 0xFFFF),
};

/* Is `name` one of the words of `who`? */
static bool is_one_of(const char *who, const char *name)
{
	while (*who) {
		size_t len = strcspn(who, " ");
		bool star = who[len - 1] == '*';

		if (star ? strncmp(who, name, len - 1) == 0
			 : strlen(name) == len && strncmp(who, name, len) == 0)
			return true;
		who += len;
		who += *who == ' ';
	}
	return false;
}

static const struct figure *figure_of(const char *periph, uint16_t offset)
{
	const struct figure *found = NULL;

	for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
		if (figures[i].offset == offset && is_one_of(figures[i].who, periph)) {
			assert_null(found); /* once */
			found = &figures[i];
		}
	return found;
}

static bool held(const struct periph *p, const char *name, const char *when, uint32_t got,
		 uint32_t expected)
{
	if (expected == ANY || got == expected)
		return true;
	print_message("# %s_%s %s: 0x%08x, RM0008 0x%08x\n", p->name, name, when, (unsigned)got,
		      (unsigned)expected);
	return false;
}

/* The state that a register is looked at in: RCC and FLASH as reset left them. */
static const struct mcu_snapshot *start_of(const struct periph *p, struct mcu_snapshot *const at[3])
{
	if (is_one_of("RCC FLASH", p->name))
		return at[0];
	return is_one_of("BKP RTC", p->name) ? at[2] : at[1];
}

/* The bus may refuse: a wrong flash key. What is read afterwards counts. */
static void put(struct mcu *m, uint32_t address, uint32_t value)
{
	(void)mcu_debug_write(m, address, 4, value);
}

static bool register_holds(struct mcu *m, struct periph *p, const struct reg *r,
			   struct mcu_snapshot *const at[3])
{
	const struct figure *f = figure_of(p->name, r->offset);
	const struct mcu_snapshot *start = start_of(p, at);
	uint32_t address = p->base + r->offset;
	bool good;

	if (!f || strcmp(f->name, r->name) != 0) {
		print_message("# %s_%s at 0x%x: no figure of that name\n", p->name, r->name,
			      r->offset);
		return false;
	}
	mcu_snapshot_restore(m, start);
	good = held(p, f->name, "after reset", rd(m, address), f->reset);
	put(m, address, ~0u);
	good &= held(p, f->name, "after ones", rd(m, address), f->ones);
	mcu_snapshot_restore(m, start);
	put(m, address, 0);
	return good & held(p, f->name, "after zeros", rd(m, address), f->zeros);
}

static void every_register_is_as_the_manual_says(void **state)
{
	struct mcu_config config = fixture_config("ze");
	struct mcu *m = fixture_from(&config);
	struct mcu_snapshot *at[3];
	unsigned wrong = 0, count = 0;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		at[i] = mcu_snapshot_new(m);
		assert_non_null(at[i]);
	}
	mcu_snapshot_take(at[0], m);
	clocks_on(m);
	mcu_snapshot_take(at[1], m);
	wr(m, 0x40007000, 0x100);
	mcu_snapshot_take(at[2], m);
	for (size_t i = 0; i < m->periph_count; i++)
		for (size_t k = 0; k < m->periphs[i].def->reg_count; k++, count++)
			wrong += !register_holds(m, &m->periphs[i], &m->periphs[i].def->regs[k],
						 at);
	print_message("# %u registers\n", count);
	assert_int_equal(wrong, 0);
	for (unsigned i = 0; i < 3; i++)
		mcu_snapshot_free(at[i]);
	mcu_free(m);
}

/* The core's own, of a Cortex-M3 r1p1 with 43 interrupts, four priority bits and
 * no MPU: DDI 0403 B3, C1; PM0056 4. */
static const struct figure core_figures[] = {
	READ_ONLY("", "ICTR", 0xE004, 1),
	RW("", "SYST_CSR", 0xE010, 7), RW("", "SYST_RVR", 0xE014, 0xFFFFFF),
	NOTHING("", "SYST_CVR", 0xE018),
	RW("", "NVIC_ISER0", 0xE100, ~0u), RW("", "NVIC_ISER1", 0xE104, 0x7FF),
	NOTHING("", "NVIC_ISER2", 0xE108), RW("", "NVIC_ISPR1", 0xE204, 0x7FF),
	NOTHING("", "NVIC_IABR0", 0xE300), RW("", "NVIC_IPR0", 0xE400, 0xF0F0F0F0),
	RW("", "NVIC_IPR10", 0xE428, 0x00F0F0F0), NOTHING("", "NVIC_IPR11", 0xE42C),
	READ_ONLY("", "CPUID", 0xED00, 0x411FC231), RW("", "VTOR", 0xED08, 0x3FFFFF80),
	READ_ONLY("", "AIRCR", 0xED0C, 0xFA050000), RW("", "SCR", 0xED10, 0x16),
	{"", "CCR", 0xED14, ANY, 0x31B, 0}, RW("", "SHPR1", 0xED18, 0x00F0F0F0),
	RW("", "SHPR2", 0xED1C, 0xF0000000), RW("", "SHPR3", 0xED20, 0xF0F000F0),
	NOTHING("", "CFSR", 0xED28), NOTHING("", "HFSR", 0xED2C), NOTHING("", "MPU_TYPE", 0xED90),
	RW("", "DEMCR", 0xEDFC, 0x010F07F1), NOTHING("", "STIR", 0xEF00),
	{"", "DWT_CTRL", 0x1000, 0x40000000, ANY, 0x40000000},
	{"", "FP_CTRL", 0x2000, 0x260, 0x261, 0x260},
};

static void core_registers_are_as_their_manual_says(void **state)
{
	static const struct periph core = {.name = "core"};
	struct mcu *m = fixture();
	struct mcu_snapshot *start = mcu_snapshot_new(m);
	unsigned wrong = 0;

	(void)state;
	assert_non_null(start);
	mcu_snapshot_take(start, m);
	for (size_t i = 0; i < sizeof core_figures / sizeof core_figures[0]; i++) {
		const struct figure *f = &core_figures[i];
		uint32_t address = 0xE0000000u + f->offset;

		mcu_snapshot_restore(m, start);
		wrong += !held(&core, f->name, "after reset", rd(m, address), f->reset);
		put(m, address, ~0u);
		wrong += !held(&core, f->name, "after ones", rd(m, address), f->ones);
		mcu_snapshot_restore(m, start);
		put(m, address, 0);
		wrong += !held(&core, f->name, "after zeros", rd(m, address), f->zeros);
	}
	assert_int_equal(wrong, 0);
	mcu_snapshot_free(start);
	mcu_free(m);
}

/* What a part lacks cannot be switched on. Read back from a genuine C8 with all
 * bits written; C6 and ZE by RM0008 tables 3 and 7.3.6 to 7.3.8. */
static void the_gates_are_those_of_the_part(void **state)
{
	static const struct {
		const char *chip;
		uint32_t ahb, apb2, apb1;
	} parts[] = {
		{"c6", 0x55, 0x5E3D, 0x1AA20803},
		{"c8", 0x55, 0x5E7D, 0x1AE64807},
		{"ze", 0x557, 0xFFFD, 0x3AFEC83F},
	};

	(void)state;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		struct mcu_config config = fixture_config(parts[i].chip);
		struct mcu *m = fixture_from(&config);

		clocks_on(m);
		assert_int_equal(rd(m, 0x40021014), parts[i].ahb);
		assert_int_equal(rd(m, 0x40021018), parts[i].apb2);
		assert_int_equal(rd(m, 0x4002101C), parts[i].apb1);
		mcu_free(m);
	}
}

/* Every bit of every gate: with it off the peripheral reads 0 and takes nothing. */
static void without_its_gate_a_peripheral_is_dead(void **state)
{
	struct mcu_config config = fixture_config("ze");
	struct mcu *m = fixture_from(&config);

	(void)state;
	for (size_t i = 0; i < m->periph_count; i++) {
		const struct periph *p = &m->periphs[i];

		for (size_t k = 0; p->gate >= 0 && k < p->def->reg_count; k++) {
			wr(m, p->base + p->def->regs[k].offset, ~0u);
			assert_int_equal(rd(m, p->base + p->def->regs[k].offset), 0);
		}
	}
	clocks_on(m);
	assert_int_equal(rd(m, 0x40010800), 0x44444444);
	assert_int_equal(rd(m, 0x40004408), 0); /* USART2_BRR */
	mcu_free(m);
}

/* RCC_APBxRSTR: each peripheral behind a reset bit goes back to its reset state. */
static void its_reset_bit_undoes_what_was_written(void **state)
{
	struct mcu_config config = fixture_config("ze");
	struct mcu *m = fixture_from(&config);

	(void)state;
	clocks_on(m);
	wr(m, 0x40000028, 0x1234); /* TIM2_PSC */
	wr(m, 0x40012C44, 0x5500); /* TIM1_BDTR */
	wr(m, 0x40004408, 0x45);   /* USART2_BRR */
	wr(m, 0x4002100C, 1u << 11);
	assert_int_equal(rd(m, 0x40012C44), 0);
	assert_int_equal(rd(m, 0x40000028), 0x1234);
	wr(m, 0x40021010, 1);
	assert_int_equal(rd(m, 0x40000028), 0);
	assert_int_equal(rd(m, 0x40004408), 0x45);
	wr(m, 0x40021010, 1u << 17);
	assert_int_equal(rd(m, 0x40004408), 0);
	mcu_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_register_is_as_the_manual_says),
		cmocka_unit_test(core_registers_are_as_their_manual_says),
		cmocka_unit_test(the_gates_are_those_of_the_part),
		cmocka_unit_test(without_its_gate_a_peripheral_is_dead),
		cmocka_unit_test(its_reset_bit_undoes_what_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
