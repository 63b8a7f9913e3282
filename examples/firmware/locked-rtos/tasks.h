/* The three tasks of the program. */
#ifndef TASKS_H
#define TASKS_H

#include <stdint.h>

void blink_task(void);
void serial_task(void);
void display_task(void);

/* board.c: SPI1 on PB3 (SCK) and PB5 (MOSI), with the debug port as `swj`
 * (AFIO_MAPR_SWJ_CFG_...) leaves it. */
void board_remap(uint32_t swj);

#endif
