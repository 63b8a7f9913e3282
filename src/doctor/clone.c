/*
 * Whose chip is it? Genuine STM32F103 and the parts sold in its place agree in
 * most registers and differ in a few; a verdict needs all of them together.
 * Reads only: nothing is written to the chip.
 *
 * Sources: public measurements of the parts (each row says of what); RM0008
 * 31.6 and ST's errata for what genuine parts read. The CRC of ST's boot ROM
 * would add nothing: two clones carry ST's own.
 *
 * Not used: tests that write (VTOR width, extra RCC bits, FLOCK).
 */
#include "doctor/doctor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define JEP_ST 0x020u
#define JEP_ARM 0x43Bu
#define JEP_GIGADEVICE 0x751u
#define R1P1 0x411FC231u
#define R2P0 0x412FC230u

struct identity {
	struct target_identity id;
	unsigned designer, part; /* of the ROM table: continuation << 8 | id */
	bool rom_zero;
	struct seen_word marker_d0; /* 0x1FFFF7D0 */
	struct seen_word rom_sp;    /* 0x1FFFF000 */
	struct seen_word product;   /* 0x40022100 */
};

/* ---- reading ------------------------------------------------------------------------- */

static void see(struct target *t, uint32_t address, struct seen_word *w)
{
	w->known = target_read32(t, address, &w->value, NULL) == STATUS_OK;
}

/* JEP106 as the ROM table spells it: PIDR1[7:4], PIDR2[2:0], PIDR4[3:0]. */
static void decode_rom(struct identity *x)
{
	const uint8_t *p = x->id.rom_pid;
	bool any = false;

	for (size_t i = 0; i < 8; i++)
		any |= p[i] != 0;
	x->rom_zero = x->id.rom_known && !any;
	x->designer = (unsigned)(p[1] >> 4 | (p[2] & 7) << 4 | (p[4] & 15) << 8);
	x->part = (unsigned)(p[0] | (p[1] & 15) << 8);
}

static enum status read_identity(struct target *t, struct identity *x, struct err *err)
{
	enum status s = target_identify(t, &x->id, err);

	if (s)
		return s;
	decode_rom(x);
	see(t, 0x1FFFF7D0, &x->marker_d0);
	see(t, 0x1FFFF000, &x->rom_sp);
	see(t, 0x40022100, &x->product);
	return STATUS_OK;
}

/* ---- evidence --------------------------------------------------------------------------- */

static void add(struct clone_verdict *v, const char *what, uint32_t value, enum clone_says says,
		const char *text)
{
	struct clone_evidence *e;

	if (v->evidence_count == CLONE_EVIDENCE_MAX)
		return;
	e = &v->evidence[v->evidence_count++];
	e->what = what;
	e->value = value;
	e->says = says;
	snprintf(e->text, sizeof e->text, "%s", text);
}

static bool f1_id(uint32_t idcode)
{
	static const uint16_t ids[] = {0x410, 0x412, 0x414, 0x418, 0x420, 0x428, 0x430};

	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
		if ((idcode & 0xFFF) == ids[i])
			return true;
	return false;
}

static void judge_core(const struct identity *x, struct clone_verdict *v)
{
	uint32_t cpuid = x->id.cpuid;

	if (cpuid == R1P1)
		add(v, "CPUID", cpuid, CLONE_GENUINE, "Cortex-M3 r1p1, as every STM32F1");
	else if ((cpuid >> 4 & 0xFFF) == 0xC23)
		add(v, "CPUID", cpuid, CLONE_OTHER, "Cortex-M3 r2: ST never made an F1 of that");
	else
		add(v, "CPUID", cpuid, CLONE_OTHER, "no Cortex-M3");
}

static void judge_port(const struct identity *x, struct clone_verdict *v)
{
	if (x->id.dpidr == 0x1BA01477)
		add(v, "DPIDR", x->id.dpidr, CLONE_GENUINE, "debug port as on ST's F1 (some clones, too)");
	else
		add(v, "DPIDR", x->id.dpidr, CLONE_OTHER, "not the debug port of ST's F1");
	if (!x->id.ap_idr_known)
		return;
	if (x->id.ap_idr >> 28 > 1)
		add(v, "AP IDR", x->id.ap_idr, CLONE_OTHER, "access port of a later revision than ST's");
	else
		add(v, "AP IDR", x->id.ap_idr, CLONE_GENUINE, "access port as on ST's F1");
}

