/* Small texts: durations, sizes, addresses, paths. All write into the caller's
 * buffer and return it. */
#ifndef REFLASH_CLI_TEXT_H
#define REFLASH_CLI_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_MAX 48

/* "12 us", "1.9 ms", "10 s", "10 min". */
const char *text_duration(char out[TEXT_MAX], uint64_t us);
/* "64 KiB", "1 MiB", "300 bytes". */
const char *text_size(char out[TEXT_MAX], uint64_t bytes);
/* "91.2 million", "400 million", "12345". */
const char *text_count(char out[TEXT_MAX], uint64_t n);
/* "0x08000000". */
const char *text_hex(char out[TEXT_MAX], uint32_t v);
/* The part after the last slash. */
const char *base_name(const char *path);

#endif
