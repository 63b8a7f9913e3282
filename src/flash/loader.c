/*
 * Flash through a loader in the chip's RAM (loader/stm32f1.S): commands go into
 * a ring of slots while the core works, so that data travel while flash is
 * programmed.
 *
 *   ram_base  code | mailbox | first descriptor | slot 0: data, descriptor | slot 1 ... | results
 *
 * A command is one block write: its data, right-aligned, then the descriptor
 * whose last word makes it valid. One word read back tells how many are done
 * and whether one failed. The first command comes with the code and has no data:
 * it lies one slot in front of slot 0's descriptor.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "flash/crc.h"
#include "flash/f1.h"
#include "flash/loader/stm32f1_loader.h"
#include "flash/port.h"

enum {
	MAILBOX = 32,         /* bytes reserved after the code */
	PROOF = 20,           /* where in the mailbox the first command puts its CRC */
	CLOCK = 24,           /* and where the loader learns that it may set the clock */
	SLOT_DATA = 1024,
	DESCRIPTOR = 16,
	SLOT = SLOT_DATA + DESCRIPTOR,
	MAX_SLOTS = 16,
	MIN_SLOTS = 2,
	STUCK_US = 1000000,   /* no command takes so long, not even on slow clones */
	POLL_US = 500,        /* while something is to be finished */
	FULL_POLL_US = 4000,  /* while a slot is: others keep the chip busy far longer */
	REG_PC = 15, REG_XPSR = 16,
};
#define XPSR_THUMB 0x01000000u
#define CODE_SIZE ((uint32_t)sizeof stm32f1_loader)

enum loader_op { OP_ERASE = 1, OP_PROGRAM, OP_CRC_UNIT, OP_CRC_SOFTWARE, OP_COMPARE = 0x80 };
enum { STOP_UNEXPECTED = 8, STOP_DIFFERS = 0x20, STOP_UNKNOWN = 0x40, STOP_LOCKED = 0x80 };

struct loader {
	struct flash_port port;
	uint32_t mailbox, slots, results; /* addresses in RAM */
	unsigned slot_count;
	enum loader_op crc_op;
	bool running;
	bool fresh; /* the chip is as a reset left it */
};

static struct loader *loader_of(struct flash_port *port)
{
	return (struct loader *)port;
}

/* ---- failures ----------------------------------------------------------------------- */

static enum status stopped(struct loader *l, uint32_t why, struct err *err)
{
	uint32_t where = 0;
	enum status s = target_read32(l->port.target, l->mailbox + 4, &where, err);

	if (s != STATUS_OK)
		return s;
	if (why == STOP_LOCKED)
		return f1_stays_locked(err);
	if (why == STOP_UNEXPECTED)
		return flash_unexpected(where, err);
	if (why & (F1_SR_PGERR | F1_SR_WRPRTERR))
		return f1_error(why, where, err);
	err_at(err, where);
	if (why == STOP_DIFFERS)
		return err_set(
			err, STATUS_MISMATCH,
			"flash at 0x%08X reads back differently: the cell is worn or defective",
			where);
	return err_set(err, STATUS_FAILED, "the flash loader stopped with code 0x%X", why);
}

/* A controller that wants no keys before the next reset answers them with a
 * bus error (PM0075 2.3.1). */
static enum status crashed(struct loader *l, struct err *err)
{
	uint32_t cr = 0;
	enum status s = target_read32(l->port.target, F1_CR, &cr, err);

	if (s != STATUS_OK)
		return s;
	if (l->port.begun && (cr & F1_CR_LOCK))
		return f1_stays_locked(err);
	return err_set(err, STATUS_FAILED, "the flash loader crashed");
}

/* No progress: the core says why. */
static enum status stuck(struct loader *l, struct err *err)
{
	struct target_core_state state = {0};
	enum status s = target_core_state(l->port.target, &state, err);
	uint32_t sr = 0;

	if (s != STATUS_OK)
		return s;
	l->running = !state.halted;
	if (state.was_reset)
		return err_set(
			err, STATUS_FAILED,
			"the chip was reset while its flash was worked on (RESET button, power or "
			"watchdog)");
	if (state.halted || state.locked_up)
		return crashed(l, err);
	s = target_read32(l->port.target, F1_SR, &sr, err);
	if (s == STATUS_OK && (sr & F1_SR_BSY))
		return err_set(err, STATUS_TIMEOUT, "the flash controller stays busy");
	return s != STATUS_OK ? s
			      : err_set(err, STATUS_TIMEOUT, "the flash loader does not answer");
}

