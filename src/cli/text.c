/* See text.h. */
#include "cli/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* "1.9", "10", "2.5": two digits where they say something. */
static void put_number(char *out, double v, const char *unit)
{
	snprintf(out, TEXT_MAX, v < 9.95 && v != (double)(int64_t)v ? "%.1f %s" : "%.0f %s", v,
		 unit);
}

const char *text_duration(char out[TEXT_MAX], uint64_t us)
{
	double v = (double)us;

	if (us < 1000)
		put_number(out, v, "us");
	else if (us < 1000000)
		put_number(out, v / 1e3, "ms");
	else if (us < 120000000)
		put_number(out, v / 1e6, "s");
	else if (us < 7200000000)
		put_number(out, v / 60e6, "min");
	else
		put_number(out, v / 3600e6, "h");
	return out;
}

const char *text_size(char out[TEXT_MAX], uint64_t bytes)
{
	if (bytes >= 1u << 20 && bytes % (1u << 20) == 0)
		snprintf(out, TEXT_MAX, "%" PRIu64 " MiB", bytes >> 20);
	else if (bytes >= 1024 && bytes % 1024 == 0)
		snprintf(out, TEXT_MAX, "%" PRIu64 " KiB", bytes >> 10);
	else
		snprintf(out, TEXT_MAX, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
	return out;
}

const char *text_count(char out[TEXT_MAX], uint64_t n)
{
	if (n < 100000)
		snprintf(out, TEXT_MAX, "%" PRIu64, n);
	else
		snprintf(out, TEXT_MAX, n % 1000000 ? "%.1f million" : "%.0f million",
			 (double)n / 1e6);
	return out;
}

const char *text_hex(char out[TEXT_MAX], uint32_t v)
{
	snprintf(out, TEXT_MAX, "0x%08" PRIX32, v);
	return out;
}

const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
