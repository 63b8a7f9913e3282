/*
 * Any bytes as a firmware file: parsing, names, vectors and unwinding never
 * crash, hang or read outside. With -DREPLAY a plain program that mutates the
 * files given to it (no libFuzzer needed): fuzz_image ROUNDS FILE...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool memory(void *ctx, uint32_t address, uint32_t *word)
{
	(void)ctx;
	*word = address * 2654435761u;
	return address >= 0x20000000 && address < 0x20005000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image *img = NULL;
	struct image_line line;
	uint32_t low, high, vectors;
	uint8_t hash[32];

	if (image_parse("fuzz", data, size, IMAGE_NO_ADDRESS, &img, NULL) != STATUS_OK)
		return 0;
	image_span(img, &low, &high);
	(void)image_vectors(img, &vectors, NULL);
	image_hash(img, hash);
	for (unsigned i = 0; i < 4; i++) {
		uint32_t pc = low + (high - low) / 4 * i;
		struct image_regs regs = {.r = {[13] = 0x20001000, [14] = pc | 1, [15] = pc}};

		(void)image_symbol_at(img, pc);
		(void)image_line_at(img, pc, &line);
		(void)image_unwind(img, &regs, memory, NULL);
	}
	image_free(img);
	return 0;
}

#ifdef REPLAY
static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void mutate(uint8_t *copy, size_t *len, uint32_t *seed)
{
	unsigned edits = 1 + next(seed) % 8;
	size_t reach = next(seed) % 2 ? *len : (*len < 256 ? *len : 256);

	for (unsigned i = 0; i < edits && reach; i++)
		copy[next(seed) % reach] = (uint8_t)next(seed);
	if (next(seed) % 4 == 0 && *len)
		*len = next(seed) % *len;
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0, number = 0;
	uint32_t seed = 1;

	for (int i = 2; i < argc; i++) {
		static uint8_t file[1 << 20], copy[1 << 20];
		FILE *f = fopen(argv[i], "rb");
		size_t size = f ? fread(file, 1, sizeof file, f) : 0;

		if (f)
			fclose(f);
		for (unsigned k = 0; k < rounds; k++) {
			size_t len = size;

			memcpy(copy, file, size);
			mutate(copy, &len, &seed);
			LLVMFuzzerTestOneInput(copy, len);
		}
		printf("%sok %u - %u mutations of a file of %zu bytes\n", size ? "" : "not ", ++number,
		       rounds, size);
	}
	printf("1..%u\n", number);
	return 0;
}
#endif
