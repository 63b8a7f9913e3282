/* `recover -p tty:PATH`: the last rung of the ladder, BOOT0 over the UART. */
#ifndef REFLASH_CLI_RECOVER_UART_H
#define REFLASH_CLI_RECOVER_UART_H

#include "cli/cli.h"
#include "image/image.h"

struct uart_recovery {
	const char *backup;      /* NULL: none */
	const char *file;        /* of img, for messages */
	const struct image *img; /* to write; NULL: erase page 0 */
	uint64_t wait_us;        /* for the boot ROM to answer */
};
enum status recover_over_uart(struct cli *cli, const struct uart_recovery *r) MUST_CHECK;

#endif
