/*
 * Firmware files: what bytes go where, and what they mean (symbols, lines,
 * call frames). ELF, Intel HEX, S-record and raw binary, told apart by
 * content. Never opens a file itself: the caller hands over the bytes. DWARF
 * of unknown files is read in a limited child process (image/dwarf_child.c).
 */
#ifndef REFLASH_IMAGE_H
#define REFLASH_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum image_format { IMAGE_ELF, IMAGE_IHEX, IMAGE_SREC, IMAGE_RAW };
const char *image_format_name(enum image_format f);

struct image;

/* One contiguous run of bytes as they will lie in flash (ELF: by load address
 * of the sections, never by p_paddr of a segment that carries headers). */
struct image_segment {
	uint32_t address;
	const uint8_t *data; /* owned by the image */
	size_t len;
};

#define IMAGE_NO_ADDRESS UINT32_MAX
/*
 * Parse. `name` is for messages only. A raw binary goes to `raw_address`
 * (IMAGE_NO_ADDRESS: 0x08000000); for other formats raw_address must be
 * IMAGE_NO_ADDRESS or it shifts nothing and is an error (STATUS_USAGE).
 * Images linked at the boot alias 0x00000000 are moved to 0x08000000.
 * The bytes are copied; `*out` is freed with image_free.
 * STATUS_BAD_FILE with a sentence: empty, truncated, not ARM, 64-bit,
 * big-endian, relocatable, overlapping, bad checksum, nothing to load.
 */
enum status image_parse(const char *name, const uint8_t *bytes, size_t len, uint32_t raw_address,
			struct image **out, struct err *err) MUST_CHECK;
void image_free(struct image *img);

enum image_format image_format(const struct image *img);
const char *image_name(const struct image *img);
/* Segments, ascending, non-overlapping, merged when adjacent. */
const struct image_segment *image_segments(const struct image *img, size_t *count);
/* ELF only: where loaded sections lie while the program runs (code copied to
 * RAM has a load address in flash and a run address in RAM). Else none. */
struct image_section {
	uint32_t run_address, load_address, len;
	bool executable;
};
const struct image_section *image_sections(const struct image *img, size_t *count);
/* ELF only: bytes that its headers load into RAM, and which no flash tool can
 * write; `address`: where the first of them would lie. */
uint32_t image_left_out(const struct image *img, uint32_t *address);
/* Lowest address and one past the highest. */
void image_span(const struct image *img, uint32_t *low, uint32_t *high);
/* Bytes at a load address when the image has them (in an image moved away from
 * the boot alias, at either view of flash). */
bool image_read(const struct image *img, uint32_t address, void *out, size_t len);
/* Where the vector table is: __Vectors/vector_table/g_pfnVectors symbols, else
 * the lowest flash address that holds a plausible (SP, reset) pair. False and
 * `err` says why when there is none. */
bool image_vectors(const struct image *img, uint32_t *address, struct err *err);
/* A raw binary that was surely linked for another place than where it was put, by where
 * its vectors lead (one that a boot loader starts, saved without its address): that
 * place. False: it lies right, or nothing is known; `*address` may be changed. */
bool image_linked_elsewhere(const struct image *img, uint32_t *address);
/* SHA-256 of the segments (address and bytes), 32 bytes. */
void image_hash(const struct image *img, uint8_t out[32]);

/* ---- names ------------------------------------------------------------------ */

struct image_symbol {
	const char *name;  /* owned by the image; C++ names without parameters */
	uint32_t address;  /* Thumb bit cleared */
	uint32_t size;     /* 0: unknown (then taken up to the next symbol) */
	bool is_function;
};
bool image_has_symbols(const struct image *img);
bool image_has_lines(const struct image *img);
/* All function symbols, ascending by address. */
const struct image_symbol *image_functions(const struct image *img, size_t *count);
/* The function (or object) that holds an address; NULL when unknown. */
const struct image_symbol *image_symbol_at(const struct image *img, uint32_t address);
const struct image_symbol *image_symbol_named(const struct image *img, const char *name);

/* ---- source lines ------------------------------------------------------------- */

struct image_line {
	const char *file;   /* as the compiler recorded it: "display.c" or a path; owned by image */
	const char *directory; /* compilation directory, or NULL */
	unsigned line;
	unsigned column;    /* 0: unknown */
};
/* The line of an instruction. False: no line information there. */
bool image_line_at(const struct image *img, uint32_t address, struct image_line *out);

/* The rows of the line table with addresses in [from, to), ascending; `line` 0
 * (the compiler's own code) is left out. Returns how many there are, of which
 * at most `max` are stored; one compilation unit per call (that of `from`). */
struct image_row {
	uint32_t address;
	unsigned line;
	const char *file;    /* owned by the image */
	bool statement;      /* the compiler recommends it as a breakpoint */
};
size_t image_rows_in(const struct image *img, uint32_t from, uint32_t to, struct image_row *out,
		     size_t max);
/* Byte offset of a member in a C struct, by the debug information. */
bool image_member_offset(const struct image *img, const char *structure, const char *member,
			 uint32_t *offset);

/* Inlined functions at an address, innermost first: who was inlined, and the
 * line of the call in its caller. Entry 0's `where` is the address's own line;
 * the last entry is the real function. */
struct image_inline {
	const char *function;
	struct image_line where; /* line within `function` */
};
/* Returns the number of frames (>= 1 when the address is in a known function;
 * capped at `max`). */
size_t image_inlines_at(const struct image *img, uint32_t address, struct image_inline *out,
			size_t max);

/* The parameters of frame `frame` (as counted by image_inlines_at) at an
 * address, as far as the compiler wrote down where they are. */
enum image_parameter_kind { IMAGE_PARAMETER_CONSTANT, IMAGE_PARAMETER_REGISTER };
struct image_parameter {
	enum image_parameter_kind kind;
	uint32_t value; /* the constant, or the register's number */
};
size_t image_parameters_at(const struct image *img, uint32_t address, unsigned frame,
			   struct image_parameter *out, size_t max);

/* ---- call frames ----------------------------------------------------------------- */

/* One step of unwinding: from the registers of a frame to those of its caller.
 * Uses DWARF CFI (.debug_frame) where present, else a prologue scan. */
struct image_regs {
	uint32_t r[16]; /* r13 SP, r14 LR, r15 PC */
};
typedef bool (*image_memory_fn)(void *ctx, uint32_t address, uint32_t *word);
/* False when the frame cannot be unwound (or is the outermost). */
bool image_unwind(const struct image *img, struct image_regs *regs, image_memory_fn memory,
		  void *ctx);

#endif
