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

/* Flash size and UID lie 8 bytes apart: one block. Where it cannot be read as
 * one, none of it is known. */
static void read_signature(struct target *t, const struct identity_row *row,
			   struct target_identity *id)
{
	enum { UID_BYTES = 12 };
	uint32_t start = row->size_reg < row->uid ? row->size_reg : row->uid;
	uint8_t raw[64];
	size_t len;

	if (row->size_reg == 0)
		return;
	start &= ~3u;
	len = (row->size_reg > row->uid ? row->size_reg + 4 : row->uid + UID_BYTES) - start;
	if (len > sizeof raw || target_read(t, start, raw, len, NULL) != STATUS_OK)
		return;
	id->flash_size_known = id->uid_known = true;
	id->flash_size_word = get_le32(raw + (row->size_reg - start));
	for (unsigned i = 0; i < 3; i++)
		id->uid[i] = get_le32(raw + (row->uid - start) + 4 * i);
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

static enum status still_there(const struct target *t, struct err *err)
{
	return t->probe->lost ? err_set(err, STATUS_PROBE_LOST, "the probe stopped answering")
			      : STATUS_OK;
}

enum status target_signature(struct target *t, struct target_identity *id, struct err *err)
{
	struct target_identity now = {.cpuid = t->cpuid, .dpidr = t->dpidr};
	enum status s;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].part != (t->cpuid >> 4 & 0xFFF))
			continue;
		now.idcode_known = target_read32(t, rows[i].idcode, &now.idcode, NULL) == STATUS_OK;
		read_signature(t, &rows[i], &now);
	}
	s = still_there(t, err);
	if (s == STATUS_OK)
		*id = now;
	return s;
}

enum status target_identify(struct target *t, struct target_identity *id, struct err *err)
{
	struct target_identity now = {0};
	struct probe *p = t->probe;
	enum status s = target_signature(t, &now, err);

	if (s == STATUS_OK)
		s = p->ops->read_dpidr(p, &now.dpidr, err);
	if (s != STATUS_OK)
		return s;
	read_rom_table(t, &now);
	if (p->ops->dap_read)
		now.ap_idr_known = p->ops->dap_read(p, 0, AP_IDR, &now.ap_idr, NULL) == STATUS_OK;
	s = still_there(t, err);
	if (s == STATUS_OK)
		*id = now;
	return s;
}
