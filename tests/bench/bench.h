/* What the programs of `make bench` for the engines share. */
#ifndef REFLASH_TESTS_BENCH_H
#define REFLASH_TESTS_BENCH_H

#include <stddef.h>
#include <stdint.h>

/* Processor time of this process, in seconds. */
double cpu_seconds(void);
/* Run a program of tests/bench/src to its end marker; MIPS by `count` instructions,
 * `*sum` its result. Zero when it did not get there. */
double unicorn_compute(const uint8_t *bytes, size_t len, uint64_t count, uint32_t *sum);
double unicorn_switching(const uint8_t *bytes, size_t len, uint64_t count, uint32_t *sum);

#endif
