/*
 * The boot ROM of the virtual board: runs on its Cortex-M3 from system memory
 * when BOOT0 is high and BOOT1 low. The UART protocol of AN3155, version 2.2,
 * on USART1 (PA9/PA10, 8E1), as AN2606 describes it for STM32F103: baud rate
 * measured on 0x7F, RAM 0x20000000-0x200001FF only (XL density keeps 2 KiB), a
 * hardware-started IWDG is slowed down and refreshed, SWJ stays as reset left it.
 *
 * Built by make-image into bootrom_image.h; not part of the host program.
 *
 * Not modelled: what ST's ROM does beyond these documents; XL density's USART2
 * and its second flash bank, which is read but answers NACK to writing and
 * erasing. ASSUMED: a frame with a parity or framing error is answered with NACK.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REG32(a) (*(volatile uint32_t *)(a))
#define REG16(a) (*(volatile uint16_t *)(a))
#define REG8(a) (*(volatile uint8_t *)(a))

#define RCC_APB2RSTR REG32(0x4002100Cu)
#define RCC_APB2ENR REG32(0x40021018u)
#define APB2_GPIOA (1u << 2)
#define APB2_USART1 (1u << 14)
#define GPIOA_CRH REG32(0x40010804u)
#define GPIOA_IDR REG32(0x40010808u)
#define CRH_RESET 0x44444444u
#define CRH_USART1 0x444444B4u /* PA9 alternate push-pull, PA10 floating input */
#define PA10 (1u << 10)
#define USART_SR REG32(0x40013800u)
#define USART_DR REG32(0x40013804u)
#define USART_BRR REG32(0x40013808u)
#define USART_CR1 REG32(0x4001380Cu)
#define SR_ERRORS 7u /* PE, FE, NE */
#define SR_RXNE (1u << 5)
#define SR_TC (1u << 6)
#define SR_TXE (1u << 7)
#define CR1_8E1 0x340Cu /* UE, M (parity makes nine bits), PCE, TE, RE */
#define IWDG_KR REG32(0x40003000u)
#define IWDG_PR REG32(0x40003004u)
#define FLASH_KEYR REG32(0x40022004u)
#define FLASH_OPTKEYR REG32(0x40022008u)
#define FLASH_SR REG32(0x4002200Cu)
#define FLASH_CR REG32(0x40022010u)
#define FLASH_AR REG32(0x40022014u)
#define FLASH_OBR REG32(0x4002201Cu)
#define KEY1 0x45670123u
#define KEY2 0xCDEF89ABu
#define SR_BSY 1u
#define SR_FAILED 0x14u /* PGERR, WRPRTERR */
#define CR_PG (1u << 0)
#define CR_PER (1u << 1)
#define CR_MER (1u << 2)
#define CR_OPTPG (1u << 4)
#define CR_OPTER (1u << 5)
#define CR_STRT (1u << 6)
#define CR_LOCK (1u << 7)
#define CR_OPTWRE (1u << 9)
#define OBR_RDPRT (1u << 1)
#define SYST_CSR REG32(0xE000E010u)
#define SYST_RVR REG32(0xE000E014u)
#define SYST_CVR REG32(0xE000E018u)
#define AIRCR REG32(0xE000ED0Cu)

#define FLASH_BASE 0x08000000u
#define RAM_BASE 0x20000000u
#define RAM_OURS 0x200u
#define BANK1 0x80000u
#define OPTION_BASE 0x1FFFF800u
#define OPTION_BYTES 8u
#define RDP_OFF 0xA5u
#define FLASH_KIB REG16(0x1FFFF7E0u)

#define ACK 0x79
#define NACK 0x1F
#define VERSION 0x22
#define BAD 0x100 /* a received value with an error */

/* The densities by the flash-size register: end of flash, RAM and what of it is
 * the ROM's, page, system memory. */
struct part {
	uint16_t max_kib;
	uint16_t pid;
	uint16_t flash_kib;
	uint16_t ram_ours;
	uint8_t ram_kib;
	uint8_t page_shift;
	uint32_t system_base;
};
static const struct part parts[] = {
	{32, 0x412, 32, RAM_OURS, 10, 10, 0x1FFFF000},
	{128, 0x410, 128, RAM_OURS, 20, 10, 0x1FFFF000},
	{512, 0x414, 512, RAM_OURS, 64, 11, 0x1FFFF000},
	{1024, 0x430, 1024, 0x800, 96, 11, 0x1FFFE000},
	{0xFFFF, 0x414, 512, RAM_OURS, 64, 11, 0x1FFFF000},
};

