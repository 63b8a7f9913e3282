/*
 * Decoding and disassembly against capstone: every 16-bit encoding, and of the
 * 32-bit ones a sample of each row and of the whole space. Texts are compared
 * after numbers, spaces and width suffixes are made alike.
 *
 * Left out, with the reason: encodings that the manual calls UNPREDICTABLE (the
 * two may differ), coprocessor and undefined ones (capstone knows extensions
 * that a Cortex-M3 lacks: it must merely not be one of ours), and the few where
 * capstone 4 itself is wrong (see `capstone_errs`).
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Capstone has a tag of our name. */
#define arm_insn capstone_arm_insn
#include <capstone/capstone.h>
#undef arm_insn

#include "../unit/test.h"
#include "arm/arm.h"

#define ADDRESS 0x08000100u
#define SAMPLES_PER_ROW 3000u
#define RANDOM_SAMPLES 400000u

struct oracle {
	csh handle;
	cs_insn *insn;
	uint64_t random;
	unsigned compared[ARM_OP_COUNT]; /* by row */
};

static uint32_t next_random(struct oracle *o)
{
	o->random ^= o->random << 13;
	o->random ^= o->random >> 7;
	o->random ^= o->random << 17;
	return (uint32_t)(o->random >> 16);
}

/* Capstone calls r9..r12 by their old names. */
static void arm_names(char *text)
{
	static const char *const names[][2] = {{"sb", "r9"}, {"sl", "r10"}, {"fp", "r11"}, {"ip", "r12"}};
	char out[256];
	size_t n = 0;

	for (const char *p = text; *p && n + 4 < sizeof out;) {
		size_t i = 0;
		bool start = p == text || !isalnum((unsigned char)p[-1]);
		while (i < 4 && !(start && strncmp(p, names[i][0], 2) == 0 && !isalnum((unsigned char)p[2])))
			i++;
		if (i < 4) {
			n += (size_t)sprintf(out + n, "%s", names[i][1]);
			p += 2;
		} else {
			out[n++] = *p++;
		}
	}
	out[n] = '\0';
	strcpy(text, out);
}

