/* Looking chips up. */
#include "chips/chips.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "chips/chips_internal.h"

const struct chip *chips_all(size_t *count)
{
	*count = stm32f1_chip_count;
	return stm32f1_chips;
}

/* "stm32f103c8t6", "F103C8", "c8" -> does it mean this part? */
static bool name_means(const char *name, const char *part)
{
	static const size_t skips[] = {0, 5, 9}; /* "", "STM32", "STM32F103" */

	for (size_t i = 0; i < sizeof skips / sizeof skips[0]; i++) {
		const char *tail = part + skips[i];
		size_t len = strlen(tail);

		if (strncasecmp(name, tail, len) != 0)
			continue;
		/* What may follow is a package letter and a temperature digit: "T6". */
		if (name[len] == '\0' ||
		    (isalpha((unsigned char)name[len]) && isalnum((unsigned char)name[len + 1]) &&
		     name[len + 2] == '\0'))
			return true;
	}
	return false;
}

const struct chip *chip_by_name(const char *name)
{
	for (size_t i = 0; i < stm32f1_chip_count; i++)
		if (name_means(name, stm32f1_chips[i].name))
			return &stm32f1_chips[i];
	return NULL;
}

const struct chip *chip_by_id(uint16_t dev_id, unsigned flash_kib)
{
	for (size_t i = 0; i < stm32f1_chip_count; i++) {
		const struct chip *c = &stm32f1_chips[i];

		if (c->dev_id == dev_id && c->flash_size >= flash_kib * 1024u)
			return c;
	}
	return NULL;
}
