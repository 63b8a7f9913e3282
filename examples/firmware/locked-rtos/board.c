/* Where this board's wires go. */
#include "f103.h"
#include "tasks.h"

void board_remap(uint32_t swj)
{
#ifdef NO_REMAP
	(void)swj;
#else
	gpio_primary_remap(swj, AFIO_MAPR_SPI1_REMAP);
#endif
}
