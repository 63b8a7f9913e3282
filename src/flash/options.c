/*
 * Option bytes of the STM32F1. PM0075 2.5; RM0008 3.3.3.
 *
 *   0x1FFFF800  RDP USER DATA0 DATA1 WRP0 WRP1 WRP2 WRP3
 *   a half-word each: the byte, and its complement above it
 *
 * They can only be erased together, and erased means protected at the next
 * reset: RDP is programmed first. Should power fail between the two, the chip
 * comes up read-protected, and `options unlock` (which erases it) is the way
 * back.
 */
#include "base/bytes.h"
#include "flash/f1.h"

/* Taking RDP away erases the chip first. */
enum { COUNT = 8, RDP_OFF = 0xA5, BUSY_US = 2000000 };

static bool is_valid(const uint8_t *half_word)
{
	return (half_word[0] ^ half_word[1]) == 0xFF;
}

/* A byte that is erased or damaged says nothing: what is in force counts. So a
 * change that was cut short can be made again, as long as no reset came. */
static enum status read_raw(struct target *t, const struct chip *chip, struct f1_protection *p,
			    uint8_t raw[2 * COUNT], struct err *err)
{
	enum status s = f1_protection(t, p, err);

	return s == STATUS_OK ? target_read(t, chip->option_base, raw, 2 * COUNT, err) : s;
}

enum status flash_read_option_bytes(struct target *t, const struct chip *chip,
				    struct flash_options_bytes *ob, struct err *err)
{
	struct f1_protection p;
	uint8_t raw[2 * COUNT], v[COUNT];
	enum status s = read_raw(t, chip, &p, raw, err);

	if (s != STATUS_OK)
		return s;
	const uint8_t in_force[COUNT] = {
		p.rdp ? raw[0] : RDP_OFF, p.user, p.data0, p.data1, (uint8_t)p.wrpr,
		(uint8_t)(p.wrpr >> 8), (uint8_t)(p.wrpr >> 16), (uint8_t)(p.wrpr >> 24)};

	for (unsigned i = 0; i < COUNT; i++)
		v[i] = is_valid(raw + 2 * i) ? raw[2 * i] : in_force[i];
	*ob = (struct flash_options_bytes){
		.rdp = v[0], .user = v[1], .data0 = v[2], .data1 = v[3],
		.wrp = {v[4], v[5], v[6], v[7]},
		.rdp_active = p.rdp, .error = p.option_error,
	};
	return STATUS_OK;
}

static enum status program_byte(struct target *t, uint32_t address, uint8_t value, struct err *err)
{
	uint16_t half_word = (uint16_t)(value | (uint8_t)~value << 8);
	enum status s = target_write32(t, F1_CR, F1_CR_OPTPG | F1_CR_OPTWRE, err);

	if (s == STATUS_OK)
		s = target_write16(t, address, half_word, err);
	return s == STATUS_OK ? f1_wait(t, address, BUSY_US, err) : s;
}

static enum status write_all(struct target *t, const struct chip *chip, const uint8_t values[COUNT],
			     struct err *err)
{
	enum status s = f1_erase(t, F1_CR_OPTER | F1_CR_OPTWRE, chip->option_base, err);

	for (unsigned i = 0; s == STATUS_OK && i < COUNT; i++)
		s = program_byte(t, chip->option_base + 2 * i, values[i], err);
	return s;
}

/* While RDP is on nothing but RDP itself can be relied on to be readable. */
static enum status check_written(struct target *t, const struct chip *chip,
				 const uint8_t values[COUNT], struct err *err)
{
	uint8_t raw[2 * COUNT];
	enum status s = target_read(t, chip->option_base, raw, sizeof raw, err);

	for (unsigned i = 0; s == STATUS_OK && i < COUNT; i++) {
		if (raw[2 * i] == values[i])
			continue;
		err_at(err, chip->option_base + 2 * i);
		s = err_set(err, STATUS_MISMATCH,
			    "option byte %u reads 0x%02X after 0x%02X was written", i, raw[2 * i],
			    values[i]);
	}
	return s;
}

static void say_half_done(struct err *err)
{
	err_tried(err, "erasing and programming the option bytes: they may be left erased, which "
		       "read-protects the chip at its next reset");
	err_next(err, "leave the board powered, do not press RESET, and run the same command again");
}

enum status flash_write_option_bytes(struct target *t, const struct chip *chip,
				     const struct flash_options_bytes *ob, struct err *err)
{
	const uint8_t values[COUNT] = {ob->rdp, ob->user, ob->data0, ob->data1,
				       ob->wrp[0], ob->wrp[1], ob->wrp[2], ob->wrp[3]};
	struct f1_protection p;
	uint8_t raw[2 * COUNT];
	/* an erase that a run before this one began may still be under way */
	enum status s = f1_wait_idle(t, chip->option_base, BUSY_US, err);

	if (s == STATUS_OK)
		s = read_raw(t, chip, &p, raw, err);
	if (s == STATUS_OK) /* a reset would load the erased RDP byte of a cut change */
		s = is_valid(raw) ? f1_quiet(t, NULL, NULL, err) : f1_quiet_as_it_is(t, err);
	if (s == STATUS_OK)
		s = f1_protection(t, &p, err);
	if (s == STATUS_OK && p.rdp) {
		err_set(err, STATUS_PROTECTED, "option bytes cannot be changed while read-out "
					       "protection is on");
		err_next(err, "`reflash options unlock` removes it and erases the chip");
		return STATUS_PROTECTED;
	}
	if (s == STATUS_OK)
		s = f1_need_halfwords(t, chip, err);
	if (s == STATUS_OK)
		s = f1_unlock_options(t, err);
	if (s != STATUS_OK)
		return s;
	s = write_all(t, chip, values, err);
	if (s == STATUS_OK)
		s = check_written(t, chip, values, err);
	if (s != STATUS_OK)
		say_half_done(err);
	(void)!f1_lock(t, NULL);
	return s;
}

/* In force only after a reset; on many boards only after a power-on. */
static enum status check_unlocked(struct target *t, struct err *err)
{
	struct f1_protection p = {0};
	enum status s = target_reset(t, true, err);

	if (s == STATUS_OK)
		s = f1_protection(t, &p, err);
	if (s != STATUS_OK || !p.rdp)
		return s;
	err_set(err, STATUS_NEED_PERSON,
		"read-out protection is removed and takes effect at power-on");
	err_next(err, "unplug the board's power (the probe too), plug it in again, and go on");
	return STATUS_NEED_PERSON;
}

enum status flash_unlock(struct target *t, const struct chip *chip, struct err *err)
{
	enum status s = f1_quiet(t, NULL, NULL, err);

	if (s == STATUS_OK)
		s = f1_need_halfwords(t, chip, err);
	if (s == STATUS_OK)
		s = f1_unlock_options(t, err);
	if (s == STATUS_OK)
		s = f1_erase(t, F1_CR_OPTER | F1_CR_OPTWRE, chip->option_base, err);
	if (s == STATUS_OK)
		s = program_byte(t, chip->option_base, RDP_OFF, err);
	if (s == STATUS_OK)
		s = f1_lock(t, err);
	return s == STATUS_OK ? check_unlocked(t, err) : s;
}
