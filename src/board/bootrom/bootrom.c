/* The committed bytes of the boot ROM (bootrom_image.h is generated). */
#include "board/bootrom/bootrom.h"

const uint8_t bootrom_image[] = {
#include "board/bootrom/bootrom_image.h"
};
const size_t bootrom_size = sizeof bootrom_image;