/* ---- the ring ------------------------------------------------------------------------ */

static enum status poll(struct loader *l, struct err *err)
{
	uint32_t state = 0;
	enum status s = target_read32(l->port.target, l->mailbox, &state, err);

	if (s != STATUS_OK)
		return s;
	/* the count in the chip has 16 bits */
	l->port.done += (uint16_t)(state - l->port.done);
	return state >> 16 ? stopped(l, state >> 16, err) : STATUS_OK;
}

/* Wait until at most `open` commands are not done yet. */
static enum status wait_open(struct loader *l, unsigned open, struct err *err)
{
	struct target *t = l->port.target;
	uint64_t start = target_now_us(t);
	unsigned done = l->port.done;

	while (l->port.given - l->port.done > open) {
		enum status s = poll(l, err);

		if (s != STATUS_OK)
			return s;
		if (l->port.given - l->port.done <= open)
			break;
		if (l->port.done != done) {
			done = l->port.done;
			start = target_now_us(t);
		}
		if (target_now_us(t) - start > STUCK_US)
			return stuck(l, err);
		target_sleep_us(t, open + 1 >= l->slot_count ? FULL_POLL_US : POLL_US);
	}
	return STATUS_OK;
}

struct command {
	enum loader_op op;
	uint32_t argument, address, count;
	uint32_t data_address;  /* for commands without data of their own */
	const uint8_t *data;
	size_t len;             /* multiple of 4, at most SLOT_DATA */
};

static void put_descriptor(uint8_t *d, const struct command *c, uint32_t data)
{
	put_le32(d, c->address);
	put_le32(d + 4, c->count);
	put_le32(d + 8, data);
	put_le32(d + 12, c->op | c->argument << 16);
}

static enum status give(struct loader *l, const struct command *c, struct err *err)
{
	uint8_t room[SLOT];
	uint32_t descriptor = l->slots + (l->port.given - 1) % l->slot_count * SLOT + SLOT_DATA;
	uint8_t *d = room + c->len;
	enum status s = wait_open(l, l->slot_count - 1, err);

	if (s != STATUS_OK)
		return s;
	if (c->len)
		memcpy(room, c->data, c->len);
	put_descriptor(d, c, c->len ? descriptor - (uint32_t)c->len : c->data_address);
	s = target_write(l->port.target, descriptor - (uint32_t)c->len, room, c->len + DESCRIPTOR,
			 err);
	if (s == STATUS_OK)
		l->port.given++;
	return s;
}

static enum status loader_wait(struct flash_port *port, unsigned open, struct err *err)
{
	return open == UINT_MAX ? poll(loader_of(port), err)
				: wait_open(loader_of(port), open, err);
}

/* ---- what the engine asks for ----------------------------------------------------------- */

static enum status loader_erase_page(struct flash_port *port, uint32_t address, struct err *err)
{
	struct command c = {.op = OP_ERASE, .argument = F1_CR_PER, .address = address};

	return give(loader_of(port), &c, err);
}

static enum status loader_erase_all(struct flash_port *port, struct err *err)
{
	struct command c = {.op = OP_ERASE, .argument = F1_CR_MER,
			    .address = port->chip->flash_base};

	return give(loader_of(port), &c, err);
}

/* What is blank at either end need not travel. Slots take whole words. */
static void trim(uint32_t *address, const uint8_t **data, size_t *len)
{
	while (*len >= 4 && get_le32(*data + *len - 4) == UINT32_MAX)
		*len -= 4;
	while (*len >= 4 && get_le32(*data) == UINT32_MAX) {
		*address += 4;
		*data += 4;
		*len -= 4;
	}
}

static enum status program_chunk(struct loader *l, uint32_t address, const uint8_t *data,
				 size_t len, struct err *err)
{
	uint8_t padded[SLOT_DATA];
	struct command c = {.op = OP_PROGRAM, .argument = F1_CR_PG, .data = data};

	trim(&address, &data, &len);
	if (len == 0)
		return STATUS_OK;
	memset(padded, 0xFF, sizeof padded);
	memcpy(padded, data, len);
	c.data = padded;
	c.len = (len + 3) & ~(size_t)3;
	c.address = address;
	c.count = (uint32_t)(len / 2);
	return give(l, &c, err);
}

