/*
 * `reflash options [NAME=VALUE...]`: show or change option bytes; `options
 * unlock` removes read-out protection, which erases the chip. PM0075 2.3.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/connect.h"
#include "flash/flash.h"

#define RDP_OFF 0xA5u /* any other value protects */
#define USER_WDG_SW 1u
#define USER_NRST_STOP 2u
#define USER_NRST_STDBY 4u

/* ---- names ------------------------------------------------------------------------------ */

struct option_name {
	const char *name;
	const char *values; /* for messages */
	/* Put `value` into the option bytes; false: not understood. */
	bool (*set)(const struct chip *c, struct flash_options_bytes *ob, const char *value);
	const char *help;
};

static bool on_off(const char *value, bool *on)
{
	static const char *const yes[] = {"1", "on", "yes"}, *const no[] = {"0", "off", "no"};

	for (size_t i = 0; i < 3; i++) {
		if (strcasecmp(value, yes[i]) == 0 || strcasecmp(value, no[i]) == 0) {
			*on = strcasecmp(value, yes[i]) == 0;
			return true;
		}
	}
	return false;
}

static bool set_user_bit(struct flash_options_bytes *ob, uint8_t mask, const char *value)
{
	bool on;

	if (!on_off(value, &on))
		return false;
	ob->user = (uint8_t)(on ? ob->user | mask : ob->user & ~mask);
	return true;
}

static bool set_rdp(const struct chip *c, struct flash_options_bytes *ob, const char *value)
{
	bool on;

	(void)c;
	if (!on_off(value, &on))
		return false;
	ob->rdp = on ? 0x00 : RDP_OFF;
	return true;
}

static bool set_watchdog(const struct chip *c, struct flash_options_bytes *ob, const char *value)
{
	(void)c;
	if (strcasecmp(value, "sw") == 0 || strcasecmp(value, "software") == 0)
		ob->user |= USER_WDG_SW;
	else if (strcasecmp(value, "hw") == 0 || strcasecmp(value, "hardware") == 0)
		ob->user = (uint8_t)(ob->user & ~USER_WDG_SW);
	else
		return false;
	return true;
}

static bool set_nrst_stop(const struct chip *c, struct flash_options_bytes *ob, const char *value)
{
	(void)c;
	return set_user_bit(ob, USER_NRST_STOP, value);
}

static bool set_nrst_stdby(const struct chip *c, struct flash_options_bytes *ob, const char *value)
{
	(void)c;
	return set_user_bit(ob, USER_NRST_STDBY, value);
}

static bool set_byte(uint8_t *out, const char *value)
{
	uint64_t v;

	if (!parse_number(value, &v) || v > 0xFF)
		return false;
	*out = (uint8_t)v;
	return true;
}

static bool set_data0(const struct chip *c, struct flash_options_bytes *ob, const char *value)
{
	(void)c;
	return set_byte(&ob->data0, value);
}

static bool set_data1(const struct chip *c, struct flash_options_bytes *ob, const char *value)
{
	(void)c;
	return set_byte(&ob->data1, value);
}

/* One WRP bit guards chip->wrp_pages pages; the last one all the rest. */
static void protect_page(const struct chip *c, struct flash_options_bytes *ob, unsigned page)
{
	unsigned bit = page / c->wrp_pages;

	if (bit > 31)
		bit = 31;
	ob->wrp[bit / 8] = (uint8_t)(ob->wrp[bit / 8] & ~(1u << bit % 8));
}

/* "none", "all" or pages: "0-3,8". */
static bool set_wrp(const struct chip *c, struct flash_options_bytes *ob, const char *value)
{
	unsigned pages = c->flash_die / c->page_size;
	const char *p = value;

	if (strcasecmp(value, "all") == 0) {
		memset(ob->wrp, 0, sizeof ob->wrp);
		return true;
	}
	memset(ob->wrp, 0xFF, sizeof ob->wrp);
	if (strcasecmp(value, "none") == 0)
		return true;
	do {
		char *end;
		unsigned long first = strtoul(p, &end, 10), last = first;

		if (end == p)
			return false;
		if (*end == '-') {
			p = end + 1;
			last = strtoul(p, &end, 10);
		}
		if (end == p || last < first || last >= pages || (*end && *end != ','))
			return false;
		for (unsigned long page = first; page <= last; page++)
			protect_page(c, ob, (unsigned)page);
		p = end + (*end == ',');
	} while (*p);
	return true;
}