static void judge_rom(const struct identity *x, struct clone_verdict *v)
{
	uint32_t pid = x->designer << 12 | x->part;

	if (!x->id.rom_known)
		return;
	if (x->rom_zero)
		add(v, "ROM table", 0, CLONE_OTHER, "names no maker at all");
	else if (x->designer == JEP_ST)
		add(v, "ROM table", pid, CLONE_GENUINE, "names ST (one clone copies that)");
	else if (x->designer == JEP_ARM)
		add(v, "ROM table", pid, CLONE_OTHER, "names Arm: the maker put no name in");
	else if (x->designer == JEP_GIGADEVICE)
		add(v, "ROM table", pid, CLONE_OTHER, "names GigaDevice");
	else
		add(v, "ROM table", pid, CLONE_OTHER, "names somebody else");
}

static bool genuine_revision(uint32_t idcode)
{
	uint32_t rev = idcode >> 16;

	switch (idcode & 0xFFF) {
	case 0x410:
		return rev == 0x0000 || rev == 0x2000 || rev == 0x2001 || rev == 0x2003;
	case 0x412:
		return rev == 0x1000;
	case 0x414:
		return rev == 0x1000 || rev == 0x1001 || rev == 0x1003;
	default:
		return true;
	}
}

/* Bits 15:12 are reserved; every genuine part reads 6 there. */
static void judge_idcode(const struct identity *x, struct clone_verdict *v)
{
	uint32_t idcode = x->id.idcode;

	if (!x->id.idcode_known)
		return;
	if (!f1_id(idcode))
		add(v, "DBGMCU_IDCODE", idcode, CLONE_NEUTRAL, "not a device id of the F1 family");
	else if (idcode >> 16 == 0x1303 || idcode >> 16 == 0x1309)
		add(v, "DBGMCU_IDCODE", idcode, CLONE_OTHER, "GigaDevice's revision field");
	else if (!genuine_revision(idcode))
		add(v, "DBGMCU_IDCODE", idcode, CLONE_OTHER, "a revision that ST does not list");
	else if ((idcode >> 12 & 0xF) != 6 && (idcode & 0xFFF) == 0x410)
		add(v, "DBGMCU_IDCODE", idcode, CLONE_OTHER, "bits 15:12 read 6 on ST's parts");
	else
		add(v, "DBGMCU_IDCODE", idcode, CLONE_GENUINE, "device and revision as ST lists them (clones copy it)");
}

static void judge_signature(const struct identity *x, struct clone_verdict *v)
{
	uint32_t size = x->id.flash_size_word;

	if (x->id.flash_size_known && size >> 16 != 0xFFFF && size >> 16 != 0)
		add(v, "flash size", size, CLONE_OTHER, "the upper half tells RAM, as GigaDevice's does");
	else if (x->id.flash_size_known)
		add(v, "flash size", size, CLONE_NEUTRAL, "in KiB, lower half");
	if (x->id.uid_known && !(x->id.uid[0] | x->id.uid[1] | x->id.uid[2]))
		add(v, "unique id", 0, CLONE_OTHER, "all zero");
	if (x->product.known && x->product.value != 0 && x->product.value != UINT32_MAX &&
	    x->designer != JEP_ST)
		add(v, "0x40022100", x->product.value, CLONE_OTHER, "a product word that ST's parts have not");
	if (x->marker_d0.known && x->marker_d0.value == 0x0CF300FF)
		add(v, "0x1FFFF7D0", x->marker_d0.value, CLONE_OTHER, "Geehy's mark");
}

/* ---- who is it ----------------------------------------------------------------------------- */

/* A named part: first row that fits wins. */
struct maker {
	const char *name;
	bool (*fits)(const struct identity *x);
	const char *advice;
};

static bool is_gigadevice(const struct identity *x)
{
	return x->designer == JEP_GIGADEVICE || x->id.idcode >> 16 == 0x1303 ||
	       x->id.idcode >> 16 == 0x1309;
}

static bool arm_rom(const struct identity *x)
{
	return x->designer == JEP_ARM && x->part == 0x4C3;
}

static bool is_apm(const struct identity *x)
{
	return arm_rom(x) && x->marker_d0.known && x->marker_d0.value == 0x0CF300FF;
}

static bool is_ch32(const struct identity *x)
{
	return arm_rom(x) && ((x->rom_sp.known && x->rom_sp.value == 0x20000910) ||
			      x->id.idcode >> 16 == 0x2000);
}

