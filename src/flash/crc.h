/*
 * CRC-32 as the STM32's CRC unit computes it: polynomial 0x04C11DB7, initial
 * value all ones, 32-bit words taken most significant bit first, nothing
 * reflected or inverted. RM0008 4.
 */
#ifndef REFLASH_FLASH_CRC_H
#define REFLASH_FLASH_CRC_H

#include <stddef.h>
#include <stdint.h>

/* `len` is a multiple of 4. */
uint32_t flash_crc(const uint8_t *data, size_t len);

#endif
