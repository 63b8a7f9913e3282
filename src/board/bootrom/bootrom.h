/*
 * The boot ROM's bytes: our own AN3155 bootloader for system memory. Never
 * ST's: a checksum of system memory says nothing here.
 */
#ifndef REFLASH_BOARD_BOOTROM_BOOTROM_H
#define REFLASH_BOARD_BOOTROM_BOOTROM_H

#include <stddef.h>
#include <stdint.h>

#define BOOTROM_BASE 0x1FFFF000u /* where an3155.ld links it */
#define BOOTROM_VECTORS 16u       /* bytes of its vector table */

extern const uint8_t bootrom_image[];
extern const size_t bootrom_size;

#endif