/* Lower case, one space, numbers in decimal modulo 2^32, no ".w" or ".n". */
static void normalise(const char *in, char *out, size_t size)
{
	size_t n = 0;

	while (*in && n + 16 < size) {
		if (in[0] == '.' && (in[1] == 'w' || in[1] == 'n') && !isalnum((unsigned char)in[2])) {
			in += 2;
		} else if (*in == '#' || (isspace((unsigned char)*in) && n && out[n - 1] == ' ')) {
			in++;
		} else if ((isdigit((unsigned char)*in) || (*in == '-' && isdigit((unsigned char)in[1]))) &&
			   (n == 0 || !isalnum((unsigned char)out[n - 1]))) {
			char *end;
			long long v = strtoll(in, &end, 0);
			bool minus_zero = *in == '-' && v == 0;
			n += (size_t)snprintf(out + n, size - n, "%s%u", minus_zero ? "-" : "",
					      (unsigned)v);
			in = end;
		} else {
			out[n++] = isspace((unsigned char)*in) ? ' ' : (char)tolower((unsigned char)*in);
			in++;
		}
	}
	while (n && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	arm_names(out);
}

static void reopen(struct oracle *o)
{
	cs_close(&o->handle);
	if (cs_open(CS_ARCH_ARM, CS_MODE_THUMB | CS_MODE_MCLASS, &o->handle) != CS_ERR_OK)
		abort();
}

static bool ask(struct oracle *o, uint16_t hw1, uint16_t hw2, char *text, size_t size,
		unsigned *len)
{
	uint8_t bytes[4] = {(uint8_t)hw1, (uint8_t)(hw1 >> 8), (uint8_t)hw2, (uint8_t)(hw2 >> 8)};
	const uint8_t *p = bytes;
	size_t left = arm_is_32bit(hw1) ? 4 : 2;
	uint64_t at = ADDRESS;
	char raw[256];

	if (!cs_disasm_iter(o->handle, &p, &left, &at, o->insn))
		return false;
	if ((hw1 & 0xFF00) == 0xBF00 && hw1 & 15)
		reopen(o); /* it remembers IT blocks */
	snprintf(raw, sizeof raw, "%s %s", o->insn->mnemonic, o->insn->op_str);
	normalise(raw, text, size);
	*len = o->insn->size;
	return true;
}

#include "capstone_errs.h"

static void compare(struct oracle *o, uint16_t hw1, uint16_t hw2)
{
	char ours[256], raw[256], theirs[256];
	struct arm_insn in;
	unsigned len;

	arm_decode(hw1, hw2, &in);
	if (in.flags & ARM_INSN_UNPREDICTABLE || in.kind == ARM_KIND_COPROC ||
	    (in.kind == ARM_KIND_UDF && in.op != ARM_OP_UDF_T1))
		return;
	if (!ask(o, hw1, hw2, theirs, sizeof theirs, &len)) {
		if (!capstone_unaware(&in))
			fail_msg("%04x %04x: capstone knows no such instruction", hw1, hw2);
		return;
	}
	arm_disassemble(&in, ADDRESS, raw, sizeof raw);
	normalise(raw, ours, sizeof ours);
	o->compared[in.op]++;
	if (len != in.size || (strcmp(ours, theirs) != 0 && !capstone_errs(&in, ours, theirs)))
		fail_msg("%04x %04x (%s): ours \"%s\", capstone \"%s\"", hw1, hw2,
			 arm_row(in.op)->name, ours, theirs);
}

static void all_16_bit(void **state)
{
	struct oracle *o = *state;

	for (uint32_t hw = 0; hw < 0xE800; hw++)
		compare(o, (uint16_t)hw, 0);
	for (unsigned op = 1; op < ARM_OP_COUNT; op++)
		if (arm_row(op)->size == 2 && !o->compared[op])
			fail_msg("%s was never compared", arm_row(op)->name);
}

static bool never_compared(const struct arm_row *row)
{
	return row->kind == ARM_KIND_UDF || row->kind == ARM_KIND_COPROC ||
	       row->kind == ARM_KIND_HINT; /* some hints are unallocated */
}

static void rows_32_bit(void **state)
{
	struct oracle *o = *state;
	size_t count;
	const struct arm_row *rows = arm_rows(&count);

	for (size_t i = 0; i < count; i++)
		for (unsigned n = 0; rows[i].size == 4 && n < SAMPLES_PER_ROW; n++) {
			uint32_t v = (next_random(o) & ~rows[i].mask) | rows[i].value;
			compare(o, (uint16_t)(v >> 16), (uint16_t)v);
		}
	compare(o, 0xF3BF, 0x8F2F); /* CLREX: too many should-be bits to be met by chance */
	for (size_t i = 0; i < count; i++)
		if (rows[i].size == 4 && !o->compared[rows[i].op] && !never_compared(&rows[i]))
			fail_msg("%s was never compared", rows[i].name);
}

static void random_32_bit(void **state)
{
	struct oracle *o = *state;

	for (unsigned n = 0; n < RANDOM_SAMPLES; n++) {
		uint32_t v = next_random(o) | 0xE0000000u;
		if (arm_is_32bit((uint16_t)(v >> 16)))
			compare(o, (uint16_t)(v >> 16), (uint16_t)v);
	}
}

/* What is undefined here must be so there, save what a Cortex-M3 lacks. */
static void undefined_16_bit(void **state)
{
	struct oracle *o = *state;
	char text[256];
	unsigned len;

	for (uint32_t hw = 0; hw < 0xE800; hw++) {
		struct arm_insn in;
		arm_decode((uint16_t)hw, 0, &in);
		if (in.op == ARM_OP_UDF && ask(o, (uint16_t)hw, 0, text, sizeof text, &len) &&
		    !not_on_cortex_m3(text))
			fail_msg("%04x is undefined here, \"%s\" for capstone", (unsigned)hw, text);
	}
}

static int open_capstone(void **state)
{
	static struct oracle o;

	o = (struct oracle){.random = 0x9E3779B97F4A7C15u};
	if (cs_open(CS_ARCH_ARM, CS_MODE_THUMB | CS_MODE_MCLASS, &o.handle) != CS_ERR_OK)
		return -1;
	o.insn = cs_malloc(o.handle);
	*state = &o;
	return o.insn ? 0 : -1;
}

static int close_capstone(void **state)
{
	struct oracle *o = *state;

	cs_free(o->insn, 1);
	return cs_close(&o->handle) == CS_ERR_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_16_bit),
		cmocka_unit_test(rows_32_bit),
		cmocka_unit_test(random_32_bit),
		cmocka_unit_test(undefined_16_bit),
	};
	return cmocka_run_group_tests(tests, open_capstone, close_capstone);
}