static uint8_t buffer[256]; /* with the stack above it: all the RAM there is */

static const struct part *part(void)
{
	const struct part *p = parts;

	while (FLASH_KIB > p->max_kib)
		p++;
	return p;
}

static void system_reset(void)
{
	AIRCR = 0x05FA0004u;
	for (;;)
		;
}

/* ---- the line ------------------------------------------------------------------ */

static void refresh(void)
{
	IWDG_KR = 0xAAAA;
}

static unsigned get(void)
{
	uint32_t sr;

	do {
		refresh();
		sr = USART_SR;
	} while (!(sr & SR_RXNE));
	return (USART_DR & 0xFF) | (sr & SR_ERRORS ? BAD : 0);
}

static void put(uint8_t byte)
{
	while (!(USART_SR & SR_TXE))
		refresh();
	USART_DR = byte;
}

static void put_all(const volatile uint8_t *bytes, size_t len)
{
	while (len--)
		put(*bytes++);
}

/* When the line took that level. No refresh here: the loop must be short, and
 * is left within a frame. */
static __attribute__((noinline)) uint32_t edge(uint32_t level)
{
	while ((GPIOA_IDR & PA10) != level)
		;
	return SYST_CVR;
}

static void wait_refreshing(uint32_t level)
{
	while ((GPIOA_IDR & PA10) != level)
		refresh();
}

/* 0x7F is one low bit, seven high ones and a low one: eight bits from falling
 * edge to falling edge, and from rising to rising. The mean of the two halves
 * what the polling loops add. */
static void synchronise(void)
{
	uint32_t fall, rise, bits16;

	SYST_RVR = 0xFFFFFF;
	SYST_CVR = 0;
	SYST_CSR = 5;
	wait_refreshing(PA10);
	wait_refreshing(0);
	fall = SYST_CVR;
	rise = edge(PA10);
	bits16 = (fall - edge(0)) & 0xFFFFFF;
	bits16 += (rise - edge(PA10)) & 0xFFFFFF;
	SYST_CSR = 0;
	USART_BRR = (bits16 + 8) >> 4;
	USART_CR1 = CR1_8E1;
	put(ACK);
}

/* ---- flash ------------------------------------------------------------------------ */

static bool flash_wait(void)
{
	uint32_t sr;

	do {
		refresh();
		sr = FLASH_SR;
	} while (sr & SR_BSY);
	FLASH_SR = SR_FAILED | 1u << 5;
	return !(sr & SR_FAILED);
}

static void flash_unlock(void)
{
	FLASH_KEYR = KEY1;
	FLASH_KEYR = KEY2;
}

static bool flash_erase(uint32_t kind, uint32_t address)
{
	bool ok;

	flash_unlock();
	FLASH_CR = kind;
	FLASH_AR = address;
	FLASH_CR = kind | CR_STRT;
	ok = flash_wait();
	FLASH_CR = CR_LOCK;
	return ok;
}

static bool flash_program(uint32_t address, const uint8_t *data, unsigned len)
{
	bool ok = true;

	flash_unlock();
	FLASH_CR = CR_PG;
	for (unsigned i = 0; i < len && ok; i += 2) {
		REG16(address + i) = (uint16_t)(data[i] | data[i + 1] << 8);
		ok = flash_wait();
	}
	FLASH_CR = CR_LOCK;
	return ok;
}

/* All eight option bytes anew; the controller adds the complements. */
static bool options_write(const uint8_t *values)
{
	bool ok;

	flash_unlock();
	FLASH_OPTKEYR = KEY1;
	FLASH_OPTKEYR = KEY2;
	FLASH_CR = CR_OPTWRE | CR_OPTER;
	FLASH_CR = CR_OPTWRE | CR_OPTER | CR_STRT;
	ok = flash_wait();
	FLASH_CR = CR_OPTWRE | CR_OPTPG;
	for (unsigned i = 0; i < OPTION_BYTES; i++) {
		REG16(OPTION_BASE + 2 * i) = values[i];
		ok &= flash_wait();
	}
	FLASH_CR = CR_LOCK;
	return ok;
}

