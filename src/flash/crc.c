/* See crc.h. */
#include "flash/crc.h"

#include "base/bytes.h"

static uint32_t step8(uint32_t crc)
{
	for (unsigned bit = 0; bit < 8; bit++)
		crc = crc << 1 ^ (crc & 0x80000000u ? 0x04C11DB7u : 0);
	return crc;
}

uint32_t flash_crc(const uint8_t *data, size_t len)
{
	uint32_t table[256], crc = UINT32_MAX;

	for (uint32_t i = 0; i < 256; i++)
		table[i] = step8(i << 24);
	for (size_t i = 0; i + 4 <= len; i += 4) {
		crc ^= get_le32(data + i);
		for (unsigned b = 0; b < 4; b++)
			crc = crc << 8 ^ table[crc >> 24];
	}
	return crc;
}
