/* Causes that lie in the option bytes (PM0075, RM0008 3.3). */
#include "doctor/cause.h"

static const struct evidence rdp[] = {
	{fact_rdp, 80, "FLASH_OBR.RDPRT is set (%s): read-out protection is on"},
	{fact_flash_unreadable, 30, "the core answers, reading its flash does not"},
	{fact_hot_silent, -30, "the debug port itself is silent; protection leaves it alive"},
	{NULL, 0, NULL},
};

static const struct evidence wrp[] = {
	{fact_wrp, 60, "FLASH_WRPR = %s: some pages are write-protected"},
	{fact_hot_silent, -30, "the debug port itself is silent; protection leaves it alive"},
	{NULL, 0, NULL},
};

static const struct evidence option_bytes[] = {
	{fact_option_error, 60, "FLASH_OBR.OPTERR: the option bytes and their complements disagree"},
	{fact_firmware_options, 50, "the firmware writes option bytes: %s"},
	{fact_flash_busy, 20, "FLASH_SR.BSY: a flash operation is under way or was cut short"},
	{fact_hot_silent, -30, "the debug port itself is silent"},
	{NULL, 0, NULL},
};

const struct cause_row causes_protection[] = {
	{CAUSE_RDP, -6, "read-out protection hides the flash",
	 "`reflash options unlock` removes it and erases the chip",
	 "read FLASH_OBR (0x4002201C): bit 1; `reflash info` does this",
	 STATUS_PROTECTED, rdp},
	{CAUSE_WRP, -10, "write protection guards some pages",
	 "`reflash options wrp=none` removes it",
	 "read FLASH_WRPR (0x40022020): all ones means none; `reflash info` does this",
	 STATUS_PROTECTED, wrp},
	{CAUSE_OPTION_BYTES, -14, "the option bytes are damaged or being changed",
	 "`reflash options` shows them; writing them again repairs them",
	 "`reflash options` shows them and whether their complements agree",
	 STATUS_PROTECTED,
	 option_bytes},
	{CAUSE_COUNT, 0, NULL, NULL, NULL, STATUS_OK, NULL},
};