static enum status loader_program(struct flash_port *port, uint32_t address, const uint8_t *data,
				  size_t len, struct err *err)
{
	while (len > 0) {
		size_t n = len < SLOT_DATA ? len : SLOT_DATA;
		enum status s = program_chunk(loader_of(port), address, data, n, err);

		if (s != STATUS_OK)
			return s;
		address += (uint32_t)n;
		data += n;
		len -= n;
	}
	return STATUS_OK;
}

static enum status loader_map_start(struct flash_port *port, uint32_t address, size_t size,
				    size_t count, struct err *err)
{
	struct loader *l = loader_of(port);
	struct command c = {.op = l->crc_op, .argument = (uint32_t)(size / 4), .address = address,
			    .count = (uint32_t)count,
			    .data_address = l->results + 4 * (uint32_t)l->port.mapped};
	enum status s = give(l, &c, err);

	if (s == STATUS_OK)
		l->port.mapped += count;
	return s;
}

static enum status loader_expect(struct flash_port *port, uint32_t address, size_t size,
				 size_t count, const uint32_t *want, struct err *err)
{
	struct loader *l = loader_of(port);
	uint8_t raw[4 * FLASH_MAP_MAX];
	struct command c = {.op = l->crc_op | OP_COMPARE, .argument = (uint32_t)(size / 4),
			    .address = address, .count = (uint32_t)count, .data = raw,
			    .len = 4 * count};

	for (size_t i = 0; i < count; i++)
		put_le32(raw + 4 * i, want[i]);
	return give(l, &c, err);
}

static enum status loader_map_take(struct flash_port *port, uint32_t *crc, struct err *err)
{
	struct loader *l = loader_of(port);
	uint8_t raw[4 * FLASH_MAP_MAX];
	size_t count = l->port.mapped;
	enum status s = wait_open(l, 0, err);

	l->port.mapped = 0;
	if (s == STATUS_OK && count > 0)
		s = target_read(port->target, l->results, raw, 4 * count, err);
	for (size_t i = 0; s == STATUS_OK && i < count; i++)
		crc[i] = get_le32(raw + 4 * i);
	return s;
}

static void loader_close(struct flash_port *port)
{
	/* the target is left halted, as promised; a lost probe cannot be told */
	if (loader_of(port)->running && !port->reset_follows)
		(void)!target_halt(port->target, NULL);
	flash_swd_end(port);
	free(port);
}

/* The loader opens the controller itself when it is first needed. */
static enum status loader_begin(struct flash_port *port, struct err *err)
{
	port->begun = true;
	return STATUS_OK;
}

static const struct flash_port_ops loader_ops = {
	.name = "loader in RAM",
	.read = flash_swd_read,
	.begin = loader_begin,
	.map_start = loader_map_start,
	.map_take = loader_map_take,
	.expect = loader_expect,
	.erase_page = loader_erase_page,
	.erase_all = loader_erase_all,
	.program = loader_program,
	.wait = loader_wait,
	.close = loader_close,
};

/* ---- getting it to run -------------------------------------------------------------------- */

static void lay_out(struct loader *l, uint32_t base, uint32_t ram)
{
	uint32_t fixed = CODE_SIZE + MAILBOX + DESCRIPTOR + 4 * FLASH_MAP_MAX;

	l->mailbox = base + CODE_SIZE;
	l->slots = l->mailbox + MAILBOX + DESCRIPTOR;
	l->slot_count = ram > fixed ? (ram - fixed) / SLOT : 0;
	if (l->slot_count > MAX_SLOTS)
		l->slot_count = MAX_SLOTS;
	l->results = l->slots + l->slot_count * SLOT;
}

/* Code, mailbox and the first command: the CRC of the code itself. The loader
 * empties the slots when it starts. */
static enum status upload(struct loader *l, uint32_t base, struct err *err)
{
	uint8_t image[sizeof stm32f1_loader + MAILBOX + DESCRIPTOR] = {0};
	uint8_t *box = image + CODE_SIZE;
	uint32_t first = l->slots + SLOT_DATA;
	struct command proof = {.op = l->crc_op, .argument = CODE_SIZE / 4, .address = base,
				.count = 1};

	memcpy(image, stm32f1_loader, CODE_SIZE);
	put_le32(box + 8, first);
	put_le32(box + 12, SLOT);
	put_le32(box + 16, first + l->slot_count * SLOT);
	put_le32(box + CLOCK, l->fresh);
	put_descriptor(box + MAILBOX, &proof, l->mailbox + PROOF);
	l->port.given = 1;
	l->port.done = 0;
	return target_write(l->port.target, base, image, sizeof image, err);
}