static const struct option_name names[] = {
	{"rdp", "on, off", set_rdp, "read-out protection; off erases the chip"},
	{"wdg", "sw, hw", set_watchdog, "who starts the independent watchdog"},
	{"nrst_stop", "0, 1", set_nrst_stop, "0: entering Stop resets"},
	{"nrst_stdby", "0, 1", set_nrst_stdby, "0: entering Standby resets"},
	{"data0", "0..255", set_data0, "free byte"},
	{"data1", "0..255", set_data1, "free byte"},
	{"wrp", "none, all, PAGES (0-3,8)", set_wrp, "write-protected pages"},
};
#define NAMES (sizeof names / sizeof names[0])

/* ---- showing ------------------------------------------------------------------------------ */

static bool is_guarded(const struct chip *c, const struct flash_options_bytes *ob, unsigned page)
{
	unsigned bit = page / c->wrp_pages < 31 ? page / c->wrp_pages : 31;

	return !(ob->wrp[bit / 8] & 1u << bit % 8);
}

static void show_wrp(struct cli *cli, const struct chip *c, const struct flash_options_bytes *ob)
{
	unsigned pages = c->flash_die / c->page_size, next;
	bool any = false;

	say(cli, "wrp        ");
	for (unsigned first = 0; first < pages; first = next) {
		bool guarded = is_guarded(c, ob, first);

		for (next = first + 1; next < pages && is_guarded(c, ob, next) == guarded;)
			next++;
		if (!guarded)
			continue;
		say(cli, "%s%u-%u", any ? "," : "", first, next - 1);
		any = true;
	}
	say(cli, "%s\n", any ? "" : "none");
}

static void show(struct cli *cli, const struct chip *c, const struct flash_options_bytes *ob)
{
	say(cli, "rdp        %s\n", ob->rdp_active ? "on: the flash cannot be read" : "off");
	say(cli, "wdg        %s\n", ob->user & USER_WDG_SW ? "sw" : "hw: starts by itself at reset");
	say(cli, "nrst_stop  %d\n", !!(ob->user & USER_NRST_STOP));
	say(cli, "nrst_stdby %d\n", !!(ob->user & USER_NRST_STDBY));
	say(cli, "data0      0x%02X\ndata1      0x%02X\n", ob->data0, ob->data1);
	show_wrp(cli, c, ob);
	if (ob->error)
		say(cli, "the option bytes and their complements disagree: write them again\n");
	emit_json(cli, json_pack("{s:s, s:s, s:b, s:b, s:b, s:s, s:b, s:b, s:i, s:i, s:[i,i,i,i]}",
				 "type", "result", "command", "options", "dry_run", cli->dry_run, "rdp", ob->rdp_active, "error",
				 ob->error, "wdg", ob->user & USER_WDG_SW ? "sw" : "hw", "nrst_stop",
				 !!(ob->user & USER_NRST_STOP), "nrst_stdby",
				 !!(ob->user & USER_NRST_STDBY), "data0", ob->data0, "data1", ob->data1,
				 "wrp", ob->wrp[0], ob->wrp[1], ob->wrp[2], ob->wrp[3]));
}

/* ---- changing ---------------------------------------------------------------------------------- */

static enum status apply_one(struct cli *cli, const struct chip *c, struct flash_options_bytes *ob,
			     const char *text)
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : strlen(text);

	for (size_t i = 0; i < NAMES; i++) {
		if (strlen(names[i].name) != len || strncasecmp(names[i].name, text, len) != 0)
			continue;
		if (equals && names[i].set(c, ob, equals + 1))
			return STATUS_OK;
		err_set(&cli->err, STATUS_USAGE, "\"%s\" is not understood", text);
		err_next(&cli->err, "%s takes %s", names[i].name, names[i].values);
		return STATUS_USAGE;
	}
	err_set(&cli->err, STATUS_USAGE, "there is no option byte \"%.*s\"", (int)len, text);
	err_next(&cli->err, "there are rdp, wdg, nrst_stop, nrst_stdby, data0, data1 and wrp");
	return STATUS_USAGE;
}

/* Spelling is looked at before a probe is needed; how many pages there are, only
 * the chip knows. */
