/*
 * Who is it: the identity registers, each marked known or not. Nothing here
 * writes to the target, and a register that cannot be read is no failure.
 *
 * Sources: RM0008 30 (device signature), 31.6 (MCU id), DDI 0403 table B4-1
 * (ROM table), facts of other families in the reference manuals' DBGMCU and
 * device signature chapters.
 */
#include "base/bytes.h"
#include "target/target_internal.h"

enum { AP_IDR = 0xFC };

/* Where the identity registers are, by core (CPUID[15:4]). */
struct identity_row {
	uint16_t part;
	uint32_t idcode, size_reg, uid; /* 0: not known for this core */
};

static const struct identity_row rows[] = {
	{0xC23, 0xE0042000, 0x1FFFF7E0, 0x1FFFF7E8}, /* STM32F1 */
	{0xC24, 0xE0042000, 0, 0},
	{0xC27, 0xE0042000, 0, 0},
	{0xC20, 0x40015800, 0x1FFFF7CC, 0x1FFFF7AC}, /* STM32F0 */
	{0xC60, 0x40015800, 0, 0},
};

static void read_signature(struct target *t, const struct identity_row *row,
			   struct target_identity *id)
{
	uint8_t uid[12];

	if (row->size_reg == 0)
		return;
	id->flash_size_known =
		target_read32(t, row->size_reg, &id->flash_size_word, NULL) == STATUS_OK;
	id->uid_known = target_read(t, row->uid, uid, sizeof uid, NULL) == STATUS_OK;
	for (unsigned i = 0; id->uid_known && i < 3; i++)
		id->uid[i] = get_le32(uid + 4 * i);
}

/* PIDR4..7 lie before PIDR0..3; one byte of each word counts. */
static void read_rom_table(struct target *t, struct target_identity *id)
{
	enum { ROM_PIDR4 = 0xE00FFFD0 };
	uint8_t raw[32];

	id->rom_known = target_read(t, ROM_PIDR4, raw, sizeof raw, NULL) == STATUS_OK;
	for (unsigned i = 0; id->rom_known && i < 8; i++)
		id->rom_pid[i] = raw[4 * ((i + 4) % 8)];
}

enum status target_identify(struct target *t, struct target_identity *id, struct err *err)
{
	struct target_identity now = {.cpuid = t->cpuid};
	struct probe *p = t->probe;
	enum status s = p->ops->read_dpidr(p, &now.dpidr, err);

	if (s != STATUS_OK)
		return s;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].part != (t->cpuid >> 4 & 0xFFF))
			continue;
		now.idcode_known = target_read32(t, rows[i].idcode, &now.idcode, NULL) == STATUS_OK;
		read_signature(t, &rows[i], &now);
	}
	read_rom_table(t, &now);
	if (p->ops->dap_read)
		now.ap_idr_known = p->ops->dap_read(p, 0, AP_IDR, &now.ap_idr, NULL) == STATUS_OK;
	if (p->lost)
		return err_set(err, STATUS_PROBE_LOST, "the probe stopped answering");
	*id = now;
	return STATUS_OK;
}
