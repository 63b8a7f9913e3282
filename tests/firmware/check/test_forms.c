/*
 * check on firmware whose truth is known: every form of forms.c against the
 * verdict, cause and line expected of it. The line is the one that carries
 * `blame FORM` in the sources. Usage: test_forms FOLDER-OF-ELFS SOURCE-FOLDER
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lockout/lockout.h"

struct row {
	const char *form;
	const char *verdict;
	const char *cause;   /* of the finding that is held against the line; "": none may be */
	unsigned run_ms;     /* 0: 60 */
	const char *condition; /* what it hangs on, as the finding must say; NULL: any */
};

/* What takes SWD away in a plain run, and must be blamed on the line, at every
 * optimisation. */
static const struct row locking[] = {
	{"word", "locks-out", "swj-off"}, {"half", "locks-out", "swj-off"},
	{"byte", "locks-out", "swj-off"}, {"bitband", "locks-out", "swj-off"},
	{"copied", "locks-out", "swj-off"}, {"helper", "locks-out", "swj-off"},
	{"chain", "locks-out", "swj-off"}, {"packed", "locks-out", "swj-off"},
	{"pointer", "locks-out", "swj-off"}, {"table", "locks-out", "swj-off"},
	{"table_here", "locks-out", "swj-off"}, {"constructor", "locks-out", "swj-off"},
	{"isr", "locks-out", "swj-off"}, {"macro", "locks-out", "swj-off"},
	{"inlined", "locks-out", "swj-off"}, {"variable", "locks-out", "swj-off"},
	{"global", "locks-out", "swj-off"}, {"returned", "locks-out", "swj-off"},
	{"pin", "locks-out", "swj-off"}, {"twice", "locks-out", "swj-off"},
	{"rmw_or", "locks-out", "swj-off"},
	/* only with input, or later than the run */
	{"uart", "may-lock-out", "swj-off", .condition = "if USART1 receives 'x'"},
	{"button", "may-lock-out", "swj-off", .condition = "if PA0 reads 0"},
	{"i2c", "may-lock-out", "swj-off", .condition = "if I2C1 device 0x27 acknowledges"},
	{"late", "may-lock-out", "swj-off"},
	{"command", "may-lock-out", "swj-off",
	 .condition = "if USART1 receives \"lock\" and a line end"},
	{"interrupt_pin", "may-lock-out", "swj-off", .condition = "if PB7 reads 1"},
	{"strap", "may-lock-out", "swj-off", .condition = "if PC13 reads 1"},
	{"sensor", "may-lock-out", "swj-off",
	 .condition = "if the device on SPI1 answers 0x00"},
	{"bus_flag", "may-lock-out", "swj-off",
	 .condition = "if bit 12 of 0x40005C44 (USB) reads 1"},
	{"rmw_spi", "may-lock-out", "swj-rmw",
	 .condition = "if AFIO_MAPR bits 26:24 read back as 100"},
};

/* Look-alikes and hazards. */
static const struct row others[] = {
	{"gate_off", "clear", ""}, {"reserved", "clear", ""}, {"nojtag", "clear", ""},
	{"unused", "clear", ""}, {"decoy", "clear", ""}, {"selector", "clear", ""},
	{"back_on", "clear", ""}, {"masked", "clear", ""},
	{"stop", "hazard", "stop"}, {"standby", "hazard", "standby"},
	{"sleep", "hazard", "sleep", 400}, {"iwdg", "clear", "watchdog"},
	{"iwdg_bites", "hazard", "watchdog", 2000}, {"rdp", "hazard", "rdp"},
	{"fault", "unknown", "fault"},
	{"late", "locks-out", "swj-off", 301000},
};

static const char *folder, *sources;
static unsigned number, failures;

static struct image *load(const char *form, const char *flags)
{
	char path[1024];
	struct image *img = NULL;
	uint8_t *bytes;
	size_t len;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s-%s.elf", folder, form, flags);
	f = fopen(path, "rb");
	if (!f)
		return NULL;
	bytes = malloc(1 << 20);
	len = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	if (image_parse(form, bytes, len, IMAGE_NO_ADDRESS, &img, NULL) != STATUS_OK)
		img = NULL;
	free(bytes);
	return img;
}

/* Does `comment` name the form after "blame"? */
static bool names_form(const char *line, const char *form)
{
	const char *at = strstr(line, "/* blame ");
	char words[128], *word, *save;

	if (!at)
		return false;
	snprintf(words, sizeof words, "%s", at + 9);
	for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (strcmp(word, form) == 0)
			return true;
	return false;
}

static bool is_marked(const char *file, unsigned number_wanted, const char *form)
{
	const char *base = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	char path[1024], line[512];
	unsigned n = 0;
	bool marked = false;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", sources, base);
	f = fopen(path, "r");
	while (f && n < number_wanted && fgets(line, sizeof line, f))
		n++;
	if (f) {
		marked = n == number_wanted && n && names_form(line, form);
		fclose(f);
	}
	return marked;
}

/* Every finding of the cause must be on a marked line, and there must be one;
 * with cause "" no lock-out or hazard may be found. */
static bool findings_fit(const struct lockout_report *r, const struct row *row, char *why,
			 size_t size)
{
	unsigned fitting = 0;

	for (size_t i = 0; i < r->finding_count; i++) {
		const struct lockout_finding *f = &r->findings[i];

		if (strcmp(cause_name(f->cause), row->cause) != 0)
			continue;
		if (!is_marked(f->blame.file, f->blame.line, row->form)) {
			snprintf(why, size, "blames %s:%u", f->blame.file, f->blame.line);
			return false;
		}
		if (r->verdict == VERDICT_LOCKS_OUT && f->proof[0] == '\0') {
			snprintf(why, size, "is not proved");
			return false;
		}
		if (row->condition && strcmp(f->condition, row->condition) != 0) {
			snprintf(why, size, "says \"%s\"", f->condition);
			return false;
		}
		fitting++;
	}
	snprintf(why, size, "no finding %s", row->cause);
	return row->cause[0] == '\0' || fitting;
}

static void report(bool ok, const struct row *row, const char *flags, const char *why)
{
	printf("%sok %u - %s %s%s%s\n", ok ? "" : "not ", ++number, row->form, flags,
	       ok ? "" : ": ", ok ? "" : why);
	failures += !ok;
}

static void check(const struct row *row, const char *flags)
{
	struct lockout_options opt = {.run_us = (row->run_ms ? row->run_ms : 60) * 1000ull};
	struct image *img = load(row->form, flags);
	struct lockout_report *r = NULL;
	struct err err = ERR_INIT;
	char why[256] = "";

	if (!img) {
		report(false, row, flags, "no such firmware");
		return;
	}
	if (lockout_check(img, &opt, &r, &err) != STATUS_OK)
		report(false, row, flags, err.what);
	else if (strcmp(verdict_name(r->verdict), row->verdict) != 0)
		report(false, row, flags, verdict_name(r->verdict));
	else
		report(findings_fit(r, row, why, sizeof why), row, flags, why);
	lockout_report_free(r);
	image_free(img);
}

int main(int argc, char **argv)
{
	static const char *const flags[] = {"O0", "Os", "O2", "O2flto"};

	if (argc != 3)
		return 2;
	folder = argv[1];
	sources = argv[2];
	for (size_t i = 0; i < sizeof locking / sizeof locking[0]; i++)
		for (size_t k = 0; k < sizeof flags / sizeof flags[0]; k++)
			check(&locking[i], flags[k]);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		check(&others[i], "Os");
	printf("1..%u\n", number);
	return failures != 0;
}