static void options_read(uint8_t *values)
{
	for (unsigned i = 0; i < OPTION_BYTES; i++)
		values[i] = REG8(OPTION_BASE + 2 * i);
}

static void answer(bool ok)
{
	put(ok ? ACK : NACK);
}

/* Option bytes count from the next reset, which these commands end with. */
static void answer_and_reset(bool ok)
{
	answer(ok);
	while (!(USART_SR & SR_TC))
		refresh();
	system_reset();
}

/* ---- pieces of commands -------------------------------------------------------------- */

/* Four address bytes and their XOR. */
static bool get_address(uint32_t *address)
{
	uint32_t a = 0;
	unsigned x = 0;

	for (unsigned i = 0; i < 4; i++) {
		unsigned c = get();

		a = a << 8 | (c & 0xFF);
		x ^= c;
	}
	*address = a;
	return x == get();
}

static bool inside(uint32_t address, uint32_t base, uint32_t size)
{
	return address - base < size;
}

static bool in_flash(uint32_t a)
{
	return inside(a, FLASH_BASE, part()->flash_kib * 1024u);
}

static bool in_ram(uint32_t a)
{
	return inside(a, RAM_BASE, part()->ram_kib * 1024u);
}

/* System memory, and the option bytes behind it. */
static bool in_system(uint32_t a)
{
	uint32_t base = part()->system_base;

	return inside(a, base, OPTION_BASE + 16 - base);
}

static bool in_options(uint32_t a)
{
	return inside(a, OPTION_BASE, 2 * OPTION_BYTES);
}

/* A count byte, that many and one more into the buffer, and the XOR of all. */
static int get_block(unsigned count)
{
	unsigned x = count;

	for (unsigned i = 0; i <= count; i++) {
		unsigned c = get();

		buffer[i] = (uint8_t)c;
		x ^= c;
	}
	return x == get() ? (int)count + 1 : 0;
}

/* ---- commands: each runs after its ACK ------------------------------------------------- */

static void cmd_get_id(void)
{
	uint16_t pid = part()->pid;

	put(1);
	put((uint8_t)(pid >> 8));
	put((uint8_t)pid);
	put(ACK);
}

static void cmd_get_version(void)
{
	put(VERSION);
	put(0);
	put(0);
	put(ACK);
}

static void cmd_read(void)
{
	uint32_t a;
	unsigned n;

	if (!get_address(&a) || !(in_flash(a) || in_ram(a) || in_system(a))) {
		put(NACK);
		return;
	}
	put(ACK);
	n = get();
	if ((n ^ get()) != 0xFF) {
		put(NACK);
		return;
	}
	put(ACK);
	put_all((const volatile uint8_t *)a, n + 1);
}

static void cmd_go(void)
{
	uint32_t a;

	if (!get_address(&a) || !(in_flash(a) || in_ram(a))) {
		put(NACK);
		return;
	}
	put(ACK);
	while (!(USART_SR & SR_TC))
		refresh();
	RCC_APB2RSTR = APB2_USART1 | APB2_GPIOA;
	RCC_APB2RSTR = 0;
	RCC_APB2ENR = 0;
	__asm__ volatile("msr msp, %0\n\tbx %1" : : "r"(REG32(a)), "r"(REG32(a + 4)));
	__builtin_unreachable();
}

static void write_ram(uint32_t a, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		REG8(a + i) = buffer[i];
}

static void write_options(uint32_t a, unsigned len)
{
	uint8_t values[OPTION_BYTES];

	options_read(values);
	for (unsigned i = 0; i < len; i += 2)
		if (in_options(a + i))
			values[(a + i - OPTION_BASE) / 2] = buffer[i];
	answer_and_reset(options_write(values));
}

