/*
 * A microcontroller with the image in flash, powered and out of reset: a Blue
 * Pill with nothing attached (8-MHz and 32-kHz crystals fitted).
 *
 * An application linked behind a bootloader that is not in the file is started
 * as a bootloader would: a few instructions at the start of flash set VTOR and
 * the stack pointer and jump. Not modelled: what a bootloader leaves switched
 * on.
 */
#include "arm/scs.h"
#include "lockout/lockout_internal.h"

static const uint16_t starter[] = {
	0x4803,         /* ldr r0, [pc, #12]  VTOR */
	0x4904,         /* ldr r1, [pc, #16]  the application's vectors */
	0x6001,         /* str r1, [r0] */
	0x6808,         /* ldr r0, [r1] */
	0xF380, 0x8808, /* msr msp, r0 */
	0x6848,         /* ldr r0, [r1, #4] */
	0x4700,         /* bx r0 */
};

static enum status load_starter(struct mcu *m, const struct subject *s, struct err *err)
{
	uint8_t bytes[32], sp[4] = {0};
	uint32_t base = s->chip->flash_base;

	if (s->vectors == base)
		return STATUS_OK;
	if (!image_read(s->img, s->vectors, sp, 4) || image_read(s->img, base, bytes, 1))
		return STATUS_OK; /* something of the image lies there: it starts itself */
	put_le32(bytes, get_le32(sp));
	put_le32(bytes + 4, base + 8 + 1);
	for (size_t i = 0; i < sizeof starter / sizeof starter[0]; i++)
		put_le16(bytes + 8 + 2 * i, starter[i]);
	put_le32(bytes + 24, SCS_VTOR);
	put_le32(bytes + 28, s->vectors);
	return mcu_load(m, base, bytes, sizeof bytes, err);
}

static enum status load_image(struct mcu *m, const struct subject *s, struct err *err)
{
	size_t count;
	const struct image_segment *seg = image_segments(s->img, &count);
	enum status status = STATUS_OK;

	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		if (range_inside(seg[i].address, seg[i].len, s->chip->flash_base,
				 s->chip->flash_die))
			status = mcu_load(m, seg[i].address, seg[i].data, seg[i].len, err);
	return status == STATUS_OK ? load_starter(m, s, err) : status;
}

struct mcu *rig_new(const struct subject *s, const struct plan *plan, struct err *err)
{
	struct mcu_config config = {.chip = s->chip, .silicon = s->silicon, .lse_fitted = true,
				    .hse_hz = 8000000, .swj_readback = plan->swj_readback,
				    .log = s->log};
	struct mcu *m = mcu_new(&config, err);

	if (!m)
		return NULL;
	if (load_image(m, s, err) != STATUS_OK) {
		mcu_free(m);
		return NULL;
	}
	mcu_power(m, true);
	mcu_nrst(m, false);
	return m;
}
