/* `reflash info`: what chip is this, is it genuine, what protects it. */
#include <string.h>

#include "cli/memory.h"
#include "cli/text.h"
#include "doctor/doctor.h"

struct facts_of_chip {
	struct session *s;
	struct clone_verdict clone;
	struct flash_options_bytes ob;
	bool ob_known, voltage_known;
	unsigned millivolt;
};

static void show_probe(struct cli *cli, const struct facts_of_chip *f)
{
	const struct probe *p = f->s->probe;

	say(cli, "probe:      %s %s, %s", p->wire->id.product[0] ? p->wire->id.product : p->ops->name,
	    p->version.text, p->wire->id.path);
	if (f->voltage_known)
		say(cli, ", target at %u.%02u V", f->millivolt / 1000, f->millivolt % 1000 / 10);
	say(cli, "\n");
}

static void show_chip(struct cli *cli, const struct facts_of_chip *f)
{
	const struct session *s = f->s;
	char uid[25], size[TEXT_MAX];

	session_uid(s, uid);
	say(cli, "chip:       %s%s%s", tint(cli, TINT_BOLD), s->chip ? s->chip->name : "unknown",
	    tint(cli, TINT_OFF));
	if (s->chip)
		say(cli, " (or another part of its line)");
	if (s->flash_kib)
		say(cli, ", %s of flash by its own word", text_size(size, s->flash_kib * 1024ull));
	if (s->chip)
		say(cli, ", %s of RAM", text_size(size, s->chip->ram_size));
	say(cli, "\nunique id:  %s\n", uid[0] ? uid : "none");
	say(cli, "attached:   %s\n", target_way_name(s->way));
}

static void show_clone(struct cli *cli, const struct clone_verdict *v)
{
	static const char *const marks[] = {[CLONE_NEUTRAL] = " ", [CLONE_GENUINE] = "+",
					    [CLONE_OTHER] = "-"};

	say(cli, "maker:      %s%s%s\n", tint(cli, v->genuine ? TINT_GREEN : TINT_YELLOW), v->sentence,
	    tint(cli, TINT_OFF));
	for (size_t i = 0; i < v->evidence_count; i++)
		say(cli, "  %s %-14s 0x%08X  %s\n", marks[v->evidence[i].says], v->evidence[i].what,
		    (unsigned)v->evidence[i].value, v->evidence[i].text);
	if (v->advice[0])
		say(cli, "  advice: %s\n", v->advice);
}

static void show_protection(struct cli *cli, const struct facts_of_chip *f)
{
	const uint8_t *wrp = f->ob.wrp;

	if (!f->ob_known) {
		say(cli, "protection: could not be read\n");
		return;
	}
	say(cli, "protection: %s", f->ob.rdp_active ? "read-out protection is ON" : "flash can be read");
	say(cli, ", %s",
	    (wrp[0] & wrp[1] & wrp[2] & wrp[3]) == 0xFF ? "no page is write-protected"
							: "some pages are write-protected");
	if (!(f->ob.user & 1))
		say(cli, ", the watchdog starts by hardware");
	say(cli, " (`reflash options` tells more)\n");
}

static json_t *evidence_json(const struct clone_verdict *v)
{
	static const char *const words[] = {[CLONE_NEUTRAL] = "neutral",
					    [CLONE_GENUINE] = "genuine", [CLONE_OTHER] = "other"};
	json_t *a = json_array();

	for (size_t i = 0; i < v->evidence_count; i++)
		json_array_append_new(a, json_pack("{s:s, s:I, s:s, s:s}", "what", v->evidence[i].what,
						   "value", (json_int_t)v->evidence[i].value, "says",
						   words[v->evidence[i].says], "text",
						   v->evidence[i].text));
	return a;
}

static json_t *word_or_null(bool known, uint32_t v)
{
	return known ? json_integer(v) : json_null();
}

static void info_json(struct cli *cli, const struct facts_of_chip *f)
{
	const struct session *s = f->s;
	const struct clone_verdict *v = &f->clone;
	char uid[25];
	json_t *o;

	session_uid(s, uid);
	o = json_pack("{s:s, s:o, s:s, s:s, s:s, s:s, s:I, s:I, s:o, s:i, s:b, s:b, s:s, s:s, s:o}",
		      "type", "info", "chip", s->chip ? json_string(s->chip->name) : json_null(), "uid",
		      uid, "way", target_way_name(s->way), "probe", s->probe->wire->id.path,
		      "probe_firmware", s->probe->version.text, "dpidr", (json_int_t)s->id.dpidr, "cpuid",
		      (json_int_t)s->id.cpuid, "idcode", word_or_null(s->id.idcode_known, s->id.idcode),
		      "flash_kib", (int)s->flash_kib, "genuine", v->genuine, "certain", v->certain,
		      "maker", v->name, "advice", v->advice, "evidence", evidence_json(v));
	json_object_set_new(o, "voltage_mv", word_or_null(f->voltage_known, f->millivolt));
	json_object_set_new(o, "rdp", f->ob_known ? json_boolean(f->ob.rdp_active) : json_null());
	emit_json(cli, o);
}

static enum status run(struct cli *cli, const struct args *args)
{
	struct session s;
	struct facts_of_chip f = {.s = &s};
	enum status status;

	(void)args;
	/* Looking is gentle: the firmware runs on. */
	status = session_open(cli, SESSION_ANY_CHIP, &s, &cli->err);
	if (status)
		return status;
	status = doctor_identify(s.target, &f.clone, &cli->err);
	if (!status) {
		f.voltage_known = s.probe->ops->voltage &&
				  s.probe->ops->voltage(s.probe, &f.millivolt, NULL) == STATUS_OK;
		f.ob_known = s.chip && flash_read_option_bytes(s.target, s.chip, &f.ob, NULL) == STATUS_OK;
		show_probe(cli, &f);
		show_chip(cli, &f);
		show_clone(cli, &f.clone);
		show_protection(cli, &f);
		info_json(cli, &f);
	}
	session_close(&s, false);
	return status;
}

const struct command cmd_info = {
	.name = "info", .usage = "", .summary = "What chip is this, is it genuine, what protects it",
	.about = "Reads only, and lets the firmware run on.", .min_args = 0, .max_args = 0, .run = run,
};
