/*
 * Inside the image room.
 *
 *   parse.c    sniffing and dispatch        chunks.c   pieces -> segments
 *   elf.c      ELF32 headers and sections   symbols.c  names
 *   ihex.c srec.c                           vectors.c  where the table is
 *   dwarf_child.c  the limited child and the talk with it
 *   dwarf_answer.c what the child answers, by libdw
 *   unwind.c   frames: rules from the child, else a prologue scan
 *   image.c    the public face
 */
#ifndef REFLASH_IMAGE_INTERNAL_H
#define REFLASH_IMAGE_INTERNAL_H

#include "base/bytes.h"
#include "image/image.h"

#define BOOT_ALIAS_END 0x00100000u /* F103: flash shows at 0 for at most 1 MiB */
#define FLASH_BASE 0x08000000u
#define RAM_BASE 0x20000000u

struct dwarf_child;

struct image {
	enum image_format format;
	char *name;
	struct image_segment *segments;
	size_t segment_count;
	uint8_t *bytes;          /* backs the segments */
	bool moved;              /* linked at the boot alias, moved to FLASH_BASE */
	struct image_section *sections;
	size_t section_count;
	uint32_t left_out, left_out_at; /* bytes for RAM, and where */
	struct image_symbol *functions; /* by address, one an address */
	size_t function_count;
	struct image_symbol *others;    /* objects and labels, by address */
	size_t other_count;
	char *strings;           /* backs the symbols' names */
	char *plain;             /* backs those that were C++ names */
	uint8_t *file;           /* the ELF file itself, for the child; NULL without DWARF */
	size_t file_len;
	bool has_lines;
	struct dwarf_child *dwarf;      /* made at the first question */
};

/* ---- pieces as a parser finds them ------------------------------------------ */

struct chunk {
	uint32_t address;
	size_t offset; /* into chunks.bytes */
	size_t len;
};
struct chunks {
	struct chunk *list;
	size_t count, room;
	uint8_t *bytes;
	size_t used, size;
};
/* Add bytes at an address; data that continues the last piece joins it.
 * STATUS_NO_MEMORY, STATUS_BAD_FILE when they pass the end of the address space. */
enum status chunks_add(struct chunks *c, uint32_t address, const uint8_t *data, size_t len,
		       struct err *err) MUST_CHECK;
void chunks_fini(struct chunks *c);
/* Sort, move away from the boot alias, refuse overlaps, merge neighbours and
 * give the result to `img`. */
enum status chunks_finish(struct chunks *c, struct image *img, struct err *err) MUST_CHECK;

/* ---- parsers: the file's text or bytes -> chunks ------------------------------- */

/* A file of records being read (records.c): one line each, hexadecimal bytes. */
struct records {
	const char *name;
	const char *end_names; /* after "it has no end record" */
	char mark;             /* every record begins with it */
	unsigned line;
	bool ended;            /* the end record was seen */
	struct chunks *out;
	struct err *err;
};
/* Calls take_line for every line that is not empty, without blanks in front,
 * until one sets `ended`; STATUS_BAD_FILE when none does, or when yet another
 * record follows. */
enum status records_each(struct records *r, const uint8_t *text, size_t len,
			 enum status (*take_line)(struct records *r, const uint8_t *line,
						  size_t len)) MUST_CHECK;
/* The first byte says how many follow; `extra` more are in the record. All of
 * them into bytes (room for 255 + extra), and their sum. */
enum status records_bytes(const struct records *r, const uint8_t *text, size_t len, size_t extra,
			  uint8_t *bytes, size_t *count, uint8_t *sum) MUST_CHECK;
/* STATUS_BAD_FILE with the line's number. */
enum status records_bad(const struct records *r, const char *what) MUST_CHECK;

enum status ihex_parse(const char *name, const uint8_t *text, size_t len, struct chunks *out,
		       struct err *err) MUST_CHECK;
enum status srec_parse(const char *name, const uint8_t *text, size_t len, struct chunks *out,
		       struct err *err) MUST_CHECK;
/* Also fills the image's sections, symbols and DWARF file. */
enum status elf_parse(const uint8_t *bytes, size_t len, struct image *img, struct chunks *out,
		      struct err *err) MUST_CHECK;
/* Two hexadecimal digits; -1 when they are not. */
int hex_byte(const uint8_t *text);

/* ---- symbols ----------------------------------------------------------------------- */

/* A table row as the file has it. */
struct raw_symbol {
	uint32_t name, value, size;
	uint8_t type, bind;
};
enum { SYMBOL_NOTYPE = 0, SYMBOL_OBJECT = 1, SYMBOL_FUNC = 2 };
/* Take over the table: `strings` (NUL-terminated) becomes the image's. */
enum status symbols_take(struct image *img, const struct raw_symbol *raw, size_t count,
			 char *strings, size_t strings_len, struct err *err) MUST_CHECK;

/* An address as the file's own tables know it: in an image that was moved away
 * from the boot alias, both views of flash are one. */
uint32_t image_own_address(const struct image *img, uint32_t address);

void sha256(const struct image *img, uint8_t out[32]);

/* ---- the child ----------------------------------------------------------------------- */

enum dwarf_question { ASK_LINE = 1, ASK_INLINES, ASK_FRAME, ASK_MEMBER, ASK_ROWS,
		      ASK_PARAMETERS };
#define DWARF_MESSAGE_MAX 16384u
#define DWARF_FRAMES_MAX 32u

/* Ask; the answer (without its status byte) lands in `answer`. False: no
 * answer, because there is none or the child could not give it. */
bool dwarf_ask(const struct image *img, enum dwarf_question q, uint32_t address, const char *text,
	       struct cursor *answer, uint8_t *buffer);
void dwarf_child_free(struct dwarf_child *child);
/* A string that lives as long as the image. NULL for "" or no memory. */
const char *dwarf_keep(const struct image *img, const char *text);

/* An answer under construction. */
struct reply {
	uint8_t bytes[DWARF_MESSAGE_MAX];
	size_t len;
	bool full;
};
void reply_u8(struct reply *r, uint8_t v);
void reply_u32(struct reply *r, uint32_t v);
void reply_text(struct reply *r, const char *text);

/* What the child answers from (dwarf_answer.c). */
struct dwarf_data;
struct dwarf_data *dwarf_data_open(const uint8_t *file, size_t len);
/* False: nothing known. */
bool dwarf_answer(struct dwarf_data *d, enum dwarf_question q, uint32_t address, const char *text,
		  struct reply *out);

/* How one register of the caller is found. */
enum frame_rule { RULE_SAME, RULE_UNDEFINED, RULE_AT_CFA, RULE_CFA_PLUS, RULE_REGISTER };

/* A C++ name without mangling, parameters and template arguments. False, and
 * `out` undefined, when it is none or too intricate: keep it as it is. */
bool plain_name(const char *mangled, char *out, size_t size);

#endif