static void cmd_write(void)
{
	uint32_t a;
	unsigned n;
	int len;

	if (!get_address(&a) || a & 1 ||
	    !((in_flash(a) && a - FLASH_BASE < BANK1) ||
	      (in_ram(a) && a - RAM_BASE >= part()->ram_ours) || in_options(a))) {
		put(NACK);
		return;
	}
	put(ACK);
	n = get();
	len = n & BAD ? 0 : get_block(n);
	if (len == 0) {
		put(NACK);
		return;
	}
	if (len & 1 && len < 256)
		buffer[len] = 0xFF;
	if (in_flash(a)) {
		answer(flash_program(a, buffer, (unsigned)len));
	} else if (in_ram(a)) {
		write_ram(a, (unsigned)len);
		put(ACK);
	} else {
		write_options(a, (unsigned)len);
	}
}

static void cmd_erase(void)
{
	unsigned n = get();
	bool ok = true;
	int pages;

	if (n == 0xFF) {
		ok = get() == 0x00;
		answer(ok && flash_erase(CR_MER, FLASH_BASE));
		return;
	}
	pages = n & BAD ? 0 : get_block(n);
	for (int i = 0; i < pages && ok; i++)
		ok = flash_erase(CR_PER, FLASH_BASE + ((uint32_t)buffer[i] << part()->page_shift));
	answer(ok && pages > 0);
}

/* One sector a WRP bit: four pages of 1 KiB or two of 2 KiB. */
static void cmd_write_protect(void)
{
	uint8_t values[OPTION_BYTES];
	unsigned n = get();
	int sectors = n & BAD ? 0 : get_block(n);

	if (sectors == 0) {
		put(NACK);
		return;
	}
	options_read(values);
	for (unsigned i = 4; i < OPTION_BYTES; i++)
		values[i] = 0xFF;
	for (int i = 0; i < sectors; i++)
		if (buffer[i] < 32)
			values[4 + buffer[i] / 8] &= (uint8_t)~(1u << (buffer[i] % 8));
	answer_and_reset(options_write(values));
}

static void cmd_write_unprotect(void)
{
	uint8_t values[OPTION_BYTES];

	options_read(values);
	for (unsigned i = 4; i < OPTION_BYTES; i++)
		values[i] = 0xFF;
	answer_and_reset(options_write(values));
}

static void set_rdp(uint8_t rdp)
{
	uint8_t values[OPTION_BYTES];

	options_read(values);
	values[0] = rdp;
	answer_and_reset(options_write(values));
}

static void cmd_protect(void)
{
	set_rdp(0);
}

/* The controller erases main flash before it takes the key. */
static void cmd_unprotect(void)
{
	set_rdp(RDP_OFF);
}

static void cmd_get(void);

static const struct command {
	uint8_t code;
	bool protected_too; /* answers with read-out protection on */
	void (*run)(void);
} commands[] = {
	{0x00, true, cmd_get},
	{0x01, true, cmd_get_version},
	{0x02, true, cmd_get_id},
	{0x11, false, cmd_read},
	{0x21, false, cmd_go},
	{0x31, false, cmd_write},
	{0x43, false, cmd_erase},
	{0x63, false, cmd_write_protect},
	{0x73, false, cmd_write_unprotect},
	{0x82, false, cmd_protect},
	{0x92, true, cmd_unprotect},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void cmd_get(void)
{
	put(COMMANDS);
	put(VERSION);
	for (unsigned i = 0; i < COMMANDS; i++)
		put(commands[i].code);
	put(ACK);
}

static void one_command(void)
{
	unsigned code = get();
	bool open = !(FLASH_OBR & OBR_RDPRT);

	if ((code ^ get()) == 0xFF) {
		for (unsigned i = 0; i < COMMANDS; i++) {
			if (commands[i].code != code || !(open || commands[i].protected_too))
				continue;
			put(ACK);
			commands[i].run();
			return;
		}
	}
	put(NACK);
}

void reset_handler(void);
void reset_handler(void)
{
	RCC_APB2ENR = APB2_GPIOA | APB2_USART1;
	GPIOA_CRH = CRH_USART1;
	IWDG_KR = 0x5555;
	IWDG_PR = 6;
	refresh();
	synchronise();
	for (;;)
		one_command();
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
	(void *)(RAM_BASE + RAM_OURS),
	(void *)reset_handler,
	(void *)system_reset, /* NMI */
	(void *)system_reset, /* HardFault: an address that nothing answers */
};
