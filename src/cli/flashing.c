/* See flashing.h. */
#include "cli/flashing.h"

#include <stdlib.h>
#include <string.h>

#include "cli/remember.h"

static bool show_progress(void *ctx, enum flash_phase phase, size_t done, size_t total)
{
	return progress_show(ctx, (int)phase, flash_phase_name(phase), done, total);
}

struct flash_options flashing_options(struct cli *cli)
{
	return (struct flash_options){.dry_run = cli->dry_run, .progress = show_progress,
				      .ctx = cli, .log = &cli->log};
}

struct flash_piece *flashing_pieces(const struct image *img, size_t *count)
{
	const struct image_segment *seg = image_segments(img, count);
	struct flash_piece *pieces = calloc(*count + 1, sizeof *pieces);

	for (size_t i = 0; pieces && i < *count; i++)
		pieces[i] = (struct flash_piece){seg[i].address, seg[i].data, seg[i].len};
	return pieces;
}

void tell_half_done(struct cli *cli)
{
	int phase = cli->bar_phase;

	if (phase < FLASH_ERASE || phase > FLASH_PROGRAM || cli->dry_run)
		return;
	if (!cli->err.tried[0])
		err_tried(&cli->err, "it was cut short in the phase \"%s\": the chip holds a part only",
			  flash_phase_name((enum flash_phase)phase));
	err_next(&cli->err, "%sthen repeat the command: it completes what is half done",
		 cli->err.status == STATUS_PROBE_LOST ? "plug the probe in again, "
						      : "see to the cause above, ");
}

static unsigned long ms(uint64_t us)
{
	return (unsigned long)((us + 500) / 1000);
}

void flashing_plan(struct cli *cli, const struct flash_result *r)
{
	progress_end(cli);
	say(cli, "%u page%s: ", r->pages_total, r->pages_total == 1 ? "" : "s");
	if (r->mass_erased)
		say(cli, "the whole chip would be erased");
	else
		say(cli, "%u would be erased", r->pages_erased);
	say(cli, ", %u written, %u stay as they are\n", r->pages_written, r->pages_unchanged);
}

void flashing_summary(struct cli *cli, const struct session *s, const struct flash_result *r)
{
	progress_end(cli);
	say(cli, "%u page%s: %u written, %u unchanged", r->pages_total,
	    r->pages_total == 1 ? "" : "s", r->pages_written, r->pages_unchanged);
	if (r->mass_erased)
		say(cli, " (whole chip erased)");
	say(cli, " · connect %lu ms", ms(s->connect_us));
	for (int p = FLASH_COMPARE; p < FLASH_PHASES; p++)
		if (r->phase_us[p])
			say(cli, " · %s %lu", flash_phase_name((enum flash_phase)p),
			    ms(r->phase_us[p]));
	say(cli, "\n");
}

json_t *flashing_result(const struct cli *cli, const struct session *s,
			const struct flash_result *r)
{
	char uid[25];
	json_t *times = json_object();

	session_uid(s, uid);
	json_object_set_new(times, "connect", json_real((double)s->connect_us / 1e3));
	for (int p = FLASH_COMPARE; p < FLASH_PHASES; p++)
		json_object_set_new(times, flash_phase_name((enum flash_phase)p),
				    json_real((double)r->phase_us[p] / 1e3));
	return json_pack("{s:s, s:s, s:b, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:b, s:I, s:o}", "type",
			 "result", "command", cli->command, "dry_run", cli->dry_run, "chip",
			 s->chip ? s->chip->name : "", "uid", uid, "way", session_way(s),
			 "pages", (int)r->pages_total, "written", (int)r->pages_written, "erased",
			 (int)r->pages_erased, "unchanged", (int)r->pages_unchanged, "mass_erased",
			 r->mass_erased, "bytes", (json_int_t)r->bytes_programmed, "ms", times);
}

enum status run_firmware(struct session *s, uint64_t *since_us, struct err *err)
{
	enum status status;

	if (!s->target)
		return bootrom_go(&s->rom, s->chip->flash_base, err);
	status = target_start(s->target, err);
	*since_us = probe_now_us(s->probe);
	s->target = NULL;
	return status;
}

enum status look_again(struct cli *cli, struct session *s, uint64_t since_us, uint32_t run_us,
		       bool *attachable, struct err *err)
{
	struct target_options opt = session_options(cli, false);
	struct target_attempt attempt;
	uint64_t ran = s->probe ? probe_now_us(s->probe) - since_us : 0;
	enum status status;

	*attachable = false;
	if (!s->probe)
		return STATUS_OK;
	if (ran < run_us)
		probe_sleep_us(s->probe, run_us - ran);
	/* That it does not answer is an answer, not an error. */
	status = target_attach(s->probe, WAY_PLAIN, &opt, &attempt, &s->target, NULL);
	*attachable = status == STATUS_OK;
	s->locked_up = *attachable && attempt.locked_up;
	if (status == STATUS_PROBE_LOST)
		return err_set(err, status, "the probe was lost after the chip was written");
	return STATUS_OK;
}

enum status run_and_look(struct cli *cli, struct session *s, bool *attachable, struct err *err)
{
	uint64_t since_us;
	enum status status = run_firmware(s, &since_us, err);

	return status ? status : look_again(cli, s, since_us, RUN_UNCHECKED_US, attachable, err);
}

void flashing_close(struct session *s, bool leave_halted)
{
	if (s->target && !leave_halted && !target_probe(s->target)->lost)
		(void)!target_reset(s->target, false, NULL);
	session_close(s, leave_halted);
}

void tell_attachable(struct cli *cli, const struct session *s, bool attachable)
{
	if (attachable && s->locked_up) {
		say(cli, "attachable, but nothing runs: the core locked up, as it does where no vector "
			 "table lies at the start of flash\n");
		return;
	}
	if (attachable) {
		say(cli, "still attachable: SWD answers while the firmware runs\n");
		return;
	}
	say(cli, "%sthe firmware runs and SWD no longer answers%s\n", tint(cli, TINT_RED),
	    tint(cli, TINT_OFF));
	note(cli, "  next:  `reflash diagnose` says why, `reflash recover` gets it back\n");
}

void tell_started(struct cli *cli, const struct session *s, bool attachable)
{
	if (s->serial)
		say(cli, "started; move the BOOT0 jumper back to 0 and press RESET: until then its "
			 "interrupts may end in the boot ROM\n");
	else
		tell_attachable(cli, s, attachable);
}

void tell_debug_bits(struct cli *cli, const char *uid)
{
	char topic[64];

	snprintf(topic, sizeof topic, "debug-bits-%s", uid[0] ? uid : "unknown");
	if (cli->leave_no_trace || !first_time(topic))
		return;
	note(cli, "(the chip keeps its debug clocks in sleep and stop mode until power-off, so that "
		  "it stays\n reachable; --leave-no-trace restores that; this is said once)\n");
}