static enum status check_spelling(struct cli *cli, const struct args *args)
{
	static const struct chip any = {.flash_die = 1 << 20, .page_size = 1024, .wrp_pages = 4};
	struct flash_options_bytes ob = {0};
	enum status status = STATUS_OK;

	for (size_t i = 0; i < args->count && !status; i++)
		status = apply_one(cli, cli->chip ? cli->chip : &any, &ob, args->rest[i]);
	return status;
}

static enum status change(struct cli *cli, struct session *s, const struct args *args)
{
	struct flash_options_bytes ob;
	enum status status = flash_read_option_bytes(s->target, s->chip, &ob, &cli->err);

	for (size_t i = 0; i < args->count && !status; i++)
		status = apply_one(cli, s->chip, &ob, args->rest[i]);
	if (status)
		return status;
	if (ob.rdp_active && ob.rdp == RDP_OFF) {
		err_set(&cli->err, STATUS_PROTECTED, "switching read-out protection off erases the chip");
		err_next(&cli->err, "`reflash options unlock` does that, and asks first");
		return STATUS_PROTECTED;
	}
	if (cli->dry_run) {
		say(cli, "dry run: the option bytes would be\n");
		ob.rdp_active = ob.rdp != RDP_OFF;
		show(cli, s->chip, &ob);
		return STATUS_OK;
	}
	if (ob.rdp != RDP_OFF && !ob.rdp_active &&
	    !confirm(cli, "Switch read-out protection on? Taking it off again erases the chip."))
		return not_agreed(cli);
	status = flash_write_option_bytes(s->target, s->chip, &ob, &cli->err);
	if (!status)
		status = target_reset(s->target, true, &cli->err); /* they load at a reset */
	if (!status)
		status = flash_read_option_bytes(s->target, s->chip, &ob, &cli->err);
	if (!status)
		show(cli, s->chip, &ob);
	return status;
}

static enum status tell_unlocked(struct cli *cli, const char *what, bool unlocked)
{
	say(cli, "%s\n", what);
	emit_json(cli, json_pack("{s:s, s:s, s:b, s:b}", "type", "result", "command", "options",
				 "dry_run", cli->dry_run, "unlocked", unlocked));
	return STATUS_OK;
}

static enum status unlock(struct cli *cli, struct session *s)
{
	struct flash_options_bytes ob;
	enum status status = flash_read_option_bytes(s->target, s->chip, &ob, &cli->err);

	if (status)
		return status;
	/* it would cost the other option bytes, for nothing */
	if (!ob.rdp_active && ob.rdp == RDP_OFF)
		return tell_unlocked(cli, "read-out protection is not on: nothing was changed", false);
	if (cli->dry_run)
		return tell_unlocked(cli, "dry run: read-out protection would be removed and the chip "
					  "erased", false);
	if (!confirm(cli, "Remove read-out protection? That ERASES the whole flash of the %s.",
		     s->chip->name))
		return not_agreed(cli);
	status = flash_unlock(s->target, s->chip, &cli->err);
	return status ? status
		      : tell_unlocked(cli, "read-out protection is off and the chip is erased", true);
}

static enum status run(struct cli *cli, const struct args *args)
{
	struct session s;
	struct flash_options_bytes ob;
	bool unlocking = args->count == 1 && strcmp(args->rest[0], "unlock") == 0;
	enum status status = unlocking ? STATUS_OK : check_spelling(cli, args);

	if (status || (status = session_open(cli, SESSION_HALT, &s, &cli->err)))
		return status;
	if (unlocking)
		status = unlock(cli, &s);
	else if (args->count)
		status = change(cli, &s, args);
	else if (!(status = flash_read_option_bytes(s.target, s.chip, &ob, &cli->err)))
		show(cli, s.chip, &ob);
	session_close(&s, false);
	return status;
}

const struct command cmd_options = {
	.name = "options", .usage = "[NAME=VALUE... | unlock]", .summary = "Show or change option bytes",
	.about = "rdp=on|off  wdg=sw|hw  nrst_stop=0|1  nrst_stdby=0|1  data0=N  data1=N\n"
		 "wrp=none|all|PAGES, as in wrp=0-3,8\n"
		 "`options unlock` removes read-out protection: it erases the chip, and asks first.",
	.min_args = 0, .max_args = UINT_MAX, .run = run,
};
