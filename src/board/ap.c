/*
 * AHB-AP of the Cortex-M3 (DDI 0337 ch. 11; ADIv5 MEM-AP, IHI 0031 C2): how a
 * debug probe reaches memory. TAR increments wrap at 4 KiB, as the core's TRM
 * says (the architecture promises 1 KiB only).
 *
 * CSW
 *   31    29      25        11..8  7     6     5..4     2..0
 *   -     Master  HPROT1    Mode   Trin  DEN   AddrInc  Size
 *
 * Not modelled: a second AP (others read as zero), Mode other than basic.
 */
#include "arm/scs.h"
#include "board/dp.h"

#define CSW_WRITABLE (1u << 29 | 1u << 25 | 3u << 4 | 7u)
#define CSW_FIXED 0x01000040u /* bit 24 and device enabled, as read from STM32F103 */
#define TAR_WRAP 0xFFFu

enum addr_inc { INC_OFF, INC_SINGLE, INC_PACKED };

static void tar_increment(struct dp *dp, unsigned bytes)
{
	dp->tar = (dp->tar & ~TAR_WRAP) | ((dp->tar + bytes) & TAR_WRAP);
}

/* One access of `size` bytes at TAR; the data sits on the byte lanes that the
 * address names. */
static enum mcu_access lane_access(struct dp *dp, struct mcu *m, bool read, unsigned size,
				   uint32_t *word)
{
	unsigned shift = 8 * (dp->tar & 3 & ~(size - 1));
	uint32_t mask = size == 4 ? UINT32_MAX : (1u << (8 * size)) - 1;
	uint32_t address = dp->tar & ~(size - 1);
	enum mcu_access access;
	uint32_t value = 0;

	if (!read)
		return mcu_debug_write(m, address, size, *word >> shift & mask);
	access = mcu_debug_read(m, address, size, &value);
	if (access == MCU_ACCESS_OK)
		*word = (*word & ~(mask << shift)) | (value & mask) << shift;
	return access;
}

static enum mcu_access drw(struct dp *dp, struct mcu *m, bool read, uint32_t *data)
{
	unsigned size = 1u << (dp->csw & 7);
	enum addr_inc inc = (enum addr_inc)(dp->csw >> 4 & 3);
	unsigned count = inc == INC_PACKED ? 4 / size : 1;
	enum mcu_access access = MCU_ACCESS_OK;

	if (read)
		*data = 0;
	for (unsigned i = 0; i < count && access == MCU_ACCESS_OK; i++) {
		access = lane_access(dp, m, read, size, data);
		if (access == MCU_ACCESS_OK && inc != INC_OFF)
			tar_increment(dp, size);
	}
	return access;
}

/* BD0..BD3: the four words of the 16-byte block TAR points into. */
static enum mcu_access banked(struct dp *dp, struct mcu *m, bool read, uint8_t reg, uint32_t *data)
{
	uint32_t address = (dp->tar & ~15u) | (reg & 12u);

	return read ? mcu_debug_read(m, address, 4, data) : mcu_debug_write(m, address, 4, *data);
}

static void csw_write(struct dp *dp, uint32_t value)
{
	if ((value & 7) > 2) /* sizes over a word do not exist here: keep the word */
		value = (value & ~7u) | 2;
	dp->csw = (value & CSW_WRITABLE) | CSW_FIXED;
}

static uint32_t register_read(const struct dp *dp, const struct mcu *m, uint8_t reg)
{
	switch (reg) {
	case AP_CSW:
		return dp->csw;
	case AP_TAR:
		return dp->tar;
	case AP_BASE:
		return ROM_TABLE | 3; /* present, ADIv5 format */
	case AP_IDR:
		return mcu_silicon(m)->ap_idr;
	default:
		return 0; /* CFG: little-endian; the rest is reserved */
	}
}

enum mcu_access ap_access(struct dp *dp, struct mcu *m, bool read, uint8_t reg, uint32_t *data)
{
	if (dp->select >> 24 != 0) { /* APSEL: nothing there */
		*data = read ? 0 : *data;
		return MCU_ACCESS_OK;
	}
	if (reg == AP_DRW)
		return drw(dp, m, read, data);
	if (reg >= AP_BD0 && reg <= AP_BD0 + 12)
		return banked(dp, m, read, reg, data);
	if (read)
		*data = register_read(dp, m, reg);
	else if (reg == AP_CSW)
		csw_write(dp, *data);
	else if (reg == AP_TAR)
		dp->tar = *data;
	return MCU_ACCESS_OK;
}