static enum status start(struct loader *l, uint32_t base, struct err *err)
{
	struct target *t = l->port.target;
	enum status s = target_write_reg(t, REG_PC, base, err);

	if (s == STATUS_OK)
		s = target_write_reg(t, REG_XPSR, XPSR_THUMB, err);
	if (s == STATUS_OK)
		s = l->fresh ? target_run(t, err) : target_run_masked(t, err);
	l->running = s == STATUS_OK;
	return s;
}

/* The loader computes the CRC of its own code: proves the upload, the core and
 * the way the CRC is computed, all at once. */
static bool proves_itself(struct loader *l, struct err *err)
{
	uint32_t crc = 0;
	enum status s = wait_open(l, 0, err);

	if (s == STATUS_OK)
		s = target_read32(l->port.target, l->mailbox + PROOF, &crc, err);
	return s == STATUS_OK && crc == flash_crc(stm32f1_loader, CODE_SIZE);
}

/* What was uploaded is started and has to prove itself. */
static enum status try_it(struct loader *l, uint32_t base, struct err *err)
{
	struct err detail = ERR_INIT;
	enum status s = start(l, base, err);

	if (s != STATUS_OK)
		return s;
	if (proves_itself(l, &detail))
		return STATUS_OK;
	if (target_probe(l->port.target)->lost)
		return err_set(err, detail.status, "%s", detail.what);
	return err_set(err, STATUS_UNSUPPORTED, "the flash loader does not run in RAM: %s",
		       detail.what[0] ? detail.what : "its own checksum is wrong");
}

static enum status again_by_software(struct loader *l, uint32_t base, struct err *err)
{
	enum status s = l->running ? target_halt(l->port.target, err) : STATUS_OK;

	log_line(l->port.log, LOG_VERBOSE, "no usable CRC unit: checksums by software");
	l->running = false;
	l->crc_op = OP_CRC_SOFTWARE;
	if (s == STATUS_OK)
		s = upload(l, base, err);
	return s == STATUS_OK ? try_it(l, base, err) : s;
}

/* Is there RAM at the end of what is used? Parts sold as bigger than they are
 * exist. The upload comes in between, so that nothing else answers for it. */
static bool upload_fits(struct loader *l, uint32_t base, struct err *err)
{
	uint32_t last = l->results + 4 * FLASH_MAP_MAX - 4, v = 0;
	struct target *t = l->port.target;

	return target_write32(t, last, 0x5AA5C33Cu, err) == STATUS_OK &&
	       upload(l, base, err) == STATUS_OK &&
	       target_read32(t, last, &v, err) == STATUS_OK && v == 0x5AA5C33Cu;
}

static enum status fit(struct loader *l, const struct chip *chip, struct err *err)
{
	for (uint32_t ram = chip->ram_size; ram >= 2048; ram -= ram / 4) {
		lay_out(l, chip->ram_base, ram);
		if (l->slot_count < MIN_SLOTS)
			break;
		if (upload_fits(l, chip->ram_base, NULL))
			return STATUS_OK;
		if (target_probe(l->port.target)->lost)
			return err_set(err, STATUS_PROBE_LOST, "the probe stopped answering");
	}
	return err_set(err, STATUS_UNSUPPORTED, "the chip's RAM cannot be used");
}

static enum status run_in_ram(struct loader *l, struct err *err)
{
	uint32_t base = l->port.chip->ram_base;
	struct err first = ERR_INIT;
	enum status s;

	l->crc_op = OP_CRC_UNIT;
	s = fit(l, l->port.chip, err);
	if (s != STATUS_OK)
		return s;
	s = try_it(l, base, &first);
	if (s == STATUS_UNSUPPORTED)
		return again_by_software(l, base, err);
	return s == STATUS_OK ? s : err_set(err, s, "%s", first.what);
}

enum status flash_loader_open(struct target *t, const struct chip *chip, bool fresh,
			      const struct log *log, struct flash_port **out, struct err *err)
{
	struct loader *l = calloc(1, sizeof *l);
	enum status s;

	if (!l)
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	l->fresh = fresh;
	l->port = (struct flash_port){.ops = &loader_ops, .target = t, .chip = chip, .log = log};
	s = run_in_ram(l, err);
	if (s != STATUS_OK) {
		loader_close(&l->port);
		return s;
	}
	*out = &l->port;
	return STATUS_OK;
}