static bool is_cs32(const struct identity *x)
{
	return arm_rom(x) && x->rom_sp.known && x->rom_sp.value == 0x200001FC;
}

static bool is_air32(const struct identity *x)
{
	return x->id.cpuid == R2P0 && x->rom_zero;
}

static bool is_hangshun(const struct identity *x)
{
	return x->id.rom_known && !(x->id.rom_pid[2] & 8) && x->designer == 0x555 && x->part != 0x29B;
}

static bool is_555(const struct identity *x)
{
	return x->designer == 0x555 && x->part == 0x29B;
}

static bool is_unnamed_copy(const struct identity *x)
{
	return x->id.cpuid == R2P0 && x->designer == JEP_ST;
}

static bool is_arm_named(const struct identity *x)
{
	return arm_rom(x);
}

static const struct maker makers[] = {
	{"GigaDevice GD32F103", is_gigadevice,
	 "only the first write of SWJ_CFG after reset counts; option bytes need more time"},
	{"Geehy APM32F103", is_apm, "flashing works as on ST's parts"},
	{"WCH CH32F103", is_ch32, "flash is much slower: allow for it; a \"C8\" really has 64 KiB"},
	{"China Key Systems CS32F103", is_cs32, "flashing works as on ST's parts; ST's own debugger refuses it"},
	{"LuatOS/Megahunt AIR32F103", is_air32,
	 "connect under reset cannot work: SWD is dead while NRST is low; and do not switch JTAG off (SWJ_CFG=010 locks SWD out, too)"},
	{"the nameless clone with maker code 0x555", is_555, "ST's own debugger refuses it"},
	{"Hangshun HK32F103", is_hangshun, "ST's own debugger refuses it"},
	{"a nameless clone that copies ST's ROM table", is_unnamed_copy,
	 "do not trust its timer and flash details"},
	{"a clone with Arm's name in its ROM table (CKS, Geehy, WCH or another)", is_arm_named,
	 "ST's own debugger refuses it; other tools flash it"},
};

static void name_it(const struct identity *x, struct clone_verdict *v)
{
	for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
		if (!makers[i].fits(x))
			continue;
		snprintf(v->name, sizeof v->name, "%s", makers[i].name);
		snprintf(v->advice, sizeof v->advice, "%s", makers[i].advice);
		return;
	}
	snprintf(v->name, sizeof v->name, "a chip nobody here knows");
	snprintf(v->advice, sizeof v->advice, "its flash may not obey ST's timing");
}

static void conclude(const struct identity *x, struct clone_verdict *v)
{
	unsigned genuine = 0, other = 0;

	for (size_t i = 0; i < v->evidence_count; i++) {
		genuine += v->evidence[i].says == CLONE_GENUINE;
		other += v->evidence[i].says == CLONE_OTHER;
	}
	v->genuine = other == 0 && x->id.cpuid == R1P1 && genuine >= 3;
	if (v->genuine) {
		v->certain = x->id.idcode_known && x->id.rom_known;
		snprintf(v->name, sizeof v->name, "STMicroelectronics STM32F1");
		snprintf(v->sentence, sizeof v->sentence, "genuine: all identity registers %s ST's",
			 v->certain ? "agree with" : "that could be read agree with");
		return;
	}
	name_it(x, v);
	v->certain = other >= 2;
	snprintf(v->sentence, sizeof v->sentence, "not ST's: %s (%u register%s of %zu differ%s)", v->name,
		 other, other == 1 ? "" : "s", v->evidence_count, other == 1 ? "s" : "");
}

enum status doctor_identify(struct target *t, struct clone_verdict *out, struct err *err)
{
	struct identity x;
	enum status s;

	memset(&x, 0, sizeof x);
	memset(out, 0, sizeof *out);
	if ((s = read_identity(t, &x, err)))
		return s;
	judge_core(&x, out);
	judge_port(&x, out);
	judge_rom(&x, out);
	judge_idcode(&x, out);
	judge_signature(&x, out);
	/* Another family altogether is not a clone of this one. */
	if (x.id.idcode_known && x.id.idcode && !f1_id(x.id.idcode)) {
		out->genuine = x.designer == JEP_ST;
		snprintf(out->name, sizeof out->name, "not an STM32F1");
		snprintf(out->sentence, sizeof out->sentence,
			 "another family: device id 0x%03" PRIX32 "%s", x.id.idcode & 0xFFF,
			 x.designer == JEP_ST ? ", by ST" : "");
		return STATUS_OK;
	}
	conclude(&x, out);
	return STATUS_OK;
}
