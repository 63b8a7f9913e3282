/* Pre-decoded code: regions, and what makes it stale. */
#include <stdlib.h>
#include <string.h>

#include "mcu/cpu/cpu_internal.h"

bool cpu_new(struct mcu *m)
{
	m->cache = calloc(1, sizeof *m->cache);
	m->s.cpu.thumb = true;
	systick_reset(&m->s.cpu.systick);
	return m->cache != NULL;
}

void cpu_free(struct mcu *m)
{
	free(m->cache);
	m->cache = NULL;
}

void cache_forget(struct mcu *m, uint32_t address, uint32_t len)
{
}

void cache_forget_all(struct mcu *m)
{
	m->cache->pinned = dwt_watches_data(m) || fpb_remaps_literals(m);
}

void cpu_code_changed(struct mcu *m, uint32_t address, uint32_t len)
{
	cache_forget(m, address, len);
}

void cpu_restored(struct mcu *m)
{
	cache_forget_all(m);
}

void cpu_watch_changed(struct mcu *m)
{
	cache_forget_all(m);
}

void cpu_flash_busy(struct mcu *m, bool busy)
{
}
